//! Whether the node that answers is the one that this hub works with.

use crate::{FiberLink, Hub, Network, NodeError, NodeInfo, NodeKey, NodeSupport, StoreError, Timestamp};
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How long a node that fits is not asked again who it is.
const FITS_FOR: Duration = Duration::from_secs(300);

/// How long a node that does not fit is not asked again.
const STOPS_FOR: Duration = Duration::from_secs(10);

/// Whether a node fits a hub.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NodeStanding {
    /// Tips are taken and withdrawals paid.
    Fits,
    /// Its version is none that we know: tips are taken, nothing is paid.
    UntestedVersion {
        /// The version, in the node's own words.
        version: String,
    },
    /// It is another node: no tip is taken and nothing is paid until an operator accepts it, see
    /// [`Administration::accept_node`](crate::Administration::accept_node).
    OtherNode {
        /// The node of the hub.
        expected: NodeKey,
        /// The node that answers.
        found: NodeKey,
    },
    /// It is on another network: no tip is taken and nothing is paid.
    OtherNetwork {
        /// The network of the hub.
        expected: Network,
        /// The network of the node.
        found: Network,
    },
}

impl NodeStanding {
    fn of(hub: &Hub, info: &NodeInfo) -> Self {
        if info.network != hub.network {
            Self::OtherNetwork { expected: hub.network, found: info.network }
        } else if info.key != hub.node {
            Self::OtherNode { expected: hub.node, found: info.key }
        } else {
            match info.support {
                NodeSupport::Tested => Self::Fits,
                NodeSupport::Untested => Self::UntestedVersion { version: info.version.clone() },
            }
        }
    }

    /// Whether invoices are made through it, and credited on its word.
    pub fn takes_tips(&self) -> bool {
        match self {
            Self::Fits | Self::UntestedVersion { .. } => true,
            Self::OtherNode { .. } | Self::OtherNetwork { .. } => false,
        }
    }

    /// Whether withdrawals are paid through it.
    pub fn pays(&self) -> bool {
        match self {
            Self::Fits => true,
            Self::UntestedVersion { .. } | Self::OtherNode { .. } | Self::OtherNetwork { .. } => false,
        }
    }

    fn good_for(&self) -> Duration {
        match self {
            Self::Fits => FITS_FOR,
            Self::UntestedVersion { .. } | Self::OtherNode { .. } | Self::OtherNetwork { .. } => STOPS_FOR,
        }
    }
}

/// For people who run the hub.
impl fmt::Display for NodeStanding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fits => f.write_str("the node fits"),
            Self::UntestedVersion { version } => {
                write!(f, "the node's version {version} is not tested: withdrawals wait")
            }
            Self::OtherNode { expected, found } => write!(
                f,
                "the node is {found}, but this hub works with {expected}: tips and withdrawals wait until \
                 the node is accepted"
            ),
            Self::OtherNetwork { expected, found } => {
                write!(f, "the node is on {found}, but this hub is on {expected}: tips and withdrawals wait")
            }
        }
    }
}

/// Why a pass did nothing, or less than it would.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stop {
    /// Withdrawals are paid by another process.
    PaidElsewhere,
    /// This process is not on the list of those that work: an operator declared it dead, it was silent
    /// for a week, or it left. Others do its work.
    DeclaredDead,
    /// The node gave no answer.
    NodeSilent,
    /// The node does not fit.
    NodeDoesNotFit(NodeStanding),
    /// The node does not know the newest payment that we know it made: it may have been restored
    /// from a backup, and what it does not know proves nothing. Sending again could pay twice.
    NodeForgot,
}

/// For people who run the hub.
impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PaidElsewhere => {
                f.write_str("this process does not pay: withdrawals wait for one that does")
            }
            Self::DeclaredDead => f.write_str(
                "this process was declared dead and does nothing any more: start it anew, others do its work",
            ),
            Self::NodeSilent => f.write_str("the node does not answer"),
            Self::NodeDoesNotFit(standing) => standing.fmt(f),
            Self::NodeForgot => f.write_str(
                "the node forgot a payment that it made: withdrawals wait until the node is accepted",
            ),
        }
    }
}

/// What was found when the node was asked last.
#[derive(Clone, Debug)]
pub(crate) struct Checked {
    pub(crate) standing: NodeStanding,
    /// The node that the hub works with.
    pub(crate) node: NodeKey,
    /// Since when: what became of earlier attempts is not for this node to say.
    pub(crate) node_since: Timestamp,
    at: Timestamp,
}

