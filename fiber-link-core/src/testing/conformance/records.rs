//! Records are read back as they were written, and replaced on the version that was read.

use super::{assert_refused, commit, create_tip};
use crate::testing::sample::{self, at};
use crate::*;
use std::sync::Arc;

pub async fn every_state_of_a_tip_is_read_back_as_written(store: Arc<dyn Store>) {
    let kinds = [(1, None, true), (2, Some("grüße ✓ 'quoted' \"too\" \\ \n".to_owned()), false)];
    for (n, message, anonymous) in kinds {
        let terms = TipTerms { message, anonymous, ..sample::tip_terms() };
        let tip = sample::tip_with(n, terms, TipState::Creating);
        let invoice = sample::invoice_of(&tip);
        let mut version = Version::FIRST;
        commit(&*store, [create_tip(tip.clone())]).await.unwrap();
        for state in sample::tip_states(&invoice, at(77)) {
            let next = sample::tip_in(&tip, state);
            let update = Op::UpdateTip { next: next.clone(), expected: version, due: None };
            commit(&*store, [update]).await.unwrap();
            version = version.next();

            let stored = Some(Stored::new(next, version));
            assert_eq!(store.find_tip(TipLookup::Id(tip.id())).await.unwrap(), stored);
            assert_eq!(store.find_tip(TipLookup::PaymentHash(tip.payment_hash())).await.unwrap(), stored);
            let by_invoice = store.find_tip(TipLookup::Invoice(invoice.encoded.clone())).await.unwrap();
            assert_eq!(by_invoice, stored.filter(|tip| tip.invoice().is_some()));
        }
    }
}

pub async fn every_state_of_a_withdrawal_is_read_back_as_written(store: Arc<dyn Store>) {
    let kinds = [
        (1, FeeBearer::User, Acceptance::Pending),
        (2, FeeBearer::Hub, Acceptance::LiquidityPending),
        (3, FeeBearer::User, Acceptance::AwaitingReview),
    ];
    for (n, fee_bearer, accepted_as) in kinds {
        let terms = WithdrawalTerms { fee_bearer, accepted_as, ..sample::withdrawal_terms(n) };
        let withdrawal = sample::withdrawal_with(n, terms, 0, WithdrawalState::Pending);
        let mut version = Version::FIRST;
        let create = Op::CreateWithdrawal { withdrawal: withdrawal.clone(), due: None };
        commit(&*store, [create]).await.unwrap();
        for (attempts, state) in (1..).zip(sample::withdrawal_states(sample::attempt_id(9), at(77))) {
            let next = sample::withdrawal_in(&withdrawal, attempts, state, at(78));
            let update = Op::UpdateWithdrawal { next: next.clone(), expected: version, due: None };
            commit(&*store, [update]).await.unwrap();
            version = version.next();

            let stored = Some(Stored::new(next, version));
            let by_id = WithdrawalLookup::Id(withdrawal.id());
            assert_eq!(store.find_withdrawal(by_id).await.unwrap(), stored);
            let by_hash = WithdrawalLookup::HeldPaymentHash(sample::payment_hash(n));
            assert_eq!(store.find_withdrawal(by_hash).await.unwrap(), stored);
        }
    }
}

pub async fn every_state_of_an_attempt_is_read_back_as_written(store: Arc<dyn Store>) {
    for (n, previous_session) in [(1, None), (2, Some(at(5)))] {
        let sent = AttemptRecord {
            previous_session,
            ..sample::attempt_record(n, n, AttemptState::Sent { session: None })
        };
        let mut version = Version::FIRST;
        commit(&*store, [Op::CreateAttempt(Attempt::restore(sent.clone()))]).await.unwrap();
        for (claims, state) in (1..).zip(sample::attempt_states(at(77))) {
            let claim = Claim { worker: sample::worker_id(claims), until: at(claims) };
            let claims = u32::try_from(claims).unwrap();
            let next = Attempt::restore(AttemptRecord { claim, claims, state, ..sent.clone() });
            commit(&*store, [Op::UpdateAttempt { next: next.clone(), expected: version }]).await.unwrap();
            version = version.next();

            let found = store.find_attempt(AttemptQuery::LatestOf(sample::withdrawal_id(n))).await.unwrap();
            assert_eq!(found, Some(Stored::new(next, version)));
        }
    }
}

