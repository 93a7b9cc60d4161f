//! From rows to values. A row that describes no valid record is an error, never a panic.

use crate::error::backend;
use fiber_link_core::{
    Acceptance, Amount, Attempt, AttemptId, AttemptRecord, AttemptState, AuditRecord, Balance, Claim,
    Destination, Document, DocumentKey, DocumentKind, Due, Entry, EntrySource, Event, EventId, EventKind,
    FailureReason, FeeBearer, Hub, IdempotencyRecord, IdempotencyScope, IdempotencySubject, Invoice, Network,
    NodeKey, NumberedAuditRecord, NumberedEntry, NumberedEvent, Operator, ParamsDigest, PaymentHash,
    PaymentRequestDestination, StoreError, Stored, Timestamp, Tip, TipId, TipPhase, TipState, TipTerms,
    UserAccount, Version, Withdrawal, WithdrawalId, WithdrawalState, WithdrawalTerms, Worker, WorkerId,
    WorkerState,
};
use rusqlite::Row;
use rusqlite::types::ValueRef;
use std::fmt::Display;
use std::str::FromStr;
use uuid::Uuid;

/// Columns of a tip, in the order in which [`tip`] reads them.
macro_rules! tip_columns {
    () => {
        "tips.id, tips.app, tips.post, tips.from_user, tips.to_user, tips.asset, tips.amount, tips.message, \
         tips.anonymous, tips.payment_hash, tips.created_at, tips.version, tips.state, tips.ended_at, tips.invoice, \
         tips.invoice_expires_at"
    };
}

/// Columns of a withdrawal, in the order in which [`withdrawal`] reads them.
macro_rules! withdrawal_columns {
    () => {
        "withdrawals.id, app, user, asset, amount, fee_limit, fee_bearer, accepted_as, destination, invoice, payment_hash, \
         invoice_expires_at, created_at, updated_at, attempts, version, state, attempt, retry_at, failure, \
         last_error, fee, ended_at"
    };
}

/// Columns of an attempt, in the order in which [`attempt`] reads them.
macro_rules! attempt_columns {
    () => {
        "id, withdrawal, payment_hash, created_at, worker, claimed_until, claims, previous_session, version, \
         state, unknown_since, fee, reason, session, ended_at"
    };
}

/// Columns of an entry, in the order in which [`entry`] reads them.
macro_rules! entry_columns {
    () => {
        "number, source_kind, source, kind, app, user, asset, amount, at"
    };
}

/// Columns of a document, in the order in which [`document`] reads them.
macro_rules! document_columns {
    () => {
        "kind, name, app, body, expires_at, version"
    };
}

/// Columns of an audit record, in the order in which [`audit_record`] reads them.
macro_rules! audit_record_columns {
    () => {
        "number, id, at, operator, origin, action, app, subject, before, after, reason"
    };
}

pub(crate) use {
    attempt_columns, audit_record_columns, document_columns, entry_columns, tip_columns, withdrawal_columns,
};

/// Reads a row's columns one after the other.
pub(crate) struct Fields<'r> {
    table: &'static str,
    row: &'r Row<'r>,
    next: usize,
}

type Read<T> = Result<T, StoreError>;

impl<'r> Fields<'r> {
    pub(crate) fn of(table: &'static str, row: &'r Row<'r>) -> Self {
        Self { table, row, next: 0 }
    }

