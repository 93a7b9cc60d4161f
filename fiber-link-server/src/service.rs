//! The whole service in one process: store, node, worker loops and HTTP.

use crate::data_folder::{DataFolder, DataFolderError, StoreLock};
use crate::metrics::{CountedNode, CountedStore, Metrics, MetricsListener};
use crate::node::Node;
use crate::settings::{NodeKind, Settings, SettingsError, StorePlace};
use crate::store::{self, OpenStoreError};
use crate::stub::StartStubError;
use crate::worker::End;
use crate::{Api, admin, connections, router, simulator_api, worker};
use axum::Router;
use fiber_link_core::fnn::{NodeUrlError, OpenFnnNodeError};
use fiber_link_core::simulated::{OpenSimulatedNodeError, SimulatedNode};
use fiber_link_core::{Exclusivity, FiberLink, FiberNode, OpenError, Store, StoreError, SystemClock};
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

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
    #[error(transparent)]
    Store(#[from] OpenStoreError),
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
    /// A database holds secrets that are not sealed.
    #[error(
        "the secrets in this database are not sealed: run `fiber-link secrets reseal`, with the same --key-file"
    )]
    Unsealed,
    /// The store failed.
    #[error(transparent)]
    StoreFailed(#[from] StoreError),
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
    /// Somebody said that this process is dead, so it has to be.
    #[error(
        "this server was declared dead: others may do its work, so it has ended; if it was alive, start it \
         anew: it works as a new server then"
    )]
    DeclaredDead,
}

/// Store, node and what is built on them, not yet serving.
#[derive(Debug)]
pub struct Service {
    settings: Settings,
    store: Arc<dyn Store>,
    link: FiberLink,
    node: Node,
    client: Client,
    metrics: Option<Metrics>,
    // Held as long as the service lives.
    _held: Held,
}

/// The node as this process speaks to it.
#[derive(Clone)]
struct Client(Arc<dyn FiberNode>);

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Client")
    }
}

/// What no other server uses at the same time.
#[derive(Debug)]
struct Held {
    _store: Option<StoreLock>,
    _folder: Option<DataFolder>,
}

impl Held {
    /// A store in a file, and the folder of a node in this process. A database and a real node are
    /// shared.
    fn take(settings: &Settings) -> Result<(Self, Exclusivity), ServiceError> {
        let (store, exclusivity) = match settings.needed_store()? {
            StorePlace::Sqlite(path) => (Some(path), Exclusivity::Sole),
            StorePlace::Postgres(_) => (None, Exclusivity::Shared),
        };
        let folder = match (settings.needed_node()?, &store) {
            (NodeKind::Simulated, _) | (NodeKind::Fnn(_), Some(_)) => {
                Some(DataFolder::take(settings.needed_data()?)?)
            }
            (NodeKind::Fnn(_), None) => None,
        };
        let store = store.map(|path| StoreLock::take(path)).transpose()?;
        Ok((Self { _store: store, _folder: folder }, exclusivity))
    }
}

/// Store and node whose calls are counted.
fn counted(store: Arc<dyn Store>, node: Arc<dyn FiberNode>, metrics: &Metrics) -> (Arc<dyn Store>, Client) {
    let node = CountedNode::new(node, metrics.clone());
    (Arc::new(CountedStore::new(store, metrics.clone())), Client(Arc::new(node)))
}

