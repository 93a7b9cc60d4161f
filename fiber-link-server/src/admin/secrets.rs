//! Secrets in the store: sealed anew, and those that come from the environment.

use super::call::{Answer, Call};
use super::error::ApiError;
use crate::rpc::params;
use fiber_link_core::BackfillError;
use serde_json::json;

pub(super) async fn reseal(call: &mut Call<'_>) -> Result<Answer, ApiError> {
    let reason = call.reason();
    let reason = call.read(reason)?;
    let done = call.administration.reseal(&reason).await?;
    Ok(json!({ "secrets": done.secrets, "resealed": done.resealed }).into())
}

/// Looks which secrets of this server's environment the store has, and puts the others into it if that is
/// said. Tells ids alone.
pub(super) async fn backfill(call: &mut Call<'_>) -> Result<Answer, ApiError> {
    let apply = call.params.optional("apply", params::boolean);
    let reason = if apply == Some(Some(true)) { call.reason().map(Some) } else { Some(None) };
    let (_, reason) = call.read(apply.zip(reason))?;
    let mut items = Vec::new();
    for (app, secret) in call.api.environment.iter() {
        let found = call.administration.find_backfill(app, secret).await?;
        let applied = match &reason {
            Some(reason) => call.administration.apply_backfill(app, secret, reason).await?,
            None => false,
        };
        items.push(json!({ "appId": app.as_str(), "state": found.as_str(), "applied": applied }));
    }
    Ok(json!({ "items": items }).into())
}

impl From<BackfillError> for ApiError {
    fn from(error: BackfillError) -> Self {
        match error {
            BackfillError::Read(error) => error.into(),
            BackfillError::Create(error) => error.into(),
            BackfillError::Change(error) => error.into(),
        }
    }
}
