//! What callers are told went wrong. Causes stay in the log.

use fiber_link_core::Paused;
use serde::Serialize;
use serde_json::{Value, json};
use std::borrow::Cow;

/// A JSON-RPC error.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct RpcError {
    code: i32,
    message: Cow<'static, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<Value>,
}

/// Tells it from a tip that is not found: the code is the same.
const WITHDRAWAL_NOT_FOUND: &str = "Withdrawal not found";

/// Errors that the earlier service did not have. Each has a stable name in `data.reason`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    /// The key was used for a request that meant something else.
    IdempotencyConflict,
    /// The node does not answer.
    NodeUnavailable,
    /// The node answered no.
    NodeRefused,
}

impl Reason {
    const fn parts(self) -> (i32, &'static str, &'static str) {
        match self {
            Self::IdempotencyConflict => {
                (-32010, "Idempotency key was used for another request", "IDEMPOTENCY_CONFLICT")
            }
            Self::NodeUnavailable => (-32011, "Fiber node is not available", "NODE_UNAVAILABLE"),
            Self::NodeRefused => (-32012, "Fiber node refused", "NODE_REFUSED"),
        }
    }
}

impl RpcError {
    const fn plain(code: i32, message: &'static str) -> Self {
        Self { code, message: Cow::Borrowed(message), data: None }
    }

    pub(crate) const fn parse_error() -> Self {
        Self::plain(-32700, "Parse error")
    }

    pub(crate) const fn invalid_request() -> Self {
        Self::plain(-32600, "Invalid Request")
    }

    pub(crate) const fn method_not_found() -> Self {
        Self::plain(-32601, "Method not found")
    }

    pub(crate) const fn unauthorized() -> Self {
        Self::plain(-32001, "Unauthorized")
    }

    pub(crate) const fn tip_not_found() -> Self {
        Self::plain(-32004, "Tip not found")
    }

    pub(crate) const fn withdrawal_not_found() -> Self {
        Self::plain(-32004, WITHDRAWAL_NOT_FOUND)
    }

    pub(crate) const fn rate_limited() -> Self {
        Self::plain(-32005, "Rate limit exceeded")
    }

    /// Our fault. The cause goes to the log.
    pub(crate) fn internal(cause: &(dyn std::error::Error + 'static)) -> Self {
        tracing::error!(cause = %Chain(cause), "a request failed");
        Self::plain(-32603, "Internal error")
    }

    /// Params that are wrong, or that a policy or a balance forbids, in words for people.
    pub(crate) fn refused(message: impl Into<Cow<'static, str>>) -> Self {
        Self { code: -32602, message: message.into(), data: None }
    }

    pub(crate) fn invalid_params(data: Value) -> Self {
        Self::refused("Invalid params").with_data(data)
    }

    pub(crate) fn with_data(self, data: Value) -> Self {
        Self { data: Some(data), ..self }
    }

    pub(crate) fn of(reason: Reason) -> Self {
        let (code, message, name) = reason.parts();
        Self { code, message: message.into(), data: Some(json!({ "reason": name })) }
    }

    /// A switch stops what was asked for.
    pub(crate) fn paused(paused: Paused) -> Self {
        let data = json!({ "reason": "PAUSED", "scope": paused.scope.as_str() });
        Self { code: -32013, message: paused.to_string().into(), data: Some(data) }
    }

    /// As [`of`](Self::of); the cause goes to the log.
    pub(crate) fn caused(reason: Reason, cause: &(dyn std::error::Error + 'static)) -> Self {
        let (_, _, name) = reason.parts();
        tracing::warn!(reason = name, cause = %Chain(cause), "a request was not served");
        Self::of(reason)
    }

    pub(crate) fn code(&self) -> i32 {
        self.code
    }

    /// A name for it, for metrics.
    pub(crate) fn name(&self) -> &'static str {
        match self.code {
            -32700 => "parse_error",
            -32600 => "invalid_request",
            -32601 => "method_not_found",
            -32602 => "invalid_params",
            -32603 => "internal",
            -32001 => "unauthorized",
            -32004 if self.message == WITHDRAWAL_NOT_FOUND => "withdrawal_not_found",
            -32004 => "tip_not_found",
            -32005 => "rate_limited",
            -32010 => "idempotency_conflict",
            -32011 => "node_unavailable",
            -32012 => "node_refused",
            -32013 => "paused",
            _ => "other",
        }
    }

    pub(crate) fn write_to(&self, body: &mut Vec<u8>) {
        // Writing to memory cannot fail, and the value holds no map with other keys than strings.
        if serde_json::to_writer(&mut *body, self).is_err() {
            body.extend_from_slice(b"null");
        }
    }
}

/// An error with what caused it, on one line.
pub(crate) struct Chain<'a>(pub(crate) &'a (dyn std::error::Error + 'static));

impl std::fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0)?;
        let mut source = self.0.source();
        for _ in 0..16 {
            let Some(error) = source else { break };
            write!(f, ": {error}")?;
            source = error.source();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_error_has_a_name_of_its_own_for_metrics() {
        let paused =
            Paused { scope: fiber_link_core::PausedScope::Hub, activity: fiber_link_core::Activity::Tips };
        let errors = [
            RpcError::parse_error(),
            RpcError::invalid_request(),
            RpcError::method_not_found(),
            RpcError::refused(""),
            RpcError::internal(&std::fmt::Error),
            RpcError::unauthorized(),
            RpcError::tip_not_found(),
            RpcError::withdrawal_not_found(),
            RpcError::rate_limited(),
            RpcError::of(Reason::IdempotencyConflict),
            RpcError::of(Reason::NodeUnavailable),
            RpcError::of(Reason::NodeRefused),
            RpcError::paused(paused),
        ];
        let names: BTreeSet<_> = errors.iter().map(RpcError::name).collect();
        assert_eq!(names.len(), errors.len());
        assert!(!names.contains("other"));
    }
}
