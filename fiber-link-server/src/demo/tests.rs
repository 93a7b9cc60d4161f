use super::*;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use fiber_link_core::simulated::SimulatedNodeOptions;
use fiber_link_core::{AssetId, MemoryStore, TipRequest};
use hyper::service::Service as _;
use hyper_util::service::TowerToHyperService;
use serde_json::{Value, json};

async fn demo() -> Demo {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::default());
    let node = Arc::new(SimulatedNode::open(SimulatedNodeOptions::default()).unwrap());
    let link = FiberLink::builder(store.clone(), node.clone()).open().await.unwrap();
    Demo::new(link, store, node).unwrap()
}

async fn send(demo: &Demo, request: Request<Body>) -> (StatusCode, HeaderMap, String) {
    let answer = TowerToHyperService::new(router(demo.clone())).call(request).await.unwrap();
    let (parts, body) = answer.into_parts();
    let body = to_bytes(body, 1 << 20).await.unwrap();
    (parts.status, parts.headers, String::from_utf8(body.to_vec()).unwrap())
}

async fn get(demo: &Demo, path: &str) -> (StatusCode, HeaderMap, String) {
    send(demo, Request::get(path).body(Body::empty()).unwrap()).await
}

async fn post(demo: &Demo, path: &str, body: &Value) -> (StatusCode, Value) {
    let request = Request::post(path).header(header::CONTENT_TYPE, "application/json");
    let (status, _, body) = send(demo, request.body(Body::from(body.to_string())).unwrap()).await;
    (status, serde_json::from_str(&body).unwrap())
}

async fn creator(demo: &Demo) -> Value {
    serde_json::from_str(&get(demo, "/demo/creator").await.2).unwrap()
}

#[tokio::test]
async fn a_tip_is_paid_credited_and_withdrawn() {
    let demo = demo().await;
    let (_, tip) = post(&demo, "/demo/tips", &json!({ "amount": "61", "message": " thanks " })).await;
    assert_eq!((&tip["state"], &tip["message"]), (&json!("UNPAID"), &json!("thanks")));
    assert_eq!(creator(&demo).await["balance"]["pending"], "61");

    let invoice = json!({ "invoice": tip["invoice"] });
    assert_eq!(post(&demo, "/demo/wallet/pay", &invoice).await.0, StatusCode::OK);
    assert_eq!(post(&demo, "/demo/wallet/pay", &invoice).await.0, StatusCode::CONFLICT);
    let asked = format!("/demo/tip?invoice={}", tip["invoice"].as_str().unwrap());
    get(&demo, &asked).await;
    demo.link.settle_due(10).await.unwrap();
    let tip: Value = serde_json::from_str(&get(&demo, &asked).await.2).unwrap();
    assert_eq!((&tip["state"], &tip["entries"][0]["amount"]), (&json!("SETTLED"), &json!("61")));

    let (_, made) = post(&demo, "/demo/wallet/invoice", &json!({ "amount": "25" })).await;
    let withdrawal = json!({ "amount": "25", "invoice": made["invoice"] });
    let (_, quote) = post(&demo, "/demo/quote", &withdrawal).await;
    assert_eq!(
        quote,
        json!({ "receiveAmount": "25", "networkFee": "0.25", "reserved": "25.25", "problem": null })
    );
    assert_eq!(post(&demo, "/demo/withdrawals", &withdrawal).await.0, StatusCode::OK);
    assert_eq!(creator(&demo).await["balance"]["reserved"], "25.25");
    demo.link.pay_due(10).await.unwrap();
    let after = creator(&demo).await;
    let (balance, paid) = (&after["balance"], &after["withdrawals"][0]);
    assert_eq!((&balance["available"], &balance["reserved"]), (&json!("35.975"), &json!("0")));
    assert_eq!((&paid["state"], &paid["fee"]), (&json!("COMPLETED"), &json!("0.025")));
    assert_eq!(paid["returned"], "0.225");
}

