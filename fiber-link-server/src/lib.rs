//! Fiber Link as a service: signed JSON-RPC over HTTP, worker loops, and the tools of an operator.

pub mod data_folder;
mod rpc;
pub mod secrets;
pub mod settings;
mod wire_time;
