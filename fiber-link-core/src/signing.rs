//! Request signatures, for both ends of the wire.
//!
//! A signature is lower-case hex of HMAC-SHA256 under the app's secret over
//! `timestamp + "." + nonce + "." + raw body bytes`.

use crate::{Secret, Timestamp};
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use std::time::Duration;

/// How far a request's timestamp may be from our clock, either way.
pub const FRESHNESS: Duration = Duration::from_secs(300);

/// How long after its timestamp a nonce is remembered: longer than any request with it is fresh.
pub const NONCE_MEMORY: Duration = Duration::from_secs(600);

/// The signature of a request.
///
/// `timestamp` is the text of the `x-ts` header, in Unix seconds.
pub fn sign(secret: &Secret, timestamp: &str, nonce: &str, body: &[u8]) -> String {
    hex::encode(mac(secret, &message(timestamp, nonce, body)).finalize().into_bytes())
}

/// Whether `signature` is the signature of the request; compared in constant time.
///
/// Anything but 64 lower-case hex digits is simply wrong.
pub fn verify(secret: &Secret, timestamp: &str, nonce: &str, body: &[u8], signature: &str) -> bool {
    let mut bytes = [0; 32];
    let lower_case = !signature.bytes().any(|b| b.is_ascii_uppercase());
    let decoded = hex::decode_to_slice(signature, &mut bytes).is_ok();
    lower_case && decoded && mac(secret, &message(timestamp, nonce, body)).verify_slice(&bytes).is_ok()
}

/// Whether a request signed at `signed_at` is fresh at `now`.
pub fn is_fresh(signed_at: Timestamp, now: Timestamp) -> bool {
    now.since(signed_at) <= FRESHNESS && signed_at.since(now) <= FRESHNESS
}

/// What a nonce is remembered by: it is unique over all apps that share a secret.
pub fn nonce_digest(secret: &Secret, nonce: &str) -> [u8; 32] {
    let mut digest = Sha256::new();
    digest.update(Sha256::digest(secret.expose()));
    digest.update(nonce);
    digest.finalize().into()
}

pub(crate) fn hmac_sha256(secret: &Secret, parts: &[&[u8]]) -> [u8; 32] {
    mac(secret, parts).finalize().into_bytes().into()
}

fn message<'a>(timestamp: &'a str, nonce: &'a str, body: &'a [u8]) -> [&'a [u8]; 5] {
    [timestamp.as_bytes(), b".", nonce.as_bytes(), b".", body]
}

