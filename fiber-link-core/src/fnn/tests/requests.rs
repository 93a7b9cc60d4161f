//! What we ask, against what was asked when it was recorded.

use super::recording::{exchanges, recorded_udt};
use crate::fnn::call::Call;
use crate::fnn::envelope::encode;
use crate::{Amount, Asset, InvoiceRequest, Network, NodeError, PaymentHash, PaymentRequest, Preimage};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

pub(super) fn sent(call: &Call) -> Value {
    serde_json::from_slice(&encode(&[(7, call)])).unwrap()
}

pub(super) fn invoice_request() -> InvoiceRequest {
    InvoiceRequest {
        asset: Asset::ckb(),
        amount: Amount::new(100_000_000),
        preimage: Preimage::new([0x54; 32]),
        expiry: Duration::from_secs(3600),
        description: "tip for post #42".to_owned(),
    }
}

pub(super) fn payment_request() -> PaymentRequest {
    PaymentRequest {
        encoded: "fibd1…".to_owned(),
        payment_hash: PaymentHash::new([1; 32]),
        amount: Amount::new(100_000_000),
        fee_limit: Amount::new(1_000_000),
    }
}

/// The same call with the values that were recorded, where it is one of those that we make so.
fn same_call(method: &str, param: &Value) -> Option<Call> {
    let keys: Vec<_> = param.as_object().map(|param| param.keys().map(String::as_str).collect())?;
    let hash = |key: &str| param[key].as_str()?.parse::<PaymentHash>().ok();
    match (method, keys.as_slice()) {
        ("get_invoice", ["payment_hash"]) => hash("payment_hash").map(Call::Invoice),
        ("cancel_invoice", ["payment_hash"]) => hash("payment_hash").map(Call::CancelInvoice),
        ("get_payment", ["payment_hash"]) => hash("payment_hash").map(Call::Payment),
        ("parse_invoice", ["invoice"]) => Call::parse_invoice(param["invoice"].as_str()?).ok(),
        ("list_payments", ["limit"] | ["after", "limit"]) => Some(Call::ListPayments {
            after: if keys.contains(&"after") { Some(hash("after")?) } else { None },
            limit: u64::from_str_radix(param["limit"].as_str()?.strip_prefix("0x")?, 16).ok()?,
        }),
        ("list_channels", []) => Some(Call::ListChannels),
        ("list_channels", ["include_closed"]) => Some(Call::ListAllChannels),
        _ => None,
    }
}

#[test]
fn requests_equal_the_recorded_ones_but_for_their_ids() {
    let mut counts = BTreeMap::<String, u32>::new();
    for (place, exchange) in exchanges() {
        let Some(mut recorded) = exchange.request() else { continue };
        let call = match exchange.method.as_str() {
            "node_info" if recorded["params"] == json!([]) => Some(Call::NodeInfo),
            "subscribe_store_changes" => Some(Call::SubscribeStoreChanges),
            method => same_call(method, &recorded["params"][0]),
        };
        let Some(call) = call else { continue };
        // Some were sent on purpose without an id or with another version.
        if recorded["jsonrpc"] != "2.0" || recorded.get("id").is_none() {
            continue;
        }
        recorded["id"] = json!(7);
        assert_eq!(sent(&call), recorded, "{place}");
        *counts.entry(exchange.method).or_default() += 1;
    }
    let expected = [
        ("cancel_invoice", 11),
        ("get_invoice", 85),
        ("get_payment", 138),
        ("list_channels", 25),
        ("list_payments", 4),
        ("node_info", 24),
        ("parse_invoice", 10),
        ("subscribe_store_changes", 1),
    ];
    assert_eq!(counts, expected.map(|(method, count)| (method.to_owned(), count)).into());
}

/// The fields that were recorded in requests of `method` which the node took, each with its values.
fn recorded_fields(method: &str) -> BTreeMap<String, Vec<Value>> {
    let mut fields = BTreeMap::<String, Vec<Value>>::new();
    for (_, exchange) in exchanges() {
        let took = exchange.method == method && exchange.response().is_some_and(|r| r["result"].is_object());
        if let (true, Value::Object(param)) = (took, exchange.param()) {
            for (name, value) in param {
                fields.entry(name).or_default().push(value);
            }
        }
    }
    fields
}

