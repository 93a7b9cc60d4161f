//! What the contract says of the fields of a call, written once more.

use super::assets;
use fiber_link_core::{Asset, Assets};
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// The fields of a call that are wrong by the contract.
pub(super) fn wrong_fields(fields: &Map<String, Value>, call: &str) -> BTreeSet<String> {
    let mut wrong = BTreeSet::new();
    let mut note = |name: &str, right: bool| {
        if !right {
            wrong.insert(name.to_owned());
        }
    };
    let required = |name: &str, right: &dyn Fn(&Value) -> bool| fields.get(name).is_some_and(right);
    let optional =
        |name: &str, right: &dyn Fn(&Value) -> bool| is_missing(fields, name) || required(name, right);
    let assets = assets();
    let asset = asset(fields, &assets);
    let is_amount = |value: &Value| match asset {
        Some(asset) => amount(value, asset).is_some(),
        None => amount_of_unknown_asset(value),
    };
    note("asset", asset.is_some());
    note("amount", required("amount", &is_amount));
    note("idempotencyKey", optional("idempotencyKey", &name));
    match call {
        "tip" => {
            for field in ["postId", "fromUserId", "toUserId"] {
                note(field, required(field, &name));
            }
            note("message", optional("message", &message));
            note("anonymous", optional("anonymous", &Value::is_boolean));
        }
        _ => {
            note("userId", required("userId", &name));
            let is_fee = |value: &Value| is_amount(value) || is_nothing(value, asset);
            note("networkFeeLimit", optional("networkFeeLimit", &is_fee));
            match fields.get("destination") {
                None | Some(Value::Null) if is_missing(fields, "toAddress") => {
                    note("destination", false);
                }
                None | Some(Value::Null) => {
                    note("toAddress", required("toAddress", &destination_text));
                }
                Some(Value::Object(inner)) => {
                    let inner_is = |name: &str| inner.get(name).is_some_and(destination_text);
                    match inner.get("kind").and_then(Value::as_str) {
                        Some("CKB_ADDRESS") => note("destination.address", inner_is("address")),
                        Some("PAYMENT_REQUEST") => {
                            note("destination.paymentRequest", inner_is("paymentRequest"));
                        }
                        Some(_) | None => note("destination.kind", false),
                    }
                }
                Some(_) => note("destination", false),
            }
        }
    }
    wrong
}

fn text(value: &Value) -> Option<&str> {
    value.as_str()
}

fn name(value: &Value) -> bool {
    text(value).is_some_and(|text| (1..=255).contains(&text.len()) && !text.chars().any(char::is_control))
}

/// Base units, if the text is a number above nothing that the asset can express.
pub(super) fn amount(value: &Value, asset: &Asset) -> Option<u128> {
    let text = text(value)?;
    let (whole, fraction) = match text.split_once('.') {
        Some((_, "")) => return None,
        Some(parts) => parts,
        None => (text, ""),
    };
    let digits = |text: &str| text.chars().all(|c| c.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(fraction) || fraction.len() > usize::from(asset.decimals)
    {
        return None;
    }
    let mut units = 0u128;
    for digit in whole.chars().chain(fraction.chars()) {
        units = units.checked_mul(10)?.checked_add(u128::from(digit.to_digit(10)?))?;
    }
    for _ in fraction.len()..usize::from(asset.decimals) {
        units = units.checked_mul(10)?;
    }
    (1..=i128::MAX.unsigned_abs()).contains(&units).then_some(units)
}

/// Whether the text is one of the form `digits[.digits]` and not plainly nothing.
fn amount_of_unknown_asset(value: &Value) -> bool {
    let Some(text) = text(value) else { return false };
    let digits = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_digit());
    let form = match text.split_once('.') {
        Some((whole, fraction)) => digits(whole) && digits(fraction),
        None => digits(text),
    };
    let expressible = text.split_once('.').is_none_or(|(_, fraction)| fraction.len() <= 8);
    form && !(expressible && text.chars().all(|c| c == '0' || c == '.'))
}

/// Whether the text says nothing, in a form that an asset with so many decimals may have.
fn is_nothing(value: &Value, asset: Option<&Asset>) -> bool {
    let Some(text) = text(value) else { return false };
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let zeros = |text: &str| !text.is_empty() && text.chars().all(|c| c == '0');
    let fits = asset.is_none_or(|asset| {
        text.split_once('.').is_none_or(|(_, fraction)| fraction.len() <= usize::from(asset.decimals))
    });
    zeros(whole) && zeros(fraction) && fits
}

fn message(value: &Value) -> bool {
    text(value).is_some_and(|text| {
        let text = text.trim();
        text.chars().count() <= 280 && text.chars().all(|c| !c.is_control() || "\n\r\t".contains(c))
    })
}

fn destination_text(value: &Value) -> bool {
    text(value).is_some_and(|text| {
        let text = text.trim();
        (1..=8_192).contains(&text.len()) && text.bytes().all(|b| (b'!'..=b'~').contains(&b))
    })
}

fn asset<'a>(fields: &Map<String, Value>, assets: &'a Assets) -> Option<&'a Asset> {
    let text = fields.get("asset").and_then(text)?;
    assets.iter().find(|asset| asset.id.as_str() == text)
}

fn is_missing(fields: &Map<String, Value>, name: &str) -> bool {
    fields.get(name).is_none_or(Value::is_null)
}
