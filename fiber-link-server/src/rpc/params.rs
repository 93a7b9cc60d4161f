//! Reading params: every field that is wrong is reported, with what came and what is allowed.

use super::error::RpcError;
use fiber_link_core::{
    Amount, Asset, AssetId, Assets, MESSAGE_CHARACTERS, NameError, ParseAmountError, Timestamp,
};
use serde::Serialize;
use serde_json::{Map, Value, json};
use std::str::FromStr;

/// The most of a wrong value that is sent back.
const SHOWN: usize = 64;

/// The most bytes of an invoice or an address; real ones have far fewer.
const MOST_DESTINATION: usize = 8_192;

/// The params of one call, and what is wrong with them so far.
#[derive(Clone, Debug)]
pub(crate) struct Params {
    fields: Map<String, Value>,
    issues: Vec<Issue>,
}

/// One wrong field.
#[derive(Clone, Debug, PartialEq, Serialize)]
struct Issue {
    field: String,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    got: Option<String>,
}

/// A field that was read: `None` if it is wrong, which is noted.
pub(crate) type Read<T> = Option<T>;

impl Params {
    /// Takes the params apart. `text` is a JSON object.
    pub(crate) fn read(text: &str) -> Result<Self, Issues> {
        let fields = serde_json::from_str(text).map_err(|_| {
            let message = "nested too deeply, or with a number or a text that cannot be read";
            Issues::one("params", message)
        })?;
        Ok(Self { fields, issues: Vec::new() })
    }

    /// Fields that came another way.
    pub(crate) fn of(fields: impl Iterator<Item = (String, Value)>) -> Self {
        Self { fields: fields.collect(), issues: Vec::new() }
    }

    /// All fields but one.
    pub(crate) fn all_but<'a>(&'a self, one: &'a str) -> impl Iterator<Item = (&'a String, &'a Value)> {
        self.fields.iter().filter(move |(field, _)| *field != one)
    }

    /// A field that must be there.
    pub(crate) fn required<T>(
        &mut self,
        field: &str,
        read: impl FnOnce(&Value) -> Result<T, String>,
    ) -> Read<T> {
        self.read_field(field, read, |value| Some(shown(value)))
    }

    /// A field that must be there, and whose value is never sent back. Nor may `read` put it in words.
    pub(crate) fn required_secret<T>(
        &mut self,
        field: &str,
        read: impl FnOnce(&Value) -> Result<T, String>,
    ) -> Read<T> {
        self.read_field(field, read, |_| None)
    }

    /// As [`required_secret`](Self::required_secret), and it may be missing or null.
    pub(crate) fn optional_secret<T>(
        &mut self,
        field: &str,
        read: impl FnOnce(&Value) -> Result<T, String>,
    ) -> Read<Option<T>> {
        if self.has(field) { self.required_secret(field, read).map(Some) } else { Some(None) }
    }

    fn read_field<T>(
        &mut self,
        field: &str,
        read: impl FnOnce(&Value) -> Result<T, String>,
        got: impl FnOnce(&Value) -> Option<String>,
    ) -> Read<T> {
        match self.fields.get(field) {
            None | Some(Value::Null) => {
                self.note(field, "is required".to_owned(), None);
                None
            }
            Some(value) => match read(value) {
                Ok(value) => Some(value),
                Err(message) => {
                    let got = got(value);
                    self.note(field, message, got);
                    None
                }
            },
        }
    }

    /// A field that may be missing or null.
    pub(crate) fn optional<T>(
        &mut self,
        field: &str,
        read: impl FnOnce(&Value) -> Result<T, String>,
    ) -> Read<Option<T>> {
        match self.fields.get(field) {
            None | Some(Value::Null) => Some(None),
            Some(_) => self.required(field, read).map(Some),
        }
    }

    /// An asset and an amount of it, greater than zero.
    pub(crate) fn asset_and_amount(&mut self, assets: &Assets) -> (Read<AssetId>, Read<Amount>) {
        let asset = self.asset(assets);
        let amount = self.required("amount", |value| amount(value, asset));
        (asset.map(|asset| asset.id.clone()), amount)
    }

    pub(crate) fn asset<'a>(&mut self, assets: &'a Assets) -> Read<&'a Asset> {
        self.required("asset", |value| known_asset(value, assets))
    }

    /// Which one of two fields is there. Both or neither are noted under both names.
    pub(crate) fn exactly_one(&mut self, fields: [&'static str; 2]) -> Read<&'static str> {
        let [one, other] = fields;
        match fields.map(|field| self.has(field)) {
            [true, false] => Some(one),
            [false, true] => Some(other),
            [true, true] | [false, false] => {
                let message = format!("exactly one of {one} and {other} is required");
                self.wrong(one, message.clone());
                self.wrong(other, message);
                None
            }
        }
    }

    /// The fields of an object within the params, to be read like params; wrong ones are named
    /// after it. [`Params::close`] ends it.
    pub(crate) fn open(&self, field: &str) -> Result<Option<Self>, ()> {
        match self.fields.get(field) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Object(fields)) => Ok(Some(Self { fields: fields.clone(), issues: Vec::new() })),
            Some(_) => Err(()),
        }
    }

    pub(crate) fn close(&mut self, field: &str, inner: Self) {
        let named = inner
            .issues
            .into_iter()
            .map(|issue| Issue { field: format!("{field}.{}", issue.field), ..issue });
        self.issues.extend(named);
    }

    /// Notes a field that is wrong in a way of its own.
    pub(crate) fn wrong(&mut self, field: &str, message: impl Into<String>) {
        let got = self.fields.get(field).map(shown);
        self.note(field, message.into(), got);
    }

    /// Takes a field as one that nobody knows.
    pub(crate) fn pass_over(&mut self, field: &str) {
        self.fields.remove(field);
    }

    /// Whether the field is there.
    pub(crate) fn has(&self, field: &str) -> bool {
        self.fields.get(field).is_some_and(|value| !value.is_null())
    }

    /// What is wrong.
    pub(crate) fn refusal(&self) -> Issues {
        Issues(self.issues.clone())
    }

    fn note(&mut self, field: &str, message: String, got: Option<String>) {
        self.issues.push(Issue { field: field.to_owned(), message, got });
    }
}

