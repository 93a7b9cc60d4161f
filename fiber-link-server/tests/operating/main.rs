//! What an operator changes while signed traffic runs: secrets are exchanged and move out of the
//! environment without a refused request, switches are followed within a second, and no secret shows.
//! One server on a file, and two on one database.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    clippy::arithmetic_side_effects,
    clippy::needless_pass_by_value,
    clippy::wildcard_enum_match_arm,
    missing_debug_implementations,
    unreachable_pub,
    reason = "a test may fail"
)]

mod administrators;
mod day;
#[path = "../process/mod.rs"]
mod process;
mod rights;
mod story;
mod two_people;
mod world;

use process::{KEY, Process};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use world::{PING, World};

const IN_THE_ENVIRONMENT: &str = "canary-of-the-environment";

/// Signed requests to all servers, by whatever secret `secret` says, until `change` is through: none
/// may be refused.
fn while_traffic_runs<T>(world: &World, app: &str, secret: &str, change: impl FnOnce() -> T) -> T {
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let traffic = scope.spawn(|| {
            let mut requests = 0_u64;
            while !stop.load(Ordering::Relaxed) || requests < 20 {
                for server in 0..world.servers.len() {
                    let answer = world.call(server, app, secret, PING);
                    assert_eq!(answer["result"]["status"], "ok", "request {requests} of {app}: {answer}");
                    requests += 1;
                }
            }
        });
        let changed = change();
        std::thread::sleep(Duration::from_millis(300));
        stop.store(true, Ordering::Relaxed);
        traffic.join().unwrap();
        changed
    })
}

fn secrets_are_exchanged_without_a_refused_request(mut world: World) {
    let first = world.run(&["app", "create", "forum", "--name", "The forum"]).trim().to_owned();
    world.serve(None);
    let rotate = ["app", "rotate", "forum", "--overlap", "1h", "--reason", "every spring"];
    let second = while_traffic_runs(&world, "forum", &first, || world.run(&rotate).trim().to_owned());
    while_traffic_runs(&world, "forum", &second, || ());
    assert!(world.is_let_in("forum", &first));
    world.stop();

    let shown = world.run(&["app", "show", "forum"]);
    let uses = shown.split("\tused ").nth(1).and_then(|rest| rest.split(' ').next()).unwrap();
    assert!(uses.parse::<u64>().unwrap() >= 1, "uses of the old secret are counted: {shown}");
    world.serve(None);
    while_traffic_runs(&world, "forum", &second, || {
        world.run(&["app", "retire-secret", "forum", "1", "--reason", "nobody uses it"])
    });
    std::thread::sleep(Duration::from_secs(1));
    assert!(!world.is_let_in("forum", &first) && world.is_let_in("forum", &second));

    let log = world.run(&["audit-log", "--app", "forum"]);
    for line in ["app.create\tforum", "app.rotate\tforum\tevery spring", "app.retire_secret\tforum\tnobody"] {
        assert!(log.contains(line) && log.contains("\tann\t"), "{line}: {log}");
    }
    for secret in [&first, &second, &KEY["tests:".len()..].to_owned()] {
        assert!(!world.shows(secret), "a secret shows");
    }
}

#[test]
fn secrets_are_exchanged_without_a_refused_request_on_a_file() {
    secrets_are_exchanged_without_a_refused_request(World::on_sqlite());
}

#[test]
fn secrets_are_exchanged_without_a_refused_request_on_a_database() {
    secrets_are_exchanged_without_a_refused_request(World::on_postgres());
}

