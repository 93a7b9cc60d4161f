//! Where everything is kept. An address of a database may hold a password, so it is never shown.

use super::{Name, SettingFlags, SettingsError, of, value};
use fiber_link_store_postgres::{PoolSettings, Schema};
use serde::Deserialize;
use std::convert::Infallible;
use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// The most bytes of a file with an address that are read.
const LONGEST: u64 = 16 * 1024;

pub(super) const STORES: &str = "`sqlite:PATH`, such as `sqlite:./fiber-link.sqlite`, or \
     `postgres://USER:PASSWORD@HOST:PORT/DATABASE`, with any of `sslmode`, `sslrootcert`, `sslcert`, `sslkey`, \
     `host`, `port`, `user`, `password` and `dbname` after a `?`";

/// How the address of a store in a file begins.
const SQLITE: &str = "sqlite:";

/// What may follow the `?` of an address. Anything else would be passed over, also a mistyped
/// `sslmode`.
const PARAMETERS: [&str; 9] =
    ["sslmode", "sslrootcert", "sslcert", "sslkey", "host", "port", "user", "password", "dbname"];

/// Where everything is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StorePlace {
    /// In one SQLite file.
    Sqlite(PathBuf),
    /// In a schema of a Postgres database.
    Postgres(PostgresPlace),
}

/// A schema of a Postgres database, and how it is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PostgresPlace {
    /// The database.
    pub url: DatabaseUrl,
    /// The schema.
    pub schema: Schema,
    /// How it is spoken to.
    pub pool: PoolSettings,
}

/// The file that `sqlite:PATH` names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SqliteFile(PathBuf);

/// The address of a database. It prints as `[redacted]`.
#[derive(Clone, PartialEq, Eq)]
pub struct DatabaseUrl(String);

/// What was given as the store, before it is checked. It prints as `[redacted]`.
#[derive(Clone, Deserialize)]
#[serde(from = "String")]
pub struct StoreText(String);

impl StorePlace {
    /// The store that the flags name.
    pub(super) fn of(flags: &SettingFlags) -> Result<Option<Self>, SettingsError> {
        let schema = flags.store_schema.as_deref();
        let schema = of("store-schema", schema, Schema::default().name(), value::schema)?;
        let mut pool = PoolSettings::default();
        let default = pool.connections.to_string();
        pool.connections =
            of("store-connections", flags.store_connections.as_deref(), &default, value::connections)?;
        let (name, text) = match (&flags.store, &flags.store_url_file) {
            (None, None) => return Ok(None),
            (Some(text), None) => (Name("store"), text.clone()),
            (None, Some(path)) if path.to_string_lossy().contains("://") => {
                let allowed = "the path of a file that holds what --store would say".to_owned();
                return Err(SettingsError::NotShown { name: Name("store-url-file"), allowed });
            }
            (None, Some(path)) => (Name("store-url-file"), read(path)?),
            (Some(_), Some(_)) => {
                let allowed = "one of the two, --store or the file that holds the same".to_owned();
                return Err(SettingsError::NotShown { name: Name("store-url-file"), allowed });
            }
        };
        let place = if text.0.starts_with(SQLITE) {
            text.0.parse().ok().map(|SqliteFile(path)| Self::Sqlite(path))
        } else {
            DatabaseUrl::new(text.0).map(|url| Self::Postgres(PostgresPlace { url, schema, pool }))
        };
        place.map(Some).ok_or_else(|| SettingsError::NotShown { name, allowed: STORES.to_owned() })
    }

    /// The data folder that follows from the store.
    pub(super) fn data_folder(&self) -> Option<PathBuf> {
        match self {
            Self::Sqlite(path) => {
                let mut name = path.clone().into_os_string();
                name.push("-data");
                Some(name.into())
            }
            Self::Postgres(_) => None,
        }
    }
}

impl SqliteFile {
    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl FromStr for SqliteFile {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let refused = "allowed is `sqlite:PATH`, not `sqlite::memory:` and not a `file:` URI";
        let path = text.strip_prefix(SQLITE).ok_or(refused)?;
        // SQLite takes `file:` for a URI, whose parameters may switch off locks, or the file itself.
        let is_path = !matches!(path, "" | ":memory:") && !path.starts_with("file:");
        if is_path { Ok(Self(path.into())) } else { Err(refused) }
    }
}

impl DatabaseUrl {
    fn new(text: String) -> Option<Self> {
        let rest = text.strip_prefix("postgres://").or_else(|| text.strip_prefix("postgresql://"))?;
        // What follows a `#` is passed over, parameters and all.
        if rest.contains('#') {
            return None;
        }
        let parameters = rest.split_once('?').map_or("", |(_, parameters)| parameters);
        let known =
            |parameter: &str| parameter.split_once('=').is_some_and(|(key, _)| PARAMETERS.contains(&key));
        parameters.split('&').all(|parameter| parameter.is_empty() || known(parameter)).then_some(Self(text))
    }

    /// The address itself.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

fn read(path: &Path) -> Result<StoreText, SettingsError> {
    let read = File::open(path).and_then(|file| {
        let mut text = String::new();
        file.take(LONGEST).read_to_string(&mut text)?;
        Ok(text)
    });
    match read {
        Ok(text) => Ok(StoreText::from(text.trim().to_owned())),
        Err(source) => Err(SettingsError::UnreadableStore { path: path.to_owned(), source }),
    }
}

impl From<String> for StoreText {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl FromStr for StoreText {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Debug for StoreText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}
