//! What operators set up, and the records of what they changed.

use crate::apply::{insert, update};
use crate::query::rows;
use crate::row;
use crate::statement::{bound, find, list, millis, statements, stored};
use fiber_link_core::{
    AuditQuery, AuditRecord, CommitError, Document, DocumentKey, DocumentQuery, Existing,
    NumberedAuditRecord, SealedSecret, StoreError, Stored, Version,
};
use rusqlite::{Connection, ToSql, params};

statements! {
    CREATE_DOCUMENT = "INSERT INTO documents (kind, name, app, body, expires_at, version)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    UPDATE_DOCUMENT = "UPDATE documents SET version = version + 1, app = ?4, body = ?5, expires_at = ?6
        WHERE kind = ?1 AND name = ?2 AND version = ?3";
    REMOVE_DOCUMENT = "DELETE FROM documents WHERE kind = ?1 AND name = ?2 AND version = ?3";
    VERSION = "SELECT version FROM documents WHERE kind = ?1 AND name = ?2";
    DOCUMENT = concat!("SELECT ", row::document_columns!(), " FROM documents WHERE kind = ?1 AND name = ?2");
    DOCUMENTS = concat!(
        "SELECT ", row::document_columns!(), " FROM documents WHERE kind = ?1 AND name > ?2
        ORDER BY name LIMIT ?3"
    );
    DOCUMENTS_OF_APP = concat!(
        "SELECT ", row::document_columns!(), " FROM documents WHERE kind = ?1 AND app = ?2 AND name > ?3
        ORDER BY name LIMIT ?4"
    );
    SEAL_SEED = "UPDATE hub SET seed = ?2 WHERE one = 1 AND seed = ?1";
    AUDIT = "INSERT INTO audit_records (id, at, operator, origin, action, app, subject, before, after, reason)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
    AUDIT_RECORDS = concat!(
        "SELECT ", row::audit_record_columns!(), " FROM audit_records WHERE number < ?1
        ORDER BY number DESC LIMIT ?2"
    );
    AUDIT_RECORDS_OF_APP = concat!(
        "SELECT ", row::audit_record_columns!(), " FROM audit_records WHERE app = ?1 AND number < ?2
        ORDER BY number DESC LIMIT ?3"
    );
}

pub(crate) fn create(connection: &Connection, document: &Document) -> Result<(), CommitError> {
    let Document { key: DocumentKey { kind, name }, app, body, expires_at } = document;
    let params = params![
        kind.as_str(),
        name,
        app.as_ref().map(|app| app.as_str()),
        body,
        expires_at.map(millis).transpose()?,
        stored(Version::FIRST.as_u64())?,
    ];
    insert(connection, CREATE_DOCUMENT, params, Existing::Document)
}

pub(crate) fn replace(
    connection: &Connection,
    next: &Document,
    expected: Version,
) -> Result<(), CommitError> {
    let Document { key: DocumentKey { kind, name }, app, body, expires_at } = next;
    let params = params![
        kind.as_str(),
        name,
        stored(expected.as_u64())?,
        app.as_ref().map(|app| app.as_str()),
        body,
        expires_at.map(millis).transpose()?,
    ];
    update(connection, UPDATE_DOCUMENT, params, Existing::Document)
}

pub(crate) fn remove(
    connection: &Connection,
    key: &DocumentKey,
    expected: Version,
) -> Result<(), CommitError> {
    let params = params![key.kind.as_str(), key.name, stored(expected.as_u64())?];
    update(connection, REMOVE_DOCUMENT, params, Existing::Document)
}

/// Nobody changes the document before the transaction ends: one writes at a time.
pub(crate) fn require(
    connection: &Connection,
    key: &DocumentKey,
    expected: Option<Version>,
) -> Result<(), CommitError> {
    let params = params![key.kind.as_str(), key.name];
    let found = find(connection, VERSION, params, "documents", |fields| fields.number())?;
    if found.map(Version::from_u64) == expected { Ok(()) } else { Err(CommitError::Conflict) }
}

pub(crate) fn seal_seed(
    connection: &Connection,
    expected: &SealedSecret,
    next: &SealedSecret,
) -> Result<(), CommitError> {
    update(connection, SEAL_SEED, params![expected.to_text(), next.to_text()], Existing::Hub)
}

pub(crate) fn audit(connection: &Connection, record: &AuditRecord) -> Result<(), CommitError> {
    let params = params![
        record.id.as_bytes(),
        millis(record.at)?,
        record.operator.name,
        record.operator.origin,
        record.action,
        record.app.as_ref().map(|app| app.as_str()),
        record.subject,
        record.before,
        record.after,
        record.reason,
    ];
    insert(connection, AUDIT, params, Existing::AuditRecord)
}

pub(crate) fn find_document(
    connection: &Connection,
    key: &DocumentKey,
) -> Result<Option<Stored<Document>>, StoreError> {
    find(connection, DOCUMENT, params![key.kind.as_str(), key.name], "documents", row::document)
}

pub(crate) fn documents(
    connection: &Connection,
    query: &DocumentQuery,
) -> Result<Vec<Stored<Document>>, StoreError> {
    let some = |sql, params: &[&dyn ToSql]| list(connection, sql, params, "documents", row::document);
    let DocumentQuery { kind, app, after, limit } = query;
    // No document has an empty name.
    let (kind, after, limit) = (kind.as_str(), after.as_deref().unwrap_or_default(), rows(*limit));
    match app {
        Some(app) => some(DOCUMENTS_OF_APP, params![kind, app.as_str(), after, limit]),
        None => some(DOCUMENTS, params![kind, after, limit]),
    }
}

pub(crate) fn audit_records(
    connection: &Connection,
    query: &AuditQuery,
) -> Result<Vec<NumberedAuditRecord>, StoreError> {
    let some = |sql, params: &[&dyn ToSql]| list(connection, sql, params, "audit_records", row::audit_record);
    let AuditQuery { app, before, limit } = query;
    let (before, limit) = (bound(before.unwrap_or(u64::MAX)), rows(*limit));
    match app {
        Some(app) => some(AUDIT_RECORDS_OF_APP, params![app.as_str(), before, limit]),
        None => some(AUDIT_RECORDS, params![before, limit]),
    }
}
