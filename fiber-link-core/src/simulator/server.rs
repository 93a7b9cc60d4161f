//! One run of a server: the real thing, with loops like those of the server's binary.

use super::executor::{Group, give_way};
use super::faults::Fault;
use super::node::Connection;
use super::oracle::Sender;
use super::store::SimulatedStore;
use super::time::{ServerClock, Skew};
use super::world::World;
use crate::signal::Signal;
use crate::{Clock, FiberLink, FiberNode, Payouts, Settings, Stop, Timestamp, WorkerId};
use futures_util::StreamExt;
use futures_util::future::{Either, select};
use std::fmt;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// The most tips of one settlement pass.
const TIPS_PER_PASS: u32 = 500;

/// The most withdrawals of one payout pass.
const WITHDRAWALS_PER_PASS: u32 = 64;

/// How long a loop rests at least when there is nothing to do. It rests twice as long after each
/// pass that found nothing, up to the longest: 30 days have 13 million rests of 200 ms.
const SHORTEST_REST: Duration = Duration::from_millis(200);
const LONGEST_REST: Duration = Duration::from_secs(60);

/// How often a server says that it lives; less often than the binary does, for the same reason.
const BEAT: Duration = Duration::from_secs(40);

/// How long the stream of hints is left alone after it ended.
const HINTS_AGAIN: Duration = Duration::from_secs(5);

/// One run of a server, from its start to its end.
pub(super) struct ServerRun {
    number: u32,
    run: u32,
    group: Group,
    clock: ServerClock,
    payouts: Payouts,
    link: OnceLock<FiberLink>,
    sending: AtomicU32,
    arrives_until: AtomicU64,
    /// Whether its loops are to end after the pass that they make, and the server with them.
    leaving: AtomicBool,
    loops_ended: AtomicU32,
    left: AtomicBool,
    stopped: AtomicBool,
    ended: Signal,
}

/// The runs that are under way, and those that are not but may be taken for alive.
#[derive(Default)]
pub(super) struct Servers {
    running: Vec<Arc<ServerRun>>,
    ended: Vec<Arc<ServerRun>>,
    paused: bool,
}

/// The loops of a server that make passes.
const LOOPS: u32 = 2;

impl Servers {
    /// Those that take requests.
    pub(super) fn open(&self) -> Vec<Arc<ServerRun>> {
        let open = self.running.iter().filter(|run| run.link.get().is_some() && !run.is_leaving());
        open.cloned().collect()
    }

    /// The run of a server that is under way.
    pub(super) fn running(&self, number: u32) -> Option<Arc<ServerRun>> {
        self.running.iter().find(|run| run.number == number).cloned()
    }

    /// Whether those that start from now on pay no withdrawals.
    pub(super) fn set_paused(&mut self, paused: bool) {
        self.paused = paused;
    }

    pub(super) fn are_paused(&self) -> bool {
        self.paused
    }

    /// Those of which nobody has said yet that they are dead.
    pub(super) fn take_ended(&mut self) -> Vec<Arc<ServerRun>> {
        std::mem::take(&mut self.ended)
    }
}

impl ServerRun {
    pub(super) fn group(&self) -> Group {
        self.group
    }

    pub(super) fn link(&self) -> Option<&FiberLink> {
        self.link.get()
    }

    pub(super) fn worker(&self) -> Option<WorkerId> {
        self.link.get().map(FiberLink::worker)
    }

    pub(super) fn sender(&self) -> Sender {
        let pays = self.payouts == Payouts::Here;
        Sender { worker: self.worker(), clock: self.clock.now(), pays }
    }

    pub(super) fn sending(&self) -> &AtomicU32 {
        &self.sending
    }

    /// A request of this server is on its way until then.
    pub(super) fn request_arrives_until(&self, at: Timestamp) {
        self.arrives_until.fetch_max(at.as_millis(), Ordering::Relaxed);
    }

    /// Asks it to end in order.
    pub(super) fn ask_to_leave(&self) {
        self.leaving.store(true, Ordering::Relaxed);
    }

