//! How much an account may come to have.

use super::meanwhile::BeforeTip;
use super::world::{CKB, World, administration, keyed, registered, tip_of, why};
use super::{assert_refused, bring_tip, commit, create_tip};
use crate::testing::Reception;
use crate::testing::sample::{self, account, app_id, at, forum, user};
use crate::*;
use futures_util::future::join_all;
use std::sync::Arc;

fn room(ceiling: u64) -> Op {
    Op::RequireRoom { account: account("alice"), ceiling: Amount::new(ceiling) }
}

/// A tip to alice of so much, in this state.
fn tip(n: u64, amount: u64, change: impl Fn(&mut TipTerms)) -> Tip {
    let mut terms = TipTerms { amount: Amount::new(amount), ..sample::tip_terms() };
    change(&mut terms);
    sample::tip_with(n, terms, TipState::Creating)
}

pub async fn an_account_has_room_for_what_it_has_and_what_may_be_paid_to_it(store: Arc<dyn Store>) {
    commit(&*store, [room(0)]).await.unwrap();
    commit(&*store, [Op::Post(sample::credit(1, 100)), Op::Post(sample::reservation(1, 30))]).await.unwrap();
    assert_refused(commit(&*store, [room(99)]).await, CommitError::NoRoom);
    commit(&*store, [room(100)]).await.unwrap();
    // Its own tip counts, and is not there if it is refused.
    let own = tip(2, 7, |_| ());
    assert_refused(commit(&*store, [create_tip(own.clone()), room(106)]).await, CommitError::NoRoom);
    assert_eq!(store.find_tip(TipLookup::Id(own.id())).await.unwrap(), None);
    commit(&*store, [create_tip(own.clone()), room(107)]).await.unwrap();
    let unpaid = TipState::Unpaid { invoice: sample::invoice_of(&own) };
    let update = |next, expected| Op::UpdateTip { next, expected: Version::from_u64(expected), due: None };
    commit(&*store, [update(sample::tip_in(&own, unpaid), 1)]).await.unwrap();
    assert_refused(commit(&*store, [room(106)]).await, CommitError::NoRoom);
    let ended = TipState::Expired { invoice: sample::invoice_of(&own), at: at(9) };
    commit(&*store, [update(sample::tip_in(&own, ended), 2)]).await.unwrap();
    commit(&*store, [room(100)]).await.unwrap();
    // A settled one is in the balance.
    let settled = tip(3, 50, |_| ());
    let state = TipState::Settled { invoice: sample::invoice_of(&settled), at: at(9) };
    bring_tip(&*store, &sample::tip_in(&settled, state)).await;
    commit(&*store, [room(100)]).await.unwrap();
    let others: [fn(&mut TipTerms); 3] = [
        |terms| terms.app = app_id("wiki"),
        |terms| terms.asset = AssetId::new("TOKEN").unwrap(),
        |terms| (terms.from_user, terms.to_user) = (user("alice"), user("bob")),
    ];
    for (n, other) in (10..).zip(others) {
        commit(&*store, [create_tip(tip(n, 1_000, other)), room(100)]).await.unwrap();
    }
    commit(&*store, [create_tip(tip(20, 1, |terms| terms.amount = Amount::MAX))]).await.unwrap();
    let largest = Op::RequireRoom { account: account("alice"), ceiling: Amount::MAX };
    assert_refused(commit(&*store, [largest]).await, CommitError::NoRoom);
}

pub async fn tips_at_once_never_pass_the_room_of_an_account(store: Arc<dyn Store>) {
    commit(&*store, [Op::Post(sample::credit(1, 100))]).await.unwrap();
    let tips = (10..74).map(|n| {
        let store = store.clone();
        async move { super::commit_in_race(&*store, [create_tip(tip(n, 10, |_| ())), room(145)]).await }
    });
    let answers = join_all(tips).await;
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 4);
    for refused in answers.into_iter().filter(Result::is_err) {
        assert_refused(refused, CommitError::NoRoom);
    }
    let totals = store.tip_totals(&forum(), &user("alice")).await.unwrap();
    assert_eq!(totals.open, 4);
}

async fn with_a_largest_balance(world: &World, ckb: u64) {
    world.set_policy(|policy| policy.tips.largest_balance = Some(Amount::new(ckb * CKB))).await;
    world.later(1);
}

