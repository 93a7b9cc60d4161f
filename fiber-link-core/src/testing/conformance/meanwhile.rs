//! A node that is asked for its liquidity, or a store that is given a tip or asked for a key, while
//! something else happens.

use crate::testing::FakeNode;
use crate::*;
use async_trait::async_trait;
use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

/// A node that has something happen, once, before it first tells its liquidity: late in what a request or
/// a pass does before it commits.
pub(super) struct Meanwhile {
    node: Arc<FakeNode>,
    happens: Mutex<Option<BoxFuture<'static, ()>>>,
}

impl Meanwhile {
    pub(super) fn new(node: &Arc<FakeNode>, happens: impl Future<Output = ()> + Send + 'static) -> Self {
        Self { node: node.clone(), happens: Mutex::new(Some(Box::pin(happens))) }
    }
}

impl fmt::Debug for Meanwhile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Meanwhile").finish_non_exhaustive()
    }
}

#[async_trait]
impl FiberNode for Meanwhile {
    async fn info(&self) -> Result<NodeInfo, NodeError> {
        self.node.info().await
    }

    async fn create_invoice(&self, request: InvoiceRequest) -> Result<Invoice, NodeError> {
        self.node.create_invoice(request).await
    }

    async fn invoices(&self, hashes: &[PaymentHash]) -> Result<Vec<Option<InvoiceStatus>>, NodeError> {
        self.node.invoices(hashes).await
    }

    async fn decode_invoice(&self, encoded: &str) -> Result<DecodedInvoice, NodeError> {
        self.node.decode_invoice(encoded).await
    }

    async fn send_payment(&self, request: PaymentRequest) -> Result<PaymentStatus, NodeError> {
        self.node.send_payment(request).await
    }

    async fn payment(&self, hash: PaymentHash) -> Result<Option<PaymentStatus>, NodeError> {
        self.node.payment(hash).await
    }

    async fn liquidity(&self, asset: &Asset) -> Result<Liquidity, NodeError> {
        let happens = self.happens.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(happens) = happens {
            happens.await;
        }
        self.node.liquidity(asset).await
    }

    fn hints(&self) -> BoxStream<'static, InvoiceHint> {
        self.node.hints()
    }
}

/// A store that has something happen, once, before it first stores a new tip.
pub(super) struct BeforeTip {
    store: Arc<dyn Store>,
    happens: Mutex<Option<BoxFuture<'static, ()>>>,
}

impl BeforeTip {
    pub(super) fn new(store: &Arc<dyn Store>, happens: impl Future<Output = ()> + Send + 'static) -> Self {
        Self { store: store.clone(), happens: Mutex::new(Some(Box::pin(happens))) }
    }
}

impl fmt::Debug for BeforeTip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BeforeTip").finish_non_exhaustive()
    }
}

#[async_trait]
impl StoreLayer for BeforeTip {
    fn inner(&self) -> &dyn Store {
        &*self.store
    }

    async fn commit(&self, changes: ChangeSet) -> Result<(), CommitError> {
        if changes.ops().iter().any(|op| matches!(op, Op::CreateTip { .. })) {
            let happens = self.happens.lock().unwrap_or_else(PoisonError::into_inner).take();
            if let Some(happens) = happens {
                happens.await;
            }
        }
        self.store.commit(changes).await
    }
}

/// A store that has something happen, once, after it was first asked for an idempotency key.
pub(super) struct AfterKey {
    store: Arc<dyn Store>,
    happens: Mutex<Option<BoxFuture<'static, ()>>>,
}

impl AfterKey {
    pub(super) fn new(store: &Arc<dyn Store>, happens: impl Future<Output = ()> + Send + 'static) -> Self {
        Self { store: store.clone(), happens: Mutex::new(Some(Box::pin(happens))) }
    }
}

impl fmt::Debug for AfterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AfterKey").finish_non_exhaustive()
    }
}

#[async_trait]
impl StoreLayer for AfterKey {
    fn inner(&self) -> &dyn Store {
        &*self.store
    }

    async fn find_idempotency(
        &self,
        scope: &IdempotencyScope,
        now: Timestamp,
    ) -> Result<Option<IdempotencyRecord>, StoreError> {
        let found = self.store.find_idempotency(scope, now).await;
        let happens = self.happens.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(happens) = happens {
            happens.await;
        }
        found
    }
}
