//! What must always hold, by the numbers that the project gave to it.

use std::fmt;

/// Something that must always hold.
///
/// What is checked after every step (a commit, or an act of the node) and what at intervals is said in
/// the documentation of the [module](crate::simulator).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Invariant {
    /// What went out of accounts equals what went into accounts.
    I1,
    /// No account of a user is below zero.
    I2,
    /// Entries are never changed or deleted.
    I3,
    /// A stored balance is the sum of its entries.
    I4,
    /// The amount that is asked is the amount that is credited, or paid.
    I5,
    /// A refused commit leaves the store as it was.
    I7,
    /// At most one credit per payment hash.
    I8,
    /// A credit exists only after the node answered that it was paid.
    I9,
    /// What the node calls paid is credited within a bounded healthy time.
    I10,
    /// Only the node ends an invoice.
    I11,
    /// Credit, state and event are one commit.
    I12,
    /// A tip is stored before its invoice can be paid.
    I13,
    /// What was agreed never changes.
    I14,
    /// What left for a withdrawal is at most its amount and its fee limit.
    I15,
    /// While an outcome is unknown the reservation stands; it is released only by proof.
    I16,
    /// An attempt is stored before its request leaves.
    I17,
    /// At most one live payout per payment hash.
    I18,
    /// A completion needs the node's success, with its fee.
    I20,
    /// A destination is checked before funds are reserved.
    I22,
    /// Limits hold, however many ask at once.
    I23,
    /// Every withdrawal comes to its end, and nothing is reserved without a reason.
    I24,
    /// The same request with the same key has one effect and one answer.
    I25,
    /// Events are numbered without gaps.
    I29,
    /// A worker that wakes up late, or twice, changes nothing.
    I32,
    /// What people have to look at is paid only once as many of them approved it as have to.
    I33,
    /// The store answers, where no fault keeps it from answering.
    Store,
}

impl Invariant {
    /// Every one.
    pub const ALL: [Self; 26] = [
        Self::I1,
        Self::I2,
        Self::I3,
        Self::I4,
        Self::I5,
        Self::I7,
        Self::I8,
        Self::I9,
        Self::I10,
        Self::I11,
        Self::I12,
        Self::I13,
        Self::I14,
        Self::I15,
        Self::I16,
        Self::I17,
        Self::I18,
        Self::I20,
        Self::I22,
        Self::I23,
        Self::I24,
        Self::I25,
        Self::I29,
        Self::I32,
        Self::I33,
        Self::Store,
    ];

    /// What must hold.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::I1 => "what went out of accounts equals what went into accounts",
            Self::I2 => "no account of a user is below zero",
            Self::I3 => "entries are never changed or deleted",
            Self::I4 => "a stored balance is the sum of its entries",
            Self::I5 => "the amount that is asked is the amount that is credited, or paid",
            Self::I7 => "a refused commit leaves the store as it was",
            Self::I8 => "at most one credit per payment hash",
            Self::I9 => "a credit exists only after the node answered that it was paid",
            Self::I10 => "what the node calls paid is credited within a bounded healthy time",
            Self::I11 => "only the node ends an invoice",
            Self::I12 => "credit, state and event are one commit",
            Self::I13 => "a tip is stored before its invoice can be paid",
            Self::I14 => "what was agreed never changes",
            Self::I15 => "what left for a withdrawal is at most its amount and its fee limit",
            Self::I16 => "a reservation stands until proof of failure releases it",
            Self::I17 => "an attempt is stored before its request leaves",
            Self::I18 => "at most one live payout per payment hash",
            Self::I20 => "a completion needs the node's success, with its fee",
            Self::I22 => "a destination is checked before funds are reserved",
            Self::I23 => "limits hold, however many ask at once",
            Self::I24 => "every withdrawal comes to its end, and nothing is reserved without a reason",
            Self::I25 => "the same request with the same key has one effect and one answer",
            Self::I29 => "events are numbered without gaps",
            Self::I32 => "a worker that wakes up late, or twice, changes nothing",
            Self::I33 => "what people have to look at is paid only once they approved it",
            Self::Store => "the store answers",
        }
    }
}

/// Its number, such as `I8`.
impl fmt::Display for Invariant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// Something that must hold does not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Broken {
    pub(crate) invariant: Invariant,
    pub(crate) sentence: String,
}

/// How often each was checked.
#[derive(Clone, Debug, Default)]
pub(crate) struct Checks(pub(crate) std::collections::BTreeMap<Invariant, u64>);

impl Checks {
    /// Counts a check that can fail, and says what is wrong if it fails.
    pub(crate) fn check(
        &mut self,
        invariant: Invariant,
        holds: bool,
        sentence: impl FnOnce() -> String,
    ) -> Result<(), Broken> {
        let count = self.0.entry(invariant).or_default();
        *count = count.saturating_add(1);
        if holds { Ok(()) } else { Err(Broken { invariant, sentence: sentence() }) }
    }
}

impl Broken {
    /// The store failed by itself: no fault of ours was made.
    pub(crate) fn of_store(error: &crate::StoreError) -> Self {
        Self { invariant: Invariant::Store, sentence: format!("{error}: {error:?}") }
    }

    /// The store answers with pages that lead nowhere.
    pub(crate) fn of_pages(what: &str) -> Self {
        let sentence = format!("a page of {what} does not begin after the page before it, or is in no order");
        Self { invariant: Invariant::Store, sentence }
    }
}

impl From<crate::StoreError> for Broken {
    fn from(error: crate::StoreError) -> Self {
        Self::of_store(&error)
    }
}
