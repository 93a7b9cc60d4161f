//! What can go wrong, and how often.
//!
//! Every fault is one that a real store, node, network or machine can have. What no software could
//! survive is left out, each at the place where its fault is made:
//! - a request to pay that arrives after its sender was declared dead or left, see [`Fault::RequestLate`];
//! - a node that is put back so that it forgot a payment of which nobody could know, see
//!   [`Fault::NodeRestored`];
//! - a payment in several parts that counts as failed while parts are on their way, see
//!   [`Fault::FailedInFlight`].

use super::random::Random;
use crate::{PaymentRequest, Timestamp};
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// A kind of bad luck.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fault {
    /// A server is killed, at any call of its, before or after it took effect.
    ServerStops,
    /// A server sleeps, perhaps past its claim, and wakes up.
    ServerPauses,
    /// An operator stops all servers in order and starts them again, one after the other.
    ServersRestarted,
    /// An operator restarts all servers in order so that they only take tips, and after a while so
    /// that they pay again.
    PayoutsPaused,
    /// The clock of a server is up to five seconds ahead or behind.
    ClockSkewed,
    /// A call of the store fails and did nothing.
    StoreFails,
    /// A call of the store took effect, and its answer is lost.
    StoreAnswerLost,
    /// The node did what it was asked, and its answer is lost.
    AnswerLost,
    /// The node never hears of a request.
    RequestLost,
    /// The node hears of a request after its sender gave up, and perhaps after it died; not after it
    /// was declared dead or left: that word says that nothing of it will come any more.
    RequestLate,
    /// The node answers as things were up to 15 s ago.
    OutOfDate,
    /// The node takes nearly its timeout for an answer.
    AnswerSlow,
    /// The node is down for a while, and may forget to go on with what it had begun.
    NodeDown,
    /// The node is put back to an earlier copy of its data: never to one from which a payment is
    /// missing that we had no word of, while it still knows the newest one that we do know of.
    NodeRestored,
    /// The node cannot send enough for a while.
    LiquidityLow,
    /// A payment fails.
    PaymentFails,
    /// A payment is under way for minutes or hours.
    PaymentSlow,
    /// A payment is under way for good, and nothing is paid.
    PaymentHangs,
    /// The payee has the money, and the node has the payment under way for good.
    PaymentHangsPaid,
    /// A payment counts as failed and is paid all the same. Only a payment in several parts can do
    /// so: no level has this fault as long as payments go in one part ([`PaymentRequest::MAX_PARTS`]).
    FailedInFlight,
    /// An invoice is called expired or cancelled while its payment is held, and is paid after that.
    EndedThenPaid,
    /// A payer sends more than the invoice asks: the node takes it, and the invoiced amount is credited.
    PaidTooMuch,
    /// A payer sends less than the invoice asks: the node does not take it.
    PaidTooLittle,
    /// Nobody hears that an invoice was paid.
    HintLost,
    /// A hint is heard twice.
    HintRepeated,
    /// A hint is heard late, after others.
    HintLate,
    /// A hint tells of an invoice of which nothing happened, or that does not exist.
    HintLies,
}

/// How much goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultLevel {
    /// Nothing.
    None,
    /// What a host sees in a bad month.
    Mild,
    /// What nobody should see in a lifetime.
    Harsh,
}

/// How often each kind of fault happens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Faults {
    level: FaultLevel,
    changed: BTreeMap<Fault, u64>,
}

impl Fault {
    /// Every kind.
    pub const ALL: [Self; 27] = [
        Self::ServerStops,
        Self::ServerPauses,
        Self::ServersRestarted,
        Self::PayoutsPaused,
        Self::ClockSkewed,
        Self::StoreFails,
        Self::StoreAnswerLost,
        Self::AnswerLost,
        Self::RequestLost,
        Self::RequestLate,
        Self::OutOfDate,
        Self::AnswerSlow,
        Self::NodeDown,
        Self::NodeRestored,
        Self::LiquidityLow,
        Self::PaymentFails,
        Self::PaymentSlow,
        Self::PaymentHangs,
        Self::PaymentHangsPaid,
        Self::FailedInFlight,
        Self::EndedThenPaid,
        Self::PaidTooMuch,
        Self::PaidTooLittle,
        Self::HintLost,
        Self::HintRepeated,
        Self::HintLate,
        Self::HintLies,
    ];

