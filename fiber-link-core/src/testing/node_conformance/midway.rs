//! Calls whose futures are dropped before they are done.

use super::ask::*;
use super::{Ending, NodeWorld};
use crate::*;
use futures_util::FutureExt;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;

/// Polls `call` so often, then drops it.
fn drop_midway(call: impl Future, polls: usize) {
    let mut call = pin!(call);
    for _ in 0..polls {
        if call.as_mut().now_or_never().is_some() {
            return;
        }
    }
}

/// From a call that nobody looked at to one that may be done.
const POLLS: std::ops::Range<usize> = 0..4;

pub async fn calls_that_are_dropped_midway_leave_the_node_usable(world: Arc<dyn NodeWorld>) {
    let node = world.node();
    let invoice = create(&*world, HOUR).await;
    let hashes = [invoice.payment_hash; 100];
    for polls in POLLS {
        drop_midway(node.info(), polls);
        drop_midway(node.create_invoice(invoice_request(HOUR)), polls);
        drop_midway(node.invoices(&hashes), polls);
        drop_midway(node.decode_invoice(&invoice.encoded), polls);
        drop_midway(node.payment(invoice.payment_hash), polls);
        drop_midway(node.liquidity(&Asset::ckb()), polls);
        drop(node.hints());
        node.info().await.unwrap();
        node.liquidity(&Asset::ckb()).await.unwrap();
        assert_invoice(&*world, &invoice, InvoiceState::Open).await;
        assert_eq!(payment(&*world, invoice.payment_hash).await, None);
        create(&*world, HOUR).await;
    }
}

pub async fn an_invoice_whose_request_was_dropped_is_made_once(world: Arc<dyn NodeWorld>) {
    for polls in POLLS {
        let request = invoice_request(HOUR);
        let hash = request.preimage.payment_hash();
        drop_midway(world.node().create_invoice(request.clone()), polls);
        let again = world.node().create_invoice(request).await;
        let status = invoice_of(&*world, hash).await.expect("it is made now");
        assert_eq!((status.state, status.invoice.amount), (InvoiceState::Open, AMOUNT));
        match again {
            Ok(invoice) => assert_eq!(invoice, status.invoice),
            Err(error) => assert!(matches!(error, NodeError::InvoiceExists), "{error:?}"),
        }
    }
}

pub async fn a_send_that_is_dropped_midway_and_sent_again_pays_once(world: Arc<dyn NodeWorld>) {
    for polls in POLLS {
        let request = foreign(&*world, HOUR, Ending::Success).await;
        drop_midway(world.node().send_payment(request.clone()), polls);
        try_to_send(&*world, &request).await;
        assert_succeeded(&end_of(&*world, request.payment_hash).await, &request);
        world.wait(MOMENT).await;
        assert_eq!(world.times_paid(&request.encoded).await, 1);
    }
}
