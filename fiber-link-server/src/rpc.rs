//! `POST /rpc`: signed JSON-RPC, in the order of work that the wire contract gives.

mod assets;
mod authentication;
pub(crate) mod body;
mod dashboard;
mod envelope;
mod error;
mod events;
mod lists;
#[cfg(test)]
mod mutations;
mod objects;
pub(crate) mod params;
mod tips;
mod waiting;
mod withdrawals;

pub(crate) use error::Chain;
pub(crate) use tips::wire_state;

use crate::api::Api;
use authentication::Caller;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use body::NoBody;
use envelope::{Envelope, answer};
use error::RpcError;
use fiber_link_core::{
    Admission, AdmitError, Amount, AppId, AssetId, Assets, RateCount, RateLeft, RateLimit, signing,
};
use serde::Serialize;
use std::sync::Arc;
use tokio::time::Instant;

/// What can be called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Method {
    HealthPing,
    TipCreate,
    TipStatus,
    TipGet,
    TipList,
    TipSettledFeed,
    EventList,
    DashboardSummary,
    AssetList,
    WithdrawalQuote,
    WithdrawalRequest,
    WithdrawalGet,
    WithdrawalList,
}

impl Method {
    fn find(name: &str) -> Option<Self> {
        match name {
            "health.ping" => Some(Self::HealthPing),
            "tip.create" => Some(Self::TipCreate),
            "tip.status" => Some(Self::TipStatus),
            "tip.get" => Some(Self::TipGet),
            "tip.list" => Some(Self::TipList),
            "tip.settled_feed" => Some(Self::TipSettledFeed),
            "event.list" => Some(Self::EventList),
            "dashboard.summary" => Some(Self::DashboardSummary),
            "asset.list" => Some(Self::AssetList),
            "withdrawal.quote" => Some(Self::WithdrawalQuote),
            "withdrawal.request" => Some(Self::WithdrawalRequest),
            "withdrawal.get" => Some(Self::WithdrawalGet),
            "withdrawal.list" => Some(Self::WithdrawalList),
            _ => None,
        }
    }

    const fn as_str(self) -> &'static str {
        match self {
            Self::HealthPing => "health.ping",
            Self::TipCreate => "tip.create",
            Self::TipStatus => "tip.status",
            Self::TipGet => "tip.get",
            Self::TipList => "tip.list",
            Self::TipSettledFeed => "tip.settled_feed",
            Self::EventList => "event.list",
            Self::DashboardSummary => "dashboard.summary",
            Self::AssetList => "asset.list",
            Self::WithdrawalQuote => "withdrawal.quote",
            Self::WithdrawalRequest => "withdrawal.request",
            Self::WithdrawalGet => "withdrawal.get",
            Self::WithdrawalList => "withdrawal.list",
        }
    }
}

/// What a rate limit left, for the headers of an answer.
#[derive(Clone, Copy, Debug)]
struct Rate {
    limit: RateLimit,
    left: RateLeft,
}

/// Of a request that was refused before its method was looked at.
const NO_METHOD: &str = "-";

/// Who called what, and what came of it, for the log.
struct Call {
    app: Option<AppId>,
    method: &'static str,
    rate: Option<Rate>,
    outcome: Result<Vec<u8>, RpcError>,
}

/// Serves one request.
pub(crate) async fn serve(State(api): State<Arc<Api>>, request: Request) -> Response<axum::body::Body> {
    let began = Instant::now();
    let count = |method, outcome| {
        if let Some(metrics) = &api.metrics {
            metrics.request(method, outcome, began.elapsed());
        }
    };
    let (parts, body) = request.into_parts();
    let body = match body::read(body).await {
        Ok(body) => body,
        Err(problem) => {
            let (status, outcome) = match problem {
                NoBody::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "body_too_large"),
                NoBody::Broken => (StatusCode::REQUEST_TIMEOUT, "body_broken"),
            };
            tracing::debug!(%status, "refused a body");
            count(NO_METHOD, outcome);
            return respond(status, answer("null", &Err(RpcError::invalid_request())), None);
        }
    };
    let envelope = match Envelope::read(&body) {
        Ok(envelope) => envelope,
        Err(error) => {
            tracing::debug!(code = error.code(), "refused an envelope");
            count(NO_METHOD, error.name());
            return respond(StatusCode::OK, answer("null", &Err(error)), None);
        }
    };
    let call = call(&api, &parts.headers, &body, &envelope).await;
    count(call.method, call.outcome.as_ref().err().map_or("ok", RpcError::name));
    if tracing::enabled!(tracing::Level::DEBUG) {
        let app = call.app.as_ref().map_or("-", AppId::as_str);
        let code = call.outcome.as_ref().err().map_or(0, RpcError::code);
        tracing::debug!(app, method = call.method, code, took = ?began.elapsed(), "served a request");
    }
    respond(StatusCode::OK, answer(envelope.id, &call.outcome), call.rate)
}

