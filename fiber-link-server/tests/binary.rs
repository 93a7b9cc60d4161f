//! The real program: started, asked, stopped.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::needless_pass_by_value,
    missing_debug_implementations,
    unreachable_pub,
    reason = "a test may fail"
)]

mod process;

use fiber_link_core::{Clock, IdSource, RandomIds, SystemClock};
use process::http::{Answer, signed};
use process::{Process, fiber_link};
use serde_json::{Value, json};
use std::io::Write;
use std::path::Path;
use std::process::{Output, Stdio};
use std::time::Duration;

/// A server that is killed when the test ends.
struct Server(Process);

impl Server {
    fn start(folder: &Path, arguments: &[&str]) -> Self {
        let mut command = fiber_link(folder, &["serve", "--node", "simulated", "--listen", "127.0.0.1:0"]);
        command.args(arguments);
        Self(Process::start(command))
    }

    /// Ends it as an operator does; whether it ended well.
    fn terminate(&mut self, signal: &str) -> bool {
        self.0.end(signal)
    }

    fn call(&self, app: &str, secret: &str, method: &str, params: &Value) -> Value {
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params }).to_string();
        let nonce = RandomIds.next_id(SystemClock.now()).to_string();
        let timestamp = (SystemClock.now().as_millis() / 1000).to_string();
        self.post_rpc(&signed(app, secret, &timestamp, &nonce, &body), body.as_bytes()).body
    }

    fn post_rpc(&self, headers: &str, body: &[u8]) -> Answer {
        self.exchange("POST", "/rpc", headers, body)
    }

    fn simulator(&self, path: &str, body: &Value) -> Answer {
        let headers = "content-type: application/json\r\n";
        self.exchange("POST", &format!("/simulator/{path}"), headers, body.to_string().as_bytes())
    }

    fn get(&self, path: &str) -> Answer {
        self.exchange("GET", path, "", b"")
    }

    fn exchange(&self, method: &str, path: &str, headers: &str, body: &[u8]) -> Answer {
        self.0.exchange(method, path, headers, body)
    }

    /// Asks again until `done`, for at most twenty seconds.
    fn wait_until(&self, what: &str, done: impl Fn(&Self) -> bool) {
        let deadline = SystemClock.now().plus(Duration::from_secs(20));
        while !done(self) {
            assert!(SystemClock.now() < deadline, "not in time: {what}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

fn run(folder: &Path, arguments: &[&str]) -> Output {
    fiber_link(folder, arguments).stdin(Stdio::null()).output().unwrap()
}

fn stdout(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).unwrap()
}

fn stderr(output: &Output) -> &str {
    std::str::from_utf8(&output.stderr).unwrap()
}

/// Registers an app with a secret that is printed.
fn create_app(folder: &Path, app: &str) -> String {
    let output = run(folder, &["app", "create", "--no-review", app]);
    assert!(output.status.success(), "{}", stderr(&output));
    stdout(&output).trim_end().to_owned()
}

#[test]
fn a_tip_is_taken_settled_and_paid_out_and_nothing_is_asked_twice() {
    let folder = tempfile::tempdir().unwrap();
    let secret = create_app(folder.path(), "forum");
    let mut server = Server::start(folder.path(), &[]);
    let call = |server: &Server, method: &str, params: Value| {
        let answer = server.call("forum", &secret, method, &params);
        assert!(answer.get("error").is_none(), "{answer}");
        answer["result"].clone()
    };
    let tip = json!({ "postId": "1", "fromUserId": "2", "toUserId": "3", "asset": "CKB", "amount": "62",
        "idempotencyKey": "a tip" });
    let created = call(&server, "tip.create", tip.clone());
    let invoice = &created["invoice"];
    assert_eq!(server.simulator("pay", &json!({ "invoice": invoice })).status, 200);
    let again = server.simulator("pay", &json!({ "invoice": invoice }));
    assert_eq!((again.status, again.body["error"].is_string()), (409, true));
    server.wait_until("settled", |server| {
        call(server, "tip.status", json!({ "invoice": invoice }))["state"] == "SETTLED"
    });

    let foreign =
        server.simulator("invoice", &json!({ "asset": "CKB", "amount": "61" })).body["invoice"].clone();
    let destination = json!({ "kind": "PAYMENT_REQUEST", "paymentRequest": foreign });
    let withdrawal = json!({ "userId": "3", "asset": "CKB", "amount": "61", "destination": destination,
        "idempotencyKey": "a withdrawal" });
    let requested = call(&server, "withdrawal.request", withdrawal.clone());
    let locked = |server: &Server| {
        call(server, "dashboard.summary", json!({ "userId": "3" }))["balances"]["locked"].clone()
    };
    server.wait_until("paid out", |server| locked(server) == "0");
    let payments = server.get("/simulator/payments").body["payments"].clone();
    assert_eq!((payments.as_array().unwrap().len(), &payments[0]["timesPaid"]), (1, &json!(1)));
    assert_eq!(payments[0]["amount"], "6100000000");

    assert!(server.terminate("-TERM"), "SIGTERM ends it well");
    let mut server = Server::start(folder.path(), &[]);
    assert_eq!(call(&server, "tip.create", tip), created, "the same answer after a restart");
    assert_eq!(call(&server, "withdrawal.request", withdrawal), requested);
    assert_eq!(server.get("/simulator/payments").body["payments"], payments);
    assert!(server.terminate("-INT"), "SIGINT too");
    let audit = run(folder.path(), &["audit"]);
    assert!(audit.status.success(), "{}", stdout(&audit));
    assert!(stdout(&audit).starts_with("0 findings in "), "{}", stdout(&audit));
}

#[test]
fn ten_megabytes_are_413() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &[]);
    let answer = server.post_rpc("", &vec![b'x'; 10_000_000]);
    assert_eq!((answer.status, &answer.body["error"]["code"]), (413, &json!(-32600)));
    assert_eq!(server.get("/healthz/live").body, json!({ "status": "alive" }));
}

