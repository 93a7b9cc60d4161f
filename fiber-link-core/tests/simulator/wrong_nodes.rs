//! Nodes that are wrong in ways that cost money: the oracle names what they break.

use super::broken_ports::first_violation;
use super::fresh_store;
use async_trait::async_trait;
use fiber_link_core::simulator::{Fault, FaultLevel, Faults, Invariant, Options, Simulation, Violation};
use fiber_link_core::*;
use futures_util::stream::BoxStream;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

/// What is wrong with a node.
#[derive(Clone, Copy)]
enum Wrong {
    /// It calls a payment failed that it does not know, as if it had begun with it just now.
    Hasty,
    /// It pays another invoice than the one that it was asked to pay.
    Mistaken,
    /// It asks payers for one unit less than it was told, and says otherwise.
    Generous,
}

struct WrongNode {
    wrong: Wrong,
    inner: Arc<dyn FiberNode>,
    sessions: AtomicU64,
    decoded: Mutex<Vec<String>>,
}

impl WrongNode {
    fn of(wrong: Wrong) -> impl Fn(Arc<dyn FiberNode>) -> Arc<dyn FiberNode> + Send + Sync + 'static {
        move |inner| {
            let sessions = AtomicU64::new(2_000_000_000_000);
            Arc::new(Self { wrong, inner, sessions, decoded: Mutex::default() })
        }
    }
}

#[async_trait]
impl FiberNode for WrongNode {
    async fn info(&self) -> Result<NodeInfo, NodeError> {
        self.inner.info().await
    }

    async fn create_invoice(&self, request: InvoiceRequest) -> Result<Invoice, NodeError> {
        let amount = request.amount;
        let less = amount.checked_sub(Amount::new(1)).filter(|_| matches!(self.wrong, Wrong::Generous));
        let request = InvoiceRequest { amount: less.unwrap_or(amount), ..request };
        Ok(Invoice { amount, ..self.inner.create_invoice(request).await? })
    }

    async fn invoices(&self, hashes: &[PaymentHash]) -> Result<Vec<Option<InvoiceStatus>>, NodeError> {
        self.inner.invoices(hashes).await
    }

    async fn decode_invoice(&self, encoded: &str) -> Result<DecodedInvoice, NodeError> {
        self.decoded.lock().unwrap().push(encoded.to_owned());
        self.inner.decode_invoice(encoded).await
    }

    async fn send_payment(&self, request: PaymentRequest) -> Result<PaymentStatus, NodeError> {
        let other = match self.wrong {
            Wrong::Mistaken => self.decoded.lock().unwrap().first().cloned(),
            Wrong::Hasty | Wrong::Generous => None,
        };
        let encoded = other.unwrap_or_else(|| request.encoded.clone());
        self.inner.send_payment(PaymentRequest { encoded, ..request }).await
    }

    async fn payment(&self, hash: PaymentHash) -> Result<Option<PaymentStatus>, NodeError> {
        let failed = || PaymentStatus {
            created_at: Timestamp::from_millis(self.sessions.fetch_add(1, Ordering::Relaxed)),
            state: PaymentState::Failed { reason: "not found".to_owned() },
        };
        let answer = self.inner.payment(hash).await?;
        Ok(match self.wrong {
            Wrong::Hasty => Some(answer.unwrap_or_else(failed)),
            Wrong::Mistaken | Wrong::Generous => answer,
        })
    }

    async fn liquidity(&self, asset: &Asset) -> Result<Liquidity, NodeError> {
        self.inner.liquidity(asset).await
    }

    fn hints(&self) -> BoxStream<'static, InvoiceHint> {
        self.inner.hints()
    }
}

fn found_with(wrong: Wrong) -> Box<Violation> {
    first_violation(|seed| {
        let simulation = Simulation::new(Options::varied(seed));
        simulation.wrap_node(WrongNode::of(wrong)).run(fresh_store).err()
    })
}

#[test]
fn a_node_that_calls_failed_what_it_does_not_know_releases_without_proof() {
    let violation = found_with(Wrong::Hasty);
    assert_eq!(violation.invariant, Invariant::I16, "{violation}");
}

#[test]
fn a_request_to_pay_another_invoice_than_the_one_of_the_withdrawal_is_seen_before_it_leaves() {
    let violation = found_with(Wrong::Mistaken);
    assert_eq!(violation.invariant, Invariant::I5, "{violation}");
}

#[test]
fn an_invoice_that_asks_for_another_amount_than_its_tip_is_seen_before_it_is_made() {
    let violation = found_with(Wrong::Generous);
    assert_eq!(violation.invariant, Invariant::I5, "{violation}");
    assert!(violation.sentence.contains("its invoice is to ask"), "{violation}");
}

#[test]
fn a_payment_that_counts_as_failed_while_parts_are_on_their_way_is_paid_after_its_release() {
    let violation = first_violation(|seed| {
        let faults = Faults::of(FaultLevel::None).with(Fault::FailedInFlight, 2);
        Simulation::new(Options { faults, reviews: false, ..Options::varied(seed) }).run(fresh_store).err()
    });
    assert_eq!(violation.invariant, Invariant::I16, "{violation}");
}
