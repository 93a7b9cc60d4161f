use super::*;
use crate::{
    Acceptance, AppId, Attempt, AttemptId, ChangeSet, Claim, Destination, EntryKind, FeeBearer, Invoice,
    InvoiceState, InvoiceStatus, MemoryStore, NodeMemory, Op, PaymentHash, PaymentRequestDestination,
    PaymentState, PaymentStatus, PostId, RetryPolicy, Step, Stored, Timestamp, TipId, TipTerms, UserId,
    Verdict, Version, WithdrawalId, WithdrawalTerms, WorkerId,
};
use uuid::Uuid;

const NOW: Timestamp = Timestamp::from_seconds(1_760_000_000);

fn tip(n: u8) -> Tip {
    let terms = TipTerms {
        app: AppId::new("forum").unwrap(),
        post: PostId::new("42").unwrap(),
        from_user: UserId::new("ann").unwrap(),
        to_user: UserId::new("ben").unwrap(),
        asset: AssetId::ckb(),
        amount: Amount::new(1_000),
        message: None,
        anonymous: false,
    };
    Tip::create(TipId::from_uuid(Uuid::from_u128(n.into())), terms, PaymentHash::new([n; 32]), NOW)
}

fn settled(tip: &Tip) -> Tip {
    let invoice = Invoice {
        encoded: format!("invoice {}", tip.payment_hash()),
        payment_hash: tip.payment_hash(),
        asset: AssetId::ckb(),
        amount: Amount::new(1_000),
        expires_at: NOW,
    };
    match tip.observe(&InvoiceStatus { invoice, state: InvoiceState::Paid }, NOW) {
        Ok(Step::Changed(tip)) => tip,
        other => panic!("{other:?}"),
    }
}

fn withdrawal(n: u8, amount: u64) -> Withdrawal {
    let invoice = PaymentRequestDestination {
        encoded: "theirs".into(),
        payment_hash: PaymentHash::new([n; 32]),
        expires_at: Timestamp::from_seconds(1_760_003_600),
    };
    let terms = WithdrawalTerms {
        app: AppId::new("forum").unwrap(),
        user: UserId::new("ben").unwrap(),
        asset: AssetId::ckb(),
        amount: Amount::new(amount),
        fee_limit: Amount::new(10),
        fee_bearer: FeeBearer::User,
        accepted_as: Acceptance::Pending,
        destination: Destination::PaymentRequest(invoice),
    };
    Withdrawal::request(WithdrawalId::from_uuid(Uuid::from_u128(n.into())), terms, NOW)
}

fn attempt_of(withdrawal: &Withdrawal) -> Attempt {
    let claim = Claim { worker: WorkerId::from_uuid(Uuid::nil()), until: NOW };
    Attempt::send(AttemptId::from_uuid(Uuid::from_u128(99)), withdrawal, None, None, claim, NOW)
}

fn first<T: Clone>(value: &T) -> Stored<T> {
    Stored::new(value.clone(), Version::FIRST)
}

/// A store in which one tip was credited as it must be.
async fn sound_store() -> MemoryStore {
    let store = MemoryStore::new();
    let tip = tip(1);
    store.commit(ChangeSet::new().create_tip(tip.clone(), NOW)).await.unwrap();
    let next = settled(&tip);
    let entries = posting::of_tip(&next);
    let changes = ChangeSet::new().update_tip(&first(&tip), next, NOW);
    store.commit(entries.into_iter().fold(changes, ChangeSet::post)).await.unwrap();
    store
}

/// Requests a withdrawal of 500 with a fee of at most 10, as it must be.
async fn requested(store: &MemoryStore) -> Withdrawal {
    let withdrawal = withdrawal(7, 500);
    let changes = ChangeSet::new().create_withdrawal(withdrawal.clone(), NOW);
    let entries = posting::of_withdrawal(&withdrawal);
    store.commit(entries.into_iter().fold(changes, ChangeSet::post)).await.unwrap();
    withdrawal
}

async fn findings(store: &MemoryStore) -> Vec<String> {
    audit(store).await.unwrap().findings.iter().map(ToString::to_string).collect()
}

#[pollster::test]
async fn a_sound_ledger_has_no_finding_and_sums_to_zero() {
    let store = sound_store().await;
    requested(&store).await;
    let report = audit(&store).await.unwrap();
    assert_eq!(report.findings, []);
    assert_eq!((report.entries, report.accounts, report.tips, report.withdrawals), (2, 1, 1, 1));
    let sum = |kind| report.sums.get(&(AssetId::ckb(), kind)).copied().unwrap_or_default();
    assert_eq!(
        (sum(AccountKind::Fiber), sum(AccountKind::Available), sum(AccountKind::Reserved)),
        (-1_000, 490, 510)
    );
}

