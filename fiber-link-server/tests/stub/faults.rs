//! Each fault does what it says.

use crate::client::{JSON, call, exchange, order, post, request};
use crate::world::World;
use fiber_link_core::Preimage;
use serde_json::{Value, json};
use std::io::ErrorKind;
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

const ANY_HASH: &str = "0x0000000000000000000000000000000000000000000000000000000000000001";

fn new_invoice(preimage: u8) -> Value {
    let preimage = format!("0x{}", hex::encode([preimage; 32]));
    json!({ "amount": "0x5f5e100", "currency": "Fibd", "expiry": "0xe10", "hash_algorithm": "sha256",
        "payment_preimage": preimage })
}

/// Whether there is an invoice with this preimage.
fn is_made(address: SocketAddr, preimage: u8) -> bool {
    let hash = Preimage::new([preimage; 32]).payment_hash().to_string();
    call(address, "get_invoice", json!({ "payment_hash": hash })).is_ok()
}

fn plan(address: SocketAddr, fault: Value) {
    order(address, "/stub/faults", fault);
}

fn planned(address: SocketAddr) -> Value {
    exchange(address, "GET", "/stub/faults", &[], b"").unwrap().json()["faults"].clone()
}

/// Asks as long as `done` says no: nothing here lasts longer than a moment.
fn wait_until(mut done: impl FnMut() -> bool) {
    for _ in 0..2_000 {
        if done() {
            return;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("not in time");
}

#[test]
fn an_answer_is_lost_before_or_after_what_was_asked_is_done() {
    let world = World::new();
    let address = world.address();
    let cases = [
        ("drop_request", None, false),
        ("drop_answer", None, true),
        ("cut_answer", None, true),
        ("fail_request", Some(500), false),
        ("fail_answer", Some(500), true),
    ];
    for (preimage, (fault, status, made)) in (1..).zip(cases) {
        plan(address, json!({ "fault": fault, "times": 1, "method": "new_invoice" }));
        assert!(call(address, "node_info", json!({})).is_ok(), "{fault}: another method");
        match (post(address, &request(1, "new_invoice", new_invoice(preimage))), status) {
            (Ok(reply), Some(status)) => assert_eq!(reply.status, status, "{fault}"),
            (Err(error), None) => assert!(
                matches!(error.kind(), ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset),
                "{fault}: {error}"
            ),
            (other, _) => panic!("{fault}: {other:?}"),
        }
        assert_eq!(is_made(address, preimage), made, "{fault}");
    }
}

#[test]
fn half_an_answer_comes_before_the_connection_is_cut() {
    use std::io::{Read, Write};
    let world = World::new();
    plan(world.address(), json!({ "fault": "cut_answer", "times": 1 }));
    let mut stream = TcpStream::connect(world.address()).unwrap();
    let body = request(1, "node_info", json!({})).to_string();
    let head = "POST / HTTP/1.1\r\nhost: stub\r\ncontent-type: application/json\r\n";
    write!(stream, "{head}content-length: {}\r\n\r\n{body}", body.len()).unwrap();
    let mut text = String::new();
    let _ = stream.read_to_string(&mut text);
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
    assert_eq!(body.len(), length.parse::<usize>().unwrap() / 2);
    assert!(body.starts_with(r#"{"jsonrpc":"2.0","id":1,"result":{"#), "{body}");
}

#[test]
fn silence_lasts_until_somebody_leaves_and_says_nothing_about_what_was_done() {
    use std::io::{Read, Write};
    let world = World::new();
    let address = world.address();
    for (preimage, fault, made) in [(1, "hang_request", false), (2, "hang_answer", true)] {
        plan(address, json!({ "fault": fault, "times": 1 }));
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
        let body = request(1, "new_invoice", new_invoice(preimage)).to_string();
        let head = "POST / HTTP/1.1\r\nhost: stub\r\ncontent-type: application/json\r\n";
        write!(stream, "{head}content-length: {}\r\n\r\n{body}", body.len()).unwrap();
        let error = stream.read(&mut [0; 1]).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut), "{fault}: {error}");
        // The stub may get to it later than that.
        wait_until(|| planned(address) == json!([]));
        if made {
            wait_until(|| is_made(address, preimage));
        } else {
            assert!(!is_made(address, preimage), "{fault}");
        }
    }
}

#[test]
fn a_delay_comes_before_or_after_what_was_asked_is_done() {
    let world = World::new();
    let address = world.address();
    for (preimage, fault, made) in [(1, "delay_request", false), (2, "delay_answer", true)] {
        plan(address, json!({ "fault": fault, "times": 1, "millis": 3_600_000 }));
        let slow =
            std::thread::spawn(move || post(address, &request(1, "new_invoice", new_invoice(preimage))));
        wait_until(|| planned(address) == json!([]));
        if made {
            wait_until(|| is_made(address, preimage));
        }
        assert_eq!(is_made(address, preimage), made, "{fault}");
        order(address, "/stub/restart", json!({}));
        assert!(slow.join().unwrap().is_err(), "{fault}: a restart ends it");
        wait_until(|| TcpStream::connect(address).is_ok());

        plan(address, json!({ "fault": fault, "times": 1, "millis": 20 }));
        assert!(call(address, "new_invoice", new_invoice(preimage + 10)).is_ok(), "{fault}");
    }
}

#[test]
fn a_late_request_is_done_although_whoever_asked_has_left() {
    use std::io::Write;
    let world = World::new();
    let address = world.address();
    plan(address, json!({ "fault": "delay_request", "times": 1, "millis": 200 }));
    let mut stream = TcpStream::connect(address).unwrap();
    let body = request(1, "new_invoice", new_invoice(1)).to_string();
    let head = "POST / HTTP/1.1\r\nhost: stub\r\ncontent-type: application/json\r\n";
    write!(stream, "{head}content-length: {}\r\n\r\n{body}", body.len()).unwrap();
    wait_until(|| planned(address) == json!([]));
    drop(stream);
    wait_until(|| is_made(address, 1));
}

#[test]
fn answers_come_under_a_wrong_id_out_of_order_short_or_not_at_all() {
    let world = World::new();
    let address = world.address();
    let batch: Value = (1..=3)
        .map(|id| request(id, "get_invoice", json!({ "payment_hash": ANY_HASH })))
        .collect::<Vec<_>>()
        .into();
    let ids = |fault: Option<&str>| -> Value {
        if let Some(fault) = fault {
            plan(address, json!({ "fault": fault, "times": 1 }));
        }
        match post(address, &batch).unwrap().json() {
            Value::Array(answers) => answers.iter().map(|answer| answer["id"].clone()).collect(),
            other => other,
        }
    };
    assert_eq!(ids(None), json!([1, 2, 3]));
    assert_eq!(ids(Some("reorder_batch")), json!([3, 2, 1]));
    assert_eq!(ids(Some("shorten_batch")), json!([1, 2]));
    let refused = ids(Some("refuse_batch"));
    assert_eq!((&refused["error"]["code"], &refused["id"]), (&json!(-32005), &Value::Null));
    plan(address, json!({ "fault": "refuse_batch" }));
    assert!(call(address, "node_info", json!({})).is_ok(), "a single call is no batch");
    order(address, "/stub/heal", json!({}));
    assert_eq!(ids(None), json!([1, 2, 3]));
    plan(address, json!({ "fault": "wrong_id", "times": 1 }));
    let answer = post(address, &request(7, "node_info", json!({}))).unwrap().json();
    assert_ne!(answer["id"], 7);
    assert!(answer["result"].is_object());
}

#[test]
fn a_restart_drops_connections_refuses_new_ones_and_comes_up_again() {
    use std::io::Read;
    let world = World::new();
    let address = world.address();
    assert!(call(address, "new_invoice", new_invoice(1)).is_ok());
    let mut open = TcpStream::connect(address).unwrap();
    open.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    plan(address, json!({ "fault": "hang_request", "times": 1 }));
    let hanging = std::thread::spawn(move || post(address, &request(1, "node_info", json!({}))));
    wait_until(|| exchange(address, "GET", "/stub/calls", &[], b"").unwrap().json()["requests"] == json!(2));
    order(address, "/stub/restart", json!({ "down_millis": 700 }));
    assert_eq!(TcpStream::connect(address).unwrap_err().kind(), ErrorKind::ConnectionRefused);
    assert!(matches!(open.read(&mut [0; 1]), Ok(0) | Err(_)), "dropped");
    assert!(hanging.join().unwrap().is_err(), "dropped, too");
    wait_until(|| TcpStream::connect(address).is_ok());
    assert!(is_made(address, 1), "what was answered is kept");
}

#[test]
fn a_node_comes_back_with_an_older_state_or_forgets_a_payment() {
    let world = World::new();
    let address = world.address();
    let foreign = |amount: &str| {
        let invoice = order(address, "/simulator/invoice", json!({ "asset": "CKB", "amount": amount }));
        invoice["invoice"].clone()
    };
    let (first, second) = (foreign("1"), foreign("2"));
    let pay = |invoice: &Value| call(address, "send_payment", json!({ "invoice": invoice })).unwrap();
    let kept = pay(&first)["payment_hash"].clone();
    let snapshot = order(address, "/stub/snapshot", json!({}))["snapshot"].clone();
    let lost = pay(&second)["payment_hash"].clone();
    assert!(call(address, "new_invoice", new_invoice(1)).is_ok());
    order(address, "/stub/restart", json!({ "snapshot": snapshot }));
    wait_until(|| TcpStream::connect(address).is_ok());

    let find = |hash: &Value| call(address, "get_payment", json!({ "payment_hash": hash }));
    assert_eq!(find(&kept).unwrap()["status"], "Success");
    assert!(find(&lost).unwrap_err()["message"].as_str().unwrap().contains("not found"));
    assert!(!is_made(address, 1));
    order(address, "/stub/forget", json!({ "payment_hash": kept }));
    assert!(find(&kept).is_err());
    let paid = exchange(address, "GET", "/simulator/payments", &[], b"").unwrap().json();
    assert_eq!(paid["payments"].as_array().unwrap().len(), 2, "but paid is paid: {paid}");
}

#[test]
fn the_node_says_that_it_is_another_and_of_another_version() {
    let world = World::new();
    let address = world.address();
    let info = || call(address, "node_info", json!({})).unwrap();
    let truth = info();
    let key = "02".repeat(33);
    order(address, "/stub/identity", json!({ "pubkey": key, "version": "9.9.9" }));
    assert_eq!((&info()["pubkey"], &info()["version"]), (&json!(key), &json!("9.9.9")));
    order(address, "/stub/identity", json!({}));
    assert_eq!(info(), truth);
}

#[test]
fn liquidity_is_what_was_set_and_a_payment_is_held_where_ordered() {
    let world = World::new();
    let address = world.address();
    order(address, "/stub/liquidity", json!({ "asset": "CKB", "outbound": "16", "inbound": "255" }));
    let channels = call(address, "list_channels", json!({})).unwrap();
    let ckb = &channels["channels"][0];
    assert_eq!((&ckb["local_balance"], &ckb["remote_balance"]), (&json!("0x10"), &json!("0xff")));
    let made = call(address, "new_invoice", new_invoice(1)).unwrap();
    order(address, "/stub/hold", json!({ "invoice": made["invoice_address"] }));
    let hash = &made["invoice"]["data"]["payment_hash"];
    let found = call(address, "get_invoice", json!({ "payment_hash": hash })).unwrap();
    assert_eq!(found["status"], "Received");
}

#[test]
fn a_lost_answer_of_the_simulator_is_a_cut_connection() {
    let world = World::new();
    let address = world.address();
    for (outcome, known) in [("lose_request", false), ("lose_answer", true), ("lose_answer_failure", true)] {
        let invoice = order(address, "/simulator/invoice", json!({ "asset": "CKB", "amount": "1" }));
        let set = json!({ "invoice": invoice["invoice"], "outcome": outcome });
        order(address, "/simulator/outcome", set);
        let send = request(1, "send_payment", json!({ "invoice": invoice["invoice"] }));
        assert!(post(address, &send).is_err(), "{outcome}");
        let parsed = call(address, "parse_invoice", json!({ "invoice": invoice["invoice"] })).unwrap();
        let hash = &parsed["invoice"]["data"]["payment_hash"];
        let found = call(address, "get_payment", json!({ "payment_hash": hash }));
        assert_eq!(found.is_ok(), known, "{outcome}");
    }
}

#[test]
fn a_body_of_eleven_mebibytes_cuts_the_connection() {
    let world = World::new();
    let long = "x".repeat(11 * 1024 * 1024);
    let body = request(1, "new_invoice", json!({ "amount": "0x1", "currency": "Fibd", "description": long }));
    assert!(post(world.address(), &body).is_err());
    assert!(call(world.address(), "node_info", json!({})).is_ok());
}

#[test]
fn orders_that_make_no_sense_are_refused() {
    let world = World::new();
    for (path, order, status) in [
        ("/stub/faults", json!({ "fault": "sulk" }), 422),
        ("/stub/faults", json!({ "fault": "drop_answer", "latte": 1 }), 422),
        ("/stub/faults", json!({ "fault": "delay_answer" }), 400),
        ("/stub/restart", json!({ "down": 1 }), 422),
        ("/stub/restart", json!({ "down_millis": 3_600_001 }), 400),
        ("/stub/identity", json!({ "name": "x" }), 422),
        ("/stub/forget", json!({ "payment_hash": "x" }), 400),
        ("/stub/hold", json!({ "invoice": "x" }), 400),
        ("/stub/liquidity", json!({ "asset": "DOGE", "outbound": "1", "inbound": "1" }), 400),
        ("/stub/subscriptions", json!({}), 422),
        ("/stub/dance", json!({}), 404),
    ] {
        let reply = exchange(world.address(), "POST", path, &[JSON], order.to_string().as_bytes()).unwrap();
        assert_eq!((reply.status, reply.json()["error"].is_string()), (status, true), "{path} {order}");
    }
}
