//! Which token goes with which call.

use crate::client::{JSON, exchange, request};
use crate::hub::{Hub, INVOICES_RIGHTS, INVOICES_TOKEN, PAYMENTS_RIGHTS};
use serde_json::json;
use std::collections::BTreeSet;

/// Method and rights of the token of all calls that came.
fn who_called_what(hub: &Hub) -> BTreeSet<(String, String)> {
    let calls = hub.calls();
    let text = |value: &serde_json::Value| value.as_str().unwrap_or("none").to_owned();
    calls["calls"]
        .as_array()
        .unwrap()
        .iter()
        .map(|call| (text(&call["method"]), text(&call["token"])))
        .collect()
}

fn expected(methods: &[(&str, &str)]) -> BTreeSet<(String, String)> {
    methods.iter().map(|(method, rights)| ((*method).to_owned(), (*rights).to_owned())).collect()
}

const ABOUT_TIPS: [(&str, &str); 5] = [
    ("node_info", INVOICES_RIGHTS),
    ("new_invoice", INVOICES_RIGHTS),
    ("get_invoice", INVOICES_RIGHTS),
    ("parse_invoice", INVOICES_RIGHTS),
    ("list_channels", INVOICES_RIGHTS),
];

#[test]
fn payments_go_with_their_own_token_and_nothing_else_does() {
    let hub = Hub::start();
    hub.fund("200");
    let withdrawal = hub.withdraw("61", &hub.foreign_invoice("61"));
    hub.until_withdrawal_is(&withdrawal, "COMPLETED");
    let about_payments = [("send_payment", PAYMENTS_RIGHTS), ("get_payment", PAYMENTS_RIGHTS)];
    assert_eq!(who_called_what(&hub), expected(&[&ABOUT_TIPS[..], &about_payments].concat()));
    hub.holds_its_invariants();
}

#[test]
fn a_server_with_the_invoices_token_alone_takes_tips_and_leaves_withdrawals_to_another() {
    let mut hub = Hub::start_with(&[]);
    hub.fund("200");
    let withdrawal = hub.withdraw("61", &hub.foreign_invoice("61"));
    hub.until_logged("stop=this process does not pay: withdrawals wait for one that does");
    hub.fund("62");
    hub.until_ready_says("ok", "error");
    assert_eq!(hub.withdrawal_state(&withdrawal), "PENDING");
    assert_eq!(who_called_what(&hub), expected(&ABOUT_TIPS));

    hub.stop_server();
    hub.give_payments_token();
    hub.start_server();
    hub.until_withdrawal_is(&withdrawal, "COMPLETED");
    hub.holds_its_invariants();
}

#[test]
fn a_leaked_token_for_invoices_pays_nothing() {
    let hub = Hub::start();
    hub.fund("200");
    let invoice = hub.foreign_invoice("61");
    let bearer = format!("Bearer {INVOICES_TOKEN}");
    for (method, params) in [
        ("send_payment", json!({ "invoice": invoice })),
        ("get_payment", json!({ "payment_hash": format!("0x{}", "11".repeat(32)) })),
        ("list_payments", json!({})),
    ] {
        let headers = [JSON, ("authorization", bearer.as_str())];
        let body = request(1, method, params).to_string();
        let answer = exchange(hub.node_address(), "POST", "/", &headers, body.as_bytes()).unwrap().json();
        assert_eq!(answer["error"]["code"], -32999, "{method}: {answer}");
    }
    assert_eq!(hub.payments().len(), 0);
    hub.holds_its_invariants();
}
