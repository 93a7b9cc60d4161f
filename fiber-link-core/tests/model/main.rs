//! Explores one withdrawal exhaustively: every order in which servers, node, time and misfortunes may
//! act, to a stated depth. What servers do is the real `pay_due` over a real `MemoryStore`.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm,
    reason = "a test that meets the unexpected stops there"
)]

mod explore;
mod guard;
mod lab;
mod node;
mod pass;
mod sample;
mod setup;
mod shelf;
mod tape;
mod world;

use explore::{Bound, Report, explore};
use fiber_link_core::Exclusivity;
use guard::Guard;
use setup::{Invariant, Misfortunes, Remains, Setup};
use world::Action::{Begin, DeclareDead, Pause, Step, Tick};

/// How many states a test of every day looks at; `FIBER_LINK_MODEL_STATES` sets another number.
const STATES: usize = 40_000;

/// More than any exploration needs.
const PLENTY: u8 = 30;

/// One server after the other: the second begins when the first has crashed.
fn sole(retries: u32, left: Misfortunes) -> Setup {
    Setup {
        exclusivity: Exclusivity::Sole,
        retries,
        left,
        before: Vec::new(),
        without: None,
        allowed: Vec::new(),
        watched: Vec::new(),
    }
}

/// Two servers at once.
fn shared(retries: u32, left: Misfortunes) -> Setup {
    Setup { exclusivity: Exclusivity::Shared, ..sole(retries, left) }
}

/// So many passes of each server, with all the time in the world and nothing going wrong.
fn passes(passes: [u8; 2]) -> Misfortunes {
    Misfortunes { passes, ticks: PLENTY, ..Misfortunes::default() }
}

fn without(guard: Guard, setup: Setup) -> Setup {
    Setup { without: Some(guard), ..setup }
}

/// Explores as far as the time of a test allows: nothing is broken.
fn holds(name: &str, setup: &Setup) -> Report {
    let states = std::env::var("FIBER_LINK_MODEL_STATES").ok();
    let worlds = states.map_or(STATES, |states| states.parse().expect("a number"));
    let report = explore(setup, Bound { depth: usize::MAX, worlds });
    println!("{name}: {report}");
    assert!(report.violation.is_none(), "{name}: {report}");
    report
}

/// Explores until `expected` is broken.
fn breaks(name: &str, setup: &Setup, expected: Invariant) {
    let report = explore(setup, Bound { depth: usize::MAX, worlds: 500_000 });
    println!("{name}: {report}");
    assert_eq!(report.violation.map(|violation| violation.invariant), Some(expected), "{name}");
    // As far as that, nothing is broken where nothing is missing.
    let whole = Setup { without: None, allowed: Vec::new(), ..setup.clone() };
    let report = explore(&whole, Bound { depth: report.depth + 1, worlds: usize::MAX });
    assert!(report.violation.is_none(), "{name}, nothing missing: {report}");
}

#[test]
fn a_sole_server_without_misfortunes_breaks_nothing_and_comes_to_every_end() {
    let report = holds("one server, one retry", &sole(1, passes([6, 0])));
    assert!(report.exhausted);
    let seen =
        ["completed", "failed", "retry_pending", "succeeded", "tried again", "two sessions", "unknown"];
    for sight in seen {
        assert!(report.sights.contains(sight), "{sight}: {:?}", report.sights);
    }
}

#[test]
fn a_server_that_crashes_and_its_successor_break_nothing() {
    let left = Misfortunes { crashes: 1, hangs: 1, lost: 1, ..passes([3, 3]) };
    let report = holds("crash, lost answers, a late request", &sole(0, left));
    assert!(report.sights.contains("claimed again"));
    holds("the same with a retry", &sole(1, left));
}

#[test]
fn a_server_that_sleeps_over_answers_breaks_nothing() {
    let left = Misfortunes { crashes: 1, hangs: 1, pauses: 1, drops: 1, ..passes([2, 2]) };
    holds("a pause with an answer unread, a pass that is dropped", &sole(0, left));
}

#[test]
fn two_servers_at_once_break_nothing() {
    let left = Misfortunes { hangs: 1, pauses: 1, ..passes([2, 2]) };
    holds("two servers", &shared(0, left));
    holds(
        "two servers that stop between any two calls",
        &shared(0, Misfortunes { stops: 2, ..passes([1, 1]) }),
    );
}

#[test]
fn an_operator_who_declares_a_sleeping_server_dead_breaks_nothing() {
    let left = Misfortunes { declarations: 1, pauses: 1, ..passes([1, 2]) };
    holds("a word that a server is dead", &shared(0, left));
}

#[test]
fn an_operator_who_pauses_withdrawals_stops_what_was_not_begun() {
    let left = Misfortunes { switches: 1, crashes: 1, hangs: 1, ..passes([2, 2]) };
    let report = holds("a switch", &sole(1, left));
    assert!(report.sights.contains("paused"));
    let left = Misfortunes { switches: 1, pauses: 1, stops: 1, ..passes([1, 1]) };
    holds("a switch and two servers", &shared(0, left));
}

#[test]
fn without_the_store_asking_for_the_switch_a_payment_is_begun_after_it_was_thrown() {
    let left = Misfortunes { switches: 1, ..passes([1, 0]) };
    breaks("RequireDocument", &without(Guard::RequireDocument, sole(0, left)), Invariant::BegunWhilePaused);
}

