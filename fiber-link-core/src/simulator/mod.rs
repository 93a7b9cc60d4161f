//! Days of bad luck in seconds, and an oracle that watches every step.
//!
//! A [`Simulation`] makes one history: users of several apps tip and withdraw, servers run the real
//! passes of [`FiberLink`](crate::FiberLink) over one [`Store`] and one simulated node,
//! and whatever may go wrong does ([`Fault`]). There is one thread, virtual time, and one source of
//! chance, so that the same [`Options`] make the same history again. Then faults end, and everything
//! must come to its end.
//!
//! # What is checked when
//! - After every commit, whatever it came to: the entries of what it touched, against those that were
//!   seen and against what the node received and sent (I1, I3), the balances that they moved, and the
//!   tips, withdrawals, attempts, workers, idempotency records and events that it wrote, and that it did
//!   write them, or, if it was refused, that it wrote nothing (I2, I4, I5, I7, I8, I9, I11, I12, I14, I16,
//!   I18, I20, I23, I29, I33).
//! - Before the node makes an invoice or a server sends a request to pay, and after money left:
//!   I5, I13, I15, I16, I17, I18, I32, I33.
//! - After each answer that a user got: I22, I25.
//! - Whenever the store answers: that it answers, and that pages of a list lead on.
//! - After every 400 commits, refused ones among them, and at the end everything that was ever seen is
//!   read again, all entries and all balances among it, and for each asset all credits are compared with
//!   what came in and all that was paid with what went out (I1, and those above), and at the end by
//!   [`audit`](crate::audit) too. Then a credit is offered to the store again, which has to refuse it (I8).
//! - Once faults have ended: what the node calls paid is credited (I10), also while payouts are paused,
//!   every withdrawal ends, and what stays reserved does so for a reason with a name (I24).
//!
//! The oracle reads the store through its public trait and adds up by rules of its own. The chain has
//! no part in it yet, so I19 is not checked, and nobody quotes, follows the feed of settled tips, or signs
//! requests: those paths are not made.

mod actors;
mod director;
mod executor;
mod faults;
mod node;
mod options;
mod oracle;
mod random;
mod report;
mod server;
mod shrink;
mod store;
mod story;
mod time;
mod world;

pub use faults::{Fault, FaultLevel, Faults, UnknownFault};
pub use options::{Options, OptionsError};
pub use oracle::Invariant;
pub use report::{Report, Violation};

use crate::{FiberNode, Store};
use executor::Executor;
use oracle::{Limits, Oracle};
use random::Random;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use story::Story;
use time::START;
use world::World;

/// How many lines of a story are told of a violation.
const LAST_LINES: usize = 60;

/// Puts something of yours between the servers and the simulated node.
pub type WrapNode = Arc<dyn Fn(Arc<dyn FiberNode>) -> Arc<dyn FiberNode> + Send + Sync>;

/// One history, which follows from its options alone.
#[derive(Clone)]
pub struct Simulation {
    options: Options,
    wrap_node: Option<WrapNode>,
    progress: Option<Arc<dyn Fn(Progress) + Send + Sync>>,
}

/// How far a history is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// How much of its time is over.
    pub simulated: Duration,
    /// Its time until faults end; what follows is short.
    pub span: Duration,
    /// Steps that the oracle looked at.
    pub steps: u64,
}

impl Simulation {
    /// The history of these options.
    pub fn new(options: Options) -> Self {
        Self { options, wrap_node: None, progress: None }
    }

    /// Servers reach the node through what `wrap` makes of it: an adapter of yours, or a wrong one that
    /// the oracle is to find.
    #[must_use]
    pub fn wrap_node(
        self,
        wrap: impl Fn(Arc<dyn FiberNode>) -> Arc<dyn FiberNode> + Send + Sync + 'static,
    ) -> Self {
        Self { wrap_node: Some(Arc::new(wrap)), ..self }
    }

    /// `watch` hears a hundred times how far the history is.
    #[must_use]
    pub fn on_progress(self, watch: impl Fn(Progress) + Send + Sync + 'static) -> Self {
        Self { progress: Some(Arc::new(watch)), ..self }
    }

    /// The same with other options; nobody hears of it.
    fn of(&self, options: &Options) -> Self {
        Self { options: options.clone(), wrap_node: self.wrap_node.clone(), progress: None }
    }

