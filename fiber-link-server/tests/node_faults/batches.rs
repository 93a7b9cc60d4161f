//! Many questions in one request, and answers that do not fit them.

use crate::hub::{Hub, Tip};
use serde_json::{Value, json};
use std::time::Duration;

/// Paid tips that the node is asked about in one request, with which `fault` happens.
fn ask_in_a_batch(hub: &Hub, fault: Value) {
    // A batch is sure to come as soon as several tips wait for the end of another question.
    for _ in 0..10 {
        let (first, tips) = (hub.tip("1"), [(); 7].map(|()| hub.tip("2")));
        hub.plan_delay("delay_answer", "get_invoice", Duration::from_millis(600));
        hub.tip_state(&first);
        hub.until_it_happened();
        let batches = hub.calls()["batches"].clone();
        hub.order("/stub/faults", fault.clone());
        tips.iter().for_each(|tip| hub.pay(tip));
        tips.iter().for_each(|tip| drop(hub.tip_state(tip)));
        tips.iter().for_each(|tip: &Tip| hub.until_settled(tip));
        let happened = hub.calls()["batches"] != batches;
        hub.order("/stub/heal", json!({}));
        if happened {
            return;
        }
    }
    panic!("no batch came");
}

fn hub() -> Hub {
    Hub::start_with(&["--node-payment-token-file", "payments.token", "--node-hints", "off"])
}

#[test]
fn answers_out_of_order_find_their_tips() {
    let hub = hub();
    ask_in_a_batch(&hub, json!({ "fault": "reorder_batch" }));
    hub.holds_its_invariants();
}

#[test]
fn an_answer_that_is_missing_keeps_no_other_tip_from_its_credit_and_comes_later() {
    let hub = hub();
    ask_in_a_batch(&hub, json!({ "fault": "shorten_batch", "times": 1 }));
    ask_in_a_batch(&hub, json!({ "fault": "shorten_batch" }));
    hub.holds_its_invariants();
}

#[test]
fn where_batches_are_refused_tips_are_asked_about_one_by_one() {
    let hub = hub();
    ask_in_a_batch(&hub, json!({ "fault": "refuse_batch" }));
    hub.until_logged("batches are refused on the way to the node");
    let batches = hub.calls()["batches"].clone();
    let tips = [(); 3].map(|()| hub.tip("2"));
    tips.iter().for_each(|tip| hub.pay(tip));
    tips.iter().for_each(|tip| hub.until_settled(tip));
    assert_eq!(hub.calls()["batches"], batches, "they are not tried again at once");
    hub.holds_its_invariants();
}
