//! What a running server tells Prometheus, and what it does not.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    clippy::arithmetic_side_effects,
    clippy::float_cmp,
    missing_debug_implementations,
    unreachable_pub,
    reason = "a test may fail"
)]

mod process;

use fiber_link_core::{Clock, SystemClock};
use process::http::signed;
use process::{Process, fiber_link};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tempfile::TempDir;

const OLDER: &str = "canary-of-the-store-older";
const NEWEST: &str = "canary-of-the-store-newest";
const OF_THE_MAP: &str = "canary-of-the-environment";

/// What a scrape says: samples by name and labels, in the order in which labels stand there.
struct Scrape {
    samples: BTreeMap<String, f64>,
    families: BTreeMap<String, String>,
    text: String,
}

fn is_name(text: &str) -> bool {
    !text.is_empty()
        && !text.starts_with(|c: char| c.is_ascii_digit())
        && text.chars().all(|c| c == '_' || c.is_ascii_alphanumeric())
}

impl Scrape {
    /// Reads the text format of Prometheus, and takes nothing that is not in it.
    fn read(text: &str) -> Self {
        assert!(text.ends_with('\n'));
        let (mut samples, mut families) = (BTreeMap::new(), BTreeMap::<String, String>::new());
        let (mut helped, mut family) = (None::<&str>, None::<(&str, &str)>);
        for line in text.lines() {
            if let Some(rest) = line.strip_prefix("# HELP ") {
                let (name, help) = rest.split_once(' ').unwrap_or_else(|| panic!("{line:?} says nothing"));
                assert!(is_name(name) && name.starts_with("fiber_link_"), "{line}");
                assert!(help.len() > 10 && help.ends_with('.') && !help.ends_with(".."), "{line}");
                helped = Some(name);
            } else if let Some(rest) = line.strip_prefix("# TYPE ") {
                let (name, kind) = rest.split_once(' ').unwrap();
                assert_eq!(helped.take(), Some(name), "{line} without its help");
                assert!(["counter", "gauge", "histogram"].contains(&kind), "{line}");
                assert_eq!(kind == "counter", name.ends_with("_total"), "{line}");
                assert!(families.insert(name.to_owned(), kind.to_owned()).is_none(), "{name} comes twice");
                family = Some((name, kind));
            } else {
                let (key, value) = line.rsplit_once(' ').unwrap_or_else(|| panic!("{line:?}"));
                let (name, labels) = key.split_once('{').unwrap_or((key, "}"));
                let (of, kind) = family.unwrap();
                let of_family = match kind {
                    "histogram" => ["_bucket", "_sum", "_count"]
                        .map(|end| format!("{of}{end}"))
                        .contains(&name.to_owned()),
                    _ => name == of,
                };
                assert!(is_name(name) && of_family, "{line} stands in {of}");
                let labels = labels.strip_suffix('}').unwrap_or_else(|| panic!("{line:?}"));
                let mut seen = BTreeSet::new();
                for label in labels.split(',').filter(|label| !label.is_empty()) {
                    let (label, value) = label.split_once("=\"").unwrap_or_else(|| panic!("{line:?}"));
                    let value = value.strip_suffix('"').unwrap_or_else(|| panic!("{line:?}"));
                    assert!(is_name(label) && seen.insert(label) && !value.contains(['"', '\\']), "{line}");
                }
                let value: f64 = value.parse().unwrap_or_else(|_| panic!("{line:?}"));
                assert!(samples.insert(key.to_owned(), value).is_none(), "{key} comes twice");
            }
        }
        let scrape = Self { samples, families, text: text.to_owned() };
        scrape.check_histograms();
        scrape
    }

    /// Buckets rise, and the last one has all.
    fn check_histograms(&self) {
        for (name, _) in self.families.iter().filter(|(_, kind)| *kind == "histogram") {
            let mut buckets = BTreeMap::<String, Vec<(f64, f64)>>::new();
            for (key, count) in
                self.samples.iter().filter(|(key, _)| key.starts_with(&format!("{name}_bucket")))
            {
                let (before, rest) = key.split_once("le=\"").unwrap();
                let (le, after) = rest.split_once('"').unwrap();
                let others =
                    format!("{before}{after}").replace(",}", "}").replace("{,", "{").replace("{}", "");
                let le = if le == "+Inf" { f64::INFINITY } else { le.parse().unwrap() };
                buckets.entry(others).or_default().push((le, *count));
            }
            for (others, mut of_it) in buckets {
                of_it.sort_by(|a, b| a.0.total_cmp(&b.0));
                assert!(of_it.is_sorted_by(|a, b| a.1 <= b.1), "{others}: {of_it:?}");
                let count = self.samples[&others.replace("_bucket", "_count")];
                assert_eq!(of_it.last().unwrap(), &(f64::INFINITY, count), "{others}");
            }
        }
    }

