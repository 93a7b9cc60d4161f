//! The story of one tip or withdrawal in plain words: what happened, what the node says now, what the
//! server does next and when, and what a person may safely do. It never advises what could pay twice.

use crate::{
    Action, Amount, AppId, AssetId, Assets, Attempt, AttemptState, AuditRecord, Destination, EntryKind,
    FailureReason, InvoiceState, InvoiceStatus, NEVER_SENT_AFTER, NodeError, NumberedEntry, Paused,
    PaymentState, PaymentStatus, PendingTlc, Review, Timestamp, Tip, TipState, TlcDirection, Withdrawal,
    WithdrawalState, releasable_from,
};

/// The story of a tip or a withdrawal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// Its app.
    pub app: AppId,
    /// What it is and how it stands, in a sentence.
    pub headline: String,
    /// What happened, the oldest first.
    pub story: Vec<Happening>,
    /// What the node says about it now.
    pub node: Vec<String>,
    /// What the server will do next, and when.
    pub next: String,
    /// What a person may do without any harm.
    pub safe: Vec<String>,
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Happening {
    /// When.
    pub at: Timestamp,
    /// What, in plain words.
    pub what: String,
}

/// What the node said when it was asked; nothing where there was no node to ask.
pub(crate) type Asked<T> = Option<Result<T, NodeError>>;

/// Everything that is known about a withdrawal.
pub(crate) struct WithdrawalFacts<'a> {
    pub(crate) withdrawal: &'a Withdrawal,
    pub(crate) attempts: &'a [Attempt],
    pub(crate) entries: &'a [NumberedEntry],
    pub(crate) records: &'a [AuditRecord],
    pub(crate) review: Option<&'a Review>,
    pub(crate) paused: Option<Paused>,
    pub(crate) payment: Asked<Option<PaymentStatus>>,
    pub(crate) tlcs: Asked<Vec<PendingTlc>>,
    /// Since when the hub works with this node.
    pub(crate) node_since: Timestamp,
    pub(crate) now: Timestamp,
}

fn happened(at: Timestamp, what: impl Into<String>) -> Happening {
    Happening { at, what: what.into() }
}

fn whole(assets: &Assets, asset: &AssetId, amount: Amount) -> String {
    match assets.find(asset) {
        Some(known) => format!("{} {asset}", known.format(amount)),
        None => format!("{amount} base units of {asset}"),
    }
}

fn posted(assets: &Assets, NumberedEntry { entry, .. }: &NumberedEntry) -> Happening {
    let amount = whole(assets, &entry.account.asset, entry.amount);
    let user = &entry.account.user;
    let what = match entry.kind {
        EntryKind::TipSettled => format!("{amount} credited to {user}"),
        EntryKind::WithdrawalRequested => {
            format!("{amount} of {user} reserved: the amount and the highest fee")
        }
        EntryKind::WithdrawalPaid => format!("{amount} taken from what was reserved: it left"),
        EntryKind::WithdrawalFeeBorne => format!("{amount} of the fee borne by the hub"),
        EntryKind::WithdrawalPaidLate => {
            format!("{amount} left after the funds had been released: the hub bears it")
        }
        EntryKind::WithdrawalReleased => format!("{amount} returned to {user}"),
    };
    happened(entry.at, what)
}

/// What a person decided about it.
fn decided(record: &AuditRecord) -> Happening {
    let (who, reason) = (&record.operator.name, &record.reason);
    let action = Action::ALL.iter().find(|action| action.as_str() == record.action);
    let what = match action {
        Some(Action::ApproveWithdrawal) => format!("approved by {who}: {reason}"),
        Some(Action::RejectWithdrawal) => format!("rejected by {who}: {reason}"),
        Some(_) | None => format!("{} by {who}: {reason}", record.action),
    };
    happened(record.at, what)
}

/// Of one time in the order in which they are told.
fn in_order(mut story: Vec<Happening>) -> Vec<Happening> {
    story.sort_by_key(|happening| happening.at);
    story
}

