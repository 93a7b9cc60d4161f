//! What an operator sets: by flag, by environment variable, or in a file, in this order.

mod file;
mod store;
mod value;

pub use store::{DatabaseUrl, PostgresPlace, StorePlace, StoreText};

use crate::secrets::SecretMap;
use fiber_link_core::fnn::{Access, Hints, InvalidToken, NodeUrl, Token};
use fiber_link_core::{Assets, Network, Policies, RateLimit, RetryPolicy};
use file::SettingsFile;
use std::fmt;
use std::fs::File;
use std::io::Read;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The environment variable with secrets of apps that the database does not have.
pub const SECRET_MAP: &str = "FIBER_LINK_HMAC_SECRET_MAP";

/// The file that is read when no other one is named, if it is there.
const DEFAULT_FILE: &str = "fiber-link.toml";

/// The right to send lasts at least so long unless it is set: what a slow disk keeps from being sent
/// in time waits for the end of its invoice.
const USUAL_CLAIM: Duration = Duration::from_secs(30);

/// The most bytes of a token file that are read.
const LONGEST_TOKEN: u64 = 16 * 1024;

/// The settings as they were given, before any is checked.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct SettingFlags {
    /// Settings file; `./fiber-link.toml` is read if it is there.
    #[arg(long, global = true, env = "FIBER_LINK_CONFIG", hide_env_values = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Where everything is kept: `sqlite:PATH`, or the address of a Postgres database. One with a
    /// password in it belongs into the environment or a file, since everybody on the machine may
    /// see the flags of a process.
    #[arg(long, global = true, env = "FIBER_LINK_STORE", hide_env_values = true)]
    pub store: Option<StoreText>,
    /// The file that holds what --store would say.
    #[arg(
        long,
        global = true,
        env = "FIBER_LINK_STORE_URL_FILE",
        hide_env_values = true,
        value_name = "FILE"
    )]
    pub store_url_file: Option<PathBuf>,
    /// The schema of the Postgres database; `fiber_link` by default.
    #[arg(long, global = true, env = "FIBER_LINK_STORE_SCHEMA", hide_env_values = true, value_name = "NAME")]
    pub store_schema: Option<String>,
    /// The most connections to the Postgres database; 16 by default.
    #[arg(
        long,
        global = true,
        env = "FIBER_LINK_STORE_CONNECTIONS",
        hide_env_values = true,
        value_name = "NUMBER"
    )]
    pub store_connections: Option<String>,
    /// The Fiber node: the address of its JSON-RPC, such as `http://127.0.0.1:8227`, or `simulated`
    /// for one without a network.
    #[arg(long, global = true, env = "FIBER_LINK_NODE", hide_env_values = true)]
    pub node: Option<String>,
    /// The file with the node's token for invoices; without one the node must ask for none.
    #[arg(
        long,
        global = true,
        env = "FIBER_LINK_NODE_TOKEN_FILE",
        hide_env_values = true,
        value_name = "FILE"
    )]
    pub node_token_file: Option<PathBuf>,
    /// The file with the node's token for payments. A server that has a token for invoices alone
    /// takes tips and leaves withdrawals to another.
    #[arg(
        long,
        global = true,
        env = "FIBER_LINK_NODE_PAYMENT_TOKEN_FILE",
        hide_env_values = true,
        value_name = "FILE"
    )]
    pub node_payment_token_file: Option<PathBuf>,
    /// Whether the node tells of payments by itself: `auto` (the default), `off`, or the address of
    /// its WebSocket.
    #[arg(long, global = true, env = "FIBER_LINK_NODE_HINTS", hide_env_values = true, value_name = "HINTS")]
    pub node_hints: Option<String>,
    /// The network that invoices belong to: `mainnet`, `testnet` or `dev` (the default).
    #[arg(long, global = true, env = "FIBER_LINK_NETWORK", hide_env_values = true)]
    pub network: Option<String>,
    /// Where to serve; 127.0.0.1:8080 by default, port 0 takes a free one.
    #[arg(long, global = true, env = "FIBER_LINK_LISTEN", hide_env_values = true, value_name = "ADDRESS")]
    pub listen: Option<String>,
    /// The data folder, used by one server at a time; by default the store's path with `-data`.
    #[arg(long, global = true, env = "FIBER_LINK_DATA", hide_env_values = true, value_name = "DIR")]
    pub data: Option<String>,
    /// Requests per app and method: `300/60s` (the default) or `off`.
    #[arg(long, global = true, env = "FIBER_LINK_RATE_LIMIT", hide_env_values = true, value_name = "LIMIT")]
    pub rate_limit: Option<String>,
    /// How long an invoice can be paid; `1h` by default.
    #[arg(
        long,
        global = true,
        env = "FIBER_LINK_INVOICE_EXPIRY",
        hide_env_values = true,
        value_name = "TIME"
    )]
    pub invoice_expiry: Option<String>,
    /// How long the node may take to answer; `10s` by default.
    #[arg(long, global = true, env = "FIBER_LINK_NODE_TIMEOUT", hide_env_values = true, value_name = "TIME")]
    pub node_timeout: Option<String>,
    /// How long the right to send a payment lasts, after which another server asks what became of it;
    /// three times the node's timeout, the least, and at least 30 s by default.
    #[arg(long, global = true, env = "FIBER_LINK_CLAIM", hide_env_values = true, value_name = "TIME")]
    pub claim: Option<String>,
    /// How many attempts to pay a withdrawal follow a failed one; 3 by default.
    #[arg(
        long,
        global = true,
        env = "FIBER_LINK_WITHDRAWAL_RETRIES",
        hide_env_values = true,
        value_name = "NUMBER"
    )]
    pub withdrawal_retries: Option<String>,
    /// The wait before the first retry, doubled with each; `60s` by default.
    #[arg(
        long,
        global = true,
        env = "FIBER_LINK_WITHDRAWAL_RETRY_WAIT",
        hide_env_values = true,
        value_name = "TIME"
    )]
    pub withdrawal_retry_wait: Option<String>,
    /// What is logged, such as `info` (the default) or `warn,fiber_link_core=debug`.
    #[arg(long, global = true, env = "FIBER_LINK_LOG", hide_env_values = true, value_name = "FILTER")]
    pub log: Option<String>,
    /// How it is logged: `human` (the default) or `json`.
    #[arg(long, global = true, env = "FIBER_LINK_LOG_FORMAT", hide_env_values = true, value_name = "FORMAT")]
    pub log_format: Option<String>,
}

