//! One attempt to pay a withdrawal, and what proves that it is dead.
//!
//! ```text
//! Sent ──▶ Succeeded
//!  │ └───▶ Failed       only with a `FinalFailure`
//!  ▼
//! Unknown ──▶ Succeeded | Failed
//! ```
//! `Sent` is committed before the node is called and means "may have been sent"; once the node said that
//! it has it under way, `Sent` keeps that. At most one
//! request ever leaves for an attempt, by the worker whose commit wrote `Sent`; everybody else asks.

use crate::{
    Amount, AttemptId, Destination, PaymentHash, PaymentState, PaymentStatus, Timestamp, Withdrawal,
    WithdrawalId, WorkerId, WrongState,
};
use std::time::Duration;

/// How long after its expiry an invoice that the node does not know as a payment is proof that it
/// was never sent: the node sends no expired invoice, and clocks differ by less.
pub const NEVER_SENT_AFTER: Duration = Duration::from_secs(600);

/// The most bytes of a node's reason that are kept.
const REASON_BYTES: usize = 500;

/// Where an attempt stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AttemptState {
    /// It may have been sent.
    Sent {
        /// When the node began with it, by the node's clock, once the node said that it has it under
        /// way. A node that says later that it knows nothing of it has lost its memory.
        session: Option<Timestamp>,
    },
    /// The node was asked and does not know it: it may still arrive.
    Unknown {
        /// When we learned that.
        since: Timestamp,
    },
    /// The payee has the money.
    Succeeded {
        /// What the way there cost.
        fee: Amount,
        /// When we learned of it.
        at: Timestamp,
    },
    /// Nothing was paid for it and nothing will be.
    Failed {
        /// The node's reason, or ours.
        reason: String,
        /// When we learned of it.
        at: Timestamp,
        /// When the node had begun with it, by the node's clock; `None` if it never did.
        session: Option<Timestamp>,
    },
}

/// The right to send: won by the commit that wrote it, and gone when it runs out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The run of the process that may send.
    pub worker: WorkerId,
    /// Until when.
    pub until: Timestamp,
}

/// One attempt to pay a withdrawal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    id: AttemptId,
    withdrawal: WithdrawalId,
    payment_hash: PaymentHash,
    created_at: Timestamp,
    claim: Claim,
    /// How many workers were allowed to send it: more than one only after the death of the first.
    claims: u32,
    /// When the node had begun with the attempt before this one, by the node's clock.
    previous_session: Option<Timestamp>,
    state: AttemptState,
}

/// Proof that an attempt paid nothing and never will. Only [`Attempt::judge`] makes one, and
/// nothing releases a reservation that was sent for without it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FinalFailure {
    attempt: AttemptId,
    reason: String,
    session: Option<Timestamp>,
}

impl FinalFailure {
    /// Which attempt failed.
    pub fn attempt(&self) -> AttemptId {
        self.attempt
    }

    /// Why the attempt failed.
    pub fn reason(&self) -> &str {
        &self.reason
    }
}

/// What an answer of the node means for an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub enum Verdict {
    /// The node has it under way.
    Pending {
        /// When the node began with it, by the node's clock.
        session: Timestamp,
    },
    /// The node paid.
    Succeeded {
        /// What the way there cost.
        fee: Amount,
    },
    /// Nothing was paid and nothing will be.
    Failed(FinalFailure),
    /// The node does not know it, which proves nothing yet.
    NotKnown,
    /// The node had it under way and does not know it any more, which never proves anything.
    Forgotten,
}

/// Whether the node still knows what it must know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NodeMemory {
    /// It knows the newest payment that we know it made.
    Intact,
    /// It does not, or did not say: what it does not know proves nothing.
    Doubtful,
    /// The attempt was another node's, or this one's before it lost its memory: no failure that it
    /// knows of proves anything either.
    Foreign,
}

/// An attempt as it is stored, field by field. For store authors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttemptRecord {
    /// Its id.
    pub id: AttemptId,
    /// What it pays.
    pub withdrawal: WithdrawalId,
    /// The hash that names its payment.
    pub payment_hash: PaymentHash,
    /// When it was begun.
    pub created_at: Timestamp,
    /// Who may send it.
    pub claim: Claim,
    /// How many claims there were.
    pub claims: u32,
    /// When the node had begun with the attempt before.
    pub previous_session: Option<Timestamp>,
    /// Where it stands.
    pub state: AttemptState,
}

