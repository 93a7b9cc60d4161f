//! The ports of one server, on a tape: every call stops the pass until the explorer answers it.

use async_trait::async_trait;
use fiber_link_core::{
    Admission, AdmitError, Admitted, AppId, Asset, AssetKind, Attempt, AttemptQuery, AuditQuery, Balance,
    BalanceQuery, ChangeSet, Clock, CommitError, DecodedInvoice, Document, DocumentKey, DocumentQuery,
    EntryQuery, EventQuery, Existing, FiberNode, Hub, IdSource, IdempotencyRecord, IdempotencyScope, Invoice,
    InvoiceHint, InvoiceRequest, InvoiceStatus, Liquidity, ListedWorker, NodeError, NodeInfo,
    NumberedAuditRecord, NumberedEntry, NumberedEvent, PaymentHash, PaymentRequest, PaymentStatus,
    SettledQuery, Store, StoreError, Stored, TakeDue, Timestamp, Tip, TipLookup, TipQuery, TipTotals, Totals,
    UserAccount, UserId, Withdrawal, WithdrawalId, WithdrawalLookup, WithdrawalQuery, Worker, WorkerId,
};
use futures_util::stream::{self, BoxStream};
use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Poll, Waker};
use uuid::Uuid;

/// What a pass asks of store and node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Call {
    /// Which node it is.
    Info,
    /// The hub.
    Hub,
    /// What is due.
    TakeDue,
    /// The newest payment that we know was made.
    NewestSucceeded,
    /// The latest attempt.
    LatestAttempt(WithdrawalId),
    /// One withdrawal.
    Withdrawal(WithdrawalId),
    /// One server of the list.
    Worker(WorkerId),
    /// What operators set up.
    Document(DocumentKey),
    /// What the node knows of a payment.
    Payment(PaymentHash),
    /// What the node can send.
    Liquidity,
    /// A unit of work.
    Commit(ChangeSet),
    /// The one call that moves money.
    Send(PaymentRequest),
}

/// What store or node answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// The node is the one of the hub.
    Info(NodeInfo),
    /// The hub.
    Hub(Hub),
    /// What is due.
    Due(Vec<Stored<Withdrawal>>),
    /// An attempt.
    Attempt(Option<Stored<Attempt>>),
    /// A withdrawal.
    Withdrawal(Option<Stored<Withdrawal>>),
    /// A server.
    Worker(Option<Stored<Worker>>),
    /// What operators set up.
    Document(Option<Stored<Document>>),
    /// What the node knows.
    Payment(Option<PaymentStatus>),
    /// Enough of it.
    Liquidity(Liquidity),
    /// The unit of work is applied.
    Committed,
    /// The unit of work is refused.
    Refused(Refusal),
    /// No answer came: what was asked may or may not have been done.
    Nothing,
}

/// Why a unit of work was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// Another writer was first.
    Conflict,
    /// It is there already.
    AlreadyExists(Existing),
    /// The server was declared dead.
    DeclaredDead,
    /// The balance is too low.
    InsufficientFunds,
}

/// What lies on the tape.
#[derive(Debug)]
struct Reel {
    server: u8,
    now: Timestamp,
    ids: u8,
    clock_was_read: bool,
    asked: Option<Call>,
    answer: Option<Answer>,
    waker: Option<Waker>,
}

/// Store, node, clock and ids of one server. Clones are one tape.
#[derive(Clone, Debug)]
pub(crate) struct Tape(Arc<Mutex<Reel>>);

impl Tape {
    pub(crate) fn new(server: u8, now: Timestamp) -> Self {
        let reel =
            Reel { server, now, ids: 0, clock_was_read: false, asked: None, answer: None, waker: None };
        Self(Arc::new(Mutex::new(reel)))
    }

