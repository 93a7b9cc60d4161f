//! Watches every step, and knows what the core does not: what really happened to money.

mod book;
mod commits;
mod end;
mod flows;
pub(super) mod invariant;
mod payouts;
mod reviews;
mod tips;

pub use invariant::Invariant;

use super::node::{Node, Truth};
use crate::{
    Amount, AppId, AssetId, Attempt, AttemptId, EventKind, IdempotencyRecord, IdempotencyScope, PaymentHash,
    PostId, Review, ReviewPolicy, Store, Stored, Timestamp, Tip, TipId, UserAccount, Withdrawal,
    WithdrawalId, WithdrawalState, Worker, WorkerId,
};
use book::Book;
use invariant::{Broken, Checks};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

pub(super) use end::Ending;

/// After how many commits everything is read again.
const EVERYTHING_EVERY: u64 = 400;

/// What the oracle looks at.
#[derive(Clone, Copy)]
pub(super) struct Sight<'a> {
    /// The store itself, behind all faults.
    pub(super) store: &'a dyn Store,
    /// What really happened to money.
    pub(super) truth: &'a Truth,
    /// What the node remembers.
    pub(super) node: &'a Node,
    /// The true time.
    pub(super) now: Timestamp,
}

/// A server that sends a request to pay.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sender {
    pub(super) worker: Option<WorkerId>,
    /// What its own clock says.
    pub(super) clock: Timestamp,
    /// Whether it was told to pay withdrawals.
    pub(super) pays: bool,
}

/// Its own memory of everything that it ever saw.
#[derive(Debug, Default)]
pub(super) struct Oracle {
    /// Since everything was read again.
    commits: u64,
    credits: u64,
    longest_to_credit: Option<Duration>,
    checks: Checks,
    book: Book,
    tips: BTreeMap<TipId, Stored<Tip>>,
    tip_of: BTreeMap<PaymentHash, TipId>,
    withdrawals: BTreeMap<WithdrawalId, Stored<Withdrawal>>,
    /// The latest of each withdrawal.
    attempts: BTreeMap<WithdrawalId, Stored<Attempt>>,
    workers: BTreeMap<WorkerId, Stored<Worker>>,
    remembered: BTreeMap<IdempotencyScope, IdempotencyRecord>,
    by_hash: BTreeMap<PaymentHash, Vec<WithdrawalId>>,
    open: BTreeMap<UserAccount, BTreeSet<WithdrawalId>>,
    dead: BTreeSet<AttemptId>,
    proofs: BTreeSet<(PaymentHash, Timestamp)>,
    sends: BTreeMap<AttemptId, u32>,
    apps: BTreeSet<AppId>,
    events_of: BTreeMap<AppId, u64>,
    told: HashMap<EventKind, u32>,
    once: BTreeSet<(AppId, PostId)>,
    answers: BTreeMap<String, String>,
    limits: Vec<Limits>,
    reviews: BTreeMap<WithdrawalId, Review>,
}

/// The most that may be asked for in a day, and what people look at first.
#[derive(Clone, Debug)]
pub(super) struct Limits {
    pub(super) app: AppId,
    pub(super) asset: AssetId,
    /// By one user.
    pub(super) user: Amount,
    /// By the whole app.
    pub(super) whole: Amount,
    /// What people have to look at.
    pub(super) review: ReviewPolicy,
}

impl Oracle {
    pub(super) fn new(limits: Vec<Limits>) -> Self {
        Self { limits, ..Self::default() }
    }

    pub(super) fn credits(&self) -> u64 {
        self.credits
    }

    pub(super) fn longest_to_credit(&self) -> Option<Duration> {
        self.longest_to_credit
    }

    /// How many withdrawals were paid, and how many failed.
    pub(super) fn ends(&self) -> (u64, u64) {
        let mut ends = (0u64, 0u64);
        for withdrawal in self.withdrawals.values() {
            match withdrawal.state() {
                WithdrawalState::Completed { .. } => ends.0 = ends.0.saturating_add(1),
                WithdrawalState::Failed { .. }
                | WithdrawalState::Released { .. }
                | WithdrawalState::PaidAfterRelease { .. } => ends.1 = ends.1.saturating_add(1),
                WithdrawalState::AwaitingReview
                | WithdrawalState::LiquidityPending
                | WithdrawalState::Pending
                | WithdrawalState::Processing { .. }
                | WithdrawalState::RetryPending { .. } => {}
            }
        }
        ends
    }

    pub(super) fn into_checks(self) -> BTreeMap<Invariant, u64> {
        self.checks.0
    }

    /// A request with a key will be made for this post, once or several times: one tip is to come of it.
    pub(super) fn expect_once(&mut self, app: AppId, post: PostId) {
        self.once.insert((app, post));
    }

    /// I25: somebody was answered. `request` names request and key, `answer` what was made.
    pub(super) fn answered(&mut self, request: &str, answer: &str) -> Result<(), Broken> {
        let first = self.answers.entry(request.to_owned()).or_insert_with(|| answer.to_owned());
        self.checks.check(Invariant::I25, first == answer, || {
            format!("{request} was answered with {first} and then with {answer}")
        })
    }

    /// I25: a request with a key was answered in a way that it may not be.
    pub(super) fn keyed(&mut self, holds: bool, what: impl FnOnce() -> String) -> Result<(), Broken> {
        self.checks.check(Invariant::I25, holds, what)
    }

    /// I22: a request to withdraw was answered. Whether it had to be refused is known to who made it.
    pub(super) fn accepted(&mut self, may_be: bool, what: impl FnOnce() -> String) -> Result<(), Broken> {
        self.checks.check(Invariant::I22, may_be, what)
    }

    /// Everything that was ever seen is read again.
    pub(super) fn check_everything(&mut self, sight: Sight<'_>) -> Result<(), Broken> {
        self.commits = 0;
        for app in self.apps.clone() {
            self.read_events(sight, &app)?;
        }
        for entry in self.book.read_on(sight.store)? {
            self.check_new_entry(sight, &entry)?;
        }
        self.book.check_all(sight.store, &mut self.checks)?;
        self.check_flows(sight)?;
        let tips: Vec<_> = self.tips.keys().copied().collect();
        tips.into_iter().try_for_each(|id| self.check_tip(sight, id))?;
        let withdrawals: Vec<_> = self.withdrawals.keys().copied().collect();
        withdrawals.into_iter().try_for_each(|id| self.check_withdrawal(sight, id))
    }
}
