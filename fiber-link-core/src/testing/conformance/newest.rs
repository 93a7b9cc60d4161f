//! Lists with the newest first: what each shows, and how one page follows another.

use super::{bring_tip, commit, create_tip};
use crate::testing::sample::{self, account, app_id, at, forum, user};
use crate::*;
use std::sync::Arc;

/// Tips of two apps, three users, two posts and every state.
fn many_tips() -> Vec<Tip> {
    let names = ["ann", "bob", "cid"];
    let of = |n: u64, from: usize| names[(usize::try_from(n).unwrap() / from) % names.len()];
    let tip = |n: u64| {
        let terms = TipTerms {
            app: app_id(if n.is_multiple_of(5) { "wiki" } else { "forum" }),
            post: PostId::new(format!("post-{}", n % 2)).unwrap(),
            from_user: user(of(n, 1)),
            to_user: user(of(n, 2)),
            ..sample::tip_terms()
        };
        let tip = sample::tip_with(n, terms, TipState::Creating);
        let states = sample::tip_states(&sample::invoice_of(&tip), at(9));
        let state = states[usize::try_from(n / 3).unwrap() % states.len()].clone();
        sample::tip_in(&tip, state)
    };
    (1..=60).map(tip).collect()
}

fn tip_lists() -> Vec<TipsOf> {
    let (mut lists, app) = (vec![TipsOf::Hub], forum());
    let phases = [None, Some(TipPhase::Open), Some(TipPhase::Settled), Some(TipPhase::Ended)];
    for phase in phases {
        lists.push(TipsOf::App { app: app.clone(), phase });
    }
    for name in ["ann", "bob", "cid", "Ann"] {
        let user = user(name);
        lists.push(TipsOf::Payer { app: app.clone(), user: user.clone() });
        lists.push(TipsOf::Party { app: app.clone(), user: user.clone() });
        for phase in phases {
            lists.push(TipsOf::Payee { app: app.clone(), user: user.clone(), phase });
        }
    }
    for post in ["post-0", "post-1", "post"] {
        for phase in phases {
            lists.push(TipsOf::Post { app: app.clone(), post: PostId::new(post).unwrap(), phase });
        }
    }
    lists
}

fn is_tip_of(tip: &Tip, of: &TipsOf) -> bool {
    let (terms, tip_phase) = (tip.terms(), tip.state().phase());
    match of {
        TipsOf::Hub => true,
        TipsOf::App { app, phase } => terms.app == *app && phase.is_none_or(|phase| phase == tip_phase),
        TipsOf::Payer { app, user } => terms.app == *app && terms.from_user == *user,
        TipsOf::Payee { app, user, phase } => {
            terms.app == *app && terms.to_user == *user && phase.is_none_or(|phase| phase == tip_phase)
        }
        TipsOf::Party { app, user } => {
            terms.app == *app && (terms.from_user == *user || terms.to_user == *user)
        }
        TipsOf::Post { app, post, phase } => {
            terms.app == *app && terms.post == *post && phase.is_none_or(|phase| phase == tip_phase)
        }
    }
}

pub async fn each_list_of_tips_is_paged_from_the_newest(store: Arc<dyn Store>) {
    let mut tips = many_tips();
    for tip in &tips {
        bring_tip(&*store, tip).await;
    }
    tips.reverse();
    for of in tip_lists() {
        let expected: Vec<_> = tips.iter().filter(|tip| is_tip_of(tip, &of)).map(Tip::id).collect();
        for limit in [1, 7, 100] {
            let (mut seen, mut before) = (Vec::new(), None);
            loop {
                let page = store.tips(TipQuery::Newest { of: of.clone(), before, limit }).await.unwrap();
                assert!(page.len() <= usize::try_from(limit).unwrap());
                let Some(last) = page.last() else { break };
                before = Some(last.id());
                seen.extend(page.iter().map(|tip| tip.id()));
            }
            assert_eq!(seen, expected, "{of:?} by {limit}");
        }
    }
}

