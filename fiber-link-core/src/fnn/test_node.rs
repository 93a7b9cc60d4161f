//! A node for tests of the client: it hands every request to the test and does what the test says.

use super::options::{FnnOptions, NodeUrl};
use crate::Network;
use futures_util::FutureExt;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::task::Poll;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::error::TryRecvError;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;

/// Lets `future` begin, and says whether it waits for something.
pub(super) async fn waits<F: Future + Unpin>(future: &mut F) -> bool {
    std::future::poll_fn(|context| Poll::Ready(future.poll_unpin(context).is_pending())).await
}

pub(super) struct TestNode {
    pub(super) address: SocketAddr,
    requests: mpsc::UnboundedReceiver<Request>,
    _accepting: JoinSet<()>,
}

/// A request. Dropped without an answer it is met with silence.
pub(super) struct Request {
    /// Which connection it came on, counted from 0.
    pub(super) connection: usize,
    /// Its head, in lower case but for the values.
    pub(super) head: Vec<(String, String)>,
    pub(super) body: Value,
    answer: oneshot::Sender<Answer>,
}

enum Answer {
    Keep(Vec<u8>),
    Close(Vec<u8>),
    Endless(Vec<u8>),
}

impl TestNode {
    pub(super) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (sender, requests) = mpsc::unbounded_channel();
        let mut accepting = JoinSet::new();
        accepting.spawn(async move {
            let mut connections = JoinSet::new();
            for connection in 0.. {
                let (stream, _) = listener.accept().await.unwrap();
                connections.spawn(serve(connection, stream, sender.clone()));
            }
        });
        Self { address, requests, _accepting: accepting }
    }

    pub(super) fn url(&self) -> NodeUrl {
        format!("http://{}", self.address).parse().unwrap()
    }

    pub(super) fn options(&self) -> FnnOptions {
        FnnOptions::new(self.url(), Network::Dev)
    }

    /// The next request.
    pub(super) async fn next(&mut self) -> Request {
        self.requests.recv().await.unwrap()
    }

    /// Whether no request arrived that the test did not take.
    pub(super) fn has_no_more(&mut self) -> bool {
        matches!(self.requests.try_recv(), Err(TryRecvError::Empty))
    }
}

impl Request {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.head.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    /// The calls in it, one or many.
    pub(super) fn calls(&self) -> &[Value] {
        self.body.as_array().map_or(std::slice::from_ref(&self.body), Vec::as_slice)
    }

    pub(super) fn methods(&self) -> Vec<&str> {
        self.calls().iter().map(|call| call["method"].as_str().unwrap()).collect()
    }

    /// Answers the only call in it.
    pub(super) fn result(self, result: &Value) {
        assert!(self.body.is_object(), "not a single call: {}", self.body);
        let answer = json!({ "jsonrpc": "2.0", "id": self.body["id"], "result": result });
        self.json(&answer);
    }

    /// Answers every call in it with its own parameters, in their order.
    pub(super) fn echo(self) {
        let echo = |call: &Value| json!({ "jsonrpc": "2.0", "id": call["id"], "result": call["params"][0] });
        let answer = match self.body.as_array() {
            Some(calls) => calls.iter().map(echo).collect(),
            None => echo(&self.body),
        };
        self.json(&answer);
    }

    pub(super) fn json(self, body: &Value) {
        self.http("200 OK", "application/json; charset=utf-8", &body.to_string());
    }

    pub(super) fn http(self, status: &str, content_type: &str, body: &str) {
        let length = body.len();
        let head = format!("HTTP/1.1 {status}\r\ncontent-type: {content_type}\r\n");
        self.keep(format!("{head}content-length: {length}\r\n\r\n{body}"));
    }

    pub(super) fn keep(self, bytes: impl Into<Vec<u8>>) {
        let _ = self.answer.send(Answer::Keep(bytes.into()));
    }

    /// Writes `bytes` and closes the connection.
    pub(super) fn close(self, bytes: impl Into<Vec<u8>>) {
        let _ = self.answer.send(Answer::Close(bytes.into()));
    }

    /// Answers with a body that never ends.
    pub(super) fn endless(self) {
        let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n";
        let _ = self.answer.send(Answer::Endless(head.into()));
    }
}

async fn serve(connection: usize, stream: TcpStream, requests: mpsc::UnboundedSender<Request>) {
    let mut stream = BufReader::new(stream);
    while let Some((head, body)) = read_request(&mut stream).await {
        let (answer, answered) = oneshot::channel();
        let body = serde_json::from_slice(&body).unwrap();
        let _ = requests.send(Request { connection, head, body, answer });
        let stays = match answered.await {
            Ok(Answer::Keep(bytes)) => stream.write_all(&bytes).await.is_ok(),
            Ok(Answer::Close(bytes)) => {
                let _ = stream.write_all(&bytes).await;
                false
            }
            Ok(Answer::Endless(head)) => {
                let _ = stream.write_all(&head).await;
                while stream.write_all(&[b' '; 1 << 16]).await.is_ok() {}
                false
            }
            // Silence, until the other end has had enough.
            Err(_) => stream.read_u8().await.is_ok(),
        };
        if !stays {
            return;
        }
    }
}

async fn read_request(stream: &mut BufReader<TcpStream>) -> Option<(Vec<(String, String)>, Vec<u8>)> {
    let mut head = Vec::new();
    let mut line = String::new();
    loop {
        line.clear();
        if stream.read_line(&mut line).await.ok()? == 0 {
            return None;
        }
        match line.trim_end().split_once(": ") {
            Some((name, value)) => head.push((name.to_lowercase(), value.to_owned())),
            None if line == "\r\n" => break,
            None => {}
        }
    }
    let length = head.iter().find(|(name, _)| name == "content-length")?.1.parse().ok()?;
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    Some((head, body))
}
