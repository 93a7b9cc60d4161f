//! Tests of hints, against a WebSocket that does what the test says.

use super::*;
use crate::{Network, PaymentHash};
use serde_json::{Value, json};
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket};
use tokio_websockets::ServerBuilder;

const NEVER: Duration = Duration::from_secs(3600);

struct TestSocket {
    listener: TcpListener,
}

type Accepted = WebSocketStream<TcpStream>;

impl TestSocket {
    async fn start() -> Self {
        Self { listener: TcpListener::bind("127.0.0.1:0").await.unwrap() }
    }

    fn source(&self) -> HintSource {
        source(self.listener.local_addr().unwrap())
    }

    /// Takes the next connection up to its subscription.
    async fn accept(&self) -> (Accepted, Value) {
        let (stream, _) = self.listener.accept().await.unwrap();
        let (request, mut socket) = ServerBuilder::new().accept(stream).await.unwrap();
        assert_eq!(request.headers()["authorization"], "Bearer canary");
        let message = socket.next().await.unwrap().unwrap();
        (socket, serde_json::from_str(message.as_text().unwrap()).unwrap())
    }

    async fn subscribed(&self) -> Accepted {
        let (mut socket, request) = self.accept().await;
        send(
            &mut socket,
            &json!({ "jsonrpc": "2.0", "id": request["id"], "result": 4_583_808_770_534_671_u64 }),
        )
        .await;
        socket
    }
}

/// A source that tries again at once after a break, and never after a refusal.
fn source(address: SocketAddr) -> HintSource {
    let url: NodeUrl = format!("http://{address}").parse().unwrap();
    let options = FnnOptions::new(url.clone(), Network::Dev);
    let token = Token::new("canary").unwrap();
    let mut source = HintSource::new(url, false, Some(&token), &options, Handle::current()).unwrap();
    source.pace.backoff = Backoff::quick();
    source.pace.after_refusal = NEVER;
    source.pace.silence = NEVER;
    source
}

async fn send(socket: &mut Accepted, frame: &Value) {
    socket.send(Message::text(frame.to_string())).await.unwrap();
}

fn change(kind: &Value) -> Value {
    json!({ "jsonrpc": "2.0", "method": "store_changes", "params": { "subscription": 1, "result": kind } })
}

fn paid(n: u8) -> Value {
    let hash = format!("0x{}", hash(n));
    change(&json!({ "PutCkbInvoiceStatus": { "payment_hash": hash, "invoice_status": "Paid" } }))
}

fn hash(n: u8) -> PaymentHash {
    PaymentHash::new([n; 32])
}

#[tokio::test]
async fn a_paid_invoice_is_hinted_at() {
    let node = TestSocket::start().await;
    let mut hints = node.source().listen();
    let (mut socket, request) = node.accept().await;
    let recorded = json!({ "id": 1, "jsonrpc": "2.0", "method": "subscribe_store_changes", "params": [] });
    assert_eq!(request, recorded);
    send(&mut socket, &json!({ "jsonrpc": "2.0", "id": 1, "result": 7 })).await;
    send(&mut socket, &paid(3)).await;
    assert_eq!(hints.next().await, Some(InvoiceHint { payment_hash: hash(3) }));
}

#[tokio::test]
async fn a_socket_is_opened_again_after_every_break() {
    let node = TestSocket::start().await;
    let mut hints = node.source().listen();
    for n in 1..=3 {
        let mut socket = node.subscribed().await;
        send(&mut socket, &paid(n)).await;
        assert_eq!(hints.next().await.unwrap().payment_hash, hash(n));
        match n {
            1 => drop(socket),
            2 => socket.close().await.unwrap(),
            _ => {}
        }
    }
}

