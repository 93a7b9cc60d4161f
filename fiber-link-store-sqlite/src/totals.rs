//! Open work and what all users have.

use crate::error::backend;
use crate::row;
use crate::statement::{find, list, statements};
use fiber_link_core::{
    AppId, AssetId, Balance, BalanceSums, COUNT_BOUND, OpenWork, SUMMED_ACCOUNTS, StoreError, Timestamp,
    TipState, Totals, WithdrawalState,
};
use rusqlite::{Connection, params};

statements! {
    NEXT_APP = "SELECT app FROM tips WHERE app > ?1 ORDER BY app LIMIT 1";
    OPEN_TIPS = "SELECT state, created_at FROM tips WHERE app = ?1 AND phase = 'open' ORDER BY id LIMIT ?2";
    OPEN_WITHDRAWALS = "SELECT count(*), min(created_at) FROM (SELECT created_at FROM withdrawals
        WHERE state = ?1 AND ended_at IS NULL ORDER BY created_at LIMIT ?2)";
    BALANCES = "SELECT asset, available, reserved FROM balances WHERE app > '' LIMIT ?1";
}

/// The most apps of which open tips are counted.
const APPS: usize = 1_000;

pub(crate) fn totals(connection: &Connection) -> Result<Totals, StoreError> {
    let snapshot = connection.unchecked_transaction().map_err(backend)?;
    let totals = Totals {
        tips: OpenWork::counted(open_tips(connection)?),
        withdrawals: open_withdrawals(connection)?,
        balances: balances(connection)?,
    };
    snapshot.commit().map_err(backend)?;
    Ok(totals)
}

/// By app, since that is how they are found; of each app at least the oldest.
fn open_tips(connection: &Connection) -> Result<Vec<(&'static str, Timestamp)>, StoreError> {
    let (mut tips, mut app) = (Vec::new(), String::new());
    for _ in 0..APPS {
        let next: Option<AppId> = find(connection, NEXT_APP, [&app], "tips", row::parsed)?;
        let Some(next) = next else { break };
        next.as_str().clone_into(&mut app);
        let counted = u32::try_from(tips.len()).unwrap_or(COUNT_BOUND);
        let left = COUNT_BOUND.saturating_sub(counted).max(1);
        tips.extend(list(connection, OPEN_TIPS, params![app, left], "tips", |fields| {
            Ok((fields.name_among(&TipState::NAMES.map(|(name, _)| name))?, fields.time()?))
        })?);
    }
    Ok(tips)
}

fn open_withdrawals(connection: &Connection) -> Result<Vec<OpenWork>, StoreError> {
    let mut work = Vec::new();
    for state in WithdrawalState::NAMES {
        let counted =
            find(connection, OPEN_WITHDRAWALS, params![state, COUNT_BOUND], "withdrawals", |fields| {
                let count: u32 = fields.number()?;
                Ok((count, fields.optional(|fields| fields.time())?))
            })?;
        if let Some((count, Some(oldest))) = counted {
            work.push(OpenWork { state, count, oldest });
        }
    }
    work.sort_unstable_by_key(|work| work.state);
    Ok(work)
}

fn balances(connection: &Connection) -> Result<Option<Vec<(AssetId, Balance)>>, StoreError> {
    let bound = SUMMED_ACCOUNTS.saturating_add(1);
    let mut sums = BalanceSums::default();
    let accounts = list(connection, BALANCES, [bound], "balances", |fields| {
        sums.add(row::parsed(fields)?, row::balance(fields)?);
        Ok(())
    })?;
    let all = accounts.len() <= usize::try_from(SUMMED_ACCOUNTS).unwrap_or(usize::MAX);
    Ok(all.then(|| sums.into_sums()))
}
