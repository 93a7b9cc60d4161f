//! Opening a file: whose it is, which version wrote it, and bringing it up to this one.

use crate::OpenError;
use crate::error::NoWriteAheadLog;
use rusqlite::{Connection, ErrorCode, OpenFlags, Transaction, TransactionBehavior};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A kind of file: its mark, and how it came to its present form.
#[derive(Debug)]
pub(crate) struct Schema {
    name: &'static str,
    application_id: u32,
    /// Each is released and never edited again; its place is the version that it leads to.
    migrations: &'static [&'static str],
}

/// Everything but nonces. The mark reads `FLnk`.
pub(crate) const DATABASE: Schema = Schema {
    name: "database",
    application_id: 0x464C_6E6B,
    migrations: &[
        include_str!("../migrations/0001_initial.sql"),
        include_str!("../migrations/0002_accepted_node.sql"),
        include_str!("../migrations/0003_workers.sql"),
        include_str!("../migrations/0004_newest_success.sql"),
        include_str!("../migrations/0005_documents.sql"),
    ],
};

/// Nonces and rate counts. The mark reads `FLno`.
pub(crate) const NONCES: Schema = Schema {
    name: "nonce file",
    application_id: 0x464C_6E6F,
    migrations: &[include_str!("../migrations/nonces/0001_initial.sql")],
};

/// Whether there was something in the file before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    New,
    Existing,
}

/// How a connection is set up.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pragmas {
    pub(crate) synchronous: &'static str,
    pub(crate) cache_kib: u32,
    pub(crate) busy_timeout: Duration,
}

/// How many pages the write-ahead log holds before it is copied back: 48 MiB. Pages that were written
/// several times meanwhile are copied once, and the writer waits for it.
const CHECKPOINT_PAGES: u32 = 12_288;

/// What a write-ahead log is cut back to when it starts anew: room that is there already needs not be
/// asked for again.
const JOURNAL_BYTES: u32 = 64 * 1024 * 1024;

/// How long the end of somebody else's write is waited for.
const LOCK_PATIENCE: Duration = Duration::from_secs(1);

/// How long the change to a write-ahead log waits before it is tried again, while another process is
/// opening the file.
const JOURNAL_PAUSE: Duration = Duration::from_millis(20);

impl Schema {
    /// Opens `path` for writing, and creates or upgrades it.
    pub(crate) fn open(&self, path: &Path, pragmas: Pragmas) -> Result<(Connection, Origin), OpenError> {
        create_private(path).map_err(|source| unusable(path, source))?;
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut connection =
            Connection::open_with_flags(path, flags).map_err(|source| unusable(path, source))?;
        let opened = connection.busy_timeout(pragmas.busy_timeout).map_err(Failure::from);
        let upgraded = opened.and_then(|()| {
            self.version_of(&connection.transaction()?)?;
            use_write_ahead_log(&connection, pragmas.busy_timeout)?;
            configure(&connection, pragmas)?;
            self.upgrade(&mut connection)
        });
        match upgraded {
            Ok(origin) => Ok((connection, origin)),
            Err(failure) => Err(self.error(path, failure)),
        }
    }

