//! A server that ends and comes back.

use super::*;
use fiber_link_core::testing::sample::{self, at, change_set};
use fiber_link_core::{Admission, AdmitError, Amount, CommitError, EntryQuery, EntrySource, Op, Store};
use fiber_link_postgres_cluster::Stop;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

fn unit(n: u64) -> fiber_link_core::ChangeSet {
    let tip = Op::CreateTip { tip: sample::tip(n), due: None };
    change_set([tip, Op::Post(sample::credit(n, 1)), Op::Emit(sample::event(n))])
}

/// Commits until it is told to stop; the numbers of the units that were answered.
async fn write(store: PostgresStore, first: u64, stop: Arc<AtomicBool>) -> Vec<u64> {
    let mut answered = Vec::new();
    let mut n = first;
    while !stop.load(Ordering::Relaxed) {
        match store.commit(unit(n)).await {
            Ok(()) => answered.push(n),
            Err(CommitError::Store(_)) => tokio::time::sleep(Duration::from_millis(5)).await,
            Err(error) => panic!("{error}"),
        }
        n += 1;
    }
    answered
}

async fn entries_of(store: &PostgresStore, n: u64) -> usize {
    store.entries(EntryQuery::Of(EntrySource::Tip(sample::tip_id(n)))).await.unwrap().len()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_recovers_when_its_server_does_and_keeps_what_was_answered() {
    let cluster = Cluster::start();
    let store = store_on(&cluster).await;
    for (round, how) in (1..).zip([Stop::Fast, Stop::Immediate]) {
        let stop = Arc::new(AtomicBool::new(false));
        let first = |writer: u64| round * 1_000_000 + writer * 100_000;
        let writers: Vec<_> =
            (0..8).map(|writer| tokio::spawn(write(store.clone(), first(writer), stop.clone()))).collect();
        tokio::time::sleep(Duration::from_millis(300)).await;
        cluster.stop(how);
        assert!(store.find_hub().await.is_err(), "nobody is there to answer");
        cluster.start_again();
        // The pool throws away the connections that are dead, each when it is tried.
        let mut tries = 0..50;
        while store.find_hub().await.is_err() {
            assert!(tries.next().is_some(), "the store does not recover");
        }
        tokio::time::sleep(Duration::from_millis(300)).await;
        stop.store(true, Ordering::Relaxed);

        let mut answered = 0;
        for writer in writers {
            for n in writer.await.unwrap() {
                assert_eq!(entries_of(&store, n).await, 1, "{n} after {how:?}");
                answered += 1;
            }
        }
        assert!(answered > 8, "{answered} answered");
        let half = "SELECT count(*) FROM {schema}.tips FULL JOIN {schema}.entries ON entries.source = tips.id
            FULL JOIN {schema}.events ON events.id = tips.id
            WHERE tips.id IS NULL OR entries.source IS NULL OR events.id IS NULL";
        assert_eq!(number(&store, half).await, 0, "a half commit after {how:?}");
        let entries = number(&store, "SELECT count(*) FROM {schema}.entries").await;
        let balance = store.balance(&sample::account("alice")).await.unwrap();
        assert_eq!(balance.available, Amount::new(u64::try_from(entries).unwrap()));
    }
}

/// Whether a request is let in that was signed at `signed`, now that it is `now`.
async fn admits(store: &PostgresStore, nonce: u8, signed: u64, now: u64) -> bool {
    let (signed_at, expires_at) = (at(signed), at(signed + 600));
    let admission = Admission { nonce: [nonce; 32], signed_at, expires_at, rate: None, now: at(now) };
    for _ in 0..50 {
        match store.admit(admission.clone()).await {
            Ok(_) => return true,
            Err(AdmitError::Replayed) => return false,
            // A connection that died with the server.
            Err(AdmitError::Store(_)) => {}
            Err(error) => panic!("{error}"),
        }
    }
    panic!("the store does not recover");
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_crash_of_the_server_what_was_signed_before_counts_as_replayed() {
    let cluster = Cluster::start();
    let store = store_on(&cluster).await;
    assert!(admits(&store, 1, 5, 10).await, "nothing can be replayed to a new store");

    cluster.stop(Stop::Fast);
    cluster.start_again();
    assert!(!admits(&store, 1, 5, 11).await, "nonces are remembered over an orderly end");
    assert!(admits(&store, 2, 5, 11).await);

    cluster.stop(Stop::Immediate);
    cluster.start_again();
    assert!(!admits(&store, 1, 5, 20).await);
    assert!(!admits(&store, 3, 19, 20).await, "nobody knows whether it was let in before");
    assert!(admits(&store, 4, 20, 21).await);
    assert!(!admits(&store, 4, 20, 22).await);
}

#[tokio::test]
async fn a_memory_that_a_clock_years_ahead_began_does_not_refuse_everybody() {
    let store = fresh_store().await;
    run(&store, "UPDATE {schema}.nonce_memory SET begins = 'J2470000 00:00+00'").await.unwrap();
    assert!(!admits(&store, 1, 9, 10).await);
    assert!(admits(&store, 2, 10, 11).await);
}

#[tokio::test]
async fn expired_nonces_are_cleared_away() {
    let store = fresh_store().await;
    for nonce in 0..20 {
        assert!(admits(&store, nonce, 0, 0).await);
    }
    for nonce in 100..110 {
        assert!(admits(&store, nonce, 1_000, 1_000).await);
    }
    assert_eq!(number(&store, "SELECT count(*) FROM {schema}.nonces").await, 10);
}
