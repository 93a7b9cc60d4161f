//! Everything that a store keeps, in pages, for moving it to another store.

use crate::admission::{self, Boot};
use crate::error::{OpenError, backend};
use crate::row::{
    self, Fields, attempt_columns, audit_record_columns, document_columns, entry_columns, tip_columns,
    withdrawal_columns,
};
use crate::schema::{DATABASE, NONCES, beside};
use crate::statement::{bound, list, statements};
use fiber_link_core::{
    AppId, Due, IdempotencyScope, IdempotentMethod, LimitKey, LimitScope, MAX_ROWS, RowKey, StoreError,
    StoredRow, Table, Timestamp,
};
use rusqlite::{Connection, Params, params};
use sha2::{Digest, Sha256};
use std::fmt;
use std::path::{Path, PathBuf};

statements! {
    HUB = "SELECT seed, node, node_since, network FROM hub WHERE one > ?1";
    DOCUMENTS = concat!(
        "SELECT ", document_columns!(), " FROM documents WHERE (kind, name) > (?1, ?2)
        ORDER BY kind, name LIMIT ?3"
    );
    AUDIT_RECORDS = concat!(
        "SELECT ", audit_record_columns!(), " FROM audit_records WHERE number > ?1 ORDER BY number LIMIT ?2"
    );
    WORKERS = "SELECT id, label, since, heard_at, dead_at, version FROM workers
        WHERE id > ?1 ORDER BY id LIMIT ?2";
    TIPS = concat!(
        "SELECT next_check_at, check_since, settled_number, ", tip_columns!(), " FROM tips
        WHERE id > ?1 ORDER BY id LIMIT ?2"
    );
    WITHDRAWALS = concat!(
        "SELECT next_check_at, check_since, ", withdrawal_columns!(), " FROM withdrawals
        WHERE id > ?1 ORDER BY id LIMIT ?2"
    );
    ATTEMPTS = concat!("SELECT ", attempt_columns!(), " FROM attempts WHERE id > ?1 ORDER BY id LIMIT ?2");
    ENTRIES = concat!("SELECT ", entry_columns!(), " FROM entries WHERE number > ?1 ORDER BY number LIMIT ?2");
    BALANCES = "SELECT app, user, asset, available, reserved FROM balances
        WHERE (app, user, asset) > (?1, ?2, ?3) ORDER BY app, user, asset LIMIT ?4";
    LIMITS = "SELECT app, user, asset, counter FROM limits
        WHERE (app, user, asset) > (?1, ?2, ?3) ORDER BY app, user, asset LIMIT ?4";
    IDEMPOTENCY = "SELECT app, method, key, digest, subject_kind, subject, expires_at FROM idempotency
        WHERE (app, method, key) > (?1, ?2, ?3) ORDER BY app, method, key LIMIT ?4";
    EVENTS = "SELECT number, id, app, kind, subject, at FROM events
        WHERE (app, number) > (?1, ?2) ORDER BY app, number LIMIT ?3";
}

/// Statements of the file of nonces.
pub(crate) mod nonces {
    crate::statement::statements! {
        NONCES = "SELECT nonce, expires_at FROM nonces WHERE nonce > ?1 ORDER BY nonce LIMIT ?2";
    }

    pub(super) const PAGE: &str = NONCES;
}

/// A database that is read whole. As long as this lives nobody writes to it, and nothing in it is
/// changed.
pub struct Export {
    path: PathBuf,
    database: Connection,
    /// Missing where no request was ever let in.
    nonces: Option<Connection>,
    memory_begins: Timestamp,
}

impl Export {
    /// Opens the database at `path`, which no server may be working on. Blocks.
    ///
    /// What was signed before `now` counts as replayed if the operating system was started anew since
    /// the last request, as it would for a server on this database.
    ///
    /// # Errors
    /// [`OpenError`] if it was written by an older or a newer version, belongs to something else,
    /// somebody writes to it, or it cannot be used.
    pub fn open(path: impl AsRef<Path>, now: Timestamp) -> Result<Self, OpenError> {
        let path = path.as_ref();
        let database = DATABASE.open_locked(path)?;
        let nonce_path = beside(path, "-nonces");
        let nonces = nonce_path.exists().then(|| NONCES.open_locked(&nonce_path)).transpose()?;
        let memory_begins = admission::begins_after_move(nonces.as_ref(), &Boot::current(), now)
            .map_err(|source| OpenError::Unusable { path: nonce_path, source: source.into() })?;
        Ok(Self { path: path.to_owned(), database, nonces, memory_begins })
    }

    /// Tells this store from others, and nothing else of it. Stores of which nothing was served yet are
    /// alike. Blocks.
    ///
    /// # Errors
    /// [`StoreError`] if the file cannot be read, or its hub is invalid.
    pub fn identity(&self) -> Result<String, StoreError> {
        let hub = self.rows(Table::Hub, &RowKey::default(), 1)?;
        Ok(match hub.first() {
            Some(StoredRow::Hub(hub)) => {
                let digest =
                    Sha256::new().chain_update(b"fiber-link store ").chain_update(hub.seed.to_text());
                digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
            }
            Some(_) | None => "no hub".to_owned(),
        })
    }

    /// How many rows a table has. Blocks.
    ///
    /// # Errors
    /// [`StoreError`] if the file cannot be read.
    pub fn count(&self, table: Table) -> Result<u64, StoreError> {
        let connection = match (table, &self.nonces) {
            (Table::NonceMemory, _) => return Ok(1),
            (Table::Nonces, None) => return Ok(0),
            (Table::Nonces, Some(nonces)) => nonces,
            _ => &self.database,
        };
        let count = format!("SELECT count(*) FROM {table}");
        let mut statement = connection.prepare(&count).map_err(backend)?;
        let mut rows = statement.query([]).map_err(backend)?;
        let row = rows.next().map_err(backend)?;
        row.map_or(Ok(0), |row| Fields::of(table.as_str(), row).number())
    }

