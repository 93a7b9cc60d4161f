//! The guards, each of which can be taken away at the ports: the pass itself is never changed.

use crate::pass::{Heard, Pass, Shared};
use crate::sample;
use crate::shelf::Snapshot;
use crate::tape::{Answer, Call};
use fiber_link_core::testing::sample::change_set;
use fiber_link_core::{
    Attempt, AttemptState, ChangeSet, Op, Stored, Timestamp, Version, Withdrawal, Worker, WorkerState,
};

/// One of the things that keep a payment one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Guard {
    /// A claim keeps others from sending until it runs out.
    Lease,
    /// Who has a claim looks at the clock again before it sends.
    LastLook,
    /// A failed session counts only if it is later than those before the attempt.
    PreviousSession,
    /// What the node once had under way it cannot deny.
    SeenSession,
    /// The node must know the newest payment that we know it made.
    MemoryCheck,
    /// The memory is checked again after the answer that is to prove something.
    KnowAgain,
    /// What another may have sent is sent again only after its death.
    ProofOfDeath,
    /// The store refuses claims of who was declared dead.
    RequireWorker,
    /// The store refuses a claim once a switch is thrown.
    RequireDocument,
    /// While two may have sent a failure is not believed.
    SecondClaim,
    /// The node is asked before anything is begun or given up.
    AskBeforeSend,
    /// A record is replaced only by who read it as it is.
    Versions,
    /// An attempt is stored before it is sent.
    StoreFirst,
}

impl Guard {
    /// What a server without this guard hears instead of `answer`.
    pub(crate) fn distort(self, pass: &Pass, answer: Shared<Answer>) -> Shared<Answer> {
        match self.lie(pass, answer.value.as_ref().clone()) {
            Some(lie) => Shared::new(lie),
            None => answer,
        }
    }

    fn lie(self, pass: &Pass, answer: Answer) -> Option<Answer> {
        let lie = match (self, &*pass.asks.value, answer) {
            (Self::Lease, Call::LatestAttempt(_), Answer::Attempt(Some(attempt))) => {
                Answer::Attempt(Some(changed(&attempt, |record| record.claim.until = record.created_at)))
            }
            (Self::PreviousSession, Call::LatestAttempt(_), Answer::Attempt(Some(attempt))) => {
                Answer::Attempt(Some(changed(&attempt, |record| record.previous_session = None)))
            }
            (Self::SeenSession, Call::LatestAttempt(_), Answer::Attempt(Some(attempt))) => {
                Answer::Attempt(Some(changed(&attempt, |record| {
                    if let AttemptState::Sent { session } = &mut record.state {
                        *session = None;
                    }
                })))
            }
            (Self::SecondClaim, Call::LatestAttempt(_), Answer::Attempt(Some(attempt))) => {
                Answer::Attempt(Some(changed(&attempt, |record| record.claims = 1)))
            }
            (Self::MemoryCheck, Call::NewestSucceeded, _) => Answer::Attempt(None),
            (Self::KnowAgain, Call::NewestSucceeded, answer) => {
                first(pass, &Call::NewestSucceeded).unwrap_or(answer)
            }
            (Self::KnowAgain, Call::Payment(hash), answer) if *hash == sample::earlier_hash() => {
                first(pass, &Call::Payment(*hash)).unwrap_or(answer)
            }
            (Self::ProofOfDeath, Call::Worker(_), Answer::Worker(Some(worker))) => {
                let state = WorkerState::DeclaredDead { at: worker.heard_at };
                let version = worker.version();
                let dead = Worker { state, ..worker.into_inner() };
                Answer::Worker(Some(Stored::new(dead, version)))
            }
            (Self::AskBeforeSend, Call::Payment(hash), answer) if *hash == sample::payment_hash() => {
                if has_live_attempt(pass) {
                    answer
                } else {
                    Answer::Payment(None)
                }
            }
            _ => return None,
        };
        Some(lie)
    }

    /// What a store without this guard writes instead of `changes`.
    pub(crate) fn weaken(self, changes: ChangeSet, store: &Snapshot) -> ChangeSet {
        let ops = changes.into_ops().into_iter();
        match self {
            Self::Versions => change_set(ops.map(|op| with_version_of(op, store))),
            Self::RequireWorker => change_set(ops.filter(|op| !matches!(op, Op::RequireWorker(_)))),
            Self::RequireDocument => change_set(ops.filter(|op| !matches!(op, Op::RequireDocument { .. }))),
            _ => change_set(ops),
        }
    }

    /// When a server without this guard thinks that it reads the answer to a commit.
    pub(crate) fn reading_time(self, pass: &Pass, now: Timestamp) -> Timestamp {
        match (self, &*pass.asks.value) {
            (Self::LastLook, Call::Commit(_)) => pass.heard.last().map_or(now, |heard| heard.at),
            _ => now,
        }
    }
}

fn changed(
    attempt: &Stored<Attempt>,
    change: impl FnOnce(&mut fiber_link_core::AttemptRecord),
) -> Stored<Attempt> {
    let mut record = attempt.to_record();
    change(&mut record);
    Stored::new(Attempt::restore(record), attempt.version())
}

/// What the pass was answered when it asked this for the first time.
fn first(pass: &Pass, call: &Call) -> Option<Answer> {
    let heard = pass.heard.iter().find(|heard| *heard.call.value == *call);
    heard.map(|Heard { answer, .. }| answer.value.as_ref().clone())
}

/// Whether the withdrawal has a live attempt, as the pass read it last.
fn has_live_attempt(pass: &Pass) -> bool {
    let read = pass.heard.iter().rev().find_map(|heard| match &*heard.answer.value {
        Answer::Due(due) => due.first(),
        Answer::Withdrawal(found) => found.as_ref(),
        _ => None,
    });
    let processing = |withdrawal: &Stored<Withdrawal>| {
        matches!(withdrawal.state(), fiber_link_core::WithdrawalState::Processing { .. })
    };
    read.is_some_and(processing)
}

fn with_version_of(op: Op, store: &Snapshot) -> Op {
    match op {
        Op::UpdateWithdrawal { next, due, .. } => {
            Op::UpdateWithdrawal { expected: store.withdrawal.version(), next, due }
        }
        Op::UpdateAttempt { next, .. } => {
            let latest = store.latest.as_ref().filter(|latest| latest.id() == next.id());
            Op::UpdateAttempt { expected: latest.map_or(Version::FIRST, Stored::version), next }
        }
        op => op,
    }
}

/// Whether `changes` replaces a record that is no longer as it was read.
pub(crate) fn is_outdated(changes: &ChangeSet, store: &Snapshot) -> bool {
    changes.clone().into_ops().iter().any(|op| match op {
        Op::UpdateWithdrawal { expected, .. } => *expected != store.withdrawal.version(),
        Op::UpdateAttempt { next, expected } => store
            .latest
            .as_ref()
            .is_none_or(|latest| latest.id() != next.id() || latest.version() != *expected),
        _ => false,
    })
}
