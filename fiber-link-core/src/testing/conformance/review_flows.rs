//! Withdrawals that people look at first: what they say changes a state, and only the payout pass moves money.

use super::meanwhile::Meanwhile;
use super::world::{CKB, FEE_LIMIT, World, administration, registered, shannon, to_the_end, why};
use crate::testing::sample::{self, app_id, forum, user};
use crate::*;
use futures_util::future::{join, join_all};
use std::sync::Arc;
use std::time::Duration;

/// What is left of 100 CKB, and what is reserved, while 10 CKB are promised.
const RESERVED: (u128, u128) = ((90 * CKB - FEE_LIMIT) as u128, (10 * CKB + FEE_LIMIT) as u128);

/// What is possible to an administrator of this name who proved who he is.
fn person(link: &FiberLink, name: &str) -> Administration {
    acting(link, name, name, Grant::SuperAdmin)
}

/// The same person by another way in is known by another name.
fn acting(link: &FiberLink, name: &str, known_as: &str, grant: Grant) -> Administration {
    let operator = Operator { name: known_as.to_owned(), origin: "a test".to_owned() };
    let authority = Authority::person(operator, AdministratorId::of(name), vec![grant], None);
    administration(link).acting_as(authority)
}

/// Alice has 100 CKB; one person looks at more than 5 CKB, and two at more than 50.
async fn reviewing(store: Arc<dyn Store>) -> World {
    let world = registered(store).await;
    world.fund(100).await;
    world
        .set_policy(|policy| {
            policy.review.above = Some(Amount::new(5 * CKB));
            policy.review.two_above = Some(Amount::new(50 * CKB));
        })
        .await;
    world
}

async fn requested(world: &World, ckb: u64) -> (Withdrawal, PaymentHash) {
    let (request, hash) = world.request(ckb);
    (world.link.request_withdrawal(&forum(), request).await.unwrap(), hash)
}

async fn state(world: &World, withdrawal: &Withdrawal) -> &'static str {
    world.withdrawal(withdrawal).await.state().as_str()
}

/// Two minutes before the invoice expires, when nothing is begun any more.
fn too_late_to_begin(world: &World) {
    world.later(3600 - 60);
}

async fn actions(world: &World) -> Vec<String> {
    let query = AuditQuery { app: Some(forum()), before: None, limit: 99 };
    let records = world.store.audit_records(query).await.unwrap();
    let reviews = records.into_iter().map(|found| found.record.action);
    reviews.filter(|action| action.starts_with("review.")).collect()
}

pub async fn what_awaits_review_is_reserved_and_nothing_is_sent_for_it(store: Arc<dyn Store>) {
    let world = reviewing(store).await;
    let (request, hash) = world.request(10);
    let quote = world.link.quote_withdrawal(&forum(), &request).await.unwrap();
    assert_eq!((quote.review, quote.problem), (vec![ReviewReason::Amount], None));
    let key = Some("once".parse().unwrap());
    let request = WithdrawalRequest { idempotency_key: key, ..request };
    let withdrawal = world.link.request_withdrawal(&forum(), request.clone()).await.unwrap();
    assert_eq!((withdrawal.state(), world.balance().await), (&WithdrawalState::AwaitingReview, RESERVED));
    assert_eq!(withdrawal.terms().accepted_as, Acceptance::AwaitingReview);
    for _ in 0..20 {
        world.later(120);
        world.pay().await;
    }
    assert_eq!((state(&world, &withdrawal).await, world.node.sends(hash)), ("awaiting_review", 0));
    assert_eq!(world.link.request_withdrawal(&forum(), request).await.unwrap().id(), withdrawal.id());
    let queue = administration(&world.link).reviews(&forum(), 9).await.unwrap();
    assert_eq!(queue.iter().map(|of| of.withdrawal.id()).collect::<Vec<_>>(), [withdrawal.id()]);
    assert_eq!((queue[0].review.needed, &queue[0].review.reasons), (1, &vec![ReviewReason::Amount]));
    // What nobody has to look at goes on.
    let (small, hash) = requested(&world, 5).await;
    world.pay().await;
    assert_eq!((state(&world, &small).await, world.node.sends(hash)), ("completed", 1));
    world.assert_sound().await;
}

