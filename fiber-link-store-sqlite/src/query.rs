//! Reads. Each is bounded and led by an index.

use crate::apply::entry_source;
use crate::error::backend;
use crate::lists;
use crate::record::invoice_digest;
use crate::row::{self, attempt_columns, entry_columns, phase_name, tip_columns, withdrawal_columns};
use crate::statement::{bound, find, list, statements};
use fiber_link_core::{
    Amount, AppId, AssetId, Attempt, AttemptQuery, Balance, BalanceQuery, COUNT_BOUND, EntryQuery,
    EventQuery, Hub, IdempotencyRecord, IdempotencyScope, MAX_ROWS, NumberedEntry, NumberedEvent,
    SettledPosition, SettledQuery, StoreError, Stored, Timestamp, Tip, TipId, TipLookup, TipPhase, TipQuery,
    TipTotals, UserAccount, UserId, Withdrawal, WithdrawalLookup, WithdrawalQuery,
};
use rusqlite::{Connection, Params, params};
use std::collections::{BTreeMap, BTreeSet};

statements! {
    TIP_BY_ID = concat!("SELECT ", tip_columns!(), " FROM tips WHERE id = ?1");
    TIP_BY_PAYMENT_HASH = concat!("SELECT ", tip_columns!(), " FROM tips WHERE payment_hash = ?1");
    TIP_BY_INVOICE = concat!(
        "SELECT ", tip_columns!(), " FROM tips WHERE invoice_digest = ?1 AND invoice = ?2"
    );
    TIPS = concat!("SELECT ", tip_columns!(), " FROM tips WHERE id > ?1 ORDER BY id LIMIT ?2");
    SETTLED_NUMBER = "SELECT settled_number FROM tips WHERE id = ?1 AND app = ?2";
    SETTLED_SINCE = "SELECT min(settled_number) FROM (SELECT settled_number FROM tips
        WHERE app = ?1 AND ended_at >= ?2 AND settled_number IS NOT NULL
        ORDER BY ended_at, settled_number LIMIT ?3)";
    SETTLED = concat!(
        "SELECT ", tip_columns!(), " FROM tips WHERE app = ?1 AND settled_number > ?2
        ORDER BY settled_number LIMIT ?3"
    );
    COUNT_TO_USER = "SELECT count(*) FROM (
        SELECT 1 FROM tips WHERE app = ?1 AND to_user = ?2 AND phase = ?3 LIMIT ?4)";
    OPEN_TO_USER = "SELECT asset, amount FROM tips WHERE app = ?1 AND to_user = ?2 AND phase = 'open'
        ORDER BY id DESC LIMIT ?3";
    WITHDRAWAL_BY_ID = concat!("SELECT ", withdrawal_columns!(), " FROM withdrawals WHERE id = ?1");
    WITHDRAWAL_BY_HELD_HASH = concat!(
        "SELECT ", withdrawal_columns!(), " FROM withdrawals WHERE held_payment_hash = ?1"
    );
    WITHDRAWALS = concat!(
        "SELECT ", withdrawal_columns!(), " FROM withdrawals WHERE id > ?1 ORDER BY id LIMIT ?2"
    );
    LATEST_ATTEMPT = concat!(
        "SELECT ", attempt_columns!(), " FROM attempts WHERE withdrawal = ?1 ORDER BY id DESC LIMIT 1"
    );
    NEXT_ATTEMPT = concat!(
        "SELECT ", attempt_columns!(), " FROM attempts WHERE withdrawal = ?1 AND id > ?2 ORDER BY id LIMIT 1"
    );
    NEWEST_SUCCEEDED_ATTEMPT = concat!(
        "SELECT ", attempt_columns!(), " FROM attempts WHERE state = 'succeeded' ORDER BY id DESC LIMIT 1"
    );
    BALANCE = "SELECT available, reserved FROM balances WHERE app = ?1 AND user = ?2 AND asset = ?3";
    BALANCES_OF_USER = "SELECT app, user, asset, available, reserved FROM balances
        WHERE app = ?1 AND user = ?2 ORDER BY asset LIMIT ?3";
    BALANCES = "SELECT app, user, asset, available, reserved FROM balances
        WHERE (app, user, asset) > (?1, ?2, ?3) ORDER BY app, user, asset LIMIT ?4";
    ENTRIES_OF_SOURCE = concat!(
        "SELECT ", entry_columns!(), " FROM entries WHERE source = ?1 AND source_kind = ?2 LIMIT ?3"
    );
    ENTRIES_OF_ACCOUNT = concat!(
        "SELECT ", entry_columns!(), " FROM entries WHERE app = ?1 AND user = ?2 AND asset = ?3
            AND number > ?4
        ORDER BY number LIMIT ?5"
    );
    ENTRIES = concat!(
        "SELECT ", entry_columns!(), " FROM entries WHERE number > ?1 ORDER BY number LIMIT ?2"
    );
    EVENTS = "SELECT number, id, app, kind, subject, at FROM events WHERE app = ?1 AND number > ?2
        ORDER BY number LIMIT ?3";
    IDEMPOTENCY = "SELECT digest, subject_kind, subject, expires_at FROM idempotency
        WHERE app = ?1 AND method = ?2 AND key = ?3 AND expires_at > ?4";
    HUB = "SELECT seed, node, node_since, network FROM hub WHERE one = 1";
}

