//! Two approvals are of two people, whatever one person does at once.

use crate::world::World;
use serde_json::{Value, json};

const APPROVALS: &str = "the same person";

/// Signed calls of the gallery.
fn call(world: &World, secret: &str, method: &str, params: &Value) -> Value {
    let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
    let answer = world.call(0, "gallery", secret, &body.to_string());
    assert!(answer["error"].is_null(), "{answer}");
    answer["result"].clone()
}

/// Until a command prints it.
fn wait_for(world: &World, arguments: &[&str], text: &str) {
    for _ in 0..200 {
        if world.run(arguments).contains(text) {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    panic!("{text} did not come: {}", world.run(arguments));
}

/// A withdrawal that takes two people.
fn large_withdrawal(world: &World, secret: &str) -> String {
    let tip =
        json!({ "postId": "1", "fromUserId": "dora", "toUserId": "ben", "asset": "CKB", "amount": "150" });
    let tip = call(world, secret, "tip.create", &tip);
    world.simulator("pay", &json!({ "invoice": tip["invoice"] }));
    wait_for(world, &["find", "ben"], "\t150\t0");
    let made = world.simulator("invoice", &json!({ "asset": "CKB", "amount": "100" }));
    let destination = json!({ "kind": "PAYMENT_REQUEST", "paymentRequest": made["invoice"] });
    let params = json!({ "userId": "ben", "asset": "CKB", "amount": "100", "destination": destination });
    let made = call(world, secret, "withdrawal.request", &params);
    assert_eq!(made["state"], "AWAITING_REVIEW");
    made["id"].as_str().unwrap().to_owned()
}

fn two_people_are_two_people(mut world: World) {
    let secret = world.run(&["app", "create", "gallery"]).trim().to_owned();
    let set = ["policy", "set", "gallery", "CKB", "--two-people-above", "80", "--reason", "why"];
    world.administrator("ann@example.org", &["SUPER_ADMIN"]);
    world.administrator("cora@example.org", &["COMMUNITY_ADMIN", "gallery"]);
    world.run(&set);
    world.serve(None);
    let id = large_withdrawal(&world, &secret);

    // One person: two sessions, two tokens and a command, at every server, all at once.
    let (last, path) = (world.servers.len() - 1, format!("/withdrawals/{id}/approve"));
    let body = json!({ "reason": APPROVALS });
    let browsers = [world.log_in(0, "cora@example.org"), world.log_in(last, "cora@example.org")];
    assert_ne!(browsers[0].session, browsers[1].session);
    let tokens = [(); 2].map(|()| world.token("cora@example.org", "change", "1d"));
    std::fs::write(world.path().join("cora.token"), &tokens[0]).unwrap();
    let mut statuses: Vec<i32> = std::thread::scope(|scope| {
        let (world, body, path, id) = (&world, &body, &path, &id);
        let mut asked = Vec::new();
        for server in 0..=last {
            for browser in &browsers {
                asked.push(
                    scope.spawn(move || {
                        i32::from(world.by_browser(browser, server, "POST", path, body).status)
                    }),
                );
            }
            for token in &tokens {
                asked.push(
                    scope.spawn(move || i32::from(world.by_token(token, server, "POST", path, body).status)),
                );
            }
        }
        let command = ["review", "approve", id, "--reason", APPROVALS, "--token-file", "cora.token"];
        let by_command = scope.spawn(move || match world.command(&command).output().unwrap().status.code() {
            Some(0) => 200,
            code => code.unwrap() + 407,
        });
        asked.push(by_command);
        asked.into_iter().map(|asked| asked.join().unwrap()).collect()
    });
    statuses.sort_unstable();
    let (first, others) = statuses.split_first().unwrap();
    assert_eq!(*first, 200, "{statuses:?}");
    assert!(others.iter().all(|status| *status == 409), "one of all is taken: {statuses:?}");
    let listed = world.run(&["review", "list"]);
    assert!(listed.contains("\t1 of 2\t") && listed.matches(APPROVALS).count() == 1, "{listed}");
    let records = world.run(&["audit-log", "--action", "review.approve"]);
    assert_eq!(records.lines().count(), 1, "{records}");

    // Nor is whoever has the store another person, nor the same one by another spelling.
    let (code, _) = world.run_with(None, &["review", "approve", &id, "--reason", "the owner"]);
    assert_eq!(code, 2);
    let again = ["admin", "create", "CORA@example.org", "--role", "SUPER_ADMIN", "--reason", "why"];
    assert_eq!(world.run_with(None, &again).0, 2);
    std::thread::sleep(std::time::Duration::from_secs(1));
    assert!(world.run(&["list", "withdrawals"]).contains("\tAWAITING_REVIEW\t"), "nothing is sent");
    assert_eq!(world.payments().len(), 0);

    let ann = world.log_in(last, "ann@example.org");
    let second = world.by_browser(&ann, 0, "POST", &path, &json!({ "reason": "another person" }));
    assert_eq!(second.status, 200, "{second:?}");
    wait_for(&world, &["list", "withdrawals"], "\tCOMPLETED\t");
    let payments = world.payments();
    assert_eq!(payments.len(), 1, "{payments:?}");
    assert_eq!((&payments[0]["amount"], &payments[0]["timesPaid"]), (&json!("10000000000"), &json!(1)));
}

#[test]
fn two_people_are_two_people_on_a_file() {
    two_people_are_two_people(World::on_sqlite());
}

#[test]
fn two_people_are_two_people_on_a_database() {
    two_people_are_two_people(World::on_postgres());
}
