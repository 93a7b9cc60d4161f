//! Fiber Link as a service: signed JSON-RPC over HTTP, worker loops, and the tools of an operator.

mod api;
pub mod connections;
pub mod data_folder;
mod health;
mod rpc;
pub mod secrets;
pub mod settings;
mod wire_time;
pub mod worker;

pub use api::{Api, router};
