//! Policies as a store keeps them: the one that holds, and every version that ever did.

use super::Policy;
use crate::{
    AppId, AssetId, Document, DocumentKey, DocumentKind, Operator, Reason, StoreError, Stored, Timestamp,
};
use serde::{Deserialize, Serialize};

/// A policy that was set, with who set it. Versions are counted from 1 for each app and asset, and kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyVersion {
    /// Which one.
    pub number: u32,
    /// What it says.
    pub policy: Policy,
    /// Since when it holds.
    pub at: Timestamp,
    /// Who set it.
    pub operator: Operator,
    /// Why.
    pub reason: String,
}

#[derive(Serialize, Deserialize)]
struct StoredVersion {
    number: u32,
    at: u64,
    by: String,
    origin: String,
    reason: String,
    #[serde(flatten)]
    policy: Policy,
}

impl PolicyVersion {
    /// The version that follows `before`.
    pub(crate) fn after(
        before: Option<&Self>,
        policy: Policy,
        at: Timestamp,
        operator: Operator,
        reason: &Reason,
    ) -> Self {
        let number = before.map_or(0, |before| before.number).saturating_add(1);
        Self { number, policy, at, operator, reason: reason.as_str().to_owned() }
    }

    /// The document of the policy that holds.
    pub(crate) fn key(app: &AppId, asset: &AssetId) -> DocumentKey {
        DocumentKey::new(DocumentKind::Policy, format!("{app}\n{asset}"))
    }

    /// The document of one version. Neither name holds a control character.
    pub(crate) fn key_of(app: &AppId, asset: &AssetId, number: u32) -> DocumentKey {
        DocumentKey::new(DocumentKind::PolicyVersion, format!("{app}\n{asset}\n{number:010}"))
    }

    /// As a store keeps it under `key`.
    pub(crate) fn to_document(&self, key: DocumentKey, app: &AppId) -> Document {
        let Operator { name: by, origin } = self.operator.clone();
        let stored = StoredVersion {
            number: self.number,
            at: self.at.as_millis(),
            by,
            origin,
            reason: self.reason.clone(),
            policy: self.policy.clone(),
        };
        let body = serde_json::to_string(&stored).unwrap_or_default();
        Document { key, app: Some(app.clone()), body, expires_at: None }
    }

    /// As a store kept it.
    pub(crate) fn from_document(document: Stored<Document>) -> Result<Stored<Self>, StoreError> {
        let version = document.version();
        let Document { key, body, .. } = document.into_inner();
        let stored: StoredVersion =
            serde_json::from_str(&body).map_err(|_| key.kind.corrupt(&key.name, "its JSON"))?;
        let value = Self {
            number: stored.number,
            policy: stored.policy,
            at: Timestamp::from_millis(stored.at),
            operator: Operator { name: stored.by, origin: stored.origin },
            reason: stored.reason,
        };
        Ok(Stored::new(value, version))
    }
}

/// Base units, as decimal digits: JSON has no whole numbers of that size.
pub(super) mod amount {
    use crate::Amount;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(in crate::policy) fn serialize<S: Serializer>(amount: &Amount, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(amount)
    }

    pub(in crate::policy) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Amount, D::Error> {
        String::deserialize(from)?.parse().map_err(D::Error::custom)
    }
}

/// The same where there may be none.
pub(super) mod some_amount {
    use crate::Amount;
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

    pub(in crate::policy) fn serialize<S: Serializer>(
        amount: &Option<Amount>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        amount.map(|amount| amount.to_string()).serialize(to)
    }

    pub(in crate::policy) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<Amount>, D::Error> {
        let text = Option::<String>::deserialize(from)?;
        text.map(|text| text.parse().map_err(D::Error::custom)).transpose()
    }
}

/// A time in milliseconds.
pub(super) mod millis {
    use serde::{Deserialize, Deserializer, Serializer};
    use std::time::Duration;

    pub(in crate::policy) fn serialize<S: Serializer>(time: &Duration, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_u64(super::millis_of(*time))
    }

    pub(in crate::policy) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
        u64::deserialize(from).map(Duration::from_millis)
    }
}

/// The same where there may be none.
pub(super) mod some_millis {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};
    use std::time::Duration;

    pub(in crate::policy) fn serialize<S: Serializer>(
        time: &Option<Duration>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        time.map(super::millis_of).serialize(to)
    }

    pub(in crate::policy) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<Duration>, D::Error> {
        Ok(Option::<u64>::deserialize(from)?.map(Duration::from_millis))
    }
}

fn millis_of(time: std::time::Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Amount, Asset, FeeBearer, Version, WithdrawalPolicy};
    use std::time::Duration;

    #[test]
    fn a_policy_is_read_back_as_it_was_written() {
        let mut policy = Policy::new(WithdrawalPolicy::default_for(&Asset::ckb()));
        let operator = Operator { name: "ann".to_owned(), origin: "here".to_owned() };
        let why = Reason::new("why not").unwrap();
        let mut before: Option<PolicyVersion> = None;
        for number in 1..=3 {
            let at = Timestamp::from_millis(7);
            let set = PolicyVersion::after(before.as_ref(), policy.clone(), at, operator.clone(), &why);
            assert_eq!(set.number, number);
            let (app, ckb) = (AppId::new("forum").unwrap(), AssetId::ckb());
            let document = set.to_document(PolicyVersion::key_of(&app, &ckb, number), &app);
            assert_eq!(document.key.name, format!("forum\nCKB\n000000000{number}"));
            let read = PolicyVersion::from_document(Stored::new(document, Version::FIRST)).unwrap();
            assert_eq!(*read, set);
            before = Some(set);
            policy.tips.maximum = Some(Amount::MAX);
            policy.tips.allowed = false;
            policy.withdrawals.fee_bearer = FeeBearer::Hub;
            policy.withdrawals.cooldown = Duration::from_millis(1_500);
            policy.review.two_above = Some(Amount::ZERO);
            policy.review.new_destination = Some(Duration::from_secs(1));
        }
    }

    #[test]
    fn amounts_are_kept_as_digits() {
        let mut policy = Policy::new(WithdrawalPolicy::default_for(&Asset::ckb()));
        policy.tips.maximum = Some(Amount::MAX);
        let text = serde_json::to_string(&policy).unwrap();
        assert!(text.contains(r#""maximum":"170141183460469231731687303715884105727""#), "{text}");
        assert!(text.contains(r#""largest_balance":null"#), "{text}");
    }
}
