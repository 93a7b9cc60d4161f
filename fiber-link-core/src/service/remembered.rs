//! What was read lately, so that not every request reads it.

use crate::Timestamp;
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// How long it is remembered. A change takes effect within a second on every server.
pub(super) const REMEMBERED: Duration = Duration::from_millis(500);

/// The most that is remembered.
const MOST_REMEMBERED: usize = 1_024;

/// What was read lately, by its key.
#[derive(Debug)]
pub(crate) struct Remembered<K, V>(Mutex<HashMap<K, (V, Timestamp)>>);

impl<K, V> Default for Remembered<K, V> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Eq + Hash, V: Clone> Remembered<K, V> {
    pub(super) fn recall(&self, key: &K, now: Timestamp) -> Option<V> {
        let remembered = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        remembered.get(key).filter(|(_, at)| is_fresh(*at, now)).map(|(value, _)| value.clone())
    }

    /// `at` is when the value began to be read.
    pub(super) fn remember(&self, key: K, value: V, at: Timestamp) {
        let mut remembered = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if remembered.len() >= MOST_REMEMBERED {
            remembered.retain(|_, (_, known)| is_fresh(*known, at));
        }
        if remembered.len() < MOST_REMEMBERED || remembered.contains_key(&key) {
            remembered.insert(key, (value, at));
        }
    }
}

fn is_fresh(at: Timestamp, now: Timestamp) -> bool {
    now >= at && now.since(at) < REMEMBERED
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_bounded() {
        let last = Remembered::default();
        let at = Timestamp::from_millis;
        for n in 0..2 * MOST_REMEMBERED {
            last.remember(n, (), at(0));
        }
        assert_eq!(last.0.lock().unwrap().len(), MOST_REMEMBERED);
        last.remember(MOST_REMEMBERED, (), at(500));
        assert_eq!(last.0.lock().unwrap().len(), 1, "what is no longer fresh makes room");
    }

    #[test]
    fn what_was_read_is_known_for_half_a_second() {
        let last = Remembered::default();
        let at = Timestamp::from_millis;
        last.remember("a", 1, at(1_000));
        assert_eq!(last.recall(&"a", at(1_499)), Some(1));
        for other in [at(1_500), at(999)] {
            assert_eq!(last.recall(&"a", other), None, "{other:?}");
        }
        assert_eq!(last.recall(&"b", at(1_000)), None);
    }
}
