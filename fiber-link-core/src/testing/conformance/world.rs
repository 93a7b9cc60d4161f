//! A whole Fiber Link over the store under test: a node that does as it is told, a clock, a creator.

use crate::testing::sample::{at, forum, user};
use crate::testing::{FakeNode, ManualClock, SequentialIds};
use crate::*;
use std::sync::Arc;
use std::time::Duration;

/// One CKB in shannon.
pub(super) const CKB: u64 = 100_000_000;

pub(super) struct World {
    pub(super) store: Arc<dyn Store>,
    pub(super) node: Arc<FakeNode>,
    pub(super) clock: ManualClock,
    pub(super) link: FiberLink,
    ids: SequentialIds,
}

impl World {
    pub(super) async fn new(store: Arc<dyn Store>) -> Self {
        let clock = ManualClock::new(at(1_760_000_000));
        let (node, ids) = (Arc::new(FakeNode::new(clock.clone())), SequentialIds::default());
        let link = link(store.clone(), &node, &clock, &ids, Settings::default(), None).await;
        Self { store, node, clock, link, ids }
    }

    /// Another process on the same store and node.
    pub(super) async fn other_process(&self, exclusivity: Exclusivity) -> FiberLink {
        self.with_settings(Settings { exclusivity, ..Default::default() }).await
    }

    /// Another process with settings of its own.
    pub(super) async fn with_settings(&self, settings: Settings) -> FiberLink {
        link(self.store.clone(), &self.node, &self.clock, &self.ids, settings, None).await
    }

    /// The same process over another way to its store, such as one that fails.
    pub(super) async fn through(&self, store: Arc<dyn Store>) -> FiberLink {
        link(store, &self.node, &self.clock, &self.ids, Settings::default(), None).await
    }

    /// The same process over another node.
    pub(super) async fn with_node(&self, node: impl FiberNode) -> FiberLink {
        self.with_node_and_clock(node, self.clock.clone()).await
    }

    /// The same process over another node, with a clock of its own.
    pub(super) async fn with_node_and_clock(
        &self,
        node: impl FiberNode,
        clock: impl Clock + Clone,
    ) -> FiberLink {
        let node = Arc::new(node);
        link(self.store.clone(), &node, &clock, &self.ids, Settings::default(), None).await
    }

    /// The same store under other rules for withdrawals.
    pub(super) async fn with_policy(&self, change: impl Fn(&mut WithdrawalPolicy)) -> FiberLink {
        let mut policy = WithdrawalPolicy::default_for(&Asset::ckb());
        change(&mut policy);
        let mut policies = Policies::default();
        policies.set(AssetId::ckb(), policy);
        link(self.store.clone(), &self.node, &self.clock, &self.ids, Settings::default(), Some(policies))
            .await
    }

    /// Changes the policy of CKB in the forum.
    pub(super) async fn set_policy(&self, change: impl Fn(&mut Policy) + Send) -> PolicyVersion {
        administration(&self.link).change_policy(&forum(), &Asset::ckb(), &why(), change).await.unwrap()
    }

