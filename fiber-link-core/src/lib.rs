//! Take tips over the Fiber Network, credit them once, pay them out.
//!
//! [`FiberLink`] is the front door. It stands on a [`Store`] and a [`FiberNode`], both of which may
//! be your own, and needs no particular async runtime:
//!
//! - Commands: [`create_tip`](FiberLink::create_tip), [`request_withdrawal`](FiberLink::request_withdrawal).
//!   A repeat with the same idempotency key acts once.
//! - Queries: [`find_tip`](FiberLink::find_tip), [`summary`](FiberLink::summary),
//!   [`settled_tips`](FiberLink::settled_tips), [`quote_withdrawal`](FiberLink::quote_withdrawal).
//! - Passes, to be called again and again by a loop of yours: [`settle_due`](FiberLink::settle_due)
//!   asks the node about open tips and credits what was paid; [`pay_due`](FiberLink::pay_due) sends
//!   what is promised and asks what became of it. Each does a bounded piece of work.
//! - [`beat`](FiberLink::beat), to be called every few seconds where several processes share a store:
//!   what one of them leaves unfinished is taken over once it [left](FiberLink::leave) or was
//!   [declared dead](Administration::declare_dead).
//! - [`wait_for_news`](FiberLink::wait_for_news), for readers that want to hear of
//!   settled tips and [`events`](FiberLink::events) at once; [`pass_on_news`](FiberLink::pass_on_news), to
//!   be called beside the passes, tells them what other processes did.
//! - [`audit`] recomputes the ledger and compares it with every record.
//!
//! ```
//! # fn main() -> Result<(), Box<dyn std::error::Error>> { pollster::block_on(async {
//! use fiber_link_core::testing::FakeNode;
//! use fiber_link_core::{AppId, AssetId, Asset, FiberLink, MemoryStore, SystemClock, TipRequest};
//! use std::sync::Arc;
//!
//! let node = Arc::new(FakeNode::new(SystemClock));
//! let link = FiberLink::builder(Arc::new(MemoryStore::new()), node.clone()).open().await?;
//! let forum: AppId = "forum".parse()?;
//! let tip = link
//!     .create_tip(&forum, TipRequest {
//!         post: "42".parse()?,
//!         from_user: "ann".parse()?,
//!         to_user: "ben".parse()?,
//!         asset: AssetId::ckb(),
//!         amount: Asset::ckb().parse("1.5")?,
//!         message: None,
//!         anonymous: false,
//!         idempotency_key: None,
//!     })
//!     .await?;
//!
//! node.pay_invoice(tip.payment_hash());
//! link.hint(tip.payment_hash()); // or wait for its turn
//! assert_eq!(link.settle_due(100).await?.settled, 1);
//! # Ok(()) }) }
//! ```
//!
//! # What holds
//! A payment is credited once, however often and however late we hear of it. Nothing is paid out
//! twice. What we do not know about a payment is never guessed: its funds stay reserved until the
//! node's answer proves what happened. Every future may be dropped at any await.
//!
//! # Features
//! - `fnn`: the real node, over its JSON-RPC.
//! - `simulated`: a node without a network, with real invoices and a file that survives a crash.
//! - `simulator`: days of bad luck in seconds, and an oracle that watches every step.
//! - `testing`: fakes, mocks, and the suites that every store and every node passes,
//!   `store_conformance!` and `node_conformance!`.

#![cfg_attr(test, allow(clippy::arithmetic_side_effects, reason = "a test that overflows fails"))]

#[cfg(feature = "administrators")]
mod access;
mod administration;
#[cfg(feature = "administrators")]
mod administrator;
mod amount;
mod app;
mod asset;
mod attempt;
mod attention;
mod audit;
mod audit_record;
mod authority;
mod change;
mod document;
mod due;
mod event;
mod explanation;
#[cfg(feature = "fnn")]
pub mod fnn;
mod id;
mod idempotency;
mod ledger;
mod limit;
mod list;
mod memory;
mod news;
mod node;
mod payout;
mod policy;
mod posting;
mod query;
mod release;
mod review;
mod sealing;
mod secret;
mod service;
mod settlement;
mod signal;
pub mod signing;
#[cfg(feature = "simulated")]
pub mod simulated;
#[cfg(feature = "simulator")]
pub mod simulator;
mod standing;
mod store;
mod store_layer;
mod stored_row;
mod switch;
#[cfg(feature = "testing")]
pub mod testing;
mod time;
mod tip;
mod totals;
mod withdrawal;
mod worker;

