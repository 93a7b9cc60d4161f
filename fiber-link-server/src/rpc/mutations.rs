//! Broken, hostile and merely strange requests: none panics, none is taken for what it is not, and every
//! field that is wrong is named, and no other.

#![allow(clippy::arithmetic_side_effects, reason = "a test that overflows fails")]

mod contract;

use super::envelope::{Envelope, answer};
use super::error::RpcError;
use super::params::Params;
use super::{dashboard, tips, withdrawals};
use crate::cases::cases;
use contract::wrong_fields;
use fiber_link_core::{
    Asset, AssetId, AssetKind, Assets, RequestedDestination, ScriptHashType, SettledPosition, TypeScript,
};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// CKB, and tokens with few and with many decimals.
fn assets() -> Assets {
    let token = |name: &str, decimals, args| Asset {
        id: AssetId::new(name).unwrap(),
        decimals,
        kind: AssetKind::Udt(TypeScript { code_hash: [1; 32], hash_type: ScriptHashType::Type, args }),
    };
    Assets::new([Asset::ckb(), token("WHOLE", 0, vec![0]), token("FINE", 38, vec![38])]).unwrap()
}

/// JSON as it may be written, also such that no [`Value`] can hold.
fn strange() -> impl Strategy<Value = String> {
    let of = |value: Value| value.to_string();
    let text = |value: String| Value::from(value).to_string();
    prop_oneof![
        4 => select(vec!["null", "true", "0", "-1", "1.5", "20.0", "1e300", "[]", "{}", "\"\"", "\" \""]).prop_map(str::to_owned),
        1 => select(vec!["1e999", "\"\\ud800\"", "{\"a\":1,\"a\":2}", "-0", "[[1]]"]).prop_map(str::to_owned),
        1 => any::<f64>().prop_map(move |number| of(json!(number))),
        1 => any::<u64>().prop_map(move |number| of(json!(number))),
        3 => ".{0,40}".prop_map(text),
        1 => "[a-z]{250,260}|é{120,130}|(ab\n){90,95}|x{275,285}|é{275,285}".prop_map(text),
        4 => amount_text().prop_map(text),
        1 => (1_usize..200).prop_map(|depth| format!("{}{}", "[".repeat(depth), "]".repeat(depth))),
        1 => (8_180_usize..8_200).prop_map(move |length| text("f".repeat(length))),
    ]
}

/// Amounts, nearly.
fn amount_text() -> impl Strategy<Value = String> {
    "[0-9]{0,3}(\\.[0-9]{0,9})?|0{0,50}[0-9]{37,41}|[0-9]{1,3}\\.[0-9]{37,40}|[-+ ]?[0-9]{1,3}[e. ]?|[٣0-9]{1,2}"
}

/// The fields of an object in JSON: some right, some strange, some missing, some that nobody asks for.
fn object(right: Vec<(&'static str, Vec<&'static str>)>) -> impl Strategy<Value = String> {
    let fields: Vec<_> = right
        .into_iter()
        .map(|(name, values)| {
            let right = select(values).prop_map(str::to_owned);
            let value =
                prop_oneof![8 => right.prop_map(Some), 2 => strange().prop_map(Some), 1 => Just(None)];
            value.prop_map(move |value| value.map(|value| format!("{}:{value}", json!(name))))
        })
        .collect();
    let unasked =
        prop::option::weighted(0.1, strange()).prop_map(|value| value.map(|value| format!("\"x\":{value}")));
    (fields, unasked).prop_map(|(mut fields, unasked)| {
        fields.push(unasked);
        format!("{{{}}}", fields.into_iter().flatten().collect::<Vec<_>>().join(","))
    })
}

const NAMES: [&str; 4] = ["\"7\"", "\"Zoë ✓\"", "\"a b\"", "\"\\u0061\""];
const OPTIONAL_NAMES: [&str; 3] = ["\"7\"", "\"key\"", "null"];
const ASSETS: [&str; 4] = ["\"CKB\"", "\"WHOLE\"", "\"FINE\"", "\"DOGE\""];
const AMOUNTS: [&str; 6] =
    ["\"1\"", "\"1.5\"", "\"61\"", "\"0.00000001\"", "\"007\"", "\"170141183460469231731687303715\""];