/// More entries than a source can have: one per kind.
const ENTRIES_PER_SOURCE: u32 = 16;

pub(crate) fn find_tip(
    connection: &Connection,
    lookup: &TipLookup,
) -> Result<Option<Stored<Tip>>, StoreError> {
    let one = |sql, params: &[&dyn rusqlite::ToSql]| find(connection, sql, params, "tips", row::tip);
    match lookup {
        TipLookup::Id(id) => one(TIP_BY_ID, params![id.as_uuid().as_bytes()]),
        TipLookup::PaymentHash(hash) => one(TIP_BY_PAYMENT_HASH, params![hash.as_bytes()]),
        TipLookup::Invoice(encoded) => one(TIP_BY_INVOICE, params![invoice_digest(encoded), encoded]),
    }
}

pub(crate) fn tips(connection: &Connection, query: &TipQuery) -> Result<Vec<Stored<Tip>>, StoreError> {
    let some = |sql, params: &[&dyn rusqlite::ToSql]| list(connection, sql, params, "tips", row::tip);
    match query {
        TipQuery::Ids(ids) => each(connection, ids, |id| {
            find(connection, TIP_BY_ID, [id.as_uuid().as_bytes()], "tips", row::tip)
        }),
        TipQuery::Newest { of, before, limit } => lists::tips(connection, of, *before, *limit),
        TipQuery::All { after, limit } => {
            some(TIPS, params![id_after(after.as_ref().map(TipId::as_uuid)), rows(*limit)])
        }
    }
}

pub(crate) fn settled_tips(
    connection: &Connection,
    query: &SettledQuery,
) -> Result<Vec<Stored<Tip>>, StoreError> {
    let app = query.app.as_str();
    let snapshot = connection.unchecked_transaction().map_err(backend)?;
    let after = match query.after {
        SettledPosition::Start => Some(0),
        SettledPosition::After { tip, or_at } => match settled_number(connection, app, tip)? {
            Some(number) => Some(number),
            None => first_settled_since(connection, app, or_at)?.map(|number| number.saturating_sub(1)),
        },
    };
    let tips = match after {
        Some(after) => list(connection, SETTLED, params![app, after, rows(query.limit)], "tips", row::tip)?,
        None => Vec::new(),
    };
    snapshot.commit().map_err(backend)?;
    Ok(tips)
}

fn settled_number(connection: &Connection, app: &str, tip: TipId) -> Result<Option<i64>, StoreError> {
    let params = params![tip.as_uuid().as_bytes(), app];
    Ok(find(connection, SETTLED_NUMBER, params, "tips", |fields| fields.optional(|f| f.integer()))?.flatten())
}