impl Service {
    /// Takes what it needs for itself alone, and opens store and node.
    ///
    /// # Errors
    /// [`ServiceError`] says what was in the way.
    pub async fn open(settings: Settings) -> Result<Self, ServiceError> {
        let (held, exclusivity) = Held::take(&settings)?;
        // The node first: one that refuses must not leave a store behind.
        let node = Node::open(&settings).await?;
        let keyring = settings.needed_keyring()?.clone();
        if keyring.current().is_none() {
            tracing::warn!("secrets in the store are not sealed: there is no --key-file");
        }
        let store = store::open(settings.needed_store()?).await?;
        if let StorePlace::Postgres(_) = settings.needed_store()?
            && store.find_hub().await?.is_some_and(|hub| hub.seed.key().is_none())
        {
            return Err(ServiceError::Unsealed);
        }
        let metrics = settings.metrics_listen.map(|_| Metrics::new(store.clone(), Arc::new(SystemClock)));
        let (store, client) = match &metrics {
            Some(metrics) => counted(store, node.client(), metrics),
            None => (store, Client(node.client())),
        };
        let link = FiberLink::builder(store.clone(), client.0.clone())
            .assets(settings.assets.clone())
            .policies(settings.policies.clone())
            .network(settings.network)
            .label(crate::host::label())
            .keyring(keyring)
            .settings(fiber_link_core::Settings {
                invoice_expiry: settings.invoice_expiry,
                retry: settings.retry,
                node_timeout: settings.node_timeout,
                claim: settings.claim,
                exclusivity,
                payouts: node.payouts(),
            })
            .open()
            .await?;
        Ok(Self { settings, store, link, node, client, metrics, _held: held })
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
    /// [`ServiceError`] if it cannot serve, it was declared dead, or a worker loop broke.
    pub async fn run(self, more: Router) -> Result<(), ServiceError> {
        let (address, listener) = listen(self.settings.listen).await?;
        let admin = match self.settings.admin_listen {
            Some(address) => {
                if !address.ip().is_loopback() {
                    tracing::warn!(%address, "administrators are served without encryption: put a proxy before it");
                }
                Some(listen(address).await?)
            }
            None => None,
        };
        let mut interrupts = signal(SignalKind::interrupt()).map_err(ServiceError::Signals)?;
        let mut terminations = signal(SignalKind::terminate()).map_err(ServiceError::Signals)?;

        let metrics = self.start_metrics().await?;

        let mut worker = worker::spawn(self.link.clone(), self.client.0.clone());
        if let Some(metrics) = &self.metrics {
            metrics.watch(worker.health());
        }
        let api = Api::new(self.link.clone())
            .rate_limit(self.settings.rate_limit)
            .secret_map(self.settings.secret_map.clone())
            .metrics(self.metrics.clone())
            .worker(worker.health().node_timeout(self.settings.node_timeout));
        let mut routes = router(api).merge(more);
        if let Some(node) = self.simulated_node() {
            if address.ip().is_loopback() {
                routes = routes.merge(simulator_api::router(node.clone(), self.settings.assets.clone()));
            } else {
                tracing::warn!(%address, "the simulator is served on loopback only, so not here");
            }
        }

        // In one piece: whoever reads the first line alone may close the pipe.
        let addresses = match &admin {
            Some((admin, _)) => format!("{address}\nfiber-link serves administrators on http://{admin}"),
            None => address.to_string(),
        };
        println!("fiber-link listens on http://{addresses}");
        let (stopping, stopped) = watch::channel(false);
        let serve_admin = async {
            if let Some((_, listener)) = admin {
                let mut stopped = stopped.clone();
                let stop = async move { drop(stopped.wait_for(|stopped| *stopped).await) };
                let routes = admin::router(self.link.clone(), self.settings.secret_map.clone());
                connections::serve_by_peer(listener, routes, stop).await;
            }
        };
        let mut ended = End::Told;
        let stop = async {
            tokio::select! {
                _ = interrupts.recv() => {}
                _ = terminations.recv() => {}
                end = worker.ended() => ended = end,
            }
            tracing::info!("stopping");
            stopping.send_replace(true);
            self.link.dismiss_readers();
        };
        tokio::join!(connections::serve(listener, routes, stop), serve_admin);
        if let Some(metrics) = metrics {
            metrics.stop().await;
        }
        if tokio::time::timeout(FAREWELL, worker.stop()).await.is_err() {
            tracing::warn!("a worker pass did not finish in time; the next start carries on");
        }
        match ended {
            End::Told => Ok(()),
            End::DeclaredDead => Err(ServiceError::DeclaredDead),
            End::Broken => Err(ServiceError::WorkerEnded),
        }
    }

    /// Tells metrics, if that is asked for.
    async fn start_metrics(&self) -> Result<Option<MetricsListener>, ServiceError> {
        let (Some(address), Some(metrics)) = (self.settings.metrics_listen, &self.metrics) else {
            return Ok(None);
        };
        let listening = |source| ServiceError::Listen { address, source };
        Ok(Some(MetricsListener::start(address, metrics.clone()).await.map_err(listening)?))
    }
}

/// Takes an address, and says which it is where any free port was asked for.
async fn listen(address: SocketAddr) -> Result<(SocketAddr, TcpListener), ServiceError> {
    let listening = |source| ServiceError::Listen { address, source };
    let listener = TcpListener::bind(address).await.map_err(listening)?;
    Ok((listener.local_addr().map_err(listening)?, listener))
}
