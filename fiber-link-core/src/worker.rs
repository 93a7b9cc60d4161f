//! The runs of processes that work on a store, and which of them are gone for good.
//!
//! Several processes may work on one store. What one of them may have sent before it died is sent
//! again by no other until somebody who knows says that it is dead: the lock of a sole process, the
//! process itself when it [leaves](FiberLink::leave), or an operator
//! ([`declare_dead`](crate::Administration::declare_dead)). From then on
//! the store refuses what the dead one would claim, also if it wakes up.

use crate::id::one_line;
use crate::service::{TRIES, too_many_writers, unexpected};
use crate::{
    ChangeSet, CommitError, Exclusivity, FiberLink, MAX_ROWS, Op, Stop, Store, StoreError, Stored, Timestamp,
    WorkerId,
};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// How often a process says that it lives: see [`FiberLink::beat`].
pub const BEAT: Duration = Duration::from_secs(5);

/// How long a process must have been silent before it is called dead without force: many beats, and
/// more than clocks of servers differ.
pub const SILENT_AFTER: Duration = Duration::from_secs(60);

/// A process that was silent for so long and has nothing to be taken over leaves the list.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(7 * 24 * 3600);

/// The most bytes of a label that are kept.
const LABEL_BYTES: usize = 200;

/// One run of a process that works on a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Worker {
    /// Its id; each run has a new one.
    pub id: WorkerId,
    /// What people know it by, such as its host and the number of its process.
    pub label: String,
    /// When it began.
    pub since: Timestamp,
    /// When it last said that it lives, by its own clock.
    pub heard_at: Timestamp,
    /// Whether it still counts.
    pub state: WorkerState,
}

/// Whether a process still counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WorkerState {
    /// It works, as far as anybody knows.
    Working,
    /// It will never act again: an operator said so, or it did when it left. This is final.
    DeclaredDead {
        /// Since when.
        at: Timestamp,
    },
}

/// A process as it is listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedWorker {
    /// The process.
    pub worker: Stored<Worker>,
    /// How many attempts without an outcome it was the last to claim; counted up to
    /// [`COUNT_BOUND`](crate::COUNT_BOUND).
    pub claims: u32,
}

impl Worker {
    /// A process that begins now. The label is cut to what is shown of it.
    pub fn new(id: WorkerId, label: &str, now: Timestamp) -> Self {
        let label = one_line(label, LABEL_BYTES);
        Self { id, label, since: now, heard_at: now, state: WorkerState::Working }
    }

    /// Whether it was declared dead.
    pub fn is_dead(&self) -> bool {
        match self.state {
            WorkerState::Working => false,
            WorkerState::DeclaredDead { .. } => true,
        }
    }

    /// How long it has been silent; not at all if its clock is ahead.
    pub fn silent_for(&self, now: Timestamp) -> Duration {
        now.since(self.heard_at)
    }

    fn heard(&self, now: Timestamp) -> Self {
        Self { heard_at: now, ..self.clone() }
    }

    pub(crate) fn dead(&self, now: Timestamp) -> Self {
        Self { state: WorkerState::DeclaredDead { at: now }, ..self.clone() }
    }
}

/// What a process knows about itself.
#[derive(Debug, Default)]
pub(crate) struct OwnEnd(AtomicBool);

impl FiberLink {
    /// The id of this run of the process.
    pub fn worker(&self) -> WorkerId {
        self.parts().worker
    }

    /// Says that this process lives. Call it every [`BEAT`], beside the passes and not between them: a
    /// pass may wait for a node. Who is not heard of may be declared dead, and is forgotten after a
    /// week. Answers why this process does nothing any more, if that is so.
    ///
    /// # Errors
    /// [`StoreError`] if the store failed; call it again at the next beat.
    ///
    /// # Cancellation
    /// Safe.
    pub async fn beat(&self) -> Result<Option<Stop>, StoreError> {
        for _ in 0..TRIES {
            let own = self.parts().store.find_worker(self.worker()).await?;
            let Some(own) = own.filter(|own| !own.is_dead()) else {
                return Ok(Some(self.found_dead()));
            };
            let (next, expected) = (own.heard(self.now()), own.version());
            match self.parts().store.commit(ChangeSet::new().with(Op::UpdateWorker { next, expected })).await
            {
                Ok(()) => {
                    self.try_to_write_late_uses().await;
                    return Ok(self.own_end());
                }
                Err(CommitError::Conflict) => {}
                Err(error) => return Err(unexpected(error)),
            }
        }
        Err(too_many_writers())
    }

