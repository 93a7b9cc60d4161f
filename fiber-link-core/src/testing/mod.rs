//! What tests of a store, a node or an app need.
//!
//! - [`store_conformance!`](crate::store_conformance): the one suite that every [`Store`](crate::Store)
//!   passes.
//! - [`node_conformance!`](crate::node_conformance): the one suite that every
//!   [`FiberNode`](crate::FiberNode) passes.
//! - [`simulation`]: many histories of bad luck, on a store of yours.
//! - [`sample`]: records of every kind, made from a number.
//! - [`FakeNode`]: a node that does what its script says. [`FaultyStore`]: a store that fails when
//!   its script says so. [`ManualClock`] and [`SequentialIds`]: time and ids that a test decides on.
//! - [`MockStore`], [`MockFiberNode`], [`MockClock`], [`MockIdSource`]: mocks of the same traits.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that meets the unexpected stops there"
)]

pub mod conformance;
mod node;
pub mod node_conformance;
pub mod sample;
pub mod simulation;
mod store;
mod time;

pub use node::{Calls, FakeNode, Reception};
pub use store::{Fault, FaultyStore};
pub use time::{ManualClock, SequentialIds};

pub use crate::id::MockIdSource;
pub use crate::node::MockFiberNode;
pub use crate::store::MockStore;
pub use crate::time::MockClock;

/// Lets another task go first, once: on an executor of one thread, calls interleave here.
async fn give_way() {
    let mut gave_way = false;
    std::future::poll_fn(|context| {
        if std::mem::replace(&mut gave_way, true) {
            return std::task::Poll::Ready(());
        }
        context.waker().wake_by_ref();
        std::task::Poll::Pending
    })
    .await;
}
