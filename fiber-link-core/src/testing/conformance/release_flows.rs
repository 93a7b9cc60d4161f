//! Payments without an end: two people release their funds on evidence, and what is paid later is the hub's.

use super::world::{CKB, FEE_LIMIT, World, administration, registered, why};
use crate::testing::sample::{forum, user};
use crate::*;
use futures_util::future::join;
use std::sync::Arc;
use std::time::Duration;

/// What is left of 100 CKB, and what is reserved, while 10 CKB are promised.
const RESERVED: (u128, u128) = ((90 * CKB - FEE_LIMIT) as u128, (10 * CKB + FEE_LIMIT) as u128);
const RETURNED: (u128, u128) = ((100 * CKB) as u128, 0);

fn person(world: &World, name: &str, grant: Grant) -> Administration {
    let operator = Operator { name: name.to_owned(), origin: "a test".to_owned() };
    let authority = Authority::person(operator, AdministratorId::of(name), vec![grant], None);
    administration(&world.link).acting_as(authority)
}

async fn agree(world: &World, name: &str, withdrawal: &Withdrawal) -> Result<Release, ReleaseError> {
    let person = person(world, name, Grant::SuperAdmin);
    person.release_withdrawal(withdrawal.id(), &*world.node, &why()).await
}

/// Alice has 100 CKB, and a payment of 10 of them hangs at the node.
async fn hanging(store: Arc<dyn Store>) -> (World, Withdrawal, PaymentHash) {
    let world = registered(store).await;
    world.fund(100).await;
    let (request, hash) = world.request(10);
    world.node.set_outcome(hash, PaymentState::Pending);
    let withdrawal = world.link.request_withdrawal(&forum(), request).await.unwrap();
    for _ in 0..3 {
        world.later(1);
        world.pay().await;
    }
    assert_eq!((state(&world, &withdrawal).await, world.balance().await), ("processing", RESERVED));
    assert_eq!(world.node.sends(hash), 1);
    (world, withdrawal, hash)
}

async fn state(world: &World, withdrawal: &Withdrawal) -> &'static str {
    world.withdrawal(withdrawal).await.state().as_str()
}

async fn pass(world: &World) {
    world.later(61);
    world.pay().await;
}

/// Past every time-lock that was ever seen, of an invoice of an hour.
fn much_later(world: &World) {
    world.clock.advance(LONGEST_TIME_LOCK + Duration::from_secs(2 * 3600));
}

fn tlc(world: &World) -> PendingTlc {
    PendingTlc {
        channel: "0xab".to_owned(),
        direction: TlcDirection::Offered,
        amount: Amount::new(10 * CKB),
        expires_at: world.clock.now(),
        status: "Committed".to_owned(),
    }
}

/// Ann and Ben agree, and the pass releases.
async fn released(world: &World, withdrawal: &Withdrawal) {
    much_later(world);
    agree(world, "ann", withdrawal).await.unwrap();
    agree(world, "ben", withdrawal).await.unwrap();
    pass(world).await;
    assert_eq!((state(world, withdrawal).await, world.balance().await), ("released", RETURNED));
}

async fn suspense(world: &World) -> i128 {
    let report = audit(&*world.store).await.unwrap();
    report.sums.get(&(AssetId::ckb(), AccountKind::Suspense)).copied().unwrap_or_default()
}

