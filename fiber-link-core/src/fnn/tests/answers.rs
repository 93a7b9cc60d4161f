//! What was not recorded, and must still be read rightly.

use super::recording::recorded_udt;
use crate::fnn::answer;
use crate::fnn::envelope::{Reply, decode_one};
use crate::{
    Amount, Asset, AssetId, AssetKind, Assets, Liquidity, Network, NodeError, NodeInfo, NodeSupport,
    PaymentHash, PendingTlc, Timestamp, TlcDirection, TypeScript,
};
use serde_json::{Value, json};

const HASH: PaymentHash = PaymentHash::new([0xab; 32]);

fn replied(answer: &Value) -> Reply {
    let mut answer = answer.clone();
    answer["id"] = json!(1);
    decode_one(answer.to_string().as_bytes(), 1).unwrap()
}

fn result(result: &Value) -> Reply {
    replied(&json!({ "result": result }))
}

fn error(code: i64, message: &str) -> Reply {
    replied(&json!({"error": {"code": code, "message": message, "data": {"payment_preimage": "0x00"}}}))
}

fn token(name: &str, args: Vec<u8>) -> Asset {
    let AssetKind::Udt(script) = recorded_udt().kind else { unreachable!() };
    Asset {
        id: AssetId::new(name).unwrap(),
        decimals: 0,
        kind: AssetKind::Udt(TypeScript { args, ..script }),
    }
}

fn node_info(chain: &str, version: &str, tokens: &Value, assets: &Assets) -> Result<NodeInfo, NodeError> {
    let info = json!({
        "version": version, "pubkey": format!("02{}", "11".repeat(32)), "chain_hash": chain, "udt_cfg_infos": tokens,
    });
    answer::node_info(result(&info), assets)
}

#[test]
fn the_network_follows_from_the_genesis_block() {
    for (chain, network) in [
        ("0x92b197aa1fba0f63633922c61c92375c9c074a93e85963554f5499fe1450d0e5", Network::Mainnet),
        ("0x10639e0895502b5688a6be8cf69460d76541bfa4821629d86d62ba0aae3f9606", Network::Testnet),
        ("0xeac93bcfaad487169f94615169b26f8363de2a70ade4dbb6c602859b43109f32", Network::Dev),
    ] {
        let info = node_info(chain, "0.9.0", &json!([]), &Assets::default()).unwrap();
        assert_eq!((info.network, info.support, info.unlisted), (network, NodeSupport::Tested, vec![]));
    }
    let newer = node_info(&"00".repeat(32), "0.11.0", &json!([]), &Assets::default()).unwrap();
    assert_eq!((newer.version.as_str(), newer.support), ("0.11.0", NodeSupport::Untested));
}

#[test]
fn a_token_is_listed_where_an_entry_has_its_code_and_matches_its_arguments() {
    let assets =
        Assets::new([Asset::ckb(), token("ONE", vec![0x12, 0x34]), token("TWO", vec![0x56])]).unwrap();
    let unlisted = |entries: &[(&str, &str)]| -> Vec<String> {
        let AssetKind::Udt(script) = recorded_udt().kind else { unreachable!() };
        let code = hex::encode(script.code_hash);
        let entry = |(kind, args): &(&str, &str)| json!({"name": "T", "script": {"code_hash": format!("0x{code}"), "hash_type": kind, "args": args}});
        let entries = entries.iter().map(entry).collect();
        let info = node_info(&"00".repeat(32), "0.8.0", &Value::Array(entries), &assets).unwrap();
        info.unlisted.iter().map(ToString::to_string).collect()
    };
    assert_eq!(unlisted(&[]), ["ONE", "TWO"]);
    assert_eq!(unlisted(&[("data2", "0x.*")]), [""; 0]);
    assert_eq!(unlisted(&[("data2", "0x1234")]), ["TWO"]);
    assert_eq!(unlisted(&[("data2", "0x[0-9a-f]{4}")]), ["TWO"]);
    assert_eq!(unlisted(&[("data2", "0x1234"), ("data2", "^0x56$")]), [""; 0]);
    // The node's own match is not anchored either.
    assert_eq!(unlisted(&[("data2", "23")]), ["TWO"]);
    for nothing in [("type", "0x.*"), ("data9", "0x.*"), ("data2", "0x(("), ("data2", "0x(a{1000}){1000}")] {
        assert_eq!(unlisted(&[nothing]), ["ONE", "TWO"], "{nothing:?}");
    }
    assert_eq!(unlisted(&[("data2", &format!("{}0x.*", "x?".repeat(1000)))]), ["ONE", "TWO"]);
}

