//! What becomes of a withdrawal that awaits review: approvals move it by themselves, the rest is done here.

use super::{AdvanceError, Known, Stepped};
use crate::administration::find_review;
use crate::{FiberLink, Stored, Withdrawal};

impl FiberLink {
    /// Ends it once it was rejected, or is too late. Nothing is ever sent for it.
    pub(super) async fn after_review(
        &self,
        withdrawal: &Stored<Withdrawal>,
        known: Known,
    ) -> Result<Stepped, AdvanceError> {
        let review = find_review(&*self.parts().store, withdrawal.id()).await?;
        let rejected = review.is_some_and(|review| review.rejection.is_some());
        if !rejected && self.now() < withdrawal.last_start() {
            return Ok(Stepped::Waits);
        }
        if let Err(stepped) = self.find_unpaid(withdrawal, known).await? {
            return Ok(stepped);
        }
        let now = self.now();
        if rejected {
            let next = withdrawal.reject(now)?;
            return self.commit(self.end(withdrawal, &next, now)).await;
        }
        self.give_up(withdrawal, now).await
    }
}
