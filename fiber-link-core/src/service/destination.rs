//! Checks where a withdrawal goes, before anything is reserved.

use super::FiberLink;
use crate::{
    Amount, Asset, AssetId, DecodedInvoice, Network, NodeError, NodeKey, PaymentRequestDestination,
    StoreError, Timestamp, TipLookup, WithdrawalLookup,
};
use std::time::Duration;

/// The least time that an invoice must be payable.
const SHORTEST: Duration = Duration::from_secs(5 * 60);

/// The longest time that an invoice may be payable: its amount stays reserved for as long.
const LONGEST: Duration = Duration::from_secs(7 * 24 * 3600);

/// The longest text that is looked at as an invoice.
const LONGEST_INVOICE: usize = 4096;

/// Why a payment request cannot be paid. The messages are for people.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DestinationRefusal {
    /// It is no invoice.
    #[error("payment request is not a Fiber invoice")]
    NotAnInvoice,
    /// It is for another network.
    #[error("payment request is for network {found}, expected {expected}")]
    OtherNetwork {
        /// The network of the invoice.
        found: Network,
        /// Ours.
        expected: Network,
    },
    /// It asks for another asset.
    #[error("payment request asks for {found}, not for {expected}")]
    OtherAsset {
        /// The asset of the invoice, as far as we know it.
        found: String,
        /// What is withdrawn.
        expected: AssetId,
    },
    /// It leaves the amount to the payer.
    #[error("payment request has no amount")]
    NoAmount,
    /// It asks for another amount. Amounts are whole units, as people write them.
    #[error("payment request asks for {found}, but the withdrawal is {expected}")]
    OtherAmount {
        /// What the invoice asks.
        found: String,
        /// What is withdrawn.
        expected: String,
    },
    /// It never runs out.
    #[error("payment request has no expiry")]
    NoExpiry,
    /// It ran out.
    #[error("payment request has expired")]
    Expired,
    /// It runs out too soon.
    #[error("payment request expires too soon: it must be payable for at least 5 minutes")]
    ExpiresTooSoon,
    /// It runs out too late.
    #[error("payment request expires too late: it may be payable for at most 7 days")]
    ExpiresTooLate,
    /// It is an invoice of this very node.
    #[error("payment request was issued by this service itself")]
    IssuedHere,
    /// Another withdrawal pays it, or paid it.
    #[error("payment request was already used")]
    AlreadyUsed,
}

/// Why a destination was not accepted.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DestinationError {
    #[error(transparent)]
    Refused(#[from] DestinationRefusal),
    #[error(transparent)]
    Node(NodeError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// An invoice that may be paid.
#[derive(Debug)]
pub(crate) struct CheckedDestination {
    pub(crate) invoice: PaymentRequestDestination,
    /// Whom it pays, where it says so.
    pub(crate) payee: Option<NodeKey>,
}

impl FiberLink {
    /// Checks that `encoded` asks for exactly `amount` of `asset`, can be paid, and was not used.
    pub(crate) async fn check_payment_request(
        &self,
        encoded: &str,
        asset: &Asset,
        amount: Amount,
        now: Timestamp,
    ) -> Result<CheckedDestination, DestinationError> {
        let encoded = encoded.trim();
        let invoice = self.decode_payment_request(encoded).await?;
        let hub = &self.parts().hub;
        if invoice.network != hub.network {
            let (found, expected) = (invoice.network, hub.network);
            return Err(DestinationRefusal::OtherNetwork { found, expected }.into());
        }
        let store = &self.parts().store;
        let own_tip = store.find_tip(TipLookup::PaymentHash(invoice.payment_hash)).await?;
        if invoice.payee == Some(self.own_node()) || own_tip.is_some() {
            return Err(DestinationRefusal::IssuedHere.into());
        }
        let asked = asked_of(&invoice, asset)?;
        if asked != amount {
            let (found, expected) = (asset.format(asked), asset.format(amount));
            return Err(DestinationRefusal::OtherAmount { found, expected }.into());
        }
        let expires_at = invoice.expires_at.ok_or(DestinationRefusal::NoExpiry)?;
        check_expiry(expires_at, now)?;
        let lookup = WithdrawalLookup::HeldPaymentHash(invoice.payment_hash);
        if store.find_withdrawal(lookup).await?.is_some() {
            return Err(DestinationRefusal::AlreadyUsed.into());
        }
        let payee = invoice.payee;
        let invoice = PaymentRequestDestination {
            encoded: encoded.to_owned(),
            payment_hash: invoice.payment_hash,
            expires_at,
        };
        Ok(CheckedDestination { invoice, payee })
    }

    /// What the node reads in a text.
    pub(super) async fn decode_payment_request(
        &self,
        encoded: &str,
    ) -> Result<DecodedInvoice, DestinationError> {
        let encoded = encoded.trim();
        if encoded.is_empty() || encoded.len() > LONGEST_INVOICE {
            return Err(DestinationRefusal::NotAnInvoice.into());
        }
        match self.parts().node.decode_invoice(encoded).await {
            Ok(invoice) => Ok(invoice),
            Err(NodeError::InvalidInvoice { .. }) => Err(DestinationRefusal::NotAnInvoice.into()),
            Err(error) => Err(DestinationError::Node(error)),
        }
    }
}

/// How much of `asset` it asks for. One that asks for nothing leaves the amount to the payer.
pub(super) fn asked_of(invoice: &DecodedInvoice, asset: &Asset) -> Result<Amount, DestinationRefusal> {
    if invoice.asset.as_ref() != Some(&asset.id) {
        let found = invoice.asset.as_ref();
        let found =
            found.map_or_else(|| "an asset that is not accepted here".to_owned(), ToString::to_string);
        return Err(DestinationRefusal::OtherAsset { found, expected: asset.id.clone() });
    }
    invoice.amount.filter(|amount| !amount.is_zero()).ok_or(DestinationRefusal::NoAmount)
}

fn check_expiry(expires_at: Timestamp, now: Timestamp) -> Result<(), DestinationRefusal> {
    if expires_at <= now {
        Err(DestinationRefusal::Expired)
    } else if expires_at < now.plus(SHORTEST) {
        Err(DestinationRefusal::ExpiresTooSoon)
    } else if expires_at > now.plus(LONGEST) {
        Err(DestinationRefusal::ExpiresTooLate)
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_invoice_needs_five_minutes_and_at_most_seven_days() {
        let now = Timestamp::from_seconds(1_000_000);
        let left = |seconds| check_expiry(now.plus(Duration::from_secs(seconds)), now);
        assert_eq!(left(0), Err(DestinationRefusal::Expired));
        assert_eq!(left(299), Err(DestinationRefusal::ExpiresTooSoon));
        assert_eq!(left(300), Ok(()));
        assert_eq!(left(604_800), Ok(()));
        assert_eq!(left(604_801), Err(DestinationRefusal::ExpiresTooLate));
    }
}
