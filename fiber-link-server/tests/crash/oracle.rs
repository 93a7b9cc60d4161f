//! What must be true in the end, wherever and by however many servers it was done.

use crate::client::{Client, Payment};
use crate::records::Records;
use crate::workload::Promises;
use crate::world::World;
use fiber_link_core::{Withdrawal, WithdrawalState};
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

/// Every paid invoice is credited once, every withdrawal was paid once or failed and was not paid, what
/// came in is what is there and went out, each request left one record, and the audit finds nothing.
pub fn everything_was_kept(mut world: World, promises: &Promises) {
    let (tips, withdrawals) = (promises.tips.len(), promises.withdrawals.len());
    println!("{tips} tips paid, {withdrawals} withdrawals accepted");
    assert!(tips > 100 && withdrawals > 20, "too little happened to prove anything");

    let client = Client::new(&world.addresses());
    let balances = wait_for_the_end(&client, promises);
    for tip in &promises.tips {
        assert_eq!(client.tip_state(&tip.invoice), "SETTLED", "{} of {}", tip.invoice, tip.to_user);
    }
    let payments = client.payments();
    compare_with_the_node(&payments, promises, &balances);

    world.stop();
    let records = Records::open(&world);
    assert_eq!(records.tips().len(), tips, "a tip for each request");
    let accepted = promises.withdrawals.iter().cloned().collect::<BTreeSet<_>>();
    let stored = records.withdrawals();
    assert_eq!(
        stored.iter().map(|withdrawal| withdrawal.id().to_string()).collect::<BTreeSet<_>>(),
        accepted
    );
    assert_eq!(accepted.len(), withdrawals, "a withdrawal for each request");
    each_withdrawal_was_paid_once_or_failed(&stored, &payments);
    some_were_tried_again(&stored);
    assert_eq!(world.audit(), (true, String::new()), "findings of the audit");
}

/// Waits until every tip is credited and nothing is reserved, and answers what each user has.
fn wait_for_the_end(client: &Client, promises: &Promises) -> BTreeMap<String, u128> {
    let deadline = Instant::now() + Duration::from_secs(180);
    loop {
        let users = promises.users();
        let balances: BTreeMap<_, _> =
            users.into_iter().map(|user| (user.clone(), client.balance(&user))).collect();
        let reserved: u128 = balances.values().map(|balance| balance.reserved).sum();
        let pending: u128 = balances.values().map(|balance| balance.pending).sum();
        if reserved == 0 && pending == 0 {
            return balances.into_iter().map(|(user, balance)| (user, balance.available)).collect();
        }
        assert!(Instant::now() < deadline, "still reserved: {reserved}, still pending: {pending}");
        std::thread::sleep(Duration::from_millis(500));
    }
}

/// What came in is what users have and what the node really paid out, to the last shannon.
fn compare_with_the_node(payments: &[Payment], promises: &Promises, balances: &BTreeMap<String, u128>) {
    let paid_out: u128 = payments.iter().filter(|payment| payment.times > 0).map(|p| p.amount + p.fee).sum();
    let paid_in: u128 = promises.tips.iter().map(|tip| tip.amount).sum();
    let available: u128 = balances.values().sum();
    assert_eq!(paid_in, available + paid_out, "came in = is there + went out");
    println!("{paid_in} came in, {paid_out} went out in {} payments, {available} is there", payments.len());
}

/// Attempts failed with proof and others followed: some succeeded in the end and some did not, where
/// there were enough to expect both.
fn some_were_tried_again(withdrawals: &[Withdrawal]) {
    let retried: Vec<_> = withdrawals.iter().filter(|withdrawal| withdrawal.attempts() > 1).collect();
    let paid = retried.iter().filter(|withdrawal| withdrawal.state().as_str() == "completed").count();
    println!("{} withdrawals were tried again, {paid} of them were paid then", retried.len());
    let both = (1..retried.len()).contains(&paid);
    assert!(!retried.is_empty() && (both || withdrawals.len() < 100), "too little was tried again");
}

/// One payout for each completed withdrawal, none for a failed one, and none beside.
pub fn each_withdrawal_was_paid_once_or_failed(withdrawals: &[Withdrawal], payments: &[Payment]) {
    let mut paid: BTreeMap<_, _> = payments.iter().map(|paid| (paid.payment_hash.as_str(), paid)).collect();
    for withdrawal in withdrawals {
        let hash = withdrawal.payment_hash().to_string();
        let payment = paid.remove(hash.as_str()).map(|paid| (paid.times, paid.amount, paid.fee));
        let expected = match withdrawal.state() {
            WithdrawalState::Completed { fee, .. } => {
                Some((1, withdrawal.terms().amount.units(), fee.units()))
            }
            WithdrawalState::Failed { .. } => None,
            open @ (WithdrawalState::Released { .. }
            | WithdrawalState::PaidAfterRelease { .. }
            | WithdrawalState::AwaitingReview
            | WithdrawalState::LiquidityPending
            | WithdrawalState::Pending
            | WithdrawalState::Processing { .. }
            | WithdrawalState::RetryPending { .. }) => {
                panic!("{} is still {open:?}", withdrawal.id())
            }
        };
        assert_eq!(payment, expected, "withdrawal {}", withdrawal.id());
    }
    let strange: Vec<_> = paid.keys().collect();
    assert!(strange.is_empty(), "paid for nobody: {strange:?}");
}
