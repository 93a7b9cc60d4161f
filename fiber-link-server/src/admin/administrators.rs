//! `/administrators`: who looks after the hub.

use super::account::person;
use super::call::{Answer, Call};
use super::error::ApiError;
use super::log_in::email;
use crate::rpc::params;
use fiber_link_core::{AppId, Email, Grant, Password, Role, Secret};
use serde_json::{Value, json};

const ROLES: &[(&str, Role)] = &[
    (Role::SuperAdmin.as_str(), Role::SuperAdmin),
    (Role::CommunityAdmin.as_str(), Role::CommunityAdmin),
    (Role::Auditor.as_str(), Role::Auditor),
];

pub(super) async fn list(call: &mut Call<'_>) -> Result<Answer, ApiError> {
    let all = call.administration.administrators().await?;
    Ok(json!({ "items": all.iter().map(person).collect::<Vec<_>>() }).into())
}

pub(super) async fn show(call: &mut Call<'_>) -> Result<Answer, ApiError> {
    let email = of_path(call)?;
    let found = call.administration.find_administrator(&email).await?;
    let found = found.ok_or_else(|| ApiError::NotFound(format!("there is no administrator {email}")))?;
    Ok(person(&found).into())
}

pub(super) async fn create(call: &mut Call<'_>) -> Result<Answer, ApiError> {
    let email = call.params.required("email", email);
    let role = call.params.optional("role", params::word(ROLES));
    let app = call.params.optional("appId", params::name::<AppId>);
    let reason = call.reason();
    let (((email, role), app), reason) = call.read(email.zip(role).zip(app).zip(reason))?;
    let grants = match (role, app) {
        (Some(role), app) => vec![Grant::new(role, app)?],
        (None, None) => vec![],
        (None, Some(_)) => {
            return Err(crate::rpc::params::Issues::one("role", "is required beside appId").into());
        }
    };
    let (password, shown) = new_password()?;
    let hash = call.api.log_ins.hash_of(password).await?;
    let created = call.administration.create_administrator(email, hash, grants, &reason).await?;
    Ok(with_password(person(&created), &shown).into())
}

pub(super) async fn grant(call: &mut Call<'_>) -> Result<Answer, ApiError> {
    let (email, grant, reason) = granted(call)?;
    Ok(person(&call.administration.grant_role(&email, grant, &reason).await?).into())
}

pub(super) async fn revoke(call: &mut Call<'_>) -> Result<Answer, ApiError> {
    let (email, grant, reason) = granted(call)?;
    Ok(person(&call.administration.revoke_role(&email, &grant, &reason).await?).into())
}

pub(super) async fn reset(call: &mut Call<'_>) -> Result<Answer, ApiError> {
    let email = of_path(call)?;
    let reason = call.reason();
    let reason = call.read(reason)?;
    let (password, shown) = new_password()?;
    let hash = call.api.log_ins.hash_of(password).await?;
    let reset = call.administration.reset_administrator(&email, hash, &reason).await?;
    Ok(with_password(person(&reset), &shown).into())
}

fn of_path(call: &Call<'_>) -> Result<Email, ApiError> {
    call.part("email", &fiber_link_core::NoEmail.to_string())
}

fn granted(call: &mut Call<'_>) -> Result<(Email, Grant, fiber_link_core::Reason), ApiError> {
    let email = of_path(call)?;
    let role = call.params.required("role", params::word(ROLES));
    let app = call.params.optional("appId", params::name::<AppId>);
    let reason = call.reason();
    let ((role, app), reason) = call.read(role.zip(app).zip(reason))?;
    Ok((email, Grant::new(role, app)?, reason))
}

/// A password that nobody chose, which is shown once.
fn new_password() -> Result<(Password, String), ApiError> {
    let secret = Secret::random().map_err(|error| ApiError::internal(&error))?;
    let text: String = hex::encode(secret.expose()).chars().take(32).collect();
    Ok((Password::new(&text)?, text))
}

fn with_password(mut person: Value, password: &str) -> Value {
    if let Some(person) = person.as_object_mut() {
        person.insert("password".to_owned(), json!(password));
    }
    person
}
