//! An operator's day, from the first command to a second community, its administrator, a policy, a
//! review, a rotation and an export: each step by a command, and again by a request, with what a person
//! reads. On a file with one server, and on a database with two.

use crate::process::http::exchange;
use crate::story::{Said, Story, Way, Who};
use crate::while_traffic_runs;
use crate::world::World;
use serde_json::{Value, json};
use std::time::Duration;

const ANN: &str = "ann@example.org";
const CORA: &str = "cora@example.org";

/// What servers know after.
fn let_servers_follow() {
    std::thread::sleep(Duration::from_millis(1_100));
}

/// Who works on this day.
struct People {
    /// Looks after everything.
    ann: Who,
    /// Looks after the gallery.
    cora: Who,
}

/// The first app, a server and the first administrator, whom only the owner of the store can make.
fn the_morning(day: &mut Story) -> Who {
    let first_app = ["app", "create", "forum", "--name", "The forum", "--reason", "our first community"];
    if day.way == Way::Command {
        day.tell("The first community. This makes the store, too.");
        let secret = day.command(&Who::Owner, &first_app).field("secret");
        day.name(&secret, "SECRET-OF-THE-FORUM");
    }
    day.tell("A server is started, which serves administrators too.");
    day.world.serve(None);
    let listen = "--listen ADDRESS --admin-listen ADDRESS --metrics-listen ADDRESS";
    day.write(&format!("$ fiber-link serve {listen}\n{}", day.world.servers[0].said().trim_end()));
    day.tell("The first administrator, made by whoever has the store.");
    let create = ["admin", "create", ANN, "--role", "SUPER_ADMIN", "--reason", "she runs the hub"];
    let password = day.command(&Who::Owner, &create).field("password");
    day.name(&password, "PASSWORD-OF-ANN");
    match day.way {
        Way::Command => {
            day.tell("A token for Ann: with it the commands are carried out in her name.");
            token_file(day, ANN, "ann.token", &[])
        }
        Way::Api => {
            day.tell("Ann logs in.");
            let ann = day.log_in(ANN, &password);
            day.tell("The first community.");
            let app = json!({ "appId": "forum", "name": "The forum", "reason": "our first community" });
            let secret = day.request(&ann, "POST", "/apps", &app).field("secret");
            day.name(&secret, "SECRET-OF-THE-FORUM");
            ann
        }
    }
}

/// A token, printed into a file.
fn token_file(day: &Story, email: &str, file: &'static str, more: &[&str]) -> Who {
    let make =
        ["admin", "token", email, "--name", "laptop", "--access", "change", "--reason", "for her terminal"];
    let token = day.command(&Who::Owner, &[&make[..], more].concat()).field("token");
    std::fs::write(day.world.path().join(file), &token).unwrap();
    day.name(&token, &format!("TOKEN-IN-{file}"));
    Who::TokenFile(file)
}

fn a_second_community(day: &Story, ann: Who) -> (People, String) {
    day.tell("A second community.");
    let create = ["app", "create", "gallery", "--name", "The gallery", "--reason", "a second community"];
    let body = json!({ "appId": "gallery", "name": "The gallery", "reason": "a second community" });
    let secret = day.step(&ann, &create, ("POST", "/apps", body)).field("secret");
    day.name(&secret, "SECRET-OF-THE-GALLERY");

    day.tell("Cora is to look after it: an account first, then the grant.");
    let create = ["admin", "create", CORA, "--reason", "she moderates the gallery"];
    let body = json!({ "email": CORA, "reason": "she moderates the gallery" });
    let password = day.step(&ann, &create, ("POST", "/administrators", body)).field("password");
    day.name(&password, "PASSWORD-OF-CORA");
    let grant = [
        "admin",
        "grant",
        CORA,
        "COMMUNITY_ADMIN",
        "--app",
        "gallery",
        "--reason",
        "she moderates the gallery",
    ];
    let body =
        json!({ "role": "COMMUNITY_ADMIN", "appId": "gallery", "reason": "she moderates the gallery" });
    day.step(&ann, &grant, ("POST", &format!("/administrators/{CORA}/grant"), body));

    day.tell("A token for Cora.");
    let cora = match day.way {
        Way::Command => token_file(day, CORA, "cora.token", &["--app", "gallery"]),
        Way::Api => {
            let browser = day.log_in(CORA, &password);
            let body = json!({
                "name": "laptop", "access": "change", "appId": "gallery", "days": 30, "password": &password,
            });
            let token = day.request(&browser, "POST", "/me/tokens", &body).field("token");
            day.name(&token, "TOKEN-OF-CORA");
            Who::Token(token)
        }
    };
    day.tell("Cora sees her community and no other, and may not stop the hub.");
    day.step(&cora, &["app", "list"], ("GET", "/apps", Value::Null));
    day.step(&cora, &["app", "show", "forum"], ("GET", "/apps/forum", Value::Null));
    let body = json!({ "what": "all", "reason": "to try" });
    day.step(&cora, &["pause", "all", "--reason", "to try"], ("POST", "/pause", body));
    day.tell("Who looks after what.");
    day.step(&ann, &["admin", "list"], ("GET", "/administrators", Value::Null));
    (People { ann, cora }, secret)
}

