//! Tips that are worth a question to the node before their turn.

use crate::{PaymentHash, Timestamp};
use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// The most payment hashes that wait at once. More are dropped: their turn comes without us.
const CAPACITY: usize = 10_000;

/// How often a tip that somebody looks at is asked about at most.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Payment hashes to ask about soon, because of a hint or because somebody looked. It lives in
/// memory only: losing it costs time, never money.
#[derive(Debug, Default)]
pub(crate) struct Attention(Mutex<Waiting>);

#[derive(Debug, Default)]
struct Waiting {
    queue: VecDeque<PaymentHash>,
    queued: HashSet<PaymentHash>,
    looked_at: HashMap<PaymentHash, Timestamp>,
}

impl Attention {
    /// The node hinted at this hash.
    pub(crate) fn hint(&self, hash: PaymentHash) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(hash);
    }

    /// Somebody looked at the tip of this hash; whether it was queued.
    pub(crate) fn look(&self, hash: PaymentHash, now: Timestamp) -> bool {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let recent = |at: &Timestamp| now.since(*at) < LOOK_EVERY;
        if waiting.looked_at.get(&hash).is_some_and(recent) {
            return false;
        }
        if waiting.looked_at.len() >= CAPACITY {
            waiting.looked_at.retain(|_, at| recent(at));
        }
        if waiting.looked_at.len() < CAPACITY {
            waiting.looked_at.insert(hash, now);
        }
        waiting.push(hash)
    }

    /// Takes up to `limit` hashes, the longest waiting first.
    pub(crate) fn take(&self, limit: usize) -> Vec<PaymentHash> {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = waiting.queue.len().min(limit);
        let taken: Vec<_> = waiting.queue.drain(..count).collect();
        taken.iter().for_each(|hash| {
            waiting.queued.remove(hash);
        });
        taken
    }
}

impl Waiting {
    fn push(&mut self, hash: PaymentHash) -> bool {
        let new = self.queue.len() < CAPACITY && self.queued.insert(hash);
        if new {
            self.queue.push_back(hash);
        }
        new
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(n: u8) -> PaymentHash {
        PaymentHash::new([n; 32])
    }

    #[test]
    fn a_look_counts_once_a_second_and_a_hint_always() {
        let (attention, at) = (Attention::default(), Timestamp::from_millis);
        assert!(attention.look(hash(1), at(0)));
        assert_eq!(attention.take(10), [hash(1)]);
        assert!(!attention.look(hash(1), at(999)));
        attention.hint(hash(1));
        attention.hint(hash(1));
        assert_eq!(attention.take(10), [hash(1)]);
        assert!(attention.look(hash(1), at(1000)));
    }

    #[test]
    fn the_queue_is_bounded_and_first_in_first_out() {
        let attention = Attention::default();
        for n in 0..2 * u32::try_from(CAPACITY).unwrap() {
            let mut bytes = [0; 32];
            bytes[..4].copy_from_slice(&n.to_be_bytes());
            attention.hint(PaymentHash::new(bytes));
        }
        assert_eq!(attention.take(1), [hash(0)]);
        assert_eq!(attention.take(usize::MAX).len(), CAPACITY - 1);
    }
}
