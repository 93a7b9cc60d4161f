//! The commands of the program.

mod admin;
mod app;
mod audit_log;
mod copy;
mod explain;
mod find;
mod list;
mod node;
mod operator;
mod pages;
mod paused;
pub(crate) mod policy;
mod release;
mod review;
mod secrets;
mod server;
mod simulate;
mod switches;

use crate::data_folder::DataFolderError;
use crate::demo::{self, DemoError, DemoFlags};
use crate::logging;
use crate::moved::MovedError;
use crate::rpc::Chain;
use crate::service::{Service, ServiceError};
use crate::settings::{SECRET_MAP, SettingFlags, Settings, SettingsError};
use crate::store::{self, Migration, OpenStoreError};
use crate::stub::command::{self as node_stub, NodeStubError, NodeStubFlags};
use admin::AdminCommand;
use app::AppCommand;
use audit_log::AuditLogFlags;
use axum::Router;
use clap::{Args, Parser, Subcommand};
use copy::{CopyFlags, StoreCommand};
use explain::ExplainFlags;
use fiber_link_core::{
    AcceptNodeError, AdministratorError, AppId, BackfillError, ChangeError, CreateAppError, DeclareDeadError,
    GrantError, KeyError, NoRandomness, NodeError, PasswordError, ReadError, ReasonError, ReleaseError,
    ReviewError, StoreError, UnsealError, audit,
};
use fiber_link_store_postgres::ImportError;
use find::FindFlags;
use list::ListCommand;
use node::NodeCommand;
use paused::PausedFlags;
use policy::PolicyCommand;
use release::ReleaseFlags;
use review::ReviewCommand;
use secrets::SecretsCommand;
use server::ServerCommand;
use simulate::SimulateFlags;
use std::io;
use std::process::ExitCode;
use switches::SwitchFlags;

/// The fewest bytes of a secret that somebody else made.
const SHORTEST_SECRET: usize = 16;

/// The most bytes of a secret that are read.
const LONGEST_SECRET: u64 = 4_096;

const AFTER_HELP: &str = "\
Every setting is a flag, an environment variable, or a line in fiber-link.toml; a flag wins over \
the environment, and that over the file. FIBER_LINK_HMAC_SECRET_MAP holds secrets of apps that \
the store does not have, as a JSON object of names and secrets.

Exit codes: 0 done; 1 the audit has findings, a copy differs, nothing was found, or there is something \
to migrate; \
2 the command could not be carried out; 3 the server was declared dead: start it anew.";

