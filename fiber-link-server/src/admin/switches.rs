//! What is stopped until somebody lets it go on, in the hub and for users.

use super::call::{Answer, Call};
use super::error::ApiError;
use crate::rpc::params;
use fiber_link_core::{Denied, MAX_ROWS, Switches, UserId};
use serde_json::{Value, json};

/// How many users are listed unless another number is asked for.
const USUAL_PAGE: u32 = 100;

pub(super) async fn show(call: &mut Call<'_>) -> Result<Answer, ApiError> {
    Ok(shown(call.administration.hub_switches().await?).into())
}

pub(super) async fn pause(call: &mut Call<'_>) -> Result<Answer, ApiError> {
    switch_hub(call, true).await
}

pub(super) async fn resume(call: &mut Call<'_>) -> Result<Answer, ApiError> {
    switch_hub(call, false).await
}

pub(super) async fn pause_user(call: &mut Call<'_>) -> Result<Answer, ApiError> {
    switch_user(call, true).await
}

pub(super) async fn resume_user(call: &mut Call<'_>) -> Result<Answer, ApiError> {
    switch_user(call, false).await
}

/// Users of an app for whom something is stopped.
pub(super) async fn paused_users(call: &mut Call<'_>) -> Result<Answer, ApiError> {
    let app = call.app()?;
    let after = call.params.optional("after", params::name::<UserId>);
    let limit = call.params.optional("limit", params::number_in_text(1, MAX_ROWS));
    let (after, limit) = call.read(after.zip(limit))?;
    let limit = limit.unwrap_or(USUAL_PAGE);
    call.administration.find_app(&app).await?.ok_or(Denied::Hidden)?;
    let users = call.administration.paused_users(&app, after.as_ref(), limit).await?;
    let next = users.last().filter(|_| users.len() >= limit as usize).map(|(user, _)| user.to_string());
    let of_user = |(user, switches): &(UserId, Switches)| {
        let mut body = shown(*switches);
        if let Some(body) = body.as_object_mut() {
            body.insert("userId".to_owned(), json!(user.as_str()));
        }
        body
    };
    let items: Vec<_> = users.iter().map(of_user).collect();
    Ok(json!({ "items": items, "next": next }).into())
}

async fn switch_hub(call: &mut Call<'_>, paused: bool) -> Result<Answer, ApiError> {
    let (what, reason) = (call.activities(), call.reason());
    let (what, reason) = call.read(what.zip(reason))?;
    Ok(shown(call.administration.switch_hub(what, paused, &reason).await?).into())
}

async fn switch_user(call: &mut Call<'_>, paused: bool) -> Result<Answer, ApiError> {
    let (app, user) = (call.app()?, call.part::<UserId>("user", "must be the id of a user")?);
    let (what, reason) = (call.activities(), call.reason());
    let (what, reason) = call.read(what.zip(reason))?;
    let switches = call.administration.switch_user(&app, &user, what, paused, &reason).await?;
    Ok(shown(switches).into())
}

fn shown(switches: Switches) -> Value {
    json!({
        "state": switches.as_str(),
        "tipsPaused": switches.tips_paused,
        "withdrawalsPaused": switches.withdrawals_paused,
    })
}
