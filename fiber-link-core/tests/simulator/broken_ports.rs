//! A store that credits twice: the oracle names what it breaks, and the history becomes smaller.

use async_trait::async_trait;
use fiber_link_core::simulator::{Invariant, Options, Simulation, Violation};
use fiber_link_core::testing::sample::change_set;
use fiber_link_core::*;
use std::sync::{Arc, Mutex};

/// In how many histories each wrong store and node has to be found.
const HISTORIES: u64 = 300;

pub(crate) fn first_violation(mut history: impl FnMut(u64) -> Option<Box<Violation>>) -> Box<Violation> {
    (0..HISTORIES).find_map(&mut history).unwrap()
}

/// Ignores the version that a decision about a tip was made on, and the unique key of an entry that
/// comes with a tip: one that is offered alone it refuses.
#[derive(Debug, Default)]
struct CarelessStore {
    inner: MemoryStore,
    /// Entries that the store inside refuses, after the place of the entry before them.
    doubled: Mutex<Vec<NumberedEntry>>,
}

/// Places of the store inside, with room between them.
const ROOM: u64 = 1_000;

impl CarelessStore {
    async fn careless(&self, ops: Vec<Op>) -> Result<Vec<Op>, StoreError> {
        let mut careless = Vec::new();
        let with_tip = ops.iter().any(|op| matches!(op, Op::UpdateTip { .. }));
        for op in ops {
            careless.push(match op {
                Op::UpdateTip { next, expected, due } => {
                    let stored = self.inner.find_tip(TipLookup::Id(next.id())).await?;
                    Op::UpdateTip { next, expected: stored.map_or(expected, |tip| tip.version()), due }
                }
                Op::Post(entry) => {
                    let posted = self.inner.entries(EntryQuery::Of(entry.source)).await?;
                    if with_tip && posted.iter().any(|posted| posted.entry.kind == entry.kind) {
                        let all = self.inner.entries(EntryQuery::All { after: 0, limit: MAX_ROWS }).await?;
                        let mut doubled = self.doubled.lock().unwrap();
                        let place = doubled.len() as u64 + 1;
                        let number = all.last().unwrap().number * ROOM + place;
                        doubled.push(NumberedEntry { number, entry });
                        continue;
                    }
                    Op::Post(entry)
                }
                other => other,
            });
        }
        Ok(careless)
    }

    fn with_doubled(&self, account: &UserAccount, balance: Balance) -> Balance {
        let doubled = self.doubled.lock().unwrap();
        let of_account = doubled.iter().filter(|doubled| doubled.entry.account == *account);
        of_account.fold(balance, |sum, doubled| sum.after(doubled.entry.kind, doubled.entry.amount).unwrap())
    }
}

#[async_trait]
impl StoreLayer for CarelessStore {
    fn inner(&self) -> &dyn Store {
        &self.inner
    }

    async fn commit(&self, changes: ChangeSet) -> Result<(), CommitError> {
        let ops = self.careless(changes.into_ops()).await?;
        self.inner.commit(change_set(ops)).await
    }

    async fn balance(&self, account: &UserAccount) -> Result<Balance, StoreError> {
        Ok(self.with_doubled(account, self.inner.balance(account).await?))
    }

    async fn balances(&self, query: BalanceQuery) -> Result<Vec<(UserAccount, Balance)>, StoreError> {
        let mut balances = self.inner.balances(query).await?;
        for (account, balance) in &mut balances {
            *balance = self.with_doubled(account, *balance);
        }
        Ok(balances)
    }

    async fn entries(&self, query: EntryQuery) -> Result<Vec<NumberedEntry>, StoreError> {
        let (after, inside) = match query.clone() {
            EntryQuery::Newest { .. } => unreachable!("no pass and no oracle asks for it"),
            EntryQuery::Of(source) => (0, EntryQuery::Of(source)),
            EntryQuery::All { after, limit } => (after, EntryQuery::All { after: after / ROOM, limit }),
            EntryQuery::Account { account, after, limit } => {
                (after, EntryQuery::Account { account, after: after / ROOM, limit })
            }
        };
        let mut entries = self.inner.entries(inside).await?;
        entries.iter_mut().for_each(|entry| entry.number *= ROOM);
        let wanted = |doubled: &&NumberedEntry| match &query {
            EntryQuery::Of(source) => doubled.entry.source == *source,
            EntryQuery::All { .. } | EntryQuery::Newest { .. } => true,
            EntryQuery::Account { account, .. } => doubled.entry.account == *account,
        };
        entries.extend(self.doubled.lock().unwrap().iter().filter(wanted).cloned());
        entries.retain(|entry| entry.number > after);
        entries.sort_by_key(|entry| entry.number);
        Ok(entries)
    }
}

#[test]
fn a_store_without_version_guard_and_unique_key_credits_twice() {
    let careless = || Arc::new(CarelessStore::default()) as Arc<dyn Store>;
    let violation = first_violation(|seed| Simulation::new(Options::varied(seed)).shrink(careless).err());
    assert_eq!(violation.invariant, Invariant::I8, "{violation}");
    assert!(!violation.story.is_empty());
    // What is said to replay it does so, and it is smaller than what it was found in.
    let replayed = Simulation::new(violation.replay().parse().unwrap()).run(careless).unwrap_err();
    assert_eq!((replayed.invariant, replayed.step), (violation.invariant, violation.step));
    assert!(violation.options.users <= 3 && violation.step < 2_000, "{violation}");
}
