//! Lists come in their order, in pages, and with nothing of anybody else.

use super::{bring_tip, commit, create_tip};
use crate::testing::sample::{self, account, at, forum, user};
use crate::*;
use std::sync::Arc;
use std::time::Duration;

fn ids(tips: &[Stored<Tip>]) -> Vec<TipId> {
    tips.iter().map(|tip| tip.id()).collect()
}

fn tip_ids(numbers: &[u64]) -> Vec<TipId> {
    numbers.iter().map(|n| sample::tip_id(*n)).collect()
}

fn withdrawal_ids(numbers: &[u64]) -> Vec<WithdrawalId> {
    numbers.iter().map(|n| sample::withdrawal_id(*n)).collect()
}

fn tip_between(n: u64, from: &str, to: &str) -> Tip {
    let terms = TipTerms { from_user: user(from), to_user: user(to), ..sample::tip_terms() };
    sample::tip_with(n, terms, TipState::Creating)
}

fn of_app(app: AppId, phase: Option<TipPhase>, limit: u32) -> TipQuery {
    TipQuery::Newest { of: TipsOf::App { app, phase }, before: None, limit }
}

fn wiki() -> AppId {
    sample::app_id("wiki")
}

pub async fn tips_of_a_user_are_those_given_and_got_with_the_newest_first(store: Arc<dyn Store>) {
    let tips = [(2, "alice", "bob"), (1, "bob", "alice"), (3, "carol", "bob"), (4, "alice", "alice")];
    for (n, from, to) in tips {
        commit(&*store, [create_tip(tip_between(n, from, to))]).await.unwrap();
    }
    let list = async |name, limit| {
        ids(&store
            .tips(TipQuery::Newest {
                of: TipsOf::Party { app: forum(), user: user(name) },
                before: None,
                limit,
            })
            .await
            .unwrap())
    };
    assert_eq!(list("alice", 10).await, tip_ids(&[4, 2, 1]));
    assert_eq!(list("alice", 2).await, tip_ids(&[4, 2]));
    assert_eq!(list("bob", 10).await, tip_ids(&[3, 2, 1]));
    assert_eq!(list("Alice", 10).await, []);
}

pub async fn tips_of_an_app_are_filtered_by_phase(store: Arc<dyn Store>) {
    // Numbers 1 to 6: Creating, Abandoned, Unpaid, Expired, Cancelled, Settled.
    for n in 1..=6 {
        let tip = sample::tip(n);
        let states = sample::tip_states(&sample::invoice_of(&tip), at(9));
        let state = states[usize::try_from(n).unwrap() - 1].clone();
        bring_tip(&*store, &sample::tip_in(&tip, state)).await;
    }
    let list = async |phase, limit| ids(&store.tips(of_app(forum(), phase, limit)).await.unwrap());
    assert_eq!(list(None, 10).await, tip_ids(&[6, 5, 4, 3, 2, 1]));
    assert_eq!(list(None, 2).await, tip_ids(&[6, 5]));
    assert_eq!(list(Some(TipPhase::Open), 10).await, tip_ids(&[3, 1]));
    assert_eq!(list(Some(TipPhase::Open), 1).await, tip_ids(&[3]));
    assert_eq!(list(Some(TipPhase::Settled), 10).await, tip_ids(&[6]));
    assert_eq!(list(Some(TipPhase::Ended), 10).await, tip_ids(&[5, 4, 2]));
}