    /// Its name in options and reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ServerStops => "server_stops",
            Self::ServerPauses => "server_pauses",
            Self::ServersRestarted => "servers_restarted",
            Self::PayoutsPaused => "payouts_paused",
            Self::ClockSkewed => "clock_skewed",
            Self::StoreFails => "store_fails",
            Self::StoreAnswerLost => "store_answer_lost",
            Self::AnswerLost => "answer_lost",
            Self::RequestLost => "request_lost",
            Self::RequestLate => "request_late",
            Self::OutOfDate => "out_of_date",
            Self::AnswerSlow => "answer_slow",
            Self::NodeDown => "node_down",
            Self::NodeRestored => "node_restored",
            Self::LiquidityLow => "liquidity_low",
            Self::PaymentFails => "payment_fails",
            Self::PaymentSlow => "payment_slow",
            Self::PaymentHangs => "payment_hangs",
            Self::PaymentHangsPaid => "payment_hangs_paid",
            Self::FailedInFlight => "failed_in_flight",
            Self::EndedThenPaid => "ended_then_paid",
            Self::PaidTooMuch => "paid_too_much",
            Self::PaidTooLittle => "paid_too_little",
            Self::HintLost => "hint_lost",
            Self::HintRepeated => "hint_repeated",
            Self::HintLate => "hint_late",
            Self::HintLies => "hint_lies",
        }
    }

    /// One in how many occasions at the level `Harsh`; 0 for never.
    const fn one_in(self) -> u64 {
        match self {
            Self::ServerStops => 60,
            Self::ServerPauses => 80,
            Self::ServersRestarted => 1,
            Self::PayoutsPaused => 2,
            Self::ClockSkewed => 2,
            Self::StoreFails => 40,
            Self::StoreAnswerLost => 40,
            Self::AnswerLost => 15,
            Self::RequestLost => 15,
            Self::RequestLate => 15,
            Self::OutOfDate => 20,
            Self::AnswerSlow => 20,
            Self::NodeDown => 1,
            Self::NodeRestored => 1,
            Self::LiquidityLow => 1,
            Self::PaymentFails => 4,
            Self::PaymentSlow => 4,
            Self::PaymentHangs => 25,
            Self::PaymentHangsPaid => 25,
            Self::FailedInFlight if PaymentRequest::MAX_PARTS > 1 => 4,
            Self::FailedInFlight => 0,
            Self::EndedThenPaid => 8,
            Self::PaidTooMuch => 12,
            Self::PaidTooLittle => 12,
            Self::HintLost => 3,
            Self::HintRepeated => 3,
            Self::HintLate => 3,
            Self::HintLies => 5,
        }
    }

    /// How long it is not tried again, where it would otherwise happen all the time.
    fn rest(self) -> Option<(Duration, Duration)> {
        let minutes = |n: u64| Duration::from_secs(n.saturating_mul(60));
        match self {
            Self::ServerStops | Self::ServerPauses => Some((minutes(1), minutes(60))),
            Self::NodeDown | Self::LiquidityLow => Some((minutes(20), minutes(240))),
            Self::NodeRestored | Self::ServersRestarted | Self::PayoutsPaused => {
                Some((minutes(10), minutes(240)))
            }
            Self::ClockSkewed
            | Self::StoreFails
            | Self::StoreAnswerLost
            | Self::AnswerLost
            | Self::RequestLost
            | Self::RequestLate
            | Self::OutOfDate
            | Self::AnswerSlow
            | Self::PaymentFails
            | Self::PaymentSlow
            | Self::PaymentHangs
            | Self::PaymentHangsPaid
            | Self::FailedInFlight
            | Self::EndedThenPaid
            | Self::PaidTooMuch
            | Self::PaidTooLittle
            | Self::HintLost
            | Self::HintRepeated
            | Self::HintLate
            | Self::HintLies => None,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FaultLevel {
    /// Its name in options.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Mild => "mild",
            Self::Harsh => "harsh",
        }
    }

    /// How much rarer faults are than at the level `Harsh`.
    const fn rarer(self) -> u32 {
        match self {
            Self::None | Self::Harsh => 1,
            Self::Mild => 12,
        }
    }
}

impl Faults {
    /// Every fault as often as its level has it.
    pub const fn of(level: FaultLevel) -> Self {
        Self { level, changed: BTreeMap::new() }
    }

    /// The same with `fault` on one in `n` occasions; never for 0.
    #[must_use]
    pub fn with(mut self, fault: Fault, n: u64) -> Self {
        self.changed.insert(fault, n);
        self
    }

