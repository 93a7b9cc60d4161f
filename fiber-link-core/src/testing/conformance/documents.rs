//! What operators set up, and the records of what they changed.

use super::{assert_refused, commit};
use crate::testing::sample::{self, at, document, document_key, forum};
use crate::*;
use futures_util::future::join;
use std::sync::Arc;

async fn find(store: &dyn Store, name: &str) -> Option<Stored<Document>> {
    store.find_document(&document_key(name)).await.unwrap()
}

fn app_document(name: &str, body: &str) -> Document {
    document(DocumentKind::App, name, body)
}

pub async fn documents_are_read_back_as_written(store: Arc<dyn Store>) {
    for kind in DocumentKind::ALL {
        let names = ["a", "two\nlines", "' \"; -- ", "ü✓", &"~".repeat(600)];
        for (n, name) in (1..).zip(names) {
            let body = r#"{"quoted":"'\u0000\n"}"#.repeat(n);
            let app = (n % 2 == 0).then(|| sample::app_id("';--"));
            let expires_at = (n == 3).then(|| at(7));
            let written = Document { app, expires_at, ..document(kind, name, &body) };
            commit(&*store, [Op::CreateDocument(written.clone())]).await.unwrap();
            let found = store.find_document(&written.key).await.unwrap();
            assert_eq!(found, Some(Stored::new(written, Version::FIRST)));
        }
    }
    let longest = app_document("longest", &"x".repeat(DOCUMENT_BYTES));
    commit(&*store, [Op::CreateDocument(longest.clone())]).await.unwrap();
    assert_eq!(find(&*store, "longest").await, Some(Stored::new(longest, Version::FIRST)));
}

pub async fn a_document_is_created_once_by_kind_and_name(store: Arc<dyn Store>) {
    commit(&*store, [Op::CreateDocument(app_document("a", "first"))]).await.unwrap();
    let exists = || CommitError::AlreadyExists(Existing::Document);
    let again = Document { app: None, ..app_document("a", "second") };
    assert_refused(commit(&*store, [Op::CreateDocument(again)]).await, exists());
    let others = [app_document("A", ""), document(DocumentKind::Switches, "a", "")];
    commit(&*store, others.map(Op::CreateDocument)).await.unwrap();
    let found = find(&*store, "a").await.unwrap();
    assert_eq!((found.body.as_str(), found.version()), ("first", Version::FIRST));
}

pub async fn documents_are_paged_by_name_within_their_kind_and_app(store: Arc<dyn Store>) {
    let wiki = Some(sample::app_id("wiki"));
    for (name, app) in [
        ("b", Some(forum())),
        ("a", wiki.clone()),
        ("Z", None),
        ("c", Some(forum())),
        ("a\n1", Some(forum())),
    ] {
        let of_user = Document { app, ..document(DocumentKind::PausedUser, name, "") };
        commit(&*store, [Op::CreateDocument(of_user)]).await.unwrap();
    }
    commit(&*store, [Op::CreateDocument(app_document("aa", ""))]).await.unwrap();
    let list = async |app: Option<AppId>, after: Option<&str>, limit| {
        let after = after.map(str::to_owned);
        let query = DocumentQuery { kind: DocumentKind::PausedUser, app, after, limit };
        let found = store.documents(query).await.unwrap();
        found.iter().map(|found| found.key.name.clone()).collect::<Vec<_>>()
    };
    assert_eq!(list(None, None, 10).await, ["Z", "a", "a\n1", "b", "c"]);
    assert_eq!(list(None, None, 2).await, ["Z", "a"]);
    assert_eq!(list(None, Some("a"), 2).await, ["a\n1", "b"]);
    assert_eq!(list(None, Some("aa"), 9).await, ["b", "c"], "a name need not exist to begin after it");
    assert_eq!(list(Some(forum()), None, 9).await, ["a\n1", "b", "c"]);
    assert_eq!(list(Some(forum()), Some("a\n1"), 1).await, ["b"]);
    assert_eq!(list(wiki, None, 9).await, ["a"]);
    assert_eq!(list(Some(sample::app_id("other")), None, 9).await, [""; 0]);
}

