//! `dashboard.summary`: what a user has and got, and what an app's administrators see.

use super::error::RpcError;
use super::params::{self, Params};
use super::tips::{whole_units, wire_state};
use crate::rows::Course;
use crate::wire_time;
use fiber_link_core::{
    Amount, AppId, AssetId, Balance, FiberLink, MAX_ROWS, StoreError, Summary, Tip, TipPhase, UserId,
    Withdrawal,
};
use futures_util::future::try_join5;
use serde::Serialize;
use std::cmp::Reverse;

/// The most rows of each list for administrators.
const ADMIN_ROWS: u32 = 40;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Dashboard {
    balance: String,
    balances: MainBalance,
    balances_by_asset: Vec<AssetBalance>,
    stats: Stats,
    tips: Vec<TipRow>,
    #[serde(skip_serializing_if = "Option::is_none")]
    admin: Option<Admin>,
    generated_at: String,
}

/// The balance that the earlier service knew: in CKB.
#[derive(Serialize)]
struct MainBalance {
    available: String,
    pending: String,
    locked: String,
    asset: String,
}

#[derive(Serialize)]
struct AssetBalance {
    asset: String,
    available: String,
    reserved: String,
    pending: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Stats {
    pending_count: u32,
    completed_count: u32,
    failed_count: u32,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TipRow {
    id: String,
    invoice: String,
    post_id: String,
    amount: String,
    asset: String,
    state: &'static str,
    exact_state: String,
    direction: &'static str,
    counterparty_user_id: Option<String>,
    message: Option<String>,
    anonymous: bool,
    created_at: String,
    settled_at: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Admin {
    filters_applied: FiltersApplied,
    apps: Vec<AppRow>,
    withdrawals: Vec<WithdrawalRow>,
    settlements: Vec<SettlementRow>,
    pipeline_board: PipelineBoard,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct FiltersApplied {
    withdrawal_state: &'static str,
    settlement_state: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AppRow {
    app_id: String,
    created_at: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WithdrawalRow {
    id: String,
    user_id: String,
    asset: String,
    amount: String,
    state: String,
    retry_count: u32,
    created_at: String,
    updated_at: String,
    tx_hash: Option<String>,
    next_retry_at: Option<String>,
    last_error: Option<String>,
    network_fee_limit: String,
    network_fee: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SettlementRow {
    id: String,
    invoice: String,
    from_user_id: String,
    to_user_id: String,
    anonymous: bool,
    state: &'static str,
    exact_state: String,
    retry_count: u32,
    created_at: String,
    settled_at: Option<String>,
    next_retry_at: Option<String>,
    last_checked_at: Option<String>,
    last_error: Option<String>,
    failure_reason: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PipelineBoard {
    stage_counts: Vec<StageCount>,
    invoice_rows: Vec<InvoiceRow>,
}

#[derive(Serialize)]
struct StageCount {
    stage: &'static str,
    count: usize,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct InvoiceRow {
    invoice: String,
    state: &'static str,
    amount: String,
    asset: String,
    from_user_id: String,
    to_user_id: String,
    anonymous: bool,
    created_at: String,
    timeline_href: String,
}

/// A word for a filter and what it means; `None` is all.
type Filter<T> = (&'static str, Option<T>);

const WITHDRAWAL_FILTERS: [Filter<&'static str>; 10] = [
    ("ALL", None),
    ("AWAITING_REVIEW", Some("awaiting_review")),
    ("LIQUIDITY_PENDING", Some("liquidity_pending")),
    ("PENDING", Some("pending")),
    ("PROCESSING", Some("processing")),
    ("RETRY_PENDING", Some("retry_pending")),
    ("COMPLETED", Some("completed")),
    ("RELEASED", Some("released")),
    ("PAID_AFTER_RELEASE", Some("paid_after_release")),
    ("FAILED", Some("failed")),
];

const SETTLEMENT_FILTERS: [Filter<TipPhase>; 4] = [
    ("ALL", None),
    ("UNPAID", Some(TipPhase::Open)),
    ("SETTLED", Some(TipPhase::Settled)),
    ("FAILED", Some(TipPhase::Ended)),
];

pub(super) struct Request {
    user: UserId,
    limit: u32,
    include_admin: bool,
    withdrawals: Filter<&'static str>,
    settlements: Filter<TipPhase>,
}

pub(super) async fn summary(link: &FiberLink, app: &AppId, params: &str) -> Result<Dashboard, RpcError> {
    let request = Request::read(params)?;
    let internal = |error: StoreError| RpcError::internal(&error);
    let summary = link.summary(app, &request.user, request.limit).await.map_err(internal)?;
    let admin = match request.include_admin {
        true => Some(admin(link, app, &request).await.map_err(internal)?),
        false => None,
    };
    let balances_by_asset = balances_by_asset(link, &summary);
    let main = main_balance(link, &summary);
    Ok(Dashboard {
        balance: main.available.clone(),
        balances: main,
        balances_by_asset,
        stats: Stats {
            pending_count: summary.totals.open,
            completed_count: summary.totals.settled,
            failed_count: summary.totals.ended,
        },
        tips: summary.tips.iter().filter_map(|tip| tip_row(link, &request.user, tip)).collect(),
        admin,
        generated_at: wire_time::format(link.clock().now()),
    })
}

impl Request {
    pub(super) fn read(params: &str) -> Result<Self, RpcError> {
        let mut params = Params::read(params)?;
        let user = params.required("userId", params::name);
        let limit = params.optional("limit", params::whole_number(1, 50));
        let include_admin = params.optional("includeAdmin", params::boolean);
        let filters = read_filters(&mut params);
        match (user, limit, include_admin, filters) {
            (Some(user), Some(limit), Some(include_admin), Some((withdrawals, settlements))) => Ok(Self {
                user,
                limit: limit.unwrap_or(20),
                include_admin: include_admin.unwrap_or(false),
                withdrawals,
                settlements,
            }),
            _ => Err(params.refusal().into()),
        }
    }
}

fn read_filters(params: &mut Params) -> params::Read<(Filter<&'static str>, Filter<TipPhase>)> {
    const ALL: (Filter<&'static str>, Filter<TipPhase>) = (("ALL", None), ("ALL", None));
    let Ok(filters) = params.open("filters") else {
        params.wrong("filters", "must be an object with withdrawalState and settlementState");
        return None;
    };
    let Some(mut filters) = filters else { return Some(ALL) };
    let withdrawals = WITHDRAWAL_FILTERS.map(|filter| (filter.0, filter));
    let settlements = SETTLEMENT_FILTERS.map(|filter| (filter.0, filter));
    let withdrawal = filters.optional("withdrawalState", params::word(&withdrawals));
    let settlement = filters.optional("settlementState", params::word(&settlements));
    params.close("filters", filters);
    Some((withdrawal?.unwrap_or(ALL.0), settlement?.unwrap_or(ALL.1)))
}

fn main_balance(link: &FiberLink, summary: &Summary) -> MainBalance {
    let asset = AssetId::ckb();
    let (balance, pending) = of_asset(summary, &asset);
    let whole = |amount| super::whole_units(link.assets(), &asset, amount);
    MainBalance {
        available: whole(balance.available),
        pending: whole(pending),
        locked: whole(balance.reserved),
        asset: asset.to_string(),
    }
}

/// Every asset that is accepted, and every one that the user has.
fn balances_by_asset(link: &FiberLink, summary: &Summary) -> Vec<AssetBalance> {
    let mut assets: Vec<_> = link.assets().iter().map(|asset| &asset.id).collect();
    let moved = summary.balances.iter().map(|(asset, _)| asset);
    assets.extend(moved.chain(summary.totals.pending.iter().map(|(asset, _)| asset)));
    assets.sort_unstable();
    assets.dedup();
    let row = |asset: &AssetId| {
        let (balance, pending) = of_asset(summary, asset);
        let whole = |amount| super::whole_units(link.assets(), asset, amount);
        AssetBalance {
            asset: asset.to_string(),
            available: whole(balance.available),
            reserved: whole(balance.reserved),
            pending: whole(pending),
        }
    };
    assets.into_iter().map(row).collect()
}

fn of_asset(summary: &Summary, asset: &AssetId) -> (Balance, Amount) {
    let balance = summary.balances.iter().find(|(id, _)| id == asset).map(|(_, balance)| *balance);
    let pending = summary.totals.pending.iter().find(|(id, _)| id == asset).map(|(_, amount)| *amount);
    (balance.unwrap_or_default(), pending.unwrap_or_default())
}

/// A tip without an invoice was shown to nobody, and is not shown here either.
fn tip_row(link: &FiberLink, user: &UserId, tip: &Tip) -> Option<TipRow> {
    let terms = tip.terms();
    let (direction, counterparty) = if terms.to_user == *user {
        ("IN", Some(&terms.from_user).filter(|_| !terms.anonymous))
    } else {
        ("OUT", Some(&terms.to_user))
    };
    Some(TipRow {
        id: tip.id().to_string(),
        invoice: tip.invoice()?.encoded.clone(),
        post_id: terms.post.to_string(),
        amount: whole_units(link, tip),
        asset: terms.asset.to_string(),
        state: wire_state(tip.state().phase()),
        exact_state: tip.state().as_str().to_ascii_uppercase(),
        direction,
        counterparty_user_id: counterparty.map(ToString::to_string),
        message: terms.message.clone(),
        anonymous: terms.anonymous,
        created_at: wire_time::format(tip.created_at()),
        settled_at: tip.settled_at().map(wire_time::format),
    })
}

async fn admin(link: &FiberLink, app: &AppId, request: &Request) -> Result<Admin, StoreError> {
    let of_phase = |phase| link.tips_of_app(app, Some(phase), MAX_ROWS);
    let (registered, withdrawals, open, settled, ended) = try_join5(
        link.find_app(app),
        link.withdrawals_of_app(app, request.withdrawals.1, ADMIN_ROWS),
        of_phase(TipPhase::Open),
        of_phase(TipPhase::Settled),
        of_phase(TipPhase::Ended),
    )
    .await?;
    let tips = [(TipPhase::Open, open), (TipPhase::Settled, settled), (TipPhase::Ended, ended)];
    let wanted = request.settlements.1;
    Ok(Admin {
        filters_applied: FiltersApplied {
            withdrawal_state: request.withdrawals.0,
            settlement_state: request.settlements.0,
        },
        apps: registered
            .map(|app| AppRow { app_id: app.id.to_string(), created_at: wire_time::format(app.created_at) })
            .into_iter()
            .collect(),
        withdrawals: withdrawals.iter().map(|withdrawal| withdrawal_row(link, withdrawal)).collect(),
        settlements: newest(&tips, wanted).into_iter().filter_map(settlement_row).collect(),
        pipeline_board: PipelineBoard {
            stage_counts: tips
                .iter()
                .map(|(phase, tips)| StageCount { stage: wire_state(*phase), count: tips.len() })
                .collect(),
            invoice_rows: newest(&tips, None).into_iter().filter_map(|tip| invoice_row(link, tip)).collect(),
        },
    })
}

/// The newest tips, of one phase or of all.
fn newest(tips: &[(TipPhase, Vec<Tip>)], wanted: Option<TipPhase>) -> Vec<&Tip> {
    let of_phase = tips.iter().filter(|(phase, _)| wanted.is_none_or(|wanted| wanted == *phase));
    let mut rows: Vec<_> = of_phase.flat_map(|(_, tips)| tips).collect();
    rows.sort_unstable_by_key(|tip| Reverse((tip.created_at(), tip.id())));
    rows.truncate(usize::try_from(ADMIN_ROWS).unwrap_or(usize::MAX));
    rows
}

fn withdrawal_row(link: &FiberLink, withdrawal: &Withdrawal) -> WithdrawalRow {
    let terms = withdrawal.terms();
    let whole = |amount| super::whole_units(link.assets(), &terms.asset, amount);
    let course = Course::of(withdrawal);
    WithdrawalRow {
        id: withdrawal.id().to_string(),
        user_id: terms.user.to_string(),
        asset: terms.asset.to_string(),
        amount: whole(terms.amount),
        state: withdrawal.state().as_str().to_ascii_uppercase(),
        retry_count: withdrawal.attempts().saturating_sub(1),
        created_at: wire_time::format(withdrawal.created_at()),
        updated_at: wire_time::format(withdrawal.updated_at()),
        tx_hash: None,
        next_retry_at: course.next_retry_at.map(wire_time::format),
        last_error: course.reason.map(str::to_owned),
        network_fee_limit: whole(terms.fee_limit),
        network_fee: course.fee.map(whole),
    }
}

fn settlement_row(tip: &Tip) -> Option<SettlementRow> {
    let (terms, phase) = (tip.terms(), tip.state().phase());
    let exact_state = tip.state().as_str().to_ascii_uppercase();
    Some(SettlementRow {
        id: tip.id().to_string(),
        invoice: tip.invoice()?.encoded.clone(),
        from_user_id: terms.from_user.to_string(),
        to_user_id: terms.to_user.to_string(),
        anonymous: terms.anonymous,
        state: wire_state(phase),
        failure_reason: (phase == TipPhase::Ended).then(|| exact_state.clone()),
        exact_state,
        retry_count: 0,
        created_at: wire_time::format(tip.created_at()),
        settled_at: tip.settled_at().map(wire_time::format),
        next_retry_at: None,
        last_checked_at: None,
        last_error: None,
    })
}

fn invoice_row(link: &FiberLink, tip: &Tip) -> Option<InvoiceRow> {
    let (terms, invoice) = (tip.terms(), &tip.invoice()?.encoded);
    Some(InvoiceRow {
        invoice: invoice.clone(),
        state: wire_state(tip.state().phase()),
        amount: whole_units(link, tip),
        asset: terms.asset.to_string(),
        from_user_id: terms.from_user.to_string(),
        to_user_id: terms.to_user.to_string(),
        anonymous: terms.anonymous,
        created_at: wire_time::format(tip.created_at()),
        // The characters of an invoice are letters and digits.
        timeline_href: format!("/fiber-link/timeline/{invoice}"),
    })
}
