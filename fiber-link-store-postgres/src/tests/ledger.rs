//! What the database itself keeps.

use super::*;
use fiber_link_core::testing::sample::{self, change_set};
use fiber_link_core::{Op, Store};

#[tokio::test]
async fn entries_are_never_changed_or_deleted() {
    let store = fresh_store().await;
    store.commit(change_set([Op::Post(sample::credit(1, 7))])).await.unwrap();
    for change in [
        "UPDATE {schema}.entries SET amount = 9",
        "DELETE FROM {schema}.entries",
        "TRUNCATE {schema}.entries",
        "TRUNCATE {schema}.entries CASCADE",
        "INSERT INTO {schema}.entries (source_kind, source, kind, app, \"user\", asset, amount, from_account,
            to_account, at)
            SELECT source_kind, source, kind, app, \"user\", asset, 9, from_account, to_account, at
            FROM {schema}.entries
            ON CONFLICT (source, source_kind, kind) DO UPDATE SET amount = excluded.amount",
        "SET session_replication_role = replica; UPDATE {schema}.entries SET amount = 9",
        "SET session_replication_role = replica; TRUNCATE {schema}.entries",
    ] {
        let error = run(&store, change).await.unwrap_err();
        assert!(error.to_string().contains("entries are never changed or deleted"), "{change}: {error}");
        run(&store, "RESET session_replication_role").await.unwrap();
    }
    assert_eq!(number(&store, "SELECT sum(amount)::bigint FROM {schema}.entries").await, 7);
}

#[tokio::test]
async fn audit_records_are_never_changed_or_deleted() {
    let store = fresh_store().await;
    store.commit(change_set([Op::Audit(sample::audit_record(1))])).await.unwrap();
    for change in [
        "UPDATE {schema}.audit_records SET reason = 'another'",
        "DELETE FROM {schema}.audit_records",
        "TRUNCATE {schema}.audit_records",
        "INSERT INTO {schema}.audit_records (id, at, operator, origin, action, subject, reason)
            SELECT id, at, operator, origin, action, subject, 'another' FROM {schema}.audit_records
            ON CONFLICT (id) DO UPDATE SET reason = excluded.reason",
        "SET session_replication_role = replica; UPDATE {schema}.audit_records SET reason = 'another'",
        "SET session_replication_role = replica; DELETE FROM {schema}.audit_records",
        "SET session_replication_role = replica; TRUNCATE {schema}.audit_records",
    ] {
        let error = run(&store, change).await.unwrap_err();
        assert!(
            error.to_string().contains("audit records are never changed or deleted"),
            "{change}: {error}"
        );
        run(&store, "RESET session_replication_role").await.unwrap();
    }
    let unchanged = "SELECT count(*) FROM {schema}.audit_records WHERE reason = 'why not'";
    assert_eq!(number(&store, unchanged).await, 1);
}

#[tokio::test]
async fn amounts_stay_in_their_range() {
    let store = fresh_store().await;
    for amount in ["-1", "170141183460469231731687303715884105728"] {
        let insert = format!("INSERT INTO {{schema}}.balances VALUES ('forum', 'alice', 'CKB', {amount}, 0)");
        let error = run(&store, &insert).await.unwrap_err();
        assert!(error.to_string().contains("amount_check"), "{error}");
    }
}

#[tokio::test]
async fn the_ledger_reads_in_plain_sql() {
    let store = fresh_store().await;
    store.commit(change_set([Op::Post(sample::credit(1, 7))])).await.unwrap();
    let read = "SELECT from_account || ' -> ' || to_account || ' ' || amount || ' ' || asset || ' ' || at
        FROM {schema}.entries";
    let sql = AssertSqlSafe(format!("SET TIME ZONE 'UTC'; {}", store.schema().render(read)));
    let rows = sqlx::raw_sql(sql).fetch_all(store.pool()).await.unwrap();
    let line: String = sqlx::Row::get(rows.first().unwrap(), 0);
    assert_eq!(line, "fiber -> available 7 CKB 2025-10-09 08:53:20+00");
}
