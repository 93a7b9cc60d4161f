//! What the oracle holds against a commit: that it wrote what it was to write, or nothing at all.

use super::invariant::{Broken, Invariant};
use super::{EVERYTHING_EVERY, Oracle, Sight};
use crate::simulator::executor::block_on;
use crate::{
    AttemptQuery, CommitError, Document, DocumentKey, DocumentKind, EntryQuery, EntrySource, EventKind,
    IdempotencyRecord, IdempotencyScope, Op, Stored, Timestamp, TipLookup, WithdrawalId, WithdrawalLookup,
    Worker, WorkerId,
};
use std::collections::BTreeSet;

impl Oracle {
    /// A store applied a unit of work, or refused it.
    pub(in crate::simulator) fn after_commit(
        &mut self,
        sight: Sight<'_>,
        ops: &[Op],
        result: &Result<(), CommitError>,
    ) -> Result<(), Broken> {
        match result {
            Ok(()) => {
                self.learn_reviews(ops)?;
                self.check_written(sight, ops)?;
                self.check_touched(sight, ops)?;
            }
            Err(CommitError::Store(error)) => return Err(Broken::of_store(error)),
            Err(
                CommitError::Conflict
                | CommitError::AlreadyExists(_)
                | CommitError::DeclaredDead
                | CommitError::InsufficientFunds
                | CommitError::LimitExceeded(_)
                | CommitError::NoRoom,
            ) => self.check_refused(sight, ops)?,
        }
        self.check_sources(sight, ops)?;
        self.commits = self.commits.saturating_add(1);
        if self.commits >= EVERYTHING_EVERY {
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
                Op::CreateWorker(worker) | Op::UpdateWorker { next: worker, .. } => {
                    ("worker", self.learn_worker(sight, worker.id)?.as_deref() == Some(worker))
                }
                Op::RemoveWorker { id, .. } => {
                    ("removal of a worker", self.learn_worker(sight, *id)?.is_none())
                }
                Op::Remember { record, now } => {
                    let found = remembered(sight, &record.scope, *now)?;
                    self.remembered.insert(record.scope.clone(), record.clone());
                    ("idempotency record", found.as_ref() == Some(record))
                }
                Op::CreateDocument(_)
                | Op::UpdateDocument { .. }
                | Op::RemoveDocument { .. }
                | Op::RequireDocument { .. }
                | Op::SealSeed { .. }
                | Op::Audit(_)
                | Op::CreateHub(_)
                | Op::AcceptNode { .. }
                | Op::RequireWorker(_)
                | Op::CountTowardsLimit(_)
                | Op::GiveBackToLimit(_)
                | Op::RequireRoom { .. }
                | Op::Post(_)
                | Op::Emit(_) => continue,
            };
            self.checks.check(Invariant::I12, written, || {
                format!("a commit was answered as done, but the {what} that it wrote is not there")
            })?;
        }
        Ok(())
    }

    fn learn_worker(&mut self, sight: Sight<'_>, id: WorkerId) -> Result<Option<Stored<Worker>>, Broken> {
        let found = block_on(sight.store.find_worker(id))?;
        match &found {
            Some(worker) => self.workers.insert(id, worker.clone()),
            None => self.workers.remove(&id),
        };
        Ok(found)
    }

    fn check_touched(&mut self, sight: Sight<'_>, ops: &[Op]) -> Result<(), Broken> {
        let mut events = Vec::new();
        for op in ops {
            if let Op::Emit(event) = op {
                events.extend(self.read_events(sight, &event.app)?);
            }
            if let Op::CreateDocument(Document {
                key: DocumentKey { kind: DocumentKind::App, .. },
                app,
                ..
            }) = op
            {
                self.apps.extend(app.clone());
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
                EventKind::WithdrawalCompleted(id)
                | EventKind::WithdrawalFailed(id)
                | EventKind::WithdrawalPaidLate(id) => {
                    self.check_withdrawal(sight, id)?;
                }
            }
        }
        ops.iter().filter_map(source_of).try_for_each(|source| match source {
            EntrySource::Tip(id) => self.check_tip(sight, id),
            EntrySource::Withdrawal(id) => self.check_withdrawal(sight, id),
        })
    }

    /// I1 and I3 for what a commit touched: its entries are those that were seen, each time.
    fn check_sources(&mut self, sight: Sight<'_>, ops: &[Op]) -> Result<(), Broken> {
        let sources: BTreeSet<_> = ops.iter().filter_map(source_of).collect();
        for source in sources {
            let stored = block_on(sight.store.entries(EntryQuery::Of(source)))?;
            self.checks.check(Invariant::I3, stored == self.book.of(source), || {
                format!("the entries of {source} are not what they were: {stored:?}")
            })?;
            self.check_flow(sight, source)?;
        }
        Ok(())
    }

    /// I7: what the refused commit would have written is as it was.
    fn check_refused(&mut self, sight: Sight<'_>, ops: &[Op]) -> Result<(), Broken> {
        let after = self.book.last_number();
        let news = block_on(sight.store.entries(EntryQuery::All { after, limit: 1 }))?;
        self.checks.check(Invariant::I7, news.is_empty(), || "a refused commit left an entry".to_owned())?;
        for op in ops {
            let (what, same) = match op {
                Op::CreateTip { tip, .. } | Op::UpdateTip { next: tip, .. } => {
                    let found = block_on(sight.store.find_tip(TipLookup::Id(tip.id())))?;
                    ("a tip", self.tips.get(&tip.id()) == found.as_ref())
                }
                Op::CreateWithdrawal { withdrawal, .. } | Op::UpdateWithdrawal { next: withdrawal, .. } => {
                    let lookup = WithdrawalLookup::Id(withdrawal.id());
                    let found = block_on(sight.store.find_withdrawal(lookup))?;
                    ("a withdrawal", self.withdrawals.get(&withdrawal.id()) == found.as_ref())
                }
                Op::CreateAttempt(attempt) | Op::UpdateAttempt { next: attempt, .. } => {
                    ("an attempt", self.is_latest_attempt(sight, attempt.withdrawal())?)
                }
                Op::CreateWorker(Worker { id, .. })
                | Op::UpdateWorker { next: Worker { id, .. }, .. }
                | Op::RemoveWorker { id, .. }
                | Op::RequireWorker(id) => {
                    let found = block_on(sight.store.find_worker(*id))?;
                    ("a worker", self.workers.get(id) == found.as_ref())
                }
                Op::Remember { record, now } => {
                    let known = self.remembered.get(&record.scope).filter(|known| known.expires_at > *now);
                    ("an idempotency record", remembered(sight, &record.scope, *now)?.as_ref() == known)
                }
                Op::Post(entry) => {
                    let stored = block_on(sight.store.balance(&entry.account))?;
                    self.book.check_account(&entry.account, stored, &mut self.checks)?;
                    continue;
                }
                Op::Emit(event) => ("an event", self.read_events(sight, &event.app)?.is_empty()),
                Op::CreateDocument(_)
                | Op::UpdateDocument { .. }
                | Op::RemoveDocument { .. }
                | Op::RequireDocument { .. }
                | Op::SealSeed { .. }
                | Op::Audit(_)
                | Op::CreateHub(_)
                | Op::AcceptNode { .. }
                | Op::CountTowardsLimit(_)
                | Op::GiveBackToLimit(_)
                | Op::RequireRoom { .. } => continue,
            };
            self.checks.check(Invariant::I7, same, || format!("a refused commit changed or left {what}"))?;
        }
        Ok(())
    }

    fn is_latest_attempt(&self, sight: Sight<'_>, withdrawal: WithdrawalId) -> Result<bool, Broken> {
        let found = block_on(sight.store.find_attempt(AttemptQuery::LatestOf(withdrawal)))?;
        Ok(self.attempts.get(&withdrawal) == found.as_ref())
    }
}

