//! Broken, hostile and merely strange bytes for every decoder: none panics, none keeps more than it
//! should, none lets a secret into an error, and an answer about a payment is always an outcome.

use super::outcomes::{OUTCOMES, outcome};
use super::recording::{Kind, lines, recorded_assets, recorded_udt};
use crate::fnn::answer;
use crate::fnn::envelope::{Reply, decode_batch, decode_one};
use crate::fnn::store_change::{decode_hint, decode_subscription};
use crate::{Asset, NodeError, PaymentHash, PaymentState, PaymentStatus};
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::LazyLock;

/// What errors must not show: it stands in for a preimage.
const CANARY: &str = "5ec2e75ec2e75ec2e75ec2e75ec2e75ec2e75ec2e75ec2e75ec2e75ec2e75ec2";

/// Bytes as they came, and what they answer.
struct Sample {
    body: String,
    id: u64,
    hash: PaymentHash,
}

/// One of each recorded kind of answer and frame, told apart by the members and words in it.
static SAMPLES: LazyLock<Vec<Sample>> = LazyLock::new(|| {
    let mut kinds = BTreeMap::new();
    for line in lines() {
        let (kind, sample) = match line.kind {
            Kind::Answered(exchange) => {
                let Some(response) = exchange.response() else { continue };
                let asked = [&response["result"], &exchange.param(), &response["result"]["invoice"]["data"]]
                    .into_iter()
                    .find_map(|value| value["payment_hash"].as_str()?.parse().ok())
                    .unwrap_or(PaymentHash::new([0; 32]));
                let kind = format!("{} {}", exchange.method, members(&response));
                (kind, Sample { id: exchange.id().unwrap_or(0), hash: asked, body: exchange.response })
            }
            Kind::Frame { frame, .. } => {
                let kind = members(&serde_json::from_str(&frame).unwrap());
                (kind, Sample { id: 1, hash: PaymentHash::new([0; 32]), body: frame })
            }
            Kind::Note | Kind::Unanswered { .. } => continue,
        };
        kinds.entry(kind).or_insert(sample);
    }
    kinds.into_values().collect()
});

fn members(value: &Value) -> String {
    match value {
        Value::Object(object) => {
            object.iter().map(|(name, value)| format!("{name}({})", members(value))).collect()
        }
        Value::Array(array) => array.first().map(members).unwrap_or_default(),
        Value::String(word) if word.len() < 12 && !word.starts_with("0x") => word.clone(),
        Value::Null => "null".to_owned(),
        Value::Bool(_) | Value::Number(_) | Value::String(_) => String::new(),
    }
}

/// An error in all its forms: it says little, and nothing secret.
fn check_error(error: &(dyn std::error::Error + 'static)) {
    let mut texts = vec![format!("{error:?}"), error.to_string()];
    texts.extend(std::iter::successors(error.source(), |error| error.source()).map(ToString::to_string));
    for text in texts {
        assert!(text.len() < 5000, "{} bytes of error", text.len());
        assert!(!text.contains(CANARY), "{text}");
    }
}

fn check<T: Debug>(read: Result<T, NodeError>) {
    match read {
        Ok(read) => assert!(format!("{read:?}").len() < 4_000_000),
        Err(error) => check_error(&error),
    }
}

/// A reason that a payment failed is kept and shown.
fn check_reason(status: Option<&PaymentStatus>) {
    if let Some(PaymentState::Failed { reason }) = status.map(|status| &status.state) {
        assert!(reason.len() < 1100 && !reason.contains(CANARY), "{reason}");
    }
}

/// Gives `body` to every decoder.
fn feed(body: &[u8], id: u64, asked: PaymentHash) {
    let assets = recorded_assets();
    let _ = decode_hint(body);
    match decode_subscription(body, id) {
        Ok(Err(error)) => check_error(&error),
        Ok(Ok(_)) => {}
        Err(error) => check_error(&error),
    }
    match decode_batch(body, &[id, id.wrapping_add(1)]) {
        Ok(replies) => replies.into_iter().flatten().for_each(|reply| feed_reply(&reply, asked)),
        Err(error) => check_error(&error),
    }
    match decode_one(body, id) {
        Ok(reply) => {
            check(answer::node_info(reply.clone(), &assets));
            feed_reply(&reply, asked);
        }
        Err(error) => check_error(&error),
    }
}

fn feed_reply(reply: &Reply, asked: PaymentHash) {
    let assets = recorded_assets();
    if let Err(error) = reply {
        check_error(error);
    }
    let payment = answer::payment(reply.clone(), asked);
    assert!(OUTCOMES.contains(&outcome(&payment)));
    check_reason(payment.as_ref().ok().and_then(Option::as_ref));
    check(payment);
    let sent = answer::send_payment(reply.clone(), asked).map(Some);
    assert_ne!(outcome(&sent), "not known");
    check(sent);
    check(answer::list_payments(reply.clone()));
    check(answer::new_invoice(reply.clone(), asked, &assets));
    check(answer::invoice(reply.clone(), asked, &assets));
    check(answer::cancel_invoice(reply.clone(), asked, &assets));
    check(answer::parse_invoice(reply.clone(), &assets));
    check(answer::liquidity(reply.clone(), &Asset::ckb()));
    check(answer::liquidity(reply.clone(), &recorded_udt()));
}

/// One way to spoil a body.
#[derive(Clone, Debug)]
enum Mutation {
    Flip {
        at: Index,
        with: u8,
    },
    Cut {
        at: Index,
    },
    Insert {
        at: Index,
        text: String,
    },
    /// One value, anywhere in the body, becomes another.
    Replace {
        at: Index,
        with: Value,
    },
    /// Two values, anywhere in the body, trade places.
    Swap {
        one: Index,
        other: Index,
    },
}

/// Texts that are numbers, nearly.
const STRANGE: &[&str] = &[
    "",
    "0x",
    "0x0",
    "0x00",
    "-0x1",
    "0x-1",
    "0X1",
    "0xffffffffffffffff",
    "0x10000000000000000",
    "0xffffffffffffffffffffffffffffffff",
    "0x100000000000000000000000000000000",
    "\u{0}",
    "0x✓",
    CANARY,
];

fn strange() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        proptest::sample::select(STRANGE).prop_map(Value::from),
        (1_usize..5000).prop_map(|length| Value::from(format!("0x{}", "5e".repeat(length)))),
        (1_usize..5000).prop_map(|length| Value::from("✓\"\\".repeat(length))),
        (1_usize..100).prop_map(|depth| (0..depth).fold(Value::Null, |inner, _| Value::from(vec![inner]))),
        Just(Value::Object(serde_json::Map::new())),
    ]
}

