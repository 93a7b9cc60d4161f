//! The store in memory keeps what every store promises.

use fiber_link_core::{MemoryStore, store_conformance};

store_conformance! { test = pollster::test, store = MemoryStore::new() }
