//! Entries are posted once, and balances follow from them.

use super::{assert_refused, commit};
use crate::testing::sample::{self, account, credit, entry, reservation, tip_id, withdrawal_id};
use crate::*;
use std::sync::Arc;

fn balance(available: u64, reserved: u64) -> Balance {
    Balance { available: Amount::new(available), reserved: Amount::new(reserved) }
}

fn of_withdrawal(n: u64, kind: EntryKind, amount: u64) -> Op {
    Op::Post(entry(EntrySource::Withdrawal(withdrawal_id(n)), kind, amount))
}

async fn alice(store: &dyn Store) -> Balance {
    store.balance(&account("alice")).await.unwrap()
}

pub async fn an_entry_is_posted_once(store: Arc<dyn Store>) {
    let exists = || CommitError::AlreadyExists(Existing::Entry);
    commit(&*store, [Op::Post(credit(1, 5))]).await.unwrap();
    let of_bob = Entry { account: account("bob"), ..credit(1, 5) };
    for entry in [credit(1, 5), credit(1, 6), of_bob] {
        assert_refused(commit(&*store, [Op::Post(entry)]).await, exists());
    }
    assert_refused(commit(&*store, [Op::Post(credit(2, 5)), Op::Post(credit(2, 5))]).await, exists());
    assert_eq!(alice(&*store).await, balance(5, 0));
    assert_eq!(store.balance(&account("bob")).await.unwrap(), balance(0, 0));
    assert_eq!(store.entries(EntryQuery::All { after: 0, limit: 10 }).await.unwrap().len(), 1);

    // Another kind of the same source is another entry, and so is a withdrawal with a tip's id.
    let source = EntrySource::Withdrawal(WithdrawalId::from_uuid(*tip_id(1).as_uuid()));
    commit(&*store, [Op::Post(entry(source, EntryKind::WithdrawalRequested, 3))]).await.unwrap();
    commit(&*store, [Op::Post(entry(source, EntryKind::WithdrawalReleased, 1))]).await.unwrap();
    assert_eq!(alice(&*store).await, balance(3, 2));
}

pub async fn each_kind_of_entry_moves_its_side_of_the_balance(store: Arc<dyn Store>) {
    commit(&*store, [Op::Post(credit(1, 100))]).await.unwrap();
    let mut expected = balance(100, 0);
    commit(&*store, [Op::Post(reservation(9, 50))]).await.unwrap();
    expected = expected.after(EntryKind::WithdrawalRequested, Amount::new(50)).unwrap();
    assert_eq!(alice(&*store).await, expected);
    for (n, kind) in (2..).zip(EntryKind::ALL) {
        let source = match kind {
            EntryKind::TipSettled => EntrySource::Tip(tip_id(n)),
            EntryKind::WithdrawalRequested
            | EntryKind::WithdrawalPaid
            | EntryKind::WithdrawalFeeBorne
            | EntryKind::WithdrawalReleased
            | EntryKind::WithdrawalPaidLate => EntrySource::Withdrawal(withdrawal_id(n)),
        };
        let posted = entry(source, kind, 3);
        commit(&*store, [Op::Post(posted.clone())]).await.unwrap();
        expected = expected.after(kind, Amount::new(3)).unwrap();
        assert_eq!(alice(&*store).await, expected, "{kind:?}");
        let entries = store.entries(EntryQuery::Of(source)).await.unwrap();
        assert_eq!(entries.into_iter().map(|numbered| numbered.entry).collect::<Vec<_>>(), [posted]);
    }
}

pub async fn neither_side_of_a_balance_goes_below_zero(store: Arc<dyn Store>) {
    commit(&*store, [Op::Post(credit(1, 10)), Op::Post(reservation(1, 4))]).await.unwrap();
    assert_eq!(alice(&*store).await, balance(6, 4));
    for (n, kind, amount) in [
        (2, EntryKind::WithdrawalRequested, 7),
        (3, EntryKind::WithdrawalPaid, 5),
        (4, EntryKind::WithdrawalReleased, 5),
    ] {
        let refused = commit(&*store, [of_withdrawal(n, kind, amount)]).await;
        assert_refused(refused, CommitError::InsufficientFunds);
        assert_eq!(alice(&*store).await, balance(6, 4), "{kind:?}");
    }
    commit(&*store, [of_withdrawal(2, EntryKind::WithdrawalRequested, 6)]).await.unwrap();
    commit(&*store, [of_withdrawal(3, EntryKind::WithdrawalPaid, 10)]).await.unwrap();
    assert_eq!(alice(&*store).await, balance(0, 0));
}