pub async fn pages_of_tips_neither_miss_nor_repeat_while_tips_are_added(store: Arc<dyn Store>) {
    let tip = |n| sample::tip_with(n, sample::tip_terms(), TipState::Creating);
    for n in 101..=120 {
        commit(&*store, [create_tip(tip(n))]).await.unwrap();
    }
    for of in [
        TipsOf::Hub,
        TipsOf::App { app: forum(), phase: None },
        TipsOf::Party { app: forum(), user: user("alice") },
        TipsOf::Post { app: forum(), post: sample::tip_terms().post, phase: None },
    ] {
        let newest = TipQuery::Newest { of: of.clone(), before: None, limit: 1 };
        let first = store.tips(newest).await.unwrap()[0].id();
        let (mut seen, mut before) = (Vec::new(), None);
        loop {
            let page = store.tips(TipQuery::Newest { of: of.clone(), before, limit: 3 }).await.unwrap();
            let Some(last) = page.last() else { break };
            before = Some(last.id());
            seen.extend(page.iter().map(|tip| tip.id()));
            let next = 121 + u64::try_from(all_tips(&*store).await).unwrap();
            commit(&*store, [create_tip(tip(next))]).await.unwrap();
        }
        assert_eq!(seen[0], first);
        assert!(seen.is_sorted_by(|a, b| a > b), "{of:?}");
        assert_eq!(seen.iter().filter(|id| **id <= sample::tip_id(120)).count(), 20, "{of:?}");
    }
}

async fn all_tips(store: &dyn Store) -> usize {
    store.tips(TipQuery::All { after: None, limit: MAX_ROWS }).await.unwrap().len()
}

pub async fn each_list_of_withdrawals_is_paged_from_the_newest(store: Arc<dyn Store>) {
    let states = sample::withdrawal_states(sample::attempt_id(1), at(9));
    let withdrawal = |n: u64| {
        let terms = WithdrawalTerms {
            app: app_id(if n.is_multiple_of(4) { "wiki" } else { "forum" }),
            user: user(if n.is_multiple_of(3) { "ann" } else { "bob" }),
            ..sample::withdrawal_terms(n)
        };
        let state = states[usize::try_from(n / 2).unwrap() % states.len()].clone();
        sample::withdrawal_with(n, terms, 1, state)
    };
    let mut withdrawals: Vec<_> = (1..=40).map(withdrawal).collect();
    for withdrawal in withdrawals.clone() {
        commit(&*store, [Op::CreateWithdrawal { withdrawal, due: None }]).await.unwrap();
    }
    withdrawals.reverse();
    let mut lists = vec![WithdrawalsOf::Hub, WithdrawalsOf::App { app: forum(), state: None }];
    for state in states.iter().map(WithdrawalState::as_str).chain(["no state"]) {
        lists.push(WithdrawalsOf::App { app: forum(), state: Some(state) });
    }
    for name in ["ann", "bob", "Ann"] {
        lists.push(WithdrawalsOf::User { app: forum(), user: user(name) });
    }
    for of in lists {
        let is_of = |withdrawal: &&Withdrawal| match &of {
            WithdrawalsOf::Hub => true,
            WithdrawalsOf::App { app, state } => {
                withdrawal.terms().app == *app
                    && state.is_none_or(|state| withdrawal.state().as_str() == state)
            }
            WithdrawalsOf::User { app, user } => {
                withdrawal.terms().app == *app && withdrawal.terms().user == *user
            }
            WithdrawalsOf::PaymentHash(hash) => withdrawal.payment_hash() == *hash,
            WithdrawalsOf::Invoice(text) => {
                let Destination::PaymentRequest(invoice) = &withdrawal.terms().destination;
                invoice.encoded == *text
            }
        };
        let expected: Vec<_> = withdrawals.iter().filter(is_of).map(Withdrawal::id).collect();
        for limit in [1, 7, 100] {
            let (mut seen, mut before) = (Vec::new(), None);
            loop {
                let query = WithdrawalQuery::Newest { of: of.clone(), before, limit };
                let page = store.withdrawals(query).await.unwrap();
                let Some(last) = page.last() else { break };
                before = Some(last.id());
                seen.extend(page.iter().map(|found| found.id()));
            }
            assert_eq!(seen, expected, "{of:?} by {limit}");
        }
    }
}

