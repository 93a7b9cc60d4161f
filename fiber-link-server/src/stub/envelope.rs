//! JSON-RPC as fnn reads and writes it.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

/// What came in one body.
pub(super) enum Message {
    /// One call.
    Single(Entry),
    /// Several, not none.
    Batch(Vec<Entry>),
    /// Text that is neither an object nor an array: HTTP 400.
    NoJson,
}

/// One call, or the answer to what is none.
pub(super) enum Entry {
    Call(Call),
    Refused(Answer),
}

/// A call that can be judged.
pub(super) struct Call {
    pub(super) id: Value,
    pub(super) method: String,
    pub(super) params: Option<Box<RawValue>>,
}

/// The answer to one call.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub(super) id: Value,
    pub(super) outcome: Result<Value, RpcError>,
}

/// An error, as it is sent.
#[derive(Clone, Debug, Serialize)]
pub(super) struct RpcError {
    code: i32,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<Value>,
}

impl RpcError {
    fn new(code: i32, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), data: None }
    }

    pub(super) fn parse_error() -> Self {
        Self::new(-32700, "Parse error")
    }

    pub(super) fn invalid_request() -> Self {
        Self::new(-32600, "Invalid request")
    }

    pub(super) fn method_not_found() -> Self {
        Self::new(-32601, "Method not found")
    }

    pub(super) fn internal() -> Self {
        Self::new(-32603, "Internal error")
    }

    pub(super) fn unauthorized() -> Self {
        Self::new(-32999, "Unauthorized")
    }

    pub(super) fn batches_not_supported() -> Self {
        Self::new(-32005, "Batched requests are not supported by this server")
    }

    pub(super) fn invalid_params(reason: impl Into<String>) -> Self {
        Self { data: Some(Value::String(reason.into())), ..Self::new(-32602, "Invalid params") }
    }

    /// An error of the node itself: it echoes the params, preimages included.
    pub(super) fn node(message: impl Into<String>, params: &impl Serialize) -> Self {
        Self { data: serde_json::to_value(params).ok(), ..Self::new(-32000, message) }
    }
}

impl Serialize for Answer {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Written<'a> {
            jsonrpc: &'static str,
            id: &'a Value,
            #[serde(skip_serializing_if = "Option::is_none")]
            result: Option<&'a Value>,
            #[serde(skip_serializing_if = "Option::is_none")]
            error: Option<&'a RpcError>,
        }
        let (result, error) = match &self.outcome {
            Ok(result) => (Some(result), None),
            Err(error) => (None, Some(error)),
        };
        Written { jsonrpc: "2.0", id: &self.id, result, error }.serialize(serializer)
    }
}

impl Answer {
    pub(super) fn without_id(error: RpcError) -> Self {
        Self { id: Value::Null, outcome: Err(error) }
    }
}

#[derive(Deserialize)]
struct Request {
    jsonrpc: String,
    id: Value,
    method: String,
    params: Option<Box<RawValue>>,
}

#[derive(Deserialize)]
struct Notification {
    jsonrpc: String,
    #[serde(rename = "method")]
    _method: String,
}

#[derive(Deserialize)]
struct WithId {
    id: Value,
}

/// Reads a body.
pub(super) fn read(body: &[u8]) -> Message {
    match body.iter().find(|byte| !byte.is_ascii_whitespace()) {
        Some(b'{') => Message::Single(entry(body, RpcError::parse_error())),
        Some(b'[') => match serde_json::from_slice::<Vec<&RawValue>>(body) {
            Ok(all) if all.is_empty() => refused_alone(RpcError::invalid_request()),
            Ok(all) => Message::Batch(
                all.into_iter().map(|raw| entry(raw.get().as_bytes(), RpcError::invalid_request())).collect(),
            ),
            Err(_) => refused_alone(RpcError::parse_error()),
        },
        Some(_) | None => Message::NoJson,
    }
}

fn refused_alone(error: RpcError) -> Message {
    Message::Single(Entry::Refused(Answer::without_id(error)))
}

/// `unreadable` is what is said of something that has no id either.
fn entry(text: &[u8], unreadable: RpcError) -> Entry {
    if let Ok(request) = serde_json::from_slice::<Request>(text)
        && request.jsonrpc == "2.0"
        && is_id(&request.id)
    {
        return Entry::Call(Call { id: request.id, method: request.method, params: request.params });
    }
    // What has no id that fnn can read is a notification, and none is allowed.
    if serde_json::from_slice::<Notification>(text).is_ok_and(|notification| notification.jsonrpc == "2.0") {
        return Entry::Refused(Answer::without_id(RpcError::unauthorized()));
    }
    match serde_json::from_slice::<WithId>(text) {
        Ok(WithId { id }) if is_id(&id) => {
            Entry::Refused(Answer { id, outcome: Err(RpcError::invalid_request()) })
        }
        Ok(_) | Err(_) => Entry::Refused(Answer::without_id(unreadable)),
    }
}

fn is_id(id: &Value) -> bool {
    id.is_null() || id.is_string() || id.is_u64()
}
