//! An SQLite store in a folder, and a schema to copy it to.

use fiber_link_core::testing::sample::{START, at};
use fiber_link_core::{Clock, SystemClock, Table};
use fiber_link_server::copy::Copy;
use fiber_link_store_postgres::{Import, PoolSettings, PostgresStore, Schema};
use fiber_link_store_sqlite::{Export, SqliteStore};
use sqlx::{AssertSqlSafe, PgPool};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

pub struct World {
    folder: tempfile::TempDir,
    pub schema: Schema,
}

impl World {
    pub fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let schema = format!("store_copy_{}_{count}", std::process::id()).parse().unwrap();
        Self { folder: tempfile::tempdir().unwrap(), schema }
    }

    pub fn file(&self) -> PathBuf {
        self.folder.path().join("hub.sqlite")
    }

    /// The source; drop it before it is copied.
    pub fn sqlite(&self) -> SqliteStore {
        SqliteStore::open(self.file(), START).unwrap()
    }

    pub fn pool(&self) -> PgPool {
        PoolSettings::default().pool(fiber_link_postgres_cluster::shared_url()).unwrap()
    }

    pub async fn migrate(&self) {
        self.schema.migrate(&self.pool()).await.unwrap();
    }

    pub async fn postgres(&self) -> PostgresStore {
        PostgresStore::with_pool(self.pool(), self.schema.clone()).await.unwrap()
    }

    /// A copy of the source, begun or gone on with.
    pub async fn copy(&self) -> Copy {
        let source = Export::open(self.file(), SystemClock.now()).unwrap();
        let identity = source.identity().unwrap();
        Copy::new(source, Import::begin(self.pool(), self.schema.clone(), &identity).await.unwrap())
    }

    pub async fn sql(&self, sql: &str) {
        let sql = AssertSqlSafe(sql.replace("{schema}", self.schema.name()));
        sqlx::raw_sql(sql).execute(&self.pool()).await.unwrap();
    }

    /// The one number that a query answers; nothing where it cannot be asked yet.
    pub async fn number(&self, sql: &str) -> Option<i64> {
        let sql = AssertSqlSafe(sql.replace("{schema}", self.schema.name()));
        sqlx::query_scalar(sql).fetch_one(&self.pool()).await.ok()
    }

    /// The program, with the database as its store.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_fiber-link"));
        command.env_clear().env("FIBER_LINK_STORE", fiber_link_postgres_cluster::shared_url());
        command.env("FIBER_LINK_STORE_SCHEMA", self.schema.name()).current_dir(self.folder.path());
        let keys = self.folder.path().join("keys");
        std::fs::write(&keys, format!("tests:{}", "5".repeat(64))).unwrap();
        command.env("FIBER_LINK_KEY_FILE", keys).args(arguments).stdin(Stdio::null());
        command
    }

    /// Its exit code, and everything that it said.
    pub fn run(&self, arguments: &[&str]) -> (i32, String) {
        let output = self.command(arguments).output().unwrap();
        let text = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap()).concat();
        (output.status.code().unwrap(), text)
    }

    #[track_caller]
    pub fn assert_says(&self, arguments: &[&str], expected_code: i32, expected: &str) {
        let (code, text) = self.run(arguments);
        assert!(code == expected_code && text.contains(expected), "{arguments:?}: {code} {text}");
    }
}

pub const COPY: [&str; 4] = ["store", "copy", "--from", "sqlite:hub.sqlite"];

/// The first difference of each table that has one.
pub async fn differences(copy: &Copy) -> Vec<(Table, String)> {
    let mut found = Vec::new();
    for table in Table::ALL {
        found.extend(copy.compare(table, |_| ()).await.unwrap().difference.map(|found| (table, found)));
    }
    found
}

/// The day of samples, an hour later.
pub fn later() -> fiber_link_core::Timestamp {
    at(3_600)
}

impl Drop for World {
    fn drop(&mut self) {
        fiber_link_postgres_cluster::drop_schema(self.schema.name());
    }
}

/// Waits until `condition` holds.
pub async fn until<F: Future<Output = bool>>(condition: impl Fn() -> F) {
    for _ in 0..6_000 {
        if condition().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("it never came to that");
}
