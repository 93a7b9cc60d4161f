//! Accepting connections: bounded in number and patience, and ended in good order.

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

/// The most connections at once; more wait to be accepted.
const MOST: u32 = 1_024;

/// How long a client may take to send the head of a request, and how long a connection may idle.
const HEAD_PATIENCE: Duration = Duration::from_secs(60);

/// How long requests that are under way may take once the server stops.
const FAREWELL: Duration = Duration::from_secs(10);

/// Serves `router` until `stop` is done; then accepts no more, lets requests that are under way
/// finish, and returns.
pub async fn serve(listener: TcpListener, router: Router, stop: impl Future<Output = ()>) {
    let places = Arc::new(Semaphore::new(MOST as usize));
    let (stopping, stopped) = watch::channel(false);
    let accept = async {
        while let Ok(place) = places.clone().acquire_owned().await {
            match listener.accept().await {
                Ok((stream, _)) => {
                    tokio::spawn(serve_connection(stream, router.clone(), place, stopped.clone()));
                }
                Err(error) => {
                    // Out of file descriptors, or a client that left already.
                    tracing::warn!(%error, "a connection was not accepted");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            }
        }
    };
    tokio::select! {
        () = stop => {}
        () = accept => {}
    }
    drop(listener);
    stopping.send_replace(true);
    if tokio::time::timeout(FAREWELL, places.acquire_many(MOST)).await.is_err() {
        tracing::warn!("some requests did not finish in time");
    }
}

async fn serve_connection(
    stream: TcpStream,
    router: Router,
    place: OwnedSemaphorePermit,
    mut stopped: watch::Receiver<bool>,
) {
    // Answers are small and written whole.
    let _ = stream.set_nodelay(true);
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_PATIENCE)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
    let mut connection = std::pin::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => Some(ended),
        () = async { let _ = stopped.wait_for(|stopped| *stopped).await; } => None,
    };
    let ended = match ended {
        Some(ended) => ended,
        None => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection broke");
    }
    drop(place);
}
