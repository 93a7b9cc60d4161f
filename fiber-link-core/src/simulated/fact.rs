//! The lines of the simulated node's file.

use super::Outcome;
use super::payments::SessionState;
use crate::{Amount, AssetId, Invoice, InvoiceState, PaymentHash, Timestamp};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// Something that happened: one line of the file.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Fact<'a> {
    /// The first line: which node this is.
    Node(NodeFact),
    /// An invoice was made.
    #[serde(borrow)]
    Invoice(InvoiceFact<'a>),
    /// Something was done to an invoice.
    Mark(MarkFact),
    /// A payment began.
    Payment(PaymentFact),
    /// From now on payments of this hash end like this.
    Outcome(OutcomeFact),
    /// The node forgot its session of this hash.
    Forgotten(ForgottenFact),
    /// What was really paid, whatever the node remembers of it.
    Paid(PaidFact),
}

/// The node's own key, and that of the somebody else whose invoices it pays, in hexadecimal. Keys
/// of simulated money are worth nothing, and so stand here in plain sight.
#[derive(Serialize, Deserialize)]
pub(super) struct NodeFact {
    pub(super) network: String,
    pub(super) key: String,
    pub(super) stranger: String,
}

/// How the file begins.
pub(super) const FIRST_BYTES: &[u8] = b"{\"node\":{";

impl std::fmt::Debug for NodeFact {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NodeFact").field("network", &self.network).finish_non_exhaustive()
    }
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct InvoiceFact<'a> {
    #[serde(with = "as_text")]
    pub(super) hash: PaymentHash,
    #[serde(with = "as_text")]
    pub(super) asset: AssetId,
    #[serde(with = "as_text")]
    pub(super) amount: Amount,
    #[serde(with = "as_millis")]
    pub(super) expires_at: Timestamp,
    #[serde(borrow)]
    pub(super) encoded: Cow<'a, str>,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct MarkFact {
    #[serde(with = "as_text")]
    pub(super) hash: PaymentHash,
    pub(super) mark: Mark,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct PaymentFact {
    #[serde(with = "as_text")]
    pub(super) hash: PaymentHash,
    #[serde(with = "as_millis")]
    pub(super) created_at: Timestamp,
    #[serde(with = "as_text")]
    pub(super) amount: Amount,
    #[serde(with = "as_text")]
    pub(super) fee: Amount,
    pub(super) state: SessionState,
    /// The invoice that is paid; lines of earlier versions have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) encoded: Option<Box<str>>,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct ForgottenFact {
    #[serde(with = "as_text")]
    pub(super) hash: PaymentHash,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct PaidFact {
    #[serde(with = "as_text")]
    pub(super) hash: PaymentHash,
    #[serde(with = "as_text")]
    pub(super) amount: Amount,
    #[serde(with = "as_text")]
    pub(super) fee: Amount,
    pub(super) times: u32,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct OutcomeFact {
    #[serde(with = "as_text")]
    pub(super) hash: PaymentHash,
    #[serde(with = "as_text")]
    pub(super) outcome: Outcome,
}

/// What was done to an invoice last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Mark {
    /// Nothing since it was made.
    Open,
    Received,
    Paid,
    Cancelled,
    /// It was made to run out before its time.
    Expired,
}

impl Mark {
    /// Where an invoice stands that runs out at `expires_at`.
    pub(super) fn state(self, expires_at: Timestamp, now: Timestamp) -> InvoiceState {
        match self {
            Self::Open if expires_at < now => InvoiceState::Expired,
            Self::Open => InvoiceState::Open,
            Self::Received => InvoiceState::Received,
            Self::Paid => InvoiceState::Paid,
            Self::Cancelled => InvoiceState::Cancelled,
            Self::Expired => InvoiceState::Expired,
        }
    }
}

impl<'a> InvoiceFact<'a> {
    pub(super) fn of(invoice: &'a Invoice) -> Self {
        Self {
            hash: invoice.payment_hash,
            asset: invoice.asset.clone(),
            amount: invoice.amount,
            expires_at: invoice.expires_at,
            encoded: Cow::Borrowed(&invoice.encoded),
        }
    }

    pub(super) fn into_invoice(self) -> Invoice {
        Invoice {
            encoded: self.encoded.into_owned(),
            payment_hash: self.hash,
            asset: self.asset,
            amount: self.amount,
            expires_at: self.expires_at,
        }
    }
}

/// Values whose text form is the stored form.
mod as_text {
    use serde::de::{Deserializer, Error, Visitor};
    use serde::ser::Serializer;
    use std::fmt::{self, Display};
    use std::marker::PhantomData;
    use std::str::FromStr;

    pub(super) fn serialize<T: Display, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(value)
    }

    pub(super) fn deserialize<'de, T, D>(deserializer: D) -> Result<T, D::Error>
    where
        T: FromStr<Err: Display>,
        D: Deserializer<'de>,
    {
        deserializer.deserialize_str(Text(PhantomData))
    }

    struct Text<T>(PhantomData<T>);

    impl<T: FromStr<Err: Display>> Visitor<'_> for Text<T> {
        type Value = T;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("text")
        }

        fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
            text.parse().map_err(E::custom)
        }
    }
}

mod as_millis {
    use crate::Timestamp;
    use serde::{Deserialize, Deserializer, Serializer};

    #[allow(clippy::trivially_copy_pass_by_ref, reason = "the form that serde calls")]
    pub(super) fn serialize<S: Serializer>(time: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(time.as_millis())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
        u64::deserialize(deserializer).map(Timestamp::from_millis)
    }
}
