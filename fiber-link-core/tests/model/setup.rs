//! What is explored: who, how often what may go wrong, and what is watched.

use crate::guard::Guard;
use crate::world::Action;
use fiber_link_core::Exclusivity;

/// What is explored.
#[derive(Clone, Debug)]
pub(crate) struct Setup {
    pub(crate) exclusivity: Exclusivity,
    /// How many attempts follow the first.
    pub(crate) retries: u32,
    /// How often what may happen.
    pub(crate) left: Misfortunes,
    /// What has happened when the exploration begins.
    pub(crate) before: Vec<Action>,
    /// The guard that is missing.
    pub(crate) without: Option<Guard>,
    /// What the threat model says remains, and is let happen here.
    pub(crate) allowed: Vec<Remains>,
    /// The invariants that are watched; all if there are none.
    pub(crate) watched: Vec<Invariant>,
}

/// How often passes are made, and how often each misfortune happens, at most.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Misfortunes {
    /// Each server begins a pass.
    pub(crate) passes: [u8; 2],
    /// Time goes on.
    pub(crate) ticks: u8,
    /// A server ends in the middle of a pass.
    pub(crate) crashes: u8,
    /// A pass is dropped, or ends because store or node did not answer a question.
    pub(crate) drops: u8,
    /// A commit is applied and its answer lost, or the node keeps quiet about its memory.
    pub(crate) lost: u8,
    /// A request to pay hangs on its way.
    pub(crate) hangs: u8,
    /// A server is paused with an answer that it has not read yet.
    pub(crate) pauses: u8,
    /// A server stops between two calls of which the second only reads.
    pub(crate) stops: u8,
    /// The node's memory is copied.
    pub(crate) backups: u8,
    /// The node is put back to the copy.
    pub(crate) node_restores: u8,
    /// The store is put back to where the exploration began.
    pub(crate) store_restores: u8,
    /// An operator declares the first server dead, which may live.
    pub(crate) declarations: u8,
    /// An operator pauses withdrawals.
    pub(crate) switches: u8,
}

/// What `docs/threat-model.md` says is not answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Remains {
    /// "A node that forgot less": it is put back to after the newest success that we know of and
    /// before a payment of which no answer is stored.
    NodeThatForgotLess,
    /// "An older backup of our own database", of a withdrawal whose payment the node forgot as well,
    /// while it knows the newest success that is left in the store.
    BothRestored,
    /// "A process that is declared dead while it is only paused", between its last look at the clock
    /// and its request to pay.
    DeadButPaused,
}

/// What must always hold: see the numbers in the invariants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Invariant {
    /// The node paid more than once for the hash (I15, I18, I31).
    PaidTwice,
    /// A reservation was released although the node paid or may still pay (I16).
    ReleasedTooEarly,
    /// A request left without a stored attempt of its sender (I17).
    SentUnstored,
    /// A withdrawal is completed and the node did not pay (I20).
    CompletedUnpaid,
    /// A unit of work of who read too early, or after the end, changed something (I32).
    LateWriter,
    /// A payment was begun after an operator had paused withdrawals.
    BegunWhilePaused,
    /// The audit finds something (I1, I4, I12, I16, I20).
    Audit,
}
