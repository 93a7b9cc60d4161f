//! What becomes of a payment without an end: people agree, and here the funds are released, on what the node
//! says at that moment. A payment that turns up afterwards is the hub's.

use super::{AdvanceError, Known, Stepped, find_live_attempt};
use crate::release::{self, Release};
use crate::{
    Attempt, AttemptId, ChangeSet, Destination, EventKind, FiberLink, NodeMemory, Op, Step, Stored,
    Timestamp, Verdict, Withdrawal, posting,
};

impl FiberLink {
    /// The node calls the attempt under way: releases its funds if people agreed about that, and nothing
    /// stands against it. `now` is when the node was asked.
    pub(super) async fn release_if_agreed(
        &self,
        withdrawal: &Stored<Withdrawal>,
        attempt: &Stored<Attempt>,
        now: Timestamp,
    ) -> Result<Stepped, AdvanceError> {
        // Most payments are far from it, and cost no question more.
        if now < release::releasable_from(withdrawal, attempt) {
            return Ok(Stepped::Waits);
        }
        let Some(document) = self.parts().store.find_document(&Release::key(withdrawal.id())).await? else {
            return Ok(Stepped::Waits);
        };
        let agreed = Release::from_document(document)?;
        if agreed.attempt != attempt.id() || !agreed.is_agreed(now) {
            return Ok(Stepped::Waits);
        }
        let node = &self.parts().node;
        let hash = attempt.payment_hash();
        let (payment, tlcs) = (node.payment(hash).await, node.pending_tlcs(hash).await);
        // After the answers: a node that was exchanged or restored meanwhile said nothing with them.
        let known = match self.know_again().await? {
            Some(known) if known.memory == NodeMemory::Intact => known,
            Some(_) | None => return Ok(Stepped::Waits),
        };
        if let Err(reason) = release::check(withdrawal, attempt, known.node_since, payment, tlcs, now) {
            tracing::warn!(%reason, "the funds are not released although people agreed");
            return Ok(Stepped::Waits);
        }
        let next = withdrawal.release(now)?;
        tracing::warn!("the funds of a payment without an end are released");
        // Nothing is written of the attempt: it may still pay, and whoever learns how it ended comes first.
        let required =
            Op::RequireDocument { key: Release::key(withdrawal.id()), expected: Some(agreed.version()) };
        self.commit(self.end(withdrawal, &next, now).with(required)).await
    }

    /// The funds were released: the node is asked whether it paid after all. Nothing is ever sent again.
    pub(super) async fn after_release(
        &self,
        withdrawal: &Stored<Withdrawal>,
        live: AttemptId,
        known: Known,
    ) -> Result<Stepped, AdvanceError> {
        let attempt = find_live_attempt(&*self.parts().store, withdrawal.id(), live).await?;
        let Some(attempt) = attempt else { return Ok(Stepped::Waits) };
        let now = self.now();
        let answer = self.parts().node.payment(attempt.payment_hash()).await?;
        let Destination::PaymentRequest(invoice) = &withdrawal.terms().destination;
        let judge = |memory| attempt.judge(answer.as_ref(), invoice.expires_at, memory, now);
        let mut memory = known.memory_of(&attempt);
        if let Verdict::Failed(_) = judge(memory) {
            let Some(known) = self.know_again().await? else { return Ok(Stepped::Waits) };
            memory = known.memory_of(&attempt);
        }
        match judge(memory) {
            Verdict::Succeeded { fee } => {
                let next = withdrawal.paid_late(fee, now)?;
                tracing::error!(
                    amount = %withdrawal.terms().amount,
                    "a payment was made after its funds had been released: the hub bears it"
                );
                let late = posting::of_late_payment(&next);
                let event = self.event(&next, EventKind::WithdrawalPaidLate(next.id()), now);
                let changes = ChangeSet::new().update_withdrawal(withdrawal, next, now);
                let changes = late.into_iter().fold(changes, ChangeSet::post).with(event);
                self.commit(changes.update_attempt(&attempt, attempt.succeed(fee, now)?)).await
            }
            Verdict::Failed(proof) => {
                let next = withdrawal.released_failed(&proof, now)?;
                let changes = ChangeSet::new().update_withdrawal(withdrawal, next, now);
                self.commit(changes.update_attempt(&attempt, attempt.fail(&proof, now)?)).await
            }
            Verdict::Pending { session } => {
                if let Step::Changed(next) = attempt.see(session)? {
                    self.commit(ChangeSet::new().update_attempt(&attempt, next)).await?;
                }
                Ok(Stepped::Waits)
            }
            Verdict::NotKnown | Verdict::Forgotten => Ok(Stepped::Waits),
        }
    }
}