fn channel(changes: &Value) -> Value {
    let mut channel = json!({
        "funding_udt_type_script": null, "state": {"state_name": "ChannelReady"}, "enabled": true,
        "is_one_way": false, "is_acceptor": false, "local_balance": "0x64", "remote_balance": "0xa",
        "offered_tlc_balance": "0x0", "received_tlc_balance": "0x0",
    });
    for (name, value) in changes.as_object().unwrap() {
        channel[name] = value.clone();
    }
    channel
}

fn carried(channels: &[Value]) -> (u128, u128) {
    let Liquidity { outbound, inbound } =
        answer::liquidity(result(&json!({ "channels": channels })), &Asset::ckb()).unwrap();
    (outbound.units(), inbound.units())
}

#[test]
fn a_channel_carries_what_is_free_in_it_while_it_is_ready() {
    let carries = |changes: Value| carried(&[channel(&changes)]);
    assert_eq!(carries(json!({})), (100, 10));
    assert_eq!(carries(json!({"offered_tlc_balance": "0x28", "received_tlc_balance": "0x3"})), (60, 7));
    assert_eq!(carries(json!({"offered_tlc_balance": "0x65", "received_tlc_balance": "0xb"})), (0, 0));
    assert_eq!(carries(json!({"enabled": false})), (0, 0));
    assert_eq!(carries(json!({"is_one_way": true})), (100, 0));
    assert_eq!(carries(json!({"is_one_way": true, "is_acceptor": true})), (0, 10));
    for state in ["ShuttingDown", "Closed", "AwaitingChannelReady", "Stale", "channelready"] {
        assert_eq!(carries(json!({"state": {"state_name": state}})), (0, 0), "{state}");
    }
    let flags = json!({"state": {"state_name": "ShuttingDown", "state_flags": "ChannelReady"}});
    assert_eq!(carries(flags), (0, 0));
}

#[test]
fn sums_over_channels_are_bounded_and_a_channel_that_is_not_understood_carries_nothing() {
    let huge = channel(&json!({"local_balance": format!("{:#x}", u128::MAX)}));
    let max = crate::Amount::MAX.units();
    assert_eq!(carried(&[huge.clone(), huge]), (max, 20));
    let sound = channel(&json!({}));
    for broken in [json!({}), json!(null), json!("x"), channel(&json!({"local_balance": 100}))] {
        assert_eq!(carried(&[broken, sound.clone()]), (100, 10));
    }
    for broken in [json!({}), json!({"channels": {}}), json!({"channels": null}), json!([])] {
        let read = answer::liquidity(result(&broken), &Asset::ckb());
        assert!(matches!(read, Err(NodeError::NoAnswer(_))), "{broken}");
    }
}

