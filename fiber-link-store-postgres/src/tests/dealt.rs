//! A store that deals its calls to sixteen stores, as a balancer does to servers.

use super::*;
use async_trait::async_trait;
use fiber_link_core::{Store, StoreLayer};
use std::sync::atomic::AtomicUsize;

/// Sixteen stores on one pool of as many connections.
#[derive(Debug)]
pub(super) struct Dealt {
    stores: [PostgresStore; 16],
    calls: AtomicUsize,
}

impl Dealt {
    /// On a schema of its own.
    pub(super) async fn fresh() -> Self {
        let store = fresh_store().await;
        Self { stores: std::array::from_fn(|_| another(&store)), calls: AtomicUsize::new(0) }
    }

    fn next(&self) -> &PostgresStore {
        &self.stores[self.calls.fetch_add(1, Ordering::Relaxed) % self.stores.len()]
    }
}

#[async_trait]
impl StoreLayer for Dealt {
    fn inner(&self) -> &dyn Store {
        self.next()
    }
}
