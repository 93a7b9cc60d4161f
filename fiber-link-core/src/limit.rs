//! A rolling day of withdrawals, counted so that it cannot be raced.
//!
//! One counter stands for a user (or a whole app) and an asset. It holds sums per clock hour of
//! the last 25 hours and the time of the last request; the store locks it, lets it decide, and
//! writes it back. The window is a rolling day, at most one hour too strict and never too lax.

use crate::{Amount, AppId, AssetId, Timestamp, UserId};
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

const HOUR: u64 = 3_600_000;
const DAY: Duration = Duration::from_secs(24 * 3600);

/// Whom a limit counts for.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum LimitScope {
    /// One user of an app.
    User(UserId),
    /// A whole app.
    App,
}

impl LimitScope {
    /// The user as it is stored: empty for a whole app.
    pub fn stored_user(&self) -> &str {
        match self {
            Self::User(user) => user.as_str(),
            Self::App => "",
        }
    }
}

/// Which counter.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LimitKey {
    /// The app.
    pub app: AppId,
    /// Whom it counts for.
    pub scope: LimitScope,
    /// The asset.
    pub asset: AssetId,
}

/// An amount to be counted, unless that would exceed its limits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CountTowardsLimit {
    /// Which counter.
    pub key: LimitKey,
    /// What is added.
    pub amount: Amount,
    /// The most in a rolling day.
    pub ceiling: Amount,
    /// The least time since the last request.
    pub cooldown: Duration,
    /// When it is requested.
    pub now: Timestamp,
}

/// An amount that no longer counts, because its withdrawal failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GiveBackToLimit {
    /// Which counter.
    pub key: LimitKey,
    /// What is taken off.
    pub amount: Amount,
    /// When it had been requested.
    pub requested_at: Timestamp,
}

/// A limit refuses.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a withdrawal limit is exceeded")]
pub struct LimitExceeded {
    /// Whose limit.
    pub scope: LimitScope,
    /// Which one.
    pub excess: LimitExcess,
}

/// Which limit refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LimitExcess {
    /// The rolling day would come to `total`.
    Ceiling {
        /// What it would come to.
        total: Amount,
        /// What is allowed.
        ceiling: Amount,
    },
    /// The last request was too recent.
    Cooldown {
        /// When the next one is allowed.
        until: Timestamp,
    },
}

/// A counter: sums per clock hour and the time of the last request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LimitCounter {
    /// Hours since the epoch, ascending, with what was requested in them; never zero.
    hours: Vec<(u64, Amount)>,
    last_request: Option<Timestamp>,
}

impl LimitCounter {
    /// A counter as it was stored. For store authors.
    pub fn restore(mut hours: Vec<(u64, Amount)>, last_request: Option<Timestamp>) -> Self {
        hours.sort_unstable_by_key(|(hour, _)| *hour);
        Self { hours, last_request }
    }

    /// Hours since the epoch, ascending, with what was requested in them.
    pub fn hours(&self) -> &[(u64, Amount)] {
        &self.hours
    }

    /// When the last request was.
    pub fn last_request(&self) -> Option<Timestamp> {
        self.last_request
    }

    /// The counter with one more request.
    ///
    /// # Errors
    /// [`LimitExceeded`] if the ceiling or the cooldown forbids it.
    pub fn count(&self, request: &CountTowardsLimit) -> Result<Self, LimitExceeded> {
        let refuse = |excess| LimitExceeded { scope: request.key.scope.clone(), excess };
        // Requests may arrive out of the order of their times: without a cooldown none is too soon.
        if let Some(last) = self.last_request.filter(|_| !request.cooldown.is_zero()) {
            let until = last.plus(request.cooldown);
            if request.now < until {
                return Err(refuse(LimitExcess::Cooldown { until }));
            }
        }
        let mut next = Self {
            hours: self.hours.iter().copied().filter(|(hour, _)| counts(*hour, request.now)).collect(),
            last_request: self.last_request.max(Some(request.now)),
        };
        let total = next.hours.iter().try_fold(request.amount, |sum, (_, amount)| sum.checked_add(*amount));
        let total = total.unwrap_or(Amount::MAX);
        if total > request.ceiling {
            return Err(refuse(LimitExcess::Ceiling { total, ceiling: request.ceiling }));
        }
        next.add(hour_of(request.now), request.amount);
        Ok(next)
    }

    /// The counter without a request that came to nothing, if its hour is still there.
    pub fn give_back(&self, gift: &GiveBackToLimit) -> Self {
        let hour = hour_of(gift.requested_at);
        let mut next = self.clone();
        for (counted, amount) in &mut next.hours {
            if *counted == hour {
                *amount = amount.saturating_sub(gift.amount);
            }
        }
        next.hours.retain(|(_, amount)| !amount.is_zero());
        next
    }

    fn add(&mut self, hour: u64, amount: Amount) {
        match self.hours.iter_mut().find(|(counted, _)| *counted == hour) {
            Some((_, sum)) => *sum = sum.checked_add(amount).unwrap_or(Amount::MAX),
            None => {
                self.hours.push((hour, amount));
                self.hours.sort_unstable_by_key(|(hour, _)| *hour);
            }
        }
    }
}

