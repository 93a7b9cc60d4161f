//! Why settings are refused.

use super::{DEFAULT_FILE, SECRET_MAP};
use fiber_link_core::KeyError;
use fiber_link_core::fnn::InvalidToken;
use std::fmt;
use std::path::PathBuf;

/// The names of one setting. All three follow from the flag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Name(pub(super) &'static str);

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = self.0.replace('-', "_");
        write!(f, "--{} (FIBER_LINK_{}, {key} in {DEFAULT_FILE})", self.0, key.to_uppercase())
    }
}

/// Why settings were refused.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// A value that is not allowed.
    #[error("{name}: got {value:?}, allowed is {allowed}")]
    Wrong {
        /// Which setting.
        name: Name,
        /// What came.
        value: String,
        /// What is allowed.
        allowed: String,
    },
    /// A value that is not allowed, and never shown.
    #[error("{name}: what was given is not shown, allowed is {allowed}")]
    NotShown {
        /// Which setting.
        name: Name,
        /// What is allowed.
        allowed: String,
    },
    /// A setting that the command needs.
    #[error("{name} is needed: {allowed}")]
    Missing {
        /// Which setting.
        name: Name,
        /// What is allowed.
        allowed: &'static str,
    },
    /// The settings file cannot be read.
    #[error("cannot read the settings file {path}")]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// Something in the settings file is wrong.
    #[error("settings file {path}: {message}")]
    File {
        /// Which file.
        path: PathBuf,
        /// What is wrong.
        message: String,
    },
    /// The file with the address of the store cannot be read.
    #[error("cannot read the address of the store from {path}")]
    UnreadableStore {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A token file cannot be read.
    #[error("cannot read the token file {path}")]
    UnreadableToken {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A token file holds no token. What it holds is never shown.
    #[error("token file {path}")]
    Token {
        /// Which file.
        path: PathBuf,
        /// What is wrong.
        #[source]
        source: InvalidToken,
    },
    /// The key file cannot be read.
    #[error("cannot read the key file {path}")]
    UnreadableKeys {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The key file holds no keys. What it holds is never shown.
    #[error("key file {path}")]
    Keys {
        /// Which file.
        path: PathBuf,
        /// What is wrong.
        #[source]
        source: KeyError,
    },
    /// A file holds no token of an administrator.
    #[error("--token-file (FIBER_LINK_TOKEN_FILE): {path} holds no personal token: one begins with `flt_`")]
    NoToken {
        /// Which file.
        path: PathBuf,
    },
    /// Secrets are to be kept in a database, and there is no key to seal them with.
    #[error("--key-file (FIBER_LINK_KEY_FILE) is needed on Postgres: secrets are kept sealed there")]
    NoKey,
    /// Secrets of the environment are off, and there are some.
    #[error(
        "{SECRET_MAP} is set although --env-secrets is off: take it out of the environment, or turn it on"
    )]
    EnvSecretsAreSet,
    /// The map of secrets is wrong. It is never shown.
    #[error("{SECRET_MAP}: {0}; allowed is a JSON object that maps names of apps to their secrets")]
    SecretMap(String),
}
