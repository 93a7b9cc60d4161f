//! Secrets at rest: encrypted with a key that the store does not have.

use crate::{NoRandomness, Secret};
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use std::fmt;
use std::str::FromStr;

/// The most keys of a [`Keyring`].
pub const MOST_KEYS: usize = 16;

const KEY_BYTES: usize = 32;
const NONCE_BYTES: usize = 24;
/// How a stored text begins whose secret is encrypted.
const SEALED: &str = "xchacha20poly1305";
/// How a stored text begins whose secret can be read.
const PLAIN: &str = "plain";

/// Names a key: 1 to 32 letters, digits, `-` and `_`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyId(Box<str>);

impl KeyId {
    /// Checks and wraps a name.
    ///
    /// # Errors
    /// [`KeyError::Id`] if it is none.
    pub fn new(id: &str) -> Result<Self, KeyError> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        if (1..=32).contains(&id.len()) && id.bytes().all(allowed) {
            Ok(Self(id.into()))
        } else {
            Err(KeyError::Id)
        }
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why keys were refused. Holds nothing of a key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// A line is no id, colon and key.
    #[error("line {0} is not `ID:KEY`")]
    Line(usize),
    /// The name of a key is none.
    #[error("the id of a key must be 1 to 32 letters, digits, - and _")]
    Id,
    /// A key has another length, or is not hexadecimal.
    #[error("key {0} must be 64 hexadecimal digits")]
    Length(KeyId),
    /// Two keys have one name.
    #[error("key {0} is there twice")]
    Twice(KeyId),
    /// There are none.
    #[error("there is no key")]
    None,
    /// There are more than [`MOST_KEYS`].
    #[error("there are more than {MOST_KEYS} keys")]
    TooMany,
}

/// Why a sealed secret cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnsealError {
    /// It was sealed with a key that is not on the ring.
    #[error("it is sealed with key {0}, which is not among the keys")]
    UnknownKey(KeyId),
    /// It was changed, belongs to something else, or was sealed with another key of this name.
    #[error("it does not open with key {0}: it was changed, or that is another key of this name")]
    WrongKey(KeyId),
}

/// A secret as a store keeps it. It opens only as what it was sealed as.
#[derive(Clone, PartialEq, Eq)]
pub enum SealedSecret {
    /// Not encrypted: there was no key.
    Plain(Secret),
    /// Encrypted with XChaCha20-Poly1305 under a random nonce.
    Sealed {
        /// With which key.
        key: KeyId,
        /// The nonce.
        nonce: [u8; NONCE_BYTES],
        /// The encrypted bytes and their tag.
        bytes: Vec<u8>,
    },
}

impl SealedSecret {
    /// The key that opens it; none if it is not encrypted.
    pub fn key(&self) -> Option<&KeyId> {
        match self {
            Self::Plain(_) => None,
            Self::Sealed { key, .. } => Some(key),
        }
    }

    /// The stored text. It holds the secret itself where that is not encrypted.
    pub fn to_text(&self) -> String {
        match self {
            Self::Plain(secret) => format!("{PLAIN}:{}", hex::encode(secret.expose())),
            Self::Sealed { key, nonce, bytes } => {
                format!("{SEALED}:{key}:{}:{}", hex::encode(nonce), hex::encode(bytes))
            }
        }
    }
}

/// A stored text holds no sealed secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it is no sealed secret")]
pub struct NoSealedSecret;

impl FromStr for SealedSecret {
    type Err = NoSealedSecret;

    fn from_str(text: &str) -> Result<Self, NoSealedSecret> {
        let (kind, rest) = text.split_once(':').ok_or(NoSealedSecret)?;
        match kind {
            PLAIN => {
                hex::decode(rest).map(|bytes| Self::Plain(Secret::new(bytes))).map_err(|_| NoSealedSecret)
            }
            SEALED => {
                let mut parts = rest.split(':');
                let (Some(key), Some(nonce), Some(bytes), None) =
                    (parts.next(), parts.next(), parts.next(), parts.next())
                else {
                    return Err(NoSealedSecret);
                };
                let key = KeyId::new(key).map_err(|_| NoSealedSecret)?;
                let mut of_nonce = [0; NONCE_BYTES];
                hex::decode_to_slice(nonce, &mut of_nonce).map_err(|_| NoSealedSecret)?;
                let bytes = hex::decode(bytes).map_err(|_| NoSealedSecret)?;
                Ok(Self::Sealed { key, nonce: of_nonce, bytes })
            }
            _ => Err(NoSealedSecret),
        }
    }
}

/// The key's name alone.
impl fmt::Debug for SealedSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plain(_) => f.write_str("[redacted]"),
            Self::Sealed { key, .. } => write!(f, "[sealed with {key}]"),
        }
    }
}

/// The keys that secrets are encrypted with: the first one seals, all of them open. Without any,
/// secrets are kept as they are.
#[derive(Clone, Default)]
pub struct Keyring(Vec<(KeyId, Secret)>);