/// The first number of a tip that was settled at `at` or later. Clocks of several processes differ
/// a little, so it need not be the number of the earliest one; it is among the next ones.
fn first_settled_since(connection: &Connection, app: &str, at: Timestamp) -> Result<Option<i64>, StoreError> {
    let params = params![app, bound(at.as_millis()), MAX_ROWS];
    Ok(find(connection, SETTLED_SINCE, params, "tips", |fields| fields.optional(|f| f.integer()))?.flatten())
}

pub(crate) fn tip_totals(
    connection: &Connection,
    app: &AppId,
    user: &UserId,
) -> Result<TipTotals, StoreError> {
    let (app, user) = (app.as_str(), user.as_str());
    let count = |phase| {
        let params = params![app, user, phase_name(phase), COUNT_BOUND];
        let count = find(connection, COUNT_TO_USER, params, "tips", |fields| fields.number())?;
        Ok::<u32, StoreError>(count.unwrap_or(0))
    };
    let snapshot = connection.unchecked_transaction().map_err(backend)?;
    let (open, settled, ended) = (count(TipPhase::Open)?, count(TipPhase::Settled)?, count(TipPhase::Ended)?);
    let mut pending = BTreeMap::<AssetId, Amount>::new();
    list(connection, OPEN_TO_USER, params![app, user, COUNT_BOUND], "tips", |fields| {
        let (asset, amount) = (row::parsed(fields)?, fields.amount()?);
        let sum = pending.entry(asset).or_default();
        *sum = sum.checked_add(amount).unwrap_or(Amount::MAX);
        Ok(())
    })?;
    snapshot.commit().map_err(backend)?;
    Ok(TipTotals { open, settled, ended, pending: pending.into_iter().collect() })
}

pub(crate) fn find_withdrawal(
    connection: &Connection,
    lookup: &WithdrawalLookup,
) -> Result<Option<Stored<Withdrawal>>, StoreError> {
    let one =
        |sql, params: &[&dyn rusqlite::ToSql]| find(connection, sql, params, "withdrawals", row::withdrawal);
    match lookup {
        WithdrawalLookup::Id(id) => one(WITHDRAWAL_BY_ID, params![id.as_uuid().as_bytes()]),
        WithdrawalLookup::HeldPaymentHash(hash) => one(WITHDRAWAL_BY_HELD_HASH, params![hash.as_bytes()]),
    }
}

pub(crate) fn withdrawals(
    connection: &Connection,
    query: &WithdrawalQuery,
) -> Result<Vec<Stored<Withdrawal>>, StoreError> {
    let some =
        |sql, params: &[&dyn rusqlite::ToSql]| list(connection, sql, params, "withdrawals", row::withdrawal);
    match query {
        WithdrawalQuery::Ids(ids) => each(connection, ids, |id| {
            find(connection, WITHDRAWAL_BY_ID, [id.as_uuid().as_bytes()], "withdrawals", row::withdrawal)
        }),
        WithdrawalQuery::Newest { of, before, limit } => lists::withdrawals(connection, of, *before, *limit),
        WithdrawalQuery::All { after, limit } => {
            some(WITHDRAWALS, params![id_after(after.as_ref().map(|id| id.as_uuid())), rows(*limit)])
        }
    }
}

pub(crate) fn find_attempt(
    connection: &Connection,
    query: AttemptQuery,
) -> Result<Option<Stored<Attempt>>, StoreError> {
    match query {
        AttemptQuery::LatestOf(withdrawal) => {
            let params = [withdrawal.as_uuid().as_bytes()];
            find(connection, LATEST_ATTEMPT, params, "attempts", row::attempt)
        }
        AttemptQuery::NextOf { withdrawal, after } => {
            let after = after.map(|after| *after.as_uuid());
            let params = params![withdrawal.as_uuid().as_bytes(), id_after(after.as_ref())];
            find(connection, NEXT_ATTEMPT, params, "attempts", row::attempt)
        }
        AttemptQuery::NewestSucceeded => {
            find(connection, NEWEST_SUCCEEDED_ATTEMPT, [], "attempts", row::attempt)
        }
    }
}

