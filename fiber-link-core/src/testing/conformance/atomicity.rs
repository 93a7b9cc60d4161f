//! A commit is all or nothing.

use super::{assert_refused, commit, create_tip};
use crate::testing::sample::{self, at, forum};
use crate::*;
use futures_util::FutureExt;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

fn counter(scope: LimitScope) -> LimitKey {
    LimitKey { app: forum(), scope, asset: AssetId::ckb() }
}

fn count(scope: LimitScope, amount: u64, ceiling: u64) -> CountTowardsLimit {
    CountTowardsLimit {
        key: counter(scope),
        amount: Amount::new(amount),
        ceiling: Amount::new(ceiling),
        cooldown: Duration::ZERO,
        now: at(0),
    }
}

fn alice() -> LimitScope {
    LimitScope::User(sample::user("alice"))
}

fn due() -> Option<Due> {
    Some(Due { at: at(0), since: at(0) })
}

fn remember(n: u64) -> Op {
    Op::Remember { record: sample::idempotency_record(n), now: at(0) }
}

fn dead_worker(n: u64) -> Worker {
    Worker { state: WorkerState::DeclaredDead { at: at(5) }, ..sample::worker(n) }
}

fn document(name: &str) -> Document {
    sample::document(DocumentKind::App, name, "{}")
}

/// What is there before: records of number 1, 100 units, and 4 units of a limit.
fn before() -> Vec<Op> {
    vec![
        create_tip(sample::tip(1)),
        Op::CreateWithdrawal { withdrawal: sample::withdrawal(1), due: None },
        Op::CreateAttempt(sample::attempt(1, 1)),
        Op::CreateDocument(document("one")),
        Op::CreateDocument(document("two")),
        Op::Audit(sample::audit_record(1)),
        Op::CreateWorker(sample::worker(1)),
        Op::CreateWorker(sample::worker(3)),
        Op::CreateWorker(sample::worker(4)),
        Op::CountTowardsLimit(count(alice(), 4, 4)),
        Op::Post(sample::credit(9, 100)),
        remember(1),
        Op::Emit(sample::event(1)),
    ]
}

/// One op of each kind that fits on top of `before`, and two on one balance.
fn one_of_each() -> Vec<Op> {
    let (tip, expected) = (sample::tip(1), Version::FIRST);
    let settled = TipState::Settled { invoice: sample::invoice_of(&tip), at: at(5) };
    let processing = WithdrawalState::Processing { attempt: sample::attempt_id(1) };
    let unknown = AttemptState::Unknown { since: at(5) };
    let gift = GiveBackToLimit { key: counter(alice()), amount: Amount::new(4), requested_at: at(0) };
    let ops = vec![
        Op::CreateTip { tip: sample::tip(2), due: due() },
        Op::UpdateTip { next: sample::tip_in(&tip, settled), expected, due: due() },
        Op::CreateWithdrawal { withdrawal: sample::withdrawal(2), due: due() },
        Op::UpdateWithdrawal {
            next: sample::withdrawal_in(&sample::withdrawal(1), 1, processing, at(5)),
            expected,
            due: due(),
        },
        Op::CreateAttempt(sample::attempt(2, 2)),
        Op::UpdateAttempt { next: sample::attempt_in(&sample::attempt(1, 1), unknown), expected },
        Op::CreateDocument(document("three")),
        Op::UpdateDocument { next: Document { body: "next".to_owned(), ..document("one") }, expected },
        Op::RemoveDocument { key: sample::document_key("two"), expected },
        Op::RequireDocument { key: sample::document_key("four"), expected: None },
        Op::Audit(sample::audit_record(2)),
        Op::CreateHub(sample::hub()),
        Op::SealSeed { expected: sample::hub().seed, next: sample::plain("sealed") },
        Op::AcceptNode { node: NodeKey::new([9; 33]), since: at(5) },
        Op::CreateWorker(sample::worker(2)),
        Op::UpdateWorker { next: dead_worker(3), expected },
        Op::RemoveWorker { id: sample::worker_id(4), expected },
        Op::RequireWorker(sample::worker_id(1)),
        Op::CountTowardsLimit(count(LimitScope::App, 10, 10)),
        Op::GiveBackToLimit(gift),
        Op::RequireRoom { account: sample::account("alice"), ceiling: Amount::new(200) },
        Op::Post(sample::credit(1, 50)),
        Op::Post(sample::reservation(1, 30)),
        remember(2),
        Op::Emit(sample::event(2)),
    ];
    let kinds: BTreeSet<_> = ops.iter().map(kind).collect();
    assert_eq!(kinds.len(), KINDS, "one of each kind");
    ops
}

