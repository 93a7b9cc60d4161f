//! Administrators of the running program: how they are let in, and what keeps others out.

use crate::process::http::{Answer, exchange};
use crate::world::World;
use serde_json::{Value, json};
use std::io::Write;
use std::process::Stdio;
use std::time::Duration;

const PASSWORD: &str = "canary of the password";

/// A browser that is logged in to one server, and may ask them all.
pub(crate) struct Browser {
    pub(crate) session: String,
    pub(crate) csrf: String,
}

impl Browser {
    /// One that was just let in.
    pub(crate) fn of(answer: &Answer) -> Self {
        assert_eq!(answer.status, 200, "{answer:?}");
        let cookie = answer.head.split("__Host-fiber-link=").nth(1).unwrap().split(';').next().unwrap();
        let csrf = answer.body["csrfToken"].as_str().unwrap().to_owned();
        Self { session: cookie.to_owned(), csrf }
    }
}

impl World {
    /// An administrator with [`PASSWORD`].
    pub(crate) fn administrator(&self, email: &str, role: &[&str]) {
        let mut arguments = vec!["admin", "create", email, "--password-stdin", "--reason", "he asked"];
        if let [role, app @ ..] = role {
            arguments.extend(["--role", role]);
            if let [app] = app {
                arguments.extend(["--app", app]);
            }
        }
        let mut command = self.command(&arguments);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        writeln!(child.stdin.take().unwrap(), "{PASSWORD}").unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success() && output.stdout.is_empty(), "a given password is not shown");
    }

    pub(crate) fn admin(
        &self,
        server: usize,
        method: &str,
        path: &str,
        headers: &str,
        body: &Value,
    ) -> Answer {
        let body = if method == "GET" { String::new() } else { body.to_string() };
        let headers = format!("content-type: application/json\r\n{headers}");
        let address = self.servers[server].admin();
        exchange(address, method, &format!("/admin/v1{path}"), &headers, body.as_bytes())
    }

    pub(crate) fn try_to_log_in(&self, server: usize, email: &str, password: &str) -> Answer {
        self.admin(server, "POST", "/log-in", "", &json!({ "email": email, "password": password }))
    }

    pub(crate) fn log_in(&self, server: usize, email: &str) -> Browser {
        Browser::of(&self.try_to_log_in(server, email, PASSWORD))
    }

    pub(crate) fn by_browser(
        &self,
        browser: &Browser,
        server: usize,
        method: &str,
        path: &str,
        body: &Value,
    ) -> Answer {
        let Browser { session, csrf } = browser;
        let headers = format!("cookie: __Host-fiber-link={session}\r\nx-csrf-token: {csrf}\r\n");
        self.admin(server, method, path, &headers, body)
    }

    pub(crate) fn by_token(
        &self,
        token: &str,
        server: usize,
        method: &str,
        path: &str,
        body: &Value,
    ) -> Answer {
        self.admin(server, method, path, &format!("authorization: Bearer {token}\r\n"), body)
    }

    pub(crate) fn token(&self, email: &str, access: &str, lasts: &str) -> String {
        let arguments = [
            "admin", "token", email, "--name", "script", "--access", access, "--lasts", lasts, "--reason",
            "cron",
        ];
        self.run(&arguments).trim().to_owned()
    }
}

