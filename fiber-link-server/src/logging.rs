//! Logs go to standard error: for people, or one JSON object a line.

use crate::settings::{LogFormat, Settings};
use std::io::{self, IsTerminal};
use tracing_subscriber::EnvFilter;

/// Starts logging. Where the program that embeds us logs already, nothing changes.
pub(crate) fn start(settings: &Settings) {
    let filter = EnvFilter::new(&settings.log_filter);
    let logs = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr);
    let started = match settings.log_format {
        LogFormat::Human => logs.with_ansi(io::stderr().is_terminal()).try_init(),
        LogFormat::Json => logs.json().try_init(),
    };
    if started.is_err() {
        tracing::debug!("logging was started before");
    }
}
