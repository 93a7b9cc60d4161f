//! Which token goes with which call.

use crate::client::{JSON, exchange, request};
use crate::world::World;
use serde_json::{Value, json};

#[test]
fn a_batch_is_judged_call_by_call_and_calls_are_counted_by_token() {
    let world = World::new();
    let address = world.peers["node4"].address();
    let ask = |token: &str, body: &Value| -> Value {
        let bearer = format!("Bearer {token}");
        let headers = [JSON, ("authorization", bearer.as_str())];
        exchange(address, "POST", "/", &headers, body.to_string().as_bytes()).unwrap().json()
    };
    let write_only = json!([
        request(1, "new_invoice", json!({ "amount": "0x1", "currency": "Fibd" })),
        request(2, "get_invoice", json!({ "payment_hash": 5 })),
        request(3, "send_payment", json!({})),
    ]);
    let answers = ask("write", &write_only);
    assert!(answers[0]["result"].is_object());
    // Before the params are looked at, which are wrong.
    assert_eq!(
        (&answers[1]["error"]["code"], &answers[2]["error"]["code"]),
        (&json!(-32999), &json!(-32999))
    );
    assert_eq!(ask("full", &request(1, "send_payment", json!({})))["error"]["code"], -32000);
    ask("nobody's", &request(1, "node_info", json!({})));

    let calls = exchange(address, "GET", "/stub/calls", &[], b"").unwrap().json();
    assert_eq!((&calls["requests"], &calls["batches"]), (&json!(3), &json!(1)));
    let count = |method: &str, token: Value| {
        let found = calls["calls"].as_array().unwrap().iter();
        found.filter(|call| call["method"] == method && call["token"] == token).count()
    };
    assert_eq!(count("send_payment", json!("invoices.write")), 1);
    assert_eq!(count("send_payment", json!("invoices,payments,node,channels,cch")), 1);
    assert_eq!(count("node_info", Value::Null), 1);
    assert!(!calls.to_string().contains("nobody"));
}
