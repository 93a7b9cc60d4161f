//! Tips from request to credit, with everything that can go wrong between.

use super::world::{CKB, World, keyed, tip_of};
use crate::testing::sample::{forum, user};
use crate::testing::{Fault, FaultyStore, Reception};
use crate::*;
use futures_util::future::join_all;
use futures_util::{FutureExt, StreamExt, stream};
use std::sync::Arc;

async fn tip_count(world: &World) -> usize {
    world.store.tips(TipQuery::All { after: None, limit: MAX_ROWS }).await.unwrap().len()
}

pub async fn a_paid_tip_is_credited_once_by_racing_passes(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    let tip = world.link.create_tip(&forum(), tip_of(61)).await.unwrap();
    assert_eq!(tip.invoice().unwrap().amount.units(), 6_100_000_000);
    world.node.pay_invoice(tip.payment_hash());
    world.later(6);
    let other = world.other_process(Exclusivity::Shared).await;
    join_all((0..16).map(|n| {
        let link = if n % 2 == 0 { &world.link } else { &other };
        link.hint(tip.payment_hash());
        link.settle_due(10)
    }))
    .await;
    assert!(world.tip(&tip).await.settled_at().is_some());
    assert_eq!(world.balance().await, (6_100_000_000, 0));
    let events = world.store.events(EventQuery { app: forum(), after: 0, limit: 10 }).await.unwrap();
    assert_eq!(
        events.iter().map(|e| (e.number, e.event.kind)).collect::<Vec<_>>(),
        [(1, EventKind::TipSettled(tip.id()))]
    );
    world.assert_sound().await;
}

pub async fn a_waiting_reader_hears_of_what_its_process_settles(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    let mut reader = world.link.wait_for_news(&forum()).unwrap();
    world.link.create_tip(&forum(), tip_of(1)).await.unwrap();
    world.later(6);
    world.settle().await;
    assert_eq!(reader.news().now_or_never(), None, "nothing was settled yet");
    world.fund(1).await;
    assert_eq!(reader.news().now_or_never(), Some(Heard::News));
    let tips = world.link.settled_tips(&forum(), SettledPosition::Start, 10).await.unwrap();
    assert_eq!(tips.len(), 1, "what it heard of is there to be read");
}

pub async fn a_lost_answer_about_an_invoice_is_found_by_a_repeat(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    for (reception, key) in [(Reception::LoseAnswer, "acted"), (Reception::LoseRequest, "never heard")] {
        world.node.receive_create_invoice([reception]);
        let first = world.link.create_tip(&forum(), keyed(tip_of(5), key)).await;
        assert!(matches!(first, Err(CreateTipError::NodeUnavailable(_))), "{first:?}");
        let tip = world.link.create_tip(&forum(), keyed(tip_of(5), key)).await.unwrap();
        let again = world.link.create_tip(&forum(), keyed(tip_of(5), key)).await.unwrap();
        assert_eq!(tip, again);
    }
    assert_eq!(tip_count(&world).await, 2);
    let other = world.link.create_tip(&forum(), keyed(tip_of(6), "acted")).await;
    assert!(matches!(other, Err(CreateTipError::IdempotencyConflict)), "{other:?}");
    assert_eq!(tip_count(&world).await, 2);
}

pub async fn a_lost_answer_about_an_invoice_is_found_by_the_pass(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    world.node.receive_create_invoice([Reception::LoseAnswer]);
    world.link.create_tip(&forum(), tip_of(5)).await.unwrap_err();
    world.later(6);
    world.settle().await;
    let [tip] = world.link.tips_of_app(&forum(), None, 9).await.unwrap().try_into().unwrap();
    assert!(matches!(tip.state(), TipState::Unpaid { .. }), "{tip:?}");
    world.node.pay_invoice(tip.payment_hash());
    world.link.hint(tip.payment_hash());
    world.settle().await;
    assert_eq!(world.balance().await, (u128::from(5 * CKB), 0));
}

