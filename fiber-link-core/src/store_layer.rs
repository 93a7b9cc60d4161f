//! A store over another one: it says only what it does differently.

use crate::{
    Admission, AdmitError, Admitted, AppId, Attempt, AttemptQuery, AuditQuery, Balance, BalanceQuery,
    ChangeSet, CommitError, Document, DocumentKey, DocumentQuery, EntryQuery, EventQuery, Hub,
    IdempotencyRecord, IdempotencyScope, ListedWorker, NumberedAuditRecord, NumberedEntry, NumberedEvent,
    SettledQuery, Store, StoreError, Stored, TakeDue, Timestamp, Tip, TipLookup, TipQuery, TipTotals, Totals,
    UserAccount, UserId, Withdrawal, WithdrawalLookup, WithdrawalQuery, Worker, WorkerId,
};
use async_trait::async_trait;
use futures_util::stream::BoxStream;
use std::fmt::Debug;

/// A [`Store`] over another one, to which every call goes that it does not take itself.
///
/// Call what is one through `dyn Store`: both traits have the same methods.
#[async_trait]
#[allow(missing_docs, reason = "the methods are those of Store")]
pub trait StoreLayer: Debug + Send + Sync + 'static {
    /// The store beneath.
    fn inner(&self) -> &dyn Store;

    async fn commit(&self, changes: ChangeSet) -> Result<(), CommitError> {
        self.inner().commit(changes).await
    }

    async fn take_due_tips(&self, take: TakeDue) -> Result<Vec<Stored<Tip>>, StoreError> {
        self.inner().take_due_tips(take).await
    }

    async fn take_due_withdrawals(&self, take: TakeDue) -> Result<Vec<Stored<Withdrawal>>, StoreError> {
        self.inner().take_due_withdrawals(take).await
    }

    async fn admit(&self, admission: Admission) -> Result<Admitted, AdmitError> {
        self.inner().admit(admission).await
    }

    async fn find_tip(&self, lookup: TipLookup) -> Result<Option<Stored<Tip>>, StoreError> {
        self.inner().find_tip(lookup).await
    }

    async fn tips(&self, query: TipQuery) -> Result<Vec<Stored<Tip>>, StoreError> {
        self.inner().tips(query).await
    }

    async fn settled_tips(&self, query: SettledQuery) -> Result<Vec<Stored<Tip>>, StoreError> {
        self.inner().settled_tips(query).await
    }

    async fn tip_totals(&self, app: &AppId, user: &UserId) -> Result<TipTotals, StoreError> {
        self.inner().tip_totals(app, user).await
    }

    async fn find_withdrawal(
        &self,
        lookup: WithdrawalLookup,
    ) -> Result<Option<Stored<Withdrawal>>, StoreError> {
        self.inner().find_withdrawal(lookup).await
    }

    async fn withdrawals(&self, query: WithdrawalQuery) -> Result<Vec<Stored<Withdrawal>>, StoreError> {
        self.inner().withdrawals(query).await
    }

    async fn find_attempt(&self, query: AttemptQuery) -> Result<Option<Stored<Attempt>>, StoreError> {
        self.inner().find_attempt(query).await
    }

    async fn balance(&self, account: &UserAccount) -> Result<Balance, StoreError> {
        self.inner().balance(account).await
    }

    async fn balances(&self, query: BalanceQuery) -> Result<Vec<(UserAccount, Balance)>, StoreError> {
        self.inner().balances(query).await
    }

    async fn entries(&self, query: EntryQuery) -> Result<Vec<NumberedEntry>, StoreError> {
        self.inner().entries(query).await
    }

    async fn events(&self, query: EventQuery) -> Result<Vec<NumberedEvent>, StoreError> {
        self.inner().events(query).await
    }

    async fn find_idempotency(
        &self,
        scope: &IdempotencyScope,
        now: Timestamp,
    ) -> Result<Option<IdempotencyRecord>, StoreError> {
        self.inner().find_idempotency(scope, now).await
    }

    async fn find_document(&self, key: &DocumentKey) -> Result<Option<Stored<Document>>, StoreError> {
        self.inner().find_document(key).await
    }

    async fn documents(&self, query: DocumentQuery) -> Result<Vec<Stored<Document>>, StoreError> {
        self.inner().documents(query).await
    }

    async fn audit_records(&self, query: AuditQuery) -> Result<Vec<NumberedAuditRecord>, StoreError> {
        self.inner().audit_records(query).await
    }

    async fn find_hub(&self) -> Result<Option<Hub>, StoreError> {
        self.inner().find_hub().await
    }

    async fn find_worker(&self, id: WorkerId) -> Result<Option<Stored<Worker>>, StoreError> {
        self.inner().find_worker(id).await
    }

    async fn workers(&self, after: Option<WorkerId>, limit: u32) -> Result<Vec<ListedWorker>, StoreError> {
        self.inner().workers(after, limit).await
    }

    async fn totals(&self) -> Result<Totals, StoreError> {
        self.inner().totals().await
    }

    fn news(&self) -> BoxStream<'static, AppId> {
        self.inner().news()
    }
}