const KINDS: usize = 24;

fn kind(op: &Op) -> usize {
    match op {
        Op::CreateTip { .. } => 0,
        Op::UpdateTip { .. } => 1,
        Op::CreateWithdrawal { .. } => 2,
        Op::UpdateWithdrawal { .. } => 3,
        Op::CreateAttempt(_) => 4,
        Op::UpdateAttempt { .. } => 5,
        Op::CreateDocument(_) => 6,
        Op::CreateHub(_) => 7,
        Op::CountTowardsLimit(_) => 8,
        Op::GiveBackToLimit(_) => 9,
        Op::Post(_) => 10,
        Op::Remember { .. } => 11,
        Op::AcceptNode { .. } => 12,
        Op::CreateWorker(_) => 13,
        Op::UpdateWorker { .. } => 14,
        Op::RemoveWorker { .. } => 15,
        Op::RequireWorker(_) => 16,
        Op::UpdateDocument { .. } => 17,
        Op::RemoveDocument { .. } => 18,
        Op::RequireDocument { .. } => 19,
        Op::SealSeed { .. } => 20,
        Op::Audit(_) => 21,
        Op::RequireRoom { .. } => 22,
        Op::Emit(_) => KINDS - 1,
    }
}

/// Ops that a store refuses on top of `before` and `one_of_each`, and why.
fn refused() -> Vec<(Op, CommitError)> {
    use CommitError::{AlreadyExists, Conflict, DeclaredDead, InsufficientFunds};
    let exists = |op, what| (op, AlreadyExists(what));
    let expected = Version::FIRST;
    let same_hash = Tip::create(sample::tip_id(7), sample::tip_terms(), sample::payment_hash(1), at(0));
    let same_held = sample::withdrawal_with(7, sample::withdrawal_terms(1), 0, WithdrawalState::Pending);
    let update_tip = |n| Op::UpdateTip { next: sample::tip(n), expected, due: due() };
    let update_withdrawal = |n| Op::UpdateWithdrawal { next: sample::withdrawal(n), expected, due: due() };
    let update_attempt = |n| Op::UpdateAttempt { next: sample::attempt(n, n), expected };
    let require =
        |name, expected| (Op::RequireDocument { key: sample::document_key(name), expected }, Conflict);
    let limit_of = |scope, excess| CommitError::LimitExceeded(LimitExceeded { scope, excess });
    let (total, ceiling) = (Amount::new(11), Amount::new(10));
    let hasty = CountTowardsLimit { cooldown: Duration::from_secs(60), ..count(alice(), 1, 100) };
    vec![
        exists(create_tip(sample::tip(1)), Existing::Tip),
        exists(create_tip(same_hash), Existing::Tip),
        (update_tip(1), Conflict),
        (update_tip(77), Conflict),
        exists(Op::CreateWithdrawal { withdrawal: sample::withdrawal(1), due: due() }, Existing::Withdrawal),
        exists(Op::CreateWithdrawal { withdrawal: same_held, due: due() }, Existing::Withdrawal),
        (update_withdrawal(1), Conflict),
        (update_withdrawal(77), Conflict),
        exists(Op::CreateAttempt(sample::attempt(1, 77)), Existing::Attempt),
        exists(Op::CreateAttempt(sample::attempt(77, 1)), Existing::Attempt),
        (update_attempt(1), Conflict),
        (update_attempt(77), Conflict),
        exists(Op::CreateDocument(document("one")), Existing::Document),
        (Op::UpdateDocument { next: document("one"), expected }, Conflict),
        (Op::UpdateDocument { next: document("two"), expected }, Conflict),
        (Op::RemoveDocument { key: sample::document_key("one"), expected }, Conflict),
        (Op::RemoveDocument { key: sample::document_key("two"), expected }, Conflict),
        require("one", Some(expected)),
        require("one", None),
        require("two", Some(expected)),
        exists(Op::Audit(sample::audit_record(1)), Existing::AuditRecord),
        (Op::SealSeed { expected: sample::hub().seed, next: sample::plain("sealed") }, Conflict),
        exists(Op::CreateHub(sample::hub()), Existing::Hub),
        exists(Op::CreateWorker(sample::worker(1)), Existing::Worker),
        (Op::UpdateWorker { next: sample::worker(3), expected }, Conflict),
        (Op::RemoveWorker { id: sample::worker_id(77), expected }, Conflict),
        (Op::RemoveWorker { id: sample::worker_id(1), expected }, Conflict),
        (Op::RequireWorker(sample::worker_id(3)), DeclaredDead),
        (Op::RequireWorker(sample::worker_id(77)), DeclaredDead),
        (
            Op::CountTowardsLimit(count(LimitScope::App, 1, 10)),
            limit_of(LimitScope::App, LimitExcess::Ceiling { total, ceiling }),
        ),
        (Op::CountTowardsLimit(hasty), limit_of(alice(), LimitExcess::Cooldown { until: at(60) })),
        exists(Op::Post(sample::credit(9, 100)), Existing::Entry),
        (
            Op::RequireRoom { account: sample::account("alice"), ceiling: Amount::new(99) },
            CommitError::NoRoom,
        ),
        (Op::Post(sample::reservation(2, 121)), InsufficientFunds),
        exists(remember(1), Existing::IdempotencyKey),
        exists(Op::Emit(sample::event(1)), Existing::Event),
    ]
}

