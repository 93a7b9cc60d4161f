//! Several processes on one store, and one of them dies.

use super::world::{CKB, World, administration, requested, shannon, why};
use crate::testing::sample::forum;
use crate::testing::{FakeNode, ManualClock, Reception};
use crate::*;
use async_trait::async_trait;
use futures_util::future::{join, join_all};
use futures_util::stream::BoxStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

const NO_SILENCE: Duration = Duration::ZERO;

async fn worker(world: &World, link: &FiberLink) -> Option<Worker> {
    world.store.find_worker(link.worker()).await.unwrap().map(Stored::into_inner)
}

async fn declare(world: &World, link: &FiberLink) {
    let declared = administration(&world.link).declare_dead(link.worker(), NO_SILENCE, &why()).await.unwrap();
    assert!(declared.is_dead());
}

pub async fn a_process_is_on_the_list_until_it_leaves(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    let began = world.clock.now();
    let first = worker(&world, &world.link).await.unwrap();
    assert_eq!((first.since, first.heard_at, first.state), (began, began, WorkerState::Working));
    world.later(5);
    assert_eq!(world.link.beat().await.unwrap(), None);
    let heard = Worker { heard_at: world.clock.now(), ..first };
    assert_eq!(worker(&world, &world.link).await, Some(heard));

    let other = world.other_process(Exclusivity::Shared).await;
    assert_eq!(world.store.workers(None, 9).await.unwrap().len(), 2);
    world.link.leave().await.unwrap();
    assert_eq!(worker(&world, &world.link).await, None);
    assert!(worker(&world, &other).await.is_some());
    world.link.leave().await.unwrap();
    assert_eq!(world.pay().await.stopped, Some(Stop::DeclaredDead));
    assert_eq!(world.settle().await.stopped, Some(Stop::DeclaredDead));
    assert_eq!(world.link.beat().await.unwrap(), Some(Stop::DeclaredDead));
    assert_eq!(worker(&world, &world.link).await, None, "who left does not come back");
}

pub async fn a_process_that_is_declared_dead_does_nothing_and_says_why(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    let (withdrawal, hash) = requested(&world).await;
    assert!(world.link.readiness().await.payouts);
    declare(&world, &world.link).await;
    assert_eq!(world.link.beat().await.unwrap(), Some(Stop::DeclaredDead));
    let PayoutReport { looked_at, stopped, .. } = world.pay().await;
    assert_eq!((looked_at, &stopped), (0, &Some(Stop::DeclaredDead)));
    assert_eq!(world.settle().await, SettlementReport { stopped, ..Default::default() });
    assert!(!world.link.readiness().await.payouts);
    assert!(worker(&world, &world.link).await.unwrap().is_dead(), "a beat revives nobody");
    assert_eq!((world.node.sends(hash), world.withdrawal(&withdrawal).await.attempts()), (0, 0));
}

pub async fn a_process_that_wakes_up_after_it_was_declared_dead_claims_nothing(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    let (withdrawal, hash) = requested(&world).await;
    let other = world.other_process(Exclusivity::Shared).await;
    declare(&world, &world.link).await;
    // It has not heard of it: only the store can tell.
    let report = world.pay().await;
    assert_eq!((report.looked_at, report.failed, report.stopped), (1, 1, Some(Stop::DeclaredDead)));
    assert_eq!(world.node.sends(hash), 0);
    assert_eq!(*world.withdrawal(&withdrawal).await.state(), WithdrawalState::Pending);
    world.later(60);
    other.pay_due(10).await.unwrap();
    assert_eq!((world.node.sends(hash), world.node.times_paid(hash)), (1, 1));
    assert!(matches!(world.withdrawal(&withdrawal).await.state(), WithdrawalState::Completed { .. }));
}

pub async fn a_process_that_was_declared_dead_follows_no_other(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    let (_, hash) = requested(&world).await;
    world.node.receive_send_payment([Reception::LoseRequest]);
    world.pay().await;
    let other = world.other_process(Exclusivity::Shared).await;
    declare(&world, &world.link).await;
    declare(&world, &other).await;
    world.later(90);
    assert_eq!(other.pay_due(10).await.unwrap().stopped, Some(Stop::DeclaredDead));
    assert_eq!(world.node.sends(hash), 1);
    let third = world.other_process(Exclusivity::Shared).await;
    world.later(60);
    third.pay_due(10).await.unwrap();
    assert_eq!((world.node.sends(hash), world.node.times_paid(hash)), (2, 1));
}

