//! Every statement of the store is declared by [`statements!`]: once the schema is known its text is
//! made once, and a test can look at the plans of all of them.

use crate::database::Database;
use crate::error::backend;
use crate::fields::Fields;
use fiber_link_core::StoreError;
use sqlx::postgres::PgArguments;
use sqlx::{AssertSqlSafe, Postgres};
use std::sync::Arc;

/// The text of a statement for one schema.
pub(crate) type Sql = Arc<str>;

pub(crate) type Query = sqlx::query::Query<'static, Postgres, PgArguments>;

/// Declares statements as the fields of `Statements`.
macro_rules! statements {
    ($($name:ident = $sql:expr;)*) => {
        #[derive(Debug)]
        pub(crate) struct Statements {
            $(pub(crate) $name: $crate::statement::Sql,)*
        }

        impl Statements {
            pub(crate) fn of(schema: &$crate::Schema) -> Self {
                Self { $($name: schema.render($sql).into(),)* }
            }

            #[cfg(test)]
            pub(crate) fn all(&self) -> Vec<(&'static str, $crate::statement::Sql)> {
                vec![$((stringify!($name), self.$name.clone())),*]
            }
        }
    };
}

pub(crate) use statements;

/// A statement to bind values to. Its text is one of ours with a checked name in it.
pub(crate) fn query(sql: &Sql) -> Query {
    sqlx::query(AssertSqlSafe(Arc::clone(sql)))
}

/// The rows of a statement; `table` is named where one is invalid.
pub(crate) async fn list<T>(
    database: &Database,
    query: Query,
    table: &'static str,
    read: impl Fn(&mut Fields<'_>) -> Result<T, StoreError>,
) -> Result<Vec<T>, StoreError> {
    let rows = database.fetch_all(query).await.map_err(backend)?;
    rows.iter().map(|row| read(&mut Fields::of(table, row))).collect()
}

/// The first row of a statement.
pub(crate) async fn find<T>(
    database: &Database,
    query: Query,
    table: &'static str,
    read: impl Fn(&mut Fields<'_>) -> Result<T, StoreError>,
) -> Result<Option<T>, StoreError> {
    let row = database.fetch_optional(query).await.map_err(backend)?;
    row.as_ref().map(|row| read(&mut Fields::of(table, row))).transpose()
}

/// A text as Postgres keeps it: it has no way to write U+0000.
pub(crate) fn text(text: &str) -> String {
    text.replace('\0', "\u{FFFD}")
}

/// A number to compare with: one beyond what can be stored is after everything stored.
pub(crate) fn bound(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