/// The story of a tip.
pub(crate) fn of_tip(
    tip: &Tip,
    entries: &[NumberedEntry],
    invoice: Asked<Option<InvoiceStatus>>,
    assets: &Assets,
) -> Explanation {
    let terms = tip.terms();
    let amount = whole(assets, &terms.asset, terms.amount);
    let anonymously = if terms.anonymous { ", anonymously," } else { "" };
    let what = format!(
        "Tip of {amount} from {}{anonymously} to {} for post {}",
        terms.from_user, terms.to_user, terms.post
    );
    let mut story = vec![happened(tip.created_at(), "created, and its payment hash stored")];
    let (how, ended, next, safe) = match tip.state() {
        TipState::Creating => (
            "its invoice is being made",
            None,
            "The node is asked for the invoice, or what became of it, within seconds.",
            "Wait. A repeat of the request with the same idempotency key is answered with this tip.",
        ),
        TipState::Abandoned { at } => (
            "nobody was shown an invoice",
            Some((*at, "given up: the node made no invoice")),
            "Nothing, unless the node says that it was paid after all: then it is credited.",
            "Make a new tip.",
        ),
        TipState::Unpaid { .. } => (
            "its invoice waits for its payment",
            None,
            "The node is asked again and again, at least every quarter of the tip's age, until it calls the \
             invoice paid or ended.",
            "Wait. If the payer says that it is paid, let him look at the state of his payment: it is credited as \
             soon as our node has it.",
        ),
        TipState::Expired { at, .. } => (
            "its invoice ran out",
            Some((*at, "the node said that the invoice ran out")),
            "The node is asked for two weeks more: what it calls paid is credited, however late.",
            "Make a new tip. Do not credit it by hand: a late payment would count twice.",
        ),
        TipState::Cancelled { at, .. } => (
            "its invoice was cancelled at the node",
            Some((*at, "the node said that the invoice was cancelled")),
            "The node is asked for two weeks more: what it calls paid is credited, however late.",
            "Make a new tip. Do not credit it by hand: a late payment would count twice.",
        ),
        TipState::Settled { at, .. } => (
            "paid and credited",
            Some((*at, "the node said that the invoice is paid")),
            "Nothing more: it is credited, once and for good.",
            "Nothing needs to be done.",
        ),
    };
    if let Some(invoice) = tip.invoice() {
        story.push(happened(
            tip.created_at(),
            format!("its invoice can be paid until {}", invoice.expires_at),
        ));
    }
    story.extend(ended.map(|(at, what)| happened(at, what)));
    story.extend(entries.iter().map(|entry| posted(assets, entry)));
    let node = match invoice {
        None => vec!["the node was not asked".to_owned()],
        Some(Err(error)) => vec![format!("the node does not say: {error}")],
        Some(Ok(None)) => vec!["the node knows no invoice of this payment hash".to_owned()],
        Some(Ok(Some(status))) => {
            let state = match status.state {
                InvoiceState::Open => "the node says that the invoice is open",
                InvoiceState::Received => "the node says that a payment is under way, and not yet ours",
                InvoiceState::Paid => "the node says that the invoice is paid",
                InvoiceState::Expired => "the node says that the invoice ran out",
                InvoiceState::Cancelled => "the node says that the invoice was cancelled",
            };
            vec![state.to_owned()]
        }
    };
    Explanation {
        app: terms.app.clone(),
        headline: format!("{what}: {how}."),
        story: in_order(story),
        node,
        next: next.to_owned(),
        safe: vec![safe.to_owned()],
    }
}

