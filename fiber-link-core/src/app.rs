//! Tenants: each app has its own users, balances and secret.

use crate::{AppId, Network, NodeKey, Secret, Timestamp};

/// A tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct App {
    /// Its name.
    pub id: AppId,
    /// What its requests are signed with.
    pub secret: Secret,
    /// When it was registered.
    pub created_at: Timestamp,
}

/// What belongs to the hub as a whole; made at the first start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hub {
    /// What the preimages of all tips are derived from. Whoever knows it could steal payments on
    /// their way.
    pub seed: Secret,
    /// The node that it works with: the one of the first start, or one that an operator accepted.
    pub node: NodeKey,
    /// Since when; the epoch for the node of the first start.
    pub node_since: Timestamp,
    /// The network that its money is on.
    pub network: Network,
}
