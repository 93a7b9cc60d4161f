//! `/apps/{app}/policies`: what is allowed for one asset in one app. Fields are the flags of `policy set`.

use super::call::{Answer, Call};
use super::error::ApiError;
use crate::cli::policy::{PolicyChange, change_of, field_of, lines};
use crate::rpc::params;
use crate::wire_time;
use fiber_link_core::{Asset, AssetId, MAX_ROWS, Policy, PolicyVersion, Previewed};
use serde_json::{Map, Value, json};

/// How many versions are listed unless another number is asked for.
const USUAL_PAGE: u32 = 100;

pub(super) async fn show(call: &mut Call<'_>) -> Result<Answer, ApiError> {
    let (app, asset) = (call.app()?, asset(call)?);
    let (policy, set) = call.administration.policy(&app, &asset).await?;
    Ok(shown(&policy, set.as_ref(), &asset).into())
}

pub(super) async fn change(call: &mut Call<'_>) -> Result<Answer, ApiError> {
    let (app, asset) = (call.app()?, asset(call)?);
    let reason = call.reason();
    let reason = call.read(reason)?;
    let change = change_of(call.params.all_but("reason"), &asset)?;
    let set = call.administration.change_policy(&app, &asset, &reason, applied(&change)).await?;
    Ok(shown(&set.policy, Some(&set), &asset).into())
}

pub(super) async fn preview(call: &mut Call<'_>) -> Result<Answer, ApiError> {
    let (app, asset) = (call.app()?, asset(call)?);
    let change = change_of(call.params.all_but("reason"), &asset)?;
    let told = call.administration.preview_policy(&app, &asset, applied(&change)).await?;
    let part = |told: &Previewed| {
        json!({
            "lookedAt": told.looked_at,
            "refused": told.total_refused(),
            "refusedBy": told.refused,
            "reviewed": told.reviewed,
        })
    };
    Ok(json!({ "tips": part(&told.tips), "withdrawals": part(&told.withdrawals) }).into())
}

pub(super) async fn versions(call: &mut Call<'_>) -> Result<Answer, ApiError> {
    let (app, asset) = (call.app()?, asset(call)?);
    let after = call.params.optional("after", params::number_in_text(0, u32::MAX));
    let limit = call.params.optional("limit", params::number_in_text(1, MAX_ROWS));
    let (after, limit) = call.read(after.zip(limit))?;
    let limit = limit.unwrap_or(USUAL_PAGE);
    let versions =
        call.administration.policy_versions(&app, &asset.id, after.unwrap_or_default(), limit).await?;
    let next = versions.last().filter(|_| versions.len() >= limit as usize).map(|last| last.number);
    let items: Vec<_> = versions.iter().map(|set| shown(&set.policy, Some(set), &asset)).collect();
    Ok(json!({ "items": items, "next": next }).into())
}

fn applied(changes: &[PolicyChange]) -> impl Fn(&mut Policy) + Send {
    move |policy| changes.iter().for_each(|change| change(policy))
}

fn asset(call: &Call<'_>) -> Result<Asset, ApiError> {
    let assets = call.api.link.assets();
    let known = || {
        let known: Vec<_> = assets.iter().map(|asset| asset.id.as_str()).collect();
        format!("must be one of {}", known.join(", "))
    };
    let id: AssetId = call.part("asset", &known())?;
    let found = assets.find(&id).cloned();
    found.ok_or_else(|| params::Issues::one("asset", known()).into())
}

/// A rule in JSON, as it can be sent back: what is on or off as a truth, a limit that there is not as null.
fn field(name: &str, value: String) -> Value {
    match (name, value.as_str()) {
        ("tips" | "withdrawals" | "first-withdrawal", on) => Value::Bool(on == "on"),
        ("fee-millionths", number) => number.parse::<u32>().map_or(Value::Null, Value::from),
        (_, "off") => Value::Null,
        (_, _) => Value::String(value),
    }
}

fn shown(policy: &Policy, set: Option<&PolicyVersion>, asset: &Asset) -> Value {
    let mut body: Map<String, Value> =
        lines(policy, set, asset).map(|(name, value)| (field_of(name), field(name, value))).collect();
    body.insert("version".to_owned(), json!(set.map(|set| set.number)));
    if let Some(set) = set {
        body.insert("setAt".to_owned(), json!(wire_time::format(set.at)));
        body.insert("setBy".to_owned(), json!(set.operator.name));
        body.insert("reason".to_owned(), json!(set.reason.as_str()));
    }
    Value::Object(body)
}
