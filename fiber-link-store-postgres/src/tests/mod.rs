//! The suite that every store passes, and what it cannot see: migrations, plans, locks, cut
//! connections, a server that is gone.

mod conformance;
mod plans;

use crate::{PoolSettings, PostgresStore, Schema};
use sqlx::{AssertSqlSafe, Connection, PgConnection, PgPool};
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

/// Runs SQL with the schema in its place.
async fn run(store: &PostgresStore, sql: &str) -> Result<(), sqlx::Error> {
    let sql = store.schema().render(sql);
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(store.pool()).await.map(drop)
}

impl Drop for TestSchema {
    fn drop(&mut self) {
        let drop_schema = self.0.render("SET lock_timeout = '5s'; DROP SCHEMA IF EXISTS {schema} CASCADE");
        // A thread of its own: that of the test is about to end.
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(async {
                let url = fiber_link_postgres_cluster::shared_url();
                let mut connection = PgConnection::connect(url).await.map_err(std::io::Error::other)?;
                let dropped = sqlx::raw_sql(AssertSqlSafe(drop_schema)).execute(&mut connection).await;
                dropped.map(drop).map_err(std::io::Error::other)
            })
        });
        if !matches!(thread.join(), Ok(Ok(()))) {
            eprintln!("the schema {} stays behind", self.0);
        }
    }
}