impl Attempt {
    /// A new attempt; whoever commits it may send it, once.
    ///
    /// `previous` is the attempt before it, `known` what the node says about the payment hash now: a
    /// session that failed earlier, also one that our store does not know of, is none of its own.
    pub fn send(
        id: AttemptId,
        withdrawal: &Withdrawal,
        previous: Option<&Self>,
        known: Option<&PaymentStatus>,
        claim: Claim,
        now: Timestamp,
    ) -> Self {
        let Destination::PaymentRequest(invoice) = &withdrawal.terms().destination;
        let failed = |status: &&PaymentStatus| matches!(status.state, PaymentState::Failed { .. });
        let known_session = known.filter(failed).map(|status| status.created_at);
        Self {
            id,
            withdrawal: withdrawal.id(),
            payment_hash: invoice.payment_hash,
            created_at: now,
            claim,
            claims: 1,
            previous_session: previous.and_then(Self::latest_session).max(known_session),
            state: AttemptState::Sent { session: None },
        }
    }

    /// An attempt as it was stored. For store authors.
    pub fn restore(record: AttemptRecord) -> Self {
        let AttemptRecord {
            id,
            withdrawal,
            payment_hash,
            created_at,
            claim,
            claims,
            previous_session,
            state,
        } = record;
        Self { id, withdrawal, payment_hash, created_at, claim, claims, previous_session, state }
    }

    /// The attempt field by field. For store authors.
    pub fn to_record(&self) -> AttemptRecord {
        let Self { id, withdrawal, payment_hash, created_at, claim, claims, previous_session, state } =
            self.clone();
        AttemptRecord { id, withdrawal, payment_hash, created_at, claim, claims, previous_session, state }
    }

    /// Its id.
    pub fn id(&self) -> AttemptId {
        self.id
    }

    /// What it pays.
    pub fn withdrawal(&self) -> WithdrawalId {
        self.withdrawal
    }

    /// The hash that names its payment.
    pub fn payment_hash(&self) -> PaymentHash {
        self.payment_hash
    }

    /// When it was begun; later than every attempt before it.
    pub fn created_at(&self) -> Timestamp {
        self.created_at
    }

    /// Who may send it, and until when.
    pub fn claim(&self) -> Claim {
        self.claim
    }

    /// Where it stands.
    pub fn state(&self) -> &AttemptState {
        &self.state
    }

    /// Whether it may still pay.
    pub fn is_live(&self) -> bool {
        match self.state {
            AttemptState::Sent { .. } | AttemptState::Unknown { .. } => true,
            AttemptState::Succeeded { .. } | AttemptState::Failed { .. } => false,
        }
    }

    /// What the node's answer about the payment hash means for this attempt.
    ///
    /// Failure is proven by a failed session that the node began after the one of the attempt
    /// before, or by a node of sound memory that knows no such session ten minutes after the
    /// invoice expired. Where two workers were allowed to send (the first one being dead), a
    /// failure counts only once the second claim ran out.
    pub fn judge(
        &self,
        answer: Option<&PaymentStatus>,
        invoice_expires_at: Timestamp,
        memory: NodeMemory,
        now: Timestamp,
    ) -> Verdict {
        let claimed = now < self.claim.until;
        let seen = match self.state {
            AttemptState::Sent { session } => session,
            AttemptState::Unknown { .. } | AttemptState::Succeeded { .. } | AttemptState::Failed { .. } => {
                None
            }
        };
        let ours = |status: &&PaymentStatus| {
            self.previous_session.is_none_or(|previous| status.created_at > previous)
                && seen.is_none_or(|seen| status.created_at >= seen)
        };
        match answer {
            Some(PaymentStatus { state: PaymentState::Succeeded { fee }, .. }) => {
                Verdict::Succeeded { fee: *fee }
            }
            Some(PaymentStatus { state: PaymentState::Pending, created_at }) => {
                Verdict::Pending { session: *created_at }
            }
            Some(status @ PaymentStatus { state: PaymentState::Failed { reason }, .. })
                if ours(&status) && memory != NodeMemory::Foreign =>
            {
                if self.claims > 1 && claimed {
                    return Verdict::Pending { session: status.created_at };
                }
                let (reason, session) = (shortened(reason), Some(status.created_at));
                Verdict::Failed(FinalFailure { attempt: self.id, reason, session })
            }
            Some(PaymentStatus { state: PaymentState::Failed { .. }, .. }) | None => {
                if seen.is_some() && memory != NodeMemory::Foreign {
                    return Verdict::Forgotten;
                }
                let too_late_to_send = now > invoice_expires_at.plus(NEVER_SENT_AFTER);
                if memory == NodeMemory::Intact && too_late_to_send && !claimed {
                    let reason = "the node never sent it, and its invoice expired".to_owned();
                    return Verdict::Failed(FinalFailure { attempt: self.id, reason, session: None });
                }
                Verdict::NotKnown
            }
        }
    }

