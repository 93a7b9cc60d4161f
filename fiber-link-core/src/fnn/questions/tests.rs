//! Tests of questions, against a node that does what the test says.

use super::*;
use crate::PaymentHash;
use crate::fnn::test_node::{Request, TestNode, waits};
use crate::fnn::transport::{Connections, TransportError};
use futures_util::FutureExt;
use futures_util::future::{self, join_all};
use serde_json::{Value, json};

fn questions(node: &TestNode, change: impl FnOnce(&mut FnnOptions)) -> Questions {
    let mut options = FnnOptions { requests_at_a_time: 1, ..node.options() };
    change(&mut options);
    let transport = Transport::new(&options, None, Connections::Kept).unwrap();
    Questions::new(transport, &options, Handle::current())
}

fn hash(n: u8) -> PaymentHash {
    PaymentHash::new([n; 32])
}

/// Asks about one invoice. The node of these tests answers with what it was asked.
async fn ask(questions: &Questions, n: u8) -> Result<u8, CallError> {
    let mut answers = questions.ask(vec![Call::Invoice(hash(n))]).await?;
    assert_eq!(answers.len(), 1);
    answers.pop().unwrap().map(|reply| number(&reply.unwrap()))
}

fn number(reply: &serde_json::value::RawValue) -> u8 {
    let echoed: Value = serde_json::from_str(reply.get()).unwrap();
    let hash: PaymentHash = echoed["payment_hash"].as_str().unwrap().parse().unwrap();
    hash.as_bytes()[0]
}

/// Makes the only place busy: the request that does it, and the call that waits for it.
async fn busy<'a>(
    node: &mut TestNode,
    questions: &'a Questions,
) -> (Request, future::BoxFuture<'a, Result<u8, CallError>>) {
    let mut call = ask(questions, 0).boxed();
    assert!(waits(&mut call).await);
    (node.next().await, call)
}

#[tokio::test]
async fn a_lone_call_goes_at_once_and_alone() {
    let mut node = TestNode::start().await;
    let questions = questions(&node, |_| {});
    let (answer, ()) = future::join(ask(&questions, 7), async {
        let request = node.next().await;
        assert!(request.body.is_object());
        assert_eq!(request.header("content-type"), Some("application/json"));
        request.echo();
    })
    .await;
    assert_eq!(answer.unwrap(), 7);
    assert!(node.has_no_more());
}

#[tokio::test]
async fn calls_that_wait_go_together_in_their_order() {
    let mut node = TestNode::start().await;
    let questions = questions(&node, |_| {});
    let (first, call) = busy(&mut node, &questions).await;
    let mut more = Box::pin(join_all((1..=5).map(|n| ask(&questions, n))));
    assert!(waits(&mut more).await);
    first.echo();
    assert_eq!(call.await.unwrap(), 0);

    let request = node.next().await;
    assert_eq!(request.methods(), ["get_invoice"; 5]);
    request.echo();
    let answers: Vec<u8> = more.await.into_iter().map(Result::unwrap).collect();
    assert_eq!(answers, [1, 2, 3, 4, 5]);
    assert!(node.has_no_more());
}

#[tokio::test]
async fn a_request_takes_a_hundred_calls_and_parts_no_group() {
    let mut node = TestNode::start().await;
    let questions = questions(&node, |_| {});
    let (first, _call) = busy(&mut node, &questions).await;
    let group = |n: usize| questions.ask((0..n).map(|_| Call::Invoice(hash(1))).collect());
    let mut groups = Box::pin(join_all([group(60), group(40), group(1), group(100), group(1)]));
    assert!(waits(&mut groups).await);
    first.echo();
    for calls in [100, 1, 100, 1] {
        let request = node.next().await;
        assert_eq!(request.calls().len(), calls);
        request.echo();
    }
    let answers: Vec<usize> = groups.await.into_iter().map(|answers| answers.unwrap().len()).collect();
    assert_eq!(answers, [60, 40, 1, 100, 1]);
}

