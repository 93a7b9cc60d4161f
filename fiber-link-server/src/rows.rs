//! Tips, withdrawals, attempts and entries as rows, under the names of the wire.

use crate::rpc::{whole_units, wire_state};
use crate::table::{Column, Field};
use crate::wire_time;
use fiber_link_core::{
    Amount, Assets, Attempt, AttemptState, Destination, EntrySource, FailureReason, NumberedAuditRecord,
    NumberedEntry, Timestamp, Tip, Withdrawal, WithdrawalState,
};

/// What is said of a withdrawal whose funds people released.
const RELEASED: &str = "the funds were returned, because how the payment ended is not known";

/// How a withdrawal goes, beside its state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Course<'a> {
    /// When it is tried again.
    pub(crate) next_retry_at: Option<Timestamp>,
    /// Why it failed, or has to be tried again, in words that callers and operators may see.
    pub(crate) reason: Option<&'a str>,
    /// What the way cost.
    pub(crate) fee: Option<Amount>,
}

impl<'a> Course<'a> {
    pub(crate) fn of(withdrawal: &'a Withdrawal) -> Self {
        let because = |reason| Self { reason: Some(reason), ..Self::default() };
        match withdrawal.state() {
            WithdrawalState::RetryPending { at, last_error } => {
                Self { next_retry_at: Some(*at), ..because(last_error) }
            }
            WithdrawalState::Failed { reason: FailureReason::AttemptsFailed { last_error }, .. } => {
                because(last_error)
            }
            WithdrawalState::Failed { reason: FailureReason::InvoiceExpired, .. } => {
                because("the payment request ran out before it could be paid")
            }
            WithdrawalState::Failed { reason: FailureReason::Rejected, .. } => {
                because("the withdrawal was looked at and rejected")
            }
            WithdrawalState::Released { .. }
            | WithdrawalState::Failed { reason: FailureReason::Released, .. } => because(RELEASED),
            WithdrawalState::Completed { fee, .. } | WithdrawalState::PaidAfterRelease { fee, .. } => {
                Self { fee: Some(*fee), ..Self::default() }
            }
            WithdrawalState::AwaitingReview
            | WithdrawalState::LiquidityPending
            | WithdrawalState::Pending
            | WithdrawalState::Processing { .. } => Self::default(),
        }
    }
}

pub(crate) const TIP_COLUMNS: [Column; 15] = [
    Column::shown("id"),
    Column::shown("appId"),
    Column::shown("createdAt"),
    Column::shown("state"),
    Column::shown("exactState"),
    Column::shown("amount"),
    Column::shown("asset"),
    Column::shown("fromUserId"),
    Column::shown("toUserId"),
    Column::shown("postId"),
    Column::more("settledAt"),
    Column::more("message"),
    Column::more("anonymous"),
    Column::more("paymentHash"),
    Column::more("invoice"),
];

pub(crate) fn tip(assets: &Assets, tip: &Tip) -> [Field; 15] {
    let terms = tip.terms();
    [
        Field::text(&tip.id()),
        Field::text(&terms.app),
        time(tip.created_at()),
        Field::text(&wire_state(tip.state().phase())),
        Field::text(&tip.state().as_str().to_ascii_uppercase()),
        Field::Text(whole_units(assets, &terms.asset, terms.amount)),
        Field::text(&terms.asset),
        Field::text(&terms.from_user),
        Field::text(&terms.to_user),
        Field::text(&terms.post),
        optional_time(tip.settled_at()),
        Field::optional(terms.message.as_ref()),
        Field::Flag(terms.anonymous),
        Field::text(&tip.payment_hash()),
        Field::optional(tip.invoice().map(|invoice| &invoice.encoded)),
    ]
}

pub(crate) const WITHDRAWAL_COLUMNS: [Column; 15] = [
    Column::shown("id"),
    Column::shown("appId"),
    Column::shown("createdAt"),
    Column::shown("state"),
    Column::shown("amount"),
    Column::shown("asset"),
    Column::shown("userId"),
    Column::shown("updatedAt"),
    Column::shown("retryCount"),
    Column::more("nextRetryAt"),
    Column::shown("lastError"),
    Column::more("networkFeeLimit"),
    Column::more("networkFee"),
    Column::more("paymentHash"),
    Column::more("invoice"),
];

