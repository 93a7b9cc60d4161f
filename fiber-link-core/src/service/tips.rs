//! Creating tips and looking at them.

use super::{FiberLink, TRIES, too_many_writers};
use crate::{
    Activity, Amount, AppId, Asset, AssetId, ChangeSet, CommitError, Existing, IDEMPOTENCY_MEMORY,
    IdempotencyKey, IdempotencyRecord, IdempotencyScope, IdempotencySubject, IdempotentMethod,
    InvoiceRequest, InvoiceState, InvoiceStatus, NodeError, NodeStanding, Op, Page, ParamsDigest, Paused,
    PolicyRefusal, PostId, Preimage, SettledPosition, SettledQuery, StandingError, StoreError, Stored, Tip,
    TipId, TipLookup, TipPhase, TipPolicy, TipQuery, TipState, TipTerms, TipsOf, UserAccount, UserId,
    Version,
};

/// The most characters of a tip's message.
pub const MESSAGE_CHARACTERS: usize = 280;

/// A tip to be created.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TipRequest {
    /// The post that is tipped.
    pub post: PostId,
    /// Who tips.
    pub from_user: UserId,
    /// Who is credited.
    pub to_user: UserId,
    /// What is paid.
    pub asset: AssetId,
    /// How much, in base units; more than nothing.
    pub amount: Amount,
    /// A word to the creator; trimmed, at most [`MESSAGE_CHARACTERS`].
    pub message: Option<String>,
    /// Whether the creator is not told who tips.
    pub anonymous: bool,
    /// The caller's name for this request, so that a repeat acts once.
    pub idempotency_key: Option<IdempotencyKey>,
}

