//! What becomes of a withdrawal in every state, whatever happens to it.

use super::*;
use crate::testing::sample::{self, at};
use crate::{Attempt, AttemptRecord, AttemptState};
use crate::{NodeMemory, PaymentState, PaymentStatus, Verdict};
use proptest::prelude::*;
use uuid::Uuid;

/// The sample's invoice can be paid until then, and be tried for until two minutes before.
const EXPIRES: u64 = 3_601;
const LAST_START: u64 = EXPIRES - 120;

/// What can happen to a withdrawal.
#[derive(Clone, Copy, Debug)]
enum Event {
    AwaitLiquidity,
    LiquidityFound,
    Start,
    StartLate,
    AdoptLate,
    Complete,
    AttemptFailed,
    LastAttemptFailed,
    GiveUp,
    Approve,
    Reject,
    Release,
    PaidLate,
    ReleasedFailed,
}

const EVENTS: [Event; 14] = [
    Event::AwaitLiquidity,
    Event::LiquidityFound,
    Event::Start,
    Event::StartLate,
    Event::AdoptLate,
    Event::Complete,
    Event::AttemptFailed,
    Event::LastAttemptFailed,
    Event::GiveUp,
    Event::Approve,
    Event::Reject,
    Event::Release,
    Event::PaidLate,
    Event::ReleasedFailed,
];

/// The state after each event; `-` where nothing changes, `wrong` where it is refused.
#[rustfmt::skip]
const TABLE: [(&str, [&str; EVENTS.len()]); 12] = [
    //                      no liquidity         liquidity  start         …late    adopt late    complete     attempt failed   …the last give up   approve    reject    release     paid late             failed after
    ("awaiting_review",    ["wrong",             "wrong",   "wrong",      "wrong", "processing", "wrong",     "wrong",         "wrong",  "failed", "pending", "failed", "wrong",    "wrong",              "wrong"]),
    ("liquidity_pending",  ["-",                 "pending", "wrong",      "wrong", "processing", "wrong",     "wrong",         "wrong",  "failed", "wrong",   "wrong", "wrong",    "wrong",              "wrong"]),
    ("pending",            ["liquidity_pending", "-",       "processing", "wrong", "processing", "wrong",     "wrong",         "wrong",  "failed", "wrong",   "wrong", "wrong",    "wrong",              "wrong"]),
    ("processing",         ["wrong",             "wrong",   "wrong",      "wrong", "wrong",      "completed", "retry_pending", "failed", "wrong",  "wrong",   "wrong", "released", "wrong",              "wrong"]),
    ("retry_pending",      ["-",                 "-",       "processing", "wrong", "processing", "wrong",     "wrong",         "wrong",  "failed", "wrong",   "wrong", "wrong",    "wrong",              "wrong"]),
    ("completed",          ["wrong",             "wrong",   "wrong",      "wrong", "wrong",      "wrong",     "wrong",         "wrong",  "wrong",  "wrong",   "wrong", "wrong",    "wrong",              "wrong"]),
    ("released",           ["wrong",             "wrong",   "wrong",      "wrong", "wrong",      "wrong",     "wrong",         "wrong",  "wrong",  "wrong",   "wrong", "wrong",    "paid_after_release", "failed"]),
    ("paid_after_release", ["wrong",             "wrong",   "wrong",      "wrong", "wrong",      "wrong",     "wrong",         "wrong",  "wrong",  "wrong",   "wrong", "wrong",    "wrong",              "wrong"]),
    ("failed",             ["wrong",             "wrong",   "wrong",      "wrong", "wrong",      "wrong",     "wrong",         "wrong",  "-",      "wrong",   "wrong", "wrong",    "wrong",              "wrong"]),
    ("failed",             ["wrong",             "wrong",   "wrong",      "wrong", "wrong",      "wrong",     "wrong",         "wrong",  "-",      "wrong",   "wrong", "wrong",    "wrong",              "wrong"]),
    ("failed",             ["wrong",             "wrong",   "wrong",      "wrong", "wrong",      "wrong",     "wrong",         "wrong",  "-",      "wrong",   "wrong", "wrong",    "wrong",              "wrong"]),
    ("failed",             ["wrong",             "wrong",   "wrong",      "wrong", "wrong",      "wrong",     "wrong",         "wrong",  "-",      "wrong",   "wrong", "wrong",    "wrong",              "wrong"]),
];

const NOW: u64 = 100;

/// A withdrawal in each of its states, in the order of the table, after one attempt.
fn withdrawals() -> Vec<Withdrawal> {
    let states = sample::withdrawal_states(sample::attempt_id(1), at(NOW));
    states.into_iter().map(|state| sample::withdrawal_in(&sample::withdrawal(1), 1, state, at(50))).collect()
}

