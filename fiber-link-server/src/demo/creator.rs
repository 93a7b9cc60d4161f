//! The creator's side: what came in, and paying it out.

use super::Demo;
use super::refusal::{Body, Refusal};
use super::tips::ShownTip;
use crate::wire_time;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use fiber_link_core::{
    AccountKind, Amount, AssetId, Balance, EntryKind, EntryQuery, EntrySource, FailureReason, MAX_ROWS,
    NumberedEntry, QuoteError, QuoteProblem, RequestedDestination, UserAccount, WithdrawError, Withdrawal,
    WithdrawalRequest, WithdrawalState,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::time::Duration;

/// How many tips and withdrawals are listed.
const LISTED: u32 = 5;

/// How many entries are listed.
const LISTED_ENTRIES: usize = 8;

/// How long an invoice of the creator's own wallet can be paid.
const WALLET_INVOICE_EXPIRY: Duration = Duration::from_secs(3600);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewInvoice {
    /// In whole units.
    amount: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewWithdrawal {
    /// In whole units.
    amount: String,
    invoice: String,
}

/// What the creator sees. All amounts are whole units.
#[derive(Serialize)]
pub(super) struct Shown {
    balance: ShownBalance,
    tips: Vec<ShownTip>,
    withdrawals: Vec<ShownWithdrawal>,
    /// What older entries than those listed come to.
    earlier: Option<Sides>,
    entries: Vec<ShownEntry>,
}

#[derive(Serialize)]
struct ShownBalance {
    #[serde(flatten)]
    now: Sides,
    pending: String,
    /// The largest amount that can be withdrawn, so that its fee fits too.
    maximum: String,
}

#[derive(Serialize)]
struct Sides {
    available: String,
    reserved: String,
}

#[derive(Serialize)]
struct ShownEntry {
    kind: &'static str,
    #[serde(flatten)]
    moved: Sides,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ShownWithdrawal {
    id: String,
    amount: String,
    reserved: Option<String>,
    state: String,
    /// What the way cost, once it is known.
    fee: Option<String>,
    /// What came back.
    returned: Option<String>,
    last_error: Option<String>,
    updated_at: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ShownQuote {
    receive_amount: String,
    network_fee: String,
    reserved: Option<String>,
    problem: Option<Problem>,
}

#[derive(Serialize)]
struct Problem {
    field: &'static str,
    message: String,
}

pub(super) async fn show(State(demo): State<Demo>) -> Result<Json<Shown>, Refusal> {
    let summary = demo.link.summary(&demo.app, &demo.creator, LISTED).await?;
    let withdrawals = demo.link.withdrawals_of_app(&demo.app, None, LISTED).await?;
    let account = UserAccount { app: demo.app.clone(), user: demo.creator.clone(), asset: AssetId::ckb() };
    // More entries than anybody makes by hand.
    let entries = demo.store.entries(EntryQuery::Account { account, after: 0, limit: MAX_ROWS }).await?;

    let ckb = AssetId::ckb();
    let balance = summary.balances.iter().find(|(asset, _)| *asset == ckb);
    let balance = balance.map(|(_, balance)| *balance).unwrap_or_default();
    let pending = summary.totals.pending.iter().find(|(asset, _)| *asset == ckb);
    let policy = demo.link.policy(&demo.app, &demo.asset).await?.withdrawals;
    let whole = |amount| demo.asset.format(amount);
    let (earlier, listed) = entries.split_at(entries.len().saturating_sub(LISTED_ENTRIES));
    Ok(Json(Shown {
        balance: ShownBalance {
            now: demo.sides(balance),
            pending: whole(pending.map_or(Amount::ZERO, |(_, amount)| *amount)),
            maximum: whole(policy.fee.largest(balance.available).min(policy.per_request)),
        },
        tips: summary.tips.iter().map(|tip| demo.shown_tip(tip)).collect(),
        withdrawals: withdrawals.iter().map(|w| demo.shown_withdrawal(w, &entries)).collect(),
        earlier: (!earlier.is_empty()).then(|| demo.sides(sum(earlier))),
        entries: listed.iter().map(|entry| demo.shown_entry(entry)).collect(),
    }))
}

pub(super) async fn make_invoice(
    State(demo): State<Demo>,
    Body(new): Body<NewInvoice>,
) -> Result<Json<Value>, Refusal> {
    let amount = demo.read_amount(&new.amount)?;
    let invoice = demo.node.foreign_invoice(&demo.asset.id, amount, WALLET_INVOICE_EXPIRY)?;
    Ok(Json(json!({ "invoice": invoice })))
}

pub(super) async fn quote(
    State(demo): State<Demo>,
    Body(new): Body<NewWithdrawal>,
) -> Result<Json<ShownQuote>, Refusal> {
    let request = demo.read_withdrawal(new)?;
    let quote = demo.link.quote_withdrawal(&demo.app, &request).await.map_err(no_quote)?;
    let whole = |amount| demo.asset.format(amount);
    Ok(Json(ShownQuote {
        receive_amount: whole(quote.receive_amount),
        network_fee: whole(quote.network_fee),
        reserved: quote.amount.checked_add(quote.network_fee).map(whole),
        problem: quote
            .problem
            .map(|problem| Problem { field: field(&problem), message: problem.to_string() }),
    }))
}

pub(super) async fn withdraw(
    State(demo): State<Demo>,
    Body(new): Body<NewWithdrawal>,
) -> Result<Json<Value>, Refusal> {
    let request = demo.read_withdrawal(new)?;
    let withdrawal = demo.link.request_withdrawal(&demo.app, request).await.map_err(refusal)?;
    Ok(Json(json!({ "id": withdrawal.id().to_string() })))
}

impl Demo {
    fn read_withdrawal(&self, new: NewWithdrawal) -> Result<WithdrawalRequest, Refusal> {
        Ok(WithdrawalRequest {
            user: self.creator.clone(),
            asset: AssetId::ckb(),
            amount: self.read_amount(&new.amount)?,
            destination: RequestedDestination::PaymentRequest(new.invoice),
            network_fee: None,
            idempotency_key: None,
        })
    }

    fn sides(&self, balance: Balance) -> Sides {
        let Balance { available, reserved } = balance;
        Sides { available: self.asset.format(available), reserved: self.asset.format(reserved) }
    }

    fn shown_entry(&self, NumberedEntry { entry, .. }: &NumberedEntry) -> ShownEntry {
        let amount = self.asset.format(entry.amount);
        let moved = |account: AccountKind| {
            if entry.kind.to_account() == account {
                format!("+{amount}")
            } else if entry.kind.from_account() == account {
                format!("\u{2212}{amount}")
            } else {
                String::new()
            }
        };
        let moved =
            Sides { available: moved(AccountKind::Available), reserved: moved(AccountKind::Reserved) };
        ShownEntry { kind: entry.kind.as_str(), moved }
    }

    fn shown_withdrawal(&self, withdrawal: &Withdrawal, entries: &[NumberedEntry]) -> ShownWithdrawal {
        let whole = |amount| self.asset.format(amount);
        let source = EntrySource::Withdrawal(withdrawal.id());
        let returned = entries
            .iter()
            .map(|numbered| &numbered.entry)
            .find(|entry| entry.source == source && entry.kind == EntryKind::WithdrawalReleased);
        let (fee, last_error) = match withdrawal.state() {
            WithdrawalState::Completed { fee, .. } | WithdrawalState::PaidAfterRelease { fee, .. } => {
                (Some(*fee), None)
            }
            WithdrawalState::Released { .. }
            | WithdrawalState::Failed { reason: FailureReason::Released, .. } => {
                (None, Some("the payment has no end that is known".to_owned()))
            }
            WithdrawalState::RetryPending { last_error, .. }
            | WithdrawalState::Failed { reason: FailureReason::AttemptsFailed { last_error }, .. } => {
                (None, Some(last_error.clone()))
            }
            WithdrawalState::Failed { reason: FailureReason::InvoiceExpired, .. } => {
                (None, Some("the invoice ran out".to_owned()))
            }
            WithdrawalState::Failed { reason: FailureReason::Rejected, .. } => {
                (None, Some("the request was looked at and rejected".to_owned()))
            }
            WithdrawalState::AwaitingReview
            | WithdrawalState::LiquidityPending
            | WithdrawalState::Pending
            | WithdrawalState::Processing { .. } => (None, None),
        };
        ShownWithdrawal {
            id: withdrawal.id().to_string(),
            amount: whole(withdrawal.terms().amount),
            reserved: withdrawal.reserved().map(whole),
            state: withdrawal.state().as_str().to_ascii_uppercase(),
            fee: fee.map(whole),
            returned: returned.map(|entry| whole(entry.amount)),
            last_error,
            updated_at: wire_time::format(withdrawal.updated_at()),
        }
    }
}

fn sum(entries: &[NumberedEntry]) -> Balance {
    entries.iter().fold(Balance::default(), |balance, NumberedEntry { entry, .. }| {
        balance.after(entry.kind, entry.amount).unwrap_or(balance)
    })
}

fn field(problem: &QuoteProblem) -> &'static str {
    match problem {
        QuoteProblem::BelowMinimum { .. }
        | QuoteProblem::AboveBalance
        | QuoteProblem::Policy(_)
        | QuoteProblem::Paused(_) => "amount",
        QuoteProblem::Destination(_) => "invoice",
    }
}

fn no_quote(error: QuoteError) -> Refusal {
    match error {
        QuoteError::AmountZero => Refusal::field("amount", error.to_string()),
        QuoteError::UnknownAsset(_) => Refusal::internal(&error),
        QuoteError::NodeUnavailable(_) => Refusal::node(&error),
        QuoteError::Store(error) => error.into(),
    }
}

fn refusal(error: WithdrawError) -> Refusal {
    match error {
        WithdrawError::AmountZero | WithdrawError::InsufficientFunds | WithdrawError::Policy(_) => {
            Refusal::field("amount", error.to_string())
        }
        WithdrawError::Paused(paused) => Refusal::new(StatusCode::CONFLICT, paused.to_string()),
        WithdrawError::Destination(refusal) => Refusal::field("invoice", refusal.to_string()),
        WithdrawError::UnknownAsset(_)
        | WithdrawError::IdempotencyConflict
        | WithdrawError::OtherFee { .. } => Refusal::internal(&error),
        WithdrawError::NodeUnavailable(_) => Refusal::node(&error),
        WithdrawError::Store(error) => error.into(),
    }
}