pub async fn an_approval_moves_a_state_and_the_payout_pass_pays(store: Arc<dyn Store>) {
    let world = reviewing(store).await;
    let (withdrawal, hash) = requested(&world, 10).await;
    let approved = person(&world.link, "ann").approve_withdrawal(withdrawal.id(), &why()).await.unwrap();
    assert_eq!(approved.withdrawal.state(), &WithdrawalState::Pending);
    assert_eq!((state(&world, &withdrawal).await, world.node.sends(hash)), ("pending", 0));
    assert_eq!(world.balance().await, RESERVED);
    world.pay().await;
    assert_eq!((state(&world, &withdrawal).await, world.node.times_paid(hash)), ("completed", 1));
    let again = person(&world.link, "ben").approve_withdrawal(withdrawal.id(), &why()).await;
    let message = format!("withdrawal {} does not await review: it is completed", withdrawal.id());
    assert_eq!(again.unwrap_err().to_string(), message);
    assert_eq!(actions(&world).await, ["review.approve"]);
    assert_eq!(administration(&world.link).reviews(&forum(), 9).await.unwrap(), []);
    world.assert_sound().await;
}

pub async fn a_large_amount_takes_two_different_people(store: Arc<dyn Store>) {
    let world = reviewing(store).await;
    let (withdrawal, hash) = requested(&world, 60).await;
    let approved = person(&world.link, "ann").approve_withdrawal(withdrawal.id(), &why()).await.unwrap();
    assert_eq!((approved.review.approvals.len(), approved.review.needed), (1, 2));
    world.later(61);
    world.pay().await;
    assert_eq!((state(&world, &withdrawal).await, world.node.sends(hash)), ("awaiting_review", 0));
    let by_token = acting(&world.link, "ann", "token of ann", Grant::SuperAdmin);
    let again = by_token.approve_withdrawal(withdrawal.id(), &why()).await.unwrap_err();
    assert_eq!(again.to_string(), "you approved it already: another person has to");
    assert_eq!((state(&world, &withdrawal).await, actions(&world).await.len()), ("awaiting_review", 1));
    let community = acting(&world.link, "ben", "ben", Grant::CommunityAdmin(forum()));
    community.approve_withdrawal(withdrawal.id(), &why()).await.unwrap();
    world.pay().await;
    assert_eq!((state(&world, &withdrawal).await, world.node.times_paid(hash)), ("completed", 1));
    world.assert_sound().await;
}

pub async fn only_a_proven_person_with_the_right_approves_or_rejects(store: Arc<dyn Store>) {
    let world = reviewing(store).await;
    let (withdrawal, _) = requested(&world, 10).await;
    let id = withdrawal.id();
    let command_line = administration(&world.link);
    let message = "takes an administrator: name a token of yours";
    for refused in
        [command_line.approve_withdrawal(id, &why()).await, command_line.reject_withdrawal(id, &why()).await]
    {
        assert!(refused.unwrap_err().to_string().ends_with(message));
    }
    let auditor = acting(&world.link, "eve", "eve", Grant::Auditor);
    assert_eq!(auditor.reviews(&forum(), 9).await.unwrap().len(), 1);
    let denied = auditor.approve_withdrawal(id, &why()).await;
    assert!(matches!(denied, Err(ReviewError::Denied(Denied::NotAllowed(_)))), "{denied:?}");
    let denied = auditor.reject_withdrawal(id, &why()).await;
    assert!(matches!(denied, Err(ReviewError::Denied(Denied::NotAllowed(_)))), "{denied:?}");
    let stranger = acting(&world.link, "eve", "eve", Grant::CommunityAdmin(app_id("wiki")));
    assert!(stranger.reviews(&forum(), 9).await.is_err());
    for hidden in
        [stranger.approve_withdrawal(id, &why()).await, stranger.reject_withdrawal(id, &why()).await]
    {
        assert!(matches!(hidden, Err(ReviewError::NoSuchWithdrawal(_))), "{hidden:?}");
    }
    assert_eq!((state(&world, &withdrawal).await, actions(&world).await.len()), ("awaiting_review", 0));
}

