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
impl Store for OwnStore {
    async fn commit(&self, changes: ChangeSet) -> Result<(), CommitError> {
        match self.inner.commit(changes).await {
            Err(CommitError::Conflict) if self.careless => Ok(()),
            answer => answer,
        }
    }

    async fn take_due_tips(&self, take: TakeDue) -> Result<Vec<Stored<Tip>>, StoreError> {
        self.inner.take_due_tips(take).await
    }

    async fn take_due_withdrawals(&self, take: TakeDue) -> Result<Vec<Stored<Withdrawal>>, StoreError> {
        self.inner.take_due_withdrawals(take).await
    }

    async fn admit(&self, admission: Admission) -> Result<Admitted, AdmitError> {
        self.inner.admit(admission).await
    }

    async fn find_tip(&self, lookup: TipLookup) -> Result<Option<Stored<Tip>>, StoreError> {
        self.inner.find_tip(lookup).await
    }

    async fn tips(&self, query: TipQuery) -> Result<Vec<Stored<Tip>>, StoreError> {
        self.inner.tips(query).await
    }

    async fn settled_tips(&self, query: SettledQuery) -> Result<Vec<Stored<Tip>>, StoreError> {
        self.inner.settled_tips(query).await
    }

    async fn tip_totals(&self, app: &AppId, user: &UserId) -> Result<TipTotals, StoreError> {
        self.inner.tip_totals(app, user).await
    }

    async fn find_withdrawal(
        &self,
        lookup: WithdrawalLookup,
    ) -> Result<Option<Stored<Withdrawal>>, StoreError> {
        self.inner.find_withdrawal(lookup).await
    }

    async fn withdrawals(&self, query: WithdrawalQuery) -> Result<Vec<Stored<Withdrawal>>, StoreError> {
        self.inner.withdrawals(query).await
    }

    async fn find_attempt(&self, query: AttemptQuery) -> Result<Option<Stored<Attempt>>, StoreError> {
        self.inner.find_attempt(query).await
    }

    async fn balance(&self, account: &UserAccount) -> Result<Balance, StoreError> {
        self.inner.balance(account).await
    }

    async fn balances(&self, query: BalanceQuery) -> Result<Vec<(UserAccount, Balance)>, StoreError> {
        self.inner.balances(query).await
    }

    async fn entries(&self, query: EntryQuery) -> Result<Vec<NumberedEntry>, StoreError> {
        self.inner.entries(query).await
    }

    async fn events(&self, query: EventQuery) -> Result<Vec<NumberedEvent>, StoreError> {
        self.inner.events(query).await
    }

    async fn find_idempotency(
        &self,
        scope: &IdempotencyScope,
        now: Timestamp,
    ) -> Result<Option<IdempotencyRecord>, StoreError> {
        self.inner.find_idempotency(scope, now).await
    }

    async fn find_document(&self, key: &DocumentKey) -> Result<Option<Stored<Document>>, StoreError> {
        self.inner.find_document(key).await
    }

    async fn documents(&self, query: DocumentQuery) -> Result<Vec<Stored<Document>>, StoreError> {
        self.inner.documents(query).await
    }

    async fn audit_records(&self, query: AuditQuery) -> Result<Vec<NumberedAuditRecord>, StoreError> {
        self.inner.audit_records(query).await
    }

    async fn find_hub(&self) -> Result<Option<Hub>, StoreError> {
        self.inner.find_hub().await
    }

    async fn find_worker(&self, id: WorkerId) -> Result<Option<Stored<Worker>>, StoreError> {
        self.inner.find_worker(id).await
    }

    async fn workers(&self, after: Option<WorkerId>, limit: u32) -> Result<Vec<ListedWorker>, StoreError> {
        self.inner.workers(after, limit).await
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
