//! Makes a history that ends badly smaller, as long as it ends badly in the same way.

use super::faults::Fault;
use super::options::Options;
use super::report::{Report, Violation};
use std::time::Duration;

/// How many smaller histories are tried at most.
const TRIES: u32 = 300;

/// How many steps they may take together: thirty days have many.
const STEPS: u64 = 1_000_000;

/// Tries smaller options, one change at a time, and keeps what breaks the same invariant.
pub(super) fn shrink(
    violation: Box<Violation>,
    mut run: impl FnMut(&Options) -> Result<Report, Box<Violation>>,
) -> Box<Violation> {
    let mut best = violation;
    let (mut tries, mut steps) = (0u32, 0u64);
    loop {
        let mut smaller = None;
        for options in candidates(&best) {
            if tries >= TRIES || steps >= STEPS {
                return best;
            }
            let ended = run(&options);
            tries = tries.saturating_add(1);
            steps =
                steps.saturating_add(ended.as_ref().map_or_else(|found| found.step, |report| report.steps));
            if let Err(found) = ended
                && found.invariant == best.invariant
            {
                smaller = Some(found);
                break;
            }
        }
        match smaller {
            Some(found) => best = found,
            None => return best,
        }
    }
}

/// What is smaller by one change, the greatest change first.
fn candidates(violation: &Violation) -> Vec<Options> {
    let options = &violation.options;
    let mut all = Vec::new();
    // Nothing after the end counts; faults may have ended before it.
    let needed = violation.after.saturating_add(Duration::from_secs(1));
    for span in [needed, options.span.mul_f32(0.5), options.span.mul_f32(0.8)] {
        if span.as_secs() < options.span.as_secs() {
            all.push(Options { span: Duration::from_secs(span.as_secs().max(1)), ..options.clone() });
        }
    }
    let fewer = |n: u32| [n / 2, n.saturating_sub(1)].into_iter().filter(move |m| *m > 0 && *m < n);
    all.extend(fewer(options.apps).map(|apps| Options { apps, ..options.clone() }));
    all.extend(fewer(options.users).map(|users| Options { users, ..options.clone() }));
    all.extend(fewer(options.servers).map(|servers| Options { servers, ..options.clone() }));
    let without = |fault| Options { faults: options.faults.clone().with(fault, 0), ..options.clone() };
    all.extend(Fault::ALL.into_iter().filter(|fault| options.faults.has(*fault)).map(without));
    all
}
