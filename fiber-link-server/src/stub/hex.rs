//! Numbers and bytes in the form of fnn, with its own words for what is wrong with them.

use serde::de::{Deserialize, Deserializer, Error};
use serde::{Serialize, Serializer};
use std::fmt::Debug;

/// A number: `0x` and digits without leading zeros.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct HexNumber<T>(pub(super) T);

/// Thirty-two bytes, with or without `0x` before them.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct HexBytes32(pub(super) [u8; 32]);

/// Thirty-two bytes as CKB writes them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct CkbHash(pub(super) [u8; 32]);

/// Any number of bytes after `0x`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct CkbBytes(pub(super) Vec<u8>);

/// `bytes` after `0x`.
pub(super) fn with_prefix(bytes: impl AsRef<[u8]>) -> String {
    format!("0x{}", hex::encode(bytes))
}

/// `number` in the form of fnn.
pub(super) fn number(number: impl Into<u128>) -> String {
    format!("{:#x}", number.into())
}

/// What `text` says, or what fnn says against it.
fn parse<T: TryFrom<u128>>(text: &str) -> Result<T, String> {
    let digits =
        text.strip_prefix("0x").ok_or_else(|| format!("uint hex string does not start with 0x: {text}"))?;
    if digits.len() > 1 && digits.starts_with('0') {
        return Err(format!("uint hex string starts with redundant leading zeros: {text}"));
    }
    let invalid = |error: String| format!("failed to parse uint hex {text}: {error}");
    let wide = u128::from_str_radix(digits, 16).map_err(|error| invalid(format!("{error:?}")))?;
    T::try_from(wide).map_err(|_| invalid("ParseIntError { kind: PosOverflow }".to_owned()))
}

impl<'de, T: TryFrom<u128>> Deserialize<'de> for HexNumber<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        parse(&text).map(Self).map_err(D::Error::custom)
    }
}

impl<T: Copy + Into<u128>> Serialize for HexNumber<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&number(self.0))
    }
}

impl<'de> Deserialize<'de> for HexBytes32 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let bytes = hex::decode(text.strip_prefix("0x").unwrap_or(&text))
            .map_err(|error| D::Error::custom(format!("failed to decode hex string {text}: {error:?}")))?;
        let wrong = |bytes| D::Error::custom(format!("failed to convert vector into type: {bytes:?}"));
        <[u8; 32]>::try_from(bytes).map(Self).map_err(wrong)
    }
}

impl Serialize for HexBytes32 {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&with_prefix(self.0))
    }
}

/// It may be a preimage.
impl Debug for HexBytes32 {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[redacted]")
    }
}

impl<'de> Deserialize<'de> for CkbHash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let digits = text.strip_prefix("0x").unwrap_or_default();
        let mut bytes = [0; 32];
        let length = text.len().saturating_sub(2);
        let wrong = |_| D::Error::invalid_length(length, &"a 0x-prefixed hex string with 64 digits");
        hex::decode_to_slice(digits, &mut bytes).map_err(wrong)?;
        Ok(Self(bytes))
    }
}

impl Serialize for CkbHash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&with_prefix(self.0))
    }
}

impl<'de> Deserialize<'de> for CkbBytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let digits = text.strip_prefix("0x");
        let bytes = digits.and_then(|digits| hex::decode(digits).ok());
        bytes.map(Self).ok_or_else(|| D::Error::custom(format!("invalid hex bytes: {text}")))
    }
}

impl Serialize for CkbBytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&with_prefix(&self.0))
    }
}
