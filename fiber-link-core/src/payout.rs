//! The payout pass: sends what is promised, asks about what was sent, and ends it only by proof.

mod release;
mod review;

use crate::service::{TRIES, limit_keys, unexpected};
use crate::standing::Checked;
use crate::{
    Activity, Attempt, AttemptId, AttemptQuery, AttemptState, ChangeSet, Claim, CommitError, Destination,
    Event, EventId, EventKind, FiberLink, FinalFailure, Gap, GiveBackToLimit, NodeError, NodeMemory,
    NodeStanding, Op, Paused, PaymentRequest, PaymentState, PaymentStatus, Payouts, StandingError, Step,
    Stop, Store, StoreError, Stored, TakeDue, Timestamp, Verdict, Withdrawal, WithdrawalId, WithdrawalLookup,
    WithdrawalState, WrongState, posting,
};
use futures_util::{StreamExt, stream};
use std::time::Duration;

/// How many withdrawals are worked on at a time.
const CONCURRENT_WITHDRAWALS: usize = 8;

/// A withdrawal is looked at every eighth of the time since it last changed, from four times a
/// second to once a minute.
const GAP: Gap = Gap { divisor: 8, shortest: Duration::from_millis(250), longest: Duration::from_secs(60) };

/// What a payout pass did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PayoutReport {
    /// Withdrawals that were looked at.
    pub looked_at: usize,
    /// Withdrawals that came to their end.
    pub ended: usize,
    /// Withdrawals for which node or store did not answer; they stay due.
    pub failed: usize,
    /// Why nothing was sent, if that is so.
    pub stopped: Option<Stop>,
    /// Whether there may be more to do at once.
    pub more: bool,
}