/// What is wrong with a request, field by field.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Issues(Vec<Issue>);

impl Issues {
    /// One field that is wrong.
    pub(crate) fn one(field: &str, message: impl Into<String>) -> Self {
        Self(vec![Issue { field: field.to_owned(), message: message.into(), got: None }])
    }
}

impl From<Issues> for RpcError {
    fn from(issues: Issues) -> Self {
        Self::invalid_params(json!({ "issues": issues }))
    }
}

/// One wrong field of params that could be read.
pub(crate) fn refused_field(field: &str, message: impl Into<String>) -> RpcError {
    Issues::one(field, message).into()
}

/// One wrong field of params that could be read, in words for people.
pub(crate) fn refused_in_words(field: &str, message: String) -> RpcError {
    let issues = Issues::one(field, message.clone());
    RpcError::refused(message).with_data(json!({ "issues": issues }))
}

/// An id that the server made.
pub(crate) fn id<T: FromStr>(value: &Value) -> Result<T, String> {
    let made = string(value)?.parse().ok();
    made.ok_or_else(|| "must be an id such as \"01990c1e-6a3f-7000-8000-0000000000ab\"".to_owned())
}

/// A name such as an id.
pub(crate) fn name<T: FromStr<Err = NameError>>(value: &Value) -> Result<T, String> {
    string(value)?.parse().map_err(|error: NameError| error.to_string())
}

