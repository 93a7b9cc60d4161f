//! Another node, another version, and what an operator decides about it.

use super::world::{CKB, FEE_LIMIT, World, administration, failed, shannon, tip_of, why};
use crate::testing::sample::forum;
use crate::testing::{MockFiberNode, Reception};
use crate::*;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

async fn become_another(world: &World) -> NodeInfo {
    let info = NodeInfo { key: NodeKey::new([7; 33]), ..world.node.info().await.unwrap() };
    world.node.set_info(info.clone());
    info
}

async fn accept(world: &World, info: &NodeInfo) -> Hub {
    let admin = administration(&world.link);
    let hub = admin.accept_node(info, &why()).await.unwrap();
    let filter = AuditFilter { action: Some("node.accept".to_owned()), ..AuditFilter::default() };
    let record = admin.audit_records(&filter, None, 1).await.unwrap().rows.remove(0).record;
    assert_eq!((record.subject, record.reason), (info.key.to_string(), why().as_str().to_owned()));
    assert!(record.after.is_some_and(|after| after.contains(&info.key.to_string())));
    hub
}

pub async fn another_node_stops_tips_and_payouts_until_it_is_accepted(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    world.fund(20).await;
    let (request, hash) = world.request(10);
    let withdrawal = world.link.request_withdrawal(&forum(), request).await.unwrap();
    let open = world.link.create_tip(&forum(), tip_of(1)).await.unwrap();
    let info = become_another(&world).await;
    world.node.pay_invoice(open.payment_hash());
    world.later(301);
    let refused = world.link.create_tip(&forum(), tip_of(1)).await;
    assert!(
        matches!(&refused, Err(CreateTipError::NodeDoesNotFit(NodeStanding::OtherNode { found, .. }))
            if *found == info.key),
        "{refused:?}"
    );
    assert!(matches!(world.pay().await.stopped, Some(Stop::NodeDoesNotFit(_))));
    let settlement = world.settle().await;
    assert!(matches!(settlement.stopped, Some(Stop::NodeDoesNotFit(_))));
    assert_eq!((settlement.asked, world.node.sends(hash)), (0, 0));
    assert_eq!(world.tip(&open).await.settled_at(), None, "the word of another node");
    let ready = world.link.readiness().await;
    assert_eq!((ready.store, ready.node, ready.payouts), (true, false, false));

    let hub = accept(&world, &info).await;
    assert_eq!((hub.node, hub.node_since), (info.key, world.clock.now()));
    world.later(11);
    world.pay().await;
    world.settle().await;
    assert!(matches!(world.withdrawal(&withdrawal).await.state(), WithdrawalState::Completed { .. }));
    assert!(world.tip(&open).await.settled_at().is_some());
    assert!(world.link.create_tip(&forum(), tip_of(1)).await.is_ok());
    world.assert_sound().await;
}

pub async fn a_node_that_was_down_at_the_start_is_looked_at_before_it_is_used(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    world.fund(20).await;
    let (request, hash) = world.request(10);
    world.link.request_withdrawal(&forum(), request).await.unwrap();
    become_another(&world).await;
    world.node.set_down(true);
    let restarted = world.other_process(Exclusivity::Sole).await;
    assert_eq!(restarted.pay_due(10).await.unwrap().stopped, Some(Stop::NodeSilent));
    assert_eq!(restarted.settle_due(10).await.unwrap().stopped, Some(Stop::NodeSilent));
    let down = restarted.create_tip(&forum(), tip_of(1)).await;
    assert!(matches!(down, Err(CreateTipError::NodeUnavailable(_))));
    world.node.set_down(false);
    assert!(matches!(restarted.pay_due(10).await.unwrap().stopped, Some(Stop::NodeDoesNotFit(_))));
    assert_eq!(world.node.sends(hash), 0);
}

