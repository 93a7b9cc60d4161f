//! What a [`MemoryStore`](super::MemoryStore) holds: rows, and indexes that follow from them.

use super::admission::Admissions;
use crate::{
    AppId, Attempt, AttemptId, AttemptState, AuditRecord, Balance, Document, DocumentKey, Due, Entry,
    EntryKind, EntrySource, Event, EventId, Hub, IdempotencyRecord, IdempotencyScope, LimitCounter, LimitKey,
    PaymentHash, Stored, TakeDue, Timestamp, Tip, TipId, UserAccount, UserId, Withdrawal, WithdrawalId,
    Worker, WorkerId,
};
use std::collections::{BTreeMap, BTreeSet};

/// Rows by key. The one way to write is `put`, which keeps the indexes; another `put` of what was
/// there undoes it.
pub(super) trait Table {
    type Key: Clone + Send + 'static;
    type Row: Send + 'static;

    /// The row of `key`.
    fn find(&self, key: &Self::Key) -> Option<&Self::Row>;

    /// Replaces the row of `key`, or takes it away, and answers what was there.
    fn put(&mut self, key: Self::Key, row: Option<Self::Row>) -> Option<Self::Row>;
}

/// A table without indexes.
impl<K: Ord + Clone + Send + 'static, V: Send + 'static> Table for BTreeMap<K, V> {
    type Key = K;
    type Row = V;

    fn find(&self, key: &K) -> Option<&V> {
        self.get(key)
    }

    fn put(&mut self, key: K, row: Option<V>) -> Option<V> {
        match row {
            Some(row) => self.insert(key, row),
            None => self.remove(&key),
        }
    }
}

/// Everything, under one lock.
#[derive(Default)]
pub(super) struct Tables {
    pub(super) tips: Tips,
    pub(super) withdrawals: Withdrawals,
    pub(super) attempts: Attempts,
    pub(super) entries: Entries,
    pub(super) events: Events,
    pub(super) balances: BTreeMap<UserAccount, Balance>,
    pub(super) limits: BTreeMap<LimitKey, LimitCounter>,
    pub(super) idempotency: BTreeMap<IdempotencyScope, IdempotencyRecord>,
    pub(super) documents: BTreeMap<DocumentKey, Stored<Document>>,
    pub(super) audit_records: BTreeMap<u64, AuditRecord>,
    pub(super) hub: BTreeMap<(), Hub>,
    pub(super) workers: BTreeMap<WorkerId, Stored<Worker>>,
    pub(super) admissions: Admissions,
}

/// A record and its place in the queue of its pass.
#[derive(Clone)]
pub(super) struct Row<T> {
    pub(super) stored: Stored<T>,
    pub(super) due: Option<Due>,
}

/// Which records are due when.
pub(super) struct Queue<I>(BTreeSet<(Timestamp, I)>);

impl<I: Ord + Copy> Queue<I> {
    fn add<T>(&mut self, id: I, row: &Row<T>) {
        self.0.extend(row.due.map(|due| (due.at, id)));
    }

    fn remove<T>(&mut self, id: I, row: &Row<T>) {
        if let Some(due) = row.due {
            self.0.remove(&(due.at, id));
        }
    }

    fn due(&self, take: TakeDue, limit: usize) -> Vec<I> {
        let due = self.0.iter().take_while(|(at, _)| *at <= take.now);
        let misplaced = self.0.iter().rev().take_while(|(at, _)| *at > take.misplaced_after());
        due.chain(misplaced).take(limit).map(|(_, id)| *id).collect()
    }
}

impl<I> Default for Queue<I> {
    fn default() -> Self {
        Self(BTreeSet::new())
    }
}

/// Moves the records `ids` on in their queue and answers them.
fn take_due<I: Copy, T: Clone>(
    table: &mut impl Table<Key = I, Row = Row<T>>,
    ids: Vec<I>,
    take: TakeDue,
) -> Vec<Stored<T>> {
    let mut taken = Vec::with_capacity(ids.len());
    for id in ids {
        let Some(row) = table.find(&id).cloned() else { continue };
        let due = row.due.map(|due| due.after_take(take.now, take.gap));
        taken.push(row.stored.clone());
        table.put(id, Some(Row { due, ..row }));
    }
    taken
}

/// Tips, found by hash, invoice, app and user.
#[derive(Default)]
pub(super) struct Tips {
    rows: BTreeMap<TipId, Row<Tip>>,
    queue: Queue<TipId>,
    pub(super) by_hash: BTreeMap<PaymentHash, TipId>,
    pub(super) by_invoice: BTreeMap<String, TipId>,
    pub(super) of_app: BTreeMap<AppId, BTreeSet<TipId>>,
    pub(super) of_user: BTreeMap<(AppId, UserId), BTreeSet<TipId>>,
    pub(super) settled: BTreeMap<AppId, BTreeMap<u64, TipId>>,
    /// The place of a settled tip among those of its app.
    pub(super) places: BTreeMap<TipId, u64>,
}

