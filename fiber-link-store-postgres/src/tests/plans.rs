//! Every statement is led by an index, on 200 000 tips.

use super::*;
use fiber_link_core::testing::sample::{self, at, change_set, forum, user};
use fiber_link_core::*;
use std::time::Duration;

/// Tables that hold more than a page or two.
const LARGE: [&str; 10] = [
    "tips",
    "settled_tips",
    "withdrawals",
    "attempts",
    "entries",
    "balances",
    "idempotency",
    "events",
    "documents",
    "audit_records",
];

/// These sort what they gathered by an index and a limit, or the rows of a small table.
const SORTS_FEW_ROWS: [&str; 9] = [
    "tips_of_app",
    "tips_to_user",
    "tips_of_user",
    "tips_of_post",
    "tip_totals",
    "withdrawals_by_invoice",
    "workers_after",
    "hub",
    "nonce_memory",
];

/// What all users have is counted and summed account by account.
const SCANS_ON_PURPOSE: [&str; 2] = ["accounts", "sums"];

/// 200 000 tips of 20 apps, 10 000 users and 30 days, most of them settled, and what belongs to them.
const GENERATE: &str = "
    CREATE TEMP TABLE n AS SELECT n, (lpad(to_hex(n), 8, '0') || '-0000-7000-8000-000000000000')::uuid AS id,
        'app-' || n % 20 AS app, 'user-' || n % 9973 AS giver, 'user-' || n % 997 AS payee,
        timestamptz 'J2460958 00:00+00' + n * interval '13 seconds' AS at,
        CASE WHEN n % 50 = 0 THEN 'open' WHEN n % 10 = 0 THEN 'ended' ELSE 'settled' END AS phase
        FROM generate_series(1, 200000) AS n;
    INSERT INTO {schema}.tips
        SELECT id, app, 'post', giver, payee, 'CKB', n, NULL, false, sha256(n::text::bytea), at,
            CASE phase WHEN 'open' THEN 'unpaid' WHEN 'ended' THEN 'expired' ELSE 'settled' END, phase,
            CASE WHEN phase <> 'open' THEN at END, 2, CASE WHEN phase = 'open' THEN at END,
            CASE WHEN phase = 'open' THEN at END, at, 'fibd1' || md5(n::text)
        FROM n;
    INSERT INTO {schema}.settled_tips (tip, app, at, number)
        SELECT id, app, at, row_number() OVER (PARTITION BY app ORDER BY n) FROM n WHERE phase = 'settled';
    INSERT INTO {schema}.entries (source_kind, source, kind, app, \"user\", asset, amount, from_account, to_account, at)
        SELECT 'tip', id, 'tip_settled', app, payee, 'CKB', n, 'fiber', 'available', at FROM n
        WHERE phase = 'settled';
    INSERT INTO {schema}.balances SELECT app, payee, 'CKB', sum(n), 0 FROM n GROUP BY app, payee;
    INSERT INTO {schema}.events (id, app, kind, subject, at, number)
        SELECT id, app, 'tip_settled', id, at, row_number() OVER (PARTITION BY app ORDER BY n) FROM n
        WHERE phase = 'settled';
    INSERT INTO {schema}.idempotency
        SELECT app, 'tip.create', n::text, sha256('x'), 'tip', id, at + interval '90 days' FROM n;
    INSERT INTO {schema}.withdrawals
        SELECT id, app, payee, 'CKB', 1, 1, 'user', 'pending', 'payment_request', sha256(n::text::bytea),
            CASE WHEN n % 3 > 0 THEN sha256(n::text::bytea) END, at, at, at, 1,
            CASE WHEN n % 100 = 0 THEN 'processing' ELSE 'completed' END, id, NULL, NULL, NULL, 1, at, 2,
            CASE WHEN n % 100 = 0 THEN at END, CASE WHEN n % 100 = 0 THEN at END, 'fibd1' || md5(n::text)
        FROM n WHERE n % 4 = 0;
    INSERT INTO {schema}.attempts
        SELECT id, id, sha256(n::text::bytea), at, id, at, 1, NULL,
            CASE WHEN n % 100 = 0 THEN 'sent' ELSE 'succeeded' END, NULL, 1, NULL, NULL, at, 2
        FROM n WHERE n % 4 = 0;
    INSERT INTO {schema}.documents
        SELECT CASE WHEN n % 9 = 0 THEN 'app' ELSE 'paused_user' END, 'name-' || n, app, '{}', NULL, 1 FROM n;
    INSERT INTO {schema}.audit_records (id, at, operator, origin, action, app, subject, reason)
        SELECT id, at, 'ann', 'here', 'app.pause', app, 'subject', 'why not' FROM n;
    DROP TABLE n;
    ANALYZE {schema}.tips, {schema}.settled_tips, {schema}.withdrawals, {schema}.attempts, {schema}.entries,
        {schema}.balances, {schema}.idempotency, {schema}.events, {schema}.documents, {schema}.audit_records";

async fn filled_store() -> PostgresStore {
    let schema = fresh_schema();
    let settings = PoolSettings {
        // One, so that every call is counted by the session that asks for the counts.
        connections: 1,
        statement_timeout: Duration::from_secs(120),
        ..PoolSettings::default()
    };
    let pool = settings.pool(fiber_link_postgres_cluster::shared_url()).unwrap();
    schema.migrate(&pool).await.unwrap();
    let store = PostgresStore::with_pool(pool, schema).await.unwrap();
    run(&store, GENERATE).await.unwrap();
    store
}

/// What the plan of a statement does that it must not, for values known and unknown to the planner.
async fn bad_steps(store: &PostgresStore, name: &str, sql: &str) -> Vec<String> {
    let mut connection = store.pool().acquire().await.unwrap();
    let parameters = (1..=9).take_while(|n| sql.contains(&format!("${n}"))).count();
    let arguments = vec!["NULL"; parameters].join(", ");
    let arguments = if arguments.is_empty() { arguments } else { format!("({arguments})") };
    let plan = format!(
        "SET plan_cache_mode = force_generic_plan; PREPARE plan AS {sql};
        EXPLAIN EXECUTE plan{arguments}; DEALLOCATE plan; RESET plan_cache_mode"
    );
    let steps = sqlx::raw_sql(AssertSqlSafe(plan)).fetch_all(&mut *connection).await.unwrap();
    let steps = steps.iter().map(|step| sqlx::Row::get::<String, _>(step, 0));
    let scans = |step: &String| {
        let on_purpose = SCANS_ON_PURPOSE.contains(&name);
        !on_purpose && LARGE.iter().any(|table| step.contains(&format!("Seq Scan on {table} ")))
    };
    let sorts = |step: &String| step.contains("Sort  (") && !SORTS_FEW_ROWS.contains(&name);
    steps.filter(|step| scans(step) || sorts(step)).collect()
}

fn all_statements(store: &PostgresStore) -> Vec<(&'static str, crate::statement::Sql)> {
    let all = store.statements();
    let (others, worker) =
        ([all.commit.all(), all.due.all(), all.admission.all(), all.query.all()], all.worker.all());
    let import = crate::import::statements(store.schema());
    let more = [
        all.lists.all(),
        all.totals.all(),
        all.document.all(),
        all.feed.all(),
        worker,
        all.news.all(),
        import,
    ];
    [others.concat(), more.concat()].concat()
}

/// How often each large table was scanned from end to end, also by what functions do.
async fn scans(store: &PostgresStore) -> Vec<(String, i64)> {
    run(store, "SELECT pg_stat_force_next_flush()").await.unwrap();
    let counts = "SELECT relname::text, seq_scan FROM pg_stat_user_tables
        WHERE schemaname = $1 AND relname = ANY ($2) ORDER BY relname";
    let tables = LARGE.map(str::to_owned).to_vec();
    let counts = sqlx::query_as(counts).bind(store.schema().name().to_owned()).bind(tables);
    counts.fetch_all(store.pool()).await.unwrap()
}

/// Calls everything that a store can do, with values that lead to many rows and to few.
async fn work(store: &PostgresStore, round: u64) {
    let (app, limit) = (sample::app_id("app-1"), [1, 100, 1_000][usize::try_from(round % 3).unwrap()]);
    let (payee, now) = (user("user-1"), at(1_000_000));
    let account = UserAccount { app: app.clone(), user: payee.clone(), asset: AssetId::ckb() };
    let id = |n: u128| uuid::Uuid::from_u128(n << 96);
    let (tip, withdrawal) = (TipId::from_uuid(id(7)), WithdrawalId::from_uuid(id(8)));

    for lookup in [
        TipLookup::Id(tip),
        TipLookup::PaymentHash(sample::payment_hash(1)),
        TipLookup::Invoice("fibd1".repeat(100)),
    ] {
        store.find_tip(lookup).await.unwrap();
    }
    let (user, post) = (payee.clone(), PostId::new("post").unwrap());
    let mut of = vec![
        TipsOf::Hub,
        TipsOf::Payer { app: app.clone(), user: user.clone() },
        TipsOf::Party { app: app.clone(), user: user.clone() },
    ];
    for phase in [None, Some(TipPhase::Open), Some(TipPhase::Settled), Some(TipPhase::Ended)] {
        of.push(TipsOf::App { app: app.clone(), phase });
        of.push(TipsOf::Post { app: app.clone(), post: post.clone(), phase });
        of.push(TipsOf::Payee { app: app.clone(), user: user.clone(), phase });
    }
    for of in of {
        for before in [None, Some(tip)] {
            store.tips(TipQuery::Newest { of: of.clone(), before, limit }).await.unwrap();
        }
    }
    store.tip_totals(&app, &payee).await.unwrap();
    let ids = (0..=limit).map(|n| TipId::from_uuid(id(n.into()))).collect();
    store.tips(TipQuery::Ids(ids)).await.unwrap();
    for after in [None, Some(tip)] {
        store.tips(TipQuery::All { after, limit }).await.unwrap();
    }
    let positions = [tip, sample::tip_id(1)].map(|tip| SettledPosition::After { tip, or_at: now });
    for after in positions.into_iter().chain([SettledPosition::Start]) {
        store.settled_tips(SettledQuery { app: app.clone(), after, limit }).await.unwrap();
    }
    let hash = sample::payment_hash(1);
    for lookup in [WithdrawalLookup::Id(withdrawal), WithdrawalLookup::HeldPaymentHash(hash)] {
        store.find_withdrawal(lookup).await.unwrap();
    }
    let mut of = vec![WithdrawalsOf::Hub, WithdrawalsOf::User { app: app.clone(), user }];
    of.extend([WithdrawalsOf::PaymentHash(hash), WithdrawalsOf::Invoice("fibd1".repeat(100))]);
    let states = [None, Some("processing"), Some("completed"), Some("no state")];
    of.extend(states.map(|state| WithdrawalsOf::App { app: app.clone(), state }));
    for of in of {
        for before in [None, Some(withdrawal)] {
            store.withdrawals(WithdrawalQuery::Newest { of: of.clone(), before, limit }).await.unwrap();
        }
    }
    let ids = (0..=limit).map(|n| WithdrawalId::from_uuid(id(n.into()))).collect();
    store.withdrawals(WithdrawalQuery::Ids(ids)).await.unwrap();
    for after in [None, Some(withdrawal)] {
        store.withdrawals(WithdrawalQuery::All { after, limit }).await.unwrap();
    }
    let next = AttemptQuery::NextOf { withdrawal, after: None };
    for query in [AttemptQuery::LatestOf(withdrawal), next, AttemptQuery::NewestSucceeded] {
        store.find_attempt(query).await.unwrap();
    }
    store.balance(&account).await.unwrap();
    store.balances(BalanceQuery::OfUser { app: app.clone(), user: payee }).await.unwrap();
    for after in [None, Some(account.clone())] {
        store.balances(BalanceQuery::All { after, limit }).await.unwrap();
    }
    for of in [EntriesOf::Hub, EntriesOf::App(app.clone()), EntriesOf::Account(account.clone())] {
        store.entries(EntryQuery::Newest { of, before: Some(9_000), limit }).await.unwrap();
    }
    for query in [
        EntryQuery::Of(EntrySource::Tip(tip)),
        EntryQuery::Account { account, after: 3, limit },
        EntryQuery::All { after: 100, limit },
    ] {
        store.entries(query).await.unwrap();
    }
    store.events(EventQuery { app: app.clone(), after: 100, limit }).await.unwrap();
    store.find_idempotency(&sample::idempotency_scope("7"), now).await.unwrap();
    let (kind, after) = (DocumentKind::PausedUser, Some("name-7".to_owned()));
    store.find_document(&DocumentKey::new(kind, "name-7")).await.unwrap();
    for of in [None, Some(app)] {
        let documents = DocumentQuery { kind, app: of.clone(), after: after.clone(), limit };
        store.documents(documents).await.unwrap();
        store.audit_records(AuditQuery { app: of, before: Some(99_000), limit }).await.unwrap();
    }
    store.find_hub().await.unwrap();
    store.find_worker(sample::worker_id(1)).await.unwrap();
    store.workers(None, limit).await.unwrap();

    let second = Duration::from_secs(1);
    let take = TakeDue { now, limit, gap: Gap { divisor: 8, shortest: second, longest: second } };
    store.take_due_tips(take).await.unwrap();
    store.take_due_withdrawals(take).await.unwrap();
    write(store, round.saturating_add(1_000)).await;
}

/// One of each op.
async fn write(store: &PostgresStore, n: u64) {
    let limits = RateLimit { requests: 9, window: Duration::from_secs(60) };
    let rate = Some(RateCount { app: forum(), method: "tip.create", limit: limits });
    let mut nonce = [0; 32];
    nonce[..8].copy_from_slice(&n.to_be_bytes());
    let admission =
        Admission { nonce, signed_at: at(n), expires_at: at(n.saturating_add(2)), rate, now: at(n) };
    let _ = store.admit(admission).await;

    let (tip, withdrawal, attempt) = (sample::tip(n), sample::withdrawal(n), sample::attempt(n, n));
    let key = LimitKey { app: forum(), scope: LimitScope::App, asset: AssetId::ckb() };
    let (amount, ceiling) = (Amount::new(1), Amount::new(1_000));
    let due = Some(Due { at: at(n), since: at(n) });
    let document = sample::document(DocumentKind::App, &format!("app {n}"), "{}");
    let create = [
        Op::CreateTip { tip: tip.clone(), due },
        Op::CreateWithdrawal { withdrawal: withdrawal.clone(), due },
        Op::CreateAttempt(attempt.clone()),
        Op::CreateWorker(sample::worker(n)),
        Op::RequireWorker(sample::worker_id(n)),
        Op::CreateDocument(sample::app(&format!("app-of-{n}")).to_document()),
        Op::CountTowardsLimit(CountTowardsLimit {
            key: key.clone(),
            amount,
            ceiling,
            cooldown: Duration::ZERO,
            now: at(n),
        }),
        Op::Remember { record: sample::idempotency_record(n), now: at(n) },
        Op::CreateDocument(document.clone()),
        Op::Audit(sample::audit_record(n)),
    ];
    store.commit(change_set(create)).await.unwrap();
    let settled = TipState::Settled { invoice: sample::invoice_of(&tip), at: at(n) };
    let failed = AttemptState::Failed { reason: String::new(), at: at(n), session: None };
    let expected = Version::FIRST;
    let update = [
        Op::UpdateTip { next: sample::tip_in(&tip, settled), expected, due },
        Op::UpdateWithdrawal { next: withdrawal, expected, due: None },
        Op::UpdateAttempt { next: sample::attempt_in(&attempt, failed), expected },
        Op::UpdateWorker { next: sample::worker(n), expected },
        Op::RemoveWorker { id: sample::worker_id(n), expected: expected.next() },
        Op::RequireRoom {
            account: UserAccount { app: forum(), user: user("alice"), asset: AssetId::ckb() },
            ceiling: Amount::MAX,
        },
        Op::GiveBackToLimit(GiveBackToLimit { key, amount, requested_at: at(n) }),
        Op::RequireDocument { key: DocumentKey::new(DocumentKind::App, "nobody"), expected: None },
        Op::UpdateDocument { next: document.clone(), expected },
        Op::Post(sample::credit(n, 5)),
        Op::Emit(sample::event(n)),
    ];
    store.commit(change_set(update)).await.unwrap();
    let remove = Op::RemoveDocument { key: document.key, expected: expected.next() };
    store.commit(change_set([remove])).await.unwrap();
    // As if another transaction had been the sequencer.
    run(
        store,
        "UPDATE {schema}.events SET number = NULL WHERE app = 'forum' AND number = (
            SELECT max(number) FROM {schema}.events WHERE app = 'forum');
        UPDATE {schema}.settled_tips SET number = NULL WHERE app = 'forum' AND number = (
            SELECT max(number) FROM {schema}.settled_tips WHERE app = 'forum')",
    )
    .await
    .unwrap();
    store.events(EventQuery { app: forum(), after: 0, limit: 10 }).await.unwrap();
    let after = SettledPosition::Start;
    store.settled_tips(SettledQuery { app: forum(), after, limit: 10 }).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn no_statement_scans_a_large_table() {
    let store = filled_store().await;
    let mut bad = Vec::new();
    for (name, sql) in all_statements(&store) {
        bad.extend(bad_steps(&store, name, &sql).await.into_iter().map(|step| (name, step)));
    }
    assert!(bad.is_empty(), "{bad:#?}");
    let scan = store.schema().render("SELECT id FROM {schema}.tips WHERE message = $1 LIMIT 1");
    assert_eq!(bad_steps(&store, "scan", &scan).await.len(), 1, "a scan is noticed");
    let sort =
        store.schema().render("SELECT id FROM {schema}.tips WHERE app = $1 AND phase = $2 ORDER BY post");
    assert_eq!(bad_steps(&store, "sort", &sort).await.len(), 1, "a sort is noticed");

    // Often enough that Postgres also tries the plans that it would keep.
    let before = scans(&store).await;
    for round in 0..12 {
        work(&store, round).await;
    }
    assert_eq!(scans(&store).await, before);
    run(&store, "SELECT count(*) FROM {schema}.tips WHERE message = 'none'").await.unwrap();
    assert_ne!(scans(&store).await, before, "a scan is noticed");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_forgotten_is_found_by_its_key_whatever_the_planner_knows_of_the_table() {
    let (settings, schema) = (PoolSettings { connections: 1, ..PoolSettings::default() }, fresh_schema());
    let pool = settings.pool(fiber_link_postgres_cluster::shared_url()).unwrap();
    schema.migrate(&pool).await.unwrap();
    let store = PostgresStore::with_pool(pool, schema).await.unwrap();
    let scans = async || {
        run(&store, "SELECT pg_stat_force_next_flush()").await.unwrap();
        let scans = "SELECT sum(seq_scan)::bigint FROM pg_stat_user_tables
            WHERE schemaname = $1 AND relname IN ('nonces', 'idempotency')";
        let scans = sqlx::query_scalar::<_, i64>(scans).bind(store.schema().name().to_owned());
        scans.fetch_one(store.pool()).await.unwrap()
    };
    let before = scans().await;
    for n in 1..=20_u8 {
        let now = at(u64::from(n) * 10);
        let expires_at = now.plus(Duration::from_secs(15));
        let admission = Admission { nonce: [n; 32], signed_at: now, expires_at, rate: None, now };
        store.admit(admission).await.unwrap();
        let record = IdempotencyRecord { expires_at, ..sample::idempotency_record(n.into()) };
        store.commit(change_set([Op::Remember { record, now }])).await.unwrap();
    }
    assert_eq!(scans().await, before);
    for table in ["nonces", "idempotency"] {
        assert_eq!(number(&store, &format!("SELECT count(*) FROM {{schema}}.{table}")).await, 2, "{table}");
    }
    assert_eq!(scans().await, before + 2, "a scan is noticed");
}
