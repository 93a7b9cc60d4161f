//! Many histories, for tests of a store: new ones on every run, and any of them again.

use crate::simulator::{Faults, Options, Report, Simulation};
use crate::{Secret, Store};
use std::ffi::OsStr;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{available_parallelism, scope};

/// In so many histories somebody is credited: a store on which nobody ever is passes no test.
const ENOUGH: u64 = 20;

/// Makes `histories` histories on fresh stores, in as many threads as the machine has, and answers
/// what they came to together.
///
/// Seeds are new on every run. They and what the histories came to are written to standard error, past
/// what the test harness captures. Variables change that:
/// - `FIBER_LINK_SIMULATOR_SEED`: this one history; a seed, or what a violation says to replay.
/// - `FIBER_LINK_SIMULATOR_HISTORIES`: so many.
/// - `FIBER_LINK_SIMULATOR_STEPS`: as many as it takes to come to so many steps, all with harsh faults.
///
/// # Panics
/// With the smallest violation that was found, if there is one, if a variable makes no sense, and if
/// nobody was credited in many histories.
pub fn simulate(histories: u64, fresh_store: impl Fn() -> Arc<dyn Store> + Sync) -> Report {
    let threads = available_parallelism().map_or(1, usize::from);
    simulate_in(threads, histories, fresh_store)
}

/// The same, in so many threads: in this one, if it is one.
///
/// # Panics
/// As [`simulate`] does.
pub fn simulate_in(
    threads: usize,
    histories: u64,
    fresh_store: impl Fn() -> Arc<dyn Store> + Sync,
) -> Report {
    let test = test();
    if let Some(text) = variable("FIBER_LINK_SIMULATOR_SEED") {
        let options = match text.parse() {
            Ok(seed) => Options::varied(seed),
            Err(_) => text.parse::<Options>().expect("FIBER_LINK_SIMULATOR_SEED"),
        };
        say(&format!("one history: {options}"));
        return run(options, &fresh_store, &test);
    }
    let number = |name| variable(name).map(|text| text.parse::<u64>().expect(name));
    let histories = number("FIBER_LINK_SIMULATOR_HISTORIES").unwrap_or(histories);
    let steps = number("FIBER_LINK_SIMULATOR_STEPS");
    let first = first_seed();
    say(&format!("histories from seed {first} on"));
    let (begun, made, failed) = (AtomicU64::new(0), AtomicU64::new(0), AtomicBool::new(false));
    let one_thread = || {
        let mut sum = (0u64, Report::default());
        loop {
            let number = begun.fetch_add(1, Ordering::Relaxed);
            let enough = match steps {
                Some(steps) => made.load(Ordering::Relaxed) >= steps,
                None => number >= histories,
            };
            if enough || failed.load(Ordering::Relaxed) {
                return sum;
            }
            let ends_well = EndsWell(&failed);
            let varied = Options::varied(first.wrapping_add(number));
            let options =
                if steps.is_some() { Options { faults: Faults::default(), ..varied } } else { varied };
            let report = run(options, &fresh_store, &test);
            std::mem::forget(ends_well);
            made.fetch_add(report.steps, Ordering::Relaxed);
            sum.0 += 1;
            sum.1.add(&report);
        }
    };
    let (mut made, mut sum) = (0u64, Report::default());
    let mut add = |(histories, report): (u64, Report)| {
        made += histories;
        sum.add(&report);
    };
    if threads <= 1 {
        add(one_thread());
    } else {
        scope(|scope| {
            let threads: Vec<_> = (0..threads).map(|_| scope.spawn(one_thread)).collect();
            for thread in threads {
                add(thread.join().expect("a history without a violation"));
            }
        });
    }
    say(&totals(made, &sum));
    assert!(made < ENOUGH || sum.credits > 0, "in {made} histories nobody was credited");
    sum
}

/// What many histories came to, in one line.
fn totals(histories: u64, report: &Report) -> String {
    let (faults, checks) = (report.faults.values().sum::<u64>(), report.checks.values().sum::<u64>());
    let Report { steps, credits, payouts, .. } = report;
    format!(
        "{histories} histories without a violation: {steps} steps, {credits} tips credited, {payouts} \
         withdrawals paid out, {faults} faults, {checks} checks"
    )
}

/// Tells people, past what the test harness captures.
fn say(line: &str) {
    // Nobody may be there to read it.
    let _unread = writeln!(std::io::stderr(), "{line}");
}

/// What makes cargo run the test that this is called in, and that alone.
fn test() -> String {
    let package = variable("CARGO_PKG_NAME").map_or_else(String::new, |name| format!(" -p {name}"));
    let program = std::env::current_exe().ok();
    let program = program.as_deref().and_then(Path::file_stem).and_then(OsStr::to_str).unwrap_or_default();
    // Behind its name a program has a hash.
    let name = program.rsplit_once('-').map_or(program, |(name, _)| name);
    let library = variable("CARGO_PKG_NAME").is_some_and(|package| package.replace('-', "_") == name);
    let target = if library { "--lib".to_owned() } else { format!("--test {name}") };
    let thread = std::thread::current();
    let test =
        thread.name().filter(|name| *name != "main").map(|name| format!(" {name} -- --exact --nocapture"));
    format!("cargo test{package} --all-features {target}{}", test.unwrap_or_default())
}

/// Tells the other threads that this one found something.
struct EndsWell<'a>(&'a AtomicBool);

impl Drop for EndsWell<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

fn run(options: Options, fresh_store: &impl Fn() -> Arc<dyn Store>, test: &str) -> Report {
    let seed = options.seed;
    match Simulation::new(options).shrink(fresh_store) {
        Ok(report) => report,
        Err(violation) => {
            panic!(
                "seed {seed}, shrunk:\n{violation}\nagain: FIBER_LINK_SIMULATOR_SEED='{}' {test}",
                violation.replay()
            )
        }
    }
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Anything.
fn first_seed() -> u64 {
    let random = Secret::random().expect("randomness");
    random.expose().iter().take(6).fold(0, |seed, byte| seed << 8 | u64::from(*byte))
}
