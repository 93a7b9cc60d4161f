//! The plugin that the earlier service had goes on working with the real program: its five methods with
//! the bodies that it sends, one after the other. What it reads of each answer is in `rpc/earlier_plugin.rs`.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::disallowed_methods,
    missing_debug_implementations,
    unreachable_pub,
    dead_code,
    reason = "a test may fail"
)]

mod process;

use fiber_link_core::{Clock, SystemClock};
use process::http::signed;
use process::{Process, fiber_link};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// A forum with the earlier plugin.
struct Forum {
    server: Process,
    secret: String,
    sent: u64,
}

impl Forum {
    /// The result of a request whose params are written as it writes them.
    fn call(&mut self, method: &str, params: &str) -> Value {
        self.sent += 1;
        let id = format!("00000000-0000-4000-8000-{:012x}", self.sent);
        let body = format!(r#"{{"jsonrpc":"2.0","id":"{id}","method":"{method}","params":{params}}}"#);
        let seconds = (SystemClock.now().as_millis() / 1000).to_string();
        let nonce = format!("{:016x}", self.sent);
        let headers = signed("forum", &self.secret, &seconds, &nonce, &body);
        let headers = format!("content-type: application/json\r\n{headers}");
        let answer = self.server.post_rpc(&headers, body.as_bytes());
        assert_eq!((answer.status, &answer.body["id"]), (200, &json!(id)), "{}", answer.text);
        assert!(answer.body.get("error").is_none(), "{method}: {}", answer.text);
        answer.body["result"].clone()
    }

    /// Asks until it is so; a minute at most.
    fn until(&mut self, method: &str, params: &str, so: impl Fn(&Value) -> bool) -> Value {
        let end = Instant::now() + Duration::from_secs(60);
        loop {
            let result = self.call(method, params);
            if so(&result) {
                return result;
            }
            assert!(Instant::now() < end, "still {result}");
            std::thread::sleep(Duration::from_millis(250));
        }
    }

    fn simulate(&self, what: &str, body: &Value) -> Value {
        let headers = "content-type: application/json\r\n";
        let path = format!("/simulator/{what}");
        let answer = self.server.exchange("POST", &path, headers, body.to_string().as_bytes());
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.body
    }
}

#[test]
fn it_tips_hears_of_the_payment_and_withdraws() {
    let folder = tempfile::tempdir().unwrap();
    let with_store = |arguments: &[&str]| {
        let mut command = fiber_link(folder.path(), arguments);
        command.env("FIBER_LINK_STORE", "sqlite:hub.sqlite");
        command
    };
    let created = with_store(&["app", "create", "forum", "--no-review"]).output().unwrap();
    let secret = String::from_utf8(created.stdout).unwrap().trim_end().to_owned();
    let server = Process::start(with_store(&["serve", "--node", "simulated", "--listen", "127.0.0.1:0"]));
    let mut forum = Forum { server, secret, sent: 0 };

    let tip = r#"{"amount":"20","asset":"CKB","postId":"42","fromUserId":"7","toUserId":"9"}"#;
    let invoice = forum.call("tip.create", tip)["invoice"].as_str().unwrap().to_owned();
    let status = format!(r#"{{"invoice":"{invoice}"}}"#);
    assert_eq!(forum.call("tip.status", &status)["state"], "UNPAID");
    forum.simulate("pay", &json!({ "invoice": invoice }));
    forum.until("tip.status", &status, |tip| tip["state"] == "SETTLED");
    let feed = forum.call("tip.settled_feed", r#"{"limit":50}"#);
    assert_eq!((&feed["items"][0]["invoice"], &feed["items"][0]["toUserId"]), (&json!(invoice), &json!("9")));

    let foreign = forum.simulate("invoice", &json!({ "asset": "CKB", "amount": "15" }));
    let wanted = foreign["invoice"].as_str().unwrap();
    let request = format!(r#"{{"userId":"9","amount":"15","asset":"CKB","toAddress":"{wanted}"}}"#);
    assert_eq!(forum.call("withdrawal.request", &request)["state"], "PENDING");
    let filters = r#""filters":{"withdrawalState":"ALL","settlementState":"ALL"}"#;
    let dashboard = format!(r#"{{"userId":"9","limit":20,"includeAdmin":true,{filters}}}"#);
    let paid = |summary: &Value| summary["admin"]["withdrawals"][0]["state"] == "COMPLETED";
    let summary = forum.until("dashboard.summary", &dashboard, paid);
    assert_eq!(summary["tips"][0]["counterpartyUserId"], "7");
    let payments = forum.server.exchange("GET", "/simulator/payments", "", b"").body;
    assert_eq!(payments["payments"][0]["timesPaid"], 1);
}
