//! Many units of work in one transaction.

use super::*;
use crate::error::backend;
use fiber_link_core::{CommitError, Existing, Gap, Store, StoreError, TakeDue, TipLookup};
use futures_util::FutureExt;
use futures_util::future::{join_all, join3};
use std::sync::Barrier;
use std::sync::mpsc::channel;

fn exists(store: &SqliteStore, n: u64) -> bool {
    block_on(store.find_tip(TipLookup::Id(tip_id(n)))).unwrap().is_some()
}

/// Runs `work` while the writer is held up, so that all that it asks shares a transaction.
async fn in_one_group<T>(store: &SqliteStore, work: impl Future<Output = T>) -> T {
    let (open, gate) = channel::<()>();
    let held = store.0.writer.read(move |_| {
        let _ = gate.recv();
        Ok(())
    });
    let (held, answers, ()) = join3(held, work, async { drop(open) }).await;
    held.unwrap();
    answers
}

async fn write(store: &SqliteStore, sql: &'static str) -> Result<(), CommitError> {
    let work = move |c: &Connection| c.execute_batch(sql).map_err(|error| backend(error).into());
    store.0.writer.write(work).await
}

#[test]
fn a_refused_unit_leaves_no_trace_and_does_not_disturb_its_group() {
    let store = SqliteStore::in_memory().unwrap();
    let units = [
        vec![create_tip(1), credit(1)],
        vec![create_tip(2), credit(1)],
        vec![create_tip(3), credit(3)],
        vec![create_tip(1)],
        vec![update_tip(3, Version::FIRST.next(), TipState::Abandoned { at: NOW })],
        vec![create_tip(4)],
    ];
    let commits = join_all(units.into_iter().map(|ops| store.commit_ops(ops)));
    let answers = block_on(in_one_group(&store, commits));

    let answers: Vec<_> = answers.into_iter().map(|answer| answer.map_err(|e| e.to_string())).collect();
    let exists_already = |what: Existing| Err(CommitError::AlreadyExists(what).to_string());
    let expected = [
        Ok(()),
        exists_already(Existing::Entry),
        Ok(()),
        exists_already(Existing::Tip),
        Err(CommitError::Conflict.to_string()),
        Ok(()),
    ];
    assert_eq!(answers, expected);
    assert_eq!([1, 2, 3, 4].map(|n| exists(&store, n)), [true, false, true, true]);
    assert_eq!(block_on(store.balance(&alice())).unwrap().available, Amount::new(14));
}

#[test]
fn after_a_failed_commit_no_outcome_of_its_group_is_known() {
    let store = SqliteStore::in_memory().unwrap();
    let deferred = "CREATE TEMP TABLE parent (id INTEGER PRIMARY KEY);
        CREATE TEMP TABLE child (id INTEGER REFERENCES parent (id) DEFERRABLE INITIALLY DEFERRED)";
    block_on(write(&store, deferred)).unwrap();

    let group = join3(
        join_all([vec![create_tip(1)], vec![create_tip(1)]].map(|ops| store.commit_ops(ops))),
        write(&store, "INSERT INTO child VALUES (1)"),
        store.commit_ops(vec![create_tip(2)]),
    );
    let (mut answers, child, last) = block_on(in_one_group(&store, group));
    answers.extend([child, last]);
    for answer in answers {
        let Err(CommitError::Store(error @ StoreError::Backend(_))) = answer else {
            panic!("{answer:?} is told as if it were known");
        };
        assert!(causes(&error).contains("FOREIGN KEY"), "{}", causes(&error));
    }
    assert!(!exists(&store, 1));
    block_on(store.commit_ops(vec![create_tip(1)])).unwrap();
}

#[test]
fn a_transaction_that_ends_early_fails_for_its_whole_group() {
    let store = SqliteStore::in_memory().unwrap();
    let group = join3(
        store.commit_ops(vec![create_tip(1)]),
        write(&store, "ROLLBACK"),
        store.commit_ops(vec![create_tip(2)]),
    );
    let (before, _, after) = block_on(in_one_group(&store, group));
    for lost in [before, after] {
        assert!(causes(&lost.unwrap_err()).contains("another unit's failure ended the transaction"));
    }
    assert_eq!([1, 2].map(|n| exists(&store, n)), [false, false]);
    block_on(store.commit_ops(vec![create_tip(1)])).unwrap();
}

#[test]
fn what_is_due_is_taken_once_by_a_group() {
    let store = SqliteStore::in_memory().unwrap();
    block_on(store.commit_ops((1..=5).map(create_tip).collect())).unwrap();
    let gap = Gap { divisor: 1, shortest: Duration::from_secs(1), longest: Duration::from_secs(9) };
    let take = TakeDue { now: NOW, limit: 3, gap };
    let taken = block_on(in_one_group(&store, join_all([take; 3].map(|take| store.take_due_tips(take)))));
    let ids: Vec<Vec<_>> =
        taken.into_iter().map(|t| t.unwrap().iter().map(|tip| tip.id()).collect()).collect();
    assert_eq!(ids, [vec![tip_id(1), tip_id(2), tip_id(3)], vec![tip_id(4), tip_id(5)], vec![]]);
}

