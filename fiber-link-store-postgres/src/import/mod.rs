//! Everything of another store, written row by row into a schema where nothing is.
//!
//! A table is filled in its order, and a batch is one statement. So what is there is always the
//! beginning of a table, and whoever goes on after an interruption needs no other note. Until the
//! import is finished a table of its own marks the schema, and no store opens on it.

mod rows;
mod tables;

use crate::database::Database;
use crate::error::{ImportError, backend};
use crate::fields::Fields;
use crate::statement::{find, list, query};
use crate::{PostgresStore, Schema};
use fiber_link_core::{RowKey, StoreError, StoredRow, Table};
use serde_json::Value;
use sqlx::{AssertSqlSafe, Connection, PgConnection, PgPool, Postgres, Transaction};
use std::fmt;
use std::time::Duration;
use tables::Statements;

/// How long what reads a whole table may take, whatever other statements of the pool may.
const WHOLE_TABLE: Duration = Duration::from_secs(6 * 3600);

/// An import that is not finished. Dropping it leaves the schema marked; beginning it again goes on.
pub struct Import {
    store: PostgresStore,
}

impl Import {
    /// Begins to fill an empty schema, or goes on with what was begun for the same `source`: a text
    /// that tells that store from others.
    ///
    /// The user of `pool` needs the right to create in the schema.
    ///
    /// # Errors
    /// [`ImportError`] if the schema is older or newer than this program, or holds anything else.
    ///
    /// # Cancellation
    /// Dropping the future leaves the schema as it was, or marked.
    pub async fn begin(pool: PgPool, schema: Schema, source: &str) -> Result<Self, ImportError> {
        let connection = pool.acquire().await.map_err(crate::schema::unreachable)?;
        // A connection of its own, which ends with its transaction if this future is dropped.
        let mut connection = connection.detach();
        let marked = mark(&mut connection, &schema, source).await;
        if let Err(error) = connection.close().await {
            tracing::debug!(%error, "the connection of an import was not closed in order");
        }
        marked?;
        let database = Database::open(pool).await.map_err(|error| schema.unusable(error))?;
        Ok(Self { store: PostgresStore::unchecked(database, schema) })
    }

    /// The last row of a table that is there already, or the place before its first.
    ///
    /// # Errors
    /// [`StoreError`] if the database failed.
    pub async fn last(&self, table: Table) -> Result<RowKey, StoreError> {
        // There from the beginning, and replaced.
        if table == Table::NonceMemory {
            return Ok(RowKey::default());
        }
        let last = query(&self.statements(table).last);
        let last =
            find(self.store.database(), last, table.as_str(), |fields| rows::read(table, fields)).await?;
        Ok(last.map_or_else(RowKey::default, |row| row.key()))
    }

    /// How many rows a table has.
    ///
    /// # Errors
    /// [`StoreError`] if the database failed.
    pub async fn count(&self, table: Table) -> Result<u64, StoreError> {
        let mut transaction = self.patient().await?;
        let count = query(&self.statements(table).count).fetch_one(&mut *transaction).await;
        let count = Fields::of(table.as_str(), &count.map_err(backend)?).number()?;
        transaction.rollback().await.map_err(backend)?;
        Ok(count)
    }

    /// Inserts rows of one table, all or none: those that follow the [`last`](Self::last) one, in their
    /// order. A row that is there already stays as it is.
    ///
    /// # Errors
    /// [`StoreError`] if the database failed, or one of the rows cannot be kept in it.
    ///
    /// # Cancellation
    /// Dropping the future leaves all or none.
    pub async fn insert(&self, table: Table, inserted: &[StoredRow]) -> Result<(), StoreError> {
        let objects = inserted.iter().map(rows::object).collect::<Result<Vec<_>, _>>()?;
        let insert = query(&self.statements(table).insert).bind(Value::Array(objects).to_string());
        self.store.database().execute(insert).await.map_err(backend)
    }

    /// At most `limit` rows of a table in its order, those after `after`.
    ///
    /// # Errors
    /// [`StoreError`] if the database failed, or a row of it is invalid.
    pub async fn rows(&self, table: Table, after: &RowKey, limit: u32) -> Result<Vec<StoredRow>, StoreError> {
        let page = tables::bind(table, query(&self.statements(table).rows), after);
        let page = page.bind(crate::query::rows(limit));
        list(self.store.database(), page, table.as_str(), |fields| rows::read(table, fields)).await
    }

    /// In which column a row of this schema is not what the row of the source becomes here.
    ///
    /// # Errors
    /// [`StoreError`] if one of the two cannot be kept here.
    pub fn difference(&self, source: &StoredRow, here: &StoredRow) -> Result<Option<String>, StoreError> {
        let (source, here) = (rows::object(source)?, rows::object(here)?);
        let columns = [&source, &here].map(|row| row.as_object().into_iter().flat_map(|row| row.keys()));
        let [of_source, of_here] = columns;
        Ok(of_source.chain(of_here).find(|column| source.get(column) != here.get(column)).cloned())
    }

