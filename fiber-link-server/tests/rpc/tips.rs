//! `tip.create`, `tip.status`, `tip.get` and `tip.settled_feed`.

use crate::backend::Backend;
use crate::hub::{Hub, NOW, OTHER};
use fiber_link_core::testing::Fault;
use fiber_link_core::{Amount, FiberNode};
use serde_json::{Value, json};

fn tip() -> Value {
    json!({ "postId": "42", "fromUserId": "7", "toUserId": "9", "asset": "CKB", "amount": "61" })
}

fn with(mut params: Value, field: &str, value: Value) -> Value {
    params[field] = value;
    params
}

pub(crate) async fn an_invoice_asks_for_whole_units_in_base_units(backend: Backend) {
    let hub = Hub::new(backend).await;
    let answer = hub.call("tip.create", tip()).await;
    let result = answer.result();
    let decoded = hub.node.decode_invoice(result["invoice"].as_str().unwrap()).await.unwrap();
    assert_eq!(decoded.amount, Some(Amount::new(6_100_000_000)));
    assert_eq!(result["paymentHash"], decoded.payment_hash.to_string());
    assert_eq!(result["expiresAt"], "2025-10-09T09:53:20.000Z");
    assert!(result["tipId"].is_string());
}

pub(crate) async fn a_tip_is_unpaid_then_settled(backend: Backend) {
    let hub = Hub::new(backend).await;
    let invoice = hub.tip("9", "1.50").await;
    let status = |method| hub.call(method, json!({ "invoice": invoice }));
    let open = status("tip.status").await;
    assert_eq!(open.result()["state"], "UNPAID");
    assert_eq!(open.result()["exactState"], "UNPAID");
    assert_eq!(open.result()["amount"], "1.5");
    assert_eq!(open.result()["settledAt"], Value::Null);
    hub.node.pay(&invoice, false).unwrap();
    hub.settle().await;
    let settled = status("tip.get").await;
    assert_eq!(settled.result()["state"], "SETTLED");
    assert_eq!(settled.result()["settledAt"], "2025-10-09T09:53:20.000Z");
}

pub(crate) async fn an_ended_tip_is_failed_until_a_late_payment_settles_it(backend: Backend) {
    let hub = Hub::new(backend).await;
    for cancelled in [true, false] {
        let invoice = hub.tip("9", "1").await;
        let ended = if cancelled { hub.node.cancel(&invoice) } else { hub.node.expire(&invoice) };
        ended.unwrap();
        hub.settle().await;
        let status = || hub.call("tip.status", json!({ "invoice": invoice }));
        let failed = status().await;
        assert_eq!(failed.result()["state"], "FAILED");
        assert_eq!(failed.result()["exactState"], if cancelled { "CANCELLED" } else { "EXPIRED" });
        hub.node.pay(&invoice, true).unwrap();
        hub.settle().await;
        assert_eq!(status().await.result()["state"], "SETTLED");
    }
}

pub(crate) async fn a_tip_is_found_by_its_id_with_all_that_is_known_of_it(backend: Backend) {
    let hub = Hub::new(backend).await;
    let created = hub.call("tip.create", with(tip(), "message", json!("thanks"))).await.result().clone();
    let (invoice, id) = (created["invoice"].as_str().unwrap(), &created["tipId"]);
    let expected = |state: &str, settled_at: Value| {
        json!({
            "tipId": id, "postId": "42", "fromUserId": "7", "toUserId": "9", "asset": "CKB", "amount": "61",
            "message": "thanks", "anonymous": false, "state": state, "exactState": state, "invoice": invoice,
            "paymentHash": created["paymentHash"], "createdAt": "2025-10-09T08:53:20.000Z",
            "settledAt": settled_at, "expiresAt": created["expiresAt"],
        })
    };
    let status = json!({
        "state": "UNPAID", "exactState": "UNPAID", "tipId": id, "asset": "CKB", "amount": "61",
        "settledAt": null, "expiresAt": created["expiresAt"],
    });
    for params in [json!({ "tipId": id }), json!({ "invoice": invoice, "tipId": null })] {
        assert_eq!(hub.call("tip.get", params.clone()).await.result(), &expected("UNPAID", Value::Null));
        assert_eq!(hub.call("tip.status", params).await.result(), &status, "who gave it is not in it");
    }
    hub.node.pay(invoice, false).unwrap();
    hub.settle().await;
    let settled = expected("SETTLED", json!("2025-10-09T09:53:20.000Z"));
    assert_eq!(hub.call("tip.get", json!({ "tipId": id })).await.result(), &settled);
    let foreign = hub.call_as(OTHER, "tip.get", json!({ "tipId": id })).await;
    assert_eq!((foreign.code(), foreign.message()), (-32004, "Tip not found"));
}

