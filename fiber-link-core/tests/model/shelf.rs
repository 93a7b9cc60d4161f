//! The store, as the list of what was written to it: a real `MemoryStore` is filled from that.

use crate::pass::{Shared, digest_of, hash_of};
use crate::sample;
use crate::tape::{Answer, Refusal};
use fiber_link_core::testing::ManualClock;
use fiber_link_core::{
    Activity, Administration, Attempt, AttemptQuery, ChangeSet, CommitError, DocumentKey, MemoryStore,
    Operator, Reason, Store, Stored, Timestamp, Withdrawal, WithdrawalLookup, WorkerId, audit,
};
use pollster::block_on;
use std::collections::HashMap;
use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

/// One write.
#[derive(Clone, Debug)]
pub(crate) enum Written {
    Changes(ChangeSet),
    /// The word of an operator.
    DeclaredDead(WorkerId, Timestamp),
    /// An operator pauses withdrawals.
    Paused(Timestamp),
}

/// What the store holds at one moment. It is never changed.
#[derive(Debug)]
pub(crate) struct Snapshot {
    written: Vec<Written>,
    store: Arc<MemoryStore>,
    pub(crate) withdrawal: Stored<Withdrawal>,
    pub(crate) latest: Option<Stored<Attempt>>,
    /// What the store answers, ready to be read.
    pub(crate) due: Shared<Answer>,
    pub(crate) found: Shared<Answer>,
    pub(crate) latest_found: Shared<Answer>,
    pub(crate) newest: Shared<Answer>,
    dead: Vec<WorkerId>,
    paused: bool,
    /// Tells two contents apart.
    pub(crate) digest: u64,
    /// Tells apart what withdrawals and accounts come to, whatever else is stored.
    pub(crate) money: u64,
    /// What the audit finds.
    pub(crate) findings: Vec<String>,
}

impl Snapshot {
    pub(crate) fn first(servers: u8) -> Self {
        let written = sample::first_commits(servers).into_iter().map(Written::Changes).collect();
        Self::of(written).expect("what is there at first is sound")
    }

    /// Fills a store; refused if the last write is.
    fn of(written: Vec<Written>) -> Result<Self, Refusal> {
        let store = Arc::new(MemoryStore::new());
        for write in &written {
            block_on(write.to(&store))?;
        }
        Ok(block_on(Self::read(written, store)))
    }

    async fn read(written: Vec<Written>, store: Arc<MemoryStore>) -> Self {
        let id = sample::explored();
        let withdrawal = store.find_withdrawal(WithdrawalLookup::Id(id)).await.unwrap().unwrap();
        let latest = store.find_attempt(AttemptQuery::LatestOf(id)).await.unwrap();
        let newest = store.find_attempt(AttemptQuery::NewestSucceeded).await.unwrap();
        let balance = store.balance(&withdrawal.account()).await.unwrap();
        let workers = store.workers(None, 100).await.unwrap();
        let money = digest_of(&(&*withdrawal, &latest, balance));
        let dead = workers.iter().filter(|worker| worker.worker.is_dead()).map(|worker| worker.worker.id);
        let dead = dead.collect();
        let paused = administration(&store, sample::start()).hub_switches().await.unwrap().withdrawals_paused;
        let digest = digest_of(&(money, withdrawal.version(), &newest, workers, paused));
        let report = audit(&*store).await.unwrap();
        let findings = report.findings.iter().map(ToString::to_string).collect();
        let open = Some(withdrawal.clone()).filter(|open| !open.state().is_final());
        Self {
            due: Shared::new(Answer::Due(open.into_iter().collect())),
            found: Shared::new(Answer::Withdrawal(Some(withdrawal.clone()))),
            latest_found: Shared::new(Answer::Attempt(latest.clone())),
            newest: Shared::new(Answer::Attempt(newest)),
            written,
            store,
            withdrawal,
            latest,
            dead,
            paused,
            digest,
            money,
            findings,
        }
    }

