//! Requests that somebody changed on their way, and signed ones that ask for nonsense.

use crate::backend::Backend;
use crate::hub::{FORUM, Hub, OTHER};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::test_runner::{Config, TestRunner};
use serde_json::json;

/// As many as `PROPTEST_CASES` says, and `usual` where it says nothing.
fn cases(usual: u32) -> Config {
    let config = Config { source_file: Some(file!()), ..Config::default() };
    if std::env::var_os("PROPTEST_CASES").is_some() { config } else { Config { cases: usual, ..config } }
}

const HEADERS: [&str; 4] = ["x-app-id", "x-ts", "x-nonce", "x-signature"];

/// What somebody does to a request on its way.
#[derive(Clone, Debug)]
enum Change {
    /// A header is gone.
    Remove(usize),
    /// A header has a byte more, less, or another one.
    Header {
        which: usize,
        at: Index,
        cut: usize,
        with: String,
    },
    /// The signature of another app, or in other letters.
    OtherSecret,
    UpperCase,
    /// The body has bytes more, less, or others.
    Body {
        at: Index,
        cut: usize,
        with: String,
    },
    /// The border between nonce and body moves to another dot: what is signed stays the same.
    Border {
        at: Index,
    },
}

fn change() -> impl Strategy<Value = Change> {
    let text = "[!-~]{0,2}";
    prop_oneof![
        1 => (0_usize..4).prop_map(Change::Remove),
        6 => (0_usize..4, any::<Index>(), 0_usize..3, text)
            .prop_map(|(which, at, cut, with)| Change::Header { which, at, cut, with }),
        1 => Just(Change::OtherSecret),
        1 => Just(Change::UpperCase),
        4 => (any::<Index>(), 0_usize..3, text).prop_map(|(at, cut, with)| Change::Body { at, cut, with }),
        3 => any::<Index>().prop_map(|at| Change::Border { at }),
    ]
}

fn spliced(text: &str, at: Index, cut: usize, with: &str) -> String {
    let at = at.index(text.len() + 1);
    let mut text = text.to_owned();
    text.replace_range(at..text.len().min(at + cut), with);
    text
}

#[test]
fn a_changed_request_is_never_let_in_and_never_uses_the_nonce_up() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let hub = runtime.block_on(Hub::new(Backend::OneServerOnSqlite));
    let body = select(vec![
        r#"{"jsonrpc":"2.0","id":1,"method":"health.ping","params":{}}"#,
        r#"{"jsonrpc":"2.0","id":"0.","method":"health.ping","params":{"a":".{","b":"}.{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"health.ping\"}"}}"#,
    ]);
    let outcome = TestRunner::new(cases(256)).run(&(body, change()), |(body, change)| {
        runtime.block_on(async {
            let right = hub.signed(FORUM, body);
            let (mut headers, mut sent) = (right.clone(), body.to_owned());
            match &change {
                Change::Remove(which) => drop(headers.remove(*which)),
                Change::Header { which, at, cut, with } => {
                    headers[*which].1 = spliced(&headers[*which].1, *at, *cut, with);
                }
                Change::OtherSecret => headers[3].1 = hub.signed(OTHER, body)[3].1.clone(),
                Change::UpperCase => headers[3].1 = headers[3].1.to_uppercase(),
                Change::Body { at, cut, with } => sent = spliced(body, *at, *cut, with),
                Change::Border { at } => {
                    let dots: Vec<_> = body.match_indices('.').map(|(dot, _)| dot).collect();
                    let dot = dots[at.index(dots.len())];
                    headers[2].1 = format!("{}.{}", headers[2].1, &body[..dot]);
                    sent = body[dot + 1..].to_owned();
                }
            }
            // Letters that are no capitals stay what they are.
            if headers == right && sent == body {
                return Ok(());
            }
            let answer = hub.post(&headers, sent.clone()).await;
            prop_assert_eq!(answer.status.as_u16(), 200);
            prop_assert!(
                [-32001, -32600, -32700].contains(&answer.code()),
                "{:?} of {}: {}",
                change,
                sent,
                answer.text
            );
            let untouched = hub.post(&right, body).await;
            prop_assert_eq!(untouched.code(), 0, "{:?} used the nonce up: {}", change, untouched.text);
            prop_assert_eq!(hub.post(&right, body).await.code(), -32001, "a replay");
            Ok(())
        })
    });
    assert!(outcome.is_ok(), "{HEADERS:?}: {}", outcome.unwrap_err());
}

