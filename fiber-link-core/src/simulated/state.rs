//! What the simulated node knows: its file, and what must be at hand.

use super::fact::{
    FIRST_BYTES, Fact, ForgottenFact, InvoiceFact, Mark, MarkFact, OutcomeFact, PaidFact, PaymentFact,
};
use super::invoices::{InvoiceIndex, Slot};
use super::journal::Journal;
use super::payments::{Payments, Session, SessionState};
use super::{NodeChange, Questions};
use crate::{AssetId, Invoice, InvoiceHint, InvoiceState, Liquidity, PaymentHash, PaymentState, Preimage};
use futures_channel::mpsc;
use std::collections::HashMap;
use std::io;

/// A subscriber that falls behind by more hints or changes than this misses some.
const QUEUE: usize = 1024;

/// Every change is written before it is known.
#[derive(Debug)]
pub(super) struct State {
    journal: Journal,
    invoices: InvoiceIndex,
    pub(super) payments: Payments,
    pub(super) liquidity: HashMap<AssetId, Liquidity>,
    pub(super) questions: Questions,
    pub(super) down: bool,
    hint_subscribers: Vec<mpsc::Sender<InvoiceHint>>,
    change_subscribers: Vec<mpsc::Sender<NodeChange>>,
}

/// An invoice of this node, and what was done to it.
#[derive(Debug)]
pub(super) struct OwnInvoice {
    pub(super) invoice: Invoice,
    pub(super) mark: Mark,
}

impl State {
    pub(super) fn new(journal: Journal) -> Self {
        Self {
            journal,
            invoices: InvoiceIndex::default(),
            payments: Payments::default(),
            liquidity: HashMap::new(),
            questions: Questions::default(),
            down: false,
            hint_subscribers: Vec::new(),
            change_subscribers: Vec::new(),
        }
    }

    /// Writes a line that only the file keeps.
    pub(super) fn write(&mut self, fact: &Fact<'_>) -> io::Result<u64> {
        let mut line = serde_json::to_vec(fact)?;
        line.push(b'\n');
        self.journal.append(&line)
    }