#[test]
fn what_comes_back_from_an_older_backup_breaks_nothing() {
    let node = Misfortunes { crashes: 1, backups: 1, node_restores: 1, ..passes([2, 3]) };
    holds("an older node", &sole(0, node));
    holds("an older store", &sole(1, Misfortunes { store_restores: 1, hangs: 1, ..passes([3, 0]) }));
    holds("both", &sole(0, Misfortunes { store_restores: 1, ..node }));
}

#[test]
fn without_the_lease_funds_are_released_while_a_late_request_may_pay() {
    let left = Misfortunes { crashes: 1, hangs: 1, ..passes([3, 3]) };
    breaks("Lease", &without(Guard::Lease, sole(0, left)), Invariant::ReleasedTooEarly);
}

#[test]
fn without_the_last_look_at_the_clock_who_wakes_up_late_sends() {
    let left = Misfortunes { pauses: 1, declarations: 1, ..passes([1, 2]) };
    let before = vec![Begin(0), Step(0), Step(0), Step(0), Pause(0), DeclareDead(0), Tick];
    let setup = Setup { before, ..shared(0, left) };
    breaks("LastLook", &without(Guard::LastLook, setup), Invariant::ReleasedTooEarly);
}

#[test]
fn without_the_session_before_an_old_failure_is_taken_for_a_new_one() {
    let left = Misfortunes { hangs: 1, ..passes([3, 0]) };
    breaks("PreviousSession", &without(Guard::PreviousSession, sole(1, left)), Invariant::ReleasedTooEarly);
}

#[test]
fn without_what_was_seen_a_node_that_forgot_is_believed() {
    let left = Misfortunes { crashes: 1, backups: 1, node_restores: 1, ..passes([3, 3]) };
    breaks("SeenSession", &without(Guard::SeenSession, sole(0, left)), Invariant::ReleasedTooEarly);
}

#[test]
fn without_the_memory_check_a_node_from_a_backup_pays_twice() {
    let left = Misfortunes { crashes: 1, node_restores: 1, ..passes([3, 3]) };
    breaks("MemoryCheck", &without(Guard::MemoryCheck, sole(0, left)), Invariant::PaidTwice);
}

#[test]
fn without_the_check_after_the_answer_a_node_that_was_just_put_back_pays_twice() {
    let left = Misfortunes { crashes: 1, node_restores: 1, ..passes([3, 3]) };
    breaks("KnowAgain", &without(Guard::KnowAgain, sole(0, left)), Invariant::PaidTwice);
}

#[test]
fn without_proof_of_death_a_living_server_is_overtaken() {
    let left = Misfortunes { ticks: 2, ..passes([1, 2]) };
    breaks("ProofOfDeath", &without(Guard::ProofOfDeath, shared(0, left)), Invariant::ReleasedTooEarly);
}

#[test]
fn without_the_store_asking_who_lives_a_dead_server_claims() {
    let left = Misfortunes { declarations: 1, ..passes([1, 2]) };
    let before = vec![Begin(0), Step(0), Step(0), Step(0), DeclareDead(0)];
    let setup = Setup { before: [before, vec![Step(0), Tick]].concat(), ..shared(0, left) };
    breaks("RequireWorker", &without(Guard::RequireWorker, setup), Invariant::ReleasedTooEarly);
}

#[test]
fn without_waiting_for_the_second_claim_a_failure_is_believed_too_early() {
    let left = Misfortunes { crashes: 1, hangs: 1, ..passes([3, 3]) };
    breaks("SecondClaim", &without(Guard::SecondClaim, sole(0, left)), Invariant::ReleasedTooEarly);
}

#[test]
fn without_asking_first_a_store_from_a_backup_gives_up_what_is_paid() {
    let left = Misfortunes { store_restores: 1, ..passes([3, 0]) };
    breaks("AskBeforeSend", &without(Guard::AskBeforeSend, sole(0, left)), Invariant::ReleasedTooEarly);
}

#[test]
fn without_versions_a_late_writer_releases_what_is_under_way() {
    let setup = without(Guard::Versions, shared(0, passes([3, 3])));
    breaks("Versions", &setup, Invariant::LateWriter);
    let watched = vec![Invariant::PaidTwice, Invariant::ReleasedTooEarly, Invariant::CompletedUnpaid];
    breaks("Versions, money alone", &Setup { watched, ..setup }, Invariant::ReleasedTooEarly);
}

#[test]
fn without_storing_first_something_is_sent_that_nobody_knows_of() {
    breaks("StoreFirst", &without(Guard::StoreFirst, sole(0, passes([1, 0]))), Invariant::SentUnstored);
}

#[test]
fn what_the_threat_model_says_remains_is_found() {
    let allowing = |remains, setup| Setup { allowed: vec![remains], ..setup };
    let left = Misfortunes { crashes: 1, backups: 1, node_restores: 1, ..passes([3, 3]) };
    let forgot_less = allowing(Remains::NodeThatForgotLess, sole(0, left));
    breaks("NodeThatForgotLess", &forgot_less, Invariant::PaidTwice);

    let left = Misfortunes { backups: 1, node_restores: 1, store_restores: 1, ..passes([3, 0]) };
    breaks("BothRestored", &allowing(Remains::BothRestored, sole(0, left)), Invariant::ReleasedTooEarly);

    let left = Misfortunes { declarations: 1, ..passes([1, 2]) };
    let before = vec![Begin(0), Step(0), Step(0), Step(0), Step(0), DeclareDead(0), Tick];
    let paused = Setup { before, ..shared(0, left) };
    breaks("DeadButPaused", &allowing(Remains::DeadButPaused, paused), Invariant::ReleasedTooEarly);
}
