//! What the conformance suite cannot see: files, locks, groups, plans, invalid rows.

mod admission;
mod files;
mod groups;
mod plans;
mod rows;

use crate::admission::Boot;
use crate::{Settings, SqliteStore};
use fiber_link_core::{
    Amount, AppId, AssetId, Due, Entry, EntryKind, EntrySource, Op, PaymentHash, PostId, Timestamp, Tip,
    TipId, TipState, TipTerms, UserAccount, UserId, Version,
};
use pollster::block_on;
use rusqlite::Connection;
use std::time::Duration;
use tempfile::TempDir;
use uuid::Uuid;

const NOW: Timestamp = Timestamp::from_seconds(1_760_000_000);

struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    fn file(&self, name: &str) -> std::path::PathBuf {
        self.0.path().join(name)
    }

    fn database(&self) -> std::path::PathBuf {
        self.file("fiber-link.db")
    }

    fn open(&self) -> SqliteStore {
        SqliteStore::open_with(&self.database(), NOW, &impatient("this boot")).unwrap()
    }

    /// Somebody else's connection to the same file.
    fn connect(&self) -> Connection {
        Connection::open(self.database()).unwrap()
    }
}

/// Waits for no lock.
fn impatient(boot: &str) -> Settings {
    Settings { busy_timeout: Duration::ZERO, boot: Boot::Known(boot.to_owned()), ..Settings::current() }
}

fn tip_id(n: u64) -> TipId {
    TipId::from_uuid(Uuid::from_u128(u128::from(n)))
}

fn tip_in(n: u64, state: TipState) -> Tip {
    let mut hash = [0; 32];
    hash[..8].copy_from_slice(&n.to_be_bytes());
    let terms = TipTerms {
        app: AppId::new("forum").unwrap(),
        post: PostId::new("42").unwrap(),
        from_user: UserId::new("bob").unwrap(),
        to_user: UserId::new("alice").unwrap(),
        asset: AssetId::ckb(),
        amount: Amount::new(7),
        message: None,
    };
    Tip::restore(tip_id(n), terms, PaymentHash::new(hash), NOW, state)
}

fn create_tip(n: u64) -> Op {
    let due = Due { at: NOW, since: NOW, until: None };
    Op::CreateTip { tip: tip_in(n, TipState::Creating), due: Some(due) }
}

fn update_tip(n: u64, expected: Version, state: TipState) -> Op {
    Op::UpdateTip { next: tip_in(n, state), expected, due: None }
}

fn alice() -> UserAccount {
    let tip = tip_in(1, TipState::Creating);
    let TipTerms { app, to_user, asset, .. } = tip.terms().clone();
    UserAccount { app, user: to_user, asset }
}

fn credit(n: u64) -> Op {
    let (source, kind) = (EntrySource::Tip(tip_id(n)), EntryKind::TipSettled);
    Op::Post(Entry { source, kind, account: alice(), amount: Amount::new(7), at: NOW })
}

/// The whole chain of causes in one line.
fn causes(error: &dyn std::error::Error) -> String {
    std::iter::successors(Some(error), |error| error.source()).map(|e| format!("{e}; ")).collect()
}

#[test]
fn a_store_prints_its_path_and_nothing_else() {
    let folder = Folder::new();
    let printed = format!("{:?}", folder.open());
    assert_eq!(printed, format!("SqliteStore {{ path: Some({:?}), .. }}", folder.database()));
}

#[test]
fn a_clone_shares_the_store() {
    use fiber_link_core::{Store, TipLookup};
    let store = SqliteStore::in_memory().unwrap();
    block_on(store.clone().commit_ops(vec![create_tip(1)])).unwrap();
    assert!(block_on(store.find_tip(TipLookup::Id(tip_id(1)))).unwrap().is_some());
}
