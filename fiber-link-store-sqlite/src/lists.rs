//! The newest rows of each kind, in pages.

use crate::error::backend;
use crate::query::rows;
use crate::row::{self, entry_columns, phase_name, tip_columns, withdrawal_columns};
use crate::statement::{bound, list, statements};
use fiber_link_core::{
    AppId, EntriesOf, NumberedEntry, StoreError, Stored, Tip, TipId, TipPhase, TipsOf, UserAccount, UserId,
    Withdrawal, WithdrawalId, WithdrawalsOf,
};
use rusqlite::{Connection, ToSql, params};

statements! {
    NEWEST_TIPS = concat!("SELECT ", tip_columns!(), " FROM tips WHERE id < ?1 ORDER BY id DESC LIMIT ?2");
    NEWEST_TIPS_OF_APP = concat!(
        "SELECT ", tip_columns!(), " FROM tips WHERE app = ?1 AND phase = ?2 AND id < ?3
        ORDER BY id DESC LIMIT ?4"
    );
    NEWEST_TIPS_FROM_USER = concat!(
        "SELECT ", tip_columns!(), " FROM tips WHERE app = ?1 AND from_user = ?2 AND id < ?3
        ORDER BY id DESC LIMIT ?4"
    );
    NEWEST_TIPS_TO_USER = concat!(
        "SELECT ", tip_columns!(), " FROM tips WHERE app = ?1 AND to_user = ?2 AND phase = ?3 AND id < ?4
        ORDER BY id DESC LIMIT ?5"
    );
    NEWEST_TIPS_OF_POST = concat!(
        "SELECT ", tip_columns!(), " FROM tips WHERE app = ?1 AND post = ?2 AND phase = ?3 AND id < ?4
        ORDER BY id DESC LIMIT ?5"
    );
    NEWEST_WITHDRAWALS = concat!(
        "SELECT ", withdrawal_columns!(), " FROM withdrawals WHERE id < ?1 ORDER BY id DESC LIMIT ?2"
    );
    NEWEST_WITHDRAWALS_OF_APP = concat!(
        "SELECT ", withdrawal_columns!(), " FROM withdrawals WHERE app = ?1 AND id < ?2
        ORDER BY id DESC LIMIT ?3"
    );
    NEWEST_WITHDRAWALS_IN_STATE = concat!(
        "SELECT ", withdrawal_columns!(), " FROM withdrawals WHERE app = ?1 AND state = ?2 AND id < ?3
        ORDER BY id DESC LIMIT ?4"
    );
    NEWEST_WITHDRAWALS_OF_USER = concat!(
        "SELECT ", withdrawal_columns!(), " FROM withdrawals WHERE app = ?1 AND user = ?2 AND id < ?3
        ORDER BY id DESC LIMIT ?4"
    );
    NEWEST_WITHDRAWALS_BY_HASH = concat!(
        "SELECT ", withdrawal_columns!(), " FROM withdrawals WHERE payment_hash = ?1 AND id < ?2
        ORDER BY id DESC LIMIT ?3"
    );
    NEWEST_WITHDRAWALS_BY_INVOICE = concat!(
        "SELECT ", withdrawal_columns!(), " FROM withdrawals
        WHERE substr(invoice, -24) = substr(?1, -24) AND invoice = ?1 AND id < ?2 ORDER BY id DESC LIMIT ?3"
    );
    NEWEST_ENTRIES = concat!(
        "SELECT ", entry_columns!(), " FROM entries WHERE number < ?1 ORDER BY number DESC LIMIT ?2"
    );
    NEWEST_ENTRIES_OF_APP = concat!(
        "SELECT ", entry_columns!(), " FROM entries WHERE app = ?1 AND number < ?2
        ORDER BY number DESC LIMIT ?3"
    );
    NEWEST_ENTRIES_OF_ACCOUNT = concat!(
        "SELECT ", entry_columns!(), " FROM entries WHERE app = ?1 AND user = ?2 AND asset = ?3
            AND number < ?4
        ORDER BY number DESC LIMIT ?5"
    );
}

const PHASES: [TipPhase; 3] = [TipPhase::Open, TipPhase::Settled, TipPhase::Ended];

/// What all ids are smaller than: they have sixteen bytes.
const AFTER_ALL_IDS: [u8; 17] = [0xFF; 17];

