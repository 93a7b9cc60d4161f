//! Creating and updating records.

use crate::apply::{insert, update};
use crate::error::backend;
use crate::row::{acceptance_name, fee_bearer_name, phase_name};
use crate::statement::{bound, execute, find, millis, statements, stored};
use fiber_link_core::{
    Amount, Attempt, AttemptRecord, AttemptState, CommitError, Destination, Due, Existing, FailureReason,
    Hub, NodeKey, StoreError, Timestamp, Tip, TipPhase, TipState, Version, Withdrawal, WithdrawalState,
};
use rusqlite::{Connection, params};
use sha2::{Digest, Sha256};

statements! {
    CREATE_HUB = "INSERT INTO hub (one, seed, node, node_since, network) VALUES (1, ?1, ?2, ?3, ?4)";
    ACCEPT_NODE = "UPDATE hub SET node = ?1, node_since = ?2 WHERE one = 1";
    CREATE_TIP = "INSERT INTO tips (id, app, post, from_user, to_user, asset, amount, message, payment_hash,
            created_at, version, state, phase, ended_at, invoice_digest, invoice_expires_at, invoice,
            next_check_at, check_since, settled_number, anonymous)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20,
            ?21)";
    LAST_SETTLED = "SELECT settled_number FROM tips WHERE app = ?1 AND settled_number IS NOT NULL
        ORDER BY settled_number DESC LIMIT 1";
    UPDATE_OPEN_TIP = "UPDATE tips SET version = version + 1, state = ?3, ended_at = NULL,
            invoice_digest = ?4, invoice_expires_at = ?5, invoice = ?6,
            next_check_at = ?7, check_since = ?8
        WHERE id = ?1 AND version = ?2 AND phase = 'open'";
    UPDATE_TIP = "UPDATE tips SET version = version + 1, state = ?3,
            invoice_digest = ?4, invoice_expires_at = ?5, invoice = ?6,
            next_check_at = ?7, check_since = ?8,
            phase = ?9, ended_at = ?10, settled_number = coalesce(settled_number, ?11)
        WHERE id = ?1 AND version = ?2";
    CREATE_WITHDRAWAL = "INSERT INTO withdrawals (id, app, user, asset, amount, fee_limit, fee_bearer,
            destination, invoice, payment_hash, invoice_expires_at, created_at, version, held_payment_hash,
            updated_at, attempts, state, attempt, retry_at, failure, last_error, fee, ended_at,
            next_check_at, check_since, accepted_as)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20,
            ?21, ?22, ?23, ?24, ?25, ?26)";
    UPDATE_WITHDRAWAL = "UPDATE withdrawals SET version = version + 1, held_payment_hash = ?3,
            updated_at = ?4, attempts = ?5, state = ?6, attempt = ?7, retry_at = ?8, failure = ?9,
            last_error = ?10, fee = ?11, ended_at = ?12, next_check_at = ?13, check_since = ?14
        WHERE id = ?1 AND version = ?2";
    CREATE_ATTEMPT = "INSERT INTO attempts (id, withdrawal, payment_hash, created_at, previous_session,
            version, worker, claimed_until, claims, state, unknown_since, fee, reason, session, ended_at)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)";
    UPDATE_ATTEMPT = "UPDATE attempts SET version = version + 1, worker = ?3, claimed_until = ?4,
            claims = ?5, state = ?6, unknown_since = ?7, fee = ?8, reason = ?9, session = ?10,
            ended_at = ?11
        WHERE id = ?1 AND version = ?2";
}

/// What an invoice is found by: a short digest of its text, small enough to be a key of its own.
pub(crate) fn invoice_digest(encoded: &str) -> i64 {
    let [a, b, c, d, e, f, g, h, ..]: [u8; 32] = Sha256::digest(encoded).into();
    i64::from_be_bytes([a, b, c, d, e, f, g, h])
}

