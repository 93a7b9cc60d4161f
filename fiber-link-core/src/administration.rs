//! What operators do: each change is written together with the record of who made it, and why.

#[cfg(feature = "administrators")]
mod administrators;
mod backfill;
mod explanations;
mod lists;
#[cfg(feature = "administrators")]
mod own_account;
mod paused_users;
mod policies;
mod releases;
mod reviews;
mod search;
mod servers;

#[cfg(feature = "administrators")]
pub use administrators::{AdministratorError, MOST_ADMINISTRATORS};

pub use backfill::{Backfill, BackfillError};
pub(crate) use policies::find_policy;
pub use releases::ReleaseError;
pub(crate) use reviews::find_review;
pub use reviews::{ReviewError, Reviewed};
pub use search::Found;
pub use servers::{AcceptNodeError, DeclareDeadError};

use crate::service::{TRIES, too_many_writers, unexpected};
use crate::{
    Action, Activity, App, AppId, AppState, AuditRecord, Authority, ChangeSet, Clock, CommitError, Denied,
    Document, DocumentKey, DocumentKind, DocumentQuery, Existing, Hub, IdSource, InvalidPolicy, Keyring,
    MAX_ROWS, NoRandomness, Op, Operator, Policies, Purpose, RandomIds, Reason, Secret, SecretChangeError,
    Store, StoreError, Stored, Switches, SystemClock, Timestamp, UnsealError, UserId,
};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;

/// The most users of an app that are paused at a time.
pub const MOST_PAUSED_USERS: u32 = 10_000;

/// Changes apps, secrets and switches in a store, for one operator. Works beside servers that use the
/// store: they follow within a second.
#[derive(Clone)]
pub struct Administration {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn IdSource>,
    keyring: Keyring,
    policies: Policies,
    authority: Authority,
}

