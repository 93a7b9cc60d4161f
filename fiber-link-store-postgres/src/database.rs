//! Statements on connections of the pool, none of which is waited for without bound.
//!
//! The database itself bounds a statement only while it lives and can be reached. One that was
//! stopped, or is cut off, answers nothing for good, and a few connections that wait for it would
//! hold every lane and every place of the pool.

use crate::statement::Query;
use futures_util::future::BoxFuture;
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnection, PgRow};
use sqlx::{PgPool, Postgres};
use std::io;
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::time::timeout;

/// How much longer an answer is waited for than its statement may take.
const MARGIN: Duration = Duration::from_secs(2);

/// How long a statement may take where the host has set no bound.
const UNSET: Duration = Duration::from_secs(30);

/// A pool, and how long an answer on one of its connections is waited for.
///
/// # Cancellation
/// Dropping a future leaves the statement to the database; its connection comes back when it answers,
/// or is closed.
#[derive(Clone, Debug)]
pub(crate) struct Database {
    pool: PgPool,
    patience: Duration,
}

impl Database {
    /// Asks how long a statement may take on the connections of `pool`.
    pub(crate) async fn open(pool: PgPool) -> Result<Self, sqlx::Error> {
        let asking = Self { pool, patience: UNSET.saturating_add(MARGIN) };
        let setting = "SELECT setting::bigint FROM pg_settings WHERE name = 'statement_timeout'";
        let allowed: i64 = sqlx::Row::try_get(&asking.fetch_one(sqlx::query(setting)).await?, 0)?;
        let allowed = u64::try_from(allowed).ok().filter(|millis| *millis > 0);
        let allowed = allowed.map_or(UNSET, Duration::from_millis);
        Ok(Self { patience: allowed.saturating_add(MARGIN), ..asking })
    }

    pub(crate) fn pool(&self) -> &PgPool {
        &self.pool
    }

    pub(crate) async fn execute(&self, query: Query) -> Result<(), sqlx::Error> {
        self.run(|connection| Box::pin(async { query.execute(connection).await.map(drop) })).await
    }

    pub(crate) async fn fetch_one(&self, query: Query) -> Result<PgRow, sqlx::Error> {
        self.run(|connection| Box::pin(query.fetch_one(connection))).await
    }

    pub(crate) async fn fetch_optional(&self, query: Query) -> Result<Option<PgRow>, sqlx::Error> {
        self.run(|connection| Box::pin(query.fetch_optional(connection))).await
    }

    pub(crate) async fn fetch_all(&self, query: Query) -> Result<Vec<PgRow>, sqlx::Error> {
        self.run(|connection| Box::pin(query.fetch_all(connection))).await
    }

    async fn run<T>(
        &self,
        statement: impl FnOnce(&mut PgConnection) -> BoxFuture<'_, Result<T, sqlx::Error>>,
    ) -> Result<T, sqlx::Error> {
        // This wait is bounded by the pool.
        let connection = self.pool.acquire().await?;
        let mut lent = Lent { connection: Some(connection), patience: self.patience };
        let Some(connection) = &mut lent.connection else { return Err(sqlx::Error::PoolClosed) };
        if let Ok(answered) = timeout(self.patience, statement(connection)).await {
            return answered;
        }
        lent.close();
        tracing::warn!(waited = ?self.patience, "the database gives no answer; the connection was closed");
        Err(io::Error::new(io::ErrorKind::TimedOut, "the database gives no answer").into())
    }
}

/// A connection of the pool, which goes back to it if it answers in time.
struct Lent {
    connection: Option<PoolConnection<Postgres>>,
    patience: Duration,
}

impl Lent {
    /// Hard: nobody waits for the other end. The pool may make another one.
    fn close(&mut self) {
        drop(self.connection.take().map(PoolConnection::detach));
    }
}

impl Drop for Lent {
    /// The pool tries out what it takes back, and would wait for that without bound.
    fn drop(&mut self) {
        match (Handle::try_current(), &mut self.connection) {
            (Ok(runtime), Some(connection)) => {
                // In the pool's books it is closed until it is back, whatever becomes of the task.
                drop(runtime.spawn(timeout(self.patience, connection.return_to_pool())));
            }
            (Err(_), _) => self.close(),
            (Ok(_), None) => {}
        }
    }
}
