//! The audit: recomputes the ledger from its entries and compares it with every record.
//!
//! It reads page by page while a server may go on writing. What looks wrong is read again before
//! it is reported: a record or a balance that changed in between is no finding.

use crate::{
    AccountKind, Amount, AssetId, AttemptQuery, AttemptState, Balance, BalanceQuery, Entry, EntryQuery,
    EntrySource, MAX_ROWS, Store, StoreError, Tip, TipLookup, TipQuery, UserAccount, Withdrawal,
    WithdrawalLookup, WithdrawalQuery, WithdrawalState, posting,
};
use std::collections::{BTreeMap, HashMap};
use std::fmt;

/// How often something that changes while it is read is read again.
const TRIES: u32 = 16;

/// Something that must not be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// A stored balance is not the sum of its entries (I4).
    Balance {
        /// Whose balance.
        account: UserAccount,
        /// What is stored.
        stored: Balance,
        /// What the entries come to: available and reserved.
        entries: (i128, i128),
    },
    /// An account is below zero by its entries (I2).
    BelowZero {
        /// Whose account.
        account: UserAccount,
        /// What the entries come to: available and reserved.
        entries: (i128, i128),
    },
    /// A record does not have the entries that its state must have (I8, I12).
    Entries {
        /// The tip or withdrawal.
        source: EntrySource,
        /// The stored name of its state.
        state: &'static str,
        /// What it must have.
        expected: Vec<Entry>,
        /// What it has.
        found: Vec<Entry>,
    },
    /// An entry belongs to no record.
    Orphan(EntrySource),
    /// A payment hash leads to another tip (I8).
    PaymentHash(EntrySource),
    /// A withdrawal and its latest attempt contradict each other (I16, I20).
    Attempt {
        /// The withdrawal.
        source: EntrySource,
        /// The stored name of its state.
        state: &'static str,
        /// The stored name of its latest attempt's state.
        attempt: Option<&'static str>,
    },
    /// The node charged more than the fee limit of a withdrawal (I15).
    FeeAboveLimit {
        /// The withdrawal.
        source: EntrySource,
        /// What was charged.
        fee: Amount,
        /// What was agreed.
        limit: Amount,
    },
    /// What left accounts is not what went into accounts (I1).
    Unbalanced {
        /// In which asset.
        asset: AssetId,
        /// What all accounts come to.
        sum: i128,
    },
}

/// What an audit saw.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditReport {
    /// Entries that were read.
    pub entries: u64,
    /// User accounts that were compared.
    pub accounts: u64,
    /// Tips that were compared.
    pub tips: u64,
    /// Withdrawals that were compared.
    pub withdrawals: u64,
    /// What every account kind comes to, by asset.
    pub sums: BTreeMap<(AssetId, AccountKind), i128>,
    /// What must not be.
    pub findings: Vec<Finding>,
}

/// Recomputes the ledger of a store and compares it with every record and balance.
///
/// # Errors
/// [`StoreError`] if the store failed; nothing can be said then.
pub async fn audit(store: &dyn Store) -> Result<AuditReport, StoreError> {
    let mut report = AuditReport::default();
    let accounts = read_entries(store, &mut report).await?;
    compare_accounts(store, accounts, &mut report).await?;
    compare_tips(store, &mut report).await?;
    compare_withdrawals(store, &mut report).await?;
    Ok(report)
}

/// Sums all entries by account, and checks that each belongs to a record.
async fn read_entries(
    store: &dyn Store,
    report: &mut AuditReport,
) -> Result<HashMap<UserAccount, (i128, i128)>, StoreError> {
    let mut accounts = HashMap::<UserAccount, (i128, i128)>::new();
    let mut after = 0;
    loop {
        let page = store.entries(EntryQuery::All { after, limit: MAX_ROWS }).await?;
        let Some(last) = page.last() else { break };
        after = last.number;
        for numbered in page {
            let entry = numbered.entry;
            report.entries = report.entries.saturating_add(1);
            for (kind, change) in changes_of(&entry) {
                let sum = report.sums.entry((entry.account.asset.clone(), kind)).or_default();
                *sum = sum.saturating_add(change);
            }
            if !is_recorded(store, entry.source).await? {
                report.findings.push(Finding::Orphan(entry.source));
            }
            let sums = accounts.entry(entry.account.clone()).or_default();
            *sums = add(*sums, &entry);
        }
    }
    let mut by_asset = BTreeMap::<AssetId, i128>::new();
    for ((asset, _), sum) in &report.sums {
        let total = by_asset.entry(asset.clone()).or_default();
        *total = total.saturating_add(*sum);
    }
    let unbalanced = by_asset.into_iter().filter(|(_, sum)| *sum != 0);
    report.findings.extend(unbalanced.map(|(asset, sum)| Finding::Unbalanced { asset, sum }));
    Ok(accounts)
}

async fn is_recorded(store: &dyn Store, source: EntrySource) -> Result<bool, StoreError> {
    Ok(match source {
        EntrySource::Tip(id) => store.find_tip(TipLookup::Id(id)).await?.is_some(),
        EntrySource::Withdrawal(id) => store.find_withdrawal(WithdrawalLookup::Id(id)).await?.is_some(),
    })
}