fn tip(amount: &str) -> Value {
    json!({ "postId": "42", "fromUserId": "dora", "toUserId": "ben", "asset": "CKB", "amount": amount })
}

/// What the gallery allows.
fn a_policy(day: &Story, people: &People, secret: &str) {
    day.tell("Somebody is about to tip 500 CKB. The policy of the gallery, before there is one.");
    let made = day.rpc("gallery", secret, "tip.create", &tip("500"));
    day.name(made["result"]["invoice"].as_str().unwrap(), "INVOICE-OF-500");
    let path = "/apps/gallery/policies/CKB";
    day.step(&people.cora, &["policy", "show", "gallery", "CKB"], ("GET", path, Value::Null));

    day.tell("What a smaller maximum would have done, and then it is set.");
    let rules = ["--tip-maximum", "200", "--review-above", "40", "--two-people-above", "80"];
    let preview = [&["policy", "preview", "gallery", "CKB"], &rules[..]].concat();
    let body = json!({ "tipMaximum": "200", "reviewAbove": "40", "twoPeopleAbove": "80" });
    day.step(&people.cora, &preview, ("POST", &format!("{path}/preview"), body.clone()));
    let set = [&["policy", "set", "gallery", "CKB"], &rules[..], &["--reason", "a small start"]].concat();
    let mut body = body;
    body["reason"] = json!("a small start");
    day.step(&people.cora, &set, ("POST", path, body));
    let_servers_follow();

    day.tell("Servers keep to it. A tip of 150 CKB is allowed, and paid by its payer's wallet.");
    day.rpc("gallery", secret, "tip.create", &tip("300"));
    let made = day.rpc("gallery", secret, "tip.create", &tip("150"));
    let invoice = made["result"]["invoice"].as_str().unwrap();
    day.name(invoice, "INVOICE-OF-150");
    day.name(made["result"]["tipId"].as_str().unwrap(), "TIP-OF-150");
    day.world.simulator("pay", &json!({ "invoice": invoice }));
    let status =
        json!({ "jsonrpc": "2.0", "id": 1, "method": "tip.status", "params": { "invoice": invoice } });
    day.wait_until("the credit", || {
        day.world.call(0, "gallery", secret, &status.to_string())["result"]["state"] == "SETTLED"
    });
    day.rpc("gallery", secret, "tip.status", &json!({ "invoice": invoice }));
}

