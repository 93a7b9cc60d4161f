//! Amounts of money.

use std::fmt;
use std::str::FromStr;

/// A whole number of an asset's base units: for CKB, shannon.
///
/// Arithmetic is checked and there is no `+`: a sum that does not fit is an answer, not a wrap.
/// An amount is at most 2¹²⁷−1, so that sums of entries fit a signed 128-bit number.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Amount(u128);

/// A number of base units above [`Amount::MAX`], or text that is no such number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an amount is a whole number of base units from 0 to 2^127-1")]
pub struct AmountOutOfRange;

impl Amount {
    /// Nothing.
    pub const ZERO: Self = Self(0);
    /// The largest amount, 2¹²⁷−1 base units.
    pub const MAX: Self = Self(u128::MAX >> 1);

    /// `units` base units.
    pub const fn new(units: u64) -> Self {
        Self(units as u128)
    }

    /// The number of base units.
    pub const fn units(self) -> u128 {
        self.0
    }

    /// Whether this is nothing.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// The sum, or `None` above [`Amount::MAX`].
    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).and_then(|sum| Self::try_from(sum).ok())
    }

    /// The difference, or `None` below zero.
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        self.0.checked_sub(other.0).map(Self)
    }

    /// The difference, or zero.
    pub const fn saturating_sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl TryFrom<u128> for Amount {
    type Error = AmountOutOfRange;

    fn try_from(units: u128) -> Result<Self, AmountOutOfRange> {
        if units <= Self::MAX.0 { Ok(Self(units)) } else { Err(AmountOutOfRange) }
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Amount({})", self.0)
    }
}

/// Reads the stored form: base units in decimal digits.
impl FromStr for Amount {
    type Err = AmountOutOfRange;

    fn from_str(text: &str) -> Result<Self, AmountOutOfRange> {
        if text.is_empty() || !text.bytes().all(|b| b.is_ascii_digit()) {
            return Err(AmountOutOfRange);
        }
        text.parse::<u128>().map_err(|_| AmountOutOfRange)?.try_into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arithmetic_is_checked_at_both_ends() {
        assert_eq!(Amount::MAX.checked_add(Amount::new(1)), None);
        assert_eq!(Amount::new(1).checked_sub(Amount::new(2)), None);
        assert_eq!(Amount::new(1).saturating_sub(Amount::new(2)), Amount::ZERO);
        assert_eq!(Amount::new(2).checked_add(Amount::new(3)), Some(Amount::new(5)));
        assert_eq!(Amount::try_from(1u128 << 127), Err(AmountOutOfRange));
        assert_eq!(format!("{:?}", Amount::new(7)), "Amount(7)");
    }

    #[test]
    fn the_stored_form_is_digits_only() {
        assert_eq!(Amount::MAX.to_string().parse(), Ok(Amount::MAX));
        for bad in ["", "-1", "+1", " 1", "1.0", "0x1", "170141183460469231731687303715884105728"] {
            assert_eq!(bad.parse::<Amount>(), Err(AmountOutOfRange), "{bad:?}");
        }
    }
}