/// Why a withdrawal was not moved on.
#[derive(Debug, thiserror::Error)]
enum AdvanceError {
    #[error(transparent)]
    Node(#[from] NodeError),
    #[error(transparent)]
    Standing(#[from] StandingError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    WrongState(#[from] WrongState),
    #[error("this process was declared dead")]
    DeclaredDead,
}

/// What is known about the node in one pass.
#[derive(Clone, Copy, Debug)]
struct Known {
    memory: NodeMemory,
    node_since: Timestamp,
}

impl Known {
    fn memory_of(self, attempt: &Attempt) -> NodeMemory {
        if attempt.created_at() <= self.node_since { NodeMemory::Foreign } else { self.memory }
    }

    /// When an attempt begins: after its node was accepted, also if the clock was set back since.
    fn begins(self, now: Timestamp) -> Timestamp {
        now.max(self.node_since.plus(Duration::from_millis(1)))
    }
}

/// What one step of a withdrawal came to.
enum Stepped {
    /// Something changed: look again.
    Moved,
    /// Nothing more to do now.
    Waits,
}

/// Nothing was paid for a withdrawal, and nothing is under way: a node of sound memory says so.
struct Unpaid {
    /// What it has of the payment hash: nothing, or what failed.
    session: Option<PaymentStatus>,
    known: Known,
}

/// The attempt that a withdrawal names as its live one, if it still is.
pub(crate) async fn find_live_attempt(
    store: &dyn Store,
    withdrawal: WithdrawalId,
    live: AttemptId,
) -> Result<Option<Stored<Attempt>>, StoreError> {
    let attempt = store.find_attempt(AttemptQuery::LatestOf(withdrawal)).await?;
    Ok(attempt.filter(|attempt| attempt.id() == live && attempt.is_live()))
}

impl FiberLink {
    /// Looks at withdrawals that are due, at most `limit`, and moves each as far as the node lets it.
    ///
    /// # Errors
    /// [`StoreError`] if the store did not say what is due.
    ///
    /// # Cancellation
    /// Safe: the claim that is committed before a payment is sent, and the questions after it, keep
    /// one payment one.
    pub async fn pay_due(&self, limit: u32) -> Result<PayoutReport, StoreError> {
        if self.parts().settings.payouts == Payouts::Elsewhere {
            return Ok(PayoutReport { stopped: Some(Stop::PaidElsewhere), ..Default::default() });
        }
        if let Some(stop) = self.own_end() {
            return Ok(PayoutReport { stopped: Some(stop), ..Default::default() });
        }
        let node = match self.node_for_a_pass(NodeStanding::pays).await? {
            Ok(node) => node,
            Err(stop) => return Ok(PayoutReport { stopped: Some(stop), ..Default::default() }),
        };
        let take = TakeDue { now: self.now(), limit, gap: GAP };
        let due = self.parts().store.take_due_withdrawals(take).await?;
        if due.is_empty() {
            return Ok(PayoutReport::default());
        }
        let (known, stopped) = self.know(&node).await?;
        let looked_at = due.len();
        let outcomes = stream::iter(due).map(|withdrawal| async move {
            let id = withdrawal.id();
            let outcome = self.advance(withdrawal, known).await;
            outcome.inspect_err(|error| {
                tracing::warn!(withdrawal = %id, error = error as &dyn std::error::Error, "a withdrawal waits");
            })
        });
        let outcomes: Vec<_> = outcomes.buffer_unordered(CONCURRENT_WITHDRAWALS).collect().await;
        Ok(PayoutReport {
            looked_at,
            ended: outcomes.iter().flatten().filter(|withdrawal| withdrawal.state().is_final()).count(),
            failed: outcomes.iter().filter(|outcome| outcome.is_err()).count(),
            stopped: self.own_end().or(stopped),
            more: looked_at >= limit as usize,
        })
    }

    async fn know(&self, node: &Checked) -> Result<(Known, Option<Stop>), StoreError> {
        let node_since = node.node_since;
        let stop = self.what_the_node_forgot(node_since).await?;
        let memory = if stop.is_none() { NodeMemory::Intact } else { NodeMemory::Doubtful };
        Ok((Known { memory, node_since }, stop))
    }

    /// The same after an answer: the node may have been exchanged or restored since it was looked at
    /// last, and then the answer proves nothing. `None` if it does not fit any more.
    async fn know_again(&self) -> Result<Option<Known>, AdvanceError> {
        let node = self.look_at_node().await?;
        if !node.standing.pays() {
            return Ok(None);
        }
        Ok(Some(self.know(&node).await?.0))
    }

    /// Whether the node knows the newest payment that we know it made.
    pub(crate) async fn node_remembers(&self) -> bool {
        match self.checked_node().await {
            Ok(node) => matches!(self.what_the_node_forgot(node.node_since).await, Ok(None)),
            Err(_) => false,
        }
    }

    /// Asks the node whether it made the newest payment that we know it made.
    async fn what_the_node_forgot(&self, node_since: Timestamp) -> Result<Option<Stop>, StoreError> {
        let newest = self.parts().store.find_attempt(AttemptQuery::NewestSucceeded).await?;
        // One of the node before says nothing about this one.
        let Some(newest) = newest.filter(|newest| newest.created_at() > node_since) else {
            return Ok(None);
        };
        let answer = self.parts().node.payment(newest.payment_hash()).await;
        match answer.map(|known| known.map(|payment| payment.state)) {
            Ok(Some(PaymentState::Succeeded { .. })) => Ok(None),
            // One that takes a success back went back in time, as much as one that never heard of it.
            Ok(Some(PaymentState::Pending | PaymentState::Failed { .. }) | None) => {
                let hash = newest.payment_hash();
                tracing::error!(payment_hash = %hash, "the node forgot a payment that it made: payouts stop");
                // An operator may accept that at any time.
                self.parts().last_check.outdate();
                Ok(Some(Stop::NodeForgot))
            }
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                tracing::warn!(error, "the node does not answer: payouts wait");
                Ok(Some(Stop::NodeSilent))
            }
        }
    }

    #[tracing::instrument(name = "withdrawal", skip_all, fields(withdrawal = %withdrawal.id()))]
    async fn advance(
        &self,
        mut withdrawal: Stored<Withdrawal>,
        known: Known,
    ) -> Result<Withdrawal, AdvanceError> {
        for _ in 0..TRIES {
            let stepped = match *withdrawal.state() {
                WithdrawalState::AwaitingReview => self.after_review(&withdrawal, known).await?,
                WithdrawalState::LiquidityPending | WithdrawalState::Pending => {
                    self.begin(&withdrawal, known).await?
                }
                WithdrawalState::RetryPending { at, .. } if self.now() < at => Stepped::Waits,
                WithdrawalState::RetryPending { .. } => self.begin(&withdrawal, known).await?,
                WithdrawalState::Processing { attempt } => self.ask(&withdrawal, attempt, known).await?,
                WithdrawalState::Released { attempt, .. } => {
                    self.after_release(&withdrawal, attempt, known).await?
                }
                WithdrawalState::Completed { .. }
                | WithdrawalState::PaidAfterRelease { .. }
                | WithdrawalState::Failed { .. } => Stepped::Waits,
            };
            match stepped {
                Stepped::Waits => break,
                Stepped::Moved => {
                    let again = WithdrawalLookup::Id(withdrawal.id());
                    let again = self.parts().store.find_withdrawal(again).await?;
                    withdrawal = again.ok_or_else(|| StoreError::backend("a withdrawal is gone"))?;
                }
            }
        }
        Ok(withdrawal.into_inner())
    }

    /// No attempt is live: begins one, or ends the withdrawal if it is too late for that.
    async fn begin(&self, withdrawal: &Stored<Withdrawal>, known: Known) -> Result<Stepped, AdvanceError> {
        let Unpaid { session, known } = match self.find_unpaid(withdrawal, known).await? {
            Ok(unpaid) => unpaid,
            Err(stepped) => return Ok(stepped),
        };
        let now = self.now();
        if now >= withdrawal.last_start() {
            return self.give_up(withdrawal, now).await;
        }
        let terms = withdrawal.terms();
        let Some(asset) = self.assets().find(&terms.asset) else {
            tracing::warn!(asset = %terms.asset, "the asset is no longer configured: the withdrawal waits");
            return Ok(Stepped::Waits);
        };
        let liquidity = self.parts().node.liquidity(asset).await?;
        let needed = terms.amount.checked_add(terms.fee_limit);
        if needed.is_none_or(|needed| needed > liquidity.outbound) {
            return match withdrawal.await_liquidity(now)? {
                Step::Changed(next) => {
                    self.commit(ChangeSet::new().update_withdrawal(withdrawal, next, now)).await?;
                    Ok(Stepped::Waits)
                }
                Step::Unchanged => Ok(Stepped::Waits),
            };
        }
        match withdrawal.liquidity_found(now)? {
            Step::Changed(next) => {
                self.commit(ChangeSet::new().update_withdrawal(withdrawal, next, now)).await
            }
            Step::Unchanged => {
                // Last, so that little can change until the claim is committed.
                let (paused, required) = self.pause_of(withdrawal).await?;
                match paused {
                    Some(paused) => {
                        tracing::debug!(%paused, "the withdrawal waits");
                        Ok(Stepped::Waits)
                    }
                    None => self.claim(withdrawal, session.as_ref(), known, required).await,
                }
            }
        }
    }

    /// No attempt is live: what the node says that it paid, or has under way, is taken over.
    ///
    /// The node is asked before anything is begun or given up. Our store may be one that was restored from
    /// a backup: what the node paid since, or has under way, is neither paid again nor given up, as long as
    /// its memory is sound after it answered.
    async fn find_unpaid(
        &self,
        withdrawal: &Stored<Withdrawal>,
        known: Known,
    ) -> Result<Result<Unpaid, Stepped>, AdvanceError> {
        let session = self.parts().node.payment(withdrawal.payment_hash()).await?;
        match session.as_ref().map(|session| &session.state) {
            Some(PaymentState::Pending | PaymentState::Succeeded { .. }) => {
                return Ok(Err(self.adopt(withdrawal, known).await?));
            }
            Some(PaymentState::Failed { .. }) | None => {}
        }
        if known.memory != NodeMemory::Intact {
            return Ok(Err(Stepped::Waits));
        }
        match self.know_again().await? {
            Some(known) if known.memory == NodeMemory::Intact => Ok(Ok(Unpaid { session, known })),
            Some(_) | None => Ok(Err(Stepped::Waits)),
        }
    }

    /// The invoice runs out.
    async fn give_up(
        &self,
        withdrawal: &Stored<Withdrawal>,
        now: Timestamp,
    ) -> Result<Stepped, AdvanceError> {
        match withdrawal.give_up(now)? {
            Step::Changed(next) => self.commit(self.end(withdrawal, &next, now)).await,
            Step::Unchanged => Ok(Stepped::Waits),
        }
    }

    /// What stops payments of a withdrawal, and what must still be so when one is claimed.
    async fn pause_of(&self, withdrawal: &Withdrawal) -> Result<(Option<Paused>, Vec<Op>), StoreError> {
        let terms = withdrawal.terms();
        self.find_pause_now(Activity::Withdrawals, &terms.app, &terms.user).await
    }

    /// The node has a payment of this hash that our store does not know of: writes an attempt for
    /// it, for which nothing is sent.
    async fn adopt(&self, withdrawal: &Stored<Withdrawal>, known: Known) -> Result<Stepped, AdvanceError> {
        let now = self.now();
        let over = Claim { worker: self.parts().worker, until: now };
        let attempt = self.new_attempt(withdrawal, None, over, known.begins(now)).await?;
        let next = withdrawal.adopt(attempt.id(), now)?;
        let changes = self.as_worker().update_withdrawal(withdrawal, next, now);
        match self.parts().store.commit(changes.with(Op::CreateAttempt(attempt))).await {
            Ok(()) => {
                tracing::warn!(
                    "the node knows a payment that the store does not: it is taken over, not sent"
                );
            }
            // Another process sent it just now.
            Err(CommitError::Conflict) => {}
            Err(error) => return Err(self.refused(error)),
        }
        Ok(Stepped::Moved)
    }

    /// Commits the right to send, and sends. What is `required` must be so still: nothing is begun
    /// once a switch is thrown.
    async fn claim(
        &self,
        withdrawal: &Stored<Withdrawal>,
        session: Option<&PaymentStatus>,
        known: Known,
        required: Vec<Op>,
    ) -> Result<Stepped, AdvanceError> {
        // The node may have taken its time: the claim begins now.
        let now = self.now();
        let attempt = self.new_attempt(withdrawal, session, self.new_claim(now), known.begins(now)).await?;
        let id = attempt.id();
        let next = withdrawal.start(id, now)?;
        let changes = self
            .as_worker()
            .update_withdrawal(withdrawal, next, now)
            .with(Op::CreateAttempt(attempt.clone()));
        let changes = required.into_iter().fold(changes, ChangeSet::with);
        match self.parts().store.commit(changes).await {
            Ok(()) => {}
            Err(CommitError::Conflict | CommitError::AlreadyExists(_)) => return Ok(Stepped::Moved),
            Err(CommitError::Store(error)) => {
                // The answer was lost, perhaps not the work: an attempt of our own fresh id says so.
                let latest = AttemptQuery::LatestOf(withdrawal.id());
                let stored = self.parts().store.find_attempt(latest).await?;
                if stored.is_none_or(|stored| stored.id() != id) {
                    return Err(error.into());
                }
            }
            Err(error) => return Err(self.refused(error)),
        }
        self.send(withdrawal, &attempt).await;
        Ok(Stepped::Moved)
    }

    async fn new_attempt(
        &self,
        withdrawal: &Stored<Withdrawal>,
        session: Option<&PaymentStatus>,
        claim: Claim,
        begins: Timestamp,
    ) -> Result<Attempt, StoreError> {
        let latest = AttemptQuery::LatestOf(withdrawal.id());
        let previous = self.parts().store.find_attempt(latest).await?;
        // Attempts sort by their ids, also after the clock was set back.
        let after = previous.as_ref().map(|previous| previous.created_at().plus(Duration::from_millis(1)));
        let begun = begins.max(after.unwrap_or(begins));
        let id = AttemptId::from_uuid(self.next_id(begun));
        Ok(Attempt::send(id, withdrawal, previous.as_deref(), session, claim, begun))
    }

    /// The one request of a claim. Its answer is news at best: the next step asks.
    async fn send(&self, withdrawal: &Withdrawal, attempt: &Attempt) {
        let latest_start = attempt.claim().until.minus(self.parts().settings.node_timeout.saturating_mul(2));
        if self.now() > latest_start {
            tracing::warn!("too late to send: the claim is about to run out");
            return;
        }
        let Destination::PaymentRequest(invoice) = &withdrawal.terms().destination;
        let request = PaymentRequest {
            encoded: invoice.encoded.clone(),
            payment_hash: invoice.payment_hash,
            amount: withdrawal.terms().amount,
            fee_limit: withdrawal.terms().fee_limit,
        };
        match self.parts().node.send_payment(request).await {
            Ok(status) => tracing::info!(state = ?status.state, "sent"),
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                tracing::warn!(error, "the node did not confirm the payment: it is asked what became of it");
            }
        }
    }

