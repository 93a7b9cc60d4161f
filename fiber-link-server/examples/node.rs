//! What the way to the node costs: tips a second in this process and through the stub node, and how
//! long after its payment a tip is credited, with the node's hints and without.
//!
//! ```text
//! cargo run --release -p fiber-link-server --example node
//! ```
//! Everything is in one process: the store, the worker, the node and its clients.

use clap::Parser;
use fiber_link_core::fnn::{FnnNode, FnnOptions, Hints};
use fiber_link_core::simulated::{SimulatedNode, SimulatedNodeOptions};
use fiber_link_core::{
    Amount, AppId, AssetId, Clock, FiberLink, FiberNode, Network, Secret, Store, SystemClock, Tip, TipLookup,
    TipRequest,
};
use fiber_link_server::stub::{self, Stub, StubOptions};
use fiber_link_server::worker::{self, Worker};
use fiber_link_store_sqlite::SqliteStore;
use futures_util::future::try_join_all;
use std::error::Error;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tokio::time::Instant;

type Failure = Box<dyn Error + Send + Sync>;

/// How long after it was made each of the sampled tips is paid, in turn.
const PAID_AFTER: [Duration; 4] = [
    Duration::from_millis(100),
    Duration::from_millis(900),
    Duration::from_millis(2_700),
    Duration::from_millis(6_300),
];

/// How often the store is looked at for the credit.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// The longest wait for a credit.
const PATIENCE: Duration = Duration::from_secs(30);

/// Measures what the way to the node costs.
#[derive(Clone, Copy, Debug, Parser)]
struct Options {
    /// How many callers make tips at a time.
    #[arg(long, default_value_t = 32)]
    clients: usize,
    /// How long tips are made, each way.
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// How many tips are open while credits are waited for.
    #[arg(long, default_value_t = 10_000)]
    open_tips: usize,
    /// How many credits are waited for, each way.
    #[arg(long, default_value_t = 40)]
    samples: usize,
}

/// How the node is spoken to.
#[derive(Clone, Debug)]
enum Way {
    InProcess,
    Stub(Hints),
}

/// A hub of its own, with a worker.
struct Hub {
    store: Arc<dyn Store>,
    engine: Arc<SimulatedNode>,
    link: FiberLink,
    app: AppId,
    _worker: Worker,
    _stub: Option<Stub>,
    _folder: TempDir,
}

impl Hub {
    async fn start(way: Way) -> Result<Self, Failure> {
        let folder = tempfile::tempdir_in(".")?;
        let path = Some(folder.path().join("node.jsonl"));
        let engine =
            Arc::new(SimulatedNode::open(SimulatedNodeOptions { path, ..SimulatedNodeOptions::default() })?);
        let (node, stub): (Arc<dyn FiberNode>, _) = match way {
            Way::InProcess => (engine.clone(), None),
            Way::Stub(hints) => {
                let stub = stub::start(engine.clone(), StubOptions::default()).await?;
                let options = FnnOptions { hints, ..FnnOptions::new(stub.url().parse()?, Network::Dev) };
                (Arc::new(FnnNode::new(options)?), Some(stub))
            }
        };
        let store = SqliteStore::open(folder.path().join("store.sqlite"), SystemClock.now())?;
        let store: Arc<dyn Store> = Arc::new(store);
        let link = FiberLink::builder(store.clone(), node.clone()).open().await?;
        let app = AppId::new("bench")?;
        link.create_app(app.clone(), Secret::random()?).await?;
        let worker = worker::spawn(link.clone(), node);
        Ok(Self { store, engine, link, app, _worker: worker, _stub: stub, _folder: folder })
    }

    async fn tip(&self, creator: usize) -> Result<Tip, Failure> {
        let request = TipRequest {
            post: "42".parse()?,
            from_user: "reader".parse()?,
            to_user: format!("creator-{creator}").parse()?,
            asset: AssetId::ckb(),
            amount: Amount::new(150_000_000),
            message: None,
            anonymous: false,
            idempotency_key: None,
        };
        Ok(self.link.create_tip(&self.app, request).await?)
    }

    /// Makes tips until `enough` says so, from many callers; how many there are then.
    async fn make_tips(&self, clients: usize, enough: impl Fn(usize) -> bool) -> Result<usize, Failure> {
        let enough = &enough;
        let made = try_join_all((0..clients).map(|client| async move {
            let mut made = 0_usize;
            while !enough(made) {
                self.tip(client).await?;
                made = made.saturating_add(1);
            }
            Ok::<_, Failure>(made)
        }))
        .await?;
        Ok(made.into_iter().sum())
    }

    /// How long after its payment a fresh tip is credited. Nobody looks at it through the hub, which
    /// would have it asked about at once.
    async fn credit_time(&self, paid_after: Duration) -> Result<Duration, Failure> {
        let tip = self.tip(0).await?;
        tokio::time::sleep(paid_after).await;
        let invoice = tip.invoice().ok_or("a tip without an invoice")?;
        self.engine.pay(&invoice.encoded, false)?;
        let paid = Instant::now();
        while paid.elapsed() < PATIENCE {
            let stored = self.store.find_tip(TipLookup::Id(tip.id())).await?;
            if stored.is_some_and(|tip| tip.settled_at().is_some()) {
                return Ok(paid.elapsed());
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
        Err("a paid tip was not credited".into())
    }
}

async fn rate(way: Way, options: Options) -> Result<f64, Failure> {
    let hub = Hub::start(way).await?;
    let began = Instant::now();
    let made =
        hub.make_tips(options.clients, |_| began.elapsed() >= Duration::from_secs(options.seconds)).await?;
    Ok(f64::from(u32::try_from(made)?) / began.elapsed().as_secs_f64())
}

async fn credit_times(way: Way, options: Options) -> Result<Vec<Duration>, Failure> {
    let hub = Hub::start(way).await?;
    let each = options.open_tips.div_ceil(options.clients);
    hub.make_tips(options.clients, |made| made >= each).await?;
    let waits = PAID_AFTER.into_iter().cycle().take(options.samples);
    let mut times = try_join_all(waits.map(|paid_after| hub.credit_time(paid_after))).await?;
    times.sort();
    Ok(times)
}

fn main() -> Result<(), Failure> {
    let options = Options::parse();
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(async {
        let in_process = rate(Way::InProcess, options).await?;
        println!("tips in this process\t{in_process:.0}/s");
        let through = rate(Way::Stub(Hints::Auto), options).await?;
        println!("tips through the stub\t{through:.0}/s\tratio {:.2}", through / in_process);
        for (name, hints) in [("with hints", Hints::Auto), ("without hints", Hints::Off)] {
            let times = credit_times(Way::Stub(hints), options).await?;
            let at =
                |share: usize| times.get(times.len().saturating_sub(1).saturating_mul(share).div_ceil(100));
            let (median, most) = (at(50).copied().unwrap_or_default(), at(100).copied().unwrap_or_default());
            println!("credit {name}, {} open tips\tp50 {median:.2?}\tmax {most:.2?}", options.open_tips);
        }
        Ok(())
    })
}