    /// Makes the history on a store that is fresh and empty.
    ///
    /// # Errors
    /// The [`Violation`] that was found, as it happened. `fresh_store` is called once more then: the
    /// history is made again to be told.
    pub fn run(&self, mut fresh_store: impl FnMut() -> Arc<dyn Store>) -> Result<Report, Box<Violation>> {
        self.make(fresh_store(), 0).0.map_err(|found| self.told(found, fresh_store()))
    }

    /// Makes the history, and if it ends badly, smaller ones that end in the same way.
    ///
    /// # Errors
    /// The [`Violation`] of the smallest that was found.
    pub fn shrink(&self, mut fresh_store: impl FnMut() -> Arc<dyn Store>) -> Result<Report, Box<Violation>> {
        self.make(fresh_store(), 0).0.map_err(|found| self.smaller(found, fresh_store))
    }

    /// Makes smaller histories, as long as one ends as this one did: with `found`. That may take as long
    /// as a million steps.
    pub fn smaller(
        &self,
        found: Box<Violation>,
        mut fresh_store: impl FnMut() -> Arc<dyn Store>,
    ) -> Box<Violation> {
        let smallest = shrink::shrink(found, |options| self.of(options).make(fresh_store(), 0).0);
        if smallest.story.is_empty() { self.told(smallest, fresh_store()) } else { smallest }
    }

    /// A violation with its story: its history is made once more to be told.
    fn told(&self, found: Box<Violation>, store: Arc<dyn Store>) -> Box<Violation> {
        let (again, story) = self.of(&found.options).make(store, LAST_LINES);
        let same = again.is_err_and(|again| (again.invariant, again.step) == (found.invariant, found.step));
        Box::new(Violation { story: if same { story } else { Vec::new() }, ..*found })
    }

    /// The whole story of the history, line by line, and how it ended.
    pub fn tell(&self, store: Arc<dyn Store>) -> (Result<Report, Box<Violation>>, Vec<String>) {
        self.make(store, usize::MAX)
    }

    fn make(&self, store: Arc<dyn Store>, lines: usize) -> (Result<Report, Box<Violation>>, Vec<String>) {
        let options = &self.options;
        let mut executor = Executor::new(START, Random::new(options.seed, 0));
        let limits = limits(options);
        let oracle = Oracle::new(limits);
        let story = Story::new(START, lines);
        let world = Arc::new(World::new(executor.handle(), store, self.clone(), story, oracle));
        director::begin(&world);
        executor.run();
        let ended = world.now();
        drop(executor);
        self.outcome(&world, ended.since(START))
    }

    fn outcome(&self, world: &World, simulated: Duration) -> (Result<Report, Box<Violation>>, Vec<String>) {
        let state = world.take_state();
        let story = state.story.into_lines();
        if let Some((broken, at)) = state.broken {
            let violation = Violation {
                options: self.options.clone(),
                invariant: broken.invariant,
                sentence: broken.sentence,
                step: state.steps,
                after: at.since(START),
                story: story.clone(),
            };
            return (Err(Box::new(violation)), story);
        }
        let (payouts, failures) = state.oracle.ends();
        let report = Report {
            steps: state.steps,
            simulated,
            tips: state.people.tips,
            credits: state.oracle.credits(),
            longest_to_credit: state.oracle.longest_to_credit(),
            withdrawal_requests: state.people.withdrawals,
            payouts,
            failures,
            overpaid: state.overpaid,
            open: state.ending,
            faults: state.luck.into_counts(),
            checks: state.oracle.into_checks(),
        };
        (Ok(report), story)
    }
}

impl fmt::Debug for Simulation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Simulation").field("options", &self.options).finish_non_exhaustive()
    }
}

/// The most that a user and an app may ask for in a day, for the oracle.
fn limits(options: &Options) -> Vec<Limits> {
    let apps: Vec<_> = options.all_apps().collect();
    let of_app = |app: &crate::AppId, asset: &crate::Asset| {
        let policy = options.policies.of(app, asset);
        let (user, whole) = (policy.per_user_daily, policy.per_app_daily);
        let review = options.review_of(asset);
        Limits { app: app.clone(), asset: asset.id.clone(), user, whole, review }
    };
    apps.iter().flat_map(|app| options.assets.iter().map(move |asset| of_app(app, asset))).collect()
}
