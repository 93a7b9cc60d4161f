//! Withdrawals on their way out, with everything that can go wrong between.

use super::world::{CKB, FEE_LIMIT, World, failed, requested, shannon, to_the_end};
use crate::testing::sample::forum;
use crate::testing::{Fault, FaultyStore, MockFiberNode, Reception};
use crate::*;
use futures_util::future::join_all;
use std::sync::Arc;

pub async fn a_withdrawal_is_paid_and_the_unused_fee_returns(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    world.fund(20).await;
    let (request, hash) = world.request(10);
    world.node.plan_payments(hash, [PaymentState::Succeeded { fee: Amount::new(7) }]);
    let withdrawal = world.link.request_withdrawal(&forum(), request).await.unwrap();
    world.pay().await;
    let fee = Amount::new(7);
    assert!(
        matches!(world.withdrawal(&withdrawal).await.state(), WithdrawalState::Completed { fee: f, .. } if *f == fee)
    );
    assert_eq!(world.balance().await, (shannon(10 * CKB - 7), 0));
    assert_eq!((world.node.sends(hash), world.node.times_paid(hash)), (1, 1));
    let events = world.store.events(EventQuery { app: forum(), after: 1, limit: 10 }).await.unwrap();
    assert_eq!(events[0].event.kind, EventKind::WithdrawalCompleted(withdrawal.id()));
    world.assert_sound().await;
}

pub async fn a_payment_whose_answer_is_lost_is_paid_once(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    let (withdrawal, hash) = requested(&world).await;
    world.node.receive_send_payment([Reception::LoseAnswer]);
    world.pay().await;
    world.later(5);
    world.pay().await;
    assert!(matches!(world.withdrawal(&withdrawal).await.state(), WithdrawalState::Completed { .. }));
    assert_eq!((world.node.sends(hash), world.node.times_paid(hash)), (1, 1));
    assert_eq!(world.balance().await, (shannon(10 * CKB), 0));
    world.assert_sound().await;
}

pub async fn a_failure_whose_answer_is_lost_returns_the_funds_once(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    let (withdrawal, hash) = requested(&world).await;
    world.node.plan_payments(
        hash,
        [failed("no route"), failed("no route"), failed("no route"), failed("no route")],
    );
    world.node.receive_send_payment(vec![Reception::LoseAnswer; 4]);
    to_the_end(&world, &[&world.link]).await;
    assert!(matches!(world.withdrawal(&withdrawal).await.state(), WithdrawalState::Failed { .. }));
    assert_eq!((world.node.sends(hash), world.node.times_paid(hash)), (4, 0), "three retries");
    assert_eq!(world.balance().await, (shannon(20 * CKB), 0));
    let released =
        world.store.entries(EntryQuery::Of(EntrySource::Withdrawal(withdrawal.id()))).await.unwrap();
    assert_eq!(released.len(), 2, "reserved once, released once");
    world.assert_sound().await;
}

pub async fn funds_stay_reserved_while_the_outcome_is_unknown(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    let (withdrawal, hash) = requested(&world).await;
    world.node.receive_send_payment([Reception::LoseRequest]);
    world.pay().await;
    let reserved = world.balance().await;
    // Until ten minutes after the invoice expired nobody can say that it was never sent.
    for _ in 0..69 {
        world.later(60);
        world.pay().await;
        assert_eq!(world.balance().await, reserved);
        assert!(matches!(world.withdrawal(&withdrawal).await.state(), WithdrawalState::Processing { .. }));
    }
    world.later(120);
    world.pay().await;
    assert!(matches!(world.withdrawal(&withdrawal).await.state(), WithdrawalState::Failed { .. }));
    assert_eq!(world.balance().await, (shannon(20 * CKB), 0));
    assert_eq!(world.node.sends(hash), 1, "asked for once, never again");
    world.assert_sound().await;
}

pub async fn a_payment_that_hangs_keeps_its_reservation_for_good(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    let (withdrawal, hash) = requested(&world).await;
    world.node.plan_payments(hash, [PaymentState::Pending]);
    let reserved = (shannon(10 * CKB - FEE_LIMIT), shannon(10 * CKB + FEE_LIMIT));
    for _ in 0..20 {
        world.pay().await;
        world.later(24 * 3600);
    }
    assert_eq!(world.balance().await, reserved);
    world.node.end_payment(hash, PaymentState::Succeeded { fee: Amount::new(3) });
    world.pay().await;
    assert!(matches!(world.withdrawal(&withdrawal).await.state(), WithdrawalState::Completed { .. }));
    assert_eq!(world.balance().await, (shannon(10 * CKB - 3), 0));
}

