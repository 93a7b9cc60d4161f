//! What a request must look like.

use crate::backend::Backend;
use crate::hub::{FORUM, Hub};
use axum::body::Body;
use axum::http::StatusCode;
use serde_json::json;

pub(crate) async fn what_is_no_request_is_refused_before_anybody_is_asked_for(backend: Backend) {
    let hub = Hub::new(backend).await;
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

pub(crate) async fn an_id_comes_back_exactly_as_it_went(backend: Backend) {
    let hub = Hub::new(backend).await;
    for id in ["1", "1.50", "-0", "1e400", "98765432109876543210", "null", r#""é""#, r#""""#] {
        let body = format!(r#"{{"unknown":[],"jsonrpc":"2.0","id":{id},"method":"health.ping"}}"#);
        let answer = hub.post(&hub.signed(FORUM, &body), body).await;
        assert_eq!(answer.text, format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{{"status":"ok"}}}}"#));
    }
}

pub(crate) async fn an_unknown_method_is_not_found(backend: Backend) {
    let hub = Hub::new(backend).await;
    for method in ["", "tip", "TIP.CREATE", "tip.create ", "rpc.discover"] {
        let answer = hub.call(method, json!({})).await;
        assert_eq!((answer.code(), answer.message()), (-32601, "Method not found"), "{method}");
    }
}

pub(crate) async fn a_body_has_at_most_one_mebibyte(backend: Backend) {
    let hub = Hub::new(backend).await;
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

pub(crate) async fn only_posts_are_answered(backend: Backend) {
    let answers = Hub::new(backend).await.get("/rpc").await;
    assert!(answers.iter().all(|answer| answer.status == StatusCode::METHOD_NOT_ALLOWED));
}
