//! What both databases hold, column by column, read past every store.

use crate::world::World;
use fiber_link_core::LimitCounter;
use rusqlite::types::ValueRef;
use sqlx::{AssertSqlSafe, Row};
use std::collections::{BTreeMap, BTreeSet};

type RawRow = BTreeMap<String, Option<String>>;

const TABLES: [&str; 12] = [
    "hub",
    "documents",
    "audit_records",
    "workers",
    "tips",
    "withdrawals",
    "attempts",
    "entries",
    "balances",
    "limits",
    "idempotency",
    "events",
];

/// The last moment that Postgres keeps.
const LAST: i64 = 9_224_286_393_599_999;

/// Asserts that both sides hold the same in every column of every table.
pub async fn assert_same(world: &World) {
    for table in TABLES {
        let ours = postgres(world, &format!("{{schema}}.{table}"), table).await;
        let theirs = sqlite(world, "hub.sqlite", &format!("SELECT * FROM {table}"));
        assert_eq!(theirs, ours, "{table}");
    }
    let settled = "SELECT id AS tip, app, ended_at AS at, settled_number AS number FROM tips
        WHERE settled_number IS NOT NULL";
    let theirs = sqlite(world, "hub.sqlite", settled);
    assert_eq!(theirs, postgres(world, "{schema}.settled_tips", "settled_tips").await);
    let theirs = sqlite(world, "hub.sqlite-nonces", "SELECT * FROM nonces");
    assert_eq!(theirs, postgres(world, "{schema}.nonces", "nonces").await);
    let theirs = sqlite(world, "hub.sqlite-nonces", "SELECT refuse_before AS begins FROM memory");
    assert_eq!(theirs, postgres(world, "{schema}.nonce_memory", "nonce_memory").await);
}

fn sqlite(world: &World, file: &str, sql: &str) -> BTreeSet<RawRow> {
    let connection = rusqlite::Connection::open(world.file().with_file_name(file)).unwrap();
    let mut statement = connection.prepare(sql).unwrap();
    let names: Vec<String> = statement.column_names().into_iter().map(str::to_owned).collect();
    let mut rows = statement.query([]).unwrap();
    let mut found = BTreeSet::new();
    while let Some(row) = rows.next().unwrap() {
        let value = |place: usize, name: &str| match row.get_ref(place).unwrap() {
            ValueRef::Null => None,
            ValueRef::Integer(at) if matches!(name, "next_check_at" | "check_since") => {
                Some(at.min(LAST).to_string())
            }
            ValueRef::Integer(number) => Some(number.to_string()),
            ValueRef::Text(text) => Some(std::str::from_utf8(text).unwrap().replace('\0', "\u{FFFD}")),
            ValueRef::Blob(bytes) => Some(bytes.iter().map(|byte| format!("{byte:02x}")).collect()),
            ValueRef::Real(_) => panic!("{name} is a number with a point"),
        };
        let mut columns: RawRow =
            names.iter().enumerate().map(|(place, name)| (name.clone(), value(place, name))).collect();
        for only_here in ["one", "invoice_digest", "settled_number"] {
            columns.remove(only_here);
        }
        if let Some(counter) = columns.remove("counter") {
            let counter: LimitCounter = counter.unwrap().parse().unwrap();
            let join = |texts: Vec<String>| Some(texts.join(","));
            let last = counter.last_request().map(|at| at.as_millis().to_string());
            columns.insert("last_request".to_owned(), last);
            let hours = counter.hours().iter();
            columns
                .insert("hours".to_owned(), join(hours.clone().map(|(hour, _)| hour.to_string()).collect()));
            columns.insert("amounts".to_owned(), join(hours.map(|(_, amount)| amount.to_string()).collect()));
        }
        assert!(found.insert(columns));
    }
    found
}

async fn postgres(world: &World, from: &str, table: &str) -> BTreeSet<RawRow> {
    let columns = "SELECT column_name::text, udt_name::text FROM information_schema.columns
        WHERE table_schema = $1 AND table_name = $2 AND column_name NOT IN ('one', 'place')";
    let columns: Vec<(String, String)> = sqlx::query_as(columns)
        .bind(world.schema.name().to_owned())
        .bind(table.to_owned())
        .fetch_all(&world.pool())
        .await
        .unwrap();
    let texts: Vec<String> = columns
        .iter()
        .map(|(name, kind)| match kind.as_str() {
            "uuid" => format!("replace(\"{name}\"::text, '-', '')"),
            "bool" => format!("\"{name}\"::int::text"),
            "bytea" => format!("encode(\"{name}\", 'hex')"),
            "timestamptz" => format!("(extract(epoch FROM \"{name}\") * 1000)::bigint::text"),
            "_int8" | "_numeric" => format!("array_to_string(\"{name}\", ',')"),
            _ => format!("\"{name}\"::text"),
        })
        .collect();
    let sql =
        format!("SELECT ARRAY[{}] FROM {from}", texts.join(", ")).replace("{schema}", world.schema.name());
    let rows = sqlx::query(AssertSqlSafe(sql)).fetch_all(&world.pool()).await.unwrap();
    let names = || columns.iter().map(|(name, _)| name.clone());
    let found: BTreeSet<RawRow> =
        rows.iter().map(|row| names().zip(row.get::<Vec<Option<String>>, _>(0)).collect()).collect();
    assert_eq!(found.len(), rows.len(), "{table}");
    found
}
