//! Withdrawals that people look at before they are paid.

use super::call::{Answer, Call};
use super::error::ApiError;
use crate::rows::{self, WITHDRAWAL_COLUMNS};
use crate::rpc::params;
use crate::table::object;
use crate::wire_time;
use fiber_link_core::{MAX_ROWS, RELEASED_BY, ReviewVerdict, Reviewed, WithdrawalId};
use serde_json::{Value, json};

/// How many are listed unless another number is asked for.
const USUAL_PAGE: u32 = 100;

pub(super) async fn list(call: &mut Call<'_>) -> Result<Answer, ApiError> {
    let app = call.app()?;
    let limit = call.params.optional("limit", params::number_in_text(1, MAX_ROWS));
    let limit = call.read(limit)?.unwrap_or(USUAL_PAGE);
    let reviews = call.administration.reviews(&app, limit).await?;
    let items: Vec<_> = reviews.iter().map(|reviewed| shown(call, reviewed)).collect();
    Ok(json!({ "items": items }).into())
}

pub(super) async fn approve(call: &mut Call<'_>) -> Result<Answer, ApiError> {
    let id = id(call)?;
    let reason = call.reason();
    let reason = call.read(reason)?;
    let reviewed = call.administration.approve_withdrawal(id, &reason).await?;
    Ok(shown(call, &reviewed).into())
}

pub(super) async fn reject(call: &mut Call<'_>) -> Result<Answer, ApiError> {
    let id = id(call)?;
    let reason = call.reason();
    let reason = call.read(reason)?;
    let reviewed = call.administration.reject_withdrawal(id, &reason).await?;
    Ok(shown(call, &reviewed).into())
}

pub(super) async fn release(call: &mut Call<'_>) -> Result<Answer, ApiError> {
    let id = id(call)?;
    let reason = call.reason();
    let reason = call.read(reason)?;
    let node = call.api.link.node();
    let release = call.administration.release_withdrawal(id, &**node, &reason).await?;
    let approvals: Vec<_> = release.approvals.iter().map(verdict).collect();
    Ok(json!({ "withdrawalId": id.to_string(), "needed": RELEASED_BY, "approvals": approvals }).into())
}

fn verdict(said: &ReviewVerdict) -> Value {
    json!({ "by": said.name, "at": wire_time::format(said.at), "reason": said.reason })
}

fn id(call: &Call<'_>) -> Result<WithdrawalId, ApiError> {
    call.part("id", "must be the id of a withdrawal")
}

fn shown(call: &Call<'_>, Reviewed { withdrawal, review }: &Reviewed) -> Value {
    let verdict = |said: &ReviewVerdict| json!({ "by": said.name, "at": wire_time::format(said.at), "reason": said.reason });
    json!({
        "withdrawal": object(&WITHDRAWAL_COLUMNS, rows::withdrawal(call.api.link.assets(), withdrawal)),
        "reasons": review.reasons.iter().map(|reason| reason.as_str()).collect::<Vec<_>>(),
        "payee": review.payee.as_ref().map(ToString::to_string),
        "needed": review.needed,
        "approvals": review.approvals.iter().map(verdict).collect::<Vec<_>>(),
        "rejection": review.rejection.as_ref().map(verdict),
    })
}
