//! How long to wait before the next try.

use crate::{Clock, IdSource, RandomIds, SystemClock};
use std::time::Duration;

/// The wait after the first failure.
const FIRST: Duration = Duration::from_millis(500);
/// The longest wait.
const LONGEST: Duration = Duration::from_secs(30);

/// Doubles the wait with every failure, and scatters it so that not all come back at once.
#[derive(Clone, Debug)]
pub(super) struct Backoff {
    first: Duration,
    longest: Duration,
    failures: u32,
}

impl Default for Backoff {
    fn default() -> Self {
        Self { first: FIRST, longest: LONGEST, failures: 0 }
    }
}

impl Backoff {
    #[cfg(test)]
    pub(super) fn quick() -> Self {
        Self { first: Duration::from_millis(1), longest: Duration::from_millis(2), failures: 0 }
    }

    #[cfg(test)]
    pub(super) fn slow() -> Self {
        Self { first: Duration::from_secs(3600), longest: Duration::from_secs(3600), failures: 0 }
    }

    /// It went well: the next failure is a first one.
    pub(super) fn reset(&mut self) {
        self.failures = 0;
    }

    /// The wait after one more failure.
    pub(super) fn after_failure(&mut self) -> Duration {
        let (_, random) = RandomIds.next_id(SystemClock.now()).as_u64_pair();
        self.after_failure_with(random)
    }

    /// Between half of the step and all of it.
    fn after_failure_with(&mut self, random: u64) -> Duration {
        let step = self.first.saturating_mul(2u32.saturating_pow(self.failures)).min(self.longest);
        self.failures = self.failures.saturating_add(1);
        let half = step.checked_div(2).unwrap_or_default();
        // The low half of a random id is random but for its two highest bits.
        let part = u32::try_from(random % 1024).unwrap_or(0);
        let scatter = half.saturating_mul(part).checked_div(1023).unwrap_or_default();
        half.saturating_add(scatter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_wait_doubles_up_to_its_bound_and_begins_again_after_success() {
        let mut backoff = Backoff::default();
        let waits: Vec<_> = (0..8).map(|_| backoff.after_failure_with(1023).as_millis()).collect();
        assert_eq!(waits, [500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
        backoff.reset();
        assert_eq!(backoff.after_failure_with(0).as_millis(), 250);
    }

    proptest! {
        #[test]
        fn no_wait_is_too_short_or_too_long(random: u64, failures in 0u32..100) {
            let mut backoff = Backoff { failures, ..Backoff::default() };
            let wait = backoff.after_failure_with(random);
            prop_assert!(wait * 2 >= FIRST && wait <= LONGEST);
        }
    }
}
