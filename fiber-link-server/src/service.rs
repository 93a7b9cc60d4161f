//! The whole service in one process: store, node, worker loops and HTTP.

use crate::data_folder::{DataFolder, DataFolderError};
use crate::node::Node;
use crate::settings::{Settings, SettingsError, StorePlace};
use crate::stub::StartStubError;
use crate::{Api, connections, router, simulator_api, worker};
use axum::Router;
use fiber_link_core::fnn::{NodeUrlError, OpenFnnNodeError};
use fiber_link_core::simulated::{OpenSimulatedNodeError, SimulatedNode};
use fiber_link_core::{Clock, Exclusivity, FiberLink, OpenError, Store, SystemClock};
use fiber_link_store_sqlite::SqliteStore;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

/// How long the current passes of the worker may take once the server stops.
const FAREWELL: Duration = Duration::from_secs(30);

/// Why the service did not start, or ended.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// A setting is missing.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// The data folder was not taken.
    #[error(transparent)]
    DataFolder(#[from] DataFolderError),
    /// The store did not open.
    #[error("cannot open the store {path}")]
    Store {
        /// Its file.
        path: PathBuf,
        /// Why.
        #[source]
        source: fiber_link_store_sqlite::OpenError,
    },
    /// The simulated node did not start.
    #[error("cannot start the simulated node")]
    SimulatedNode(#[from] OpenSimulatedNodeError),
    /// The simulated node cannot be served to this process.
    #[error("cannot serve the simulated node")]
    Stub(#[from] StartStubError),
    /// The simulated node is at no address.
    #[error("cannot speak to the simulated node")]
    StubAddress(#[source] NodeUrlError),
    /// The real node cannot be spoken to.
    #[error("cannot prepare to speak to the node")]
    FnnNode(#[from] OpenFnnNodeError),
    /// Store and node do not go together.
    #[error("cannot start")]
    Open(#[from] OpenError),
    /// The address cannot be served.
    #[error("cannot listen on {address}")]
    Listen {
        /// Which address.
        address: SocketAddr,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The operating system does not tell about signals.
    #[error("cannot wait for signals")]
    Signals(#[source] io::Error),
    /// A worker loop ended by itself.
    #[error("a worker loop ended; the log says why")]
    WorkerEnded,
}

/// Store, node and what is built on them, not yet serving.
#[derive(Debug)]
pub struct Service {
    settings: Settings,
    store: Arc<dyn Store>,
    link: FiberLink,
    node: Node,
    // Held as long as the service lives: no other server works on the store.
    _folder: DataFolder,
}

impl Service {
    /// Takes the data folder and opens store and node.
    ///
    /// # Errors
    /// [`ServiceError`] says what was in the way.
    pub async fn open(settings: Settings) -> Result<Self, ServiceError> {
        let StorePlace::Sqlite(path) = settings.needed_store()?.clone();
        settings.needed_node()?;
        let folder = DataFolder::take(settings.needed_data()?, &path)?;
        // The node first: one that refuses must not leave a store behind.
        let node = Node::open(&settings, folder.path()).await?;
        let store = SqliteStore::open(&path, SystemClock.now())
            .map_err(|source| ServiceError::Store { path, source })?;
        let store: Arc<dyn Store> = Arc::new(store);
        let link = FiberLink::builder(store.clone(), node.client())
            .assets(settings.assets.clone())
            .policies(settings.policies.clone())
            .network(settings.network)
            .label(crate::host::label())
            .settings(fiber_link_core::Settings {
                invoice_expiry: settings.invoice_expiry,
                retry: settings.retry,
                node_timeout: settings.node_timeout,
                claim: settings.node_timeout.saturating_mul(3),
                exclusivity: Exclusivity::Sole,
                payouts: node.payouts(),
            })
            .open()
            .await?;
        Ok(Self { settings, store, link, node, _folder: folder })
    }

    /// The store.
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }

    /// The commands and queries.
    pub fn link(&self) -> &FiberLink {
        &self.link
    }

    /// The simulated node, if that is the one.
    pub fn simulated_node(&self) -> Option<&Arc<SimulatedNode>> {
        match &self.node {
            Node::Simulated { engine, .. } => Some(engine),
            Node::Fnn { .. } => None,
        }
    }

    /// Serves the routes of the service and `more`, and works, until the process is asked to end:
    /// then accepts no more, finishes what is under way, and returns. Prints the address.
    ///
    /// # Errors
    /// [`ServiceError`] if it cannot serve, or a worker loop ended by itself.
    pub async fn run(self, more: Router) -> Result<(), ServiceError> {
        let address = self.settings.listen;
        let listening = |source| ServiceError::Listen { address, source };
        let listener = TcpListener::bind(address).await.map_err(listening)?;
        let address = listener.local_addr().map_err(listening)?;
        let mut interrupts = signal(SignalKind::interrupt()).map_err(ServiceError::Signals)?;
        let mut terminations = signal(SignalKind::terminate()).map_err(ServiceError::Signals)?;

        let mut worker = worker::spawn(self.link.clone(), self.node.client());
        let api = Api::new(self.link.clone())
            .rate_limit(self.settings.rate_limit)
            .secret_map(self.settings.secret_map.clone())
            .worker(worker.health());
        let mut routes = router(api).merge(more);
        if let Some(node) = self.simulated_node() {
            if address.ip().is_loopback() {
                routes = routes.merge(simulator_api::router(node.clone(), self.settings.assets.clone()));
            } else {
                tracing::warn!(%address, "the simulator is served on loopback only, so not here");
            }
        }

        println!("fiber-link listens on http://{address}");
        let mut worker_ended = false;
        let stop = async {
            tokio::select! {
                _ = interrupts.recv() => {}
                _ = terminations.recv() => {}
                () = worker.ended() => worker_ended = true,
            }
            tracing::info!("stopping");
        };
        connections::serve(listener, routes, stop).await;
        if tokio::time::timeout(FAREWELL, worker.stop()).await.is_err() {
            tracing::warn!("a worker pass did not finish in time; the next start carries on");
        }
        if worker_ended { Err(ServiceError::WorkerEnded) } else { Ok(()) }
    }
}
