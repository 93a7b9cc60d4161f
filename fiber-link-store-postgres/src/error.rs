//! What can go wrong here, and how it is told.

use crate::Schema;
use fiber_link_core::{CommitError, Existing, StoreError, Table};
use sqlx::postgres::{PgDatabaseError, PgSeverity};
use std::sync::Arc;

/// The schema of a store cannot be used as it is. Nothing was changed in it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SchemaError {
    /// An older version of Fiber Link has made it, or nobody yet.
    #[error(
        "the schema {schema} is at version {found} and this program needs {known}: bring it up to date with \
         `fiber-link migrate`, or `Schema::migrate` in a host of its own"
    )]
    Older {
        /// The schema.
        schema: Schema,
        /// Its version; 0 where there is nothing.
        found: u32,
        /// The version that this program knows.
        known: u32,
    },
    /// A newer version of Fiber Link has made it.
    #[error(
        "the schema {schema} is at version {found} and this program knows up to {known}: start the newer \
         program, or restore a backup of the older version"
    )]
    Newer {
        /// The schema.
        schema: Schema,
        /// Its version.
        found: u32,
        /// The version that this program knows.
        known: u32,
    },
    /// Something else stands in it.
    #[error(
        "the schema {schema} holds something that is not Fiber Link's; it was left as it is, name another schema"
    )]
    Foreign {
        /// The schema.
        schema: Schema,
    },
    /// One of its migrations was another one than this program has under that name.
    #[error(
        "the schema {schema} was made by another form of the migration {migration} than this program has, so \
         neither can go on from the other: start the program that made it, or name another schema, or drop this \
         one with all that is in it and run `fiber-link migrate`"
    )]
    Different {
        /// The schema.
        schema: Schema,
        /// The first migration that is not the same.
        migration: &'static str,
    },
    /// It is being filled from another store, and that came to no end.
    #[error(
        "the schema {schema} holds a part of another store: finish that with the same `fiber-link store copy \
         --from sqlite:PATH` again, or drop the schema and begin anew"
    )]
    Unfinished {
        /// The schema.
        schema: Schema,
    },
    /// The database is not there, or does not let us in.
    #[error("there is no connection to the database")]
    Unreachable {
        /// What it said, if it said anything.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The database does not let us.
    #[error("the schema {schema} cannot be used")]
    Unusable {
        /// The schema.
        schema: Schema,
        /// What the database said.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// A store could not be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The address is none. It is not repeated here: there may be a password in it.
    #[error("the address of the database is not understood")]
    Address(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The schema is not what it has to be.
    #[error(transparent)]
    Schema(#[from] SchemaError),
}

/// A schema cannot be filled from another store. Nothing was changed in it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// It is not what it has to be.
    #[error(transparent)]
    Schema(#[from] SchemaError),
    /// There is something in it.
    #[error("the schema {schema} is not empty, there are rows in {table}: name another schema")]
    NotEmpty {
        /// The schema.
        schema: Schema,
        /// The first table with rows.
        table: Table,
    },
    /// It was begun for another store.
    #[error(
        "the schema {schema} holds a part of another store than this one: name another schema, or drop it and \
         begin anew"
    )]
    OtherSource {
        /// The schema.
        schema: Schema,
    },
}

/// Too many writes wait: this one was not taken.
#[derive(Debug, thiserror::Error)]
#[error("the store is overloaded: {0} writes are waiting")]
pub(crate) struct Overloaded(pub(crate) usize);

/// The transaction failed in which a unit of work ran; the cause is shared by all its units.
#[derive(Clone, Debug, thiserror::Error)]
#[error("the transaction failed")]
pub(crate) struct GroupFailed(#[source] pub(crate) Arc<sqlx::Error>);

/// A number that does not fit its column.
#[derive(Debug, thiserror::Error)]
#[error("{0} is too large to be stored")]
pub(crate) struct TooLarge(pub(crate) u64);

/// The database broke its word about what an answer looks like.
#[derive(Debug, thiserror::Error)]
#[error("the database answered {0:?} where nothing like it can stand")]
pub(crate) struct UnexpectedAnswer(pub(crate) String);

pub(crate) fn backend(error: sqlx::Error) -> StoreError {
    StoreError::backend(error)
}

/// Why the database refused a unit of work, where it is a refusal and no failure.
pub(crate) enum Refusal {
    /// As the caller is told.
    Commit(CommitError),
    /// By a limit: what the database told of it.
    Limit(String),
}

/// Our own SQLSTATEs; see `commit_ops`.
const NOT_EXPECTED: &str = "FL001";
const OUT_OF_RANGE: &str = "FL002";
const LIMIT: &str = "FL003";
const KEY_IN_USE: &str = "FL004";
const DECLARED_DEAD: &str = "FL005";
const NO_ROOM: &str = "FL006";

const UNIQUE_VIOLATION: &str = "23505";
const SERIALIZATION_FAILURE: &str = "40001";
const DEADLOCK_DETECTED: &str = "40P01";
const LOCK_NOT_AVAILABLE: &str = "55P03";

/// What an error of a unit of work says about it. Whatever is not known to have left nothing behind
/// is a failure, and nobody knows then: also a COMMIT that failed or whose answer was lost.
pub(crate) fn refusal(schema: &Schema, error: sqlx::Error) -> Refusal {
    let told = error.as_database_error().and_then(|error| error.try_downcast_ref::<PgDatabaseError>());
    let known = match told.map(|told| (told.code(), told)) {
        Some((NOT_EXPECTED | SERIALIZATION_FAILURE | DEADLOCK_DETECTED, _)) => Some(CommitError::Conflict),
        Some((OUT_OF_RANGE, _)) => Some(CommitError::InsufficientFunds),
        Some((KEY_IN_USE, _)) => Some(CommitError::AlreadyExists(Existing::IdempotencyKey)),
        Some((NO_ROOM, _)) => Some(CommitError::NoRoom),
        Some((DECLARED_DEAD, _)) => Some(CommitError::DeclaredDead),
        Some((LIMIT, told)) => return Refusal::Limit(told.detail().unwrap_or_default().to_owned()),
        Some((UNIQUE_VIOLATION, told)) if told.schema() == Some(schema.name()) => {
            told.constraint().and_then(existing).map(CommitError::AlreadyExists)
        }
        Some(_) | None => None,
    };
    Refusal::Commit(known.unwrap_or_else(|| backend(error).into()))
}

/// What an error says about the transaction in which it arose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It left nothing behind.
    RolledBack,
    /// Nobody knows.
    Unknown,
}

/// Classes of what was not the statement's fault: no connection, no resources, an operator or a
/// timeout of the statement, the system, a bug.
const NOT_OF_THE_STATEMENT: [&str; 5] = ["08", "53", "57", "58", "XX"];

/// An error that the database tells without ending the session has ended the transaction, and no
/// such error arises once it is committed.
pub(crate) fn verdict(error: &sqlx::Error) -> Verdict {
    let told = error.as_database_error().and_then(|error| error.try_downcast_ref::<PgDatabaseError>());
    match told {
        Some(told)
            if matches!(told.severity(), PgSeverity::Error)
                && !NOT_OF_THE_STATEMENT.iter().any(|class| told.code().starts_with(class)) =>
        {
            Verdict::RolledBack
        }
        Some(_) | None => Verdict::Unknown,
    }
}

/// Whether somebody held what was waited for.
pub(crate) fn is_lock_timeout(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(|error| error.code().as_deref() == Some(LOCK_NOT_AVAILABLE))
}

/// What is there already if this key is taken.
fn existing(key: &str) -> Option<Existing> {
    match key {
        "hub_pkey" => Some(Existing::Hub),
        "documents_pkey" => Some(Existing::Document),
        "audit_records_id" => Some(Existing::AuditRecord),
        "tips_pkey" | "tips_payment_hash" => Some(Existing::Tip),
        "withdrawals_pkey" | "withdrawals_held_payment_hash" => Some(Existing::Withdrawal),
        "attempts_pkey" | "attempts_one_live" => Some(Existing::Attempt),
        "entries_once" => Some(Existing::Entry),
        "events_pkey" => Some(Existing::Event),
        "workers_pkey" => Some(Existing::Worker),
        _ => None,
    }
}
