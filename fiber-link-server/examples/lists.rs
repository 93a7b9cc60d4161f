//! What a page of a list costs with a million tips, beside ten thousand, on SQLite and on Postgres.
//!
//! ```text
//! cargo run --release -p fiber-link-server --example lists
//! ```
//! It brings its own Postgres and throw-away files. Both sizes take turns; the middle one of the ratios
//! counts.

use fiber_link_core::testing::sample::{app_id, user};
use fiber_link_core::{
    Administration, EntryFilter, Operator, PostId, Span, Store, Timestamp, TipFilter, TipId, TipPhase,
    TipState, TipUser, WithdrawalFilter,
};
use fiber_link_postgres_cluster::Cluster;
use fiber_link_store_postgres::{PoolSettings, PostgresStore, Schema};
use fiber_link_store_sqlite::SqliteStore;
use rusqlite::Connection;
use sqlx::AssertSqlSafe;
use std::error::Error;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use uuid::Uuid;

type Failure = Box<dyn Error + Send + Sync>;

const SIZES: [u64; 2] = [10_000, 1_000_000];

const ROUNDS: usize = 9;

/// How many pages are read in a row.
const READS: u32 = 100;

/// The rows of a page.
const PAGE: u32 = 40;

/// When the first tip was made; one follows each second.
const BEGINS: u64 = 1_760_000_000_000;

/// Of ten apps, some twenty users and posts; one in fifty is open, one in ten has expired.
const SQLITE: &str = "
    WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < {size})
    INSERT INTO tips (id, app, post, from_user, to_user, asset, amount, payment_hash, created_at, state, phase,
        ended_at, settled_number, version, invoice, invoice_expires_at)
    SELECT unhex(printf('%012x70008%015x', {begins} + n * 1000, n)), 'app-' || (n % 10), 'post-' || (n % 13),
        'user-' || (n % 19), 'user-' || (n % 17), 'CKB', '100', randomblob(32), {begins} + n * 1000,
        CASE WHEN n % 50 = 0 THEN 'unpaid' WHEN n % 10 = 1 THEN 'expired' ELSE 'settled' END,
        CASE WHEN n % 50 = 0 THEN 'open' WHEN n % 10 = 1 THEN 'ended' ELSE 'settled' END,
        CASE WHEN n % 50 > 0 THEN {begins} + n * 1000 END,
        CASE WHEN n % 50 > 0 AND n % 10 <> 1 THEN n END, 2, 'fibd1' || n, {begins} FROM n;
    INSERT INTO withdrawals (id, app, user, asset, amount, fee_limit, fee_bearer, accepted_as, destination,
        payment_hash, invoice_expires_at, created_at, updated_at, attempts, state, fee, ended_at, version, invoice)
    SELECT id, app, to_user, asset, '1', '1', 'user', 'pending', 'payment_request', payment_hash, created_at,
        created_at, created_at, 1, CASE WHEN phase = 'open' THEN 'pending' ELSE 'completed' END, '0', created_at, 2,
        invoice FROM tips WHERE rowid % 2 = 0;
    INSERT INTO entries (source_kind, source, kind, app, user, asset, amount, from_account, to_account, at)
    SELECT 'tip', id, 'tip_settled', app, to_user, asset, amount, 'fiber', 'available', created_at FROM tips
        WHERE phase = 'settled' ORDER BY id;
    INSERT INTO balances SELECT app, to_user, asset, '100', '0' FROM tips GROUP BY app, to_user, asset;
    ANALYZE;
    PRAGMA wal_checkpoint(TRUNCATE)";

