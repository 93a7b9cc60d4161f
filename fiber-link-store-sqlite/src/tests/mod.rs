//! What the conformance suite cannot see: files, locks, groups, plans, invalid rows.

mod admission;
mod files;
mod groups;
mod plans;
mod rows;

use crate::admission::Boot;
use crate::{Settings, SqliteStore};
use fiber_link_core::{
    Amount, AppId, AssetId, Due, Entry, EntryKind, EntryQuery, EntrySource, Gap, IdempotencyKey,
    IdempotencyRecord, IdempotencyScope, IdempotencySubject, IdempotentMethod, Invoice, MAX_ROWS, Op,
    ParamsDigest, PaymentHash, PostId, SettledPosition, SettledQuery, Store, TakeDue, Timestamp, Tip, TipId,
    TipLookup, TipState, TipTerms, UserAccount, UserId, Version,
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
        anonymous: false,
    };
    Tip::restore(tip_id(n), terms, PaymentHash::new(hash), NOW, state)
}

fn create_tip(n: u64) -> Op {
    let due = Due { at: NOW, since: NOW };
    Op::CreateTip { tip: tip_in(n, TipState::Creating), due: Some(due) }
}

fn invoice(n: u64) -> Invoice {
    let tip = tip_in(n, TipState::Creating);
    let (payment_hash, terms) = (tip.payment_hash(), tip.terms());
    let encoded = format!("fibd{n}");
    Invoice { encoded, payment_hash, asset: terms.asset.clone(), amount: terms.amount, expires_at: NOW }
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
fn no_list_is_longer_than_it_may_be() {
    let store = SqliteStore::in_memory().unwrap();
    let many = u64::from(MAX_ROWS) + 1;
    block_on(store.commit_ops((1..=many).flat_map(|n| [create_tip(n), credit(n)]).collect())).unwrap();
    let entries = block_on(store.entries(EntryQuery::All { after: 0, limit: u32::MAX })).unwrap();
    let gap = Gap { divisor: 1, shortest: Duration::from_secs(60), longest: Duration::from_secs(60) };
    let due = block_on(store.take_due_tips(TakeDue { now: NOW, limit: u32::MAX, gap })).unwrap();
    assert_eq!([entries.len(), due.len()], [1000, 1000]);
}

#[test]
fn a_tip_keeps_its_place_among_the_settled() {
    let store = SqliteStore::in_memory().unwrap();
    let settled = |n| TipState::Settled { invoice: invoice(n), at: NOW };
    block_on(store.commit_ops(vec![create_tip(1), create_tip(2)])).unwrap();
    block_on(store.commit_ops(vec![update_tip(1, Version::FIRST, settled(1))])).unwrap();
    block_on(store.commit_ops(vec![update_tip(2, Version::FIRST, settled(2))])).unwrap();
    block_on(store.commit_ops(vec![update_tip(1, Version::FIRST.next(), settled(1))])).unwrap();
    let query = SettledQuery { app: alice().app, after: SettledPosition::Start, limit: 9 };
    let ids: Vec<_> = block_on(store.settled_tips(query)).unwrap().iter().map(|tip| tip.id()).collect();
    assert_eq!(ids, [tip_id(1), tip_id(2)]);
}

#[test]
fn forgotten_idempotency_keys_are_cleared_away() {
    let folder = Folder::new();
    let store = folder.open();
    let remember = |n: u64, now: Timestamp| {
        let record = IdempotencyRecord {
            scope: IdempotencyScope {
                app: alice().app,
                method: IdempotentMethod::TipCreate,
                key: IdempotencyKey::new(n.to_string()).unwrap(),
            },
            digest: ParamsDigest::of([]),
            subject: IdempotencySubject::Tip(tip_id(n)),
            expires_at: now.plus(Duration::from_secs(60)),
        };
        block_on(store.commit_ops(vec![Op::Remember { record, now }])).unwrap();
    };
    (1..=8).for_each(|n| remember(n, NOW));
    let later = NOW.plus(Duration::from_secs(60));
    let kept = |n| {
        remember(n, later);
        let count = "SELECT count(*) FROM idempotency";
        folder.connect().query_row(count, [], |row| row.get::<_, u32>(0)).unwrap()
    };
    assert_eq!([kept(9), kept(10), kept(11)], [5, 2, 3], "four at a time, and those in use stay");
}

#[test]
fn a_clone_shares_the_store() {
    let store = SqliteStore::in_memory().unwrap();
    block_on(store.clone().commit_ops(vec![create_tip(1)])).unwrap();
    assert!(block_on(store.find_tip(TipLookup::Id(tip_id(1)))).unwrap().is_some());
}
