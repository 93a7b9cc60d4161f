//! A service that was at work goes on where it was, on Postgres.

use crate::dump;
use crate::rows::admission;
use crate::world::{COPY, World};
use fiber_link_core::testing::sample::{at, forum, user};
use fiber_link_core::testing::{FakeNode, ManualClock};
use fiber_link_core::*;
use std::sync::Arc;
use std::time::Duration;

const CKB: u64 = 100_000_000;

/// A node and a clock that outlive the store.
struct Hub {
    clock: ManualClock,
    node: FakeNode,
}

impl Hub {
    async fn open(&self, store: Arc<dyn Store>) -> FiberLink {
        let builder = FiberLink::builder(store, Arc::new(self.node.clone()));
        builder.clock(Arc::new(self.clock.clone())).open().await.unwrap()
    }

    /// Passes over all that is due, for as long as a minute passes after each.
    async fn work(&self, link: &FiberLink) {
        for _ in 0..3 {
            link.settle_due(100).await.unwrap();
            link.pay_due(100).await.unwrap();
            self.clock.advance(Duration::from_secs(61));
        }
    }

    /// The payment hash of an invoice of somebody else, and a request to be paid by it.
    fn withdrawal(&self, amount: u64) -> (PaymentHash, WithdrawalRequest) {
        let expires_at = self.clock.now().plus(Duration::from_secs(6 * 3_600));
        let invoice = self.node.foreign_invoice(Amount::new(amount), expires_at);
        let hash = invoice.payment_hash;
        let request = WithdrawalRequest {
            user: user("ben"),
            asset: AssetId::ckb(),
            amount: Amount::new(amount),
            destination: RequestedDestination::PaymentRequest(self.node.publish(invoice)),
            network_fee: None,
            idempotency_key: Some(IdempotencyKey::new(format!("out-{hash}")).unwrap()),
        };
        (hash, request)
    }
}

fn tip(key: &str, amount: u64) -> TipRequest {
    TipRequest {
        post: "42".parse().unwrap(),
        from_user: user("ann"),
        to_user: user("ben"),
        asset: AssetId::ckb(),
        amount: Amount::new(amount),
        message: Some("Thank you — ✓".to_owned()),
        anonymous: false,
        idempotency_key: Some(IdempotencyKey::new(key).unwrap()),
    }
}

async fn state(store: &dyn Store, id: WithdrawalId) -> &'static str {
    store.find_withdrawal(WithdrawalLookup::Id(id)).await.unwrap().unwrap().state().as_str()
}