#[test]
fn it_is_ready_and_the_simulator_refuses_in_json() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &["--log-format", "json", "--log", "off"]);
    let ready = server.get("/healthz/ready");
    let ok = json!({ "status": "ok" });
    let checks = json!({ "store": ok, "node": ok, "payouts": ok, "worker": ok });
    assert_eq!((ready.status, ready.body), (200, json!({ "status": "ready", "checks": checks })));
    for (path, body, status) in [
        ("pay", json!({ "invoice": "nonsense" }), 400),
        ("pay", json!({}), 422),
        ("pay", json!({ "invoice": "x", "latte": true }), 422),
        ("expire", json!({ "invoice": 1 }), 422),
        ("invoice", json!({ "asset": "DOGE", "amount": "1" }), 400),
        ("invoice", json!({ "asset": "CKB", "amount": "1e3" }), 400),
        ("invoice", json!({ "asset": "CKB", "amount": "0" }), 400),
        ("outcome", json!({ "invoice": "x", "outcome": "win" }), 400),
    ] {
        let answer = server.simulator(path, &body);
        assert_eq!(
            (answer.status, answer.body["error"].is_string()),
            (status, true),
            "{path} {body} {}",
            answer.body
        );
    }
}

#[test]
fn one_server_at_a_time_and_tools_beside_it() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &[]);
    for more in [&["--data", "elsewhere"][..], &[]] {
        let mut arguments = vec!["serve", "--node", "simulated", "--listen", "127.0.0.1:0"];
        arguments.extend(more);
        let second = run(folder.path(), &arguments);
        assert_eq!(second.status.code(), Some(2));
        assert!(stderr(&second).contains("another server is running on hub.sqlite"), "{}", stderr(&second));
    }
    let secret = create_app(folder.path(), "forum");
    let answer = server.call("forum", &secret, "health.ping", &json!({}));
    assert_eq!(answer["result"]["status"], "ok", "an app that was created beside the server");
    let list = run(folder.path(), &["app", "list"]);
    assert!(stdout(&list).starts_with("forum\t") && list.status.success(), "{}", stdout(&list));
    assert!(!stdout(&list).contains(&secret));
    assert!(run(folder.path(), &["audit"]).status.success());
    drop(server);
    let mut server = Server::start(folder.path(), &[]);
    assert!(server.terminate("-TERM"), "the lock ended with the process, although it was killed");
}

/// The fields of each line of `server list`.
fn servers(folder: &Path) -> Vec<Vec<String>> {
    let list = run(folder, &["server", "list"]);
    assert!(list.status.success(), "{}", stderr(&list));
    stdout(&list).lines().map(|line| line.split('\t').map(str::to_owned).collect()).collect()
}

