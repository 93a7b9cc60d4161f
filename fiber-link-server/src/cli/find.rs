//! `fiber-link find`: what a text names, with what belongs to it.

use super::CommandError;
use super::operator::of_existing;
use crate::rows::{self, ATTEMPT_COLUMNS, ENTRY_COLUMNS, TIP_COLUMNS, WITHDRAWAL_COLUMNS};
use crate::rpc::whole_units;
use crate::settings::Settings;
use crate::table::{Column, Field, Format, Table};
use clap::Args;
use fiber_link_core::{
    Administration, App, AppId, AssetId, Balance, EntryFilter, EntrySource, Found, MAX_ROWS, UserId,
};
use std::process::ExitCode;

#[derive(Debug, Args)]
pub(super) struct FindFlags {
    /// An id, an invoice, a payment hash, a user or an app.
    text: String,
    /// Only what belongs to this app.
    #[arg(long)]
    app: Option<AppId>,
    /// How it is written.
    #[arg(long, default_value = "text", value_parser = read_format)]
    format: Format,
}

const APP_COLUMNS: [Column; 3] = [Column::shown("id"), Column::shown("state"), Column::shown("name")];

const BALANCE_COLUMNS: [Column; 5] = [
    Column::shown("appId"),
    Column::shown("userId"),
    Column::shown("asset"),
    Column::shown("available"),
    Column::shown("reserved"),
];

pub(super) async fn run(settings: &Settings, flags: FindFlags) -> Result<ExitCode, CommandError> {
    let administration = of_existing(settings).await?;
    let found = administration.search(flags.app.as_ref(), &flags.text).await?;
    for found in &found {
        match found {
            Found::Tip(tip) => {
                one(flags.format, "tip", TIP_COLUMNS, [rows::tip(&settings.assets, tip)])?;
                let (app, source) = (tip.terms().app.clone(), EntrySource::Tip(tip.id()));
                entries(settings, &administration, flags.format, app, source).await?;
            }
            Found::Withdrawal(withdrawal) => {
                let row = rows::withdrawal(&settings.assets, withdrawal);
                one(flags.format, "withdrawal", WITHDRAWAL_COLUMNS, [row])?;
                let attempts = administration.attempts(None, withdrawal.id()).await?;
                one(flags.format, "attempt", ATTEMPT_COLUMNS, attempts.iter().map(rows::attempt))?;
                let (app, source) =
                    (withdrawal.terms().app.clone(), EntrySource::Withdrawal(withdrawal.id()));
                entries(settings, &administration, flags.format, app, source).await?;
            }
            Found::App(app) => one(flags.format, "app", APP_COLUMNS, [app_row(app)])?,
            Found::User { app, user, balances } => {
                let row = |of: &(AssetId, Balance)| balance_row(settings, app, user, of);
                match balances.as_slice() {
                    [] => one(flags.format, "user", BALANCE_COLUMNS, [no_balance(app, user)])?,
                    balances => one(flags.format, "user", BALANCE_COLUMNS, balances.iter().map(row))?,
                }
            }
        }
    }
    if found.is_empty() {
        eprintln!("nothing is called that");
        return Ok(ExitCode::from(1));
    }
    Ok(ExitCode::SUCCESS)
}

/// Rows of one kind, which each begins with.
fn one<const N: usize>(
    format: Format,
    kind: &'static str,
    columns: [Column; N],
    rows: impl IntoIterator<Item = [Field; N]>,
) -> Result<(), CommandError> {
    let write = || {
        let mut table = Table::of_kind(format, kind, columns)?;
        for row in rows {
            table.row(row)?;
        }
        table.end().map(drop)
    };
    write().map_err(CommandError::Output)
}

async fn entries(
    settings: &Settings,
    administration: &Administration,
    format: Format,
    app: AppId,
    source: EntrySource,
) -> Result<(), CommandError> {
    let filter = EntryFilter { source: Some(source), app: Some(app), ..EntryFilter::default() };
    let page = administration.entries(&filter, None, MAX_ROWS).await?;
    // As they happened.
    let rows = page.rows.iter().rev().map(|entry| rows::entry(&settings.assets, entry));
    one(format, "entry", ENTRY_COLUMNS, rows)
}

fn app_row(app: &App) -> [Field; 3] {
    [Field::text(&app.id), Field::text(&app.state.as_str()), Field::text(&app.name)]
}

fn balance_row(
    settings: &Settings,
    app: &AppId,
    user: &UserId,
    (asset, balance): &(AssetId, Balance),
) -> [Field; 5] {
    let whole = |amount| Field::Text(whole_units(&settings.assets, asset, amount));
    let [app, user, name] = [Field::text(&app), Field::text(&user), Field::text(&asset)];
    [app, user, name, whole(balance.available), whole(balance.reserved)]
}

fn no_balance(app: &AppId, user: &UserId) -> [Field; 5] {
    [Field::text(&app), Field::text(&user), Field::Nothing, Field::Nothing, Field::Nothing]
}

/// Rows of several kinds have no columns in common.
fn read_format(text: &str) -> Result<Format, String> {
    match text {
        "text" => Ok(Format::Text),
        "jsonl" => Ok(Format::Jsonl),
        _ => Err("allowed are `text` and `jsonl`".to_owned()),
    }
}
