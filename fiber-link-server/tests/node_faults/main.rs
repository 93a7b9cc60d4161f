//! The server against a node that does wrong: each fault on its own, between two real processes.
//! After each nothing is lost, nothing doubled, and nothing secret in the log.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::needless_pass_by_value,
    missing_debug_implementations,
    unreachable_pub,
    reason = "a test may fail"
)]

mod answers;
mod batches;
#[allow(dead_code, reason = "these tests speak to the stub less than its own")]
#[path = "../stub/client.rs"]
mod client;
mod hub;
mod outages;
#[path = "../process/mod.rs"]
mod process;
mod round;
mod standing;
mod tokens;
