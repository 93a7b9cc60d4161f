//! Many callers at once: each rule holds as if they had come one by one.

use super::{assert_refused, commit, commit_in_race, create_tip};
use crate::testing::sample::{self, account, at, forum};
use crate::*;
use futures_util::future::{join, join_all};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

fn wins<T>(results: &[Result<T, CommitError>]) -> usize {
    results.iter().filter(|result| result.is_ok()).count()
}

fn withdrawal(n: u64) -> Op {
    Op::CreateWithdrawal { withdrawal: sample::withdrawal(n), due: None }
}

async fn withdrawals(store: &dyn Store) -> usize {
    store.withdrawals(WithdrawalQuery::All { after: None, limit: MAX_ROWS }).await.unwrap().len()
}

pub async fn one_of_many_updates_of_a_version_wins(store: Arc<dyn Store>) {
    commit(&*store, [create_tip(sample::tip(1))]).await.unwrap();
    let update = |n| {
        let next = sample::tip_in(&sample::tip(1), TipState::Abandoned { at: at(n) });
        [Op::UpdateTip { next, expected: Version::FIRST, due: None }, Op::Emit(sample::event(n))]
    };
    let results = join_all((1..=64).map(|n| commit(&*store, update(n)))).await;
    assert_eq!(wins(&results), 1);
    let stored = store.find_tip(TipLookup::Id(sample::tip_id(1))).await.unwrap().unwrap();
    assert_eq!(stored.version(), Version::FIRST.next());
    let events = store.events(EventQuery { app: forum(), after: 0, limit: 100 }).await.unwrap();
    let [event] = events.as_slice() else { panic!("one winner, one event: {events:?}") };
    assert_eq!(*stored.state(), TipState::Abandoned { at: event.event.at }, "both by the winner");
    for refused in results.into_iter().filter(Result::is_err) {
        assert_refused(refused, CommitError::Conflict);
    }
}

pub async fn one_of_many_posts_of_an_entry_wins(store: Arc<dyn Store>) {
    let results = join_all((0..64).map(|_| commit_in_race(&*store, [Op::Post(sample::credit(1, 5))]))).await;
    assert_eq!(wins(&results), 1);
    for refused in results.into_iter().filter(Result::is_err) {
        assert_refused(refused, CommitError::AlreadyExists(Existing::Entry));
    }
    let balance = store.balance(&account("alice")).await.unwrap();
    assert_eq!(balance.available, Amount::new(5));
}

pub async fn one_of_many_attempts_is_live(store: Arc<dyn Store>) {
    let create = |n| [Op::CreateAttempt(sample::attempt(n, 1))];
    let results = join_all((1..=64).map(|n| commit_in_race(&*store, create(n)))).await;
    assert_eq!(wins(&results), 1);
    for refused in results.into_iter().filter(Result::is_err) {
        assert_refused(refused, CommitError::AlreadyExists(Existing::Attempt));
    }
}

pub async fn reservations_never_pass_the_funds(store: Arc<dyn Store>) {
    commit(&*store, [Op::Post(sample::credit(1, 55))]).await.unwrap();
    let request = |n| [withdrawal(n), Op::Post(sample::reservation(n, 11))];
    let results = join_all((1..=64).map(|n| commit_in_race(&*store, request(n)))).await;
    assert_eq!(wins(&results), 5);
    for refused in results.into_iter().filter(Result::is_err) {
        assert_refused(refused, CommitError::InsufficientFunds);
    }
    let balance = store.balance(&account("alice")).await.unwrap();
    assert_eq!(balance, Balance { available: Amount::ZERO, reserved: Amount::new(55) });
    assert_eq!(withdrawals(&*store).await, 5);
}

