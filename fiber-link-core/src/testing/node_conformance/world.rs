//! What surrounds a node under test.

use super::Oddity;
use crate::{Amount, Asset, Clock, FiberNode, PaymentHash, SystemClock, Timestamp};
use async_trait::async_trait;
use std::sync::Arc;
use std::time::Duration;

/// A node under test and the rest of the world: who pays its invoices, whom it pays, the time.
///
/// A world needs only [`node`](Self::node) and [`wait`](Self::wait). Each other method belongs to an
/// [`Ability`]; a world without it names it where the suite is written down (`cannot = […]`), and the
/// cases that need it are told as left out.
#[async_trait]
pub trait NodeWorld: Send + Sync + 'static {
    /// The node under test.
    fn node(&self) -> Arc<dyn FiberNode>;

    /// The time by the node's clock, right to a few seconds.
    fn now(&self) -> Timestamp {
        SystemClock.now()
    }

    /// Lets time pass for the node: a sleep, or a clock that is moved on.
    async fn wait(&self, duration: Duration);

    /// [`Ability::Token`]: an asset beside CKB that the node has channels for.
    fn token(&self) -> Asset {
        cannot(Ability::Token)
    }

    /// [`Ability::Pay`]: somebody pays an invoice of the node. The node may learn of it later.
    async fn pay(&self, _encoded: &str) {
        cannot(Ability::Pay)
    }

    /// [`Ability::Cancel`]: an invoice of the node is cancelled.
    async fn cancel(&self, _hash: PaymentHash) {
        cannot(Ability::Cancel)
    }

    /// [`Ability::Invoice`]: an invoice of somebody else for the node to pay. Other endings than
    /// success are asked for with [`Ability::Fail`] and [`Ability::Hang`].
    async fn foreign_invoice(
        &self,
        _asset: &Asset,
        _amount: Amount,
        _expiry: Duration,
        _ending: Ending,
    ) -> String {
        cannot(Ability::Invoice)
    }

    /// [`Ability::Hang`]: a payment of somebody else's invoice that hangs comes to its end.
    /// [`Ability::Mend`]: the next payment of one whose payments failed succeeds.
    async fn end(&self, _encoded: &str, _ending: Ending) {
        cannot(Ability::Hang)
    }

    /// [`Ability::Count`]: how often somebody else's invoice was really paid.
    async fn times_paid(&self, _encoded: &str) -> usize {
        cannot(Ability::Count)
    }

    /// An invoice that the node can read and must not pay. Only a node that does not read real
    /// invoices has to make its own.
    fn odd_invoice(&self, oddity: Oddity) -> String {
        oddity.encoded().to_owned()
    }
}

/// What a world can do beside asking its node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ability {
    /// Somebody pays the node's invoices.
    Pay,
    /// The node's invoices can be cancelled.
    Cancel,
    /// The node has channels of an asset beside CKB.
    Token,
    /// Somebody makes invoices for the node to pay, and they can be reached.
    Invoice,
    /// The way to them costs a fee.
    Fee,
    /// Payments can be made to fail.
    Fail,
    /// Payments can be made to hang, and later to succeed or to fail.
    Hang,
    /// An invoice whose payments failed can be paid after all.
    Mend,
    /// What was really paid can be counted.
    Count,
}

impl Ability {
    /// Every ability.
    pub const ALL: [Self; 9] = [
        Self::Pay,
        Self::Cancel,
        Self::Token,
        Self::Invoice,
        Self::Fee,
        Self::Fail,
        Self::Hang,
        Self::Mend,
        Self::Count,
    ];
}

/// How payments of somebody else's invoice end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// They are paid.
    Success,
    /// They fail.
    Failure,
    /// They stay under way.
    Hang,
}

fn cannot(ability: Ability) -> ! {
    panic!("this world lacks {ability:?}: say so in `cannot`, or implement it")
}