fn tip_params() -> impl Strategy<Value = String> {
    object(vec![
        ("postId", NAMES.to_vec()),
        ("fromUserId", NAMES.to_vec()),
        ("toUserId", NAMES.to_vec()),
        ("asset", ASSETS.to_vec()),
        ("amount", AMOUNTS.to_vec()),
        ("message", vec!["null", "\"\"", "\" thank\\nyou \"", "\"é\"", "\"a\\u0000b\""]),
        ("anonymous", vec!["true", "false", "null"]),
        ("idempotencyKey", OPTIONAL_NAMES.to_vec()),
    ])
}

fn withdrawal_params() -> impl Strategy<Value = String> {
    let destination = object(vec![
        ("kind", vec!["\"CKB_ADDRESS\"", "\"PAYMENT_REQUEST\"", "\"EMAIL\""]),
        ("address", vec!["\"ckt1qq\"", "\" ckb1 \""]),
        ("paymentRequest", vec!["\"fibd1qq\"", "\"fibd1 qq\""]),
    ]);
    let rest = object(vec![
        ("userId", NAMES.to_vec()),
        ("asset", ASSETS.to_vec()),
        ("amount", AMOUNTS.to_vec()),
        ("toAddress", vec!["\"ckt1qq\"", "\"fibd1qq\"", "null"]),
        ("networkFeeLimit", vec!["\"0\"", "\"0.00\"", "\"0.5\"", "\"1\"", "null"]),
        ("idempotencyKey", OPTIONAL_NAMES.to_vec()),
    ]);
    (rest, prop::option::weighted(0.8, prop_oneof![4 => destination, 1 => strange()])).prop_map(
        |(rest, destination)| match destination {
            Some(destination) if rest == "{}" => format!("{{\"destination\":{destination}}}"),
            Some(destination) => format!("{{\"destination\":{destination},{}", &rest[1..]),
            None => rest,
        },
    )
}

/// The fields that a refusal names. It is short, whatever came.
fn named(refusal: &RpcError) -> BTreeSet<String> {
    let body = answer("1", &Err(refusal.clone()));
    assert!(body.len() < 6_000, "{} bytes of refusal", body.len());
    let body: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(
        (&body["error"]["code"], &body["error"]["message"]),
        (&json!(-32602), &json!("Invalid params"))
    );
    let issues = body["error"]["data"]["issues"].as_array().unwrap();
    let names: BTreeSet<_> = issues.iter().map(|issue| issue["field"].as_str().unwrap().to_owned()).collect();
    assert_eq!(names.len(), issues.len(), "each field once: {body}");
    names
}

/// The fields of an object, unless it holds something that nobody can read.
fn fields(text: &str) -> Option<Map<String, Value>> {
    serde_json::from_str(text).ok()
}

/// A request, and the ways to spoil its bytes.
fn spoiled() -> impl Strategy<Value = Vec<u8>> {
    let member = prop_oneof![
        6 => select(vec![
            r#""jsonrpc":"2.0""#, r#""id":1"#, r#""id":"a\u0062""#, r#""id":null"#, r#""id":-0.50e1"#,
            r#""method":"tip.create""#, r#""method":"\u0061""#, r#""params":{"a":[1,{}]}"#, r#""params":{}"#,
        ]).prop_map(str::to_owned),
        2 => (select(vec!["jsonrpc", "id", "method", "params", "extra"]), strange())
            .prop_map(|(name, value)| format!("\"{name}\":{value}")),
    ];
    let change = (
        any::<Index>(),
        prop_oneof![
            any::<u8>().prop_map(|byte| vec![byte]),
            select(vec!["{", "}", "[", "]", "\"", ",", ":", "\\", "\\u0000", " ", "\n", "\u{feff}", "null"])
                .prop_map(|text| text.as_bytes().to_vec()),
            (1_usize..2_000).prop_map(|depth| b"[".repeat(depth)),
            (1_usize..2_000).prop_map(|depth| b"{\"a\":".repeat(depth)),
        ],
        any::<bool>(),
    );
    let whole = vec(member, 0..7).prop_map(|members| format!("{{{}}}", members.join(",")).into_bytes());
    prop_oneof![
        6 => (whole, vec(change, 0..3)).prop_map(|(mut body, changes)| {
            for (at, bytes, instead) in changes {
                let at = at.index(body.len() + 1);
                let end = if instead { body.len().min(at + bytes.len()) } else { at };
                body.splice(at..end, bytes);
            }
            body
        }),
        1 => vec(any::<u8>(), 0..100),
        1 => "\\PC{0,60}".prop_map(String::into_bytes),
    ]
}

