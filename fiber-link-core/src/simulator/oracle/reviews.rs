//! What the oracle holds against reviews: it reads what was written about them for itself.

use super::invariant::{Broken, Invariant};
use super::{Limits, Oracle};
use crate::simulator::story::short;
use crate::{
    Document, DocumentKind, FailureReason, Op, Review, Stored, Version, Withdrawal, WithdrawalId,
    WithdrawalState,
};
use std::collections::BTreeSet;

impl Oracle {
    /// I33: somebody was answered about what he said.
    pub(in crate::simulator) fn reviewed(
        &mut self,
        holds: bool,
        what: impl FnOnce() -> String,
    ) -> Result<(), Broken> {
        self.checks.check(Invariant::I33, holds, what)
    }

    /// What a commit wrote about reviews. Nobody counts twice, and nothing that was said is taken back.
    pub(super) fn learn_reviews(&mut self, ops: &[Op]) -> Result<(), Broken> {
        for op in ops {
            let (Op::CreateDocument(document) | Op::UpdateDocument { next: document, .. }) = op else {
                continue;
            };
            if document.key.kind == DocumentKind::Review {
                self.learn_review(document)?;
            }
        }
        Ok(())
    }

    fn learn_review(&mut self, document: &Document) -> Result<(), Broken> {
        let read = Review::from_document(Stored::new(document.clone(), Version::FIRST))?.into_inner();
        let name = short(&read.withdrawal);
        let people: BTreeSet<_> = read.approvals.iter().map(|approval| approval.by).collect();
        self.checks.check(Invariant::I33, people.len() == read.approvals.len(), || {
            format!("somebody counts twice among those who approved withdrawal {name}")
        })?;
        let known = self.reviews.get(&read.withdrawal);
        let goes_on = known.is_none_or(|known| {
            (known.needed, &known.reasons) == (read.needed, &read.reasons)
                && known.rejection.is_none()
                && read.approvals.starts_with(&known.approvals)
        });
        self.checks.check(Invariant::I33, goes_on, || {
            format!("what was said about withdrawal {name} was taken back, or said after its end")
        })?;
        self.reviews.insert(read.withdrawal, read);
        Ok(())
    }

    /// Whether people have to look at a withdrawal is decided when it is requested, by the oracle's own
    /// reading of the policy; what follows from what they knew of a user is believed.
    pub(super) fn check_new_review(&mut self, withdrawal: &Withdrawal) -> Result<(), Broken> {
        let terms = withdrawal.terms();
        let of_app = |limits: &&Limits| (&limits.app, &limits.asset) == (&terms.app, &terms.asset);
        let Some(Limits { review, .. }) = self.limits.iter().find(of_app) else { return Ok(()) };
        let above = |limit: Option<crate::Amount>| limit.is_some_and(|limit| terms.amount > limit);
        let needed = if above(review.two_above) { 2 } else { u32::from(above(review.above)) };
        let said = self.reviews.get(&withdrawal.id());
        let waits = *withdrawal.state() == WithdrawalState::AwaitingReview;
        let right = said.map_or(0, |review| review.needed) >= needed && waits == said.is_some();
        self.checks.check(Invariant::I33, right, || {
            let state = withdrawal.state().as_str();
            format!(
                "withdrawal {} is {state}, and {needed} people have to look at it",
                short(&withdrawal.id())
            )
        })
    }

    /// A withdrawal that is not reviewed any more was approved by as many as have to, or came to its end.
    pub(super) fn check_reviewed(&mut self, withdrawal: &Withdrawal) -> Result<(), Broken> {
        let id = withdrawal.id();
        let Some(review) = self.reviews.get(&id) else { return Ok(()) };
        let approved = is_approved(review);
        let fits = match withdrawal.state() {
            WithdrawalState::AwaitingReview => !approved,
            WithdrawalState::Failed { reason: FailureReason::Rejected, .. } => review.rejection.is_some(),
            WithdrawalState::Failed { .. } => approved || review.rejection.is_none(),
            WithdrawalState::LiquidityPending
            | WithdrawalState::Pending
            | WithdrawalState::Processing { .. }
            | WithdrawalState::RetryPending { .. }
            | WithdrawalState::Completed { .. }
            | WithdrawalState::Released { .. }
            | WithdrawalState::PaidAfterRelease { .. } => approved,
        };
        self.checks.check(Invariant::I33, fits, || {
            let state = withdrawal.state().as_str();
            format!("withdrawal {} is {state}, but that is not what was said about it", short(&id))
        })
    }

    /// A request to pay is about to leave.
    pub(super) fn check_sent_after_review(&mut self, id: WithdrawalId) -> Result<(), Broken> {
        let approved = self.reviews.get(&id).is_none_or(is_approved);
        self.checks.check(Invariant::I33, approved, || {
            format!("a request to pay withdrawal {} leaves, but nobody has approved it", short(&id))
        })
    }
}

/// By the oracle's own count of different people.
fn is_approved(review: &Review) -> bool {
    let people: BTreeSet<_> = review.approvals.iter().map(|approval| approval.by).collect();
    review.rejection.is_none() && people.len() >= review.needed as usize
}