    /// Takes over what the line at `offset` says.
    pub(super) fn replay(&mut self, offset: u64, line: &[u8]) -> io::Result<()> {
        let invalid = |what: &str| io::Error::new(io::ErrorKind::InvalidData, what);
        match serde_json::from_slice::<Fact<'_>>(line)? {
            Fact::Node(_) => return Err(invalid("a second first line")),
            Fact::Invoice(fact) => {
                if self.find_invoice(&fact.hash)?.is_some() {
                    return Err(invalid("an invoice that was there already"));
                }
                self.invoices.insert(fact.hash, offset);
            }
            Fact::Mark(fact) => {
                if !self.invoices.mark(&fact.hash, fact.mark) {
                    return Err(invalid("a change to an invoice that was not there"));
                }
            }
            Fact::Payment(fact) => self.payments.apply_payment(fact),
            Fact::Outcome(fact) => self.payments.apply_outcome(fact),
            Fact::Forgotten(fact) => self.payments.forget(&fact.hash),
            Fact::Paid(fact) => self.payments.apply_paid(fact),
        }
        Ok(())
    }

    /// Where the file ends now.
    pub(super) fn end(&self) -> u64 {
        self.journal.end()
    }

    /// Goes back to what the file said when it ended at `end`. What was really paid stays paid.
    pub(super) fn go_back(&mut self, end: u64) -> io::Result<()> {
        self.check_line_begins(end)?;
        let paid: Vec<_> = self.payments.paid().collect();
        self.journal.truncate(end)?;
        self.invoices = InvoiceIndex::default();
        self.payments = Payments::default();
        let mut offset = 0;
        while offset < end {
            let line = self.journal.read(offset)?;
            if !line.starts_with(FIRST_BYTES) {
                self.replay(offset, &line)?;
            }
            offset = after(offset, &line);
        }
        for payment in paid {
            let fact = PaidFact {
                hash: payment.payment_hash,
                amount: payment.amount,
                fee: payment.fee,
                times: payment.times_paid,
            };
            self.write(&Fact::Paid(fact))?;
            self.payments.apply_paid(fact);
        }
        Ok(())
    }

    /// An offset inside of a line would damage the file.
    fn check_line_begins(&mut self, at: u64) -> io::Result<()> {
        let mut offset = 0;
        while offset < at {
            offset = after(offset, &self.journal.read(offset)?);
        }
        let invalid = || io::Error::new(io::ErrorKind::InvalidInput, "no line begins there");
        if offset == at { Ok(()) } else { Err(invalid()) }
    }

    pub(super) fn find_invoice(&mut self, hash: &PaymentHash) -> io::Result<Option<OwnInvoice>> {
        let Some(slot) = self.invoices.candidate(hash) else { return Ok(None) };
        let line = self.journal.read(slot.offset())?;
        match serde_json::from_slice(&line)? {
            Fact::Invoice(fact) if fact.hash == *hash => {
                Ok(Some(OwnInvoice { invoice: fact.into_invoice(), mark: slot.mark() }))
            }
            Fact::Invoice(_) => Ok(None),
            Fact::Node(_)
            | Fact::Mark(_)
            | Fact::Payment(_)
            | Fact::Outcome(_)
            | Fact::Forgotten(_)
            | Fact::Paid(_) => {
                Err(io::Error::new(io::ErrorKind::InvalidData, "no invoice where one was written"))
            }
        }
    }

    /// Adds an invoice unless its hash is known; answers whether it did.
    pub(super) fn add_invoice(&mut self, invoice: &Invoice, preimage: Option<&Preimage>) -> io::Result<bool> {
        let payment_hash = invoice.payment_hash;
        if self.find_invoice(&payment_hash)?.is_some() {
            return Ok(false);
        }
        let offset = self.write(&Fact::Invoice(InvoiceFact::of(invoice)))?;
        self.invoices.insert(payment_hash, offset);
        self.tell(&NodeChange::Invoice { payment_hash, state: InvoiceState::Open });
        if let Some(preimage) = preimage {
            self.tell(&NodeChange::Preimage { payment_hash, preimage: preimage.clone() });
        }
        Ok(true)
    }

    /// Marks an invoice that is there, and tells the subscribers.
    pub(super) fn mark_invoice(&mut self, hash: PaymentHash, mark: Mark) -> io::Result<()> {
        let before = self.invoices.candidate(&hash).map(Slot::mark);
        self.write(&Fact::Mark(MarkFact { hash, mark }))?;
        self.invoices.mark(&hash, mark);
        if !self.down {
            broadcast(&mut self.hint_subscribers, &InvoiceHint { payment_hash: hash });
        }
        let mut tell = |state| self.tell(&NodeChange::Invoice { payment_hash: hash, state });
        match mark {
            // A real node computes it on reading, and so never tells.
            Mark::Open | Mark::Expired => {}
            Mark::Received => tell(InvoiceState::Received),
            Mark::Cancelled => tell(InvoiceState::Cancelled),
            Mark::Paid => {
                if before != Some(Mark::Received) {
                    tell(InvoiceState::Received);
                }
                tell(InvoiceState::Paid);
            }
        }
        Ok(())
    }

    pub(super) fn begin_payment(&mut self, fact: PaymentFact) -> io::Result<()> {
        let (payment_hash, ended) = (fact.hash, fact.state != SessionState::Pending);
        self.write(&Fact::Payment(fact.clone()))?;
        self.payments.apply_payment(fact);
        self.tell(&NodeChange::Payment { payment_hash, state: PaymentState::Pending });
        if ended {
            self.tell_payment(payment_hash);
        }
        Ok(())
    }

    pub(super) fn set_outcome(&mut self, fact: OutcomeFact) -> io::Result<()> {
        let ends = self.payments.ends(&fact.hash, fact.outcome);
        self.write(&Fact::Outcome(fact))?;
        self.payments.apply_outcome(fact);
        if ends {
            self.tell_payment(fact.hash);
        }
        Ok(())
    }

    pub(super) fn forget_payment(&mut self, hash: PaymentHash) -> io::Result<()> {
        self.write(&Fact::Forgotten(ForgottenFact { hash }))?;
        self.payments.forget(&hash);
        Ok(())
    }

    pub(super) fn hints(&mut self) -> mpsc::Receiver<InvoiceHint> {
        subscribe(&mut self.hint_subscribers)
    }

    pub(super) fn changes(&mut self) -> mpsc::Receiver<NodeChange> {
        subscribe(&mut self.change_subscribers)
    }

    fn tell_payment(&mut self, payment_hash: PaymentHash) {
        if let Some(state) = self.payments.find(&payment_hash).map(Session::payment_state) {
            self.tell(&NodeChange::Payment { payment_hash, state });
        }
    }

    fn tell(&mut self, change: &NodeChange) {
        if !self.down {
            broadcast(&mut self.change_subscribers, change);
        }
    }
}