    fn reel(&self) -> MutexGuard<'_, Reel> {
        self.0.lock().unwrap()
    }

    /// The call that the pass waits for.
    pub(crate) fn asked(&self) -> Call {
        self.reel().asked.take().expect("a pass waits for nothing but its calls")
    }

    /// Lets the pass read this answer at `now`.
    pub(crate) fn answer(&self, answer: Answer, now: Timestamp) {
        let waker = {
            let mut reel = self.reel();
            reel.now = now;
            reel.answer = Some(answer);
            reel.clock_was_read = false;
            reel.waker.take()
        };
        waker.expect("a call waits").wake();
    }

    /// Whether the pass looked at the clock since the last answer.
    pub(crate) fn clock_was_read(&self) -> bool {
        self.reel().clock_was_read
    }

    async fn call(&self, call: Call) -> Answer {
        self.reel().asked = Some(call);
        poll_fn(|context| {
            let mut reel = self.reel();
            match reel.answer.take() {
                Some(answer) => Poll::Ready(answer),
                None => {
                    reel.waker = Some(context.waker().clone());
                    Poll::Pending
                }
            }
        })
        .await
    }
}

/// The id of a server: the first one that its tape makes.
pub(crate) fn worker_id(server: u8, opened_at: Timestamp) -> WorkerId {
    WorkerId::from_uuid(uuid_of(opened_at, server, 0))
}

/// The last byte is zero: retries wait without jitter.
fn uuid_of(now: Timestamp, server: u8, number: u8) -> Uuid {
    let random = [0, 0, server, number, 0, 0, 0, 0, 0, 0];
    uuid::Builder::from_unix_timestamp_millis(now.as_millis(), &random).into_uuid()
}

impl IdSource for Tape {
    fn next_id(&self, now: Timestamp) -> Uuid {
        let mut reel = self.reel();
        let id = uuid_of(now, reel.server, reel.ids);
        reel.ids += 1;
        id
    }
}

impl Clock for Tape {
    fn now(&self) -> Timestamp {
        let mut reel = self.reel();
        reel.clock_was_read = true;
        reel.now
    }
}

fn store_is_silent() -> StoreError {
    StoreError::backend("the answer was lost")
}

fn node_is_silent() -> NodeError {
    NodeError::NoAnswer("the answer was lost".into())
}

#[async_trait]
impl FiberNode for Tape {
    async fn info(&self) -> Result<NodeInfo, NodeError> {
        match self.call(Call::Info).await {
            Answer::Info(info) => Ok(info),
            _ => Err(node_is_silent()),
        }
    }

    async fn send_payment(&self, request: PaymentRequest) -> Result<PaymentStatus, NodeError> {
        // Whatever is answered, a pass asks afterwards.
        self.call(Call::Send(request)).await;
        Err(node_is_silent())
    }

    async fn payment(&self, hash: PaymentHash) -> Result<Option<PaymentStatus>, NodeError> {
        match self.call(Call::Payment(hash)).await {
            Answer::Payment(status) => Ok(status),
            _ => Err(node_is_silent()),
        }
    }

    async fn liquidity(&self, asset: &Asset) -> Result<Liquidity, NodeError> {
        assert!(matches!(asset.kind, AssetKind::Ckb));
        match self.call(Call::Liquidity).await {
            Answer::Liquidity(liquidity) => Ok(liquidity),
            _ => Err(node_is_silent()),
        }
    }

    fn hints(&self) -> BoxStream<'static, InvoiceHint> {
        Box::pin(stream::empty())
    }

    async fn create_invoice(&self, _: InvoiceRequest) -> Result<Invoice, NodeError> {
        unreachable!()
    }

    async fn invoices(&self, _: &[PaymentHash]) -> Result<Vec<Option<InvoiceStatus>>, NodeError> {
        unreachable!()
    }

    async fn decode_invoice(&self, _: &str) -> Result<DecodedInvoice, NodeError> {
        unreachable!()
    }
}

#[async_trait]
impl Store for Tape {
    async fn commit(&self, changes: ChangeSet) -> Result<(), CommitError> {
        match self.call(Call::Commit(changes)).await {
            Answer::Committed => Ok(()),
            Answer::Refused(Refusal::Conflict) => Err(CommitError::Conflict),
            Answer::Refused(Refusal::AlreadyExists(what)) => Err(CommitError::AlreadyExists(what)),
            Answer::Refused(Refusal::DeclaredDead) => Err(CommitError::DeclaredDead),
            Answer::Refused(Refusal::InsufficientFunds) => Err(CommitError::InsufficientFunds),
            _ => Err(store_is_silent().into()),
        }
    }

    async fn take_due_withdrawals(&self, _: TakeDue) -> Result<Vec<Stored<Withdrawal>>, StoreError> {
        match self.call(Call::TakeDue).await {
            Answer::Due(due) => Ok(due),
            _ => Err(store_is_silent()),
        }
    }

