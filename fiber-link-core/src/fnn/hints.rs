//! Being told of changes in the node's store, over a WebSocket.
//!
//! Preimages pass there: nothing of a frame is ever kept or shown, and the library beneath was
//! chosen because it logs nothing.

use super::OpenFnnNodeError;
use super::backoff::Backoff;
use super::call::Call;
use super::options::{FnnOptions, NodeUrl, Token};
use super::{envelope, store_change, transport};
use crate::InvoiceHint;
use futures_util::stream::BoxStream;
use futures_util::{SinkExt, StreamExt, stream};
use reqwest::Url;
use reqwest::header::{AUTHORIZATION, HeaderValue};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::runtime::Handle;
use tokio::sync::mpsc::{self, Sender};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsConnector;
use tokio_websockets::{ClientBuilder, Connector, Limits, MaybeTlsStream, Message, WebSocketStream, upgrade};

/// The longest message that is read.
const LONGEST_MESSAGE: usize = 1 << 20;
/// How many hints may wait for whoever takes them. What comes beyond them is dropped.
const MOST_WAITING: usize = 1024;
/// How many pings in a row may stay without a sign of life.
const UNANSWERED_PINGS: u32 = 2;
/// The number of the subscription's request.
const SUBSCRIPTION: u64 = 1;

/// Where and how hints are listened to.
#[derive(Clone, Debug)]
pub(super) struct HintSource {
    url: NodeUrl,
    authorization: Option<HeaderValue>,
    tls: Arc<tokio_rustls::rustls::ClientConfig>,
    /// Whether an operator named this address, so that its silence is worth a warning.
    wanted: bool,
    pace: Pace,
    runtime: Handle,
}

/// When a socket is tried again, and when it is taken for dead.
#[derive(Clone, Debug)]
struct Pace {
    backoff: Backoff,
    /// The wait after the node said no.
    after_refusal: Duration,
    /// How long a socket may be silent until it is pinged.
    silence: Duration,
    /// How long it may take to open, to subscribe or to write.
    patience: Duration,
}

/// How a socket came to its end.
#[derive(Debug, thiserror::Error)]
enum SocketError {
    /// The node, or what stands before it, does not offer hints or not to us.
    #[error("the node does not offer hints, or not with this token")]
    Refused,
    #[error("the socket could not be opened")]
    Unreachable,
    #[error("the socket broke")]
    Broken,
    #[error("the node closed the socket")]
    Closed,
    #[error("the socket was silent for too long")]
    Silent,
}

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

impl HintSource {
    pub(super) fn new(
        url: NodeUrl,
        wanted: bool,
        token: Option<&Token>,
        options: &FnnOptions,
        runtime: Handle,
    ) -> Result<Self, OpenFnnNodeError> {
        let pace = Pace {
            backoff: Backoff::default(),
            after_refusal: Duration::from_secs(600),
            silence: Duration::from_secs(20),
            patience: options.timeout,
        };
        Ok(Self {
            authorization: token.map(Token::header).transpose()?,
            tls: Arc::new(transport::tls(&url)?),
            url,
            wanted,
            pace,
            runtime,
        })
    }