pub(crate) fn tips(
    connection: &Connection,
    of: &TipsOf,
    before: Option<TipId>,
    limit: u32,
) -> Result<Vec<Stored<Tip>>, StoreError> {
    let before = before.map(|id| *id.as_uuid());
    let (before, limit) = (id_before(before.as_ref()), rows(limit));
    let some = |sql, params: &[&dyn ToSql]| list(connection, sql, params, "tips", row::tip);
    let of_app = |app: &AppId, phase| {
        some(NEWEST_TIPS_OF_APP, params![app.as_str(), phase_name(phase), before, limit])
    };
    let payer = |app: &AppId, user: &UserId| {
        some(NEWEST_TIPS_FROM_USER, params![app.as_str(), user.as_str(), before, limit])
    };
    let payee = |app: &AppId, user: &UserId, phase| {
        some(NEWEST_TIPS_TO_USER, params![app.as_str(), user.as_str(), phase_name(phase), before, limit])
    };
    // Several statements see one state of the store.
    let snapshot = connection.unchecked_transaction().map_err(backend)?;
    let mut tips = Vec::new();
    match of {
        TipsOf::Hub => tips = some(NEWEST_TIPS, params![before, limit])?,
        TipsOf::App { app, phase } => {
            for phase in phases(*phase) {
                tips.extend(of_app(app, *phase)?);
            }
        }
        TipsOf::Payer { app, user } => tips = payer(app, user)?,
        TipsOf::Payee { app, user, phase } => {
            for phase in phases(*phase) {
                tips.extend(payee(app, user, *phase)?);
            }
        }
        TipsOf::Party { app, user } => {
            tips = payer(app, user)?;
            for phase in PHASES {
                tips.extend(payee(app, user, phase)?);
            }
        }
        TipsOf::Post { app, post, phase } => {
            for phase in phases(*phase) {
                let of = params![app.as_str(), post.as_str(), phase_name(*phase), before, limit];
                tips.extend(some(NEWEST_TIPS_OF_POST, of)?);
            }
        }
    }
    snapshot.commit().map_err(backend)?;
    Ok(newest(tips, limit))
}

fn phases(phase: Option<TipPhase>) -> &'static [TipPhase] {
    match phase {
        None => &PHASES,
        Some(TipPhase::Open) => &[TipPhase::Open],
        Some(TipPhase::Settled) => &[TipPhase::Settled],
        Some(TipPhase::Ended) => &[TipPhase::Ended],
    }
}

/// The newest of several lists together, each once.
fn newest(mut tips: Vec<Stored<Tip>>, limit: u32) -> Vec<Stored<Tip>> {
    tips.sort_by_key(|tip| std::cmp::Reverse(tip.id()));
    tips.dedup_by_key(|tip| tip.id());
    tips.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    tips
}

pub(crate) fn withdrawals(
    connection: &Connection,
    of: &WithdrawalsOf,
    before: Option<WithdrawalId>,
    limit: u32,
) -> Result<Vec<Stored<Withdrawal>>, StoreError> {
    let before = before.map(|id| *id.as_uuid());
    let (before, limit) = (id_before(before.as_ref()), rows(limit));
    let some = |sql, params: &[&dyn ToSql]| list(connection, sql, params, "withdrawals", row::withdrawal);
    match of {
        WithdrawalsOf::Hub => some(NEWEST_WITHDRAWALS, params![before, limit]),
        WithdrawalsOf::App { app, state: None } => {
            some(NEWEST_WITHDRAWALS_OF_APP, params![app.as_str(), before, limit])
        }
        WithdrawalsOf::App { app, state: Some(state) } => {
            some(NEWEST_WITHDRAWALS_IN_STATE, params![app.as_str(), state, before, limit])
        }
        WithdrawalsOf::User { app, user } => {
            some(NEWEST_WITHDRAWALS_OF_USER, params![app.as_str(), user.as_str(), before, limit])
        }
        WithdrawalsOf::PaymentHash(hash) => {
            some(NEWEST_WITHDRAWALS_BY_HASH, params![hash.as_bytes(), before, limit])
        }
        WithdrawalsOf::Invoice(encoded) => {
            some(NEWEST_WITHDRAWALS_BY_INVOICE, params![encoded, before, limit])
        }
    }
}

pub(crate) fn entries(
    connection: &Connection,
    of: &EntriesOf,
    before: Option<u64>,
    limit: u32,
) -> Result<Vec<NumberedEntry>, StoreError> {
    let (before, limit) = (bound(before.unwrap_or(u64::MAX)), rows(limit));
    let some = |sql, params: &[&dyn ToSql]| list(connection, sql, params, "entries", row::entry);
    match of {
        EntriesOf::Hub => some(NEWEST_ENTRIES, params![before, limit]),
        EntriesOf::App(app) => some(NEWEST_ENTRIES_OF_APP, params![app.as_str(), before, limit]),
        EntriesOf::Account(UserAccount { app, user, asset }) => {
            let params = params![app.as_str(), user.as_str(), asset.as_str(), before, limit];
            some(NEWEST_ENTRIES_OF_ACCOUNT, params)
        }
    }
}

fn id_before(id: Option<&uuid::Uuid>) -> &[u8] {
    id.map_or(&AFTER_ALL_IDS, |id| id.as_bytes())
}
