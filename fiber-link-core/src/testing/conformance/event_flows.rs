//! What apps are told happened, with the records that it happened to.

use super::world::{World, requested, tip_of};
use crate::testing::sample::{self, app_id, forum};
use crate::*;
use futures_util::FutureExt;
use std::sync::Arc;

async fn told(world: &World, after: Option<EventPlace>, limit: u32) -> Vec<ToldEvent> {
    world.link.events(&forum(), after, limit).await.unwrap()
}

pub async fn events_are_told_with_their_records_on_from_each_of_them(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    let (withdrawal, _) = requested(&world).await;
    world.pay().await;
    world.fund(1).await;
    let all = told(&world, None, 100).await;
    let kinds: Vec<_> = all.iter().map(|told| told.event.kind.as_str()).collect();
    assert_eq!(kinds, ["tip_settled", "withdrawal_completed", "tip_settled"]);
    for told in &all {
        match &told.subject {
            EventSubject::Tip(tip) => {
                assert_eq!(told.event.kind, EventKind::TipSettled(tip.id()));
                assert!(tip.settled_at().is_some());
            }
            EventSubject::Withdrawal(paid) => {
                assert_eq!(*paid, world.withdrawal(&withdrawal).await);
                assert!(matches!(paid.state(), WithdrawalState::Completed { .. }));
            }
        }
    }
    let (mut read, mut after) = (Vec::new(), None);
    while let [event] = &told(&world, after, 1).await[..] {
        after = Some(event.place);
        read.push(event.clone());
    }
    assert_eq!(read, all, "one by one");
    assert_eq!(told(&world, Some(all[0].place), 100).await, all[1..]);
}

pub async fn a_place_where_no_event_is_or_another_one_is_refused(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    world.fund(1).await;
    let known = told(&world, None, 1).await[0].place;
    let other = EventPlace { id: sample::event(7).id, ..known };
    let places = [0, 2, u64::MAX].map(|number| EventPlace { number, ..known });
    for place in places.into_iter().chain([other]) {
        let refused = world.link.events(&forum(), Some(place), 10).await;
        assert!(matches!(refused, Err(EventsError::UnknownPlace)), "{place:?}: {refused:?}");
    }
    let refused = world.link.events(&app_id("wiki"), Some(known), 10).await;
    assert!(matches!(refused, Err(EventsError::UnknownPlace)), "of another app: {refused:?}");
    assert_eq!(told(&world, Some(known), 10).await, []);
}

pub async fn a_waiting_reader_hears_of_a_withdrawal_that_ends(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    requested(&world).await;
    world.link.create_tip(&forum(), tip_of(1)).await.unwrap();
    let mut reader = world.link.wait_for_news(&forum()).unwrap();
    assert_eq!(reader.news().now_or_never(), None, "nothing ended yet");
    world.pay().await;
    assert_eq!(reader.news().now_or_never(), Some(Heard::News));
    let last = told(&world, None, 10).await.pop().unwrap();
    assert_eq!(last.event.kind.as_str(), "withdrawal_completed", "what it heard of is there to be read");
}
