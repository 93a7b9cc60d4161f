//! Withdrawals that wait until people have looked at them.

pub(crate) mod known_destination;

use crate::{
    AdministratorId, AppId, Document, DocumentKey, DocumentKind, NodeKey, StoreError, Stored, Timestamp,
    UserId, Withdrawal, WithdrawalId,
};
use serde::{Deserialize, Serialize};

/// A withdrawal that people have to look at, and what they said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Review {
    /// Which one.
    pub withdrawal: WithdrawalId,
    /// Its app.
    pub app: AppId,
    /// Its user.
    pub user: UserId,
    /// Whom it would pay, where the invoice says so.
    pub payee: Option<NodeKey>,
    /// Why they have to.
    pub reasons: Vec<ReviewReason>,
    /// How many different people have to approve it.
    pub needed: u32,
    /// Who did, each once.
    pub approvals: Vec<ReviewVerdict>,
    /// Who rejected it.
    pub rejection: Option<ReviewVerdict>,
}

/// What somebody said about a withdrawal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReviewVerdict {
    /// Who.
    pub by: AdministratorId,
    /// What people know him by.
    pub name: String,
    /// When.
    pub at: Timestamp,
    /// Why.
    pub reason: String,
}

/// Why people look at a withdrawal before it is paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReviewReason {
    /// It is above the amount from which one person is needed.
    Amount,
    /// It is above the amount from which two people are needed.
    LargeAmount,
    /// Nothing of its asset was paid to its user yet, and nothing is about to be.
    FirstWithdrawal,
    /// Its user named where it goes not long ago for the first time, or nobody can tell where that is.
    NewDestination,
}

impl ReviewReason {
    /// In a few words, for people.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Amount => "amount",
            Self::LargeAmount => "large amount",
            Self::FirstWithdrawal => "first withdrawal",
            Self::NewDestination => "new destination",
        }
    }
}

/// What somebody said changes nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VerdictError {
    /// Each person counts once.
    #[error("you approved it already: another person has to")]
    ApprovedAlready,
    /// As many as are needed approved it before.
    #[error("it was approved already")]
    Approved,
    /// Somebody rejected it before.
    #[error("it was rejected already")]
    Rejected,
}

impl Review {
    /// A withdrawal that was just requested and has to be looked at.
    pub(crate) fn of(withdrawal: &Withdrawal, payee: Option<NodeKey>, reasons: Vec<ReviewReason>) -> Self {
        let needed = if reasons.contains(&ReviewReason::LargeAmount) { 2 } else { 1 };
        let terms = withdrawal.terms();
        Self {
            withdrawal: withdrawal.id(),
            app: terms.app.clone(),
            user: terms.user.clone(),
            payee,
            reasons,
            needed,
            approvals: Vec::new(),
            rejection: None,
        }
    }

    /// Whether as many different people approved it as have to.
    pub fn is_approved(&self) -> bool {
        self.rejection.is_none() && self.approvals.len() >= self.needed as usize
    }

    /// With the approval of one more person.
    ///
    /// # Errors
    /// [`VerdictError::ApprovedAlready`] for the approval of somebody who gave his, and if it was decided.
    pub fn approve(&self, verdict: ReviewVerdict) -> Result<Self, VerdictError> {
        self.check_open()?;
        if self.approvals.iter().any(|approval| approval.by == verdict.by) {
            return Err(VerdictError::ApprovedAlready);
        }
        let mut next = self.clone();
        next.approvals.push(verdict);
        Ok(next)
    }

    /// Rejected, whoever approved it before.
    ///
    /// # Errors
    /// [`VerdictError`] if it was decided.
    pub fn reject(&self, verdict: ReviewVerdict) -> Result<Self, VerdictError> {
        self.check_open()?;
        Ok(Self { rejection: Some(verdict), ..self.clone() })
    }

    fn check_open(&self) -> Result<(), VerdictError> {
        match self.rejection {
            Some(_) => Err(VerdictError::Rejected),
            None if self.is_approved() => Err(VerdictError::Approved),
            None => Ok(()),
        }
    }

    /// The document of a review.
    pub(crate) fn key(withdrawal: WithdrawalId) -> DocumentKey {
        DocumentKey::new(DocumentKind::Review, withdrawal.to_string())
    }

    /// What is kept of it, and shown to operators.
    pub(crate) fn summary(&self) -> String {
        serde_json::to_string(&StoredReview::of(self)).unwrap_or_default()
    }

    /// As a store keeps it.
    pub(crate) fn to_document(&self) -> Document {
        let (key, app) = (Self::key(self.withdrawal), Some(self.app.clone()));
        Document { key, app, body: self.summary(), expires_at: None }
    }

