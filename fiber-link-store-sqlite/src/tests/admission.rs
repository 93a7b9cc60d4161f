//! What the memory of nonces survives.

use super::*;
use fiber_link_core::{Admission, AdmitError, Store};

fn at(seconds: u64) -> Timestamp {
    NOW.plus(Duration::from_secs(seconds))
}

fn open(folder: &Folder, boot: Boot, now: Timestamp) -> SqliteStore {
    let settings = Settings { boot, ..Settings::current() };
    SqliteStore::open_with(&folder.database(), now, &settings).unwrap()
}

fn boot(id: &str) -> Boot {
    Boot::Known(id.to_owned())
}

/// Whether a request is let in that was signed at `signed_at`.
fn admits(store: &SqliteStore, nonce: u8, signed_at: Timestamp) -> bool {
    let expires_at = signed_at.plus(Duration::from_secs(600));
    let admission = Admission { nonce: [nonce; 32], signed_at, expires_at, rate: None, now: at(0) };
    match block_on(store.admit(admission)) {
        Ok(_) => true,
        Err(AdmitError::Replayed) => false,
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn nonces_are_remembered_over_the_end_of_the_process() {
    let folder = Folder::new();
    assert!(admits(&open(&folder, boot("a"), at(10)), 1, at(5)), "nothing can be replayed to a new store");
    let store = open(&folder, boot("a"), at(20));
    assert!(!admits(&store, 1, at(5)));
    assert!(admits(&store, 2, at(5)));
}

#[test]
fn after_a_new_boot_what_was_signed_before_counts_as_replayed() {
    let folder = Folder::new();
    assert!(admits(&open(&folder, boot("a"), at(10)), 1, at(5)));
    let store = open(&folder, boot("b"), at(30));
    assert!(!admits(&store, 2, at(29)));
    assert!(admits(&store, 3, at(30)));
    drop(store);
    let store = open(&folder, boot("b"), at(40));
    assert!(!admits(&store, 2, at(29)));
    assert!(!admits(&store, 3, at(30)));
    assert!(admits(&store, 4, at(35)), "the memory goes back to the first start after the boot");
}

#[test]
fn a_clock_that_was_set_back_does_not_set_the_memory_back() {
    let folder = Folder::new();
    drop(open(&folder, boot("a"), at(10)));
    drop(open(&folder, boot("b"), at(30)));
    let store = open(&folder, boot("c"), at(20));
    assert!(!admits(&store, 1, at(29)));
    assert!(admits(&store, 2, at(30)));
}

#[test]
fn a_start_under_a_clock_that_was_years_ahead_does_not_refuse_requests_for_years() {
    let (folder, years) = (Folder::new(), 10 * 365 * 24 * 3600);
    drop(open(&folder, boot("a"), at(10)));
    drop(open(&folder, boot("b"), at(years)));
    let store = open(&folder, boot("b"), at(30));
    assert!(!admits(&store, 1, at(29)));
    assert!(admits(&store, 2, at(30)));
    drop(store);
    drop(open(&folder, boot("c"), at(years)));
    assert!(admits(&open(&folder, boot("d"), at(40)), 3, at(40)));
}

#[test]
fn where_nobody_knows_the_boot_each_start_is_a_new_one() {
    let folder = Folder::new();
    drop(open(&folder, Boot::Unknown, at(10)));
    assert!(!admits(&open(&folder, Boot::Unknown, at(20)), 1, at(15)));
    assert!(!admits(&open(&folder, Boot::Unknown, at(30)), 1, at(25)));
}

#[test]
fn a_lost_nonce_file_begins_a_new_memory() {
    let folder = Folder::new();
    assert!(admits(&open(&folder, boot("a"), at(10)), 1, at(5)));
    std::fs::remove_file(folder.file("fiber-link.db-nonces")).unwrap();
    let store = open(&folder, boot("a"), at(20));
    assert!(!admits(&store, 1, at(5)));
    assert!(admits(&store, 2, at(20)));
}

#[test]
fn expired_nonces_are_cleared_away() {
    let folder = Folder::new();
    let store = open(&folder, boot("a"), at(0));
    for nonce in 0..20 {
        assert!(admits(&store, nonce, at(0)));
    }
    for nonce in 100..110 {
        let now = at(1000);
        let admission =
            Admission { nonce: [nonce; 32], signed_at: now, expires_at: at(1600), rate: None, now };
        block_on(store.admit(admission)).unwrap();
    }
    let nonces = Connection::open(folder.file("fiber-link.db-nonces")).unwrap();
    let left: u32 = nonces.query_row("SELECT count(*) FROM nonces", [], |row| row.get(0)).unwrap();
    assert_eq!(left, 10);
}

#[test]
fn this_machine_knows_its_boot() {
    assert_eq!(Boot::current(), Boot::current());
    #[cfg(target_os = "linux")]
    assert_ne!(Boot::current(), Boot::Unknown);
}