/// A batch of them could be longer than what is read, and take the others with it.
#[tokio::test]
async fn what_has_a_long_answer_goes_alone() {
    let mut node = TestNode::start().await;
    let questions = questions(&node, |_| {});
    let (first, _call) = busy(&mut node, &questions).await;
    let long = [Call::ListChannels, Call::ListPayments { after: None, limit: 1000 }, Call::ListChannels];
    let mut before = ask(&questions, 1).boxed();
    assert!(waits(&mut before).await);
    let mut more = Box::pin(join_all(long.map(|call| questions.ask(vec![call]))));
    assert!(waits(&mut more).await);
    let mut after = Box::pin(join_all([ask(&questions, 2), ask(&questions, 3)]));
    assert!(waits(&mut after).await);
    first.echo();
    for methods in [
        &["get_invoice"][..],
        &["list_channels"],
        &["list_payments"],
        &["list_channels"],
        &["get_invoice", "get_invoice"],
    ] {
        let request = node.next().await;
        assert_eq!(request.methods(), methods);
        request.echo();
    }
}

#[tokio::test]
async fn no_more_requests_are_on_their_way_than_allowed() {
    let mut node = TestNode::start().await;
    let questions = questions(&node, |options| options.requests_at_a_time = 2);
    let mut calls = Vec::new();
    let mut requests = Vec::new();
    for n in 0..2 {
        calls.push(ask(&questions, n).boxed());
        assert!(waits(calls.last_mut().unwrap()).await);
        requests.push(node.next().await);
    }
    calls.push(ask(&questions, 2).boxed());
    assert!(waits(calls.last_mut().unwrap()).await);
    requests.pop().unwrap().echo();
    let freed = node.next().await;
    assert_eq!(freed.connection, 1, "the third call took the place, and the connection, of the second");
    freed.echo();
    requests.pop().unwrap().echo();
    assert_eq!(join_all(calls).await.into_iter().map(Result::unwrap).collect::<Vec<_>>(), [0, 1, 2]);
}

/// Sends calls 1 to 3 as a batch, lets `answer` answer it, and tells what each got.
async fn batch_of_three(answer: impl FnOnce(Request)) -> Vec<Result<u8, CallError>> {
    let mut node = TestNode::start().await;
    let questions = questions(&node, |_| {});
    let (first, _call) = busy(&mut node, &questions).await;
    let mut calls = Box::pin(join_all((1..=3).map(|n| ask(&questions, n))));
    assert!(waits(&mut calls).await);
    first.echo();
    answer(node.next().await);
    let answers = calls.await;
    assert!(node.has_no_more());
    answers
}

fn echo(call: &Value) -> Value {
    json!({ "jsonrpc": "2.0", "id": call["id"], "result": call["params"][0] })
}

#[tokio::test]
async fn answers_out_of_order_find_their_callers() {
    let answers = batch_of_three(|request| {
        let answers: Vec<Value> = request.calls().iter().rev().map(echo).collect();
        request.json(&Value::from(answers));
    })
    .await;
    assert_eq!(answers.into_iter().map(Result::unwrap).collect::<Vec<_>>(), [1, 2, 3]);
}

#[tokio::test]
async fn a_missing_answer_is_missing_for_its_caller_alone() {
    let answers = batch_of_three(|request| {
        let answers: Vec<Value> = request.calls().iter().map(echo).collect();
        request.json(&json!([answers[0], answers[2]]));
    })
    .await;
    assert!(matches!(answers[..], [Ok(1), Err(CallError::LeftOut), Ok(3)]), "{answers:?}");
}

#[tokio::test]
async fn an_answer_to_something_else_is_nobodys() {
    let answers = batch_of_three(|request| {
        let mut answers: Vec<Value> = request.calls().iter().map(echo).collect();
        answers[1]["id"] = json!(999_999);
        request.json(&Value::from(answers));
    })
    .await;
    assert!(matches!(answers[..], [Ok(1), Err(CallError::LeftOut), Ok(3)]), "{answers:?}");
}

#[tokio::test]
async fn a_batch_that_fails_fails_for_all_in_it_and_is_not_sent_again() {
    for status in ["500 Oh", "502 Oh", "401 Oh", "403 Oh", "429 Oh"] {
        let answers = batch_of_three(|request| request.http(status, "application/json", "[]")).await;
        for answer in answers {
            let Err(CallError::Transport(error)) = answer else { panic!("{status}: {answer:?}") };
            assert!(matches!(*error, TransportError::Status(_)), "{status}: {error:?}");
        }
    }
}

