//! A server and its node, both as processes, and what is asked of them.

use crate::client::{JSON, exchange};
use crate::process::{KEY, Process, fiber_link};
use fiber_link_core::{
    Asset, Clock, IdSource, Keyring, Preimage, Purpose, RandomIds, Secret, Store, SystemClock, TipQuery,
    signing,
};
use fiber_link_store_sqlite::SqliteStore;
use serde_json::{Value, json};
use std::cell::{Cell, RefCell};
use std::fs::File;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Output;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;
use tempfile::TempDir;

pub const INVOICES_TOKEN: &str = "canary-of-the-invoices-token";
pub const PAYMENTS_TOKEN: &str = "canary-of-the-payments-token";
pub const INVOICES_RIGHTS: &str = "invoices,node.read,channels.read,cch.read";
pub const PAYMENTS_RIGHTS: &str = "payments,invoices.read,node.read,channels.read";
const APP: &str = "forum";
const APP_SECRET: &str = "canary-of-the-secret-of-the-app";
const USER: &str = "creator";

/// An answer of `POST /rpc`: the result, or the error.
pub type Answer = Result<Value, Value>;

/// A server that is told to settle and pay through a stub node.
pub struct Hub {
    folder: TempDir,
    options: Vec<&'static str>,
    /// The node's data is in a folder of this name.
    node_name: &'static str,
    node_address: SocketAddr,
    node: Option<Process>,
    server: Option<Process>,
    /// Invoices of tips that were paid, and how much in all.
    paid: RefCell<Vec<String>>,
    came_in: Cell<u128>,
    /// What nodes that are gone paid.
    paid_before: Vec<Payment>,
}

/// What the node really paid under one hash.
#[derive(Debug)]
pub struct Payment {
    pub amount: u128,
    pub fee: u128,
    pub times: u64,
}

/// A tip that was created.
pub struct Tip {
    pub id: String,
    pub invoice: String,
    pub amount: u128,
}

/// What the creator has, in shannon.
#[derive(Debug, PartialEq, Eq)]
pub struct Balance {
    pub available: u128,
    pub reserved: u128,
}

impl Hub {
    /// A node and a server that may pay through it, both running.
    pub fn start() -> Self {
        Self::start_with(&["--node-payment-token-file", "payments.token"])
    }

