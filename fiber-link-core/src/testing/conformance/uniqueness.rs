//! What may be there once is there once, and a store says what is there already.

use super::{assert_refused, commit, create_tip};
use crate::testing::sample::{self, at};
use crate::*;
use std::sync::Arc;

fn create_withdrawal(withdrawal: Withdrawal) -> Op {
    Op::CreateWithdrawal { withdrawal, due: None }
}

/// A withdrawal of number `n` to the invoice of number `invoice`.
fn withdrawal_to(n: u64, invoice: u64) -> Withdrawal {
    sample::withdrawal_with(n, sample::withdrawal_terms(invoice), 0, WithdrawalState::Pending)
}

fn failed(withdrawal: &Withdrawal, attempts: u32) -> Withdrawal {
    let state = WithdrawalState::Failed { reason: FailureReason::InvoiceExpired, at: at(9) };
    sample::withdrawal_in(withdrawal, attempts, state, at(9))
}

fn update(next: Withdrawal, expected: Version) -> Op {
    Op::UpdateWithdrawal { next, expected, due: None }
}

const WITHDRAWAL_EXISTS: CommitError = CommitError::AlreadyExists(Existing::Withdrawal);
const ATTEMPT_EXISTS: CommitError = CommitError::AlreadyExists(Existing::Attempt);

pub async fn a_tip_is_created_once_by_id_and_by_payment_hash(store: Arc<dyn Store>) {
    commit(&*store, [create_tip(sample::tip(1))]).await.unwrap();
    let other_app = TipTerms { app: sample::app_id("wiki"), ..sample::tip_terms() };
    let (hash, another_hash) = (sample::payment_hash(1), sample::payment_hash(2));
    let same_hash = Tip::create(sample::tip_id(2), other_app.clone(), hash, at(0));
    let same_id = Tip::create(sample::tip_id(1), other_app, another_hash, at(0));
    for tip in [sample::tip(1), same_hash, same_id] {
        let refused = commit(&*store, [create_tip(tip)]).await;
        assert_refused(refused, CommitError::AlreadyExists(Existing::Tip));
    }
    assert_eq!(store.find_tip(TipLookup::Id(sample::tip_id(2))).await.unwrap(), None);
    assert_eq!(store.find_tip(TipLookup::PaymentHash(another_hash)).await.unwrap(), None);
}

pub async fn a_withdrawal_is_created_once_by_id(store: Arc<dyn Store>) {
    commit(&*store, [create_withdrawal(sample::withdrawal(1))]).await.unwrap();
    for withdrawal in [sample::withdrawal(1), withdrawal_to(1, 2)] {
        assert_refused(commit(&*store, [create_withdrawal(withdrawal)]).await, WITHDRAWAL_EXISTS);
    }
}

pub async fn a_payment_hash_is_held_by_one_withdrawal_over_all_apps(store: Arc<dyn Store>) {
    commit(&*store, [create_withdrawal(sample::withdrawal(1))]).await.unwrap();
    let terms = WithdrawalTerms { app: sample::app_id("wiki"), ..sample::withdrawal_terms(1) };
    let of_another_app = sample::withdrawal_with(2, terms, 0, WithdrawalState::LiquidityPending);
    for withdrawal in [withdrawal_to(2, 1), of_another_app] {
        assert_refused(commit(&*store, [create_withdrawal(withdrawal)]).await, WITHDRAWAL_EXISTS);
    }
    let held = WithdrawalLookup::HeldPaymentHash(sample::payment_hash(1));
    let holder = store.find_withdrawal(held).await.unwrap().unwrap();
    assert_eq!(holder.id(), sample::withdrawal_id(1));
}

pub async fn a_payment_hash_is_free_again_when_nothing_was_sent_for_it(store: Arc<dyn Store>) {
    let first = sample::withdrawal(1);
    commit(&*store, [create_withdrawal(first.clone())]).await.unwrap();
    commit(&*store, [update(failed(&first, 0), Version::FIRST)]).await.unwrap();
    let held = || WithdrawalLookup::HeldPaymentHash(sample::payment_hash(1));
    assert_eq!(store.find_withdrawal(held()).await.unwrap(), None);
    commit(&*store, [create_withdrawal(withdrawal_to(2, 1))]).await.unwrap();
    let holder = store.find_withdrawal(held()).await.unwrap().unwrap();
    assert_eq!(holder.id(), sample::withdrawal_id(2));
    // The first may be written again without taking the hash back.
    commit(&*store, [update(failed(&first, 0), Version::from_u64(2))]).await.unwrap();
    assert_refused(commit(&*store, [create_withdrawal(withdrawal_to(3, 1))]).await, WITHDRAWAL_EXISTS);
}

pub async fn a_payment_hash_stays_held_after_an_attempt(store: Arc<dyn Store>) {
    let first = sample::withdrawal(1);
    commit(&*store, [create_withdrawal(first.clone())]).await.unwrap();
    commit(&*store, [update(failed(&first, 1), Version::FIRST)]).await.unwrap();
    assert_refused(commit(&*store, [create_withdrawal(withdrawal_to(2, 1))]).await, WITHDRAWAL_EXISTS);

    let second = sample::withdrawal(2);
    let completed = WithdrawalState::Completed { fee: Amount::ZERO, at: at(9) };
    let completed = sample::withdrawal_in(&second, 1, completed, at(9));
    commit(&*store, [create_withdrawal(second)]).await.unwrap();
    commit(&*store, [update(completed, Version::FIRST)]).await.unwrap();
    assert_refused(commit(&*store, [create_withdrawal(withdrawal_to(3, 2))]).await, WITHDRAWAL_EXISTS);
}

