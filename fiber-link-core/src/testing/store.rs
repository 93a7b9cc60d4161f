//! A store that fails when its script says so.

use super::give_way;
use crate::{
    Admission, AdmitError, Admitted, AppId, Attempt, AttemptQuery, AuditQuery, Balance, BalanceQuery,
    ChangeSet, CommitError, Document, DocumentKey, DocumentQuery, EntryQuery, EventQuery, Hub,
    IdempotencyRecord, IdempotencyScope, ListedWorker, NumberedAuditRecord, NumberedEntry, NumberedEvent,
    SettledQuery, Store, StoreError, Stored, TakeDue, Timestamp, Tip, TipLookup, TipQuery, TipTotals, Totals,
    UserAccount, UserId, Withdrawal, WithdrawalLookup, WithdrawalQuery, Worker, WorkerId,
};
use async_trait::async_trait;
use futures_util::stream::BoxStream;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

/// What happens to one call of the store.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fault {
    /// Nothing: the call goes through.
    #[default]
    None,
    /// It fails, and the store did nothing.
    Before,
    /// The store did it, and its answer is lost. For a read this is the same as `Before`.
    After,
}

/// Wraps a store and fails calls of it as scripted; each call gives way to other tasks once.
#[derive(Debug)]
pub struct FaultyStore {
    inner: Arc<dyn Store>,
    commits: Script,
    takes: Script,
    admissions: Script,
    reads: Script,
}

/// What happens to the next calls, in their order; calls after them go through.
#[derive(Debug, Default)]
struct Script(Mutex<VecDeque<Fault>>);

impl Script {
    fn extend(&self, faults: impl IntoIterator<Item = Fault>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend(faults);
    }

    fn next(&self) -> Fault {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pop_front().unwrap_or_default()
    }

    async fn run<T, E: From<StoreError>>(&self, call: impl Future<Output = Result<T, E>>) -> Result<T, E> {
        give_way().await;
        let failed = || Err(StoreError::backend("a scripted fault").into());
        match self.next() {
            Fault::None => call.await,
            Fault::Before => failed(),
            Fault::After => call.await.and_then(|_| failed()),
        }
    }
}

impl FaultyStore {
    /// Wraps a store; without a script every call goes through.
    pub fn new(inner: Arc<dyn Store>) -> Self {
        let [commits, takes, admissions, reads] = Default::default();
        Self { inner, commits, takes, admissions, reads }
    }

    /// What happens to the next commits.
    pub fn script_commits(&self, faults: impl IntoIterator<Item = Fault>) {
        self.commits.extend(faults);
    }

    /// What happens when the next records are taken that are due.
    pub fn script_takes(&self, faults: impl IntoIterator<Item = Fault>) {
        self.takes.extend(faults);
    }

    /// What happens to the next admissions.
    pub fn script_admissions(&self, faults: impl IntoIterator<Item = Fault>) {
        self.admissions.extend(faults);
    }

    /// What happens to the next reads.
    pub fn script_reads(&self, faults: impl IntoIterator<Item = Fault>) {
        self.reads.extend(faults);
    }
}

#[async_trait]
impl Store for FaultyStore {
    async fn commit(&self, changes: ChangeSet) -> Result<(), CommitError> {
        self.commits.run(self.inner.commit(changes)).await
    }

    async fn take_due_tips(&self, take: TakeDue) -> Result<Vec<Stored<Tip>>, StoreError> {
        self.takes.run(self.inner.take_due_tips(take)).await
    }

    async fn take_due_withdrawals(&self, take: TakeDue) -> Result<Vec<Stored<Withdrawal>>, StoreError> {
        self.takes.run(self.inner.take_due_withdrawals(take)).await
    }

    async fn admit(&self, admission: Admission) -> Result<Admitted, AdmitError> {
        self.admissions.run(self.inner.admit(admission)).await
    }

    async fn find_tip(&self, lookup: TipLookup) -> Result<Option<Stored<Tip>>, StoreError> {
        self.reads.run(self.inner.find_tip(lookup)).await
    }

    async fn tips(&self, query: TipQuery) -> Result<Vec<Stored<Tip>>, StoreError> {
        self.reads.run(self.inner.tips(query)).await
    }

    async fn settled_tips(&self, query: SettledQuery) -> Result<Vec<Stored<Tip>>, StoreError> {
        self.reads.run(self.inner.settled_tips(query)).await
    }

