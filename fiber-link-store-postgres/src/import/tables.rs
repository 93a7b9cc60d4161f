//! What is asked of each table, and how it is filled.

use crate::Schema;
use crate::row::{
    attempt_columns, audit_record_columns, document_columns, entry_columns, tip_columns, withdrawal_columns,
    worker_columns,
};
use crate::statement::{Query, Sql, bound};
use fiber_link_core::{RowKey, Table};

/// The statements of one table.
pub(super) struct Statements {
    pub(super) rows: Sql,
    pub(super) last: Sql,
    pub(super) count: Sql,
    pub(super) insert: Sql,
}

/// What a table is ordered by, each part of it by an index.
const fn key(table: Table) -> &'static [&'static str] {
    match table {
        Table::Hub | Table::NonceMemory => &["one::int"],
        Table::Documents => &["kind", "name"],
        Table::Workers | Table::Tips | Table::Withdrawals | Table::Attempts => &["id"],
        Table::AuditRecords | Table::Entries => &["number"],
        Table::Balances | Table::Limits => &["app", "\"user\"", "asset"],
        Table::Idempotency => &["app", "method", "key"],
        Table::Events => &["app", "number"],
        Table::Nonces => &["nonce"],
    }
}

/// Binds a place in a table, in the order of [`key`].
pub(super) fn bind(table: Table, query: Query, place: &RowKey) -> Query {
    let RowKey { names, id, number, nonce } = place.clone();
    let [first, second, third] = names;
    match table {
        Table::Hub | Table::NonceMemory | Table::AuditRecords | Table::Entries => query.bind(bound(number)),
        Table::Documents => query.bind(first).bind(second),
        Table::Workers | Table::Tips | Table::Withdrawals | Table::Attempts => query.bind(id),
        Table::Balances | Table::Limits | Table::Idempotency => query.bind(first).bind(second).bind(third),
        Table::Events => query.bind(first).bind(bound(number)),
        Table::Nonces => query.bind(nonce.to_vec()),
    }
}

/// Columns in the order in which they are read.
const fn columns(table: Table) -> &'static str {
    match table {
        Table::Hub => "seed, node, node_since, network",
        Table::Documents => document_columns!(),
        Table::AuditRecords => audit_record_columns!(),
        Table::Workers => worker_columns!(),
        // The columns of a record come last: how many of them are read depends on its state.
        Table::Tips => concat!(
            "next_check_at, check_since, (SELECT number FROM {schema}.settled_tips
                WHERE tip = tips.id AND app = tips.app AND at = tips.ended_at), ",
            tip_columns!()
        ),
        Table::Withdrawals => concat!("next_check_at, check_since, ", withdrawal_columns!()),
        Table::Attempts => attempt_columns!(),
        Table::Entries => entry_columns!(),
        Table::Balances => "app, \"user\", asset, available::text, reserved::text",
        Table::Limits => "app, \"user\", asset, last_request, hours, amounts::text[]",
        Table::Idempotency => "app, method, key, digest, subject_kind, subject, expires_at",
        Table::Events => "number, id, app, kind, subject, at",
        Table::NonceMemory => "begins",
        Table::Nonces => "nonce, expires_at",
    }
}

/// How rows come in: a JSON array of objects, one for each.
///
/// Rows that are there stay: a statement whose caller went away may end while the next one begins, and
/// both then bring the same rows.
fn insertion(table: Table) -> String {
    let all = format!("SELECT * FROM jsonb_populate_recordset(NULL::{{schema}}.{table}, $1::jsonb)");
    match table {
        Table::Tips => format!(
            "WITH inserted AS (INSERT INTO {{schema}}.tips {all} ON CONFLICT DO NOTHING)
            INSERT INTO {{schema}}.settled_tips (tip, app, at, number)
            SELECT id, app, ended_at, settled_number FROM jsonb_to_recordset($1::jsonb)
                AS tip (id uuid, app text, ended_at timestamptz, settled_number bigint)
            WHERE settled_number IS NOT NULL
            ON CONFLICT DO NOTHING"
        ),
        Table::AuditRecords | Table::Entries => {
            format!("INSERT INTO {{schema}}.{table} OVERRIDING SYSTEM VALUE {all} ON CONFLICT DO NOTHING")
        }
        Table::Events => format!(
            "INSERT INTO {{schema}}.events (id, app, kind, subject, at, number)
            SELECT id, app, kind, subject, at, number FROM ({all}) AS event
            ON CONFLICT DO NOTHING"
        ),
        Table::NonceMemory => format!(
            "INSERT INTO {{schema}}.nonce_memory {all} ON CONFLICT (one) DO UPDATE SET begins = excluded.begins"
        ),
        Table::Hub
        | Table::Documents
        | Table::Workers
        | Table::Withdrawals
        | Table::Attempts
        | Table::Balances
        | Table::Limits
        | Table::Idempotency
        | Table::Nonces => format!("INSERT INTO {{schema}}.{table} {all} ON CONFLICT DO NOTHING"),
    }
}

/// Which rows there are for a reader: of events those that have a number.
const fn visible(table: Table) -> &'static str {
    if matches!(table, Table::Events) { "number IS NOT NULL" } else { "true" }
}

impl Statements {
    pub(super) fn of(table: Table, schema: &Schema) -> Self {
        let (columns, visible, key) = (columns(table), visible(table), key(table));
        let from = format!("FROM {{schema}}.{table} WHERE {visible}");
        let values: Vec<String> = (1..=key.len()).map(|place| format!("${place}")).collect();
        let (values, limit) = (values.join(", "), key.len().saturating_add(1));
        let (forwards, backwards) = (key.join(", "), format!("{} DESC", key.join(" DESC, ")));
        let render = |sql: &str| Sql::from(schema.render(sql));
        Self {
            rows: render(&format!(
                "SELECT {columns} {from} AND ({forwards}) > ({values}) ORDER BY {forwards} LIMIT ${limit}"
            )),
            last: render(&format!("SELECT {columns} {from} ORDER BY {backwards} LIMIT 1")),
            count: render(&format!("SELECT count(*) FROM {{schema}}.{table}")),
            insert: render(&insertion(table)),
        }
    }
}
