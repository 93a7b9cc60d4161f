//! The store that the settings name: the one place that opens one.

use crate::moved::{self, MovedError};
use crate::settings::{PostgresPlace, StorePlace};
use fiber_link_core::{Clock, Store, SystemClock};
use fiber_link_store_postgres::{self as postgres, PostgresStore, SchemaError};
use fiber_link_store_sqlite::{self as sqlite, SqliteStore};
use std::path::PathBuf;
use std::sync::Arc;

/// Why a store was not opened. The address of a database is never part of it.
#[derive(Debug, thiserror::Error)]
pub enum OpenStoreError {
    /// There is none.
    #[error("there is no store at {0}")]
    Missing(PathBuf),
    /// It was copied to a database, and is not worked on any more.
    #[error(transparent)]
    Moved(#[from] MovedError),
    /// The SQLite file was not opened.
    #[error("cannot open the store {path}")]
    Sqlite {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: sqlite::OpenError,
    },
    /// The schema of the database was not opened.
    #[error("cannot open the store in the database")]
    Postgres(#[source] postgres::OpenError),
}

/// What became of a migration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Migration {
    /// The store is up to date now.
    Done,
    /// It was before.
    NotNeeded,
}

impl OpenStoreError {
    /// Whether a migration would help.
    pub fn asks_for_migration(&self) -> bool {
        match self {
            Self::Missing(_) => true,
            Self::Moved(_) => false,
            Self::Sqlite { source, .. } => matches!(source, sqlite::OpenError::Older { .. }),
            Self::Postgres(source) => {
                matches!(source, postgres::OpenError::Schema(SchemaError::Older { .. }))
            }
        }
    }
}

impl From<SchemaError> for OpenStoreError {
    fn from(error: SchemaError) -> Self {
        Self::Postgres(error.into())
    }
}

/// Opens the store. A file is made or brought up to date; the schema of a database has to be.
///
/// # Errors
/// [`OpenStoreError`] says what is wrong and what to run.
pub async fn open(place: &StorePlace) -> Result<Arc<dyn Store>, OpenStoreError> {
    match place {
        StorePlace::Sqlite(path) => {
            // Whoever serves it has locked it before, and so did the copy when it left the mark.
            moved::check(path)?;
            match SqliteStore::open(path, SystemClock.now()) {
                Ok(store) => Ok(Arc::new(store)),
                Err(source) => Err(OpenStoreError::Sqlite { path: path.clone(), source }),
            }
        }
        StorePlace::Postgres(PostgresPlace { url, schema, pool }) => {
            let store = PostgresStore::connect(url.expose(), schema.clone(), pool).await;
            Ok(Arc::new(store.map_err(OpenStoreError::Postgres)?))
        }
    }
}

/// Opens the store, and never makes one: a mistyped path must not look like an empty store.
///
/// # Errors
/// [`OpenStoreError`] as with [`open`].
pub async fn open_existing(place: &StorePlace) -> Result<Arc<dyn Store>, OpenStoreError> {
    match place {
        StorePlace::Sqlite(path) if !path.exists() => Err(OpenStoreError::Missing(path.clone())),
        StorePlace::Sqlite(_) | StorePlace::Postgres(_) => open(place).await,
    }
}

/// Checks that the store has the form that this program knows, and changes nothing.
///
/// # Errors
/// [`OpenStoreError`] if it has not; see [`OpenStoreError::asks_for_migration`].
pub async fn check(place: &StorePlace) -> Result<(), OpenStoreError> {
    match place {
        StorePlace::Sqlite(path) if !path.exists() => Err(OpenStoreError::Missing(path.clone())),
        StorePlace::Sqlite(path) => {
            moved::check(path)?;
            SqliteStore::check(path).map_err(|source| OpenStoreError::Sqlite { path: path.clone(), source })
        }
        StorePlace::Postgres(PostgresPlace { url, schema, pool }) => {
            let pool = pool.pool(url.expose()).map_err(OpenStoreError::Postgres)?;
            Ok(schema.check(&pool).await?)
        }
    }
}

/// Brings the store to the form that this program knows, and makes it if there is none.
///
/// # Errors
/// [`OpenStoreError`] if it cannot be. Nothing was changed then.
pub async fn migrate(place: &StorePlace) -> Result<Migration, OpenStoreError> {
    match check(place).await {
        Ok(()) => return Ok(Migration::NotNeeded),
        Err(error) if error.asks_for_migration() => {}
        Err(error) => return Err(error),
    }
    match place {
        StorePlace::Sqlite(_) => drop(open(place).await?),
        StorePlace::Postgres(PostgresPlace { url, schema, pool }) => {
            let pool = pool.pool(url.expose()).map_err(OpenStoreError::Postgres)?;
            schema.migrate(&pool).await?;
        }
    }
    Ok(Migration::Done)
}
