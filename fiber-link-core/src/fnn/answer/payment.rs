//! `send_payment`, `get_payment` and `list_payments`.
//!
//! Every answer is one of five outcomes: pending, succeeded with its fee, failed, not known to the
//! node, or — for everything else — unknown.

use super::{CALL_FAILED, about_another, failed, malformed, read, result_of};
use crate::fnn::envelope::{Reply, RpcError};
use crate::fnn::field::{Bytes, Number, Text, for_each};
use crate::{Amount, NodeError, PaymentHash, PaymentState, PaymentStatus, Timestamp};
use serde::Deserialize;
use serde_json::value::RawValue;

/// The most payments that are asked for and read at once.
const MAX_PAGE: usize = 1000;

/// A page of the node's payments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaymentPage {
    /// The payments, ordered by hash.
    pub payments: Vec<(PaymentHash, PaymentStatus)>,
    /// What the next page is asked for with; `None` if this one was empty, and so the last.
    pub next: Option<PaymentHash>,
}

#[derive(Deserialize)]
struct View<'a> {
    payment_hash: Bytes<32>,
    status: &'a str,
    created_at: Number,
    failed_error: Option<Text>,
    fee: Number,
}

impl View<'_> {
    fn status(self) -> Option<(PaymentHash, PaymentStatus)> {
        let state = match self.status {
            "Created" | "Inflight" => PaymentState::Pending,
            "Success" => PaymentState::Succeeded { fee: Amount::try_from(self.fee.0).ok()? },
            "Failed" => PaymentState::Failed {
                reason: match &self.failed_error {
                    Some(reason) => reason.redacted(),
                    None => "the node gave no reason".to_owned(),
                },
            },
            // A word that we do not know is no outcome that we know.
            _ => return None,
        };
        let created_at = Timestamp::from_millis(self.created_at.as_u64()?);
        Some((PaymentHash::new(self.payment_hash.0), PaymentStatus { created_at, state }))
    }
}

fn read_status(
    method: &'static str,
    result: &RawValue,
    hash: PaymentHash,
) -> Result<PaymentStatus, NodeError> {
    let view: View<'_> = read(method, result)?;
    let (answered, status) = view.status().ok_or_else(|| malformed(method))?;
    if answered == hash { Ok(status) } else { Err(about_another(method)) }
}

/// What the node says when it is asked to pay `hash`: news at best, never an outcome.
///
/// # Errors
/// [`NodeError`] is a reason to ask by hash, whatever it says: the node stores some payments that it
/// refuses, and refuses a payment that it has.
pub(crate) fn send_payment(reply: Reply, hash: PaymentHash) -> Result<PaymentStatus, NodeError> {
    const METHOD: &str = "send_payment";
    match reply {
        Ok(result) => read_status(METHOD, &result, hash),
        Err(error) if error.code() == CALL_FAILED => Err(NodeError::Refused { reason: error.reason() }),
        Err(error) => Err(failed(METHOD, error)),
    }
}

/// What the node knows of the payment of `hash`; `None` if it has none.
///
/// # Errors
/// [`NodeError`]: nothing is known.
pub(crate) fn payment(reply: Reply, hash: PaymentHash) -> Result<Option<PaymentStatus>, NodeError> {
    const METHOD: &str = "get_payment";
    match reply {
        Ok(result) => read_status(METHOD, &result, hash).map(Some),
        Err(error) if denies(&error, hash) => Ok(None),
        Err(error) => Err(failed(METHOD, error)),
    }
}

/// Whether the node says that it has no payment of `hash`. That may end in money being released, so
/// the words must be the recorded ones, the hash among them.
fn denies(error: &RpcError, hash: PaymentHash) -> bool {
    error.code() == CALL_FAILED
        && error.message() == format!("InvalidParameter: Payment session not found: Hash256(0x{hash})")
}

/// A page of the node's payments.
///
/// # Errors
/// [`NodeError`] if one of them is not understood: a list that is checked must be whole.
pub(crate) fn list_payments(reply: Reply) -> Result<PaymentPage, NodeError> {
    const METHOD: &str = "list_payments";

    #[derive(Deserialize)]
    struct List<'a> {
        #[serde(borrow)]
        payments: &'a RawValue,
        last_cursor: Option<Bytes<32>>,
    }

    let result = result_of(METHOD, reply)?;
    let list: List<'_> = read(METHOD, &result)?;
    let mut payments = Vec::new();
    let mut whole = true;
    for_each(list.payments, |payment: View<'_>| match payment.status() {
        Some(payment) if payments.len() < MAX_PAGE => payments.push(payment),
        Some(_) | None => whole = false,
    })
    .map_err(|_| malformed(METHOD))?;
    if !whole {
        return Err(malformed(METHOD));
    }
    Ok(PaymentPage { payments, next: list.last_cursor.map(|hash| PaymentHash::new(hash.0)) })
}
