//! The loops that ask about tips and pay withdrawals, say that this process lives, and pass on what is
//! heard of others.

use crate::rpc::Chain;
use fiber_link_core::{BEAT, FiberLink, FiberNode, Stop, StoreError};
use futures_util::StreamExt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::Instant;

/// The most tips of one settlement pass.
const TIPS_PER_PASS: u32 = 500;

/// The most withdrawals of one payout pass.
const WITHDRAWALS_PER_PASS: u32 = 64;

/// How long a loop rests when there is nothing to do.
const IDLE: Duration = Duration::from_millis(200);

/// How long a loop rests while the node is silent or does not fit.
const STOPPED: Duration = Duration::from_secs(1);

/// The longest rest of a loop whose passes fail.
const LONGEST_BACKOFF: Duration = Duration::from_secs(2);

/// How long a loop may go without beginning or ending a pass before it counts as stuck: so many times
/// what the node may take to answer, since a pass asks it more than once.
const STUCK_AFTER_TIMEOUTS: u32 = 12;

/// The same where the node has less time than it usually has.
const STUCK_AFTER_AT_LEAST: Duration = Duration::from_secs(120);

/// How long a stream of hints or news is left alone after it ended.
const LISTEN_AGAIN: Duration = Duration::from_secs(5);

/// The running loops. Dropping it ends them at once, which is safe; [`Worker::stop`] lets the
/// current passes finish.
#[derive(Debug)]
pub struct Worker {
    link: FiberLink,
    tasks: JoinSet<End>,
    stopping: watch::Sender<bool>,
    health: WorkerHealth,
}

/// How a loop ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// It was told to.
    Told,
    /// This process was declared dead: it will do nothing any more.
    DeclaredDead,
    /// It broke, which is a mistake of ours; the log says how.
    Broken,
}

/// Tells whether the loops are turning.
#[derive(Clone, Debug)]
pub struct WorkerHealth {
    began: Instant,
    settlement: Arc<PassHealth>,
    payouts: Arc<PassHealth>,
    stuck_after: Duration,
}

/// How the passes of one loop are.
#[derive(Debug, Default)]
struct PassHealth {
    /// When one began or ended last, in milliseconds since the worker began.
    beat: AtomicU64,
    trouble: Mutex<Option<Trouble>>,
}

/// What keeps the passes of a loop from their work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    DeclaredDead,
    PaidElsewhere,
    NodeSilent,
    NodeDoesNotFit,
    NodeForgot,
    StoreFails,
}

impl Trouble {
    pub(crate) const ALL: [Self; 6] = [
        Self::DeclaredDead,
        Self::PaidElsewhere,
        Self::NodeSilent,
        Self::NodeDoesNotFit,
        Self::NodeForgot,
        Self::StoreFails,
    ];

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::DeclaredDead => "declared_dead",
            Self::PaidElsewhere => "paid_elsewhere",
            Self::NodeSilent => "node_silent",
            Self::NodeDoesNotFit => "node_does_not_fit",
            Self::NodeForgot => "node_forgot",
            Self::StoreFails => "store_fails",
        }
    }

    const fn of(stop: &Stop) -> Self {
        match stop {
            Stop::DeclaredDead => Self::DeclaredDead,
            Stop::PaidElsewhere => Self::PaidElsewhere,
            Stop::NodeSilent => Self::NodeSilent,
            Stop::NodeDoesNotFit(_) => Self::NodeDoesNotFit,
            Stop::NodeForgot => Self::NodeForgot,
        }
    }
}

impl PassHealth {
    fn say(&self, trouble: Option<Trouble>) {
        *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) = trouble;
    }
}

/// Starts the loops on the current tokio runtime.
pub fn spawn(link: FiberLink, node: Arc<dyn FiberNode>) -> Worker {
    let (stopping, stop) = watch::channel(false);
    let health = WorkerHealth::new();
    let mut tasks = JoinSet::new();
    tasks.spawn(settle(link.clone(), health.clone(), stop.clone()));
    tasks.spawn(pay(link.clone(), health.clone(), stop.clone()));
    tasks.spawn(pass_on_hints(link.clone(), node, stop.clone()));
    tasks.spawn(pass_on_news(link.clone(), stop.clone()));
    tasks.spawn(beat(link.clone(), stop));
    Worker { link, tasks, stopping, health }
}

impl Worker {
    /// Tells whether the loops are turning.
    pub fn health(&self) -> WorkerHealth {
        self.health.clone()
    }

    /// Waits until a loop ends by itself, and says how.
    pub async fn ended(&mut self) -> End {
        match self.tasks.join_next().await {
            Some(Ok(end)) => end,
            Some(Err(error)) => {
                tracing::error!(cause = %Chain(&error), "a worker loop ended");
                End::Broken
            }
            None => End::Told,
        }
    }

