//! How the fields of an answer are read: without trust, and without more memory than they are worth.
//!
//! Only what we rely on is read. Fields that we do not know are passed over, whatever they hold.

use serde::de::{Deserialize, Deserializer, SeqAccess, Visitor};
use serde_json::value::RawValue;
use std::fmt;
use std::marker::PhantomData;

/// The most bytes of a text in the node's own words that are kept.
const TEXT_BYTES: usize = 1000;

/// A number: `0x` and its digits without leading zeros, as fnn writes and takes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Number(pub(super) u128);

impl Number {
    fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix("0x")?;
        let canonical = digits == "0" || !digits.starts_with('0');
        if !canonical || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return None;
        }
        u128::from_str_radix(digits, 16).ok().map(Self)
    }

    /// The number, where it fits.
    pub(super) fn as_u64(self) -> Option<u64> {
        u64::try_from(self.0).ok()
    }
}

/// `N` bytes in hexadecimal, with or without `0x` before them.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Bytes<const N: usize>(pub(super) [u8; N]);

impl<const N: usize> Bytes<N> {
    fn parse(text: &str) -> Option<Self> {
        let mut bytes = [0; N];
        hex::decode_to_slice(text.strip_prefix("0x").unwrap_or(text), &mut bytes).ok()?;
        Some(Self(bytes))
    }
}

/// A text for people, cut at 1 000 bytes.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Text(String);

impl Text {
    fn cut(text: &str) -> Self {
        let mut end = text.len().min(TEXT_BYTES);
        while !text.is_char_boundary(end) {
            end = end.saturating_sub(1);
        }
        Self(text.get(..end).unwrap_or_default().to_owned())
    }

    /// The text, not for logs.
    pub(super) fn raw(&self) -> &str {
        &self.0
    }

    /// The text without anything that could be a preimage or the beginning of one that was cut: more
    /// hexadecimal digits in a row than half of one are left out.
    pub(super) fn redacted(&self) -> String {
        const HALF_A_PREIMAGE: usize = 32;
        let mut redacted = String::with_capacity(self.0.len());
        let mut rest = self.0.as_str();
        while !rest.is_empty() {
            let other = rest.find(|c: char| c.is_ascii_hexdigit()).unwrap_or(rest.len());
            let (before, after) = rest.split_at(other);
            let digits = after.find(|c: char| !c.is_ascii_hexdigit()).unwrap_or(after.len());
            let (run, after) = after.split_at(digits);
            redacted.push_str(before);
            redacted.push_str(if run.len() <= HALF_A_PREIMAGE { run } else { "…" });
            rest = after;
        }
        redacted
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(Parsed { expected: "a number in hexadecimal", parse: Self::parse })
    }
}

impl<'de, const N: usize> Deserialize<'de> for Bytes<N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(Parsed { expected: "bytes in hexadecimal", parse: Self::parse })
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(Parsed { expected: "a text", parse: |text| Some(Self::cut(text)) })
    }
}

/// Parses a string where it lies. The text itself never gets into an error.
struct Parsed<T> {
    expected: &'static str,
    parse: fn(&str) -> Option<T>,
}

impl<T> Visitor<'_> for Parsed<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.expected)
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<T, E> {
        (self.parse)(text).ok_or_else(|| E::custom(format_args!("not {}", self.expected)))
    }
}

/// A member that may be missing and, if it is there, is a `T`: null is not the same as nothing.
pub(super) fn present<'de, T, D>(deserializer: D) -> Result<Option<T>, D::Error>
where
    T: Deserialize<'de>,
    D: Deserializer<'de>,
{
    T::deserialize(deserializer).map(Some)
}

/// Hands every element of a JSON array to `each`, one at a time, so that its length costs nothing.
pub(super) fn for_each<'a, T: Deserialize<'a>>(
    array: &'a RawValue,
    each: impl FnMut(T),
) -> serde_json::Result<()> {
    let mut deserializer = serde_json::Deserializer::from_str(array.get());
    deserializer.deserialize_seq(Elements { each, element: PhantomData::<T> })
}

struct Elements<T, F> {
    each: F,
    element: PhantomData<T>,
}

impl<'de, T: Deserialize<'de>, F: FnMut(T)> Visitor<'de> for Elements<T, F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut elements: A) -> Result<(), A::Error> {
        while let Some(element) = elements.next_element()? {
            (self.each)(element);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_hexadecimal_with_a_prefix_and_without_leading_zeros() {
        assert_eq!(Number::parse("0x0"), Some(Number(0)));
        assert_eq!(Number::parse("0x5f5e100"), Some(Number(100_000_000)));
        let largest = format!("{:#x}", u128::MAX);
        assert_eq!(Number::parse(&largest), Some(Number(u128::MAX)));
        for bad in ["", "0x", "0X1", "1", "0x01", "0x00", "0x+1", "0x-1", "0x 1", "0xg", "x1", "0x1_0"] {
            assert_eq!(Number::parse(bad), None, "{bad:?}");
        }
        assert_eq!(Number::parse(&format!("{largest}0")), None);
    }

    #[test]
    fn bytes_have_their_length() {
        assert!(Bytes::<2>::parse("0x01ff").is_some_and(|bytes| bytes.0 == [1, 255]));
        assert!(Bytes::<2>::parse("01FF").is_some_and(|bytes| bytes.0 == [1, 255]));
        for bad in ["", "0x", "0x01", "0x01ff00", "0x01f", "0x01fg", "0X01ff"] {
            assert!(Bytes::<2>::parse(bad).is_none(), "{bad:?}");
        }
    }

    #[test]
    fn a_preimage_that_is_cut_is_not_printed_either() {
        let preimage = "c0ffee".repeat(11);
        for before in 930..1000 {
            let redacted = Text::cut(&format!("{}{preimage}", "-".repeat(before))).redacted();
            assert!(!redacted.contains(&preimage[..33]), "{before}: {redacted}");
        }
    }

    #[test]
    fn a_text_is_cut_between_characters() {
        assert_eq!(Text::cut("short").0, "short");
        let long = Text::cut(&"✓".repeat(1000)).0;
        assert_eq!(long.len(), 999);
    }
}
