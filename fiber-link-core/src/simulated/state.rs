//! What the simulated node knows: its file, and what must be at hand.

use super::Questions;
use super::fact::{Fact, InvoiceFact, Mark, MarkFact, OutcomeFact, PaymentFact};
use super::invoices::InvoiceIndex;
use super::journal::Journal;
use super::payments::Payments;
use crate::{AssetId, Invoice, InvoiceHint, Liquidity, PaymentHash};
use futures_channel::mpsc;
use std::collections::HashMap;
use std::io;

/// A subscriber that falls behind by more hints than this misses some.
const HINT_QUEUE: usize = 1024;

/// Every change is written before it is known.
#[derive(Debug)]
pub(super) struct State {
    journal: Journal,
    invoices: InvoiceIndex,
    pub(super) payments: Payments,
    pub(super) liquidity: HashMap<AssetId, Liquidity>,
    pub(super) questions: Questions,
    pub(super) down: bool,
    subscribers: Vec<mpsc::Sender<InvoiceHint>>,
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
            subscribers: Vec::new(),
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
        }
        Ok(())
    }

    pub(super) fn find_invoice(&mut self, hash: &PaymentHash) -> io::Result<Option<OwnInvoice>> {
        let Some(slot) = self.invoices.candidate(hash) else { return Ok(None) };
        let line = self.journal.read(slot.offset())?;
        match serde_json::from_slice(&line)? {
            Fact::Invoice(fact) if fact.hash == *hash => {
                Ok(Some(OwnInvoice { invoice: fact.into_invoice(), mark: slot.mark() }))
            }
            Fact::Invoice(_) => Ok(None),
            Fact::Node(_) | Fact::Mark(_) | Fact::Payment(_) | Fact::Outcome(_) => {
                Err(io::Error::new(io::ErrorKind::InvalidData, "no invoice where one was written"))
            }
        }
    }

    /// Adds an invoice unless its hash is known; answers whether it did.
    pub(super) fn add_invoice(&mut self, invoice: &Invoice) -> io::Result<bool> {
        if self.find_invoice(&invoice.payment_hash)?.is_some() {
            return Ok(false);
        }
        let offset = self.write(&Fact::Invoice(InvoiceFact::of(invoice)))?;
        self.invoices.insert(invoice.payment_hash, offset);
        Ok(true)
    }

    /// Marks an invoice that is there, and tells the subscribers.
    pub(super) fn mark_invoice(&mut self, hash: PaymentHash, mark: Mark) -> io::Result<()> {
        self.write(&Fact::Mark(MarkFact { hash, mark }))?;
        self.invoices.mark(&hash, mark);
        if !self.down {
            self.hint(InvoiceHint { payment_hash: hash });
        }
        Ok(())
    }

    pub(super) fn begin_payment(&mut self, fact: PaymentFact) -> io::Result<()> {
        self.write(&Fact::Payment(fact.clone()))?;
        self.payments.apply_payment(fact);
        Ok(())
    }

    pub(super) fn set_outcome(&mut self, fact: OutcomeFact) -> io::Result<()> {
        self.write(&Fact::Outcome(fact))?;
        self.payments.apply_outcome(fact);
        Ok(())
    }

    pub(super) fn subscribe(&mut self) -> mpsc::Receiver<InvoiceHint> {
        let (sender, receiver) = mpsc::channel(HINT_QUEUE);
        self.subscribers.retain(|subscriber| !subscriber.is_closed());
        self.subscribers.push(sender);
        receiver
    }

    fn hint(&mut self, hint: InvoiceHint) {
        self.subscribers.retain_mut(|subscriber| match subscriber.try_send(hint) {
            Ok(()) => true,
            Err(error) => error.is_full(),
        });
    }
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
            assert!(state.add_invoice(&invoice(alike(last))).unwrap());
            assert!(!state.add_invoice(&invoice(alike(last))).unwrap());
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
        state.add_invoice(&invoice(alike(1))).unwrap();
        assert!(state.replay(0, &line).is_err());
        assert!(state.replay(0, &mark).is_ok());
        assert!(state.replay(0, b"{\"mark\":{}}").is_err());
    }
}
