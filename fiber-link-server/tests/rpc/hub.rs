//! The routes of all servers in one process, with a clock that stands still and a simulated node.

use crate::backend::{Backend, SharedStore};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode};
use fiber_link_core::simulated::{SimulatedNode, SimulatedNodeOptions};
use fiber_link_core::testing::{FaultyStore, ManualClock};
use fiber_link_core::{
    AppId, Asset, AssetId, Assets, Clock, FiberLink, Policies, RateLimit, Secret, Timestamp,
    WithdrawalPolicy, audit, signing,
};
use fiber_link_server::secrets::SecretMap;
use fiber_link_server::{Api, router};
use futures_util::future::join_all;
use hyper::service::Service;
use hyper_util::service::TowerToHyperService;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

/// When the clock stands still.
pub(crate) const NOW: u64 = 1_760_000_000;

/// The app that most tests call as, and one that has nothing to do with it.
pub(crate) const FORUM: (&str, &str) = ("forum", "secret of the forum");
pub(crate) const OTHER: (&str, &str) = ("other", "secret of the other");

/// All servers, and a client that asks them in turn.
pub(crate) struct Hub {
    pub(crate) node: Arc<SimulatedNode>,
    pub(crate) clock: ManualClock,
    servers: Vec<Server>,
    turn: AtomicUsize,
    nonces: AtomicU64,
    shared: SharedStore,
}

struct Server {
    link: FiberLink,
    store: Arc<FaultyStore>,
    service: TowerToHyperService<Router>,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
    pub(crate) json: Value,
}

impl Hub {
    pub(crate) async fn new(backend: Backend) -> Self {
        Self::with(backend, |api| api.rate_limit(None)).await
    }

    pub(crate) async fn with_rate_limit(backend: Backend, requests: u32) -> Self {
        let limit = RateLimit { requests, window: Duration::from_secs(60) };
        Self::with(backend, |api| api.rate_limit(Some(limit))).await
    }

    /// Whose waiting readers look again only when they are told of something.
    pub(crate) async fn that_looks_when_told(backend: Backend) -> Self {
        Self::with(backend, |api| api.rate_limit(None).look_every(Duration::from_secs(3600))).await
    }

    pub(crate) async fn with_secret_map(backend: Backend, map: &str) -> Self {
        Self::with(backend, |api| api.rate_limit(None).secret_map(SecretMap::parse(map).unwrap())).await
    }

    async fn with(backend: Backend, configure: impl Fn(Api) -> Api) -> Self {
        let clock = ManualClock::new(Timestamp::from_seconds(NOW));
        let options =
            SimulatedNodeOptions { clock: Arc::new(clock.clone()), ..SimulatedNodeOptions::default() };
        let node = Arc::new(SimulatedNode::open(options).unwrap());
        let shared = SharedStore::new(backend).await;
        let servers = start(&shared, &node, &clock, configure).await;
        for (app, secret) in [FORUM, OTHER] {
            let created =
                servers[0].link.create_app(AppId::new(app).unwrap(), Secret::new(secret.as_bytes()));
            created.await.unwrap();
        }
        Self { node, clock, servers, turn: AtomicUsize::new(0), nonces: AtomicU64::new(0), shared }
    }

    /// Other processes on the same store.
    pub(crate) async fn restarted(mut self) -> Self {
        self.servers.clear();
        self.servers = start(&self.shared, &self.node, &self.clock, |api| api.rate_limit(None)).await;
        self
    }

    fn next_server(&self) -> &Server {
        &self.servers[self.turn.fetch_add(1, Ordering::SeqCst) % self.servers.len()]
    }

    /// The commands and queries of the server whose turn it is.
    pub(crate) fn link(&self) -> &FiberLink {
        &self.next_server().link
    }

