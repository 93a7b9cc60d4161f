use super::*;
use crate::testing::sample::{self, account, app_id, at, forum, user};
use crate::testing::{MockStore, sample::change_set};
use crate::*;
use proptest::prelude::*;
use std::sync::Arc;
use std::time::Duration;

fn administration(store: Arc<dyn Store>) -> Administration {
    let operator = Operator { name: "ann".to_owned(), origin: "test".to_owned() };
    Administration::new(store, operator)
}

fn asset(n: u64) -> AssetId {
    AssetId::new(if n.is_multiple_of(3) { "USDI" } else { "CKB" }).unwrap()
}

fn app(n: u64) -> AppId {
    app_id(if n.is_multiple_of(4) { "wiki" } else { "forum" })
}

fn name(n: u64) -> UserId {
    user(["ann", "bob", "cid"][usize::try_from(n % 3).unwrap()])
}

fn tip(n: u64) -> Tip {
    let terms = TipTerms {
        app: app(n),
        post: PostId::new(format!("post-{}", n % 2)).unwrap(),
        from_user: name(n),
        to_user: name(n / 3),
        asset: asset(n / 2),
        ..sample::tip_terms()
    };
    let tip = sample::tip_with(n, terms, TipState::Creating);
    let states = sample::tip_states(&sample::invoice_of(&tip), at(9));
    let state = states[usize::try_from(n / 5).unwrap() % states.len()].clone();
    sample::tip_in(&tip, state)
}

fn withdrawal(n: u64) -> Withdrawal {
    let states = sample::withdrawal_states(sample::attempt_id(1), at(9));
    let terms =
        WithdrawalTerms { app: app(n), user: name(n), asset: asset(n / 2), ..sample::withdrawal_terms(n) };
    sample::withdrawal_with(n, terms, 1, states[usize::try_from(n / 5).unwrap() % states.len()].clone())
}

fn entry(n: u64) -> Entry {
    let account = UserAccount { app: app(n), user: name(n), asset: asset(n / 2) };
    Entry { account, at: at(n), ..sample::credit(n, n) }
}

fn record(n: u64) -> AuditRecord {
    let record = sample::audit_record(n);
    let operator = Operator { name: name(n).to_string(), ..record.operator.clone() };
    let of = (!n.is_multiple_of(5)).then(|| app(n));
    AuditRecord {
        app: of,
        operator,
        action: format!("do.{}", n % 2),
        subject: name(n / 3).to_string(),
        ..record
    }
}

const ROWS: u64 = 80;

fn filled() -> Administration {
    let store = Arc::new(MemoryStore::new());
    for n in 1..=ROWS {
        let ops = [
            Op::CreateTip { tip: tip(n), due: None },
            Op::CreateWithdrawal { withdrawal: withdrawal(n), due: None },
            Op::Post(entry(n)),
            Op::Audit(record(n)),
        ];
        pollster::block_on(store.commit(change_set(ops))).unwrap();
    }
    administration(store)
}

fn names() -> impl Strategy<Value = Option<UserId>> {
    prop::option::of((0..3u64).prop_map(name))
}

fn apps() -> impl Strategy<Value = Option<AppId>> {
    prop::option::of((3..5u64).prop_map(app))
}

fn assets() -> impl Strategy<Value = Option<AssetId>> {
    prop::option::of((2..4u64).prop_map(asset))
}

fn spans() -> impl Strategy<Value = Span> {
    let moment = || prop::option::of((0..ROWS).prop_map(at));
    (moment(), moment()).prop_map(|(from, until)| Span { from, until })
}