pub async fn all_tips_are_paged_by_id(store: Arc<dyn Store>) {
    for n in [3, 1, 5, 2, 4] {
        let terms = TipTerms { app: if n % 2 == 0 { wiki() } else { forum() }, ..sample::tip_terms() };
        let tip = sample::tip_with(n, terms, TipState::Creating);
        commit(&*store, [create_tip(tip)]).await.unwrap();
    }
    let list = async |after, limit| ids(&store.tips(TipQuery::All { after, limit }).await.unwrap());
    assert_eq!(list(None, 10).await, tip_ids(&[1, 2, 3, 4, 5]));
    assert_eq!(list(None, 2).await, tip_ids(&[1, 2]));
    assert_eq!(list(Some(sample::tip_id(2)), 2).await, tip_ids(&[3, 4]));
    assert_eq!(list(Some(sample::tip_id(4)), 2).await, tip_ids(&[5]));
    assert_eq!(list(Some(sample::tip_id(5)), 2).await, []);
}

pub async fn tip_totals_count_what_a_user_got(store: Arc<dyn Store>) {
    let usdi = AssetId::new("USDI").unwrap();
    let terms = |asset: &AssetId, amount| TipTerms {
        asset: asset.clone(),
        amount: Amount::new(amount),
        ..sample::tip_terms()
    };
    // One in each state: Creating, Abandoned, Unpaid, Expired, Cancelled, Settled.
    for n in 1..=6 {
        let tip = sample::tip_with(n, terms(&AssetId::ckb(), n), TipState::Creating);
        let states = sample::tip_states(&sample::invoice_of(&tip), at(9));
        let state = states[usize::try_from(n).unwrap() - 1].clone();
        bring_tip(&*store, &sample::tip_in(&tip, state)).await;
    }
    let open = |n, terms| create_tip(sample::tip_with(n, terms, TipState::Creating));
    let more = [
        open(7, terms(&usdi, 70)),
        open(8, terms(&usdi, 80)),
        open(9, TipTerms { app: wiki(), ..terms(&usdi, 90) }),
        create_tip(tip_between(10, "alice", "bob")),
        create_tip(tip_between(11, "alice", "alice")),
    ];
    commit(&*store, more).await.unwrap();
    let totals = store.tip_totals(&forum(), &user("alice")).await.unwrap();
    let pending = vec![(AssetId::ckb(), Amount::new(1 + 3 + 100)), (usdi, Amount::new(150))];
    assert_eq!(totals, TipTotals { open: 5, settled: 1, ended: 3, pending });
}

pub async fn withdrawals_of_an_app_are_filtered_by_state(store: Arc<dyn Store>) {
    let states = sample::withdrawal_states(sample::attempt_id(1), at(9));
    for (n, state) in (1..).zip(&states) {
        let withdrawal = sample::withdrawal_with(n, sample::withdrawal_terms(n), 1, state.clone());
        commit(&*store, [Op::CreateWithdrawal { withdrawal, due: None }]).await.unwrap();
    }
    let list = async |state, limit| {
        let of = WithdrawalsOf::App { app: forum(), state };
        store
            .withdrawals(WithdrawalQuery::Newest { of, before: None, limit })
            .await
            .unwrap()
            .iter()
            .map(|found| found.id())
            .collect::<Vec<_>>()
    };
    for state in &states {
        let name = state.as_str();
        let of_state = (1..).zip(&states).filter(|(_, other)| other.as_str() == name);
        let mut expected: Vec<_> = of_state.map(|(n, _)| sample::withdrawal_id(n)).collect();
        expected.reverse();
        assert_eq!(list(Some(name), 10).await, expected, "{name}");
    }
    let count = u64::try_from(states.len()).unwrap();
    assert_eq!(list(None, 3).await, withdrawal_ids(&[count, count - 1, count - 2]));
    assert_eq!(list(Some("no state"), 3).await, []);
}

pub async fn all_withdrawals_are_paged_by_id(store: Arc<dyn Store>) {
    for n in [3, 1, 2] {
        let terms =
            WithdrawalTerms { app: if n == 2 { wiki() } else { forum() }, ..sample::withdrawal_terms(n) };
        let withdrawal = sample::withdrawal_with(n, terms, 0, WithdrawalState::Pending);
        commit(&*store, [Op::CreateWithdrawal { withdrawal, due: None }]).await.unwrap();
    }
    let list = async |after, limit| {
        let found = store.withdrawals(WithdrawalQuery::All { after, limit }).await.unwrap();
        found.iter().map(|found| found.id()).collect::<Vec<_>>()
    };
    assert_eq!(list(None, 10).await, withdrawal_ids(&[1, 2, 3]));
    assert_eq!(list(None, 2).await, withdrawal_ids(&[1, 2]));
    assert_eq!(list(Some(sample::withdrawal_id(2)), 2).await, withdrawal_ids(&[3]));
}

