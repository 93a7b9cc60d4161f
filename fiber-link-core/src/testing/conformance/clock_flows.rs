//! What a clock that jumps does to money: nothing.

use super::world::{CKB, World, tip_of};
use crate::testing::sample::forum;
use crate::*;
use std::sync::Arc;
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
