//! Every statement of the store is declared by [`statements!`], so that a test can look at all of
//! their plans.

use crate::error::{TooLarge, backend};
use crate::row::Fields;
use fiber_link_core::{StoreError, Timestamp};
use rusqlite::{Connection, Params};

/// Declares statements, and `ALL` of them for the test of their plans.
macro_rules! statements {
    ($($name:ident = $sql:expr;)*) => {
        $(const $name: &str = $sql;)*

        #[cfg(test)]
        pub(crate) const ALL: &[(&str, &str)] = &[$((stringify!($name), $sql)),*];
    };
}

pub(crate) use statements;

/// Runs a statement that returns no rows; the number of rows that it changed.
pub(crate) fn execute(connection: &Connection, sql: &str, params: impl Params) -> rusqlite::Result<usize> {
    connection.prepare_cached(sql)?.execute(params)
}

/// The rows of a statement; `table` is named where one is invalid.
pub(crate) fn list<T>(
    connection: &Connection,
    sql: &str,
    params: impl Params,
    table: &'static str,
    mut read: impl FnMut(&mut Fields<'_>) -> Result<T, StoreError>,
) -> Result<Vec<T>, StoreError> {
    let mut statement = connection.prepare_cached(sql).map_err(backend)?;
    let mut rows = statement.query(params).map_err(backend)?;
    let mut list = Vec::new();
    while let Some(row) = rows.next().map_err(backend)? {
        list.push(read(&mut Fields::of(table, row))?);
    }
    Ok(list)
}

/// The first row of a statement.
pub(crate) fn find<T>(
    connection: &Connection,
    sql: &str,
    params: impl Params,
    table: &'static str,
    read: impl FnOnce(&mut Fields<'_>) -> Result<T, StoreError>,
) -> Result<Option<T>, StoreError> {
    let mut statement = connection.prepare_cached(sql).map_err(backend)?;
    let mut rows = statement.query(params).map_err(backend)?;
    rows.next().map_err(backend)?.map(|row| read(&mut Fields::of(table, row))).transpose()
}

/// A number as SQLite keeps it.
pub(crate) fn stored(number: u64) -> Result<i64, StoreError> {
    i64::try_from(number).map_err(|_| StoreError::backend(TooLarge(number)))
}

/// A moment as SQLite keeps it.
pub(crate) fn millis(at: Timestamp) -> Result<i64, StoreError> {
    stored(at.as_millis())
}

/// A number to compare with: one beyond what can be stored is after everything stored.
pub(crate) fn bound(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
