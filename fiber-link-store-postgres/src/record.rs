//! Records as rows: JSON objects with a field for each column.

use crate::error::TooLarge;
use crate::row::{acceptance_name, fee_bearer_name, phase_name};
use crate::statement::{bound, text};
use crate::time::Time;
use fiber_link_core::{
    Attempt, AttemptState, AuditRecord, Destination, Document, DocumentKey, Due, Entry, EntrySource, Event,
    EventKind, FailureReason, Hub, IdempotencyRecord, IdempotencySubject, NodeKey, StoreError, Timestamp,
    Tip, TipState, Version, Withdrawal, WithdrawalState, Worker, WorkerId, WorkerState,
};
use serde_json::{Map, Value, json};
use uuid::Uuid;

type Row = Result<Value, StoreError>;

pub(crate) fn hub(hub: &Hub) -> Row {
    let Hub { seed, node, node_since, network } = hub;
    Ok(json!({
        "one": true,
        "seed": seed.to_text(),
        "node": bytes(node.as_bytes()),
        "node_since": time(*node_since)?,
        "network": network.as_str(),
    }))
}

pub(crate) fn accepted_node(node: &NodeKey, since: Timestamp) -> Row {
    Ok(json!({ "node": bytes(node.as_bytes()), "node_since": time(since)? }))
}

pub(crate) fn document(document: &Document) -> Row {
    let Document { key: DocumentKey { kind, name }, app, body, expires_at } = document;
    Ok(json!({
        "kind": kind.as_str(),
        "name": text(name),
        "app": app.as_ref().map(|app| app.as_str()),
        "body": text(body),
        "expires_at": expires_at.map(time).transpose()?,
        "version": Version::FIRST.as_u64(),
    }))
}

pub(crate) fn document_key(key: &DocumentKey) -> Value {
    json!({ "kind": key.kind.as_str(), "name": text(&key.name) })
}

pub(crate) fn audit_record(record: &AuditRecord) -> Row {
    let AuditRecord { id: record_id, at, operator, action, app, subject, before, after, reason } = record;
    Ok(json!({
        "id": id(record_id),
        "at": time(*at)?,
        "operator": text(&operator.name),
        "origin": text(&operator.origin),
        "action": text(action),
        "app": app.as_ref().map(|app| app.as_str()),
        "subject": text(subject),
        "before": before.as_deref().map(text),
        "after": after.as_deref().map(text),
        "reason": text(reason),
    }))
}

pub(crate) fn worker(worker: &Worker) -> Row {
    let Worker { id: worker_id, label, since, heard_at, state } = worker;
    let dead_at = match state {
        WorkerState::Working => None,
        WorkerState::DeclaredDead { at } => Some(time(*at)?),
    };
    Ok(json!({
        "id": id(worker_id.as_uuid()),
        "label": text(label),
        "since": time(*since)?,
        "heard_at": time(*heard_at)?,
        "dead_at": dead_at,
        "version": Version::FIRST.as_u64(),
    }))
}

pub(crate) fn worker_id(worker: WorkerId) -> Value {
    json!({ "id": id(worker.as_uuid()) })
}

/// `version` is that of the row: the one it gets, or the one it is expected to have.
pub(crate) fn tip(tip: &Tip, due: Option<Due>, version: Version) -> Row {
    let (terms, state) = (tip.terms(), tip.state());
    let invoice = tip.invoice();
    Ok(json!({
        "id": id(tip.id().as_uuid()),
        "app": terms.app.as_str(),
        "post": terms.post.as_str(),
        "from_user": terms.from_user.as_str(),
        "to_user": terms.to_user.as_str(),
        "asset": terms.asset.as_str(),
        "amount": terms.amount.to_string(),
        "message": terms.message.as_deref().map(text),
        "anonymous": terms.anonymous,
        "payment_hash": bytes(tip.payment_hash().as_bytes()),
        "created_at": time(tip.created_at())?,
        "state": state.as_str(),
        "phase": phase_name(state.phase()),
        "ended_at": tip_ended_at(state)?,
        "version": bound(version.as_u64()),
        "next_check_at": due.map(next_check_at),
        "check_since": due.map(check_since),
        "invoice_expires_at": invoice.map(|invoice| time(invoice.expires_at)).transpose()?,
        "invoice": invoice.map(|invoice| text(&invoice.encoded)),
    }))
}