pub(crate) async fn a_tip_of_another_app_is_not_found(backend: Backend) {
    let hub = Hub::new(backend).await;
    let invoice = hub.give("9", "1").await;
    let answer = hub.call_as(OTHER, "tip.status", json!({ "invoice": invoice })).await;
    assert_eq!((answer.code(), answer.message()), (-32004, "Tip not found"));
    assert_eq!(hub.call("tip.status", json!({ "invoice": "fibd1nobody" })).await.code(), -32004);
    assert_eq!(hub.call_as(OTHER, "tip.settled_feed", json!({})).await.result()["items"], json!([]));
    let summary = hub.call_as(OTHER, "dashboard.summary", json!({ "userId": "9" })).await;
    assert_eq!((&summary.result()["balance"], &summary.result()["tips"]), (&json!("0"), &json!([])));
}

pub(crate) async fn wrong_params_are_named_and_change_nothing(backend: Backend) {
    let hub = Hub::new(backend).await;
    let long = "x".repeat(256);
    let table = [
        ("postId", json!(""), "must not be empty"),
        ("postId", json!(42), "must be a string"),
        ("postId", json!(long), "must have at most 255 bytes, got 256"),
        ("fromUserId", json!("a\u{0}b"), "must not contain control characters"),
        ("toUserId", json!(null), "is required"),
        ("toUserId", json!(["9"]), "must be a string"),
        ("asset", json!("DOGE"), "must be one of CKB"),
        ("asset", json!(1), "must be a string"),
        ("amount", json!(61), "must be a string such as \"1.5\""),
        ("amount", json!("0.00000000"), "must be greater than zero"),
        ("amount", json!("-1"), "must be a decimal number such as \"1.5\""),
        ("amount", json!("1e8"), "must be a decimal number such as \"1.5\""),
        ("amount", json!("0.123456789"), "must have at most 8 decimals for CKB, got 9"),
        ("amount", json!("9".repeat(40)), "is above the largest amount of CKB"),
        ("message", json!("é".repeat(281)), "must have at most 280 characters, got 281"),
        ("message", json!({}), "must be a string"),
        ("message", json!("a\u{1b}b"), "must not contain control characters"),
        ("anonymous", json!("yes"), "must be true or false"),
        ("idempotencyKey", json!(""), "must not be empty"),
        ("idempotencyKey", json!(long), "must have at most 255 bytes, got 256"),
    ];
    for (field, value, message) in table {
        let answer = hub.call("tip.create", with(tip(), field, value)).await;
        assert_eq!((answer.code(), answer.message()), (-32602, "Invalid params"), "{}", answer.text);
        assert_eq!(answer.fields(), [field], "{}", answer.text);
        assert_eq!(answer.json["error"]["data"]["issues"][0]["message"], message);
    }
    let answer = hub.call("tip.create", json!({})).await;
    assert_eq!(answer.fields(), ["postId", "fromUserId", "toUserId", "asset", "amount"]);
    let huge = hub.call("tip.create", with(tip(), "postId", json!("x".repeat(900_000)))).await;
    assert!(huge.text.len() < 400, "a huge value is not sent back whole");
    for params in [json!({ "invoice": 7 }), json!({ "invoice": "a b" }), json!({ "invoice": "" })] {
        assert_eq!(hub.call("tip.status", params).await.fields(), ["invoice"]);
    }
    let id = "01990c1e-6a3f-7000-8000-0000000000ab";
    for params in [json!({}), json!({ "tipId": id, "invoice": "fibd1" })] {
        for method in ["tip.status", "tip.get"] {
            assert_eq!(hub.call(method, params.clone()).await.fields(), ["invoice", "tipId"]);
        }
    }
    assert_eq!(hub.call("tip.get", json!({ "tipId": "42" })).await.fields(), ["tipId"]);
    assert_eq!(hub.node.questions().create_invoice, 0, "the node was never asked");
}

