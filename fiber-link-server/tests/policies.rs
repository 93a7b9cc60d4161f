//! What an operator allows at the command line, and that a running server keeps to it.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    clippy::arithmetic_side_effects,
    missing_debug_implementations,
    unreachable_pub,
    reason = "a test may fail"
)]

mod process;

use fiber_link_core::{Clock, SystemClock};
use process::http::signed;
use process::{Process, fiber_link};
use serde_json::{Value, json};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Exit code, standard output and standard error of a command on the store.
fn run(folder: &Path, arguments: &[&str]) -> (i32, String, String) {
    let mut command = fiber_link(folder, arguments);
    let output = command.env("FIBER_LINK_STORE", "sqlite:hub.sqlite").env("USER", "ann").output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

fn done(folder: &Path, arguments: &[&str]) -> String {
    let (code, said, error) = run(folder, arguments);
    assert_eq!(code, 0, "{arguments:?}: {error}");
    said
}

fn rule(shown: &str, name: &str) -> String {
    let line = shown.lines().find_map(|line| line.strip_prefix(&format!("{name}\t")));
    line.unwrap_or_else(|| panic!("no {name} in {shown}")).to_owned()
}

#[test]
fn a_policy_is_set_in_whole_units_and_each_version_is_listed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    done(path, &["app", "create", "forum"]);
    let shown = done(path, &["policy", "show", "forum", "CKB"]);
    assert_eq!(rule(&shown, "version"), "none: as the settings say");
    assert_eq!((rule(&shown, "per-request"), rule(&shown, "tip-maximum")), ("5000".into(), "off".into()));
    assert_eq!(rule(&shown, "first-withdrawal"), "on");
    assert_eq!(rule(&shown, "new-destination"), "1d");
    let set = ["policy", "set", "forum", "CKB", "--reason", "a start", "--tip-maximum", "1.5"];
    let shown = done(path, &[&set[..], &["--tip-minimum", "0.5", "--cooldown", "250ms"]].concat());
    assert_eq!((rule(&shown, "version"), rule(&shown, "tip-minimum")), ("1".into(), "0.5".into()));
    assert_eq!((rule(&shown, "tip-maximum"), rule(&shown, "cooldown")), ("1.5".into(), "250ms".into()));
    let again = ["policy", "set", "forum", "CKB", "--reason", "open", "--tip-maximum", "off"];
    let shown =
        done(path, &[&again[..], &["--first-withdrawal", "off", "--new-destination", "off"]].concat());
    assert_eq!((rule(&shown, "tip-maximum"), rule(&shown, "tip-minimum")), ("off".into(), "0.5".into()));
    assert_eq!(rule(&shown, "first-withdrawal"), "off");
    let versions = done(path, &["policy", "versions", "forum", "CKB"]);
    let ends: Vec<_> = versions.lines().map(|line| line.rsplit('\t').next().unwrap()).collect();
    assert_eq!(ends, ["a start", "open"]);
    for (arguments, message) in [
        (["USDI", "--tip-maximum", "2"], "ASSET: got \"USDI\", allowed is CKB"),
        (
            ["CKB", "--tip-maximum", "0.1"],
            "tip-minimum: got 0.5, allowed is at most tip-maximum, which is 0.1",
        ),
        (["CKB", "--per-request", "1,5"], "--per-request: got \"1,5\", allowed is an amount of CKB"),
        (["CKB", "--cooldown", "31d"], "--cooldown: got \"31d\", allowed is"),
        (["CKB", "--fee-millionths", "1000001"], "fee-millionths: got 1000001"),
    ] {
        let set = [&["policy", "set", "forum"], &arguments[..], &["--reason", "wrong"]].concat();
        let (code, _, error) = run(path, &set);
        assert!(code == 2 && error.contains(message), "{code}: {error}");
    }
    let (code, _, error) = run(path, &["policy", "set", "shop", "CKB", "--reason", "none"]);
    assert!(code == 2 && error.contains("there is no app shop"), "{error}");
    assert_eq!(done(path, &["policy", "versions", "forum", "CKB"]), versions);
}

#[test]
fn a_server_keeps_to_a_policy_within_a_second_and_lists_what_awaits_review() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let secret = done(path, &["app", "create", "forum"]).trim().to_owned();
    let serve = ["serve", "--node", "simulated", "--listen", "127.0.0.1:0"];
    let mut command = fiber_link(path, &serve);
    command.env("FIBER_LINK_STORE", "sqlite:hub.sqlite");
    let server = Process::start(command);
    let nonce = AtomicU64::new(0);
    let call = |method: &str, params: Value| {
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params }).to_string();
        let nonce = nonce.fetch_add(1, Ordering::Relaxed).to_string();
        let now = (SystemClock.now().as_millis() / 1000).to_string();
        server.post_rpc(&signed("forum", &secret, &now, &nonce, &body), body.as_bytes()).body
    };
    let tip = |amount: &str| {
        let params = json!({ "postId": "1", "fromUserId": "ann", "toUserId": "ben", "asset": "CKB", "amount": amount });
        call("tip.create", params)
    };
    assert!(tip("3").get("result").is_some());
    done(path, &["policy", "set", "forum", "CKB", "--reason", "small", "--tip-maximum", "2"]);
    std::thread::sleep(Duration::from_secs(1));
    assert_eq!(tip("3")["error"]["message"], "tip amount 3 exceeds the maximum of 2");
    let told = done(path, &["policy", "preview", "forum", "CKB", "--tip-maximum", "1"]);
    assert!(told.starts_with("tips: would have refused 1 of the last 1, and reviewed 0\n"), "{told}");
    assert_eq!(done(path, &["review", "list"]), "");
    let nobody = "01990000-0000-7000-8000-000000000000";
    let (code, _, error) = run(path, &["review", "approve", nobody, "--reason", "why not"]);
    assert!(code == 2 && error.contains(&format!("there is no withdrawal {nobody}")), "{error}");
}
