//! A repeated request acts once and is answered alike.

use crate::backend::Backend;
use crate::hub::{Hub, OTHER};
use futures_util::future::join_all;
use serde_json::{Value, json};
use std::collections::BTreeSet;

fn tip(key: &str) -> Value {
    json!({
        "postId": "42", "fromUserId": "7", "toUserId": "9", "asset": "CKB", "amount": "1", "idempotencyKey": key,
    })
}

fn withdrawal(key: &str, invoice: &str) -> Value {
    let destination = json!({ "kind": "PAYMENT_REQUEST", "paymentRequest": invoice });
    json!({ "userId": "9", "asset": "CKB", "amount": "5", "destination": destination, "idempotencyKey": key })
}

pub(crate) async fn a_repeated_tip_is_one_tip_also_after_a_restart(backend: Backend) {
    let hub = Hub::new(backend).await;
    let first = hub.call("tip.create", tip("key")).await;
    assert_eq!(hub.call("tip.create", tip("key")).await.text, first.text);
    let invoice = first.result()["invoice"].as_str().unwrap();
    hub.node.pay(invoice, false).unwrap();
    hub.settle().await;
    let hub = hub.restarted().await;
    assert_eq!(
        hub.call("tip.create", tip("key")).await.text,
        first.text,
        "the same before and after it is paid"
    );
    assert_ne!(hub.call("tip.create", tip("another")).await.text, first.text);
    assert_ne!(
        hub.call_as(OTHER, "tip.create", tip("key")).await.text,
        first.text,
        "a key belongs to its app"
    );
    let summary = hub.call("dashboard.summary", json!({ "userId": "9" })).await;
    assert_eq!(summary.result()["tips"].as_array().unwrap().len(), 2);
}

pub(crate) async fn a_key_with_other_params_conflicts_and_does_nothing(backend: Backend) {
    let hub = Hub::new(backend).await;
    hub.call("tip.create", tip("key")).await.result();
    for (field, value) in [("amount", "1.1"), ("toUserId", "8"), ("message", "hello")] {
        let mut params = tip("key");
        params[field] = json!(value);
        let answer = hub.call("tip.create", params).await;
        assert_eq!(
            (answer.code(), &answer.json["error"]["data"]["reason"]),
            (-32010, &json!("IDEMPOTENCY_CONFLICT"))
        );
    }
    let mut same = tip("key");
    same["amount"] = json!("1.00");
    same["message"] = json!("  ");
    assert_eq!(hub.call("tip.create", same).await.code(), 0, "params that mean the same are the same");
    assert_eq!(hub.node.questions().create_invoice, 1);
}

pub(crate) async fn a_tip_whose_node_was_down_is_carried_on_by_a_repeat(backend: Backend) {
    let hub = Hub::new(backend).await;
    hub.node.set_down(true);
    assert_eq!(hub.call("tip.create", tip("key")).await.code(), -32011);
    hub.node.set_down(false);
    let invoice = hub.call("tip.create", tip("key")).await.result()["invoice"].clone();
    assert!(invoice.is_string());
    let summary = hub.call("dashboard.summary", json!({ "userId": "9" })).await;
    assert_eq!(summary.result()["stats"]["pendingCount"], 1);
}

pub(crate) async fn the_same_key_64_times_at_once_is_one_tip_and_one_answer(backend: Backend) {
    let hub = Hub::new(backend).await;
    let answers = join_all((0..64).map(|_| hub.call("tip.create", tip("key")))).await;
    let texts: BTreeSet<_> = answers.iter().map(|answer| &answer.text).collect();
    assert_eq!(texts.len(), 1, "{texts:?}");
    answers[0].result();
    let summary = hub.call("dashboard.summary", json!({ "userId": "9" })).await;
    assert_eq!(summary.result()["stats"]["pendingCount"], 1);
}

pub(crate) async fn the_same_key_64_times_at_once_is_one_withdrawal_and_one_answer(backend: Backend) {
    let hub = Hub::new(backend).await;
    hub.give("9", "100").await;
    let params = withdrawal("key", &hub.foreign_invoice("5"));
    let answers = join_all((0..64).map(|_| hub.call("withdrawal.request", params.clone()))).await;
    let texts: BTreeSet<_> = answers.iter().map(|answer| &answer.text).collect();
    assert_eq!(texts.len(), 1, "{texts:?}");
    answers[0].result();
    hub.pay_out().await;
    let hub = hub.restarted().await;
    assert_eq!(
        hub.call("withdrawal.request", params).await.text,
        answers[0].text,
        "the same after it is paid"
    );
    assert_eq!(hub.node.payments().len(), 1);
    let conflict = hub.call("withdrawal.request", withdrawal("key", &hub.foreign_invoice("5"))).await;
    assert_eq!(conflict.code(), -32010);
}
