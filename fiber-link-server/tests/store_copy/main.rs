//! A store is copied to Postgres: every row of it, also when the copy is cut off, and the service goes
//! on there.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::needless_pass_by_value,
    missing_debug_implementations,
    unreachable_pub,
    reason = "a test may fail"
)]

mod command;
mod dump;
mod rows;
mod service;
mod world;
