//! The fake keeps the rules that it says it keeps.

use super::*;
use crate::testing::{ManualClock, sample::START};
use crate::{Preimage, Secret, TipId};
use futures_util::future::join;
use futures_util::{FutureExt, StreamExt};
use std::time::Duration;

const HOUR: Duration = Duration::from_secs(3_600);

fn node() -> (FakeNode, ManualClock) {
    let clock = ManualClock::default();
    (FakeNode::new(clock.clone()), clock)
}

fn invoice_request(n: u128) -> InvoiceRequest {
    let tip = TipId::from_uuid(uuid::Uuid::from_u128(n));
    InvoiceRequest {
        asset: Asset::ckb(),
        amount: Amount::new(100),
        preimage: Preimage::derive(&Secret::new(*b"seed"), tip),
        expiry: HOUR,
        description: String::new(),
    }
}

/// An invoice of somebody else over 10 units, and the request to pay it.
fn foreign(node: &FakeNode) -> (PaymentHash, PaymentRequest) {
    let (amount, fee_limit) = (Amount::new(10), Amount::new(1));
    let invoice = node.foreign_invoice(amount, START.plus(HOUR));
    let payment_hash = invoice.payment_hash;
    let encoded = node.publish(invoice);
    (payment_hash, PaymentRequest { encoded, payment_hash, amount, fee_limit })
}

fn failed() -> PaymentState {
    PaymentState::Failed { reason: "no path found".to_owned() }
}

const SUCCEEDED: PaymentState = PaymentState::Succeeded { fee: Amount::ZERO };

async fn invoice_state(node: &FakeNode, hash: PaymentHash) -> Option<InvoiceState> {
    let [status] = node.invoices(&[hash]).await.unwrap().try_into().unwrap();
    status.map(|status: InvoiceStatus| status.state)
}

async fn payment_state(node: &FakeNode, hash: PaymentHash) -> Option<PaymentState> {
    node.payment(hash).await.unwrap().map(|status| status.state)
}

#[pollster::test]
async fn an_invoice_runs_out_by_the_clock_unless_a_payment_is_held() {
    let (node, clock) = node();
    let open = node.create_invoice(invoice_request(1)).await.unwrap();
    let held = node.create_invoice(invoice_request(2)).await.unwrap();
    node.hold_invoice(held.payment_hash);
    assert_eq!(open.expires_at, START.plus(HOUR));
    assert_eq!(invoice_state(&node, open.payment_hash).await, Some(InvoiceState::Open));
    clock.advance(HOUR);
    assert_eq!(invoice_state(&node, open.payment_hash).await, Some(InvoiceState::Expired));
    assert_eq!(invoice_state(&node, held.payment_hash).await, Some(InvoiceState::Received));
    node.pay_invoice(held.payment_hash);
    assert_eq!(invoice_state(&node, held.payment_hash).await, Some(InvoiceState::Paid));
    assert_eq!(node.calls().invoice_hashes, 4);
}

#[pollster::test]
async fn an_invoice_is_made_once_by_its_hash() {
    let (node, _) = node();
    let (first, second) =
        join(node.create_invoice(invoice_request(1)), node.create_invoice(invoice_request(1))).await;
    let made = first.unwrap();
    assert!(matches!(second, Err(NodeError::InvoiceExists)));
    let decoded = node.decode_invoice(&made.encoded).await.unwrap();
    assert_eq!(decoded.payee, Some(node.info().await.unwrap().key));
    assert!(matches!(node.decode_invoice("fake1").await, Err(NodeError::InvalidInvoice { .. })));
}

#[pollster::test]
async fn a_command_is_received_as_scripted() {
    let hash = invoice_request(1).preimage.payment_hash();
    let open = Some(InvoiceState::Open);
    for (reception, answered, then, later) in [
        (Reception::Answer, true, open, open),
        (Reception::LoseAnswer, false, open, open),
        (Reception::LoseRequest, false, None, None),
        (Reception::Late, false, None, open),
        (Reception::Refuse("no".to_owned()), false, None, None),
        (Reception::DoAndRefuse("no".to_owned()), false, open, open),
    ] {
        let (node, _) = node();
        node.receive_create_invoice([reception.clone()]);
        assert_eq!(node.create_invoice(invoice_request(1)).await.is_ok(), answered, "{reception:?}");
        assert_eq!(invoice_state(&node, hash).await, then, "{reception:?}");
        node.deliver_late();
        assert_eq!(invoice_state(&node, hash).await, later, "{reception:?}");
    }
}

#[pollster::test]
async fn a_payment_is_refused_while_one_lives_or_succeeded_and_made_again_after_a_failure() {
    let (node, clock) = node();
    let (hash, request) = foreign(&node);
    node.plan_payments(hash, [failed(), PaymentState::Pending]);
    assert_eq!(payment_state(&node, hash).await, None);

    let first = node.send_payment(request.clone()).await.unwrap();
    assert_eq!(payment_state(&node, hash).await, Some(failed()));
    clock.advance(HOUR / 2);
    let second = node.send_payment(request.clone()).await.unwrap();
    assert!(second.created_at > first.created_at, "a session of its own");
    assert!(node.send_payment(request.clone()).await.is_err(), "one is under way");
    node.end_payment(hash, SUCCEEDED);
    assert!(node.send_payment(request).await.is_err(), "it succeeded");
    assert_eq!(payment_state(&node, hash).await, Some(SUCCEEDED));
    assert_eq!((node.sends(hash), node.times_paid(hash), node.questions(hash)), (4, 1, 3));
}

