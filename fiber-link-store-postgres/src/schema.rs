//! Where everything stands in the database, and how it came to its present form.

use crate::error::SchemaError;
use sha2::{Digest, Sha256};
use sqlx::{AssertSqlSafe, Connection, PgConnection, PgPool, Row};
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// A step in the form of the database. It is released and never edited again.
#[derive(Clone, Copy, Debug)]
struct Migration {
    name: &'static str,
    template: &'static str,
}

/// The place of a migration, counted from 1, is the version that it leads to.
const MIGRATIONS: &[Migration] = &[
    Migration { name: "0001_tables", template: include_str!("../migrations/0001_tables.sql") },
    Migration { name: "0002_functions", template: include_str!("../migrations/0002_functions.sql") },
];

impl Migration {
    /// What is kept of it where it was applied: from another text another schema was made.
    fn digest(&self) -> String {
        hex::encode(Sha256::digest(self.template))
    }
}

/// What templates say where the schema is meant.
const PLACEHOLDER: &str = "{schema}";

/// The longest name that Postgres keeps whole.
const LONGEST: usize = 63;

/// The schema of a database in which all tables and functions of a store stand, and the table of its
/// migrations.
///
/// It takes the place of a static migrator: that could not be told the name of the schema, and would
/// share its table and its lock with the migrations of the host.
///
/// ```no_run
/// use fiber_link_store_postgres::{PoolSettings, Schema};
///
/// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
/// let schema: Schema = "fiber_link".parse()?;
/// let pool = PoolSettings::default().pool("postgres://app@db.example/shop")?;
/// schema.migrate(&pool).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schema(Arc<str>);

/// A text that names no schema.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} cannot name the schema: use up to 63 lower-case letters, digits and underscores, with no digit \
     first and not pg_"
)]
pub struct SchemaNameError(String);

/// In which form a database is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// There is no schema, or nothing in it.
    Nothing,
    /// This many migrations were applied.
    Version(u32),
    /// There is something in it, and it is not ours.
    Foreign,
    /// This migration of ours was applied, in another form.
    Different(&'static str),
}

impl Schema {
    /// The newest version that this program knows.
    pub fn known_version() -> u32 {
        u32::try_from(MIGRATIONS.len()).unwrap_or(u32::MAX)
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.0
    }

    /// Each migration by name, as SQL for this schema, for hosts that review it beforehand.
    pub fn migrations(&self) -> impl Iterator<Item = (&'static str, String)> {
        MIGRATIONS.iter().map(|migration| (migration.name, self.render(migration.template)))
    }

    /// SQL with the schema in its place.
    pub(crate) fn render(&self, template: &str) -> String {
        template.replace(PLACEHOLDER, &format!("\"{}\"", self.0))
    }

    /// Brings the schema to the form that this program knows, in one transaction; creates it where
    /// there is none. Many may do so at once. Answers the version that it found.
    ///
    /// The user of `pool` needs the right to create in the database, or an empty schema of its own.
    ///
    /// # Errors
    /// [`SchemaError`] if the schema is newer, holds anything else, or cannot be used. Nothing was
    /// changed then.
    ///
    /// # Cancellation
    /// Dropping the future leaves the old form or the new one.
    pub async fn migrate(&self, pool: &PgPool) -> Result<u32, SchemaError> {
        let connection = pool.acquire().await.map_err(unreachable)?;
        // A connection of its own, which ends with its transaction if this future is dropped.
        let mut connection = connection.detach();
        let migrated = self.upgrade(&mut connection).await;
        if let Err(error) = connection.close().await {
            tracing::debug!(%error, "the connection of a migration was not closed in order");
        }
        migrated
    }

