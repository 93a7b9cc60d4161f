//! Readers that wait for settled tips: in one process, at one server for what another one settles, and
//! at one that stops.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    missing_debug_implementations,
    unreachable_pub,
    reason = "a test may fail"
)]

mod process;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::Request;
use fiber_link_core::testing::FakeNode;
use fiber_link_core::{
    Asset, AssetId, Clock, CreateAppError, FiberLink, FiberNode, IdSource, MOST_WAITING_PER_APP, MemoryStore,
    NodeInfo, NodeKey, RandomIds, RequestedDestination, Secret, Store, SystemClock, TipRequest,
    WithdrawalRequest, signing,
};
use fiber_link_postgres_cluster::Cluster;
use fiber_link_server::{Api, router, worker};
use fiber_link_store_postgres::{PoolSettings, PostgresStore, Schema};
use futures_util::future::{BoxFuture, join, join_all, select_all};
use hyper::service::Service;
use hyper_util::service::TowerToHyperService;
use process::{Process, fiber_link};
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection};
use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::path::Path;
use std::sync::{Arc, mpsc};
use std::time::Duration;
use tokio::time::{Instant, timeout};

const APP: &str = "forum";
const SECRET: &str = "secret of the forum";

/// Longer than any test.
const NEVER: Duration = Duration::from_secs(3600);

/// Well under the longest wait.
const SOON: Duration = Duration::from_secs(15);

/// One more than there are places.
const MANY: usize = MOST_WAITING_PER_APP + 1;

/// A reader that would wait for as long as it may, after a cursor.
fn waits(after: &Value) -> Value {
    json!({ "after": after, "waitSeconds": 25 })
}

/// A signed question for settled tips: headers and body.
fn question(params: &Value) -> (Vec<(&'static str, String)>, String) {
    signed("tip.settled_feed", params)
}

fn signed(method: &str, params: &Value) -> (Vec<(&'static str, String)>, String) {
    let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params }).to_string();
    let timestamp = (SystemClock.now().as_millis() / 1000).to_string();
    let nonce = RandomIds.next_id(SystemClock.now()).to_string();
    let signature = signing::sign(&Secret::new(SECRET.as_bytes()), &timestamp, &nonce, body.as_bytes());
    let headers = vec![
        ("x-app-id", APP.to_owned()),
        ("x-ts", timestamp),
        ("x-nonce", nonce),
        ("x-signature", signature),
    ];
    (headers, body)
}

/// The invoices of an answer.
fn invoices(answer: &Value) -> Vec<String> {
    let items = answer["result"]["items"].as_array().unwrap_or_else(|| panic!("{answer}"));
    items.iter().map(|item| item["invoice"].as_str().unwrap().to_owned()).collect()
}

/// What waiting readers are told, long before their time is over.
async fn soon(waiting: Vec<BoxFuture<'static, Value>>) -> Vec<Value> {
    timeout(SOON, join_all(waiting)).await.unwrap()
}

/// A server in this process.
struct Server {
    store: Arc<dyn Store>,
    node: Arc<FakeNode>,
    link: FiberLink,
    routes: Router,
}

impl Server {
    async fn start(store: Arc<dyn Store>, node: Arc<FakeNode>, look_every: Duration) -> Self {
        let link = FiberLink::builder(store.clone(), node.clone()).open().await.unwrap();
        let created = link.create_app(APP.parse().unwrap(), Secret::new(SECRET.as_bytes())).await;
        assert!(matches!(created, Ok(_) | Err(CreateAppError::Exists(_))), "{created:?}");
        let routes = router(Api::new(link.clone()).rate_limit(None).look_every(look_every));
        Self { store, node, link, routes }
    }

    async fn in_memory(look_every: Duration) -> Self {
        Self::start(Arc::new(MemoryStore::new()), Arc::new(FakeNode::new(SystemClock)), look_every).await
    }

    /// On a database that others share, with two connections.
    async fn on(cluster: &Cluster, node: FakeNode, look_every: Duration) -> Self {
        let mut settings = PoolSettings::default();
        settings.connections = 2;
        let pool = settings.pool(&cluster.url()).unwrap();
        Schema::default().migrate(&pool).await.unwrap();
        let store = PostgresStore::with_pool(pool, Schema::default()).await.unwrap();
        Self::start(Arc::new(store), Arc::new(node), look_every).await
    }

