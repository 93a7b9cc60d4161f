//! `tip.list`, `withdrawal.list`, `withdrawal.get` and `asset.list`.

use crate::backend::Backend;
use crate::hub::{FORUM, Hub, OTHER};
use crate::withdrawals::to;
use fiber_link_core::simulated::Outcome;
use fiber_link_core::{Amount, AppId, Asset, Operator, Policy, Reason};
use serde_json::{Value, json};
use std::time::Duration;

/// A tip of the forum, a second after what was before: its invoice.
async fn tip(hub: &Hub, post: &str, from: &str, to: &str) -> String {
    hub.clock.advance(Duration::from_secs(1));
    let params = json!({ "postId": post, "fromUserId": from, "toUserId": to, "asset": "CKB", "amount": "1" });
    hub.call("tip.create", params).await.result()["invoice"].as_str().unwrap().to_owned()
}

/// The invoices of a page.
fn invoices(page: &Value) -> Vec<&str> {
    page["items"].as_array().unwrap().iter().map(|tip| tip["invoice"].as_str().unwrap()).collect()
}

pub(crate) async fn tips_are_listed_by_their_post_and_by_either_side_newest_first(backend: Backend) {
    let hub = Hub::new(backend).await;
    let first = tip(&hub, "1", "7", "9").await;
    hub.node.pay(&first, false).unwrap();
    hub.settle().await;
    let second = tip(&hub, "1", "8", "9").await;
    let third = tip(&hub, "2", "9", "7").await;
    hub.tip_as(OTHER, "9", "1").await;
    let table = [
        (json!({ "postId": "1" }), vec![&second, &first]),
        (json!({ "postId": "1", "settledOnly": false }), vec![&second, &first]),
        (json!({ "postId": "1", "settledOnly": true }), vec![&first]),
        (json!({ "postId": "3" }), vec![]),
        (json!({ "userId": "9" }), vec![&third, &second, &first]),
        (json!({ "userId": "9", "direction": "IN" }), vec![&second, &first]),
        (json!({ "userId": "9", "direction": "IN", "settledOnly": true }), vec![&first]),
        (json!({ "userId": "9", "direction": "OUT" }), vec![&third]),
        (json!({ "userId": "9", "direction": "OUT", "settledOnly": false }), vec![&third]),
    ];
    for (params, expected) in table {
        let page = hub.call("tip.list", params.clone()).await.result().clone();
        assert_eq!(invoices(&page), expected, "{params}");
        assert_eq!(page["nextCursor"], Value::Null);
    }
    let page = hub.call("tip.list", json!({ "userId": "8" })).await.result().clone();
    let one = hub.call("tip.get", json!({ "invoice": second })).await.result().clone();
    assert_eq!(page["items"], json!([one]), "a tip is the same wherever it stands");
}

pub(crate) async fn a_list_of_tips_goes_on_from_page_to_page(backend: Backend) {
    let hub = Hub::new(backend).await;
    let mut expected = Vec::new();
    for _ in 0..5 {
        expected.insert(0, tip(&hub, "1", "7", "9").await);
    }
    let (mut listed, mut before) = (Vec::new(), Value::Null);
    for rows in [2, 2, 1] {
        let params = json!({ "postId": "1", "limit": 2, "before": before });
        let page = hub.call("tip.list", params).await.result().clone();
        assert_eq!(page["items"].as_array().unwrap().len(), rows);
        listed.extend(invoices(&page).into_iter().map(str::to_owned));
        before = page["nextCursor"].clone();
    }
    assert_eq!((listed, before), (expected, Value::Null));
    let whole = hub.call("tip.list", json!({ "postId": "1", "limit": 5 })).await;
    assert_eq!(whole.result()["nextCursor"], Value::Null, "a full page with nothing behind it is the last");
}

pub(crate) async fn wrong_lists_are_named(backend: Backend) {
    let hub = Hub::new(backend).await;
    let of_tips = [
        (json!({}), vec!["postId", "userId"]),
        (json!({ "postId": "1", "userId": "9" }), vec!["postId", "userId"]),
        (json!({ "postId": 1 }), vec!["postId"]),
        (json!({ "postId": "1", "direction": "IN" }), vec!["direction"]),
        (json!({ "userId": "9", "settledOnly": true }), vec!["settledOnly"]),
        (json!({ "userId": "9", "direction": "OUT", "settledOnly": true }), vec!["settledOnly"]),
        (json!({ "userId": "9", "direction": "UP", "limit": 0 }), vec!["direction", "limit"]),
        (json!({ "userId": "9", "settledOnly": "yes", "limit": 101 }), vec!["settledOnly", "limit"]),
        (json!({ "userId": "9", "before": "42" }), vec!["before"]),
    ];
    for (params, fields) in of_tips {
        assert_eq!(hub.call("tip.list", params.clone()).await.fields(), fields, "{params}");
    }
    let of_withdrawals = [
        (json!({}), vec!["userId"]),
        (json!({ "userId": "9", "limit": 0, "before": 7 }), vec!["limit", "before"]),
    ];
    for (params, fields) in of_withdrawals {
        assert_eq!(hub.call("withdrawal.list", params.clone()).await.fields(), fields, "{params}");
    }
    for params in [json!({}), json!({ "id": "42" }), json!({ "id": null })] {
        assert_eq!(hub.call("withdrawal.get", params).await.fields(), ["id"]);
    }
}