    /// An attempt is live: asks the node what became of it.
    async fn ask(
        &self,
        withdrawal: &Stored<Withdrawal>,
        live: AttemptId,
        known: Known,
    ) -> Result<Stepped, AdvanceError> {
        // One that is not live any more was ended by another process, and the withdrawal with it.
        let attempt = find_live_attempt(&*self.parts().store, withdrawal.id(), live).await?;
        let Some(attempt) = attempt else { return Ok(Stepped::Moved) };
        // The answer is as old as the question: who sleeps before reading it must not judge it by a
        // later time.
        let now = self.now();
        let answer = self.parts().node.payment(attempt.payment_hash()).await?;
        let Destination::PaymentRequest(invoice) = &withdrawal.terms().destination;
        let judge = |memory| attempt.judge(answer.as_ref(), invoice.expires_at, memory, now);
        let mut memory = known.memory_of(&attempt);
        let proves = match judge(memory) {
            Verdict::Failed(_) => true,
            Verdict::NotKnown => self.may_send_again(withdrawal, &attempt, memory, now).await?,
            Verdict::Pending { .. } | Verdict::Succeeded { .. } | Verdict::Forgotten => false,
        };
        if proves {
            let Some(known) = self.know_again().await? else { return Ok(Stepped::Waits) };
            memory = known.memory_of(&attempt);
        }
        match judge(memory) {
            Verdict::Pending { session } => {
                if let Step::Changed(next) = attempt.see(session)? {
                    self.commit(ChangeSet::new().update_attempt(&attempt, next)).await?;
                    return Ok(Stepped::Waits);
                }
                self.release_if_agreed(withdrawal, &attempt, now).await
            }
            Verdict::Forgotten => {
                let hash = attempt.payment_hash();
                tracing::error!(payment_hash = %hash, "the node forgot a payment: its funds stay reserved");
                Ok(Stepped::Waits)
            }
            Verdict::Succeeded { fee } => {
                let next = withdrawal.complete(fee, now)?;
                let changes =
                    self.end(withdrawal, &next, now).update_attempt(&attempt, attempt.succeed(fee, now)?);
                self.commit(changes).await
            }
            Verdict::Failed(proof) => self.fail(withdrawal, &attempt, &proof, now).await,
            Verdict::NotKnown if self.may_send_again(withdrawal, &attempt, memory, now).await? => {
                let (paused, required) = self.pause_of(withdrawal).await?;
                if let Some(paused) = paused {
                    tracing::debug!(%paused, "what was never sent is not sent now");
                    return Ok(Stepped::Waits);
                }
                let now = self.now();
                let next = attempt.claim_again(self.new_claim(now), now)?;
                let changes = self.as_worker().update_attempt(&attempt, next.clone());
                let changes = required.into_iter().fold(changes, ChangeSet::with);
                match self.parts().store.commit(changes).await {
                    Ok(()) => self.send(withdrawal, &next).await,
                    Err(CommitError::Conflict) => {}
                    Err(error) => return Err(self.refused(error)),
                }
                Ok(Stepped::Moved)
            }
            Verdict::NotKnown => match attempt.lose(now)? {
                Step::Changed(next) => {
                    tracing::warn!("the node does not know the payment: its funds stay reserved");
                    self.commit(ChangeSet::new().update_attempt(&attempt, next)).await?;
                    Ok(Stepped::Waits)
                }
                Step::Unchanged => Ok(Stepped::Waits),
            },
        }
    }

