//! Units that touch the same rows wait for each other in one order.

use super::*;
use fiber_link_core::testing::sample::{self, at, change_set, forum};
use fiber_link_core::{
    Amount, AssetId, CommitError, CountTowardsLimit, Due, Entry, Event, Gap, GiveBackToLimit, LimitKey,
    LimitScope, NodeKey, Op, Store, TakeDue, Tip, TipLookup, TipState, Worker, WorkerState,
};
use futures_util::future::join_all;
use std::time::Duration;

const USERS: [&str; 5] = ["alice", "bob", "carol", "dave", "erin"];

fn limit(user: &str) -> LimitKey {
    LimitKey { app: forum(), scope: LimitScope::User(sample::user(user)), asset: AssetId::ckb() }
}

/// How many workers there are; of the first an attempt is without an outcome.
const WORKERS: u64 = 4;

/// What a unit does to the workers on the list: claims, beats, the word that one is dead, and who
/// comes and goes.
async fn worker_ops(store: &PostgresStore, dice: &mut Dice, n: u64) -> Vec<Op> {
    let mut ops = Vec::new();
    for worker in 1..=WORKERS {
        let id = sample::worker_id(worker);
        let Some(stored) = store.find_worker(id).await.unwrap() else {
            ops.push(Op::CreateWorker(sample::worker(worker)));
            continue;
        };
        let (expected, next) = (stored.version(), stored.into_inner());
        let dead = WorkerState::DeclaredDead { at: at(n) };
        ops.push(match (next.is_dead(), dice.below(8)) {
            (true, _) => Op::RemoveWorker { id, expected },
            (false, 0..=4) => Op::RequireWorker(id),
            (false, 5) => Op::UpdateWorker { next: Worker { heard_at: at(n), ..next }, expected },
            (false, 6) if worker == WORKERS => {
                Op::UpdateWorker { next: Worker { state: dead, ..next }, expected }
            }
            (false, _) => Op::RemoveWorker { id, expected },
        });
    }
    if dice.below(2) == 0 {
        ops.push(Op::AcceptNode { node: NodeKey::new([2; 33]), since: at(n) });
    }
    ops
}

/// A unit that touches most of what there is, in an order of its own.
async fn unit(store: &PostgresStore, dice: &mut Dice, n: u64) -> Vec<Op> {
    let mut ops = if dice.below(2) == 0 { worker_ops(store, dice, n).await } else { Vec::new() };
    for tip in 1..=4 {
        let stored = store.find_tip(TipLookup::Id(sample::tip_id(tip))).await.unwrap().unwrap();
        let next: Tip = sample::tip_in(&stored, TipState::Abandoned { at: at(n) });
        if dice.below(3) == 0 {
            let due = Some(Due { at: at(0), since: at(0) });
            ops.push(Op::UpdateTip { next, expected: stored.version(), due });
        }
    }
    for (place, user) in (0..).zip(USERS) {
        let account = sample::account(user);
        ops.push(Op::Post(Entry { account, ..sample::credit(n * 10 + place, 1) }));
        let (amount, now) = (Amount::new(1), at(n));
        let (ceiling, cooldown) = (Amount::MAX, Duration::ZERO);
        ops.push(Op::CountTowardsLimit(CountTowardsLimit {
            key: limit(user),
            amount,
            ceiling,
            cooldown,
            now,
        }));
        ops.push(Op::GiveBackToLimit(GiveBackToLimit { key: limit(user), amount, requested_at: now }));
    }
    for (app, place) in [("forum", 0), ("wiki", 1)] {
        ops.push(Op::Emit(Event { app: sample::app_id(app), ..sample::event(n * 10 + place) }));
    }
    let record =
        fiber_link_core::IdempotencyRecord { expires_at: at(n), ..sample::idempotency_record(dice.below(6)) };
    ops.push(Op::Remember { record, now: at(n) });
    dice.shuffle(&mut ops);
    ops
}

#[tokio::test(flavor = "multi_thread")]
async fn units_in_any_order_of_their_ops_do_not_lock_each_other_out() {
    const TASKS: u64 = 16;
    const UNITS: u64 = 25;
    let cluster = Cluster::start();
    let store = store_on(&cluster).await;
    let due = Some(Due { at: at(0), since: at(0) });
    let create = (1..=4).map(|n| Op::CreateTip { tip: sample::tip(n), due });
    store.commit(change_set(create)).await.unwrap();
    let claimed = Op::CreateAttempt(sample::attempt(1, 1));
    let withdrawal = Op::CreateWithdrawal { withdrawal: sample::withdrawal(1), due };
    store.commit(change_set([withdrawal, claimed, Op::CreateHub(sample::hub())])).await.unwrap();

    let tasks = (0..TASKS).map(|task| {
        let store = store.clone();
        tokio::spawn(async move {
            let mut dice = Dice(task);
            let mut applied = 0;
            for n in 0..UNITS {
                let ops = unit(&store, &mut dice, 1 + task * UNITS + n).await;
                match store.commit(change_set(ops)).await {
                    Ok(()) => applied += 1,
                    Err(
                        CommitError::Conflict | CommitError::AlreadyExists(_) | CommitError::DeclaredDead,
                    ) => {}
                    Err(error) => panic!("{}", causes(&error)),
                }
                let gap = Gap { divisor: 1, shortest: Duration::ZERO, longest: Duration::ZERO };
                store.take_due_tips(TakeDue { now: at(9), limit: 3, gap }).await.unwrap();
            }
            applied
        })
    });
    let applied: u64 = join_all(tasks).await.into_iter().map(Result::unwrap).sum();
    assert!(applied > TASKS, "{applied} applied");
    for user in USERS {
        assert_eq!(store.balance(&sample::account(user)).await.unwrap().available, Amount::new(applied));
    }
    assert!(!cluster.log().contains("deadlock detected"), "{}", cluster.log());

    lock_out(&store).await;
    assert!(cluster.log().contains("deadlock detected"), "a deadlock is noticed");
}

/// Two transactions that each wait for the other.
async fn lock_out(store: &PostgresStore) {
    let pool = store.pool();
    let (mut one, mut other) = (pool.begin().await.unwrap(), pool.begin().await.unwrap());
    let lock = |user: &str| {
        let sql = format!("UPDATE {{schema}}.balances SET reserved = 0 WHERE \"user\" = '{user}'");
        sqlx::raw_sql(AssertSqlSafe(store.schema().render(&sql)))
    };
    lock("alice").execute(&mut *one).await.unwrap();
    lock("bob").execute(&mut *other).await.unwrap();
    let (first, second) =
        futures_util::future::join(lock("bob").execute(&mut *one), lock("alice").execute(&mut *other)).await;
    assert!(first.is_err() != second.is_err());
}