fn tip_ended_at(state: &TipState) -> Result<Option<String>, StoreError> {
    match state {
        TipState::Creating | TipState::Unpaid { .. } => Ok(None),
        TipState::Abandoned { at }
        | TipState::Expired { at, .. }
        | TipState::Cancelled { at, .. }
        | TipState::Settled { at, .. } => time(*at).map(Some),
    }
}

/// A tip's place among the settled ones, if it has one.
pub(crate) fn settled_tip(tip: &Tip) -> Result<Option<Value>, StoreError> {
    let row =
        |at| Ok(json!({ "tip": id(tip.id().as_uuid()), "app": tip.terms().app.as_str(), "at": time(at)? }));
    tip.settled_at().map(row).transpose()
}

pub(crate) fn withdrawal(withdrawal: &Withdrawal, due: Option<Due>) -> Row {
    let terms = withdrawal.terms();
    let Destination::PaymentRequest(invoice) = &terms.destination;
    let mut row = json!({
        "id": id(withdrawal.id().as_uuid()),
        "app": terms.app.as_str(),
        "user": terms.user.as_str(),
        "asset": terms.asset.as_str(),
        "amount": terms.amount.to_string(),
        "fee_limit": terms.fee_limit.to_string(),
        "fee_bearer": fee_bearer_name(terms.fee_bearer),
        "accepted_as": acceptance_name(terms.accepted_as),
        "destination": "payment_request",
        "payment_hash": bytes(invoice.payment_hash.as_bytes()),
        "held_payment_hash": withdrawal.held_payment_hash().map(|hash| bytes(hash.as_bytes())),
        "invoice_expires_at": time(invoice.expires_at)?,
        "invoice": text(&invoice.encoded),
        "created_at": time(withdrawal.created_at())?,
        "updated_at": time(withdrawal.updated_at())?,
        "attempts": withdrawal.attempts(),
        "state": withdrawal.state().as_str(),
        "version": Version::FIRST.as_u64(),
        "next_check_at": due.map(next_check_at),
        "check_since": due.map(check_since),
    });
    add(&mut row, withdrawal_state(withdrawal.state())?);
    Ok(row)
}

/// What only this state has.
fn withdrawal_state(state: &WithdrawalState) -> Row {
    Ok(match state {
        WithdrawalState::AwaitingReview | WithdrawalState::LiquidityPending | WithdrawalState::Pending => {
            json!({})
        }
        WithdrawalState::Processing { attempt } => json!({ "attempt": id(attempt.as_uuid()) }),
        WithdrawalState::RetryPending { at, last_error } => {
            json!({ "retry_at": time(*at)?, "last_error": text(last_error) })
        }
        WithdrawalState::Released { attempt, at } => {
            json!({ "attempt": id(attempt.as_uuid()), "retry_at": time(*at)? })
        }
        WithdrawalState::Completed { fee, at } | WithdrawalState::PaidAfterRelease { fee, at } => {
            json!({ "fee": fee.to_string(), "ended_at": time(*at)? })
        }
        WithdrawalState::Failed { reason: FailureReason::Rejected, at } => {
            json!({ "failure": "rejected", "ended_at": time(*at)? })
        }
        WithdrawalState::Failed { reason: FailureReason::Released, at } => {
            json!({ "failure": "released", "ended_at": time(*at)? })
        }
        WithdrawalState::Failed { reason: FailureReason::InvoiceExpired, at } => {
            json!({ "failure": "invoice_expired", "ended_at": time(*at)? })
        }
        WithdrawalState::Failed { reason: FailureReason::AttemptsFailed { last_error }, at } => json!({
            "failure": "attempts_failed",
            "last_error": text(last_error),
            "ended_at": time(*at)?,
        }),
    })
}

