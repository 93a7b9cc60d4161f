//! What a real node's own interface allows beyond what [`FiberNode`](crate::FiberNode) asks for, and
//! what happens to real nodes: forgetting, and coming back with an older state.

use super::fiber_node::{no_answer, refused};
use super::invoice::{self, FINAL_EXPIRY_DELTA_MILLIS, InvoiceTerms};
use super::payments::Session;
use super::{HashAlgorithm, NodeChange, SimulatedNode, SimulatorError};
use crate::{
    Amount, AssetId, Assets, Invoice, InvoiceState, InvoiceStatus, Network, NodeError, PaymentHash,
    PaymentRequest, PaymentState, Preimage, Timestamp,
};
use futures_util::stream::{BoxStream, StreamExt};
use std::io;
use std::time::Duration;

/// The longest description that a real node takes, in bytes.
const MAX_DESCRIPTION: usize = 639;
/// What a real node allows of `final_expiry_delta`, in milliseconds.
const FINAL_EXPIRY_DELTAS: (u64, u64) = (9_600_000, 1_209_600_000);

/// An invoice to be made as its maker likes: also for nothing, and without end.
#[derive(Clone, Debug)]
pub struct NewInvoice {
    /// What is paid.
    pub asset: AssetId,
    /// How much.
    pub amount: Amount,
    /// What names it.
    pub lock: InvoiceLock,
    /// How the hash is made of a preimage, where the invoice says so; `ckb_hash` where it does not.
    pub hash_algorithm: Option<HashAlgorithm>,
    /// How long it can be paid, in whole seconds; `None` for ever.
    pub expiry: Option<Duration>,
    /// The time-lock of the last hop, in milliseconds.
    pub final_expiry_delta: Option<u64>,
    /// What payers are shown.
    pub description: String,
}

/// What an invoice is known by.
#[derive(Clone, Debug)]
pub enum InvoiceLock {
    /// The node knows the preimage, and claims what is paid.
    Preimage(Preimage),
    /// Somebody else knows it.
    Hash(PaymentHash),
}

/// A session of a payment, as the node remembers it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaymentSession {
    /// The hash that names the payment.
    pub payment_hash: PaymentHash,
    /// When it began.
    pub created_at: Timestamp,
    /// What the payee gets.
    pub amount: Amount,
    /// What the way there costs; nothing once it failed.
    pub fee: Amount,
    /// The invoice that is paid.
    pub encoded: Option<String>,
    /// Where it stands.
    pub state: PaymentState,
}

/// Why a held payment was not claimed.
#[derive(Debug, thiserror::Error)]
pub enum SettleInvoiceError {
    /// There is no such invoice.
    #[error("Invoice not found")]
    NotFound,
    /// The preimage is that of another hash.
    #[error("Hash mismatch")]
    HashMismatch,
    /// Nothing is held for it.
    #[error("Invoice is {}", describe(*.0))]
    WrongState(InvoiceState),
    /// The node gave no answer.
    #[error(transparent)]
    NoAnswer(NodeError),
}

/// A state of the node to come back to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Snapshot(u64);

impl Snapshot {
    /// The number that it is remembered by.
    pub const fn number(self) -> u64 {
        self.0
    }

    /// The snapshot of this number.
    pub const fn from_number(number: u64) -> Self {
        Self(number)
    }
}

impl SimulatedNode {
    /// The network that its invoices are for.
    pub fn network(&self) -> Network {
        self.network
    }

    /// The assets that it has channels for.
    pub fn assets(&self) -> &Assets {
        &self.assets
    }

    /// Makes an invoice; refuses what a real node refuses.
    ///
    /// # Errors
    /// [`NodeError`]: the asset, the description or the delta is not allowed, or the hash is known.
    pub fn make_invoice(&self, new: &NewInvoice) -> Result<Invoice, NodeError> {
        let asset = self.assets.find(&new.asset).ok_or_else(|| refused("no such asset"))?;
        let final_expiry_delta = new.final_expiry_delta.unwrap_or(FINAL_EXPIRY_DELTA_MILLIS);
        check_terms(&new.description, final_expiry_delta)?;
        let (payment_hash, preimage) = match &new.lock {
            InvoiceLock::Hash(hash) => (*hash, None),
            InvoiceLock::Preimage(preimage) => (hash_of(new.hash_algorithm, preimage), Some(preimage)),
        };
        if self.state().find_invoice(&payment_hash).map_err(no_answer)?.is_some() {
            return Err(NodeError::InvoiceExists);
        }
        let terms = InvoiceTerms {
            network: self.network,
            asset,
            amount: new.amount,
            payment_hash,
            created_at: self.clock.now(),
            expiry: new.expiry,
            final_expiry_delta,
            hash_algorithm: new.hash_algorithm,
            description: &new.description,
        };
        let invoice = Invoice {
            encoded: terms.encode(&self.key).map_err(|error| refused(error.to_string()))?,
            payment_hash,
            asset: asset.id.clone(),
            amount: new.amount,
            expires_at: terms.expires_at(),
        };
        // Somebody else may have made one of this hash while this one was signed.
        if self.state().add_invoice(&invoice, preimage).map_err(no_answer)? {
            Ok(invoice)
        } else {
            Err(NodeError::InvoiceExists)
        }
    }

    /// An invoice of this node.
    ///
    /// # Errors
    /// [`NodeError::NoAnswer`] while the node is down.
    pub fn own_invoice(&self, hash: PaymentHash) -> Result<Option<InvoiceStatus>, NodeError> {
        let mut state = self.asked(|questions| &mut questions.invoices)?;
        state.questions.invoice_hashes = state.questions.invoice_hashes.saturating_add(1);
        let found = state.find_invoice(&hash).map_err(no_answer)?;
        drop(state);
        Ok(found.map(|own| InvoiceStatus {
            state: own.mark.state(own.invoice.expires_at, self.clock.now()),
            invoice: own.invoice,
        }))
    }

