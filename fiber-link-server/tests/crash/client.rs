//! A client that signs what it asks, and says when it got no answer.

use crate::{APP, SECRET};
use fiber_link_core::{Asset, Clock, IdSource, RandomIds, Secret, SystemClock, signing};
use serde_json::{Value, json};
use std::cell::{Cell, RefCell};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

/// Where to ask: servers in turn, and the node that they share.
#[derive(Clone)]
pub struct Addresses {
    pub servers: Vec<SocketAddr>,
    pub simulator: SocketAddr,
}

pub struct Client {
    servers: Vec<Connection>,
    simulator: Connection,
    turn: Cell<usize>,
}

/// One connection, made again when it breaks.
struct Connection {
    address: SocketAddr,
    patience: Duration,
    stream: RefCell<Option<BufReader<TcpStream>>>,
}

/// How long questions are asked again that must have an answer.
const STUBBORN_FOR: Duration = Duration::from_secs(60);

/// How long a request is made again before the test gives up.
const VERY_STUBBORN_FOR: Duration = Duration::from_secs(120);

/// What a user has, in shannon.
pub struct Balance {
    pub available: u128,
    pub reserved: u128,
    pub pending: u128,
}

/// What the node really did with an invoice of somebody else.
pub struct Payment {
    pub payment_hash: String,
    pub amount: u128,
    pub fee: u128,
    pub times: u64,
}

/// An answer of `POST /rpc`: the result, or the error's code and message.
pub type Answer = Result<Value, (i64, String)>;

impl Client {
    pub fn new(addresses: &Addresses) -> Self {
        let connection = |address, patience| Connection { address, patience, stream: RefCell::new(None) };
        // Where another one is there to ask, nobody waits long for one that may be paused.
        let patience = Duration::from_secs(if addresses.servers.len() > 1 { 2 } else { 20 });
        let servers = addresses.servers.iter().map(|&server| connection(server, patience)).collect();
        let simulator = connection(addresses.simulator, Duration::from_secs(20));
        Self { servers, simulator, turn: Cell::new(0) }
    }

    /// A signed call to the server whose turn it is; an error where no answer came.
    pub fn call(&self, method: &str, params: &Value) -> io::Result<Answer> {
        let turn = self.turn.get();
        self.turn.set((turn + 1) % self.servers.len());
        let server = &self.servers[turn];
        let (_, answer) = server.exchange(&signed_call(server.address, method, params))?;
        Ok(read_result(&answer))
    }

    /// Calls until a server says yes or no: it may be gone now and then, or its database, or slow to
    /// be answered by its node. After a crash of the database whatever was signed before counts as replayed, so each time is signed anew.
    pub fn until_answered(&self, method: &str, params: &Value) -> Answer {
        let deadline = Instant::now() + VERY_STUBBORN_FOR;
        loop {
            match self.call(method, params) {
                Ok(Err((-32603 | -32001 | -32011, _))) | Err(_) => {
                    std::thread::sleep(Duration::from_millis(10));
                }
                Ok(answer) => return answer,
            }
            assert!(Instant::now() < deadline, "{method} {params} has no answer");
        }
    }

    /// A call to the simulated node's switches: the HTTP status and the answer.
    pub fn simulator(&self, path: &str, body: &Value) -> io::Result<(u16, Value)> {
        let path = format!("/simulator/{path}");
        self.simulator.exchange(&request(self.simulator.address, "POST", &path, "", &body.to_string()))
    }

    pub fn until_simulated(&self, path: &str, body: &Value) -> (u16, Value) {
        loop {
            match self.simulator(path, body) {
                Ok(answer) => return answer,
                Err(_) => std::thread::sleep(Duration::from_millis(10)),
            }
        }
    }

    /// An invoice of somebody else.
    pub fn foreign_invoice(&self, ckb: &str) -> String {
        let (status, made) = self.until_simulated("invoice", &json!({ "asset": "CKB", "amount": ckb }));
        assert_eq!(status, 200, "{made}");
        made["invoice"].as_str().unwrap().to_owned()
    }

    /// The HTTP status by which the first server says whether it can work, if it says anything.
    pub fn ready(&self) -> Option<u16> {
        let server = &self.servers[0];
        let ready = request(server.address, "GET", "/healthz/ready", "", "");
        server.exchange(&ready).ok().map(|(status, _)| status)
    }

