//! Rows that describe no valid record.

use super::*;
use fiber_link_core::{
    App, AttemptQuery, AuditQuery, AuditRecord, BalanceQuery, CommitError, CountTowardsLimit, DocumentKind,
    DocumentQuery, EntryQuery, EventQuery, Gap, Hub, IdempotencyKey, IdempotencyScope, IdempotentMethod,
    LimitKey, LimitScope, Network, NodeKey, Operator, SealedSecret, Secret, Store, StoreError, TakeDue,
    TipLookup, WithdrawalQuery,
};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;

const WITHDRAWAL: &str = "INSERT INTO withdrawals (id, app, user, asset, amount, fee_limit, fee_bearer,
        accepted_as, destination, invoice, payment_hash, invoice_expires_at, created_at, updated_at, attempts, version,
        state)
    VALUES (zeroblob(16), 'forum', 'alice', 'CKB', '1', '1', 'user', 'pending', 'payment_request', 'fibd', zeroblob(32),
        1, 1, 1, 0, 1, 'pending');";
const ATTEMPT: &str = "INSERT INTO attempts (id, withdrawal, payment_hash, created_at, worker, claimed_until,
        claims, version, state, ended_at)
    VALUES (zeroblob(16), zeroblob(16), zeroblob(32), 1, zeroblob(16), 1, 1, 1, 'succeeded', 1);";
const IDEMPOTENCY: &str = "INSERT INTO idempotency VALUES ('forum', 'tip.create', 'key', zeroblob(32), 'tip',
    zeroblob(16), 9223372036854775807);";
const ENTRY: &str =
    "INSERT INTO entries VALUES (1, 'tip', zeroblob(16), 'tip_settled', 'forum', 'alice', 'CKB',
    '1', 'fiber', 'available', 1);";
const EVENT: &str = "INSERT INTO events VALUES ('forum', 1, zeroblob(16), 'tip_settled', zeroblob(16), 1);";

type Answer = Result<(), StoreError>;
/// A table, how it is read, and what makes its row invalid.
type Case = (&'static str, fn(&SqliteStore) -> BoxFuture<'_, Answer>, &'static [&'static str]);

fn tip(store: &SqliteStore) -> BoxFuture<'_, Answer> {
    async { store.find_tip(TipLookup::Id(tip_id(1))).await.map(drop) }.boxed()
}

fn withdrawal(store: &SqliteStore) -> BoxFuture<'_, Answer> {
    async { store.withdrawals(WithdrawalQuery::All { after: None, limit: 9 }).await.map(drop) }.boxed()
}

fn attempt(store: &SqliteStore) -> BoxFuture<'_, Answer> {
    async { store.find_attempt(AttemptQuery::NewestSucceeded).await.map(drop) }.boxed()
}

fn entry(store: &SqliteStore) -> BoxFuture<'_, Answer> {
    async { store.entries(EntryQuery::All { after: 0, limit: 9 }).await.map(drop) }.boxed()
}

fn balance(store: &SqliteStore) -> BoxFuture<'_, Answer> {
    async { store.balances(BalanceQuery::All { after: None, limit: 9 }).await.map(drop) }.boxed()
}

fn event(store: &SqliteStore) -> BoxFuture<'_, Answer> {
    let query = EventQuery { app: alice().app, after: 0, limit: 9 };
    async { store.events(query).await.map(drop) }.boxed()
}

fn document(store: &SqliteStore) -> BoxFuture<'_, Answer> {
    let query = DocumentQuery { kind: DocumentKind::App, app: None, after: None, limit: 9 };
    async { store.documents(query).await.map(drop) }.boxed()
}

fn audit_record(store: &SqliteStore) -> BoxFuture<'_, Answer> {
    let query = AuditQuery { app: None, before: None, limit: 9 };
    async { store.audit_records(query).await.map(drop) }.boxed()
}

fn hub(store: &SqliteStore) -> BoxFuture<'_, Answer> {
    async { store.find_hub().await.map(drop) }.boxed()
}

fn worker(store: &SqliteStore) -> BoxFuture<'_, Answer> {
    async { store.workers(None, 9).await.map(drop) }.boxed()
}

fn idempotency(store: &SqliteStore) -> BoxFuture<'_, Answer> {
    let key = IdempotencyKey::new("key").unwrap();
    let scope = IdempotencyScope { app: alice().app, method: IdempotentMethod::TipCreate, key };
    async move { store.find_idempotency(&scope, NOW).await.map(drop) }.boxed()
}

fn limit(store: &SqliteStore) -> BoxFuture<'_, Answer> {
    let key = LimitKey { app: alice().app, scope: LimitScope::App, asset: alice().asset };
    let (amount, ceiling) = (Amount::new(1), Amount::new(9));
    let count = CountTowardsLimit { key, amount, ceiling, cooldown: Duration::ZERO, now: NOW };
    async {
        match store.commit_ops(vec![Op::CountTowardsLimit(count)]).await {
            Err(CommitError::Store(error)) => Err(error),
            Err(error) => panic!("{error}"),
            Ok(()) => Ok(()),
        }
    }
    .boxed()
}

