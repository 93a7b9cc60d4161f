//! `fiber-link list`: tips, withdrawals and entries, the newest first.

use super::CommandError;
use super::operator::of_existing;
use super::pages::{PageFlags, SpanFlags, write_pages};
use crate::rows::{self, ENTRY_COLUMNS, TIP_COLUMNS, WITHDRAWAL_COLUMNS};
use crate::settings::Settings;
use crate::table::Table;
use clap::{Args, Subcommand};
use fiber_link_core::{
    AppId, AssetId, EntryFilter, EntrySource, PostId, TipFilter, TipId, TipPhase, TipState, TipUser, UserId,
    WithdrawalFilter, WithdrawalId, WithdrawalState,
};

#[derive(Debug, Subcommand)]
pub(super) enum ListCommand {
    /// Tips: id, app, time, state, exact state, amount, asset, payer, payee, post; with --format csv or
    /// jsonl also when it was settled, its message, payment hash and invoice.
    Tips(TipFlags),
    /// Withdrawals: id, app, time, state, amount, asset, user, last change, retries, last error; with
    /// --format csv or jsonl also fees, payment hash and invoice.
    Withdrawals(WithdrawalFlags),
    /// Entries of the ledger: number, time, app, user, kind, amount, asset, and what they belong to; with
    /// --format csv or jsonl also between which accounts.
    Entries(EntryFlags),
}

#[derive(Debug, Args)]
pub(super) struct TipFlags {
    /// Only those of this app.
    #[arg(long)]
    app: Option<AppId>,
    /// Only those that are `unpaid` (they may still be paid), `settled` or `failed`.
    #[arg(long, value_parser = read_phase)]
    state: Option<TipPhase>,
    /// Only those in this exact state, such as `expired`.
    #[arg(long, value_name = "STATE", value_parser = read_tip_state)]
    exact_state: Option<&'static str>,
    /// Only those that this user gave or got.
    #[arg(long, conflicts_with_all = ["payer", "payee"])]
    user: Option<UserId>,
    /// Only those that this user gave.
    #[arg(long, value_name = "USER", conflicts_with = "payee")]
    payer: Option<UserId>,
    /// Only those that this user got.
    #[arg(long, value_name = "USER")]
    payee: Option<UserId>,
    /// Only those for this post.
    #[arg(long)]
    post: Option<PostId>,
    /// Only those in this asset.
    #[arg(long)]
    asset: Option<AssetId>,
    #[command(flatten)]
    created: SpanFlags,
    /// Go on before this tip, the last one of a list.
    #[arg(long, value_name = "ID")]
    before: Option<TipId>,
    #[command(flatten)]
    page: PageFlags,
}

#[derive(Debug, Args)]
pub(super) struct WithdrawalFlags {
    /// Only those of this app.
    #[arg(long)]
    app: Option<AppId>,
    /// Only those in this state, such as `retry_pending`.
    #[arg(long, value_parser = read_withdrawal_state)]
    state: Option<&'static str>,
    /// Only those of this user.
    #[arg(long)]
    user: Option<UserId>,
    /// Only those in this asset.
    #[arg(long)]
    asset: Option<AssetId>,
    #[command(flatten)]
    created: SpanFlags,
    /// Go on before this withdrawal, the last one of a list.
    #[arg(long, value_name = "ID")]
    before: Option<WithdrawalId>,
    #[command(flatten)]
    page: PageFlags,
}

#[derive(Debug, Args)]
pub(super) struct EntryFlags {
    /// Only those of this app.
    #[arg(long)]
    app: Option<AppId>,
    /// Only those of this user.
    #[arg(long)]
    user: Option<UserId>,
    /// Only those in this asset.
    #[arg(long)]
    asset: Option<AssetId>,
    /// Only those of this tip.
    #[arg(long, value_name = "ID", conflicts_with = "withdrawal")]
    tip: Option<TipId>,
    /// Only those of this withdrawal.
    #[arg(long, value_name = "ID")]
    withdrawal: Option<WithdrawalId>,
    #[command(flatten)]
    at: SpanFlags,
    /// Go on before the entry of this number, the last one of a list.
    #[arg(long, value_name = "NUMBER")]
    before: Option<u64>,
    #[command(flatten)]
    page: PageFlags,
}

