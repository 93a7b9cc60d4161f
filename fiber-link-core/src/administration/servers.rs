//! An operator's word about the node of the hub, and about servers that are gone: each is written together
//! with the record of who gave it.

use super::{Administration, json};
use crate::service::{TRIES, too_many_writers, unexpected};
use crate::{
    Action, ChangeSet, CommitError, Denied, Hub, Network, NodeInfo, NodeKey, Op, Reason, StoreError,
    Timestamp, Worker, WorkerId,
};
use serde::Serialize;
use std::time::Duration;

/// Why a node was not accepted.
#[derive(Debug, thiserror::Error)]
pub enum AcceptNodeError {
    /// Whoever acts may not.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The store has no hub: it takes the first node that it is started with.
    #[error("the store was never started with a node: there is nothing to accept")]
    NoHub,
    /// Money of one network is never moved by a node of another.
    #[error("this hub is on {expected}, but the node is on {found}")]
    OtherNetwork {
        /// The network of the hub.
        expected: Network,
        /// The network of the node.
        found: Network,
    },
    /// The store failed; the node may or may not be accepted.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why a process was not declared dead.
#[derive(Debug, thiserror::Error)]
pub enum DeclareDeadError {
    /// Whoever acts may not.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// It is not on the list: it left, or was forgotten, and left nothing behind.
    #[error("there is no server {0} on the list")]
    Unknown(WorkerId),
    /// It was heard of lately, so it may well live.
    #[error(
        "server {id} was heard of {} s ago: stop it, and wait until it was silent for {} s",
        silent_for.as_secs(), wanted.as_secs()
    )]
    HeardOf {
        /// Which one.
        id: WorkerId,
        /// How long it has been silent.
        silent_for: Duration,
        /// How long it should have been.
        wanted: Duration,
    },
    /// The store failed; it may or may not be declared dead.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Administration {
    /// Makes `info` the node of the hub from now on: a new one, or the old one after it lost a part of
    /// its memory. An operator decides this, and only when the node before will not come back.
    ///
    /// Tips of the node before are no longer settled. What was sent through it and has no outcome yet
    /// stays reserved: no other node can prove that it was not paid.
    ///
    /// # Errors
    /// [`AcceptNodeError`]; nothing is changed then, unless the store failed.
    pub async fn accept_node(&self, info: &NodeInfo, reason: &Reason) -> Result<Hub, AcceptNodeError> {
        let action = Action::AcceptNode;
        self.authority.require(action, None)?;
        let hub = self.store.find_hub().await?.ok_or(AcceptNodeError::NoHub)?;
        if hub.network != info.network {
            return Err(AcceptNodeError::OtherNetwork { expected: hub.network, found: info.network });
        }
        let (node, since) = (info.key, self.clock.now());
        let (was, is) = (node_summary(hub.node, hub.node_since), node_summary(node, since));
        let record = self.record(action, None, &node.to_string(), Some(was), Some(is), reason);
        let changes = ChangeSet::new().with(Op::AcceptNode { node, since }).with(Op::Audit(record));
        match self.store.commit(changes).await {
            Ok(()) => Ok(Hub { node, node_since: since, ..hub }),
            Err(CommitError::Conflict) => Err(AcceptNodeError::NoHub),
            Err(error) => Err(unexpected(error).into()),
        }
    }

    /// Declares a process dead that was silent for at least `silent_for`:
    /// [`SILENT_AFTER`](crate::SILENT_AFTER), or nothing at all for who is sure. An operator's word, and
    /// final: the process will never act again, because it was ended, or its machine is off. One that is
    /// dead already stays as it is, without another record.
    ///
    /// What it claims from now on is refused by the store. What it claimed before is sent again by
    /// another once the claim ran out, the node does not know the payment, and everything else speaks
    /// for it. If the process was only paused in the middle of a request, that request may leave after
    /// it woke up, and the payment may be made twice: this is what the operator's word is about.
    ///
    /// # Errors
    /// [`DeclareDeadError`]; nothing is changed then, unless the store failed.
    pub async fn declare_dead(
        &self,
        id: WorkerId,
        silent_for: Duration,
        reason: &Reason,
    ) -> Result<Worker, DeclareDeadError> {
        let action = Action::DeclareDead;
        self.authority.require(action, None)?;
        for _ in 0..TRIES {
            let worker = self.store.find_worker(id).await?.ok_or(DeclareDeadError::Unknown(id))?;
            if worker.is_dead() {
                return Ok(worker.into_inner());
            }
            let (now, wanted) = (self.clock.now(), silent_for);
            let silent_for = worker.silent_for(now);
            if silent_for < wanted {
                return Err(DeclareDeadError::HeardOf { id, silent_for, wanted });
            }
            let next = worker.dead(now);
            let (was, is) = (worker_summary(&worker), worker_summary(&next));
            let record = self.record(action, None, &id.to_string(), Some(was), Some(is), reason);
            let word = Op::UpdateWorker { next: next.clone(), expected: worker.version() };
            match self.store.commit(ChangeSet::new().with(word).with(Op::Audit(record))).await {
                Ok(()) => return Ok(next),
                Err(CommitError::Conflict) => {}
                Err(error) => return Err(unexpected(error).into()),
            }
        }
        Err(too_many_writers().into())
    }
}

/// What a record has of the node of a hub.
fn node_summary(node: NodeKey, since: Timestamp) -> String {
    #[derive(Serialize)]
    struct Summary {
        node: String,
        since: u64,
    }
    json(&Summary { node: node.to_string(), since: since.as_millis() })
}

/// What a record has of a process.
fn worker_summary(worker: &Worker) -> String {
    #[derive(Serialize)]
    struct Summary<'a> {
        label: &'a str,
        since: u64,
        heard_at: u64,
        dead: bool,
    }
    let (since, heard_at) = (worker.since.as_millis(), worker.heard_at.as_millis());
    json(&Summary { label: &worker.label, since, heard_at, dead: worker.is_dead() })
}