pub async fn the_longest_and_the_largest_are_read_back_as_written(store: Arc<dyn Store>) {
    let (name, far) = ("ü".repeat(127), Timestamp::from_millis(253_402_300_799_999));
    let asset = AssetId::new("x".repeat(255)).unwrap();
    let app = sample::app_id(&"~".repeat(255));
    let terms = TipTerms {
        app: app.clone(),
        post: PostId::new(name.clone()).unwrap(),
        from_user: sample::user(" '; -- "),
        to_user: sample::user(&name),
        asset: asset.clone(),
        amount: Amount::MAX,
        message: Some("✓".repeat(280)),
        anonymous: false,
    };
    let tip = Tip::restore(sample::tip_id(1), terms, sample::payment_hash(1), far, TipState::Creating);
    let invoice = Invoice { encoded: "fake1".repeat(400), expires_at: far, ..sample::invoice_of(&tip) };
    let tip = sample::tip_in(&tip, TipState::Expired { invoice: invoice.clone(), at: far });
    commit(&*store, [create_tip(tip.clone())]).await.unwrap();
    let stored = store.find_tip(TipLookup::Invoice(invoice.encoded)).await.unwrap().unwrap();
    assert_eq!(*stored, tip);

    let account = UserAccount { app, user: sample::user(&name), asset };
    let entry = Entry { amount: Amount::MAX, account: account.clone(), at: far, ..sample::credit(1, 0) };
    commit(&*store, [Op::Post(entry.clone())]).await.unwrap();
    let balance = Balance { available: Amount::MAX, reserved: Amount::ZERO };
    assert_eq!(store.balance(&account).await.unwrap(), balance);
    let entries = store.entries(EntryQuery::Of(entry.source)).await.unwrap();
    assert_eq!(entries.into_iter().map(|numbered| numbered.entry).collect::<Vec<_>>(), [entry]);

    let terms =
        WithdrawalTerms { amount: Amount::MAX, fee_limit: Amount::MAX, ..sample::withdrawal_terms(1) };
    let completed = WithdrawalState::Completed { fee: Amount::MAX, at: far };
    let withdrawal = sample::withdrawal_with(1, terms, u32::MAX, completed);
    commit(&*store, [Op::CreateWithdrawal { withdrawal: withdrawal.clone(), due: None }]).await.unwrap();
    let stored = store.find_withdrawal(WithdrawalLookup::Id(withdrawal.id())).await.unwrap().unwrap();
    assert_eq!(*stored, withdrawal);
}

pub async fn what_is_missing_is_found_to_be_missing(store: Arc<dyn Store>) {
    commit(&*store, [create_tip(sample::tip(1)), Op::CreateDocument(sample::app("forum").to_document())])
        .await
        .unwrap();
    for lookup in [
        TipLookup::Id(sample::tip_id(2)),
        TipLookup::PaymentHash(sample::payment_hash(2)),
        TipLookup::Invoice(sample::invoice_of(&sample::tip(1)).encoded),
        TipLookup::Invoice(String::new()),
    ] {
        assert_eq!(store.find_tip(lookup.clone()).await.unwrap(), None, "{lookup:?}");
    }
    let held = WithdrawalLookup::HeldPaymentHash(sample::payment_hash(1));
    assert_eq!(store.find_withdrawal(held).await.unwrap(), None);
    let unknown = WithdrawalLookup::Id(sample::withdrawal_id(1));
    assert_eq!(store.find_withdrawal(unknown).await.unwrap(), None);
    assert_eq!(store.find_attempt(AttemptQuery::NewestSucceeded).await.unwrap(), None);
    assert_eq!(store.find_document(&sample::document_key("Forum")).await.unwrap(), None);
    let of_another_kind = DocumentKey::new(DocumentKind::PausedUser, "forum");
    assert_eq!(store.find_document(&of_another_kind).await.unwrap(), None);
    assert_eq!(store.find_hub().await.unwrap(), None);
    let totals = store.tip_totals(&sample::forum(), &sample::user("nobody")).await.unwrap();
    assert_eq!(totals, TipTotals::default());
    assert_eq!(store.balance(&sample::account("nobody")).await.unwrap(), Balance::default());
}

pub async fn apps_and_the_hub_are_read_back_as_written(store: Arc<dyn Store>) {
    let secret = SealedSecret::Plain(Secret::new((0..=255).collect::<Vec<u8>>()));
    let app = App::new(sample::forum(), "grüße ✓", secret, at(7));
    let app = app.rotate(sample::plain("another"), at(8), at(7)).unwrap();
    let switches = Switches { tips_paused: true, withdrawals_paused: false };
    let app = App { paused_users: 3, state: AppState::Closed(switches), ..app.with_late_uses(1, 7, at(9)) };
    commit(&*store, [Op::CreateDocument(app.to_document()), Op::CreateHub(sample::hub())]).await.unwrap();
    let found = find_app(&*store, &app.id).await.unwrap();
    assert_eq!(found, Some(Stored::new(app, Version::FIRST)));
    assert_eq!(store.find_hub().await.unwrap(), Some(sample::hub()));
}

pub async fn the_seed_is_sealed_anew_on_what_was_read(store: Arc<dyn Store>) {
    let key = Keyring::parse(&format!("new:{}", "07".repeat(32))).unwrap();
    let sealed = key.seal(&Secret::new(*b"seed of tests"), Purpose::Seed).unwrap();
    let seal = |expected, next| Op::SealSeed { expected, next };
    let refused = commit(&*store, [seal(sample::hub().seed, sealed.clone())]).await;
    assert_refused(refused, CommitError::Conflict);
    commit(&*store, [Op::CreateHub(sample::hub())]).await.unwrap();
    let refused = commit(&*store, [seal(sample::plain("another"), sealed.clone())]).await;
    assert_refused(refused, CommitError::Conflict);
    assert_eq!(store.find_hub().await.unwrap(), Some(sample::hub()));
    commit(&*store, [seal(sample::hub().seed, sealed.clone())]).await.unwrap();
    assert_eq!(store.find_hub().await.unwrap(), Some(Hub { seed: sealed, ..sample::hub() }));
    let again = commit(&*store, [seal(sample::hub().seed, sample::plain("another"))]).await;
    assert_refused(again, CommitError::Conflict);
}

