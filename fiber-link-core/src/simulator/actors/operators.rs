//! Operators: they take the node down, put it back, move its channels, and say that servers are dead.

use crate::simulator::executor::block_on;
use crate::simulator::faults::Fault;
use crate::simulator::store::SimulatedStore;
use crate::simulator::time::{ServerClock, Skew};
use crate::simulator::world::World;
use crate::{
    Administration, Amount, AttemptQuery, AttemptState, DeclareDeadError, Operator, Reason, SILENT_AFTER,
    Timestamp, WithdrawalLookup,
};
use std::sync::Arc;
use std::time::Duration;

/// How often operators look after things.
pub(super) const ROUND: Duration = Duration::from_secs(120);

pub(super) fn minutes(n: u64) -> Duration {
    Duration::from_secs(n.saturating_mul(60))
}

/// The node goes down, and comes back.
pub(in crate::simulator) async fn operate_node(world: Arc<World>) {
    while !world.state().luck.is_off() {
        world.handle().sleep(ROUND).await;
        if world.strikes(Fault::NodeDown) {
            world.state().node.set_up(false);
            let down = world.duration(Duration::from_secs(5), minutes(20));
            world.handle().sleep(down).await;
            let mut state = world.state();
            let state = &mut *state;
            // Once faults have ended it is up, and forgets nothing any more.
            if !state.luck.is_off() {
                state.node.restart(|| state.luck.random().one_in(8));
                state.node.set_up(true);
                state.story.tell(world.now(), || "node: is up again".to_owned());
            }
        }
    }
}

/// Liquidity runs low, and comes back.
pub(in crate::simulator) async fn operate_liquidity(world: Arc<World>) {
    while !world.state().luck.is_off() {
        world.handle().sleep(ROUND).await;
        if world.strikes(Fault::LiquidityLow) {
            let left = world.state().luck.random().between(0, 1_000_000_000);
            world.state().node.set_outbound(Amount::new(left));
            let low = world.duration(minutes(1), minutes(60));
            world.handle().sleep(low).await;
            world.state().node.set_outbound(Amount::MAX);
        }
    }
}

/// Copies of the node's data are made, and one day the node is put back to the last one.
pub(in crate::simulator) async fn keep_backups(world: Arc<World>) {
    while !world.state().luck.is_off() {
        let pause = world.duration(ROUND, minutes(60));
        world.handle().sleep(pause).await;
        if world.state().luck.random().one_in(2) {
            world.state().node.back_up();
            world.tell(|| "operator: makes a copy of the node's data".to_owned());
        }
        if may_be_restored(&world) && world.strikes(Fault::NodeRestored) && world.state().node.restore() {
            world.tell(|| "operator: puts the node back to the last copy".to_owned());
            if world.state().luck.random().one_in(4) {
                continue;
            }
            // People take their time, and so far everything stops by itself.
            let pause = world.duration(minutes(2), minutes(30));
            world.handle().sleep(pause).await;
            accept(&world).await;
        }
    }
}

/// Whoever has the store, with a clock that is right.
pub(in crate::simulator) fn operator(world: &Arc<World>) -> Administration {
    let store = SimulatedStore::of_operator(world.clone());
    let operator = Operator { name: "operator".to_owned(), origin: String::new() };
    Administration::new(Arc::new(store), operator)
        .clock(Arc::new(ServerClock { handle: world.handle().clone(), skew: Skew::None }))
        .ids(Arc::new(world.ids().clone()))
        .policies(world.options().policies.clone())
}

/// An operator accepts the node as it is.
pub(in crate::simulator) async fn accept(world: &Arc<World>) {
    let info = world.state().node.info().clone();
    if let Err(error) = operator(world).accept_node(&info, &Reason::of_program()).await {
        world.tell(|| format!("operator: cannot accept the node: {error}"));
    }
}

/// What no software survives is left out: a payment of which we never had word, forgotten by a node
/// that knows the newest payment of which we had. Nothing tells that payment from one that was never
/// asked for, see "a node that forgot less" in the threat model.
fn may_be_restored(world: &World) -> bool {
    let store = &**world.store();
    let forgotten: Vec<_> = world.state().node.would_forget().collect();
    let since =
        block_on(store.find_hub()).ok().flatten().map_or(Timestamp::from_millis(0), |hub| hub.node_since);
    let newest = block_on(store.find_attempt(AttemptQuery::NewestSucceeded)).ok().flatten();
    let shows = newest.is_some_and(|newest| {
        newest.created_at() > since && !world.state().node.would_remember(&newest.payment_hash())
    });
    shows
        || forgotten.into_iter().all(|hash| {
            let withdrawal =
                block_on(store.find_withdrawal(WithdrawalLookup::HeldPaymentHash(hash))).ok().flatten();
            let Some(withdrawal) = withdrawal else { return false };
            let attempt =
                block_on(store.find_attempt(AttemptQuery::LatestOf(withdrawal.id()))).ok().flatten();
            attempt.is_some_and(|attempt| match attempt.state() {
                AttemptState::Sent { session: Some(_) } | AttemptState::Succeeded { .. } => true,
                AttemptState::Sent { session: None }
                | AttemptState::Unknown { .. }
                | AttemptState::Failed { .. } => attempt.created_at() <= since || !attempt.is_live(),
            })
        })
}

/// Servers that ended, or seem to, are declared dead: some of them, some time after.
pub(in crate::simulator) async fn operate_servers(world: Arc<World>) {
    let (operator, reason) = (operator(&world), Reason::of_program());
    let mut ended = Vec::new();
    while !world.state().luck.is_off() {
        world.handle().sleep(ROUND).await;
        ended.extend(world.state().servers.take_ended());
        let mut candidates = std::mem::take(&mut ended);
        let paused = world.state().servers.open();
        candidates.extend(paused.into_iter().filter(|run| world.handle().is_paused(run.group())));
        for run in candidates {
            let Some(worker) = run.worker() else { continue };
            if world.state().luck.random().one_in(4) {
                // Nobody cares.
                continue;
            }
            // The word says that nothing of the server will come any more.
            if !run.has_nothing_on_its_way(world.now()) {
                if run.has_stopped() {
                    ended.push(run);
                }
                continue;
            }
            match operator.declare_dead(worker, SILENT_AFTER, &reason).await {
                Ok(_) => world.tell(|| format!("operator: declares {run} dead")),
                // It left, and ended before it learned that it had.
                Err(DeclareDeadError::Unknown(_)) => {}
                Err(
                    error @ (DeclareDeadError::HeardOf { .. }
                    | DeclareDeadError::Denied(_)
                    | DeclareDeadError::Store(_)),
                ) => {
                    world.tell(|| format!("operator: does not declare {run} dead: {error}"));
                    if run.has_stopped() {
                        ended.push(run);
                    }
                }
            }
        }
    }
}
