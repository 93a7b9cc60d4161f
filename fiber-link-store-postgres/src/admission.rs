//! Nonces and rate counts, shared by all servers. Their tables are not logged: a request costs no
//! sync of the disk, and after a crash of the database what was signed before counts as replayed.

use crate::PostgresStore;
use crate::error::{UnexpectedAnswer, backend};
use crate::statement::{bound, query, statements};
use crate::time::Time;
use fiber_link_core::{Admission, AdmitError, Admitted, RateCount, RateLeft, StoreError, Timestamp};
use sqlx::Row;
use std::time::Duration;

statements! {
    admit = "SELECT {schema}.admit($1, $2, $3, $4, $5, $6, $7, $8)";
}

const REPLAYED: i64 = -1;
const RATE_LIMITED: i64 = -2;

/// A window of a rate limit.
struct Window {
    start: Timestamp,
    end: Timestamp,
}

impl Window {
    fn of(rate: &RateCount, now: Timestamp) -> Self {
        let length = u64::try_from(rate.limit.window.as_millis()).unwrap_or(u64::MAX).max(1);
        let start = now.minus(Duration::from_millis(now.as_millis().checked_rem(length).unwrap_or(0)));
        Self { start, end: start.plus(Duration::from_millis(length)) }
    }
}

impl PostgresStore {
    pub(crate) async fn let_in(&self, admission: Admission) -> Result<Admitted, AdmitError> {
        let Admission { nonce, signed_at, expires_at, rate, now } = admission;
        let window = rate.as_ref().map(|rate| Window::of(rate, now));
        let statement = query(&self.statements().admission.admit)
            .bind(nonce.to_vec())
            .bind(Time::bound(signed_at))
            .bind(Time::bound(expires_at))
            .bind(Time::bound(now))
            .bind(rate.as_ref().map(|rate| rate.app.as_str().to_owned()))
            .bind(rate.as_ref().map(|rate| rate.method))
            .bind(window.as_ref().map(|window| Time::bound(window.start)))
            .bind(rate.as_ref().map(|rate| bound(rate.limit.requests.into())));
        let pool = self.pool().clone();
        let row = self.in_task(async move { statement.fetch_one(&pool).await.map_err(backend) }).await??;
        let decided: Option<i64> = row.try_get(0).map_err(backend)?;
        match (decided, window) {
            (Some(REPLAYED), _) => Err(AdmitError::Replayed),
            (None, None) => Ok(Admitted { rate: None }),
            (Some(RATE_LIMITED), Some(window)) => {
                Err(AdmitError::RateLimited(RateLeft { remaining: 0, reset_at: window.end }))
            }
            (Some(remaining), Some(window)) if let Ok(remaining) = u32::try_from(remaining) => {
                Ok(Admitted { rate: Some(RateLeft { remaining, reset_at: window.end }) })
            }
            (decided, _) => Err(StoreError::backend(UnexpectedAnswer(format!("{decided:?}"))).into()),
        }
    }
}
