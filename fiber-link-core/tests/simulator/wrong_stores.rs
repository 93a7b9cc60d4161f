//! Stores that break one rule: the oracle names it.

use super::broken_ports::first_violation;
use async_trait::async_trait;
use fiber_link_core::simulator::{Invariant, Options, Simulation};
use fiber_link_core::testing::sample::change_set;
use fiber_link_core::testing::simulation::simulate_in;
use fiber_link_core::*;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// What is wrong with a store.
#[derive(Clone, Copy, Debug)]
enum Wrong {
    /// It fails now and then, and nothing made it fail.
    Fails,
    /// It refuses every tip.
    RefusesTips,
    /// Of what it refuses it keeps the idempotency record.
    KeepsKeys,
    /// A refusal writes the withdrawal that it was about once more, as it was.
    RewritesWithdrawals,
    /// A refusal writes the worker that it was for once more, as it was.
    RewritesWorkers,
    /// It takes an attempt for written that it refused with the rest.
    KeepsAttempts,
    /// Asked about a withdrawal that ended, it leaves its first entry out.
    ForgetsEntries,
    /// It takes an idempotency record for written that it was not given.
    LosesKeys,
    /// It begins at the first entry, whatever entry a page comes after.
    RepeatsEntries,
    /// It begins at the first balance, whatever account a page comes after.
    RepeatsBalances,
}

#[derive(Debug)]
struct WrongStore {
    wrong: Wrong,
    inner: MemoryStore,
    calls: AtomicU64,
}

impl WrongStore {
    fn of(wrong: Wrong) -> Arc<dyn Store> {
        Arc::new(Self { wrong, inner: MemoryStore::new(), calls: AtomicU64::new(0) })
    }

    /// What a refused unit of work leaves behind.
    async fn leave(&self, ops: Vec<Op>) -> Result<(), CommitError> {
        for op in ops {
            let left = match (self.wrong, op) {
                (Wrong::KeepsKeys, op @ Op::Remember { .. })
                | (Wrong::KeepsAttempts, op @ Op::CreateAttempt(_)) => op,
                (Wrong::RewritesWithdrawals, Op::UpdateWithdrawal { next, due, .. }) => {
                    let found = self.inner.find_withdrawal(WithdrawalLookup::Id(next.id())).await?.unwrap();
                    Op::UpdateWithdrawal { expected: found.version(), next: found.into_inner(), due }
                }
                (Wrong::RewritesWorkers, Op::RequireWorker(id)) => {
                    let Some(found) = self.inner.find_worker(id).await? else { continue };
                    Op::UpdateWorker { expected: found.version(), next: found.into_inner() }
                }
                _ => continue,
            };
            let _as_far_as_it_goes = self.inner.commit(change_set([left])).await;
        }
        Ok(())
    }
}

#[async_trait]
impl StoreLayer for WrongStore {
    fn inner(&self) -> &dyn Store {
        &self.inner
    }

    async fn commit(&self, changes: ChangeSet) -> Result<(), CommitError> {
        let mut ops = changes.into_ops();
        if matches!(self.wrong, Wrong::RefusesTips) && ops.iter().any(|op| matches!(op, Op::CreateTip { .. }))
        {
            return Err(CommitError::InsufficientFunds);
        }
        if matches!(self.wrong, Wrong::LosesKeys) {
            ops.retain(|op| !matches!(op, Op::Remember { .. }));
        }
        let refused = self.inner.commit(change_set(ops.clone())).await;
        if refused.is_err() {
            self.leave(ops).await?;
        }
        refused
    }

    async fn take_due_tips(&self, take: TakeDue) -> Result<Vec<Stored<Tip>>, StoreError> {
        let calls = self.calls.fetch_add(1, Ordering::Relaxed);
        if matches!(self.wrong, Wrong::Fails) && calls % 50 == 49 {
            return Err(StoreError::backend("the disk is gone"));
        }
        self.inner.take_due_tips(take).await
    }

    async fn balances(&self, query: BalanceQuery) -> Result<Vec<(UserAccount, Balance)>, StoreError> {
        match query {
            BalanceQuery::All { limit, .. } if matches!(self.wrong, Wrong::RepeatsBalances) => {
                self.inner.balances(BalanceQuery::All { after: None, limit }).await
            }
            query => self.inner.balances(query).await,
        }
    }

    async fn entries(&self, query: EntryQuery) -> Result<Vec<NumberedEntry>, StoreError> {
        match (self.wrong, query) {
            (Wrong::RepeatsEntries, EntryQuery::All { limit, .. }) => {
                self.inner.entries(EntryQuery::All { after: 0, limit }).await
            }
            (Wrong::ForgetsEntries, query @ EntryQuery::Of(EntrySource::Withdrawal(_))) => {
                let entries = self.inner.entries(query).await?;
                Ok(if entries.len() > 1 { entries[1..].to_vec() } else { entries })
            }
            (_, query) => self.inner.entries(query).await,
        }
    }
}

fn broken_by(wrong: Wrong, what: &str) -> Invariant {
    let violation =
        first_violation(|seed| Simulation::new(Options::varied(seed)).run(|| WrongStore::of(wrong)).err());
    assert!(violation.sentence.contains(what), "{violation}");
    violation.invariant
}

#[test]
fn a_store_that_fails_by_itself_is_told_from_one_that_is_made_to_fail() {
    assert_eq!(broken_by(Wrong::Fails, "the disk is gone"), Invariant::Store);
}

#[test]
#[should_panic(expected = "nobody was credited")]
fn a_store_on_which_nothing_happens_passes_no_test() {
    simulate_in(1, 30, || WrongStore::of(Wrong::RefusesTips));
}

#[test]
fn a_refused_commit_that_leaves_a_key_is_seen() {
    assert_eq!(broken_by(Wrong::KeepsKeys, "an idempotency record"), Invariant::I7);
}

#[test]
fn a_refused_commit_that_leaves_an_attempt_is_seen() {
    assert_eq!(broken_by(Wrong::KeepsAttempts, "an attempt"), Invariant::I7);
}

#[test]
fn a_refused_commit_that_raises_a_version_is_seen() {
    assert_eq!(broken_by(Wrong::RewritesWithdrawals, "a withdrawal"), Invariant::I7);
    assert_eq!(broken_by(Wrong::RewritesWorkers, "a worker"), Invariant::I7);
}

#[test]
fn a_commit_that_lost_its_key_is_seen() {
    assert_eq!(broken_by(Wrong::LosesKeys, "idempotency record"), Invariant::I12);
}

#[test]
fn an_entry_that_is_gone_is_seen_by_the_next_commit_about_its_withdrawal() {
    assert_eq!(broken_by(Wrong::ForgetsEntries, "are not what they were"), Invariant::I3);
}

#[test]
fn pages_that_lead_nowhere_are_seen() {
    assert_eq!(broken_by(Wrong::RepeatsEntries, "a page of entries"), Invariant::Store);
    assert_eq!(broken_by(Wrong::RepeatsBalances, "a page of balances"), Invariant::Store);
}
