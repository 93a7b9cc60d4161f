//! What a worker claims, and the word that it is dead, wait for each other.

use super::*;
use fiber_link_core::testing::sample::{at, change_set, worker, worker_id};
use fiber_link_core::{CommitError, Op, Store, Version, Worker, WorkerState};
use sqlx::{Postgres, Transaction};

fn claim() -> Op {
    Op::RequireWorker(worker_id(1))
}

fn beat(n: u64) -> Op {
    Op::UpdateWorker { next: Worker { heard_at: at(n), ..worker(1) }, expected: Version::from_u64(n) }
}

fn word(expected: u64) -> Op {
    let next = Worker { state: WorkerState::DeclaredDead { at: at(9) }, ..worker(1) };
    Op::UpdateWorker { next, expected: Version::from_u64(expected) }
}

fn removal(expected: u64) -> Op {
    Op::RemoveWorker { id: worker_id(1), expected: Version::from_u64(expected) }
}

/// A store with one worker, whose connections wait for no lock.
async fn impatient_store() -> PostgresStore {
    let schema = fresh_schema();
    schema.migrate(&pool()).await.unwrap();
    let settings =
        PoolSettings { lock_timeout: std::time::Duration::from_millis(100), ..PoolSettings::default() };
    let pool = settings.pool(fiber_link_postgres_cluster::shared_url()).unwrap();
    let store = PostgresStore::with_pool(pool, schema).await.unwrap();
    store.commit(change_set([Op::CreateWorker(worker(1))])).await.unwrap();
    store
}

/// A unit of work that is done and not committed yet.
async fn begin(store: &PostgresStore, op: Op) -> Transaction<'static, Postgres> {
    let mut transaction = store.pool().begin().await.unwrap();
    let unit = crate::commit::unit(&[op]).unwrap().to_string();
    let commit = crate::statement::query(&store.statements().commit.commit_ops).bind(unit);
    commit.execute(&mut *transaction).await.unwrap();
    transaction
}

async fn waits(store: &PostgresStore, op: Op) -> bool {
    match store.commit(change_set([op])).await {
        Err(CommitError::Store(error)) => causes(&error).contains("lock timeout"),
        _ => false,
    }
}

#[tokio::test]
async fn the_word_that_a_worker_is_dead_waits_for_its_claims_and_a_beat_does_not() {
    let store = impatient_store().await;
    let claiming = begin(&store, claim()).await;
    assert!(waits(&store, word(1)).await);
    assert!(waits(&store, removal(1)).await);
    store.commit(change_set([claim()])).await.unwrap();
    store.commit(change_set([beat(1)])).await.unwrap();
    assert!(waits(&store, word(2)).await, "also after a beat");
    claiming.commit().await.unwrap();
    store.commit(change_set([word(2)])).await.unwrap();
}

#[tokio::test]
async fn a_claim_waits_for_the_word_that_its_worker_is_dead() {
    for end in [word(1), removal(1)] {
        let store = impatient_store().await;
        let declaring = begin(&store, end.clone()).await;
        assert!(waits(&store, claim()).await);
        declaring.rollback().await.unwrap();
        store.commit(change_set([claim()])).await.unwrap();
        begin(&store, end).await.commit().await.unwrap();
        let refused = store.commit(change_set([claim()])).await;
        assert!(matches!(refused, Err(CommitError::DeclaredDead)), "{refused:?}");
    }
}

#[tokio::test]
async fn a_claim_that_waited_for_the_word_that_its_worker_is_dead_is_refused() {
    let store = fresh_store().await;
    store.commit(change_set([Op::CreateWorker(worker(1))])).await.unwrap();
    let declaring = begin(&store, word(1)).await;
    let claiming = tokio::spawn({
        let store = store.clone();
        async move { store.commit(change_set([claim()])).await }
    });
    let waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'
        AND query LIKE '%{schema}.commit_ops%'";
    while number(&store, waiting).await == 0 && !claiming.is_finished() {
        tokio::task::yield_now().await;
    }
    declaring.commit().await.unwrap();
    let refused = claiming.await.unwrap();
    assert!(matches!(refused, Err(CommitError::DeclaredDead)), "{refused:?}");
}
