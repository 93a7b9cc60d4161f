//! Payments that nobody saw, and many open tips.

use crate::backend::Backend;
use crate::hub::{FORUM, Hub};
use fiber_link_core::{Amount, AppId, AssetId, PostId, Tip, TipRequest, UserId};
use futures_util::{StreamExt, stream};
use serde_json::json;
use std::time::Duration;

const PAID: usize = 100;

pub(crate) async fn a_tip_that_was_paid_while_all_servers_were_down_is_credited_once(backend: Backend) {
    let hub = Hub::new(backend).await;
    let cancelled = hub.tip("9", "1").await;
    hub.node.cancel(&cancelled).unwrap();
    hub.settle().await;
    let open = hub.tip("9", "61").await;

    hub.node.pay(&open, false).unwrap();
    hub.node.pay(&cancelled, true).unwrap();
    let hub = hub.restarted().await;
    let status = |invoice| {
        let hub = &hub;
        async move {
            let answer = hub.call("tip.status", json!({ "invoice": invoice })).await;
            answer.result()["state"].as_str().unwrap().to_owned()
        }
    };
    assert_eq!((status(&open).await.as_str(), status(&cancelled).await.as_str()), ("UNPAID", "FAILED"));
    for _ in 0..2 {
        hub.settle().await;
        for invoice in [&open, &cancelled] {
            assert_eq!(status(invoice).await, "SETTLED");
        }
        assert_eq!(hub.balances("9").await, ("62".to_owned(), "0".to_owned()));
    }
    hub.assert_sound().await;
}

/// `FIBER_LINK_OPEN_TIPS` says how many; a quick run takes fewer.
pub(crate) async fn ten_thousand_open_tips_cost_one_question_per_hundred(backend: Backend) {
    let number = std::env::var("FIBER_LINK_OPEN_TIPS").map_or(10_000, |number| number.parse().unwrap());
    let hub = Hub::new(backend).await;
    let app = AppId::new(FORUM.0).unwrap();
    let created = stream::iter(0..number).map(|_| hub.link().create_tip(&app, tip()));
    let tips: Vec<Tip> = created.buffer_unordered(200).map(Result::unwrap).collect().await;
    for tip in tips.iter().step_by(number / PAID) {
        hub.node.pay(&tip.invoice().unwrap().encoded, false).unwrap();
    }
    let before = hub.node.questions();
    hub.settle_after(Duration::from_secs(60)).await;
    let after = hub.node.questions();
    assert_eq!(after.invoice_hashes - before.invoice_hashes, number as u64, "each tip once");
    // The last pass of each server may find less than a hundred.
    let questions = after.invoices - before.invoices;
    assert!(questions <= number as u64 / 100 + 2, "{questions} questions");
    assert_eq!(hub.balances("9").await.0, PAID.to_string());
    hub.assert_sound().await;
}

fn tip() -> TipRequest {
    TipRequest {
        post: PostId::new("42").unwrap(),
        from_user: UserId::new("7").unwrap(),
        to_user: UserId::new("9").unwrap(),
        asset: AssetId::ckb(),
        amount: Amount::new(100_000_000),
        message: None,
        anonymous: false,
        idempotency_key: None,
    }
}