pub(crate) fn create_hub(connection: &Connection, hub: &Hub) -> Result<(), CommitError> {
    let since = millis(hub.node_since)?;
    let params = params![hub.seed.to_text(), hub.node.as_bytes(), since, hub.network.as_str()];
    insert(connection, CREATE_HUB, params, Existing::Hub)
}

pub(crate) fn accept_node(
    connection: &Connection,
    node: &NodeKey,
    since: Timestamp,
) -> Result<(), CommitError> {
    update(connection, ACCEPT_NODE, params![node.as_bytes(), millis(since)?], Existing::Hub)
}

pub(crate) fn create_tip(connection: &Connection, tip: &Tip, due: Option<Due>) -> Result<(), CommitError> {
    let (id, payment_hash, terms) = (tip.id(), tip.payment_hash(), tip.terms());
    let (invoice, due) = (InvoiceColumns::of(tip)?, DueColumns::of(due));
    let params = params![
        id.as_uuid().as_bytes(),
        terms.app.as_str(),
        terms.post.as_str(),
        terms.from_user.as_str(),
        terms.to_user.as_str(),
        terms.asset.as_str(),
        terms.amount.to_string(),
        terms.message,
        payment_hash.as_bytes(),
        millis(tip.created_at())?,
        stored(Version::FIRST.as_u64())?,
        tip.state().as_str(),
        phase_name(tip.state().phase()),
        tip_ended_at(tip.state())?,
        invoice.digest,
        invoice.expires_at,
        invoice.encoded,
        due.next_check_at,
        due.check_since,
        next_settled_number(connection, tip)?,
        terms.anonymous,
    ];
    insert(connection, CREATE_TIP, params, Existing::Tip)
}

pub(crate) fn update_tip(
    connection: &Connection,
    next: &Tip,
    expected: Version,
    due: Option<Due>,
) -> Result<(), CommitError> {
    let (id, phase) = (next.id(), next.state().phase());
    let (invoice, due) = (InvoiceColumns::of(next)?, DueColumns::of(due));
    let (id, expected, state) = (id.as_uuid().as_bytes(), stored(expected.as_u64())?, next.state().as_str());
    // Nearly every tip goes from creating to unpaid: as long as its phase is not touched, neither
    // are the indexes that lead with it.
    if phase == TipPhase::Open {
        let params = params![
            id,
            expected,
            state,
            invoice.digest,
            invoice.expires_at,
            invoice.encoded,
            due.next_check_at,
            due.check_since,
        ];
        if execute(connection, UPDATE_OPEN_TIP, params).map_err(backend)? == 1 {
            return Ok(());
        }
    }
    let params = params![
        id,
        expected,
        state,
        invoice.digest,
        invoice.expires_at,
        invoice.encoded,
        due.next_check_at,
        due.check_since,
        phase_name(phase),
        tip_ended_at(next.state())?,
        next_settled_number(connection, next)?,
    ];
    update(connection, UPDATE_TIP, params, Existing::Tip)
}

/// The place of a tip among the settled ones of its app, unless it has one already.
fn next_settled_number(connection: &Connection, tip: &Tip) -> Result<Option<i64>, StoreError> {
    match tip.state().phase() {
        TipPhase::Open | TipPhase::Ended => Ok(None),
        TipPhase::Settled => {
            let app = [tip.terms().app.as_str()];
            let last = find(connection, LAST_SETTLED, app, "tips", |fields| fields.integer())?;
            Ok(Some(last.unwrap_or(0).saturating_add(1)))
        }
    }
}

fn tip_ended_at(state: &TipState) -> Result<Option<i64>, StoreError> {
    match state {
        TipState::Creating | TipState::Unpaid { .. } => Ok(None),
        TipState::Abandoned { at }
        | TipState::Expired { at, .. }
        | TipState::Cancelled { at, .. }
        | TipState::Settled { at, .. } => millis(*at).map(Some),
    }
}

