//! [`Store`] in a schema of a Postgres database, which many servers share.
//!
//! A unit of work is one statement, and so one round trip and one transaction, or a part of one that
//! others wait for as well: nothing is ever left open, whoever goes away. The schema is brought up to
//! date by [`Schema::migrate`] alone; opening a store checks it and changes nothing. Postgres 14 or
//! newer.
//!
//! ```no_run
//! use fiber_link_store_postgres::{PoolSettings, PostgresStore, Schema};
//!
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let (url, schema) = ("postgres://app@db.example/shop", Schema::default());
//! schema.migrate(&PoolSettings::default().pool(url)?).await?;
//! let store = PostgresStore::connect(url, schema, &PoolSettings::default()).await?;
//! # Ok(())
//! # }
//! ```
//! A host that has a pool already hands it in: [`PostgresStore::with_pool`]. Its connections have to
//! work in `read committed`, as they do unless somebody changed that.

mod admission;
mod commit;
mod database;
mod document;
mod due;
mod error;
mod feed;
mod fields;
mod import;
mod lanes;
mod lists;
mod news;
mod pool;
mod query;
mod record;
mod row;
mod schema;
mod statement;
#[cfg(test)]
mod tests;
mod time;
mod totals;
mod worker;

pub use error::{ImportError, OpenError, SchemaError};
pub use import::Import;
pub use pool::PoolSettings;
pub use schema::{Schema, SchemaNameError};

use async_trait::async_trait;
use database::Database;
use error::Overloaded;
use fiber_link_core::{
    Admission, AdmitError, Admitted, AppId, Attempt, AttemptQuery, AuditQuery, Balance, BalanceQuery,
    ChangeSet, CommitError, Document, DocumentKey, DocumentQuery, EntryQuery, EventQuery, Hub,
    IdempotencyRecord, IdempotencyScope, ListedWorker, NumberedAuditRecord, NumberedEntry, NumberedEvent,
    SettledQuery, Store, StoreError, Stored, TakeDue, Timestamp, Tip, TipLookup, TipQuery, TipTotals, Totals,
    UserAccount, UserId, Withdrawal, WithdrawalLookup, WithdrawalQuery, Worker, WorkerId,
};
use futures_util::stream::BoxStream;
use lanes::Lanes;
use sqlx::PgPool;
use std::fmt;
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tracing::Instrument;

/// A store in a Postgres database. Clones share it.
///
/// It works on the tokio runtime that its callers run on.
#[derive(Clone)]
pub struct PostgresStore(Arc<Inner>);

struct Inner {
    database: Database,
    schema: Schema,
    statements: Statements,
    writes: Arc<Semaphore>,
    lanes: WriteLanes,
    untold: news::Untold,
}

/// How many writes may be under way or wait for a connection. Who goes away leaves his behind, so the
/// number of callers is no bound.
const WRITES: usize = 4_096;

/// How many transactions for units of tips, and for admissions, are under way at once: two, so that one
/// is prepared while the other is synced. More would make them smaller.
const LANES: usize = 2;

/// Those that emit an event have one of their own: it finds the sequencer free, if no other server is
/// that, and a popular creator's balance.
const LANES_OF_SETTLEMENT: usize = 1;

/// How many units share a transaction at most, so that the first need not wait for long.
const TOGETHER: usize = 64;

/// Where writes of many callers wait for each other, to be done together.
#[derive(Debug)]
pub(crate) struct WriteLanes {
    pub(crate) tips: Lanes<commit::Unit>,
    pub(crate) settlements: Lanes<commit::Unit>,
    pub(crate) admissions: Lanes<admission::Request>,
}

/// Every statement, for one schema.
#[derive(Debug)]
pub(crate) struct Statements {
    pub(crate) commit: commit::Statements,
    pub(crate) due: due::Statements,
    pub(crate) admission: admission::Statements,
    pub(crate) query: query::Statements,
    pub(crate) lists: lists::Statements,
    pub(crate) document: document::Statements,
    pub(crate) feed: feed::Statements,
    pub(crate) totals: totals::Statements,
    pub(crate) worker: worker::Statements,
    pub(crate) news: news::Statements,
}

impl PostgresStore {
    /// Opens the store in `schema` of the database at `url`, on a pool of its own.
    ///
    /// # Errors
    /// [`OpenError`] if the address is none, the database is not there, or the schema is older or
    /// newer than this program: the message says what to run.
    pub async fn connect(url: &str, schema: Schema, settings: &PoolSettings) -> Result<Self, OpenError> {
        Ok(Self::with_pool(settings.pool(url)?, schema).await?)
    }

    /// Opens the store in `schema` on a pool that the host has.
    ///
    /// # Errors
    /// [`SchemaError`] as with [`connect`](Self::connect).
    pub async fn with_pool(pool: PgPool, schema: Schema) -> Result<Self, SchemaError> {
        schema.check(&pool).await?;
        let database = Database::open(pool).await.map_err(|error| schema.unusable(error))?;
        Ok(Self::unchecked(database, schema))
    }

    /// The store in a schema of which the caller knows the form.
    pub(crate) fn unchecked(database: Database, schema: Schema) -> Self {
        let statements = Statements {
            commit: commit::Statements::of(&schema),
            due: due::Statements::of(&schema),
            admission: admission::Statements::of(&schema),
            query: query::Statements::of(&schema),
            lists: lists::Statements::of(&schema),
            document: document::Statements::of(&schema),
            feed: feed::Statements::of(&schema),
            totals: totals::Statements::of(&schema),
            worker: worker::Statements::of(&schema),
            news: news::Statements::of(&schema),
        };
        let writes = Arc::new(Semaphore::new(WRITES));
        let lanes = WriteLanes {
            tips: Lanes::new(LANES, TOGETHER),
            settlements: Lanes::new(LANES_OF_SETTLEMENT, TOGETHER),
            admissions: Lanes::new(LANES, TOGETHER),
        };
        Self(Arc::new(Inner { database, schema, statements, writes, lanes, untold: Default::default() }))
    }

