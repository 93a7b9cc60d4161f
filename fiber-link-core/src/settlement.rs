//! The settlement pass: asks the node about open tips and credits what it calls paid.

use crate::service::{TRIES, too_many_writers, unexpected};
use crate::{
    ChangeSet, CommitError, Event, EventId, EventKind, FiberLink, ForeignInvoice, Gap, InvoiceStatus,
    NodeError, NodeStanding, Op, PaymentHash, Step, Stop, StoreError, Stored, TakeDue, Timestamp, Tip,
    TipLookup, TipState, posting,
};
use futures_util::{StreamExt, stream};
use std::collections::{HashSet, VecDeque};
use std::time::Duration;

/// How many payment hashes go into one question.
pub const HASHES_PER_QUESTION: usize = 100;

/// How many tips a settlement pass writes at a time: the most connections to a database that it uses.
pub const CONCURRENT_COMMITS: usize = 32;

/// A tip is asked about every quarter of its age, from every two seconds to once an hour: some 30
/// questions in the hour of an invoice. Who waits for it looks at it, or the node hints, and then it
/// is asked about at once.
const GAP: Gap = Gap { divisor: 4, shortest: Duration::from_secs(2), longest: Duration::from_secs(3600) };

/// What is asked in one question.
#[derive(Clone, Copy)]
enum Part {
    /// As many as fit.
    Whole,
    /// Half of a question to which the answer was unclear.
    Half,
}

/// What a settlement pass did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SettlementReport {
    /// Tips that the node was asked about.
    pub asked: usize,
    /// Tips that were credited.
    pub settled: usize,
    /// Tips whose answer or record failed; they stay due.
    pub failed: usize,
    /// Whether there may be more to do at once.
    pub more: bool,
    /// Why nothing was done, if that is so.
    pub stopped: Option<Stop>,
}

impl FiberLink {
    /// Asks the node about tips that are due, at most `limit`, and records what it says. A node
    /// that is down makes tips wait and never fails them.
    ///
    /// # Errors
    /// [`StoreError`] if the store did not say what is due.
    ///
    /// # Cancellation
    /// Safe: what was not recorded stays due.
    pub async fn settle_due(&self, limit: u32) -> Result<SettlementReport, StoreError> {
        if let Some(stop) = self.own_end() {
            return Ok(SettlementReport { stopped: Some(stop), ..Default::default() });
        }
        if let Err(stop) = self.node_for_a_pass(NodeStanding::takes_tips).await? {
            return Ok(SettlementReport { stopped: Some(stop), ..Default::default() });
        }
        let tips = self.tips_to_ask_about(limit).await?;
        let mut report = SettlementReport { more: tips.len() >= limit as usize, ..Default::default() };
        let whole = tips.chunks(HASHES_PER_QUESTION).map(|chunk| (chunk, Part::Whole));
        let mut chunks: VecDeque<_> = whole.collect();
        while let Some((chunk, part)) = chunks.pop_front() {
            let hashes: Vec<PaymentHash> = chunk.iter().map(|tip| tip.payment_hash()).collect();
            report.asked = report.asked.saturating_add(chunk.len());
            match self.parts().node.invoices(&hashes).await {
                Ok(answers) if answers.len() == chunk.len() => {
                    let answered = chunk.iter().cloned().zip(answers);
                    let (settled, failed) = self.record_answers(answered).await;
                    report.settled = report.settled.saturating_add(settled);
                    report.failed = report.failed.saturating_add(failed);
                }
                Ok(answers) => {
                    tracing::error!(
                        asked = chunk.len(),
                        answered = answers.len(),
                        "the node left answers out"
                    );
                    report.failed = report.failed.saturating_add(chunk.len());
                }
                // Halves, until those that are answered badly stand alone.
                Err(NodeError::Unclear(_)) if chunk.len() > 1 => {
                    report.asked = report.asked.saturating_sub(chunk.len());
                    let (first, second) = chunk.split_at(chunk.len().div_ceil(2));
                    chunks.push_front((second, Part::Half));
                    chunks.push_front((first, Part::Half));
                }
                Err(error) => {
                    let error = &error as &dyn std::error::Error;
                    tracing::warn!(error, tips = chunk.len(), "the node did not answer about tips");
                    report.failed = report.failed.saturating_add(chunk.len());
                    match part {
                        // The node answered about others: those that are left are asked about.
                        Part::Half => {}
                        // A node that is down would cost a timeout per chunk.
                        Part::Whole => {
                            report.more = false;
                            break;
                        }
                    }
                }
            }
        }
        Ok(report)
    }

