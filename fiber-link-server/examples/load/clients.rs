//! Signed requests in a closed loop.

use fiber_link_core::{Clock, Secret, SystemClock, signing};
use std::io::{self, Write};
use std::net::SocketAddr;
use std::rc::Rc;
use tokio::net::TcpStream;
use tokio::time::Instant;

/// How many creators each client tips in turn.
const CREATORS: usize = 100;

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub(crate) enum Method {
    #[value(name = "health.ping")]
    HealthPing,
    #[value(name = "tip.create")]
    TipCreate,
}

impl Method {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::HealthPing => "health.ping",
            Self::TipCreate => "tip.create",
        }
    }

    /// What a client sends, in turn.
    fn bodies(self, client: usize) -> Vec<Vec<u8>> {
        let start = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"{}","params":"#, self.as_str());
        match self {
            Self::HealthPing => vec![format!("{start}{{}}}}").into_bytes()],
            Self::TipCreate => (0..CREATORS)
                .map(|creator| {
                    format!(
                        r#"{start}{{"postId":"{client}","fromUserId":"u{client}","toUserId":"c{client}-{creator}","asset":"CKB","amount":"1.5","message":"thank you"}}}}"#
                    )
                    .into_bytes()
                })
                .collect(),
        }
    }
}

/// When a client ends.
#[derive(Clone, Copy)]
pub(crate) enum Until {
    At(Instant),
    Requests(usize),
}

/// What the clients saw.
#[derive(Default)]
pub(crate) struct Outcome {
    pub(crate) micros: Vec<u32>,
    pub(crate) errors: usize,
    pub(crate) first_error: Option<String>,
}

/// Where requests go, and who sends them.
pub(crate) struct Target {
    address: SocketAddr,
    app: String,
    secret: Secret,
    run: u64,
}

/// Runs `count` clients on the current thread to their end. Each `step` of a run has its own nonces.
pub(crate) async fn clients(
    target: &Rc<Target>,
    count: usize,
    step: u32,
    method: Method,
    until: Until,
) -> Outcome {
    let client = |number| {
        let target = target.clone();
        tokio::task::spawn_local(async move {
            let mut outcome = Outcome::default();
            if let Err(error) = client(&target, step, number, method, until, &mut outcome).await {
                outcome.fail(error.to_string());
            }
            outcome
        })
    };
    let running: Vec<_> = (0..count).map(client).collect();
    let mut all = Outcome::default();
    for outcome in running {
        match outcome.await {
            Ok(outcome) => all.add(outcome),
            Err(error) => all.fail(error.to_string()),
        }
    }
    all
}

async fn client(
    target: &Target,
    step: u32,
    number: usize,
    method: Method,
    until: Until,
    outcome: &mut Outcome,
) -> io::Result<()> {
    let stream = TcpStream::connect(target.address).await?;
    stream.set_nodelay(true)?;
    let bodies = method.bodies(number);
    let (mut request, mut answer) = (Vec::new(), Vec::new());
    for (sent, body) in bodies.iter().cycle().enumerate() {
        match until {
            Until::At(end) if Instant::now() >= end => break,
            Until::Requests(count) if sent >= count => break,
            Until::At(_) | Until::Requests(_) => {}
        }
        let began = Instant::now();
        target.write_request(&mut request, body, format_args!("{}-{step}-{number}-{sent}", target.run))?;
        send(&stream, &request).await?;
        let end_of_head = receive(&stream, &mut answer).await?;
        outcome.micros.push(u32::try_from(began.elapsed().as_micros()).unwrap_or(u32::MAX));
        let body = answer.get(end_of_head..).unwrap_or_default();
        if find(body, br#""result":"#).is_none() {
            outcome.fail(String::from_utf8_lossy(body).into_owned());
        }
    }
    Ok(())
}

impl Target {
    pub(crate) fn new(address: SocketAddr, app: String, secret: Secret) -> Self {
        Self { address, app, secret, run: SystemClock.now().as_millis() }
    }

    fn write_request(
        &self,
        request: &mut Vec<u8>,
        body: &[u8],
        nonce: std::fmt::Arguments<'_>,
    ) -> io::Result<()> {
        let timestamp = (SystemClock.now().as_millis() / 1000).to_string();
        let nonce = nonce.to_string();
        let signature = signing::sign(&self.secret, &timestamp, &nonce, body);
        request.clear();
        write!(
            request,
            "POST /rpc HTTP/1.1\r\nhost: {}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\
             x-app-id: {}\r\nx-ts: {timestamp}\r\nx-nonce: {nonce}\r\nx-signature: {signature}\r\n\r\n",
            self.address,
            body.len(),
            self.app,
        )?;
        request.extend_from_slice(body);
        Ok(())
    }
}

async fn send(stream: &TcpStream, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match stream.try_write(bytes) {
            Ok(written) => bytes = bytes.get(written..).unwrap_or_default(),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => stream.writable().await?,
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Reads one answer, and says where its body begins.
async fn receive(stream: &TcpStream, answer: &mut Vec<u8>) -> io::Result<usize> {
    answer.clear();
    let mut end = None;
    let mut chunk = [0; 4_096];
    loop {
        stream.readable().await?;
        match stream.try_read(&mut chunk) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(length) => answer.extend_from_slice(chunk.get(..length).unwrap_or_default()),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => continue,
            Err(error) => return Err(error),
        }
        if end.is_none() {
            end = find(answer, b"\r\n\r\n").map(|at| at.saturating_add(4));
        }
        if let Some(end) = end
            && answer.len() >= end.saturating_add(content_length(answer.get(..end).unwrap_or_default())?)
        {
            return Ok(end);
        }
    }
}

fn content_length(head: &[u8]) -> io::Result<usize> {
    const NAME: &[u8] = b"content-length: ";
    let digits = find(head, NAME).and_then(|at| head.get(at.saturating_add(NAME.len())..));
    let digits = digits.and_then(|rest| rest.split(|byte| *byte == b'\r').next());
    let length = digits.and_then(|digits| std::str::from_utf8(digits).ok()?.parse().ok());
    length.ok_or_else(|| io::Error::other("an answer without content-length"))
}

fn find(text: &[u8], part: &[u8]) -> Option<usize> {
    text.windows(part.len()).position(|window| window == part)
}

impl Outcome {
    fn fail(&mut self, error: String) {
        self.errors = self.errors.saturating_add(1);
        self.first_error.get_or_insert(error);
    }

    fn add(&mut self, other: Self) {
        self.micros.extend(other.micros);
        self.errors = self.errors.saturating_add(other.errors);
        self.first_error = self.first_error.take().or(other.first_error);
    }
}
