//! Tenants: each app has its own users, balances and secrets.

use crate::id::one_line;
use crate::{
    Activity, AppId, Document, DocumentKey, DocumentKind, Network, NodeKey, SealedSecret, StoreError, Stored,
    Switches, Timestamp,
};
use serde::{Deserialize, Serialize};

/// The most secrets of an app that are live at a time.
pub const LIVE_SECRETS: usize = 2;

/// The most bytes of an app's name for people.
pub const APP_NAME_BYTES: usize = 200;

/// A tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct App {
    /// What it is known by on the wire.
    pub id: AppId,
    /// What people call it.
    pub name: String,
    /// Whether it takes part.
    pub state: AppState,
    /// What its requests are signed with, the oldest first; at most [`LIVE_SECRETS`] are live.
    pub secrets: Vec<AppSecret>,
    /// The number of the next secret; none is used twice.
    pub next_secret: u32,
    /// How many of its users are paused.
    pub paused_users: u32,
    /// Whether people look at first withdrawals and at new destinations, where it has no policy that says
    /// otherwise. Said once, when it is registered.
    pub reviewed: bool,
    /// When it was registered.
    pub created_at: Timestamp,
}

/// Whether an app takes part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AppState {
    /// It does, but for what its switches stop.
    Open(Switches),
    /// None of its requests is let in, and nothing new is begun. What was begun before comes to its
    /// end. Its switches hold again once it is open.
    Closed(Switches),
}

/// One of the secrets of an app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppSecret {
    /// Its number among those that the app ever had, from 1.
    pub number: u32,
    /// The secret.
    pub sealed: SealedSecret,
    /// Since when it is there.
    pub since: Timestamp,
    /// When it ends; open for the newest one.
    pub until: Option<Timestamp>,
    /// How often it was used after a newer one was there.
    pub late_uses: u64,
    /// When it was last used after a newer one was there.
    pub last_late_use: Option<Timestamp>,
}

/// Why the secrets of an app stay as they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SecretChangeError {
    /// Two are live.
    #[error("two secrets are live: retire the older one first")]
    TwoLive,
    /// There is no live secret of this number.
    #[error("there is no live secret {0}")]
    NoSuchSecret(u32),
    /// It is the only one.
    #[error("secret {0} is the only live one: rotate first")]
    OnlyOne(u32),
}

impl App {
    /// A new app with one secret.
    pub fn new(id: AppId, name: &str, secret: SealedSecret, now: Timestamp) -> Self {
        let secrets = vec![AppSecret::new(1, secret, now)];
        let state = AppState::Open(Switches::default());
        Self {
            name: one_line(name.trim(), APP_NAME_BYTES),
            id,
            state,
            secrets,
            next_secret: 2,
            paused_users: 0,
            reviewed: false,
            created_at: now,
        }
    }

    /// Secrets that let a request in at `now`: none of a closed app.
    pub fn live_secrets(&self, now: Timestamp) -> impl DoubleEndedIterator<Item = &AppSecret> {
        let open = match self.state {
            AppState::Open(_) => true,
            AppState::Closed(_) => false,
        };
        self.unexpired_secrets(now).filter(move |_| open)
    }

    /// Secrets that would let a request in at `now` if the app were open.
    pub fn unexpired_secrets(&self, now: Timestamp) -> impl DoubleEndedIterator<Item = &AppSecret> {
        self.secrets.iter().filter(move |secret| secret.is_live(now))
    }

