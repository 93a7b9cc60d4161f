//! The simulated node as Fiber Link sees it.

use super::payments::{Begun, Circumstances, Outcome, Session};
use super::state::State;
use super::{HashAlgorithm, InvoiceLock, NewInvoice, Questions, SimulatedNode, invoice};
use crate::{
    Amount, Asset, AssetId, DecodedInvoice, FiberNode, Invoice, InvoiceHint, InvoiceRequest, InvoiceStatus,
    Liquidity, NodeError, NodeInfo, NodeSupport, PaymentHash, PaymentRequest, PaymentState, PaymentStatus,
    PendingTlc,
};
use async_trait::async_trait;
use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use std::io;
use std::sync::MutexGuard;

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
        self.make_invoice(&NewInvoice {
            asset: request.asset.id,
            amount: request.amount,
            lock: InvoiceLock::Preimage(request.preimage),
            hash_algorithm: Some(HashAlgorithm::Sha256),
            expiry: Some(request.expiry),
            final_expiry_delta: None,
            description: request.description,
        })
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

    async fn pending_tlcs(&self, hash: PaymentHash) -> Result<Vec<PendingTlc>, NodeError> {
        let state = self.asked(|questions| &mut questions.liquidity)?;
        Ok(state.payments.find(&hash).and_then(Session::pending_tlc).into_iter().collect())
    }

    fn hints(&self) -> BoxStream<'static, InvoiceHint> {
        self.state().hints().boxed()
    }
}

impl SimulatedNode {
    /// Counts a question, and does not answer it while the node is down.
    pub(super) fn asked(
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
        let begun = self.session_for(state, request, invoice)?;
        let created_at = begun.fact.created_at;
        state.begin_payment(begun.fact).map_err(no_answer)?;
        match begun.refusal {
            Some(reason) => Err(refused(reason)),
            None => Ok(PaymentStatus { created_at, state: PaymentState::Pending }),
        }
    }

    /// The session that `request` would open.
    pub(super) fn session_for(
        &self,
        state: &State,
        request: &PaymentRequest,
        invoice: &DecodedInvoice,
    ) -> Result<Begun, NodeError> {
        let channels = invoice.asset.as_ref().and_then(|asset| self.channels(state, asset));
        let circumstances = Circumstances {
            network: self.network,
            key: self.key(),
            outbound: channels.map_or(Amount::ZERO, |channels| channels.outbound),
            now: self.clock.now(),
        };
        state.payments.begin(request, invoice, &circumstances).map_err(refused)
    }

    /// What the channels hold of all payments under way, by payment hash.
    pub fn all_pending_tlcs(&self) -> Vec<(PaymentHash, PendingTlc)> {
        let state = self.state();
        let sessions = state.payments.after(None);
        sessions.filter_map(|(hash, session)| Some((*hash, session.pending_tlc()?))).collect()
    }

    pub(super) fn channels(&self, state: &State, asset: &AssetId) -> Option<Liquidity> {
        self.assets.find(asset)?;
        Some(state.liquidity.get(asset).copied().unwrap_or(PLENTY))
    }
}

pub(super) fn refused(reason: impl Into<String>) -> NodeError {
    NodeError::Refused { reason: reason.into() }
}

fn lost() -> NodeError {
    NodeError::NoAnswer("the answer was lost".into())
}

pub(super) fn no_answer(error: io::Error) -> NodeError {
    NodeError::NoAnswer(Box::new(error))
}
