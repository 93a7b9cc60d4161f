//! `withdrawal.quote`, `withdrawal.request` and `withdrawal.get`.

use super::error::{Reason, RpcError};
use super::objects::{self, WithdrawalObject};
use super::params::{self, Params};
use crate::wire_time;
use fiber_link_core::{
    Acceptance, AppId, AskedAmountError, Assets, FiberLink, IdempotencyKey, Quote, QuoteError,
    RequestedDestination, WithdrawError, Withdrawal, WithdrawalRequest,
};
use serde::Serialize;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Quoted {
    asset: String,
    amount: String,
    minimum_amount: String,
    max_amount: String,
    available_balance: String,
    locked_balance: String,
    network_fee: String,
    receive_amount: String,
    destination_valid: bool,
    review_required: bool,
    validation_message: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Requested {
    id: String,
    state: &'static str,
    asset: String,
    amount: String,
    network_fee_limit: String,
    created_at: String,
}

pub(super) async fn quote(link: &FiberLink, app: &AppId, params: &str) -> Result<Quoted, RpcError> {
    let request = read_quote(link, params).await?;
    let quote = link.quote_withdrawal(app, &request).await.map_err(no_quote)?;
    Ok(quoted(&quote))
}

fn quoted(quote: &Quote) -> Quoted {
    let whole = |amount| quote.asset.format(amount);
    Quoted {
        asset: quote.asset.id.to_string(),
        amount: whole(quote.amount),
        minimum_amount: whole(quote.minimum),
        max_amount: whole(quote.maximum),
        available_balance: whole(quote.balance.available),
        locked_balance: whole(quote.balance.reserved),
        network_fee: whole(quote.network_fee),
        receive_amount: whole(quote.receive_amount),
        destination_valid: quote.destination.is_ok(),
        review_required: !quote.review.is_empty(),
        validation_message: quote.problem.as_ref().map(ToString::to_string),
    }
}

pub(super) async fn request(link: &FiberLink, app: &AppId, params: &str) -> Result<Requested, RpcError> {
    let request = read_request(link.assets(), params)?;
    let withdrawal = link.request_withdrawal(app, request).await.map_err(refusal)?;
    Ok(requested(link, &withdrawal))
}

fn requested(link: &FiberLink, withdrawal: &Withdrawal) -> Requested {
    let terms = withdrawal.terms();
    let whole = |amount| super::whole_units(link.assets(), &terms.asset, amount);
    Requested {
        id: withdrawal.id().to_string(),
        state: match terms.accepted_as {
            Acceptance::AwaitingReview => "AWAITING_REVIEW",
            Acceptance::LiquidityPending => "LIQUIDITY_PENDING",
            Acceptance::Pending => "PENDING",
        },
        asset: terms.asset.to_string(),
        amount: whole(terms.amount),
        network_fee_limit: whole(objects::borne_by_user(terms, terms.fee_limit)),
        created_at: wire_time::format(withdrawal.created_at()),
    }
}

pub(super) fn read_request(assets: &Assets, params: &str) -> Result<WithdrawalRequest, RpcError> {
    read_fields(assets, Params::read(params)?)
}

fn read_fields(assets: &Assets, mut params: Params) -> Result<WithdrawalRequest, RpcError> {
    let user = params.required("userId", params::name);
    let (asset, amount) = params.asset_and_amount(assets);
    let destination = read_destination(&mut params);
    let known = asset.as_ref().and_then(|asset| assets.find(asset));
    let fee = params.optional("networkFeeLimit", |value| params::amount_or_nothing(value, known));
    let key = params.optional("idempotencyKey", params::name);
    match (user, asset, amount, destination, fee, key) {
        (
            Some(user),
            Some(asset),
            Some(amount),
            Some(destination),
            Some(network_fee),
            Some(idempotency_key),
        ) => Ok(WithdrawalRequest { user, asset, amount, destination, network_fee, idempotency_key }),
        _ => Err(params.refusal().into()),
    }
}

/// Reads a request that holds to no fee, and whose amount may be missing: then it is what the invoice asks.
async fn read_quote(link: &FiberLink, params: &str) -> Result<WithdrawalRequest, RpcError> {
    let mut fields = Params::read(params)?;
    fields.pass_over("networkFeeLimit");
    let named = read_destination(&mut fields.clone());
    let Some(RequestedDestination::PaymentRequest(invoice)) = named.filter(|_| !fields.has("amount")) else {
        return read_fields(link.assets(), fields);
    };
    let user = fields.required("userId", params::name);
    let asset = fields.asset(link.assets());
    let key = fields.optional("idempotencyKey", params::name::<IdempotencyKey>);
    let (Some(user), Some(asset), Some(_)) = (user, asset, key) else { return Err(fields.refusal().into()) };
    let amount = link.asked_amount(&asset.id, &invoice).await.map_err(no_amount)?;
    let destination = RequestedDestination::PaymentRequest(invoice);
    Ok(WithdrawalRequest {
        user,
        asset: asset.id.clone(),
        amount,
        destination,
        network_fee: None,
        idempotency_key: None,
    })
}

pub(super) async fn get(link: &FiberLink, app: &AppId, params: &str) -> Result<WithdrawalObject, RpcError> {
    let mut params = Params::read(params)?;
    let Some(id) = params.required("id", params::id) else { return Err(params.refusal().into()) };
    let found = link.find_withdrawal(app, id).await.map_err(|error| RpcError::internal(&error))?;
    Ok(objects::withdrawal(link, &found.ok_or_else(RpcError::withdrawal_not_found)?))
}

#[derive(Clone, Copy)]
enum Kind {
    CkbAddress,
    PaymentRequest,
}

fn read_destination(params: &mut Params) -> params::Read<RequestedDestination> {
    if !params.has("destination") && params.has("toAddress") {
        return params.required("toAddress", params::destination_text).map(of_legacy_address);
    }
    let Ok(destination) = params.open("destination") else {
        params.wrong("destination", "must be an object with kind, and address or paymentRequest");
        return None;
    };
    let Some(mut destination) = destination else {
        params.wrong("destination", "is required");
        return None;
    };
    let kinds = [("CKB_ADDRESS", Kind::CkbAddress), ("PAYMENT_REQUEST", Kind::PaymentRequest)];
    let read = match destination.required("kind", params::word(&kinds)) {
        Some(Kind::CkbAddress) => {
            destination.required("address", params::destination_text).map(RequestedDestination::CkbAddress)
        }
        Some(Kind::PaymentRequest) => destination
            .required("paymentRequest", params::destination_text)
            .map(RequestedDestination::PaymentRequest),
        None => None,
    };
    params.close("destination", destination);
    read
}

fn of_legacy_address(text: String) -> RequestedDestination {
    let start = text.get(..4).map(str::to_ascii_lowercase);
    match start.as_deref() {
        Some("ckt1" | "ckb1") => RequestedDestination::CkbAddress(text),
        Some(_) | None => RequestedDestination::PaymentRequest(text),
    }
}

fn no_amount(error: AskedAmountError) -> RpcError {
    let text = error.to_string();
    match error {
        AskedAmountError::UnknownAsset(_) => params::refused_field("asset", text),
        AskedAmountError::Destination(_) => params::refused_in_words("destination", text),
        AskedAmountError::NodeUnavailable(cause) => RpcError::caused(Reason::NodeUnavailable, &cause),
        AskedAmountError::Store(cause) => RpcError::internal(&cause),
    }
}

fn no_quote(error: QuoteError) -> RpcError {
    let text = error.to_string();
    match error {
        QuoteError::UnknownAsset(_) => params::refused_field("asset", text),
        QuoteError::AmountZero => params::refused_field("amount", text),
        QuoteError::NodeUnavailable(cause) => RpcError::caused(Reason::NodeUnavailable, &cause),
        QuoteError::Store(cause) => RpcError::internal(&cause),
    }
}

fn refusal(error: WithdrawError) -> RpcError {
    let text = error.to_string();
    match error {
        WithdrawError::UnknownAsset(_) => params::refused_field("asset", text),
        WithdrawError::AmountZero => params::refused_field("amount", text),
        WithdrawError::IdempotencyConflict => RpcError::of(Reason::IdempotencyConflict),
        WithdrawError::Policy(_) | WithdrawError::InsufficientFunds => RpcError::refused(text),
        WithdrawError::Paused(paused) => RpcError::paused(paused),
        WithdrawError::Destination(_) => params::refused_in_words("destination", text),
        WithdrawError::OtherFee { .. } => params::refused_in_words("networkFeeLimit", text),
        WithdrawError::NodeUnavailable(cause) => RpcError::caused(Reason::NodeUnavailable, &cause),
        WithdrawError::Store(cause) => RpcError::internal(&cause),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_legacy_address_is_an_address_by_its_prefix() {
        for text in ["ckt1qq", "ckb1qq", "CKT1QQ"] {
            assert_eq!(of_legacy_address(text.into()), RequestedDestination::CkbAddress(text.into()));
        }
        for text in ["fibd1qq", "ckt", "x"] {
            assert_eq!(of_legacy_address(text.into()), RequestedDestination::PaymentRequest(text.into()));
        }
    }

    #[test]
    fn a_destination_is_read_or_its_field_is_named() {
        let read = |text: &str| {
            let mut params = Params::read(text).unwrap();
            let read = read_destination(&mut params);
            read.ok_or_else(|| {
                serde_json::to_value(RpcError::from(params.refusal())).unwrap()["data"]["issues"][0].clone()
            })
        };
        let text =
            r#"{"destination":{"kind":"PAYMENT_REQUEST","paymentRequest":"fibd1"},"toAddress":"ckt1"}"#;
        assert_eq!(read(text).unwrap(), RequestedDestination::PaymentRequest("fibd1".into()));
        let text = r#"{"destination":{"kind":"CKB_ADDRESS","address":"ckt1"}}"#;
        assert_eq!(read(text).unwrap(), RequestedDestination::CkbAddress("ckt1".into()));
        for (text, field) in [
            ("{}", "destination"),
            (r#"{"destination":"ckt1"}"#, "destination"),
            (r#"{"toAddress":7}"#, "toAddress"),
            (r#"{"destination":{}}"#, "destination.kind"),
            (r#"{"destination":{"kind":"EMAIL"}}"#, "destination.kind"),
            (r#"{"destination":{"kind":"CKB_ADDRESS"}}"#, "destination.address"),
            (
                r#"{"destination":{"kind":"PAYMENT_REQUEST","paymentRequest":"a b"}}"#,
                "destination.paymentRequest",
            ),
        ] {
            assert_eq!(read(text).unwrap_err()["field"], field, "{text}");
        }
    }
}
