//! Every recorded line through its decoder, against the same line read in another way.

use super::recording::{Exchange, Kind, exchanges, lines, recorded_assets, recorded_udt};
use crate::fnn::answer;
use crate::fnn::envelope::{ProtocolError, Reply, decode_batch, decode_one};
use crate::fnn::store_change::{decode_hint, decode_subscription};
use crate::{
    Amount, Asset, AssetId, Assets, Invoice, InvoiceState, Network, NodeError, NodeSupport, PaymentHash,
    Timestamp,
};
use serde_json::Value;
use std::collections::BTreeMap;

/// What a result is, or which of the core's errors an error became.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Meaning {
    Read,
    NotKnown,
    Refused,
    Exists,
    InvalidInvoice,
    NoAnswer,
}

fn of_error(error: &NodeError) -> Meaning {
    match error {
        NodeError::Refused { .. } => Meaning::Refused,
        NodeError::InvoiceExists => Meaning::Exists,
        NodeError::InvalidInvoice { .. } => Meaning::InvalidInvoice,
        NodeError::Unclear(_) | NodeError::NoAnswer(_) => Meaning::NoAnswer,
    }
}

fn meaning<T>(read: &Result<T, NodeError>) -> Meaning {
    read.as_ref().map_or_else(of_error, |_| Meaning::Read)
}

fn meaning_of_found<T>(read: &Result<Option<T>, NodeError>) -> Meaning {
    match read {
        Ok(Some(_)) => Meaning::Read,
        Ok(None) => Meaning::NotKnown,
        Err(error) => of_error(error),
    }
}

fn number(value: &Value) -> u128 {
    u128::from_str_radix(value.as_str().unwrap().strip_prefix("0x").unwrap(), 16).unwrap()
}

pub(super) fn hash(value: &Value) -> PaymentHash {
    value.as_str().unwrap().parse().unwrap()
}

fn attribute<'a>(invoice: &'a Value, name: &str) -> Option<&'a Value> {
    invoice["data"]["attrs"].as_array().unwrap().iter().find_map(|attribute| attribute.get(name))
}

/// The token of the channels, as the molecule bytes of its script.
const TOKEN: &str = "0x55000000100000003000000031000000e1e354d6d643ad42724d40967e334984534e0367405c5ae42a9d7d63d77df419042000000032e555f3ff8e135cece1351a6a2971518392c1e30375c1e006ad0ce8eac07947";

fn asset_of(invoice: &Value) -> Option<AssetId> {
    match attribute(invoice, "udt_script") {
        None => Some(AssetId::ckb()),
        Some(script) => (script == TOKEN).then(|| recorded_udt().id),
    }
}

fn runs_out(invoice: &Value) -> Option<Timestamp> {
    let expiry = number(attribute(invoice, "expiry_time")?);
    let millis = number(&invoice["data"]["timestamp"]).saturating_add(expiry.saturating_mul(1000));
    Some(Timestamp::from_millis(u64::try_from(millis).unwrap_or(u64::MAX).min(i64::MAX as u64)))
}

fn check_own(invoice: &Invoice, result: &Value, place: &str) {
    let terms = &result["invoice"];
    let expected = Invoice {
        encoded: result["invoice_address"].as_str().unwrap().to_owned(),
        payment_hash: hash(&terms["data"]["payment_hash"]),
        asset: asset_of(terms).unwrap_or(AssetId::new("unlisted-udt").unwrap()),
        amount: Amount::try_from(number(&terms["amount"])).unwrap(),
        expires_at: runs_out(terms).unwrap_or(Timestamp::from_millis(i64::MAX as u64)),
    };
    assert_eq!(*invoice, expected, "{place}");
}

fn check_state(state: InvoiceState, result: &Value, place: &str) {
    assert_eq!(format!("{state:?}"), result["status"].as_str().unwrap(), "{place}");
}