    /// The node has it under way. What it said once is kept: a node that denies it later proves
    /// nothing.
    ///
    /// # Errors
    /// [`WrongState`] once its outcome is known.
    pub fn see(&self, session: Timestamp) -> Result<crate::Step<Self>, WrongState> {
        match self.state {
            AttemptState::Sent { session: None } | AttemptState::Unknown { .. } => {
                Ok(crate::Step::Changed(self.to(AttemptState::Sent { session: Some(session) })))
            }
            AttemptState::Sent { session: Some(_) } => Ok(crate::Step::Unchanged),
            AttemptState::Succeeded { .. } | AttemptState::Failed { .. } => Err(self.wrong("be seen")),
        }
    }

    /// The node does not know it: not sent yet, or lost.
    ///
    /// # Errors
    /// [`WrongState`] once its outcome is known.
    pub fn lose(&self, now: Timestamp) -> Result<crate::Step<Self>, WrongState> {
        match self.state {
            AttemptState::Sent { session: None } if now >= self.claim.until => {
                Ok(crate::Step::Changed(self.to(AttemptState::Unknown { since: now })))
            }
            AttemptState::Sent { .. } | AttemptState::Unknown { .. } => Ok(crate::Step::Unchanged),
            AttemptState::Succeeded { .. } | AttemptState::Failed { .. } => Err(self.wrong("be lost")),
        }
    }

    /// Another worker may send it: the first one is dead, its claim ran out, and a node of sound
    /// memory does not know the payment. The caller vouches for the death.
    ///
    /// # Errors
    /// [`WrongState`] once its outcome is known, once the node had it under way, and while the claim
    /// lasts.
    pub fn claim_again(&self, claim: Claim, now: Timestamp) -> Result<Self, WrongState> {
        let seen = matches!(self.state, AttemptState::Sent { session: Some(_) });
        if !self.is_live() || seen || now < self.claim.until || claim.worker == self.claim.worker {
            return Err(self.wrong("be claimed again"));
        }
        Ok(Self {
            claim,
            claims: self.claims.saturating_add(1),
            ..self.to(AttemptState::Sent { session: None })
        })
    }

    /// The node paid.
    ///
    /// # Errors
    /// [`WrongState`] once its outcome is known.
    pub fn succeed(&self, fee: Amount, now: Timestamp) -> Result<Self, WrongState> {
        if !self.is_live() {
            return Err(self.wrong("succeed"));
        }
        Ok(self.to(AttemptState::Succeeded { fee, at: now }))
    }

    /// It is proven dead.
    ///
    /// # Errors
    /// [`WrongState`] once its outcome is known, and for the proof of another attempt.
    pub fn fail(&self, proof: &FinalFailure, now: Timestamp) -> Result<Self, WrongState> {
        if !self.is_live() || proof.attempt != self.id {
            return Err(self.wrong("fail"));
        }
        let (reason, session) = (proof.reason.clone(), proof.session);
        Ok(self.to(AttemptState::Failed { reason, at: now, session }))
    }

    fn latest_session(&self) -> Option<Timestamp> {
        match self.state {
            AttemptState::Failed { session, .. } => session.max(self.previous_session),
            AttemptState::Sent { .. } | AttemptState::Unknown { .. } | AttemptState::Succeeded { .. } => {
                self.previous_session
            }
        }
    }

    fn to(&self, state: AttemptState) -> Self {
        Self { state, ..self.clone() }
    }

    fn wrong(&self, event: &'static str) -> WrongState {
        WrongState { state: self.state.as_str(), event }
    }
}

impl AttemptState {
    /// The stored name.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Sent { .. } => "sent",
            Self::Unknown { .. } => "unknown",
            Self::Succeeded { .. } => "succeeded",
            Self::Failed { .. } => "failed",
        }
    }
}

fn shortened(reason: &str) -> String {
    let mut end = reason.len().min(REASON_BYTES);
    while !reason.is_char_boundary(end) {
        end = end.saturating_sub(1);
    }
    reason.get(..end).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests;