pub async fn the_node_of_the_hub_is_replaced(store: Arc<dyn Store>) {
    let (node, since) = (NodeKey::new([9; 33]), at(7));
    let refused = commit(&*store, [Op::AcceptNode { node, since }]).await;
    assert!(matches!(refused, Err(CommitError::Conflict)), "there is no hub yet");
    assert_eq!(store.find_hub().await.unwrap(), None);
    commit(&*store, [Op::CreateHub(sample::hub())]).await.unwrap();
    commit(&*store, [Op::AcceptNode { node, since }]).await.unwrap();
    assert_eq!(store.find_hub().await.unwrap(), Some(Hub { node, node_since: since, ..sample::hub() }));
}

pub async fn each_update_counts_one_version_up(store: Arc<dyn Store>) {
    commit(&*store, [create_tip(sample::tip(1))]).await.unwrap();
    for n in 1..=5 {
        let stored = store.find_tip(TipLookup::Id(sample::tip_id(1))).await.unwrap().unwrap();
        assert_eq!(stored.version(), Version::from_u64(n));
        commit(&*store, [update_tip(1, n)]).await.unwrap();
    }
}

fn update_tip(n: u64, expected: u64) -> Op {
    Op::UpdateTip { next: sample::tip(n), expected: Version::from_u64(expected), due: None }
}

pub async fn a_stale_version_of_a_tip_conflicts(store: Arc<dyn Store>) {
    commit(&*store, [create_tip(sample::tip(1))]).await.unwrap();
    commit(&*store, [update_tip(1, 1)]).await.unwrap();
    let stored = store.find_tip(TipLookup::Id(sample::tip_id(1))).await.unwrap();
    let tip = sample::tip(1);
    let open = TipState::Unpaid { invoice: sample::invoice_of(&tip) };
    for state in [TipState::Abandoned { at: at(9) }, open] {
        let next = sample::tip_in(&tip, state);
        for expected in [0, 1, 3] {
            let expected = Version::from_u64(expected);
            let update = Op::UpdateTip { next: next.clone(), expected, due: None };
            assert_refused(commit(&*store, [update]).await, CommitError::Conflict);
        }
    }
    assert_eq!(store.find_tip(TipLookup::Id(sample::tip_id(1))).await.unwrap(), stored);
}

pub async fn a_stale_version_of_a_withdrawal_conflicts(store: Arc<dyn Store>) {
    let update = |state, expected| Op::UpdateWithdrawal {
        next: sample::withdrawal_in(&sample::withdrawal(1), 0, state, at(9)),
        expected: Version::from_u64(expected),
        due: None,
    };
    commit(&*store, [Op::CreateWithdrawal { withdrawal: sample::withdrawal(1), due: None }]).await.unwrap();
    commit(&*store, [update(WithdrawalState::LiquidityPending, 1)]).await.unwrap();
    let find = || store.find_withdrawal(WithdrawalLookup::Id(sample::withdrawal_id(1)));
    let stored = find().await.unwrap();
    for expected in [0, 1, 3] {
        let refused = commit(&*store, [update(WithdrawalState::Pending, expected)]).await;
        assert_refused(refused, CommitError::Conflict);
    }
    assert_eq!(find().await.unwrap(), stored);
}

pub async fn a_stale_version_of_an_attempt_conflicts(store: Arc<dyn Store>) {
    let update = |second, expected| Op::UpdateAttempt {
        next: sample::attempt_in(&sample::attempt(1, 1), AttemptState::Unknown { since: at(second) }),
        expected: Version::from_u64(expected),
    };
    commit(&*store, [Op::CreateAttempt(sample::attempt(1, 1))]).await.unwrap();
    commit(&*store, [update(1, 1)]).await.unwrap();
    let find = || store.find_attempt(AttemptQuery::LatestOf(sample::withdrawal_id(1)));
    let stored = find().await.unwrap();
    for expected in [0, 1, 3] {
        assert_refused(commit(&*store, [update(2, expected)]).await, CommitError::Conflict);
    }
    assert_eq!(find().await.unwrap(), stored);
}

pub async fn an_update_of_a_missing_record_conflicts(store: Arc<dyn Store>) {
    let expected = Version::FIRST;
    let updates = [
        update_tip(1, 1),
        Op::UpdateWithdrawal { next: sample::withdrawal(1), expected, due: None },
        Op::UpdateAttempt { next: sample::attempt(1, 1), expected },
    ];
    for update in updates {
        assert_refused(commit(&*store, [update]).await, CommitError::Conflict);
    }
    assert_eq!(store.find_tip(TipLookup::Id(sample::tip_id(1))).await.unwrap(), None);
}