pub(crate) fn attempt(attempt: &Attempt) -> Row {
    let record = attempt.to_record();
    let mut row = json!({
        "id": id(record.id.as_uuid()),
        "withdrawal": id(record.withdrawal.as_uuid()),
        "payment_hash": bytes(record.payment_hash.as_bytes()),
        "created_at": time(record.created_at)?,
        "worker": id(record.claim.worker.as_uuid()),
        "claimed_until": time(record.claim.until)?,
        "claims": record.claims,
        "previous_session": record.previous_session.map(time).transpose()?,
        "state": record.state.as_str(),
        "version": Version::FIRST.as_u64(),
    });
    add(&mut row, attempt_state(&record.state)?);
    Ok(row)
}

/// What only this state has.
fn attempt_state(state: &AttemptState) -> Row {
    Ok(match state {
        AttemptState::Sent { session } => json!({ "session": session.map(time).transpose()? }),
        AttemptState::Unknown { since } => json!({ "unknown_since": time(*since)? }),
        AttemptState::Succeeded { fee, at } => json!({ "fee": fee.to_string(), "ended_at": time(*at)? }),
        AttemptState::Failed { reason, at, session } => json!({
            "reason": text(reason),
            "ended_at": time(*at)?,
            "session": session.map(time).transpose()?,
        }),
    })
}

pub(crate) fn entry(entry: &Entry) -> Row {
    let Entry { source, kind, account, amount, at } = entry;
    let (source_kind, source) = entry_source(source);
    Ok(json!({
        "source_kind": source_kind,
        "source": id(source),
        "kind": kind.as_str(),
        "app": account.app.as_str(),
        "user": account.user.as_str(),
        "asset": account.asset.as_str(),
        "amount": amount.to_string(),
        "from_account": kind.from_account().as_str(),
        "to_account": kind.to_account().as_str(),
        "at": time(*at)?,
    }))
}

/// The stored name of an entry's source, and its id.
pub(crate) fn entry_source(source: &EntrySource) -> (&'static str, &Uuid) {
    match source {
        EntrySource::Tip(id) => ("tip", id.as_uuid()),
        EntrySource::Withdrawal(id) => ("withdrawal", id.as_uuid()),
    }
}

pub(crate) fn idempotency(record: &IdempotencyRecord) -> Row {
    let IdempotencyRecord { scope, digest, subject, expires_at } = record;
    let (subject_kind, subject) = match subject {
        IdempotencySubject::Tip(id) => ("tip", id.as_uuid()),
        IdempotencySubject::Withdrawal(id) => ("withdrawal", id.as_uuid()),
    };
    Ok(json!({
        "app": scope.app.as_str(),
        "method": scope.method.as_str(),
        "key": scope.key.as_str(),
        "digest": bytes(digest.as_bytes()),
        "subject_kind": subject_kind,
        "subject": id(subject),
        "expires_at": time(*expires_at)?,
    }))
}

pub(crate) fn event(event: &Event) -> Row {
    let subject = match &event.kind {
        EventKind::TipSettled(id) => id.as_uuid(),
        EventKind::WithdrawalCompleted(id)
        | EventKind::WithdrawalFailed(id)
        | EventKind::WithdrawalPaidLate(id) => id.as_uuid(),
    };
    Ok(json!({
        "id": id(event.id.as_uuid()),
        "app": event.app.as_str(),
        "kind": event.kind.as_str(),
        "subject": id(subject),
        "at": time(event.at)?,
    }))
}

fn add(row: &mut Value, more: Value) {
    if let (Value::Object(row), Value::Object(more)) = (row, more) {
        let more: Map<String, Value> = more;
        row.extend(more);
    }
}

fn id(id: &Uuid) -> String {
    id.to_string()
}

pub(crate) fn bytes(bytes: &[u8]) -> String {
    format!("\\x{}", hex::encode(bytes))
}

pub(crate) fn time(at: Timestamp) -> Result<String, StoreError> {
    Time::stored(at).map(|time| time.to_string())
}

/// What cannot be stored is too far in the future to matter.
fn next_check_at(due: Due) -> String {
    Time::bound(due.at).to_string()
}

fn check_since(due: Due) -> String {
    Time::bound(due.since).to_string()
}

/// Milliseconds as the functions of the database count with them.
pub(crate) fn millis(at: Timestamp) -> Result<i64, StoreError> {
    i64::try_from(Time::stored(at)?.as_millis()).map_err(|_| StoreError::backend(TooLarge(at.as_millis())))
}
