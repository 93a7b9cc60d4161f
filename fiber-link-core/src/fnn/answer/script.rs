//! Type scripts, as JSON and as molecule bytes (RFC 0008 of CKB).

use crate::fnn::field::Bytes;
use crate::{ScriptHashType, TypeScript};
use serde::Deserialize;

/// The code of a script and how it is found; `args` are a script's or a pattern.
#[derive(Deserialize)]
pub(super) struct ScriptView<'a> {
    code_hash: Bytes<32>,
    hash_type: &'a str,
    pub(super) args: &'a str,
}

impl ScriptView<'_> {
    /// Whether it is `script`, but for the arguments.
    pub(super) fn has_code_of(&self, script: &TypeScript) -> bool {
        self.code_hash.0 == script.code_hash && hash_type(self.hash_type) == Some(script.hash_type)
    }

    /// Whether it is `script`.
    pub(super) fn is(&self, script: &TypeScript) -> bool {
        self.has_code_of(script)
            && self.args.strip_prefix("0x").is_some_and(|args| same_bytes(args, &script.args))
    }
}

fn same_bytes(digits: &str, bytes: &[u8]) -> bool {
    digits.len() == bytes.len().saturating_mul(2) && digits.eq_ignore_ascii_case(&hex::encode(bytes))
}

fn hash_type(name: &str) -> Option<ScriptHashType> {
    match name {
        "data" => Some(ScriptHashType::Data),
        "type" => Some(ScriptHashType::Type),
        "data1" => Some(ScriptHashType::Data1),
        "data2" => Some(ScriptHashType::Data2),
        _ => None,
    }
}

/// Where the three fields of a script's table begin: after its size and three offsets.
const CODE_HASH: u32 = 16;
const HASH_TYPE: u32 = CODE_HASH + 32;
const ARGS: u32 = HASH_TYPE + 1;

/// Reads a script from the hexadecimal digits of its molecule table.
pub(super) fn parse_molecule(digits: &str) -> Option<TypeScript> {
    let table = hex::decode(digits.strip_prefix("0x").unwrap_or(digits)).ok()?;
    let size = u32::try_from(table.len()).ok()?;
    let (head, fields) = table.split_first_chunk::<16>()?;
    let expected = [size, CODE_HASH, HASH_TYPE, ARGS].map(u32::to_le_bytes).concat();
    let (code_hash, rest) = fields.split_first_chunk::<32>()?;
    let (&hash_type, rest) = rest.split_first()?;
    let (length, args) = rest.split_first_chunk::<4>()?;
    let hash_type = match hash_type {
        0 => ScriptHashType::Data,
        1 => ScriptHashType::Type,
        2 => ScriptHashType::Data1,
        4 => ScriptHashType::Data2,
        _ => return None,
    };
    let whole = head.as_slice() == expected && usize::try_from(u32::from_le_bytes(*length)) == Ok(args.len());
    whole.then(|| TypeScript { code_hash: *code_hash, hash_type, args: args.to_vec() })
}

#[cfg(test)]
mod tests {
    use super::*;

    const RECORDED: &str = "0x55000000100000003000000031000000e1e354d6d643ad42724d40967e334984534e0367405c5ae42a9d7d63d77df419042000000032e555f3ff8e135cece1351a6a2971518392c1e30375c1e006ad0ce8eac07947";

    #[test]
    fn a_recorded_script_is_read() {
        let script = parse_molecule(RECORDED).unwrap();
        assert_eq!(hex::encode(script.code_hash), RECORDED[34..98]);
        assert_eq!(script.hash_type, ScriptHashType::Data2);
        assert_eq!(hex::encode(&script.args), RECORDED[108..]);
    }

    #[test]
    fn what_is_no_script_is_not_read() {
        for end in 0..RECORDED.len() {
            assert_eq!(parse_molecule(&RECORDED[..end]), None, "{end}");
        }
        assert_eq!(parse_molecule(&format!("{RECORDED}00")), None);
        for byte in [0, 4, 8, 12, 48, 49] {
            let at = 2 + 2 * byte;
            let broken = format!("{}ff{}", &RECORDED[..at], &RECORDED[at + 2..]);
            assert_eq!(parse_molecule(&broken), None, "byte {byte}");
        }
    }
}