    pub fn start_with(options: &[&'static str]) -> Self {
        let mut hub = Self::without_server(options);
        hub.start_server();
        hub
    }

    /// A node that runs, and a server that was never started.
    pub fn without_server(options: &[&'static str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("invoices.token"), INVOICES_TOKEN).unwrap();
        std::fs::write(folder.path().join("payments.token"), format!("{PAYMENTS_TOKEN}\n")).unwrap();
        let mut hub = Self {
            folder,
            options: options.to_vec(),
            node_name: "node",
            node_address: SocketAddr::new(own_loopback_address().into(), 0),
            node: None,
            server: None,
            paid: RefCell::default(),
            came_in: Cell::new(0),
            paid_before: Vec::new(),
        };
        hub.start_node();
        hub
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Starts the node, where it was before.
    pub fn start_node(&mut self) {
        let listen = self.node_address.to_string();
        let (invoices, payments) = tokens();
        let arguments = ["node-stub", "--data", self.node_name, "--listen", &listen];
        let mut command = fiber_link(self.path(), &arguments);
        command.args(["--token", &invoices, "--token", &payments]).stderr(self.append_to("node.log"));
        let node = Process::start(command);
        self.node_address = node.address();
        self.node = Some(node);
    }

    /// Ends the node with `kill -9`.
    pub fn kill_node(&mut self) {
        assert!(!self.node.take().unwrap().end("-KILL"));
    }

    /// Another node takes the place of this one.
    pub fn exchange_node(&mut self) {
        let paid = self.payments();
        self.paid_before.extend(paid);
        self.kill_node();
        self.node_name = "another-node";
        self.start_node();
    }

    fn serve(&self) -> std::process::Command {
        let node = format!("http://{}", self.node_address);
        let mut command = fiber_link(self.path(), &["serve", "--listen", "127.0.0.1:0", "--node", &node]);
        command
            .args(["--node-timeout", "1s", "--claim", "3s", "--node-token-file", "invoices.token"])
            .args(["--withdrawal-retries", "1", "--withdrawal-retry-wait", "20ms"])
            .args(["--rate-limit", "off", "--log", "trace"])
            .args(&self.options)
            .env("FIBER_LINK_HMAC_SECRET_MAP", json!({ APP: APP_SECRET }).to_string())
            .stderr(self.append_to("log"));
        command
    }

    /// From the next start on it may pay.
    pub fn give_payments_token(&mut self) {
        self.options.extend(["--node-payment-token-file", "payments.token"]);
    }

    pub fn start_server(&mut self) {
        self.server = Some(Process::start(self.serve()));
    }

    /// Starts a server that cannot start; what it says.
    pub fn start_server_in_vain(&self) -> String {
        let mut command = self.serve();
        let output = command.stderr(std::process::Stdio::piped()).output().unwrap();
        assert_eq!(output.status.code(), Some(2));
        String::from_utf8(output.stderr).unwrap()
    }

    pub fn stop_server(&mut self) {
        assert!(self.server.take().unwrap().end("-TERM"), "the server ended badly");
    }

    pub fn kill_server(&mut self) {
        assert!(!self.server.take().unwrap().end("-KILL"));
    }

    fn append_to(&self, name: &str) -> File {
        File::options().create(true).append(true).open(self.path().join(name)).unwrap()
    }

    fn log_path(&self) -> PathBuf {
        self.path().join("log")
    }

    pub fn log(&self) -> String {
        std::fs::read_to_string(self.log_path()).unwrap()
    }

    /// `fiber-link` with the tokens that the server has.
    pub fn run(&self, arguments: &[&str]) -> Output {
        let node = format!("http://{}", self.node_address);
        let mut command = fiber_link(self.path(), arguments);
        command.args(["--node", &node, "--node-token-file", "invoices.token"]).args(&self.options);
        command.output().unwrap()
    }

    /// `fiber-link node accept`.
    pub fn accept_node(&self) {
        let Output { status, stdout, stderr } = self.run(&["node", "accept", "--reason", "a test"]);
        let text = |bytes| String::from_utf8(bytes).unwrap();
        assert!(status.success(), "{}{}", text(stdout), text(stderr));
    }
}

/// What the node is told.
impl Hub {
    pub fn node_address(&self) -> SocketAddr {
        self.node_address
    }

    /// Waits for the end of a restart that was ordered.
    pub fn until_the_node_listens(&self) {
        wait_until("the node listens", || TcpStream::connect(self.node_address).is_ok());
    }

    /// An order to the stub or to the rest of the world.
    pub fn order(&self, path: &str, order: Value) -> Value {
        crate::client::order(self.node_address, path, order)
    }

    fn look(&self, path: &str) -> Value {
        exchange(self.node_address, "GET", path, &[], b"").unwrap().json()
    }

    /// The next `times` requests that call `method` go wrong.
    pub fn plan(&self, fault: &str, method: &str, times: u32) {
        self.order("/stub/faults", json!({ "fault": fault, "method": method, "times": times }));
    }

    /// The next request that calls `method` waits.
    pub fn plan_delay(&self, fault: &str, method: &str, delay: Duration) {
        let millis = delay.as_millis() as u64;
        self.order("/stub/faults", json!({ "fault": fault, "method": method, "times": 1, "millis": millis }));
    }

    /// Whether what was planned happened.
    pub fn happened(&self) -> bool {
        self.look("/stub/faults")["faults"] == json!([])
    }

    pub fn until_it_happened(&self) {
        wait_until("the fault", || self.happened());
    }

    pub fn calls(&self) -> Value {
        self.look("/stub/calls")
    }

    /// How often `method` was called, with any token.
    pub fn called(&self, method: &str) -> u64 {
        let calls = self.calls();
        let of_method = calls["calls"].as_array().unwrap().iter().filter(|call| call["method"] == method);
        of_method.map(|call| call["count"].as_u64().unwrap()).sum()
    }

    /// An invoice of somebody else.
    pub fn foreign_invoice(&self, ckb: &str) -> String {
        let made = self.order("/simulator/invoice", json!({ "asset": "CKB", "amount": ckb }));
        made["invoice"].as_str().unwrap().to_owned()
    }

    /// How payments of it end.
    pub fn set_outcome(&self, invoice: &str, outcome: &str) {
        self.order("/simulator/outcome", json!({ "invoice": invoice, "outcome": outcome }));
    }

    /// A wallet pays a tip.
    pub fn pay(&self, tip: &Tip) {
        self.order("/simulator/pay", json!({ "invoice": tip.invoice }));
        self.paid.borrow_mut().push(tip.invoice.clone());
        self.came_in.set(self.came_in.get() + tip.amount);
    }

    /// The invoices that the node ever made.
    pub fn invoices_made(&self) -> Vec<String> {
        let facts = std::fs::read_to_string(self.path().join(self.node_name).join("simulated-node.jsonl"));
        let facts = facts.unwrap();
        // What follows the last end of a line is on its way still.
        let (facts, _) = facts.rsplit_once('\n').unwrap_or_default();
        let facts = facts.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        facts.filter_map(|fact| Some(fact["invoice"]["encoded"].as_str()?.to_owned())).collect()
    }

    /// What was really paid, also what the node forgot.
    pub fn payments(&self) -> Vec<Payment> {
        let number = |value: &Value| value.as_str().unwrap().parse().unwrap();
        let payment = |value: &Value| Payment {
            amount: number(&value["amount"]),
            fee: number(&value["fee"]),
            times: value["timesPaid"].as_u64().unwrap(),
        };
        self.look("/simulator/payments")["payments"].as_array().unwrap().iter().map(payment).collect()
    }
}

/// What the server is asked.
impl Hub {
    pub fn call(&self, method: &str, params: Value) -> Answer {
        let answer = self.try_call(method, params).unwrap();
        match answer.get("error") {
            None => Ok(answer["result"].clone()),
            Some(error) => Err(error.clone()),
        }
    }

    fn try_call(&self, method: &str, params: Value) -> io::Result<Value> {
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params }).to_string();
        let timestamp = (SystemClock.now().as_millis() / 1000).to_string();
        let nonce = fresh_key();
        let secret = Secret::new(APP_SECRET.as_bytes());
        let signature = signing::sign(&secret, &timestamp, &nonce, body.as_bytes());
        let headers =
            [JSON, ("x-app-id", APP), ("x-ts", &timestamp), ("x-nonce", &nonce), ("x-signature", &signature)];
        let address = self.server.as_ref().unwrap().address();
        Ok(exchange(address, "POST", "/rpc", &headers, body.as_bytes())?.json())
    }

    /// Asks for a tip under an idempotency key.
    pub fn ask_for_tip(&self, ckb: &str, key: &str) -> Result<Tip, Value> {
        let params = json!({ "postId": "1", "fromUserId": "reader", "toUserId": USER, "asset": "CKB",
            "amount": ckb, "idempotencyKey": key });
        let created = self.call("tip.create", params)?;
        let text = |field: &str| created[field].as_str().unwrap().to_owned();
        Ok(Tip { id: text("tipId"), invoice: text("invoice"), amount: shannon(ckb) })
    }

    pub fn tip(&self, ckb: &str) -> Tip {
        let key = fresh_key();
        until_the_node_is_in_time(|| self.ask_for_tip(ckb, &key))
    }

    pub fn tip_state(&self, tip: &Tip) -> String {
        self.state_of(&tip.invoice)
    }

    fn state_of(&self, invoice: &str) -> String {
        match self.call("tip.status", json!({ "invoice": invoice })) {
            Ok(status) => status["state"].as_str().unwrap().to_owned(),
            Err(error) => {
                assert_eq!(error["code"], -32004, "{error}");
                "NOT_FOUND".to_owned()
            }
        }
    }

    pub fn until_settled(&self, tip: &Tip) {
        wait_until("the tip settled", || self.tip_state(tip) == "SETTLED");
    }

    /// A tip that is paid and settled, so that there is something to withdraw.
    pub fn fund(&self, ckb: &str) {
        let tip = self.tip(ckb);
        self.pay(&tip);
        self.until_settled(&tip);
    }

    /// Asks for a withdrawal under an idempotency key.
    pub fn ask_for_withdrawal(&self, ckb: &str, invoice: &str, key: &str) -> Answer {
        let destination = json!({ "kind": "PAYMENT_REQUEST", "paymentRequest": invoice });
        let params = json!({ "userId": USER, "asset": "CKB", "amount": ckb, "destination": destination,
            "idempotencyKey": key });
        self.call("withdrawal.request", params)
    }

    /// A withdrawal to `invoice`; its id.
    pub fn withdraw(&self, ckb: &str, invoice: &str) -> String {
        let key = fresh_key();
        let requested = until_the_node_is_in_time(|| self.ask_for_withdrawal(ckb, invoice, &key));
        requested["id"].as_str().unwrap().to_owned()
    }

    pub fn withdrawal_state(&self, id: &str) -> String {
        let params = json!({ "userId": USER, "includeAdmin": true });
        let summary = self.call("dashboard.summary", params).unwrap();
        let withdrawals = summary["admin"]["withdrawals"].as_array().unwrap();
        let found = withdrawals.iter().find(|withdrawal| withdrawal["id"] == id).unwrap();
        found["state"].as_str().unwrap().to_owned()
    }

    pub fn until_withdrawal_is(&self, id: &str, state: &str) {
        wait_until(state, || self.withdrawal_state(id) == state);
    }

    pub fn balance(&self) -> Balance {
        let summary = self.call("dashboard.summary", json!({ "userId": USER })).unwrap();
        let of = |field: &str| shannon(summary["balances"][field].as_str().unwrap());
        Balance { available: of("available"), reserved: of("locked") }
    }

    /// The checks of `/healthz/ready` for node and payouts. The server asks the node for it.
    pub fn ready(&self) -> (String, String) {
        let address = self.server.as_ref().unwrap().address();
        let ready = exchange(address, "GET", "/healthz/ready", &[], b"").unwrap().json();
        let of = |check: &str| ready["checks"][check]["status"].as_str().unwrap().to_owned();
        (of("node"), of("payouts"))
    }

    pub fn until_ready_says(&self, node: &str, payouts: &str) {
        wait_until("readiness", || self.ready() == (node.to_owned(), payouts.to_owned()));
    }

    pub fn until_logged(&self, text: &str) {
        wait_until(text, || self.log().contains(text));
    }
}

/// The end.
impl Hub {
    /// Whatever happened: what was paid is credited once, nothing was paid twice, the sums are right,
    /// the audit finds nothing, and nothing secret is in the log. The node must run.
    pub fn holds_its_invariants(mut self) {
        let paid = self.paid.take();
        for invoice in &paid {
            assert_eq!(self.state_of(invoice), "SETTLED", "a tip that was paid");
        }
        let feed = self.call("tip.settled_feed", json!({ "limit": 100 })).unwrap();
        let mut credited: Vec<_> =
            feed["items"].as_array().unwrap().iter().map(|tip| &tip["invoice"]).collect();
        credited.sort_by_key(|invoice| invoice.to_string());
        credited.dedup();
        assert_eq!(credited.len(), paid.len(), "tips that are credited are those that were paid");

        let payments: Vec<_> =
            self.payments().into_iter().chain(std::mem::take(&mut self.paid_before)).collect();
        assert!(payments.iter().all(|payment| payment.times <= 1), "paid twice: {payments:?}");
        let went_out: u128 =
            payments.iter().filter(|payment| payment.times > 0).map(|paid| paid.amount + paid.fee).sum();
        let Balance { available, reserved } = self.balance();
        assert_eq!(self.came_in.get(), available + reserved + went_out, "came in = is there + went out");

        self.stop_server();
        let audit = self.run(&["audit"]);
        let printed = String::from_utf8(audit.stdout).unwrap();
        assert!(audit.status.success() && printed.starts_with("0 findings in "), "{printed}");
        self.keeps_its_secrets();
    }