    async fn fail(
        &self,
        withdrawal: &Stored<Withdrawal>,
        attempt: &Stored<Attempt>,
        proof: &FinalFailure,
        now: Timestamp,
    ) -> Result<Stepped, AdvanceError> {
        let next = withdrawal.attempt_failed(proof, self.parts().settings.retry, now)?;
        tracing::info!(reason = proof.reason(), state = next.state().as_str(), "an attempt failed");
        let changes = match next.state() {
            WithdrawalState::Failed { .. } => self.end(withdrawal, &next, now),
            WithdrawalState::AwaitingReview
            | WithdrawalState::LiquidityPending
            | WithdrawalState::Pending
            | WithdrawalState::Processing { .. }
            | WithdrawalState::RetryPending { .. }
            | WithdrawalState::Completed { .. }
            | WithdrawalState::Released { .. }
            | WithdrawalState::PaidAfterRelease { .. } => {
                ChangeSet::new().update_withdrawal(withdrawal, next, now)
            }
        };
        self.commit(changes.update_attempt(attempt, attempt.fail(proof, now)?)).await
    }

    /// Everything that the end of a withdrawal writes: its state, its entries, its event, and what
    /// a failure gives back to the limits.
    fn end(&self, withdrawal: &Stored<Withdrawal>, next: &Withdrawal, now: Timestamp) -> ChangeSet {
        let mut changes = ChangeSet::new().update_withdrawal(withdrawal, next.clone(), now);
        for entry in posting::of_withdrawal_end(next) {
            changes = changes.post(entry);
        }
        let kind = match next.state() {
            WithdrawalState::Completed { .. } => EventKind::WithdrawalCompleted(next.id()),
            WithdrawalState::Failed { .. }
            | WithdrawalState::Released { .. }
            | WithdrawalState::PaidAfterRelease { .. }
            | WithdrawalState::AwaitingReview
            | WithdrawalState::LiquidityPending
            | WithdrawalState::Pending
            | WithdrawalState::Processing { .. }
            | WithdrawalState::RetryPending { .. } => EventKind::WithdrawalFailed(next.id()),
        };
        if let EventKind::WithdrawalFailed(_) = kind {
            for key in limit_keys(next) {
                let (amount, requested_at) = (next.terms().amount, next.created_at());
                changes = changes.with(Op::GiveBackToLimit(GiveBackToLimit { key, amount, requested_at }));
            }
        }
        changes.with(self.event(next, kind, now))
    }

