//! A withdrawal, and how it moves from one state to the next.
//!
//! ```text
//! AwaitingReview ─────────▶ Pending
//!        │
//!        ▼
//!      Failed
//!
//! LiquidityPending ◀──▶ Pending ──▶ Processing ──▶ Completed
//!        │                 │         │      ▲
//!        │                 │         ▼      │
//!        │                 │       RetryPending
//!        ▼                 ▼         │      │
//!      Failed ◀────────────┴─────────┴──────┘
//! ```
//! `Processing` ends only by what the node says about the one live attempt. The other states have
//! no live attempt, as far as the store knows: they fail once the node says that it neither paid nor
//! is paying, and are `Processing` if it says that it is (the store may be a restored backup).

use crate::{
    Amount, AppId, AssetId, AttemptId, Due, FinalFailure, PaymentHash, Step, Timestamp, UserAccount, UserId,
    WithdrawalId,
};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// How long before its invoice expires a withdrawal is no longer begun or tried again.
pub const STOP_BEFORE_EXPIRY: Duration = Duration::from_secs(120);

/// How long after a release the node is asked again whether it paid after all.
const RELEASED_CHECK: Duration = Duration::from_secs(60);

/// How long a withdrawal waits before liquidity is looked at again.
pub const LIQUIDITY_CHECK: Duration = Duration::from_secs(60);

/// The stored name of the state of a withdrawal that awaits review.
pub(crate) const AWAITING_REVIEW: &str = "awaiting_review";

/// What was agreed when the withdrawal was requested; none of it ever changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WithdrawalTerms {
    /// The app that asked for it.
    pub app: AppId,
    /// Whose money it is.
    pub user: UserId,
    /// What is paid.
    pub asset: AssetId,
    /// What the destination gets, in base units.
    pub amount: Amount,
    /// The highest fee that the node may pay.
    pub fee_limit: Amount,
    /// Who bears the fee.
    pub fee_bearer: FeeBearer,
    /// What the request was answered with.
    pub accepted_as: Acceptance,
    /// Where the money goes.
    pub destination: Destination,
}

/// Who pays for the way that a payment takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FeeBearer {
    /// The user: the highest fee is reserved on top and the rest returned.
    User,
    /// The hub.
    Hub,
}

/// How a request was accepted. It is kept, so that a repeat of the request gets the same answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Acceptance {
    /// To be paid at once.
    Pending,
    /// The node could send less than amount and fee.
    LiquidityPending,
    /// People have to look at it first.
    AwaitingReview,
}

/// Where a withdrawal goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Destination {
    /// To whoever issued a Fiber invoice.
    PaymentRequest(PaymentRequestDestination),
}

/// An invoice that was checked and is to be paid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaymentRequestDestination {
    /// The invoice.
    pub encoded: String,
    /// The hash that names its payment.
    pub payment_hash: PaymentHash,
    /// When it can no longer be paid.
    pub expires_at: Timestamp,
}

/// Where a withdrawal stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WithdrawalState {
    /// Reserved, and people look at it first. What they said is in its [`Review`](crate::Review).
    AwaitingReview,
    /// The node can send less than amount and fee; looked at again every minute.
    LiquidityPending,
    /// Reserved, and nothing was sent.
    Pending,
    /// One attempt is live: the money may be on its way, gone, or still here.
    Processing {
        /// The live attempt.
        attempt: AttemptId,
    },
    /// The last attempt is proven dead; another follows.
    RetryPending {
        /// When.
        at: Timestamp,
        /// Why the last one failed.
        last_error: String,
    },
    /// The destination has the money.
    Completed {
        /// What the way there cost.
        fee: Amount,
        /// When we learned of it.
        at: Timestamp,
    },
    /// People released its funds, because the node never said how its payment ended. Should it be paid
    /// after all, the hub bears it.
    Released {
        /// The attempt that may still pay.
        attempt: AttemptId,
        /// When the funds returned.
        at: Timestamp,
    },
    /// The destination got the money after the funds had been released: the hub bears it.
    PaidAfterRelease {
        /// What the way there cost.
        fee: Amount,
        /// When the funds returned.
        at: Timestamp,
    },
    /// Nothing was paid and nothing will be; the reservation was released.
    Failed {
        /// Why.
        reason: FailureReason,
        /// When we learned of it.
        at: Timestamp,
    },
}

