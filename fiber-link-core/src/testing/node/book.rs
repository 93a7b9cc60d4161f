//! What a fake node knows, and what it does with a command.

use super::hints::Listeners;
use super::{Calls, Reception, no_answer};
use crate::{
    Amount, Asset, Assets, DecodedInvoice, Invoice, InvoiceRequest, InvoiceState, InvoiceStatus, Liquidity,
    Network, NodeError, NodeInfo, NodeKey, NodeSupport, PaymentHash, PaymentRequest, PaymentState,
    PaymentStatus, PendingTlc, Timestamp,
};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

/// The longest description that fnn takes, in bytes.
const MAX_DESCRIPTION: usize = 639;

/// Everything, under the node's lock.
pub(super) struct Book {
    pub(super) info: NodeInfo,
    pub(super) down: bool,
    pub(super) assets: Assets,
    pub(super) liquidity: Liquidity,
    pub(super) create_receptions: VecDeque<Reception>,
    pub(super) send_receptions: VecDeque<Reception>,
    pub(super) late: Vec<Command>,
    pub(super) invoices: BTreeMap<PaymentHash, InvoiceStatus>,
    pub(super) invoice_claims: BTreeMap<PaymentHash, Option<InvoiceStatus>>,
    pub(super) garbled: BTreeSet<PaymentHash>,
    pub(super) foreign: BTreeMap<String, DecodedInvoice>,
    pub(super) payments: BTreeMap<PaymentHash, PaymentStatus>,
    pub(super) payment_claims: BTreeMap<PaymentHash, Option<PaymentStatus>>,
    pub(super) plans: BTreeMap<PaymentHash, VecDeque<PaymentState>>,
    pub(super) outcomes: BTreeMap<PaymentHash, PaymentState>,
    pub(super) listeners: Listeners,
    pub(super) calls: Calls,
    pub(super) sends: BTreeMap<PaymentHash, usize>,
    pub(super) times_paid: BTreeMap<PaymentHash, usize>,
    pub(super) questions: BTreeMap<PaymentHash, usize>,
    pub(super) tlcs: BTreeMap<PaymentHash, Vec<PendingTlc>>,
    foreign_hashes: u64,
}

impl Default for Book {
    fn default() -> Self {
        Self {
            info: NodeInfo {
                key: NodeKey::new([2; 33]),
                network: Network::Dev,
                version: "fake".to_owned(),
                support: NodeSupport::Tested,
                unlisted: Vec::new(),
            },
            down: false,
            assets: Assets::default(),
            liquidity: Liquidity { outbound: Amount::MAX, inbound: Amount::MAX },
            create_receptions: VecDeque::new(),
            send_receptions: VecDeque::new(),
            late: Vec::new(),
            invoices: BTreeMap::new(),
            invoice_claims: BTreeMap::new(),
            garbled: BTreeSet::new(),
            foreign: BTreeMap::new(),
            payments: BTreeMap::new(),
            payment_claims: BTreeMap::new(),
            plans: BTreeMap::new(),
            outcomes: BTreeMap::new(),
            listeners: Listeners::default(),
            calls: Calls::default(),
            sends: BTreeMap::new(),
            times_paid: BTreeMap::new(),
            questions: BTreeMap::new(),
            tlcs: BTreeMap::new(),
            foreign_hashes: 0,
        }
    }
}

/// What a node is told to do.
pub(super) enum Command {
    CreateInvoice(InvoiceRequest),
    SendPayment(PaymentRequest),
}

/// What it did.
pub(super) enum Done {
    Created(Invoice),
    Sent(PaymentStatus),
}

impl Book {
    /// A command arrives, or does not.
    pub(super) fn receive(
        &mut self,
        command: Command,
        reception: Reception,
        now: Timestamp,
    ) -> Result<Done, NodeError> {
        match reception {
            Reception::Answer => self.carry_out(command, now),
            Reception::LoseAnswer => {
                let _lost = self.carry_out(command, now);
                Err(no_answer())
            }
            Reception::LoseRequest => Err(no_answer()),
            Reception::Late => {
                self.late.push(command);
                Err(no_answer())
            }
            Reception::Refuse(reason) => Err(NodeError::Refused { reason }),
            Reception::DoAndRefuse(reason) => {
                let _lost = self.carry_out(command, now);
                Err(NodeError::Refused { reason })
            }
        }
    }

    /// What the node does with a command that it heard.
    pub(super) fn carry_out(&mut self, command: Command, now: Timestamp) -> Result<Done, NodeError> {
        match command {
            Command::CreateInvoice(request) => self.create_invoice(&request, now).map(Done::Created),
            Command::SendPayment(request) => self.send_payment(&request, now).map(Done::Sent),
        }
    }

    fn create_invoice(&mut self, request: &InvoiceRequest, now: Timestamp) -> Result<Invoice, NodeError> {
        if request.amount.is_zero() {
            return Err(refused("amount must be greater than 0"));
        } else if request.expiry < Duration::from_secs(1) {
            return Err(refused("expiry must be at least a second"));
        } else if request.description.len() > MAX_DESCRIPTION {
            return Err(refused("description is too long"));
        } else if !self.has(&request.asset) {
            return Err(refused("no such asset"));
        }
        let payment_hash = request.preimage.payment_hash();
        if self.invoices.contains_key(&payment_hash) {
            return Err(NodeError::InvoiceExists);
        }
        let invoice = Invoice {
            encoded: format!("fake1ours{payment_hash}"),
            payment_hash,
            asset: request.asset.id.clone(),
            amount: request.amount,
            expires_at: now.plus(request.expiry),
        };
        let status = InvoiceStatus { invoice: invoice.clone(), state: InvoiceState::Open };
        self.invoices.insert(payment_hash, status);
        Ok(invoice)
    }