#[test]
fn servers_are_listed_and_one_that_is_declared_dead_ends_and_can_be_started_anew() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = Server::start(folder.path(), &[]);
    let [listed] = servers(folder.path()).try_into().unwrap();
    assert!(listed[1].ends_with(&format!(":{}", server.0.id())), "{listed:?}");
    assert_eq!((listed[4].as_str(), listed[5].as_str()), ("working", "0"));

    let declare = ["server", "declare-dead", &listed[0], "--reason", "it hangs"];
    let refused = run(folder.path(), &declare);
    assert_eq!((refused.status.code(), stdout(&refused)), (Some(2), ""));
    assert!(stderr(&refused).contains("was heard of"), "{}", stderr(&refused));
    let nobody = run(
        folder.path(),
        &["server", "declare-dead", "0199c850-0000-7000-8000-000000000001", "--reason", "it hangs"],
    );
    assert!(stderr(&nobody).contains("there is no server"), "{}", stderr(&nobody));

    let payouts = |server: &Server| server.get("/healthz/ready").body["checks"]["payouts"]["status"].clone();
    assert_eq!(payouts(&server), "ok");
    let forced =
        run(folder.path(), &["server", "declare-dead", &listed[0], "--force", "--reason", "it was killed"]);
    assert!(forced.status.success(), "{}", stderr(&forced));
    assert!(stderr(&forced).contains("warning: server") && stdout(&forced).starts_with("declared dead\t"));
    assert_eq!(server.0.ended(), Some(3), "it heard of that, and whoever watches over it as well");
    assert!(servers(folder.path()).is_empty(), "it ended in order, and left nothing behind");

    let mut server = Server::start(folder.path(), &[]);
    assert_eq!(payouts(&server), "ok", "it works as a new one");
    assert!(server.terminate("-TERM"));
    drop(Server::start(folder.path(), &[]));
    let [killed] = servers(folder.path()).try_into().unwrap();
    let server = Server::start(folder.path(), &[]);
    let [next] = servers(folder.path()).try_into().unwrap();
    assert_ne!(next[0], killed[0], "the lock has shown that the one before is dead");
    drop(server);
}

#[test]
fn a_secret_is_given_or_printed_once() {
    let folder = tempfile::tempdir().unwrap();
    let printed = create_app(folder.path(), "a");
    assert!(printed.len() == 64 && printed.bytes().all(|b| b.is_ascii_hexdigit()), "{printed}");
    let twice = run(folder.path(), &["app", "create", "a"]);
    assert_eq!((twice.status.code(), stdout(&twice)), (Some(2), ""));
    assert!(stderr(&twice).contains("app a exists already"), "{}", stderr(&twice));

    std::fs::write(folder.path().join("secret"), "a secret from a file\n").unwrap();
    let given = run(folder.path(), &["app", "create", "b", "--secret-file", "secret"]);
    assert!(given.status.success() && given.stdout.is_empty());
    assert!(!stderr(&given).contains("from a file"), "{}", stderr(&given));
    let mut stdin = fiber_link(folder.path(), &["app", "create", "c", "--secret-stdin"]);
    let mut child = stdin.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"a secret from elsewhere").unwrap();
    let given = child.wait_with_output().unwrap();
    assert!(given.status.success() && given.stdout.is_empty());
    for short in ["", "\n", "fifteen bytes..\n"] {
        std::fs::write(folder.path().join("secret"), short).unwrap();
        let refused = run(folder.path(), &["app", "create", "d", "--secret-file", "secret"]);
        assert_eq!(refused.status.code(), Some(2));
        assert!(stderr(&refused).contains("allowed are 16 to 4096"), "{}", stderr(&refused));
    }
    let missing = run(folder.path(), &["app", "create", "d", "--secret-file", "nowhere"]);
    assert!(stderr(&missing).contains("cannot read the secret from nowhere"), "{}", stderr(&missing));
    assert_eq!(run(folder.path(), &["app", "create", "two words"]).status.code(), Some(2));

    let server = Server::start(folder.path(), &[]);
    for (app, secret) in
        [("a", printed.as_str()), ("b", "a secret from a file"), ("c", "a secret from elsewhere")]
    {
        assert_eq!(server.call(app, secret, "health.ping", &json!({}))["result"]["status"], "ok", "{app}");
    }
}