fn hour_of(at: Timestamp) -> u64 {
    at.as_millis() / HOUR
}

/// Whether any moment of the hour lies within the last 24 h. Hours ahead of a clock that was set
/// back count too.
fn counts(hour: u64, now: Timestamp) -> bool {
    hour.saturating_add(1).saturating_mul(HOUR) > now.minus(DAY).as_millis()
}

/// Text that is no stored counter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a stored limit counter")]
pub struct MalformedCounter;

/// The stored form: `last;hour=amount;hour=amount`, where `last` is in milliseconds or empty.
impl fmt::Display for LimitCounter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(last) = self.last_request {
            write!(f, "{}", last.as_millis())?;
        }
        self.hours.iter().try_for_each(|(hour, amount)| write!(f, ";{hour}={amount}"))
    }
}

impl FromStr for LimitCounter {
    type Err = MalformedCounter;

    fn from_str(text: &str) -> Result<Self, MalformedCounter> {
        let mut parts = text.split(';');
        let last_request = match parts.next() {
            None | Some("") => None,
            Some(millis) => Some(Timestamp::from_millis(millis.parse().map_err(|_| MalformedCounter)?)),
        };
        let hour = |part: &str| -> Option<(u64, Amount)> {
            let (hour, amount) = part.split_once('=')?;
            Some((hour.parse().ok()?, amount.parse().ok()?))
        };
        let hours = parts.map(hour).collect::<Option<Vec<_>>>().ok_or(MalformedCounter)?;
        Ok(Self { hours, last_request })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: u64 = 60_000;

    fn request(amount: u64, ceiling: u64, now: u64) -> CountTowardsLimit {
        CountTowardsLimit {
            key: LimitKey { app: AppId::new("a").unwrap(), scope: LimitScope::App, asset: AssetId::ckb() },
            amount: Amount::new(amount),
            ceiling: Amount::new(ceiling),
            cooldown: Duration::ZERO,
            now: Timestamp::from_millis(now),
        }
    }

    #[test]
    fn a_day_is_counted_and_the_ceiling_itself_is_allowed() {
        let counter = LimitCounter::default().count(&request(6, 10, 0)).unwrap();
        let counter = counter.count(&request(4, 10, HOUR)).unwrap();
        let refused = counter.count(&request(1, 10, 2 * HOUR)).unwrap_err();
        let (total, ceiling) = (Amount::new(11), Amount::new(10));
        assert_eq!(refused.excess, LimitExcess::Ceiling { total, ceiling });
    }

    #[test]
    fn an_hour_counts_until_all_of_it_is_a_day_old() {
        let counter = LimitCounter::default().count(&request(10, 10, 30 * MINUTE)).unwrap();
        assert!(counter.count(&request(1, 10, 25 * HOUR - 1)).is_err());
        assert!(counter.count(&request(1, 10, 25 * HOUR)).is_ok());
    }

    #[test]
    fn a_cooldown_runs_from_the_last_request() {
        let with_cooldown =
            |now| CountTowardsLimit { cooldown: Duration::from_secs(60), ..request(1, 10, now) };
        let counter = LimitCounter::default().count(&with_cooldown(1000)).unwrap();
        let refused = counter.count(&with_cooldown(60_999)).unwrap_err();
        assert_eq!(refused.excess, LimitExcess::Cooldown { until: Timestamp::from_millis(61_000) });
        assert!(counter.count(&with_cooldown(61_000)).is_ok());
    }

    #[test]
    fn without_a_cooldown_no_order_of_arrival_is_too_soon() {
        let counter = LimitCounter::default().count(&request(1, 10, 1000)).unwrap();
        assert!(counter.count(&request(1, 10, 999)).is_ok());
    }

    #[test]
    fn a_failure_is_given_back_to_its_own_hour() {
        let counter = LimitCounter::default().count(&request(6, 10, 0)).unwrap();
        let counter = counter.count(&request(4, 10, HOUR)).unwrap();
        let key = request(0, 0, 0).key;
        let gift = |at| GiveBackToLimit {
            key: key.clone(),
            amount: Amount::new(4),
            requested_at: Timestamp::from_millis(at),
        };
        assert!(counter.give_back(&gift(HOUR)).count(&request(4, 10, HOUR)).is_ok());
        assert_eq!(counter.give_back(&gift(5 * HOUR)), counter, "an hour that is gone");
    }

    #[test]
    fn the_stored_form_is_read_back() {
        let counter = LimitCounter::default().count(&request(6, 10, 7)).unwrap();
        let counter = counter.count(&request(4, 10, HOUR)).unwrap();
        assert_eq!(counter.to_string(), "3600000;0=6;1=4");
        assert_eq!(counter.to_string().parse(), Ok(counter));
        assert_eq!("".parse(), Ok(LimitCounter::default()));
        assert!("x".parse::<LimitCounter>().is_err());
        assert!("1;2".parse::<LimitCounter>().is_err());
    }
}
