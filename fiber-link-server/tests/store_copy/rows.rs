//! Every kind of row in every state, also where a copy is cut off after each of its steps.

use crate::dump;
use crate::world::{World, differences, later};
use fiber_link_core::testing::sample::{self, at, change_set};
use fiber_link_core::*;
use fiber_link_store_postgres::{Import, PoolSettings};
use std::time::Duration;

/// More tips than are copied in one step.
const MANY: u64 = 2 * MAX_ROWS as u64 + 1;

fn due(n: u64) -> Option<Due> {
    Some(Due { at: at(n), since: at(n / 2) })
}

fn tips() -> Vec<Op> {
    let terms = TipTerms {
        amount: Amount::MAX,
        message: Some("a word with U+0000 \0 and — ✗".to_owned()),
        anonymous: true,
        ..sample::tip_terms()
    };
    let template = sample::tip_with(0, terms.clone(), TipState::Creating);
    let states = sample::tip_states(&sample::invoice_of(&template), at(9));
    let in_states = (0..).zip(states).map(|(n, state)| {
        let tip = sample::tip_with(n, terms.clone(), state);
        Op::CreateTip { tip, due: None }
    });
    let never = Timestamp::from_millis(u64::MAX);
    let far = Op::CreateTip { tip: sample::tip(50), due: Some(Due { at: never, since: never }) };
    let many = (100..100 + MANY).map(|n| Op::CreateTip { tip: sample::tip(n), due: due(n) });
    in_states.chain([far]).chain(many).collect()
}

fn settled() -> Vec<Op> {
    let settle = |n: u64| {
        let (tip, app) = (sample::tip(n), if n.is_multiple_of(2) { "forum" } else { "shop" });
        let terms = TipTerms { app: sample::app_id(app), ..tip.terms().clone() };
        let settled = TipState::Settled { invoice: sample::invoice_of(&tip), at: at(5_000 - n) };
        let event = Event { app: terms.app.clone(), ..sample::event(n) };
        let tip = sample::tip_with(n, terms, settled);
        [Op::CreateTip { tip, due: None }, Op::Post(sample::credit(n, 7)), Op::Emit(event)]
    };
    (3_000..3_020).flat_map(settle).collect()
}

fn withdrawals() -> Vec<Op> {
    let mut ops = Vec::new();
    for (n, state) in (10..).zip(sample::withdrawal_states(sample::attempt_id(10), at(20))) {
        let withdrawal = sample::withdrawal_with(n, sample::withdrawal_terms(n), 2, state);
        ops.push(Op::CreateWithdrawal { withdrawal, due: due(n) });
        ops.push(Op::Post(sample::reservation(n, 1)));
    }
    for (n, state) in (10_u64..).zip(sample::attempt_states(at(21))) {
        let record = AttemptRecord {
            previous_session: n.is_multiple_of(2).then_some(at(3)),
            ..sample::attempt_record(n, n, state)
        };
        ops.push(Op::CreateAttempt(Attempt::restore(record)));
    }
    ops
}

fn rest() -> Vec<Op> {
    let limit = |scope, amount: u64, second| {
        let key = LimitKey { app: sample::forum(), scope, asset: AssetId::ckb() };
        let (amount, ceiling) = (Amount::new(amount), Amount::MAX);
        Op::CountTowardsLimit(CountTowardsLimit {
            key,
            amount,
            ceiling,
            cooldown: Duration::ZERO,
            now: at(second),
        })
    };
    let dead = Worker { state: WorkerState::DeclaredDead { at: at(2) }, ..sample::worker(2) };
    let mut ops = vec![
        Op::CreateHub(sample::hub()),
        Op::CreateDocument(sample::app("forum").to_document()),
        Op::CreateDocument(sample::app("shop").closed().to_document()),
        Op::CreateWorker(sample::worker(1)),
        Op::CreateWorker(dead),
        limit(LimitScope::App, 5, 1),
        limit(LimitScope::App, 6, 4_000),
        limit(LimitScope::User(sample::user("alice")), 7, 1),
    ];
    for (kind, n) in DocumentKind::ALL.into_iter().zip(1..) {
        let app = (n % 2 == 0).then(sample::forum);
        let document = sample::document(kind, "two\nlines", "a body with \0 and — ✗");
        ops.push(Op::CreateDocument(Document { app, expires_at: Some(at(n)), ..document }));
        let before = Some("a word with \0".to_owned());
        ops.push(Op::Audit(AuditRecord { app: None, before, after: None, ..sample::audit_record(n) }));
        ops.push(Op::Audit(sample::audit_record(n + 10)));
    }
    ops.extend((1..=9).map(|n| Op::Remember { record: sample::idempotency_record(n), now: at(0) }));
    ops
}

