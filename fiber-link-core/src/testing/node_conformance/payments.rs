//! Payments that succeed, or would cost too much.

use super::ask::*;
use super::{Ending, NodeWorld};
use crate::*;
use std::sync::Arc;

pub async fn an_invoice_of_somebody_else_is_read(world: Arc<dyn NodeWorld>) {
    let request = foreign(&*world, HOUR, Ending::Success).await;
    let (read, info) =
        (world.node().decode_invoice(&request.encoded).await.unwrap(), world.node().info().await.unwrap());
    assert_eq!((read.asset, read.amount), (Some(AssetId::ckb()), Some(AMOUNT)));
    assert_eq!(read.network, info.network);
    assert_ne!(read.payee, Some(info.key));
    assert_about(read.expires_at.unwrap(), world.now().plus(HOUR));
}

pub async fn there_is_liquidity_for_a_known_asset(world: Arc<dyn NodeWorld>) {
    let liquidity = world.node().liquidity(&Asset::ckb()).await.unwrap();
    assert!(liquidity.outbound > AMOUNT, "{liquidity:?}");
}

pub async fn a_payment_is_known_once_sent_and_succeeds_with_a_fee_within_its_limit(
    world: Arc<dyn NodeWorld>,
) {
    let request = foreign(&*world, HOUR, Ending::Success).await;
    assert_eq!(payment(&*world, request.payment_hash).await, None);
    let sent = send(&*world, &request).await;
    assert_about(sent.created_at, world.now());
    let paid = end_of(&*world, request.payment_hash).await;
    assert_succeeded(&paid, &request);
    assert_eq!(paid.created_at, sent.created_at);
    world.wait(MOMENT).await;
    assert_eq!(payment(&*world, request.payment_hash).await, Some(paid));
}

pub async fn a_second_send_after_success_leaves_the_session_alone(world: Arc<dyn NodeWorld>) {
    let request = foreign(&*world, HOUR, Ending::Success).await;
    let paid = pay(&*world, &request).await;
    world.wait(MOMENT).await;
    try_to_send(&*world, &request).await;
    assert_eq!(payment(&*world, request.payment_hash).await, Some(paid.clone()));
    world.wait(MOMENT).await;
    assert_eq!(payment(&*world, request.payment_hash).await, Some(paid));
}

pub async fn a_second_send_after_success_does_not_pay_twice(world: Arc<dyn NodeWorld>) {
    let request = foreign(&*world, HOUR, Ending::Success).await;
    pay(&*world, &request).await;
    try_to_send(&*world, &request).await;
    end_of(&*world, request.payment_hash).await;
    world.wait(MOMENT).await;
    assert_eq!(world.times_paid(&request.encoded).await, 1);
}

pub async fn a_token_is_paid(world: Arc<dyn NodeWorld>) {
    let token = world.token();
    assert!(world.node().liquidity(&token).await.unwrap().outbound > AMOUNT);
    let encoded = world.foreign_invoice(&token, AMOUNT, HOUR, Ending::Success).await;
    let read = world.node().decode_invoice(&encoded).await.unwrap();
    assert_eq!((read.asset, read.amount), (Some(token.id), Some(AMOUNT)));
    let payment_hash = read.payment_hash;
    pay(&*world, &PaymentRequest { encoded, payment_hash, amount: AMOUNT, fee_limit: FEE_LIMIT }).await;
}

pub async fn a_fee_above_its_limit_is_never_paid(world: Arc<dyn NodeWorld>) {
    let request = foreign(&*world, HOUR, Ending::Success).await;
    let too_low = PaymentRequest { fee_limit: Amount::ZERO, ..request.clone() };
    try_to_send(&*world, &too_low).await;
    assert_never_paid(&*world, request.payment_hash).await;
    // The node may have kept that as failed: with an ample limit it pays all the same.
    pay(&*world, &request).await;
}
