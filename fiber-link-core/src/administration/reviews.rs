//! The review queue: people approve or reject withdrawals, and none of that moves money.

use super::{Administration, ReadError};
use crate::review::known_destination;
use crate::service::{TRIES, too_many_writers, unexpected};
use crate::withdrawal::AWAITING_REVIEW;
use crate::{
    Action, AppId, ChangeSet, CommitError, Denied, Due, Existing, Op, Reason, Review, ReviewVerdict, Store,
    StoreError, Stored, Timestamp, VerdictError, Withdrawal, WithdrawalId, WithdrawalLookup, WithdrawalQuery,
    WithdrawalsOf,
};

/// Why a withdrawal was neither approved nor rejected.
#[derive(Debug, thiserror::Error)]
pub enum ReviewError {
    /// Whoever acts may not.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// There is none of this id.
    #[error("there is no withdrawal {0}")]
    NoSuchWithdrawal(WithdrawalId),
    /// It does not await review, or not any more.
    #[error("withdrawal {id} does not await review: it is {state}")]
    NotAwaiting {
        /// Which one.
        id: WithdrawalId,
        /// The stored name of its state.
        state: &'static str,
    },
    /// What was said before stands.
    #[error(transparent)]
    Verdict(#[from] VerdictError),
    /// The store failed; the change may or may not have been made.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A withdrawal that awaits review, and what was said about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reviewed {
    /// The withdrawal.
    pub withdrawal: Withdrawal,
    /// What was said.
    pub review: Review,
}

impl Administration {
    /// Withdrawals of an app that await review, the newest first; at most `limit`. Those that were rejected
    /// are among them until the payout pass has asked the node.
    ///
    /// # Errors
    /// [`ReadError`] if they may not be shown, or the store failed.
    pub async fn reviews(&self, app: &AppId, limit: u32) -> Result<Vec<Reviewed>, ReadError> {
        self.authority.require(Action::ListReviews, Some(app))?;
        let of = WithdrawalsOf::App { app: app.clone(), state: Some(AWAITING_REVIEW) };
        let query = WithdrawalQuery::Newest { of, before: None, limit };
        let mut reviews = Vec::new();
        for withdrawal in self.store.withdrawals(query).await? {
            if let Some(review) = find_review(&*self.store, withdrawal.id()).await? {
                let (withdrawal, review) = (withdrawal.into_inner(), review.into_inner());
                reviews.push(Reviewed { withdrawal, review });
            }
        }
        Ok(reviews)
    }

    /// Approves a withdrawal, as the administrator who acts. With the last approval that it needs it is
    /// pending, and the payout pass does the rest.
    ///
    /// # Errors
    /// [`ReviewError::Verdict`] for a second approval of the same administrator, [`ReviewError::NotAwaiting`]
    /// after the end.
    pub async fn approve_withdrawal(
        &self,
        id: WithdrawalId,
        reason: &Reason,
    ) -> Result<Reviewed, ReviewError> {
        for _ in 0..TRIES {
            let (withdrawal, review) = self.awaiting(Action::ApproveWithdrawal, id).await?;
            let said = review.approvals.clone();
            let approvals = self.words_that_count(said, Action::ApproveWithdrawal, Some(&review.app)).await?;
            let said = Review { approvals, ..Review::clone(&review) };
            let next = said.approve(self.verdict(Action::ApproveWithdrawal, reason)?)?;
            let now = self.clock.now();
            let moved = match next.is_approved() {
                true => withdrawal
                    .approve(now)
                    .map_err(|wrong| ReviewError::NotAwaiting { id, state: wrong.state })?,
                // Written as it is: no approval is committed beside the end of the withdrawal.
                false => Withdrawal::clone(&withdrawal),
            };
            let mut changes = self.said(Action::ApproveWithdrawal, &review, &next, reason).update_withdrawal(
                &withdrawal,
                moved.clone(),
                now,
            );
            if next.is_approved() {
                let known = self.about_destination(&review, Some(now)).await?;
                changes = known.into_iter().fold(changes, ChangeSet::with);
            }
            match self.store.commit(changes).await {
                Ok(()) => return Ok(Reviewed { withdrawal: moved, review: next }),
                Err(CommitError::Conflict) => {}
                Err(error) => return Err(unexpected(error).into()),
            }
        }
        Err(too_many_writers().into())
    }

