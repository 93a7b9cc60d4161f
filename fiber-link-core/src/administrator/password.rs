//! Passwords: kept as Argon2id hashes, which take their time to make and to compare.

use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Argon2, PasswordHash as Phc};
use std::fmt;
use std::sync::OnceLock;

/// The fewest characters of a password.
pub const PASSWORD_CHARACTERS: usize = 12;

/// The most bytes of a password.
pub const PASSWORD_BYTES: usize = 1_024;

/// A password: prints as `[redacted]`.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(Box<str>);

/// Why a password is none. Holds nothing of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// It is too short.
    #[error("a password must have at least {PASSWORD_CHARACTERS} characters, got {0}")]
    TooShort(usize),
    /// It is too long.
    #[error("a password must have at most {PASSWORD_BYTES} bytes, got {0}")]
    TooLong(usize),
    /// It could not be hashed: the operating system gave no randomness or no memory.
    #[error("the password could not be hashed")]
    Unhashed,
}

impl Password {
    /// Checks a password that somebody chose.
    ///
    /// # Errors
    /// [`PasswordError`] if it is too short or too long.
    pub fn new(text: &str) -> Result<Self, PasswordError> {
        let (characters, bytes) = (text.chars().count(), text.len());
        if characters < PASSWORD_CHARACTERS {
            return Err(PasswordError::TooShort(characters));
        }
        if bytes > PASSWORD_BYTES {
            return Err(PasswordError::TooLong(bytes));
        }
        Ok(Self(text.into()))
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// What is kept of a password: prints as `[redacted]`.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(Box<str>);

impl PasswordHash {
    /// Hashes a password. Takes tens of milliseconds of a processor and 19 MiB: not for an async thread.
    ///
    /// # Errors
    /// [`PasswordError::Unhashed`] without randomness or memory.
    pub fn of(password: &Password) -> Result<Self, PasswordError> {
        let hash = Argon2::default().hash_password(password.0.as_bytes());
        hash.map(|hash| Self(hash.to_string().into())).map_err(|_| PasswordError::Unhashed)
    }

    /// Whether `text` is the password. Takes as long as [`of`](Self::of).
    pub fn matches(&self, text: &str) -> bool {
        // Longer ones were never hashed, and would only cost time.
        let short_enough = text.len() <= PASSWORD_BYTES;
        let text = if short_enough { text } else { "" };
        let matches = Phc::new(&self.0)
            .is_ok_and(|hash| Argon2::default().verify_password(text.as_bytes(), &hash).is_ok());
        matches && short_enough
    }

    /// One that takes as long as any other and that nothing matches.
    pub(super) fn of_nobody() -> Self {
        static NOBODY: OnceLock<PasswordHash> = OnceLock::new();
        let made = || {
            let random = crate::Secret::random().map(|secret| hex::encode(secret.expose()));
            let password = random.ok().and_then(|text| Password::new(&text).ok());
            password.and_then(|password| Self::of(&password).ok()).unwrap_or_else(|| Self("".into()))
        };
        NOBODY.get_or_init(made).clone()
    }

    /// As it is stored: in the form that PHC's string format has.
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    /// As it was stored.
    pub(super) fn from_stored(text: &str) -> Self {
        Self(text.into())
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_matches_itself_alone_and_two_hashes_of_it_differ() {
        let password = Password::new("correct horse battery").unwrap();
        let hash = PasswordHash::of(&password).unwrap();
        assert!(hash.as_str().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", hash.as_str());
        assert!(hash.matches("correct horse battery"));
        assert!(!hash.matches("correct horse batterY") && !hash.matches(""));
        assert_ne!(PasswordHash::of(&password).unwrap(), hash);
        assert_eq!(format!("{hash:?} {password:?}"), "[redacted] [redacted]");
    }

    #[test]
    fn the_hash_of_nobody_matches_nothing() {
        assert!(PasswordHash::of_nobody().as_str().starts_with("$argon2id$"));
        assert!(!PasswordHash::of_nobody().matches(""));
        assert!(!PasswordHash::from_stored("").matches(""));
    }

    #[test]
    fn a_password_is_neither_short_nor_endless() {
        assert_eq!(Password::new("elevencharz"), Err(PasswordError::TooShort(11)));
        assert_eq!(Password::new("ä".repeat(11).as_str()), Err(PasswordError::TooShort(11)));
        assert_eq!(Password::new(&"x".repeat(1_025)), Err(PasswordError::TooLong(1_025)));
        let longest = "x".repeat(PASSWORD_BYTES);
        assert!(
            !PasswordHash::of(&Password::new(&longest).unwrap()).unwrap().matches(&format!("{longest}x"))
        );
    }
}
