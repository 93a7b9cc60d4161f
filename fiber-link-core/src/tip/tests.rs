//! What becomes of a tip in every state, whatever the node says.

use super::*;
use crate::testing::sample::{self, at};
use proptest::prelude::*;

/// What can happen to a tip.
#[derive(Clone, Copy, Debug)]
enum Input {
    /// The node answers about the invoice.
    Says(InvoiceState),
    /// The node does not know the hash, this long after the tip was created.
    DoesNotKnow(Duration),
    /// The node refuses to make the invoice.
    Refuses,
}

const ALMOST: Duration = ABANDON_AFTER.saturating_sub(Duration::from_millis(1));

const INPUTS: [Input; 8] = {
    let [open, received, paid, cancelled, expired] = InvoiceState::ALL;
    [
        Input::Says(open),
        Input::Says(received),
        Input::Says(paid),
        Input::Says(cancelled),
        Input::Says(expired),
        Input::DoesNotKnow(ALMOST),
        Input::DoesNotKnow(ABANDON_AFTER),
        Input::Refuses,
    ]
};

/// The state after each input; `-` where nothing changes.
#[rustfmt::skip]
const TABLE: [(&str, [&str; INPUTS.len()]); 6] = [
    //              Open      Received  Paid       Cancelled    Expired    not known    …for 10 min  refused
    ("creating",  ["unpaid", "unpaid", "settled", "cancelled", "expired", "-",         "abandoned", "abandoned"]),
    ("abandoned", ["-",      "unpaid", "settled", "cancelled", "expired", "-",         "-",         "-"]),
    ("unpaid",    ["-",      "-",      "settled", "cancelled", "expired", "-",         "-",         "-"]),
    ("expired",   ["-",      "-",      "settled", "cancelled", "-",       "-",         "-",         "-"]),
    ("cancelled", ["-",      "-",      "settled", "-",         "expired", "-",         "-",         "-"]),
    ("settled",   ["-",      "-",      "-",       "-",         "-",       "-",         "-",         "-"]),
];

/// A tip in each of its states, in the order of the table.
fn tips() -> Vec<Tip> {
    let tip = sample::tip(1);
    let states = sample::tip_states(&sample::invoice_of(&tip), at(9));
    states.into_iter().map(|state| sample::tip_in(&tip, state)).collect()
}

fn status(tip: &Tip, state: InvoiceState) -> InvoiceStatus {
    InvoiceStatus { invoice: sample::invoice_of(tip), state }
}

fn apply(tip: &Tip, input: Input) -> Step<Tip> {
    match input {
        Input::Says(state) => tip.observe(&status(tip, state), at(5_000)).unwrap(),
        Input::DoesNotKnow(age) => tip.observe_unknown(tip.created_at().plus(age)),
        Input::Refuses => tip.refuse(at(5_000)),
    }
}

#[test]
fn every_state_meets_every_input_as_the_table_says() {
    assert_eq!(tips().len(), TABLE.len());
    for (tip, (state, row)) in tips().iter().zip(TABLE) {
        assert_eq!(tip.state().as_str(), state);
        for (input, expected) in INPUTS.into_iter().zip(row) {
            let after = match apply(tip, input) {
                Step::Changed(next) => next.state().as_str(),
                Step::Unchanged => "-",
            };
            assert_eq!(after, expected, "{state} meets {input:?}");
        }
    }
}

#[test]
fn only_the_state_changes_and_the_invoice_stays_what_it_was() {
    for tip in tips() {
        for input in INPUTS {
            let Step::Changed(next) = apply(&tip, input) else { continue };
            assert_eq!(sample::tip_in(&next, tip.state().clone()), tip, "{input:?}");
            if let Some(invoice) = tip.invoice() {
                assert_eq!(next.invoice(), Some(invoice), "{input:?}");
            }
        }
    }
    let tip = sample::tip(1);
    let again = Invoice { encoded: "another text".to_owned(), ..sample::invoice_of(&tip) };
    let unpaid = sample::tip_in(&tip, TipState::Unpaid { invoice: sample::invoice_of(&tip) });
    let paid = InvoiceStatus { invoice: again, state: InvoiceState::Paid };
    let Ok(Step::Changed(settled)) = unpaid.observe(&paid, at(9)) else { panic!("it was paid") };
    assert_eq!(settled.invoice(), unpaid.invoice(), "the one that the payer was shown");
    assert_eq!(settled.settled_at(), Some(at(9)));
}

#[test]
fn what_was_agreed_is_kept_as_it_was_created() {
    let (terms, hash) = (sample::tip_terms(), sample::payment_hash(3));
    let tip = Tip::create(sample::tip_id(2), terms.clone(), hash, at(7));
    assert_eq!((tip.id(), tip.terms(), tip.payment_hash()), (sample::tip_id(2), &terms, hash));
    assert_eq!((tip.created_at(), tip.invoice(), tip.settled_at()), (at(7), None, None));
    assert_eq!(Tip::restore(tip.id(), terms, hash, at(7), TipState::Creating), tip);
}

