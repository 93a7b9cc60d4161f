//! A tip, and how it moves from one state to the next.
//!
//! ```text
//! Creating ──▶ Unpaid ──▶ Settled
//!    │           ├──▶ Expired ────▶ Settled
//!    │           └──▶ Cancelled ──▶ Settled
//!    └──▶ Abandoned ──▶ Unpaid | Expired | Cancelled | Settled
//! ```
//! One that was given up is not taken up again, so that nothing of it counts towards a largest balance:
//! only a payment that is on its way makes it `Unpaid`.
//!
//! Only the node ends an invoice, and what it calls paid is credited, whatever was written before.

use crate::{
    Amount, AppId, AssetId, Due, Invoice, InvoiceState, InvoiceStatus, PaymentHash, PostId, Step, Timestamp,
    TipId, TipPhase, UserId,
};
use std::time::Duration;

/// How long an unanswered request for an invoice keeps a tip in `Creating`.
pub const ABANDON_AFTER: Duration = Duration::from_secs(600);

/// How long after a change the next question to the node is due.
const FIRST_CHECK: Duration = Duration::from_secs(2);

/// How long after its end an invoice is still asked about: a payment that was under way can be
/// claimed for up to fourteen days (the longest time-lock that was seen).
pub const GRACE: Duration = Duration::from_secs(15 * 24 * 3600);

/// What was agreed when the tip was created; none of it ever changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TipTerms {
    /// The app that asked for it.
    pub app: AppId,
    /// The post that is tipped.
    pub post: PostId,
    /// Who tips.
    pub from_user: UserId,
    /// Who is credited.
    pub to_user: UserId,
    /// What is paid.
    pub asset: AssetId,
    /// How much, in base units.
    pub amount: Amount,
    /// A word to the creator; at most 280 characters.
    pub message: Option<String>,
    /// Whether the creator is not told who tips.
    pub anonymous: bool,
}

/// Where a tip stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TipState {
    /// The tip is stored; its invoice is being made, or its making was not answered.
    Creating,
    /// Nobody was shown an invoice: the node refused, or never heard of the hash.
    Abandoned {
        /// When we gave up.
        at: Timestamp,
    },
    /// The invoice waits for its payment.
    Unpaid {
        /// What the payer pays.
        invoice: Invoice,
    },
    /// The node says that the invoice ran out.
    Expired {
        /// What nobody paid in time.
        invoice: Invoice,
        /// When we learned of it.
        at: Timestamp,
    },
    /// The node says that the invoice was cancelled.
    Cancelled {
        /// What may no longer be paid.
        invoice: Invoice,
        /// When we learned of it.
        at: Timestamp,
    },
    /// The node says paid, and the creator is credited.
    Settled {
        /// What was paid.
        invoice: Invoice,
        /// When it was credited.
        at: Timestamp,
    },
}

/// A promise to pay a creator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tip {
    id: TipId,
    terms: TipTerms,
    payment_hash: PaymentHash,
    created_at: Timestamp,
    state: TipState,
}