fn proof() -> FinalFailure {
    proof_of(sample::attempt_id(1))
}

/// Only a node's answer makes one.
fn proof_of(id: AttemptId) -> FinalFailure {
    let attempt = Attempt::restore(AttemptRecord {
        id,
        ..sample::attempt_record(1, 1, AttemptState::Sent { session: None })
    });
    let state = PaymentState::Failed { reason: "no path found".to_owned() };
    let answer = PaymentStatus { created_at: at(9), state };
    match attempt.judge(Some(&answer), at(EXPIRES), NodeMemory::Intact, at(10)) {
        Verdict::Failed(proof) => proof,
        other @ (Verdict::Pending { .. }
        | Verdict::Succeeded { .. }
        | Verdict::NotKnown
        | Verdict::Forgotten) => {
            panic!("{other:?}")
        }
    }
}

fn apply(withdrawal: &Withdrawal, event: Event) -> Result<Step<Withdrawal>, WrongState> {
    let (now, policy) = (at(NOW), RetryPolicy::default());
    let attempt = sample::attempt_id(2);
    match event {
        Event::AwaitLiquidity => withdrawal.await_liquidity(now),
        Event::LiquidityFound => withdrawal.liquidity_found(now),
        Event::Start => withdrawal.start(attempt, now).map(Step::Changed),
        Event::StartLate => withdrawal.start(attempt, at(LAST_START)).map(Step::Changed),
        Event::AdoptLate => withdrawal.adopt(attempt, at(EXPIRES)).map(Step::Changed),
        Event::Complete => withdrawal.complete(Amount::new(1), now).map(Step::Changed),
        Event::AttemptFailed => withdrawal.attempt_failed(&proof(), policy, now).map(Step::Changed),
        Event::LastAttemptFailed => {
            let policy = RetryPolicy { retries: 0, ..policy };
            withdrawal.attempt_failed(&proof(), policy, now).map(Step::Changed)
        }
        Event::GiveUp => withdrawal.give_up(now),
        Event::Approve => withdrawal.approve(now).map(Step::Changed),
        Event::Reject => withdrawal.reject(now).map(Step::Changed),
        Event::Release => withdrawal.release(now).map(Step::Changed),
        Event::PaidLate => withdrawal.paid_late(Amount::new(1), now).map(Step::Changed),
        Event::ReleasedFailed => withdrawal.released_failed(&proof(), now).map(Step::Changed),
    }
}

#[test]
fn every_state_meets_every_event_as_the_table_says() {
    assert_eq!(withdrawals().len(), TABLE.len());
    for (withdrawal, (state, row)) in withdrawals().iter().zip(TABLE) {
        assert_eq!(withdrawal.state().as_str(), state);
        for (event, expected) in EVENTS.into_iter().zip(row) {
            let after = match apply(withdrawal, event) {
                Ok(Step::Changed(next)) => {
                    assert!(next.updated_at() >= at(NOW));
                    assert_eq!((next.terms(), next.id()), (withdrawal.terms(), withdrawal.id()));
                    next.state().as_str()
                }
                Ok(Step::Unchanged) => "-",
                Err(wrong) => {
                    assert_eq!(wrong.state, state);
                    "wrong"
                }
            };
            assert_eq!(after, expected, "{state} meets {event:?}");
        }
    }
}

#[test]
fn a_withdrawal_begins_pending_or_waits_for_liquidity_or_people() {
    for (accepted_as, state) in [
        (Acceptance::Pending, "pending"),
        (Acceptance::LiquidityPending, "liquidity_pending"),
        (Acceptance::AwaitingReview, "awaiting_review"),
    ] {
        let terms = WithdrawalTerms { accepted_as, ..sample::withdrawal_terms(1) };
        let withdrawal = Withdrawal::request(sample::withdrawal_id(1), terms, at(1));
        assert_eq!((withdrawal.state().as_str(), withdrawal.attempts()), (state, 0));
    }
}

#[test]
fn what_was_agreed_is_kept_as_it_was_requested() {
    let (id, terms) = (sample::withdrawal_id(2), sample::withdrawal_terms(3));
    let requested = Withdrawal::request(id, terms.clone(), at(7));
    assert_eq!((requested.id(), requested.terms()), (id, &terms));
    assert_eq!((requested.created_at(), requested.updated_at()), (at(7), at(7)));
    let state = WithdrawalState::LiquidityPending;
    let restored = Withdrawal::restore(id, terms, at(7), at(9), 2, state.clone());
    assert_eq!((restored.created_at(), restored.updated_at(), restored.attempts()), (at(7), at(9), 2));
    assert_eq!((restored.state(), restored.payment_hash()), (&state, sample::payment_hash(3)));
}