pub async fn withdrawals_never_pass_a_daily_limit(store: Arc<dyn Store>) {
    commit(&*store, [Op::Post(sample::credit(1, 10_000))]).await.unwrap();
    let count = |scope, ceiling| {
        Op::CountTowardsLimit(CountTowardsLimit {
            key: LimitKey { app: forum(), scope, asset: AssetId::ckb() },
            amount: Amount::new(10),
            ceiling: Amount::new(ceiling),
            cooldown: Duration::ZERO,
            now: at(0),
        })
    };
    let user = || LimitScope::User(sample::user("alice"));
    let request = |n| {
        let limits = [count(user(), 39), count(LimitScope::App, 1_000)];
        [withdrawal(n), Op::Post(sample::reservation(n, 11))].into_iter().chain(limits)
    };
    let results = join_all((1..=64).map(|n| commit_in_race(&*store, request(n)))).await;
    assert_eq!(wins(&results), 3);
    for refused in results.into_iter().filter(Result::is_err) {
        let (total, ceiling) = (Amount::new(40), Amount::new(39));
        let excess = LimitExcess::Ceiling { total, ceiling };
        assert_refused(refused, LimitExceeded { scope: user(), excess }.into());
    }
    let balance = store.balance(&account("alice")).await.unwrap();
    assert_eq!(balance.reserved, Amount::new(33));
    assert_eq!(withdrawals(&*store).await, 3);
    // The app's counter holds what the three took, and nothing of the refused.
    commit(&*store, [count(LimitScope::App, 40)]).await.unwrap();
}

pub async fn one_of_many_uses_of_an_idempotency_key_wins(store: Arc<dyn Store>) {
    let request = |n| {
        let subject = IdempotencySubject::Withdrawal(sample::withdrawal_id(n));
        let record = IdempotencyRecord { subject, ..sample::idempotency_record(1) };
        [withdrawal(n), Op::Remember { record, now: at(0) }]
    };
    let results = join_all((1..=64).map(|n| commit_in_race(&*store, request(n)))).await;
    assert_eq!(wins(&results), 1);
    for refused in results.into_iter().filter(Result::is_err) {
        assert_refused(refused, CommitError::AlreadyExists(Existing::IdempotencyKey));
    }
    let scope = sample::idempotency_record(1).scope;
    let record = store.find_idempotency(&scope, at(0)).await.unwrap().unwrap();
    let all = store.withdrawals(WithdrawalQuery::All { after: None, limit: 100 }).await.unwrap();
    let subjects: Vec<_> = all.iter().map(|made| IdempotencySubject::Withdrawal(made.id())).collect();
    assert_eq!(subjects, [record.subject], "the key leads to the one that was made");
}

pub async fn racing_events_are_numbered_without_gaps(store: Arc<dyn Store>) {
    // Every fourth commit is refused: it must leave no gap.
    let ops = |n| {
        let spend = (n % 4 == 0).then(|| Op::Post(sample::reservation(n, 1)));
        [Op::Emit(sample::event(n))].into_iter().chain(spend)
    };
    let results = join_all((1..=85).map(|n| commit_in_race(&*store, ops(n)))).await;
    assert_eq!(wins(&results), 64);
    let events = store.events(EventQuery { app: forum(), after: 0, limit: 100 }).await.unwrap();
    let numbers: Vec<_> = events.iter().map(|event| event.number).collect();
    assert_eq!(numbers, (1..=64).collect::<Vec<_>>());
    let ids: BTreeSet<_> = events.iter().map(|event| event.event.id).collect();
    assert_eq!(ids.len(), 64, "each once");
}