proptest! {
    #![proptest_config(cases(512))]

    #[test]
    fn an_envelope_is_read_as_it_was_written_or_refused_by_the_right_code(body in spoiled()) {
        let json: Option<&RawValue> = serde_json::from_slice(&body).ok();
        match Envelope::read(&body) {
            Ok(envelope) => {
                let members = fields(std::str::from_utf8(&body).unwrap()).unwrap_or_default();
                if let Some(method) = members.get("method") {
                    prop_assert_eq!(method, &*envelope.method);
                }
                for (outcome, member) in [(Ok(envelope.params.into()), "result"), (Err(RpcError::parse_error()), "error")] {
                    let answer = answer(envelope.id, &outcome);
                    let answer: std::collections::BTreeMap<String, &RawValue> = serde_json::from_slice(&answer).unwrap();
                    prop_assert_eq!(answer["id"].get(), envelope.id);
                    prop_assert!(answer.contains_key(member) && answer.len() == 3);
                }
                let again = format!(
                    r#"{{"jsonrpc":"2.0","id":{},"method":{},"params":{}}}"#,
                    envelope.id, json!(envelope.method), envelope.params
                );
                let again = Envelope::read(again.as_bytes()).unwrap();
                prop_assert_eq!((again.id, again.method, again.params), (envelope.id, envelope.method, envelope.params));
            }
            Err(error) if json.is_none() => prop_assert_eq!(error.code(), -32700),
            // A name that is no Unicode is JSON by the letter, and readable to nobody.
            Err(error) if serde_json::from_slice::<Value>(&body).is_err() => {
                prop_assert!(matches!(error.code(), -32700 | -32600));
            }
            Err(error) => prop_assert_eq!(error.code(), -32600),
        }
    }

    #[test]
    fn a_tip_is_read_as_it_was_written_or_refused_by_its_wrong_fields(text in tip_params()) {
        let expected = fields(&text).map(|fields| wrong_fields(&fields, "tip"));
        match (tips::read_request(&assets(), &text), expected) {
            (Ok(tip), Some(wrong)) => {
                prop_assert!(wrong.is_empty(), "wrong are {:?}", wrong);
                let asset = assets().find(&tip.asset).unwrap().clone();
                let came = fields(&text).unwrap();
                prop_assert_eq!(Some(tip.amount.units()), contract::amount(&came["amount"], &asset));
                prop_assert_eq!(tip.message.as_deref(), came.get("message").and_then(Value::as_str).map(str::trim).filter(|m| !m.is_empty()));
                let again = json!({
                    "postId": tip.post.as_str(),
                    "fromUserId": tip.from_user.as_str(),
                    "toUserId": tip.to_user.as_str(),
                    "asset": tip.asset.as_str(),
                    "amount": asset.format(tip.amount),
                    "message": tip.message,
                    "anonymous": tip.anonymous,
                    "idempotencyKey": tip.idempotency_key.as_ref().map(|key| key.as_str()),
                });
                prop_assert_eq!(tips::read_request(&assets(), &again.to_string()).unwrap(), tip);
            }
            (Err(refusal), Some(wrong)) => prop_assert_eq!(named(&refusal), wrong),
            (Err(refusal), None) => prop_assert_eq!(named(&refusal), BTreeSet::from(["params".to_owned()])),
            (Ok(tip), None) => return Err(TestCaseError::fail(format!("{tip:?}"))),
        }
    }

    #[test]
    fn a_withdrawal_is_read_as_it_was_written_or_refused_by_its_wrong_fields(text in withdrawal_params()) {
        let expected = fields(&text).map(|fields| wrong_fields(&fields, "withdrawal"));
        match (withdrawals::read_request(&assets(), &text), expected) {
            (Ok(withdrawal), Some(wrong)) => {
                prop_assert!(wrong.is_empty(), "wrong are {:?}", wrong);
                let asset = assets().find(&withdrawal.asset).unwrap().clone();
                let destination = match &withdrawal.destination {
                    RequestedDestination::CkbAddress(address) => json!({ "kind": "CKB_ADDRESS", "address": address }),
                    RequestedDestination::PaymentRequest(invoice) => {
                        json!({ "kind": "PAYMENT_REQUEST", "paymentRequest": invoice })
                    }
                };
                let again = json!({
                    "userId": withdrawal.user.as_str(),
                    "asset": withdrawal.asset.as_str(),
                    "amount": asset.format(withdrawal.amount),
                    "destination": destination,
                    "networkFeeLimit": withdrawal.network_fee.map(|fee| asset.format(fee)),
                    "idempotencyKey": withdrawal.idempotency_key.as_ref().map(|key| key.as_str()),
                });
                prop_assert_eq!(withdrawals::read_request(&assets(), &again.to_string()).unwrap(), withdrawal);
            }
            (Err(refusal), Some(wrong)) => prop_assert_eq!(named(&refusal), wrong),
            (Err(refusal), None) => prop_assert_eq!(named(&refusal), BTreeSet::from(["params".to_owned()])),
            (Ok(withdrawal), None) => return Err(TestCaseError::fail(format!("{withdrawal:?}"))),
        }
    }

    #[test]
    fn a_dashboard_and_a_cursor_are_read_or_refused_by_fields_of_theirs(
        dashboard in object(vec![
            ("userId", NAMES.to_vec()),
            ("limit", vec!["1", "20.0", "50", "null"]),
            ("includeAdmin", vec!["true", "false"]),
            ("filters", vec!["{}", "{\"withdrawalState\":\"PENDING\"}", "{\"settlementState\":1}", "null"]),
        ]),
        cursor in object(vec![("settledAt", vec!["\"2025-10-09T08:53:20.000Z\""]), ("id", NAMES.to_vec())]),
    ) {
        if let Err(refusal) = dashboard::Request::read(&dashboard) {
            let known = ["userId", "limit", "includeAdmin", "filters", "filters.withdrawalState", "filters.settlementState", "params"];
            let named = named(&refusal);
            prop_assert!(!named.is_empty() && named.iter().all(|name| known.contains(&name.as_str())), "{:?}", named);
        }
        let Ok(mut params) = Params::read(&format!("{{\"after\":{cursor}}}")) else { return Ok(()) };
        match tips::read_cursor(&mut params) {
            Some(SettledPosition::After { or_at, .. }) => {
                let written = crate::wire_time::format(or_at);
                prop_assert_eq!(crate::wire_time::parse(&written), Some(or_at));
            }
            Some(SettledPosition::Start) => return Err(TestCaseError::fail("there is a cursor")),
            None => {
                let named = named(&params.refusal().into());
                prop_assert!(!named.is_empty() && named.iter().all(|name| ["after.settledAt", "after.id"].contains(&name.as_str())), "{:?}", named);
            }
        }
    }

    #[test]
    fn a_moment_is_read_as_it_was_written(millis in 0..=253_402_207_200_999_u64, text in "[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}(:[0-9]{2})?([.,][0-9]{0,10})?(Z|z|[+-][0-9]{2}:?[0-9]{2})?") {
        let at = fiber_link_core::Timestamp::from_millis(millis);
        prop_assert_eq!(crate::wire_time::parse(&crate::wire_time::format(at)), Some(at));
        if let Some(at) = crate::wire_time::parse(&text) {
            prop_assert_eq!(crate::wire_time::parse(&crate::wire_time::format(at)), Some(at));
        }
    }
}

