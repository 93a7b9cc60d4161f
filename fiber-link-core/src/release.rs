//! Funds of a payment without an end: released by two people, on evidence, and never by time alone.
//!
//! A node can keep a payment under way for good, paid or not. Nothing but its word proves what became of
//! it, so a release is no proof: whatever is paid afterwards is the hub's loss.

use crate::review::{StoredVerdict, stored_verdict};
use crate::{
    AppId, Attempt, AttemptId, Destination, Document, DocumentKey, DocumentKind, NEVER_SENT_AFTER, NodeError,
    PaymentState, PaymentStatus, PendingTlc, ReviewVerdict, StoreError, Stored, Timestamp, VerdictError,
    Withdrawal, WithdrawalId,
};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The longest that a payment under way was seen to be claimable after it was sent.
pub const LONGEST_TIME_LOCK: Duration = Duration::from_secs(14 * 24 * 3600);

/// How many different people release funds.
pub const RELEASED_BY: usize = 2;

/// How long a word counts: what was true when it was said may be known to be wrong a day later.
pub const AGREEMENT_LASTS: Duration = Duration::from_secs(24 * 3600);

/// What people said about releasing the funds of a withdrawal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Release {
    /// Which withdrawal.
    pub withdrawal: WithdrawalId,
    /// Its app.
    pub app: AppId,
    /// The attempt that they spoke of: a later one is none of theirs.
    pub attempt: AttemptId,
    /// Who agreed, each once.
    pub approvals: Vec<ReviewVerdict>,
}

/// Why funds are not to be released, whoever asks.
#[derive(Debug, thiserror::Error)]
pub enum NotToBeReleased {
    /// It may still be paid.
    #[error("it may still be paid: not before {until}")]
    TooEarly {
        /// Until when.
        until: Timestamp,
    },
    /// The node says something else: the next passes judge that.
    #[error("only a payment that the node calls under way can be released, and it does not call this one so")]
    NotPending,
    /// Another node sent it, and this one cannot know what became of it.
    #[error("it was sent through a node before this one, which cannot know what became of it")]
    OtherNode,
    /// A channel holds a part of it.
    #[error("channel {} of the node holds a part of it, with a time-lock until {}", .0.channel, .0.expires_at)]
    Held(PendingTlc),
    /// The node did not say what became of it.
    #[error("the node does not say what became of it")]
    NodeSilent(#[source] NodeError),
}

impl Release {
    /// A first word about an attempt.
    pub(crate) fn of(withdrawal: &Withdrawal, attempt: AttemptId) -> Self {
        let app = withdrawal.terms().app.clone();
        Self { withdrawal: withdrawal.id(), app, attempt, approvals: Vec::new() }
    }

    /// Whether as many different people agreed lately as have to.
    pub fn is_agreed(&self, now: Timestamp) -> bool {
        self.words(now).count() >= RELEASED_BY
    }

    /// What was said lately.
    fn words(&self, now: Timestamp) -> impl Iterator<Item = &ReviewVerdict> {
        self.approvals.iter().filter(move |said| now < said.at.plus(AGREEMENT_LASTS))
    }

    /// With one more person who agrees; words that count no more go.
    ///
    /// # Errors
    /// [`VerdictError`] for somebody who did, and once it is agreed.
    pub(crate) fn approve(&self, verdict: ReviewVerdict) -> Result<Self, VerdictError> {
        let now = verdict.at;
        if self.is_agreed(now) {
            return Err(VerdictError::Approved);
        }
        if self.words(now).any(|said| said.by == verdict.by) {
            return Err(VerdictError::ApprovedAlready);
        }
        let approvals = self.words(now).cloned().chain([verdict]).collect();
        Ok(Self { approvals, ..self.clone() })
    }

    /// The key of its document.
    pub(crate) fn key(withdrawal: WithdrawalId) -> DocumentKey {
        DocumentKey::new(DocumentKind::Release, withdrawal.to_string())
    }

    /// What is kept of it, and shown to operators.
    pub(crate) fn summary(&self) -> String {
        let approvals = self.approvals.iter().map(stored_verdict).collect();
        let stored = StoredRelease { attempt: self.attempt.to_string(), approvals };
        serde_json::to_string(&stored).unwrap_or_default()
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
            let stored: StoredRelease = serde_json::from_str(&body).ok()?;
            let approvals = stored.approvals.into_iter().map(StoredVerdict::verdict);
            Some(Self {
                withdrawal: key.name.parse().ok()?,
                app: app?,
                attempt: stored.attempt.parse().ok()?,
                approvals: approvals.collect::<Option<_>>()?,
            })
        };
        let release = read().ok_or_else(|| key.kind.corrupt(&key.name, "its JSON"))?;
        Ok(Stored::new(release, version))
    }
}

/// When the funds of an attempt may be released at the earliest: nothing of it can be sent or claimed any
/// more, by all that was ever seen. A node may begin with a payment, or with another part of it, until the
/// invoice ran out.
pub fn releasable_from(withdrawal: &Withdrawal, attempt: &Attempt) -> Timestamp {
    let Destination::PaymentRequest(invoice) = &withdrawal.terms().destination;
    let last_sent = attempt.claim().until.max(attempt.created_at());
    last_sent.max(invoice.expires_at.plus(NEVER_SENT_AFTER)).plus(LONGEST_TIME_LOCK)
}

/// Looks at what is known of a payment whose funds are to be released. `node_since` is when its node became
/// the hub's.
///
/// # Errors
/// [`NotToBeReleased`] says what stands against it.
pub(crate) fn check(
    withdrawal: &Withdrawal,
    attempt: &Attempt,
    node_since: Timestamp,
    payment: Result<Option<PaymentStatus>, NodeError>,
    tlcs: Result<Vec<PendingTlc>, NodeError>,
    now: Timestamp,
) -> Result<(), NotToBeReleased> {
    let until = releasable_from(withdrawal, attempt);
    if now < until {
        return Err(NotToBeReleased::TooEarly { until });
    }
    if attempt.created_at() <= node_since {
        return Err(NotToBeReleased::OtherNode);
    }
    match payment.map_err(NotToBeReleased::NodeSilent)?.map(|status| status.state) {
        Some(PaymentState::Pending) => {}
        Some(PaymentState::Succeeded { .. } | PaymentState::Failed { .. }) | None => {
            return Err(NotToBeReleased::NotPending);
        }
    }
    match tlcs.map_err(NotToBeReleased::NodeSilent)?.into_iter().next() {
        Some(tlc) => Err(NotToBeReleased::Held(tlc)),
        None => Ok(()),
    }
}

#[derive(Serialize, Deserialize)]
struct StoredRelease {
    attempt: String,
    approvals: Vec<StoredVerdict>,
}
