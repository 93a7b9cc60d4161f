//! The node: what it remembers, what it does, and what became of the money whatever it remembers.

mod connection;
mod invoices;
mod network;
mod payments;
mod truth;

pub(super) use connection::Connection;
pub(super) use network::drive_payer;
pub(super) use truth::Truth;

use crate::{
    Amount, Asset, Assets, DecodedInvoice, InvoiceHint, Liquidity, Network, NodeError, NodeInfo, NodeKey,
    NodeSupport, PaymentHash, Timestamp,
};
use futures_channel::mpsc;
use invoices::KeptInvoice;
use payments::Session;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// How far back an answer that is out of date may lie.
const OUT_OF_DATE: Duration = Duration::from_secs(15);

/// How many hints wait for a listener; more are lost.
const HINTS: usize = 100;

/// The node, and the network behind it.
#[derive(Debug)]
pub(super) struct Node {
    info: NodeInfo,
    assets: Assets,
    up: bool,
    outbound: Amount,
    memory: Memory,
    backup: Option<Memory>,
    truth: Truth,
    /// Payments to invoices of ours that arrived and are not claimed yet.
    held: BTreeMap<PaymentHash, Amount>,
    /// Sessions that will end by themselves.
    running: BTreeSet<u64>,
    sessions: u64,
    foreign: BTreeMap<String, DecodedInvoice>,
    /// Invoices of others that somebody else paid already.
    used: BTreeSet<PaymentHash>,
    foreign_hashes: u64,
    listeners: Vec<mpsc::Sender<InvoiceHint>>,
}

/// What the node would lose if it were put back to an earlier copy.
#[derive(Clone, Debug, Default)]
struct Memory {
    invoices: BTreeMap<PaymentHash, KeptInvoice>,
    payments: BTreeMap<PaymentHash, Session>,
}

impl Node {
    pub(super) fn new(assets: Assets) -> Self {
        Self {
            info: NodeInfo {
                key: NodeKey::new([2; 33]),
                network: Network::Dev,
                version: "simulated".to_owned(),
                support: NodeSupport::Tested,
                unlisted: Vec::new(),
            },
            assets,
            up: true,
            outbound: Amount::MAX,
            memory: Memory::default(),
            backup: None,
            truth: Truth::default(),
            held: BTreeMap::new(),
            running: BTreeSet::new(),
            sessions: 0,
            foreign: BTreeMap::new(),
            used: BTreeSet::new(),
            foreign_hashes: 0,
            listeners: Vec::new(),
        }
    }

    pub(super) fn info(&self) -> &NodeInfo {
        &self.info
    }

    pub(super) fn truth(&self) -> &Truth {
        &self.truth
    }

    pub(super) fn is_up(&self) -> bool {
        self.up
    }

    pub(super) fn set_up(&mut self, up: bool) {
        self.up = up;
    }

    pub(super) fn set_outbound(&mut self, outbound: Amount) {
        self.outbound = outbound;
    }

    /// It is restarted: of what it was about to send it forgets to go on with some.
    pub(super) fn restart(&mut self, mut forgets: impl FnMut() -> bool) {
        self.running.retain(|_| !forgets());
        self.listeners.clear();
    }

    /// A copy of its data is made.
    pub(super) fn back_up(&mut self) {
        self.backup = Some(self.memory.clone());
    }

    /// It is put back to the copy. What was paid stays paid, what is on its way stays on its way.
    pub(super) fn restore(&mut self) -> bool {
        let Some(backup) = self.backup.clone() else { return false };
        self.memory = backup;
        self.listeners.clear();
        true
    }

    /// The payments that it would not remember if it were put back now, or not as they are.
    pub(super) fn would_forget(&self) -> impl Iterator<Item = PaymentHash> {
        let backup = self.backup.as_ref();
        let kept = move |hash: &PaymentHash| backup.and_then(|backup| backup.payments.get(hash));
        let lost = move |(hash, session): (&PaymentHash, &Session)| {
            kept(hash).is_none_or(|kept| kept.number() != session.number()).then_some(*hash)
        };
        self.memory.payments.iter().filter_map(lost)
    }

    /// Whether it would remember a payment if it were put back now.
    pub(super) fn would_remember(&self, hash: &PaymentHash) -> bool {
        self.backup.as_ref().is_some_and(|backup| backup.payments.contains_key(hash))
    }

    fn liquidity(&self, asset: &Asset) -> Liquidity {
        let nothing = Liquidity { outbound: Amount::ZERO, inbound: Amount::ZERO };
        if self.assets.find(&asset.id) != Some(asset) {
            return nothing;
        }
        Liquidity { outbound: self.outbound, inbound: Amount::MAX }
    }

    pub(super) fn decode(&self, encoded: &str) -> Result<DecodedInvoice, NodeError> {
        if let Some(invoice) = self.own_invoice(encoded) {
            return Ok(DecodedInvoice {
                payment_hash: invoice.payment_hash,
                network: self.info.network,
                asset: Some(invoice.asset.clone()),
                amount: Some(invoice.amount),
                expires_at: Some(invoice.expires_at),
                payee: Some(self.info.key),
            });
        }
        let unknown = || NodeError::InvalidInvoice { reason: "no invoice of this world".to_owned() };
        self.foreign.get(encoded).cloned().ok_or_else(unknown)
    }

    /// An invoice of somebody else, of a new hash. Change what shall differ, then [`publish`](Self::publish) it.
    pub(super) fn foreign_invoice(
        &mut self,
        asset: &Asset,
        amount: Amount,
        expires_at: Timestamp,
    ) -> DecodedInvoice {
        self.foreign_hashes = self.foreign_hashes.saturating_add(1);
        let mut bytes = [0xF0; 32];
        if let Some(end) = bytes.last_chunk_mut() {
            *end = self.foreign_hashes.to_be_bytes();
        }
        DecodedInvoice {
            payment_hash: PaymentHash::new(bytes),
            network: self.info.network,
            asset: Some(asset.id.clone()),
            amount: Some(amount),
            expires_at: Some(expires_at),
            payee: Some(NodeKey::new([3; 33])),
        }
    }

    /// Makes an invoice of somebody else known, and answers its text.
    pub(super) fn publish(&mut self, invoice: DecodedInvoice) -> String {
        let encoded = format!("sim1their{}", invoice.payment_hash);
        self.foreign.insert(encoded.clone(), invoice);
        encoded
    }

    /// Somebody else paid it: nobody can pay it any more.
    pub(super) fn use_up(&mut self, hash: PaymentHash) {
        self.used.insert(hash);
    }

    fn listen(&mut self) -> mpsc::Receiver<InvoiceHint> {
        let (tell, hear) = mpsc::channel(HINTS);
        self.listeners.push(tell);
        hear
    }

    fn tell(&mut self, payment_hash: PaymentHash) {
        self.listeners.retain_mut(|listener| match listener.try_send(InvoiceHint { payment_hash }) {
            Ok(()) => true,
            Err(error) => !error.is_disconnected(),
        });
    }
}

fn refused(reason: &str) -> NodeError {
    NodeError::Refused { reason: reason.to_owned() }
}
