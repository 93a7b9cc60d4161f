//! What a load balancer asks.

use crate::backend::Backend;
use crate::hub::Hub;
use axum::http::StatusCode;
use fiber_link_core::testing::Fault;
use serde_json::json;
use std::time::Duration;

pub(crate) async fn it_lives_and_is_ready(backend: Backend) {
    let hub = Hub::new(backend).await;
    for live in hub.get("/healthz/live").await {
        assert_eq!((live.status.as_u16(), live.json), (200, json!({ "status": "alive" })));
    }
    let ok = json!({ "status": "ok" });
    let expected = json!({ "status": "ready", "checks": { "store": ok, "node": ok, "payouts": ok } });
    for ready in hub.get("/healthz/ready").await {
        assert_eq!((ready.status.as_u16(), &ready.json), (200, &expected));
    }
}

pub(crate) async fn a_node_that_is_down_makes_it_live_but_not_ready(backend: Backend) {
    let hub = Hub::new(backend).await;
    hub.node.set_down(true);
    let (ok, error) = (json!({ "status": "ok" }), json!({ "status": "error" }));
    let checks = json!({ "store": ok, "node": error, "payouts": error });
    let expected = json!({ "status": "not_ready", "checks": checks });
    for ready in hub.get("/healthz/ready").await {
        assert_eq!((ready.status.as_u16(), &ready.json), (503, &expected));
    }
    assert!(hub.get("/healthz/live").await.iter().all(|live| live.status == StatusCode::OK));
    hub.node.set_down(false);
    for ready in hub.get("/healthz/ready").await {
        assert_eq!(ready.status.as_u16(), 503, "asked at most once a second");
    }
    hub.clock.advance(Duration::from_secs(1));
    assert!(hub.get("/healthz/ready").await.iter().all(|ready| ready.status == StatusCode::OK));
}

pub(crate) async fn a_store_that_cannot_be_written_makes_it_not_ready(backend: Backend) {
    let hub = Hub::new(backend).await;
    hub.store().script_admissions([Fault::Before]);
    let ready = hub.get("/healthz/ready").await;
    let (ok, error) = (json!({ "status": "ok" }), json!({ "status": "error" }));
    let checks = json!({ "store": error, "node": ok, "payouts": ok });
    let expected = json!({ "status": "not_ready", "checks": checks });
    assert_eq!((ready[0].status.as_u16(), &ready[0].json), (503, &expected));
    assert!(ready[1..].iter().all(|other| other.status == StatusCode::OK), "it is this server's alone");
}
