//! Which withdrawals are accepted: never more than there is, than the limits allow, or than was asked.

use super::meanwhile::AfterKey;
use super::world::{CKB, FEE_LIMIT, World, administration, failed, registered, shannon, to_the_end, why};
use crate::testing::sample::{forum, user};
use crate::*;
use futures_util::future::join_all;
use std::sync::Arc;
use std::time::Duration;

pub async fn sixty_four_requests_never_pass_the_funds(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    world.fund(56).await;
    let app = forum();
    let requests = (0..64).map(|_| world.link.request_withdrawal(&app, world.request(10).0));
    let answers = join_all(requests).await;
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 5, "56 CKB are 5 times 10.1 CKB");
    assert!(
        answers.iter().flat_map(|a| a.as_ref().err()).all(|e| matches!(e, WithdrawError::InsufficientFunds))
    );
    assert_eq!(
        world.balance().await,
        (shannon(56 * CKB - 5 * (10 * CKB + FEE_LIMIT)), shannon(5 * (10 * CKB + FEE_LIMIT)))
    );
    world.pay().await;
    world.assert_sound().await;
}

pub async fn sixty_four_requests_never_pass_a_daily_limit(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    world.fund(1_000).await;
    let strict = world.with_policy(|policy| policy.per_user_daily = Amount::new(35 * CKB)).await;
    let app = forum();
    let answers = join_all((0..64).map(|_| strict.request_withdrawal(&app, world.request(10).0))).await;
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 3);
    let refusal = answers.into_iter().find_map(Result::err).unwrap();
    assert_eq!(refusal.to_string(), "daily user withdrawal limit exceeded: 40 > 35");
}

pub async fn a_policy_limits_each_user_and_the_whole_app(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    world.fund(100).await;
    let hasty = world.with_policy(|policy| policy.cooldown = Duration::from_secs(60)).await;
    hasty.request_withdrawal(&forum(), world.request(10).0).await.unwrap();
    world.later(20);
    let refusal = hasty.request_withdrawal(&forum(), world.request(10).0).await.unwrap_err();
    assert_eq!(refusal.to_string(), "withdrawal cooldown active, retry in 40s");
    let strict = world.with_policy(|policy| policy.per_app_daily = Amount::new(15 * CKB)).await;
    let refusal = strict.request_withdrawal(&forum(), world.request(10).0).await.unwrap_err();
    assert_eq!(refusal.to_string(), "daily app withdrawal limit exceeded: 20 > 15");
}

pub async fn an_idempotency_key_makes_one_withdrawal_of_many_requests(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    world.fund(1_000).await;
    let (app, key) = (forum(), Some("k".parse().unwrap()));
    let request = WithdrawalRequest { idempotency_key: key, ..world.request(10).0 };
    let answers = join_all((0..64).map(|_| world.link.request_withdrawal(&app, request.clone()))).await;
    let withdrawals: Vec<_> = answers.into_iter().map(Result::unwrap).collect();
    assert!(withdrawals.iter().all(|w| w.id() == withdrawals[0].id()));
    to_the_end(&world, &[&world.link]).await;
    let again = world.link.request_withdrawal(&app, request.clone()).await.unwrap();
    assert_eq!(again.id(), withdrawals[0].id(), "also after its invoice was used");
    let others = [
        WithdrawalRequest { user: user("bob"), ..request.clone() },
        WithdrawalRequest { amount: Amount::new(CKB), ..request.clone() },
        WithdrawalRequest { network_fee: Some(Amount::new(CKB / 10)), ..request.clone() },
        WithdrawalRequest { destination: world.request(10).0.destination, ..request },
    ];
    for other in others {
        let conflict = world.link.request_withdrawal(&app, other).await;
        assert!(matches!(conflict, Err(WithdrawError::IdempotencyConflict)), "{conflict:?}");
    }
    assert_eq!(world.balance().await, (shannon(990 * CKB), 0));
}

