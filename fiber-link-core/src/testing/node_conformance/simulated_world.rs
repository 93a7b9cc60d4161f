//! The world of a simulated node.

use super::{Ending, NodeWorld};
use crate::simulated::{Outcome, SimulatedNode, SimulatedNodeOptions};
use crate::testing::ManualClock;
use crate::{
    Amount, Asset, AssetId, AssetKind, Assets, Clock, FiberNode, PaymentHash, ScriptHashType, Timestamp,
    TypeScript,
};
use async_trait::async_trait;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// A [`SimulatedNode`] in memory, with a clock that moves when a case waits. It can do everything.
pub struct SimulatedWorld {
    node: Arc<dyn FiberNode>,
    engine: Arc<SimulatedNode>,
    clock: ManualClock,
}

impl SimulatedWorld {
    /// A fresh simulated node.
    pub fn new() -> Self {
        Self::seen_through(|engine| engine)
    }

    /// A fresh simulated node, which the cases meet behind something else, such as a client of a
    /// server in front of it.
    pub fn seen_through(disguise: impl FnOnce(Arc<SimulatedNode>) -> Arc<dyn FiberNode>) -> Self {
        let clock = ManualClock::default();
        let options = SimulatedNodeOptions {
            assets: Self::assets(),
            clock: Arc::new(clock.clone()),
            ..SimulatedNodeOptions::default()
        };
        let engine = Arc::new(SimulatedNode::open(options).unwrap());
        Self { node: disguise(engine.clone()), engine, clock }
    }

    /// The assets that it has channels for: CKB and a token.
    pub fn assets() -> Assets {
        Assets::new([Asset::ckb(), token()]).unwrap()
    }
}

impl Default for SimulatedWorld {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for SimulatedWorld {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SimulatedWorld").field("engine", &self.engine).finish_non_exhaustive()
    }
}

fn token() -> Asset {
    let script = TypeScript { code_hash: [7; 32], hash_type: ScriptHashType::Type, args: vec![7; 32] };
    Asset { id: AssetId::new("TOKEN").unwrap(), decimals: 8, kind: AssetKind::Udt(script) }
}

const fn outcome(ending: Ending) -> Outcome {
    match ending {
        Ending::Success => Outcome::Success,
        Ending::Failure => Outcome::Failure,
        Ending::Hang => Outcome::Hang,
    }
}

#[async_trait]
impl NodeWorld for SimulatedWorld {
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
        self.engine.pay(encoded, false).unwrap();
    }

    async fn cancel(&self, hash: PaymentHash) {
        let [status] = self.engine.invoices(&[hash]).await.unwrap().try_into().unwrap();
        self.engine.cancel(&status.unwrap().invoice.encoded).unwrap();
    }

    async fn foreign_invoice(
        &self,
        asset: &Asset,
        amount: Amount,
        expiry: Duration,
        ending: Ending,
    ) -> String {
        let encoded = self.engine.foreign_invoice(&asset.id, amount, expiry).unwrap();
        self.engine.set_outcome(&encoded, outcome(ending)).unwrap();
        encoded
    }

    async fn end(&self, encoded: &str, ending: Ending) {
        self.engine.set_outcome(encoded, outcome(ending)).unwrap();
    }

    async fn times_paid(&self, encoded: &str) -> usize {
        let hash = self.engine.decode_invoice(encoded).await.unwrap().payment_hash;
        let paid = self.engine.payments().into_iter().find(|paid| paid.payment_hash == hash);
        paid.map_or(0, |paid| paid.times_paid.try_into().unwrap())
    }
}