pub async fn nothing_is_released_before_its_time_or_while_a_channel_holds_it(store: Arc<dyn Store>) {
    let (world, withdrawal, hash) = hanging(store).await;
    let early = agree(&world, "ann", &withdrawal).await;
    assert!(
        matches!(early, Err(ReleaseError::NotToBeReleased(NotToBeReleased::TooEarly { .. }))),
        "{early:?}"
    );
    much_later(&world);
    world.node.set_pending_tlcs(hash, vec![tlc(&world)]);
    let held = agree(&world, "ann", &withdrawal).await;
    assert!(matches!(held, Err(ReleaseError::NotToBeReleased(NotToBeReleased::Held(_)))), "{held:?}");
    world.node.set_down(true);
    assert!(agree(&world, "ann", &withdrawal).await.is_err());
    world.node.set_down(false);
    world.node.set_pending_tlcs(hash, vec![]);
    let owner = administration(&world.link).release_withdrawal(withdrawal.id(), &*world.node, &why()).await;
    assert!(matches!(owner, Err(ReleaseError::Denied(Denied::NoPerson(_)))), "{owner:?}");
    let community = person(&world, "cid", Grant::CommunityAdmin(forum()));
    let community = community.release_withdrawal(withdrawal.id(), &*world.node, &why()).await;
    assert!(matches!(community, Err(ReleaseError::Denied(Denied::NotAllowed(_)))), "{community:?}");
    // Both agreed, and then a channel holds it after all.
    agree(&world, "ann", &withdrawal).await.unwrap();
    agree(&world, "ben", &withdrawal).await.unwrap();
    world.node.set_pending_tlcs(hash, vec![tlc(&world)]);
    pass(&world).await;
    assert_eq!((state(&world, &withdrawal).await, world.balance().await), ("processing", RESERVED));
    // A day later nobody's word counts any more, whatever the channels hold.
    world.clock.advance(AGREEMENT_LASTS);
    world.node.set_pending_tlcs(hash, vec![]);
    pass(&world).await;
    assert_eq!((state(&world, &withdrawal).await, world.balance().await), ("processing", RESERVED));
    world.assert_sound().await;
}

pub async fn what_another_node_sent_or_the_node_forgot_is_not_released(store: Arc<dyn Store>) {
    let (world, withdrawal, hash) = hanging(store).await;
    much_later(&world);
    agree(&world, "ann", &withdrawal).await.unwrap();
    agree(&world, "ben", &withdrawal).await.unwrap();
    world.node.claim_payment(hash, None);
    pass(&world).await;
    let forgotten = agree(&world, "cid", &withdrawal).await;
    assert!(
        matches!(forgotten, Err(ReleaseError::NotToBeReleased(NotToBeReleased::NotPending))),
        "{forgotten:?}"
    );
    world.node.stop_claiming();
    let other = NodeInfo { key: NodeKey::new([9; 33]), ..world.node.info().await.unwrap() };
    world.node.set_info(other.clone());
    let stranger = agree(&world, "cid", &withdrawal).await;
    assert!(matches!(stranger, Err(ReleaseError::OtherNode(key)) if key == other.key), "{stranger:?}");
    administration(&world.link).accept_node(&other, &why()).await.unwrap();
    world.clock.advance(AGREEMENT_LASTS);
    let foreign = agree(&world, "ann", &withdrawal).await;
    assert!(matches!(foreign, Err(ReleaseError::NotToBeReleased(NotToBeReleased::OtherNode))), "{foreign:?}");
    for _ in 0..3 {
        world.later(600);
        world.pay().await;
    }
    assert_eq!((state(&world, &withdrawal).await, world.balance().await), ("processing", RESERVED));
    world.assert_sound().await;
}

pub async fn two_different_people_release_and_the_payout_pass_returns_the_funds(store: Arc<dyn Store>) {
    let (world, withdrawal, hash) = hanging(store).await;
    much_later(&world);
    let release = agree(&world, "ann", &withdrawal).await.unwrap();
    assert!(!release.is_agreed(world.clock.now()));
    let again = agree(&world, "ann", &withdrawal).await;
    assert!(matches!(again, Err(ReleaseError::Verdict(VerdictError::ApprovedAlready))), "{again:?}");
    pass(&world).await;
    assert_eq!((state(&world, &withdrawal).await, world.balance().await), ("processing", RESERVED));
    let release = agree(&world, "ben", &withdrawal).await.unwrap();
    assert!(release.is_agreed(world.clock.now()));
    assert_eq!(world.balance().await, RESERVED, "an agreement moves nothing");
    pass(&world).await;
    assert_eq!((state(&world, &withdrawal).await, world.balance().await), ("released", RETURNED));
    for _ in 0..5 {
        pass(&world).await;
    }
    assert_eq!((world.node.sends(hash), world.balance().await), (1, RETURNED));
    let late = agree(&world, "cid", &withdrawal).await;
    assert!(matches!(late, Err(ReleaseError::NotProcessing { state: "released", .. })), "{late:?}");
    let events = EventQuery { app: forum(), after: 0, limit: 99 };
    let events = world.store.events(events).await.unwrap();
    let failed = EventKind::WithdrawalFailed(withdrawal.id());
    assert_eq!(events.iter().filter(|numbered| numbered.event.kind == failed).count(), 1);
    // The user may ask anew.
    let (request, hash) = world.request(90);
    world.link.request_withdrawal(&forum(), request).await.unwrap();
    pass(&world).await;
    assert_eq!(world.node.times_paid(hash), 1);
    world.assert_sound().await;
}

