//! The command itself: killed, and refused.

use crate::dump;
use crate::world::{COPY, World, until};
use fiber_link_core::testing::sample::{self, at, change_set};
use fiber_link_core::*;
use fiber_link_server::data_folder::StoreLock;
use std::process::Stdio;

/// A store with so many settled tips, which an audit passes.
async fn sound(world: &World, tips: u64) {
    let store = world.sqlite();
    let first = [
        Op::CreateHub(sample::hub()),
        Op::CreateDocument(sample::app("forum").to_document()),
        Op::CreateWorker(sample::worker(1)),
    ];
    store.commit(change_set(first)).await.unwrap();
    let settle = |n: u64| {
        let user = sample::user(&format!("user-{}", n % 97));
        let terms = TipTerms { to_user: user.clone(), ..sample::tip_terms() };
        let invoice = sample::invoice_of(&sample::tip_with(n, terms.clone(), TipState::Creating));
        let entry = Entry {
            account: UserAccount { user, ..sample::account("alice") },
            at: at(n),
            ..sample::credit(n, 100)
        };
        let tip = sample::tip_with(n, terms, TipState::Settled { invoice, at: at(n) });
        [Op::CreateTip { tip, due: None }, Op::Post(entry), Op::Emit(sample::event(n))]
    };
    for batch in 0..tips / 1_000 {
        let ops = (batch * 1_000..(batch + 1) * 1_000).flat_map(settle);
        store.commit(change_set(ops)).await.unwrap();
    }
}

#[tokio::test]
async fn a_copy_that_is_killed_again_and_again_comes_to_its_end() {
    let world = World::new();
    sound(&world, 8_000).await;
    world.migrate().await;
    for (table, rows) in [("tips", 1), ("tips", 4_000), ("entries", 1), ("entries", 5_000), ("events", 1)] {
        let mut copy = world.command(&COPY).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let count = format!("SELECT count(*) FROM {{schema}}.{table}");
        until(|| async { world.number(&count).await.is_some_and(|count| count >= rows) }).await;
        copy.kill().unwrap();
        copy.wait().unwrap();
        world.assert_says(
            &["serve", "--node", "simulated", "--data", "d"],
            2,
            "`fiber-link store copy --from",
        );
        world.assert_says(&["audit"], 2, "`fiber-link store copy --from");
    }
    world.assert_says(&COPY, 0, "audit of the target: 0 findings in 8000 entries");
    dump::assert_same(&world).await;
    world.assert_says(&["audit"], 0, "0 findings");
    world.assert_says(&COPY, 2, "is not empty, there are rows in hub");
}

#[tokio::test]
async fn what_must_not_be_copied_or_filled_is_refused_with_the_reason() {
    let world = World::new();
    world.assert_says(&COPY, 2, "there is no store at hub.sqlite");
    for no_file in ["postgres://x", "sqlite:", "sqlite::memory:", "sqlite:file:hub.sqlite?immutable=1"] {
        world.assert_says(&["store", "copy", "--from", no_file], 2, "allowed is `sqlite:PATH`");
    }
    sound(&world, 1_000).await;
    let to_file = [&COPY[..], &["--to", "sqlite:other.sqlite"]].concat();
    world.assert_says(&to_file, 2, "has to be the address of a Postgres database");
    world.assert_says(&COPY, 2, "`fiber-link migrate`");
    world.migrate().await;

    let lock = StoreLock::take(&world.file()).unwrap();
    world.assert_says(&COPY, 2, "another server is running on hub.sqlite");
    drop(lock);
    let source = rusqlite::Connection::open(world.file()).unwrap();
    source.execute_batch("BEGIN IMMEDIATE").unwrap();
    world.assert_says(&COPY, 2, "is in use: stop whatever works on it");
    source.execute_batch("ROLLBACK").unwrap();
    let version: u32 = source.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
    source.pragma_update(None, "user_version", version - 1).unwrap();
    world.assert_says(&COPY, 2, "was written by an older version");
    source.pragma_update(None, "user_version", 99).unwrap();
    world.assert_says(&COPY, 2, "was written by a newer version");
    source.pragma_update(None, "user_version", version).unwrap();

    let newer = "INSERT INTO {schema}.migrations (version, name) SELECT max(version) + 1, 'later' FROM {schema}.migrations";
    world.sql(newer).await;
    world.assert_says(&COPY, 2, "start the newer program");
    world.sql("DELETE FROM {schema}.migrations WHERE name = 'later'").await;
    world.sql("INSERT INTO {schema}.balances VALUES ('a', 'b', 'CKB', 1, 0)").await;
    world.assert_says(&COPY, 2, "is not empty, there are rows in balances");
    world.sql("DELETE FROM {schema}.balances").await;
    world.assert_says(&COPY, 0, "the store was copied to the schema");
}

