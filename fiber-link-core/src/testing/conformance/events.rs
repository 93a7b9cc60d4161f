//! Events are numbered from 1 in each app, without gaps.

use super::{assert_refused, commit};
use crate::testing::sample::{self, forum};
use crate::*;
use std::sync::Arc;

async fn read(store: &dyn Store, app: &str, after: u64, limit: u32) -> Vec<NumberedEvent> {
    store.events(EventQuery { app: sample::app_id(app), after, limit }).await.unwrap()
}

fn event_in(app: &str, n: u64) -> Event {
    Event { app: sample::app_id(app), ..sample::event(n) }
}

fn numbered(number: u64, event: Event) -> NumberedEvent {
    NumberedEvent { number, event }
}

pub async fn events_are_numbered_from_one_in_each_app(store: Arc<dyn Store>) {
    let (tip, withdrawal) = (sample::tip_id(9), sample::withdrawal_id(9));
    let kinds = [
        EventKind::TipSettled(tip),
        EventKind::WithdrawalCompleted(withdrawal),
        EventKind::WithdrawalFailed(withdrawal),
        EventKind::WithdrawalPaidLate(withdrawal),
    ];
    for (n, kind) in (1..).zip(kinds) {
        commit(&*store, [Op::Emit(Event { kind, ..event_in("forum", n) })]).await.unwrap();
        commit(&*store, [Op::Emit(Event { kind, ..event_in("wiki", 10 + n) })]).await.unwrap();
    }
    for (app, first) in [("forum", 0), ("wiki", 10)] {
        let expected: Vec<_> = (1..)
            .zip(kinds)
            .map(|(n, kind)| numbered(n, Event { kind, ..event_in(app, first + n) }))
            .collect();
        assert_eq!(read(&*store, app, 0, 10).await, expected);
    }
}

pub async fn a_refused_commit_leaves_no_gap_among_events(store: Arc<dyn Store>) {
    commit(&*store, [Op::Emit(sample::event(1))]).await.unwrap();
    for n in 2..=5 {
        let refused = [Op::Post(sample::reservation(n, 1)), Op::Emit(sample::event(n))];
        assert_refused(commit(&*store, refused).await, CommitError::InsufficientFunds);
        let refused = [Op::Emit(sample::event(n)), Op::Emit(sample::event(1))];
        assert_refused(commit(&*store, refused).await, CommitError::AlreadyExists(Existing::Event));
    }
    assert_eq!(read(&*store, "forum", 1, 10).await, []);
    commit(&*store, [Op::Emit(sample::event(2))]).await.unwrap();
    assert_eq!(read(&*store, "forum", 1, 10).await, [numbered(2, sample::event(2))]);
}

pub async fn an_event_is_emitted_once(store: Arc<dyn Store>) {
    let exists = || CommitError::AlreadyExists(Existing::Event);
    commit(&*store, [Op::Emit(sample::event(1))]).await.unwrap();
    assert_refused(commit(&*store, [Op::Emit(sample::event(1))]).await, exists());
    assert_refused(commit(&*store, [Op::Emit(event_in("wiki", 1))]).await, exists());
    assert_eq!(read(&*store, "forum", 0, 10).await, [numbered(1, sample::event(1))]);
}

pub async fn events_are_read_on_from_any_number(store: Arc<dyn Store>) {
    // Ids need not rise with the numbers: each process makes its own.
    let emitted = [4, 9, 1, 7, 10, 2, 6, 3, 8, 5].map(sample::event);
    for event in &emitted {
        commit(&*store, [Op::Emit(event.clone())]).await.unwrap();
    }
    let all: Vec<_> = (1..).zip(emitted).map(|(number, event)| numbered(number, event)).collect();
    for after in 0..=11 {
        for limit in [1, 3, 100] {
            let page = all.iter().filter(|event| event.number > after).take(limit).cloned();
            let query = EventQuery { app: forum(), after, limit: u32::try_from(limit).unwrap() };
            let read = store.events(query).await.unwrap();
            assert_eq!(read, page.collect::<Vec<_>>(), "{limit} after {after}");
        }
    }
}
