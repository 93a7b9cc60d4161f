//! `node_info`.

use super::script::ScriptView;
use super::{malformed, read, result_of};
use crate::fnn::envelope::Reply;
use crate::fnn::field::{Bytes, Text, for_each};
use crate::fnn::version::support;
use crate::{AssetKind, Assets, Network, NodeError, NodeInfo, NodeKey, TypeScript};
use regex_lite::RegexBuilder;
use serde::Deserialize;
use serde_json::value::RawValue;

const METHOD: &str = "node_info";

/// The hashes of the genesis blocks of CKB's public networks.
const MAINNET: &str = "92b197aa1fba0f63633922c61c92375c9c074a93e85963554f5499fe1450d0e5";
const TESTNET: &str = "10639e0895502b5688a6be8cf69460d76541bfa4821629d86d62ba0aae3f9606";

/// The largest pattern of a token's arguments, as text and compiled, in bytes.
const MAX_PATTERN: usize = 1024;
const MAX_COMPILED_PATTERN: usize = 1 << 16;

#[derive(Deserialize)]
struct View<'a> {
    version: Text,
    pubkey: Bytes<33>,
    chain_hash: Bytes<32>,
    #[serde(borrow)]
    udt_cfg_infos: &'a RawValue,
}

#[derive(Deserialize)]
struct Udt<'a> {
    #[serde(borrow)]
    script: ScriptView<'a>,
}

/// Which node this is, and which of `assets` it has no entry for.
///
/// # Errors
/// [`NodeError`] if that was not told.
pub(crate) fn node_info(reply: Reply, assets: &Assets) -> Result<NodeInfo, NodeError> {
    let result = result_of(METHOD, reply)?;
    let view: View<'_> = read(METHOD, &result)?;
    let mut unlisted: Vec<_> = assets
        .iter()
        .filter_map(|asset| match &asset.kind {
            AssetKind::Ckb => None,
            AssetKind::Udt(script) => Some((asset.id.clone(), script)),
        })
        .collect();
    for_each(view.udt_cfg_infos, |entry: &RawValue| {
        // An entry in a form that we do not know lists nothing.
        if let Ok(udt) = serde_json::from_str::<Udt<'_>>(entry.get()) {
            unlisted.retain(|(_, script)| !lists(&udt.script, script));
        }
    })
    .map_err(|_| malformed(METHOD))?;
    Ok(NodeInfo {
        key: NodeKey::new(view.pubkey.0),
        network: network(&view.chain_hash.0),
        support: support(view.version.raw()),
        version: view.version.redacted(),
        unlisted: unlisted.into_iter().map(|(id, _)| id).collect(),
    })
}

fn network(chain: &[u8; 32]) -> Network {
    match hex::encode(chain).as_str() {
        MAINNET => Network::Mainnet,
        TESTNET => Network::Testnet,
        _ => Network::Dev,
    }
}

/// Whether an entry covers a token, as the node decides it: the code is the same, and its arguments
/// hold a match of the entry's regular expression.
fn lists(entry: &ScriptView<'_>, script: &TypeScript) -> bool {
    if !entry.has_code_of(script) || entry.args.len() > MAX_PATTERN {
        return false;
    }
    RegexBuilder::new(entry.args)
        .size_limit(MAX_COMPILED_PATTERN)
        .build()
        .is_ok_and(|pattern| pattern.is_match(&format!("0x{}", hex::encode(&script.args))))
}
