//! Releasing the funds of a payment without an end: two people agree, and none of that moves money.

use super::Administration;
use crate::payout::find_live_attempt;
use crate::release::{self, NotToBeReleased, Release};
use crate::service::{TRIES, too_many_writers, unexpected};
use crate::{
    Action, ChangeSet, CommitError, Denied, Due, Existing, FiberNode, NodeError, NodeKey, Op, Reason,
    ReviewVerdict, StoreError, Timestamp, VerdictError, Withdrawal, WithdrawalId, WithdrawalLookup,
    WithdrawalState,
};

/// Why nobody's word about releasing funds was taken.
#[derive(Debug, thiserror::Error)]
pub enum ReleaseError {
    /// Whoever acts may not.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// There is none of this id.
    #[error("there is no withdrawal {0}")]
    NoSuchWithdrawal(WithdrawalId),
    /// No payment of it is without an end.
    #[error("withdrawal {id} has no payment whose end is unknown: it is {state}")]
    NotProcessing {
        /// Which one.
        id: WithdrawalId,
        /// The stored name of its state.
        state: &'static str,
    },
    /// The node that was asked is not the hub's.
    #[error("the node that was asked is {0}, which is not the hub's")]
    OtherNode(NodeKey),
    /// The evidence is against it.
    #[error("the funds are not to be released")]
    NotToBeReleased(#[from] NotToBeReleased),
    /// What was said before stands.
    #[error(transparent)]
    Verdict(#[from] VerdictError),
    /// The node gave no answer.
    #[error("the node cannot be reached")]
    Node(#[source] NodeError),
    /// The store failed; the word may or may not have been taken.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Administration {
    /// Agrees, as the administrator who acts, that the funds of a payment without an end are released.
    /// `node` is the hub's: what it says has to allow it. Once two different people agreed, the payout pass
    /// looks again and releases them.
    ///
    /// # Errors
    /// [`ReleaseError`] says what stands against it.
    pub async fn release_withdrawal(
        &self,
        id: WithdrawalId,
        node: &dyn FiberNode,
        reason: &Reason,
    ) -> Result<Release, ReleaseError> {
        let action = Action::ReleaseWithdrawal;
        self.authority.require(action, None)?;
        let by = self.authority.needed_administrator(action)?;
        let node_since = self.node_since(node).await?;
        for _ in 0..TRIES {
            let found = self.store.find_withdrawal(WithdrawalLookup::Id(id)).await?;
            let withdrawal = found.ok_or(ReleaseError::NoSuchWithdrawal(id))?;
            let state = withdrawal.state().as_str();
            let WithdrawalState::Processing { attempt: live } = *withdrawal.state() else {
                return Err(ReleaseError::NotProcessing { id, state });
            };
            let attempt = find_live_attempt(&*self.store, id, live).await?;
            let attempt = attempt.ok_or(ReleaseError::NotProcessing { id, state })?;
            let hash = attempt.payment_hash();
            let (payment, tlcs) = (node.payment(hash).await, node.pending_tlcs(hash).await);
            let now = self.clock.now();
            release::check(&withdrawal, &attempt, node_since, payment, tlcs, now)?;
            let document = self.store.find_document(&Release::key(id)).await?;
            let before = document.map(Release::from_document).transpose()?;
            // What was said of another attempt counts no more.
            let said = before.as_deref().filter(|before| before.attempt == live).cloned();
            let mut said = said.unwrap_or_else(|| Release::of(&withdrawal, live));
            // Nor does the word of somebody who may not give it any more.
            said.approvals = self.words_that_count(said.approvals, action, None).await?;
            let verdict = ReviewVerdict {
                by,
                name: self.authority.operator().name.clone(),
                at: now,
                reason: reason.as_str().to_owned(),
            };
            let next = said.approve(verdict)?;
            let was = before.as_ref().map(|before| before.summary());
            let (app, subject) = (&next.app, id.to_string());
            let record = self.record(action, Some(app), &subject, was, Some(next.summary()), reason);
            let write = match &before {
                Some(before) => Op::UpdateDocument { next: next.to_document(), expected: before.version() },
                None => Op::CreateDocument(next.to_document()),
            };
            // As it is, so that no word is taken beside its end, and looked at by the next pass.
            let look = Op::UpdateWithdrawal {
                next: Withdrawal::clone(&withdrawal),
                expected: withdrawal.version(),
                due: Some(Due { at: now, since: withdrawal.updated_at() }),
            };
            match self.store.commit(ChangeSet::new().with(write).with(look).with(Op::Audit(record))).await {
                Ok(()) => return Ok(next),
                Err(CommitError::Conflict | CommitError::AlreadyExists(Existing::Document)) => {}
                Err(error) => return Err(unexpected(error).into()),
            }
        }
        Err(too_many_writers().into())
    }

    /// Since when this is the hub's node.
    async fn node_since(&self, node: &dyn FiberNode) -> Result<Timestamp, ReleaseError> {
        let info = node.info().await.map_err(ReleaseError::Node)?;
        match self.store.find_hub().await? {
            Some(hub) if hub.node == info.key && hub.network == info.network => Ok(hub.node_since),
            Some(_) | None => Err(ReleaseError::OtherNode(info.key)),
        }
    }
}
