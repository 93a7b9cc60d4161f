//! A load generator: signed requests in a closed loop, and how long each took.
//!
//! ```text
//! cargo run --release -p fiber-link-server --example load -- --url http://127.0.0.1:8080 \
//!     --app forum --secret-file secret --method health.ping,tip.create --clients 32 --seconds 30
//! ```
//! The server has to run with `--rate-limit off`. One thread does all of it, because the server
//! needs the other cores.

use clap::Parser;
use fiber_link_core::{Clock, Secret, SystemClock, signing};
use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::rc::Rc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::task::LocalSet;
use tokio::time::Instant;

/// How many creators each client tips in turn.
const CREATORS: usize = 100;

/// Sends signed requests in a closed loop and prints how many a second, and how long each took.
#[derive(Debug, Parser)]
struct Options {
    /// The server, such as http://127.0.0.1:8080.
    #[arg(long, default_value = "http://127.0.0.1:8080")]
    url: String,
    /// The app to sign as.
    #[arg(long)]
    app: String,
    /// A file with the app's secret; one newline at its end is left out.
    #[arg(long)]
    secret_file: PathBuf,
    /// What to call, one after the other: `health.ping` or `tip.create`.
    #[arg(long, value_delimiter = ',', default_value = "health.ping,tip.create")]
    method: Vec<Method>,
    /// How many clients, each with a connection and one request at a time.
    #[arg(long, default_value_t = 32)]
    clients: usize,
    /// How long each method is called; 0 for not at all.
    #[arg(long, default_value_t = 30)]
    seconds: u64,
    /// Make so many tips first, and leave them unpaid.
    #[arg(long, default_value_t = 0)]
    open_tips: usize,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Method {
    #[value(name = "health.ping")]
    HealthPing,
    #[value(name = "tip.create")]
    TipCreate,
}

impl Method {
    const fn as_str(self) -> &'static str {
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
enum Until {
    At(Instant),
    Requests(usize),
}

/// What the clients saw.
#[derive(Default)]
struct Outcome {
    micros: Vec<u32>,
    errors: usize,
    first_error: Option<String>,
}

struct Target {
    address: SocketAddr,
    app: String,
    secret: Secret,
    run: u64,
}

fn main() -> ExitCode {
    let options = Options::parse();
    match run(&options) {
        Ok(0) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> io::Result<usize> {
    let address = options.url.trim_start_matches("http://").trim_end_matches('/');
    let address = address.parse().map_err(|_| io::Error::other("--url must be http://IP:PORT"))?;
    let mut secret = std::fs::read(&options.secret_file)?;
    secret.pop_if(|byte| *byte == b'\n');
    let run = SystemClock.now().as_millis();
    let target = Rc::new(Target { address, app: options.app.clone(), secret: Secret::new(secret), run });

    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut errors = 0_usize;
    let mut step = 0_u32;
    let mut measure = |method, until| {
        step = step.saturating_add(1);
        let began = Instant::now();
        let all = LocalSet::new().block_on(&runtime, clients(&target, options.clients, step, method, until));
        report(method, began.elapsed(), &all);
        errors = errors.saturating_add(all.errors);
    };
    if options.open_tips > 0 {
        measure(Method::TipCreate, Until::Requests(options.open_tips.div_ceil(options.clients.max(1))));
    }
    for method in options.method.iter().filter(|_| options.seconds > 0) {
        let end = Instant::now().checked_add(Duration::from_secs(options.seconds));
        measure(*method, Until::At(end.unwrap_or_else(Instant::now)));
    }
    Ok(errors)
}

async fn clients(target: &Rc<Target>, count: usize, step: u32, method: Method, until: Until) -> Outcome {
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

fn report(method: Method, took: Duration, outcome: &Outcome) {
    let mut micros = outcome.micros.clone();
    micros.sort_unstable();
    let percentile = |percent: usize| {
        let last = micros.len().saturating_sub(1);
        let at = last.saturating_mul(percent).checked_div(100).unwrap_or(0);
        f64::from(micros.get(at).copied().unwrap_or(0)) / 1000.0
    };
    let rate = micros.len() as f64 / took.as_secs_f64();
    println!(
        "{:<12} {:>8} requests in {:>5.1} s  {rate:>7.0}/s  p50 {:.2} ms  p90 {:.2} ms  p99 {:.2} ms  max {:.2} ms  {} errors",
        method.as_str(),
        micros.len(),
        took.as_secs_f64(),
        percentile(50),
        percentile(90),
        percentile(99),
        percentile(100),
        outcome.errors,
    );
    if let Some(error) = &outcome.first_error {
        println!("{:<12} the first error: {error}", "");
    }
}
