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
        let seconds = span.as_secs().max(1);
        if seconds < options.span.as_secs() {
            all.push(Options { span: Duration::from_secs(seconds), ..options.clone() });
        }
    }
    if options.reviews {
        all.push(Options { reviews: false, ..options.clone() });
    }
    let fewer = |n: u32| [n / 2, n.saturating_sub(1)].into_iter().filter(move |m| *m > 0 && *m < n);
    all.extend(fewer(options.apps).map(|apps| Options { apps, ..options.clone() }));
    all.extend(fewer(options.users).map(|users| Options { users, ..options.clone() }));
    all.extend(fewer(options.servers).map(|servers| Options { servers, ..options.clone() }));
    let without = |fault| Options { faults: options.faults.clone().with(fault, 0), ..options.clone() };
    all.extend(Fault::ALL.into_iter().filter(|fault| options.faults.has(*fault)).map(without));
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulator::Invariant;

    fn found(options: &Options, step: u64) -> Box<Violation> {
        let after = Duration::from_secs(60);
        let (sentence, story) = (String::new(), Vec::new());
        Box::new(Violation {
            options: options.clone(),
            invariant: Invariant::I1,
            sentence,
            step,
            after,
            story,
        })
    }

    #[test]
    fn what_ends_as_badly_is_made_smaller_and_what_ends_otherwise_is_not() {
        let first = found(&Options::default(), 10);
        let smallest = shrink(first.clone(), |options| Err(found(options, 10)));
        let Options { users, apps, servers, .. } = smallest.options;
        assert_eq!((users, apps, servers), (1, 1, 1));
        let otherwise =
            |options: &Options| Err(Box::new(Violation { invariant: Invariant::I2, ..*found(options, 9) }));
        assert_eq!(shrink(first.clone(), otherwise).replay(), first.replay());
    }

    #[test]
    fn no_more_is_tried_once_the_steps_are_used_up() {
        let mut made = 0;
        shrink(found(&Options::default(), 10), |_| {
            made += 1;
            Ok(Report { steps: STEPS / 2, ..Report::default() })
        });
        assert_eq!(made, 2);
    }
}
