//! Durable memory: few writes, few reads.

use crate::{
    AppId, Attempt, AttemptQuery, AuditQuery, Balance, BalanceQuery, ChangeSet, Document, DocumentKey,
    DocumentQuery, EntryQuery, EventQuery, Hub, IdempotencyRecord, IdempotencyScope, LimitExceeded,
    ListedWorker, NumberedAuditRecord, NumberedEntry, NumberedEvent, SettledQuery, TakeDue, Timestamp, Tip,
    TipLookup, TipQuery, TipTotals, Totals, UserAccount, UserId, Withdrawal, WithdrawalLookup,
    WithdrawalQuery, Worker, WorkerId,
};
use async_trait::async_trait;
use futures_util::stream::{self, BoxStream};
use std::fmt::Debug;
use std::ops::Deref;
use std::time::Duration;

/// The most rows that one query may ask for.
pub const MAX_ROWS: u32 = 1_000;

/// How far counts and sums of open tips look: beyond it they say "at least".
pub const COUNT_BOUND: u32 = 10_000;

/// Counts the writes to one record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(u64);

impl Version {
    /// The version of a record that was just created.
    pub const FIRST: Self = Self(1);

    /// The version after one more write.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }

    /// For storage.
    pub const fn as_u64(self) -> u64 {
        self.0
    }

    /// From storage.
    pub const fn from_u64(version: u64) -> Self {
        Self(version)
    }
}

/// A record as it was when it was read: you cannot update what you did not load.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored<T> {
    value: T,
    version: Version,
}

impl<T> Stored<T> {
    /// A record with its version. For store authors.
    pub const fn new(value: T, version: Version) -> Self {
        Self { value, version }
    }

    /// The version that was read.
    pub const fn version(&self) -> Version {
        self.version
    }

    /// The value alone.
    pub fn into_inner(self) -> T {
        self.value
    }
}

impl<T> Deref for Stored<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

/// A signed request that asks to be let in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Admission {
    /// What the nonce is remembered by.
    pub nonce: [u8; 32],
    /// What the request says when it was signed.
    pub signed_at: Timestamp,
    /// When the nonce may be forgotten.
    pub expires_at: Timestamp,
    /// What it counts towards; nothing where rate limits are off.
    pub rate: Option<RateCount>,
    /// The current time.
    pub now: Timestamp,
}

/// One request towards a rate limit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RateCount {
    /// The app.
    pub app: AppId,
    /// The method.
    pub method: &'static str,
    /// The limit.
    pub limit: RateLimit,
}

/// So many requests in a window of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimit {
    /// How many.
    pub requests: u32,
    /// In how long; windows begin at multiples of it.
    pub window: Duration,
}

/// A request was let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Admitted {
    /// What is left of its rate limit, where there is one.
    pub rate: Option<RateLeft>,
}

/// What is left of a rate limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLeft {
    /// How many more requests the window has room for.
    pub remaining: u32,
    /// When the window ends.
    pub reset_at: Timestamp,
}

/// Why a request was not let in.
#[derive(Debug, thiserror::Error)]
pub enum AdmitError {
    /// Its nonce was used before, or may have been: it was signed before the store's memory of
    /// nonces begins.
    #[error("the request was seen before")]
    Replayed,
    /// Its rate limit is used up. The nonce is used up too.
    #[error("too many requests")]
    RateLimited(RateLeft),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The store could not answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The backend failed; trying again later may work.
    #[error("the storage backend failed")]
    Backend(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A stored row describes no valid record.
    #[error("{table} holds an invalid row: {reason}")]
    Corrupt {
        /// Which table.
        table: &'static str,
        /// What is wrong.
        reason: String,
    },
}

impl StoreError {
    /// Wraps an error of a backend.
    pub fn backend(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Backend(error.into())
    }
}

/// What was there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Existing {
    /// A tip of this id or payment hash.
    Tip,
    /// A withdrawal of this id, or one that holds this payment hash.
    Withdrawal,
    /// An attempt of this id, or a live one of the same withdrawal.
    Attempt,
    /// A document of this key.
    Document,
    /// An audit record of this id.
    AuditRecord,
    /// The hub.
    Hub,
    /// An entry of this source and kind.
    Entry,
    /// A use of this idempotency key.
    IdempotencyKey,
    /// An event of this id.
    Event,
    /// A worker of this id.
    Worker,
}