prop_compose! {
    fn tip_filters()(
        app in apps(), user in names(), side in 0..3, asset in assets(), created in spans(),
        phase in prop::option::of(prop::sample::select(vec![TipPhase::Open, TipPhase::Settled, TipPhase::Ended])),
        state in prop::option::of(prop::sample::select(TipState::NAMES.map(|(name, _)| name).to_vec())),
        post in prop::option::of((0..2u64).prop_map(|n| PostId::new(format!("post-{n}")).unwrap())),
    ) -> TipFilter {
        let user = user.map(|user| match side {
            0 => TipUser::Payer(user),
            1 => TipUser::Payee(user),
            _ => TipUser::Either(user),
        });
        TipFilter { app, phase, state, user, post, asset, created }
    }
}

fn wants_tip(filter: &TipFilter, tip: &Tip) -> bool {
    let (terms, state) = (tip.terms(), tip.state());
    let of_user = match &filter.user {
        None => true,
        Some(TipUser::Payer(user)) => terms.from_user == *user,
        Some(TipUser::Payee(user)) => terms.to_user == *user,
        Some(TipUser::Either(user)) => [&terms.from_user, &terms.to_user].contains(&user),
    };
    of_user
        && filter.app.iter().all(|app| *app == terms.app)
        && filter.phase.iter().all(|phase| *phase == state.phase())
        && filter.state.iter().all(|name| *name == state.as_str())
        && filter.post.iter().all(|post| *post == terms.post)
        && filter.asset.iter().all(|asset| *asset == terms.asset)
        && filter.created.contains(tip.created_at())
}

/// All pages, one after the other.
macro_rules! all_pages {
    ($administration:ident.$list:ident($filter:expr, $limit:expr)) => {{
        let (mut rows, mut before) = (Vec::new(), None);
        loop {
            let page = pollster::block_on($administration.$list($filter, before, $limit)).unwrap();
            assert!(page.rows.len() <= usize::try_from($limit).unwrap());
            rows.extend(page.rows);
            before = page.next;
            if before.is_none() {
                break rows;
            }
        }
    }};
}

