//! A store that keeps everything in memory: for tests and demos, and to read beside [`Store`].

mod admission;
mod lists;
mod tables;
mod transaction;

use crate::{
    Admission, AdmitError, Admitted, Amount, AppId, AssetId, Attempt, AttemptQuery, AuditQuery, AuditRecord,
    Balance, BalanceQuery, BalanceSums, COUNT_BOUND, ChangeSet, CommitError, Document, DocumentKey,
    DocumentQuery, EntriesOf, Entry, EntryQuery, EventQuery, Hub, IdempotencyRecord, IdempotencyScope,
    ListedWorker, MAX_ROWS, NumberedAuditRecord, NumberedEntry, NumberedEvent, OpenWork, SettledPosition,
    SettledQuery, Store, StoreError, Stored, TakeDue, Timestamp, Tip, TipLookup, TipPhase, TipQuery,
    TipTotals, Totals, UserAccount, UserId, Withdrawal, WithdrawalLookup, WithdrawalQuery, Worker, WorkerId,
};
use async_trait::async_trait;
use lists::{earlier, is_of, newest_tips};
use std::collections::BTreeMap;
use std::fmt;
use std::ops::Bound::{Excluded, Unbounded};
use std::sync::{Mutex, MutexGuard};
use tables::{Table, Tables};

/// A [`Store`] that ends with its process.
///
/// One lock guards everything, so a commit is seen whole or not at all; one that is refused undoes
/// what it had begun.
#[derive(Default)]
pub struct MemoryStore {
    tables: Mutex<Tables>,
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    /// Fails for good after a panic in the middle of a write: nobody knows what is half done.
    fn tables(&self) -> Result<MutexGuard<'_, Tables>, StoreError> {
        self.tables.lock().map_err(|_| StoreError::backend("a write was interrupted"))
    }
}

/// Says nothing of what it holds: there are secrets among it.
impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStore").finish_non_exhaustive()
    }
}

#[async_trait]
impl Store for MemoryStore {
    async fn commit(&self, changes: ChangeSet) -> Result<(), CommitError> {
        transaction::commit(&mut *self.tables()?, changes)
    }

    async fn take_due_tips(&self, take: TakeDue) -> Result<Vec<Stored<Tip>>, StoreError> {
        Ok(self.tables()?.tips.take_due(take, rows(take.limit)))
    }

    async fn take_due_withdrawals(&self, take: TakeDue) -> Result<Vec<Stored<Withdrawal>>, StoreError> {
        Ok(self.tables()?.withdrawals.take_due(take, rows(take.limit)))
    }

    async fn admit(&self, admission: Admission) -> Result<Admitted, AdmitError> {
        self.tables()?.admissions.admit(admission)
    }

    async fn find_tip(&self, lookup: TipLookup) -> Result<Option<Stored<Tip>>, StoreError> {
        let tips = &self.tables()?.tips;
        let id = match &lookup {
            TipLookup::Id(id) => Some(id),
            TipLookup::PaymentHash(hash) => tips.by_hash.get(hash),
            TipLookup::Invoice(encoded) => tips.by_invoice.get(encoded),
        };
        Ok(tips.of(id).next().cloned())
    }

    async fn tips(&self, query: TipQuery) -> Result<Vec<Stored<Tip>>, StoreError> {
        let tips = &self.tables()?.tips;
        Ok(match query {
            TipQuery::Ids(ids) => tips.of(ids.iter().take(rows(MAX_ROWS))).cloned().collect(),
            TipQuery::Newest { of, before, limit } => newest_tips(tips, &of, before, rows(limit)),
            TipQuery::All { after, limit } => {
                let rest = later(tips.rows(), after.as_ref());
                rest.take(rows(limit)).map(|(_, row)| row.stored.clone()).collect()
            }
        })
    }

    async fn settled_tips(&self, query: SettledQuery) -> Result<Vec<Stored<Tip>>, StoreError> {
        let tips = &self.tables()?.tips;
        let Some(places) = tips.settled.get(&query.app) else { return Ok(Vec::new()) };
        let skipped = |tip: &&Stored<Tip>| match query.after {
            SettledPosition::Start => false,
            SettledPosition::After { or_at, .. } => tip.settled_at().is_some_and(|at| at < or_at),
        };
        let known = match query.after {
            SettledPosition::Start => None,
            SettledPosition::After { tip, .. } => {
                tips.places.get(&tip).filter(|place| places.get(place) == Some(&tip))
            }
        };
        let ids = later(places, known).map(|(_, id)| id);
        let limit = rows(query.limit);
        Ok(match known {
            Some(_) => tips.of(ids).take(limit).cloned().collect(),
            None => tips.of(ids).skip_while(skipped).take(limit).cloned().collect(),
        })
    }