    /// One that settles nothing by itself: its node is not that of the hub.
    async fn that_only_reads(cluster: &Cluster, look_every: Duration) -> Self {
        let node = FakeNode::new(SystemClock);
        let info = NodeInfo { key: NodeKey::new([9; 33]), ..node.info().await.unwrap() };
        node.set_info(info);
        Self::on(cluster, node, look_every).await
    }

    /// Asks for settled tips; the whole answer.
    fn ask(&self, params: &Value) -> BoxFuture<'static, Value> {
        self.send(question(params))
    }

    /// Asks for events, and waits for the next one; the whole answer.
    fn ask_for_events(&self, after: &Value) -> BoxFuture<'static, Value> {
        self.send(signed("event.list", &waits(after)))
    }

    fn send(&self, (headers, body): (Vec<(&'static str, String)>, String)) -> BoxFuture<'static, Value> {
        let service = TowerToHyperService::new(self.routes.clone());
        let mut request = Request::post("/rpc");
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let request = request.body(Body::from(body)).unwrap();
        Box::pin(async move {
            let answer = service.call(request).await.unwrap();
            serde_json::from_slice(&to_bytes(answer.into_body(), usize::MAX).await.unwrap()).unwrap()
        })
    }

    /// What a reader is told of tips after a cursor.
    async fn told(&self, after: &Value) -> Vec<String> {
        invoices(&self.ask(&waits(after)).await)
    }

    /// As many readers as can wait, once all of them wait.
    async fn waiting_readers(&self, after: &Value) -> Vec<BoxFuture<'static, Value>> {
        self.waiting("tip.settled_feed", after).await
    }

    async fn waiting(&self, method: &str, after: &Value) -> Vec<BoxFuture<'static, Value>> {
        let readers = (0..MANY).map(|_| self.send(signed(method, &waits(after))));
        let (answer, _, waiting) = select_all(readers).await;
        assert_eq!(answer["result"]["items"], json!([]), "the one without a place is answered at once");
        waiting
    }

    /// Has a tip paid, and settles it here: its invoice, and its place.
    async fn settle_one(&self) -> (String, Value) {
        self.settle_one_of(APP).await
    }

    /// Has a withdrawal of what was settled paid: its id.
    async fn pay_one(&self) -> String {
        let amount = Asset::ckb().parse("0.5").unwrap();
        let expires_at = SystemClock.now().plus(Duration::from_secs(3600));
        let request = WithdrawalRequest {
            user: "9".parse().unwrap(),
            asset: AssetId::ckb(),
            amount,
            destination: RequestedDestination::PaymentRequest(
                self.node.publish(self.node.foreign_invoice(amount, expires_at)),
            ),
            network_fee: None,
            idempotency_key: None,
        };
        let withdrawal = self.link.request_withdrawal(&APP.parse().unwrap(), request).await.unwrap();
        self.link.pay_due(10).await.unwrap();
        withdrawal.id().to_string()
    }

    async fn settle_one_of(&self, app: &str) -> (String, Value) {
        let request = TipRequest {
            post: "42".parse().unwrap(),
            from_user: "7".parse().unwrap(),
            to_user: "9".parse().unwrap(),
            asset: AssetId::ckb(),
            amount: Asset::ckb().parse("1").unwrap(),
            message: None,
            anonymous: false,
            idempotency_key: None,
        };
        let tip = self.link.create_tip(&app.parse().unwrap(), request).await.unwrap();
        self.node.pay_invoice(tip.payment_hash());
        self.link.hint(tip.payment_hash());
        assert_eq!(self.link.settle_due(10).await.unwrap().settled, 1);
        let place = json!({ "settledAt": "2025-10-09T08:53:20.000Z", "id": tip.id().to_string() });
        (tip.invoice().unwrap().encoded.clone(), place)
    }
}

#[tokio::test]
async fn who_waits_is_answered_as_soon_as_there_is_something_after_his_cursor() {
    let server = Server::in_memory(NEVER).await;
    let (told, (first, place)) = join(server.told(&Value::Null), server.settle_one()).await;
    assert_eq!(told, [first.as_str()]);
    assert_eq!(server.told(&Value::Null).await, [first.as_str()], "what is there needs no wait");
    let (told, (second, _)) = join(server.told(&place), server.settle_one()).await;
    assert_eq!(told, [second.as_str()]);
}