pub async fn an_account_without_entries_has_nothing_to_reserve(store: Arc<dyn Store>) {
    commit(&*store, [Op::Post(credit(1, 10))]).await.unwrap();
    let token = AssetId::new("USDI").unwrap();
    for account in [
        account("nobody"),
        UserAccount { asset: token, ..account("alice") },
        UserAccount { app: sample::app_id("wiki"), ..account("alice") },
    ] {
        for kind in [EntryKind::WithdrawalRequested, EntryKind::WithdrawalPaid, EntryKind::WithdrawalReleased]
        {
            let source = EntrySource::Withdrawal(withdrawal_id(1));
            let post = Op::Post(Entry { account: account.clone(), ..entry(source, kind, 1) });
            assert_refused(commit(&*store, [post]).await, CommitError::InsufficientFunds);
        }
        assert_eq!(store.balance(&account).await.unwrap(), balance(0, 0));
    }
}

pub async fn no_side_of_a_balance_goes_above_the_largest_amount(store: Arc<dyn Store>) {
    let most = Entry { amount: Amount::MAX, ..credit(1, 0) };
    commit(&*store, [Op::Post(most)]).await.unwrap();
    assert_refused(commit(&*store, [Op::Post(credit(2, 1))]).await, CommitError::InsufficientFunds);
    let reserve = Entry { amount: Amount::MAX, ..reservation(1, 0) };
    commit(&*store, [Op::Post(reserve)]).await.unwrap();
    commit(&*store, [Op::Post(credit(2, 1))]).await.unwrap();
    assert_refused(commit(&*store, [Op::Post(reservation(2, 1))]).await, CommitError::InsufficientFunds);
    let full = Balance { available: Amount::new(1), reserved: Amount::MAX };
    assert_eq!(alice(&*store).await, full);
}

pub async fn entries_of_one_commit_add_up(store: Arc<dyn Store>) {
    commit(&*store, [Op::Post(credit(1, 100)), Op::Post(reservation(1, 61))]).await.unwrap();
    let last = [
        of_withdrawal(1, EntryKind::WithdrawalReleased, 11),
        of_withdrawal(1, EntryKind::WithdrawalPaid, 50),
        of_withdrawal(1, EntryKind::WithdrawalFeeBorne, 2),
    ];
    commit(&*store, last).await.unwrap();
    assert_eq!(alice(&*store).await, balance(50, 0));
    let entries = store.entries(EntryQuery::Of(EntrySource::Withdrawal(withdrawal_id(1)))).await.unwrap();
    assert_eq!(entries.len(), 4);
}

pub async fn a_balance_is_the_sum_of_its_entries(store: Arc<dyn Store>) {
    // Pseudo-random amounts, some of which are refused.
    let mut random = 12_345u64;
    let mut next = |bound: u64| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) % bound
    };
    let mut refused = 0;
    for n in 1..=60 {
        let kind = EntryKind::ALL[usize::try_from(next(5)).unwrap()];
        let user = ["alice", "bob"][usize::try_from(next(2)).unwrap()];
        let source = EntrySource::Withdrawal(withdrawal_id(n));
        let post = Entry { account: account(user), ..entry(source, kind, next(50) + 1) };
        refused += usize::from(commit(&*store, [Op::Post(post)]).await.is_err());
    }
    assert!((1..50).contains(&refused), "{refused} were refused");
    let entries = store.entries(EntryQuery::All { after: 0, limit: MAX_ROWS }).await.unwrap();
    assert_eq!(entries.len(), 60 - refused);
    for user in ["alice", "bob"] {
        let of_user = entries.iter().map(|numbered| &numbered.entry).filter(|e| e.account == account(user));
        let sum = of_user.fold(Balance::default(), |sum, e| sum.after(e.kind, e.amount).unwrap());
        assert_eq!(store.balance(&account(user)).await.unwrap(), sum, "{user}");
    }
}
