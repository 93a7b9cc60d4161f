//! Files of other versions, of other programs, and of ours.

use super::*;
use crate::OpenError;
use crate::schema::{DATABASE, NONCES};
use fiber_link_core::{App, Network, SealedSecret, Secret, find_app};
use sha2::{Digest, Sha256};
use std::path::Path;

fn open(path: &Path) -> Result<SqliteStore, OpenError> {
    SqliteStore::open_with(path, NOW, &impatient("this boot"))
}

fn digest(bytes: impl AsRef<[u8]>) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn released_migrations_are_never_edited() {
    let digests = |schema: &crate::schema::Schema| schema.migrations().map(digest).collect::<Vec<_>>();
    assert_eq!(
        digests(&DATABASE),
        [
            "94e00637d44b3d34af1fae6c62d2b197f92c3499874635e2b50ba2ea2d961800",
            "deb1cca1036b50c32ea67e679d828c2e80b6e02150d463502782e8ee346ad07b",
            "3373dc42e0339a8656ef9dd424f2ad953c3663568331efa90697341dd412d899",
            "40769caebc356c039054acab03252ebce11f8b040fc5bd4cf702520d52fe0b3f",
            "299e3a3da2262170c90b0908b8070ea562bd5040e79cef3908be8c9ffbd833a2",
        ]
    );
    assert_eq!(digests(&NONCES), ["8ab8c501799e39679eee17262508ac59bec7254f8a70bf7bfef51afb76c40e7e"]);
}

#[test]
fn a_file_of_the_first_version_is_upgraded_with_what_it_holds() {
    let folder = Folder::new();
    let first = Connection::open(folder.database()).unwrap();
    first.execute_batch(DATABASE.migrations().next().unwrap()).unwrap();
    first.pragma_update(None, "application_id", 0x464C_6E6B).unwrap();
    first.pragma_update(None, "user_version", 1).unwrap();
    let hub = "INSERT INTO hub (one, seed, node, network) VALUES (1, x'05', zeroblob(33), 'dev')";
    first.execute(hub, []).unwrap();
    drop(first);
    let before = std::fs::read(folder.database()).unwrap();
    let known = DATABASE.known();
    let older = SqliteStore::check(folder.database()).unwrap_err();
    assert!(matches!(&older, OpenError::Older { found: 1, known: k, .. } if *k == known), "{older}");
    assert!(older.to_string().contains("`fiber-link migrate`"), "{older}");
    assert_eq!(std::fs::read(folder.database()).unwrap(), before, "looking changes nothing");
    let hub = block_on(folder.open().find_hub()).unwrap().unwrap();
    SqliteStore::check(folder.database()).unwrap();
    assert_eq!((hub.node_since, hub.network), (Timestamp::from_millis(0), Network::Dev));
    assert_eq!(hub.seed, SealedSecret::Plain(Secret::new([5])));
}

const CANARY: &[u8] = b"a canary that nobody shall read";

#[test]
fn apps_of_an_older_file_keep_their_secrets_and_tips() {
    let folder = Folder::new();
    let older = Connection::open(folder.database()).unwrap();
    for migration in DATABASE.migrations().take(4) {
        older.execute_batch(migration).unwrap();
    }
    older.pragma_update(None, "application_id", 0x464C_6E6B).unwrap();
    older.pragma_update(None, "user_version", 4).unwrap();
    let rows = "
        INSERT INTO hub (one, seed, node, network, node_since) VALUES (1, x'00ff5e', zeroblob(33), 'dev', 7);
        INSERT INTO apps VALUES ('forum', x'00ff22', 1760000000123), ('it''s-\"one\"', CAST('a canary that nobody shall read' AS BLOB), 5);
        INSERT INTO tips (id, app, post, from_user, to_user, asset, amount, payment_hash, created_at, state,
            phase, version)
        VALUES (zeroblob(16), 'forum', '42', 'bob', 'alice', 'CKB', '7', zeroblob(32), 1, 'creating', 'open', 3)";
    older.execute_batch(rows).unwrap();
    drop(older);
    let store = folder.open();
    let hub = block_on(store.find_hub()).unwrap().unwrap();
    assert_eq!(hub.seed, SealedSecret::Plain(Secret::new([0, 0xff, 0x5e])));
    assert_eq!((hub.node_since, hub.network), (Timestamp::from_millis(7), Network::Dev));
    for (id, secret, created_at) in
        [("forum", vec![0, 0xff, 0x22], 1_760_000_000_123), ("it's-\"one\"", CANARY.to_vec(), 5)]
    {
        let id = AppId::new(id).unwrap();
        let app = block_on(find_app(&store, &id)).unwrap().unwrap();
        let sealed = SealedSecret::Plain(Secret::new(secret));
        let expected = App::new(id.clone(), id.as_str(), sealed, Timestamp::from_millis(created_at));
        assert_eq!((app.version(), &*app), (Version::FIRST, &expected));
        let document = block_on(store.find_document(&App::key(&id))).unwrap().unwrap().into_inner();
        assert_eq!(document, expected.to_document(), "as it would be written now");
    }
    let tip = block_on(store.find_tip(TipLookup::PaymentHash(PaymentHash::new([0; 32])))).unwrap().unwrap();
    assert_eq!((tip.terms().app.as_str(), tip.version()), ("forum", Version::from_u64(3)));
    assert!(!tip.terms().anonymous);
    drop(store);
    let kept = std::fs::read(folder.database()).unwrap();
    assert!(!kept.windows(CANARY.len()).any(|bytes| bytes == CANARY), "the table that was is wiped");
}

