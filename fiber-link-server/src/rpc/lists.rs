//! `tip.list` and `withdrawal.list`: what there is of a post or a user, in pages.

use super::error::RpcError;
use super::objects::{self, TipObject, WithdrawalObject};
use super::params::{self, Params, Read};
use fiber_link_core::{AppId, FiberLink, Page, StoreError, TipId, TipPhase, TipsOf, WithdrawalsOf};
use serde::Serialize;

/// The most rows of a page, and how many there are where nothing is said.
const MOST: u32 = 100;
const USUAL: u32 = 20;

/// What a user is to a tip.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Direction {
    In,
    Out,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Listed<T> {
    items: Vec<T>,
    next_cursor: Option<String>,
}

pub(super) async fn tips(link: &FiberLink, app: &AppId, params: &str) -> Result<Listed<TipObject>, RpcError> {
    let mut params = Params::read(params)?;
    let of = read_tips_of(&mut params, app);
    let limit = read_limit(&mut params);
    let before = params.optional("before", params::id);
    let (Some(of), Some(limit), Some(before)) = (of, limit, before) else {
        return Err(params.refusal().into());
    };
    let page = link.list_tips(of, before, limit).await;
    listed(page, |tip| objects::tip(link, &tip))
}

pub(super) async fn withdrawals(
    link: &FiberLink,
    app: &AppId,
    params: &str,
) -> Result<Listed<WithdrawalObject>, RpcError> {
    let mut params = Params::read(params)?;
    let user = params.required("userId", params::name);
    let limit = read_limit(&mut params);
    let before = params.optional("before", params::id);
    let (Some(user), Some(limit), Some(before)) = (user, limit, before) else {
        return Err(params.refusal().into());
    };
    let of = WithdrawalsOf::User { app: app.clone(), user };
    let page = link.list_withdrawals(of, before, limit).await;
    listed(page, |withdrawal| objects::withdrawal(link, &withdrawal))
}

fn listed<T, C: ToString, O>(
    page: Result<Page<T, C>, StoreError>,
    object: impl Fn(T) -> O,
) -> Result<Listed<O>, RpcError> {
    let page = page.map_err(|error| RpcError::internal(&error))?;
    let next_cursor = page.next.map(|next| next.to_string());
    Ok(Listed { items: page.rows.into_iter().map(object).collect(), next_cursor })
}

pub(super) fn read_limit(params: &mut Params) -> Read<u32> {
    params.optional("limit", params::whole_number(1, MOST)).map(|limit| limit.unwrap_or(USUAL))
}

/// Only what a store finds by an index, so that a page costs as much as it has rows.
fn read_tips_of(params: &mut Params, app: &AppId) -> Read<TipsOf> {
    let app = app.clone();
    let directions = [("IN", Direction::In), ("OUT", Direction::Out)];
    let direction = params.optional("direction", params::word(&directions));
    let settled_only = params.optional("settledOnly", params::boolean);
    let of_user = params.exactly_one(["postId", "userId"])? == "userId";
    if direction.is_some_and(|direction| direction.is_some()) && !of_user {
        params.wrong("direction", "goes with userId alone");
        return None;
    }
    let phase = settled_only.map(|settled| settled.unwrap_or(false).then_some(TipPhase::Settled));
    if !of_user {
        return Some(TipsOf::Post { app, post: params.required("postId", params::name)?, phase: phase? });
    }
    if phase.is_some_and(|phase| phase.is_some()) && direction.is_some_and(|of| of != Some(Direction::In)) {
        params.wrong("settledOnly", "goes with postId, or with the direction IN");
        return None;
    }
    let (user, phase) = (params.required("userId", params::name)?, phase?);
    Some(match direction? {
        None => TipsOf::Party { app, user },
        Some(Direction::In) => TipsOf::Payee { app, user, phase },
        Some(Direction::Out) => TipsOf::Payer { app, user },
    })
}

/// Names a tip by its id or its invoice.
pub(super) enum NamedTip {
    Id(TipId),
    Invoice(String),
}

pub(super) fn read_named_tip(params: &mut Params) -> Read<NamedTip> {
    match params.exactly_one(["invoice", "tipId"])? {
        "tipId" => params.required("tipId", params::id).map(NamedTip::Id),
        _ => params.required("invoice", params::destination_text).map(NamedTip::Invoice),
    }
}
