//! The simulated node as Fiber Link sees it.

use super::invoice::{self, InvoiceTerms};
use super::payments::{Circumstances, Outcome};
use super::state::State;
use super::{Questions, SimulatedNode};
use crate::{
    Amount, Asset, AssetId, DecodedInvoice, FiberNode, Invoice, InvoiceHint, InvoiceRequest, InvoiceStatus,
    Liquidity, NodeError, NodeInfo, NodeSupport, PaymentHash, PaymentRequest, PaymentState, PaymentStatus,
};
use async_trait::async_trait;
use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use std::io;
use std::sync::MutexGuard;

/// The longest description that a real node takes, in bytes.
const MAX_DESCRIPTION: usize = 639;
/// What can be sent and received unless something else was set.
const PLENTY: Liquidity = Liquidity { outbound: Amount::new(u64::MAX), inbound: Amount::new(u64::MAX) };

#[async_trait]
impl FiberNode for SimulatedNode {
    async fn info(&self) -> Result<NodeInfo, NodeError> {
        drop(self.asked(|questions| &mut questions.info)?);
        Ok(NodeInfo {
            key: self.key(),
            network: self.network,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            support: NodeSupport::Tested,
            unlisted: Vec::new(),
        })
    }

    async fn create_invoice(&self, request: InvoiceRequest) -> Result<Invoice, NodeError> {
        drop(self.asked(|questions| &mut questions.create_invoice)?);
        self.check_invoice_request(&request)?;
        let hash = request.preimage.payment_hash();
        if self.state().find_invoice(&hash).map_err(no_answer)?.is_some() {
            return Err(NodeError::InvoiceExists);
        }
        let terms = InvoiceTerms {
            network: self.network,
            asset: &request.asset,
            amount: request.amount,
            payment_hash: hash,
            created_at: self.clock.now(),
            expiry: request.expiry,
            description: &request.description,
        };
        let invoice = Invoice {
            encoded: terms.encode(&self.key).map_err(|error| refused(error.to_string()))?,
            payment_hash: hash,
            asset: request.asset.id.clone(),
            amount: request.amount,
            expires_at: terms.expires_at(),
        };
        // Somebody else may have made one of this hash while this one was signed.
        if self.state().add_invoice(&invoice).map_err(no_answer)? {
            Ok(invoice)
        } else {
            Err(NodeError::InvoiceExists)
        }
    }

    async fn invoices(&self, hashes: &[PaymentHash]) -> Result<Vec<Option<InvoiceStatus>>, NodeError> {
        let asked = u64::try_from(hashes.len()).unwrap_or(u64::MAX);
        let mut state = self.asked(|questions| &mut questions.invoices)?;
        state.questions.invoice_hashes = state.questions.invoice_hashes.saturating_add(asked);
        drop(state);
        // The lock is taken for each hash, so that a long list keeps nobody waiting.
        let find = |hash| {
            let found = self.state().find_invoice(hash).map_err(no_answer)?;
            Ok(found.map(|own| InvoiceStatus {
                state: own.mark.state(own.invoice.expires_at, self.clock.now()),
                invoice: own.invoice,
            }))
        };
        hashes.iter().map(find).collect()
    }

    async fn decode_invoice(&self, encoded: &str) -> Result<DecodedInvoice, NodeError> {
        drop(self.asked(|questions| &mut questions.decode_invoice)?);
        invoice::decode(encoded, &self.assets)
    }

    async fn send_payment(&self, request: PaymentRequest) -> Result<PaymentStatus, NodeError> {
        drop(self.asked(|questions| &mut questions.send_payment)?);
        let invoice = invoice::decode(&request.encoded, &self.assets)?;
        let mut state = self.state();
        let outcome = state.payments.outcome(&invoice.payment_hash);
        let answer = match outcome {
            Outcome::LoseRequest => Err(lost()),
            Outcome::Success
            | Outcome::Failure
            | Outcome::Hang
            | Outcome::LoseAnswer
            | Outcome::LoseAnswerFailure => self.begin_payment(&mut state, &request, &invoice),
        };
        if outcome.loses_answer() { Err(lost()) } else { answer }
    }

    async fn payment(&self, hash: PaymentHash) -> Result<Option<PaymentStatus>, NodeError> {
        let state = self.asked(|questions| &mut questions.payment)?;
        Ok(state
            .payments
            .find(&hash)
            .map(|session| PaymentStatus { created_at: session.created_at, state: session.payment_state() }))
    }

    async fn liquidity(&self, asset: &Asset) -> Result<Liquidity, NodeError> {
        let state = self.asked(|questions| &mut questions.liquidity)?;
        let nothing = Liquidity { outbound: Amount::ZERO, inbound: Amount::ZERO };
        Ok(self.channels(&state, &asset.id).unwrap_or(nothing))
    }

    fn hints(&self) -> BoxStream<'static, InvoiceHint> {
        self.state().subscribe().boxed()
    }
}

impl SimulatedNode {
    /// Counts a question, and does not answer it while the node is down.
    fn asked(
        &self,
        counter: impl FnOnce(&mut Questions) -> &mut u64,
    ) -> Result<MutexGuard<'_, State>, NodeError> {
        let mut state = self.state();
        let counter = counter(&mut state.questions);
        *counter = counter.saturating_add(1);
        if state.down { Err(NodeError::NoAnswer("the node is down".into())) } else { Ok(state) }
    }

    fn check_invoice_request(&self, request: &InvoiceRequest) -> Result<(), NodeError> {
        if request.amount.is_zero() {
            Err(refused("amount must be greater than 0"))
        } else if request.expiry.as_secs() == 0 {
            Err(refused("expiry must be at least a second"))
        } else if request.description.len() > MAX_DESCRIPTION {
            Err(refused(format!("description is too long, at most {MAX_DESCRIPTION} bytes")))
        } else if self.assets.find(&request.asset.id) != Some(&request.asset) {
            Err(refused(format!("no such asset: {}", request.asset.id)))
        } else {
            Ok(())
        }
    }

    /// Opens a session. It may have ended when this answers, and is called pending all the same,
    /// as by a real node.
    fn begin_payment(
        &self,
        state: &mut State,
        request: &PaymentRequest,
        invoice: &DecodedInvoice,
    ) -> Result<PaymentStatus, NodeError> {
        let channels = invoice.asset.as_ref().and_then(|asset| self.channels(state, asset));
        let circumstances = Circumstances {
            network: self.network,
            key: self.key(),
            outbound: channels.map(|channels| channels.outbound),
            now: self.clock.now(),
        };
        let begun = state.payments.begin(request, invoice, &circumstances).map_err(refused)?;
        let created_at = begun.fact.created_at;
        state.begin_payment(begun.fact).map_err(no_answer)?;
        match begun.refusal {
            Some(reason) => Err(refused(reason)),
            None => Ok(PaymentStatus { created_at, state: PaymentState::Pending }),
        }
    }

    fn channels(&self, state: &State, asset: &AssetId) -> Option<Liquidity> {
        self.assets.find(asset)?;
        Some(state.liquidity.get(asset).copied().unwrap_or(PLENTY))
    }
}

fn refused(reason: impl Into<String>) -> NodeError {
    NodeError::Refused { reason: reason.into() }
}

fn lost() -> NodeError {
    NodeError::NoAnswer("the answer was lost".into())
}

fn no_answer(error: io::Error) -> NodeError {
    NodeError::NoAnswer(Box::new(error))
}
