//! The suite of nodes can fail: each of these nodes breaks one rule, and the case of that rule says so.
#![allow(clippy::unwrap_used, clippy::arithmetic_side_effects, reason = "tests")]

mod invoices;
mod payments;
mod reading;

use async_trait::async_trait;
use fiber_link_core::testing::FakeNode;
use fiber_link_core::testing::node_conformance::{CASES, Case, FakeWorld};
use fiber_link_core::{
    Amount, Asset, AssetId, DecodedInvoice, FiberNode, Invoice, InvoiceHint, InvoiceRequest, InvoiceState,
    InvoiceStatus, Liquidity, Network, NodeError, NodeInfo, NodeKey, PaymentHash, PaymentRequest,
    PaymentState, PaymentStatus, Timestamp,
};
use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};
use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, Mutex};

type Made = Result<Invoice, NodeError>;
type Answers = Result<Vec<Option<InvoiceStatus>>, NodeError>;
type Read = Result<DecodedInvoice, NodeError>;
type Sent = Result<PaymentStatus, NodeError>;
type Known = Result<Option<PaymentStatus>, NodeError>;

/// What is wrong with a node: everything else is as the fake node does it.
#[async_trait]
trait Wrong: Send + Sync + 'static {
    async fn info(&self, node: &FakeNode) -> Result<NodeInfo, NodeError> {
        node.info().await
    }
    async fn create(&self, node: &FakeNode, request: InvoiceRequest) -> Made {
        node.create_invoice(request).await
    }
    async fn invoices(&self, node: &FakeNode, hashes: &[PaymentHash]) -> Answers {
        node.invoices(hashes).await
    }
    async fn decode(&self, node: &FakeNode, encoded: &str) -> Read {
        node.decode_invoice(encoded).await
    }
    async fn send(&self, node: &FakeNode, request: PaymentRequest) -> Sent {
        node.send_payment(request).await
    }
    async fn payment(&self, node: &FakeNode, hash: PaymentHash) -> Known {
        node.payment(hash).await
    }
    async fn liquidity(&self, node: &FakeNode, asset: &Asset) -> Result<Liquidity, NodeError> {
        node.liquidity(asset).await
    }
    fn hints(&self, node: &FakeNode) -> BoxStream<'static, InvoiceHint> {
        node.hints()
    }
}

struct WrongNode(FakeNode, Arc<dyn Wrong>);

#[async_trait]
impl FiberNode for WrongNode {
    async fn info(&self) -> Result<NodeInfo, NodeError> {
        self.1.info(&self.0).await
    }
    async fn create_invoice(&self, request: InvoiceRequest) -> Made {
        self.1.create(&self.0, request).await
    }
    async fn invoices(&self, hashes: &[PaymentHash]) -> Answers {
        self.1.invoices(&self.0, hashes).await
    }
    async fn decode_invoice(&self, encoded: &str) -> Read {
        self.1.decode(&self.0, encoded).await
    }
    async fn send_payment(&self, request: PaymentRequest) -> Sent {
        self.1.send(&self.0, request).await
    }
    async fn payment(&self, hash: PaymentHash) -> Known {
        self.1.payment(&self.0, hash).await
    }
    async fn liquidity(&self, asset: &Asset) -> Result<Liquidity, NodeError> {
        self.1.liquidity(&self.0, asset).await
    }
    fn hints(&self) -> BoxStream<'static, InvoiceHint> {
        self.1.hints(&self.0)
    }
}

/// Makes a fresh wrong node.
type Maker = fn() -> Arc<dyn Wrong>;

/// The cases that a node like this does not pass.
fn caught_by(wrong: Maker) -> BTreeSet<&'static str> {
    let fails = |case: &&Case| {
        let world = FakeWorld::seen_through(|fake| Arc::new(WrongNode(fake, wrong())));
        catch_unwind(AssertUnwindSafe(|| pollster::block_on((case.run)(Arc::new(world))))).is_err()
    };
    CASES.iter().filter(fails).map(|case| case.name).collect()
}

/// Nodes that break one rule, by one method of their own, and the tests that the named case says so.
macro_rules! wrong_nodes {
    ($($node:ident is caught by $case:ident { $($method:tt)* })+) => {
        pub(super) const WRONG_NODES: &[Maker] = &[$(|| Arc::new($node::Node::default())),+];
        $(
            mod $node {
                use super::*;

                #[derive(Default)]
                #[allow(dead_code, reason = "what such nodes remember")]
                pub(super) struct Node {
                    flag: AtomicBool,
                    count: AtomicU8,
                    text: Mutex<String>,
                }

                #[async_trait]
                impl Wrong for Node {
                    $($method)*
                }

                #[test]
                fn is_caught() {
                    let caught = caught_by(|| Arc::new(Node::default()));
                    assert!(caught.contains(stringify!($case)), "caught by {caught:?}");
                }
            }
        )+
    };
}
use wrong_nodes;

fn with_state(status: InvoiceStatus, state: InvoiceState) -> InvoiceStatus {
    InvoiceStatus { state, ..status }
}

#[test]
fn a_node_with_nothing_wrong_is_not_caught() {
    struct Nothing;
    impl Wrong for Nothing {}
    assert_eq!(caught_by(|| Arc::new(Nothing)), BTreeSet::new());
}

#[test]
fn every_case_catches_a_wrong_node() {
    let wrong = [invoices::WRONG_NODES, reading::WRONG_NODES, payments::WRONG_NODES].concat();
    let caught: BTreeSet<_> = wrong.into_iter().flat_map(caught_by).collect();
    let idle: Vec<_> = CASES.iter().map(|case| case.name).filter(|name| !caught.contains(name)).collect();
    assert_eq!(idle, [""; 0]);
}
