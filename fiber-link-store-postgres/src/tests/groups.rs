//! Units that wait at the same time share a transaction, and each has its own answer.
//!
//! On one thread all callers have asked before the first transaction begins.

use super::*;
use crate::error::{Verdict, verdict};
use fiber_link_core::testing::sample::{self, at, change_set, forum};
use fiber_link_core::{
    Admission, AdmitError, Admitted, Amount, ChangeSet, CommitError, Entry, EventQuery, Existing, Op,
    RateCount, RateLeft, RateLimit, SettledPosition, SettledQuery, Store, StoreError, Tip, TipLookup,
    TipState, TipTerms, Version,
};
use futures_util::future::join_all;
use std::time::Duration;

fn create(n: u64) -> ChangeSet {
    change_set([Op::CreateTip { tip: sample::tip(n), due: None }])
}

/// A tip of somebody else.
fn create_odd(n: u64) -> ChangeSet {
    let terms = TipTerms { from_user: sample::user("odd"), ..sample::tip_terms() };
    let tip = sample::tip_with(n, terms, TipState::Creating);
    change_set([Op::CreateTip { tip, due: None }])
}

fn abandon(n: u64, expected: Version) -> ChangeSet {
    let next = sample::tip_in(&sample::tip(n), TipState::Abandoned { at: at(1) });
    change_set([Op::UpdateTip { next, expected, due: None }])
}

/// A tip that is credited to `user`, with its event.
fn credit(n: u64, user: &str) -> ChangeSet {
    let tip = sample::tip(n);
    let settled: Tip =
        sample::tip_in(&tip, TipState::Settled { invoice: sample::invoice_of(&tip), at: at(n) });
    let entry = Entry { account: sample::account(user), ..sample::credit(n, 1) };
    let update = Op::UpdateTip { next: settled, expected: Version::FIRST, due: None };
    change_set([update, Op::Post(entry), Op::Emit(sample::event(n))])
}

async fn commit_all(
    store: &PostgresStore,
    units: impl IntoIterator<Item = ChangeSet>,
) -> Vec<Result<(), CommitError>> {
    join_all(units.into_iter().map(|unit| store.commit(unit))).await
}

async fn exists(store: &PostgresStore, n: u64) -> bool {
    store.find_tip(TipLookup::Id(sample::tip_id(n))).await.unwrap().is_some()
}

#[tokio::test]
async fn units_that_wait_share_a_transaction() {
    let store = fresh_store().await;
    assert!(commit_all(&store, (1..=20).map(create)).await.iter().all(Result::is_ok));
    let transactions = "SELECT count(DISTINCT xmin::text) FROM {schema}.tips";
    assert_eq!(number(&store, transactions).await, 1);
    let credits = (1..=20).map(|n| credit(n, if n % 2 == 0 { "alice" } else { "bob" }));
    assert!(commit_all(&store, credits).await.iter().all(Result::is_ok));
    assert_eq!(number(&store, "SELECT count(DISTINCT xmin::text) FROM {schema}.entries").await, 1);
    for user in ["alice", "bob"] {
        assert_eq!(store.balance(&sample::account(user)).await.unwrap().available, Amount::new(10));
    }
    let events = store.events(EventQuery { app: forum(), after: 0, limit: 100 }).await.unwrap();
    assert_eq!(events.iter().map(|event| event.number).collect::<Vec<_>>(), (1..=20).collect::<Vec<_>>());
    let all = SettledQuery { app: forum(), after: SettledPosition::Start, limit: 100 };
    assert_eq!(store.settled_tips(all).await.unwrap().len(), 20);
}

#[tokio::test]
async fn a_unit_that_is_refused_takes_no_other_with_it() {
    let store = fresh_store().await;
    store.commit(create(1)).await.unwrap();
    let units =
        [create(2), create(1), abandon(1, Version::FIRST.next()), create(3), credit(4, "alice"), create(5)];
    let [two, one, update, three, missing, five] = commit_all(&store, units).await.try_into().unwrap();
    assert!(two.is_ok() && three.is_ok() && five.is_ok(), "{two:?} {three:?} {five:?}");
    assert!(matches!(one, Err(CommitError::AlreadyExists(Existing::Tip))), "{one:?}");
    assert!(matches!(update, Err(CommitError::Conflict)), "{update:?}");
    assert!(matches!(missing, Err(CommitError::Conflict)), "{missing:?}");
    for n in [2, 3, 5] {
        assert!(exists(&store, n).await, "{n}");
    }
    assert_eq!(number(&store, "SELECT count(*) FROM {schema}.tips WHERE version > 1").await, 0);
    for table in ["entries", "events", "settled_tips"] {
        assert_eq!(number(&store, &format!("SELECT count(*) FROM {{schema}}.{table}")).await, 0, "{table}");
    }
}