pub(crate) fn balance(connection: &Connection, account: &UserAccount) -> Result<Balance, StoreError> {
    let params = params![account.app.as_str(), account.user.as_str(), account.asset.as_str()];
    Ok(find(connection, BALANCE, params, "balances", row::balance)?.unwrap_or_default())
}

pub(crate) fn balances(
    connection: &Connection,
    query: &BalanceQuery,
) -> Result<Vec<(UserAccount, Balance)>, StoreError> {
    fn some(
        connection: &Connection,
        sql: &str,
        params: impl Params,
    ) -> Result<Vec<(UserAccount, Balance)>, StoreError> {
        list(connection, sql, params, "balances", |fields| Ok((row::account(fields)?, row::balance(fields)?)))
    }
    match query {
        BalanceQuery::OfUser { app, user } => {
            some(connection, BALANCES_OF_USER, params![app.as_str(), user.as_str(), MAX_ROWS])
        }
        BalanceQuery::All { after: Some(UserAccount { app, user, asset }), limit } => {
            let params = params![app.as_str(), user.as_str(), asset.as_str(), rows(*limit)];
            some(connection, BALANCES, params)
        }
        BalanceQuery::All { after: None, limit } => {
            some(connection, BALANCES, params!["", "", "", rows(*limit)])
        }
    }
}

pub(crate) fn entries(connection: &Connection, query: &EntryQuery) -> Result<Vec<NumberedEntry>, StoreError> {
    let some = |sql, params: &[&dyn rusqlite::ToSql]| list(connection, sql, params, "entries", row::entry);
    match query {
        EntryQuery::Of(source) => {
            let (kind, id) = entry_source(source);
            let mut entries = some(ENTRIES_OF_SOURCE, params![id.as_bytes(), kind, ENTRIES_PER_SOURCE])?;
            entries.sort_by_key(|entry| entry.number);
            Ok(entries)
        }
        EntryQuery::Newest { of, before, limit } => lists::entries(connection, of, *before, *limit),
        EntryQuery::Account { account: UserAccount { app, user, asset }, after, limit } => {
            let (app, user, asset) = (app.as_str(), user.as_str(), asset.as_str());
            some(ENTRIES_OF_ACCOUNT, params![app, user, asset, bound(*after), rows(*limit)])
        }
        EntryQuery::All { after, limit } => some(ENTRIES, params![bound(*after), rows(*limit)]),
    }
}

pub(crate) fn events(connection: &Connection, query: &EventQuery) -> Result<Vec<NumberedEvent>, StoreError> {
    let params = params![query.app.as_str(), bound(query.after), rows(query.limit)];
    list(connection, EVENTS, params, "events", row::event)
}

pub(crate) fn find_idempotency(
    connection: &Connection,
    scope: IdempotencyScope,
    now: Timestamp,
) -> Result<Option<IdempotencyRecord>, StoreError> {
    let IdempotencyScope { app, method, key } = scope.clone();
    let params = params![app.as_str(), method.as_str(), key.as_str(), bound(now.as_millis())];
    find(connection, IDEMPOTENCY, params, "idempotency", |fields| row::idempotency(scope, fields))
}

pub(crate) fn find_hub(connection: &Connection) -> Result<Option<Hub>, StoreError> {
    find(connection, HUB, [], "hub", row::hub)
}

/// What is found by each of some ids, all of it at one moment.
fn each<I, T>(
    connection: &Connection,
    ids: &BTreeSet<I>,
    find: impl Fn(&I) -> Result<Option<T>, StoreError>,
) -> Result<Vec<T>, StoreError> {
    let snapshot = connection.unchecked_transaction().map_err(backend)?;
    let limit = usize::try_from(MAX_ROWS).unwrap_or(usize::MAX);
    let found = ids.iter().take(limit).filter_map(|id| find(id).transpose()).collect();
    snapshot.commit().map_err(backend)?;
    found
}

pub(crate) fn rows(limit: u32) -> u32 {
    limit.min(MAX_ROWS)
}

/// What all ids after `id` are greater than; nothing at all where there is none.
fn id_after(id: Option<&uuid::Uuid>) -> &[u8] {
    id.map_or(&[], |id| id.as_bytes())
}