    fn value(&mut self) -> Read<ValueRef<'r>> {
        let value = self.row.get_ref(self.next).map_err(backend)?;
        self.next = self.next.saturating_add(1);
        Ok(value)
    }

    /// The column that was read last does not say what it should.
    pub(crate) fn corrupt(&self, problem: impl Display) -> StoreError {
        let column = self.row.as_ref().column_name(self.next.saturating_sub(1)).unwrap_or("?");
        StoreError::Corrupt { table: self.table, reason: format!("{column}: {problem}") }
    }

    pub(crate) fn optional<T>(&mut self, read: impl FnOnce(&mut Self) -> Read<T>) -> Read<Option<T>> {
        if matches!(self.row.get_ref(self.next).map_err(backend)?, ValueRef::Null) {
            self.next = self.next.saturating_add(1);
            return Ok(None);
        }
        read(self).map(Some)
    }

    fn text(&mut self) -> Read<&'r str> {
        match self.value()? {
            ValueRef::Text(bytes) => std::str::from_utf8(bytes).map_err(|error| self.corrupt(error)),
            ValueRef::Null | ValueRef::Integer(_) | ValueRef::Real(_) | ValueRef::Blob(_) => {
                Err(self.corrupt("not a text"))
            }
        }
    }

    /// One of the names that there are.
    pub(crate) fn name_among(&mut self, names: &[&'static str]) -> Read<&'static str> {
        let text = self.text()?;
        let known = names.iter().find(|name| **name == text).copied();
        known.ok_or_else(|| self.corrupt(format_args!("{text:?} is none of its names")))
    }

    pub(crate) fn parsed<T: FromStr<Err: Display>>(&mut self) -> Read<T> {
        self.text()?.parse().map_err(|error| self.corrupt(error))
    }

    fn blob(&mut self) -> Read<&'r [u8]> {
        match self.value()? {
            ValueRef::Blob(bytes) => Ok(bytes),
            ValueRef::Null | ValueRef::Integer(_) | ValueRef::Real(_) | ValueRef::Text(_) => {
                Err(self.corrupt("not bytes"))
            }
        }
    }

    pub(crate) fn bytes<const N: usize>(&mut self) -> Read<[u8; N]> {
        let bytes = self.blob()?;
        bytes.try_into().map_err(|_| self.corrupt(format_args!("{} bytes instead of {N}", bytes.len())))
    }

    fn id<T>(&mut self, of: impl FnOnce(Uuid) -> T) -> Read<T> {
        self.bytes().map(Uuid::from_bytes).map(of)
    }

    pub(crate) fn integer(&mut self) -> Read<i64> {
        match self.value()? {
            ValueRef::Integer(number) => Ok(number),
            ValueRef::Null | ValueRef::Real(_) | ValueRef::Text(_) | ValueRef::Blob(_) => {
                Err(self.corrupt("not an integer"))
            }
        }
    }

    pub(crate) fn number<T: TryFrom<i64>>(&mut self) -> Read<T> {
        let number = self.integer()?;
        T::try_from(number).map_err(|_| self.corrupt(format_args!("{number} is out of range")))
    }

    pub(crate) fn flag(&mut self) -> Read<bool> {
        match self.integer()? {
            0 => Ok(false),
            1 => Ok(true),
            other => Err(self.corrupt(format_args!("{other} is neither 0 nor 1"))),
        }
    }

    pub(crate) fn time(&mut self) -> Read<Timestamp> {
        self.number().map(Timestamp::from_millis)
    }

    pub(crate) fn amount(&mut self) -> Read<Amount> {
        self.parsed()
    }

    fn payment_hash(&mut self) -> Read<PaymentHash> {
        self.bytes().map(PaymentHash::new)
    }

    fn version(&mut self) -> Read<Version> {
        self.number().map(Version::from_u64)
    }
}

/// The stored name of a phase.
pub(crate) const fn phase_name(phase: TipPhase) -> &'static str {
    match phase {
        TipPhase::Open => "open",
        TipPhase::Settled => "settled",
        TipPhase::Ended => "ended",
    }
}

/// The stored name of who bears the fee.
pub(crate) const fn fee_bearer_name(bearer: FeeBearer) -> &'static str {
    match bearer {
        FeeBearer::User => "user",
        FeeBearer::Hub => "hub",
    }
}

/// The stored name of how a request was accepted.
pub(crate) const fn acceptance_name(acceptance: Acceptance) -> &'static str {
    match acceptance {
        Acceptance::Pending => "pending",
        Acceptance::LiquidityPending => "liquidity_pending",
        Acceptance::AwaitingReview => "awaiting_review",
    }
}

pub(crate) fn tip(fields: &mut Fields<'_>) -> Read<Stored<Tip>> {
    let id = fields.id(TipId::from_uuid)?;
    let terms = TipTerms {
        app: fields.parsed()?,
        post: fields.parsed()?,
        from_user: fields.parsed()?,
        to_user: fields.parsed()?,
        asset: fields.parsed()?,
        amount: fields.amount()?,
        message: fields.optional(|f| f.text().map(str::to_owned))?,
        anonymous: fields.flag()?,
    };
    let payment_hash = fields.payment_hash()?;
    let created_at = fields.time()?;
    let version = fields.version()?;
    let state = tip_state(fields, &terms, payment_hash)?;
    Ok(Stored::new(Tip::restore(id, terms, payment_hash, created_at, state), version))
}