/// Reads an answer as that of its method; `None` for methods that we do not use.
fn read_answer(place: &str, exchange: &Exchange, reply: Reply) -> Option<Meaning> {
    let (assets, response) = (recorded_assets(), exchange.response().unwrap());
    let result = &response["result"];
    // Where the request was broken on purpose there is none, and nothing to compare with.
    let param = exchange.param();
    let asked = param["payment_hash"].as_str().and_then(|hash| hash.parse().ok());
    let asked = asked.unwrap_or(PaymentHash::new([0; 32]));
    Some(match exchange.method.as_str() {
        "node_info" => {
            let read = answer::node_info(reply, &assets);
            if let Ok(info) = &read {
                assert_eq!(info.version, "0.8.0");
                assert_eq!((info.network, info.support), (Network::Dev, NodeSupport::Tested));
                assert_eq!(info.key.to_string(), result["pubkey"].as_str().unwrap());
                assert_eq!(info.unlisted, []);
            }
            meaning(&read)
        }
        "new_invoice" => {
            let made = &result["invoice"]["data"]["payment_hash"];
            let made = if made.is_string() { hash(made) } else { asked };
            let read = answer::new_invoice(reply, made, &assets);
            if let Ok(invoice) = &read {
                check_own(invoice, result, place);
            }
            meaning(&read)
        }
        "get_invoice" => {
            let read = answer::invoice(reply, asked, &assets);
            if let Ok(Some(status)) = &read {
                check_own(&status.invoice, result, place);
                check_state(status.state, result, place);
            }
            meaning_of_found(&read)
        }
        "cancel_invoice" => {
            let read = answer::cancel_invoice(reply, asked, &assets);
            if let Ok(status) = &read {
                check_own(&status.invoice, result, place);
                check_state(status.state, result, place);
            }
            meaning(&read)
        }
        "parse_invoice" => {
            let read = answer::parse_invoice(reply, &assets);
            if let Ok(invoice) = &read {
                let terms = &result["invoice"];
                assert_eq!(invoice.payment_hash, hash(&terms["data"]["payment_hash"]));
                assert_eq!((invoice.network, invoice.asset.clone()), (Network::Dev, asset_of(terms)));
                assert_eq!(invoice.amount.map(Amount::units), Some(number(&terms["amount"])));
                assert_eq!(invoice.expires_at, runs_out(terms));
                let payee = invoice.payee.unwrap().to_string();
                assert_eq!(payee, attribute(terms, "payee_public_key").unwrap().as_str().unwrap());
            }
            meaning(&read)
        }
        "send_payment" => {
            let sent = &result["payment_hash"];
            let sent = if sent.is_string() { hash(sent) } else { asked };
            meaning(&answer::send_payment(reply, sent))
        }
        "get_payment" => meaning_of_found(&answer::payment(reply, asked)),
        "list_payments" => {
            let read = answer::list_payments(reply);
            if let Ok(page) = &read {
                let recorded = result["payments"].as_array().unwrap();
                assert_eq!(page.payments.len(), recorded.len(), "{place}");
                for ((payment, status), recorded) in page.payments.iter().zip(recorded) {
                    assert_eq!(*payment, hash(&recorded["payment_hash"]));
                    assert_eq!(u128::from(status.created_at.as_millis()), number(&recorded["created_at"]));
                }
                assert_eq!(page.next, recorded.last().map(|last| hash(&last["payment_hash"])), "{place}");
            }
            meaning(&read)
        }
        "list_channels" => {
            for asset in assets.iter() {
                if let Ok(found) = answer::liquidity(reply.clone(), asset) {
                    assert_eq!(
                        (found.outbound.units(), found.inbound.units()),
                        free(result, asset),
                        "{place}"
                    );
                }
            }
            if let Some(channels) = result["channels"].as_array() {
                let recorded =
                    channels.iter().flat_map(|channel| channel["pending_tlcs"].as_array().unwrap());
                let recorded: Vec<_> = recorded.map(|tlc| hash(&tlc["payment_hash"])).collect();
                for sought in &recorded {
                    let found = answer::pending_tlcs(reply.clone(), *sought).unwrap();
                    assert_eq!(found.len(), recorded.iter().filter(|of| *of == sought).count(), "{place}");
                }
            }
            meaning(&answer::liquidity(reply, &Asset::ckb()))
        }
        _ => return None,
    })
}

/// What is free in the usable channels of the transcripts, which know one token.
fn free(result: &Value, asset: &Asset) -> (u128, u128) {
    let mut sums = (0, 0);
    for channel in result["channels"].as_array().unwrap() {
        let is_ckb = channel["funding_udt_type_script"].is_null();
        let usable = channel["state"]["state_name"] == "ChannelReady" && channel["enabled"] == true;
        if usable && is_ckb == (asset.id == AssetId::ckb()) {
            sums.0 += number(&channel["local_balance"]) - number(&channel["offered_tlc_balance"]);
            sums.1 += number(&channel["remote_balance"]) - number(&channel["received_tlc_balance"]);
        }
    }
    sums
}

