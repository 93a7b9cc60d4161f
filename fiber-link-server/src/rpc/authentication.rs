//! Who calls. Every failure looks the same from outside, and takes about the same time.

use super::error::RpcError;
use crate::api::Api;
use axum::http::HeaderMap;
use fiber_link_core::{AppId, Secret, StoreError, Timestamp, signing};

/// The longest nonce.
const LONGEST_NONCE: usize = 128;

/// A caller whose signature is right. The nonce is not used up yet.
#[derive(Debug)]
pub(super) struct Caller {
    pub(super) app: AppId,
    /// What the nonce is remembered by.
    pub(super) nonce: [u8; 32],
    pub(super) signed_at: Timestamp,
}

/// The four headers.
struct Claims<'a> {
    app: AppId,
    timestamp: &'a str,
    nonce: &'a str,
    signature: &'a str,
}

/// Checks headers, secret, time and signature, in this order.
pub(super) async fn authenticate(api: &Api, headers: &HeaderMap, body: &[u8]) -> Result<Caller, RpcError> {
    let claims = Claims::read(headers).ok_or_else(RpcError::unauthorized)?;
    let now = api.link.clock().now();
    let secret = api.secrets.find(&claims.app, now, || newest_secret(api, &claims.app)).await;
    let secret = secret.map_err(|error| RpcError::internal(&error))?;
    let Some(secret) = secret else {
        // An unknown app costs what a known one does.
        let _ = claims.verify(&Secret::new(*b"unknown"), body);
        return Err(RpcError::unauthorized());
    };
    let signed_at = signed_at(claims.timestamp).filter(|at| signing::is_fresh(*at, now));
    let right = claims.verify(&secret, body);
    match signed_at {
        Some(signed_at) if right => {
            Ok(Caller { nonce: signing::nonce_digest(&secret, claims.nonce), signed_at, app: claims.app })
        }
        Some(_) | None => Err(RpcError::unauthorized()),
    }
}

/// The newest secret of an app that is registered, if it lets anybody in.
async fn newest_secret(api: &Api, app: &AppId) -> Result<Option<Option<Secret>>, StoreError> {
    let Some(app) = api.link.find_app(app).await? else { return Ok(None) };
    let live = api.link.live_secrets(&app).map_err(StoreError::backend)?;
    Ok(Some(live.into_iter().next().map(|newest| newest.secret)))
}

impl<'a> Claims<'a> {
    fn read(headers: &'a HeaderMap) -> Option<Self> {
        let header = |name| headers.get(name)?.to_str().ok();
        let nonce = header("x-nonce")?;
        let nonce_is_right =
            (1..=LONGEST_NONCE).contains(&nonce.len()) && nonce.bytes().all(|b| b.is_ascii_graphic());
        Some(Self {
            app: AppId::new(header("x-app-id")?).ok()?,
            timestamp: header("x-ts")?,
            nonce: nonce_is_right.then_some(nonce)?,
            signature: header("x-signature")?,
        })
    }

    fn verify(&self, secret: &Secret, body: &[u8]) -> bool {
        signing::verify(secret, self.timestamp, self.nonce, body, self.signature)
    }
}

fn signed_at(text: &str) -> Option<Timestamp> {
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    digits.then(|| text.parse().ok())?.map(Timestamp::from_seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_digits_alone() {
        assert_eq!(signed_at("1760000000"), Some(Timestamp::from_seconds(1_760_000_000)));
        for text in ["", "+1", "-1", " 1", "1.0", "1e9", "0x1", "99999999999999999999"] {
            assert_eq!(signed_at(text), None, "{text}");
        }
    }
}
