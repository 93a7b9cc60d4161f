//! One change set on its way into the tables: each write notes how to undo it.

use super::tables::{Row, Table, Tables};
use crate::{
    Amount, AppId, Attempt, AttemptId, AuditRecord, Balance, COUNT_BOUND, ChangeSet, CommitError,
    CountTowardsLimit, Document, DocumentKey, Due, Entry, Event, Existing, GiveBackToLimit, Hub,
    IdempotencyRecord, NodeKey, Op, PaymentHash, SealedSecret, Stored, Timestamp, Tip, UserAccount, Version,
    Withdrawal, WithdrawalId, Worker, WorkerId,
};

/// Applies every op of `changes`, or none.
pub(super) fn commit(tables: &mut Tables, changes: ChangeSet) -> Result<(), CommitError> {
    let mut transaction = Transaction { tables, undo: Vec::new() };
    let applied = changes.into_ops().into_iter().try_for_each(|op| transaction.apply(op));
    if applied.is_err() {
        transaction.roll_back();
    }
    applied
}

struct Transaction<'a> {
    tables: &'a mut Tables,
    undo: Vec<Undo>,
}

type Undo = Box<dyn FnOnce(&mut Tables)>;

impl Transaction<'_> {
    fn apply(&mut self, op: Op) -> Result<(), CommitError> {
        match op {
            Op::CreateTip { tip, due } => self.create_tip(tip, due),
            Op::UpdateTip { next, expected, due } => self.update_tip(next, expected, due),
            Op::CreateWithdrawal { withdrawal, due } => self.create_withdrawal(withdrawal, due),
            Op::UpdateWithdrawal { next, expected, due } => self.update_withdrawal(next, expected, due),
            Op::CreateAttempt(attempt) => self.create_attempt(attempt),
            Op::UpdateAttempt { next, expected } => self.update_attempt(next, expected),
            Op::CreateDocument(document) => self.create_document(document),
            Op::UpdateDocument { next, expected } => self.update_document(next, expected),
            Op::RemoveDocument { key, expected } => self.remove_document(key, expected),
            Op::RequireDocument { key, expected } => self.require_document(&key, expected),
            Op::CreateHub(hub) => self.create_hub(hub),
            Op::AcceptNode { node, since } => self.accept_node(node, since),
            Op::SealSeed { expected, next } => self.seal_seed(&expected, next),
            Op::CreateWorker(worker) => self.create_worker(worker),
            Op::UpdateWorker { next, expected } => self.update_worker(next, expected),
            Op::RemoveWorker { id, expected } => self.remove_worker(id, expected),
            Op::RequireWorker(id) => self.require_worker(id),
            Op::CountTowardsLimit(request) => self.count_towards_limit(request),
            Op::GiveBackToLimit(gift) => self.give_back_to_limit(gift),
            Op::RequireRoom { account, ceiling } => self.require_room(&account, ceiling),
            Op::Post(entry) => self.post(entry),
            Op::Remember { record, now } => self.remember(record, now),
            Op::Audit(record) => self.audit(record),
            Op::Emit(event) => self.emit(event),
        }
    }

    fn create_tip(&mut self, tip: Tip, due: Option<Due>) -> Result<(), CommitError> {
        let tips = &self.tables.tips;
        if tips.find(&tip.id()).is_some() || tips.by_hash.contains_key(&tip.payment_hash()) {
            return Err(CommitError::AlreadyExists(Existing::Tip));
        }
        self.put(|tables| &mut tables.tips, tip.id(), Row { stored: Stored::new(tip, Version::FIRST), due });
        Ok(())
    }

    fn update_tip(&mut self, next: Tip, expected: Version, due: Option<Due>) -> Result<(), CommitError> {
        let found = self.tables.tips.find(&next.id()).map(|row| row.stored.version());
        let version = next_version(found, expected)?;
        self.put(|tables| &mut tables.tips, next.id(), Row { stored: Stored::new(next, version), due });
        Ok(())
    }

    fn create_withdrawal(&mut self, withdrawal: Withdrawal, due: Option<Due>) -> Result<(), CommitError> {
        let id = withdrawal.id();
        if self.tables.withdrawals.find(&id).is_some() {
            return Err(CommitError::AlreadyExists(Existing::Withdrawal));
        }
        self.check_held(id, withdrawal.held_payment_hash())?;
        let row = Row { stored: Stored::new(withdrawal, Version::FIRST), due };
        self.put(|tables| &mut tables.withdrawals, id, row);
        Ok(())
    }

    fn update_withdrawal(
        &mut self,
        next: Withdrawal,
        expected: Version,
        due: Option<Due>,
    ) -> Result<(), CommitError> {
        let id = next.id();
        let found = self.tables.withdrawals.find(&id).map(|row| row.stored.version());
        let version = next_version(found, expected)?;
        self.check_held(id, next.held_payment_hash())?;
        self.put(|tables| &mut tables.withdrawals, id, Row { stored: Stored::new(next, version), due });
        Ok(())
    }

    fn check_held(&self, id: WithdrawalId, hash: Option<PaymentHash>) -> Result<(), CommitError> {
        let holder = hash.and_then(|hash| self.tables.withdrawals.by_held_hash.get(&hash));
        match holder {
            Some(holder) if *holder != id => Err(CommitError::AlreadyExists(Existing::Withdrawal)),
            Some(_) | None => Ok(()),
        }
    }

    fn create_attempt(&mut self, attempt: Attempt) -> Result<(), CommitError> {
        if self.tables.attempts.find(&attempt.id()).is_some() {
            return Err(CommitError::AlreadyExists(Existing::Attempt));
        }
        self.check_live(attempt.id(), &attempt)?;
        let id = attempt.id();
        self.put(|tables| &mut tables.attempts, id, Stored::new(attempt, Version::FIRST));
        Ok(())
    }

    fn update_attempt(&mut self, next: Attempt, expected: Version) -> Result<(), CommitError> {
        let id = next.id();
        let version = next_version(self.tables.attempts.find(&id).map(Stored::version), expected)?;
        self.check_live(id, &next)?;
        self.put(|tables| &mut tables.attempts, id, Stored::new(next, version));
        Ok(())
    }

    fn check_live(&self, id: AttemptId, attempt: &Attempt) -> Result<(), CommitError> {
        match self.tables.attempts.live.get(&attempt.withdrawal()) {
            Some(live) if *live != id && attempt.is_live() => {
                Err(CommitError::AlreadyExists(Existing::Attempt))
            }
            Some(_) | None => Ok(()),
        }
    }

    fn create_document(&mut self, document: Document) -> Result<(), CommitError> {
        if self.tables.documents.contains_key(&document.key) {
            return Err(CommitError::AlreadyExists(Existing::Document));
        }
        let key = document.key.clone();
        self.put(|tables| &mut tables.documents, key, Stored::new(document, Version::FIRST));
        Ok(())
    }

    fn update_document(&mut self, next: Document, expected: Version) -> Result<(), CommitError> {
        let version = next_version(self.tables.documents.get(&next.key).map(Stored::version), expected)?;
        self.put(|tables| &mut tables.documents, next.key.clone(), Stored::new(next, version));
        Ok(())
    }

    fn remove_document(&mut self, key: DocumentKey, expected: Version) -> Result<(), CommitError> {
        next_version(self.tables.documents.get(&key).map(Stored::version), expected)?;
        self.replace(|tables| &mut tables.documents, key, None);
        Ok(())
    }

    fn require_document(&self, key: &DocumentKey, expected: Option<Version>) -> Result<(), CommitError> {
        let found = self.tables.documents.get(key).map(Stored::version);
        if found == expected { Ok(()) } else { Err(CommitError::Conflict) }
    }

    fn create_hub(&mut self, hub: Hub) -> Result<(), CommitError> {
        if !self.tables.hub.is_empty() {
            return Err(CommitError::AlreadyExists(Existing::Hub));
        }
        self.put(|tables| &mut tables.hub, (), hub);
        Ok(())
    }

    fn accept_node(&mut self, node: NodeKey, since: Timestamp) -> Result<(), CommitError> {
        let hub = self.tables.hub.get(&()).cloned().ok_or(CommitError::Conflict)?;
        self.put(|tables| &mut tables.hub, (), Hub { node, node_since: since, ..hub });
        Ok(())
    }

    fn seal_seed(&mut self, expected: &SealedSecret, next: SealedSecret) -> Result<(), CommitError> {
        let hub = self.tables.hub.get(&()).filter(|hub| hub.seed == *expected);
        let hub = hub.cloned().ok_or(CommitError::Conflict)?;
        self.put(|tables| &mut tables.hub, (), Hub { seed: next, ..hub });
        Ok(())
    }

    fn create_worker(&mut self, worker: Worker) -> Result<(), CommitError> {
        if self.tables.workers.contains_key(&worker.id) {
            return Err(CommitError::AlreadyExists(Existing::Worker));
        }
        self.put(|tables| &mut tables.workers, worker.id, Stored::new(worker, Version::FIRST));
        Ok(())
    }

    fn update_worker(&mut self, next: Worker, expected: Version) -> Result<(), CommitError> {
        let found = self.tables.workers.get(&next.id).filter(|worker| !worker.is_dead());
        let version = next_version(found.map(Stored::version), expected)?;
        self.put(|tables| &mut tables.workers, next.id, Stored::new(next, version));
        Ok(())
    }

    fn remove_worker(&mut self, id: WorkerId, expected: Version) -> Result<(), CommitError> {
        next_version(self.tables.workers.get(&id).map(Stored::version), expected)?;
        if self.tables.attempts.claimed_by(id).next().is_some() {
            return Err(CommitError::Conflict);
        }
        self.replace(|tables| &mut tables.workers, id, None);
        Ok(())
    }

    fn require_worker(&self, id: WorkerId) -> Result<(), CommitError> {
        match self.tables.workers.get(&id) {
            Some(worker) if !worker.is_dead() => Ok(()),
            Some(_) | None => Err(CommitError::DeclaredDead),
        }
    }

    fn count_towards_limit(&mut self, request: CountTowardsLimit) -> Result<(), CommitError> {
        let counter = self.tables.limits.get(&request.key).cloned().unwrap_or_default();
        let counter = counter.count(&request)?;
        self.put(|tables| &mut tables.limits, request.key, counter);
        Ok(())
    }

    fn give_back_to_limit(&mut self, gift: GiveBackToLimit) -> Result<(), CommitError> {
        if let Some(counter) = self.tables.limits.get(&gift.key) {
            let counter = counter.give_back(&gift);
            self.put(|tables| &mut tables.limits, gift.key, counter);
        }
        Ok(())
    }

    fn require_room(&self, account: &UserAccount, ceiling: Amount) -> Result<(), CommitError> {
        let Balance { available, reserved } = self.tables.balances.get(account).copied().unwrap_or_default();
        let party = (account.app.clone(), account.user.clone());
        let tips = self.tables.tips.of(self.tables.tips.of_user.get(&party).into_iter().flatten());
        let open = tips.filter(|tip| {
            tip.terms().to_user == account.user && tip.state().phase() == crate::TipPhase::Open
        });
        let open: Vec<_> = open.take(COUNT_BOUND.saturating_add(1) as usize).collect();
        if open.len() > COUNT_BOUND as usize {
            return Err(CommitError::NoRoom);
        }
        let of_asset = open.iter().map(|tip| tip.terms()).filter(|terms| terms.asset == account.asset);
        let sum =
            of_asset.map(|terms| terms.amount).chain([reserved]).try_fold(available, Amount::checked_add);
        if sum.is_some_and(|sum| sum <= ceiling) { Ok(()) } else { Err(CommitError::NoRoom) }
    }

    fn post(&mut self, entry: Entry) -> Result<(), CommitError> {
        let posted = self.tables.entries.by_source.get(&entry.source);
        if posted.is_some_and(|kinds| kinds.contains_key(&entry.kind)) {
            return Err(CommitError::AlreadyExists(Existing::Entry));
        }
        let balance = self.tables.balances.get(&entry.account).copied().unwrap_or_default();
        let balance = balance.after(entry.kind, entry.amount).map_err(|_| CommitError::InsufficientFunds)?;
        self.put(|tables| &mut tables.balances, entry.account.clone(), balance);
        let number = self.tables.entries.next_number();
        self.put(|tables| &mut tables.entries, number, entry);
        Ok(())
    }

    fn remember(&mut self, record: IdempotencyRecord, now: Timestamp) -> Result<(), CommitError> {
        let known = self.tables.idempotency.get(&record.scope);
        if known.is_some_and(|known| now < known.expires_at) {
            return Err(CommitError::AlreadyExists(Existing::IdempotencyKey));
        }
        self.put(|tables| &mut tables.idempotency, record.scope.clone(), record);
        Ok(())
    }

    fn audit(&mut self, record: AuditRecord) -> Result<(), CommitError> {
        if self.tables.audit_records.values().any(|known| known.id == record.id) {
            return Err(CommitError::AlreadyExists(Existing::AuditRecord));
        }
        let last = self.tables.audit_records.last_key_value().map_or(0, |(number, _)| *number);
        self.put(|tables| &mut tables.audit_records, last.saturating_add(1), record);
        Ok(())
    }

    fn emit(&mut self, event: Event) -> Result<(), CommitError> {
        if self.tables.events.ids.contains(&event.id) {
            return Err(CommitError::AlreadyExists(Existing::Event));
        }
        let key: (AppId, u64) = (event.app.clone(), self.tables.events.next_number(&event.app));
        self.put(|tables| &mut tables.events, key, event);
        Ok(())
    }

    /// Writes a row and notes how to undo that.
    fn put<T: Table + 'static>(&mut self, table: fn(&mut Tables) -> &mut T, key: T::Key, row: T::Row) {
        self.replace(table, key, Some(row));
    }

    /// Writes a row or takes it away, and notes how to undo that.
    fn replace<T: Table + 'static>(
        &mut self,
        table: fn(&mut Tables) -> &mut T,
        key: T::Key,
        row: Option<T::Row>,
    ) {
        let before = table(self.tables).put(key.clone(), row);
        self.undo.push(Box::new(move |tables| {
            table(tables).put(key, before);
        }));
    }

    fn roll_back(self) {
        for undo in self.undo.into_iter().rev() {
            undo(self.tables);
        }
    }
}

fn next_version(found: Option<Version>, expected: Version) -> Result<Version, CommitError> {
    if found == Some(expected) { Ok(expected.next()) } else { Err(CommitError::Conflict) }
}