pub(crate) async fn a_withdrawal_is_shown_as_it_goes(backend: Backend) {
    let hub = Hub::new(backend).await;
    hub.give("9", "20").await;
    let (paid, refused) = (hub.foreign_invoice("5"), hub.foreign_invoice("6"));
    hub.node.set_outcome(&refused, Outcome::Failure).unwrap();
    let first = hub.call("withdrawal.request", to(&paid, "5")).await.result().clone();
    hub.clock.advance(Duration::from_secs(1));
    let second = hub.call("withdrawal.request", to(&refused, "6")).await.result().clone();
    let get = async |id: &Value| hub.call("withdrawal.get", json!({ "id": id })).await.result().clone();
    let expected = json!({
        "id": first["id"], "userId": "9", "asset": "CKB", "amount": "5", "state": "PENDING",
        "networkFeeLimit": "0.1", "networkFee": null,
        "destination": { "kind": "PAYMENT_REQUEST", "paymentRequest": paid },
        "createdAt": first["createdAt"], "updatedAt": first["createdAt"], "nextRetryAt": null, "reason": null,
    });
    assert_eq!(get(&first["id"]).await, expected);
    hub.pay_out().await;
    let done = get(&first["id"]).await;
    let fee =
        Asset::ckb().format(hub.node.payments().iter().find(|payment| payment.times_paid == 1).unwrap().fee);
    assert_eq!((&done["state"], &done["networkFee"]), (&json!("COMPLETED"), &json!(fee)));
    let tried = get(&second["id"]).await;
    assert_eq!(
        (&tried["state"], &tried["reason"]),
        (&json!("RETRY_PENDING"), &json!("TemporaryChannelFailure"))
    );
    assert!(tried["nextRetryAt"].is_string());

    let page = hub.call("withdrawal.list", json!({ "userId": "9", "limit": 1 })).await.result().clone();
    assert_eq!(page, json!({ "items": [tried], "nextCursor": second["id"] }));
    let rest = json!({ "userId": "9", "limit": 1, "before": page["nextCursor"] });
    let rest = hub.call("withdrawal.list", rest).await.result().clone();
    assert_eq!(rest, json!({ "items": [done], "nextCursor": null }));
}

pub(crate) async fn a_withdrawal_of_another_app_is_not_found(backend: Backend) {
    let hub = Hub::new(backend).await;
    hub.give("9", "6").await;
    let request = hub.call("withdrawal.request", to(&hub.foreign_invoice("5"), "5")).await;
    let id = &request.result()["id"];
    let unknown = "01990c1e-6a3f-7000-8000-0000000000ab";
    let answers = [
        hub.call_as(OTHER, "withdrawal.get", json!({ "id": id })).await,
        hub.call("withdrawal.get", json!({ "id": unknown })).await,
    ];
    for answer in answers {
        assert_eq!((answer.code(), answer.message()), (-32004, "Withdrawal not found"));
    }
    let list = hub.call_as(OTHER, "withdrawal.list", json!({ "userId": "9" })).await;
    assert_eq!(list.result(), &json!({ "items": [], "nextCursor": null }));
}

pub(crate) async fn assets_are_listed_with_the_bounds_of_the_callers_app(backend: Backend) {
    let hub = Hub::new(backend).await;
    let usual = json!({ "assets": [{
        "asset": "CKB", "decimals": 8, "tips": true, "tipMinimum": null, "tipMaximum": null,
        "withdrawals": true, "withdrawalMinimum": null, "withdrawalMaximum": "5000",
    }] });
    assert_eq!(hub.call("asset.list", json!({})).await.result(), &usual);
    let operator = Operator { name: "ann".to_owned(), origin: "a test".to_owned() };
    let (admin, why) = (hub.link().administration(operator), Reason::new("a test").unwrap());
    let (forum, ckb) = (AppId::new(FORUM.0).unwrap(), Asset::ckb());
    let units = |text: &str| -> Amount { ckb.parse(text).unwrap() };
    let change = |policy: &mut Policy| {
        (policy.tips.minimum, policy.tips.maximum) = (units("0.5"), Some(units("100")));
        policy.withdrawals.allowed = false;
        (policy.withdrawals.minimum, policy.withdrawals.per_request) = (units("2"), units("50"));
    };
    admin.change_policy(&forum, &ckb, &why, change).await.unwrap();
    hub.clock.advance(Duration::from_secs(1));
    let changed = json!({ "assets": [{
        "asset": "CKB", "decimals": 8, "tips": true, "tipMinimum": "0.5", "tipMaximum": "100",
        "withdrawals": false, "withdrawalMinimum": "2", "withdrawalMaximum": "50",
    }] });
    assert_eq!(hub.call("asset.list", json!({})).await.result(), &changed);
    assert_eq!(hub.call_as(OTHER, "asset.list", json!({})).await.result(), &usual);
}
