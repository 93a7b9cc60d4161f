//! Which entries each decision posts. The audit compares the ledger with the same rules.

use crate::{
    Amount, Entry, EntryKind, EntrySource, FeeBearer, Timestamp, Tip, TipState, UserAccount, Withdrawal,
    WithdrawalState,
};

/// The entries that a tip in its state must have.
pub(crate) fn of_tip(tip: &Tip) -> Vec<Entry> {
    let TipState::Settled { at, .. } = *tip.state() else { return Vec::new() };
    let terms = tip.terms();
    let account =
        UserAccount { app: terms.app.clone(), user: terms.to_user.clone(), asset: terms.asset.clone() };
    vec![Entry {
        source: EntrySource::Tip(tip.id()),
        kind: EntryKind::TipSettled,
        account,
        amount: terms.amount,
        at,
    }]
}

/// The entries that a withdrawal in its state must have; the first is posted by its request, the
/// others by its end.
pub(crate) fn of_withdrawal(withdrawal: &Withdrawal) -> Vec<Entry> {
    let reserved = withdrawal.reserved().unwrap_or(Amount::MAX);
    let mut entries =
        vec![entry(withdrawal, EntryKind::WithdrawalRequested, reserved, withdrawal.created_at())];
    entries.extend(of_withdrawal_end(withdrawal));
    entries
}

/// The entries that the end of a withdrawal posts; none before its end.
pub(crate) fn of_withdrawal_end(withdrawal: &Withdrawal) -> Vec<Entry> {
    let reserved = withdrawal.reserved().unwrap_or(Amount::MAX);
    let entries = match *withdrawal.state() {
        WithdrawalState::Completed { fee, at } => {
            let terms = withdrawal.terms();
            // A fee above the limit is the hub's loss: the user never pays more than was reserved.
            let borne_by_user = match terms.fee_bearer {
                FeeBearer::User => fee.min(terms.fee_limit),
                FeeBearer::Hub => Amount::ZERO,
            };
            let paid = terms.amount.checked_add(borne_by_user).unwrap_or(reserved);
            vec![
                entry(withdrawal, EntryKind::WithdrawalPaid, paid, at),
                entry(withdrawal, EntryKind::WithdrawalFeeBorne, fee.saturating_sub(borne_by_user), at),
                entry(withdrawal, EntryKind::WithdrawalReleased, reserved.saturating_sub(paid), at),
            ]
        }
        WithdrawalState::Failed { at, .. } | WithdrawalState::Released { at, .. } => {
            vec![entry(withdrawal, EntryKind::WithdrawalReleased, reserved, at)]
        }
        WithdrawalState::PaidAfterRelease { at, .. } => {
            let released = entry(withdrawal, EntryKind::WithdrawalReleased, reserved, at);
            of_late_payment(withdrawal).into_iter().chain([released]).collect()
        }
        WithdrawalState::AwaitingReview
        | WithdrawalState::LiquidityPending
        | WithdrawalState::Pending
        | WithdrawalState::Processing { .. }
        | WithdrawalState::RetryPending { .. } => Vec::new(),
    };
    entries.into_iter().filter(|entry| !entry.amount.is_zero()).collect()
}

/// What is posted when a withdrawal is paid after its funds had been released.
pub(crate) fn of_late_payment(withdrawal: &Withdrawal) -> Option<Entry> {
    let WithdrawalState::PaidAfterRelease { fee, .. } = *withdrawal.state() else { return None };
    let left = withdrawal.terms().amount.checked_add(fee).unwrap_or(Amount::MAX);
    Some(entry(withdrawal, EntryKind::WithdrawalPaidLate, left, withdrawal.updated_at()))
}

fn entry(withdrawal: &Withdrawal, kind: EntryKind, amount: Amount, at: Timestamp) -> Entry {
    let source = EntrySource::Withdrawal(withdrawal.id());
    Entry { source, kind, account: withdrawal.account(), amount, at }
}