async fn compare_accounts(
    store: &dyn Store,
    mut accounts: HashMap<UserAccount, (i128, i128)>,
    report: &mut AuditReport,
) -> Result<(), StoreError> {
    let mut after = None;
    loop {
        let page = store.balances(BalanceQuery::All { after, limit: MAX_ROWS }).await?;
        let Some((last, _)) = page.last() else { break };
        after = Some(last.clone());
        for (account, stored) in page {
            let entries = accounts.remove(&account).unwrap_or_default();
            compare_account(store, account, stored, entries, report).await?;
        }
    }
    // Accounts with entries and without a balance.
    for (account, entries) in accounts {
        compare_account(store, account, Balance::default(), entries, report).await?;
    }
    Ok(())
}

async fn compare_account(
    store: &dyn Store,
    account: UserAccount,
    stored: Balance,
    entries: (i128, i128),
    report: &mut AuditReport,
) -> Result<(), StoreError> {
    report.accounts = report.accounts.saturating_add(1);
    let (mut stored, mut entries) = (stored, entries);
    for _ in 0..TRIES {
        if signed(stored) == entries {
            break;
        }
        let before = store.balance(&account).await?;
        entries = sum_account(store, &account).await?;
        stored = store.balance(&account).await?;
        if stored == before && signed(stored) != entries {
            report.findings.push(Finding::Balance { account: account.clone(), stored, entries });
            break;
        }
    }
    if entries.0 < 0 || entries.1 < 0 {
        report.findings.push(Finding::BelowZero { account, entries });
    }
    Ok(())
}

async fn sum_account(store: &dyn Store, account: &UserAccount) -> Result<(i128, i128), StoreError> {
    let (mut sums, mut after) = ((0, 0), 0);
    loop {
        let query = EntryQuery::Account { account: account.clone(), after, limit: MAX_ROWS };
        let page = store.entries(query).await?;
        let Some(last) = page.last() else { return Ok(sums) };
        after = last.number;
        sums = page.iter().fold(sums, |sums, numbered| add(sums, &numbered.entry));
    }
}

async fn compare_tips(store: &dyn Store, report: &mut AuditReport) -> Result<(), StoreError> {
    let mut after = None;
    loop {
        let page = store.tips(TipQuery::All { after, limit: MAX_ROWS }).await?;
        let Some(last) = page.last() else { return Ok(()) };
        after = Some(last.id());
        for tip in page {
            report.tips = report.tips.saturating_add(1);
            let source = EntrySource::Tip(tip.id());
            let by_hash = store.find_tip(TipLookup::PaymentHash(tip.payment_hash())).await?;
            if by_hash.is_none_or(|found| found.id() != tip.id()) {
                report.findings.push(Finding::PaymentHash(source));
            }
            compare_tip(store, tip.into_inner(), source, report).await?;
        }
    }
}

async fn compare_tip(
    store: &dyn Store,
    mut tip: Tip,
    source: EntrySource,
    report: &mut AuditReport,
) -> Result<(), StoreError> {
    for _ in 0..TRIES {
        let (expected, found) = (posting::of_tip(&tip), entries_of(store, source).await?);
        if same(&expected, &found) {
            return Ok(());
        }
        match store.find_tip(TipLookup::Id(tip.id())).await? {
            Some(again) if *again == tip => {
                let state = tip.state().as_str();
                report.findings.push(Finding::Entries { source, state, expected, found });
                return Ok(());
            }
            Some(again) => tip = again.into_inner(),
            None => return Ok(()),
        }
    }
    Ok(())
}

async fn compare_withdrawals(store: &dyn Store, report: &mut AuditReport) -> Result<(), StoreError> {
    let mut after = None;
    loop {
        let page = store.withdrawals(WithdrawalQuery::All { after, limit: MAX_ROWS }).await?;
        let Some(last) = page.last() else { return Ok(()) };
        after = Some(last.id());
        for withdrawal in page {
            report.withdrawals = report.withdrawals.saturating_add(1);
            compare_withdrawal(store, withdrawal.into_inner(), report).await?;
        }
    }
}

