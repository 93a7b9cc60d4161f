//! JSON-RPC 2.0: requests out, answers in.

use super::call::Call;
use super::field::{Text, for_each, present};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::fmt;

/// What the node answered to one call.
pub(crate) type Reply = Result<Box<RawValue>, RpcError>;

/// The node's error. Its `data` echoes what was sent, preimages included, and is never kept. Nor is
/// it printed whole: whatever could be a preimage is left out.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct RpcError {
    code: i64,
    message: Text,
}

/// Why bytes are no answer to what was asked. Nothing of the bytes is in it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ProtocolError {
    /// Not JSON, or not of the form of an answer.
    #[error("the answer is malformed")]
    Malformed,
    /// An answer to something else.
    #[error("the answer is to another call")]
    OtherCall,
    /// One error came for a whole batch: the node, or a proxy before it, takes none.
    #[error("the batch was refused: {0}")]
    BatchRefused(RpcError),
}

#[derive(Serialize)]
struct Request<'a> {
    jsonrpc: &'static str,
    id: u64,
    method: &'static str,
    params: &'a Call,
}

impl<'a> Request<'a> {
    fn new(&(id, params): &(u64, &'a Call)) -> Self {
        Self { jsonrpc: "2.0", id, method: params.method(), params }
    }
}

/// The body of a request: one call is an object, several are an array. An empty batch is refused by
/// the node: do not send one.
pub(crate) fn encode(calls: &[(u64, &Call)]) -> Vec<u8> {
    let body = match calls {
        [call] => serde_json::to_vec(&Request::new(call)),
        calls => serde_json::to_vec(&calls.iter().map(Request::new).collect::<Vec<_>>()),
    };
    // Numbers and texts can always be written; were it otherwise, the node refuses an empty body.
    body.unwrap_or_default()
}

#[derive(Deserialize)]
struct Answer<'a> {
    #[serde(borrow)]
    id: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    result: Option<&'a RawValue>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct ErrorAnswer {
    code: i64,
    message: Text,
}

impl Answer<'_> {
    fn id(&self) -> Option<u64> {
        serde_json::from_str(self.id?.get()).ok()
    }

    fn reply(&self) -> Result<Reply, ProtocolError> {
        // Some answer both, one of them null.
        let result = self.result.filter(|result| self.error.is_none() || result.get() != "null");
        match (result, self.error) {
            (Some(result), None) => Ok(Ok(result.to_owned())),
            (None, Some(error)) => {
                let error: ErrorAnswer =
                    serde_json::from_str(error.get()).map_err(|_| ProtocolError::Malformed)?;
                Ok(Err(RpcError { code: error.code, message: error.message }))
            }
            (Some(_), Some(_)) | (None, None) => Err(ProtocolError::Malformed),
        }
    }
}

/// The answer to the call `id`.
///
/// # Errors
/// [`ProtocolError`] if it is none.
pub(crate) fn decode_one(bytes: &[u8], id: u64) -> Result<Reply, ProtocolError> {
    let answer: Answer<'_> = serde_json::from_slice(bytes).map_err(|_| ProtocolError::Malformed)?;
    if answer.id() == Some(id) { answer.reply() } else { Err(ProtocolError::OtherCall) }
}

/// The answers to the calls `ids`, in their order; `None` where none came that is surely the call's:
/// one without our id is nobody's, and of two with the same id neither is believed.
///
/// # Errors
/// [`ProtocolError::BatchRefused`] if one error came for all, [`ProtocolError::Malformed`] if what
/// came is no array of answers.
pub(crate) fn decode_batch(bytes: &[u8], ids: &[u64]) -> Result<Vec<Option<Reply>>, ProtocolError> {
    let body: &RawValue = serde_json::from_slice(bytes).map_err(|_| ProtocolError::Malformed)?;
    if body.get().starts_with('{') {
        return match serde_json::from_str::<Answer<'_>>(body.get()).map(|answer| answer.reply()) {
            Ok(Ok(Err(error))) => Err(ProtocolError::BatchRefused(error)),
            Ok(Ok(Ok(_)) | Err(_)) | Err(_) => Err(ProtocolError::Malformed),
        };
    }
    let slots =
        ids.iter().enumerate().map(|(slot, &id)| (id, slot)).collect::<std::collections::HashMap<_, _>>();
    let mut replies = vec![Slot::Empty; ids.len()];
    for_each(body, |answer: &RawValue| {
        let Ok(answer) = serde_json::from_str::<Answer<'_>>(answer.get()) else { return };
        let slot = answer.id().and_then(|id| slots.get(&id)).and_then(|&slot| replies.get_mut(slot));
        if let Some(slot) = slot {
            let first = matches!(slot, Slot::Empty);
            *slot = if first { Slot::Answered(answer.reply().ok()) } else { Slot::Answered(None) };
        }
    })
    .map_err(|_| ProtocolError::Malformed)?;
    Ok(replies.into_iter().map(Slot::into_reply).collect())
}

/// What came for one call of a batch.
#[derive(Clone)]
enum Slot {
    Empty,
    Answered(Option<Reply>),
}

impl Slot {
    fn into_reply(self) -> Option<Reply> {
        match self {
            Self::Empty => None,
            Self::Answered(reply) => reply,
        }
    }
}