#[test]
fn every_recorded_line_is_read() {
    let (mut notes, mut unanswered, mut answered, mut frames) = (0, 0, 0, 0);
    for line in lines() {
        match line.kind {
            Kind::Note => notes += 1,
            Kind::Unanswered { .. } => unanswered += 1,
            Kind::Answered(_) => answered += 1,
            Kind::Frame { .. } => frames += 1,
        }
    }
    assert_eq!((notes, unanswered, answered, frames), (114, 11, 743, 62));
}

#[test]
fn every_recorded_answer_goes_through_the_envelope_and_its_decoder() {
    let mut counts = BTreeMap::<(String, String), usize>::new();
    for (place, exchange) in exchanges() {
        let mut count = |kind: String| *counts.entry((exchange.method.clone(), kind)).or_default() += 1;
        if exchange.request.starts_with('[') {
            match read_batch(&exchange) {
                Ok(replies) => replies.into_iter().for_each(|reply| {
                    assert!(reply.is_some(), "{place}");
                    count("batch".to_owned());
                }),
                Err(error) => count(format!("{error:?}")),
            }
            continue;
        }
        // An answer to no call of ours is nobody's: so come those to requests without a proper id.
        let reply = match decode_one(exchange.response.as_bytes(), exchange.id().unwrap_or(u64::MAX)) {
            Ok(reply) => reply,
            Err(error) => {
                assert!(
                    exchange.id().is_none() || exchange.response().is_none_or(|r| r["id"].is_null()),
                    "{place}"
                );
                count(format!("{error:?}"));
                continue;
            }
        };
        let response = exchange.response().unwrap();
        match &reply {
            Ok(result) => {
                assert_eq!(serde_json::from_str::<Value>(result.get()).unwrap(), response["result"]);
            }
            Err(error) => assert_eq!(error.code(), response["error"]["code"].as_i64().unwrap()),
        }
        match read_answer(&place, &exchange, reply) {
            Some(meaning) => {
                assert_eq!(meaning, expected_meaning(&exchange.method, &response), "{place}");
                count(format!("{meaning:?}"));
            }
            None => count("envelope".to_owned()),
        }
    }
    let counts: Vec<_> = counts.iter().map(|((method, kind), count)| (&**method, &**kind, *count)).collect();
    assert_eq!(counts, COUNTS);
    let total: usize = counts.iter().map(|(_, _, count)| count).sum();
    assert_eq!(total, 743 - 2 + 5, "two batches have two and three answers");
}

/// What came of the recorded answers, method by method.
const COUNTS: [(&str, &str, usize); 48] = [
    ("(empty body)", "OtherCall", 1),
    ("(malformed)", "OtherCall", 2),
    ("(not an object)", "OtherCall", 1),
    ("GET", "Malformed", 1),
    ("abandon_channel", "envelope", 1),
    ("accept_channel", "envelope", 1),
    ("add_tlc", "envelope", 1),
    ("batch", "BatchRefused(RpcError { code: -32600, reason: \"Invalid request\" })", 1),
    ("batch", "batch", 5),
    ("build_router", "envelope", 1),
    ("cancel_invoice", "Read", 8),
    ("cancel_invoice", "Refused", 3),
    ("connect_peer", "envelope", 15),
    ("disconnect_peer", "envelope", 2),
    ("get_invoice", "NotKnown", 3),
    ("get_invoice", "Read", 81),
    ("get_invoice", "Refused", 3),
    ("get_payment", "NotKnown", 7),
    ("get_payment", "Read", 131),
    ("get_transaction", "envelope", 3),
    ("graph_channels", "envelope", 2),
    ("graph_nodes", "envelope", 2),
    ("list_channels", "NoAnswer", 1),
    ("list_channels", "Read", 109),
    ("list_invoices", "envelope", 2),
    ("list_payments", "Read", 18),
    ("list_payments", "Refused", 2),
    ("list_peers", "envelope", 7),
    ("new_invoice", "Exists", 11),
    ("new_invoice", "NoAnswer", 1),
    ("new_invoice", "Read", 87),
    ("new_invoice", "Refused", 23),
    ("no_such_method", "envelope", 2),
    ("node_info", "Malformed", 2),
    ("node_info", "OtherCall", 4),
    ("node_info", "Read", 13),
    ("node_info", "Refused", 10),
    ("open_channel", "envelope", 26),
    ("parse_invoice", "InvalidInvoice", 5),
    ("parse_invoice", "Read", 5),
    ("pprof", "envelope", 1),
    ("send_btc", "envelope", 1),
    ("send_payment", "Read", 58),
    ("send_payment", "Refused", 53),
    ("settle_invoice", "envelope", 21),
    ("shutdown_channel", "envelope", 7),
    ("subscribe_store_changes", "envelope", 1),
    ("update_channel", "envelope", 1),
];