#[tokio::test]
async fn a_node_that_was_away_is_found() {
    // Nobody else gets the port, and nobody listens there.
    let away = TcpSocket::new_v4().unwrap();
    away.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = away.local_addr().unwrap();
    let mut hints = source(address).listen();
    for _ in 0..10 {
        assert!(TcpStream::connect(address).await.is_err());
    }
    let node = TestSocket { listener: away.listen(16).unwrap() };
    send(&mut node.subscribed().await, &paid(1)).await;
    assert_eq!(hints.next().await.unwrap().payment_hash, hash(1));
}

#[tokio::test]
async fn what_is_not_understood_is_ignored() {
    let node = TestSocket::start().await;
    let mut hints = node.source().listen();
    let (mut socket, request) = node.accept().await;
    send(&mut socket, &paid(1)).await;
    send(&mut socket, &json!({ "jsonrpc": "2.0", "id": 99, "result": 1 })).await;
    send(&mut socket, &json!({ "jsonrpc": "2.0", "id": request["id"], "result": 1 })).await;
    let preimage = json!({ "payment_hash": format!("0x{}", hash(2)), "payment_preimage": "0x00" });
    send(&mut socket, &change(&json!({ "PutPreimage": preimage }))).await;
    send(&mut socket, &change(&json!({ "PutSomethingNew": {} }))).await;
    for text in ["", "{", "null", "[]"] {
        socket.send(Message::text(text)).await.unwrap();
    }
    socket.send(Message::binary(paid(3).to_string())).await.unwrap();
    send(&mut socket, &paid(4)).await;
    assert_eq!(hints.next().await.unwrap().payment_hash, hash(4));
}

#[tokio::test]
async fn after_a_refusal_the_node_is_asked_again_at_its_own_pace() {
    let node = TestSocket::start().await;
    let mut source = node.source();
    source.pace.after_refusal = Duration::from_millis(1);
    source.pace.backoff = Backoff::slow();
    let mut hints = source.listen();
    for code in [-32999, -32601] {
        let (mut socket, request) = node.accept().await;
        let error = json!({ "code": code, "message": "no" });
        send(&mut socket, &json!({ "jsonrpc": "2.0", "id": request["id"], "error": error })).await;
    }
    let (mut stream, _) = node.listener.accept().await.unwrap();
    assert!(stream.read(&mut [0; 4096]).await.unwrap() > 0);
    stream.write_all(b"HTTP/1.1 404 Not Found\r\n\r\n").await.unwrap();
    send(&mut node.subscribed().await, &paid(1)).await;
    assert_eq!(hints.next().await.unwrap().payment_hash, hash(1));
}

#[tokio::test]
async fn a_fault_is_no_refusal() {
    let node = TestSocket::start().await;
    let mut hints = node.source().listen();
    for answer in ["HTTP/1.1 502 Bad Gateway\r\n\r\n", "oh", ""] {
        let (mut stream, _) = node.listener.accept().await.unwrap();
        assert!(stream.read(&mut [0; 4096]).await.unwrap() > 0);
        stream.write_all(answer.as_bytes()).await.unwrap();
    }
    send(&mut node.subscribed().await, &paid(1)).await;
    assert_eq!(hints.next().await.unwrap().payment_hash, hash(1));
}

#[tokio::test]
async fn a_dead_socket_is_given_up() {
    let node = TestSocket::start().await;
    let mut source = node.source();
    source.pace.silence = Duration::from_millis(5);
    let mut hints = source.listen();
    // They stay open, and nobody answers there.
    let _dead = [node.subscribed().await, node.subscribed().await];
    let hint = hint_on_the_next_socket(&node, &mut hints).await;
    assert_eq!(hint.payment_hash, hash(1));
}

#[tokio::test]
async fn a_socket_that_is_never_confirmed_is_given_up() {
    let node = TestSocket::start().await;
    let mut source = node.source();
    source.pace.patience = Duration::from_millis(100);
    let mut hints = source.listen();
    let _unconfirmed = node.listener.accept().await.unwrap();
    let hint = hint_on_the_next_socket(&node, &mut hints).await;
    assert_eq!(hint.payment_hash, hash(1));
}

