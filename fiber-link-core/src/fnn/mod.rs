#![allow(dead_code, reason = "the client that uses it is being built")]
//! The real node: fnn over its JSON-RPC.
//!
//! What is said and what is heard are pure functions on bytes: [`call`] and [`envelope`] write
//! requests, [`envelope`], [`answer`] and [`store_change`] read what comes back.

mod answer;
mod call;
mod envelope;
mod store_change;
mod version;
