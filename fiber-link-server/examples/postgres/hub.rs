//! A server on tables of its own, with a worker and a node.

use super::clients::Target;
use fiber_link_core::fnn::{FnnNode, FnnOptions};
use fiber_link_core::simulated::{SimulatedNode, SimulatedNodeOptions};
use fiber_link_core::{AppId, FiberLink, FiberNode, Network, Secret, Store, Tip, TipQuery};
use fiber_link_server::stub::{self, Stub, StubOptions};
use fiber_link_server::worker::{self, Worker};
use fiber_link_server::{Api, connections, router};
use fiber_link_store_postgres::{PoolSettings, PostgresStore, Schema};
use std::error::Error;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::Instant;

pub(crate) type Failure = Box<dyn Error + Send + Sync>;

/// The most tips of one settlement pass, as in the server's worker.
const TIPS_PER_PASS: u32 = 500;

/// How long after it was made a tip is asked about for the first time.
const FIRST_QUESTION: Duration = Duration::from_secs(2);

const PAGE: u32 = 1_000;

/// Who asks about tips.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Asking {
    /// The loops of the server, all the time.
    Worker,
    /// Whoever calls [`Hub::settle_all`].
    Nobody,
}

/// How the node is spoken to.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Way {
    InProcess,
    Stub,
}

#[derive(Debug)]
pub(crate) struct Hub {
    store: Arc<dyn Store>,
    engine: Arc<SimulatedNode>,
    link: FiberLink,
    app: AppId,
    secret: Secret,
    address: SocketAddr,
    worker: Option<Worker>,
    server: JoinHandle<()>,
    stop: oneshot::Sender<()>,
    _stub: Option<Stub>,
    _folder: TempDir,
}

impl Hub {
    pub(crate) async fn start(url: &str, way: Way, asking: Asking) -> Result<Self, Failure> {
        let folder = tempfile::tempdir()?;
        let path = Some(folder.path().join("node.jsonl"));
        let engine =
            Arc::new(SimulatedNode::open(SimulatedNodeOptions { path, ..SimulatedNodeOptions::default() })?);
        let (node, stub): (Arc<dyn FiberNode>, _) = match way {
            Way::InProcess => (engine.clone(), None),
            Way::Stub => {
                let stub = stub::start(engine.clone(), StubOptions::default()).await?;
                let options = FnnOptions::new(stub.url().parse()?, Network::Dev);
                (Arc::new(FnnNode::new(options)?), Some(stub))
            }
        };
        let (schema, pool) = (fresh_schema()?, PoolSettings::default());
        schema.migrate(&pool.pool(url)?).await?;
        let store: Arc<dyn Store> = Arc::new(PostgresStore::connect(url, schema, &pool).await?);
        let link = FiberLink::builder(store.clone(), node.clone()).open().await?;
        let (app, secret) = (AppId::new("bench")?, Secret::random()?);
        link.create_app(app.clone(), secret.clone()).await?;

        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let worker = match asking {
            Asking::Worker => Some(worker::spawn(link.clone(), node)),
            Asking::Nobody => None,
        };
        let routes = router(Api::new(link.clone()).rate_limit(None));
        let (stop, stopped) = oneshot::channel();
        let server = tokio::spawn(connections::serve(listener, routes, async {
            // Also if nobody says so any more.
            let _ = stopped.await;
        }));
        Ok(Self {
            store,
            engine,
            link,
            app,
            secret,
            address,
            worker,
            server,
            stop,
            _stub: stub,
            _folder: folder,
        })
    }

    /// What requests are sent to.
    pub(crate) fn target(&self) -> Target {
        Target::new(self.address, self.app.as_str().to_owned(), self.secret.clone())
    }

    pub(crate) async fn stop(mut self) {
        if let Some(worker) = self.worker.take() {
            worker.stop().await;
        }
        drop(self.stop);
        // It ends when its connections have.
        let _ = self.server.await;
    }

    /// Pays all tips, then settles them; how many, and how long the passes took.
    pub(crate) async fn settle_all(&self, expected: usize) -> Result<(usize, Duration), Failure> {
        let mut after = None;
        loop {
            let tips = self.store.tips(TipQuery::All { after, limit: PAGE }).await?;
            let Some(last) = tips.last() else { break };
            after = Some(last.id());
            for invoice in tips.iter().filter_map(|tip| Tip::invoice(tip)) {
                self.engine.pay(&invoice.encoded, false)?;
            }
        }
        tokio::time::sleep(FIRST_QUESTION).await;
        let began = Instant::now();
        let mut settled = 0_usize;
        while settled < expected {
            let report = self.link.settle_due(TIPS_PER_PASS).await?;
            if report.settled == 0 || report.failed > 0 {
                return Err(format!("{settled} of {expected} tips, then {report:?}").into());
            }
            settled = settled.saturating_add(report.settled);
        }
        Ok((settled, began.elapsed()))
    }
}

/// A schema that nobody has used.
pub(crate) fn fresh_schema() -> Result<Schema, Failure> {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    Ok(format!("bench_{}", COUNT.fetch_add(1, Ordering::Relaxed)).parse()?)
}
