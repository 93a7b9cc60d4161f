//! `event.list`.

use crate::backend::Backend;
use crate::hub::{Hub, OTHER};
use crate::withdrawals::to;
use futures_util::future::{join, select_all};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::timeout;

pub(crate) async fn what_happened_is_told_in_order_with_what_it_happened_to(backend: Backend) {
    let hub = Hub::new(backend).await;
    let invoice = hub.give("9", "20").await;
    let paid = hub.foreign_invoice("5");
    let withdrawal = hub.call("withdrawal.request", to(&paid, "5")).await.result()["id"].clone();
    hub.pay_out().await;
    let late = hub.foreign_invoice("6");
    let failed = hub.call("withdrawal.request", to(&late, "6")).await.result()["id"].clone();
    hub.clock.advance(Duration::from_secs(3600));
    hub.pay_out().await;

    let list = hub.call("event.list", json!({})).await.result().clone();
    let items = list["items"].as_array().unwrap();
    let types: Vec<_> = items.iter().map(|item| item["type"].as_str().unwrap()).collect();
    assert_eq!(types, ["tip.settled", "withdrawal.completed", "withdrawal.failed"]);
    let tip = hub.call("tip.get", json!({ "invoice": invoice })).await.result().clone();
    let settled = &items[0];
    let expected =
        json!({ "cursor": settled["cursor"], "type": "tip.settled", "at": tip["settledAt"], "tip": tip });
    assert_eq!(*settled, expected);
    for (item, id) in [(&items[1], &withdrawal), (&items[2], &failed)] {
        let shown = hub.call("withdrawal.get", json!({ "id": id })).await.result().clone();
        assert_eq!(item["withdrawal"], shown);
        assert_eq!((item.get("tip"), &item["at"]), (None, &shown["updatedAt"]));
    }
    assert_eq!(items[2]["withdrawal"]["reason"], "the payment request ran out before it could be paid");
    assert_eq!(list["nextCursor"], items[2]["cursor"]);

    let (mut read, mut after) = (Vec::new(), Value::Null);
    loop {
        let params = json!({ "limit": 1, "after": after });
        let page = hub.call("event.list", params).await.result().clone();
        let [item] = &page["items"].as_array().unwrap()[..] else {
            assert_eq!(page, json!({ "items": [], "nextCursor": null }));
            break;
        };
        read.push(item.clone());
        after = page["nextCursor"].clone();
    }
    assert_eq!(read, *items, "one by one, from one server or the other");
}

pub(crate) async fn many_events_are_read_once_each_while_more_come(backend: Backend) {
    let hub = Hub::new(backend).await;
    let (mut read, mut after) = (Vec::new(), Value::Null);
    for n in 0..6 {
        let invoices = futures_util::future::join_all((0..n).map(|_| hub.tip("9", "1"))).await;
        for invoice in &invoices {
            hub.node.pay(invoice, false).unwrap();
        }
        hub.settle().await;
        let page = hub.call("event.list", json!({ "after": after, "limit": 2 })).await.result().clone();
        read.extend(page["items"].as_array().unwrap().clone());
        if page["nextCursor"].is_string() {
            after = page["nextCursor"].clone();
        }
    }
    let rest = hub.call("event.list", json!({ "after": after, "limit": 100 })).await.result().clone();
    read.extend(rest["items"].as_array().unwrap().clone());
    let all = hub.call("event.list", json!({ "limit": 100 })).await.result()["items"].clone();
    assert_eq!((json!(read), read.len()), (all, 15));
}

pub(crate) async fn a_cursor_that_is_none_of_the_apps_is_named(backend: Backend) {
    let hub = Hub::new(backend).await;
    hub.give("9", "1").await;
    let list = hub.call("event.list", json!({})).await;
    let cursor = list.result()["nextCursor"].as_str().unwrap();
    let id = cursor.split_once('-').unwrap().1;
    let other_id = "01990c1e-6a3f-7000-8000-0000000000ab";
    let wrong =
        [format!("2-{id}"), format!("0-{id}"), format!("1-{other_id}"), "1".to_owned(), String::new()];
    for after in wrong {
        let answer = hub.call("event.list", json!({ "after": after, "waitSeconds": 25 })).await;
        assert_eq!(answer.fields(), ["after"], "{after:?}");
    }
    let answer = hub.call_as(OTHER, "event.list", json!({ "after": cursor })).await;
    assert_eq!(answer.fields(), ["after"]);
    let params = json!({ "after": { "id": 1 }, "limit": 101, "waitSeconds": 26 });
    assert_eq!(hub.call("event.list", params).await.fields(), ["after", "limit", "waitSeconds"]);
    let nothing = json!({ "items": [], "nextCursor": null });
    assert_eq!(hub.call("event.list", json!({ "after": cursor })).await.result(), &nothing);
    assert_eq!(hub.call_as(OTHER, "event.list", json!({})).await.result(), &nothing);
}

pub(crate) async fn who_waits_for_events_hears_of_a_withdrawal_that_is_paid(backend: Backend) {
    let hub = Hub::that_looks_when_told(backend).await;
    hub.give("9", "6").await;
    hub.call("withdrawal.request", to(&hub.foreign_invoice("5"), "5")).await.result();
    let after = hub.call("event.list", json!({})).await.result()["nextCursor"].clone();
    // One at each server: the one that pays tells its own.
    let waits = json!({ "after": after, "waitSeconds": 25 });
    let readers = [0, 1].map(|_| Box::pin(hub.call("event.list", waits.clone())));
    let mut told = select_all(readers);
    let early = timeout(Duration::from_millis(500), &mut told).await;
    assert!(early.is_err(), "they looked, and wait");
    let (told, ()) = join(timeout(Duration::from_secs(10), told), hub.pay_out()).await;
    let (answer, ..) = told.unwrap();
    assert_eq!(answer.result()["items"][0]["type"], "withdrawal.completed");
}
