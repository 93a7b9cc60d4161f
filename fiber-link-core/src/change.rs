//! A unit of work as a value: everything that one decision writes.

use crate::{
    Amount, Attempt, AuditRecord, CountTowardsLimit, Document, DocumentKey, Due, Entry, Event,
    GiveBackToLimit, Hub, IdempotencyRecord, IdempotencyScope, LimitKey, NodeKey, SealedSecret, Stored,
    Timestamp, Tip, UserAccount, Version, Withdrawal, Worker, WorkerId,
};

/// One write. Exhaustive on purpose: a store must know every kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Op {
    /// Inserts; already there if the id or the payment hash is taken.
    CreateTip {
        /// The tip.
        tip: Tip,
        /// When it is looked at.
        due: Option<Due>,
    },
    /// Replaces; a conflict unless the stored version is `expected`.
    UpdateTip {
        /// The new value.
        next: Tip,
        /// The version that the decision was made on.
        expected: Version,
        /// When it is looked at next.
        due: Option<Due>,
    },
    /// Inserts; already there if the id, or the payment hash that it holds, is taken.
    CreateWithdrawal {
        /// The withdrawal.
        withdrawal: Withdrawal,
        /// When it is looked at.
        due: Option<Due>,
    },
    /// Replaces; a conflict unless the stored version is `expected`.
    UpdateWithdrawal {
        /// The new value.
        next: Withdrawal,
        /// The version that the decision was made on.
        expected: Version,
        /// When it is looked at next.
        due: Option<Due>,
    },
    /// Inserts; already there if the id is taken, or another attempt of the withdrawal is live.
    CreateAttempt(Attempt),
    /// Replaces; a conflict unless the stored version is `expected`.
    UpdateAttempt {
        /// The new value.
        next: Attempt,
        /// The version that the decision was made on.
        expected: Version,
    },
    /// Inserts; already there if the key is taken.
    CreateDocument(Document),
    /// Replaces; a conflict unless the stored version is `expected`.
    UpdateDocument {
        /// The new value.
        next: Document,
        /// The version that the decision was made on.
        expected: Version,
    },
    /// Deletes; a conflict unless the stored version is `expected`.
    RemoveDocument {
        /// Which one.
        key: DocumentKey,
        /// The version that the decision was made on.
        expected: Version,
    },
    /// Writes nothing; a conflict unless the stored version is `expected`, or the document is not there
    /// if that is none. Until the change set is committed or refused, nobody changes, removes or creates
    /// the document.
    RequireDocument {
        /// Which one.
        key: DocumentKey,
        /// The version that the decision was made on.
        expected: Option<Version>,
    },
    /// Inserts; already there if there is a hub.
    CreateHub(Hub),
    /// Replaces the hub's node; a conflict if there is no hub.
    AcceptNode {
        /// The node.
        node: NodeKey,
        /// Since when it is the hub's.
        since: Timestamp,
    },
    /// Replaces the sealed seed of the hub; a conflict unless it is stored as `expected`.
    SealSeed {
        /// As it was read.
        expected: SealedSecret,
        /// The same seed, sealed anew.
        next: SealedSecret,
    },
    /// Inserts; already there if the id is taken.
    CreateWorker(Worker),
    /// Replaces; a conflict unless the stored version is `expected`, and once it was declared dead.
    UpdateWorker {
        /// The new value.
        next: Worker,
        /// The version that the decision was made on.
        expected: Version,
    },
    /// Deletes; a conflict unless the stored version is `expected`, and while a live attempt is
    /// claimed by the worker.
    RemoveWorker {
        /// Which one.
        id: WorkerId,
        /// The version that the decision was made on.
        expected: Version,
    },
    /// Writes nothing; refused unless the worker is stored and not declared dead. Until the change set
    /// is committed or refused, nobody declares the worker dead or removes it.
    RequireWorker(WorkerId),
    /// Counts an amount; refused above its ceiling or within its cooldown.
    CountTowardsLimit(CountTowardsLimit),
    /// Takes an amount off its hour.
    GiveBackToLimit(GiveBackToLimit),
    /// Writes nothing; refused unless what the account has, reserved or not, and the tips to it that may
    /// still be paid, those of this change set among them, come to at most `ceiling`, and while more tips
    /// may be paid than are counted. Two change sets at once do not both take the same room.
    RequireRoom {
        /// The account.
        account: UserAccount,
        /// The most that it may come to have.
        ceiling: Amount,
    },
    /// Appends and moves the user's balance; already there if source and kind were posted before,
    /// refused if a side of the balance would leave its range.
    Post(Entry),
    /// Inserts; already there if the key was used in its scope and is not forgotten at `now`.
    Remember {
        /// What is remembered.
        record: IdempotencyRecord,
        /// When it is decided.
        now: Timestamp,
    },
    /// Appends; already there if the id is taken. It is never changed or deleted.
    Audit(AuditRecord),
    /// Appends to the app's events; numbered by the time readers see it.
    Emit(Event),
}

