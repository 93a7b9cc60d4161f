//! The client against what a real node said: `tests/fnn/transcripts`.

mod answers;
mod mutations;
mod official;
mod outcomes;
mod recording;
mod requests;
mod transcripts;
