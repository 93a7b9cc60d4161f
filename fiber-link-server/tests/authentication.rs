//! The real program lets in who signed, once, and refuses everybody else alike: one server on a file,
//! and two on one database.

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

use fiber_link_core::{Clock, SystemClock};
use fiber_link_postgres_cluster::Cluster;
use process::http::signed;
use process::{Process, fiber_link};
use serde_json::{Value, json};
use std::path::Path;

const BODY: &str = r#"{"jsonrpc":"2.0","id":1.50,"method":"health.ping","params":{}}"#;

/// Seconds from now.
fn moment(seconds: i64) -> String {
    let now = i64::try_from(SystemClock.now().as_millis() / 1000).unwrap();
    (now + seconds).to_string()
}

fn unauthorized() -> Value {
    json!({ "jsonrpc": "2.0", "id": 1.5, "error": { "code": -32001, "message": "Unauthorized" } })
}

fn each_failure_is_refused_alike(server: &Process, secret: &str) {
    let right = signed("forum", secret, &moment(0), "n", BODY);
    let refused = [
        ("no headers", String::new()),
        ("an unknown app", right.replace("x-app-id: forum", "x-app-id: nobody")),
        ("a wrong signature", signed("forum", "another secret", &moment(0), "n", BODY)),
        ("a stale time", signed("forum", secret, &moment(-310), "n", BODY)),
        ("a time to come", signed("forum", secret, &moment(310), "n", BODY)),
        ("another body", signed("forum", secret, &moment(0), "n", "{}")),
        ("no nonce", right.replace("x-nonce: n\r\n", "")),
    ];
    for (what, headers) in refused {
        let answer = server.post_rpc(&headers, BODY.as_bytes());
        assert_eq!((answer.status, &answer.body), (200, &unauthorized()), "{what}");
    }
}

/// A request is let in by the first server and by no other one after it; the next one by the last.
fn each_request_is_let_in_once(servers: &[Process], secret: &str) {
    let ok = json!({ "jsonrpc": "2.0", "id": 1.5, "result": { "status": "ok" } });
    for (server, nonce, remaining) in
        [(&servers[0], "first", 299), (&servers[servers.len() - 1], "next", 298)]
    {
        let headers = signed("forum", secret, &moment(0), nonce, BODY);
        let answer = server.post_rpc(&headers, BODY.as_bytes());
        assert_eq!(answer.body, ok, "{nonce}");
        let counted = format!("x-ratelimit-remaining: {remaining}");
        assert!(answer.head.contains(&counted), "{}", answer.head);
        for server in servers {
            assert_eq!(
                server.post_rpc(&headers, BODY.as_bytes()).body,
                unauthorized(),
                "a replay of {nonce}"
            );
        }
    }
}

fn check(servers: &[Process], secret: &str) {
    for server in servers {
        each_failure_is_refused_alike(server, secret);
    }
    each_request_is_let_in_once(servers, secret);
}

/// The program on a store.
fn command(folder: &Path, store: &str, arguments: &[&str]) -> std::process::Command {
    let mut command = fiber_link(folder, arguments);
    command.env("FIBER_LINK_STORE", store);
    command
}

fn create_app(folder: &Path, store: &str) -> String {
    let created = command(folder, store, &["app", "create", "forum"]).output().unwrap();
    assert!(created.status.success(), "{}", String::from_utf8_lossy(&created.stderr));
    String::from_utf8(created.stdout).unwrap().trim_end().to_owned()
}

#[test]
fn each_authentication_failure_is_unauthorized_over_http() {
    let folder = tempfile::tempdir().unwrap();
    let store = "sqlite:hub.sqlite";
    let secret = create_app(folder.path(), store);
    let serve = ["serve", "--node", "simulated", "--listen", "127.0.0.1:0", "--rate-limit", "300/1d"];
    check(&[Process::start(command(folder.path(), store, &serve))], &secret);
}

#[test]
fn each_authentication_failure_is_unauthorized_over_http_at_each_of_two_servers() {
    let (folder, cluster) = (tempfile::tempdir().unwrap(), Cluster::start());
    let store = cluster.url();
    assert!(command(folder.path(), &store, &["migrate"]).status().unwrap().success());
    let secret = create_app(folder.path(), &store);
    let stub = ["node-stub", "--listen", "127.0.0.1:0", "--data", "node"];
    let node = Process::start(command(folder.path(), &store, &stub));
    let url = format!("http://{}", node.address());
    let serve = ["serve", "--node", &url, "--listen", "127.0.0.1:0", "--rate-limit", "300/1d"];
    let servers = [(); 2].map(|()| Process::start(command(folder.path(), &store, &serve)));
    check(&servers, &secret);
}
