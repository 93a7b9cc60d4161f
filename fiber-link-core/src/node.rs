//! The Fiber node, as Fiber Link sees it.

use crate::{Amount, Asset, AssetId, NodeKey, PaymentHash, Preimage, Timestamp};
use async_trait::async_trait;
use futures_util::stream::BoxStream;
use std::fmt;
use std::time::Duration;

/// The network that invoices belong to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Network {
    /// Real money.
    Mainnet,
    /// The public test network.
    Testnet,
    /// A development chain.
    Dev,
}

impl Network {
    /// Every network.
    pub const ALL: [Self; 3] = [Self::Mainnet, Self::Testnet, Self::Dev];

    /// Its name in settings and in the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Mainnet => "mainnet",
            Self::Testnet => "testnet",
            Self::Dev => "dev",
        }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Which node this is, and whether we go together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeInfo {
    /// Its public key.
    pub key: NodeKey,
    /// The network that it is on.
    pub network: Network,
    /// The version of its software, in its own words.
    pub version: String,
    /// Whether this version is one that we know.
    pub support: NodeSupport,
    /// Assets of ours that the node has no entry for: it makes and pays no invoices of them.
    pub unlisted: Vec<AssetId>,
}

/// Whether the adapter was tested with the node's version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NodeSupport {
    /// Its answers are known.
    Tested,
    /// Its answers may mean something else than we think: nothing is paid through it.
    Untested,
}

/// An invoice to be made.
#[derive(Clone, Debug)]
pub struct InvoiceRequest {
    /// What is paid.
    pub asset: Asset,
    /// How much.
    pub amount: Amount,
    /// Our preimage; the payment hash is its SHA-256.
    pub preimage: Preimage,
    /// How long it can be paid. Never left out: an invoice without expiry never ends.
    pub expiry: Duration,
    /// What payers are shown; at most 639 bytes.
    pub description: String,
}

/// An invoice that our node made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invoice {
    /// The text that a payer pays.
    pub encoded: String,
    /// The hash that names its payment.
    pub payment_hash: PaymentHash,
    /// What is paid.
    pub asset: AssetId,
    /// How much.
    pub amount: Amount,
    /// When it can no longer be paid, by the node's clock.
    pub expires_at: Timestamp,
}

/// What the node says about an invoice of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvoiceStatus {
    /// The invoice.
    pub invoice: Invoice,
    /// Where it stands.
    pub state: InvoiceState,
}

/// Where an invoice stands, in the node's own words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum InvoiceState {
    /// It can be paid.
    Open,
    /// A payment is held and not yet claimed.
    Received,
    /// The money is ours.
    Paid,
    /// It was cancelled; a payment that was under way may still make it paid.
    Cancelled,
    /// It ran out; a payment that was under way may still make it paid.
    Expired,
}

impl InvoiceState {
    /// Every state.
    pub const ALL: [Self; 5] = [Self::Open, Self::Received, Self::Paid, Self::Cancelled, Self::Expired];
}

/// What an invoice of anybody says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecodedInvoice {
    /// The hash that names its payment.
    pub payment_hash: PaymentHash,
    /// The network that it is for.
    pub network: Network,
    /// What is to be paid; `None` if it is no asset of ours.
    pub asset: Option<AssetId>,
    /// How much; `None` if the payer chooses.
    pub amount: Option<Amount>,
    /// When it runs out; `None` if never.
    pub expires_at: Option<Timestamp>,
    /// Who is paid, where the invoice says so.
    pub payee: Option<NodeKey>,
}

/// A payment to be sent, in at most [`MAX_PARTS`](Self::MAX_PARTS) parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaymentRequest {
    /// The invoice.
    pub encoded: String,
    /// The hash that names the payment.
    pub payment_hash: PaymentHash,
    /// What the invoice asks.
    pub amount: Amount,
    /// The highest fee.
    pub fee_limit: Amount,
}

impl PaymentRequest {
    /// In how many parts a payment goes: one of several may be paid after the payment was called failed.
    pub const MAX_PARTS: u32 = 1;
}

/// What the node says about a payment of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaymentStatus {
    /// When the node began with it, by the node's clock. A retry has a later one.
    pub created_at: Timestamp,
    /// Where it stands.
    pub state: PaymentState,
}

