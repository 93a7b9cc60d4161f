//! What operators allow, and that nothing passes it.

use super::meanwhile::Meanwhile;
use super::world::{CKB, World, administration, keyed, registered, tip_of, why};
use crate::testing::Reception;
use crate::testing::sample::{app_id, forum};
use crate::*;
use futures_util::future::{join, join_all};
use std::sync::Arc;
use std::time::Duration;

/// Sets one limit of a policy.
type Limit = fn(&mut WithdrawalPolicy);

fn ckb(whole: u64) -> Amount {
    Amount::new(whole * CKB)
}

pub async fn a_policy_in_the_store_wins_over_the_settings_in_its_app_alone(store: Arc<dyn Store>) {
    let world = registered(store).await;
    world.fund(100).await;
    let settings = world.with_policy(|policy| policy.per_request = ckb(5)).await;
    let ask = async |app: AppId| settings.request_withdrawal(&app, world.request(10).0).await;
    let refused = ask(forum()).await.unwrap_err();
    assert_eq!(refused.to_string(), "withdrawal amount 10 exceeds per-request limit 5");
    // What is not said stays as the settings of who says it have it.
    let set = administration(&settings)
        .change_policy(&forum(), &Asset::ckb(), &why(), |policy| policy.withdrawals.minimum = ckb(1))
        .await
        .unwrap();
    assert_eq!((set.number, set.policy.withdrawals.per_request), (1, ckb(5)));
    assert!(ask(forum()).await.is_err());
    world.set_policy(|policy| policy.withdrawals.per_request = ckb(10)).await;
    ask(forum()).await.unwrap();
    let refused = ask(app_id("another-app")).await.unwrap_err();
    assert_eq!(refused.to_string(), "withdrawal amount 10 exceeds per-request limit 5");
}

pub async fn tips_and_withdrawals_keep_to_their_policy_and_the_quote_says_so(store: Arc<dyn Store>) {
    let world = registered(store).await;
    world.fund(100).await;
    world
        .set_policy(|policy| {
            policy.tips.minimum = ckb(2);
            policy.tips.maximum = Some(ckb(4));
            policy.withdrawals.minimum = ckb(10);
            policy.withdrawals.per_request = ckb(20);
        })
        .await;
    world.later(1);
    for (amount, message) in
        [(1, "tip amount 1 is below the minimum of 2"), (5, "tip amount 5 exceeds the maximum of 4")]
    {
        let refused = world.link.create_tip(&forum(), tip_of(amount)).await.unwrap_err();
        assert!(matches!(refused, CreateTipError::Policy(_)) && refused.to_string() == message, "{refused}");
    }
    for amount in [2, 4] {
        world.link.create_tip(&forum(), tip_of(amount)).await.unwrap();
    }
    for (amount, quoted, message) in [
        (
            9,
            "Minimum withdrawal is 10 CKB.",
            "withdrawal amount 9 is below minimum required 10 for destination address",
        ),
        (
            21,
            "withdrawal amount 21 exceeds per-request limit 20",
            "withdrawal amount 21 exceeds per-request limit 20",
        ),
    ] {
        let request = world.request(amount).0;
        let quote = world.link.quote_withdrawal(&forum(), &request).await.unwrap();
        assert_eq!((quote.minimum, quote.maximum), (ckb(10), ckb(20)));
        assert_eq!(quote.problem.unwrap().to_string(), quoted);
        let refused = world.link.request_withdrawal(&forum(), request).await.unwrap_err();
        assert_eq!(refused.to_string(), message);
    }
    world
        .set_policy(|policy| {
            policy.tips.allowed = false;
            policy.withdrawals.allowed = false;
        })
        .await;
    world.later(1);
    let refused = world.link.create_tip(&forum(), tip_of(3)).await.unwrap_err();
    assert_eq!(refused.to_string(), "asset CKB is not allowed for tips in app forum");
    let refused = world.link.request_withdrawal(&forum(), world.request(10).0).await.unwrap_err();
    assert_eq!(refused.to_string(), "asset CKB is not allowed for withdrawals in app forum");
}