impl Keyring {
    /// Reads `ID:KEY` lines, the current key first; empty lines and those that begin with `#` are
    /// passed over. A key is 64 hexadecimal digits.
    ///
    /// # Errors
    /// [`KeyError`] says what is wrong, without anything of a key.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let mut keys: Vec<(KeyId, Secret)> = Vec::new();
        for (number, line) in (1_usize..).zip(text.lines()) {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let (id, key) = line.split_once(':').ok_or(KeyError::Line(number))?;
            let id = KeyId::new(id.trim())?;
            if keys.iter().any(|(known, _)| *known == id) {
                return Err(KeyError::Twice(id));
            }
            if keys.len() >= MOST_KEYS {
                return Err(KeyError::TooMany);
            }
            match hex::decode(key.trim()) {
                Ok(bytes) if bytes.len() == KEY_BYTES => keys.push((id, Secret::new(bytes))),
                Ok(_) | Err(_) => return Err(KeyError::Length(id)),
            }
        }
        if keys.is_empty() { Err(KeyError::None) } else { Ok(Self(keys)) }
    }

    /// The key that seals.
    pub fn current(&self) -> Option<&KeyId> {
        self.0.first().map(|(id, _)| id)
    }

    /// Encrypts `secret` as `purpose`; keeps it as it is without a key.
    ///
    /// # Errors
    /// [`NoRandomness`] if the operating system gives no nonce.
    pub fn seal(&self, secret: &Secret, purpose: Purpose<'_>) -> Result<SealedSecret, NoRandomness> {
        let Some((id, key)) = self.0.first() else {
            return Ok(SealedSecret::Plain(secret.clone()));
        };
        let nonce = crate::secret::random_bytes::<NONCE_BYTES>()?;
        let purpose = purpose.to_string();
        let payload = Payload { msg: secret.expose(), aad: purpose.as_bytes() };
        // It fails for messages of 256 GiB alone.
        let bytes = cipher(key).and_then(|cipher| cipher.encrypt(&XNonce::from(nonce), payload).ok());
        let bytes = bytes.ok_or(NoRandomness)?;
        Ok(SealedSecret::Sealed { key: id.clone(), nonce, bytes })
    }

    /// The secret that was sealed as `purpose`.
    ///
    /// # Errors
    /// [`UnsealError`] if its key is not here, or it was sealed as something else.
    pub fn open(&self, sealed: &SealedSecret, purpose: Purpose<'_>) -> Result<Secret, UnsealError> {
        let (id, nonce, bytes) = match sealed {
            SealedSecret::Plain(secret) => return Ok(secret.clone()),
            SealedSecret::Sealed { key, nonce, bytes } => (key, nonce, bytes),
        };
        let key = self.0.iter().find(|(known, _)| known == id).map(|(_, key)| key);
        let key = key.ok_or_else(|| UnsealError::UnknownKey(id.clone()))?;
        let purpose = purpose.to_string();
        let payload = Payload { msg: bytes, aad: purpose.as_bytes() };
        let secret = cipher(key).and_then(|cipher| cipher.decrypt(&XNonce::from(*nonce), payload).ok());
        secret.map(Secret::new).ok_or_else(|| UnsealError::WrongKey(id.clone()))
    }

    /// Whether `sealed` is as it would be sealed now.
    pub fn is_current(&self, sealed: &SealedSecret) -> bool {
        sealed.key() == self.current()
    }
}

/// The ids alone.
impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(id, _)| id.as_str())).finish()
    }
}

/// What a secret is for: it opens as nothing else, so that one cannot be put in the place of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose<'a> {
    /// The seed of the hub.
    Seed,
    /// A secret of an app.
    AppSecret {
        /// The app.
        app: &'a crate::AppId,
        /// The number of the secret.
        number: u32,
    },
    /// What the codes of an administrator are made from.
    Codes {
        /// Whose.
        administrator: crate::AdministratorId,
    },
}

impl fmt::Display for Purpose<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Seed => f.write_str("seed"),
            Self::AppSecret { app, number } => write!(f, "app/{number}/{app}"),
            Self::Codes { administrator } => write!(f, "codes/{administrator}"),
        }
    }
}

