//! A load generator: signed requests in a closed loop, and how long each took.
//!
//! ```text
//! cargo run --release -p fiber-link-server --example load -- --url http://127.0.0.1:8080 \
//!     --app forum --secret-file secret --method health.ping,tip.create --clients 32 --seconds 30
//! ```
//! The server has to run with `--rate-limit off`. One thread does all of it, because the server
//! needs the other cores.

mod clients;

use clap::Parser;
use clients::{Method, Outcome, Target, Until, clients};
use fiber_link_core::Secret;
use std::io;
use std::path::PathBuf;
use std::process::ExitCode;
use std::rc::Rc;
use std::time::Duration;
use tokio::task::LocalSet;
use tokio::time::Instant;

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
    let target = Rc::new(Target::new(address, options.app.clone(), Secret::new(secret)));

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
