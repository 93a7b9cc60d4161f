//! What operators set up, and the records of what they changed.

use crate::PostgresStore;
use crate::query::rows;
use crate::row::{self, audit_record_columns, document_columns};
use crate::statement::{bound, find, list, query, statements, text};
use fiber_link_core::{
    AuditQuery, Document, DocumentKey, DocumentQuery, NumberedAuditRecord, StoreError, Stored,
};

statements! {
    document = concat!(
        "SELECT ", document_columns!(), " FROM {schema}.documents WHERE kind = $1 AND name = $2"
    );
    documents_after = concat!(
        "SELECT ", document_columns!(), " FROM {schema}.documents WHERE kind = $1 AND name > $2
        ORDER BY name LIMIT $3"
    );
    documents_of_app_after = concat!(
        "SELECT ", document_columns!(), " FROM {schema}.documents WHERE kind = $1 AND app = $2 AND name > $3
        ORDER BY name LIMIT $4"
    );
    audit_records_before = concat!(
        "SELECT ", audit_record_columns!(), " FROM {schema}.audit_records WHERE number < $1
        ORDER BY number DESC LIMIT $2"
    );
    audit_records_of_app_before = concat!(
        "SELECT ", audit_record_columns!(), " FROM {schema}.audit_records WHERE app = $1 AND number < $2
        ORDER BY number DESC LIMIT $3"
    );
}

impl PostgresStore {
    pub(crate) async fn document(&self, key: &DocumentKey) -> Result<Option<Stored<Document>>, StoreError> {
        let statement = query(&self.statements().document.document);
        let statement = statement.bind(key.kind.as_str()).bind(text(&key.name));
        find(self.database(), statement, "documents", row::document).await
    }

    pub(crate) async fn document_list(
        &self,
        documents: &DocumentQuery,
    ) -> Result<Vec<Stored<Document>>, StoreError> {
        let sql = &self.statements().document;
        let DocumentQuery { kind, app, after, limit } = documents;
        // No document has an empty name.
        let (kind, after, limit) = (kind.as_str(), text(after.as_deref().unwrap_or_default()), rows(*limit));
        let statement = match app {
            Some(app) => query(&sql.documents_of_app_after).bind(kind).bind(app.as_str().to_owned()),
            None => query(&sql.documents_after).bind(kind),
        };
        list(self.database(), statement.bind(after).bind(limit), "documents", row::document).await
    }

    pub(crate) async fn audit_record_list(
        &self,
        records: &AuditQuery,
    ) -> Result<Vec<NumberedAuditRecord>, StoreError> {
        let sql = &self.statements().document;
        let AuditQuery { app, before, limit } = records;
        let statement = match app {
            Some(app) => query(&sql.audit_records_of_app_before).bind(app.as_str().to_owned()),
            None => query(&sql.audit_records_before),
        };
        let statement = statement.bind(bound(before.unwrap_or(u64::MAX))).bind(rows(*limit));
        list(self.database(), statement, "audit_records", row::audit_record).await
    }
}
