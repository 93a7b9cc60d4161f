//! Who looks after the hub, and what each may do.

use super::{Administration, ReadError, Resealed};
use crate::access::{find_administrator, update_administrator};
use crate::administration::find_app;
use crate::administrator::{Codes, CredentialKind};
use crate::service::{TRIES, too_many_writers, unexpected};
use crate::{
    Action, Administrator, AdministratorId, AppId, ChangeError, ChangeSet, CommitError, Credential, Denied,
    DocumentKind, DocumentQuery, Email, Existing, Grant, LONGEST_TOKEN, MAX_ROWS, MOST_GRANTS, MOST_TOKENS,
    NoRandomness, Op, PasswordHash, Purpose, Reason, StoreError, Stored, Timestamp, TokenScope, UnsealError,
};
use std::time::Duration;

/// The most administrators of a hub.
pub const MOST_ADMINISTRATORS: u32 = 500;

/// Why nothing was changed about an administrator.
#[derive(Debug, thiserror::Error)]
pub enum AdministratorError {
    /// Whoever acts may not.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// There is one of this address.
    #[error("{0} is an administrator already")]
    Exists(Email),
    /// There is none of this address.
    #[error("there is no administrator {0}")]
    NoSuchAdministrator(Email),
    /// There are as many as may be.
    #[error("there are {MOST_ADMINISTRATORS} administrators, which is the most")]
    TooManyAdministrators,
    /// He has as many grants as may be.
    #[error("{0} has {MOST_GRANTS} grants, which is the most")]
    TooManyGrants(Email),
    /// The app of the grant, or of the token, is not there.
    #[error("there is no app {0}")]
    NoSuchApp(AppId),
    /// He does not have this grant.
    #[error("{0} is not {1}")]
    NoSuchGrant(Email, Grant),
    /// He has as many live tokens as may be.
    #[error("there are {MOST_TOKENS} live tokens, which is the most: retire one first")]
    TooManyTokens,
    /// He has no token of this number.
    #[error("there is no token {0}")]
    NoSuchToken(u32),
    /// A token may not last so long, or not at all.
    #[error("a token lasts at most {} days, and longer than nothing", LONGEST_TOKEN.as_secs() / 86_400)]
    TokenLasts,
    /// A password or a code was wrong, or there is nothing that it confirms.
    #[error("the {0} is wrong")]
    Wrong(&'static str),
    /// Something secret could not be made.
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
    /// The secret of the codes could not be read.
    #[error("the secret of the codes cannot be read")]
    Sealed(#[source] UnsealError),
    /// The store failed; the change may or may not have been made.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Administration {
    /// Makes somebody an administrator.
    ///
    /// # Errors
    /// [`AdministratorError::Exists`] if he is one, and the others.
    pub async fn create_administrator(
        &self,
        email: Email,
        password: PasswordHash,
        grants: Vec<Grant>,
        reason: &Reason,
    ) -> Result<Administrator, AdministratorError> {
        self.authority.require(Action::CreateAdministrator, None)?;
        if all_administrators(&*self.store).await?.len() >= MOST_ADMINISTRATORS as usize {
            return Err(AdministratorError::TooManyAdministrators);
        }
        let mut grants = grants;
        grants.sort_unstable();
        grants.dedup();
        if grants.len() > MOST_GRANTS {
            return Err(AdministratorError::TooManyGrants(email));
        }
        for app in grants.iter().filter_map(Grant::app) {
            self.check_app(app).await?;
        }
        let administrator = Administrator::new(email, password, grants, self.clock.now());
        let (subject, after) = (administrator.email.as_str(), Some(administrator.summary()));
        let record = self.record(Action::CreateAdministrator, None, subject, None, after, reason);
        let create = Op::CreateDocument(administrator.to_document());
        match self.store.commit(ChangeSet::new().with(create).with(Op::Audit(record))).await {
            Ok(()) => Ok(administrator),
            Err(CommitError::AlreadyExists(Existing::Document)) => {
                Err(AdministratorError::Exists(administrator.email))
            }
            Err(error) => Err(unexpected(error).into()),
        }
    }

    /// Everybody who is an administrator, by address.
    ///
    /// # Errors
    /// [`ReadError`] if they may not be shown, or the store failed.
    pub async fn administrators(&self) -> Result<Vec<Administrator>, ReadError> {
        self.authority.require(Action::ListAdministrators, None)?;
        let stored = all_administrators(&*self.store).await?;
        let mut all: Vec<_> = stored.into_iter().map(Stored::into_inner).collect();
        all.sort_unstable_by(|a, b| a.email.cmp(&b.email));
        Ok(all)
    }

    /// One of them.
    ///
    /// # Errors
    /// [`ReadError`] if he may not be shown, or the store failed.
    pub async fn find_administrator(&self, email: &Email) -> Result<Option<Administrator>, ReadError> {
        self.authority.require(Action::ListAdministrators, None)?;
        let found = find_administrator(&*self.store, email.administrator()).await?;
        Ok(found.map(Stored::into_inner))
    }

    /// Grants a role.
    ///
    /// # Errors
    /// [`AdministratorError`] says why not.
    pub async fn grant_role(
        &self,
        email: &Email,
        grant: Grant,
        reason: &Reason,
    ) -> Result<Administrator, AdministratorError> {
        self.authority.require(Action::GrantRole, None)?;
        if let Some(app) = grant.app() {
            self.check_app(app).await?;
        }
        self.change_administrator(Action::GrantRole, email, reason, |administrator, _| {
            let mut grants = administrator.grants.clone();
            grants.push(grant.clone());
            grants.sort_unstable();
            grants.dedup();
            if grants.len() > MOST_GRANTS {
                return Err(AdministratorError::TooManyGrants(email.clone()));
            }
            Ok(Administrator { grants, ..administrator.clone() })
        })
        .await
    }

    /// Takes a role back. It holds for his sessions and tokens at once.
    ///
    /// # Errors
    /// [`AdministratorError::NoSuchGrant`] if he does not have it.
    pub async fn revoke_role(
        &self,
        email: &Email,
        grant: &Grant,
        reason: &Reason,
    ) -> Result<Administrator, AdministratorError> {
        self.change_administrator(Action::RevokeRole, email, reason, |administrator, _| {
            let grants: Vec<_> = administrator.grants.iter().filter(|has| *has != grant).cloned().collect();
            if grants.len() == administrator.grants.len() {
                return Err(AdministratorError::NoSuchGrant(email.clone(), grant.clone()));
            }
            Ok(Administrator { grants, ..administrator.clone() })
        })
        .await
    }

    /// Gives somebody else a new password. His codes are off, and his sessions and tokens are over.
    ///
    /// # Errors
    /// [`AdministratorError::NoSuchAdministrator`].
    pub async fn reset_administrator(
        &self,
        email: &Email,
        password: PasswordHash,
        reason: &Reason,
    ) -> Result<Administrator, AdministratorError> {
        // Whoever has a session or a token of his alone must not get his account with it.
        if self.authority.administrator() == Some(email.administrator()) {
            return Err(Denied::NotAllowed(Action::ResetAdministrator).into());
        }
        self.change_administrator(Action::ResetAdministrator, email, reason, |administrator, _| {
            Ok(administrator.with_password(password.clone()).without_codes())
        })
        .await
    }

    /// Makes a token for somebody, as whoever reaches the store by himself may: an administrator who
    /// could would be two people.
    ///
    /// # Errors
    /// [`AdministratorError`] says why not.
    pub async fn create_token_for(
        &self,
        email: &Email,
        name: &str,
        scope: TokenScope,
        lasts: Duration,
        reason: &Reason,
    ) -> Result<(Credential, Administrator), AdministratorError> {
        if self.authority.administrator().is_some() {
            return Err(Denied::NotAllowed(Action::CreateTokenFor).into());
        }
        self.add_token(Action::CreateTokenFor, email, name, scope, lasts, reason).await
    }

    pub(super) async fn add_token(
        &self,
        action: Action,
        email: &Email,
        name: &str,
        scope: TokenScope,
        lasts: Duration,
        reason: &Reason,
    ) -> Result<(Credential, Administrator), AdministratorError> {
        if lasts.is_zero() || lasts > LONGEST_TOKEN {
            return Err(AdministratorError::TokenLasts);
        }
        if let Some(app) = &scope.app {
            self.check_app(app).await?;
        }
        let credential = Credential::random(CredentialKind::Token, email.administrator())?;
        let added = self.change_administrator(action, email, reason, |administrator, now| {
            let next = administrator.with_token(&credential, name, scope.clone(), now.plus(lasts), now);
            next.ok_or(AdministratorError::TooManyTokens)
        });
        let administrator = added.await?;
        Ok((credential, administrator))
    }

    pub(super) async fn change_administrator(
        &self,
        action: Action,
        email: &Email,
        reason: &Reason,
        change: impl Fn(&Administrator, Timestamp) -> Result<Administrator, AdministratorError> + Send,
    ) -> Result<Administrator, AdministratorError> {
        self.authority.require(action, None)?;
        for _ in 0..TRIES {
            let found = find_administrator(&*self.store, email.administrator()).await?;
            let administrator =
                found.ok_or_else(|| AdministratorError::NoSuchAdministrator(email.clone()))?;
            let next = change(&administrator, self.clock.now())?;
            let (before, after) = (Some(administrator.summary()), Some(next.summary()));
            let record = self.record(action, None, email.as_str(), before, after, reason);
            let changes =
                ChangeSet::new().with(update_administrator(&administrator, &next)).with(Op::Audit(record));
            match self.store.commit(changes).await {
                Ok(()) => return Ok(next),
                Err(CommitError::Conflict) => {}
                Err(error) => return Err(unexpected(error).into()),
            }
        }
        Err(too_many_writers().into())
    }

    /// An app that one may not see is as one that is not there.
    async fn check_app(&self, app: &AppId) -> Result<(), AdministratorError> {
        let known = self.authority.sees(app) && find_app(&*self.store, app).await?.is_some();
        if known { Ok(()) } else { Err(AdministratorError::NoSuchApp(app.clone())) }
    }

    /// Seals the secrets of codes anew that are sealed with another key than the current one.
    pub(crate) async fn reseal_codes(&self, reason: &Reason) -> Result<Resealed, ChangeError> {
        let mut done = Resealed::default();
        for administrator in all_administrators(&*self.store).await? {
            let (Codes::Offered(sealed) | Codes::On { secret: sealed, .. }) = &administrator.codes else {
                continue;
            };
            done.secrets = done.secrets.saturating_add(1);
            if self.keyring.is_current(sealed) {
                continue;
            }
            done.resealed = done.resealed.saturating_add(1);
            let resealed =
                self.change_administrator(Action::Reseal, &administrator.email, reason, |found, _| {
                    self.with_codes_resealed(found)
                });
            resealed.await.map_err(|error| match error {
                AdministratorError::Sealed(source) => {
                    ChangeError::Sealed { what: format!("the codes of {}", administrator.email), source }
                }
                AdministratorError::Denied(denied) => denied.into(),
                AdministratorError::NoRandomness(error) => error.into(),
                AdministratorError::Store(error) => error.into(),
                other @ (AdministratorError::Exists(_)
                | AdministratorError::NoSuchAdministrator(_)
                | AdministratorError::TooManyAdministrators
                | AdministratorError::TooManyGrants(_)
                | AdministratorError::NoSuchApp(_)
                | AdministratorError::NoSuchGrant(..)
                | AdministratorError::TooManyTokens
                | AdministratorError::NoSuchToken(_)
                | AdministratorError::TokenLasts
                | AdministratorError::Wrong(_)) => StoreError::backend(other).into(),
            })?;
        }
        Ok(done)
    }

    fn with_codes_resealed(
        &self,
        administrator: &Administrator,
    ) -> Result<Administrator, AdministratorError> {
        let purpose = Purpose::Codes { administrator: administrator.id() };
        let again = |sealed: &crate::SealedSecret| {
            let secret = self.keyring.open(sealed, purpose).map_err(AdministratorError::Sealed)?;
            Ok::<_, AdministratorError>(self.keyring.seal(&secret, purpose)?)
        };
        let codes = match &administrator.codes {
            Codes::Off => Codes::Off,
            Codes::Offered(sealed) => Codes::Offered(again(sealed)?),
            Codes::On { secret, last_step } => Codes::On { secret: again(secret)?, last_step: *last_step },
        };
        Ok(Administrator { codes, ..administrator.clone() })
    }

    /// The administrator who acts.
    pub(super) async fn own(&self, action: Action) -> Result<Stored<Administrator>, AdministratorError> {
        self.authority.require(action, None)?;
        let id: AdministratorId = self.authority.needed_administrator(action)?;
        let found = find_administrator(&*self.store, id).await?;
        found.ok_or_else(|| StoreError::backend("the administrator who acts is gone").into())
    }
}

async fn all_administrators(store: &dyn crate::Store) -> Result<Vec<Stored<Administrator>>, StoreError> {
    let query = DocumentQuery { kind: DocumentKind::Administrator, app: None, after: None, limit: MAX_ROWS };
    store.documents(query).await?.into_iter().map(Administrator::from_document).collect()
}