/// What the node says does not belong to this tip.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the node's invoice is not this tip's: {0}")]
pub struct ForeignInvoice(pub &'static str);

impl Tip {
    /// A new tip, before its invoice is asked for.
    pub fn create(id: TipId, terms: TipTerms, payment_hash: PaymentHash, now: Timestamp) -> Self {
        Self { id, terms, payment_hash, created_at: now, state: TipState::Creating }
    }

    /// A tip as it was stored. For store authors.
    pub fn restore(
        id: TipId,
        terms: TipTerms,
        payment_hash: PaymentHash,
        created_at: Timestamp,
        state: TipState,
    ) -> Self {
        Self { id, terms, payment_hash, created_at, state }
    }

    /// Its id.
    pub fn id(&self) -> TipId {
        self.id
    }

    /// What was agreed.
    pub fn terms(&self) -> &TipTerms {
        &self.terms
    }

    /// The hash that names its payment.
    pub fn payment_hash(&self) -> PaymentHash {
        self.payment_hash
    }

    /// When it was created.
    pub fn created_at(&self) -> Timestamp {
        self.created_at
    }

    /// Where it stands.
    pub fn state(&self) -> &TipState {
        &self.state
    }

    /// Its invoice, once there is one.
    pub fn invoice(&self) -> Option<&Invoice> {
        match &self.state {
            TipState::Creating | TipState::Abandoned { .. } => None,
            TipState::Unpaid { invoice }
            | TipState::Expired { invoice, .. }
            | TipState::Cancelled { invoice, .. }
            | TipState::Settled { invoice, .. } => Some(invoice),
        }
    }

    /// When it was credited, if it was.
    pub fn settled_at(&self) -> Option<Timestamp> {
        match self.state {
            TipState::Settled { at, .. } => Some(at),
            TipState::Creating
            | TipState::Abandoned { .. }
            | TipState::Unpaid { .. }
            | TipState::Expired { .. }
            | TipState::Cancelled { .. } => None,
        }
    }

    /// When the node is to be asked about it: until it is paid, or was ended by the node and the
    /// grace period is over.
    pub fn due(&self, now: Timestamp) -> Option<Due> {
        match self.state {
            TipState::Creating | TipState::Unpaid { .. } => {}
            TipState::Abandoned { at } | TipState::Expired { at, .. } | TipState::Cancelled { at, .. } => {
                if now >= at.plus(GRACE) {
                    return None;
                }
            }
            TipState::Settled { .. } => return None,
        }
        Some(Due { at: now.plus(FIRST_CHECK), since: self.created_at })
    }

    /// The node answered about the payment hash.
    ///
    /// # Errors
    /// [`ForeignInvoice`] if the invoice is not over this tip's hash, asset and amount.
    pub fn observe(&self, status: &InvoiceStatus, now: Timestamp) -> Result<Step<Self>, ForeignInvoice> {
        let invoice = &status.invoice;
        if invoice.payment_hash != self.payment_hash {
            return Err(ForeignInvoice("another payment hash"));
        }
        if invoice.asset != self.terms.asset {
            return Err(ForeignInvoice("another asset"));
        }
        if invoice.amount != self.terms.amount {
            return Err(ForeignInvoice("another amount"));
        }
        let invoice = self.invoice().unwrap_or(invoice).clone();
        Ok(match (&self.state, status.state) {
            (TipState::Settled { .. }, _) => Step::Unchanged,
            (_, InvoiceState::Paid) => self.moved_to(TipState::Settled { invoice, at: now }),

            (TipState::Expired { .. }, InvoiceState::Expired) => Step::Unchanged,
            (_, InvoiceState::Expired) => self.moved_to(TipState::Expired { invoice, at: now }),

            (TipState::Cancelled { .. }, InvoiceState::Cancelled) => Step::Unchanged,
            (_, InvoiceState::Cancelled) => self.moved_to(TipState::Cancelled { invoice, at: now }),

            (TipState::Creating, InvoiceState::Open | InvoiceState::Received)
            | (TipState::Abandoned { .. }, InvoiceState::Received) => {
                self.moved_to(TipState::Unpaid { invoice })
            }
            (TipState::Abandoned { .. }, InvoiceState::Open) => Step::Unchanged,
            (
                TipState::Unpaid { .. } | TipState::Expired { .. } | TipState::Cancelled { .. },
                InvoiceState::Open | InvoiceState::Received,
            ) => Step::Unchanged,
        })
    }

    /// The node answered that it does not know the payment hash.
    pub fn observe_unknown(&self, now: Timestamp) -> Step<Self> {
        match self.state {
            TipState::Creating if now.since(self.created_at) >= ABANDON_AFTER => {
                self.moved_to(TipState::Abandoned { at: now })
            }
            TipState::Creating
            | TipState::Abandoned { .. }
            | TipState::Unpaid { .. }
            | TipState::Expired { .. }
            | TipState::Cancelled { .. }
            | TipState::Settled { .. } => Step::Unchanged,
        }
    }

    /// The node refused to make the invoice.
    pub fn refuse(&self, now: Timestamp) -> Step<Self> {
        match self.state {
            TipState::Creating => self.moved_to(TipState::Abandoned { at: now }),
            TipState::Abandoned { .. }
            | TipState::Unpaid { .. }
            | TipState::Expired { .. }
            | TipState::Cancelled { .. }
            | TipState::Settled { .. } => Step::Unchanged,
        }
    }

    fn moved_to(&self, state: TipState) -> Step<Self> {
        Step::Changed(Self { state, ..self.clone() })
    }
}

impl TipState {
    /// The stored names of all states, each with its phase.
    pub const NAMES: [(&'static str, TipPhase); 6] = [
        ("creating", TipPhase::Open),
        ("abandoned", TipPhase::Ended),
        ("unpaid", TipPhase::Open),
        ("expired", TipPhase::Ended),
        ("cancelled", TipPhase::Ended),
        ("settled", TipPhase::Settled),
    ];

    /// The phase of the state of this stored name.
    pub fn phase_of(name: &str) -> Option<TipPhase> {
        Self::NAMES.into_iter().find(|(known, _)| *known == name).map(|(_, phase)| phase)
    }

    /// The stored name.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Creating => "creating",
            Self::Abandoned { .. } => "abandoned",
            Self::Unpaid { .. } => "unpaid",
            Self::Expired { .. } => "expired",
            Self::Cancelled { .. } => "cancelled",
            Self::Settled { .. } => "settled",
        }
    }

    /// What the state means to the tip's app.
    pub const fn phase(&self) -> TipPhase {
        match self {
            Self::Creating | Self::Unpaid { .. } => TipPhase::Open,
            Self::Settled { .. } => TipPhase::Settled,
            Self::Abandoned { .. } | Self::Expired { .. } | Self::Cancelled { .. } => TipPhase::Ended,
        }
    }
}

#[cfg(test)]
mod tests;
