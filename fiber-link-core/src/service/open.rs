//! Putting a store and a node together, and the checks of a start.

use super::{FiberLink, Parts};
use crate::standing::LastCheck;
use crate::worker::register;
use crate::{
    AssetId, Assets, ChangeSet, Clock, CommitError, Existing, FiberNode, Hub, IdSource, Keyring, Network,
    NoRandomness, NodeError, NodeInfo, Op, Policies, Preimage, Purpose, RandomIds, RetryPolicy, Secret,
    Store, StoreError, SystemClock, Timestamp, TipQuery, UnsealError, Worker, WorkerId,
};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// What may be set, with defaults that suit most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// How long an invoice can be paid; an hour by default.
    pub invoice_expiry: Duration,
    /// How payments are tried again.
    pub retry: RetryPolicy,
    /// How long a node call takes at most; ten seconds by default. The node's adapter keeps to it.
    pub node_timeout: Duration,
    /// How long the right to send a payment lasts: at least three times the node's timeout; 30 s by default.
    pub claim: Duration,
    /// Whether another process may work on the same store.
    pub exclusivity: Exclusivity,
    /// Whether this process pays withdrawals.
    pub payouts: Payouts,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            invoice_expiry: Duration::from_secs(3600),
            retry: RetryPolicy::default(),
            node_timeout: Duration::from_secs(10),
            claim: Duration::from_secs(30),
            exclusivity: Exclusivity::Shared,
            payouts: Payouts::Here,
        }
    }
}

/// Whether another process may work on the same store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exclusivity {
    /// This process holds a lock that every worker on the store must hold: all others are dead.
    Sole,
    /// Others may be alive.
    Shared,
}

/// Whether this process pays withdrawals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Payouts {
    /// It does.
    Here,
    /// It only takes tips: its node cannot be asked to pay. Withdrawals wait for a process that can.
    Elsewhere,
}

