//! Payments that fail or hang.

use super::ask::*;
use super::{Ending, NodeWorld};
use crate::*;
use std::sync::Arc;

/// Sends what fails, and waits for it.
async fn fail(world: &dyn NodeWorld) -> (PaymentRequest, PaymentStatus) {
    let request = foreign(world, HOUR, Ending::Failure).await;
    // Some nodes say so at once.
    try_to_send(world, &request).await;
    let failed = end_of(world, request.payment_hash).await;
    assert_failed(&failed);
    (request, failed)
}

pub async fn a_failed_payment_says_so_and_stays_failed(world: Arc<dyn NodeWorld>) {
    let (request, failed) = fail(&*world).await;
    assert_about(failed.created_at, world.now());
    world.wait(MOMENT).await;
    assert_eq!(payment(&*world, request.payment_hash).await, Some(failed));
}

pub async fn a_failed_payment_can_be_sent_again_in_a_later_session(world: Arc<dyn NodeWorld>) {
    let (request, mut before) = fail(&*world).await;
    for _ in 0..2 {
        world.wait(MOMENT).await;
        try_to_send(&*world, &request).await;
        let after = end_of(&*world, request.payment_hash).await;
        assert!(after.created_at > before.created_at, "{after:?} is the session of {before:?}");
        before = after;
    }
}

pub async fn a_payment_that_failed_before_is_paid_once(world: Arc<dyn NodeWorld>) {
    let (request, _) = fail(&*world).await;
    world.end(&request.encoded, Ending::Success).await;
    pay(&*world, &request).await;
    try_to_send(&*world, &request).await;
    world.wait(MOMENT).await;
    assert_eq!(world.times_paid(&request.encoded).await, 1);
}

/// It is sent and pending.
async fn hang(world: &dyn NodeWorld, request: &PaymentRequest) -> PaymentStatus {
    let sent = send(world, request).await;
    assert_eq!(sent.state, PaymentState::Pending);
    sent
}

pub async fn a_hanging_payment_stays_pending_when_its_invoices_time_is_over(world: Arc<dyn NodeWorld>) {
    let request = foreign(&*world, SHORT, Ending::Hang).await;
    let sent = hang(&*world, &request).await;
    world.wait(SHORT * 2).await;
    assert_eq!(payment(&*world, request.payment_hash).await, Some(sent));
}

pub async fn a_hanging_payment_comes_to_a_late_success(world: Arc<dyn NodeWorld>) {
    let request = foreign(&*world, HOUR, Ending::Hang).await;
    let sent = hang(&*world, &request).await;
    world.end(&request.encoded, Ending::Success).await;
    let paid = end_of(&*world, request.payment_hash).await;
    assert_succeeded(&paid, &request);
    assert_eq!(paid.created_at, sent.created_at);
}

pub async fn a_hanging_payment_comes_to_a_late_failure(world: Arc<dyn NodeWorld>) {
    let request = foreign(&*world, HOUR, Ending::Hang).await;
    let sent = hang(&*world, &request).await;
    world.end(&request.encoded, Ending::Failure).await;
    let failed = end_of(&*world, request.payment_hash).await;
    assert_failed(&failed);
    assert_eq!(failed.created_at, sent.created_at);
}

pub async fn a_second_send_while_the_first_lives_does_not_pay_twice(world: Arc<dyn NodeWorld>) {
    let request = foreign(&*world, HOUR, Ending::Hang).await;
    let sent = hang(&*world, &request).await;
    for _ in 0..2 {
        world.wait(MOMENT).await;
        try_to_send(&*world, &request).await;
        assert_eq!(payment(&*world, request.payment_hash).await, Some(sent.clone()));
    }
    assert_eq!(world.times_paid(&request.encoded).await, 0);
    world.end(&request.encoded, Ending::Success).await;
    assert_succeeded(&end_of(&*world, request.payment_hash).await, &request);
    world.wait(MOMENT).await;
    assert_eq!(world.times_paid(&request.encoded).await, 1);
}
