//! What an operator sets: by flag, by environment variable, or in a file, in this order.

mod error;
mod file;
mod flags;
mod store;
mod value;

pub use error::{Name, SettingsError};
pub use flags::SettingFlags;
pub use store::{DatabaseUrl, PostgresPlace, SqliteFile, StorePlace, StoreText};

use crate::secrets::SecretMap;
use fiber_link_core::fnn::{Access, Hints, NodeUrl, Token};
use fiber_link_core::{
    Assets, Credential, CredentialKind, Keyring, Network, Policies, RateLimit, RetryPolicy,
};
use file::SettingsFile;
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

/// The most bytes of a key file that are read.
const LONGEST_KEY_FILE: u64 = 16 * 1024;

/// The most bytes of a token file that are read.
const LONGEST_TOKEN: u64 = 16 * 1024;

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
    /// Where to serve the API for administrators, if anywhere.
    pub admin_listen: Option<SocketAddr>,
    /// The token of the administrator in whose name a command is carried out.
    pub token: Option<Credential>,
    /// Where to tell metrics; nowhere by default.
    pub metrics_listen: Option<SocketAddr>,
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
    /// What secrets in the store are sealed with.
    pub keyring: Keyring,
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
    let text = read_at_most(path, LONGEST_TOKEN);
    let text = text.map_err(|source| SettingsError::UnreadableToken { path: path.to_owned(), source })?;
    Token::new(&text).map_err(|source| SettingsError::Token { path: path.to_owned(), source })
}

/// Reads the token of an administrator.
fn read_own_token(path: &Path) -> Result<Credential, SettingsError> {
    let text = read_at_most(path, LONGEST_TOKEN);
    let text = text.map_err(|source| SettingsError::UnreadableToken { path: path.to_owned(), source })?;
    let token = text.trim().parse::<Credential>().ok();
    let token = token.filter(|token| token.kind() == CredentialKind::Token);
    token.ok_or_else(|| SettingsError::NoToken { path: path.to_owned() })
}

fn read_at_most(path: &Path, most: u64) -> std::io::Result<String> {
    let mut text = String::new();
    File::open(path)?.take(most).read_to_string(&mut text)?;
    Ok(text)
}

/// Reads the keys that secrets are sealed with.
fn read_keys(path: &Path) -> Result<Keyring, SettingsError> {
    let text = read_at_most(path, LONGEST_KEY_FILE);
    let text = text.map_err(|source| SettingsError::UnreadableKeys { path: path.to_owned(), source })?;
    Keyring::parse(&text).map_err(|source| SettingsError::Keys { path: path.to_owned(), source })
}

/// How logs are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Human,
    /// One JSON object a line.
    Json,
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
        let env_secrets = of("env-secrets", flags.env_secrets.as_deref(), "on", value::switch)?;
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
            admin_listen: optional("admin-listen", flags.admin_listen.as_deref(), value::address)?,
            token: flags.token_file.as_deref().map(read_own_token).transpose()?,
            metrics_listen: optional("metrics-listen", flags.metrics_listen.as_deref(), value::address)?,
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
            secret_map: match (secret_map, env_secrets) {
                (Some(_), false) => return Err(SettingsError::EnvSecretsAreSet),
                (Some(text), true) => SecretMap::parse(text).map_err(SettingsError::SecretMap)?,
                (None, _) => SecretMap::default(),
            },
            keyring: flags.key_file.as_deref().map(read_keys).transpose()?.unwrap_or_default(),
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

    /// The keys, where the store is one in which secrets must be sealed.
    ///
    /// # Errors
    /// [`SettingsError::NoKey`] if there are none.
    pub fn needed_keyring(&self) -> Result<&Keyring, SettingsError> {
        match self.needed_store()? {
            StorePlace::Postgres(_) if self.keyring.current().is_none() => Err(SettingsError::NoKey),
            StorePlace::Postgres(_) | StorePlace::Sqlite(_) => Ok(&self.keyring),
        }
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

/// A time between two others, such as `90s`, `24h` or `2d`.
///
/// # Errors
/// What is allowed.
pub(crate) fn read_duration(text: &str, shortest: Duration, longest: Duration) -> Result<Duration, String> {
    value::duration_within(text, shortest, longest)
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
