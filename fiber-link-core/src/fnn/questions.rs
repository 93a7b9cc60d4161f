//! Questions to one node under one token: few requests at a time, many callers' questions in each.

use super::CallError;
use super::call::Call;
use super::envelope::Reply;
use super::options::FnnOptions;
use super::transport::{BatchError, Transport};
use futures_util::{StreamExt, stream};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use tokio::time::{Instant, timeout_at};

/// The most calls in one request.
pub(super) const CALLS_PER_BATCH: usize = 100;
/// The most requests at a time that can be asked for.
const MOST_REQUESTS: usize = 1024;
/// How many calls go at a time where a batch was refused.
const SINGLES_AT_A_TIME: usize = 4;
/// How long a refusal of batches is remembered.
const BATCHES_AGAIN: Duration = Duration::from_secs(600);

/// One answer, or what came instead, per call and in their order.
type Answers = Vec<Result<Reply, CallError>>;

/// Asks what is safe to ask twice.
///
/// A call that finds a free place goes at once, in a request of its own. While all places are taken
/// calls wait, and the next free place takes up to [`CALLS_PER_BATCH`] of them as one request. What
/// was asked goes on if the one who asked goes away, so that others in its request lose nothing.
#[derive(Debug)]
pub(super) struct Questions {
    shared: Arc<Shared>,
    timeout: Duration,
    most_waiting: usize,
}

#[derive(Debug)]
struct Shared {
    transport: Transport,
    places: Arc<Semaphore>,
    waiting: Mutex<VecDeque<Waiting>>,
    /// Until when batches are not tried.
    singles_until: Mutex<Option<Instant>>,
    runtime: Handle,
}

/// Calls of one caller that go together.
#[derive(Debug)]
struct Waiting {
    calls: Vec<Call>,
    deadline: Instant,
    answer: oneshot::Sender<Answers>,
}

impl Waiting {
    /// How many of the [`CALLS_PER_BATCH`] they take. What has a long answer takes all: together with
    /// others it could be longer than what is read.
    fn room(&self) -> usize {
        let long = |call: &Call| {
            matches!(call, Call::ListChannels | Call::ListAllChannels | Call::ListPayments { .. })
        };
        if self.calls.iter().any(long) { CALLS_PER_BATCH } else { self.calls.len() }
    }
}

impl Questions {
    pub(super) fn new(transport: Transport, options: &FnnOptions, runtime: Handle) -> Self {
        let shared = Shared {
            transport,
            places: Arc::new(Semaphore::new(options.requests_at_a_time.clamp(1, MOST_REQUESTS))),
            waiting: Mutex::default(),
            singles_until: Mutex::default(),
            runtime,
        };
        Self { shared: Arc::new(shared), timeout: options.timeout, most_waiting: options.waiting_calls }
    }

    /// Asks at most [`CALLS_PER_BATCH`] calls together.
    ///
    /// # Cancellation
    /// What was not sent yet is not sent any more.
    pub(super) async fn ask(&self, calls: Vec<Call>) -> Result<Answers, CallError> {
        let deadline = Instant::now().checked_add(self.timeout).ok_or(CallError::TimedOut)?;
        let (answer, answered) = oneshot::channel();
        self.push(Waiting { calls, deadline, answer })?;
        self.shared.clone().serve();
        match timeout_at(deadline, answered).await {
            Ok(answers) => answers.map_err(|_| CallError::Stopped),
            Err(_) => Err(CallError::TimedOut),
        }
    }

    fn push(&self, next: Waiting) -> Result<(), CallError> {
        let mut waiting = self.shared.waiting();
        let calls =
            |waiting: &VecDeque<Waiting>| -> usize { waiting.iter().map(|one| one.calls.len()).sum() };
        let most = self.most_waiting.saturating_sub(next.calls.len());
        if calls(&waiting) > most {
            waiting.retain(|one| !one.answer.is_closed());
            if calls(&waiting) > most {
                return Err(CallError::Full);
            }
        }
        waiting.push_back(next);
        Ok(())
    }
}

impl Shared {
    /// Takes a place, if one is free, and sends what waits until nothing does. Whoever holds the
    /// places otherwise will come to it.
    fn serve(self: Arc<Self>) {
        let Ok(place) = self.places.clone().try_acquire_owned() else { return };
        let runtime = self.runtime.clone();
        runtime.spawn(self.send_all(place));
    }

    async fn send_all(self: Arc<Self>, place: OwnedSemaphorePermit) {
        while let Some(taken) = self.take() {
            self.send(taken).await;
        }
        drop(place);
        // Somebody may have come after the last look and found no place.
        if !self.waiting().is_empty() {
            self.serve();
        }
    }

    /// What goes into the next request. Whoever went away meanwhile is not asked for.
    fn take(&self) -> Option<Vec<Waiting>> {
        let most = if self.batches_are_refused() { 1 } else { CALLS_PER_BATCH };
        let mut waiting = self.waiting();
        let mut taken = Vec::new();
        let mut room = most;
        while let Some(next) = waiting.pop_front() {
            if next.answer.is_closed() {
                continue;
            }
            if next.room() > room && !taken.is_empty() {
                waiting.push_front(next);
                break;
            }
            room = room.saturating_sub(next.room());
            taken.push(next);
        }
        (!taken.is_empty()).then_some(taken)
    }

    async fn send(&self, taken: Vec<Waiting>) {
        let calls: Vec<&Call> = taken.iter().flat_map(|one| &one.calls).collect();
        let Some(deadline) = taken.iter().map(|one| one.deadline).max() else { return };
        let mut answers = self.exchange(&calls, deadline).await.into_iter();
        for Waiting { calls, answer, .. } in taken {
            // Nobody may be there to hear it.
            let _ = answer.send(answers.by_ref().take(calls.len()).collect());
        }
    }

    async fn exchange(&self, calls: &[&Call], deadline: Instant) -> Answers {
        if let [call] = calls {
            return vec![self.transport.call(call, deadline).await];
        }
        if !self.batches_are_refused() {
            match self.transport.batch(calls, deadline).await {
                Ok(replies) => {
                    return replies.into_iter().map(|reply| reply.ok_or(CallError::LeftOut)).collect();
                }
                Err(BatchError::Failed(error)) => return calls.iter().map(|_| Err(error.clone())).collect(),
                Err(BatchError::Refused) => self.refuse_batches(),
            }
        }
        let singles: Vec<_> = calls.iter().map(|call| self.transport.call(call, deadline)).collect();
        stream::iter(singles).buffered(SINGLES_AT_A_TIME).collect().await
    }

    fn batches_are_refused(&self) -> bool {
        let until = *self.singles_until.lock().unwrap_or_else(PoisonError::into_inner);
        until.is_some_and(|until| Instant::now() < until)
    }

    fn refuse_batches(&self) {
        tracing::warn!("batches are refused on the way to the node: calls go one by one, which is slower");
        let until = Instant::now().checked_add(BATCHES_AGAIN);
        *self.singles_until.lock().unwrap_or_else(PoisonError::into_inner) = until;
    }

    fn waiting(&self) -> MutexGuard<'_, VecDeque<Waiting>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