    /// Those that somebody hinted at or looked at, and those whose turn it is; each once. The former
    /// get half of the room, and what the latter leave: looking again and again must not keep
    /// others from their turn.
    async fn tips_to_ask_about(&self, limit: u32) -> Result<Vec<Stored<Tip>>, StoreError> {
        let mut tips = self.tips_with_attention(limit.div_ceil(2) as usize).await?;
        let room = |taken: usize| limit.saturating_sub(u32::try_from(taken).unwrap_or(limit));
        let take = TakeDue { now: self.now(), limit: room(tips.len()), gap: GAP };
        if take.limit > 0 {
            tips.extend(self.parts().store.take_due_tips(take).await?);
        }
        match self.tips_with_attention(room(tips.len()) as usize).await {
            Ok(more) => tips.extend(more),
            // What is due was taken already and must not lose its turn to a rumour.
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                tracing::warn!(error, "tips that were hinted at could not be looked up");
            }
        }
        let mut seen = HashSet::new();
        tips.retain(|tip| tip.settled_at().is_none() && seen.insert(tip.id()));
        Ok(tips)
    }

    async fn tips_with_attention(&self, limit: usize) -> Result<Vec<Stored<Tip>>, StoreError> {
        let mut tips = Vec::new();
        for hash in self.parts().attention.take(limit) {
            // A hash of somebody else's invoice is no tip of ours.
            if let Some(tip) = self.parts().store.find_tip(TipLookup::PaymentHash(hash)).await? {
                tips.push(tip);
            }
        }
        Ok(tips)
    }

    async fn record_answers(
        &self,
        answered: impl Iterator<Item = (Stored<Tip>, Option<InvoiceStatus>)>,
    ) -> (usize, usize) {
        let outcomes = stream::iter(answered).map(|(tip, status)| async move {
            let id = tip.id();
            let recorded = self
                .record(tip, |tip, now| match &status {
                    Some(status) => tip.observe(status, now),
                    None => Ok(tip.observe_unknown(now)),
                })
                .await;
            recorded.inspect_err(|error| {
                tracing::warn!(tip = %id, error = error as &dyn std::error::Error, "a tip was not recorded");
            })
        });
        let outcomes: Vec<_> = outcomes.buffer_unordered(CONCURRENT_COMMITS).collect().await;
        let settled = outcomes.iter().flatten().filter(|tip| tip.settled_at().is_some()).count();
        (settled, outcomes.iter().filter(|outcome| outcome.is_err()).count())
    }

    /// Decides about a tip and commits: state, credit and event together. Decides again where
    /// another writer was first.
    pub(crate) async fn record(
        &self,
        mut tip: Stored<Tip>,
        decide: impl Fn(&Tip, Timestamp) -> Result<Step<Tip>, ForeignInvoice>,
    ) -> Result<Tip, StoreError> {
        for _ in 0..TRIES {
            let now = self.now();
            let next = match decide(&tip, now) {
                Ok(Step::Changed(next)) => next,
                Ok(Step::Unchanged) if tip.settled_at().is_some() || tip.due(now).is_some() => {
                    return Ok(tip.into_inner());
                }
                // Its grace period is over and the node has answered: it leaves the queue, not before.
                Ok(Step::Unchanged) => Tip::clone(&tip),
                Err(foreign) => {
                    tracing::error!(tip = %tip.id(), %foreign, "nothing was credited");
                    return Ok(tip.into_inner());
                }
            };
            let mut changes = ChangeSet::new().update_tip(&tip, next.clone(), now);
            for entry in posting::of_tip(&next) {
                changes = changes.post(entry);
            }
            if let TipState::Settled { at, .. } = *next.state() {
                let (id, kind) = (EventId::from_uuid(self.next_id(now)), EventKind::TipSettled(next.id()));
                changes = changes.with(Op::Emit(Event { id, app: next.terms().app.clone(), kind, at }));
            }
            match self.parts().store.commit(changes).await {
                Ok(()) => {
                    tracing::debug!(tip = %next.id(), state = next.state().as_str(), "recorded");
                    if next.settled_at().is_some() {
                        self.parts().news.tell(&next.terms().app);
                    }
                    return Ok(next);
                }
                Err(CommitError::Conflict) => {
                    let again = self.parts().store.find_tip(TipLookup::Id(tip.id())).await?;
                    tip = again.ok_or_else(|| StoreError::backend("a tip is gone"))?;
                }
                Err(error) => return Err(unexpected(error)),
            }
        }
        Err(too_many_writers())
    }
}
