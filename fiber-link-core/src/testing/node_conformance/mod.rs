//! The one suite for every node: what the rules about money rely on.
//!
//! A case is an ordinary async function over a [`NodeWorld`]. Its name is what it checks. Cases wait
//! for an answer for at most [half a minute](PATIENCE) of the world's time.
#![allow(missing_docs, clippy::needless_pass_by_value, reason = "cases are named after what they check")]

mod ask;
mod endings;
mod fake_world;
mod hints;
mod invoices;
mod midway;
mod oddity;
mod paid;
mod payments;
mod questions;
mod races;
mod reading;
#[cfg(feature = "simulated")]
mod simulated_world;
mod unpayable;
mod world;

pub use fake_world::FakeWorld;
pub use oddity::Oddity;
#[cfg(feature = "simulated")]
pub use simulated_world::SimulatedWorld;
pub use world::{Ability, Ending, NodeWorld};

use futures_util::future::LocalBoxFuture;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// How long a case waits for what must come, by the world's clock.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// A case of the suite, for whoever runs it in another way than by the macro.
#[derive(Clone, Copy)]
pub struct Case {
    /// What it checks.
    pub name: &'static str,
    /// What the world must be able to do.
    pub needs: &'static [Ability],
    /// Runs it in a fresh world; panics if the node fails.
    pub run: fn(Arc<dyn NodeWorld>) -> LocalBoxFuture<'static, ()>,
}

impl fmt::Debug for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Case").field("name", &self.name).field("needs", &self.needs).finish_non_exhaustive()
    }
}

