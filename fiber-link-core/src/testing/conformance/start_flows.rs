//! What is looked at before anything starts.

use super::world::{World, tip_of};
use crate::testing::sample::{self, change_set, forum};
use crate::*;
use std::sync::Arc;
use std::time::Duration;

async fn open(world: &World) -> Result<FiberLink, OpenError> {
    FiberLink::builder(world.store.clone(), world.node.clone()).open().await
}

pub async fn a_start_with_a_node_of_another_network_is_refused(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    let info = NodeInfo { network: Network::Mainnet, ..world.node.info().await.unwrap() };
    world.node.set_info(info);
    let refused = open(&world).await;
    let (stored, found) = (Network::Dev, Network::Mainnet);
    assert!(
        matches!(refused, Err(OpenError::OtherNetwork { stored: s, found: f }) if (s, f) == (stored, found))
    );
}

pub async fn a_start_names_the_asset_that_the_node_does_not_list(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    let unlisted: AssetId = "RUSD".parse().unwrap();
    let info = NodeInfo { unlisted: vec![unlisted.clone()], ..world.node.info().await.unwrap() };
    world.node.set_info(info);
    let opened = open(&world).await;
    assert!(matches!(&opened, Err(OpenError::UnlistedAsset(asset)) if *asset == unlisted), "{opened:?}");
}

pub async fn a_start_on_another_network_than_the_one_to_be_on_is_refused(store: Arc<dyn Store>) {
    let node = Arc::new(crate::testing::FakeNode::new(SystemClock));
    let start = |network| FiberLink::builder(store.clone(), node.clone()).network(network).open();
    let refused = start(Network::Testnet).await;
    assert!(matches!(refused, Err(OpenError::UnwantedNetwork { what: "node", .. })), "{refused:?}");
    assert_eq!(store.find_hub().await.unwrap(), None, "nothing was changed");
    assert!(start(Network::Dev).await.is_ok());
    node.set_down(true);
    let refused = start(Network::Testnet).await;
    assert!(matches!(refused, Err(OpenError::UnwantedNetwork { what: "store", .. })), "{refused:?}");
}

/// Its preimages would be others than those of the invoices that are out.
pub async fn a_start_with_a_seed_that_made_none_of_the_tips_is_refused(store: Arc<dyn Store>) {
    let hub = Hub { seed: sample::plain("the seed of another store"), ..sample::hub() };
    store.commit(change_set([Op::CreateHub(hub), sample_tip()])).await.unwrap();
    let node = Arc::new(crate::testing::FakeNode::new(SystemClock));
    let refused = FiberLink::builder(store, node).open().await;
    assert!(matches!(refused, Err(OpenError::OtherSeed)), "{refused:?}");
}

fn sample_tip() -> Op {
    Op::CreateTip { tip: sample::tip(1), due: None }
}

pub async fn a_start_with_the_seed_of_the_tips_is_not(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    world.link.create_tip(&forum(), tip_of(1)).await.unwrap();
    assert!(open(&world).await.is_ok());
}

pub async fn a_claim_shorter_than_three_node_timeouts_is_refused(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    let node_timeout = Duration::from_secs(10);
    for (claim, accepted) in [(29_999, false), (30_000, true)] {
        let claim = Duration::from_millis(claim);
        let settings = Settings { node_timeout, claim, ..Default::default() };
        let opened =
            FiberLink::builder(world.store.clone(), world.node.clone()).settings(settings).open().await;
        match opened {
            Ok(_) => assert!(accepted),
            Err(error) => assert!(!accepted && matches!(error, OpenError::ClaimTooShort { .. }), "{error}"),
        }
    }
}