/// One of a few words.
pub(crate) fn word<'a, T>(words: &'a [(&'a str, T)]) -> impl FnOnce(&Value) -> Result<T, String> + 'a
where
    T: Copy,
{
    move |value| {
        let text = string(value)?;
        let found = words.iter().find(|(word, _)| *word == text).map(|(_, meaning)| *meaning);
        found.ok_or_else(|| {
            let allowed: Vec<_> = words.iter().map(|(word, _)| *word).collect();
            format!("must be one of {}", allowed.join(", "))
        })
    }
}

/// A whole number within bounds.
pub(crate) fn whole_number(least: u32, most: u32) -> impl FnOnce(&Value) -> Result<u32, String> {
    move |value| {
        let number = value.as_u64().or_else(|| {
            // 20.0 is a whole number to JSON.
            let text = value.as_f64().filter(|number| number.fract() == 0.0)?.to_string();
            text.parse().ok()
        });
        let number = number.and_then(|number| u32::try_from(number).ok());
        number
            .filter(|number| (least..=most).contains(number))
            .ok_or_else(|| format!("must be a whole number from {least} to {most}"))
    }
}

/// A whole number within bounds, as the text that a query has.
pub(crate) fn number_in_text(least: u32, most: u32) -> impl FnOnce(&Value) -> Result<u32, String> {
    move |value| {
        let number = string(value)?.parse().ok().filter(|number| (least..=most).contains(number));
        number.ok_or_else(|| format!("must be a whole number from {least} to {most}"))
    }
}

pub(crate) fn boolean(value: &Value) -> Result<bool, String> {
    value.as_bool().ok_or_else(|| "must be true or false".to_owned())
}

pub(crate) fn moment(value: &Value) -> Result<Timestamp, String> {
    crate::wire_time::parse(string(value)?)
        .ok_or_else(|| "must be a time such as \"2025-10-09T08:53:20.000Z\"".to_owned())
}

/// The text of an invoice or an address.
pub(crate) fn destination_text(value: &Value) -> Result<String, String> {
    let text = string(value)?.trim();
    match text.len() {
        0 => Err("must not be empty".to_owned()),
        1..=MOST_DESTINATION if text.bytes().all(|b| b.is_ascii_graphic()) => Ok(text.to_owned()),
        1..=MOST_DESTINATION => Err("must be visible ASCII without spaces".to_owned()),
        length => Err(format!("must have at most {MOST_DESTINATION} bytes, got {length}")),
    }
}

/// A word to a creator, trimmed; nothing if that leaves nothing.
pub(crate) fn message(value: &Value) -> Result<Option<String>, String> {
    let text = string(value)?.trim();
    let length = text.chars().count();
    if length > MESSAGE_CHARACTERS {
        return Err(format!("must have at most {MESSAGE_CHARACTERS} characters, got {length}"));
    }
    if text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
        return Err("must not contain control characters".to_owned());
    }
    Ok((!text.is_empty()).then(|| text.to_owned()))
}

pub(crate) fn string(value: &Value) -> Result<&str, String> {
    value.as_str().ok_or_else(|| "must be a string".to_owned())
}

fn known_asset<'a>(value: &Value, assets: &'a Assets) -> Result<&'a Asset, String> {
    let text = string(value)?;
    AssetId::new(text).ok().and_then(|id| assets.find(&id)).ok_or_else(|| {
        let known: Vec<_> = assets.iter().map(|asset| asset.id.as_str()).collect();
        format!("must be one of {}", known.join(", "))
    })
}

fn amount(value: &Value, asset: Option<&Asset>) -> Result<Amount, String> {
    let is_nothing = |text: &str| asset.unwrap_or(&Asset::ckb()).parse(text).is_ok_and(Amount::is_zero);
    match value.as_str() {
        Some(text) if is_nothing(text) => Err("must be greater than zero".to_owned()),
        Some(_) | None => amount_or_nothing(value, asset),
    }
}

/// Without a known asset only the form can be checked.
pub(crate) fn amount_or_nothing(value: &Value, asset: Option<&Asset>) -> Result<Amount, String> {
    let text = value.as_str().ok_or_else(|| "must be a string such as \"1.5\"".to_owned())?;
    match asset.unwrap_or(&Asset::ckb()).parse(text) {
        Ok(amount) => Ok(amount),
        Err(error) if asset.is_some() || error == ParseAmountError::NotDecimal => Err(error.to_string()),
        Err(_) => Ok(Amount::ZERO),
    }
}

/// What came, short enough to be sent back.
fn shown(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(_) | Value::Number(_) => cut(&value.to_string()),
        Value::String(text) => cut(text),
        Value::Array(items) => format!("an array of {}", items.len()),
        Value::Object(_) => "an object".to_owned(),
    }
}

fn cut(text: &str) -> String {
    if text.chars().nth(SHOWN).is_none() {
        return text.to_owned();
    }
    let mut start: String = text.chars().take(SHOWN).collect();
    start.push('…');
    start
}

#[cfg(test)]
mod tests {
    use super::*;
    use fiber_link_core::UserId;

    fn issues(params: &Params) -> Vec<(String, String, Option<String>)> {
        params.issues.iter().map(|i| (i.field.clone(), i.message.clone(), i.got.clone())).collect()
    }

    fn issue<T>(value: &Value, read: impl FnOnce(&Value) -> Result<T, String>) -> String {
        read(value).err().unwrap()
    }

