//! What goes wrong on purpose between the node and whoever asks it.

use serde::{Deserialize, Serialize};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// The most faults that wait for a request.
const MOST: usize = 100;
/// The longest delay: an hour.
const LONGEST_DELAY_MILLIS: u64 = 3_600_000;

/// What goes wrong with a request. `..._request` happens before anything is done, so that nothing
/// is; `..._answer` happens after it was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Fault {
    /// Waits `millis`, and only then does what was asked.
    DelayRequest,
    /// Does what was asked, and answers `millis` later.
    DelayAnswer,
    /// Cuts the connection.
    DropRequest,
    /// Cuts the connection.
    DropAnswer,
    /// Never answers; the connection stays.
    HangRequest,
    /// Never answers; the connection stays.
    HangAnswer,
    /// Answers HTTP 500.
    FailRequest,
    /// Answers HTTP 500.
    FailAnswer,
    /// Cuts the connection in the middle of the answer.
    CutAnswer,
    /// Answers under an id that nobody asked with.
    WrongId,
    /// Turns a batch of answers round.
    ReorderBatch,
    /// Leaves the last answer out of a batch.
    ShortenBatch,
    /// Refuses a batch as a whole, and does nothing of it.
    RefuseBatch,
}

/// A fault that waits for requests.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PlannedFault {
    pub(super) fault: Fault,
    /// Only requests with a call of this method; any request if it is left out.
    #[serde(default)]
    method: Option<String>,
    /// How many requests; all from now on if it is left out.
    #[serde(default)]
    times: Option<u32>,
    /// For delays.
    #[serde(default)]
    millis: u64,
}

impl PlannedFault {
    /// How long a delay lasts.
    pub(super) fn delay(&self) -> Duration {
        Duration::from_millis(self.millis)
    }

    fn check(&self) -> Result<(), &'static str> {
        let delays = match self.fault {
            Fault::DelayRequest | Fault::DelayAnswer => true,
            Fault::DropRequest
            | Fault::DropAnswer
            | Fault::HangRequest
            | Fault::HangAnswer
            | Fault::FailRequest
            | Fault::FailAnswer
            | Fault::CutAnswer
            | Fault::WrongId
            | Fault::ReorderBatch
            | Fault::ShortenBatch
            | Fault::RefuseBatch => false,
        };
        if self.times == Some(0) {
            Err("times must be at least 1")
        } else if delays && !(1..=LONGEST_DELAY_MILLIS).contains(&self.millis) {
            Err("a delay needs millis from 1 to 3600000")
        } else if !delays && self.millis != 0 {
            Err("only a delay takes millis")
        } else {
            Ok(())
        }
    }

    fn hits(&self, batch: bool, methods: &[&str]) -> bool {
        let for_batches =
            matches!(self.fault, Fault::ReorderBatch | Fault::ShortenBatch | Fault::RefuseBatch);
        let method = self.method.as_deref().is_none_or(|method| methods.contains(&method));
        method && (batch || !for_batches)
    }
}

/// The faults that wait for requests. The first that fits takes a request.
#[derive(Debug, Default)]
pub(super) struct Faults(Mutex<Vec<PlannedFault>>);

impl Faults {
    pub(super) fn plan(&self, fault: PlannedFault) -> Result<(), &'static str> {
        fault.check()?;
        let mut planned = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if planned.len() >= MOST {
            return Err("too many faults are planned already");
        }
        planned.push(fault);
        Ok(())
    }

    pub(super) fn clear(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    pub(super) fn planned(&self) -> Vec<PlannedFault> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What goes wrong with a request that calls `methods`.
    pub(super) fn take(&self, batch: bool, methods: &[&str]) -> Option<PlannedFault> {
        let mut planned = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let at = planned.iter().position(|fault| fault.hits(batch, methods))?;
        let fault = planned.get_mut(at)?;
        let taken = fault.clone();
        if let Some(times) = &mut fault.times {
            *times = times.saturating_sub(1);
            if *times == 0 {
                planned.remove(at);
            }
        }
        Some(taken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(faults: &Faults, text: &str) -> Result<(), String> {
        let fault = serde_json::from_str(text).map_err(|error| error.to_string())?;
        faults.plan(fault).map_err(str::to_owned)
    }

    #[test]
    fn a_fault_takes_the_requests_that_it_was_planned_for() {
        let faults = Faults::default();
        plan(&faults, r#"{ "fault": "drop_answer", "method": "send_payment", "times": 2 }"#).unwrap();
        plan(&faults, r#"{ "fault": "shorten_batch", "times": 1 }"#).unwrap();
        let take = |batch, methods: &[&str]| faults.take(batch, methods).map(|taken| taken.fault);
        assert_eq!(take(false, &["get_payment"]), None);
        assert_eq!(take(false, &["send_payment"]), Some(Fault::DropAnswer));
        assert_eq!(take(true, &["get_invoice", "send_payment"]), Some(Fault::DropAnswer));
        assert_eq!(take(false, &["send_payment"]), None);
        assert_eq!(take(true, &["get_invoice"]), Some(Fault::ShortenBatch));
        assert_eq!(take(true, &["get_invoice"]), None);
        plan(&faults, r#"{ "fault": "hang_request" }"#).unwrap();
        assert_eq!((faults.planned().len(), faults.take(false, &[]).is_some()), (1, true));
        faults.clear();
        assert!(faults.take(false, &[]).is_none());
    }

    #[test]
    fn senseless_faults_are_refused() {
        for wrong in [
            r#"{ "fault": "sulk" }"#,
            r#"{ "fault": "drop_answer", "latte": true }"#,
            r#"{ "fault": "drop_answer", "times": 0 }"#,
            r#"{ "fault": "drop_answer", "millis": 5 }"#,
            r#"{ "fault": "delay_answer" }"#,
            r#"{ "fault": "delay_answer", "millis": 3600001 }"#,
        ] {
            assert!(plan(&Faults::default(), wrong).is_err(), "{wrong}");
        }
    }
}
