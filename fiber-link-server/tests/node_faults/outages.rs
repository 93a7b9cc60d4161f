//! Nodes that go away and come back.

use crate::hub::{Hub, wait_until};
use serde_json::json;
use std::time::Duration;

#[test]
fn a_node_that_is_down_delays_a_tip_and_takes_none() {
    let mut hub = Hub::start();
    hub.fund("62");
    hub.kill_node();
    for _ in 0..2 {
        let refused = hub.ask_for_tip("62", "a tip").map(|tip| tip.id).unwrap_err();
        assert_eq!(refused["data"]["reason"], "NODE_UNAVAILABLE");
    }
    hub.start_node();
    let tip = hub.ask_for_tip("62", "a tip").unwrap();
    hub.pay(&tip);
    hub.until_settled(&tip);
    assert_eq!(hub.invoices_made().len(), 2);
    hub.holds_its_invariants();
}

#[test]
fn a_tip_that_was_paid_while_the_server_did_not_reach_the_node_is_credited() {
    let hub = Hub::start();
    let tip = hub.tip("62");
    hub.plan("drop_request", "get_invoice", 1_000);
    hub.pay(&tip);
    hub.order("/stub/restart", json!({ "down_millis": 1_000 }));
    assert_eq!(hub.tip_state(&tip), "UNPAID");
    hub.until_the_node_listens();
    hub.order("/stub/heal", json!({}));
    hub.until_settled(&tip);
    hub.holds_its_invariants();
}

#[test]
fn a_node_that_is_down_when_a_withdrawal_is_requested_delays_it() {
    let mut hub = Hub::start();
    hub.fund("200");
    let (before, invoice) = (hub.balance(), hub.foreign_invoice("61"));
    hub.kill_node();
    let refused = hub.ask_for_withdrawal("61", &invoice, "a withdrawal").unwrap_err();
    assert_eq!(refused["data"]["reason"], "NODE_UNAVAILABLE");
    assert_eq!(hub.balance(), before);
    hub.start_node();
    let requested = hub.ask_for_withdrawal("61", &invoice, "a withdrawal").unwrap();
    hub.until_withdrawal_is(requested["id"].as_str().unwrap(), "COMPLETED");
    assert_eq!(hub.ask_for_withdrawal("61", &invoice, "a withdrawal").unwrap(), requested);
    assert_eq!(hub.payments().len(), 1);
    hub.holds_its_invariants();
}

#[test]
fn a_node_that_goes_down_before_a_withdrawal_is_sent_delays_it() {
    let hub = Hub::start();
    hub.fund("200");
    let invoice = hub.foreign_invoice("61");
    hub.plan_delay("delay_request", "get_payment", Duration::from_secs(600));
    let withdrawal = hub.withdraw("61", &invoice);
    hub.until_it_happened();
    hub.order("/stub/restart", json!({ "down_millis": 1_500 }));
    hub.until_the_node_listens();
    hub.until_withdrawal_is(&withdrawal, "COMPLETED");
    assert_eq!((hub.called("send_payment"), hub.payments().len()), (1, 1));
    hub.holds_its_invariants();
}

#[test]
fn the_first_start_needs_the_node_and_later_ones_wait_for_it() {
    let mut hub = Hub::without_server(&["--node-payment-token-file", "payments.token"]);
    hub.kill_node();
    let said = hub.start_server_in_vain();
    assert!(said.contains("the node did not answer at the first start of this store"), "{said}");

    hub.start_node();
    hub.start_server();
    let tip = hub.tip("62");
    hub.stop_server();
    hub.pay(&tip);
    hub.kill_node();
    hub.start_server();
    hub.until_ready_says("error", "error");
    let refused = hub.ask_for_tip("62", "another tip").map(|tip| tip.id).unwrap_err();
    assert_eq!(refused["data"]["reason"], "NODE_UNAVAILABLE");
    assert_eq!(hub.tip_state(&tip), "UNPAID");

    hub.start_node();
    hub.until_settled(&tip);
    hub.until_ready_says("ok", "ok");
    assert!(hub.ask_for_tip("62", "another tip").is_ok());
    hub.holds_its_invariants();
}

#[test]
fn a_node_that_is_killed_after_it_paid_and_before_it_answered_paid_once() {
    let mut hub = Hub::start();
    hub.fund("200");
    let invoice = hub.foreign_invoice("61");
    hub.plan("hang_answer", "send_payment", 1);
    let withdrawal = hub.withdraw("61", &invoice);
    wait_until("it is paid", || hub.payments().len() == 1);
    hub.kill_node();
    hub.start_node();
    hub.until_withdrawal_is(&withdrawal, "COMPLETED");
    assert_eq!(hub.called("send_payment"), 0, "it was sent before the node was killed");
    hub.holds_its_invariants();
}

#[test]
fn a_payment_that_never_reached_the_node_stays_reserved_until_a_later_server_sends_it_once() {
    let mut hub = Hub::start();
    hub.fund("200");
    let invoice = hub.foreign_invoice("61");
    hub.plan("hang_request", "send_payment", 1);
    let withdrawal = hub.withdraw("61", &invoice);
    hub.until_it_happened();
    hub.kill_node();
    hub.start_node();
    hub.until_logged("the node does not know the payment: its funds stay reserved");
    assert_eq!(hub.withdrawal_state(&withdrawal), "PROCESSING");
    assert!(hub.balance().reserved > 0);
    assert_eq!(hub.called("send_payment"), 0);

    hub.kill_server();
    hub.start_server();
    hub.until_withdrawal_is(&withdrawal, "COMPLETED");
    assert_eq!((hub.called("send_payment"), hub.payments().len()), (1, 1));
    hub.holds_its_invariants();
}