pub async fn the_latest_attempt_and_the_newest_success_are_found(store: Arc<dyn Store>) {
    let failed = AttemptState::Failed { reason: "no path".to_owned(), at: at(9), session: Some(at(2)) };
    let succeeded = |second| AttemptState::Succeeded { fee: Amount::new(1), at: at(second) };
    let create = |n, withdrawal, state| {
        Op::CreateAttempt(Attempt::restore(sample::attempt_record(n, withdrawal, state)))
    };
    let ops = [
        create(1, 1, failed.clone()),
        create(2, 1, succeeded(20)),
        create(3, 2, succeeded(10)),
        create(4, 3, failed),
        create(5, 3, AttemptState::Sent { session: None }),
    ];
    commit(&*store, ops).await.unwrap();
    for (withdrawal, attempt) in [(1, Some(2)), (2, Some(3)), (3, Some(5)), (4, None)] {
        let query = AttemptQuery::LatestOf(sample::withdrawal_id(withdrawal));
        let found = store.find_attempt(query).await.unwrap();
        assert_eq!(found.map(|found| found.id()), attempt.map(sample::attempt_id), "of {withdrawal}");
    }
    let newest = store.find_attempt(AttemptQuery::NewestSucceeded).await.unwrap().unwrap();
    assert_eq!(newest.id(), sample::attempt_id(3), "the one that began last, not that succeeded last");

    let next = sample::attempt_in(&sample::attempt(5, 3), succeeded(30));
    commit(&*store, [Op::UpdateAttempt { next, expected: Version::FIRST }]).await.unwrap();
    let newest = store.find_attempt(AttemptQuery::NewestSucceeded).await.unwrap().unwrap();
    assert_eq!(newest.id(), sample::attempt_id(5));
}

