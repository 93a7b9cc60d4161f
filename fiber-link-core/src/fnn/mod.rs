//! The real node: fnn over its JSON-RPC.
//!
//! What is asked and what is heard are pure functions on bytes: [`call`] and [`envelope`] write
//! requests, [`envelope`], [`answer`] and [`store_change`] read what comes back.
#![allow(dead_code, unused_imports, reason = "the client that uses it is being built")]

mod answer;
mod backoff;
mod call;
mod envelope;
mod error;
mod field;
mod hints;
mod node;
mod options;
mod orders;
mod questions;
mod store_change;
#[cfg(test)]
mod test_node;
mod transport;
mod version;

#[cfg(test)]
mod tests;

pub use answer::PaymentPage;
pub use error::OpenFnnNodeError;
pub use node::FnnNode;
pub use options::{Access, FnnOptions, Hints, InvalidToken, NodeUrl, NodeUrlError, Token};

use error::CallError;
