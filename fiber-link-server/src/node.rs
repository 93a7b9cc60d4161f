//! The node that the settings name.

use crate::service::ServiceError;
use crate::settings::{NodeKind, Settings};
use crate::stub::{self, Stub, StubOptions};
use fiber_link_core::fnn::{Access, FnnNode, FnnOptions, NodeUrl};
use fiber_link_core::simulated::{SimulatedNode, SimulatedNodeOptions};
use fiber_link_core::{FiberNode, Payouts, SystemClock};
use std::sync::Arc;

/// A node, and what it is good for.
#[derive(Debug)]
pub(crate) enum Node {
    /// One without a network, in this process and yet spoken to as a real one.
    Simulated {
        /// What it does.
        engine: Arc<SimulatedNode>,
        /// How it is spoken to.
        client: Arc<FnnNode>,
        // Served as long as it is here.
        _stub: Stub,
    },
    /// A real one.
    Fnn {
        /// How it is spoken to.
        client: Arc<FnnNode>,
        /// Whether it may be asked to pay.
        payouts: Payouts,
    },
}

impl Node {
    /// Starts the simulated node, or prepares to speak to a real one.
    pub(crate) async fn open(settings: &Settings) -> Result<Self, ServiceError> {
        match settings.needed_node()? {
            NodeKind::Simulated => {
                let engine = SimulatedNode::open(SimulatedNodeOptions {
                    path: Some(settings.needed_data()?.join("simulated-node.jsonl")),
                    network: settings.network,
                    assets: settings.assets.clone(),
                    clock: Arc::new(SystemClock),
                })?;
                let engine = Arc::new(engine);
                let stub = stub::start(engine.clone(), StubOptions::default()).await?;
                let url = stub.url().parse().map_err(ServiceError::StubAddress)?;
                let client = Arc::new(FnnNode::new(options(settings, &url)?)?);
                Ok(Self::Simulated { engine, client, _stub: stub })
            }
            NodeKind::Fnn(url) => {
                let options = options(settings, url)?;
                let payouts = match options.access {
                    Access::Open | Access::InvoicesAndPayments { .. } => Payouts::Here,
                    Access::Invoices(_) => Payouts::Elsewhere,
                };
                Ok(Self::Fnn { client: Arc::new(FnnNode::new(options)?), payouts })
            }
        }
    }

    /// The node.
    pub(crate) fn client(&self) -> Arc<dyn FiberNode> {
        match self {
            Self::Simulated { client, .. } | Self::Fnn { client, .. } => client.clone(),
        }
    }

    /// Whether it may be asked to pay.
    pub(crate) fn payouts(&self) -> Payouts {
        match self {
            Self::Simulated { .. } => Payouts::Here,
            Self::Fnn { payouts, .. } => *payouts,
        }
    }
}

/// How to speak to the real node at `url`.
pub(crate) fn options(settings: &Settings, url: &NodeUrl) -> Result<FnnOptions, ServiceError> {
    Ok(FnnOptions {
        access: settings.node_tokens.read()?,
        assets: settings.assets.clone(),
        timeout: settings.node_timeout,
        read_timeout: settings.node_timeout,
        hints: settings.node_hints.clone(),
        ..FnnOptions::new(url.clone(), settings.network)
    })
}
