//! Fiber Link inside an axum app of your own, on a SQLite file:
//! `cargo run -p fiber-link-examples --example embed_axum`, then open the address that it prints.

use axum::{Router, extract::State, routing::get};
use fiber_link_core::simulated::{SimulatedNode, SimulatedNodeOptions};
use fiber_link_core::{AppId, Clock, FiberLink, Secret, SystemClock};
use fiber_link_server::{Api, router, worker};
use fiber_link_store_sqlite::SqliteStore;
use std::error::Error;
use std::sync::Arc;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::temp_dir().join("fiber-link-embed-axum");
    std::fs::create_dir_all(&folder)?;
    let store = SqliteStore::open(folder.join("store.sqlite"), SystemClock.now())?;
    let path = Some(folder.join("simulated-node.jsonl"));
    let node = Arc::new(SimulatedNode::open(SimulatedNodeOptions { path, ..Default::default() })?);
    let link = FiberLink::builder(Arc::new(store), node.clone()).open().await?;

    // Whoever signs with this secret is the app `forum`. Make it once and keep it.
    let forum: AppId = "forum".parse()?;
    if link.find_app(&forum).await?.is_none() {
        link.create_app(forum, Secret::random()?).await?;
    }

    // Your routes, and ours beside them: POST /pay/rpc, GET /pay/healthz/ready.
    let worker = worker::spawn(link.clone(), node);
    let app = Router::new()
        .route("/", get(front_page))
        .with_state(link.clone())
        .nest("/pay", router(Api::new(link).worker(worker.health())));

    let listener = tokio::net::TcpListener::bind("127.0.0.1:8090").await?;
    println!("http://{}", listener.local_addr()?);
    axum::serve(listener, app).await?;
    worker.stop().await;
    Ok(())
}

async fn front_page(State(link): State<FiberLink>) -> String {
    let ready = link.readiness().await;
    format!("An app of your own. Fiber Link: store {}, node {}.\n", word(ready.store), word(ready.node))
}

fn word(works: bool) -> &'static str {
    if works { "works" } else { "does not work" }
}
