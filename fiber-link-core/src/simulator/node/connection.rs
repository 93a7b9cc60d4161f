//! The node as one server reaches it: answers are lost, requests travel, calls take time.

use super::network::{Command, Done, carry_out};
use crate::simulator::executor::Group;
use crate::simulator::faults::Fault;
use crate::simulator::server::ServerRun;
use crate::simulator::story::short;
use crate::simulator::world::World;
use crate::{
    Asset, DecodedInvoice, FiberNode, Invoice, InvoiceHint, InvoiceRequest, InvoiceState, InvoiceStatus,
    Liquidity, NodeError, NodeInfo, PaymentHash, PaymentRequest, PaymentState, PaymentStatus,
};
use async_trait::async_trait;
use futures_channel::oneshot;
use futures_util::StreamExt;
use futures_util::future::{Either, select};
use futures_util::stream::BoxStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// The longest that a request travels, if nobody may send it again before that.
const LONGEST_WAY: Duration = Duration::from_secs(30 * 60);

/// The node as one run of a server reaches it.
pub(in crate::simulator) struct Connection {
    pub(in crate::simulator) world: Arc<World>,
    pub(in crate::simulator) server: Arc<ServerRun>,
}

/// Counts a request to pay that is under way, until its caller has its answer, gave up, or is gone.
struct UnderWay<'a>(&'a AtomicU32);

