//! Nonces and rate counts, in a file of their own beside the database.
//!
//! They are many, short-lived, and written before anything else is known about a request. Their
//! file is synced at checkpoints only: it survives the end of the process, and after the end of
//! the operating system what was signed before counts as replayed.

use crate::error::backend;
use crate::row;
use crate::schema::Origin;
use crate::statement::{bound, execute, find, millis, statements};
use fiber_link_core::{Admission, AdmitError, Admitted, RateCount, RateLeft, StoreError, Timestamp};
use rusqlite::{Connection, TransactionBehavior, params};
use std::time::Duration;

statements! {
    FORGET = "DELETE FROM nonces WHERE nonce IN (
        SELECT nonce FROM nonces WHERE expires_at <= ?1 ORDER BY expires_at LIMIT 4)";
    REMEMBER = "INSERT INTO nonces (nonce, expires_at) VALUES (?1, ?2)
        ON CONFLICT (nonce) DO UPDATE SET expires_at = excluded.expires_at WHERE expires_at <= ?3";
    FIND_RATE = "SELECT window_start, requests FROM rates WHERE app = ?1 AND method = ?2";
    SET_RATE = "INSERT INTO rates (app, method, window_start, requests) VALUES (?1, ?2, ?3, ?4)
        ON CONFLICT (app, method)
        DO UPDATE SET window_start = excluded.window_start, requests = excluded.requests";
    FIND_MEMORY = "SELECT boot, refuse_before FROM memory WHERE one = 1";
    SET_MEMORY = "INSERT INTO memory (one, boot, refuse_before) VALUES (1, ?1, ?2)
        ON CONFLICT (one) DO UPDATE SET boot = excluded.boot, refuse_before = excluded.refuse_before";
}

/// How far ahead of the clock the memory may begin, because the clock was set back since.
const SET_BACK: Duration = Duration::from_secs(24 * 3600);

/// Where Linux says which run of the operating system this is.
const BOOT_ID: &str = "/proc/sys/kernel/random/boot_id";

/// Which run of the operating system this is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Boot {
    /// The one with this id.
    Known(String),
    /// Nobody can tell, so each start counts as a new one.
    Unknown,
}

impl Boot {
    pub(crate) fn current() -> Self {
        match std::fs::read_to_string(BOOT_ID) {
            Ok(id) if !id.trim().is_empty() => Self::Known(id.trim().to_owned()),
            Ok(_) | Err(_) => Self::Unknown,
        }
    }
}

/// What became of a request. A used nonce and a count stay, whatever the request is told.
#[derive(Debug)]
pub(crate) enum Decision {
    Admitted(Admitted),
    Replayed,
    RateLimited(RateLeft),
}

impl From<Decision> for Result<Admitted, AdmitError> {
    fn from(decision: Decision) -> Self {
        match decision {
            Decision::Admitted(admitted) => Ok(admitted),
            Decision::Replayed => Err(AdmitError::Replayed),
            Decision::RateLimited(left) => Err(AdmitError::RateLimited(left)),
        }
    }
}

/// Since when the nonce file remembers: what was signed before is refused. `database` says whether
/// the database itself is new, so that there is nothing yet that could be replayed.
pub(crate) fn memory_begins(
    connection: &mut Connection,
    nonces: Origin,
    database: Origin,
    boot: &Boot,
    now: Timestamp,
) -> Result<Timestamp, StoreError> {
    let transaction =
        connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(backend)?;
    let begins = begins(find_memory(&transaction)?, nonces, database, boot, now);
    let id = match boot {
        Boot::Known(id) => id,
        Boot::Unknown => "",
    };
    execute(&transaction, SET_MEMORY, params![id, millis(begins)?]).map_err(backend)?;
    transaction.commit().map_err(backend)?;
    Ok(begins)
}

/// The same for another store that goes on with the nonces of this one, and without writing it down.
/// `nonces` is missing where there is no file.
pub(crate) fn begins_after_move(
    nonces: Option<&Connection>,
    boot: &Boot,
    now: Timestamp,
) -> Result<Timestamp, StoreError> {
    let stored = nonces.map(find_memory).transpose()?.flatten();
    Ok(begins(stored, Origin::Existing, Origin::Existing, boot, now))
}

/// In which run of the operating system nonces were remembered last, and since when.
fn find_memory(connection: &Connection) -> Result<Option<(String, Timestamp)>, StoreError> {
    find(connection, FIND_MEMORY, [], "memory", |fields| Ok((row::parsed::<String>(fields)?, fields.time()?)))
}

fn begins(
    stored: Option<(String, Timestamp)>,
    nonces: Origin,
    database: Origin,
    boot: &Boot,
    now: Timestamp,
) -> Timestamp {
    // A start further ahead was made under a wrong clock; its word would refuse everybody for years.
    let believed = |begins| if begins > now.plus(SET_BACK) { now } else { begins };
    let stored = stored.map(|(id, begins)| (id, believed(begins)));
    match (stored, nonces, database) {
        (Some((id, begins)), _, _) if *boot == Boot::Known(id.clone()) => begins,
        (Some((_, earlier)), _, _) => now.max(earlier),
        (None, Origin::New, Origin::New) => Timestamp::from_millis(0),
        (None, Origin::New | Origin::Existing, Origin::New | Origin::Existing) => now,
    }
}

/// Lets a request in, once, and counts it.
pub(crate) fn admit(connection: &Connection, admission: &Admission) -> Result<Decision, StoreError> {
    let Admission { nonce, expires_at, rate, now, .. } = admission;
    execute(connection, FORGET, [bound(now.as_millis())]).map_err(backend)?;
    let remembered = params![nonce, bound(expires_at.as_millis()), bound(now.as_millis())];
    if execute(connection, REMEMBER, remembered).map_err(backend)? == 0 {
        return Ok(Decision::Replayed);
    }
    match rate {
        Some(rate) => count(connection, rate, *now),
        None => Ok(Decision::Admitted(Admitted { rate: None })),
    }
}

fn count(connection: &Connection, rate: &RateCount, now: Timestamp) -> Result<Decision, StoreError> {
    let (app, method) = (rate.app.as_str(), rate.method);
    let window = u64::try_from(rate.limit.window.as_millis()).unwrap_or(u64::MAX).max(1);
    let start = now.minus(Duration::from_millis(now.as_millis().checked_rem(window).unwrap_or(0)));
    let reset_at = start.plus(Duration::from_millis(window));

    let counted = find(connection, FIND_RATE, params![app, method], "rates", |fields| {
        Ok((fields.time()?, fields.number::<u32>()?))
    })?;
    let before = counted.map_or(0, |(window, requests)| if window == start { requests } else { 0 });
    let Some(remaining) = rate.limit.requests.checked_sub(before).and_then(|room| room.checked_sub(1)) else {
        return Ok(Decision::RateLimited(RateLeft { remaining: 0, reset_at }));
    };
    let params = params![app, method, millis(start)?, before.saturating_add(1)];
    execute(connection, SET_RATE, params).map_err(backend)?;
    Ok(Decision::Admitted(Admitted { rate: Some(RateLeft { remaining, reset_at }) }))
}
