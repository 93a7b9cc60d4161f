//! The nodes without a network keep what every node promises.

#![allow(clippy::unwrap_used, reason = "a test that meets the unexpected stops there")]

use async_trait::async_trait;
use fiber_link_core::simulated::{SimulatedNode, SimulatedNodeOptions};
use fiber_link_core::testing::ManualClock;
use fiber_link_core::testing::node_conformance::{FakeWorld, NodeWorld, SimulatedWorld};
use fiber_link_core::{Clock, FiberNode, Timestamp, node_conformance};
use std::sync::Arc;
use std::time::Duration;

mod fake {
    use super::*;

    node_conformance! { test = pollster::test, world = FakeWorld::new() }
}

mod simulated {
    use super::*;

    node_conformance! { test = pollster::test, world = SimulatedWorld::new() }
}

/// A node that nobody pays and that has nobody to pay: what can be asked of it alone needs no more.
mod alone {
    use super::*;

    struct Alone(ManualClock, Arc<dyn FiberNode>);

    impl Alone {
        fn new() -> Self {
            let clock = ManualClock::default();
            let options = SimulatedNodeOptions { clock: Arc::new(clock.clone()), ..Default::default() };
            Self(clock, Arc::new(SimulatedNode::open(options).unwrap()))
        }
    }

    #[async_trait]
    impl NodeWorld for Alone {
        fn node(&self) -> Arc<dyn FiberNode> {
            self.1.clone()
        }

        fn now(&self) -> Timestamp {
            self.0.now()
        }

        async fn wait(&self, duration: Duration) {
            self.0.advance(duration);
        }
    }

    node_conformance! {
        test = pollster::test,
        world = Alone::new(),
        cannot = [Pay, Cancel, Token, Invoice, Fee, Fail, Hang, Mend, Count],
    }
}