fn remembered(
    sight: Sight<'_>,
    scope: &IdempotencyScope,
    now: Timestamp,
) -> Result<Option<IdempotencyRecord>, Broken> {
    Ok(block_on(sight.store.find_idempotency(scope, now))?)
}

/// The tip or the withdrawal that a write is about.
fn source_of(op: &Op) -> Option<EntrySource> {
    match op {
        Op::CreateTip { tip, .. } | Op::UpdateTip { next: tip, .. } => Some(EntrySource::Tip(tip.id())),
        Op::CreateWithdrawal { withdrawal, .. } | Op::UpdateWithdrawal { next: withdrawal, .. } => {
            Some(EntrySource::Withdrawal(withdrawal.id()))
        }
        Op::CreateAttempt(attempt) | Op::UpdateAttempt { next: attempt, .. } => {
            Some(EntrySource::Withdrawal(attempt.withdrawal()))
        }
        Op::Post(entry) => Some(entry.source),
        Op::CreateDocument(_)
        | Op::UpdateDocument { .. }
        | Op::RemoveDocument { .. }
        | Op::RequireDocument { .. }
        | Op::SealSeed { .. }
        | Op::Audit(_)
        | Op::CreateHub(_)
        | Op::AcceptNode { .. }
        | Op::CreateWorker(_)
        | Op::UpdateWorker { .. }
        | Op::RemoveWorker { .. }
        | Op::RequireWorker(_)
        | Op::CountTowardsLimit(_)
        | Op::GiveBackToLimit(_)
        | Op::RequireRoom { .. }
        | Op::Remember { .. }
        | Op::Emit(_) => None,
    }
}
