//! Lists in pages, the newest first, and what a text names.

use super::call::{Answer, Call};
use super::error::ApiError;
use crate::rows::{self, ATTEMPT_COLUMNS, AUDIT_COLUMNS, ENTRY_COLUMNS, TIP_COLUMNS, WITHDRAWAL_COLUMNS};
use crate::rpc::params::{self, Read};
use crate::rpc::whole_units;
use crate::table::{Column, Field, Format, Table, object};
use fiber_link_core::{
    AppId, AssetId, AuditFilter, EntryFilter, EntrySource, Found, MAX_ROWS, Page, PostId, Span, TipFilter,
    TipPhase, TipState, TipUser, UserId, WithdrawalFilter, WithdrawalState,
};
use serde_json::{Value, json};
use std::fmt::Display;
use std::str::FromStr;

/// How many rows a page has unless another number is asked for.
const USUAL_PAGE: u32 = 100;

const PHASES: &[(&str, TipPhase)] =
    &[("UNPAID", TipPhase::Open), ("SETTLED", TipPhase::Settled), ("FAILED", TipPhase::Ended)];

const FORMATS: &[(&str, Format)] = &[("csv", Format::Csv), ("jsonl", Format::Jsonl)];

/// Which page: what it comes before, and how many rows it has.
struct Place<C> {
    before: Option<C>,
    limit: u32,
}

pub(super) async fn tips(call: &mut Call<'_>) -> Result<Answer, ApiError> {
    let (app, asset, created) = (app(call), asset(call), span(call));
    let phase = call.params.optional("state", params::word(PHASES));
    let state =
        call.params.optional("exactState", |value| name(value, &TipState::NAMES.map(|(name, _)| name)));
    let user = call.params.optional("userId", params::name::<UserId>);
    let payer = call.params.optional("fromUserId", params::name::<UserId>);
    let payee = call.params.optional("toUserId", params::name::<UserId>);
    let post = call.params.optional("postId", params::name::<PostId>);
    let place = place(call, "must be the id of a tip");
    let user = user.zip(payer).zip(payee).map(|((user, payer), payee)| {
        (user.map(TipUser::Either)).or(payer.map(TipUser::Payer)).or(payee.map(TipUser::Payee))
    });
    let rest = app.zip(asset).zip(created).zip(phase).zip(state).zip(user).zip(post).zip(place);
    let (((((((app, asset), created), phase), state), user), post), place) = call.read(rest)?;
    let filter = TipFilter { app, phase, state, user, post, asset, created };
    let page = call.administration.tips(&filter, place.before, place.limit).await?;
    let assets = call.api.link.assets();
    Ok(shown(&page, TIP_COLUMNS, |tip| rows::tip(assets, tip)).into())
}

pub(super) async fn withdrawals(call: &mut Call<'_>) -> Result<Answer, ApiError> {
    let (app, asset, created) = (app(call), asset(call), span(call));
    let state = call.params.optional("state", |value| name(value, &WithdrawalState::NAMES));
    let user = call.params.optional("userId", params::name::<UserId>);
    let place = place(call, "must be the id of a withdrawal");
    let rest = app.zip(asset).zip(created).zip(state).zip(user).zip(place);
    let (((((app, asset), created), state), user), place) = call.read(rest)?;
    let filter = WithdrawalFilter { app, state, user, asset, created };
    let page = call.administration.withdrawals(&filter, place.before, place.limit).await?;
    let assets = call.api.link.assets();
    Ok(shown(&page, WITHDRAWAL_COLUMNS, |withdrawal| rows::withdrawal(assets, withdrawal)).into())
}

pub(super) async fn entries(call: &mut Call<'_>) -> Result<Answer, ApiError> {
    let (app, asset, at) = (app(call), asset(call), span(call));
    let user = call.params.optional("userId", params::name::<UserId>);
    let tip = call.params.optional("tipId", |value| parsed(value, "must be the id of a tip"));
    let withdrawal =
        call.params.optional("withdrawalId", |value| parsed(value, "must be the id of a withdrawal"));
    let place = place(call, "must be the number of an entry");
    let source = tip
        .zip(withdrawal)
        .map(|(tip, withdrawal)| tip.map(EntrySource::Tip).or(withdrawal.map(EntrySource::Withdrawal)));
    let rest = app.zip(asset).zip(at).zip(user).zip(source).zip(place);
    let (((((app, asset), at), user), source), place) = call.read(rest)?;
    let filter = EntryFilter { app, user, asset, source, at };
    let page = call.administration.entries(&filter, place.before, place.limit).await?;
    let assets = call.api.link.assets();
    Ok(shown(&page, ENTRY_COLUMNS, |entry| rows::entry(assets, entry)).into())
}

