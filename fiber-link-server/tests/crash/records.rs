//! What the store holds, read beside the servers.

use crate::world::World;
use fiber_link_core::{
    Clock, MAX_ROWS, Store, Stored, SystemClock, Tip, TipQuery, Withdrawal, WithdrawalQuery,
};
use fiber_link_store_postgres::{PoolSettings, PostgresStore, Schema};
use fiber_link_store_sqlite::SqliteStore;
use std::sync::Arc;
use tokio::runtime::Runtime;

pub struct Records {
    runtime: Runtime,
    store: Arc<dyn Store>,
}

impl Records {
    pub fn open(world: &World) -> Self {
        let runtime = Runtime::new().unwrap();
        let store: Arc<dyn Store> = match world.store().strip_prefix("sqlite:") {
            Some(path) => Arc::new(SqliteStore::open(path, SystemClock.now()).unwrap()),
            None => {
                let settings = PoolSettings::default();
                let store = PostgresStore::connect(world.store(), Schema::default(), &settings);
                Arc::new(runtime.block_on(store).unwrap())
            }
        };
        Self { runtime, store }
    }

    pub fn tips(&self) -> Vec<Tip> {
        let page = |after: Option<&Tip>| {
            let query = TipQuery::All { after: after.map(Tip::id), limit: MAX_ROWS };
            self.runtime.block_on(self.store.tips(query)).unwrap()
        };
        all_pages(page)
    }

    pub fn withdrawals(&self) -> Vec<Withdrawal> {
        let page = |after: Option<&Withdrawal>| {
            let query = WithdrawalQuery::All { after: after.map(Withdrawal::id), limit: MAX_ROWS };
            self.runtime.block_on(self.store.withdrawals(query)).unwrap()
        };
        all_pages(page)
    }
}

fn all_pages<T>(page: impl Fn(Option<&T>) -> Vec<Stored<T>>) -> Vec<T> {
    let mut all: Vec<T> = Vec::new();
    loop {
        let more = page(all.last());
        if more.is_empty() {
            return all;
        }
        all.extend(more.into_iter().map(Stored::into_inner));
    }
}
