use super::*;
use crate::testing::sample::{self, at};
use crate::{Entry, Operator};
use std::collections::BTreeSet;
use std::time::Duration;

fn told(explanation: &Explanation) -> String {
    let story = explanation.story.iter().map(|happening| happening.what.as_str());
    let rest = explanation.node.iter().chain(&explanation.safe).map(String::as_str);
    story
        .chain(rest)
        .chain([explanation.headline.as_str(), explanation.next.as_str()])
        .collect::<Vec<_>>()
        .join("\n")
}

fn facts<'a>(withdrawal: &'a Withdrawal, attempts: &'a [Attempt]) -> WithdrawalFacts<'a> {
    WithdrawalFacts {
        withdrawal,
        attempts,
        entries: &[],
        records: &[],
        review: None,
        paused: None,
        payment: None,
        tlcs: None,
        node_since: Timestamp::from_seconds(0),
        now: at(100),
    }
}

fn states() -> Vec<WithdrawalState> {
    sample::withdrawal_states(sample::attempt_id(1), at(9))
}

/// Everything that the node may say about a payment.
fn answers() -> Vec<Asked<Option<PaymentStatus>>> {
    let status = |state| Some(Ok(Some(PaymentStatus { created_at: at(3), state })));
    vec![
        None,
        Some(Ok(None)),
        Some(Err(NodeError::NoAnswer("it is down".into()))),
        status(PaymentState::Pending),
        status(PaymentState::Succeeded { fee: Amount::new(7) }),
        status(PaymentState::Failed { reason: "no route".to_owned() }),
    ]
}

#[test]
fn every_state_has_a_next_step_and_nothing_that_could_pay_twice() {
    for state in states() {
        let withdrawal = sample::withdrawal_with(1, sample::withdrawal_terms(1), 1, state.clone());
        let attempts = [sample::attempt(1, 1)];
        for payment in answers() {
            let facts = WithdrawalFacts { payment, ..facts(&withdrawal, &attempts) };
            let explanation = of_withdrawal(&facts, &Assets::default());
            assert!(
                !explanation.next.is_empty() && !explanation.safe.is_empty() && !explanation.node.is_empty()
            );
            let text = told(&explanation);
            for doubled in ["pay it again", "send it again", "retry", "may release"] {
                assert!(!text.contains(doubled), "{state:?}: {text}");
            }
            let live = matches!(state, WithdrawalState::Processing { .. });
            assert_eq!(text.contains("Do not pay it another way"), live, "{state:?}: {text}");
            // A new request is advised only where the funds are the user's again.
            let anew = text.contains("request it anew");
            let returned = matches!(state, WithdrawalState::Failed { .. } | WithdrawalState::Released { .. });
            assert_eq!(anew, returned, "{state:?}: {text}");
        }
    }
}

