//! Requests that may be repeated: the same key and the same params act once.

use crate::{AppId, IdempotencyKey, Timestamp, TipId, WithdrawalId};
use sha2::{Digest, Sha256};
use std::time::Duration;

/// How long a key is remembered.
pub const IDEMPOTENCY_MEMORY: Duration = Duration::from_secs(90 * 24 * 3600);

/// Which request a key belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum IdempotentMethod {
    /// `tip.create`
    TipCreate,
    /// `withdrawal.request`
    WithdrawalRequest,
}

impl IdempotentMethod {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::TipCreate, Self::WithdrawalRequest];

    /// The stored name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::TipCreate => "tip.create",
            Self::WithdrawalRequest => "withdrawal.request",
        }
    }
}

/// Where a key is unique: in one app and for one method.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct IdempotencyScope {
    /// The app.
    pub app: AppId,
    /// The method.
    pub method: IdempotentMethod,
    /// The caller's key.
    pub key: IdempotencyKey,
}

/// What a key led to. It never holds an answer: the answer is rendered from the record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdempotencyRecord {
    /// The key.
    pub scope: IdempotencyScope,
    /// Of the decoded params without the key.
    pub digest: ParamsDigest,
    /// What was made.
    pub subject: IdempotencySubject,
    /// When it may be forgotten.
    pub expires_at: Timestamp,
}

/// What a request made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdempotencySubject {
    /// A tip.
    Tip(TipId),
    /// A withdrawal.
    Withdrawal(WithdrawalId),
}

/// The digest of decoded params: alike exactly for requests that mean the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParamsDigest([u8; 32]);

impl ParamsDigest {
    /// The digest of `fields`, each told apart from the next by its length.
    pub fn of<'a>(fields: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let mut digest = Sha256::new();
        for field in fields {
            digest.update(u64::try_from(field.len()).unwrap_or(u64::MAX).to_be_bytes());
            digest.update(field);
        }
        Self(digest.finalize().into())
    }

    /// A digest as it was stored.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_do_not_run_into_each_other() {
        let of = |fields: &[&'static str]| ParamsDigest::of(fields.iter().map(|f| f.as_bytes()));
        assert_eq!(of(&["ab", "c"]), of(&["ab", "c"]));
        assert_ne!(of(&["ab", "c"]), of(&["a", "bc"]));
        assert_ne!(of(&["ab"]), of(&["ab", ""]));
    }
}
