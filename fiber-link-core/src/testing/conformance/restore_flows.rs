//! A store that came back from a backup: what the node did meanwhile is news to it.

use super::world::{CKB, FEE_LIMIT, World, failed, shannon};
use crate::testing::Reception;
use crate::testing::sample::forum;
use crate::*;
use std::sync::Arc;

/// A withdrawal of 10 of 20 CKB that the store has as pending, and that the node was asked to pay
/// before the backup was put back.
async fn sent_before_the_restore(store: Arc<dyn Store>, plan: PaymentState) -> (World, Withdrawal) {
    let world = World::new(store).await;
    world.fund(20).await;
    let (request, hash) = world.request(10);
    world.node.plan_payments(hash, [plan]);
    let withdrawal = world.link.request_withdrawal(&forum(), request).await.unwrap();
    let Destination::PaymentRequest(invoice) = &withdrawal.terms().destination;
    let sent = PaymentRequest {
        encoded: invoice.encoded.clone(),
        payment_hash: hash,
        amount: withdrawal.terms().amount,
        fee_limit: withdrawal.terms().fee_limit,
    };
    world.node.send_payment(sent).await.unwrap();
    (world, withdrawal)
}

/// Two minutes before the invoice expires, when nothing is begun any more.
fn too_late_to_begin(world: &World) {
    world.later(3600 - 60);
}

const RESERVED: (u128, u128) = ((10 * CKB - FEE_LIMIT) as u128, (10 * CKB + FEE_LIMIT) as u128);

pub async fn what_was_paid_before_a_restore_is_completed_and_not_given_up(store: Arc<dyn Store>) {
    let fee = Amount::new(7);
    let (world, withdrawal) = sent_before_the_restore(store, PaymentState::Succeeded { fee }).await;
    too_late_to_begin(&world);
    world.pay().await;
    let ended = world.withdrawal(&withdrawal).await;
    assert!(matches!(ended.state(), WithdrawalState::Completed { fee: f, .. } if *f == fee), "{ended:?}");
    assert_eq!(world.balance().await, (shannon(10 * CKB - 7), 0));
    assert_eq!(world.node.times_paid(withdrawal.payment_hash()), 1);
    world.assert_sound().await;
}

pub async fn what_was_paid_before_a_restore_is_not_sent_again(store: Arc<dyn Store>) {
    let fee = Amount::new(7);
    let (world, withdrawal) = sent_before_the_restore(store, PaymentState::Succeeded { fee }).await;
    world.pay().await;
    assert!(matches!(world.withdrawal(&withdrawal).await.state(), WithdrawalState::Completed { .. }));
    assert_eq!(world.node.sends(withdrawal.payment_hash()), 1, "before the restore, never after");
    assert_eq!(world.balance().await, (shannon(10 * CKB - 7), 0));
    world.assert_sound().await;
}

pub async fn what_is_under_way_since_before_a_restore_keeps_its_reservation(store: Arc<dyn Store>) {
    let (world, withdrawal) = sent_before_the_restore(store, PaymentState::Pending).await;
    // Whether there is liquidity for it no longer matters.
    world.node.set_liquidity(Liquidity { outbound: Amount::new(0), inbound: Amount::new(0) });
    too_late_to_begin(&world);
    for _ in 0..5 {
        world.pay().await;
        assert_eq!(world.balance().await, RESERVED);
        world.later(24 * 3600);
    }
    let hash = withdrawal.payment_hash();
    world.node.end_payment(hash, PaymentState::Succeeded { fee: Amount::new(3) });
    world.pay().await;
    assert!(matches!(world.withdrawal(&withdrawal).await.state(), WithdrawalState::Completed { .. }));
    assert_eq!(world.balance().await, (shannon(10 * CKB - 3), 0));
    assert_eq!((world.node.sends(hash), world.node.times_paid(hash)), (1, 1));
    world.assert_sound().await;
}

pub async fn what_fails_after_a_restore_returns_the_funds_once(store: Arc<dyn Store>) {
    let (world, withdrawal) = sent_before_the_restore(store, PaymentState::Pending).await;
    too_late_to_begin(&world);
    world.pay().await;
    world.node.end_payment(withdrawal.payment_hash(), failed("no route"));
    world.later(60);
    world.pay().await;
    assert!(matches!(world.withdrawal(&withdrawal).await.state(), WithdrawalState::Failed { .. }));
    assert_eq!(world.balance().await, (shannon(20 * CKB), 0));
    assert_eq!(world.node.times_paid(withdrawal.payment_hash()), 0);
    world.assert_sound().await;
}

pub async fn what_failed_before_a_restore_is_given_up_when_its_time_is_over(store: Arc<dyn Store>) {
    let (world, withdrawal) = sent_before_the_restore(store, failed("no route")).await;
    too_late_to_begin(&world);
    world.pay().await;
    assert!(matches!(world.withdrawal(&withdrawal).await.state(), WithdrawalState::Failed { .. }));
    assert_eq!(world.balance().await, (shannon(20 * CKB), 0));
    world.assert_sound().await;
}

