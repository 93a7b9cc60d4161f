//! The routes in one process, with a clock that stands still and a simulated node.

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode};
use fiber_link_core::simulated::{SimulatedNode, SimulatedNodeOptions};
use fiber_link_core::{
    AppId, AssetId, Assets, Clock, FiberLink, MemoryStore, RateLimit, Secret, Timestamp, signing,
};
use fiber_link_server::secrets::SecretMap;
use fiber_link_server::{Api, router};
use hyper::service::Service;
use hyper_util::service::TowerToHyperService;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// When the clock stands still.
pub(crate) const NOW: u64 = 1_760_000_000;

/// The app that most tests call as, and one that has nothing to do with it.
pub(crate) const FORUM: (&str, &str) = ("forum", "secret of the forum");
pub(crate) const OTHER: (&str, &str) = ("other", "secret of the other");

pub(crate) struct Hub {
    pub(crate) link: FiberLink,
    pub(crate) node: Arc<SimulatedNode>,
    pub(crate) clock: Arc<StandingClock>,
    store: Arc<MemoryStore>,
    service: TowerToHyperService<Router>,
    nonces: AtomicU64,
}

/// A clock that moves when it is told to.
pub(crate) struct StandingClock(AtomicU64);

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
    pub(crate) json: Value,
}

impl Clock for StandingClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::SeqCst))
    }
}

impl StandingClock {
    pub(crate) fn advance(&self, duration: Duration) {
        self.0.fetch_add(duration.as_millis() as u64, Ordering::SeqCst);
    }
}

impl Hub {
    pub(crate) async fn new() -> Self {
        Self::with(|api| api.rate_limit(None)).await
    }

    pub(crate) async fn with_rate_limit(requests: u32) -> Self {
        let limit = RateLimit { requests, window: Duration::from_secs(60) };
        Self::with(|api| api.rate_limit(Some(limit))).await
    }

    pub(crate) async fn with_secret_map(map: &str) -> Self {
        Self::with(|api| api.rate_limit(None).secret_map(SecretMap::parse(map).unwrap())).await
    }

    async fn with(configure: impl FnOnce(Api) -> Api) -> Self {
        let clock = Arc::new(StandingClock(AtomicU64::new(NOW * 1000)));
        let options = SimulatedNodeOptions { clock: clock.clone(), ..SimulatedNodeOptions::default() };
        let node = Arc::new(SimulatedNode::open(options).unwrap());
        let store = Arc::new(MemoryStore::new());
        let link = open(&store, &node, &clock).await;
        for (app, secret) in [FORUM, OTHER] {
            link.create_app(AppId::new(app).unwrap(), Secret::new(secret.as_bytes())).await.unwrap();
        }
        let service = TowerToHyperService::new(router(configure(Api::new(link.clone()))));
        Self { link, node, clock, store, service, nonces: AtomicU64::new(0) }
    }

    /// Another process on the same store.
    pub(crate) async fn restarted(self) -> Self {
        let link = open(&self.store, &self.node, &self.clock).await;
        let service = TowerToHyperService::new(router(Api::new(link.clone()).rate_limit(None)));
        Self { link, service, ..self }
    }

    /// A signed call of the forum, with a nonce of its own.
    pub(crate) async fn call(&self, method: &str, params: Value) -> Answer {
        self.call_as(FORUM, method, params).await
    }

    pub(crate) async fn call_as(&self, app: (&str, &str), method: &str, params: Value) -> Answer {
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params }).to_string();
        self.post(&self.signed(app, &body), body).await
    }

    /// The headers of a right signature.
    pub(crate) fn signed(&self, (app, secret): (&str, &str), body: &str) -> Vec<(&'static str, String)> {
        let nonce = format!("nonce-{}", self.nonces.fetch_add(1, Ordering::SeqCst));
        let timestamp = (self.clock.now().as_millis() / 1000).to_string();
        let signature = signing::sign(&Secret::new(secret.as_bytes()), &timestamp, &nonce, body.as_bytes());
        vec![
            ("x-app-id", app.to_owned()),
            ("x-ts", timestamp),
            ("x-nonce", nonce),
            ("x-signature", signature),
        ]
    }

    pub(crate) async fn post(&self, headers: &[(&'static str, String)], body: impl Into<Body>) -> Answer {
        let mut request = Request::post("/rpc").header("content-type", "application/json");
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        self.send(request.body(body.into()).unwrap()).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(Request::get(path).body(Body::empty()).unwrap()).await
    }

    async fn send(&self, request: Request<Body>) -> Answer {
        let (parts, body) = self.service.call(request).await.unwrap().into_parts();
        let bytes = to_bytes(body, usize::MAX).await.unwrap();
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        let json = serde_json::from_str(&text).unwrap_or(Value::Null);
        Answer { status: parts.status, headers: parts.headers, text, json }
    }

    /// Tips somebody and answers with the invoice.
    pub(crate) async fn tip(&self, to_user: &str, amount: &str) -> String {
        let params = json!({
            "postId": "42", "fromUserId": "7", "toUserId": to_user, "asset": "CKB", "amount": amount,
        });
        self.call("tip.create", params).await.result()["invoice"].as_str().unwrap().to_owned()
    }

    /// Tips somebody, pays, and settles.
    pub(crate) async fn give(&self, to_user: &str, amount: &str) -> String {
        let invoice = self.tip(to_user, amount).await;
        self.node.pay(&invoice, false).unwrap();
        self.settle().await;
        invoice
    }

    /// Asks the node about every open tip.
    pub(crate) async fn settle(&self) {
        self.clock.advance(Duration::from_secs(3600));
        while self.link.settle_due(1_000).await.unwrap().more {}
    }

    /// Somebody else's invoice.
    pub(crate) fn foreign_invoice(&self, amount: &str) -> String {
        let amount = fiber_link_core::Asset::ckb().parse(amount).unwrap();
        self.node.foreign_invoice(&AssetId::ckb(), amount, Duration::from_secs(3600)).unwrap()
    }
}

impl Answer {
    pub(crate) fn result(&self) -> &Value {
        assert!(self.json.get("error").is_none(), "{}", self.text);
        &self.json["result"]
    }

    pub(crate) fn code(&self) -> i64 {
        self.json["error"]["code"].as_i64().unwrap_or(0)
    }

    pub(crate) fn message(&self) -> &str {
        self.json["error"]["message"].as_str().unwrap_or("")
    }

    /// The fields that `Invalid params` names.
    pub(crate) fn fields(&self) -> Vec<&str> {
        let issues = self.json["error"]["data"]["issues"].as_array();
        let issues = issues.unwrap_or_else(|| panic!("no issues in {}", self.text));
        issues.iter().map(|issue| issue["field"].as_str().unwrap()).collect()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

async fn open(store: &Arc<MemoryStore>, node: &Arc<SimulatedNode>, clock: &Arc<StandingClock>) -> FiberLink {
    let builder = FiberLink::builder(store.clone(), node.clone()).assets(Assets::default());
    builder.clock(clock.clone()).open().await.unwrap()
}
