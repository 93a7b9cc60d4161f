//! What is due is taken, by one taker, and comes back after its gap.

use super::commit;
use crate::testing::sample::{self, at};
use crate::*;
use futures_util::future::join_all;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

/// Ten seconds, whatever the age.
const GAP: Gap = Gap { divisor: 1, shortest: Duration::from_secs(10), longest: Duration::from_secs(10) };

fn due(second: u64) -> Option<Due> {
    Some(Due { at: at(second), since: at(0) })
}

async fn put(store: &dyn Store, n: u64, due: Option<Due>) {
    commit(store, [Op::CreateTip { tip: sample::tip(n), due }]).await.unwrap();
}

async fn take(store: &dyn Store, second: u64, limit: u32, gap: Gap) -> BTreeSet<TipId> {
    let taken = store.take_due_tips(TakeDue { now: at(second), limit, gap }).await.unwrap();
    let ids: BTreeSet<_> = taken.iter().map(|tip| tip.id()).collect();
    assert_eq!(ids.len(), taken.len(), "none is taken twice at once");
    ids
}

fn tip_ids<const N: usize>(numbers: [u64; N]) -> BTreeSet<TipId> {
    numbers.map(sample::tip_id).into()
}

pub async fn what_is_due_is_taken_with_the_longest_due_first(store: Arc<dyn Store>) {
    for (n, second) in [(1, 5), (2, 3), (3, 4), (4, 9)] {
        put(&*store, n, due(second)).await;
    }
    put(&*store, 5, None).await;
    assert_eq!(take(&*store, 2, 10, GAP).await, tip_ids([]));
    assert_eq!(take(&*store, 5, 2, GAP).await, tip_ids([2, 3]));
    assert_eq!(take(&*store, 5, 2, GAP).await, tip_ids([1]));
    assert_eq!(take(&*store, 5, 2, GAP).await, tip_ids([]));
    assert_eq!(take(&*store, 9, 2, GAP).await, tip_ids([4]));
}

pub async fn what_was_taken_is_due_again_after_the_gap(store: Arc<dyn Store>) {
    put(&*store, 1, due(5)).await;
    assert_eq!(take(&*store, 7, 10, GAP).await, tip_ids([1]));
    assert_eq!(take(&*store, 16, 10, GAP).await, tip_ids([]));
    assert_eq!(take(&*store, 17, 10, GAP).await, tip_ids([1]));
    assert_eq!(take(&*store, 27, 10, GAP).await, tip_ids([1]));
}

pub async fn the_gap_grows_with_age(store: Arc<dyn Store>) {
    let gap = Gap { divisor: 8, shortest: Duration::from_secs(1), longest: Duration::from_secs(20) };
    put(&*store, 1, due(1)).await;
    for (now, next) in [(1, 2), (2, 3), (80, 90), (800, 820), (8_000, 8_020)] {
        assert_eq!(take(&*store, now, 10, gap).await, tip_ids([1]), "at {now}");
        assert_eq!(take(&*store, next - 1, 10, gap).await, tip_ids([]), "before {next}");
    }
    assert_eq!(take(&*store, 8_020, 10, gap).await, tip_ids([1]));
}

pub async fn what_a_wrong_clock_put_too_far_ahead_is_taken(store: Arc<dyn Store>) {
    const DAY: u64 = 24 * 3600;
    for (n, second) in [(1, 10), (2, DAY + 10), (3, DAY + 11), (4, 1_000 * DAY)] {
        put(&*store, n, due(second)).await;
    }
    assert_eq!(take(&*store, 10, 1, GAP).await, tip_ids([1]), "what is due goes first");
    assert_eq!(take(&*store, 10, 10, GAP).await, tip_ids([3, 4]));
    assert_eq!(take(&*store, 10, 10, GAP).await, tip_ids([]), "they are back in their places");
    assert_eq!(take(&*store, 20, 10, GAP).await, tip_ids([1, 3, 4]));
}

pub async fn an_update_moves_a_record_in_the_queue(store: Arc<dyn Store>) {
    let update =
        |expected, due| Op::UpdateTip { next: sample::tip(1), expected: Version::from_u64(expected), due };
    put(&*store, 1, due(5)).await;
    commit(&*store, [update(1, due(50))]).await.unwrap();
    assert_eq!(take(&*store, 49, 10, GAP).await, tip_ids([]));
    assert_eq!(take(&*store, 50, 10, GAP).await, tip_ids([1]));
    commit(&*store, [update(2, None)]).await.unwrap();
    assert_eq!(take(&*store, 1_000_000, 10, GAP).await, tip_ids([]));
    commit(&*store, [update(3, due(7))]).await.unwrap();
    assert_eq!(take(&*store, 7, 10, GAP).await, tip_ids([1]));
}

pub async fn taking_changes_no_record(store: Arc<dyn Store>) {
    put(&*store, 1, due(5)).await;
    let taken = store.take_due_tips(TakeDue { now: at(5), limit: 10, gap: GAP }).await.unwrap();
    let stored = Stored::new(sample::tip(1), Version::FIRST);
    assert_eq!(taken, std::slice::from_ref(&stored));
    assert_eq!(store.find_tip(TipLookup::Id(sample::tip_id(1))).await.unwrap(), Some(stored));
    let update = Op::UpdateTip { next: sample::tip(1), expected: Version::FIRST, due: due(5) };
    commit(&*store, [update]).await.expect("who took it may write it");
}

pub async fn withdrawals_are_taken_when_they_are_due(store: Arc<dyn Store>) {
    for (n, second) in [(1, 5), (2, 3), (3, 4), (4, 9)] {
        let withdrawal = sample::withdrawal(n);
        commit(&*store, [Op::CreateWithdrawal { withdrawal, due: due(second) }]).await.unwrap();
    }
    put(&*store, 1, due(3)).await;
    let take = async |second, limit| {
        let taken = TakeDue { now: at(second), limit, gap: GAP };
        let taken = store.take_due_withdrawals(taken).await.unwrap();
        taken.iter().map(|withdrawal| withdrawal.id()).collect::<BTreeSet<_>>()
    };
    let ids = |numbers: &[u64]| numbers.iter().map(|n| sample::withdrawal_id(*n)).collect::<BTreeSet<_>>();
    assert_eq!(take(2, 10).await, ids(&[]));
    assert_eq!(take(5, 2).await, ids(&[2, 3]));
    assert_eq!(take(5, 2).await, ids(&[1]));
    assert_eq!(take(14, 10).await, ids(&[4]));
    assert_eq!(take(15, 10).await, ids(&[1, 2, 3]));
    for n in 1..=4 {
        let next = sample::withdrawal(n);
        commit(&*store, [Op::UpdateWithdrawal { next, expected: Version::FIRST, due: None }]).await.unwrap();
    }
    assert_eq!(take(1_000_000, 10).await, ids(&[]));
}

pub async fn two_takers_at_once_take_different_records(store: Arc<dyn Store>) {
    for n in 1..=40 {
        put(&*store, n, due(n % 3)).await;
    }
    let takers = (0..8).map(|_| take(&*store, 5, 7, GAP));
    let mut taken: Vec<_> = join_all(takers).await.into_iter().flatten().collect();
    // A taker may pass over rows that another one holds, so some may be left.
    for _ in 0..40 {
        taken.extend(take(&*store, 5, 7, GAP).await);
    }
    let different: BTreeSet<_> = taken.iter().copied().collect();
    assert_eq!((taken.len(), different.len()), (40, 40), "each once");
}