#[test]
fn a_megabyte_in_a_field_is_refused_in_a_few_words() {
    for piece in ["9", "0", "é", " ", "\u{1}", "."] {
        let long = json!(piece.repeat(1_000_000 / piece.len()));
        for field in ["postId", "fromUserId", "toUserId", "asset", "amount", "message", "idempotencyKey"] {
            let mut params =
                json!({ "postId": "1", "fromUserId": "7", "toUserId": "9", "asset": "CKB", "amount": "1" });
            params[field] = long.clone();
            match tips::read_request(&assets(), &params.to_string()) {
                Ok(tip) => assert!(field == "message" && piece == " " && tip.message.is_none()),
                Err(refusal) => assert_eq!(named(&refusal), BTreeSet::from([field.to_owned()]), "{piece:?}"),
            }
        }
        for field in ["address", "paymentRequest"] {
            let kind = if field == "address" { "CKB_ADDRESS" } else { "PAYMENT_REQUEST" };
            let params = json!({ "userId": "7", "asset": "CKB", "amount": "1", "destination": { "kind": kind, field: long } });
            let refusal = withdrawals::read_request(&assets(), &params.to_string()).unwrap_err();
            assert_eq!(named(&refusal), BTreeSet::from([format!("destination.{field}")]), "{piece:?}");
        }
    }
    let many = json!({ "asset": vec![0; 500_000], "x": vec![json!({}); 300_000] }).to_string();
    assert_eq!(named(&tips::read_request(&assets(), &many).unwrap_err()).len(), 5);
}