    #[test]
    fn every_wrong_field_is_reported_with_what_came() {
        let text = format!(r#"{{"a":7,"c":"{}","d":{{}},"asset":"DOGE","amount":"0.0"}}"#, "x".repeat(300));
        let mut params = Params::read(&text).unwrap();
        for field in ["a", "b", "c", "d"] {
            assert!(params.required(field, name::<UserId>).is_none());
        }
        let (asset, amount) = params.asset_and_amount(&Assets::default());
        assert!(asset.is_none() && amount.is_none());
        let line = |field: &str, message: &str, got: Option<&str>| {
            (field.to_owned(), message.to_owned(), got.map(str::to_owned))
        };
        assert_eq!(
            issues(&params),
            [
                line("a", "must be a string", Some("7")),
                line("b", "is required", None),
                line("c", "must have at most 255 bytes, got 300", Some(&format!("{}…", "x".repeat(64)))),
                line("d", "must be a string", Some("an object")),
                line("asset", "must be one of CKB", Some("DOGE")),
                line("amount", "must be greater than zero", Some("0.0")),
            ]
        );
        let error = serde_json::to_value(RpcError::from(params.refusal())).unwrap();
        assert_eq!(error["code"], -32602);
        assert_eq!(error["data"]["issues"][1], json!({ "field": "b", "message": "is required" }));
    }

    #[test]
    fn optional_fields_may_be_missing_or_null_but_not_wrong() {
        let mut params = Params::read(r#"{"a":null,"b":"x","c":1}"#).unwrap();
        assert_eq!(params.optional("a", boolean), Some(None));
        assert_eq!(params.optional("z", boolean), Some(None));
        assert_eq!(params.optional("b", message), Some(Some(Some("x".to_owned()))));
        assert_eq!(params.optional("c", boolean), None);
        assert_eq!(issues(&params).len(), 1);
    }

    #[test]
    fn amounts_are_strings_of_the_asset() {
        let ckb = Asset::ckb();
        let of = |value: Value| amount(&value, Some(&ckb));
        assert_eq!(of(json!("1.5")), Ok(Amount::new(150_000_000)));
        for (value, message) in [
            (json!(1.5), "must be a string such as \"1.5\""),
            (json!("1e3"), "must be a decimal number such as \"1.5\""),
            (json!("-1"), "must be a decimal number such as \"1.5\""),
            (json!("0.000000001"), "must have at most 8 decimals for CKB, got 9"),
            (json!("9".repeat(100_000)), "is above the largest amount of CKB"),
            (json!("0"), "must be greater than zero"),
        ] {
            assert_eq!(of(value).unwrap_err(), message);
        }
    }

    #[test]
    fn numbers_words_moments_and_texts_are_checked() {
        for (value, number) in [(json!(20), 20), (json!(20.0), 20), (json!(1), 1), (json!(100), 100)] {
            assert_eq!(whole_number(1, 100)(&value), Ok(number));
        }
        for value in [json!(0), json!(101), json!(1.5), json!("20"), json!(-1), json!(1e300), json!(true)] {
            assert_eq!(issue(&value, whole_number(1, 100)), "must be a whole number from 1 to 100");
        }
        assert_eq!(word(&[("A", 1), ("B", 2)])(&json!("B")), Ok(2));
        assert_eq!(issue(&json!("C"), word(&[("A", 1), ("B", 2)])), "must be one of A, B");
        assert!(issue(&json!("soon"), moment).starts_with("must be a time"));
        assert_eq!(message(&json!("  ✓\n ")), Ok(Some("✓".to_owned())));
        assert_eq!(message(&json!("   ")), Ok(None));
        assert_eq!(message(&json!("é".repeat(280))), Ok(Some("é".repeat(280))));
        assert!(issue(&json!("é".repeat(281)), message).contains("got 281"));
        assert_eq!(issue(&json!("a\u{0}b"), message), "must not contain control characters");
        assert_eq!(destination_text(&json!(" fibd1x ")), Ok("fibd1x".to_owned()));
        for value in [json!(""), json!("a b"), json!("a\u{7}"), json!("x".repeat(8_193)), json!(1)] {
            assert!(destination_text(&value).is_err(), "{value}");
        }
    }

    #[test]
    fn nested_fields_are_named_after_their_object() {
        let mut params = Params::read(r#"{"after":{"id":1},"bad":7}"#).unwrap();
        let mut after = params.open("after").unwrap().unwrap();
        assert!(after.required("id", name::<UserId>).is_none());
        params.close("after", after);
        assert_eq!(issues(&params)[0].0, "after.id");
        assert!(params.open("bad").is_err());
        assert!(params.open("missing").unwrap().is_none());
    }

    #[test]
    fn params_that_are_nested_too_deeply_are_refused() {
        let text = format!(r#"{{"a":{}{}}}"#, "[".repeat(1_000), "]".repeat(1_000));
        assert_eq!(RpcError::from(Params::read(&text).unwrap_err()).code(), -32602);
    }

    #[test]
    fn params_that_nobody_can_read_are_refused_for_what_they_are() {
        for text in [r#"{"a":1e999}"#, r#"{"a":"\ud800"}"#] {
            let error = serde_json::to_value(RpcError::from(Params::read(text).unwrap_err())).unwrap();
            let issue = &error["data"]["issues"][0];
            assert_eq!((error["code"].as_i64(), &issue["field"]), (Some(-32602), &json!("params")), "{text}");
            assert!(issue["message"].as_str().unwrap().contains("cannot be read"), "{issue}");
        }
    }
}