#[tokio::test]
async fn a_wait_ends_with_nothing_and_what_another_app_got_does_not_end_it() {
    let server = Server::in_memory(NEVER).await;
    let began = Instant::now();
    let reader = server.ask(&json!({ "waitSeconds": 1 }));
    let (answer, _) = join(reader, server.settle_one_of("wiki")).await;
    assert_eq!(answer["result"], json!({ "items": [], "nextCursor": null }));
    assert!(began.elapsed() >= Duration::from_secs(1));
}

#[tokio::test]
async fn who_is_not_told_looks_by_himself() {
    let server = Server::in_memory(Duration::from_millis(5)).await;
    let other = Server::start(server.store.clone(), server.node.clone(), NEVER).await;
    let (told, (invoice, _)) = join(server.told(&Value::Null), other.settle_one()).await;
    assert_eq!(told, [invoice.as_str()]);
}

#[tokio::test]
async fn who_finds_no_place_does_not_wait_and_who_leaves_frees_his() {
    let server = Server::in_memory(NEVER).await;
    drop(server.waiting_readers(&Value::Null).await);
    let (told, (invoice, _)) = join(server.told(&Value::Null), server.settle_one()).await;
    assert_eq!(told, [invoice.as_str()]);
}

#[tokio::test]
async fn nobody_waits_for_a_server_that_stops() {
    let server = Server::in_memory(NEVER).await;
    let began = Instant::now();
    let waiting = server.waiting_readers(&Value::Null).await;
    server.link.dismiss_readers();
    assert!(join_all(waiting).await.iter().all(|told| invoices(told).is_empty()));
    assert_eq!(server.told(&Value::Null).await, [""; 0]);
    assert!(began.elapsed() < Duration::from_secs(25), "the longest wait was waited for");
}

#[tokio::test]
async fn a_wait_is_a_whole_number_of_seconds_within_its_bounds() {
    let server = Server::in_memory(NEVER).await;
    for wrong in [json!(26), json!(-1), json!(1.5), json!("5"), json!(true)] {
        let answer = server.ask(&json!({ "waitSeconds": wrong })).await;
        assert_eq!(answer["error"]["data"]["issues"][0]["field"], "waitSeconds", "{answer}");
    }
    for none in [json!(0), json!(null)] {
        assert_eq!(invoices(&server.ask(&json!({ "waitSeconds": none })).await), [""; 0]);
    }
}