    /// At most `limit` rows of a table in its order, those after `after`. Blocks.
    ///
    /// # Errors
    /// [`StoreError`] if the file cannot be read, or a row of it is invalid.
    pub fn rows(&self, table: Table, after: &RowKey, limit: u32) -> Result<Vec<StoredRow>, StoreError> {
        let RowKey { names: [first, second, third], id, number, nonce } = after;
        let (id, number, limit) = (id.as_bytes(), bound(*number), limit.min(MAX_ROWS));
        match table {
            Table::Hub => self.page(table, HUB, [number], |fields| Ok(StoredRow::Hub(row::hub(fields)?))),
            Table::Documents => self.page(table, DOCUMENTS, params![first, second, limit], |fields| {
                Ok(StoredRow::Document(row::document(fields)?))
            }),
            Table::AuditRecords => self.page(table, AUDIT_RECORDS, params![number, limit], |fields| {
                Ok(StoredRow::AuditRecord(row::audit_record(fields)?))
            }),
            Table::Workers => self.page(table, WORKERS, params![id, limit], |fields| {
                Ok(StoredRow::Worker(row::worker(fields)?))
            }),
            Table::Tips => self.page(table, TIPS, params![id, limit], tip),
            Table::Withdrawals => self.page(table, WITHDRAWALS, params![id, limit], withdrawal),
            Table::Attempts => self.page(table, ATTEMPTS, params![id, limit], |fields| {
                Ok(StoredRow::Attempt(row::attempt(fields)?))
            }),
            Table::Entries => self.page(table, ENTRIES, params![number, limit], |fields| {
                Ok(StoredRow::Entry(row::entry(fields)?))
            }),
            Table::Balances => self.page(table, BALANCES, params![first, second, third, limit], |fields| {
                Ok(StoredRow::Balance(row::account(fields)?, row::balance(fields)?))
            }),
            Table::Limits => self.page(table, LIMITS, params![first, second, third, limit], limit_counter),
            Table::Idempotency => {
                self.page(table, IDEMPOTENCY, params![first, second, third, limit], idempotency)
            }
            Table::Events => self.page(table, EVENTS, params![first, number, limit], |fields| {
                Ok(StoredRow::Event(row::event(fields)?))
            }),
            Table::NonceMemory if number > 0 => Ok(Vec::new()),
            Table::NonceMemory => Ok(vec![StoredRow::NonceMemory(self.memory_begins)]),
            Table::Nonces => match &self.nonces {
                None => Ok(Vec::new()),
                Some(nonces) => list(nonces, nonces::PAGE, params![nonce, limit], "nonces", |fields| {
                    Ok(StoredRow::Nonce { nonce: fields.bytes()?, expires_at: fields.time()? })
                }),
            },
        }
    }

    fn page(
        &self,
        table: Table,
        sql: &str,
        params: impl Params,
        read: impl FnMut(&mut Fields<'_>) -> Result<StoredRow, StoreError>,
    ) -> Result<Vec<StoredRow>, StoreError> {
        list(&self.database, sql, params, table.as_str(), read)
    }
}

/// The columns of the tip come last: how many of them are read depends on its state.
fn tip(fields: &mut Fields<'_>) -> Result<StoredRow, StoreError> {
    let (due, settled_number) = (due(fields)?, fields.optional(Fields::number)?);
    Ok(StoredRow::Tip { tip: row::tip(fields)?, due, settled_number })
}

fn withdrawal(fields: &mut Fields<'_>) -> Result<StoredRow, StoreError> {
    let due = due(fields)?;
    Ok(StoredRow::Withdrawal { withdrawal: row::withdrawal(fields)?, due })
}

/// Columns `next_check_at, check_since`: both, or neither.
fn due(fields: &mut Fields<'_>) -> Result<Option<Due>, StoreError> {
    let (at, since) = (fields.optional(Fields::time)?, fields.optional(Fields::time)?);
    match (at, since) {
        (Some(at), Some(since)) => Ok(Some(Due { at, since })),
        (None, None) => Ok(None),
        (Some(_), None) | (None, Some(_)) => Err(fields.corrupt("one without the other")),
    }
}

/// Columns `app, user, asset, counter`; the user is empty where the whole app is counted.
fn limit_counter(fields: &mut Fields<'_>) -> Result<StoredRow, StoreError> {
    let (app, user, asset): (AppId, String, _) = (fields.parsed()?, fields.parsed()?, fields.parsed()?);
    let scope = match user.as_str() {
        "" => LimitScope::App,
        user => LimitScope::User(user.parse().map_err(|error| fields.corrupt(error))?),
    };
    Ok(StoredRow::Limit(LimitKey { app, scope, asset }, fields.parsed()?))
}

/// Columns `app, method, key`, and those of a record.
fn idempotency(fields: &mut Fields<'_>) -> Result<StoredRow, StoreError> {
    let app = fields.parsed()?;
    let name: String = fields.parsed()?;
    let method = IdempotentMethod::ALL.into_iter().find(|method| method.as_str() == name);
    let method = method.ok_or_else(|| fields.corrupt(format_args!("{name:?} is no method")))?;
    let scope = IdempotencyScope { app, method, key: fields.parsed()? };
    Ok(StoredRow::Idempotency(row::idempotency(scope, fields)?))
}

impl fmt::Debug for Export {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Export").field("path", &self.path).finish_non_exhaustive()
    }
}
