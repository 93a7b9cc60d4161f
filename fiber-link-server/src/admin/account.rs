//! `/me`: one's own account.

use super::call::{Answer, Call};
use super::error::ApiError;
use crate::rpc::params::{self, Read};
use crate::wire_time;
use fiber_link_core::{
    Administrator, AppId, CredentialKind, Grant, Password, PasswordProved, Timestamp, Token, TokenAccess,
    TokenScope,
};
use serde_json::{Value, json};
use std::time::Duration;

/// The words for what a token may.
const ACCESS: &[(&str, TokenAccess)] = &[("read", TokenAccess::Read), ("change", TokenAccess::Change)];

/// The most days that a token lasts.
const MOST_DAYS: u32 = 366;

pub(super) async fn show(call: &mut Call<'_>) -> Result<Answer, ApiError> {
    let own = call.administration.own_account().await?;
    let authority = call.administration.authority();
    if let Some(scope) = authority.token_scope() {
        // A token tells what it is good for, and no more of its owner.
        let grants = own.grants.iter().filter(|of| of.app().is_none_or(|app| authority.sees(app)));
        return Ok(json!({
            "email": own.email.as_str(),
            "grants": grants.map(grant).collect::<Vec<_>>(),
            "access": scope.access.as_str(),
            "appId": scope.app.as_ref().map(AppId::as_str),
        })
        .into());
    }
    let mut body = person(&own);
    if let (Some(body), CredentialKind::Session) = (body.as_object_mut(), call.credential.kind()) {
        body.insert("csrfToken".to_owned(), json!(call.credential.csrf_token()));
    }
    Ok(body.into())
}

pub(super) async fn change_password(call: &mut Call<'_>) -> Result<Answer, ApiError> {
    let old = password(call);
    let new = call.params.required_secret("newPassword", |value| {
        Password::new(params::string(value)?).map_err(|error| error.to_string())
    });
    let (old, new) = call.read(old.zip(new))?;
    let proved = prove(call, old).await?;
    let hash = call.api.log_ins.hash_of(new).await?;
    let own = call.administration.change_own_password(&proved, hash).await?;
    Ok(person(&own).into())
}

pub(super) async fn offer_codes(call: &mut Call<'_>) -> Result<Answer, ApiError> {
    let password = password(call);
    let password = call.read(password)?;
    prove(call, password).await?;
    let address = call.administration.offer_codes().await?;
    Ok(json!({ "address": address }).into())
}

pub(super) async fn confirm_codes(call: &mut Call<'_>) -> Result<Answer, ApiError> {
    let code = code(call)?;
    Ok(person(&call.administration.confirm_codes(&code).await?).into())
}

pub(super) async fn end_codes(call: &mut Call<'_>) -> Result<Answer, ApiError> {
    let password = password(call);
    let code = code(call)?;
    let password = call.read(password)?;
    prove(call, password).await?;
    Ok(person(&call.administration.end_codes(&code).await?).into())
}

/// The password, for what a session alone must not do: who has it for a moment could stay for good.
fn password(call: &mut Call<'_>) -> Read<String> {
    call.params.required_secret("password", |value| Ok(params::string(value)?.to_owned()))
}

async fn prove(call: &Call<'_>, password: String) -> Result<PasswordProved, ApiError> {
    let own = call.administration.own_account().await?;
    let place = call.api.log_ins.place()?;
    let tried = call.api.access.begin_log_in(own.email).await?;
    let proved = place.prove(tried, password).await?;
    call.api.access.end_log_in(&proved).await?;
    Ok(proved)
}

fn code(call: &mut Call<'_>) -> Result<String, ApiError> {
    let code = call.params.required_secret("code", |value| Ok(params::string(value)?.to_owned()));
    call.read(code)
}

pub(super) async fn create_token(call: &mut Call<'_>) -> Result<Answer, ApiError> {
    let name = call.params.required("name", |value| Ok(params::string(value)?.to_owned()));
    let access = call.params.required("access", params::word(ACCESS));
    let app = call.params.optional("appId", params::name::<AppId>);
    let days = call.params.required("days", params::whole_number(1, MOST_DAYS));
    let password = password(call);
    let rest = name.zip(access).zip(app).zip(days).zip(password);
    let ((((name, access), app), days), password) = call.read(rest)?;
    prove(call, password).await?;
    let lasts = Duration::from_secs(u64::from(days).saturating_mul(86_400));
    let scope = TokenScope { access, app };
    let (credential, own) = call.administration.create_token(&name, scope, lasts).await?;
    let mut made = own.tokens.last().map(token).unwrap_or_default();
    if let Some(made) = made.as_object_mut() {
        made.insert("token".to_owned(), json!(credential.expose()));
    }
    Ok(made.into())
}

pub(super) async fn retire_token(call: &mut Call<'_>) -> Result<Answer, ApiError> {
    let number = call.part("number", "must be the number of a token")?;
    Ok(person(&call.administration.retire_token(number).await?).into())
}

/// An administrator as he is shown: nothing that proves who he is.
pub(super) fn person(administrator: &Administrator) -> Value {
    let session = |session: &fiber_link_core::Session| {
        json!({
            "number": session.number,
            "origin": session.origin,
            "since": wire_time::format(session.since),
            "usedAt": wire_time::format(session.used_at),
        })
    };
    json!({
        "email": administrator.email.as_str(),
        "grants": administrator.grants.iter().map(grant).collect::<Vec<_>>(),
        "codes": administrator.has_codes(),
        "sessions": administrator.sessions.iter().map(session).collect::<Vec<_>>(),
        "tokens": administrator.tokens.iter().map(token).collect::<Vec<_>>(),
        "createdAt": wire_time::format(administrator.created_at),
    })
}

fn grant(grant: &Grant) -> Value {
    json!({ "role": grant.role().as_str(), "appId": grant.app().map(AppId::as_str) })
}

fn token(token: &Token) -> Value {
    let at = |at: Timestamp| wire_time::format(at);
    json!({
        "number": token.number,
        "name": token.name,
        "access": token.scope.access.as_str(),
        "appId": token.scope.app.as_ref().map(AppId::as_str),
        "since": at(token.since),
        "until": at(token.until),
        "usedAt": token.used_at.map(at),
    })
}