    async fn find_withdrawal(
        &self,
        lookup: WithdrawalLookup,
    ) -> Result<Option<Stored<Withdrawal>>, StoreError> {
        let WithdrawalLookup::Id(id) = lookup else { unreachable!() };
        match self.call(Call::Withdrawal(id)).await {
            Answer::Withdrawal(found) => Ok(found),
            _ => Err(store_is_silent()),
        }
    }

    async fn find_attempt(&self, query: AttemptQuery) -> Result<Option<Stored<Attempt>>, StoreError> {
        let call = match query {
            AttemptQuery::LatestOf(withdrawal) => Call::LatestAttempt(withdrawal),
            AttemptQuery::NewestSucceeded => Call::NewestSucceeded,
            AttemptQuery::NextOf { .. } => unreachable!("no pass asks for it"),
        };
        match self.call(call).await {
            Answer::Attempt(found) => Ok(found),
            _ => Err(store_is_silent()),
        }
    }

    async fn find_hub(&self) -> Result<Option<Hub>, StoreError> {
        match self.call(Call::Hub).await {
            Answer::Hub(hub) => Ok(Some(hub)),
            _ => Err(store_is_silent()),
        }
    }

    async fn find_worker(&self, id: WorkerId) -> Result<Option<Stored<Worker>>, StoreError> {
        match self.call(Call::Worker(id)).await {
            Answer::Worker(found) => Ok(found),
            _ => Err(store_is_silent()),
        }
    }

    async fn find_document(&self, key: &DocumentKey) -> Result<Option<Stored<Document>>, StoreError> {
        match self.call(Call::Document(key.clone())).await {
            Answer::Document(found) => Ok(found),
            _ => Err(store_is_silent()),
        }
    }

    /// For the start alone: the seed is checked against no tips.
    async fn tips(&self, _: TipQuery) -> Result<Vec<Stored<Tip>>, StoreError> {
        Ok(Vec::new())
    }

    /// For the start alone: nobody is taken off the list.
    async fn workers(&self, _: Option<WorkerId>, _: u32) -> Result<Vec<ListedWorker>, StoreError> {
        Ok(Vec::new())
    }

    async fn totals(&self) -> Result<Totals, StoreError> {
        unreachable!()
    }

    async fn take_due_tips(&self, _: TakeDue) -> Result<Vec<Stored<Tip>>, StoreError> {
        unreachable!()
    }

    async fn admit(&self, _: Admission) -> Result<Admitted, AdmitError> {
        unreachable!()
    }

    async fn find_tip(&self, _: TipLookup) -> Result<Option<Stored<Tip>>, StoreError> {
        unreachable!()
    }

    async fn settled_tips(&self, _: SettledQuery) -> Result<Vec<Stored<Tip>>, StoreError> {
        unreachable!()
    }

    async fn tip_totals(&self, _: &AppId, _: &UserId) -> Result<TipTotals, StoreError> {
        unreachable!()
    }

    async fn withdrawals(&self, _: WithdrawalQuery) -> Result<Vec<Stored<Withdrawal>>, StoreError> {
        unreachable!()
    }

    async fn balance(&self, _: &UserAccount) -> Result<Balance, StoreError> {
        unreachable!()
    }

    async fn balances(&self, _: BalanceQuery) -> Result<Vec<(UserAccount, Balance)>, StoreError> {
        unreachable!()
    }

    async fn entries(&self, _: EntryQuery) -> Result<Vec<NumberedEntry>, StoreError> {
        unreachable!()
    }

    async fn events(&self, _: EventQuery) -> Result<Vec<NumberedEvent>, StoreError> {
        unreachable!()
    }

    async fn find_idempotency(
        &self,
        _: &IdempotencyScope,
        _: Timestamp,
    ) -> Result<Option<IdempotencyRecord>, StoreError> {
        unreachable!()
    }

    async fn documents(&self, _: DocumentQuery) -> Result<Vec<Stored<Document>>, StoreError> {
        unreachable!()
    }

    async fn audit_records(&self, _: AuditQuery) -> Result<Vec<NumberedAuditRecord>, StoreError> {
        unreachable!()
    }
}
