//! Withdrawals that wait until people have looked at them.

use serde::{Deserialize, Serialize};

/// Why people look at a withdrawal before it is paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReviewReason {
    /// It is above the amount from which one person is needed.
    Amount,
    /// It is above the amount from which two people are needed.
    LargeAmount,
    /// It is the first one of its user that would be paid.
    FirstWithdrawal,
    /// Its user named where it goes not long ago for the first time, or nobody can tell where that is.
    NewDestination,
}

impl ReviewReason {
    /// In a few words, for people.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Amount => "amount",
            Self::LargeAmount => "large amount",
            Self::FirstWithdrawal => "first withdrawal",
            Self::NewDestination => "new destination",
        }
    }
}
