//! Invoices of the node.

use super::{Node, OUT_OF_DATE, refused};
use crate::{
    Amount, Invoice, InvoiceRequest, InvoiceState, InvoiceStatus, NodeError, PaymentHash, Timestamp,
};
use std::time::Duration;

/// The longest description that fnn takes, in bytes.
const MAX_DESCRIPTION: usize = 639;

/// An invoice as the node remembers it.
#[derive(Clone, Debug)]
pub(super) struct KeptInvoice {
    invoice: Invoice,
    state: InvoiceState,
    /// Where it stood until when.
    before: Option<(Timestamp, InvoiceState)>,
}

impl Node {
    pub(super) fn create_invoice(
        &mut self,
        request: &InvoiceRequest,
        now: Timestamp,
    ) -> Result<Invoice, NodeError> {
        if request.amount.is_zero() {
            return Err(refused("amount must be greater than 0"));
        } else if request.expiry < Duration::from_secs(1) {
            return Err(refused("expiry must be at least a second"));
        } else if request.description.len() > MAX_DESCRIPTION {
            return Err(refused("description is too long"));
        } else if self.assets.find(&request.asset.id) != Some(&request.asset) {
            return Err(refused("no such asset"));
        }
        let payment_hash = request.preimage.payment_hash();
        if self.memory.invoices.contains_key(&payment_hash) {
            return Err(NodeError::InvoiceExists);
        }
        let invoice = Invoice {
            encoded: format!("sim1ours{payment_hash}"),
            payment_hash,
            asset: request.asset.id.clone(),
            amount: request.amount,
            expires_at: now.plus(request.expiry),
        };
        let kept = KeptInvoice { invoice: invoice.clone(), state: InvoiceState::Open, before: None };
        self.memory.invoices.insert(payment_hash, kept);
        Ok(invoice)
    }

    pub(super) fn own_invoice(&self, encoded: &str) -> Option<&Invoice> {
        let hash = encoded.strip_prefix("sim1ours")?.parse().ok()?;
        self.memory.invoices.get(&hash).map(|kept| &kept.invoice)
    }

    /// What an invoice asks, as far as it is known.
    pub(super) fn invoiced(&self, hash: &PaymentHash) -> Option<Amount> {
        self.memory.invoices.get(hash).map(|kept| kept.invoice.amount)
    }

    /// A payer pays: from now on the money is held. Whether the node takes it: as fnn does, no less
    /// than the invoice asks, and more.
    pub(super) fn hold(&mut self, hash: PaymentHash, amount: Amount, now: Timestamp) -> bool {
        let open = self.invoice_state(&hash, now) == Some(InvoiceState::Open);
        let enough = self.invoiced(&hash).is_some_and(|invoiced| amount >= invoiced);
        if !open || !enough || self.held.contains_key(&hash) {
            return false;
        }
        self.held.insert(hash, amount);
        self.move_invoice(hash, InvoiceState::Received, now);
        true
    }

    /// While money is held the node may call the invoice ended all the same.
    pub(super) fn end_while_held(&mut self, hash: PaymentHash, state: InvoiceState, now: Timestamp) {
        self.move_invoice(hash, state, now);
    }

    /// What is held is claimed; whether the invoice is still known, so that it can be.
    pub(super) fn claim(&mut self, hash: PaymentHash, now: Timestamp) -> bool {
        let Some(amount) = self.held.remove(&hash) else { return false };
        let Some(kept) = self.memory.invoices.get(&hash) else { return false };
        self.truth.receive(&kept.invoice, amount, now);
        self.move_invoice(hash, InvoiceState::Paid, now);
        true
    }

    fn move_invoice(&mut self, hash: PaymentHash, state: InvoiceState, now: Timestamp) {
        if let Some(kept) = self.memory.invoices.get_mut(&hash) {
            kept.before = Some((now, kept.state));
            kept.state = state;
        }
    }

    /// Where an invoice stands: an open one runs out by the clock.
    pub(in crate::simulator) fn invoice_state(
        &self,
        hash: &PaymentHash,
        now: Timestamp,
    ) -> Option<InvoiceState> {
        let kept = self.memory.invoices.get(hash)?;
        Some(run_out(kept.state, &kept.invoice, now))
    }

    /// Whether money for it is held.
    pub(in crate::simulator) fn has_payment_under_way_to(&self, hash: &PaymentHash) -> bool {
        self.held.contains_key(hash) && self.memory.invoices.contains_key(hash)
    }

    /// What it answers. Where it is asked to answer as things were, a change of late is left out.
    pub(super) fn answer_invoice(
        &self,
        hash: &PaymentHash,
        out_of_date: bool,
        now: Timestamp,
    ) -> Option<InvoiceStatus> {
        let kept = self.memory.invoices.get(hash)?;
        let state = match kept.before {
            Some((at, before)) if out_of_date && now.since(at) < OUT_OF_DATE => before,
            Some(_) | None => kept.state,
        };
        Some(InvoiceStatus { invoice: kept.invoice.clone(), state: run_out(state, &kept.invoice, now) })
    }
}

fn run_out(state: InvoiceState, invoice: &Invoice, now: Timestamp) -> InvoiceState {
    if state == InvoiceState::Open && invoice.expires_at <= now { InvoiceState::Expired } else { state }
}