pub async fn one_attempt_of_a_withdrawal_is_live(store: Arc<dyn Store>) {
    let create = |n| Op::CreateAttempt(sample::attempt(n, 1));
    let moved = |n, state, expected| Op::UpdateAttempt {
        next: sample::attempt_in(&sample::attempt(n, 1), state),
        expected: Version::from_u64(expected),
    };
    let failed = || AttemptState::Failed { reason: "no path".to_owned(), at: at(9), session: None };
    commit(&*store, [create(1)]).await.unwrap();
    assert_refused(commit(&*store, [create(1)]).await, ATTEMPT_EXISTS);
    assert_refused(commit(&*store, [create(2)]).await, ATTEMPT_EXISTS);
    commit(&*store, [moved(1, AttemptState::Unknown { since: at(5) }, 1)]).await.unwrap();
    assert_refused(commit(&*store, [create(2)]).await, ATTEMPT_EXISTS);
    commit(&*store, [Op::CreateAttempt(sample::attempt(3, 2))]).await.unwrap();

    commit(&*store, [moved(1, failed(), 2)]).await.unwrap();
    commit(&*store, [create(2)]).await.unwrap();
    let back = commit(&*store, [moved(1, AttemptState::Sent { session: None }, 3)]).await;
    assert_refused(back, ATTEMPT_EXISTS);
    let succeeded = AttemptState::Succeeded { fee: Amount::ZERO, at: at(9) };
    commit(&*store, [moved(2, succeeded, 1)]).await.unwrap();
    assert_refused(commit(&*store, [create(1)]).await, ATTEMPT_EXISTS);
}

pub async fn apps_and_the_hub_are_created_once(store: Arc<dyn Store>) {
    let create = |app: &App| Op::CreateDocument(app.to_document());
    let forum = sample::app("forum");
    commit(&*store, [create(&forum), Op::CreateHub(sample::hub())]).await.unwrap();
    let app = App::new(sample::forum(), "another", sample::plain("another"), at(9));
    let hub = Hub { seed: sample::plain("another"), network: Network::Mainnet, ..sample::hub() };
    let exists = CommitError::AlreadyExists(Existing::Document);
    assert_refused(commit(&*store, [create(&app)]).await, exists);
    assert_refused(commit(&*store, [Op::CreateHub(hub)]).await, CommitError::AlreadyExists(Existing::Hub));
    let found = find_app(&*store, &sample::forum()).await.unwrap();
    assert_eq!(found, Some(Stored::new(forum, Version::FIRST)));
    assert_eq!(store.find_hub().await.unwrap(), Some(sample::hub()));
    commit(&*store, [create(&sample::app("wiki"))]).await.unwrap();
}

pub async fn an_idempotency_key_is_remembered_until_it_expires(store: Arc<dyn Store>) {
    let first = sample::idempotency_record(1);
    let second = IdempotencyRecord {
        digest: ParamsDigest::of([b"other".as_slice()]),
        subject: IdempotencySubject::Withdrawal(sample::withdrawal_id(2)),
        expires_at: at(7_200),
        ..first.clone()
    };
    let remember = |record: &IdempotencyRecord, now| Op::Remember { record: record.clone(), now };
    let exists = || CommitError::AlreadyExists(Existing::IdempotencyKey);
    let last = first.expires_at.minus(std::time::Duration::from_millis(1));

    commit(&*store, [remember(&first, at(0))]).await.unwrap();
    assert_refused(commit(&*store, [remember(&first, at(0))]).await, exists());
    assert_refused(commit(&*store, [remember(&second, last)]).await, exists());
    assert_eq!(store.find_idempotency(&first.scope, last).await.unwrap(), Some(first.clone()));
    assert_eq!(store.find_idempotency(&first.scope, first.expires_at).await.unwrap(), None);

    commit(&*store, [remember(&second, first.expires_at)]).await.unwrap();
    assert_eq!(store.find_idempotency(&first.scope, at(3_600)).await.unwrap(), Some(second.clone()));
    assert_refused(commit(&*store, [remember(&first, at(3_600))]).await, exists());
}

pub async fn an_idempotency_key_belongs_to_its_app_and_method(store: Arc<dyn Store>) {
    let record = sample::idempotency_record(1);
    let scopes = [
        record.scope.clone(),
        IdempotencyScope { app: sample::app_id("wiki"), ..record.scope.clone() },
        IdempotencyScope { method: IdempotentMethod::WithdrawalRequest, ..record.scope.clone() },
        IdempotencyScope { key: IdempotencyKey::new("KEY-1").unwrap(), ..record.scope.clone() },
    ];
    for (n, scope) in (1..).zip(&scopes) {
        assert_eq!(store.find_idempotency(scope, at(0)).await.unwrap(), None);
        let subject = IdempotencySubject::Tip(sample::tip_id(n));
        let record = IdempotencyRecord { scope: scope.clone(), subject, ..record.clone() };
        commit(&*store, [Op::Remember { record: record.clone(), now: at(0) }]).await.unwrap();
        assert_eq!(store.find_idempotency(scope, at(0)).await.unwrap(), Some(record));
    }
}
