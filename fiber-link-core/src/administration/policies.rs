//! Policies of apps: what holds, what held, and what another one would have done.

use super::{Administration, ChangeError, json, written};
use crate::policy::{PREVIEWED, PastWithdrawal, preview};
use crate::service::{TRIES, too_many_writers, unexpected, unset};
use crate::{
    Action, AppId, Asset, AssetId, ChangeSet, CommitError, DocumentKind, DocumentQuery, Existing, MAX_ROWS,
    Op, Policy, PolicyPreview, PolicyVersion, Reason, Store, StoreError, Stored, Tip, TipQuery, TipsOf,
    UserId, Withdrawal, WithdrawalQuery, WithdrawalsOf,
};
use std::collections::BTreeMap;

impl Administration {
    /// The policy of `asset` in an app, and its version: none where the settings say what holds.
    ///
    /// # Errors
    /// [`ChangeError::NoSuchApp`].
    pub async fn policy(
        &self,
        app: &AppId,
        asset: &Asset,
    ) -> Result<(Policy, Option<PolicyVersion>), ChangeError> {
        self.require(Action::ShowPolicy, Some(app))?;
        let (policy, set) = self.current(app, asset).await?;
        Ok((policy, set.map(Stored::into_inner)))
    }

    /// Changes the policy of `asset` in an app: `change` gets the one that holds. What it leaves alone
    /// stays as it is, also if somebody else changes that at the same time. The version before is kept.
    ///
    /// # Errors
    /// [`ChangeError::Policy`] if it contradicts itself, and [`ChangeError::NoSuchApp`].
    pub async fn change_policy(
        &self,
        app: &AppId,
        asset: &Asset,
        reason: &Reason,
        change: impl Fn(&mut Policy) + Send,
    ) -> Result<PolicyVersion, ChangeError> {
        self.require(Action::SetPolicy, Some(app))?;
        for _ in 0..TRIES {
            let (before, set) = self.current(app, asset).await?;
            let mut policy = before.clone();
            change(&mut policy);
            policy.check(asset)?;
            let fees = |policy: &Policy| (policy.withdrawals.fee, policy.withdrawals.fee_bearer);
            if fees(&policy) != fees(&before) {
                self.require(Action::SetFees, Some(app))?;
            }
            if policy.review.is_weaker_than(&before.review) {
                self.require(Action::WeakenReview, Some(app))?;
            }
            let (now, operator) = (self.clock.now(), self.authority.operator().clone());
            let next = PolicyVersion::after(set.as_deref(), policy, now, operator, reason);
            let current = next.to_document(PolicyVersion::key(app, &asset.id), app);
            let kept = next.to_document(PolicyVersion::key_of(app, &asset.id, next.number), app);
            let (before, after) = (Some(json(&before)), Some(json(&next.policy)));
            let record = self.record(Action::SetPolicy, Some(app), asset.id.as_str(), before, after, reason);
            let changes = ChangeSet::new()
                .with(written(current, set.as_ref()))
                .with(Op::CreateDocument(kept))
                .with(Op::Audit(record));
            match self.store.commit(changes).await {
                Ok(()) => return Ok(next),
                Err(CommitError::Conflict | CommitError::AlreadyExists(Existing::Document)) => {}
                Err(error) => return Err(unexpected(error).into()),
            }
        }
        Err(too_many_writers().into())
    }

    /// Versions of a policy by number, after `after`; at most `limit`.
    ///
    /// # Errors
    /// [`ChangeError::NoSuchApp`] for an app that is not to be seen.
    pub async fn policy_versions(
        &self,
        app: &AppId,
        asset: &AssetId,
        after: u32,
        limit: u32,
    ) -> Result<Vec<PolicyVersion>, ChangeError> {
        self.require(Action::ShowPolicy, Some(app))?;
        let first = PolicyVersion::key_of(app, asset, after);
        let last = PolicyVersion::key_of(app, asset, u32::MAX);
        let query = DocumentQuery {
            kind: DocumentKind::PolicyVersion,
            app: Some(app.clone()),
            after: Some(first.name),
            limit,
        };
        let documents = self.store.documents(query).await?.into_iter();
        // Those of another asset of the app may follow.
        let own = documents.take_while(|document| document.key.name <= last.name);
        let versions = own.map(|document| PolicyVersion::from_document(document).map(Stored::into_inner));
        Ok(versions.collect::<Result<_, _>>()?)
    }

