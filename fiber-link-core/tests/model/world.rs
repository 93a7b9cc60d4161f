//! Everything that there is at one moment.

use crate::node::Node;
use crate::pass::{Pass, Shared};
use crate::sample;
use crate::setup::{Invariant, Misfortunes};
use crate::shelf::Snapshot;
use crate::tape::{Answer, Call};
use fiber_link_core::{NEVER_SENT_AFTER, Timestamp, WithdrawalState};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

/// A server.
#[derive(Clone, Debug)]
pub(crate) struct Server {
    pub(crate) number: u8,
    /// It crashed, or learned that it was declared dead.
    pub(crate) gone: bool,
    pub(crate) pass: Option<Pass>,
    /// What came and was not read yet.
    pub(crate) unread: Option<Shared<Answer>>,
    /// It had committed a claim and not sent yet when it was declared dead.
    pub(crate) dead_before_sending: bool,
    /// It read that it has a claim when that had run out.
    pub(crate) woke_too_late: bool,
}

/// Everything at one moment.
#[derive(Clone, Debug)]
pub(crate) struct World {
    pub(crate) now: Timestamp,
    pub(crate) store: Arc<Snapshot>,
    pub(crate) first: Arc<Snapshot>,
    pub(crate) node: Node,
    pub(crate) servers: [Server; 2],
    pub(crate) left: Misfortunes,
    pub(crate) broken: Option<Invariant>,
}

/// What may happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// A server begins a pass.
    Begin(usize),
    /// What it asks is done and answered.
    Step(usize),
    /// What it asks is done; it sleeps before it reads the answer.
    Pause(usize),
    /// What it asks is done and answered; it sleeps before the next call, if that only reads.
    StopAfter(usize),
    /// It wakes up and reads.
    Wake(usize),
    /// What it asks is done, and the answer is lost.
    LoseAnswer(usize),
    /// Its request to pay hangs on the way.
    Hang(usize),
    /// Its pass ends here.
    Drop(usize),
    /// It ends here, for good.
    Crash(usize),
    /// An operator says that it is dead.
    DeclareDead(usize),
    /// An operator pauses withdrawals, for good.
    PauseWithdrawals,
    /// A request that hung arrives.
    Arrive,
    /// The node pays what it has under way, or learns that it did.
    Pay,
    /// The node fails what it has under way.
    Fail,
    /// A payment that the node forgot is made.
    PayForgotten(usize),
    /// The node's memory is copied.
    BackUpNode,
    /// The node is put back to the copy.
    RestoreNode,
    /// All servers end, the store is put back, others begin.
    RestoreStore,
    /// Time goes on to the next moment at which something changes by itself.
    Tick,
}

impl Server {
    pub(crate) fn new(number: u8) -> Self {
        Self {
            number,
            gone: false,
            pass: None,
            unread: None,
            dead_before_sending: false,
            woke_too_late: false,
        }
    }

    fn digest(&self) -> impl Hash + use<> {
        let (pass, unread) = (&self.pass, &self.unread);
        let heard = (pass.as_ref().map(|pass| pass.digest), unread.as_ref().map(|unread| unread.digest));
        (self.number, self.gone, heard, self.dead_before_sending, self.woke_too_late)
    }

    pub(crate) fn asks(&self) -> Option<&Call> {
        self.pass.as_ref().map(|pass| &*pass.asks.value)
    }
}

impl World {
    pub(crate) fn digest(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        let servers = self.servers.each_ref().map(Server::digest);
        (self.now, self.store.digest, &self.node, servers, self.left).hash(&mut hasher);
        hasher.finish()
    }

    /// What this world shows, so that nobody takes an empty exploration for a good one.
    pub(crate) fn sights(&self) -> impl Iterator<Item = &'static str> + use<> {
        let attempt = self.store.latest.as_ref();
        let again = attempt.filter(|attempt| attempt.to_record().claims > 1).map(|_| "claimed again");
        let retried = (self.store.withdrawal.attempts() > 1).then_some("tried again");
        let sent_twice = (self.node.fates.len() > 1).then_some("two sessions");
        let attempt = attempt.map(|attempt| attempt.state().as_str());
        let states = [Some(self.store.withdrawal.state().as_str()), attempt];
        let paused = self.store.is_paused().then_some("paused");
        states.into_iter().chain([again, retried, sent_twice, paused]).flatten()
    }

    /// Seconds since the exploration began.
    pub(crate) fn seconds(&self) -> u64 {
        self.now.since(sample::start()).as_secs()
    }

    pub(crate) fn check(&mut self, watched: &[Invariant]) {
        let state = self.store.withdrawal.state();
        let failed = matches!(state, WithdrawalState::Failed { .. });
        let completed = matches!(state, WithdrawalState::Completed { .. });
        let found = [
            (self.node.paid() > 1, Invariant::PaidTwice),
            (failed && (self.node.paid() > 0 || self.node.may_still_pay()), Invariant::ReleasedTooEarly),
            (completed && self.node.paid() == 0, Invariant::CompletedUnpaid),
            (!self.store.findings.is_empty(), Invariant::Audit),
        ];
        let found = found.into_iter().find_map(|(broken, invariant)| broken.then_some(invariant));
        self.broken = self.broken.or(found).filter(|found| watched.is_empty() || watched.contains(found));
    }

    pub(crate) fn next_moment(&self) -> Option<Timestamp> {
        let attempt = self.store.latest.as_ref().filter(|attempt| attempt.is_live());
        let retry = match *self.store.withdrawal.state() {
            WithdrawalState::RetryPending { at, .. } => Some(at),
            _ => None,
        };
        let never_sent = sample::expires_at().plus(NEVER_SENT_AFTER).plus(Duration::from_millis(1));
        let moments = [
            Some(sample::last_start()),
            Some(sample::expires_at()),
            Some(never_sent),
            attempt.map(|attempt| attempt.claim().until),
            retry,
        ];
        moments.into_iter().flatten().filter(|moment| *moment > self.now).min()
    }
}