#[test]
fn only_what_is_said_before_an_invoice_is_stored_refuses_it() {
    let refusal = |code, message| match answer::new_invoice(error(code, message), HASH, &Assets::default()) {
        Err(NodeError::Refused { .. }) => "refused",
        Err(NodeError::InvoiceExists) => "exists",
        Err(NodeError::NoAnswer(_)) => "no answer",
        Err(NodeError::InvalidInvoice { .. } | NodeError::Unclear(_)) | Ok(_) => "wrong",
    };
    for (code, message, expected) in [
        (-32000, "invoice already exists", "exists"),
        (-32000, "Duplicated invoice found: Hash256(0x00)", "exists"),
        (-32000, "Currency must be Fibd with the chain network", "refused"),
        (-32000, "Description with length of 640 is too long, max length is 639", "refused"),
        (-32999, "Unauthorized", "refused"),
        (-32601, "Method not found", "refused"),
        (-32602, "Invalid params", "refused"),
        (-32600, "Invalid request", "refused"),
        (-32000, "IO error: no space left on device", "no answer"),
        (-32000, "Sign error", "no answer"),
        (-32000, "", "no answer"),
        (-32603, "Internal error", "no answer"),
        (-32603, "invoice already exists", "no answer"),
        (-32700, "Parse error", "no answer"),
        (-32008, "Response is too big", "no answer"),
        (-32009, "Server is busy, try again later", "no answer"),
        (0, "Currency must be Fibd", "no answer"),
    ] {
        assert_eq!(refusal(code, message), expected, "{code} {message}");
    }
}

fn invoice(attrs: &Value) -> Value {
    json!({
        "invoice_address": "fibd1…", "status": "Open",
        "invoice": {
            "currency": "Fibd", "amount": "0x1",
            "data": {"timestamp": "0x3e8", "payment_hash": format!("0x{HASH}"), "attrs": attrs},
        },
    })
}

fn parsed(attrs: &Value) -> Result<crate::DecodedInvoice, NodeError> {
    answer::parse_invoice(result(&invoice(attrs)), &Assets::default())
}

#[test]
fn an_expiry_that_no_clock_will_show_is_far_and_never_wraps() {
    let expires = |expiry: &str| parsed(&json!([{ "expiry_time": expiry }])).unwrap().expires_at;
    let far = Some(Timestamp::from_millis(u64::MAX >> 1));
    assert_eq!(expires("0x0"), Some(Timestamp::from_millis(1000)));
    assert_eq!(expires("0xe10"), Some(Timestamp::from_millis(3_601_000)));
    assert_eq!(expires("0xffffffffffffffff"), far);
    assert_eq!(expires(&format!("{:#x}", u128::MAX)), far);
    assert_eq!(parsed(&json!([])).unwrap().expires_at, None);
    let own = answer::invoice(result(&invoice(&json!([]))), HASH, &Assets::default()).unwrap().unwrap();
    assert_eq!(Some(own.invoice.expires_at), far);
}

#[test]
fn an_attribute_that_we_know_is_never_missed() {
    for attrs in [
        json!([{"udt_script": null}]),
        json!([{"udt_script": 5}]),
        json!([{"udt_script": "0x"}, {"udt_script": "0x"}]),
        json!([{"expiry_time": "3600"}]),
        json!([{"expiry_time": "0x1"}, {"expiry_time": "0x2"}]),
        json!([{"payee_public_key": "02"}]),
        json!([5]),
        json!([null]),
        json!({}),
    ] {
        assert!(matches!(parsed(&attrs), Err(NodeError::InvalidInvoice { .. })), "{attrs}");
        let own = answer::invoice(result(&invoice(&attrs)), HASH, &Assets::default());
        assert!(matches!(own, Err(NodeError::NoAnswer(_))), "{attrs}");
    }
    for script in ["", "0x", "0x00", "zz"] {
        assert_eq!(parsed(&json!([{ "udt_script": script }])).unwrap().asset, None, "{script}");
    }
    assert_eq!(parsed(&json!(["word", {"new": 1}])).unwrap().asset, Some(AssetId::ckb()));
}

#[test]
fn an_invoice_that_is_to_be_paid_in_parts_is_not_taken() {
    for feature in ["BASIC_MPP_OPTIONAL", "BASIC_MPP_REQUIRED"] {
        let read = parsed(&json!([{"feature": ["TRAMPOLINE_ROUTING_OPTIONAL", feature]}]));
        assert!(matches!(read, Err(NodeError::InvalidInvoice { reason }) if reason.contains("parts")));
    }
    assert!(parsed(&json!([{"feature": ["TRAMPOLINE_ROUTING_OPTIONAL"]}])).is_ok());
    assert!(parsed(&json!([{"feature": {"new": "form"}}])).is_ok());
}

