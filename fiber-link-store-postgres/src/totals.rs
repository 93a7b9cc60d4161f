//! Open work and what all users have.

use crate::PostgresStore;
use crate::row;
use crate::statement::{find, list, query, statements};
use fiber_link_core::{
    AssetId, Balance, BalanceSums, COUNT_BOUND, OpenWork, SUMMED_ACCOUNTS, StoreError, TipState, Totals,
    WithdrawalState,
};

statements! {
    open_tips = "WITH RECURSIVE apps (app) AS (
            (SELECT app FROM {schema}.tips ORDER BY app LIMIT 1)
            UNION ALL
            SELECT (SELECT tips.app FROM {schema}.tips WHERE tips.app > apps.app ORDER BY tips.app LIMIT 1)
            FROM apps WHERE apps.app IS NOT NULL),
        some_apps AS (SELECT app FROM apps WHERE app IS NOT NULL LIMIT 1000),
        counted AS (SELECT first.state, first.created_at FROM some_apps
            CROSS JOIN LATERAL (SELECT state, created_at FROM {schema}.tips
                WHERE app = some_apps.app AND phase = 'open' ORDER BY id LIMIT $1) AS first LIMIT $1),
        oldest AS (SELECT first.state, first.created_at FROM some_apps
            CROSS JOIN LATERAL (SELECT state, created_at FROM {schema}.tips
                WHERE app = some_apps.app AND phase = 'open' ORDER BY id LIMIT 1) AS first)
        SELECT state, sum(n)::bigint, min(created_at) FROM (
            SELECT state, created_at, 1 AS n FROM counted UNION ALL
            SELECT state, created_at, 0 AS n FROM oldest) AS looked_at
        GROUP BY state";
    open_withdrawals = "SELECT names.state, counted.count, counted.oldest
        FROM unnest($1::text[]) AS names (state)
        CROSS JOIN LATERAL (SELECT count(*) AS count, min(created_at) AS oldest FROM (
            SELECT created_at FROM {schema}.withdrawals WHERE state = names.state AND ended_at IS NULL
            ORDER BY created_at LIMIT $2) AS open) AS counted
        WHERE counted.count > 0";
    accounts = "SELECT count(*) FROM (SELECT 1 FROM {schema}.balances LIMIT $1) AS accounts";
    sums = "SELECT asset, least(sum(available), 170141183460469231731687303715884105727)::text,
            least(sum(reserved), 170141183460469231731687303715884105727)::text
        FROM (SELECT asset, available, reserved FROM {schema}.balances LIMIT $1) AS accounts
        GROUP BY asset";
}

impl PostgresStore {
    pub(crate) async fn all_totals(&self) -> Result<Totals, StoreError> {
        Ok(Totals {
            tips: self.open_tips().await?,
            withdrawals: self.open_withdrawals().await?,
            balances: self.sums().await?,
        })
    }

    /// Apps are found one after the other by the index; of each at least the oldest tip is looked at.
    async fn open_tips(&self) -> Result<Vec<OpenWork>, StoreError> {
        let statement = query(&self.statements().totals.open_tips).bind(i64::from(COUNT_BOUND));
        let work = list(self.database(), statement, "tips", |fields| {
            let state = fields.name_among(&TipState::NAMES.map(|(name, _)| name))?;
            let count: u32 = fields.number()?;
            Ok(OpenWork { state, count: count.max(1), oldest: fields.time()? })
        });
        Ok(by_state(work.await?))
    }

    async fn open_withdrawals(&self) -> Result<Vec<OpenWork>, StoreError> {
        let names = WithdrawalState::NAMES.map(str::to_owned).to_vec();
        let statement = query(&self.statements().totals.open_withdrawals);
        let statement = statement.bind(names).bind(i64::from(COUNT_BOUND));
        let work = list(self.database(), statement, "withdrawals", |fields| {
            let state = fields.name_among(&WithdrawalState::NAMES)?;
            Ok(OpenWork { state, count: fields.number()?, oldest: fields.time()? })
        });
        Ok(by_state(work.await?))
    }

    async fn sums(&self) -> Result<Option<Vec<(AssetId, Balance)>>, StoreError> {
        let sql = &self.statements().totals;
        let bound = i64::from(SUMMED_ACCOUNTS).saturating_add(1);
        let accounts = query(&sql.accounts).bind(bound);
        let accounts: Option<u32> =
            find(self.database(), accounts, "balances", |fields| fields.number()).await?;
        if accounts.is_some_and(|accounts| accounts > SUMMED_ACCOUNTS) {
            return Ok(None);
        }
        let mut sums = BalanceSums::default();
        let read = list(self.database(), query(&sql.sums).bind(bound), "balances", |fields| {
            Ok((fields.parsed()?, row::balance(fields)?))
        });
        for (asset, balance) in read.await? {
            sums.add(asset, balance);
        }
        Ok(Some(sums.into_sums()))
    }
}

fn by_state(mut work: Vec<OpenWork>) -> Vec<OpenWork> {
    work.sort_unstable_by_key(|work| work.state);
    work
}