pub(crate) async fn a_message_is_trimmed_and_null_is_none(backend: Backend) {
    let hub = Hub::new(backend).await;
    for (message, shown) in
        [(json!(" thanks ✓ "), json!("thanks ✓")), (json!("  "), json!(null)), (json!(null), json!(null))]
    {
        let user = format!("user of {message}");
        let params = with(with(tip(), "message", message), "toUserId", json!(user));
        hub.call("tip.create", params).await.result();
        let summary = hub.call("dashboard.summary", json!({ "userId": user })).await;
        assert_eq!(summary.result()["tips"][0]["message"], shown);
    }
}

pub(crate) async fn who_tips_anonymously_is_told_to_the_app_and_not_to_the_creator(backend: Backend) {
    let hub = Hub::new(backend).await;
    let invoice =
        hub.call("tip.create", with(tip(), "anonymous", json!(true))).await.result()["invoice"].clone();
    hub.node.pay(invoice.as_str().unwrap(), false).unwrap();
    hub.settle().await;
    let named = hub.call("tip.create", with(tip(), "anonymous", json!(false))).await.result().clone();
    let tips_of = async |user: &str| {
        let summary = hub.call("dashboard.summary", json!({ "userId": user })).await;
        let tips = summary.result()["tips"].as_array().unwrap().clone();
        let shown = tips.iter().map(|tip| (tip["anonymous"] == true, tip["counterpartyUserId"].clone()));
        shown.collect::<Vec<_>>()
    };
    assert_eq!(tips_of("9").await, [(false, json!("7")), (true, json!(null))], "who got them");
    assert_eq!(tips_of("7").await, [(false, json!("9")), (true, json!("9"))], "who gave them");

    let feed = hub.call("tip.settled_feed", json!({})).await;
    let item = &feed.result()["items"][0];
    assert_eq!((&item["fromUserId"], &item["anonymous"]), (&json!(null), &json!(true)));
    let kept = [
        hub.call("tip.get", json!({ "invoice": invoice })).await.result().clone(),
        hub.call("tip.list", json!({ "postId": "42", "settledOnly": true })).await.result()["items"][0]
            .clone(),
        hub.call("event.list", json!({})).await.result()["items"][0]["tip"].clone(),
    ];
    for tip in kept {
        assert_eq!((&tip["fromUserId"], &tip["anonymous"]), (&json!("7"), &json!(true)), "the app knows");
    }
    let admin = hub.call("dashboard.summary", json!({ "userId": "1", "includeAdmin": true })).await;
    let admin = &admin.result()["admin"];
    for rows in [&admin["settlements"], &admin["pipelineBoard"]["invoiceRows"]] {
        let shown = rows
            .as_array()
            .unwrap()
            .iter()
            .map(|row| (&row["invoice"], &row["fromUserId"], &row["anonymous"]));
        let user = &json!("7");
        let expected = [(&named["invoice"], user, &json!(false)), (&invoice, user, &json!(true))];
        assert_eq!(shown.collect::<Vec<_>>(), expected);
    }
}

pub(crate) async fn a_request_without_the_word_anonymous_repeats_as_one_that_is_not(backend: Backend) {
    let hub = Hub::new(backend).await;
    let keyed = with(tip(), "idempotencyKey", json!("k"));
    let first = hub.call("tip.create", keyed.clone()).await;
    for (anonymous, code) in [(json!(null), 0), (json!(false), 0), (json!(true), -32010)] {
        let again = hub.call("tip.create", with(keyed.clone(), "anonymous", anonymous.clone())).await;
        assert_eq!(again.code(), code, "{anonymous}: {}", again.text);
        assert!(code != 0 || again.text == first.text);
    }
}

pub(crate) async fn a_node_that_is_down_is_told_apart_from_one_that_refuses(backend: Backend) {
    let hub = Hub::new(backend).await;
    hub.node.set_down(true);
    let answer = hub.call("tip.create", tip()).await;
    assert_eq!(
        (answer.code(), answer.json["error"]["data"]["reason"].as_str()),
        (-32011, Some("NODE_UNAVAILABLE"))
    );
    assert!(!answer.text.contains("simulat"), "no cause goes out: {}", answer.text);
}

