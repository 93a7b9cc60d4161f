//! `fiber-link simulate`: days of bad luck in seconds, on the operator's own settings.

use super::CommandError;
use crate::settings::{Settings, StorePlace};
use clap::Args;
use fiber_link_core::simulator::{FaultLevel, Faults, Options, Report, Simulation, Violation};
use fiber_link_core::{Asset, AssetId, Assets, Clock, Exclusivity, MemoryStore, Store, SystemClock};
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
    /// How many communities there are; at least as many as have policies of their own.
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
        Err(_) => {
            println!("verdict: something that must always hold did not");
            Ok(ExitCode::from(1))
        }
    }
}

fn options(settings: &Settings, flags: SimulateFlags) -> Options {
    let SimulateFlags { days, seed, servers, apps, users, faults, replay } = flags;
    let app_names: Vec<_> = settings.policies.apps().cloned().collect();
    let apps = apps.max(u32::try_from(app_names.len()).unwrap_or(u32::MAX));
    let options = replay.unwrap_or_else(|| Options {
        seed: seed.unwrap_or_else(|| SystemClock.now().as_millis()),
        span: Duration::from_secs(days.saturating_mul(DAY)),
        servers,
        users,
        apps,
        pace: Duration::from_secs(6 * HOUR),
        faults,
        settings: fiber_link_core::Settings {
            exclusivity: exclusivity(settings, servers),
            ..fiber_link_core::Settings::default()
        },
        ..Options::default()
    });
    Options {
        app_names,
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

/// The one server of a file of SQLite knows that all others are dead.
fn exclusivity(settings: &Settings, servers: u32) -> Exclusivity {
    match settings.store {
        Some(StorePlace::Sqlite(_)) if servers == 1 => Exclusivity::Sole,
        Some(StorePlace::Sqlite(_) | StorePlace::Postgres(_)) | None => Exclusivity::Shared,
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
        ended.map(|report| text(&report, &options.assets, began.elapsed())).map_err(|found| {
            tell(&found);
            eprintln!("looking for a smaller history in which it is wrong as well");
            let smaller = Simulation::new(options).smaller(found.clone(), fresh_store);
            if smaller.replay() != found.replay() {
                tell(&smaller);
            }
            smaller
        })
    })
}

fn tell(violation: &Violation) {
    println!("{violation}\n\nagain: fiber-link simulate --replay '{}'\n", violation.replay());
}

fn fresh_store() -> Arc<dyn Store> {
    Arc::new(MemoryStore::new())
}

/// The report, for people.
fn text(report: &Report, assets: &Assets, took: Duration) -> String {
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
    for (asset, overpaid) in &report.overpaid {
        line("overpaid, credited to nobody", amount(*overpaid, asset, assets));
    }
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
    let verdict = match report.credits {
        0 => "nothing happened: nobody was credited, so this shows nothing",
        _ => "nothing was lost, and nothing was credited or paid twice",
    };
    line("verdict", verdict.to_owned());
    lines
}

/// An amount in whole units, as far as it can be one.
fn amount(units: u128, id: &AssetId, assets: &Assets) -> String {
    let whole = |asset: &Asset| Some(asset.format(units.try_into().ok()?));
    let told = assets.find(id).and_then(whole).unwrap_or_else(|| units.to_string());
    format!("{told} {id}")
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
    use crate::settings::SettingFlags;
    use clap::Parser;

    #[derive(clap::Parser)]
    struct Line {
        #[command(flatten)]
        flags: SimulateFlags,
    }

    fn options_of(file: &str, arguments: &[&str]) -> Options {
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("fiber-link.toml");
        std::fs::write(&config, file).unwrap();
        let flags = SettingFlags { config: Some(config), ..SettingFlags::default() };
        let settings = Settings::load(flags, None).unwrap();
        options(&settings, Line::parse_from([&["simulate"], arguments].concat()).flags)
    }

    #[test]
    fn apps_with_policies_of_their_own_are_simulated_under_their_names() {
        let file =
            ["one", "two", "three"].map(|app| format!("[app.{app}.policy.CKB]\nallowed = false\n")).concat();
        let options = options_of(&file, &["--apps", "2"]);
        let names: Vec<_> = options.app_names.iter().map(ToString::to_string).collect();
        assert_eq!((options.apps, names.len()), (3, 3));
        assert!(["one", "two", "three"].iter().all(|app| names.contains(&(*app).to_owned())), "{names:?}");
    }

    #[test]
    fn the_one_server_of_a_file_is_the_sole_one() {
        let exclusivity = |file, servers| options_of(file, &["--servers", servers]).settings.exclusivity;
        assert_eq!(exclusivity("store = \"sqlite:hub.sqlite\"", "1"), Exclusivity::Sole);
        assert_eq!(exclusivity("store = \"sqlite:hub.sqlite\"", "2"), Exclusivity::Shared);
        assert_eq!(exclusivity("store = \"postgres://ann@127.0.0.1/hub\"", "1"), Exclusivity::Shared);
    }

    #[test]
    fn a_history_without_a_credit_shows_nothing() {
        let verdict = |credits| {
            let text = text(&Report { credits, ..Report::default() }, &Assets::default(), Duration::ZERO);
            text.lines().last().unwrap().to_owned()
        };
        assert!(verdict(0).contains("nothing happened"));
        assert!(verdict(1).contains("nothing was lost"));
    }

    #[test]
    fn what_was_overpaid_is_told_in_whole_units_of_its_asset() {
        let assets = Assets::default();
        assert_eq!(amount(150_000_000, &AssetId::ckb(), &assets), "1.5 CKB");
        assert_eq!(amount(7, &AssetId::new("GONE").unwrap(), &assets), "7 GONE");
    }

    #[test]
    fn a_duration_is_told_in_its_two_greatest_units() {
        let of = |seconds| words(Duration::from_secs(seconds));
        let told = [of(59), of(61), of(HOUR + 120), of(30 * DAY + 3 * HOUR)];
        assert_eq!(told, ["59 s", "1 min 1 s", "1 h 2 min", "30 d 3 h"]);
    }
}
