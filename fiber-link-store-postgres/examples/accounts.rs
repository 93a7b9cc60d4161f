//! What a popular creator and a busy app cost, and how fast a balance with a long history is read.
//!
//! ```text
//! cargo run --release -p fiber-link-store-postgres --example accounts
//! ```
//! It brings its own Postgres, with the settings of that and every commit synced, and a node in the same
//! process. What is compared takes turns in short rounds; the middle one of the ratios counts.

use fiber_link_core::testing::{FakeNode, sample};
use fiber_link_core::{
    Amount, AppId, AssetId, FiberLink, Secret, Store, SystemClock, TipRequest, UserAccount,
};
use fiber_link_postgres_cluster::Cluster;
use fiber_link_store_postgres::{PoolSettings, PostgresStore, Schema};
use futures_util::future::try_join_all;
use sqlx::AssertSqlSafe;
use std::error::Error;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

type Failure = Box<dyn Error + Send + Sync>;

const CLIENTS: usize = 64;

const ROUNDS: usize = 9;

/// How long each side of a round is.
const ROUND: Duration = Duration::from_secs(3);

/// How many balances are read in a row.
const READS: u32 = 2_000;

/// Who is tipped, and in which app.
#[derive(Clone, Copy, Debug)]
enum Crowd {
    /// Each client tips a payee of its own in an app of its own.
    ManyApps,
    /// Each client tips a payee of its own in one app.
    ManyPayees,
    /// All clients tip one payee.
    OnePayee,
}

impl Crowd {
    fn of(self, client: usize) -> (String, String) {
        match self {
            Self::ManyApps => (format!("app-{client}"), format!("payee-{client}")),
            Self::ManyPayees => ("app".to_owned(), format!("payee-{client}")),
            Self::OnePayee => ("hot".to_owned(), "payee".to_owned()),
        }
    }
}

fn main() -> Result<(), Failure> {
    let cluster = Cluster::start_synced();
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(async {
        let mut settings = PoolSettings::default();
        // A million entries are not made in the usual one.
        settings.statement_timeout = Duration::from_secs(600);
        let (pool, schema) = (settings.pool(&cluster.url())?, Schema::default());
        schema.migrate(&pool).await?;
        let store = PostgresStore::with_pool(pool, schema).await?;
        tips(&store).await?;
        balances(&store).await
    })
}

async fn tips(store: &PostgresStore) -> Result<(), Failure> {
    let node = FakeNode::new(SystemClock);
    let link = FiberLink::builder(Arc::new(store.clone()), Arc::new(node.clone())).open().await?;
    for app in (0..CLIENTS).map(|client| Crowd::ManyApps.of(client).0).chain(["app".into(), "hot".into()]) {
        link.create_app(AppId::new(app.as_str())?, Secret::random()?).await?;
    }
    let (mut of_apps, mut of_payees) = (Vec::new(), Vec::new());
    for round in 0..=ROUNDS {
        let many_apps = rate(&link, &node, Crowd::ManyApps).await?;
        let many_payees = rate(&link, &node, Crowd::ManyPayees).await?;
        let one_payee = rate(&link, &node, Crowd::OnePayee).await?;
        println!(
            "round {round}: {CLIENTS} apps {many_apps:.0}/s, one app {many_payees:.0}/s, one payee {one_payee:.0}/s"
        );
        // The first one warms up.
        if round > 0 {
            of_apps.push(many_payees / many_apps);
            of_payees.push(one_payee / many_payees);
        }
    }
    println!("one payee against {CLIENTS} payees\tratio {:.2}", median(of_payees));
    println!("one app against {CLIENTS} apps\tratio {:.2}", median(of_apps));
    Ok(())
}

/// How many tips a second were made, paid and credited.
async fn rate(link: &FiberLink, node: &FakeNode, crowd: Crowd) -> Result<f64, Failure> {
    let began = Instant::now();
    let clients = (0..CLIENTS).map(|client| {
        let (link, node) = (link.clone(), node.clone());
        tokio::spawn(async move {
            let (app, payee) = crowd.of(client);
            let mut settled = 0_usize;
            while began.elapsed() < ROUND {
                let request = TipRequest {
                    post: "42".parse()?,
                    from_user: format!("reader-{client}").parse()?,
                    to_user: payee.parse()?,
                    asset: AssetId::ckb(),
                    amount: Amount::new(150_000_000),
                    message: None,
                    anonymous: false,
                    idempotency_key: None,
                };
                let tip = link.create_tip(&AppId::new(app.as_str())?, request).await?;
                node.pay_invoice(tip.payment_hash());
                link.hint(tip.payment_hash());
                // It takes one that was hinted at, whoever did.
                settled = settled.saturating_add(link.settle_due(1).await?.settled);
            }
            Ok::<_, Failure>(settled)
        })
    });
    let settled = try_join_all(clients).await?.into_iter().sum::<Result<usize, _>>()?;
    Ok(settled as f64 / began.elapsed().as_secs_f64())
}

/// Balances of accounts with a thousand entries and with a million.
async fn balances(store: &PostgresStore) -> Result<(), Failure> {
    let accounts = [("few", 1_000_u32), ("many", 1_000_000)];
    for (name, entries) in accounts {
        let fill = format!(
            "INSERT INTO {schema}.entries
                (source_kind, source, kind, app, \"user\", asset, amount, from_account, to_account, at)
            SELECT 'tip', gen_random_uuid(), 'tip_settled', 'forum', '{name}', 'CKB', 1, 'fiber', 'available', now()
            FROM generate_series(1, {entries});
            INSERT INTO {schema}.balances VALUES ('forum', '{name}', 'CKB', {entries}, 0)",
            schema = store.schema()
        );
        sqlx::raw_sql(AssertSqlSafe(fill)).execute(store.pool()).await?;
    }
    let vacuum = format!("VACUUM ANALYZE {0}.entries, {0}.balances; CHECKPOINT", store.schema());
    for statement in vacuum.split("; ") {
        sqlx::raw_sql(AssertSqlSafe(statement.to_owned())).execute(store.pool()).await?;
    }
    let mut ratios = Vec::new();
    for round in 0..=ROUNDS {
        let mut times = Vec::new();
        for (name, entries) in accounts {
            let account = UserAccount { ..sample::account(name) };
            let began = Instant::now();
            for _ in 0..READS {
                let balance = store.balance(&account).await?;
                if balance.available != Amount::new(entries.into()) {
                    return Err(format!("{name}: {balance:?}").into());
                }
            }
            times.push(began.elapsed().as_secs_f64() / f64::from(READS) * 1e6);
        }
        let [few, many] = times[..] else { continue };
        println!("round {round}: 1 000 entries {few:.0} µs, 1 000 000 entries {many:.0} µs");
        if round > 0 {
            ratios.push(many / few);
        }
    }
    println!("balance with 1 000 000 entries against 1 000\tratio {:.2}", median(ratios));
    Ok(())
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}
