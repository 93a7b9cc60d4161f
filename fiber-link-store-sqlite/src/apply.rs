//! Each op of a change set as statements. Runs inside a transaction of the writer.

use crate::document;
use crate::error::{backend, is_taken};
use crate::record;
use crate::room;
use crate::row;
use crate::statement::{execute, find, millis, statements};
use crate::worker;
use fiber_link_core::{
    Balance, CommitError, CountTowardsLimit, Entry, EntrySource, Event, EventKind, Existing, GiveBackToLimit,
    IdempotencyRecord, IdempotencySubject, LimitCounter, LimitKey, Op, StoreError, Timestamp, UserAccount,
};
use rusqlite::{Connection, Params, params};
use uuid::Uuid;

statements! {
    FIND_LIMIT = "SELECT counter FROM limits WHERE app = ?1 AND user = ?2 AND asset = ?3";
    SET_LIMIT = "INSERT INTO limits (app, user, asset, counter) VALUES (?1, ?2, ?3, ?4)
        ON CONFLICT (app, user, asset) DO UPDATE SET counter = excluded.counter";
    POST = "INSERT INTO entries (source_kind, source, kind, app, user, asset, amount, from_account,
            to_account, at)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
    FIND_BALANCE = "SELECT available, reserved FROM balances WHERE app = ?1 AND user = ?2 AND asset = ?3";
    SET_BALANCE = "INSERT INTO balances (app, user, asset, available, reserved) VALUES (?1, ?2, ?3, ?4, ?5)
        ON CONFLICT (app, user, asset)
        DO UPDATE SET available = excluded.available, reserved = excluded.reserved";
    REMEMBER = "INSERT INTO idempotency (app, method, key, digest, subject_kind, subject, expires_at)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
        ON CONFLICT (app, method, key) DO UPDATE SET digest = excluded.digest,
            subject_kind = excluded.subject_kind, subject = excluded.subject,
            expires_at = excluded.expires_at
        WHERE expires_at <= ?8";
    FORGET = "DELETE FROM idempotency WHERE (app, method, key) IN (
        SELECT app, method, key FROM idempotency WHERE expires_at <= ?1 ORDER BY expires_at LIMIT 4)";
    EMIT = "INSERT INTO events (app, number, id, kind, subject, at)
        VALUES (?1,
            1 + coalesce((SELECT number FROM events WHERE app = ?1 ORDER BY number DESC LIMIT 1), 0),
            ?2, ?3, ?4, ?5)";
}

/// Applies `ops` in their order. After an error the caller rolls back what was done before it.
pub(crate) fn apply(connection: &Connection, ops: &[Op]) -> Result<(), CommitError> {
    ops.iter().try_for_each(|op| match op {
        Op::CreateTip { tip, due } => record::create_tip(connection, tip, *due),
        Op::UpdateTip { next, expected, due } => record::update_tip(connection, next, *expected, *due),
        Op::CreateWithdrawal { withdrawal, due } => record::create_withdrawal(connection, withdrawal, *due),
        Op::UpdateWithdrawal { next, expected, due } => {
            record::update_withdrawal(connection, next, *expected, *due)
        }
        Op::CreateAttempt(attempt) => record::create_attempt(connection, attempt),
        Op::UpdateAttempt { next, expected } => record::update_attempt(connection, next, *expected),
        Op::CreateDocument(new) => document::create(connection, new),
        Op::UpdateDocument { next, expected } => document::replace(connection, next, *expected),
        Op::RemoveDocument { key, expected } => document::remove(connection, key, *expected),
        Op::RequireDocument { key, expected } => document::require(connection, key, *expected),
        Op::CreateHub(hub) => record::create_hub(connection, hub),
        Op::AcceptNode { node, since } => record::accept_node(connection, node, *since),
        Op::SealSeed { expected, next } => document::seal_seed(connection, expected, next),
        Op::CreateWorker(worker) => worker::create(connection, worker),
        Op::UpdateWorker { next, expected } => worker::replace(connection, next, *expected),
        Op::RemoveWorker { id, expected } => worker::remove(connection, *id, *expected),
        Op::RequireWorker(id) => worker::require(connection, *id),
        Op::CountTowardsLimit(request) => count(connection, request),
        Op::GiveBackToLimit(gift) => Ok(give_back(connection, gift)?),
        Op::RequireRoom { account, ceiling } => room::require(connection, account, *ceiling),
        Op::Post(entry) => post(connection, entry),
        Op::Remember { record, now } => remember(connection, record, *now),
        Op::Audit(record) => document::audit(connection, record),
        Op::Emit(event) => emit(connection, event),
    })
}

/// Inserts one row, or says what is there already.
pub(crate) fn insert(
    connection: &Connection,
    sql: &str,
    params: impl Params,
    existing: Existing,
) -> Result<(), CommitError> {
    match execute(connection, sql, params) {
        Ok(1) => Ok(()),
        Ok(_) => Err(CommitError::AlreadyExists(existing)),
        Err(error) if is_taken(&error) => Err(CommitError::AlreadyExists(existing)),
        Err(error) => Err(backend(error).into()),
    }
}

