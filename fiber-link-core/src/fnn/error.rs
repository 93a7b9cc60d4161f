//! Why there is no client, or no answer.

use super::envelope::ProtocolError;
use super::options::InvalidToken;
use super::transport::TransportError;
use crate::NodeError;
use std::error::Error;
use std::sync::Arc;

/// Why a client could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenFnnNodeError {
    /// It was made outside of a tokio runtime.
    #[error("the client of a node needs a tokio runtime")]
    NoRuntime,
    /// A token cannot be sent.
    #[error(transparent)]
    InvalidToken(#[from] InvalidToken),
    /// Encryption is not to be had, for instance because this machine trusts no certificate.
    #[error("the client of the node cannot be set up")]
    Client(#[source] Box<dyn Error + Send + Sync>),
}

/// Why a call has no usable answer. Callers who shared a request share its error.
#[derive(Clone, Debug, thiserror::Error)]
pub(super) enum CallError {
    #[error("too many calls wait for the node: this one was not sent")]
    Full,
    #[error("the node did not answer in time")]
    TimedOut,
    #[error("the answer to a batch leaves this call out")]
    LeftOut,
    #[error("the process is stopping")]
    Stopped,
    #[error(transparent)]
    Transport(Arc<TransportError>),
    #[error(transparent)]
    Protocol(#[from] ProtocolError),
}

impl From<TransportError> for CallError {
    fn from(error: TransportError) -> Self {
        match error {
            TransportError::TimedOut => Self::TimedOut,
            TransportError::Unreachable(_)
            | TransportError::Broken(_)
            | TransportError::Status(_)
            | TransportError::NotJson
            | TransportError::TooLong(_) => Self::Transport(Arc::new(error)),
        }
    }
}

impl From<CallError> for NodeError {
    fn from(error: CallError) -> Self {
        Self::NoAnswer(Box::new(error))
    }
}