pub async fn a_repeat_of_a_tip_is_answered_whatever_the_policy_says_now(store: Arc<dyn Store>) {
    let world = registered(store).await;
    let tip = world.link.create_tip(&forum(), keyed(tip_of(5), "a tip")).await.unwrap();
    world.set_policy(|policy| policy.tips.allowed = false).await;
    world.later(1);
    let again = world.link.create_tip(&forum(), keyed(tip_of(5), "a tip")).await.unwrap();
    assert_eq!(again, tip);
    world.node.pay_invoice(tip.payment_hash());
    world.later(6);
    assert_eq!(world.settle().await.settled, 1, "what is paid is credited");
}

pub async fn a_repeat_of_a_tip_without_an_invoice_keeps_to_policy_and_switches(store: Arc<dyn Store>) {
    let world = registered(store).await;
    let ask = async || world.link.create_tip(&forum(), keyed(tip_of(5), "a tip")).await;
    let pause = async |paused| {
        administration(&world.link).switch_hub(&[Activity::Tips], paused, &why()).await.unwrap();
        world.later(1);
    };
    world.node.receive_create_invoice([Reception::LoseRequest]);
    ask().await.unwrap_err();
    world.set_policy(|policy| policy.tips.allowed = false).await;
    world.later(1);
    let refused = ask().await;
    assert!(matches!(refused, Err(CreateTipError::Policy(_))), "{refused:?}");
    world.set_policy(|policy| policy.tips.allowed = true).await;
    pause(true).await;
    let refused = ask().await;
    assert!(matches!(refused, Err(CreateTipError::Paused(_))), "{refused:?}");
    pause(false).await;
    let tip = ask().await.unwrap();
    pause(true).await;
    assert_eq!(ask().await.unwrap(), tip, "its invoice was shown");
}

pub async fn a_policy_of_tips_takes_effect_within_a_second_in_every_process(store: Arc<dyn Store>) {
    let world = registered(store).await;
    let other = world.other_process(Exclusivity::Shared).await;
    for allowed in [false, true, false] {
        for link in [&world.link, &other] {
            assert_eq!(link.create_tip(&forum(), tip_of(1)).await.is_ok(), !allowed);
        }
        world.set_policy(|policy| policy.tips.allowed = allowed).await;
        world.later(1);
        for link in [&world.link, &other] {
            assert_eq!(link.create_tip(&forum(), tip_of(1)).await.is_ok(), allowed);
        }
    }
}

pub async fn every_version_of_a_policy_is_kept_with_who_set_it(store: Arc<dyn Store>) {
    let world = registered(store).await;
    let admin = administration(&world.link);
    let token = Asset { id: AssetId::new("CKB2").unwrap(), ..Asset::ckb() };
    assert_eq!(admin.policy(&forum(), &Asset::ckb()).await.unwrap().1, None);
    let mut set = Vec::new();
    for amount in 1..=3 {
        world.later(1);
        set.push(world.set_policy(|policy| policy.tips.minimum = ckb(amount)).await);
        // One whose name begins like the other's.
        admin.change_policy(&forum(), &token, &why(), |_| ()).await.unwrap();
    }
    let versions =
        async |after, limit| admin.policy_versions(&forum(), &AssetId::ckb(), after, limit).await.unwrap();
    assert_eq!(versions(0, 9).await, set);
    assert_eq!(versions(1, 1).await, set[1..2]);
    assert_eq!(versions(3, 9).await, []);
    let (policy, current) = admin.policy(&forum(), &Asset::ckb()).await.unwrap();
    assert_eq!((policy.tips.minimum, current.as_ref()), (ckb(3), set.last()));
    let last = &set[2];
    assert_eq!((last.number, last.at, last.operator.name.as_str()), (3, world.clock.now(), "ann"));
    assert_eq!(last.reason, "a test");
    let query = AuditQuery { app: Some(forum()), before: None, limit: 99 };
    let records = world.store.audit_records(query).await.unwrap();
    let of_ckb = records.iter().filter(|found| found.record.subject == "CKB");
    let minimum = |body: &Option<String>| {
        let body: serde_json::Value = serde_json::from_str(body.as_deref().unwrap()).unwrap();
        body["tips"]["minimum"].as_str().unwrap().to_owned()
    };
    let told: Vec<_> =
        of_ckb.map(|found| (minimum(&found.record.before), minimum(&found.record.after))).collect();
    let words = [("200000000", "300000000"), ("100000000", "200000000"), ("1", "100000000")];
    assert_eq!(told, words.map(|(before, after)| (before.to_owned(), after.to_owned())));
}