pub async fn apps_are_paged_by_name(store: Arc<dyn Store>) {
    for name in ["b", "a", "Z", "c", "a-1"] {
        commit(&*store, [Op::CreateDocument(sample::app(name).to_document())]).await.unwrap();
    }
    let list = async |after: Option<&str>, limit| {
        let found = apps(&*store, after.map(sample::app_id), limit).await.unwrap();
        found.iter().map(|app| app.id.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(list(None, 10).await, ["Z", "a", "a-1", "b", "c"]);
    assert_eq!(list(None, 2).await, ["Z", "a"]);
    assert_eq!(list(Some("a"), 2).await, ["a-1", "b"]);
    assert_eq!(list(Some("aa"), 2).await, ["b", "c"], "a name need not exist to begin after it");
    assert_eq!(list(Some("c"), 2).await, [""; 0]);
}

pub async fn balances_are_listed_by_account(store: Arc<dyn Store>) {
    let named = |app: &str, name: &str, asset: &str| UserAccount {
        app: sample::app_id(app),
        user: user(name),
        asset: AssetId::new(asset).unwrap(),
    };
    let sorted = [
        named("forum", "Zed", "CKB"),
        named("forum", "alice", "CKB"),
        named("forum", "alice", "USDI"),
        named("forum", "alice", "usdi"),
        named("forum", "alice2", "CKB"),
        named("forum", "Ödön", "CKB"),
        named("wiki", "alice", "CKB"),
    ];
    for (n, account) in (1..).zip(sorted.iter().rev()) {
        let credit = Entry { account: account.clone(), ..sample::credit(n, n) };
        commit(&*store, [Op::Post(credit)]).await.unwrap();
    }
    let list = async |query| {
        let found = store.balances(query).await.unwrap();
        found.into_iter().map(|(account, _)| account).collect::<Vec<_>>()
    };
    let all = |after: Option<&UserAccount>, limit| BalanceQuery::All { after: after.cloned(), limit };
    assert_eq!(list(all(None, 100)).await, sorted);
    assert_eq!(list(all(None, 2)).await, sorted[..2]);
    assert_eq!(list(all(Some(&sorted[2]), 3)).await, sorted[3..6]);
    assert_eq!(list(all(Some(&sorted[6]), 3)).await, []);
    let of_alice = BalanceQuery::OfUser { app: forum(), user: user("alice") };
    assert_eq!(list(of_alice.clone()).await, sorted[1..4]);
    let amounts = store.balances(of_alice).await.unwrap();
    let amounts: Vec<_> = amounts.into_iter().map(|(_, balance)| balance.available.units()).collect();
    assert_eq!(amounts, [6, 5, 4]);
}

pub async fn entries_are_listed_by_source_and_by_account(store: Arc<dyn Store>) {
    let bob = |n, amount| Entry { account: account("bob"), ..sample::credit(n, amount) };
    let withdrawal = EntrySource::Withdrawal(sample::withdrawal_id(1));
    let released = sample::entry(withdrawal, EntryKind::WithdrawalReleased, 4);
    let posted = [
        sample::credit(5, 50),
        bob(2, 20),
        sample::credit(1, 10),
        sample::reservation(1, 30),
        bob(3, 30),
        released,
    ];
    for entry in &posted {
        commit(&*store, [Op::Post(entry.clone())]).await.unwrap();
    }
    let list = async |query| store.entries(query).await.unwrap();
    let entries_of = |numbered: &[NumberedEntry]| -> Vec<Entry> {
        numbered.iter().map(|numbered| numbered.entry.clone()).collect()
    };
    let all = list(EntryQuery::All { after: 0, limit: 100 }).await;
    assert_eq!(entries_of(&all), posted);
    assert!(all.is_sorted_by(|a, b| a.number < b.number), "numbers rise");
    assert_eq!(list(EntryQuery::All { after: 0, limit: 2 }).await, all[..2]);
    assert_eq!(list(EntryQuery::All { after: all[1].number, limit: 2 }).await, all[2..4]);

    let of_alice = |after, limit| EntryQuery::Account { account: account("alice"), after, limit };
    let alice = list(of_alice(0, 100)).await;
    assert_eq!(alice, [0, 2, 3, 5].map(|index: usize| all[index].clone()));
    assert_eq!(list(of_alice(alice[0].number, 2)).await, alice[1..3]);
    assert_eq!(list(of_alice(alice[3].number, 2)).await, []);

    assert_eq!(list(EntryQuery::Of(withdrawal)).await, [all[3].clone(), all[5].clone()]);
    let tip = EntrySource::Tip(sample::tip_id(5));
    assert_eq!(list(EntryQuery::Of(tip)).await, [all[0].clone()]);
    assert_eq!(list(EntryQuery::Of(EntrySource::Tip(sample::tip_id(9)))).await, []);
}

/// What belongs to the number `n` in each list there is.
fn one_of_each_list(n: u64) -> [Op; 8] {
    let due = Some(Due { at: at(0), since: at(0) });
    let tip = sample::tip(n);
    let settled = TipState::Settled { invoice: sample::invoice_of(&tip), at: at(9) };
    let asset = AssetId::new(format!("asset-{n}")).unwrap();
    let of_another_asset = UserAccount { asset, ..account("alice") };
    [
        Op::CreateTip { tip: sample::tip_in(&tip, settled), due },
        Op::CreateWithdrawal { withdrawal: sample::withdrawal(n), due },
        Op::CreateDocument(sample::document(DocumentKind::App, &format!("app-{n}"), "{}")),
        Op::Audit(sample::audit_record(n)),
        Op::CreateWorker(sample::worker(n)),
        Op::Post(sample::credit(n, 1)),
        Op::Post(Entry { account: of_another_asset, ..sample::credit(10_000 + n, 1) }),
        Op::Emit(sample::event(n)),
    ]
}

pub async fn no_list_is_longer_than_it_may_be(store: Arc<dyn Store>) {
    let numbers: Vec<_> = (1..=u64::from(MAX_ROWS) + 1).collect();
    for some in numbers.chunks(100) {
        commit(&*store, some.iter().copied().flat_map(one_of_each_list)).await.unwrap();
    }
    let (app, limit, second) = (forum(), u32::MAX, Duration::from_secs(1));
    for query in [
        of_app(forum(), None, limit),
        of_app(forum(), Some(TipPhase::Settled), limit),
        TipQuery::All { after: None, limit },
    ] {
        assert_full(store.tips(query).await.unwrap().len());
    }
    let (alice, bob, post) = (user("alice"), user("bob"), sample::tip_terms().post);
    for of in [
        TipsOf::Hub,
        TipsOf::Payer { app: forum(), user: bob },
        TipsOf::Payee { app: forum(), user: alice.clone(), phase: None },
        TipsOf::Payee { app: forum(), user: alice.clone(), phase: Some(TipPhase::Settled) },
        TipsOf::Party { app: forum(), user: alice.clone() },
        TipsOf::Post { app: forum(), post: post.clone(), phase: None },
        TipsOf::Post { app: forum(), post, phase: Some(TipPhase::Settled) },
    ] {
        assert_full(store.tips(TipQuery::Newest { of, before: None, limit }).await.unwrap().len());
    }
    for of in [
        WithdrawalsOf::Hub,
        WithdrawalsOf::App { app: forum(), state: None },
        WithdrawalsOf::App { app: forum(), state: Some(sample::withdrawal(1).state().as_str()) },
        WithdrawalsOf::User { app: forum(), user: alice },
    ] {
        let query = WithdrawalQuery::Newest { of, before: None, limit };
        assert_full(store.withdrawals(query).await.unwrap().len());
    }
    let all = WithdrawalQuery::All { after: None, limit };
    assert_full(store.withdrawals(all).await.unwrap().len());
    let settled = SettledQuery { app: forum(), after: SettledPosition::Start, limit };
    assert_full(store.settled_tips(settled).await.unwrap().len());
    for query in
        [BalanceQuery::OfUser { app: forum(), user: user("alice") }, BalanceQuery::All { after: None, limit }]
    {
        assert_full(store.balances(query).await.unwrap().len());
    }
    for of in [EntriesOf::Hub, EntriesOf::App(forum()), EntriesOf::Account(account("alice"))] {
        assert_full(store.entries(EntryQuery::Newest { of, before: None, limit }).await.unwrap().len());
    }
    for query in [
        EntryQuery::Account { account: account("alice"), after: 0, limit },
        EntryQuery::All { after: 0, limit },
    ] {
        assert_full(store.entries(query).await.unwrap().len());
    }
    assert_full(store.events(EventQuery { app, after: 0, limit }).await.unwrap().len());
    for of in [None, Some(forum())] {
        let kind = DocumentKind::App;
        let documents = DocumentQuery { kind, app: of.clone(), after: None, limit };
        assert_full(store.documents(documents).await.unwrap().len());
        let records = AuditQuery { app: of, before: None, limit };
        assert_full(store.audit_records(records).await.unwrap().len());
    }
    assert_full(store.workers(None, limit).await.unwrap().len());
    let take = TakeDue { now: at(0), limit, gap: Gap { divisor: 1, shortest: second, longest: second } };
    assert_full(store.take_due_tips(take).await.unwrap().len());
    assert_full(store.take_due_withdrawals(take).await.unwrap().len());
}

#[track_caller]
fn assert_full(rows: usize) {
    assert_eq!(u32::try_from(rows).unwrap(), MAX_ROWS);
}

pub async fn no_list_shows_anything_of_another_app(store: Arc<dyn Store>) {
    let tip = sample::tip_with(1, TipTerms { app: wiki(), ..sample::tip_terms() }, TipState::Creating);
    let settled = TipState::Settled { invoice: sample::invoice_of(&tip), at: at(9) };
    bring_tip(&*store, &sample::tip_in(&tip, settled)).await;
    let terms = WithdrawalTerms { app: wiki(), ..sample::withdrawal_terms(1) };
    let withdrawal = sample::withdrawal_with(1, terms, 0, WithdrawalState::Pending);
    let ours = UserAccount { app: wiki(), ..account("alice") };
    let ops = [
        Op::CreateWithdrawal { withdrawal, due: None },
        Op::Post(Entry { account: ours, ..sample::credit(1, 5) }),
        Op::CreateDocument(Document {
            app: Some(wiki()),
            ..sample::document(DocumentKind::PausedUser, "one", "{}")
        }),
        Op::Audit(AuditRecord { app: Some(wiki()), ..sample::audit_record(1) }),
        Op::Emit(Event { app: wiki(), ..sample::event(1) }),
    ];
    commit(&*store, ops).await.unwrap();

    for (app, rows) in [(wiki(), 1), (forum(), 0)] {
        let alice = user("alice");
        let (post, payer) = (sample::tip_terms().post, user("bob"));
        for of in [
            TipsOf::App { app: app.clone(), phase: None },
            TipsOf::Payer { app: app.clone(), user: payer },
            TipsOf::Payee { app: app.clone(), user: alice.clone(), phase: None },
            TipsOf::Party { app: app.clone(), user: alice.clone() },
            TipsOf::Post { app: app.clone(), post, phase: None },
        ] {
            let query = TipQuery::Newest { of, before: None, limit: 10 };
            assert_eq!(store.tips(query).await.unwrap().len(), rows);
        }
        let feed = SettledQuery { app: app.clone(), after: SettledPosition::Start, limit: 10 };
        assert_eq!(store.settled_tips(feed).await.unwrap().len(), rows);
        let totals = store.tip_totals(&app, &alice).await.unwrap();
        assert_eq!(usize::try_from(totals.settled).unwrap(), rows);
        for of in [
            WithdrawalsOf::App { app: app.clone(), state: None },
            WithdrawalsOf::User { app: app.clone(), user: alice.clone() },
        ] {
            let query = WithdrawalQuery::Newest { of, before: None, limit: 10 };
            assert_eq!(store.withdrawals(query).await.unwrap().len(), rows);
        }
        let balances = BalanceQuery::OfUser { app: app.clone(), user: alice.clone() };
        assert_eq!(store.balances(balances).await.unwrap().len(), rows);
        let account = UserAccount { app: app.clone(), ..account("alice") };
        let entries = EntryQuery::Account { account: account.clone(), after: 0, limit: 10 };
        assert_eq!(store.entries(entries).await.unwrap().len(), rows);
        for of in [EntriesOf::App(app.clone()), EntriesOf::Account(account)] {
            let query = EntryQuery::Newest { of, before: None, limit: 10 };
            assert_eq!(store.entries(query).await.unwrap().len(), rows);
        }
        let (kind, of) = (DocumentKind::PausedUser, Some(app.clone()));
        let documents = DocumentQuery { kind, app: of.clone(), after: None, limit: 10 };
        assert_eq!(store.documents(documents).await.unwrap().len(), rows);
        let records = AuditQuery { app: of, before: None, limit: 10 };
        assert_eq!(store.audit_records(records).await.unwrap().len(), rows);
        let events = EventQuery { app, after: 0, limit: 10 };
        assert_eq!(store.events(events).await.unwrap().len(), rows);
    }
}
