//! The races of the suite again and again, each round on a fresh schema and sixteen connections.

use super::fresh_store;

fiber_link_core::store_races! { test = tokio::test(flavor = "multi_thread"), store = fresh_store().await }