#[cfg(feature = "administrators")]
pub use access::{Access, LogInError, LogInTry, PasswordProved, WrongPassword};
pub use administration::{
    AcceptNodeError, Administration, Backfill, BackfillError, ChangeError, CreateAppError, DeclareDeadError,
    Found, MOST_PAUSED_USERS, ReadError, ReleaseError, Resealed, ReviewError, Reviewed, apps, find_app,
};
#[cfg(feature = "administrators")]
pub use administration::{AdministratorError, MOST_ADMINISTRATORS};
#[cfg(feature = "administrators")]
pub use administrator::{
    Administrator, Credential, CredentialKind, Email, LOG_IN_WINDOW, LONGEST_TOKEN, MOST_GRANTS,
    MOST_LOG_INS, MOST_SESSIONS, MOST_TOKENS, NoCredential, NoEmail, PASSWORD_BYTES, PASSWORD_CHARACTERS,
    Password, PasswordError, PasswordHash, SESSION_LASTS, SESSION_RESTS, Session, Token, TooManyLogIns,
};
pub use amount::{Amount, AmountOutOfRange};
pub use app::{APP_NAME_BYTES, App, AppSecret, AppState, Hub, LIVE_SECRETS, SecretChangeError};
pub use asset::{Asset, AssetKind, Assets, AssetsError, ParseAmountError, ScriptHashType, TypeScript};
pub use attempt::{
    Attempt, AttemptRecord, AttemptState, Claim, FinalFailure, NEVER_SENT_AFTER, NodeMemory, Verdict,
};
pub use audit::{AuditReport, Finding, audit};
pub use audit_record::{
    AuditQuery, AuditRecord, NumberedAuditRecord, Operator, REASON_BYTES, Reason, ReasonError,
};
pub use authority::{
    Action, AdministratorId, Authority, Denied, Grant, GrantError, NoAdministratorId, Right, Role,
    TokenAccess, TokenScope,
};
pub use change::{ChangeSet, Op};
pub use document::{DOCUMENT_BYTES, Document, DocumentKey, DocumentKind, DocumentQuery};
pub use due::{Due, Gap, TakeDue};
pub use event::{Event, EventKind, NumberedEvent};
pub use explanation::{Explanation, Happening};
pub use id::{
    AppId, AssetId, AttemptId, EventId, IdSource, IdempotencyKey, NameError, NodeKey, PaymentHash, PostId,
    Preimage, RandomIds, TipId, UserId, WithdrawalId, WorkerId,
};
pub use idempotency::{
    IDEMPOTENCY_MEMORY, IdempotencyRecord, IdempotencyScope, IdempotencySubject, IdempotentMethod,
    ParamsDigest,
};
pub use ledger::{
    AccountKind, Balance, BalanceOutOfRange, Entry, EntryKind, EntrySource, UnknownEntryKind, UserAccount,
};
pub use limit::{
    CountTowardsLimit, GiveBackToLimit, LimitCounter, LimitExceeded, LimitExcess, LimitKey, LimitScope,
    MalformedCounter,
};
pub use list::{AuditFilter, EntryFilter, Page, SCANNED_ROWS, Span, TipFilter, TipUser, WithdrawalFilter};
pub use memory::MemoryStore;
pub use news::{Heard, MOST_WAITING, MOST_WAITING_PER_APP, WaitingReader};
pub use node::{
    DecodedInvoice, FiberNode, Invoice, InvoiceHint, InvoiceRequest, InvoiceState, InvoiceStatus, Liquidity,
    Network, NodeError, NodeInfo, NodeSupport, PaymentRequest, PaymentState, PaymentStatus, PendingTlc,
    TlcDirection,
};
pub use payout::PayoutReport;
pub use policy::{
    FeeRule, InvalidPolicy, LONGEST_COOLDOWN, LONGEST_COOLING_TIME, Policies, Policy, PolicyPreview,
    PolicyRefusal, PolicyVersion, Previewed, ReviewPolicy, TipPolicy, WithdrawalPolicy,
};
pub use query::{
    AttemptQuery, BalanceQuery, EntriesOf, EntryQuery, EventQuery, NumberedEntry, SettledPosition,
    SettledQuery, TipLookup, TipPhase, TipQuery, TipTotals, TipsOf, WithdrawalLookup, WithdrawalQuery,
    WithdrawalsOf,
};
pub use release::{
    AGREEMENT_LASTS, LONGEST_TIME_LOCK, NotToBeReleased, RELEASED_BY, Release, releasable_from,
};
pub use review::{Review, ReviewReason, ReviewVerdict, VerdictError};
pub use sealing::{KeyError, KeyId, Keyring, MOST_KEYS, NoSealedSecret, Purpose, SealedSecret, UnsealError};
pub use secret::{NoRandomness, Secret};
pub use service::{
    AskedAmountError, Builder, CreateTipError, DestinationRefusal, EventPlace, EventSubject, EventsError,
    Exclusivity, FiberLink, LiveSecret, MESSAGE_CHARACTERS, OpenError, Payouts, Quote, QuoteError,
    QuoteProblem, Readiness, RequestedDestination, Settings, Summary, TipRequest, ToldEvent, WithdrawError,
    WithdrawalRequest,
};
pub use settlement::{CONCURRENT_COMMITS, HASHES_PER_QUESTION, SettlementReport};
pub use standing::{NodeStanding, StandingError, Stop};
pub use store::{
    Admission, AdmitError, Admitted, COUNT_BOUND, CommitError, Existing, MAX_ROWS, RateCount, RateLeft,
    RateLimit, Store, StoreError, Stored, Version,
};
pub use store_layer::StoreLayer;
pub use stored_row::{RowKey, StoredRow, Table};
pub use switch::{Activity, Paused, PausedScope, Switches};
pub use time::{Clock, SystemClock, Timestamp};
pub use tip::{ABANDON_AFTER, ForeignInvoice, GRACE, Tip, TipState, TipTerms};
pub use totals::{BalanceSums, OpenWork, SUMMED_ACCOUNTS, Totals};
pub use withdrawal::{
    Acceptance, Destination, FailureReason, FeeBearer, LIQUIDITY_CHECK, PaymentRequestDestination,
    RetryPolicy, STOP_BEFORE_EXPIRY, Withdrawal, WithdrawalState, WithdrawalTerms, WrongState,
};
pub use worker::{BEAT, ListedWorker, SILENT_AFTER, Worker, WorkerState};

/// What a transition did.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "a changed value must be written, an unchanged one must not"]
pub enum Step<T> {
    /// The record moved to this new value.
    Changed(T),
    /// It was there already: nothing to write, and no error.
    Unchanged,
}

/// The example of the README runs.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
