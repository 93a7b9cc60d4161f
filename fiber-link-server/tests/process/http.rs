//! Requests to the real program, each on a connection of its own.

use super::Process;
use fiber_link_core::{Secret, signing};
use serde_json::Value;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub text: String,
    pub body: Value,
}

impl Process {
    pub fn post_rpc(&self, headers: &str, body: &[u8]) -> Answer {
        self.exchange("POST", "/rpc", headers, body)
    }

    pub fn exchange(&self, method: &str, path: &str, headers: &str, body: &[u8]) -> Answer {
        exchange(self.address(), method, path, headers, body)
    }
}

/// One request to whoever listens there.
pub fn exchange(address: SocketAddr, method: &str, path: &str, headers: &str, body: &[u8]) -> Answer {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let length = body.len();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {length}\r\n{headers}\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(body).unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    let parsed = serde_json::from_str(body).unwrap_or(Value::Null);
    Answer { status, head: head.to_owned(), text: body.to_owned(), body: parsed }
}

/// The headers of a request that an app has signed.
pub fn signed(app: &str, secret: &str, timestamp: &str, nonce: &str, body: &str) -> String {
    let signature = signing::sign(&Secret::new(secret.as_bytes()), timestamp, nonce, body.as_bytes());
    format!("x-app-id: {app}\r\nx-ts: {timestamp}\r\nx-nonce: {nonce}\r\nx-signature: {signature}\r\n")
}
