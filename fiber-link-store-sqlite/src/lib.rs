//! [`Store`] in one SQLite file.
//!
//! One thread writes, and puts whatever waits into one transaction; others read beside it. Nonces
//! live in a second file, `<name>-nonces`. Several processes may work on the same files.
//!
//! ```no_run
//! use fiber_link_core::{Clock, SystemClock};
//! use fiber_link_store_sqlite::SqliteStore;
//!
//! let store = SqliteStore::open("fiber-link.db", SystemClock.now())?;
//! # Ok::<(), fiber_link_store_sqlite::OpenError>(())
//! ```

mod admission;
mod apply;
mod document;
mod due;
mod error;
mod export;
mod lists;
mod query;
mod queue;
mod readers;
mod record;
mod room;
mod row;
mod schema;
mod statement;
#[cfg(test)]
mod tests;
mod totals;
mod worker;
mod writer;

pub use error::OpenError;
pub use export::Export;

use admission::Boot;
use async_trait::async_trait;
use fiber_link_core::{
    Admission, AdmitError, Admitted, AppId, Attempt, AttemptQuery, AuditQuery, Balance, BalanceQuery,
    ChangeSet, CommitError, Document, DocumentKey, DocumentQuery, EntryQuery, EventQuery, Hub,
    IdempotencyRecord, IdempotencyScope, ListedWorker, NumberedAuditRecord, NumberedEntry, NumberedEvent, Op,
    SettledQuery, Store, StoreError, Stored, TakeDue, Timestamp, Tip, TipLookup, TipQuery, TipTotals, Totals,
    UserAccount, UserId, Withdrawal, WithdrawalLookup, WithdrawalQuery, Worker, WorkerId,
};
use readers::Readers;
use rusqlite::Connection;
use schema::{DATABASE, NONCES, Pragmas, beside};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use writer::{WriteAheadLog, Writer};

/// How many threads read.
const READERS: usize = 2;

/// A store in an SQLite file. Clones share it.
///
/// Dropping the last clone waits until everything that was asked of the store is done.
#[derive(Clone)]
pub struct SqliteStore(Arc<Threads>);

/// The readers end before the writer, so that the writer closes the file last and can clear its
/// write-ahead log away.
struct Threads {
    path: Option<PathBuf>,
    readers: Option<Readers>,
    writer: Writer,
    admissions: Writer,
    refuse_before: Timestamp,
}

/// How large a write-ahead log may become: four times what a checkpoint is made at.
const WAL_BYTES: u64 = 64 * 1024 * 1024;

/// What differs in tests.
#[derive(Clone, Debug)]
struct Settings {
    busy_timeout: Duration,
    wal_bytes: u64,
    boot: Boot,
}

impl Settings {
    fn current() -> Self {
        Self { busy_timeout: Duration::from_secs(5), wal_bytes: WAL_BYTES, boot: Boot::current() }
    }

    fn pragmas(&self, synchronous: &'static str, cache_kib: u32) -> Pragmas {
        Pragmas { synchronous, cache_kib, busy_timeout: self.busy_timeout }
    }
}

impl SqliteStore {
    /// Opens the database at `path`, and creates or upgrades it; its folder has to exist. New files
    /// may be read by their owner alone. Blocks: call it at start-up.
    ///
    /// `now` matters after the operating system was started anew: requests that were signed before
    /// it count as replayed.
    ///
    /// # Errors
    /// [`OpenError`] if the file was written by a newer version, belongs to something else, or
    /// cannot be used.
    pub fn open(path: impl AsRef<Path>, now: Timestamp) -> Result<Self, OpenError> {
        Self::open_with(path.as_ref(), now, &Settings::current())
    }

    /// Checks that the files at `path` have the form that this program writes, and changes nothing.
    /// Blocks, like [`open`](Self::open), which would bring them up to date.
    ///
    /// # Errors
    /// [`OpenError`] if they are older, newer, something else, or cannot be used.
    pub fn check(path: impl AsRef<Path>) -> Result<(), OpenError> {
        let path = path.as_ref();
        DATABASE.check(path)?;
        let nonces = beside(path, "-nonces");
        if nonces.exists() { NONCES.check(&nonces) } else { Ok(()) }
    }

