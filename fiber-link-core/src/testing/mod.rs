//! What tests of a store, a node or an app need.
//!
//! - [`store_conformance!`](crate::store_conformance): the one suite that every [`Store`](crate::Store)
//!   passes.
//! - [`sample`]: records of every kind, made from a number.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that meets the unexpected stops there"
)]

pub mod conformance;
pub mod sample;

pub use crate::id::MockIdSource;
pub use crate::node::MockFiberNode;
pub use crate::store::MockStore;
pub use crate::time::MockClock;