/// A store with every kind of row, which no audit would pass.
async fn filled() -> World {
    let world = World::new();
    let store = world.sqlite();
    for ops in [rest(), tips(), settled(), withdrawals()] {
        store.commit(change_set(ops)).await.unwrap();
    }
    let next = sample::tip_in(&sample::tip(100), TipState::Abandoned { at: at(60) });
    let expected = Version::FIRST;
    let update = Op::UpdateTip { next, expected, due: due(7) };
    let document = Op::UpdateDocument { next: sample::app("shop").to_document(), expected };
    store.commit(change_set([update, document])).await.unwrap();
    for n in 0..5 {
        store.admit(admission(n, at(1))).await.unwrap();
    }
    world.migrate().await;
    world
}

pub fn admission(n: u8, now: Timestamp) -> Admission {
    Admission { nonce: [n + 1; 32], signed_at: now, expires_at: later(), rate: None, now }
}

#[tokio::test]
async fn every_row_in_every_state_is_there_wherever_the_copy_was_cut_off() {
    let world = filled().await;
    let (mut steps, mut done) = (0, false);
    while !done {
        let mut copy = world.copy().await;
        let (all, there) = copy.progress().await.unwrap();
        assert!(there <= all);
        // One step of each, and then it is as if the process had ended.
        done = copy.step().await.unwrap().is_none_or(|copied| copied.table == Table::NonceMemory);
        steps += 1;
        // The memory of nonces is replaced each time, and nonces follow it.
        assert!(steps < 50, "{there} of {all}");
    }
    let mut copy = world.copy().await;
    while copy.step().await.unwrap().is_some() {}
    assert_eq!(differences(&copy).await, []);
    dump::assert_same(&world).await;
    assert!(steps > 12, "{steps}");

    let opened =
        fiber_link_store_postgres::PostgresStore::with_pool(world.pool(), world.schema.clone()).await;
    assert!(opened.unwrap_err().to_string().contains("`fiber-link store copy"));
    copy.finish().await.unwrap();
    assert_same_answers(&world.sqlite(), &world.postgres().await).await;
}

#[tokio::test]
async fn a_step_that_is_dropped_leaves_all_or_nothing_of_it() {
    let world = filled().await;
    for polls in 1..12 {
        let mut copy = world.copy().await;
        let mut step = Box::pin(copy.step());
        for _ in 0..polls {
            let polled = tokio::time::timeout(Duration::from_millis(1), &mut step).await;
            if polled.is_ok() {
                break;
            }
        }
    }
    let mut copy = world.copy().await;
    while copy.step().await.unwrap().is_some() {}
    assert_eq!(differences(&copy).await, []);
    dump::assert_same(&world).await;
}

#[tokio::test]
async fn rows_that_an_interrupted_step_brought_after_all_are_not_brought_twice() {
    let world = filled().await;
    let source = fiber_link_store_sqlite::Export::open(world.file(), at(0)).unwrap();
    let identity = source.identity().unwrap();
    let begin = || async { Import::begin(world.pool(), world.schema.clone(), &identity).await.unwrap() };
    let (interrupted, target) = (begin().await, begin().await);
    for table in Table::ALL {
        let mut last = target.last(table).await.unwrap();
        loop {
            let rows = source.rows(table, &last, MAX_ROWS).unwrap();
            let Some(end) = rows.last() else { break };
            interrupted.insert(table, &rows).await.unwrap();
            target.insert(table, &rows).await.unwrap();
            last = end.key();
        }
    }
    drop(source);
    assert_eq!(differences(&world.copy().await).await, []);
    dump::assert_same(&world).await;
}

