//! The stub's channels: one for each asset, with the liquidity that was set.

use super::hex::number;
use super::methods::Failure;
use super::params::{ListChannelsParams, Script};
use fiber_link_core::simulated::SimulatedNode;
use fiber_link_core::{Asset, AssetKind, FiberNode, Liquidity, PaymentHash, PendingTlc, TlcDirection};
use serde_json::{Value, json};

/// Whom all channels are with: a point of the curve that is nobody's node.
const PEER: &str = "0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798";

pub(super) async fn list(node: &SimulatedNode, params: &ListChannelsParams) -> Result<Value, Failure> {
    let pending = params.only_pending == Some(true);
    if pending && params.include_closed == Some(true) {
        return Err(Failure::node("only_pending and include_closed are mutually exclusive", params));
    }
    let other_peer = params.pubkey.as_deref().is_some_and(|pubkey| pubkey != PEER);
    let mut channels = Vec::new();
    if !pending && !other_peer {
        for (at, asset) in node.assets().iter().enumerate() {
            let liquidity = node.liquidity(asset).await.map_err(|error| Failure::of(error, params))?;
            // The simulated node does not say which asset it is: the first channel holds them all.
            let tlcs = if at == 0 { node.all_pending_tlcs() } else { Vec::new() };
            channels.push(show(at, asset, liquidity, &tlcs));
        }
    }
    Ok(json!({ "channels": channels }))
}

fn show(at: usize, asset: &Asset, liquidity: Liquidity, tlcs: &[(PaymentHash, PendingTlc)]) -> Value {
    let script = match &asset.kind {
        AssetKind::Ckb => None,
        AssetKind::Udt(script) => Some(Script::of(script)),
    };
    let id = format!("0x{:064x}", at.saturating_add(1));
    json!({
        "channel_id": id,
        "is_public": true,
        "is_acceptor": false,
        "is_one_way": false,
        "channel_outpoint": format!("{id}00000000"),
        "pubkey": PEER,
        "funding_udt_type_script": script,
        "state": { "state_name": "ChannelReady" },
        "local_balance": number(liquidity.outbound.units()),
        "offered_tlc_balance": "0x0",
        "remote_balance": number(liquidity.inbound.units()),
        "received_tlc_balance": "0x0",
        "pending_tlcs": tlcs.iter().enumerate().map(|(at, tlc)| show_tlc(at, tlc)).collect::<Vec<_>>(),
        "latest_commitment_transaction_hash": id,
        "created_at": "0x1a202bde81f",
        "enabled": true,
        "tlc_expiry_delta": "0xdbba00",
        "tlc_fee_proportional_millionths": "0x3e8",
        "shutdown_transaction_hash": null,
        "failure_detail": null,
    })
}

fn show_tlc(at: usize, (hash, tlc): &(PaymentHash, PendingTlc)) -> Value {
    let direction = match tlc.direction {
        TlcDirection::Offered => "Outbound",
        TlcDirection::Received => "Inbound",
    };
    json!({
        "id": format!("0x{at:x}"),
        "amount": number(tlc.amount.units()),
        "payment_hash": format!("0x{hash}"),
        "expiry": number(u128::from(tlc.expires_at.as_millis())),
        "forwarding_channel_id": null,
        "forwarding_tlc_id": null,
        "status": { direction: tlc.status },
    })
}
