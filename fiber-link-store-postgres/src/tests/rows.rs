//! Rows that describe no valid record.

use super::*;
use fiber_link_core::testing::sample::{self, account, at, change_set, forum};
use fiber_link_core::{
    AttemptQuery, AuditQuery, BalanceQuery, DocumentKind, DocumentQuery, Due, EntryQuery, EventQuery, Gap,
    MAX_ROWS, Op, Store, StoreError, TakeDue, TipLookup, WithdrawalQuery,
};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use std::time::Duration;

type Answer = Result<(), StoreError>;
/// A table, how it is read, and what makes its row invalid.
type Case = (&'static str, fn(&PostgresStore) -> BoxFuture<'_, Answer>, &'static [&'static str]);

fn tip(store: &PostgresStore) -> BoxFuture<'_, Answer> {
    async { store.find_tip(TipLookup::Id(sample::tip_id(1))).await.map(drop) }.boxed()
}

fn withdrawal(store: &PostgresStore) -> BoxFuture<'_, Answer> {
    async { store.withdrawals(WithdrawalQuery::All { after: None, limit: 9 }).await.map(drop) }.boxed()
}

fn attempt(store: &PostgresStore) -> BoxFuture<'_, Answer> {
    async { store.find_attempt(AttemptQuery::LatestOf(sample::withdrawal_id(1))).await.map(drop) }.boxed()
}

fn entry(store: &PostgresStore) -> BoxFuture<'_, Answer> {
    async { store.entries(EntryQuery::All { after: 0, limit: 9 }).await.map(drop) }.boxed()
}

fn balance(store: &PostgresStore) -> BoxFuture<'_, Answer> {
    async { store.balances(BalanceQuery::All { after: None, limit: 9 }).await.map(drop) }.boxed()
}

fn event(store: &PostgresStore) -> BoxFuture<'_, Answer> {
    async { store.events(EventQuery { app: forum(), after: 0, limit: 9 }).await.map(drop) }.boxed()
}

fn document(store: &PostgresStore) -> BoxFuture<'_, Answer> {
    let query = DocumentQuery { kind: DocumentKind::App, app: None, after: None, limit: 9 };
    async { store.documents(query).await.map(drop) }.boxed()
}

fn audit_record(store: &PostgresStore) -> BoxFuture<'_, Answer> {
    let query = AuditQuery { app: None, before: None, limit: 9 };
    async { store.audit_records(query).await.map(drop) }.boxed()
}

fn hub(store: &PostgresStore) -> BoxFuture<'_, Answer> {
    async { store.find_hub().await.map(drop) }.boxed()
}

fn worker(store: &PostgresStore) -> BoxFuture<'_, Answer> {
    async { store.workers(None, 9).await.map(drop) }.boxed()
}

fn idempotency(store: &PostgresStore) -> BoxFuture<'_, Answer> {
    async { store.find_idempotency(&sample::idempotency_record(1).scope, at(0)).await.map(drop) }.boxed()
}

/// A store with one row in each table.
async fn filled() -> PostgresStore {
    let store = fresh_store().await;
    let ops = [
        Op::CreateTip { tip: sample::tip(1), due: None },
        Op::CreateWithdrawal { withdrawal: sample::withdrawal(1), due: None },
        Op::CreateAttempt(sample::attempt(1, 1)),
        Op::CreateDocument(sample::app("forum").to_document()),
        Op::Audit(sample::audit_record(1)),
        Op::CreateHub(sample::hub()),
        Op::CreateWorker(sample::worker(1)),
        Op::Post(sample::credit(1, 7)),
        Op::Remember { record: sample::idempotency_record(1), now: at(0) },
        Op::Emit(sample::event(1)),
    ];
    store.commit(change_set(ops)).await.unwrap();
    for table in ["entries", "audit_records"] {
        run(&store, &format!("ALTER TABLE {{schema}}.{table} DISABLE TRIGGER USER")).await.unwrap();
    }
    store
}