    fn is_leaving(&self) -> bool {
        self.leaving.load(Ordering::Relaxed)
    }

    pub(super) fn has_stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }

    /// Whether nothing of this server will reach the node any more: what an operator vouches for
    /// with the word that it is dead.
    pub(super) fn has_nothing_on_its_way(&self, now: Timestamp) -> bool {
        (self.has_stopped() || self.sending.load(Ordering::Relaxed) == 0)
            && now.as_millis() > self.arrives_until.load(Ordering::Relaxed)
    }

    /// Others may go first; the server may be stopped or paused here.
    pub(super) async fn choice(&self, world: &Arc<World>, place: &'static str) {
        if world.strikes(Fault::ServerStops) {
            world.tell(|| format!("{self}: is killed {place}"));
            self.stop(world);
            std::future::pending::<()>().await;
        }
        if world.strikes(Fault::ServerPauses) {
            let pause = world.duration(Duration::from_secs(1), Duration::from_secs(15 * 60));
            world.tell(|| format!("{self}: sleeps for {pause:?} {place}"));
            let (handle, group) = (world.handle().clone(), self.group);
            handle.pause(group);
            let wakes = handle.sleep(pause);
            world.handle().spawn(Group::WORLD, async move {
                wakes.await;
                handle.resume(group);
            });
            give_way().await;
        } else if world.state().luck.random().one_in(4) {
            give_way().await;
        }
    }

    /// Ends this run where it stands.
    pub(super) fn stop(&self, world: &World) {
        world.handle().stop(self.group);
        let mut state = world.state();
        let servers = &mut state.servers;
        let ended = servers.running.extract_if(.., |run| run.group == self.group).collect::<Vec<_>>();
        // Who left has said himself that he is dead.
        if !self.left.load(Ordering::Relaxed) {
            servers.ended.extend(ended);
        }
        self.stopped.store(true, Ordering::Relaxed);
        self.ended.raise();
    }
}

impl fmt::Display for ServerRun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "server {}.{}", self.number, self.run)
    }
}

/// Keeps a server running: starts it again after it was stopped.
pub(super) async fn supervise(world: Arc<World>, number: u32) {
    for run in 1.. {
        let skew = if !world.strikes(Fault::ClockSkewed) {
            Skew::None
        } else {
            let by = world.duration(Duration::from_millis(1), Duration::from_secs(5));
            if world.state().luck.random().one_in(2) { Skew::Ahead(by) } else { Skew::Behind(by) }
        };
        let paused = world.state().servers.are_paused();
        let server = Arc::new(ServerRun {
            payouts: if paused { Payouts::Elsewhere } else { world.options().settings.payouts },
            leaving: AtomicBool::new(false),
            loops_ended: AtomicU32::new(0),
            left: AtomicBool::new(false),
            number,
            run,
            group: world.handle().new_group(),
            clock: ServerClock { handle: world.handle().clone(), skew },
            link: OnceLock::new(),
            sending: AtomicU32::new(0),
            arrives_until: AtomicU64::new(0),
            stopped: AtomicBool::new(false),
            ended: Signal::default(),
        });
        world.tell(|| format!("{server}: starts, its clock is off by {skew:?}"));
        world.state().servers.running.push(server.clone());
        world.handle().spawn(server.group, start(world.clone(), server.clone()));
        server.ended.wait().await;
        let down = world.duration(Duration::from_secs(1), Duration::from_secs(600));
        let soon = world.state().luck.is_off() || server.left.load(Ordering::Relaxed);
        world.handle().sleep(if soon { Duration::from_secs(1) } else { down }).await;
    }
}