fn mutation() -> impl Strategy<Value = Mutation> {
    let text = prop_oneof![
        "[\\[\\]{}\",:0-9a-fx\\\\]{1,8}",
        (1_usize..3000).prop_map(|depth| "[".repeat(depth)),
        (1_usize..3000).prop_map(|depth| "{\"a\":".repeat(depth)),
        (1_usize..3000).prop_map(|digits| "9".repeat(digits)),
    ];
    prop_oneof![
        2 => (any::<Index>(), any::<u8>()).prop_map(|(at, with)| Mutation::Flip { at, with }),
        1 => any::<Index>().prop_map(|at| Mutation::Cut { at }),
        2 => (any::<Index>(), text).prop_map(|(at, text)| Mutation::Insert { at, text }),
        6 => (any::<Index>(), strange()).prop_map(|(at, with)| Mutation::Replace { at, with }),
        2 => (any::<Index>(), any::<Index>()).prop_map(|(one, other)| Mutation::Swap { one, other }),
    ]
}

/// Every value in `value`, itself first.
fn pointers(value: &Value, path: String, found: &mut Vec<String>) {
    match value {
        Value::Object(object) => {
            for (name, value) in object {
                let name = name.replace('~', "~0").replace('/', "~1");
                pointers(value, format!("{path}/{name}"), found);
            }
        }
        Value::Array(array) => {
            for (index, value) in array.iter().enumerate() {
                pointers(value, format!("{path}/{index}"), found);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
    found.push(path);
}

fn mutated(body: Vec<u8>, mutation: &Mutation) -> Vec<u8> {
    let mut bytes = body;
    let spoil_value = |bytes: &[u8], spoil: &dyn Fn(&mut Value, &[String])| {
        let Ok(mut value) = serde_json::from_slice(bytes) else { return bytes.to_vec() };
        let mut places = Vec::new();
        pointers(&value, String::new(), &mut places);
        spoil(&mut value, &places);
        value.to_string().into_bytes()
    };
    match mutation {
        Mutation::Flip { .. } | Mutation::Cut { .. } | Mutation::Insert { .. } if bytes.is_empty() => bytes,
        Mutation::Flip { at, with } => {
            let at = at.index(bytes.len());
            bytes[at] ^= with;
            bytes
        }
        Mutation::Cut { at } => {
            bytes.truncate(at.index(bytes.len()));
            bytes
        }
        Mutation::Insert { at, text } => {
            let at = at.index(bytes.len());
            bytes.splice(at..at, text.bytes());
            bytes
        }
        Mutation::Replace { at, with } => spoil_value(&bytes, &|value, places| {
            *value.pointer_mut(at.get::<String>(places)).unwrap() = with.clone();
        }),
        Mutation::Swap { one, other } => spoil_value(&bytes, &|value, places| {
            let (one, other) = (one.get::<String>(places), other.get::<String>(places));
            // Neither in the other one: what was taken out has no places any more.
            let within = |inner: &str, outer: &str| {
                inner.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            };
            if !within(one, other) && !within(other, one) {
                let taken = value.pointer_mut(one).unwrap().take();
                let given = std::mem::replace(value.pointer_mut(other).unwrap(), taken);
                *value.pointer_mut(one).unwrap() = given;
            }
        }),
    }
}

/// As many cases as `PROPTEST_CASES` says, and 2000 where it says nothing.
fn cases() -> ProptestConfig {
    let config = ProptestConfig::default();
    if std::env::var_os("PROPTEST_CASES").is_some() {
        config
    } else {
        ProptestConfig { cases: 2000, ..config }
    }
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn no_mutated_answer_harms(
        sample in any::<Index>(),
        mutations in proptest::collection::vec(mutation(), 1..4),
    ) {
        let sample = sample.get(&SAMPLES);
        let body = mutations.iter().fold(sample.body.clone().into_bytes(), mutated);
        feed(&body, sample.id, sample.hash);
    }

    #[test]
    fn no_bytes_harm(body in proptest::collection::vec(any::<u8>(), 0..200)) {
        feed(&body, 1, PaymentHash::new([0; 32]));
    }
}

#[test]
fn every_place_of_an_answer_is_found_whatever_its_fields_are_called() {
    let value = serde_json::json!({ "a/b": { "~": [1, {}] }, "": null });
    let mut places = Vec::new();
    pointers(&value, String::new(), &mut places);
    assert_eq!(places.len(), 6);
    assert!(places.iter().all(|place| value.pointer(place).is_some()), "{places:?}");
}

#[test]
fn every_kind_of_answer_is_among_the_samples() {
    assert!(SAMPLES.len() > 100, "{}", SAMPLES.len());
    for sample in SAMPLES.iter() {
        feed(sample.body.as_bytes(), sample.id, sample.hash);
    }
}

/// A body of a megabyte that repeats `piece`.
fn long(before: &str, piece: &str, after: &str) -> Vec<u8> {
    format!("{before}{}{after}", piece.repeat(1_000_000 / piece.len())).into_bytes()
}

#[test]
fn long_answers_take_no_more_than_they_are_worth() {
    let invoice = |attrs: &str| {
        format!(
            r#"{{"id":1,"result":{{"invoice_address":"fibd1","status":"Paid","invoice":{{"currency":"Fibd","amount":"0x1",
            "data":{{"timestamp":"0x1","payment_hash":"{}","attrs":[{attrs}"#,
            "00".repeat(32)
        )
    };
    let info = r#"{"id":1,"result":{"version":"0.8.0","pubkey":"","chain_hash":"","udt_cfg_infos":["#;
    let page = r#"{"id":1,"result":{"last_cursor":null,"payments":["#;
    let payment = format!(
        r#"{{"payment_hash":"{}","status":"Failed","created_at":"0x1","failed_error":null,"fee":"0x0"}},"#,
        "00".repeat(32)
    );
    for body in [
        long("[", "0,", "0]"),
        long("[", "{},", "{}]"),
        long("[", r#"{"id":1,"result":1},"#, "{}]"),
        long("", "[", ""),
        long("", r#"{"id":"#, ""),
        long(r#"{"id":1,"result":"#, "[", ""),
        long(r#"{"id":1,"result":""#, "5e", "\"}"),
        long(r#"{"id":1,"error":{"code":-32000,"message":""#, CANARY, "\"}}"),
        long(r#"{"id":"#, "9", "}"),
        long(r#"{"id":1,"result":{"channels":["#, "{},", "{}]}}"),
        long(r#"{"id":1,"result":{"channels":["#, "[", ""),
        long(info, "{},", "{}]}}"),
        long(page, &payment, "{}]}}"),
        long(page, "{},", "{}]}}"),
        long(&invoice(""), "{},", "{}]}}}}"),
        long(&invoice(r#"{"udt_script":"0x"#), "55", "\"}]}}}}"),
        long(&invoice(r#"{"expiry_time":"0x"#), "f", "\"}]}}}}"),
        long(&invoice(r#"{"feature":["#), "\"x\",", "\"\"]}]}}}}"),
        long(&invoice(r#"{"unknown":"#), "[", ""),
    ] {
        feed(&body, 1, PaymentHash::new([0; 32]));
    }
}

#[test]
fn a_page_of_more_payments_than_were_asked_for_is_no_page() {
    let payment = format!(
        r#"{{"payment_hash":"{}","status":"Created","created_at":"0x1","failed_error":null,"fee":"0x0"}}"#,
        "00".repeat(32)
    );
    let page = |count: usize| {
        let payments = vec![payment.as_str(); count].join(",");
        let body = format!(r#"{{"id":1,"result":{{"payments":[{payments}],"last_cursor":null}}}}"#);
        answer::list_payments(decode_one(body.as_bytes(), 1).unwrap())
    };
    assert_eq!(page(1000).unwrap().payments.len(), 1000);
    assert!(matches!(page(1001), Err(NodeError::NoAnswer(_))));
}

#[test]
fn deep_nesting_in_a_member_that_we_do_not_know_is_passed_over() {
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let body = format!(r#"{{"id":1,"result":{{"new":{deep},"channels":[]}}}}"#);
    let read = answer::liquidity(decode_one(body.as_bytes(), 1).unwrap(), &Asset::ckb());
    assert!(read.unwrap().outbound.is_zero());
}
