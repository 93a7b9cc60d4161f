//! How much is asked when there is much to ask about.

use crate::client::exchange;
use fiber_link_core::fnn::{FnnNode, FnnOptions};
use fiber_link_core::simulated::{SimulatedNode, SimulatedNodeOptions};
use fiber_link_core::testing::ManualClock;
use fiber_link_core::{
    Amount, AppId, AssetId, FiberLink, MemoryStore, Network, PostId, Secret, SettledPosition,
    SettlementReport, Tip, TipRequest, UserId,
};
use fiber_link_server::stub::{StubOptions, start};
use futures_util::{StreamExt, stream};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

const TIPS: usize = 10_000;

fn request(number: usize) -> TipRequest {
    TipRequest {
        post: PostId::new("1").unwrap(),
        from_user: UserId::new("reader").unwrap(),
        to_user: UserId::new(format!("creator-{number}")).unwrap(),
        asset: AssetId::ckb(),
        amount: Amount::new(100_000_000),
        message: None,
        anonymous: false,
        idempotency_key: None,
    }
}

fn requests(address: SocketAddr) -> u64 {
    let calls = exchange(address, "GET", "/stub/calls", &[], b"").unwrap().json();
    calls["requests"].as_u64().unwrap()
}

/// Passes until none has more to do.
async fn a_round(link: &FiberLink) -> SettlementReport {
    let mut round = SettlementReport::default();
    loop {
        let pass = link.settle_due(500).await.unwrap();
        (round.asked, round.settled) = (round.asked + pass.asked, round.settled + pass.settled);
        assert_eq!((pass.failed, &pass.stopped), (0, &None));
        if !pass.more {
            return round;
        }
    }
}

#[test]
fn a_round_over_ten_thousand_open_tips_takes_a_request_for_each_hundred() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let clock = ManualClock::default();
    let node = SimulatedNodeOptions { clock: Arc::new(clock.clone()), ..Default::default() };
    let node = Arc::new(SimulatedNode::open(node).unwrap());
    let stub = runtime.block_on(start(node.clone(), StubOptions::default())).unwrap();
    let app = AppId::new("forum").unwrap();
    let (link, tips) = runtime.block_on(async {
        let client = FnnNode::new(FnnOptions::new(stub.url().parse().unwrap(), Network::Dev)).unwrap();
        let store = Arc::new(MemoryStore::default());
        let builder = FiberLink::builder(store, Arc::new(client)).clock(Arc::new(clock.clone()));
        let link = builder.open().await.unwrap();
        link.create_app(app.clone(), Secret::new(*b"a secret of an app")).await.unwrap();
        let created = stream::iter(0..TIPS).map(|number| link.create_tip(&app, request(number)));
        let tips: Vec<Tip> = created.buffer_unordered(200).map(Result::unwrap).collect().await;
        (link, tips)
    });
    let paid: Vec<&Tip> = tips.iter().step_by(1_000).collect();
    paid.iter().for_each(|tip| node.pay(&tip.invoice().unwrap().encoded, false).unwrap());

    clock.advance(Duration::from_secs(10));
    let before = requests(stub.address());
    let round = runtime.block_on(a_round(&link));
    let asked = requests(stub.address()) - before;
    assert_eq!((round.asked, round.settled), (TIPS, paid.len()));
    assert!(asked <= 100, "{asked} requests");

    let credited = runtime.block_on(link.settled_tips(&app, SettledPosition::Start, 100)).unwrap();
    let sorted = |mut ids: Vec<_>| {
        ids.sort_unstable();
        ids
    };
    assert_eq!(
        sorted(credited.iter().map(Tip::id).collect()),
        sorted(paid.iter().map(|tip| tip.id()).collect())
    );
}
