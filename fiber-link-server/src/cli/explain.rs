//! `fiber-link explain`: the story of one tip or withdrawal.

use super::CommandError;
use super::node::ask_node;
use super::operator::of_existing;
use crate::settings::{NodeKind, Settings};
use clap::Args;
use fiber_link_core::Explanation;
use std::process::ExitCode;
use uuid::Uuid;

#[derive(Debug, Args)]
pub(super) struct ExplainFlags {
    /// The id of a tip or a withdrawal; `find` finds it by invoice, payment hash or user.
    id: Uuid,
}

pub(super) async fn run(settings: &Settings, flags: ExplainFlags) -> Result<ExitCode, CommandError> {
    let administration = of_existing(settings).await?;
    // A simulated node lives inside its server, which has the same story at `/admin/v1/explain`.
    let node = match &settings.node {
        Some(NodeKind::Fnn(url)) => Some(ask_node(settings, url)?),
        Some(NodeKind::Simulated) | None => None,
    };
    let node = node.as_ref().map(|node| node as &dyn fiber_link_core::FiberNode);
    let Some(explanation) = administration.explain(flags.id, node, &settings.assets).await? else {
        eprintln!("there is no tip or withdrawal {}", flags.id);
        return Ok(ExitCode::from(1));
    };
    print(&explanation);
    Ok(ExitCode::SUCCESS)
}

fn print(explanation: &Explanation) {
    let one_line =
        |text: &str| -> String { text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect() };
    println!("{}", one_line(&explanation.headline));
    println!("\nWhat happened:");
    for happening in &explanation.story {
        println!("  {}  {}", happening.at, one_line(&happening.what));
    }
    println!("\nWhat the node says:");
    for line in &explanation.node {
        println!("  {}", one_line(line));
    }
    println!("\nWhat comes next:\n  {}", one_line(&explanation.next));
    println!("\nWhat you may safely do:");
    for line in &explanation.safe {
        println!("  {}", one_line(line));
    }
}
