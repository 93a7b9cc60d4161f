//! A database that goes away and comes back under load.

use crate::client::{Addresses, Client};
use crate::workload::{PaidTip, Random, Workload};
use crate::world::World;
use crate::{my_turn, number_from_environment, oracle, seed};
use fiber_link_postgres_cluster::{Cluster, Stop};
use serde_json::json;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// How long servers may take to work again, unless `FIBER_LINK_RECOVERY_SECONDS` says otherwise: much
/// longer than they take, because what else the machine does is not known.
const RECOVERED: u64 = 60;

/// Those of before that a server may still have when it is ready.
const CONNECTIONS: u32 = 16;

#[test]
fn servers_recover_with_their_database_and_say_when_they_are_ready() {
    let _turn = my_turn();
    let seed = seed();
    let cluster = Cluster::start();
    let mut world = World::on_postgres(&cluster.url());
    let workload = Workload::start(&world.addresses(), seed);
    let mut random = Random::new(seed);
    let each = alone(&world);
    let recovered =
        Duration::from_secs(number_from_environment("FIBER_LINK_RECOVERY_SECONDS").unwrap_or(RECOVERED));
    let mut own_tips = Vec::new();
    for (round, how) in [Stop::Fast, Stop::Immediate, Stop::Immediate, Stop::Fast].into_iter().enumerate() {
        std::thread::sleep(Duration::from_millis(1500 + random.below(1500)));
        cluster.stop(how);
        for (address, client) in &each {
            until("not ready", Duration::from_secs(15), || (client.ready() == Some(503)).then_some(()));
            assert_eq!(client.ready(), Some(503), "{address} is not ready as long as its database is away");
        }
        std::thread::sleep(Duration::from_millis(random.below(8000)));
        cluster.start_again();
        let back = Instant::now();
        for (address, client) in &each {
            until("ready", recovered, || (client.ready() == Some(200)).then_some(()));
            let left = || recovered.saturating_sub(back.elapsed());
            own_tips.push(works(client, &format!("{round} {address}"), left));
        }
        println!("{how:?}: both servers credit tips {:?} after the database was back", back.elapsed());
    }
    let mut promises = workload.finish();
    promises.tips.append(&mut own_tips);
    world.restart_in_turn();
    oracle::everything_was_kept(world, &promises);
}

/// Each server by itself.
fn alone(world: &World) -> Vec<(SocketAddr, Client)> {
    let Addresses { servers, simulator } = world.addresses();
    let client = |server| (server, Client::new(&Addresses { servers: vec![server], simulator }));
    servers.into_iter().map(client).collect()
}

/// It said that it is ready: it takes a tip now, and credits it in time.
fn works(client: &Client, key: &str, left: impl Fn() -> Duration) -> PaidTip {
    let params = json!({ "postId": "1", "fromUserId": "r", "toUserId": "restarts", "asset": "CKB",
        "amount": "1", "idempotencyKey": key });
    let mut late = 0;
    // What was signed in the second of a crash counts as replayed: it is signed again. A connection of
    // before may be found broken, and on a busy machine the node is late.
    let created = until("taken", left(), || match client.call("tip.create", &params) {
        Ok(Ok(created)) => Some(created),
        Ok(Err((-32001, _))) => None,
        Ok(Err((-32603 | -32011, _))) if late < CONNECTIONS => {
            late += 1;
            None
        }
        other => panic!("ready, but {other:?}"),
    });
    let invoice = created["invoice"].as_str().unwrap().to_owned();
    assert_eq!(client.until_simulated("pay", &json!({ "invoice": invoice })).0, 200);
    until("credited", left(), || (client.tip_state(&invoice) == "SETTLED").then_some(()));
    PaidTip { invoice, to_user: "restarts".to_owned(), amount: 100_000_000 }
}

pub fn until<T>(what: &str, within: Duration, mut done: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + within;
    loop {
        if let Some(done) = done() {
            return done;
        }
        assert!(Instant::now() < deadline, "not {what} within {within:?}");
        std::thread::sleep(Duration::from_millis(20));
    }
}
