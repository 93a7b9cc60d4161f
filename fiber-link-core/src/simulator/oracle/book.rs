//! The oracle's own ledger, read from the store's entries and added up by its own rules.

use super::invariant::{Broken, Checks, Invariant};
use crate::simulator::executor::block_on;
use crate::{
    Amount, AssetId, Balance, BalanceQuery, Entry, EntryKind, EntryQuery, EntrySource, MAX_ROWS,
    NumberedEntry, Store, UserAccount,
};
use std::collections::BTreeMap;

/// What a user has by the entries: available and reserved.
pub(super) type Sums = (i128, i128);

/// Every entry that was ever seen, and what they come to.
#[derive(Debug, Default)]
pub(super) struct Book {
    entries: Vec<NumberedEntry>,
    by_source: BTreeMap<EntrySource, Vec<NumberedEntry>>,
    accounts: BTreeMap<UserAccount, Sums>,
    /// What the entries of each kind come to.
    sums: BTreeMap<(AssetId, EntryKind), i128>,
}

impl Book {
    /// The place of the last entry.
    pub(super) fn last_number(&self) -> u64 {
        self.entries.last().map_or(0, |last| last.number)
    }

    /// The newest credit of a tip.
    pub(super) fn newest_credit(&self) -> Option<&Entry> {
        let mut newest_first = self.entries.iter().rev().map(|numbered| &numbered.entry);
        newest_first.find(|entry| entry.kind == EntryKind::TipSettled)
    }

    /// Reads what is new and answers it.
    pub(super) fn read_on(&mut self, store: &dyn Store) -> Result<Vec<Entry>, Broken> {
        let mut news = Vec::new();
        loop {
            let after = self.last_number();
            let page = block_on(store.entries(EntryQuery::All { after, limit: MAX_ROWS }))?;
            if page.is_empty() {
                return Ok(news);
            }
            for numbered in page {
                if numbered.number <= self.last_number() {
                    return Err(Broken::of_pages("entries"));
                }
                self.add(&numbered);
                news.push(numbered.entry.clone());
                self.entries.push(numbered);
            }
        }
    }

    fn add(&mut self, numbered: &NumberedEntry) {
        let entry = &numbered.entry;
        let amount = signed(entry.amount);
        let (available, reserved) = match entry.kind {
            EntryKind::TipSettled => (amount, 0),
            EntryKind::WithdrawalRequested => (amount.saturating_neg(), amount),
            EntryKind::WithdrawalPaid => (0, amount.saturating_neg()),
            // From one account of the hub to another.
            EntryKind::WithdrawalFeeBorne | EntryKind::WithdrawalPaidLate => (0, 0),
            EntryKind::WithdrawalReleased => (amount, amount.saturating_neg()),
        };
        let sums = self.accounts.entry(entry.account.clone()).or_default();
        *sums = (sums.0.saturating_add(available), sums.1.saturating_add(reserved));
        let sum = self.sums.entry((entry.account.asset.clone(), entry.kind)).or_default();
        *sum = sum.saturating_add(amount);
        self.by_source.entry(entry.source).or_default().push(numbered.clone());
    }

    /// The entries of a tip or a withdrawal.
    pub(super) fn of(&self, source: EntrySource) -> &[NumberedEntry] {
        self.by_source.get(&source).map_or(&[], Vec::as_slice)
    }

    /// What the entries of one kind of a tip or a withdrawal come to.
    pub(super) fn sum(&self, source: EntrySource, kind: EntryKind) -> i128 {
        let entries = self.of(source).iter().filter(|found| found.entry.kind == kind);
        entries.fold(0, |sum, found| sum.saturating_add(signed(found.entry.amount)))
    }

    /// What the entries of each kind come to, by asset.
    pub(super) fn sums(&self) -> impl Iterator<Item = (&(AssetId, EntryKind), &i128)> {
        self.sums.iter()
    }

    /// I2 and I4 for one account.
    pub(super) fn check_account(
        &self,
        account: &UserAccount,
        stored: Balance,
        checks: &mut Checks,
    ) -> Result<(), Broken> {
        let sums = self.accounts.get(account).copied().unwrap_or_default();
        checks.check(Invariant::I2, sums.0 >= 0 && sums.1 >= 0, || {
            format!("{account} is below zero: available {}, reserved {}", sums.0, sums.1)
        })?;
        let stored = (signed(stored.available), signed(stored.reserved));
        checks.check(Invariant::I4, stored == sums, || {
            format!("{account} has {stored:?} stored, but its entries come to {sums:?} (available, reserved)")
        })
    }

    /// I2, I3 and I4 for everything: all entries and all balances are read again.
    pub(super) fn check_all(&self, store: &dyn Store, checks: &mut Checks) -> Result<(), Broken> {
        let mut known = self.entries.iter();
        let mut after = 0;
        loop {
            let page = block_on(store.entries(EntryQuery::All { after, limit: MAX_ROWS }))?;
            if page.is_empty() {
                break;
            }
            for found in &page {
                if found.number <= after {
                    return Err(Broken::of_pages("entries"));
                }
                after = found.number;
                checks.check(Invariant::I3, known.next() == Some(found), || {
                    format!("entry {} is not what it was: {:?}", found.number, found.entry)
                })?;
            }
        }
        let gone = known.next();
        checks.check(Invariant::I3, gone.is_none(), || format!("an entry is gone: {gone:?}"))?;
        self.check_balances(store, checks)
    }

    fn check_balances(&self, store: &dyn Store, checks: &mut Checks) -> Result<(), Broken> {
        let (mut after, mut with_balance) = (None, 0usize);
        loop {
            let query = BalanceQuery::All { after: after.clone(), limit: MAX_ROWS };
            let page = block_on(store.balances(query))?;
            if page.is_empty() {
                break;
            }
            for (account, stored) in page {
                if after.as_ref().is_some_and(|after| account <= *after) {
                    return Err(Broken::of_pages("balances"));
                }
                self.check_account(&account, stored, checks)?;
                with_balance = with_balance.saturating_add(usize::from(self.accounts.contains_key(&account)));
                after = Some(account);
            }
        }
        checks.check(Invariant::I4, with_balance == self.accounts.len(), || {
            format!("{} accounts have entries, but only {with_balance} a balance", self.accounts.len())
        })
    }
}

pub(super) fn signed(amount: Amount) -> i128 {
    // An amount is at most 2^127-1.
    i128::try_from(amount.units()).unwrap_or(i128::MAX)
}