    /// Rejects a withdrawal, as the administrator who acts. The payout pass asks the node whether it knows
    /// a payment, and then ends it and releases its funds. Its destination is new until
    /// people approve of another withdrawal to it.
    ///
    /// # Errors
    /// [`ReviewError::Verdict`] if it was decided, [`ReviewError::NotAwaiting`] after the end.
    pub async fn reject_withdrawal(
        &self,
        id: WithdrawalId,
        reason: &Reason,
    ) -> Result<Reviewed, ReviewError> {
        for _ in 0..TRIES {
            let (withdrawal, review) = self.awaiting(Action::RejectWithdrawal, id).await?;
            let next = review.reject(self.verdict(Action::RejectWithdrawal, reason)?)?;
            let now = self.clock.now();
            // As it is, but looked at by the next pass.
            let write = Op::UpdateWithdrawal {
                next: Withdrawal::clone(&withdrawal),
                expected: withdrawal.version(),
                due: Some(Due { at: now, since: now }),
            };
            let said = self.said(Action::RejectWithdrawal, &review, &next, reason).with(write);
            let changes =
                self.about_destination(&review, None).await?.into_iter().fold(said, ChangeSet::with);
            match self.store.commit(changes).await {
                Ok(()) => return Ok(Reviewed { withdrawal: withdrawal.into_inner(), review: next }),
                Err(CommitError::Conflict | CommitError::AlreadyExists(Existing::Document)) => {}
                Err(error) => return Err(unexpected(error).into()),
            }
        }
        Err(too_many_writers().into())
    }

    /// What becomes of the destination of a withdrawal: a rejection makes it new until one to it is approved,
    /// and then it is known from that moment on. Another approval says nothing of it.
    async fn about_destination(
        &self,
        review: &Review,
        approved: Option<Timestamp>,
    ) -> Result<Option<Op>, StoreError> {
        let Some(payee) = review.payee else { return Ok(None) };
        let key = known_destination::key(&review.app, &review.user, payee);
        let found = self.store.find_document(&key).await?;
        let rejected = match &found {
            Some(known) => known_destination::since(known)?.is_none(),
            None => false,
        };
        let changes = approved.is_none() || rejected;
        Ok(changes.then(|| known_destination::write(found.as_ref(), key, &review.app, approved)))
    }

    /// A withdrawal that awaits review. One of an app that is not to be seen is as one that is not there.
    async fn awaiting(
        &self,
        action: Action,
        id: WithdrawalId,
    ) -> Result<(Stored<Withdrawal>, Stored<Review>), ReviewError> {
        let found = self.store.find_withdrawal(WithdrawalLookup::Id(id)).await?;
        let withdrawal = found.ok_or(ReviewError::NoSuchWithdrawal(id))?;
        match self.authority.require(action, Some(&withdrawal.terms().app)) {
            Err(Denied::Hidden) => return Err(ReviewError::NoSuchWithdrawal(id)),
            required => required?,
        }
        let state = withdrawal.state().as_str();
        if state != AWAITING_REVIEW {
            return Err(ReviewError::NotAwaiting { id, state });
        }
        let review = find_review(&*self.store, id).await?;
        let review =
            review.ok_or_else(|| StoreError::backend("a withdrawal awaits a review that is gone"))?;
        Ok((withdrawal, review))
    }

    /// What was said by people who may still say it.
    pub(super) async fn words_that_count(
        &self,
        said: Vec<ReviewVerdict>,
        action: Action,
        app: Option<&AppId>,
    ) -> Result<Vec<ReviewVerdict>, StoreError> {
        let mut counted = Vec::new();
        for word in said {
            if self.still_may(&word, action, app).await? {
                counted.push(word);
            }
        }
        Ok(counted)
    }

    /// Whether somebody who said something may still say it. Whom the store does not know is known to the
    /// program that acts.
    async fn still_may(
        &self,
        said: &ReviewVerdict,
        action: Action,
        app: Option<&AppId>,
    ) -> Result<bool, StoreError> {
        #[cfg(feature = "administrators")]
        if let Some(known) = crate::access::find_administrator(&*self.store, said.by).await? {
            let operator = self.authority.operator().clone();
            let now = crate::Authority::person(operator, said.by, known.grants.clone(), None);
            return Ok(now.require(action, app).is_ok());
        }
        let _ = (said, action, app);
        Ok(true)
    }

    fn verdict(&self, action: Action, reason: &Reason) -> Result<ReviewVerdict, Denied> {
        Ok(ReviewVerdict {
            by: self.authority.needed_administrator(action)?,
            name: self.authority.operator().name.clone(),
            at: self.clock.now(),
            reason: reason.as_str().to_owned(),
        })
    }

    /// What was said, and the record of it.
    fn said(&self, action: Action, before: &Stored<Review>, next: &Review, reason: &Reason) -> ChangeSet {
        let (was, is) = (Some(before.summary()), Some(next.summary()));
        let record = self.record(action, Some(&next.app), &next.withdrawal.to_string(), was, is, reason);
        let write = Op::UpdateDocument { next: next.to_document(), expected: before.version() };
        ChangeSet::new().with(write).with(Op::Audit(record))
    }
}

/// What was said about a withdrawal; none for one that nobody has to look at.
pub(crate) async fn find_review(
    store: &dyn Store,
    withdrawal: WithdrawalId,
) -> Result<Option<Stored<Review>>, StoreError> {
    store.find_document(&Review::key(withdrawal)).await?.map(Review::from_document).transpose()
}