    fn send_payment(&mut self, request: &PaymentRequest, now: Timestamp) -> Result<PaymentStatus, NodeError> {
        let invoice = self.decode(&request.encoded)?;
        if invoice.network != self.info.network {
            return Err(refused("invoice is for another network"));
        } else if invoice.payment_hash != request.payment_hash || invoice.amount != Some(request.amount) {
            return Err(refused("hash or amount does not match the invoice"));
        } else if invoice.expires_at.is_some_and(|expires_at| expires_at <= now) {
            return Err(refused("invoice is expired"));
        }
        let hash = request.payment_hash;
        let before = self.payments.get(&hash);
        match before.map(|payment| &payment.state) {
            Some(PaymentState::Pending | PaymentState::Succeeded { .. }) => {
                return Err(refused("Payment session already exists"));
            }
            Some(PaymentState::Failed { .. }) | None => {}
        }
        let after = before.map(|payment| payment.created_at.plus(Duration::from_millis(1)));
        let created_at = now.max(after.unwrap_or(now));
        self.payments.insert(hash, PaymentStatus { created_at, state: PaymentState::Pending });
        let planned = self.plans.get_mut(&hash).and_then(VecDeque::pop_front);
        let otherwise = || self.outcomes.get(&hash).cloned();
        let state = planned.or_else(otherwise).unwrap_or(PaymentState::Succeeded { fee: Amount::ZERO });
        let no_way = match state {
            _ if invoice.payee == Some(self.info.key) => Some("can not pay to self"),
            PaymentState::Succeeded { fee } if fee > request.fee_limit => Some("no path found"),
            PaymentState::Pending | PaymentState::Succeeded { .. } | PaymentState::Failed { .. } => None,
        };
        // As fnn does: it keeps what it has no way for, and otherwise answers before it knows.
        if let Some(reason) = no_way {
            self.end_payment(hash, PaymentState::Failed { reason: reason.to_owned() });
            return Err(refused(reason));
        }
        self.end_payment(hash, state);
        Ok(PaymentStatus { created_at, state: PaymentState::Pending })
    }

    fn has(&self, asset: &Asset) -> bool {
        self.assets.find(&asset.id) == Some(asset)
    }

    /// What the channels of an asset can carry: nothing where it has none.
    pub(super) fn liquidity_of(&self, asset: &Asset) -> Liquidity {
        let nothing = Liquidity { outbound: Amount::ZERO, inbound: Amount::ZERO };
        if self.has(asset) { self.liquidity } else { nothing }
    }

    /// What is under way comes to `state`.
    pub(super) fn end_payment(&mut self, hash: PaymentHash, state: PaymentState) {
        let payment = self.payments.get_mut(&hash).expect("a payment of this hash");
        assert_eq!(payment.state, PaymentState::Pending, "an ended payment does not end again");
        if let PaymentState::Succeeded { .. } = state {
            *self.times_paid.entry(hash).or_default() += 1;
        }
        payment.state = state;
    }

    /// What it answers about an invoice of its own: an open one runs out by the clock.
    pub(super) fn invoice(&self, hash: &PaymentHash, now: Timestamp) -> Option<InvoiceStatus> {
        if let Some(claim) = self.invoice_claims.get(hash) {
            return claim.clone();
        }
        let status = self.invoices.get(hash)?.clone();
        let ran_out = status.state == InvoiceState::Open && status.invoice.expires_at <= now;
        Some(InvoiceStatus { state: if ran_out { InvoiceState::Expired } else { status.state }, ..status })
    }

    /// What it answers about a payment of its own.
    pub(super) fn payment(&self, hash: &PaymentHash) -> Option<PaymentStatus> {
        self.payment_claims.get(hash).cloned().unwrap_or_else(|| self.payments.get(hash).cloned())
    }

    /// Reads an invoice that it knows, in lower or in upper case.
    pub(super) fn decode(&self, encoded: &str) -> Result<DecodedInvoice, NodeError> {
        let upper_case = !encoded.bytes().any(|byte| byte.is_ascii_lowercase());
        let encoded = if upper_case { encoded.to_ascii_lowercase() } else { encoded.to_owned() };
        let ours = |status: &&InvoiceStatus| status.invoice.encoded == encoded;
        if let Some(InvoiceStatus { invoice, .. }) = self.invoices.values().find(ours) {
            return Ok(DecodedInvoice {
                payment_hash: invoice.payment_hash,
                network: self.info.network,
                asset: Some(invoice.asset.clone()),
                amount: Some(invoice.amount),
                expires_at: Some(invoice.expires_at),
                payee: Some(self.info.key),
            });
        }
        let unknown = || NodeError::InvalidInvoice { reason: "not an invoice of this test".to_owned() };
        self.foreign.get(&encoded).cloned().ok_or_else(unknown)
    }

    /// A payment hash that nobody had before.
    pub(super) fn new_foreign_hash(&mut self) -> PaymentHash {
        self.foreign_hashes += 1;
        let mut bytes = [0xF0; 32];
        bytes[24..].copy_from_slice(&self.foreign_hashes.to_be_bytes());
        PaymentHash::new(bytes)
    }
}

fn refused(reason: &str) -> NodeError {
    NodeError::Refused { reason: reason.to_owned() }
}