#[async_trait]
impl<L: StoreLayer> Store for L {
    async fn commit(&self, changes: ChangeSet) -> Result<(), CommitError> {
        StoreLayer::commit(self, changes).await
    }

    async fn take_due_tips(&self, take: TakeDue) -> Result<Vec<Stored<Tip>>, StoreError> {
        StoreLayer::take_due_tips(self, take).await
    }

    async fn take_due_withdrawals(&self, take: TakeDue) -> Result<Vec<Stored<Withdrawal>>, StoreError> {
        StoreLayer::take_due_withdrawals(self, take).await
    }

    async fn admit(&self, admission: Admission) -> Result<Admitted, AdmitError> {
        StoreLayer::admit(self, admission).await
    }

    async fn find_tip(&self, lookup: TipLookup) -> Result<Option<Stored<Tip>>, StoreError> {
        StoreLayer::find_tip(self, lookup).await
    }

    async fn tips(&self, query: TipQuery) -> Result<Vec<Stored<Tip>>, StoreError> {
        StoreLayer::tips(self, query).await
    }

    async fn settled_tips(&self, query: SettledQuery) -> Result<Vec<Stored<Tip>>, StoreError> {
        StoreLayer::settled_tips(self, query).await
    }

    async fn tip_totals(&self, app: &AppId, user: &UserId) -> Result<TipTotals, StoreError> {
        StoreLayer::tip_totals(self, app, user).await
    }

    async fn find_withdrawal(
        &self,
        lookup: WithdrawalLookup,
    ) -> Result<Option<Stored<Withdrawal>>, StoreError> {
        StoreLayer::find_withdrawal(self, lookup).await
    }

    async fn withdrawals(&self, query: WithdrawalQuery) -> Result<Vec<Stored<Withdrawal>>, StoreError> {
        StoreLayer::withdrawals(self, query).await
    }

    async fn find_attempt(&self, query: AttemptQuery) -> Result<Option<Stored<Attempt>>, StoreError> {
        StoreLayer::find_attempt(self, query).await
    }

    async fn balance(&self, account: &UserAccount) -> Result<Balance, StoreError> {
        StoreLayer::balance(self, account).await
    }

    async fn balances(&self, query: BalanceQuery) -> Result<Vec<(UserAccount, Balance)>, StoreError> {
        StoreLayer::balances(self, query).await
    }

    async fn entries(&self, query: EntryQuery) -> Result<Vec<NumberedEntry>, StoreError> {
        StoreLayer::entries(self, query).await
    }

    async fn events(&self, query: EventQuery) -> Result<Vec<NumberedEvent>, StoreError> {
        StoreLayer::events(self, query).await
    }

    async fn find_idempotency(
        &self,
        scope: &IdempotencyScope,
        now: Timestamp,
    ) -> Result<Option<IdempotencyRecord>, StoreError> {
        StoreLayer::find_idempotency(self, scope, now).await
    }

    async fn find_document(&self, key: &DocumentKey) -> Result<Option<Stored<Document>>, StoreError> {
        StoreLayer::find_document(self, key).await
    }

    async fn documents(&self, query: DocumentQuery) -> Result<Vec<Stored<Document>>, StoreError> {
        StoreLayer::documents(self, query).await
    }

    async fn audit_records(&self, query: AuditQuery) -> Result<Vec<NumberedAuditRecord>, StoreError> {
        StoreLayer::audit_records(self, query).await
    }

    async fn find_hub(&self) -> Result<Option<Hub>, StoreError> {
        StoreLayer::find_hub(self).await
    }

    async fn find_worker(&self, id: WorkerId) -> Result<Option<Stored<Worker>>, StoreError> {
        StoreLayer::find_worker(self, id).await
    }

    async fn workers(&self, after: Option<WorkerId>, limit: u32) -> Result<Vec<ListedWorker>, StoreError> {
        StoreLayer::workers(self, after, limit).await
    }

    async fn totals(&self) -> Result<Totals, StoreError> {
        StoreLayer::totals(self).await
    }

    fn news(&self) -> BoxStream<'static, AppId> {
        StoreLayer::news(self)
    }
}
