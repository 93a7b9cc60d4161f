//! What a history came to.

use super::faults::Fault;
use super::options::Options;
use super::oracle::Invariant;
use crate::AssetId;
use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

/// What a history without a violation came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Steps that the oracle looked at: commits, and acts of the node.
    pub steps: u64,
    /// How long it was in simulated time, with the time that everything took to come to its end.
    pub simulated: Duration,
    /// Tips that users wanted to give.
    pub tips: u64,
    /// Tips that were credited.
    pub credits: u64,
    /// The longest time from a payment to its credit; none if nothing was paid.
    pub longest_to_credit: Option<Duration>,
    /// Withdrawals that users wanted to make, those that were refused included.
    pub withdrawal_requests: u64,
    /// Withdrawals that were paid.
    pub payouts: u64,
    /// Withdrawals that failed, with their funds back.
    pub failures: u64,
    /// What payers sent beyond what their invoices asked, and nobody was credited with, by asset.
    pub overpaid: BTreeMap<AssetId, u128>,
    /// What may stay open for good, by the reason.
    pub open: BTreeMap<&'static str, u64>,
    /// How often each kind of fault happened.
    pub faults: BTreeMap<Fault, u64>,
    /// How often each invariant was checked.
    pub checks: BTreeMap<Invariant, u64>,
}

impl Report {
    /// Adds what another history came to.
    pub fn add(&mut self, other: &Self) {
        fn sum<K: Ord + Copy>(into: &mut BTreeMap<K, u64>, from: &BTreeMap<K, u64>) {
            for (key, count) in from {
                let sum = into.entry(*key).or_default();
                *sum = sum.saturating_add(*count);
            }
        }
        for (asset, overpaid) in &other.overpaid {
            let sum = self.overpaid.entry(asset.clone()).or_default();
            *sum = sum.saturating_add(*overpaid);
        }
        self.steps = self.steps.saturating_add(other.steps);
        self.simulated = self.simulated.saturating_add(other.simulated);
        self.tips = self.tips.saturating_add(other.tips);
        self.credits = self.credits.saturating_add(other.credits);
        self.longest_to_credit = self.longest_to_credit.max(other.longest_to_credit);
        self.withdrawal_requests = self.withdrawal_requests.saturating_add(other.withdrawal_requests);
        self.payouts = self.payouts.saturating_add(other.payouts);
        self.failures = self.failures.saturating_add(other.failures);
        sum(&mut self.open, &other.open);
        sum(&mut self.faults, &other.faults);
        sum(&mut self.checks, &other.checks);
    }
}

/// Something that must hold did not.
#[derive(Clone, Debug)]
pub struct Violation {
    /// What makes it happen again; already shrunk where [`Simulation::shrink`](super::Simulation::shrink) found it.
    pub options: Options,
    /// What must hold.
    pub invariant: Invariant,
    /// What happened instead.
    pub sentence: String,
    /// At which step.
    pub step: u64,
    /// How long after the start, in simulated time.
    pub after: Duration,
    /// What happened last, the newest at the end. Empty if the history was not the same when it was
    /// made again to be told: then something is not decided by the seed.
    pub story: Vec<String>,
}

impl Violation {
    /// What makes the same history again, for [`Options`]' `FromStr` and for the variable
    /// `FIBER_LINK_SIMULATOR_SEED` of our tests.
    pub fn replay(&self) -> String {
        self.options.to_string()
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { options, invariant, sentence, step, after, story } = self;
        for line in story {
            writeln!(f, "{line}")?;
        }
        writeln!(f, "{invariant} is broken ({}): {sentence}", invariant.sentence())?;
        writeln!(f, "seed {}, step {step}, {} s after the start", options.seed, after.as_secs())?;
        write!(f, "replay: FIBER_LINK_SIMULATOR_SEED='{options}'")
    }
}

impl std::error::Error for Violation {}