pub async fn a_tip_that_the_node_never_heard_of_is_given_up_for_good(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    world.node.receive_create_invoice([Reception::LoseRequest]);
    world.link.create_tip(&forum(), keyed(tip_of(5), "k")).await.unwrap_err();
    world.later(599);
    world.settle().await;
    let [tip] = world.link.tips_of_app(&forum(), None, 9).await.unwrap().try_into().unwrap();
    assert_eq!(*tip.state(), TipState::Creating);
    world.later(200);
    world.settle().await;
    assert!(matches!(world.tip(&tip).await.state(), TipState::Abandoned { .. }));
    let again = world.link.create_tip(&forum(), keyed(tip_of(5), "k")).await;
    assert!(matches!(again, Err(CreateTipError::GivenUp)), "{again:?}");
    assert!(matches!(world.tip(&tip).await.state(), TipState::Abandoned { .. }));
    world.link.create_tip(&forum(), keyed(tip_of(5), "another")).await.unwrap();
}

pub async fn a_refused_invoice_ends_its_tip(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    world.node.receive_create_invoice([Reception::Refuse("amount too small".into())]);
    let refused = world.link.create_tip(&forum(), tip_of(5)).await;
    assert!(matches!(refused, Err(CreateTipError::NodeRefused(_))), "{refused:?}");
    let [tip] = world.link.tips_of_app(&forum(), None, 9).await.unwrap().try_into().unwrap();
    assert!(matches!(tip.state(), TipState::Abandoned { .. }));
}

pub async fn a_late_payment_is_credited_whatever_we_had_shown(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    let expired = world.link.create_tip(&forum(), tip_of(1)).await.unwrap();
    let cancelled = world.link.create_tip(&forum(), tip_of(2)).await.unwrap();
    world.node.cancel_invoice(cancelled.payment_hash());
    world.later(3601);
    world.settle().await;
    for tip in [&expired, &cancelled] {
        assert_eq!(world.tip(tip).await.state().phase(), TipPhase::Ended);
        world.node.pay_invoice(tip.payment_hash());
    }
    // Two weeks without a hint.
    world.later(14 * 24 * 3600);
    assert_eq!(world.settle().await.settled, 2);
    assert_eq!(world.balance().await, (u128::from(3 * CKB), 0));
    world.assert_sound().await;
}

pub async fn a_payment_while_we_were_down_is_credited(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    let tip = world.link.create_tip(&forum(), tip_of(7)).await.unwrap();
    world.node.pay_invoice(tip.payment_hash());
    world.later(30 * 24 * 3600);
    let restarted = world.other_process(Exclusivity::Sole).await;
    assert_eq!(restarted.settle_due(10).await.unwrap().settled, 1);
    assert_eq!(world.balance().await, (u128::from(7 * CKB), 0));
}

pub async fn a_node_that_is_down_makes_tips_wait_and_fails_none(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    let tip = world.link.create_tip(&forum(), tip_of(7)).await.unwrap();
    world.node.set_down(true);
    for _ in 0..50 {
        world.later(600);
        assert_eq!(world.settle().await.settled, 0);
    }
    assert!(matches!(world.tip(&tip).await.state(), TipState::Unpaid { .. }), "nobody said that it expired");
    world.node.set_down(false);
    world.node.pay_invoice(tip.payment_hash());
    world.later(3600);
    assert_eq!(world.settle().await.settled, 1);
}

pub async fn an_idempotency_key_makes_one_tip_of_many_requests(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    let app = forum();
    let tips = join_all((0..64).map(|_| world.link.create_tip(&app, keyed(tip_of(5), "k")))).await;
    let ids: std::collections::BTreeSet<_> = tips.into_iter().map(|tip| tip.unwrap().id()).collect();
    assert_eq!(ids.len(), 1);
    let same = keyed(tip_of(5), "k");
    let others = [
        TipRequest { post: "43".parse().unwrap(), ..same.clone() },
        TipRequest { from_user: user("carol"), ..same.clone() },
        TipRequest { to_user: user("carol"), ..same.clone() },
        TipRequest { amount: Amount::new(1), ..same.clone() },
        TipRequest { message: Some("thanks".into()), ..same.clone() },
        TipRequest { anonymous: true, ..same },
    ];
    for other in others {
        let conflict = world.link.create_tip(&app, other).await;
        assert!(matches!(conflict, Err(CreateTipError::IdempotencyConflict)), "{conflict:?}");
    }
    assert_eq!(tip_count(&world).await, 1);
}

