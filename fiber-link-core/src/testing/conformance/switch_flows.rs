//! What operators stop, what goes on meanwhile, and what happens when it is let go on.

use super::meanwhile::Meanwhile;
use super::world::{CKB, administration, keyed, registered, requested, shannon, tip_of, why};
use crate::testing::Reception;
use crate::testing::sample::{forum, user};
use crate::*;
use futures_util::future::join_all;
use std::sync::Arc;
use std::time::Duration;

const BOTH: [Activity; 2] = [Activity::Tips, Activity::Withdrawals];

/// One that an operator throws.
#[derive(Clone, Copy, Debug)]
enum Switch {
    Hub,
    App,
    User(&'static str),
    Closing,
}

impl Switch {
    async fn throw(self, link: &FiberLink, activities: &[Activity], paused: bool) {
        let (admin, why) = (administration(link), why());
        match self {
            Self::Hub => {
                admin.switch_hub(activities, paused, &why).await.unwrap();
            }
            Self::User(name) => {
                admin.switch_user(&forum(), &user(name), activities, paused, &why).await.unwrap();
            }
            Self::Closing if paused => {
                admin.close_app(&forum(), &why).await.unwrap();
            }
            Self::App if paused => {
                admin.pause_app(&forum(), activities, &why).await.unwrap();
            }
            Self::App | Self::Closing => {
                admin.resume_app(&forum(), activities, &why).await.unwrap();
            }
        }
    }

