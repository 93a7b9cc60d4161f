//! A node that does what its script says.

mod book;
mod hints;
#[cfg(test)]
mod tests;

use super::give_way;
use crate::{
    Amount, Asset, AssetId, Assets, Clock, DecodedInvoice, FiberNode, Invoice, InvoiceHint, InvoiceRequest,
    InvoiceState, InvoiceStatus, Liquidity, NodeError, NodeInfo, NodeKey, PaymentHash, PaymentRequest,
    PaymentState, PaymentStatus, PendingTlc, Timestamp,
};
use async_trait::async_trait;
use book::{Book, Command, Done};
use futures_util::stream::BoxStream;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A node without a network, for tests.
///
/// It keeps fnn's rules: it refuses an invoice under a known hash, an expired invoice, and a second
/// payment while one is under way or succeeded; it keeps as failed what it has no way for, such as
/// its own invoice or a fee above the limit; after a failed payment, or one that it forgot, it pays
/// again. Beyond that it does what the test says:
/// - what becomes of the next command, [`receive_create_invoice`](Self::receive_create_invoice) and
///   [`receive_send_payment`](Self::receive_send_payment);
/// - what becomes of a payment, [`plan_payments`](Self::plan_payments) and
///   [`set_outcome`](Self::set_outcome);
/// - what it answers to a question, if it is not the truth, [`claim_invoice`](Self::claim_invoice)
///   and [`claim_payment`](Self::claim_payment);
/// - whether it answers at all, [`set_down`](Self::set_down).
///
/// Each call gives way to other tasks once before it does anything. Clones are one node.
#[derive(Clone)]
pub struct FakeNode {
    clock: Arc<dyn Clock>,
    book: Arc<Mutex<Book>>,
}

/// How the node receives a command.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Reception {
    /// It does it and answers.
    #[default]
    Answer,
    /// It does it, and its answer is lost.
    LoseAnswer,
    /// It never hears of it; nobody answers.
    LoseRequest,
    /// Nobody answers, and it hears of it when [`FakeNode::deliver_late`] is called.
    Late,
    /// It does nothing, and says so.
    Refuse(String),
    /// It does it, and answers that it refuses: so fnn answers about a payment without a route,
    /// which it keeps as failed.
    DoAndRefuse(String),
}

/// How often the node was called, whatever came of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Calls {
    /// `info`
    pub info: usize,
    /// `create_invoice`
    pub create_invoice: usize,
    /// `invoices`
    pub invoices: usize,
    /// Payment hashes in all `invoices` together.
    pub invoice_hashes: usize,
    /// `decode_invoice`
    pub decode_invoice: usize,
    /// `send_payment`
    pub send_payment: usize,
    /// `payment`
    pub payment: usize,
    /// `liquidity`
    pub liquidity: usize,
    /// `pending_tlcs`
    pub pending_tlcs: usize,
}

impl FakeNode {
    /// A node on the development network with all the liquidity in the world.
    pub fn new(clock: impl Clock) -> Self {
        Self { clock: Arc::new(clock), book: Arc::default() }
    }

    /// Which node it says it is.
    pub fn set_info(&self, info: NodeInfo) {
        self.book().info = info;
    }

    /// While it is down, nothing is heard and nothing is answered.
    pub fn set_down(&self, down: bool) {
        self.book().down = down;
    }

    /// The assets that it has channels for: at first CKB alone.
    pub fn set_assets(&self, assets: Assets) {
        self.book().assets = assets;
    }

    /// What the channels can carry of every asset that it has channels for.
    pub fn set_liquidity(&self, liquidity: Liquidity) {
        self.book().liquidity = liquidity;
    }

    /// How it receives the next calls of `create_invoice`; those after them are answered.
    pub fn receive_create_invoice(&self, receptions: impl IntoIterator<Item = Reception>) {
        self.book().create_receptions.extend(receptions);
    }

    /// How it receives the next calls of `send_payment`; those after them are answered.
    pub fn receive_send_payment(&self, receptions: impl IntoIterator<Item = Reception>) {
        self.book().send_receptions.extend(receptions);
    }

    /// Now it hears of the commands that came late.
    pub fn deliver_late(&self) {
        let now = self.clock.now();
        let mut book = self.book();
        for command in std::mem::take(&mut book.late) {
            // Nobody waits for these answers.
            let _lost = book.carry_out(command, now);
        }
    }