/// What one decision writes: applied whole or not at all.
///
/// Only this crate fills one, so a store never has to ask whether it makes sense; any store can
/// apply it. It holds no closures and no handles: it can be queued, grouped with others and
/// logged.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use = "a change set does nothing until a store commits it"]
pub struct ChangeSet(Vec<Op>);

impl ChangeSet {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    pub(crate) fn with(mut self, op: Op) -> Self {
        self.0.push(op);
        self
    }

    pub(crate) fn create_tip(self, tip: Tip, now: Timestamp) -> Self {
        let due = tip.due(now);
        self.with(Op::CreateTip { tip, due })
    }

    pub(crate) fn update_tip(self, from: &Stored<Tip>, next: Tip, now: Timestamp) -> Self {
        let due = next.due(now);
        self.with(Op::UpdateTip { next, expected: from.version(), due })
    }

    pub(crate) fn create_withdrawal(self, withdrawal: Withdrawal, now: Timestamp) -> Self {
        let due = withdrawal.due(now);
        self.with(Op::CreateWithdrawal { withdrawal, due })
    }

    pub(crate) fn update_withdrawal(
        self,
        from: &Stored<Withdrawal>,
        next: Withdrawal,
        now: Timestamp,
    ) -> Self {
        let due = next.due(now);
        self.with(Op::UpdateWithdrawal { next, expected: from.version(), due })
    }

    pub(crate) fn update_attempt(self, from: &Stored<Attempt>, next: Attempt) -> Self {
        self.with(Op::UpdateAttempt { next, expected: from.version() })
    }

    pub(crate) fn post(self, entry: Entry) -> Self {
        if entry.amount.is_zero() { self } else { self.with(Op::Post(entry)) }
    }

    /// The writes.
    pub fn ops(&self) -> &[Op] {
        &self.0
    }

    /// This and `other` as one unit of work: both are applied, or neither.
    pub fn merge(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// The writes in the one order in which every store takes its locks: documents by key, records by
    /// kind and id, limits, balances by account, then what is only ever inserted, idempotency keys by
    /// scope.
    pub fn into_ops(mut self) -> Vec<Op> {
        self.0.sort_by(|a, b| lock_order(a).cmp(&lock_order(b)));
        self.0
    }
}

/// Where an op stands among the locks.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum LockOrder<'a> {
    Document(&'a DocumentKey),
    Record(u8, [u8; 16]),
    Limit(&'a LimitKey),
    Balance(&'a UserAccount, &'static str),
    IdempotencyKey(&'a IdempotencyScope),
    Audit,
    Event,
}

fn lock_order(op: &Op) -> LockOrder<'_> {
    match op {
        Op::CreateWorker(Worker { id, .. })
        | Op::UpdateWorker { next: Worker { id, .. }, .. }
        | Op::RemoveWorker { id, .. }
        | Op::RequireWorker(id) => LockOrder::Record(0, *id.as_uuid().as_bytes()),
        Op::CreateHub(_) | Op::AcceptNode { .. } | Op::SealSeed { .. } => LockOrder::Record(1, [0; 16]),
        Op::CreateDocument(Document { key, .. })
        | Op::UpdateDocument { next: Document { key, .. }, .. }
        | Op::RemoveDocument { key, .. }
        | Op::RequireDocument { key, .. } => LockOrder::Document(key),
        Op::CreateTip { tip, .. } | Op::UpdateTip { next: tip, .. } => {
            LockOrder::Record(2, *tip.id().as_uuid().as_bytes())
        }
        Op::CreateWithdrawal { withdrawal, .. } | Op::UpdateWithdrawal { next: withdrawal, .. } => {
            LockOrder::Record(3, *withdrawal.id().as_uuid().as_bytes())
        }
        Op::CreateAttempt(attempt) | Op::UpdateAttempt { next: attempt, .. } => {
            LockOrder::Record(4, *attempt.id().as_uuid().as_bytes())
        }
        Op::CountTowardsLimit(count) => LockOrder::Limit(&count.key),
        Op::GiveBackToLimit(gift) => LockOrder::Limit(&gift.key),
        Op::RequireRoom { account, .. } => LockOrder::Balance(account, ""),
        Op::Post(entry) => LockOrder::Balance(&entry.account, entry.kind.as_str()),
        Op::Remember { record, .. } => LockOrder::IdempotencyKey(&record.scope),
        Op::Audit(_) => LockOrder::Audit,
        Op::Emit(_) => LockOrder::Event,
    }
}