pub async fn many_workers_send_once(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    let (withdrawal, hash) = requested(&world).await;
    world.node.plan_payments(hash, [failed("no route")]);
    let other = world.other_process(Exclusivity::Shared).await;
    for _ in 0..4 {
        join_all((0..8).map(|n| if n % 2 == 0 { world.link.pay_due(10) } else { other.pay_due(10) })).await;
        world.later(1);
    }
    assert_eq!(world.node.sends(hash), 1, "a second one would pay after the first had failed");
    assert!(matches!(world.withdrawal(&withdrawal).await.state(), WithdrawalState::RetryPending { .. }));
    world.later(90);
    join_all((0..8).map(|n| if n % 2 == 0 { world.link.pay_due(10) } else { other.pay_due(10) })).await;
    world.later(1);
    world.pay().await;
    assert_eq!((world.node.sends(hash), world.node.times_paid(hash)), (2, 1));
    assert_eq!(world.balance().await, (shannon(10 * CKB), 0));
    world.assert_sound().await;
}

pub async fn a_payment_is_tried_again_with_proof_until_it_succeeds(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    let (withdrawal, hash) = requested(&world).await;
    world.node.plan_payments(hash, [failed("first"), failed("second")]);
    world.pay().await;
    assert!(matches!(world.withdrawal(&withdrawal).await.state(),
        WithdrawalState::RetryPending { last_error, .. } if last_error == "first"));
    world.later(59);
    world.pay().await;
    assert_eq!(world.node.sends(hash), 1, "not before a minute");
    world.later(17);
    world.pay().await;
    assert_eq!(world.node.sends(hash), 2);
    world.later(151);
    world.pay().await;
    assert_eq!((world.node.sends(hash), world.node.times_paid(hash)), (3, 1));
    assert!(matches!(world.withdrawal(&withdrawal).await.state(), WithdrawalState::Completed { .. }));
    world.assert_sound().await;
}

pub async fn an_old_session_proves_nothing_about_a_new_attempt(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    let (withdrawal, hash) = requested(&world).await;
    world.node.plan_payments(hash, [failed("first")]);
    world.pay().await;
    world.later(90);
    world.node.receive_send_payment([Reception::Late]);
    world.pay().await;
    world.later(60);
    world.pay().await;
    assert!(matches!(world.withdrawal(&withdrawal).await.state(), WithdrawalState::Processing { .. }));
    world.node.deliver_late();
    world.later(60);
    world.pay().await;
    assert!(matches!(world.withdrawal(&withdrawal).await.state(), WithdrawalState::Completed { .. }));
    assert_eq!((world.node.sends(hash), world.node.times_paid(hash)), (2, 1));
    world.assert_sound().await;
}

/// As after our store was restored from a backup: it does not know of an attempt that failed.
pub async fn a_session_that_our_store_forgot_proves_nothing(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    world.fund(20).await;
    let (request, hash) = world.request(10);
    let RequestedDestination::PaymentRequest(encoded) = request.destination.clone() else {
        panic!("an invoice")
    };
    world.node.plan_payments(hash, [failed("forgotten")]);
    let (amount, fee_limit) = (request.amount, Amount::new(FEE_LIMIT));
    world.node.send_payment(PaymentRequest { encoded, payment_hash: hash, amount, fee_limit }).await.unwrap();
    world.later(5);

    let withdrawal = world.link.request_withdrawal(&forum(), request).await.unwrap();
    world.node.receive_send_payment([Reception::Late]);
    world.pay().await;
    assert!(matches!(world.withdrawal(&withdrawal).await.state(), WithdrawalState::Processing { .. }));
    world.node.deliver_late();
    world.later(5);
    world.pay().await;
    assert!(matches!(world.withdrawal(&withdrawal).await.state(), WithdrawalState::Completed { .. }));
    assert_eq!(world.node.times_paid(hash), 1);
    world.assert_sound().await;
}

