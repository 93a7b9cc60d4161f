//! The races of the suite again and again, each round on a fresh schema and sixteen stores, so that
//! those who race meet in the database and not in a lane.

use super::dealt::Dealt;

fiber_link_core::store_races! { test = tokio::test(flavor = "multi_thread"), store = Dealt::fresh().await }
