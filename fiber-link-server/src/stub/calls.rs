//! What was asked of the stub, counted: tests compare with it.

use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// How often what was asked, and with which token.
#[derive(Debug, Default)]
pub(super) struct Calls(Mutex<Counts>);

#[derive(Debug, Default)]
struct Counts {
    requests: u64,
    batches: u64,
    /// By method and the rights of the token.
    calls: BTreeMap<(&'static str, Option<String>), u64>,
}

impl Calls {
    /// Counts a request over HTTP that holds `calls` in the form (method, rights of the token).
    pub(super) fn count<'a>(
        &self,
        batch: bool,
        calls: impl Iterator<Item = (&'static str, Option<&'a str>)>,
    ) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        counts.requests = counts.requests.saturating_add(1);
        counts.batches = counts.batches.saturating_add(u64::from(batch));
        for (method, rights) in calls {
            let count = counts.calls.entry((method, rights.map(str::to_owned))).or_default();
            *count = count.saturating_add(1);
        }
    }

    pub(super) fn show(&self) -> Value {
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let calls = counts
            .calls
            .iter()
            .map(|((method, token), count)| json!({ "method": method, "token": token, "count": count }));
        json!({
            "requests": counts.requests,
            "batches": counts.batches,
            "calls": calls.collect::<Vec<_>>(),
        })
    }
}
