//! Hints may lie, repeat or stay silent, but they must not get in the way.

use super::NodeWorld;
use super::ask::*;
use crate::*;
use futures_util::stream::BoxStream;
use futures_util::{FutureExt, StreamExt};
use std::sync::Arc;

/// Takes what is there, without waiting; a stream that never runs dry is left alone.
#[track_caller]
fn assert_open(hints: &mut BoxStream<'static, InvoiceHint>) {
    for _ in 0..1_000 {
        match hints.next().now_or_never() {
            Some(Some(_may_be_a_lie)) => {}
            Some(None) => panic!("the hints ended"),
            None => break,
        }
    }
}

pub async fn hints_stay_open_while_nothing_happens(world: Arc<dyn NodeWorld>) {
    let (mut one, mut other) = (world.node().hints(), world.node().hints());
    world.node().info().await.unwrap();
    assert_open(&mut one);
    drop(one);
    assert_open(&mut other);
    world.node().info().await.unwrap();
    assert_open(&mut other);
}

pub async fn hints_neither_end_nor_block_while_invoices_are_paid(world: Arc<dyn NodeWorld>) {
    let (mut heard, mut unheard) = (world.node().hints(), world.node().hints());
    for _ in 0..3 {
        let invoice = create(&*world, HOUR).await;
        world.pay(&invoice.encoded).await;
        // Nobody listens while the node is asked: that must keep no answer back.
        invoice_comes_to(&*world, &invoice, InvoiceState::Paid).await;
        assert_open(&mut heard);
    }
    assert_open(&mut unheard);
}