#[tokio::test]
async fn an_invalid_row_is_an_error_that_names_its_table() {
    let cases: [Case; 11] = [
        (
            "tips",
            tip,
            &[
                "app = 'two words'",
                "to_user = ''",
                "from_user = chr(7)",
                "payment_hash = '\\x00'",
                "created_at = '1969-01-01'",
                "created_at = 'infinity'",
                "created_at = created_at + interval '1 microsecond'",
                "version = -1",
                "state = 'melted'",
                "state = 'unpaid'",
                "state = 'settled'",
                "state = 'abandoned'",
            ],
        ),
        (
            "withdrawals",
            withdrawal,
            &[
                "fee_bearer = 'nobody'",
                "accepted_as = 'failed'",
                "destination = 'the moon'",
                "attempts = 4294967296",
                "state = 'melted'",
                "state = 'processing'",
                "state = 'retry_pending', retry_at = now()",
                "state = 'completed', fee = 1",
                "state = 'failed', ended_at = created_at",
                "state = 'failed', ended_at = created_at, failure = 'attempts_failed'",
            ],
        ),
        (
            "attempts",
            attempt,
            &["state = 'unknown'", "state = 'succeeded', fee = 1", "state = 'failed'", "claims = -1"],
        ),
        ("balances", balance, &["\"user\" = ''", "asset = ''"]),
        ("events", event, &["kind = 'melted'"]),
        ("documents", document, &["app = 'two words'", "expires_at = '-infinity'", "version = -1"]),
        ("audit_records", audit_record, &["app = 'two words'", "at = '1969-01-01'"]),
        ("hub", hub, &["network = 'the moon'", "node = '\\x00'"]),
        ("workers", worker, &["since = '1969-01-01'", "dead_at = 'infinity'", "version = -1"]),
        ("idempotency", idempotency, &["digest = '\\x00'", "subject_kind = 'nothing'"]),
        ("entries", entry, &["kind = 'melted'", "source_kind = 'nothing'"]),
    ];
    for (table, read, changes) in cases {
        let store = filled().await;
        read(&store).await.unwrap();
        let keep = format!("CREATE TABLE {{schema}}.kept AS TABLE {{schema}}.{table}");
        run(&store, &keep).await.unwrap();
        for change in changes {
            run(&store, &format!("UPDATE {{schema}}.{table} SET {change}")).await.unwrap();
            match read(&store).await {
                Err(StoreError::Corrupt { table: named, .. }) => assert_eq!(named, table, "{change}"),
                other => panic!("{table} with {change}: {other:?}"),
            }
            let back = format!(
                "DELETE FROM {{schema}}.{table};
                INSERT INTO {{schema}}.{table} OVERRIDING SYSTEM VALUE TABLE {{schema}}.kept"
            );
            run(&store, &back).await.unwrap();
        }
    }
}

const MINUTE: Duration = Duration::from_secs(60);
const GAP: Gap = Gap { divisor: 1, shortest: MINUTE, longest: MINUTE };

fn create(n: u64) -> Op {
    Op::CreateTip { tip: sample::tip(n), due: Some(Due { at: at(n), since: at(n) }) }
}

#[tokio::test]
async fn an_invalid_row_keeps_nothing_behind_it_from_being_taken() {
    let store = fresh_store().await;
    store.commit(change_set((1..=3).map(create))).await.unwrap();
    let spoil = format!("UPDATE {{schema}}.tips SET app = '' WHERE id = '{}'", sample::tip_id(1));
    run(&store, &spoil).await.unwrap();
    let take = async |second, limit| {
        let taken = store.take_due_tips(TakeDue { now: at(second), limit, gap: GAP }).await.unwrap();
        let mut ids: Vec<_> = taken.iter().map(|tip| tip.id()).collect();
        ids.sort();
        ids
    };
    assert_eq!(take(9, 2).await, [sample::tip_id(2)]);
    assert_eq!(take(9, 2).await, [sample::tip_id(3)], "the invalid one was moved as well");
    assert_eq!(take(69, 9).await, [2, 3].map(sample::tip_id));
}

#[tokio::test]
async fn no_list_is_longer_than_it_may_be() {
    let store = fresh_store().await;
    let many = u64::from(MAX_ROWS) + 1;
    let ops = (1..=many).flat_map(|n| [create(n), Op::Post(sample::credit(n, 1))]);
    store.commit(change_set(ops)).await.unwrap();
    let entries = store.entries(EntryQuery::All { after: 0, limit: u32::MAX }).await.unwrap();
    let take = TakeDue { now: at(many), limit: u32::MAX, gap: GAP };
    let due = store.take_due_tips(take).await.unwrap();
    assert_eq!([entries.len(), due.len()], [1000, 1000]);
    assert_eq!(store.balance(&account("alice")).await.unwrap().available.units(), u128::from(many));
}
