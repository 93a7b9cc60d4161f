//! Codes that change every half minute (RFC 6238), beside the password.

use crate::secret::random_bytes;
use crate::{NoRandomness, Secret, Timestamp};
use totp_rs::{Builder, Totp};

/// Who issues the codes, as the app that shows them names it.
const ISSUER: &str = "Fiber Link";

/// A new secret for codes: 20 bytes, which every app that shows codes takes.
pub(super) fn new_secret() -> Result<Secret, NoRandomness> {
    Ok(Secret::new(random_bytes::<20>()?))
}

/// The secret as an address that an app for codes reads, mostly from a QR code. It is secret.
pub(super) fn address(secret: &Secret, email: &str) -> Option<String> {
    let builder = builder(secret).with_account_name(email).with_issuer(Some(ISSUER));
    builder.build().ok()?.to_url().ok()
}

/// The step of time that `code` belongs to, if it is one of now, of half a minute ago, or of the next
/// half minute. Each step is good once, which the caller sees to.
pub(super) fn step_of(secret: &Secret, code: &str, now: Timestamp) -> Option<u64> {
    let codes: Totp = builder(secret).build().ok()?;
    codes.check(code.trim(), now.as_millis() / 1000)
}

fn builder(secret: &Secret) -> Builder {
    Builder::new().with_secret(secret.expose().to_vec())
}

#[cfg(test)]
pub(super) fn code_at(secret: &Secret, at: Timestamp) -> String {
    builder(secret).build().unwrap().generate(at.as_millis() / 1000).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6238, appendix B, for SHA-1: the last six of eight digits.
    #[test]
    fn codes_are_those_of_the_standard() {
        let secret = Secret::new(*b"12345678901234567890");
        for (seconds, code) in [(59, "287082"), (1_111_111_109, "081804"), (20_000_000_000, "353130")] {
            let now = Timestamp::from_seconds(seconds);
            assert_eq!(step_of(&secret, code, now), Some(seconds / 30));
            assert_eq!(code_at(&secret, now), code);
        }
    }

    #[test]
    fn a_code_of_long_ago_or_of_another_form_is_none() {
        let secret = Secret::new(*b"12345678901234567890");
        let now = Timestamp::from_seconds(1_111_111_109);
        assert!(step_of(&secret, "081804", Timestamp::from_seconds(1_111_111_200)).is_none());
        for code in ["", "81804", "0818040", "o81804", "08 1804x", "😀"] {
            assert_eq!(step_of(&secret, code, now), None, "{code}");
        }
    }

    #[test]
    fn the_address_names_issuer_and_account() {
        let address = address(&Secret::new(*b"12345678901234567890"), "ann@example.org").unwrap();
        assert!(address.starts_with("otpauth://totp/Fiber%20Link:ann%40example.org?"), "{address}");
        assert!(address.contains("secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"), "{address}");
    }
}
