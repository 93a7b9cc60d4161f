//! Servers that are killed, paused or lose their database or their clients at random moments under
//! load, again and again: afterwards nothing was lost and nothing doubled.
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

mod activity;
mod cancellation;
mod client;
mod oracle;
mod process;
mod records;
mod restarts;
mod workload;
mod world;

use fiber_link_postgres_cluster::Cluster;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use workload::{Random, Workload};
use world::{CLAIM, World};

const APP: &str = "crash-test";
const SECRET: &str = "a secret of the crash test";

/// The tests take turns: each needs the machine for itself.
fn my_turn() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

#[test]
fn a_server_that_is_killed_again_and_again_loses_and_doubles_nothing() {
    let _turn = my_turn();
    let (rounds, seed) = rounds_and_seed();
    let mut world = World::on_sqlite();
    let workload = Workload::start(&world.addresses(), seed);
    let mut random = Random::new(seed);
    for _ in 0..rounds {
        std::thread::sleep(Duration::from_millis(200 + random.below(1200)));
        world.servers[0].kill();
        world.servers[0].restart();
    }
    oracle::everything_was_kept(world, &workload.finish());
}

#[test]
fn two_servers_that_are_killed_and_paused_again_and_again_lose_and_double_nothing() {
    let _turn = my_turn();
    let (rounds, seed) = rounds_and_seed();
    let cluster = Cluster::start();
    let mut world = World::on_postgres(&cluster.url());
    let workload = Workload::start(&world.addresses(), seed);
    let mut random = Random::new(seed);
    for _ in 0..rounds {
        std::thread::sleep(Duration::from_millis(200 + random.below(1200)));
        let (victim, other) = if random.below(2) == 0 { (0, 1) } else { (1, 0) };
        let past_the_claim = CLAIM + Duration::from_millis(100 + random.below(1500));
        match random.below(3) {
            0 => {
                world.servers[victim].kill();
                world.servers[victim].restart();
                world.bury_the_dead();
            }
            1 => {
                world.servers[victim].pause();
                std::thread::sleep(past_the_claim);
                world.servers[victim].resume();
            }
            _ => {
                world.servers[victim].pause();
                std::thread::sleep(past_the_claim / 2);
                world.servers[other].kill();
                world.servers[other].restart();
                std::thread::sleep(past_the_claim / 2);
                world.servers[victim].resume();
            }
        }
    }
    let promises = workload.finish();
    world.bury_the_dead();
    world.restart_in_turn();
    oracle::everything_was_kept(world, &promises);
}

fn rounds_and_seed() -> (u64, u64) {
    let rounds = number_from_environment("FIBER_LINK_KILLS").unwrap_or(30);
    println!("{rounds} rounds");
    (rounds, seed())
}

fn seed() -> u64 {
    let seed = number_from_environment("FIBER_LINK_SEED").unwrap_or_else(random_seed);
    println!("seed {seed}");
    seed
}

fn number_from_environment(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name}={text} is no number")))
}

fn random_seed() -> u64 {
    let since_epoch = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    since_epoch.as_nanos() as u64
}