    /// The pool that the store works on.
    pub fn pool(&self) -> &PgPool {
        self.0.database.pool()
    }

    /// The schema that the store stands in.
    pub fn schema(&self) -> &Schema {
        &self.0.schema
    }

    pub(crate) fn database(&self) -> &Database {
        &self.0.database
    }

    pub(crate) fn statements(&self) -> &Statements {
        &self.0.statements
    }

    pub(crate) fn untold(&self) -> &news::Untold {
        &self.0.untold
    }

    pub(crate) fn lanes(&self) -> &WriteLanes {
        &self.0.lanes
    }

    /// A place among the writes that are under way or wait; refused at once where there are thousands.
    pub(crate) fn place(&self) -> Result<OwnedSemaphorePermit, StoreError> {
        let place = Arc::clone(&self.0.writes).try_acquire_owned();
        place.map_err(|_| StoreError::backend(Overloaded(WRITES)))
    }

    /// Runs a write to its end, whoever waits for it; refuses it at once where thousands wait.
    pub(crate) async fn in_task<T: Send + 'static>(
        &self,
        write: impl Future<Output = T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let place = self.place()?;
        let write = async move {
            let outcome = write.await;
            drop(place);
            outcome
        };
        tokio::spawn(write.in_current_span()).await.map_err(StoreError::backend)
    }
}

/// Says nothing of where the database is: there may be a password in that.
impl fmt::Debug for PostgresStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresStore").field("schema", &self.0.schema).finish_non_exhaustive()
    }
}

/// # Cancellation
/// Dropping the future of a write loses its answer and nothing else: once it was polled, a task does
/// all of it. A read that is dropped ends unheard.
#[async_trait]
impl Store for PostgresStore {
    async fn commit(&self, changes: ChangeSet) -> Result<(), CommitError> {
        self.commit_changes(changes).await
    }

    async fn take_due_tips(&self, take: TakeDue) -> Result<Vec<Stored<Tip>>, StoreError> {
        self.take_tips(take).await
    }

    async fn take_due_withdrawals(&self, take: TakeDue) -> Result<Vec<Stored<Withdrawal>>, StoreError> {
        self.take_withdrawals(take).await
    }

    async fn admit(&self, admission: Admission) -> Result<Admitted, AdmitError> {
        self.let_in(admission).await
    }

    async fn find_tip(&self, lookup: TipLookup) -> Result<Option<Stored<Tip>>, StoreError> {
        self.tip(&lookup).await
    }

    async fn tips(&self, query: TipQuery) -> Result<Vec<Stored<Tip>>, StoreError> {
        self.tip_list(&query).await
    }

    async fn settled_tips(&self, query: SettledQuery) -> Result<Vec<Stored<Tip>>, StoreError> {
        self.settled_list(&query).await
    }

    async fn tip_totals(&self, app: &AppId, user: &UserId) -> Result<TipTotals, StoreError> {
        self.totals(app, user).await
    }

    async fn find_withdrawal(
        &self,
        lookup: WithdrawalLookup,
    ) -> Result<Option<Stored<Withdrawal>>, StoreError> {
        self.withdrawal(&lookup).await
    }

    async fn withdrawals(&self, query: WithdrawalQuery) -> Result<Vec<Stored<Withdrawal>>, StoreError> {
        self.withdrawal_list(&query).await
    }

    async fn find_attempt(&self, query: AttemptQuery) -> Result<Option<Stored<Attempt>>, StoreError> {
        self.attempt(query).await
    }

    async fn balance(&self, account: &UserAccount) -> Result<Balance, StoreError> {
        self.balance_of(account).await
    }

    async fn balances(&self, query: BalanceQuery) -> Result<Vec<(UserAccount, Balance)>, StoreError> {
        self.balance_list(&query).await
    }

    async fn entries(&self, query: EntryQuery) -> Result<Vec<NumberedEntry>, StoreError> {
        self.entry_list(&query).await
    }

    async fn events(&self, query: EventQuery) -> Result<Vec<NumberedEvent>, StoreError> {
        self.event_list(&query).await
    }

    async fn find_idempotency(
        &self,
        scope: &IdempotencyScope,
        now: Timestamp,
    ) -> Result<Option<IdempotencyRecord>, StoreError> {
        self.idempotency(scope, now).await
    }

    async fn find_document(&self, key: &DocumentKey) -> Result<Option<Stored<Document>>, StoreError> {
        self.document(key).await
    }

    async fn documents(&self, query: DocumentQuery) -> Result<Vec<Stored<Document>>, StoreError> {
        self.document_list(&query).await
    }

    async fn audit_records(&self, query: AuditQuery) -> Result<Vec<NumberedAuditRecord>, StoreError> {
        self.audit_record_list(&query).await
    }

    async fn find_hub(&self) -> Result<Option<Hub>, StoreError> {
        self.hub().await
    }

    async fn find_worker(&self, id: WorkerId) -> Result<Option<Stored<Worker>>, StoreError> {
        self.worker(id).await
    }

    async fn workers(&self, after: Option<WorkerId>, limit: u32) -> Result<Vec<ListedWorker>, StoreError> {
        self.worker_list(after, limit).await
    }

    async fn totals(&self) -> Result<Totals, StoreError> {
        self.all_totals().await
    }

    /// Listens on a connection of its own beside the pool, for as long as the stream lives.
    fn news(&self) -> BoxStream<'static, AppId> {
        self.listen()
    }
}
