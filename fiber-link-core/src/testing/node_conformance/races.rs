//! Many callers at once.

use super::ask::*;
use super::{Ending, NodeWorld};
use crate::*;
use futures_util::future::join_all;
use std::sync::Arc;

pub async fn eight_requests_with_one_preimage_make_one_invoice(world: Arc<dyn NodeWorld>) {
    let (node, request) = (world.node(), invoice_request(HOUR));
    let answers = join_all((0..8).map(|_| node.create_invoice(request.clone()))).await;
    let (made, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(Result::is_ok);
    let [Ok(invoice)] = made.as_slice() else { panic!("not made once: {made:?}, {refused:?}") };
    for answer in refused {
        assert!(matches!(answer, Err(NodeError::InvoiceExists)), "{answer:?}");
    }
    assert_invoice(&*world, invoice, InvoiceState::Open).await;
}

/// Sends eight times at once, and waits for the end.
async fn race(world: &dyn NodeWorld) -> (PaymentRequest, PaymentStatus) {
    let request = foreign(world, HOUR, Ending::Success).await;
    let node = world.node();
    let answers = join_all((0..8).map(|_| node.send_payment(request.clone()))).await;
    let sent: Vec<_> = answers.iter().flatten().map(|status| status.created_at).collect();
    assert!(!sent.is_empty(), "one is taken: {answers:?}");
    let paid = end_of(world, request.payment_hash).await;
    assert_succeeded(&paid, &request);
    assert!(sent.iter().all(|created_at| *created_at == paid.created_at), "one session: {answers:?}");
    (request, paid)
}

pub async fn eight_sends_at_once_are_one_session(world: Arc<dyn NodeWorld>) {
    let (request, paid) = race(&*world).await;
    world.wait(MOMENT).await;
    assert_eq!(payment(&*world, request.payment_hash).await, Some(paid));
}

pub async fn eight_sends_at_once_pay_once(world: Arc<dyn NodeWorld>) {
    let (request, _) = race(&*world).await;
    world.wait(MOMENT).await;
    assert_eq!(world.times_paid(&request.encoded).await, 1);
}
