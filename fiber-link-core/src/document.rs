//! What operators set up, as a store keeps it: small records that are found by their key.
//!
//! A store knows key, version and text of a document and nothing of what it says: its rules live in
//! this crate, and a new kind needs no new table.

use crate::{AppId, StoreError, Timestamp};
use std::fmt;

/// The longest text of a document that a store has to take, in bytes. The core writes shorter ones.
pub const DOCUMENT_BYTES: usize = 64 * 1024;

/// A record that operators set up.
#[derive(Clone, PartialEq, Eq)]
pub struct Document {
    /// Where it is found.
    pub key: DocumentKey,
    /// The app that it belongs to; none if it belongs to the hub.
    pub app: Option<AppId>,
    /// What it says, as JSON. Secrets in it are sealed.
    pub body: String,
    /// When it may be forgotten; never for most.
    pub expires_at: Option<Timestamp>,
}

/// Without its text: where there is no key, secrets stand in it.
impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Document").field("key", &self.key).finish_non_exhaustive()
    }
}

/// The kind of a document and its name among those.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DocumentKey {
    /// The kind.
    pub kind: DocumentKind,
    /// The name; compared byte by byte.
    pub name: String,
}

impl DocumentKey {
    /// The key of a document.
    pub fn new(kind: DocumentKind, name: impl Into<String>) -> Self {
        Self { kind, name: name.into() }
    }
}

/// What a document is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DocumentKind {
    /// An app with its secrets and switches, by its id.
    App,
    /// The switches of the whole hub.
    Switches,
    /// A user of an app who is paused.
    PausedUser,
    /// Somebody who looks after the hub, by his id.
    Administrator,
    /// The policy of an asset in an app that holds.
    Policy,
    /// A policy that held at some time.
    PolicyVersion,
    /// Whom a user of an app withdrew to, since when; or that a withdrawal to it was rejected.
    KnownDestination,
    /// What people said about a withdrawal that they had to look at, by its id.
    Review,
    /// What people said about releasing the funds of a withdrawal, by its id.
    Release,
}

impl DocumentKind {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::App,
        Self::Switches,
        Self::PausedUser,
        Self::Administrator,
        Self::Policy,
        Self::PolicyVersion,
        Self::KnownDestination,
        Self::Review,
        Self::Release,
    ];

    /// The stored name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::App => "app",
            Self::Switches => "switches",
            Self::PausedUser => "paused_user",
            Self::Administrator => "administrator",
            Self::Policy => "policy",
            Self::PolicyVersion => "policy_version",
            Self::KnownDestination => "known_destination",
            Self::Review => "review",
            Self::Release => "release",
        }
    }

    /// A row that cannot be read, of this kind.
    pub(crate) fn corrupt(self, name: &str, reason: impl fmt::Display) -> StoreError {
        StoreError::Corrupt { table: "documents", reason: format!("{} {name}: {reason}", self.as_str()) }
    }
}

/// Documents of one kind by name. At most [`MAX_ROWS`](crate::MAX_ROWS) at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DocumentQuery {
    /// The kind.
    pub kind: DocumentKind,
    /// Only those of this app.
    pub app: Option<AppId>,
    /// Only those with a later name.
    pub after: Option<String>,
    /// How many at most.
    pub limit: u32,
}
