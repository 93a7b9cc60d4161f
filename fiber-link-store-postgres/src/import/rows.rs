//! Rows as JSON objects with a field for each column, and from rows of the database.

use crate::fields::Fields;
use crate::record;
use crate::row;
use crate::time::Time;
use fiber_link_core::{
    Amount, Due, IdempotencyScope, IdempotentMethod, LimitCounter, LimitKey, LimitScope, NumberedAuditRecord,
    NumberedEntry, NumberedEvent, StoreError, StoredRow, Table, Timestamp, UserAccount, Version,
};
use serde_json::{Value, json};

/// What is inserted for a row. Of a tip also its place among the settled ones.
pub(super) fn object(row: &StoredRow) -> Result<Value, StoreError> {
    match row {
        StoredRow::Hub(hub) => record::hub(hub),
        StoredRow::Document(document) => Ok(versioned(record::document(document)?, document.version())),
        StoredRow::AuditRecord(NumberedAuditRecord { number, record }) => {
            Ok(with(record::audit_record(record)?, "number", json!(number)))
        }
        StoredRow::Worker(worker) => Ok(versioned(record::worker(worker)?, worker.version())),
        StoredRow::Tip { tip, due, settled_number } => {
            let object = record::tip(tip, *due, tip.version())?;
            Ok(with(object, "settled_number", json!(settled_number)))
        }
        StoredRow::Withdrawal { withdrawal, due } => {
            Ok(versioned(record::withdrawal(withdrawal, *due)?, withdrawal.version()))
        }
        StoredRow::Attempt(attempt) => Ok(versioned(record::attempt(attempt)?, attempt.version())),
        StoredRow::Entry(NumberedEntry { number, entry }) => {
            Ok(with(record::entry(entry)?, "number", json!(number)))
        }
        StoredRow::Balance(UserAccount { app, user, asset }, balance) => Ok(json!({
            "app": app.as_str(),
            "user": user.as_str(),
            "asset": asset.as_str(),
            "available": balance.available.to_string(),
            "reserved": balance.reserved.to_string(),
        })),
        StoredRow::Limit(key, counter) => limit(key, counter),
        StoredRow::Idempotency(used) => record::idempotency(used),
        StoredRow::Event(NumberedEvent { number, event }) => {
            Ok(with(record::event(event)?, "number", json!(number)))
        }
        StoredRow::NonceMemory(begins) => Ok(json!({ "one": true, "begins": latest(*begins) })),
        StoredRow::Nonce { nonce, expires_at } => {
            Ok(json!({ "nonce": record::bytes(nonce), "expires_at": latest(*expires_at) }))
        }
    }
}

fn limit(key: &LimitKey, counter: &LimitCounter) -> Result<Value, StoreError> {
    let LimitKey { app, scope, asset } = key;
    let (hours, amounts): (Vec<u64>, Vec<Amount>) = counter.hours().iter().copied().unzip();
    let amounts: Vec<String> = amounts.iter().map(Amount::to_string).collect();
    Ok(json!({
        "app": app.as_str(),
        "user": scope.stored_user(),
        "asset": asset.as_str(),
        "last_request": counter.last_request().map(record::time).transpose()?,
        "hours": hours,
        "amounts": amounts,
    }))
}

fn versioned(object: Value, version: Version) -> Value {
    with(object, "version", json!(version.as_u64()))
}

fn with(mut object: Value, column: &str, value: Value) -> Value {
    if let Value::Object(columns) = &mut object {
        columns.insert(column.to_owned(), value);
    }
    object
}

/// A moment that is compared with: one beyond what can be stored is after everything stored.
fn latest(at: Timestamp) -> String {
    Time::bound(at).to_string()
}

/// A row of a table, from the columns that are selected for it.
pub(super) fn read(table: Table, fields: &mut Fields<'_>) -> Result<StoredRow, StoreError> {
    Ok(match table {
        Table::Hub => StoredRow::Hub(row::hub(fields)?),
        Table::Documents => StoredRow::Document(row::document(fields)?),
        Table::AuditRecords => StoredRow::AuditRecord(row::audit_record(fields)?),
        Table::Workers => StoredRow::Worker(row::worker(fields)?),
        Table::Tips => {
            let (due, settled_number) = (due(fields)?, fields.optional_number()?);
            StoredRow::Tip { tip: row::tip(fields)?, due, settled_number }
        }
        Table::Withdrawals => {
            let due = due(fields)?;
            StoredRow::Withdrawal { withdrawal: row::withdrawal(fields)?, due }
        }
        Table::Attempts => StoredRow::Attempt(row::attempt(fields)?),
        Table::Entries => StoredRow::Entry(row::entry(fields)?),
        Table::Balances => StoredRow::Balance(row::account(fields)?, row::balance(fields)?),
        Table::Limits => limit_counter(fields)?,
        Table::Idempotency => idempotency(fields)?,
        Table::Events => StoredRow::Event(row::event(fields)?),
        Table::NonceMemory => StoredRow::NonceMemory(fields.time()?),
        Table::Nonces => StoredRow::Nonce { nonce: fields.bytes()?, expires_at: fields.time()? },
    })
}

/// Columns `next_check_at, check_since`: both, or neither.
fn due(fields: &mut Fields<'_>) -> Result<Option<Due>, StoreError> {
    match (fields.optional_time()?, fields.optional_time()?) {
        (Some(at), Some(since)) => Ok(Some(Due { at, since })),
        (None, None) => Ok(None),
        (Some(_), None) | (None, Some(_)) => Err(fields.corrupt("one without the other")),
    }
}

/// Columns `app, user, asset, last_request, hours, amounts`.
fn limit_counter(fields: &mut Fields<'_>) -> Result<StoredRow, StoreError> {
    let app = fields.parsed()?;
    let scope = match fields.text()? {
        "" => LimitScope::App,
        user => LimitScope::User(user.parse().map_err(|error| fields.corrupt(error))?),
    };
    let key = LimitKey { app, scope, asset: fields.parsed()? };
    let last_request = fields.optional_time()?;
    let (hours, amounts) = (fields.value::<Vec<i64>>()?, fields.parsed_array()?);
    if hours.len() != amounts.len() {
        return Err(fields.corrupt("not one amount for each hour"));
    }
    let hours: Vec<u64> = hours
        .into_iter()
        .map(u64::try_from)
        .collect::<Result<_, _>>()
        .map_err(|error| fields.corrupt(error))?;
    let hours = hours.into_iter().zip(amounts).collect();
    Ok(StoredRow::Limit(key, LimitCounter::restore(hours, last_request)))
}

/// Columns `app, method, key`, and those of a record.
fn idempotency(fields: &mut Fields<'_>) -> Result<StoredRow, StoreError> {
    let app = fields.parsed()?;
    let name = fields.text()?;
    let method = IdempotentMethod::ALL.into_iter().find(|method| method.as_str() == name);
    let method = method.ok_or_else(|| fields.corrupt(format_args!("{name:?} is no method")))?;
    let scope = IdempotencyScope { app, method, key: fields.parsed()? };
    Ok(StoredRow::Idempotency(row::idempotency(scope, fields)?))
}
