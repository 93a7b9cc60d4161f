//! `fiber-link store`: moves everything from one store to another.

use super::CommandError;
use crate::copy::{Comparison, Copy};
use crate::data_folder::StoreLock;
use crate::moved;
use crate::rpc::Chain;
use crate::settings::{PostgresPlace, Settings, SqliteFile, StorePlace, StoreText};
use crate::store::{self, OpenStoreError};
use clap::{Args, Subcommand};
use fiber_link_core::{Clock, MAX_ROWS, Store, SystemClock, Table, Timestamp, audit};
use fiber_link_store_postgres::Import;
use fiber_link_store_sqlite::Export;
use indicatif::{ProgressBar, ProgressStyle};
use std::io::{self, IsTerminal};
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

#[derive(Debug, Subcommand)]
pub(super) enum StoreCommand {
    /// Copy everything from an SQLite store, whose server was stopped, to an empty schema of a Postgres
    /// database; compare both sides row by row, and audit the copy.
    ///
    /// It can be interrupted at any moment: started again it goes on. Until it is finished no server
    /// works on the copy. The source is only read; in the end a file beside it, `-moved` after its
    /// name, keeps servers off, or both stores would pay the same withdrawals.
    ///
    /// Exit codes: 0 copied, alike on both sides, and no finding; 1 something differs, or the audit of
    /// the copy has findings: it is not finished; 2 it could not be copied.
    Copy(CopyFlags),
}

#[derive(Debug, Args)]
pub(super) struct CopyFlags {
    /// The store to copy: `sqlite:PATH`.
    #[arg(long, value_name = "STORE")]
    from: SqliteFile,
    /// The database to copy to; the one of --store if it is not said. An address with a password in it
    /// belongs into the environment or a file: say FIBER_LINK_STORE or --store-url-file instead.
    #[arg(long, value_name = "STORE")]
    pub(super) to: Option<StoreText>,
    /// Make the schema, or bring it up to date, first. Without it one of another version is refused.
    #[arg(long)]
    migrate: bool,
}

pub(super) async fn run(settings: &Settings, command: StoreCommand) -> Result<ExitCode, CommandError> {
    let StoreCommand::Copy(CopyFlags { from, to: _, migrate }) = command;
    let path = from.path();
    let place = settings.needed_store()?;
    let StorePlace::Postgres(target) = place else { return Err(CommandError::CopyToFile) };
    let (source, _lock) = lock_source(path)?;
    let target_place = described(target)?;
    moved::check_elsewhere(path, &target_place)?;
    if migrate {
        store::migrate(place).await?;
    }
    let mut copy = Copy::new(source.0, begin(target, &source.1).await?);
    copy_all(&mut copy).await?;
    let differences = compare_all(&copy).await?;
    let findings = audit_copy(&copy).await?;
    if differences > 0 || findings > 0 {
        eprintln!(
            "error: {differences} tables differ and the audit has {findings} findings, so the copy is not \
             finished and no server works on it. If {} was used since the copy began, drop the schema {} \
             and begin anew",
            path.display(),
            target.schema
        );
        return Ok(ExitCode::from(1));
    }
    let unclear = unclear_servers(copy.target()).await?;
    // First of all: from the moment at which servers may start on the copy none may on the file.
    let mark = moved::mark(path, &target_place)?;
    copy.finish().await?;
    println!("the store was copied to the schema {}", target.schema);
    for server in unclear {
        println!("{server}");
    }
    println!("no server starts on {} any more: {} says where everything is", path.display(), mark.display());
    Ok(ExitCode::SUCCESS)
}

/// The source with what tells it from others, and the lock that a server on it would hold.
fn lock_source(path: &Path) -> Result<((Export, String), StoreLock), CommandError> {
    if !path.exists() {
        return Err(OpenStoreError::Missing(path.to_owned()).into());
    }
    let lock = StoreLock::take(path)?;
    let source = Export::open(path, SystemClock.now())
        .map_err(|source| OpenStoreError::Sqlite { path: path.to_owned(), source })?;
    let identity = source.identity()?;
    Ok(((source, identity), lock))
}

/// Where a copy goes, without the password, as the mark beside the source says it.
fn described(target: &PostgresPlace) -> Result<String, OpenStoreError> {
    let pool = target.pool.pool(target.url.expose()).map_err(OpenStoreError::Postgres)?;
    let options = pool.connect_options();
    let host = match options.get_socket() {
        Some(folder) => folder.display().to_string(),
        None => options.get_host().to_owned(),
    };
    let database = options.get_database().unwrap_or_else(|| options.get_username());
    Ok(format!("the schema {} of the database {database} at {host}:{}", target.schema, options.get_port()))
}

async fn begin(target: &PostgresPlace, source: &str) -> Result<Import, CommandError> {
    let pool = target.pool.pool(target.url.expose()).map_err(OpenStoreError::Postgres)?;
    Ok(Import::begin(pool, target.schema.clone(), source).await?)
}

