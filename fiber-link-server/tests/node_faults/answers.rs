//! Answers that do not come, or not as they should.

use crate::hub::{Hub, Tip, shannon};

/// The node does wrong when it makes an invoice; the same request later gives the one tip.
fn an_invoice_is_made_once_in_spite_of(hub: &Hub, fault: &str) {
    let made = hub.invoices_made().len();
    hub.plan(fault, "new_invoice", 1);
    let refused = hub.ask_for_tip("62", fault).map(|tip| tip.id).unwrap_err();
    assert_eq!(
        (&refused["code"], &refused["data"]["reason"]),
        (&(-32011).into(), &"NODE_UNAVAILABLE".into())
    );
    assert!(hub.happened(), "{fault}");
    let tip = hub.ask_for_tip("62", fault).unwrap();
    let again = hub.ask_for_tip("62", fault).unwrap();
    assert_eq!((&tip.id, &tip.invoice), (&again.id, &again.invoice), "{fault}");
    assert_eq!(hub.invoices_made().len() - made, 1, "{fault}");
    hub.pay(&tip);
    hub.until_settled(&tip);
}

/// The node does wrong when it is asked about a tip that is paid.
fn a_tip_is_credited_in_spite_of(hub: &Hub, fault: &str) {
    let tip = hub.tip("62");
    hub.plan(fault, "get_invoice", 2);
    hub.pay(&tip);
    hub.until_it_happened();
    hub.until_settled(&tip);
}

/// The node does wrong when it is asked to pay.
fn a_withdrawal_is_paid_once_in_spite_of(hub: &Hub, fault: &str) {
    let (sent, paid) = (hub.called("send_payment"), hub.payments().len());
    let invoice = hub.foreign_invoice("61");
    hub.plan(fault, "send_payment", 1);
    let withdrawal = hub.withdraw("61", &invoice);
    hub.until_it_happened();
    hub.until_withdrawal_is(&withdrawal, "COMPLETED");
    assert_eq!((hub.called("send_payment") - sent, hub.payments().len() - paid), (1, 1), "{fault}");
}

/// The node does wrong when it is asked what became of a payment.
fn a_withdrawal_is_completed_in_spite_of(hub: &Hub, fault: &str) {
    let sent = hub.called("send_payment");
    let invoice = hub.foreign_invoice("61");
    hub.set_outcome(&invoice, "hang");
    let withdrawal = hub.withdraw("61", &invoice);
    hub.until_withdrawal_is(&withdrawal, "PROCESSING");
    hub.plan(fault, "get_payment", 2);
    hub.set_outcome(&invoice, "success");
    hub.until_it_happened();
    hub.until_withdrawal_is(&withdrawal, "COMPLETED");
    assert_eq!(hub.called("send_payment") - sent, 1, "{fault}");
}

fn every_call_survives(faults: &[&str]) {
    let hub = Hub::start();
    hub.fund("500");
    for fault in faults {
        an_invoice_is_made_once_in_spite_of(&hub, fault);
        a_tip_is_credited_in_spite_of(&hub, fault);
        // Nothing of what was not done may be done a second time.
        if !fault.ends_with("_request") {
            a_withdrawal_is_paid_once_in_spite_of(&hub, fault);
        }
        a_withdrawal_is_completed_in_spite_of(&hub, fault);
    }
    hub.holds_its_invariants();
}

#[test]
fn an_invoice_whose_answer_was_lost_is_the_tips_when_the_request_is_repeated() {
    let hub = Hub::start();
    an_invoice_is_made_once_in_spite_of(&hub, "drop_answer");
    hub.holds_its_invariants();
}

#[test]
fn an_invoice_that_is_paid_before_its_lost_answer_is_asked_for_again_is_credited() {
    let hub = Hub::start();
    hub.plan("drop_answer", "new_invoice", 1);
    assert!(hub.ask_for_tip("62", "a tip").is_err());
    let [invoice] = hub.invoices_made().try_into().unwrap();
    let tip = Tip { id: String::new(), invoice, amount: shannon("62") };
    hub.pay(&tip);
    hub.until_settled(&tip);
    assert_eq!(hub.ask_for_tip("62", "a tip").unwrap().invoice, tip.invoice);
    hub.holds_its_invariants();
}

#[test]
fn a_payment_whose_answer_was_lost_is_paid_and_completed_once() {
    let hub = Hub::start();
    hub.fund("200");
    a_withdrawal_is_paid_once_in_spite_of(&hub, "drop_answer");
    hub.holds_its_invariants();
}

#[test]
fn a_payment_that_failed_and_whose_answer_was_lost_is_tried_again_and_then_given_back() {
    let hub = Hub::start();
    hub.fund("200");
    let before = hub.balance();
    let invoice = hub.foreign_invoice("61");
    hub.set_outcome(&invoice, "failure");
    hub.plan("drop_answer", "send_payment", 2);
    let withdrawal = hub.withdraw("61", &invoice);
    hub.until_withdrawal_is(&withdrawal, "FAILED");
    assert!(hub.happened());
    assert_eq!((hub.called("send_payment"), hub.payments().len()), (2, 0));
    assert_eq!(hub.balance(), before);
    a_withdrawal_is_paid_once_in_spite_of(&hub, "drop_answer");
    hub.holds_its_invariants();
}

#[test]
fn half_an_answer_is_none() {
    every_call_survives(&["cut_answer"]);
}

#[test]
fn silence_is_waited_for_no_longer_than_was_set_and_is_no_answer() {
    every_call_survives(&["hang_answer"]);
}

#[test]
fn a_failure_of_http_says_nothing_about_what_was_done() {
    every_call_survives(&["fail_request", "fail_answer"]);
}

#[test]
fn an_answer_to_another_call_is_none() {
    every_call_survives(&["wrong_id"]);
}