#[test]
fn a_signed_call_is_answered_whatever_it_asks_for() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let hub = runtime.block_on(Hub::new(Backend::OneServerOnSqlite));
    let invoice = runtime.block_on(hub.give("9", "100"));
    let foreign = hub.foreign_invoice("1.5");
    let right = vec![
        ("health.ping", json!({})),
        (
            "tip.create",
            json!({ "postId": "1", "fromUserId": "7", "toUserId": "9", "asset": "CKB", "amount": "1.5" }),
        ),
        ("tip.status", json!({ "invoice": invoice })),
        ("tip.settled_feed", json!({ "limit": 20 })),
        ("tip.get", json!({ "tipId": "01990c1e-6a3f-7000-8000-0000000000ab" })),
        ("tip.list", json!({ "userId": "9", "direction": "IN", "settledOnly": true })),
        ("event.list", json!({ "limit": 20 })),
        ("asset.list", json!({})),
        ("withdrawal.get", json!({ "id": "01990c1e-6a3f-7000-8000-0000000000ab" })),
        ("withdrawal.list", json!({ "userId": "9" })),
        ("dashboard.summary", json!({ "userId": "9", "includeAdmin": true })),
        ("withdrawal.quote", json!({ "userId": "9", "asset": "CKB", "amount": "1.5", "toAddress": foreign })),
        (
            "withdrawal.request",
            json!({ "userId": "9", "asset": "CKB", "amount": "1.5", "toAddress": foreign }),
        ),
        ("tip.pay", json!({})),
    ];
    let fields = [
        "postId",
        "toUserId",
        "userId",
        "asset",
        "amount",
        "message",
        "idempotencyKey",
        "invoice",
        "tipId",
        "id",
        "direction",
        "settledOnly",
        "anonymous",
        "networkFeeLimit",
        "limit",
        "after",
        "before",
        "includeAdmin",
        "filters",
        "destination",
        "toAddress",
    ];
    let values = vec![
        json!("7"),
        json!("IN"),
        json!("01990c1e-6a3f-7000-8000-0000000000ab"),
        json!("1-01990c1e-6a3f-7000-8000-0000000000ab"),
        json!("CKB"),
        json!("1.5"),
        json!("170141183460469231731687303715.88410572"),
        json!(20),
        json!(true),
        json!({ "settledAt": "2025-10-09T08:53:20Z", "id": "x" }),
        json!({ "withdrawalState": "PENDING" }),
        json!({ "kind": "PAYMENT_REQUEST", "paymentRequest": invoice }),
        json!({ "kind": "CKB_ADDRESS", "address": "ckt1" }),
        json!(invoice),
        json!("\u{202e}✓"),
        json!(null),
        json!([]),
        json!(-1),
        json!("x".repeat(300)),
    ];
    let changes = proptest::collection::vec((select(fields.to_vec()), select(values)), 0..4);
    let outcome =
        TestRunner::new(cases(256)).run(&(select(right), changes), |((method, mut params), changes)| {
            for (field, value) in changes {
                params[field] = value;
            }
            let answer = runtime.block_on(hub.call(method, params.clone()));
            prop_assert_eq!(answer.status.as_u16(), 200);
            prop_assert_eq!(&answer.json["id"], 1);
            let known = [0, -32004, -32601, -32602, -32010];
            prop_assert!(known.contains(&answer.code()), "{} {}: {}", method, params, answer.text);
            Ok(())
        });
    assert!(outcome.is_ok(), "{}", outcome.unwrap_err());
}
