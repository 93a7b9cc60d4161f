//! Everything that a store keeps, row by row, so that it can be moved to another store.

use crate::{
    Attempt, Balance, Document, Due, Hub, IdempotencyRecord, LimitCounter, LimitKey, LimitScope,
    NumberedAuditRecord, NumberedEntry, NumberedEvent, Stored, Timestamp, Tip, UserAccount, Withdrawal,
    Worker,
};
use std::fmt;
use uuid::Uuid;

/// A kind of rows. Rate counts are in none: they last no longer than their window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Table {
    /// The hub: one row, or none.
    Hub,
    /// Documents, by kind and name.
    Documents,
    /// Audit records, by number.
    AuditRecords,
    /// Workers, by id.
    Workers,
    /// Tips, by id.
    Tips,
    /// Withdrawals, by id.
    Withdrawals,
    /// Attempts, by id.
    Attempts,
    /// Entries, by number.
    Entries,
    /// Balances, by account.
    Balances,
    /// Limits, by app, user and asset; the app itself stands before its users.
    Limits,
    /// Uses of idempotency keys, by app, method and key.
    Idempotency,
    /// Events, by app and number.
    Events,
    /// Since when nonces are remembered: one row.
    NonceMemory,
    /// Nonces.
    Nonces,
}

/// A row with everything that is kept of it: a record, and the columns that are no part of it.
#[derive(Clone, Debug)]
pub enum StoredRow {
    /// The hub.
    Hub(Hub),
    /// A document.
    Document(Stored<Document>),
    /// An audit record.
    AuditRecord(NumberedAuditRecord),
    /// A worker.
    Worker(Stored<Worker>),
    /// A tip.
    Tip {
        /// The tip.
        tip: Stored<Tip>,
        /// Its place in the queue.
        due: Option<Due>,
        /// Its place among the settled tips of its app.
        settled_number: Option<u64>,
    },
    /// A withdrawal.
    Withdrawal {
        /// The withdrawal.
        withdrawal: Stored<Withdrawal>,
        /// Its place in the queue.
        due: Option<Due>,
    },
    /// An attempt.
    Attempt(Stored<Attempt>),
    /// An entry.
    Entry(NumberedEntry),
    /// A balance.
    Balance(UserAccount, Balance),
    /// A limit.
    Limit(LimitKey, LimitCounter),
    /// A use of an idempotency key.
    Idempotency(IdempotencyRecord),
    /// An event.
    Event(NumberedEvent),
    /// Since when nonces are remembered: what was signed before counts as replayed.
    NonceMemory(Timestamp),
    /// A nonce.
    Nonce {
        /// What it is remembered by.
        nonce: [u8; 32],
        /// When it may be forgotten.
        expires_at: Timestamp,
    },
}

/// A place in the order of a table: by default before its first row. Of its fields count those that
/// the table is ordered by.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct RowKey {
    /// Names, from the first that counts to the last.
    pub names: [String; 3],
    /// An id.
    pub id: Uuid,
    /// A number; 1 in a table of one row.
    pub number: u64,
    /// A nonce.
    pub nonce: [u8; 32],
}

impl Table {
    /// All, in the order in which they are copied.
    pub const ALL: [Self; 14] = [
        Self::Hub,
        Self::Documents,
        Self::AuditRecords,
        Self::Workers,
        Self::Tips,
        Self::Withdrawals,
        Self::Attempts,
        Self::Entries,
        Self::Balances,
        Self::Limits,
        Self::Idempotency,
        Self::Events,
        Self::NonceMemory,
        Self::Nonces,
    ];

    /// The stored name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Hub => "hub",
            Self::Documents => "documents",
            Self::AuditRecords => "audit_records",
            Self::Workers => "workers",
            Self::Tips => "tips",
            Self::Withdrawals => "withdrawals",
            Self::Attempts => "attempts",
            Self::Entries => "entries",
            Self::Balances => "balances",
            Self::Limits => "limits",
            Self::Idempotency => "idempotency",
            Self::Events => "events",
            Self::NonceMemory => "nonce_memory",
            Self::Nonces => "nonces",
        }
    }
}