/// Asks for a withdrawal of Ben; its id.
fn withdraw(day: &Story, secret: &str, amount: &str) -> String {
    let made = day.world.simulator("invoice", &json!({ "asset": "CKB", "amount": amount }));
    let invoice = made["invoice"].as_str().unwrap().to_owned();
    day.name(&invoice, &format!("BENS-INVOICE-OF-{amount}"));
    let destination = json!({ "kind": "PAYMENT_REQUEST", "paymentRequest": invoice });
    let params = json!({ "userId": "ben", "asset": "CKB", "amount": amount, "destination": destination });
    let answer = day.rpc("gallery", secret, "withdrawal.request", &params);
    let id = answer["result"]["id"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned();
    day.name(&id, &format!("WITHDRAWAL-OF-{amount}"));
    id
}

fn verdict(day: &Story, who: &Who, word: &str, id: &str, reason: &str) -> Said {
    let body = json!({ "reason": reason });
    day.step(
        who,
        &["review", word, id, "--reason", reason],
        ("POST", &format!("/withdrawals/{id}/{word}"), body),
    )
}

fn explain(day: &Story, who: &Who, id: &str) {
    day.step(who, &["explain", id], ("GET", &format!("/explain/{id}"), Value::Null));
}

fn wait_for_state(day: &Story, id: &str, state: &str) {
    day.wait_until(state, || day.world.run(&["find", id]).contains(state));
}

/// Withdrawals that people look at.
fn reviews(day: &Story, people: &People, secret: &str) {
    day.tell("Ben asks for 100 CKB of it: that takes two people.");
    let large = withdraw(day, secret, "100");
    let list = ["review", "list", "--app", "gallery"];
    day.step(&people.cora, &list, ("GET", "/apps/gallery/reviews", Value::Null));
    if day.way == Way::Command {
        day.tell("Whoever has the store is no person that could be told from others.");
        verdict(day, &Who::Owner, "approve", &large, "I say so");
    }
    day.tell("Cora approves, and counts once.");
    verdict(day, &people.cora, "approve", &large, "Ben told me");
    verdict(day, &people.cora, "approve", &large, "Ben told me again");
    day.tell("Where is Ben's money? Ann looks, and approves.");
    explain(day, &people.ann, &large);
    verdict(day, &people.ann, "approve", &large, "I called him");
    wait_for_state(day, &large, "COMPLETED");
    day.tell("A moment later it is paid.");
    explain(day, &people.ann, &large);

    day.tell("Another one is rejected, and the funds are Ben's again.");
    let small = withdraw(day, secret, "45");
    verdict(day, &people.cora, "reject", &small, "he asks to wait");
    wait_for_state(day, &small, "FAILED");
    explain(day, &people.cora, &small);
    day.step(&people.cora, &["find", "ben"], ("GET", "/find?text=ben", Value::Null));
}

/// A new secret, a user who is paused, and a switch.
fn the_afternoon(day: &Story, people: &People, secret: &str) {
    day.tell("The gallery gets a new secret, while its plugin goes on with the old one.");
    let rotate = ["app", "rotate", "gallery", "--overlap", "2h", "--reason", "every spring"];
    let body = json!({ "overlapHours": 2, "reason": "every spring" });
    let rotated = while_traffic_runs(&day.world, "gallery", secret, || {
        day.step(&people.cora, &rotate, ("POST", "/apps/gallery/rotate", body))
    });
    let new = rotated.field("secret");
    day.name(&new, "NEW-SECRET-OF-THE-GALLERY");
    while_traffic_runs(&day.world, "gallery", &new, || ());
    day.tell("The old one is ended.");
    let retire = ["app", "retire-secret", "gallery", "1", "--reason", "the plugin has the new one"];
    let body = json!({ "reason": "the plugin has the new one" });
    day.step(&people.cora, &retire, ("POST", "/apps/gallery/secrets/1/retire", body));
    let_servers_follow();
    assert!(!day.world.is_let_in("gallery", secret) && day.world.is_let_in("gallery", &new));

    day.tell("Ben is paused, and resumed.");
    let user = ["--app", "gallery", "--user", "ben"];
    let switched = |word: &str, reason: &str| {
        let command = [&[word, "all"], &user[..], &["--reason", reason]].concat();
        let body = json!({ "what": "all", "reason": reason });
        day.step(&people.cora, &command, ("POST", &format!("/apps/gallery/users/ben/{word}"), body));
        let_servers_follow();
    };
    switched("pause", "is it really him?");
    day.rpc("gallery", &new, "tip.create", &tip("1"));
    let paused = ("GET", "/apps/gallery/paused-users", Value::Null);
    day.step(&people.cora, &["paused", "--app", "gallery"], paused);
    switched("resume", "it is");

    day.tell("Tips are stopped in the whole hub, and go on.");
    let switch = |word: &str, reason: &str| {
        let body = json!({ "what": "tips", "reason": reason });
        day.step(&people.ann, &[word, "tips", "--reason", reason], ("POST", &format!("/{word}"), body));
        let_servers_follow();
    };
    switch("pause", "the node is moved");
    day.rpc("gallery", &new, "tip.create", &tip("1"));
    day.step(&people.ann, &["paused"], ("GET", "/switches", Value::Null));
    switch("resume", "it is there");
}

/// What there is to read in the end.
fn the_evening(day: &Story, people: &People) {
    day.tell("What there was.");
    for (what, app) in [("tips", "gallery"), ("withdrawals", "gallery"), ("entries", "gallery")] {
        let path = format!("/{what}?appId={app}");
        day.step(&people.cora, &["list", what, "--app", app], ("GET", &path, Value::Null));
    }
    day.tell("What is this id?");
    let id = day.world.run(&["list", "tips", "--state", "settled"]);
    let id = id.split('\t').next().unwrap();
    day.step(&people.cora, &["find", id], ("GET", &format!("/find?text={id}"), Value::Null));

    day.tell("Who did what, and why: all of it at a glance, and what was approved as files.");
    match day.way {
        Way::Command => drop(day.command(&people.ann, &["audit-log"])),
        Way::Api => {
            let said = day.request(&people.ann, "GET", "/audit-records?limit=1", &Value::Null);
            let next = said.body["next"].as_str().unwrap();
            day.request(&people.ann, "GET", &format!("/audit-records?limit=1&before={next}"), &Value::Null);
        }
    }
    for format in ["csv", "jsonl"] {
        let export = ["audit-log", "--action", "review.approve", "--format", format];
        let path = format!("/audit-records?action=review.approve&format={format}");
        day.step(&people.ann, &export, ("GET", &path, Value::Null));
        let (command, request) = exports(day, people, format);
        assert_eq!(command, request, "both ways export the same");
        assert!(command.lines().count() >= 17, "{command}");
    }

    day.tell("What Prometheus is told of the money.");
    let lines = |server: usize| {
        let text = exchange(day.world.metrics[server], "GET", "/metrics", "", b"").text;
        let told =
            |line: &&str| line.starts_with("fiber_link_users_") || line.starts_with("fiber_link_open_tips{");
        text.lines().filter(told).map(|line| format!("{line}\n")).collect::<String>()
    };
    let last = day.world.servers.len() - 1;
    let current = |server: usize| {
        lines(server).contains("users_reserved_base_units{asset=\"CKB\"} 0.0\n")
            && lines(server).contains("open_tips{state=\"unpaid\"} 1")
    };
    day.wait_until("the end of the day in the metrics", || current(last));
    day.write(&format!(
        "$ curl -s http://127.0.0.1:9090/metrics | grep -E '_users_|_open_tips'\n{}",
        lines(last).trim_end()
    ));

    day.tell("And the books are right.");
    day.command(&Who::Owner, &["audit"]);
}

/// All audit records as files, by a command of the owner and by the API.
fn exports(day: &Story, people: &People, format: &str) -> (String, String) {
    let command = day.world.run(&["audit-log", "--format", format]);
    let path = format!("/audit-records?format={format}");
    let last = day.world.servers.len() - 1;
    let answer = match &people.ann {
        Who::Browser(browser) => day.world.by_browser(browser, last, "GET", &path, &Value::Null),
        Who::TokenFile(file) => {
            let token = std::fs::read_to_string(day.world.path().join(file)).unwrap();
            day.world.by_token(&token, last, "GET", &path, &Value::Null)
        }
        Who::Owner | Who::Token(_) => panic!("Ann has a session, or a file with a token"),
    };
    (command, answer.text)
}

fn a_day(world: World, way: Way) {
    let mut day = Story::new(world, way);
    let ann = the_morning(&mut day);
    let (people, secret) = a_second_community(&day, ann);
    a_policy(&day, &people, &secret);
    reviews(&day, &people, &secret);
    the_afternoon(&day, &people, &secret);
    the_evening(&day, &people);
    day.check(match way {
        Way::Command => "day-by-command.txt",
        Way::Api => "day-by-api.txt",
    });
}

#[test]
fn an_operators_day_by_command_on_a_file() {
    a_day(World::on_sqlite(), Way::Command);
}

#[test]
fn an_operators_day_by_command_on_a_database() {
    a_day(World::on_postgres(), Way::Command);
}

#[test]
fn an_operators_day_by_api_on_a_file() {
    a_day(World::on_sqlite(), Way::Api);
}

#[test]
fn an_operators_day_by_api_on_a_database() {
    a_day(World::on_postgres(), Way::Api);
}
