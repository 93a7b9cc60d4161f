//! fnn's methods about invoices.

use super::hex::{HexBytes32, with_prefix};
use super::methods::Failure;
use super::params::{Currency, InvoiceParams, NewInvoiceParams, ParseInvoiceParams, SettleInvoiceParams};
use fiber_link_core::simulated::{
    InvoiceLock, NewInvoice, SettleInvoiceError, SimulatedNode, SimulatorError, describe_invoice,
};
use fiber_link_core::{
    Amount, AssetKind, InvoiceState, InvoiceStatus, NodeError, PaymentHash, Preimage, Secret,
};
use serde::Serialize;
use serde_json::{Value, json};
use std::time::Duration;

pub(super) fn create(node: &SimulatedNode, params: &NewInvoiceParams) -> Result<Value, Failure> {
    let currency = Currency::of(node.network());
    if params.currency != currency {
        return Err(Failure::node(format!("Currency must be {currency:?} with the chain network"), params));
    }
    let lock = match (&params.payment_preimage, &params.payment_hash) {
        (Some(_), Some(_)) => {
            return Err(Failure::node("Both payment_hash and payment_preimage are set", params));
        }
        (Some(preimage), None) => InvoiceLock::Preimage(Preimage::new(preimage.0)),
        (None, Some(hash)) => InvoiceLock::Hash(PaymentHash::new(hash.0)),
        (None, None) => InvoiceLock::Preimage(random_preimage()?),
    };
    let kind = params.udt_type_script.as_ref().map_or(AssetKind::Ckb, super::params::Script::kind);
    let asset = node.assets().find_kind(&kind);
    let asset = asset.ok_or_else(|| Failure::node("the stub has no such asset", params))?;
    let amount = Amount::try_from(params.amount.0);
    let amount = amount.map_err(|_| Failure::node("the stub takes amounts up to 2^127-1", params))?;
    let new = NewInvoice {
        asset: asset.id.clone(),
        amount,
        lock,
        hash_algorithm: params.hash_algorithm,
        expiry: params.expiry.map(|expiry| Duration::from_secs(expiry.0)),
        final_expiry_delta: params.final_expiry_delta.map(|delta| delta.0),
        description: params.description.clone().unwrap_or_default(),
    };
    let invoice = node.make_invoice(&new).map_err(|error| Failure::of(error, params))?;
    let described = describe(&invoice.encoded, params)?;
    Ok(json!({ "invoice_address": invoice.encoded, "invoice": described }))
}

pub(super) fn parse(params: &ParseInvoiceParams) -> Result<Value, Failure> {
    Ok(json!({ "invoice": describe(&params.invoice, params)? }))
}

pub(super) fn find(node: &SimulatedNode, params: &InvoiceParams) -> Result<Value, Failure> {
    let own = own_invoice(node, params.payment_hash, params)?;
    show(&own.invoice.encoded, own.state, params)
}

pub(super) fn cancel(node: &SimulatedNode, params: &InvoiceParams) -> Result<Value, Failure> {
    let own = own_invoice(node, params.payment_hash, params)?;
    match node.cancel(&own.invoice.encoded) {
        Ok(()) => show(&own.invoice.encoded, InvoiceState::Cancelled, params),
        Err(SimulatorError::WrongState(state)) => {
            let status = status(state);
            Err(Failure::node(format!("invoice can not be canceled, current status: {status}"), params))
        }
        Err(_) => Err(Failure::NoAnswer),
    }
}

pub(super) fn settle(node: &SimulatedNode, params: &SettleInvoiceParams) -> Result<Value, Failure> {
    let hash = PaymentHash::new(params.payment_hash.0);
    match node.settle_invoice(hash, &Preimage::new(params.payment_preimage.0)) {
        Ok(()) => Ok(json!({})),
        Err(SettleInvoiceError::NoAnswer(_)) => Err(Failure::NoAnswer),
        Err(
            refusal @ (SettleInvoiceError::NotFound
            | SettleInvoiceError::HashMismatch
            | SettleInvoiceError::WrongState(_)),
        ) => Err(Failure::node(refusal.to_string(), params)),
    }
}

/// Its name in fnn.
pub(super) fn status(state: InvoiceState) -> &'static str {
    match state {
        InvoiceState::Open => "Open",
        InvoiceState::Received => "Received",
        InvoiceState::Paid => "Paid",
        InvoiceState::Cancelled => "Cancelled",
        InvoiceState::Expired => "Expired",
    }
}

fn random_preimage() -> Result<Preimage, Failure> {
    let secret = Secret::random().map_err(|_| Failure::NoAnswer)?;
    <[u8; 32]>::try_from(secret.expose()).map(Preimage::new).map_err(|_| Failure::NoAnswer)
}

fn own_invoice(
    node: &SimulatedNode,
    hash: HexBytes32,
    params: &impl Serialize,
) -> Result<InvoiceStatus, Failure> {
    let found = node.own_invoice(PaymentHash::new(hash.0)).map_err(|error| Failure::of(error, params))?;
    found.ok_or_else(|| Failure::node("invoice not found", params))
}

fn describe(encoded: &str, params: &impl Serialize) -> Result<Value, Failure> {
    describe_invoice(encoded).map_err(|error: NodeError| Failure::of(error, params))
}

fn show(encoded: &str, state: InvoiceState, params: &impl Serialize) -> Result<Value, Failure> {
    let described = describe(encoded, params)?;
    Ok(json!({ "invoice_address": encoded, "invoice": described, "status": status(state) }))
}

/// A payment hash in the form of fnn.
pub(super) fn hash(hash: PaymentHash) -> String {
    with_prefix(hash.as_bytes())
}