pub async fn an_untested_version_stops_payouts_and_not_tips(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    world.fund(20).await;
    let (request, hash) = world.request(10);
    let withdrawal = world.link.request_withdrawal(&forum(), request).await.unwrap();
    let tested = world.node.info().await.unwrap();
    let version = "9.9.9".to_owned();
    world.node.set_info(NodeInfo {
        version: version.clone(),
        support: NodeSupport::Untested,
        ..tested.clone()
    });
    world.later(301);
    let stop = Some(Stop::NodeDoesNotFit(NodeStanding::UntestedVersion { version }));
    assert_eq!(world.pay().await.stopped, stop);
    let tip = world.link.create_tip(&forum(), tip_of(1)).await.unwrap();
    world.node.pay_invoice(tip.payment_hash());
    world.later(6);
    assert_eq!(world.settle().await.settled, 1);
    let ready = world.link.readiness().await;
    assert_eq!((ready.node, ready.payouts), (true, false));
    assert_eq!(world.node.sends(hash), 0);

    world.node.set_info(tested);
    world.later(11);
    world.pay().await;
    assert!(matches!(world.withdrawal(&withdrawal).await.state(), WithdrawalState::Completed { .. }));
}

pub async fn a_process_that_only_takes_tips_leaves_withdrawals_to_another(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    world.fund(20).await;
    let settings = Settings { payouts: Payouts::Elsewhere, ..Default::default() };
    let tips_only = world.with_settings(settings).await;
    let (request, hash) = world.request(10);
    let withdrawal = tips_only.request_withdrawal(&forum(), request).await.unwrap();
    let questions = world.node.questions(hash);
    assert_eq!(tips_only.pay_due(10).await.unwrap().stopped, Some(Stop::PaidElsewhere));
    assert_eq!((world.node.questions(hash), world.node.sends(hash)), (questions, 0));
    assert!(!tips_only.readiness().await.payouts);
    world.pay().await;
    assert!(matches!(world.withdrawal(&withdrawal).await.state(), WithdrawalState::Completed { .. }));
}

pub async fn a_node_of_another_network_is_not_accepted(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    let info = NodeInfo { network: Network::Mainnet, ..world.node.info().await.unwrap() };
    world.node.set_info(info.clone());
    world.later(301);
    let stop = world.settle().await.stopped;
    assert!(matches!(stop, Some(Stop::NodeDoesNotFit(NodeStanding::OtherNetwork { .. }))), "{stop:?}");
    let refused = administration(&world.link).accept_node(&info, &why()).await;
    assert!(matches!(refused, Err(AcceptNodeError::OtherNetwork { .. })));
    let records =
        administration(&world.link).audit_records(&AuditFilter::default(), None, 9).await.unwrap().rows;
    assert_eq!(records, [], "what was refused leaves no record");
}

/// The last check is good for minutes, and the exchange of a node takes seconds.
pub async fn a_node_that_was_exchanged_since_the_last_check_proves_nothing(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    world.fund(20).await;
    let (request, hash) = world.request(10);
    let withdrawal = world.link.request_withdrawal(&forum(), request).await.unwrap();
    world.node.plan_payments(hash, [PaymentState::Pending]);
    world.pay().await;
    world.later(3600 + 601);
    assert_eq!(world.pay().await.stopped, None, "the node before was looked at just now");
    let reserved = (shannon(10 * CKB - FEE_LIMIT), shannon(10 * CKB + FEE_LIMIT));
    become_another(&world).await;
    let failure = PaymentStatus { created_at: world.clock.now(), state: failed("no route") };
    for answer in [None, Some(failure)] {
        world.node.claim_payment(hash, answer);
        world.later(60);
        world.pay().await;
        assert_eq!(world.balance().await, reserved);
    }
    assert!(matches!(world.withdrawal(&withdrawal).await.state(), WithdrawalState::Processing { .. }));
    world.assert_sound().await;
}

/// The worker that may have sent it is dead, and the node that does not know it is another.
pub async fn a_node_that_was_exchanged_since_the_last_check_is_sent_nothing_again(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    world.fund(20).await;
    let (request, hash) = world.request(10);
    world.link.request_withdrawal(&forum(), request).await.unwrap();
    world.node.receive_send_payment([Reception::LoseRequest]);
    world.pay().await;
    let sole = world.other_process(Exclusivity::Sole).await;
    become_another(&world).await;
    world.later(31);
    assert_eq!(sole.pay_due(10).await.unwrap().looked_at, 1);
    assert_eq!(world.node.sends(hash), 1);
}