/// Take tips over the Fiber Network, credit them once, pay them out.
#[derive(Debug, Parser)]
#[command(name = "fiber-link", version, after_help = AFTER_HELP)]
pub struct Cli {
    #[command(flatten)]
    settings: SettingFlags,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve signed JSON-RPC on --listen, and settle and pay, until SIGTERM or SIGINT.
    ///
    /// On Postgres several servers may work on one --store, all with the same node. One that is
    /// declared dead ends by itself with exit code 3, and may be started anew at once.
    Serve(Serve),
    /// Try it in a browser: everything in one process, with a simulated node.
    ///
    /// Keeps its data in --data, ./fiber-link-demo by default; no other setting is needed.
    Demo(DemoFlags),
    /// Serve a stand-in for a Fiber node, for trying out and for tests: it speaks the protocol of
    /// fnn, has no money, and does wrong what it is told to.
    ///
    /// Serves --listen, an address of this machine alone, and keeps its state in --data.
    NodeStub(NodeStubFlags),
    /// Register apps, change their secrets, pause and close them. Works on --store, also while servers
    /// run on it, which follow within a second.
    App {
        #[command(subcommand)]
        command: AppCommand,
    },
    /// Say who looks after the hub, and what each may do. Works on --store, also while servers run on
    /// it.
    Admin {
        #[command(subcommand)]
        command: AdminCommand,
    },
    /// Stop new tips, withdrawals, or both, in the whole hub or for one user. What is paid is credited,
    /// and what was sent is followed to its end. Servers follow within a second.
    Pause(SwitchFlags),
    /// Let new tips, withdrawals, or both, go on that were stopped by `pause`.
    Resume(SwitchFlags),
    /// Say what is stopped: in the whole hub, in apps and for users; with --app in one app.
    Paused(PausedFlags),
    /// What tips and withdrawals of an app may be, and which withdrawals people look at first. Works on
    /// --store; servers follow within a second.
    Policy {
        #[command(subcommand)]
        command: Box<PolicyCommand>,
    },
    /// Look at withdrawals that are paid only once people approved them. Works on --store.
    Review {
        #[command(subcommand)]
        command: ReviewCommand,
    },
    /// Keys that secrets are sealed with, and the way of secrets from the environment into --store.
    Secrets {
        #[command(subcommand)]
        command: SecretsCommand,
    },
    /// List what operators changed in --store, the newest first: when, who, from where, what, of what,
    /// and why; with --format csv or jsonl also how it was before and after.
    AuditLog(AuditLogFlags),
    /// List what is in --store, the newest first.
    List {
        #[command(subcommand)]
        command: ListCommand,
    },
    /// Say what a text names in --store: the id, the invoice or the payment hash of a tip or a withdrawal,
    /// with its entries and attempts; a user, with what he has; an app.
    ///
    /// Exit codes: 0 found; 1 nothing is called that; 2 the store could not be searched.
    Find(FindFlags),
    /// Bring --store to the form that this version needs; makes it if it is not there.
    ///
    /// Exit codes: 0 it is up to date; 1 with --check, there is something to do; 2 it cannot be
    /// brought up to date: a newer version made it, it is something else, or it cannot be used.
    Migrate(Migrate),
    /// Tell the story of one tip or withdrawal in plain words: what happened, what the node says (with
    /// --node), what the server does next and when, and what you may safely do.
    ///
    /// Exit codes: 0 told; 1 there is none of this id; 2 the store could not be read.
    Explain(ExplainFlags),
    /// Agree that the funds of a payment are released whose end the node does not tell: two
    /// administrators have to, each with --token-file, and the node at --node must hold nothing of it.
    /// `explain` says when that is possible. Should it be paid after that, the hub bears it.
    Release(ReleaseFlags),
    /// Look at the Fiber node, and decide about it.
    Node {
        #[command(subcommand)]
        command: NodeCommand,
    },
    /// List the servers that work on --store, and say that one is gone for good.
    Server {
        #[command(subcommand)]
        command: ServerCommand,
    },
    /// Move everything from one store to another.
    Store {
        #[command(subcommand)]
        command: StoreCommand,
    },
    /// Recompute the ledger from its entries and compare. Works on --store, also while a server runs
    /// on it; prints one line for each finding and a summary.
    ///
    /// Exit codes: 0 no finding; 1 findings; 2 the store could not be audited.
    Audit,
    /// Try these settings in days of bad luck: servers stop and sleep, the node loses answers and is
    /// restored, payments hang; and after every step it is checked that nothing is lost or doubled.
    ///
    /// Real code on simulated time, with nothing but memory: no store, no node and no network is
    /// touched. Retries, times, assets and rules are those of the settings.
    ///
    /// Exit codes: 0 everything held; 1 something did not, with the story of it; 2 it was not simulated.
    Simulate(Box<SimulateFlags>),
}

#[derive(Debug, Args)]
struct Serve {
    /// Bring --store up to date first. Without it a schema of another version is refused.
    #[arg(long)]
    migrate: bool,
}

#[derive(Debug, Args)]
struct Migrate {
    /// Only say whether there is something to do, and change nothing.
    #[arg(long)]
    check: bool,
}

/// A value that is none of those that are allowed.
#[derive(Debug, thiserror::Error)]
#[error("{what}: got {got:?}, allowed is {allowed}")]
pub(crate) struct WrongValue {
    what: &'static str,
    got: String,
    allowed: String,
}

