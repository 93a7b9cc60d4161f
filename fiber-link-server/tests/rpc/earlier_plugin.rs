//! The requests of the plugin that the earlier service had, byte by byte as it sends them, and the fields
//! that it reads in the answers.

use crate::backend::Backend;
use crate::hub::{Answer, FORUM, Hub};
use fiber_link_core::{Clock, Secret, signing};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};

const FIRST_ID: &str = "3f0c8b52-9d1e-4a57-8c55-0d6f1c0e7a11";

/// Sends a body as it is. The keys of `params` are in the plugin's order, without spaces.
async fn send(hub: &Hub, method: &str, params: &str) -> Answer {
    static NONCES: AtomicU64 = AtomicU64::new(0);
    let body = format!(r#"{{"jsonrpc":"2.0","id":"{FIRST_ID}","method":"{method}","params":{params}}}"#);
    let seconds = (hub.clock.now().as_millis() / 1000).to_string();
    let nonce = format!("{:016x}", 0xdead_beef_0000_0000 + NONCES.fetch_add(1, Ordering::Relaxed));
    let (app, secret) = FORUM;
    let signature = signing::sign(&Secret::new(secret.as_bytes()), &seconds, &nonce, body.as_bytes());
    let headers =
        [("x-app-id", app.to_owned()), ("x-ts", seconds), ("x-nonce", nonce), ("x-signature", signature)];
    let answer = hub.post(&headers, body).await;
    assert_eq!((answer.status.as_u16(), answer.header("content-type")), (200, Some("application/json")));
    assert_eq!((&answer.json["jsonrpc"], &answer.json["id"]), (&json!("2.0"), &json!(FIRST_ID)));
    answer
}

fn keys(object: &Value) -> Vec<&str> {
    object.as_object().unwrap().keys().map(String::as_str).collect()
}

/// Whether all of these are texts that say something.
fn assert_texts(object: &Value, fields: &[&str]) {
    for field in fields {
        assert!(object[field].as_str().is_some_and(|text| !text.is_empty()), "{field} in {object}");
    }
}

/// A tip as it is sent, with what Rails writes for `<b>&` and a line separator: its invoice.
async fn tip(hub: &Hub) -> String {
    let params = concat!(
        r#"{"amount":"1.5","asset":"CKB","postId":"42","fromUserId":"7","toUserId":"9","#,
        r#""message":"\u003cb\u003eTom \u0026 Zoë\u2028✓"}"#
    );
    let answer = send(hub, "tip.create", params).await;
    assert_texts(answer.result(), &["invoice"]);
    answer.result()["invoice"].as_str().unwrap().to_owned()
}

pub(crate) async fn its_tip_is_made_looked_at_and_settled(backend: Backend) {
    let hub = Hub::new(backend).await;
    let bare = r#"{"amount":"1","asset":"CKB","postId":"42","fromUserId":"7","toUserId":"9"}"#;
    assert_texts(send(&hub, "tip.create", bare).await.result(), &["invoice"]);
    let invoice = tip(&hub).await;
    let status = async || {
        let params = format!(r#"{{"invoice":"{invoice}"}}"#);
        send(&hub, "tip.status", &params).await.result()["state"].clone()
    };
    assert_eq!(status().await, "UNPAID");
    hub.node.pay(&invoice, false).unwrap();
    hub.settle().await;
    assert_eq!(status().await, "SETTLED");
    // It hands the answer on to whoever is logged in.
    let params = format!(r#"{{"invoice":"{invoice}"}}"#);
    let handed_on = send(&hub, "tip.status", &params).await.result().clone();
    let fields = ["amount", "asset", "exactState", "expiresAt", "settledAt", "state", "tipId"];
    assert_eq!(keys(&handed_on).into_iter().collect::<BTreeSet<_>>(), BTreeSet::from(fields));
    let null = send(&hub, "tip.status", r#"{"invoice":null}"#).await;
    assert_eq!((null.code(), null.message(), null.fields()[0]), (-32602, "Invalid params", "invoice"));
}

pub(crate) async fn its_feed_goes_on_after_the_time_and_the_id_of_an_item(backend: Backend) {
    let hub = Hub::new(backend).await;
    for _ in 0..2 {
        let invoice = tip(&hub).await;
        hub.node.pay(&invoice, false).unwrap();
        hub.settle().await;
    }
    let first = send(&hub, "tip.settled_feed", r#"{"limit":1}"#).await.result().clone();
    let item = &first["items"][0];
    let read = ["tipIntentId", "toUserId", "postId", "fromUserId", "amount", "asset", "settledAt"];
    assert_texts(item, &read);
    assert_eq!(item["message"], "<b>Tom & Zoë\u{2028}✓");
    assert_eq!(
        (&item["toUserId"], &item["fromUserId"], &item["postId"]),
        (&json!("9"), &json!("7"), &json!("42"))
    );
    assert!(!first["nextCursor"].is_null(), "a page that is full has one");
    // It makes the cursor from the item.
    let (at, id) = (item["settledAt"].as_str().unwrap(), item["tipIntentId"].as_str().unwrap());
    let params = format!(r#"{{"limit":50,"after":{{"settledAt":"{at}","id":"{id}"}}}}"#);
    let rest = send(&hub, "tip.settled_feed", &params).await.result().clone();
    assert_eq!(rest["items"].as_array().unwrap().len(), 1);
    assert_ne!(rest["items"][0]["tipIntentId"], item["tipIntentId"]);
    let (at, id) = (&rest["items"][0]["settledAt"], &rest["items"][0]["tipIntentId"]);
    let params = format!(r#"{{"limit":50,"after":{{"settledAt":{at},"id":{id}}}}}"#);
    let end = send(&hub, "tip.settled_feed", &params).await.result().clone();
    assert_eq!(end, json!({ "items": [], "nextCursor": null }));
}

pub(crate) async fn its_dashboard_finds_every_field_that_it_reads(backend: Backend) {
    let hub = Hub::new(backend).await;
    let invoice = tip(&hub).await;
    hub.node.pay(&invoice, false).unwrap();
    hub.settle().await;
    let dashboard = async |admin: bool| {
        let params = format!(
            r#"{{"userId":"9","limit":20,"includeAdmin":{admin},"filters":{{"withdrawalState":"ALL","settlementState":"ALL"}}}}"#
        );
        send(&hub, "dashboard.summary", &params).await.result().clone()
    };
    let summary = dashboard(false).await;
    assert_texts(&summary, &["balance", "generatedAt"]);
    assert_texts(&summary["balances"], &["available", "pending", "locked", "asset"]);
    assert_eq!(summary["balances"]["available"], "1.5");
    for count in ["pendingCount", "completedCount", "failedCount"] {
        assert!(summary["stats"][count].is_u64(), "{count}");
    }
    let row = &summary["tips"][0];
    assert_texts(
        row,
        &["id", "amount", "asset", "state", "direction", "counterpartyUserId", "message", "createdAt"],
    );
    let read = (&row["state"], &row["direction"], &row["counterpartyUserId"]);
    assert_eq!(read, (&json!("SETTLED"), &json!("IN"), &json!("7")));
    assert!(summary.get("admin").is_none());

    let admin = &dashboard(true).await["admin"];
    assert_eq!(admin["filtersApplied"], json!({ "withdrawalState": "ALL", "settlementState": "ALL" }));
    let board = &admin["pipelineBoard"];
    assert_texts(&board["stageCounts"][0], &["stage"]);
    assert!(board["stageCounts"][0]["count"].is_u64());
    let read = ["invoice", "state", "amount", "asset", "fromUserId", "toUserId", "createdAt", "timelineHref"];
    assert_texts(&board["invoiceRows"][0], &read);
}

pub(crate) async fn it_is_not_told_who_tipped_anonymously(backend: Backend) {
    let hub = Hub::new(backend).await;
    let tip = json!({
        "postId": "42", "fromUserId": "7", "toUserId": "9", "asset": "CKB", "amount": "1", "anonymous": true,
    });
    let created = hub.call("tip.create", tip).await.result().clone();
    hub.node.pay(created["invoice"].as_str().unwrap(), false).unwrap();
    hub.settle().await;
    // It knows of no anonymous tips, and writes "someone" where it finds no giver.
    let feed = send(&hub, "tip.settled_feed", r#"{"limit":50}"#).await.result().clone();
    assert_eq!(feed["items"][0]["fromUserId"], Value::Null);
    assert_texts(&feed["items"][0], &["tipIntentId", "toUserId", "postId", "amount", "asset", "settledAt"]);
    let dashboard =
        send(&hub, "dashboard.summary", r#"{"userId":"9","limit":20,"includeAdmin":false}"#).await;
    let row = &dashboard.result()["tips"][0];
    assert_eq!((&row["direction"], &row["counterpartyUserId"]), (&json!("IN"), &Value::Null));
    for shown in [&feed, dashboard.result()] {
        assert!(!shown.to_string().contains(r#""7""#), "{shown}");
    }
}

pub(crate) async fn its_withdrawal_is_quoted_and_accepted_in_both_spellings(backend: Backend) {
    let hub = Hub::new(backend).await;
    hub.give("9", "20").await;
    let invoice = hub.foreign_invoice("5");
    let params = format!(r#"{{"userId":"9","amount":"5","asset":"CKB","toAddress":"{invoice}"}}"#);
    let accepted = send(&hub, "withdrawal.request", &params).await.result().clone();
    assert_texts(&accepted, &["id", "state"]);
    assert_eq!(accepted["state"], "PENDING");
    // A later form of it names the kind, and asks for a quote first.
    let invoice = hub.foreign_invoice("6");
    let params = format!(
        r#"{{"userId":"9","amount":"6","asset":"CKB","destination":{{"kind":"PAYMENT_REQUEST","paymentRequest":"{invoice}"}}}}"#
    );
    let quote = send(&hub, "withdrawal.quote", &params).await.result().clone();
    assert_texts(&quote, &["availableBalance", "lockedBalance", "networkFee", "receiveAmount"]);
    assert_eq!((&quote["destinationValid"], &quote["validationMessage"]), (&json!(true), &Value::Null));
    assert_texts(send(&hub, "withdrawal.request", &params).await.result(), &["id", "state"]);

    let address = "ckt1qzda0cr08m85hc8jlnfp3zer7xulejywt49kt2rr0vthywaa50xwsqfake";
    let params = format!(r#"{{"userId":"9","amount":"5","asset":"CKB","toAddress":"{address}"}}"#);
    let refused = send(&hub, "withdrawal.request", &params).await;
    assert_eq!(refused.code(), -32602);
    assert!(refused.message().ends_with("withdrawal signer is not configured"), "it is shown to people");
    assert_eq!(keys(&refused.json["error"]), ["code", "message"]);
}