    fn keeps_its_secrets(&self) {
        let store = SqliteStore::open(self.path().join("hub.sqlite"), SystemClock.now()).unwrap();
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let (seed, tips) = runtime.block_on(async {
            let hub = store.find_hub().await.unwrap().unwrap();
            let keyring = Keyring::parse(KEY).unwrap();
            let seed = keyring.open(&hub.seed, Purpose::Seed).unwrap();
            (seed, store.tips(TipQuery::All { after: None, limit: 200 }).await.unwrap())
        });
        let log = self.log();
        assert!(log.contains("new_invoice") || log.len() > 1_000, "nothing was logged");
        let mut secrets: Vec<String> = [INVOICES_TOKEN, PAYMENTS_TOKEN, APP_SECRET].map(str::to_owned).into();
        secrets.extend([hex::encode(seed.expose()), "5".repeat(64)]);
        assert!(!tips.is_empty());
        for tip in tips {
            let preimage = Preimage::derive(&seed, tip.id());
            assert_eq!(preimage.payment_hash(), tip.payment_hash());
            let bytes = preimage.expose();
            secrets.extend([hex::encode(bytes), format!("{bytes:?}")]);
        }
        for secret in secrets {
            let at = log.lines().find(|line| line.contains(&secret));
            assert_eq!(at, None, "a secret is in the log");
        }
    }
}

impl Drop for Hub {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let lines = self
                .log()
                .lines()
                .filter(|line| !line.contains("TRACE"))
                .map(str::to_owned)
                .collect::<Vec<_>>();
            eprintln!(
                "the server logged, among others:\n{}",
                lines[lines.len().saturating_sub(60)..].join("\n")
            );
        }
    }
}

