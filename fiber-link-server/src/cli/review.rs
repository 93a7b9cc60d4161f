//! `fiber-link review`: withdrawals that people look at before they are paid.

use super::CommandError;
use super::operator::{ReasonFlag, of_existing};
use crate::settings::Settings;
use crate::wire_time;
use clap::{Args, Subcommand};
use fiber_link_core::{Administration, AppId, MAX_ROWS, Reviewed, WithdrawalId};

#[derive(Debug, Subcommand)]
pub(super) enum ReviewCommand {
    /// List withdrawals that await review, those of each app from the newest: id, app, user, amount, when it
    /// was requested, why it waits, approvals of how many, and who said what.
    List(List),
    /// Approve a withdrawal: with the last approval that it needs it will be paid. Takes an administrator.
    Approve(Verdict),
    /// Reject a withdrawal: its funds return once the node has said that it paid nothing. Takes an
    /// administrator.
    Reject(Verdict),
}

#[derive(Debug, Args)]
pub(super) struct List {
    /// Of this app alone.
    #[arg(long)]
    app: Option<AppId>,
}

#[derive(Debug, Args)]
pub(super) struct Verdict {
    /// The withdrawal.
    withdrawal: WithdrawalId,
    #[command(flatten)]
    why: ReasonFlag,
}

pub(super) async fn run(settings: &Settings, command: ReviewCommand) -> Result<(), CommandError> {
    let administration = of_existing(settings).await?;
    match command {
        ReviewCommand::List(List { app: Some(app) }) => list(settings, &administration, &app).await,
        ReviewCommand::List(List { app: None }) => list_all(settings, &administration).await,
        ReviewCommand::Approve(Verdict { withdrawal, why }) => {
            show(settings, &administration.approve_withdrawal(withdrawal, &why.reason).await?);
            Ok(())
        }
        ReviewCommand::Reject(Verdict { withdrawal, why }) => {
            show(settings, &administration.reject_withdrawal(withdrawal, &why.reason).await?);
            Ok(())
        }
    }
}

async fn list_all(settings: &Settings, administration: &Administration) -> Result<(), CommandError> {
    let mut after = None;
    loop {
        let apps = administration.apps(after.take(), MAX_ROWS).await?;
        for app in &apps {
            list(settings, administration, &app.id).await?;
        }
        match apps.into_iter().last() {
            Some(last) => after = Some(last.id),
            None => return Ok(()),
        }
    }
}

async fn list(settings: &Settings, administration: &Administration, app: &AppId) -> Result<(), CommandError> {
    for reviewed in administration.reviews(app, MAX_ROWS).await? {
        show(settings, &reviewed);
    }
    Ok(())
}

fn show(settings: &Settings, Reviewed { withdrawal, review }: &Reviewed) {
    let terms = withdrawal.terms();
    let amount = match settings.assets.find(&terms.asset) {
        Some(asset) => asset.format(terms.amount),
        None => format!("{} base units", terms.amount),
    };
    let requested = wire_time::format(withdrawal.created_at());
    let reasons: Vec<_> = review.reasons.iter().map(|reason| reason.as_str()).collect();
    let approvals = format!("{} of {}", review.approvals.len(), review.needed);
    let approved = review.approvals.iter().map(|verdict| ("approved by", verdict));
    let said = approved.chain(review.rejection.iter().map(|verdict| ("rejected by", verdict)));
    let said: Vec<_> = said.map(|(what, said)| format!("{what} {}: {}", said.name, said.reason)).collect();
    println!(
        "{}\t{}\t{}\t{amount} {}\t{requested}\t{}\t{approvals}\t{}\t{}",
        withdrawal.id(),
        terms.app,
        terms.user,
        terms.asset,
        reasons.join(", "),
        withdrawal.state().as_str(),
        said.join("; "),
    );
}
