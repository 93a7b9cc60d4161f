//! What the node's answers mean, in the words of the core.

use super::envelope::Reply;
use crate::{
    Asset, Assets, DecodedInvoice, Invoice, InvoiceStatus, Liquidity, NodeError, NodeInfo, PaymentHash,
    PaymentStatus,
};

/// A page of the node's payments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PaymentPage {
    /// The payments, ordered by hash.
    pub(crate) payments: Vec<(PaymentHash, PaymentStatus)>,
    /// What to ask for the next page with; `None` after the last one.
    pub(crate) next: Option<PaymentHash>,
}

fn later<T>() -> Result<T, NodeError> {
    Err(NodeError::NoAnswer("not yet".into()))
}

/// Answer to `node_info`.
pub(crate) fn node_info(_reply: Reply, _assets: &Assets) -> Result<NodeInfo, NodeError> {
    later()
}

/// Answer to `new_invoice` for the invoice of `hash`.
pub(crate) fn new_invoice(_reply: Reply, _hash: PaymentHash, _assets: &Assets) -> Result<Invoice, NodeError> {
    later()
}

/// Answer to `get_invoice` for `hash`; `None` if the node has no invoice of it.
pub(crate) fn invoice(
    _reply: Reply,
    _hash: PaymentHash,
    _assets: &Assets,
) -> Result<Option<InvoiceStatus>, NodeError> {
    later()
}

/// Answer to `cancel_invoice` for `hash`.
pub(crate) fn cancel_invoice(
    _reply: Reply,
    _hash: PaymentHash,
    _assets: &Assets,
) -> Result<InvoiceStatus, NodeError> {
    later()
}

/// Answer to `parse_invoice`.
pub(crate) fn parse_invoice(_reply: Reply, _assets: &Assets) -> Result<DecodedInvoice, NodeError> {
    later()
}

/// Answer to `send_payment` for `hash`: news at best, never an outcome.
pub(crate) fn send_payment(_reply: Reply, _hash: PaymentHash) -> Result<PaymentStatus, NodeError> {
    later()
}

/// Answer to `get_payment` for `hash`; `None` if the node has no payment of it.
pub(crate) fn payment(_reply: Reply, _hash: PaymentHash) -> Result<Option<PaymentStatus>, NodeError> {
    later()
}

/// Answer to `list_payments` of at most `limit`.
pub(crate) fn list_payments(_reply: Reply) -> Result<PaymentPage, NodeError> {
    later()
}

/// Answer to `list_channels`: what those of `asset` can carry.
pub(crate) fn liquidity(_reply: Reply, _asset: &Asset) -> Result<Liquidity, NodeError> {
    later()
}
