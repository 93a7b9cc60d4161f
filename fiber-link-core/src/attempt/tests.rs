//! What proves that an attempt is dead, and what does not.

use super::*;
use crate::Step;
use crate::testing::sample::{self, at};
use proptest::prelude::*;

const EXPIRES: u64 = 3_600;
/// When the node had begun with the attempt before.
const PREVIOUS: u64 = 5;

/// What an attempt is judged under.
#[derive(Clone, Copy, Debug)]
struct Circumstances {
    claims: u32,
    claimed: bool,
    long_expired: bool,
    memory: NodeMemory,
}

impl Circumstances {
    fn every() -> impl Iterator<Item = Self> {
        let (yes_no, claims) = ([true, false], [1, 2]);
        let memories = [NodeMemory::Intact, NodeMemory::Doubtful];
        claims.into_iter().flat_map(move |claims| {
            yes_no.into_iter().flat_map(move |claimed| {
                yes_no.into_iter().flat_map(move |long_expired| {
                    memories.map(move |memory| Self { claims, claimed, long_expired, memory })
                })
            })
        })
    }

    /// Judges an attempt whose predecessor had a session.
    fn judge(self, answer: Option<&PaymentStatus>) -> Verdict {
        let now = at(1_000);
        let end_of_claim = if self.claimed { now.plus(Duration::from_millis(1)) } else { now };
        let expired_long_ago = now.minus(NEVER_SENT_AFTER).minus(Duration::from_millis(1));
        let expires_at = if self.long_expired { expired_long_ago } else { now.minus(NEVER_SENT_AFTER) };
        let attempt = Attempt::restore(AttemptRecord {
            claim: Claim { until: end_of_claim, ..sample::attempt(1, 1).claim() },
            claims: self.claims,
            previous_session: Some(at(PREVIOUS)),
            ..sample::attempt_record(1, 1, AttemptState::Sent { session: None })
        });
        attempt.judge(answer, expires_at, self.memory, now)
    }
}

fn answer(session: u64, state: PaymentState) -> Option<PaymentStatus> {
    Some(PaymentStatus { created_at: at(session), state })
}

fn failed() -> PaymentState {
    PaymentState::Failed { reason: "no path found".to_owned() }
}

const SUCCEEDED: PaymentState = PaymentState::Succeeded { fee: Amount::new(1) };

#[test]
fn a_payment_under_way_is_pending_and_a_paid_one_succeeded_whatever_else_is_true() {
    for circumstances in Circumstances::every() {
        for session in [PREVIOUS - 1, PREVIOUS, PREVIOUS + 1] {
            let pending = answer(session, PaymentState::Pending);
            let verdict = Verdict::Pending { session: at(session) };
            assert_eq!(circumstances.judge(pending.as_ref()), verdict, "{circumstances:?}");
            let succeeded = Verdict::Succeeded { fee: Amount::new(1) };
            let paid = answer(session, SUCCEEDED);
            assert_eq!(circumstances.judge(paid.as_ref()), succeeded, "{circumstances:?}");
        }
    }
}

#[test]
fn a_failed_session_is_proof_unless_a_second_sender_may_still_send() {
    let session = Some(at(PREVIOUS + 1));
    let proof = FinalFailure { attempt: sample::attempt_id(1), reason: "no path found".to_owned(), session };
    for circumstances in Circumstances::every() {
        let verdict = circumstances.judge(answer(PREVIOUS + 1, failed()).as_ref());
        let expected = match (circumstances.claims, circumstances.claimed) {
            (1, true | false) | (_, false) => Verdict::Failed(proof.clone()),
            (_, true) => Verdict::Pending { session: at(PREVIOUS + 1) },
        };
        assert_eq!(verdict, expected, "{circumstances:?}");
    }
}

#[test]
fn what_the_node_does_not_know_is_proof_only_long_after_expiry_with_sound_memory_and_no_claim() {
    let failures_of_the_attempt_before = [answer(PREVIOUS, failed()), answer(PREVIOUS - 1, failed()), None];
    for circumstances in Circumstances::every() {
        for answer in &failures_of_the_attempt_before {
            let proven = !circumstances.claimed
                && circumstances.long_expired
                && circumstances.memory == NodeMemory::Intact;
            match circumstances.judge(answer.as_ref()) {
                Verdict::Failed(proof) => {
                    assert!(proven, "{circumstances:?}");
                    assert_eq!(proof.session, None);
                }
                Verdict::NotKnown => assert!(!proven, "{circumstances:?}"),
                other @ (Verdict::Pending { .. } | Verdict::Succeeded { .. } | Verdict::Forgotten) => {
                    panic!("{other:?}")
                }
            }
        }
    }
}

