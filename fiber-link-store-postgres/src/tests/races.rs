//! The races of the suite again and again, each round on a fresh schema and sixteen connections.

use super::fresh_store;
use fiber_link_core::Store;
use fiber_link_core::testing::conformance as cases;
use std::sync::Arc;

/// How many rounds are run.
const ROUNDS_VARIABLE: &str = "FIBER_LINK_RACE_ROUNDS";

fn rounds() -> u32 {
    std::env::var(ROUNDS_VARIABLE).map_or(10, |rounds| rounds.parse().unwrap())
}

/// Each case as a test that runs it in every round.
macro_rules! every_round {
    ($($case:ident)+) => { $(
        #[tokio::test(flavor = "multi_thread")]
        async fn $case() {
            for _ in 0..rounds() {
                let store: Arc<dyn Store> = Arc::new(fresh_store().await);
                cases::$case(store).await;
            }
        }
    )+ };
}

every_round! {
    one_of_many_updates_of_a_version_wins
    one_of_many_posts_of_an_entry_wins
    one_of_many_attempts_is_live
    reservations_never_pass_the_funds
    withdrawals_never_pass_a_daily_limit
    one_of_many_uses_of_an_idempotency_key_wins
    racing_events_are_numbered_without_gaps
    tips_credited_at_once_add_up
    transfers_between_many_accounts_do_not_lock_each_other_out
    two_takers_at_once_take_different_records
    one_of_many_requests_with_one_nonce_is_let_in
}
