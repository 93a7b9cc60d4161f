//! `fiber-link node`: looking at the Fiber node, and deciding about it.

use super::CommandError;
use super::operator::{ReasonFlag, of_existing};
use crate::settings::{NodeKind, Settings};
use crate::{node, store};
use clap::{Args, Subcommand};
use fiber_link_core::fnn::{FnnNode, NodeUrl};
use fiber_link_core::{AcceptNodeError, Action, FiberNode, NodeInfo, NodeSupport, Reason};

#[derive(Debug, Subcommand)]
pub(super) enum NodeCommand {
    /// Show the node at --node: its key, version and network, and what it can send and receive.
    /// With --store, also whether it is the node of that store.
    Info,
    /// Make the node at --node the one of --store from now on: after an exchange, or after the node
    /// lost a part of its memory. Only for a node before that will not come back.
    ///
    /// Tips of the node before are no longer settled. Withdrawals that were sent through it and have
    /// no outcome yet stay reserved, because no other node can prove that they were not paid. A
    /// running server takes notice within seconds.
    Accept(Accept),
}

#[derive(Debug, Args)]
pub(super) struct Accept {
    #[command(flatten)]
    why: ReasonFlag,
}

pub(super) async fn run(settings: &Settings, command: NodeCommand) -> Result<(), CommandError> {
    let url = match settings.needed_node()? {
        NodeKind::Fnn(url) => url,
        NodeKind::Simulated => return Err(CommandError::SimulatedNode),
    };
    let node = ask_node(settings, url)?;
    match command {
        NodeCommand::Info => {
            let info = node.info().await.map_err(CommandError::Node)?;
            show(settings, &node, &info).await
        }
        NodeCommand::Accept(Accept { why }) => accept(settings, &node, &why.reason).await,
    }
}

/// The node at `url`, to be asked.
pub(super) fn ask_node(settings: &Settings, url: &NodeUrl) -> Result<FnnNode, CommandError> {
    Ok(FnnNode::new(node::options(settings, url)?).map_err(crate::service::ServiceError::from)?)
}

async fn show(settings: &Settings, node: &FnnNode, info: &NodeInfo) -> Result<(), CommandError> {
    let support = match info.support {
        NodeSupport::Tested => "tested",
        NodeSupport::Untested => "not tested: a server takes tips and pays nothing through it",
    };
    println!("node\t{}", info.key);
    println!("version\t{}\t{support}", info.version);
    println!("network\t{}", info.network);
    for asset in settings.assets.iter() {
        if info.unlisted.contains(&asset.id) {
            println!("asset\t{}\tnot in the node's list: a server does not start with it", asset.id);
            continue;
        }
        let liquidity = node.liquidity(asset).await.map_err(CommandError::Node)?;
        let (send, receive) = (asset.format(liquidity.outbound), asset.format(liquidity.inbound));
        println!("asset\t{}\tcan send {send}\tcan receive {receive}", asset.id);
    }
    match node.payments(None, 1).await {
        Ok(_) => println!("payments\tallowed"),
        Err(error) => println!("payments\tnot allowed: {error}"),
    }
    if settings.store.is_some() {
        let hub = store::open_existing(settings.needed_store()?).await?.find_hub().await?;
        let standing = match hub {
            None => "has no node yet: it takes the first one that it is started with".to_owned(),
            Some(hub) if hub.network != info.network => format!("is on {}: never this node", hub.network),
            Some(hub) if hub.node != info.key => format!("works with another node, {}", hub.node),
            Some(_) => "works with this node".to_owned(),
        };
        println!("store\t{standing}");
    }
    Ok(())
}

async fn accept(settings: &Settings, node: &FnnNode, reason: &Reason) -> Result<(), CommandError> {
    let administration = of_existing(settings).await?;
    // Who may not need not wait for the node.
    administration.authority().require(Action::AcceptNode, None).map_err(AcceptNodeError::from)?;
    let info = node.info().await.map_err(CommandError::Node)?;
    let before = store::open_existing(settings.needed_store()?).await?.find_hub().await?;
    let hub = administration.accept_node(&info, reason).await?;
    if let Some(before) = before {
        println!("node before\t{}", before.node);
    }
    println!("node\t{}", hub.node);
    Ok(())
}
