//! The one suite for every store: a store is correct if it passes.
//!
//! A case is an ordinary async function over a fresh and empty store. Its name is what it checks.
#![allow(missing_docs, clippy::needless_pass_by_value, reason = "cases are named after what they check")]

mod admission;
mod atomicity;
mod clock_flows;
mod documents;
mod event_flows;
mod events;
mod ledger;
mod limits;
mod lists;
mod meanwhile;
mod newest;
mod node_flows;
mod policy_flows;
mod queue;
mod races;
mod records;
mod release_flows;
mod restore_flows;
mod review_flows;
mod room;
mod settled;
mod some_ids;
mod start_flows;
mod switch_flows;
mod tip_flows;
mod totals;
mod uniqueness;
mod withdrawal_flows;
mod withdrawal_requests;
mod worker_flows;
mod workers;
mod world;

use super::sample::change_set;
use crate::{CommitError, Op, Store, Stored, Tip, TipState, Version};
use std::fmt::Debug;
use std::num::NonZeroU32;

/// Writes one test per case of the suite into the module where it stands.
///
/// `test` is the test attribute of an async runtime, `store` an expression that makes a fresh and
/// empty [`Store`](crate::Store); it is evaluated inside each test and may use `.await`.
///
/// ```
/// mod memory {
///     # use fiber_link_core::MemoryStore;
///     fiber_link_core::store_conformance! { test = pollster::test, store = MemoryStore::new() }
/// }
/// ```
#[macro_export]
macro_rules! store_conformance {
    (test = $test:meta, store = $store:expr $(,)?) => {
        $crate::store_conformance! { @cases @tests [$test] [$store] }
    };
    (@tests [$test:meta] [$store:expr] $($module:ident { $($case:ident)+ })+) => { $($(
        #[$test]
        async fn $case() {
            let store: ::std::sync::Arc<dyn $crate::Store> = ::std::sync::Arc::new($store);
            $crate::testing::conformance::$case(store).await;
        }
    )+)+ };
    (@export $($module:ident { $($case:ident)+ })+) => { $( pub use $module::{$($case),+}; )+ };
    // The list of cases, once: one that is missing here is dead code.
    (@cases $($then:tt)+) => { $crate::store_conformance! { $($then)+
        atomicity {
            a_refused_commit_leaves_nothing_behind
            a_dropped_commit_is_applied_whole_or_not_at_all
            a_read_sees_every_commit_that_returned
            an_empty_commit_changes_nothing
        }
        records {
            every_state_of_a_tip_is_read_back_as_written
            every_state_of_a_withdrawal_is_read_back_as_written
            every_state_of_an_attempt_is_read_back_as_written
            the_longest_and_the_largest_are_read_back_as_written
            what_is_missing_is_found_to_be_missing
            apps_and_the_hub_are_read_back_as_written
            the_node_of_the_hub_is_replaced
            the_seed_is_sealed_anew_on_what_was_read
            each_update_counts_one_version_up
            a_stale_version_of_a_tip_conflicts
            a_stale_version_of_a_withdrawal_conflicts
            a_stale_version_of_an_attempt_conflicts
            an_update_of_a_missing_record_conflicts
        }
        documents {
            documents_are_read_back_as_written
            a_document_is_created_once_by_kind_and_name
            documents_are_paged_by_name_within_their_kind_and_app
            a_document_is_updated_and_removed_on_its_version
            what_requires_a_document_is_refused_unless_it_is_as_expected
            a_required_document_does_not_change_before_the_commit
            audit_records_are_paged_from_the_newest
            an_audit_record_is_written_once
        }
        uniqueness {
            a_tip_is_created_once_by_id_and_by_payment_hash
            a_withdrawal_is_created_once_by_id
            a_payment_hash_is_held_by_one_withdrawal_over_all_apps
            a_payment_hash_is_free_again_when_nothing_was_sent_for_it
            a_payment_hash_stays_held_after_an_attempt
            one_attempt_of_a_withdrawal_is_live
            apps_and_the_hub_are_created_once
            an_idempotency_key_is_remembered_until_it_expires
            an_idempotency_key_belongs_to_its_app_and_method
        }
        lists {
            tips_of_a_user_are_those_given_and_got_with_the_newest_first
            tips_of_an_app_are_filtered_by_phase
            all_tips_are_paged_by_id
            tip_totals_count_what_a_user_got
            withdrawals_of_an_app_are_filtered_by_state
            all_withdrawals_are_paged_by_id
            the_latest_attempt_and_the_newest_success_are_found
            apps_are_paged_by_name
            balances_are_listed_by_account
            entries_are_listed_by_source_and_by_account
            no_list_is_longer_than_it_may_be
            no_list_shows_anything_of_another_app
        }
        newest {
            each_list_of_tips_is_paged_from_the_newest
            pages_of_tips_neither_miss_nor_repeat_while_tips_are_added
            each_list_of_withdrawals_is_paged_from_the_newest
            each_list_of_entries_is_paged_from_the_newest
            attempts_of_a_withdrawal_follow_each_other
            withdrawals_are_found_by_their_hash_and_their_invoice_also_when_they_hold_them_no_more
        }
        totals {
            open_work_is_counted_by_state_with_the_oldest
            work_that_ends_is_counted_no_more
            balances_of_all_users_are_summed_by_asset
        }
        settled {
            settled_tips_are_listed_in_the_order_of_their_credits
            settled_tips_of_one_moment_are_paged_without_loss
            a_settled_tip_keeps_its_place
            an_unknown_cursor_falls_back_to_its_time_inclusive
            a_cursor_of_another_app_falls_back_to_its_time
            a_cursor_of_an_open_tip_falls_back_to_its_time
        }
        some_ids {
            tips_are_found_by_some_ids
            withdrawals_are_found_by_some_ids
        }
        ledger {
            an_entry_is_posted_once
            each_kind_of_entry_moves_its_side_of_the_balance
            neither_side_of_a_balance_goes_below_zero
            an_account_without_entries_has_nothing_to_reserve
            no_side_of_a_balance_goes_above_the_largest_amount
            entries_of_one_commit_add_up
            a_balance_is_the_sum_of_its_entries
        }
        limits {
            a_limit_allows_its_ceiling_and_no_more
            a_limit_rolls_with_the_day
            a_cooldown_runs_from_the_last_request
            a_failed_withdrawal_is_given_back_to_its_limit
            limits_of_users_apps_and_assets_are_apart
        }
        queue {
            what_is_due_is_taken_with_the_longest_due_first
            what_was_taken_is_due_again_after_the_gap
            the_gap_grows_with_age
            what_a_wrong_clock_put_too_far_ahead_is_taken
            an_update_moves_a_record_in_the_queue
            taking_changes_no_record
            withdrawals_are_taken_when_they_are_due
            two_takers_at_once_take_different_records
        }
        events {
            events_are_numbered_from_one_in_each_app
            a_refused_commit_leaves_no_gap_among_events
            an_event_is_emitted_once
            events_are_read_on_from_any_number
        }
        admission {
            a_nonce_is_let_in_once
            a_nonce_is_remembered_until_it_expires
            a_rate_limit_holds_in_its_window
            rate_limits_of_apps_and_methods_are_apart
            a_replay_does_not_count_towards_the_rate_limit
            a_nonce_that_met_the_rate_limit_is_used_up
            one_of_many_requests_with_one_nonce_is_let_in
        }
        races {
            one_of_many_updates_of_a_version_wins
            one_of_many_posts_of_an_entry_wins
            one_of_many_attempts_is_live
            reservations_never_pass_the_funds
            withdrawals_never_pass_a_daily_limit
            one_of_many_uses_of_an_idempotency_key_wins
            racing_events_are_numbered_without_gaps
            tips_credited_at_once_add_up
            tips_of_many_users_settled_at_once_are_read_once_each
            transfers_between_many_accounts_do_not_lock_each_other_out
        }
        tip_flows {
            a_paid_tip_is_credited_once_by_racing_passes
            a_waiting_reader_hears_of_what_its_process_settles
            a_lost_answer_about_an_invoice_is_found_by_a_repeat
            a_lost_answer_about_an_invoice_is_found_by_the_pass
            a_tip_that_the_node_never_heard_of_is_given_up_for_good
            a_refused_invoice_ends_its_tip
            a_late_payment_is_credited_whatever_we_had_shown
            a_payment_while_we_were_down_is_credited
            a_node_that_is_down_makes_tips_wait_and_fails_none
            an_idempotency_key_makes_one_tip_of_many_requests
            ten_thousand_open_tips_cost_one_question_per_hundred
            an_answer_about_another_invoice_credits_nothing
            a_lie_of_a_hint_credits_nothing_and_a_true_one_does_at_once
            a_tip_that_is_looked_at_is_asked_about_sooner_and_by_its_own_app_alone
            a_commit_without_an_answer_credits_once
            a_bad_answer_about_one_tip_keeps_no_other_waiting
            bad_answers_about_neighbours_keep_no_other_waiting
            an_ended_tip_is_asked_about_until_the_node_answers_after_its_grace
            tips_that_are_looked_at_leave_the_others_their_turn
            a_hint_that_cannot_be_looked_up_leaves_the_others_their_turn
        }
        event_flows {
            events_are_told_with_their_records_on_from_each_of_them
            a_place_where_no_event_is_or_another_one_is_refused
            a_waiting_reader_hears_of_a_withdrawal_that_ends
        }
        withdrawal_requests {
            sixty_four_requests_never_pass_the_funds
            sixty_four_requests_never_pass_a_daily_limit
            a_policy_limits_each_user_and_the_whole_app
            an_idempotency_key_makes_one_withdrawal_of_many_requests
            a_fee_that_was_promised_is_kept_or_the_request_changes_nothing
            a_repeat_is_answered_although_the_fee_changed_while_it_was_looked_for
            what_an_invoice_asks_is_told_or_why_not
            a_failed_withdrawal_is_given_back_to_its_limits
            the_hub_may_bear_the_fee
            a_destination_is_checked_before_anything_is_reserved
            one_invoice_is_paid_by_one_of_many_withdrawals
        }
        withdrawal_flows {
            a_withdrawal_is_paid_and_the_unused_fee_returns
            a_payment_whose_answer_is_lost_is_paid_once
            a_failure_whose_answer_is_lost_returns_the_funds_once
            funds_stay_reserved_while_the_outcome_is_unknown
            a_payment_that_hangs_keeps_its_reservation_for_good
            many_workers_send_once
            a_payment_is_tried_again_with_proof_until_it_succeeds
            an_old_session_proves_nothing_about_a_new_attempt
            a_session_that_our_store_forgot_proves_nothing
            a_dead_worker_is_followed_only_by_a_sole_one_after_its_claim
            a_failure_is_not_believed_while_two_may_have_sent
            a_dead_worker_is_not_followed_when_the_invoice_runs_out_or_the_node_forgot
            a_node_that_does_not_tell_what_it_paid_is_sent_nothing
            a_node_that_forgot_a_payment_is_sent_nothing
            liquidity_is_waited_for_until_the_invoice_runs_out
            a_payout_survives_a_lost_commit_at_every_step
        }
        restore_flows {
            what_was_paid_before_a_restore_is_completed_and_not_given_up
            what_was_paid_before_a_restore_is_not_sent_again
            what_is_under_way_since_before_a_restore_keeps_its_reservation
            what_fails_after_a_restore_returns_the_funds_once
            what_failed_before_a_restore_is_given_up_when_its_time_is_over
            a_payment_that_the_node_had_and_denies_keeps_its_reservation_for_good
            a_node_that_takes_back_a_success_is_sent_nothing
            nothing_is_given_up_before_the_node_said_that_it_paid_nothing
            an_older_payment_that_succeeds_late_is_no_sign_of_a_sound_memory
        }
        node_flows {
            another_node_stops_tips_and_payouts_until_it_is_accepted
            a_node_that_was_down_at_the_start_is_looked_at_before_it_is_used
            an_untested_version_stops_payouts_and_not_tips
            a_process_that_only_takes_tips_leaves_withdrawals_to_another
            a_node_of_another_network_is_not_accepted
            an_accepted_node_proves_nothing_about_what_was_sent_before_it
            a_node_that_was_exchanged_since_the_last_check_proves_nothing
            a_node_that_was_exchanged_since_the_last_check_is_sent_nothing_again
            a_node_that_forgets_in_the_middle_of_a_pass_proves_nothing
            a_node_that_forgets_in_the_middle_of_a_pass_has_nothing_begun_or_given_up
            a_check_from_a_time_that_never_was_is_made_again
            an_acceptance_while_the_clock_was_ahead_binds_no_later_attempt
            an_acceptance_counts_for_what_was_sent_before_it_at_once
            accepting_the_node_again_ends_the_stop_of_a_node_that_forgot
            an_invoice_of_the_accepted_node_is_one_of_ours
        }
        start_flows {
            a_start_with_a_node_of_another_network_is_refused
            a_start_on_another_network_than_the_one_to_be_on_is_refused
            a_start_names_the_asset_that_the_node_does_not_list
            a_start_with_a_seed_that_made_none_of_the_tips_is_refused
            a_start_with_the_seed_of_the_tips_is_not
            a_claim_shorter_than_three_node_timeouts_is_refused
        }
        workers {
            workers_are_read_back_as_written_and_stay_dead
            workers_are_paged_by_id_with_what_they_claim
            a_worker_is_registered_once_and_changed_on_its_version
            a_worker_that_claims_an_attempt_without_an_outcome_is_not_removed
            nothing_is_claimed_by_a_worker_that_is_dead_or_not_on_the_list
            one_of_many_words_about_a_worker_wins
            no_claim_comes_after_the_word_that_its_worker_is_dead
            a_worker_is_removed_or_claims_and_never_both
        }
        worker_flows {
            a_process_is_on_the_list_until_it_leaves
            a_process_that_is_declared_dead_does_nothing_and_says_why
            a_process_that_wakes_up_after_it_was_declared_dead_claims_nothing
            a_process_that_was_declared_dead_follows_no_other
            what_a_process_may_have_sent_is_sent_again_once_after_it_was_declared_dead
            the_claim_of_a_dead_process_is_waited_for
            what_a_process_left_is_taken_over
            who_was_heard_of_lately_is_declared_dead_by_force_alone
            a_beat_and_declarations_at_once_come_to_one_word
            what_another_process_ends_in_the_middle_of_a_pass_is_no_failure
            those_that_are_gone_and_left_nothing_are_forgotten_by_the_next_start
        }
        switch_flows {
            no_tip_is_made_while_tips_are_paused
            no_withdrawal_is_accepted_while_withdrawals_are_paused
            what_is_paid_is_credited_while_tips_are_paused
            what_was_sent_is_followed_to_its_end_while_withdrawals_are_paused
            what_was_not_begun_waits_until_withdrawals_are_resumed
            nothing_is_begun_once_a_switch_is_thrown
            what_a_dead_process_left_unsent_is_not_sent_while_withdrawals_are_paused
            a_repeat_is_answered_while_everything_is_paused
            a_switch_takes_effect_within_a_second_in_every_process
            switches_of_many_operators_at_once_are_all_kept
        }
        policy_flows {
            a_policy_in_the_store_wins_over_the_settings_in_its_app_alone
            tips_and_withdrawals_keep_to_their_policy_and_the_quote_says_so
            a_repeat_of_a_tip_is_answered_whatever_the_policy_says_now
            a_repeat_of_a_tip_without_an_invoice_keeps_to_policy_and_switches
            a_policy_of_tips_takes_effect_within_a_second_in_every_process
            every_version_of_a_policy_is_kept_with_who_set_it
            a_policy_that_contradicts_itself_changes_nothing
            policies_of_many_operators_at_once_are_all_kept
            a_preview_tells_what_would_have_been_refused
            only_who_may_sets_a_policy_and_its_fees
            nothing_is_accepted_under_a_policy_that_was_changed_meanwhile
            a_promised_fee_holds_also_where_the_fee_is_changed_meanwhile
            sixty_four_requests_pass_no_limit_of_a_policy
            sixty_four_requests_pass_no_limit_that_is_lowered_meanwhile
        }
        release_flows {
            nothing_is_released_before_its_time_or_while_a_channel_holds_it
            what_another_node_sent_or_the_node_forgot_is_not_released
            two_different_people_release_and_the_payout_pass_returns_the_funds
            what_is_paid_after_a_release_is_the_hubs
            what_fails_after_a_release_ends_it
            a_release_of_an_attempt_that_ended_changes_nothing
            people_who_agree_at_once_are_both_heard
        }
        review_flows {
            what_awaits_review_is_reserved_and_nothing_is_sent_for_it
            an_approval_moves_a_state_and_the_payout_pass_pays
            a_large_amount_takes_two_different_people
            only_a_proven_person_with_the_right_approves_or_rejects
            a_rejection_returns_the_funds_once_the_node_was_asked
            what_the_node_paid_before_a_restore_is_not_released_by_a_rejection
            what_awaits_review_ends_when_its_invoice_runs_out
            withdrawals_are_first_until_one_was_let_through
            a_destination_is_new_for_its_cooling_time
            a_destination_that_was_rejected_is_new_until_people_approve_of_it
            a_destination_that_was_rejected_for_another_reason_is_new
            nothing_passes_review_beside_a_rejection_of_its_destination
            withdrawals_are_first_in_each_asset
            an_app_that_is_registered_so_is_reviewed_until_its_policy_says_otherwise
            approvals_at_once_count_each_person_once
            of_an_approval_and_a_rejection_at_once_one_holds
            an_approval_while_the_invoice_runs_out_sends_nothing
            a_rejection_after_the_last_approval_changes_nothing
        }
        room {
            an_account_has_room_for_what_it_has_and_what_may_be_paid_to_it
            tips_at_once_never_pass_the_room_of_an_account
            sixty_four_tips_never_pass_a_largest_balance
            what_is_paid_is_credited_above_a_largest_balance
            tips_that_were_given_up_do_not_come_back_above_a_largest_balance
            repeats_at_once_that_take_the_last_room_are_one_tip
            a_repeat_that_finds_no_room_beside_its_twin_is_answered_with_it
        }
        clock_flows {
            a_clock_that_was_years_ahead_does_not_put_off_what_is_due
            a_node_that_is_slow_to_tell_its_liquidity_is_sent_the_payment
            a_claim_that_is_about_to_run_out_sends_nothing
            an_answer_that_was_slept_over_proves_nothing
            a_clock_that_was_set_back_does_not_hide_the_latest_attempt
        }
    } };
}

