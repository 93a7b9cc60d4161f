use super::super::remembered::REMEMBERED;
use super::*;
use crate::testing::{FakeNode, ManualClock, MockStore};
use crate::{Administration, Clock, MemoryStore, Operator, Reason, Secret, Store};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

fn forum() -> AppId {
    AppId::new("forum").unwrap()
}

fn user(name: &str) -> UserId {
    UserId::new(name).unwrap()
}

fn why() -> Reason {
    Reason::new("a test").unwrap()
}

/// A process that reads from one store through another that counts its questions.
struct Process {
    link: FiberLink,
    clock: ManualClock,
    admin: Administration,
    asked: Arc<AtomicU32>,
}

async fn process() -> Process {
    let (clock, store, asked) =
        (ManualClock::default(), Arc::new(MemoryStore::new()), Arc::new(AtomicU32::new(0)));
    let mut counting = MockStore::new();
    let (inner, count) = (store.clone(), asked.clone());
    counting.expect_find_document().returning(move |key| {
        count.fetch_add(1, Ordering::SeqCst);
        pollster::block_on(inner.find_document(key))
    });
    let inner = store.clone();
    counting.expect_commit().returning(move |changes| pollster::block_on(inner.commit(changes)));
    counting.expect_find_hub().returning(|| Ok(None));
    counting.expect_tips().returning(|_| Ok(Vec::new()));
    counting.expect_workers().returning(|_, _| Ok(Vec::new()));
    let node = Arc::new(FakeNode::new(clock.clone()));
    let builder = FiberLink::builder(Arc::new(counting), node).clock(Arc::new(clock.clone()));
    let link = builder.open().await.unwrap();
    let operator = Operator { name: "ann".to_owned(), origin: String::new() };
    let admin = Administration::new(store, operator).clock(Arc::new(clock.clone()));
    Process { link, clock, admin, asked }
}

impl Process {
    async fn pause(&self, users: &[&UserId]) -> Option<PausedScope> {
        let pause = self.link.find_pause(Activity::Tips, &forum(), users).await.unwrap();
        pause.map(|paused| paused.scope)
    }

    /// How often the store was asked since the last time.
    fn asked(&self) -> u32 {
        self.asked.swap(0, Ordering::SeqCst)
    }
}

#[pollster::test]
async fn switches_are_remembered_for_half_a_second() {
    let process = process().await;
    assert_eq!((process.pause(&[]).await, process.asked()), (None, 2));
    process.admin.switch_hub(&[Activity::Tips], true, &why()).await.unwrap();
    process.clock.advance(Duration::from_millis(499));
    assert_eq!((process.pause(&[]).await, process.asked()), (None, 0));
    process.clock.advance(Duration::from_millis(1));
    assert_eq!((process.pause(&[]).await, process.asked()), (Some(PausedScope::Hub), 2));
    process.admin.switch_hub(&[Activity::Tips], false, &why()).await.unwrap();
    let before = process.clock.now().minus(Duration::from_millis(1));
    process.clock.set(before);
    assert_eq!((process.pause(&[]).await, process.asked()), (None, 2), "a clock that was set back");
}

#[pollster::test]
async fn what_is_about_to_be_paid_is_looked_up_anew() {
    let process = process().await;
    assert_eq!(process.pause(&[]).await, None);
    process.admin.switch_hub(&[Activity::Withdrawals], true, &why()).await.unwrap();
    let found = process.link.find_pause_now(Activity::Withdrawals, &forum(), &user("alice")).await.unwrap();
    assert_eq!(found.0.map(|paused| paused.scope), Some(PausedScope::Hub));
}

#[pollster::test]
async fn an_app_that_is_not_registered_has_no_switches_of_its_own() {
    let process = process().await;
    assert_eq!(process.pause(&[&user("alice")]).await, None);
    process.admin.switch_hub(&[Activity::Tips], true, &why()).await.unwrap();
    process.clock.advance(REMEMBERED);
    assert_eq!(process.pause(&[&user("alice")]).await, Some(PausedScope::Hub));
}

#[pollster::test]
async fn users_are_looked_up_only_where_some_are_paused() {
    let process = process().await;
    process.admin.create_app(forum(), "Forum", &Secret::new(*b"a secret"), &why()).await.unwrap();
    let (alice, bob) = (user("alice"), user("bob"));
    assert_eq!((process.pause(&[&alice, &bob]).await, process.asked()), (None, 2));
    process.admin.switch_user(&forum(), &bob, &[Activity::Tips], true, &why()).await.unwrap();
    process.clock.advance(REMEMBERED);
    assert_eq!((process.pause(&[&alice]).await, process.asked()), (None, 3));
    assert_eq!((process.pause(&[&alice, &bob]).await, process.asked()), (Some(PausedScope::User), 2));
    process.admin.switch_user(&forum(), &bob, &[Activity::Tips], false, &why()).await.unwrap();
    process.clock.advance(REMEMBERED);
    assert_eq!((process.pause(&[&alice, &bob]).await, process.asked()), (None, 2));
}

#[pollster::test]
async fn the_wider_switch_is_named() {
    let process = process().await;
    process.admin.create_app(forum(), "Forum", &Secret::new(*b"a secret"), &why()).await.unwrap();
    let alice = user("alice");
    process.admin.switch_user(&forum(), &alice, &[Activity::Tips], true, &why()).await.unwrap();
    process.admin.close_app(&forum(), &why()).await.unwrap();
    assert_eq!(process.pause(&[&alice]).await, Some(PausedScope::App));
    process.admin.switch_hub(&[Activity::Tips], true, &why()).await.unwrap();
    process.clock.advance(REMEMBERED);
    assert_eq!(process.pause(&[&alice]).await, Some(PausedScope::Hub));
}