pub async fn a_rejection_returns_the_funds_once_the_node_was_asked(store: Arc<dyn Store>) {
    let world = reviewing(store).await;
    world.set_policy(|policy| policy.withdrawals.per_user_daily = Amount::new(15 * CKB)).await;
    let (request, hash) = world.request(10);
    let withdrawal = world.link.request_withdrawal(&forum(), request.clone()).await.unwrap();
    let full = world.link.request_withdrawal(&forum(), world.request(10).0).await;
    assert!(matches!(full, Err(WithdrawError::Policy(_))), "{full:?}");
    let reason = Reason::new("not his invoice").unwrap();
    let ann = person(&world.link, "ann");
    ann.reject_withdrawal(withdrawal.id(), &reason).await.unwrap();
    assert_eq!(world.balance().await, RESERVED, "nothing moves before the node was asked");
    for (said, again) in [
        (ann.reject_withdrawal(withdrawal.id(), &why()).await, "it was rejected already"),
        (ann.approve_withdrawal(withdrawal.id(), &why()).await, "it was rejected already"),
    ] {
        assert_eq!(said.unwrap_err().to_string(), again);
    }
    world.node.set_down(true);
    world.pay().await;
    assert_eq!((state(&world, &withdrawal).await, world.balance().await), ("awaiting_review", RESERVED));
    world.node.set_down(false);
    world.later(61);
    world.pay().await;
    let ended = world.withdrawal(&withdrawal).await;
    assert!(
        matches!(ended.state(), WithdrawalState::Failed { reason: FailureReason::Rejected, .. }),
        "{ended:?}"
    );
    assert_eq!((world.balance().await, world.node.sends(hash)), ((shannon(100 * CKB), 0), 0));
    let query = EventQuery { app: forum(), after: 0, limit: 99 };
    let events = world.store.events(query).await.unwrap();
    let last = events.last().unwrap().event.kind;
    assert_eq!(last, EventKind::WithdrawalFailed(withdrawal.id()));
    let query = AuditQuery { app: Some(forum()), before: None, limit: 1 };
    let record = &world.store.audit_records(query).await.unwrap()[0].record;
    assert_eq!((record.action.as_str(), record.reason.as_str()), ("review.reject", "not his invoice"));
    // Its invoice and its part of the day are free again.
    world.link.request_withdrawal(&forum(), request).await.unwrap();
    world.assert_sound().await;
}

/// The store may be a backup from before the withdrawal was approved and paid.
pub async fn what_the_node_paid_before_a_restore_is_not_released_by_a_rejection(store: Arc<dyn Store>) {
    let world = reviewing(store).await;
    let (request, hash) = world.request(10);
    world.node.plan_payments(hash, [PaymentState::Succeeded { fee: Amount::new(7) }]);
    let withdrawal = world.link.request_withdrawal(&forum(), request).await.unwrap();
    let Destination::PaymentRequest(invoice) = &withdrawal.terms().destination;
    let sent = PaymentRequest {
        encoded: invoice.encoded.clone(),
        payment_hash: hash,
        amount: withdrawal.terms().amount,
        fee_limit: withdrawal.terms().fee_limit,
    };
    world.node.send_payment(sent).await.unwrap();
    person(&world.link, "ann").reject_withdrawal(withdrawal.id(), &why()).await.unwrap();
    world.pay().await;
    assert_eq!((state(&world, &withdrawal).await, world.node.sends(hash)), ("completed", 1));
    assert_eq!(world.balance().await, (shannon(90 * CKB - 7), 0));
    world.assert_sound().await;
}

pub async fn what_awaits_review_ends_when_its_invoice_runs_out(store: Arc<dyn Store>) {
    let world = reviewing(store).await;
    let (withdrawal, hash) = requested(&world, 10).await;
    too_late_to_begin(&world);
    world.node.set_down(true);
    world.pay().await;
    assert_eq!(world.balance().await, RESERVED, "nothing is given up before the node was asked");
    world.node.set_down(false);
    world.later(61);
    world.pay().await;
    let ended = world.withdrawal(&withdrawal).await;
    assert!(
        matches!(ended.state(), WithdrawalState::Failed { reason: FailureReason::InvoiceExpired, .. }),
        "{ended:?}"
    );
    assert_eq!((world.balance().await, world.node.sends(hash)), ((shannon(100 * CKB), 0), 0));
    for said in [
        person(&world.link, "ann").approve_withdrawal(withdrawal.id(), &why()).await,
        person(&world.link, "ann").reject_withdrawal(withdrawal.id(), &why()).await,
    ] {
        assert!(matches!(said, Err(ReviewError::NotAwaiting { state: "failed", .. })), "{said:?}");
    }
    assert_eq!(actions(&world).await.len(), 0);
    world.assert_sound().await;
}