    /// A fresh store that ends with its last clone.
    ///
    /// # Errors
    /// [`OpenError`] if there is no memory or no thread for it.
    pub fn in_memory() -> Result<Self, OpenError> {
        let settings = Settings::current();
        let database = DATABASE.in_memory(settings.pragmas("FULL", 8192))?;
        let nonces = NONCES.in_memory(settings.pragmas("NORMAL", 2048))?;
        let timeout = settings.busy_timeout;
        let start = || -> std::io::Result<Threads> {
            Ok(Threads {
                path: None,
                readers: None,
                writer: Writer::start("fiber-link-writer", database, None, timeout)?,
                admissions: Writer::start("fiber-link-nonces", nonces, None, timeout)?,
                refuse_before: Timestamp::default(),
            })
        };
        let unusable = |source: std::io::Error| OpenError::Unusable {
            path: PathBuf::from(":memory:"),
            source: source.into(),
        };
        start().map(|threads| Self(Arc::new(threads))).map_err(unusable)
    }

    fn open_with(path: &Path, now: Timestamp, settings: &Settings) -> Result<Self, OpenError> {
        let (database, origin) = DATABASE.open(path, settings.pragmas("FULL", 8192))?;
        let readers = (0..READERS).map(|_| schema::open_reader(path, settings.pragmas("FULL", 1024)));
        let readers = readers.collect::<Result<Vec<_>, _>>()?;

        let nonce_path = beside(path, "-nonces");
        let (mut nonces, nonce_origin) = NONCES.open(&nonce_path, settings.pragmas("NORMAL", 2048))?;
        let refuse_before = admission::memory_begins(&mut nonces, nonce_origin, origin, &settings.boot, now)
            .map_err(|source| OpenError::Unusable { path: nonce_path.clone(), source: source.into() })?;

        let timeout = settings.busy_timeout;
        let wal = |path| Some(WriteAheadLog { path: beside(path, "-wal"), bytes: settings.wal_bytes });
        let start = || -> std::io::Result<Threads> {
            Ok(Threads {
                path: Some(path.to_owned()),
                readers: Some(Readers::start(readers)?),
                writer: Writer::start("fiber-link-writer", database, wal(path), timeout)?,
                admissions: Writer::start("fiber-link-nonces", nonces, wal(&nonce_path), timeout)?,
                refuse_before,
            })
        };
        let unusable =
            |source: std::io::Error| OpenError::Unusable { path: path.to_owned(), source: source.into() };
        start().map(|threads| Self(Arc::new(threads))).map_err(unusable)
    }

    async fn commit_ops(&self, ops: Vec<Op>) -> Result<(), CommitError> {
        self.0.writer.write(move |connection| apply::apply(connection, &ops)).await
    }

    async fn read<T: Send + 'static>(
        &self,
        question: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        match &self.0.readers {
            Some(readers) => readers.read(question).await,
            None => self.0.writer.read(question).await,
        }
    }
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteStore").field("path", &self.0.path).finish_non_exhaustive()
    }
}

/// # Cancellation
/// Dropping the future of a write loses its answer and nothing else: once it was polled, the
/// writer does all of it. A read that is dropped is not begun, or ends unheard.
#[async_trait]
impl Store for SqliteStore {
    async fn commit(&self, changes: ChangeSet) -> Result<(), CommitError> {
        self.commit_ops(changes.into_ops()).await
    }

    async fn take_due_tips(&self, take: TakeDue) -> Result<Vec<Stored<Tip>>, StoreError> {
        self.0.writer.write(move |connection| due::take_tips(connection, take)).await
    }

    async fn take_due_withdrawals(&self, take: TakeDue) -> Result<Vec<Stored<Withdrawal>>, StoreError> {
        self.0.writer.write(move |connection| due::take_withdrawals(connection, take)).await
    }

