//! Which withdrawals people look at before they are paid.

use super::FiberLink;
use crate::review::known_destination;
use crate::{
    Amount, AppId, AssetId, NodeKey, Op, ReviewPolicy, ReviewReason, StoreError, Stored, Timestamp, UserId,
    WithdrawalQuery, WithdrawalsOf,
};

/// How many of a user's newest withdrawals are looked through for one that was not his first.
const LOOKED_THROUGH: u32 = 100;

/// Whether people have to look at a withdrawal.
#[derive(Debug, Default)]
pub(super) struct Sifted {
    /// Why; nothing if they do not.
    pub(super) reasons: Vec<ReviewReason>,
    /// What is written with the request, and what must still be so.
    pub(super) writes: Vec<Op>,
}

/// What is withdrawn, by whom, and to whom.
#[derive(Clone, Copy, Debug)]
pub(super) struct Payout<'a> {
    pub(super) app: &'a AppId,
    pub(super) user: &'a UserId,
    pub(super) asset: &'a AssetId,
    pub(super) amount: Amount,
    pub(super) payee: Option<NodeKey>,
}

impl FiberLink {
    /// Whether people have to look at a withdrawal, by this policy.
    pub(super) async fn sift(
        &self,
        payout: Payout<'_>,
        policy: &ReviewPolicy,
        now: Timestamp,
    ) -> Result<Sifted, StoreError> {
        let is_first = policy.first_withdrawal && self.is_first(payout).await?;
        let mut writes = Vec::new();
        let is_new = match (policy.new_destination, payout.payee) {
            (None, _) => false,
            (Some(_), None) => true,
            (Some(cooling), Some(payee)) => {
                let (since, write) = self.known_since(payout, payee, now).await?;
                writes.push(write);
                since.is_none_or(|since| now < since.plus(cooling))
            }
        };
        Ok(Sifted { reasons: policy.reasons(payout.amount, is_first, is_new), writes })
    }

    /// Whether nothing of this asset was let through for this user yet. Two requests at once may both be the
    /// first.
    async fn is_first(&self, Payout { app, user, asset, .. }: Payout<'_>) -> Result<bool, StoreError> {
        let of = WithdrawalsOf::User { app: app.clone(), user: user.clone() };
        let query = WithdrawalQuery::Newest { of, before: None, limit: LOOKED_THROUGH };
        let withdrawals = self.parts().store.withdrawals(query).await?;
        let mut of_asset = withdrawals.iter().filter(|withdrawal| withdrawal.terms().asset == *asset);
        Ok(!of_asset.any(|withdrawal| withdrawal.state().passed_review()))
    }

    /// Since when a user withdraws to this payee: from now on if he never did, which is written then. None
    /// while people have to approve of it.
    async fn known_since(
        &self,
        Payout { app, user, .. }: Payout<'_>,
        payee: NodeKey,
        now: Timestamp,
    ) -> Result<(Option<Timestamp>, Op), StoreError> {
        let key = known_destination::key(app, user, payee);
        match self.parts().store.find_document(&key).await? {
            Some(found) => {
                let expected = Some(Stored::version(&found));
                Ok((known_destination::since(&found)?, Op::RequireDocument { key, expected }))
            }
            None => Ok((Some(now), known_destination::write(None, key, app, Some(now)))),
        }
    }
}
