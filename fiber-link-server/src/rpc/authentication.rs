//! Who calls. Every failure looks the same from outside, and takes about the same time.

use super::error::RpcError;
use crate::api::Api;
use crate::metrics::SecretSource;
use axum::http::HeaderMap;
use fiber_link_core::{AppId, LiveSecret, Secret, Timestamp, signing};

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
    let read = || live_secrets(api, &claims.app);
    let secrets = api.secrets.find(&claims.app, now, read).await?;
    let mut signed_with = claims.signed_with(&secrets, body);
    if signed_with.is_none()
        && !secrets.is_empty()
        && let Some(secrets) = api.secrets.find_again(&claims.app, now, read).await?
    {
        signed_with = claims.signed_with(&secrets, body);
    }
    let signed_at = signed_at(claims.timestamp).filter(|at| signing::is_fresh(*at, now));
    let (Some(live), Some(signed_at)) = (signed_with, signed_at) else {
        return Err(RpcError::unauthorized());
    };
    if let Some(metrics) = &api.metrics {
        metrics.signature(SecretSource::of(&live));
    }
    if let LiveSecret { number: Some(number), is_late: true, .. } = live {
        api.link.count_late_use(&claims.app, number);
    }
    Ok(Caller { nonce: signing::nonce_digest(&live.secret, claims.nonce), signed_at, app: claims.app })
}

/// The live secrets of an app in the store; nothing if it is not there.
async fn live_secrets(api: &Api, app: &AppId) -> Result<Option<Vec<LiveSecret>>, RpcError> {
    let found = api.link.find_app(app).await.map_err(|error| RpcError::internal(&error))?;
    let live = found.map(|app| api.link.live_secrets(&app)).transpose();
    live.map_err(|error| RpcError::internal(&error))
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

    /// The secret that the request is signed with. An unknown app costs what a known one does.
    fn signed_with(&self, secrets: &[LiveSecret], body: &[u8]) -> Option<LiveSecret> {
        let fits =
            |secret: &Secret| signing::verify(secret, self.timestamp, self.nonce, body, self.signature);
        if secrets.is_empty() {
            fits(&Secret::new(*b"unknown"));
        }
        secrets.iter().find(|live| fits(&live.secret)).cloned()
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
