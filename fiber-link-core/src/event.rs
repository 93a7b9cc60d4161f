//! What clients are told happened.

use crate::{AppId, EventId, Timestamp, TipId, WithdrawalId};

/// Something that happened in an app; committed together with what it tells of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Its id.
    pub id: EventId,
    /// The app.
    pub app: AppId,
    /// What happened.
    pub kind: EventKind,
    /// When.
    pub at: Timestamp,
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EventKind {
    /// A tip was credited.
    TipSettled(TipId),
    /// A withdrawal was paid.
    WithdrawalCompleted(WithdrawalId),
    /// A withdrawal ended without payment, and its funds are available again.
    WithdrawalFailed(WithdrawalId),
    /// A withdrawal whose funds people had released was paid after all.
    WithdrawalPaidLate(WithdrawalId),
}

impl EventKind {
    /// The stored name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::TipSettled(_) => "tip_settled",
            Self::WithdrawalCompleted(_) => "withdrawal_completed",
            Self::WithdrawalFailed(_) => "withdrawal_failed",
            Self::WithdrawalPaidLate(_) => "withdrawal_paid_late",
        }
    }
}

/// An event with its place in its app's sequence: 1, 2, 3, … without gaps, in the order in which
/// readers see them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NumberedEvent {
    /// Its place.
    pub number: u64,
    /// The event.
    pub event: Event,
}