/// The story of a withdrawal.
pub(crate) fn of_withdrawal(facts: &WithdrawalFacts<'_>, assets: &Assets) -> Explanation {
    let withdrawal = facts.withdrawal;
    let terms = withdrawal.terms();
    let amount = whole(assets, &terms.asset, terms.amount);
    let fee = whole(assets, &terms.asset, terms.fee_limit);
    let Destination::PaymentRequest(invoice) = &terms.destination;
    let requested = format!(
        "requested by {}: {amount}, and a fee of at most {fee}, to an invoice that can be paid until {}",
        terms.user, invoice.expires_at
    );
    let mut story = vec![happened(withdrawal.created_at(), requested)];
    story.extend(facts.records.iter().map(decided));
    for attempt in facts.attempts {
        story.extend(of_attempt(attempt));
    }
    story.extend(facts.entries.iter().map(|entry| posted(assets, entry)));
    if let WithdrawalState::Completed { at, .. }
    | WithdrawalState::Failed { at, .. }
    | WithdrawalState::Released { at, .. }
    | WithdrawalState::PaidAfterRelease { at, .. } = withdrawal.state()
    {
        story.push(happened(*at, how(withdrawal)));
    }
    let (next, safe) = outlook(facts);
    Explanation {
        app: terms.app.clone(),
        headline: format!("Withdrawal of {amount} by {}: {}.", terms.user, how(withdrawal)),
        story: in_order(story),
        node: said(facts, assets),
        next,
        safe,
    }
}

fn how(withdrawal: &Withdrawal) -> String {
    match withdrawal.state() {
        WithdrawalState::AwaitingReview => "reserved; people have to look at it first".to_owned(),
        WithdrawalState::LiquidityPending => {
            "reserved; the node can send less than amount and fee".to_owned()
        }
        WithdrawalState::Pending => "reserved, and nothing was sent".to_owned(),
        WithdrawalState::Processing { .. } => "a payment was sent, and how it ended is not known".to_owned(),
        WithdrawalState::RetryPending { last_error, .. } => {
            format!("the last payment is proven dead ({last_error}); another follows")
        }
        WithdrawalState::Completed { .. } => "the destination has the money".to_owned(),
        WithdrawalState::Released { .. } => {
            "its payment has no end that is known; two people released the funds, which returned".to_owned()
        }
        WithdrawalState::PaidAfterRelease { .. } => {
            "the destination has the money, although the funds had been released: the hub bears it".to_owned()
        }
        WithdrawalState::Failed { reason: FailureReason::Released, .. } => {
            "two people released the funds, and then the node said that nothing was paid".to_owned()
        }
        WithdrawalState::Failed { reason: FailureReason::InvoiceExpired, .. } => {
            "it failed, because its invoice ran out; nothing was paid and the funds returned".to_owned()
        }
        WithdrawalState::Failed { reason: FailureReason::Rejected, .. } => {
            "it was rejected; nothing was paid and the funds returned".to_owned()
        }
        WithdrawalState::Failed { reason: FailureReason::AttemptsFailed { last_error }, .. } => {
            format!("it failed ({last_error}); nothing was paid and the funds returned")
        }
    }
}

fn of_attempt(attempt: &Attempt) -> Vec<Happening> {
    let (number, worker) = (attempt.id(), attempt.claim().worker);
    let mut story =
        vec![happened(attempt.created_at(), format!("payment {number} begun by server {worker}"))];
    match attempt.state() {
        AttemptState::Sent { session: None } => {}
        AttemptState::Sent { session: Some(at) } => {
            story.push(happened(*at, "the node has it under way, by its own clock".to_owned()));
        }
        AttemptState::Unknown { since } => {
            story.push(happened(*since, "the node was asked and does not know it".to_owned()));
        }
        AttemptState::Succeeded { at, .. } => story.push(happened(*at, "the node says that it paid")),
        AttemptState::Failed { reason, at, .. } => {
            story.push(happened(*at, format!("proven dead: {reason}")));
        }
    }
    story
}