    async fn tip_totals(&self, app: &AppId, user: &UserId) -> Result<TipTotals, StoreError> {
        let tips = &self.tables()?.tips;
        let mut totals = TipTotals::default();
        let mut pending = BTreeMap::<AssetId, Amount>::new();
        let ids = tips.of_user.get(&(app.clone(), user.clone())).into_iter().flatten();
        for tip in tips.of(ids).filter(|tip| tip.terms().to_user == *user) {
            let terms = tip.terms();
            let count = match tip.state().phase() {
                TipPhase::Open => &mut totals.open,
                TipPhase::Settled => &mut totals.settled,
                TipPhase::Ended => &mut totals.ended,
            };
            if *count == COUNT_BOUND {
                continue;
            }
            *count = count.saturating_add(1);
            if tip.state().phase() == TipPhase::Open {
                let sum = pending.entry(terms.asset.clone()).or_default();
                *sum = sum.checked_add(terms.amount).unwrap_or(Amount::MAX);
            }
        }
        totals.pending = pending.into_iter().collect();
        Ok(totals)
    }

    async fn find_withdrawal(
        &self,
        lookup: WithdrawalLookup,
    ) -> Result<Option<Stored<Withdrawal>>, StoreError> {
        let withdrawals = &self.tables()?.withdrawals;
        let id = match &lookup {
            WithdrawalLookup::Id(id) => Some(id),
            WithdrawalLookup::HeldPaymentHash(hash) => withdrawals.by_held_hash.get(hash),
        };
        Ok(withdrawals.of(id).next().cloned())
    }

    async fn withdrawals(&self, query: WithdrawalQuery) -> Result<Vec<Stored<Withdrawal>>, StoreError> {
        let withdrawals = &self.tables()?.withdrawals;
        Ok(match query {
            WithdrawalQuery::Ids(ids) => withdrawals.of(ids.iter().take(rows(MAX_ROWS))).cloned().collect(),
            WithdrawalQuery::Newest { of, before, limit } => {
                let earlier = earlier(withdrawals.rows(), before.as_ref()).map(|(_, row)| &row.stored);
                let of_those = |found: &&Stored<Withdrawal>| is_of(found, &of);
                earlier.filter(of_those).take(rows(limit)).cloned().collect()
            }
            WithdrawalQuery::All { after, limit } => {
                let rest = later(withdrawals.rows(), after.as_ref());
                rest.take(rows(limit)).map(|(_, row)| row.stored.clone()).collect()
            }
        })
    }

    async fn find_attempt(&self, query: AttemptQuery) -> Result<Option<Stored<Attempt>>, StoreError> {
        let attempts = &self.tables()?.attempts;
        let id = match query {
            AttemptQuery::LatestOf(withdrawal) => {
                attempts.of_withdrawal.get(&withdrawal).and_then(|ids| ids.last())
            }
            AttemptQuery::NextOf { withdrawal, after } => {
                let bound = after.map_or(Unbounded, Excluded);
                let ids = attempts.of_withdrawal.get(&withdrawal);
                ids.and_then(|ids| ids.range((bound, Unbounded)).next())
            }
            AttemptQuery::NewestSucceeded => attempts.succeeded.last(),
        };
        Ok(id.and_then(|id| attempts.find(id)).cloned())
    }

    async fn balance(&self, account: &UserAccount) -> Result<Balance, StoreError> {
        Ok(self.tables()?.balances.get(account).copied().unwrap_or_default())
    }

    async fn balances(&self, query: BalanceQuery) -> Result<Vec<(UserAccount, Balance)>, StoreError> {
        let balances = &self.tables()?.balances;
        let owned = |(account, balance): (&UserAccount, &Balance)| (account.clone(), *balance);
        Ok(match query {
            BalanceQuery::OfUser { app, user } => {
                let of_user = |account: &UserAccount| account.app == app && account.user == user;
                let balances = balances.iter().filter(|(account, _)| of_user(account));
                balances.take(rows(MAX_ROWS)).map(owned).collect()
            }
            BalanceQuery::All { after, limit } => {
                later(balances, after.as_ref()).take(rows(limit)).map(owned).collect()
            }
        })
    }

    async fn entries(&self, query: EntryQuery) -> Result<Vec<NumberedEntry>, StoreError> {
        let entries = &self.tables()?.entries;
        let numbered = |number: &u64| entries.find(number).map(|entry| numbered_entry((number, entry)));
        Ok(match query {
            EntryQuery::Of(source) => {
                let mut numbers: Vec<_> =
                    entries.by_source.get(&source).into_iter().flatten().map(|(_, number)| number).collect();
                numbers.sort_unstable();
                numbers.into_iter().filter_map(numbered).collect()
            }
            EntryQuery::Newest { of, before, limit } => {
                let of_those = |(_, entry): &(&u64, &Entry)| match &of {
                    EntriesOf::Hub => true,
                    EntriesOf::App(app) => entry.account.app == *app,
                    EntriesOf::Account(account) => entry.account == *account,
                };
                let earlier = earlier(entries.rows(), before.as_ref());
                earlier.filter(of_those).take(rows(limit)).map(numbered_entry).collect()
            }
            EntryQuery::Account { account, after, limit } => {
                let numbers = entries.of_account.get(&account).into_iter();
                let rest = numbers.flat_map(|numbers| numbers.range((Excluded(after), Unbounded)));
                rest.take(rows(limit)).filter_map(numbered).collect()
            }
            EntryQuery::All { after, limit } => {
                later(entries.rows(), Some(&after)).take(rows(limit)).map(numbered_entry).collect()
            }
        })
    }