#[tokio::test]
async fn what_is_wrong_is_said_with_its_field() {
    let demo = demo().await;
    let invoice = json!("fibd1nonsense");
    for (path, body, field, message) in [
        ("/demo/tips", json!({ "amount": "0", "message": "" }), "amount", "must be greater than zero"),
        (
            "/demo/wallet/invoice",
            json!({ "amount": "x" }),
            "amount",
            "must be a decimal number such as \"1.5\"",
        ),
        (
            "/demo/withdrawals",
            json!({ "amount": "1", "invoice": invoice }),
            "invoice",
            "payment request is not a Fiber invoice",
        ),
    ] {
        let (status, told) = post(&demo, path, &body).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{path}");
        assert_eq!(told, json!({ "field": field, "message": message }), "{path}");
    }
    let (_, quote) = post(&demo, "/demo/quote", &json!({ "amount": "1", "invoice": invoice })).await;
    let problem = json!({ "field": "amount", "message": "Amount exceeds your available balance." });
    assert_eq!(quote["problem"], problem);
    assert_eq!(get(&demo, "/demo/tip?invoice=fibd1").await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn an_anonymous_tip_is_shown_without_who_gave_it() {
    let demo = demo().await;
    for (anonymous, from) in [(false, json!("reader")), (true, json!(null))] {
        let request = TipRequest {
            post: demo.post.clone(),
            from_user: "reader".parse().unwrap(),
            to_user: demo.creator.clone(),
            asset: AssetId::ckb(),
            amount: demo.asset.parse("1").unwrap(),
            message: None,
            anonymous,
            idempotency_key: None,
        };
        let tip = demo.link.create_tip(&demo.app, request).await.unwrap();
        let shown = creator(&demo).await;
        let mut tips = shown["tips"].as_array().unwrap().iter();
        let tip = tips.find(|shown| shown["id"] == tip.id().to_string()).unwrap();
        assert_eq!(tip["from"], from);
    }
}

#[tokio::test]
async fn bodies_are_bounded_and_only_json_is_read() {
    let demo = demo().await;
    let large = json!({ "amount": "1", "message": "x".repeat(MOST_BYTES) });
    assert_eq!(post(&demo, "/demo/tips", &large).await.0, StatusCode::PAYLOAD_TOO_LARGE);
    // What a page of another site can send without asking: a form, or text.
    for kind in ["text/plain", "application/x-www-form-urlencoded"] {
        let request = Request::post("/demo/wallet/pay").header(header::CONTENT_TYPE, kind);
        let (status, _, _) = send(&demo, request.body(Body::from(r#"{"invoice":""}"#)).unwrap()).await;
        assert_eq!(status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "{kind}");
    }
}

#[tokio::test]
async fn pages_bring_everything_with_them_and_nothing_inline() {
    let demo = demo().await;
    for path in ["/", "/creator"] {
        let (status, headers, page) = get(&demo, path).await;
        assert_eq!(status, StatusCode::OK);
        let policy = headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(policy.starts_with("default-src 'self';") && !policy.contains("unsafe"), "{policy}");
        for inline in ["<style", "style=", "<script>", "javascript:", " onclick", "//"] {
            assert!(!page.contains(inline), "{path} has {inline}");
        }
        let loaded = page.split(['"']).filter(|text| text.starts_with("/demo/"));
        for file in loaded {
            let request = Request::builder().method(Method::GET).uri(file).body(Body::empty()).unwrap();
            assert_eq!(send(&demo, request).await.0, StatusCode::OK, "{file}");
        }
    }
}

#[tokio::test]
async fn other_machines_are_let_in_only_on_request() {
    let listen = Some("0.0.0.0:0".to_owned());
    let flags = crate::settings::SettingFlags { listen, ..Default::default() };
    let settings = Settings::load(flags, None).unwrap();
    let refused = run(settings, DemoFlags { allow_remote: false }).await.unwrap_err();
    assert!(matches!(refused, DemoError::NotLoopback(_)));
    assert!(refused.to_string().contains("--allow-remote"), "{refused}");
}
