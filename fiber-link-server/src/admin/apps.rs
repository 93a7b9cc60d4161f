//! `/apps`: apps, their secrets and switches.

use super::call::{Answer, Call};
use super::error::ApiError;
use crate::rpc::params;
use crate::wire_time;
use fiber_link_core::{App, AppId, AppSecret, MAX_ROWS, Secret, Timestamp};
use serde_json::{Value, json};
use std::time::Duration;

/// How many apps are listed unless another number is asked for.
const USUAL_PAGE: u32 = 100;

/// The longest time that an old secret goes on working, in hours: a year.
const MOST_OVERLAP_HOURS: u32 = 365 * 24;

/// How long it goes on working unless another time is asked for, in hours.
const USUAL_OVERLAP_HOURS: u32 = 24;

/// The lengths of a secret that somebody else made, in bytes.
const SECRET_BYTES: std::ops::RangeInclusive<usize> = 16..=4_096;

pub(super) async fn list(call: &mut Call<'_>) -> Result<Answer, ApiError> {
    let after = call.params.optional("after", params::name::<AppId>);
    let limit = call.params.optional("limit", params::number_in_text(1, MAX_ROWS));
    let (after, limit) = call.read(after.zip(limit))?;
    let limit = limit.unwrap_or(USUAL_PAGE);
    let apps = call.administration.apps(after, limit).await?;
    let next = apps.last().filter(|_| apps.len() >= limit as usize).map(|app| app.id.to_string());
    let now = call.api.link.clock().now();
    let items: Vec<_> = apps.iter().map(|app| shown(app, now)).collect();
    Ok(json!({ "items": items, "next": next }).into())
}

pub(super) async fn show(call: &mut Call<'_>) -> Result<Answer, ApiError> {
    let found = call.administration.find_app(&call.app()?).await?;
    let app = found.ok_or(fiber_link_core::Denied::Hidden)?;
    answer(call, &app)
}

pub(super) async fn create(call: &mut Call<'_>) -> Result<Answer, ApiError> {
    let id = call.params.required("appId", params::name::<AppId>);
    let name = call.params.optional("name", |value| Ok(params::string(value)?.to_owned()));
    let given = call.params.optional_secret("secret", given_secret);
    let review = call.params.optional("review", params::boolean);
    let reason = call.reason();
    let ((((id, name), given), review), reason) =
        call.read(id.zip(name).zip(given).zip(review).zip(reason))?;
    let (secret, shown_secret) = secret(given)?;
    let name = name.unwrap_or_else(|| id.to_string());
    let app = match review {
        Some(false) => call.administration.create_app(id, &name, &secret, &reason).await?,
        Some(true) | None => call.administration.create_reviewed_app(id, &name, &secret, &reason).await?,
    };
    Ok(with_secret(shown(&app, call.api.link.clock().now()), shown_secret).into())
}

pub(super) async fn rotate(call: &mut Call<'_>) -> Result<Answer, ApiError> {
    let app = call.app()?;
    let overlap = call.params.optional("overlapHours", params::whole_number(0, MOST_OVERLAP_HOURS));
    let given = call.params.optional_secret("secret", given_secret);
    let reason = call.reason();
    let ((overlap, given), reason) = call.read(overlap.zip(given).zip(reason))?;
    let (secret, shown_secret) = secret(given)?;
    let hours = u64::from(overlap.unwrap_or(USUAL_OVERLAP_HOURS));
    let now = call.api.link.clock().now();
    let until = now.plus(Duration::from_secs(hours.saturating_mul(3_600)));
    let app = call.administration.rotate_secret(&app, &secret, until, &reason).await?;
    Ok(with_secret(shown(&app, now), shown_secret).into())
}

pub(super) async fn retire_secret(call: &mut Call<'_>) -> Result<Answer, ApiError> {
    let (app, number) = (call.app()?, call.part("number", "must be the number of a secret")?);
    let reason = call.reason();
    let reason = call.read(reason)?;
    let app = call.administration.retire_secret(&app, number, &reason).await?;
    answer(call, &app)
}

pub(super) async fn pause(call: &mut Call<'_>) -> Result<Answer, ApiError> {
    let app = call.app()?;
    let (what, reason) = (call.activities(), call.reason());
    let (what, reason) = call.read(what.zip(reason))?;
    let app = call.administration.pause_app(&app, what, &reason).await?;
    answer(call, &app)
}

pub(super) async fn resume(call: &mut Call<'_>) -> Result<Answer, ApiError> {
    let app = call.app()?;
    let (what, reason) = (call.activities(), call.reason());
    let (what, reason) = call.read(what.zip(reason))?;
    let app = call.administration.resume_app(&app, what, &reason).await?;
    answer(call, &app)
}

pub(super) async fn close(call: &mut Call<'_>) -> Result<Answer, ApiError> {
    let app = call.app()?;
    let reason = call.reason();
    let reason = call.read(reason)?;
    let app = call.administration.close_app(&app, &reason).await?;
    answer(call, &app)
}

fn answer(call: &Call<'_>, app: &App) -> Result<Answer, ApiError> {
    Ok(shown(app, call.api.link.clock().now()).into())
}

/// An app as it is shown: none of its secrets.
fn shown(app: &App, now: Timestamp) -> Value {
    let at = |at: Timestamp| wire_time::format(at);
    let secret = |secret: &AppSecret| {
        json!({
            "number": secret.number,
            "live": secret.is_live(now),
            "since": at(secret.since),
            "until": secret.until.map(at),
            "lateUses": secret.late_uses,
            "lastLateUse": secret.last_late_use.map(at),
            "sealedWith": secret.sealed.key().map(ToString::to_string),
        })
    };
    json!({
        "appId": app.id.as_str(),
        "name": app.name,
        "state": app.state.as_str(),
        "pausedUsers": app.paused_users,
        "secrets": app.secrets.iter().map(secret).collect::<Vec<_>>(),
        "createdAt": at(app.created_at),
    })
}

fn given_secret(value: &Value) -> Result<Secret, String> {
    let text = params::string(value)?;
    if SECRET_BYTES.contains(&text.len()) {
        return Ok(Secret::new(text.as_bytes()));
    }
    let (least, most) = (SECRET_BYTES.start(), SECRET_BYTES.end());
    Err(format!("must have {least} to {most} bytes, got {}", text.len()))
}

/// The one that was given, or a new one with its text, which is shown once.
fn secret(given: Option<Secret>) -> Result<(Secret, Option<String>), ApiError> {
    match given {
        Some(secret) => Ok((secret, None)),
        None => {
            let secret = Secret::random().map_err(|error| ApiError::internal(&error))?;
            let text = hex::encode(secret.expose());
            Ok((Secret::new(text.as_bytes()), Some(text)))
        }
    }
}

fn with_secret(mut app: Value, secret: Option<String>) -> Value {
    if let (Some(app), Some(secret)) = (app.as_object_mut(), secret) {
        app.insert("secret".to_owned(), json!(secret));
    }
    app
}