pub(crate) fn create_withdrawal(
    connection: &Connection,
    withdrawal: &Withdrawal,
    due: Option<Due>,
) -> Result<(), CommitError> {
    let (id, terms, due) = (withdrawal.id(), withdrawal.terms(), DueColumns::of(due));
    let state = WithdrawalColumns::of(withdrawal.state())?;
    let Destination::PaymentRequest(invoice) = &terms.destination;
    let params = params![
        id.as_uuid().as_bytes(),
        terms.app.as_str(),
        terms.user.as_str(),
        terms.asset.as_str(),
        terms.amount.to_string(),
        terms.fee_limit.to_string(),
        fee_bearer_name(terms.fee_bearer),
        "payment_request",
        invoice.encoded,
        invoice.payment_hash.as_bytes(),
        millis(invoice.expires_at)?,
        millis(withdrawal.created_at())?,
        stored(Version::FIRST.as_u64())?,
        withdrawal.held_payment_hash().map(|hash| *hash.as_bytes()),
        millis(withdrawal.updated_at())?,
        withdrawal.attempts(),
        state.name,
        state.attempt,
        state.retry_at,
        state.failure,
        state.last_error,
        state.fee,
        state.ended_at,
        due.next_check_at,
        due.check_since,
        acceptance_name(terms.accepted_as),
    ];
    insert(connection, CREATE_WITHDRAWAL, params, Existing::Withdrawal)
}

pub(crate) fn update_withdrawal(
    connection: &Connection,
    next: &Withdrawal,
    expected: Version,
    due: Option<Due>,
) -> Result<(), CommitError> {
    let (id, state, due) = (next.id(), WithdrawalColumns::of(next.state())?, DueColumns::of(due));
    let params = params![
        id.as_uuid().as_bytes(),
        stored(expected.as_u64())?,
        next.held_payment_hash().map(|hash| *hash.as_bytes()),
        millis(next.updated_at())?,
        next.attempts(),
        state.name,
        state.attempt,
        state.retry_at,
        state.failure,
        state.last_error,
        state.fee,
        state.ended_at,
        due.next_check_at,
        due.check_since,
    ];
    update(connection, UPDATE_WITHDRAWAL, params, Existing::Withdrawal)
}

pub(crate) fn create_attempt(connection: &Connection, attempt: &Attempt) -> Result<(), CommitError> {
    let record = attempt.to_record();
    let state = AttemptColumns::of(&record.state)?;
    let params = params![
        record.id.as_uuid().as_bytes(),
        record.withdrawal.as_uuid().as_bytes(),
        record.payment_hash.as_bytes(),
        millis(record.created_at)?,
        record.previous_session.map(millis).transpose()?,
        stored(Version::FIRST.as_u64())?,
        record.claim.worker.as_uuid().as_bytes(),
        millis(record.claim.until)?,
        record.claims,
        state.name,
        state.unknown_since,
        state.fee,
        state.reason,
        state.session,
        state.ended_at,
    ];
    insert(connection, CREATE_ATTEMPT, params, Existing::Attempt)
}

pub(crate) fn update_attempt(
    connection: &Connection,
    next: &Attempt,
    expected: Version,
) -> Result<(), CommitError> {
    let AttemptRecord { id, claim, claims, state, .. } = next.to_record();
    let state = AttemptColumns::of(&state)?;
    let params = params![
        id.as_uuid().as_bytes(),
        stored(expected.as_u64())?,
        claim.worker.as_uuid().as_bytes(),
        millis(claim.until)?,
        claims,
        state.name,
        state.unknown_since,
        state.fee,
        state.reason,
        state.session,
        state.ended_at,
    ];
    update(connection, UPDATE_ATTEMPT, params, Existing::Attempt)
}

/// A place in a queue. What cannot be stored is too far in the future to matter.
struct DueColumns {
    next_check_at: Option<i64>,
    check_since: Option<i64>,
}

