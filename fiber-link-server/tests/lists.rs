//! What an operator lists and finds at the command line.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    missing_debug_implementations,
    unreachable_pub,
    reason = "a test may fail"
)]

mod process;

use fiber_link_core::testing::sample::{self, at, change_set};
use fiber_link_core::{
    Attempt, AttemptState, FailureReason, Op, Store, Timestamp, Tip, TipState, TipTerms, WithdrawalState,
    WithdrawalTerms,
};
use fiber_link_store_sqlite::SqliteStore;
use process::fiber_link;
use serde_json::{Value, json};
use tempfile::TempDir;

const TIPS: u64 = 30;

fn tip(n: u64) -> Tip {
    let message = (n == 3).then(|| "=1+1, \"he\"\nsaid".to_owned());
    let app = sample::app_id(if n.is_multiple_of(10) { "wiki" } else { "forum" });
    let terms =
        TipTerms { app, message, amount: fiber_link_core::Amount::new(150_000_000), ..sample::tip_terms() };
    let tip = sample::tip_with(n, terms, TipState::Creating);
    let invoice = sample::invoice_of(&tip);
    match n % 3 {
        0 => sample::tip_in(&tip, TipState::Settled { invoice, at: at(100) }),
        1 => sample::tip_in(&tip, TipState::Expired { invoice, at: at(100) }),
        _ => tip,
    }
}

/// A store with tips, withdrawals and entries.
async fn filled() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(folder.path().join("hub.sqlite"), Timestamp::default()).unwrap();
    let tips = (1..=TIPS).map(|n| Op::CreateTip { tip: tip(n), due: None });
    let reason = FailureReason::AttemptsFailed { last_error: "no\tpath".to_owned() };
    let states = [WithdrawalState::Pending, WithdrawalState::Failed { reason, at: at(9) }];
    let withdrawals = (101..).zip(states).map(|(n, state)| {
        let terms = WithdrawalTerms {
            amount: fiber_link_core::Amount::new(100_000_000),
            ..sample::withdrawal_terms(n)
        };
        Op::CreateWithdrawal { withdrawal: sample::withdrawal_with(n, terms, 1, state), due: None }
    });
    let failed = AttemptState::Failed { reason: "no path".to_owned(), at: at(9), session: None };
    let others = [
        Op::CreateAttempt(Attempt::restore(sample::attempt_record(1, 102, failed))),
        Op::Post(sample::credit(3, 150_000_000)),
        Op::Post(sample::reservation(102, 100_000_000)),
        Op::CreateDocument(sample::app("forum").to_document()),
    ];
    store.commit(change_set(tips.chain(withdrawals).chain(others))).await.unwrap();
    folder
}

