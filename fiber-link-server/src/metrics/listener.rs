//! Metrics over HTTP, at an address of their own with nothing else on it.

use super::Metrics;
use crate::connections;
use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use prometheus_client::encoding::prometheus_text::CONTENT_TYPE;
use std::io;
use std::net::SocketAddr;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// Serves metrics until it is told to stop. Dropping it stops it too.
#[derive(Debug)]
pub(crate) struct MetricsListener {
    stopping: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl MetricsListener {
    /// Begins to serve.
    pub(crate) async fn start(address: SocketAddr, metrics: Metrics) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let (stopping, mut stop) = watch::channel(false);
        let routes = router(metrics);
        let task = tokio::spawn(async move {
            let stop = async move {
                let _ = stop.wait_for(|stop| *stop).await;
            };
            connections::serve(listener, routes, stop).await;
        });
        tracing::info!("metrics are told at http://{address}/metrics");
        Ok(Self { stopping, task })
    }

    /// Answers what is under way, and ends.
    pub(crate) async fn stop(self) {
        self.stopping.send_replace(true);
        let _ = self.task.await;
    }
}

pub(super) fn router(metrics: Metrics) -> Router {
    Router::new().route("/metrics", get(serve)).with_state(metrics)
}

async fn serve(State(metrics): State<Metrics>) -> Response {
    match metrics.text().await {
        Ok(text) => ([(header::CONTENT_TYPE, CONTENT_TYPE)], text).into_response(),
        Err(error) => {
            tracing::error!(%error, "metrics were not written");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