pub async fn tips_credited_at_once_add_up(store: Arc<dyn Store>) {
    let create = |n| Op::CreateTip { tip: sample::tip(n), due: None };
    commit(&*store, (1..=100).map(create)).await.unwrap();
    let settle = |n| {
        let tip = sample::tip(n);
        let settled = TipState::Settled { invoice: sample::invoice_of(&tip), at: at(200) };
        let next = sample::tip_in(&tip, settled);
        let update = Op::UpdateTip { next, expected: Version::FIRST, due: None };
        [update, Op::Post(sample::credit(n, n)), Op::Emit(sample::event(n))]
    };
    // Each is settled by two workers: one of them comes too late.
    let workers = (1..=100).flat_map(|n| [n, n]);
    let decide_again = async |n| {
        for _ in 0..100 {
            let decided = commit(&*store, settle(n)).await;
            let tip = store.find_tip(TipLookup::Id(sample::tip_id(n))).await.unwrap().unwrap();
            if !matches!(decided, Err(CommitError::Conflict)) || tip.version() != Version::FIRST {
                return decided;
            }
        }
        Err(CommitError::Conflict)
    };
    let results = join_all(workers.map(decide_again)).await;
    assert_eq!(wins(&results), 100);
    let balance = store.balance(&account("alice")).await.unwrap();
    assert_eq!(balance.available, Amount::new(5_050));
    let feed = SettledQuery { app: forum(), after: SettledPosition::Start, limit: 200 };
    assert_eq!(store.settled_tips(feed).await.unwrap().len(), 100);
}

pub async fn tips_of_many_users_settled_at_once_are_read_once_each(store: Arc<dyn Store>) {
    const TIPS: u64 = 64;
    // Nobody waits for somebody else's balance.
    let user = |n: u64| sample::user(&format!("user-{n}"));
    let tip = |n| {
        let terms = TipTerms { to_user: user(n), ..sample::tip_terms() };
        sample::tip_with(n, terms, TipState::Creating)
    };
    commit(&*store, (1..=TIPS).map(|n| create_tip(tip(n)))).await.unwrap();
    let settle = |n| {
        let invoice = sample::invoice_of(&tip(n));
        let next = sample::tip_in(&tip(n), TipState::Settled { invoice, at: at(200) });
        let account = UserAccount { user: user(n), ..account("alice") };
        let update = Op::UpdateTip { next, expected: Version::FIRST, due: None };
        [update, Op::Post(Entry { account, ..sample::credit(n, 1) })]
    };
    let read = async {
        let mut seen = Vec::new();
        for _ in 0..10_000 {
            let start = SettledPosition::Start;
            let after = seen.last().map_or(start, |tip| SettledPosition::After { tip: *tip, or_at: at(0) });
            let page = store.settled_tips(SettledQuery { app: forum(), after, limit: 10 }).await.unwrap();
            seen.extend(page.iter().map(|tip| tip.id()));
            if seen.len() >= 64 {
                break;
            }
        }
        seen
    };
    let (results, seen) = join(join_all((1..=TIPS).map(|n| commit_in_race(&*store, settle(n)))), read).await;
    for result in results {
        result.unwrap();
    }
    let all = SettledQuery { app: forum(), after: SettledPosition::Start, limit: 100 };
    let all: Vec<_> = store.settled_tips(all).await.unwrap().iter().map(|tip| tip.id()).collect();
    assert_eq!(seen, all, "who reads beside the writers sees what comes later, in its order");
    let mut ids = seen;
    ids.sort();
    assert_eq!(ids, (1..=TIPS).map(sample::tip_id).collect::<Vec<_>>(), "each once");
}

pub async fn transfers_between_many_accounts_do_not_lock_each_other_out(store: Arc<dyn Store>) {
    let users = ["alice", "bob", "carol", "dave"];
    let post = |n: u64, user| Op::Post(Entry { account: account(user), ..sample::credit(n, 1) });
    let changes = |n: u64| {
        let order = if n.is_multiple_of(2) { users } else { ["dave", "carol", "bob", "alice"] };
        (0..).zip(order).map(move |(at, user)| post(n * 4 + at, user))
    };
    // Nothing here has a version: who is told of a conflict was in a deadlock.
    for result in join_all((0..32).map(|n| commit(&*store, changes(n)))).await {
        result.unwrap();
    }
    for user in users {
        let balance = store.balance(&account(user)).await.unwrap();
        assert_eq!(balance.available, Amount::new(32), "{user}");
    }
}
