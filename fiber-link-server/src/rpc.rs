mod envelope;
mod error;
