//! What the simulated node pays, and how that ends.

use super::fact::{OutcomeFact, PaidFact, PaymentFact};
use crate::{
    Amount, DecodedInvoice, Network, NodeKey, PaymentHash, PaymentRequest, PaymentState, PendingTlc,
    Timestamp, TlcDirection,
};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::ops::Bound;
use std::str::FromStr;
use std::time::Duration;

/// How long a payment under way may be claimed.
const TIME_LOCK: Duration = Duration::from_secs(48 * 3600);

/// How a payment of somebody else's invoice ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Outcome {
    /// It is paid.
    #[default]
    Success,
    /// It fails on the way.
    Failure,
    /// It stays under way until another outcome is set.
    Hang,
    /// It is paid, and the answer to the sender is lost.
    LoseAnswer,
    /// It fails on the way, and the answer to the sender is lost.
    LoseAnswerFailure,
    /// The request itself is lost: nothing happens, and the sender gets no answer.
    LoseRequest,
}

/// A text that names no outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be one of success, failure, hang, lose_answer, lose_answer_failure, lose_request")]
pub struct UnknownOutcome;

impl Outcome {
    /// Every outcome.
    pub const ALL: [Self; 6] = [
        Self::Success,
        Self::Failure,
        Self::Hang,
        Self::LoseAnswer,
        Self::LoseAnswerFailure,
        Self::LoseRequest,
    ];

    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Failure => "failure",
            Self::Hang => "hang",
            Self::LoseAnswer => "lose_answer",
            Self::LoseAnswerFailure => "lose_answer_failure",
            Self::LoseRequest => "lose_request",
        }
    }

    pub(super) const fn loses_answer(self) -> bool {
        match self {
            Self::LoseAnswer | Self::LoseAnswerFailure | Self::LoseRequest => true,
            Self::Success | Self::Failure | Self::Hang => false,
        }
    }

    /// Where a session of this outcome stands; `None` where it does not move.
    fn session(self) -> Option<SessionState> {
        match self {
            Self::Success | Self::LoseAnswer => Some(SessionState::Succeeded),
            Self::Failure | Self::LoseAnswerFailure => {
                Some(SessionState::Failed("TemporaryChannelFailure".into()))
            }
            Self::Hang | Self::LoseRequest => None,
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Outcome {
    type Err = UnknownOutcome;

    fn from_str(text: &str) -> Result<Self, UnknownOutcome> {
        Self::ALL.into_iter().find(|outcome| outcome.as_str() == text).ok_or(UnknownOutcome)
    }
}

/// What the simulated node really paid under one hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SimulatedPayment {
    /// The hash that names the payment.
    pub payment_hash: PaymentHash,
    /// What the payee got each time.
    pub amount: Amount,
    /// What the way there cost each time.
    pub fee: Amount,
    /// How often it was paid: more than once would be money lost.
    pub times_paid: u32,
}

/// Where a session stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum SessionState {
    Pending,
    Succeeded,
    Failed(Box<str>),
}

/// One try to pay, the last one of its hash.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) created_at: Timestamp,
    pub(super) amount: Amount,
    pub(super) fee: Amount,
    pub(super) state: SessionState,
    pub(super) encoded: Option<Box<str>>,
}

impl Session {
    /// What a channel holds of it while it is under way.
    pub(super) fn pending_tlc(&self) -> Option<PendingTlc> {
        let is_pending = match self.state {
            SessionState::Pending => true,
            SessionState::Succeeded | SessionState::Failed(_) => false,
        };
        is_pending.then(|| PendingTlc {
            channel: "simulated".to_owned(),
            direction: TlcDirection::Offered,
            amount: self.amount.checked_add(self.fee).unwrap_or(Amount::MAX),
            expires_at: self.created_at.plus(TIME_LOCK),
            status: "Committed".to_owned(),
        })
    }

    pub(super) fn payment_state(&self) -> PaymentState {
        match &self.state {
            SessionState::Pending => PaymentState::Pending,
            SessionState::Succeeded => PaymentState::Succeeded { fee: self.fee },
            SessionState::Failed(reason) => PaymentState::Failed { reason: reason.to_string() },
        }
    }
}

/// All sessions, what was really paid, and the outcomes that were set.
#[derive(Debug, Default)]
pub(super) struct Payments {
    sessions: BTreeMap<PaymentHash, Session>,
    /// Never forgotten: money that left stays away, whatever the node remembers.
    paid: BTreeMap<PaymentHash, SimulatedPayment>,
    outcomes: HashMap<PaymentHash, Outcome>,
    last_created_at: Timestamp,
}

/// What the node knows when it is asked to pay.
pub(super) struct Circumstances {
    pub(super) network: Network,
    pub(super) key: NodeKey,
    /// What its channels of that asset can send.
    pub(super) outbound: Amount,
    pub(super) now: Timestamp,
}

/// A session to be stored.
pub(super) struct Begun {
    pub(super) fact: PaymentFact,
    /// What the sender is told if it failed at once.
    pub(super) refusal: Option<String>,
}

impl Payments {
    pub(super) fn find(&self, hash: &PaymentHash) -> Option<&Session> {
        self.sessions.get(hash)
    }

    pub(super) fn outcome(&self, hash: &PaymentHash) -> Outcome {
        self.outcomes.get(hash).copied().unwrap_or_default()
    }

    pub(super) fn paid(&self) -> impl Iterator<Item = SimulatedPayment> {
        self.paid.values().copied()
    }

    /// Sessions by hash, after `after`.
    pub(super) fn after(&self, after: Option<PaymentHash>) -> impl Iterator<Item = (&PaymentHash, &Session)> {
        let start = after.map_or(Bound::Unbounded, Bound::Excluded);
        self.sessions.range((start, Bound::Unbounded))
    }

