//! Take tips over the Fiber Network, credit them once, pay them out.

#![cfg_attr(test, allow(clippy::arithmetic_side_effects, reason = "a test that overflows fails"))]

mod amount;
mod app;
mod asset;
mod attempt;
mod attention;
mod audit;
mod change;
mod due;
mod event;
mod id;
mod idempotency;
mod ledger;
mod limit;
mod memory;
mod node;
mod payout;
mod policy;
mod posting;
mod secret;
mod service;
mod settlement;
mod signal;
pub mod signing;
#[cfg(feature = "simulated")]
pub mod simulated;
mod store;
#[cfg(feature = "testing")]
pub mod testing;
mod time;
mod tip;
mod withdrawal;

pub use amount::{Amount, AmountOutOfRange};
pub use app::{App, Hub};
pub use asset::{Asset, AssetKind, Assets, AssetsError, ParseAmountError, ScriptHashType, TypeScript};
pub use attempt::{
    Attempt, AttemptRecord, AttemptState, Claim, FinalFailure, NEVER_SENT_AFTER, NodeMemory, Verdict,
};
pub use audit::{AuditReport, Finding, audit};
pub use change::{ChangeSet, Op};
pub use due::{Due, Gap, TakeDue};
pub use event::{Event, EventKind, NumberedEvent};
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
pub use memory::MemoryStore;
pub use node::{
    DecodedInvoice, FiberNode, Invoice, InvoiceHint, InvoiceRequest, InvoiceState, InvoiceStatus, Liquidity,
    Network, NodeError, NodeInfo, PaymentRequest, PaymentState, PaymentStatus,
};
pub use payout::PayoutReport;
pub use policy::{FeeRule, Policies, PolicyRefusal, WithdrawalPolicy};
pub use secret::{NoRandomness, Secret};
pub use service::{
    Builder, CreateAppError, CreateTipError, DestinationRefusal, Exclusivity, FiberLink, MESSAGE_CHARACTERS,
    OpenError, Quote, QuoteError, QuoteProblem, Readiness, RequestedDestination, Settings, Summary,
    TipRequest, WithdrawError, WithdrawalRequest, create_app,
};
pub use settlement::{HASHES_PER_QUESTION, SettlementReport};
pub use store::{
    Admission, AdmitError, Admitted, AttemptQuery, BalanceQuery, COUNT_BOUND, CommitError, EntryQuery,
    EventQuery, Existing, MAX_ROWS, NumberedEntry, RateCount, RateLeft, RateLimit, SettledPosition,
    SettledQuery, Store, StoreError, Stored, TipLookup, TipPhase, TipQuery, TipTotals, Version,
    WithdrawalLookup, WithdrawalQuery,
};
pub use time::{Clock, SystemClock, Timestamp};
pub use tip::{ABANDON_AFTER, ForeignInvoice, GRACE, Tip, TipState, TipTerms};
pub use withdrawal::{
    Acceptance, Destination, FailureReason, FeeBearer, LIQUIDITY_CHECK, PaymentRequestDestination,
    RetryPolicy, STOP_BEFORE_EXPIRY, Withdrawal, WithdrawalState, WithdrawalTerms, WrongState,
};

/// What a transition did.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "a changed value must be written, an unchanged one must not"]
pub enum Step<T> {
    /// The record moved to this new value.
    Changed(T),
    /// It was there already: nothing to write, and no error.
    Unchanged,
}