#[test]
fn an_answer_about_another_invoice_is_none() {
    let other = PaymentHash::new([0xcd; 32]);
    let reply = || result(&invoice(&json!([])));
    let assets = Assets::default();
    assert!(matches!(answer::new_invoice(reply(), other, &assets), Err(NodeError::NoAnswer(_))));
    assert!(matches!(answer::invoice(reply(), other, &assets), Err(NodeError::NoAnswer(_))));
    assert!(matches!(answer::cancel_invoice(reply(), other, &assets), Err(NodeError::NoAnswer(_))));
    assert!(answer::new_invoice(reply(), HASH, &assets).is_ok());
    let denied = answer::invoice(error(-32000, "invoice not found, try later"), HASH, &assets);
    assert!(matches!(denied, Err(NodeError::NoAnswer(_))));
    assert_eq!(answer::invoice(error(-32000, "invoice not found"), HASH, &assets).unwrap(), None);
}

#[test]
fn a_reason_for_callers_is_in_our_words() {
    let reason = |message| match answer::parse_invoice(error(-32000, message), &Assets::default()) {
        Err(NodeError::InvalidInvoice { reason }) => reason,
        read => panic!("{read:?}"),
    };
    assert_eq!(reason("Bech32 error: invalid checksum"), "invalid checksum");
    assert_eq!(reason("Bech32 error: missing human-readable separator, \"1\""), "no separator");
    assert_eq!(reason("thread panicked at /home/node/secret.rs"), "the node cannot read it");
    let unauthorized = answer::parse_invoice(error(-32999, "Unauthorized"), &Assets::default());
    assert!(matches!(unauthorized, Err(NodeError::Refused { .. })));
}

fn with_tlcs(tlcs: &Value) -> Reply {
    result(&json!({ "channels": [
        { "channel_id": format!("0x{}", "22".repeat(32)), "pending_tlcs": [] },
        { "channel_id": format!("0x{}", "33".repeat(32)), "pending_tlcs": tlcs },
    ] }))
}

fn tlc(hash: PaymentHash) -> Value {
    json!({
        "id": "0xd", "amount": "0x11e636e0", "payment_hash": format!("0x{hash}"), "expiry": "0x1a22ff34051",
        "forwarding_channel_id": null, "forwarding_tlc_id": null, "status": { "Outbound": "Committed" },
    })
}

#[test]
fn what_channels_hold_of_a_payment_is_read_whole_or_not_at_all() {
    let other = PaymentHash::new([0xcd; 32]);
    let found = answer::pending_tlcs(with_tlcs(&json!([tlc(other), tlc(HASH)])), HASH).unwrap();
    let expected = PendingTlc {
        channel: format!("0x{}", "33".repeat(32)),
        direction: TlcDirection::Offered,
        amount: Amount::new(0x11e6_36e0),
        expires_at: Timestamp::from_millis(0x1a2_2ff3_4051),
        status: "Committed".to_owned(),
    };
    assert_eq!(found, [expected]);
    assert_eq!(answer::pending_tlcs(with_tlcs(&json!([tlc(other)])), HASH).unwrap(), []);
    for (field, value) in [
        ("status", json!({ "Elsewhere": "Committed" })),
        ("status", json!("Committed")),
        ("amount", json!(7)),
        ("expiry", json!("soon")),
        ("payment_hash", json!("0xab")),
    ] {
        let mut bad = tlc(HASH);
        bad[field] = value;
        assert!(answer::pending_tlcs(with_tlcs(&json!([bad])), HASH).is_err(), "{field}");
    }
    let without = result(&json!({ "channels": [{ "channel_id": format!("0x{}", "22".repeat(32)) }] }));
    assert!(answer::pending_tlcs(without, HASH).is_err(), "a channel that does not say holds anything");
}
