//! Whom a user withdraws to, since when. One document for each: requests of a user at once do not wait for
//! each other, and each was written with a withdrawal or its rejection, so there are never more. None is
//! removed, so its version only rises, and a commit that requires one sees that it was changed.

use crate::{AppId, Document, DocumentKey, DocumentKind, NodeKey, Op, StoreError, Stored, Timestamp, UserId};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct StoredDestination {
    /// None after a rejection, until people approve of a withdrawal to it.
    since: Option<u64>,
}

/// The document of a destination. Neither name holds a control character.
pub(crate) fn key(app: &AppId, user: &UserId, payee: NodeKey) -> DocumentKey {
    DocumentKey::new(DocumentKind::KnownDestination, format!("{app}\n{user}\n{payee}"))
}

/// Makes it known since then, or, without a time, new until people approve of it.
pub(crate) fn write(
    found: Option<&Stored<Document>>,
    key: DocumentKey,
    app: &AppId,
    since: Option<Timestamp>,
) -> Op {
    let stored = StoredDestination { since: since.map(Timestamp::as_millis) };
    let body = serde_json::to_string(&stored).unwrap_or_default();
    let next = Document { key, app: Some(app.clone()), body, expires_at: None };
    match found {
        Some(found) => Op::UpdateDocument { next, expected: found.version() },
        None => Op::CreateDocument(next),
    }
}

/// Since when one is known; none while it is new until people approve of it.
pub(crate) fn since(document: &Document) -> Result<Option<Timestamp>, StoreError> {
    let DocumentKey { kind, name } = &document.key;
    let stored: StoredDestination =
        serde_json::from_str(&document.body).map_err(|_| kind.corrupt(name, "its JSON"))?;
    Ok(stored.since.map(Timestamp::from_millis))
}