fn read_batch(exchange: &Exchange) -> Result<Vec<Option<Reply>>, ProtocolError> {
    let request = exchange.request().unwrap();
    let ids: Vec<_> = request.as_array().unwrap().iter().map(|call| call["id"].as_u64().unwrap()).collect();
    decode_batch(exchange.response.as_bytes(), &ids)
}

/// What each recorded error must mean, method by method; every result is read, but for an invoice
/// that is to be paid in parts, and for one over more than an amount can be, which we never make.
fn expected_meaning(method: &str, response: &Value) -> Meaning {
    let error = &response["error"];
    if error.is_null() {
        let in_parts = response["result"].to_string().contains("BASIC_MPP_OPTIONAL");
        let too_much = response["result"]["invoice"]["amount"] == "0xffffffffffffffffffffffffffffffff";
        return match method {
            "parse_invoice" if in_parts => Meaning::InvalidInvoice,
            "new_invoice" if too_much => Meaning::NoAnswer,
            _ => Meaning::Read,
        };
    }
    let message = error["message"].as_str().unwrap();
    match (method, error["code"].as_i64().unwrap()) {
        (_, -32999 | -32602 | -32601 | -32600) => Meaning::Refused,
        ("new_invoice", -32000) if message == "invoice already exists" => Meaning::Exists,
        ("new_invoice" | "cancel_invoice" | "send_payment", -32000) => Meaning::Refused,
        ("parse_invoice", -32000) => Meaning::InvalidInvoice,
        ("get_invoice", -32000) if message == "invoice not found" => Meaning::NotKnown,
        ("get_payment", -32000) if message.contains("Payment session not found") => Meaning::NotKnown,
        ("list_channels", -32000) => Meaning::NoAnswer,
        (method, code) => panic!("{method}: {code} {message}"),
    }
}

#[test]
fn every_recorded_frame_is_read() {
    let (mut asked, mut subscribed, mut refused, mut hints, mut other) = (0, 0, 0, Vec::new(), 0);
    for line in lines() {
        let Kind::Frame { from_node, frame } = line.kind else { continue };
        if !from_node {
            assert_eq!(decode_hint(frame.as_bytes()), None);
            asked += 1;
            continue;
        }
        match decode_subscription(frame.as_bytes(), 1) {
            Ok(Ok(_)) => subscribed += 1,
            Ok(Err(error)) => {
                assert_eq!(error.code(), -32999);
                refused += 1;
            }
            Err(ProtocolError::OtherCall) => match decode_hint(frame.as_bytes()) {
                Some(hint) => hints.push((line.file, hint.to_string()[..8].to_owned())),
                None => other += 1,
            },
            Err(error) => panic!("{}:{}: {error}", line.file, line.number),
        }
    }
    assert_eq!((asked, subscribed, refused, other), (12, 4, 2, 40));
    let node3 = |hash: &str| ("06_pubsub_frames_node3", hash.to_owned());
    assert_eq!(hints, [node3("a5a23ae6"), node3("a5a23ae6"), node3("8b692f6a"), node3("8b692f6a")]);
}

#[test]
fn a_token_that_is_no_asset_of_ours_has_no_name_and_is_never_taken_for_ckb() {
    let mut seen = 0;
    for (_, exchange) in exchanges() {
        let Some(response) = exchange.response() else { continue };
        if attribute_of(&response, "udt_script").is_none() {
            continue;
        }
        let reply = decode_one(exchange.response.as_bytes(), exchange.id().unwrap()).unwrap();
        let ckb = Assets::default();
        match exchange.method.as_str() {
            "parse_invoice" => assert_eq!(answer::parse_invoice(reply, &ckb).unwrap().asset, None),
            "get_invoice" => {
                let asked = hash(&exchange.param()["payment_hash"]);
                let status = answer::invoice(reply, asked, &ckb).unwrap().unwrap();
                assert_eq!(status.invoice.asset.as_str(), "unlisted-udt");
            }
            _ => continue,
        }
        seen += 1;
    }
    assert_eq!(seen, 2);
}

fn attribute_of<'a>(response: &'a Value, name: &str) -> Option<&'a Value> {
    let attributes = response["result"]["invoice"]["data"]["attrs"].as_array()?;
    attributes.iter().find_map(|attribute| attribute.get(name))
}
