//! Tests of the node: which call goes where with which token, and what is compared.

use super::*;
use crate::fnn::NodeUrl;
use crate::fnn::test_node::{Request, TestNode, waits};
use crate::{Amount, InvoiceState, PaymentState, Preimage, Timestamp};
use futures_util::FutureExt;
use futures_util::future::{self, BoxFuture};
use serde_json::{Value, json};
use tokio::io::AsyncReadExt;

fn token(text: &str) -> Token {
    Token::new(text).unwrap()
}

fn both() -> Access {
    Access::InvoicesAndPayments { invoices: token("for-invoices"), payments: token("for-payments") }
}

fn client(node: &TestNode, change: impl FnOnce(&mut FnnOptions)) -> FnnNode {
    let mut options = node.options();
    change(&mut options);
    FnnNode::new(options).unwrap()
}

fn hash(n: u8) -> PaymentHash {
    PaymentHash::new([n; 32])
}

fn payment_request(n: u8) -> PaymentRequest {
    PaymentRequest {
        encoded: "fibd1".to_owned(),
        payment_hash: hash(n),
        amount: Amount::new(100),
        fee_limit: Amount::new(1),
    }
}

fn invoice_request() -> InvoiceRequest {
    InvoiceRequest {
        asset: Asset::ckb(),
        amount: Amount::new(100),
        preimage: Preimage::new([7; 32]),
        expiry: Duration::from_secs(3600),
        description: "thanks".to_owned(),
    }
}

/// What the node says about an invoice of `hash` over 100 shannon.
fn invoice_result(hash: PaymentHash, status: &str) -> Value {
    json!({
        "invoice_address": "fibd1001canary",
        "invoice": {
            "currency": "Fibd",
            "amount": "0x64",
            "data": {
                "timestamp": "0x3e8",
                "payment_hash": format!("0x{hash}"),
                "attrs": [{ "expiry_time": "0xe10" }],
            },
        },
        "status": status,
    })
}

fn payment_result(hash: PaymentHash) -> Value {
    json!({
        "payment_hash": format!("0x{hash}"),
        "status": "Created",
        "created_at": "0x1",
        "last_updated_at": "0x1",
        "failed_error": null,
        "fee": "0x0",
    })
}

/// Every call that a node can be asked for, by its method.
fn calls(node: &FnnNode) -> Vec<(&'static str, BoxFuture<'_, Result<(), NodeError>>)> {
    let hashes = [hash(1)];
    vec![
        ("node_info", async { node.info().await.map(drop) }.boxed()),
        ("new_invoice", async { node.create_invoice(invoice_request()).await.map(drop) }.boxed()),
        ("get_invoice", async move { node.invoices(&hashes).await.map(drop) }.boxed()),
        ("parse_invoice", async { node.decode_invoice("fibd1").await.map(drop) }.boxed()),
        ("cancel_invoice", async { node.cancel_invoice(hash(1)).await.map(drop) }.boxed()),
        ("list_channels", async { node.liquidity(&Asset::ckb()).await.map(drop) }.boxed()),
        ("list_channels", async { node.pending_tlcs(hash(1)).await.map(drop) }.boxed()),
        ("send_payment", async { node.send_payment(payment_request(1)).await.map(drop) }.boxed()),
        ("get_payment", async { node.payment(hash(1)).await.map(drop) }.boxed()),
        ("list_payments", async { node.payments(None, 15).await.map(drop) }.boxed()),
    ]
}

/// The token that a method must carry; a new method is not forgotten here.
fn token_of(call: &Call) -> &'static str {
    match call {
        Call::NodeInfo
        | Call::NewInvoice(_)
        | Call::Invoice(_)
        | Call::ParseInvoice(_)
        | Call::CancelInvoice(_)
        | Call::ListChannels
        | Call::ListAllChannels
        | Call::SubscribeStoreChanges => "for-invoices",
        Call::SendPayment(_) | Call::Payment(_) | Call::ListPayments { .. } => "for-payments",
    }
}

fn every_call() -> Vec<Call> {
    vec![
        Call::NodeInfo,
        Call::new_invoice(Network::Dev, invoice_request()).unwrap(),
        Call::Invoice(hash(1)),
        Call::parse_invoice("fibd1").unwrap(),
        Call::CancelInvoice(hash(1)),
        Call::ListChannels,
        Call::ListAllChannels,
        Call::send_payment(payment_request(1), Duration::from_secs(1)),
        Call::Payment(hash(1)),
        Call::ListPayments { after: None, limit: 1 },
    ]
}

