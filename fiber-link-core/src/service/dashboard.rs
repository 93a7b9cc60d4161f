//! What a user has and got.

use super::FiberLink;
use crate::{
    AppId, AssetId, Balance, BalanceQuery, Page, StoreError, Stored, Tip, TipQuery, TipTotals, TipsOf,
    UserId, Withdrawal, WithdrawalId, WithdrawalLookup, WithdrawalQuery, WithdrawalsOf,
};
use futures_util::future::try_join3;

/// What a user has and got.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// The user's balances, by name of the asset; assets that never moved are left out.
    pub balances: Vec<(AssetId, Balance)>,
    /// Tips to the user, counted.
    pub totals: TipTotals,
    /// Tips that the user gave or got, the newest first.
    pub tips: Vec<Tip>,
}

impl FiberLink {
    /// What a user has and got; lists at most `limit` tips.
    ///
    /// # Errors
    /// [`StoreError`] if the store failed.
    pub async fn summary(&self, app: &AppId, user: &UserId, limit: u32) -> Result<Summary, StoreError> {
        let store = &self.parts().store;
        let of_user = BalanceQuery::OfUser { app: app.clone(), user: user.clone() };
        let tips = TipQuery::Newest {
            of: TipsOf::Party { app: app.clone(), user: user.clone() },
            before: None,
            limit,
        };
        let (balances, totals, tips) =
            try_join3(store.balances(of_user), store.tip_totals(app, user), store.tips(tips)).await?;
        Ok(Summary {
            balances: balances.into_iter().map(|(account, balance)| (account.asset, balance)).collect(),
            totals,
            tips: tips.into_iter().map(Stored::into_inner).collect(),
        })
    }

    /// Withdrawals of an app, the newest first; `state` is the stored name of a state.
    ///
    /// # Errors
    /// [`StoreError`] if the store failed.
    pub async fn withdrawals_of_app(
        &self,
        app: &AppId,
        state: Option<&'static str>,
        limit: u32,
    ) -> Result<Vec<Withdrawal>, StoreError> {
        let of = WithdrawalsOf::App { app: app.clone(), state };
        let query = WithdrawalQuery::Newest { of, before: None, limit };
        let withdrawals = self.parts().store.withdrawals(query).await?;
        Ok(withdrawals.into_iter().map(Stored::into_inner).collect())
    }

    /// The withdrawal of this id, if it is one of the app's.
    ///
    /// # Errors
    /// [`StoreError`] if the store failed.
    pub async fn find_withdrawal(
        &self,
        app: &AppId,
        id: WithdrawalId,
    ) -> Result<Option<Withdrawal>, StoreError> {
        let found = self.parts().store.find_withdrawal(WithdrawalLookup::Id(id)).await?;
        Ok(found.map(Stored::into_inner).filter(|withdrawal| withdrawal.terms().app == *app))
    }

    /// A page of withdrawals, the newest first; at most `limit`, which is less than
    /// [`MAX_ROWS`](crate::MAX_ROWS).
    ///
    /// # Errors
    /// [`StoreError`] if the store failed.
    pub async fn list_withdrawals(
        &self,
        of: WithdrawalsOf,
        before: Option<WithdrawalId>,
        limit: u32,
    ) -> Result<Page<Withdrawal, WithdrawalId>, StoreError> {
        let query = WithdrawalQuery::Newest { of, before, limit: limit.saturating_add(1) };
        let withdrawals = self.parts().store.withdrawals(query).await?;
        Ok(Page::cut(withdrawals.into_iter().map(Stored::into_inner).collect(), limit, Withdrawal::id))
    }
}
