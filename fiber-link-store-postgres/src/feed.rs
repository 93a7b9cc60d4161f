//! What readers follow by a cursor: the events and the settled tips of an app.
//!
//! Commits end out of order, so a row is inserted without a number, unless its own transaction is the
//! sequencer; numbers are given to what is committed by one sequencer at a time; and readers see rows
//! with numbers only. A reader first has what is left over numbered. The proof stands in
//! `docs/architecture.md`.

use crate::PostgresStore;
use crate::error::backend;
use crate::query::rows;
use crate::row::{self, tip_columns};
use crate::statement::{Sql, bound, find, list, query, statements};
use crate::time::Time;
use fiber_link_core::{
    AppId, EventQuery, MAX_ROWS, NumberedEvent, SettledPosition, SettledQuery, StoreError, Stored, Timestamp,
    Tip, TipId,
};
use sqlx::Row;

statements! {
    number_events = "SELECT {schema}.number_events($1)";
    events = "SELECT number, id, app, kind, subject, at FROM {schema}.events WHERE app = $1 AND number > $2
        ORDER BY number LIMIT $3";
    number_settled_tips = "SELECT {schema}.number_settled_tips($1)";
    place_of_tip = "SELECT number FROM {schema}.settled_tips WHERE tip = $1 AND app = $2";
    first_settled_since = "SELECT min(number) FROM (SELECT number FROM {schema}.settled_tips
        WHERE app = $1 AND at >= $2 AND number IS NOT NULL ORDER BY at, number LIMIT $3) AS since";
    settled_tips = concat!(
        "SELECT ", tip_columns!(), " FROM {schema}.settled_tips JOIN {schema}.tips ON tips.id = settled_tips.tip
        WHERE settled_tips.app = $1 AND settled_tips.number > $2 ORDER BY settled_tips.number LIMIT $3"
    );
}

/// How often a reader has a thousand rows numbered before it goes on with what there is. Writers
/// number what others left, so there are never so many.
const TURNS: u32 = 1_000;

impl PostgresStore {
    pub(crate) async fn event_list(&self, events: &EventQuery) -> Result<Vec<NumberedEvent>, StoreError> {
        // A thousand numbers are as many as a page can need.
        self.number(&self.statements().feed.number_events, &events.app).await?;
        let statement = query(&self.statements().feed.events)
            .bind(events.app.as_str().to_owned())
            .bind(bound(events.after))
            .bind(rows(events.limit));
        list(self.database(), statement, "events", row::event).await
    }

    pub(crate) async fn settled_list(&self, settled: &SettledQuery) -> Result<Vec<Stored<Tip>>, StoreError> {
        let sql = &self.statements().feed;
        let mut more = self.number(&sql.number_settled_tips, &settled.app).await?;
        let after = match settled.after {
            SettledPosition::Start => Some(0),
            SettledPosition::After { tip, or_at } => {
                let mut turns = 1..TURNS;
                while more && turns.next().is_some() {
                    more = self.number(&sql.number_settled_tips, &settled.app).await?;
                }
                match self.place_of(&settled.app, tip).await? {
                    Some(number) => Some(number),
                    None => {
                        let first = self.first_settled_since(&settled.app, or_at).await?;
                        first.map(|number| number.saturating_sub(1))
                    }
                }
            }
        };
        let Some(after) = after else { return Ok(Vec::new()) };
        let statement = query(&sql.settled_tips)
            .bind(settled.app.as_str().to_owned())
            .bind(after)
            .bind(rows(settled.limit));
        list(self.database(), statement, "tips", row::tip).await
    }

    /// Has rows numbered that were committed before; whether there may be more of them.
    async fn number(&self, sql: &Sql, app: &AppId) -> Result<bool, StoreError> {
        let (statement, store) = (query(sql).bind(app.as_str().to_owned()), self.clone());
        let row = self
            .in_task(async move { store.database().fetch_one(statement).await.map_err(backend) })
            .await??;
        row.try_get(0).map_err(backend)
    }

    async fn place_of(&self, app: &AppId, tip: TipId) -> Result<Option<i64>, StoreError> {
        let statement = query(&self.statements().feed.place_of_tip);
        let statement = statement.bind(*tip.as_uuid()).bind(app.as_str().to_owned());
        Ok(find(self.database(), statement, "settled_tips", |fields| fields.optional()).await?.flatten())
    }

    /// The first number of a tip that was settled at `at` or later. Clocks of several servers differ
    /// a little, so it need not be the number of the earliest one; it is among the next ones.
    async fn first_settled_since(&self, app: &AppId, at: Timestamp) -> Result<Option<i64>, StoreError> {
        let statement = query(&self.statements().feed.first_settled_since)
            .bind(app.as_str().to_owned())
            .bind(Time::bound(at))
            .bind(i64::from(MAX_ROWS));
        Ok(find(self.database(), statement, "settled_tips", |fields| fields.optional()).await?.flatten())
    }
}
