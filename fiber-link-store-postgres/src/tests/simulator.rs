//! Histories of bad luck on Postgres: one call after the other. Races are the suite's business.

use super::fresh_store;
use fiber_link_core::testing::simulation::simulate_in;
use std::sync::Arc;

#[test]
fn histories_on_postgres_lose_and_double_nothing() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let _entered = runtime.enter();
    let report = simulate_in(1, 3, || Arc::new(runtime.block_on(fresh_store())));
    println!("{report:#?}");
    assert!(report.steps > 0);
}
