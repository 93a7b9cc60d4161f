//! What the rest of the world does to the simulated node, as JSON over HTTP. For loopback only:
//! whoever can call this decides about (simulated) money.

use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use fiber_link_core::simulated::{Outcome, SimulatedNode, SimulatorError};
use fiber_link_core::{AssetId, Assets};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

/// How long an invoice of somebody else can be paid.
const FOREIGN_EXPIRY: Duration = Duration::from_secs(3600);

struct Simulator {
    node: Arc<SimulatedNode>,
    assets: Assets,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Pay {
    invoice: String,
    /// Whether the payment was under way when the invoice ended.
    #[serde(default)]
    late: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OfInvoice {
    invoice: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewInvoice {
    asset: String,
    /// In whole units.
    amount: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SetOutcome {
    invoice: String,
    outcome: String,
}

/// What was really paid under one hash, in base units.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Paid {
    payment_hash: String,
    amount: String,
    fee: String,
    times_paid: u32,
}

/// A refusal with its reason.
struct Refusal(StatusCode, String);

/// A body, or what is wrong with it.
type Body<T> = Result<Json<T>, JsonRejection>;

type Answer = Result<Json<serde_json::Value>, Refusal>;

/// `POST /simulator/{pay,expire,cancel,invoice,outcome}` and `GET /simulator/payments`.
pub fn router(node: Arc<SimulatedNode>, assets: Assets) -> Router {
    Router::new()
        .route("/simulator/pay", post(pay))
        .route("/simulator/expire", post(expire))
        .route("/simulator/cancel", post(cancel))
        .route("/simulator/invoice", post(invoice))
        .route("/simulator/outcome", post(set_outcome))
        .route("/simulator/payments", get(payments))
        .with_state(Arc::new(Simulator { node, assets }))
}

async fn pay(State(simulator): State<Arc<Simulator>>, body: Body<Pay>) -> Answer {
    let Json(body) = body?;
    simulator.node.pay(&body.invoice, body.late)?;
    Ok(done())
}

async fn expire(State(simulator): State<Arc<Simulator>>, body: Body<OfInvoice>) -> Answer {
    let Json(body) = body?;
    simulator.node.expire(&body.invoice)?;
    Ok(done())
}

async fn cancel(State(simulator): State<Arc<Simulator>>, body: Body<OfInvoice>) -> Answer {
    let Json(body) = body?;
    simulator.node.cancel(&body.invoice)?;
    Ok(done())
}

async fn invoice(State(simulator): State<Arc<Simulator>>, body: Body<NewInvoice>) -> Answer {
    let Json(body) = body?;
    let id = AssetId::new(body.asset).map_err(|error| bad("asset", error))?;
    let asset = simulator.assets.find(&id).ok_or(SimulatorError::UnknownAsset(id))?;
    let amount = asset.parse(&body.amount).map_err(|error| bad("amount", error))?;
    let invoice = simulator.node.foreign_invoice(&asset.id, amount, FOREIGN_EXPIRY)?;
    Ok(Json(json!({ "invoice": invoice })))
}

async fn set_outcome(State(simulator): State<Arc<Simulator>>, body: Body<SetOutcome>) -> Answer {
    let Json(body) = body?;
    let outcome: Outcome = body.outcome.parse().map_err(|error| bad("outcome", error))?;
    simulator.node.set_outcome(&body.invoice, outcome)?;
    Ok(done())
}

async fn payments(State(simulator): State<Arc<Simulator>>) -> Json<serde_json::Value> {
    let paid = simulator.node.payments().into_iter().map(|payment| Paid {
        payment_hash: payment.payment_hash.to_string(),
        amount: payment.amount.to_string(),
        fee: payment.fee.to_string(),
        times_paid: payment.times_paid,
    });
    Json(json!({ "payments": paid.collect::<Vec<_>>() }))
}

fn done() -> Json<serde_json::Value> {
    Json(json!({ "ok": true }))
}

fn bad(field: &str, error: impl std::error::Error) -> Refusal {
    Refusal(StatusCode::BAD_REQUEST, format!("{field} {error}"))
}

impl From<SimulatorError> for Refusal {
    fn from(error: SimulatorError) -> Self {
        let status = match &error {
            SimulatorError::UnknownInvoice => StatusCode::NOT_FOUND,
            SimulatorError::WrongState(_) => StatusCode::CONFLICT,
            SimulatorError::File(_) | SimulatorError::NoRandomness(_) => StatusCode::INTERNAL_SERVER_ERROR,
            SimulatorError::InvalidInvoice { .. }
            | SimulatorError::OwnInvoice
            | SimulatorError::UnknownAsset(_)
            | SimulatorError::InvalidTerms
            | SimulatorError::Encoding(_)
            | _ => StatusCode::BAD_REQUEST,
        };
        Self(status, error.to_string())
    }
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
