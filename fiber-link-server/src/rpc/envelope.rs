//! JSON-RPC 2.0: what a request must look like, and how answers are written.

use super::error::RpcError;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// A request whose envelope is right.
#[derive(Debug)]
pub(crate) struct Envelope<'a> {
    /// The id exactly as it came: a string, a number or null.
    pub(crate) id: &'a str,
    pub(crate) method: Cow<'a, str>,
    /// A JSON object, not yet looked into.
    pub(crate) params: &'a str,
}

/// The members of an envelope, whatever they hold.
#[derive(Deserialize)]
struct Members<'a> {
    #[serde(borrow)]
    jsonrpc: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    id: Option<&'a RawValue>,
    #[serde(borrow)]
    method: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    params: Option<&'a RawValue>,
}

/// Keeps a `null` apart from a member that is not there.
fn present<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<&'de RawValue>, D::Error> {
    <&RawValue>::deserialize(deserializer).map(Some)
}

impl<'a> Envelope<'a> {
    /// Reads a body.
    ///
    /// # Errors
    /// `Parse error` if it is no JSON, `Invalid Request` if it is no request.
    pub(crate) fn read(body: &'a [u8]) -> Result<Self, RpcError> {
        let text = std::str::from_utf8(body).map_err(|_| RpcError::parse_error())?;
        let members: Members<'a> = serde_json::from_str(text).map_err(|error| {
            let is_json = error.is_data() && serde_json::from_str::<&RawValue>(text).is_ok();
            if is_json { RpcError::invalid_request() } else { RpcError::parse_error() }
        })?;
        // A list of the members in their order is read as well, and is no object.
        let is_object = text.trim_ascii_start().starts_with('{');
        members.envelope().filter(|_| is_object).ok_or_else(RpcError::invalid_request)
    }
}

impl<'a> Members<'a> {
    fn envelope(self) -> Option<Envelope<'a>> {
        let version: Cow<'_, str> = string(self.jsonrpc?)?;
        let id = self.id?.get();
        let id_is_scalar =
            id.starts_with(|c: char| c == '"' || c == '-' || c.is_ascii_digit()) || id == "null";
        let params = self.params.map_or("{}", RawValue::get);
        (version == "2.0" && id_is_scalar && params.starts_with('{')).then_some(Envelope {
            id,
            method: string(self.method?)?,
            params,
        })
    }
}

fn string(raw: &RawValue) -> Option<Cow<'_, str>> {
    #[derive(Deserialize)]
    struct Text<'a>(#[serde(borrow)] Cow<'a, str>);
    serde_json::from_str::<Text<'_>>(raw.get()).ok().map(|text| text.0)
}

/// Writes an answer: `outcome` is a result that is JSON already, or an error.
pub(crate) fn answer(id: &str, outcome: &Result<Vec<u8>, RpcError>) -> Vec<u8> {
    let mut body = Vec::with_capacity(outcome.as_ref().map_or(128, Vec::len).saturating_add(64));
    body.extend_from_slice(br#"{"jsonrpc":"2.0","id":"#);
    body.extend_from_slice(id.as_bytes());
    match outcome {
        Ok(result) => {
            body.extend_from_slice(br#","result":"#);
            body.extend_from_slice(result);
        }
        Err(error) => {
            body.extend_from_slice(br#","error":"#);
            error.write_to(&mut body);
        }
    }
    body.push(b'}');
    body
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(body: &[u8]) -> Option<i32> {
        Envelope::read(body).err().map(|error| error.code())
    }

    #[test]
    fn a_request_is_read_and_its_id_is_kept_as_it_came() {
        for id in ["1", "-0.50", "1e3", "123456789012345678901234567890", "\"a\\u0062\"", "\"\"", "null"] {
            let body = format!(r#" {{"id": {id} ,"extra":[1],"jsonrpc":"2.0","method":"a.b"}} "#);
            let envelope = Envelope::read(body.as_bytes()).unwrap();
            assert_eq!((envelope.id, &*envelope.method, envelope.params), (id, "a.b", "{}"));
        }
        let envelope = Envelope::read(br#"{"jsonrpc":"\u0032.0","id":1,"method":"\u0061","params":{"a":1}}"#);
        let envelope = envelope.unwrap();
        assert_eq!((&*envelope.method, envelope.params), ("a", r#"{"a":1}"#));
    }

    #[test]
    fn what_is_no_json_is_a_parse_error() {
        let deep = "[".repeat(100_000);
        let bodies: [&[u8]; 9] = [
            b"",
            b"{",
            b"nope",
            b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"m\"}}",
            b"{\"jsonrpc\":\"2.0\",\"id\":01,\"method\":\"m\"}",
            b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"\xff\"}",
            b"[1,2",
            b"{\"id\":1,\"id\":2,",
            deep.as_bytes(),
        ];
        for body in bodies {
            assert_eq!(code(body), Some(-32700), "{:?}", String::from_utf8_lossy(body));
        }
    }

    #[test]
    fn what_is_no_request_is_an_invalid_request() {
        for body in [
            "[]",
            r#"["2.0",1,"m",{}]"#,
            "[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"m\"}]",
            "null",
            "1",
            "\"x\"",
            "{}",
            r#"{"id":1,"method":"m"}"#,
            r#"{"jsonrpc":"1.0","id":1,"method":"m"}"#,
            r#"{"jsonrpc":2.0,"id":1,"method":"m"}"#,
            r#"{"jsonrpc":"2.0","method":"m"}"#,
            r#"{"jsonrpc":"2.0","id":true,"method":"m"}"#,
            r#"{"jsonrpc":"2.0","id":[1],"method":"m"}"#,
            r#"{"jsonrpc":"2.0","id":{},"method":"m"}"#,
            r#"{"jsonrpc":"2.0","id":1}"#,
            r#"{"jsonrpc":"2.0","id":1,"method":7}"#,
            r#"{"jsonrpc":"2.0","id":1,"method":null}"#,
            r#"{"jsonrpc":"2.0","id":1,"method":"m","params":[]}"#,
            r#"{"jsonrpc":"2.0","id":1,"method":"m","params":null}"#,
            r#"{"jsonrpc":"2.0","id":1,"method":"m","params":"x"}"#,
            r#"{"jsonrpc":"2.0","id":1,"id":2,"method":"m"}"#,
        ] {
            assert_eq!(code(body.as_bytes()), Some(-32600), "{body}");
        }
    }

    #[test]
    fn answers_have_their_members_in_order() {
        let result = answer("-0.50", &Ok(br#"{"status":"ok"}"#.to_vec()));
        assert_eq!(result, br#"{"jsonrpc":"2.0","id":-0.50,"result":{"status":"ok"}}"#);
        let error = answer("null", &Err(RpcError::parse_error()));
        assert_eq!(error, br#"{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"Parse error"}}"#);
    }
}
