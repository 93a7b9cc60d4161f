//! `fiber-link release`: the funds of a payment without an end.

use super::CommandError;
use super::node::ask_node;
use super::operator::{ReasonFlag, of_existing};
use crate::settings::{NodeKind, Settings};
use clap::Args;
use fiber_link_core::{RELEASED_BY, WithdrawalId};

#[derive(Debug, Args)]
pub(super) struct ReleaseFlags {
    /// The withdrawal.
    withdrawal: WithdrawalId,
    #[command(flatten)]
    why: ReasonFlag,
}

pub(super) async fn run(settings: &Settings, flags: ReleaseFlags) -> Result<(), CommandError> {
    let administration = of_existing(settings).await?;
    let url = match settings.needed_node()? {
        NodeKind::Fnn(url) => url,
        NodeKind::Simulated => return Err(CommandError::SimulatedNode),
    };
    let node = ask_node(settings, url)?;
    let release = administration.release_withdrawal(flags.withdrawal, &node, &flags.why.reason).await?;
    let agreed: Vec<_> = release.approvals.iter().map(|approval| approval.name.as_str()).collect();
    println!("{}\t{} of {RELEASED_BY} agreed\t{}", release.withdrawal, agreed.len(), agreed.join(", "));
    Ok(())
}
