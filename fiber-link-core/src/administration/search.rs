//! What a text names: an id, an invoice, a payment hash, a user or an app.

use super::{Administration, ReadError, apps, find_app};
use crate::{
    Action, App, AppId, AssetId, Balance, BalanceQuery, MAX_ROWS, PaymentHash, StoreError, Stored, Tip,
    TipId, TipLookup, TipQuery, TipsOf, UserId, Withdrawal, WithdrawalId, WithdrawalQuery, WithdrawalsOf,
};

/// The most withdrawals of one invoice that are looked at. Only one at a time can be on its way.
const MOST_OF_ONE_INVOICE: u32 = 100;

/// What a text names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// A tip.
    Tip(Box<Tip>),
    /// A withdrawal; several of one invoice follow each other, the newest first.
    Withdrawal(Box<Withdrawal>),
    /// An app.
    App(Box<App>),
    /// A user who has a balance, or gave or got a tip.
    User {
        /// His app.
        app: AppId,
        /// He.
        user: UserId,
        /// What he has, by name of the asset.
        balances: Vec<(AssetId, Balance)>,
    },
}

impl Administration {
    /// What `text` names, as the id, the invoice or the payment hash of a tip or a withdrawal, as an app
    /// or as a user; only of `app`, where one is given. Users are looked for in the first [`MAX_ROWS`]
    /// apps of the store. What may not be seen is not found.
    ///
    /// # Errors
    /// [`ReadError`] if `app` may not be seen, or the store failed.
    pub async fn search(&self, app: Option<&AppId>, text: &str) -> Result<Vec<Found>, ReadError> {
        if let Some(app) = app {
            self.authority.require(Action::ReadMoney, Some(app))?;
        }
        let wanted = |of: &AppId| app.is_none_or(|app| of == app) && self.authority.sees(of);
        let text = text.trim();
        let mut found = Vec::new();
        if let Some(tip) = self.tip_of(text).await?
            && wanted(&tip.terms().app)
        {
            found.push(Found::Tip(Box::new(tip)));
        }
        let withdrawals = self.withdrawals_of(text).await?.into_iter();
        let wanted_ones = withdrawals.filter(|withdrawal| wanted(&withdrawal.terms().app));
        found.extend(wanted_ones.map(|withdrawal| Found::Withdrawal(Box::new(withdrawal))));
        if let Ok(id) = AppId::new(text)
            && wanted(&id)
            && let Some(app) = find_app(&*self.store, &id).await?
        {
            found.push(Found::App(Box::new(app.into_inner())));
        }
        if let Ok(user) = UserId::new(text) {
            let apps = match (app, self.authority.visible_apps()) {
                (Some(app), _) => vec![app.clone()],
                (None, Some(visible)) => visible,
                (None, None) => {
                    apps(&*self.store, None, MAX_ROWS).await?.iter().map(|app| app.id.clone()).collect()
                }
            };
            for app in apps {
                found.extend(self.user_of(app, &user).await?);
            }
        }
        Ok(found)
    }

    async fn tip_of(&self, text: &str) -> Result<Option<Tip>, StoreError> {
        let lookup = if let Ok(id) = text.parse::<TipId>() {
            TipLookup::Id(id)
        } else if let Ok(hash) = text.parse::<PaymentHash>() {
            TipLookup::PaymentHash(hash)
        } else {
            TipLookup::Invoice(text.to_owned())
        };
        Ok(self.store.find_tip(lookup).await?.map(Stored::into_inner))
    }

    async fn withdrawals_of(&self, text: &str) -> Result<Vec<Withdrawal>, StoreError> {
        let query = if let Ok(id) = text.parse::<WithdrawalId>() {
            WithdrawalQuery::Ids([id].into())
        } else {
            let of = match text.parse::<PaymentHash>() {
                Ok(hash) => WithdrawalsOf::PaymentHash(hash),
                Err(_) => WithdrawalsOf::Invoice(text.to_owned()),
            };
            WithdrawalQuery::Newest { of, before: None, limit: MOST_OF_ONE_INVOICE }
        };
        Ok(self.store.withdrawals(query).await?.into_iter().map(Stored::into_inner).collect())
    }

    async fn user_of(&self, app: AppId, user: &UserId) -> Result<Option<Found>, StoreError> {
        let of_user = BalanceQuery::OfUser { app: app.clone(), user: user.clone() };
        let balances = self.store.balances(of_user).await?;
        let balances: Vec<_> =
            balances.into_iter().map(|(account, balance)| (account.asset, balance)).collect();
        if balances.is_empty() {
            let of = TipsOf::Party { app: app.clone(), user: user.clone() };
            if self.store.tips(TipQuery::Newest { of, before: None, limit: 1 }).await?.is_empty() {
                return Ok(None);
            }
        }
        Ok(Some(Found::User { app, user: user.clone(), balances }))
    }
}