pub async fn ten_thousand_open_tips_cost_one_question_per_hundred(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    let app = forum();
    let created = stream::iter(0..10_000).map(|_| world.link.create_tip(&app, tip_of(1)));
    let tips: Vec<_> = created.buffer_unordered(256).map(Result::unwrap).collect().await;
    for tip in tips.iter().step_by(100) {
        world.node.pay_invoice(tip.payment_hash());
    }
    world.later(6);
    let before = world.node.calls();
    let mut settled = 0;
    while {
        let report = world.settle().await;
        settled += report.settled;
        report.more
    } {}
    let calls = world.node.calls();
    assert_eq!(settled, 100);
    assert_eq!(world.balance().await, (u128::from(100 * CKB), 0));
    assert_eq!(calls.invoice_hashes - before.invoice_hashes, 10_000, "each tip once");
    assert_eq!(calls.invoices - before.invoices, 100, "a hundred hashes in a question");
}

pub async fn an_answer_about_another_invoice_credits_nothing(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    let tip = world.link.create_tip(&forum(), tip_of(5)).await.unwrap();
    let invoice = Invoice { amount: Amount::new(500 * CKB), ..tip.invoice().unwrap().clone() };
    let claim = InvoiceStatus { invoice, state: InvoiceState::Paid };
    world.node.claim_invoice(tip.payment_hash(), Some(claim));
    world.later(6);
    assert_eq!(world.settle().await.settled, 0);
    assert_eq!(world.balance().await, (0, 0));
}

pub async fn a_lie_of_a_hint_credits_nothing_and_a_true_one_does_at_once(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    let tip = world.link.create_tip(&forum(), tip_of(5)).await.unwrap();
    world.link.hint(tip.payment_hash());
    world.link.hint(PaymentHash::new([9; 32]));
    assert_eq!(world.settle().await.settled, 0);
    world.node.pay_invoice(tip.payment_hash());
    world.link.hint(tip.payment_hash());
    assert_eq!(world.settle().await.settled, 1, "without waiting for its turn");
    world.link.hint(tip.payment_hash());
    assert_eq!(world.settle().await.asked, 0, "it is settled");
}

pub async fn a_tip_that_is_looked_at_is_asked_about_sooner_and_by_its_own_app_alone(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    let tip = world.link.create_tip(&forum(), tip_of(5)).await.unwrap();
    let invoice = &tip.invoice().unwrap().encoded;
    let stranger = "another-app".parse().unwrap();
    assert_eq!(world.link.find_tip(&stranger, invoice).await.unwrap(), None);
    assert_eq!(world.settle().await.asked, 0);
    let questions = world.node.calls().invoices;
    assert_eq!(world.link.find_tip(&forum(), invoice).await.unwrap().as_ref(), Some(&tip));
    assert_eq!(world.node.calls().invoices, questions, "looking asks nobody");
    assert_eq!(world.settle().await.asked, 1);
}

pub async fn a_commit_without_an_answer_credits_once(store: Arc<dyn Store>) {
    let world = World::new(store.clone()).await;
    for fault in [Fault::Before, Fault::After] {
        let tip = world.link.create_tip(&forum(), tip_of(1)).await.unwrap();
        world.node.pay_invoice(tip.payment_hash());
        let faulty = Arc::new(FaultyStore::new(store.clone()));
        let link = world.through(faulty.clone()).await;
        faulty.script_commits([fault]);
        world.later(3600);
        assert_eq!(link.settle_due(10).await.unwrap().failed, 1);
        world.later(3600);
        link.settle_due(10).await.unwrap();
        assert!(world.tip(&tip).await.settled_at().is_some());
    }
    assert_eq!(world.balance().await, (u128::from(2 * CKB), 0));
    world.assert_sound().await;
}

