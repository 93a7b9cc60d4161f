//! Limits hold for a rolling day.

use super::{assert_refused, commit};
use crate::testing::sample::{self, at, forum};
use crate::*;
use std::sync::Arc;
use std::time::Duration;

const HOUR: u64 = 3_600;

fn key(user: &str) -> LimitKey {
    LimitKey { app: forum(), scope: LimitScope::User(sample::user(user)), asset: AssetId::ckb() }
}

fn count(key: LimitKey, amount: u64, now: Timestamp) -> Op {
    let (amount, ceiling) = (Amount::new(amount), Amount::new(10));
    Op::CountTowardsLimit(CountTowardsLimit { key, amount, ceiling, cooldown: Duration::ZERO, now })
}

#[track_caller]
fn assert_above(result: Result<(), CommitError>, total: u64) {
    let (total, ceiling) = (Amount::new(total), Amount::new(10));
    let excess = LimitExcess::Ceiling { total, ceiling };
    assert_refused(result, LimitExceeded { scope: key("alice").scope, excess }.into());
}

pub async fn a_limit_allows_its_ceiling_and_no_more(store: Arc<dyn Store>) {
    assert_above(commit(&*store, [count(key("alice"), 11, at(0))]).await, 11);
    commit(&*store, [count(key("alice"), 6, at(0))]).await.unwrap();
    assert_above(commit(&*store, [count(key("alice"), 5, at(1))]).await, 11);
    commit(&*store, [count(key("alice"), 4, at(HOUR))]).await.unwrap();
    assert_above(commit(&*store, [count(key("alice"), 1, at(2 * HOUR))]).await, 11);
    let most = Op::CountTowardsLimit(CountTowardsLimit {
        key: key("bob"),
        amount: Amount::MAX,
        ceiling: Amount::MAX,
        cooldown: Duration::ZERO,
        now: at(0),
    });
    commit(&*store, [most]).await.unwrap();
}

pub async fn a_limit_rolls_with_the_day(store: Arc<dyn Store>) {
    commit(&*store, [count(key("alice"), 10, at(0))]).await.unwrap();
    assert_above(commit(&*store, [count(key("alice"), 1, at(24 * HOUR - 1))]).await, 11);
    commit(&*store, [count(key("alice"), 10, at(25 * HOUR))]).await.unwrap();
    assert_above(commit(&*store, [count(key("alice"), 1, at(26 * HOUR))]).await, 11);
}

pub async fn a_cooldown_runs_from_the_last_request(store: Arc<dyn Store>) {
    let request = |now| {
        Op::CountTowardsLimit(CountTowardsLimit {
            key: key("alice"),
            amount: Amount::new(1),
            ceiling: Amount::new(10),
            cooldown: Duration::from_secs(60),
            now,
        })
    };
    commit(&*store, [request(at(0))]).await.unwrap();
    let excess = LimitExcess::Cooldown { until: at(60) };
    let refused = commit(&*store, [request(at(59))]).await;
    assert_refused(refused, LimitExceeded { scope: key("alice").scope, excess }.into());
    commit(&*store, [request(at(60))]).await.unwrap();
    commit(&*store, [request(at(119))]).await.unwrap_err();
}

pub async fn a_failed_withdrawal_is_given_back_to_its_limit(store: Arc<dyn Store>) {
    let give_back = |amount, requested_at| {
        Op::GiveBackToLimit(GiveBackToLimit { key: key("alice"), amount: Amount::new(amount), requested_at })
    };
    commit(&*store, [give_back(5, at(0))]).await.expect("nothing to give back to is no error");
    commit(&*store, [count(key("alice"), 6, at(0))]).await.unwrap();
    commit(&*store, [count(key("alice"), 4, at(HOUR))]).await.unwrap();
    commit(&*store, [give_back(6, at(5 * HOUR))]).await.expect("an hour that is gone");
    assert_above(commit(&*store, [count(key("alice"), 1, at(HOUR))]).await, 11);

    commit(&*store, [give_back(4, at(HOUR))]).await.unwrap();
    assert_above(commit(&*store, [count(key("alice"), 5, at(HOUR))]).await, 11);
    // Given back and counted again in one commit: neither is lost.
    commit(&*store, [give_back(6, at(0)), count(key("alice"), 10, at(HOUR))]).await.unwrap();
    assert_above(commit(&*store, [count(key("alice"), 1, at(HOUR))]).await, 11);
}

pub async fn limits_of_users_apps_and_assets_are_apart(store: Arc<dyn Store>) {
    let keys = [
        key("alice"),
        key("Alice"),
        key("bob"),
        LimitKey { scope: LimitScope::App, ..key("alice") },
        LimitKey { app: sample::app_id("wiki"), ..key("alice") },
        LimitKey { app: sample::app_id("wiki"), scope: LimitScope::App, ..key("alice") },
        LimitKey { asset: AssetId::new("USDI").unwrap(), ..key("alice") },
        key("app"),
        key("user"),
        key("*"),
    ];
    for key in keys.clone() {
        commit(&*store, [count(key, 10, at(0))]).await.unwrap();
    }
    for key in keys {
        commit(&*store, [count(key, 1, at(0))]).await.unwrap_err();
    }
}
