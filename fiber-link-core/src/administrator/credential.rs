//! Sessions and tokens: random texts that prove who somebody is, of which the store has digests alone.

use crate::administrator::{Session, Token};
use crate::secret::random_bytes;
use crate::{AdministratorId, NoRandomness};
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use std::fmt;
use std::str::FromStr;

const SESSION: &str = "fls_";
const TOKEN: &str = "flt_";

/// What kind of credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CredentialKind {
    /// A session of a browser, made by logging in.
    Session,
    /// A personal token, for scripts.
    Token,
}

/// A text that proves who somebody is: prints as `[redacted]`.
#[derive(Clone, PartialEq, Eq)]
pub struct Credential {
    kind: CredentialKind,
    administrator: AdministratorId,
    secret: [u8; 32],
}

/// The text is no credential. Holds nothing of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it is no token: one begins with `{TOKEN}` and 96 hexadecimal digits follow")]
pub struct NoCredential;

impl Credential {
    /// A new one for an administrator.
    pub(crate) fn random(kind: CredentialKind, administrator: AdministratorId) -> Result<Self, NoRandomness> {
        Ok(Self { kind, administrator, secret: random_bytes()? })
    }

    /// Which kind it is.
    pub const fn kind(&self) -> CredentialKind {
        self.kind
    }

    /// Whose it says it is.
    pub const fn administrator(&self) -> AdministratorId {
        self.administrator
    }

    /// The text itself. Never log it, and show it to its owner once.
    pub fn expose(&self) -> String {
        let prefix = match self.kind {
            CredentialKind::Session => SESSION,
            CredentialKind::Token => TOKEN,
        };
        format!("{prefix}{}{}", hex::encode(self.administrator.as_bytes()), hex::encode(self.secret))
    }

    /// What a page of this session has to send with each change, so that no other page can: only who
    /// knows the session can know it.
    pub fn csrf_token(&self) -> String {
        self.csrf_mac().map(|mac| hex::encode(mac.finalize().into_bytes())).unwrap_or_default()
    }

    /// Whether `text` is the [`csrf_token`](Self::csrf_token); takes as long whatever it is.
    pub fn is_csrf_token(&self, text: &str) -> bool {
        let mut bytes = [0; 32];
        let read = hex::decode_to_slice(text, &mut bytes).is_ok();
        read && self.csrf_mac().is_some_and(|mac| mac.verify_slice(&bytes).is_ok())
    }

    fn csrf_mac(&self) -> Option<Hmac<Sha256>> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.secret).ok()?;
        mac.update(b"csrf");
        Some(mac)
    }

    /// What the store keeps of it.
    pub(crate) fn digest(&self) -> CredentialDigest {
        CredentialDigest(Sha256::digest(self.secret).into())
    }
}

impl FromStr for Credential {
    type Err = NoCredential;

    fn from_str(text: &str) -> Result<Self, NoCredential> {
        let session = text.strip_prefix(SESSION).map(|rest| (CredentialKind::Session, rest));
        let token = || text.strip_prefix(TOKEN).map(|rest| (CredentialKind::Token, rest));
        let (kind, rest) = session.or_else(token).ok_or(NoCredential)?;
        let (id, secret) = rest.split_at_checked(32).ok_or(NoCredential)?;
        let (mut administrator, mut bytes) = ([0; 16], [0; 32]);
        hex::decode_to_slice(id, &mut administrator).map_err(|_| NoCredential)?;
        hex::decode_to_slice(secret, &mut bytes).map_err(|_| NoCredential)?;
        Ok(Self { kind, administrator: AdministratorId::from_bytes(administrator), secret: bytes })
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// What is kept of a credential. It is of no use to whoever reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CredentialDigest([u8; 32]);

impl CredentialDigest {
    pub(crate) fn to_text(self) -> String {
        hex::encode(self.0)
    }

    pub(crate) fn from_text(text: &str) -> Option<Self> {
        let mut digest = [0; 32];
        hex::decode_to_slice(text, &mut digest).ok()?;
        Some(Self(digest))
    }
}

/// The session or token that a credential belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Holding<'a> {
    Session(&'a Session),
    Token(&'a Token),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_credential_is_read_as_it_is_shown_and_prints_redacted() {
        for kind in [CredentialKind::Session, CredentialKind::Token] {
            let credential = Credential::random(kind, AdministratorId::of("ann@example.org")).unwrap();
            assert_eq!(credential.expose().parse(), Ok(credential.clone()));
            assert_eq!(format!("{credential:?}"), "[redacted]");
            assert!(!credential.expose().contains(&credential.digest().to_text()));
            assert!(!credential.expose().contains(&credential.csrf_token()));
            assert!(credential.is_csrf_token(&credential.csrf_token()));
            let other = Credential::random(kind, credential.administrator()).unwrap();
            assert!(!credential.is_csrf_token(&other.csrf_token()) && !credential.is_csrf_token(""));
        }
    }

    #[test]
    fn other_texts_are_none() {
        let good = Credential::random(CredentialKind::Token, AdministratorId::of("a@b")).unwrap().expose();
        let longer = format!("{good}0");
        for text in ["", "flt_", &good[1..], &good[..99], &longer, &good.replace("flt", "flx"), "flt_äöü"]
        {
            assert_eq!(text.parse::<Credential>(), Err(NoCredential), "{text}");
        }
    }
}