/// The last check.
#[derive(Debug)]
pub(crate) struct LastCheck {
    checked: Mutex<Option<Checked>>,
    /// So that a silence is told of once.
    silent: AtomicBool,
}

impl LastCheck {
    /// The check of a start; none if the node did not answer.
    pub(crate) fn new(hub: &Hub, info: Option<&NodeInfo>, now: Timestamp) -> Self {
        let checked = Mutex::new(info.map(|info| Checked::of(hub, info, now)));
        Self { checked, silent: AtomicBool::new(false) }
    }

    fn last(&self) -> MutexGuard<'_, Option<Checked>> {
        self.checked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next pass asks again.
    pub(crate) fn outdate(&self) {
        if let Some(last) = self.last().as_mut() {
            last.at = Timestamp::from_millis(0);
        }
    }

    fn fresh(&self, now: Timestamp) -> Option<Checked> {
        let last = self.last();
        last.as_ref().filter(|last| now >= last.at && now.since(last.at) < last.standing.good_for()).cloned()
    }
}

impl Checked {
    fn of(hub: &Hub, info: &NodeInfo, now: Timestamp) -> Self {
        let standing = NodeStanding::of(hub, info);
        Self { standing, node: hub.node, node_since: hub.node_since, at: now }
    }
}

/// Why it is not known whether the node fits.
#[derive(Debug, thiserror::Error)]
pub enum StandingError {
    /// The node gave no answer.
    #[error("the node did not say who it is")]
    Node(#[source] NodeError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl FiberLink {
    /// Asks the node who it is, and compares.
    ///
    /// Passes and new tips do so by themselves every five minutes, and every ten seconds while the
    /// node does not fit.
    ///
    /// # Errors
    /// [`StandingError`] if node or store gave no answer.
    pub async fn check_node(&self) -> Result<NodeStanding, StandingError> {
        Ok(self.look_at_node().await?.standing)
    }

    /// Asks the node who it is, however short a time ago it was asked.
    pub(crate) async fn look_at_node(&self) -> Result<Checked, StandingError> {
        let info = self.parts().node.info().await.map_err(StandingError::Node)?;
        // An operator may have accepted another node meanwhile.
        let hub = self.parts().store.find_hub().await?;
        let hub = hub.ok_or_else(|| StoreError::backend("the hub is gone"))?;
        let checked = Checked::of(&hub, &info, self.now());
        let standing = &checked.standing;
        self.parts().last_check.silent.store(false, Ordering::Relaxed);
        let before = self.parts().last_check.last().replace(checked.clone());
        if before.is_none_or(|before| before.standing != *standing) {
            match standing {
                NodeStanding::Fits => tracing::info!(version = info.version, "the node fits"),
                NodeStanding::UntestedVersion { .. }
                | NodeStanding::OtherNode { .. }
                | NodeStanding::OtherNetwork { .. } => tracing::error!(%standing, "the node does not fit"),
            }
        }
        if !info.unlisted.is_empty() {
            tracing::error!(assets = ?info.unlisted, "the node has no entry for assets of ours");
        }
        Ok(checked)
    }

    /// What was found last, unless that is too long ago: then the node is asked.
    pub(crate) async fn checked_node(&self) -> Result<Checked, StandingError> {
        match self.parts().last_check.fresh(self.now()) {
            Some(checked) => Ok(checked),
            None => self.look_at_node().await,
        }
    }

    /// The same for a pass: why it stops, if it does. `may` says whether the pass may go on.
    pub(crate) async fn node_for_a_pass(
        &self,
        may: impl Fn(&NodeStanding) -> bool,
    ) -> Result<Result<Checked, Stop>, StoreError> {
        match self.checked_node().await {
            Ok(checked) if may(&checked.standing) => Ok(Ok(checked)),
            Ok(checked) => Ok(Err(Stop::NodeDoesNotFit(checked.standing))),
            Err(StandingError::Store(error)) => Err(error),
            Err(StandingError::Node(error)) => {
                if !self.parts().last_check.silent.swap(true, Ordering::Relaxed) {
                    let error = &error as &dyn std::error::Error;
                    tracing::warn!(error, "the node did not say who it is");
                }
                Ok(Err(Stop::NodeSilent))
            }
        }
    }

    /// The node of the hub, as far as we know.
    pub(crate) fn own_node(&self) -> NodeKey {
        self.parts().last_check.last().as_ref().map_or(self.parts().hub.node, |checked| checked.node)
    }
}