fn tip_state(fields: &mut Fields<'_>, terms: &TipTerms, payment_hash: PaymentHash) -> Read<TipState> {
    let state = fields.text()?;
    let at = |fields: &mut Fields<'_>| fields.time();
    // What is asked and the hash are the tip's own: the core accepts no other invoice.
    let invoice = |fields: &mut Fields<'_>| {
        Ok::<_, StoreError>(Invoice {
            encoded: fields.text()?.to_owned(),
            payment_hash,
            asset: terms.asset.clone(),
            amount: terms.amount,
            expires_at: fields.time()?,
        })
    };
    match state {
        "creating" => Ok(TipState::Creating),
        "abandoned" => Ok(TipState::Abandoned { at: at(fields)? }),
        "unpaid" => {
            fields.optional(at)?;
            Ok(TipState::Unpaid { invoice: invoice(fields)? })
        }
        "expired" => {
            let at = at(fields)?;
            Ok(TipState::Expired { invoice: invoice(fields)?, at })
        }
        "cancelled" => {
            let at = at(fields)?;
            Ok(TipState::Cancelled { invoice: invoice(fields)?, at })
        }
        "settled" => {
            let at = at(fields)?;
            Ok(TipState::Settled { invoice: invoice(fields)?, at })
        }
        unknown => Err(fields.corrupt(format_args!("{unknown:?} is no state"))),
    }
}

pub(crate) fn withdrawal(fields: &mut Fields<'_>) -> Read<Stored<Withdrawal>> {
    let id = fields.id(WithdrawalId::from_uuid)?;
    let terms = WithdrawalTerms {
        app: fields.parsed()?,
        user: fields.parsed()?,
        asset: fields.parsed()?,
        amount: fields.amount()?,
        fee_limit: fields.amount()?,
        fee_bearer: match fields.text()? {
            "user" => FeeBearer::User,
            "hub" => FeeBearer::Hub,
            unknown => return Err(fields.corrupt(format_args!("{unknown:?} bears no fee"))),
        },
        accepted_as: match fields.text()? {
            "pending" => Acceptance::Pending,
            "liquidity_pending" => Acceptance::LiquidityPending,
            "awaiting_review" => Acceptance::AwaitingReview,
            unknown => return Err(fields.corrupt(format_args!("nothing is accepted as {unknown:?}"))),
        },
        destination: match fields.text()? {
            "payment_request" => Destination::PaymentRequest(PaymentRequestDestination {
                encoded: fields.text()?.to_owned(),
                payment_hash: fields.payment_hash()?,
                expires_at: fields.time()?,
            }),
            unknown => return Err(fields.corrupt(format_args!("{unknown:?} is no destination"))),
        },
    };
    let (created_at, updated_at) = (fields.time()?, fields.time()?);
    let attempts = fields.number()?;
    let version = fields.version()?;
    let state = withdrawal_state(fields)?;
    Ok(Stored::new(Withdrawal::restore(id, terms, created_at, updated_at, attempts, state), version))
}

fn withdrawal_state(fields: &mut Fields<'_>) -> Read<WithdrawalState> {
    let state = fields.text()?;
    let attempt = fields.optional(|f| f.id(AttemptId::from_uuid))?;
    let retry_at = fields.optional(Fields::time)?;
    let failure = fields.optional(Fields::text)?;
    let last_error = fields.optional(|f| f.text().map(str::to_owned))?;
    let fee = fields.optional(Fields::amount)?;
    let ended_at = fields.optional(Fields::time)?;
    let missing =
        |what| StoreError::Corrupt { table: "withdrawals", reason: format!("{state} without {what}") };
    match state {
        "awaiting_review" => Ok(WithdrawalState::AwaitingReview),
        "liquidity_pending" => Ok(WithdrawalState::LiquidityPending),
        "pending" => Ok(WithdrawalState::Pending),
        "processing" => {
            let attempt = attempt.ok_or_else(|| missing("attempt"))?;
            Ok(WithdrawalState::Processing { attempt })
        }
        "retry_pending" => Ok(WithdrawalState::RetryPending {
            at: retry_at.ok_or_else(|| missing("retry_at"))?,
            last_error: last_error.ok_or_else(|| missing("last_error"))?,
        }),
        "completed" => Ok(WithdrawalState::Completed {
            fee: fee.ok_or_else(|| missing("fee"))?,
            at: ended_at.ok_or_else(|| missing("ended_at"))?,
        }),
        "released" => Ok(WithdrawalState::Released {
            attempt: attempt.ok_or_else(|| missing("attempt"))?,
            // It has not ended yet.
            at: retry_at.ok_or_else(|| missing("retry_at"))?,
        }),
        "paid_after_release" => Ok(WithdrawalState::PaidAfterRelease {
            fee: fee.ok_or_else(|| missing("fee"))?,
            at: ended_at.ok_or_else(|| missing("ended_at"))?,
        }),
        "failed" => Ok(WithdrawalState::Failed {
            reason: match failure {
                Some("invoice_expired") => FailureReason::InvoiceExpired,
                Some("rejected") => FailureReason::Rejected,
                Some("released") => FailureReason::Released,
                Some("attempts_failed") => FailureReason::AttemptsFailed {
                    last_error: last_error.ok_or_else(|| missing("last_error"))?,
                },
                Some(_) | None => return Err(missing("a known failure")),
            },
            at: ended_at.ok_or_else(|| missing("ended_at"))?,
        }),
        _ => Err(missing("being a known state")),
    }
}

