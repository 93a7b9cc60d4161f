//! Names of things: ids that we make, names that apps choose, and hashes.

use crate::{Clock, Secret, Timestamp};
use sha2::{Digest, Sha256};
use std::fmt;
use std::str::FromStr;
use uuid::Uuid;

macro_rules! made_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(Uuid);

        impl $name {
            /// Wraps an id, for instance one that was read back from a store.
            pub const fn from_uuid(id: Uuid) -> Self {
                Self(id)
            }

            /// The id itself.
            pub const fn as_uuid(&self) -> &Uuid {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, uuid::Error> {
                text.parse().map(Self)
            }
        }
    };
}

made_id!(/** Names a tip; sorts by creation. */ TipId);
made_id!(/** Names a withdrawal; sorts by creation. */ WithdrawalId);
made_id!(/** Names an attempt to pay a withdrawal; sorts by creation. */ AttemptId);
made_id!(/** Names an event; sorts by creation. */ EventId);
made_id!(/** Names one run of a process that works on a store. */ WorkerId);

/// Why a chosen name was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// The name has no characters.
    #[error("must not be empty")]
    Empty,
    /// The name has more than 255 bytes.
    #[error("must have at most 255 bytes, got {0}")]
    TooLong(usize),
    /// The name holds a control character.
    #[error("must not contain control characters")]
    ControlCharacter,
    /// The name holds something that is not visible ASCII.
    #[error("must be visible ASCII without spaces")]
    NotVisibleAscii,
}

fn check_name(name: &str) -> Result<(), NameError> {
    match name.len() {
        0 => Err(NameError::Empty),
        1..=255 if name.chars().any(char::is_control) => Err(NameError::ControlCharacter),
        1..=255 => Ok(()),
        length => Err(NameError::TooLong(length)),
    }
}

fn check_visible_ascii(name: &str) -> Result<(), NameError> {
    check_name(name)?;
    if name.bytes().all(|b| b.is_ascii_graphic()) { Ok(()) } else { Err(NameError::NotVisibleAscii) }
}

/// A text that only people read, as it is kept: in one line, cut to at most `most` bytes.
pub(crate) fn one_line(text: &str, most: usize) -> String {
    let mut kept = String::new();
    for character in text.chars().map(|c| if c.is_control() { ' ' } else { c }) {
        if kept.len().saturating_add(character.len_utf8()) > most {
            break;
        }
        kept.push(character);
    }
    kept
}

macro_rules! chosen_name {
    ($(#[$doc:meta])* $name:ident, $check:path) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(Box<str>);

        impl $name {
            /// Checks and wraps a name.
            ///
            /// # Errors
            /// [`NameError`] says what is wrong with it.
            pub fn new(name: impl Into<Box<str>>) -> Result<Self, NameError> {
                let name = name.into();
                $check(&name)?;
                Ok(Self(name))
            }

            /// The name.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl FromStr for $name {
            type Err = NameError;

            fn from_str(text: &str) -> Result<Self, NameError> {
                Self::new(text)
            }
        }
    };
}

chosen_name!(/** Names an app: 1 to 255 bytes of visible ASCII, since it travels in a header. */ AppId, check_visible_ascii);
chosen_name!(/** Names a user of one app: 1 to 255 bytes without control characters. */ UserId, check_name);
chosen_name!(/** Names a post of one app: 1 to 255 bytes without control characters. */ PostId, check_name);
chosen_name!(/** Names an asset on the wire, such as `CKB`: 1 to 255 bytes of visible ASCII. */ AssetId, check_visible_ascii);
chosen_name!(/** A caller's name for one request, so that a repeat is recognised: 1 to 255 bytes. */ IdempotencyKey, check_name);

macro_rules! hex_display {
    ($name:ident) => {
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&hex::encode(self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), hex::encode(self.0))
            }
        }
    };
}

/// The SHA-256 hash that names a payment on the Fiber network.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PaymentHash([u8; 32]);
hex_display!(PaymentHash);

impl PaymentHash {
    /// Wraps 32 bytes.
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// Reads 64 hexadecimal digits, with or without `0x` before them.
impl FromStr for PaymentHash {
    type Err = hex::FromHexError;