/// Why a command was not carried out.
#[derive(Debug, thiserror::Error)]
enum CommandError {
    #[error(transparent)]
    Settings(#[from] SettingsError),
    #[error(transparent)]
    Service(#[from] ServiceError),
    #[error(transparent)]
    Demo(#[from] DemoError),
    #[error(transparent)]
    NodeStub(#[from] NodeStubError),
    #[error(transparent)]
    OpenStore(#[from] OpenStoreError),
    #[error(transparent)]
    DataFolder(#[from] DataFolderError),
    #[error(transparent)]
    Import(#[from] ImportError),
    #[error(transparent)]
    Moved(#[from] MovedError),
    #[error("--to, or --store where it is not said, has to be the address of a Postgres database")]
    CopyToFile,
    #[error("--node: this needs the address of a node; the simulated one lives inside its server")]
    SimulatedNode,
    #[error("the node does not tell")]
    Node(#[source] NodeError),
    #[error(transparent)]
    AcceptNode(#[from] AcceptNodeError),
    #[error(transparent)]
    DeclareDead(#[from] DeclareDeadError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    CreateApp(#[from] CreateAppError),
    #[error(transparent)]
    Change(#[from] ChangeError),
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error(transparent)]
    Backfill(#[from] BackfillError),
    #[error(transparent)]
    Release(#[from] ReleaseError),
    #[error(transparent)]
    Administrator(#[from] AdministratorError),
    #[error(transparent)]
    Grant(#[from] GrantError),
    #[error(transparent)]
    Password(#[from] PasswordError),
    #[error("--token-file (FIBER_LINK_TOKEN_FILE): the token lets nobody in: it ended, or is of another hub")]
    TokenIsNone,
    #[error(
        "--token-file (FIBER_LINK_TOKEN_FILE): `{0}` is not done in the name of an administrator, but by whoever \
         has the store"
    )]
    TakesNoToken(&'static str),
    #[error(transparent)]
    Review(#[from] ReviewError),
    #[error("there is no app {0}")]
    NoSuchApp(AppId),
    #[error(transparent)]
    Value(#[from] WrongValue),
    #[error(transparent)]
    Reason(#[from] ReasonError),
    #[error(transparent)]
    Key(#[from] KeyError),
    #[error("a secret in the store cannot be read")]
    Sealed(#[from] UnsealError),
    #[error("--key-file (FIBER_LINK_KEY_FILE) is needed: there is no key to seal with")]
    NoKeyToSealWith,
    #[error("cannot write to standard output")]
    Output(#[source] io::Error),
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
    #[error("cannot read the secret from {from}")]
    UnreadableSecret {
        from: String,
        #[source]
        source: io::Error,
    },
    #[error("the secret has {0} bytes; allowed are {SHORTEST_SECRET} to {LONGEST_SECRET}")]
    SecretLength(usize),
    #[error("the simulation broke off")]
    Simulator(#[source] io::Error),
    #[error("cannot start the runtime")]
    Runtime(#[source] io::Error),
}

impl CommandError {
    /// A server that was declared dead has a code of its own: whoever watches over it starts it anew.
    fn exit_code(&self) -> u8 {
        let dead = matches!(
            self,
            Self::Service(ServiceError::DeclaredDead)
                | Self::Demo(DemoError::Service(ServiceError::DeclaredDead))
        );
        if dead { 3 } else { 2 }
    }
}

impl Command {
    /// The name of a command that knows no administrators.
    const fn of_whoever_has_the_store(&self) -> Option<&'static str> {
        match self {
            Self::Serve(_) => Some("serve"),
            Self::Demo(_) => Some("demo"),
            Self::NodeStub(_) => Some("node-stub"),
            Self::Migrate(_) => Some("migrate"),
            Self::Node { command: NodeCommand::Info } => Some("node info"),
            Self::Server { command: ServerCommand::List } => Some("server list"),
            Self::Store { .. } => Some("store"),
            Self::Audit => Some("audit"),
            Self::Simulate(_) => Some("simulate"),
            Self::App { .. }
            | Self::Node { command: NodeCommand::Accept(_) }
            | Self::Server { command: ServerCommand::DeclareDead(_) }
            | Self::List { .. }
            | Self::Find(_)
            | Self::Explain(_)
            | Self::Release(_)
            | Self::Admin { .. }
            | Self::Pause(_)
            | Self::Resume(_)
            | Self::Paused(_)
            | Self::Policy { .. }
            | Self::Review { .. }
            | Self::Secrets { .. }
            | Self::AuditLog(_) => None,
        }
    }
}

/// Runs a command to its end; messages go to standard error, results to standard output.
pub fn run(cli: Cli) -> ExitCode {
    carry_out(cli).unwrap_or_else(|error| {
        eprintln!("error: {}", Chain(&error));
        ExitCode::from(error.exit_code())
    })
}

fn carry_out(mut cli: Cli) -> Result<ExitCode, CommandError> {
    let secret_map = std::env::var(SECRET_MAP).ok();
    if let Command::Store { command: StoreCommand::Copy(CopyFlags { to: Some(to), .. }) } = &mut cli.command {
        cli.settings = SettingFlags { store: Some(to.clone()), store_url_file: None, ..cli.settings };
    }
    if let Command::Secrets { command: SecretsCommand::NewKey(_) } = &cli.command {
        // The file may be about to get its first key.
        cli.settings = SettingFlags { key_file: None, ..cli.settings };
    }
    let settings = Settings::load(cli.settings, secret_map.as_deref())?;
    if let (Some(_), Some(command)) = (&settings.token, cli.command.of_whoever_has_the_store()) {
        return Err(CommandError::TakesNoToken(command));
    }
    logging::start(&settings);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    runtime.map_err(CommandError::Runtime)?.block_on(async {
        match cli.command {
            Command::Serve(flags) => serve(settings, flags).await?,
            Command::Demo(flags) => demo::run(settings, flags).await?,
            Command::NodeStub(flags) => node_stub::run(&settings, flags).await?,
            Command::App { command } => app::run(&settings, command).await?,
            Command::Admin { command } => admin::run(&settings, command).await?,
            Command::Pause(flags) => switches::run(&settings, flags, true).await?,
            Command::Resume(flags) => switches::run(&settings, flags, false).await?,
            Command::Paused(flags) => paused::run(&settings, flags).await?,
            Command::Policy { command } => policy::run(&settings, *command).await?,
            Command::Review { command } => review::run(&settings, command).await?,
            Command::Secrets { command } => return secrets::run(&settings, command).await,
            Command::AuditLog(flags) => audit_log::run(&settings, flags).await?,
            Command::List { command } => list::run(&settings, command).await?,
            Command::Release(flags) => release::run(&settings, flags).await?,
            Command::Explain(flags) => return explain::run(&settings, flags).await,
            Command::Find(flags) => return find::run(&settings, flags).await,
            Command::Migrate(flags) => return migrate(&settings, flags).await,
            Command::Node { command } => node::run(&settings, command).await?,
            Command::Server { command } => server::run(&settings, command).await?,
            Command::Store { command } => return copy::run(&settings, command).await,
            Command::Audit => return audit_store(&settings).await,
            Command::Simulate(flags) => return simulate::run(&settings, *flags).await,
        }
        Ok(ExitCode::SUCCESS)
    })
}

async fn serve(settings: Settings, flags: Serve) -> Result<(), CommandError> {
    settings.needed_node()?;
    if flags.migrate {
        store::migrate(settings.needed_store()?).await?;
    }
    Ok(Service::open(settings).await?.run(Router::new()).await?)
}

async fn migrate(settings: &Settings, flags: Migrate) -> Result<ExitCode, CommandError> {
    let place = settings.needed_store()?;
    if flags.check {
        return match store::check(place).await {
            Ok(()) => {
                println!("the store is up to date");
                Ok(ExitCode::SUCCESS)
            }
            Err(error) if error.asks_for_migration() => {
                println!("there is something to do: {}", Chain(&error));
                Ok(ExitCode::from(1))
            }
            Err(error) => Err(error.into()),
        };
    }
    match store::migrate(place).await? {
        Migration::Done => println!("the store was brought up to date"),
        Migration::NotNeeded => println!("the store is up to date"),
    }
    Ok(ExitCode::SUCCESS)
}

async fn audit_store(settings: &Settings) -> Result<ExitCode, CommandError> {
    let store = store::open_existing(settings.needed_store()?).await?;
    let report = audit(&*store).await?;
    for finding in &report.findings {
        println!("{finding}");
    }
    println!(
        "{} findings in {} entries, {} accounts, {} tips and {} withdrawals",
        report.findings.len(),
        report.entries,
        report.accounts,
        report.tips,
        report.withdrawals
    );
    Ok(if report.findings.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(1) })
}
