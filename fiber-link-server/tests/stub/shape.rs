//! Whether an answer has the shape of a recorded one.

use serde_json::Value;

/// Fields whose value is each node's own: only their form is compared.
const OWN_VALUES: [&str; 30] = [
    "invoice_address",
    "signature",
    "timestamp",
    "payment_hash",
    "payee_public_key",
    "payment_secret",
    "created_at",
    "last_updated_at",
    "fee",
    "invoice",
    "target_pubkey",
    "last_cursor",
    "subscription",
    "payment_preimage",
    // Of the node and its channels.
    "commit_hash",
    "pubkey",
    "node_name",
    "args",
    "channel_count",
    "peers_count",
    "tx_hash",
    "name",
    "code_hash",
    "channel_id",
    "channel_outpoint",
    "local_balance",
    "remote_balance",
    "latest_commitment_transaction_hash",
    "is_acceptor",
    "max_fee_amount",
];

/// Lists of which there may be any number: the first of each side are compared.
const LISTS: [&str; 4] = ["payments", "channels", "udt_cfg_infos", "addresses"];

/// What differs, one line each.
pub fn differences(recorded: &Value, ours: &Value) -> Vec<String> {
    let mut found = Vec::new();
    compare("", "", recorded, ours, &mut found);
    found
}

fn compare(path: &str, key: &str, recorded: &Value, ours: &Value, found: &mut Vec<String>) {
    match (recorded, ours) {
        (Value::Object(recorded), Value::Object(ours)) => {
            for name in recorded.keys().chain(ours.keys().filter(|name| !recorded.contains_key(*name))) {
                let path = format!("{path}/{name}");
                match (recorded.get(name), ours.get(name)) {
                    (Some(recorded), Some(ours)) => compare(&path, name, recorded, ours, found),
                    (Some(_), None) => found.push(format!("{path} is missing")),
                    (None, _) => found.push(format!("{path} is too much")),
                }
            }
        }
        (Value::Array(recorded), Value::Array(ours)) if LISTS.contains(&key) => {
            if let (Some(recorded), Some(ours)) = (recorded.first(), ours.first()) {
                let (recorded, ours) = (forms(recorded), forms(ours));
                compare(&format!("{path}/0"), "", &recorded, &ours, found);
            }
        }
        (Value::Array(recorded), Value::Array(ours)) if recorded.len() == ours.len() => {
            for (at, (recorded, ours)) in recorded.iter().zip(ours).enumerate() {
                compare(&format!("{path}/{at}"), "", recorded, ours, found);
            }
        }
        _ if OWN_VALUES.contains(&key) => {
            let (recorded, ours) = (form(recorded), form(ours));
            if recorded != ours {
                found.push(format!("{path}: {recorded} was recorded, {ours} came"));
            }
        }
        _ => {
            let (recorded, ours) = (without_hashes(recorded), without_hashes(ours));
            if recorded != ours {
                found.push(format!("{path}: {recorded} was recorded, {ours} came"));
            }
        }
    }
}

/// The form of a value, in one word.
fn form(value: &Value) -> &'static str {
    let Value::String(text) = value else {
        return match value {
            Value::Null => "null",
            Value::Bool(_) => "bool",
            Value::Number(_) => "number",
            Value::Array(_) => "list",
            _ => "object",
        };
    };
    let is_hex =
        |digits: &str| digits.bytes().all(|byte| byte.is_ascii_hexdigit() && !byte.is_ascii_uppercase());
    match text.strip_prefix("0x") {
        Some(digits) if is_hex(digits) && digits.len() == 64 => "hash",
        Some(digits) if is_hex(digits) && digits.len() == 72 => "out point",
        Some("0") => "hex number",
        Some(digits) if is_hex(digits) && digits.len() <= 32 && !digits.starts_with('0') => "hex number",
        Some(_) => "hex bytes",
        None if is_hex(text) && text.len() == 66 => "public key",
        None if is_hex(text) && text.len() == 208 => "signature",
        None if text.to_lowercase().starts_with("fib") && text.len() > 150 => "invoice",
        None => "text",
    }
}

/// The same value with the form of each text in its place; what may be null is.
fn forms(value: &Value) -> Value {
    const MAY_BE_NULL: [&str; 3] = ["failed_error", "funding_udt_type_script", "custom_records"];
    match value {
        Value::Object(fields) => {
            let form = |(name, value): (&String, &Value)| {
                let value = if MAY_BE_NULL.contains(&name.as_str()) { Value::Null } else { forms(value) };
                (name.clone(), value)
            };
            Value::Object(fields.iter().map(form).collect())
        }
        Value::Array(list) => Value::Array(list.iter().take(1).map(forms).collect()),
        leaf => Value::from(form(leaf)),
    }
}

/// Texts with each hash left out.
fn without_hashes(value: &Value) -> Value {
    let Value::String(text) = value else { return value.clone() };
    let mut parts = text.split("0x");
    let mut shown = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        match part.get(..64).filter(|start| start.bytes().all(|byte| byte.is_ascii_hexdigit())) {
            Some(_) => shown.push_str(&format!("0xHASH{}", &part[64..])),
            None => shown.push_str(&format!("0x{part}")),
        }
    }
    Value::from(shown)
}
