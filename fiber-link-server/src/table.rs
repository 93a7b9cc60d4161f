//! Rows as they are written: as lines for people, as CSV, or as JSON.

use clap::ValueEnum;
use serde_json::{Map, Value, json};
use std::io::{self, BufWriter, StdoutLock, Write};

/// How rows are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// A line for people.
    Text,
    /// Comma-separated values with a head, as RFC 4180 has them.
    Csv,
    /// A JSON object a line.
    Jsonl,
}

/// A column, in its place.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Column {
    pub(crate) name: &'static str,
    /// Whether it is in the line for people.
    pub(crate) is_shown: bool,
}

impl Column {
    pub(crate) const fn shown(name: &'static str) -> Self {
        Self { name, is_shown: true }
    }

    /// In CSV and JSON alone.
    pub(crate) const fn more(name: &'static str) -> Self {
        Self { name, is_shown: false }
    }
}

/// What stands in a column.
#[derive(Clone, Debug)]
pub(crate) enum Field {
    Text(String),
    Number(u64),
    Flag(bool),
    /// JSON as it is stored.
    Json(String),
    Nothing,
}

impl Field {
    pub(crate) fn text(value: &(impl ToString + ?Sized)) -> Self {
        Self::Text(value.to_string())
    }

    pub(crate) fn optional(value: Option<impl ToString>) -> Self {
        value.map_or(Self::Nothing, |value| Self::text(&value))
    }

    fn plain(&self) -> String {
        match self {
            Self::Text(text) | Self::Json(text) => text.clone(),
            Self::Number(number) => number.to_string(),
            Self::Flag(flag) => flag.to_string(),
            Self::Nothing => String::new(),
        }
    }

    fn json(self) -> Value {
        match self {
            Self::Text(text) => Value::String(text),
            Self::Number(number) => Value::from(number),
            Self::Flag(flag) => Value::from(flag),
            Self::Json(text) => serde_json::from_str(&text).unwrap_or(Value::String(text)),
            Self::Nothing => Value::Null,
        }
    }
}

/// Writes rows.
#[derive(Debug)]
pub(crate) struct Table<const N: usize, W> {
    format: Format,
    /// What the rows are, where several kinds follow each other.
    kind: Option<&'static str>,
    columns: [Column; N],
    out: W,
}

impl<const N: usize> Table<N, BufWriter<StdoutLock<'static>>> {
    /// Begins on standard output.
    pub(crate) fn begin(format: Format, columns: [Column; N]) -> io::Result<Self> {
        Self::begin_on(BufWriter::new(io::stdout().lock()), format, columns)
    }

    /// Of rows that each say what they are.
    pub(crate) fn of_kind(format: Format, kind: &'static str, columns: [Column; N]) -> io::Result<Self> {
        Ok(Self { kind: Some(kind), ..Self::begin(format, columns)? })
    }
}

impl<const N: usize, W: Write> Table<N, W> {
    /// Begins with the head, where the format has one.
    pub(crate) fn begin_on(out: W, format: Format, columns: [Column; N]) -> io::Result<Self> {
        let mut table = Self { format, kind: None, columns, out };
        if format == Format::Csv {
            table.line(&columns.map(|column| column.name).join(","), "\r\n")?;
        }
        Ok(table)
    }

    pub(crate) fn row(&mut self, fields: [Field; N]) -> io::Result<()> {
        match self.format {
            Format::Text => {
                let text = text(&self.columns, &fields);
                let line = self.kind.map_or(text.clone(), |kind| format!("{kind}\t{text}"));
                self.line(&line, "\n")
            }
            Format::Csv => self.line(&csv(&fields), "\r\n"),
            Format::Jsonl => {
                let row = object(&self.columns, fields);
                let line = self.kind.map_or(row.clone(), |kind| json!({ kind: row }));
                self.line(&line.to_string(), "\n")
            }
        }
    }

    /// Where it was written to, with everything in it.
    pub(crate) fn end(mut self) -> io::Result<W> {
        self.out.flush()?;
        Ok(self.out)
    }

    fn line(&mut self, text: &str, end: &str) -> io::Result<()> {
        write!(self.out, "{text}{end}")
    }
}

/// What is shown, with tabs between. A row is one line, whatever a node said.
fn text(columns: &[Column], fields: &[Field]) -> String {
    let shown = columns.iter().zip(fields).filter(|(column, _)| column.is_shown);
    let one_line = |(_, field): (&Column, &Field)| -> String {
        let text = field.plain();
        if text.is_empty() {
            return "-".to_owned();
        }
        text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
    };
    shown.map(one_line).collect::<Vec<_>>().join("\t")
}

fn csv(fields: &[Field]) -> String {
    fields.iter().map(|field| quoted(&field.plain())).collect::<Vec<_>>().join(",")
}

/// A field as it is written. One that a spreadsheet would take for a formula gets an apostrophe before
/// it.
fn quoted(field: &str) -> String {
    let guard = if field.starts_with(['=', '+', '-', '@', '\t', '\r']) { "'" } else { "" };
    format!("\"{guard}{}\"", field.replace('"', "\"\""))
}

/// A row as a JSON object.
pub(crate) fn object<const N: usize>(columns: &[Column; N], fields: [Field; N]) -> Value {
    let named = columns.iter().zip(fields);
    Value::Object(named.map(|(column, field)| (column.name.to_owned(), field.json())).collect::<Map<_, _>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: [Column; 4] =
        [Column::more("number"), Column::shown("who"), Column::shown("last"), Column::more("before")];

    fn fields() -> [Field; 4] {
        let before = Field::Json(r#"{"a":1}"#.to_owned());
        [Field::Number(7), Field::text("=ann"), Field::text("he said \"no\",\nthen"), before]
    }

    #[test]
    fn a_row_is_csv_that_no_spreadsheet_runs() {
        let expected = concat!(r#""7","'=ann","he said ""no"","#, "\nthen\",", r#""{""a"":1}""#);
        assert_eq!(csv(&fields()), expected);
        assert_eq!(csv(&[Field::Nothing]), "\"\"");
    }

    #[test]
    fn a_row_is_one_line_of_what_is_shown() {
        assert_eq!(text(&COLUMNS, &fields()), "=ann\the said \"no\", then");
        assert_eq!(text(&[Column::shown("nothing")], &[Field::Nothing]), "-");
    }

    #[test]
    fn a_row_is_a_json_object_with_what_is_json_in_it() {
        let whole =
            json!({ "number": 7, "who": "=ann", "last": "he said \"no\",\nthen", "before": { "a": 1 } });
        assert_eq!(object(&COLUMNS, fields()), whole);
        assert_eq!(object(&[Column::shown("nothing")], [Field::Nothing]), json!({ "nothing": null }));
        let torn = [Field::Json("{".to_owned())];
        assert_eq!(object(&[Column::more("before")], torn), json!({ "before": "{" }));
    }
}