pub async fn what_a_process_may_have_sent_is_sent_again_once_after_it_was_declared_dead(
    store: Arc<dyn Store>,
) {
    let world = World::new(store).await;
    let (withdrawal, hash) = requested(&world).await;
    world.node.receive_send_payment([Reception::LoseRequest]);
    world.pay().await;
    let mut others = Vec::new();
    for _ in 0..3 {
        others.push(world.other_process(Exclusivity::Shared).await);
    }
    let all_pay = || join_all((0..8).map(|n| others[n % 3].pay_due(10)));
    world.later(90);
    all_pay().await;
    assert_eq!(world.node.sends(hash), 1, "it is silent, and that proves nothing");
    assert!(matches!(world.withdrawal(&withdrawal).await.state(), WithdrawalState::Processing { .. }));

    declare(&world, &world.link).await;
    world.later(60);
    all_pay().await;
    assert_eq!((world.node.sends(hash), world.node.times_paid(hash)), (2, 1));
    world.later(60);
    all_pay().await;
    assert_eq!((world.node.sends(hash), world.node.times_paid(hash)), (2, 1));
    assert!(matches!(world.withdrawal(&withdrawal).await.state(), WithdrawalState::Completed { .. }));
    assert_eq!(world.balance().await, (shannon(10 * CKB), 0));
    world.assert_sound().await;
}

pub async fn the_claim_of_a_dead_process_is_waited_for(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    let (_, hash) = requested(&world).await;
    world.node.receive_send_payment([Reception::Late]);
    world.pay().await;
    let other = world.other_process(Exclusivity::Shared).await;
    declare(&world, &world.link).await;
    for _ in 0..5 {
        world.later(5);
        other.pay_due(10).await.unwrap();
        assert_eq!(world.node.sends(hash), 1, "its request may still be under way");
    }
    world.node.deliver_late();
    world.later(60);
    other.pay_due(10).await.unwrap();
    assert_eq!((world.node.sends(hash), world.node.times_paid(hash)), (1, 1));
}

pub async fn what_a_process_left_is_taken_over(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    let (withdrawal, hash) = requested(&world).await;
    world.node.receive_send_payment([Reception::LoseRequest]);
    world.pay().await;
    let other = world.other_process(Exclusivity::Shared).await;
    world.link.leave().await.unwrap();
    assert!(worker(&world, &world.link).await.unwrap().is_dead(), "it stays because of what it claimed");
    world.later(60);
    other.pay_due(10).await.unwrap();
    assert_eq!((world.node.sends(hash), world.node.times_paid(hash)), (2, 1));
    assert!(matches!(world.withdrawal(&withdrawal).await.state(), WithdrawalState::Completed { .. }));
    world.other_process(Exclusivity::Shared).await;
    assert_eq!(worker(&world, &world.link).await, None, "now nobody needs to know of it");
}

pub async fn who_was_heard_of_lately_is_declared_dead_by_force_alone(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    let id = world.link.worker();
    let (admin, why) = (administration(&world.link), why());
    let declare = |silent_for| admin.declare_dead(id, silent_for, &why);
    world.later(100);
    world.link.beat().await.unwrap();
    world.later(59);
    let refused = declare(SILENT_AFTER).await;
    let silent = Duration::from_secs(59);
    assert!(
        matches!(refused, Err(DeclareDeadError::HeardOf { silent_for, .. }) if silent_for == silent),
        "{refused:?}"
    );
    assert_eq!(world.link.beat().await.unwrap(), None);
    let by_force = declare(NO_SILENCE).await.unwrap();
    assert_eq!(by_force.state, WorkerState::DeclaredDead { at: world.clock.now() });
    world.later(1);
    assert_eq!(declare(SILENT_AFTER).await.unwrap(), by_force, "what is dead is dead");

    let other = world.other_process(Exclusivity::Shared).await;
    world.later(60);
    let declared = admin.declare_dead(other.worker(), SILENT_AFTER, &why).await;
    assert!(declared.unwrap().is_dead());
    let nobody = crate::testing::sample::worker_id(77);
    let unknown = admin.declare_dead(nobody, NO_SILENCE, &why).await;
    assert!(matches!(unknown, Err(DeclareDeadError::Unknown(id)) if id == nobody), "{unknown:?}");
}

pub async fn a_beat_and_declarations_at_once_come_to_one_word(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    for _ in 0..10 {
        let link = world.other_process(Exclusivity::Shared).await;
        world.later(61);
        let (admin, why) = (administration(&link), why());
        let declare = || admin.declare_dead(link.worker(), SILENT_AFTER, &why);
        let (beat, (one, two)) = join(link.beat(), join(declare(), declare())).await;
        let found = worker(&world, &link).await.unwrap();
        match (one, two) {
            (Ok(one), Ok(two)) => assert!(one == found && two == found && found.is_dead()),
            (Err(DeclareDeadError::HeardOf { .. }), Err(DeclareDeadError::HeardOf { .. })) => {
                assert_eq!((beat.unwrap(), found.state), (None, WorkerState::Working));
            }
            other => panic!("{other:?}"),
        }
        assert_eq!(link.beat().await.unwrap().is_some(), found.is_dead());
        let filter = AuditFilter { subject: Some(link.worker().to_string()), ..AuditFilter::default() };
        let records = admin.audit_records(&filter, None, 9).await.unwrap().rows;
        assert_eq!(records.len(), usize::from(found.is_dead()), "one record for one word: {records:?}");
    }
}

