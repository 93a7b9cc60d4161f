//! Many histories, for tests of a store: new ones on every run, and any of them again.

use crate::simulator::{Options, Report, Simulation};
use crate::{Secret, Store};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{available_parallelism, scope};

/// Makes `histories` histories on fresh stores, in as many threads as the machine has, and answers
/// what they came to together.
///
/// Seeds are new on every run, and printed. Variables change that:
/// - `FIBER_LINK_SIMULATOR_SEED`: this one history; a seed, or what a violation says to replay.
/// - `FIBER_LINK_SIMULATOR_HISTORIES`: so many.
/// - `FIBER_LINK_SIMULATOR_STEPS`: as many as it takes to come to so many steps.
///
/// # Panics
/// With the smallest violation that was found, if there is one, or if a variable makes no sense.
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
    if let Some(text) = variable("FIBER_LINK_SIMULATOR_SEED") {
        let options = match text.parse() {
            Ok(seed) => Options::varied(seed),
            Err(_) => text.parse::<Options>().expect("FIBER_LINK_SIMULATOR_SEED"),
        };
        println!("one history: {options}");
        return run(options, &fresh_store);
    }
    let number = |name| variable(name).map(|text| text.parse::<u64>().expect(name));
    let histories = number("FIBER_LINK_SIMULATOR_HISTORIES").unwrap_or(histories);
    let steps = number("FIBER_LINK_SIMULATOR_STEPS");
    let first = first_seed();
    println!("histories from seed {first} on");
    let (begun, made, failed) = (AtomicU64::new(0), AtomicU64::new(0), AtomicBool::new(false));
    let one_thread = || {
        let mut sum = Report::default();
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
            let report = run(Options::varied(first.wrapping_add(number)), &fresh_store);
            std::mem::forget(ends_well);
            made.fetch_add(report.steps, Ordering::Relaxed);
            sum.add(&report);
        }
    };
    let mut sum = Report::default();
    if threads <= 1 {
        return one_thread();
    }
    scope(|scope| {
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(one_thread)).collect();
        for thread in threads {
            sum.add(&thread.join().expect("a history without a violation"));
        }
    });
    sum
}

/// Tells the other threads that this one found something.
struct EndsWell<'a>(&'a AtomicBool);

impl Drop for EndsWell<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

fn run(options: Options, fresh_store: &impl Fn() -> Arc<dyn Store>) -> Report {
    let seed = options.seed;
    match Simulation::new(options).shrink(fresh_store) {
        Ok(report) => report,
        Err(violation) => panic!("seed {seed}, shrunk:\n{violation}"),
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
