//! People who look after a hub: their accounts, and what proves who they are.

mod codes;
mod credential;
mod password;
mod stored;

pub(crate) use credential::CredentialDigest;
pub(crate) use credential::Holding;
pub use credential::{Credential, CredentialKind, NoCredential};
pub use password::{PASSWORD_BYTES, PASSWORD_CHARACTERS, Password, PasswordError, PasswordHash};

use crate::{
    AdministratorId, Grant, Keyring, NoRandomness, Purpose, SealedSecret, Secret, Timestamp, TokenScope,
    UnsealError,
};
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// The most sessions of an administrator; another one ends the one that was used least lately.
pub const MOST_SESSIONS: usize = 10;

/// The most live tokens of an administrator.
pub const MOST_TOKENS: usize = 20;

/// The most grants of an administrator.
pub const MOST_GRANTS: usize = 100;

/// How long a session lasts, however it is used.
pub const SESSION_LASTS: Duration = Duration::from_secs(12 * 3600);

/// How long a session may rest.
pub const SESSION_RESTS: Duration = Duration::from_secs(30 * 60);

/// How long a token may last.
pub const LONGEST_TOKEN: Duration = Duration::from_secs(366 * 24 * 3600);

/// How often somebody may try to log in within [`LOG_IN_WINDOW`].
pub const MOST_LOG_INS: u32 = 10;

/// See [`MOST_LOG_INS`].
pub const LOG_IN_WINDOW: Duration = Duration::from_secs(15 * 60);

/// How exactly it is known when a session was used: writing each use down would be a write a request.
const USE_IS_NOTED: Duration = Duration::from_secs(60);

/// How far the clock of whoever noted a time may be ahead of ours.
const CLOCKS_DIFFER: Duration = Duration::from_secs(10 * 60);

/// An e-mail address, in small letters: what an administrator logs in with.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Email(Box<str>);

/// The text is no e-mail address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be an e-mail address such as ann@example.org, in ASCII and of at most 254 bytes")]
pub struct NoEmail;

impl Email {
    /// Checks and wraps an address; large letters become small ones.
    ///
    /// # Errors
    /// [`NoEmail`] if it is none.
    pub fn new(text: &str) -> Result<Self, NoEmail> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~.@".contains(&byte);
        let parts = text.split_once('@').filter(|(user, host)| {
            !user.is_empty() && !host.is_empty() && !host.contains('@') && text.bytes().all(allowed)
        });
        match parts {
            Some(_) if text.len() <= 254 => Ok(Self(text.to_ascii_lowercase().into())),
            Some(_) | None => Err(NoEmail),
        }
    }

    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The id of the administrator who has it.
    pub fn administrator(&self) -> AdministratorId {
        AdministratorId::of(&self.0)
    }
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Email {
    type Err = NoEmail;

    fn from_str(text: &str) -> Result<Self, NoEmail> {
        Self::new(text)
    }
}

/// Somebody who looks after a hub.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Administrator {
    /// What he logs in with.
    pub email: Email,
    /// What he may do; at most [`MOST_GRANTS`], sorted.
    pub grants: Vec<Grant>,
    /// What is kept of his password.
    pub(crate) password: PasswordHash,
    /// Codes that he is asked for beside the password.
    pub(crate) codes: Codes,
    /// Where he is logged in, the oldest first.
    pub sessions: Vec<Session>,
    /// His tokens, the oldest first.
    pub tokens: Vec<Token>,
    /// The number of the next session or token; none is used twice.
    pub(crate) next_number: u32,
    /// How often logging in was tried lately.
    pub(crate) log_ins: LogIns,
    /// Since when he is one.
    pub created_at: Timestamp,
}

/// Whether codes are asked for at a log-in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Codes {
    /// They are not.
    #[default]
    Off,
    /// A secret was given out, and no code came back yet: they are not asked for.
    Offered(SealedSecret),
    /// They are. A code of a step up to this one is used up.
    On { secret: SealedSecret, last_step: u64 },
}

/// Tries to log in since the window of time began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct LogIns {
    pub(crate) since: Timestamp,
    pub(crate) tries: u32,
}

/// Where somebody is logged in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Its number among the sessions and tokens of the administrator.
    pub number: u32,
    pub(crate) digest: CredentialDigest,
    /// From where.
    pub origin: String,
    /// Since when.
    pub since: Timestamp,
    /// When it was used last, to a minute.
    pub used_at: Timestamp,
}