/// It passes the memory check at the beginning of a pass, and comes back with an older state before
/// the pass is over.
pub async fn a_node_that_forgets_in_the_middle_of_a_pass_proves_nothing(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    world.fund(20).await;
    let (request, paid) = world.request(5);
    world.link.request_withdrawal(&forum(), request).await.unwrap();
    world.pay().await;
    let (request, sent) = world.request(10);
    let withdrawal = world.link.request_withdrawal(&forum(), request).await.unwrap();
    world.node.plan_payments(sent, [PaymentState::Pending]);
    world.pay().await;
    let (reserved, info) = (world.balance().await, world.node.info().await.unwrap());
    world.later(3600 + 601);
    let known = world.node.payment(paid).await.unwrap();
    let (mut node, forgot) = (MockFiberNode::new(), AtomicBool::new(false));
    node.expect_info().returning(move || Ok(info.clone()));
    node.expect_payment().returning(move |hash| {
        forgot.fetch_or(hash == sent, Ordering::SeqCst);
        Ok(if forgot.load(Ordering::SeqCst) { None } else { known.clone() })
    });
    assert_eq!(world.with_node(node).await.pay_due(10).await.unwrap().stopped, None);
    assert_eq!(world.balance().await, reserved);
    assert!(matches!(world.withdrawal(&withdrawal).await.state(), WithdrawalState::Processing { .. }));
}

/// Store and node came back from backups: the store does not know that it sent, and the node forgot
/// after the memory check of the pass. It paid.
pub async fn a_node_that_forgets_in_the_middle_of_a_pass_has_nothing_begun_or_given_up(
    store: Arc<dyn Store>,
) {
    let world = World::new(store).await;
    world.fund(20).await;
    let (request, paid) = world.request(5);
    world.link.request_withdrawal(&forum(), request).await.unwrap();
    world.pay().await;
    world.later(1);
    world.pay().await;
    let (request, hash) = world.request(10);
    let withdrawal = world.link.request_withdrawal(&forum(), request).await.unwrap();
    let reserved = world.balance().await;
    let (info, known) = (world.node.info().await.unwrap(), world.node.payment(paid).await.unwrap());
    for seconds in [1, 3600 - 60] {
        world.later(seconds);
        let (info, known) = (info.clone(), known.clone());
        let (mut node, forgot) = (MockFiberNode::new(), AtomicBool::new(false));
        node.expect_info().returning(move || Ok(info.clone()));
        node.expect_liquidity()
            .returning(|_| Ok(Liquidity { outbound: Amount::new(100 * CKB), inbound: Amount::new(0) }));
        node.expect_payment().returning(move |asked| {
            forgot.fetch_or(asked == hash, Ordering::SeqCst);
            Ok(if forgot.load(Ordering::SeqCst) { None } else { known.clone() })
        });
        node.expect_send_payment().never();
        let report = world.with_node(node).await.pay_due(10).await.unwrap();
        assert_eq!((report.looked_at, report.stopped), (1, None));
        assert_eq!(world.withdrawal(&withdrawal).await.state(), withdrawal.state());
        assert_eq!(world.balance().await, reserved);
    }
    world.assert_sound().await;
}

pub async fn a_check_from_a_time_that_never_was_is_made_again(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    let now = world.clock.now();
    world.later(24 * 3600);
    assert_eq!(world.settle().await.stopped, None);
    world.clock.set(now);
    become_another(&world).await;
    assert!(matches!(world.settle().await.stopped, Some(Stop::NodeDoesNotFit(_))));
}

/// What begins after it is the accepted node's, whatever the clock says.
pub async fn an_acceptance_while_the_clock_was_ahead_binds_no_later_attempt(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    world.fund(20).await;
    let info = become_another(&world).await;
    let now = world.clock.now();
    world.later(24 * 3600);
    accept(&world, &info).await;
    world.clock.set(now);
    world.later(301);
    let (request, hash) = world.request(10);
    world.node.plan_payments(hash, [failed("no route")]);
    let withdrawal = world.link.request_withdrawal(&forum(), request).await.unwrap();
    world.pay().await;
    assert!(matches!(world.withdrawal(&withdrawal).await.state(), WithdrawalState::RetryPending { .. }));
}