fn subscribe<T>(subscribers: &mut Vec<mpsc::Sender<T>>) -> mpsc::Receiver<T> {
    let (sender, receiver) = mpsc::channel(QUEUE);
    subscribers.retain(|subscriber| !subscriber.is_closed());
    subscribers.push(sender);
    receiver
}

fn broadcast<T: Clone>(subscribers: &mut Vec<mpsc::Sender<T>>, news: &T) {
    subscribers.retain_mut(|subscriber| match subscriber.try_send(news.clone()) {
        Ok(()) => true,
        Err(error) => error.is_full(),
    });
}

/// Where the line after `line` begins.
fn after(offset: u64, line: &[u8]) -> u64 {
    offset.saturating_add(u64::try_from(line.len()).unwrap_or(u64::MAX)).saturating_add(1)
}

#[cfg(test)]
mod tests {
    use super::super::journal::Lines;
    use super::*;
    use crate::{Amount, Timestamp};

    /// Hashes that begin alike.
    fn alike(last: u8) -> PaymentHash {
        let mut bytes = [5; 32];
        bytes[31] = last;
        PaymentHash::new(bytes)
    }

    fn invoice(payment_hash: PaymentHash) -> Invoice {
        Invoice {
            encoded: format!("fibd1{payment_hash}"),
            payment_hash,
            asset: AssetId::new("a\"quoted\\id").unwrap(),
            amount: Amount::MAX,
            expires_at: Timestamp::from_millis(7),
        }
    }

    fn marks(state: &mut State) -> Vec<Option<Mark>> {
        let mut mark = |last| {
            let found = state.find_invoice(&alike(last)).unwrap()?;
            assert_eq!(found.invoice, invoice(alike(last)));
            Some(found.mark)
        };
        (0..5).map(&mut mark).collect()
    }

    #[test]
    fn invoices_whose_hashes_begin_alike_are_told_apart_also_after_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal");
        let mut state = State::new(Journal::open(&path, b"{").unwrap());
        for last in 0..4 {
            assert!(state.add_invoice(&invoice(alike(last)), None).unwrap());
            assert!(!state.add_invoice(&invoice(alike(last)), None).unwrap());
        }
        state.mark_invoice(alike(0), Mark::Paid).unwrap();
        state.mark_invoice(alike(2), Mark::Cancelled).unwrap();
        let expected = [Some(Mark::Paid), Some(Mark::Open), Some(Mark::Cancelled), Some(Mark::Open), None];
        assert_eq!(marks(&mut state), expected);
        drop(state);

        let mut again = State::new(Journal::open(&path, b"{").unwrap());
        let mut lines = Lines::open(&path).unwrap();
        while let Some((offset, line)) = lines.next().unwrap() {
            again.replay(offset, line).unwrap();
        }
        assert_eq!(marks(&mut again), expected);
    }

    #[test]
    fn lines_that_contradict_earlier_ones_are_refused() {
        let mut state = State::new(Journal::in_memory());
        let line = serde_json::to_vec(&Fact::Invoice(InvoiceFact::of(&invoice(alike(1))))).unwrap();
        let mark = serde_json::to_vec(&Fact::Mark(MarkFact { hash: alike(1), mark: Mark::Paid })).unwrap();
        assert!(state.replay(0, &mark).is_err());
        state.add_invoice(&invoice(alike(1)), None).unwrap();
        assert!(state.replay(0, &line).is_err());
        assert!(state.replay(0, &mark).is_ok());
        assert!(state.replay(0, b"{\"mark\":{}}").is_err());
    }
}
