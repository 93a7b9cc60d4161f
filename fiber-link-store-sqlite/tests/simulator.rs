//! Histories of bad luck on SQLite.
#![allow(clippy::unwrap_used, reason = "a test that meets the unexpected stops there")]

use fiber_link_core::testing::simulation::simulate;
use fiber_link_store_sqlite::SqliteStore;
use std::sync::Arc;

#[test]
fn histories_on_sqlite_lose_and_double_nothing() {
    let report = simulate(200, || Arc::new(SqliteStore::in_memory().unwrap()));
    println!("{report:#?}");
    assert!(report.credits > 0 && report.payouts > 0);
}