/// Why a tip was not created.
#[derive(Debug, thiserror::Error)]
pub enum CreateTipError {
    /// The asset is none of ours.
    #[error("asset {0} is not accepted here")]
    UnknownAsset(AssetId),
    /// A tip of nothing.
    #[error("the amount must be greater than zero")]
    AmountZero,
    /// The message is too long.
    #[error("the message must have at most {MESSAGE_CHARACTERS} characters, got {got}")]
    MessageTooLong {
        /// How many came.
        got: usize,
    },
    /// The key was used with other params.
    #[error("the idempotency key was used for another request")]
    IdempotencyConflict,
    /// The tip of this key was given up before there was an invoice.
    #[error("no invoice was made for the tip of this idempotency key: ask again with a new key")]
    GivenUp,
    /// The node makes no such invoice.
    #[error("the node refused to make the invoice")]
    NodeRefused(#[source] NodeError),
    /// The node is not the one that this hub works with.
    #[error("the node does not fit this hub")]
    NodeDoesNotFit(NodeStanding),
    /// The node gave no answer. A repeat with the same idempotency key carries on.
    #[error("the node cannot be reached")]
    NodeUnavailable(#[source] NodeError),
    /// A policy refuses.
    #[error(transparent)]
    Policy(#[from] PolicyRefusal),
    /// A switch stops tips.
    #[error(transparent)]
    Paused(#[from] Paused),
    /// The store failed. A repeat with the same idempotency key carries on.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl TipRequest {
    fn checked(mut self, link: &FiberLink) -> Result<(Self, Asset), CreateTipError> {
        let asset = link.assets().find(&self.asset).cloned();
        let asset = asset.ok_or_else(|| CreateTipError::UnknownAsset(self.asset.clone()))?;
        if self.amount.is_zero() {
            return Err(CreateTipError::AmountZero);
        }
        self.message = self.message.map(|m| m.trim().to_owned()).filter(|m| !m.is_empty());
        let got = self.message.as_ref().map_or(0, |m| m.chars().count());
        if got > MESSAGE_CHARACTERS {
            return Err(CreateTipError::MessageTooLong { got });
        }
        Ok((self, asset))
    }

    fn digest(&self) -> ParamsDigest {
        let amount = self.amount.to_string();
        let message = self.message.as_deref().unwrap_or_default();
        let names = [self.post.as_str(), self.from_user.as_str(), self.to_user.as_str(), self.asset.as_str()];
        // One that is not anonymous has the digest of requests from before there were others.
        let anonymous = self.anonymous.then_some("anonymous");
        let fields = names.into_iter().chain([amount.as_str(), message]).chain(anonymous);
        ParamsDigest::of(fields.map(str::as_bytes))
    }

    fn terms(&self, app: &AppId) -> TipTerms {
        TipTerms {
            app: app.clone(),
            post: self.post.clone(),
            from_user: self.from_user.clone(),
            to_user: self.to_user.clone(),
            asset: self.asset.clone(),
            amount: self.amount,
            message: self.message.clone(),
            anonymous: self.anonymous,
        }
    }
}

impl FiberLink {
    /// Creates a tip and its invoice.
    ///
    /// The payment hash is stored before the node is asked, so an invoice that can be paid is
    /// always one that we know.
    ///
    /// # Errors
    /// [`CreateTipError`]; where the node or the store gave no answer the tip may exist, and a
    /// repeat with the same idempotency key answers with it.
    ///
    /// # Cancellation
    /// Safe: see [`FiberLink`].
    pub async fn create_tip(&self, app: &AppId, request: TipRequest) -> Result<Tip, CreateTipError> {
        let (request, asset) = request.checked(self)?;
        let digest = request.digest();
        let scope = request.idempotency_key.clone().map(|key| IdempotencyScope {
            app: app.clone(),
            method: IdempotentMethod::TipCreate,
            key,
        });
        for _ in 0..TRIES {
            if let Some(scope) = &scope
                && let Some(tip) = self.find_created_tip(scope, digest).await?
            {
                return match tip.state() {
                    // It is open, so it has its room.
                    TipState::Creating => {
                        self.tips_allowed(app, &request, &asset).await?;
                        self.node_for_tips().await?;
                        self.issue(tip, asset).await
                    }
                    // Others may have its room by now.
                    TipState::Abandoned { .. } => Err(CreateTipError::GivenUp),
                    TipState::Unpaid { .. }
                    | TipState::Expired { .. }
                    | TipState::Cancelled { .. }
                    | TipState::Settled { .. } => Ok(tip.into_inner()),
                };
            }
            let policy = self.tips_allowed(app, &request, &asset).await?;
            // Before anything is stored: a tip that the node cannot issue is none.
            self.node_for_tips().await?;
            let now = self.now();
            let id = TipId::from_uuid(self.next_id(now));
            let payment_hash = Preimage::derive(&self.parts().seed, id).payment_hash();
            let tip = Tip::create(id, request.terms(app), payment_hash, now);
            let mut changes = ChangeSet::new().create_tip(tip.clone(), now);
            if let Some(ceiling) = policy.largest_balance {
                let (user, asset) = (request.to_user.clone(), asset.id.clone());
                let account = UserAccount { app: app.clone(), user, asset };
                changes = changes.with(Op::RequireRoom { account, ceiling });
            }
            if let Some(scope) = scope.clone() {
                let (subject, expires_at) = (IdempotencySubject::Tip(id), now.plus(IDEMPOTENCY_MEMORY));
                let record = IdempotencyRecord { scope, digest, subject, expires_at };
                changes = changes.with(Op::Remember { record, now });
            }
            match self.parts().store.commit(changes).await {
                Ok(()) => return self.issue(Stored::new(tip, Version::FIRST), asset).await,
                Err(CommitError::AlreadyExists(Existing::IdempotencyKey) | CommitError::Conflict) => {}
                Err(CommitError::NoRoom) => {
                    // The same request at the same time may have taken it: the key tells.
                    if let Some(scope) = &scope
                        && self.find_created_tip(scope, digest).await?.is_some()
                    {
                        continue;
                    }
                    let largest = asset.format(policy.largest_balance.unwrap_or(Amount::MAX));
                    let amount = asset.format(request.amount);
                    return Err(PolicyRefusal::AboveLargestBalance { amount, largest }.into());
                }
                Err(error) => return Err(super::unexpected(error).into()),
            }
        }
        Err(too_many_writers().into())
    }

    /// The tip of an invoice, if it is one of the app's. Answers from the store; a tip that may
    /// still be paid is asked about sooner for it.
    ///
    /// # Errors
    /// [`StoreError`] if the store failed.
    pub async fn find_tip(&self, app: &AppId, invoice: &str) -> Result<Option<Tip>, StoreError> {
        self.look_at_tip(app, TipLookup::Invoice(invoice.to_owned())).await
    }

    /// The tip of this id, if it is one of the app's; as [`find_tip`](Self::find_tip).
    ///
    /// # Errors
    /// [`StoreError`] if the store failed.
    pub async fn find_tip_by_id(&self, app: &AppId, id: TipId) -> Result<Option<Tip>, StoreError> {
        self.look_at_tip(app, TipLookup::Id(id)).await
    }

    async fn look_at_tip(&self, app: &AppId, lookup: TipLookup) -> Result<Option<Tip>, StoreError> {
        let tip = self.parts().store.find_tip(lookup).await?;
        let tip = tip.map(Stored::into_inner).filter(|tip| tip.terms().app == *app);
        if let Some(tip) = &tip
            && tip.settled_at().is_none()
            && self.parts().attention.look(tip.payment_hash(), self.now())
        {
            self.parts().settlement_wanted.raise();
        }
        Ok(tip)
    }

    /// Settled tips of an app in the order in which they were credited; none is ever skipped.
    ///
    /// # Errors
    /// [`StoreError`] if the store failed.
    pub async fn settled_tips(
        &self,
        app: &AppId,
        after: SettledPosition,
        limit: u32,
    ) -> Result<Vec<Tip>, StoreError> {
        let query = SettledQuery { app: app.clone(), after, limit };
        let tips = self.parts().store.settled_tips(query).await?;
        Ok(tips.into_iter().map(Stored::into_inner).collect())
    }

    /// Tips of an app, the newest first.
    ///
    /// # Errors
    /// [`StoreError`] if the store failed.
    pub async fn tips_of_app(
        &self,
        app: &AppId,
        phase: Option<TipPhase>,
        limit: u32,
    ) -> Result<Vec<Tip>, StoreError> {
        let of = TipsOf::App { app: app.clone(), phase };
        let tips = self.parts().store.tips(TipQuery::Newest { of, before: None, limit }).await?;
        Ok(tips.into_iter().map(Stored::into_inner).collect())
    }

    /// A page of tips, the newest first; at most `limit`, which is less than [`MAX_ROWS`](crate::MAX_ROWS).
    ///
    /// # Errors
    /// [`StoreError`] if the store failed.
    pub async fn list_tips(
        &self,
        of: TipsOf,
        before: Option<TipId>,
        limit: u32,
    ) -> Result<Page<Tip, TipId>, StoreError> {
        let query = TipQuery::Newest { of, before, limit: limit.saturating_add(1) };
        let tips = self.parts().store.tips(query).await?;
        Ok(Page::cut(tips.into_iter().map(Stored::into_inner).collect(), limit, Tip::id))
    }

    /// What the policy says of a new tip, unless it or a switch refuses it.
    async fn tips_allowed(
        &self,
        app: &AppId,
        request: &TipRequest,
        asset: &Asset,
    ) -> Result<TipPolicy, CreateTipError> {
        let users = [&request.from_user, &request.to_user];
        if let Some(paused) = self.find_pause(Activity::Tips, app, &users).await? {
            return Err(paused.into());
        }
        let policy = self.policy(app, asset).await?.tips;
        match policy.refusal(app, asset, request.amount) {
            Some(refusal) => Err(refusal.into()),
            None => Ok(policy),
        }
    }

    async fn node_for_tips(&self) -> Result<(), CreateTipError> {
        match self.checked_node().await {
            Ok(checked) if checked.standing.takes_tips() => Ok(()),
            Ok(checked) => Err(CreateTipError::NodeDoesNotFit(checked.standing)),
            Err(StandingError::Node(error)) => Err(CreateTipError::NodeUnavailable(error)),
            Err(StandingError::Store(error)) => Err(error.into()),
        }
    }

    async fn find_created_tip(
        &self,
        scope: &IdempotencyScope,
        digest: ParamsDigest,
    ) -> Result<Option<Stored<Tip>>, CreateTipError> {
        let Some(record) = self.parts().store.find_idempotency(scope, self.now()).await? else {
            return Ok(None);
        };
        match record.subject {
            IdempotencySubject::Tip(id) if record.digest == digest => {
                let tip = self.parts().store.find_tip(TipLookup::Id(id)).await?;
                tip.map(Some).ok_or_else(|| StoreError::backend("a remembered tip is gone").into())
            }
            IdempotencySubject::Tip(_) | IdempotencySubject::Withdrawal(_) => {
                Err(CreateTipError::IdempotencyConflict)
            }
        }
    }

    /// Asks the node for the invoice of a stored tip, or for what it knows of it.
    #[tracing::instrument(name = "tip", skip_all, fields(tip = %tip.id()))]
    async fn issue(&self, tip: Stored<Tip>, asset: Asset) -> Result<Tip, CreateTipError> {
        let terms = tip.terms();
        let request = InvoiceRequest {
            asset,
            amount: terms.amount,
            preimage: Preimage::derive(&self.parts().seed, tip.id()),
            expiry: self.parts().settings.invoice_expiry,
            description: format!("Tip for post {}", terms.post),
        };
        let status = match self.parts().node.create_invoice(request).await {
            Ok(invoice) => Some(InvoiceStatus { invoice, state: InvoiceState::Open }),
            Err(NodeError::InvoiceExists) => {
                let statuses = self.parts().node.invoices(&[tip.payment_hash()]).await;
                statuses.map_err(CreateTipError::NodeUnavailable)?.into_iter().next().flatten()
            }
            Err(error @ NodeError::Refused { .. }) => {
                self.record(tip, |tip, now| Ok(tip.refuse(now))).await?;
                return Err(CreateTipError::NodeRefused(error));
            }
            Err(error) => return Err(CreateTipError::NodeUnavailable(error)),
        };
        let unusable = |reason: &str| CreateTipError::NodeUnavailable(NodeError::NoAnswer(reason.into()));
        let status = status.ok_or_else(|| unusable("the node denies an invoice that it has"))?;
        let tip = self.record(tip, |tip, now| tip.observe(&status, now)).await?;
        match tip.state() {
            TipState::Creating => Err(unusable("the node made another invoice")),
            // Meanwhile, and nobody is shown the invoice.
            TipState::Abandoned { .. } => Err(CreateTipError::GivenUp),
            TipState::Unpaid { .. }
            | TipState::Expired { .. }
            | TipState::Cancelled { .. }
            | TipState::Settled { .. } => Ok(tip),
        }
    }
}

#[cfg(test)]
mod tests;
