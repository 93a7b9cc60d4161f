//! A schema that is missing, older, newer, or somebody else's.

use super::*;
use crate::{OpenError, SchemaError};
use futures_util::future::join_all;
use sha2::{Digest, Sha256};

async fn refusal(schema: &Schema) -> SchemaError {
    PostgresStore::with_pool(pool(), schema.clone()).await.unwrap_err()
}

async fn execute(pool: &PgPool, schema: &Schema, sql: &str) {
    sqlx::raw_sql(AssertSqlSafe(schema.render(sql))).execute(pool).await.unwrap();
}

async fn anything_in(pool: &PgPool, schema: &Schema) -> bool {
    let exists = "SELECT EXISTS (SELECT 1 FROM pg_namespace WHERE nspname = $1)";
    sqlx::query_scalar(exists).bind(schema.name().to_owned()).fetch_one(pool).await.unwrap()
}

#[test]
fn released_migrations_are_never_edited() {
    let schema: Schema = "x".parse().unwrap();
    let digest = |sql: String| Sha256::digest(sql).iter().map(|byte| format!("{byte:02x}")).collect();
    let digests: Vec<String> = schema.migrations().map(|(_, sql)| digest(sql)).collect();
    let released: [&str; 2] = [
        "8b2225a79085b0a6b6ee2808747742574aacaeb122e33cdeff6a24f73baf40a8",
        "f7869678d96c8890f80913ed37655c75611a3f2bc55a09cf032d5e1b560cd4ed",
    ];
    assert_eq!(digests, released);
}

#[tokio::test]
async fn opening_a_store_migrates_nothing() {
    let (pool, schema) = (pool(), fresh_schema());
    let error = refusal(&schema).await;
    assert!(matches!(error, SchemaError::Older { found: 0, .. }), "{error}");
    assert!(error.to_string().contains("fiber-link migrate"), "{error}");
    assert!(!anything_in(&pool, &schema).await);
}

#[tokio::test]
async fn a_schema_is_migrated_once_by_many() {
    let (pool, schema) = (pool(), fresh_schema());
    let found = join_all((0..8).map(|_| schema.migrate(&pool))).await;
    let found: Vec<_> = found.into_iter().map(Result::unwrap).collect();
    assert_eq!(found.iter().filter(|version| **version == 0).count(), 1);
    assert!(found.iter().all(|version| [0, Schema::known_version()].contains(version)));
    schema.check(&pool).await.unwrap();
}

#[tokio::test]
async fn an_empty_schema_of_the_host_is_used() {
    let (pool, schema) = (pool(), fresh_schema());
    execute(&pool, &schema, "CREATE SCHEMA {schema}").await;
    assert_eq!(schema.migrate(&pool).await.unwrap(), 0);
    PostgresStore::with_pool(pool, schema).await.unwrap();
}

#[tokio::test]
async fn an_older_schema_is_refused_with_what_to_run() {
    let store = fresh_store().await;
    run(&store, "DELETE FROM {schema}.migrations WHERE version > 1").await.unwrap();
    let error = refusal(store.schema()).await;
    assert!(matches!(error, SchemaError::Older { found: 1, .. }), "{error}");
    assert!(error.to_string().contains("fiber-link migrate"), "{error}");
}

#[tokio::test]
async fn a_newer_schema_is_refused_and_left_alone() {
    let (store, newer) = (fresh_store().await, Schema::known_version().saturating_add(1));
    let insert = format!("INSERT INTO {{schema}}.migrations (version, name) VALUES ({newer}, 'later')");
    run(&store, &insert).await.unwrap();
    let migrated = store.schema().migrate(store.pool()).await.unwrap_err();
    for error in [refusal(store.schema()).await, migrated] {
        assert!(matches!(&error, SchemaError::Newer { found, .. } if *found == newer), "{error}");
        assert!(error.to_string().contains("start the newer program"), "{error}");
    }
}

