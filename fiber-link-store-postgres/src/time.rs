//! Times as Postgres keeps them: exact to the microsecond, and so to our millisecond.

use crate::error::TooLarge;
use fiber_link_core::{StoreError, Timestamp};
use sqlx::encode::IsNull;
use sqlx::error::BoxDynError;
use sqlx::postgres::types::Oid;
use sqlx::postgres::{PgArgumentBuffer, PgHasArrayType, PgTypeInfo, PgValueRef};
use sqlx::{Decode, Encode, Postgres, Type};
use std::fmt;

/// What the epoch of Postgres, the year 2000, is in ours.
const EPOCH: i64 = 946_684_800_000;

/// The last millisecond of the year 294275; Postgres ends a year later.
const LAST: u64 = 9_224_286_393_599_999;

/// The day of our epoch, counted as astronomers count.
const JULIAN_DAY_OF_EPOCH: u64 = 2_440_588;

const TIMESTAMPTZ: Oid = Oid(1184);
const TIMESTAMPTZ_ARRAY: Oid = Oid(1185);

/// A moment that Postgres can keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Time(u64);

impl Time {
    /// A moment that is to be stored.
    pub(crate) fn stored(at: Timestamp) -> Result<Self, StoreError> {
        match at.as_millis() {
            millis @ ..=LAST => Ok(Self(millis)),
            millis => Err(StoreError::backend(TooLarge(millis))),
        }
    }

    /// A moment to compare with: one beyond what can be stored is after everything stored.
    pub(crate) fn bound(at: Timestamp) -> Self {
        Self(at.as_millis().min(LAST))
    }

    /// Milliseconds since our epoch.
    pub(crate) fn as_millis(self) -> u64 {
        self.0
    }
}

/// The form in which a unit of work carries it: the day by its number, and the time of that day.
impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (days, millis) = (self.0 / 86_400_000, self.0 % 86_400_000);
        let (hours, minutes) = (millis / 3_600_000, millis / 60_000 % 60);
        let (seconds, millis) = (millis / 1_000 % 60, millis % 1_000);
        let day = days.saturating_add(JULIAN_DAY_OF_EPOCH);
        write!(f, "J{day} {hours:02}:{minutes:02}:{seconds:02}.{millis:03}+00")
    }
}

impl Type<Postgres> for Time {
    fn type_info() -> PgTypeInfo {
        PgTypeInfo::with_oid(TIMESTAMPTZ)
    }
}

impl PgHasArrayType for Time {
    fn array_type_info() -> PgTypeInfo {
        PgTypeInfo::with_oid(TIMESTAMPTZ_ARRAY)
    }
}

impl Encode<'_, Postgres> for Time {
    fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        let micros = i64::try_from(self.0)?.saturating_sub(EPOCH).saturating_mul(1_000);
        Encode::<Postgres>::encode(micros, buffer)
    }
}

impl Decode<'_, Postgres> for Time {
    fn decode(value: PgValueRef<'_>) -> Result<Self, BoxDynError> {
        let micros = <i64 as Decode<Postgres>>::decode(value)?;
        let millis = (micros / 1_000).checked_add(EPOCH).and_then(|millis| u64::try_from(millis).ok());
        match millis {
            Some(millis @ ..=LAST) if micros % 1_000 == 0 => Ok(Self(millis)),
            Some(_) | None => Err("no whole millisecond since the epoch".into()),
        }
    }
}

impl From<Time> for Timestamp {
    fn from(time: Time) -> Self {
        Self::from_millis(time.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_named_by_its_number() {
        let text = |millis| Time(millis).to_string();
        assert_eq!(text(0), "J2440588 00:00:00.000+00");
        assert_eq!(text(1_760_000_001_234), "J2460958 08:53:21.234+00");
    }

    #[test]
    fn what_postgres_cannot_keep_is_refused_or_put_last() {
        assert!(Time::stored(Timestamp::from_millis(LAST)).is_ok());
        assert!(Time::stored(Timestamp::from_millis(LAST + 1)).is_err());
        assert_eq!(Time::bound(Timestamp::from_millis(u64::MAX)), Time(LAST));
    }
}
