//! The real node: fnn over its JSON-RPC.
//!
//! What is asked and what is heard are pure functions on bytes: `call` and `envelope` write
//! requests, `envelope`, `answer` and `store_change` read what comes back.
#![allow(dead_code, unused_imports, reason = "the client that uses it is being built")]

mod answer;
mod call;
mod envelope;
mod field;
mod store_change;
mod version;

#[cfg(test)]
mod tests;