impl DueColumns {
    fn of(due: Option<Due>) -> Self {
        Self {
            next_check_at: due.map(|due| bound(due.at.as_millis())),
            check_since: due.map(|due| bound(due.since.as_millis())),
        }
    }
}

struct InvoiceColumns<'a> {
    digest: Option<i64>,
    expires_at: Option<i64>,
    encoded: Option<&'a str>,
}

impl<'a> InvoiceColumns<'a> {
    fn of(tip: &'a Tip) -> Result<Self, StoreError> {
        let invoice = tip.invoice();
        Ok(Self {
            digest: invoice.map(|invoice| invoice_digest(&invoice.encoded)),
            expires_at: invoice.map(|invoice| millis(invoice.expires_at)).transpose()?,
            encoded: invoice.map(|invoice| invoice.encoded.as_str()),
        })
    }
}

#[derive(Default)]
struct WithdrawalColumns<'a> {
    name: &'static str,
    attempt: Option<[u8; 16]>,
    retry_at: Option<i64>,
    failure: Option<&'static str>,
    last_error: Option<&'a str>,
    fee: Option<String>,
    ended_at: Option<i64>,
}

impl<'a> WithdrawalColumns<'a> {
    fn of(state: &'a WithdrawalState) -> Result<Self, StoreError> {
        let plain = Self { name: state.as_str(), ..Self::default() };
        Ok(match state {
            WithdrawalState::AwaitingReview
            | WithdrawalState::LiquidityPending
            | WithdrawalState::Pending => plain,
            WithdrawalState::Processing { attempt } => {
                Self { attempt: Some(*attempt.as_uuid().as_bytes()), ..plain }
            }
            WithdrawalState::RetryPending { at, last_error } => {
                Self { retry_at: Some(millis(*at)?), last_error: Some(last_error), ..plain }
            }
            WithdrawalState::Released { attempt, at } => {
                Self { attempt: Some(*attempt.as_uuid().as_bytes()), retry_at: Some(millis(*at)?), ..plain }
            }
            WithdrawalState::Completed { fee, at } | WithdrawalState::PaidAfterRelease { fee, at } => {
                Self { fee: Some(fee.to_string()), ended_at: Some(millis(*at)?), ..plain }
            }
            WithdrawalState::Failed { reason, at } => {
                let ended = Self { ended_at: Some(millis(*at)?), ..plain };
                match reason {
                    FailureReason::Rejected => Self { failure: Some("rejected"), ..ended },
                    FailureReason::Released => Self { failure: Some("released"), ..ended },
                    FailureReason::InvoiceExpired => Self { failure: Some("invoice_expired"), ..ended },
                    FailureReason::AttemptsFailed { last_error } => {
                        Self { failure: Some("attempts_failed"), last_error: Some(last_error), ..ended }
                    }
                }
            }
        })
    }
}

#[derive(Default)]
struct AttemptColumns<'a> {
    name: &'static str,
    unknown_since: Option<i64>,
    fee: Option<String>,
    reason: Option<&'a str>,
    session: Option<i64>,
    ended_at: Option<i64>,
}

impl<'a> AttemptColumns<'a> {
    fn of(state: &'a AttemptState) -> Result<Self, StoreError> {
        let plain = Self { name: state.as_str(), ..Self::default() };
        let time = |at: &Timestamp| millis(*at).map(Some);
        let fee_text = |fee: &Amount| Some(fee.to_string());
        Ok(match state {
            AttemptState::Sent { session } => Self { session: session.map(millis).transpose()?, ..plain },
            AttemptState::Unknown { since } => Self { unknown_since: time(since)?, ..plain },
            AttemptState::Succeeded { fee, at } => Self { fee: fee_text(fee), ended_at: time(at)?, ..plain },
            AttemptState::Failed { reason, at, session } => Self {
                reason: Some(reason),
                ended_at: time(at)?,
                session: session.map(millis).transpose()?,
                ..plain
            },
        })
    }
}