#[pollster::test]
async fn a_payment_that_the_node_forgot_is_made_again() {
    let (node, _) = node();
    let (hash, request) = foreign(&node);
    node.send_payment(request.clone()).await.unwrap();
    node.forget_payment(hash);
    assert_eq!(payment_state(&node, hash).await, None);
    node.send_payment(request).await.unwrap();
    assert_eq!(node.times_paid(hash), 2);
}

#[pollster::test]
async fn what_does_not_fit_is_refused_without_a_trace() {
    let (node, clock) = node();
    let (hash, request) = foreign(&node);
    let other_amount = PaymentRequest { amount: Amount::new(11), ..request.clone() };
    let other_hash = PaymentRequest { payment_hash: PaymentHash::new([1; 32]), ..request.clone() };
    let unknown = PaymentRequest { encoded: "fake1".to_owned(), ..request.clone() };
    for request in [other_amount, other_hash, unknown] {
        assert!(node.send_payment(request).await.is_err());
    }
    clock.advance(HOUR);
    assert!(node.send_payment(request).await.is_err(), "the invoice is expired");
    assert_eq!(payment_state(&node, hash).await, None);
    assert_eq!(node.times_paid(hash), 0);
}

#[pollster::test]
async fn what_has_no_way_is_refused_and_kept_as_failed() {
    let (node, _) = node();
    let own = node.create_invoice(invoice_request(1)).await.unwrap();
    let own = PaymentRequest {
        encoded: own.encoded,
        payment_hash: own.payment_hash,
        amount: own.amount,
        fee_limit: Amount::MAX,
    };
    let (hash, dear) = foreign(&node);
    node.set_outcome(hash, PaymentState::Succeeded { fee: Amount::new(2) });
    for request in [own, dear] {
        let hash = request.payment_hash;
        assert!(matches!(node.send_payment(request).await, Err(NodeError::Refused { .. })));
        assert!(matches!(payment_state(&node, hash).await, Some(PaymentState::Failed { .. })));
        assert_eq!(node.times_paid(hash), 0);
    }
}

#[pollster::test]
async fn sessions_of_one_hash_are_told_apart_by_their_times_also_when_the_clock_stands() {
    let (node, _) = node();
    let (hash, request) = foreign(&node);
    node.set_outcome(hash, failed());
    let first = node.send_payment(request.clone()).await.unwrap();
    let second = node.send_payment(request).await.unwrap();
    assert!(second.created_at > first.created_at);
    assert_eq!(payment_state(&node, hash).await, Some(failed()), "as long as nothing else is said");
}

#[pollster::test]
async fn a_claim_hides_the_truth_until_it_is_taken_back() {
    let (node, _) = node();
    let (hash, request) = foreign(&node);
    node.send_payment(request).await.unwrap();
    node.claim_payment(hash, None);
    assert_eq!(payment_state(&node, hash).await, None);
    let invoice = node.create_invoice(invoice_request(1)).await.unwrap();
    node.claim_invoice(invoice.payment_hash, None);
    assert_eq!(invoice_state(&node, invoice.payment_hash).await, None);
    node.stop_claiming();
    assert_eq!(payment_state(&node, hash).await, Some(SUCCEEDED));
    assert_eq!(invoice_state(&node, invoice.payment_hash).await, Some(InvoiceState::Open));
}

#[pollster::test]
async fn a_node_that_is_down_hears_and_answers_nothing() {
    let (node, _) = node();
    let (hash, request) = foreign(&node);
    node.set_down(true);
    assert!(matches!(node.send_payment(request).await, Err(NodeError::NoAnswer(_))));
    assert!(matches!(node.payment(hash).await, Err(NodeError::NoAnswer(_))));
    assert!(matches!(node.invoices(&[hash]).await, Err(NodeError::NoAnswer(_))));
    assert!(matches!(node.info().await, Err(NodeError::NoAnswer(_))));
    node.set_down(false);
    assert_eq!(payment_state(&node, hash).await, None);
}

#[pollster::test]
async fn each_call_gives_way_once() {
    let (node, _) = node();
    assert!(node.info().now_or_never().is_none());
    assert!(node.info().await.is_ok());
}

#[pollster::test]
async fn hints_reach_those_who_listen() {
    let (node, _) = node();
    let hash = PaymentHash::new([7; 32]);
    node.hint(hash);
    let (mut one, mut other) = (node.hints(), node.hints());
    assert!(one.next().now_or_never().is_none(), "silent, and nothing from before");
    let (heard, ()) = join(one.next(), async { node.hint(hash) }).await;
    assert_eq!(heard, Some(InvoiceHint { payment_hash: hash }));
    assert_eq!(other.next().await, heard);
    drop(other);
    node.hint(hash);
    assert_eq!(one.next().await, heard);
}