    fn scope(self) -> PausedScope {
        match self {
            Self::Hub => PausedScope::Hub,
            Self::App | Self::Closing => PausedScope::App,
            Self::User(_) => PausedScope::User,
        }
    }
}

pub async fn no_tip_is_made_while_tips_are_paused(store: Arc<dyn Store>) {
    let world = registered(store).await;
    let mut made = 0;
    for switch in [Switch::Hub, Switch::App, Switch::Closing, Switch::User("alice"), Switch::User("bob")] {
        switch.throw(&world.link, &[Activity::Tips], true).await;
        world.later(1);
        let refused = world.link.create_tip(&forum(), tip_of(1)).await;
        let expected = Paused { activity: Activity::Tips, scope: switch.scope() };
        assert!(matches!(refused, Err(CreateTipError::Paused(paused)) if paused == expected), "{refused:?}");
        let tips = world.store.tips(TipQuery::All { after: None, limit: 99 }).await.unwrap();
        assert_eq!(tips.len(), made, "{switch:?} left a tip");

        switch.throw(&world.link, &[Activity::Tips], false).await;
        switch.throw(&world.link, &[Activity::Withdrawals], true).await;
        world.later(1);
        if !matches!(switch, Switch::Closing) {
            world.link.create_tip(&forum(), tip_of(1)).await.unwrap();
            made += 1;
        }
        switch.throw(&world.link, &BOTH, false).await;
    }
    let elsewhere = world.link.find_pause(Activity::Tips, &"wiki".parse().unwrap(), &[]).await.unwrap();
    assert_eq!(elsewhere, None);
}

pub async fn no_withdrawal_is_accepted_while_withdrawals_are_paused(store: Arc<dyn Store>) {
    let world = registered(store).await;
    world.fund(20).await;
    for switch in [Switch::Hub, Switch::App, Switch::Closing, Switch::User("alice")] {
        switch.throw(&world.link, &[Activity::Withdrawals], true).await;
        world.later(1);
        let expected = Paused { activity: Activity::Withdrawals, scope: switch.scope() };
        let quote = world.link.quote_withdrawal(&forum(), &world.request(10).0).await.unwrap();
        assert!(matches!(quote.problem, Some(QuoteProblem::Paused(paused)) if paused == expected));
        let refused = world.link.request_withdrawal(&forum(), world.request(10).0).await;
        assert!(matches!(refused, Err(WithdrawError::Paused(paused)) if paused == expected), "{refused:?}");
        assert_eq!(world.balance().await, (shannon(20 * CKB), 0), "nothing is reserved");
        switch.throw(&world.link, &BOTH, false).await;
    }
    Switch::User("bob").throw(&world.link, &BOTH, true).await;
    Switch::Hub.throw(&world.link, &[Activity::Tips], true).await;
    world.later(1);
    world.link.request_withdrawal(&forum(), world.request(10).0).await.unwrap();
}

pub async fn what_is_paid_is_credited_while_tips_are_paused(store: Arc<dyn Store>) {
    let world = registered(store).await;
    let tip = world.link.create_tip(&forum(), tip_of(5)).await.unwrap();
    for switch in [Switch::Hub, Switch::Closing, Switch::User("alice")] {
        switch.throw(&world.link, &BOTH, true).await;
    }
    world.node.pay_invoice(tip.payment_hash());
    world.later(6);
    assert_eq!(world.settle().await.settled, 1);
    assert_eq!(world.balance().await, (shannon(5 * CKB), 0));
    world.assert_sound().await;
}

pub async fn what_was_sent_is_followed_to_its_end_while_withdrawals_are_paused(store: Arc<dyn Store>) {
    let world = registered(store).await;
    let (withdrawal, hash) = requested(&world).await;
    world.node.plan_payments(hash, [PaymentState::Pending]);
    world.pay().await;
    for switch in [Switch::Hub, Switch::Closing, Switch::User("alice")] {
        switch.throw(&world.link, &BOTH, true).await;
    }
    world.later(60);
    world.pay().await;
    assert!(matches!(world.withdrawal(&withdrawal).await.state(), WithdrawalState::Processing { .. }));
    world.node.end_payment(hash, PaymentState::Succeeded { fee: Amount::ZERO });
    world.later(60);
    assert_eq!(world.pay().await.ended, 1);
    assert!(matches!(world.withdrawal(&withdrawal).await.state(), WithdrawalState::Completed { .. }));
    assert_eq!((world.node.sends(hash), world.balance().await), (1, (shannon(10 * CKB), 0)));
    world.assert_sound().await;
}

pub async fn what_was_not_begun_waits_until_withdrawals_are_resumed(store: Arc<dyn Store>) {
    let world = registered(store).await;
    world.fund(100).await;
    for switch in [Switch::Hub, Switch::App, Switch::Closing, Switch::User("alice")] {
        let (request, hash) = world.request(10);
        let withdrawal = world.link.request_withdrawal(&forum(), request).await.unwrap();
        switch.throw(&world.link, &[Activity::Withdrawals], true).await;
        for _ in 0..3 {
            world.pay().await;
            world.later(60);
        }
        assert_eq!(world.node.sends(hash), 0, "{switch:?}");
        assert_eq!(*world.withdrawal(&withdrawal).await.state(), WithdrawalState::Pending);
        switch.throw(&world.link, &BOTH, false).await;
        world.later(60);
        world.pay().await;
        assert_eq!((world.node.sends(hash), world.node.times_paid(hash)), (1, 1), "{switch:?}");
        world.later(1);
    }
    // What waits for too long comes to its end all the same: its invoice runs out.
    let (request, hash) = world.request(10);
    let withdrawal = world.link.request_withdrawal(&forum(), request).await.unwrap();
    Switch::Hub.throw(&world.link, &BOTH, true).await;
    world.later(3600);
    world.pay().await;
    assert!(matches!(world.withdrawal(&withdrawal).await.state(), WithdrawalState::Failed { .. }));
    assert_eq!(world.node.sends(hash), 0);
    world.assert_sound().await;
}

pub async fn nothing_is_begun_once_a_switch_is_thrown(store: Arc<dyn Store>) {
    let world = registered(store).await;
    world.fund(100).await;
    let alice = Switch::User("alice");
    for (before, switch) in [
        (None, Switch::Hub),
        (None, Switch::App),
        (None, Switch::Closing),
        (None, alice),
        (Some(alice), alice),
    ] {
        // A switch of the same user may be thrown already, for something else.
        if let Some(before) = before {
            before.throw(&world.link, &[Activity::Tips], true).await;
        }
        let (request, hash) = world.request(10);
        world.link.request_withdrawal(&forum(), request).await.unwrap();
        let link = world.link.clone();
        let thrown = async move { switch.throw(&link, &[Activity::Withdrawals], true).await };
        let process = world.with_node(Meanwhile::new(&world.node, thrown)).await;
        process.pay_due(10).await.unwrap();
        assert_eq!(world.node.sends(hash), 0, "{switch:?} was thrown before it was begun");
        process.leave().await.unwrap();
        switch.throw(&world.link, &BOTH, false).await;
        world.later(60);
        world.pay().await;
        assert_eq!((world.node.sends(hash), world.node.times_paid(hash)), (1, 1), "{switch:?}");
        world.later(1);
    }
    world.assert_sound().await;
}

pub async fn what_a_dead_process_left_unsent_is_not_sent_while_withdrawals_are_paused(store: Arc<dyn Store>) {
    let world = registered(store).await;
    let (withdrawal, hash) = requested(&world).await;
    world.node.receive_send_payment([Reception::LoseRequest]);
    world.pay().await;
    let other = world.other_process(Exclusivity::Shared).await;
    administration(&other).declare_dead(world.link.worker(), Duration::ZERO, &why()).await.unwrap();
    for switch in [Switch::Hub, Switch::App, Switch::Closing, Switch::User("alice")] {
        switch.throw(&other, &[Activity::Withdrawals], true).await;
        world.later(90);
        other.pay_due(10).await.unwrap();
        assert_eq!(world.node.sends(hash), 1, "{switch:?}");
        assert!(!world.withdrawal(&withdrawal).await.state().is_final());
        switch.throw(&other, &BOTH, false).await;
    }
    world.later(90);
    other.pay_due(10).await.unwrap();
    assert_eq!((world.node.sends(hash), world.node.times_paid(hash)), (2, 1));
    world.assert_sound().await;
}

pub async fn a_repeat_is_answered_while_everything_is_paused(store: Arc<dyn Store>) {
    let world = registered(store).await;
    world.fund(20).await;
    let tip = world.link.create_tip(&forum(), keyed(tip_of(5), "a tip")).await.unwrap();
    let request =
        WithdrawalRequest { idempotency_key: Some("a withdrawal".parse().unwrap()), ..world.request(10).0 };
    let withdrawal = world.link.request_withdrawal(&forum(), request.clone()).await.unwrap();
    for switch in [Switch::Hub, Switch::Closing, Switch::User("alice")] {
        switch.throw(&world.link, &BOTH, true).await;
    }
    world.later(1);
    let again = world.link.create_tip(&forum(), keyed(tip_of(5), "a tip")).await.unwrap();
    assert_eq!(again, tip);
    let again = world.link.request_withdrawal(&forum(), request).await.unwrap();
    assert_eq!(again, withdrawal);
    let other = world.link.create_tip(&forum(), keyed(tip_of(5), "another tip")).await;
    assert!(matches!(other, Err(CreateTipError::Paused(_))), "{other:?}");
}

pub async fn a_switch_takes_effect_within_a_second_in_every_process(store: Arc<dyn Store>) {
    let world = registered(store).await;
    let other = world.other_process(Exclusivity::Shared).await;
    for switch in [Switch::Hub, Switch::App, Switch::User("bob")] {
        for paused in [true, false] {
            for link in [&world.link, &other] {
                assert_eq!(link.create_tip(&forum(), tip_of(1)).await.is_ok(), paused, "{switch:?} before");
            }
            switch.throw(&world.link, &BOTH, paused).await;
            world.later(1);
            for link in [&world.link, &other] {
                let made = link.create_tip(&forum(), tip_of(1)).await;
                assert_eq!(made.is_ok(), !paused, "{switch:?}: {made:?}");
            }
        }
    }
}

pub async fn switches_of_many_operators_at_once_are_all_kept(store: Arc<dyn Store>) {
    let world = registered(store).await;
    let (admin, why) = (administration(&world.link), why());
    let users = ["a", "b", "c", "d"].map(user);
    let (forum, tips, withdrawals) = (forum(), [Activity::Tips], [Activity::Withdrawals]);
    let of_users = users.iter().map(|user| admin.switch_user(&forum, user, &BOTH, true, &why));
    let of_hub = [&tips, &withdrawals].map(|activities| admin.switch_hub(activities, true, &why));
    let of_app = [&tips, &withdrawals].map(|activities| admin.pause_app(&forum, activities, &why));
    let (users, (hub, app)) = futures_util::future::join(
        join_all(of_users),
        futures_util::future::join(join_all(of_hub), join_all(of_app)),
    )
    .await;
    let all = Switches { tips_paused: true, withdrawals_paused: true };
    assert!(users.iter().all(|thrown| *thrown.as_ref().unwrap() == all));
    assert!(hub.iter().all(Result::is_ok) && app.iter().all(Result::is_ok));
    assert_eq!(admin.hub_switches().await.unwrap(), all);
    let app = admin.find_app(&forum).await.unwrap().unwrap();
    assert_eq!((app.state, app.paused_users), (AppState::Open(all), 4));
    let records = world.store.audit_records(AuditQuery { app: None, before: None, limit: 99 }).await.unwrap();
    assert_eq!(records.len(), 1 + 8, "the app's, and one for each change");
}