pub async fn what_is_paid_after_a_release_is_the_hubs(store: Arc<dyn Store>) {
    let (world, withdrawal, hash) = hanging(store).await;
    released(&world, &withdrawal).await;
    world.node.end_payment(hash, PaymentState::Succeeded { fee: Amount::new(7) });
    for _ in 0..3 {
        pass(&world).await;
    }
    assert_eq!((state(&world, &withdrawal).await, world.balance().await), ("paid_after_release", RETURNED));
    assert_eq!(suspense(&world).await, -i128::from(10 * CKB + 7));
    let told = world.link.events(&forum(), None, 99).await.unwrap();
    let late = told.iter().filter(|told| told.event.kind == EventKind::WithdrawalPaidLate(withdrawal.id()));
    assert_eq!(late.count(), 1);
    assert!(world.withdrawal(&withdrawal).await.state().is_final());
    world.assert_sound().await;
}

pub async fn what_fails_after_a_release_ends_it(store: Arc<dyn Store>) {
    let (world, withdrawal, hash) = hanging(store).await;
    released(&world, &withdrawal).await;
    world.node.end_payment(hash, PaymentState::Failed { reason: "gone".to_owned() });
    pass(&world).await;
    assert_eq!((state(&world, &withdrawal).await, world.balance().await), ("failed", RETURNED));
    assert_eq!((suspense(&world).await, world.node.sends(hash)), (0, 1));
    world.assert_sound().await;
}

pub async fn a_release_of_an_attempt_that_ended_changes_nothing(store: Arc<dyn Store>) {
    let (world, withdrawal, hash) = hanging(store).await;
    much_later(&world);
    agree(&world, "ann", &withdrawal).await.unwrap();
    agree(&world, "ben", &withdrawal).await.unwrap();
    world.node.end_payment(hash, PaymentState::Succeeded { fee: Amount::new(7) });
    pass(&world).await;
    assert_eq!(state(&world, &withdrawal).await, "completed");
    let left = 90 * CKB - 7;
    assert_eq!((world.balance().await, suspense(&world).await), ((u128::from(left), 0), 0));
    world.assert_sound().await;
}

pub async fn people_who_agree_at_once_are_both_heard(store: Arc<dyn Store>) {
    let (world, withdrawal, _) = hanging(store).await;
    much_later(&world);
    let (ann, twice) = join(agree(&world, "ann", &withdrawal), agree(&world, "ann", &withdrawal)).await;
    assert_eq!(usize::from(ann.is_ok()) + usize::from(twice.is_ok()), 1, "one person counts once");
    let (ben, cid) = join(agree(&world, "ben", &withdrawal), agree(&world, "cid", &withdrawal)).await;
    assert_eq!(usize::from(ben.is_ok()) + usize::from(cid.is_ok()), 1, "two are enough");
    let passes = join(world.link.pay_due(10), async {
        let other = world.other_process(Exclusivity::Shared).await;
        other.pay_due(10).await
    });
    world.later(61);
    let (one, other) = passes.await;
    one.unwrap();
    other.unwrap();
    assert_eq!((state(&world, &withdrawal).await, world.balance().await), ("released", RETURNED));
    let account = UserAccount { app: forum(), user: user("alice"), asset: AssetId::ckb() };
    assert_eq!(world.store.balance(&account).await.unwrap().available, Amount::new(100 * CKB));
    world.assert_sound().await;
}
