//! HTTP by hand, so that half an answer is seen as such.

use serde_json::{Value, json};
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// A whole answer.
#[derive(Debug, PartialEq, Eq)]
pub struct Reply {
    pub status: u16,
    pub body: String,
}

impl Reply {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| Value::String(self.body.clone()))
    }
}

pub const JSON: (&str, &str) = ("content-type", "application/json");

/// One request on a connection of its own. What is no whole answer is an error.
pub fn exchange(
    address: SocketAddr,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> io::Result<Reply> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(20)))?;
    let mut head = format!("{method} {path} HTTP/1.1\r\nhost: stub\r\nconnection: close\r\n");
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str(&format!("content-length: {}\r\n\r\n", body.len()));
    stream.write_all(head.as_bytes())?;
    stream.write_all(body)?;
    let mut text = String::new();
    stream.read_to_string(&mut text)?;
    read(&text)
}

fn read(text: &str) -> io::Result<Reply> {
    let cut = || io::Error::from(io::ErrorKind::UnexpectedEof);
    let (head, body) = text.split_once("\r\n\r\n").ok_or_else(cut)?;
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    let length: usize = length.map_or(body.len(), |length| length.parse().unwrap());
    if body.len() < length { Err(cut()) } else { Ok(Reply { status, body: body.to_owned() }) }
}

/// A body for the RPC.
pub fn post(address: SocketAddr, body: &Value) -> io::Result<Reply> {
    exchange(address, "POST", "/", &[JSON], body.to_string().as_bytes())
}

pub fn request(id: u64, method: &str, params: Value) -> Value {
    json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": [params] })
}

/// One call; the result, or the error.
pub fn call(address: SocketAddr, method: &str, params: Value) -> Result<Value, Value> {
    let answer = post(address, &request(1, method, params)).unwrap().json();
    match answer.get("result") {
        Some(result) => Ok(result.clone()),
        None => Err(answer["error"].clone()),
    }
}

/// An order to the stub, or something that the rest of the world does.
pub fn order(address: SocketAddr, path: &str, order: Value) -> Value {
    let reply = exchange(address, "POST", path, &[JSON], order.to_string().as_bytes()).unwrap();
    assert_eq!(reply.status, 200, "{path} {order}: {}", reply.body);
    reply.json()
}