/// What the node says, with the evidence on a payment whose end is not known.
fn said(facts: &WithdrawalFacts<'_>, assets: &Assets) -> Vec<String> {
    let mut said = match &facts.payment {
        None => vec!["the node was not asked".to_owned()],
        Some(Err(error)) => vec![format!("the node does not say: {error}")],
        Some(Ok(None)) => vec!["the node knows no payment of this hash".to_owned()],
        Some(Ok(Some(status))) => {
            let began = status.created_at;
            vec![match &status.state {
                PaymentState::Pending => format!("the node has a payment under way since {began}"),
                PaymentState::Succeeded { fee } => {
                    let fee = whole(assets, &facts.withdrawal.terms().asset, *fee);
                    format!("the node paid, with a fee of {fee}; it began at {began}")
                }
                PaymentState::Failed { reason } => {
                    format!("the node gave up the payment that it began at {began}: {reason}")
                }
            }]
        }
    };
    match facts.withdrawal.state() {
        WithdrawalState::Processing { .. } | WithdrawalState::Released { .. } => {
            said.extend(evidence(facts, assets));
        }
        WithdrawalState::AwaitingReview
        | WithdrawalState::LiquidityPending
        | WithdrawalState::Pending
        | WithdrawalState::RetryPending { .. }
        | WithdrawalState::Completed { .. }
        | WithdrawalState::PaidAfterRelease { .. }
        | WithdrawalState::Failed { .. } => {}
    }
    said
}

/// What people can weigh: whether the payment can still be claimed.
fn evidence(facts: &WithdrawalFacts<'_>, assets: &Assets) -> Vec<String> {
    let Destination::PaymentRequest(invoice) = &facts.withdrawal.terms().destination;
    let mut evidence = vec![if facts.now >= invoice.expires_at {
        format!("its invoice ran out at {}", invoice.expires_at)
    } else {
        format!("its invoice can be paid until {}", invoice.expires_at)
    }];
    match &facts.tlcs {
        None => {}
        Some(Err(error)) => {
            evidence.push(format!("the node does not say what its channels hold of it: {error}"));
        }
        Some(Ok(tlcs)) if tlcs.is_empty() => {
            evidence.push("none of the node's channels holds anything of it".to_owned());
        }
        Some(Ok(tlcs)) => evidence.extend(tlcs.iter().map(|tlc| {
            let amount = whole(assets, &facts.withdrawal.terms().asset, tlc.amount);
            let way = match tlc.direction {
                TlcDirection::Offered => "promised to a peer",
                TlcDirection::Received => "promised to us",
            };
            let (channel, status, until) = (&tlc.channel, &tlc.status, tlc.expires_at);
            format!("channel {channel} holds {amount}, {way} ({status}), with a time-lock until {until}")
        })),
    }
    if let Some(last) = facts.attempts.last() {
        let bound = releasable_from(facts.withdrawal, last);
        let passed = if facts.now >= bound { "passed" } else { "not passed" };
        evidence.push(format!(
            "the longest time-lock that was ever seen, two weeks after it could be sent last, ends at {bound}: \
             {passed}"
        ));
        if last.created_at() <= facts.node_since {
            evidence
                .push("it was sent through a node before this one, whose silence says nothing".to_owned());
        }
    }
    evidence
}

/// What comes next, and what a person may do.
fn outlook(facts: &WithdrawalFacts<'_>) -> (String, Vec<String>) {
    let withdrawal = facts.withdrawal;
    let last_start = withdrawal.last_start();
    let wait = || "Wait, or give the user the time that is named here.".to_owned();
    let paused = facts.paused.map(|paused| format!("{paused}: nothing is sent until they are resumed. "));
    let paused = paused.unwrap_or_default();
    match withdrawal.state() {
        WithdrawalState::AwaitingReview => awaiting_review(facts),
        WithdrawalState::Pending => (
            format!(
                "{paused}A server sends it within seconds; at {last_start} it is given up and the funds return."
            ),
            vec![wait()],
        ),
        WithdrawalState::LiquidityPending => (
            format!(
                "{paused}The node's liquidity is looked at every minute, and it is sent once there is enough; at \
                 {last_start} it is given up and the funds return."
            ),
            vec!["Add liquidity to the node's channels.".to_owned(), wait()],
        ),
        WithdrawalState::RetryPending { at, .. } => (
            format!("{paused}Another payment is begun at {at}, unless it is {last_start} by then."),
            vec![wait()],
        ),
        WithdrawalState::Processing { .. } => processing(facts),
        WithdrawalState::Released { .. } => (
            "The node is asked every minute whether it paid after all; then the hub bears it.".to_owned(),
            vec!["The user may request it anew, with a new invoice.".to_owned()],
        ),
        WithdrawalState::PaidAfterRelease { .. } => (
            "Nothing more: the user has what returned, and the destination has been paid.".to_owned(),
            vec!["Agree with the user about what he got twice; the account `suspense` holds it.".to_owned()],
        ),
        WithdrawalState::Completed { .. } => {
            ("Nothing more: it is paid.".to_owned(), vec!["Nothing needs to be done.".to_owned()])
        }
        WithdrawalState::Failed { .. } => (
            "Nothing more: the funds are the user's again.".to_owned(),
            vec!["The user may request it anew, with a new invoice.".to_owned()],
        ),
    }
}