const POSTGRES: &str = "
    INSERT INTO {schema}.tips (id, app, post, from_user, to_user, asset, amount, anonymous, payment_hash, created_at,
        state, phase, ended_at, version, invoice, invoice_expires_at)
    SELECT (lpad(to_hex({begins} + n * 1000), 12, '0') || '70008' || lpad(to_hex(n), 15, '0'))::uuid,
        'app-' || (n % 10), 'post-' || (n % 13), 'user-' || (n % 19), 'user-' || (n % 17), 'CKB', 100,
        false, sha256(n::text::bytea), to_timestamp({begins} / 1000 + n),
        CASE WHEN n % 50 = 0 THEN 'unpaid' WHEN n % 10 = 1 THEN 'expired' ELSE 'settled' END,
        CASE WHEN n % 50 = 0 THEN 'open' WHEN n % 10 = 1 THEN 'ended' ELSE 'settled' END,
        CASE WHEN n % 50 > 0 THEN to_timestamp({begins} / 1000 + n) END, 2, 'fibd1' || n, to_timestamp({begins} / 1000 + n)
    FROM generate_series(1::bigint, {size}) AS n;
    INSERT INTO {schema}.withdrawals (id, app, \"user\", asset, amount, fee_limit, fee_bearer, accepted_as, destination,
        payment_hash, invoice_expires_at, created_at, updated_at, attempts, state, fee, ended_at, version, invoice)
    SELECT id, app, to_user, asset, 1, 1, 'user', 'pending', 'payment_request', payment_hash, created_at, created_at,
        created_at, 1, CASE WHEN phase = 'open' THEN 'pending' ELSE 'completed' END, 0, created_at, 2, invoice
    FROM {schema}.tips WHERE extract(epoch FROM created_at)::bigint % 2 = 0;
    INSERT INTO {schema}.entries (source_kind, source, kind, app, \"user\", asset, amount, from_account, to_account, at)
    SELECT 'tip', id, 'tip_settled', app, to_user, asset, amount, 'fiber', 'available', created_at
    FROM {schema}.tips WHERE phase = 'settled' ORDER BY id;
    INSERT INTO {schema}.balances
    SELECT app, to_user, asset, 100, 0 FROM {schema}.tips GROUP BY app, to_user, asset";

fn main() -> Result<(), Failure> {
    let cluster = Cluster::start_synced();
    let folder = tempfile::tempdir()?;
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(async {
        let [few, many] = SIZES.map(|size| sqlite(folder.path(), size));
        compare("SQLite", [few?, many?]).await?;
        let mut settings = PoolSettings::default();
        settings.statement_timeout = Duration::from_secs(600);
        let few = postgres(&cluster, &settings, SIZES[0]).await?;
        let many = postgres(&cluster, &settings, SIZES[1]).await?;
        compare("Postgres", [few, many]).await
    })
}

fn sqlite(folder: &Path, size: u64) -> Result<Arc<dyn Store>, Failure> {
    let path = folder.join(format!("{size}.sqlite"));
    drop(SqliteStore::open(&path, Timestamp::default())?);
    let sql = SQLITE.replace("{size}", &size.to_string()).replace("{begins}", &BEGINS.to_string());
    Connection::open(&path)?.execute_batch(&sql)?;
    Ok(Arc::new(SqliteStore::open(&path, Timestamp::default())?))
}

async fn postgres(cluster: &Cluster, settings: &PoolSettings, size: u64) -> Result<Arc<dyn Store>, Failure> {
    let schema: Schema = format!("of_{size}").parse()?;
    let pool = settings.pool(&cluster.url())?;
    schema.migrate(&pool).await?;
    let sql = POSTGRES.replace("{size}", &size.to_string()).replace("{begins}", &BEGINS.to_string());
    sqlx::raw_sql(AssertSqlSafe(sql.replace("{schema}", schema.name()))).execute(&pool).await?;
    for table in ["tips", "withdrawals", "entries", "balances"] {
        let vacuum = format!("VACUUM ANALYZE {}.{table}", schema.name());
        sqlx::raw_sql(AssertSqlSafe(vacuum)).execute(&pool).await?;
    }
    sqlx::raw_sql("CHECKPOINT").execute(&pool).await?;
    Ok(Arc::new(PostgresStore::with_pool(pool, schema).await?))
}

/// A list, and where its page begins: at the newest row, or in the middle of the hub's time.
#[derive(Clone, Copy, Debug)]
enum List {
    App,
    AppFromTheMiddle,
    AppInTheMiddleOfTime,
    OpenOfApp,
    ExpiredOfApp,
    User,
    Payer,
    Post,
    WithdrawalsOfApp,
    WithdrawalsInState,
    WithdrawalsOfUser,
    EntriesOfApp,
    EntriesOfUser,
}

impl List {
    const ALL: [Self; 13] = [
        Self::App,
        Self::AppFromTheMiddle,
        Self::AppInTheMiddleOfTime,
        Self::OpenOfApp,
        Self::ExpiredOfApp,
        Self::User,
        Self::Payer,
        Self::Post,
        Self::WithdrawalsOfApp,
        Self::WithdrawalsInState,
        Self::WithdrawalsOfUser,
        Self::EntriesOfApp,
        Self::EntriesOfUser,
    ];

    async fn page(self, administration: &Administration, size: u64) -> Result<usize, Failure> {
        let app = Some(app_id("app-0"));
        let of_app = TipFilter { app: app.clone(), ..TipFilter::default() };
        let somebody = user("user-7");
        let middle = BEGINS.saturating_add(size.saturating_mul(500));
        let middle_id = TipId::from_uuid(Uuid::from_u128(u128::from(middle) << 80));
        let (filter, before) = match self {
            Self::App => (of_app, None),
            Self::AppFromTheMiddle => (of_app, Some(middle_id)),
            Self::AppInTheMiddleOfTime => {
                let until = Some(Timestamp::from_millis(middle));
                (TipFilter { created: Span { from: None, until }, ..of_app }, None)
            }
            Self::OpenOfApp => (TipFilter { phase: Some(TipPhase::Open), ..of_app }, None),
            Self::ExpiredOfApp => {
                let state = TipState::NAMES.iter().map(|(name, _)| *name).find(|name| *name == "expired");
                // The app of which one in ten has expired.
                (TipFilter { state, app: Some(app_id("app-1")), ..of_app }, None)
            }
            Self::User => (TipFilter { user: Some(TipUser::Either(somebody)), ..of_app }, None),
            Self::Payer => (TipFilter { user: Some(TipUser::Payer(somebody)), ..of_app }, None),
            Self::Post => (TipFilter { post: Some(PostId::new("post-7")?), ..of_app }, None),
            Self::WithdrawalsOfApp | Self::WithdrawalsInState | Self::WithdrawalsOfUser => {
                let state = matches!(self, Self::WithdrawalsInState).then_some("pending");
                let user = matches!(self, Self::WithdrawalsOfUser).then_some(somebody);
                let filter = WithdrawalFilter { app, state, user, ..WithdrawalFilter::default() };
                return Ok(administration.withdrawals(&filter, None, PAGE).await?.rows.len());
            }
            Self::EntriesOfApp | Self::EntriesOfUser => {
                let user = matches!(self, Self::EntriesOfUser).then_some(somebody);
                let filter = EntryFilter { app, user, ..EntryFilter::default() };
                return Ok(administration.entries(&filter, None, PAGE).await?.rows.len());
            }
        };
        Ok(administration.tips(&filter, before, PAGE).await?.rows.len())
    }
}

async fn compare(name: &str, stores: [Arc<dyn Store>; 2]) -> Result<(), Failure> {
    let operator = || Operator { name: "nobody".to_owned(), origin: "an example".to_owned() };
    let sides = stores.map(|store| Administration::new(store, operator()));
    for list in List::ALL {
        let (mut ratios, mut figures) = (Vec::new(), Vec::new());
        for round in 0..=ROUNDS {
            let mut times = Vec::new();
            for (side, size) in sides.iter().zip(SIZES) {
                let began = Instant::now();
                for _ in 0..READS {
                    let rows = list.page(side, size).await?;
                    if rows != PAGE as usize {
                        return Err(format!("{list:?} of {size} has {rows} rows").into());
                    }
                }
                times.push(began.elapsed().as_secs_f64() / f64::from(READS) * 1e6);
            }
            let [few, many] = times[..] else { continue };
            // The first one warms up.
            if round > 0 {
                ratios.push(many / few);
                figures.push((few, many));
            }
        }
        let (few, many) = figures.into_iter().unzip();
        println!(
            "{name}\t{list:?}\t{:.0} µs\t{:.0} µs\tratio {:.2}",
            median(few),
            median(many),
            median(ratios)
        );
    }
    Ok(())
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}