    async fn events(&self, query: EventQuery) -> Result<Vec<NumberedEvent>, StoreError> {
        let tables = self.tables()?;
        let events = tables.events.of_app(&query.app).into_iter();
        let rest = events.flat_map(|events| later(events, Some(&query.after))).take(rows(query.limit));
        Ok(rest.map(|(number, event)| NumberedEvent { number: *number, event: event.clone() }).collect())
    }

    async fn find_idempotency(
        &self,
        scope: &IdempotencyScope,
        now: Timestamp,
    ) -> Result<Option<IdempotencyRecord>, StoreError> {
        let tables = self.tables()?;
        Ok(tables.idempotency.get(scope).filter(|record| now < record.expires_at).cloned())
    }

    async fn find_document(&self, key: &DocumentKey) -> Result<Option<Stored<Document>>, StoreError> {
        Ok(self.tables()?.documents.get(key).cloned())
    }

    async fn documents(&self, query: DocumentQuery) -> Result<Vec<Stored<Document>>, StoreError> {
        let DocumentQuery { kind, app, after, limit } = query;
        // The empty name is before all names and is none itself.
        let after = DocumentKey::new(kind, after.unwrap_or_default());
        let tables = self.tables()?;
        let of_kind = later(&tables.documents, Some(&after)).take_while(|(key, _)| key.kind == kind);
        let listed = of_kind.filter(|(_, document)| app.is_none() || document.app == app);
        Ok(listed.take(rows(limit)).map(|(_, document)| document.clone()).collect())
    }

    async fn audit_records(&self, query: AuditQuery) -> Result<Vec<NumberedAuditRecord>, StoreError> {
        let AuditQuery { app, before, limit } = query;
        let tables = self.tables()?;
        let earlier = tables.audit_records.range(..before.unwrap_or(u64::MAX)).rev();
        let listed = earlier.filter(|(_, record)| app.is_none() || record.app == app);
        let numbered = |(number, record): (&u64, &AuditRecord)| NumberedAuditRecord {
            number: *number,
            record: record.clone(),
        };
        Ok(listed.take(rows(limit)).map(numbered).collect())
    }

    async fn find_hub(&self) -> Result<Option<Hub>, StoreError> {
        Ok(self.tables()?.hub.get(&()).cloned())
    }

    async fn find_worker(&self, id: WorkerId) -> Result<Option<Stored<Worker>>, StoreError> {
        Ok(self.tables()?.workers.get(&id).cloned())
    }

    async fn workers(&self, after: Option<WorkerId>, limit: u32) -> Result<Vec<ListedWorker>, StoreError> {
        let tables = self.tables()?;
        let listed = |(id, worker): (&WorkerId, &Stored<Worker>)| {
            let claims = tables.attempts.claimed_by(*id).take(COUNT_BOUND as usize).count();
            ListedWorker { worker: worker.clone(), claims: u32::try_from(claims).unwrap_or(COUNT_BOUND) }
        };
        Ok(later(&tables.workers, after.as_ref()).take(rows(limit)).map(listed).collect())
    }

    async fn totals(&self) -> Result<Totals, StoreError> {
        let tables = self.tables()?;
        let open_tips = tables.tips.rows().values().map(|row| &row.stored);
        let open_tips = open_tips.filter(|tip| tip.state().phase() == TipPhase::Open);
        let open_withdrawals = tables.withdrawals.rows().values().map(|row| &row.stored);
        let open_withdrawals = open_withdrawals.filter(|found| !found.state().is_final());
        let mut sums = BalanceSums::default();
        for (account, balance) in &tables.balances {
            sums.add(account.asset.clone(), *balance);
        }
        Ok(Totals {
            tips: OpenWork::counted(open_tips.map(|tip| (tip.state().as_str(), tip.created_at()))),
            withdrawals: OpenWork::counted(
                open_withdrawals.map(|found| (found.state().as_str(), found.created_at())),
            ),
            balances: Some(sums.into_sums()),
        })
    }
}

/// The rows with a greater key than `after`.
fn later<'a, K: Ord, V>(
    rows: &'a BTreeMap<K, V>,
    after: Option<&K>,
) -> impl Iterator<Item = (&'a K, &'a V)> + use<'a, K, V> {
    rows.range((after.map_or(Unbounded, Excluded), Unbounded))
}

/// How many rows a query gets.
fn rows(limit: u32) -> usize {
    usize::try_from(limit.min(MAX_ROWS)).unwrap_or(usize::MAX)
}

fn numbered_entry((number, entry): (&u64, &Entry)) -> NumberedEntry {
    NumberedEntry { number: *number, entry: entry.clone() }
}