fn who_is_let_in_and_who_is_not(mut world: World) {
    world.run(&["app", "create", "forum"]);
    world.run(&["app", "create", "blog"]);
    world.administrator("ann@example.org", &["SUPER_ADMIN"]);
    world.administrator("ben@example.org", &["COMMUNITY_ADMIN", "forum"]);
    world.serve(None);
    let last = world.servers.len() - 1;
    let pause = json!({ "what": "tips", "reason": "spam" });

    // A session is good on every server, and one that a stranger brought is never taken over.
    let fixed = format!("fls_{}", "ab".repeat(48));
    let headers = format!("cookie: __Host-fiber-link={fixed}\r\n");
    let sent = json!({ "email": "ann@example.org", "password": PASSWORD });
    let answer = world.admin(0, "POST", "/log-in", &headers, &sent);
    assert!(answer.status == 200 && !answer.head.contains(&fixed), "{answer:?}");
    assert_eq!(world.admin(0, "GET", "/me", &headers, &Value::Null).status, 401);
    let ann = world.log_in(0, "ann@example.org");
    assert_eq!(world.by_browser(&ann, last, "GET", "/me", &Value::Null).body["email"], "ann@example.org");

    // Another page has the cookie and not the token.
    let cookie = format!("cookie: __Host-fiber-link={}\r\n", ann.session);
    let forged = world.admin(last, "POST", "/pause", &cookie, &pause);
    assert_eq!((forged.status, &forged.body["error"]["code"]), (403, &json!("CSRF")));
    assert_eq!(world.by_browser(&ann, 0, "GET", "/switches", &Value::Null).body["tipsPaused"], false);

    // What a foreign app is called, and whether it is there, is not to be guessed.
    let ben = world.log_in(last, "ben@example.org");
    let paths = |app: &str| {
        [
            ("GET", format!("/apps/{app}")),
            ("POST", format!("/apps/{app}/pause")),
            ("POST", format!("/apps/{app}/close")),
        ]
    };
    for ((method, foreign), (_, missing)) in paths("blog").into_iter().zip(paths("no-app")) {
        let foreign = world.by_browser(&ben, 0, method, &foreign, &pause);
        let missing = world.by_browser(&ben, 0, method, &missing, &pause);
        assert_eq!((foreign.status, &foreign.body), (404, &missing.body));
    }
    assert_eq!(world.by_browser(&ben, 0, "POST", "/apps/forum/pause", &pause).status, 200);

    // What is sent in a header or a path comes back in none.
    for path in ["/apps/x%0d%0aset-cookie:%20a=b", "/administrators/a%0d%0ax-bad:%201@b"] {
        let answer = world.by_browser(&ann, 0, "GET", path, &Value::Null);
        assert!(
            answer.status >= 400 && !answer.head.contains("a=b") && !answer.head.contains("x-bad"),
            "{answer:?}"
        );
    }
    let name = json!({ "appId": "third", "name": "x\r\nset-cookie: a=b", "reason": "why\r\nnot" });
    let answer = world.by_browser(&ann, 0, "POST", "/apps", &name);
    assert!(answer.status == 200 && !answer.head.contains("a=b"), "{answer:?}");

    // A token does what its scope says, until it ends.
    let reads = world.token("ann@example.org", "read", "30d");
    assert_eq!(world.by_token(&reads, last, "GET", "/apps", &Value::Null).status, 200);
    assert_eq!(world.by_token(&reads, 0, "POST", "/pause", &pause).status, 403);
    let short = world.token("ann@example.org", "change", "10s");
    assert_eq!(world.by_token(&short, 0, "GET", "/apps", &Value::Null).status, 200);
    std::thread::sleep(Duration::from_millis(10_100));
    assert_eq!(world.by_token(&short, last, "GET", "/apps", &Value::Null).status, 401);

    // A role that is taken back is gone at once, and so is a session that was left.
    world.run(&[
        "admin",
        "revoke",
        "ben@example.org",
        "COMMUNITY_ADMIN",
        "--app",
        "forum",
        "--reason",
        "left",
    ]);
    assert_eq!(world.by_browser(&ben, 0, "GET", "/apps/forum", &Value::Null).status, 404);
    assert_eq!(world.by_browser(&ann, last, "POST", "/log-out", &json!({})).status, 200);
    assert_eq!(world.by_browser(&ann, 0, "GET", "/me", &Value::Null).status, 401);

    let log = world.run(&["audit-log", "--format", "jsonl"]);
    for action in
        ["admin.create", "admin.log_in", "admin.token", "admin.revoke", "admin.log_out", "app.pause"]
    {
        assert!(log.contains(&format!("\"action\":\"{action}\"")), "{action}: {log}");
    }
    for secret in [PASSWORD, &ann.session[36..], &ben.session[36..], &reads[36..], &short[36..]] {
        assert!(!world.shows(secret), "a secret shows");
    }
}

#[test]
fn who_is_let_in_and_who_is_not_on_a_file() {
    who_is_let_in_and_who_is_not(World::on_sqlite());
}

#[test]
fn who_is_let_in_and_who_is_not_on_a_database() {
    who_is_let_in_and_who_is_not(World::on_postgres());
}

/// Many guesses at once: ten of an account are looked at, over all servers, and others are served.
fn a_flood_of_log_ins_is_held_back(mut world: World) {
    let secret = world.run(&["app", "create", "forum"]).trim().to_owned();
    world.administrator("ann@example.org", &["SUPER_ADMIN"]);
    world.serve(None);
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let world = &world;
        let guess = |n: usize| {
            let password = format!("a wrong guess {n}");
            world.try_to_log_in(n % world.servers.len(), "ann@example.org", &password).status
        };
        let guesses: Vec<_> = (0..64).map(|n| scope.spawn(move || guess(n))).collect();
        assert!(world.is_let_in("forum", &secret), "others are served");
        guesses.into_iter().map(|guess| guess.join().unwrap()).collect()
    });
    let looked_at = statuses.iter().filter(|status| **status == 401).count();
    assert!((1..=10).contains(&looked_at), "{statuses:?}");
    assert!(statuses.iter().all(|status| [401, 429].contains(status)), "{statuses:?}");
    for server in 0..world.servers.len() {
        let answer = world.try_to_log_in(server, "ann@example.org", "a wrong guess");
        assert!(answer.status == 429 && answer.head.to_lowercase().contains("retry-after: "), "{answer:?}");
    }
}

#[test]
fn a_flood_of_log_ins_is_held_back_on_a_file() {
    a_flood_of_log_ins_is_held_back(World::on_sqlite());
}

#[test]
fn a_flood_of_log_ins_is_held_back_on_a_database() {
    a_flood_of_log_ins_is_held_back(World::on_postgres());
}