store_conformance! { @cases @export }

/// Writes one test per race of the suite, which runs it again and again, each round on a fresh store.
///
/// There are as many rounds as `FIBER_LINK_RACE_ROUNDS` says, or ten; `test` and `store` are those of
/// [`store_conformance!`](crate::store_conformance).
#[macro_export]
macro_rules! store_races {
    (test = $test:meta, store = $store:expr $(,)?) => { $crate::store_races! { [$test] [$store]
        one_of_many_updates_of_a_version_wins
        one_of_many_posts_of_an_entry_wins
        one_of_many_attempts_is_live
        reservations_never_pass_the_funds
        withdrawals_never_pass_a_daily_limit
        one_of_many_uses_of_an_idempotency_key_wins
        racing_events_are_numbered_without_gaps
        tips_credited_at_once_add_up
        tips_of_many_users_settled_at_once_are_read_once_each
        transfers_between_many_accounts_do_not_lock_each_other_out
        two_takers_at_once_take_different_records
        a_required_document_does_not_change_before_the_commit
        one_of_many_requests_with_one_nonce_is_let_in
        one_of_many_words_about_a_worker_wins
        no_claim_comes_after_the_word_that_its_worker_is_dead
        a_worker_is_removed_or_claims_and_never_both
        sixty_four_requests_pass_no_limit_that_is_lowered_meanwhile
        policies_of_many_operators_at_once_are_all_kept
        tips_at_once_never_pass_the_room_of_an_account
        approvals_at_once_count_each_person_once
        of_an_approval_and_a_rejection_at_once_one_holds
        an_approval_while_the_invoice_runs_out_sends_nothing
    } };
    ([$test:meta] [$store:expr] $($case:ident)+) => { $(
        #[$test]
        async fn $case() {
            for _ in 0..$crate::testing::conformance::race_rounds() {
                let store: ::std::sync::Arc<dyn $crate::Store> = ::std::sync::Arc::new($store);
                $crate::testing::conformance::$case(store).await;
            }
        }
    )+ };
}

