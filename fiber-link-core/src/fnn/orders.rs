//! Orders to one node under one token: each goes alone, once, and waits behind no question.

use super::CallError;
use super::call::Call;
use super::envelope::Reply;
use super::options::FnnOptions;
use super::transport::Transport;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout_at};

/// How many orders may be on their way at a time: more than the core ever gives at once.
const AT_A_TIME: usize = 16;

/// Gives orders, which are not safe to repeat.
#[derive(Debug)]
pub(super) struct Orders {
    transport: Arc<Transport>,
    places: Arc<Semaphore>,
    timeout: Duration,
    runtime: Handle,
}

impl Orders {
    pub(super) fn new(transport: Transport, options: &FnnOptions, runtime: Handle) -> Self {
        Self {
            transport: Arc::new(transport),
            places: Arc::new(Semaphore::new(AT_A_TIME)),
            timeout: options.timeout,
            runtime,
        }
    }

    /// Sends `call`, once.
    ///
    /// # Cancellation
    /// What was not sent yet is not sent any more; what was begun goes on, within its time.
    pub(super) async fn give(&self, call: Call) -> Result<Reply, CallError> {
        let deadline = Instant::now().checked_add(self.timeout).ok_or(CallError::TimedOut)?;
        let place = timeout_at(deadline, self.places.clone().acquire_owned()).await;
        let place = place.map_err(|_| CallError::TimedOut)?.map_err(|_| CallError::Stopped)?;
        let transport = self.transport.clone();
        let sent = self.runtime.spawn(async move {
            let reply = transport.call(&call, deadline).await;
            drop(place);
            reply
        });
        sent.await.map_err(|_| CallError::Stopped)?
    }
}

#[cfg(test)]
mod tests;
