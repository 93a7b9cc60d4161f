//! Watches every step, and knows what the core does not: what really happened to money.

mod book;
mod end;
pub(super) mod invariant;
mod payouts;
mod tips;

pub use invariant::Invariant;

use super::executor::block_on;
use super::node::Truth;
use crate::{
    Amount, AppId, AssetId, AttemptId, AttemptQuery, CommitError, EntryQuery, EventKind, Op, PaymentHash,
    PostId, Store, Timestamp, Tip, TipId, TipLookup, UserAccount, Withdrawal, WithdrawalId, WithdrawalLookup,
    WithdrawalState, WorkerId,
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
    /// The true time.
    pub(super) now: Timestamp,
}

/// A server that sends a request to pay.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sender {
    pub(super) worker: Option<WorkerId>,
    /// What its own clock says.
    pub(super) clock: Timestamp,
}

/// Its own memory of everything that it ever saw.
#[derive(Debug, Default)]
pub(super) struct Oracle {
    steps: u64,
    commits: u64,
    credits: u64,
    longest_to_credit: Option<Duration>,
    checks: Checks,
    book: Book,
    tips: BTreeMap<TipId, crate::Stored<Tip>>,
    tip_of: BTreeMap<PaymentHash, TipId>,
    withdrawals: BTreeMap<WithdrawalId, Withdrawal>,
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
}

/// The most that may be asked for in a day.
#[derive(Clone, Debug)]
pub(super) struct Limits {
    pub(super) app: AppId,
    pub(super) asset: AssetId,
    /// By one user.
    pub(super) user: Amount,
    /// By the whole app.
    pub(super) whole: Amount,
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
                WithdrawalState::Failed { .. } => ends.1 = ends.1.saturating_add(1),
                WithdrawalState::LiquidityPending
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

