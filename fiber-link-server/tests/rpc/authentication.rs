//! Who is let in, and how often.

use crate::backend::Backend;
use crate::hub::{Answer, FORUM, Hub, NOW, OTHER};
use fiber_link_core::{AppId, Secret, signing};
use futures_util::future::join_all;
use serde_json::json;
use std::collections::BTreeSet;
use std::time::Duration;

const PING: &str = r#"{"jsonrpc":"2.0","id":1,"method":"health.ping","params":{}}"#;

fn headers(app: &str, ts: &str, nonce: &str, signature: &str) -> Vec<(&'static str, String)> {
    let pairs = [("x-app-id", app), ("x-ts", ts), ("x-nonce", nonce), ("x-signature", signature)];
    pairs.into_iter().map(|(name, value)| (name, value.to_owned())).collect()
}

fn signed_at(ts: &str, nonce: &str) -> Vec<(&'static str, String)> {
    let signature = signing::sign(&Secret::new(FORUM.1.as_bytes()), ts, nonce, PING.as_bytes());
    headers(FORUM.0, ts, nonce, &signature)
}

fn assert_unauthorized(answer: &Answer, what: &str) {
    let alike = r#"{"jsonrpc":"2.0","id":1,"error":{"code":-32001,"message":"Unauthorized"}}"#;
    assert_eq!((answer.status.as_u16(), answer.text.as_str()), (200, alike), "{what}");
    assert!(answer.header("x-ratelimit-limit").is_none(), "{what}");
}

pub(crate) async fn the_vectors_of_the_contract_are_let_in(backend: Backend) {
    let hub = Hub::new(backend).await;
    let create = |name: &'static str, secret: &'static str| {
        hub.link().create_app(AppId::new(name).unwrap(), Secret::new(secret.as_bytes()))
    };
    create("one", "fiber-link-test-secret").await.unwrap();
    create("two", "replace-with-lookup").await.unwrap();

    let body = r#"{"jsonrpc":"2.0","id":"vec-1","method":"tip.create","params":{"postId":"42","fromUserId":"7","toUserId":"9","asset":"CKB","amount":"1.5","message":"héllo ✓"}}"#;
    let signature = "36cd2392fa6f2f159d0e0115ec1f5e80d61edff55588dc1585f2fa76f1675ae0";
    let answer = hub.post(&headers("one", "1760000000", "nonce-0001", signature), body).await;
    assert_eq!(answer.json["id"], "vec-1");
    assert!(answer.result()["invoice"].as_str().unwrap().starts_with("fibd"), "{}", answer.text);

    let signature = "d953af75f400577a5c859399e23192ee8d8e011d816bded332cb58dae300642c";
    let answer = hub.post(&headers("two", "1760000000", "abc123", signature), PING).await;
    assert_eq!(answer.text, r#"{"jsonrpc":"2.0","id":1,"result":{"status":"ok"}}"#);
}

pub(crate) async fn every_failure_is_unauthorized_alike(backend: Backend) {
    let hub = Hub::new(backend).await;
    let (now, right) = (NOW.to_string(), signed_at(&NOW.to_string(), "n"));
    for missing in 0..4 {
        let mut headers = right.clone();
        let (name, _) = headers.remove(missing);
        assert_unauthorized(&hub.post(&headers, PING).await, name);
    }
    let signature = right[3].1.clone();
    let long = "n".repeat(129);
    let table = [
        ("an unknown app", headers("nobody", &now, "n", &signature)),
        ("another app", headers(OTHER.0, &now, "n", &signature)),
        ("an app that is no name", headers("two words", &now, "n", &signature)),
        ("an empty app", headers("", &now, "n", &signature)),
        ("a wrong signature", headers(FORUM.0, &now, "n", &"0".repeat(64))),
        ("a short signature", headers(FORUM.0, &now, "n", &signature[..62])),
        ("a signature in capitals", headers(FORUM.0, &now, "n", &signature.to_uppercase())),
        ("no hexadecimal", headers(FORUM.0, &now, "n", "signature")),
        ("another time", headers(FORUM.0, &(NOW + 1).to_string(), "n", &signature)),
        ("another nonce", headers(FORUM.0, &now, "m", &signature)),
        ("an empty nonce", signed_at(&now, "")),
        ("a long nonce", signed_at(&now, &long)),
        ("a nonce with a space", signed_at(&now, "a b")),
        ("an old time", signed_at(&(NOW - 301).to_string(), "old")),
        ("a time to come", signed_at(&(NOW + 301).to_string(), "new")),
        ("a time that is no number", signed_at("now", "x")),
        ("a time with a sign", signed_at(&format!("+{NOW}"), "x")),
    ];
    for (what, headers) in table {
        assert_unauthorized(&hub.post(&headers, PING).await, what);
    }
    assert_unauthorized(&hub.post(&right, PING.replace("{}", "{ }")).await, "another body");
    assert_eq!(hub.post(&right, PING).await.code(), 0, "none of all this used the nonce up");
}

pub(crate) async fn a_time_is_fresh_for_five_minutes_either_way(backend: Backend) {
    let hub = Hub::new(backend).await;
    for ts in [NOW - 300, NOW + 300] {
        let ts = ts.to_string();
        assert_eq!(hub.post(&signed_at(&ts, &ts), PING).await.code(), 0, "{ts}");
    }
}

pub(crate) async fn a_request_is_let_in_once(backend: Backend) {
    let hub = Hub::new(backend).await;
    let headers = signed_at(&(NOW + 300).to_string(), "once");
    assert_eq!(hub.post(&headers, PING).await.code(), 0);
    assert_unauthorized(&hub.post(&headers, PING).await, "at once");
    hub.clock.advance(Duration::from_secs(600));
    assert_unauthorized(&hub.post(&headers, PING).await, "as late as it is fresh");
    let hub = hub.restarted().await;
    assert_unauthorized(&hub.post(&headers, PING).await, "after a restart");
}

pub(crate) async fn one_of_64_requests_with_one_nonce_is_let_in(backend: Backend) {
    let hub = Hub::new(backend).await;
    let headers = signed_at(&NOW.to_string(), "once");
    let answers = join_all((0..64).map(|_| hub.post(&headers, PING))).await;
    let (let_in, refused): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.code() == 0);
    assert_eq!(let_in.len(), 1);
    refused.into_iter().for_each(|answer| assert_unauthorized(answer, "a replay"));
}