pub async fn a_document_is_updated_and_removed_on_its_version(store: Arc<dyn Store>) {
    commit(&*store, ["a", "b"].map(|name| Op::CreateDocument(app_document(name, "0")))).await.unwrap();
    for n in 1..=3 {
        let next = Document { app: None, expires_at: Some(at(n)), ..app_document("a", &n.to_string()) };
        for stale in [0, n + 1, n + 2].map(Version::from_u64).into_iter().filter(|v| v.as_u64() != n) {
            let update = Op::UpdateDocument { next: app_document("a", "stale"), expected: stale };
            assert_refused(commit(&*store, [update]).await, CommitError::Conflict);
            let remove = Op::RemoveDocument { key: document_key("a"), expected: stale };
            assert_refused(commit(&*store, [remove]).await, CommitError::Conflict);
        }
        let update = Op::UpdateDocument { next: next.clone(), expected: Version::from_u64(n) };
        commit(&*store, [update]).await.unwrap();
        assert_eq!(find(&*store, "a").await, Some(Stored::new(next, Version::from_u64(n + 1))));
    }
    let remove =
        |expected| Op::RemoveDocument { key: document_key("a"), expected: Version::from_u64(expected) };
    assert_refused(commit(&*store, [remove(3)]).await, CommitError::Conflict);
    commit(&*store, [remove(4)]).await.unwrap();
    assert_eq!(find(&*store, "a").await, None);
    assert_refused(commit(&*store, [remove(4)]).await, CommitError::Conflict);
    let update = Op::UpdateDocument { next: app_document("a", ""), expected: Version::from_u64(4) };
    assert_refused(commit(&*store, [update]).await, CommitError::Conflict);
    let other = find(&*store, "b").await.unwrap();
    assert_eq!((other.body.as_str(), other.version()), ("0", Version::FIRST));
    commit(&*store, [Op::CreateDocument(app_document("a", "again"))]).await.unwrap();
    assert_eq!(find(&*store, "a").await.unwrap().version(), Version::FIRST);
}

pub async fn what_requires_a_document_is_refused_unless_it_is_as_expected(store: Arc<dyn Store>) {
    commit(&*store, [Op::CreateDocument(app_document("a", "0"))]).await.unwrap();
    let update = Op::UpdateDocument { next: app_document("a", "1"), expected: Version::FIRST };
    commit(&*store, [update]).await.unwrap();
    let require = |name: &str, expected: Option<u64>| Op::RequireDocument {
        key: document_key(name),
        expected: expected.map(Version::from_u64),
    };
    for refused in [require("a", Some(1)), require("a", Some(3)), require("a", None), require("b", Some(1))] {
        let told = format!("{refused:?}");
        let record = Op::Audit(sample::audit_record(9));
        assert_refused(commit(&*store, [refused, record]).await, CommitError::Conflict);
        assert_eq!(records(&*store, None, None, 9).await, [0; 0], "after {told}");
    }
    let of_another_kind =
        Op::RequireDocument { key: DocumentKey::new(DocumentKind::Switches, "a"), expected: None };
    let all =
        [require("a", Some(2)), require("b", None), of_another_kind, Op::Audit(sample::audit_record(9))];
    commit(&*store, all).await.unwrap();
    assert_eq!(records(&*store, None, None, 9).await, [9]);
    assert_eq!(find(&*store, "a").await.unwrap().version(), Version::from_u64(2), "nothing is written");
    assert_eq!(find(&*store, "b").await, None);
}

