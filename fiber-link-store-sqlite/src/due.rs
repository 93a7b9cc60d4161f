//! Taking what is due from its queue.

use crate::error::backend;
use crate::record::DueColumns;
use crate::row::{self, Fields, tip_columns, withdrawal_columns};
use crate::statement::{bound, execute, list, statements};
use fiber_link_core::{Due, MAX_ROWS, StoreError, Stored, TakeDue, Tip, Withdrawal};
use rusqlite::{Connection, params};

statements! {
    DUE_TIPS = concat!(
        "SELECT tips.rowid, next_check_at, check_since, check_until, ", tip_columns!(), " FROM tips
        WHERE next_check_at <= ?1 ORDER BY next_check_at, tips.rowid LIMIT ?2"
    );
    MOVE_TIP = "UPDATE tips SET next_check_at = ?2, check_since = ?3, check_until = ?4 WHERE rowid = ?1";
    POSTPONE_TIP = "UPDATE tips SET next_check_at = ?2 WHERE rowid = ?1";
    DUE_WITHDRAWALS = concat!(
        "SELECT withdrawals.rowid, next_check_at, check_since, check_until, ", withdrawal_columns!(),
        " FROM withdrawals WHERE next_check_at <= ?1 ORDER BY next_check_at, withdrawals.rowid LIMIT ?2"
    );
    MOVE_WITHDRAWAL = "UPDATE withdrawals SET next_check_at = ?2, check_since = ?3, check_until = ?4
        WHERE rowid = ?1";
    POSTPONE_WITHDRAWAL = "UPDATE withdrawals SET next_check_at = ?2 WHERE rowid = ?1";
}

/// A queue: how it is read, and how a record moves in it.
struct Queue<T> {
    table: &'static str,
    due: &'static str,
    advance: &'static str,
    postpone: &'static str,
    read: fn(&mut Fields<'_>) -> Result<T, StoreError>,
}

/// Takes tips that are due.
pub(crate) fn take_tips(connection: &Connection, take: TakeDue) -> Result<Vec<Stored<Tip>>, StoreError> {
    let queue =
        Queue { table: "tips", due: DUE_TIPS, advance: MOVE_TIP, postpone: POSTPONE_TIP, read: row::tip };
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
        advance: MOVE_WITHDRAWAL,
        postpone: POSTPONE_WITHDRAWAL,
        read: row::withdrawal,
    };
    queue.take(connection, take)
}

impl<T> Queue<T> {
    fn take(&self, connection: &Connection, take: TakeDue) -> Result<Vec<T>, StoreError> {
        let params = params![bound(take.now.as_millis()), take.limit.min(MAX_ROWS)];
        let rows = list(connection, self.due, params, self.table, |fields| {
            let rowid = fields.integer()?;
            Ok((rowid, row::due(fields).and_then(|due| Ok((due, (self.read)(fields)?)))))
        })?;
        let mut taken = Vec::with_capacity(rows.len());
        for (rowid, row) in rows {
            match row {
                Ok((due, value)) => {
                    self.advance(connection, rowid, due, take)?;
                    taken.push(value);
                }
                // One invalid row must not keep everything behind it from being looked at.
                Err(error @ StoreError::Corrupt { .. }) => {
                    tracing::error!(table = self.table, rowid, %error, "an invalid row is passed over");
                    let later = bound(take.now.plus(take.gap.longest).as_millis());
                    execute(connection, self.postpone, params![rowid, later]).map_err(backend)?;
                }
                Err(error) => return Err(error),
            }
        }
        Ok(taken)
    }

    fn advance(
        &self,
        connection: &Connection,
        rowid: i64,
        due: Due,
        take: TakeDue,
    ) -> Result<(), StoreError> {
        let next = DueColumns::of(due.after_take(take.now, take.gap));
        let params = params![rowid, next.next_check_at, next.check_since, next.check_until];
        execute(connection, self.advance, params).map_err(backend)?;
        Ok(())
    }
}
