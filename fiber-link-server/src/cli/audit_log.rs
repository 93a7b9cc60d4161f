//! `fiber-link audit-log`: what operators changed.

use super::CommandError;
use crate::settings::Settings;
use crate::store;
use crate::wire_time;
use clap::{Args, ValueEnum};
use fiber_link_core::{AppId, AuditQuery, MAX_ROWS, NumberedAuditRecord};
use serde_json::{Value, json};
use std::io::{self, Write};

/// The columns, in their order.
const COLUMNS: [&str; 10] =
    ["number", "at", "operator", "origin", "action", "app", "subject", "before", "after", "reason"];

#[derive(Debug, Args)]
pub(super) struct AuditLogFlags {
    /// Only what was about this app.
    #[arg(long)]
    app: Option<AppId>,
    /// How many at most, the newest first; all by default.
    #[arg(long, value_name = "NUMBER")]
    limit: Option<u32>,
    /// How they are written.
    #[arg(long, default_value = "text")]
    format: Format,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    /// A line for people.
    Text,
    /// Comma-separated values with a head, as RFC 4180 has them.
    Csv,
    /// A JSON object a line.
    Jsonl,
}

pub(super) async fn run(settings: &Settings, flags: AuditLogFlags) -> Result<(), CommandError> {
    let store = store::open_existing(settings.needed_store()?).await?;
    let mut left = flags.limit.unwrap_or(u32::MAX);
    let mut before = None;
    let mut out = io::BufWriter::new(io::stdout().lock());
    if let Format::Csv = flags.format {
        line(&mut out, &COLUMNS.join(","), "\r\n")?;
    }
    while left > 0 {
        let query = AuditQuery { app: flags.app.clone(), before, limit: left.min(MAX_ROWS) };
        let page = store.audit_records(query).await?;
        let Some(last) = page.last() else { break };
        before = Some(last.number);
        left = left.saturating_sub(u32::try_from(page.len()).unwrap_or(u32::MAX));
        for numbered in &page {
            match flags.format {
                Format::Text => line(&mut out, &text(numbered), "\n")?,
                Format::Csv => line(&mut out, &csv(numbered), "\r\n")?,
                Format::Jsonl => line(&mut out, &object(numbered).to_string(), "\n")?,
            }
        }
    }
    out.flush().map_err(CommandError::Output)
}

fn line(out: &mut impl Write, text: &str, end: &str) -> Result<(), CommandError> {
    write!(out, "{text}{end}").map_err(CommandError::Output)
}

fn text(NumberedAuditRecord { record, .. }: &NumberedAuditRecord) -> String {
    let at = wire_time::format(record.at);
    format!(
        "{at}\t{}\t{}\t{}\t{}\t{}",
        record.operator.name, record.operator.origin, record.action, record.subject, record.reason
    )
}

fn fields(NumberedAuditRecord { number, record }: &NumberedAuditRecord) -> [Option<String>; 10] {
    [
        Some(number.to_string()),
        Some(wire_time::format(record.at)),
        Some(record.operator.name.clone()),
        Some(record.operator.origin.clone()),
        Some(record.action.clone()),
        record.app.as_ref().map(ToString::to_string),
        Some(record.subject.clone()),
        record.before.clone(),
        record.after.clone(),
        Some(record.reason.clone()),
    ]
}

fn csv(numbered: &NumberedAuditRecord) -> String {
    fields(numbered).map(|field| quoted(&field.unwrap_or_default())).join(",")
}

/// A field as it is written. One that a spreadsheet would take for a formula gets an apostrophe before
/// it.
fn quoted(field: &str) -> String {
    let guard = if field.starts_with(['=', '+', '-', '@', '\t', '\r']) { "'" } else { "" };
    format!("\"{guard}{}\"", field.replace('"', "\"\""))
}

/// What was before and after stands in it as the JSON that it is.
fn object(numbered: &NumberedAuditRecord) -> Value {
    let values = fields(numbered);
    let mut object = serde_json::Map::new();
    for (column, field) in COLUMNS.into_iter().zip(values) {
        let value = match (column, field) {
            ("number", _) => json!(numbered.number),
            ("before" | "after", Some(text)) => serde_json::from_str(&text).unwrap_or(Value::String(text)),
            (_, field) => json!(field),
        };
        object.insert(column.to_owned(), value);
    }
    Value::Object(object)
}

#[cfg(test)]
mod tests {
    use super::*;
    use fiber_link_core::{AuditRecord, Operator, Timestamp};

    fn numbered() -> NumberedAuditRecord {
        let record = AuditRecord {
            id: uuid::Uuid::nil(),
            at: Timestamp::from_seconds(1_760_000_000),
            operator: Operator { name: "=ann".to_owned(), origin: "here".to_owned() },
            action: "app.pause".to_owned(),
            app: AppId::new("forum").ok(),
            subject: "forum".to_owned(),
            before: Some(r#"{"a":1}"#.to_owned()),
            after: None,
            reason: "he said \"no\",\nthen".to_owned(),
        };
        NumberedAuditRecord { number: 7, record }
    }

    #[test]
    fn a_record_is_one_line_of_csv_that_no_spreadsheet_runs() {
        let expected = concat!(
            r#""7","2025-10-09T08:53:20.000Z","'=ann","here","app.pause","forum","forum","{""a"":1}","","#,
            "\"he said \"\"no\"\",\nthen\""
        );
        assert_eq!(csv(&numbered()), expected);
    }

    #[test]
    fn a_record_is_a_json_object_with_what_was_before_in_it() {
        let object = object(&numbered());
        assert_eq!(
            (&object["before"]["a"], &object["after"], &object["number"]),
            (&json!(1), &Value::Null, &json!(7))
        );
    }
}