/// An operator may accept a restored node before anything shows that it forgot.
pub async fn an_acceptance_counts_for_what_was_sent_before_it_at_once(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    world.fund(20).await;
    let (request, hash) = world.request(10);
    let withdrawal = world.link.request_withdrawal(&forum(), request).await.unwrap();
    world.node.plan_payments(hash, [PaymentState::Pending]);
    world.pay().await;
    world.later(3600 + 601);
    assert_eq!(world.pay().await.stopped, None, "the node was looked at just now");
    let info = world.node.info().await.unwrap();
    accept(&world, &info).await;
    world.node.claim_payment(hash, None);
    world.later(60);
    world.pay().await;
    let reserved = (shannon(10 * CKB - FEE_LIMIT), shannon(10 * CKB + FEE_LIMIT));
    assert_eq!(world.balance().await, reserved);
    assert!(matches!(world.withdrawal(&withdrawal).await.state(), WithdrawalState::Processing { .. }));
}

/// Neither silence nor a failure of the node that came after it says anything about what the node
/// before did.
pub async fn an_accepted_node_proves_nothing_about_what_was_sent_before_it(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    world.fund(20).await;
    let (request, hash) = world.request(10);
    let withdrawal = world.link.request_withdrawal(&forum(), request).await.unwrap();
    world.node.plan_payments(hash, [PaymentState::Pending]);
    world.node.receive_send_payment([Reception::LoseAnswer]);
    world.pay().await;
    let reserved = (shannon(10 * CKB - FEE_LIMIT), shannon(10 * CKB + FEE_LIMIT));
    let info = become_another(&world).await;
    accept(&world, &info).await;
    let sole = world.other_process(Exclusivity::Sole).await;
    let failure = PaymentStatus { created_at: world.clock.now(), state: failed("no route") };
    for answer in [None, Some(failure)] {
        world.node.claim_payment(hash, answer);
        for _ in 0..5 {
            world.later(24 * 3600);
            sole.pay_due(10).await.unwrap();
            assert_eq!(world.balance().await, reserved);
            assert!(matches!(
                world.withdrawal(&withdrawal).await.state(),
                WithdrawalState::Processing { .. }
            ));
        }
    }
    assert_eq!(world.node.sends(hash), 1, "and nothing is sent again");
    // It has no reason to invent a success.
    world.node.stop_claiming();
    world.node.end_payment(hash, PaymentState::Succeeded { fee: Amount::new(3) });
    world.later(60);
    sole.pay_due(10).await.unwrap();
    assert!(matches!(world.withdrawal(&withdrawal).await.state(), WithdrawalState::Completed { .. }));
    world.assert_sound().await;
}

pub async fn accepting_the_node_again_ends_the_stop_of_a_node_that_forgot(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    world.fund(40).await;
    let (request, first) = world.request(10);
    world.link.request_withdrawal(&forum(), request).await.unwrap();
    world.pay().await;
    world.later(1);
    world.pay().await;
    world.node.forget_payment(first);
    let (request, second) = world.request(5);
    let withdrawal = world.link.request_withdrawal(&forum(), request).await.unwrap();
    assert_eq!(world.pay().await.stopped, Some(Stop::NodeForgot));
    let ready = world.link.readiness().await;
    assert_eq!((ready.node, ready.payouts), (true, false));
    let info = world.node.info().await.unwrap();
    world.later(1);
    accept(&world, &info).await;
    world.later(1);
    assert_eq!(world.pay().await.stopped, None, "noticed at once");
    world.later(1);
    world.pay().await;
    assert!(matches!(world.withdrawal(&withdrawal).await.state(), WithdrawalState::Completed { .. }));
    assert_eq!((world.node.times_paid(first), world.node.times_paid(second)), (1, 1));
}

pub async fn an_invoice_of_the_accepted_node_is_one_of_ours(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    world.fund(20).await;
    let info = become_another(&world).await;
    accept(&world, &info).await;
    world.later(301);
    world.settle().await;
    let expires_at = world.clock.now().plus(std::time::Duration::from_secs(3600));
    let invoice = world.node.foreign_invoice(Amount::new(5 * CKB), expires_at);
    let own = world.node.publish(DecodedInvoice { payee: Some(info.key), ..invoice });
    let refused = world.link.request_withdrawal(&forum(), world.request_to(5, own)).await;
    assert!(matches!(refused, Err(WithdrawError::Destination(DestinationRefusal::IssuedHere))));
}
