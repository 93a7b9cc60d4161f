//! What comes over the WebSocket. Preimages pass there: nothing of a frame is kept or shown.

use super::envelope::{ProtocolError, RpcError, decode_one};
use super::field::Bytes;
use crate::PaymentHash;
use serde::Deserialize;

/// The answer to the subscription that was asked for as `id`: its number.
///
/// # Errors
/// [`ProtocolError`] if the frame is no such answer.
pub(crate) fn decode_subscription(frame: &[u8], id: u64) -> Result<Result<u64, RpcError>, ProtocolError> {
    match decode_one(frame, id)? {
        Ok(number) => serde_json::from_str(number.get()).map(Ok).map_err(|_| ProtocolError::Malformed),
        Err(error) => Ok(Err(error)),
    }
}

/// The invoice that a frame says is held or paid; `None` for everything else.
pub(crate) fn decode_hint(frame: &[u8]) -> Option<PaymentHash> {
    let notice: Notice<'_> = serde_json::from_slice(frame).ok()?;
    let change = notice.params.result.put_ckb_invoice_status?;
    let money_came = notice.method == "store_changes" && matches!(change.invoice_status, "Received" | "Paid");
    money_came.then_some(PaymentHash::new(change.payment_hash.0))
}

#[derive(Deserialize)]
struct Notice<'a> {
    method: &'a str,
    #[serde(borrow)]
    params: Params<'a>,
}

#[derive(Deserialize)]
struct Params<'a> {
    #[serde(borrow)]
    result: Change<'a>,
}

/// One member says what changed; we know one kind.
#[derive(Deserialize)]
struct Change<'a> {
    #[serde(borrow, rename = "PutCkbInvoiceStatus")]
    put_ckb_invoice_status: Option<InvoiceChange<'a>>,
}

#[derive(Deserialize)]
struct InvoiceChange<'a> {
    payment_hash: Bytes<32>,
    invoice_status: &'a str,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(kind: &str, status: &str) -> String {
        let hash = "ab".repeat(32);
        format!(
            r#"{{"jsonrpc":"2.0","method":"store_changes","params":{{"subscription":1,"result":{{"{kind}":{{"payment_hash":"0x{hash}","invoice_status":"{status}"}}}}}}}}"#
        )
    }

    #[test]
    fn a_hint_is_an_invoice_that_money_came_for() {
        for status in ["Received", "Paid"] {
            let hint = decode_hint(frame("PutCkbInvoiceStatus", status).as_bytes());
            assert_eq!(hint, Some(PaymentHash::new([0xab; 32])), "{status}");
        }
        for status in ["Open", "Cancelled", "Expired", "paid", "Gone"] {
            assert_eq!(decode_hint(frame("PutCkbInvoiceStatus", status).as_bytes()), None, "{status}");
        }
        assert_eq!(decode_hint(frame("PutSomethingNew", "Paid").as_bytes()), None);
        assert_eq!(
            decode_hint(frame("PutCkbInvoiceStatus", "Paid").replace("store", "shop").as_bytes()),
            None
        );
        assert_eq!(decode_hint(b"\xff"), None);
    }

    #[test]
    fn a_subscription_is_answered_with_its_number() {
        assert_eq!(decode_subscription(br#"{"jsonrpc":"2.0","id":1,"result":42}"#, 1), Ok(Ok(42)));
        let refused = decode_subscription(br#"{"id":1,"error":{"code":-32999,"message":"Unauthorized"}}"#, 1);
        assert!(matches!(refused, Ok(Err(error)) if error.code() == -32999));
        assert!(decode_subscription(frame("PutCkbInvoiceStatus", "Paid").as_bytes(), 1).is_err());
    }
}