#[test]
fn what_the_node_had_and_denies_is_never_proof() {
    let state = AttemptState::Sent { session: Some(at(PREVIOUS + 2)) };
    let attempt = Attempt::restore(AttemptRecord {
        previous_session: Some(at(PREVIOUS)),
        ..sample::attempt_record(1, 1, state)
    });
    let (long_after, memory) = (at(EXPIRES).plus(NEVER_SENT_AFTER * 100), NodeMemory::Intact);
    let judge =
        |answer: Option<PaymentStatus>| attempt.judge(answer.as_ref(), at(EXPIRES), memory, long_after);
    for older in [None, answer(PREVIOUS, failed()), answer(PREVIOUS + 1, failed())] {
        assert_eq!(judge(older), Verdict::Forgotten);
    }
    for session in [PREVIOUS + 2, PREVIOUS + 3] {
        assert!(matches!(judge(answer(session, failed())), Verdict::Failed(_)));
    }
}

#[test]
fn any_session_is_the_first_attempts_own() {
    let first = sample::attempt(1, 1);
    let verdict = first.judge(answer(0, failed()).as_ref(), at(EXPIRES), NodeMemory::Doubtful, at(9));
    assert!(matches!(verdict, Verdict::Failed(proof) if proof.session == Some(at(0))));
}

#[test]
fn an_attempt_knows_the_latest_session_of_those_before_it() {
    let withdrawal = sample::withdrawal(1);
    let claim = sample::attempt(1, 1).claim();
    let after = |previous: Option<&Attempt>| {
        Attempt::send(sample::attempt_id(2), &withdrawal, previous, None, claim, at(9)).to_record()
    };
    let previous = |session, previous_session| {
        let state = AttemptState::Failed { reason: "no path found".to_owned(), at: at(9), session };
        Attempt::restore(AttemptRecord { previous_session, ..sample::attempt_record(1, 1, state) })
    };
    for (session, before, expected) in [
        (None, None, None),
        (Some(at(3)), None, Some(at(3))),
        (None, Some(at(2)), Some(at(2))),
        (Some(at(3)), Some(at(2)), Some(at(3))),
    ] {
        assert_eq!(after(Some(&previous(session, before))).previous_session, expected);
    }
    let first = AttemptRecord {
        id: sample::attempt_id(2),
        created_at: at(9),
        claim,
        ..sample::attempt_record(2, 1, AttemptState::Sent { session: None })
    };
    assert_eq!(after(None), first);
}

#[test]
fn an_attempt_is_stored_and_shown_as_it_was_begun() {
    let record = AttemptRecord {
        created_at: at(9),
        ..sample::attempt_record(1, 2, AttemptState::Sent { session: Some(at(3)) })
    };
    let attempt = Attempt::restore(record.clone());
    assert_eq!(attempt.to_record(), record);
    assert_eq!((attempt.id(), attempt.withdrawal()), (record.id, record.withdrawal));
    assert_eq!((attempt.payment_hash(), attempt.created_at()), (record.payment_hash, at(9)));
}

/// What can happen to an attempt.
#[derive(Clone, Copy, Debug)]
enum Event {
    See,
    LoseWhileClaimed,
    LoseAfterClaim,
    ClaimAgainWhileClaimed,
    ClaimAgainBySame,
    ClaimAgain,
    Succeed,
    Fail,
}

const EVENTS: [Event; 8] = [
    Event::See,
    Event::LoseWhileClaimed,
    Event::LoseAfterClaim,
    Event::ClaimAgainWhileClaimed,
    Event::ClaimAgainBySame,
    Event::ClaimAgain,
    Event::Succeed,
    Event::Fail,
];

/// The state after each event; `-` where nothing changes, `wrong` where it is refused.
#[rustfmt::skip]
const TABLE: [(&str, [&str; EVENTS.len()]); 6] = [
    //              seen     lost while claimed  …after  claimed again while claimed  …by the same  …by another  succeed      fail
    ("sent",      ["sent",  "-",                "unknown", "wrong",                    "wrong",      "sent",      "succeeded", "failed"]),
    ("sent",      ["-",     "-",                "-",       "wrong",                    "wrong",      "wrong",     "succeeded", "failed"]),
    ("unknown",   ["sent",  "-",                "-",       "wrong",                    "wrong",      "sent",      "succeeded", "failed"]),
    ("succeeded", ["wrong", "wrong",            "wrong",   "wrong",                    "wrong",      "wrong",     "wrong",     "wrong"]),
    ("failed",    ["wrong", "wrong",            "wrong",   "wrong",                    "wrong",      "wrong",     "wrong",     "wrong"]),
    ("failed",    ["wrong", "wrong",            "wrong",   "wrong",                    "wrong",      "wrong",     "wrong",     "wrong"]),
];

fn proof() -> FinalFailure {
    FinalFailure { attempt: sample::attempt_id(1), reason: "no path found".to_owned(), session: Some(at(6)) }
}