pub async fn a_policy_that_contradicts_itself_changes_nothing(store: Arc<dyn Store>) {
    let world = registered(store).await;
    let admin = administration(&world.link);
    let wrong = |policy: &mut Policy| policy.withdrawals.per_request = Amount::ZERO;
    let refused = admin.change_policy(&forum(), &Asset::ckb(), &why(), wrong).await;
    assert!(matches!(refused, Err(ChangeError::Policy(_))), "{refused:?}");
    let refused = admin.preview_policy(&forum(), &Asset::ckb(), wrong).await;
    assert!(matches!(refused, Err(ChangeError::Policy(_))), "{refused:?}");
    let refused = admin.change_policy(&app_id("no-app"), &Asset::ckb(), &why(), |_| ()).await;
    assert!(matches!(refused, Err(ChangeError::NoSuchApp(_))), "{refused:?}");
    assert_eq!(admin.policy(&forum(), &Asset::ckb()).await.unwrap().1, None);
    let records = AuditQuery { app: None, before: None, limit: 9 };
    assert_eq!(world.store.audit_records(records).await.unwrap().len(), 1, "the app's alone");
}

pub async fn policies_of_many_operators_at_once_are_all_kept(store: Arc<dyn Store>) {
    let world = registered(store).await;
    let (admin, app, asset, why) = (administration(&world.link), forum(), Asset::ckb(), why());
    let changes: [fn(&mut Policy); 6] = [
        |policy| policy.tips.minimum = ckb(1),
        |policy| policy.tips.maximum = Some(ckb(2)),
        |policy| policy.withdrawals.per_request = ckb(3),
        |policy| policy.withdrawals.per_user_daily = ckb(4),
        |policy| policy.review.above = Some(ckb(5)),
        |policy| policy.review.first_withdrawal = true,
    ];
    let set = join_all(changes.iter().map(|change| admin.change_policy(&app, &asset, &why, change))).await;
    let mut numbers: Vec<_> = set.iter().map(|set| set.as_ref().unwrap().number).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, [1, 2, 3, 4, 5, 6]);
    let (policy, _) = admin.policy(&app, &asset).await.unwrap();
    let mut all = Policy::new(WithdrawalPolicy::default_for(&asset));
    changes.iter().for_each(|change| change(&mut all));
    assert_eq!(policy, all);
}

pub async fn a_preview_tells_what_would_have_been_refused(store: Arc<dyn Store>) {
    let world = registered(store).await;
    world.fund(100).await;
    for amount in [5, 10, 20] {
        world.link.request_withdrawal(&forum(), world.request(amount).0).await.unwrap();
        world.later(60);
    }
    let before = world.store.audit_records(AuditQuery { app: None, before: None, limit: 9 }).await.unwrap();
    let change = |policy: &mut Policy| {
        policy.tips.maximum = Some(ckb(99));
        policy.withdrawals.per_user_daily = ckb(30);
        policy.withdrawals.minimum = ckb(6);
        policy.review.first_withdrawal = true;
    };
    let told = administration(&world.link).preview_policy(&forum(), &Asset::ckb(), change).await.unwrap();
    let refused = |previewed: &Previewed| previewed.refused.clone().into_iter().collect::<Vec<_>>();
    assert_eq!((told.tips.looked_at, refused(&told.tips)), (1, vec![("tip-maximum", 1)]));
    assert_eq!(told.withdrawals.looked_at, 3);
    assert_eq!(refused(&told.withdrawals), [("withdrawal-minimum", 1)], "10 and 20 fit into 30");
    assert_eq!(told.withdrawals.reviewed, 0, "the first one would have been refused");
    let after = world.store.audit_records(AuditQuery { app: None, before: None, limit: 9 }).await.unwrap();
    assert_eq!(before, after, "nothing is changed");
    assert_eq!(administration(&world.link).policy(&forum(), &Asset::ckb()).await.unwrap().1, None);
}