/// Who hears that a document was changed sees all that was ever committed on the document as it was.
pub async fn a_required_document_does_not_change_before_the_commit(store: Arc<dyn Store>) {
    for round in 0..12 {
        let (name, first) = (format!("switch {round}"), 1_000 * round + 1);
        // Of a document that is there each second time, and of one that is not there yet.
        let expected = if round % 2 == 0 {
            commit(&*store, [Op::CreateDocument(app_document(&name, "0"))]).await.unwrap();
            Some(Version::FIRST)
        } else {
            None
        };
        let thrown = app_document(&name, "thrown");
        let throw = match expected {
            Some(expected) => Op::UpdateDocument { next: thrown, expected },
            None => Op::CreateDocument(thrown),
        };
        // What takes a while after the document was looked at.
        let work = (first..first + 100).map(|n| Op::CreateWithdrawal {
            withdrawal: sample::withdrawal_with(n, sample::withdrawal_terms(n), 0, WithdrawalState::Pending),
            due: None,
        });
        let require = Op::RequireDocument { key: document_key(&name), expected };
        let last = WithdrawalLookup::Id(sample::withdrawal_id(first + 99));
        let (claimed, seen) = join(commit(&*store, work.chain([require])), async {
            commit(&*store, [throw]).await.unwrap();
            store.find_withdrawal(last.clone()).await.unwrap().is_some()
        })
        .await;
        assert_eq!(claimed.is_ok(), seen, "it was committed after the document had changed");
        if let Err(error) = claimed {
            assert_refused::<()>(Err(error), CommitError::Conflict);
        }
    }
}

/// The numbers of the samples that are listed.
async fn records(store: &dyn Store, app: Option<AppId>, before: Option<u64>, limit: u32) -> Vec<u64> {
    let found = store.audit_records(AuditQuery { app, before, limit }).await.unwrap();
    let sample = |record: &AuditRecord| record.subject.rsplit(' ').next().unwrap().parse().unwrap();
    found.iter().map(|numbered| sample(&numbered.record)).collect()
}

pub async fn audit_records_are_paged_from_the_newest(store: Arc<dyn Store>) {
    let wiki = Some(sample::app_id("wiki"));
    let written: Vec<_> = (1..=6)
        .map(|n| AuditRecord {
            app: if n % 3 == 0 { Some(forum()) } else { wiki.clone().filter(|_| n % 3 == 1) },
            before: (n % 2 == 0).then(|| r#"{"of":"two\nlines"}"#.to_owned()),
            after: (n % 3 == 0).then(|| "✓ 'quoted'".to_owned()),
            ..sample::audit_record(n)
        })
        .collect();
    for record in &written {
        commit(&*store, [Op::Audit(record.clone())]).await.unwrap();
    }
    let all = store.audit_records(AuditQuery { app: None, before: None, limit: 9 }).await.unwrap();
    assert_eq!(all.iter().rev().map(|found| found.record.clone()).collect::<Vec<_>>(), written);
    assert!(all.is_sorted_by(|newer, older| newer.number > older.number), "numbers rise");
    assert_eq!(records(&*store, None, None, 2).await, [6, 5]);
    assert_eq!(records(&*store, None, Some(all[1].number), 2).await, [4, 3]);
    assert_eq!(records(&*store, None, Some(all[5].number), 2).await, [0; 0]);
    assert_eq!(records(&*store, Some(forum()), None, 9).await, [6, 3]);
    assert_eq!(records(&*store, Some(forum()), Some(all[0].number), 9).await, [3]);
    assert_eq!(records(&*store, wiki, None, 1).await, [4]);
}

pub async fn an_audit_record_is_written_once(store: Arc<dyn Store>) {
    commit(&*store, [Op::Audit(sample::audit_record(1))]).await.unwrap();
    let again = AuditRecord { reason: "another".to_owned(), ..sample::audit_record(1) };
    let exists = CommitError::AlreadyExists(Existing::AuditRecord);
    assert_refused(commit(&*store, [Op::Audit(again)]).await, exists);
    let all = store.audit_records(AuditQuery { app: None, before: None, limit: 9 }).await.unwrap();
    assert_eq!(all.into_iter().map(|found| found.record).collect::<Vec<_>>(), [sample::audit_record(1)]);
}