pub(crate) fn withdrawal(assets: &Assets, withdrawal: &Withdrawal) -> [Field; 15] {
    let terms = withdrawal.terms();
    let whole = |amount| Field::Text(whole_units(assets, &terms.asset, amount));
    let Destination::PaymentRequest(destination) = &terms.destination;
    let Course { next_retry_at, reason, fee } = Course::of(withdrawal);
    [
        Field::text(&withdrawal.id()),
        Field::text(&terms.app),
        time(withdrawal.created_at()),
        Field::text(&withdrawal.state().as_str().to_ascii_uppercase()),
        whole(terms.amount),
        Field::text(&terms.asset),
        Field::text(&terms.user),
        time(withdrawal.updated_at()),
        Field::Number(withdrawal.attempts().saturating_sub(1).into()),
        optional_time(next_retry_at),
        Field::optional(reason),
        whole(terms.fee_limit),
        fee.map_or(Field::Nothing, whole),
        Field::text(&withdrawal.payment_hash()),
        Field::text(&destination.encoded),
    ]
}

pub(crate) const ATTEMPT_COLUMNS: [Column; 6] = [
    Column::shown("attempt"),
    Column::shown("createdAt"),
    Column::shown("state"),
    Column::shown("endedAt"),
    Column::shown("reason"),
    Column::more("worker"),
];

pub(crate) fn attempt(attempt: &Attempt) -> [Field; 6] {
    let (ended, reason) = match attempt.state() {
        AttemptState::Sent { .. } | AttemptState::Unknown { .. } => (None, None),
        AttemptState::Succeeded { at, .. } => (Some(*at), None),
        AttemptState::Failed { reason, at, .. } => (Some(*at), Some(reason)),
    };
    [
        Field::text(&attempt.id()),
        time(attempt.created_at()),
        Field::text(&attempt.state().as_str().to_ascii_uppercase()),
        optional_time(ended),
        Field::optional(reason),
        Field::text(&attempt.claim().worker),
    ]
}

pub(crate) const ENTRY_COLUMNS: [Column; 11] = [
    Column::shown("number"),
    Column::shown("at"),
    Column::shown("appId"),
    Column::shown("userId"),
    Column::shown("kind"),
    Column::shown("amount"),
    Column::shown("asset"),
    Column::more("from"),
    Column::more("to"),
    Column::shown("source"),
    Column::shown("sourceId"),
];

pub(crate) fn entry(assets: &Assets, NumberedEntry { number, entry }: &NumberedEntry) -> [Field; 11] {
    let (source, id) = match entry.source {
        EntrySource::Tip(id) => ("tip", Field::text(&id)),
        EntrySource::Withdrawal(id) => ("withdrawal", Field::text(&id)),
    };
    [
        Field::Number(*number),
        time(entry.at),
        Field::text(&entry.account.app),
        Field::text(&entry.account.user),
        Field::text(&entry.kind.as_str()),
        Field::Text(whole_units(assets, &entry.account.asset, entry.amount)),
        Field::text(&entry.account.asset),
        Field::text(&entry.kind.from_account().as_str()),
        Field::text(&entry.kind.to_account().as_str()),
        Field::text(&source),
        id,
    ]
}

pub(crate) const AUDIT_COLUMNS: [Column; 10] = [
    Column::more("number"),
    Column::shown("at"),
    Column::shown("operator"),
    Column::shown("origin"),
    Column::shown("action"),
    Column::more("app"),
    Column::shown("subject"),
    Column::more("before"),
    Column::more("after"),
    Column::shown("reason"),
];

pub(crate) fn audit_record(NumberedAuditRecord { number, record }: &NumberedAuditRecord) -> [Field; 10] {
    let json = |text: &Option<String>| text.clone().map_or(Field::Nothing, Field::Json);
    [
        Field::Number(*number),
        time(record.at),
        Field::text(&record.operator.name),
        Field::text(&record.operator.origin),
        Field::text(&record.action),
        Field::optional(record.app.as_ref()),
        Field::text(&record.subject),
        json(&record.before),
        json(&record.after),
        Field::text(&record.reason),
    ]
}

fn time(at: Timestamp) -> Field {
    Field::Text(wire_time::format(at))
}

fn optional_time(at: Option<Timestamp>) -> Field {
    at.map_or(Field::Nothing, time)
}
