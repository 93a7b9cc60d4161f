//! `withdrawal.quote` and `withdrawal.request`.

use crate::backend::Backend;
use crate::hub::{FORUM, Hub, OTHER};
use fiber_link_core::simulated::Outcome;
use fiber_link_core::{
    Activity, Amount, AppId, Asset, AssetId, FeeBearer, Liquidity, Operator, Policy, Reason, UserId,
};
use serde_json::{Value, json};
use std::time::Duration;

pub(crate) fn to(invoice: &str, amount: &str) -> Value {
    let destination = json!({ "kind": "PAYMENT_REQUEST", "paymentRequest": invoice });
    json!({ "userId": "9", "asset": "CKB", "amount": amount, "destination": destination })
}

pub(crate) async fn what_is_tipped_can_be_withdrawn_to_the_same_number(backend: Backend) {
    let hub = Hub::new(backend).await;
    hub.give("9", "62").await;
    let invoice = hub.foreign_invoice("61");
    let answer = hub.call("withdrawal.request", to(&invoice, "61")).await;
    assert_eq!(answer.result()["state"], "PENDING");
    assert_eq!(
        (&answer.result()["amount"], &answer.result()["networkFeeLimit"]),
        (&json!("61"), &json!("0.61"))
    );
    assert_eq!(hub.balances("9").await, ("0.39".to_owned(), "61.61".to_owned()));
    hub.pay_out().await;
    let [paid] = hub.node.payments()[..] else { panic!("one payment") };
    assert_eq!((paid.amount.units(), paid.times_paid), (6_100_000_000, 1));
    let (available, locked) = hub.balances("9").await;
    let left = 6_200_000_000 - 6_100_000_000 - paid.fee.units();
    assert_eq!(fiber_link_core::Asset::ckb().parse(&available).unwrap().units(), left);
    assert_eq!(locked, "0");
    let admin = hub.call("dashboard.summary", json!({ "userId": "9", "includeAdmin": true })).await;
    let row = &admin.result()["admin"]["withdrawals"][0];
    assert_eq!((&row["id"], &row["state"]), (&answer.result()["id"], &json!("COMPLETED")));
}

pub(crate) async fn a_quote_says_what_a_request_would_do(backend: Backend) {
    let hub = Hub::new(backend).await;
    hub.give("9", "62").await;
    let quote = |amount: &'static str| {
        let invoice = hub.foreign_invoice(amount);
        let hub = &hub;
        async move { hub.call("withdrawal.quote", to(&invoice, amount)).await.result().clone() }
    };
    let expected = json!({
        "asset": "CKB", "amount": "61", "minimumAmount": "0.00000001", "maxAmount": "61.38613861",
        "availableBalance": "62", "lockedBalance": "0", "networkFee": "0.61", "receiveAmount": "61",
        "destinationValid": true, "validationMessage": null, "reviewRequired": false,
    });
    assert_eq!(quote("61").await, expected);
    assert_eq!(quote("62").await["validationMessage"], "Amount exceeds your available balance.");
    let own = hub.tip("9", "5").await;
    let answer = hub.call("withdrawal.quote", to(&own, "5")).await;
    assert_eq!(answer.result()["destinationValid"], false);
    assert_eq!(answer.result()["validationMessage"], "payment request was issued by this service itself");
    assert_eq!(hub.balances("9").await, ("62".to_owned(), "0".to_owned()), "a quote reserves nothing");
}

