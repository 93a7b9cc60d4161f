//! `fiber-link node-stub`: the stub as a process of its own.

use super::{StartStubError, StubOptions, Token, start};
use crate::data_folder::{DataFolder, DataFolderError};
use crate::settings::{Settings, SettingsError};
use fiber_link_core::SystemClock;
use fiber_link_core::simulated::{OpenSimulatedNodeError, SimulatedNode, SimulatedNodeOptions};
use std::io;
use std::sync::Arc;
use tokio::signal::unix::{SignalKind, signal};

/// What can be said to the stub alone.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct NodeStubFlags {
    /// A token that is accepted, and its rights: `invoices,node.read:some-text`. May be repeated;
    /// without any, nobody is asked for a token.
    #[arg(long = "token", value_name = "RIGHTS:TEXT")]
    tokens: Vec<Token>,
    /// Leave out the module for subscriptions, as fnn does by default.
    #[arg(long)]
    no_subscriptions: bool,
}

/// Why the stub did not start, or ended.
#[derive(Debug, thiserror::Error)]
pub enum NodeStubError {
    /// A setting is missing.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// The data folder was not taken.
    #[error(transparent)]
    DataFolder(#[from] DataFolderError),
    /// The simulated node did not start.
    #[error("cannot start the stub node")]
    Node(#[from] OpenSimulatedNodeError),
    /// It was not served.
    #[error(transparent)]
    Start(#[from] StartStubError),
    /// The operating system does not tell about signals.
    #[error("cannot wait for signals")]
    Signals(#[source] io::Error),
    /// Its port was lost in a restart.
    #[error("the stub node cannot be served any more")]
    Ended(#[source] io::Error),
}

/// Serves a stub until the process is asked to end. Prints the address.
///
/// # Errors
/// [`NodeStubError`] says what was in the way.
pub async fn run(settings: &Settings, flags: NodeStubFlags) -> Result<(), NodeStubError> {
    let mut interrupts = signal(SignalKind::interrupt()).map_err(NodeStubError::Signals)?;
    let mut terminations = signal(SignalKind::terminate()).map_err(NodeStubError::Signals)?;
    let data = settings.needed_data()?;
    let path = data.join("simulated-node.jsonl");
    let _folder = DataFolder::take(data)?;
    let node = Arc::new(SimulatedNode::open(SimulatedNodeOptions {
        path: Some(path),
        network: settings.network,
        assets: settings.assets.clone(),
        clock: Arc::new(SystemClock),
    })?);
    let options =
        StubOptions { listen: settings.listen, tokens: flags.tokens, subscriptions: !flags.no_subscriptions };
    let mut stub = start(node, options).await?;
    println!("the stub node listens on {}", stub.url());
    tokio::select! {
        _ = interrupts.recv() => Ok(()),
        _ = terminations.recv() => Ok(()),
        ended = stub.ended() => ended.map_err(NodeStubError::Ended),
    }
}
