//! How much of a pool a settlement pass takes.

use super::*;
use fiber_link_core::testing::sample::{forum, user};
use fiber_link_core::testing::{FakeNode, ManualClock};
use fiber_link_core::{Amount, AssetId, CONCURRENT_COMMITS, FiberLink, Store, TipRequest};
use futures_util::{StreamExt, stream};
use std::sync::Arc;
use std::time::Duration;

const TIPS: usize = 200;
const PATIENCE: Duration = Duration::from_secs(120);

fn tip() -> TipRequest {
    TipRequest {
        post: "42".parse().unwrap(),
        from_user: user("bob"),
        to_user: user("alice"),
        asset: AssetId::ckb(),
        amount: Amount::new(1),
        message: None,
        anonymous: false,
        idempotency_key: None,
    }
}

async fn open(store: &PostgresStore, node: &Arc<FakeNode>, clock: &ManualClock) -> FiberLink {
    let store: Arc<dyn Store> = Arc::new(store.clone());
    FiberLink::builder(store, node.clone()).clock(Arc::new(clock.clone())).open().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pass_commits_side_by_side_on_a_bounded_number_of_connections() {
    let (store, clock) = (fresh_store().await, ManualClock::default());
    let node = Arc::new(FakeNode::new(clock.clone()));
    let link = open(&store, &node, &clock).await;
    let app = forum();
    let tips = stream::iter(0..TIPS).map(|_| link.create_tip(&app, tip())).buffer_unordered(64);
    let tips: Vec<_> = tips.map(Result::unwrap).collect().await;
    tips.iter().for_each(|tip| node.pay_invoice(tip.payment_hash()));
    clock.advance(Duration::from_secs(60));
    assert_eq!(link.settle_due(1).await.unwrap().settled, 1);

    // All the others are credited to the same account, whose balance is held meanwhile.
    let mut holder = store.pool().begin().await.unwrap();
    let at_rest = "SET LOCAL idle_in_transaction_session_timeout = 0";
    sqlx::raw_sql(at_rest).execute(&mut *holder).await.unwrap();
    let hold = AssertSqlSafe(store.schema().render("SELECT 1 FROM {schema}.balances FOR UPDATE"));
    sqlx::query(hold).fetch_one(&mut *holder).await.unwrap();
    let settings = PoolSettings {
        connections: 100,
        statement_timeout: PATIENCE,
        lock_timeout: PATIENCE,
        ..PoolSettings::default()
    };
    let pool = settings.pool(fiber_link_postgres_cluster::shared_url()).unwrap();
    let roomy = PostgresStore::with_pool(pool, store.schema().clone()).await.unwrap();
    let link = open(&roomy, &node, &clock).await;
    let pass = tokio::spawn(async move { link.settle_due(1_000).await });

    // What a process waits for is written down all the time, and what it does not: now and then it
    // looks for a deadlock.
    let waiting = "SELECT count(DISTINCT pid) FROM pg_locks JOIN pg_stat_activity USING (pid)
        WHERE NOT granted AND query LIKE '%{schema}.commit_ops%'";
    let most = i64::try_from(CONCURRENT_COMMITS).unwrap();
    while number(&store, waiting).await < most {
        assert!(!pass.is_finished(), "it waits for fewer commits at a time");
    }
    for _ in 0..100 {
        assert_eq!(number(&store, waiting).await, most);
    }
    holder.rollback().await.unwrap();
    assert_eq!(pass.await.unwrap().unwrap().settled, TIPS - 1);
}
