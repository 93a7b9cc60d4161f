//! Records to test with: the same number makes the same record, another number another one.
//!
//! Where nothing else is said they belong to the app `forum`, its user `alice` and the asset CKB.

use crate::{
    Acceptance, Amount, App, AppId, AssetId, Attempt, AttemptId, AttemptRecord, AttemptState, AuditRecord,
    ChangeSet, Claim, Destination, Document, DocumentKey, DocumentKind, Entry, EntryKind, EntrySource, Event,
    EventId, EventKind, FailureReason, FeeBearer, Hub, IdempotencyKey, IdempotencyRecord, IdempotencyScope,
    IdempotencySubject, IdempotentMethod, Invoice, Network, NodeKey, Op, Operator, ParamsDigest, PaymentHash,
    PaymentRequestDestination, PostId, SealedSecret, Secret, Timestamp, Tip, TipId, TipState, TipTerms,
    UserAccount, UserId, Withdrawal, WithdrawalId, WithdrawalState, WithdrawalTerms, Worker, WorkerId,
};
use std::iter::successors;
use std::time::Duration;
use uuid::Uuid;

/// When samples begin.
pub const START: Timestamp = Timestamp::from_seconds(1_760_000_000);

/// So many seconds after [`START`].
pub fn at(seconds: u64) -> Timestamp {
    START.plus(Duration::from_secs(seconds))
}

/// The app of most samples.
pub fn forum() -> AppId {
    app_id("forum")
}

/// An app's name.
pub fn app_id(name: &str) -> AppId {
    AppId::new(name).unwrap()
}

/// A user's name.
pub fn user(name: &str) -> UserId {
    UserId::new(name).unwrap()
}

/// The CKB account of a user of the forum.
pub fn account(name: &str) -> UserAccount {
    UserAccount { app: forum(), user: user(name), asset: AssetId::ckb() }
}

/// A tip's id; ids of greater numbers are later.
pub fn tip_id(n: u64) -> TipId {
    TipId::from_uuid(uuid(n))
}

/// A withdrawal's id; ids of greater numbers are later.
pub fn withdrawal_id(n: u64) -> WithdrawalId {
    WithdrawalId::from_uuid(uuid(n))
}

/// An attempt's id; ids of greater numbers are later.
pub fn attempt_id(n: u64) -> AttemptId {
    AttemptId::from_uuid(uuid(n))
}

/// A worker's id.
pub fn worker_id(n: u64) -> WorkerId {
    WorkerId::from_uuid(uuid(n))
}

fn uuid(n: u64) -> Uuid {
    uuid_at(START, n)
}

/// A UUID of version 7 with `n` in place of its random bits.
pub(super) fn uuid_at(time: Timestamp, n: u64) -> Uuid {
    let [a, b, c, d, e, f, g, h] = n.to_be_bytes();
    uuid::Builder::from_unix_timestamp_millis(time.as_millis(), &[0, 0, a, b, c, d, e, f, g, h]).into_uuid()
}

/// A payment hash.
pub fn payment_hash(n: u64) -> PaymentHash {
    let mut bytes = [0xA5; 32];
    bytes[..8].copy_from_slice(&n.to_be_bytes());
    PaymentHash::new(bytes)
}

/// `bob` tips `alice` 100 units of CKB.
pub fn tip_terms() -> TipTerms {
    TipTerms {
        app: forum(),
        post: PostId::new("post-1").unwrap(),
        from_user: user("bob"),
        to_user: user("alice"),
        asset: AssetId::ckb(),
        amount: Amount::new(100),
        message: None,
        anonymous: false,
    }
}

/// A tip in `Creating`.
pub fn tip(n: u64) -> Tip {
    tip_with(n, tip_terms(), TipState::Creating)
}

/// A tip with these terms and this state, created `n` seconds after [`START`].
pub fn tip_with(n: u64, terms: TipTerms, state: TipState) -> Tip {
    Tip::restore(tip_id(n), terms, payment_hash(n), at(n), state)
}

/// The same tip in another state.
pub fn tip_in(tip: &Tip, state: TipState) -> Tip {
    Tip::restore(tip.id(), tip.terms().clone(), tip.payment_hash(), tip.created_at(), state)
}

/// The invoice of a tip, good for an hour.
pub fn invoice_of(tip: &Tip) -> Invoice {
    Invoice {
        encoded: format!("fake1{}", tip.payment_hash()),
        payment_hash: tip.payment_hash(),
        asset: tip.terms().asset.clone(),
        amount: tip.terms().amount,
        expires_at: tip.created_at().plus(Duration::from_secs(3_600)),
    }
}

