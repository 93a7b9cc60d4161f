//! What the routes share, and the routes themselves.

use crate::health::LastChecks;
use crate::metrics::Metrics;
use crate::secrets::{SecretMap, Secrets};
use crate::worker::WorkerHealth;
use crate::{health, rpc};
use axum::Router;
use axum::routing::{get, post};
use fiber_link_core::{FiberLink, RateLimit};
use std::sync::Arc;
use std::time::Duration;

/// The service over HTTP, to be turned into routes by [`router`].
#[derive(Debug)]
pub struct Api {
    pub(crate) link: FiberLink,
    pub(crate) secrets: Secrets,
    pub(crate) rate_limit: Option<RateLimit>,
    pub(crate) worker: Option<WorkerHealth>,
    pub(crate) checks: LastChecks,
    pub(crate) look_every: Duration,
    pub(crate) metrics: Option<Metrics>,
}

impl Api {
    /// Serves `link`, with 300 requests a minute for each app and method.
    pub fn new(link: FiberLink) -> Self {
        let rate_limit = Some(RateLimit { requests: 300, window: Duration::from_secs(60) });
        Self {
            link,
            secrets: Secrets::new(SecretMap::default()),
            rate_limit,
            worker: None,
            checks: LastChecks::default(),
            look_every: Duration::from_secs(2),
            metrics: None,
        }
    }

    /// How many requests each app may make of each method; `None` for as many as it likes.
    #[must_use]
    pub fn rate_limit(self, rate_limit: Option<RateLimit>) -> Self {
        Self { rate_limit, ..self }
    }

    /// Secrets of apps that the store does not have.
    #[must_use]
    pub fn secret_map(self, map: SecretMap) -> Self {
        Self { secrets: Secrets::new(map), ..self }
    }

    /// How often a reader that waits for settled tips or events looks by itself, in case it was not
    /// told of one; every two seconds by default. To let nobody wait any more when you stop, see
    /// [`FiberLink::dismiss_readers`].
    #[must_use]
    pub fn look_every(self, look_every: Duration) -> Self {
        Self { look_every, ..self }
    }

    /// Counts requests.
    #[must_use]
    pub(crate) fn metrics(self, metrics: Option<Metrics>) -> Self {
        Self { metrics, ..self }
    }

    /// Makes readiness depend on a worker too.
    #[must_use]
    pub fn worker(self, worker: WorkerHealth) -> Self {
        Self { worker: Some(worker), ..self }
    }
}

/// `POST /rpc`, `GET /healthz/live` and `GET /healthz/ready`, to be served or nested in an app of
/// your own.
pub fn router(api: Api) -> Router {
    Router::new()
        .route("/rpc", post(rpc::serve))
        .route("/healthz/live", get(health::live))
        .route("/healthz/ready", get(health::ready))
        .with_state(Arc::new(api))
}
