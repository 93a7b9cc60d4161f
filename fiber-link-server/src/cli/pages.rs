//! Lists in pages: the flags that they have in common, and how they are written.

use super::CommandError;
use crate::table::{Field, Format, Table};
use crate::wire_time;
use clap::Args;
use fiber_link_core::{MAX_ROWS, Page, ReadError, Span, Timestamp};
use std::fmt::{self, Display};
use std::str::FromStr;

/// How many rows a list has where it is not said.
const ROWS: u32 = 100;

/// How much, and how it is written.
#[derive(Debug, Args)]
pub(super) struct PageFlags {
    /// How many at most, the newest first: a number, or `all`.
    #[arg(long, value_name = "NUMBER", default_value_t = RowCount::AtMost(ROWS))]
    pub(super) limit: RowCount,
    /// How they are written.
    #[arg(long, default_value = "text")]
    pub(super) format: Format,
}

/// How many rows are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RowCount {
    AtMost(u32),
    All,
}

impl RowCount {
    /// How many to ask for, after `had` of them; nothing once there are enough.
    pub(super) fn left_after(self, had: u32) -> Option<u32> {
        match self {
            Self::AtMost(rows) => Some(rows.saturating_sub(had).min(MAX_ROWS)).filter(|left| *left > 0),
            Self::All => Some(MAX_ROWS),
        }
    }
}

impl Display for RowCount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtMost(rows) => rows.fmt(f),
            Self::All => f.write_str("all"),
        }
    }
}

impl FromStr for RowCount {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match (text, text.parse()) {
            ("all", _) => Ok(Self::All),
            (_, Ok(rows)) if rows > 0 => Ok(Self::AtMost(rows)),
            _ => Err("allowed are `all` and numbers from 1 to 4294967295".to_owned()),
        }
    }
}

/// A span of time.
#[derive(Debug, Args)]
pub(super) struct SpanFlags {
    /// Only what is not older, such as `2026-01-31T00:00:00Z`.
    #[arg(long, value_name = "TIME", value_parser = read_time)]
    from: Option<Timestamp>,
    /// Only what is older, such as `2026-02-28T00:00:00Z`.
    #[arg(long, value_name = "TIME", value_parser = read_time)]
    until: Option<Timestamp>,
}

impl SpanFlags {
    pub(super) fn span(&self) -> Span {
        Span { from: self.from, until: self.until }
    }
}

/// Writes page after page until there are rows enough, and says where to go on.
pub(super) async fn write_pages<T, C: Copy + Display, const N: usize>(
    mut table: Table<N, impl std::io::Write>,
    limit: RowCount,
    mut before: Option<C>,
    read: impl AsyncFn(Option<C>, u32) -> Result<Page<T, C>, ReadError>,
    row: impl Fn(&T) -> [Field; N],
) -> Result<(), CommandError> {
    let mut had = 0_u32;
    let mut more = None;
    while let Some(left) = limit.left_after(had) {
        let page = read(before, left).await?;
        had = had.saturating_add(u32::try_from(page.rows.len()).unwrap_or(u32::MAX));
        for found in &page.rows {
            table.row(row(found)).map_err(CommandError::Output)?;
        }
        more = page.next;
        before = page.next;
        if more.is_none() {
            break;
        }
    }
    table.end().map_err(CommandError::Output)?;
    if let Some(before) = more {
        eprintln!("there may be more: go on with --before {before}");
    }
    Ok(())
}

fn read_time(text: &str) -> Result<Timestamp, String> {
    wire_time::parse(text).ok_or_else(|| "allowed is a time such as `2026-01-31T18:00:00Z`".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_is_a_number_or_all() {
        assert_eq!("all".parse(), Ok(RowCount::All));
        assert_eq!("7".parse(), Ok(RowCount::AtMost(7)));
        for text in ["0", "-1", "", "many", "4294967296"] {
            assert!(text.parse::<RowCount>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_list_asks_for_no_more_than_it_is_to_have() {
        assert_eq!(RowCount::AtMost(1_500).left_after(0), Some(MAX_ROWS));
        assert_eq!(RowCount::AtMost(1_500).left_after(1_000), Some(500));
        assert_eq!(RowCount::AtMost(1_500).left_after(1_500), None);
        assert_eq!(RowCount::All.left_after(u32::MAX), Some(MAX_ROWS));
    }
}
