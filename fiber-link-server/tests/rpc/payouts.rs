//! Payments whose answers are lost or do not come, and passes of several servers at once.

use crate::backend::Backend;
use crate::hub::{Answer, Hub};
use crate::withdrawals::to;
use fiber_link_core::simulated::Outcome;
use futures_util::future::join_all;
use serde_json::json;
use std::collections::BTreeSet;
use std::time::Duration;

const FUNDS: &str = "62";

/// A creator who asked for 61 of 62, to an invoice whose payment ends as `outcome` says.
async fn requested(backend: Backend, outcome: Outcome) -> (Hub, String) {
    let hub = Hub::new(backend).await;
    hub.give("9", FUNDS).await;
    let invoice = hub.foreign_invoice("61");
    hub.node.set_outcome(&invoice, outcome).unwrap();
    assert_eq!(request(&hub, &invoice).await.result()["state"], "PENDING");
    (hub, invoice)
}

async fn request(hub: &Hub, invoice: &str) -> Answer {
    let mut params = to(invoice, "61");
    params["idempotencyKey"] = json!("a withdrawal");
    hub.call("withdrawal.request", params).await
}

async fn state(hub: &Hub) -> String {
    let params = json!({ "userId": "9", "includeAdmin": true });
    let summary = hub.call("dashboard.summary", params).await;
    summary.result()["admin"]["withdrawals"][0]["state"].as_str().unwrap().to_owned()
}

/// What really left for the invoice that was paid, and how often.
fn paid(hub: &Hub) -> Vec<(u128, u32)> {
    let payments = hub.node.payments().into_iter();
    payments.map(|paid| (paid.amount.units(), paid.times_paid)).collect()
}

pub(crate) async fn a_payment_whose_answer_is_lost_is_paid_once(backend: Backend) {
    let (hub, _) = requested(backend, Outcome::LoseAnswer).await;
    hub.pay_out().await;
    assert_eq!((state(&hub).await.as_str(), paid(&hub)), ("COMPLETED", vec![(6_100_000_000, 1)]));
    assert_eq!(hub.node.questions().send_payment, 1);
    assert_eq!(hub.balances("9").await.1, "0");
    hub.assert_sound().await;
}

pub(crate) async fn a_failure_whose_answer_is_lost_returns_the_funds_once(backend: Backend) {
    let (hub, invoice) = requested(backend, Outcome::LoseAnswerFailure).await;
    for _ in 0..70 {
        hub.pay_out().await;
        hub.clock.advance(Duration::from_secs(55));
    }
    assert_eq!((state(&hub).await.as_str(), paid(&hub)), ("FAILED", vec![]));
    assert_eq!(hub.balances("9").await, (FUNDS.to_owned(), "0".to_owned()));
    request(&hub, &invoice).await.result();
    hub.pay_out().await;
    assert_eq!(hub.balances("9").await, (FUNDS.to_owned(), "0".to_owned()), "a repeat is none");
    hub.assert_sound().await;
}

pub(crate) async fn funds_stay_reserved_while_the_outcome_is_unknown(backend: Backend) {
    for unknown in [Outcome::Hang, Outcome::LoseRequest] {
        let (hub, invoice) = requested(backend, unknown).await;
        for _ in 0..30 {
            hub.pay_out().await;
            hub.clock.advance(Duration::from_secs(55));
            assert_eq!(state(&hub).await, "PROCESSING", "{unknown}");
            assert_eq!(hub.balances("9").await, ("0.39".to_owned(), "61.61".to_owned()), "{unknown}");
        }
        let hub = hub.restarted().await;
        hub.pay_out().await;
        assert_eq!((state(&hub).await.as_str(), paid(&hub)), ("PROCESSING", vec![]), "{unknown}");
        assert_eq!(hub.node.questions().send_payment, 1, "{unknown}");
        if unknown == Outcome::Hang {
            hub.node.set_outcome(&invoice, Outcome::Success).unwrap();
            for _ in 0..10 {
                hub.clock.advance(Duration::from_secs(60));
                hub.pay_out().await;
            }
            assert_eq!((state(&hub).await.as_str(), paid(&hub)), ("COMPLETED", vec![(6_100_000_000, 1)]));
            assert_eq!(hub.node.questions().send_payment, 1);
        }
        hub.assert_sound().await;
    }
}

pub(crate) async fn passes_at_once_pay_each_withdrawal_once(backend: Backend) {
    const WITHDRAWALS: usize = 40;
    let hub = Hub::new(backend).await;
    hub.give("9", "1000").await;
    let requests = (0..WITHDRAWALS).map(|_| {
        let params = to(&hub.foreign_invoice("5"), "5");
        let hub = &hub;
        async move { hub.call("withdrawal.request", params).await.result()["id"].as_str().unwrap().to_owned() }
    });
    let ids: BTreeSet<_> = join_all(requests).await.into_iter().collect();
    assert_eq!(ids.len(), WITHDRAWALS);
    hub.pay_out().await;
    assert_eq!(paid(&hub), vec![(500_000_000, 1); WITHDRAWALS]);
    assert_eq!(hub.node.questions().send_payment as usize, WITHDRAWALS);
    assert_eq!(hub.balances("9").await.1, "0");
    hub.assert_sound().await;
}