/// Hints on one socket after the other, in case one is given up before the hint is there: these
/// tests have little patience.
async fn hint_on_the_next_socket(
    node: &TestSocket,
    hints: &mut BoxStream<'static, InvoiceHint>,
) -> InvoiceHint {
    let mut kept = Vec::new();
    loop {
        tokio::select! {
            hint = hints.next() => return hint.unwrap(),
            accepted = node.listener.accept() => {
                let Ok((_, mut socket)) = ServerBuilder::new().accept(accepted.unwrap().0).await else { continue };
                let _ = socket.next().await;
                let answer = json!({ "jsonrpc": "2.0", "id": 1, "result": 1 });
                let _ = socket.send(Message::text(answer.to_string())).await;
                let _ = socket.send(Message::text(paid(1).to_string())).await;
                kept.push(socket);
            }
        }
    }
}

#[tokio::test]
async fn a_quiet_socket_that_answers_pings_is_kept() {
    let node = TestSocket::start().await;
    let mut source = node.source();
    source.pace.silence = Duration::from_millis(20);
    let mut hints = source.listen();
    let mut socket = node.subscribed().await;
    // Reading a ping answers it. More of them than a silent socket would be given.
    for _ in 0..5 {
        assert!(socket.next().await.unwrap().unwrap().is_ping());
        socket.flush().await.unwrap();
    }
    send(&mut socket, &paid(1)).await;
    assert_eq!(hints.next().await.unwrap().payment_hash, hash(1));
}

#[tokio::test]
async fn a_message_that_is_too_long_is_not_read() {
    let node = TestSocket::start().await;
    let mut hints = node.source().listen();
    let mut socket = node.subscribed().await;
    let _ = socket.send(Message::text(" ".repeat(LONGEST_MESSAGE + 1))).await;
    send(&mut node.subscribed().await, &paid(1)).await;
    assert_eq!(hints.next().await.unwrap().payment_hash, hash(1));
}

#[tokio::test]
async fn hints_that_nobody_takes_are_bounded() {
    let node = TestSocket::start().await;
    let mut hints = node.source().listen();
    let mut socket = node.subscribed().await;
    for _ in 0..MOST_WAITING + 10 {
        send(&mut socket, &paid(1)).await;
    }
    socket.send(Message::ping("")).await.unwrap();
    assert!(socket.next().await.unwrap().unwrap().is_pong(), "all was read before this was answered");
    for _ in 0..MOST_WAITING {
        assert_eq!(hints.next().await.unwrap().payment_hash, hash(1));
    }
    send(&mut socket, &paid(2)).await;
    assert_eq!(
        hints.next().await.unwrap().payment_hash,
        hash(2),
        "ten were dropped, later ones come through"
    );
}

#[tokio::test]
async fn the_socket_closes_with_the_stream() {
    let node = TestSocket::start().await;
    let hints = node.source().listen();
    let mut socket = node.subscribed().await;
    drop(hints);
    assert!(!matches!(socket.next().await, Some(Ok(_))));
}

#[tokio::test]
async fn an_https_address_is_listened_to_in_tls() {
    let node = TestSocket::start().await;
    let url = format!("wss://{}", node.listener.local_addr().unwrap()).parse::<NodeUrl>().unwrap();
    let options = FnnOptions::new(url.clone(), Network::Dev);
    let source = HintSource::new(url, true, None, &options, Handle::current()).unwrap();
    let _hints = source.listen();
    let (mut stream, _) = node.listener.accept().await.unwrap();
    assert_eq!(stream.read_u8().await.unwrap(), 0x16, "a handshake");
}

#[test]
fn an_address_is_a_host_and_a_port() {
    for (url, expected) in [
        ("http://127.0.0.1:8227/x", ("127.0.0.1", 8227)),
        ("https://node.example", ("node.example", 443)),
        ("ws://[::1]", ("::1", 80)),
    ] {
        let url: NodeUrl = url.parse().unwrap();
        assert_eq!(address(url.as_url()), Some(expected));
    }
}
