//! Open work and what all users have.

use super::{bring_tip, commit};
use crate::testing::sample::{self, account, app_id, at};
use crate::*;
use std::sync::Arc;

pub async fn open_work_is_counted_by_state_with_the_oldest(store: Arc<dyn Store>) {
    assert_eq!(store.totals().await.unwrap(), Totals { balances: Some(vec![]), ..Totals::default() });
    // Numbers 2 to 13, of two apps, each state twice.
    for n in 2..=13 {
        let app = app_id(if n > 7 { "forum" } else { "wiki" });
        let terms = TipTerms { app, ..sample::tip_terms() };
        let tip = sample::tip_with(n, terms, TipState::Creating);
        let states = sample::tip_states(&sample::invoice_of(&tip), at(99));
        let state = states[usize::try_from(n).unwrap() % states.len()].clone();
        bring_tip(&*store, &sample::tip_in(&tip, state)).await;
    }
    let states = sample::withdrawal_states(sample::attempt_id(1), at(99));
    for (n, state) in (21..).zip(states.iter().chain(&states)) {
        let withdrawal = sample::withdrawal_with(n, sample::withdrawal_terms(n), 1, state.clone());
        commit(&*store, [Op::CreateWithdrawal { withdrawal, due: None }]).await.unwrap();
    }
    let totals = store.totals().await.unwrap();
    let work = |state, count, oldest| OpenWork { state, count, oldest: at(oldest) };
    assert_eq!(totals.tips, [work("creating", 2, 6), work("unpaid", 2, 2)]);
    let open = (21..).zip(&states).filter(|(_, state)| !state.is_final());
    let mut open: Vec<_> = open.map(|(n, state)| work(state.as_str(), 2, n)).collect();
    open.sort_unstable_by_key(|work| work.state);
    assert_eq!(totals.withdrawals, open);
}

pub async fn work_that_ends_is_counted_no_more(store: Arc<dyn Store>) {
    let (tip, withdrawal) = (sample::tip(1), sample::withdrawal(2));
    let unpaid = TipState::Unpaid { invoice: sample::invoice_of(&tip) };
    let stored = bring_tip(&*store, &sample::tip_in(&tip, unpaid)).await;
    commit(&*store, [Op::CreateWithdrawal { withdrawal: withdrawal.clone(), due: None }]).await.unwrap();
    let totals = store.totals().await.unwrap();
    assert_eq!((totals.tips.len(), totals.withdrawals.len()), (1, 1));
    let settled = TipState::Settled { invoice: sample::invoice_of(&tip), at: at(9) };
    let failed = WithdrawalState::Failed { reason: FailureReason::InvoiceExpired, at: at(9) };
    let next = sample::withdrawal_in(&withdrawal, 0, failed, at(9));
    let ends = [
        Op::UpdateTip { next: sample::tip_in(&tip, settled), expected: stored.version(), due: None },
        Op::UpdateWithdrawal { next, expected: Version::FIRST, due: None },
    ];
    commit(&*store, ends).await.unwrap();
    let totals = store.totals().await.unwrap();
    assert_eq!((totals.tips, totals.withdrawals), (vec![], vec![]));
}

pub async fn balances_of_all_users_are_summed_by_asset(store: Arc<dyn Store>) {
    let (ckb, usdi) = (AssetId::ckb(), AssetId::new("USDI").unwrap());
    let credit = |n, app: &str, name: &str, asset: &AssetId, amount| {
        let account = UserAccount { app: app_id(app), asset: asset.clone(), ..account(name) };
        Op::Post(Entry { account, ..sample::credit(n, amount) })
    };
    let ops = [
        credit(1, "forum", "alice", &ckb, 100),
        credit(2, "forum", "bob", &ckb, 20),
        credit(3, "wiki", "alice", &ckb, 3),
        credit(4, "forum", "alice", &usdi, 7),
        Op::Post(sample::reservation(5, 40)),
    ];
    for op in ops {
        commit(&*store, [op]).await.unwrap();
    }
    let balance =
        |available, reserved| Balance { available: Amount::new(available), reserved: Amount::new(reserved) };
    let sums = vec![(ckb, balance(83, 40)), (usdi, balance(7, 0))];
    assert_eq!(store.totals().await.unwrap().balances, Some(sums));
}
