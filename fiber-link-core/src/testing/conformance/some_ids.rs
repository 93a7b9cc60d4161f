//! Records by many ids at once.

use super::{commit, create_tip};
use crate::testing::sample::{self, app_id, forum};
use crate::*;
use std::sync::Arc;

fn tip_ids(numbers: &[u64]) -> Vec<TipId> {
    numbers.iter().map(|n| sample::tip_id(*n)).collect()
}

fn withdrawal_ids(numbers: &[u64]) -> Vec<WithdrawalId> {
    numbers.iter().map(|n| sample::withdrawal_id(*n)).collect()
}

pub async fn tips_are_found_by_some_ids(store: Arc<dyn Store>) {
    for n in [1, 2, 3, 4, 5_000] {
        let terms = TipTerms { app: if n == 4 { app_id("wiki") } else { forum() }, ..sample::tip_terms() };
        let tip = sample::tip_with(n, terms, TipState::Creating);
        commit(&*store, [create_tip(tip)]).await.unwrap();
    }
    let find = async |numbers: &[u64]| {
        let wanted = TipQuery::Ids(tip_ids(numbers).into_iter().collect());
        let found = store.tips(wanted).await.unwrap();
        for tip in &found {
            assert_eq!(store.find_tip(TipLookup::Id(tip.id())).await.unwrap().as_ref(), Some(tip));
        }
        found.iter().map(|tip| tip.id()).collect::<Vec<_>>()
    };
    assert_eq!(find(&[4, 1, 3]).await, tip_ids(&[1, 3, 4]));
    assert_eq!(find(&[9, 2, 8]).await, tip_ids(&[2]));
    assert_eq!(find(&[]).await, []);
    let numbers: Vec<u64> = (4..3 + u64::from(MAX_ROWS)).chain([5_000]).collect();
    assert_eq!(find(&numbers).await, tip_ids(&[4, 5_000]));
    let one_more = [&[3], &*numbers].concat();
    assert_eq!(find(&one_more).await, tip_ids(&[3, 4]));
}

pub async fn withdrawals_are_found_by_some_ids(store: Arc<dyn Store>) {
    for n in [1, 2, 3, 4, 5_000] {
        let terms = sample::withdrawal_terms(n);
        let withdrawal = sample::withdrawal_with(n, terms, 1, WithdrawalState::Pending);
        commit(&*store, [Op::CreateWithdrawal { withdrawal, due: None }]).await.unwrap();
    }
    let find = async |numbers: &[u64]| {
        let wanted = WithdrawalQuery::Ids(withdrawal_ids(numbers).into_iter().collect());
        let found = store.withdrawals(wanted).await.unwrap();
        for withdrawal in &found {
            let same = store.find_withdrawal(WithdrawalLookup::Id(withdrawal.id())).await.unwrap();
            assert_eq!(same.as_ref(), Some(withdrawal));
        }
        found.iter().map(|withdrawal| withdrawal.id()).collect::<Vec<_>>()
    };
    assert_eq!(find(&[4, 1, 3]).await, withdrawal_ids(&[1, 3, 4]));
    assert_eq!(find(&[9, 2, 8]).await, withdrawal_ids(&[2]));
    assert_eq!(find(&[]).await, []);
    let numbers: Vec<u64> = (4..3 + u64::from(MAX_ROWS)).chain([5_000]).collect();
    assert_eq!(find(&numbers).await, withdrawal_ids(&[4, 5_000]));
    let one_more = [&[3], &*numbers].concat();
    assert_eq!(find(&one_more).await, withdrawal_ids(&[3, 4]));
}