/// How many rounds `store_races!` runs.
#[doc(hidden)]
pub fn race_rounds() -> u32 {
    let rounds = std::env::var("FIBER_LINK_RACE_ROUNDS");
    rounds.map_or(10, |rounds| rounds.parse::<NonZeroU32>().unwrap().get())
}

async fn commit(store: &dyn Store, ops: impl IntoIterator<Item = Op>) -> Result<(), CommitError> {
    store.commit(change_set(ops)).await
}

/// Commits and decides again on a conflict, as the core does.
async fn commit_in_race(store: &dyn Store, ops: impl IntoIterator<Item = Op>) -> Result<(), CommitError> {
    let changes = change_set(ops);
    for _ in 0..100 {
        match store.commit(changes.clone()).await {
            Err(CommitError::Conflict) => {}
            decided => return decided,
        }
    }
    Err(CommitError::Conflict)
}

#[track_caller]
fn assert_refused<T: Debug>(result: Result<T, CommitError>, expected: CommitError) {
    assert_eq!(format!("{:?}", result.unwrap_err()), format!("{expected:?}"));
}

fn create_tip(tip: Tip) -> Op {
    Op::CreateTip { tip, due: None }
}

/// Brings a tip into the store by the way that tips go: created first, then moved to its state.
async fn bring_tip(store: &dyn Store, tip: &Tip) -> Stored<Tip> {
    let creating = super::sample::tip_in(tip, TipState::Creating);
    commit(store, [create_tip(creating)]).await.unwrap();
    if *tip.state() == TipState::Creating {
        return Stored::new(tip.clone(), Version::FIRST);
    }
    let update = Op::UpdateTip { next: tip.clone(), expected: Version::FIRST, due: None };
    commit(store, [update]).await.unwrap();
    Stored::new(tip.clone(), Version::FIRST.next())
}
