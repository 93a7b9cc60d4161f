//! The clock of a server, which may be wrong, and ids that follow from the seed.

use super::executor::Handle;
use crate::{Clock, IdSource, Timestamp};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use uuid::Uuid;

/// When histories begin.
pub(super) const START: Timestamp = Timestamp::from_seconds(1_760_000_000);

/// How far the clock of a server is off.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Skew {
    #[default]
    None,
    Ahead(Duration),
    Behind(Duration),
}

/// The clock of one server.
#[derive(Clone)]
pub(super) struct ServerClock {
    pub(super) handle: Handle,
    pub(super) skew: Skew,
}

impl Clock for ServerClock {
    fn now(&self) -> Timestamp {
        let now = self.handle.now();
        match self.skew {
            Skew::None => now,
            Skew::Ahead(by) => now.plus(by),
            Skew::Behind(by) => now.minus(by),
        }
    }
}

/// Ids of version 7 with a counter in place of the random bits.
#[derive(Clone, Debug, Default)]
pub(super) struct CountedIds(Arc<AtomicU64>);

impl IdSource for CountedIds {
    fn next_id(&self, now: Timestamp) -> Uuid {
        let [a, b, c, d, e, f, g, h] = self.0.fetch_add(1, Ordering::Relaxed).to_be_bytes();
        uuid::Builder::from_unix_timestamp_millis(now.as_millis(), &[0, 0, a, b, c, d, e, f, g, h])
            .into_uuid()
    }
}