#[tokio::test]
async fn a_service_goes_on_where_it_was() {
    let world = World::new();
    let clock = ManualClock::default();
    let hub = Hub { node: FakeNode::new(clock.clone()), clock };
    let shop: AppId = "shop".parse().unwrap();

    let store = Arc::new(world.sqlite());
    let link = hub.open(store.clone()).await;
    for app in [forum(), shop.clone()] {
        link.create_app(app, Secret::new(*b"a secret of sixteen")).await.unwrap();
    }
    for n in 0..5 {
        let made = link.create_tip(&forum(), tip(&format!("in-{n}"), 10 * CKB)).await.unwrap();
        hub.node.pay_invoice(made.payment_hash());
    }
    let in_shop = link.create_tip(&shop, tip("in", 3 * CKB)).await.unwrap();
    hub.node.pay_invoice(in_shop.payment_hash());
    let expired = link.create_tip(&forum(), tip("expired", CKB)).await.unwrap();
    hub.node.expire_invoice(expired.payment_hash());
    hub.work(&link).await;
    let open = link.create_tip(&forum(), tip("open", 7 * CKB)).await.unwrap();

    let (paid, request) = hub.withdrawal(CKB);
    let completed = link.request_withdrawal(&forum(), request).await.unwrap();
    let (hangs, request) = hub.withdrawal(2 * CKB);
    hub.node.plan_payments(hangs, [PaymentState::Pending]);
    let under_way = link.request_withdrawal(&forum(), request).await.unwrap();
    let (fails, request) = hub.withdrawal(3 * CKB);
    hub.node.plan_payments(fails, [PaymentState::Failed { reason: "no path found".to_owned() }]);
    let retried = link.request_withdrawal(&forum(), request).await.unwrap();
    link.pay_due(100).await.unwrap();
    hub.clock.advance(Duration::from_secs(5));
    link.pay_due(100).await.unwrap();
    let (waits, waiting) = hub.withdrawal(4 * CKB);
    let pending = link.request_withdrawal(&forum(), waiting.clone()).await.unwrap();
    let states = [completed.id(), under_way.id(), retried.id(), pending.id()];
    for (id, expected) in states.into_iter().zip(["completed", "processing", "retry_pending", "pending"]) {
        assert_eq!(state(&*store, id).await, expected);
    }
    let used = admission(7, hub.clock.now());
    store.admit(used.clone()).await.unwrap();
    let before = store.events(EventQuery { app: forum(), after: 0, limit: 100 }).await.unwrap();
    let numbers = store.entries(EntryQuery::All { after: 0, limit: 100 }).await.unwrap();
    link.leave().await.unwrap();
    drop((link, store));

    let (code, said) = world.run(&[&COPY[..], &["--migrate"]].concat());
    assert_eq!(code, 0, "{said}");
    for expected in
        ["tips, rows", "settled, base units of CKB", "audit of the target: 0 findings", "no server starts"]
    {
        assert!(said.contains(expected), "{expected}: {said}");
    }
    dump::assert_same(&world).await;

    let store = Arc::new(world.postgres().await);
    let link = hub.open(store.clone()).await;
    let replayed = store.admit(used).await.unwrap_err();
    assert!(matches!(replayed, AdmitError::Replayed), "{replayed}");
    store.admit(admission(8, hub.clock.now())).await.unwrap();
    let again = link.create_tip(&forum(), tip("open", 7 * CKB)).await.unwrap();
    assert_eq!(again.id(), open.id());
    assert_eq!(link.request_withdrawal(&forum(), waiting).await.unwrap().id(), pending.id());

    let account = UserAccount { app: forum(), user: user("ben"), asset: AssetId::ckb() };
    let held = store.balance(&account).await.unwrap();
    hub.node.pay_invoice(open.payment_hash());
    link.hint(open.payment_hash());
    link.settle_due(100).await.unwrap();
    let credited = store.balance(&account).await.unwrap().available.units() - held.available.units();
    assert_eq!(credited, u128::from(7 * CKB));
    hub.node.end_payment(hangs, PaymentState::Succeeded { fee: Amount::ZERO });
    for _ in 0..3 {
        hub.work(&link).await;
    }
    for (id, hash) in states.into_iter().zip([paid, hangs, fails, waits]) {
        assert_eq!(state(&*store, id).await, "completed");
        assert_eq!(hub.node.times_paid(hash), 1);
    }
    let left = store.balance(&account).await.unwrap();
    assert_eq!((left.available.units(), left.reserved), (u128::from(47 * CKB), Amount::ZERO));

    let last = before.last().unwrap().number;
    let after = store.events(EventQuery { app: forum(), after: last, limit: 100 }).await.unwrap();
    let next: Vec<_> = after.iter().map(|event| event.number).collect();
    assert_eq!(next, (last + 1..=last + 4).collect::<Vec<_>>(), "one tip and three withdrawals");
    let last = numbers.last().unwrap().number;
    let entries = store.entries(EntryQuery::All { after: last, limit: 100 }).await.unwrap();
    assert!(entries.len() >= 4 && entries.iter().all(|entry| entry.number > last));
    assert_eq!(audit(&*store).await.unwrap().findings, []);
    assert!(hub.clock.now() > at(0));
}