pub(crate) async fn a_quote_without_an_amount_is_of_what_the_invoice_asks(backend: Backend) {
    let hub = Hub::new(backend).await;
    hub.give("9", "62").await;
    let invoice = hub.foreign_invoice("60.5");
    let without = |mut params: Value| {
        params.as_object_mut().unwrap().remove("amount");
        params
    };
    let expected = hub.call("withdrawal.quote", to(&invoice, "60.5")).await.result().clone();
    let legacy = json!({ "userId": "9", "asset": "CKB", "toAddress": invoice });
    for params in [without(to(&invoice, "1")), with_amount(to(&invoice, "1"), json!(null)), legacy] {
        assert_eq!(hub.call("withdrawal.quote", params).await.result(), &expected);
    }
    let garbage = hub.call("withdrawal.quote", without(to("fibd1nonsense", "1"))).await;
    assert_eq!((garbage.code(), garbage.message()), (-32602, "payment request is not a Fiber invoice"));
    assert_eq!(garbage.fields(), ["destination"]);
    let address = json!({ "userId": "9", "asset": "CKB", "toAddress": "ckt1qzda0cr08m85" });
    assert_eq!(hub.call("withdrawal.quote", address).await.fields(), ["amount"], "an address asks for none");
    let nobody = json!({ "asset": "DOGE", "toAddress": invoice });
    assert_eq!(hub.call("withdrawal.quote", nobody).await.fields(), ["userId", "asset"]);
    let request = hub.call("withdrawal.request", without(to(&invoice, "1"))).await;
    assert_eq!(request.fields(), ["amount"], "what is promised has an amount");
    hub.node.set_down(true);
    assert_eq!(hub.call("withdrawal.quote", without(to(&invoice, "1"))).await.code(), -32011);
}

pub(crate) async fn a_request_holds_to_the_fee_of_its_quote_or_changes_nothing(backend: Backend) {
    let hub = Hub::new(backend).await;
    hub.give("9", "62").await;
    let invoice = hub.foreign_invoice("60.5");
    let quote = hub.call("withdrawal.quote", to(&invoice, "60.5")).await.result().clone();
    let request = |fee: &Value, key: &str| {
        let mut params = with_key(to(&invoice, "60.5"), key);
        params["networkFeeLimit"] = fee.clone();
        params
    };
    for other in ["0.6", "0", "0.60500001"] {
        let refused = hub.call("withdrawal.request", request(&json!(other), other)).await;
        let message = format!("the network fee limit is 0.605, but {other} was promised");
        assert_eq!((refused.code(), refused.message()), (-32602, message.as_str()));
        let issues = json!([{ "field": "networkFeeLimit", "message": message }]);
        assert_eq!(refused.json["error"]["data"]["issues"], issues);
    }
    for wrong in [json!(1), json!("-1"), json!("0.000000001")] {
        let answer = hub.call("withdrawal.request", request(&wrong, "wrong")).await;
        assert_eq!(answer.fields(), ["networkFeeLimit"], "{wrong}");
        let quoted = hub.call("withdrawal.quote", request(&wrong, "wrong")).await;
        assert_eq!(quoted.result(), &quote, "a quote does not read it");
    }
    assert_eq!(hub.balances("9").await, ("62".to_owned(), "0".to_owned()));
    let fee = &quote["networkFee"];
    let accepted = hub.call("withdrawal.request", request(fee, "key")).await;
    assert_eq!(&accepted.result()["networkFeeLimit"], fee);
    let again = hub.call("withdrawal.request", request(&json!("0.6050"), "key")).await;
    assert_eq!(again.text, accepted.text, "the same fee in another spelling");
    for other in [json!(null), json!("0.6")] {
        let conflict = hub.call("withdrawal.request", request(&other, "key")).await;
        assert_eq!(conflict.code(), -32010, "{other}");
    }
    assert_eq!(hub.balances("9").await, ("0.895".to_owned(), "61.105".to_owned()));
}

