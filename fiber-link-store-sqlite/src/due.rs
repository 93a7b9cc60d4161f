//! Taking what is due from its queue.

use crate::error::backend;
use crate::row::{self, Fields, tip_columns, withdrawal_columns};
use crate::statement::{bound, execute, list, statements};
use fiber_link_core::{Due, MAX_ROWS, StoreError, Stored, TakeDue, Timestamp, Tip, Withdrawal};
use rusqlite::{Connection, params};

statements! {
    DUE_TIPS = concat!(
        "SELECT tips.rowid, next_check_at, check_since, ", tip_columns!(), " FROM tips
        WHERE next_check_at <= ?1 ORDER BY next_check_at, tips.rowid LIMIT ?2"
    );
    MISPLACED_TIPS = concat!(
        "SELECT tips.rowid, next_check_at, check_since, ", tip_columns!(), " FROM tips
        WHERE next_check_at > ?1 ORDER BY next_check_at DESC, tips.rowid DESC LIMIT ?2"
    );
    MOVE_TIP = "UPDATE tips SET next_check_at = ?2 WHERE rowid = ?1";
    DUE_WITHDRAWALS = concat!(
        "SELECT withdrawals.rowid, next_check_at, check_since, ", withdrawal_columns!(),
        " FROM withdrawals WHERE next_check_at <= ?1 ORDER BY next_check_at, withdrawals.rowid LIMIT ?2"
    );
    MISPLACED_WITHDRAWALS = concat!(
        "SELECT withdrawals.rowid, next_check_at, check_since, ", withdrawal_columns!(),
        " FROM withdrawals WHERE next_check_at > ?1
        ORDER BY next_check_at DESC, withdrawals.rowid DESC LIMIT ?2"
    );
    MOVE_WITHDRAWAL = "UPDATE withdrawals SET next_check_at = ?2 WHERE rowid = ?1";
}

/// A queue: how it is read, and how a record moves in it.
struct Queue<T> {
    table: &'static str,
    due: &'static str,
    misplaced: &'static str,
    advance: &'static str,
    read: fn(&mut Fields<'_>) -> Result<T, StoreError>,
}

/// Takes tips that are due.
pub(crate) fn take_tips(connection: &Connection, take: TakeDue) -> Result<Vec<Stored<Tip>>, StoreError> {
    let queue =
        Queue { table: "tips", due: DUE_TIPS, misplaced: MISPLACED_TIPS, advance: MOVE_TIP, read: row::tip };
    queue.take(connection, take)
}

/// Takes withdrawals that are due.
pub(crate) fn take_withdrawals(
    connection: &Connection,
    take: TakeDue,
) -> Result<Vec<Stored<Withdrawal>>, StoreError> {
    let queue = Queue {
        table: "withdrawals",
        due: DUE_WITHDRAWALS,
        misplaced: MISPLACED_WITHDRAWALS,
        advance: MOVE_WITHDRAWAL,
        read: row::withdrawal,
    };
    queue.take(connection, take)
}

/// A row of a queue: its rowid, and its place and value unless it is invalid.
type Row<T> = (i64, Result<(Due, T), StoreError>);

impl<T> Queue<T> {
    fn take(&self, connection: &Connection, take: TakeDue) -> Result<Vec<T>, StoreError> {
        let limit = take.limit.min(MAX_ROWS);
        let mut rows = self.rows(connection, self.due, take.now, limit)?;
        let room = limit.saturating_sub(u32::try_from(rows.len()).unwrap_or(limit));
        rows.extend(self.rows(connection, self.misplaced, take.misplaced_after(), room)?);
        let mut taken = Vec::with_capacity(rows.len());
        for (rowid, row) in rows {
            let next = match row {
                Ok((due, value)) => {
                    taken.push(value);
                    due.after_take(take.now, take.gap).at
                }
                // One invalid row must not keep everything behind it from being looked at.
                Err(error @ StoreError::Corrupt { .. }) => {
                    tracing::error!(table = self.table, rowid, %error, "an invalid row is passed over");
                    take.now.plus(take.gap.longest)
                }
                Err(error) => return Err(error),
            };
            let params = params![rowid, bound(next.as_millis())];
            execute(connection, self.advance, params).map_err(backend)?;
        }
        Ok(taken)
    }

    fn rows(
        &self,
        connection: &Connection,
        sql: &str,
        moment: Timestamp,
        limit: u32,
    ) -> Result<Vec<Row<T>>, StoreError> {
        list(connection, sql, params![bound(moment.as_millis()), limit], self.table, |fields| {
            let rowid = fields.integer()?;
            Ok((rowid, row::due(fields).and_then(|due| Ok((due, (self.read)(fields)?)))))
        })
    }
}
