//! `new_invoice`, `get_invoice`, `cancel_invoice` and `parse_invoice`.

use super::script::parse_molecule;
use super::{CALL_FAILED, about_another, failed, malformed, read, result_of};
use crate::fnn::call::MAX_INVOICE;
use crate::fnn::envelope::{Reply, RpcError};
use crate::fnn::field::{Bytes, Number, for_each, present};
use crate::{
    Amount, AssetId, AssetKind, Assets, DecodedInvoice, Invoice, InvoiceState, InvoiceStatus, NameError,
    Network, NodeError, NodeKey, PaymentHash, Timestamp, TypeScript,
};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// When an invoice without expiry, or with one that no clock will show, runs out: later than any
/// store can hold, but for one millisecond.
const NEVER: u64 = i64::MAX.unsigned_abs();

/// What a node that has an invoice of this hash says when it is asked to make one. The second is
/// the answer to whom another caller was faster.
const EXISTS: [&str; 2] = ["invoice already exists", "Duplicated invoice found: "];

/// What a node that has no invoice of this hash says when it is asked about it.
const NOT_FOUND: &str = "invoice not found";

/// How those refusals of `new_invoice` begin that are given before anything is stored.
const REFUSALS: [&str; 5] = [
    "Both payment_hash and payment_preimage are set",
    "Currency must be ",
    "Description with length of ",
    "Node does not support ",
    "final_expiry_delta must be ",
];

/// What the node adds to the text of an invoice.
#[derive(Deserialize)]
struct Own<'a> {
    #[serde(borrow)]
    invoice_address: Cow<'a, str>,
    #[serde(borrow)]
    invoice: View<'a>,
    status: Option<&'a str>,
}

#[derive(Deserialize)]
struct Parsed<'a> {
    #[serde(borrow)]
    invoice: View<'a>,
}

#[derive(Deserialize)]
struct View<'a> {
    currency: &'a str,
    amount: Option<Number>,
    #[serde(borrow)]
    data: Data<'a>,
}

#[derive(Deserialize)]
struct Data<'a> {
    timestamp: Number,
    payment_hash: Bytes<32>,
    #[serde(borrow)]
    attrs: &'a RawValue,
}

/// One member says what the attribute is. We know some; a known one must be readable, since an
/// invoice without its token would be one over CKB.
#[derive(Deserialize)]
struct Attribute<'a> {
    #[serde(default, deserialize_with = "present")]
    expiry_time: Option<Number>,
    #[serde(borrow, default, deserialize_with = "present")]
    udt_script: Option<Cow<'a, str>>,
    #[serde(default, deserialize_with = "present")]
    payee_public_key: Option<Bytes<33>>,
    #[serde(borrow)]
    feature: Option<&'a RawValue>,
}

/// The attributes of an invoice, whoever made it.
#[derive(Default)]
struct Attributes {
    expiry: Option<Number>,
    token: Option<Token>,
    payee: Option<Bytes<33>>,
    takes_parts: bool,
}

/// The token that an invoice is over.
enum Token {
    Udt(TypeScript),
    /// One whose script we cannot read.
    Unreadable,
}

impl Attributes {
    /// `None` if one that we know is unreadable or comes twice.
    fn read(attrs: &RawValue) -> Option<Self> {
        let mut all = Self::default();
        let mut sound = true;
        for_each(attrs, |attribute: &RawValue| {
            sound &= match serde_json::from_str(attribute.get()) {
                Ok(attribute) => all.add(attribute),
                // A word alone is an attribute that we do not know.
                Err(_) => attribute.get().starts_with('"'),
            };
        })
        .ok()?;
        sound.then_some(all)
    }

    fn add(&mut self, attribute: Attribute<'_>) -> bool {
        let token =
            attribute.udt_script.map(|script| parse_molecule(&script).map_or(Token::Unreadable, Token::Udt));
        self.takes_parts |= attribute.feature.is_some_and(takes_parts);
        put(&mut self.expiry, attribute.expiry_time)
            && put(&mut self.token, token)
            && put(&mut self.payee, attribute.payee_public_key)
    }