fn awaiting_review(facts: &WithdrawalFacts<'_>) -> (String, Vec<String>) {
    let last_start = facts.withdrawal.last_start();
    let Some(review) = facts.review else {
        let next = format!("People look at it; at {last_start} it is given up and the funds return.");
        return (next, vec!["Look at it: `fiber-link review list`.".to_owned()]);
    };
    if let Some(rejection) = &review.rejection {
        let next = format!(
            "Rejected by {}: the node is asked whether it knows a payment, and then the funds return, within a minute.",
            rejection.name
        );
        return (next, vec!["Nothing needs to be done.".to_owned()]);
    }
    let reasons: Vec<_> = review.reasons.iter().map(|reason| reason.as_str()).collect();
    let (had, needed) = (review.approvals.len(), review.needed);
    let next = format!(
        "It waits for people because of: {}. {had} of {needed} approved it; with the last approval a server sends it, \
         and at {last_start} it is given up and the funds return.",
        reasons.join(", ")
    );
    (next, vec!["Approve or reject it, with a reason: nothing was sent.".to_owned()])
}

fn processing(facts: &WithdrawalFacts<'_>) -> (String, Vec<String>) {
    let Destination::PaymentRequest(invoice) = &facts.withdrawal.terms().destination;
    let decided = invoice.expires_at.plus(NEVER_SENT_AFTER);
    let asked = "The node is asked at least once a minute, for as long as it takes; ";
    let next = match &facts.payment {
        Some(Ok(Some(PaymentStatus { state: PaymentState::Succeeded { .. }, .. }))) => {
            "The next question completes it, within a minute.".to_owned()
        }
        Some(Ok(Some(PaymentStatus { state: PaymentState::Failed { .. }, .. }))) => {
            format!(
                "{asked}once it is sure that this failure is of this payment, it is tried again or the funds return."
            )
        }
        Some(Ok(None)) => format!(
            "{asked}if it never heard of it and its memory is sound, it counts as never sent after {decided}, and the \
             funds return."
        ),
        Some(Ok(Some(PaymentStatus { state: PaymentState::Pending, .. })) | Err(_)) | None => {
            format!("{asked}the funds stay reserved until it says how it ended.")
        }
    };
    let mut safe = vec![
        "Ask whoever issued the invoice whether it was paid.".to_owned(),
        "Wait: the funds stay reserved, and nothing is sent a second time. Do not pay it another way, and do not \
         give the funds back by hand: the payment may still arrive."
            .to_owned(),
    ];
    safe.extend(release_advice(facts));
    (next, safe)
}

/// Only where the evidence allows it.
fn release_advice(facts: &WithdrawalFacts<'_>) -> Option<String> {
    let attempt = facts.attempts.last()?;
    let pending = matches!(facts.payment, Some(Ok(Some(PaymentStatus { state: PaymentState::Pending, .. }))));
    let free = matches!(&facts.tlcs, Some(Ok(tlcs)) if tlcs.is_empty());
    let own = attempt.created_at() > facts.node_since;
    if !(pending && free && own) || facts.now < releasable_from(facts.withdrawal, attempt) {
        return None;
    }
    let id = facts.withdrawal.id();
    Some(format!(
        "If its issuer says that it was not paid: two SUPER_ADMINs may release the funds, each with \
         `fiber-link release {id}`. Should it turn out to be paid after that, the hub bears it."
    ))
}

#[cfg(test)]
mod tests;