pub async fn withdrawals_are_first_until_one_was_let_through(store: Arc<dyn Store>) {
    let world = registered(store).await;
    world.fund(100).await;
    world.set_policy(|policy| policy.review.first_withdrawal = true).await;
    let ann = person(&world.link, "ann");
    let (first, _) = requested(&world, 1).await;
    let (second, _) = requested(&world, 1).await;
    for withdrawal in [&first, &second] {
        assert_eq!(withdrawal.state(), &WithdrawalState::AwaitingReview);
    }
    ann.reject_withdrawal(first.id(), &why()).await.unwrap();
    world.pay().await;
    let (third, _) = requested(&world, 1).await;
    assert_eq!(third.state(), &WithdrawalState::AwaitingReview);
    ann.approve_withdrawal(second.id(), &why()).await.unwrap();
    let (fourth, _) = requested(&world, 1).await;
    assert_eq!(fourth.state(), &WithdrawalState::Pending);
    let queue = ann.reviews(&forum(), 9).await.unwrap();
    assert_eq!(queue.iter().map(|of| of.withdrawal.id()).collect::<Vec<_>>(), [third.id()]);
    assert_eq!(queue[0].review.reasons, [ReviewReason::FirstWithdrawal]);
}

/// A request for one CKB to an invoice of this node.
fn request_to(world: &World, payee: Option<NodeKey>) -> WithdrawalRequest {
    let expires_at = world.clock.now().plus(Duration::from_secs(3600));
    let invoice = world.node.foreign_invoice(Amount::new(CKB), expires_at);
    world.request_to(1, world.node.publish(DecodedInvoice { payee, ..invoice }))
}

pub async fn a_destination_is_new_for_its_cooling_time(store: Arc<dyn Store>) {
    let world = registered(store).await;
    world.fund(100).await;
    world.set_policy(|policy| policy.review.new_destination = Some(Duration::from_secs(1000))).await;
    let (one, other) = (Some(NodeKey::new([7; 33])), Some(NodeKey::new([8; 33])));
    let ask = async |payee| {
        let asked = world.link.request_withdrawal(&forum(), request_to(&world, payee)).await;
        asked.unwrap().state().as_str()
    };
    assert_eq!(ask(one).await, "awaiting_review");
    world.later(999);
    assert_eq!(ask(one).await, "awaiting_review");
    assert_eq!(ask(other).await, "awaiting_review");
    let quote = world.link.quote_withdrawal(&forum(), &request_to(&world, one)).await.unwrap();
    assert_eq!(quote.review, [ReviewReason::NewDestination]);
    world.later(1);
    assert_eq!((ask(one).await, ask(other).await), ("pending", "awaiting_review"));
    let quote = world.link.quote_withdrawal(&forum(), &request_to(&world, one)).await.unwrap();
    assert_eq!(quote.review, []);
    assert_eq!(ask(None).await, "awaiting_review", "nobody can tell where it goes");
    let quoted = Some(NodeKey::new([9; 33]));
    world.link.quote_withdrawal(&forum(), &request_to(&world, quoted)).await.unwrap();
    world.later(1000);
    assert_eq!(ask(quoted).await, "awaiting_review", "a quote names nothing");
    let bob = WithdrawalRequest { user: user("bob"), ..request_to(&world, one) };
    let quote = world.link.quote_withdrawal(&forum(), &bob).await.unwrap();
    assert_eq!(quote.review, [ReviewReason::NewDestination], "it is new to another user");
}

/// New destinations are looked at for 1000 seconds.
async fn cooling(store: Arc<dyn Store>) -> World {
    let world = registered(store).await;
    world.fund(100).await;
    world.set_policy(|policy| policy.review.new_destination = Some(Duration::from_secs(1000))).await;
    world
}

/// Asks for one CKB to the same node of somebody else.
async fn ask(world: &World) -> Withdrawal {
    let request = request_to(world, Some(NodeKey::new([7; 33])));
    world.link.request_withdrawal(&forum(), request).await.unwrap()
}