#[tokio::test]
async fn where_batches_are_refused_calls_go_one_by_one_and_that_is_remembered() {
    let refusals: [fn(Request); 3] = [
        |request| {
            let error = json!({ "code": -32600, "message": "no" });
            request.json(&json!({ "jsonrpc": "2.0", "id": null, "error": error }));
        },
        |request| request.http("400 Oh", "text/html", "<h1>no</h1>"),
        |request| request.http("413 Oh", "text/plain", "no"),
    ];
    for refuse in refusals {
        let mut node = TestNode::start().await;
        let questions = questions(&node, |_| {});
        let (first, _call) = busy(&mut node, &questions).await;
        let mut calls = Box::pin(join_all((1..=3).map(|n| ask(&questions, n))));
        assert!(waits(&mut calls).await);
        first.echo();
        refuse(node.next().await);
        let (answers, ()) = future::join(calls, async {
            for _ in 0..3 {
                let single = node.next().await;
                assert!(single.body.is_object());
                single.echo();
            }
        })
        .await;
        assert_eq!(answers.into_iter().map(Result::unwrap).collect::<Vec<_>>(), [1, 2, 3]);

        let group = questions.ask(vec![Call::Invoice(hash(4)), Call::Invoice(hash(5))]);
        let (answers, ()) = future::join(group, async {
            for _ in 0..2 {
                let single = node.next().await;
                assert!(single.body.is_object(), "the refusal is remembered");
                single.echo();
            }
        })
        .await;
        let numbers: Vec<u8> =
            answers.unwrap().into_iter().map(|reply| number(&reply.unwrap().unwrap())).collect();
        assert_eq!(numbers, [4, 5]);
    }
}

#[tokio::test]
async fn a_caller_who_goes_away_before_its_call_is_sent_asks_nothing() {
    let mut node = TestNode::start().await;
    let questions = questions(&node, |_| {});
    let (first, _call) = busy(&mut node, &questions).await;
    let mut gone = Box::pin(ask(&questions, 1));
    let mut stays = Box::pin(ask(&questions, 2));
    assert!(waits(&mut gone).await);
    assert!(waits(&mut stays).await);
    drop(gone);
    first.echo();
    let request = node.next().await;
    assert!(request.body.is_object(), "one call is left");
    request.echo();
    assert_eq!(stays.await.unwrap(), 2);
    assert!(node.has_no_more());
}

#[tokio::test]
async fn a_caller_who_goes_away_takes_nobodys_answer_along() {
    let mut node = TestNode::start().await;
    let questions = questions(&node, |_| {});
    let (first, sender) = busy(&mut node, &questions).await;
    let mut gone = Box::pin(ask(&questions, 1));
    let mut stays = Box::pin(ask(&questions, 2));
    assert!(waits(&mut gone).await);
    assert!(waits(&mut stays).await);
    // Whoever sent the first request is gone too: the others do not depend on it.
    drop(sender);
    first.echo();
    let request = node.next().await;
    assert_eq!(request.calls().len(), 2);
    drop(gone);
    request.echo();
    assert_eq!(stays.await.unwrap(), 2);
}

#[tokio::test]
async fn a_full_queue_answers_at_once_and_those_who_went_away_take_no_room() {
    let mut node = TestNode::start().await;
    let questions = questions(&node, |options| options.waiting_calls = 2);
    let (first, _call) = busy(&mut node, &questions).await;
    let mut waiting: Vec<_> = (1..=2).map(|n| ask(&questions, n).boxed()).collect();
    for call in &mut waiting {
        assert!(waits(call).await);
    }
    assert!(matches!(ask(&questions, 3).now_or_never(), Some(Err(CallError::Full))));
    waiting.pop();
    let mut next = ask(&questions, 4).boxed();
    assert!(waits(&mut next).await);
    first.echo();
    node.next().await.echo();
    assert_eq!(waiting.pop().unwrap().await.unwrap(), 1);
    assert_eq!(next.await.unwrap(), 4);
}