    /// With a new secret; the one before it is live until `until`.
    ///
    /// # Errors
    /// [`SecretChangeError::TwoLive`] while two are.
    pub fn rotate(
        &self,
        next: SealedSecret,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<Self, SecretChangeError> {
        let live: Vec<&AppSecret> = self.secrets.iter().filter(|secret| secret.is_live(now)).collect();
        if live.len() >= LIVE_SECRETS {
            return Err(SecretChangeError::TwoLive);
        }
        let mut secrets: Vec<AppSecret> =
            live.into_iter().map(|secret| AppSecret { until: Some(until), ..secret.clone() }).collect();
        secrets.push(AppSecret::new(self.next_secret, next, now));
        Ok(Self { secrets, next_secret: self.next_secret.saturating_add(1), ..self.clone() })
    }

    /// With a secret that was there before it was stored: it works without an end, as an older one.
    ///
    /// # Errors
    /// [`SecretChangeError::TwoLive`] while two are live.
    pub fn with_older_secret(&self, older: SealedSecret, now: Timestamp) -> Result<Self, SecretChangeError> {
        let mut secrets: Vec<AppSecret> =
            self.secrets.iter().filter(|secret| secret.is_live(now)).cloned().collect();
        if secrets.len() >= LIVE_SECRETS {
            return Err(SecretChangeError::TwoLive);
        }
        secrets.insert(0, AppSecret::new(self.next_secret, older, now));
        Ok(Self { secrets, next_secret: self.next_secret.saturating_add(1), ..self.clone() })
    }

    /// With secret `number` ended at once.
    ///
    /// # Errors
    /// [`SecretChangeError`] if there is none, or no other.
    pub fn retire(&self, number: u32, now: Timestamp) -> Result<Self, SecretChangeError> {
        let live = |secret: &&AppSecret| secret.is_live(now);
        if !self.secrets.iter().filter(live).any(|secret| secret.number == number) {
            return Err(SecretChangeError::NoSuchSecret(number));
        }
        if self.secrets.iter().filter(live).count() < 2 {
            return Err(SecretChangeError::OnlyOne(number));
        }
        // The one that is left is the newest now, whatever end was set for it.
        let left = self.secrets.iter().filter(live).filter(|secret| secret.number != number);
        let secrets = left.map(|secret| AppSecret { until: None, ..secret.clone() }).collect();
        Ok(Self { secrets, ..self.clone() })
    }

    /// Whether a use of secret `number` is one of an older secret, which is counted.
    pub fn is_late(&self, number: u32) -> bool {
        self.secrets.last().is_some_and(|newest| newest.number != number)
    }

    /// With uses of an older secret counted.
    #[must_use]
    pub fn with_late_uses(&self, number: u32, uses: u64, last: Timestamp) -> Self {
        let mut next = self.clone();
        for secret in next.secrets.iter_mut().filter(|secret| secret.number == number) {
            secret.late_uses = secret.late_uses.saturating_add(uses);
            secret.last_late_use = secret.last_late_use.max(Some(last));
        }
        next
    }

    /// With `activities` stopped. A closed app stays closed.
    #[must_use]
    pub fn paused(&self, activities: &[Activity]) -> Self {
        let state = match self.state {
            AppState::Open(switches) => AppState::Open(switches.with_all(activities, true)),
            AppState::Closed(switches) => AppState::Closed(switches.with_all(activities, true)),
        };
        Self { state, ..self.clone() }
    }

    /// With `activities` going on, and open.
    #[must_use]
    pub fn resumed(&self, activities: &[Activity]) -> Self {
        let (AppState::Open(switches) | AppState::Closed(switches)) = self.state;
        Self { state: AppState::Open(switches.with_all(activities, false)), ..self.clone() }
    }

    /// Closed.
    #[must_use]
    pub fn closed(&self) -> Self {
        let (AppState::Open(switches) | AppState::Closed(switches)) = self.state;
        Self { state: AppState::Closed(switches), ..self.clone() }
    }

    /// What its switches stop; everything if it is closed.
    pub fn switches(&self) -> Switches {
        match self.state {
            AppState::Open(switches) => switches,
            AppState::Closed(_) => Switches { tips_paused: true, withdrawals_paused: true },
        }
    }

    /// The key of its document.
    pub fn key(id: &AppId) -> DocumentKey {
        DocumentKey::new(DocumentKind::App, id.as_str())
    }

    /// As a store keeps it.
    pub fn to_document(&self) -> Document {
        let body = serde_json::to_string(&StoredApp::of(self)).unwrap_or_default();
        Document { key: Self::key(&self.id), app: Some(self.id.clone()), body, expires_at: None }
    }

    /// As a store kept it.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] if the document is no app.
    pub fn from_document(document: Stored<Document>) -> Result<Stored<Self>, StoreError> {
        let version = document.version();
        let document = document.into_inner();
        let corrupt = |reason: &dyn std::fmt::Display| DocumentKind::App.corrupt(&document.key.name, reason);
        let id = AppId::new(document.key.name.as_str()).map_err(|error| corrupt(&error))?;
        let stored: StoredApp = serde_json::from_str(&document.body).map_err(|_| corrupt(&"its JSON"))?;
        stored.app(id).map(|app| Stored::new(app, version)).map_err(|error| corrupt(&error))
    }

    /// What may be shown and kept of it: no secret.
    pub fn summary(&self) -> String {
        let stored = StoredApp::of(self);
        let secrets =
            stored.secrets.into_iter().map(|secret| StoredSecret { sealed: String::new(), ..secret });
        serde_json::to_string(&StoredApp { secrets: secrets.collect(), ..stored }).unwrap_or_default()
    }
}

impl AppSecret {
    fn new(number: u32, sealed: SealedSecret, now: Timestamp) -> Self {
        Self { number, sealed, since: now, until: None, late_uses: 0, last_late_use: None }
    }

