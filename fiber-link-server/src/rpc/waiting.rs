//! Readers of settled tips and of events that wait for the next one.

use crate::api::Api;
use fiber_link_core::{
    AppId, EventPlace, EventsError, Heard, SettledPosition, StoreError, Tip, ToldEvent, WaitingReader,
};
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// The longest wait in seconds; clients and balancers seldom give an answer less than thirty.
pub(super) const LONGEST_WAIT: u32 = 25;

/// The least time between two looks of a reader, however often there are news: one whose cursor lies
/// in the future finds nothing at any of them.
const SHORTEST_BREAK: Duration = Duration::from_millis(50);

/// Settled tips after a place; where there are none, waits for the first for as long as `wait`. Where
/// too many wait, or the server stops, it waits no longer. Nothing of the store is held meanwhile.
pub(super) async fn settled_tips(
    api: &Api,
    app: &AppId,
    after: SettledPosition,
    limit: u32,
    wait: Duration,
) -> Result<Vec<Tip>, StoreError> {
    // Taken before the first look: what is settled in between is heard of.
    let reader = if wait.is_zero() { None } else { api.link.wait_for_news(app) };
    let look = || api.link.settled_tips(app, after, limit);
    look_until_there_is_one(reader, wait, api.look_every, look).await
}

/// Events after a place, as [`settled_tips`] are waited for. Both count towards the same places.
pub(super) async fn events(
    api: &Api,
    app: &AppId,
    after: Option<EventPlace>,
    limit: u32,
    wait: Duration,
) -> Result<Vec<ToldEvent>, EventsError> {
    let reader = if wait.is_zero() { None } else { api.link.wait_for_news(app) };
    let look = || api.link.events(app, after, limit);
    look_until_there_is_one(reader, wait, api.look_every, look).await
}

async fn look_until_there_is_one<T, E, L: Future<Output = Result<Vec<T>, E>>>(
    mut reader: Option<WaitingReader>,
    wait: Duration,
    look_every: Duration,
    look: impl Fn() -> L,
) -> Result<Vec<T>, E> {
    let began = Instant::now();
    loop {
        let looked = Instant::now();
        let found = look().await?;
        let left = wait.saturating_sub(began.elapsed());
        let Some(reader) = reader.as_mut().filter(|_| found.is_empty() && !left.is_zero()) else {
            return Ok(found);
        };
        tokio::select! {
            heard = reader.news() => match heard {
                Heard::News => sleep(left.min(SHORTEST_BREAK.saturating_sub(looked.elapsed()))).await,
                Heard::Dismissed => return Ok(found),
            },
            () = sleep(left.min(look_every)) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fiber_link_core::testing::{FakeNode, ManualClock};
    use fiber_link_core::{Amount, AssetId, FiberLink, MemoryStore, Secret, TipRequest};
    use std::cell::Cell;
    use std::sync::Arc;

    async fn settle_one(link: &FiberLink, node: &FakeNode, app: &AppId) {
        let request = TipRequest {
            post: "42".parse().unwrap(),
            from_user: "7".parse().unwrap(),
            to_user: "9".parse().unwrap(),
            asset: AssetId::ckb(),
            amount: Amount::new(100_000_000),
            message: None,
            anonymous: false,
            idempotency_key: None,
        };
        let tip = link.create_tip(app, request).await.unwrap();
        node.pay_invoice(tip.payment_hash());
        link.hint(tip.payment_hash());
        assert_eq!(link.settle_due(10).await.unwrap().settled, 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_reader_who_finds_nothing_looks_twenty_times_a_second_at_most() {
        let clock = ManualClock::default();
        let node = FakeNode::new(clock.clone());
        let builder = FiberLink::builder(Arc::new(MemoryStore::new()), Arc::new(node.clone()));
        let link = builder.clock(Arc::new(clock)).open().await.unwrap();
        let app: AppId = "forum".parse().unwrap();
        link.create_app(app.clone(), Secret::new(*b"a secret of sixteen")).await.unwrap();

        let (looks, began) = (Cell::new(0), Instant::now());
        let look = || {
            looks.set(looks.get() + 1);
            std::future::ready(Ok::<Vec<Tip>, StoreError>(Vec::new()))
        };
        let wait = Duration::from_millis(220);
        let reader = link.wait_for_news(&app);
        let settlements = async {
            while began.elapsed() < wait {
                settle_one(&link, &node, &app).await;
                sleep(Duration::from_millis(1)).await;
            }
        };
        let waits = look_until_there_is_one(reader, wait, Duration::from_secs(3_600), look);
        let (told, ()) = tokio::join!(waits, settlements);
        assert!(told.unwrap().is_empty());
        assert_eq!(looks.get(), 6, "at once, at 50, 100, 150 and 200 ms, and at the end");
        assert!((wait..wait.saturating_mul(2)).contains(&began.elapsed()));
    }
}