/// Why an app was not registered.
#[derive(Debug, thiserror::Error)]
pub enum CreateAppError {
    /// Whoever acts may not.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// There is one of this name.
    #[error("app {0} exists already")]
    Exists(AppId),
    /// The secret could not be sealed.
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
    /// The keys are not those of this store.
    #[error("the keys are not those of this store: its seed cannot be read")]
    OtherKeys(#[source] UnsealError),
    /// The store failed; the app may or may not be there.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why something was not changed.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// Whoever acts may not.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// There is no app of this name.
    #[error("there is no app {0}")]
    NoSuchApp(AppId),
    /// The secrets of the app do not allow it.
    #[error(transparent)]
    Secrets(#[from] SecretChangeError),
    /// The secret could not be sealed.
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
    /// The keys are not those of this store.
    #[error("the keys are not those of this store: its seed cannot be read")]
    OtherKeys(#[source] UnsealError),
    /// A stored secret could not be read.
    #[error("{what} cannot be read")]
    Sealed {
        /// Which one.
        what: String,
        /// Why not.
        #[source]
        source: UnsealError,
    },
    /// There was no first start yet.
    #[error("there is no hub yet: start the server once")]
    NoHub,
    /// As many users of the app are paused as may be.
    #[error(
        "{MOST_PAUSED_USERS} users of app {0} are paused, which is the most: close or pause the app instead"
    )]
    TooManyPausedUsers(AppId),
    /// The policy contradicts itself.
    #[error(transparent)]
    Policy(#[from] InvalidPolicy),
    /// The store failed; the change may or may not have been made.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why something is not shown.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// Whoever acts may not see it.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// He sees some apps and not all, and named none.
    #[error("you look after several apps: name the one that you want to see")]
    WhichApp,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// How many secrets were sealed anew.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Resealed {
    /// Secrets that were looked at.
    pub secrets: usize,
    /// Those of them that were sealed with another key, or not at all.
    pub resealed: usize,
}

impl Administration {
    /// For whoever reaches the store by himself, without keys: secrets are kept as they are.
    pub fn new(store: Arc<dyn Store>, operator: Operator) -> Self {
        let (clock, ids) = (Arc::new(SystemClock), Arc::new(RandomIds));
        let (keyring, policies) = (Keyring::default(), Policies::default());
        Self { store, clock, ids, keyring, policies, authority: Authority::owner(operator) }
    }

    /// For somebody else.
    #[must_use]
    pub fn acting_as(self, authority: Authority) -> Self {
        Self { authority, ..self }
    }

    /// Who acts.
    pub fn authority(&self) -> &Authority {
        &self.authority
    }

    /// The keys that secrets are sealed with.
    #[must_use]
    pub fn keyring(self, keyring: Keyring) -> Self {
        Self { keyring, ..self }
    }

    /// The rules of the settings, which hold where an app has no policy of its own; the defaults of each
    /// asset by default.
    #[must_use]
    pub fn policies(self, policies: Policies) -> Self {
        Self { policies, ..self }
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

    /// Registers an app.
    ///
    /// # Errors
    /// [`CreateAppError::Exists`] if the name is taken.
    pub async fn create_app(
        &self,
        id: AppId,
        name: &str,
        secret: &Secret,
        reason: &Reason,
    ) -> Result<App, CreateAppError> {
        self.register(id, name, secret, false, reason).await
    }

    /// Registers an app whose first withdrawals, and those to new destinations, people look at before they
    /// are paid, until a policy of the app says otherwise.
    ///
    /// # Errors
    /// [`CreateAppError::Exists`] if the name is taken.
    pub async fn create_reviewed_app(
        &self,
        id: AppId,
        name: &str,
        secret: &Secret,
        reason: &Reason,
    ) -> Result<App, CreateAppError> {
        self.register(id, name, secret, true, reason).await
    }

    async fn register(
        &self,
        id: AppId,
        name: &str,
        secret: &Secret,
        reviewed: bool,
        reason: &Reason,
    ) -> Result<App, CreateAppError> {
        self.authority.require(Action::CreateApp, None)?;
        self.check_keys().await?.map_err(CreateAppError::OtherKeys)?;
        let now = self.clock.now();
        let sealed = self.keyring.seal(secret, Purpose::AppSecret { app: &id, number: 1 })?;
        let app = App { reviewed, ..App::new(id, name, sealed, now) };
        let record =
            self.record(Action::CreateApp, Some(&app.id), app.id.as_str(), None, Some(app.summary()), reason);
        let changes = ChangeSet::new().with(Op::CreateDocument(app.to_document())).with(Op::Audit(record));
        match self.store.commit(changes).await {
            Ok(()) => Ok(app),
            Err(CommitError::AlreadyExists(Existing::Document)) => Err(CreateAppError::Exists(app.id)),
            Err(error) => Err(unexpected(error).into()),
        }
    }

    /// One app; none if it is not there, or not to be seen.
    ///
    /// # Errors
    /// [`ReadError`] if it may not be shown, or the store failed.
    pub async fn find_app(&self, id: &AppId) -> Result<Option<App>, ReadError> {
        match self.authority.require(Action::ShowApp, Some(id)) {
            Ok(()) => Ok(find_app(&*self.store, id).await?.map(Stored::into_inner)),
            Err(Denied::Hidden) => Ok(None),
            Err(denied) => Err(denied.into()),
        }
    }

    /// Apps that are to be seen, by id, after `after`; at most `limit`.
    ///
    /// # Errors
    /// [`ReadError`] if they may not be shown, or the store failed.
    pub async fn apps(&self, after: Option<AppId>, limit: u32) -> Result<Vec<App>, ReadError> {
        self.authority.require(Action::ListApps, None)?;
        let Some(visible) = self.authority.visible_apps() else {
            let apps = apps(&*self.store, after, limit).await?;
            return Ok(apps.into_iter().map(Stored::into_inner).collect());
        };
        let mut apps = Vec::new();
        let rest = visible.iter().filter(|id| after.as_ref().is_none_or(|after| *id > after));
        for id in rest.take(limit.min(MAX_ROWS) as usize) {
            apps.extend(self.find_app(id).await?);
        }
        Ok(apps)
    }

    /// Gives an app a new secret, which works at once. The one before it works until `until`.
    ///
    /// # Errors
    /// [`ChangeError::Secrets`] while two secrets are live.
    pub async fn rotate_secret(
        &self,
        id: &AppId,
        secret: &Secret,
        until: Timestamp,
        reason: &Reason,
    ) -> Result<App, ChangeError> {
        self.require(Action::RotateSecret, Some(id))?;
        self.check_keys().await?.map_err(ChangeError::OtherKeys)?;
        self.change_app(Action::RotateSecret, id, reason, |app, now| {
            let purpose = Purpose::AppSecret { app: &app.id, number: app.next_secret };
            Ok(app.rotate(self.keyring.seal(secret, purpose)?, until, now)?)
        })
        .await
    }

    /// Gives an app a second secret that it had in the environment; both work without an end.
    ///
    /// # Errors
    /// [`ChangeError::Secrets`] while two secrets are live.
    pub async fn add_older_secret(
        &self,
        id: &AppId,
        secret: &Secret,
        reason: &Reason,
    ) -> Result<App, ChangeError> {
        self.require(Action::AddSecret, Some(id))?;
        self.check_keys().await?.map_err(ChangeError::OtherKeys)?;
        self.change_app(Action::AddSecret, id, reason, |app, now| {
            let purpose = Purpose::AppSecret { app: &app.id, number: app.next_secret };
            Ok(app.with_older_secret(self.keyring.seal(secret, purpose)?, now)?)
        })
        .await
    }

    /// The secrets of an app that have no end yet, whether it is open or closed.
    ///
    /// # Errors
    /// [`ChangeError::Sealed`] if one cannot be read.
    pub fn unexpired_secrets(&self, app: &App) -> Result<Vec<Secret>, ChangeError> {
        self.require(Action::AddSecret, Some(&app.id))?;
        let open = |secret: &crate::AppSecret| {
            let purpose = Purpose::AppSecret { app: &app.id, number: secret.number };
            self.keyring.open(&secret.sealed, purpose).map_err(|source| {
                let what = format!("secret {} of app {}", secret.number, app.id);
                ChangeError::Sealed { what, source }
            })
        };
        app.unexpired_secrets(self.clock.now()).map(open).collect()
    }

    /// Ends one of two live secrets at once.
    ///
    /// # Errors
    /// [`ChangeError::Secrets`] if it is not live, or the only one.
    pub async fn retire_secret(&self, id: &AppId, number: u32, reason: &Reason) -> Result<App, ChangeError> {
        self.change_app(Action::RetireSecret, id, reason, |app, now| Ok(app.retire(number, now)?)).await
    }

    /// Stops activities of an app. A closed app stays closed.
    ///
    /// # Errors
    /// [`ChangeError::NoSuchApp`].
    pub async fn pause_app(
        &self,
        id: &AppId,
        activities: &[Activity],
        reason: &Reason,
    ) -> Result<App, ChangeError> {
        self.change_app(Action::PauseApp, id, reason, |app, _| Ok(app.paused(activities))).await
    }

    /// Lets activities of an app go on. A closed app is open then, but for what else is paused.
    ///
    /// # Errors
    /// [`ChangeError::NoSuchApp`].
    pub async fn resume_app(
        &self,
        id: &AppId,
        activities: &[Activity],
        reason: &Reason,
    ) -> Result<App, ChangeError> {
        self.change_app(Action::ResumeApp, id, reason, |app, _| {
            match app.state {
                AppState::Closed(_) => self.require(Action::OpenApp, Some(id))?,
                AppState::Open(_) => {}
            }
            Ok(app.resumed(activities))
        })
        .await
    }

    /// Closes an app: none of its requests is let in. What was begun comes to its end, but payments
    /// that were not begun wait until it is opened again.
    ///
    /// # Errors
    /// [`ChangeError::NoSuchApp`].
    pub async fn close_app(&self, id: &AppId, reason: &Reason) -> Result<App, ChangeError> {
        self.change_app(Action::CloseApp, id, reason, |app, _| Ok(app.closed())).await
    }

    /// The switches of the whole hub.
    ///
    /// # Errors
    /// [`ReadError`] if they may not be shown, or the store failed.
    pub async fn hub_switches(&self) -> Result<Switches, ReadError> {
        self.authority.require(Action::ShowHubSwitches, None)?;
        Ok(find_hub_switches(&*self.store).await?.map(Stored::into_inner).unwrap_or_default())
    }

    /// Stops an activity of the whole hub, or lets it go on.
    ///
    /// # Errors
    /// [`ChangeError::Store`] if the store failed.
    pub async fn switch_hub(
        &self,
        activities: &[Activity],
        paused: bool,
        reason: &Reason,
    ) -> Result<Switches, ChangeError> {
        let action = if paused { Action::PauseHub } else { Action::ResumeHub };
        self.require(action, None)?;
        for _ in 0..TRIES {
            let before = find_hub_switches(&*self.store).await?;
            let old = before.as_deref().copied().unwrap_or_default();
            let next = old.with_all(activities, paused);
            let body = json(&next);
            let document =
                Document { key: hub_switches_key(), app: None, body: body.clone(), expires_at: None };
            let write = written(document, before.as_ref());
            let record = self.record(action, None, "hub", Some(json(&old)), Some(body), reason);
            match self.store.commit(ChangeSet::new().with(write).with(Op::Audit(record))).await {
                Ok(()) => return Ok(next),
                Err(CommitError::Conflict | CommitError::AlreadyExists(Existing::Document)) => {}
                Err(error) => return Err(unexpected(error).into()),
            }
        }
        Err(too_many_writers().into())
    }

    /// Stops an activity of a user, or lets it go on.
    ///
    /// # Errors
    /// [`ChangeError::NoSuchApp`], and [`ChangeError::TooManyPausedUsers`].
    pub async fn switch_user(
        &self,
        id: &AppId,
        user: &UserId,
        activities: &[Activity],
        paused: bool,
        reason: &Reason,
    ) -> Result<Switches, ChangeError> {
        let action = if paused { Action::PauseUser } else { Action::ResumeUser };
        self.require(action, Some(id))?;
        for _ in 0..TRIES {
            let app = self.app(id).await?;
            let before = find_paused_user(&*self.store, id, user).await?;
            let old = before.as_ref().map(|(switches, _)| *switches).unwrap_or_default();
            let next = old.with_all(activities, paused);
            if next == old {
                return Ok(next);
            }
            let (was, is) = (old != Switches::default(), next != Switches::default());
            let key = paused_user_key(id, user);
            let document =
                |body| Document { key: key.clone(), app: Some(id.clone()), body, expires_at: None };
            let write = match &before {
                Some((_, stored)) if !is => {
                    Op::RemoveDocument { key: key.clone(), expected: stored.version() }
                }
                Some((_, stored)) => written(document(json(&next)), Some(stored)),
                None => Op::CreateDocument(document(json(&next))),
            };
            let mut changes = ChangeSet::new().with(write);
            if was != is {
                let paused_users = match is {
                    true => app.paused_users.saturating_add(1),
                    false => app.paused_users.saturating_sub(1),
                };
                if paused_users > MOST_PAUSED_USERS {
                    return Err(ChangeError::TooManyPausedUsers(id.clone()));
                }
                let counted = App { paused_users, ..App::clone(&app) };
                changes = changes.with(update_app(&app, &counted));
            }
            let record =
                self.record(action, Some(id), user.as_str(), Some(json(&old)), Some(json(&next)), reason);
            match self.store.commit(changes.with(Op::Audit(record))).await {
                Ok(()) => return Ok(next),
                Err(CommitError::Conflict | CommitError::AlreadyExists(Existing::Document)) => {}
                Err(error) => return Err(unexpected(error).into()),
            }
        }
        Err(too_many_writers().into())
    }

    /// Seals every secret with the current key that is sealed with another one, or not at all. Can be
    /// interrupted and made again. Once it is through, older keys are needed no more.
    ///
    /// # Errors
    /// [`ChangeError::Sealed`] if a secret cannot be read: its key is missing.
    pub async fn reseal(&self, reason: &Reason) -> Result<Resealed, ChangeError> {
        self.require(Action::Reseal, None)?;
        let mut done = self.reseal_seed(reason).await?;
        #[cfg(feature = "administrators")]
        {
            let codes = self.reseal_codes(reason).await?;
            done.secrets = done.secrets.saturating_add(codes.secrets);
            done.resealed = done.resealed.saturating_add(codes.resealed);
        }
        let mut after = None;
        loop {
            let page = apps(&*self.store, after.take(), MAX_ROWS).await?;
            let Some(last) = page.last() else { return Ok(done) };
            after = Some(last.id.clone());
            for app in &page {
                let stale =
                    app.secrets.iter().filter(|secret| !self.keyring.is_current(&secret.sealed)).count();
                done.secrets = done.secrets.saturating_add(app.secrets.len());
                done.resealed = done.resealed.saturating_add(stale);
                if stale > 0 {
                    self.change_app(Action::Reseal, &app.id, reason, |app, _| self.resealed(app)).await?;
                }
            }
        }
    }

    async fn reseal_seed(&self, reason: &Reason) -> Result<Resealed, ChangeError> {
        for _ in 0..TRIES {
            let hub: Hub = self.store.find_hub().await?.ok_or(ChangeError::NoHub)?;
            if self.keyring.is_current(&hub.seed) {
                return Ok(Resealed { secrets: 1, resealed: 0 });
            }
            let sealed = |source| ChangeError::Sealed { what: "the seed".to_owned(), source };
            let seed = self.keyring.open(&hub.seed, Purpose::Seed).map_err(sealed)?;
            let next = self.keyring.seal(&seed, Purpose::Seed)?;
            let key = |sealed: &crate::SealedSecret| Some(json(&sealed.key().map(crate::KeyId::as_str)));
            let record = self.record(Action::Reseal, None, "seed", key(&hub.seed), key(&next), reason);
            let changes =
                ChangeSet::new().with(Op::SealSeed { expected: hub.seed, next }).with(Op::Audit(record));
            match self.store.commit(changes).await {
                Ok(()) => return Ok(Resealed { secrets: 1, resealed: 1 }),
                Err(CommitError::Conflict) => {}
                Err(error) => return Err(unexpected(error).into()),
            }
        }
        Err(too_many_writers().into())
    }

    fn resealed(&self, app: &App) -> Result<App, ChangeError> {
        let mut next = app.clone();
        for secret in &mut next.secrets {
            let purpose = Purpose::AppSecret { app: &app.id, number: secret.number };
            let what = || format!("secret {} of app {}", secret.number, app.id);
            let opened = self.keyring.open(&secret.sealed, purpose);
            let opened = opened.map_err(|source| ChangeError::Sealed { what: what(), source })?;
            secret.sealed = self.keyring.seal(&opened, purpose)?;
        }
        Ok(next)
    }

    /// What is sealed with other keys than those of the store's servers they could not read.
    async fn check_keys(&self) -> Result<Result<(), UnsealError>, StoreError> {
        let hub = self.store.find_hub().await?;
        Ok(hub.map_or(Ok(()), |hub| self.keyring.open(&hub.seed, Purpose::Seed).map(drop)))
    }

    async fn app(&self, id: &AppId) -> Result<Stored<App>, ChangeError> {
        find_app(&*self.store, id).await?.ok_or_else(|| ChangeError::NoSuchApp(id.clone()))
    }

    /// An app that is not to be seen is as one that is not there.
    fn require(&self, action: Action, app: Option<&AppId>) -> Result<(), ChangeError> {
        match (self.authority.require(action, app), app) {
            (Err(Denied::Hidden), Some(app)) => Err(ChangeError::NoSuchApp(app.clone())),
            (required, _) => Ok(required?),
        }
    }

    async fn change_app(
        &self,
        action: Action,
        id: &AppId,
        reason: &Reason,
        change: impl Fn(&App, Timestamp) -> Result<App, ChangeError> + Send,
    ) -> Result<App, ChangeError> {
        self.require(action, Some(id))?;
        for _ in 0..TRIES {
            let app = self.app(id).await?;
            let next = change(&app, self.clock.now())?;
            let (before, after) = (app.summary(), next.summary());
            let record = self.record(action, Some(id), id.as_str(), Some(before), Some(after), reason);
            let changes = ChangeSet::new().with(update_app(&app, &next)).with(Op::Audit(record));
            match self.store.commit(changes).await {
                Ok(()) => return Ok(next),
                Err(CommitError::Conflict) => {}
                Err(error) => return Err(unexpected(error).into()),
            }
        }
        Err(too_many_writers().into())
    }

    fn record(
        &self,
        action: Action,
        app: Option<&AppId>,
        subject: &str,
        before: Option<String>,
        after: Option<String>,
        reason: &Reason,
    ) -> AuditRecord {
        let at = self.clock.now();
        AuditRecord {
            id: self.ids.next_id(at),
            at,
            operator: self.authority.operator().clone(),
            action: action.as_str().to_owned(),
            app: app.cloned(),
            subject: subject.to_owned(),
            before,
            after,
            reason: reason.as_str().to_owned(),
        }
    }
}

impl fmt::Debug for Administration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Administration").field("authority", &self.authority).finish_non_exhaustive()
    }
}

/// One app.
///
/// # Errors
/// [`StoreError`] if the store failed.
pub async fn find_app(store: &dyn Store, id: &AppId) -> Result<Option<Stored<App>>, StoreError> {
    store.find_document(&App::key(id)).await?.map(App::from_document).transpose()
}

/// Apps by id, after `after`; at most `limit`.
///
/// # Errors
/// [`StoreError`] if the store failed.
pub async fn apps(
    store: &dyn Store,
    after: Option<AppId>,
    limit: u32,
) -> Result<Vec<Stored<App>>, StoreError> {
    let after = after.map(|id| id.as_str().to_owned());
    let query = DocumentQuery { kind: DocumentKind::App, app: None, after, limit };
    store.documents(query).await?.into_iter().map(App::from_document).collect()
}

pub(crate) fn update_app(from: &Stored<App>, next: &App) -> Op {
    Op::UpdateDocument { next: next.to_document(), expected: from.version() }
}

pub(crate) fn hub_switches_key() -> DocumentKey {
    DocumentKey::new(DocumentKind::Switches, "hub")
}

/// The switches of the hub; none where nobody ever touched them.
pub(crate) async fn find_hub_switches(store: &dyn Store) -> Result<Option<Stored<Switches>>, StoreError> {
    let Some(document) = store.find_document(&hub_switches_key()).await? else { return Ok(None) };
    let switches = read_switches(&document)?;
    Ok(Some(Stored::new(switches, document.version())))
}

/// What is stopped for a user, and the document that says so.
pub(crate) async fn find_paused_user(
    store: &dyn Store,
    app: &AppId,
    user: &UserId,
) -> Result<Option<(Switches, Stored<Document>)>, StoreError> {
    let Some(document) = store.find_document(&paused_user_key(app, user)).await? else { return Ok(None) };
    Ok(Some((read_switches(&document)?, document)))
}

/// Neither name holds a control character.
pub(crate) fn paused_user_key(app: &AppId, user: &UserId) -> DocumentKey {
    DocumentKey::new(DocumentKind::PausedUser, format!("{app}\n{user}"))
}

fn read_switches(document: &Document) -> Result<Switches, StoreError> {
    let DocumentKey { kind, name } = &document.key;
    read(&document.body).ok_or_else(|| kind.corrupt(name, "its JSON"))
}

fn read<'a, T: Deserialize<'a>>(body: &'a str) -> Option<T> {
    serde_json::from_str(body).ok()
}

fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

/// Replaces what was read, or creates it.
fn written<T>(document: Document, before: Option<&Stored<T>>) -> Op {
    match before {
        Some(before) => Op::UpdateDocument { next: document, expected: before.version() },
        None => Op::CreateDocument(document),
    }
}

#[cfg(test)]
mod tests;