fn apply(attempt: &Attempt, event: Event) -> Result<Step<Attempt>, WrongState> {
    let before = attempt.claim().until.minus(Duration::from_millis(1));
    let until = attempt.claim().until;
    let another = Claim { worker: sample::worker_id(2), until: until.plus(Duration::from_secs(60)) };
    match event {
        Event::See => attempt.see(at(7)),
        Event::LoseWhileClaimed => attempt.lose(before),
        Event::LoseAfterClaim => attempt.lose(until),
        Event::ClaimAgainWhileClaimed => attempt.claim_again(another, before).map(Step::Changed),
        Event::ClaimAgainBySame => attempt.claim_again(attempt.claim(), until).map(Step::Changed),
        Event::ClaimAgain => attempt.claim_again(another, until).map(Step::Changed),
        Event::Succeed => attempt.succeed(Amount::new(1), at(9)).map(Step::Changed),
        Event::Fail => attempt.fail(&proof(), at(9)).map(Step::Changed),
    }
}

#[test]
fn every_state_meets_every_event_as_the_table_says() {
    let states = sample::attempt_states(at(8));
    assert_eq!(states.len(), TABLE.len());
    for (state, (name, row)) in states.into_iter().zip(TABLE) {
        let attempt = Attempt::restore(sample::attempt_record(1, 1, state));
        assert_eq!(attempt.state().as_str(), name);
        for (event, expected) in EVENTS.into_iter().zip(row) {
            let after = match apply(&attempt, event) {
                Ok(Step::Changed(next)) => {
                    assert_eq!(next.is_live(), matches!(expected, "sent" | "unknown"));
                    next.state().as_str()
                }
                Ok(Step::Unchanged) => "-",
                Err(WrongState { state, .. }) => {
                    assert_eq!(state, name);
                    "wrong"
                }
            };
            assert_eq!(after, expected, "{name} meets {event:?}");
        }
    }
}

#[test]
fn a_second_claim_is_counted_and_an_end_keeps_what_is_known_of_it() {
    let attempt = sample::attempt(1, 1);
    let Ok(Step::Changed(again)) = apply(&attempt, Event::ClaimAgain) else { panic!("it may be claimed") };
    assert_eq!((again.to_record().claims, again.claim().worker), (2, sample::worker_id(2)));
    let ended = attempt.fail(&proof(), at(9)).unwrap();
    let expected =
        AttemptState::Failed { reason: "no path found".to_owned(), at: at(9), session: Some(at(6)) };
    assert_eq!(*ended.state(), expected);
    let paid = attempt.succeed(Amount::new(1), at(9)).unwrap();
    assert_eq!(*paid.state(), AttemptState::Succeeded { fee: Amount::new(1), at: at(9) });
}

fn any_answer() -> impl Strategy<Value = Option<PaymentStatus>> {
    let state = prop_oneof![
        Just(PaymentState::Pending),
        any::<u64>().prop_map(|fee| PaymentState::Succeeded { fee: Amount::new(fee) }),
        ".{0,20}".prop_map(|reason| PaymentState::Failed { reason }),
    ];
    let status =
        (0u64..20, state).prop_map(|(session, state)| PaymentStatus { created_at: at(session), state });
    prop::option::of(status)
}

proptest! {
    #[test]
    fn nothing_but_an_answer_about_this_attempt_or_a_long_expired_invoice_proves_failure(
        answer in any_answer(),
        previous in prop::option::of(0u64..20),
        claims in 1u32..4,
        claim_ends in 0u64..5_000,
        expires in 0u64..5_000,
        intact: bool,
        now in 0u64..6_000,
    ) {
        let memory = if intact { NodeMemory::Intact } else { NodeMemory::Doubtful };
        let attempt = Attempt::restore(AttemptRecord {
            claim: Claim { worker: sample::worker_id(1), until: at(claim_ends) },
            claims,
            previous_session: previous.map(at),
            ..sample::attempt_record(1, 1, AttemptState::Sent { session: None })
        });
        let Verdict::Failed(proof) = attempt.judge(answer.as_ref(), at(expires), memory, at(now)) else {
            return Ok(());
        };
        match proof.session {
            Some(session) => {
                let status = answer.expect("an answer");
                let said_failed = matches!(status.state, PaymentState::Failed { .. });
                prop_assert!(said_failed, "the node said so");
                prop_assert_eq!(status.created_at, session);
                prop_assert!(previous.is_none_or(|previous| session > at(previous)), "of this attempt");
                prop_assert!(claims == 1 || now >= claim_ends, "nobody else may still send");
            }
            None => {
                let other = answer.is_none_or(|status| matches!(status.state, PaymentState::Failed { .. }));
                prop_assert!(other, "nothing is under way or paid");
                prop_assert!(intact && now > expires + NEVER_SENT_AFTER.as_secs() && now >= claim_ends);
            }
        }
    }

    #[test]
    fn a_kept_reason_is_the_beginning_of_the_nodes(reason in "\\PC{0,600}") {
        let kept = shortened(&reason);
        prop_assert!(reason.starts_with(&kept));
        prop_assert!(kept.len() <= REASON_BYTES);
        prop_assert!(kept.len() == reason.len() || kept.len() > REASON_BYTES - 4);
    }
}