    async fn upgrade(&self, connection: &mut PgConnection) -> Result<u32, SchemaError> {
        let unusable = |source| self.unusable(source);
        let mut transaction = connection.begin().await.map_err(unusable)?;
        let run = |sql: String| sqlx::raw_sql(AssertSqlSafe(sql));
        self.lock(&mut transaction).await?;
        let version = match self.found(&mut transaction).await? {
            Found::Nothing => {
                self.create(&mut transaction).await?;
                0
            }
            Found::Version(found) if found > Self::known_version() => return Err(self.newer(found)),
            Found::Version(found) => found,
            Found::Foreign => return Err(self.foreign()),
            Found::Different(migration) => return Err(self.different(migration)),
        };
        if self.is_marked(&mut transaction).await? {
            return Err(SchemaError::Unfinished { schema: self.clone() });
        }
        for (place, migration) in (1..).zip(MIGRATIONS).filter(|(place, _)| *place > version) {
            let sql = self.render(migration.template);
            run(sql).execute(&mut *transaction).await.map_err(unusable)?;
            let insert = "INSERT INTO {schema}.migrations (version, name, digest) VALUES ($1, $2, $3)";
            let insert = sqlx::query(AssertSqlSafe(self.render(insert))).bind(i64::from(place));
            let insert = insert.bind(migration.name).bind(migration.digest());
            insert.execute(&mut *transaction).await.map_err(unusable)?;
        }
        transaction.commit().await.map_err(unusable)?;
        Ok(version)
    }

    /// Changes to the form of the schema are made by one transaction at a time, without hurry.
    pub(crate) async fn lock(&self, transaction: &mut PgConnection) -> Result<(), SchemaError> {
        let lock = "SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = '30s';
            SELECT pg_advisory_xact_lock(hashtextextended('{schema}/migrations', 0))";
        let locked = sqlx::raw_sql(AssertSqlSafe(self.render(lock))).execute(transaction).await;
        locked.map(drop).map_err(|source| self.unusable(source))
    }

    async fn create(&self, connection: &mut PgConnection) -> Result<(), SchemaError> {
        let table = "CREATE TABLE {schema}.migrations (
                version    bigint PRIMARY KEY,
                name       text NOT NULL,
                digest     text,
                applied_at timestamptz NOT NULL DEFAULT now()
            )";
        let schema = "SELECT EXISTS (SELECT 1 FROM pg_namespace WHERE nspname = $1)";
        let exists =
            sqlx::query_scalar::<_, bool>(schema).bind(self.name()).fetch_one(&mut *connection).await;
        // Who may not create schemas may be given an empty one.
        let create = match exists.map_err(|source| self.unusable(source))? {
            true => table.to_owned(),
            false => format!("CREATE SCHEMA {PLACEHOLDER}; {table}"),
        };
        let created = sqlx::raw_sql(AssertSqlSafe(self.render(&create))).execute(connection).await;
        created.map(drop).map_err(|source| self.unusable(source))
    }

    /// Checks that the schema has the form that this program knows, and changes nothing.
    ///
    /// # Errors
    /// [`SchemaError`] says what is wrong and what to run.
    pub async fn check(&self, pool: &PgPool) -> Result<(), SchemaError> {
        let mut connection = pool.acquire().await.map_err(unreachable)?;
        self.known(self.found(&mut connection).await?)?;
        if self.is_marked(&mut connection).await? {
            return Err(SchemaError::Unfinished { schema: self.clone() });
        }
        Ok(())
    }

    /// Refuses what is not of the version that this program knows.
    pub(crate) fn known(&self, found: Found) -> Result<(), SchemaError> {
        let (schema, known) = (self.clone(), Self::known_version());
        match found {
            Found::Version(found) if found == known => Ok(()),
            Found::Version(found) if found > known => Err(self.newer(found)),
            Found::Version(found) => Err(SchemaError::Older { schema, found, known }),
            Found::Nothing => Err(SchemaError::Older { schema, found: 0, known }),
            Found::Foreign => Err(self.foreign()),
            Found::Different(migration) => Err(self.different(migration)),
        }
    }

    /// Whether it is being filled by an import that is not finished.
    pub(crate) async fn is_marked(&self, connection: &mut PgConnection) -> Result<bool, SchemaError> {
        let mark = "SELECT to_regclass(format('%I.unfinished_import', $1::text)) IS NOT NULL";
        let marked = sqlx::query_scalar(mark).bind(self.name()).fetch_one(connection).await;
        marked.map_err(|source| self.unusable(source))
    }

    pub(crate) async fn found(&self, connection: &mut PgConnection) -> Result<Found, SchemaError> {
        let unusable = |source| self.unusable(source);
        let objects = "SELECT EXISTS (SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                WHERE n.nspname = $1)
            OR EXISTS (SELECT 1 FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
                WHERE n.nspname = $1)
            OR EXISTS (SELECT 1 FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
                WHERE n.nspname = $1) AS anything,
            EXISTS (SELECT 1 FROM information_schema.columns
                WHERE table_schema = $1 AND table_name = 'migrations' AND column_name = 'applied_at')
            AND to_regclass(format('%I.migrations_pkey', $1::text)) IS NOT NULL AS ours";
        let row =
            sqlx::query(objects).bind(self.name()).fetch_one(&mut *connection).await.map_err(unusable)?;
        let column = |name| row.try_get::<bool, _>(name).map_err(|source| self.unusable(source));
        match (column("anything")?, column("ours")?) {
            (false, _) => return Ok(Found::Nothing),
            (true, false) => return Ok(Found::Foreign),
            (true, true) => {}
        }
        // A table of before there were digests has no such column.
        let applied = "SELECT version, name, to_jsonb(migrations)->>'digest' FROM {schema}.migrations
            ORDER BY version LIMIT 10000";
        let applied = sqlx::query_as::<_, Applied>(AssertSqlSafe(self.render(applied)));
        Ok(recognized(&applied.fetch_all(connection).await.map_err(unusable)?))
    }

    fn different(&self, migration: &'static str) -> SchemaError {
        SchemaError::Different { schema: self.clone(), migration }
    }

    fn newer(&self, found: u32) -> SchemaError {
        SchemaError::Newer { schema: self.clone(), found, known: Self::known_version() }
    }

    fn foreign(&self) -> SchemaError {
        SchemaError::Foreign { schema: self.clone() }
    }

    pub(crate) fn unusable(&self, source: sqlx::Error) -> SchemaError {
        SchemaError::Unusable { schema: self.clone(), source: Box::new(source) }
    }
}