#[tokio::test]
async fn what_a_group_did_before_it_is_refused_is_undone() {
    let store = fresh_store().await;
    // Records come in the order of their ids, so the tip that is made is a step before the one that is
    // not there.
    let [made, missing] =
        commit_all(&store, [create(2), abandon(9, Version::FIRST)]).await.try_into().unwrap();
    assert!(made.is_ok(), "{made:?}");
    assert!(matches!(missing, Err(CommitError::Conflict)), "{missing:?}");
    assert!(exists(&store, 2).await && !exists(&store, 9).await);
}

#[tokio::test]
async fn one_of_many_that_are_the_same_wins() {
    let store = fresh_store().await;
    let outcomes = commit_all(&store, (0..8).map(|_| create(1))).await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1, "{outcomes:?}");
    let credits = commit_all(&store, (0..8).map(|_| credit(1, "alice"))).await;
    assert_eq!(credits.iter().filter(|outcome| outcome.is_ok()).count(), 1, "{credits:?}");
    assert_eq!(store.balance(&sample::account("alice")).await.unwrap().available, Amount::new(1));
}

#[tokio::test]
async fn a_unit_that_cannot_be_stored_takes_no_other_with_it() {
    let store = fresh_store().await;
    let late =
        Tip::create(sample::tip_id(2), sample::tip_terms(), sample::payment_hash(2), at(u64::MAX / 1_000));
    let units = [create(1), change_set([Op::CreateTip { tip: late, due: None }]), create(3)];
    let [one, two, three] = commit_all(&store, units).await.try_into().unwrap();
    assert!(one.is_ok() && three.is_ok(), "{one:?} {three:?}");
    assert!(matches!(two, Err(CommitError::Store(StoreError::Backend(_)))), "{two:?}");
}

/// Does `action` when a transaction is committed that made an odd tip.
async fn at_commit(store: &PostgresStore, action: &str) {
    let sql = format!(
        "CREATE FUNCTION {{schema}}.act() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN {action}; RETURN NULL; END $$;
        CREATE CONSTRAINT TRIGGER act AFTER INSERT ON {{schema}}.tips DEFERRABLE INITIALLY DEFERRED
            FOR EACH ROW WHEN (NEW.from_user = 'odd') EXECUTE FUNCTION {{schema}}.act()"
    );
    run(store, &sql).await.unwrap();
}

#[tokio::test]
async fn a_commit_that_fails_for_one_unit_fails_for_that_one() {
    let store = fresh_store().await;
    at_commit(&store, "RAISE EXCEPTION 'not today'").await;
    let outcomes = commit_all(&store, [create(1), create_odd(2), create(3)]).await;
    let [one, two, three] = outcomes.try_into().unwrap();
    assert!(one.is_ok() && three.is_ok(), "{one:?} {three:?}");
    assert!(causes(&two.unwrap_err()).contains("not today"));
    assert!(exists(&store, 1).await && !exists(&store, 2).await && exists(&store, 3).await);
}

#[tokio::test]
async fn where_nobody_knows_whether_it_was_committed_all_are_told_so() {
    let store = fresh_store().await;
    at_commit(&store, "PERFORM pg_terminate_backend(pg_backend_pid()), pg_sleep(10)").await;
    for outcome in commit_all(&store, [create(1), create_odd(2), create(3)]).await {
        assert!(matches!(outcome, Err(CommitError::Store(StoreError::Backend(_)))), "{outcome:?}");
    }
    run(&store, "DROP TRIGGER act ON {schema}.tips").await.unwrap();
    assert!(commit_all(&store, [create(1), create_odd(2), create(3)]).await.iter().all(Result::is_ok));
}

