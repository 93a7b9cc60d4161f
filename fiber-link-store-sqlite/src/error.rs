//! What can go wrong here, and how it is told.

use fiber_link_core::{AdmitError, CommitError, StoreError};
use std::path::PathBuf;
use std::sync::Arc;

/// A database could not be opened. Nothing was changed in it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// A newer version of Fiber Link has written the file.
    #[error(
        "{path} was written by a newer version of Fiber Link: its format is {found}, this version reads up \
         to {known}; start the newer version, or restore a backup of the older format"
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// The version of its format.
        found: u32,
        /// The newest format that this version reads.
        known: u32,
    },
    /// An older version of Fiber Link has written the file; opening it brings it up to date.
    #[error(
        "{path} was written by an older version of Fiber Link: its format is {found}, this version writes \
         {known}; `fiber-link migrate` brings it up to date, and so does opening it"
    )]
    Older {
        /// The file.
        path: PathBuf,
        /// The version of its format; 0 where there is nothing.
        found: u32,
        /// The version of the format that this version writes.
        known: u32,
    },
    /// The file is something else.
    #[error("{path} is no {expected} of Fiber Link; it was left as it is, name another file")]
    Foreign {
        /// The file.
        path: PathBuf,
        /// What it was to be.
        expected: &'static str,
    },
    /// Somebody is writing to the file, which nobody may meanwhile.
    #[error("{path} is in use: stop whatever works on it first")]
    InUse {
        /// The file.
        path: PathBuf,
    },
    /// The file cannot be used.
    #[error("{path} cannot be opened as a database")]
    Unusable {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// The queue of a thread is full: the request was not taken.
#[derive(Debug, thiserror::Error)]
#[error("the store is overloaded: {0} requests are waiting")]
pub(crate) struct Overloaded(pub(crate) usize);

/// The thread of the store is gone.
#[derive(Debug, thiserror::Error)]
#[error("the store's thread has stopped")]
pub(crate) struct Stopped;

/// The journal is not the one that readers and writers need to work side by side.
#[derive(Debug, thiserror::Error)]
#[error("the file system does not allow a write-ahead log, only journal mode {0:?}")]
pub(crate) struct NoWriteAheadLog(pub(crate) String);

/// A number that does not fit SQLite's 63 bits.
#[derive(Debug, thiserror::Error)]
#[error("{0} is too large to be stored")]
pub(crate) struct TooLarge(pub(crate) u64);

/// The transaction failed in which a unit of work ran; the cause is shared by all its units.
#[derive(Clone, Debug, thiserror::Error)]
#[error("the transaction failed")]
pub(crate) struct GroupFailed(#[source] pub(crate) Arc<GroupError>);

/// Why a transaction of many units failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum GroupError {
    #[error("a step of the transaction failed")]
    Step(#[from] rusqlite::Error),
    #[error("another unit's failure ended the transaction")]
    Ended,
}

pub(crate) fn backend(error: rusqlite::Error) -> StoreError {
    StoreError::backend(error)
}

/// Whether a row was refused because its key is taken, and for no other reason. The one trigger
/// on inserts is the one that keeps entries from being replaced.
pub(crate) fn is_taken(error: &rusqlite::Error) -> bool {
    use rusqlite::ffi::{
        SQLITE_CONSTRAINT_PRIMARYKEY, SQLITE_CONSTRAINT_ROWID, SQLITE_CONSTRAINT_TRIGGER,
        SQLITE_CONSTRAINT_UNIQUE,
    };
    let code = error.sqlite_error().map(|error| error.extended_code);
    matches!(
        code,
        Some(
            SQLITE_CONSTRAINT_UNIQUE
                | SQLITE_CONSTRAINT_PRIMARYKEY
                | SQLITE_CONSTRAINT_ROWID
                | SQLITE_CONSTRAINT_TRIGGER
        )
    )
}

/// An answer that is no success: a refusal, or a failure of the store.
pub(crate) trait NoSuccess: From<StoreError> + Send + 'static {
    /// Whether the store failed.
    fn is_failure(&self) -> bool;
}

impl NoSuccess for StoreError {
    fn is_failure(&self) -> bool {
        true
    }
}

impl NoSuccess for CommitError {
    fn is_failure(&self) -> bool {
        matches!(self, Self::Store(_))
    }
}

impl NoSuccess for AdmitError {
    fn is_failure(&self) -> bool {
        matches!(self, Self::Store(_))
    }
}
