//! A reader of settled tips misses none.

use super::{bring_tip, commit, create_tip};
use crate::testing::sample::{self, at, forum};
use crate::*;
use std::sync::Arc;

/// Settles a new tip of the app, so many seconds after the start.
async fn settle(store: &dyn Store, app: &AppId, n: u64, second: u64) {
    let terms = TipTerms { app: app.clone(), ..sample::tip_terms() };
    let tip = sample::tip_with(n, terms, TipState::Creating);
    let settled = TipState::Settled { invoice: sample::invoice_of(&tip), at: at(second) };
    bring_tip(store, &sample::tip_in(&tip, settled)).await;
}

async fn feed(store: &dyn Store, after: SettledPosition, limit: u32) -> Vec<TipId> {
    let tips = store.settled_tips(SettledQuery { app: forum(), after, limit }).await.unwrap();
    tips.iter().map(|tip| tip.id()).collect()
}

fn after(n: u64, second: u64) -> SettledPosition {
    SettledPosition::After { tip: sample::tip_id(n), or_at: at(second) }
}

fn tip_ids(numbers: &[u64]) -> Vec<TipId> {
    numbers.iter().map(|n| sample::tip_id(*n)).collect()
}

pub async fn settled_tips_are_listed_in_the_order_of_their_credits(store: Arc<dyn Store>) {
    for (n, second) in [(3, 10), (1, 20), (5, 30), (2, 40)] {
        settle(&*store, &forum(), n, second).await;
    }
    commit(&*store, [create_tip(sample::tip(4))]).await.unwrap();
    assert_eq!(feed(&*store, SettledPosition::Start, 10).await, tip_ids(&[3, 1, 5, 2]));
    assert_eq!(feed(&*store, SettledPosition::Start, 3).await, tip_ids(&[3, 1, 5]));
    assert_eq!(feed(&*store, after(1, 20), 10).await, tip_ids(&[5, 2]));
    assert_eq!(feed(&*store, after(1, 999), 10).await, tip_ids(&[5, 2]), "the id leads, not the time");
    assert_eq!(feed(&*store, after(2, 0), 10).await, []);
}

pub async fn settled_tips_of_one_moment_are_paged_without_loss(store: Arc<dyn Store>) {
    let order = [7, 2, 6, 1, 5, 3, 4];
    for n in order {
        settle(&*store, &forum(), n, 10).await;
    }
    let mut seen = Vec::new();
    let mut position = SettledPosition::Start;
    for _ in 0..order.len() {
        let page = feed(&*store, position, 2).await;
        let Some(last) = page.last() else { break };
        position = SettledPosition::After { tip: *last, or_at: at(10) };
        seen.extend(page);
    }
    assert_eq!(seen, tip_ids(&order));

    // What is credited later comes later, whatever its id and its clock say.
    let next = feed(&*store, position, 2).await;
    assert_eq!(next, []);
    let terms = sample::tip_terms();
    let early = sample::tip_with(0, terms, TipState::Creating);
    let settled = TipState::Settled { invoice: sample::invoice_of(&early), at: at(5) };
    bring_tip(&*store, &sample::tip_in(&early, settled)).await;
    assert_eq!(feed(&*store, position, 2).await, tip_ids(&[0]));
}

pub async fn a_settled_tip_keeps_its_place(store: Arc<dyn Store>) {
    for n in 1..=3 {
        settle(&*store, &forum(), n, 10).await;
    }
    let stored = store.find_tip(TipLookup::Id(sample::tip_id(1))).await.unwrap().unwrap();
    let (next, expected) = (stored.clone().into_inner(), stored.version());
    commit(&*store, [Op::UpdateTip { next, expected, due: None }]).await.unwrap();
    assert_eq!(feed(&*store, SettledPosition::Start, 10).await, tip_ids(&[1, 2, 3]));
    assert_eq!(feed(&*store, after(1, 10), 10).await, tip_ids(&[2, 3]));
    assert_eq!(feed(&*store, after(3, 10), 10).await, []);
}

pub async fn an_unknown_cursor_falls_back_to_its_time_inclusive(store: Arc<dyn Store>) {
    for (n, second) in [(1, 10), (2, 20), (3, 20), (4, 30)] {
        settle(&*store, &forum(), n, second).await;
    }
    assert_eq!(feed(&*store, after(99, 0), 10).await, tip_ids(&[1, 2, 3, 4]));
    assert_eq!(feed(&*store, after(99, 20), 10).await, tip_ids(&[2, 3, 4]));
    assert_eq!(feed(&*store, after(99, 20), 1).await, tip_ids(&[2]));
    assert_eq!(feed(&*store, after(99, 21), 10).await, tip_ids(&[4]));
    assert_eq!(feed(&*store, after(99, 31), 10).await, []);
}

pub async fn a_cursor_of_another_app_falls_back_to_its_time(store: Arc<dyn Store>) {
    settle(&*store, &forum(), 1, 10).await;
    settle(&*store, &sample::app_id("wiki"), 2, 20).await;
    settle(&*store, &sample::app_id("wiki"), 3, 20).await;
    settle(&*store, &forum(), 4, 30).await;
    assert_eq!(feed(&*store, after(3, 10), 10).await, tip_ids(&[1, 4]));
    assert_eq!(feed(&*store, after(3, 20), 10).await, tip_ids(&[4]));
}

pub async fn a_cursor_of_an_open_tip_falls_back_to_its_time(store: Arc<dyn Store>) {
    settle(&*store, &forum(), 1, 10).await;
    commit(&*store, [create_tip(sample::tip(2))]).await.unwrap();
    settle(&*store, &forum(), 3, 30).await;
    assert_eq!(feed(&*store, after(2, 10), 10).await, tip_ids(&[1, 3]));
    assert_eq!(feed(&*store, after(2, 11), 10).await, tip_ids(&[3]));
}
