//! Processes of the database that were stopped where they stood, and answer nothing any more.

use super::*;
use fiber_link_core::testing::sample::{self, at, change_set};
use fiber_link_core::{Admission, ChangeSet, CommitError, NodeKey, Op, Store, Tip, TipState, TipTerms};
use futures_util::future::join_all;
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};

/// A statement may take 6 s, and its answer 2 s more; the rest is for a machine that has other work.
const BOUND: Duration = Duration::from_secs(30);

async fn impatient_store(cluster: &Cluster, connections: u32) -> PostgresStore {
    let statement_timeout = Duration::from_secs(6);
    let settings = PoolSettings { connections, statement_timeout, ..PoolSettings::default() };
    let (pool, schema) = (settings.pool(&cluster.url()).unwrap(), Schema::default());
    schema.migrate(&pool).await.unwrap();
    PostgresStore::with_pool(pool, schema).await.unwrap()
}

/// A tip, over which `odd` ones linger.
fn create(n: u64, odd: bool) -> Op {
    let from_user = sample::user(if odd { "odd" } else { "bob" });
    let terms = TipTerms { from_user, ..sample::tip_terms() };
    let tip: Tip = sample::tip_with(n, terms, TipState::Creating);
    Op::CreateTip { tip, due: None }
}

fn admission(nonce: u8) -> Admission {
    Admission { nonce: [nonce; 32], signed_at: at(0), expires_at: at(600), rate: None, now: at(0) }
}

/// Has what touches an odd row take its time, so that its process is met at work.
async fn linger(store: &PostgresStore) {
    let sql = "CREATE FUNCTION {schema}.linger() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN PERFORM pg_sleep(60); RETURN NEW; END $$;
        CREATE TRIGGER linger BEFORE INSERT ON {schema}.tips FOR EACH ROW
            WHEN (NEW.from_user = 'odd') EXECUTE FUNCTION {schema}.linger();
        CREATE TRIGGER linger BEFORE INSERT ON {schema}.nonces FOR EACH ROW
            WHEN (get_byte(NEW.nonce, 0) >= 254) EXECUTE FUNCTION {schema}.linger()";
    run(store, sql).await.unwrap();
}

/// The processes that linger, once there are so many of them.
async fn lingering(pool: &PgPool, count: usize) -> Vec<i64> {
    let lingering =
        "SELECT pid::bigint FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND state = 'active'";
    for _ in 0..1_000 {
        let found: Vec<i64> = sqlx::query_scalar(lingering).fetch_all(pool).await.unwrap();
        if found.len() == count {
            return found;
        }
        sleep(Duration::from_millis(2)).await;
    }
    panic!("not {count} processes at work");
}

fn committing(store: &PostgresStore, changes: ChangeSet) -> JoinHandle<Result<(), CommitError>> {
    let store = store.clone();
    tokio::spawn(async move { store.commit(changes).await })
}

#[tokio::test(flavor = "multi_thread")]
async fn processes_that_answer_nothing_hold_no_lane_for_good() {
    let cluster = Cluster::start();
    let store = impatient_store(&cluster, 16).await;
    store.commit(change_set([Op::CreateHub(sample::hub())])).await.unwrap();
    linger(&store).await;
    let look = PgPool::connect(&cluster.url()).await.unwrap();

    let mut commits = Vec::new();
    // One after the other, so that each has a lane of its own: two of tips, one of settlements; and
    // one commit that never shares.
    for (n, also) in [
        (1, None),
        (2, None),
        (3, Some(Op::Emit(sample::event(3)))),
        (4, Some(Op::AcceptNode { node: NodeKey::new([2; 33]), since: at(1) })),
    ] {
        commits.push(committing(&store, change_set([create(n, true)].into_iter().chain(also))));
        lingering(&look, commits.len()).await;
    }
    let mut admissions = Vec::new();
    for nonce in [254, 255] {
        let store = store.clone();
        admissions.push(tokio::spawn(async move { store.admit(admission(nonce)).await }));
        lingering(&look, commits.len() + admissions.len()).await;
    }
    let found = lingering(&look, 6).await;
    let paused: Vec<_> = found.into_iter().map(|process| cluster.pause(process)).collect();

    let others = async {
        store.commit(change_set([create(11, false)])).await.unwrap();
        store.commit(change_set([create(12, false), Op::Emit(sample::event(12))])).await.unwrap();
        store.commit(change_set([Op::CreateDocument(sample::app("wiki").to_document())])).await.unwrap();
        store.admit(admission(1)).await.unwrap();
    };
    timeout(BOUND, others).await.expect("commits and requests that are not held up for good");

    for told in join_all(commits).await {
        let told = causes(&told.unwrap().unwrap_err());
        assert!(told.contains("gives no answer"), "{told}");
    }
    for told in join_all(admissions).await {
        let told = causes(&told.unwrap().unwrap_err());
        assert!(told.contains("gives no answer"), "{told}");
    }
    drop(paused);
}

#[tokio::test(flavor = "multi_thread")]
async fn processes_that_answer_nothing_are_no_connections_of_the_pool_any_more() {
    const CONNECTIONS: u32 = 4;
    let cluster = Cluster::start();
    let store = impatient_store(&cluster, CONNECTIONS).await;
    let all = join_all((0..CONNECTIONS).map(|_| store.pool().acquire())).await;
    drop(all.into_iter().collect::<Result<Vec<_>, _>>().unwrap());
    let others = "SELECT pid::bigint FROM pg_stat_activity WHERE application_name = 'fiber-link'
        AND pid <> pg_backend_pid()";
    let look = PgPool::connect(&cluster.url()).await.unwrap();
    let found: Vec<i64> = sqlx::query_scalar(others).fetch_all(&look).await.unwrap();
    assert_eq!(found.len(), 4);
    let paused: Vec<_> = found.into_iter().map(|process| cluster.pause(process)).collect();

    // Who asked goes away before there is an answer, and leaves the connection behind.
    let began = Instant::now();
    let ask = || timeout(Duration::from_millis(500), store.find_hub());
    let asked = join_all((0..CONNECTIONS).map(|_| ask())).await;
    assert!(asked.iter().all(Result::is_err), "{asked:?}");
    while store.find_hub().await.is_err() {
        assert!(began.elapsed() < BOUND * 2, "the pool is full of connections that give no answer");
    }
    drop(paused);
}
