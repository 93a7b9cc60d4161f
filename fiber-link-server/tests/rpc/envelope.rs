//! What a request must look like.

use crate::hub::{FORUM, Hub};
use axum::body::Body;
use serde_json::json;

#[tokio::test]
async fn what_is_no_request_is_refused_before_anybody_is_asked_for() {
    let hub = Hub::new().await;
    for (body, code, message) in [
        ("", -32700, "Parse error"),
        ("{", -32700, "Parse error"),
        ("[]", -32600, "Invalid Request"),
        ("{}", -32600, "Invalid Request"),
        (r#"{"jsonrpc":"1.0","id":1,"method":"health.ping"}"#, -32600, "Invalid Request"),
        (r#"{"jsonrpc":"2.0","id":1,"method":"health.ping","params":[]}"#, -32600, "Invalid Request"),
    ] {
        let answer = hub.post(&[], body).await;
        let expected =
            format!(r#"{{"jsonrpc":"2.0","id":null,"error":{{"code":{code},"message":"{message}"}}}}"#);
        assert_eq!((answer.status.as_u16(), answer.text), (200, expected), "{body}");
        assert_eq!(answer.headers["content-type"], "application/json");
    }
}

#[tokio::test]
async fn an_id_comes_back_exactly_as_it_went() {
    let hub = Hub::new().await;
    for id in ["1", "1.50", "-0", "1e400", "98765432109876543210", "null", r#""é""#, r#""""#] {
        let body = format!(r#"{{"unknown":[],"jsonrpc":"2.0","id":{id},"method":"health.ping"}}"#);
        let answer = hub.post(&hub.signed(FORUM, &body), body).await;
        assert_eq!(answer.text, format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{{"status":"ok"}}}}"#));
    }
}

#[tokio::test]
async fn an_unknown_method_is_not_found() {
    let hub = Hub::new().await;
    for method in ["", "tip", "TIP.CREATE", "tip.create ", "rpc.discover"] {
        let answer = hub.call(method, json!({})).await;
        assert_eq!((answer.code(), answer.message()), (-32601, "Method not found"), "{method}");
    }
}

#[tokio::test]
async fn a_body_has_at_most_one_mebibyte() {
    let hub = Hub::new().await;
    let padded = |length: usize| {
        let start = r#"{"jsonrpc":"2.0","id":1,"method":"health.ping","params":{"x":""#;
        let end = r#""}}"#;
        format!("{start}{}{end}", "x".repeat(length - start.len() - end.len()))
    };
    let most = padded(1 << 20);
    assert_eq!(hub.post(&hub.signed(FORUM, &most), most).await.code(), 0);
    for length in [(1 << 20) + 1, 10 << 20, 20 << 20] {
        let answer = hub.post(&[], Body::from(padded(length))).await;
        assert_eq!((answer.status.as_u16(), answer.code()), (413, -32600), "{length}");
        assert!(answer.json["id"].is_null());
    }
}

#[tokio::test]
async fn only_posts_are_answered() {
    assert_eq!(Hub::new().await.get("/rpc").await.status.as_u16(), 405);
}
