//! What people read when a policy refuses.

use crate::{AppId, AssetId};

/// Why a policy refuses a tip or a withdrawal. The messages are part of the wire contract.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PolicyRefusal {
    /// The asset may not be withdrawn.
    #[error("asset {asset} is not allowed for withdrawals in app {app}")]
    AssetNotAllowed {
        /// The asset.
        asset: AssetId,
        /// The app.
        app: AppId,
    },
    /// Too little. Amounts are whole units of the asset, as people write them.
    #[error("withdrawal amount {amount} is below minimum required {minimum} for destination address")]
    BelowMinimum {
        /// What was asked.
        amount: String,
        /// What is needed.
        minimum: String,
    },
    /// Too much at once.
    #[error("withdrawal amount {amount} exceeds per-request limit {limit}")]
    AbovePerRequest {
        /// What was asked.
        amount: String,
        /// What is allowed.
        limit: String,
    },
    /// Too much for the user today.
    #[error("daily user withdrawal limit exceeded: {total} > {limit}")]
    UserDaily {
        /// What it would come to.
        total: String,
        /// What is allowed.
        limit: String,
    },
    /// Too much for the app today.
    #[error("daily app withdrawal limit exceeded: {total} > {limit}")]
    AppDaily {
        /// What it would come to.
        total: String,
        /// What is allowed.
        limit: String,
    },
    /// Too soon after the last one.
    #[error("withdrawal cooldown active, retry in {seconds}s")]
    Cooldown {
        /// How long to wait, rounded up.
        seconds: u64,
    },
    /// Withdrawals to the chain are not possible here.
    #[error(
        "CKB address withdrawals are temporarily unavailable because the withdrawal signer is not configured"
    )]
    SignerNotConfigured,
    /// The asset may not be tipped.
    #[error("asset {asset} is not allowed for tips in app {app}")]
    TipsNotAllowed {
        /// The asset.
        asset: AssetId,
        /// The app.
        app: AppId,
    },
    /// Too small a tip.
    #[error("tip amount {amount} is below the minimum of {minimum}")]
    TipBelowMinimum {
        /// What was asked.
        amount: String,
        /// What is needed.
        minimum: String,
    },
    /// Too large a tip.
    #[error("tip amount {amount} exceeds the maximum of {maximum}")]
    TipAboveMaximum {
        /// What was asked.
        amount: String,
        /// What is allowed.
        maximum: String,
    },
    /// The one who is tipped would come to have too much.
    #[error("tip amount {amount} would take the balance of its recipient above the largest of {largest}")]
    AboveLargestBalance {
        /// What was asked.
        amount: String,
        /// What is allowed.
        largest: String,
    },
}

impl PolicyRefusal {
    /// The rule that refuses, by the name that it has where it is set.
    pub const fn rule(&self) -> &'static str {
        match self {
            Self::AssetNotAllowed { .. } => "withdrawals",
            Self::BelowMinimum { .. } => "withdrawal-minimum",
            Self::AbovePerRequest { .. } => "per-request",
            Self::UserDaily { .. } => "per-user-daily",
            Self::AppDaily { .. } => "per-app-daily",
            Self::Cooldown { .. } => "cooldown",
            Self::SignerNotConfigured => "signer",
            Self::TipsNotAllowed { .. } => "tips",
            Self::TipBelowMinimum { .. } => "tip-minimum",
            Self::TipAboveMaximum { .. } => "tip-maximum",
            Self::AboveLargestBalance { .. } => "largest-balance",
        }
    }
}
