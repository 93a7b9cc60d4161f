//! `fiber-link audit-log`: what operators changed.

use super::CommandError;
use super::operator::of_existing;
use super::pages::{RowCount, SpanFlags, write_pages};
use crate::rows::{self, AUDIT_COLUMNS};
use crate::settings::Settings;
use crate::table::{Format, Table};
use clap::Args;
use fiber_link_core::{AppId, AuditFilter};

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
    let table = Table::begin(format, AUDIT_COLUMNS).map_err(CommandError::Output)?;
    let read = async |before, limit| administration.audit_records(&filter, before, limit).await;
    write_pages(table, limit, before, read, rows::audit_record).await
}
