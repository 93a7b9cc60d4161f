//! The one source of chance: everything that happens follows from its seed.

use std::time::Duration;

/// A stream of chance. Each actor has one of its own, so that taking one away leaves the others theirs.
#[derive(Clone, Debug)]
pub(super) struct Random(fastrand::Rng);

impl Random {
    /// The stream `stream` of a seed.
    pub(super) fn new(seed: u64, stream: u64) -> Self {
        // Streams of neighbouring seeds shall have nothing in common.
        let mut mixed = fastrand::Rng::with_seed(seed ^ stream.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        mixed.u64(..);
        Self(fastrand::Rng::with_seed(mixed.u64(..)))
    }

    /// True once in `n` times; never for 0.
    pub(super) fn one_in(&mut self, n: u64) -> bool {
        n != 0 && self.0.u64(0..n) == 0
    }

    /// A number below `n`; none below 0.
    pub(super) fn below(&mut self, n: usize) -> Option<usize> {
        match n {
            0 => None,
            1 => Some(0),
            n => Some(self.0.usize(0..n)),
        }
    }

    /// Anything between both, both included.
    pub(super) fn between(&mut self, least: u64, most: u64) -> u64 {
        self.0.u64(least..=most.max(least))
    }

    /// Anything between both, short ones as likely as long ones: each order of magnitude alike.
    pub(super) fn duration(&mut self, least: Duration, most: Duration) -> Duration {
        let millis = |duration: Duration| u64::try_from(duration.as_millis()).unwrap_or(u64::MAX).max(1);
        let (least, most) = (millis(least), millis(most));
        let doublings = most.checked_div(least).unwrap_or(1).checked_ilog2().unwrap_or(0);
        let low = least.saturating_mul(1 << self.between(0, doublings.into()).min(62));
        Duration::from_millis(self.between(low, low.saturating_mul(2)).min(most))
    }

    /// One of them.
    pub(super) fn pick<'a, T>(&mut self, of: &'a [T]) -> Option<&'a T> {
        of.get(self.below(of.len())?)
    }

    /// One of them, by its weight.
    pub(super) fn weighted<T: Copy>(&mut self, of: &[(u64, T)]) -> Option<T> {
        let total = of.iter().fold(0u64, |sum, (weight, _)| sum.saturating_add(*weight));
        let mut left = self.0.u64(0..total.max(1));
        for (weight, value) in of {
            if left < *weight {
                return Some(*value);
            }
            left = left.saturating_sub(*weight);
        }
        None
    }

    /// Bytes for a seed or a hash.
    pub(super) fn bytes(&mut self) -> [u8; 32] {
        let mut bytes = [0; 32];
        self.0.fill(&mut bytes);
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_and_a_stream_make_the_same_chance_again_and_another_stream_another() {
        let of = |seed, stream| Random::new(seed, stream).bytes();
        assert_eq!(of(1, 2), of(1, 2));
        assert_ne!(of(1, 2), of(1, 3));
        assert_ne!(of(1, 2), of(2, 2));
    }

    #[test]
    fn chance_stays_within_its_bounds() {
        let mut random = Random::new(7, 0);
        let (least, most) = (Duration::from_millis(20), Duration::from_secs(600));
        for _ in 0..1_000 {
            assert!((least..=most).contains(&random.duration(least, most)));
            assert!(random.below(3).is_some_and(|n| n < 3));
            assert_eq!(random.weighted(&[(0, 'a'), (5, 'b')]), Some('b'));
        }
        assert!(!random.one_in(0) && random.one_in(1));
        assert_eq!(random.below(0), None);
    }
}
