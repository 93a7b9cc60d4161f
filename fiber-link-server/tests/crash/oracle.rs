//! What must be true in the end, wherever and by however many servers it was done.

use crate::client::Client;
use crate::workload::Promises;
use crate::world::World;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// Every paid invoice is credited once, every withdrawal is ended, none was sent twice, what came in
/// is what is there and went out, and the audit finds nothing.
pub fn everything_was_kept(mut world: World, promises: &Promises) {
    println!("{} tips paid, {} withdrawals accepted", promises.tips.len(), promises.withdrawals);
    assert!(promises.tips.len() > 100 && promises.withdrawals > 20, "too little happened to prove anything");

    let client = Client::new(&world.addresses());
    let balances = wait_for_the_end(&client, promises);
    for tip in &promises.tips {
        assert_eq!(client.tip_state(&tip.invoice), "SETTLED", "{} of {}", tip.invoice, tip.to_user);
    }
    compare_with_the_node(&client, promises, &balances);

    world.stop();
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
fn compare_with_the_node(client: &Client, promises: &Promises, balances: &BTreeMap<String, u128>) {
    let payments = client.payments();
    for payment in &payments {
        assert!(payment.times <= 1, "{} was paid {} times", payment.payment_hash, payment.times);
    }
    let paid_out: u128 = payments.iter().filter(|payment| payment.times > 0).map(|p| p.amount + p.fee).sum();
    let paid_in: u128 = promises.tips.iter().map(|tip| tip.amount).sum();
    let available: u128 = balances.values().sum();
    assert_eq!(paid_in, available + paid_out, "came in = is there + went out");
    println!("{paid_in} came in, {paid_out} went out in {} payments, {available} is there", payments.len());
}