pub async fn sixty_four_tips_never_pass_a_largest_balance(store: Arc<dyn Store>) {
    let world = registered(store).await;
    world.fund(20).await;
    with_a_largest_balance(&world, 55).await;
    let other = world.other_process(Exclusivity::Shared).await;
    let app = forum();
    let tips = (0..64).map(|n| [&world.link, &other][n % 2].create_tip(&app, tip_of(10)));
    let answers = join_all(tips).await;
    let made: Vec<_> = answers.iter().flatten().collect();
    assert_eq!(made.len(), 3);
    for refused in answers.iter().flat_map(|answer| answer.as_ref().err()) {
        let message = "tip amount 10 would take the balance of its recipient above the largest of 55";
        assert_eq!(refused.to_string(), message);
    }
    for tip in made {
        world.node.pay_invoice(tip.payment_hash());
    }
    world.later(6);
    assert_eq!(world.settle().await.settled, 3);
    assert!(world.link.create_tip(&forum(), tip_of(10)).await.is_err());
    world.link.create_tip(&forum(), tip_of(5)).await.unwrap();
    world.assert_sound().await;
}

pub async fn what_is_paid_is_credited_above_a_largest_balance(store: Arc<dyn Store>) {
    let world = registered(store).await;
    let tip = world.link.create_tip(&forum(), tip_of(30)).await.unwrap();
    with_a_largest_balance(&world, 10).await;
    assert!(world.link.create_tip(&forum(), tip_of(1)).await.is_err(), "the open tip takes all room");
    world.node.pay_invoice(tip.payment_hash());
    world.later(6);
    assert_eq!(world.settle().await.settled, 1);
    assert_eq!(world.balance().await.0, u128::from(30 * CKB));
    let off = |policy: &mut Policy| policy.tips.largest_balance = None;
    administration(&world.link).change_policy(&forum(), &Asset::ckb(), &why(), off).await.unwrap();
    world.later(1);
    world.link.create_tip(&forum(), tip_of(1)).await.unwrap();
}

pub async fn tips_that_were_given_up_do_not_come_back_above_a_largest_balance(store: Arc<dyn Store>) {
    let world = registered(store).await;
    with_a_largest_balance(&world, 10).await;
    let ask = async |key: &str| world.link.create_tip(&forum(), keyed(tip_of(10), key)).await;
    let keys = ["one", "two", "three"];
    for key in keys {
        world.node.receive_create_invoice([Reception::LoseRequest]);
        let lost = ask(key).await;
        assert!(matches!(lost, Err(CreateTipError::NodeUnavailable(_))), "{lost:?}");
        world.later(700);
        world.settle().await;
    }
    for key in keys {
        let refused = ask(key).await;
        assert!(matches!(refused, Err(CreateTipError::GivenUp)), "{refused:?}");
    }
    ask("four").await.unwrap();
    assert!(ask("five").await.is_err());
    let totals = store_totals(&world).await;
    assert_eq!(totals.open, 1);
}

async fn store_totals(world: &World) -> TipTotals {
    world.store.tip_totals(&forum(), &user("alice")).await.unwrap()
}

pub async fn repeats_at_once_that_take_the_last_room_are_one_tip(store: Arc<dyn Store>) {
    let world = registered(store).await;
    with_a_largest_balance(&world, 10).await;
    let other = world.other_process(Exclusivity::Shared).await;
    let app = forum();
    let tips =
        (0..16).map(|n| [&world.link, &other][n % 2].create_tip(&app, keyed(tip_of(10), "one of them")));
    let made: Vec<Tip> = join_all(tips).await.into_iter().map(Result::unwrap).collect();
    assert!(made.iter().all(|tip| tip == &made[0]), "{made:?}");
    assert_eq!(store_totals(&world).await.open, 1);
}

pub async fn a_repeat_that_finds_no_room_beside_its_twin_is_answered_with_it(store: Arc<dyn Store>) {
    let world = registered(store).await;
    with_a_largest_balance(&world, 10).await;
    let (link, (told, twin)) = (world.link.clone(), std::sync::mpsc::channel());
    let first = async move {
        let tip = link.create_tip(&forum(), keyed(tip_of(10), "one of them")).await.unwrap();
        told.send(tip).unwrap();
    };
    let process = world.through(Arc::new(BeforeTip::new(&world.store, first))).await;
    let tip = process.create_tip(&forum(), keyed(tip_of(10), "one of them")).await.unwrap();
    assert_eq!(tip, twin.recv().unwrap());
    assert_eq!(store_totals(&world).await.open, 1);
}
