//! The API for administrators: `/admin/v1`, JSON, with the rights of whoever asks.

mod account;
mod administrators;
mod apps;
mod call;
mod error;
mod explanation;
mod lists;
mod log_in;
mod policies;
mod reviews;
mod route;
mod secrets;
mod switches;

use crate::secrets::SecretMap;
use axum::Router;
use axum::extract::{Extension, RawPathParams, State};
use axum::http::Request;
use axum::routing::{MethodFilter, on};
use fiber_link_core::{Access, FiberLink};
use log_in::LogIns;
use std::net::IpAddr;
use std::sync::Arc;

/// Where every route of the API begins.
const PREFIX: &str = "/admin/v1";

/// What the routes share.
#[derive(Debug)]
struct AdminApi {
    link: FiberLink,
    access: Access,
    log_ins: LogIns,
    /// Secrets of apps that this server has from its environment.
    environment: SecretMap,
}

/// The address that a request came from. A layer of each connection says it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer(pub(crate) IpAddr);

/// The routes of the API for administrators of `link`, to be served by
/// [`connections::serve_by_peer`](crate::connections::serve_by_peer). Secrets of `environment` can be put
/// into the store.
pub fn router(link: FiberLink, environment: SecretMap) -> Router {
    let access = link.access();
    access.prepare();
    let api = Arc::new(AdminApi { link, access, log_ins: LogIns::default(), environment });
    let mut router = Router::new();
    for route in route::ROUTES {
        let answer = move |State(api): State<Arc<AdminApi>>,
                           Extension(Peer(peer)): Extension<Peer>,
                           path: RawPathParams,
                           request: Request<axum::body::Body>| {
            async move { call::answer(&api, route, peer, &path, request).await }
        };
        let filter = if route.changes() { MethodFilter::POST } else { MethodFilter::GET };
        router = router.route(&format!("{PREFIX}{}", route.path), on(filter, answer));
    }
    router.fallback(error::no_such_route).method_not_allowed_fallback(error::no_such_method).with_state(api)
}

#[cfg(test)]
mod tests;