pub async fn a_hint_that_cannot_be_looked_up_leaves_the_others_their_turn(store: Arc<dyn Store>) {
    let world = World::new(store.clone()).await;
    let waiting = world.link.create_tip(&forum(), tip_of(7)).await.unwrap();
    world.node.pay_invoice(waiting.payment_hash());
    world.later(60);
    let faulty = Arc::new(FaultyStore::new(store));
    let link = world.through(faulty.clone()).await;
    for n in 0..6 {
        link.hint(PaymentHash::new([n; 32]));
    }
    faulty.script_reads([Fault::None, Fault::None, Fault::None, Fault::None, Fault::None, Fault::Before]);
    assert_eq!(link.settle_due(10).await.unwrap().settled, 1);
}

pub async fn a_bad_answer_about_one_tip_keeps_no_other_waiting(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    let mut tips = Vec::new();
    for _ in 0..10 {
        let tip = world.link.create_tip(&forum(), tip_of(1)).await.unwrap();
        world.node.pay_invoice(tip.payment_hash());
        tips.push(tip);
    }
    world.node.garble_invoice(tips[3].payment_hash());
    world.later(6);
    let report = world.settle().await;
    assert_eq!((report.asked, report.settled, report.failed), (10, 9, 1));
    assert_eq!(world.tip(&tips[3]).await.settled_at(), None);
    // A node that answers badly about all of them is not asked again and again.
    let calls = world.node.calls().invoices;
    assert!(calls <= 9, "{calls} questions");
}

pub async fn bad_answers_about_neighbours_keep_no_other_waiting(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    let mut tips = Vec::new();
    for _ in 0..10 {
        let tip = world.link.create_tip(&forum(), tip_of(1)).await.unwrap();
        world.node.pay_invoice(tip.payment_hash());
        tips.push(tip);
    }
    for tip in &tips[..2] {
        world.node.garble_invoice(tip.payment_hash());
    }
    world.later(6);
    let report = world.settle().await;
    assert_eq!((report.asked, report.settled, report.failed), (10, 8, 2));
}

/// What fails at the end of the grace period is asked again: no answer is no answer.
pub async fn an_ended_tip_is_asked_about_until_the_node_answers_after_its_grace(store: Arc<dyn Store>) {
    let world = World::new(store.clone()).await;
    let tips = [
        world.link.create_tip(&forum(), tip_of(1)).await.unwrap(),
        world.link.create_tip(&forum(), tip_of(2)).await.unwrap(),
    ];
    world.later(3601);
    world.settle().await;
    world.node.pay_invoice(tips[0].payment_hash());
    // Everything was down for a month, and the node falls silent again as soon as it said who it is.
    world.later(30 * 24 * 3600);
    assert_eq!(world.link.check_node().await.unwrap(), NodeStanding::Fits);
    world.node.set_down(true);
    assert_eq!(world.settle().await.failed, 2);
    world.node.set_down(false);
    world.later(3600);
    // It answers, and we die before we wrote that down.
    let faulty = Arc::new(FaultyStore::new(store));
    let dying = world.through(faulty.clone()).await;
    faulty.script_commits([Fault::Before, Fault::Before]);
    assert_eq!(dying.settle_due(10).await.unwrap().failed, 2);
    world.later(3600);
    let report = world.settle().await;
    assert_eq!((report.asked, report.settled), (2, 1));
    assert_eq!(world.balance().await, (u128::from(CKB), 0));
    world.later(30 * 24 * 3600);
    assert_eq!(world.settle().await.asked, 0, "the node has ended the other one for good");
}

pub async fn tips_that_are_looked_at_leave_the_others_their_turn(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    let waiting = world.link.create_tip(&forum(), tip_of(7)).await.unwrap();
    world.node.pay_invoice(waiting.payment_hash());
    world.later(60);
    let mut looked_at = Vec::new();
    for _ in 0..20 {
        looked_at.push(world.link.create_tip(&forum(), tip_of(1)).await.unwrap());
    }
    for tip in &looked_at {
        world.link.hint(tip.payment_hash());
    }
    let report = world.link.settle_due(10).await.unwrap();
    assert_eq!((report.settled, report.more), (1, true));
    assert!(world.link.settle_due(100).await.unwrap().asked >= 10, "all room is used");
}