/// A store with one row in each table.
fn filled(folder: &Folder) -> SqliteStore {
    let store = folder.open();
    let secret = SealedSecret::Plain(Secret::new(*b"canary"));
    let app = App::new(alice().app, "forum", secret.clone(), NOW);
    let record = AuditRecord {
        id: *tip_id(1).as_uuid(),
        at: NOW,
        operator: Operator { name: String::new(), origin: String::new() },
        action: String::new(),
        app: Some(alice().app),
        subject: String::new(),
        before: None,
        after: None,
        reason: String::new(),
    };
    let hub = Hub { seed: secret, node: NodeKey::new([2; 33]), node_since: NOW, network: Network::Dev };
    let records =
        vec![create_tip(1), Op::CreateDocument(app.to_document()), Op::Audit(record), Op::CreateHub(hub)];
    block_on(store.commit_ops(records)).unwrap();
    let others = [
        WITHDRAWAL,
        ATTEMPT,
        "UPDATE attempts SET fee = '0';",
        IDEMPOTENCY,
        ENTRY,
        EVENT,
        "INSERT INTO workers VALUES (x'00000000000000000000000000000007', 'host', 1, 2, NULL, 1);",
        "INSERT INTO balances VALUES ('forum', 'alice', 'CKB', '1', '0');
         INSERT INTO limits VALUES ('forum', '', 'CKB', '');",
    ];
    folder.connect().execute_batch(&others.concat()).unwrap();
    store
}

#[test]
fn an_invalid_row_is_an_error_that_names_its_table() {
    let cases: [Case; 12] = [
        (
            "tips",
            tip,
            &[
                "amount = ''",
                "amount = '-1'",
                "amount = '170141183460469231731687303715884105728'",
                "app = 'two words'",
                "to_user = ''",
                "from_user = char(7)",
                "payment_hash = x'00'",
                "created_at = -1",
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
                "state = 'retry_pending', retry_at = 1",
                "state = 'completed', fee = '1'",
                "state = 'failed', ended_at = 1",
                "state = 'failed', ended_at = 1, failure = 'attempts_failed'",
            ],
        ),
        ("attempts", attempt, &["fee = NULL", "ended_at = -1", "worker = x''", "claims = -1"]),
        ("balances", balance, &["available = ' 1'", "reserved = ''"]),
        ("events", event, &["kind = 'melted'", "subject = x'00'"]),
        ("documents", document, &["app = 'two words'", "expires_at = -1", "version = -1"]),
        ("audit_records", audit_record, &["id = x'00'", "at = -1", "app = 'two words'"]),
        ("hub", hub, &["network = 'the moon'", "node = x'00'", "seed = 'canary'"]),
        ("workers", worker, &["id = x'00'", "since = -1", "dead_at = -1", "version = -1"]),
        ("idempotency", idempotency, &["digest = x'00'", "subject_kind = 'nothing'"]),
        ("limits", limit, &["counter = 'melted'"]),
        ("entries", entry, &["kind = 'melted'", "source_kind = 'nothing'", "amount = '1.0'"]),
    ];
    for (table, read, changes) in cases {
        for change in changes {
            let folder = Folder::new();
            let store = filled(&folder);
            block_on(read(&store)).unwrap();
            let allow =
                "DROP TRIGGER entries_are_never_changed; DROP TRIGGER audit_records_are_never_changed";
            folder.connect().execute_batch(&format!("{allow}; UPDATE {table} SET {change}")).unwrap();
            match block_on(read(&store)) {
                Err(StoreError::Corrupt { table: named, .. }) => assert_eq!(named, table, "{change}"),
                other => panic!("{table} with {change}: {other:?}"),
            }
        }
    }
}

#[test]
fn an_invalid_row_keeps_nothing_behind_it_from_being_taken() {
    let folder = Folder::new();
    let store = folder.open();
    block_on(store.commit_ops((1..=3).map(create_tip).collect())).unwrap();
    folder.connect().execute_batch("UPDATE tips SET amount = 'x' WHERE rowid = 1").unwrap();

    let gap = Gap { divisor: 1, shortest: Duration::from_secs(60), longest: Duration::from_secs(60) };
    let mut take = TakeDue { now: NOW, limit: 2, gap };
    let taken =
        || block_on(store.take_due_tips(take)).unwrap().iter().map(|tip| tip.id()).collect::<Vec<_>>();
    assert_eq!(taken(), [tip_id(2)]);
    assert_eq!(taken(), [tip_id(3)], "the invalid one was moved as well");
    take.now = NOW.plus(Duration::from_secs(60));
    let mut again = block_on(store.take_due_tips(TakeDue { limit: 9, ..take })).unwrap();
    again.sort_by_key(|tip| tip.id());
    assert_eq!(again.iter().map(|tip| tip.id()).collect::<Vec<_>>(), [tip_id(2), tip_id(3)]);
}
