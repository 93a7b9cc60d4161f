//! The door for administrators: who knocks is let in by password and code, by a session, or by a token.

mod unknown;

use crate::administrator::{Administrator, CredentialKind, Holding, password_of_nobody};
use crate::service::{TRIES, too_many_writers, unexpected};
use crate::{
    Action, AdministratorId, AuditRecord, Authority, ChangeSet, Clock, CommitError, Credential, Email,
    IdSource, Keyring, NoRandomness, Op, Operator, PasswordHash, RandomIds, Reason, Store, StoreError,
    Stored, SystemClock, TooManyLogIns, UnsealError,
};
use std::fmt;
use std::sync::Arc;
use unknown::UnknownLogIns;

/// Finds out who somebody is, in a store that many processes may share.
#[derive(Clone)]
pub struct Access {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn IdSource>,
    keyring: Keyring,
    unknown: Arc<UnknownLogIns>,
}

/// Why somebody is not logged in.
#[derive(Debug, thiserror::Error)]
pub enum LogInError {
    /// There is nobody of this address, or password or code are wrong: which of them is not told.
    #[error("e-mail address, password or code is wrong")]
    Wrong,
    /// The password is right, and a code is asked for too.
    #[error("a code is needed: the six digits that your app for codes shows now")]
    CodeNeeded,
    /// He tried too often.
    #[error(transparent)]
    TooMany(#[from] TooManyLogIns),
    /// A session could not be made.
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
    /// The secret of his codes could not be read.
    #[error("the secret of the codes cannot be read")]
    Sealed(#[source] UnsealError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A log-in that was counted, and whose password is still to be looked at.
#[derive(Clone, Debug)]
pub struct LogInTry {
    email: Email,
    hash: PasswordHash,
}

/// The password was wrong, or there is nobody of this address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the password is wrong")]
pub struct WrongPassword;

/// Somebody knew the password of an administrator.
#[derive(Clone, Debug)]
pub struct PasswordProved {
    email: Email,
    hash: PasswordHash,
}

impl LogInTry {
    /// Looks at the password. Takes tens of milliseconds of a processor, and as long where there is
    /// nobody: not for an async thread.
    ///
    /// # Errors
    /// [`WrongPassword`].
    pub fn prove(self, password: &str) -> Result<PasswordProved, WrongPassword> {
        let Self { email, hash } = self;
        if hash.matches(password) { Ok(PasswordProved { email, hash }) } else { Err(WrongPassword) }
    }
}

impl PasswordProved {
    /// Whose password it was.
    pub fn administrator(&self) -> AdministratorId {
        self.email.administrator()
    }

    /// Whether it is the password still.
    pub(crate) fn is_of(&self, administrator: &Administrator) -> bool {
        administrator.email == self.email && administrator.password == self.hash
    }
}

impl Access {
    /// To the hub of `store`.
    pub fn new(store: Arc<dyn Store>) -> Self {
        let (clock, ids) = (Arc::new(SystemClock), Arc::new(RandomIds));
        Self { store, clock, ids, keyring: Keyring::default(), unknown: Arc::default() }
    }

    /// Makes what is compared where there is nobody of an address. Takes tens of milliseconds of a processor,
    /// once in a process: call it at its start, for otherwise the first such log-in does it.
    pub fn prepare(&self) {
        password_of_nobody();
    }

    /// The keys that secrets are sealed with.
    #[must_use]
    pub fn keyring(self, keyring: Keyring) -> Self {
        Self { keyring, ..self }
    }

    /// The clock; the machine's by default.
    #[must_use]
    pub fn clock(self, clock: Arc<dyn Clock>) -> Self {
        Self { clock, ..self }
    }

    /// The source of ids; UUIDs of version 7 by default.
    #[must_use]
    pub fn ids(self, ids: Arc<dyn IdSource>) -> Self {
        Self { ids, ..self }
    }

    /// Counts a try to log in, before its password is looked at: of an administrator in the store, and of an
    /// address where there is nobody in this process and its clones of this door.
    ///
    /// # Errors
    /// [`LogInError::TooMany`] after too many.
    pub async fn begin_log_in(&self, email: Email) -> Result<LogInTry, LogInError> {
        for _ in 0..TRIES {
            let Some(administrator) = find_administrator(&*self.store, email.administrator()).await? else {
                self.unknown.count(email.administrator(), self.clock.now())?;
                return Ok(LogInTry { email, hash: password_of_nobody() });
            };
            let next = administrator.with_log_in_tried(self.clock.now())?;
            match self.store.commit(ChangeSet::new().with(update_administrator(&administrator, &next))).await
            {
                Ok(()) => return Ok(LogInTry { email, hash: next.password }),
                Err(CommitError::Conflict) => {}
                Err(error) => return Err(unexpected(error).into()),
            }
        }
        Err(too_many_writers().into())
    }

    /// Opens a new session for whoever proved the password, if his code is right too. `origin` is where
    /// he is, for people.
    ///
    /// # Errors
    /// [`LogInError`] says why not.
    pub async fn log_in(
        &self,
        proved: &PasswordProved,
        code: Option<&str>,
        origin: &str,
    ) -> Result<(Credential, Administrator), LogInError> {
        for _ in 0..TRIES {
            let found = find_administrator(&*self.store, proved.administrator()).await?;
            let administrator = found.filter(|found| proved.is_of(found)).ok_or(LogInError::Wrong)?;
            let now = self.clock.now();
            let checked = match code {
                Some(code) => administrator.with_code_used(code, &self.keyring, now),
                None if administrator.has_codes() => return Err(LogInError::CodeNeeded),
                None => Ok(Some(Administrator::clone(&administrator))),
            };
            let checked = checked.map_err(LogInError::Sealed)?.ok_or(LogInError::Wrong)?;
            let credential = Credential::random(CredentialKind::Session, administrator.id())?;
            let next = checked.with_session(&credential, origin, now);
            let changes = ChangeSet::new()
                .with(update_administrator(&administrator, &next))
                .with(Op::Audit(self.record(Action::LogIn, &next.email, origin)));
            match self.store.commit(changes).await {
                Ok(()) => return Ok((credential, next)),
                Err(CommitError::Conflict) => {}
                Err(error) => return Err(unexpected(error).into()),
            }
        }
        Err(too_many_writers().into())
    }

    /// The password was right, and no session is wanted: tries are counted anew.
    ///
    /// # Errors
    /// [`StoreError`] if the store failed.
    pub async fn end_log_in(&self, proved: &PasswordProved) -> Result<(), StoreError> {
        for _ in 0..TRIES {
            let found = find_administrator(&*self.store, proved.administrator()).await?;
            let Some(administrator) = found.filter(|found| proved.is_of(found)) else { return Ok(()) };
            let next = administrator.without_log_ins();
            match self.store.commit(ChangeSet::new().with(update_administrator(&administrator, &next))).await
            {
                Ok(()) => return Ok(()),
                Err(CommitError::Conflict) => {}
                Err(error) => return Err(unexpected(error)),
            }
        }
        Err(too_many_writers())
    }

    /// Who comes with this credential, from where, and what he may do now; none if it lets nobody in.
    ///
    /// # Errors
    /// [`StoreError`] if the store failed.
    pub async fn find_authority(
        &self,
        credential: &Credential,
        origin: &str,
    ) -> Result<Option<Authority>, StoreError> {
        let found = find_administrator(&*self.store, credential.administrator()).await?;
        let Some(administrator) = found else { return Ok(None) };
        let now = self.clock.now();
        let (scope, via) = match administrator.holding(credential, now) {
            Some(Holding::Session(_)) => (None, format!("session from {origin}")),
            Some(Holding::Token(token)) => {
                (Some(token.scope.clone()), format!("token {} from {origin}", token.name))
            }
            None => return Ok(None),
        };
        if let Some(next) = administrator.with_use(credential, now) {
            match self.store.commit(ChangeSet::new().with(update_administrator(&administrator, &next))).await
            {
                // Whoever was first noted it too, or changed something that the next request sees.
                Ok(()) | Err(CommitError::Conflict) => {}
                Err(error) => return Err(unexpected(error)),
            }
        }
        let operator = Operator { name: administrator.email.to_string(), origin: via };
        Ok(Some(Authority::person(operator, administrator.id(), administrator.grants.clone(), scope)))
    }

    /// Ends a session. One that is over already stays so.
    ///
    /// # Errors
    /// [`StoreError`] if the store failed.
    pub async fn log_out(&self, session: &Credential, origin: &str) -> Result<(), StoreError> {
        for _ in 0..TRIES {
            let found = find_administrator(&*self.store, session.administrator()).await?;
            let Some(administrator) = found else { return Ok(()) };
            let next = administrator.without_session(session.digest());
            if next == *administrator {
                return Ok(());
            }
            let changes = ChangeSet::new()
                .with(update_administrator(&administrator, &next))
                .with(Op::Audit(self.record(Action::LogOut, &next.email, origin)));
            match self.store.commit(changes).await {
                Ok(()) => return Ok(()),
                Err(CommitError::Conflict) => {}
                Err(error) => return Err(unexpected(error)),
            }
        }
        Err(too_many_writers())
    }

    fn record(&self, action: Action, email: &Email, origin: &str) -> AuditRecord {
        let at = self.clock.now();
        AuditRecord {
            id: self.ids.next_id(at),
            at,
            operator: Operator { name: email.to_string(), origin: origin.to_owned() },
            action: action.as_str().to_owned(),
            app: None,
            subject: email.to_string(),
            before: None,
            after: None,
            reason: Reason::of_own_account().as_str().to_owned(),
        }
    }
}

impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Access").field("store", &self.store).finish_non_exhaustive()
    }
}

pub(crate) async fn find_administrator(
    store: &dyn Store,
    id: AdministratorId,
) -> Result<Option<Stored<Administrator>>, StoreError> {
    store.find_document(&Administrator::key(id)).await?.map(Administrator::from_document).transpose()
}

pub(crate) fn update_administrator(from: &Stored<Administrator>, next: &Administrator) -> Op {
    Op::UpdateDocument { next: next.to_document(), expected: from.version() }
}

#[cfg(test)]
mod tests;
