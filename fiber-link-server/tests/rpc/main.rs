//! The wire contract, method by method, over the routes in one process.

mod authentication;
mod dashboard;
mod envelope;
mod health;
mod hub;
mod idempotency;
mod tips;
mod withdrawals;
