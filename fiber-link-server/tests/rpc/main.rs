//! The wire contract, method by method, over the routes in one process.

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
mod dashboard;
mod envelope;
mod health;
mod hub;
mod idempotency;
mod tips;
mod withdrawals;