/// A row of the table of migrations: its version, name and digest.
type Applied = (i64, String, Option<String>);

/// Those that we know must be the same ones in the same places.
fn recognized(applied: &[Applied]) -> Found {
    let ordered = (1..).zip(applied).all(|(place, (version, _, _))| *version == place);
    let mut known = MIGRATIONS.iter().zip(applied);
    if !ordered || known.clone().any(|(known, (_, name, _))| known.name != name) {
        return Found::Foreign;
    }
    match known.find(|(known, (_, _, digest))| digest.as_deref() != Some(known.digest().as_str())) {
        Some((known, _)) => Found::Different(known.name),
        None => Found::Version(u32::try_from(applied.len()).unwrap_or(u32::MAX)),
    }
}

pub(crate) fn unreachable(source: sqlx::Error) -> SchemaError {
    SchemaError::Unreachable { source: Box::new(source) }
}

/// `fiber_link`
impl Default for Schema {
    fn default() -> Self {
        Self(Arc::from("fiber_link"))
    }
}

impl FromStr for Schema {
    type Err = SchemaNameError;

    fn from_str(name: &str) -> Result<Self, SchemaNameError> {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte == b'_' || byte.is_ascii_digit();
        let valid = matches!(name.as_bytes(), [first, ..] if !first.is_ascii_digit())
            && name.len() <= LONGEST
            && name.bytes().all(plain)
            && !name.starts_with("pg_")
            && name != "information_schema";
        if valid { Ok(Self(Arc::from(name))) } else { Err(SchemaNameError(name.to_owned())) }
    }
}

impl fmt::Display for Schema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_needs_no_quotes() {
        for good in ["fiber_link", "_", "a1", "public", &"x".repeat(63)] {
            assert_eq!(good.parse::<Schema>().unwrap().name(), good);
        }
        for bad in
            ["", "1a", "Fiber", "a-b", "a\"b", "a b", "pg_x", "information_schema", "ü", &"x".repeat(64)]
        {
            assert!(bad.parse::<Schema>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn no_migration_names_another_schema() {
        let schema: Schema = "elsewhere".parse().unwrap();
        for (name, sql) in schema.migrations() {
            assert!(!sql.contains(PLACEHOLDER) && sql.contains("\"elsewhere\"."), "{name}");
        }
    }
}
