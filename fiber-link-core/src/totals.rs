//! Open work and what all users have, for those who watch over a hub.

use crate::{Amount, AssetId, Balance, Timestamp};
use std::collections::BTreeMap;

/// The most accounts whose balances are summed.
pub const SUMMED_ACCOUNTS: u32 = 1_000_000;

/// Open work, and what all users have. Of each kind of work about
/// [`COUNT_BOUND`](crate::COUNT_BOUND) records are counted: beyond that a count says "at least".
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Tips that may still be paid, by stored name of their state. Where not all are counted, those of
    /// each app count from the oldest.
    pub tips: Vec<OpenWork>,
    /// Withdrawals that are not at their end, by stored name of their state.
    pub withdrawals: Vec<OpenWork>,
    /// The sums of all users' balances, by name of the asset; nothing where there are more than
    /// [`SUMMED_ACCOUNTS`].
    pub balances: Option<Vec<(AssetId, Balance)>>,
}

/// Records in one state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenWork {
    /// The stored name of the state.
    pub state: &'static str,
    /// How many there are; never zero.
    pub count: u32,
    /// When the oldest of them was created.
    pub oldest: Timestamp,
}

/// Sums of balances by asset while they are made; none goes above the largest amount. For store authors.
#[derive(Clone, Debug, Default)]
pub struct BalanceSums(BTreeMap<AssetId, Balance>);

impl BalanceSums {
    /// Adds the balance of one account.
    pub fn add(&mut self, asset: AssetId, balance: Balance) {
        let plus = |a: Amount, b| a.checked_add(b).unwrap_or(Amount::MAX);
        let sum = self.0.entry(asset).or_default();
        *sum = Balance {
            available: plus(sum.available, balance.available),
            reserved: plus(sum.reserved, balance.reserved),
        };
    }

    /// The sums, by name of the asset.
    pub fn into_sums(self) -> Vec<(AssetId, Balance)> {
        self.0.into_iter().collect()
    }
}

impl OpenWork {
    /// Work by state, counted from records of which each has its state and when it was created; by
    /// stored name of the state. For store authors.
    pub fn counted(records: impl IntoIterator<Item = (&'static str, Timestamp)>) -> Vec<Self> {
        let mut work = BTreeMap::<&'static str, Self>::new();
        for (state, at) in records {
            let of_state = work.entry(state).or_insert(Self { state, count: 0, oldest: at });
            of_state.count = of_state.count.saturating_add(1);
            of_state.oldest = of_state.oldest.min(at);
        }
        work.into_values().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn balances_are_summed_by_asset_and_never_overflow() {
        let balance = |available, reserved| Balance { available, reserved };
        let (one, most) = (Amount::new(1), Amount::MAX);
        let (ckb, usdi) = (AssetId::ckb(), AssetId::new("USDI").unwrap());
        let mut sums = BalanceSums::default();
        sums.add(usdi.clone(), balance(one, most));
        sums.add(ckb.clone(), balance(one, one));
        sums.add(usdi.clone(), balance(one, one));
        let expected = [(ckb, balance(one, one)), (usdi, balance(Amount::new(2), most))];
        assert_eq!(sums.into_sums(), expected);
    }

    #[test]
    fn work_is_counted_by_state_with_the_oldest() {
        let at = Timestamp::from_millis;
        let work = OpenWork::counted([("b", at(5)), ("a", at(9)), ("b", at(3)), ("b", at(4))]);
        let of = |state, count, oldest| OpenWork { state, count, oldest: at(oldest) };
        assert_eq!(work, [of("a", 1, 9), of("b", 3, 3)]);
    }
}
