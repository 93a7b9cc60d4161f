//! A node whose calls are counted.

use super::{Counting, Metrics};
use async_trait::async_trait;
use fiber_link_core::{
    Asset, DecodedInvoice, FiberNode, Invoice, InvoiceHint, InvoiceRequest, InvoiceState, InvoiceStatus,
    Liquidity, NodeError, NodeInfo, PaymentHash, PaymentRequest, PaymentStatus, PendingTlc,
};
use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use std::sync::Arc;

/// Passes every call on and counts it.
pub(crate) struct CountedNode {
    inner: Arc<dyn FiberNode>,
    metrics: Metrics,
}

impl CountedNode {
    pub(crate) fn new(inner: Arc<dyn FiberNode>, metrics: Metrics) -> Self {
        Self { inner, metrics }
    }

    async fn count<T>(
        &self,
        call: &'static str,
        answer: impl Future<Output = Result<T, NodeError>>,
    ) -> Result<T, NodeError> {
        let counting = Counting::begin(|outcome, took| self.metrics.node_call(call, outcome, took));
        let answer = answer.await;
        counting.end(answer.as_ref().err().map_or("ok", outcome));
        answer
    }
}

pub(super) fn outcome(error: &NodeError) -> &'static str {
    match error {
        NodeError::Refused { .. } => "refused",
        NodeError::InvoiceExists => "invoice_exists",
        NodeError::InvalidInvoice { .. } => "invalid_invoice",
        NodeError::Unclear(_) => "unclear",
        NodeError::NoAnswer(_) => "no_answer",
        // The enum may grow.
        _ => "other",
    }
}

#[async_trait]
impl FiberNode for CountedNode {
    async fn info(&self) -> Result<NodeInfo, NodeError> {
        self.count("info", self.inner.info()).await
    }

    async fn create_invoice(&self, request: InvoiceRequest) -> Result<Invoice, NodeError> {
        self.count("create_invoice", self.inner.create_invoice(request)).await
    }

    async fn invoices(&self, hashes: &[PaymentHash]) -> Result<Vec<Option<InvoiceStatus>>, NodeError> {
        let answer = self.count("invoices", self.inner.invoices(hashes)).await;
        let heard = self.metrics.heard();
        for (hash, status) in hashes.iter().zip(answer.iter().flatten()) {
            match status.as_ref().map(|status| status.state) {
                Some(InvoiceState::Paid) => heard.paid(*hash),
                // A payment that is held is about to be one.
                Some(InvoiceState::Received) => {}
                Some(InvoiceState::Open | InvoiceState::Cancelled | InvoiceState::Expired) | None => {
                    heard.not_paid(*hash);
                }
            }
        }
        answer
    }

    async fn decode_invoice(&self, encoded: &str) -> Result<DecodedInvoice, NodeError> {
        self.count("decode_invoice", self.inner.decode_invoice(encoded)).await
    }

    async fn send_payment(&self, request: PaymentRequest) -> Result<PaymentStatus, NodeError> {
        self.count("send_payment", self.inner.send_payment(request)).await
    }

    async fn payment(&self, hash: PaymentHash) -> Result<Option<PaymentStatus>, NodeError> {
        self.count("payment", self.inner.payment(hash)).await
    }

    async fn liquidity(&self, asset: &Asset) -> Result<Liquidity, NodeError> {
        self.count("liquidity", self.inner.liquidity(asset)).await
    }

    async fn pending_tlcs(&self, hash: PaymentHash) -> Result<Vec<PendingTlc>, NodeError> {
        self.count("pending_tlcs", self.inner.pending_tlcs(hash)).await
    }

    fn hints(&self) -> BoxStream<'static, InvoiceHint> {
        let metrics = self.metrics.clone();
        self.inner.hints().inspect(move |hint| metrics.heard().hint(hint.payment_hash)).boxed()
    }
}
