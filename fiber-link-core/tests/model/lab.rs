//! What may happen in a world, and the world after it.

use crate::guard::{Guard, is_outdated};
use crate::node::{Fate, Node, Status, Underway};
use crate::pass::{Pass, Passes, Shared, Went};
use crate::sample;
use crate::setup::{Invariant, Remains, Setup};
use crate::shelf::{Shelf, Snapshot};
use crate::tape::{Answer, Call};
use crate::world::{Action, Server, World};
use fiber_link_core::{AttemptState, ChangeSet, Exclusivity, Op, Timestamp};
use std::sync::Arc;
use std::time::Duration;

/// Two servers at a time, and two more after the store was put back.
const SERVERS: u8 = 4;

/// Makes worlds go on.
#[derive(Debug)]
pub(crate) struct Lab {
    setup: Setup,
    passes: Passes,
    shelf: Shelf,
}

impl Lab {
    pub(crate) fn new(setup: Setup) -> Self {
        let passes = Passes::new(setup.exclusivity, setup.retries);
        Self { setup, passes, shelf: Shelf::default() }
    }

    pub(crate) fn first(&mut self) -> World {
        let first = Arc::new(Snapshot::first(SERVERS));
        let world = World {
            now: sample::start(),
            store: first.clone(),
            first,
            node: Node::new(),
            servers: [Server::new(0), Server::new(1)],
            left: self.setup.left,
            broken: None,
        };
        let before = self.setup.before.clone();
        before.into_iter().fold(world, |world, action| {
            assert!(self.actions(&world).contains(&action), "{action:?} may happen");
            self.after(&world, action)
        })
    }

    /// All that may happen next.
    pub(crate) fn actions(&self, world: &World) -> Vec<Action> {
        let mut actions = Vec::new();
        for index in 0..world.servers.len() {
            self.actions_of_server(world, index, &mut actions);
        }
        let (left, node) = (&world.left, &world.node);
        actions.extend((!node.underway.is_empty()).then_some(Action::Arrive));
        if let Some((_, fate)) = node.pending() {
            actions.extend((fate != Fate::Dead).then_some(Action::Pay));
            actions.extend((fate != Fate::Paid).then_some(Action::Fail));
        }
        actions.extend(node.forgotten().map(Action::PayForgotten));
        let restorable = left.node_restores > 0 && node.memory != node.backup;
        actions.extend((left.backups > 0 && restorable).then_some(Action::BackUpNode));
        actions.extend((restorable && !self.is_excluded(world)).then_some(Action::RestoreNode));
        actions.extend(
            (left.store_restores > 0 && self.may_restore_store(world)).then_some(Action::RestoreStore),
        );
        actions.extend((left.switches > 0 && !world.store.is_paused()).then_some(Action::PauseWithdrawals));
        actions.extend((left.ticks > 0 && world.next_moment().is_some()).then_some(Action::Tick));
        actions
    }

    fn actions_of_server(&self, world: &World, index: usize, actions: &mut Vec<Action>) {
        let (server, left) = (&world.servers[index], &world.left);
        let sole = self.setup.exclusivity == Exclusivity::Sole;
        if server.gone {
            return;
        }
        let declared = || world.store.is_declared_dead(server.number);
        if left.declarations > 0 && !sole && index == 0 && !declared() {
            actions.push(Action::DeclareDead(index));
        }
        if server.unread.is_some() {
            actions.push(Action::Wake(index));
        } else if let Some(asks) = server.asks() {
            if !(matches!(asks, Call::Send(_)) && self.is_too_late_to_wake(world, server)) {
                actions.push(Action::Step(index));
                actions.extend(
                    (left.stops > 0 && !matches!(asks, Call::Info | Call::Hub))
                        .then_some(Action::StopAfter(index)),
                );
            }
            match asks {
                Call::Send(_) => actions.extend((left.hangs > 0).then_some(Action::Hang(index))),
                Call::Commit(_) => {
                    actions.extend((left.lost > 0).then_some(Action::LoseAnswer(index)));
                    actions.extend((left.pauses > 0).then_some(Action::Pause(index)));
                }
                Call::Payment(hash) if *hash == sample::earlier_hash() => {
                    actions.extend((left.lost > 0).then_some(Action::LoseAnswer(index)));
                }
                Call::Payment(_) => actions.extend((left.pauses > 0).then_some(Action::Pause(index))),
                _ => {}
            }
        } else if left.passes[index] > 0
            && !world.store.withdrawal.state().is_final()
            && (index == 0 || !sole || world.servers[0].gone)
        {
            actions.push(Action::Begin(index));
        }
        if server.pass.is_some() {
            actions.extend((left.drops > 0).then_some(Action::Drop(index)));
            // Elsewhere a server that ended is one that does nothing any more.
            actions.extend((left.crashes > 0 && sole).then_some(Action::Crash(index)));
        }
    }

    fn allows(&self, remains: Remains) -> bool {
        self.setup.allowed.contains(&remains)
    }