pub async fn a_dead_worker_is_followed_only_by_a_sole_one_after_its_claim(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    let (withdrawal, hash) = requested(&world).await;
    // The worker wrote that it may have sent, and died before it did.
    world.node.receive_send_payment([Reception::LoseRequest]);
    world.pay().await;
    let (shared, sole) =
        (world.other_process(Exclusivity::Shared).await, world.other_process(Exclusivity::Sole).await);
    world.later(29);
    sole.pay_due(10).await.unwrap();
    assert_eq!(world.node.sends(hash), 1, "the claim lasts 30 seconds");
    world.later(60);
    shared.pay_due(10).await.unwrap();
    assert_eq!(world.node.sends(hash), 1, "the first worker may be alive");
    world.later(60);
    sole.pay_due(10).await.unwrap();
    assert_eq!((world.node.sends(hash), world.node.times_paid(hash)), (2, 1));
    assert!(matches!(world.withdrawal(&withdrawal).await.state(), WithdrawalState::Completed { .. }));
    world.assert_sound().await;
}

pub async fn a_failure_is_not_believed_while_two_may_have_sent(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    let (withdrawal, hash) = requested(&world).await;
    world.node.receive_send_payment([Reception::Late]);
    world.pay().await;
    let sole = world.other_process(Exclusivity::Sole).await;
    world.later(90);
    // The request of the dead worker arrives first and fails; the one of the living is still to come.
    world.node.plan_payments(hash, [failed("no route")]);
    world.node.receive_send_payment([Reception::LoseRequest]);
    sole.pay_due(10).await.unwrap();
    world.node.deliver_late();
    world.later(15);
    let questions = world.node.questions(hash);
    sole.pay_due(10).await.unwrap();
    assert!(world.node.questions(hash) > questions);
    assert!(matches!(world.withdrawal(&withdrawal).await.state(), WithdrawalState::Processing { .. }));
    world.later(60);
    sole.pay_due(10).await.unwrap();
    assert!(matches!(world.withdrawal(&withdrawal).await.state(), WithdrawalState::RetryPending { .. }));
}

pub async fn a_dead_worker_is_not_followed_when_the_invoice_runs_out_or_the_node_forgot(
    store: Arc<dyn Store>,
) {
    let world = World::new(store).await;
    let (_, paid) = requested(&world).await;
    world.pay().await;
    world.fund(20).await;
    let (request, hash) = world.request(10);
    world.link.request_withdrawal(&forum(), request).await.unwrap();
    world.node.receive_send_payment([Reception::LoseRequest]);
    world.pay().await;
    let sole = world.other_process(Exclusivity::Sole).await;
    let truth = world.node.payment(paid).await.unwrap();
    world.node.claim_payment(paid, None);
    world.later(600);
    assert_eq!(sole.pay_due(10).await.unwrap().stopped, Some(Stop::NodeForgot));
    world.node.claim_payment(paid, truth);
    world.later(3600 - 600 - 119);
    assert_eq!(sole.pay_due(10).await.unwrap().looked_at, 1);
    assert_eq!(world.node.sends(hash), 1);
}

pub async fn a_node_that_does_not_tell_what_it_paid_is_sent_nothing(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    requested(&world).await;
    world.pay().await;
    let withdrawal = world.link.request_withdrawal(&forum(), world.request(5).0).await.unwrap();
    let (mut node, info) = (MockFiberNode::new(), world.node.info().await.unwrap());
    node.expect_info().returning(move || Ok(info.clone()));
    node.expect_payment().returning(|_| Err(NodeError::NoAnswer("silence".into())));
    node.expect_liquidity().returning(|_| Ok(Liquidity { outbound: Amount::MAX, inbound: Amount::MAX }));
    node.expect_send_payment().never();
    let report = world.with_node(node).await.pay_due(10).await.unwrap();
    assert_eq!(report.stopped, Some(Stop::NodeSilent));
    assert_eq!(*world.withdrawal(&withdrawal).await.state(), WithdrawalState::Pending);
}