    /// On one in how many occasions a fault happens; 0 for never.
    pub fn one_in(&self, fault: Fault) -> u64 {
        let of_level = || match self.level {
            FaultLevel::None => 0,
            FaultLevel::Mild | FaultLevel::Harsh => {
                let rarer = if fault.rest().is_some() { 1 } else { self.level.rarer() };
                fault.one_in().saturating_mul(rarer.into())
            }
        };
        self.changed.get(&fault).copied().unwrap_or_else(of_level)
    }

    /// Whether a fault happens at all.
    pub fn has(&self, fault: Fault) -> bool {
        self.one_in(fault) > 0
    }
}

impl Default for Faults {
    fn default() -> Self {
        Self::of(FaultLevel::Harsh)
    }
}

/// Such as `harsh,server_stops=0`.
impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.level.as_str())?;
        self.changed.iter().try_for_each(|(fault, n)| write!(f, ",{fault}={n}"))
    }
}

/// A text does not say what goes wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is neither a level of faults (none, mild, harsh) nor of the form fault=number")]
pub struct UnknownFault(String);

impl FromStr for Faults {
    type Err = UnknownFault;

    fn from_str(text: &str) -> Result<Self, UnknownFault> {
        let mut faults = Self::of(FaultLevel::None);
        for part in text.split(',') {
            let unknown = || UnknownFault(part.to_owned());
            let levels = [FaultLevel::None, FaultLevel::Mild, FaultLevel::Harsh];
            if let Some(level) = levels.into_iter().find(|level| level.as_str() == part) {
                faults.level = level;
                continue;
            }
            let (name, n) = part.split_once('=').ok_or_else(unknown)?;
            let fault = Fault::ALL.into_iter().find(|fault| fault.as_str() == name).ok_or_else(unknown)?;
            faults = faults.with(fault, n.parse().map_err(|_| unknown())?);
        }
        Ok(faults)
    }
}

/// Decides when faults happen, and counts them.
#[derive(Debug)]
pub(super) struct Luck {
    faults: Faults,
    random: Random,
    off: bool,
    not_before: BTreeMap<Fault, Timestamp>,
    counts: BTreeMap<Fault, u64>,
}

impl Luck {
    pub(super) fn new(faults: Faults, random: Random) -> Self {
        Self { faults, random, off: false, not_before: BTreeMap::new(), counts: BTreeMap::new() }
    }

    /// Whether it happens now.
    pub(super) fn strikes(&mut self, fault: Fault, now: Timestamp) -> bool {
        let n = self.faults.one_in(fault);
        if self.off || n == 0 || self.not_before.get(&fault).is_some_and(|at| now < *at) {
            return false;
        }
        // What rests between two times rests before the first.
        let rested = fault.rest().is_none() || self.not_before.contains_key(&fault);
        let strikes = rested && self.random.one_in(n);
        if let Some((shortest, longest)) = fault.rest()
            && (strikes || !rested)
        {
            let rest = self.random.duration(shortest, longest).saturating_mul(self.faults.level.rarer());
            self.not_before.insert(fault, now.plus(rest));
        }
        if strikes {
            let count = self.counts.entry(fault).or_default();
            *count = count.saturating_add(1);
        }
        strikes
    }

    /// From now on nothing goes wrong any more.
    pub(super) fn turn(&mut self) {
        self.off = true;
    }

    pub(super) fn is_off(&self) -> bool {
        self.off
    }

    pub(super) fn random(&mut self) -> &mut Random {
        &mut self.random
    }

    pub(super) fn into_counts(self) -> BTreeMap<Fault, u64> {
        self.counts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_are_read_as_they_are_written() {
        let faults = Faults::of(FaultLevel::Harsh).with(Fault::ServerStops, 0).with(Fault::HintLies, 9);
        assert_eq!(faults.to_string(), "harsh,server_stops=0,hint_lies=9");
        assert_eq!(faults.to_string().parse(), Ok(faults));
        assert!("harsh,meteor=1".parse::<Faults>().is_err());
    }

    #[test]
    fn no_level_has_what_no_software_survives() {
        for level in [FaultLevel::None, FaultLevel::Mild, FaultLevel::Harsh] {
            assert!(!Faults::of(level).has(Fault::FailedInFlight));
        }
        assert!(Fault::ALL.into_iter().all(|fault| !Faults::of(FaultLevel::None).has(fault)));
    }
}
