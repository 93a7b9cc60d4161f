//! `tip.create`, `tip.status`, `tip.get` and `tip.settled_feed`.

use super::error::{Reason, RpcError};
use super::lists::{NamedTip, read_named_tip};
use super::objects::{self, TipObject};
use super::params::{self, Params};
use super::waiting::{self, LONGEST_WAIT};
use crate::api::Api;
use crate::wire_time;
use fiber_link_core::{
    AppId, Assets, CreateTipError, FiberLink, SettledPosition, Tip, TipId, TipPhase, TipRequest,
};
use serde::Serialize;
use std::time::Duration;
use uuid::Uuid;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Created {
    invoice: String,
    tip_id: String,
    payment_hash: String,
    expires_at: String,
}

/// How a tip stands. An app may hand it on to whoever knows the invoice, so it names nobody.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Status {
    state: &'static str,
    exact_state: String,
    tip_id: String,
    asset: String,
    amount: String,
    settled_at: Option<String>,
    expires_at: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Feed {
    items: Vec<FeedItem>,
    next_cursor: Option<Cursor>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct FeedItem {
    tip_intent_id: String,
    post_id: String,
    invoice: String,
    amount: String,
    asset: String,
    from_user_id: Option<String>,
    to_user_id: String,
    message: Option<String>,
    anonymous: bool,
    settled_at: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Cursor {
    settled_at: String,
    id: String,
}

pub(super) async fn create(link: &FiberLink, app: &AppId, params: &str) -> Result<Created, RpcError> {
    let request = read_request(link.assets(), params)?;
    let tip = link.create_tip(app, request).await.map_err(refusal)?;
    // A tip that was created has an invoice: without one there is an error.
    let invoice = tip.invoice().ok_or_else(|| RpcError::of(Reason::NodeUnavailable))?;
    Ok(Created {
        invoice: invoice.encoded.clone(),
        tip_id: tip.id().to_string(),
        payment_hash: tip.payment_hash().to_string(),
        expires_at: wire_time::format(invoice.expires_at),
    })
}

pub(super) fn read_request(assets: &Assets, params: &str) -> Result<TipRequest, RpcError> {
    let mut params = Params::read(params)?;
    let post = params.required("postId", params::name);
    let from_user = params.required("fromUserId", params::name);
    let to_user = params.required("toUserId", params::name);
    let (asset, amount) = params.asset_and_amount(assets);
    let message = params.optional("message", params::message);
    let anonymous = params.optional("anonymous", params::boolean);
    let key = params.optional("idempotencyKey", params::name);
    match (post, from_user, to_user, asset, amount, message, anonymous, key) {
        (
            Some(post),
            Some(from_user),
            Some(to_user),
            Some(asset),
            Some(amount),
            Some(message),
            Some(anonymous),
            Some(idempotency_key),
        ) => Ok(TipRequest {
            post,
            from_user,
            to_user,
            asset,
            amount,
            message: message.flatten(),
            anonymous: anonymous.unwrap_or(false),
            idempotency_key,
        }),
        _ => Err(params.refusal().into()),
    }
}

fn refusal(error: CreateTipError) -> RpcError {
    let text = error.to_string();
    match error {
        CreateTipError::UnknownAsset(_) => params::refused_field("asset", text),
        CreateTipError::AmountZero => params::refused_field("amount", text),
        CreateTipError::MessageTooLong { .. } => params::refused_field("message", text),
        CreateTipError::IdempotencyConflict => RpcError::of(Reason::IdempotencyConflict),
        CreateTipError::GivenUp => params::refused_field("idempotencyKey", text),
        CreateTipError::Policy(_) => RpcError::refused(text),
        CreateTipError::Paused(paused) => RpcError::paused(paused),
        CreateTipError::NodeRefused(cause) => RpcError::caused(Reason::NodeRefused, &cause),
        // The check of the node logged why.
        CreateTipError::NodeDoesNotFit(_) => RpcError::of(Reason::NodeUnavailable),
        CreateTipError::NodeUnavailable(cause) => RpcError::caused(Reason::NodeUnavailable, &cause),
        CreateTipError::Store(cause) => RpcError::internal(&cause),
    }
}

pub(super) async fn status(link: &FiberLink, app: &AppId, params: &str) -> Result<Status, RpcError> {
    let tip = find(link, app, params).await?;
    Ok(Status {
        state: wire_state(tip.state().phase()),
        exact_state: tip.state().as_str().to_ascii_uppercase(),
        tip_id: tip.id().to_string(),
        asset: tip.terms().asset.to_string(),
        amount: whole_units(link, &tip),
        settled_at: tip.settled_at().map(wire_time::format),
        expires_at: tip.invoice().map(|invoice| wire_time::format(invoice.expires_at)),
    })
}

pub(super) async fn get(link: &FiberLink, app: &AppId, params: &str) -> Result<TipObject, RpcError> {
    Ok(objects::tip(link, &find(link, app, params).await?))
}

async fn find(link: &FiberLink, app: &AppId, params: &str) -> Result<Tip, RpcError> {
    let mut params = Params::read(params)?;
    let tip = match read_named_tip(&mut params) {
        Some(NamedTip::Id(id)) => link.find_tip_by_id(app, id).await,
        Some(NamedTip::Invoice(invoice)) => link.find_tip(app, &invoice).await,
        None => return Err(params.refusal().into()),
    };
    let tip = tip.map_err(|error| RpcError::internal(&error))?;
    tip.ok_or_else(RpcError::tip_not_found)
}

pub(super) async fn settled_feed(api: &Api, app: &AppId, params: &str) -> Result<Feed, RpcError> {
    let (link, mut params) = (&api.link, Params::read(params)?);
    let limit = params.optional("limit", params::whole_number(1, 100));
    let after = read_cursor(&mut params);
    let wait = params.optional("waitSeconds", params::whole_number(0, LONGEST_WAIT));
    let (Some(limit), Some(after), Some(wait)) = (limit, after, wait) else {
        return Err(params.refusal().into());
    };
    let wait = Duration::from_secs(wait.unwrap_or(0).into());
    let tips = waiting::settled_tips(api, app, after, limit.unwrap_or(20), wait).await;
    let tips = tips.map_err(|error| RpcError::internal(&error))?;
    let items: Vec<_> = tips.iter().filter_map(|tip| feed_item(link, tip)).collect();
    let next_cursor = items
        .last()
        .map(|last| Cursor { settled_at: last.settled_at.clone(), id: last.tip_intent_id.clone() });
    Ok(Feed { items, next_cursor })
}

pub(super) fn read_cursor(params: &mut Params) -> params::Read<SettledPosition> {
    let Ok(after) = params.open("after") else {
        params.wrong("after", "must be an object with settledAt and id");
        return None;
    };
    let Some(mut after) = after else { return Some(SettledPosition::Start) };
    let or_at = after.required("settledAt", params::moment);
    let id = after.required("id", |value| match params::string(value)? {
        // An id of the earlier service is none of ours: the moment decides.
        id if (1..=255).contains(&id.len()) => {
            Ok(id.parse().unwrap_or_else(|_| TipId::from_uuid(Uuid::nil())))
        }
        _ => Err("must have 1 to 255 bytes".to_owned()),
    });
    params.close("after", after);
    Some(SettledPosition::After { tip: id?, or_at: or_at? })
}

fn feed_item(link: &FiberLink, tip: &Tip) -> Option<FeedItem> {
    let terms = tip.terms();
    Some(FeedItem {
        tip_intent_id: tip.id().to_string(),
        post_id: terms.post.to_string(),
        invoice: tip.invoice()?.encoded.clone(),
        amount: whole_units(link, tip),
        asset: terms.asset.to_string(),
        // A client from before there were anonymous tips would show whom it finds here.
        from_user_id: (!terms.anonymous).then(|| terms.from_user.to_string()),
        to_user_id: terms.to_user.to_string(),
        message: terms.message.clone(),
        anonymous: terms.anonymous,
        settled_at: tip.settled_at().map(wire_time::format)?,
    })
}

/// What a tip's state is called on the wire.
pub(crate) const fn wire_state(phase: TipPhase) -> &'static str {
    match phase {
        TipPhase::Open => "UNPAID",
        TipPhase::Settled => "SETTLED",
        TipPhase::Ended => "FAILED",
    }
}

/// A tip's amount in whole units.
pub(super) fn whole_units(link: &FiberLink, tip: &Tip) -> String {
    super::whole_units(link.assets(), &tip.terms().asset, tip.terms().amount)
}
