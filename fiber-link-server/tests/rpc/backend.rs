//! What the servers of a hub have in common: a file, or a schema of a Postgres database.

use crate::hub::NOW;
use fiber_link_core::{Admission, Store, Timestamp};
use fiber_link_postgres_cluster::shared_url;
use fiber_link_store_postgres::{PoolSettings, PostgresStore, Schema};
use fiber_link_store_sqlite::SqliteStore;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use tempfile::TempDir;

/// How the service runs.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Backend {
    OneServerOnSqlite,
    TwoServersOnPostgres,
}

/// An empty store that ends with the test.
pub(crate) enum SharedStore {
    File(TempDir),
    Schema(TestSchema),
}

pub(crate) struct TestSchema(Schema);

impl SharedStore {
    pub(crate) async fn new(backend: Backend) -> Self {
        match backend {
            Backend::OneServerOnSqlite => Self::File(tempfile::tempdir().unwrap()),
            Backend::TwoServersOnPostgres => Self::Schema(TestSchema::new().await),
        }
    }

    /// The store as each of the servers has it opened.
    pub(crate) async fn open(&self) -> Vec<Arc<dyn Store>> {
        match self {
            Self::File(folder) => {
                let store = SqliteStore::open(folder.path().join("hub.sqlite"), Timestamp::from_seconds(NOW));
                vec![Arc::new(store.unwrap())]
            }
            Self::Schema(schema) => vec![schema.open().await, schema.open().await],
        }
    }
}

impl TestSchema {
    async fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let schema: Schema = format!("fiber_link_rpc_{}_{count}", std::process::id()).parse().unwrap();
        schema.migrate(&pool_settings().pool(shared_url()).unwrap()).await.unwrap();
        let schema = Self(schema);
        // Nonces are remembered since the first request, and that was long before a test's own.
        let hour_ago = Timestamp::from_seconds(NOW - 3600);
        let (nonce, expires_at, rate) = ([0; 32], hour_ago, None);
        let first = Admission { nonce, signed_at: hour_ago, expires_at, rate, now: hour_ago };
        schema.open().await.admit(first).await.unwrap();
        schema
    }

    async fn open(&self) -> Arc<dyn Store> {
        let store = PostgresStore::connect(shared_url(), self.0.clone(), &pool_settings()).await;
        Arc::new(store.unwrap())
    }
}

/// Few connections, so that calls have to wait for one, and many tests can run at once.
fn pool_settings() -> PoolSettings {
    let mut settings = PoolSettings::default();
    settings.connections = 4;
    settings
}

impl Drop for TestSchema {
    fn drop(&mut self) {
        fiber_link_postgres_cluster::drop_schema(self.0.name());
    }
}
