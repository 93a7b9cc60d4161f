//! Reads. Each is one bounded statement that is led by an index.
//!
//! Where several lists make one, their ids are gathered first, as an array: the planner then knows
//! that they are few, whatever it thinks of a limit that it is told later.

use crate::PostgresStore;
use crate::fields::Fields;
use crate::record::entry_source;
use crate::row::{self, attempt_columns, entry_columns, tip_columns, withdrawal_columns};
use crate::statement::{Query, bound, find, list, query, statements, text};
use crate::time::Time;
use fiber_link_core::{
    AppId, AssetId, Attempt, AttemptQuery, Balance, BalanceQuery, COUNT_BOUND, EntryQuery, Hub,
    IdempotencyRecord, IdempotencyScope, MAX_ROWS, NumberedEntry, StoreError, Stored, Timestamp, Tip, TipId,
    TipLookup, TipQuery, TipTotals, UserAccount, UserId, Withdrawal, WithdrawalId, WithdrawalLookup,
    WithdrawalQuery,
};
use uuid::Uuid;

statements! {
    tip_by_id = concat!("SELECT ", tip_columns!(), " FROM {schema}.tips WHERE id = $1");
    tip_by_payment_hash = concat!("SELECT ", tip_columns!(), " FROM {schema}.tips WHERE payment_hash = $1");
    tip_by_invoice = concat!("SELECT ", tip_columns!(), " FROM {schema}.tips WHERE invoice = $1 LIMIT 1");
    tips_by_id = concat!("SELECT ", tip_columns!(), " FROM {schema}.tips WHERE id = ANY($1) ORDER BY id");
    tips = concat!("SELECT ", tip_columns!(), " FROM {schema}.tips ORDER BY id LIMIT $1");
    tips_after = concat!("SELECT ", tip_columns!(), " FROM {schema}.tips WHERE id > $1 ORDER BY id LIMIT $2");
    tip_totals = "SELECT
            (SELECT count(*) FROM (SELECT 1 FROM {schema}.tips
                WHERE app = $1 AND to_user = $2 AND phase = 'open' LIMIT $3) AS counted),
            (SELECT count(*) FROM (SELECT 1 FROM {schema}.tips
                WHERE app = $1 AND to_user = $2 AND phase = 'settled' LIMIT $3) AS counted),
            (SELECT count(*) FROM (SELECT 1 FROM {schema}.tips
                WHERE app = $1 AND to_user = $2 AND phase = 'ended' LIMIT $3) AS counted),
            array_agg(pending.asset ORDER BY pending.asset),
            array_agg(pending.amount::text ORDER BY pending.asset)
        FROM (SELECT asset, least(sum(amount), 170141183460469231731687303715884105727) AS amount
            FROM (SELECT asset, amount FROM {schema}.tips
                WHERE app = $1 AND to_user = $2 AND phase = 'open' ORDER BY id DESC LIMIT $3) AS newest
            GROUP BY asset) AS pending";
    withdrawal_by_id = concat!("SELECT ", withdrawal_columns!(), " FROM {schema}.withdrawals WHERE id = $1");
    withdrawal_by_held_payment_hash = concat!(
        "SELECT ", withdrawal_columns!(), " FROM {schema}.withdrawals WHERE held_payment_hash = $1"
    );
    withdrawals_by_id = concat!(
        "SELECT ", withdrawal_columns!(), " FROM {schema}.withdrawals WHERE id = ANY($1) ORDER BY id"
    );
    withdrawals = concat!("SELECT ", withdrawal_columns!(), " FROM {schema}.withdrawals ORDER BY id LIMIT $1");
    withdrawals_after = concat!(
        "SELECT ", withdrawal_columns!(), " FROM {schema}.withdrawals WHERE id > $1 ORDER BY id LIMIT $2"
    );
    latest_attempt = concat!(
        "SELECT ", attempt_columns!(), " FROM {schema}.attempts WHERE withdrawal = $1
        ORDER BY id DESC LIMIT 1"
    );
    next_attempt = concat!(
        "SELECT ", attempt_columns!(), " FROM {schema}.attempts WHERE withdrawal = $1 AND id > $2
        ORDER BY id LIMIT 1"
    );
    newest_succeeded_attempt = concat!(
        "SELECT ", attempt_columns!(), " FROM {schema}.attempts WHERE state = 'succeeded'
        ORDER BY id DESC LIMIT 1"
    );
    balance = "SELECT available::text, reserved::text FROM {schema}.balances
        WHERE app = $1 AND \"user\" = $2 AND asset = $3";
    balances_of_user = "SELECT app, \"user\", asset, available::text, reserved::text FROM {schema}.balances
        WHERE app = $1 AND \"user\" = $2 ORDER BY asset LIMIT $3";
    balances_after = "SELECT app, \"user\", asset, available::text, reserved::text FROM {schema}.balances
        WHERE (app, \"user\", asset) > ($1, $2, $3) ORDER BY app, \"user\", asset LIMIT $4";
    entries_of_source = concat!(
        "SELECT ", entry_columns!(), " FROM {schema}.entries WHERE source = $1 AND source_kind = $2 LIMIT $3"
    );
    entries_of_account = concat!(
        "SELECT ", entry_columns!(), " FROM {schema}.entries
        WHERE app = $1 AND \"user\" = $2 AND asset = $3 AND number > $4 ORDER BY number LIMIT $5"
    );
    entries = concat!(
        "SELECT ", entry_columns!(), " FROM {schema}.entries WHERE number > $1 ORDER BY number LIMIT $2"
    );
    idempotency = "SELECT digest, subject_kind, subject, expires_at FROM {schema}.idempotency
        WHERE app = $1 AND method = $2 AND key = $3 AND expires_at > $4";
    hub = "SELECT seed, node, node_since, network FROM {schema}.hub WHERE one";
}

/// More entries than a source can have: one per kind.
const ENTRIES_PER_SOURCE: i64 = 16;

impl PostgresStore {
    async fn one_tip(&self, query: Query) -> Result<Option<Stored<Tip>>, StoreError> {
        find(self.database(), query, "tips", row::tip).await
    }

    pub(crate) async fn tip(&self, lookup: &TipLookup) -> Result<Option<Stored<Tip>>, StoreError> {
        let sql = &self.statements().query;
        self.one_tip(match lookup {
            TipLookup::Id(id) => query(&sql.tip_by_id).bind(*id.as_uuid()),
            TipLookup::PaymentHash(hash) => query(&sql.tip_by_payment_hash).bind(hash.as_bytes().to_vec()),
            TipLookup::Invoice(encoded) => query(&sql.tip_by_invoice).bind(text(encoded)),
        })
        .await
    }

    pub(crate) async fn tip_list(&self, tips: &TipQuery) -> Result<Vec<Stored<Tip>>, StoreError> {
        let sql = &self.statements().query;
        let statement = match tips {
            TipQuery::Ids(ids) => query(&sql.tips_by_id).bind(uuids(ids.iter().map(TipId::as_uuid))),
            TipQuery::Newest { of, before, limit } => self.newest_tips(of, *before, *limit),
            TipQuery::All { after: Some(after), limit } => {
                query(&sql.tips_after).bind(*after.as_uuid()).bind(rows(*limit))
            }
            TipQuery::All { after: None, limit } => query(&sql.tips).bind(rows(*limit)),
        };
        list(self.database(), statement, "tips", row::tip).await
    }

    pub(crate) async fn totals(&self, app: &AppId, user: &UserId) -> Result<TipTotals, StoreError> {
        let statement = query(&self.statements().query.tip_totals)
            .bind(name(app))
            .bind(user.as_str().to_owned())
            .bind(i64::from(COUNT_BOUND));
        let totals = find(self.database(), statement, "tips", |fields| {
            let (open, settled, ended) = (fields.number()?, fields.number()?, fields.number()?);
            let assets: Vec<AssetId> = fields.parsed_array()?;
            let pending = assets.into_iter().zip(fields.parsed_array()?).collect();
            Ok(TipTotals { open, settled, ended, pending })
        });
        Ok(totals.await?.unwrap_or_default())
    }

    pub(crate) async fn withdrawal(
        &self,
        lookup: &WithdrawalLookup,
    ) -> Result<Option<Stored<Withdrawal>>, StoreError> {
        let sql = &self.statements().query;
        let statement = match lookup {
            WithdrawalLookup::Id(id) => query(&sql.withdrawal_by_id).bind(*id.as_uuid()),
            WithdrawalLookup::HeldPaymentHash(hash) => {
                query(&sql.withdrawal_by_held_payment_hash).bind(hash.as_bytes().to_vec())
            }
        };
        find(self.database(), statement, "withdrawals", row::withdrawal).await
    }

    pub(crate) async fn withdrawal_list(
        &self,
        withdrawals: &WithdrawalQuery,
    ) -> Result<Vec<Stored<Withdrawal>>, StoreError> {
        let sql = &self.statements().query;
        let statement = match withdrawals {
            WithdrawalQuery::Ids(ids) => {
                query(&sql.withdrawals_by_id).bind(uuids(ids.iter().map(WithdrawalId::as_uuid)))
            }
            WithdrawalQuery::Newest { of, before, limit } => self.newest_withdrawals(of, *before, *limit),
            WithdrawalQuery::All { after: Some(after), limit } => {
                query(&sql.withdrawals_after).bind(*after.as_uuid()).bind(rows(*limit))
            }
            WithdrawalQuery::All { after: None, limit } => query(&sql.withdrawals).bind(rows(*limit)),
        };
        list(self.database(), statement, "withdrawals", row::withdrawal).await
    }

    pub(crate) async fn attempt(&self, attempt: AttemptQuery) -> Result<Option<Stored<Attempt>>, StoreError> {
        let sql = &self.statements().query;
        let statement = match attempt {
            AttemptQuery::LatestOf(withdrawal) => query(&sql.latest_attempt).bind(*withdrawal.as_uuid()),
            AttemptQuery::NextOf { withdrawal, after } => query(&sql.next_attempt)
                .bind(*withdrawal.as_uuid())
                .bind(after.map_or(Uuid::nil(), |after| *after.as_uuid())),
            AttemptQuery::NewestSucceeded => query(&sql.newest_succeeded_attempt),
        };
        find(self.database(), statement, "attempts", row::attempt).await
    }

    pub(crate) async fn balance_of(&self, account: &UserAccount) -> Result<Balance, StoreError> {
        let statement = bind_account(query(&self.statements().query.balance), account);
        Ok(find(self.database(), statement, "balances", row::balance).await?.unwrap_or_default())
    }

    pub(crate) async fn balance_list(
        &self,
        balances: &BalanceQuery,
    ) -> Result<Vec<(UserAccount, Balance)>, StoreError> {
        let sql = &self.statements().query;
        let statement = match balances {
            BalanceQuery::OfUser { app, user } => query(&sql.balances_of_user)
                .bind(name(app))
                .bind(user.as_str().to_owned())
                .bind(i64::from(MAX_ROWS)),
            BalanceQuery::All { after: Some(account), limit } => {
                bind_account(query(&sql.balances_after), account).bind(rows(*limit))
            }
            BalanceQuery::All { after: None, limit } => {
                query(&sql.balances_after).bind("").bind("").bind("").bind(rows(*limit))
            }
        };
        let read = |fields: &mut Fields<'_>| Ok((row::account(fields)?, row::balance(fields)?));
        list(self.database(), statement, "balances", read).await
    }

    pub(crate) async fn entry_list(&self, entries: &EntryQuery) -> Result<Vec<NumberedEntry>, StoreError> {
        let sql = &self.statements().query;
        let statement = match entries {
            EntryQuery::Of(source) => {
                let (kind, id) = entry_source(source);
                query(&sql.entries_of_source).bind(*id).bind(kind).bind(ENTRIES_PER_SOURCE)
            }
            EntryQuery::Newest { of, before, limit } => {
                let newest = self.newest_entries(of, *before, *limit);
                return list(self.database(), newest, "entries", row::entry).await;
            }
            EntryQuery::Account { account, after, limit } => {
                bind_account(query(&sql.entries_of_account), account).bind(bound(*after)).bind(rows(*limit))
            }
            EntryQuery::All { after, limit } => query(&sql.entries).bind(bound(*after)).bind(rows(*limit)),
        };
        let mut entries = list(self.database(), statement, "entries", row::entry).await?;
        entries.sort_by_key(|entry| entry.number);
        Ok(entries)
    }

    pub(crate) async fn idempotency(
        &self,
        scope: &IdempotencyScope,
        now: Timestamp,
    ) -> Result<Option<IdempotencyRecord>, StoreError> {
        let statement = query(&self.statements().query.idempotency)
            .bind(name(&scope.app))
            .bind(scope.method.as_str())
            .bind(scope.key.as_str().to_owned())
            .bind(Time::bound(now));
        find(self.database(), statement, "idempotency", |fields| row::idempotency(scope.clone(), fields))
            .await
    }

    pub(crate) async fn hub(&self) -> Result<Option<Hub>, StoreError> {
        find(self.database(), query(&self.statements().query.hub), "hub", row::hub).await
    }
}

pub(crate) fn bind_account(query: Query, account: &UserAccount) -> Query {
    let UserAccount { app, user, asset } = account;
    query.bind(name(app)).bind(user.as_str().to_owned()).bind(asset.as_str().to_owned())
}

pub(crate) fn name(app: &AppId) -> String {
    app.as_str().to_owned()
}

/// Ids that are looked for, the smallest of too many.
fn uuids<'a>(ids: impl Iterator<Item = &'a Uuid>) -> Vec<Uuid> {
    ids.take(usize::try_from(MAX_ROWS).unwrap_or(usize::MAX)).copied().collect()
}

pub(crate) fn rows(limit: u32) -> i64 {
    limit.min(MAX_ROWS).into()
}
