use super::*;
use crate::testing::{FakeNode, Fault, FaultyStore, ManualClock};
use crate::{Clock, Keyring, MemoryStore, Store};
use std::sync::Arc;
use std::time::Duration;

struct Process {
    store: Arc<FaultyStore>,
    clock: ManualClock,
    link: FiberLink,
}

fn forum() -> AppId {
    AppId::new("forum").unwrap()
}

fn keyring() -> Keyring {
    Keyring::parse(&format!("key:{}", "07".repeat(32))).unwrap()
}

/// With a secret that was rotated; the older one has a minute to live.
async fn rotated() -> Process {
    let (clock, store) = (ManualClock::default(), Arc::new(FaultyStore::new(Arc::new(MemoryStore::new()))));
    let node = Arc::new(FakeNode::new(clock.clone()));
    let builder = FiberLink::builder(store.clone(), node).keyring(keyring());
    let link = builder.clock(Arc::new(clock.clone())).open().await.unwrap();
    link.create_app(forum(), Secret::new(*b"older")).await.unwrap();
    let (until, why) = (clock.now().plus(Duration::from_secs(60)), Reason::of_program());
    let admin = link.administration(Operator { name: "ann".to_owned(), origin: String::new() });
    admin.rotate_secret(&forum(), &Secret::new(*b"newer"), until, &why).await.unwrap();
    Process { store, clock, link }
}

impl Process {
    async fn app(&self) -> App {
        self.link.find_app(&forum()).await.unwrap().unwrap()
    }

    async fn late_uses(&self) -> (u64, Option<Timestamp>) {
        let app = self.app().await;
        (app.secrets[0].late_uses, app.secrets[0].last_late_use)
    }
}

#[pollster::test]
async fn the_newest_secret_comes_first_and_the_older_one_is_late_until_it_ends() {
    let process = rotated().await;
    let live = async || {
        let live = process.link.live_secrets(&process.app().await).unwrap();
        let shown = |live: &LiveSecret| (live.number, live.secret.expose().to_vec(), live.is_late);
        live.iter().map(shown).collect::<Vec<_>>()
    };
    let (newer, older) = ((Some(2), b"newer".to_vec(), false), (Some(1), b"older".to_vec(), true));
    assert_eq!(live().await, [newer.clone(), older]);
    process.clock.advance(Duration::from_secs(60));
    assert_eq!(live().await, [newer]);
    let document = process.store.find_document(&App::key(&forum())).await.unwrap().unwrap();
    for canary in ["older", "newer"] {
        assert!(!document.body.contains(canary) && !document.body.contains(&hex::encode(canary)));
    }
}

#[pollster::test]
async fn uses_of_an_older_secret_are_written_by_a_beat_and_when_the_process_leaves() {
    let process = rotated().await;
    assert_eq!(process.late_uses().await, (0, None));
    process.link.count_late_use(&forum(), 1);
    process.clock.advance(Duration::from_secs(5));
    process.link.count_late_use(&forum(), 1);
    let last = process.clock.now();
    assert_eq!(process.late_uses().await, (0, None), "a request writes nothing");
    process.link.beat().await.unwrap();
    assert_eq!(process.late_uses().await, (2, Some(last)));
    process.link.beat().await.unwrap();
    assert_eq!(process.late_uses().await, (2, Some(last)), "each is counted once");
    process.clock.advance(Duration::from_secs(5));
    process.link.count_late_use(&forum(), 1);
    process.link.count_late_use(&AppId::new("gone").unwrap(), 1);
    process.link.leave().await.unwrap();
    assert_eq!(process.late_uses().await, (3, Some(process.clock.now())));
}

#[pollster::test]
async fn uses_that_could_not_be_written_are_written_later() {
    let process = rotated().await;
    process.link.count_late_use(&forum(), 1);
    process.link.count_late_use(&AppId::new("gone").unwrap(), 1);
    process.store.script_commits([Fault::Before]);
    process.link.beat().await.unwrap_err();
    process.link.count_late_use(&forum(), 1);
    process.link.beat().await.unwrap();
    assert_eq!(process.late_uses().await.0, 2);
}

#[test]
fn counts_are_bounded_and_known_ones_go_on() {
    let uses = LateUses::default();
    for n in 0..=u32::try_from(MOST_COUNTED).unwrap() {
        uses.add((forum(), n), 1, Timestamp::from_millis(9));
    }
    uses.add((forum(), 0), 1, Timestamp::from_millis(7));
    let counted = uses.take();
    assert_eq!(counted.len(), MOST_COUNTED);
    assert_eq!(counted[&(forum(), 0)], (2, Timestamp::from_millis(9)));
}