#[tokio::test]
async fn silence_ends_a_call_and_frees_its_place() {
    let mut node = TestNode::start().await;
    let mut questions = questions(&node, |options| options.timeout = Duration::from_millis(20));
    assert!(matches!(ask(&questions, 1).await, Err(CallError::TimedOut)));
    questions.timeout = Duration::from_secs(10);
    let (answer, ()) = future::join(ask(&questions, 2), async {
        // The first call may have had no time to arrive.
        loop {
            let request = node.next().await;
            if request.body["params"][0]["payment_hash"] == json!(format!("0x{}", hash(2))) {
                return request.echo();
            }
        }
    })
    .await;
    assert_eq!(answer.unwrap(), 2);
}

#[tokio::test]
async fn waiting_counts_towards_the_time_of_a_call() {
    let mut node = TestNode::start().await;
    let questions = questions(&node, |_| {});
    let hasty = Questions {
        shared: questions.shared.clone(),
        timeout: Duration::from_millis(20),
        most_waiting: questions.most_waiting,
    };
    let (first, call) = busy(&mut node, &questions).await;
    assert!(matches!(ask(&hasty, 1).await, Err(CallError::TimedOut)));
    first.echo();
    assert_eq!(call.await.unwrap(), 0);
    let (answer, ()) = future::join(ask(&questions, 2), async { node.next().await.echo() }).await;
    assert_eq!(answer.unwrap(), 2, "what waited in vain was not sent");
    assert!(node.has_no_more());
}

/// What a lone question gets if the node answers it like this.
async fn answered(answer: impl FnOnce(Request)) -> CallError {
    let mut node = TestNode::start().await;
    let questions = questions(&node, |_| {});
    let (outcome, ()) = future::join(ask(&questions, 1), async { answer(node.next().await) }).await;
    assert!(node.has_no_more(), "nothing is sent twice");
    outcome.unwrap_err()
}

#[tokio::test]
async fn what_is_no_answer_is_told_apart() {
    let transport = |error| {
        let CallError::Transport(error) = error else { panic!("{error:?}") };
        error
    };
    let json = "application/json";
    let status = transport(answered(|request| request.http("500 Oh", json, "{}")).await);
    assert!(matches!(*status, TransportError::Status(status) if status.as_u16() == 500));
    let redirect = "HTTP/1.1 307 Go\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n";
    let redirect = transport(answered(|request| request.keep(redirect)).await);
    assert!(matches!(*redirect, TransportError::Status(status) if status.as_u16() == 307));
    let html = transport(answered(|request| request.http("200 OK", "text/html", "{}")).await);
    assert!(matches!(*html, TransportError::NotJson));
    let cut = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n{\"js";
    let cut = transport(answered(|request| request.close(cut)).await);
    assert!(matches!(*cut, TransportError::Broken(_)), "{cut:?}");
    let closed = transport(answered(|request| request.close("")).await);
    assert!(matches!(*closed, TransportError::Broken(_)), "{closed:?}");
    let endless = transport(answered(Request::endless).await);
    assert!(matches!(*endless, TransportError::TooLong(_)), "{endless:?}");
    let long = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 99999999\r\n\r\n";
    let long = transport(answered(|request| request.keep(long)).await);
    assert!(matches!(*long, TransportError::TooLong(_)), "{long:?}");
    let other = json!({ "jsonrpc": "2.0", "id": 999_999, "result": {} });
    assert!(matches!(answered(|request| request.json(&other)).await, CallError::Protocol(_)));
    assert!(matches!(
        answered(|request| request.http("200 OK", json, "{\"js")).await,
        CallError::Protocol(_)
    ));
}

#[tokio::test]
async fn an_error_names_neither_the_address_nor_the_call() {
    let unused = TestNode::start().await.address;
    let url = format!("http://{unused}/canary?key=canary").parse().unwrap();
    let options = FnnOptions::new(url, crate::Network::Dev);
    let transport = Transport::new(&options, None, Connections::Kept).unwrap();
    let questions = Questions::new(transport, &options, Handle::current());
    let error = ask(&questions, 0xab).await.unwrap_err();
    assert!(
        matches!(&error, CallError::Transport(error) if matches!(**error, TransportError::Unreachable(_)))
    );
    let shown = format!("{error:?}");
    assert!(!shown.contains("canary") && !shown.contains("abab"), "{shown}");
}