    /// Says that this process will never act again, so that others may take over what it may have
    /// sent, and takes it off the list. Call it once the loops of the passes have ended. What is
    /// called afterwards pays nothing and settles nothing.
    ///
    /// # Errors
    /// [`StoreError`] if the store failed; the process then stays on the list.
    ///
    /// # Cancellation
    /// Safe: a repeat finds what the first one did.
    pub async fn leave(&self) -> Result<(), StoreError> {
        let store = &self.parts().store;
        self.try_to_write_late_uses().await;
        self.parts().own_end.0.store(true, Ordering::Relaxed);
        for _ in 0..TRIES {
            let Some(own) = store.find_worker(self.worker()).await? else { return Ok(()) };
            if remove(&**store, &own).await? || own.is_dead() {
                return Ok(());
            }
            // It may have sent something: its word stays, for whoever asks what became of that.
            if declare(&**store, &own, self.now()).await? {
                return Ok(());
            }
        }
        Err(too_many_writers())
    }

    /// Figures for people: what else this process says of itself does not depend on them.
    async fn try_to_write_late_uses(&self) {
        if let Err(error) = self.write_late_uses().await {
            let error = &error as &dyn std::error::Error;
            tracing::warn!(error, "uses of older secrets are written later");
        }
    }

    /// Why this process does nothing any more, if it knows of that.
    pub(crate) fn own_end(&self) -> Option<Stop> {
        self.parts().own_end.0.load(Ordering::Relaxed).then_some(Stop::DeclaredDead)
    }

    /// This process is not, or no longer, on the list of those that work.
    pub(crate) fn found_dead(&self) -> Stop {
        if !self.parts().own_end.0.swap(true, Ordering::Relaxed) {
            tracing::error!(worker = %self.worker(), "this process was declared dead: it stops, and has to be started anew");
        }
        Stop::DeclaredDead
    }

    /// Whether a process will never act again.
    pub(crate) async fn is_dead(&self, worker: WorkerId) -> Result<bool, StoreError> {
        match self.parts().settings.exclusivity {
            // The lock that this process holds was held by every other one.
            Exclusivity::Sole => Ok(worker != self.worker()),
            Exclusivity::Shared => {
                let worker = self.parts().store.find_worker(worker).await?;
                Ok(worker.is_some_and(|worker| worker.is_dead()))
            }
        }
    }
}

/// Puts a process on the list, and takes those off it that are gone and left nothing.
pub(crate) async fn register(
    store: &dyn Store,
    worker: Worker,
    exclusivity: Exclusivity,
) -> Result<(), StoreError> {
    let (own, now) = (worker.id, worker.since);
    store.commit(ChangeSet::new().with(Op::CreateWorker(worker))).await.map_err(unexpected)?;
    for ListedWorker { worker, claims } in store.workers(None, MAX_ROWS).await? {
        let gone = match exclusivity {
            Exclusivity::Sole => true,
            Exclusivity::Shared => worker.is_dead() || worker.silent_for(now) > FORGOTTEN_AFTER,
        };
        if gone && claims == 0 && worker.id != own {
            remove(store, &worker).await?;
        }
    }
    Ok(())
}

/// Takes a process off the list, unless somebody was first or an attempt of its is without an outcome.
async fn remove(store: &dyn Store, worker: &Stored<Worker>) -> Result<bool, StoreError> {
    let op = Op::RemoveWorker { id: worker.id, expected: worker.version() };
    one_of_many(store.commit(ChangeSet::new().with(op)).await)
}

/// Declares a process dead, unless somebody was first.
async fn declare(store: &dyn Store, worker: &Stored<Worker>, now: Timestamp) -> Result<bool, StoreError> {
    let op = Op::UpdateWorker { next: worker.dead(now), expected: worker.version() };
    one_of_many(store.commit(ChangeSet::new().with(op)).await)
}

fn one_of_many(committed: Result<(), CommitError>) -> Result<bool, StoreError> {
    match committed {
        Ok(()) => Ok(true),
        Err(CommitError::Conflict) => Ok(false),
        Err(error) => Err(unexpected(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::sample::{at, worker_id};

    #[test]
    fn a_label_is_one_line_of_bounded_length() {
        let label = |text: &str| Worker::new(worker_id(1), text, at(0)).label;
        assert_eq!(label("host:7"), "host:7");
        assert_eq!(label("a\tb\nc\0d"), "a b c d");
        assert_eq!(label(&"ü".repeat(150)), "ü".repeat(100));
    }

    #[test]
    fn a_process_whose_clock_is_ahead_was_just_heard_of() {
        let worker = Worker::new(worker_id(1), "", at(60));
        assert_eq!(worker.silent_for(at(0)), Duration::ZERO);
        assert_eq!(worker.silent_for(at(61)), Duration::from_secs(1));
    }
}