pub async fn those_that_are_gone_and_left_nothing_are_forgotten_by_the_next_start(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    let day = 24 * 3600;
    let (_, hash) = requested(&world).await;
    world.node.plan_payments(hash, [PaymentState::Pending]);
    let other = world.other_process(Exclusivity::Shared).await;
    let dead = world.other_process(Exclusivity::Shared).await;
    world.pay().await;
    declare(&world, &dead).await;
    world.later(day);
    let third = world.other_process(Exclusivity::Shared).await;
    assert_eq!(worker(&world, &dead).await, None);
    assert!(worker(&world, &other).await.is_some(), "a day of silence is none");

    world.later(6 * day + 1);
    third.beat().await.unwrap();
    let fourth = world.other_process(Exclusivity::Shared).await;
    assert_eq!(worker(&world, &other).await, None, "a week is");
    assert!(worker(&world, &third).await.is_some(), "it was heard of");
    let first = worker(&world, &world.link).await.unwrap();
    assert_eq!(first.state, WorkerState::Working, "what it claimed has no outcome yet");
    // Who is forgotten and wakes up finds out before it claims anything.
    world.link.request_withdrawal(&forum(), world.request(5).0).await.unwrap();
    assert_eq!(other.pay_due(10).await.unwrap().stopped, Some(Stop::DeclaredDead));

    let sole = world.other_process(Exclusivity::Sole).await;
    let left: Vec<_> = world.store.workers(None, 9).await.unwrap().iter().map(|l| l.worker.id).collect();
    assert_eq!(left, [world.link.worker(), sole.worker()], "the lock of {fourth:?} was taken from it");
}

/// A node that is slow to answer about one payment, and meanwhile another process makes a pass.
#[derive(Debug)]
struct Slow {
    node: Arc<FakeNode>,
    about: PaymentHash,
    other: FiberLink,
    clock: ManualClock,
    was_slow: AtomicBool,
}

#[async_trait]
impl FiberNode for Slow {
    async fn info(&self) -> Result<NodeInfo, NodeError> {
        self.node.info().await
    }

    async fn create_invoice(&self, request: InvoiceRequest) -> Result<Invoice, NodeError> {
        self.node.create_invoice(request).await
    }

    async fn invoices(&self, hashes: &[PaymentHash]) -> Result<Vec<Option<InvoiceStatus>>, NodeError> {
        self.node.invoices(hashes).await
    }

    async fn decode_invoice(&self, encoded: &str) -> Result<DecodedInvoice, NodeError> {
        self.node.decode_invoice(encoded).await
    }

    async fn send_payment(&self, request: PaymentRequest) -> Result<PaymentStatus, NodeError> {
        self.node.send_payment(request).await
    }

    async fn payment(&self, hash: PaymentHash) -> Result<Option<PaymentStatus>, NodeError> {
        if hash == self.about && !self.was_slow.swap(true, Ordering::SeqCst) {
            self.clock.advance(Duration::from_secs(2));
            assert_eq!(self.other.pay_due(10).await.unwrap().ended, 1);
        }
        self.node.payment(hash).await
    }

    async fn liquidity(&self, asset: &Asset) -> Result<Liquidity, NodeError> {
        self.node.liquidity(asset).await
    }

    fn hints(&self) -> BoxStream<'static, InvoiceHint> {
        self.node.hints()
    }
}

pub async fn what_another_process_ends_in_the_middle_of_a_pass_is_no_failure(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    world.fund(20).await;
    let (request, paid) = world.request(5);
    world.link.request_withdrawal(&forum(), request).await.unwrap();
    world.pay().await;
    let (request, hash) = world.request(10);
    world.node.plan_payments(hash, [PaymentState::Pending]);
    world.link.request_withdrawal(&forum(), request).await.unwrap();
    world.pay().await;
    world.node.end_payment(hash, PaymentState::Succeeded { fee: Amount::ZERO });
    world.later(1);
    let (node, other) = (world.node.clone(), world.link.clone());
    let slow =
        Slow { node, about: paid, other, clock: world.clock.clone(), was_slow: AtomicBool::new(false) };
    let report = world.with_node(slow).await.pay_due(10).await.unwrap();
    assert_eq!((report.looked_at, report.ended, report.failed), (1, 1, 0));
    assert_eq!((world.node.times_paid(hash), world.balance().await), (1, (shannon(5 * CKB), 0)));
    world.assert_sound().await;
}