    /// As a store kept it.
    pub(crate) fn from_document(document: Stored<Document>) -> Result<Stored<Self>, StoreError> {
        let version = document.version();
        let Document { key, app, body, .. } = document.into_inner();
        let read = || {
            let stored: StoredReview = serde_json::from_str(&body).ok()?;
            stored.review(key.name.parse().ok()?, app?)
        };
        let review = read().ok_or_else(|| key.kind.corrupt(&key.name, "its JSON"))?;
        Ok(Stored::new(review, version))
    }
}

#[derive(Serialize, Deserialize)]
struct StoredReview {
    user: String,
    payee: Option<String>,
    reasons: Vec<ReviewReason>,
    needed: u32,
    approvals: Vec<StoredVerdict>,
    rejection: Option<StoredVerdict>,
}

/// What somebody said, as it is kept.
#[derive(Serialize, Deserialize)]
pub(crate) struct StoredVerdict {
    by: String,
    name: String,
    at: u64,
    reason: String,
}

pub(crate) fn stored_verdict(verdict: &ReviewVerdict) -> StoredVerdict {
    StoredVerdict {
        by: verdict.by.to_string(),
        name: verdict.name.clone(),
        at: verdict.at.as_millis(),
        reason: verdict.reason.clone(),
    }
}

impl StoredReview {
    fn of(review: &Review) -> Self {
        Self {
            user: review.user.to_string(),
            payee: review.payee.map(|payee| payee.to_string()),
            reasons: review.reasons.clone(),
            needed: review.needed,
            approvals: review.approvals.iter().map(stored_verdict).collect(),
            rejection: review.rejection.as_ref().map(stored_verdict),
        }
    }

    fn review(self, withdrawal: WithdrawalId, app: AppId) -> Option<Review> {
        let payee = match self.payee {
            Some(text) => {
                let mut key = [0; 33];
                hex::decode_to_slice(text, &mut key).ok()?;
                Some(NodeKey::new(key))
            }
            None => None,
        };
        let approvals = self.approvals.into_iter().map(StoredVerdict::verdict);
        Some(Review {
            withdrawal,
            app,
            user: UserId::new(self.user).ok()?,
            payee,
            reasons: self.reasons,
            needed: self.needed,
            approvals: approvals.collect::<Option<_>>()?,
            rejection: match self.rejection {
                Some(stored) => Some(stored.verdict()?),
                None => None,
            },
        })
    }
}

impl StoredVerdict {
    pub(crate) fn verdict(self) -> Option<ReviewVerdict> {
        let (by, at) = (self.by.parse().ok()?, Timestamp::from_millis(self.at));
        Some(ReviewVerdict { by, name: self.name, at, reason: self.reason })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Version;
    use crate::testing::sample;

    fn verdict(name: &str) -> ReviewVerdict {
        let (by, at) = (AdministratorId::of(name), sample::at(9));
        ReviewVerdict { by, name: name.to_owned(), at, reason: "looked at it".to_owned() }
    }

    fn review(reasons: &[ReviewReason]) -> Review {
        Review::of(&sample::withdrawal(1), Some(NodeKey::new([3; 33])), reasons.to_vec())
    }

    #[test]
    fn a_large_amount_takes_two_different_people() {
        let small = review(&[ReviewReason::Amount, ReviewReason::FirstWithdrawal]);
        assert!(!small.is_approved());
        assert!(small.approve(verdict("ann")).unwrap().is_approved());
        let large = review(&[ReviewReason::Amount, ReviewReason::LargeAmount]);
        let once = large.approve(verdict("ann")).unwrap();
        assert!(!once.is_approved());
        let again = ReviewVerdict { name: "ann by another name".to_owned(), ..verdict("ann") };
        assert_eq!(once.approve(again), Err(VerdictError::ApprovedAlready));
        assert!(once.approve(verdict("ben")).unwrap().is_approved());
    }

    #[test]
    fn what_was_decided_stays_so() {
        let approved = review(&[ReviewReason::Amount]).approve(verdict("ann")).unwrap();
        for decided in [approved.approve(verdict("ben")), approved.reject(verdict("ben"))] {
            assert_eq!(decided, Err(VerdictError::Approved));
        }
        let once = review(&[ReviewReason::LargeAmount]).approve(verdict("ann")).unwrap();
        let rejected = once.reject(verdict("ann")).unwrap();
        assert!(!rejected.is_approved());
        for decided in [rejected.approve(verdict("ben")), rejected.reject(verdict("ben"))] {
            assert_eq!(decided, Err(VerdictError::Rejected));
        }
    }

    #[test]
    fn a_review_is_read_back_as_it_was_written() {
        let once = review(&[ReviewReason::LargeAmount, ReviewReason::NewDestination]);
        let once = once.approve(verdict("ann")).unwrap();
        let unknown = Review { payee: None, ..once.reject(verdict("ben")).unwrap() };
        for review in [once, unknown] {
            let stored = Stored::new(review.to_document(), Version::FIRST);
            assert_eq!(*Review::from_document(stored).unwrap(), review);
        }
    }
}