#[test]
fn an_invoice_is_asked_for_in_fields_and_forms_that_were_recorded() {
    let recorded = recorded_fields("new_invoice");
    let mut call = sent(&Call::new_invoice(Network::Dev, invoice_request()).unwrap());
    assert_eq!(call["params"].as_array().unwrap().len(), 1);
    let expected = json!({
        "amount": "0x5f5e100",
        "currency": "Fibd",
        "description": "tip for post #42",
        "expiry": "0xe10",
        "payment_preimage": format!("0x{}", "54".repeat(32)),
        "hash_algorithm": "sha256",
    });
    assert_eq!(call["params"][0], expected);
    for (name, value) in call["params"][0].as_object_mut().unwrap() {
        if name == "payment_preimage" {
            assert!(recorded[name].iter().all(|v| v.as_str().unwrap().len() == 66));
        } else {
            assert!(recorded[name].contains(value), "{name}: {value}");
        }
    }

    let token = InvoiceRequest { asset: recorded_udt(), ..invoice_request() };
    let call = sent(&Call::new_invoice(Network::Dev, token).unwrap());
    assert!(recorded["udt_type_script"].contains(&call["params"][0]["udt_type_script"]), "{call}");
}

#[test]
fn each_network_has_its_currency() {
    for (network, currency) in
        [(Network::Mainnet, "Fibb"), (Network::Testnet, "Fibt"), (Network::Dev, "Fibd")]
    {
        let call = sent(&Call::new_invoice(network, invoice_request()).unwrap());
        assert_eq!(call["params"][0]["currency"], currency);
    }
}

#[test]
fn a_payment_always_says_what_it_may_cost_and_is_never_a_keysend() {
    let call = sent(&Call::send_payment(payment_request(), Duration::from_millis(30_500)));
    let expected = json!({
        "invoice": "fibd1…",
        "payment_hash": format!("0x{}", "01".repeat(32)),
        "amount": "0x5f5e100",
        "timeout": "0x1e",
        "max_fee_amount": "0xf4240",
        "max_fee_rate": "0xa",
        "max_parts": "0x1",
    });
    assert_eq!(call["params"], json!([expected]));
    // `max_parts` was never recorded: the official types name it, and a test holds us to them.
    let recorded = recorded_fields("send_payment");
    let ours: BTreeSet<_> = expected.as_object().unwrap().keys().cloned().collect();
    let unknown: Vec<_> = ours.iter().filter(|name| !recorded.contains_key(*name)).collect();
    assert_eq!(unknown, ["max_fee_rate", "max_parts"]);
    assert!(recorded["max_fee_amount"].iter().all(|value| value.as_str().unwrap().starts_with("0x")));
    assert!(recorded["timeout"].contains(&json!("0x3")));
    let shortest = sent(&Call::send_payment(payment_request(), Duration::ZERO));
    assert_eq!(shortest["params"][0]["timeout"], "0x1");
}

#[test]
fn several_calls_are_one_array() {
    let calls = [(1, &Call::NodeInfo), (2, &Call::Invoice(PaymentHash::new([9; 32])))];
    let batch: Value = serde_json::from_slice(&encode(&calls)).unwrap();
    assert_eq!(batch.as_array().unwrap().len(), 2);
    assert_eq!(batch[0], json!({"jsonrpc": "2.0", "id": 1, "method": "node_info", "params": []}));
    assert_eq!(batch[1]["id"], 2);
    assert_eq!(batch[1]["params"][0]["payment_hash"], format!("0x{}", "09".repeat(32)));
}

