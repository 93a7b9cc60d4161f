//! Payments of the node.

use super::{Node, OUT_OF_DATE, refused};
use crate::{Amount, NodeError, PaymentHash, PaymentRequest, PaymentState, PaymentStatus, Timestamp};
use std::time::Duration;

/// A payment as the node remembers it.
#[derive(Clone, Debug)]
pub(super) struct Session {
    number: u64,
    status: PaymentStatus,
    /// Where it stood until when.
    before: Option<(Timestamp, Option<PaymentStatus>)>,
}

/// A payment that the node began.
#[derive(Clone, Debug)]
pub(super) struct Begun {
    pub(super) hash: PaymentHash,
    pub(super) session: u64,
    pub(super) status: PaymentStatus,
    /// Whether somebody else paid the invoice already.
    pub(super) used: bool,
}

impl Session {
    pub(super) fn number(&self) -> u64 {
        self.number
    }
}

impl Node {
    /// Begins a payment: refused without a trace where fnn leaves none.
    pub(super) fn send_payment(
        &mut self,
        request: &PaymentRequest,
        now: Timestamp,
    ) -> Result<Begun, NodeError> {
        let invoice = self.decode(&request.encoded)?;
        if invoice.network != self.info.network {
            return Err(refused("invoice is for another network"));
        } else if invoice.payment_hash != request.payment_hash || invoice.amount != Some(request.amount) {
            return Err(refused("hash or amount does not match the invoice"));
        } else if invoice.expires_at.is_some_and(|expires_at| expires_at <= now) {
            return Err(refused("invoice is expired"));
        } else if invoice.payee == Some(self.info.key) {
            return Err(refused("can not pay to self"));
        }
        let hash = request.payment_hash;
        let before = self.memory.payments.get(&hash).map(|session| session.status.clone());
        match before.as_ref().map(|before| &before.state) {
            Some(PaymentState::Pending | PaymentState::Succeeded { .. }) => {
                return Err(refused("Payment session already exists"));
            }
            Some(PaymentState::Failed { .. }) | None => {}
        }
        let after = before.as_ref().map(|before| before.created_at.plus(Duration::from_millis(1)));
        let created_at = now.max(after.unwrap_or(now));
        let status = PaymentStatus { created_at, state: PaymentState::Pending };
        self.sessions = self.sessions.saturating_add(1);
        let number = self.sessions;
        let session = Session { number, status: status.clone(), before: Some((now, before)) };
        self.memory.payments.insert(hash, session);
        self.running.insert(number);
        self.truth.depart(hash);
        Ok(Begun { hash, session: number, status, used: self.used.contains(&hash) })
    }

    /// It gives a payment up: what was on its way came back.
    pub(super) fn give_up(&mut self, begun: &Begun, reason: &str, now: Timestamp) {
        self.truth.come_back(begun.hash);
        self.call_failed(begun, reason, now);
    }

    /// It calls a payment failed, whatever is on its way.
    pub(super) fn call_failed(&mut self, begun: &Begun, reason: &str, now: Timestamp) {
        self.end(begun, PaymentState::Failed { reason: reason.to_owned() }, now);
    }

    /// The payee has the money, and the node hears of it.
    pub(super) fn succeed(&mut self, begun: &Begun, amount: Amount, fee: Amount, now: Timestamp) {
        self.truth.arrive(begun.hash, amount, fee);
        self.end(begun, PaymentState::Succeeded { fee }, now);
    }

    /// The payee has the money, and the node never hears of it.
    pub(super) fn succeed_unheard(&mut self, begun: &Begun, amount: Amount, fee: Amount) {
        self.truth.arrive(begun.hash, amount, fee);
    }

    /// It will never hear more of a payment.
    pub(super) fn hang(&mut self, begun: &Begun) {
        self.running.remove(&begun.session);
    }

    /// A payment that is no longer the node's own, because it forgot it or to go on with it, changes
    /// nothing that it remembers.
    fn end(&mut self, begun: &Begun, state: PaymentState, now: Timestamp) {
        let known = self.memory.payments.get_mut(&begun.hash);
        let known = known.filter(|session| session.number == begun.session);
        if let Some(session) = known.filter(|_| self.running.remove(&begun.session)) {
            session.before = Some((now, Some(session.status.clone())));
            session.status.state = state;
        }
    }

    /// Whether the node goes on with a payment: not if it was restarted and forgot to.
    pub(super) fn goes_on_with(&self, begun: &Begun) -> bool {
        self.running.contains(&begun.session)
    }

    /// Where a payment stands, by the node's memory.
    pub(in crate::simulator) fn payment_status(&self, hash: &PaymentHash) -> Option<&PaymentStatus> {
        self.memory.payments.get(hash).map(|session| &session.status)
    }

    /// Whether a payment that is under way will end by itself.
    pub(in crate::simulator) fn will_end(&self, hash: &PaymentHash) -> bool {
        self.memory.payments.get(hash).is_some_and(|session| self.running.contains(&session.number))
    }

    /// What it answers. Where it is asked to answer as things were, a change of late is left out.
    pub(super) fn answer_payment(
        &self,
        hash: &PaymentHash,
        out_of_date: bool,
        now: Timestamp,
    ) -> Option<PaymentStatus> {
        let session = self.memory.payments.get(hash)?;
        match &session.before {
            Some((at, before)) if out_of_date && now.since(*at) < OUT_OF_DATE => before.clone(),
            Some(_) | None => Some(session.status.clone()),
        }
    }
}
