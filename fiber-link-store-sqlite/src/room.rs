//! Whether an account has room for the tips to it that may still be paid.

use crate::row;
use crate::statement::{find, list, statements};
use fiber_link_core::{Amount, AssetId, Balance, COUNT_BOUND, CommitError, UserAccount};
use rusqlite::{Connection, params};

statements! {
    BALANCE = "SELECT available, reserved FROM balances WHERE app = ?1 AND user = ?2 AND asset = ?3";
    OPEN = "SELECT asset, amount FROM tips WHERE app = ?1 AND to_user = ?2 AND phase = 'open'
        ORDER BY id DESC LIMIT ?3";
}

pub(crate) fn require(
    connection: &Connection,
    account: &UserAccount,
    ceiling: Amount,
) -> Result<(), CommitError> {
    let UserAccount { app, user, asset } = account;
    let (app, user) = (app.as_str(), user.as_str());
    let balance: Option<Balance> =
        find(connection, BALANCE, params![app, user, asset.as_str()], "balances", row::balance)?;
    let Balance { available, reserved } = balance.unwrap_or_default();
    let bound = COUNT_BOUND.saturating_add(1);
    let open: Vec<(AssetId, Amount)> =
        list(connection, OPEN, params![app, user, bound], "tips", |f| Ok((row::parsed(f)?, f.amount()?)))?;
    if open.len() > COUNT_BOUND as usize {
        return Err(CommitError::NoRoom);
    }
    let of_asset = open.into_iter().filter(|(open, _)| open == asset).map(|(_, amount)| amount);
    let sum = of_asset.chain([reserved]).try_fold(available, Amount::checked_add);
    if sum.is_some_and(|sum| sum <= ceiling) { Ok(()) } else { Err(CommitError::NoRoom) }
}
