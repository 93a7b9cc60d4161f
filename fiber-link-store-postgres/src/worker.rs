//! The processes that work on the store.

use crate::PostgresStore;
use crate::query::rows;
use crate::row::{self, worker_columns};
use crate::statement::{find, list, query, statements};
use fiber_link_core::{COUNT_BOUND, ListedWorker, StoreError, Stored, Worker, WorkerId};
use uuid::Uuid;

statements! {
    worker_by_id = concat!("SELECT ", worker_columns!(), " FROM {schema}.workers WHERE id = $1");
    workers_after = concat!(
        "SELECT ", worker_columns!(), ", (SELECT count(*) FROM (SELECT 1 FROM {schema}.attempts
            WHERE worker = workers.id AND state IN ('sent', 'unknown') LIMIT $3) AS claimed)
        FROM {schema}.workers WHERE id > $1 ORDER BY id LIMIT $2"
    );
}

impl PostgresStore {
    pub(crate) async fn worker(&self, id: WorkerId) -> Result<Option<Stored<Worker>>, StoreError> {
        let statement = query(&self.statements().worker.worker_by_id).bind(*id.as_uuid());
        find(self.database(), statement, "workers", row::worker).await
    }

    pub(crate) async fn worker_list(
        &self,
        after: Option<WorkerId>,
        limit: u32,
    ) -> Result<Vec<ListedWorker>, StoreError> {
        // No run of a process has the id that is all zeros.
        let after = after.map_or(Uuid::nil(), |id| *id.as_uuid());
        let statement = query(&self.statements().worker.workers_after);
        let statement = statement.bind(after).bind(rows(limit)).bind(i64::from(COUNT_BOUND));
        list(self.database(), statement, "workers", |fields| {
            Ok(ListedWorker { worker: row::worker(fields)?, claims: fields.number()? })
        })
        .await
    }
}