fn mac(secret: &Secret, parts: &[&[u8]]) -> Hmac<Sha256> {
    #[allow(clippy::expect_used, reason = "HMAC takes keys of every length")]
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.expose()).expect("any key length");
    parts.iter().for_each(|part| mac.update(part));
    mac
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;

    const VECTORS: [(&str, &str, &str, &str, &str); 3] = [
        (
            "fiber-link-test-secret",
            "1760000000",
            "nonce-0001",
            r#"{"jsonrpc":"2.0","id":"vec-1","method":"tip.create","params":{"postId":"42","fromUserId":"7","toUserId":"9","asset":"CKB","amount":"1.5","message":"héllo ✓"}}"#,
            "36cd2392fa6f2f159d0e0115ec1f5e80d61edff55588dc1585f2fa76f1675ae0",
        ),
        (
            "replace-with-lookup",
            "1760000000",
            "abc123",
            r#"{"jsonrpc":"2.0","id":1,"method":"health.ping","params":{}}"#,
            "d953af75f400577a5c859399e23192ee8d8e011d816bded332cb58dae300642c",
        ),
        ("k", "1700000000", "0", "{}", "9e976340f9ffe86d6fe6a7aa2f426697933514b985799a42316d00318334d4eb"),
    ];

    #[test]
    fn the_vectors_of_the_contract() {
        for (secret, timestamp, nonce, body, expected) in VECTORS {
            let secret = Secret::new(secret.as_bytes());
            assert_eq!(sign(&secret, timestamp, nonce, body.as_bytes()), expected);
            assert!(verify(&secret, timestamp, nonce, body.as_bytes(), expected));
        }
    }

    #[test]
    fn anything_else_is_wrong() {
        let (secret, timestamp, nonce, body, right) = VECTORS[2];
        let secret = Secret::new(secret.as_bytes());
        let check = |signature: &str| verify(&secret, timestamp, nonce, body.as_bytes(), signature);
        let flipped = format!("{}c", &right[..63]);
        let long = format!("{right}00");
        for wrong in ["", "zz", &right[..62], &long, &right.to_uppercase(), &flipped, "é"] {
            assert!(!check(wrong), "{wrong:?}");
        }
        assert!(!verify(&secret, "1700000001", nonce, body.as_bytes(), right));
        assert!(!verify(&secret, timestamp, "1", body.as_bytes(), right));
        assert!(!verify(&secret, timestamp, nonce, b"{ }", right));
        assert!(!verify(&Secret::new(*b"j"), timestamp, nonce, body.as_bytes(), right));
    }

    #[test]
    fn fresh_is_five_minutes_either_way() {
        let at = Timestamp::from_seconds;
        for (signed, fresh) in [(1_000, true), (700, true), (699, false), (1_300, true), (1_301, false)] {
            assert_eq!(is_fresh(at(signed), at(1_000)), fresh, "{signed}");
        }
    }

    #[test]
    fn a_nonce_is_told_apart_by_secret_not_by_app() {
        let (a, b) = (Secret::new(*b"a"), Secret::new(*b"b"));
        assert_eq!(nonce_digest(&a, "1"), nonce_digest(&a, "1"));
        assert_ne!(nonce_digest(&a, "1"), nonce_digest(&b, "1"));
        assert_ne!(nonce_digest(&a, "1"), nonce_digest(&a, "2"));
    }
    proptest! {
        #[test]
        fn a_signature_is_right_for_what_was_signed_alone(
            secret in vec(any::<u8>(), 0..200),
            timestamp in "[0-9]{0,12}",
            nonce in "[!-~]{0,20}",
            body in vec(any::<u8>(), 0..80),
            other in (vec(any::<u8>(), 0..200), "[0-9]{0,12}", "[!-~]{0,20}", vec(any::<u8>(), 0..80)),
            change in 0..4,
        ) {
            let right = sign(&Secret::new(secret.clone()), &timestamp, &nonce, &body);
            prop_assert!(verify(&Secret::new(secret.clone()), &timestamp, &nonce, &body, &right));
            let signed = |timestamp: &str, nonce: &str, body: &[u8]| {
                [timestamp.as_bytes(), b".", nonce.as_bytes(), b".", body].concat()
            };
            let before = signed(&timestamp, &nonce, &body);
            // HMAC fills a short key up with zeros.
            let padded = |secret: &[u8]| [secret, &[0; 64]].concat()[..64.max(secret.len())].to_vec();
            let (mut secret, mut timestamp, mut nonce, mut body) = (secret, timestamp, nonce, body);
            let same_secret = change != 0 || padded(&secret) == padded(&other.0);
            match change {
                0 => secret = other.0,
                1 => timestamp = other.1,
                2 => nonce = other.2,
                _ => body = other.3,
            }
            let same = same_secret && signed(&timestamp, &nonce, &body) == before;
            prop_assert_eq!(verify(&Secret::new(secret), &timestamp, &nonce, &body, &right), same);
        }

        #[test]
        fn a_signature_is_written_in_one_way_alone(
            at in any::<prop::sample::Index>(), cut in 0usize..3, with in "[0-9a-fA-F]{0,3}|\\PC{0,3}|.{0,3}", any in ".{0,70}",
        ) {
            let secret = Secret::new(*b"k");
            let right = sign(&secret, "1", "n", b"{}");
            let mut text = right.clone();
            let at = at.index(text.len() + 1);
            text.replace_range(at..text.len().min(at + cut), &with);
            for text in [text, any] {
                prop_assert_eq!(verify(&secret, "1", "n", b"{}", &text), text == right);
            }
        }
    }
}