#[tokio::test]
async fn who_stands_in_the_way_of_one_unit_does_not_hold_up_the_others() {
    let store = fresh_store().await;
    store.commit(create(1)).await.unwrap();
    let mut holder = store.pool().begin().await.unwrap();
    let lock = AssertSqlSafe(store.schema().render("SELECT 1 FROM {schema}.tips FOR UPDATE"));
    sqlx::raw_sql(lock).execute(&mut *holder).await.unwrap();
    let others = async {
        let outcomes = commit_all(&store, [create(2), create(3)]).await;
        holder.rollback().await.unwrap();
        outcomes
    };
    let update = store.commit(abandon(1, Version::FIRST));
    let (update, others) = futures_util::future::join(update, others).await;
    assert!(others.iter().all(Result::is_ok), "{others:?}");
    update.unwrap();
}

#[tokio::test]
async fn many_who_stand_in_the_way_one_after_the_other_end_a_group() {
    const UNITS: u64 = 20;
    let store = fresh_store().await;
    assert!(commit_all(&store, (1..=UNITS).map(create)).await.iter().all(Result::is_ok));
    // What each holds up for less than a lock is waited for.
    let sql = "CREATE FUNCTION {schema}.hold_up() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN PERFORM pg_sleep(0.15); RETURN NEW; END $$;
        CREATE TRIGGER hold_up BEFORE UPDATE ON {schema}.TABLE
            FOR EACH ROW EXECUTE FUNCTION {schema}.hold_up()";
    run(&store, &sql.replace("TABLE", "tips")).await.unwrap();
    let abandoned = commit_all(&store, (1..=UNITS).map(|n| abandon(n, Version::FIRST))).await;
    assert!(abandoned.iter().all(Result::is_ok), "{abandoned:?}");
    let transactions = "SELECT count(DISTINCT xmin::text) FROM {schema}.tips";
    assert_eq!(number(&store, transactions).await, i64::try_from(UNITS).unwrap());

    let sql = sql.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION").replace("TABLE", "balances");
    run(&store, &sql).await.unwrap();
    let post = |n: u64| {
        let account = sample::account(&format!("user-{n}"));
        change_set([Op::Post(Entry { account, ..sample::credit(n, 1) })])
    };
    let posted = commit_all(&store, (1..=UNITS).map(post)).await;
    assert!(posted.iter().all(Result::is_ok), "{posted:?}");
    let transactions = "SELECT count(DISTINCT xmin::text) FROM {schema}.entries";
    assert_eq!(number(&store, transactions).await, i64::try_from(UNITS).unwrap());
}