    /// Claims the payment that is held for an invoice of this node.
    ///
    /// # Errors
    /// [`SettleInvoiceError`] in the words of a real node.
    pub fn settle_invoice(&self, hash: PaymentHash, preimage: &Preimage) -> Result<(), SettleInvoiceError> {
        let own = self.own_invoice(hash).map_err(SettleInvoiceError::NoAnswer)?;
        let own = own.ok_or(SettleInvoiceError::NotFound)?;
        let algorithm = invoice::parse(&own.invoice.encoded).map_err(SettleInvoiceError::NoAnswer)?;
        if hash_of(algorithm.hash_algorithm().copied(), preimage) != hash {
            return Err(SettleInvoiceError::HashMismatch);
        }
        match own.state {
            InvoiceState::Received => self.pay(&own.invoice.encoded, false).map_err(|error| {
                if let SimulatorError::WrongState(state) = error {
                    SettleInvoiceError::WrongState(state)
                } else {
                    SettleInvoiceError::NoAnswer(NodeError::NoAnswer(Box::new(error)))
                }
            }),
            other @ (InvoiceState::Open
            | InvoiceState::Paid
            | InvoiceState::Cancelled
            | InvoiceState::Expired) => Err(SettleInvoiceError::WrongState(other)),
        }
    }

    /// The session that `request` would open. Nothing is stored.
    ///
    /// # Errors
    /// [`NodeError`] where `send_payment` would refuse.
    pub fn try_payment(&self, request: &PaymentRequest) -> Result<PaymentSession, NodeError> {
        let state = self.asked(|questions| &mut questions.send_payment)?;
        let invoice = invoice::decode(&request.encoded, &self.assets)?;
        let begun = self.session_for(&state, request, &invoice)?;
        match begun.refusal {
            Some(reason) => Err(refused(reason)),
            None => Ok(PaymentSession {
                payment_hash: begun.fact.hash,
                created_at: begun.fact.created_at,
                amount: begun.fact.amount,
                fee: begun.fact.fee,
                encoded: Some(request.encoded.clone()),
                state: PaymentState::Pending,
            }),
        }
    }

    /// The session of a payment.
    ///
    /// # Errors
    /// [`NodeError::NoAnswer`] while the node is down.
    pub fn session(&self, hash: PaymentHash) -> Result<Option<PaymentSession>, NodeError> {
        let state = self.asked(|questions| &mut questions.payment)?;
        Ok(state.payments.find(&hash).map(|session| show(hash, session)))
    }

    /// Sessions that `wanted` picks, by hash, after `after`; at most `limit`.
    ///
    /// # Errors
    /// [`NodeError::NoAnswer`] while the node is down.
    pub fn sessions(
        &self,
        after: Option<PaymentHash>,
        limit: usize,
        wanted: impl Fn(&PaymentState) -> bool,
    ) -> Result<Vec<PaymentSession>, NodeError> {
        let state = self.asked(|questions| &mut questions.payment)?;
        let all = state.payments.after(after).map(|(hash, session)| show(*hash, session));
        Ok(all.filter(|session| wanted(&session.state)).take(limit).collect())
    }

    /// What the node writes down from now on. A subscriber that falls behind misses some.
    pub fn changes(&self) -> BoxStream<'static, NodeChange> {
        self.state().changes().boxed()
    }

    /// Makes the node forget a session; what was really paid stays paid.
    ///
    /// # Errors
    /// The node's file failed.
    pub fn forget_payment(&self, hash: PaymentHash) -> io::Result<()> {
        self.state().forget_payment(hash)
    }

    /// The state of now, to come back to.
    pub fn snapshot(&self) -> Snapshot {
        Snapshot(self.state().end())
    }

    /// Comes back with an older state; what was really paid stays paid.
    ///
    /// # Errors
    /// The snapshot is of a later state or of another node, or the node's file failed.
    pub fn go_back(&self, snapshot: Snapshot) -> io::Result<()> {
        self.state().go_back(snapshot.0)
    }
}

fn check_terms(description: &str, final_expiry_delta: u64) -> Result<(), NodeError> {
    let (least, most) = FINAL_EXPIRY_DELTAS;
    if description.len() > MAX_DESCRIPTION {
        let length = description.len();
        Err(refused(format!(
            "Description with length of {length} is too long, max length is {MAX_DESCRIPTION}"
        )))
    } else if final_expiry_delta < least {
        Err(refused(format!("final_expiry_delta must be greater than or equal to {least}")))
    } else if final_expiry_delta > most {
        Err(refused(format!("final_expiry_delta must be less than or equal to {most}")))
    } else {
        Ok(())
    }
}

fn hash_of(algorithm: Option<HashAlgorithm>, preimage: &Preimage) -> PaymentHash {
    PaymentHash::new(algorithm.unwrap_or_default().hash(preimage.expose()))
}

fn show(payment_hash: PaymentHash, session: &Session) -> PaymentSession {
    let state = session.payment_state();
    PaymentSession {
        payment_hash,
        created_at: session.created_at,
        amount: session.amount,
        fee: match state {
            PaymentState::Failed { .. } => Amount::ZERO,
            PaymentState::Pending | PaymentState::Succeeded { .. } => session.fee,
        },
        encoded: session.encoded.as_deref().map(str::to_owned),
        state,
    }
}

fn describe(state: InvoiceState) -> &'static str {
    match state {
        InvoiceState::Open => "still open",
        InvoiceState::Received => "held",
        InvoiceState::Paid => "already paid",
        InvoiceState::Cancelled => "already cancelled",
        InvoiceState::Expired => "already expired",
    }
}