/// The node said once that it has the payment under way. It was then put back to a time before that,
/// and still knows everything that we know succeeded.
pub async fn a_payment_that_the_node_had_and_denies_keeps_its_reservation_for_good(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    world.fund(40).await;
    let (request, _) = world.request(10);
    world.link.request_withdrawal(&forum(), request).await.unwrap();
    world.pay().await;
    let (request, hash) = world.request(10);
    world.node.plan_payments(hash, [PaymentState::Pending]);
    let withdrawal = world.link.request_withdrawal(&forum(), request).await.unwrap();
    world.pay().await;
    world.later(1);
    world.pay().await;
    world.node.forget_payment(hash);
    let sole = world.other_process(Exclusivity::Sole).await;
    for _ in 0..10 {
        world.later(600);
        sole.pay_due(10).await.unwrap();
        assert!(matches!(world.withdrawal(&withdrawal).await.state(), WithdrawalState::Processing { .. }));
    }
    assert_eq!(
        (world.node.sends(hash), world.balance().await.1),
        (1, RESERVED.1),
        "and nothing is sent again"
    );
    let paid = PaymentState::Succeeded { fee: Amount::new(3) };
    world.node.claim_payment(hash, Some(PaymentStatus { created_at: world.clock.now(), state: paid }));
    world.later(60);
    sole.pay_due(10).await.unwrap();
    assert!(matches!(world.withdrawal(&withdrawal).await.state(), WithdrawalState::Completed { .. }));
    world.assert_sound().await;
}

/// It went back in time.
pub async fn a_node_that_takes_back_a_success_is_sent_nothing(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    world.fund(40).await;
    let (request, paid) = world.request(10);
    world.link.request_withdrawal(&forum(), request).await.unwrap();
    world.pay().await;
    world.later(1);
    world.pay().await;
    let (request, next) = world.request(5);
    let withdrawal = world.link.request_withdrawal(&forum(), request).await.unwrap();
    for state in [PaymentState::Pending, failed("no route")] {
        let status = PaymentStatus { created_at: world.clock.now(), state };
        world.node.claim_payment(paid, Some(status));
        world.later(1);
        assert_eq!(world.pay().await.stopped, Some(Stop::NodeForgot));
        assert_eq!(world.node.sends(next), 0);
    }
    world.node.stop_claiming();
    world.later(1);
    world.pay().await;
    world.later(1);
    world.pay().await;
    assert!(matches!(world.withdrawal(&withdrawal).await.state(), WithdrawalState::Completed { .. }));
    world.assert_sound().await;
}

pub async fn nothing_is_given_up_before_the_node_said_that_it_paid_nothing(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    world.fund(20).await;
    let (request, _) = world.request(10);
    let withdrawal = world.link.request_withdrawal(&forum(), request).await.unwrap();
    world.node.set_down(true);
    too_late_to_begin(&world);
    for _ in 0..3 {
        world.pay().await;
        assert_eq!(world.balance().await, RESERVED);
        world.later(3600);
    }
    world.node.set_down(false);
    world.pay().await;
    assert!(matches!(
        world.withdrawal(&withdrawal).await.state(),
        WithdrawalState::Failed { reason: FailureReason::InvoiceExpired, .. }
    ));
    assert_eq!(world.balance().await, (shannon(20 * CKB), 0));
    world.assert_sound().await;
}

/// The node was put back to a copy that knows the first of three payments alone. Of the third nobody
/// ever heard. That the first succeeded is learned after that, and proves nothing about the others.
pub async fn an_older_payment_that_succeeds_late_is_no_sign_of_a_sound_memory(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    world.fund(60).await;
    let mut hashes = Vec::new();
    let mut withdrawals = Vec::new();
    for (plan, reception) in [
        (PaymentState::Pending, Reception::Answer),
        (PaymentState::Succeeded { fee: Amount::ZERO }, Reception::Answer),
        (PaymentState::Succeeded { fee: Amount::ZERO }, Reception::Late),
    ] {
        let (request, hash) = world.request(10);
        world.node.plan_payments(hash, [plan]);
        world.node.receive_send_payment([reception]);
        withdrawals.push(world.link.request_withdrawal(&forum(), request).await.unwrap());
        world.pay().await;
        world.later(2);
        hashes.push(hash);
    }
    world.node.deliver_late();
    world.node.end_payment(hashes[0], PaymentState::Succeeded { fee: Amount::ZERO });
    world.node.forget_payment(hashes[1]);
    world.node.forget_payment(hashes[2]);
    for _ in 0..30 {
        world.later(300);
        world.pay().await;
    }
    assert!(matches!(world.withdrawal(&withdrawals[0]).await.state(), WithdrawalState::Completed { .. }));
    assert!(matches!(world.withdrawal(&withdrawals[2]).await.state(), WithdrawalState::Processing { .. }));
    world.later(300);
    assert_eq!(world.pay().await.stopped, Some(Stop::NodeForgot));
    assert_eq!((world.node.times_paid(hashes[2]), world.balance().await.1), (1, RESERVED.1));
    world.assert_sound().await;
}
