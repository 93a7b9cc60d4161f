//! What the rest of the world does to the simulated node.

use super::fact::{Mark, OutcomeFact};
use super::invoice::{self, InvoiceTerms};
use super::payments::{Outcome, SimulatedPayment};
use super::{Questions, SimulatedNode};
use crate::{
    Amount, AssetId, DecodedInvoice, InvoiceState, Liquidity, NoRandomness, NodeError, PaymentHash, Preimage,
    Secret,
};
use fiber_types::HashAlgorithm;
use std::io;
use std::time::Duration;

/// Why the simulator did not do what was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SimulatorError {
    /// The text is no invoice.
    #[error("not a Fiber invoice: {reason}")]
    InvalidInvoice {
        /// What is wrong with it.
        reason: String,
    },
    /// The invoice is not of this node.
    #[error("this node made no such invoice")]
    UnknownInvoice,
    /// The invoice is of this node, which never pays itself.
    #[error("this node made that invoice itself")]
    OwnInvoice,
    /// The invoice stands where this cannot happen to it.
    #[error("the invoice is {}", describe(*.0))]
    WrongState(InvoiceState),
    /// This node has no such asset.
    #[error("this node has no asset {0}")]
    UnknownAsset(AssetId),
    /// An invoice without amount or without time.
    #[error("amount and expiry must be at least one unit and one second")]
    InvalidTerms,
    /// No hash could be made.
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
    /// The invoice has no text form.
    #[error("the invoice cannot be written")]
    Encoding(#[from] bech32::Error),
    /// The node's file failed.
    #[error("the file of the simulated node failed")]
    File(#[from] io::Error),
}

/// What happens to an invoice of this node.
#[derive(Clone, Copy)]
enum Happening {
    Pay,
    PayLate,
    Hold,
    Cancel,
    Expire,
}

impl Happening {
    fn mark(self, state: InvoiceState) -> Result<Mark, SimulatorError> {
        use InvoiceState::{Cancelled, Expired, Open, Paid, Received};
        match (self, state) {
            (Self::Pay, Open | Received) | (Self::PayLate, Open | Received | Cancelled | Expired) => {
                Ok(Mark::Paid)
            }
            (Self::Hold, Open) => Ok(Mark::Received),
            (Self::Cancel, Open | Received | Expired) => Ok(Mark::Cancelled),
            (Self::Expire, Open | Expired) => Ok(Mark::Expired),
            (Self::Pay, Cancelled | Expired | Paid)
            | (Self::PayLate, Paid)
            | (Self::Hold, Received | Paid | Cancelled | Expired)
            | (Self::Cancel, Paid | Cancelled)
            | (Self::Expire, Received | Paid | Cancelled) => Err(SimulatorError::WrongState(state)),
        }
    }
}

impl SimulatedNode {
    /// Pays an invoice of this node, as a wallet does; a held payment is claimed.
    ///
    /// With `late` the payment was under way when the invoice expired or was cancelled, and makes
    /// it paid all the same.
    ///
    /// # Errors
    /// [`SimulatorError`] if the invoice is not of this node, or cannot be paid any more.
    pub fn pay(&self, encoded: &str, late: bool) -> Result<(), SimulatorError> {
        self.happen(encoded, if late { Happening::PayLate } else { Happening::Pay })
    }

    /// Makes an invoice of this node answer that a payment for it is held and not yet claimed.
    ///
    /// # Errors
    /// [`SimulatorError`] if the invoice is not of this node, or not open.
    pub fn hold(&self, encoded: &str) -> Result<(), SimulatorError> {
        self.happen(encoded, Happening::Hold)
    }

    /// Cancels an invoice of this node.
    ///
    /// # Errors
    /// [`SimulatorError`] if the invoice is not of this node, is paid, or is cancelled already.
    pub fn cancel(&self, encoded: &str) -> Result<(), SimulatorError> {
        self.happen(encoded, Happening::Cancel)
    }

    /// Makes an open invoice of this node answer that it expired, although its time has not come.
    ///
    /// # Errors
    /// [`SimulatorError`] if the invoice is not of this node, or neither open nor expired.
    pub fn expire(&self, encoded: &str) -> Result<(), SimulatorError> {
        self.happen(encoded, Happening::Expire)
    }

    /// An invoice of somebody else, for this node to pay.
    ///
    /// # Errors
    /// [`SimulatorError`] if the asset is unknown, or amount or expiry are nothing.
    pub fn foreign_invoice(
        &self,
        asset: &AssetId,
        amount: Amount,
        expiry: Duration,
    ) -> Result<String, SimulatorError> {
        let asset = self.assets.find(asset).ok_or_else(|| SimulatorError::UnknownAsset(asset.clone()))?;
        if amount.is_zero() || expiry.as_secs() == 0 {
            return Err(SimulatorError::InvalidTerms);
        }
        let random = <[u8; 32]>::try_from(Secret::random()?.expose()).map_err(|_| NoRandomness)?;
        let terms = InvoiceTerms {
            network: self.network,
            asset,
            amount,
            payment_hash: Preimage::new(random).payment_hash(),
            created_at: self.clock.now(),
            expiry: Some(expiry),
            final_expiry_delta: invoice::FINAL_EXPIRY_DELTA_MILLIS,
            hash_algorithm: Some(HashAlgorithm::Sha256),
            description: "",
        };
        Ok(terms.encode(&self.stranger)?)
    }

    /// Says how payments of somebody else's invoice end from now on. A payment of it that hangs
    /// ends by it, too.
    ///
    /// # Errors
    /// [`SimulatorError`] if the text is no invoice, or an invoice of this node.
    pub fn set_outcome(&self, encoded: &str, outcome: Outcome) -> Result<(), SimulatorError> {
        let invoice = self.read(encoded)?;
        if invoice.payee == Some(self.key()) {
            return Err(SimulatorError::OwnInvoice);
        }
        Ok(self.state().set_outcome(OutcomeFact { hash: invoice.payment_hash, outcome })?)
    }

    /// What this node really paid, by payment hash: the truth that tests compare with.
    pub fn payments(&self) -> Vec<SimulatedPayment> {
        self.state().payments.paid().collect()
    }

    /// Makes every call of [`FiberNode`](crate::FiberNode) fail without an answer, and every hint
    /// stay out, until it is up again. Lasts as long as this value.
    pub fn set_down(&self, down: bool) {
        self.state().down = down;
    }

    /// Says what the channels can carry of an asset. Payments do not use it up. Lasts as long as
    /// this value.
    pub fn set_liquidity(&self, asset: AssetId, liquidity: Liquidity) {
        self.state().liquidity.insert(asset, liquidity);
    }

    /// How often the node was asked.
    pub fn questions(&self) -> Questions {
        self.state().questions
    }

    fn happen(&self, encoded: &str, happening: Happening) -> Result<(), SimulatorError> {
        let hash: PaymentHash = self.read(encoded)?.payment_hash;
        let mut state = self.state();
        let own = state.find_invoice(&hash)?.ok_or(SimulatorError::UnknownInvoice)?;
        if !own.invoice.encoded.eq_ignore_ascii_case(encoded) {
            return Err(SimulatorError::UnknownInvoice);
        }
        let mark = happening.mark(own.mark.state(own.invoice.expires_at, self.clock.now()))?;
        Ok(state.mark_invoice(hash, mark)?)
    }

    fn read(&self, encoded: &str) -> Result<DecodedInvoice, SimulatorError> {
        invoice::decode(encoded, &self.assets).map_err(|error| match error {
            NodeError::InvalidInvoice { reason } => SimulatorError::InvalidInvoice { reason },
            other @ (NodeError::Refused { .. }
            | NodeError::InvoiceExists
            | NodeError::Unclear(_)
            | NodeError::NoAnswer(_)) => SimulatorError::InvalidInvoice { reason: other.to_string() },
        })
    }
}

fn describe(state: InvoiceState) -> &'static str {
    match state {
        InvoiceState::Open => "open",
        InvoiceState::Received => "held",
        InvoiceState::Paid => "paid already",
        InvoiceState::Cancelled => "cancelled",
        InvoiceState::Expired => "expired",
    }
}