impl Tips {
    pub(super) fn take_due(&mut self, take: TakeDue, limit: usize) -> Vec<Stored<Tip>> {
        let ids = self.queue.due(take, limit);
        take_due(self, ids, take)
    }

    /// The records of `ids`, in their order.
    pub(super) fn of<'a>(
        &'a self,
        ids: impl IntoIterator<Item = &'a TipId, IntoIter: 'a>,
    ) -> impl Iterator<Item = &'a Stored<Tip>> {
        ids.into_iter().filter_map(|id| self.rows.get(id)).map(|row| &row.stored)
    }

    /// All of them, by id.
    pub(super) fn rows(&self) -> &BTreeMap<TipId, Row<Tip>> {
        &self.rows
    }

    fn parties(tip: &Tip) -> [(AppId, UserId); 2] {
        let terms = tip.terms();
        [&terms.from_user, &terms.to_user].map(|user| (terms.app.clone(), user.clone()))
    }

    fn unindex(&mut self, row: &Row<Tip>) {
        let (tip, id) = (&row.stored, row.stored.id());
        self.queue.remove(id, row);
        self.by_hash.remove(&tip.payment_hash());
        if let Some(invoice) = tip.invoice() {
            self.by_invoice.remove(&invoice.encoded);
        }
        for party in Self::parties(tip) {
            self.of_user.entry(party).or_default().remove(&id);
        }
        self.of_app.entry(tip.terms().app.clone()).or_default().remove(&id);
    }

    fn index(&mut self, row: &Row<Tip>) {
        let (tip, id) = (&row.stored, row.stored.id());
        self.queue.add(id, row);
        self.by_hash.insert(tip.payment_hash(), id);
        if let Some(invoice) = tip.invoice() {
            self.by_invoice.insert(invoice.encoded.clone(), id);
        }
        for party in Self::parties(tip) {
            self.of_user.entry(party).or_default().insert(id);
        }
        self.of_app.entry(tip.terms().app.clone()).or_default().insert(id);
    }

    /// A tip keeps the place that it got when it was settled.
    fn place(&mut self, id: TipId, app: &AppId, settled: bool) {
        let places = self.settled.entry(app.clone()).or_default();
        match self.places.get(&id) {
            None if settled => {
                let place = places.last_key_value().map_or(1, |(last, _)| last.saturating_add(1));
                places.insert(place, id);
                self.places.insert(id, place);
            }
            Some(place) if !settled => {
                places.remove(place);
                self.places.remove(&id);
            }
            None | Some(_) => {}
        }
    }
}

impl Table for Tips {
    type Key = TipId;
    type Row = Row<Tip>;

    fn find(&self, id: &TipId) -> Option<&Row<Tip>> {
        self.rows.get(id)
    }

    fn put(&mut self, id: TipId, row: Option<Row<Tip>>) -> Option<Row<Tip>> {
        let before = self.rows.remove(&id);
        if let Some(before) = &before {
            self.unindex(before);
        }
        let settled = row.as_ref().is_some_and(|row| row.stored.settled_at().is_some());
        if let Some(either) = row.as_ref().or(before.as_ref()) {
            let app = either.stored.terms().app.clone();
            self.place(id, &app, settled);
        }
        if let Some(row) = row {
            self.index(&row);
            self.rows.insert(id, row);
        }
        before
    }
}

/// Withdrawals, found by the payment hash that they hold.
#[derive(Default)]
pub(super) struct Withdrawals {
    rows: BTreeMap<WithdrawalId, Row<Withdrawal>>,
    queue: Queue<WithdrawalId>,
    pub(super) by_held_hash: BTreeMap<PaymentHash, WithdrawalId>,
}

impl Withdrawals {
    pub(super) fn take_due(&mut self, take: TakeDue, limit: usize) -> Vec<Stored<Withdrawal>> {
        let ids = self.queue.due(take, limit);
        take_due(self, ids, take)
    }

    /// The records of `ids`, in their order.
    pub(super) fn of<'a>(
        &'a self,
        ids: impl IntoIterator<Item = &'a WithdrawalId, IntoIter: 'a>,
    ) -> impl Iterator<Item = &'a Stored<Withdrawal>> {
        ids.into_iter().filter_map(|id| self.rows.get(id)).map(|row| &row.stored)
    }

    /// All of them, by id.
    pub(super) fn rows(&self) -> &BTreeMap<WithdrawalId, Row<Withdrawal>> {
        &self.rows
    }
}

impl Table for Withdrawals {
    type Key = WithdrawalId;
    type Row = Row<Withdrawal>;

    fn find(&self, id: &WithdrawalId) -> Option<&Row<Withdrawal>> {
        self.rows.get(id)
    }

