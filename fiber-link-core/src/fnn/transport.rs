//! One request and its answer, on the way to one node under one token.

use super::call::Call;
use super::envelope::{self, ProtocolError, Reply};
use super::options::{FnnOptions, NodeUrl, Token};
use super::{CallError, OpenFnnNodeError};
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::{Client, Response, StatusCode, redirect, retry};
use rustls_platform_verifier::BuilderVerifierExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::time::{Instant, timeout_at};
use tokio_rustls::rustls::{self, ClientConfig, RootCertStore};

/// The longest answer to one call: a node with thousands of channels.
const LONGEST_ANSWER: usize = 4 << 20;
/// The longest answer to a batch.
const LONGEST_BATCH_ANSWER: usize = 16 << 20;
/// A connection that was idle for longer is not used again: the other end may be closing it.
const IDLE: Duration = Duration::from_secs(15);
const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// Why there is no usable answer to a request. None of it holds anything of the bytes, nor the
/// address.
#[derive(Debug, thiserror::Error)]
pub(super) enum TransportError {
    #[error("the node cannot be reached")]
    Unreachable(#[source] reqwest::Error),
    #[error("the connection broke before the answer was complete")]
    Broken(#[source] reqwest::Error),
    #[error("the node did not answer in time")]
    TimedOut,
    #[error("the answer has the HTTP status {0}")]
    Status(StatusCode),
    #[error("the answer is not JSON")]
    NotJson,
    #[error("the answer is longer than {0} bytes")]
    TooLong(usize),
}

impl From<reqwest::Error> for TransportError {
    fn from(error: reqwest::Error) -> Self {
        let error = error.without_url();
        if error.is_timeout() {
            Self::TimedOut
        } else if error.is_connect() {
            Self::Unreachable(error)
        } else {
            Self::Broken(error)
        }
    }
}

/// Whether connections are used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Connections {
    /// Kept alive, for questions. One that the node closed meanwhile is noticed before the request
    /// is written, and then another is taken; after its first byte no request is written again.
    Kept,
    /// One per request, for what is not safe to repeat: no request can meet a connection that is
    /// just being closed, and nothing beneath us ever writes it a second time.
    Fresh,
}

/// The way to one node under one token. What it asks with goes out once and is never repeated.
#[derive(Debug)]
pub(super) struct Transport {
    client: Client,
    url: NodeUrl,
    next_id: AtomicU64,
}

impl Transport {
    pub(super) fn new(
        options: &FnnOptions,
        token: Option<&Token>,
        connections: Connections,
    ) -> Result<Self, OpenFnnNodeError> {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, JSON);
        if let Some(token) = token {
            headers.insert(AUTHORIZATION, token.header()?);
        }
        let idle = match connections {
            Connections::Kept => options.requests_at_a_time,
            Connections::Fresh => 0,
        };
        // No proxy from the environment, no redirect: the token goes to the node that was named.
        let client = Client::builder()
            .tls_backend_preconfigured(tls(&options.url)?)
            .default_headers(headers)
            .connect_timeout(options.connect_timeout)
            .read_timeout(options.read_timeout)
            .pool_max_idle_per_host(idle)
            .pool_idle_timeout(IDLE)
            .redirect(redirect::Policy::none())
            .referer(false)
            .retry(retry::never())
            .no_proxy()
            .build()
            .map_err(|error| OpenFnnNodeError::Client(Box::new(error.without_url())))?;
        Ok(Self { client, url: options.url.clone(), next_id: AtomicU64::new(1) })
    }

    /// One call in a request of its own.
    pub(super) async fn call(&self, call: &Call, deadline: Instant) -> Result<Reply, CallError> {
        let id = self.next_id();
        let answer = self.post(envelope::encode(&[(id, call)]), LONGEST_ANSWER, deadline).await?;
        Ok(envelope::decode_one(&answer, id)?)
    }

    /// Several calls in one request: their answers in the same order, `None` where one is missing.
    pub(super) async fn batch(
        &self,
        calls: &[&Call],
        deadline: Instant,
    ) -> Result<Vec<Option<Reply>>, BatchError> {
        let numbered: Vec<(u64, &Call)> = calls.iter().map(|call| (self.next_id(), *call)).collect();
        let ids: Vec<u64> = numbered.iter().map(|(id, _)| *id).collect();
        match self.post(envelope::encode(&numbered), LONGEST_BATCH_ANSWER, deadline).await {
            Ok(answer) => Ok(envelope::decode_batch(&answer, &ids)?),
            Err(TransportError::Status(status)) if refuses_batches(status) => Err(BatchError::Refused),
            Err(error) => Err(BatchError::Failed(error.into())),
        }
    }

    fn next_id(&self) -> u64 {
        self.next_id.fetch_add(1, Ordering::Relaxed)
    }

    async fn post(&self, body: Vec<u8>, bound: usize, deadline: Instant) -> Result<Vec<u8>, TransportError> {
        let exchange = async {
            let request = self.client.post(self.url.as_url().clone()).body(body);
            read(request.send().await?, bound).await
        };
        timeout_at(deadline, exchange).await.unwrap_or(Err(TransportError::TimedOut))
    }
}

/// Why a batch was not answered.
#[derive(Debug)]
pub(super) enum BatchError {
    /// Something on the way takes no batches: nothing of this one was done.
    Refused,
    Failed(CallError),
}

impl From<ProtocolError> for BatchError {
    fn from(error: ProtocolError) -> Self {
        match error {
            ProtocolError::BatchRefused(_) => Self::Refused,
            ProtocolError::Malformed | ProtocolError::OtherCall => Self::Failed(error.into()),
        }
    }
}

/// Whether `status` is what a proxy says that does not like the form of a request, and not
/// something that a single call would be told as well.
fn refuses_batches(status: StatusCode) -> bool {
    let of_every_call = [
        StatusCode::UNAUTHORIZED,
        StatusCode::FORBIDDEN,
        StatusCode::REQUEST_TIMEOUT,
        StatusCode::TOO_MANY_REQUESTS,
    ];
    status.is_client_error() && !of_every_call.contains(&status)
}

async fn read(mut response: Response, bound: usize) -> Result<Vec<u8>, TransportError> {
    if response.status() != StatusCode::OK {
        return Err(TransportError::Status(response.status()));
    }
    if !response.headers().get(CONTENT_TYPE).is_some_and(is_json) {
        return Err(TransportError::NotJson);
    }
    let announced = response.content_length().unwrap_or(0);
    if announced > u64::try_from(bound).unwrap_or(u64::MAX) {
        return Err(TransportError::TooLong(bound));
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if body.len().saturating_add(chunk.len()) > bound {
            return Err(TransportError::TooLong(bound));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// `application/json`, with or without parameters.
fn is_json(content_type: &HeaderValue) -> bool {
    let essence = content_type.as_bytes().split(|byte| *byte == b';').next().unwrap_or_default();
    essence.trim_ascii().eq_ignore_ascii_case(JSON.as_bytes())
}

/// TLS with the certificates that the machine trusts. Where the address is not encrypted none are
/// loaded, so that none need be there.
pub(super) fn tls(url: &NodeUrl) -> Result<ClientConfig, OpenFnnNodeError> {
    let broken = |error: rustls::Error| OpenFnnNodeError::Client(Box::new(error));
    let builder = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(broken)?;
    let builder = if url.is_encrypted() {
        builder.with_platform_verifier().map_err(broken)?
    } else {
        builder.with_root_certificates(RootCertStore::empty())
    };
    Ok(builder.with_no_client_auth())
}
