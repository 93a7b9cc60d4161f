//! Whom a user withdraws to, since when. One document for each: requests of a user at once do not wait for
//! each other, and each was written with a withdrawal, so there are never more.

use crate::{AppId, Document, DocumentKey, DocumentKind, NodeKey, StoreError, Timestamp, UserId};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct StoredDestination {
    since: u64,
}

/// The document of a destination. Neither name holds a control character.
pub(crate) fn key(app: &AppId, user: &UserId, payee: NodeKey) -> DocumentKey {
    DocumentKey::new(DocumentKind::KnownDestination, format!("{app}\n{user}\n{payee}"))
}

/// One that is known from now on.
pub(crate) fn document(key: DocumentKey, app: &AppId, now: Timestamp) -> Document {
    let body = serde_json::to_string(&StoredDestination { since: now.as_millis() }).unwrap_or_default();
    Document { key, app: Some(app.clone()), body, expires_at: None }
}

/// Since when one is known.
pub(crate) fn since(document: &Document) -> Result<Timestamp, StoreError> {
    let DocumentKey { kind, name } = &document.key;
    let stored: StoredDestination =
        serde_json::from_str(&document.body).map_err(|_| kind.corrupt(name, "its JSON"))?;
    Ok(Timestamp::from_millis(stored.since))
}
