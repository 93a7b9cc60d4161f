//! What a server tells Prometheus about itself: `GET /metrics`, at an address of its own.
//!
//! Labels are names of ours: of methods, outcomes, states, assets. No user, app, invoice or text of an
//! error is one, and no secret.

mod heard;
mod listener;
mod node;
mod scrape;
mod store;
mod totals;

pub(crate) use listener::MetricsListener;
pub(crate) use node::CountedNode;
pub(crate) use store::CountedStore;

use crate::worker::WorkerHealth;
use fiber_link_core::{Clock, LiveSecret, Store};
use heard::{Heard, How};
use prometheus_client::encoding::{EncodeLabelSet, prometheus_text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};
use scrape::{Passes, TotalsGauges};
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::time::Instant;
use totals::TotalsCache;

/// Seconds of requests, node calls and commits.
const LATENCIES: [f64; 14] =
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];

/// Seconds of settlement: it may wait for a node that is down.
const DELAYS: [f64; 14] =
    [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 3_600.0];

/// Everything that is counted in this process. Clones share it.
#[derive(Clone, Debug)]
pub(crate) struct Metrics(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    registry: Registry,
    requests: Family<RequestLabels, Counter>,
    request_durations: Durations<MethodLabel>,
    signatures: Family<SourceLabel, Counter>,
    node_calls: Family<CallLabels, Counter>,
    node_call_durations: Durations<CallLabel>,
    commits: Family<OutcomeLabel, Counter>,
    commit_durations: Histogram,
    settlement_delays: Family<HeardLabel, Histogram, fn() -> Histogram>,
    heard: Heard,
    worker: Arc<OnceLock<WorkerHealth>>,
    totals: Arc<TotalsCache>,
}

