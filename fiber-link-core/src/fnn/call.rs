//! What we ask of the node: one call of a method, with its parameters.

use crate::{
    AssetKind, InvoiceRequest, Network, NodeError, PaymentHash, PaymentRequest, ScriptHashType, TypeScript,
};
use serde::ser::{Serialize, SerializeStruct, Serializer};
use std::fmt;
use std::time::Duration;

/// The longest description that the node takes, in bytes.
const MAX_DESCRIPTION: usize = 639;
/// A longer text is no invoice: the longest description gives about 1 500 characters.
pub(super) const MAX_INVOICE: usize = 4096;
/// A payer's node takes no CKB payment of this many shannon or more.
const CKB_BOUND: u128 = u64::MAX as u128;
/// `max_fee_rate` counts thousandths of the amount.
const FEE_RATE_UNIT: u128 = 1000;

/// One call of a method, with its parameters. Its `Debug` shows the method alone.
pub(crate) enum Call {
    /// Which node this is.
    NodeInfo,
    /// Make an invoice. Only [`Call::new_invoice`] makes one.
    NewInvoice(NewInvoice),
    /// Tell about an invoice of the node's own.
    Invoice(PaymentHash),
    /// Read anybody's invoice. Only [`Call::parse_invoice`] makes one.
    ParseInvoice(InvoiceText),
    /// Cancel an invoice of the node's own.
    CancelInvoice(PaymentHash),
    /// Pay an invoice, in one part. Only [`Call::send_payment`] makes one.
    SendPayment(SendPayment),
    /// Tell about a payment of the node's own.
    Payment(PaymentHash),
    /// A page of the node's payments, ordered by hash.
    ListPayments {
        /// The last hash of the page before.
        after: Option<PaymentHash>,
        /// The most payments on a page.
        limit: u64,
    },
    /// The node's open channels.
    ListChannels,
    /// The node's channels, those that were closed among them.
    ListAllChannels,
    /// Tell of every change in the node's store; over a WebSocket only.
    SubscribeStoreChanges,
}

/// An invoice to be made, checked.
pub(crate) struct NewInvoice {
    network: Network,
    request: InvoiceRequest,
}

/// A text of an invoice's length.
pub(crate) struct InvoiceText(String);

/// A payment to be sent.
pub(crate) struct SendPayment {
    request: PaymentRequest,
    timeout: Duration,
}

impl Call {
    /// Asks for an invoice.
    ///
    /// # Errors
    /// [`NodeError::Refused`] for what fnn refuses, and for what it accepts and nobody can pay.
    pub(crate) fn new_invoice(network: Network, request: InvoiceRequest) -> Result<Self, NodeError> {
        let refused = |reason: &str| Err(NodeError::Refused { reason: reason.to_owned() });
        if request.amount.is_zero() {
            refused("the amount must be greater than 0")
        } else if request.asset.kind == AssetKind::Ckb && request.amount.units() >= CKB_BOUND {
            refused("the amount is more than a payment can carry")
        } else if request.expiry.as_secs() == 0 {
            refused("the expiry must be at least a second")
        } else if request.description.len() > MAX_DESCRIPTION {
            refused("the description must have at most 639 bytes")
        } else {
            Ok(Self::NewInvoice(NewInvoice { network, request }))
        }
    }

    /// Asks what `encoded` says.
    ///
    /// # Errors
    /// [`NodeError::InvalidInvoice`] for a text so long that it is none.
    pub(crate) fn parse_invoice(encoded: &str) -> Result<Self, NodeError> {
        if encoded.len() > MAX_INVOICE {
            return Err(NodeError::InvalidInvoice { reason: "too long".to_owned() });
        }
        Ok(Self::ParseInvoice(InvoiceText(encoded.to_owned())))
    }

    /// Asks to pay. The node is told `timeout` and does not keep to it.
    pub(crate) fn send_payment(request: PaymentRequest, timeout: Duration) -> Self {
        Self::SendPayment(SendPayment { request, timeout })
    }

    /// The method's name.
    pub(crate) const fn method(&self) -> &'static str {
        match self {
            Self::NodeInfo => "node_info",
            Self::NewInvoice(_) => "new_invoice",
            Self::Invoice(_) => "get_invoice",
            Self::ParseInvoice(_) => "parse_invoice",
            Self::CancelInvoice(_) => "cancel_invoice",
            Self::SendPayment(_) => "send_payment",
            Self::Payment(_) => "get_payment",
            Self::ListPayments { .. } => "list_payments",
            Self::ListChannels | Self::ListAllChannels => "list_channels",
            Self::SubscribeStoreChanges => "subscribe_store_changes",
        }
    }
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Call").field(&self.method()).finish()
    }
}

