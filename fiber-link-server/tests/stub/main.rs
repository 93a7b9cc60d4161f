//! The stub node, asked over HTTP and WebSocket and held against what a real node answered.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::wildcard_enum_match_arm,
    clippy::needless_pass_by_value,
    missing_debug_implementations,
    unreachable_pub,
    reason = "a test may fail"
)]

mod client;
mod faults;
mod process;
#[path = "../process/mod.rs"]
mod program;
mod replay;
mod rights;
mod shape;
mod subscriptions;
mod world;
