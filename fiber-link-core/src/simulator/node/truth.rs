//! What really happened to money, whatever the node remembers of it.

use crate::{Amount, Invoice, InvoiceState, PaymentHash, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

/// What really happened to money, and what the node was heard to say of it.
#[derive(Debug, Default)]
pub(in crate::simulator) struct Truth {
    received: BTreeMap<PaymentHash, Received>,
    sent: BTreeMap<PaymentHash, Sent>,
    in_flight: BTreeMap<PaymentHash, u32>,
    said_paid: BTreeSet<PaymentHash>,
    said_ended: BTreeSet<(PaymentHash, &'static str)>,
    said_failed: BTreeSet<(PaymentHash, Timestamp)>,
}

/// What arrived for an invoice of ours.
#[derive(Clone, Copy, Debug)]
pub(in crate::simulator) struct Received {
    /// Over all times: a node that was put back may take a second payment.
    pub(in crate::simulator) total: u128,
    /// What of it is above the one amount that the invoice asks.
    pub(in crate::simulator) overpaid: u128,
    pub(in crate::simulator) first_at: Timestamp,
}

/// What left for an invoice of somebody else.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::simulator) struct Sent {
    pub(in crate::simulator) times: u32,
    /// With its fees, over all times.
    pub(in crate::simulator) total: u128,
    /// The fee of the last time.
    pub(in crate::simulator) fee: Amount,
}

impl Truth {
    pub(in crate::simulator) fn receive(&mut self, invoice: &Invoice, amount: Amount, now: Timestamp) {
        let invoiced = invoice.amount.units();
        self.received
            .entry(invoice.payment_hash)
            .and_modify(|received| {
                received.total = received.total.saturating_add(amount.units());
                received.overpaid = received.overpaid.saturating_add(amount.units());
            })
            .or_insert(Received {
                total: amount.units(),
                overpaid: amount.units().saturating_sub(invoiced),
                first_at: now,
            });
    }

    pub(in crate::simulator) fn received(&self, hash: &PaymentHash) -> Option<&Received> {
        self.received.get(hash)
    }

    /// A part is on its way.
    pub(in crate::simulator) fn depart(&mut self, hash: PaymentHash) {
        let parts = self.in_flight.entry(hash).or_default();
        *parts = parts.saturating_add(1);
    }

    /// What was on its way came back.
    pub(in crate::simulator) fn come_back(&mut self, hash: PaymentHash) {
        if let Some(parts) = self.in_flight.get_mut(&hash) {
            *parts = parts.saturating_sub(1);
        }
    }

    /// What was on its way arrived.
    pub(in crate::simulator) fn arrive(&mut self, hash: PaymentHash, amount: Amount, fee: Amount) {
        self.come_back(hash);
        let sent = self.sent.entry(hash).or_default();
        sent.times = sent.times.saturating_add(1);
        sent.total = sent.total.saturating_add(amount.units()).saturating_add(fee.units());
        sent.fee = fee;
    }

    pub(in crate::simulator) fn sent(&self, hash: &PaymentHash) -> Option<&Sent> {
        self.sent.get(hash)
    }

    pub(in crate::simulator) fn is_in_flight(&self, hash: &PaymentHash) -> bool {
        self.in_flight.get(hash).is_some_and(|parts| *parts > 0)
    }

    /// Somebody was answered that this invoice of ours is paid.
    pub(in crate::simulator) fn say_paid(&mut self, hash: PaymentHash) {
        self.said_paid.insert(hash);
    }

    pub(in crate::simulator) fn said_paid(&self, hash: &PaymentHash) -> bool {
        self.said_paid.contains(hash)
    }

    /// Somebody was answered that this invoice of ours ended.
    pub(in crate::simulator) fn say_ended(&mut self, hash: PaymentHash, state: InvoiceState) {
        match state {
            InvoiceState::Expired => self.said_ended.insert((hash, "expired")),
            InvoiceState::Cancelled => self.said_ended.insert((hash, "cancelled")),
            InvoiceState::Open | InvoiceState::Received | InvoiceState::Paid => false,
        };
    }

    /// Whether it was said that the invoice came to the end of this name.
    pub(in crate::simulator) fn said_ended(&self, hash: PaymentHash, end: &'static str) -> bool {
        self.said_ended.contains(&(hash, end))
    }

    /// Somebody was answered that the payment that began at `session` failed.
    pub(in crate::simulator) fn say_failed(&mut self, hash: PaymentHash, session: Timestamp) {
        self.said_failed.insert((hash, session));
    }

    pub(in crate::simulator) fn said_failed(&self, hash: PaymentHash, session: Timestamp) -> bool {
        self.said_failed.contains(&(hash, session))
    }
}
