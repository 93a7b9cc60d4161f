//! JSON-RPC 2.0: requests out, answers in.

use super::call::Call;

use serde_json::value::RawValue;

/// What the node answered to one call.
pub(crate) type Reply = Result<Box<RawValue>, RpcError>;

/// The node's error. Its `data` echoes what was sent, preimages included, and is never kept.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message} ({code})")]
pub(crate) struct RpcError {
    /// What kind of error.
    pub(crate) code: i64,
    /// Its text, cut at [`MESSAGE_BYTES`].
    pub(crate) message: String,
}

/// The most bytes of an error's text that are kept.
pub(crate) const MESSAGE_BYTES: usize = 1000;

/// Why bytes are no answer to what was asked. None of it holds anything of the bytes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ProtocolError {
    /// Not JSON, or not of the form of an answer.
    #[error("the answer is malformed")]
    Malformed,
    /// An answer to something else.
    #[error("the answer is to another call")]
    OtherId,
    /// One answer came for a whole batch: batches are refused here.
    #[error("the batch was refused: {0}")]
    BatchRefused(RpcError),
}

/// The body of a request: one call is an object, several are an array.
pub(crate) fn encode(calls: &[(u64, &Call)]) -> Vec<u8> {
    let _ = calls;
    Vec::new()
}

/// The answer to the call `id`.
pub(crate) fn decode_one(bytes: &[u8], id: u64) -> Result<Reply, ProtocolError> {
    let _ = (bytes, id);
    Err(ProtocolError::Malformed)
}

/// The answers to the calls `ids`, in that order; `None` where none came, or none that can be told
/// apart: an answer whose id is wrong or came twice is nobody's.
pub(crate) fn decode_batch(bytes: &[u8], ids: &[u64]) -> Result<Vec<Option<Reply>>, ProtocolError> {
    let _ = (bytes, ids);
    Err(ProtocolError::Malformed)
}
