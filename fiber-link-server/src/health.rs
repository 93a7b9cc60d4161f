//! Whether the process lives, and whether it can work. Causes stay in the log.

use crate::api::Api;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use fiber_link_core::{FiberLink, Readiness, Timestamp};
use serde::Serialize;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;

/// How long a check may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long its result is good.
const FRESH: Duration = Duration::from_secs(1);

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
    /// Whether withdrawals are paid. Tips are taken all the same, so this alone is no reason to take
    /// a server out of service.
    payouts: Check,
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

/// What was found last. Anybody may ask, so store and node are asked at most once a second.
#[derive(Debug, Default)]
pub(crate) struct LastChecks(Mutex<Option<(Timestamp, Readiness)>>);

impl LastChecks {
    async fn readiness(&self, link: &FiberLink) -> Readiness {
        let mut last = self.0.lock().await;
        let now = link.clock().now();
        match *last {
            Some((at, readiness)) if now >= at && now.since(at) < FRESH => readiness,
            Some(_) | None => {
                let readiness = tokio::time::timeout(PATIENCE, link.readiness()).await;
                let readiness = readiness.unwrap_or_else(|_| {
                    tracing::warn!("store or node took too long to answer a readiness check");
                    Readiness { store: false, node: false, payouts: false }
                });
                *last = Some((now, readiness));
                readiness
            }
        }
    }
}

pub(crate) async fn live() -> Json<Live> {
    Json(Live { status: "alive" })
}

pub(crate) async fn ready(State(api): State<Arc<Api>>) -> (StatusCode, Json<Ready>) {
    let Readiness { store, node, payouts } = api.checks.readiness(&api.link).await;
    let worker = api.worker.as_ref().map(|worker| worker.is_well());
    let ready = store && node && worker.unwrap_or(true);
    let checks = Checks {
        store: Check::of(store),
        node: Check::of(node),
        payouts: Check::of(payouts),
        worker: worker.map(Check::of),
    };
    if ready {
        (StatusCode::OK, Json(Ready { status: "ready", checks }))
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, Json(Ready { status: "not_ready", checks }))
    }
}