/// Why Fiber Link did not start.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The claim is shorter than three node timeouts.
    #[error("the claim of {claim:?} is shorter than three times the node's timeout of {node_timeout:?}")]
    ClaimTooShort {
        /// What was set.
        claim: Duration,
        /// What was set.
        node_timeout: Duration,
    },
    /// An invoice expiry of less than a minute or more than seven days.
    #[error("the invoice expiry of {0:?} is not between one minute and seven days")]
    InvoiceExpiry(Duration),
    /// The node must answer at the first start.
    #[error("the node did not answer at the first start of this store")]
    Node(#[source] NodeError),
    /// The node or the store is on another network than the one to be on.
    #[error("the network to be on is {wanted}, but the {what} is on {found}")]
    UnwantedNetwork {
        /// What is elsewhere: the store or the node.
        what: &'static str,
        /// What was set.
        wanted: Network,
        /// Where it is.
        found: Network,
    },
    /// The store belongs to another network.
    #[error("this store holds money of {stored}, but the node is on {found}")]
    OtherNetwork {
        /// The network of the store.
        stored: Network,
        /// The network of the node.
        found: Network,
    },
    /// The node cannot be paid or pay in an asset that is configured.
    #[error("the node has no entry for asset {0}: add it to the node's list of tokens, or take it off ours")]
    UnlistedAsset(AssetId),
    /// The seed does not derive the payment hash of a stored tip.
    #[error("the seed in this store is not the one that its tips were made with")]
    OtherSeed,
    /// The seed in the store cannot be read with the keys that are there.
    #[error("the seed in this store cannot be read")]
    SealedSeed(#[source] UnsealError),
    /// No seed could be made.
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Puts together a [`FiberLink`]; made by [`FiberLink::builder`].
#[must_use = "nothing starts before `open`"]
pub struct Builder {
    store: Arc<dyn Store>,
    node: Arc<dyn FiberNode>,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn IdSource>,
    assets: Assets,
    policies: Option<Policies>,
    network: Option<Network>,
    label: Option<String>,
    keyring: Keyring,
    settings: Settings,
}

impl Builder {
    pub(super) fn new(store: Arc<dyn Store>, node: Arc<dyn FiberNode>) -> Self {
        let (clock, ids) = (Arc::new(SystemClock), Arc::new(RandomIds));
        Self {
            store,
            node,
            clock,
            ids,
            assets: Assets::default(),
            policies: None,
            network: None,
            label: None,
            keyring: Keyring::default(),
            settings: Settings::default(),
        }
    }

    /// The assets to accept; CKB alone by default.
    pub fn assets(self, assets: Assets) -> Self {
        Self { assets, ..self }
    }

    /// The rules for withdrawals where an app has no policy of its own in the store; the defaults of each
    /// asset by default.
    pub fn policies(self, policies: Policies) -> Self {
        Self { policies: Some(policies), ..self }
    }

    /// The network to be on; the node's by default. A store or a node of another one is refused.
    pub fn network(self, network: Network) -> Self {
        Self { network: Some(network), ..self }
    }

    /// What people know this process by in the list of servers; the number of the process by default.
    pub fn label(self, label: impl Into<String>) -> Self {
        Self { label: Some(label.into()), ..self }
    }

    /// The keys that secrets in the store are sealed with; none by default: they are kept as they are.
    pub fn keyring(self, keyring: Keyring) -> Self {
        Self { keyring, ..self }
    }

    /// The clock; the machine's by default.
    pub fn clock(self, clock: Arc<dyn Clock>) -> Self {
        Self { clock, ..self }
    }

    /// The source of ids; UUIDs of version 7 by default.
    pub fn ids(self, ids: Arc<dyn IdSource>) -> Self {
        Self { ids, ..self }
    }

    /// Everything else that may be set.
    pub fn settings(self, settings: Settings) -> Self {
        Self { settings, ..self }
    }

    /// Checks that settings, store and node fit together, puts this process on the list of servers, and
    /// starts. At the first start of a
    /// store it makes the seed and remembers the node; later the node may be down.
    ///
    /// # Errors
    /// [`OpenError`] says what does not fit; nothing is changed then.
    ///
    /// # Cancellation
    /// Safe: a second call finds what the first one stored.
    pub async fn open(self) -> Result<FiberLink, OpenError> {
        let Settings { invoice_expiry, node_timeout, claim, .. } = self.settings;
        if claim < node_timeout.saturating_mul(3) {
            return Err(OpenError::ClaimTooShort { claim, node_timeout });
        }
        if !(Duration::from_secs(60)..=Duration::from_secs(7 * 24 * 3600)).contains(&invoice_expiry) {
            return Err(OpenError::InvoiceExpiry(invoice_expiry));
        }
        let (hub, info) = self.hub().await?;
        let seed = self.keyring.open(&hub.seed, Purpose::Seed).map_err(OpenError::SealedSeed)?;
        check_seed(&*self.store, &seed).await?;
        let last_check = LastCheck::new(&hub, info.as_ref(), self.clock.now());
        let worker = WorkerId::fresh(&*self.ids, &*self.clock);
        let label = self.label.unwrap_or_else(|| format!("process {}", std::process::id()));
        let own = Worker::new(worker, &label, self.clock.now());
        register(&*self.store, own, self.settings.exclusivity).await?;
        let policies = self.policies.unwrap_or_else(|| Policies::defaults(&self.assets));
        Ok(FiberLink(Arc::new(Parts {
            store: self.store,
            node: self.node,
            clock: self.clock,
            ids: self.ids,
            assets: self.assets,
            policies,
            settings: self.settings,
            last_check,
            hub,
            keyring: self.keyring,
            seed,
            worker,
            own_end: Default::default(),
            attention: Default::default(),
            settlement_wanted: Default::default(),
            payouts_wanted: Default::default(),
            news: Default::default(),
            last_switches: Default::default(),
            last_policies: Default::default(),
            late_uses: Default::default(),
        })))
    }

    fn check_network(&self, what: &'static str, found: Network) -> Result<(), OpenError> {
        match self.network {
            Some(wanted) if wanted != found => Err(OpenError::UnwantedNetwork { what, wanted, found }),
            Some(_) | None => Ok(()),
        }
    }

    async fn hub(&self) -> Result<(Hub, Option<NodeInfo>), OpenError> {
        let info = self.node.info().await;
        if let Some(hub) = self.store.find_hub().await? {
            self.check_network("store", hub.network)?;
            let info = match info {
                Ok(info) => {
                    check_node(&hub, &info)?;
                    Some(info)
                }
                Err(error) => {
                    let error = &error as &dyn std::error::Error;
                    tracing::warn!(error, "the node does not answer; tips and withdrawals wait for it");
                    None
                }
            };
            return Ok((hub, info));
        }
        let info = info.map_err(OpenError::Node)?;
        self.check_network("node", info.network)?;
        let hub = Hub {
            seed: self.keyring.seal(&Secret::random()?, Purpose::Seed)?,
            node: info.key,
            node_since: Timestamp::from_millis(0),
            network: info.network,
        };
        check_node(&hub, &info)?;
        match self.store.commit(ChangeSet::new().with(Op::CreateHub(hub.clone()))).await {
            Ok(()) => Ok((hub, Some(info))),
            Err(CommitError::AlreadyExists(Existing::Hub)) => {
                let hub =
                    self.store.find_hub().await?.ok_or_else(|| StoreError::backend("the hub is gone"))?;
                check_node(&hub, &info)?;
                Ok((hub, Some(info)))
            }
            Err(error) => Err(super::unexpected(error).into()),
        }
    }
}

fn check_node(hub: &Hub, info: &NodeInfo) -> Result<(), OpenError> {
    if hub.network != info.network {
        return Err(OpenError::OtherNetwork { stored: hub.network, found: info.network });
    }
    match info.unlisted.first() {
        Some(asset) => Err(OpenError::UnlistedAsset(asset.clone())),
        None => Ok(()),
    }
}

async fn check_seed(store: &dyn Store, seed: &Secret) -> Result<(), OpenError> {
    let tips = store.tips(TipQuery::All { after: None, limit: 1 }).await?;
    let derived = |tip: &crate::Tip| Preimage::derive(seed, tip.id()).payment_hash();
    if tips.iter().all(|tip| derived(tip) == tip.payment_hash()) { Ok(()) } else { Err(OpenError::OtherSeed) }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder").field("settings", &self.settings).finish_non_exhaustive()
    }
}