#[pollster::test]
async fn a_tip_that_is_settled_without_a_credit_is_found() {
    let store = MemoryStore::new();
    let tip = tip(1);
    store.commit(ChangeSet::new().create_tip(tip.clone(), NOW)).await.unwrap();
    store.commit(ChangeSet::new().update_tip(&first(&tip), settled(&tip), NOW)).await.unwrap();
    let [finding] = findings(&store).await.try_into().unwrap();
    assert!(
        finding.ends_with("is settled and must have tip_settled of 1000, but has no entries"),
        "{finding}"
    );
}

#[pollster::test]
async fn a_credit_without_a_settled_tip_is_found() {
    let store = sound_store().await;
    let unpaid = tip(2);
    store.commit(ChangeSet::new().create_tip(unpaid.clone(), NOW)).await.unwrap();
    let [entry] = posting::of_tip(&settled(&unpaid)).try_into().unwrap();
    store.commit(ChangeSet::new().post(entry.clone())).await.unwrap();
    let stray = Entry { source: EntrySource::Tip(tip(3).id()), ..entry };
    store.commit(ChangeSet::new().post(stray)).await.unwrap();
    let [orphan, uncovered] = findings(&store).await.try_into().unwrap();
    assert!(orphan.ends_with("which does not exist"), "{orphan}");
    assert!(uncovered.ends_with("must have no entries, but has tip_settled of 1000"), "{uncovered}");
}

#[pollster::test]
async fn a_release_of_what_may_have_been_sent_is_found() {
    let store = sound_store().await;
    let withdrawal = requested(&store).await;
    let attempt = attempt_of(&withdrawal);
    let next = withdrawal.start(attempt.id(), NOW).unwrap();
    let release = Entry {
        kind: EntryKind::WithdrawalReleased,
        amount: Amount::new(510),
        ..posting::of_withdrawal(&withdrawal).remove(0)
    };
    let changes = ChangeSet::new().update_withdrawal(&first(&withdrawal), next, NOW);
    store.commit(changes.with(Op::CreateAttempt(attempt)).post(release)).await.unwrap();
    let [finding] = findings(&store).await.try_into().unwrap();
    assert!(
        finding.contains("is processing and must have withdrawal_requested of 510, but has"),
        "{finding}"
    );
}

#[pollster::test]
async fn a_failure_without_proof_and_a_fee_above_the_limit_are_found() {
    let store = sound_store().await;
    let withdrawal = requested(&store).await;
    let attempt = attempt_of(&withdrawal);
    let processing = withdrawal.start(attempt.id(), NOW).unwrap();
    let changes = ChangeSet::new().update_withdrawal(&first(&withdrawal), processing.clone(), NOW);
    store.commit(changes.with(Op::CreateAttempt(attempt.clone()))).await.unwrap();

    // The withdrawal ends, and its attempt stays live.
    let failed = PaymentStatus { created_at: NOW, state: PaymentState::Failed { reason: "no route".into() } };
    let Verdict::Failed(proof) = attempt.judge(Some(&failed), NOW, NodeMemory::Intact, NOW) else { panic!() };
    let next =
        processing.attempt_failed(&proof, RetryPolicy { retries: 0, ..Default::default() }, NOW).unwrap();
    let entries = posting::of_withdrawal_end(&next);
    let loaded = Stored::new(processing, Version::FIRST.next());
    let changes = ChangeSet::new().update_withdrawal(&loaded, next.clone(), NOW);
    store.commit(entries.into_iter().fold(changes, ChangeSet::post)).await.unwrap();
    let [finding] = findings(&store).await.try_into().unwrap();
    assert!(finding.ends_with("is failed, but its latest attempt is sent"), "{finding}");

    let expensive = withdrawal.start(attempt.id(), NOW).unwrap().complete(Amount::new(11), NOW).unwrap();
    let fee_borne = posting::of_withdrawal(&expensive);
    assert_eq!(
        fee_borne.iter().map(|e| (e.kind, e.amount.units())).collect::<Vec<_>>(),
        [
            (EntryKind::WithdrawalRequested, 510),
            (EntryKind::WithdrawalPaid, 510),
            (EntryKind::WithdrawalFeeBorne, 1),
        ]
    );
}

#[pollster::test]
async fn a_fee_above_the_limit_is_found_also_after_a_release() {
    let fee = Amount::new(11);
    for state in
        [WithdrawalState::Completed { fee, at: NOW }, WithdrawalState::PaidAfterRelease { fee, at: NOW }]
    {
        let store = MemoryStore::new();
        let asked = withdrawal(7, 500);
        let paid = Withdrawal::restore(asked.id(), asked.terms().clone(), NOW, NOW, 1, state);
        store.commit(ChangeSet::new().create_withdrawal(paid, NOW)).await.unwrap();
        let found = findings(&store).await;
        assert!(
            found.iter().any(|found| found.ends_with("cost a fee of 11, above its limit of 10")),
            "{found:?}"
        );
    }
}
