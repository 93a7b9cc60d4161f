//! The suite that every store passes, with sixteen connections.

use super::fresh_store;

fiber_link_core::store_conformance! { test = tokio::test(flavor = "multi_thread"), store = fresh_store().await }