pub async fn a_destination_that_was_rejected_is_new_until_people_approve_of_it(store: Arc<dyn Store>) {
    let world = cooling(store).await;
    let ann = person(&world.link, "ann");
    let first = ask(&world).await;
    ann.reject_withdrawal(first.id(), &why()).await.unwrap();
    for _ in 0..3 {
        world.later(1001);
        assert_eq!(ask(&world).await.state(), &WithdrawalState::AwaitingReview, "nobody approved of it");
    }
    let last = ask(&world).await;
    ann.approve_withdrawal(last.id(), &why()).await.unwrap();
    world.later(999);
    assert_eq!(ask(&world).await.state(), &WithdrawalState::AwaitingReview);
    world.later(1);
    let known = ask(&world).await;
    assert_eq!(known.state(), &WithdrawalState::Pending);
    world.assert_sound().await;
}

/// The policy had nobody look at new destinations when it was named first.
pub async fn a_destination_that_was_rejected_for_another_reason_is_new(store: Arc<dyn Store>) {
    let world = cooling(store).await;
    let look_at = async |amount, destination| {
        world
            .set_policy(|policy| {
                policy.review.above = amount;
                policy.review.new_destination = destination;
            })
            .await;
    };
    look_at(Some(Amount::ZERO), None).await;
    let first = ask(&world).await;
    person(&world.link, "ann").reject_withdrawal(first.id(), &why()).await.unwrap();
    look_at(None, Some(Duration::from_secs(1000))).await;
    for _ in 0..2 {
        assert_eq!(ask(&world).await.state(), &WithdrawalState::AwaitingReview);
        world.later(1001);
    }
}

pub async fn nothing_passes_review_beside_a_rejection_of_its_destination(store: Arc<dyn Store>) {
    let world = cooling(store).await;
    let first = ask(&world).await;
    world.later(1000);
    let (link, again) = (world.link.clone(), request_to(&world, Some(NodeKey::new([7; 33]))));
    let rejected = async move {
        person(&link, "ann").reject_withdrawal(first.id(), &why()).await.unwrap();
        // Another request looks at the destination that was just rejected.
        link.request_withdrawal(&forum(), again).await.unwrap();
    };
    let process = world.with_node(Meanwhile::new(&world.node, rejected)).await;
    let request = request_to(&world, Some(NodeKey::new([7; 33])));
    let asked = process.request_withdrawal(&forum(), request).await.unwrap();
    assert_eq!(asked.state(), &WithdrawalState::AwaitingReview);
    world.assert_sound().await;
}

pub async fn withdrawals_are_first_in_each_asset(store: Arc<dyn Store>) {
    let world = registered(store).await;
    world.fund(100).await;
    world.set_policy(|policy| policy.review.first_withdrawal = true).await;
    let terms = WithdrawalTerms { asset: AssetId::new("TOKEN").unwrap(), ..sample::withdrawal_terms(7) };
    let withdrawal = sample::withdrawal_with(7, terms, 0, WithdrawalState::Pending);
    super::commit(&*world.store, [Op::CreateWithdrawal { withdrawal, due: None }]).await.unwrap();
    assert_eq!(requested(&world, 1).await.0.state(), &WithdrawalState::AwaitingReview);
}

pub async fn an_app_that_is_registered_so_is_reviewed_until_its_policy_says_otherwise(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    let admin = administration(&world.link);
    admin.create_reviewed_app(forum(), "Forum", &Secret::new(*b"a secret of an app"), &why()).await.unwrap();
    world.fund(100).await;
    let (withdrawal, _) = requested(&world, 10).await;
    assert_eq!(withdrawal.state(), &WithdrawalState::AwaitingReview);
    let queue = admin.reviews(&forum(), 9).await.unwrap();
    let reasons = [ReviewReason::FirstWithdrawal, ReviewReason::NewDestination];
    assert_eq!(queue[0].review.reasons, reasons);
    let set = world.set_policy(|policy| policy.withdrawals.minimum = Amount::new(7)).await;
    assert_eq!(set.policy.review, ReviewPolicy::of_new_apps(), "what is not named stays");
    world.set_policy(|policy| policy.review = ReviewPolicy::default()).await;
    let (withdrawal, _) = requested(&world, 10).await;
    assert_eq!(withdrawal.state(), &WithdrawalState::Pending);
}