    /// The payer pays.
    ///
    /// # Panics
    /// If the node has no invoice of this hash; so do the next four.
    pub fn pay_invoice(&self, hash: PaymentHash) {
        self.set_invoice(hash, InvoiceState::Paid);
    }

    /// The invoice ends, whatever its time.
    pub fn expire_invoice(&self, hash: PaymentHash) {
        self.set_invoice(hash, InvoiceState::Expired);
    }

    /// The invoice is cancelled.
    pub fn cancel_invoice(&self, hash: PaymentHash) {
        self.set_invoice(hash, InvoiceState::Cancelled);
    }

    /// A payment arrived and is not claimed yet.
    pub fn hold_invoice(&self, hash: PaymentHash) {
        self.set_invoice(hash, InvoiceState::Received);
    }

    fn set_invoice(&self, hash: PaymentHash, state: InvoiceState) {
        self.book().invoices.get_mut(&hash).expect("an invoice of this hash").state = state;
    }

    /// Its answers about this invoice are of no use to anybody.
    pub fn garble_invoice(&self, hash: PaymentHash) {
        self.book().garbled.insert(hash);
    }

    /// The node loses its memory of an invoice.
    pub fn forget_invoice(&self, hash: PaymentHash) {
        self.book().invoices.remove(&hash);
    }

    /// What it answers about an invoice, whatever is true; `None` for "not known".
    pub fn claim_invoice(&self, hash: PaymentHash, claim: Option<InvoiceStatus>) {
        self.book().invoice_claims.insert(hash, claim);
    }

    /// An invoice of somebody else, of a new hash, for this node's network and for CKB. Change what
    /// shall differ, then [`publish`](Self::publish) it.
    pub fn foreign_invoice(&self, amount: Amount, expires_at: Timestamp) -> DecodedInvoice {
        let mut book = self.book();
        DecodedInvoice {
            payment_hash: book.new_foreign_hash(),
            network: book.info.network,
            asset: Some(AssetId::ckb()),
            amount: Some(amount),
            expires_at: Some(expires_at),
            payee: Some(NodeKey::new([3; 33])),
        }
    }

    /// Makes an invoice of somebody else known, and answers its text.
    pub fn publish(&self, invoice: DecodedInvoice) -> String {
        let encoded = format!("fake1their{}", invoice.payment_hash);
        self.book().foreign.insert(encoded.clone(), invoice);
        encoded
    }

    /// What becomes of the payments of this hash, one after another: `Pending` hangs. Beyond the
    /// last plan they come to their [outcome](Self::set_outcome).
    pub fn plan_payments(&self, hash: PaymentHash, plans: impl IntoIterator<Item = PaymentState>) {
        self.book().plans.entry(hash).or_default().extend(plans);
    }

    /// What becomes of every payment of this hash for which nothing is planned; at first, success
    /// without a fee.
    pub fn set_outcome(&self, hash: PaymentHash, outcome: PaymentState) {
        self.book().outcomes.insert(hash, outcome);
    }

    /// Ends a payment that hangs.
    ///
    /// # Panics
    /// If none is under way.
    pub fn end_payment(&self, hash: PaymentHash, state: PaymentState) {
        self.book().end_payment(hash, state);
    }

    /// The node loses its memory of a payment; the money, if it went, is gone all the same.
    pub fn forget_payment(&self, hash: PaymentHash) {
        self.book().payments.remove(&hash);
    }

    /// What it answers about a payment, whatever is true; `None` for "not known".
    pub fn claim_payment(&self, hash: PaymentHash, claim: Option<PaymentStatus>) {
        self.book().payment_claims.insert(hash, claim);
    }

    /// What it says from now on that its channels hold of a payment.
    pub fn set_pending_tlcs(&self, hash: PaymentHash, tlcs: Vec<PendingTlc>) {
        self.book().tlcs.insert(hash, tlcs);
    }

    /// From now on it answers the truth again.
    pub fn stop_claiming(&self) {
        let mut book = self.book();
        book.invoice_claims.clear();
        book.payment_claims.clear();
    }

    /// Spreads a rumour to everybody who listens now.
    pub fn hint(&self, hash: PaymentHash) {
        self.book().listeners.tell(hash);
    }

    /// How often it was called.
    pub fn calls(&self) -> Calls {
        self.book().calls
    }

