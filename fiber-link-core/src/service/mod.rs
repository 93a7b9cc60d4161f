//! The front door: what an app asks of Fiber Link.

mod apps;
mod dashboard;
mod destination;
mod events;
mod open;
mod policies;
mod remembered;
mod reviews;
mod switches;
mod tips;
mod withdrawals;

pub use apps::LiveSecret;
pub use dashboard::Summary;
pub use destination::DestinationRefusal;
pub use events::{EventPlace, EventSubject, EventsError, ToldEvent};
pub use open::{Builder, Exclusivity, OpenError, Payouts, Settings};
pub use tips::{CreateTipError, MESSAGE_CHARACTERS, TipRequest};
pub use withdrawals::{
    AskedAmountError, Quote, QuoteError, QuoteProblem, RequestedDestination, WithdrawError, WithdrawalRequest,
};

pub(crate) use policies::unset;
pub(crate) use withdrawals::{limit_counts, limit_keys, limit_refusal};

use self::apps::LateUses;
use self::policies::LastPolicies;
use self::switches::LastSwitches;
use crate::attention::Attention;
use crate::news::News;
use crate::signal::Signal;
use crate::standing::LastCheck;
use crate::worker::OwnEnd;
use crate::{
    Admission, AdmitError, Admitted, Assets, Clock, CommitError, FiberNode, Gap, Hub, IdSource, Keyring,
    NodeStanding, PaymentHash, Policies, Secret, Store, StoreError, TakeDue, Timestamp, WorkerId,
};
use futures_util::future::join3;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;

/// How often a decision is made again because another writer was first.
pub(crate) const TRIES: u32 = 16;

/// Takes tips, credits them once, pays them out.
///
/// Cloning is cheap; all clones are one. Every call can be dropped at any await and made again by
/// anybody: what was begun is found in the store and carried on by a later call or pass.
#[derive(Clone)]
pub struct FiberLink(Arc<Parts>);

pub(crate) struct Parts {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) node: Arc<dyn FiberNode>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) ids: Arc<dyn IdSource>,
    pub(crate) assets: Assets,
    pub(crate) policies: Policies,
    pub(crate) settings: Settings,
    /// As it was at the start; its node may have changed since.
    pub(crate) hub: Hub,
    pub(crate) keyring: Keyring,
    /// The seed of the hub.
    pub(crate) seed: Secret,
    pub(crate) last_check: LastCheck,
    pub(crate) worker: WorkerId,
    pub(crate) own_end: OwnEnd,
    pub(crate) attention: Attention,
    pub(crate) settlement_wanted: Signal,
    pub(crate) payouts_wanted: Signal,
    pub(crate) news: News,
    pub(crate) last_switches: LastSwitches,
    pub(crate) last_policies: LastPolicies,
    pub(crate) late_uses: LateUses,
}

/// What works at the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Readiness {
    /// Whether the store answers and takes writes.
    pub store: bool,
    /// Whether the node answers, and is the one that this hub works with.
    pub node: bool,
    /// Whether this process pays withdrawals through it: not while it forgot a payment that it made.
    pub payouts: bool,
}

impl FiberLink {
    /// Puts a store and a node together.
    pub fn builder(store: Arc<dyn Store>, node: Arc<dyn FiberNode>) -> Builder {
        Builder::new(store, node)
    }

    /// The assets that this hub accepts.
    pub fn assets(&self) -> &Assets {
        &self.0.assets
    }

    /// The rules for withdrawals of the settings: they hold where an app has no policy of its own in the
    /// store.
    pub fn policies(&self) -> &Policies {
        &self.0.policies
    }

    /// The node.
    pub fn node(&self) -> &Arc<dyn FiberNode> {
        &self.0.node
    }

    /// The clock that decides.
    pub fn clock(&self) -> &dyn Clock {
        &*self.0.clock
    }

    /// Lets a signed request in, once.
    ///
    /// # Errors
    /// [`AdmitError`] if it was seen before or exceeds its rate limit.
    pub async fn admit(&self, admission: Admission) -> Result<Admitted, AdmitError> {
        self.0.store.admit(admission).await
    }

    /// Asks store and node whether they work. Remembers one nonce that nobody uses, because a full
    /// disk shows in a write only.
    pub async fn readiness(&self) -> Readiness {
        let now = self.now();
        let nonce = crate::signing::hmac_sha256(&self.0.seed, &[b"readiness", self.next_id(now).as_bytes()]);
        let admission = Admission { nonce, signed_at: now, expires_at: now, rate: None, now };
        // Taking none at all still needs the right to write.
        let none = TakeDue {
            now,
            limit: 0,
            gap: Gap { divisor: 1, shortest: Duration::ZERO, longest: Duration::ZERO },
        };
        let store = &self.0.store;
        let (locked, full, node) =
            join3(store.take_due_withdrawals(none), store.admit(admission), self.check_node()).await;
        let store = works("store", locked.as_ref().err()) & works("store", full.as_ref().err());
        works("node", node.as_ref().err());
        let takes_tips = node.as_ref().is_ok_and(NodeStanding::takes_tips);
        let pays = self.0.settings.payouts == Payouts::Here
            && self.own_end().is_none()
            && node.as_ref().is_ok_and(NodeStanding::pays)
            && self.node_remembers().await;
        Readiness { store, node: takes_tips, payouts: pays }
    }

    /// A rumour says that the invoice of this hash changed: the next settlement pass asks the node.
    pub fn hint(&self, hash: PaymentHash) {
        self.0.attention.hint(hash);
        self.0.settlement_wanted.raise();
    }

    /// Waits until a settlement pass is worth making before its time.
    pub async fn settlement_wanted(&self) {
        self.0.settlement_wanted.wait().await;
    }

    /// Waits until a payout pass is worth making before its time.
    pub async fn payouts_wanted(&self) {
        self.0.payouts_wanted.wait().await;
    }

    pub(crate) fn parts(&self) -> &Parts {
        &self.0
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.0.clock.now()
    }

    pub(crate) fn next_id(&self, now: Timestamp) -> Uuid {
        self.0.ids.next_id(now)
    }
}

fn works<E: std::error::Error + 'static>(what: &'static str, error: Option<&E>) -> bool {
    if let Some(error) = error {
        tracing::warn!(what, error = error as &dyn std::error::Error, "not ready");
    }
    error.is_none()
}

/// Others changed the same again and again.
pub(crate) fn too_many_writers() -> StoreError {
    StoreError::backend("too many writers at once")
}

/// A refusal that this decision cannot cause, as a failure of the store.
pub(crate) fn unexpected(error: CommitError) -> StoreError {
    match error {
        CommitError::Store(error) => error,
        CommitError::Conflict
        | CommitError::AlreadyExists(_)
        | CommitError::DeclaredDead
        | CommitError::InsufficientFunds
        | CommitError::LimitExceeded(_)
        | CommitError::NoRoom => StoreError::backend(error),
    }
}

impl fmt::Debug for FiberLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FiberLink")
            .field("worker", &self.0.worker)
            .field("store", &self.0.store)
            .finish_non_exhaustive()
    }
}