    /// What is paid; `None` if it is no asset of ours.
    fn asset(&self, assets: &Assets) -> Option<AssetId> {
        let asset = match &self.token {
            None => assets.find_kind(&AssetKind::Ckb),
            Some(Token::Udt(script)) => assets.find_kind(&AssetKind::Udt(script.clone())),
            Some(Token::Unreadable) => None,
        };
        asset.map(|asset| asset.id.clone())
    }

    /// When an invoice of `timestamp` runs out; `None` if never.
    fn expires_at(&self, timestamp: Number) -> Option<Timestamp> {
        let expiry = self.expiry?.0.saturating_mul(1000);
        let millis = u64::try_from(timestamp.0.saturating_add(expiry)).unwrap_or(NEVER);
        Some(Timestamp::from_millis(millis.min(NEVER)))
    }
}

/// Fills an empty place; `false` if it is taken.
fn put<T>(place: &mut Option<T>, value: Option<T>) -> bool {
    match (&place, value) {
        (_, None) => true,
        (None, value) => {
            *place = value;
            true
        }
        (Some(_), Some(_)) => false,
    }
}

/// Whether an invoice's features let it be paid in several parts. Others do not concern us.
fn takes_parts(features: &RawValue) -> bool {
    let mut takes_parts = false;
    let read = for_each(features, |feature: Cow<'_, str>| takes_parts |= feature.starts_with("BASIC_MPP"));
    read.is_ok() && takes_parts
}

/// Answer to `new_invoice` for the invoice of `hash`.
///
/// # Errors
/// [`NodeError::InvoiceExists`] in both wordings of the node. [`NodeError::Refused`] for what it is
/// known to refuse before it stores anything: a right that is missing, a request that it does not
/// take, terms that it does not take. Any other words of the node, an internal error among them, may
/// have come after the invoice was stored and are [`NodeError::NoAnswer`].
pub(crate) fn new_invoice(reply: Reply, hash: PaymentHash, assets: &Assets) -> Result<Invoice, NodeError> {
    const METHOD: &str = "new_invoice";
    match reply {
        Ok(result) => read_own(METHOD, &result, hash, assets).map(|(invoice, _)| invoice),
        Err(error) if says(&error, &EXISTS) => Err(NodeError::InvoiceExists),
        Err(error) if says(&error, &REFUSALS) => Err(NodeError::Refused { reason: error.reason() }),
        Err(error) => Err(failed(METHOD, error)),
    }
}

/// Answer to `get_invoice` for `hash`; `None` if the node has no invoice of it.
///
/// # Errors
/// [`NodeError`]: nothing is known.
pub(crate) fn invoice(
    reply: Reply,
    hash: PaymentHash,
    assets: &Assets,
) -> Result<Option<InvoiceStatus>, NodeError> {
    const METHOD: &str = "get_invoice";
    match reply {
        Ok(result) => read_status(METHOD, &result, hash, assets).map(Some),
        Err(error) if error.code() == CALL_FAILED && error.message() == NOT_FOUND => Ok(None),
        Err(error) => Err(failed(METHOD, error)),
    }
}

/// Answer to `cancel_invoice` for `hash`. A payment that was under way may still make it paid.
///
/// # Errors
/// [`NodeError::Refused`] if the node has no such invoice, or one that is paid or cancelled.
pub(crate) fn cancel_invoice(
    reply: Reply,
    hash: PaymentHash,
    assets: &Assets,
) -> Result<InvoiceStatus, NodeError> {
    const METHOD: &str = "cancel_invoice";
    match reply {
        Ok(result) => read_status(METHOD, &result, hash, assets),
        Err(error) if says(&error, &[NOT_FOUND, "invoice can not be canceled"]) => {
            Err(NodeError::Refused { reason: error.reason() })
        }
        Err(error) => Err(failed(METHOD, error)),
    }
}

fn says(error: &RpcError, beginnings: &[&str]) -> bool {
    error.code() == CALL_FAILED && beginnings.iter().any(|beginning| error.message().starts_with(beginning))
}

fn read_own(
    method: &'static str,
    result: &RawValue,
    hash: PaymentHash,
    assets: &Assets,
) -> Result<(Invoice, Option<InvoiceState>), NodeError> {
    let own: Own<'_> = read(method, result)?;
    let Data { timestamp, payment_hash, attrs } = own.invoice.data;
    if payment_hash.0 != *hash.as_bytes() {
        return Err(about_another(method));
    }
    let attributes = Attributes::read(attrs).ok_or_else(|| malformed(method))?;
    let amount = own.invoice.amount.and_then(|amount| Amount::try_from(amount.0).ok());
    if own.invoice_address.len() > MAX_INVOICE {
        return Err(malformed(method));
    }
    let invoice = Invoice {
        encoded: own.invoice_address.into_owned(),
        payment_hash: hash,
        asset: attributes.asset(assets).map_or_else(unlisted, Ok).map_err(|_| malformed(method))?,
        amount: amount.ok_or_else(|| malformed(method))?,
        expires_at: attributes.expires_at(timestamp).unwrap_or(Timestamp::from_millis(NEVER)),
    };
    Ok((invoice, own.status.map(state)))
}

fn read_status(
    method: &'static str,
    result: &RawValue,
    hash: PaymentHash,
    assets: &Assets,
) -> Result<InvoiceStatus, NodeError> {
    let (invoice, state) = read_own(method, result, hash, assets)?;
    Ok(InvoiceStatus { invoice, state: state.ok_or_else(|| malformed(method))? })
}

fn state(word: &str) -> InvoiceState {
    match word {
        "Open" => InvoiceState::Open,
        "Paid" => InvoiceState::Paid,
        "Cancelled" => InvoiceState::Cancelled,
        "Expired" => InvoiceState::Expired,
        // A word of a newer node neither credits nor ends a tip, and must not keep others from being
        // credited: it is asked about again, as while a payment is held.
        _ => InvoiceState::Received,
    }
}

/// The name of what an invoice of our own is over when that is no asset of ours any more: one that
/// no tip has, so that it is never credited, and keeps no other tip waiting.
fn unlisted() -> Result<AssetId, NameError> {
    AssetId::new("unlisted-udt")
}

/// Answer to `parse_invoice`.
///
/// # Errors
/// [`NodeError::InvalidInvoice`] if the text is none, or one that cannot be paid in one part.
pub(crate) fn parse_invoice(reply: Reply, assets: &Assets) -> Result<DecodedInvoice, NodeError> {
    const METHOD: &str = "parse_invoice";
    let result = match reply {
        // The method looks at nothing but the text.
        Err(error) if error.code() == CALL_FAILED => return Err(invalid(reason(error.message()))),
        reply => result_of(METHOD, reply)?,
    };
    let Parsed { invoice: View { currency, amount, data } } = read(METHOD, &result)?;
    let attributes = Attributes::read(data.attrs).ok_or_else(|| invalid("its attributes are not clear"))?;
    // fnn wants several parts for it, and what is paid in parts may be paid in part.
    if attributes.takes_parts {
        return Err(invalid("it is to be paid in several parts"));
    }
    let amount = amount.map(|amount| Amount::try_from(amount.0)).transpose();
    Ok(DecodedInvoice {
        payment_hash: PaymentHash::new(data.payment_hash.0),
        network: network(currency).ok_or_else(|| invalid("it is for an unknown network"))?,
        asset: attributes.asset(assets),
        amount: amount.map_err(|_| invalid("its amount is out of range"))?,
        expires_at: attributes.expires_at(data.timestamp),
        payee: attributes.payee.map(|key| NodeKey::new(key.0)),
    })
}

fn invalid(reason: &str) -> NodeError {
    NodeError::InvalidInvoice { reason: reason.to_owned() }
}

/// The node's reason where it is one of the text's form; other words are not for callers.
fn reason(message: &str) -> &str {
    match message.strip_prefix("Bech32 error: ") {
        Some(reason @ ("invalid checksum" | "invalid length" | "mixed-case strings not allowed")) => reason,
        Some(reason) if reason.starts_with("missing human-readable separator") => "no separator",
        Some(_) | None => "the node cannot read it",
    }
}

fn network(currency: &str) -> Option<Network> {
    match currency {
        "Fibb" => Some(Network::Mainnet),
        "Fibt" => Some(Network::Testnet),
        "Fibd" => Some(Network::Dev),
        _ => None,
    }
}
