//! What a node must never pay.

use super::ask::*;
use super::reading::{no_invoices, other_network};
use super::{Ending, NodeWorld, Oddity};
use crate::*;
use std::sync::Arc;

pub async fn a_payment_that_was_never_sent_is_unknown(world: Arc<dyn NodeWorld>) {
    assert_eq!(payment(&*world, unknown_hash()).await, None);
    // An invoice of its own is no payment.
    let invoice = create(&*world, HOUR).await;
    assert_eq!(payment(&*world, invoice.payment_hash).await, None);
}

pub async fn an_own_invoice_is_never_paid(world: Arc<dyn NodeWorld>) {
    let invoice = create(&*world, HOUR).await;
    let (encoded, payment_hash) = (invoice.encoded.clone(), invoice.payment_hash);
    try_to_send(&*world, &PaymentRequest { encoded, payment_hash, amount: AMOUNT, fee_limit: FEE_LIMIT })
        .await;
    assert_never_paid(&*world, payment_hash).await;
    assert_invoice(&*world, &invoice, InvoiceState::Open).await;
}

pub async fn an_invoice_of_another_network_is_never_paid(world: Arc<dyn NodeWorld>) {
    let encoded = world.odd_invoice(Oddity::Network(other_network(&*world).await));
    let invoice = world.node().decode_invoice(&encoded).await.unwrap();
    let (payment_hash, amount) = (invoice.payment_hash, invoice.amount.unwrap());
    try_to_send(&*world, &PaymentRequest { encoded, payment_hash, amount, fee_limit: FEE_LIMIT }).await;
    assert_never_paid(&*world, payment_hash).await;
}

pub async fn what_is_no_invoice_is_never_paid(world: Arc<dyn NodeWorld>) {
    for encoded in no_invoices() {
        let payment_hash = unknown_hash();
        let request = PaymentRequest { encoded, payment_hash, amount: AMOUNT, fee_limit: FEE_LIMIT };
        assert!(world.node().send_payment(request).await.is_err());
        assert_eq!(payment(&*world, payment_hash).await, None);
    }
}

async fn assert_refused_without_a_trace(world: &dyn NodeWorld, request: &PaymentRequest) {
    let answer = world.node().send_payment(request.clone()).await;
    assert!(answer.is_err(), "{answer:?}");
    assert_eq!(payment(world, request.payment_hash).await, None);
}

pub async fn an_expired_invoice_is_refused_and_leaves_no_session(world: Arc<dyn NodeWorld>) {
    let request = foreign(&*world, SHORT, Ending::Success).await;
    let expires_at = world.node().decode_invoice(&request.encoded).await.unwrap().expires_at.unwrap();
    assert_about(expires_at, world.now().plus(SHORT));
    world.wait(SHORT * 2).await;
    assert_refused_without_a_trace(&*world, &request).await;
}

pub async fn an_amount_that_differs_from_the_invoice_is_refused(world: Arc<dyn NodeWorld>) {
    let request = foreign(&*world, HOUR, Ending::Success).await;
    for units in [1, 100_000_006, 100_000_008, 200_000_014] {
        let other = PaymentRequest { amount: Amount::new(units), ..request.clone() };
        assert_refused_without_a_trace(&*world, &other).await;
    }
    // As it asks, it is paid all the same.
    pay(&*world, &request).await;
}

pub async fn a_hash_that_differs_from_the_invoice_is_refused(world: Arc<dyn NodeWorld>) {
    let request = foreign(&*world, HOUR, Ending::Success).await;
    let other = PaymentRequest { payment_hash: unknown_hash(), ..request.clone() };
    assert_refused_without_a_trace(&*world, &other).await;
    assert_eq!(payment(&*world, request.payment_hash).await, None);
}

pub async fn what_is_refused_is_not_paid(world: Arc<dyn NodeWorld>) {
    let (expired, whole) =
        (foreign(&*world, SHORT, Ending::Success).await, foreign(&*world, HOUR, Ending::Success).await);
    let other_amount = PaymentRequest { amount: Amount::new(1), ..whole.clone() };
    let other_hash = PaymentRequest { payment_hash: unknown_hash(), ..whole };
    world.wait(SHORT * 2).await;
    for request in [expired, other_amount, other_hash] {
        try_to_send(&*world, &request).await;
        assert_never_paid(&*world, request.payment_hash).await;
        assert_eq!(world.times_paid(&request.encoded).await, 0);
    }
}