    fn of(&self, key: &str) -> f64 {
        *self.samples.get(&format!("fiber_link_{key}")).unwrap_or_else(|| panic!("no {key} in {}", self.text))
    }

    fn sum(&self, prefix: &str) -> f64 {
        let prefix = format!("fiber_link_{prefix}");
        self.samples.iter().filter(|(key, _)| key.starts_with(&prefix)).map(|(_, value)| value).sum()
    }
}

struct World {
    folder: TempDir,
    server: Process,
    metrics: Option<SocketAddr>,
}

impl World {
    fn start(more: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let run =
            |arguments: &[&str]| assert!(fiber_link(folder.path(), arguments).status().unwrap().success());
        std::fs::write(folder.path().join("older"), OLDER).unwrap();
        std::fs::write(folder.path().join("newest"), NEWEST).unwrap();
        run(&["app", "create", "forum", "--secret-file", "older"]);
        run(&["app", "rotate", "forum", "--secret-file", "newest", "--reason", "a test"]);
        let arguments = ["serve", "--listen", "127.0.0.1:0", "--node", "simulated", "--rate-limit", "off"];
        let mut command = fiber_link(folder.path(), &[&arguments, more].concat());
        let log = File::create(folder.path().join("log")).unwrap();
        command.env("FIBER_LINK_HMAC_SECRET_MAP", json!({ "wiki": OF_THE_MAP }).to_string()).stderr(log);
        let server = Process::start(command);
        // Metrics are told before the server says where it listens.
        let log = std::fs::read_to_string(folder.path().join("log")).unwrap();
        let told = log.split("metrics are told at http://").nth(1);
        let metrics = told.map(|rest| rest.split("/metrics").next().unwrap().parse().unwrap());
        Self { folder, server, metrics }
    }