    fn put(&mut self, id: WithdrawalId, row: Option<Row<Withdrawal>>) -> Option<Row<Withdrawal>> {
        let before = self.rows.remove(&id);
        if let Some(before) = &before {
            self.queue.remove(id, before);
            if let Some(hash) = before.stored.held_payment_hash() {
                self.by_held_hash.remove(&hash);
            }
        }
        if let Some(row) = row {
            self.queue.add(id, &row);
            self.by_held_hash.extend(row.stored.held_payment_hash().map(|hash| (hash, id)));
            self.rows.insert(id, row);
        }
        before
    }
}

/// Attempts, found by withdrawal.
#[derive(Default)]
pub(super) struct Attempts {
    rows: BTreeMap<AttemptId, Stored<Attempt>>,
    pub(super) of_withdrawal: BTreeMap<WithdrawalId, BTreeSet<AttemptId>>,
    pub(super) live: BTreeMap<WithdrawalId, AttemptId>,
    pub(super) succeeded: BTreeSet<AttemptId>,
}

impl Attempts {
    /// Live ones that this worker was the last to claim.
    pub(super) fn claimed_by(&self, worker: WorkerId) -> impl Iterator<Item = &Stored<Attempt>> {
        let live = self.live.values().filter_map(|id| self.rows.get(id));
        live.filter(move |attempt| attempt.claim().worker == worker)
    }
}

fn succeeded(attempt: &Attempt) -> bool {
    match attempt.state() {
        AttemptState::Succeeded { .. } => true,
        AttemptState::Sent { .. } | AttemptState::Unknown { .. } | AttemptState::Failed { .. } => false,
    }
}

impl Table for Attempts {
    type Key = AttemptId;
    type Row = Stored<Attempt>;

    fn find(&self, id: &AttemptId) -> Option<&Stored<Attempt>> {
        self.rows.get(id)
    }

    fn put(&mut self, id: AttemptId, row: Option<Stored<Attempt>>) -> Option<Stored<Attempt>> {
        let before = self.rows.remove(&id);
        if let Some(before) = &before {
            self.of_withdrawal.entry(before.withdrawal()).or_default().remove(&id);
            if before.is_live() {
                self.live.remove(&before.withdrawal());
            }
            self.succeeded.remove(&id);
        }
        if let Some(row) = row {
            self.of_withdrawal.entry(row.withdrawal()).or_default().insert(id);
            if row.is_live() {
                self.live.insert(row.withdrawal(), id);
            }
            if succeeded(&row) {
                self.succeeded.insert(id);
            }
            self.rows.insert(id, row);
        }
        before
    }
}

/// The ledger, found by source and by account.
#[derive(Default)]
pub(super) struct Entries {
    rows: BTreeMap<u64, Entry>,
    pub(super) by_source: BTreeMap<EntrySource, BTreeMap<EntryKind, u64>>,
    pub(super) of_account: BTreeMap<UserAccount, BTreeSet<u64>>,
}

impl Entries {
    pub(super) fn next_number(&self) -> u64 {
        self.rows.last_key_value().map_or(1, |(last, _)| last.saturating_add(1))
    }

    /// All of them, by number.
    pub(super) fn rows(&self) -> &BTreeMap<u64, Entry> {
        &self.rows
    }
}

impl Table for Entries {
    type Key = u64;
    type Row = Entry;

    fn find(&self, number: &u64) -> Option<&Entry> {
        self.rows.get(number)
    }

    fn put(&mut self, number: u64, row: Option<Entry>) -> Option<Entry> {
        let before = self.rows.remove(&number);
        if let Some(before) = &before {
            self.by_source.entry(before.source).or_default().remove(&before.kind);
            self.of_account.entry(before.account.clone()).or_default().remove(&number);
        }
        if let Some(row) = row {
            self.by_source.entry(row.source).or_default().insert(row.kind, number);
            self.of_account.entry(row.account.clone()).or_default().insert(number);
            self.rows.insert(number, row);
        }
        before
    }
}

/// Events, numbered per app.
#[derive(Default)]
pub(super) struct Events {
    of_app: BTreeMap<AppId, BTreeMap<u64, Event>>,
    pub(super) ids: BTreeSet<EventId>,
}

impl Events {
    pub(super) fn next_number(&self, app: &AppId) -> u64 {
        let last = self.of_app.get(app).and_then(|events| events.last_key_value());
        last.map_or(1, |(last, _)| last.saturating_add(1))
    }

    /// Those of an app, by number.
    pub(super) fn of_app(&self, app: &AppId) -> Option<&BTreeMap<u64, Event>> {
        self.of_app.get(app)
    }
}

impl Table for Events {
    type Key = (AppId, u64);
    type Row = Event;

    fn find(&self, (app, number): &(AppId, u64)) -> Option<&Event> {
        self.of_app.get(app)?.get(number)
    }

    fn put(&mut self, (app, number): (AppId, u64), row: Option<Event>) -> Option<Event> {
        let events = self.of_app.entry(app).or_default();
        let before = events.remove(&number);
        if let Some(before) = &before {
            self.ids.remove(&before.id);
        }
        if let Some(row) = row {
            self.ids.insert(row.id);
            events.insert(number, row);
        }
        before
    }
}