pub async fn a_fee_that_was_promised_is_kept_or_the_request_changes_nothing(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    world.fund(100).await;
    let (request, _) = world.request(20);
    let promised = world.link.quote_withdrawal(&forum(), &request).await.unwrap().network_fee;
    assert_eq!(promised, Amount::new(CKB / 5), "one per cent");
    let request = WithdrawalRequest {
        network_fee: Some(promised),
        idempotency_key: Some("k".parse().unwrap()),
        ..request
    };
    let dearer = world.with_policy(|policy| policy.fee.millionths = 20_000).await;
    let refused = dearer.request_withdrawal(&forum(), request.clone()).await.unwrap_err();
    assert_eq!(refused.to_string(), "the network fee limit is 0.4, but 0.2 was promised");
    assert_eq!(world.balance().await, (shannon(100 * CKB), 0));
    let free = world.with_policy(|policy| policy.fee_bearer = FeeBearer::Hub).await;
    let none = WithdrawalRequest { network_fee: Some(Amount::ZERO), ..world.request(1).0 };
    free.request_withdrawal(&forum(), none).await.unwrap();
    let accepted = world.link.request_withdrawal(&forum(), request.clone()).await.unwrap();
    assert_eq!(accepted.terms().fee_limit, promised);
    let again = dearer.request_withdrawal(&forum(), request).await.unwrap();
    assert_eq!(again, accepted, "a repeat is answered as before, whatever the fee is now");
    world.assert_sound().await;
}

pub async fn a_repeat_is_answered_although_the_fee_changed_while_it_was_looked_for(store: Arc<dyn Store>) {
    let world = registered(store).await;
    world.fund(100).await;
    let request = WithdrawalRequest {
        network_fee: Some(Amount::new(CKB / 5)),
        idempotency_key: Some("k".parse().unwrap()),
        ..world.request(20).0
    };
    let (link, twin) = (world.link.clone(), request.clone());
    let accepted_before_the_change = async move {
        link.request_withdrawal(&forum(), twin).await.unwrap();
        let dearer = |policy: &mut Policy| policy.withdrawals.fee.millionths = 20_000;
        administration(&link).change_policy(&forum(), &Asset::ckb(), &why(), dearer).await.unwrap();
    };
    let store = Arc::new(AfterKey::new(&world.store, accepted_before_the_change));
    let again = world.through(store).await.request_withdrawal(&forum(), request.clone()).await.unwrap();
    assert_eq!(again, world.link.request_withdrawal(&forum(), request).await.unwrap());
    world.assert_sound().await;
}

pub async fn what_an_invoice_asks_is_told_or_why_not(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    let expires_at = world.clock.now().plus(Duration::from_secs(3600));
    let good = || world.node.foreign_invoice(Amount::new(7 * CKB), expires_at);
    let asked = async |invoice| world.link.asked_amount(&AssetId::ckb(), &world.node.publish(invoice)).await;
    assert_eq!(asked(good()).await.unwrap(), Amount::new(7 * CKB));
    for amount in [None, Some(Amount::ZERO)] {
        let without = asked(DecodedInvoice { amount, ..good() }).await;
        assert!(
            matches!(without, Err(AskedAmountError::Destination(DestinationRefusal::NoAmount))),
            "{without:?}"
        );
    }
    let other = asked(DecodedInvoice { asset: None, ..good() }).await;
    let is_other = matches!(other, Err(AskedAmountError::Destination(DestinationRefusal::OtherAsset { .. })));
    assert!(is_other, "{other:?}");
    let garbage = world.link.asked_amount(&AssetId::ckb(), "no invoice").await;
    let is_none = matches!(garbage, Err(AskedAmountError::Destination(DestinationRefusal::NotAnInvoice)));
    assert!(is_none, "{garbage:?}");
    world.node.set_down(true);
    let down = asked(good()).await;
    assert!(matches!(down, Err(AskedAmountError::NodeUnavailable(_))), "{down:?}");
}

pub async fn a_failed_withdrawal_is_given_back_to_its_limits(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    world.fund(100).await;
    let strict = world.with_policy(|policy| policy.per_user_daily = Amount::new(15 * CKB)).await;
    let (request, hash) = world.request(10);
    world.node.plan_payments(hash, vec![failed("no route"); 4]);
    strict.request_withdrawal(&forum(), request).await.unwrap();
    assert!(strict.request_withdrawal(&forum(), world.request(10).0).await.is_err());
    to_the_end(&world, &[&strict]).await;
    strict.request_withdrawal(&forum(), world.request(10).0).await.unwrap();
    // The next one ends in another hour than it was counted in.
    world.node.set_liquidity(Liquidity { outbound: Amount::ZERO, inbound: Amount::MAX });
    world.later(3600);
    strict.pay_due(10).await.unwrap();
    strict.request_withdrawal(&forum(), world.request(10).0).await.unwrap();
}