#[tokio::test]
async fn whatever_differs_is_named() {
    let world = filled().await;
    let mut copy = world.copy().await;
    while copy.step().await.unwrap().is_some() {}
    let tip = sample::tip_id(100);
    for (change, table, expected) in [
        (
            format!("UPDATE {{schema}}.tips SET version = 9 WHERE id = '{tip}'"),
            Table::Tips,
            "differs in version",
        ),
        (
            "UPDATE {schema}.settled_tips SET number = 99 WHERE number = 1".to_owned(),
            Table::Tips,
            "settled_number",
        ),
        ("DELETE FROM {schema}.balances".to_owned(), Table::Balances, "is missing in the target"),
        ("UPDATE {schema}.limits SET hours = '{1}', amounts = '{1}'".to_owned(), Table::Limits, "differs in"),
        ("DELETE FROM {schema}.nonce_memory".to_owned(), Table::NonceMemory, "is missing in the target"),
        (
            "DELETE FROM {schema}.nonces WHERE nonce = decode(repeat('05', 32), 'hex')".to_owned(),
            Table::Nonces,
            "missing",
        ),
        (
            "INSERT INTO {schema}.documents VALUES ('app', 'aaa', NULL, '', NULL, 1)".to_owned(),
            Table::Documents,
            "document app aaa is in the target",
        ),
        (
            "DELETE FROM {schema}.documents WHERE name = 'aaa';
            UPDATE {schema}.documents SET version = 9 WHERE name = 'shop'"
                .to_owned(),
            Table::Documents,
            "document app shop differs in version",
        ),
        (
            "ALTER TABLE {schema}.audit_records DISABLE TRIGGER USER;
            DELETE FROM {schema}.audit_records WHERE subject = 'subject 1'"
                .to_owned(),
            Table::AuditRecords,
            "audit record 1 is missing in the target",
        ),
        (
            "UPDATE {schema}.events SET number = NULL WHERE number = 1".to_owned(),
            Table::Events,
            "event 1 of forum is missing",
        ),
    ] {
        world.sql(&change).await;
        let found = copy.compare(table, |_| ()).await.unwrap().difference.unwrap();
        assert!(found.contains(expected), "{change}: {found}");
    }
}

#[tokio::test]
async fn a_schema_that_is_being_filled_is_not_migrated_and_not_filled_from_another_store() {
    let (world, other) = (filled().await, filled().await);
    world.copy().await.step().await.unwrap();
    let migrated = world.schema.migrate(&world.pool()).await.unwrap_err().to_string();
    assert!(migrated.contains("holds a part of another store"), "{migrated}");
    rusqlite::Connection::open(other.file())
        .unwrap()
        .execute("UPDATE hub SET seed = 'plain:01'", [])
        .unwrap();
    let source = fiber_link_store_sqlite::Export::open(other.file(), at(0)).unwrap();
    let identity = source.identity().unwrap();
    let begun = fiber_link_store_postgres::Import::begin(world.pool(), world.schema.clone(), &identity).await;
    let refused = begun.unwrap_err().to_string();
    assert!(refused.contains("holds a part of another store than this one"), "{refused}");
}

