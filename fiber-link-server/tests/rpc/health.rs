//! What a load balancer asks.

use crate::hub::Hub;
use fiber_link_core::testing::Fault;
use serde_json::json;
use std::time::Duration;

#[tokio::test]
async fn it_lives_and_is_ready() {
    let hub = Hub::new().await;
    let live = hub.get("/healthz/live").await;
    assert_eq!((live.status.as_u16(), live.json), (200, json!({ "status": "alive" })));
    let ready = hub.get("/healthz/ready").await;
    let ok = json!({ "status": "ok" });
    let expected = json!({ "status": "ready", "checks": { "store": ok, "node": ok, "payouts": ok } });
    assert_eq!((ready.status.as_u16(), ready.json), (200, expected));
}

#[tokio::test]
async fn a_node_that_is_down_makes_it_live_but_not_ready() {
    let hub = Hub::new().await;
    hub.node.set_down(true);
    let ready = hub.get("/healthz/ready").await;
    let (ok, error) = (json!({ "status": "ok" }), json!({ "status": "error" }));
    let checks = json!({ "store": ok, "node": error, "payouts": error });
    let expected = json!({ "status": "not_ready", "checks": checks });
    assert_eq!((ready.status.as_u16(), ready.json), (503, expected));
    assert_eq!(hub.get("/healthz/live").await.status.as_u16(), 200);
    hub.node.set_down(false);
    assert_eq!(hub.get("/healthz/ready").await.status.as_u16(), 503, "asked at most once a second");
    hub.clock.advance(Duration::from_secs(1));
    assert_eq!(hub.get("/healthz/ready").await.status.as_u16(), 200);
}

#[tokio::test]
async fn a_store_that_cannot_be_written_makes_it_not_ready() {
    let hub = Hub::new().await;
    hub.store.script_admissions([Fault::Before]);
    let ready = hub.get("/healthz/ready").await;
    let (ok, error) = (json!({ "status": "ok" }), json!({ "status": "error" }));
    let checks = json!({ "store": error, "node": ok, "payouts": ok });
    let expected = json!({ "status": "not_ready", "checks": checks });
    assert_eq!((ready.status.as_u16(), ready.json), (503, expected));
}