#[test]
fn a_file_of_a_newer_version_is_refused_and_left_alone() {
    for (suffix, known) in [("", DATABASE.known()), ("-nonces", NONCES.known())] {
        let folder = Folder::new();
        drop(folder.open());
        let path = folder.file(&format!("fiber-link.db{suffix}"));
        Connection::open(&path).unwrap().pragma_update(None, "user_version", known + 1).unwrap();
        let before = std::fs::read(&path).unwrap();

        let found = known + 1;
        let checked = SqliteStore::check(folder.database()).unwrap_err();
        assert!(matches!(checked, OpenError::Newer { found: f, .. } if f == found), "{checked}");
        let error = open(&folder.database()).unwrap_err();
        assert!(matches!(&error, OpenError::Newer { found: f, known: k, .. } if (*f, *k) == (found, known)));
        let message = error.to_string();
        for part in
            [path.to_str().unwrap(), &format!("is {found}"), &format!("to {known}"), "start the newer"]
        {
            assert!(message.contains(part), "{message:?} lacks {part:?}");
        }
        assert_eq!(digest(std::fs::read(&path).unwrap()), digest(before));
    }
}

#[test]
fn a_file_of_another_program_is_refused_and_left_alone() {
    let folder = Folder::new();
    let text = folder.file("text");
    std::fs::write(&text, "Dear diary, this is no database at all. ".repeat(100)).unwrap();
    let other = folder.file("other");
    Connection::open(&other).unwrap().execute_batch("CREATE TABLE diary (day TEXT)").unwrap();
    let marked = folder.file("marked");
    Connection::open(&marked).unwrap().pragma_update(None, "application_id", 7).unwrap();
    drop(open(&folder.database()).unwrap());

    for path in [text, other, marked, folder.file("fiber-link.db-nonces")] {
        let before = std::fs::read(&path).unwrap();
        let error = open(&path).unwrap_err();
        assert!(matches!(error, OpenError::Foreign { .. }), "{}: {error}", path.display());
        assert_eq!(digest(std::fs::read(&path).unwrap()), digest(before));
    }
}

#[test]
fn a_folder_that_is_not_there_is_named() {
    let error = open(Path::new("/nowhere/at/all.db")).unwrap_err();
    assert!(error.to_string().contains("/nowhere/at/all.db"));
    assert!(causes(&error).contains("No such file"), "{}", causes(&error));
}

#[cfg(unix)]
#[test]
fn files_may_be_read_by_their_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::new();
    let store = folder.open();
    block_on(store.commit_ops(vec![create_tip(1)])).unwrap();
    let files: Vec<_> = std::fs::read_dir(folder.0.path()).unwrap().map(Result::unwrap).collect();
    assert!(files.len() >= 4, "database, nonces and their logs");
    for file in files {
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o077, 0, "{:?}", file.path());
    }
}

#[test]
fn entries_are_never_changed_or_deleted() {
    let folder = Folder::new();
    let store = folder.open();
    block_on(store.commit_ops(vec![credit(1)])).unwrap();
    let other = folder.connect();
    for (sql, refusal) in [
        ("UPDATE entries SET amount = '9'", "entries are never changed"),
        ("DELETE FROM entries", "entries are never deleted"),
        ("REPLACE INTO entries SELECT * FROM entries", "entries are never replaced"),
        (
            "REPLACE INTO entries SELECT 9, source_kind, source, kind, app, user, asset, '9', from_account,
                to_account, at FROM entries",
            "entries are never replaced",
        ),
    ] {
        let error = other.execute_batch(sql).unwrap_err();
        assert!(error.to_string().contains(refusal), "{sql}: {error}");
    }
}

#[test]
fn audit_records_are_never_changed_or_deleted() {
    let folder = Folder::new();
    drop(folder.open());
    let other = folder.connect();
    let record = "INSERT INTO audit_records (id, at, operator, origin, action, subject, reason)
        VALUES (zeroblob(16), 1, 'ann', 'here', 'app.pause', 'forum', 'why not')";
    other.execute_batch(record).unwrap();
    for (sql, refusal) in [
        ("UPDATE audit_records SET reason = 'another'", "audit records are never changed"),
        ("DELETE FROM audit_records", "audit records are never deleted"),
        ("REPLACE INTO audit_records SELECT * FROM audit_records", "audit records are never replaced"),
        (
            "REPLACE INTO audit_records SELECT 9, id, at, operator, origin, action, app, subject, before, after,
                'another' FROM audit_records",
            "audit records are never replaced",
        ),
    ] {
        let error = other.execute_batch(sql).unwrap_err();
        assert!(error.to_string().contains(refusal), "{sql}: {error}");
    }
}

#[test]
fn the_ledger_reads_in_plain_sql() {
    let folder = Folder::new();
    block_on(folder.open().commit_ops(vec![credit(1)])).unwrap();
    let read = "SELECT from_account || ' -> ' || to_account || ' ' || amount || ' ' || asset FROM entries";
    let line: String = folder.connect().query_row(read, [], |row| row.get(0)).unwrap();
    assert_eq!(line, "fiber -> available 7 CKB");
}

#[test]
fn a_file_is_opened_and_closed_by_many_at_once() {
    let folder = Folder::new();
    let patient = Settings { busy_timeout: Duration::from_secs(30), ..impatient("this boot") };
    let open_and_credit = &|n: u64| {
        let store = SqliteStore::open_with(&folder.database(), NOW, &patient).unwrap();
        block_on(store.commit_ops(vec![credit(n)])).unwrap();
    };
    std::thread::scope(|scope| {
        for thread in 0..4 {
            scope.spawn(move || (1..=4).for_each(|n| open_and_credit(10 * thread + n)));
        }
    });
    let balance = block_on(folder.open().balance(&alice())).unwrap();
    assert_eq!(balance.available, Amount::new(7 * 16));
}
