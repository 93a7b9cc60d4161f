//! One request: who asks, whether he may, and what he sent.

use super::AdminApi;
use super::error::ApiError;
use super::log_in;
use super::route::{Handler, Route};
use crate::rpc::body::{self, NoBody};
use crate::rpc::params::{self, Issues, Params, Read};
use crate::table::Format;
use axum::body::Body;
use axum::extract::RawPathParams;
use axum::http::{HeaderMap, HeaderValue, Request, StatusCode, header};
use axum::response::{IntoResponse, Response};
use cookie::Cookie;
use fiber_link_core::{
    Activity, Administration, AppId, Authority, Credential, CredentialKind, Reason, Right,
};
use serde_json::Value;
use std::net::IpAddr;
use std::str::FromStr;

/// The cookie of a session. A browser takes one of this name over HTTPS alone (or on its own machine),
/// for this host alone.
pub(super) const COOKIE: &str = "__Host-fiber-link";

/// A request that was let in.
pub(super) struct Call<'a> {
    pub(super) api: &'a AdminApi,
    /// What whoever asks may change.
    pub(super) administration: Administration,
    /// What proved who he is.
    pub(super) credential: Credential,
    /// Where he is, for people.
    pub(super) origin: String,
    path: &'a RawPathParams,
    /// What he sent, in the body or behind `?`.
    pub(super) params: Params,
}

/// A success.
pub(super) enum Answer {
    /// JSON.
    Json(Value),
    /// JSON, and a cookie to be set.
    WithCookie(Value, String),
    /// Rows as a file, and what the next page of them comes before.
    File(Format, Vec<u8>, Option<u64>),
}

impl From<Value> for Answer {
    fn from(body: Value) -> Self {
        Self::Json(body)
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let mut response = match self {
            Self::Json(body) => axum::Json(body).into_response(),
            Self::WithCookie(body, cookie) => {
                let mut response = axum::Json(body).into_response();
                if let Ok(cookie) = HeaderValue::from_str(&cookie) {
                    response.headers_mut().insert(header::SET_COOKIE, cookie);
                }
                response
            }
            Self::File(format, file, next) => {
                let mut response = file.into_response();
                let kind = match format {
                    Format::Csv => "text/csv; charset=utf-8; header=present",
                    Format::Jsonl => "application/jsonl",
                    Format::Text => "text/plain; charset=utf-8",
                };
                response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
                if let Some(next) = next {
                    response.headers_mut().insert("x-next-before", next.into());
                }
                response
            }
        };
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        response
    }
}

/// Answers a request of a route.
pub(super) async fn answer(
    api: &AdminApi,
    route: &Route,
    peer: IpAddr,
    path: &RawPathParams,
    request: Request<Body>,
) -> Response {
    match try_to_answer(api, route, peer, path, request).await {
        Ok(answer) => answer.into_response(),
        Err(error) => error.into_response(),
    }
}

async fn try_to_answer(
    api: &AdminApi,
    route: &Route,
    peer: IpAddr,
    path: &RawPathParams,
    request: Request<Body>,
) -> Result<Answer, ApiError> {
    let (head, body) = request.into_parts();
    if route.changes() {
        check_kind(&head.headers)?;
    }
    let handler = match route.handler {
        Handler::LogIn => {
            check_same_site(&head.headers)?;
            // Before its body is read, which costs time too.
            api.log_ins.count(peer, api.link.clock().now())?;
            return log_in::log_in(api, peer, &mut read(body).await?).await;
        }
        Handler::Administrator(handler) => handler,
    };
    // Before it is found out who asks: what he may holds from then until it is done, and a body may take
    // its time.
    let sent = if route.changes() { Some(read(body).await) } else { None };
    let origin = peer.to_string();
    let (credential, authority) = authenticate(api, &head.headers, &origin).await?;
    if credential.kind() == CredentialKind::Session && route.changes() {
        check_same_site(&head.headers)?;
        let token = head.headers.get("x-csrf-token").and_then(|value| value.to_str().ok());
        if !token.is_some_and(|token| credential.is_csrf_token(token)) {
            return Err(ApiError::NotFromThePage);
        }
    }
    // Before anything is looked at: who may not is told so, whatever he sent.
    let app = path.iter().find(|(name, _)| *name == "app").map(|(_, value)| AppId::new(value));
    let app = app.transpose().map_err(|_| fiber_link_core::Denied::Hidden)?;
    match route.action.needs() {
        // Which app it is about is found out on the way, and whether he may with it.
        Right::ReadApp | Right::ChangeApp if app.is_none() => {}
        Right::ReadApp
        | Right::ChangeApp
        | Right::ReadHub
        | Right::ChangeHub
        | Right::Anybody
        | Right::OwnAccount => authority.require(route.action, app.as_ref())?,
    }
    let params = match sent {
        Some(sent) => sent?,
        None => of_query(head.uri.query())?,
    };
    let administration = api.link.administration(authority.operator().clone()).acting_as(authority);
    handler(&mut Call { api, administration, credential, origin, path, params }).await
}