pub async fn approvals_at_once_count_each_person_once(store: Arc<dyn Store>) {
    let world = reviewing(store).await;
    let other = world.other_process(Exclusivity::Shared).await;
    let (withdrawal, hash) = requested(&world, 60).await;
    let (id, why) = (withdrawal.id(), why());
    let ways: Vec<_> = (0..12)
        .map(|n| acting([&world.link, &other][n % 2], "ann", &format!("way {n}"), Grant::SuperAdmin))
        .collect();
    let said = join_all(ways.iter().map(|ann| ann.approve_withdrawal(id, &why))).await;
    assert_eq!(said.iter().filter(|said| said.is_ok()).count(), 1);
    for refused in said.iter().flat_map(|said| said.as_ref().err()) {
        let twice = matches!(refused, ReviewError::Verdict(VerdictError::ApprovedAlready));
        assert!(twice, "{refused:?}");
    }
    world.pay().await;
    assert_eq!((state(&world, &withdrawal).await, world.node.sends(hash)), ("awaiting_review", 0));
    let others: Vec<_> = ["ben", "cid", "dan", "eve"]
        .iter()
        .zip([&world.link, &other].into_iter().cycle())
        .map(|(name, link)| person(link, name))
        .collect();
    let said = join_all(others.iter().map(|one| one.approve_withdrawal(id, &why))).await;
    assert_eq!(said.iter().filter(|said| said.is_ok()).count(), 1, "{said:?}");
    assert_eq!(actions(&world).await.len(), 2);
    to_the_end(&world, &[&world.link, &other]).await;
    assert_eq!((state(&world, &withdrawal).await, world.node.times_paid(hash)), ("completed", 1));
    world.assert_sound().await;
}

pub async fn of_an_approval_and_a_rejection_at_once_one_holds(store: Arc<dyn Store>) {
    let world = reviewing(store).await;
    let other = world.other_process(Exclusivity::Shared).await;
    let (ann, ben, why) = (person(&world.link, "ann"), person(&other, "ben"), why());
    for round in 0..6 {
        let (withdrawal, hash) = requested(&world, 6).await;
        let id = withdrawal.id();
        let approve = async {
            for _ in 0..round {
                crate::testing::give_way().await;
            }
            ann.approve_withdrawal(id, &why).await
        };
        let (approved, rejected) = join(approve, ben.reject_withdrawal(id, &why)).await;
        assert_ne!(approved.is_ok(), rejected.is_ok(), "{approved:?} and {rejected:?}");
        to_the_end(&world, &[&world.link, &other]).await;
        let (ended, paid) = if approved.is_ok() { ("completed", 1) } else { ("failed", 0) };
        assert_eq!((state(&world, &withdrawal).await, world.node.times_paid(hash)), (ended, paid));
    }
    assert_eq!(world.balance().await.1, 0);
    world.assert_sound().await;
}

pub async fn an_approval_while_the_invoice_runs_out_sends_nothing(store: Arc<dyn Store>) {
    let world = reviewing(store).await;
    let other = world.other_process(Exclusivity::Shared).await;
    let (ann, why) = (person(&other, "ann"), why());
    for round in 0..6 {
        let (withdrawal, hash) = requested(&world, 6).await;
        let id = withdrawal.id();
        too_late_to_begin(&world);
        let approve = async {
            for _ in 0..round {
                crate::testing::give_way().await;
            }
            ann.approve_withdrawal(id, &why).await
        };
        let (approved, _) = join(approve, world.link.pay_due(10)).await;
        if let Err(refused) = &approved {
            assert!(matches!(refused, ReviewError::NotAwaiting { state: "failed", .. }), "{refused:?}");
        }
        world.later(61);
        world.pay().await;
        assert_eq!((state(&world, &withdrawal).await, world.node.sends(hash)), ("failed", 0));
        assert_eq!(world.balance().await, (shannon(100 * CKB), 0));
    }
    world.assert_sound().await;
}

pub async fn a_rejection_after_the_last_approval_changes_nothing(store: Arc<dyn Store>) {
    let world = reviewing(store).await;
    let (withdrawal, hash) = requested(&world, 10).await;
    let id = withdrawal.id();
    person(&world.link, "ann").approve_withdrawal(id, &why()).await.unwrap();
    let link = world.link.clone();
    let too_late = async move {
        let refused = person(&link, "ben").reject_withdrawal(id, &why()).await;
        assert!(matches!(refused, Err(ReviewError::NotAwaiting { state: "pending", .. })), "{refused:?}");
    };
    let process = world.with_node(Meanwhile::new(&world.node, too_late)).await;
    process.pay_due(10).await.unwrap();
    assert_eq!((state(&world, &withdrawal).await, world.node.times_paid(hash)), ("completed", 1));
    world.assert_sound().await;
}
