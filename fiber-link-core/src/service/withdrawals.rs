//! Quoting and requesting withdrawals.

use super::destination::{CheckedDestination, DestinationError, asked_of};
use super::reviews::{Payout, Sifted};
use super::{DestinationRefusal, FiberLink, TRIES, too_many_writers};
use crate::{
    Acceptance, Activity, Amount, AppId, Asset, AssetId, Balance, ChangeSet, CommitError, CountTowardsLimit,
    Destination, Existing, FeeBearer, IDEMPOTENCY_MEMORY, IdempotencyKey, IdempotencyRecord,
    IdempotencyScope, IdempotencySubject, IdempotentMethod, LimitExceeded, LimitExcess, LimitKey, LimitScope,
    NodeError, NodeKey, Op, ParamsDigest, Paused, Policy, PolicyRefusal, Review, ReviewPolicy, ReviewReason,
    StoreError, Stored, Timestamp, UserAccount, UserId, Withdrawal, WithdrawalId, WithdrawalLookup,
    WithdrawalPolicy, WithdrawalTerms, posting,
};

/// A withdrawal to be quoted or requested.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WithdrawalRequest {
    /// Whose money it is.
    pub user: UserId,
    /// What is withdrawn.
    pub asset: AssetId,
    /// How much the destination gets, in base units; more than nothing.
    pub amount: Amount,
    /// Where it goes.
    pub destination: RequestedDestination,
    /// The highest fee that the user was promised, in base units: with another one the request is refused.
    /// Any will do where nothing is said.
    pub network_fee: Option<Amount>,
    /// The caller's name for this request, so that a repeat acts once.
    pub idempotency_key: Option<IdempotencyKey>,
}

/// Where a withdrawal is asked to go, before it is checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RequestedDestination {
    /// A Fiber invoice.
    PaymentRequest(String),
    /// An address on the chain. Withdrawals to it need a signer, and there is none yet.
    CkbAddress(String),
}

/// What a withdrawal would cost and whether it would be accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quote {
    /// The asset.
    pub asset: Asset,
    /// What was asked.
    pub amount: Amount,
    /// The least that may be withdrawn to such a destination.
    pub minimum: Amount,
    /// The largest amount that fits into the balance with its fee and into the limit per request.
    pub maximum: Amount,
    /// What the user has.
    pub balance: Balance,
    /// The highest fee that the user may come to pay.
    pub network_fee: Amount,
    /// What the destination gets.
    pub receive_amount: Amount,
    /// Whether the destination can be paid.
    pub destination: Result<(), QuoteProblem>,
    /// Why people would look at it before it is paid; nothing if they would not.
    pub review: Vec<ReviewReason>,
    /// Why the withdrawal would be refused, if it would be.
    pub problem: Option<QuoteProblem>,
}