    fn from_str(text: &str) -> Result<Self, hex::FromHexError> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text.strip_prefix("0x").unwrap_or(text), &mut bytes)?;
        Ok(Self(bytes))
    }
}

/// The public key that names a node on the Fiber network, compressed.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeKey([u8; 33]);
hex_display!(NodeKey);

impl NodeKey {
    /// Wraps 33 bytes.
    pub const fn new(bytes: [u8; 33]) -> Self {
        Self(bytes)
    }

    /// The bytes.
    pub const fn as_bytes(&self) -> &[u8; 33] {
        &self.0
    }
}

/// What proves a payment: whoever has it can claim the money. Prints as `[redacted]`.
#[derive(Clone, PartialEq, Eq)]
pub struct Preimage([u8; 32]);

impl Preimage {
    /// Wraps 32 bytes.
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The preimage of a tip: HMAC-SHA256 of its id under `seed`, so that nothing secret is stored per tip.
    pub fn derive(seed: &Secret, tip: TipId) -> Self {
        Self(crate::signing::hmac_sha256(seed, &[tip.as_uuid().as_bytes()]))
    }

    /// The payment hash: SHA-256 of the preimage.
    pub fn payment_hash(&self) -> PaymentHash {
        PaymentHash(Sha256::digest(self.0).into())
    }

    /// The bytes themselves. Never log or store them.
    pub const fn expose(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for Preimage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// Makes new ids.
#[cfg_attr(feature = "testing", mockall::automock)]
pub trait IdSource: Send + Sync + 'static {
    /// A fresh id that sorts after ids of earlier milliseconds. Of version 7, so that lists of a time
    /// begin where its ids do.
    fn next_id(&self, now: Timestamp) -> Uuid;
}

/// UUIDs of version 7: time first, then random bits.
#[derive(Clone, Copy, Debug, Default)]
pub struct RandomIds;

impl IdSource for RandomIds {
    fn next_id(&self, now: Timestamp) -> Uuid {
        let millis = now.as_millis();
        let (seconds, rest) = (millis / 1000, millis % 1000);
        let nanos = u32::try_from(rest).unwrap_or(0).saturating_mul(1_000_000);
        Uuid::new_v7(uuid::Timestamp::from_unix(uuid::NoContext, seconds, nanos))
    }
}

impl WorkerId {
    /// A fresh id for this run of the process.
    pub fn fresh(ids: &dyn IdSource, clock: &dyn Clock) -> Self {
        Self(ids.next_id(clock.now()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_checked() {
        assert_eq!(UserId::new(""), Err(NameError::Empty));
        assert_eq!(UserId::new("a\u{7}b"), Err(NameError::ControlCharacter));
        assert_eq!(UserId::new("x".repeat(256)), Err(NameError::TooLong(256)));
        assert!(UserId::new("Zoë ✓").is_ok());
        assert_eq!(AppId::new("two words"), Err(NameError::NotVisibleAscii));
        assert!(AppId::new("forum-1").is_ok());
    }

    #[test]
    fn a_preimage_depends_on_seed_and_tip_and_is_not_printed() {
        let tip = |n| TipId::from_uuid(Uuid::from_u128(n));
        let seed = Secret::new(*b"seed");
        let preimage = Preimage::derive(&seed, tip(1));
        assert_eq!(preimage, Preimage::derive(&seed, tip(1)));
        assert_ne!(preimage, Preimage::derive(&seed, tip(2)));
        assert_ne!(preimage, Preimage::derive(&Secret::new(*b"other"), tip(1)));
        assert_eq!(format!("{preimage:?}"), "[redacted]");
        let hash = preimage.payment_hash();
        assert_eq!(hash.to_string().parse(), Ok(hash));
    }

    #[test]
    fn ids_sort_by_time() {
        let early = RandomIds.next_id(Timestamp::from_millis(1_760_000_000_001));
        let late = RandomIds.next_id(Timestamp::from_millis(1_760_000_000_002));
        assert!(early < late);
    }
}