/// Every state that a tip with this invoice can have, with `at` where a state has a time.
pub fn tip_states(invoice: &Invoice, at: Timestamp) -> Vec<TipState> {
    let invoice = || invoice.clone();
    let next = |state: &TipState| match state {
        TipState::Creating => Some(TipState::Abandoned { at }),
        TipState::Abandoned { .. } => Some(TipState::Unpaid { invoice: invoice() }),
        TipState::Unpaid { .. } => Some(TipState::Expired { invoice: invoice(), at }),
        TipState::Expired { .. } => Some(TipState::Cancelled { invoice: invoice(), at }),
        TipState::Cancelled { .. } => Some(TipState::Settled { invoice: invoice(), at }),
        TipState::Settled { .. } => None,
    };
    successors(Some(TipState::Creating), next).collect()
}

/// `alice` withdraws 10 units of CKB, with a fee of at most 1 that she bears, to an invoice that is
/// good for an hour.
pub fn withdrawal_terms(n: u64) -> WithdrawalTerms {
    WithdrawalTerms {
        app: forum(),
        user: user("alice"),
        asset: AssetId::ckb(),
        amount: Amount::new(10),
        fee_limit: Amount::new(1),
        fee_bearer: FeeBearer::User,
        accepted_as: Acceptance::Pending,
        destination: Destination::PaymentRequest(PaymentRequestDestination {
            encoded: format!("fake1out{n}"),
            payment_hash: payment_hash(n),
            expires_at: at(n + 3_600),
        }),
    }
}

/// A withdrawal in `Pending`.
pub fn withdrawal(n: u64) -> Withdrawal {
    withdrawal_with(n, withdrawal_terms(n), 0, WithdrawalState::Pending)
}

/// A withdrawal with these terms, attempts and state, requested `n` seconds after [`START`].
pub fn withdrawal_with(n: u64, terms: WithdrawalTerms, attempts: u32, state: WithdrawalState) -> Withdrawal {
    Withdrawal::restore(withdrawal_id(n), terms, at(n), at(n), attempts, state)
}

/// The same withdrawal with another count of attempts and another state, since `at`.
pub fn withdrawal_in(
    withdrawal: &Withdrawal,
    attempts: u32,
    state: WithdrawalState,
    at: Timestamp,
) -> Withdrawal {
    let (id, terms) = (withdrawal.id(), withdrawal.terms().clone());
    Withdrawal::restore(id, terms, withdrawal.created_at(), at, attempts, state)
}

/// Every state of a withdrawal, with `attempt` and `at` where a state has one, and every reason of a
/// failure.
pub fn withdrawal_states(attempt: AttemptId, at: Timestamp) -> Vec<WithdrawalState> {
    let last_error = || "no path found — ✗".to_owned();
    let failed = |reason| WithdrawalState::Failed { reason, at };
    let next = |state: &WithdrawalState| match state {
        WithdrawalState::AwaitingReview => Some(WithdrawalState::LiquidityPending),
        WithdrawalState::LiquidityPending => Some(WithdrawalState::Pending),
        WithdrawalState::Pending => Some(WithdrawalState::Processing { attempt }),
        WithdrawalState::Processing { .. } => {
            Some(WithdrawalState::RetryPending { at, last_error: last_error() })
        }
        WithdrawalState::RetryPending { .. } => Some(WithdrawalState::Completed { fee: Amount::new(1), at }),
        WithdrawalState::Completed { .. } => Some(WithdrawalState::Released { attempt, at }),
        WithdrawalState::Released { .. } => {
            Some(WithdrawalState::PaidAfterRelease { fee: Amount::new(2), at })
        }
        WithdrawalState::PaidAfterRelease { .. } => Some(failed(FailureReason::InvoiceExpired)),
        WithdrawalState::Failed { reason: FailureReason::InvoiceExpired, .. } => {
            Some(failed(FailureReason::AttemptsFailed { last_error: last_error() }))
        }
        WithdrawalState::Failed { reason: FailureReason::AttemptsFailed { .. }, .. } => {
            Some(failed(FailureReason::Rejected))
        }
        WithdrawalState::Failed { reason: FailureReason::Rejected, .. } => {
            Some(failed(FailureReason::Released))
        }
        WithdrawalState::Failed { reason: FailureReason::Released, .. } => None,
    };
    successors(Some(WithdrawalState::AwaitingReview), next).collect()
}

/// An attempt in `Sent` to pay the withdrawal of number `withdrawal`.
pub fn attempt(n: u64, withdrawal: u64) -> Attempt {
    Attempt::restore(attempt_record(n, withdrawal, AttemptState::Sent { session: None }))
}

/// An attempt field by field, claimed for a minute.
pub fn attempt_record(n: u64, withdrawal: u64, state: AttemptState) -> AttemptRecord {
    AttemptRecord {
        id: attempt_id(n),
        withdrawal: withdrawal_id(withdrawal),
        payment_hash: payment_hash(withdrawal),
        created_at: at(n),
        claim: Claim { worker: worker_id(1), until: at(n + 60) },
        claims: 1,
        previous_session: None,
        state,
    }
}