impl<'a> UnderWay<'a> {
    fn begin(count: &'a AtomicU32) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count)
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

fn no_answer() -> NodeError {
    NodeError::NoAnswer("the node is silent".into())
}

impl Connection {
    /// A question: dropping it loses nothing.
    async fn ask<T>(&self, answer: impl FnOnce(&mut super::Node) -> T) -> Result<T, NodeError> {
        self.server.choice(&self.world, "before a question to the node").await;
        let (way, back) = self.ways();
        self.world.handle().sleep(way).await;
        if !self.world.state().node.is_up() || self.world.strikes(Fault::RequestLost) {
            return Err(no_answer());
        }
        let answer = answer(&mut self.world.state().node);
        if self.world.strikes(Fault::AnswerLost) {
            self.world.handle().sleep(self.timeout()).await;
            return Err(no_answer());
        }
        self.world.handle().sleep(back).await;
        self.server.choice(&self.world, "after an answer of the node").await;
        Ok(answer)
    }

    /// How long a question and its answer are under way: together less than the timeout.
    fn ways(&self) -> (Duration, Duration) {
        if !self.world.strikes(Fault::AnswerSlow) {
            let way = self.world.duration(Duration::from_millis(1), Duration::from_millis(40));
            return (way, Duration::ZERO);
        }
        let nearly_all = self.timeout().mul_f32(0.97);
        let both = self.world.duration(nearly_all.mul_f32(0.2), nearly_all);
        let way = self.world.duration(Duration::from_millis(1), both);
        (way, both.saturating_sub(way))
    }

    /// A command travels by itself: it arrives whatever becomes of who sent it.
    async fn command(&self, command: Command, may_be_late: Duration) -> Result<Done, NodeError> {
        self.server.choice(&self.world, "before a request to the node").await;
        let world = &self.world;
        let timeout = world.handle().sleep(self.timeout());
        let (answer, heard) = oneshot::channel();
        if world.strikes(Fault::RequestLost) {
            if world.state().luck.random().one_in(2) {
                timeout.await;
            }
            return Err(no_answer());
        }
        let way = if world.strikes(Fault::RequestLate) {
            world.duration(Duration::from_secs(1), may_be_late)
        } else {
            world.duration(Duration::from_millis(1), Duration::from_millis(200))
        };
        let arrives = world.now().plus(way);
        self.server.request_arrives_until(arrives);
        let network = world.clone();
        world.handle().spawn(Group::WORLD, async move {
            network.handle().sleep_until(arrives).await;
            if let Some(done) = carry_out(&network, command) {
                if !network.strikes(Fault::AnswerLost) {
                    // Who asked may be gone.
                    let _unheard = answer.send(done);
                } else {
                    network.handle().sleep(LONGEST_WAY).await;
                }
            }
        });
        let outcome = match select(heard, timeout).await {
            Either::Left((Ok(done), _)) => done,
            // Nobody was there.
            Either::Left((Err(_), _)) | Either::Right(_) => Err(no_answer()),
        };
        self.server.choice(&self.world, "after the node did what it was asked").await;
        outcome
    }

    fn timeout(&self) -> Duration {
        self.world.options().settings.node_timeout
    }

    /// A request to pay arrives before anybody may take over its claim: a process that holds the
    /// folder alone takes over when the claim ran out, others when an operator gave his word.
    fn latest_payment(&self) -> Duration {
        let settings = &self.world.options().settings;
        match settings.exclusivity {
            crate::Exclusivity::Sole => settings.node_timeout,
            crate::Exclusivity::Shared => LONGEST_WAY,
        }
    }
}

#[async_trait]
impl FiberNode for Connection {
    async fn info(&self) -> Result<NodeInfo, NodeError> {
        self.ask(|node| node.info().clone()).await
    }

    async fn create_invoice(&self, request: InvoiceRequest) -> Result<Invoice, NodeError> {
        match self.command(Command::CreateInvoice(request), LONGEST_WAY).await? {
            Done::Created(invoice) => Ok(invoice),
            Done::Sent(_) => Err(no_answer()),
        }
    }

    async fn invoices(&self, hashes: &[PaymentHash]) -> Result<Vec<Option<InvoiceStatus>>, NodeError> {
        let out_of_date = self.world.strikes(Fault::OutOfDate);
        let now = || self.world.now();
        let answer = |node: &mut super::Node| {
            let of = |hash| node.answer_invoice(hash, out_of_date, now());
            hashes.iter().map(of).collect::<Vec<_>>()
        };
        let answers = self.ask(answer).await?;
        for InvoiceStatus { invoice, state } in answers.iter().flatten() {
            let truth = &mut self.world.state().node.truth;
            match state {
                InvoiceState::Paid => truth.say_paid(invoice.payment_hash),
                InvoiceState::Expired | InvoiceState::Cancelled => {
                    truth.say_ended(invoice.payment_hash, *state);
                }
                InvoiceState::Open | InvoiceState::Received => {}
            }
        }
        Ok(answers)
    }

    async fn decode_invoice(&self, encoded: &str) -> Result<DecodedInvoice, NodeError> {
        self.ask(|node| node.decode(encoded)).await?
    }

    async fn send_payment(&self, request: PaymentRequest) -> Result<PaymentStatus, NodeError> {
        let _under_way = UnderWay::begin(self.server.sending());
        let sender = self.server.sender();
        self.world
            .tell(|| format!("{}: sends a request to pay {}", self.server, short(&request.payment_hash)));
        self.world.watch(|oracle, sight| oracle.before_send(sight, sender, &request));
        match self.command(Command::SendPayment(request), self.latest_payment()).await? {
            Done::Sent(status) => Ok(status),
            Done::Created(_) => Err(no_answer()),
        }
    }

    async fn payment(&self, hash: PaymentHash) -> Result<Option<PaymentStatus>, NodeError> {
        let out_of_date = self.world.strikes(Fault::OutOfDate);
        let now = || self.world.now();
        let answer = self.ask(|node| node.answer_payment(&hash, out_of_date, now())).await?;
        if let Some(PaymentStatus { created_at, state: PaymentState::Failed { .. } }) = answer {
            self.world.state().node.truth.say_failed(hash, created_at);
        }
        self.world.tell(|| {
            let state = answer.as_ref().map(|status| &status.state);
            format!("{}: hears of the payment {}: {state:?}", self.server, short(&hash))
        });
        Ok(answer)
    }

    async fn liquidity(&self, asset: &Asset) -> Result<Liquidity, NodeError> {
        self.ask(|node| node.liquidity(asset)).await
    }

    fn hints(&self) -> BoxStream<'static, InvoiceHint> {
        self.world.state().node.listen().boxed()
    }
}
