//! A Fiber node without a network, for demos and tests: real invoices, payments on command.
//!
//! [`SimulatedNode`] behaves like a real node wherever a caller of [`FiberNode`](crate::FiberNode)
//! can tell, and what the rest of the world would do (a wallet that pays, a payee that is away) is
//! done by calling its other methods. Its state is a file of lines that survives the death of the
//! process; settings of the simulation itself (liquidity, being down) last as long as the value.

mod change;
mod control;
mod fact;
mod fiber_node;
mod invoice;
mod invoices;
mod journal;
mod payments;
mod rpc;
mod state;

pub use change::NodeChange;
pub use control::SimulatorError;
pub use fiber_types::HashAlgorithm;
pub use invoice::describe_invoice;
pub use payments::{Outcome, SimulatedPayment, UnknownOutcome};
pub use rpc::{InvoiceLock, NewInvoice, PaymentSession, SettleInvoiceError, Snapshot};

use crate::{Assets, Clock, Network, NoRandomness, NodeKey, Secret, SystemClock};
use fact::{FIRST_BYTES, Fact, NodeFact};
use journal::{Journal, Lines};
use secp256k1::{Keypair, SECP256K1};
use state::State;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What a [`SimulatedNode`] is made of.
#[derive(Clone)]
pub struct SimulatedNodeOptions {
    /// The file that keeps its state, for one process at a time; `None` for memory alone.
    pub path: Option<PathBuf>,
    /// The network that its invoices are for. Never [`Network::Mainnet`].
    pub network: Network,
    /// The assets that it has channels for.
    pub assets: Assets,
    /// Its clock.
    pub clock: Arc<dyn Clock>,
}

/// In memory, on a development chain, with CKB alone and the clock of the machine.
impl Default for SimulatedNodeOptions {
    fn default() -> Self {
        Self { path: None, network: Network::Dev, assets: Assets::default(), clock: Arc::new(SystemClock) }
    }
}

impl fmt::Debug for SimulatedNodeOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SimulatedNodeOptions")
            .field("path", &self.path)
            .field("network", &self.network)
            .field("assets", &self.assets)
            .finish_non_exhaustive()
    }
}

/// Why a simulated node did not start.
#[derive(Debug, thiserror::Error)]
pub enum OpenSimulatedNodeError {
    /// Invoices on the main network ask for real money.
    #[error("a simulated node cannot be on mainnet: it has no money to receive or to pay")]
    Mainnet,
    /// The file belongs to a node of another network.
    #[error("the simulated node of {} is on {found}, not on {wanted}", path.display())]
    OtherNetwork {
        /// The file.
        path: PathBuf,
        /// The network that it names.
        found: String,
        /// The network that was asked for.
        wanted: Network,
    },
    /// A line of the file makes no sense.
    #[error("{} is damaged at byte {offset}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Where the line begins.
        offset: u64,
        /// What is wrong with it.
        #[source]
        source: io::Error,
    },
    /// The file could not be read or written.
    #[error("cannot open {}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        #[source]
        source: io::Error,
    },
    /// No key could be made.
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
}

/// How often the node was asked, by method of [`FiberNode`](crate::FiberNode), since it started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Questions {
    /// Calls of `info`.
    pub info: u64,
    /// Calls of `create_invoice`.
    pub create_invoice: u64,
    /// Calls of `invoices`.
    pub invoices: u64,
    /// Hashes in all calls of `invoices`.
    pub invoice_hashes: u64,
    /// Calls of `decode_invoice`.
    pub decode_invoice: u64,
    /// Calls of `send_payment`.
    pub send_payment: u64,
    /// Calls of `payment`.
    pub payment: u64,
    /// Calls of `liquidity`.
    pub liquidity: u64,
}

/// A Fiber node without a network.
///
/// Calls never wait for anything but its file; each change is one line there.
pub struct SimulatedNode {
    key: Keypair,
    /// Signs the invoices of somebody else.
    stranger: Keypair,
    network: Network,
    assets: Assets,
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
}

impl fmt::Debug for SimulatedNode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SimulatedNode")
            .field("key", &self.key())
            .field("network", &self.network)
            .finish_non_exhaustive()
    }
}

impl SimulatedNode {
    /// Starts a node: a new one with new keys, or the one that the file holds. A last line of the
    /// file that was cut short by a crash is dropped.
    ///
    /// # Errors
    /// [`OpenSimulatedNodeError`]. Nothing is repaired but that last line.
    pub fn open(options: SimulatedNodeOptions) -> Result<Self, OpenSimulatedNodeError> {
        let SimulatedNodeOptions { path, network, assets, clock } = options;
        match network {
            Network::Mainnet => return Err(OpenSimulatedNodeError::Mainnet),
            Network::Testnet | Network::Dev => {}
        }
        let (key, stranger, state) = match path {
            None => {
                let state = State::new(Journal::in_memory());
                (fresh_key()?, fresh_key()?, state)
            }
            Some(path) => open_file(&path, network)?,
        };
        Ok(Self { key, stranger, network, assets, clock, state: Mutex::new(state) })
    }

    /// Its public key.
    pub fn key(&self) -> NodeKey {
        NodeKey::new(self.key.public_key().serialize())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn fresh_key() -> Result<Keypair, NoRandomness> {
    // One number in 2^128 is no key.
    Keypair::from_seckey_slice(SECP256K1, Secret::random()?.expose()).map_err(|_| NoRandomness)
}

fn open_file(path: &Path, network: Network) -> Result<(Keypair, Keypair, State), OpenSimulatedNodeError> {
    let cannot = |source| OpenSimulatedNodeError::File { path: path.to_owned(), source };
    let damaged = |offset, source| OpenSimulatedNodeError::Damaged { path: path.to_owned(), offset, source };
    let mut state = State::new(Journal::open(path, FIRST_BYTES).map_err(cannot)?);
    let mut lines = Lines::open(path).map_err(cannot)?;

    let Some((_, line)) = lines.next().map_err(|error| damaged(0, error))? else {
        let (key, stranger) = (fresh_key()?, fresh_key()?);
        let node = NodeFact {
            network: network.as_str().to_owned(),
            key: key.display_secret().to_string(),
            stranger: stranger.display_secret().to_string(),
        };
        state.write(&Fact::Node(node)).map_err(cannot)?;
        return Ok((key, stranger, state));
    };
    let (key, stranger, found) = read_node(line).map_err(|error| damaged(0, error))?;
    if found != network.as_str() {
        return Err(OpenSimulatedNodeError::OtherNetwork { path: path.to_owned(), found, wanted: network });
    }
    loop {
        let offset = lines.offset();
        match lines.next().map_err(|error| damaged(offset, error))? {
            Some((offset, line)) => state.replay(offset, line).map_err(|error| damaged(offset, error))?,
            None => return Ok((key, stranger, state)),
        }
    }
}

fn read_node(line: &[u8]) -> io::Result<(Keypair, Keypair, String)> {
    let invalid = |what: &str| io::Error::new(io::ErrorKind::InvalidData, what);
    match serde_json::from_slice(line)? {
        Fact::Node(node) => {
            let key = |hex: &str| Keypair::from_seckey_str(SECP256K1, hex).map_err(|_| invalid("not a key"));
            Ok((key(&node.key)?, key(&node.stranger)?, node.network))
        }
        Fact::Invoice(_)
        | Fact::Mark(_)
        | Fact::Payment(_)
        | Fact::Outcome(_)
        | Fact::Forgotten(_)
        | Fact::Paid(_) => Err(invalid("the first line does not say which node this is")),
    }
}