fn fresh_key() -> String {
    RandomIds.next_id(SystemClock.now()).to_string()
}

fn tokens() -> (String, String) {
    (format!("{INVOICES_RIGHTS}:{INVOICES_TOKEN}"), format!("{PAYMENTS_RIGHTS}:{PAYMENTS_TOKEN}"))
}

/// An address that no other test has, so that nobody takes a node's port while it is down.
fn own_loopback_address() -> Ipv4Addr {
    static LAST: AtomicU8 = AtomicU8::new(0);
    if cfg!(target_os = "linux") {
        let [high, low] = (std::process::id() as u16).to_be_bytes();
        Ipv4Addr::new(127, high, low, LAST.fetch_add(1, Ordering::Relaxed) % 200 + 2)
    } else {
        Ipv4Addr::LOCALHOST
    }
}

pub fn shannon(ckb: &str) -> u128 {
    if ckb == "0" { 0 } else { Asset::ckb().parse(ckb).unwrap().units() }
}

/// What is answered once the node is: on a busy machine it may be late. What asks has a key.
fn until_the_node_is_in_time<T>(ask: impl Fn() -> Result<T, Value>) -> T {
    for _ in 0..10 {
        match ask() {
            Ok(answer) => return answer,
            Err(error) => assert_eq!(error["data"]["reason"], "NODE_UNAVAILABLE", "{error}"),
        }
    }
    panic!("the node was late ten times");
}

/// Asks again until `done`, for at most half a minute.
pub fn wait_until(what: &str, done: impl Fn() -> bool) {
    let deadline = SystemClock.now().plus(Duration::from_secs(30));
    while !done() {
        assert!(SystemClock.now() < deadline, "not in time: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}