/// A text for scripts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// Its number among the sessions and tokens of the administrator.
    pub number: u32,
    pub(crate) digest: CredentialDigest,
    /// What its owner calls it.
    pub name: String,
    /// What it may be used for.
    pub scope: TokenScope,
    /// Since when it is there.
    pub since: Timestamp,
    /// When it ends.
    pub until: Timestamp,
    /// When it was used last, to a minute.
    pub used_at: Option<Timestamp>,
}

/// Too many tries to log in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many tries to log in: try again in {} seconds", .wait.as_secs().max(1))]
pub struct TooManyLogIns {
    /// How long to wait.
    pub wait: Duration,
}

impl Session {
    fn is_live(&self, now: Timestamp) -> bool {
        let from_now_on = is_ahead(self.since, now) || is_ahead(self.used_at, now);
        !from_now_on && now < self.since.plus(SESSION_LASTS) && now < self.used_at.plus(SESSION_RESTS)
    }
}

impl Token {
    /// Whether it lets its owner in.
    pub fn is_live(&self, now: Timestamp) -> bool {
        let from_now_on = is_ahead(self.since, now) || self.used_at.is_some_and(|used| is_ahead(used, now));
        !from_now_on && now < self.until
    }
}

/// Whether a time was noted by a clock that ran ahead: what lasts so long since then would last longer.
fn is_ahead(noted: Timestamp, now: Timestamp) -> bool {
    noted > now.plus(CLOCKS_DIFFER)
}

impl LogIns {
    /// With one more try counted, before it is looked at.
    pub(crate) fn tried(self, now: Timestamp) -> Result<Self, TooManyLogIns> {
        let end = self.since.plus(LOG_IN_WINDOW);
        if now >= end || now < self.since {
            Ok(Self { since: now, tries: 1 })
        } else if self.tries >= MOST_LOG_INS {
            Err(TooManyLogIns { wait: end.since(now) })
        } else {
            Ok(Self { tries: self.tries.saturating_add(1), ..self })
        }
    }
}

impl Administrator {
    pub(crate) fn new(email: Email, password: PasswordHash, grants: Vec<Grant>, now: Timestamp) -> Self {
        Self {
            email,
            grants,
            password,
            codes: Codes::Off,
            sessions: Vec::new(),
            tokens: Vec::new(),
            next_number: 1,
            log_ins: LogIns::default(),
            created_at: now,
        }
    }

    /// His id.
    pub fn id(&self) -> AdministratorId {
        self.email.administrator()
    }

    /// Whether he is asked for codes when he logs in.
    pub fn has_codes(&self) -> bool {
        match self.codes {
            Codes::On { .. } => true,
            Codes::Off | Codes::Offered(_) => false,
        }
    }

    /// With one more try to log in counted, before it is looked at: tries at the same time count too.
    pub(crate) fn with_log_in_tried(&self, now: Timestamp) -> Result<Self, TooManyLogIns> {
        Ok(Self { log_ins: self.log_ins.tried(now)?, ..self.clone() })
    }

    /// With tries to log in forgotten.
    pub(crate) fn without_log_ins(&self) -> Self {
        Self { log_ins: LogIns::default(), ..self.clone() }
    }

    /// With a session more, and tries to log in forgotten. Sessions that ended go, and of too many the
    /// one that was used least lately.
    pub(crate) fn with_session(&self, credential: &Credential, origin: &str, now: Timestamp) -> Self {
        let mut sessions: Vec<Session> =
            self.sessions.iter().filter(|session| session.is_live(now)).cloned().collect();
        while sessions.len() >= MOST_SESSIONS {
            let oldest = sessions.iter().enumerate().min_by_key(|(_, session)| session.used_at);
            let Some((place, _)) = oldest else { break };
            sessions.remove(place);
        }
        let (number, digest) = (self.next_number, credential.digest());
        sessions.push(Session { number, digest, origin: origin.to_owned(), since: now, used_at: now });
        let next_number = number.saturating_add(1);
        Self { sessions, next_number, log_ins: LogIns::default(), ..self.clone() }
    }

    /// Without a session.
    pub(crate) fn without_session(&self, digest: CredentialDigest) -> Self {
        let rest = self.sessions.iter().filter(|session| session.digest != digest);
        Self { sessions: rest.cloned().collect(), ..self.clone() }
    }

    /// With a token more; tokens that ended go. `None` if there are as many as may be.
    pub(crate) fn with_token(
        &self,
        credential: &Credential,
        name: &str,
        scope: TokenScope,
        until: Timestamp,
        now: Timestamp,
    ) -> Option<Self> {
        let mut tokens: Vec<Token> = self.tokens.iter().filter(|token| token.is_live(now)).cloned().collect();
        if tokens.len() >= MOST_TOKENS {
            return None;
        }
        let (number, digest) = (self.next_number, credential.digest());
        let name = crate::id::one_line(name.trim(), 100);
        tokens.push(Token { number, digest, name, scope, since: now, until, used_at: None });
        Some(Self { tokens, next_number: number.saturating_add(1), ..self.clone() })
    }

