//! `fiber-link simulate`: days of bad luck in seconds, on the operator's own settings.

use super::CommandError;
use crate::settings::Settings;
use clap::Args;
use fiber_link_core::simulator::{FaultLevel, Faults, Options, Report, Simulation, Violation};
use fiber_link_core::{Clock, MemoryStore, Store, SystemClock};
use indicatif::{ProgressBar, ProgressStyle};
use std::fmt::Write;
use std::io::{self, IsTerminal};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use tracing::subscriber::{NoSubscriber, with_default};

const HOUR: u64 = 3600;
const DAY: u64 = 24 * HOUR;

#[derive(Debug, Args)]
pub(super) struct SimulateFlags {
    /// How many days things go wrong; then everything has to come to its end.
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=365))]
    days: u64,
    /// What chance follows from: the same number makes the same history. A new one by default.
    #[arg(long)]
    seed: Option<u64>,
    /// How many servers share the work.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=16))]
    servers: u32,
    /// How many communities there are.
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..=100))]
    apps: u32,
    /// How many users each of them has. Each does something about every six hours.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=1000))]
    users: u32,
    /// What goes wrong: `none`, `mild` or `harsh`; single faults as in `mild,server_stops=20`, one in
    /// so many occasions, and 0 for never.
    #[arg(long, default_value_t = Faults::of(FaultLevel::Harsh))]
    faults: Faults,
    /// Make a history again that was reported.
    #[arg(long, value_name = "HISTORY", conflicts_with_all = ["days", "seed", "servers", "apps", "users", "faults"])]
    replay: Option<Options>,
}

pub(super) async fn run(settings: &Settings, flags: SimulateFlags) -> Result<ExitCode, CommandError> {
    let options = options(settings, flags);
    println!("history: {options}");
    let ended = tokio::task::spawn_blocking(move || simulate(options)).await;
    match ended.map_err(|error| CommandError::Simulator(error.into()))? {
        Ok(report) => {
            print!("{report}");
            Ok(ExitCode::SUCCESS)
        }
        Err(violation) => {
            println!("{violation}\n\nverdict: something that must always hold did not");
            println!("again: fiber-link simulate --replay '{}'", violation.replay());
            Ok(ExitCode::from(1))
        }
    }
}

fn options(settings: &Settings, flags: SimulateFlags) -> Options {
    let SimulateFlags { days, seed, servers, apps, users, faults, replay } = flags;
    let options = replay.unwrap_or_else(|| Options {
        seed: seed.unwrap_or_else(|| SystemClock.now().as_millis()),
        span: Duration::from_secs(days.saturating_mul(DAY)),
        servers,
        users,
        apps,
        pace: Duration::from_secs(6 * HOUR),
        faults,
        ..Options::default()
    });
    Options {
        settings: fiber_link_core::Settings {
            invoice_expiry: settings.invoice_expiry,
            retry: settings.retry,
            node_timeout: settings.node_timeout,
            claim: settings.claim,
            ..options.settings
        },
        assets: settings.assets.clone(),
        policies: settings.policies.clone(),
        ..options
    }
}

/// What servers in a simulated storm have to say would bury what is asked for here.
fn simulate(options: Options) -> Result<String, Box<Violation>> {
    with_default(NoSubscriber::new(), || {
        let began = Instant::now();
        let bar = bar(options.span);
        let shown = bar.clone();
        let ended = Simulation::new(options.clone())
            .on_progress(move |progress| match &shown {
                Some(bar) => bar.set_position(hours(progress.simulated)),
                None => eprintln!("{} of {} hours", hours(progress.simulated), hours(progress.span)),
            })
            .run(fresh_store);
        if let Some(bar) = bar {
            bar.finish_and_clear();
        }
        match ended {
            Ok(report) => Ok(text(&report, began.elapsed())),
            Err(_) => {
                eprintln!("something is wrong; looking for a smaller history in which it is wrong as well");
                Simulation::new(options).shrink(fresh_store).map(|report| text(&report, began.elapsed()))
            }
        }
    })
}

fn fresh_store() -> Arc<dyn Store> {
    Arc::new(MemoryStore::new())
}

/// The report, for people.
fn text(report: &Report, took: Duration) -> String {
    let mut lines = String::new();
    let mut line = |name: &str, value: String| {
        // Writing to a string does not fail.
        let _infallible = writeln!(lines, "{name:<28}{value}");
    };
    let longest = report.longest_to_credit.map_or_else(|| "nothing was paid".to_owned(), words);
    line("simulated", format!("{} in {:.1} s", words(report.simulated), took.as_secs_f64()));
    line("steps", report.steps.to_string());
    line("tips", report.tips.to_string());
    line("credits", report.credits.to_string());
    line("longest time to credit", longest);
    line("withdrawals asked for", report.withdrawal_requests.to_string());
    line("payouts", report.payouts.to_string());
    line("failed, funds back", report.failures.to_string());
    line("open for good", report.open.values().sum::<u64>().to_string());
    for (reason, count) in &report.open {
        line(&format!("  {count}"), (*reason).to_owned());
    }
    line("faults", report.faults.values().sum::<u64>().to_string());
    for (fault, count) in &report.faults {
        line(&format!("  {fault}"), count.to_string());
    }
    line("invariants checked", report.checks.values().sum::<u64>().to_string());
    for (invariant, count) in &report.checks {
        line(&format!("  {invariant}"), format!("{count:<12}{}", invariant.sentence()));
    }
    line("verdict", "nothing was lost, and nothing was credited or paid twice".to_owned());
    lines
}

/// A duration in its two greatest units.
fn words(duration: Duration) -> String {
    let (days, rest) = (duration.as_secs() / DAY, duration.as_secs() % DAY);
    let (hours, minutes, seconds) = (rest / HOUR, rest % HOUR / 60, rest % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, _) => format!("{minutes} min {seconds} s"),
        (0, _, _) => format!("{hours} h {minutes} min"),
        (_, _, _) => format!("{days} d {hours} h"),
    }
}

/// A bar on a terminal; elsewhere a line for each hundredth. Both on standard error.
fn bar(span: Duration) -> Option<ProgressBar> {
    io::stderr().is_terminal().then(|| {
        let style = ProgressStyle::with_template("[{wide_bar}] {pos} of {len} hours, {eta} left");
        ProgressBar::new(hours(span)).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
    })
}

fn hours(duration: Duration) -> u64 {
    duration.as_secs() / HOUR
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_told_in_its_two_greatest_units() {
        let of = |seconds| words(Duration::from_secs(seconds));
        let told = [of(59), of(61), of(HOUR + 120), of(30 * DAY + 3 * HOUR)];
        assert_eq!(told, ["59 s", "1 min 1 s", "1 h 2 min", "30 d 3 h"]);
    }
}