#[test]
fn wrong_settings_are_explained_and_no_store_is_made_by_mistake() {
    let folder = tempfile::tempdir().unwrap();
    for (arguments, expected) in [
        (&["serve"][..], "--node (FIBER_LINK_NODE, node in fiber-link.toml) is needed: `simulated`"),
        (
            &["serve", "--listen", "here"],
            "--listen (FIBER_LINK_LISTEN, listen in fiber-link.toml): got \"here\", allowed is an IP address",
        ),
        (&["serve", "--node", "simulated", "--network", "mainnet"], "a simulated node cannot be on mainnet"),
        (&["audit"], "there is no store at hub.sqlite"),
        (&["app", "list"], "there is no store at hub.sqlite"),
        (&["audit", "--config", "none.toml"], "cannot read the settings file none.toml"),
    ] {
        let output = run(folder.path(), arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(
            stderr(&output).starts_with("error: ") && stderr(&output).contains(expected),
            "{}",
            stderr(&output)
        );
    }
    let output = fiber_link(folder.path(), &["audit"]).env("FIBER_LINK_RATE_LIMIT", "5").output().unwrap();
    assert!(stderr(&output).contains("(FIBER_LINK_RATE_LIMIT, rate_limit in fiber-link.toml): got \"5\""));
    let output =
        fiber_link(folder.path(), &["audit"]).env("FIBER_LINK_HMAC_SECRET_MAP", "canary").output().unwrap();
    assert!(stderr(&output).contains("FIBER_LINK_HMAC_SECRET_MAP: ") && !stderr(&output).contains("canary"));
    std::fs::write(folder.path().join("fiber-link.toml"), "lissten = \"x\"").unwrap();
    let output = run(folder.path(), &["audit"]);
    assert!(stderr(&output).contains("unknown field `lissten`"), "{}", stderr(&output));
}

#[test]
fn a_claim_below_three_node_timeouts_is_refused_at_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let serve = ["serve", "--node", "simulated", "--listen", "127.0.0.1:0", "--node-timeout", "1s"];
    let refused = run(folder.path(), &[&serve[..], &["--claim", "2999ms"]].concat());
    assert_eq!(refused.status.code(), Some(2));
    let expected = "--claim (FIBER_LINK_CLAIM, claim in fiber-link.toml): got \"2999ms\", allowed is";
    assert!(stderr(&refused).contains(expected), "{}", stderr(&refused));
    assert!(stderr(&refused).contains("three times the node's timeout is the least"), "{}", stderr(&refused));
    let left = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name());
    assert_eq!(left.collect::<Vec<_>>(), ["keys"], "nothing was begun");
    let mut server = Server::start(folder.path(), &["--node-timeout", "1s", "--claim", "3s"]);
    assert!(server.terminate("-TERM"));
}

#[test]
fn a_flag_wins_over_the_environment_and_that_over_the_file() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("fiber-link.toml"), "listen = \"file\"\nlog_format = \"file\"")
        .unwrap();
    let refused = |environment: Option<&str>, flag: Option<&str>| {
        let mut command = fiber_link(folder.path(), &["audit", "--log-format", "human"]);
        command.envs(environment.map(|value| ("FIBER_LINK_LISTEN", value)));
        command.args(flag.map(|value| format!("--listen={value}")));
        stderr(&command.output().unwrap()).to_owned()
    };
    assert!(refused(None, None).contains("got \"file\""));
    assert!(refused(Some("environment"), None).contains("got \"environment\""));
    assert!(refused(Some("environment"), Some("flag")).contains("got \"flag\""));
    assert!(refused(Some("environment"), Some("127.0.0.1:1")).contains("there is no store"));
}

#[test]
fn the_environment_map_signs_for_unregistered_apps_and_no_secret_is_logged() {
    let folder = tempfile::tempdir().unwrap();
    let log = std::fs::File::create(folder.path().join("log")).unwrap();
    let arguments = ["serve", "--node", "simulated", "--listen", "127.0.0.1:0", "--log", "trace"];
    let mut command = fiber_link(folder.path(), &arguments);
    command.env("FIBER_LINK_HMAC_SECRET_MAP", r#"{"env-only":"canary of the map"}"#).stderr(log);
    let mut server = Server(Process::start(command));
    let tip = json!({ "postId": "1", "fromUserId": "2", "toUserId": "3", "asset": "CKB", "amount": "1", "message": "canary of a message" });
    for _ in 0..3 {
        let answer = server.call("env-only", "canary of the map", "tip.create", &tip);
        assert!(answer["result"]["invoice"].is_string(), "{answer}");
    }
    assert!(server.terminate("-TERM"));
    let log = std::fs::read_to_string(folder.path().join("log")).unwrap();
    assert!(!log.contains("canary"), "{log}");
    assert_eq!(log.matches("its secret comes from the environment").count(), 1);
    assert!(log.contains("tip{tip=") || log.contains("tip="), "the tip's id is in the log");
}