/// The connection that listens, once there is one that is not `before`.
async fn listening(database: &mut PgConnection, before: Option<i32>) -> i32 {
    let sql = "SELECT pid FROM pg_stat_activity WHERE application_name = 'fiber-link news'
        AND query LIKE 'LISTEN%' AND state = 'idle' AND pid IS DISTINCT FROM $1";
    for _ in 0..3_000 {
        let found = sqlx::query_scalar(sql).bind(before).fetch_optional(&mut *database).await.unwrap();
        if let Some(found) = found {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("nobody listens");
}

#[tokio::test(flavor = "multi_thread")]
async fn readers_that_wait_at_one_server_hear_of_what_another_settles() {
    let cluster = Cluster::start();
    let one = Server::on(&cluster, FakeNode::new(SystemClock), NEVER).await;
    let two = Server::that_only_reads(&cluster, NEVER).await;
    let worker = worker::spawn(two.link.clone(), two.node.clone());
    let mut database = PgConnection::connect(&cluster.url()).await.unwrap();
    let listener = listening(&mut database, None).await;

    // They are told although none looks by himself, and hold no connection: there are two.
    let waiting = two.waiting_readers(&Value::Null).await;
    let (invoice, place) = one.settle_one().await;
    assert!(soon(waiting).await.iter().all(|told| invoices(told) == [invoice.as_str()]));

    // So is who waits for events, also of a withdrawal, long before his time is over.
    let settled = two.ask_for_events(&Value::Null).await;
    let waiting = two.waiting("event.list", &settled["result"]["nextCursor"]).await;
    let id = one.pay_one().await;
    for answer in soon(waiting).await {
        let item = &answer["result"]["items"][0];
        let (kind, paid) = (&item["type"], &item["withdrawal"]["id"]);
        assert_eq!((kind, paid), (&json!("withdrawal.completed"), &json!(id)));
    }

    // While nobody listens they look.
    let three = Server::that_only_reads(&cluster, Duration::from_millis(20)).await;
    let waiting = three.waiting_readers(&place).await;
    let cut = sqlx::query_scalar::<_, bool>("SELECT pg_terminate_backend($1)").bind(listener);
    assert!(cut.fetch_one(&mut database).await.unwrap());
    let (invoice, place) = one.settle_one().await;
    assert!(soon(waiting).await.iter().all(|told| invoices(told) == [invoice.as_str()]));

    // Then they are told again.
    listening(&mut database, Some(listener)).await;
    let waiting = two.waiting_readers(&place).await;
    let (invoice, _) = one.settle_one().await;
    assert!(soon(waiting).await.iter().all(|told| invoices(told) == [invoice.as_str()]));
    worker.stop().await;
}

/// The real program with an app, and a folder of its own.
fn serve(folder: &Path) -> Process {
    let mut create = fiber_link(folder, &["app", "create", APP, "--secret-file", "secret"]);
    std::fs::write(folder.join("secret"), SECRET).unwrap();
    assert!(create.output().unwrap().status.success());
    Process::start(fiber_link(folder, &["serve", "--node", "simulated", "--listen", "127.0.0.1:0"]))
}

/// Asks for settled tips and does not wait for the answer.
fn ask(server: &Process, wait_seconds: u32) -> TcpStream {
    let mut stream = TcpStream::connect(server.address()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let (headers, body) = question(&json!({ "waitSeconds": wait_seconds }));
    let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let length = body.len();
    let head = format!("POST /rpc HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {length}\r\n");
    stream.write_all(format!("{head}{headers}\r\n{body}").as_bytes()).unwrap();
    stream
}

/// What came back; nothing if the connection was cut.
fn answer(stream: &mut TcpStream) -> Option<Vec<String>> {
    let mut text = String::new();
    stream.read_to_string(&mut text).ok()?;
    Some(invoices(&serde_json::from_str(text.split_once("\r\n\r\n")?.1).ok()?))
}

/// As many readers as can wait, and where their answers arrive.
fn waiting_readers(server: &Process) -> (Vec<TcpStream>, mpsc::Receiver<Option<Vec<String>>>) {
    let (answered, answers) = mpsc::channel();
    let readers = (0..MANY).map(|_| {
        let stream = ask(server, 25);
        let (mut reader, answered) = (stream.try_clone().unwrap(), answered.clone());
        std::thread::spawn(move || answered.send(answer(&mut reader)));
        stream
    });
    let readers = readers.collect();
    assert_eq!(answers.recv().unwrap(), Some(vec![]), "the one without a place is answered at once");
    (readers, answers)
}

#[test]
fn a_server_that_stops_answers_those_who_wait() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = serve(folder.path());
    let (_readers, answers) = waiting_readers(&server);
    assert!(server.end("-TERM"));
    let told: Vec<_> = answers.iter().take(MOST_WAITING_PER_APP).collect();
    assert_eq!(told, vec![Some(vec![]); MOST_WAITING_PER_APP]);
}

#[test]
fn a_reader_that_hangs_up_frees_his_place() {
    let folder = tempfile::tempdir().unwrap();
    let server = serve(folder.path());
    let (readers, answers) = waiting_readers(&server);
    for reader in readers {
        // The one that was answered is closed already.
        reader.shutdown(Shutdown::Both).ok();
    }
    assert!(answers.iter().take(MOST_WAITING_PER_APP).all(|told| told.is_none()));
    // Who has a place waits for as long as he asked.
    let wait = 2;
    let mut tries = 0..100;
    loop {
        assert!(tries.next().is_some(), "no place is free");
        let began = SystemClock.now();
        assert_eq!(answer(&mut ask(&server, wait)), Some(vec![]));
        if SystemClock.now().since(began) >= Duration::from_secs(wait.into()) {
            return;
        }
    }
}
