//! A reader that goes on from its cursor misses nothing, in whatever order commits end.

use super::*;
use fiber_link_core::testing::sample::{self, change_set, forum};
use fiber_link_core::{EventQuery, Op, SettledPosition, SettledQuery, Store, Tip, TipId, TipState, Version};
use sqlx::{Postgres, Transaction};

async fn read(store: &PostgresStore, after: u64) -> Vec<(u64, fiber_link_core::EventId)> {
    let events = store.events(EventQuery { app: forum(), after, limit: 100 }).await.unwrap();
    events.into_iter().map(|event| (event.number, event.event.id)).collect()
}

fn id(n: u64) -> fiber_link_core::EventId {
    sample::event(n).id
}

/// Emits an event, or settles a tip, in a transaction that is still open.
async fn begun(store: &PostgresStore, unit: &str) -> Transaction<'static, Postgres> {
    let mut transaction = store.pool().begin().await.unwrap();
    let call = format!("SELECT {{schema}}.commit_ops('[{unit}]')");
    let call = AssertSqlSafe(store.schema().render(&call));
    sqlx::raw_sql(call).execute(&mut *transaction).await.unwrap();
    transaction
}

fn emit(n: u64) -> String {
    let id = id(n).as_uuid().to_string();
    format!(
        r#"{{"op":"emit","record":[{{"id":"{id}","app":"forum","kind":"tip_settled","subject":"{id}","at":"epoch"}}]}}"#
    )
}

fn settled(n: u64) -> Tip {
    let tip = sample::tip(n);
    let settled = TipState::Settled { invoice: sample::invoice_of(&tip), at: sample::at(n) };
    sample::tip_in(&tip, settled)
}

fn settle(n: u64) -> String {
    let id = sample::tip_id(n);
    format!(r#"{{"op":"settle","record":[{{"tip":"{id}","app":"forum","at":"epoch"}}]}}"#)
}

async fn read_settled(store: &PostgresStore, after: SettledPosition) -> Vec<TipId> {
    let tips = store.settled_tips(SettledQuery { app: forum(), after, limit: 100 }).await.unwrap();
    tips.iter().map(|tip| tip.id()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_is_committed_late_comes_after_those_that_were_read() {
    let store = fresh_store().await;
    let sequencer = begun(&store, &emit(9)).await;
    let late = begun(&store, &emit(1)).await;
    sequencer.rollback().await.unwrap();
    store.commit(change_set([Op::Emit(sample::event(2))])).await.unwrap();
    assert_eq!(read(&store, 0).await, [(1, id(2))]);
    late.commit().await.unwrap();
    assert_eq!(read(&store, 1).await, [(2, id(1))]);
    assert_eq!(read(&store, 0).await, [(1, id(2)), (2, id(1))]);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_no_sequencer_leaves_its_event_to_the_next_reader_or_writer() {
    let store = fresh_store().await;
    for (round, by_writer) in [(10, false), (20, true)] {
        let before = read(&store, 0).await.len();
        let sequencer = begun(&store, &emit(round)).await;
        // It does not wait for the sequencer.
        store.commit(change_set([Op::Emit(sample::event(round + 1))])).await.unwrap();
        let unnumbered = "SELECT count(*) FROM {schema}.events WHERE number IS NULL";
        assert_eq!(number(&store, unnumbered).await, 1);
        sequencer.commit().await.unwrap();
        if by_writer {
            store.commit(change_set([Op::Emit(sample::event(round + 2))])).await.unwrap();
            assert_eq!(number(&store, unnumbered).await, 0);
        }
        let read = read(&store, 0).await;
        let new: Vec<_> = read[before..].iter().map(|(_, id)| *id).collect();
        assert_eq!(new[..2], [id(round), id(round + 1)]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tip_that_is_settled_late_comes_after_those_that_were_read() {
    let store = fresh_store().await;
    let create = (1..=4).map(|n| Op::CreateTip { tip: sample::tip(n), due: None });
    store.commit(change_set(create)).await.unwrap();
    let update = |n| Op::UpdateTip { next: settled(n), expected: Version::FIRST, due: None };
    store.commit(change_set([update(1)])).await.unwrap();

    let sequencer = begun(&store, &settle(4)).await;
    let mut late = begun(&store, &settle(2)).await;
    sequencer.rollback().await.unwrap();
    store.commit(change_set([update(3)])).await.unwrap();
    assert_eq!(read_settled(&store, SettledPosition::Start).await, [1, 3].map(sample::tip_id));
    let move_on = "UPDATE {schema}.tips SET state = 'settled', phase = 'settled', ended_at = created_at,
        invoice = 'x', invoice_expires_at = created_at WHERE from_user = 'bob' AND state = 'creating'";
    let move_on = store.schema().render(&format!("{move_on} AND id = '{}'", sample::tip_id(2)));
    sqlx::raw_sql(AssertSqlSafe(move_on)).execute(&mut *late).await.unwrap();
    late.commit().await.unwrap();
    let after = SettledPosition::After { tip: sample::tip_id(3), or_at: sample::at(999) };
    assert_eq!(read_settled(&store, after).await, [sample::tip_id(2)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_beside_many_writers_sees_each_event_once_and_in_order() {
    const WRITERS: u64 = 12;
    const EVENTS: u64 = 40;
    let store = fresh_store().await;
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| {
            // Each on a server of its own: units of one would share a transaction.
            let store = another(&store);
            tokio::spawn(async move {
                for n in 0..EVENTS {
                    let event = sample::event(1 + writer * EVENTS + n);
                    store.commit(change_set([Op::Emit(event)])).await.unwrap();
                }
            })
        })
        .collect();
    let mut seen = Vec::new();
    // Bounded by the writers: once they are done, everything has a number.
    loop {
        let done = writers.iter().all(tokio::task::JoinHandle::is_finished);
        let after = seen.last().map_or(0, |(number, _)| *number);
        let page = read(&store, after).await;
        if done && page.is_empty() {
            break;
        }
        seen.extend(page);
    }
    for writer in writers {
        writer.await.unwrap();
    }
    let numbers: Vec<_> = seen.iter().map(|(number, _)| *number).collect();
    assert_eq!(numbers, (1..=WRITERS * EVENTS).collect::<Vec<_>>());
    let ids: std::collections::BTreeSet<_> = seen.iter().map(|(_, id)| *id).collect();
    assert_eq!(ids.len(), seen.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn more_than_a_page_without_numbers_is_read_page_by_page() {
    let store = fresh_store().await;
    run(
        &store,
        "INSERT INTO {schema}.events (id, app, kind, subject, at)
            SELECT gen_random_uuid(), 'forum', 'tip_settled', gen_random_uuid(), now() - interval '1 day'
            FROM generate_series(1, 2500)",
    )
    .await
    .unwrap();
    run(&store, "UPDATE {schema}.events SET at = date_trunc('second', at)").await.unwrap();
    let mut after = 0;
    for expected in [1_000, 1_000, 500, 0] {
        let page = store.events(EventQuery { app: forum(), after, limit: 1_000 }).await.unwrap();
        assert_eq!(page.len(), expected);
        after = page.last().map_or(after, |last| last.number);
    }
    assert_eq!(after, 2_500);
}