#[test]
fn a_dropped_commit_is_applied() {
    let folder = Folder::new();
    let store = folder.open();
    assert!(store.commit_ops(vec![create_tip(1), credit(1)]).now_or_never().is_none_or(|done| done.is_ok()));
    drop(store);
    assert!(exists(&folder.open(), 1));
}

#[test]
fn a_full_queue_refuses_at_once() {
    let folder = Folder::new();
    let store = folder.open();
    let (open, gate) = channel::<()>();
    let mut held = Box::pin(store.0.writer.read(move |_| {
        let _ = gate.recv();
        Ok(())
    }));
    assert!((&mut held).now_or_never().is_none());
    let refused = (1..10_000).find_map(|n| match store.commit_ops(vec![create_tip(n)]).now_or_never() {
        Some(Err(error)) => Some(error),
        Some(Ok(())) | None => None,
    });
    assert!(causes(&refused.unwrap()).contains("overloaded"));
    drop(open);
    block_on(held).unwrap();
    drop(store);
    assert!(exists(&folder.open(), 1), "what was queued is done");
}

#[test]
fn a_locked_database_is_an_error_until_the_lock_is_gone() {
    let folder = Folder::new();
    let (store, other) = (folder.open(), folder.connect());
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let refused = block_on(store.commit_ops(vec![create_tip(1)])).unwrap_err();
    assert!(matches!(refused, CommitError::Store(StoreError::Backend(_))));
    assert!(causes(&refused).contains("locked"), "{}", causes(&refused));
    assert!(!exists(&store, 1), "readers need no lock");

    other.execute_batch("ROLLBACK").unwrap();
    block_on(store.commit_ops(vec![create_tip(1)])).unwrap();
    assert!(exists(&store, 1));
}

#[test]
fn a_full_disk_is_an_error_until_there_is_room() {
    let folder = Folder::new();
    let store = folder.open();
    let set_pages = |pages: u32| {
        let set = move |c: &Connection| {
            c.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(())).map_err(backend)
        };
        block_on(store.0.writer.read(set)).unwrap();
    };
    set_pages(1);
    let first_refused = (1..1000).find_map(|n| {
        let answer = block_on(store.commit_ops(vec![create_tip(n), credit(n)]));
        answer.err().map(|error| (n, error))
    });
    let (n, error) = first_refused.unwrap();
    assert!(matches!(error, CommitError::Store(StoreError::Backend(_))));
    assert!(causes(&error).contains("full"), "{}", causes(&error));
    assert!(!exists(&store, n));
    assert_eq!(block_on(store.balance(&alice())).unwrap().available, Amount::new(7 * (n - 1)));

    set_pages(1_000_000);
    block_on(store.commit_ops(vec![create_tip(n), credit(n)])).unwrap();
    assert!(exists(&store, n));
}

#[test]
fn a_write_ahead_log_starts_anew_as_soon_as_no_reader_is_in_its_way() {
    let folder = Folder::new();
    let settings = Settings { wal_bytes: 64 * 1024, ..impatient("this boot") };
    let store = SqliteStore::open_with(&folder.database(), NOW, &settings).unwrap();
    let other = folder.connect();
    let commit_until_check = |from: u64| {
        let tips = from..from + u64::from(crate::writer::WAL_CHECK);
        tips.for_each(|n| block_on(store.commit_ops(vec![create_tip(n)])).unwrap());
        block_on(store.0.writer.read(|_| Ok(()))).unwrap();
        folder.file("fiber-link.db-wal").metadata().unwrap().len()
    };
    other.execute_batch("BEGIN; SELECT count(*) FROM tips").unwrap();
    assert!(commit_until_check(1) > 64 * 1024, "the reader still needs it");
    other.execute_batch("COMMIT").unwrap();
    assert_eq!(commit_until_check(1_000), 0);
}

#[test]
fn two_handles_on_one_file_credit_once_from_four_threads() {
    let folder = Folder::new();
    let patient = Settings { busy_timeout: Duration::from_secs(30), ..impatient("this boot") };
    let stores = [(); 2].map(|()| SqliteStore::open_with(&folder.database(), NOW, &patient).unwrap());
    let start = Barrier::new(4);
    let credited: usize = std::thread::scope(|scope| {
        let threads = [0, 1, 2, 3].map(|thread: usize| {
            let (store, start) = (&stores[thread % 2], &start);
            scope.spawn(move || {
                start.wait();
                (1..=50).filter(|n| block_on(store.commit_ops(vec![credit(*n)])).is_ok()).count()
            })
        });
        threads.map(|thread| thread.join().unwrap()).into_iter().sum()
    });
    assert_eq!(credited, 50);
    let balances = stores.map(|store| block_on(store.balance(&alice())).unwrap().available);
    assert_eq!(balances, [Amount::new(7 * 50); 2]);
}
