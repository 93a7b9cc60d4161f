//! `fiber-link audit-log`: what operators changed.

use super::CommandError;
use super::operator::of_existing;
use super::pages::{RowCount, SpanFlags, write_pages};
use super::rows::time;
use super::table::{Column, Field, Format, Table};
use crate::settings::Settings;
use clap::Args;
use fiber_link_core::{AppId, AuditFilter, NumberedAuditRecord};

/// The columns, in their order.
const COLUMNS: [Column; 10] = [
    Column::more("number"),
    Column::shown("at"),
    Column::shown("operator"),
    Column::shown("origin"),
    Column::shown("action"),
    Column::more("app"),
    Column::shown("subject"),
    Column::more("before"),
    Column::more("after"),
    Column::shown("reason"),
];

#[derive(Debug, Args)]
pub(super) struct AuditLogFlags {
    /// Only what was about this app.
    #[arg(long)]
    app: Option<AppId>,
    /// Only what this operator did.
    #[arg(long, value_name = "NAME")]
    operator: Option<String>,
    /// Only this action, such as `app.rotate`.
    #[arg(long)]
    action: Option<String>,
    /// Only what was about this subject, such as a user.
    #[arg(long)]
    subject: Option<String>,
    #[command(flatten)]
    at: SpanFlags,
    /// Go on before the record of this number, the last one of a list.
    #[arg(long, value_name = "NUMBER")]
    before: Option<u64>,
    /// How many at most, the newest first: a number, or `all`.
    #[arg(long, value_name = "NUMBER", default_value_t = RowCount::All)]
    limit: RowCount,
    /// How they are written.
    #[arg(long, default_value = "text")]
    format: Format,
}

pub(super) async fn run(settings: &Settings, flags: AuditLogFlags) -> Result<(), CommandError> {
    let AuditLogFlags { app, operator, action, subject, at, before, limit, format } = flags;
    let filter = AuditFilter { app, operator, action, subject, at: at.span() };
    let administration = of_existing(settings).await?;
    let table = Table::begin(format, COLUMNS)?;
    let read = async |before, limit| administration.audit_records(&filter, before, limit).await;
    write_pages(table, limit, before, read, row).await
}

fn row(NumberedAuditRecord { number, record }: &NumberedAuditRecord) -> [Field; 10] {
    let json = |text: &Option<String>| text.clone().map_or(Field::Nothing, Field::Json);
    [
        Field::Number(*number),
        time(record.at),
        Field::text(&record.operator.name),
        Field::text(&record.operator.origin),
        Field::text(&record.action),
        Field::optional(record.app.as_ref()),
        Field::text(&record.subject),
        json(&record.before),
        json(&record.after),
        Field::text(&record.reason),
    ]
}
