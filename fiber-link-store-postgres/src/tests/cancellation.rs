//! Callers that go away at any moment.

use super::*;
use fiber_link_core::testing::sample::{self, at, change_set, forum};
use fiber_link_core::{
    Admission, Due, EventQuery, Gap, Op, SettledPosition, SettledQuery, Store, TakeDue, TipQuery, TipsOf,
};
use futures_util::FutureExt;
use futures_util::future::join_all;
use std::time::Duration;

/// One call of any kind; a commit makes a tip, an entry and an event.
async fn call(store: &PostgresStore, n: u64, kind: u64) {
    let (app, limit) = (forum(), 10);
    let gap = Gap { divisor: 1, shortest: Duration::from_secs(1), longest: Duration::from_secs(1) };
    match kind {
        0..=4 => {
            let due = Some(Due { at: at(0), since: at(0) });
            let create = Op::CreateTip { tip: sample::tip(n), due };
            let unit = [create, Op::Post(sample::credit(n, 1)), Op::Emit(sample::event(n))];
            store.commit(change_set(unit)).await.unwrap();
        }
        5 => drop(store.take_due_tips(TakeDue { now: at(0), limit, gap }).await.unwrap()),
        6 => drop(store.events(EventQuery { app, after: 0, limit }).await.unwrap()),
        7 => {
            let after = SettledPosition::Start;
            drop(store.settled_tips(SettledQuery { app, after, limit }).await.unwrap());
        }
        8 => drop(
            store
                .tips(TipQuery::Newest { of: TipsOf::App { app, phase: None }, before: None, limit })
                .await
                .unwrap(),
        ),
        _ => {
            let mut nonce = [0; 32];
            nonce[..8].copy_from_slice(&n.to_be_bytes());
            let now = at(n);
            let admission = Admission { nonce, signed_at: now, expires_at: at(n + 600), rate: None, now };
            drop(store.admit(admission).await);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn callers_that_go_away_leave_no_half_commit_and_no_open_transaction() {
    const CALLS: u64 = 2_000;
    const CALLERS: u64 = 20;
    let store = fresh_store().await;
    let callers = (0..CALLERS).map(|caller| {
        let store = store.clone();
        tokio::spawn(async move {
            let mut dice = Dice(caller);
            let mut answered = 0;
            for n in 0..CALLS / CALLERS {
                let (kind, patience) = (dice.below(10), Duration::from_micros(dice.below(60_000)));
                let call = call(&store, 1 + caller * CALLS + n, kind);
                answered += u64::from(tokio::time::timeout(patience, call).await.is_ok());
            }
            answered
        })
    });
    let answered: u64 = join_all(callers).await.into_iter().map(Result::unwrap).sum();
    assert!((1..CALLS).contains(&answered), "{answered} of {CALLS} answered");

    // In one look, whatever is still under way.
    let whole = "SELECT count(*) FROM {schema}.tips FULL JOIN {schema}.entries ON entries.source = tips.id
        FULL JOIN {schema}.events ON events.id = tips.id
        WHERE tips.id IS NULL OR entries.source IS NULL OR events.id IS NULL";
    assert_eq!(number(&store, whole).await, 0, "a half commit");

    // Everybody's turn has come when all connections are ours.
    let all = join_all((0..16).map(|_| store.pool().acquire())).await;
    let mut all = all.into_iter().collect::<Result<Vec<_>, _>>().unwrap();
    let open = "SELECT count(*) FROM pg_stat_activity
        WHERE query LIKE '%' || $1 || '%' AND pid <> pg_backend_pid() AND state <> 'idle'";
    let schema = store.schema().name().to_owned();
    let open = sqlx::query_scalar::<_, i64>(open).bind(schema).fetch_one(&mut *all[0]).await.unwrap();
    assert_eq!(open, 0, "an open transaction");
    for connection in &mut all {
        let one: i32 = sqlx::query_scalar("SELECT 1").fetch_one(&mut **connection).await.unwrap();
        assert_eq!(one, 1, "a connection that answers something else");
    }
    drop(all);
    let sum =
        "SELECT (sum(available) - (SELECT count(*) FROM {schema}.entries))::bigint FROM {schema}.balances";
    assert_eq!(number(&store, sum).await, 0);
}

#[tokio::test]
async fn more_writes_than_can_wait_are_refused_at_once() {
    let store = fresh_store().await;
    let unit = || change_set([Op::Emit(sample::event(1))]);
    // The tasks that are left behind do not get their turn before this one ends.
    let refused = (0..10_000).find_map(|_| store.commit(unit()).now_or_never());
    assert!(causes(&refused.unwrap().unwrap_err()).contains("overloaded"));
}

#[tokio::test]
async fn a_dropped_commit_is_applied() {
    let store = fresh_store().await;
    let polled = call(&store, 1, 0).now_or_never();
    assert!(polled.is_none());
    for _ in 0..10_000 {
        if number(&store, "SELECT count(*) FROM {schema}.events").await == 1 {
            return;
        }
    }
    panic!("the commit was dropped with its future");
}
