//! A stand-in for a Fiber node: the simulated node behind fnn's own JSON-RPC over HTTP and WebSocket.
//!
//! It answers as fnn 0.8.0 does, on any path, and does wrong what it is told to. Orders are JSON, on
//! the same port, and refused where they hold a field that is unknown:
//!
//! | order | what happens |
//! |---|---|
//! | `POST /stub/faults {"fault", "method"?, "times"?, "millis"?}` | the next `times` requests (all, if left out) that call `method` (any, if left out) go wrong |
//! | `GET /stub/faults`, `POST /stub/heal` | what is planned; nothing goes wrong any more |
//! | `POST /stub/restart {"down_millis"?, "snapshot"?}` | drops all connections, refuses new ones for a while, and comes up again, with an older state if a snapshot is named |
//! | `POST /stub/snapshot` | `{"snapshot"}`: the state of now |
//! | `POST /stub/identity {"pubkey"?, "version"?}` | `node_info` says so; what is left out is the truth again |
//! | `POST /stub/forget {"payment_hash"}` | the node forgets a payment |
//! | `POST /stub/hold {"invoice"}` | a payment is held for an invoice: `Received` |
//! | `POST /stub/liquidity {"asset", "outbound", "inbound"}` | what the channels carry, in base units |
//! | `POST /stub/subscriptions {"on"}` | whether the module for subscriptions is there |
//! | `GET /stub/calls` | how many requests, batches and calls of each method came, and with which token |
//!
//! Faults: `delay_request`, `drop_request`, `hang_request` and `fail_request` (HTTP 500) happen before
//! anything is done; `delay_answer`, `drop_answer`, `hang_answer`, `fail_answer` and `cut_answer`
//! (half an answer) after it was done; `wrong_id`; `reorder_batch`, `shorten_batch` and
//! `refuse_batch`. Delays take `millis`.
//!
//! `/simulator/*` is there too: what payers and payees do.

mod calls;
mod channels;
pub mod command;
mod control;
mod door;
mod envelope;
mod faults;
mod hex;
mod http;
mod invoices;
mod methods;
mod node_info;
mod params;
mod payments;
mod subscription;
mod tokens;

pub use tokens::{InvalidToken, Token};

use crate::simulator_api;
use calls::Calls;
use door::Restart;
use faults::Faults;
use fiber_link_core::simulated::SimulatedNode;
use node_info::Identity;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

/// How a stub is served.
#[derive(Clone, Debug)]
pub struct StubOptions {
    /// Where: an address of this machine alone. Port 0 takes a free one.
    pub listen: SocketAddr,
    /// Who may call what; without any, anybody may call everything.
    pub tokens: Vec<Token>,
    /// Whether the module for subscriptions is there.
    pub subscriptions: bool,
}

/// On a free port, for anybody, with subscriptions.
impl Default for StubOptions {
    fn default() -> Self {
        Self { listen: (Ipv4Addr::LOCALHOST, 0).into(), tokens: Vec::new(), subscriptions: true }
    }
}

/// Why a stub was not served.
#[derive(Debug, thiserror::Error)]
pub enum StartStubError {
    /// Other machines could reach it.
    #[error(
        "--listen: got {0}, allowed is an address of this machine alone such as 127.0.0.1:0, since whoever \
         reaches the stub node gives it orders"
    )]
    NotLoopback(SocketAddr),
    /// The address cannot be served.
    #[error("cannot listen on {address}")]
    Listen {
        /// Which address.
        address: SocketAddr,
        /// Why.
        #[source]
        source: io::Error,
    },
}

/// A stub that is served until this is dropped.
#[derive(Debug)]
pub struct Stub {
    address: SocketAddr,
    epoch: watch::Sender<u64>,
    serving: JoinHandle<io::Result<()>>,
}

impl Stub {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where it listens, for clients of HTTP.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Waits until it can no longer be served.
    ///
    /// # Errors
    /// Why not: its port was lost in a restart.
    pub async fn ended(&mut self) -> io::Result<()> {
        (&mut self.serving).await.unwrap_or_else(|error| Err(io::Error::other(error)))
    }
}

impl Drop for Stub {
    fn drop(&mut self) {
        self.serving.abort();
        self.epoch.send_modify(|epoch| *epoch = epoch.wrapping_add(1));
    }
}

/// Serves `node` in this process.
///
/// # Errors
/// [`StartStubError`] if the address is not of this machine alone, or cannot be served.
pub async fn start(node: Arc<SimulatedNode>, options: StubOptions) -> Result<Stub, StartStubError> {
    let StubOptions { listen, tokens, subscriptions } = options;
    if !listen.ip().is_loopback() {
        return Err(StartStubError::NotLoopback(listen));
    }
    let cannot = |source| StartStubError::Listen { address: listen, source };
    let listener = TcpListener::bind(listen).await.map_err(cannot)?;
    let address = listener.local_addr().map_err(cannot)?;
    let epoch = watch::Sender::new(0);
    let (restart, restarts) = mpsc::channel(1);
    let assets = node.assets().clone();
    let shared = Shared {
        node: node.clone(),
        tokens,
        calls: Calls::default(),
        faults: Faults::default(),
        identity: Mutex::default(),
        subscriptions: AtomicBool::new(subscriptions),
        last_subscription: AtomicU64::new(3_652_615_205_097_289),
        restart,
        epoch: epoch.clone(),
    };
    let router = control::router()
        .fallback(http::serve)
        .with_state(Arc::new(shared))
        .merge(simulator_api::router(node.clone(), assets));
    let serving = tokio::spawn(door::serve(listener, router, node, epoch.clone(), restarts));
    Ok(Stub { address, epoch, serving })
}

/// What the handlers share.
#[derive(Debug)]
struct Shared {
    node: Arc<SimulatedNode>,
    tokens: Vec<Token>,
    calls: Calls,
    faults: Faults,
    identity: Mutex<Identity>,
    subscriptions: AtomicBool,
    last_subscription: AtomicU64,
    restart: mpsc::Sender<Restart>,
    epoch: watch::Sender<u64>,
}

impl Shared {
    fn identity(&self) -> Identity {
        self.identity.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set_identity(&self, identity: Identity) {
        *self.identity.lock().unwrap_or_else(PoisonError::into_inner) = identity;
    }

    fn subscriptions(&self) -> bool {
        self.subscriptions.load(Ordering::Relaxed)
    }

    fn set_subscriptions(&self, on: bool) {
        self.subscriptions.store(on, Ordering::Relaxed);
    }

    fn next_subscription(&self) -> u64 {
        self.last_subscription.fetch_add(1, Ordering::Relaxed)
    }

    /// Changes when all connections are dropped.
    fn restarts(&self) -> watch::Receiver<u64> {
        self.epoch.subscribe()
    }

    fn restart(&self, restart: Restart) -> Result<(), mpsc::error::TrySendError<Restart>> {
        self.restart.try_send(restart)
    }
}
