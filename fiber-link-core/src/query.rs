//! What is asked of a store: lookups by an enum, lists by a query, so that a new way to search adds no
//! method.

use crate::{
    Amount, AppId, AssetId, AttemptId, Entry, EntrySource, PaymentHash, PostId, Timestamp, TipId,
    UserAccount, UserId, WithdrawalId,
};
use std::collections::BTreeSet;

/// How to find a tip.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TipLookup {
    /// By its id.
    Id(TipId),
    /// By its payment hash.
    PaymentHash(PaymentHash),
    /// By the text of its invoice.
    Invoice(String),
}

/// How to find a withdrawal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WithdrawalLookup {
    /// By its id.
    Id(WithdrawalId),
    /// By the payment hash that it holds.
    HeldPaymentHash(PaymentHash),
}

/// Which tips to list. At most [`MAX_ROWS`](crate::MAX_ROWS) at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TipQuery {
    /// Those with one of these ids, by id. Of more ids than [`MAX_ROWS`](crate::MAX_ROWS) the smallest are
    /// looked for.
    Ids(BTreeSet<TipId>),
    /// Some, the newest first.
    Newest {
        /// Which.
        of: TipsOf,
        /// Only those with a smaller id.
        before: Option<TipId>,
        /// How many at most.
        limit: u32,
    },
    /// All, by id.
    All {
        /// Only those with a greater id.
        after: Option<TipId>,
        /// How many at most.
        limit: u32,
    },
}

/// Tips that a store finds by an index, so that a page costs as much as it has rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TipsOf {
    /// Those of all apps.
    Hub,
    /// Those of an app.
    App {
        /// The app.
        app: AppId,
        /// Only those in this phase.
        phase: Option<TipPhase>,
    },
    /// Those that a user gave.
    Payer {
        /// The app.
        app: AppId,
        /// The user.
        user: UserId,
    },
    /// Those that a user got.
    Payee {
        /// The app.
        app: AppId,
        /// The user.
        user: UserId,
        /// Only those in this phase.
        phase: Option<TipPhase>,
    },
    /// Those that a user gave or got.
    Party {
        /// The app.
        app: AppId,
        /// The user.
        user: UserId,
    },
    /// Those for a post.
    Post {
        /// The app.
        app: AppId,
        /// The post.
        post: PostId,
        /// Only those in this phase.
        phase: Option<TipPhase>,
    },
}

/// What a tip's state means to its app.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TipPhase {
    /// It may still be paid: `Creating`, `Unpaid`.
    Open,
    /// It was credited: `Settled`.
    Settled,
    /// Its invoice ended: `Abandoned`, `Expired`, `Cancelled`.
    Ended,
}

/// Settled tips of an app in the order in which they were credited. At most [`MAX_ROWS`](crate::MAX_ROWS) at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettledQuery {
    /// The app.
    pub app: AppId,
    /// Where to begin.
    pub after: SettledPosition,
    /// How many at most.
    pub limit: u32,
}

/// A place among the settled tips of an app.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SettledPosition {
    /// Before the first.
    Start,
    /// After this tip, by its place in the sequence. Where the app has no such settled tip: from
    /// `or_at` on, inclusive.
    After {
        /// The last tip that the caller has seen.
        tip: TipId,
        /// When it was settled, in the caller's memory.
        or_at: Timestamp,
    },
}

/// How many tips a user got, and what is still on the way. Counted up to [`COUNT_BOUND`](crate::COUNT_BOUND) each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TipTotals {
    /// Tips to the user that may still be paid.
    pub open: u32,
    /// Tips to the user that were credited.
    pub settled: u32,
    /// Tips to the user whose invoice ended.
    pub ended: u32,
    /// The sum of open tips by asset, by name of the asset.
    pub pending: Vec<(AssetId, Amount)>,
}

/// Which withdrawals to list. At most [`MAX_ROWS`](crate::MAX_ROWS) at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WithdrawalQuery {
    /// Those with one of these ids, by id. Of more ids than [`MAX_ROWS`](crate::MAX_ROWS) the smallest are
    /// looked for.
    Ids(BTreeSet<WithdrawalId>),
    /// Some, the newest first.
    Newest {
        /// Which.
        of: WithdrawalsOf,
        /// Only those with a smaller id.
        before: Option<WithdrawalId>,
        /// How many at most.
        limit: u32,
    },
    /// All, by id.
    All {
        /// Only those with a greater id.
        after: Option<WithdrawalId>,
        /// How many at most.
        limit: u32,
    },
}

/// Withdrawals that a store finds by an index, so that a page costs as much as it has rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WithdrawalsOf {
    /// Those of all apps.
    Hub,
    /// Those of an app.
    App {
        /// The app.
        app: AppId,
        /// Only those in the state of this stored name.
        state: Option<&'static str>,
    },
    /// Those of a user.
    User {
        /// The app.
        app: AppId,
        /// The user.
        user: UserId,
    },
    /// Those of all apps with this payment hash, held or not: one invoice may be paid anew after it failed.
    PaymentHash(PaymentHash),
    /// Those of all apps that pay the invoice of this text.
    Invoice(String),
}

/// Which entries to list. At most [`MAX_ROWS`](crate::MAX_ROWS) at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EntryQuery {
    /// All those of a tip or a withdrawal, the oldest first.
    Of(EntrySource),
    /// Some, the newest first.
    Newest {
        /// Which.
        of: EntriesOf,
        /// Only those with a smaller number.
        before: Option<u64>,
        /// How many at most.
        limit: u32,
    },
    /// Those of a user's account, the oldest first.
    Account {
        /// The account.
        account: UserAccount,
        /// Only those with a greater number.
        after: u64,
        /// How many at most.
        limit: u32,
    },
    /// All, the oldest first.
    All {
        /// Only those with a greater number.
        after: u64,
        /// How many at most.
        limit: u32,
    },
}

/// Entries that a store finds by an index, so that a page costs as much as it has rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EntriesOf {
    /// Those of all apps.
    Hub,
    /// Those of an app.
    App(AppId),
    /// Those of a user's account.
    Account(UserAccount),
}

/// An entry with its place in the ledger; numbers rise, with gaps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NumberedEntry {
    /// Its place.
    pub number: u64,
    /// The entry.
    pub entry: Entry,
}

/// Which balances to list. At most [`MAX_ROWS`](crate::MAX_ROWS) at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BalanceQuery {
    /// Those of a user, by asset.
    OfUser {
        /// The app.
        app: AppId,
        /// The user.
        user: UserId,
    },
    /// All, by account.
    All {
        /// Only those of later accounts.
        after: Option<UserAccount>,
        /// How many at most.
        limit: u32,
    },
}

/// Events of an app, in order. At most [`MAX_ROWS`](crate::MAX_ROWS) at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventQuery {
    /// The app.
    pub app: AppId,
    /// Only those with a greater number.
    pub after: u64,
    /// How many at most.
    pub limit: u32,
}

/// Which attempt to load.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AttemptQuery {
    /// The newest one of a withdrawal.
    LatestOf(WithdrawalId),
    /// The oldest one of a withdrawal with a greater id.
    NextOf {
        /// The withdrawal.
        withdrawal: WithdrawalId,
        /// Only those with a greater id.
        after: Option<AttemptId>,
    },
    /// Of all that succeeded, the one that began last: the one with the greatest id.
    NewestSucceeded,
}