/// Why a change set was not applied. Nothing of it was, except where the store itself failed: then
/// nobody knows.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// A record is not at its expected version: load again and decide again.
    #[error("another writer was first")]
    Conflict,
    /// Something that was to be inserted is there.
    #[error("{0:?} exists already")]
    AlreadyExists(Existing),
    /// The worker that it is committed for is not on the list of those that work: it was declared dead.
    #[error("the worker was declared dead")]
    DeclaredDead,
    /// A posting would take a balance out of its range.
    #[error("the balance is too low")]
    InsufficientFunds,
    /// A limit refuses.
    #[error(transparent)]
    LimitExceeded(#[from] LimitExceeded),
    /// An account would come to have too much.
    #[error("the account has no room")]
    NoRoom,
    /// The store failed; the change set may or may not be applied.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Durable memory.
///
/// What a store owes its callers, checked by the suite `store_conformance!` (feature `testing`):
/// 1. [`commit`](Self::commit) applies all ops or none, and what it applied is durable when it
///    returns.
/// 2. Each [`Op`](crate::Op) keeps the rule that its documentation states, also when many callers
///    commit at once.
/// 3. A read sees every commit that returned before it began.
/// 4. Dropping the future of a write may lose its answer, never half of its work.
/// 5. Entries and audit records are never changed or deleted; the database itself refuses to.
/// 6. Events are numbered per app from 1 without gaps, and a number that a reader has seen is never
///    followed by a smaller one.
#[cfg_attr(feature = "testing", mockall::automock)]
#[async_trait]
pub trait Store: Debug + Send + Sync + 'static {
    /// Applies every op of `changes`, or none; durable on return.
    async fn commit(&self, changes: ChangeSet) -> Result<(), CommitError>;

    /// Takes tips that are due: moves each by [`Due::after_take`](crate::Due::after_take) and
    /// returns it. Two callers at once take different ones.
    async fn take_due_tips(&self, take: TakeDue) -> Result<Vec<Stored<Tip>>, StoreError>;

    /// Takes withdrawals that are due, as [`take_due_tips`](Self::take_due_tips) does.
    async fn take_due_withdrawals(&self, take: TakeDue) -> Result<Vec<Stored<Withdrawal>>, StoreError>;

    /// Lets a signed request in, once, and counts it. Survives the end of the process; need not
    /// survive the end of the operating system, after which whatever was signed before counts as
    /// replayed.
    async fn admit(&self, admission: Admission) -> Result<Admitted, AdmitError>;

    /// One tip.
    async fn find_tip(&self, lookup: TipLookup) -> Result<Option<Stored<Tip>>, StoreError>;

    /// A list of tips.
    async fn tips(&self, query: TipQuery) -> Result<Vec<Stored<Tip>>, StoreError>;

    /// Settled tips of an app, in order.
    async fn settled_tips(&self, query: SettledQuery) -> Result<Vec<Stored<Tip>>, StoreError>;

    /// How many tips a user got.
    async fn tip_totals(&self, app: &AppId, user: &UserId) -> Result<TipTotals, StoreError>;

    /// One withdrawal.
    async fn find_withdrawal(
        &self,
        lookup: WithdrawalLookup,
    ) -> Result<Option<Stored<Withdrawal>>, StoreError>;

    /// A list of withdrawals.
    async fn withdrawals(&self, query: WithdrawalQuery) -> Result<Vec<Stored<Withdrawal>>, StoreError>;

    /// One attempt.
    async fn find_attempt(&self, query: AttemptQuery) -> Result<Option<Stored<Attempt>>, StoreError>;

    /// The balance of one account; zero if nothing was ever posted.
    async fn balance(&self, account: &UserAccount) -> Result<Balance, StoreError>;

    /// A list of balances.
    async fn balances(&self, query: BalanceQuery) -> Result<Vec<(UserAccount, Balance)>, StoreError>;

    /// A list of entries.
    async fn entries(&self, query: EntryQuery) -> Result<Vec<NumberedEntry>, StoreError>;

    /// Events of an app, in order.
    async fn events(&self, query: EventQuery) -> Result<Vec<NumberedEvent>, StoreError>;

    /// What an idempotency key led to, unless it is forgotten at `now`.
    async fn find_idempotency(
        &self,
        scope: &IdempotencyScope,
        now: Timestamp,
    ) -> Result<Option<IdempotencyRecord>, StoreError>;

    /// One document. What has expired may still be there.
    async fn find_document(&self, key: &DocumentKey) -> Result<Option<Stored<Document>>, StoreError>;

    /// A list of documents.
    async fn documents(&self, query: DocumentQuery) -> Result<Vec<Stored<Document>>, StoreError>;

    /// A list of audit records.
    async fn audit_records(&self, query: AuditQuery) -> Result<Vec<NumberedAuditRecord>, StoreError>;

    /// The hub, once it was made.
    async fn find_hub(&self) -> Result<Option<Hub>, StoreError>;

    /// One worker.
    async fn find_worker(&self, id: WorkerId) -> Result<Option<Stored<Worker>>, StoreError>;

    /// Workers by id, after `after`; at most `limit`. What each claims is counted with it.
    async fn workers(&self, after: Option<WorkerId>, limit: u32) -> Result<Vec<ListedWorker>, StoreError>;

    /// Open work and what all users have, counted and summed. Bounded, and waits for no writer.
    async fn totals(&self) -> Result<Totals, StoreError>;

    /// Apps of which a tip was settled or an event emitted, by whatever process. A rumour: it may repeat,
    /// lie, or be lost, and readers look by themselves too. A store that nobody else works on says nothing.
    fn news(&self) -> BoxStream<'static, AppId> {
        Box::pin(stream::pending())
    }
}

const _: fn(&dyn Store) = |_| ();