async fn call(api: &Api, headers: &HeaderMap, body: &[u8], envelope: &Envelope<'_>) -> Call {
    let caller = match authentication::authenticate(api, headers, body).await {
        Ok(caller) => caller,
        Err(error) => return Call { app: None, method: NO_METHOD, rate: None, outcome: Err(error) },
    };
    let method = Method::find(&envelope.method);
    let name = method.map_or("unknown", Method::as_str);
    let (rate, admitted) = admit(api, &caller, name).await;
    let outcome = match (admitted, method) {
        (Ok(()), Some(method)) => dispatch(api, &caller.app, method, envelope.params).await,
        (Err(error), Some(_)) => Err(error),
        // What is unknown is told before what is too much.
        (Err(error), None) if error != RpcError::rate_limited() => Err(error),
        (Ok(()) | Err(_), None) => Err(RpcError::method_not_found()),
    };
    Call { app: Some(caller.app), method: name, rate, outcome }
}

/// Uses up the nonce and counts the request, in one write.
async fn admit(api: &Api, caller: &Caller, method: &'static str) -> (Option<Rate>, Result<(), RpcError>) {
    let rate = |left| api.rate_limit.map(|limit| Rate { limit, left });
    let admission = Admission {
        nonce: caller.nonce,
        signed_at: caller.signed_at,
        expires_at: caller.signed_at.plus(signing::NONCE_MEMORY),
        rate: api.rate_limit.map(|limit| RateCount { app: caller.app.clone(), method, limit }),
        now: api.link.clock().now(),
    };
    match api.link.admit(admission).await {
        Ok(admitted) => (admitted.rate.and_then(rate), Ok(())),
        Err(AdmitError::Replayed) => (None, Err(RpcError::unauthorized())),
        Err(AdmitError::RateLimited(left)) => (rate(left), Err(RpcError::rate_limited())),
        Err(AdmitError::Store(error)) => (None, Err(RpcError::internal(&error))),
    }
}

async fn dispatch(api: &Api, app: &AppId, method: Method, params: &str) -> Result<Vec<u8>, RpcError> {
    let link = &api.link;
    match method {
        Method::HealthPing => Ok(br#"{"status":"ok"}"#.to_vec()),
        Method::TipCreate => encode(&tips::create(link, app, params).await?),
        Method::TipStatus => encode(&tips::status(link, app, params).await?),
        Method::TipGet => encode(&tips::get(link, app, params).await?),
        Method::TipSettledFeed => encode(&tips::settled_feed(api, app, params).await?),
        Method::TipList => encode(&lists::tips(link, app, params).await?),
        Method::EventList => encode(&events::list(api, app, params).await?),
        Method::AssetList => encode(&assets::list(link, app, params).await?),
        Method::DashboardSummary => encode(&dashboard::summary(link, app, params).await?),
        Method::WithdrawalQuote => encode(&withdrawals::quote(link, app, params).await?),
        Method::WithdrawalRequest => encode(&withdrawals::request(link, app, params).await?),
        Method::WithdrawalGet => encode(&withdrawals::get(link, app, params).await?),
        Method::WithdrawalList => encode(&lists::withdrawals(link, app, params).await?),
    }
}

fn encode(result: &impl Serialize) -> Result<Vec<u8>, RpcError> {
    serde_json::to_vec(result).map_err(|error| RpcError::internal(&error))
}

/// An amount in whole units; in base units if the asset is no longer configured.
pub(crate) fn whole_units(assets: &Assets, asset: &AssetId, amount: Amount) -> String {
    assets.find(asset).map_or_else(|| amount.to_string(), |asset| asset.format(amount))
}

fn respond(status: StatusCode, body: Vec<u8>, rate: Option<Rate>) -> Response<axum::body::Body> {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if let Some(Rate { limit, left }) = rate {
        headers.insert("x-ratelimit-limit", limit.requests.into());
        headers.insert("x-ratelimit-remaining", left.remaining.into());
        headers.insert("x-ratelimit-reset", left.reset_at.as_millis().div_ceil(1000).into());
    }
    response
}