proptest! {
    #[test]
    fn lists_of_tips_are_what_a_filter_leaves_of_all(filter in tip_filters(), limit in 1u32..30) {
        let filled = filled();
        let expected: Vec<_> = (1..=ROWS).rev().map(tip).filter(|tip| wants_tip(&filter, tip)).collect();
        prop_assert_eq!(all_pages!(filled.tips(&filter, limit)), expected);
    }

    #[test]
    fn lists_of_withdrawals_are_what_a_filter_leaves_of_all(
        app in apps(), user in names(), asset in assets(), created in spans(), limit in 1u32..30,
        state in prop::option::of(prop::sample::select(WithdrawalState::NAMES.to_vec())),
    ) {
        let filled = filled();
        let filter = WithdrawalFilter { app, state, user, asset, created };
        let wanted = |withdrawal: &Withdrawal| {
            let terms = withdrawal.terms();
            filter.app.iter().all(|app| *app == terms.app)
                && filter.state.iter().all(|state| *state == withdrawal.state().as_str())
                && filter.user.iter().all(|user| *user == terms.user)
                && filter.asset.iter().all(|asset| *asset == terms.asset)
                && filter.created.contains(withdrawal.created_at())
        };
        let expected: Vec<_> = (1..=ROWS).rev().map(withdrawal).filter(wanted).collect();
        prop_assert_eq!(all_pages!(filled.withdrawals(&filter, limit)), expected);
    }

    #[test]
    fn lists_of_entries_are_what_a_filter_leaves_of_all(
        app in apps(), user in names(), asset in assets(), at in spans(), limit in 1u32..30,
        source in prop::option::of((1..=ROWS).prop_map(|n| EntrySource::Tip(sample::tip_id(n)))),
    ) {
        let filled = filled();
        let filter = EntryFilter { app, user, asset, source, at };
        let wanted = |entry: &Entry| {
            filter.app.iter().all(|app| *app == entry.account.app)
                && filter.user.iter().all(|user| *user == entry.account.user)
                && filter.asset.iter().all(|asset| *asset == entry.account.asset)
                && filter.source.iter().all(|source| *source == entry.source)
                && filter.at.contains(entry.at)
        };
        let expected: Vec<_> = (1..=ROWS).rev().map(entry).filter(wanted).collect();
        let entries = all_pages!(filled.entries(&filter, limit));
        prop_assert_eq!(entries.into_iter().map(|row| row.entry).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn lists_of_audit_records_are_what_a_filter_leaves_of_all(
        app in apps(), operator in names(), subject in names(), at in spans(), limit in 1u32..30,
        action in prop::option::of((0..2u64).prop_map(|n| format!("do.{n}"))),
    ) {
        let filled = filled();
        let (operator, subject) = (operator.map(|name| name.to_string()), subject.map(|name| name.to_string()));
        let filter = AuditFilter { app, operator, action, subject, at };
        let wanted = |record: &AuditRecord| {
            filter.app.iter().all(|app| record.app.as_ref() == Some(app))
                && filter.operator.iter().all(|name| *name == record.operator.name)
                && filter.action.iter().all(|action| *action == record.action)
                && filter.subject.iter().all(|subject| *subject == record.subject)
                && filter.at.contains(record.at)
        };
        let expected: Vec<_> = (1..=ROWS).rev().map(record).filter(wanted).collect();
        let records = all_pages!(filled.audit_records(&filter, limit));
        prop_assert_eq!(records.into_iter().map(|row| row.record).collect::<Vec<_>>(), expected);
    }
}

#[pollster::test]
async fn a_list_of_a_time_begins_with_the_ids_of_that_time_and_ends_soon_after_it() {
    let day = Duration::from_secs(24 * 3600);
    let made = |at: Timestamp| {
        let id = TipId::from_uuid(RandomIds.next_id(at));
        Stored::new(Tip::create(id, sample::tip_terms(), sample::payment_hash(1), at), Version::FIRST)
    };
    let (from, until) = (at(0).plus(day * 100), at(0).plus(day * 101));
    let mut store = MockStore::new();
    store.expect_tips().times(1).returning(move |query| {
        let TipQuery::Newest { before: Some(before), limit: 10, .. } = query else {
            panic!("{query:?} begins at the newest")
        };
        let later = TipId::from_uuid(RandomIds.next_id(until.plus(Duration::from_secs(2))));
        assert!(made(until).id() < before && before < later);
        Ok((0..10).map(|n| made(until.minus(day * n / 2))).collect())
    });
    let administration = administration(Arc::new(store));
    let filter = TipFilter { created: Span { from: Some(from), until: Some(until) }, ..TipFilter::default() };
    let page = administration.tips(&filter, None, 10).await.unwrap();
    assert_eq!((page.rows.len(), page.next), (2, None), "half a day before the end, and a day before it");
}

#[pollster::test]
async fn attempts_of_a_withdrawal_are_listed_for_its_app_alone() {
    let store = Arc::new(MemoryStore::new());
    let failed = AttemptState::Failed { reason: "no path".to_owned(), at: at(9), session: None };
    let attempt = |n| Attempt::restore(sample::attempt_record(n, 1, failed.clone()));
    let attempts = [1, 2, 3].map(attempt);
    let create = Op::CreateWithdrawal { withdrawal: sample::withdrawal(1), due: None };
    let ops = attempts.clone().map(Op::CreateAttempt).into_iter().chain([create]);
    store.commit(change_set(ops)).await.unwrap();
    let administration = administration(store);
    let id = sample::withdrawal_id(1);
    assert_eq!(administration.attempts(None, id).await.unwrap(), attempts);
    assert_eq!(administration.attempts(Some(&forum()), id).await.unwrap(), attempts);
    assert_eq!(administration.attempts(Some(&app_id("wiki")), id).await.unwrap(), []);
    assert_eq!(administration.attempts(None, sample::withdrawal_id(2)).await.unwrap(), []);
}

#[pollster::test]
async fn a_text_is_found_as_what_it_names_and_in_its_app_alone() {
    let store = Arc::new(MemoryStore::new());
    let tip = sample::tip(1);
    let tip = sample::tip_in(&tip, TipState::Unpaid { invoice: sample::invoice_of(&tip) });
    let withdrawal = sample::withdrawal(2);
    let ops = [
        Op::CreateTip { tip: tip.clone(), due: None },
        Op::CreateWithdrawal { withdrawal: withdrawal.clone(), due: None },
        Op::CreateDocument(sample::app("forum").to_document()),
        Op::CreateDocument(sample::app("wiki").to_document()),
        Op::Post(Entry { account: account("zoe"), ..sample::credit(1, 5) }),
    ];
    store.commit(change_set(ops)).await.unwrap();
    let administration = administration(store);
    let Destination::PaymentRequest(destination) = withdrawal.terms().destination.clone();
    let (tip_hash, hash) = (tip.payment_hash(), withdrawal.payment_hash());
    let found_tip = vec![Found::Tip(Box::new(tip.clone()))];
    let found_withdrawal = vec![Found::Withdrawal(Box::new(withdrawal.clone()))];
    let balances = vec![(AssetId::ckb(), Balance { available: Amount::new(5), reserved: Amount::ZERO })];
    let of_user = |name, balances| vec![Found::User { app: forum(), user: user(name), balances }];
    let names = [
        (tip.id().to_string(), found_tip.clone()),
        (tip_hash.to_string(), found_tip.clone()),
        (format!(" 0x{tip_hash}\n"), found_tip.clone()),
        (sample::invoice_of(&tip).encoded, found_tip),
        (withdrawal.id().to_string(), found_withdrawal.clone()),
        (hash.to_string(), found_withdrawal.clone()),
        (destination.encoded, found_withdrawal),
        ("zoe".to_owned(), of_user("zoe", balances)),
        ("bob".to_owned(), of_user("bob", vec![])),
        ("forum".to_owned(), vec![Found::App(Box::new(sample::app("forum")))]),
        ("nobody".to_owned(), vec![]),
        (String::new(), vec![]),
        ("a\u{7}b".to_owned(), vec![]),
        ("x".repeat(10_000), vec![]),
    ];
    for (text, expected) in names {
        assert_eq!(administration.search(None, &text).await.unwrap(), expected, "{text}");
        assert_eq!(administration.search(Some(&forum()), &text).await.unwrap(), expected, "{text}");
        assert_eq!(administration.search(Some(&app_id("wiki")), &text).await.unwrap(), [], "{text}");
    }
}

#[pollster::test]
async fn all_withdrawals_of_one_invoice_are_found_by_who_may_see_them() {
    let store = Arc::new(MemoryStore::new());
    let failed = || WithdrawalState::Failed { reason: FailureReason::InvoiceExpired, at: at(9) };
    let withdrawal = |n, app: &str| {
        let terms = WithdrawalTerms { app: app_id(app), ..sample::withdrawal_terms(1) };
        sample::withdrawal_with(n, terms, 0, failed())
    };
    let all = [withdrawal(1, "forum"), withdrawal(2, "forum"), withdrawal(3, "wiki")];
    for withdrawal in &all {
        let create = Op::CreateWithdrawal { withdrawal: withdrawal.clone(), due: None };
        store.commit(change_set([create])).await.unwrap();
    }
    let administration = administration(store);
    let Destination::PaymentRequest(invoice) = all[0].terms().destination.clone();
    let found = |ones: &[usize]| -> Vec<_> {
        ones.iter().map(|one| Found::Withdrawal(Box::new(all[*one].clone()))).collect()
    };
    for text in [invoice.encoded, invoice.payment_hash.to_string()] {
        assert_eq!(administration.search(None, &text).await.unwrap(), found(&[2, 1, 0]));
        assert_eq!(administration.search(Some(&forum()), &text).await.unwrap(), found(&[1, 0]));
        assert_eq!(administration.search(Some(&app_id("wiki")), &text).await.unwrap(), found(&[2]));
    }
}
