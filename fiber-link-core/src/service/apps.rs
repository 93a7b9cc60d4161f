//! Apps as a server sees them: what lets their requests in.

use super::{FiberLink, TRIES, too_many_writers, unexpected};
use crate::administration::{find_app, update_app};
use crate::{
    Administration, App, AppId, ChangeSet, CommitError, CreateAppError, Operator, Purpose, Reason, Secret,
    StoreError, Stored, Timestamp, UnsealError,
};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// The most apps whose late uses wait to be written.
const MOST_COUNTED: usize = 1_024;

/// Uses of older secrets that are not written yet, and when the last one was.
#[derive(Debug, Default)]
pub(crate) struct LateUses(Mutex<Counted>);

/// By app and the number of the secret: how many, and the last one.
type Counted = HashMap<(AppId, u32), (u64, Timestamp)>;

impl LateUses {
    fn add(&self, key: (AppId, u32), uses: u64, last: Timestamp) {
        let mut counted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if counted.len() < MOST_COUNTED || counted.contains_key(&key) {
            let (count, latest) = counted.entry(key).or_insert((0, last));
            *count = count.saturating_add(uses);
            *latest = last.max(*latest);
        }
    }

    fn take(&self) -> Counted {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A secret that lets a request in.
#[derive(Clone, Debug)]
pub struct LiveSecret {
    /// Its number; none if it is not in the store.
    pub number: Option<u32>,
    /// The secret.
    pub secret: Secret,
    /// Whether there is a newer one, so that its uses are counted.
    pub is_late: bool,
}

impl FiberLink {
    /// Registers an app, in the name of this process.
    ///
    /// # Errors
    /// [`CreateAppError::Exists`] if the name is taken.
    pub async fn create_app(&self, id: AppId, secret: Secret) -> Result<App, CreateAppError> {
        let operator = Operator { name: "this process".to_owned(), origin: String::new() };
        let name = id.as_str().to_owned();
        self.administration(operator).create_app(id, &name, &secret, &Reason::of_program()).await
    }

    /// What an operator may change, with the store, clock and keys of this process.
    pub fn administration(&self, operator: Operator) -> Administration {
        let parts = self.parts();
        Administration::new(parts.store.clone(), operator)
            .keyring(parts.keyring.clone())
            .policies(parts.policies.clone())
            .clock(parts.clock.clone())
            .ids(parts.ids.clone())
    }

    /// The door for administrators, with the store, clock and keys of this process.
    #[cfg(feature = "administrators")]
    pub fn access(&self) -> crate::Access {
        let parts = self.parts();
        crate::Access::new(parts.store.clone())
            .keyring(parts.keyring.clone())
            .clock(parts.clock.clone())
            .ids(parts.ids.clone())
    }

    /// One app.
    ///
    /// # Errors
    /// [`StoreError`] if the store failed.
    pub async fn find_app(&self, id: &AppId) -> Result<Option<App>, StoreError> {
        Ok(find_app(&*self.parts().store, id).await?.map(Stored::into_inner))
    }

    /// The secrets that let requests of `app` in now, the newest first. One that cannot be read does not
    /// keep the others from it.
    ///
    /// # Errors
    /// [`UnsealError`] if none can be read.
    pub fn live_secrets(&self, app: &App) -> Result<Vec<LiveSecret>, UnsealError> {
        let open = |secret: &crate::AppSecret| {
            let purpose = Purpose::AppSecret { app: &app.id, number: secret.number };
            Ok(LiveSecret {
                number: Some(secret.number),
                secret: self.parts().keyring.open(&secret.sealed, purpose)?,
                is_late: app.is_late(secret.number),
            })
        };
        let (mut secrets, mut unread) = (Vec::new(), None);
        for opened in app.live_secrets(self.now()).rev().map(open) {
            match opened {
                Ok(secret) => secrets.push(secret),
                Err(error) => {
                    tracing::error!(app = %app.id, %error, "a secret of the app cannot be read");
                    unread = Some(error);
                }
            }
        }
        match unread {
            Some(error) if secrets.is_empty() => Err(error),
            Some(_) | None => Ok(secrets),
        }
    }

    /// Counts a use of an older secret. It is written with the next [`beat`](Self::beat).
    pub fn count_late_use(&self, app: &AppId, number: u32) {
        self.parts().late_uses.add((app.clone(), number), 1, self.now());
    }

    /// Writes the uses of older secrets that were counted since the last time.
    pub(crate) async fn write_late_uses(&self) -> Result<(), StoreError> {
        let mut counted = self.parts().late_uses.take().into_iter();
        while let Some(((app, number), (uses, last))) = counted.next() {
            if let Err(error) = self.write_uses_of(&app, number, uses, last).await {
                // Whether these were written nobody knows; to count them twice is the safe side.
                for (key, (uses, last)) in counted.chain([((app, number), (uses, last))]) {
                    self.parts().late_uses.add(key, uses, last);
                }
                return Err(error);
            }
        }
        Ok(())
    }

    async fn write_uses_of(
        &self,
        id: &AppId,
        number: u32,
        uses: u64,
        last: Timestamp,
    ) -> Result<(), StoreError> {
        for _ in 0..TRIES {
            let Some(app) = find_app(&*self.parts().store, id).await? else { return Ok(()) };
            let next = app.with_late_uses(number, uses, last);
            if next == *app {
                return Ok(());
            }
            match self.parts().store.commit(ChangeSet::new().with(update_app(&app, &next))).await {
                Ok(()) => return Ok(()),
                Err(CommitError::Conflict) => {}
                Err(error) => return Err(unexpected(error)),
            }
        }
        Err(too_many_writers())
    }
}

#[cfg(test)]
mod tests;
