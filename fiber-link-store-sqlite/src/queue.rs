//! Bounded queues to threads, and answers back from them.

use crate::error::{Overloaded, Stopped};
use fiber_link_core::StoreError;
use futures_channel::oneshot;
use rusqlite::Connection;
use std::sync::mpsc::{SyncSender, TrySendError};
use std::thread::JoinHandle;

/// Reads and sends its answer.
pub(crate) type Question = Box<dyn FnOnce(&Connection) + Send>;

/// Hands `job` to a thread, or refuses at once: an executor's thread must never wait here, and a
/// queue of thousands means that the callers should send less.
pub(crate) fn put<J>(queue: Option<&SyncSender<J>>, job: J, capacity: usize) -> Result<(), StoreError> {
    let queue = queue.ok_or_else(|| StoreError::backend(Stopped))?;
    queue.try_send(job).map_err(|error| match error {
        TrySendError::Full(_) => StoreError::backend(Overloaded(capacity)),
        TrySendError::Disconnected(_) => StoreError::backend(Stopped),
    })
}

/// A read, and where its answer arrives.
pub(crate) fn question<T: Send + 'static>(
    read: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
) -> (Question, oneshot::Receiver<Result<T, StoreError>>) {
    let (answer, answered) = oneshot::channel();
    let question = move |connection: &Connection| {
        if !answer.is_canceled() {
            // The caller may have gone while the answer was being found.
            let _ = answer.send(read(connection));
        }
    };
    (Box::new(question), answered)
}

/// Waits for the answer of a thread.
pub(crate) async fn answer<T>(answered: oneshot::Receiver<T>) -> Result<T, StoreError> {
    answered.await.map_err(|_| StoreError::backend(Stopped))
}

/// Waits for the end of a thread.
pub(crate) fn join(thread: Option<JoinHandle<()>>) {
    if thread.is_some_and(|thread| thread.join().is_err()) {
        tracing::error!("a thread of the store has panicked");
    }
}