    /// Ends the loops, each after its current pass, and takes this process off the list of servers: it
    /// settles and pays nothing any more, and others take over what it left.
    ///
    /// # Cancellation
    /// Safe: passes that did not finish are carried on by the next start.
    pub async fn stop(mut self) {
        self.stopping.send_replace(true);
        while self.tasks.join_next().await.is_some() {}
        if let Err(error) = self.link.leave().await {
            tracing::warn!(cause = %Chain(&error), "this process stays on the list of servers");
        }
    }
}

impl WorkerHealth {
    fn new() -> Self {
        let (settlement, payouts) = Default::default();
        Self { began: Instant::now(), settlement, payouts, stuck_after: STUCK_AFTER_AT_LEAST }
    }

    /// Takes loops for stuck later where the node may take so long to answer: after twelve times that,
    /// and two minutes at least.
    #[must_use]
    pub fn node_timeout(self, timeout: Duration) -> Self {
        let stuck_after = timeout.saturating_mul(STUCK_AFTER_TIMEOUTS).max(STUCK_AFTER_AT_LEAST);
        Self { stuck_after, ..self }
    }

    /// Whether every loop began or ended a pass lately.
    pub fn is_well(&self) -> bool {
        let now = self.now();
        let stuck_after = u64::try_from(self.stuck_after.as_millis()).unwrap_or(u64::MAX);
        [&self.settlement, &self.payouts]
            .into_iter()
            .all(|pass| now.saturating_sub(pass.beat.load(Ordering::Relaxed)) < stuck_after)
    }

