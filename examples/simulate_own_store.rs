//! Histories of bad luck on a store of one's own:
//! `cargo run -p fiber-link-examples --example simulate_own_store`.
//!
//! With `-- careless` after it the store is wrong, and the simulator tells what comes of that.

use async_trait::async_trait;
use fiber_link_core::simulator::{Options, Report, Simulation, Violation};
use fiber_link_core::*;
use std::process::ExitCode;
use std::sync::Arc;

const HISTORIES: u64 = 20;

fn main() -> ExitCode {
    let careless = std::env::args().any(|argument| argument == "careless");
    match histories(|| Arc::new(OwnStore { careless, ..OwnStore::default() })) {
        Ok(report) => {
            let (faults, checks) = (report.faults.values().sum::<u64>(), report.checks.values().sum::<u64>());
            println!("{HISTORIES} histories, {} steps, {faults} faults, {checks} checks", report.steps);
            println!("{} tips credited, {} withdrawals paid out", report.credits, report.payouts);
            ExitCode::SUCCESS
        }
        Err(violation) => {
            println!("{violation}");
            ExitCode::FAILURE
        }
    }
}

/// Each history begins on a store that is fresh and empty.
fn histories(fresh_store: impl Fn() -> Arc<dyn Store>) -> Result<Report, Box<Violation>> {
    let mut sum = Report::default();
    for seed in 0..HISTORIES {
        sum.add(&Simulation::new(Options::varied(seed)).shrink(&fresh_store)?);
    }
    Ok(sum)
}

/// A store of your own. This one leaves its work to the store in memory.
#[derive(Debug, Default)]
struct OwnStore {
    inner: MemoryStore,
    /// Takes a commit for done although another writer was first.
    careless: bool,
}

#[async_trait]
impl StoreLayer for OwnStore {
    fn inner(&self) -> &dyn Store {
        &self.inner
    }

    async fn commit(&self, changes: ChangeSet) -> Result<(), CommitError> {
        match self.inner.commit(changes).await {
            Err(CommitError::Conflict) if self.careless => Ok(()),
            answer => answer,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_simulator_tells_a_careful_store_from_a_careless_one() {
        let store =
            |careless| move || Arc::new(OwnStore { careless, ..OwnStore::default() }) as Arc<dyn Store>;
        assert!(histories(store(false)).is_ok_and(|report| report.credits > 0 && report.payouts > 0));
        assert!(histories(store(true)).is_err());
    }
}