pub(crate) async fn a_fee_that_the_hub_bears_is_nothing_to_the_user(backend: Backend) {
    let hub = Hub::new(backend).await;
    hub.give("9", "5").await;
    let operator = Operator { name: "ann".to_owned(), origin: "a test".to_owned() };
    let (admin, why) = (hub.link().administration(operator), Reason::new("a test").unwrap());
    let change = |policy: &mut Policy| policy.withdrawals.fee_bearer = FeeBearer::Hub;
    admin.change_policy(&AppId::new(FORUM.0).unwrap(), &Asset::ckb(), &why, change).await.unwrap();
    hub.clock.advance(Duration::from_secs(1));
    let mut params = to(&hub.foreign_invoice("5"), "5");
    let quote = hub.call("withdrawal.quote", params.clone()).await.result().clone();
    assert_eq!((&quote["networkFee"], &quote["validationMessage"]), (&json!("0"), &json!(null)));
    params["networkFeeLimit"] = quote["networkFee"].clone();
    let accepted = hub.call("withdrawal.request", params).await.result().clone();
    assert_eq!((&accepted["state"], &accepted["networkFeeLimit"]), (&json!("PENDING"), &json!("0")));
    let id = json!({ "id": accepted["id"] });
    let fees = async || {
        let shown = hub.call("withdrawal.get", id.clone()).await.result().clone();
        (shown["networkFeeLimit"].clone(), shown["networkFee"].clone())
    };
    assert_eq!(fees().await, (json!("0"), json!(null)));
    hub.pay_out().await;
    assert_eq!(fees().await, (json!("0"), json!("0")));
    let told = hub.call("event.list", json!({})).await.result()["items"][1]["withdrawal"].clone();
    assert_eq!((&told["id"], &told["networkFee"]), (&accepted["id"], &json!("0")));
    let summary = hub.call("dashboard.summary", json!({ "userId": "9", "includeAdmin": true })).await;
    let row = &summary.result()["admin"]["withdrawals"][0];
    let [paid] = hub.node.payments()[..] else { panic!("one payment") };
    let real = (json!("0.1"), json!(Asset::ckb().format(paid.fee)));
    assert_eq!((row["networkFeeLimit"].clone(), row["networkFee"].clone()), real, "what the hub bears");
    assert!(!paid.fee.is_zero());
}

pub(crate) async fn what_an_operator_stopped_is_told_with_whose_switch_it_is(backend: Backend) {
    let hub = Hub::new(backend).await;
    hub.give("9", "62").await;
    let operator = Operator { name: "ann".to_owned(), origin: "a test".to_owned() };
    let (admin, why) = (hub.link().administration(operator), Reason::new("a test").unwrap());
    let (tips, withdrawals) = ([Activity::Tips], [Activity::Withdrawals]);
    let (forum, user) = (AppId::new(FORUM.0).unwrap(), UserId::new("9").unwrap());
    let tip = json!({ "postId": "4", "fromUserId": "7", "toUserId": "9", "asset": "CKB", "amount": "1" });
    let invoice = hub.foreign_invoice("61");
    let refused = async |method: &str, params: Value, code_and_message: (i64, &str), scope: &str| {
        hub.clock.advance(Duration::from_secs(1));
        let answer = hub.call(method, params).await;
        assert_eq!((answer.code(), answer.message()), code_and_message);
        assert_eq!(answer.json["error"]["data"], json!({ "reason": "PAUSED", "scope": scope }));
    };
    admin.switch_user(&forum, &user, &tips, true, &why).await.unwrap();
    refused("tip.create", tip.clone(), (-32013, "Tips of this user are paused"), "user").await;
    admin.pause_app(&forum, &withdrawals, &why).await.unwrap();
    let paused = (-32013, "Withdrawals are paused in this app");
    refused("withdrawal.request", to(&invoice, "61"), paused, "app").await;
    let quote = hub.call("withdrawal.quote", to(&invoice, "61")).await.result().clone();
    assert_eq!(quote["destinationValid"], true);
    assert_eq!(quote["validationMessage"], "Withdrawals are paused in this app");
    admin.switch_hub(&tips, true, &why).await.unwrap();
    refused("tip.create", tip, (-32013, "Tips are paused"), "hub").await;
    admin.resume_app(&forum, &withdrawals, &why).await.unwrap();
    hub.clock.advance(Duration::from_secs(1));
    assert_eq!(hub.call("withdrawal.request", to(&invoice, "61")).await.result()["state"], "PENDING");
    admin.close_app(&forum, &why).await.unwrap();
    hub.clock.advance(Duration::from_secs(2));
    assert_eq!(hub.call("health.ping", json!({})).await.code(), -32001, "a closed app is let in by nothing");
}

