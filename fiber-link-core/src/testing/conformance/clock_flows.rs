//! What a clock that jumps, and a node that takes its time, do to money: nothing.

use super::world::{CKB, World, tip_of};
use crate::testing::sample::forum;
use crate::testing::{ManualClock, MockFiberNode};
use crate::*;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;

const YEARS: Duration = Duration::from_secs(10 * 365 * 24 * 3600);

/// Nothing is put off for years because a clock was years ahead for a moment.
pub async fn a_clock_that_was_years_ahead_does_not_put_off_what_is_due(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    world.fund(20).await;
    let (request, hash) = world.request(10);
    world.node.plan_payments(hash, [PaymentState::Pending]);
    let withdrawal = world.link.request_withdrawal(&forum(), request).await.unwrap();
    let tip = world.link.create_tip(&forum(), tip_of(5)).await.unwrap();
    world.pay().await;
    let now = world.clock.now();
    world.clock.set(now.plus(YEARS));
    world.settle().await;
    world.pay().await;
    world.clock.set(now);
    world.node.pay_invoice(tip.payment_hash());
    world.node.end_payment(hash, PaymentState::Succeeded { fee: Amount::ZERO });
    world.later(60);
    assert_eq!(world.settle().await.settled, 1);
    assert_eq!(world.pay().await.ended, 1);
    assert!(matches!(world.withdrawal(&withdrawal).await.state(), WithdrawalState::Completed { .. }));
    assert_eq!(world.balance().await, (u128::from(15 * CKB), 0));
    world.assert_sound().await;
}

/// The right to send begins when it is won, not when the node was first asked something.
pub async fn a_node_that_is_slow_to_tell_its_liquidity_is_sent_the_payment(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    world.fund(20).await;
    let withdrawal = world.link.request_withdrawal(&forum(), world.request(10).0).await.unwrap();
    let (mut node, sends) = (scripted_node(&world).await, Arc::new(AtomicU64::new(0)));
    let clock = world.clock.clone();
    node.expect_liquidity().returning(move |_| {
        clock.advance(Duration::from_secs(12));
        Ok(Liquidity { outbound: Amount::MAX, inbound: Amount::MAX })
    });
    let sent = sends.clone();
    node.expect_send_payment().returning(move |_| {
        sent.fetch_add(1, SeqCst);
        Err(NodeError::NoAnswer("too slow".into()))
    });
    node.expect_payment().returning(move |_| Ok(sessions(sends.load(SeqCst), &[succeeded()])));
    world.with_node(node).await.pay_due(10).await.unwrap();
    assert!(matches!(world.withdrawal(&withdrawal).await.state(), WithdrawalState::Completed { .. }));
}

/// Who won the right to send and comes late sends nothing: others may think that it is dead.
pub async fn a_claim_that_is_about_to_run_out_sends_nothing(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    world.fund(20).await;
    let withdrawal = world.link.request_withdrawal(&forum(), world.request(10).0).await.unwrap();
    let mut node = scripted_node(&world).await;
    node.expect_liquidity().returning(|_| Ok(Liquidity { outbound: Amount::MAX, inbound: Amount::MAX }));
    node.expect_send_payment().never();
    node.expect_payment().returning(|_| Ok(None));
    let link = world.with_node_and_clock(node, SlowClock(world.clock.clone())).await;
    link.pay_due(10).await.unwrap();
    assert!(matches!(world.withdrawal(&withdrawal).await.state(), WithdrawalState::Processing { .. }));
}

/// An answer is as old as its question: what the node did while we slept over it is not known, however
/// long ago the invoice expired by now.
pub async fn an_answer_that_was_slept_over_proves_nothing(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    world.fund(20).await;
    let withdrawal = world.link.request_withdrawal(&forum(), world.request(10).0).await.unwrap();
    let (mut node, sends) = (scripted_node(&world).await, Arc::new(AtomicU64::new(0)));
    node.expect_liquidity().returning(|_| Ok(Liquidity { outbound: Amount::MAX, inbound: Amount::MAX }));
    let sent = sends.clone();
    node.expect_send_payment().returning(move |_| {
        sent.store(1, SeqCst);
        Err(NodeError::NoAnswer("the request is still on its way".into()))
    });
    let clock = world.clock.clone();
    node.expect_payment().returning(move |_| {
        let known = sessions(sends.load(SeqCst).saturating_sub(1), &[succeeded()]);
        // It says "not known", the request arrives, and the process sleeps before it reads the answer.
        if sends.load(SeqCst) == 1 {
            sends.store(2, SeqCst);
            clock.advance(Duration::from_secs(2 * 3600));
        }
        Ok(known)
    });
    let link = world.with_node(node).await;
    link.pay_due(10).await.unwrap();
    let asleep = world.withdrawal(&withdrawal).await;
    assert!(matches!(asleep.state(), WithdrawalState::Processing { .. }), "{:?}", asleep.state());
    link.pay_due(10).await.unwrap();
    assert!(matches!(world.withdrawal(&withdrawal).await.state(), WithdrawalState::Completed { .. }));
    world.assert_sound().await;
}

/// Eleven seconds pass between two looks at it.
#[derive(Clone)]
struct SlowClock(ManualClock);

impl Clock for SlowClock {
    fn now(&self) -> Timestamp {
        self.0.advance(Duration::from_secs(11));
        self.0.now()
    }
}

/// The latest attempt is the one that was begun last, whatever the clock said.
pub async fn a_clock_that_was_set_back_does_not_hide_the_latest_attempt(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    world.fund(20).await;
    let withdrawal = world.link.request_withdrawal(&forum(), world.request(10).0).await.unwrap();
    let (mut node, sends) = (scripted_node(&world).await, Arc::new(AtomicU64::new(0)));
    let plenty = Liquidity { outbound: Amount::MAX, inbound: Amount::MAX };
    node.expect_liquidity().returning(move |_| Ok(plenty));
    let (clock, sent) = (world.clock.clone(), sends.clone());
    node.expect_send_payment().returning(move |_| {
        if sent.fetch_add(1, SeqCst) == 0 {
            clock.set(clock.now().minus(Duration::from_secs(600)));
        }
        Err(NodeError::NoAnswer("silence".into()))
    });
    let no_route = PaymentState::Failed { reason: "no route".into() };
    node.expect_payment()
        .returning(move |_| Ok(sessions(sends.load(SeqCst), &[no_route.clone(), succeeded()])));
    let link = world.with_node(node).await;
    link.pay_due(10).await.unwrap();
    assert!(matches!(world.withdrawal(&withdrawal).await.state(), WithdrawalState::RetryPending { .. }));
    world.later(90);
    link.pay_due(10).await.unwrap();
    let ended = world.withdrawal(&withdrawal).await;
    assert!(matches!(ended.state(), WithdrawalState::Completed { .. }), "{:?}", ended.state());
    world.assert_sound().await;
}

async fn scripted_node(world: &World) -> MockFiberNode {
    let (mut node, info) = (MockFiberNode::new(), world.node.info().await.unwrap());
    node.expect_info().returning(move || Ok(info.clone()));
    node
}

fn succeeded() -> PaymentState {
    PaymentState::Succeeded { fee: Amount::ZERO }
}

/// What a node knows after so many sends, one of which ends like each of `ends`.
fn sessions(sends: u64, ends: &[PaymentState]) -> Option<PaymentStatus> {
    let state = ends.get(usize::try_from(sends.checked_sub(1)?).ok()?)?.clone();
    Some(PaymentStatus { created_at: Timestamp::from_seconds(sends), state })
}