/// Audit records as JSON, or one page of them as a file.
pub(super) async fn audit_records(call: &mut Call<'_>) -> Result<Answer, ApiError> {
    let (app, at) = (app(call), span(call));
    let text = |value: &Value| Ok(params::string(value)?.to_owned());
    let operator = call.params.optional("operator", text);
    let action = call.params.optional("action", text);
    let subject = call.params.optional("subject", text);
    let format = call.params.optional("format", params::word(FORMATS));
    let place = place(call, "must be the number of a record");
    let rest = app.zip(at).zip(operator).zip(action).zip(subject).zip(format).zip(place);
    let ((((((app, at), operator), action), subject), format), place) = call.read(rest)?;
    let filter = AuditFilter { app, operator, action, subject, at };
    let page = call.administration.audit_records(&filter, place.before, place.limit).await?;
    let Some(format) = format else { return Ok(shown(&page, AUDIT_COLUMNS, rows::audit_record).into()) };
    let write = || {
        let mut table = Table::begin_on(Vec::new(), format, AUDIT_COLUMNS)?;
        for record in &page.rows {
            table.row(rows::audit_record(record))?;
        }
        table.end()
    };
    let file = write().map_err(|error| ApiError::internal(&error))?;
    Ok(Answer::File(format, file, page.next))
}

/// What a text names, with what belongs to it.
pub(super) async fn find(call: &mut Call<'_>) -> Result<Answer, ApiError> {
    let app = app(call);
    let text = call.params.required("text", |value| Ok(params::string(value)?.to_owned()));
    let (app, text) = call.read(app.zip(text))?;
    let mut items = Vec::new();
    for found in call.administration.search(app.as_ref(), &text).await? {
        items.push(one(call, found).await?);
    }
    Ok(json!({ "items": items }).into())
}

async fn one(call: &Call<'_>, found: Found) -> Result<Value, ApiError> {
    let assets = call.api.link.assets();
    Ok(match found {
        Found::Tip(tip) => {
            let entries = entries_of(call, tip.terms().app.clone(), EntrySource::Tip(tip.id())).await?;
            json!({ "tip": object(&TIP_COLUMNS, rows::tip(assets, &tip)), "entries": entries })
        }
        Found::Withdrawal(withdrawal) => {
            let entries =
                entries_of(call, withdrawal.terms().app.clone(), EntrySource::Withdrawal(withdrawal.id()))
                    .await?;
            let attempts = call.administration.attempts(None, withdrawal.id()).await?;
            let attempts: Vec<_> =
                attempts.iter().map(|attempt| object(&ATTEMPT_COLUMNS, rows::attempt(attempt))).collect();
            let row = object(&WITHDRAWAL_COLUMNS, rows::withdrawal(assets, &withdrawal));
            json!({ "withdrawal": row, "attempts": attempts, "entries": entries })
        }
        Found::App(app) => json!({ "app": { "appId": app.id.as_str(), "name": app.name } }),
        Found::User { app, user, balances } => {
            let balance = |(asset, balance): &(AssetId, fiber_link_core::Balance)| {
                json!({
                    "asset": asset.as_str(),
                    "available": whole_units(assets, asset, balance.available),
                    "reserved": whole_units(assets, asset, balance.reserved),
                })
            };
            let balances: Vec<_> = balances.iter().map(balance).collect();
            json!({ "user": { "appId": app.as_str(), "userId": user.as_str(), "balances": balances } })
        }
    })
}

async fn entries_of(call: &Call<'_>, app: AppId, source: EntrySource) -> Result<Vec<Value>, ApiError> {
    let filter = EntryFilter { source: Some(source), app: Some(app), ..EntryFilter::default() };
    let page = call.administration.entries(&filter, None, MAX_ROWS).await?;
    let assets = call.api.link.assets();
    // As they happened.
    Ok(page.rows.iter().rev().map(|entry| object(&ENTRY_COLUMNS, rows::entry(assets, entry))).collect())
}

fn shown<T, C: Display, const N: usize>(
    page: &Page<T, C>,
    columns: [Column; N],
    row: impl Fn(&T) -> [Field; N],
) -> Value {
    let items: Vec<_> = page.rows.iter().map(|found| object(&columns, row(found))).collect();
    json!({ "items": items, "next": page.next.as_ref().map(ToString::to_string) })
}

fn app(call: &mut Call<'_>) -> Read<Option<AppId>> {
    call.params.optional("appId", params::name)
}

fn asset(call: &mut Call<'_>) -> Read<Option<AssetId>> {
    call.params.optional("asset", params::name)
}

fn span(call: &mut Call<'_>) -> Read<Span> {
    let from = call.params.optional("from", params::moment);
    let until = call.params.optional("until", params::moment);
    from.zip(until).map(|(from, until)| Span { from, until })
}

fn place<C: FromStr>(call: &mut Call<'_>, allowed: &str) -> Read<Place<C>> {
    let before = call.params.optional("before", |value| parsed(value, allowed));
    let limit = call.params.optional("limit", params::number_in_text(1, MAX_ROWS));
    before.zip(limit).map(|(before, limit)| Place { before, limit: limit.unwrap_or(USUAL_PAGE) })
}

fn parsed<T: FromStr>(value: &Value, allowed: &str) -> Result<T, String> {
    params::string(value)?.parse().map_err(|_| allowed.to_owned())
}

/// The stored name that the wire has in capitals.
fn name(value: &Value, names: &[&'static str]) -> Result<&'static str, String> {
    let text = params::string(value)?;
    let known = names.iter().find(|name| name.eq_ignore_ascii_case(text)).copied();
    known.ok_or_else(|| format!("must be one of {}", names.join(", ").to_ascii_uppercase()))
}