    /// The store as the server has it that is asked next.
    pub(crate) fn store(&self) -> &FaultyStore {
        &self.servers[self.turn.load(Ordering::SeqCst) % self.servers.len()].store
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

    /// What each server answers.
    pub(crate) async fn get(&self, path: &str) -> Vec<Answer> {
        let get = || self.send(Request::get(path).body(Body::empty()).unwrap());
        join_all(self.servers.iter().map(|_| get())).await
    }

    async fn send(&self, request: Request<Body>) -> Answer {
        let (parts, body) = self.next_server().service.call(request).await.unwrap().into_parts();
        let bytes = to_bytes(body, usize::MAX).await.unwrap();
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        let json = serde_json::from_str(&text).unwrap_or(Value::Null);
        Answer { status: parts.status, headers: parts.headers, text, json }
    }

    /// Tips somebody and answers with the invoice.
    pub(crate) async fn tip(&self, to_user: &str, amount: &str) -> String {
        self.tip_as(FORUM, to_user, amount).await
    }

    pub(crate) async fn tip_as(&self, app: (&str, &str), to_user: &str, amount: &str) -> String {
        let params = json!({
            "postId": "42", "fromUserId": "7", "toUserId": to_user, "asset": "CKB", "amount": amount,
        });
        self.call_as(app, "tip.create", params).await.result()["invoice"].as_str().unwrap().to_owned()
    }

    /// Tips somebody, pays, and settles.
    pub(crate) async fn give(&self, to_user: &str, amount: &str) -> String {
        let invoice = self.tip(to_user, amount).await;
        self.node.pay(&invoice, false).unwrap();
        self.settle().await;
        invoice
    }

    /// Asks the node about every open tip, an hour later.
    pub(crate) async fn settle(&self) {
        self.settle_after(Duration::from_secs(3600)).await;
    }

    /// Asks the node about every tip that is due then; all servers do at the same time.
    pub(crate) async fn settle_after(&self, time: Duration) {
        self.clock.advance(time);
        let passes = self
            .servers
            .iter()
            .map(|server| async { while server.link.settle_due(1_000).await.unwrap().more {} });
        join_all(passes).await;
    }

    /// A few payout passes; all servers make them at the same time.
    pub(crate) async fn pay_out(&self) {
        for _ in 0..5 {
            let passes = self.servers.iter().map(|server| server.link.pay_due(100));
            join_all(passes).await.into_iter().for_each(|report| drop(report.unwrap()));
            self.clock.advance(Duration::from_secs(1));
        }
    }

    /// What a user has: available and locked.
    pub(crate) async fn balances(&self, user: &str) -> (String, String) {
        let summary = self.call("dashboard.summary", json!({ "userId": user })).await;
        let text = |field: &str| summary.result()["balances"][field].as_str().unwrap().to_owned();
        (text("available"), text("locked"))
    }

    pub(crate) async fn assert_sound(&self) {
        assert_eq!(audit(self.store()).await.unwrap().findings, []);
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

async fn start(
    shared: &SharedStore,
    node: &Arc<SimulatedNode>,
    clock: &ManualClock,
    configure: impl Fn(Api) -> Api,
) -> Vec<Server> {
    let mut servers = Vec::new();
    for store in shared.open().await {
        let store = Arc::new(FaultyStore::new(store));
        let builder = FiberLink::builder(store.clone(), node.clone()).policies(policies());
        let link = builder.clock(Arc::new(clock.clone())).open().await.unwrap();
        let service = TowerToHyperService::new(router(configure(Api::new(link.clone()))));
        servers.push(Server { link, store, service });
    }
    servers
}

/// The defaults; only the other app may withdraw no more than 15 CKB a day to each user.
fn policies() -> Policies {
    let (assets, ckb) = (Assets::default(), Asset::ckb());
    let mut policies = Policies::defaults(&assets);
    let per_user_daily = ckb.parse("15").unwrap();
    let strict = WithdrawalPolicy { per_user_daily, ..WithdrawalPolicy::default_for(&ckb) };
    policies.set_for_app(AppId::new(OTHER.0).unwrap(), ckb.id, strict);
    policies
}