    async fn tip_totals(&self, app: &AppId, user: &UserId) -> Result<TipTotals, StoreError> {
        self.reads.run(self.inner.tip_totals(app, user)).await
    }

    async fn find_withdrawal(
        &self,
        lookup: WithdrawalLookup,
    ) -> Result<Option<Stored<Withdrawal>>, StoreError> {
        self.reads.run(self.inner.find_withdrawal(lookup)).await
    }

    async fn withdrawals(&self, query: WithdrawalQuery) -> Result<Vec<Stored<Withdrawal>>, StoreError> {
        self.reads.run(self.inner.withdrawals(query)).await
    }

    async fn find_attempt(&self, query: AttemptQuery) -> Result<Option<Stored<Attempt>>, StoreError> {
        self.reads.run(self.inner.find_attempt(query)).await
    }

    async fn balance(&self, account: &UserAccount) -> Result<Balance, StoreError> {
        self.reads.run(self.inner.balance(account)).await
    }

    async fn balances(&self, query: BalanceQuery) -> Result<Vec<(UserAccount, Balance)>, StoreError> {
        self.reads.run(self.inner.balances(query)).await
    }

    async fn entries(&self, query: EntryQuery) -> Result<Vec<NumberedEntry>, StoreError> {
        self.reads.run(self.inner.entries(query)).await
    }

    async fn events(&self, query: EventQuery) -> Result<Vec<NumberedEvent>, StoreError> {
        self.reads.run(self.inner.events(query)).await
    }

    async fn find_idempotency(
        &self,
        scope: &IdempotencyScope,
        now: Timestamp,
    ) -> Result<Option<IdempotencyRecord>, StoreError> {
        self.reads.run(self.inner.find_idempotency(scope, now)).await
    }

    async fn find_document(&self, key: &DocumentKey) -> Result<Option<Stored<Document>>, StoreError> {
        self.reads.run(self.inner.find_document(key)).await
    }

    async fn documents(&self, query: DocumentQuery) -> Result<Vec<Stored<Document>>, StoreError> {
        self.reads.run(self.inner.documents(query)).await
    }

    async fn audit_records(&self, query: AuditQuery) -> Result<Vec<NumberedAuditRecord>, StoreError> {
        self.reads.run(self.inner.audit_records(query)).await
    }

    async fn find_hub(&self) -> Result<Option<Hub>, StoreError> {
        self.reads.run(self.inner.find_hub()).await
    }

    async fn find_worker(&self, id: WorkerId) -> Result<Option<Stored<Worker>>, StoreError> {
        self.reads.run(self.inner.find_worker(id)).await
    }

    async fn workers(&self, after: Option<WorkerId>, limit: u32) -> Result<Vec<ListedWorker>, StoreError> {
        self.reads.run(self.inner.workers(after, limit)).await
    }

    async fn totals(&self) -> Result<Totals, StoreError> {
        self.reads.run(self.inner.totals()).await
    }

    fn news(&self) -> BoxStream<'static, AppId> {
        self.inner.news()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::sample;
    use crate::{MemoryStore, Op};

    async fn emit(store: &FaultyStore, n: u64) -> bool {
        store.commit(sample::change_set([Op::Emit(sample::event(n))])).await.is_ok()
    }

    #[pollster::test]
    async fn faults_come_in_their_order_before_or_after_the_inner_commit() {
        let store = FaultyStore::new(Arc::new(MemoryStore::new()));
        store.script_commits([Fault::None, Fault::Before, Fault::After]);
        let answered = [emit(&store, 1).await, emit(&store, 2).await, emit(&store, 3).await];
        assert_eq!(answered, [true, false, false]);
        assert!(emit(&store, 4).await, "after the script calls go through");
        let query = EventQuery { app: sample::forum(), after: 0, limit: 10 };
        let events = store.events(query).await.unwrap();
        let emitted: Vec<_> = events.into_iter().map(|event| event.event).collect();
        assert_eq!(emitted, [1, 3, 4].map(sample::event));
    }

    #[pollster::test]
    async fn each_kind_of_call_has_its_own_script() {
        let store = FaultyStore::new(Arc::new(MemoryStore::new()));
        store.script_reads([Fault::Before]);
        assert!(emit(&store, 1).await);
        assert!(store.find_hub().await.is_err());
        assert!(store.find_hub().await.is_ok());
    }
}