/// Asserts that both stores answer alike.
async fn assert_same_answers(theirs: &dyn Store, ours: &dyn Store) {
    let (mut tips, mut after) = (0, None);
    loop {
        let page = theirs.tips(TipQuery::All { after, limit: MAX_ROWS }).await.unwrap();
        let mut same = ours.tips(TipQuery::All { after, limit: MAX_ROWS }).await.unwrap();
        for tip in &mut same {
            // Postgres has no U+0000.
            let terms = tip.terms();
            let message = terms.message.as_ref().map(|message| message.replace('\u{FFFD}', "\0"));
            let terms = TipTerms { message, ..terms.clone() };
            let restored =
                Tip::restore(tip.id(), terms, tip.payment_hash(), tip.created_at(), tip.state().clone());
            *tip = Stored::new(restored, tip.version());
        }
        assert_eq!(page, same);
        let Some(last) = page.last() else { break };
        (tips, after) = (tips + page.len(), Some(last.id()));
    }
    assert_eq!(tips as u64, MANY + 27);
    let withdrawals = WithdrawalQuery::All { after: None, limit: MAX_ROWS };
    let found = theirs.withdrawals(withdrawals.clone()).await.unwrap();
    assert_eq!(found, ours.withdrawals(withdrawals).await.unwrap());
    for withdrawal in &found {
        let latest = AttemptQuery::LatestOf(withdrawal.id());
        assert_eq!(theirs.find_attempt(latest).await.unwrap(), ours.find_attempt(latest).await.unwrap());
    }
    let entries = EntryQuery::All { after: 0, limit: MAX_ROWS };
    assert_eq!(theirs.entries(entries.clone()).await.unwrap(), ours.entries(entries).await.unwrap());
    let balances = BalanceQuery::All { after: None, limit: MAX_ROWS };
    assert_eq!(theirs.balances(balances.clone()).await.unwrap(), ours.balances(balances).await.unwrap());
    for app in ["forum", "shop"].map(sample::app_id) {
        let events = EventQuery { app: app.clone(), after: 0, limit: MAX_ROWS };
        assert_eq!(theirs.events(events.clone()).await.unwrap(), ours.events(events).await.unwrap());
        let settled = SettledQuery { app: app.clone(), after: SettledPosition::Start, limit: MAX_ROWS };
        let [theirs_settled, ours_settled] =
            [theirs.settled_tips(settled.clone()).await, ours.settled_tips(settled).await]
                .map(|tips| tips.unwrap().iter().map(|tip| tip.id()).collect::<Vec<_>>());
        assert!(theirs_settled.len() >= 10);
        assert_eq!(theirs_settled, ours_settled);
    }
    for n in 1..=9 {
        let scope = sample::idempotency_record(n).scope;
        let known = theirs.find_idempotency(&scope, at(0)).await.unwrap();
        assert!(known.is_some());
        assert_eq!(known, ours.find_idempotency(&scope, at(0)).await.unwrap());
    }
    for kind in DocumentKind::ALL {
        let documents = DocumentQuery { kind, app: None, after: None, limit: 9 };
        let [theirs, ours] = [theirs.documents(documents.clone()).await, ours.documents(documents).await]
            .map(|listed| listed.unwrap().into_iter().filter(|found| !found.key.name.contains("two")));
        assert_eq!(theirs.collect::<Vec<_>>(), ours.collect::<Vec<_>>());
    }
    let records = AuditQuery { app: Some(sample::forum()), before: None, limit: 9 };
    let kept = theirs.audit_records(records.clone()).await.unwrap();
    assert_eq!((kept.len(), &kept), (DocumentKind::ALL.len(), &ours.audit_records(records).await.unwrap()));
    let next = sample::audit_record(99);
    theirs.commit(change_set([Op::Audit(next.clone())])).await.unwrap();
    let newest = AuditQuery { app: None, before: None, limit: 1 };
    assert_eq!(theirs.audit_records(newest).await.unwrap()[0].record, next, "numbers go on");
    assert_eq!(theirs.find_hub().await.unwrap(), ours.find_hub().await.unwrap());
    assert_eq!(theirs.workers(None, 9).await.unwrap(), ours.workers(None, 9).await.unwrap());
}

#[tokio::test]
async fn what_reads_a_whole_table_may_take_longer_than_other_statements_may() {
    let world = World::new();
    world.migrate().await;
    let mut settings = PoolSettings::default();
    settings.statement_timeout = Duration::from_secs(1);
    let pool = settings.pool(fiber_link_postgres_cluster::shared_url()).unwrap();
    let import = Import::begin(pool, world.schema.clone(), "a store").await.unwrap();
    let pool = world.pool();
    let mut lock = pool.begin().await.unwrap();
    let tips = format!("LOCK TABLE {}.tips", world.schema);
    sqlx::raw_sql(sqlx::AssertSqlSafe(tips)).execute(&mut *lock).await.unwrap();
    let first = RowKey::default();
    let page = async {
        let page = import.rows(Table::Tips, &first, 10).await;
        tokio::time::sleep(Duration::from_millis(500)).await;
        lock.rollback().await.unwrap();
        page
    };
    let (counted, analyzed, page) = tokio::join!(import.count(Table::Tips), import.analyze(), page);
    assert_eq!(counted.unwrap(), 0);
    analyzed.unwrap();
    assert!(page.is_err(), "a page is read in time, or not");
}