    /// What the policy that holds would have done to the last hundred tips and withdrawals in `asset`, if it
    /// had been changed so. Looks at the newest thousand of the app.
    ///
    /// # Errors
    /// [`ChangeError::Policy`] if it contradicts itself, and [`ChangeError::NoSuchApp`].
    pub async fn preview_policy(
        &self,
        app: &AppId,
        asset: &Asset,
        change: impl Fn(&mut Policy) + Send,
    ) -> Result<PolicyPreview, ChangeError> {
        self.require(Action::ShowPolicy, Some(app))?;
        let mut policy = self.current(app, asset).await?.0;
        change(&mut policy);
        policy.check(asset)?;
        let of = TipsOf::App { app: app.clone(), phase: None };
        let tips = TipQuery::Newest { of, before: None, limit: MAX_ROWS };
        let tips = oldest_first(self.store.tips(tips).await?, |tip: &Tip| tip.terms().asset == asset.id);
        let of = WithdrawalsOf::App { app: app.clone(), state: None };
        let withdrawals = WithdrawalQuery::Newest { of, before: None, limit: MAX_ROWS };
        let withdrawals = oldest_first(self.store.withdrawals(withdrawals).await?, |of: &Withdrawal| {
            of.terms().asset == asset.id
        });
        let past = self.past(app, withdrawals).await?;
        Ok(preview(&policy, asset, &tips, &past))
    }

    /// Which of the last withdrawals were the first of their users.
    async fn past(
        &self,
        app: &AppId,
        withdrawals: Vec<Withdrawal>,
    ) -> Result<Vec<PastWithdrawal>, StoreError> {
        let judged_from = withdrawals.len().saturating_sub(PREVIEWED);
        let mut of_users = BTreeMap::<UserId, Vec<Stored<Withdrawal>>>::new();
        for withdrawal in withdrawals.iter().skip(judged_from) {
            let user = &withdrawal.terms().user;
            if !of_users.contains_key(user) {
                let of = WithdrawalsOf::User { app: app.clone(), user: user.clone() };
                let query = WithdrawalQuery::Newest { of, before: None, limit: MAX_ROWS };
                of_users.insert(user.clone(), self.store.withdrawals(query).await?);
            }
        }
        let past = withdrawals.into_iter().map(|withdrawal| {
            let of_user = of_users.get(&withdrawal.terms().user).map(Vec::as_slice).unwrap_or_default();
            let is_first = !of_user.iter().any(|other| {
                other.id() < withdrawal.id()
                    && other.terms().asset == withdrawal.terms().asset
                    && other.state().passed_review()
            });
            PastWithdrawal { withdrawal, is_first }
        });
        Ok(past.collect())
    }

    async fn current(
        &self,
        app: &AppId,
        asset: &Asset,
    ) -> Result<(Policy, Option<Stored<PolicyVersion>>), ChangeError> {
        let registered = self.app(app).await?;
        let set = find_policy(&*self.store, app, &asset.id).await?;
        let policy = match &set {
            Some(set) => set.policy.clone(),
            None => unset(self.policies.of(app, asset), Some(&registered)),
        };
        Ok((policy, set))
    }
}

/// The policy that was set for an asset in an app; none where the settings say what holds.
pub(crate) async fn find_policy(
    store: &dyn Store,
    app: &AppId,
    asset: &AssetId,
) -> Result<Option<Stored<PolicyVersion>>, StoreError> {
    let found = store.find_document(&PolicyVersion::key(app, asset)).await?;
    found.map(PolicyVersion::from_document).transpose()
}

fn oldest_first<T>(newest_first: Vec<Stored<T>>, which: impl Fn(&T) -> bool) -> Vec<T> {
    let mut all: Vec<_> = newest_first.into_iter().map(Stored::into_inner).filter(|one| which(one)).collect();
    all.reverse();
    all
}
