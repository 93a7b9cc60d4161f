//! A pool of connections to the database, where the host has none.

use crate::OpenError;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{Connection, PgPool};
use std::io;
use std::time::Duration;
use tokio::time::timeout;

/// How long a connection may have been idle before it is tried out: one that was used just now is
/// taken as it is, so that a call costs one round trip.
const TRUSTED: Duration = Duration::from_secs(1);

/// How long it may take to try it out: with several that give no answer, a call still comes to the next.
const PATIENCE: Duration = Duration::from_secs(1);

/// How a pool is set up. A host that brings its own pool sets the same on it, or what it likes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PoolSettings {
    /// The most connections; 16 by default.
    pub connections: u32,
    /// How long a call waits for a free connection, or for the database to be there; 5 s by default.
    pub acquire_timeout: Duration,
    /// How long a statement may take; 10 s by default. Its answer is waited for two seconds longer.
    pub statement_timeout: Duration,
    /// How long a statement waits for a lock; 5 s by default. It is less than the statement may take,
    /// so that the log says what was waited for.
    pub lock_timeout: Duration,
}

impl Default for PoolSettings {
    fn default() -> Self {
        Self {
            connections: 16,
            acquire_timeout: Duration::from_secs(5),
            statement_timeout: Duration::from_secs(10),
            lock_timeout: Duration::from_secs(5),
        }
    }
}

impl PoolSettings {
    /// A pool for the database at `url`, such as `postgres://user@host/database?sslmode=verify-full`.
    /// It connects when it is first used, and again whenever the database was away.
    ///
    /// # Errors
    /// [`OpenError::Address`] if `url` is no address.
    pub fn pool(&self, url: &str) -> Result<PgPool, OpenError> {
        let options: PgConnectOptions = url.parse().map_err(|error| OpenError::Address(Box::new(error)))?;
        Ok(self.pool_with(options))
    }

    /// A pool for the database that `options` lead to. The settings of each connection are set when it
    /// is made.
    pub fn pool_with(&self, options: PgConnectOptions) -> PgPool {
        let millis = |timeout: Duration| timeout.as_millis().min(i32::MAX.unsigned_abs().into());
        let options = options.application_name("fiber-link").options([
            ("statement_timeout", millis(self.statement_timeout)),
            ("lock_timeout", millis(self.lock_timeout)),
            // Nothing here opens a transaction and leaves it.
            ("idle_in_transaction_session_timeout", millis(self.statement_timeout)),
        ]);
        let options = options.options([("default_transaction_isolation", "read committed")]);
        PgPoolOptions::new()
            .max_connections(self.connections.max(1))
            .acquire_timeout(self.acquire_timeout)
            .test_before_acquire(false)
            .before_acquire(|connection, used| {
                Box::pin(async move {
                    if used.idle_for > TRUSTED {
                        let tried = timeout(PATIENCE, connection.ping()).await;
                        tried.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??;
                    }
                    Ok(true)
                })
            })
            .connect_lazy_with(options)
    }
}