    /// The result of a question, asked until there is one.
    fn ask(&self, method: &str, params: &Value) -> Value {
        let deadline = Instant::now() + STUBBORN_FOR;
        loop {
            match self.call(method, params) {
                Ok(Ok(result)) => return result,
                other => assert!(Instant::now() < deadline, "{method}: {other:?}"),
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    pub fn tip_state(&self, invoice: &str) -> String {
        let status = self.ask("tip.status", &json!({ "invoice": invoice }));
        status["state"].as_str().unwrap().to_owned()
    }

    pub fn balance(&self, user: &str) -> Balance {
        let summary = self.ask("dashboard.summary", &json!({ "userId": user, "limit": 1 }));
        let shannon = |field: &str| {
            let text = summary["balances"][field].as_str().unwrap();
            if text == "0" { 0 } else { Asset::ckb().parse(text).unwrap().units() }
        };
        Balance { available: shannon("available"), reserved: shannon("locked"), pending: shannon("pending") }
    }

    pub fn payments(&self) -> Vec<Payment> {
        let payments = request(self.simulator.address, "GET", "/simulator/payments", "", "");
        let (status, answer) = self.simulator.exchange(&payments).unwrap();
        assert_eq!(status, 200, "{answer}");
        let shannon = |value: &Value| value.as_str().unwrap().parse().unwrap();
        let payment = |value: &Value| Payment {
            payment_hash: value["paymentHash"].as_str().unwrap().to_owned(),
            amount: shannon(&value["amount"]),
            fee: shannon(&value["fee"]),
            times: value["timesPaid"].as_u64().unwrap(),
        };
        answer["payments"].as_array().unwrap().iter().map(payment).collect()
    }
}

impl Connection {
    fn exchange(&self, request: &str) -> io::Result<(u16, Value)> {
        let mut connection = self.stream.borrow_mut();
        let mut stream = match connection.take() {
            Some(stream) => stream,
            None => self.connect()?,
        };
        stream.get_mut().write_all(request.as_bytes())?;
        let answer = read_answer(&mut stream)?;
        *connection = Some(stream);
        Ok(answer)
    }

    fn connect(&self) -> io::Result<BufReader<TcpStream>> {
        let stream = TcpStream::connect_timeout(&self.address, Duration::from_secs(5))?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(self.patience))?;
        Ok(BufReader::new(stream))
    }
}

/// A call of the app as it goes over the wire, with a nonce of its own.
pub fn signed_call(to: SocketAddr, method: &str, params: &Value) -> String {
    let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params }).to_string();
    let timestamp = (SystemClock.now().as_millis() / 1000).to_string();
    let nonce = RandomIds.next_id(SystemClock.now()).to_string();
    let signature = signing::sign(&Secret::new(SECRET.as_bytes()), &timestamp, &nonce, body.as_bytes());
    let headers =
        format!("x-app-id: {APP}\r\nx-ts: {timestamp}\r\nx-nonce: {nonce}\r\nx-signature: {signature}\r\n");
    request(to, "POST", "/rpc", &headers, &body)
}

fn request(to: SocketAddr, method: &str, path: &str, headers: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "{method} {path} HTTP/1.1\r\nhost: {to}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n{headers}\r\n{body}"
    )
}

pub fn read_result(answer: &Value) -> Answer {
    match answer.get("error") {
        None => Ok(answer["result"].clone()),
        Some(error) => Err((error["code"].as_i64().unwrap(), error["message"].as_str().unwrap().to_owned())),
    }
}

pub fn read_answer(stream: &mut BufReader<TcpStream>) -> io::Result<(u16, Value)> {
    let cut = || io::Error::from(io::ErrorKind::UnexpectedEof);
    let mut line = String::new();
    stream.read_line(&mut line)?;
    let status = line.split(' ').nth(1).and_then(|status| status.parse().ok()).ok_or_else(cut)?;
    let mut length = 0;
    loop {
        line.clear();
        if stream.read_line(&mut line)? == 0 {
            return Err(cut());
        }
        if line == "\r\n" {
            break;
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().map_err(|_| cut())?;
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body)?;
    Ok((status, serde_json::from_slice(&body).map_err(|_| cut())?))
}