pub(crate) async fn a_withdrawal_that_cannot_be_is_refused_with_its_reason(backend: Backend) {
    let hub = Hub::new(backend).await;
    hub.give("9", "6000").await;
    let (used, own) = (hub.foreign_invoice("5"), hub.tip("9", "5").await);
    hub.call("withdrawal.request", to(&used, "5")).await.result();
    let before = hub.balances("9").await;
    let table = [
        (to(&hub.foreign_invoice("5995"), "5995"), "withdrawal amount 5995 exceeds per-request limit 5000"),
        (to(&used, "5"), "payment request was already used"),
        (to(&own, "5"), "payment request was issued by this service itself"),
        (to("fibd1nonsense", "5"), "payment request is not a Fiber invoice"),
        (to(&hub.foreign_invoice("4"), "5"), "payment request asks for 4, but the withdrawal is 5"),
    ];
    for (params, message) in table {
        let answer = hub.call("withdrawal.request", params).await;
        assert_eq!((answer.code(), answer.message()), (-32602, message), "{}", answer.text);
    }
    let address = json!({
        "userId": "9", "asset": "CKB", "amount": "100",
        "destination": { "kind": "CKB_ADDRESS", "address": "ckt1qzda0cr08m85hc8jlnfp3zer7xulejywt49kt2rr0vthywaa50xwsq" },
    });
    let signer =
        "CKB address withdrawals are temporarily unavailable because the withdrawal signer is not configured";
    assert_eq!(hub.call("withdrawal.request", address).await.message(), signer);
    let legacy = json!({ "userId": "9", "asset": "CKB", "amount": "100", "toAddress": "ckt1qzda0cr08m85" });
    assert_eq!(hub.call("withdrawal.request", legacy).await.message(), signer);
    assert_eq!(hub.balances("9").await, before);

    let poor = hub.call_as(OTHER, "withdrawal.request", to(&hub.foreign_invoice("5"), "5")).await;
    assert_eq!((poor.code(), poor.message()), (-32602, "Insufficient balance for withdrawal"));
}

pub(crate) async fn a_legacy_payment_request_is_one(backend: Backend) {
    let hub = Hub::new(backend).await;
    hub.give("9", "6").await;
    let invoice = hub.foreign_invoice("5");
    let params = json!({ "userId": "9", "asset": "CKB", "amount": "5", "toAddress": invoice });
    assert_eq!(hub.call("withdrawal.request", params).await.result()["state"], "PENDING");
}

pub(crate) async fn wrong_params_are_named(backend: Backend) {
    let hub = Hub::new(backend).await;
    let invoice = hub.foreign_invoice("5");
    for method in ["withdrawal.quote", "withdrawal.request"] {
        let answer = hub.call(method, json!({})).await;
        assert_eq!(answer.fields(), ["userId", "asset", "amount", "destination"], "{method}");
        for (field, value, named) in [
            ("userId", json!(""), "userId"),
            ("asset", json!("CKB\u{7}"), "asset"),
            ("amount", json!(5), "amount"),
            ("amount", json!("0"), "amount"),
            ("destination", json!("ckt1"), "destination"),
            ("destination", json!({ "kind": "CKB_ADDRESS" }), "destination.address"),
            ("destination", json!({ "kind": "IBAN", "address": "x" }), "destination.kind"),
        ] {
            let mut params = to(&invoice, "5");
            params[field] = value;
            assert_eq!(hub.call(method, params).await.fields(), [named], "{method}");
        }
    }
}

pub(crate) async fn a_failed_payment_is_shown_with_its_next_try(backend: Backend) {
    let hub = Hub::new(backend).await;
    hub.give("9", "6").await;
    let invoice = hub.foreign_invoice("5");
    hub.node.set_outcome(&invoice, Outcome::Failure).unwrap();
    hub.call("withdrawal.request", to(&invoice, "5")).await.result();
    hub.pay_out().await;
    let params = json!({
        "userId": "9", "includeAdmin": true, "filters": { "withdrawalState": "RETRY_PENDING" },
    });
    let summary = hub.call("dashboard.summary", params).await;
    let row = &summary.result()["admin"]["withdrawals"][0];
    assert_eq!(
        (&row["state"], &row["lastError"]),
        (&json!("RETRY_PENDING"), &json!("TemporaryChannelFailure"))
    );
    assert!(row["nextRetryAt"].is_string() && row["txHash"].is_null());
    assert_eq!(hub.balances("9").await.1, "5.1", "the reservation stands");
}