#[tokio::test]
async fn each_call_carries_its_own_token_and_no_connection_carries_both() {
    let mut node = TestNode::start().await;
    let client = client(&node, |options| options.access = both());
    let mut tokens = std::collections::HashMap::new();
    for (call, (method, said)) in every_call().iter().zip(calls(&client)) {
        assert_eq!(call.method(), method);
        let said = said.fuse();
        let (_, ()) = future::join(said, async {
            let request = node.next().await;
            assert_eq!(request.methods(), [method]);
            let expected = format!("Bearer {}", token_of(call));
            assert_eq!(request.header("authorization"), Some(expected.as_str()), "{method}");
            let first = tokens.entry(request.connection).or_insert_with(|| expected.clone());
            assert_eq!(*first, expected, "connection {}", request.connection);
            request.result(&json!(null));
        })
        .await;
    }
    assert!(node.has_no_more());
}

#[tokio::test]
async fn without_a_token_for_payments_nothing_is_said_about_them() {
    let mut node = TestNode::start().await;
    let client = client(&node, |options| options.access = Access::Invoices(token("for-invoices")));
    for (call, (method, said)) in every_call().iter().zip(calls(&client)) {
        match token_of(call) {
            "for-payments" => {
                let refused = said.await.unwrap_err();
                assert!(matches!(&refused, NodeError::Refused { reason } if reason.contains("no token")));
            }
            _ => {
                let _ = future::join(said, async {
                    let request = node.next().await;
                    assert_eq!(request.methods(), [method]);
                    request.result(&json!(null));
                })
                .await;
            }
        }
    }
    assert!(node.has_no_more());
}

#[tokio::test]
async fn an_open_node_gets_no_token() {
    let mut node = TestNode::start().await;
    let client = client(&node, |_| {});
    for (_, said) in calls(&client) {
        let _ = future::join(said, async {
            let request = node.next().await;
            assert_eq!(request.header("authorization"), None);
            request.result(&json!(null));
        })
        .await;
    }
}

#[tokio::test]
async fn a_payment_waits_behind_no_question() {
    let mut node = TestNode::start().await;
    let client = client(&node, |options| options.requests_at_a_time = 1);
    let mut held = Vec::new();
    let mut asked = client.payment(hash(1)).boxed();
    assert!(waits(&mut asked).await);
    held.push(node.next().await);
    let mut behind = client.payment(hash(2)).boxed();
    assert!(waits(&mut behind).await);

    let (sent, ()) = future::join(client.send_payment(payment_request(3)), async {
        let request = node.next().await;
        assert_eq!(request.methods(), ["send_payment"]);
        request.result(&payment_result(hash(3)));
    })
    .await;
    let status = PaymentStatus { created_at: Timestamp::from_millis(1), state: PaymentState::Pending };
    assert_eq!(sent.unwrap(), status);
}

#[tokio::test]
async fn a_payment_shares_its_connection_with_nothing() {
    let mut node = TestNode::start().await;
    let client = client(&node, |_| {});
    let mut connections = std::collections::HashSet::new();
    for n in 0..3 {
        let (sent, ()) = future::join(client.send_payment(payment_request(n)), async {
            let request = node.next().await;
            assert!(connections.insert(request.connection));
            request.result(&payment_result(hash(n)));
        })
        .await;
        assert!(sent.is_ok());
    }
}

#[tokio::test]
async fn many_invoices_are_asked_for_in_few_requests_and_answered_in_order() {
    let mut node = TestNode::start().await;
    let client = client(&node, |_| {});
    let hashes: Vec<PaymentHash> = (0..250).map(hash).collect();
    let (answers, ()) = future::join(client.invoices(&hashes), async {
        for calls in [100, 100, 50] {
            let request = node.next().await;
            assert_eq!(request.calls().len(), calls);
            let answer = |call: &Value| {
                let hash: PaymentHash = call["params"][0]["payment_hash"].as_str().unwrap().parse().unwrap();
                if hash.as_bytes()[0].is_multiple_of(3) {
                    let error = json!({ "code": -32000, "message": "invoice not found" });
                    json!({ "jsonrpc": "2.0", "id": call["id"], "error": error })
                } else {
                    json!({ "jsonrpc": "2.0", "id": call["id"], "result": invoice_result(hash, "Open") })
                }
            };
            let answers: Vec<Value> = request.calls().iter().rev().map(answer).collect();
            request.json(&Value::from(answers));
        }
    })
    .await;
    for (hash, answer) in hashes.iter().zip(answers.unwrap()) {
        match answer {
            None => assert!(hash.as_bytes()[0].is_multiple_of(3)),
            Some(status) => {
                assert_eq!((status.invoice.payment_hash, status.state), (*hash, InvoiceState::Open));
            }
        }
    }
    assert_eq!(client.invoices(&[]).await.unwrap(), []);
    assert!(node.has_no_more());
}

