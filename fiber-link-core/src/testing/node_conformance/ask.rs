//! What cases ask and wait for.

use super::{Ending, NodeWorld, PATIENCE};
use crate::*;
use std::time::Duration;

pub(super) const HOUR: Duration = Duration::from_secs(3600);
/// Soon over, and long enough to do something with an invoice.
pub(super) const SHORT: Duration = Duration::from_secs(8);
/// Long enough for what is under way to be seen.
pub(super) const MOMENT: Duration = Duration::from_secs(1);
/// How far the node's clock may be from the world's.
const CLOCKS_DIFFER: Duration = Duration::from_secs(10);
/// One CKB and seven shannon: no rounding leaves it alone.
pub(super) const AMOUNT: Amount = Amount::new(100_000_007);
/// Ample for one forwarder or two.
pub(super) const FEE_LIMIT: Amount = Amount::new(1_000_000);

/// A preimage that no node has seen.
pub(super) fn fresh_preimage() -> Preimage {
    Preimage::new(Secret::random().unwrap().expose().try_into().unwrap())
}

pub(super) fn unknown_hash() -> PaymentHash {
    fresh_preimage().payment_hash()
}

pub(super) fn invoice_request(expiry: Duration) -> InvoiceRequest {
    InvoiceRequest {
        asset: Asset::ckb(),
        amount: AMOUNT,
        preimage: fresh_preimage(),
        expiry,
        description: "conformance".to_owned(),
    }
}

/// A token that no node has heard of.
pub(super) fn unknown_token() -> Asset {
    let script = TypeScript { code_hash: [0xEE; 32], hash_type: ScriptHashType::Type, args: vec![0xEE; 32] };
    Asset { id: AssetId::new("UNHEARD-OF").unwrap(), decimals: 8, kind: AssetKind::Udt(script) }
}

/// A new invoice of the node over [`AMOUNT`] of CKB.
pub(super) async fn create(world: &dyn NodeWorld, expiry: Duration) -> Invoice {
    world.node().create_invoice(invoice_request(expiry)).await.unwrap()
}

pub(super) async fn invoice_of(world: &dyn NodeWorld, hash: PaymentHash) -> Option<InvoiceStatus> {
    let answers = world.node().invoices(&[hash]).await.unwrap();
    let [answer] = answers.try_into().expect("one answer to one question");
    answer
}

/// The node knows the invoice unchanged, in this state.
pub(super) async fn assert_invoice(world: &dyn NodeWorld, invoice: &Invoice, state: InvoiceState) {
    let status = invoice_of(world, invoice.payment_hash).await;
    assert_eq!(status, Some(InvoiceStatus { invoice: invoice.clone(), state }));
}

/// Waits until the node tells the invoice, unchanged, in `state`.
pub(super) async fn invoice_comes_to(world: &dyn NodeWorld, invoice: &Invoice, state: InvoiceState) {
    let patient_until = world.now().plus(PATIENCE);
    while world.now() < patient_until {
        if invoice_of(world, invoice.payment_hash).await.is_some_and(|status| status.state == state) {
            break;
        }
        world.wait(Duration::from_millis(50)).await;
    }
    assert_invoice(world, invoice, state).await;
}

/// A time of the node's clock that says `expected`.
#[track_caller]
pub(super) fn assert_about(time: Timestamp, expected: Timestamp) {
    let apart = time.since(expected).max(expected.since(time));
    assert!(apart <= CLOCKS_DIFFER, "{time:?} is {apart:?} from {expected:?}");
}

/// An invoice of somebody else over [`AMOUNT`] of CKB, and the request to pay it as it asks.
pub(super) async fn foreign(world: &dyn NodeWorld, expiry: Duration, ending: Ending) -> PaymentRequest {
    let encoded = world.foreign_invoice(&Asset::ckb(), AMOUNT, expiry, ending).await;
    let payment_hash = world.node().decode_invoice(&encoded).await.unwrap().payment_hash;
    PaymentRequest { encoded, payment_hash, amount: AMOUNT, fee_limit: FEE_LIMIT }
}

/// Sends, and what was sent is known at once, under the time that the answer told.
pub(super) async fn send(world: &dyn NodeWorld, request: &PaymentRequest) -> PaymentStatus {
    let answer = world.node().send_payment(request.clone()).await.unwrap();
    let known = payment(world, request.payment_hash).await.expect("what was sent is known");
    assert_eq!(known.created_at, answer.created_at);
    known
}

/// Sends again where that may be refused: only what follows counts.
pub(super) async fn try_to_send(world: &dyn NodeWorld, request: &PaymentRequest) {
    let _news_at_best = world.node().send_payment(request.clone()).await;
}

pub(super) async fn payment(world: &dyn NodeWorld, hash: PaymentHash) -> Option<PaymentStatus> {
    world.node().payment(hash).await.unwrap()
}

/// Waits until a payment that the node knows is no longer pending.
pub(super) async fn end_of(world: &dyn NodeWorld, hash: PaymentHash) -> PaymentStatus {
    let patient_until = world.now().plus(PATIENCE);
    loop {
        let status = payment(world, hash).await.expect("a known payment stays known");
        if status.state != PaymentState::Pending || world.now() >= patient_until {
            return status;
        }
        world.wait(Duration::from_millis(50)).await;
    }
}

/// Sends, and waits for the end.
pub(super) async fn pay(world: &dyn NodeWorld, request: &PaymentRequest) -> PaymentStatus {
    send(world, request).await;
    let paid = end_of(world, request.payment_hash).await;
    assert_succeeded(&paid, request);
    paid
}

#[track_caller]
pub(super) fn assert_succeeded(status: &PaymentStatus, request: &PaymentRequest) {
    let PaymentState::Succeeded { fee } = status.state else { panic!("not paid: {status:?}") };
    assert!(fee <= request.fee_limit, "a fee of {fee} is above {}", request.fee_limit);
}

#[track_caller]
pub(super) fn assert_failed(status: &PaymentStatus) {
    let PaymentState::Failed { reason } = &status.state else { panic!("not failed: {status:?}") };
    assert!(!reason.is_empty(), "a reason is given");
}

/// Waits until nothing lives under the hash, and nothing was paid.
pub(super) async fn assert_never_paid(world: &dyn NodeWorld, hash: PaymentHash) {
    world.wait(MOMENT).await;
    if payment(world, hash).await.is_some() {
        assert_failed(&end_of(world, hash).await);
    }
}
