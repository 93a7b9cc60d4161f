//! The transcripts, line by line.

use crate::{Asset, AssetId, AssetKind, Assets, ScriptHashType, TypeScript};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use std::fs;
use std::path::Path;

/// Every file with its number of lines.
pub(super) const FILES: [(&str, usize); 17] = [
    ("00_reset_open_channels", 62),
    ("01_node_peer_channel", 49),
    ("02_invoices", 72),
    ("03_payments", 134),
    ("04_hold_invoices", 62),
    ("05_protocol_errors", 33),
    ("06_pubsub_actions", 31),
    ("06_pubsub_frames_node1", 15),
    ("06_pubsub_frames_node2", 10),
    ("06_pubsub_frames_node3", 25),
    ("07_udt", 34),
    ("09_restart_and_idempotency", 306),
    ("10_auth_biscuit", 19),
    ("10_auth_ws_frames", 12),
    ("11_shutdown_channel", 25),
    ("12_restart_under_traffic", 3),
    ("13_tlc_expiry_limit", 38),
];

/// One line of a transcript.
pub(super) struct Line {
    pub(super) file: &'static str,
    pub(super) number: usize,
    pub(super) kind: Kind,
}

pub(super) enum Kind {
    Note,
    Unanswered { method: String },
    Answered(Exchange),
    Frame { from_node: bool, frame: String },
}

pub(super) struct Exchange {
    pub(super) method: String,
    /// The body as it was sent.
    pub(super) request: String,
    /// The body as it came.
    pub(super) response: String,
}

impl Exchange {
    pub(super) fn request(&self) -> Option<Value> {
        serde_json::from_str(&self.request).ok()
    }

    pub(super) fn response(&self) -> Option<Value> {
        serde_json::from_str(&self.response).ok()
    }

    /// The first parameter of the request.
    pub(super) fn param(&self) -> Value {
        self.request().map_or(Value::Null, |request| request["params"][0].clone())
    }

    pub(super) fn id(&self) -> Option<u64> {
        self.request()?["id"].as_u64()
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Recorded<'a> {
    #[serde(rename = "node")]
    _node: Option<String>,
    method: Option<String>,
    #[serde(rename = "note")]
    note: Option<String>,
    #[serde(rename = "authorization")]
    _authorization: Option<String>,
    request: Option<String>,
    #[serde(rename = "http_status")]
    _http_status: Option<u16>,
    #[serde(borrow)]
    response: Option<&'a RawValue>,
    dir: Option<String>,
    frame: Option<String>,
}

impl Recorded<'_> {
    fn kind(self) -> Kind {
        match (self.request, self.response, self.frame) {
            (None, None, None) => {
                assert!(self.note.is_some());
                Kind::Note
            }
            (None, None, Some(frame)) => Kind::Frame { from_node: self.dir.unwrap() == "in", frame },
            // Some requests were written to a socket that was cut: their method is in the body alone.
            (Some(request), None, None) => Kind::Unanswered {
                method: self.method.unwrap_or_else(|| {
                    let request: Value = serde_json::from_str(&request).unwrap();
                    request["method"].as_str().unwrap().to_owned()
                }),
            },
            (Some(request), Some(response), None) => {
                // A body that is no JSON was recorded as a text.
                let text = serde_json::from_str::<String>(response.get());
                let response = text.unwrap_or_else(|_| response.get().to_owned());
                Kind::Answered(Exchange { method: self.method.unwrap(), request, response })
            }
            _ => panic!("a line of an unknown kind"),
        }
    }
}

/// Every line of every file.
pub(super) fn lines() -> Vec<Line> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fnn/transcripts");
    let mut lines = Vec::new();
    for (file, count) in FILES {
        let text = fs::read_to_string(folder.join(format!("{file}.jsonl"))).unwrap();
        assert_eq!(text.lines().count(), count, "{file}");
        for (index, line) in text.lines().enumerate() {
            let recorded: Recorded<'_> = serde_json::from_str(line).unwrap();
            lines.push(Line { file, number: index + 1, kind: recorded.kind() });
        }
    }
    let there = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let there = there.filter(|path| path.extension().is_some_and(|ending| ending == "jsonl")).count();
    assert_eq!(there, FILES.len(), "a transcript is not read");
    lines
}

/// Every answered exchange, with where it stands.
pub(super) fn exchanges() -> Vec<(String, Exchange)> {
    let answered = |line: Line| match line.kind {
        Kind::Answered(exchange) => Some((format!("{}:{}", line.file, line.number), exchange)),
        Kind::Note | Kind::Unanswered { .. } | Kind::Frame { .. } => None,
    };
    lines().into_iter().filter_map(answered).collect()
}

/// The token of the transcripts.
pub(super) fn recorded_udt() -> Asset {
    let code_hash = hex::decode("e1e354d6d643ad42724d40967e334984534e0367405c5ae42a9d7d63d77df419").unwrap();
    let args = hex::decode("32e555f3ff8e135cece1351a6a2971518392c1e30375c1e006ad0ce8eac07947").unwrap();
    let script =
        TypeScript { code_hash: code_hash.try_into().unwrap(), hash_type: ScriptHashType::Data2, args };
    Asset { id: AssetId::new("TOKEN").unwrap(), decimals: 0, kind: AssetKind::Udt(script) }
}

/// CKB and the token of the transcripts.
pub(super) fn recorded_assets() -> Assets {
    Assets::new([Asset::ckb(), recorded_udt()]).unwrap()
}
