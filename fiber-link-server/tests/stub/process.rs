//! The command: started, killed, started again.

use crate::client::{call, exchange};
use crate::program::{Process, fiber_link};
use serde_json::{Value, json};
use std::path::Path;
use std::process::{Command, Output};

fn node_stub(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = fiber_link(folder, &["node-stub", "--data", "stub"]);
    command.args(arguments);
    command
}

fn start(folder: &Path, arguments: &[&str]) -> Process {
    let mut command = node_stub(folder, &["--listen", "127.0.0.1:0"]);
    command.args(arguments);
    Process::start(command)
}

#[test]
fn an_invoice_that_was_answered_survives_kill_9() {
    let folder = tempfile::tempdir().unwrap();
    let mut stub = start(folder.path(), &[]);
    let new = json!({ "amount": "0x5f5e100", "currency": "Fibd", "expiry": "0xe10" });
    let made = call(stub.address(), "new_invoice", new).unwrap();
    let key = call(stub.address(), "node_info", json!({})).unwrap()["pubkey"].clone();
    assert!(!stub.end("-KILL"));

    let mut stub = start(folder.path(), &[]);
    let hash = &made["invoice"]["data"]["payment_hash"];
    let found = call(stub.address(), "get_invoice", json!({ "payment_hash": hash })).unwrap();
    assert_eq!((&found["invoice_address"], &found["status"]), (&made["invoice_address"], &json!("Open")));
    assert_eq!(found["invoice"], made["invoice"]);
    assert_eq!(call(stub.address(), "node_info", json!({})).unwrap()["pubkey"], key);
    assert!(stub.end("-TERM"), "SIGTERM ends it well");
    assert!(start(folder.path(), &[]).end("-INT"), "SIGINT too");
}

#[test]
fn tokens_assets_and_the_missing_module_come_from_flags_and_settings() {
    let folder = tempfile::tempdir().unwrap();
    let settings = format!(
        "[[asset]]\nid = \"CKB\"\ndecimals = 8\nkind = \"ckb\"\n[[asset]]\nid = \"USDI\"\ndecimals = 6\nkind = \"udt\"\n\
         code_hash = \"0x{}\"\nhash_type = \"type\"\nargs = \"0x0102\"\n",
        "07".repeat(32)
    );
    std::fs::write(folder.path().join("fiber-link.toml"), settings).unwrap();
    let arguments = ["--network", "testnet", "--no-subscriptions", "--token", "node.read:tell me"];
    let stub = start(folder.path(), &arguments);
    let ask = |method: &str, token: &str| -> Value {
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": [{}] }).to_string();
        let headers = [crate::client::JSON, ("authorization", token)];
        exchange(stub.address(), "POST", "/", &headers, body.as_bytes()).unwrap().json()
    };
    let info = ask("node_info", "Bearer tell me");
    let token = &info["result"]["udt_cfg_infos"][0];
    assert_eq!((&token["name"], &token["script"]["args"]), (&json!("USDI"), &json!("0x0102")));
    assert!(info["result"]["chain_hash"].as_str().unwrap().starts_with("0x10639e08"), "that of testnet");
    assert_eq!(ask("list_payments", "Bearer tell me")["error"]["code"], -32999);
    assert_eq!(ask("node_info", "tell me")["error"]["code"], -32999);
}

#[test]
fn mainnet_other_machines_and_senseless_tokens_are_refused_with_a_reason() {
    let folder = tempfile::tempdir().unwrap();
    for (arguments, expected) in [
        (&["--listen", "127.0.0.1:0", "--network", "mainnet"][..], "has no money to receive or to pay"),
        (&["--listen", "0.0.0.0:0"], "whoever reaches the stub node gives it orders"),
        (&["--listen", "127.0.0.1:0", "--token", "gold:x"], "a token is RIGHTS:TEXT"),
    ] {
        let Output { status, stderr, .. } = node_stub(folder.path(), arguments).output().unwrap();
        let stderr = String::from_utf8(stderr).unwrap();
        assert_eq!(status.code(), Some(2), "{arguments:?}");
        assert!(stderr.contains(expected), "{arguments:?}: {stderr}");
    }
    let _running = start(folder.path(), &[]);
    let second = node_stub(folder.path(), &["--listen", "127.0.0.1:0"]).output().unwrap();
    assert!(String::from_utf8(second.stderr).unwrap().contains("another server is running"));
}