    async fn admit(&self, admission: Admission) -> Result<Admitted, AdmitError> {
        if admission.signed_at < self.0.refuse_before {
            return Err(AdmitError::Replayed);
        }
        let decided = self.0.admissions.write(move |connection| admission::admit(connection, &admission));
        decided.await?.into()
    }

    async fn find_tip(&self, lookup: TipLookup) -> Result<Option<Stored<Tip>>, StoreError> {
        self.read(move |connection| query::find_tip(connection, &lookup)).await
    }

    async fn tips(&self, query: TipQuery) -> Result<Vec<Stored<Tip>>, StoreError> {
        self.read(move |connection| query::tips(connection, &query)).await
    }

    async fn settled_tips(&self, query: SettledQuery) -> Result<Vec<Stored<Tip>>, StoreError> {
        self.read(move |connection| query::settled_tips(connection, &query)).await
    }

    async fn tip_totals(&self, app: &AppId, user: &UserId) -> Result<TipTotals, StoreError> {
        let (app, user) = (app.clone(), user.clone());
        self.read(move |connection| query::tip_totals(connection, &app, &user)).await
    }

    async fn find_withdrawal(
        &self,
        lookup: WithdrawalLookup,
    ) -> Result<Option<Stored<Withdrawal>>, StoreError> {
        self.read(move |connection| query::find_withdrawal(connection, &lookup)).await
    }

    async fn withdrawals(&self, query: WithdrawalQuery) -> Result<Vec<Stored<Withdrawal>>, StoreError> {
        self.read(move |connection| query::withdrawals(connection, &query)).await
    }

    async fn find_attempt(&self, query: AttemptQuery) -> Result<Option<Stored<Attempt>>, StoreError> {
        self.read(move |connection| query::find_attempt(connection, query)).await
    }

    async fn balance(&self, account: &UserAccount) -> Result<Balance, StoreError> {
        let account = account.clone();
        self.read(move |connection| query::balance(connection, &account)).await
    }

    async fn balances(&self, query: BalanceQuery) -> Result<Vec<(UserAccount, Balance)>, StoreError> {
        self.read(move |connection| query::balances(connection, &query)).await
    }

    async fn entries(&self, query: EntryQuery) -> Result<Vec<NumberedEntry>, StoreError> {
        self.read(move |connection| query::entries(connection, &query)).await
    }

    async fn events(&self, query: EventQuery) -> Result<Vec<NumberedEvent>, StoreError> {
        self.read(move |connection| query::events(connection, &query)).await
    }

    async fn find_idempotency(
        &self,
        scope: &IdempotencyScope,
        now: Timestamp,
    ) -> Result<Option<IdempotencyRecord>, StoreError> {
        let scope = scope.clone();
        self.read(move |connection| query::find_idempotency(connection, scope, now)).await
    }

    async fn find_document(&self, key: &DocumentKey) -> Result<Option<Stored<Document>>, StoreError> {
        let key = key.clone();
        self.read(move |connection| document::find_document(connection, &key)).await
    }

    async fn documents(&self, query: DocumentQuery) -> Result<Vec<Stored<Document>>, StoreError> {
        self.read(move |connection| document::documents(connection, &query)).await
    }

    async fn audit_records(&self, query: AuditQuery) -> Result<Vec<NumberedAuditRecord>, StoreError> {
        self.read(move |connection| document::audit_records(connection, &query)).await
    }

    async fn find_hub(&self) -> Result<Option<Hub>, StoreError> {
        self.read(query::find_hub).await
    }

    async fn find_worker(&self, id: WorkerId) -> Result<Option<Stored<Worker>>, StoreError> {
        self.read(move |connection| worker::find_worker(connection, id)).await
    }

    async fn workers(&self, after: Option<WorkerId>, limit: u32) -> Result<Vec<ListedWorker>, StoreError> {
        self.read(move |connection| worker::workers(connection, after, limit)).await
    }

    async fn totals(&self) -> Result<Totals, StoreError> {
        self.read(totals::totals).await
    }
}