/// Why a withdrawal failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FailureReason {
    /// Its invoice ran out, or was about to, before a payment could be begun.
    InvoiceExpired,
    /// Somebody who had to look at it rejected it. Why is in its [`Review`](crate::Review).
    Rejected,
    /// People released its funds, and the node said later that nothing was paid.
    Released,
    /// Every attempt failed; this is what the node said last.
    AttemptsFailed {
        /// The node's reason.
        last_error: String,
    },
}

/// How often, and how far apart, a payment is tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    /// How many attempts follow the first.
    pub retries: u32,
    /// The wait before the first retry; it doubles with each.
    pub base: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self { retries: 3, base: Duration::from_secs(60) }
    }
}

/// A request to pay a creator out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Withdrawal {
    id: WithdrawalId,
    terms: WithdrawalTerms,
    created_at: Timestamp,
    updated_at: Timestamp,
    attempts: u32,
    state: WithdrawalState,
}

/// The event makes no sense in this state: nothing was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a withdrawal that is {state} cannot {event}")]
pub struct WrongState {
    /// The stored name of the state.
    pub state: &'static str,
    /// What was to happen.
    pub event: &'static str,
}

impl Withdrawal {
    /// A new withdrawal, as it was accepted.
    pub fn request(id: WithdrawalId, terms: WithdrawalTerms, now: Timestamp) -> Self {
        let state = match terms.accepted_as {
            Acceptance::Pending => WithdrawalState::Pending,
            Acceptance::LiquidityPending => WithdrawalState::LiquidityPending,
            Acceptance::AwaitingReview => WithdrawalState::AwaitingReview,
        };
        Self { id, terms, created_at: now, updated_at: now, attempts: 0, state }
    }

    /// A withdrawal as it was stored. For store authors.
    pub fn restore(
        id: WithdrawalId,
        terms: WithdrawalTerms,
        created_at: Timestamp,
        updated_at: Timestamp,
        attempts: u32,
        state: WithdrawalState,
    ) -> Self {
        Self { id, terms, created_at, updated_at, attempts, state }
    }

    /// Its id.
    pub fn id(&self) -> WithdrawalId {
        self.id
    }

    /// What was agreed.
    pub fn terms(&self) -> &WithdrawalTerms {
        &self.terms
    }

    /// When it was requested.
    pub fn created_at(&self) -> Timestamp {
        self.created_at
    }

    /// When its state last changed.
    pub fn updated_at(&self) -> Timestamp {
        self.updated_at
    }

    /// How many attempts were begun.
    pub fn attempts(&self) -> u32 {
        self.attempts
    }

    /// Where it stands.
    pub fn state(&self) -> &WithdrawalState {
        &self.state
    }

    /// The account that pays.
    pub fn account(&self) -> UserAccount {
        let terms = &self.terms;
        UserAccount { app: terms.app.clone(), user: terms.user.clone(), asset: terms.asset.clone() }
    }

    /// What is reserved while it is open: the amount, and the highest fee where the user bears it.
    /// `None` if that is above the largest amount; such a withdrawal is never created.
    pub fn reserved(&self) -> Option<Amount> {
        match self.terms.fee_bearer {
            FeeBearer::User => self.terms.amount.checked_add(self.terms.fee_limit),
            FeeBearer::Hub => Some(self.terms.amount),
        }
    }

    /// The hash that names its payment.
    pub fn payment_hash(&self) -> PaymentHash {
        let Destination::PaymentRequest(invoice) = &self.terms.destination;
        invoice.payment_hash
    }

    /// The payment hash that no other withdrawal may have: held from the request on, and given
    /// free only where nothing was ever sent for it.
    pub fn held_payment_hash(&self) -> Option<PaymentHash> {
        let never_sent = self.attempts == 0 && matches!(self.state, WithdrawalState::Failed { .. });
        (!never_sent).then_some(self.payment_hash())
    }

    /// When it may still be begun or tried again.
    pub fn last_start(&self) -> Timestamp {
        let Destination::PaymentRequest(invoice) = &self.terms.destination;
        invoice.expires_at.minus(STOP_BEFORE_EXPIRY)
    }

    /// When it is to be looked at.
    pub fn due(&self, now: Timestamp) -> Option<Due> {
        let at = match self.state {
            WithdrawalState::Pending => now,
            WithdrawalState::LiquidityPending | WithdrawalState::AwaitingReview => {
                now.plus(LIQUIDITY_CHECK).min(self.last_start())
            }
            WithdrawalState::Processing { .. } => now.plus(Duration::from_millis(250)),
            WithdrawalState::Released { .. } => now.plus(RELEASED_CHECK),
            WithdrawalState::RetryPending { at, .. } => at,
            WithdrawalState::Completed { .. }
            | WithdrawalState::PaidAfterRelease { .. }
            | WithdrawalState::Failed { .. } => return None,
        };
        Some(Due { at, since: self.updated_at })
    }

