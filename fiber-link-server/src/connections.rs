//! Accepting connections: bounded in number and patience, and ended in good order.

use crate::admin::Peer;
use axum::{Extension, Router};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

/// How many connections there are, and how long they may keep their places.
#[derive(Clone, Copy)]
struct Bounds {
    /// The most connections at once; more wait to be accepted.
    most: u32,
    /// How long a client may take to send the head of a request, and how long a connection may idle.
    head_patience: Duration,
}

const BOUNDS: Bounds = Bounds { most: 1_024, head_patience: Duration::from_secs(60) };

/// How long requests that are under way may take once the server stops.
const FAREWELL: Duration = Duration::from_secs(10);

/// Serves `router` until `stop` is done; then accepts no more, lets requests that are under way
/// finish, and returns.
pub async fn serve(listener: TcpListener, router: Router, stop: impl Future<Output = ()>) {
    serve_within(BOUNDS, listener, |_| router.clone(), stop).await;
}

/// The same for routes that have to know who connected.
pub async fn serve_by_peer(listener: TcpListener, router: Router, stop: impl Future<Output = ()>) {
    let of_peer = |peer: IpAddr| router.clone().layer(Extension(Peer(peer)));
    serve_within(BOUNDS, listener, of_peer, stop).await;
}

async fn serve_within(
    bounds: Bounds,
    listener: TcpListener,
    router: impl Fn(IpAddr) -> Router,
    stop: impl Future<Output = ()>,
) {
    let places = Arc::new(Semaphore::new(bounds.most as usize));
    let (stopping, stopped) = watch::channel(false);
    let accept = async {
        while let Ok(place) = places.clone().acquire_owned().await {
            match listener.accept().await {
                Ok((stream, peer)) => {
                    let (patience, router) = (bounds.head_patience, router(peer.ip()));
                    tokio::spawn(serve_connection(stream, patience, router, place, stopped.clone()));
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
    if tokio::time::timeout(FAREWELL, places.acquire_many(bounds.most)).await.is_err() {
        tracing::warn!("some requests did not finish in time");
    }
}

async fn serve_connection(
    stream: TcpStream,
    head_patience: Duration,
    router: Router,
    place: OwnedSemaphorePermit,
    mut stopped: watch::Receiver<bool>,
) {
    // Answers are small and written whole.
    let _ = stream.set_nodelay(true);
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(head_patience)
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

#[cfg(test)]
mod tests {
    use super::*;
    use axum::routing::get;
    use std::net::SocketAddr;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";

    async fn start(most: u32, head_patience: Duration) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new().route("/", get(async || "served"));
        let bounds = Bounds { most, head_patience };
        tokio::spawn(serve_within(bounds, listener, move |_| router.clone(), std::future::pending()));
        address
    }

    async fn connect(address: SocketAddr, sent: &[u8]) -> TcpStream {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(sent).await.unwrap();
        stream
    }

    /// Everything that is answered until the connection is closed; nothing if it stays open for long.
    async fn answer(stream: &mut TcpStream, patience: Duration) -> Option<String> {
        let mut text = String::new();
        tokio::time::timeout(patience, stream.read_to_string(&mut text)).await.ok()?.unwrap();
        Some(text)
    }

    #[tokio::test]
    async fn a_client_that_does_not_send_its_request_loses_its_place() {
        let (short, long) = (Duration::from_millis(200), Duration::from_secs(20));
        let address = start(1, short).await;
        let mut slow = connect(address, &REQUEST[..9]).await;
        let mut next = connect(address, REQUEST).await;
        assert!(answer(&mut next, long).await.unwrap().ends_with("served"));
        assert!(!answer(&mut slow, long).await.unwrap().ends_with("served"));
    }

    #[tokio::test]
    async fn a_connection_too_many_waits_until_another_one_ends() {
        let (short, long) = (Duration::from_millis(200), Duration::from_secs(20));
        let address = start(2, long * 10).await;
        let first = connect(address, &REQUEST[..9]).await;
        let _second = connect(address, &REQUEST[..9]).await;
        let mut third = connect(address, REQUEST).await;
        assert_eq!(answer(&mut third, short).await, None, "it has no place");
        drop(first);
        assert!(answer(&mut third, long).await.unwrap().ends_with("served"));
    }
}