pub(crate) async fn a_store_that_fails_is_an_internal_error_without_its_cause(backend: Backend) {
    let hub = Hub::new(backend).await;
    let internal = r#"{"jsonrpc":"2.0","id":1,"error":{"code":-32603,"message":"Internal error"}}"#;
    hub.store().script_admissions([Fault::Before]);
    assert_eq!(hub.call("tip.create", tip()).await.text, internal);
    hub.store().script_commits([Fault::Before]);
    assert_eq!(hub.call("tip.create", tip()).await.text, internal);
    assert_eq!(hub.node.questions().create_invoice, 0, "nothing was asked of the node");
    let keyed = with(tip(), "idempotencyKey", json!("key"));
    hub.store().script_commits([Fault::None, Fault::After]);
    assert_eq!(hub.call("tip.create", keyed.clone()).await.text, internal);
    hub.call("tip.create", keyed).await.result();
    let summary = hub.call("dashboard.summary", json!({ "userId": "9" })).await;
    assert_eq!(summary.result()["tips"].as_array().unwrap().len(), 1, "the repeat carried on");
}

pub(crate) async fn the_feed_gives_settled_tips_oldest_first_and_goes_on_after_a_cursor(backend: Backend) {
    let hub = Hub::new(backend).await;
    let mut invoices = Vec::new();
    for amount in ["1", "2", "3"] {
        invoices.push(hub.give("9", amount).await);
    }
    let first = hub.call("tip.settled_feed", json!({ "limit": 2 })).await;
    let items = first.result()["items"].as_array().unwrap();
    assert_eq!(items.len(), 2);
    assert_eq!(items[0]["invoice"], invoices[0]);
    assert_eq!(items[0]["settledAt"], "2025-10-09T09:53:20.000Z");
    let expected = json!({
        "tipIntentId": items[0]["tipIntentId"], "postId": "42", "invoice": invoices[0], "amount": "1", "asset": "CKB",
        "fromUserId": "7", "toUserId": "9", "message": null, "anonymous": false,
        "settledAt": "2025-10-09T09:53:20.000Z",
    });
    assert_eq!(items[0], expected);
    let cursor = &first.result()["nextCursor"];
    assert_eq!(cursor["id"], items[1]["tipIntentId"]);
    let second = hub.call("tip.settled_feed", json!({ "after": cursor })).await;
    assert_eq!(second.result()["items"][0]["invoice"], invoices[2]);
    let end = hub.call("tip.settled_feed", json!({ "after": second.result()["nextCursor"] })).await;
    assert_eq!(end.result(), &json!({ "items": [], "nextCursor": null }));
}

pub(crate) async fn a_cursor_of_the_earlier_service_goes_on_by_its_time(backend: Backend) {
    let hub = Hub::new(backend).await;
    hub.give("9", "1").await;
    let second = hub.give("9", "2").await;
    let settled_at = format_after_hours(2);
    let after = json!({ "id": "cku3x5y2z0000", "settledAt": settled_at });
    let answer = hub.call("tip.settled_feed", json!({ "after": after })).await;
    let invoices: Vec<_> =
        answer.result()["items"].as_array().unwrap().iter().map(|i| &i["invoice"]).collect();
    assert_eq!(invoices, [&json!(second)]);
}

fn format_after_hours(hours: u64) -> String {
    jiff::Timestamp::from_second((NOW + hours * 3600) as i64).unwrap().to_string()
}

pub(crate) async fn wrong_cursors_and_limits_are_named(backend: Backend) {
    let hub = Hub::new(backend).await;
    for (params, fields) in [
        (json!({ "limit": 0 }), vec!["limit"]),
        (json!({ "limit": 101 }), vec!["limit"]),
        (json!({ "limit": "20" }), vec!["limit"]),
        (json!({ "after": "x" }), vec!["after"]),
        (json!({ "after": {} }), vec!["after.settledAt", "after.id"]),
        (json!({ "after": { "id": "", "settledAt": "yesterday" } }), vec!["after.settledAt", "after.id"]),
    ] {
        assert_eq!(hub.call("tip.settled_feed", params).await.fields(), fields);
    }
}