#[test]
fn a_retry_waits_for_its_time_and_every_start_counts() {
    let state = WithdrawalState::RetryPending { at: at(NOW), last_error: String::new() };
    let waiting = sample::withdrawal_in(&sample::withdrawal(1), 1, state, at(50));
    let early = at(NOW).minus(Duration::from_millis(1));
    assert!(waiting.start(sample::attempt_id(2), early).is_err());
    let started = waiting.start(sample::attempt_id(2), at(NOW)).unwrap();
    assert_eq!(started.attempts(), 2);
    assert_eq!(*started.state(), WithdrawalState::Processing { attempt: sample::attempt_id(2) });
    let last_moment = at(LAST_START).minus(Duration::from_millis(1));
    assert!(waiting.start(sample::attempt_id(2), last_moment).is_ok());
}

#[test]
fn what_ends_without_an_attempt_has_expired_and_a_retry_keeps_its_error() {
    for (withdrawal, (state, _)) in withdrawals().iter().zip(TABLE) {
        let Ok(Step::Changed(ended)) = withdrawal.give_up(at(NOW)) else { continue };
        let reason = match withdrawal.state() {
            WithdrawalState::RetryPending { last_error, .. } => {
                FailureReason::AttemptsFailed { last_error: last_error.clone() }
            }
            WithdrawalState::AwaitingReview
            | WithdrawalState::LiquidityPending
            | WithdrawalState::Pending
            | WithdrawalState::Processing { .. }
            | WithdrawalState::Completed { .. }
            | WithdrawalState::Released { .. }
            | WithdrawalState::PaidAfterRelease { .. }
            | WithdrawalState::Failed { .. } => FailureReason::InvoiceExpired,
        };
        assert_eq!(*ended.state(), WithdrawalState::Failed { reason, at: at(NOW) }, "{state}");
    }
}

#[test]
fn every_state_but_the_final_ones_is_due() {
    for (withdrawal, (state, _)) in withdrawals().iter().zip(TABLE) {
        let due = withdrawal.due(at(NOW));
        assert_eq!(due.is_none(), withdrawal.state().is_final(), "{state}");
        assert!(due.is_none_or(|due| due.at <= at(NOW).plus(LIQUIDITY_CHECK)), "{state}");
    }
    for state in [WithdrawalState::LiquidityPending, WithdrawalState::AwaitingReview] {
        let waiting = sample::withdrawal_in(&sample::withdrawal(1), 0, state, at(1));
        assert_eq!(
            waiting.due(at(LAST_START - 1)).map(|due| due.at),
            Some(at(LAST_START)),
            "in time to end it"
        );
    }
}

#[test]
fn a_hash_is_held_unless_it_failed_and_nothing_was_ever_sent() {
    for attempts in [0, 1] {
        for (withdrawal, (state, _)) in withdrawals().iter().zip(TABLE) {
            let withdrawal = sample::withdrawal_in(withdrawal, attempts, withdrawal.state().clone(), at(9));
            let free = attempts == 0 && state == "failed";
            let held = (!free).then_some(sample::payment_hash(1));
            assert_eq!(withdrawal.held_payment_hash(), held, "{state} after {attempts} attempts");
        }
    }
}

#[test]
fn the_fee_is_reserved_where_the_user_bears_it() {
    let reserved = |fee_bearer, amount| {
        let terms = WithdrawalTerms { fee_bearer, amount, ..sample::withdrawal_terms(1) };
        sample::withdrawal_with(1, terms, 0, WithdrawalState::Pending).reserved()
    };
    assert_eq!(reserved(FeeBearer::User, Amount::new(10)), Some(Amount::new(11)));
    assert_eq!(reserved(FeeBearer::Hub, Amount::new(10)), Some(Amount::new(10)));
    assert_eq!(reserved(FeeBearer::User, Amount::MAX), None);
    assert_eq!(reserved(FeeBearer::Hub, Amount::MAX), Some(Amount::MAX));
}

/// A withdrawal whose `attempts`th attempt is live, to an invoice that expires at `expires_at`.
fn processing(attempts: u32, attempt: AttemptId, expires_at: Timestamp) -> Withdrawal {
    let Destination::PaymentRequest(invoice) = sample::withdrawal_terms(1).destination;
    let destination = Destination::PaymentRequest(PaymentRequestDestination { expires_at, ..invoice });
    let terms = WithdrawalTerms { destination, ..sample::withdrawal_terms(1) };
    sample::withdrawal_with(1, terms, attempts, WithdrawalState::Processing { attempt })
}

