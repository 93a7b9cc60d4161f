//! What operators look through: lists in pages, the newest first.

use super::{Administration, ReadError};
use crate::list::{Look, Walk};
use crate::{
    Action, AppId, Attempt, AttemptId, AttemptQuery, AuditFilter, AuditQuery, BalanceQuery, Denied,
    EntriesOf, EntryFilter, EntryQuery, MAX_ROWS, NumberedAuditRecord, NumberedEntry, Page, StoreError,
    Stored, Tip, TipFilter, TipId, TipQuery, Withdrawal, WithdrawalFilter, WithdrawalId, WithdrawalLookup,
    WithdrawalQuery,
};
use std::cmp::Reverse;

/// The most attempts of a withdrawal that are listed.
const MOST_ATTEMPTS: usize = 100;

impl Administration {
    /// Tips before `before`; at most `limit`, and [`MAX_ROWS`].
    ///
    /// # Errors
    /// [`ReadError`] if they may not be shown, or the store failed.
    pub async fn tips(
        &self,
        filter: &TipFilter,
        before: Option<TipId>,
        limit: u32,
    ) -> Result<Page<Tip, TipId>, ReadError> {
        let filter = &TipFilter { app: self.only_app(Action::ReadMoney, &filter.app)?, ..filter.clone() };
        let mut walk = Walk::new(filter.begin(before), limit);
        while let Some((before, limit)) = walk.next_piece() {
            let query = TipQuery::Newest { of: filter.lead(), before, limit };
            let read = self.store.tips(query).await?.into_iter().map(Stored::into_inner).collect();
            walk.take(read, |tip| filter.look(tip), Tip::id);
        }
        Ok(walk.page())
    }

    /// Withdrawals before `before`; at most `limit`, and [`MAX_ROWS`].
    ///
    /// # Errors
    /// [`ReadError`] if they may not be shown, or the store failed.
    pub async fn withdrawals(
        &self,
        filter: &WithdrawalFilter,
        before: Option<WithdrawalId>,
        limit: u32,
    ) -> Result<Page<Withdrawal, WithdrawalId>, ReadError> {
        let app = self.only_app(Action::ReadMoney, &filter.app)?;
        let filter = &WithdrawalFilter { app, ..filter.clone() };
        let mut walk = Walk::new(filter.begin(before), limit);
        while let Some((before, limit)) = walk.next_piece() {
            let query = WithdrawalQuery::Newest { of: filter.lead(), before, limit };
            let read = self.store.withdrawals(query).await?.into_iter().map(Stored::into_inner).collect();
            walk.take(read, |withdrawal| filter.look(withdrawal), Withdrawal::id);
        }
        Ok(walk.page())
    }

    /// Entries with a smaller number than `before`; at most `limit`, and [`MAX_ROWS`].
    ///
    /// # Errors
    /// [`ReadError`] if they may not be shown, or the store failed.
    pub async fn entries(
        &self,
        filter: &EntryFilter,
        before: Option<u64>,
        limit: u32,
    ) -> Result<Page<NumberedEntry, u64>, ReadError> {
        let filter = &EntryFilter { app: self.only_app(Action::ReadMoney, &filter.app)?, ..filter.clone() };
        if let Some(source) = filter.source {
            let mut rows = self.store.entries(EntryQuery::Of(source)).await?;
            rows.reverse();
            rows.retain(|row| {
                filter.look(row) == Look::Wanted && before.is_none_or(|before| row.number < before)
            });
            return Ok(Page { rows, next: None });
        }
        let lists = self.entry_lists(filter).await?;
        let mut walk = Walk::new(before, limit);
        while let Some((before, limit)) = walk.next_piece() {
            let mut read = Vec::new();
            for of in &lists {
                let query = EntryQuery::Newest { of: of.clone(), before, limit };
                read.extend(self.store.entries(query).await?);
            }
            read.sort_unstable_by_key(|entry| Reverse(entry.number));
            read.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
            walk.take(read, |entry| filter.look(entry), |entry| entry.number);
        }
        Ok(walk.page())
    }

    /// A user's entries stand in one list for each of his assets.
    async fn entry_lists(&self, filter: &EntryFilter) -> Result<Vec<EntriesOf>, StoreError> {
        let (Some(app), Some(user), None) = (&filter.app, &filter.user, &filter.asset) else {
            return Ok(vec![filter.lead()]);
        };
        let of_user = BalanceQuery::OfUser { app: app.clone(), user: user.clone() };
        let balances = self.store.balances(of_user).await?;
        Ok(balances.into_iter().map(|(account, _)| EntriesOf::Account(account)).collect())
    }

    /// Audit records with a smaller number than `before`; at most `limit`, and [`MAX_ROWS`].
    ///
    /// # Errors
    /// [`ReadError`] if they may not be shown, or the store failed.
    pub async fn audit_records(
        &self,
        filter: &AuditFilter,
        before: Option<u64>,
        limit: u32,
    ) -> Result<Page<NumberedAuditRecord, u64>, ReadError> {
        let app = self.only_app(Action::ReadAuditRecords, &filter.app)?;
        if app.is_none() {
            self.authority.require(Action::ReadHubAuditRecords, None)?;
        }
        let filter = &AuditFilter { app, ..filter.clone() };
        let mut walk = Walk::new(before, limit);
        while let Some((before, limit)) = walk.next_piece() {
            let query = AuditQuery { app: filter.app.clone(), before, limit };
            let read = self.store.audit_records(query).await?;
            walk.take(read, |numbered| filter.look(&numbered.record), |numbered| numbered.number);
        }
        Ok(walk.page())
    }

    /// The app whose rows are listed: the one that is asked for, or the only one that may be seen; none
    /// for all of them.
    fn only_app(&self, action: Action, asked: &Option<AppId>) -> Result<Option<AppId>, ReadError> {
        if let Some(app) = asked {
            self.authority.require(action, Some(app))?;
            return Ok(Some(app.clone()));
        }
        match self.authority.visible_apps() {
            None => Ok(None),
            Some(apps) => match <[AppId; 1]>::try_from(apps) {
                Ok([app]) => Ok(Some(app)),
                Err(apps) if apps.is_empty() => Err(Denied::NotAllowed(action).into()),
                Err(_) => Err(ReadError::WhichApp),
            },
        }
    }

    /// All attempts of a withdrawal, the oldest first; none where it is not `app`'s.
    ///
    /// # Errors
    /// [`ReadError`] if they may not be shown, or the store failed.
    pub async fn attempts(
        &self,
        app: Option<&AppId>,
        withdrawal: WithdrawalId,
    ) -> Result<Vec<Attempt>, ReadError> {
        let found = self.store.find_withdrawal(WithdrawalLookup::Id(withdrawal)).await?;
        let is_theirs = found.is_some_and(|found| {
            app.is_none_or(|app| found.terms().app == *app) && self.authority.sees(&found.terms().app)
        });
        let mut attempts: Vec<Attempt> = Vec::new();
        let mut after: Option<AttemptId> = None;
        while is_theirs && attempts.len() < MOST_ATTEMPTS {
            let next = self.store.find_attempt(AttemptQuery::NextOf { withdrawal, after }).await?;
            let Some(next) = next else { break };
            after = Some(next.id());
            attempts.push(next.into_inner());
        }
        Ok(attempts)
    }
}

const _: () = assert!(MAX_ROWS <= crate::SCANNED_ROWS);

#[cfg(test)]
mod tests;