    /// How often it was asked to pay this hash.
    pub fn sends(&self, hash: PaymentHash) -> usize {
        self.book().sends.get(&hash).copied().unwrap_or_default()
    }

    /// How often it really paid this hash, counting what it forgot.
    pub fn times_paid(&self, hash: PaymentHash) -> usize {
        self.book().times_paid.get(&hash).copied().unwrap_or_default()
    }

    /// How often it was asked about the payment of this hash.
    pub fn questions(&self, hash: PaymentHash) -> usize {
        self.book().questions.get(&hash).copied().unwrap_or_default()
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives way, counts the call, and answers the book unless the node is down.
    async fn called(&self, count: impl FnOnce(&mut Book)) -> Result<MutexGuard<'_, Book>, NodeError> {
        give_way().await;
        let mut book = self.book();
        count(&mut book);
        if book.down { Err(no_answer()) } else { Ok(book) }
    }
}

fn no_answer() -> NodeError {
    NodeError::NoAnswer("the node is silent".into())
}

#[async_trait]
impl FiberNode for FakeNode {
    async fn info(&self) -> Result<NodeInfo, NodeError> {
        Ok(self.called(|book| book.calls.info += 1).await?.info.clone())
    }

    async fn create_invoice(&self, request: InvoiceRequest) -> Result<Invoice, NodeError> {
        let mut book = self.called(|book| book.calls.create_invoice += 1).await?;
        let reception = book.create_receptions.pop_front().unwrap_or_default();
        match book.receive(Command::CreateInvoice(request), reception, self.clock.now())? {
            Done::Created(invoice) => Ok(invoice),
            Done::Sent(_) => Err(no_answer()),
        }
    }

    async fn invoices(&self, hashes: &[PaymentHash]) -> Result<Vec<Option<InvoiceStatus>>, NodeError> {
        let count = |book: &mut Book| {
            book.calls.invoices += 1;
            book.calls.invoice_hashes += hashes.len();
        };
        let book = self.called(count).await?;
        let garbled = hashes.iter().filter(|hash| book.garbled.contains(hash)).count();
        if garbled > 0 {
            let cause = "not even JSON".into();
            let alone = garbled == hashes.len();
            return Err(if alone { NodeError::NoAnswer(cause) } else { NodeError::Unclear(cause) });
        }
        let now = self.clock.now();
        Ok(hashes.iter().map(|hash| book.invoice(hash, now)).collect())
    }

    async fn decode_invoice(&self, encoded: &str) -> Result<DecodedInvoice, NodeError> {
        self.called(|book| book.calls.decode_invoice += 1).await?.decode(encoded)
    }

    async fn send_payment(&self, request: PaymentRequest) -> Result<PaymentStatus, NodeError> {
        let hash = request.payment_hash;
        let count = |book: &mut Book| {
            book.calls.send_payment += 1;
            *book.sends.entry(hash).or_default() += 1;
        };
        let mut book = self.called(count).await?;
        let reception = book.send_receptions.pop_front().unwrap_or_default();
        match book.receive(Command::SendPayment(request), reception, self.clock.now())? {
            Done::Sent(status) => Ok(status),
            Done::Created(_) => Err(no_answer()),
        }
    }

    async fn payment(&self, hash: PaymentHash) -> Result<Option<PaymentStatus>, NodeError> {
        let count = |book: &mut Book| {
            book.calls.payment += 1;
            *book.questions.entry(hash).or_default() += 1;
        };
        Ok(self.called(count).await?.payment(&hash))
    }

    async fn liquidity(&self, asset: &Asset) -> Result<Liquidity, NodeError> {
        Ok(self.called(|book| book.calls.liquidity += 1).await?.liquidity_of(asset))
    }

    async fn pending_tlcs(&self, hash: PaymentHash) -> Result<Vec<PendingTlc>, NodeError> {
        Ok(self
            .called(|book| book.calls.pending_tlcs += 1)
            .await?
            .tlcs
            .get(&hash)
            .cloned()
            .unwrap_or_default())
    }

    fn hints(&self) -> BoxStream<'static, InvoiceHint> {
        self.book().listeners.listen()
    }
}

impl fmt::Debug for FakeNode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FakeNode").field("calls", &self.calls()).finish_non_exhaustive()
    }
}
