//! A signed request is let in once, and counted.

use crate::testing::sample::{self, at};
use crate::*;
use futures_util::future::join_all;
use std::sync::Arc;
use std::time::Duration;

/// A request with the nonce `n`, signed and sent so many seconds after the start, outside of any
/// rate limit.
fn request(n: u8, second: u64) -> Admission {
    let now = at(second);
    Admission { nonce: [n; 32], signed_at: now, expires_at: at(second + 600), rate: None, now }
}

/// The same under a rate limit of three a minute.
fn counted(n: u8, second: u64) -> Admission {
    let limit = RateLimit { requests: 3, window: Duration::from_secs(60) };
    let rate = RateCount { app: sample::forum(), method: "tip.create", limit };
    Admission { rate: Some(rate), ..request(n, second) }
}

fn left(remaining: u32, reset_at: Timestamp) -> Admitted {
    Admitted { rate: Some(RateLeft { remaining, reset_at }) }
}

#[track_caller]
fn assert_replayed(answer: Result<Admitted, AdmitError>) {
    assert!(matches!(answer, Err(AdmitError::Replayed)), "{answer:?}");
}

#[track_caller]
fn assert_limited(answer: Result<Admitted, AdmitError>, reset_at: Timestamp) {
    let Err(AdmitError::RateLimited(left)) = answer else { panic!("{answer:?}") };
    assert_eq!(left, RateLeft { remaining: 0, reset_at });
}

pub async fn a_nonce_is_let_in_once(store: Arc<dyn Store>) {
    assert_eq!(store.admit(request(1, 0)).await.unwrap(), Admitted { rate: None });
    assert_replayed(store.admit(request(1, 0)).await);
    assert_replayed(store.admit(request(1, 5)).await);
    store.admit(request(2, 5)).await.unwrap();
    let close = Admission { nonce: [[1; 31].as_slice(), &[2]].concat().try_into().unwrap(), ..request(1, 5) };
    store.admit(close).await.unwrap();
}

pub async fn a_nonce_is_remembered_until_it_expires(store: Arc<dyn Store>) {
    store.admit(request(1, 0)).await.unwrap();
    for (n, second) in [(2, 300), (3, 599)] {
        store.admit(request(n, second)).await.unwrap();
        assert_replayed(store.admit(request(1, second)).await);
    }
    // Long after its end it is forgotten, and only it.
    let day = 24 * 3_600;
    store.admit(request(4, day)).await.unwrap();
    store.admit(request(1, day)).await.unwrap();
    assert_replayed(store.admit(request(1, day + 1)).await);
    assert_replayed(store.admit(request(4, day + 1)).await);
}

pub async fn a_rate_limit_holds_in_its_window(store: Arc<dyn Store>) {
    let begins = 60 - START_IN_MINUTE;
    let reset_at = at(begins + 60);
    for (n, remaining) in [(1, 2), (2, 1), (3, 0)] {
        let second = begins + u64::from(n);
        assert_eq!(store.admit(counted(n, second)).await.unwrap(), left(remaining, reset_at));
    }
    assert_limited(store.admit(counted(4, begins + 59)).await, reset_at);
    assert_eq!(store.admit(counted(5, begins + 60)).await.unwrap(), left(2, at(begins + 120)));
}

/// How far into its minute the samples begin.
const START_IN_MINUTE: u64 = sample::START.as_millis() / 1_000 % 60;

pub async fn rate_limits_of_apps_and_methods_are_apart(store: Arc<dyn Store>) {
    let of = |n, app: &str, method| {
        let rate = counted(n, 0).rate.map(|rate| RateCount { app: sample::app_id(app), method, ..rate });
        Admission { rate, ..counted(n, 0) }
    };
    for (round, expected) in [(0, 2), (10, 1), (20, 0)] {
        for (n, app, method) in
            [(1, "forum", "tip.create"), (2, "wiki", "tip.create"), (3, "forum", "tip.status")]
        {
            let admitted = store.admit(of(round + n, app, method)).await.unwrap();
            assert_eq!(admitted.rate.unwrap().remaining, expected, "{app} {method}");
        }
    }
}

pub async fn a_replay_does_not_count_towards_the_rate_limit(store: Arc<dyn Store>) {
    let reset_at = at(60 - START_IN_MINUTE);
    assert_eq!(store.admit(counted(1, 0)).await.unwrap(), left(2, reset_at));
    for _ in 0..5 {
        assert_replayed(store.admit(counted(1, 0)).await);
    }
    assert_eq!(store.admit(counted(2, 0)).await.unwrap(), left(1, reset_at));
}

pub async fn a_nonce_that_met_the_rate_limit_is_used_up(store: Arc<dyn Store>) {
    for n in 1..=3 {
        store.admit(counted(n, 0)).await.unwrap();
    }
    assert_limited(store.admit(counted(4, 0)).await, at(60 - START_IN_MINUTE));
    assert_replayed(store.admit(counted(4, 0)).await);
    assert_replayed(store.admit(counted(4, 120)).await);
}

pub async fn one_of_many_requests_with_one_nonce_is_let_in(store: Arc<dyn Store>) {
    let answers = join_all((0..64).map(|_| store.admit(request(1, 0)))).await;
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1);
    answers.into_iter().filter(Result::is_err).for_each(assert_replayed);
    let answers = join_all((100..164).map(|n| store.admit(counted(n, 0)))).await;
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 3, "the limit holds too");
}