/// Why a quoted withdrawal would be refused. The messages are for people.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QuoteProblem {
    /// Too little.
    #[error("Minimum withdrawal is {minimum} {asset}.")]
    BelowMinimum {
        /// In whole units.
        minimum: String,
        /// The asset.
        asset: AssetId,
    },
    /// Too much for the balance.
    #[error("Amount exceeds your available balance.")]
    AboveBalance,
    /// A policy refuses.
    #[error(transparent)]
    Policy(#[from] PolicyRefusal),
    /// The destination cannot be paid.
    #[error(transparent)]
    Destination(#[from] DestinationRefusal),
    /// A switch stops withdrawals.
    #[error(transparent)]
    Paused(#[from] Paused),
}

/// Why there is no quote.
#[derive(Debug, thiserror::Error)]
pub enum QuoteError {
    /// The asset is none of ours.
    #[error("asset {0} is not accepted here")]
    UnknownAsset(AssetId),
    /// A withdrawal of nothing.
    #[error("the amount must be greater than zero")]
    AmountZero,
    /// The node gave no answer about the destination.
    #[error("the node cannot be reached")]
    NodeUnavailable(#[source] NodeError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why it is not known what an invoice asks.
#[derive(Debug, thiserror::Error)]
pub enum AskedAmountError {
    /// The asset is none of ours.
    #[error("asset {0} is not accepted here")]
    UnknownAsset(AssetId),
    /// It asks for no amount of this asset, or is no invoice.
    #[error(transparent)]
    Destination(#[from] DestinationRefusal),
    /// The node gave no answer.
    #[error("the node cannot be reached")]
    NodeUnavailable(#[source] NodeError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why a withdrawal was not accepted. Nothing is reserved then, except where the store failed:
/// a repeat with the same idempotency key tells.
#[derive(Debug, thiserror::Error)]
pub enum WithdrawError {
    /// The asset is none of ours.
    #[error("asset {0} is not accepted here")]
    UnknownAsset(AssetId),
    /// A withdrawal of nothing.
    #[error("the amount must be greater than zero")]
    AmountZero,
    /// The key was used with other params.
    #[error("the idempotency key was used for another request")]
    IdempotencyConflict,
    /// A policy refuses.
    #[error(transparent)]
    Policy(#[from] PolicyRefusal),
    /// The destination cannot be paid.
    #[error(transparent)]
    Destination(#[from] DestinationRefusal),
    /// The highest fee is another one than the user was promised. Amounts are whole units, as people write
    /// them.
    #[error("the network fee limit is {found}, but {promised} was promised")]
    OtherFee {
        /// What it would be now.
        found: String,
        /// What the request says.
        promised: String,
    },
    /// A switch stops withdrawals.
    #[error(transparent)]
    Paused(#[from] Paused),
    /// Amount and fee are more than is available.
    #[error("Insufficient balance for withdrawal")]
    InsufficientFunds,
    /// The node gave no answer about the destination.
    #[error("the node cannot be reached")]
    NodeUnavailable(#[source] NodeError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A request with what its policy says about it.
struct Considered {
    asset: Asset,
    policy: WithdrawalPolicy,
    review: ReviewPolicy,
    fee_limit: Amount,
}

impl WithdrawalRequest {
    fn digest(&self) -> ParamsDigest {
        let (kind, destination) = match &self.destination {
            RequestedDestination::PaymentRequest(invoice) => ("payment request", invoice),
            RequestedDestination::CkbAddress(address) => ("address", address),
        };
        let amount = self.amount.to_string();
        // A request that names no fee has the digest of requests from before one could.
        let fee = self.network_fee.map(|fee| fee.to_string());
        let fields = [self.user.as_str(), self.asset.as_str(), &amount, kind, destination];
        ParamsDigest::of(fields.into_iter().chain(fee.as_deref()).map(str::as_bytes))
    }

    fn account(&self, app: &AppId) -> UserAccount {
        UserAccount { app: app.clone(), user: self.user.clone(), asset: self.asset.clone() }
    }

    fn payout<'a>(&'a self, app: &'a AppId, payee: Option<NodeKey>) -> Payout<'a> {
        Payout { app, user: &self.user, asset: &self.asset, amount: self.amount, payee }
    }

    fn minimum(&self, policy: &WithdrawalPolicy) -> Amount {
        match self.destination {
            RequestedDestination::PaymentRequest(_) => policy.minimum,
            RequestedDestination::CkbAddress(_) => policy.minimum_to_address,
        }
    }
}

impl Considered {
    /// What the user may come to pay beside the amount.
    fn network_fee(&self) -> Amount {
        match self.policy.fee_bearer {
            FeeBearer::User => self.fee_limit,
            FeeBearer::Hub => Amount::ZERO,
        }
    }

    /// Refuses a request that names another fee.
    fn check_fee(&self, request: &WithdrawalRequest) -> Result<(), WithdrawError> {
        let (fee, whole) = (self.network_fee(), |amount| self.asset.format(amount));
        match request.network_fee {
            Some(promised) if promised != fee => {
                Err(WithdrawError::OtherFee { found: whole(fee), promised: whole(promised) })
            }
            Some(_) | None => Ok(()),
        }
    }

    fn maximum(&self, balance: Balance) -> Amount {
        let affordable = match self.policy.fee_bearer {
            FeeBearer::User => self.policy.fee.largest(balance.available),
            FeeBearer::Hub => balance.available,
        };
        affordable.min(self.policy.per_request)
    }

    /// The rules that need no counting.
    fn refusal(&self, app: &AppId, request: &WithdrawalRequest) -> Option<PolicyRefusal> {
        let policy = &self.policy;
        if policy.allowed && matches!(request.destination, RequestedDestination::CkbAddress(_)) {
            return Some(PolicyRefusal::SignerNotConfigured);
        }
        policy.refusal(app, &self.asset, request.amount, request.minimum(policy))
    }
}

impl FiberLink {
    /// What a withdrawal would cost, and whether it would be accepted now. Reserves nothing.
    ///
    /// # Errors
    /// [`QuoteError`] if the request makes no sense or node or store do not answer.
    pub async fn quote_withdrawal(
        &self,
        app: &AppId,
        request: &WithdrawalRequest,
    ) -> Result<Quote, QuoteError> {
        let asset = self.assets().find(&request.asset).cloned();
        let asset = asset.ok_or_else(|| QuoteError::UnknownAsset(request.asset.clone()))?;
        if request.amount.is_zero() {
            return Err(QuoteError::AmountZero);
        }
        let (considered, _) = self.consider(app, asset, request.amount).await?;
        let balance = self.parts().store.balance(&request.account(app)).await?;
        let destination = self.quoted_destination(request, &considered).await?;
        let review = match &destination {
            Ok(payee) => {
                let payout = request.payout(app, *payee);
                self.sift(payout, &considered.review, self.now()).await?.reasons
            }
            Err(_) => Vec::new(),
        };
        let destination = destination.map(drop);
        let (network_fee, minimum) = (considered.network_fee(), request.minimum(&considered.policy));
        let fits = request.amount.checked_add(network_fee).is_some_and(|sum| sum <= balance.available);
        let paused = self.find_pause(Activity::Withdrawals, app, &[&request.user]).await?;
        let problem = if let Some(paused) = paused {
            Some(paused.into())
        } else if request.amount < minimum {
            let (minimum, asset) = (considered.asset.format(minimum), considered.asset.id.clone());
            Some(QuoteProblem::BelowMinimum { minimum, asset })
        } else if !fits {
            Some(QuoteProblem::AboveBalance)
        } else if let Some(refusal) = considered.refusal(app, request) {
            Some(refusal.into())
        } else {
            destination.clone().err()
        };
        Ok(Quote {
            amount: request.amount,
            minimum,
            maximum: considered.maximum(balance),
            balance,
            network_fee,
            receive_amount: request.amount,
            destination,
            review,
            problem,
            asset: considered.asset,
        })
    }

    /// What an invoice asks, for a withdrawal of it.
    ///
    /// # Errors
    /// [`AskedAmountError`] if it asks for no amount of this asset, or the node does not answer.
    pub async fn asked_amount(&self, asset: &AssetId, encoded: &str) -> Result<Amount, AskedAmountError> {
        let found = self.assets().find(asset);
        let asset = found.ok_or_else(|| AskedAmountError::UnknownAsset(asset.clone()))?;
        let decoded = self.decode_payment_request(encoded).await;
        let asked = decoded.and_then(|invoice| Ok(asked_of(&invoice, asset)?));
        asked.map_err(|error| match error {
            DestinationError::Refused(refusal) => refusal.into(),
            DestinationError::Node(error) => AskedAmountError::NodeUnavailable(error),
            DestinationError::Store(error) => error.into(),
        })
    }

    /// Accepts a withdrawal: checks it, reserves amount and highest fee, and leaves the rest to the
    /// payout passes.
    ///
    /// # Errors
    /// [`WithdrawError`] says why not.
    ///
    /// # Cancellation
    /// Safe: see [`FiberLink`].
    pub async fn request_withdrawal(
        &self,
        app: &AppId,
        request: WithdrawalRequest,
    ) -> Result<Withdrawal, WithdrawError> {
        let asset = self.assets().find(&request.asset).cloned();
        let asset = asset.ok_or_else(|| WithdrawError::UnknownAsset(request.asset.clone()))?;
        if request.amount.is_zero() {
            return Err(WithdrawError::AmountZero);
        }
        let digest = request.digest();
        let scope = request.idempotency_key.clone().map(|key| IdempotencyScope {
            app: app.clone(),
            method: IdempotentMethod::WithdrawalRequest,
            key,
        });
        for _ in 0..TRIES {
            if let Some(scope) = &scope
                && let Some(withdrawal) = self.find_requested(scope, digest).await?
            {
                return Ok(withdrawal);
            }
            let remembered = scope.clone().map(|scope| (scope, digest));
            if let Some(withdrawal) = self.try_request(app, &request, asset.clone(), remembered).await? {
                self.parts().payouts_wanted.raise();
                return Ok(withdrawal);
            }
        }
        Err(too_many_writers().into())
    }

    /// One try; `None` if another writer was first and it is to be decided again.
    async fn try_request(
        &self,
        app: &AppId,
        request: &WithdrawalRequest,
        asset: Asset,
        remembered: Option<(IdempotencyScope, ParamsDigest)>,
    ) -> Result<Option<Withdrawal>, WithdrawError> {
        if let Some(paused) = self.find_pause(Activity::Withdrawals, app, &[&request.user]).await? {
            return Err(paused.into());
        }
        let (considered, required) = self.consider(app, asset, request.amount).await?;
        if let Some(refusal) = considered.refusal(app, request) {
            return Err(refusal.into());
        }
        if let Err(other_fee) = considered.check_fee(request) {
            return self.unless_accepted(remembered, other_fee).await;
        }
        let now = self.now();
        let keyed = remembered.is_some();
        let destination = match self.checked_destination(request, &considered.asset, now).await {
            Err(used @ WithdrawError::Destination(DestinationRefusal::AlreadyUsed)) => {
                return self.unless_accepted(remembered, used).await;
            }
            checked => checked?,
        };
        let CheckedDestination { invoice, payee } = destination;
        let Sifted { reasons, writes } =
            self.sift(request.payout(app, payee), &considered.review, now).await?;
        let accepted_as = match reasons.is_empty() {
            true => self.acceptance(&considered, request.amount).await,
            false => Acceptance::AwaitingReview,
        };
        let id = WithdrawalId::from_uuid(self.next_id(now));
        let terms = WithdrawalTerms {
            app: app.clone(),
            user: request.user.clone(),
            asset: request.asset.clone(),
            amount: request.amount,
            fee_limit: considered.fee_limit,
            fee_bearer: considered.policy.fee_bearer,
            accepted_as,
            destination: Destination::PaymentRequest(invoice),
        };
        let withdrawal = Withdrawal::request(id, terms, now);
        if withdrawal.reserved().is_none() {
            return Err(WithdrawError::InsufficientFunds);
        }
        let mut changes = ChangeSet::new().with(required).create_withdrawal(withdrawal.clone(), now);
        if accepted_as == Acceptance::AwaitingReview {
            let review = Review::of(&withdrawal, payee, reasons);
            changes = changes.with(Op::CreateDocument(review.to_document()));
        }
        changes = writes.into_iter().fold(changes, ChangeSet::with);
        for entry in posting::of_withdrawal(&withdrawal) {
            changes = changes.post(entry);
        }
        for count in limit_counts(&withdrawal, &considered.policy, now) {
            changes = changes.with(Op::CountTowardsLimit(count));
        }
        if let Some((scope, digest)) = remembered {
            let (subject, expires_at) = (IdempotencySubject::Withdrawal(id), now.plus(IDEMPOTENCY_MEMORY));
            let record = IdempotencyRecord { scope, digest, subject, expires_at };
            changes = changes.with(Op::Remember { record, now });
        }
        match self.parts().store.commit(changes).await {
            Ok(()) => Ok(Some(withdrawal)),
            Err(
                CommitError::Conflict
                | CommitError::AlreadyExists(Existing::IdempotencyKey | Existing::Document),
            ) => Ok(None),
            Err(CommitError::AlreadyExists(Existing::Withdrawal)) if keyed => Ok(None),
            Err(CommitError::AlreadyExists(Existing::Withdrawal)) => {
                Err(DestinationRefusal::AlreadyUsed.into())
            }
            Err(CommitError::InsufficientFunds) => Err(WithdrawError::InsufficientFunds),
            Err(CommitError::LimitExceeded(exceeded)) => {
                Err(limit_refusal(&exceeded, &considered.asset, now).into())
            }
            Err(error) => Err(super::unexpected(error).into()),
        }
    }

    /// What the policy that holds now says of a request, and what must still be so when it is accepted.
    async fn consider(
        &self,
        app: &AppId,
        asset: Asset,
        amount: Amount,
    ) -> Result<(Considered, Op), StoreError> {
        let (Policy { withdrawals: policy, review, .. }, required) = self.policy_now(app, &asset).await?;
        let fee_limit = policy.fee.limit(amount).unwrap_or(Amount::MAX);
        Ok((Considered { asset, policy, review, fee_limit }, required))
    }

    async fn checked_destination(
        &self,
        request: &WithdrawalRequest,
        asset: &Asset,
        now: Timestamp,
    ) -> Result<CheckedDestination, WithdrawError> {
        let encoded = match &request.destination {
            RequestedDestination::PaymentRequest(encoded) => encoded,
            RequestedDestination::CkbAddress(_) => return Err(PolicyRefusal::SignerNotConfigured.into()),
        };
        let checked = self.check_payment_request(encoded, asset, request.amount, now).await;
        checked.map_err(|error| match error {
            DestinationError::Refused(refusal) => refusal.into(),
            DestinationError::Node(error) => WithdrawError::NodeUnavailable(error),
            DestinationError::Store(error) => error.into(),
        })
    }

    async fn quoted_destination(
        &self,
        request: &WithdrawalRequest,
        considered: &Considered,
    ) -> Result<Result<Option<NodeKey>, QuoteProblem>, QuoteError> {
        match self.checked_destination(request, &considered.asset, self.now()).await {
            Ok(checked) => Ok(Ok(checked.payee)),
            Err(WithdrawError::Destination(refusal)) => Ok(Err(refusal.into())),
            Err(WithdrawError::Policy(refusal)) => Ok(Err(refusal.into())),
            Err(WithdrawError::NodeUnavailable(error)) => Err(QuoteError::NodeUnavailable(error)),
            Err(WithdrawError::Store(error)) => Err(error.into()),
            Err(
                error @ (WithdrawError::UnknownAsset(_)
                | WithdrawError::AmountZero
                | WithdrawError::IdempotencyConflict
                | WithdrawError::OtherFee { .. }
                | WithdrawError::Paused(_)
                | WithdrawError::InsufficientFunds),
            ) => Err(StoreError::backend(error).into()),
        }
    }

    /// Whether the node can send amount and fee now; a node that does not answer is asked again by
    /// the payout pass.
    async fn acceptance(&self, considered: &Considered, amount: Amount) -> Acceptance {
        let needed = amount.checked_add(considered.fee_limit);
        match self.parts().node.liquidity(&considered.asset).await {
            Ok(liquidity) if needed.is_none_or(|needed| needed > liquidity.outbound) => {
                Acceptance::LiquidityPending
            }
            Ok(_) => Acceptance::Pending,
            Err(error) => {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "the node does not tell its liquidity"
                );
                Acceptance::Pending
            }
        }
    }

    /// A refusal, unless the same request was accepted since it was looked for: the key tells.
    async fn unless_accepted(
        &self,
        remembered: Option<(IdempotencyScope, ParamsDigest)>,
        refusal: WithdrawError,
    ) -> Result<Option<Withdrawal>, WithdrawError> {
        let Some((scope, digest)) = remembered else { return Err(refusal) };
        self.find_requested(&scope, digest).await?.map(Some).ok_or(refusal)
    }

    async fn find_requested(
        &self,
        scope: &IdempotencyScope,
        digest: ParamsDigest,
    ) -> Result<Option<Withdrawal>, WithdrawError> {
        let Some(record) = self.parts().store.find_idempotency(scope, self.now()).await? else {
            return Ok(None);
        };
        match record.subject {
            IdempotencySubject::Withdrawal(id) if record.digest == digest => {
                let withdrawal = self.parts().store.find_withdrawal(WithdrawalLookup::Id(id)).await?;
                let withdrawal = withdrawal.map(Stored::into_inner);
                withdrawal
                    .map(Some)
                    .ok_or_else(|| StoreError::backend("a remembered withdrawal is gone").into())
            }
            IdempotencySubject::Tip(_) | IdempotencySubject::Withdrawal(_) => {
                Err(WithdrawError::IdempotencyConflict)
            }
        }
    }
}

/// The counters that a withdrawal adds to: its user's and its app's.
pub(crate) fn limit_keys(withdrawal: &Withdrawal) -> [LimitKey; 2] {
    let UserAccount { app, user, asset } = withdrawal.account();
    let of = |scope| LimitKey { app: app.clone(), scope, asset: asset.clone() };
    [of(LimitScope::User(user)), of(LimitScope::App)]
}

pub(crate) fn limit_counts(
    withdrawal: &Withdrawal,
    policy: &WithdrawalPolicy,
    now: Timestamp,
) -> [CountTowardsLimit; 2] {
    limit_keys(withdrawal).map(|key| {
        let (ceiling, cooldown) = match key.scope {
            LimitScope::User(_) => (policy.per_user_daily, policy.cooldown),
            LimitScope::App => (policy.per_app_daily, std::time::Duration::ZERO),
        };
        CountTowardsLimit { key, amount: withdrawal.terms().amount, ceiling, cooldown, now }
    })
}

pub(crate) fn limit_refusal(exceeded: &LimitExceeded, asset: &Asset, now: Timestamp) -> PolicyRefusal {
    match (&exceeded.scope, exceeded.excess) {
        (LimitScope::User(_), LimitExcess::Ceiling { total, ceiling }) => {
            PolicyRefusal::UserDaily { total: asset.format(total), limit: asset.format(ceiling) }
        }
        (LimitScope::App, LimitExcess::Ceiling { total, ceiling }) => {
            PolicyRefusal::AppDaily { total: asset.format(total), limit: asset.format(ceiling) }
        }
        (LimitScope::User(_) | LimitScope::App, LimitExcess::Cooldown { until }) => PolicyRefusal::Cooldown {
            seconds: until.since(now).as_millis().div_ceil(1000).try_into().unwrap_or(u64::MAX),
        },
    }
}

#[cfg(test)]
mod tests;