    /// The store that is being filled, for looking at it. Nothing else may write to it.
    pub fn store(&self) -> &PostgresStore {
        &self.store
    }

    /// Tells the planner how large the tables are.
    ///
    /// # Errors
    /// [`StoreError`] if the database failed.
    pub async fn analyze(&self) -> Result<(), StoreError> {
        let tables = Table::ALL.map(|table| format!("{{schema}}.{table}")).join(", ");
        let analyze = self.store.schema().render(&format!("ANALYZE {tables}, {{schema}}.settled_tips"));
        let mut transaction = self.patient().await?;
        sqlx::raw_sql(AssertSqlSafe(analyze)).execute(&mut *transaction).await.map_err(backend)?;
        transaction.commit().await.map_err(backend)
    }

    /// A transaction for what reads a whole table.
    async fn patient(&self) -> Result<Transaction<'static, Postgres>, StoreError> {
        let mut transaction = self.store.pool().begin().await.map_err(backend)?;
        let patience = format!("SET LOCAL statement_timeout = {}", WHOLE_TABLE.as_millis());
        sqlx::raw_sql(AssertSqlSafe(patience)).execute(&mut *transaction).await.map_err(backend)?;
        Ok(transaction)
    }

    /// Has entries and audit records numbered after those that were imported, and takes the mark off: a store opens on
    /// the schema from now on. Call it when everything is there and checked.
    ///
    /// # Errors
    /// [`StoreError`] if the database failed; the import is then finished, or can be.
    pub async fn finish(self) -> Result<(), StoreError> {
        let finish = "SET LOCAL synchronous_commit = on;
            SELECT setval(pg_get_serial_sequence('{schema}.entries', 'number'), max(number))
                FROM {schema}.entries HAVING max(number) IS NOT NULL;
            SELECT setval(pg_get_serial_sequence('{schema}.audit_records', 'number'), max(number))
                FROM {schema}.audit_records HAVING max(number) IS NOT NULL;
            DROP TABLE {schema}.unfinished_import";
        let finish = self.store.schema().render(finish);
        let mut transaction = self.store.pool().begin().await.map_err(backend)?;
        sqlx::raw_sql(AssertSqlSafe(finish)).execute(&mut *transaction).await.map_err(backend)?;
        transaction.commit().await.map_err(backend)
    }

    fn statements(&self, table: Table) -> Statements {
        Statements::of(table, self.store.schema())
    }
}

/// What is asked of each table, page by page, and how it is filled.
#[cfg(test)]
pub(crate) fn statements(schema: &Schema) -> Vec<(&'static str, crate::statement::Sql)> {
    let of = |table: Table| {
        let Statements { rows, last, count: _, insert } = Statements::of(table, schema);
        [rows, last, insert].map(|sql| (table.as_str(), sql))
    };
    Table::ALL.into_iter().flat_map(of).collect()
}

/// Marks an empty schema, or finds the mark of the same source.
async fn mark(connection: &mut PgConnection, schema: &Schema, source: &str) -> Result<(), ImportError> {
    let unusable = |source| schema.unusable(source);
    let mut transaction = connection.begin().await.map_err(unusable)?;
    schema.lock(&mut transaction).await?;
    schema.known(schema.found(&mut transaction).await?)?;
    if schema.is_marked(&mut transaction).await? {
        let marked = schema.render("SELECT source FROM {schema}.unfinished_import");
        let marked = sqlx::query_scalar::<_, String>(AssertSqlSafe(marked));
        let marked = marked.fetch_optional(&mut *transaction).await.map_err(unusable)?;
        let same = marked.as_deref() == Some(source);
        return if same { Ok(()) } else { Err(ImportError::OtherSource { schema: schema.clone() }) };
    }
    for table in Table::ALL.into_iter().filter(|table| *table != Table::NonceMemory) {
        let any = schema.render(&format!("SELECT EXISTS (SELECT 1 FROM {{schema}}.{table})"));
        let any = sqlx::query_scalar::<_, bool>(AssertSqlSafe(any)).fetch_one(&mut *transaction).await;
        if any.map_err(unusable)? {
            return Err(ImportError::NotEmpty { schema: schema.clone(), table });
        }
    }
    let create = schema.render("CREATE TABLE {schema}.unfinished_import (source text NOT NULL)");
    sqlx::raw_sql(AssertSqlSafe(create)).execute(&mut *transaction).await.map_err(unusable)?;
    let insert = schema.render("INSERT INTO {schema}.unfinished_import VALUES ($1)");
    let insert = sqlx::query(AssertSqlSafe(insert)).bind(source.to_owned());
    insert.execute(&mut *transaction).await.map_err(unusable)?;
    Ok(transaction.commit().await.map_err(unusable)?)
}

impl fmt::Debug for Import {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Import").field("store", &self.store).finish_non_exhaustive()
    }
}