    /// Whether it lets a request in at `now`.
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.until.is_none_or(|until| now < until)
    }
}

impl AppState {
    /// In one or two words, for people.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open(switches) => switches.as_str(),
            Self::Closed(_) => "closed",
        }
    }
}

/// What belongs to the hub as a whole; made at the first start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hub {
    /// What the preimages of all tips are derived from. Whoever knows it could steal payments on
    /// their way.
    pub seed: SealedSecret,
    /// The node that it works with: the one of the first start, or one that an operator accepted.
    pub node: NodeKey,
    /// Since when; the epoch for the node of the first start.
    pub node_since: Timestamp,
    /// The network that its money is on.
    pub network: Network,
}

/// The document of an app. Times are milliseconds since the epoch.
#[derive(Serialize, Deserialize)]
struct StoredApp {
    name: String,
    closed: bool,
    #[serde(flatten)]
    switches: Switches,
    secrets: Vec<StoredSecret>,
    next_secret: u32,
    paused_users: u32,
    #[serde(default)]
    reviewed: bool,
    created_at: u64,
}

#[derive(Serialize, Deserialize)]
struct StoredSecret {
    number: u32,
    #[serde(skip_serializing_if = "String::is_empty")]
    sealed: String,
    since: u64,
    until: Option<u64>,
    late_uses: u64,
    last_late_use: Option<u64>,
}

impl StoredApp {
    fn of(app: &App) -> Self {
        let millis = |at: Option<Timestamp>| at.map(Timestamp::as_millis);
        let secret = |secret: &AppSecret| StoredSecret {
            number: secret.number,
            sealed: secret.sealed.to_text(),
            since: secret.since.as_millis(),
            until: millis(secret.until),
            late_uses: secret.late_uses,
            last_late_use: millis(secret.last_late_use),
        };
        let (closed, switches) = match app.state {
            AppState::Open(switches) => (false, switches),
            AppState::Closed(switches) => (true, switches),
        };
        Self {
            name: app.name.clone(),
            closed,
            switches,
            secrets: app.secrets.iter().map(secret).collect(),
            next_secret: app.next_secret,
            paused_users: app.paused_users,
            reviewed: app.reviewed,
            created_at: app.created_at.as_millis(),
        }
    }

    fn app(self, id: AppId) -> Result<App, crate::NoSealedSecret> {
        let secret = |secret: StoredSecret| {
            Ok(AppSecret {
                number: secret.number,
                sealed: secret.sealed.parse()?,
                since: Timestamp::from_millis(secret.since),
                until: secret.until.map(Timestamp::from_millis),
                late_uses: secret.late_uses,
                last_late_use: secret.last_late_use.map(Timestamp::from_millis),
            })
        };
        Ok(App {
            id,
            name: self.name,
            state: if self.closed { AppState::Closed(self.switches) } else { AppState::Open(self.switches) },
            next_secret: self.next_secret,
            secrets: self.secrets.into_iter().map(secret).collect::<Result<_, _>>()?,
            paused_users: self.paused_users,
            reviewed: self.reviewed,
            created_at: Timestamp::from_millis(self.created_at),
        })
    }
}

#[cfg(test)]
mod tests;