pub async fn the_hub_may_bear_the_fee(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    world.fund(10).await;
    let generous = world.with_policy(|policy| policy.fee_bearer = FeeBearer::Hub).await;
    let (request, hash) = world.request(10);
    world.node.plan_payments(hash, [PaymentState::Succeeded { fee: Amount::new(7) }]);
    generous.request_withdrawal(&forum(), request).await.unwrap();
    generous.pay_due(10).await.unwrap();
    assert_eq!(world.balance().await, (0, 0), "all of it went out");
    world.assert_sound().await;
}

pub async fn a_destination_is_checked_before_anything_is_reserved(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    world.fund(100).await;
    let now = world.clock.now();
    let good = || world.node.foreign_invoice(Amount::new(10 * CKB), now.plus(Duration::from_secs(3600)));
    let expiring =
        |seconds| DecodedInvoice { expires_at: Some(now.plus(Duration::from_secs(seconds))), ..good() };
    let own_tip = world.link.create_tip(&forum(), super::world::tip_of(10)).await.unwrap();
    let table = [
        (
            DecodedInvoice { network: Network::Testnet, ..good() },
            "payment request is for network testnet, expected dev",
        ),
        (
            DecodedInvoice { asset: None, ..good() },
            "payment request asks for an asset that is not accepted here, not for CKB",
        ),
        (DecodedInvoice { amount: None, ..good() }, "payment request has no amount"),
        (DecodedInvoice { amount: Some(Amount::ZERO), ..good() }, "payment request has no amount"),
        (
            DecodedInvoice { amount: Some(Amount::new(11 * CKB)), ..good() },
            "payment request asks for 11, but the withdrawal is 10",
        ),
        (DecodedInvoice { expires_at: None, ..good() }, "payment request has no expiry"),
        (expiring(0), "payment request has expired"),
        (expiring(299), "payment request expires too soon: it must be payable for at least 5 minutes"),
        (expiring(604_801), "payment request expires too late: it may be payable for at most 7 days"),
        (
            DecodedInvoice { payee: Some(world.node.info().await.unwrap().key), ..good() },
            "payment request was issued by this service itself",
        ),
        (
            DecodedInvoice { payment_hash: own_tip.payment_hash(), ..good() },
            "payment request was issued by this service itself",
        ),
    ];
    let before = world.balance().await;
    for (invoice, message) in table {
        let request = world.request_to(10, world.node.publish(invoice));
        let quote = world.link.quote_withdrawal(&forum(), &request).await.unwrap();
        assert_eq!(quote.problem.unwrap().to_string(), message);
        let refused = world.link.request_withdrawal(&forum(), request).await.unwrap_err();
        assert_eq!(refused.to_string(), message);
    }
    let request = world.request_to(10, "no invoice".into());
    let refused = world.link.request_withdrawal(&forum(), request).await.unwrap_err();
    assert_eq!(refused.to_string(), "payment request is not a Fiber invoice");
    assert_eq!(world.balance().await, before);

    let (request, _) = world.request(10);
    world.link.request_withdrawal(&forum(), request.clone()).await.unwrap();
    let refused = world.link.request_withdrawal(&"another-app".parse().unwrap(), request).await.unwrap_err();
    assert_eq!(refused.to_string(), "payment request was already used");
}

pub async fn one_invoice_is_paid_by_one_of_many_withdrawals(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    world.fund(1_000).await;
    let (request, hash) = world.request(10);
    let app = forum();
    let answers = join_all((0..16).map(|_| world.link.request_withdrawal(&app, request.clone()))).await;
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1);
    to_the_end(&world, &[&world.link]).await;
    assert_eq!(world.node.times_paid(hash), 1);
    assert_eq!(world.balance().await, (shannon(990 * CKB), 0));
}