    /// Without a token; `None` if there is none of this number.
    pub(crate) fn without_token(&self, number: u32) -> Option<Self> {
        let rest: Vec<Token> = self.tokens.iter().filter(|token| token.number != number).cloned().collect();
        (rest.len() < self.tokens.len()).then(|| Self { tokens: rest, ..self.clone() })
    }

    /// With another password: whoever knew the old one is logged out everywhere, and his tokens end.
    pub(crate) fn with_password(&self, password: PasswordHash) -> Self {
        let log_ins = LogIns::default();
        Self { password, sessions: Vec::new(), tokens: Vec::new(), log_ins, ..self.clone() }
    }

    /// What a credential belongs to, if it lets him in.
    pub(crate) fn holding(&self, credential: &Credential, now: Timestamp) -> Option<Holding<'_>> {
        let digest = credential.digest();
        match credential.kind() {
            CredentialKind::Session => {
                let mut live = self.sessions.iter().filter(|session| session.is_live(now));
                live.find(|session| session.digest == digest).map(Holding::Session)
            }
            CredentialKind::Token => {
                let mut live = self.tokens.iter().filter(|token| token.is_live(now));
                live.find(|token| token.digest == digest).map(Holding::Token)
            }
        }
    }

    /// With a use of a credential noted, where that is worth a write.
    pub(crate) fn with_use(&self, credential: &Credential, now: Timestamp) -> Option<Self> {
        let digest = credential.digest();
        let stale = |used: Timestamp| now >= used.plus(USE_IS_NOTED);
        let mut next = self.clone();
        let session = next.sessions.iter_mut().find(|session| session.digest == digest);
        if let Some(session) = session.filter(|session| stale(session.used_at)) {
            session.used_at = now;
            return Some(next);
        }
        let token = next.tokens.iter_mut().find(|token| token.digest == digest);
        if let Some(token) = token.filter(|token| token.used_at.is_none_or(stale)) {
            token.used_at = Some(now);
            return Some(next);
        }
        None
    }

    /// With a secret for codes given out, which the next code makes them asked for.
    pub(crate) fn with_codes_offered(&self, secret: SealedSecret) -> Self {
        Self { codes: Codes::Offered(secret), ..self.clone() }
    }

    /// With codes asked for from now on; `None` unless the code is one of the secret that was given out.
    pub(crate) fn with_codes_on(
        &self,
        code: &str,
        keyring: &Keyring,
        now: Timestamp,
    ) -> Result<Option<Self>, UnsealError> {
        let Codes::Offered(sealed) = &self.codes else { return Ok(None) };
        let secret = keyring.open(sealed, Purpose::Codes { administrator: self.id() })?;
        let step = codes::step_of(&secret, code, now);
        let codes = step.map(|last_step| Codes::On { secret: sealed.clone(), last_step });
        Ok(codes.map(|codes| Self { codes, ..self.clone() }))
    }

    /// Without codes.
    pub(crate) fn without_codes(&self) -> Self {
        Self { codes: Codes::Off, ..self.clone() }
    }

    /// With a code used up, where codes are asked for. `None` if it is none, or was used before.
    pub(crate) fn with_code_used(
        &self,
        code: &str,
        keyring: &Keyring,
        now: Timestamp,
    ) -> Result<Option<Self>, UnsealError> {
        let Codes::On { secret: sealed, last_step } = &self.codes else { return Ok(Some(self.clone())) };
        let secret = keyring.open(sealed, Purpose::Codes { administrator: self.id() })?;
        let step = codes::step_of(&secret, code, now).filter(|step| step > last_step);
        let codes = step.map(|last_step| Codes::On { secret: sealed.clone(), last_step });
        Ok(codes.map(|codes| Self { codes, ..self.clone() }))
    }
}

/// A new secret for codes, and the address that an app for codes reads.
pub(crate) fn new_codes(email: &Email) -> Result<(Secret, String), NoRandomness> {
    let secret = codes::new_secret()?;
    let address = codes::address(&secret, email.as_str()).ok_or(NoRandomness)?;
    Ok((secret, address))
}

/// What is compared where there is nobody of this address, so that it takes as long.
pub(crate) fn password_of_nobody() -> PasswordHash {
    PasswordHash::of_nobody()
}

#[cfg(test)]
mod tests;