#[tokio::test]
async fn a_copy_that_differs_is_not_finished_and_says_where() {
    let world = World::new();
    sound(&world, 1_000).await;
    world.migrate().await;
    world.copy().await.step().await.unwrap();
    // The store is used again before the copy goes on, and the hub was copied already.
    let source = rusqlite::Connection::open(world.file()).unwrap();
    source.execute("UPDATE hub SET node_since = 5", []).unwrap();
    drop(source);
    world.assert_says(&COPY, 1, "hub: the hub differs in node_since");
    world.assert_says(&["audit"], 2, "`fiber-link store copy --from");

    let world = World::new();
    sound(&world, 1_000).await;
    world.migrate().await;
    let source = rusqlite::Connection::open(world.file()).unwrap();
    source.execute("UPDATE balances SET available = '1' WHERE user = 'user-5'", []).unwrap();
    drop(source);
    world.assert_says(&COPY, 1, "balance of");
    world.assert_says(&["audit"], 2, "`fiber-link store copy --from");
}

/// A command on the file.
fn on_file(arguments: &[&'static str]) -> Vec<&'static str> {
    [arguments, &["--store", "sqlite:hub.sqlite"]].concat()
}

const SERVE: [&str; 7] = ["serve", "--node", "simulated", "--data", "d", "--listen", "127.0.0.1:0"];

#[tokio::test]
async fn a_store_that_was_copied_is_not_worked_on_any_more() {
    let world = World::new();
    sound(&world, 1_000).await;
    world.migrate().await;
    world.assert_says(&on_file(&["audit"]), 0, "0 findings");
    world.assert_says(&COPY, 0, "no server starts on hub.sqlite any more");
    let serve_and_migrate = [&SERVE[..], &["--migrate"]].concat();
    let moved = format!("was moved: everything in it was copied to the schema {} of", world.schema);
    for command in [
        &SERVE[..],
        &serve_and_migrate,
        &["app", "create", "shop"],
        &["app", "list"],
        &["server", "list"],
        &["audit"],
        &["migrate"],
        &["migrate", "--check"],
    ] {
        world.assert_says(&on_file(command), 2, &moved);
    }
    // Nor is it made anew where the mark still stands.
    std::fs::rename(world.file(), world.file().with_extension("old")).unwrap();
    world.assert_says(&on_file(&SERVE), 2, &moved);
    std::fs::rename(world.file().with_extension("old"), world.file()).unwrap();

    world.assert_says(&COPY, 2, "is not empty, there are rows in hub");
    let elsewhere = [&COPY[..], &["--migrate", "--store-schema", "elsewhere"]].concat();
    world.assert_says(&elsewhere, 2, &moved);

    // Back again, and once more.
    world.sql("DROP SCHEMA {schema} CASCADE").await;
    std::fs::remove_file(world.file().with_extension("sqlite-moved")).unwrap();
    world.assert_says(&on_file(&["audit"]), 0, "0 findings");
    world.assert_says(&[&COPY[..], &["--migrate"]].concat(), 0, "no server starts on hub.sqlite any more");
    world.assert_says(&on_file(&SERVE), 2, &moved);
}

#[tokio::test]
async fn the_file_is_marked_before_the_copy_is_finished() {
    let world = World::new();
    sound(&world, 1_000).await;
    world.migrate().await;
    drop(world.copy().await);
    // It cannot be finished as long as something needs its own mark.
    world.sql("CREATE VIEW {schema}_needs AS SELECT source FROM {schema}.unfinished_import").await;
    world.assert_says(&COPY, 2, "error: ");
    world.assert_says(&on_file(&SERVE), 2, "was moved");
    world.assert_says(&SERVE, 2, "`fiber-link store copy --from");
    world.sql("DROP VIEW {schema}_needs").await;
    world.assert_says(&COPY, 0, "the store was copied to the schema");
    world.assert_says(&on_file(&SERVE), 2, "was moved");
    world.assert_says(&["audit"], 0, "0 findings");
}

/// The figures of the runbook: `cargo test --release --test store_copy -- --ignored --nocapture`.
#[tokio::test]
#[ignore = "a measurement"]
async fn two_hundred_thousand_tips_are_copied() {
    let world = World::new();
    sound(&world, 200_000).await;
    world.migrate().await;
    let begun = SystemClock.now();
    let (code, said) = world.run(&COPY);
    println!("{said}in {:?}", SystemClock.now().since(begun));
    assert_eq!(code, 0);
}