fn cipher(key: &Secret) -> Option<XChaCha20Poly1305> {
    let key: [u8; KEY_BYTES] = key.expose().try_into().ok()?;
    Some(XChaCha20Poly1305::new(&Key::from(key)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::AppId;
    use proptest::prelude::*;

    fn keyring(lines: &str) -> Keyring {
        Keyring::parse(lines).unwrap()
    }

    fn line(id: &str, byte: u8) -> String {
        format!("{id}:{}\n", hex::encode([byte; KEY_BYTES]))
    }

    #[test]
    fn a_sealed_secret_opens_as_what_it_was_sealed_as_alone() {
        let (ring, secret) = (keyring(&line("a", 1)), Secret::new(*b"canary"));
        let app = AppId::new("forum").unwrap();
        let purpose = Purpose::AppSecret { app: &app, number: 1 };
        let sealed = ring.seal(&secret, purpose).unwrap();
        assert_eq!(ring.open(&sealed, purpose), Ok(secret.clone()));
        let other = AppId::new("other").unwrap();
        for wrong in [
            Purpose::Seed,
            Purpose::AppSecret { app: &app, number: 2 },
            Purpose::AppSecret { app: &other, number: 1 },
        ] {
            assert!(matches!(ring.open(&sealed, wrong), Err(UnsealError::WrongKey(_))), "{wrong}");
        }
        assert!(!sealed.to_text().contains(&hex::encode("canary")));
        assert_eq!(format!("{sealed:?} {:?}", SealedSecret::Plain(secret)), "[sealed with a] [redacted]");
    }

    #[test]
    fn an_older_key_opens_and_the_first_one_seals() {
        let old = keyring(&line("old", 1));
        let sealed = old.seal(&Secret::new(*b"seed"), Purpose::Seed).unwrap();
        let both = keyring(&format!("# the current one first\n{}{}", line("new", 2), line("old", 1)));
        assert_eq!(both.open(&sealed, Purpose::Seed).unwrap().expose(), b"seed");
        assert!(!both.is_current(&sealed));
        let again = both.seal(&Secret::new(*b"seed"), Purpose::Seed).unwrap();
        assert!(both.is_current(&again));
        assert_eq!(old.open(&again, Purpose::Seed), Err(UnsealError::UnknownKey(KeyId::new("new").unwrap())));
        let renamed = keyring(&line("old", 3));
        assert_eq!(
            renamed.open(&sealed, Purpose::Seed),
            Err(UnsealError::WrongKey(KeyId::new("old").unwrap()))
        );
    }

    #[test]
    fn without_a_key_a_secret_is_kept_as_it_is_and_later_opens_with_one() {
        let none = Keyring::default();
        let kept = none.seal(&Secret::new(*b"seed"), Purpose::Seed).unwrap();
        assert_eq!((kept.key(), kept.to_text().as_str()), (None, "plain:73656564"));
        assert!(none.is_current(&kept));
        let ring = keyring(&line("a", 1));
        assert_eq!(ring.open(&kept, Purpose::Seed).unwrap().expose(), b"seed");
        assert!(!ring.is_current(&kept));
    }

    #[test]
    fn keys_are_refused_by_their_place_and_without_their_content() {
        let canary = "c0ffee";
        for (text, error) in [
            ("", KeyError::None),
            ("# nothing\n\n", KeyError::None),
            (canary, KeyError::Line(1)),
            ("\n no key", KeyError::Line(2)),
            ("a b:00", KeyError::Id),
            ("a:c0ffee", KeyError::Length(KeyId::new("a").unwrap())),
        ] {
            let refused = Keyring::parse(text).unwrap_err();
            assert_eq!(refused, error, "{text}");
            assert!(!refused.to_string().contains(canary));
        }
        let twice = format!("{}{}", line("a", 1), line("a", 2));
        assert_eq!(Keyring::parse(&twice).unwrap_err(), KeyError::Twice(KeyId::new("a").unwrap()));
        let many: String = (0..=MOST_KEYS).map(|n| line(&format!("k{n}"), 1)).collect();
        assert_eq!(Keyring::parse(&many).unwrap_err(), KeyError::TooMany);
        assert_eq!(format!("{:?}", keyring(&line("a", 0xc0))), r#"["a"]"#);
    }

    proptest! {
        #[test]
        fn a_stored_text_is_read_back_and_a_changed_one_does_not_open(
            secret in prop::collection::vec(any::<u8>(), 0..64), at: prop::sample::Index, bit in 0..8u32,
        ) {
            let ring = keyring(&line("a", 7));
            let sealed = ring.seal(&Secret::new(secret.clone()), Purpose::Seed).unwrap();
            let text = sealed.to_text();
            prop_assert_eq!(text.parse::<SealedSecret>(), Ok(sealed.clone()));
            let SealedSecret::Sealed { key, nonce, mut bytes } = sealed else { unreachable!() };
            let at = at.index(bytes.len());
            bytes[at] ^= 1 << bit;
            let changed = SealedSecret::Sealed { key, nonce, bytes };
            prop_assert!(ring.open(&changed, Purpose::Seed).is_err());
            let plain = SealedSecret::Plain(Secret::new(secret));
            prop_assert_eq!(plain.to_text().parse::<SealedSecret>(), Ok(plain));
        }

        #[test]
        fn no_text_makes_reading_panic(text in ".{0,80}") {
            let _ = text.parse::<SealedSecret>();
            let _ = format!("xchacha20poly1305:{text}").parse::<SealedSecret>();
            let _ = Keyring::parse(&text);
        }
    }
}