    fn call(&self, app: &str, secret: &str, method: &str, params: &Value) -> Value {
        static NONCE: AtomicU64 = AtomicU64::new(0);
        let nonce = NONCE.fetch_add(1, Ordering::Relaxed).to_string();
        let now = (SystemClock.now().as_millis() / 1000).to_string();
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params }).to_string();
        self.server.post_rpc(&signed(app, secret, &now, &nonce, &body), body.as_bytes()).body
    }

    fn tip(&self) -> String {
        let params = json!({
            "postId": "canary-post", "fromUserId": "canary-payer", "toUserId": "canary-payee", "asset": "CKB", "amount": "1.5",
        });
        let answer = self.call("forum", NEWEST, "tip.create", &params);
        answer["result"]["invoice"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
    }

    fn state(&self, invoice: &str) -> Value {
        self.call("forum", NEWEST, "tip.status", &json!({ "invoice": invoice }))["result"]["state"].clone()
    }

    /// Status and body.
    fn get(address: SocketAddr, method: &str, path: &str) -> (u16, String, String) {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let head =
            format!("{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
        stream.write_all(head.as_bytes()).unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        (head.split(' ').nth(1).unwrap().parse().unwrap(), head.to_ascii_lowercase(), body.to_owned())
    }

    fn scrape(&self) -> Scrape {
        let (status, head, body) = Self::get(self.metrics.unwrap(), "GET", "/metrics");
        assert_eq!(status, 200);
        assert!(head.contains("content-type: text/plain; version=0.0.4"), "{head}");
        Scrape::read(&body)
    }
}

const ON: [&str; 2] = ["--metrics-listen", "127.0.0.1:0"];

#[test]
fn a_scrape_tells_what_happened_and_no_secret() {
    let mut world = World::start(&ON);
    let nothing = json!({});
    for _ in 0..3 {
        assert_eq!(world.call("forum", NEWEST, "health.ping", &nothing)["result"]["status"], "ok");
    }
    assert_eq!(world.call("forum", OLDER, "health.ping", &nothing)["result"]["status"], "ok");
    assert_eq!(world.call("wiki", OF_THE_MAP, "health.ping", &nothing)["result"]["status"], "ok");
    assert_eq!(world.call("forum", "canary-that-is-wrong", "health.ping", &nothing)["error"]["code"], -32001);
    assert_eq!(world.call("forum", NEWEST, "canary.method", &nothing)["error"]["code"], -32601);
    assert_eq!(world.call("forum", NEWEST, "tip.create", &nothing)["error"]["code"], -32602);
    let (paid, open) = (world.tip(), world.tip());
    let pay = json!({ "invoice": paid }).to_string();
    let json = "content-type: application/json\r\n";
    assert_eq!(world.server.exchange("POST", "/simulator/pay", json, pay.as_bytes()).status, 200);
    let mut looks = 0;
    while world.state(&paid) != "SETTLED" {
        looks += 1;
        assert!(looks < 200, "it is not credited");
        std::thread::sleep(Duration::from_millis(50));
    }

    let scrape = world.scrape();
    assert_eq!(scrape.of(r#"requests_total{method="health.ping",outcome="ok"}"#), 5.0);
    assert_eq!(scrape.of(r#"requests_total{method="-",outcome="unauthorized"}"#), 1.0);
    assert_eq!(scrape.of(r#"requests_total{method="unknown",outcome="method_not_found"}"#), 1.0);
    assert_eq!(scrape.of(r#"requests_total{method="tip.create",outcome="invalid_params"}"#), 1.0);
    assert_eq!(scrape.of(r#"requests_total{method="tip.create",outcome="ok"}"#), 2.0);
    assert_eq!(scrape.of(r#"request_duration_seconds_count{method="tip.create"}"#), 3.0);
    assert_eq!(scrape.of(r#"signatures_total{source="store_older"}"#), 1.0);
    assert_eq!(scrape.of(r#"signatures_total{source="environment"}"#), 1.0);
    let newest = f64::from(3 + 1 + 3 + looks + 1);
    assert_eq!(scrape.of(r#"signatures_total{source="store_newest"}"#), newest);
    assert_eq!(scrape.of(r#"node_calls_total{call="create_invoice",outcome="ok"}"#), 2.0);
    assert!(scrape.of(r#"node_calls_total{call="invoices",outcome="ok"}"#) >= 1.0);
    assert!(scrape.of(r#"commits_total{outcome="ok"}"#) >= 5.0);
    assert!(scrape.of("commit_duration_seconds_count") >= 5.0);
    assert_eq!(scrape.sum("settlement_delay_seconds_count"), 1.0);
    assert!(scrape.sum("settlement_delay_seconds_sum") < 10.0);
    assert_eq!(scrape.of(r#"open_tips{state="unpaid"}"#), 1.0);
    assert!(scrape.of(r#"oldest_open_tip_age_seconds{state="unpaid"}"#) < 60.0);
    assert_eq!(scrape.of(r#"users_available_base_units{asset="CKB"}"#), 150_000_000.0);
    assert_eq!(scrape.of(r#"users_reserved_base_units{asset="CKB"}"#), 0.0);
    assert!(scrape.of("totals_age_seconds") < 15.0);
    assert_eq!(scrape.of("totals_failures_total"), 0.0);
    assert!(scrape.of(r#"pass_age_seconds{pass="payouts"}"#) < 30.0);
    assert_eq!(scrape.of(r#"passes_stopped{pass="payouts",reason="node_forgot"}"#), 0.0);
    assert_eq!(scrape.sum("passes_stopped"), 0.0);
    assert_eq!(scrape.of(&format!(r#"build_info{{version="{}"}}"#, env!("CARGO_PKG_VERSION"))), 1.0);
    let key = std::fs::read_to_string(world.folder.path().join("keys")).unwrap();
    for hidden in [&*paid, &*open, "canary", &hex::encode("canary"), "forum", "wiki", key.trim()] {
        assert!(!scrape.text.contains(hidden), "{hidden} is in {}", scrape.text);
    }
    let again = world.scrape();
    assert!(again.of(r#"node_calls_total{call="invoices",outcome="ok"}"#) >= 1.0);
    assert!(world.server.end("-TERM"), "it ends in order");
}

#[test]
fn metrics_stand_at_an_address_of_their_own_with_nothing_else() {
    let world = World::start(&ON);
    let metrics = world.metrics.unwrap();
    assert_ne!(metrics, world.server.address());
    assert_eq!(World::get(world.server.address(), "GET", "/metrics").0, 404);
    for path in ["/", "/rpc", "/healthz/live", "/healthz/ready", "/metrics/", "/simulator/payments"] {
        assert_eq!(World::get(metrics, "GET", path).0, 404, "{path}");
    }
    assert_eq!(World::get(metrics, "POST", "/rpc").0, 404);
    assert_eq!(World::get(metrics, "POST", "/metrics").0, 405);
    assert_eq!(World::get(world.server.address(), "GET", "/healthz/live").0, 200);
}

#[test]
fn metrics_are_off_by_default() {
    let world = World::start(&[]);
    assert_eq!(world.metrics, None);
    assert_eq!(World::get(world.server.address(), "GET", "/metrics").0, 404);
}

#[test]
fn an_address_that_is_taken_stops_the_start_and_is_named() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let folder = tempfile::tempdir().unwrap();
    let arguments = ["serve", "--listen", "127.0.0.1:0", "--node", "simulated", "--metrics-listen", &address];
    let output = fiber_link(folder.path(), &arguments).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains(&format!("cannot listen on {address}")), "{said}");
}