/// Who comes, by his token, or else by the session of his browser.
async fn authenticate(
    api: &AdminApi,
    headers: &HeaderMap,
    origin: &str,
) -> Result<(Credential, Authority), ApiError> {
    let nobody = ApiError::Unauthenticated("log in, or send a token: `Authorization: Bearer flt_…`");
    let credential = match headers.get(header::AUTHORIZATION) {
        Some(value) => {
            let token = value.to_str().ok().and_then(|value| value.strip_prefix("Bearer "));
            token.and_then(|token| credential_of(token.trim(), CredentialKind::Token))
        }
        None => session_of(headers),
    };
    let credential = credential.ok_or_else(|| nobody.clone())?;
    let authority = api.access.find_authority(&credential, origin).await?.ok_or(nobody)?;
    Ok((credential, authority))
}

fn session_of(headers: &HeaderMap) -> Option<Credential> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut cookies = lines.flat_map(Cookie::split_parse).filter_map(Result::ok);
    let cookie = cookies.find(|cookie| cookie.name() == COOKIE)?;
    credential_of(cookie.value(), CredentialKind::Session)
}

fn credential_of(text: &str, kind: CredentialKind) -> Option<Credential> {
    text.parse::<Credential>().ok().filter(|credential| credential.kind() == kind)
}

/// Pages of others can send forms, and no JSON.
fn check_kind(headers: &HeaderMap) -> Result<(), ApiError> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    if kind.eq_ignore_ascii_case("application/json") {
        Ok(())
    } else {
        let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
        Err(ApiError::Body(status, "the body has to be a JSON object, with content-type: application/json"))
    }
}

/// A browser says where a request comes from.
fn check_same_site(headers: &HeaderMap) -> Result<(), ApiError> {
    let site = headers.get("sec-fetch-site").map(HeaderValue::as_bytes);
    match site {
        None | Some(b"same-origin" | b"none") => Ok(()),
        Some(_) => Err(ApiError::NotFromThePage),
    }
}

async fn read(body: Body) -> Result<Params, ApiError> {
    let bytes = body::read(body).await.map_err(|error| match error {
        NoBody::TooLarge => ApiError::Body(StatusCode::PAYLOAD_TOO_LARGE, "the body is too large"),
        NoBody::Broken => ApiError::Body(StatusCode::BAD_REQUEST, "the body did not come to its end"),
    })?;
    let text = std::str::from_utf8(&bytes).ok().filter(|text| text.trim_start().starts_with('{'));
    let text = text.ok_or_else(|| Issues::one("body", "must be a JSON object"))?;
    Ok(Params::read(text)?)
}

/// What stands behind `?`, each as a string.
fn of_query(query: Option<&str>) -> Result<Params, ApiError> {
    let uri: axum::http::Uri = format!("/?{}", query.unwrap_or_default())
        .parse()
        .map_err(|_| Issues::one("query", "cannot be read"))?;
    let pairs = axum::extract::Query::<Vec<(String, String)>>::try_from_uri(&uri);
    let axum::extract::Query(pairs) = pairs.map_err(|_| Issues::one("query", "cannot be read"))?;
    Ok(Params::of(pairs.into_iter().map(|(name, value)| (name, Value::String(value)))))
}

impl Call<'_> {
    /// The app that the path names.
    pub(super) fn app(&self) -> Result<AppId, ApiError> {
        // One that is no name is as one that is not there.
        AppId::new(self.path_text("app")).map_err(|_| fiber_link_core::Denied::Hidden.into())
    }

    /// Another part of the path.
    pub(super) fn part<T: FromStr>(&self, name: &'static str, allowed: &str) -> Result<T, ApiError> {
        self.path_text(name).parse().map_err(|_| Issues::one(name, allowed).into())
    }

    fn path_text(&self, name: &str) -> &str {
        self.path.iter().find(|(is, _)| *is == name).map(|(_, value)| value).unwrap_or_default()
    }

    /// Why he changes it.
    pub(super) fn reason(&mut self) -> Read<Reason> {
        self.params.required("reason", |value| {
            Reason::new(params::string(value)?).map_err(|error| error.to_string())
        })
    }

    /// What is paused, or goes on.
    pub(super) fn activities(&mut self) -> Read<&'static [Activity]> {
        const WORDS: &[(&str, &[Activity])] = &[
            ("tips", &[Activity::Tips]),
            ("withdrawals", &[Activity::Withdrawals]),
            ("all", &[Activity::Tips, Activity::Withdrawals]),
        ];
        self.params.required("what", params::word(WORDS))
    }

    /// What was read, if nothing of it was wrong.
    pub(super) fn read<T>(&self, read: Read<T>) -> Result<T, ApiError> {
        read.ok_or_else(|| self.params.refusal().into())
    }
}