    fn step(&mut self) {
        self.steps = self.steps.saturating_add(1);
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

    /// I22: a request to withdraw was answered. Whether it had to be refused is known to who made it.
    pub(super) fn accepted(&mut self, may_be: bool, what: impl FnOnce() -> String) -> Result<(), Broken> {
        self.checks.check(Invariant::I22, may_be, what)
    }

    /// A store applied a unit of work, or refused it.
    pub(super) fn after_commit(
        &mut self,
        sight: Sight<'_>,
        ops: &[Op],
        result: &Result<(), CommitError>,
    ) -> Result<(), Broken> {
        self.step();
        self.commits = self.commits.saturating_add(1);
        if let Err(refusal) = result {
            return match refusal {
                // The store failed by itself: nobody knows what it did.
                CommitError::Store(_) => self.check_touched(sight, ops),
                CommitError::Conflict
                | CommitError::AlreadyExists(_)
                | CommitError::DeclaredDead
                | CommitError::InsufficientFunds
                | CommitError::LimitExceeded(_) => self.check_refused(sight, ops),
            };
        }
        self.check_written(sight, ops)?;
        self.check_touched(sight, ops)?;
        if self.commits.checked_rem(EVERYTHING_EVERY) == Some(0) {
            self.check_everything(sight)?;
        }
        Ok(())
    }

    /// I12: the records of a commit that was answered as done are there.
    fn check_written(&mut self, sight: Sight<'_>, ops: &[Op]) -> Result<(), Broken> {
        for op in ops {
            let (what, written) = match op {
                Op::CreateTip { tip, .. } | Op::UpdateTip { next: tip, .. } => {
                    let found = block_on(sight.store.find_tip(TipLookup::Id(tip.id())))?;
                    ("tip", found.as_deref() == Some(tip))
                }
                Op::CreateWithdrawal { withdrawal, .. } | Op::UpdateWithdrawal { next: withdrawal, .. } => {
                    let lookup = WithdrawalLookup::Id(withdrawal.id());
                    let found = block_on(sight.store.find_withdrawal(lookup))?;
                    ("withdrawal", found.as_deref() == Some(withdrawal))
                }
                Op::CreateAttempt(attempt) | Op::UpdateAttempt { next: attempt, .. } => {
                    let latest = AttemptQuery::LatestOf(attempt.withdrawal());
                    let found = block_on(sight.store.find_attempt(latest))?;
                    ("attempt", found.as_deref() == Some(attempt))
                }
                Op::CreateApp(_)
                | Op::CreateHub(_)
                | Op::AcceptNode { .. }
                | Op::CreateWorker(_)
                | Op::UpdateWorker { .. }
                | Op::RemoveWorker { .. }
                | Op::RequireWorker(_)
                | Op::CountTowardsLimit(_)
                | Op::GiveBackToLimit(_)
                | Op::Post(_)
                | Op::Remember { .. }
                | Op::Emit(_) => continue,
            };
            self.checks.check(Invariant::I12, written, || {
                format!("a commit was answered as done, but the {what} that it wrote is not there")
            })?;
        }
        Ok(())
    }

    fn check_touched(&mut self, sight: Sight<'_>, ops: &[Op]) -> Result<(), Broken> {
        let mut events = Vec::new();
        for op in ops {
            if let Op::Emit(event) = op {
                events.extend(self.read_events(sight, &event.app)?);
            }
            if let Op::CreateApp(app) = op {
                self.apps.insert(app.id.clone());
            }
        }
        for entry in self.book.read_on(sight.store)? {
            self.check_new_entry(sight, &entry)?;
            let stored = block_on(sight.store.balance(&entry.account))?;
            self.book.check_account(&entry.account, stored, &mut self.checks)?;
        }
        for event in events {
            match event {
                EventKind::TipSettled(id) => self.check_tip(sight, id)?,
                EventKind::WithdrawalCompleted(id) | EventKind::WithdrawalFailed(id) => {
                    self.check_withdrawal(sight, id)?;
                }
            }
        }
        for op in ops {
            match op {
                Op::CreateTip { tip, .. } | Op::UpdateTip { next: tip, .. } => {
                    self.check_tip(sight, tip.id())?;
                }
                Op::CreateWithdrawal { withdrawal, .. } | Op::UpdateWithdrawal { next: withdrawal, .. } => {
                    self.check_withdrawal(sight, withdrawal.id())?;
                }
                Op::CreateAttempt(attempt) | Op::UpdateAttempt { next: attempt, .. } => {
                    self.check_withdrawal(sight, attempt.withdrawal())?;
                }
                Op::CreateApp(_)
                | Op::CreateHub(_)
                | Op::AcceptNode { .. }
                | Op::CreateWorker(_)
                | Op::UpdateWorker { .. }
                | Op::RemoveWorker { .. }
                | Op::RequireWorker(_)
                | Op::CountTowardsLimit(_)
                | Op::GiveBackToLimit(_)
                | Op::Post(_)
                | Op::Remember { .. }
                | Op::Emit(_) => {}
            }
        }
        Ok(())
    }

    /// I7: what the refused commit would have written is as it was.
    fn check_refused(&mut self, sight: Sight<'_>, ops: &[Op]) -> Result<(), Broken> {
        let after = self.book.last_number();
        let news = block_on(sight.store.entries(EntryQuery::All { after, limit: 1 }))?;
        self.checks.check(Invariant::I7, news.is_empty(), || "a refused commit left an entry".to_owned())?;
        for op in ops {
            match op {
                Op::CreateTip { tip, .. } | Op::UpdateTip { next: tip, .. } => {
                    let found = block_on(sight.store.find_tip(TipLookup::Id(tip.id())))?;
                    let same = self.tips.get(&tip.id()) == found.as_ref();
                    self.checks.check(Invariant::I7, same, || "a refused commit changed a tip".to_owned())?;
                }
                Op::CreateWithdrawal { withdrawal, .. } | Op::UpdateWithdrawal { next: withdrawal, .. } => {
                    let lookup = WithdrawalLookup::Id(withdrawal.id());
                    let found = block_on(sight.store.find_withdrawal(lookup))?;
                    let same = self.withdrawals.get(&withdrawal.id()) == found.as_deref();
                    self.checks
                        .check(Invariant::I7, same, || "a refused commit changed a withdrawal".to_owned())?;
                }
                Op::Post(entry) => {
                    let stored = block_on(sight.store.balance(&entry.account))?;
                    self.book.check_account(&entry.account, stored, &mut self.checks)?;
                }
                Op::Emit(event) => {
                    let news = self.read_events(sight, &event.app)?;
                    self.checks.check(Invariant::I7, news.is_empty(), || {
                        "a refused commit left an event".to_owned()
                    })?;
                }
                Op::CreateAttempt(_)
                | Op::UpdateAttempt { .. }
                | Op::CreateApp(_)
                | Op::CreateHub(_)
                | Op::AcceptNode { .. }
                | Op::CreateWorker(_)
                | Op::UpdateWorker { .. }
                | Op::RemoveWorker { .. }
                | Op::RequireWorker(_)
                | Op::CountTowardsLimit(_)
                | Op::GiveBackToLimit(_)
                | Op::Remember { .. } => {}
            }
        }
        Ok(())
    }

    /// Everything that was ever seen is read again.
    pub(super) fn check_everything(&mut self, sight: Sight<'_>) -> Result<(), Broken> {
        for app in self.apps.clone() {
            self.read_events(sight, &app)?;
        }
        for entry in self.book.read_on(sight.store)? {
            self.check_new_entry(sight, &entry)?;
        }
        self.book.check_all(sight.store, &mut self.checks)?;
        let tips: Vec<_> = self.tips.keys().copied().collect();
        tips.into_iter().try_for_each(|id| self.check_tip(sight, id))?;
        let withdrawals: Vec<_> = self.withdrawals.keys().copied().collect();
        withdrawals.into_iter().try_for_each(|id| self.check_withdrawal(sight, id))
    }
}