#[tokio::test]
async fn a_schema_that_another_form_of_a_migration_made_is_refused_and_left_alone() {
    for edit in [
        "UPDATE {schema}.migrations SET digest = 'other' WHERE version = 2",
        // As it was before there were digests.
        "ALTER TABLE {schema}.migrations DROP COLUMN digest; DELETE FROM {schema}.migrations WHERE version > 1",
    ] {
        let store = fresh_store().await;
        run(&store, edit).await.unwrap();
        let migrated = store.schema().migrate(store.pool()).await.unwrap_err();
        for error in [refusal(store.schema()).await, migrated] {
            assert!(matches!(error, SchemaError::Different { .. }), "{error}");
            assert!(error.to_string().contains("name another schema, or drop this one"), "{error}");
        }
    }
}

#[tokio::test]
async fn a_schema_of_somebody_else_is_refused_and_left_alone() {
    let pool = pool();
    for theirs in [
        "CREATE TABLE {schema}.tips (id int)",
        "CREATE TABLE {schema}.migrations (version bigint PRIMARY KEY, name text)",
        "CREATE FUNCTION {schema}.theirs() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "CREATE TABLE {schema}.migrations (version bigint PRIMARY KEY, name text, applied_at timestamptz);
         INSERT INTO {schema}.migrations VALUES (1, 'theirs', now())",
    ] {
        let schema = fresh_schema();
        execute(&pool, &schema, &format!("CREATE SCHEMA {{schema}}; {theirs}")).await;
        for error in [refusal(&schema).await, schema.migrate(&pool).await.unwrap_err()] {
            assert!(matches!(error, SchemaError::Foreign { .. }), "{theirs}: {error}");
        }
    }
}

#[tokio::test]
async fn a_migration_that_fails_leaves_nothing_behind() {
    let (pool, schema) = (pool(), fresh_schema());
    let mut connection = pool.acquire().await.unwrap();
    // Without the right to create, as many a host's user is.
    let role = format!("{}_reader", schema.name());
    let allow = format!("CREATE ROLE {role}; GRANT {role} TO CURRENT_USER; SET ROLE {role}");
    sqlx::raw_sql(AssertSqlSafe(allow)).execute(&mut *connection).await.unwrap();
    drop(connection.detach());
    let settings = PoolSettings { connections: 1, ..PoolSettings::default() };
    let options: sqlx::postgres::PgConnectOptions =
        fiber_link_postgres_cluster::shared_url().parse().unwrap();
    let restricted = settings.pool_with(options.options([("role", role.as_str())]));
    let error = schema.migrate(&restricted).await.unwrap_err();
    assert!(matches!(error, SchemaError::Unusable { .. }), "{error}");
    assert!(causes(&error).contains("permission denied"), "{}", causes(&error));
    assert!(!anything_in(&pool, &schema).await);
    let drop_role = AssertSqlSafe(format!("DROP ROLE {role}"));
    sqlx::raw_sql(drop_role).execute(&pool).await.unwrap();
}

#[tokio::test]
async fn an_address_is_not_repeated_where_it_fails() {
    let password = "canary-password";
    let mistaken = format!("postgres://user:{password}@localhost:port/database");
    let error =
        PostgresStore::connect(&mistaken, Schema::default(), &PoolSettings::default()).await.unwrap_err();
    assert!(matches!(error, OpenError::Address(_)), "{error}");
    assert!(!format!("{error:?} {}", causes(&error)).contains(password));

    let settings =
        PoolSettings { acquire_timeout: std::time::Duration::from_secs(1), ..PoolSettings::default() };
    let nobody = format!("postgres://user:{password}@127.0.0.1:1/database");
    let error = PostgresStore::connect(&nobody, Schema::default(), &settings).await.unwrap_err();
    assert!(!format!("{error:?} {}", causes(&error)).contains(password));

    let store = fresh_store().await;
    assert_eq!(format!("{store:?}"), format!("PostgresStore {{ schema: {:?}, .. }}", store.schema()));
}