/// Checked settings, the same for every command.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where everything is kept, if it was said.
    pub store: Option<StorePlace>,
    /// Which node, if it was said.
    pub node: Option<NodeKind>,
    /// Where the node's tokens are.
    pub node_tokens: NodeTokenFiles,
    /// Whether the node tells of payments by itself.
    pub node_hints: Hints,
    /// The network that invoices belong to.
    pub network: Network,
    /// Where to serve.
    pub listen: SocketAddr,
    /// The data folder, if it was said or follows from the store.
    pub data: Option<PathBuf>,
    /// Requests per app and method; `None` is no limit.
    pub rate_limit: Option<RateLimit>,
    /// How long an invoice can be paid.
    pub invoice_expiry: Duration,
    /// How long the node may take to answer.
    pub node_timeout: Duration,
    /// How long the right to send a payment lasts.
    pub claim: Duration,
    /// How often a withdrawal is tried again.
    pub retry: RetryPolicy,
    /// What is logged.
    pub log_filter: String,
    /// How it is logged.
    pub log_format: LogFormat,
    /// What is accepted.
    pub assets: Assets,
    /// What a withdrawal may be.
    pub policies: Policies,
    /// Secrets of apps that the database does not have.
    pub secret_map: SecretMap,
}

/// Which Fiber node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NodeKind {
    /// One without a network, for trying out and for tests.
    Simulated,
    /// A real one, at this address.
    Fnn(NodeUrl),
}

/// Where the node's tokens are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NodeTokenFiles {
    invoices: Option<PathBuf>,
    payments: Option<PathBuf>,
}

impl NodeTokenFiles {
    /// Reads the tokens.
    ///
    /// # Errors
    /// [`SettingsError`] if a file cannot be read, holds no token, or is there without the other.
    pub fn read(&self) -> Result<Access, SettingsError> {
        match (&self.invoices, &self.payments) {
            (None, None) => Ok(Access::Open),
            (Some(invoices), None) => Ok(Access::Invoices(read_token(invoices)?)),
            (Some(invoices), Some(payments)) => Ok(Access::InvoicesAndPayments {
                invoices: read_token(invoices)?,
                payments: read_token(payments)?,
            }),
            (None, Some(_)) => Err(SettingsError::Missing {
                name: Name("node-token-file"),
                allowed: "the file of the token for invoices, beside the one for payments",
            }),
        }
    }
}

fn read_token(path: &Path) -> Result<Token, SettingsError> {
    let read = File::open(path).and_then(|file| {
        let mut text = String::new();
        file.take(LONGEST_TOKEN).read_to_string(&mut text)?;
        Ok(text)
    });
    let text = read.map_err(|source| SettingsError::UnreadableToken { path: path.to_owned(), source })?;
    Token::new(&text).map_err(|source| SettingsError::Token { path: path.to_owned(), source })
}