async fn compare_withdrawal(
    store: &dyn Store,
    mut withdrawal: Withdrawal,
    report: &mut AuditReport,
) -> Result<(), StoreError> {
    let source = EntrySource::Withdrawal(withdrawal.id());
    for _ in 0..TRIES {
        let (expected, found) = (posting::of_withdrawal(&withdrawal), entries_of(store, source).await?);
        let attempt = store.find_attempt(AttemptQuery::LatestOf(withdrawal.id())).await?;
        let attempt = attempt.map(|attempt| attempt.state().clone());
        let (entries_fit, attempt_fits) = (same(&expected, &found), fits(&withdrawal, attempt.as_ref()));
        if entries_fit && attempt_fits {
            break;
        }
        match store.find_withdrawal(WithdrawalLookup::Id(withdrawal.id())).await? {
            Some(again) if *again == withdrawal => {
                let state = withdrawal.state().as_str();
                if !entries_fit {
                    report.findings.push(Finding::Entries { source, state, expected, found });
                }
                if !attempt_fits {
                    let attempt = attempt.as_ref().map(AttemptState::as_str);
                    report.findings.push(Finding::Attempt { source, state, attempt });
                }
                break;
            }
            Some(again) => withdrawal = again.into_inner(),
            None => return Ok(()),
        }
    }
    if let WithdrawalState::Completed { fee, .. } | WithdrawalState::PaidAfterRelease { fee, .. } =
        *withdrawal.state()
        && fee > withdrawal.terms().fee_limit
    {
        let limit = withdrawal.terms().fee_limit;
        report.findings.push(Finding::FeeAboveLimit { source, fee, limit });
    }
    Ok(())
}

/// Whether a withdrawal may be in its state with this latest attempt.
fn fits(withdrawal: &Withdrawal, attempt: Option<&AttemptState>) -> bool {
    match (withdrawal.state(), attempt) {
        (
            WithdrawalState::AwaitingReview | WithdrawalState::LiquidityPending | WithdrawalState::Pending,
            attempt,
        ) => attempt.is_none(),
        (WithdrawalState::Processing { .. } | WithdrawalState::Released { .. }, attempt) => {
            matches!(attempt, Some(AttemptState::Sent { .. } | AttemptState::Unknown { .. }))
        }
        (WithdrawalState::RetryPending { .. }, attempt) => {
            matches!(attempt, Some(AttemptState::Failed { .. }))
        }
        (WithdrawalState::Completed { fee, .. } | WithdrawalState::PaidAfterRelease { fee, .. }, attempt) => {
            matches!(attempt, Some(AttemptState::Succeeded { fee: paid, .. }) if paid == fee)
        }
        (WithdrawalState::Failed { .. }, attempt) => {
            matches!(attempt, None | Some(AttemptState::Failed { .. }))
        }
    }
}

async fn entries_of(store: &dyn Store, source: EntrySource) -> Result<Vec<Entry>, StoreError> {
    let numbered = store.entries(EntryQuery::Of(source)).await?;
    Ok(numbered.into_iter().map(|numbered| numbered.entry).collect())
}

/// Whether both hold the same entries, in any order.
fn same(expected: &[Entry], found: &[Entry]) -> bool {
    expected.len() == found.len() && expected.iter().all(|entry| found.contains(entry))
}

fn signed(balance: Balance) -> (i128, i128) {
    (signed_amount(balance.available), signed_amount(balance.reserved))
}

fn signed_amount(amount: Amount) -> i128 {
    // An amount is at most 2^127-1.
    i128::try_from(amount.units()).unwrap_or(i128::MAX)
}

fn changes_of(entry: &Entry) -> [(AccountKind, i128); 2] {
    let amount = signed_amount(entry.amount);
    [(entry.kind.from_account(), amount.saturating_neg()), (entry.kind.to_account(), amount)]
}

fn add(sums: (i128, i128), entry: &Entry) -> (i128, i128) {
    changes_of(entry).into_iter().fold(sums, |(available, reserved), (kind, change)| match kind {
        AccountKind::Available => (available.saturating_add(change), reserved),
        AccountKind::Reserved => (available, reserved.saturating_add(change)),
        AccountKind::Fiber | AccountKind::FeesPaid | AccountKind::Suspense => (available, reserved),
    })
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Balance { account, stored, entries: (available, reserved) } => write!(
                f,
                "balance of {account}: stored available {} and reserved {}, entries come to {available} and {reserved}",
                stored.available, stored.reserved
            ),
            Self::BelowZero { account, entries: (available, reserved) } => {
                write!(f, "account of {account} is below zero: available {available}, reserved {reserved}")
            }
            Self::Entries { source, state, expected, found } => {
                write!(f, "{source} is {state} and must have {}, but has {}", Kinds(expected), Kinds(found))
            }
            Self::Orphan(source) => write!(f, "an entry belongs to {source}, which does not exist"),
            Self::PaymentHash(source) => write!(f, "the payment hash of {source} leads to another tip"),
            Self::Attempt { source, state, attempt } => {
                write!(f, "{source} is {state}, but its latest attempt is {}", attempt.unwrap_or("missing"))
            }
            Self::FeeAboveLimit { source, fee, limit } => {
                write!(f, "{source} cost a fee of {fee}, above its limit of {limit}")
            }
            Self::Unbalanced { asset, sum } => {
                write!(f, "the accounts in {asset} come to {sum} instead of zero")
            }
        }
    }
}

/// Entries as a reader of a finding wants them: kind and amount.
struct Kinds<'a>(&'a [Entry]);

impl fmt::Display for Kinds<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("no entries");
        }
        for (place, entry) in self.0.iter().enumerate() {
            let separator = if place == 0 { "" } else { ", " };
            write!(f, "{separator}{} of {}", entry.kind.as_str(), entry.amount)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
