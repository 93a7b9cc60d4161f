//! Settings as flags and the environment give them.

use super::StoreText;
use std::path::PathBuf;

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
    /// Where to serve the API for administrators, `/admin/v1`; nowhere by default. A browser keeps its
    /// sessions only behind HTTPS, or on this machine.
    #[arg(
        long,
        global = true,
        env = "FIBER_LINK_ADMIN_LISTEN",
        hide_env_values = true,
        value_name = "ADDRESS"
    )]
    pub admin_listen: Option<String>,
    /// Where to serve; 127.0.0.1:8080 by default, port 0 takes a free one.
    #[arg(long, global = true, env = "FIBER_LINK_LISTEN", hide_env_values = true, value_name = "ADDRESS")]
    pub listen: Option<String>,
    /// Where to tell metrics to Prometheus, such as 127.0.0.1:9090, at a port of its own: `GET /metrics`
    /// and nothing else. Off by default.
    #[arg(
        long,
        global = true,
        env = "FIBER_LINK_METRICS_LISTEN",
        hide_env_values = true,
        value_name = "ADDRESS"
    )]
    pub metrics_listen: Option<String>,
    /// The data folder, used by one server at a time; by default the store's path with `-data`.
    #[arg(long, global = true, env = "FIBER_LINK_DATA", hide_env_values = true, value_name = "DIR")]
    pub data: Option<String>,
    /// The file with the keys that secrets in the store are sealed with, one `ID:KEY` a line, the
    /// current one first; `fiber-link secrets new-key` makes one. Without it secrets are kept as they
    /// are, which a file may do and a database may not.
    #[arg(long, global = true, env = "FIBER_LINK_KEY_FILE", hide_env_values = true, value_name = "FILE")]
    pub key_file: Option<PathBuf>,
    /// The file with your personal token: the command is carried out in your name, with your rights,
    /// and not as whoever has the store.
    #[arg(long, global = true, env = "FIBER_LINK_TOKEN_FILE", hide_env_values = true, value_name = "FILE")]
    pub token_file: Option<PathBuf>,
    /// Whether FIBER_LINK_HMAC_SECRET_MAP answers for apps that the store does not have: `on` (the
    /// default) or `off`.
    #[arg(
        long,
        global = true,
        env = "FIBER_LINK_ENV_SECRETS",
        hide_env_values = true,
        value_name = "ON|OFF"
    )]
    pub env_secrets: Option<String>,
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
            admin_listen: self.admin_listen.or(other.admin_listen),
            metrics_listen: self.metrics_listen.or(other.metrics_listen),
            data: self.data.or(other.data),
            key_file: self.key_file.or(other.key_file),
            token_file: self.token_file.or(other.token_file),
            env_secrets: self.env_secrets.or(other.env_secrets),
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
