//! Tests of orders: each leaves at most once, whatever happens to it.

use super::*;
use crate::fnn::test_node::{Request, TestNode, waits};
use crate::fnn::transport::Connections;
use crate::{Amount, PaymentHash, PaymentRequest};
use futures_util::FutureExt;
use futures_util::future::{self, join_all};

/// How the node meets a request.
type Fault = fn(Request);

fn orders(node: &TestNode, timeout: Duration) -> Orders {
    let options = FnnOptions { timeout, ..node.options() };
    let transport = Transport::new(&options, None, Connections::Fresh).unwrap();
    Orders::new(transport, &options, Handle::current())
}

fn send_payment() -> Call {
    let request = PaymentRequest {
        encoded: "fibd1".to_owned(),
        payment_hash: PaymentHash::new([1; 32]),
        amount: Amount::new(100),
        fee_limit: Amount::new(1),
    };
    Call::send_payment(request, Duration::from_secs(10))
}

#[tokio::test]
async fn an_order_leaves_once_whatever_the_node_does() {
    let faults: [(&str, Fault); 6] = [
        ("closed on arrival", |request| request.close("")),
        ("half an answer", |request| {
            request.close("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n{");
        }),
        ("500", |request| request.http("500 Oh", "application/json", "{}")),
        ("503 with an invitation", |request| {
            request.keep("HTTP/1.1 503 Oh\r\nretry-after: 0\r\ncontent-length: 0\r\n\r\n");
        }),
        ("no JSON", |request| request.http("200 OK", "application/json", "oh")),
        ("408", |request| request.close("HTTP/1.1 408 Oh\r\ncontent-length: 0\r\n\r\n")),
    ];
    for (name, fault) in faults {
        let mut node = TestNode::start().await;
        let orders = orders(&node, Duration::from_secs(10));
        let (outcome, ()) = future::join(orders.give(send_payment()), async {
            fault(node.next().await);
        })
        .await;
        // A second request would meet silence: the order would not have come to this end.
        assert!(
            matches!(outcome, Err(CallError::Transport(_) | CallError::Protocol(_))),
            "{name}: {outcome:?}"
        );
        assert!(node.has_no_more(), "{name}");
    }
}

#[tokio::test]
async fn every_order_has_a_connection_of_its_own() {
    let mut node = TestNode::start().await;
    let orders = orders(&node, Duration::from_secs(10));
    for connection in 0..3 {
        let (outcome, ()) = future::join(orders.give(send_payment()), async {
            let request = node.next().await;
            assert_eq!(request.connection, connection);
            request.echo();
        })
        .await;
        assert!(outcome.unwrap().is_ok());
    }
}

#[tokio::test]
async fn orders_go_side_by_side_and_never_together() {
    let mut node = TestNode::start().await;
    let orders = orders(&node, Duration::from_secs(10));
    let (outcomes, ()) = future::join(join_all((0..8).map(|_| orders.give(send_payment()))), async {
        let mut requests = Vec::new();
        for _ in 0..8 {
            requests.push(node.next().await);
        }
        for request in requests {
            assert_eq!(request.methods(), ["send_payment"]);
            assert!(request.body.is_object());
            request.echo();
        }
    })
    .await;
    assert!(outcomes.into_iter().all(|outcome| outcome.unwrap().is_ok()));
}

#[tokio::test]
async fn silence_ends_an_order_in_its_time() {
    let node = TestNode::start().await;
    let orders = orders(&node, Duration::from_millis(20));
    assert!(matches!(orders.give(send_payment()).await, Err(CallError::TimedOut)));
}

#[tokio::test]
async fn an_order_that_waits_for_a_place_is_not_sent_if_nobody_waits_for_it() {
    let mut node = TestNode::start().await;
    let orders = orders(&node, Duration::from_secs(10));
    let mut given = Box::pin(join_all((0..AT_A_TIME).map(|_| orders.give(send_payment()))));
    assert!(waits(&mut given).await);
    let mut requests = Vec::new();
    for _ in 0..AT_A_TIME {
        requests.push(node.next().await);
    }
    let mut waiting = orders.give(send_payment()).boxed();
    assert!(waits(&mut waiting).await);
    drop(waiting);
    requests.into_iter().for_each(Request::echo);
    assert!(given.await.into_iter().all(|outcome| outcome.unwrap().is_ok()));
    assert!(node.has_no_more());
}

#[tokio::test]
async fn an_order_that_was_begun_goes_on_without_its_caller() {
    let mut node = TestNode::start().await;
    let orders = orders(&node, Duration::from_secs(10));
    let mut given = orders.give(send_payment()).boxed();
    assert!(waits(&mut given).await);
    drop(given);
    assert_eq!(node.next().await.methods(), ["send_payment"]);
}
