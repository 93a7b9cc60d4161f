//! fnn's methods about payments.

use super::hex::number;
use super::invoices::hash;
use super::methods::Failure;
use super::params::{
    GetPaymentCommandParams, ListPaymentsParams, PaymentStatusName, SendPaymentCommandParams,
};
use fiber_link_core::simulated::{PaymentSession, SimulatedNode};
use fiber_link_core::{Amount, FiberNode, NodeError, PaymentHash, PaymentRequest, PaymentState};
use serde_json::{Value, json};

/// What a payment may cost where the caller does not say: 5 of 1000.
const DEFAULT_MAX_FEE_RATE: u64 = 5;
/// How many payments are listed where the caller does not say.
const DEFAULT_LIMIT: usize = 15;

pub(super) async fn send(node: &SimulatedNode, params: &SendPaymentCommandParams) -> Result<Value, Failure> {
    let (payment_hash, request) = request(node, params).await?;
    let failed = |error| Failure::of(error, params);
    if params.dry_run == Some(true) {
        return Ok(show_as("Created", None, &node.try_payment(&request).map_err(failed)?));
    }
    node.send_payment(request).await.map_err(failed)?;
    let session = node.session(payment_hash).map_err(failed)?.ok_or(Failure::NoAnswer)?;
    // Whatever became of it already, the answer calls it created.
    Ok(show_as("Created", None, &session))
}

pub(super) fn find(node: &SimulatedNode, params: &GetPaymentCommandParams) -> Result<Value, Failure> {
    let payment_hash = PaymentHash::new(params.payment_hash.0);
    match node.session(payment_hash).map_err(|error| Failure::of(error, params))? {
        Some(session) => Ok(show_session(&session)),
        None => {
            let unknown =
                format!("InvalidParameter: Payment session not found: Hash256({})", hash(payment_hash));
            Err(Failure::node(unknown, params))
        }
    }
}

pub(super) fn list(node: &SimulatedNode, params: &ListPaymentsParams) -> Result<Value, Failure> {
    let after = params.after.map(|hash| PaymentHash::new(hash.0));
    let limit = params.limit.map(|limit| usize::try_from(limit.0).unwrap_or(usize::MAX));
    let wanted = |state: &PaymentState| match params.status {
        None => true,
        Some(PaymentStatusName::Created) => matches!(state, PaymentState::Pending),
        Some(PaymentStatusName::Inflight) => false,
        Some(PaymentStatusName::Success) => matches!(state, PaymentState::Succeeded { .. }),
        Some(PaymentStatusName::Failed) => matches!(state, PaymentState::Failed { .. }),
    };
    let sessions = node.sessions(after, limit.unwrap_or(DEFAULT_LIMIT), wanted);
    let sessions = sessions.map_err(|error| Failure::of(error, params))?;
    Ok(json!({
        "payments": sessions.iter().map(show_session).collect::<Vec<_>>(),
        "last_cursor": sessions.last().map(|session| hash(session.payment_hash)),
    }))
}

/// What is to be paid, as far as the node looks at it before it looks for a way.
async fn request(
    node: &SimulatedNode,
    params: &SendPaymentCommandParams,
) -> Result<(PaymentHash, PaymentRequest), Failure> {
    let Some(encoded) = &params.invoice else { return Err(without_invoice(params)) };
    if params.keysend == Some(true) {
        return Err(invalid("keysend payment should not have invoice", params));
    }
    let invoice = match node.decode_invoice(encoded).await {
        Ok(invoice) => invoice,
        Err(NodeError::InvalidInvoice { .. }) => return Err(invalid("invoice is invalid", params)),
        Err(other) => return Err(Failure::of(other, params)),
    };
    let payee = invoice.payee.map(|key| key.to_string());
    if params.target_pubkey.is_some() && params.target_pubkey != payee {
        return Err(invalid("target_pubkey does not match the invoice", params));
    }
    if let Some(script) = &params.udt_type_script
        && node.assets().find_kind(&script.kind()).map(|asset| &asset.id) != invoice.asset.as_ref()
    {
        return Err(invalid("udt_type_script does not match the invoice", params));
    }
    let asked = invoice.amount.unwrap_or(Amount::ZERO);
    let amount = params.amount.map_or(Ok(asked), |amount| Amount::try_from(amount.0));
    let amount = amount.map_err(|_| invalid("amount does not match the invoice", params))?;
    let request = PaymentRequest {
        encoded: encoded.clone(),
        payment_hash: params.payment_hash.map_or(invoice.payment_hash, |hash| PaymentHash::new(hash.0)),
        amount,
        fee_limit: fee_limit(amount, params),
    };
    Ok((invoice.payment_hash, request))
}

/// The stub pays invoices alone, and says of everything else that there is no way.
fn without_invoice(params: &SendPaymentCommandParams) -> Failure {
    let keysend = params.keysend == Some(true);
    match (&params.target_pubkey, &params.payment_hash) {
        (None, _) => invalid("target_pubkey is missing", params),
        (Some(_), Some(_)) if keysend => invalid("keysend payment should not have payment_hash", params),
        (Some(_), None) if !keysend => invalid("payment_hash is missing", params),
        (Some(_), _) => {
            Failure::node("Send payment error: Failed to build route, PathFind error: no path found", params)
        }
    }
}

fn invalid(what: &str, params: &SendPaymentCommandParams) -> Failure {
    let message = format!("InvalidParameter: Failed to validate payment request: \"{what}\"");
    Failure::node(message, params)
}

/// The smaller of the two limits.
fn fee_limit(amount: Amount, params: &SendPaymentCommandParams) -> Amount {
    let rate = params.max_fee_rate.map_or(DEFAULT_MAX_FEE_RATE, |rate| rate.0);
    let by_rate = amount.units().saturating_mul(rate.into()).div_ceil(1000);
    let limit = params.max_fee_amount.map_or(by_rate, |amount| amount.0.min(by_rate));
    Amount::try_from(limit).unwrap_or(Amount::MAX)
}

fn show_session(session: &PaymentSession) -> Value {
    let (status, reason) = status(&session.state, "Inflight");
    show_as(status, reason, session)
}

/// Its name in fnn, and why it failed.
pub(super) fn status<'a>(state: &'a PaymentState, pending: &'static str) -> (&'static str, Option<&'a str>) {
    match state {
        PaymentState::Pending => (pending, None),
        PaymentState::Succeeded { .. } => ("Success", None),
        PaymentState::Failed { reason } => ("Failed", Some(reason)),
    }
}

fn show_as(status: &str, failed_error: Option<&str>, session: &PaymentSession) -> Value {
    let created_at = number(session.created_at.as_millis());
    json!({
        "payment_hash": hash(session.payment_hash),
        "status": status,
        "created_at": created_at,
        "last_updated_at": created_at,
        "failed_error": failed_error,
        "fee": number(session.fee.units()),
        "custom_records": null,
    })
}
