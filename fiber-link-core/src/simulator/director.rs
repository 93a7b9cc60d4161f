//! The course of a history: everybody begins, things go wrong for a while, and then all must end well.

use super::actors::{
    keep_backups, operate_liquidity, operate_node, operate_restarts, operate_servers, operator,
    pause_payouts, review_withdrawals, user,
};
use super::executor::{Group, block_on};
use super::oracle::invariant::Broken;
use super::oracle::{Ending, Sight};
use super::random::Random;
use super::server::supervise;
use super::store::SimulatedStore;
use super::time::START;
use super::world::{State, World};
use crate::{
    Administration, Amount, AppId, ChangeSet, Hub, NEVER_SENT_AFTER, Op, Policy, Reason, SealedSecret,
    Secret, Store, Timestamp, UserId,
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
    handle.spawn(Group::WORLD, operate_restarts(world.clone()));
    handle.spawn(Group::WORLD, keep_backups(world.clone()));
    let mut stream = 100;
    for app in options.all_apps() {
        let users: Vec<UserId> =
            (1..=options.users).filter_map(|n| UserId::new(format!("user-{n}")).ok()).collect();
        if options.reviews {
            stream = u64::saturating_add(stream, 1_000);
            handle.spawn(Group::WORLD, review_withdrawals(world.clone(), app.clone(), stream));
        }
        for number in 0..users.len() {
            stream = u64::saturating_add(stream, 1);
            handle.spawn(Group::WORLD, user(world.clone(), app.clone(), users.clone(), number, stream));
        }
    }
    handle.spawn(Group::WORLD, direct(world.clone()));
}

/// The hub and the apps, with secrets that follow from the seed.
fn found(world: &Arc<World>) {
    let store = SimulatedStore::of_operator(world.clone());
    let mut random = Random::new(world.options().seed, 2);
    let info = world.state().node.info().clone();
    let hub = Hub {
        seed: SealedSecret::Plain(Secret::new(random.bytes())),
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
    let administration = operator(world);
    for app in world.options().all_apps() {
        let (name, secret) = (app.to_string(), Secret::new(random.bytes()));
        let created = block_on(administration.create_app(app.clone(), &name, &secret, &Reason::of_program()));
        if let Err(error) = created {
            world.tell(|| format!("operator: {error}"));
        }
        if world.options().reviews {
            have_reviewed(world, &administration, &app);
        }
    }
}

/// From the start on people look at withdrawals of an app.
fn have_reviewed(world: &World, administration: &Administration, app: &AppId) {
    for asset in world.options().assets.iter() {
        let review = world.options().review_of(asset);
        let change = |policy: &mut Policy| policy.review = review.clone();
        let set = block_on(administration.change_policy(app, asset, &Reason::of_program(), change));
        if let Err(error) = set {
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
    if world.state().servers.are_paused() {
        // Tips come to their end while payouts are paused.
        if wait_for(&world, Ending::tips_ended).await.is_none() {
            return;
        }
        pause_payouts(&world, false).await;
    }
    let Some(ending) = wait_for(&world, |ending| ending.waiting.is_empty()).await else { return };
    world.watch(|oracle, sight| oracle.check_end(sight));
    let mut state = world.state();
    let State { oracle, node, overpaid, ending: open, .. } = &mut *state;
    *overpaid = oracle.overpaid(node.truth());
    for reason in ending.open.into_values() {
        let count = open.entry(reason).or_default();
        *count = count.saturating_add(1);
    }
    drop(state);
    world.handle().halt();
}

/// Waits until so much has ended, which is a violation if it takes too long.
async fn wait_for(world: &World, ended: impl Fn(&Ending) -> bool) -> Option<Ending> {
    let began = world.now();
    loop {
        world.handle().sleep(LOOK).await;
        let mut ending = look(world)?;
        if ended(&ending) {
            return Some(ending);
        }
        let latest = began.max(ending.not_before.map_or(began, |at| at.plus(NEVER_SENT_AFTER)));
        if world.now() > latest.plus(HEALTHY_TIME) {
            let (invariant, sentence) = ending.waiting.swap_remove(0);
            let sentence =
                format!("{sentence}, though nothing goes wrong for {} s", world.now().since(began).as_secs());
            world.watch(|_, _| Err(Broken { invariant, sentence }));
            return None;
        }
    }
}

/// What has not ended yet; nothing if the oracle found something instead.
fn look(world: &World) -> Option<Ending> {
    let now = world.now();
    let mut state = world.state();
    let State { oracle, node, broken, .. } = &mut *state;
    let sight = Sight { store: &**world.store(), truth: node.truth(), node, now };
    oracle
        .look_at_end(sight)
        .inspect_err(|found| {
            broken.get_or_insert_with(|| (found.clone(), now));
            world.handle().halt();
        })
        .ok()
}

/// From now on nothing goes wrong any more.
fn turn(world: &World) {
    world.tell(|| "from now on nothing goes wrong any more".to_owned());
    let mut state = world.state();
    state.luck.turn();
    state.node.set_up(true);
    state.node.set_outbound(Amount::MAX);
}