/// Writes one test per case of the suite into the module where it stands.
///
/// `test` is the test attribute of an async runtime, `world` an expression that makes a
/// [`NodeWorld`](crate::testing::node_conformance::NodeWorld) around the node; it is evaluated inside
/// each test and may use `.await`. Cases share nothing but what the expression shares, and use hashes
/// of their own, so that many worlds may be one node.
///
/// ```
/// mod fake {
///     # use fiber_link_core::testing::node_conformance::FakeWorld;
///     fiber_link_core::node_conformance! { test = pollster::test, world = FakeWorld::new() }
/// }
/// ```
///
/// A world that lacks an [`Ability`](crate::testing::node_conformance::Ability) names it in `cannot`.
/// The cases that need it are there all the same, as tests `CASE::left_out` that are ignored and say
/// what is missing. So a node is held to what can be asked of it alone:
///
/// ```
/// use async_trait::async_trait;
/// use fiber_link_core::FiberNode;
/// use fiber_link_core::testing::node_conformance::NodeWorld;
/// use std::sync::Arc;
/// use std::time::Duration;
///
/// struct Alone(Arc<dyn FiberNode>);
///
/// #[async_trait]
/// impl NodeWorld for Alone {
///     fn node(&self) -> Arc<dyn FiberNode> {
///         self.0.clone()
///     }
///
///     async fn wait(&self, duration: Duration) {
///         std::thread::sleep(duration); // or that of your runtime
///     }
/// }
///
/// # fn my_node() -> Arc<dyn FiberNode> {
/// #     Arc::new(fiber_link_core::simulated::SimulatedNode::open(Default::default()).unwrap())
/// # }
/// mod my_node_alone {
///     # use super::{Alone, my_node};
///     fiber_link_core::node_conformance! {
///         test = pollster::test,
///         world = Alone(my_node()),
///         cannot = [Pay, Cancel, Token, Invoice, Fee, Fail, Hang, Mend, Count],
///         ignore = "needs my node to run",
///     }
/// }
/// # fn main() {}
/// ```
///
/// `ignore` is for a node that is not always there: the tests are ignored with that reason, and run
/// by `cargo test -- --ignored --skip left_out`.
#[macro_export]
macro_rules! node_conformance {
    (
        test = $test:meta, world = $world:expr
        $(, cannot = [$($ability:ident),* $(,)?])?
        $(, ignore = $reason:literal)?
        $(,)?
    ) => {
        const _: &[$crate::testing::node_conformance::Ability] =
            &[$($($crate::testing::node_conformance::Ability::$ability),*)?];
        $crate::node_conformance! {
            @cases @tests [$test] [$world] [$($($ability)*)?] [$(#[ignore = $reason])?]
        }
    };
    (
        @tests [$test:meta] [$world:expr] $cannot:tt $ignore:tt
        $($module:ident $needs:tt { $($case:ident)+ })+
    ) => { $($(
        $crate::node_conformance! {
            @sift { test [$test] [$world] $ignore $case } $needs $cannot $cannot
        }
    )+)+ };
    // For each case, whether a world that lacks some abilities runs it.
    (@runs $cannot:tt $($module:ident $needs:tt { $($case:ident)+ })+) => {
        [$($( $crate::node_conformance! { @sift { runs $case } $needs $cannot $cannot } ),+),+]
    };
    (@export $($module:ident $needs:tt { $($case:ident)+ })+) => { $( pub use $module::{$($case),+}; )+ };
    (@table $($module:ident $needs:tt { $($case:ident)+ })+) => { &[$($(
        $crate::testing::node_conformance::Case {
            name: stringify!($case),
            needs: $crate::node_conformance! { @needs $needs },
            run: |world| ::std::boxed::Box::pin($module::$case(world)),
        },
    )+)+] };
    (@needs [$($need:ident)*]) => { &[$($crate::testing::node_conformance::Ability::$need),*] };
    // Compares each need with each missing ability.
    (@sift $then:tt [] $left:tt $cannot:tt) => { $crate::node_conformance! { @run $then } };
    (@sift $t:tt [Pay $($n:tt)*] [Pay $($c:tt)*] $a:tt) => {
        $crate::node_conformance! { @no "nobody pays" $t }
    };
    (@sift $t:tt [Cancel $($n:tt)*] [Cancel $($c:tt)*] $a:tt) => {
        $crate::node_conformance! { @no "nobody cancels" $t }
    };
    (@sift $t:tt [Token $($n:tt)*] [Token $($c:tt)*] $a:tt) => {
        $crate::node_conformance! { @no "no token" $t }
    };
    (@sift $t:tt [Invoice $($n:tt)*] [Invoice $($c:tt)*] $a:tt) => {
        $crate::node_conformance! { @no "nobody to pay" $t }
    };
    (@sift $t:tt [Fee $($n:tt)*] [Fee $($c:tt)*] $a:tt) => {
        $crate::node_conformance! { @no "no fees" $t }
    };
    (@sift $t:tt [Fail $($n:tt)*] [Fail $($c:tt)*] $a:tt) => {
        $crate::node_conformance! { @no "nothing fails" $t }
    };
    (@sift $t:tt [Hang $($n:tt)*] [Hang $($c:tt)*] $a:tt) => {
        $crate::node_conformance! { @no "nothing hangs" $t }
    };
    (@sift $t:tt [Mend $($n:tt)*] [Mend $($c:tt)*] $a:tt) => {
        $crate::node_conformance! { @no "nothing mends" $t }
    };
    (@sift $t:tt [Count $($n:tt)*] [Count $($c:tt)*] $a:tt) => {
        $crate::node_conformance! { @no "nobody counts" $t }
    };
    (@sift $then:tt [$need:ident $($needs:ident)*] [] $cannot:tt) => {
        $crate::node_conformance! { @sift $then [$($needs)*] $cannot $cannot }
    };
    (@sift $then:tt $needs:tt [$other:ident $($left:ident)*] $cannot:tt) => {
        $crate::node_conformance! { @sift $then $needs [$($left)*] $cannot }
    };
    (@run { runs $case:ident }) => { true };
    (@no $lack:literal { runs $case:ident }) => { false };
    (@run { test [$test:meta] [$world:expr] [$($ignore:tt)*] $case:ident }) => {
        #[$test]
        $($ignore)*
        async fn $case() {
            let world: ::std::sync::Arc<dyn $crate::testing::node_conformance::NodeWorld> =
                ::std::sync::Arc::new($world);
            $crate::testing::node_conformance::$case(world).await;
        }
    };
    (@no $lack:literal { test [$test:meta] [$world:expr] $ignore:tt $case:ident }) => {
        mod $case {
            #[test]
            #[ignore = $lack]
            fn left_out() {
                panic!("left out in this world: {}", $lack);
            }
        }
    };
    // The list of cases, once, with what they need: one that is missing here is dead code.
    (@cases $($then:tt)+) => { $crate::node_conformance! { $($then)+
        invoices [] {
            info_is_the_same_twice
            an_invoice_is_the_one_that_was_asked_for
            the_same_preimage_again_exists_already_and_the_first_invoice_is_unharmed
            a_description_of_639_bytes_is_taken
            what_nobody_could_pay_is_refused_and_not_made
            an_invoice_of_an_unknown_asset_is_refused_and_not_made
            an_unpaid_invoice_expires_when_its_time_is_over
            an_unknown_asset_has_no_liquidity
        }
        questions [] {
            many_hashes_are_answered_in_order_with_none_for_unknown_ones
            an_empty_question_has_an_empty_answer
            a_hundred_hashes_are_answered_in_one_question
            many_questions_at_once_get_their_own_answers
        }
        reading [] {
            an_invoice_is_read_in_upper_case_too
            an_expired_invoice_is_still_read
            a_changed_character_is_noticed
            what_is_no_invoice_is_not_read
            an_invoice_of_another_network_is_read_as_such
            an_invoice_of_an_unknown_asset_is_read_as_such
            an_invoice_without_amount_is_read_as_such
            an_invoice_without_expiry_is_read_as_such
        }
        unpayable [] {
            a_payment_that_was_never_sent_is_unknown
            an_own_invoice_is_never_paid
            an_invoice_of_another_network_is_never_paid
            what_is_no_invoice_is_never_paid
        }
        midway [] {
            calls_that_are_dropped_midway_leave_the_node_usable
            an_invoice_whose_request_was_dropped_is_made_once
        }
        hints [] {
            hints_stay_open_while_nothing_happens
        }
        races [] {
            eight_requests_with_one_preimage_make_one_invoice
        }
        paid [Pay] {
            a_paid_invoice_says_paid_and_no_other_does
            a_paid_invoice_stays_paid_when_its_time_is_over
        }
        hints [Pay] {
            hints_neither_end_nor_block_while_invoices_are_paid
        }
        paid [Cancel] {
            a_cancelled_invoice_says_cancelled
        }
        invoices [Token] {
            a_token_invoice_has_its_asset
        }
        payments [Invoice] {
            an_invoice_of_somebody_else_is_read
            there_is_liquidity_for_a_known_asset
            a_payment_is_known_once_sent_and_succeeds_with_a_fee_within_its_limit
            a_second_send_after_success_leaves_the_session_alone
        }
        payments [Token Invoice] {
            a_token_is_paid
        }
        unpayable [Invoice] {
            an_expired_invoice_is_refused_and_leaves_no_session
            an_amount_that_differs_from_the_invoice_is_refused
            a_hash_that_differs_from_the_invoice_is_refused
        }
        races [Invoice] {
            eight_sends_at_once_are_one_session
        }
        payments [Invoice Fee] {
            a_fee_above_its_limit_is_never_paid
        }
        races [Invoice Count] {
            eight_sends_at_once_pay_once
        }
        payments [Invoice Count] {
            a_second_send_after_success_does_not_pay_twice
        }
        midway [Invoice Count] {
            a_send_that_is_dropped_midway_and_sent_again_pays_once
        }
        unpayable [Invoice Count] {
            what_is_refused_is_not_paid
        }
        endings [Invoice Fail] {
            a_failed_payment_says_so_and_stays_failed
            a_failed_payment_can_be_sent_again_in_a_later_session
        }
        endings [Invoice Fail Mend Count] {
            a_payment_that_failed_before_is_paid_once
        }
        endings [Invoice Hang] {
            a_hanging_payment_stays_pending_when_its_invoices_time_is_over
            a_hanging_payment_comes_to_a_late_success
            a_hanging_payment_comes_to_a_late_failure
        }
        endings [Invoice Hang Count] {
            a_second_send_while_the_first_lives_does_not_pay_twice
        }
    } };
}

node_conformance! { @cases @export }

/// Every case.
pub const CASES: &[Case] = node_conformance! { @cases @table };

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_ability_is_needed_by_a_case_and_no_name_comes_twice() {
        for ability in Ability::ALL {
            assert!(CASES.iter().any(|case| case.needs.contains(&ability)), "{ability:?}");
        }
        assert_eq!(CASES.iter().map(|case| case.name).collect::<BTreeSet<_>>().len(), CASES.len());
    }

    #[test]
    fn the_macro_leaves_out_the_cases_whose_needs_are_not_there_and_no_others() {
        use Ability::*;
        let left_out = |cannot: &[Ability], runs: &[bool]| {
            let lacks = |case: &Case| case.needs.iter().any(|need| cannot.contains(need));
            assert!(CASES.iter().map(|case| !lacks(case)).eq(runs.iter().copied()), "{cannot:?}");
            runs.iter().filter(|runs| !**runs).count()
        };
        assert_eq!(left_out(&[], &node_conformance! { @cases @runs [] }), 0);
        let alone = node_conformance! { @cases @runs [Pay Cancel Token Invoice Fee Fail Hang Mend Count] };
        let needless = CASES.iter().filter(|case| case.needs.is_empty()).count();
        assert_eq!(left_out(&Ability::ALL, &alone), CASES.len() - needless);
        assert!(left_out(&[Pay], &node_conformance! { @cases @runs [Pay] }) > 0);
        assert!(left_out(&[Mend, Fee], &node_conformance! { @cases @runs [Mend Fee] }) > 0);
        assert!(left_out(&[Count, Hang], &node_conformance! { @cases @runs [Count Hang] }) > 0);
        assert!(left_out(&[Token, Cancel], &node_conformance! { @cases @runs [Token Cancel] }) > 0);
        assert!(left_out(&[Fail], &node_conformance! { @cases @runs [Fail] }) > 0);
        assert!(left_out(&[Invoice], &node_conformance! { @cases @runs [Invoice] }) > 0);
    }
}
