//! What servers tell each other.

use super::*;
use fiber_link_core::testing::sample::{self, app_id, at, change_set, tip_terms};
use fiber_link_core::{AppId, Event, Op, Store, Tip, TipState, TipTerms};
use futures_util::{FutureExt, StreamExt};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout};

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(60);

fn tip(n: u64, app: &str, settled: bool) -> Op {
    let open = sample::tip_with(n, TipTerms { app: app_id(app), ..tip_terms() }, TipState::Creating);
    let settled_tip =
        |tip: &Tip| sample::tip_in(tip, TipState::Settled { invoice: sample::invoice_of(tip), at: at(n) });
    Op::CreateTip { tip: if settled { settled_tip(&open) } else { open }, due: None }
}

/// The next app that is heard of.
async fn next(ear: &mut mpsc::UnboundedReceiver<AppId>) -> AppId {
    timeout(PATIENCE, ear.recv()).await.expect("something to be heard").unwrap()
}

/// What is heard on a connection to the schema of `store`, from the moment it listens.
async fn ear(store: &PostgresStore) -> mpsc::UnboundedReceiver<AppId> {
    let (heard, ear) = mpsc::unbounded_channel();
    let mut news = store.news();
    tokio::spawn(async move {
        while let Some(app) = news.next().await {
            if heard.send(app).is_err() {
                return;
            }
        }
    });
    listener(store, 0).await;
    ear
}

/// The process of the connection that listens, once there is one that is not `before`.
async fn listener(store: &PostgresStore, before: i64) -> i64 {
    let sql = format!(
        "SELECT coalesce(max(pid), 0)::bigint FROM pg_stat_activity WHERE state = 'idle'
            AND query = 'LISTEN {{schema}}' AND pid <> {before}"
    );
    let look = async {
        loop {
            match number(store, &sql).await {
                0 => tokio::time::sleep(Duration::from_millis(5)).await,
                found => return found,
            }
        }
    };
    timeout(PATIENCE, look).await.expect("a connection that listens")
}

#[tokio::test]
async fn others_hear_of_settled_tips_and_of_events_and_of_nothing_else() {
    let store = fresh_store().await;
    let other = PostgresStore::with_pool(pool(), store.schema().clone()).await.unwrap();
    let mut ear = ear(&other).await;
    store.commit(change_set([tip(1, "wiki", false)])).await.unwrap();
    let emitted = Event { app: app_id("shop"), ..sample::event(1) };
    store.commit(change_set([Op::Emit(emitted)])).await.unwrap();
    assert_eq!(next(&mut ear).await, app_id("shop"));
    store.commit(change_set([tip(2, "forum", true)])).await.unwrap();
    assert_eq!(next(&mut ear).await, app_id("forum"));
    store.commit(change_set([tip(3, "wiki", true), tip(4, "blog", true)])).await.unwrap();
    assert_eq!([next(&mut ear).await, next(&mut ear).await], ["blog", "wiki"].map(app_id));
}

#[tokio::test]
async fn many_settled_tips_are_few_news_and_the_last_one_is_heard_of() {
    let store = fresh_store().await;
    let mut ear = ear(&store).await;
    let began = Instant::now();
    for n in 0..200 {
        store.commit(change_set([tip(n, "forum", true)])).await.unwrap();
    }
    store.commit(change_set([tip(200, "last", true)])).await.unwrap();
    let mut news = 0;
    while next(&mut ear).await != app_id("last") {
        news += 1;
    }
    let most = began.elapsed().as_millis() / 50 + 2;
    assert!((1..=most).contains(&news), "{news} of at most {most}");
}

#[tokio::test]
async fn a_listener_that_was_cut_off_listens_again() {
    let store = fresh_store().await;
    let mut ear = ear(&store).await;
    let cut_off = listener(&store, 0).await;
    assert_eq!(number(&store, &format!("SELECT pg_terminate_backend({cut_off})::int::bigint")).await, 1);
    listener(&store, cut_off).await;
    store.commit(change_set([tip(1, "forum", true)])).await.unwrap();
    assert_eq!(next(&mut ear).await, app_id("forum"));
}

#[tokio::test]
async fn what_is_no_app_is_passed_over() {
    let store = fresh_store().await;
    let mut ear = ear(&store).await;
    let channel = store.schema().name();
    run(&store, &format!("NOTIFY \"{channel}\"; NOTIFY \"{channel}\", 'a\tb'")).await.unwrap();
    store.commit(change_set([tip(1, "forum", true)])).await.unwrap();
    assert_eq!(next(&mut ear).await, app_id("forum"));
}

#[tokio::test]
async fn others_hear_of_what_is_settled_for_somebody_who_went_away() {
    let store = fresh_store().await;
    let mut ear = ear(&store).await;
    let gone = store.commit(change_set([tip(1, "forum", true)])).now_or_never();
    assert!(gone.is_none(), "the caller waits for the answer");
    assert_eq!(next(&mut ear).await, app_id("forum"));
    let alone = [tip(2, "wiki", true), Op::CreateDocument(sample::app("wiki").to_document())];
    assert!(store.commit(change_set(alone)).now_or_never().is_none());
    assert_eq!(next(&mut ear).await, app_id("wiki"));
}

/// Passes on what goes between a store and `server`, except the first request to listen.
async fn swallow_first_listen(address: UnixListener, server: String) {
    let swallowed = Arc::new(AtomicU32::new(0));
    while let Ok((client, _)) = address.accept().await {
        let (server, swallowed) = (UnixStream::connect(&server).await.unwrap(), swallowed.clone());
        let ((mut from_client, mut to_client), (mut from_server, mut to_server)) =
            (client.into_split(), server.into_split());
        tokio::spawn(async move { copy(&mut from_server, &mut to_client).await });
        tokio::spawn(async move {
            let mut buffer = vec![0; 65_536];
            while let Ok(length @ 1..) = from_client.read(&mut buffer).await {
                // A message is its kind, its length and its text.
                let listen = buffer[..length].get(5..).is_some_and(|text| text.starts_with(b"LISTEN"));
                if listen && swallowed.fetch_add(1, Ordering::Relaxed) == 0 {
                    std::future::pending::<()>().await;
                }
                to_server.write_all(&buffer[..length]).await.unwrap();
            }
        });
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listener_that_gets_no_answer_is_given_up_for_another() {
    let cluster = Cluster::start();
    let url = cluster.url();
    let (url, folder) = url.split_once("host=").unwrap();
    let proxy = Path::new(folder).join("proxy");
    std::fs::create_dir(&proxy).unwrap();
    let address = UnixListener::bind(proxy.join(".s.PGSQL.5432")).unwrap();
    tokio::spawn(swallow_first_listen(address, format!("{folder}/.s.PGSQL.5432")));
    let pool = PoolSettings::default().pool(&format!("{url}host={}", proxy.display())).unwrap();
    Schema::default().migrate(&pool).await.unwrap();
    let store = PostgresStore::with_pool(pool, Schema::default()).await.unwrap();
    let mut ear = ear(&store).await;
    store.commit(change_set([tip(1, "forum", true)])).await.unwrap();
    assert_eq!(next(&mut ear).await, app_id("forum"));
}