pub async fn a_node_that_forgot_a_payment_is_sent_nothing(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    let (_, first) = requested(&world).await;
    world.pay().await;
    world.later(1);
    world.pay().await;
    world.node.forget_payment(first);
    let (request, second) = world.request(5);
    let withdrawal = world.link.request_withdrawal(&forum(), request).await.unwrap();
    for _ in 0..5 {
        assert_eq!(world.pay().await.stopped, Some(Stop::NodeForgot));
        world.later(60);
    }
    assert_eq!(world.node.sends(second), 0);
    assert_eq!(*world.withdrawal(&withdrawal).await.state(), WithdrawalState::Pending);
}

pub async fn liquidity_is_waited_for_until_the_invoice_runs_out(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    world.fund(40).await;
    let plenty = Amount::new(1_000 * CKB);
    let little = Liquidity { outbound: Amount::new(10 * CKB + FEE_LIMIT - 1), inbound: plenty };
    world.node.set_liquidity(little);
    let (request, hash) = world.request(10);
    let request = WithdrawalRequest { idempotency_key: Some("k".parse().unwrap()), ..request };
    let waits = world.link.request_withdrawal(&forum(), request.clone()).await.unwrap();
    assert_eq!(*waits.state(), WithdrawalState::LiquidityPending);
    world.later(61);
    world.pay().await;
    assert_eq!((world.balance().await.1, world.node.sends(hash)), (shannon(10 * CKB + FEE_LIMIT), 0));

    world.node.set_liquidity(Liquidity { outbound: plenty, inbound: plenty });
    world.later(61);
    world.pay().await;
    assert!(matches!(world.withdrawal(&waits).await.state(), WithdrawalState::Completed { .. }));
    let again = world.link.request_withdrawal(&forum(), request).await.unwrap();
    assert_eq!(again.terms().accepted_as, Acceptance::LiquidityPending, "the same answer");

    // Another one is accepted, then the liquidity is gone, and does not come back in time.
    let withdrawal = world.link.request_withdrawal(&forum(), world.request(10).0).await.unwrap();
    world.node.set_liquidity(little);
    world.pay().await;
    assert_eq!(*world.withdrawal(&withdrawal).await.state(), WithdrawalState::LiquidityPending);
    world.later(3600 - 121);
    world.pay().await;
    assert_eq!(*world.withdrawal(&withdrawal).await.state(), WithdrawalState::LiquidityPending);
    world.later(60);
    world.pay().await;
    assert!(matches!(
        world.withdrawal(&withdrawal).await.state(),
        WithdrawalState::Failed { reason: FailureReason::InvoiceExpired, .. }
    ));
    assert_eq!(world.balance().await, (shannon(30 * CKB), 0));
    world.assert_sound().await;
}

/// Fails each commit of a payout in turn, before and after it was done, with a node that loses
/// answers: however it goes, nothing is paid twice and nothing is lost.
pub async fn a_payout_survives_a_lost_commit_at_every_step(store: Arc<dyn Store>) {
    let world = World::new(store.clone()).await;
    world.fund(1_000).await;
    let mut paid = 0;
    for step in 0..4 {
        for fault in [Fault::Before, Fault::After] {
            for plan in [vec![], vec![failed("no route")], vec![failed("no route"); 4]] {
                let succeeds = plan.len() < 4;
                let (request, hash) = world.request(10);
                world.node.plan_payments(hash, plan);
                let withdrawal = world.link.request_withdrawal(&forum(), request).await.unwrap();
                let faulty = Arc::new(FaultyStore::new(store.clone()));
                let link = world.through(faulty.clone()).await;
                faulty.script_commits(std::iter::repeat_n(Fault::None, step).chain([fault]));
                to_the_end(&world, &[&link]).await;
                let ended = world.withdrawal(&withdrawal).await;
                let times_paid = world.node.times_paid(hash);
                assert!(ended.state().is_final(), "step {step}, {fault:?}: {:?}", ended.state());
                let completed = matches!(ended.state(), WithdrawalState::Completed { .. });
                assert_eq!(times_paid, usize::from(completed), "step {step}, {fault:?}");
                assert!(succeeds || !completed, "four failures are no success");
                paid += times_paid;
            }
        }
    }
    assert_eq!(
        world.balance().await,
        (shannon(1_000 * CKB) - u128::try_from(paid).unwrap() * shannon(10 * CKB), 0)
    );
    world.assert_sound().await;
}
