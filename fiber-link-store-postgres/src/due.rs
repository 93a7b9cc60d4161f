//! Taking what is due from its queue: one statement that picks rows which nobody else is taking,
//! moves them, and answers them.

use crate::PostgresStore;
use crate::error::backend;
use crate::fields::Fields;
use crate::row::{self, tip_columns, withdrawal_columns};
use crate::statement::{Sql, query, statements};
use crate::time::Time;
use fiber_link_core::{Gap, MAX_ROWS, StoreError, Stored, TakeDue, Tip, Withdrawal};
use std::time::Duration;

/// Takes from a table: $1 now, $2 how many, $3 after when a row is misplaced, then the gap.
macro_rules! take {
    ($table:literal, $columns:expr) => {
        concat!(
            "WITH due AS (
                SELECT id FROM {schema}.",
            $table,
            " WHERE next_check_at <= $1 ORDER BY next_check_at LIMIT $2 FOR UPDATE SKIP LOCKED
            ), misplaced AS (
                SELECT id FROM {schema}.",
            $table,
            " WHERE next_check_at > $3 ORDER BY next_check_at DESC
                LIMIT $2 - (SELECT count(*) FROM due) FOR UPDATE SKIP LOCKED
            )
            UPDATE {schema}.",
            $table,
            " SET next_check_at = $1 + interval '1 millisecond' * least($5, greatest($4,
                (extract(epoch FROM greatest($1 - check_since, interval '0')) * 1000)::bigint / $6))
            WHERE id = ANY (ARRAY(SELECT id FROM due UNION ALL SELECT id FROM misplaced))
            RETURNING ",
            $columns
        )
    };
}

statements! {
    take_tips = take!("tips", tip_columns!());
    take_withdrawals = take!("withdrawals", withdrawal_columns!());
}

impl PostgresStore {
    pub(crate) async fn take_tips(&self, take: TakeDue) -> Result<Vec<Stored<Tip>>, StoreError> {
        self.take("tips", &self.statements().due.take_tips, take, row::tip).await
    }

    pub(crate) async fn take_withdrawals(
        &self,
        take: TakeDue,
    ) -> Result<Vec<Stored<Withdrawal>>, StoreError> {
        self.take("withdrawals", &self.statements().due.take_withdrawals, take, row::withdrawal).await
    }

    async fn take<T>(
        &self,
        table: &'static str,
        sql: &Sql,
        take: TakeDue,
        read: fn(&mut Fields<'_>) -> Result<T, StoreError>,
    ) -> Result<Vec<T>, StoreError> {
        let Gap { divisor, shortest, longest } = take.gap;
        let statement = query(sql)
            .bind(Time::bound(take.now))
            .bind(i64::from(take.limit.min(MAX_ROWS)))
            .bind(Time::bound(take.misplaced_after()))
            .bind(millis(shortest))
            .bind(millis(longest.max(shortest)))
            .bind(i64::from(divisor.max(1)));
        let store = self.clone();
        let rows = self
            .in_task(async move { store.database().fetch_all(statement).await.map_err(backend) })
            .await??;
        let mut taken = Vec::with_capacity(rows.len());
        for row in rows {
            match read(&mut Fields::of(table, &row)) {
                Ok(value) => taken.push(value),
                // One invalid row must not keep everything behind it from being looked at.
                Err(error @ StoreError::Corrupt { .. }) => {
                    tracing::error!(table, %error, "an invalid row is passed over");
                }
                Err(error) => return Err(error),
            }
        }
        Ok(taken)
    }
}

/// Ten thousand years are for ever.
const FOR_EVER: i64 = 10_000 * 365 * 86_400_000;

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(FOR_EVER).min(FOR_EVER)
}
