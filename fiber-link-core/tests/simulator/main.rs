//! Histories on the store in memory: they end well, and the oracle would notice if they did not.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm,
    reason = "a test that meets the unexpected stops there"
)]

mod broken_ports;
mod wrong_nodes;
mod wrong_stores;

use fiber_link_core::simulator::{Invariant, Options, Simulation};
use fiber_link_core::testing::simulation::simulate;
use fiber_link_core::{MemoryStore, Store};
use std::sync::Arc;

fn fresh_store() -> Arc<dyn Store> {
    Arc::new(MemoryStore::new())
}

#[test]
fn histories_lose_and_double_nothing() {
    let report = simulate(2_000, fresh_store);
    println!("{report:#?}");
    // Few histories have no time for everything.
    if report.steps > 200_000 {
        assert!(!report.overpaid.is_empty());
        let unchecked = |invariant: &Invariant| !report.checks.contains_key(invariant);
        let unchecked: Vec<_> = Invariant::ALL.into_iter().filter(unchecked).collect();
        assert_eq!(unchecked, [Invariant::Store], "what was never checked");
    }
}

#[test]
fn the_same_seed_makes_the_same_history() {
    for seed in 0..5 {
        let tell = || Simulation::new(Options::varied(seed)).tell(fresh_store());
        let ((first, one), (second, other)) = (tell(), tell());
        assert_eq!(first.unwrap(), second.unwrap());
        assert!(one.len() > 100);
        assert_eq!(one, other);
    }
}
