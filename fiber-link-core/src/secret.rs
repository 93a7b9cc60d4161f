//! Bytes that must not be seen.

use std::fmt;

/// Secret bytes: prints as `[redacted]`.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Box<[u8]>);

/// The operating system gave no randomness.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the operating system gave no randomness")]
pub struct NoRandomness;

impl Secret {
    /// Keeps `bytes` secret.
    pub fn new(bytes: impl Into<Box<[u8]>>) -> Self {
        Self(bytes.into())
    }

    /// 32 random bytes from the operating system.
    ///
    /// # Errors
    /// [`NoRandomness`] if the operating system has none.
    pub fn random() -> Result<Self, NoRandomness> {
        Ok(Self::new(random_bytes::<32>()?))
    }

    /// The bytes themselves. Never log, print or send them.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

/// Random bytes from the operating system.
#[allow(clippy::disallowed_methods, reason = "the place where secrets are made")]
pub(crate) fn random_bytes<const N: usize>() -> Result<[u8; N], NoRandomness> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|_| NoRandomness)?;
    Ok(bytes)
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_prints_redacted_and_two_random_ones_differ() {
        assert_eq!(format!("{:?}", Secret::new(*b"canary")), "[redacted]");
        assert_ne!(Secret::random().unwrap().expose(), Secret::random().unwrap().expose());
    }
}
