//! Everything that one history is made of, behind one lock.

use super::actors::People;
use super::executor::Handle;
use super::faults::{Fault, Luck};
use super::node::{Connection, Node};
use super::options::Options;
use super::oracle::invariant::Broken;
use super::oracle::{Oracle, Sight};
use super::random::Random;
use super::server::{ServerRun, Servers};
use super::story::Story;
use super::time::{CountedIds, START};
use super::{Progress, Simulation};
use crate::{AssetId, FiberNode, Store, Timestamp};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// One history in the making.
pub(super) struct World {
    handle: Handle,
    store: Arc<dyn Store>,
    simulation: Simulation,
    ids: CountedIds,
    state: Mutex<State>,
}

/// What changes.
pub(super) struct State {
    pub(super) luck: Luck,
    pub(super) node: Node,
    pub(super) oracle: Oracle,
    pub(super) story: Story,
    pub(super) servers: Servers,
    pub(super) people: People,
    pub(super) steps: u64,
    /// What may stay open for good, by the reason.
    pub(super) ending: BTreeMap<&'static str, u64>,
    /// What payers sent beyond what was credited.
    pub(super) overpaid: BTreeMap<AssetId, u128>,
    pub(super) broken: Option<(Broken, Timestamp)>,
}

impl State {
    fn new(options: &Options, story: Story, oracle: Oracle) -> Self {
        Self {
            luck: Luck::new(options.faults.clone(), Random::new(options.seed, 1)),
            node: Node::new(options.assets.clone()),
            oracle,
            story,
            servers: Servers::default(),
            people: People::default(),
            steps: 0,
            ending: BTreeMap::new(),
            overpaid: BTreeMap::new(),
            broken: None,
        }
    }
}

impl World {
    pub(super) fn new(
        handle: Handle,
        store: Arc<dyn Store>,
        simulation: Simulation,
        story: Story,
        oracle: Oracle,
    ) -> Self {
        let state = State::new(&simulation.options, story, oracle);
        Self { handle, store, simulation, ids: CountedIds::default(), state: Mutex::new(state) }
    }

    pub(super) fn handle(&self) -> &Handle {
        &self.handle
    }

    pub(super) fn options(&self) -> &Options {
        &self.simulation.options
    }

    /// The node as a server reaches it, through whatever stands between them.
    pub(super) fn wrapped(&self, node: Arc<Connection>) -> Arc<dyn FiberNode> {
        match &self.simulation.wrap_node {
            Some(wrap) => wrap(node),
            None => node,
        }
    }

    /// Tells whoever wants to know how far this is.
    pub(super) fn report_progress(&self) {
        if let Some(watch) = &self.simulation.progress {
            let (span, steps) = (self.options().span, self.state().steps);
            watch(Progress { simulated: self.now().since(START).min(span), span, steps });
        }
    }

    /// The store itself, behind all faults.
    pub(super) fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }

    pub(super) fn ids(&self) -> &CountedIds {
        &self.ids
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What it all came to, once nothing runs any more.
    pub(super) fn take_state(&self) -> State {
        let empty = State::new(self.options(), Story::new(self.now(), 0), Oracle::default());
        std::mem::replace(&mut self.state(), empty)
    }

    pub(super) fn now(&self) -> Timestamp {
        self.handle.now()
    }

    pub(super) fn tell(&self, line: impl FnOnce() -> String) {
        self.state().story.tell(self.now(), line);
    }

    /// Whether a fault happens now.
    pub(super) fn strikes(&self, fault: Fault) -> bool {
        let (mut state, now) = (self.state(), self.now());
        let strikes = state.luck.strikes(fault, now);
        if strikes {
            state.story.tell(now, || format!("fault: {fault}"));
        }
        strikes
    }

    /// Any duration between both, by the chance of the world.
    pub(super) fn duration(&self, least: Duration, most: Duration) -> Duration {
        self.state().luck.random().duration(least, most)
    }

    /// The oracle looks. What it finds ends the history.
    pub(super) fn watch(&self, look: impl FnOnce(&mut Oracle, Sight<'_>) -> Result<(), Broken>) {
        let now = self.now();
        let State { oracle, node, story, broken, steps, .. } = &mut *self.state();
        if broken.is_some() {
            return;
        }
        *steps = steps.saturating_add(1);
        let sight = Sight { store: &*self.store, truth: node.truth(), node, now };
        if let Err(found) = look(oracle, sight) {
            story.tell(now, || format!("oracle: {} is broken: {}", found.invariant, found.sentence));
            *broken = Some((found, now));
            self.handle.halt();
        }
    }

    /// The node acted in a way that moves nothing of ours.
    pub(super) fn step(&self) {
        let mut state = self.state();
        state.steps = state.steps.saturating_add(1);
    }

    /// Any server that takes requests.
    pub(super) fn some_server(&self, random: &mut Random) -> Option<Arc<ServerRun>> {
        random.pick(&self.state().servers.open()).cloned()
    }
}
