//! When this server heard that a tip is paid.

use fiber_link_core::PaymentHash;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// The most payments that are remembered; others are not measured.
const MOST: usize = 10_000;

/// How long one is remembered that is not credited here: another server may have done it, and a hint
/// may be about nothing of ours.
const REMEMBERED: Duration = Duration::from_secs(3_600);

/// How we heard of a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum How {
    /// The node hinted at it.
    Hint,
    /// The node answered so when it was asked.
    Answer,
}

impl How {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Hint => "hint",
            Self::Answer => "answer",
        }
    }
}

/// How often those that are old make room where there is none.
const SWEEP_EVERY: Duration = Duration::from_secs(60);

/// Payments that we heard of and did not credit yet.
#[derive(Debug, Default)]
pub(super) struct Heard(Mutex<Payments>);

#[derive(Debug, Default)]
struct Payments {
    by_hash: HashMap<PaymentHash, (Instant, How)>,
    swept: Option<Instant>,
}

impl Heard {
    fn payments(&self) -> MutexGuard<'_, Payments> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The node hinted at the payment; the first hint counts.
    pub(super) fn hint(&self, hash: PaymentHash) {
        self.remember(hash, How::Hint);
    }

    /// The node said that the tip is paid.
    pub(super) fn paid(&self, hash: PaymentHash) {
        self.remember(hash, How::Answer);
    }

    /// The node said that it is not: what it hinted at was something else.
    pub(super) fn not_paid(&self, hash: PaymentHash) {
        self.payments().by_hash.remove(&hash);
    }

    /// The tip was credited: how long after we heard of it, if we did.
    pub(super) fn credited(&self, hash: PaymentHash) -> Option<(Duration, How)> {
        self.payments().by_hash.remove(&hash).map(|(at, how)| (at.elapsed(), how))
    }

    fn remember(&self, hash: PaymentHash, how: How) {
        let now = Instant::now();
        let mut payments = self.payments();
        let Payments { by_hash, swept } = &mut *payments;
        if by_hash.len() >= MOST && swept.is_none_or(|swept| now.duration_since(swept) >= SWEEP_EVERY) {
            by_hash.retain(|_, (at, _)| now.duration_since(*at) < REMEMBERED);
            *swept = Some(now);
        }
        if by_hash.len() < MOST {
            by_hash.entry(hash).or_insert((now, how));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(n: u64) -> PaymentHash {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&n.to_be_bytes());
        PaymentHash::new(bytes)
    }

    #[tokio::test(start_paused = true)]
    async fn a_payment_counts_from_its_first_hint_and_from_the_answer_where_there_was_none() {
        let (heard, second) = (Heard::default(), Duration::from_secs(1));
        heard.hint(hash(1));
        tokio::time::advance(second).await;
        heard.hint(hash(1));
        heard.paid(hash(1));
        heard.paid(hash(2));
        tokio::time::advance(second).await;
        assert_eq!(heard.credited(hash(1)), Some((second * 2, How::Hint)));
        assert_eq!(heard.credited(hash(2)), Some((second, How::Answer)));
        assert_eq!(heard.credited(hash(1)), None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_hint_at_something_else_does_not_count() {
        let heard = Heard::default();
        heard.hint(hash(1));
        heard.not_paid(hash(1));
        assert_eq!(heard.credited(hash(1)), None);
    }

    #[tokio::test(start_paused = true)]
    async fn memory_is_bounded_and_what_is_old_makes_room() {
        let heard = Heard::default();
        for n in 0..2 * MOST as u64 {
            heard.hint(hash(n));
        }
        assert_eq!(heard.payments().by_hash.len(), MOST);
        tokio::time::advance(REMEMBERED).await;
        heard.hint(hash(u64::MAX));
        assert_eq!(heard.payments().by_hash.len(), 1);
    }
}
