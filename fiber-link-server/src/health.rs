//! Whether the process lives, and whether it can work. Causes stay in the log.

use crate::api::Api;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;
use std::sync::Arc;
use std::time::Duration;

/// How long a check may take.
const PATIENCE: Duration = Duration::from_secs(5);

#[derive(Serialize)]
pub(crate) struct Live {
    status: &'static str,
}

#[derive(Serialize)]
pub(crate) struct Ready {
    status: &'static str,
    checks: Checks,
}

#[derive(Serialize)]
struct Checks {
    store: Check,
    node: Check,
    #[serde(skip_serializing_if = "Option::is_none")]
    worker: Option<Check>,
}

#[derive(Clone, Copy, Serialize)]
struct Check {
    status: &'static str,
}

impl Check {
    fn of(works: bool) -> Self {
        Self { status: if works { "ok" } else { "error" } }
    }
}

pub(crate) async fn live() -> Json<Live> {
    Json(Live { status: "alive" })
}

pub(crate) async fn ready(State(api): State<Arc<Api>>) -> (StatusCode, Json<Ready>) {
    let (store, node) = match tokio::time::timeout(PATIENCE, api.link.readiness()).await {
        Ok(readiness) => (readiness.store, readiness.node),
        Err(_) => {
            tracing::warn!("store or node took too long to answer a readiness check");
            (false, false)
        }
    };
    let worker = api.worker.as_ref().map(|worker| worker.is_well());
    let ready = store && node && worker.unwrap_or(true);
    let checks = Checks { store: Check::of(store), node: Check::of(node), worker: worker.map(Check::of) };
    if ready {
        (StatusCode::OK, Json(Ready { status: "ready", checks }))
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, Json(Ready { status: "not_ready", checks }))
    }
}
