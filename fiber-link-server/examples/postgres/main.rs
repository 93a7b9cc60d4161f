//! How fast one server is on Postgres: `tip.create` beside what `pgbench` makes of the same inserts,
//! and a backlog of paid tips.
//!
//! ```text
//! cargo run --release -p fiber-link-server --example postgres
//! ```
//! It brings its own Postgres, with the settings of that and every commit synced, and a node in the same
//! process. The two sides take turns in short rounds, each on tables of its own that were empty, and
//! the middle one of the ratios counts.

#[path = "../load/clients.rs"]
mod clients;
mod hub;
mod pgbench;

use clap::Parser;
use clients::{Method, Until, clients};
use fiber_link_postgres_cluster::Cluster;
use hub::{Asking, Failure, Hub, Way};
use std::rc::Rc;
use std::time::Duration;
use tokio::runtime::Runtime;
use tokio::task::LocalSet;
use tokio::time::Instant;

/// Measures one server on Postgres.
#[derive(Clone, Debug, Parser)]
struct Options {
    /// What is measured.
    #[arg(value_delimiter = ',', default_value = "tips,backlog")]
    what: Vec<What>,
    /// How many clients make tips at a time.
    #[arg(long, default_value_t = 32)]
    clients: usize,
    /// How many rounds each side has.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// How long a round is.
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// How many paid tips the backlog has.
    #[arg(long, default_value_t = 20_000)]
    backlog: usize,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum What {
    /// `tip.create` beside pgbench.
    Tips,
    /// Paid tips that nobody has asked about yet.
    Backlog,
}

fn main() -> Result<(), Failure> {
    let options = Options::parse();
    let cluster = Cluster::start_synced();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    for what in &options.what {
        match what {
            What::Tips => tips(&runtime, &cluster, &options)?,
            What::Backlog => backlog(&runtime, &cluster, &options)?,
        }
    }
    Ok(())
}

fn tips(runtime: &Runtime, cluster: &Cluster, options: &Options) -> Result<(), Failure> {
    let length = Duration::from_secs(options.seconds);
    let (mut in_process, mut stub, mut plain) = (Vec::new(), Vec::new(), Vec::new());
    for round in 1..=options.rounds {
        let server = |way| {
            let hub = runtime.block_on(Hub::start(&cluster.url(), way, Asking::Worker))?;
            let end = Instant::now().checked_add(length).ok_or("a round that never ends")?;
            let (made, took) = make_tips(&hub, options.clients, Until::At(end))?;
            runtime.block_on(hub.stop());
            Ok::<_, Failure>(rate(made, took))
        };
        plain.push(pgbench::rate(runtime, &cluster.url(), options.clients, options.seconds)?);
        in_process.push(server(Way::InProcess)?);
        stub.push(server(Way::Stub)?);
        let last = |rates: &[f64]| rates.last().copied().unwrap_or_default();
        println!(
            "round {round}: pgbench {:.0}/s, tip.create {:.0}/s, through the stub {:.0}/s",
            last(&plain),
            last(&in_process),
            last(&stub)
        );
    }
    let ratios = |rates: &[f64]| rates.iter().zip(&plain).map(|(rate, plain)| rate / plain).collect();
    println!("pgbench\t{:.0}/s", median(plain.clone()));
    println!("tip.create\t{:.0}/s\tratio {:.2}", median(in_process.clone()), median(ratios(&in_process)));
    println!(
        "tip.create through the stub\t{:.0}/s\tratio {:.2}",
        median(stub.clone()),
        median(ratios(&stub))
    );
    Ok(())
}

fn backlog(runtime: &Runtime, cluster: &Cluster, options: &Options) -> Result<(), Failure> {
    for (name, way) in [("in this process", Way::InProcess), ("through the stub", Way::Stub)] {
        let hub = runtime.block_on(Hub::start(&cluster.url(), way, Asking::Nobody))?;
        let each = options.backlog.div_ceil(options.clients);
        let (made, _) = make_tips(&hub, options.clients, Until::Requests(each))?;
        let (settled, took) = runtime.block_on(hub.settle_all(made))?;
        runtime.block_on(hub.stop());
        println!("backlog of {settled}, the node {name}\t{:.0}/s", rate(settled, took));
    }
    Ok(())
}

/// Makes tips by requests over HTTP, from one thread; how many, and how long it took.
fn make_tips(hub: &Hub, count: usize, until: Until) -> Result<(usize, Duration), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let target = Rc::new(hub.target());
    let began = Instant::now();
    let outcome = LocalSet::new().block_on(&runtime, clients(&target, count, 1, Method::TipCreate, until));
    let took = began.elapsed();
    match outcome.first_error {
        None => Ok((outcome.micros.len(), took)),
        Some(error) => Err(format!("{} tips were not made, the first: {error}", outcome.errors).into()),
    }
}

fn rate(count: usize, took: Duration) -> f64 {
    count as f64 / took.as_secs_f64()
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}