/// Where a payment stands, in the node's own words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PaymentState {
    /// Under way, for however long.
    Pending,
    /// The payee has the money.
    Succeeded {
        /// What the way there cost.
        fee: Amount,
    },
    /// The node gave it up.
    Failed {
        /// The node's reason.
        reason: String,
    },
}

/// What the node's channels can carry of an asset, as a sum over usable channels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Liquidity {
    /// What can be sent.
    pub outbound: Amount,
    /// What can be received.
    pub inbound: Amount,
}

/// A part of a payment that a channel of the node holds: promised, and neither kept nor given back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PendingTlc {
    /// Which channel, in the node's words.
    pub channel: String,
    /// Which way it goes.
    pub direction: TlcDirection,
    /// How much is promised, in base units of the channel's asset.
    pub amount: Amount,
    /// When its time-lock ends: from then on it can be taken back, on the chain if need be.
    pub expires_at: Timestamp,
    /// Where it stands, in the node's words.
    pub status: String,
}

/// Which way a promise goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TlcDirection {
    /// Our node promised it to a peer.
    Offered,
    /// A peer promised it to our node.
    Received,
}

/// A rumour that an invoice changed. It never credits: the node is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvoiceHint {
    /// The invoice's payment hash.
    pub payment_hash: PaymentHash,
}

/// Why a node call did not do what was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NodeError {
    /// The node answered no. About `send_payment` even this is no proof that nothing was sent.
    #[error("the node refused: {reason}")]
    Refused {
        /// The node's reason.
        reason: String,
    },
    /// The node has an invoice of this hash already.
    #[error("the node has an invoice of this hash already")]
    InvoiceExists,
    /// The text is no invoice.
    #[error("not a Fiber invoice: {reason}")]
    InvalidInvoice {
        /// What is wrong with it, fit for the caller's eyes.
        reason: String,
    },
    /// The answer about one of several is of no use: ask about fewer at a time, so that it keeps
    /// no other from being heard.
    #[error("the node's answer is unclear about one of several")]
    Unclear(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// No usable answer: what was asked may or may not have been done.
    #[error("the node gave no usable answer")]
    NoAnswer(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// A node of the Fiber network.
///
/// Dropping the future of a call may lose its answer; what was asked may happen all the same.
#[cfg_attr(feature = "testing", mockall::automock)]
#[async_trait]
pub trait FiberNode: Send + Sync + 'static {
    /// Which node this is.
    async fn info(&self) -> Result<NodeInfo, NodeError>;

    /// Makes an invoice under our preimage. A hash that is known already is
    /// [`NodeError::InvoiceExists`]; only [`NodeError::Refused`] says that there is none.
    async fn create_invoice(&self, request: InvoiceRequest) -> Result<Invoice, NodeError>;

    /// Asks about invoices of this node: one answer per hash in the same order, `None` where the
    /// node does not know the hash. [`NodeError::Unclear`] only if others were answered.
    async fn invoices(&self, hashes: &[PaymentHash]) -> Result<Vec<Option<InvoiceStatus>>, NodeError>;

    /// Reads an invoice of anybody.
    async fn decode_invoice(&self, encoded: &str) -> Result<DecodedInvoice, NodeError>;

    /// Asks the node to pay, in one part. The answer is news at best and never an outcome: ask
    /// [`payment`](Self::payment).
    async fn send_payment(&self, request: PaymentRequest) -> Result<PaymentStatus, NodeError>;

    /// Asks about a payment of this node; `None` if the node knows none of this hash.
    async fn payment(&self, hash: PaymentHash) -> Result<Option<PaymentStatus>, NodeError>;

    /// What the channels can carry of `asset`.
    async fn liquidity(&self, asset: &Asset) -> Result<Liquidity, NodeError>;

    /// What the channels hold of the payment of this hash, those that were closed among them: evidence for
    /// people, and never a proof.
    async fn pending_tlcs(&self, hash: PaymentHash) -> Result<Vec<PendingTlc>, NodeError> {
        let _ = hash;
        Err(NodeError::NoAnswer("this node does not tell what its channels hold".into()))
    }

    /// Rumours about invoices; they may lie, repeat, or stay silent.
    fn hints(&self) -> BoxStream<'static, InvoiceHint>;
}

const _: fn(&dyn FiberNode) = |_| ();