impl RpcError {
    /// What kind of error.
    pub(crate) fn code(&self) -> i64 {
        self.code
    }

    /// The node's words, for telling one error from another. They are not for logs.
    pub(super) fn message(&self) -> &str {
        self.message.raw()
    }

    /// The node's words without anything that could be a preimage.
    pub(crate) fn reason(&self) -> String {
        self.message.redacted()
    }
}

impl std::error::Error for RpcError {}

impl fmt::Display for RpcError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.reason(), self.code)
    }
}

impl fmt::Debug for RpcError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RpcError").field("code", &self.code).field("reason", &self.reason()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn replied(reply: &Option<Reply>) -> &str {
        match reply {
            Some(Ok(result)) => result.get(),
            Some(Err(error)) => error.message(),
            None => "nothing",
        }
    }

    #[test]
    fn an_answer_belongs_to_the_call_whose_id_it_carries() {
        let answer = br#" {"jsonrpc":"2.0","id":7,"result":{"a":1}} "#;
        assert_eq!(decode_one(answer, 7).unwrap().unwrap().get(), r#"{"a":1}"#);
        assert_eq!(decode_one(answer, 8).unwrap_err(), ProtocolError::OtherCall);
        for other in ["null", "\"7\"", "7.5", "-7", "[7]"] {
            let answer = format!(r#"{{"jsonrpc":"2.0","id":{other},"result":1}}"#);
            assert_eq!(decode_one(answer.as_bytes(), 7).unwrap_err(), ProtocolError::OtherCall, "{other}");
        }
    }

    #[test]
    fn an_answer_has_a_result_or_an_error_and_never_both() {
        for bad in [
            "",
            "null",
            "[]",
            "7",
            r#"{"id":7}"#,
            r#"{"id":7,"result":1,"error":{"code":1,"message":"m"}}"#,
            r#"{"id":7,"id":8,"result":1}"#,
            r#"{"id":7,"result":1} x"#,
            r#"{"id":7,"error":{"code":"1","message":"m"}}"#,
            r#"{"id":7,"error":"m"}"#,
        ] {
            assert_eq!(decode_one(bad.as_bytes(), 7).unwrap_err(), ProtocolError::Malformed, "{bad}");
        }
        let read = |answer: &[u8]| decode_one(answer, 7).unwrap().map(|result| result.get().to_owned());
        assert_eq!(read(br#"{"id":7,"result":null}"#).unwrap(), "null");
        assert_eq!(read(br#"{"id":7,"result":1,"error":null}"#).unwrap(), "1");
        let error = read(br#"{"id":7,"result":null,"error":{"code":1,"message":"m"}}"#).unwrap_err();
        assert_eq!(error.code(), 1);
    }

    #[test]
    fn answers_of_a_batch_find_their_calls_in_any_order() {
        let answers =
            br#"[{"id":3,"result":"c"},{"id":1,"error":{"code":-1,"message":"a"}},{"id":9,"result":"x"},
            5,{"id":null,"result":"y"},{"id":4,"result":"d"},{"id":4,"result":"d"},{"id":5}]"#;
        let replies = decode_batch(answers, &[1, 2, 3, 4, 5]).unwrap();
        let replies: Vec<_> = replies.iter().map(replied).collect();
        assert_eq!(replies, ["a", "nothing", "\"c\"", "nothing", "nothing"]);
    }

    #[test]
    fn three_answers_to_one_call_are_none() {
        let answers = br#"[{"id":1,"result":"a"},{"id":1,"result":"a"},{"id":1,"result":"a"}]"#;
        assert_eq!(decode_batch(answers, &[1]).unwrap().iter().map(replied).collect::<Vec<_>>(), ["nothing"]);
    }

    #[test]
    fn a_refused_batch_is_told_from_a_malformed_answer() {
        let refused = br#" {"jsonrpc":"2.0","id":null,"error":{"code":-32005,"message":"no batches"}}"#;
        let error = decode_batch(refused, &[1, 2]).unwrap_err();
        assert!(matches!(&error, ProtocolError::BatchRefused(error) if error.code() == -32005), "{error:?}");
        for bad in
            [&b""[..], b"{}", b"7", b"[", b"[{]", b"\xff", br#"{"id":1,"result":1}"#, br#"{"error":1}"#]
        {
            assert_eq!(decode_batch(bad, &[1, 2]).unwrap_err(), ProtocolError::Malformed, "{bad:?}");
        }
    }

    #[test]
    fn nothing_that_could_be_a_preimage_is_printed() {
        let canary = "c0ffee".repeat(11);
        let answer = format!(
            r#"{{"id":1,"error":{{"code":-32000,"message":"bad 0x{canary}: no","data":{{"payment_preimage":"canary"}}}}}}"#
        );
        let error = decode_one(answer.as_bytes(), 1).unwrap().unwrap_err();
        assert_eq!(error.reason(), "bad 0x…: no");
        assert_eq!(error.to_string(), "bad 0x…: no (-32000)");
        assert_eq!(format!("{error:?}"), r#"RpcError { code: -32000, reason: "bad 0x…: no" }"#);
    }
}
