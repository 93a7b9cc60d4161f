//! Logging in and out, within bounds: passwords take time by design, and nobody may use all of it up.

use super::AdminApi;
use super::account::person;
use super::call::{Answer, COOKIE, Call};
use super::error::ApiError;
use crate::rpc::params::{self, Params};
use cookie::{Cookie, SameSite};
use fiber_link_core::{
    Action, CredentialKind, Denied, Email, LogInError, LogInTry, Password, PasswordError, PasswordHash,
    PasswordProved, SESSION_LASTS, Timestamp, WrongPassword,
};
use serde_json::json;
use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{Semaphore, SemaphorePermit};

/// How often an address may try within a minute.
const TRIES_PER_ADDRESS: u32 = 20;

/// See [`TRIES_PER_ADDRESS`].
const WINDOW: Duration = Duration::from_secs(60);

/// The most addresses that are counted at a time; while there are more, new ones are refused.
const MOST_ADDRESSES: usize = 4_096;

/// The bits of an address of version 6 that name its network.
const NETWORK: u128 = !(u64::MAX as u128);

/// How many passwords are hashed at a time: each takes 19 MiB and a processor.
const HASHED_AT_ONCE: usize = 2;

/// How many may wait for that.
const MOST_WAITING: usize = 16;

/// Bounds of logging in, of this process.
#[derive(Debug)]
pub(super) struct LogIns {
    tries: Mutex<HashMap<IpAddr, (Timestamp, u32)>>,
    waiting: Semaphore,
    hashing: Arc<Semaphore>,
}

/// A place among those who may wait for a password to be hashed.
pub(super) struct Place<'a> {
    _permit: SemaphorePermit<'a>,
    hashing: &'a Arc<Semaphore>,
}

impl Default for LogIns {
    fn default() -> Self {
        Self {
            tries: Mutex::default(),
            waiting: Semaphore::new(MOST_WAITING),
            hashing: Arc::new(Semaphore::new(HASHED_AT_ONCE)),
        }
    }
}

impl LogIns {
    /// Counts a try from an address, before anything else is done for it.
    pub(super) fn count(&self, peer: IpAddr, now: Timestamp) -> Result<(), ApiError> {
        let peer = counted_as(peer);
        let fresh = |since: Timestamp| now >= since && now.since(since) < WINDOW;
        let mut tries = self.tries.lock().unwrap_or_else(PoisonError::into_inner);
        if tries.len() >= MOST_ADDRESSES {
            tries.retain(|_, (since, _)| fresh(*since));
        }
        let full = tries.len() >= MOST_ADDRESSES && !tries.contains_key(&peer);
        let (since, count) = tries.get(&peer).copied().filter(|(since, _)| fresh(*since)).unwrap_or((now, 0));
        if full || count >= TRIES_PER_ADDRESS {
            let wait = WINDOW.saturating_sub(now.since(since));
            tracing::warn!(origin = %peer, "a log-in was refused: too many tries from this address");
            let message = "too many tries to log in from your address".to_owned();
            return Err(ApiError::TooMany(message, wait));
        }
        tries.insert(peer, (since, count.saturating_add(1)));
        Ok(())
    }

    /// A place to hash in. Taken before a try is counted, so that load burns nobody's tries.
    pub(super) fn place(&self) -> Result<Place<'_>, ApiError> {
        let permit = self.waiting.try_acquire().map_err(|_| busy())?;
        Ok(Place { _permit: permit, hashing: &self.hashing })
    }

    /// What is kept of a new password.
    pub(super) async fn hash_of(&self, password: Password) -> Result<PasswordHash, ApiError> {
        self.place()?.hash_of(password).await
    }
}

impl Place<'_> {
    /// Does what takes a processor for a while, a few at a time, where it holds nobody up.
    async fn hash<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, ApiError> {
        let permit = Arc::clone(self.hashing).acquire_owned().await.map_err(|_| busy())?;
        let done = tokio::task::spawn_blocking(move || {
            // Also where nobody waits for it any more.
            let _permit = permit;
            work()
        });
        done.await.map_err(|error| ApiError::internal(&error))
    }

    /// Looks at a password.
    pub(super) async fn prove(&self, tried: LogInTry, password: String) -> Result<PasswordProved, ApiError> {
        let proved = self.hash(move || tried.prove(&password)).await?;
        proved.map_err(|WrongPassword| LogInError::Wrong.into())
    }

    /// What is kept of a new password.
    pub(super) async fn hash_of(&self, password: Password) -> Result<PasswordHash, ApiError> {
        let hash: Result<PasswordHash, PasswordError> =
            self.hash(move || PasswordHash::of(&password)).await?;
        Ok(hash?)
    }
}

fn busy() -> ApiError {
    ApiError::TooMany("too many are logging in right now".to_owned(), Duration::from_secs(1))
}

/// What an address is counted as: whoever has one of version 6 mostly has all of its /64.
fn counted_as(peer: IpAddr) -> IpAddr {
    match peer.to_canonical() {
        IpAddr::V4(address) => address.into(),
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & NETWORK).into(),
    }
}

/// Opens a session. It is always a new one, whatever cookie came. The try was counted by its address.
pub(super) async fn log_in(api: &AdminApi, peer: IpAddr, params: &mut Params) -> Result<Answer, ApiError> {
    let email = params.required("email", email);
    let password = params.required_secret("password", |value| Ok(params::string(value)?.to_owned()));
    let code = params.optional_secret("code", |value| Ok(params::string(value)?.to_owned()));
    let (Some(email), Some(password), Some(code)) = (email, password, code) else {
        tracing::warn!(origin = %peer, "a log-in was refused: its fields are wrong");
        return Err(params.refusal().into());
    };
    let id = email.administrator();
    let opened = open_session(api, peer, email, password, code).await;
    opened.inspect_err(|refused| {
        tracing::warn!(origin = %peer, administrator = %id, reason = refused.code(), "a log-in was refused");
    })
}

async fn open_session(
    api: &AdminApi,
    peer: IpAddr,
    email: Email,
    password: String,
    code: Option<String>,
) -> Result<Answer, ApiError> {
    let place = api.log_ins.place()?;
    let tried = api.access.begin_log_in(email).await?;
    let proved = place.prove(tried, password).await?;
    let (session, administrator) = api.access.log_in(&proved, code.as_deref(), &peer.to_string()).await?;
    let mut body = person(&administrator);
    if let Some(body) = body.as_object_mut() {
        body.insert("csrfToken".to_owned(), json!(session.csrf_token()));
    }
    Ok(Answer::WithCookie(body, cookie(session.expose(), SESSION_LASTS)))
}

/// Ends the session that it is asked in.
pub(super) async fn log_out(call: &mut Call<'_>) -> Result<Answer, ApiError> {
    match call.credential.kind() {
        CredentialKind::Session => {}
        CredentialKind::Token => return Err(Denied::NotAllowed(Action::LogOut).into()),
    }
    call.api.access.log_out(&call.credential, &call.origin).await?;
    Ok(Answer::WithCookie(json!({}), cookie(String::new(), Duration::ZERO)))
}

pub(super) fn email(value: &serde_json::Value) -> Result<Email, String> {
    Email::new(params::string(value)?).map_err(|error| error.to_string())
}

fn cookie(value: String, lasts: Duration) -> String {
    let seconds = i64::try_from(lasts.as_secs()).unwrap_or(0);
    let cookie = Cookie::build((COOKIE, value)).path("/").secure(true).http_only(true);
    let age = cookie::time::Duration::seconds(seconds);
    cookie.same_site(SameSite::Strict).max_age(age).build().to_string()
}

#[cfg(test)]
mod tests;
