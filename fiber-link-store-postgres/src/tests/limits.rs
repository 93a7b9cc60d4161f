//! The database counts as the core says.

use super::*;
use fiber_link_core::testing::sample::{self, change_set};
use fiber_link_core::{
    Amount, AssetId, CommitError, CountTowardsLimit, GiveBackToLimit, LimitCounter, LimitKey, LimitScope, Op,
    Store, Timestamp,
};
use std::time::Duration;

const HOUR: u64 = 3_600_000;

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_counts_as_the_core_does_in_any_order_of_requests() {
    let (store, mut dice) = (fresh_store().await, Dice(7));
    let (mut accepted, mut refused) = (0, 0);
    for user in 0..40 {
        let scope = LimitScope::User(sample::user(&format!("user-{user}")));
        let key = LimitKey { app: sample::forum(), scope, asset: AssetId::ckb() };
        let mut counter = LimitCounter::default();
        // Some begin at the epoch, where a day ago is no time at all.
        let mut now = if user % 4 == 0 { 0 } else { sample::START.as_millis() };
        for _ in 0..30 {
            now = now.saturating_add(dice.below(3 * HOUR)).saturating_sub(dice.below(HOUR));
            // The edges of hours are where a day begins and ends.
            if dice.below(2) == 0 {
                now -= now % HOUR;
            }
            let amount = match dice.below(8) {
                0 => Amount::MAX,
                _ => Amount::new(dice.below(40)),
            };
            if dice.below(5) == 0 {
                let requested_at = Timestamp::from_millis(now.saturating_sub(dice.below(30 * HOUR)));
                let gift = GiveBackToLimit { key: key.clone(), amount, requested_at };
                counter = counter.give_back(&gift);
                store.commit(change_set([Op::GiveBackToLimit(gift)])).await.unwrap();
                continue;
            }
            let request = CountTowardsLimit {
                key: key.clone(),
                amount,
                ceiling: if dice.below(6) == 0 { Amount::MAX } else { Amount::new(200) },
                cooldown: Duration::from_millis(dice.below(3).saturating_mul(dice.below(2 * HOUR))),
                now: Timestamp::from_millis(now),
            };
            let told = store.commit(change_set([Op::CountTowardsLimit(request.clone())])).await;
            match (counter.count(&request), told) {
                (Ok(next), Ok(())) => {
                    counter = next;
                    accepted += 1;
                }
                (Err(expected), Err(CommitError::LimitExceeded(told))) => {
                    assert_eq!(told, expected);
                    refused += 1;
                }
                (expected, told) => panic!("{request:?}: {told:?} instead of {expected:?}"),
            }
        }
    }
    assert!(accepted > 200 && refused > 200, "{accepted} accepted, {refused} refused");
}
