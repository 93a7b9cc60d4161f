//! Single values. A refusal says what is allowed.

use super::{Hints, LogFormat, NodeKind};
use fiber_link_core::{Network, RateLimit};
use fiber_link_store_postgres::Schema;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

pub(super) const NODES: &str = "`simulated`, or the address of a node such as `http://127.0.0.1:8227`";
pub(super) const FOLDERS: &str = "the path of a folder";
const RATE_LIMITS: &str =
    "`off`, or a number of requests from 1 to 1000000 in a time from 1s to 1d, such as `300/60s`";

pub(super) fn schema(text: &str) -> Result<Schema, String> {
    let allowed = "up to 63 lower-case letters, digits and underscores, no digit first and not `pg_`";
    text.parse().map_err(|_| allowed.to_owned())
}

pub(super) fn connections(text: &str) -> Result<u32, String> {
    let number = number(text).filter(|n| (1..=1_000).contains(n));
    number.ok_or_else(|| "a number from 1 to 1000".to_owned())
}

pub(super) fn node(text: &str) -> Result<NodeKind, String> {
    match text {
        "simulated" => Ok(NodeKind::Simulated),
        _ => text.parse().map(NodeKind::Fnn).map_err(|error| format!("{NODES}; {error}")),
    }
}

pub(super) fn hints(text: &str) -> Result<Hints, String> {
    match text {
        "auto" => Ok(Hints::Auto),
        "off" => Ok(Hints::Off),
        _ => text
            .parse()
            .map(Hints::Url)
            .map_err(|_| "`auto`, `off`, or an address such as `ws://127.0.0.1:8227`".to_owned()),
    }
}

pub(super) fn folder(text: &str) -> Result<PathBuf, String> {
    if text.is_empty() { Err(FOLDERS.to_owned()) } else { Ok(PathBuf::from(text)) }
}

pub(super) fn network(text: &str) -> Result<Network, String> {
    let known = Network::ALL.into_iter().find(|network| network.as_str() == text);
    known.ok_or_else(|| "`mainnet`, `testnet` or `dev`".to_owned())
}

pub(super) fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| "an IP address and a port, such as `127.0.0.1:8080` or `[::1]:8080`".to_owned())
}

pub(super) fn switch(text: &str) -> Result<bool, String> {
    match text {
        "on" => Ok(true),
        "off" => Ok(false),
        _ => Err("`on` or `off`".to_owned()),
    }
}

pub(super) fn rate_limit(text: &str) -> Result<Option<RateLimit>, String> {
    if text == "off" {
        return Ok(None);
    }
    let refused = || RATE_LIMITS.to_owned();
    let (requests, window) = text.split_once('/').ok_or_else(refused)?;
    let requests = number(requests).filter(|n| (1..=1_000_000).contains(n)).ok_or_else(refused)?;
    let window = duration_within(window, Duration::from_secs(1), Duration::from_secs(24 * 3600));
    Ok(Some(RateLimit { requests, window: window.map_err(|_| refused())? }))
}

pub(super) fn retries(text: &str) -> Result<u32, String> {
    let number = number(text).filter(|n| *n <= 10);
    number.ok_or_else(|| "a number from 0 to 10".to_owned())
}

pub(super) fn log_filter(text: &str) -> Result<String, String> {
    match tracing_subscriber::EnvFilter::try_new(text) {
        Ok(_) if !text.is_empty() => Ok(text.to_owned()),
        Ok(_) | Err(_) => Err(
            "a level (`off`, `error`, `warn`, `info`, `debug`, `trace`) or a list such as `warn,fiber_link_core=debug`"
                .to_owned(),
        ),
    }
}

pub(super) fn log_format(text: &str) -> Result<LogFormat, String> {
    match text {
        "human" => Ok(LogFormat::Human),
        "json" => Ok(LogFormat::Json),
        _ => Err("`human` or `json`".to_owned()),
    }
}

/// A time such as `250ms`, `30s`, `15m`, `1h` or `7d`, from `least` to `most`.
pub(super) fn duration_within(text: &str, least: Duration, most: Duration) -> Result<Duration, String> {
    let duration = duration(text).filter(|time| (least..=most).contains(time));
    duration.ok_or_else(|| {
        format!("a time such as `250ms`, `30s`, `15m`, `1h` or `7d`, from {least:?} to {most:?}")
    })
}

fn duration(text: &str) -> Option<Duration> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match text.get(digits.len()..)? {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return None,
    };
    number::<u64>(digits)?.checked_mul(unit).map(Duration::from_millis)
}

/// Digits alone: Rust's own parser takes a sign as well.
fn number<T: FromStr>(text: &str) -> Option<T> {
    text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok())?
}
