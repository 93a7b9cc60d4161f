//! The node, and the truth about what left it.
//!
//! It keeps fnn's rules: no expired invoice, no second session while one lives or has succeeded, a new
//! one after a failure, or after it lost its memory.

use crate::sample;
use fiber_link_core::{Amount, PaymentState, PaymentStatus, Timestamp};
use std::time::Duration;

/// What became of the money of one session, whatever the node remembers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Fate {
    /// It may still be paid.
    Open,
    /// The payee has it.
    Paid,
    /// Nothing was paid and nothing will be.
    Dead,
}

/// What the node knows of the payment, and of the one that was made before.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Memory {
    pub(crate) knows_earlier: bool,
    pub(crate) session: Option<Session>,
}

/// What the node knows of a session. Its number is also that of its fate.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Session {
    pub(crate) number: usize,
    pub(crate) status: Status,
    created_at: Timestamp,
}

/// Where a session stands in the node's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Status {
    Pending,
    Succeeded,
    Failed,
}

/// A request on its way to the node. Nobody waits for its answer any more.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Underway {
    /// It arrives before this moment or never.
    pub(crate) until: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Node {
    pub(crate) memory: Memory,
    /// An older copy of its memory.
    pub(crate) backup: Memory,
    pub(crate) fates: Vec<Fate>,
    pub(crate) underway: Vec<Underway>,
    last_session: Timestamp,
}

impl Node {
    pub(crate) fn new() -> Self {
        Self {
            memory: Memory { knows_earlier: true, session: None },
            backup: Memory { knows_earlier: false, session: None },
            fates: Vec::new(),
            underway: Vec::new(),
            last_session: Timestamp::from_millis(0),
        }
    }

    /// A request to pay arrives.
    pub(crate) fn receive(&mut self, now: Timestamp) {
        if now >= sample::expires_at() {
            return;
        }
        if self.memory.session.as_ref().is_some_and(|session| session.status != Status::Failed) {
            return;
        }
        // No two sessions begin in the same millisecond.
        let created_at = now.max(self.last_session.plus(Duration::from_millis(1)));
        self.last_session = created_at;
        let session = Session { number: self.fates.len(), status: Status::Pending, created_at };
        self.memory.session = Some(session);
        self.fates.push(Fate::Open);
    }

    pub(crate) fn payment(&self) -> Option<PaymentStatus> {
        self.memory.session.as_ref().map(|session| PaymentStatus {
            created_at: session.created_at,
            state: match session.status {
                Status::Pending => PaymentState::Pending,
                Status::Succeeded => PaymentState::Succeeded { fee: Amount::new(1) },
                Status::Failed => PaymentState::Failed { reason: "no route".into() },
            },
        })
    }

    pub(crate) fn earlier_payment(&self) -> Option<PaymentStatus> {
        self.memory.knows_earlier.then(|| PaymentStatus {
            created_at: sample::OPENED_AT,
            state: PaymentState::Succeeded { fee: Amount::new(1) },
        })
    }

    /// The session that the node has under way, with what became of it in truth.
    pub(crate) fn pending(&self) -> Option<(usize, Fate)> {
        let session = self.memory.session.as_ref().filter(|session| session.status == Status::Pending)?;
        Some((session.number, self.fates[session.number]))
    }

    /// The node learns what became of the session that it has under way.
    pub(crate) fn end(&mut self, status: Status, fate: Fate) {
        if let Some(session) = &mut self.memory.session {
            session.status = status;
            self.fates[session.number] = fate;
        }
    }

    /// Payments that the node forgot and that may still be made.
    pub(crate) fn forgotten(&self) -> impl Iterator<Item = usize> {
        let known = self.memory.session.as_ref().map(|session| session.number);
        let open = self.fates.iter().enumerate().filter(|(_, fate)| **fate == Fate::Open);
        open.map(|(number, _)| number).filter(move |number| Some(*number) != known)
    }

    /// The session whose outcome is or may be a payment, and of which this memory knows nothing.
    pub(crate) fn payment_unknown_to(&self, memory: &Memory) -> Option<&Session> {
        let knows = memory.session.as_ref().map(|session| session.number);
        let session = self.memory.session.as_ref()?;
        (knows != Some(session.number) && self.fates[session.number] != Fate::Dead).then_some(session)
    }

    pub(crate) fn paid(&self) -> usize {
        self.fates.iter().filter(|fate| **fate == Fate::Paid).count()
    }

    pub(crate) fn may_still_pay(&self) -> bool {
        self.fates.contains(&Fate::Open)
    }
}

impl Session {
    pub(crate) fn created_at(&self) -> Timestamp {
        self.created_at
    }
}
