//! The node as Fiber Link sees it.

use super::answer::{self, PaymentPage};
use super::call::{Call, currency};
use super::envelope::Reply;
use super::hints::HintSource;
use super::options::{Access, FnnOptions, Hints, NodeUrl, Token};
use super::orders::Orders;
use super::questions::{CALLS_PER_BATCH, Questions};
use super::transport::{Connections, Transport};
use super::{CallError, OpenFnnNodeError};
use crate::{
    Asset, Assets, DecodedInvoice, FiberNode, Invoice, InvoiceHint, InvoiceRequest, InvoiceStatus, Liquidity,
    Network, NodeError, NodeInfo, PaymentHash, PaymentRequest, PaymentStatus, PendingTlc,
};
use async_trait::async_trait;
use futures_util::StreamExt;
use futures_util::future::try_join_all;
use futures_util::stream::{self, BoxStream};
use std::time::Duration;
use tokio::runtime::Handle;

/// The most payments that are asked for at a time.
const PAYMENTS_PER_PAGE: u64 = 1_000;

/// A Fiber Network Node (fnn), over its JSON-RPC.
///
/// Invoices and payments have connections and tokens of their own. With a token for invoices alone
/// ([`Access::Invoices`]) whatever is about tips works, and every call about payments is
/// [`NodeError::Refused`] before anything is sent.
///
/// Nothing is ever sent twice. Questions, and invoices under our preimage, of many callers go
/// together when there are many; a payment goes alone, on a connection of its own, and waits behind
/// none of them. Every call ends within [`FnnOptions::timeout`]; what it asked may happen all the
/// same, also if its future is dropped, unless it had not been sent yet.
#[derive(Debug)]
pub struct FnnNode {
    invoices: Side,
    /// `None` if calls about payments are refused.
    payments: Option<Side>,
    /// `None` if nobody wants hints.
    hints: Option<HintSource>,
    network: Network,
    assets: Assets,
    timeout: Duration,
}

/// What is said with one token.
#[derive(Debug)]
struct Side {
    questions: Questions,
    orders: Orders,
}

/// Which token goes with a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Right {
    Invoices,
    Payments,
}

const fn right(call: &Call) -> Right {
    match call {
        Call::NodeInfo
        | Call::NewInvoice(_)
        | Call::Invoice(_)
        | Call::ParseInvoice(_)
        | Call::CancelInvoice(_)
        | Call::ListChannels
        | Call::ListAllChannels
        | Call::SubscribeStoreChanges => Right::Invoices,
        Call::SendPayment(_) | Call::Payment(_) | Call::ListPayments { .. } => Right::Payments,
    }
}

/// Whether a call may go together with others, because it is safe to say twice.
const fn is_question(call: &Call) -> bool {
    match call {
        Call::NodeInfo
        | Call::Invoice(_)
        | Call::ParseInvoice(_)
        | Call::ListChannels
        | Call::ListAllChannels
        | Call::Payment(_)
        | Call::ListPayments { .. } => true,
        // The preimage is ours: a second one is told that the invoice exists.
        Call::NewInvoice(_) => true,
        Call::CancelInvoice(_) | Call::SendPayment(_) | Call::SubscribeStoreChanges => false,
    }
}

impl Side {
    fn new(options: &FnnOptions, token: Option<&Token>, runtime: &Handle) -> Result<Self, OpenFnnNodeError> {
        let kept = Transport::new(options, token, Connections::Kept)?;
        let fresh = Transport::new(options, token, Connections::Fresh)?;
        Ok(Self {
            questions: Questions::new(kept, options, runtime.clone()),
            orders: Orders::new(fresh, options, runtime.clone()),
        })
    }

    async fn say(&self, call: Call) -> Result<Reply, CallError> {
        if is_question(&call) {
            let mut answers = self.questions.ask(vec![call]).await?;
            answers.pop().unwrap_or(Err(CallError::LeftOut))
        } else {
            self.orders.give(call).await
        }
    }
}

impl FnnNode {
    /// A client of the node that `options` describe. Nothing is said to the node yet.
    ///
    /// # Errors
    /// [`OpenFnnNodeError`], outside of a tokio runtime among others.
    pub fn new(options: FnnOptions) -> Result<Self, OpenFnnNodeError> {
        let runtime = Handle::try_current().map_err(|_| OpenFnnNodeError::NoRuntime)?;
        let side = |token: Option<&Token>| Side::new(&options, token, &runtime);
        let (invoices, payments, token) = match &options.access {
            Access::Open => (side(None)?, Some(side(None)?), None),
            Access::Invoices(token) => (side(Some(token))?, None, Some(token)),
            Access::InvoicesAndPayments { invoices, payments } => {
                (side(Some(invoices))?, Some(side(Some(payments))?), Some(invoices))
            }
        };
        let source = |url: &_, wanted| {
            HintSource::new(NodeUrl::clone(url), wanted, token, &options, runtime.clone()).map(Some)
        };
        let hints = match &options.hints {
            Hints::Off => None,
            Hints::Auto => source(&options.url, false)?,
            Hints::Url(url) => source(url, true)?,
        };
        let FnnOptions { network, timeout, .. } = options;
        Ok(Self { invoices, payments, hints, network, assets: options.assets, timeout })
    }

