//! Every world that can be reached, the near ones first.

use crate::lab::Lab;
use crate::setup::{Invariant, Setup};
use crate::world::{Action, World};
use std::collections::{BTreeSet, HashMap};
use std::fmt;

/// How far an exploration goes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bound {
    /// The most actions in a row.
    pub(crate) depth: usize,
    /// The most worlds.
    pub(crate) worlds: usize,
}

/// What an exploration saw.
#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) worlds: usize,
    pub(crate) steps: usize,
    /// All worlds that so many actions in a row lead to were seen.
    pub(crate) depth: usize,
    /// Whether there is nothing further.
    pub(crate) exhausted: bool,
    pub(crate) sights: BTreeSet<&'static str>,
    pub(crate) violation: Option<Violation>,
}

/// The shortest way to what must not be.
#[derive(Debug)]
pub(crate) struct Violation {
    pub(crate) invariant: Invariant,
    pub(crate) story: Vec<String>,
}

/// Explores until something is broken, nothing is left or the bound is reached.
pub(crate) fn explore(setup: &Setup, bound: Bound) -> Report {
    let mut lab = Lab::new(setup.clone());
    let first = lab.first();
    let root = first.digest();
    let mut came_by: HashMap<u64, Option<(u64, Action)>> = HashMap::from([(root, None)]);
    let mut report =
        Report { worlds: 1, steps: 0, depth: 0, exhausted: false, sights: BTreeSet::new(), violation: None };
    let mut nearest = vec![(root, first)];
    while report.depth < bound.depth && report.worlds < bound.worlds {
        let mut further = Vec::new();
        for (digest, world) in &nearest {
            for action in lab.actions(world) {
                let next = lab.after(world, action);
                report.steps += 1;
                if let Some(invariant) = next.broken {
                    let mut actions = way_to(&came_by, *digest);
                    actions.push(action);
                    report.worlds = came_by.len();
                    report.violation = Some(Violation { invariant, story: tell(setup, &actions) });
                    return report;
                }
                let reached = next.digest();
                came_by.entry(reached).or_insert_with(|| {
                    report.sights.extend(next.sights());
                    further.push((reached, next));
                    Some((*digest, action))
                });
            }
        }
        report.worlds = came_by.len();
        report.depth += 1;
        report.exhausted = further.is_empty();
        if report.exhausted {
            break;
        }
        nearest = further;
    }
    report
}

fn way_to(came_by: &HashMap<u64, Option<(u64, Action)>>, digest: u64) -> Vec<Action> {
    let mut way = Vec::new();
    let mut at = digest;
    while let Some(Some((before, action))) = came_by.get(&at) {
        way.push(*action);
        at = *before;
    }
    way.reverse();
    way
}

/// The same way once more, in words.
fn tell(setup: &Setup, actions: &[Action]) -> Vec<String> {
    let mut lab = Lab::new(setup.clone());
    let mut world = lab.first();
    let tell_one = |action: &Action| {
        let asked = asked_by(&world, *action);
        world = lab.after(&world, *action);
        let (seconds, withdrawal) = (world.seconds(), world.store.withdrawal.state());
        let attempt = world.store.latest.as_ref().map(|attempt| attempt.state().clone());
        let node = (world.node.payment().map(|status| status.state), &world.node.fates);
        format!(
            "{seconds:>4} s  {action:?}{asked}\n          {} {attempt:?}, node {node:?}",
            withdrawal.as_str()
        )
    };
    actions.iter().map(tell_one).collect()
}

fn asked_by(world: &World, action: Action) -> String {
    let server = match action {
        Action::Step(server)
        | Action::StopAfter(server)
        | Action::Pause(server)
        | Action::LoseAnswer(server)
        | Action::Hang(server) => server,
        _ => return String::new(),
    };
    let asks = world.servers[server].pass.as_ref().map(|pass| format!("{:?}", pass.asks.value));
    let asks = asks.unwrap_or_default();
    format!(": {}", asks.split(['(', '{']).next().unwrap_or_default())
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { worlds, steps, depth, exhausted, .. } = self;
        let end = if *exhausted { "nothing is left" } else { "more is left" };
        write!(f, "{worlds} states, {steps} steps, depth {depth}, {end}")?;
        if let Some(Violation { invariant, story }) = &self.violation {
            write!(f, "; {invariant:?} is broken after {} actions:\n{}", story.len(), story.join("\n"))?;
        }
        Ok(())
    }
}