pub async fn only_who_may_sets_a_policy_and_its_fees(store: Arc<dyn Store>) {
    let world = registered(store).await;
    let acting = |grant| {
        let operator = Operator { name: "eve".to_owned(), origin: String::new() };
        let authority = Authority::person(operator, AdministratorId::of("eve"), vec![grant], None);
        administration(&world.link).acting_as(authority)
    };
    let (app, asset, why) = (forum(), Asset::ckb(), why());
    let limits = |policy: &mut Policy| policy.withdrawals.per_request = ckb(7);
    let fees = |policy: &mut Policy| policy.withdrawals.fee_bearer = FeeBearer::Hub;
    let auditor = acting(Grant::AppAuditor(forum()));
    auditor.policy(&app, &asset).await.unwrap();
    auditor.preview_policy(&app, &asset, fees).await.unwrap();
    let denied = auditor.change_policy(&app, &asset, &why, limits).await;
    assert!(matches!(denied, Err(ChangeError::Denied(_))), "{denied:?}");
    let stranger = acting(Grant::CommunityAdmin(app_id("wiki")));
    for hidden in [
        stranger.policy(&app, &asset).await.map(drop),
        stranger.preview_policy(&app, &asset, limits).await.map(drop),
        stranger.policy_versions(&app, &asset.id, 0, 9).await.map(drop),
        stranger.change_policy(&app, &asset, &why, limits).await.map(drop),
    ] {
        assert!(matches!(hidden, Err(ChangeError::NoSuchApp(_))), "{hidden:?}");
    }
    let community = acting(Grant::CommunityAdmin(forum()));
    community.change_policy(&app, &asset, &why, limits).await.unwrap();
    let denied = community.change_policy(&app, &asset, &why, fees).await;
    assert!(matches!(denied, Err(ChangeError::Denied(Denied::NotAllowed(Action::SetFees)))), "{denied:?}");
    acting(Grant::SuperAdmin).change_policy(&app, &asset, &why, fees).await.unwrap();
}

pub async fn nothing_is_accepted_under_a_policy_that_was_changed_meanwhile(store: Arc<dyn Store>) {
    let world = registered(store).await;
    world.fund(100).await;
    // First there is no policy yet, then there is one.
    for limit in [9, 8] {
        let link = world.link.clone();
        let lowered = async move {
            let change = |policy: &mut Policy| policy.withdrawals.per_request = ckb(limit);
            administration(&link).change_policy(&forum(), &Asset::ckb(), &why(), change).await.unwrap();
        };
        let process = world.with_node(Meanwhile::new(&world.node, lowered)).await;
        let refused = process.request_withdrawal(&forum(), world.request(limit + 1).0).await.unwrap_err();
        let message = format!("withdrawal amount {} exceeds per-request limit {limit}", limit + 1);
        assert_eq!(refused.to_string(), message);
        process.request_withdrawal(&forum(), world.request(limit).0).await.unwrap();
    }
    assert_eq!(stored(&world).await, 2);
}

pub async fn a_promised_fee_holds_also_where_the_fee_is_changed_meanwhile(store: Arc<dyn Store>) {
    let world = registered(store).await;
    world.fund(100).await;
    // First there is no policy yet, then there is one.
    for (now, then, millionths) in [("0.1", "0.2", 20_000), ("0.2", "0.3", 30_000)] {
        let link = world.link.clone();
        let dearer = async move {
            let change = |policy: &mut Policy| policy.withdrawals.fee.millionths = millionths;
            administration(&link).change_policy(&forum(), &Asset::ckb(), &why(), change).await.unwrap();
        };
        let promised = |fee: &str| Some(Asset::ckb().parse(fee).unwrap());
        let request = WithdrawalRequest { network_fee: promised(now), ..world.request(10).0 };
        let process = world.with_node(Meanwhile::new(&world.node, dearer)).await;
        let refused = process.request_withdrawal(&forum(), request.clone()).await.unwrap_err();
        assert_eq!(refused.to_string(), format!("the network fee limit is {then}, but {now} was promised"));
        let request = WithdrawalRequest { network_fee: promised(then), ..request };
        process.request_withdrawal(&forum(), request).await.unwrap();
    }
    assert_eq!(stored(&world).await, 2);
}