/// How logs are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Human,
    /// One JSON object a line.
    Json,
}

/// The names of one setting. All three follow from the flag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Name(&'static str);

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = self.0.replace('-', "_");
        write!(f, "--{} (FIBER_LINK_{}, {key} in {DEFAULT_FILE})", self.0, key.to_uppercase())
    }
}

/// Why settings were refused.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// A value that is not allowed.
    #[error("{name}: got {value:?}, allowed is {allowed}")]
    Wrong {
        /// Which setting.
        name: Name,
        /// What came.
        value: String,
        /// What is allowed.
        allowed: String,
    },
    /// A value that is not allowed, and never shown.
    #[error("{name}: what was given is not shown, allowed is {allowed}")]
    NotShown {
        /// Which setting.
        name: Name,
        /// What is allowed.
        allowed: String,
    },
    /// A setting that the command needs.
    #[error("{name} is needed: {allowed}")]
    Missing {
        /// Which setting.
        name: Name,
        /// What is allowed.
        allowed: &'static str,
    },
    /// The settings file cannot be read.
    #[error("cannot read the settings file {path}")]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// Something in the settings file is wrong.
    #[error("settings file {path}: {message}")]
    File {
        /// Which file.
        path: PathBuf,
        /// What is wrong.
        message: String,
    },
    /// The file with the address of the store cannot be read.
    #[error("cannot read the address of the store from {path}")]
    UnreadableStore {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A token file cannot be read.
    #[error("cannot read the token file {path}")]
    UnreadableToken {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A token file holds no token. What it holds is never shown.
    #[error("token file {path}")]
    Token {
        /// Which file.
        path: PathBuf,
        /// What is wrong.
        #[source]
        source: InvalidToken,
    },
    /// The map of secrets is wrong. It is never shown.
    #[error("{SECRET_MAP}: {0}; allowed is a JSON object that maps names of apps to their secrets")]
    SecretMap(String),
}

impl Settings {
    /// Checks `flags` (which hold the environment as well), and fills in from the settings file and
    /// from the defaults. `secret_map` is the value of [`SECRET_MAP`].
    ///
    /// # Errors
    /// [`SettingsError`] names the setting, the value, and what is allowed.
    pub fn load(mut flags: SettingFlags, secret_map: Option<&str>) -> Result<Self, SettingsError> {
        let (path, file) = match flags.config.take() {
            Some(path) => (path.clone(), SettingsFile::read(&path)?),
            None => {
                let path = PathBuf::from(DEFAULT_FILE);
                let file = if path.exists() { SettingsFile::read(&path)? } else { SettingsFile::default() };
                (path, file)
            }
        };
        let (assets, policies) =
            file.rules().map_err(|message| SettingsError::File { path: path.clone(), message })?;
        Self::check(&flags.or(file.flags), assets, policies, secret_map)
    }

    fn check(
        flags: &SettingFlags,
        assets: Assets,
        policies: Policies,
        secret_map: Option<&str>,
    ) -> Result<Self, SettingsError> {
        let store = StorePlace::of(flags)?;
        let data = optional("data", flags.data.as_deref(), value::folder)?;
        let node_timeout = of("node-timeout", flags.node_timeout.as_deref(), "10s", |text| {
            value::duration_within(text, Duration::from_millis(100), Duration::from_secs(300))
        })?;
        let shortest_claim = node_timeout.saturating_mul(3);
        let claim = optional("claim", flags.claim.as_deref(), |text| {
            value::duration_within(text, shortest_claim, Duration::from_secs(3600))
                .map_err(|allowed| format!("{allowed}: three times the node's timeout is the least"))
        })?;
        Ok(Self {
            data: data.or_else(|| store.as_ref().and_then(StorePlace::data_folder)),
            store,
            node: optional("node", flags.node.as_deref(), value::node)?,
            node_tokens: NodeTokenFiles {
                invoices: flags.node_token_file.clone(),
                payments: flags.node_payment_token_file.clone(),
            },
            node_hints: of("node-hints", flags.node_hints.as_deref(), "auto", value::hints)?,
            network: of("network", flags.network.as_deref(), "dev", value::network)?,
            listen: of("listen", flags.listen.as_deref(), "127.0.0.1:8080", value::address)?,
            rate_limit: of("rate-limit", flags.rate_limit.as_deref(), "300/60s", value::rate_limit)?,
            invoice_expiry: of("invoice-expiry", flags.invoice_expiry.as_deref(), "1h", |text| {
                value::duration_within(text, Duration::from_secs(60), Duration::from_secs(7 * 24 * 3600))
            })?,
            node_timeout,
            claim: claim.unwrap_or(shortest_claim.max(USUAL_CLAIM)),
            retry: RetryPolicy {
                retries: of("withdrawal-retries", flags.withdrawal_retries.as_deref(), "3", value::retries)?,
                base: of("withdrawal-retry-wait", flags.withdrawal_retry_wait.as_deref(), "60s", |text| {
                    value::duration_within(text, Duration::from_millis(1), Duration::from_secs(24 * 3600))
                })?,
            },
            log_filter: of("log", flags.log.as_deref(), "info", value::log_filter)?,
            log_format: of("log-format", flags.log_format.as_deref(), "human", value::log_format)?,
            assets,
            policies,
            secret_map: match secret_map {
                Some(text) => SecretMap::parse(text).map_err(SettingsError::SecretMap)?,
                None => SecretMap::default(),
            },
        })
    }

    /// What a demo needs where nothing else was said: a folder here with everything in it.
    #[must_use]
    pub fn for_demo(self) -> Self {
        let data = self.data.unwrap_or_else(|| PathBuf::from("fiber-link-demo"));
        let store = self.store.unwrap_or_else(|| StorePlace::Sqlite(data.join("fiber-link.sqlite")));
        let node = self.node.unwrap_or(NodeKind::Simulated);
        Self { data: Some(data), store: Some(store), node: Some(node), ..self }
    }

    /// The store.
    ///
    /// # Errors
    /// [`SettingsError::Missing`] if it was not said.
    pub fn needed_store(&self) -> Result<&StorePlace, SettingsError> {
        let missing = SettingsError::Missing { name: Name("store"), allowed: store::STORES };
        self.store.as_ref().ok_or(missing)
    }

    /// The node.
    ///
    /// # Errors
    /// [`SettingsError::Missing`] if it was not said.
    pub fn needed_node(&self) -> Result<&NodeKind, SettingsError> {
        self.node.as_ref().ok_or(SettingsError::Missing { name: Name("node"), allowed: value::NODES })
    }

    /// The data folder.
    ///
    /// # Errors
    /// [`SettingsError::Missing`] if it was not said and there is no store that it follows from.
    pub fn needed_data(&self) -> Result<&Path, SettingsError> {
        let missing = SettingsError::Missing { name: Name("data"), allowed: value::FOLDERS };
        self.data.as_deref().ok_or(missing)
    }
}

impl SettingFlags {
    /// These settings, and those of `other` where these say nothing.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        // Two ways to say the same.
        let (store, store_url_file) = match (self.store, self.store_url_file) {
            (None, None) => (other.store, other.store_url_file),
            own => own,
        };
        Self {
            config: self.config.or(other.config),
            store,
            store_url_file,
            store_schema: self.store_schema.or(other.store_schema),
            store_connections: self.store_connections.or(other.store_connections),
            node: self.node.or(other.node),
            node_token_file: self.node_token_file.or(other.node_token_file),
            node_payment_token_file: self.node_payment_token_file.or(other.node_payment_token_file),
            node_hints: self.node_hints.or(other.node_hints),
            network: self.network.or(other.network),
            listen: self.listen.or(other.listen),
            data: self.data.or(other.data),
            rate_limit: self.rate_limit.or(other.rate_limit),
            invoice_expiry: self.invoice_expiry.or(other.invoice_expiry),
            node_timeout: self.node_timeout.or(other.node_timeout),
            claim: self.claim.or(other.claim),
            withdrawal_retries: self.withdrawal_retries.or(other.withdrawal_retries),
            withdrawal_retry_wait: self.withdrawal_retry_wait.or(other.withdrawal_retry_wait),
            log: self.log.or(other.log),
            log_format: self.log_format.or(other.log_format),
        }
    }
}

fn of<T>(
    flag: &'static str,
    given: Option<&str>,
    default: &str,
    read: impl FnOnce(&str) -> Result<T, String>,
) -> Result<T, SettingsError> {
    let value = given.unwrap_or(default);
    read(value).map_err(|allowed| {
        let value = if may_hold_a_password(value) { "[not shown]" } else { value };
        SettingsError::Wrong { name: Name(flag), value: value.to_owned(), allowed }
    })
}

/// Whether there is an address in the text, also one that stands in the wrong place: it may carry a
/// password, before an `@`, in its path, or after a `?`.
fn may_hold_a_password(text: &str) -> bool {
    text.contains(['@', '?']) || text.contains("//")
}

fn optional<T>(
    flag: &'static str,
    given: Option<&str>,
    read: impl FnOnce(&str) -> Result<T, String>,
) -> Result<Option<T>, SettingsError> {
    given.map(|value| of(flag, Some(value), "", read)).transpose()
}

#[cfg(test)]
mod mutations;
#[cfg(test)]
mod tests;