#[test]
fn a_payment_without_an_end_is_told_with_all_evidence() {
    let state = WithdrawalState::Processing { attempt: sample::attempt_id(1) };
    let withdrawal = sample::withdrawal_with(1, sample::withdrawal_terms(1), 1, state);
    let attempts = [sample::attempt(1, 1)];
    let Destination::PaymentRequest(invoice) = &withdrawal.terms().destination;
    let tlc = PendingTlc {
        channel: "0xab".to_owned(),
        direction: TlcDirection::Offered,
        amount: Amount::new(150_000_000),
        expires_at: at(5_000),
        status: "Committed".to_owned(),
    };
    let pending = PaymentStatus { created_at: at(3), state: PaymentState::Pending };
    let facts = WithdrawalFacts {
        payment: Some(Ok(Some(pending))),
        tlcs: Some(Ok(vec![tlc])),
        now: invoice.expires_at,
        ..facts(&withdrawal, &attempts)
    };
    let explanation = of_withdrawal(&facts, &Assets::default());
    let bound = releasable_from(&withdrawal, &attempts[0]);
    assert_eq!(
        explanation.node,
        [
            format!("the node has a payment under way since {}", at(3)),
            format!("its invoice ran out at {}", invoice.expires_at),
            format!(
                "channel 0xab holds 1.5 CKB, promised to a peer (Committed), with a time-lock until {}",
                at(5_000)
            ),
            format!(
                "the longest time-lock that was ever seen, two weeks after it could be sent last, ends at {bound}: \
                 not passed"
            ),
        ]
    );
    assert!(!told(&explanation).contains("may release"), "a channel holds it");
    let facts = WithdrawalFacts { tlcs: Some(Ok(vec![])), now: bound, ..facts };
    let pending = || Some(Ok(Some(PaymentStatus { created_at: at(3), state: PaymentState::Pending })));
    let early = WithdrawalFacts {
        payment: pending(),
        tlcs: Some(Ok(vec![])),
        now: releasable_from(&withdrawal, &attempts[0]).minus(Duration::from_millis(1)),
        ..self::facts(&withdrawal, &attempts)
    };
    assert!(!told(&of_withdrawal(&early, &Assets::default())).contains("may release"), "it is too early");
    let late = WithdrawalFacts { now: releasable_from(&withdrawal, &attempts[0]), ..early };
    assert!(told(&of_withdrawal(&late, &Assets::default())).contains("may release"));
    let other = WithdrawalFacts { node_since: attempts[0].created_at(), ..late };
    assert!(!told(&of_withdrawal(&other, &Assets::default())).contains("may release"), "by another node");
    let unknown =
        WithdrawalFacts { payment: Some(Ok(None)), node_since: Timestamp::from_seconds(0), ..other };
    assert!(!told(&of_withdrawal(&unknown, &Assets::default())).contains("may release"), "nobody knows it");
    let late = unknown;
    let paid = PaymentStatus { created_at: at(3), state: PaymentState::Succeeded { fee: Amount::new(1) } };
    let paid = WithdrawalFacts { payment: Some(Ok(Some(paid))), ..late };
    assert!(!told(&of_withdrawal(&paid, &Assets::default())).contains("may release"), "it is paid");
    let node = of_withdrawal(&facts, &Assets::default()).node;
    assert!(node.contains(&"none of the node's channels holds anything of it".to_owned()), "{node:?}");
    assert!(node.last().unwrap().ends_with(": passed"), "{node:?}");
}

#[test]
fn the_story_is_told_in_the_order_of_time_with_decisions_and_entries() {
    let state = WithdrawalState::Failed { reason: FailureReason::InvoiceExpired, at: at(60) };
    let withdrawal = sample::withdrawal_with(1, sample::withdrawal_terms(1), 0, state);
    let record = AuditRecord {
        at: at(50),
        operator: Operator { name: "ann@example.org".to_owned(), origin: "here".to_owned() },
        action: "review.reject".to_owned(),
        reason: "fraud".to_owned(),
        ..sample::audit_record(1)
    };
    let other = AuditRecord { at: at(55), action: "user.pause".to_owned(), ..record.clone() };
    let entry = NumberedEntry { number: 1, entry: Entry { at: at(60), ..sample::reservation(1, 5) } };
    let facts = WithdrawalFacts { records: &[record, other], entries: &[entry], ..facts(&withdrawal, &[]) };
    let story = of_withdrawal(&facts, &Assets::default()).story;
    let times: Vec<_> = story.iter().map(|happening| happening.at).collect();
    assert!(times.is_sorted(), "{story:?}");
    assert!(story[1].what == "rejected by ann@example.org: fraud", "{story:?}");
    assert!(story[2].what == "user.pause by ann@example.org: fraud", "{story:?}");
    assert!(story[3].what.contains("reserved: the amount and the highest fee"), "{story:?}");
}

#[test]
fn what_pauses_a_withdrawal_is_named() {
    let withdrawal = sample::withdrawal_with(1, sample::withdrawal_terms(1), 0, WithdrawalState::Pending);
    let paused = Paused { activity: crate::Activity::Withdrawals, scope: crate::PausedScope::App };
    let facts = WithdrawalFacts { paused: Some(paused), ..facts(&withdrawal, &[]) };
    let next = of_withdrawal(&facts, &Assets::default()).next;
    assert!(
        next.starts_with("Withdrawals are paused in this app: nothing is sent until they are resumed. "),
        "{next}"
    );
}

#[test]
fn every_state_of_a_tip_has_a_story_of_its_own() {
    let tip = sample::tip(1);
    let mut told_states = BTreeSet::new();
    let states = sample::tip_states(&sample::invoice_of(&tip), at(9));
    for state in &states {
        let explanation =
            of_tip(&sample::tip_in(&tip, state.clone()), &[], Some(Ok(None)), &Assets::default());
        assert!(!explanation.next.is_empty() && explanation.node.len() == 1);
        let ended = matches!(state, TipState::Expired { .. } | TipState::Cancelled { .. });
        assert_eq!(told(&explanation).contains("Do not credit it by hand"), ended);
        told_states.insert(explanation.headline);
    }
    assert_eq!(told_states.len(), states.len());
}
