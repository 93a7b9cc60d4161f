//! Nonces that were used, and how many requests each app sent.

use crate::{Admission, AdmitError, Admitted, AppId, RateCount, RateLeft, Timestamp};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// The memory of nonces. That of an earlier process is gone, and so is all that its requests wrote.
#[derive(Default)]
pub(super) struct Admissions {
    nonces: BTreeSet<[u8; 32]>,
    by_expiry: BTreeSet<(Timestamp, [u8; 32])>,
    windows: BTreeMap<(AppId, &'static str), Window>,
}

#[derive(Default)]
struct Window {
    begins: Timestamp,
    requests: u32,
}

impl Admissions {
    pub(super) fn admit(&mut self, admission: Admission) -> Result<Admitted, AdmitError> {
        self.forget(admission.now);
        if !self.nonces.insert(admission.nonce) {
            return Err(AdmitError::Replayed);
        }
        self.by_expiry.insert((admission.expires_at, admission.nonce));
        let rate = admission.rate.map(|rate| self.count(rate, admission.now)).transpose()?;
        Ok(Admitted { rate })
    }

    fn forget(&mut self, now: Timestamp) {
        while let Some((expires_at, nonce)) = self.by_expiry.first().copied()
            && expires_at <= now
        {
            self.by_expiry.remove(&(expires_at, nonce));
            self.nonces.remove(&nonce);
        }
    }

    fn count(&mut self, rate: RateCount, now: Timestamp) -> Result<RateLeft, AdmitError> {
        let length = u64::try_from(rate.limit.window.as_millis()).unwrap_or(u64::MAX).max(1);
        let into_window = now.as_millis().checked_rem(length).unwrap_or(0);
        let begins = now.minus(Duration::from_millis(into_window));
        let reset_at = begins.plus(Duration::from_millis(length));

        let window = self.windows.entry((rate.app, rate.method)).or_default();
        if window.begins != begins {
            *window = Window { begins, requests: 0 };
        }
        if window.requests >= rate.limit.requests {
            return Err(AdmitError::RateLimited(RateLeft { remaining: 0, reset_at }));
        }
        window.requests = window.requests.saturating_add(1);
        Ok(RateLeft { remaining: rate.limit.requests.saturating_sub(window.requests), reset_at })
    }
}