type Durations<L> = Family<L, Histogram, fn() -> Histogram>;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    method: &'static str,
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct MethodLabel {
    method: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct SourceLabel {
    source: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CallLabels {
    call: &'static str,
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CallLabel {
    call: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OutcomeLabel {
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct HeardLabel {
    heard: &'static str,
}

/// Where the secret comes from that a request is signed with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SecretSource {
    /// The store; the newest one.
    Newest,
    /// The store; one beside a newer one.
    Older,
    /// The environment.
    Environment,
}

impl SecretSource {
    pub(crate) const fn of(live: &LiveSecret) -> Self {
        match live {
            LiveSecret { number: None, .. } => Self::Environment,
            LiveSecret { is_late: true, .. } => Self::Older,
            LiveSecret { is_late: false, .. } => Self::Newest,
        }
    }

    const fn as_str(self) -> &'static str {
        match self {
            Self::Newest => "store_newest",
            Self::Older => "store_older",
            Self::Environment => "environment",
        }
    }
}

fn durations<L: Clone + std::hash::Hash + Eq>() -> Durations<L> {
    Family::new_with_constructor(|| Histogram::new(LATENCIES))
}

impl Metrics {
    /// Nothing is counted yet. Open work and balances are asked of `store`.
    pub(crate) fn new(store: Arc<dyn Store>, clock: Arc<dyn Clock>) -> Self {
        let totals = Arc::new(TotalsCache::new(store));
        let mut registry = Registry::with_prefix("fiber_link");
        let inner = Inner {
            requests: Family::default(),
            request_durations: durations(),
            signatures: Family::default(),
            node_calls: Family::default(),
            node_call_durations: durations(),
            commits: Family::default(),
            commit_durations: Histogram::new(LATENCIES),
            settlement_delays: Family::new_with_constructor(|| Histogram::new(DELAYS)),
            heard: Heard::default(),
            worker: Arc::default(),
            totals: totals.clone(),
            registry: Registry::default(),
        };
        let build = Info::new([("version", env!("CARGO_PKG_VERSION"))]);
        registry.register("build", "The program that tells this", build);
        inner.register(&mut registry);
        registry.register_collector(Box::new(Passes(inner.worker.clone())));
        registry.register_collector(Box::new(TotalsGauges { totals, clock }));
        Self(Arc::new(Inner { registry, ..inner }))
    }

    /// Tells of the passes of a worker too, once there is one.
    pub(crate) fn watch(&self, worker: WorkerHealth) {
        let _the_first_counts = self.0.worker.set(worker);
    }

    /// A request was answered.
    pub(crate) fn request(&self, method: &'static str, outcome: &'static str, took: Duration) {
        self.0.requests.get_or_create(&RequestLabels { method, outcome }).inc();
        self.0.request_durations.get_or_create(&MethodLabel { method }).observe(took.as_secs_f64());
    }

    /// A signature was right.
    pub(crate) fn signature(&self, source: SecretSource) {
        self.0.signatures.get_or_create(&SourceLabel { source: source.as_str() }).inc();
    }

    fn node_call(&self, call: &'static str, outcome: &'static str, took: Duration) {
        self.0.node_calls.get_or_create(&CallLabels { call, outcome }).inc();
        self.0.node_call_durations.get_or_create(&CallLabel { call }).observe(took.as_secs_f64());
    }

    fn commit(&self, outcome: &'static str, took: Duration) {
        self.0.commits.get_or_create(&OutcomeLabel { outcome }).inc();
        self.0.commit_durations.observe(took.as_secs_f64());
    }

    fn credited(&self, after: Duration, how: How) {
        let label = HeardLabel { heard: how.as_str() };
        self.0.settlement_delays.get_or_create(&label).observe(after.as_secs_f64());
    }

    fn heard(&self) -> &Heard {
        &self.0.heard
    }

    /// Everything as text, after the totals were asked for if they are old.
    async fn text(&self) -> Result<String, std::fmt::Error> {
        self.0.totals.refresh().await;
        let mut text = String::new();
        prometheus_text::encode(&mut text, &self.0.registry)?;
        Ok(text)
    }
}

impl Inner {
    fn register(&self, registry: &mut Registry) {
        registry.register(
            "requests",
            "Requests that were answered, by method and outcome",
            self.requests.clone(),
        );
        registry.register_with_unit(
            "request_duration",
            "Time from the head of a request until its answer; tip.settled_feed and event.list wait as long as they are asked to",
            Unit::Seconds,
            self.request_durations.clone(),
        );
        registry.register(
            "signatures",
            "Requests with a right signature, by where their secret comes from",
            self.signatures.clone(),
        );
        registry.register("node_calls", "Calls of the node, by call and outcome", self.node_calls.clone());
        registry.register_with_unit(
            "node_call_duration",
            "Time that calls of the node took",
            Unit::Seconds,
            self.node_call_durations.clone(),
        );
        registry.register(
            "commits",
            "Commits, by outcome; of those that are unknown nobody knows whether they were applied",
            self.commits.clone(),
        );
        registry.register_with_unit(
            "commit_duration",
            "Time that commits took",
            Unit::Seconds,
            self.commit_durations.clone(),
        );
        registry.register_with_unit(
            "settlement_delay",
            "Time from when this server heard that a tip is paid, by a hint of the node or by its answer, until \
             this server credited it; the node does not tell when it was paid",
            Unit::Seconds,
            self.settlement_delays.clone(),
        );
    }
}

/// Counts what is begun, also if whoever asked for it goes away before it ends.
struct Counting<F: FnMut(&'static str, Duration)> {
    began: Instant,
    outcome: &'static str,
    count: F,
}

impl<F: FnMut(&'static str, Duration)> Counting<F> {
    fn begin(count: F) -> Self {
        Self { began: Instant::now(), outcome: "dropped", count }
    }

    fn end(mut self, outcome: &'static str) {
        self.outcome = outcome;
    }
}

impl<F: FnMut(&'static str, Duration)> Drop for Counting<F> {
    fn drop(&mut self) {
        (self.count)(self.outcome, self.began.elapsed());
    }
}

#[cfg(test)]
mod tests;
