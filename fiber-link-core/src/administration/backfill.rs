//! Secrets of apps that are elsewhere, put into the store.

use super::{Administration, ChangeError, CreateAppError, ReadError};
use crate::{AppId, Reason, Secret, SecretChangeError};

/// What the store has of a secret that is elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backfill {
    /// Not even the app.
    Missing,
    /// The app, without this secret.
    Update,
    /// This secret.
    Unchanged,
    /// The app, with two other secrets that are live: one has to be retired first.
    Full,
}

/// Why a secret was not looked at, or not put into the store.
#[derive(Debug, thiserror::Error)]
pub enum BackfillError {
    /// The app was not read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The app was not registered.
    #[error(transparent)]
    Create(#[from] CreateAppError),
    /// Its secrets were not read, or not changed.
    #[error(transparent)]
    Change(#[from] ChangeError),
}

impl Backfill {
    /// Its name for people and programs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Update => "update",
            Self::Unchanged => "unchanged",
            Self::Full => "full",
        }
    }
}

impl Administration {
    /// What the store has of the secret that an app has elsewhere.
    ///
    /// # Errors
    /// [`BackfillError`] if that may not be seen, or the store failed.
    pub async fn find_backfill(&self, app: &AppId, secret: &Secret) -> Result<Backfill, BackfillError> {
        let Some(found) = self.find_app(app).await? else { return Ok(Backfill::Missing) };
        let live = self.unexpired_secrets(&found)?;
        Ok(match live.len() {
            _ if live.contains(secret) => Backfill::Unchanged,
            0 | 1 => Backfill::Update,
            _ => Backfill::Full,
        })
    }

    /// Puts the secret that an app has elsewhere into the store, where it is not there and there is room
    /// for it: the app is registered, or has it as its older one. Whether it did.
    ///
    /// # Errors
    /// [`BackfillError`] if it may not be done, or the store failed.
    pub async fn apply_backfill(
        &self,
        app: &AppId,
        secret: &Secret,
        reason: &Reason,
    ) -> Result<bool, BackfillError> {
        match self.find_backfill(app, secret).await? {
            Backfill::Missing => {
                self.create_app(app.clone(), app.as_str(), secret, reason).await?;
                Ok(true)
            }
            Backfill::Update => match self.add_older_secret(app, secret, reason).await {
                Ok(_) => Ok(true),
                // Somebody else rotated meanwhile.
                Err(ChangeError::Secrets(SecretChangeError::TwoLive)) => Ok(false),
                Err(error) => Err(error.into()),
            },
            Backfill::Unchanged | Backfill::Full => Ok(false),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{MemoryStore, Operator, Timestamp};
    use std::sync::Arc;

    #[pollster::test]
    async fn a_secret_is_put_where_it_is_missing_and_never_in_the_place_of_another() {
        let operator = Operator { name: "ann".to_owned(), origin: "test".to_owned() };
        let administration = Administration::new(Arc::new(MemoryStore::new()), operator);
        let (app, reason) = (AppId::new("forum").unwrap(), Reason::new("why").unwrap());
        let [first, second, third, fourth] = [1, 2, 3, 4].map(|byte| Secret::new([byte; 32]));
        let find = async |secret| administration.find_backfill(&app, secret).await.unwrap();
        let apply = async |secret| administration.apply_backfill(&app, secret, &reason).await.unwrap();

        assert_eq!(find(&first).await, Backfill::Missing);
        assert!(apply(&first).await);
        assert_eq!((find(&first).await, apply(&first).await), (Backfill::Unchanged, false));

        assert_eq!(find(&second).await, Backfill::Update);
        assert!(apply(&second).await);
        assert_eq!((find(&second).await, find(&first).await), (Backfill::Unchanged, Backfill::Unchanged));

        assert_eq!((find(&third).await, apply(&third).await), (Backfill::Full, false));
        administration.retire_secret(&app, 1, &reason).await.unwrap();
        assert_eq!((find(&third).await, find(&first).await), (Backfill::Update, Backfill::Update));
        let end = Timestamp::from_millis(u64::MAX / 2);
        administration.rotate_secret(&app, &fourth, end, &reason).await.unwrap();
        assert!(matches!(find(&fourth).await, Backfill::Unchanged));
    }
}