impl StoredRow {
    /// Where it stands.
    pub const fn table(&self) -> Table {
        match self {
            Self::Hub(_) => Table::Hub,
            Self::Document(_) => Table::Documents,
            Self::AuditRecord(_) => Table::AuditRecords,
            Self::Worker(_) => Table::Workers,
            Self::Tip { .. } => Table::Tips,
            Self::Withdrawal { .. } => Table::Withdrawals,
            Self::Attempt(_) => Table::Attempts,
            Self::Entry(_) => Table::Entries,
            Self::Balance(..) => Table::Balances,
            Self::Limit(..) => Table::Limits,
            Self::Idempotency(_) => Table::Idempotency,
            Self::Event(_) => Table::Events,
            Self::NonceMemory(_) => Table::NonceMemory,
            Self::Nonce { .. } => Table::Nonces,
        }
    }

    /// Its place in its table.
    pub fn key(&self) -> RowKey {
        let by_id = |id: &Uuid| RowKey { id: *id, ..RowKey::default() };
        let by_names = |first: &str, second: &str, third: &str| RowKey {
            names: [first, second, third].map(str::to_owned),
            ..RowKey::default()
        };
        match self {
            Self::Hub(_) | Self::NonceMemory(_) => RowKey { number: 1, ..RowKey::default() },
            Self::Document(document) => by_names(document.key.kind.as_str(), &document.key.name, ""),
            Self::AuditRecord(numbered) => RowKey { number: numbered.number, ..RowKey::default() },
            Self::Worker(worker) => by_id(worker.id.as_uuid()),
            Self::Tip { tip, .. } => by_id(tip.id().as_uuid()),
            Self::Withdrawal { withdrawal, .. } => by_id(withdrawal.id().as_uuid()),
            Self::Attempt(attempt) => by_id(attempt.to_record().id.as_uuid()),
            Self::Entry(entry) => RowKey { number: entry.number, ..RowKey::default() },
            Self::Balance(UserAccount { app, user, asset }, _) => {
                by_names(app.as_str(), user.as_str(), asset.as_str())
            }
            Self::Limit(LimitKey { app, scope, asset }, _) => {
                by_names(app.as_str(), scope.stored_user(), asset.as_str())
            }
            Self::Idempotency(IdempotencyRecord { scope, .. }) => {
                by_names(scope.app.as_str(), scope.method.as_str(), scope.key.as_str())
            }
            Self::Event(NumberedEvent { number, event }) => {
                RowKey { number: *number, ..by_names(event.app.as_str(), "", "") }
            }
            Self::Nonce { nonce, .. } => RowKey { nonce: *nonce, ..RowKey::default() },
        }
    }
}

/// The stored name.
impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Which row it is, without anything that it holds.
impl fmt::Display for StoredRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hub(_) => f.write_str("the hub"),
            Self::Document(document) => {
                write!(f, "document {} {}", document.key.kind.as_str(), document.key.name)
            }
            Self::AuditRecord(numbered) => write!(f, "audit record {}", numbered.number),
            Self::Worker(worker) => write!(f, "worker {}", worker.id),
            Self::Tip { tip, .. } => write!(f, "tip {}", tip.id()),
            Self::Withdrawal { withdrawal, .. } => write!(f, "withdrawal {}", withdrawal.id()),
            Self::Attempt(attempt) => write!(f, "attempt {}", attempt.to_record().id),
            Self::Entry(entry) => write!(f, "entry {}", entry.number),
            Self::Balance(account, _) => write!(f, "balance of {account}"),
            Self::Limit(LimitKey { app, scope: LimitScope::User(user), asset }, _) => {
                write!(f, "limit of {user} of {app} in {asset}")
            }
            Self::Limit(LimitKey { app, scope: LimitScope::App, asset }, _) => {
                write!(f, "limit of {app} in {asset}")
            }
            Self::Idempotency(IdempotencyRecord { scope, .. }) => {
                write!(f, "idempotency key {} of {} in {}", scope.key, scope.method.as_str(), scope.app)
            }
            Self::Event(numbered) => write!(f, "event {} of {}", numbered.number, numbered.event.app),
            Self::NonceMemory(_) => f.write_str("the beginning of the memory of nonces"),
            Self::Nonce { .. } => f.write_str("a nonce"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_table_is_copied_once() {
        let mut names = Table::ALL.map(Table::as_str).to_vec();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Table::ALL.len());
    }
}
