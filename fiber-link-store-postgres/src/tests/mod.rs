//! The suite that every store passes, and what it cannot see: migrations, plans, locks, cut
//! connections, a server that is gone.
#![allow(clippy::arithmetic_side_effects, reason = "a test that overflows stops there")]

mod cancellation;
mod conformance;
mod dealt;
mod failures;
mod feed;
mod groups;
mod ledger;
mod limits;
mod locks;
mod migrations;
mod news;
mod plans;
mod races;
mod restarts;
mod rows;
mod settlement;
mod silence;
mod simulator;
mod tls;
mod workers;

use crate::{PoolSettings, PostgresStore, Schema};
use fiber_link_postgres_cluster::Cluster;
use sqlx::{AssertSqlSafe, PgPool};
use std::cell::RefCell;
use std::sync::atomic::{AtomicU32, Ordering};

/// A schema that ends with the test.
struct TestSchema(Schema);

thread_local! {
    /// Lives as long as the thread of a test, and so longer than its stores.
    static SCHEMAS: RefCell<Vec<TestSchema>> = const { RefCell::new(Vec::new()) };
}

/// The name of a schema that nobody has.
fn fresh_schema() -> Schema {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let schema: Schema = format!("fiber_link_test_{}_{count}", std::process::id()).parse().unwrap();
    SCHEMAS.with_borrow_mut(|schemas| schemas.push(TestSchema(schema.clone())));
    schema
}

/// A pool of 16 connections to the shared database.
fn pool() -> PgPool {
    PoolSettings::default().pool(fiber_link_postgres_cluster::shared_url()).unwrap()
}

/// An empty store in a schema of its own.
async fn fresh_store() -> PostgresStore {
    let (pool, schema) = (pool(), fresh_schema());
    schema.migrate(&pool).await.unwrap();
    PostgresStore::with_pool(pool, schema).await.unwrap()
}

/// Another store on the same pool and schema, as another server has it.
fn another(store: &PostgresStore) -> PostgresStore {
    PostgresStore::unchecked(store.database().clone(), store.schema().clone())
}

/// A store on a server of its own.
async fn store_on(cluster: &Cluster) -> PostgresStore {
    let (pool, schema) = (PoolSettings::default().pool(&cluster.url()).unwrap(), Schema::default());
    schema.migrate(&pool).await.unwrap();
    PostgresStore::with_pool(pool, schema).await.unwrap()
}

/// The one number that a query answers.
async fn number(store: &PostgresStore, sql: &str) -> i64 {
    let sql = AssertSqlSafe(store.schema().render(sql));
    sqlx::query_scalar(sql).fetch_one(store.pool()).await.unwrap()
}

/// The whole chain of causes in one line.
fn causes(error: &dyn std::error::Error) -> String {
    std::iter::successors(Some(error), |error| error.source()).map(|e| format!("{e}; ")).collect()
}

/// Numbers that look random, and are the same in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }

    fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            let other = self.below(u64::try_from(last).unwrap().saturating_add(1));
            items.swap(last, usize::try_from(other).unwrap());
        }
    }
}

/// Runs SQL with the schema in its place.
async fn run(store: &PostgresStore, sql: &str) -> Result<(), sqlx::Error> {
    let sql = store.schema().render(sql);
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(store.pool()).await.map(drop)
}

impl Drop for TestSchema {
    fn drop(&mut self) {
        fiber_link_postgres_cluster::drop_schema(self.0.name());
    }
}