    /// The node can send less than amount and fee.
    ///
    /// # Errors
    /// [`WrongState`] while an attempt is live and after the end.
    pub fn await_liquidity(&self, now: Timestamp) -> Result<Step<Self>, WrongState> {
        match self.state {
            WithdrawalState::LiquidityPending => Ok(Step::Unchanged),
            // A retry keeps its state, so that its last error and its time are not lost.
            WithdrawalState::RetryPending { .. } => Ok(Step::Unchanged),
            WithdrawalState::Pending => Ok(self.moved_to(WithdrawalState::LiquidityPending, now)),
            WithdrawalState::AwaitingReview
            | WithdrawalState::Processing { .. }
            | WithdrawalState::Completed { .. }
            | WithdrawalState::Released { .. }
            | WithdrawalState::PaidAfterRelease { .. }
            | WithdrawalState::Failed { .. } => Err(self.wrong("await liquidity")),
        }
    }

    /// The node can send enough again.
    ///
    /// # Errors
    /// [`WrongState`] while an attempt is live and after the end.
    pub fn liquidity_found(&self, now: Timestamp) -> Result<Step<Self>, WrongState> {
        match self.state {
            WithdrawalState::LiquidityPending => Ok(self.moved_to(WithdrawalState::Pending, now)),
            WithdrawalState::Pending | WithdrawalState::RetryPending { .. } => Ok(Step::Unchanged),
            WithdrawalState::AwaitingReview
            | WithdrawalState::Processing { .. }
            | WithdrawalState::Completed { .. }
            | WithdrawalState::Released { .. }
            | WithdrawalState::PaidAfterRelease { .. }
            | WithdrawalState::Failed { .. } => Err(self.wrong("find liquidity")),
        }
    }

    /// Everybody who had to look at it approved it.
    ///
    /// # Errors
    /// [`WrongState`] unless it awaits review.
    pub fn approve(&self, now: Timestamp) -> Result<Self, WrongState> {
        match self.state {
            WithdrawalState::AwaitingReview => Ok(self.to(WithdrawalState::Pending, now)),
            WithdrawalState::LiquidityPending
            | WithdrawalState::Pending
            | WithdrawalState::Processing { .. }
            | WithdrawalState::RetryPending { .. }
            | WithdrawalState::Completed { .. }
            | WithdrawalState::Released { .. }
            | WithdrawalState::PaidAfterRelease { .. }
            | WithdrawalState::Failed { .. } => Err(self.wrong("be approved")),
        }
    }

    /// Somebody who had to look at it rejected it, and the node neither paid nor is paying.
    ///
    /// # Errors
    /// [`WrongState`] unless it awaits review.
    pub fn reject(&self, now: Timestamp) -> Result<Self, WrongState> {
        match self.state {
            WithdrawalState::AwaitingReview => {
                Ok(self.to(WithdrawalState::Failed { reason: FailureReason::Rejected, at: now }, now))
            }
            WithdrawalState::LiquidityPending
            | WithdrawalState::Pending
            | WithdrawalState::Processing { .. }
            | WithdrawalState::RetryPending { .. }
            | WithdrawalState::Completed { .. }
            | WithdrawalState::Released { .. }
            | WithdrawalState::PaidAfterRelease { .. }
            | WithdrawalState::Failed { .. } => Err(self.wrong("be rejected")),
        }
    }

    /// An attempt begins: from here on the money may be on its way.
    ///
    /// # Errors
    /// [`WrongState`] unless it is pending, or a retry whose time has come, and its invoice has
    /// long enough left.
    pub fn start(&self, attempt: AttemptId, now: Timestamp) -> Result<Self, WrongState> {
        if now >= self.last_start() {
            return Err(self.wrong("start so late"));
        }
        match self.state {
            WithdrawalState::RetryPending { at, .. } if now < at => Err(self.wrong("start so early")),
            WithdrawalState::Pending | WithdrawalState::RetryPending { .. } => {
                Ok(self.processing(attempt, now))
            }
            WithdrawalState::AwaitingReview
            | WithdrawalState::LiquidityPending
            | WithdrawalState::Processing { .. }
            | WithdrawalState::Completed { .. }
            | WithdrawalState::Released { .. }
            | WithdrawalState::PaidAfterRelease { .. }
            | WithdrawalState::Failed { .. } => Err(self.wrong("start")),
        }
    }