    /// Each loop by name: how long ago a pass of it began or ended, and what keeps it from its work.
    pub(crate) fn passes(&self) -> [(&'static str, Duration, Option<Trouble>); 2] {
        let now = self.now();
        [("settlement", &self.settlement), ("payouts", &self.payouts)].map(|(name, pass)| {
            let age = Duration::from_millis(now.saturating_sub(pass.beat.load(Ordering::Relaxed)));
            (name, age, *pass.trouble.lock().unwrap_or_else(PoisonError::into_inner))
        })
    }

    fn now(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn beat(&self, of: &PassHealth) {
        of.beat.store(self.now(), Ordering::Relaxed);
    }
}

async fn settle(link: FiberLink, health: WorkerHealth, mut stop: watch::Receiver<bool>) -> End {
    let mut rest = Rest::default();
    while !*stop.borrow() {
        health.beat(&health.settlement);
        let report = link.settle_due(TIPS_PER_PASS).await;
        health.beat(&health.settlement);
        let rest = match report {
            Ok(report) => {
                if report.settled > 0 || report.failed > 0 {
                    let (asked, settled, failed) = (report.asked, report.settled, report.failed);
                    tracing::info!(asked, settled, failed, "settlement pass");
                }
                health.settlement.say(report.stopped.as_ref().map(Trouble::of));
                if is_final(report.stopped.as_ref()) {
                    return End::DeclaredDead;
                }
                rest.after("settlement", report.more, report.stopped)
            }
            Err(error) => {
                health.settlement.say(Some(Trouble::StoreFails));
                rest.after_failure("settlement", &error)
            }
        };
        wait(rest, link.settlement_wanted(), &mut stop).await;
    }
    End::Told
}

async fn pay(link: FiberLink, health: WorkerHealth, mut stop: watch::Receiver<bool>) -> End {
    let mut rest = Rest::default();
    while !*stop.borrow() {
        health.beat(&health.payouts);
        let report = link.pay_due(WITHDRAWALS_PER_PASS).await;
        health.beat(&health.payouts);
        let rest = match report {
            Ok(report) => {
                if report.ended > 0 || report.failed > 0 {
                    let (looked_at, ended, failed) = (report.looked_at, report.ended, report.failed);
                    tracing::info!(looked_at, ended, failed, "payout pass");
                }
                health.payouts.say(report.stopped.as_ref().map(Trouble::of));
                if is_final(report.stopped.as_ref()) {
                    return End::DeclaredDead;
                }
                rest.after("payouts", report.more, report.stopped)
            }
            Err(error) => {
                health.payouts.say(Some(Trouble::StoreFails));
                rest.after_failure("payouts", &error)
            }
        };
        wait(rest, link.payouts_wanted(), &mut stop).await;
    }
    End::Told
}

async fn beat(link: FiberLink, mut stop: watch::Receiver<bool>) -> End {
    while !*stop.borrow() {
        match link.beat().await {
            Ok(stop) if is_final(stop.as_ref()) => return End::DeclaredDead,
            Ok(_) => {}
            Err(error) => {
                tracing::warn!(cause = %Chain(&error), "the store did not hear that this process lives");
            }
        }
        wait(BEAT, std::future::pending(), &mut stop).await;
    }
    End::Told
}

async fn pass_on_hints(link: FiberLink, node: Arc<dyn FiberNode>, mut stop: watch::Receiver<bool>) -> End {
    while !*stop.borrow() {
        let mut hints = node.hints();
        loop {
            tokio::select! {
                hint = hints.next() => match hint {
                    Some(hint) => link.hint(hint.payment_hash),
                    None => break,
                },
                _ = stop.changed() => return End::Told,
            }
        }
        wait(LISTEN_AGAIN, std::future::pending(), &mut stop).await;
    }
    End::Told
}

async fn pass_on_news(link: FiberLink, mut stop: watch::Receiver<bool>) -> End {
    while !*stop.borrow() {
        tokio::select! {
            () = link.pass_on_news() => {}
            _ = stop.changed() => return End::Told,
        }
        wait(LISTEN_AGAIN, std::future::pending(), &mut stop).await;
    }
    End::Told
}

/// Whether passes are stopped for good.
fn is_final(stop: Option<&Stop>) -> bool {
    match stop {
        Some(Stop::DeclaredDead) => true,
        Some(Stop::PaidElsewhere | Stop::NodeSilent | Stop::NodeDoesNotFit(_) | Stop::NodeForgot) | None => {
            false
        }
    }
}

/// Waits until it is time, wanted, or over.
async fn wait(rest: Duration, wanted: impl Future<Output = ()>, stop: &mut watch::Receiver<bool>) {
    if rest.is_zero() {
        // Other tasks get their turn between two passes.
        return tokio::task::yield_now().await;
    }
    tokio::select! {
        () = tokio::time::sleep(rest) => {}
        () = wanted => {}
        _ = stop.changed() => {}
    }
}

/// How long a loop rests between two passes.
#[derive(Debug, Default)]
struct Rest {
    failures: u32,
    stopped: Option<Stop>,
}

impl Rest {
    fn after(&mut self, pass: &'static str, more: bool, stopped: Option<Stop>) -> Duration {
        self.failures = 0;
        // Said once, and not with every pass.
        match &stopped {
            Some(stop) if self.stopped != stopped => tracing::warn!(pass, %stop, "passes are stopped"),
            None if self.stopped.is_some() => tracing::info!(pass, "passes go on"),
            Some(_) | None => {}
        }
        self.stopped = stopped;
        match (&self.stopped, more) {
            (Some(_), _) => STOPPED,
            (None, true) => Duration::ZERO,
            (None, false) => IDLE,
        }
    }

    fn after_failure(&mut self, pass: &'static str, error: &StoreError) -> Duration {
        let rest = IDLE.saturating_mul(1 << self.failures.min(10)).min(LONGEST_BACKOFF);
        self.failures = self.failures.saturating_add(1);
        tracing::error!(pass, cause = %Chain(error), ?rest, "a pass failed and is made again");
        rest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loop_rests_longer_after_each_failure_and_goes_on_at_once_while_there_is_more() {
        let mut rest = Rest::default();
        let failure = StoreError::backend("disk full");
        let rests: Vec<_> = (0..8).map(|_| rest.after_failure("settlement", &failure).as_millis()).collect();
        assert_eq!(rests, [200, 400, 800, 1_600, 2_000, 2_000, 2_000, 2_000]);
        assert_eq!(rest.after("settlement", true, None), Duration::ZERO);
        assert_eq!(rest.after("settlement", false, None), IDLE);
        assert_eq!(rest.after("settlement", true, Some(Stop::NodeSilent)), STOPPED);
        assert_eq!(rest.after_failure("settlement", &failure), IDLE);
    }

    #[tokio::test(start_paused = true)]
    async fn a_loop_is_stuck_later_where_the_node_may_take_longer() {
        for (node_timeout, stuck_after) in [(1, 120), (10, 120), (11, 132), (300, 3_600)] {
            let health = WorkerHealth::new().node_timeout(Duration::from_secs(node_timeout));
            tokio::time::advance(Duration::from_secs(stuck_after - 1)).await;
            assert!(health.is_well(), "{node_timeout}");
            tokio::time::advance(Duration::from_secs(1)).await;
            assert!(!health.is_well(), "{node_timeout}");
            health.beat(&health.settlement);
            assert!(!health.is_well(), "payouts stand still");
            health.beat(&health.payouts);
            assert!(health.is_well());
        }
    }
}