/// Everything that can be read.
#[derive(Debug, PartialEq)]
struct Contents {
    tips: Vec<Stored<Tip>>,
    found_tips: Vec<Option<Stored<Tip>>>,
    settled: Vec<Stored<Tip>>,
    totals: TipTotals,
    withdrawals: Vec<Stored<Withdrawal>>,
    found_withdrawals: Vec<Option<Stored<Withdrawal>>>,
    attempts: Vec<Option<Stored<Attempt>>>,
    entries: Vec<NumberedEntry>,
    balances: Vec<(UserAccount, Balance)>,
    events: Vec<NumberedEvent>,
    remembered: Vec<Option<IdempotencyRecord>>,
    documents: Vec<Stored<Document>>,
    audit_records: Vec<NumberedAuditRecord>,
    hub: Option<Hub>,
    workers: Vec<ListedWorker>,
}

async fn contents(store: &dyn Store) -> Contents {
    let (app, limit) = (forum(), 100);
    let settled = SettledQuery { app: app.clone(), after: SettledPosition::Start, limit };
    let documents = DocumentQuery { kind: DocumentKind::App, app: None, after: None, limit };
    let (mut found_tips, mut found_withdrawals) = (Vec::new(), Vec::new());
    let (mut attempts, mut remembered) = (Vec::new(), Vec::new());
    for n in [1, 2, 7, 77] {
        let (invoice, hash) = (sample::invoice_of(&sample::tip(n)).encoded, sample::payment_hash(n));
        found_tips.push(store.find_tip(TipLookup::Invoice(invoice)).await.unwrap());
        found_tips.push(store.find_tip(TipLookup::PaymentHash(hash)).await.unwrap());
        let held = WithdrawalLookup::HeldPaymentHash(hash);
        found_withdrawals.push(store.find_withdrawal(held).await.unwrap());
        let latest = AttemptQuery::LatestOf(sample::withdrawal_id(n));
        attempts.push(store.find_attempt(latest).await.unwrap());
        let scope = sample::idempotency_record(n).scope;
        remembered.push(store.find_idempotency(&scope, at(0)).await.unwrap());
    }
    Contents {
        tips: store.tips(TipQuery::All { after: None, limit }).await.unwrap(),
        found_tips,
        settled: store.settled_tips(settled).await.unwrap(),
        totals: store.tip_totals(&app, &sample::user("alice")).await.unwrap(),
        withdrawals: store.withdrawals(WithdrawalQuery::All { after: None, limit }).await.unwrap(),
        found_withdrawals,
        attempts,
        entries: store.entries(EntryQuery::All { after: 0, limit }).await.unwrap(),
        balances: store.balances(BalanceQuery::All { after: None, limit }).await.unwrap(),
        events: store.events(EventQuery { app, after: 0, limit }).await.unwrap(),
        remembered,
        documents: store.documents(documents).await.unwrap(),
        audit_records: store.audit_records(AuditQuery { app: None, before: None, limit }).await.unwrap(),
        hub: store.find_hub().await.unwrap(),
        workers: store.workers(None, limit).await.unwrap(),
    }
}