    pub(super) fn forget(&mut self, hash: &PaymentHash) {
        self.sessions.remove(hash);
    }

    pub(super) fn apply_paid(&mut self, fact: PaidFact) {
        let PaidFact { hash, amount, fee, times } = fact;
        self.paid.insert(hash, SimulatedPayment { payment_hash: hash, amount, fee, times_paid: times });
    }

    fn count_paid(&mut self, hash: PaymentHash, amount: Amount, fee: Amount) {
        let nothing = SimulatedPayment { payment_hash: hash, amount, fee, times_paid: 0 };
        let paid = self.paid.entry(hash).or_insert(nothing);
        (paid.amount, paid.fee) = (amount, fee);
        paid.times_paid = paid.times_paid.saturating_add(1);
    }

    /// The session that `request` opens, or why it is refused without a trace.
    pub(super) fn begin(
        &self,
        request: &PaymentRequest,
        invoice: &DecodedInvoice,
        circumstances: &Circumstances,
    ) -> Result<Begun, String> {
        let hash = invoice.payment_hash;
        check_request(request, invoice, circumstances)?;
        match self.sessions.get(&hash).map(|session| &session.state) {
            Some(SessionState::Pending) => Err(format!(
                "Payment session already exists, stop start new payment actor for Hash256(0x{hash})"
            )),
            Some(SessionState::Succeeded) => Err(format!(
                "InvalidParameter: Payment session already exists: Hash256(0x{hash}) with payment session \
                 status: Success"
            )),
            Some(SessionState::Failed(_)) | None => {
                let fee = routing_fee(request.amount);
                let refusal = no_route(request, invoice, circumstances, fee)
                    .map(|reason| format!("Send payment error: Failed to build route, {reason}"));
                let state = match &refusal {
                    Some(reason) => SessionState::Failed(reason.as_str().into()),
                    None => self.outcome(&hash).session().unwrap_or(SessionState::Pending),
                };
                let after_last = self.last_created_at.plus(Duration::from_millis(1));
                let created_at = circumstances.now.max(after_last);
                let encoded = Some(request.encoded.as_str().into());
                let fact = PaymentFact { hash, created_at, amount: request.amount, fee, state, encoded };
                Ok(Begun { fact, refusal })
            }
        }
    }

    pub(super) fn apply_payment(&mut self, fact: PaymentFact) {
        self.last_created_at = self.last_created_at.max(fact.created_at);
        if fact.state == SessionState::Succeeded {
            self.count_paid(fact.hash, fact.amount, fact.fee);
        }
        let session = Session {
            created_at: fact.created_at,
            amount: fact.amount,
            fee: fact.fee,
            state: fact.state,
            encoded: fact.encoded,
        };
        self.sessions.insert(fact.hash, session);
    }

    /// Whether a payment hangs that would end by `outcome`.
    pub(super) fn ends(&self, hash: &PaymentHash, outcome: Outcome) -> bool {
        outcome.session().is_some() && self.find(hash).is_some_and(|s| s.state == SessionState::Pending)
    }

    /// Keeps an outcome; a payment that hangs ends by it.
    pub(super) fn apply_outcome(&mut self, fact: OutcomeFact) {
        if fact.outcome == Outcome::default() {
            self.outcomes.remove(&fact.hash);
        } else {
            self.outcomes.insert(fact.hash, fact.outcome);
        }
        let hanging = self.sessions.get_mut(&fact.hash).filter(|s| s.state == SessionState::Pending);
        if let (Some(session), Some(state)) = (hanging, fact.outcome.session()) {
            let (amount, fee, paid) = (session.amount, session.fee, state == SessionState::Succeeded);
            session.state = state;
            if paid {
                self.count_paid(fact.hash, amount, fee);
            }
        }
    }
}

/// 0.1 %, rounded up, as over one forwarder.
fn routing_fee(amount: Amount) -> Amount {
    Amount::try_from(amount.units().div_ceil(1000).max(1)).unwrap_or(Amount::MAX)
}

/// What a real node checks before it stores anything.
fn check_request(
    request: &PaymentRequest,
    invoice: &DecodedInvoice,
    circumstances: &Circumstances,
) -> Result<(), String> {
    let wrong = if invoice.network != circumstances.network {
        "invoice is for another network"
    } else if invoice.expires_at.is_some_and(|expiry| expiry < circumstances.now) {
        "invoice is expired"
    } else if request.payment_hash != invoice.payment_hash {
        "payment_hash does not match the invoice"
    } else if request.amount.is_zero() {
        "amount must be greater than 0"
    } else if invoice.amount != Some(request.amount) {
        "amount does not match the invoice"
    } else {
        return Ok(());
    };
    Err(format!("InvalidParameter: Failed to validate payment request: \"{wrong}\""))
}

/// Why there is no way to the payee: then a real node stores a failed session.
fn no_route(
    request: &PaymentRequest,
    invoice: &DecodedInvoice,
    circumstances: &Circumstances,
    fee: Amount,
) -> Option<String> {
    if invoice.payee == Some(circumstances.key) {
        return Some(
            "Feature not enabled: allow_self_payment is not enabled, can not pay to self".to_owned(),
        );
    }
    let no_path = || Some("PathFind error: no path found".to_owned());
    let outbound = circumstances.outbound;
    if request.amount.checked_add(fee).is_none_or(|required| required > outbound) {
        return Some(format!(
            "Insufficient balance: max outbound liquidity {outbound} is insufficient, required amount: {}",
            request.amount
        ));
    }
    if fee > request.fee_limit { no_path() } else { None }
}