/// Exit code, standard output and standard error.
fn run(folder: &TempDir, arguments: &[&str]) -> (i32, String, String) {
    let output = fiber_link(folder.path(), arguments).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

fn rows(folder: &TempDir, arguments: &[&str]) -> Vec<Value> {
    let (code, printed, said) = run(folder, &[arguments, &["--format", "jsonl"]].concat());
    assert_eq!(code, 0, "{said}");
    printed.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn ids(rows: &[Value]) -> Vec<String> {
    rows.iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect()
}

fn tip_ids(wanted: impl Fn(u64) -> bool) -> Vec<String> {
    (1..=TIPS).rev().filter(|n| wanted(*n)).map(|n| sample::tip_id(n).to_string()).collect()
}

#[tokio::test]
async fn tips_are_listed_with_filters_and_from_page_to_page() {
    let folder = filled().await;
    let list = |more: &[&str]| ids(&rows(&folder, &[&["list", "tips"], more].concat()));
    assert_eq!(list(&[]), tip_ids(|_| true));
    assert_eq!(list(&["--app", "wiki"]), tip_ids(|n| n % 10 == 0));
    assert_eq!(list(&["--app", "forum", "--state", "settled"]), tip_ids(|n| n % 3 == 0 && n % 10 > 0));
    assert_eq!(list(&["--exact-state", "EXPIRED"]), tip_ids(|n| n % 3 == 1));
    assert_eq!(list(&["--payer", "bob", "--app", "wiki"]), tip_ids(|n| n % 10 == 0));
    assert_eq!(list(&["--payee", "bob", "--app", "wiki"]), tip_ids(|_| false));
    let (from, until) = ("2025-10-09T08:53:25Z", "2025-10-09T08:53:27.000Z");
    assert_eq!(list(&["--from", from, "--until", until]), tip_ids(|n| n == 5 || n == 6));

    let (_, printed, said) = run(&folder, &["list", "tips", "--limit", "7", "--format", "jsonl"]);
    let seven: Vec<Value> = printed.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(ids(&seven), tip_ids(|n| n > TIPS - 7));
    let before = sample::tip_id(TIPS - 6).to_string();
    assert_eq!(said, format!("there may be more: go on with --before {before}\n"));
    assert_eq!(list(&["--before", &before, "--limit", "all"]), tip_ids(|n| n <= TIPS - 7));
}

#[tokio::test]
async fn a_tip_is_shown_under_the_names_of_the_wire_in_whole_units() {
    let folder = filled().await;
    let third = tip(3);
    let row = &rows(&folder, &["list", "tips", "--limit", "all"])[usize::try_from(TIPS - 3).unwrap()];
    let expected = json!({
        "id": third.id().to_string(),
        "appId": "forum",
        "createdAt": "2025-10-09T08:53:23.000Z",
        "state": "SETTLED",
        "exactState": "SETTLED",
        "amount": "1.5",
        "asset": "CKB",
        "fromUserId": "bob",
        "toUserId": "alice",
        "postId": "post-1",
        "settledAt": "2025-10-09T08:55:00.000Z",
        "message": "=1+1, \"he\"\nsaid",
        "anonymous": false,
        "paymentHash": third.payment_hash().to_string(),
        "invoice": sample::invoice_of(&third).encoded,
    });
    assert_eq!(*row, expected);
    let (_, csv, _) = run(&folder, &["list", "tips", "--format", "csv"]);
    assert!(csv.starts_with(
        "id,appId,createdAt,state,exactState,amount,asset,fromUserId,toUserId,postId,settledAt,"
    ));
    assert!(csv.contains(r#","'=1+1, ""he"""#), "{csv}");
    let (_, text, _) = run(&folder, &["list", "tips"]);
    assert_eq!(text.lines().count(), usize::try_from(TIPS).unwrap());
    assert!(text.lines().all(|line| line.split('\t').count() == 10), "{text}");
}

#[tokio::test]
async fn withdrawals_and_entries_are_listed_with_filters() {
    let folder = filled().await;
    let list = |more: &[&str]| rows(&folder, &[&["list"], more].concat());
    assert_eq!(list(&["withdrawals"]).len(), 2);
    let failed = list(&["withdrawals", "--state", "failed", "--user", "alice", "--app", "forum"]);
    assert_eq!(failed.len(), 1);
    assert_eq!((&failed[0]["state"], &failed[0]["amount"]), (&json!("FAILED"), &json!("1")));
    assert_eq!(failed[0]["lastError"], "no\tpath");
    let (_, text, _) = run(&folder, &["list", "withdrawals", "--state", "failed"]);
    assert!(text.ends_with("\tno path\n"), "{text}");

    let entries = list(&["entries", "--user", "alice", "--app", "forum"]);
    let kinds: Vec<_> = entries.iter().map(|entry| entry["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["withdrawal_requested", "tip_settled"]);
    assert_eq!((&entries[1]["amount"], &entries[1]["from"]), (&json!("1.5"), &json!("fiber")));
    let of_tip = list(&["entries", "--tip", &sample::tip_id(3).to_string()]);
    assert_eq!(of_tip, entries[1..]);
    let before = entries[0]["number"].to_string();
    assert_eq!(list(&["entries", "--before", &before]), entries[1..]);
}

#[tokio::test]
async fn a_text_is_found_with_what_belongs_to_it() {
    let folder = filled().await;
    let find = |text: &str| {
        let (code, printed, _) = run(&folder, &["find", text]);
        let kinds = printed.lines().map(|line| line.split('\t').next().unwrap().to_owned());
        (code, kinds.collect::<Vec<_>>())
    };
    let kinds = |kinds: &[&str]| (0, kinds.iter().map(|kind| (*kind).to_owned()).collect::<Vec<_>>());
    let third = tip(3);
    assert_eq!(find(&third.id().to_string()), kinds(&["tip", "entry"]));
    assert_eq!(find(&sample::invoice_of(&third).encoded), kinds(&["tip", "entry"]));
    let withdrawal = kinds(&["withdrawal", "attempt", "entry"]);
    assert_eq!(find(&sample::withdrawal_id(102).to_string()), withdrawal);
    assert_eq!(find("fake1out102"), withdrawal);
    assert_eq!(find("alice"), kinds(&["user"]));
    assert_eq!(find("forum"), kinds(&["app"]));
    assert_eq!(find("nobody"), (1, vec![]));
    let found = rows(&folder, &["find", "alice"]);
    let alice =
        json!({"appId": "forum", "userId": "alice", "asset": "CKB", "available": "0.5", "reserved": "1"});
    assert_eq!(found, [json!({ "user": alice })]);
    for (app, expected) in [("forum", 0), ("wiki", 1)] {
        let (code, ..) = run(&folder, &["find", "fake1out102", "--app", app]);
        assert_eq!(code, expected, "{app}");
    }
}

#[tokio::test]
async fn a_wrong_flag_is_named_with_what_is_allowed() {
    let folder = filled().await;
    for (arguments, said) in [
        (&["list", "tips", "--state", "expired"][..], "--exact-state"),
        (&["list", "tips", "--exact-state", "gone"], "creating, abandoned"),
        (&["list", "withdrawals", "--state", "gone"], "liquidity_pending, pending"),
        (&["list", "tips", "--from", "yesterday"], "2026-01-31T18:00:00Z"),
        (&["list", "entries", "--limit", "0"], "`all` and numbers from 1"),
        (&["list", "tips", "--user", "a", "--payer", "b"], "cannot be used with"),
        (&["audit-log", "--until", "x"], "2026-01-31T18:00:00Z"),
        (&["find", "alice", "--format", "csv"], "`text` and `jsonl`"),
    ] {
        let (code, printed, error) = run(&folder, arguments);
        assert_eq!((code, printed.as_str()), (2, ""), "{arguments:?}");
        assert!(error.contains(said), "{arguments:?}: {error}");
    }
}

#[tokio::test]
async fn the_audit_log_has_filters() {
    let folder = filled().await;
    for (activity, reason) in [("tips", "one"), ("withdrawals", "two"), ("all", "three")] {
        let command = ["pause", activity, "--reason", reason];
        assert!(fiber_link(folder.path(), &command).env("USER", "ann").status().unwrap().success());
    }
    let command = ["app", "close", "forum", "--reason", "four"];
    assert!(fiber_link(folder.path(), &command).env("USER", "ben").status().unwrap().success());
    let list = |more: &[&str]| {
        let rows = rows(&folder, &[&["audit-log"], more].concat());
        rows.iter().map(|row| row["reason"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(list(&[]), ["four", "three", "two", "one"]);
    assert_eq!(list(&["--operator", "ann", "--limit", "2"]), ["three", "two"]);
    assert_eq!(list(&["--action", "app.close"]), ["four"]);
    assert_eq!(list(&["--subject", "hub"]), ["three", "two", "one"]);
    assert_eq!(list(&["--app", "forum"]), ["four"]);
    assert_eq!(list(&["--until", "2020-01-01T00:00:00Z"]), [""; 0]);
    assert_eq!(list(&["--from", "2020-01-01T00:00:00Z"]).len(), 4);
    assert_eq!(list(&["--before", "3"]), ["two", "one"]);
}
