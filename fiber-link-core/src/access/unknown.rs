//! Tries to log in where there is nobody: counted as those of administrators are, so that nobody learns from
//! the count who is one.

use crate::administrator::{LOG_IN_WINDOW, LogIns};
use crate::{AdministratorId, Timestamp, TooManyLogIns};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// The most addresses that are counted at a time; another one takes the place of the oldest.
const MOST_COUNTED: usize = 16_384;

/// Tries of this process, by the digest of the address.
#[derive(Debug, Default)]
pub(super) struct UnknownLogIns(Mutex<HashMap<AdministratorId, LogIns>>);

impl UnknownLogIns {
    pub(super) fn count(&self, id: AdministratorId, now: Timestamp) -> Result<(), TooManyLogIns> {
        let mut counted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let next = counted.get(&id).copied().unwrap_or_default().tried(now)?;
        if counted.len() >= MOST_COUNTED && !counted.contains_key(&id) {
            counted.retain(|_, log_ins| log_ins.since <= now && now < log_ins.since.plus(LOG_IN_WINDOW));
            let oldest = counted.iter().min_by_key(|(_, log_ins)| log_ins.since).map(|(id, _)| *id);
            if let Some(oldest) = oldest.filter(|_| counted.len() >= MOST_COUNTED) {
                counted.remove(&oldest);
            }
        }
        counted.insert(id, next);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MOST_LOG_INS;
    use std::time::Duration;

    #[test]
    fn tries_are_counted_for_each_address_in_bounded_memory() {
        let (unknown, now) = (UnknownLogIns::default(), Timestamp::from_seconds(1_760_000_000));
        let at = |seconds| now.plus(Duration::from_secs(seconds));
        let id = |n: usize| AdministratorId::of(&format!("{n}@example.org"));
        for _ in 0..MOST_LOG_INS {
            unknown.count(id(0), now).unwrap();
        }
        assert_eq!(unknown.count(id(0), now), Err(TooManyLogIns { wait: LOG_IN_WINDOW }));
        for n in 1..MOST_COUNTED {
            unknown.count(id(n), at(1)).unwrap();
        }
        assert!(unknown.count(id(0), at(1)).is_err());
        unknown.count(id(MOST_COUNTED), at(1)).unwrap();
        assert_eq!(unknown.0.lock().unwrap().len(), MOST_COUNTED);
        unknown.count(id(0), at(1)).unwrap();
        unknown.count(id(MOST_COUNTED + 1), at(901)).unwrap();
        assert_eq!(unknown.0.lock().unwrap().len(), 1, "what is over makes room");
    }
}
