//! The processes that work on the store.

use crate::apply::{insert, update};
use crate::row;
use crate::statement::{find, list, millis, statements, stored};
use fiber_link_core::{
    COUNT_BOUND, CommitError, Existing, ListedWorker, MAX_ROWS, StoreError, Stored, Version, Worker,
    WorkerId, WorkerState,
};
use rusqlite::{Connection, params};

statements! {
    CREATE_WORKER = "INSERT INTO workers (id, label, since, heard_at, dead_at, version)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    UPDATE_WORKER = "UPDATE workers SET version = version + 1, label = ?3, since = ?4, heard_at = ?5,
            dead_at = ?6
        WHERE id = ?1 AND version = ?2 AND dead_at IS NULL";
    REMOVE_WORKER = "DELETE FROM workers WHERE id = ?1 AND version = ?2
        AND NOT EXISTS (SELECT 1 FROM attempts WHERE worker = ?1 AND state IN ('sent', 'unknown'))";
    REQUIRE_WORKER = "SELECT 1 FROM workers WHERE id = ?1 AND dead_at IS NULL";
    WORKER = "SELECT id, label, since, heard_at, dead_at, version FROM workers WHERE id = ?1";
    WORKERS = "SELECT id, label, since, heard_at, dead_at, version, (SELECT count(*) FROM (
            SELECT 1 FROM attempts WHERE worker = workers.id AND state IN ('sent', 'unknown') LIMIT ?3))
        FROM workers WHERE id > ?1 ORDER BY id LIMIT ?2";
}

pub(crate) fn create(connection: &Connection, worker: &Worker) -> Result<(), CommitError> {
    let params = params![
        worker.id.as_uuid().as_bytes(),
        worker.label,
        millis(worker.since)?,
        millis(worker.heard_at)?,
        dead_at(worker)?,
        stored(Version::FIRST.as_u64())?,
    ];
    insert(connection, CREATE_WORKER, params, Existing::Worker)
}

pub(crate) fn replace(connection: &Connection, next: &Worker, expected: Version) -> Result<(), CommitError> {
    let params = params![
        next.id.as_uuid().as_bytes(),
        stored(expected.as_u64())?,
        next.label,
        millis(next.since)?,
        millis(next.heard_at)?,
        dead_at(next)?,
    ];
    update(connection, UPDATE_WORKER, params, Existing::Worker)
}

pub(crate) fn remove(connection: &Connection, id: WorkerId, expected: Version) -> Result<(), CommitError> {
    let params = params![id.as_uuid().as_bytes(), stored(expected.as_u64())?];
    update(connection, REMOVE_WORKER, params, Existing::Worker)
}

/// One transaction writes at a time, so nothing has to be locked.
pub(crate) fn require(connection: &Connection, id: WorkerId) -> Result<(), CommitError> {
    let found = find(connection, REQUIRE_WORKER, [id.as_uuid().as_bytes()], "workers", |_| Ok(()))?;
    found.ok_or(CommitError::DeclaredDead)
}

pub(crate) fn find_worker(
    connection: &Connection,
    id: WorkerId,
) -> Result<Option<Stored<Worker>>, StoreError> {
    find(connection, WORKER, [id.as_uuid().as_bytes()], "workers", row::worker)
}

pub(crate) fn workers(
    connection: &Connection,
    after: Option<WorkerId>,
    limit: u32,
) -> Result<Vec<ListedWorker>, StoreError> {
    let after = after.map_or(Vec::new(), |id| id.as_uuid().as_bytes().to_vec());
    let params = params![after, limit.min(MAX_ROWS), COUNT_BOUND];
    list(connection, WORKERS, params, "workers", |fields| {
        Ok(ListedWorker { worker: row::worker(fields)?, claims: fields.number()? })
    })
}

fn dead_at(worker: &Worker) -> Result<Option<i64>, StoreError> {
    match worker.state {
        WorkerState::Working => Ok(None),
        WorkerState::DeclaredDead { at } => millis(at).map(Some),
    }
}
