//! The real node: a Fiber Network Node (fnn) over its JSON-RPC.
//!
//! [`FnnNode`] is the [`FiberNode`](crate::FiberNode) to run with. It needs a tokio runtime, and
//! there it needs nothing but the node's address, its network, and the tokens that the node asks for:
//!
//! ```no_run
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! use fiber_link_core::fnn::{Access, FnnNode, FnnOptions, Token};
//! use fiber_link_core::{FiberLink, MemoryStore, Network};
//! use std::sync::Arc;
//!
//! let mut options = FnnOptions::new("http://127.0.0.1:8227".parse()?, Network::Testnet);
//! options.access = Access::InvoicesAndPayments {
//!     invoices: Token::new(&std::fs::read_to_string("invoices.token")?)?,
//!     payments: Token::new(&std::fs::read_to_string("payments.token")?)?,
//! };
//! let node = Arc::new(FnnNode::new(options)?);
//! let link = FiberLink::builder(Arc::new(MemoryStore::new()), node).open().await?;
//! # Ok(()) }
//! ```
//!
//! # What goes over the wire
//! - A request leaves once. Nothing repeats it, neither here nor beneath: no redirect is followed, no
//!   request is written to a second connection after its first byte, and a payment has a connection
//!   to itself, so that it cannot meet one that is just being closed.
//! - While few ask, each call is a request of its own. While all requests that may be on their way
//!   are, calls wait and the next request takes up to 100 of them as a batch. Where batches are
//!   refused, calls go one by one.
//! - Every call ends within its time, and every answer is read up to a bound.
//! - No proxy is taken from the environment: the tokens go to the node that was named. `https` trusts
//!   the certificates that the machine trusts; over plain `http` tokens and preimages can be read by
//!   whoever sees the traffic, so keep it on one machine or in a network of your own.
//! - Tokens, parameters, answers and frames are never logged, and of an address only host and port.
//!
//! # From the inside
//! What is asked and what is heard are pure functions on bytes: `call` and `envelope` write requests,
//! `envelope`, `answer` and `store_change` read what comes back. `transport` is one request and its
//! answer, `questions` and `orders` decide when it goes and with what, and `hints` listens.

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
