//! Nodes that are not what they were.

use crate::hub::Hub;
use serde_json::{Value, json};

/// A withdrawal that is completed; what it was paid to.
fn pay_out(hub: &Hub) -> String {
    let invoice = hub.foreign_invoice("61");
    let withdrawal = hub.withdraw("61", &invoice);
    hub.until_withdrawal_is(&withdrawal, "COMPLETED");
    withdrawal
}

#[test]
fn a_node_that_forgot_its_payments_is_not_paid_through_until_it_is_accepted() {
    let hub = Hub::start();
    hub.fund("500");
    pay_out(&hub);
    let snapshot = hub.order("/stub/snapshot", json!({}))["snapshot"].clone();
    let lost = hub.foreign_invoice("62");
    hub.set_outcome(&lost, "hang");
    let lost = hub.withdraw("62", &lost);
    hub.until_withdrawal_is(&lost, "PROCESSING");
    pay_out(&hub);
    assert_eq!(hub.called("send_payment"), 3);
    hub.order("/stub/restart", json!({ "snapshot": snapshot, "down_millis": 100 }));
    hub.until_the_node_listens();

    hub.until_ready_says("ok", "error");
    let invoice = hub.foreign_invoice("61");
    let waiting = hub.withdraw("61", &invoice);
    hub.until_logged("the node forgot a payment that it made: payouts stop");
    hub.fund("63");
    hub.until_logged("stop=the node forgot a payment that it made");
    assert_eq!(hub.withdrawal_state(&waiting), "PENDING");
    assert_eq!(hub.withdrawal_state(&lost), "PROCESSING");
    hub.until_ready_says("ok", "error");
    assert_eq!(hub.called("send_payment"), 3);

    hub.accept_node();
    hub.until_withdrawal_is(&waiting, "COMPLETED");
    hub.until_ready_says("ok", "ok");
    pay_out(&hub);
    assert_eq!(hub.withdrawal_state(&lost), "PROCESSING", "no node can prove that it was not paid");
    assert_eq!((hub.called("send_payment"), hub.payments().len()), (5, 4));
    hub.holds_its_invariants();
}

#[test]
fn another_node_in_the_place_of_ours_gets_no_tips_and_no_payments_until_it_is_accepted() {
    let mut hub = Hub::start();
    hub.fund("500");
    pay_out(&hub);
    hub.exchange_node();
    hub.until_ready_says("error", "error");
    let refused = hub.ask_for_tip("62", "a tip").map(|tip| tip.id).unwrap_err();
    assert_eq!(refused["data"]["reason"], "NODE_UNAVAILABLE");
    let invoice = hub.foreign_invoice("61");
    let waiting = hub.withdraw("61", &invoice);
    hub.until_logged("pass=\"payouts\" stop=the node is ");
    hub.until_logged("pass=\"settlement\" stop=the node is ");
    assert_eq!(hub.withdrawal_state(&waiting), "PENDING");
    assert_eq!((hub.called("new_invoice"), hub.called("send_payment")), (0, 0));

    hub.accept_node();
    hub.until_ready_says("ok", "ok");
    hub.until_withdrawal_is(&waiting, "COMPLETED");
    let tip = hub.ask_for_tip("62", "a tip").unwrap();
    hub.pay(&tip);
    hub.until_settled(&tip);
    assert_eq!((hub.invoices_made().len(), hub.payments().len()), (1, 1));
    hub.holds_its_invariants();
}

#[test]
fn a_node_of_an_untested_version_takes_tips_and_pays_nothing() {
    let hub = Hub::start();
    hub.fund("500");
    pay_out(&hub);
    hub.order("/stub/identity", json!({ "version": "9.9.9" }));
    hub.until_ready_says("ok", "error");
    let invoice = hub.foreign_invoice("61");
    let waiting = hub.withdraw("61", &invoice);
    hub.fund("62");
    hub.until_logged("stop=the node's version 9.9.9 is not tested: withdrawals wait");
    assert_eq!((hub.withdrawal_state(&waiting).as_str(), hub.called("send_payment")), ("PENDING", 1));
    hub.order("/stub/identity", Value::Object(Default::default()));
    hub.until_ready_says("ok", "ok");
    hub.until_withdrawal_is(&waiting, "COMPLETED");
    hub.holds_its_invariants();
}