pub(crate) fn attempt(fields: &mut Fields<'_>) -> Read<Stored<Attempt>> {
    let id = fields.id(AttemptId::from_uuid)?;
    let withdrawal = fields.id(WithdrawalId::from_uuid)?;
    let payment_hash = fields.payment_hash()?;
    let created_at = fields.time()?;
    let claim = Claim { worker: fields.id(WorkerId::from_uuid)?, until: fields.time()? };
    let claims = fields.number()?;
    let previous_session = fields.optional(Fields::time)?;
    let version = fields.version()?;
    let state = attempt_state(fields)?;
    let record =
        AttemptRecord { id, withdrawal, payment_hash, created_at, claim, claims, previous_session, state };
    Ok(Stored::new(Attempt::restore(record), version))
}

fn attempt_state(fields: &mut Fields<'_>) -> Read<AttemptState> {
    let state = fields.text()?;
    let unknown_since = fields.optional(Fields::time)?;
    let fee = fields.optional(Fields::amount)?;
    let reason = fields.optional(|f| f.text().map(str::to_owned))?;
    let session = fields.optional(Fields::time)?;
    let ended_at = fields.optional(Fields::time)?;
    let missing = |what| StoreError::Corrupt { table: "attempts", reason: format!("{state} without {what}") };
    match state {
        "sent" => Ok(AttemptState::Sent { session }),
        "unknown" => {
            Ok(AttemptState::Unknown { since: unknown_since.ok_or_else(|| missing("unknown_since"))? })
        }
        "succeeded" => Ok(AttemptState::Succeeded {
            fee: fee.ok_or_else(|| missing("fee"))?,
            at: ended_at.ok_or_else(|| missing("ended_at"))?,
        }),
        "failed" => Ok(AttemptState::Failed {
            reason: reason.ok_or_else(|| missing("reason"))?,
            at: ended_at.ok_or_else(|| missing("ended_at"))?,
            session,
        }),
        _ => Err(missing("being a known state")),
    }
}

pub(crate) fn entry(fields: &mut Fields<'_>) -> Read<NumberedEntry> {
    let number = fields.number()?;
    let source = match fields.text()? {
        "tip" => EntrySource::Tip(fields.id(TipId::from_uuid)?),
        "withdrawal" => EntrySource::Withdrawal(fields.id(WithdrawalId::from_uuid)?),
        unknown => return Err(fields.corrupt(format_args!("{unknown:?} is no source"))),
    };
    let kind = fields.parsed()?;
    let account = account(fields)?;
    Ok(NumberedEntry {
        number,
        entry: Entry { source, kind, account, amount: fields.amount()?, at: fields.time()? },
    })
}

/// Columns `app, user, asset`.
pub(crate) fn account(fields: &mut Fields<'_>) -> Read<UserAccount> {
    Ok(UserAccount { app: fields.parsed()?, user: fields.parsed()?, asset: fields.parsed()? })
}

/// Columns `available, reserved`.
pub(crate) fn balance(fields: &mut Fields<'_>) -> Read<Balance> {
    Ok(Balance { available: fields.amount()?, reserved: fields.amount()? })
}

/// Columns `counter` and whatever else is one parsed text.
pub(crate) fn parsed<T: FromStr<Err: Display>>(fields: &mut Fields<'_>) -> Read<T> {
    fields.parsed()
}

