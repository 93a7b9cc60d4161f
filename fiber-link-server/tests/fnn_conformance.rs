//! The client of a real node keeps what every node promises: over loopback against the stub, and
//! against a real fnn where one is named.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that meets the unexpected stops there")]

use async_trait::async_trait;
use fiber_link_core::fnn::{FnnNode, FnnOptions, NodeUrl};
use fiber_link_core::testing::node_conformance::{Ending, NodeWorld, SimulatedWorld};
use fiber_link_core::{
    Amount, Asset, FiberNode, InvoiceRequest, Network, PaymentHash, PaymentRequest, Preimage, Secret,
    node_conformance,
};
use fiber_link_server::stub::{StubOptions, start};
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::task::block_in_place;

mod stub {
    use super::*;

    /// A simulated node, met through the client and the stub.
    fn world() -> SimulatedWorld {
        SimulatedWorld::seen_through(|engine| {
            let stub = block_in_place(|| Handle::current().block_on(start(engine, StubOptions::default())));
            let stub = stub.unwrap();
            let url: NodeUrl = stub.url().parse().unwrap();
            // It serves as long as the runtime of the test.
            tokio::spawn(async move {
                let _stub = stub;
                std::future::pending::<()>().await;
            });
            let options =
                FnnOptions { assets: SimulatedWorld::assets(), ..FnnOptions::new(url, Network::Dev) };
            Arc::new(FnnNode::new(options).unwrap())
        })
    }

    node_conformance! { test = tokio::test(flavor = "multi_thread", worker_threads = 1), world = world() }
}

/// The real node under test, and a second one with channels to it where somebody is needed who pays
/// and is paid.
mod real {
    use super::*;

    const NODE: &str = "FIBER_LINK_TEST_FNN_URL";
    const PAYER: &str = "FIBER_LINK_TEST_FNN_PAYER_URL";
    /// For one forwarder or two.
    const FEE_LIMIT: Amount = Amount::new(1_000_000);

    struct Node(Arc<FnnNode>);

    struct NodeAndPayer(Arc<FnnNode>, Arc<FnnNode>);

    /// The node whose address stands in the variable.
    async fn named(variable: &str) -> Arc<FnnNode> {
        let url = std::env::var(variable).unwrap_or_else(|_| panic!("{variable} names no node"));
        let url: NodeUrl = url.parse().unwrap();
        let client = |network| FnnNode::new(FnnOptions::new(url.clone(), network)).unwrap();
        let network = client(Network::Dev).info().await.unwrap().network;
        assert_ne!(network, Network::Mainnet, "no tests with real money");
        Arc::new(client(network))
    }

    #[async_trait]
    impl NodeWorld for Node {
        fn node(&self) -> Arc<dyn FiberNode> {
            self.0.clone()
        }

        async fn wait(&self, duration: Duration) {
            tokio::time::sleep(duration).await;
        }

        async fn cancel(&self, hash: PaymentHash) {
            self.0.cancel_invoice(hash).await.unwrap();
        }
    }

    #[async_trait]
    impl NodeWorld for NodeAndPayer {
        fn node(&self) -> Arc<dyn FiberNode> {
            self.0.clone()
        }

        async fn wait(&self, duration: Duration) {
            tokio::time::sleep(duration).await;
        }

        async fn pay(&self, encoded: &str) {
            let invoice = self.1.decode_invoice(encoded).await.unwrap();
            let (encoded, payment_hash) = (encoded.to_owned(), invoice.payment_hash);
            let amount = invoice.amount.unwrap();
            let request = PaymentRequest { encoded, payment_hash, amount, fee_limit: FEE_LIMIT };
            self.1.send_payment(request).await.unwrap();
        }

        /// An invoice whose payments fail is one that is cancelled.
        async fn foreign_invoice(
            &self,
            asset: &Asset,
            amount: Amount,
            expiry: Duration,
            ending: Ending,
        ) -> String {
            let preimage = Preimage::new(Secret::random().unwrap().expose().try_into().unwrap());
            let hash = preimage.payment_hash();
            let (asset, description) = (asset.clone(), "conformance".to_owned());
            let request = InvoiceRequest { asset, amount, preimage, expiry, description };
            let invoice = self.1.create_invoice(request).await.unwrap();
            match ending {
                Ending::Success => {}
                Ending::Failure => drop(self.1.cancel_invoice(hash).await.unwrap()),
                Ending::Hang => panic!("a real payee does not let payments hang on demand"),
            }
            invoice.encoded
        }
    }

    mod alone {
        use super::*;

        node_conformance! {
            test = tokio::test,
            world = Node(named(NODE).await),
            cannot = [Pay, Token, Invoice, Fee, Fail, Hang, Mend, Count],
            ignore = "needs FIBER_LINK_TEST_FNN_URL",
        }
    }

    mod with_payer {
        use super::*;

        node_conformance! {
            test = tokio::test,
            world = NodeAndPayer(named(NODE).await, named(PAYER).await),
            cannot = [Cancel, Token, Fee, Hang, Mend, Count],
            ignore = "needs FIBER_LINK_TEST_FNN_URL and FIBER_LINK_TEST_FNN_PAYER_URL",
        }
    }
}
