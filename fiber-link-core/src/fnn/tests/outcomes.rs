//! What each recorded answer about a payment means, and the page that says so.

use super::recording::{Kind, lines};
use super::transcripts::hash;
use crate::fnn::answer;
use crate::fnn::envelope::decode_one;
use crate::{NodeError, PaymentHash, PaymentState, PaymentStatus};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

const PAGE: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/node-outcomes.md"));

pub(super) const OUTCOMES: [&str; 5] = ["pending", "succeeded", "failed", "not known", "unknown"];

/// What came, where it was recorded, what it means.
type Rows = BTreeMap<(String, String), (BTreeSet<String>, BTreeSet<&'static str>)>;

/// The page's name of what an answer of `get_payment` means.
pub(super) fn outcome(answer: &Result<Option<PaymentStatus>, NodeError>) -> &'static str {
    match answer {
        Ok(Some(PaymentStatus { state: PaymentState::Pending, .. })) => "pending",
        Ok(Some(PaymentStatus { state: PaymentState::Succeeded { .. }, .. })) => "succeeded",
        Ok(Some(PaymentStatus { state: PaymentState::Failed { .. }, .. })) => "failed",
        Ok(None) => "not known",
        Err(_) => "unknown",
    }
}

/// The words of an answer without what differs from one to the next: hashes, keys, amounts.
fn shape(answer: &Value) -> String {
    let result = &answer["result"];
    let words = match (result["status"].as_str(), result["failed_error"].as_str()) {
        (Some(status), Some(reason)) => format!("{status}: {reason}"),
        (Some(status), None) => status.to_owned(),
        (None, _) => {
            let (code, message) = (&answer["error"]["code"], answer["error"]["message"].as_str().unwrap());
            format!("error {code}: {message}")
        }
    };
    let mut shape = String::new();
    let mut word = String::new();
    for character in words.chars().chain([' ']) {
        if character.is_alphanumeric() {
            word.push(character);
            continue;
        }
        let varies =
            word.len() > 60 || (word.len() > 2 && word.parse::<u128>().is_ok() && !shape.ends_with('-'));
        shape.push_str(if varies { "…" } else { &word });
        shape.push(character);
        word.clear();
    }
    shape.trim_end().to_owned()
}

fn recorded_rows() -> Rows {
    let mut rows = Rows::new();
    for line in lines() {
        let (method, came, means) = match line.kind {
            Kind::Unanswered { method } => (method, "no answer".to_owned(), "unknown"),
            Kind::Answered(exchange) => {
                let response = exchange.response().unwrap_or_default();
                let Ok(reply) = decode_one(exchange.response.as_bytes(), exchange.id().unwrap_or(u64::MAX))
                else {
                    continue;
                };
                let means = match exchange.method.as_str() {
                    "get_payment" => {
                        outcome(&answer::payment(reply, hash(&exchange.param()["payment_hash"])))
                    }
                    "send_payment" => {
                        let sent = &response["result"]["payment_hash"];
                        let sent = if sent.is_string() { hash(sent) } else { PaymentHash::new([0; 32]) };
                        outcome(&answer::send_payment(reply, sent).map(Some))
                    }
                    _ => continue,
                };
                let came = shape(&response);
                (exchange.method, came, means)
            }
            Kind::Note | Kind::Frame { .. } => continue,
        };
        if matches!(method.as_str(), "send_payment" | "get_payment") {
            let row = rows.entry((method, came)).or_default();
            row.0.insert(line.file[..2].to_owned());
            row.1.insert(means);
        }
    }
    rows
}

/// The rows of the page's table of recorded answers.
fn written_rows() -> Rows {
    let cells = |line: &str| -> Vec<String> { line.split('|').map(|cell| cell.trim().to_owned()).collect() };
    let mut rows = Rows::new();
    for line in PAGE
        .lines()
        .filter(|line| line.starts_with("| `send_payment`") || line.starts_with("| `get_payment`"))
    {
        let [_, method, came, files, outcome, does, _] = <[String; 7]>::try_from(cells(line)).unwrap();
        assert!(!does.is_empty(), "{line}");
        let outcome = OUTCOMES.into_iter().find(|known| **known == outcome).unwrap();
        let bare = |cell: String| cell.trim_matches('`').to_owned();
        let files = files.split(", ").map(str::to_owned).collect();
        let twice = rows.insert((bare(method), bare(came)), (files, BTreeSet::from([outcome])));
        assert!(twice.is_none(), "{line}");
    }
    rows
}

#[test]
fn the_page_of_outcomes_has_one_row_per_recorded_case_and_tells_the_truth() {
    let recorded = recorded_rows();
    assert_eq!(written_rows(), recorded);
    assert_eq!(recorded.len(), 34);
}

#[test]
fn no_answer_to_a_send_is_an_outcome() {
    for ((method, came), (_, outcomes)) in recorded_rows() {
        if method == "send_payment" {
            assert!(!outcomes.contains("succeeded") && !outcomes.contains("failed"), "{came}");
            assert!(!outcomes.contains("not known"), "{came}");
        }
    }
}

fn asked(answer: &str) -> &'static str {
    let body = format!(r#"{{"jsonrpc":"2.0","id":1,{answer}}}"#);
    outcome(&answer::payment(decode_one(body.as_bytes(), 1).unwrap(), PaymentHash::new([0xab; 32])))
}

fn session(member: &str, value: &str) -> String {
    let mut session = serde_json::json!({
        "payment_hash": "ab".repeat(32), "status": "Success", "created_at": "0x1", "failed_error": null, "fee": "0x1",
    });
    session[member] = serde_json::from_str(value).unwrap();
    format!(r#""result":{session}"#)
}

#[test]
fn what_is_not_surely_an_outcome_is_unknown() {
    let denial = |hash: &str, code: i64, before: &str| {
        let message = format!("{before}Payment session not found: Hash256(0x{hash})");
        asked(&format!(r#""error":{{"code":{code},"message":"{message}"}}"#))
    };
    let (ours, other) = ("ab".repeat(32), "cd".repeat(32));
    assert_eq!(denial(&ours, -32000, "InvalidParameter: "), "not known");
    assert_eq!(denial(&other, -32000, "InvalidParameter: "), "unknown");
    assert_eq!(denial(&ours, -32603, "InvalidParameter: "), "unknown");
    assert_eq!(denial(&ours, -32000, "upstream: "), "unknown");

    assert_eq!(asked(&session("fee", "\"0x1\"")), "succeeded");
    for (member, value) in [
        ("fee", "\"0x80000000000000000000000000000000\""),
        ("fee", "\"1\""),
        ("fee", "1"),
        ("fee", "null"),
        ("status", "\"success\""),
        ("status", "\"Settled\""),
        ("status", "null"),
        ("created_at", "\"0x10000000000000000\""),
        ("payment_hash", "\"00\""),
    ] {
        assert_eq!(asked(&session(member, value)), "unknown", "{member} {value}");
    }
    assert_eq!(asked(&session("payment_hash", &format!("\"0x{other}\""))), "unknown");
    assert_eq!(asked(r#""result":null"#), "unknown");
    assert_eq!(asked(r#""error":{"code":-32999,"message":"Unauthorized"}"#), "unknown");
}

#[test]
fn a_newer_node_may_say_more() {
    let more = session("fee", "\"0x2\"").replace("{\"", "{\"payment_preimage\":\"0x00\",\"routers\":[{}],\"");
    assert_eq!(asked(&more), "succeeded");
}