    /// Listens for as long as the stream lives. It never ends by itself.
    pub(super) fn listen(&self) -> BoxStream<'static, InvoiceHint> {
        let (sender, mut hints) = mpsc::channel(MOST_WAITING);
        let listening = Listening(self.runtime.spawn(self.clone().run(sender)));
        stream::poll_fn(move |context| {
            let _alive = &listening;
            hints.poll_recv(context)
        })
        .boxed()
    }

    async fn run(mut self, hints: Sender<InvoiceHint>) {
        let mut refused_before = false;
        loop {
            let error = match self.open().await {
                Ok(mut socket) => {
                    refused_before = false;
                    tracing::info!(node = %self.url, "the node tells of changes by itself");
                    let error = self.pass_on(&mut socket, &hints).await;
                    tracing::info!(node = %self.url, %error, "the node tells of no changes for now");
                    error
                }
                Err(error) => error,
            };
            let wait = match error {
                SocketError::Refused => {
                    self.tell_of_refusal(refused_before);
                    refused_before = true;
                    self.pace.after_refusal
                }
                SocketError::Unreachable
                | SocketError::Broken
                | SocketError::Closed
                | SocketError::Silent => {
                    tracing::debug!(node = %self.url, %error, "no hints");
                    self.pace.backoff.after_failure()
                }
            };
            sleep(wait).await;
        }
    }

    fn tell_of_refusal(&self, before: bool) {
        if self.wanted {
            tracing::warn!(node = %self.url, "the node does not offer hints: tips are found by asking");
        } else if !before {
            tracing::info!(node = %self.url, "the node does not offer hints: tips are found by asking");
        }
    }

    /// Opens a socket and subscribes on it.
    async fn open(&self) -> Result<Socket, SocketError> {
        let opened = timeout(self.pace.patience, async {
            let mut socket = self.connect().await?;
            self.subscribe(&mut socket).await?;
            Ok(socket)
        });
        opened.await.unwrap_or(Err(SocketError::Silent))
    }

    async fn connect(&self) -> Result<Socket, SocketError> {
        let unreachable = |_| SocketError::Unreachable;
        let (host, port) = address(self.url.as_url()).ok_or(SocketError::Unreachable)?;
        let stream = TcpStream::connect((host, port)).await.map_err(|_| SocketError::Unreachable)?;
        let connector = if self.url.is_encrypted() {
            Connector::Rustls(TlsConnector::from(self.tls.clone()))
        } else {
            Connector::Plain
        };
        let stream = connector.wrap(host, stream).await.map_err(unreachable)?;
        let mut handshake = ClientBuilder::new()
            .limits(Limits::default().max_payload_len(Some(LONGEST_MESSAGE)))
            .uri(&self.url.web_socket())
            .map_err(|_| SocketError::Unreachable)?;
        if let Some(authorization) = &self.authorization {
            handshake = handshake.add_header(AUTHORIZATION, authorization.clone()).map_err(unreachable)?;
        }
        match handshake.connect_on(stream).await {
            Ok((socket, _)) => Ok(socket),
            Err(tokio_websockets::Error::Upgrade(upgrade::Error::DidNotSwitchProtocols(400..=499))) => {
                Err(SocketError::Refused)
            }
            Err(error) => Err(unreachable(error)),
        }
    }

    async fn subscribe(&self, socket: &mut Socket) -> Result<(), SocketError> {
        let request = envelope::encode(&[(SUBSCRIPTION, &Call::SubscribeStoreChanges)]);
        let request = String::from_utf8(request).map_err(|_| SocketError::Broken)?;
        socket.send(Message::text(request)).await.map_err(|_| SocketError::Broken)?;
        loop {
            let message = next(socket).await?;
            // Anything that is no answer to the subscription is not for us yet.
            match store_change::decode_subscription(message.as_payload(), SUBSCRIPTION) {
                Ok(Ok(_)) => return Ok(()),
                Ok(Err(_)) => return Err(SocketError::Refused),
                Err(_) => {}
            }
        }
    }

    /// Passes hints on until the socket ends.
    async fn pass_on(&mut self, socket: &mut Socket, hints: &Sender<InvoiceHint>) -> SocketError {
        let mut pings = 0;
        loop {
            match timeout(self.pace.silence, next(socket)).await {
                Ok(Ok(message)) => {
                    pings = 0;
                    // Not before: a socket that breaks as soon as it is open is no success.
                    self.pace.backoff.reset();
                    let hint = message.is_text().then(|| store_change::decode_hint(message.as_payload()));
                    if let Some(payment_hash) = hint.flatten() {
                        // Whoever is slow misses hints, and finds by asking what they were about.
                        let _ = hints.try_send(InvoiceHint { payment_hash });
                    }
                }
                Ok(Err(error)) => return error,
                Err(_) if pings >= UNANSWERED_PINGS => return SocketError::Silent,
                Err(_) => {
                    pings = pings.saturating_add(1);
                    let ping = timeout(self.pace.patience, socket.send(Message::ping("")));
                    if !matches!(ping.await, Ok(Ok(()))) {
                        return SocketError::Broken;
                    }
                }
            }
        }
    }
}

async fn next(socket: &mut Socket) -> Result<Message, SocketError> {
    match socket.next().await {
        Some(Ok(message)) => Ok(message),
        Some(Err(_)) => Err(SocketError::Broken),
        None => Err(SocketError::Closed),
    }
}

/// Host and port; an IPv6 address without its brackets.
fn address(url: &Url) -> Option<(&str, u16)> {
    let host = url.host_str()?.trim_start_matches('[').trim_end_matches(']');
    Some((host, url.port_or_known_default()?))
}

/// Listens until it is dropped.
#[derive(Debug)]
struct Listening(JoinHandle<()>);

impl Drop for Listening {
    fn drop(&mut self) {
        self.0.abort();
    }
}

#[cfg(test)]
mod tests;