    fn event(&self, withdrawal: &Withdrawal, kind: EventKind, now: Timestamp) -> Op {
        let id = EventId::from_uuid(self.next_id(now));
        Op::Emit(Event { id, app: withdrawal.terms().app.clone(), kind, at: now })
    }

    /// Whoever may have sent it is dead, its claim ran out, a node of sound memory does not know
    /// it, and there is time: then the request never arrived.
    async fn may_send_again(
        &self,
        withdrawal: &Withdrawal,
        attempt: &Attempt,
        memory: NodeMemory,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let holder = attempt.claim().worker;
        let nobody_sends = holder != self.worker()
            && now >= attempt.claim().until
            && memory == NodeMemory::Intact
            && now < withdrawal.last_start()
            && matches!(attempt.state(), AttemptState::Sent { session: None } | AttemptState::Unknown { .. });
        Ok(nobody_sends && self.is_dead(holder).await?)
    }

    /// What this process writes as long as it is not declared dead: its claims.
    fn as_worker(&self) -> ChangeSet {
        ChangeSet::new().with(Op::RequireWorker(self.worker()))
    }

    fn new_claim(&self, now: Timestamp) -> Claim {
        Claim { worker: self.parts().worker, until: now.plus(self.parts().settings.claim) }
    }

    async fn commit(&self, changes: ChangeSet) -> Result<Stepped, AdvanceError> {
        let emitted = |op: &Op| if let Op::Emit(event) = op { Some(event.app.clone()) } else { None };
        let app = changes.ops().iter().find_map(emitted);
        match self.parts().store.commit(changes).await {
            Ok(()) => {
                if let Some(app) = app {
                    self.parts().news.tell(&app);
                }
                Ok(Stepped::Moved)
            }
            Err(CommitError::Conflict) => Ok(Stepped::Moved),
            Err(error) => Err(self.refused(error)),
        }
    }

    fn refused(&self, error: CommitError) -> AdvanceError {
        match error {
            CommitError::DeclaredDead => {
                self.found_dead();
                AdvanceError::DeclaredDead
            }
            CommitError::Conflict
            | CommitError::AlreadyExists(_)
            | CommitError::InsufficientFunds
            | CommitError::LimitExceeded(_)
            | CommitError::NoRoom
            | CommitError::Store(_) => unexpected(error).into(),
        }
    }
}
