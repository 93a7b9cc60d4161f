//! The suite that every store passes, in memory and on disk, and threads that share a file.
#![allow(clippy::unwrap_used, reason = "a test that meets the unexpected stops there")]

use fiber_link_core::testing::sample::{self, START, change_set};
use fiber_link_core::{Due, EventQuery, Gap, Op, Store, TakeDue, TipId};
use fiber_link_store_sqlite::SqliteStore;
use pollster::block_on;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Barrier;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use tempfile::TempDir;

thread_local! {
    /// Lives as long as the thread of a test, and so longer than its stores.
    static FOLDER: TempDir = TempDir::new().unwrap();
}

fn fresh_path() -> PathBuf {
    static FILES: AtomicU32 = AtomicU32::new(0);
    let file = FILES.fetch_add(1, Ordering::Relaxed);
    FOLDER.with(|folder| folder.path().join(format!("{file}.db")))
}

mod in_memory {
    use super::*;

    fiber_link_core::store_conformance! { test = pollster::test, store = SqliteStore::in_memory().unwrap() }
}

mod on_disk {
    use super::*;

    fiber_link_core::store_conformance! {
        test = pollster::test, store = SqliteStore::open(fresh_path(), START).unwrap()
    }
}

mod races {
    use super::*;

    fiber_link_core::store_races! {
        test = pollster::test, store = SqliteStore::open(fresh_path(), START).unwrap()
    }
}

/// Runs `work` in four threads at once that share two handles on one file.
fn in_four_threads<T: Send>(
    [one, other]: &[SqliteStore; 2],
    work: impl Fn(&SqliteStore, u64) -> T + Sync,
) -> Vec<T> {
    let (start, work) = (&Barrier::new(4), &work);
    std::thread::scope(|scope| {
        let threads = [(one, 0), (other, 1), (one, 2), (other, 3)].map(|(store, thread)| {
            scope.spawn(move || {
                start.wait();
                work(store, thread)
            })
        });
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}

fn two_handles() -> [SqliteStore; 2] {
    let path = fresh_path();
    [(); 2].map(|()| SqliteStore::open(&path, START).unwrap())
}

#[test]
fn threads_with_two_handles_reserve_no_more_than_there_is() {
    let stores = two_handles();
    block_on(stores[0].commit(change_set([Op::Post(sample::credit(1, 50))]))).unwrap();
    let accepted = in_four_threads(&stores, |store, thread| {
        let requests = (1..=16).map(|n| {
            let reservation = Op::Post(sample::reservation(100 * thread + n, 10));
            block_on(store.commit(change_set([reservation])))
        });
        requests.filter(Result::is_ok).count()
    });
    assert_eq!(accepted.into_iter().sum::<usize>(), 5);
    for store in &stores {
        let balance = block_on(store.balance(&sample::account("alice"))).unwrap();
        assert_eq!((balance.available.units(), balance.reserved.units()), (0, 50));
    }
}

#[test]
fn threads_with_two_handles_credit_once_and_number_events_without_gaps() {
    let stores = two_handles();
    let credited = in_four_threads(&stores, |store, _| {
        let commits = (1..=40).map(|n| {
            block_on(store.commit(change_set([Op::Post(sample::credit(n, 1)), Op::Emit(sample::event(n))])))
        });
        commits.filter(Result::is_ok).count()
    });
    assert_eq!(credited.into_iter().sum::<usize>(), 40);
    for store in &stores {
        let events =
            block_on(store.events(EventQuery { app: sample::forum(), after: 0, limit: 1000 })).unwrap();
        assert_eq!(events.iter().map(|event| event.number).collect::<Vec<_>>(), (1..=40).collect::<Vec<_>>());
        let balance = block_on(store.balance(&sample::account("alice"))).unwrap();
        assert_eq!(balance.available.units(), 40);
    }
}

#[test]
fn threads_with_two_handles_take_different_tips() {
    let stores = two_handles();
    let due = Some(Due { at: START, since: START });
    let tips = (1..=100).map(|n| Op::CreateTip { tip: sample::tip(n), due });
    block_on(stores[0].commit(change_set(tips))).unwrap();
    let minute = Duration::from_secs(60);
    let take = TakeDue { now: START, limit: 7, gap: Gap { divisor: 1, shortest: minute, longest: minute } };
    let taken = in_four_threads(&stores, |store, _| {
        let takes = (0..20).flat_map(|_| block_on(store.take_due_tips(take)).unwrap());
        takes.map(|tip| tip.id()).collect::<Vec<TipId>>()
    });
    assert_eq!(taken.iter().map(Vec::len).sum::<usize>(), 100);
    assert_eq!(taken.into_iter().flatten().collect::<BTreeSet<_>>().len(), 100);
}