pub(crate) async fn apps_that_share_a_secret_share_their_nonces(backend: Backend) {
    let hub = Hub::new(backend).await;
    for app in ["a", "b"] {
        hub.link().create_app(AppId::new(app).unwrap(), Secret::new(*b"one secret for two")).await.unwrap();
    }
    let signature =
        signing::sign(&Secret::new(*b"one secret for two"), &NOW.to_string(), "n", PING.as_bytes());
    assert_eq!(hub.post(&headers("a", &NOW.to_string(), "n", &signature), PING).await.code(), 0);
    let captured = hub.post(&headers("b", &NOW.to_string(), "n", &signature), PING).await;
    assert_unauthorized(&captured, "a captured request");
}

pub(crate) async fn the_environment_answers_only_for_apps_that_are_not_registered(backend: Backend) {
    let hub =
        Hub::with_secret_map(backend, r#"{"forum":"another secret","env-only":"from the environment"}"#)
            .await;
    let ping = |app| hub.call_as(app, "health.ping", json!({}));
    assert_eq!(ping(("env-only", "from the environment")).await.code(), 0);
    assert_eq!(ping(FORUM).await.code(), 0);
    assert_eq!(ping(("forum", "another secret")).await.code(), -32001);
    assert_eq!(ping(("nobody", "from the environment")).await.code(), -32001);
    let tip = json!({ "postId": "1", "fromUserId": "2", "toUserId": "3", "asset": "CKB", "amount": "1" });
    let env_only = ("env-only", "from the environment");
    assert!(hub.call_as(env_only, "tip.create", tip).await.result()["invoice"].is_string());
    let summary = json!({ "userId": "3", "includeAdmin": true });
    assert_eq!(
        hub.call_as(env_only, "dashboard.summary", summary).await.result()["admin"]["apps"],
        json!([])
    );
}

pub(crate) async fn a_rate_limit_counts_by_app_and_method_and_is_told_on_every_answer(backend: Backend) {
    let hub = Hub::with_rate_limit(backend, 2).await;
    let rate = |answer: &Answer| {
        let number = |name: &str| answer.header(name).map(|text| text.parse::<u64>().unwrap());
        (number("x-ratelimit-limit"), number("x-ratelimit-remaining"), number("x-ratelimit-reset"))
    };
    let reset = Some(NOW - NOW % 60 + 60);
    let answer = hub.call("health.ping", json!({})).await;
    assert_eq!((answer.code(), rate(&answer)), (0, (Some(2), Some(1), reset)));
    let answer = hub.call("health.ping", json!({})).await;
    assert_eq!((answer.code(), rate(&answer)), (0, (Some(2), Some(0), reset)));
    let answer = hub.call("health.ping", json!({})).await;
    assert_eq!((answer.code(), rate(&answer)), (-32005, (Some(2), Some(0), reset)));
    assert_eq!(answer.message(), "Rate limit exceeded");

    assert_eq!(hub.call_as(OTHER, "health.ping", json!({})).await.code(), 0, "another app");
    let answer = hub.call("tip.status", json!({})).await;
    assert_eq!((answer.code(), rate(&answer).1), (-32602, Some(1)), "another method, with wrong params");
    for remaining in [1, 0, 0] {
        let answer = hub.call("no.such", json!({})).await;
        assert_eq!((answer.code(), rate(&answer).1), (-32601, Some(remaining)));
    }
    hub.clock.advance(Duration::from_secs(60));
    assert_eq!(hub.call("health.ping", json!({})).await.code(), 0, "another window");
}

pub(crate) async fn a_rate_limit_of_ten_lets_ten_of_64_at_once_through(backend: Backend) {
    let hub = Hub::with_rate_limit(backend, 10).await;
    let answers = join_all((0..64).map(|_| hub.call("health.ping", json!({})))).await;
    let codes = |code| answers.iter().filter(|answer| answer.code() == code).count();
    assert_eq!((codes(0), codes(-32005)), (10, 54));
    let let_through = answers.iter().filter(|answer| answer.code() == 0);
    let left: BTreeSet<_> = let_through.map(|answer| answer.header("x-ratelimit-remaining")).collect();
    assert_eq!(left.len(), 10, "each was told another number: {left:?}");
}