pub(crate) async fn a_node_that_is_down_refuses_no_destination(backend: Backend) {
    let hub = Hub::new(backend).await;
    hub.give("9", "6").await;
    let invoice = hub.foreign_invoice("5");
    hub.node.set_down(true);
    for method in ["withdrawal.quote", "withdrawal.request"] {
        let answer = hub.call(method, to(&invoice, "5")).await;
        assert_eq!(
            (answer.code(), &answer.json["error"]["data"]["reason"]),
            (-32011, &json!("NODE_UNAVAILABLE"))
        );
    }
    hub.node.set_down(false);
    assert_eq!(hub.balances("9").await, ("6".to_owned(), "0".to_owned()));
}

pub(crate) async fn funds_for_five_are_enough_for_five_of_64_at_once(backend: Backend) {
    let hub = Hub::new(backend).await;
    // Five times 5 and the fee of 0.1.
    hub.give("9", "25.5").await;
    let requests = (0..64).map(|_| {
        let params = to(&hub.foreign_invoice("5"), "5");
        let hub = &hub;
        async move { hub.call("withdrawal.request", params).await }
    });
    let answers = futures_util::future::join_all(requests).await;
    let accepted = answers.iter().filter(|answer| answer.code() == 0).count();
    assert_eq!(accepted, 5);
    let refused = |answer: &&crate::hub::Answer| answer.message() == "Insufficient balance for withdrawal";
    assert_eq!(answers.iter().filter(refused).count(), 59);
    assert_eq!(hub.balances("9").await, ("0".to_owned(), "25.5".to_owned()));
}

pub(crate) async fn a_daily_limit_for_three_lets_three_of_64_at_once_through(backend: Backend) {
    let hub = Hub::new(backend).await;
    let tip = hub.tip_as(OTHER, "9", "1000").await;
    hub.node.pay(&tip, false).unwrap();
    hub.settle().await;
    let requests = (0..64).map(|_| {
        let params = to(&hub.foreign_invoice("5"), "5");
        let hub = &hub;
        async move { hub.call_as(OTHER, "withdrawal.request", params).await }
    });
    let answers = futures_util::future::join_all(requests).await;
    assert_eq!(answers.iter().filter(|answer| answer.code() == 0).count(), 3);
    let limit = "daily user withdrawal limit exceeded: 20 > 15";
    assert_eq!(answers.iter().filter(|answer| answer.message() == limit).count(), 61);
}

pub(crate) async fn a_withdrawal_waits_for_liquidity_and_a_repeat_says_so_still(backend: Backend) {
    let hub = Hub::new(backend).await;
    hub.give("9", "6").await;
    let invoice = hub.foreign_invoice("5");
    let params = with_key(to(&invoice, "5"), "key");
    let liquidity = |outbound| Liquidity { outbound, inbound: Amount::MAX };
    hub.node.set_liquidity(AssetId::ckb(), liquidity(Amount::ZERO));
    let first = hub.call("withdrawal.request", params.clone()).await;
    assert_eq!(first.result()["state"], "LIQUIDITY_PENDING");
    hub.node.set_liquidity(AssetId::ckb(), liquidity(Amount::MAX));
    hub.clock.advance(Duration::from_secs(60));
    hub.pay_out().await;
    assert_eq!(hub.node.payments().len(), 1);
    assert_eq!(hub.call("withdrawal.request", params).await.text, first.text);
}

fn with_amount(mut params: Value, amount: Value) -> Value {
    params["amount"] = amount;
    params
}

fn with_key(mut params: Value, key: &str) -> Value {
    params["idempotencyKey"] = json!(key);
    params
}