    /// The node has a payment of its hash, made or under way, that the store did not know of: from
    /// here on it is this withdrawal's, whatever time its invoice has left.
    ///
    /// # Errors
    /// [`WrongState`] while an attempt is live and after the end.
    pub fn adopt(&self, attempt: AttemptId, now: Timestamp) -> Result<Self, WrongState> {
        match self.state {
            WithdrawalState::AwaitingReview
            | WithdrawalState::LiquidityPending
            | WithdrawalState::Pending
            | WithdrawalState::RetryPending { .. } => Ok(self.processing(attempt, now)),
            WithdrawalState::Processing { .. }
            | WithdrawalState::Completed { .. }
            | WithdrawalState::Released { .. }
            | WithdrawalState::PaidAfterRelease { .. }
            | WithdrawalState::Failed { .. } => Err(self.wrong("adopt a payment")),
        }
    }

    /// The node paid the live attempt.
    ///
    /// # Errors
    /// [`WrongState`] unless it is processing.
    pub fn complete(&self, fee: Amount, now: Timestamp) -> Result<Self, WrongState> {
        match self.state {
            WithdrawalState::Processing { .. } => {
                Ok(self.to(WithdrawalState::Completed { fee, at: now }, now))
            }
            WithdrawalState::AwaitingReview
            | WithdrawalState::LiquidityPending
            | WithdrawalState::Pending
            | WithdrawalState::RetryPending { .. }
            | WithdrawalState::Completed { .. }
            | WithdrawalState::Released { .. }
            | WithdrawalState::PaidAfterRelease { .. }
            | WithdrawalState::Failed { .. } => Err(self.wrong("complete")),
        }
    }

    /// The live attempt is proven dead: tried again while budget and invoice last, failed otherwise.
    ///
    /// # Errors
    /// [`WrongState`] unless it is processing, and for the proof of another attempt.
    pub fn attempt_failed(
        &self,
        proof: &FinalFailure,
        policy: RetryPolicy,
        now: Timestamp,
    ) -> Result<Self, WrongState> {
        let WithdrawalState::Processing { attempt } = self.state else {
            return Err(self.wrong("fail an attempt"));
        };
        if proof.attempt() != attempt {
            return Err(self.wrong("fail by the proof of another attempt"));
        }
        let last_error = proof.reason().to_owned();
        let retry_at = now.plus(self.backoff(attempt, policy));
        let state = if self.attempts > policy.retries || retry_at >= self.last_start() {
            WithdrawalState::Failed { reason: FailureReason::AttemptsFailed { last_error }, at: now }
        } else {
            WithdrawalState::RetryPending { at: retry_at, last_error }
        };
        Ok(self.to(state, now))
    }

    /// People release the funds of a payment without an end.
    ///
    /// # Errors
    /// [`WrongState`] unless it is processing.
    pub fn release(&self, now: Timestamp) -> Result<Self, WrongState> {
        match self.state {
            WithdrawalState::Processing { attempt } => {
                Ok(self.to(WithdrawalState::Released { attempt, at: now }, now))
            }
            WithdrawalState::AwaitingReview
            | WithdrawalState::LiquidityPending
            | WithdrawalState::Pending
            | WithdrawalState::RetryPending { .. }
            | WithdrawalState::Completed { .. }
            | WithdrawalState::Released { .. }
            | WithdrawalState::PaidAfterRelease { .. }
            | WithdrawalState::Failed { .. } => Err(self.wrong("be released")),
        }
    }

    /// The node paid although the funds had been released.
    ///
    /// # Errors
    /// [`WrongState`] unless it was released.
    pub fn paid_late(&self, fee: Amount, now: Timestamp) -> Result<Self, WrongState> {
        let WithdrawalState::Released { at, .. } = self.state else {
            return Err(self.wrong("be paid late"));
        };
        Ok(self.to(WithdrawalState::PaidAfterRelease { fee, at }, now))
    }