/// Columns `number, id, app, kind, subject, at`.
pub(crate) fn event(fields: &mut Fields<'_>) -> Read<NumberedEvent> {
    let number = fields.number()?;
    let id = fields.id(EventId::from_uuid)?;
    let app = fields.parsed()?;
    let kind = match fields.text()? {
        "tip_settled" => EventKind::TipSettled(fields.id(TipId::from_uuid)?),
        "withdrawal_completed" => EventKind::WithdrawalCompleted(fields.id(WithdrawalId::from_uuid)?),
        "withdrawal_failed" => EventKind::WithdrawalFailed(fields.id(WithdrawalId::from_uuid)?),
        "withdrawal_paid_late" => EventKind::WithdrawalPaidLate(fields.id(WithdrawalId::from_uuid)?),
        unknown => return Err(fields.corrupt(format_args!("{unknown:?} is no event"))),
    };
    Ok(NumberedEvent { number, event: Event { id, app, kind, at: fields.time()? } })
}

/// Columns `digest, subject_kind, subject, expires_at`.
pub(crate) fn idempotency(scope: IdempotencyScope, fields: &mut Fields<'_>) -> Read<IdempotencyRecord> {
    let digest = ParamsDigest::from_bytes(fields.bytes()?);
    let subject = match fields.text()? {
        "tip" => IdempotencySubject::Tip(fields.id(TipId::from_uuid)?),
        "withdrawal" => IdempotencySubject::Withdrawal(fields.id(WithdrawalId::from_uuid)?),
        unknown => return Err(fields.corrupt(format_args!("{unknown:?} is no subject"))),
    };
    Ok(IdempotencyRecord { scope, digest, subject, expires_at: fields.time()? })
}

pub(crate) fn document(fields: &mut Fields<'_>) -> Read<Stored<Document>> {
    let name = fields.text()?;
    let kind = DocumentKind::ALL.into_iter().find(|kind| kind.as_str() == name);
    let kind = kind.ok_or_else(|| fields.corrupt(format_args!("{name:?} is no kind of document")))?;
    let document = Document {
        key: DocumentKey::new(kind, fields.text()?),
        app: fields.optional(Fields::parsed)?,
        body: fields.text()?.to_owned(),
        expires_at: fields.optional(Fields::time)?,
    };
    Ok(Stored::new(document, fields.version()?))
}

pub(crate) fn audit_record(fields: &mut Fields<'_>) -> Read<NumberedAuditRecord> {
    let text = |fields: &mut Fields<'_>| fields.text().map(str::to_owned);
    let number = fields.number()?;
    let record = AuditRecord {
        id: fields.id(|id| id)?,
        at: fields.time()?,
        operator: Operator { name: text(fields)?, origin: text(fields)? },
        action: text(fields)?,
        app: fields.optional(Fields::parsed)?,
        subject: text(fields)?,
        before: fields.optional(text)?,
        after: fields.optional(text)?,
        reason: text(fields)?,
    };
    Ok(NumberedAuditRecord { number, record })
}

/// Columns `seed, node, node_since, network`.
pub(crate) fn hub(fields: &mut Fields<'_>) -> Read<Hub> {
    let seed = fields.parsed()?;
    let node = NodeKey::new(fields.bytes()?);
    let node_since = fields.time()?;
    let name = fields.text()?;
    let network = Network::ALL.into_iter().find(|network| network.as_str() == name);
    let network = network.ok_or_else(|| fields.corrupt(format_args!("{name:?} is no network")))?;
    Ok(Hub { seed, node, node_since, network })
}

/// Columns `id, label, since, heard_at, dead_at, version`.
pub(crate) fn worker(fields: &mut Fields<'_>) -> Read<Stored<Worker>> {
    let id = fields.id(WorkerId::from_uuid)?;
    let label = fields.text()?.to_owned();
    let (since, heard_at) = (fields.time()?, fields.time()?);
    let state = match fields.optional(Fields::time)? {
        None => WorkerState::Working,
        Some(at) => WorkerState::DeclaredDead { at },
    };
    Ok(Stored::new(Worker { id, label, since, heard_at, state }, fields.version()?))
}

/// Columns `next_check_at, check_since`.
pub(crate) fn due(fields: &mut Fields<'_>) -> Read<Due> {
    Ok(Due { at: fields.time()?, since: fields.time()? })
}