fn secrets_move_out_of_the_environment(mut world: World) {
    let map = format!(r#"{{"wiki":"{IN_THE_ENVIRONMENT}"}}"#);
    let last_line = |printed: &str| printed.lines().last().unwrap_or_default().to_owned();
    world.run(&["app", "create", "forum"]);
    world.administrator("ann@example.org", &["SUPER_ADMIN"]);
    world.serve(Some(&map));
    assert!(world.is_let_in("wiki", IN_THE_ENVIRONMENT));
    let token = world.token("ann@example.org", "change", "1h");
    let by_api = || world.by_token(&token, 0, "POST", "/secrets/backfill", &json!({})).body["items"].clone();
    assert_eq!(by_api(), json!([{ "appId": "wiki", "state": "missing", "applied": false }]));

    while_traffic_runs(&world, "wiki", IN_THE_ENVIRONMENT, || {
        let backfill = |arguments: &[&str]| world.run_with(Some(&map), arguments);
        let (code, printed) = backfill(&["secrets", "backfill"]);
        assert_eq!(
            (code, last_line(&printed).as_str()),
            (1, "total 1, missing 1, updates 0, unchanged 0, applied 0")
        );
        let (code, printed) = backfill(&["secrets", "backfill", "--apply"]);
        assert_eq!(
            (code, last_line(&printed).as_str()),
            (0, "total 1, missing 1, updates 0, unchanged 0, applied 1")
        );
        let (code, printed) = backfill(&["secrets", "backfill"]);
        assert_eq!(
            (code, last_line(&printed).as_str()),
            (0, "total 1, missing 0, updates 0, unchanged 1, applied 0")
        );
        std::thread::sleep(Duration::from_millis(1_200));
    });
    assert_eq!(by_api(), json!([{ "appId": "wiki", "state": "unchanged", "applied": false }]));
    world.stop();

    let (code, _) = world.run_with(Some(&map), &["serve", "--node", "simulated", "--env-secrets", "off"]);
    assert_eq!(code, 2);
    let log = std::fs::read_to_string(world.path().join("log")).unwrap();
    assert!(log.contains("FIBER_LINK_HMAC_SECRET_MAP is set although --env-secrets is off"), "{log}");
    world.serve(None);
    assert!(world.is_let_in("wiki", IN_THE_ENVIRONMENT), "it is in the store now");
    assert!(!world.is_let_in("shop", IN_THE_ENVIRONMENT), "neither place has it");
    assert!(!world.shows(IN_THE_ENVIRONMENT), "a secret shows");
}

#[test]
fn secrets_move_out_of_the_environment_on_a_file() {
    secrets_move_out_of_the_environment(World::on_sqlite());
}

#[test]
fn secrets_move_out_of_the_environment_on_a_database() {
    secrets_move_out_of_the_environment(World::on_postgres());
}

fn switches_are_followed_within_a_second(mut world: World) {
    let secret = world.run(&["app", "create", "forum"]).trim().to_owned();
    world.serve(None);
    let tip = json!({ "jsonrpc": "2.0", "id": 1, "method": "tip.create", "params": {
        "postId": "1", "fromUserId": "ann", "toUserId": "ben", "asset": "CKB", "amount": "1" } })
    .to_string();
    let all_say = |expected: &dyn Fn(&Value) -> bool| {
        let began = Instant::now();
        loop {
            let answers: Vec<_> =
                (0..world.servers.len()).map(|n| world.call(n, "forum", &secret, &tip)).collect();
            if answers.iter().all(expected) {
                return;
            }
            assert!(began.elapsed() < Duration::from_secs(5), "{answers:?}");
        }
    };
    let pauses: [(&[&str], &str); 3] = [
        (&["pause", "tips", "--reason", "a storm"], "hub"),
        (&["app", "pause", "forum", "tips", "--reason", "spam"], "app"),
        (&["pause", "all", "--app", "forum", "--user", "ben", "--reason", "fraud"], "user"),
    ];
    for (pause, scope) in pauses {
        all_say(&|answer| answer["result"]["invoice"].is_string());
        world.run(pause);
        std::thread::sleep(Duration::from_secs(1));
        for server in 0..world.servers.len() {
            let answer = world.call(server, "forum", &secret, &tip);
            assert_eq!(answer["error"]["code"], -32013, "{answer}");
            assert_eq!(answer["error"]["data"], json!({ "reason": "PAUSED", "scope": scope }), "{answer}");
        }
        let resume: Vec<_> =
            pause.iter().map(|word| if *word == "pause" { "resume" } else { word }).collect();
        world.run(&resume);
        std::thread::sleep(Duration::from_secs(1));
    }
    all_say(&|answer| answer["result"]["invoice"].is_string());
    world.run(&["app", "close", "forum", "--reason", "over"]);
    std::thread::sleep(Duration::from_millis(1_100));
    assert!(!world.is_let_in("forum", &secret));
    world.run(&["app", "pause", "forum", "withdrawals", "--reason", "to be safe"]);
    std::thread::sleep(Duration::from_millis(1_100));
    assert!(!world.is_let_in("forum", &secret), "a pause opens nothing");
    world.run(&["app", "resume", "forum", "all", "--reason", "again"]);
    std::thread::sleep(Duration::from_millis(1_100));
    assert!(world.is_let_in("forum", &secret));
}

#[test]
fn switches_are_followed_within_a_second_on_a_file() {
    switches_are_followed_within_a_second(World::on_sqlite());
}

#[test]
fn switches_are_followed_within_a_second_on_a_database() {
    switches_are_followed_within_a_second(World::on_postgres());
}

#[test]
fn on_a_database_secrets_are_never_kept_unsealed() {
    let world = World::on_postgres();
    let node = format!("http://{}", world.node.as_ref().unwrap().address());
    let pause =
        world.command(&["pause", "all", "--reason", "a storm"]).env_remove("FIBER_LINK_KEY_FILE").status();
    assert!(pause.unwrap().success(), "a switch needs no key");
    for arguments in [
        &["serve", "--node", &node][..],
        &["app", "create", "forum"],
        &["app", "rotate", "forum", "--reason", "why"],
        &["secrets", "backfill", "--apply"],
    ] {
        let mut command = world.command(arguments);
        let output = command.env_remove("FIBER_LINK_KEY_FILE").output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {said}");
        assert!(said.contains("--key-file (FIBER_LINK_KEY_FILE) is needed on Postgres"), "{said}");
    }
}

#[test]
fn nothing_but_a_new_app_makes_a_store() {
    let world = World::on_sqlite();
    for arguments in [
        &["pause", "all", "--reason", "a storm"][..],
        &["app", "pause", "forum", "tips", "--reason", "spam"],
        &["app", "rotate", "forum", "--reason", "why"],
        &["app", "close", "forum", "--reason", "over"],
        &["app", "show", "forum"],
        &["admin", "create", "ann@example.org", "--role", "SUPER_ADMIN", "--reason", "why"],
        &["secrets", "reseal", "--reason", "why"],
        &["secrets", "backfill"],
        &["audit-log"],
    ] {
        assert_eq!(world.run_with(None, arguments).0, 2, "{arguments:?}");
    }
    let log = std::fs::read_to_string(world.path().join("log")).unwrap();
    assert_eq!(log.matches("there is no store at hub.sqlite").count(), 9, "{log}");
    assert!(!world.path().join("hub.sqlite").exists());
}

#[test]
fn a_database_whose_secrets_are_not_sealed_is_not_served_until_they_are() {
    let mut world = World::on_postgres();
    world.serve(None);
    world.stop();
    let unseal = "UPDATE fiber_link.hub SET seed = 'plain:5555'";
    world.sql(unseal);
    let node = format!("http://{}", world.node.as_ref().unwrap().address());
    let (code, _) = world.run_with(None, &["serve", "--listen", "127.0.0.1:0", "--node", &node]);
    assert_eq!(code, 2);
    let log = std::fs::read_to_string(world.path().join("log")).unwrap();
    assert!(log.contains("run `fiber-link secrets reseal`"), "{log}");
    world.run(&["secrets", "reseal", "--reason", "it was copied"]);
    world.serve(None);
}

#[test]
fn a_store_is_sealed_with_another_key_and_the_old_one_is_needed_no_more() {
    let mut world = World::on_sqlite();
    let path = world.path().join("keys2");
    let keys = |lines: &[&str]| std::fs::write(&path, lines.join("\n")).unwrap();
    let secret = world.run(&["app", "create", "forum"]).trim().to_owned();
    world.serve(None);
    world.stop();
    let new = world.run(&["secrets", "new-key", "second"]);
    keys(&[new.trim(), KEY]);
    let with_new = |arguments: &[&str]| {
        let output = world.command(arguments).env("FIBER_LINK_KEY_FILE", "keys2").output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    assert_eq!(with_new(&["secrets", "reseal", "--reason", "a new key"]), "2 secrets, 2 sealed anew\n");
    keys(&[new.trim()]);
    assert!(with_new(&["app", "show", "forum"]).contains("sealed with second"));
    let (code, _) = world.run_with(None, &["serve", "--node", "simulated", "--listen", "127.0.0.1:0"]);
    assert_eq!(code, 2, "the old key does not open the seed any more");
    let mut command = world.command(&["serve", "--node", "simulated", "--listen", "127.0.0.1:0"]);
    command.env("FIBER_LINK_KEY_FILE", "keys2");
    world.servers.push(Process::start(command));
    assert!(world.is_let_in("forum", &secret));
}
