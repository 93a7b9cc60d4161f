//! The course of a history: everybody begins, things go wrong for a while, and then all must end well.

use super::actors::{keep_backups, operate_liquidity, operate_node, operate_servers, user};
use super::executor::{Group, block_on};
use super::oracle::Ending;
use super::oracle::invariant::Broken;
use super::random::Random;
use super::server::supervise;
use super::store::SimulatedStore;
use super::time::{START, ServerClock, Skew};
use super::world::{State, World};
use crate::{
    Amount, AppId, ChangeSet, Hub, NEVER_SENT_AFTER, Op, Secret, Store, Timestamp, UserId, create_app,
};
use std::sync::Arc;
use std::time::Duration;

/// How long everything may take to come to its end at most, once nothing goes wrong any more: a tip
/// is asked about every hour, a payment is slow for two hours, and a claim or a clock adds little.
const HEALTHY_TIME: Duration = Duration::from_secs(4 * 3600);

/// How often it is looked whether everything has ended.
const LOOK: Duration = Duration::from_secs(60);

/// Everybody begins.
pub(super) fn begin(world: &Arc<World>) {
    let handle = world.handle();
    let options = world.options();
    found(world);
    for number in 1..=options.servers {
        handle.spawn(Group::WORLD, supervise(world.clone(), number));
    }
    handle.spawn(Group::WORLD, operate_node(world.clone()));
    handle.spawn(Group::WORLD, operate_liquidity(world.clone()));
    handle.spawn(Group::WORLD, operate_servers(world.clone()));
    handle.spawn(Group::WORLD, keep_backups(world.clone()));
    let mut stream = 100;
    for app in apps(options.apps) {
        let users: Vec<UserId> =
            (1..=options.users).filter_map(|n| UserId::new(format!("user-{n}")).ok()).collect();
        for number in 0..users.len() {
            stream = u64::saturating_add(stream, 1);
            handle.spawn(Group::WORLD, user(world.clone(), app.clone(), users.clone(), number, stream));
        }
    }
    handle.spawn(Group::WORLD, direct(world.clone()));
}

fn apps(count: u32) -> impl Iterator<Item = AppId> {
    (1..=count).filter_map(app)
}

/// An app by its number.
pub(super) fn app(number: u32) -> Option<AppId> {
    AppId::new(format!("app-{number}")).ok()
}

/// The hub and the apps, with secrets that follow from the seed.
fn found(world: &Arc<World>) {
    let store = SimulatedStore::of_operator(world.clone());
    let mut random = Random::new(world.options().seed, 2);
    let info = world.state().node.info().clone();
    let hub = Hub {
        seed: Secret::new(random.bytes()),
        node: info.key,
        node_since: Timestamp::from_millis(0),
        network: info.network,
    };
    let founded = block_on(store.commit(ChangeSet::new().with(Op::CreateHub(hub))));
    world.watch(|_, _| match founded {
        Ok(()) => Ok(()),
        Err(error) => Err(Broken {
            invariant: super::Invariant::Store,
            sentence: format!("the store is not empty: {error}"),
        }),
    });
    let clock = ServerClock { handle: world.handle().clone(), skew: Skew::None };
    for app in apps(world.options().apps) {
        let created = block_on(create_app(&store, &clock, app, Secret::new(random.bytes())));
        if let Err(error) = created {
            world.tell(|| format!("operator: {error}"));
        }
    }
}

/// Ends the faults after their time, and the history once everything has come to its end.
async fn direct(world: Arc<World>) {
    let span = world.options().span;
    for hundredth in 1..=100 {
        let until = START.plus(span.mul_f64(f64::from(hundredth) / 100.0));
        world.handle().sleep_until(until).await;
        world.report_progress();
    }
    turn(&world);
    let turned = world.now();
    loop {
        world.handle().sleep(LOOK).await;
        let mut ending = Ending::default();
        look(&world, &mut ending);
        let latest = turned.max(ending.not_before.map_or(turned, |at| at.plus(NEVER_SENT_AFTER)));
        if ending.waiting.is_empty() {
            world.watch(|oracle, sight| oracle.check_end(sight));
            world.state().ending = ending.open;
            world.handle().halt();
            return;
        }
        if world.now() > latest.plus(HEALTHY_TIME) {
            let (invariant, sentence) = ending.waiting.swap_remove(0);
            let sentence =
                format!("{sentence}, {} s after faults ended", world.now().since(turned).as_secs());
            world.watch(|_, _| Err(Broken { invariant, sentence }));
            return;
        }
    }
}

fn look(world: &World, ending: &mut Ending) {
    let now = world.now();
    let mut state = world.state();
    let State { oracle, node, broken, .. } = &mut *state;
    let sight = super::oracle::Sight { store: &**world.store(), truth: node.truth(), now };
    match oracle.look_at_end(sight, node) {
        Ok(looked) => *ending = looked,
        Err(found) => {
            broken.get_or_insert((found, now));
            world.handle().halt();
        }
    }
}

/// From now on nothing goes wrong any more.
fn turn(world: &World) {
    world.tell(|| "from now on nothing goes wrong any more".to_owned());
    let mut state = world.state();
    state.luck.turn();
    state.node.set_up(true);
    state.node.set_outbound(Amount::MAX);
}