    pub(super) fn later(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    pub(super) async fn settle(&self) -> SettlementReport {
        self.link.settle_due(1_000).await.unwrap()
    }

    pub(super) async fn pay(&self) -> PayoutReport {
        self.link.pay_due(100).await.unwrap()
    }

    /// Gives `alice` `ckb` CKB, by a tip that is paid.
    pub(super) async fn fund(&self, ckb: u64) {
        let tip = self.link.create_tip(&forum(), tip_of(ckb)).await.unwrap();
        self.node.pay_invoice(tip.payment_hash());
        self.later(6);
        assert_eq!(self.settle().await.settled, 1);
    }

    /// What `alice` has: available and reserved, in shannon.
    pub(super) async fn balance(&self) -> (u128, u128) {
        let account = UserAccount { app: forum(), user: user("alice"), asset: AssetId::ckb() };
        let Balance { available, reserved } = self.store.balance(&account).await.unwrap();
        (available.units(), reserved.units())
    }

    pub(super) async fn tip(&self, tip: &Tip) -> Tip {
        self.store.find_tip(TipLookup::Id(tip.id())).await.unwrap().unwrap().into_inner()
    }

    pub(super) async fn withdrawal(&self, withdrawal: &Withdrawal) -> Withdrawal {
        let lookup = WithdrawalLookup::Id(withdrawal.id());
        self.store.find_withdrawal(lookup).await.unwrap().unwrap().into_inner()
    }

    /// A request of `alice` for `ckb` CKB to a new invoice of somebody else that is good for an
    /// hour, and the hash of its payment.
    pub(super) fn request(&self, ckb: u64) -> (WithdrawalRequest, PaymentHash) {
        let expires_at = self.clock.now().plus(Duration::from_secs(3600));
        let invoice = self.node.foreign_invoice(Amount::new(ckb * CKB), expires_at);
        let hash = invoice.payment_hash;
        (self.request_to(ckb, self.node.publish(invoice)), hash)
    }

    pub(super) fn request_to(&self, ckb: u64, invoice: String) -> WithdrawalRequest {
        WithdrawalRequest {
            user: user("alice"),
            asset: AssetId::ckb(),
            amount: Amount::new(ckb * CKB),
            destination: RequestedDestination::PaymentRequest(invoice),
            network_fee: None,
            idempotency_key: None,
        }
    }

    /// Nothing is wrong with the ledger.
    pub(super) async fn assert_sound(&self) {
        let report = audit(&*self.store).await.unwrap();
        assert_eq!(report.findings, []);
    }
}

/// A world whose app is registered.
pub(super) async fn registered(store: Arc<dyn Store>) -> World {
    let world = World::new(store).await;
    world.link.create_app(forum(), Secret::new(*b"a secret of an app")).await.unwrap();
    world
}

/// What the operator `ann` may change.
pub(super) fn administration(link: &FiberLink) -> Administration {
    link.administration(Operator { name: "ann".to_owned(), origin: "a test".to_owned() })
}

pub(super) fn why() -> Reason {
    Reason::new("a test").unwrap()
}

/// `bob` tips `alice` `ckb` CKB.
pub(super) fn tip_of(ckb: u64) -> TipRequest {
    TipRequest {
        post: "42".parse().unwrap(),
        from_user: user("bob"),
        to_user: user("alice"),
        asset: AssetId::ckb(),
        amount: Amount::new(ckb * CKB),
        message: None,
        anonymous: false,
        idempotency_key: None,
    }
}

pub(super) fn keyed(request: TipRequest, key: &str) -> TipRequest {
    TipRequest { idempotency_key: Some(key.parse().unwrap()), ..request }
}

async fn link(
    store: Arc<dyn Store>,
    node: &Arc<impl FiberNode>,
    clock: &(impl Clock + Clone),
    ids: &SequentialIds,
    settings: Settings,
    policies: Option<Policies>,
) -> FiberLink {
    let builder = FiberLink::builder(store, node.clone())
        .clock(Arc::new(clock.clone()))
        .ids(Arc::new(ids.clone()))
        .settings(settings);
    let builder = match policies {
        Some(policies) => builder.policies(policies),
        None => builder,
    };
    builder.open().await.unwrap()
}

/// The highest fee for ten CKB, in shannon: a tenth of a CKB.
pub(super) const FEE_LIMIT: u64 = CKB / 10;

pub(super) fn shannon(units: u64) -> u128 {
    units.into()
}

pub(super) fn failed(reason: &str) -> PaymentState {
    PaymentState::Failed { reason: reason.into() }
}

/// Funds alice with 20 CKB and requests a withdrawal of 10.
pub(super) async fn requested(world: &World) -> (Withdrawal, PaymentHash) {
    world.fund(20).await;
    let (request, hash) = world.request(10);
    let withdrawal = world.link.request_withdrawal(&forum(), request).await.unwrap();
    assert_eq!(world.balance().await, (shannon(10 * CKB - FEE_LIMIT), shannon(10 * CKB + FEE_LIMIT)));
    (withdrawal, hash)
}

/// Passes until everything is ended, with time going on.
pub(super) async fn to_the_end(world: &World, links: &[&FiberLink]) {
    for _ in 0..200 {
        for link in links {
            // A store that fails is asked again later.
            let _ = link.pay_due(100).await;
        }
        world.later(30);
    }
}
