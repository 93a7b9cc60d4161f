//! The stub's port: connections, and restarts that drop them all.

use super::http::Cut;
use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use fiber_link_core::simulated::{SimulatedNode, Snapshot};
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot, watch};

/// The most connections at once; more wait to be accepted.
const MOST: usize = 1_024;
/// How many connections wait to be accepted.
const BACKLOG: u32 = 1_024;
/// How long a client may take to send the head of a request.
const HEAD_PATIENCE: Duration = Duration::from_secs(60);
/// How long the answer to an order for a restart may take on its way.
const FAREWELL: Duration = Duration::from_secs(1);

/// Drops all connections and refuses new ones for a while.
#[derive(Debug)]
pub(super) struct Restart {
    /// How long nothing listens.
    pub(super) down: Duration,
    /// The older state to come back with.
    pub(super) snapshot: Option<Snapshot>,
    /// Told as soon as the node is down.
    pub(super) done: oneshot::Sender<io::Result<()>>,
}

/// Why a connection is cut.
#[derive(Debug, thiserror::Error)]
#[error("the connection was cut on purpose")]
struct CutOnPurpose;

/// Serves until it is dropped.
pub(super) async fn serve(
    mut listener: TcpListener,
    router: Router,
    node: Arc<SimulatedNode>,
    epoch: watch::Sender<u64>,
    mut restarts: mpsc::Receiver<Restart>,
) -> io::Result<()> {
    let address = listener.local_addr()?;
    let places = Arc::new(Semaphore::new(MOST));
    loop {
        let restart = tokio::select! {
            () = accept(&listener, &router, &places, &epoch) => return Ok(()),
            restart = restarts.recv() => restart,
        };
        let Some(Restart { down, snapshot, done }) = restart else { return Ok(()) };
        drop(listener);
        let place = hold(address)?;
        epoch.send_modify(|epoch| *epoch = epoch.wrapping_add(1));
        let restored = snapshot.map_or(Ok(()), |snapshot| node.go_back(snapshot));
        // Whoever ordered it may be gone.
        let _ = done.send(restored);
        tokio::time::sleep(down).await;
        listener = place.listen(BACKLOG)?;
    }
}

/// Keeps the port from others without listening on it: connections are refused.
fn hold(address: SocketAddr) -> io::Result<TcpSocket> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    Ok(socket)
}

async fn accept(
    listener: &TcpListener,
    router: &Router,
    places: &Arc<Semaphore>,
    epoch: &watch::Sender<u64>,
) {
    while let Ok(place) = places.clone().acquire_owned().await {
        match listener.accept().await {
            Ok((stream, _)) => {
                tokio::spawn(serve_connection(stream, router.clone(), place, epoch.subscribe()));
            }
            Err(error) => {
                tracing::warn!(%error, "a connection was not accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

async fn serve_connection(
    stream: TcpStream,
    router: Router,
    place: OwnedSemaphorePermit,
    mut epoch: watch::Receiver<u64>,
) {
    let _ = stream.set_nodelay(true);
    let routes = TowerToHyperService::new(router);
    // A connection that gives orders outlives the restart that it orders, to hear that it is done.
    let gives_orders = AtomicBool::new(false);
    let service = service_fn(|request: hyper::Request<hyper::body::Incoming>| {
        if request.uri().path().starts_with("/stub/") {
            gives_orders.store(true, Ordering::Relaxed);
        }
        let request: Request = request.map(Body::new);
        let answer = routes.call(request);
        async {
            let response: Response = answer.await.unwrap_or_else(|never| match never {});
            if response.extensions().get::<Cut>().is_some() { Err(CutOnPurpose) } else { Ok(response) }
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_PATIENCE)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    let mut connection = std::pin::pin!(connection);
    tokio::select! {
        _ = connection.as_mut() => {}
        _ = epoch.changed() => {
            if gives_orders.load(Ordering::Relaxed) {
                connection.as_mut().graceful_shutdown();
                let _ = tokio::time::timeout(FAREWELL, connection).await;
            }
        }
    }
    drop(place);
}
