//! Which invoices there are and where in the file they stand.

use super::fact::Mark;
use crate::PaymentHash;
use std::collections::HashMap;
use std::collections::hash_map::Entry;

/// An index that keeps 16 bytes per invoice: part of its hash, where its line begins, and what was
/// done to it. Whoever reads the line compares the whole hash.
#[derive(Debug, Default)]
pub(super) struct InvoiceIndex {
    first: HashMap<u64, Slot>,
    /// Invoices whose hash begins like that of an earlier one.
    collided: HashMap<PaymentHash, Slot>,
}

/// The offset of an invoice's line, and in the lowest three bits its mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Slot(u64);

impl Slot {
    pub(super) fn new(offset: u64, mark: Mark) -> Self {
        let mark = match mark {
            Mark::Open => 0,
            Mark::Received => 1,
            Mark::Paid => 2,
            Mark::Cancelled => 3,
            Mark::Expired => 4,
        };
        Self((offset << 3) | mark)
    }

    pub(super) fn offset(self) -> u64 {
        self.0 >> 3
    }

    pub(super) fn mark(self) -> Mark {
        match self.0 & 7 {
            0 => Mark::Open,
            1 => Mark::Received,
            2 => Mark::Paid,
            3 => Mark::Cancelled,
            _ => Mark::Expired,
        }
    }
}

impl InvoiceIndex {
    /// The only place where the invoice can be. It may be another's whose hash begins alike.
    pub(super) fn candidate(&self, hash: &PaymentHash) -> Option<Slot> {
        self.collided.get(hash).or_else(|| self.first.get(&beginning(hash))).copied()
    }

    /// Adds an invoice that is not there yet.
    pub(super) fn insert(&mut self, hash: PaymentHash, offset: u64) {
        let slot = Slot::new(offset, Mark::Open);
        match self.first.entry(beginning(&hash)) {
            Entry::Vacant(entry) => {
                entry.insert(slot);
            }
            Entry::Occupied(_) => {
                self.collided.insert(hash, slot);
            }
        }
    }

    /// Marks an invoice that is there; answers whether any was found.
    pub(super) fn mark(&mut self, hash: &PaymentHash, mark: Mark) -> bool {
        let slot = match self.collided.get_mut(hash) {
            Some(slot) => Some(slot),
            None => self.first.get_mut(&beginning(hash)),
        };
        slot.map(|slot| *slot = Slot::new(slot.offset(), mark)).is_some()
    }
}

fn beginning(hash: &PaymentHash) -> u64 {
    hash.as_bytes().first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_keeps_offset_and_mark() {
        for mark in [Mark::Open, Mark::Received, Mark::Paid, Mark::Cancelled, Mark::Expired] {
            for offset in [0, 1, 1 << 40, u64::MAX >> 3] {
                let slot = Slot::new(offset, mark);
                assert_eq!((slot.offset(), slot.mark()), (offset, mark));
            }
        }
    }
}