    /// The attempt of a withdrawal whose funds were released is proven dead.
    ///
    /// # Errors
    /// [`WrongState`] unless it was released, and for the proof of another attempt.
    pub fn released_failed(&self, proof: &FinalFailure, now: Timestamp) -> Result<Self, WrongState> {
        match self.state {
            WithdrawalState::Released { attempt, at } if proof.attempt() == attempt => {
                Ok(self.to(WithdrawalState::Failed { reason: FailureReason::Released, at }, now))
            }
            WithdrawalState::Released { .. } => Err(self.wrong("fail by the proof of another attempt")),
            WithdrawalState::AwaitingReview
            | WithdrawalState::LiquidityPending
            | WithdrawalState::Pending
            | WithdrawalState::Processing { .. }
            | WithdrawalState::RetryPending { .. }
            | WithdrawalState::Completed { .. }
            | WithdrawalState::PaidAfterRelease { .. }
            | WithdrawalState::Failed { .. } => Err(self.wrong("fail after a release")),
        }
    }

    /// Nothing is live and the invoice runs out: the withdrawal ends.
    ///
    /// # Errors
    /// [`WrongState`] while an attempt is live, and after a completion.
    pub fn give_up(&self, now: Timestamp) -> Result<Step<Self>, WrongState> {
        let reason = match &self.state {
            WithdrawalState::AwaitingReview
            | WithdrawalState::LiquidityPending
            | WithdrawalState::Pending => FailureReason::InvoiceExpired,
            WithdrawalState::RetryPending { last_error, .. } => {
                FailureReason::AttemptsFailed { last_error: last_error.clone() }
            }
            WithdrawalState::Failed { .. } => return Ok(Step::Unchanged),
            WithdrawalState::Processing { .. }
            | WithdrawalState::Completed { .. }
            | WithdrawalState::Released { .. }
            | WithdrawalState::PaidAfterRelease { .. } => {
                return Err(self.wrong("be given up"));
            }
        };
        Ok(self.moved_to(WithdrawalState::Failed { reason, at: now }, now))
    }

    /// 60 s · 2ⁿ, and up to a quarter more, derived from the attempt's id so that it is the same
    /// wherever it is computed.
    fn backoff(&self, attempt: AttemptId, policy: RetryPolicy) -> Duration {
        let doublings = self.attempts.saturating_sub(1).min(16);
        let wait = policy.base.saturating_mul(1 << doublings);
        let [.., random] = attempt.as_uuid().as_bytes();
        let jitter = wait.saturating_mul(u32::from(*random)).checked_div(1024).unwrap_or_default();
        wait.saturating_add(jitter)
    }

    fn processing(&self, attempt: AttemptId, now: Timestamp) -> Self {
        let attempts = self.attempts.saturating_add(1);
        Self { attempts, ..self.to(WithdrawalState::Processing { attempt }, now) }
    }

    fn moved_to(&self, state: WithdrawalState, now: Timestamp) -> Step<Self> {
        Step::Changed(self.to(state, now))
    }

    fn to(&self, state: WithdrawalState, now: Timestamp) -> Self {
        Self { state, updated_at: now, ..self.clone() }
    }

    fn wrong(&self, event: &'static str) -> WrongState {
        WrongState { state: self.state.as_str(), event }
    }
}

impl WithdrawalState {
    /// The stored names of all states.
    pub const NAMES: [&'static str; 9] = [
        AWAITING_REVIEW,
        "liquidity_pending",
        "pending",
        "processing",
        "retry_pending",
        "completed",
        "released",
        "paid_after_release",
        "failed",
    ];

    /// The stored name.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::AwaitingReview => AWAITING_REVIEW,
            Self::LiquidityPending => "liquidity_pending",
            Self::Pending => "pending",
            Self::Processing { .. } => "processing",
            Self::RetryPending { .. } => "retry_pending",
            Self::Completed { .. } => "completed",
            Self::Released { .. } => "released",
            Self::PaidAfterRelease { .. } => "paid_after_release",
            Self::Failed { .. } => "failed",
        }
    }

    /// Whether it was let through: it is paid, or will be if it can.
    pub const fn passed_review(&self) -> bool {
        match self {
            Self::LiquidityPending
            | Self::Pending
            | Self::Processing { .. }
            | Self::RetryPending { .. }
            | Self::Completed { .. }
            | Self::Released { .. }
            | Self::PaidAfterRelease { .. } => true,
            Self::AwaitingReview | Self::Failed { .. } => false,
        }
    }

    /// Whether nothing will change any more.
    pub const fn is_final(&self) -> bool {
        match self {
            Self::Completed { .. } | Self::PaidAfterRelease { .. } | Self::Failed { .. } => true,
            Self::AwaitingReview
            | Self::LiquidityPending
            | Self::Pending
            | Self::Processing { .. }
            | Self::RetryPending { .. }
            | Self::Released { .. } => false,
        }
    }
}

#[cfg(test)]
mod tests;
