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
    for n in 1..=10 {
        commit(&*store, [Op::Emit(sample::event(n))]).await.unwrap();
    }
    for after in 0..=11 {
        for limit in [1, 3, 100] {
            let last = (after + u64::from(limit)).min(10);
            let expected: Vec<_> = (after + 1..=last).map(|n| numbered(n, sample::event(n))).collect();
            let query = EventQuery { app: forum(), after, limit };
            assert_eq!(store.events(query).await.unwrap(), expected, "{limit} after {after}");
        }
    }
}