    fn is_too_late_to_wake(&self, world: &World, server: &Server) -> bool {
        let until = claim_until(&world.store, server.number);
        let in_time = until.is_some_and(|until| world.now < until);
        server.dead_before_sending
            && !server.woke_too_late
            && !in_time
            && !self.allows(Remains::DeadButPaused)
    }

    /// Whether to put the node back now is what the threat model says remains.
    fn is_excluded(&self, world: &World) -> bool {
        let Some(session) = world.node.payment_unknown_to(&world.node.backup) else { return false };
        let heard = world.store.latest.as_ref().is_some_and(|attempt| match attempt.state() {
            AttemptState::Sent { session: heard } => *heard == Some(session.created_at()),
            AttemptState::Succeeded { .. } => true,
            AttemptState::Unknown { .. } | AttemptState::Failed { .. } => false,
        });
        let store_was_restored = world.left.store_restores < self.setup.left.store_restores;
        let remains = if store_was_restored { Remains::BothRestored } else { Remains::NodeThatForgotLess };
        // Otherwise the memory check finds it.
        world.node.backup.knows_earlier && !heard && !self.allows(remains)
    }

    /// Putting the store back takes longer than a request is under way.
    fn may_restore_store(&self, world: &World) -> bool {
        let forgotten = world.node.fates.iter().enumerate().any(|(number, fate)| {
            let known = world.node.memory.session.as_ref().is_some_and(|session| session.number == number);
            *fate != Fate::Dead && !known
        });
        // Otherwise the memory check finds it.
        let unnoticed = forgotten && world.node.memory.knows_earlier;
        world.node.underway.is_empty() && (!unnoticed || self.allows(Remains::BothRestored))
    }

    /// The world after `action`.
    pub(crate) fn after(&mut self, world: &World, action: Action) -> World {
        let mut next = world.clone();
        let now = next.now;
        match action {
            Action::Begin(index) => {
                next.left.passes[index] -= 1;
                let pass = self.passes.begin(next.servers[index].number);
                next.servers[index].pass = Some(pass);
                self.read_on(&mut next, index);
            }
            Action::Step(index) => {
                let answer = self.perform(&mut next, index);
                self.read(&mut next, index, answer);
                self.read_on(&mut next, index);
            }
            Action::StopAfter(index) => {
                next.left.stops -= 1;
                let answer = self.perform(&mut next, index);
                self.read(&mut next, index, answer);
            }
            Action::Pause(index) => {
                next.left.pauses -= 1;
                let answer = self.perform(&mut next, index);
                next.servers[index].unread = Some(answer);
            }
            Action::Wake(index) => {
                let until = claim_until(&next.store, next.servers[index].number);
                next.servers[index].woke_too_late = until.is_none_or(|until| now >= until);
                if let Some(answer) = next.servers[index].unread.take() {
                    self.read(&mut next, index, answer);
                    self.read_on(&mut next, index);
                }
            }
            Action::LoseAnswer(index) => {
                next.left.lost -= 1;
                self.perform(&mut next, index);
                self.read(&mut next, index, Shared::new(Answer::Nothing));
                self.read_on(&mut next, index);
            }
            Action::Hang(index) => {
                next.left.hangs -= 1;
                Self::check_stored(&mut next);
                let until = claim_until(&next.store, next.servers[index].number).unwrap_or(now);
                let until = until.max(now.plus(Duration::from_millis(1)));
                next.node.underway.push(Underway { until });
                self.read(&mut next, index, Shared::new(Answer::Nothing));
                self.read_on(&mut next, index);
            }
            Action::Drop(index) => {
                next.left.drops -= 1;
                (next.servers[index].pass, next.servers[index].unread) = (None, None);
            }
            Action::Crash(index) => {
                next.left.crashes -= 1;
                next.servers[index] = Server { gone: true, ..Server::new(next.servers[index].number) };
            }
            Action::DeclareDead(index) => {
                next.left.declarations -= 1;
                let server = &mut next.servers[index];
                server.dead_before_sending = has_claimed(server);
                next.store = self.shelf.declare_dead(&next.store, server.number, now);
            }
            Action::PauseWithdrawals => {
                next.left.switches -= 1;
                next.store = self.shelf.pause_withdrawals(&next.store, now);
            }
            Action::Arrive => {
                next.node.underway.pop();
                next.node.receive(now);
            }
            Action::Pay => next.node.end(Status::Succeeded, Fate::Paid),
            Action::Fail => next.node.end(Status::Failed, Fate::Dead),
            Action::PayForgotten(number) => next.node.fates[number] = Fate::Paid,
            Action::BackUpNode => {
                next.left.backups -= 1;
                next.node.backup = next.node.memory.clone();
            }
            Action::RestoreNode => {
                next.left.node_restores -= 1;
                next.node.memory = next.node.backup.clone();
            }
            Action::RestoreStore => {
                next.left.store_restores -= 1;
                next.store = next.first.clone();
                let after = SERVERS / 2;
                next.servers = [Server::new(after), Server::new(after + 1)];
            }
            Action::Tick => {
                next.left.ticks -= 1;
                next.now = next.next_moment().unwrap_or(now);
                let now = next.now;
                next.node.underway.retain(|request| now < request.until);
            }
        }
        next.check(&self.setup.watched);
        next
    }