async fn copy_all(copy: &mut Copy) -> Result<(), CommandError> {
    let (all, there) = copy.progress().await?;
    if there > 0 {
        eprintln!("{there} of {all} rows are there already");
    }
    let mut progress = Progress::new("copying", all, there);
    while let Some(copied) = copy.step().await? {
        progress.advance(copied.table, copied.rows);
    }
    progress.finish();
    if let Err(error) = copy.analyze().await {
        tracing::warn!(error = %Chain(&error), "the target was not analyzed; it plans badly until it is");
    }
    Ok(())
}

/// Prints both sides of every table; how many differ.
async fn compare_all(copy: &Copy) -> Result<u64, CommandError> {
    let (all, _) = copy.progress().await?;
    let (mut progress, mut tables) = (Progress::new("comparing", all, 0), Vec::new());
    for table in Table::ALL {
        tables.push(copy.compare(table, |rows| progress.advance(table, rows)).await?);
    }
    progress.finish();
    println!("{:<44}{:>24}{:>24}", "", "source", "target");
    for table in &tables {
        print_table(table);
    }
    let differences: Vec<_> =
        tables.iter().filter_map(|table| Some((table.table, table.difference.as_ref()?))).collect();
    for (table, difference) in &differences {
        println!("{table}: {difference}");
    }
    Ok(differences.len().try_into().unwrap_or(u64::MAX))
}

fn print_table(Comparison { table, rows: [there, here], sums, difference: _ }: &Comparison) {
    println!("{:<44}{there:>24}{here:>24}", format!("{table}, rows"));
    for (sum, [there, here]) in sums {
        println!("{:<44}{there:>24}{here:>24}", format!("  {}, base units of {}", sum.of, sum.asset));
    }
}

/// Prints what the audit of the target finds; how much.
async fn audit_copy(copy: &Copy) -> Result<usize, CommandError> {
    eprintln!("auditing the copy");
    let report = audit(copy.target()).await?;
    for finding in &report.findings {
        println!("{finding}");
    }
    println!("audit of the target: {} findings in {} entries", report.findings.len(), report.entries);
    Ok(report.findings.len())
}

/// Servers that were not stopped in order and may have sent what has no outcome yet. Beside others
/// nobody takes that over before somebody says that they are dead.
async fn unclear_servers(store: &dyn Store) -> Result<Vec<String>, CommandError> {
    let (mut after, mut lines) = (None, Vec::new());
    loop {
        let listed = store.workers(after, MAX_ROWS).await?;
        let Some(last) = listed.last() else { return Ok(lines) };
        after = Some(last.worker.id);
        let unclear = listed.iter().filter(|server| server.claims > 0 && !server.worker.is_dead());
        lines.extend(unclear.map(|server| {
            let (id, label) = (server.worker.id, &server.worker.label);
            format!(
                "server {id} ({label}) was not stopped in order and may have sent {} payments without an outcome: \
                 `fiber-link server declare-dead {id} --reason WORDS`",
                server.claims
            )
        }));
    }
}

/// How often a line is written where there is no terminal.
const LINE_EVERY: Duration = Duration::from_secs(5);

/// A bar on a terminal, and a line now and then elsewhere; both on standard error.
struct Progress {
    what: &'static str,
    bar: Option<ProgressBar>,
    all: u64,
    done: u64,
    new: u64,
    since: Timestamp,
    written: Timestamp,
}

impl Progress {
    fn new(what: &'static str, all: u64, done: u64) -> Self {
        let now = SystemClock.now();
        let bar = io::stderr().is_terminal().then(|| bar(what, all, done));
        Self { what, bar, all, done, new: 0, since: now, written: now }
    }

    fn advance(&mut self, table: Table, rows: u64) {
        (self.done, self.new) = (self.done.saturating_add(rows), self.new.saturating_add(rows));
        if let Some(bar) = &self.bar {
            bar.set_message(table.as_str());
            bar.inc(rows);
        } else if SystemClock.now().since(self.written) >= LINE_EVERY {
            self.written = SystemClock.now();
            self.line(table.as_str());
        }
    }

    fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        self.line("done");
    }

    fn line(&self, at: &str) {
        let millis = SystemClock.now().since(self.since).as_millis().max(1);
        let rate = u128::from(self.new).saturating_mul(1_000).checked_div(millis).unwrap_or_default();
        eprintln!("{}: {} of {} rows, {rate} a second, {at}", self.what, self.done, self.all);
    }
}

fn bar(what: &'static str, all: u64, done: u64) -> ProgressBar {
    let template = "{prefix} [{wide_bar}] {pos} of {len} rows, {per_sec}, {eta} left, {msg}";
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(all).with_style(style).with_prefix(what).with_position(done)
}
