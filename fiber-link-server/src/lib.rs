//! Fiber Link as a service: signed JSON-RPC over HTTP, worker loops, and the tools of an operator.

pub mod admin;
mod api;
#[cfg(test)]
mod cases;
pub mod cli;
pub mod connections;
pub mod copy;
pub mod data_folder;
pub mod demo;
mod health;
mod host;
mod logging;
mod metrics;
pub mod moved;
mod node;
mod rows;
mod rpc;
pub mod secrets;
pub mod service;
pub mod settings;
pub mod simulator_api;
pub mod store;
pub mod stub;
mod table;
mod wire_time;
pub mod worker;

pub use api::{Api, router};