#[test]
fn what_nobody_can_pay_is_not_asked_for() {
    let refused = |request: InvoiceRequest| {
        matches!(Call::new_invoice(Network::Dev, request), Err(NodeError::Refused { .. }))
    };
    let request = invoice_request;
    assert!(!refused(request()));
    assert!(refused(InvoiceRequest { amount: Amount::ZERO, ..request() }));
    assert!(refused(InvoiceRequest { amount: Amount::new(u64::MAX), ..request() }));
    assert!(!refused(InvoiceRequest { amount: Amount::new(u64::MAX - 1), ..request() }));
    assert!(!refused(InvoiceRequest { asset: recorded_udt(), amount: Amount::MAX, ..request() }));
    assert!(refused(InvoiceRequest { expiry: Duration::from_millis(999), ..request() }));
    assert!(!refused(InvoiceRequest { description: "é".repeat(319) + "x", ..request() }));
    assert!(refused(InvoiceRequest { description: "é".repeat(320), ..request() }));
    assert!(matches!(
        Call::parse_invoice(&"1".repeat(5000)),
        Err(NodeError::InvalidInvoice { reason }) if reason == "too long"
    ));
}

#[test]
fn a_call_prints_its_method_alone() {
    let request = InvoiceRequest { description: "canary".to_owned(), ..invoice_request() };
    assert_eq!(format!("{:?}", Call::new_invoice(Network::Dev, request).unwrap()), "Call(\"new_invoice\")");
    let payment = Call::send_payment(payment_request(), Duration::ZERO);
    assert_eq!(format!("{payment:?}"), "Call(\"send_payment\")");
}

/// What the node lets a payment cost: the smaller of both limits, as read in its source (0.8.0), with
/// the rate rounded up there; `None` where its multiplication overflows and it refuses.
fn allowed(amount: u128, fee_amount: u128, fee_rate: u128, round_up: bool) -> Option<u128> {
    let product = fee_rate.checked_mul(amount)?;
    let by_rate = if round_up { product.div_ceil(1000) } else { product / 1000 };
    Some(fee_amount.min(by_rate))
}

fn fee_fields(amount: u128, fee_limit: u128) -> (u128, u128) {
    let request = PaymentRequest {
        amount: Amount::try_from(amount).unwrap(),
        fee_limit: Amount::try_from(fee_limit).unwrap(),
        ..payment_request()
    };
    let call = sent(&Call::send_payment(request, Duration::ZERO));
    let field = |name: &str| {
        u128::from_str_radix(call["params"][0][name].as_str().unwrap().strip_prefix("0x").unwrap(), 16)
            .unwrap()
    };
    (field("max_fee_amount"), field("max_fee_rate"))
}

#[test]
fn the_fee_rate_is_right_at_the_edges() {
    let max = Amount::MAX.units();
    for (amount, fee_limit, rate) in [
        (100_000_000, 0, 0),
        (100_000_000, 1, 1),
        (100_000_000, 100_000, 1),
        (100_000_000, 100_001, 2),
        (1, 1, 1000),
        (3, 1, 334),
        (1000, 5, 5),
        (1, u128::from(u64::MAX), u128::from(u64::MAX)),
        (max, 0, 0),
        (max, 1, 1),
        (max, max, 2),
        (1 << 117, 1 << 117, 1000),
    ] {
        assert_eq!(fee_fields(amount, fee_limit), (fee_limit, rate), "{amount} {fee_limit}");
    }
}

proptest! {
    #[test]
    fn the_fee_rate_never_undercuts_the_fee_limit(
        amount in prop_oneof![1_u128..5000, 1_u128..u128::from(u64::MAX), 1_u128..1 << 107],
        limit in prop_oneof![0_u128..5000, 0_u128..u128::from(u64::MAX), 0_u128..1 << 117],
        round_up: bool,
    ) {
        let limit = limit.min(amount * 1000);
        let (fee_amount, fee_rate) = fee_fields(amount, limit);
        prop_assert_eq!(allowed(amount, fee_amount, fee_rate, round_up), Some(limit));
    }

    #[test]
    fn a_payment_never_costs_more_than_its_limit_and_never_overflows_at_the_node(
        amount in 1..=Amount::MAX.units(),
        limit in 0..=Amount::MAX.units(),
    ) {
        let (fee_amount, fee_rate) = fee_fields(amount, limit);
        prop_assert!(fee_rate <= u128::from(u64::MAX));
        prop_assert!(allowed(amount, fee_amount, fee_rate, true).is_some_and(|allowed| allowed <= limit));
    }
}
