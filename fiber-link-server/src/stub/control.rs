//! Orders to the stub, as JSON over HTTP: what goes wrong from now on, and what the node forgets.

use super::Shared;
use super::door::Restart;
use super::faults::PlannedFault;
use super::node_info::Identity;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get, post};
use axum::{Json, Router};
use fiber_link_core::simulated::Snapshot;
use fiber_link_core::{Amount, AssetId, Liquidity, PaymentHash};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;

/// The longest time down: an hour.
const LONGEST_DOWN_MILLIS: u64 = 3_600_000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RestartOrder {
    #[serde(default)]
    down_millis: u64,
    /// The older state to come back with.
    #[serde(default)]
    snapshot: Option<u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OfPayment {
    payment_hash: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OfInvoice {
    invoice: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SetLiquidity {
    asset: String,
    /// In base units.
    outbound: String,
    /// In base units.
    inbound: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Subscriptions {
    on: bool,
}

/// An order that was not carried out.
struct Refusal(StatusCode, String);

type Body<T> = Result<Json<T>, JsonRejection>;

type Done = Result<Json<Value>, Refusal>;

/// `POST /stub/{faults,heal,restart,snapshot,identity,forget,hold,liquidity,subscriptions}`,
/// `GET /stub/faults` and `GET /stub/calls`.
pub(super) fn router() -> Router<Arc<Shared>> {
    Router::new()
        .route("/stub/faults", post(plan).get(planned))
        .route("/stub/heal", post(heal))
        .route("/stub/restart", post(restart))
        .route("/stub/snapshot", post(snapshot))
        .route("/stub/identity", post(identity))
        .route("/stub/forget", post(forget))
        .route("/stub/hold", post(hold))
        .route("/stub/liquidity", post(liquidity))
        .route("/stub/subscriptions", post(subscriptions))
        .route("/stub/calls", get(calls))
        .route("/stub/{*order}", any(unknown_order))
}

async fn plan(State(shared): State<Arc<Shared>>, body: Body<PlannedFault>) -> Done {
    let Json(fault) = body?;
    shared.faults.plan(fault).map_err(bad)?;
    Ok(done())
}

async fn planned(State(shared): State<Arc<Shared>>) -> Json<Value> {
    Json(json!({ "faults": shared.faults.planned() }))
}

async fn heal(State(shared): State<Arc<Shared>>) -> Json<Value> {
    shared.faults.clear();
    done()
}

async fn restart(State(shared): State<Arc<Shared>>, body: Body<RestartOrder>) -> Done {
    let Json(order) = body?;
    if order.down_millis > LONGEST_DOWN_MILLIS {
        return Err(bad("down_millis must be at most 3600000"));
    }
    let (done_sender, is_done) = oneshot::channel();
    let restart = Restart {
        down: Duration::from_millis(order.down_millis),
        snapshot: order.snapshot.map(Snapshot::from_number),
        done: done_sender,
    };
    let gone = || Refusal(StatusCode::SERVICE_UNAVAILABLE, "the stub is restarting already".to_owned());
    shared.restart(restart).map_err(|_| gone())?;
    is_done.await.map_err(|_| gone())?.map_err(bad)?;
    Ok(done())
}

async fn snapshot(State(shared): State<Arc<Shared>>) -> Json<Value> {
    Json(json!({ "snapshot": shared.node.snapshot().number() }))
}

async fn identity(State(shared): State<Arc<Shared>>, body: Body<Identity>) -> Done {
    let Json(identity) = body?;
    shared.set_identity(identity);
    Ok(done())
}

async fn forget(State(shared): State<Arc<Shared>>, body: Body<OfPayment>) -> Done {
    let Json(body) = body?;
    let hash: PaymentHash = body.payment_hash.parse().map_err(bad)?;
    shared.node.forget_payment(hash).map_err(bad)?;
    Ok(done())
}

async fn hold(State(shared): State<Arc<Shared>>, body: Body<OfInvoice>) -> Done {
    let Json(body) = body?;
    shared.node.hold(&body.invoice).map_err(bad)?;
    Ok(done())
}

async fn liquidity(State(shared): State<Arc<Shared>>, body: Body<SetLiquidity>) -> Done {
    let Json(body) = body?;
    let asset = AssetId::new(body.asset).map_err(bad)?;
    if shared.node.assets().find(&asset).is_none() {
        return Err(bad("the stub has no such asset"));
    }
    let amount = |text: &str| text.parse::<Amount>().map_err(bad);
    let liquidity = Liquidity { outbound: amount(&body.outbound)?, inbound: amount(&body.inbound)? };
    shared.node.set_liquidity(asset, liquidity);
    Ok(done())
}

async fn subscriptions(State(shared): State<Arc<Shared>>, body: Body<Subscriptions>) -> Done {
    let Json(body) = body?;
    shared.set_subscriptions(body.on);
    Ok(done())
}

async fn calls(State(shared): State<Arc<Shared>>) -> Json<Value> {
    Json(shared.calls.show())
}

fn done() -> Json<Value> {
    Json(json!({ "ok": true }))
}

fn bad(error: impl Into<Box<dyn std::error::Error>>) -> Refusal {
    Refusal(StatusCode::BAD_REQUEST, error.into().to_string())
}

async fn unknown_order() -> Refusal {
    Refusal(StatusCode::NOT_FOUND, "there is no such order".to_owned())
}

impl From<JsonRejection> for Refusal {
    fn from(rejection: JsonRejection) -> Self {
        Self(rejection.status(), rejection.body_text())
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        (self.0, Json(json!({ "error": self.1 }))).into_response()
    }
}
