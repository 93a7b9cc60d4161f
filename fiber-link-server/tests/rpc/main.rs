//! The wire contract, method by method, over the routes: those of one server on SQLite, and those of
//! two servers on one Postgres that are asked in turn.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::needless_pass_by_value,
    reason = "a test may fail"
)]

mod authentication;
mod backend;
mod dashboard;
mod earlier_plugin;
mod envelope;
mod events;
mod health;
mod hub;
mod idempotency;
mod lists;
mod mutations;
mod payouts;
mod settlement;
mod tips;
mod withdrawals;

/// Writes a test of each case for each backend. A case that is missing in the list is dead code.
macro_rules! cases {
    ($backend:ident [$($module:ident { $($case:ident)+ })+]) => { $(
        mod $module { $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn $case() {
                crate::$module::$case(crate::backend::Backend::$backend).await;
            }
        )+ }
    )+ };
    ($list:tt) => {
        mod one_server_on_sqlite { cases! { OneServerOnSqlite $list } }
        mod two_servers_on_postgres { cases! { TwoServersOnPostgres $list } }
    };
}

cases! {
    [
        authentication {
            the_vectors_of_the_contract_are_let_in
            every_failure_is_unauthorized_alike
            a_time_is_fresh_for_five_minutes_either_way
            a_request_is_let_in_once
            one_of_64_requests_with_one_nonce_is_let_in
            apps_that_share_a_secret_share_their_nonces
            the_environment_answers_only_for_apps_that_are_not_registered
            a_rate_limit_counts_by_app_and_method_and_is_told_on_every_answer
            a_rate_limit_of_ten_lets_ten_of_64_at_once_through
        }
        dashboard {
            a_user_who_never_did_anything_has_nothing
            a_user_sees_balances_counts_and_tips_both_ways
            an_administrator_sees_the_whole_app
            wrong_params_are_named
        }
        earlier_plugin {
            its_tip_is_made_looked_at_and_settled
            its_feed_goes_on_after_the_time_and_the_id_of_an_item
            its_dashboard_finds_every_field_that_it_reads
            it_is_not_told_who_tipped_anonymously
            its_withdrawal_is_quoted_and_accepted_in_both_spellings
        }
        envelope {
            what_is_no_request_is_refused_before_anybody_is_asked_for
            an_id_comes_back_exactly_as_it_went
            an_unknown_method_is_not_found
            a_body_has_at_most_one_mebibyte
            only_posts_are_answered
        }
        events {
            what_happened_is_told_in_order_with_what_it_happened_to
            many_events_are_read_once_each_while_more_come
            a_cursor_that_is_none_of_the_apps_is_named
            who_waits_for_events_hears_of_a_withdrawal_that_is_paid
        }
        health {
            it_lives_and_is_ready
            a_node_that_is_down_makes_it_live_but_not_ready
            a_store_that_cannot_be_written_makes_it_not_ready
        }
        idempotency {
            a_repeated_tip_is_one_tip_also_after_a_restart
            a_key_with_other_params_conflicts_and_does_nothing
            a_tip_whose_node_was_down_is_carried_on_by_a_repeat
            the_same_key_64_times_at_once_is_one_tip_and_one_answer
            the_same_key_64_times_at_once_is_one_withdrawal_and_one_answer
        }
        lists {
            tips_are_listed_by_their_post_and_by_either_side_newest_first
            a_list_of_tips_goes_on_from_page_to_page
            wrong_lists_are_named
            a_withdrawal_is_shown_as_it_goes
            a_withdrawal_of_another_app_is_not_found
            assets_are_listed_with_the_bounds_of_the_callers_app
        }
        payouts {
            a_payment_whose_answer_is_lost_is_paid_once
            a_failure_whose_answer_is_lost_returns_the_funds_once
            funds_stay_reserved_while_the_outcome_is_unknown
            passes_at_once_pay_each_withdrawal_once
        }
        settlement {
            a_tip_that_was_paid_while_all_servers_were_down_is_credited_once
            ten_thousand_open_tips_cost_one_question_per_hundred
        }
        tips {
            an_invoice_asks_for_whole_units_in_base_units
            a_tip_is_unpaid_then_settled
            an_ended_tip_is_failed_until_a_late_payment_settles_it
            a_tip_is_found_by_its_id_with_all_that_is_known_of_it
            a_tip_of_another_app_is_not_found
            wrong_params_are_named_and_change_nothing
            a_message_is_trimmed_and_null_is_none
            who_tips_anonymously_is_told_to_the_app_and_not_to_the_creator
            a_request_without_the_word_anonymous_repeats_as_one_that_is_not
            a_node_that_is_down_is_told_apart_from_one_that_refuses
            a_store_that_fails_is_an_internal_error_without_its_cause
            the_feed_gives_settled_tips_oldest_first_and_goes_on_after_a_cursor
            a_cursor_of_the_earlier_service_goes_on_by_its_time
            wrong_cursors_and_limits_are_named
        }
        withdrawals {
            what_is_tipped_can_be_withdrawn_to_the_same_number
            a_quote_says_what_a_request_would_do
            a_quote_without_an_amount_is_of_what_the_invoice_asks
            a_request_holds_to_the_fee_of_its_quote_or_changes_nothing
            a_fee_that_the_hub_bears_is_nothing_to_the_user
            a_withdrawal_that_cannot_be_is_refused_with_its_reason
            what_an_operator_stopped_is_told_with_whose_switch_it_is
            a_legacy_payment_request_is_one
            wrong_params_are_named
            a_failed_payment_is_shown_with_its_next_try
            a_node_that_is_down_refuses_no_destination
            funds_for_five_are_enough_for_five_of_64_at_once
            a_daily_limit_for_three_lets_three_of_64_at_once_through
            a_withdrawal_waits_for_liquidity_and_a_repeat_says_so_still
        }
    ]
}