pub(super) async fn run(settings: &Settings, command: ListCommand) -> Result<(), CommandError> {
    match command {
        ListCommand::Tips(flags) => tips(settings, flags).await,
        ListCommand::Withdrawals(flags) => withdrawals(settings, flags).await,
        ListCommand::Entries(flags) => entries(settings, flags).await,
    }
}

async fn tips(settings: &Settings, flags: TipFlags) -> Result<(), CommandError> {
    let TipFlags { app, state, exact_state, user, payer, payee, post, asset, created, before, page } = flags;
    let user = (user.map(TipUser::Either)).or(payer.map(TipUser::Payer)).or(payee.map(TipUser::Payee));
    let created = created.span();
    let filter = TipFilter { app, phase: state, state: exact_state, user, post, asset, created };
    let administration = of_existing(settings).await?;
    let table = Table::begin(page.format, TIP_COLUMNS).map_err(CommandError::Output)?;
    let read = async |before, limit| administration.tips(&filter, before, limit).await;
    write_pages(table, page.limit, before, read, |tip| rows::tip(&settings.assets, tip)).await
}

async fn withdrawals(settings: &Settings, flags: WithdrawalFlags) -> Result<(), CommandError> {
    let WithdrawalFlags { app, state, user, asset, created, before, page } = flags;
    let filter = WithdrawalFilter { app, state, user, asset, created: created.span() };
    let administration = of_existing(settings).await?;
    let table = Table::begin(page.format, WITHDRAWAL_COLUMNS).map_err(CommandError::Output)?;
    let read = async |before, limit| administration.withdrawals(&filter, before, limit).await;
    write_pages(table, page.limit, before, read, |found| rows::withdrawal(&settings.assets, found)).await
}

async fn entries(settings: &Settings, flags: EntryFlags) -> Result<(), CommandError> {
    let EntryFlags { app, user, asset, tip, withdrawal, at, before, page } = flags;
    let source = tip.map(EntrySource::Tip).or(withdrawal.map(EntrySource::Withdrawal));
    let filter = EntryFilter { app, user, asset, source, at: at.span() };
    let administration = of_existing(settings).await?;
    let table = Table::begin(page.format, ENTRY_COLUMNS).map_err(CommandError::Output)?;
    let read = async |before, limit| administration.entries(&filter, before, limit).await;
    write_pages(table, page.limit, before, read, |entry| rows::entry(&settings.assets, entry)).await
}

fn read_phase(text: &str) -> Result<TipPhase, String> {
    match text.to_ascii_lowercase().as_str() {
        "unpaid" => Ok(TipPhase::Open),
        "settled" => Ok(TipPhase::Settled),
        "failed" => Ok(TipPhase::Ended),
        _ => Err("allowed are `unpaid`, `settled` and `failed`; see --exact-state for others".to_owned()),
    }
}

fn read_tip_state(text: &str) -> Result<&'static str, String> {
    read_name(text, &TipState::NAMES.map(|(name, _)| name))
}

fn read_withdrawal_state(text: &str) -> Result<&'static str, String> {
    read_name(text, &WithdrawalState::NAMES)
}

fn read_name(text: &str, names: &[&'static str]) -> Result<&'static str, String> {
    let known = names.iter().find(|name| name.eq_ignore_ascii_case(text));
    known.copied().ok_or_else(|| format!("allowed are {}", names.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_are_read_in_the_words_of_the_wire_and_of_the_store() {
        assert_eq!(read_phase("FAILED"), Ok(TipPhase::Ended));
        assert_eq!(read_tip_state("EXPIRED"), Ok("expired"));
        assert_eq!(read_withdrawal_state("retry_pending"), Ok("retry_pending"));
        assert!(read_phase("expired").unwrap_err().contains("--exact-state"));
        assert!(read_withdrawal_state("done").unwrap_err().contains("liquidity_pending, pending"));
    }
}
