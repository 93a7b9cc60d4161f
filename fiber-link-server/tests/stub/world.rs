//! Nodes in memory, with a clock that stands still, and the network between them.

use fiber_link_core::simulated::{Outcome, SimulatedNode, SimulatedNodeOptions};
use fiber_link_core::{
    Asset, AssetId, AssetKind, Assets, Clock, InvoiceState, Network, PaymentHash, ScriptHashType, Timestamp,
    TypeScript,
};
use fiber_link_server::stub::{Stub, StubOptions, Token, start};
use std::collections::{BTreeMap, HashSet};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::runtime::Runtime;

pub struct TestClock(AtomicU64);

impl TestClock {
    pub fn advance(&self, by: Duration) {
        self.0.fetch_add(u64::try_from(by.as_millis()).unwrap(), Ordering::Relaxed);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::Relaxed))
    }
}

/// A stub in this process.
pub struct Peer {
    pub node: Arc<SimulatedNode>,
    pub stub: Stub,
}

impl Peer {
    pub fn address(&self) -> SocketAddr {
        self.stub.address()
    }
}

pub struct World {
    pub runtime: Runtime,
    pub clock: Arc<TestClock>,
    pub peers: BTreeMap<&'static str, Peer>,
    /// Invoices whose preimage the payee does not have.
    pub held_invoices: HashSet<PaymentHash>,
}

/// The tokens of the recorded node.
const TOKENS: [&str; 3] = [
    "invoices,payments,node,channels,cch:full",
    "invoices.read,payments.read,node.read:read",
    "invoices.write:write",
];

pub fn token_script(code_hash: &str, hash_type: ScriptHashType, args: &str) -> AssetKind {
    let code_hash = hex::decode(code_hash).unwrap().try_into().unwrap();
    AssetKind::Udt(TypeScript { code_hash, hash_type, args: hex::decode(args).unwrap() })
}

fn asset(id: &str, kind: AssetKind) -> Asset {
    Asset { id: AssetId::new(id).unwrap(), decimals: 0, kind }
}

impl World {
    /// Three nodes without tokens, and `node4` with them.
    pub fn new() -> Self {
        let args = "32e555f3ff8e135cece1351a6a2971518392c1e30375c1e006ad0ce8eac07947";
        let simple = "e1e354d6d643ad42724d40967e334984534e0367405c5ae42a9d7d63d77df419";
        let xudt = "50bd8d6680b8b9cf98b73f3c08faf8b2a21914311954118ad6609be6e78a1b95";
        let ones = "11".repeat(32);
        let common = [Asset::ckb(), asset("SIMPLE", token_script(simple, ScriptHashType::Data2, args))];
        let more = [
            asset("XUDT", token_script(xudt, ScriptHashType::Data2, args)),
            asset("ONES", token_script(&ones, ScriptHashType::Type, "")),
        ];
        let runtime = Runtime::new().unwrap();
        let clock = Arc::new(TestClock(AtomicU64::new(1_795_342_000_000)));
        let peer = |name| {
            // Only the third knows the other tokens.
            let more = more.iter().filter(|_| name == "node3").cloned();
            let assets = Assets::new(common.iter().cloned().chain(more)).unwrap();
            let clock = clock.clone();
            let options = SimulatedNodeOptions { path: None, network: Network::Dev, assets, clock };
            let node = Arc::new(SimulatedNode::open(options).unwrap());
            let tokens = TOKENS.iter().filter(|_| name == "node4").map(|text| text.parse::<Token>().unwrap());
            let options = StubOptions { tokens: tokens.collect(), ..StubOptions::default() };
            let stub = runtime.block_on(start(node.clone(), options)).unwrap();
            (name, Peer { node, stub })
        };
        let peers = ["node1", "node2", "node3", "node4"].map(peer).into_iter().collect();
        Self { runtime, clock, peers, held_invoices: HashSet::new() }
    }

    /// One node alone.
    pub fn address(&self) -> SocketAddr {
        self.peers["node1"].address()
    }

    /// What the network makes of a payment of `hash` by `payer`, before it is sent.
    pub fn route(&self, payer: &str, hash: PaymentHash) {
        for payee in self.peers.values() {
            let Some(own) = payee.node.own_invoice(hash).unwrap() else { continue };
            let outcome = match own.state {
                InvoiceState::Open if self.held_invoices.contains(&hash) => {
                    payee.node.hold(&own.invoice.encoded).unwrap();
                    Outcome::Hang
                }
                InvoiceState::Open => {
                    payee.node.pay(&own.invoice.encoded, false).unwrap();
                    Outcome::Success
                }
                _ => Outcome::Failure,
            };
            // A node never pays itself, and says so.
            let _ = self.peers[payer].node.set_outcome(&own.invoice.encoded, outcome);
        }
    }

    /// What the payers hear when a held payment of `hash` ends.
    pub fn end(&self, hash: PaymentHash, outcome: Outcome) {
        let own = self.peers.values().find_map(|peer| peer.node.own_invoice(hash).unwrap()).unwrap();
        for payer in self.peers.values() {
            let _ = payer.node.set_outcome(&own.invoice.encoded, outcome);
        }
    }
}
