//! What the node's answers mean, in the words of the core.
//!
//! An answer that is not understood is [`NodeError::NoAnswer`]. Nothing of its bytes goes into an
//! error: preimages pass here.

mod channel;
mod invoice;
mod node_info;
mod payment;
mod script;

pub(crate) use channel::{liquidity, pending_tlcs};
pub(crate) use invoice::{cancel_invoice, invoice, new_invoice, parse_invoice};
pub(crate) use node_info::node_info;
pub use payment::PaymentPage;
pub(crate) use payment::{list_payments, payment, send_payment};

use super::envelope::{ProtocolError, Reply, RpcError};
use crate::NodeError;
use serde::Deserialize;
use serde_json::value::RawValue;

/// What the node itself says about a call; what it means is in its message alone.
const CALL_FAILED: i64 = -32000;
/// The parameters are not those of the method.
const INVALID_PARAMS: i64 = -32602;
/// The method is known and not compiled in.
const METHOD_NOT_FOUND: i64 = -32601;
/// No request that the node takes.
const INVALID_REQUEST: i64 = -32600;
/// The token lacks the right, or the method is unknown.
const UNAUTHORIZED: i64 = -32999;

/// The node's answer is of no use.
#[derive(Debug, thiserror::Error)]
enum Unusable {
    #[error("{method}: {cause}")]
    Protocol { method: &'static str, cause: ProtocolError },
    #[error("{method}: {error}")]
    Rpc { method: &'static str, error: RpcError },
}

/// Reads the result of `method`.
fn read<'a, T: Deserialize<'a>>(method: &'static str, result: &'a RawValue) -> Result<T, NodeError> {
    serde_json::from_str(result.get()).map_err(|_| malformed(method))
}

fn malformed(method: &'static str) -> NodeError {
    NodeError::NoAnswer(Box::new(Unusable::Protocol { method, cause: ProtocolError::Malformed }))
}

fn about_another(method: &'static str) -> NodeError {
    NodeError::NoAnswer(Box::new(Unusable::Protocol { method, cause: ProtocolError::OtherCall }))
}

/// An error that says nothing about what was asked. Some are given before the node looks at the
/// call, so that it did nothing: those are refusals. Of all others it is not known.
fn failed(method: &'static str, error: RpcError) -> NodeError {
    let refused = |reason: &str| NodeError::Refused { reason: format!("{method}: {reason}") };
    match error.code() {
        UNAUTHORIZED => refused("the token does not allow it, or the node does not know the method"),
        METHOD_NOT_FOUND => refused("the node does not offer it"),
        INVALID_PARAMS | INVALID_REQUEST => refused("the node does not take the request"),
        _ => NodeError::NoAnswer(Box::new(Unusable::Rpc { method, error })),
    }
}

/// The result of a call whose errors have no meaning of their own.
fn result_of(method: &'static str, reply: Reply) -> Result<Box<RawValue>, NodeError> {
    reply.map_err(|error| failed(method, error))
}