async fn due_now(store: &dyn Store) -> (usize, usize) {
    let gap = Gap { divisor: 1, shortest: Duration::from_secs(1), longest: Duration::from_secs(1) };
    let take = TakeDue { now: at(100), limit: 100, gap };
    let tips = store.take_due_tips(take).await.unwrap();
    (tips.len(), store.take_due_withdrawals(take).await.unwrap().len())
}

pub async fn a_refused_commit_leaves_nothing_behind(store: Arc<dyn Store>) {
    commit(&*store, before()).await.unwrap();
    let untouched = contents(&*store).await;
    for (op, why) in refused() {
        let told = format!("{op:?}");
        assert_refused(commit(&*store, one_of_each().into_iter().chain([op])).await, why);
        assert_eq!(contents(&*store).await, untouched, "after {told}");
    }
    assert_eq!(due_now(&*store).await, (0, 0), "nothing is due");
    let more = Op::CountTowardsLimit(count(alice(), 1, 4));
    let (total, ceiling) = (Amount::new(5), Amount::new(4));
    let excess = LimitExcess::Ceiling { total, ceiling };
    assert_refused(commit(&*store, [more]).await, LimitExceeded { scope: alice(), excess }.into());

    // The same ops without the refused one fit: nothing of them was there, not even in a limit.
    commit(&*store, one_of_each()).await.unwrap();
    let changed = contents(&*store).await;
    assert_eq!((changed.tips.len(), changed.settled.len(), changed.withdrawals.len()), (2, 1, 2));
    assert_eq!((changed.entries.len(), changed.events.len(), changed.documents.len()), (3, 2, 2));
    assert_eq!(changed.audit_records.len(), 2);
    assert_eq!(due_now(&*store).await, (2, 2));
}

pub async fn a_dropped_commit_is_applied_whole_or_not_at_all(store: Arc<dyn Store>) {
    for n in 1..=20 {
        let _ = commit(&*store, [create_tip(sample::tip(n)), Op::Emit(sample::event(n))]).now_or_never();
    }
    // What was begun may still be under way: two reads may fall before and after it.
    for _ in 0..10_000 {
        let tips = store.tips(TipQuery::All { after: None, limit: 100 }).await.unwrap();
        let events = store.events(EventQuery { app: forum(), after: 0, limit: 100 }).await.unwrap();
        let told: Vec<_> = events.iter().map(|event| event.event.kind).collect();
        let there = |tip: &Stored<Tip>| told.contains(&EventKind::TipSettled(tip.id()));
        if told.len() == tips.len() && tips.iter().all(there) {
            return;
        }
    }
    panic!("half of a commit stays");
}

pub async fn a_read_sees_every_commit_that_returned(store: Arc<dyn Store>) {
    let found = || store.find_tip(TipLookup::Id(sample::tip_id(1)));
    commit(&*store, [create_tip(sample::tip(1))]).await.unwrap();
    for n in 1..=50 {
        let stored = found().await.unwrap().unwrap();
        assert_eq!(stored.version(), Version::from_u64(n));
        let next = stored.clone().into_inner();
        let update = Op::UpdateTip { next, expected: stored.version(), due: None };
        commit(&*store, [update, Op::Post(sample::credit(n, 1)), Op::Emit(sample::event(n))]).await.unwrap();
        let balance = store.balance(&sample::account("alice")).await.unwrap();
        assert_eq!(balance.available, Amount::new(n));
        let events = store.events(EventQuery { app: forum(), after: n - 1, limit: 10 }).await.unwrap();
        assert_eq!(events, [NumberedEvent { number: n, event: sample::event(n) }]);
    }
}

pub async fn an_empty_commit_changes_nothing(store: Arc<dyn Store>) {
    commit(&*store, before()).await.unwrap();
    let untouched = contents(&*store).await;
    commit(&*store, []).await.unwrap();
    assert_eq!(contents(&*store).await, untouched);
}