async fn start(world: Arc<World>, server: Arc<ServerRun>) {
    let node = world.wrapped(Arc::new(Connection { world: world.clone(), server: server.clone() }));
    let store = Arc::new(SimulatedStore::of_server(world.clone(), server.clone()));
    let link = loop {
        let options = world.options();
        let builder = FiberLink::builder(store.clone(), node.clone())
            .assets(options.assets.clone())
            .clock(Arc::new(server.clock.clone()))
            .ids(Arc::new(world.ids().clone()))
            .label(server.to_string())
            .policies(options.policies.clone())
            .settings(Settings { payouts: server.payouts, ..options.settings });
        match builder.open().await {
            Ok(link) => break link,
            Err(error) => {
                world.tell(|| format!("{server}: does not start: {error}"));
                world.handle().sleep(Duration::from_secs(1)).await;
            }
        }
    };
    let _first = server.link.set(link.clone());
    let group = server.group;
    world.handle().spawn(group, settle(world.clone(), server.clone(), link.clone()));
    world.handle().spawn(group, pay(world.clone(), server.clone(), link.clone()));
    world.handle().spawn(group, beat(world.clone(), server.clone(), link.clone()));
    world.handle().spawn(group, pass_on_hints(world.clone(), link, node));
}

async fn settle(world: Arc<World>, server: Arc<ServerRun>, link: FiberLink) {
    let mut rest = Rest(SHORTEST_REST);
    while !server.is_leaving() {
        let report = link.settle_due(TIPS_PER_PASS).await;
        let busy = report.as_ref().is_ok_and(|report| report.settled > 0 || report.more);
        rest.wait(&world, busy, link.settlement_wanted()).await;
    }
    end_loop(&world, &server, &link).await;
}

async fn pay(world: Arc<World>, server: Arc<ServerRun>, link: FiberLink) {
    let mut rest = Rest(SHORTEST_REST);
    while !server.is_leaving() {
        let report = link.pay_due(WITHDRAWALS_PER_PASS).await;
        let busy = report.as_ref().is_ok_and(|report| report.ended > 0 || report.more);
        rest.wait(&world, busy, link.payouts_wanted()).await;
    }
    end_loop(&world, &server, &link).await;
}

/// A loop ended in order. After the last one the server says that it will never act again: once
/// nothing of it is on its way any more, as that word says.
async fn end_loop(world: &World, server: &ServerRun, link: &FiberLink) {
    if server.loops_ended.fetch_add(1, Ordering::Relaxed).saturating_add(1) < LOOPS {
        return;
    }
    while !server.has_nothing_on_its_way(world.now()) {
        world.handle().sleep(Duration::from_secs(1)).await;
    }
    while let Err(error) = link.leave().await {
        world.tell(|| format!("{server}: cannot leave: {error}"));
        world.handle().sleep(Duration::from_secs(1)).await;
    }
    world.tell(|| format!("{server}: leaves"));
    server.left.store(true, Ordering::Relaxed);
    server.stop(world);
}

/// A server that learns that it was declared dead ends, and is started anew.
async fn beat(world: Arc<World>, server: Arc<ServerRun>, link: FiberLink) {
    while !server.is_leaving() {
        match link.beat().await {
            // It says so itself.
            Ok(Some(Stop::DeclaredDead)) if server.is_leaving() => return,
            Ok(Some(Stop::DeclaredDead)) => {
                world.tell(|| format!("{server}: learns that it was declared dead, and ends"));
                server.stop(&world);
                return;
            }
            Ok(_) | Err(_) => world.handle().sleep(BEAT).await,
        }
    }
}

async fn pass_on_hints(world: Arc<World>, link: FiberLink, node: Arc<dyn FiberNode>) {
    loop {
        let mut hints = node.hints();
        while let Some(hint) = hints.next().await {
            link.hint(hint.payment_hash);
        }
        world.handle().sleep(HINTS_AGAIN).await;
    }
}

/// How long a loop rests.
struct Rest(Duration);

impl Rest {
    async fn wait(&mut self, world: &World, busy: bool, wanted: impl Future<Output = ()>) {
        self.0 = if busy { SHORTEST_REST } else { self.0.saturating_mul(2).min(LONGEST_REST) };
        let sleep = world.handle().sleep(self.0);
        if let Either::Right(_) = select(sleep, pin!(wanted)).await {
            self.0 = SHORTEST_REST;
        }
    }
}