#[tokio::test]
async fn one_missing_answer_makes_the_question_unclear() {
    let mut node = TestNode::start().await;
    let client = client(&node, |_| {});
    let hashes = [hash(1), hash(2)];
    let (answers, ()) = future::join(client.invoices(&hashes), async {
        let request = node.next().await;
        let id = request.calls()[1]["id"].clone();
        request.json(&json!([{ "jsonrpc": "2.0", "id": id, "result": invoice_result(hash(2), "Open") }]));
    })
    .await;
    assert!(matches!(answers, Err(NodeError::Unclear(_))), "{answers:?}");
}

/// What comes of an invoice that the node answers for like this.
async fn made(answer: impl FnOnce(Request, PaymentHash)) -> Result<Invoice, NodeError> {
    let mut node = TestNode::start().await;
    let client = client(&node, |_| {});
    let request = invoice_request();
    let hash = request.preimage.payment_hash();
    let (made, ()) =
        future::join(client.create_invoice(request), async { answer(node.next().await, hash) }).await;
    made
}

#[tokio::test]
async fn an_invoice_is_the_one_that_was_asked_for() {
    let invoice = made(|request, hash| request.result(&invoice_result(hash, "Open"))).await.unwrap();
    let expires_at = Timestamp::from_millis(1000 + 3_600_000);
    let expected = Invoice {
        encoded: "fibd1001canary".to_owned(),
        payment_hash: Preimage::new([7; 32]).payment_hash(),
        asset: Asset::ckb().id,
        amount: Amount::new(100),
        expires_at,
    };
    assert_eq!(invoice, expected);

    let changes: [fn(&mut Value); 4] = [
        |result| result["invoice"]["amount"] = json!("0x65"),
        |result| result["invoice"]["data"]["payment_hash"] = json!(format!("0x{}", hash(9))),
        |result| result["invoice_address"] = json!("fibb1001canary"),
        |result| result["invoice_address"] = json!(""),
    ];
    for change in changes {
        let error = made(|request, hash| {
            let mut result = invoice_result(hash, "Open");
            change(&mut result);
            request.result(&result);
        })
        .await
        .unwrap_err();
        assert!(matches!(error, NodeError::NoAnswer(_)), "{error:?}");
        assert!(!format!("{error:?}").contains("canary"));
    }
}

#[tokio::test]
async fn an_invoice_that_exists_is_told_apart() {
    let error = json!({ "code": -32000, "message": "invoice already exists", "data": "canary" });
    let exists = made(|request, _| {
        let answer = json!({ "jsonrpc": "2.0", "id": request.body["id"], "error": error });
        request.json(&answer);
    })
    .await;
    assert!(matches!(exists, Err(NodeError::InvoiceExists)));
}

#[tokio::test]
async fn what_the_node_would_refuse_is_not_sent() {
    let mut node = TestNode::start().await;
    let client = client(&node, |_| {});
    let nothing = InvoiceRequest { amount: Amount::ZERO, ..invoice_request() };
    assert!(matches!(client.create_invoice(nothing).await, Err(NodeError::Refused { .. })));
    let long = "x".repeat(1 << 20);
    assert!(matches!(client.decode_invoice(&long).await, Err(NodeError::InvalidInvoice { .. })));
    assert!(node.has_no_more());
}

#[tokio::test]
async fn an_https_address_is_spoken_to_in_tls() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url: NodeUrl = format!("https://{}", listener.local_addr().unwrap()).parse().unwrap();
    let client = FnnNode::new(FnnOptions::new(url, Network::Dev)).unwrap();
    let (info, ()) = future::join(client.info(), async {
        let (mut stream, _) = listener.accept().await.unwrap();
        assert_eq!(stream.read_u8().await.unwrap(), 0x16, "a handshake");
    })
    .await;
    assert!(matches!(info, Err(NodeError::NoAnswer(_))));
}

#[test]
fn outside_of_a_runtime_there_is_no_client() {
    let url = "http://127.0.0.1:1".parse().unwrap();
    let made = FnnNode::new(FnnOptions::new(url, Network::Dev));
    assert!(matches!(made, Err(OpenFnnNodeError::NoRuntime)));
}

#[tokio::test]
async fn no_token_is_printed() {
    let node = TestNode::start().await;
    let client = client(&node, |options| options.access = both());
    let shown = format!("{client:?}");
    assert!(!shown.contains("for-invoices") && !shown.contains("for-payments"), "{shown}");
}

#[tokio::test]
async fn without_hints_nothing_is_opened() {
    let mut node = TestNode::start().await;
    let client = client(&node, |options| options.hints = Hints::Off);
    assert!(client.hints().next().now_or_never().is_none());
    assert!(node.has_no_more());
}
