//! Frames of the WebSocket have the recorded shape.

use crate::client::{call, order};
use crate::shape::differences;
use crate::world::World;
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

async fn connect(address: SocketAddr, token: Option<&str>) -> Socket {
    let mut request = format!("ws://{address}/any/path").into_client_request().unwrap();
    if let Some(token) = token {
        request.headers_mut().insert("authorization", format!("Bearer {token}").parse().unwrap());
    }
    connect_async(request).await.unwrap().0
}

async fn next(socket: &mut Socket) -> Value {
    loop {
        if let Message::Text(text) = socket.next().await.unwrap().unwrap() {
            return serde_json::from_str(&text).unwrap();
        }
    }
}

async fn ask(socket: &mut Socket, body: &str) -> Value {
    socket.send(Message::text(body)).await.unwrap();
    next(socket).await
}

const SUBSCRIBE: &str = r#"{"id":1,"jsonrpc":"2.0","method":"subscribe_store_changes","params":[]}"#;
const UNSUBSCRIBE: &str = r#"{"id":2,"jsonrpc":"2.0","method":"unsubscribe_store_changes","params":["x"]}"#;

/// What came in over sockets of real nodes, by kind and by where it stands.
fn recorded() -> BTreeMap<String, Value> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fiber-link-core/tests/fnn/transcripts");
    let mut recorded = BTreeMap::new();
    for name in ["06_pubsub_frames_node1.jsonl", "06_pubsub_frames_node3.jsonl"] {
        for line in std::fs::read_to_string(folder.join(name)).unwrap().lines() {
            let line: Value = serde_json::from_str(line).unwrap();
            let frame: Value = serde_json::from_str(line["frame"].as_str().unwrap()).unwrap();
            if frame["method"] == "store_changes"
                && !line["frame"].as_str().unwrap().contains("keysend\":true")
            {
                recorded.entry(kind(&frame)).or_insert(frame);
            }
        }
    }
    recorded
}

/// What a frame is about, and where that stands.
fn kind(frame: &Value) -> String {
    let (kind, content) = frame["params"]["result"].as_object().unwrap().iter().next().unwrap();
    let status = content.get("invoice_status").or(content["payment_session"].get("status"));
    format!("{kind} {}", status.and_then(Value::as_str).unwrap_or_default())
}

fn check(recorded: &BTreeMap<String, Value>, frame: &Value, subscription: &Value) {
    let mut expected = recorded[&kind(frame)].clone();
    if let Some(session) = expected.pointer_mut("/params/result/PutPaymentSession/payment_session") {
        for field in ["last_error", "last_error_code"] {
            if session["status"] == "Failed" {
                session[field] = json!("TemporaryChannelFailure");
            }
        }
        session["request"]["max_fee_amount"] = Value::Null;
    }
    assert_eq!(differences(&expected, frame), Vec::<String>::new(), "{frame}");
    assert_eq!(frame["params"]["subscription"], *subscription);
}

#[test]
fn changes_are_told_as_recorded_and_an_expiry_never() {
    let world = World::new();
    let address = world.address();
    let recorded = recorded();
    world.runtime.block_on(async {
        let mut socket = connect(address, None).await;
        let answer = ask(&mut socket, SUBSCRIBE).await;
        let subscription = &answer["result"];
        assert!(subscription.is_u64(), "{answer}");
        assert_eq!(ask(&mut socket, UNSUBSCRIBE).await["error"]["code"], -32999);

        let mut seen = Vec::new();
        let acting = tokio::task::spawn_blocking(move || {
            let new = json!({ "amount": "0x5f5e100", "currency": "Fibd", "expiry": "0xe10" });
            let invoice = || call(address, "new_invoice", new.clone()).unwrap()["invoice_address"].clone();
            let (paid, cancelled, expired) = (invoice(), invoice(), invoice());
            order(address, "/simulator/expire", json!({ "invoice": expired }));
            order(address, "/simulator/pay", json!({ "invoice": paid }));
            order(address, "/simulator/cancel", json!({ "invoice": cancelled }));
            for outcome in ["success", "failure"] {
                let foreign = order(address, "/simulator/invoice", json!({ "asset": "CKB", "amount": "1" }));
                let set = json!({ "invoice": foreign["invoice"], "outcome": outcome });
                order(address, "/simulator/outcome", set);
                call(address, "send_payment", json!({ "invoice": foreign["invoice"] })).unwrap();
            }
        });
        while seen.len() < 13 {
            let frame = next(&mut socket).await;
            check(&recorded, &frame, subscription);
            seen.push(kind(&frame));
        }
        acting.await.unwrap();
        let expected = [
            "PutCkbInvoiceStatus Open",
            "PutPreimage ",
            "PutCkbInvoiceStatus Open",
            "PutPreimage ",
            "PutCkbInvoiceStatus Open",
            "PutPreimage ",
            "PutCkbInvoiceStatus Received",
            "PutCkbInvoiceStatus Paid",
            "PutCkbInvoiceStatus Cancelled",
            "PutPaymentSession Created",
            "PutPaymentSession Success",
            "PutPaymentSession Created",
            "PutPaymentSession Failed",
        ];
        assert_eq!(seen, expected);
    });
}

#[test]
fn a_node_without_the_module_or_the_right_refuses_and_a_restart_ends_a_socket() {
    let world = World::new();
    let (open, closed) = (world.address(), world.peers["node4"].address());
    world.runtime.block_on(async {
        for (token, code) in [(None, -32999), (Some("write"), -32999), (Some("wrong"), -32999)] {
            let mut socket = connect(closed, token).await;
            assert_eq!(ask(&mut socket, SUBSCRIBE).await["error"]["code"], code, "{token:?}");
        }
        let mut socket = connect(closed, Some("full")).await;
        assert!(ask(&mut socket, SUBSCRIBE).await["result"].is_u64());

        let mut socket = connect(open, None).await;
        let order_open =
            |path: &'static str, body: Value| tokio::task::spawn_blocking(move || order(open, path, body));
        order_open("/stub/subscriptions", json!({ "on": false })).await.unwrap();
        assert_eq!(ask(&mut socket, SUBSCRIBE).await["error"]["code"], -32601);
        order_open("/stub/subscriptions", json!({ "on": true })).await.unwrap();
        assert!(ask(&mut socket, SUBSCRIBE).await["result"].is_u64());
        order_open("/stub/restart", json!({})).await.unwrap();
        assert!(matches!(socket.next().await, None | Some(Err(_) | Ok(Message::Close(_)))), "dropped");
    });
}
