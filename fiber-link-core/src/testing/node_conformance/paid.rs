//! Invoices of the node that are paid or cancelled.

use super::NodeWorld;
use super::ask::*;
use crate::*;
use std::sync::Arc;

pub async fn a_paid_invoice_says_paid_and_no_other_does(world: Arc<dyn NodeWorld>) {
    let (paid, other) = (create(&*world, HOUR).await, create(&*world, HOUR).await);
    world.pay(&paid.encoded).await;
    invoice_comes_to(&*world, &paid, InvoiceState::Paid).await;
    assert_invoice(&*world, &other, InvoiceState::Open).await;
}

pub async fn a_paid_invoice_stays_paid_when_its_time_is_over(world: Arc<dyn NodeWorld>) {
    let invoice = create(&*world, SHORT).await;
    world.pay(&invoice.encoded).await;
    invoice_comes_to(&*world, &invoice, InvoiceState::Paid).await;
    world.wait(SHORT * 2).await;
    assert_invoice(&*world, &invoice, InvoiceState::Paid).await;
}

pub async fn a_cancelled_invoice_says_cancelled(world: Arc<dyn NodeWorld>) {
    let (cancelled, other) = (create(&*world, SHORT).await, create(&*world, HOUR).await);
    world.cancel(cancelled.payment_hash).await;
    invoice_comes_to(&*world, &cancelled, InvoiceState::Cancelled).await;
    world.wait(SHORT * 2).await;
    assert_invoice(&*world, &cancelled, InvoiceState::Cancelled).await;
    assert_invoice(&*world, &other, InvoiceState::Open).await;
}
