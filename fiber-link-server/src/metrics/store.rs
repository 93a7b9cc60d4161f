//! A store whose commits are counted.

use super::{Counting, Metrics};
use async_trait::async_trait;
use fiber_link_core::{ChangeSet, CommitError, Op, PaymentHash, Store, StoreLayer};
use std::sync::Arc;

/// Passes every call on and counts commits.
#[derive(Debug)]
pub(crate) struct CountedStore {
    inner: Arc<dyn Store>,
    metrics: Metrics,
}

impl CountedStore {
    pub(crate) fn new(inner: Arc<dyn Store>, metrics: Metrics) -> Self {
        Self { inner, metrics }
    }
}

fn outcome(error: &CommitError) -> &'static str {
    match error {
        CommitError::Conflict => "conflict",
        CommitError::AlreadyExists(_) => "already_exists",
        CommitError::DeclaredDead => "declared_dead",
        CommitError::InsufficientFunds => "insufficient_funds",
        CommitError::LimitExceeded(_) => "limit_exceeded",
        CommitError::NoRoom => "no_room",
        CommitError::Store(_) => "unknown",
    }
}

/// The tip that a commit credits: it credits one at most.
fn credited(changes: &ChangeSet) -> Option<PaymentHash> {
    changes.ops().iter().find_map(|op| {
        let Op::UpdateTip { next, .. } = op else { return None };
        next.settled_at().map(|_| next.payment_hash())
    })
}

#[async_trait]
impl StoreLayer for CountedStore {
    fn inner(&self) -> &dyn Store {
        &*self.inner
    }

    async fn commit(&self, changes: ChangeSet) -> Result<(), CommitError> {
        let credited = credited(&changes);
        let counting = Counting::begin(|outcome, took| self.metrics.commit(outcome, took));
        let answer = self.inner.commit(changes).await;
        counting.end(answer.as_ref().err().map_or("ok", outcome));
        if let (Ok(()), Some(hash)) = (&answer, credited)
            && let Some((after, how)) = self.metrics.heard().credited(hash)
        {
            self.metrics.credited(after, how);
        }
        answer
    }
}
