//! The server killed with `kill -9` at random moments under load, again and again: afterwards every
//! paid invoice is credited once, every withdrawal is ended, none was sent twice, and the audit
//! finds nothing.
//!
//! `FIBER_LINK_KILLS` says how often (30 by default); `FIBER_LINK_SEED` repeats a run's choices, as
//! far as a race can be repeated.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    unreachable_pub,
    reason = "a test that meets the unexpected stops there"
)]

mod client;
mod server;
mod workload;

use server::Server;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use workload::{Promises, Workload};

const APP: &str = "crash-test";
const SECRET: &str = "a secret of the crash test";

#[test]
fn a_server_that_is_killed_again_and_again_loses_and_doubles_nothing() {
    let kills = number_from_environment("FIBER_LINK_KILLS").unwrap_or(30);
    let seed = number_from_environment("FIBER_LINK_SEED").unwrap_or_else(random_seed);
    println!("{kills} kills, seed {seed}");

    let folder = tempfile::tempdir().unwrap();
    let mut server = Server::start(folder.path(), APP, SECRET);
    let workload = Workload::start(server.address(), seed);
    let mut random = workload::Random::new(seed);
    for _ in 0..kills {
        std::thread::sleep(Duration::from_millis(200 + random.below(1200)));
        server.kill();
        server.restart();
    }
    let promises = workload.finish();
    println!("{} tips paid, {} withdrawals accepted", promises.tips.len(), promises.withdrawals);
    assert!(promises.tips.len() > 100 && promises.withdrawals > 20, "too little happened to prove anything");

    let client = client::Client::new(server.address());
    let balances = wait_for_the_end(&client, &promises);
    for tip in &promises.tips {
        assert_eq!(client.tip_state(&tip.invoice), "SETTLED", "{} of {}", tip.invoice, tip.to_user);
    }
    compare_with_the_node(&client, &promises, &balances);

    server.stop();
    assert_eq!(server.audit(), (true, String::new()), "findings of the audit");
}

/// Waits until every tip is credited and nothing is reserved, and answers what each user has.
fn wait_for_the_end(client: &client::Client, promises: &Promises) -> BTreeMap<String, u128> {
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
fn compare_with_the_node(client: &client::Client, promises: &Promises, balances: &BTreeMap<String, u128>) {
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

fn number_from_environment(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name}={text} is no number")))
}

fn random_seed() -> u64 {
    let since_epoch = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    since_epoch.as_nanos() as u64
}