#[test]
fn the_proof_of_another_attempt_fails_nothing() {
    let withdrawal = processing(1, sample::attempt_id(2), at(EXPIRES));
    let wrong = withdrawal.attempt_failed(&proof(), RetryPolicy::default(), at(NOW)).unwrap_err();
    assert_eq!(wrong.event, "fail by the proof of another attempt");
}

#[test]
fn a_retry_that_would_come_too_late_is_not_planned() {
    let without_jitter = AttemptId::from_uuid(Uuid::from_u128(0x100));
    let after = |expires_at| {
        let withdrawal = processing(1, without_jitter, expires_at);
        withdrawal
            .attempt_failed(&proof_of(without_jitter), RetryPolicy::default(), at(NOW))
            .unwrap()
            .state()
            .as_str()
    };
    let too_soon = at(NOW + 60).plus(STOP_BEFORE_EXPIRY);
    assert_eq!(after(too_soon), "failed");
    assert_eq!(after(too_soon.plus(Duration::from_millis(1))), "retry_pending");
}

proptest! {
    #[test]
    fn the_wait_doubles_with_each_attempt_and_grows_by_at_most_a_quarter(
        attempts in 1u32..40, id: u128, base in 1u64..100_000,
    ) {
        let attempt = AttemptId::from_uuid(Uuid::from_u128(id));
        let policy = RetryPolicy { retries: u32::MAX, base: Duration::from_millis(base) };
        let far = Timestamp::from_millis(u64::MAX);
        let next = processing(attempts, attempt, far).attempt_failed(&proof_of(attempt), policy, at(NOW)).unwrap();
        let WithdrawalState::RetryPending { at: retry_at, .. } = *next.state() else {
            return Err(TestCaseError::fail("there is time, and a budget"));
        };
        let wait = retry_at.since(at(NOW));
        let least = Duration::from_millis(base << (attempts - 1).min(16));
        prop_assert!(wait >= least && wait <= least + least / 4, "{wait:?} for {least:?}");
        let again = processing(attempts, attempt, far).attempt_failed(&proof_of(attempt), policy, at(NOW)).unwrap();
        prop_assert_eq!(again, next, "the same wherever it is computed");
    }

    #[test]
    fn a_retry_is_planned_only_while_budget_and_invoice_last(
        attempts in 1u32..10, retries in 0u32..10, id: u128, expires in 0u64..10_000,
    ) {
        let attempt = AttemptId::from_uuid(Uuid::from_u128(id));
        let withdrawal = processing(attempts, attempt, at(expires));
        let policy = RetryPolicy { retries, ..RetryPolicy::default() };
        let next = withdrawal.attempt_failed(&proof_of(attempt), policy, at(NOW)).unwrap();
        match next.state() {
            WithdrawalState::RetryPending { at: retry_at, .. } => {
                prop_assert!(attempts <= retries);
                prop_assert!(next.start(sample::attempt_id(2), *retry_at).is_ok(), "it can be begun");
            }
            WithdrawalState::Failed { reason, .. } => {
                let last_error = "no path found".to_owned();
                prop_assert_eq!(reason, &FailureReason::AttemptsFailed { last_error });
                let longest = Duration::from_secs((60 << (attempts - 1)) * 5 / 4);
                let no_time = at(NOW).plus(longest) >= withdrawal.last_start();
                prop_assert!(attempts > retries || no_time, "only for want of budget or time");
            }
            other @ (WithdrawalState::AwaitingReview
            | WithdrawalState::LiquidityPending
            | WithdrawalState::Pending
            | WithdrawalState::Processing { .. }
            | WithdrawalState::Released { .. }
            | WithdrawalState::PaidAfterRelease { .. }
            | WithdrawalState::Completed { .. }) => {
                return Err(TestCaseError::fail(format!("{other:?}")));
            }
        }
    }

    #[test]
    fn a_withdrawal_that_ended_stays_as_it_is(events in prop::collection::vec(0..EVENTS.len(), 0..40)) {
        let mut withdrawal = sample::withdrawal(1);
        for event in events {
            let Ok(Step::Changed(next)) = apply(&withdrawal, EVENTS[event]) else { continue };
            prop_assert!(!withdrawal.state().is_final(), "{:?}", EVENTS[event]);
            prop_assert!(next.attempts() >= withdrawal.attempts());
            withdrawal = next;
        }
    }
}

#[test]
fn every_state_has_its_name_in_the_list() {
    let states = sample::withdrawal_states(sample::attempt_id(1), at(9));
    let mut names: Vec<_> = states.iter().map(WithdrawalState::as_str).collect();
    names.dedup();
    assert_eq!(names, WithdrawalState::NAMES);
}
