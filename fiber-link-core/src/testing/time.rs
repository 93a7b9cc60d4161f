//! Time and ids that a test decides on.

use crate::{Clock, IdSource, Timestamp};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use uuid::Uuid;

/// A clock that moves when it is told to. Clones are one clock.
#[derive(Clone, Debug)]
pub struct ManualClock(Arc<AtomicU64>);

impl ManualClock {
    /// A clock that stands at `now`.
    pub fn new(now: Timestamp) -> Self {
        Self(Arc::new(AtomicU64::new(now.as_millis())))
    }

    /// Moves on by `duration`.
    pub fn advance(&self, duration: Duration) {
        self.set(self.now().plus(duration));
    }

    /// Moves to `now`, which may be earlier.
    pub fn set(&self, now: Timestamp) {
        self.0.store(now.as_millis(), Ordering::SeqCst);
    }
}

/// Stands at [`START`](super::sample::START).
impl Default for ManualClock {
    fn default() -> Self {
        Self::new(super::sample::START)
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::SeqCst))
    }
}

/// Ids of the form that [`RandomIds`](crate::RandomIds) makes, with a counter in place of the random
/// bits: the same run makes the same ids. Clones count together.
#[derive(Clone, Debug, Default)]
pub struct SequentialIds(Arc<AtomicU64>);

impl IdSource for SequentialIds {
    fn next_id(&self, now: Timestamp) -> Uuid {
        super::sample::uuid_at(now, self.0.fetch_add(1, Ordering::SeqCst))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clones_of_a_clock_move_together() {
        let clock = ManualClock::new(Timestamp::from_seconds(10));
        let clone = clock.clone();
        clock.advance(Duration::from_secs(5));
        assert_eq!(clone.now(), Timestamp::from_seconds(15));
        clone.set(Timestamp::from_seconds(3));
        assert_eq!(clock.now(), Timestamp::from_seconds(3));
    }

    #[test]
    fn ids_sort_by_time_and_then_by_number() {
        let (ids, now) = (SequentialIds::default(), Timestamp::from_seconds(10));
        let made: Vec<_> = (0..300).map(|_| ids.clone().next_id(now)).collect();
        assert!(made.is_sorted_by(|a, b| a < b));
        assert!(made[299] < ids.next_id(now.plus(Duration::from_millis(1))));
        assert_eq!(made[0].get_version_num(), 7);
    }
}