/// The smallest rate in thousandths that allows `fee_limit` for `amount`, however the node rounds.
///
/// The node takes the smaller of `max_fee_amount` and this rate of the amount. It multiplies before
/// it divides, so the rate stays where that does not overflow: only above 2¹¹⁷ units, or where the
/// limit is more than 10¹⁶ times the amount, it allows less than the limit.
fn fee_rate(amount: u128, fee_limit: u128) -> u64 {
    let amount = amount.max(1);
    let rate = fee_limit.saturating_mul(FEE_RATE_UNIT).div_ceil(amount);
    let highest = u128::MAX.checked_div(amount).unwrap_or(u128::MAX);
    u64::try_from(rate.min(highest)).unwrap_or(u64::MAX)
}

/// The parameters: an array with one object, or an empty one.
impl Serialize for Call {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::NodeInfo | Self::SubscribeStoreChanges => {
                let nothing: [(); 0] = [];
                nothing.serialize(serializer)
            }
            Self::NewInvoice(new) => [new].serialize(serializer),
            Self::Invoice(hash) | Self::CancelInvoice(hash) | Self::Payment(hash) => {
                [ByHash { payment_hash: Bytes(hash.as_bytes()) }].serialize(serializer)
            }
            Self::ParseInvoice(InvoiceText(invoice)) => [ParseInvoice { invoice }].serialize(serializer),
            Self::SendPayment(send) => [send].serialize(serializer),
            Self::ListPayments { after, limit } => [Page {
                limit: Hex(u128::from(*limit)),
                after: after.as_ref().map(|hash| Bytes(hash.as_bytes())),
            }]
            .serialize(serializer),
            Self::ListChannels => [Nothing {}].serialize(serializer),
            Self::ListAllChannels => [AllChannels { include_closed: true }].serialize(serializer),
        }
    }
}

#[derive(serde::Serialize)]
struct Nothing {}

#[derive(serde::Serialize)]
struct AllChannels {
    include_closed: bool,
}

#[derive(serde::Serialize)]
struct ByHash<'a> {
    payment_hash: Bytes<'a>,
}

#[derive(serde::Serialize)]
struct ParseInvoice<'a> {
    invoice: &'a str,
}

#[derive(serde::Serialize)]
struct Page<'a> {
    limit: Hex,
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<Bytes<'a>>,
}

#[derive(serde::Serialize)]
struct Script<'a> {
    code_hash: Bytes<'a>,
    hash_type: &'static str,
    args: Bytes<'a>,
}

impl<'a> From<&'a TypeScript> for Script<'a> {
    fn from(script: &'a TypeScript) -> Self {
        Self {
            code_hash: Bytes(&script.code_hash),
            hash_type: match script.hash_type {
                ScriptHashType::Data => "data",
                ScriptHashType::Type => "type",
                ScriptHashType::Data1 => "data1",
                ScriptHashType::Data2 => "data2",
            },
            args: Bytes(&script.args),
        }
    }
}

impl Serialize for NewInvoice {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let InvoiceRequest { asset, amount, preimage, expiry, description } = &self.request;
        let mut params = serializer.serialize_struct("NewInvoice", 7)?;
        params.serialize_field("amount", &Hex(amount.units()))?;
        params.serialize_field("currency", currency(self.network))?;
        params.serialize_field("description", description)?;
        params.serialize_field("expiry", &Hex(u128::from(expiry.as_secs())))?;
        params.serialize_field("payment_preimage", &Bytes(preimage.expose()))?;
        params.serialize_field("hash_algorithm", "sha256")?;
        match &asset.kind {
            AssetKind::Ckb => params.skip_field("udt_type_script")?,
            AssetKind::Udt(script) => params.serialize_field("udt_type_script", &Script::from(script))?,
        }
        params.end()
    }
}

impl Serialize for SendPayment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let PaymentRequest { encoded, payment_hash, amount, fee_limit } = &self.request;
        let rate = fee_rate(amount.units(), fee_limit.units());
        // A timeout of less than a second would be none.
        let timeout = self.timeout.as_secs().max(1);
        let mut params = serializer.serialize_struct("SendPayment", 7)?;
        params.serialize_field("invoice", encoded)?;
        // Both stand in the invoice: the node refuses one that says something else.
        params.serialize_field("payment_hash", &Bytes(payment_hash.as_bytes()))?;
        params.serialize_field("amount", &Hex(amount.units()))?;
        params.serialize_field("timeout", &Hex(u128::from(timeout)))?;
        params.serialize_field("max_fee_amount", &Hex(fee_limit.units()))?;
        params.serialize_field("max_fee_rate", &Hex(u128::from(rate)))?;
        params.serialize_field("max_parts", &Hex(PaymentRequest::MAX_PARTS.into()))?;
        params.end()
    }
}

/// What the node calls the network; the beginning of its invoices, but for upper case.
pub(crate) const fn currency(network: Network) -> &'static str {
    match network {
        Network::Mainnet => "Fibb",
        Network::Testnet => "Fibt",
        Network::Dev => "Fibd",
    }
}

/// A number as the node wants it: `0x`, lower case, no leading zeros.
struct Hex(u128);

impl Serialize for Hex {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{:#x}", self.0))
    }
}

/// Bytes as the node wants them: `0x` and two digits each.
struct Bytes<'a>(&'a [u8]);

impl Serialize for Bytes<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&format!("0x{}", hex::encode(self.0)))
    }
}
