//! The policy of an asset in an app: the one in the store, or that of the settings.

use super::FiberLink;
use super::remembered::Remembered;
use crate::administration::{find_app, find_policy};
use crate::{App, AppId, Asset, AssetId, Op, Policy, PolicyVersion, ReviewPolicy, StoreError, Stored};

/// Policies that were read lately.
pub(crate) type LastPolicies = Remembered<(AppId, AssetId), Policy>;

impl FiberLink {
    /// The policy of `asset` in `app`, as it was at most half a second ago.
    ///
    /// # Errors
    /// [`StoreError`] if the store failed.
    pub async fn policy(&self, app: &AppId, asset: &Asset) -> Result<Policy, StoreError> {
        let (now, key) = (self.now(), (app.clone(), asset.id.clone()));
        if let Some(policy) = self.parts().last_policies.recall(&key, now) {
            return Ok(policy);
        }
        let policy = self.policy_now(app, asset).await?.0;
        self.parts().last_policies.remember(key, policy.clone(), now);
        Ok(policy)
    }

    /// The one that is stored now, and what must still be so when something is accepted under it.
    pub(crate) async fn policy_now(&self, app: &AppId, asset: &Asset) -> Result<(Policy, Op), StoreError> {
        let store = &*self.parts().store;
        let found = find_policy(store, app, &asset.id).await?;
        let expected = found.as_ref().map(Stored::version);
        let required = Op::RequireDocument { key: PolicyVersion::key(app, &asset.id), expected };
        let policy = match found {
            Some(set) => set.into_inner().policy,
            None => {
                let registered = find_app(store, app).await?;
                unset(self.policies().of(app, asset), registered.as_deref())
            }
        };
        Ok((policy, required))
    }
}

/// What holds in an app where no policy was set. Whether its withdrawals are reviewed is decided when it
/// is registered, and never changes.
pub(crate) fn unset(withdrawals: crate::WithdrawalPolicy, app: Option<&App>) -> Policy {
    let review = match app {
        Some(app) if app.reviewed => ReviewPolicy::of_new_apps(),
        Some(_) | None => ReviewPolicy::default(),
    };
    Policy { review, ..Policy::new(withdrawals) }
}