    /// Cancels an invoice. A payment that was under way may still make it paid.
    ///
    /// # Errors
    /// [`NodeError::Refused`] if it is paid or cancelled already, or not of this node.
    pub async fn cancel_invoice(&self, hash: PaymentHash) -> Result<InvoiceStatus, NodeError> {
        answer::cancel_invoice(self.say(Call::CancelInvoice(hash)).await?, hash, &self.assets)
    }

    /// A page of the payments that the node made, ordered by their hashes: the first one, or the one
    /// that begins after a hash. It has at most `limit` of them, and never more than 1 000.
    ///
    /// # Errors
    /// [`NodeError`] if the node does not answer.
    pub async fn payments(&self, after: Option<PaymentHash>, limit: u64) -> Result<PaymentPage, NodeError> {
        let limit = limit.min(PAYMENTS_PER_PAGE);
        answer::list_payments(self.say(Call::ListPayments { after, limit }).await?)
    }

    async fn say(&self, call: Call) -> Result<Reply, NodeError> {
        let side = match right(&call) {
            Right::Invoices => &self.invoices,
            Right::Payments => self.payments.as_ref().ok_or_else(|| NodeError::Refused {
                reason: "no token for payments was given: nothing was sent".to_owned(),
            })?,
        };
        Ok(side.say(call).await?)
    }

    /// Asks about at most [`CALLS_PER_BATCH`] invoices in one request.
    async fn batch(&self, hashes: &[PaymentHash]) -> Result<Vec<Option<InvoiceStatus>>, NodeError> {
        let calls = hashes.iter().map(|hash| Call::Invoice(*hash)).collect();
        let replies = self.invoices.questions.ask(calls).await?;
        if replies.len() != hashes.len() {
            return Err(CallError::LeftOut.into());
        }
        let answered = replies.into_iter().zip(hashes);
        let read: Vec<Result<_, NodeError>> =
            answered.map(|(reply, hash)| answer::invoice(reply?, *hash, &self.assets)).collect();
        let some_were_answered = read.iter().any(Result::is_ok);
        read.into_iter()
            .collect::<Result<_, _>>()
            .map_err(|error| if some_were_answered { NodeError::Unclear(Box::new(error)) } else { error })
    }
}

#[async_trait]
impl FiberNode for FnnNode {
    async fn info(&self) -> Result<NodeInfo, NodeError> {
        answer::node_info(self.say(Call::NodeInfo).await?, &self.assets)
    }

    async fn create_invoice(&self, request: InvoiceRequest) -> Result<Invoice, NodeError> {
        let (hash, asset, amount) =
            (request.preimage.payment_hash(), request.asset.id.clone(), request.amount);
        if self.assets.find(&asset) != Some(&request.asset) {
            return Err(NodeError::Refused { reason: format!("{asset} is no asset of ours") });
        }
        let call = Call::new_invoice(self.network, request)?;
        let invoice = answer::new_invoice(self.say(call).await?, hash, &self.assets)?;
        let beginning = invoice.encoded.get(..currency(self.network).len()).unwrap_or_default();
        if beginning.eq_ignore_ascii_case(currency(self.network))
            && (invoice.payment_hash, &invoice.asset, invoice.amount) == (hash, &asset, amount)
        {
            Ok(invoice)
        } else {
            tracing::error!(payment_hash = %hash, "the node made another invoice than the one we asked for");
            Err(NodeError::NoAnswer("the node made another invoice than the one we asked for".into()))
        }
    }

    async fn invoices(&self, hashes: &[PaymentHash]) -> Result<Vec<Option<InvoiceStatus>>, NodeError> {
        let batches: Vec<_> = hashes.chunks(CALLS_PER_BATCH).map(|hashes| self.batch(hashes)).collect();
        Ok(try_join_all(batches).await?.concat())
    }

    async fn decode_invoice(&self, encoded: &str) -> Result<DecodedInvoice, NodeError> {
        answer::parse_invoice(self.say(Call::parse_invoice(encoded)?).await?, &self.assets)
    }

    async fn send_payment(&self, request: PaymentRequest) -> Result<PaymentStatus, NodeError> {
        let hash = request.payment_hash;
        answer::send_payment(self.say(Call::send_payment(request, self.timeout)).await?, hash)
    }

    async fn payment(&self, hash: PaymentHash) -> Result<Option<PaymentStatus>, NodeError> {
        answer::payment(self.say(Call::Payment(hash)).await?, hash)
    }

    async fn liquidity(&self, asset: &Asset) -> Result<Liquidity, NodeError> {
        answer::liquidity(self.say(Call::ListChannels).await?, asset)
    }

    async fn pending_tlcs(&self, hash: PaymentHash) -> Result<Vec<PendingTlc>, NodeError> {
        answer::pending_tlcs(self.say(Call::ListAllChannels).await?, hash)
    }

    /// Rumours from a WebSocket, for as long as the stream lives. It opens itself again after every
    /// break; what happened meanwhile is not told, and is found by asking.
    fn hints(&self) -> BoxStream<'static, InvoiceHint> {
        match &self.hints {
            Some(source) => source.listen(),
            None => stream::pending().boxed(),
        }
    }
}

#[cfg(test)]
mod tests;
