//! Programs to start from: `cargo run -p fiber-link-examples --example quickstart`.