/// Updates one row, or says that it is not as it was expected to be.
pub(crate) fn update(
    connection: &Connection,
    sql: &str,
    params: impl Params,
    existing: Existing,
) -> Result<(), CommitError> {
    match execute(connection, sql, params) {
        Ok(1) => Ok(()),
        Ok(_) => Err(CommitError::Conflict),
        Err(error) if is_taken(&error) => Err(CommitError::AlreadyExists(existing)),
        Err(error) => Err(backend(error).into()),
    }
}

fn find_counter(connection: &Connection, key: &LimitKey) -> Result<Option<LimitCounter>, StoreError> {
    let LimitKey { app, scope, asset } = key;
    let params = params![app.as_str(), scope.stored_user(), asset.as_str()];
    find(connection, FIND_LIMIT, params, "limits", row::parsed)
}

fn set_counter(connection: &Connection, key: &LimitKey, counter: &LimitCounter) -> Result<(), StoreError> {
    let LimitKey { app, scope, asset } = key;
    let params = params![app.as_str(), scope.stored_user(), asset.as_str(), counter.to_string()];
    execute(connection, SET_LIMIT, params).map_err(backend)?;
    Ok(())
}

fn count(connection: &Connection, request: &CountTowardsLimit) -> Result<(), CommitError> {
    let counter = find_counter(connection, &request.key)?.unwrap_or_default();
    Ok(set_counter(connection, &request.key, &counter.count(request)?)?)
}

fn give_back(connection: &Connection, gift: &GiveBackToLimit) -> Result<(), StoreError> {
    match find_counter(connection, &gift.key)? {
        Some(counter) => set_counter(connection, &gift.key, &counter.give_back(gift)),
        None => Ok(()),
    }
}

fn post(connection: &Connection, entry: &Entry) -> Result<(), CommitError> {
    let Entry { source, kind, account, amount, at } = entry;
    let (source_kind, source) = entry_source(source);
    let UserAccount { app, user, asset } = account;
    let params = params![
        source_kind,
        source.as_bytes(),
        kind.as_str(),
        app.as_str(),
        user.as_str(),
        asset.as_str(),
        amount.to_string(),
        kind.from_account().as_str(),
        kind.to_account().as_str(),
        millis(*at)?,
    ];
    insert(connection, POST, params, Existing::Entry)?;

    let params = params![app.as_str(), user.as_str(), asset.as_str()];
    let before: Option<Balance> = find(connection, FIND_BALANCE, params, "balances", row::balance)?;
    let after = before.unwrap_or_default().after(*kind, *amount);
    let Balance { available, reserved } = after.map_err(|_| CommitError::InsufficientFunds)?;
    let params =
        params![app.as_str(), user.as_str(), asset.as_str(), available.to_string(), reserved.to_string()];
    execute(connection, SET_BALANCE, params).map_err(backend)?;
    Ok(())
}

/// The stored name of an entry's source, and its id.
pub(crate) fn entry_source(source: &EntrySource) -> (&'static str, &Uuid) {
    match source {
        EntrySource::Tip(id) => ("tip", id.as_uuid()),
        EntrySource::Withdrawal(id) => ("withdrawal", id.as_uuid()),
    }
}

fn remember(connection: &Connection, record: &IdempotencyRecord, now: Timestamp) -> Result<(), CommitError> {
    let IdempotencyRecord { scope, digest, subject, expires_at } = record;
    let (subject_kind, subject) = match subject {
        IdempotencySubject::Tip(id) => ("tip", id.as_uuid()),
        IdempotencySubject::Withdrawal(id) => ("withdrawal", id.as_uuid()),
    };
    let now = millis(now)?;
    let params = params![
        scope.app.as_str(),
        scope.method.as_str(),
        scope.key.as_str(),
        digest.as_bytes(),
        subject_kind,
        subject.as_bytes(),
        millis(*expires_at)?,
        now,
    ];
    insert(connection, REMEMBER, params, Existing::IdempotencyKey)?;
    execute(connection, FORGET, [now]).map_err(backend)?;
    Ok(())
}

fn emit(connection: &Connection, event: &Event) -> Result<(), CommitError> {
    let subject = match &event.kind {
        EventKind::TipSettled(id) => id.as_uuid(),
        EventKind::WithdrawalCompleted(id)
        | EventKind::WithdrawalFailed(id)
        | EventKind::WithdrawalPaidLate(id) => id.as_uuid(),
    };
    let params = params![
        event.app.as_str(),
        event.id.as_uuid().as_bytes(),
        event.kind.as_str(),
        subject.as_bytes(),
        millis(event.at)?,
    ];
    insert(connection, EMIT, params, Existing::Event)
}