pub async fn each_list_of_entries_is_paged_from_the_newest(store: Arc<dyn Store>) {
    for n in 1..=30_u64 {
        let account = UserAccount {
            app: app_id(if n.is_multiple_of(4) { "wiki" } else { "forum" }),
            ..account(if n.is_multiple_of(3) { "ann" } else { "bob" })
        };
        commit(&*store, [Op::Post(Entry { account, ..sample::credit(n, n) })]).await.unwrap();
    }
    let mut all = store.entries(EntryQuery::All { after: 0, limit: 100 }).await.unwrap();
    all.reverse();
    for of in [EntriesOf::Hub, EntriesOf::App(forum()), EntriesOf::Account(account("ann"))] {
        let is_of = |entry: &&NumberedEntry| match &of {
            EntriesOf::Hub => true,
            EntriesOf::App(app) => entry.entry.account.app == *app,
            EntriesOf::Account(account) => entry.entry.account == *account,
        };
        let expected: Vec<_> = all.iter().filter(is_of).cloned().collect();
        assert!(expected.len() > 4);
        for limit in [1, 7, 100] {
            let (mut seen, mut before) = (Vec::new(), None);
            loop {
                let page = store.entries(EntryQuery::Newest { of: of.clone(), before, limit }).await.unwrap();
                let Some(last) = page.last() else { break };
                before = Some(last.number);
                seen.extend(page);
            }
            assert_eq!(seen, expected, "{of:?} by {limit}");
        }
    }
}

pub async fn attempts_of_a_withdrawal_follow_each_other(store: Arc<dyn Store>) {
    let failed = AttemptState::Failed { reason: "no path".to_owned(), at: at(9), session: None };
    for (n, withdrawal) in [(1, 1), (2, 2), (3, 1), (4, 2), (5, 1)] {
        let attempt = Attempt::restore(sample::attempt_record(n, withdrawal, failed.clone()));
        commit(&*store, [Op::CreateAttempt(attempt)]).await.unwrap();
    }
    for (withdrawal, expected) in [(1, vec![1, 3, 5]), (2, vec![2, 4]), (3, vec![])] {
        let withdrawal = sample::withdrawal_id(withdrawal);
        let (mut seen, mut after) = (Vec::new(), None);
        while let Some(found) = store.find_attempt(AttemptQuery::NextOf { withdrawal, after }).await.unwrap()
        {
            after = Some(found.id());
            seen.push(found.id());
        }
        assert_eq!(seen, expected.into_iter().map(sample::attempt_id).collect::<Vec<_>>());
    }
}

/// An invoice as long as real ones, which differ at their ends as well.
fn long_invoice(n: u64) -> PaymentRequestDestination {
    let Destination::PaymentRequest(invoice) = sample::withdrawal_terms(n).destination;
    PaymentRequestDestination { encoded: format!("fake1{}{n:030}", "q".repeat(300)), ..invoice }
}

pub async fn withdrawals_are_found_by_their_hash_and_their_invoice_also_when_they_hold_them_no_more(
    store: Arc<dyn Store>,
) {
    let failed = || WithdrawalState::Failed { reason: FailureReason::InvoiceExpired, at: at(9) };
    // The same invoice three times, once in another app: the ones before were never sent.
    for n in 1..=4 {
        let app = if n == 3 { app_id("wiki") } else { forum() };
        let destination = Destination::PaymentRequest(long_invoice(n.min(2)));
        let terms = WithdrawalTerms { app, destination, ..sample::withdrawal_terms(n) };
        let withdrawal = sample::withdrawal_with(n, terms, 0, failed());
        commit(&*store, [Op::CreateWithdrawal { withdrawal, due: None }]).await.unwrap();
    }
    let list = async |of: &WithdrawalsOf, before, limit| {
        let query = WithdrawalQuery::Newest { of: of.clone(), before, limit };
        let page = store.withdrawals(query).await.unwrap();
        page.iter().map(|found| found.id()).collect::<Vec<_>>()
    };
    for (n, all) in [(1, vec![1]), (2, vec![4, 3, 2]), (3, vec![])] {
        let invoice = long_invoice(n);
        let all: Vec<_> = all.into_iter().map(sample::withdrawal_id).collect();
        let held = WithdrawalLookup::HeldPaymentHash(invoice.payment_hash);
        assert_eq!(store.find_withdrawal(held).await.unwrap(), None);
        let shorter = invoice.encoded[1..].to_owned();
        for of in [WithdrawalsOf::PaymentHash(invoice.payment_hash), WithdrawalsOf::Invoice(invoice.encoded)]
        {
            assert_eq!(list(&of, None, 10).await, all, "{of:?}");
            assert_eq!(list(&of, None, 2).await, all[..all.len().min(2)], "{of:?}");
            let after_first = list(&of, all.first().copied(), 10).await;
            assert_eq!(after_first, all.get(1..).unwrap_or_default(), "{of:?}");
        }
        assert_eq!(list(&WithdrawalsOf::Invoice(shorter), None, 10).await, []);
    }
    assert_eq!(list(&WithdrawalsOf::Invoice(String::new()), None, 10).await, []);
}