#[test]
fn an_invoice_of_another_hash_asset_or_amount_moves_no_tip() {
    let ours = sample::invoice_of(&sample::tip(1));
    let foreign = [
        Invoice { payment_hash: sample::payment_hash(2), ..ours.clone() },
        Invoice { asset: AssetId::new("USDI").unwrap(), ..ours.clone() },
        Invoice { amount: Amount::new(99), ..ours.clone() },
        Invoice { amount: Amount::new(101), ..ours },
    ];
    for tip in tips() {
        for invoice in foreign.clone() {
            for state in InvoiceState::ALL {
                let status = InvoiceStatus { invoice: invoice.clone(), state };
                assert!(tip.observe(&status, at(9)).is_err(), "{} meets {status:?}", tip.state().as_str());
            }
        }
    }
}

#[test]
fn a_tip_is_asked_about_until_it_is_paid_or_its_end_is_long_past() {
    assert_eq!(GRACE.as_secs(), 1_296_000, "fifteen days");
    let end = at(9).plus(GRACE);
    for tip in tips() {
        let (before, after) = match tip.state() {
            TipState::Creating | TipState::Unpaid { .. } => (true, true),
            TipState::Abandoned { .. } | TipState::Expired { .. } | TipState::Cancelled { .. } => {
                (true, false)
            }
            TipState::Settled { .. } => (false, false),
        };
        for (now, is_due) in [(end.minus(Duration::from_millis(1)), before), (end, after)] {
            let due = Due { at: now.plus(Duration::from_secs(2)), since: tip.created_at() };
            assert_eq!(tip.due(now), is_due.then_some(due), "{}", tip.state().as_str());
        }
    }
}

fn input() -> impl Strategy<Value = Input> {
    prop_oneof![
        4 => prop::sample::select(InvoiceState::ALL.to_vec()).prop_map(Input::Says),
        1 => (0u64..2_000).prop_map(|age| Input::DoesNotKnow(Duration::from_secs(age))),
        1 => Just(Input::Refuses),
    ]
}

proptest! {
    #[test]
    fn a_tip_is_settled_exactly_if_the_node_ever_said_paid(inputs in prop::collection::vec(input(), 0..20)) {
        let mut tip = sample::tip(1);
        let mut said_paid = false;
        for input in inputs {
            let settled_before = tip.settled_at();
            said_paid |= matches!(input, Input::Says(InvoiceState::Paid));
            match apply(&tip, input) {
                Step::Changed(next) => {
                    prop_assert_eq!(settled_before, None, "a settled tip never moves");
                    tip = next;
                }
                Step::Unchanged => {}
            }
            prop_assert_eq!(tip.settled_at().is_some(), said_paid, "after {:?}", input);
        }
    }

    #[test]
    fn the_last_word_about_an_unpaid_invoice_is_kept(
        inputs in prop::collection::vec(input(), 0..20), last in prop::sample::select(InvoiceState::ALL.to_vec()),
    ) {
        let step = |tip: Tip, input| match apply(&tip, input) {
            Step::Changed(next) => next,
            Step::Unchanged => tip,
        };
        let tip = inputs.into_iter().fold(sample::tip(1), step);
        let already_settled = tip.settled_at().is_some();
        let given_up = matches!(tip.state(), TipState::Abandoned { .. });
        let ended = tip.state().phase() == TipPhase::Ended && !given_up;
        let before = tip.state().as_str();
        let tip = step(tip, Input::Says(last));
        let expected = match last {
            _ if already_settled => "settled",
            InvoiceState::Paid => "settled",
            InvoiceState::Cancelled => "cancelled",
            InvoiceState::Expired => "expired",
            InvoiceState::Open | InvoiceState::Received if ended => before,
            // Nothing of it counts towards a largest balance: only a payment on its way takes it up.
            InvoiceState::Open if given_up => before,
            InvoiceState::Open | InvoiceState::Received => "unpaid",
        };
        prop_assert_eq!(tip.state().as_str(), expected);
        // Saying it again changes nothing.
        prop_assert_eq!(apply(&tip, Input::Says(last)), Step::Unchanged);
    }
}

#[test]
fn every_state_has_its_name_and_phase_in_the_list() {
    let states = sample::tip_states(&sample::invoice_of(&sample::tip(1)), at(9));
    let names: Vec<_> = states.iter().map(|state| (state.as_str(), state.phase())).collect();
    assert_eq!(names, TipState::NAMES);
    assert_eq!(TipState::phase_of("expired"), Some(TipPhase::Ended));
    assert_eq!(TipState::phase_of("no state"), None);
}