    /// Compares the version of the file at `path` with the one that this program knows, and changes
    /// nothing.
    pub(crate) fn check(&self, path: &Path) -> Result<(), OpenError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut connection =
            Connection::open_with_flags(path, flags).map_err(|source| unusable(path, source))?;
        let transaction = connection.transaction().map_err(Failure::from);
        match transaction.and_then(|transaction| self.version_of(&transaction)) {
            Ok(found) if found == self.known() => Ok(()),
            Ok(found) => Err(OpenError::Older { path: path.to_owned(), found, known: self.known() }),
            Err(failure) => Err(self.error(path, failure)),
        }
    }

    /// Opens a file of the version that this program knows, so that nobody else writes to it as long
    /// as the connection lives. Nothing in it is changed.
    pub(crate) fn open_locked(&self, path: &Path) -> Result<Connection, OpenError> {
        self.check(path)?;
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let open = || -> rusqlite::Result<Connection> {
            let connection = Connection::open_with_flags(path, flags)?;
            connection.busy_timeout(LOCK_PATIENCE)?;
            connection.execute_batch("BEGIN IMMEDIATE")?;
            Ok(connection)
        };
        match open() {
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) => {
                Err(OpenError::InUse { path: path.to_owned() })
            }
            opened => opened.map_err(|source| unusable(path, source)),
        }
    }

    /// A fresh database that lives as long as its connection.
    pub(crate) fn in_memory(&self, pragmas: Pragmas) -> Result<Connection, OpenError> {
        let memory = Path::new(":memory:");
        let mut connection = Connection::open_in_memory().map_err(|source| unusable(memory, source))?;
        let set_up = configure(&connection, pragmas).map_err(Failure::from);
        set_up.and_then(|()| self.upgrade(&mut connection)).map_err(|failure| self.error(memory, failure))?;
        Ok(connection)
    }

    /// The newest version that this program knows.
    pub(crate) fn known(&self) -> u32 {
        u32::try_from(self.migrations.len()).unwrap_or(u32::MAX)
    }

    /// The version that wrote the file; 0 for an empty one. All in one transaction, because another
    /// process may be creating it.
    fn version_of(&self, connection: &Transaction<'_>) -> Result<u32, Failure> {
        let pragma = |name| connection.pragma_query_value(None, name, |row| row.get::<_, u32>(0));
        let (application_id, version) = (pragma("application_id")?, pragma("user_version")?);
        let tables: u32 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
        match (application_id, version, tables) {
            (0, 0, 0) => Ok(0),
            (id, found, _) if id == self.application_id && found > self.known() => Err(Failure::Newer(found)),
            (id, found, _) if id == self.application_id => Ok(found),
            _ => Err(Failure::Foreign),
        }
    }

    fn upgrade(&self, connection: &mut Connection) -> Result<Origin, Failure> {
        // Secrets that a migration moves must not stay behind in pages that are free now.
        connection.pragma_update(None, "secure_delete", true)?;
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let version = self.version_of(&transaction)?;
        let applied = usize::try_from(version).unwrap_or(usize::MAX);
        for migration in self.migrations.iter().skip(applied) {
            transaction.execute_batch(migration)?;
        }
        if version < self.known() {
            transaction.pragma_update(None, "application_id", self.application_id)?;
            transaction.pragma_update(None, "user_version", self.known())?;
        }
        transaction.commit()?;
        Ok(if version == 0 { Origin::New } else { Origin::Existing })
    }

    fn error(&self, path: &Path, failure: Failure) -> OpenError {
        let path = path.to_owned();
        match failure {
            Failure::Newer(found) => OpenError::Newer { path, found, known: self.known() },
            Failure::Foreign => OpenError::Foreign { path, expected: self.name },
            Failure::Sqlite(error) if error.sqlite_error_code() == Some(ErrorCode::NotADatabase) => {
                OpenError::Foreign { path, expected: self.name }
            }
            Failure::Sqlite(error) => unusable(&path, error),
            Failure::NoWriteAheadLog(error) => unusable(&path, error),
        }
    }
}

#[cfg(test)]
impl Schema {
    pub(crate) fn migrations(&self) -> impl Iterator<Item = &'static str> {
        self.migrations.iter().copied()
    }
}

/// Opens a file that was opened for writing before, for reading.
pub(crate) fn open_reader(path: &Path, pragmas: Pragmas) -> Result<Connection, OpenError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(|source| unusable(path, source))?;
    configure(&connection, pragmas).map_err(|source| unusable(path, source))?;
    Ok(connection)
}

/// A file beside `path`: its name, and `suffix`.
pub(crate) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

enum Failure {
    Newer(u32),
    Foreign,
    NoWriteAheadLog(NoWriteAheadLog),
    Sqlite(rusqlite::Error),
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

fn unusable(path: &Path, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> OpenError {
    OpenError::Unusable { path: path.to_owned(), source: source.into() }
}

/// Makes an empty file that only its owner may read, unless there is one. SQLite gives the files
/// that it adds the same rights.
fn create_private(path: &Path) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
    }
}

/// SQLite waits for some of the locks that this takes and not for others, so this waits instead.
fn use_write_ahead_log(connection: &Connection, patience: Duration) -> Result<(), Failure> {
    connection.busy_timeout(Duration::ZERO)?;
    let mut waited = Duration::ZERO;
    let mode: String = loop {
        match connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0)) {
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) && waited < patience => {
                std::thread::sleep(JOURNAL_PAUSE);
                waited = waited.saturating_add(JOURNAL_PAUSE);
            }
            answer => break answer?,
        }
    };
    connection.busy_timeout(patience)?;
    if mode == "wal" { Ok(()) } else { Err(Failure::NoWriteAheadLog(NoWriteAheadLog(mode))) }
}

fn configure(connection: &Connection, pragmas: Pragmas) -> rusqlite::Result<()> {
    connection.busy_timeout(pragmas.busy_timeout)?;
    connection.set_prepared_statement_cache_capacity(96);
    connection.pragma_update(None, "synchronous", pragmas.synchronous)?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "cache_size", format!("-{}", pragmas.cache_kib))?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    connection.pragma_update(None, "trusted_schema", false)?;
    connection.pragma_update_and_check(None, "wal_autocheckpoint", CHECKPOINT_PAGES, |_| Ok(()))?;
    connection.pragma_update_and_check(None, "journal_size_limit", JOURNAL_BYTES, |_| Ok(()))?;
    Ok(())
}
