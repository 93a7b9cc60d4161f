//! The store as a server reaches it: at either side of every call the server may be stopped or
//! paused, the call may fail, and its answer may be lost.

use super::executor::block_on;
use super::faults::Fault;
use super::oracle::invariant::Broken;
use super::server::ServerRun;
use super::story::short;
use super::world::World;
use crate::{
    Admission, AdmitError, Admitted, AppId, Attempt, AttemptQuery, AuditQuery, Balance, BalanceQuery,
    ChangeSet, CommitError, Document, DocumentKey, DocumentQuery, EntryQuery, EventQuery, Hub,
    IdempotencyRecord, IdempotencyScope, ListedWorker, NumberedAuditRecord, NumberedEntry, NumberedEvent, Op,
    SettledQuery, Store, StoreError, Stored, TakeDue, Timestamp, Tip, TipLookup, TipQuery, TipTotals, Totals,
    UserAccount, UserId, Withdrawal, WithdrawalLookup, WithdrawalQuery, Worker, WorkerId,
};
use async_trait::async_trait;
use std::fmt;
use std::sync::Arc;

/// A store with bad luck, and an oracle that looks at it after every commit.
///
/// Each call of the store itself runs to its end in one go, so that a history is the same whatever
/// threads the store has.
pub(super) struct SimulatedStore {
    world: Arc<World>,
    server: Option<Arc<ServerRun>>,
}

impl SimulatedStore {
    pub(super) fn of_server(world: Arc<World>, server: Arc<ServerRun>) -> Self {
        Self { world, server: Some(server) }
    }

    /// For people who have the store at hand, and no bad luck with it.
    pub(super) fn of_operator(world: Arc<World>) -> Self {
        Self { world, server: None }
    }

    fn inner(&self) -> &dyn Store {
        &**self.world.store()
    }

    fn strikes(&self, fault: Fault) -> bool {
        self.server.is_some() && self.world.strikes(fault)
    }

    async fn choice(&self, place: &'static str) {
        if let Some(server) = &self.server {
            server.choice(&self.world, place).await;
        }
    }

    async fn read<T>(&self, call: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
        self.choice("before it reads").await;
        if self.strikes(Fault::StoreFails) {
            return Err(failed());
        }
        let answer = block_on(call);
        if let Err(error) = &answer {
            self.world.watch(|_, _| Err(Broken::of_store(error)));
        }
        self.choice("after it read").await;
        answer
    }

    /// Taking moves what is taken, so its answer can be lost.
    async fn take<T>(&self, call: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
        let taken = self.read(call).await?;
        if self.strikes(Fault::StoreAnswerLost) { Err(failed()) } else { Ok(taken) }
    }

    fn tell(&self, ops: &[Op], result: &Result<(), CommitError>) {
        self.world.tell(|| {
            let who = self.server.as_ref().map_or("operator".to_owned(), |server| server.to_string());
            let what: Vec<_> = ops.iter().map(words).collect();
            let end = match result {
                Ok(()) => String::new(),
                Err(error) => format!(", but {error}"),
            };
            format!("{who}: commits {}{end}", what.join(", "))
        });
    }
}

fn failed() -> StoreError {
    StoreError::backend("a simulated fault")
}

#[async_trait]
impl Store for SimulatedStore {
    async fn commit(&self, changes: ChangeSet) -> Result<(), CommitError> {
        self.choice("before it commits").await;
        if self.strikes(Fault::StoreFails) {
            return Err(failed().into());
        }
        let ops = changes.clone().into_ops();
        let result = block_on(self.inner().commit(changes));
        self.tell(&ops, &result);
        self.world.watch(|oracle, sight| oracle.after_commit(sight, &ops, &result));
        self.choice("after it committed").await;
        if self.strikes(Fault::StoreAnswerLost) { Err(failed().into()) } else { result }
    }

    async fn take_due_tips(&self, take: TakeDue) -> Result<Vec<Stored<Tip>>, StoreError> {
        self.take(self.inner().take_due_tips(take)).await
    }

    async fn take_due_withdrawals(&self, take: TakeDue) -> Result<Vec<Stored<Withdrawal>>, StoreError> {
        self.take(self.inner().take_due_withdrawals(take)).await
    }

    async fn admit(&self, admission: Admission) -> Result<Admitted, AdmitError> {
        block_on(self.inner().admit(admission))
    }

    async fn find_tip(&self, lookup: TipLookup) -> Result<Option<Stored<Tip>>, StoreError> {
        self.read(self.inner().find_tip(lookup)).await
    }

    async fn tips(&self, query: TipQuery) -> Result<Vec<Stored<Tip>>, StoreError> {
        self.read(self.inner().tips(query)).await
    }

    async fn settled_tips(&self, query: SettledQuery) -> Result<Vec<Stored<Tip>>, StoreError> {
        self.read(self.inner().settled_tips(query)).await
    }

    async fn tip_totals(&self, app: &AppId, user: &UserId) -> Result<TipTotals, StoreError> {
        self.read(self.inner().tip_totals(app, user)).await
    }

    async fn find_withdrawal(
        &self,
        lookup: WithdrawalLookup,
    ) -> Result<Option<Stored<Withdrawal>>, StoreError> {
        self.read(self.inner().find_withdrawal(lookup)).await
    }

