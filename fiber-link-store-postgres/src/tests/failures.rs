//! What the database does to a unit of work that is no refusal.

use super::*;
use fiber_link_core::testing::sample::{self, change_set, idempotency_record};
use fiber_link_core::{
    CommitError, EventQuery, IdempotencyRecord, Op, Store, StoreError, Tip, TipLookup, TipState, TipTerms,
};
use sqlx::postgres::PgConnectOptions;
use std::time::Duration;

fn create(n: u64) -> Op {
    Op::CreateTip { tip: sample::tip(n), due: None }
}

async fn exists(store: &PostgresStore, n: u64) -> bool {
    store.find_tip(TipLookup::Id(sample::tip_id(n))).await.unwrap().is_some()
}

#[track_caller]
fn backend(answer: Result<(), CommitError>) -> String {
    match answer {
        Err(CommitError::Store(error @ StoreError::Backend(_))) => causes(&error),
        other => panic!("{other:?} is told as if it were known"),
    }
}

/// A store whose connections are set up in another way.
async fn with_option(store: &PostgresStore, option: (&str, &str)) -> PostgresStore {
    let options: PgConnectOptions = fiber_link_postgres_cluster::shared_url().parse().unwrap();
    let pool = sqlx::postgres::PgPoolOptions::new().connect_lazy_with(options.options([option]));
    PostgresStore::with_pool(pool, store.schema().clone()).await.unwrap()
}

#[tokio::test]
async fn a_commit_that_fails_at_its_very_end_is_told_as_a_failure() {
    let store = fresh_store().await;
    run(
        &store,
        "CREATE FUNCTION {schema}.fail() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN RAISE EXCEPTION 'not today'; END $$;
        CREATE CONSTRAINT TRIGGER fail AFTER INSERT ON {schema}.tips DEFERRABLE INITIALLY DEFERRED
            FOR EACH ROW EXECUTE FUNCTION {schema}.fail()",
    )
    .await
    .unwrap();
    let told = backend(store.commit(change_set([create(1)])).await);
    assert!(told.contains("not today"), "{told}");
    assert!(!exists(&store, 1).await);
    run(&store, "DROP TRIGGER fail ON {schema}.tips").await.unwrap();
    store.commit(change_set([create(1)])).await.unwrap();
}

#[tokio::test]
async fn a_key_that_is_not_ours_refuses_nothing_in_our_name() {
    let store = fresh_store().await;
    run(&store, "CREATE UNIQUE INDEX theirs ON {schema}.tips (post)").await.unwrap();
    store.commit(change_set([create(1)])).await.unwrap();
    let told = backend(store.commit(change_set([create(2)])).await);
    assert!(told.contains("theirs"), "{told}");
}

#[tokio::test]
async fn a_lock_is_waited_for_no_longer_than_it_may() {
    let store = fresh_store().await;
    store.commit(change_set([create(1)])).await.unwrap();
    let settings = PoolSettings { lock_timeout: Duration::from_millis(50), ..PoolSettings::default() };
    let pool = settings.pool(fiber_link_postgres_cluster::shared_url()).unwrap();
    let impatient = PostgresStore::with_pool(pool, store.schema().clone()).await.unwrap();
    let mut holder = store.pool().begin().await.unwrap();
    let lock = AssertSqlSafe(store.schema().render("SELECT 1 FROM {schema}.tips FOR UPDATE"));
    sqlx::raw_sql(lock).execute(&mut *holder).await.unwrap();
    let next = sample::tip_in(&sample::tip(1), TipState::Abandoned { at: sample::at(1) });
    let update = Op::UpdateTip { next, expected: fiber_link_core::Version::FIRST, due: None };
    let told = backend(impatient.commit(change_set([update.clone()])).await);
    assert!(told.contains("lock timeout"), "{told}");
    holder.rollback().await.unwrap();
    impatient.commit(change_set([update])).await.unwrap();
}

#[tokio::test]
async fn each_connection_has_its_limits() {
    let store = fresh_store().await;
    for (setting, expected) in
        [("statement_timeout", "10s"), ("lock_timeout", "5s"), ("idle_in_transaction_session_timeout", "10s")]
    {
        let sql = AssertSqlSafe(format!("SELECT current_setting('{setting}')"));
        let found: String = sqlx::query_scalar(sql).fetch_one(store.pool()).await.unwrap();
        assert_eq!(found, expected, "{setting}");
    }
    assert_eq!(store.pool().options().get_max_connections(), 16);
}

#[tokio::test]
async fn what_is_answered_is_synced_whatever_the_host_has_set() {
    let store = fresh_store().await;
    run(
        &store,
        "CREATE TABLE {schema}.noted (setting text);
        CREATE FUNCTION {schema}.note() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN INSERT INTO {schema}.noted VALUES (current_setting('synchronous_commit')); RETURN NULL; END $$;
        CREATE CONSTRAINT TRIGGER note AFTER INSERT ON {schema}.tips DEFERRABLE INITIALLY DEFERRED
            FOR EACH ROW EXECUTE FUNCTION {schema}.note()",
    )
    .await
    .unwrap();
    let careless = with_option(&store, ("synchronous_commit", "off")).await;
    careless.commit(change_set([create(1)])).await.unwrap();
    assert_eq!(number(&store, "SELECT count(*) FROM {schema}.noted WHERE setting = 'on'").await, 1);
}

#[tokio::test]
async fn nothing_is_numbered_under_another_isolation() {
    let store = fresh_store().await;
    let strict = with_option(&store, ("default_transaction_isolation", "repeatable read")).await;
    let told = backend(strict.commit(change_set([Op::Emit(sample::event(1))])).await);
    assert!(told.contains("read committed"), "{told}");
    let query = EventQuery { app: sample::forum(), after: 0, limit: 9 };
    assert_eq!(store.events(query).await.unwrap(), []);
}

#[tokio::test]
async fn a_letter_that_postgres_cannot_write_does_not_keep_a_record_from_being_stored() {
    let store = fresh_store().await;
    let terms = TipTerms { message: Some("a\0b".to_owned()), ..sample::tip_terms() };
    let tip: Tip = sample::tip_with(1, terms, TipState::Creating);
    store.commit(change_set([Op::CreateTip { tip, due: None }])).await.unwrap();
    let stored = store.find_tip(TipLookup::Id(sample::tip_id(1))).await.unwrap().unwrap();
    assert_eq!(stored.terms().message.as_deref(), Some("a\u{FFFD}b"));
    assert!(store.find_tip(TipLookup::Invoice("\0".to_owned())).await.unwrap().is_none());
}

#[tokio::test]
async fn forgotten_idempotency_keys_are_cleared_away() {
    let store = fresh_store().await;
    let remember = async |n: u64, second: u64| {
        let expires_at = sample::at(second + 60);
        let record = IdempotencyRecord { expires_at, ..idempotency_record(n) };
        store.commit(change_set([Op::Remember { record, now: sample::at(second) }])).await.unwrap();
        number(&store, "SELECT count(*) FROM {schema}.idempotency").await
    };
    for n in 1..=8 {
        remember(n, 0).await;
    }
    let kept = [remember(9, 60).await, remember(10, 60).await, remember(11, 60).await];
    assert_eq!(kept, [5, 2, 3], "four at a time, and those in use stay");
}
