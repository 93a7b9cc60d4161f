//! The world of a fake node.

use super::{Ending, NodeWorld, Oddity};
use crate::testing::{FakeNode, ManualClock};
use crate::{
    Amount, Asset, AssetId, AssetKind, Assets, Clock, DecodedInvoice, FiberNode, PaymentHash, PaymentState,
    ScriptHashType, Timestamp, TypeScript,
};
use async_trait::async_trait;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// A [`FakeNode`] whose script is told by the cases. It can do everything.
pub struct FakeWorld {
    node: Arc<dyn FiberNode>,
    fake: FakeNode,
    clock: ManualClock,
}

impl FakeWorld {
    /// A fresh fake node.
    pub fn new() -> Self {
        Self::seen_through(|fake| Arc::new(fake))
    }

    /// A fresh fake node, which the cases meet behind something else.
    pub fn seen_through(disguise: impl FnOnce(FakeNode) -> Arc<dyn FiberNode>) -> Self {
        let clock = ManualClock::default();
        let fake = FakeNode::new(clock.clone());
        fake.set_assets(Assets::new([Asset::ckb(), token()]).unwrap());
        Self { node: disguise(fake.clone()), fake, clock }
    }

    async fn read(&self, encoded: &str) -> DecodedInvoice {
        self.fake.decode_invoice(encoded).await.unwrap()
    }
}

impl Default for FakeWorld {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for FakeWorld {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FakeWorld").field("fake", &self.fake).finish_non_exhaustive()
    }
}

fn token() -> Asset {
    let script = TypeScript { code_hash: [7; 32], hash_type: ScriptHashType::Type, args: vec![7; 32] };
    Asset { id: AssetId::new("TOKEN").unwrap(), decimals: 8, kind: AssetKind::Udt(script) }
}

/// How the fake node tells of an ending: a success costs 0.1 %.
fn state(ending: Ending, amount: Amount) -> PaymentState {
    match ending {
        Ending::Success => {
            PaymentState::Succeeded { fee: Amount::try_from(amount.units().div_ceil(1000)).unwrap() }
        }
        Ending::Failure => PaymentState::Failed { reason: "TemporaryChannelFailure".to_owned() },
        Ending::Hang => PaymentState::Pending,
    }
}

#[async_trait]
impl NodeWorld for FakeWorld {
    fn node(&self) -> Arc<dyn FiberNode> {
        self.node.clone()
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    async fn wait(&self, duration: Duration) {
        self.clock.advance(duration);
    }

    fn token(&self) -> Asset {
        token()
    }

    async fn pay(&self, encoded: &str) {
        self.fake.pay_invoice(self.read(encoded).await.payment_hash);
    }

    async fn cancel(&self, hash: PaymentHash) {
        self.fake.cancel_invoice(hash);
    }

    async fn foreign_invoice(
        &self,
        asset: &Asset,
        amount: Amount,
        expiry: Duration,
        ending: Ending,
    ) -> String {
        let invoice = self.fake.foreign_invoice(amount, self.clock.now().plus(expiry));
        self.fake.set_outcome(invoice.payment_hash, state(ending, amount));
        self.fake.publish(DecodedInvoice { asset: Some(asset.id.clone()), ..invoice })
    }

    async fn end(&self, encoded: &str, ending: Ending) {
        let invoice = self.read(encoded).await;
        let (hash, state) = (invoice.payment_hash, state(ending, invoice.amount.unwrap()));
        self.fake.set_outcome(hash, state.clone());
        let known = self.fake.payment(hash).await.unwrap();
        if known.is_some_and(|status| status.state == PaymentState::Pending) {
            self.fake.end_payment(hash, state);
        }
    }

    async fn times_paid(&self, encoded: &str) -> usize {
        self.fake.times_paid(self.read(encoded).await.payment_hash)
    }

    fn odd_invoice(&self, oddity: Oddity) -> String {
        let sound = self.fake.foreign_invoice(Amount::new(100_000_000), Timestamp::from_seconds(1 << 33));
        self.fake.publish(match oddity {
            Oddity::Network(network) => DecodedInvoice { network, ..sound },
            Oddity::Asset => DecodedInvoice { asset: None, ..sound },
            Oddity::NoAmount => DecodedInvoice { amount: None, ..sound },
            Oddity::NoExpiry => DecodedInvoice { expires_at: None, ..sound },
        })
    }
}