/// Has two groups that wait for each other noticed at once, before either stops to wait, and makes both
/// so slow that they meet in the middle.
async fn have_groups_meet(store: &PostgresStore) {
    let patient = "ALTER DATABASE postgres SET deadlock_timeout = '20ms';
        DO $do$ BEGIN EXECUTE replace(replace(pg_get_functiondef('{schema}.commit_together'::regproc),
            '200ms', '20s'), '2 seconds', '20 seconds'); END $do$";
    run(store, patient).await.unwrap();
    let slow = "CREATE FUNCTION {schema}.slow() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN PERFORM pg_sleep(0.001); RETURN NEW; END $$;
        CREATE TRIGGER slow BEFORE UPDATE ON {schema}.tips FOR EACH ROW EXECUTE FUNCTION {schema}.slow();
        CREATE TRIGGER slow BEFORE UPDATE ON {schema}.balances FOR EACH ROW EXECUTE FUNCTION {schema}.slow()";
    run(store, slow).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn groups_of_two_servers_do_not_lock_each_other_out() {
    const UNITS: u64 = 400;
    let cluster = Cluster::start();
    let store = store_on(&cluster).await;
    have_groups_meet(&store).await;
    let (one, two) = (store_on(&cluster).await, store_on(&cluster).await);
    assert!(commit_all(&one, (1..=2 * UNITS).map(create)).await.iter().all(Result::is_ok));
    let settle = |server: &PostgresStore, seed: u64, mut tips: Vec<u64>| {
        let server = server.clone();
        tokio::spawn(async move {
            Dice(seed).shuffle(&mut tips);
            let users = ["alice", "bob", "carol", "dave", "erin"];
            let unit = |n: u64| credit(n, users[usize::try_from(n).unwrap() % users.len()]);
            let mut won = 0;
            for units in tips.chunks(80) {
                for outcome in commit_all(&server, units.iter().map(|n| unit(*n))).await {
                    match outcome {
                        Ok(()) => won += 1,
                        Err(CommitError::Conflict) => {}
                        Err(error) => panic!("{}", causes(&error)),
                    }
                }
            }
            won
        })
    };
    // They meet at the tips, then at nothing but the balances.
    let (all, rest) = (|| (1..=UNITS).collect(), UNITS + 1..=2 * UNITS);
    let (even, odd) = rest.partition(|n| n % 2 == 0);
    let mut won: u64 = 0;
    for (of_one, of_two) in [(all(), all()), (even, odd)] {
        let (of_one, of_two) =
            futures_util::future::join(settle(&one, 1, of_one), settle(&two, 2, of_two)).await;
        won += of_one.unwrap() + of_two.unwrap();
    }
    assert_eq!(won, 2 * UNITS, "each tip is credited once");
    let sum = "SELECT sum(available)::bigint FROM {schema}.balances";
    assert_eq!(number(&store, sum).await, i64::try_from(2 * UNITS).unwrap());
    let log = cluster.log();
    assert!(!log.contains("deadlock detected") && !log.contains("lock timeout"), "{log}");
}

#[tokio::test]
async fn requests_that_wait_are_let_in_one_after_the_other() {
    let store = fresh_store().await;
    let limit = RateLimit { requests: 3, window: Duration::from_secs(60) };
    let request = |nonce: u8, method| {
        let rate = Some(RateCount { app: forum(), method, limit });
        let nonce = [nonce; 32];
        store.admit(Admission { nonce, signed_at: at(0), expires_at: at(600), rate, now: at(0) })
    };
    let requests = [(9, "a"), (1, "a"), (9, "a"), (2, "b"), (3, "a"), (4, "a"), (1, "b")];
    let outcomes = join_all(requests.map(|(nonce, method)| request(nonce, method))).await;
    let told = outcomes.iter().map(|outcome| match outcome {
        Ok(Admitted { rate: Some(RateLeft { remaining, .. }) }) => remaining.to_string(),
        Ok(Admitted { rate: None }) => "uncounted".to_owned(),
        Err(AdmitError::Replayed) => "replayed".to_owned(),
        Err(AdmitError::RateLimited(_)) => "limited".to_owned(),
        Err(AdmitError::Store(error)) => panic!("{error}"),
    });
    let expected = ["2", "1", "replayed", "2", "0", "limited", "replayed"];
    assert_eq!(told.collect::<Vec<_>>(), expected);
    assert_eq!(number(&store, "SELECT count(DISTINCT xmin::text) FROM {schema}.nonces").await, 1);
}

#[tokio::test]
async fn where_nobody_knows_who_was_counted_nobody_is_let_in() {
    let store = fresh_store().await;
    let fail = "CREATE FUNCTION {schema}.act() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN PERFORM pg_terminate_backend(pg_backend_pid()), pg_sleep(10); RETURN NULL; END $$;
        CREATE TRIGGER act AFTER INSERT ON {schema}.nonces FOR EACH ROW EXECUTE FUNCTION {schema}.act()";
    run(&store, fail).await.unwrap();
    let requests = |nonces: [u8; 3]| {
        let limit = RateLimit { requests: 3, window: Duration::from_secs(60) };
        join_all(nonces.map(|nonce| {
            let rate = Some(RateCount { app: forum(), method: "a", limit });
            let nonce = [nonce; 32];
            store.admit(Admission { nonce, signed_at: at(0), expires_at: at(600), rate, now: at(0) })
        }))
    };
    for outcome in requests([1, 2, 3]).await {
        assert!(matches!(outcome, Err(AdmitError::Store(StoreError::Backend(_)))), "{outcome:?}");
    }
    run(&store, "DROP TRIGGER act ON {schema}.nonces").await.unwrap();
    assert!(requests([4, 5, 6]).await.iter().all(Result::is_ok));
}

#[tokio::test]
async fn what_ends_a_statement_alone_rolls_it_back_for_sure() {
    let store = fresh_store().await;
    let verdict_of = async |sql: &str| verdict(&run(&store, sql).await.unwrap_err());
    assert_eq!(verdict_of("SELECT 1 / 0").await, Verdict::RolledBack);
    assert_eq!(
        verdict_of("DO $$ BEGIN RAISE 'no' USING ERRCODE = 'FL001'; END $$").await,
        Verdict::RolledBack
    );
    assert_eq!(verdict_of("SET statement_timeout = 1; SELECT pg_sleep(9)").await, Verdict::Unknown);
    assert_eq!(
        verdict_of("SELECT pg_terminate_backend(pg_backend_pid()), pg_sleep(9)").await,
        Verdict::Unknown
    );
    assert_eq!(verdict(&sqlx::Error::PoolTimedOut), Verdict::Unknown);
}