    /// Does what the server asks.
    fn perform(&mut self, world: &mut World, index: usize) -> Shared<Answer> {
        let now = world.now;
        let Some(pass) = world.servers[index].pass.clone() else { unreachable!("it has a pass") };
        let store = &world.store;
        let answer = match &*pass.asks.value {
            Call::Info => Shared::new(Answer::Info(sample::node_info())),
            Call::Hub => Shared::new(Answer::Hub(sample::hub())),
            Call::TakeDue => store.due.clone(),
            Call::NewestSucceeded => store.newest.clone(),
            Call::LatestAttempt(_) => store.latest_found.clone(),
            Call::Withdrawal(_) => store.found.clone(),
            Call::Worker(id) => Shared::new(store.worker(*id)),
            Call::Document(key) => Shared::new(store.document(key)),
            Call::Payment(hash) if *hash == sample::payment_hash() => {
                Shared::new(Answer::Payment(world.node.payment()))
            }
            Call::Payment(_) => Shared::new(Answer::Payment(world.node.earlier_payment())),
            Call::Liquidity => Shared::new(Answer::Liquidity(sample::liquidity())),
            Call::Commit(changes) => Shared::new(self.commit(world, &pass, changes)),
            Call::Send(_) => {
                Self::check_stored(world);
                world.node.receive(now);
                Shared::new(Answer::Nothing)
            }
        };
        match self.setup.without {
            Some(guard) => guard.distort(&pass, answer),
            None => answer,
        }
    }

    fn commit(&mut self, world: &mut World, pass: &Pass, changes: &ChangeSet) -> Answer {
        let outdated = is_outdated(changes, &world.store);
        let weak = match self.setup.without {
            Some(Guard::StoreFirst) if is_claim(changes) => return Answer::Committed,
            Some(guard) => Shared::new(guard.weaken(changes.clone(), &world.store)),
            None => Shared { value: Arc::new(changes.clone()), digest: pass.asks.digest },
        };
        match self.shelf.commit(&world.store, &weak) {
            Ok(after) => {
                if is_claim(changes) && world.store.is_paused() {
                    world.broken = Some(Invariant::BegunWhilePaused);
                }
                let late = outdated
                    || (world.store.withdrawal.state().is_final() && after.money != world.store.money);
                if late {
                    world.broken = Some(Invariant::LateWriter);
                }
                world.store = after;
                Answer::Committed
            }
            Err(refusal) => Answer::Refused(refusal),
        }
    }

    /// An attempt is stored.
    fn check_stored(world: &mut World) {
        if world.store.latest.is_none() {
            world.broken = Some(Invariant::SentUnstored);
        }
    }

    fn read(&mut self, world: &mut World, index: usize, answer: Shared<Answer>) {
        let (now, server) = (world.now, &mut world.servers[index]);
        let Some(pass) = server.pass.take() else { unreachable!("it has a pass") };
        let at = self.setup.without.map_or(now, |guard| guard.reading_time(&pass, now));
        match self.passes.read(server.number, pass, answer, at) {
            Went::On(pass) => server.pass = Some(pass),
            Went::Ended { dead } => server.gone = dead,
        }
    }

    /// What a server only reads is read together with the step before, unless it stops there.
    fn read_on(&mut self, world: &mut World, index: usize) {
        while world.servers[index].asks().is_some_and(is_quiet) {
            let answer = self.perform(world, index);
            self.read(world, index, answer);
        }
    }
}

/// Whether nobody else is concerned: it reads the store, or what never changes.
fn is_quiet(call: &Call) -> bool {
    match call {
        Call::Info
        | Call::Hub
        | Call::TakeDue
        | Call::NewestSucceeded
        | Call::LatestAttempt(_)
        | Call::Withdrawal(_)
        | Call::Worker(_)
        | Call::Document(_)
        | Call::Liquidity => true,
        Call::Payment(_) | Call::Commit(_) | Call::Send(_) => false,
    }
}

/// Until when this server may send, if the latest attempt is its own.
fn claim_until(store: &Snapshot, server: u8) -> Option<Timestamp> {
    let latest = store.latest.as_ref()?;
    let claim = latest.claim();
    (claim.worker == sample::worker(server)).then_some(claim.until)
}

fn is_claim(changes: &ChangeSet) -> bool {
    let ops = changes.clone().into_ops();
    ops.iter().any(|op| matches!(op, Op::CreateAttempt(_)))
}

/// Whether the server committed a claim that it has not used yet.
fn has_claimed(server: &Server) -> bool {
    match server.asks() {
        Some(Call::Send(_)) => true,
        Some(Call::Commit(_)) => server.unread.is_some(),
        _ => false,
    }
}
