//! Which node the stub says it is.

use super::Shared;
use super::hex::number;
use super::methods::Failure;
use super::params::Script;
use fiber_link_core::{AssetKind, FiberNode, Network};
use serde::Deserialize;
use serde_json::{Value, json};

/// The version whose answers the stub gives.
const VERSION: &str = "0.8.0";

/// What the stub says of itself instead of the truth.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Identity {
    #[serde(default)]
    pub(super) pubkey: Option<String>,
    #[serde(default)]
    pub(super) version: Option<String>,
}

pub(super) async fn answer(shared: &Shared) -> Result<Value, Failure> {
    let node = &shared.node;
    let info = node.info().await.map_err(|_| Failure::NoAnswer)?;
    let identity = shared.identity();
    let tokens = node.assets().iter().filter_map(|asset| match &asset.kind {
        AssetKind::Ckb => None,
        AssetKind::Udt(script) => Some(json!({
            "name": asset.id.as_str(),
            "script": Script::of(script),
            "auto_accept_amount": "0x3e8",
            "cell_deps": [{ "cell_dep": {
                "out_point": { "tx_hash": format!("0x{:064x}", 0), "index": "0x0" },
                "dep_type": "code",
            } }],
        })),
    });
    let tokens: Vec<_> = tokens.collect();
    let channels = u64::try_from(node.assets().iter().count()).unwrap_or(u64::MAX);
    Ok(json!({
        "version": identity.version.unwrap_or_else(|| VERSION.to_owned()),
        "commit_hash": "stub",
        "pubkey": identity.pubkey.unwrap_or_else(|| info.key.to_string()),
        "features": ["GOSSIP_QUERIES_REQUIRED", "BASIC_MPP_REQUIRED", "TRAMPOLINE_ROUTING_REQUIRED"],
        "node_name": "fiber-link-stub",
        "addresses": [],
        "chain_hash": chain_hash(info.network),
        "open_channel_auto_accept_min_ckb_funding_amount": "0x2540be400",
        "auto_accept_channel_ckb_funding_amount": "0x24e160300",
        "default_funding_lock_script": {
            "code_hash": "0x9bd7e06f3ecf4be0f2fcd2188b23f1b9fcc88e5d4b65a8637b17723bbda3cce8",
            "hash_type": "type",
            "args": "0x0000000000000000000000000000000000000000",
        },
        "tlc_expiry_delta": "0xdbba00",
        "tlc_min_value": "0x0",
        "tlc_fee_proportional_millionths": "0x3e8",
        "channel_count": number(channels),
        "pending_channel_count": "0x0",
        "peers_count": "0x1",
        "udt_cfg_infos": tokens,
    }))
}

/// The hash of the chain's first block; that of a development chain is the recorded one.
fn chain_hash(network: Network) -> &'static str {
    match network {
        Network::Mainnet => "0x92b197aa1fba0f63633922c61c92375c9c074a93e85963554f5499fe1450d0e5",
        Network::Testnet => "0x10639e0895502b5688a6be8cf69460d76541bfa4821629d86d62ba0aae3f9606",
        Network::Dev => "0xeac93bcfaad487169f94615169b26f8363de2a70ade4dbb6c602859b43109f32",
    }
}