    async fn withdrawals(&self, query: WithdrawalQuery) -> Result<Vec<Stored<Withdrawal>>, StoreError> {
        self.read(self.inner().withdrawals(query)).await
    }

    async fn find_attempt(&self, query: AttemptQuery) -> Result<Option<Stored<Attempt>>, StoreError> {
        self.read(self.inner().find_attempt(query)).await
    }

    async fn balance(&self, account: &UserAccount) -> Result<Balance, StoreError> {
        self.read(self.inner().balance(account)).await
    }

    async fn balances(&self, query: BalanceQuery) -> Result<Vec<(UserAccount, Balance)>, StoreError> {
        self.read(self.inner().balances(query)).await
    }

    async fn entries(&self, query: EntryQuery) -> Result<Vec<NumberedEntry>, StoreError> {
        self.read(self.inner().entries(query)).await
    }

    async fn events(&self, query: EventQuery) -> Result<Vec<NumberedEvent>, StoreError> {
        self.read(self.inner().events(query)).await
    }

    async fn find_idempotency(
        &self,
        scope: &IdempotencyScope,
        now: Timestamp,
    ) -> Result<Option<IdempotencyRecord>, StoreError> {
        self.read(self.inner().find_idempotency(scope, now)).await
    }

    async fn find_document(&self, key: &DocumentKey) -> Result<Option<Stored<Document>>, StoreError> {
        self.read(self.inner().find_document(key)).await
    }

    async fn documents(&self, query: DocumentQuery) -> Result<Vec<Stored<Document>>, StoreError> {
        self.read(self.inner().documents(query)).await
    }

    async fn audit_records(&self, query: AuditQuery) -> Result<Vec<NumberedAuditRecord>, StoreError> {
        self.read(self.inner().audit_records(query)).await
    }

    async fn find_hub(&self) -> Result<Option<Hub>, StoreError> {
        self.read(self.inner().find_hub()).await
    }

    async fn find_worker(&self, id: WorkerId) -> Result<Option<Stored<Worker>>, StoreError> {
        self.read(self.inner().find_worker(id)).await
    }

    async fn workers(&self, after: Option<WorkerId>, limit: u32) -> Result<Vec<ListedWorker>, StoreError> {
        self.read(self.inner().workers(after, limit)).await
    }

    async fn totals(&self) -> Result<Totals, StoreError> {
        self.read(self.inner().totals()).await
    }
}

/// A document, in one line.
fn named(key: &DocumentKey) -> String {
    format!("{} {}", key.kind.as_str(), key.name.replace('\n', "/"))
}

/// One write, for a story.
fn words(op: &Op) -> String {
    match op {
        Op::CreateTip { tip, .. } => {
            format!("tip {} (hash {})", short(&tip.id()), short(&tip.payment_hash()))
        }
        Op::UpdateTip { next, .. } => format!("tip {} is {}", short(&next.id()), next.state().as_str()),
        Op::CreateWithdrawal { withdrawal, .. } => {
            let (id, hash) = (short(&withdrawal.id()), short(&withdrawal.payment_hash()));
            format!("withdrawal {id} of {} (hash {hash})", withdrawal.terms().amount)
        }
        Op::UpdateWithdrawal { next, .. } => {
            format!("withdrawal {} is {}", short(&next.id()), next.state().as_str())
        }
        Op::CreateAttempt(attempt) => {
            format!("attempt {} of withdrawal {}", short(&attempt.id()), short(&attempt.withdrawal()))
        }
        Op::UpdateAttempt { next, .. } => {
            format!("attempt {} is {}", short(&next.id()), next.state().as_str())
        }
        Op::CreateDocument(document) => named(&document.key),
        Op::UpdateDocument { next, .. } => format!("{} changes", named(&next.key)),
        Op::RemoveDocument { key, .. } => format!("{} is gone", named(key)),
        Op::RequireDocument { key, .. } => {
            format!("only if {} is as it was", named(key))
        }
        Op::SealSeed { .. } => "the seed is sealed anew".to_owned(),
        Op::CreateHub(_) => "the hub".to_owned(),
        Op::AcceptNode { .. } => "the node is accepted".to_owned(),
        Op::CreateWorker(worker) => format!("worker {}", short(&worker.id)),
        Op::UpdateWorker { next, .. } => {
            let state = if next.is_dead() { "declared dead" } else { "alive" };
            format!("worker {} is {state}", short(&next.id))
        }
        Op::RemoveWorker { id, .. } => format!("worker {} is gone", short(&id)),
        Op::RequireWorker(id) => format!("only if worker {} lives", short(&id)),
        Op::CountTowardsLimit(count) => format!("{} towards the limit", count.amount),
        Op::RequireRoom { ceiling, .. } => format!("only with room below {ceiling}"),
        Op::GiveBackToLimit(gift) => format!("{} back to the limit", gift.amount),
        Op::Post(entry) => format!("{} of {}", entry.kind.as_str(), entry.amount),
        Op::Remember { .. } => "the key".to_owned(),
        Op::Audit(record) => format!("the record of {}", record.action),
        Op::Emit(event) => format!("event {}", event.kind.as_str()),
    }
}

impl fmt::Debug for SimulatedStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SimulatedStore").finish_non_exhaustive()
    }
}