    pub(crate) fn worker(&self, id: WorkerId) -> Answer {
        Answer::Worker(block_on(self.store.find_worker(id)).unwrap())
    }

    pub(crate) fn document(&self, key: &DocumentKey) -> Answer {
        Answer::Document(block_on(self.store.find_document(key)).unwrap())
    }

    pub(crate) fn is_paused(&self) -> bool {
        self.paused
    }

    pub(crate) fn is_declared_dead(&self, server: u8) -> bool {
        self.dead.contains(&sample::worker(server))
    }

    fn after(&self, write: Written) -> Result<Self, Refusal> {
        let written = self.written.iter().cloned().chain([write]).collect();
        Self::of(written)
    }
}

impl Written {
    async fn to(&self, store: &Arc<MemoryStore>) -> Result<(), Refusal> {
        match self {
            Self::Changes(changes) => store.commit(changes.clone()).await.map_err(|error| refusal(&error)),
            Self::DeclaredDead(worker, at) => {
                let why = Reason::new("a test").unwrap();
                administration(store, *at).declare_dead(*worker, Duration::ZERO, &why).await.unwrap();
                Ok(())
            }
            Self::Paused(at) => {
                let why = Reason::new("a test").unwrap();
                let operator = administration(store, *at);
                operator.switch_hub(&[Activity::Withdrawals], true, &why).await.unwrap();
                Ok(())
            }
        }
    }
}

fn administration(store: &Arc<MemoryStore>, at: Timestamp) -> Administration {
    let operator = Operator { name: "ann".to_owned(), origin: "a test".to_owned() };
    let (store, clock) = (store.clone(), Arc::new(ManualClock::new(at)));
    Administration::new(store, operator).clock(clock)
}

fn refusal(error: &CommitError) -> Refusal {
    match error {
        CommitError::Conflict => Refusal::Conflict,
        CommitError::AlreadyExists(what) => Refusal::AlreadyExists(*what),
        CommitError::DeclaredDead => Refusal::DeclaredDead,
        CommitError::InsufficientFunds => Refusal::InsufficientFunds,
        CommitError::LimitExceeded(_) | CommitError::NoRoom | CommitError::Store(_) => {
            unreachable!("{error}")
        }
    }
}

/// Writes to snapshots. The same write to the same content is made once.
#[derive(Debug, Default)]
pub(crate) struct Shelf {
    known: HashMap<(u64, u64), Result<Arc<Snapshot>, Refusal>>,
    /// Contents by their digest, so that equal ones are one.
    contents: HashMap<u64, Arc<Snapshot>>,
}

impl Shelf {
    /// The store after a unit of work, or why that is refused.
    pub(crate) fn commit(
        &mut self,
        before: &Snapshot,
        changes: &Shared<ChangeSet>,
    ) -> Result<Arc<Snapshot>, Refusal> {
        self.write(before, changes.digest, || Written::Changes(changes.value.as_ref().clone()))
    }

    /// The store after an operator's word.
    pub(crate) fn declare_dead(&mut self, before: &Snapshot, server: u8, at: Timestamp) -> Arc<Snapshot> {
        let write = || Written::DeclaredDead(sample::worker(server), at);
        self.write(before, hash_of(&(server, at)), write).expect("an operator is not refused")
    }

    /// The store after an operator paused withdrawals.
    pub(crate) fn pause_withdrawals(&mut self, before: &Snapshot, at: Timestamp) -> Arc<Snapshot> {
        let write = || Written::Paused(at);
        self.write(before, hash_of(&("paused", at)), write).expect("an operator is not refused")
    }

    fn write(
        &mut self,
        before: &Snapshot,
        digest: u64,
        write: impl FnOnce() -> Written,
    ) -> Result<Arc<Snapshot>, Refusal> {
        let Self { known, contents } = self;
        let after = known.entry((before.digest, digest)).or_insert_with(|| {
            let after = before.after(write())?;
            Ok(contents.entry(after.digest).or_insert_with(|| Arc::new(after)).clone())
        });
        after.clone()
    }
}
