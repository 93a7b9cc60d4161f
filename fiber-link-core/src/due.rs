//! When a record is looked at again.

use crate::Timestamp;
use std::time::Duration;

/// A record's place in the queue of its pass. It is no part of the versioned record: losing it
/// costs one question too many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    /// When it is due next.
    pub at: Timestamp,
    /// From when its age is counted; the gap between questions grows with it.
    pub since: Timestamp,
}

/// How the gap between two looks at a record grows: its age divided by `divisor`, within bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    /// What the age is divided by; at least 1.
    pub divisor: u32,
    /// The shortest gap.
    pub shortest: Duration,
    /// The longest gap.
    pub longest: Duration,
}

/// How far ahead a record is put at most. What stands further ahead was put there by a clock that
/// was wrong, and would never have its turn.
const FURTHEST: Duration = Duration::from_secs(24 * 3600);

/// What a pass takes from its queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TakeDue {
    /// Records due at or before this moment are taken, the longest due first, and then those that
    /// are [misplaced](Self::misplaced_after).
    pub now: Timestamp,
    /// How many at most.
    pub limit: u32,
    /// How far each is moved.
    pub gap: Gap,
}

impl TakeDue {
    /// Records due after this moment are taken too: only a clock that was wrong puts them there.
    pub fn misplaced_after(self) -> Timestamp {
        self.now.plus(FURTHEST)
    }
}

impl Due {
    /// Where a record stands in its queue after it was taken at `now`. Taking never ends it: who took
    /// it may get no answer.
    #[must_use]
    pub fn after_take(self, now: Timestamp, gap: Gap) -> Self {
        Self { at: now.plus(gap.at_age(now.since(self.since))), ..self }
    }
}

impl Gap {
    /// The gap at an age.
    pub fn at_age(self, age: Duration) -> Duration {
        age.checked_div(self.divisor).unwrap_or(age).clamp(self.shortest, self.longest.max(self.shortest))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GAP: Gap = Gap { divisor: 8, shortest: Duration::from_secs(1), longest: Duration::from_secs(100) };

    #[test]
    fn the_gap_grows_with_age_within_its_bounds() {
        for (age, gap) in [(0, 1), (8, 1), (80, 10), (800, 100), (80_000, 100)] {
            assert_eq!(GAP.at_age(Duration::from_secs(age)), Duration::from_secs(gap), "{age}");
        }
    }

    #[test]
    fn what_was_taken_is_moved_by_the_gap_of_its_age() {
        let at = Timestamp::from_seconds;
        let due = Due { at: at(10), since: at(0) };
        assert_eq!(due.after_take(at(16), GAP), Due { at: at(18), ..due });
    }
}