/// The same attempt in another state.
pub fn attempt_in(attempt: &Attempt, state: AttemptState) -> Attempt {
    Attempt::restore(AttemptRecord { state, ..attempt.to_record() })
}

/// Every state of an attempt, with `at` where a state has a time; `Sent` and `Failed` with
/// and without a session.
pub fn attempt_states(at: Timestamp) -> Vec<AttemptState> {
    let failed = |session| AttemptState::Failed { reason: "no path found — ✗".to_owned(), at, session };
    let next = |state: &AttemptState| match state {
        AttemptState::Sent { session: None } => Some(AttemptState::Sent { session: Some(at) }),
        AttemptState::Sent { session: Some(_) } => Some(AttemptState::Unknown { since: at }),
        AttemptState::Unknown { .. } => Some(AttemptState::Succeeded { fee: Amount::new(1), at }),
        AttemptState::Succeeded { .. } => Some(failed(None)),
        AttemptState::Failed { session: None, .. } => Some(failed(Some(at))),
        AttemptState::Failed { session: Some(_), .. } => None,
    };
    successors(Some(AttemptState::Sent { session: None }), next).collect()
}

/// `amount` credited to `alice` for the tip of number `n`.
pub fn credit(n: u64, amount: u64) -> Entry {
    entry(EntrySource::Tip(tip_id(n)), EntryKind::TipSettled, amount)
}

/// `amount` reserved for the withdrawal of number `n`.
pub fn reservation(n: u64, amount: u64) -> Entry {
    entry(EntrySource::Withdrawal(withdrawal_id(n)), EntryKind::WithdrawalRequested, amount)
}

/// An entry on `alice`'s account.
pub fn entry(source: EntrySource, kind: EntryKind, amount: u64) -> Entry {
    Entry { source, kind, account: account("alice"), amount: Amount::new(amount), at: START }
}

/// The tip of number `n` was settled.
pub fn event(n: u64) -> Event {
    Event { id: EventId::from_uuid(uuid(n)), app: forum(), kind: EventKind::TipSettled(tip_id(n)), at: at(n) }
}

/// An app of this name.
pub fn app(name: &str) -> App {
    App::new(app_id(name), name, plain(&format!("secret of {name}")), START)
}

/// A secret that is not sealed.
pub fn plain(secret: &str) -> SealedSecret {
    SealedSecret::Plain(Secret::new(secret.as_bytes()))
}

/// The key of the document of an app.
pub fn document_key(name: &str) -> DocumentKey {
    DocumentKey::new(DocumentKind::App, name)
}

/// A document about the forum that says `body`.
pub fn document(kind: DocumentKind, name: &str, body: &str) -> Document {
    let key = DocumentKey::new(kind, name);
    Document { key, app: Some(forum()), body: body.to_owned(), expires_at: None }
}

/// The record of a change in the forum.
pub fn audit_record(n: u64) -> AuditRecord {
    AuditRecord {
        id: uuid(n),
        at: at(n),
        operator: Operator { name: "ann".to_owned(), origin: "a test".to_owned() },
        action: "app.pause".to_owned(),
        app: Some(forum()),
        subject: format!("subject {n}"),
        before: None,
        after: Some("{}".to_owned()),
        reason: "why not".to_owned(),
    }
}

/// The hub.
pub fn hub() -> Hub {
    Hub {
        seed: plain("seed of tests"),
        node: NodeKey::new([2; 33]),
        node_since: at(0),
        network: Network::Dev,
    }
}

/// The scope of a key that `tip.create` was called with.
pub fn idempotency_scope(key: &str) -> IdempotencyScope {
    let key = IdempotencyKey::new(key).unwrap();
    IdempotencyScope { app: forum(), method: IdempotentMethod::TipCreate, key }
}

/// The key `key-n`, which led to the tip of number `n` and is remembered for an hour.
pub fn idempotency_record(n: u64) -> IdempotencyRecord {
    IdempotencyRecord {
        scope: idempotency_scope(&format!("key-{n}")),
        digest: ParamsDigest::of([n.to_be_bytes().as_slice()]),
        subject: IdempotencySubject::Tip(tip_id(n)),
        expires_at: at(3_600),
    }
}

/// A worker that began, and was last heard of, `n` seconds after [`START`].
pub fn worker(n: u64) -> Worker {
    Worker::new(worker_id(n), &format!("host-{n}:7"), at(n))
}

/// A unit of work of these writes. Outside of tests the core alone fills one.
pub fn change_set(ops: impl IntoIterator<Item = Op>) -> ChangeSet {
    ops.into_iter().fold(ChangeSet::new(), ChangeSet::with)
}