/// Asks 64 times at once for 10 CKB, in two processes, and tells how many were accepted.
async fn accepted_of_sixty_four(world: &World, other: &FiberLink) -> usize {
    let app = forum();
    let requests = (0..64).map(|n| {
        let link = if n % 2 == 0 { &world.link } else { other };
        link.request_withdrawal(&app, world.request(10).0)
    });
    let answers = join_all(requests).await;
    for refused in answers.iter().flat_map(|answer| answer.as_ref().err()) {
        assert!(matches!(refused, WithdrawError::Policy(_)), "{refused:?}");
    }
    answers.iter().filter(|answer| answer.is_ok()).count()
}

async fn stored(world: &World) -> usize {
    world.store.withdrawals(WithdrawalQuery::All { after: None, limit: MAX_ROWS }).await.unwrap().len()
}

pub async fn sixty_four_requests_pass_no_limit_of_a_policy(store: Arc<dyn Store>) {
    let world = registered(store).await;
    world.fund(5_000).await;
    let other = world.other_process(Exclusivity::Shared).await;
    let usual = Policy::new(WithdrawalPolicy::default_for(&Asset::ckb()));
    let limits: [(Limit, usize); 6] = [
        (|policy| policy.allowed = false, 0),
        (|policy| policy.minimum = ckb(11), 0),
        (|policy| policy.per_request = Amount::new(10 * CKB - 1), 0),
        (|policy| policy.cooldown = Duration::from_secs(60), 1),
        (|policy| policy.per_user_daily = ckb(49), 4),
        (|policy| policy.per_app_daily = ckb(59), 5),
    ];
    for (place, (limit, expected)) in limits.into_iter().enumerate() {
        world.later(26 * 3600);
        world
            .set_policy(|policy| {
                *policy = usual.clone();
                limit(&mut policy.withdrawals);
            })
            .await;
        let before = stored(&world).await;
        assert_eq!(accepted_of_sixty_four(&world, &other).await, expected, "limit {place}");
        assert_eq!(stored(&world).await, before + expected);
    }
    world.assert_sound().await;
}

/// Whoever is told that the policy was changed sees all that was ever accepted under the one before.
pub async fn sixty_four_requests_pass_no_limit_that_is_lowered_meanwhile(store: Arc<dyn Store>) {
    let world = registered(store).await;
    world.fund(5_000).await;
    let other = world.other_process(Exclusivity::Shared).await;
    let usual = Policy::new(WithdrawalPolicy::default_for(&Asset::ckb()));
    let limits: [(Limit, usize); 4] = [
        (|policy| policy.allowed = false, 0),
        (|policy| policy.per_request = ckb(9), 0),
        (|policy| policy.per_user_daily = ckb(59), 5),
        (|policy| policy.per_app_daily = ckb(59), 5),
    ];
    for (place, (limit, lowered)) in limits.into_iter().enumerate() {
        world.later(26 * 3600);
        world.set_policy(|policy| *policy = usual.clone()).await;
        let before = stored(&world).await;
        let change = async {
            // Some have begun by now.
            for _ in 0..place {
                crate::testing::give_way().await;
            }
            world.set_policy(|policy| limit(&mut policy.withdrawals)).await;
            stored(&world).await - before
        };
        let (accepted, at_the_change) = join(accepted_of_sixty_four(&world, &other), change).await;
        let most = at_the_change.max(lowered);
        assert!(accepted <= most, "limit {place}: {accepted} accepted, {at_the_change} before the change");
        assert_eq!(stored(&world).await, before + accepted);
    }
    world.assert_sound().await;
}
