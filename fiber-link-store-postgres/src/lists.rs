//! The newest rows of each kind, in pages.
//!
//! Where several lists make one, their ids are gathered first, as an array: the planner then knows
//! that they are few, whatever it thinks of a limit that it is told later.

use crate::PostgresStore;
use crate::query::{bind_account, name, rows};
use crate::row::{entry_columns, phase_name, tip_columns, withdrawal_columns};
use crate::statement::{Query, bound, query, statements, text};
use fiber_link_core::{EntriesOf, TipId, TipsOf, WithdrawalId, WithdrawalsOf};
use uuid::Uuid;

statements! {
    tips = concat!(
        "SELECT ", tip_columns!(), " FROM {schema}.tips WHERE id < $1 ORDER BY id DESC LIMIT $2"
    );
    tips_of_app = concat!(
        "SELECT ", tip_columns!(), " FROM {schema}.tips WHERE id = ANY (ARRAY(
            (SELECT id FROM {schema}.tips WHERE app = $1 AND phase = 'open' AND id < $2 ORDER BY id DESC LIMIT $3)
            UNION
            (SELECT id FROM {schema}.tips WHERE app = $1 AND phase = 'settled' AND id < $2 ORDER BY id DESC LIMIT $3)
            UNION
            (SELECT id FROM {schema}.tips WHERE app = $1 AND phase = 'ended' AND id < $2 ORDER BY id DESC LIMIT $3)
            ORDER BY id DESC LIMIT $3))
        ORDER BY id DESC LIMIT $3"
    );
    tips_of_app_in_phase = concat!(
        "SELECT ", tip_columns!(), " FROM {schema}.tips WHERE app = $1 AND phase = $2 AND id < $3
        ORDER BY id DESC LIMIT $4"
    );
    tips_from_user = concat!(
        "SELECT ", tip_columns!(), " FROM {schema}.tips WHERE app = $1 AND from_user = $2 AND id < $3
        ORDER BY id DESC LIMIT $4"
    );
    tips_to_user = concat!(
        "SELECT ", tip_columns!(), " FROM {schema}.tips WHERE id = ANY (ARRAY(
            (SELECT id FROM {schema}.tips WHERE app = $1 AND to_user = $2 AND phase = 'open' AND id < $3 ORDER BY id DESC LIMIT $4)
            UNION
            (SELECT id FROM {schema}.tips WHERE app = $1 AND to_user = $2 AND phase = 'settled' AND id < $3 ORDER BY id DESC LIMIT $4)
            UNION
            (SELECT id FROM {schema}.tips WHERE app = $1 AND to_user = $2 AND phase = 'ended' AND id < $3 ORDER BY id DESC LIMIT $4)
            ORDER BY id DESC LIMIT $4))
        ORDER BY id DESC LIMIT $4"
    );
    tips_to_user_in_phase = concat!(
        "SELECT ", tip_columns!(), " FROM {schema}.tips WHERE app = $1 AND to_user = $2 AND phase = $3
            AND id < $4
        ORDER BY id DESC LIMIT $5"
    );
    tips_of_user = concat!(
        "SELECT ", tip_columns!(), " FROM {schema}.tips WHERE id = ANY (ARRAY(
            (SELECT id FROM {schema}.tips WHERE app = $1 AND from_user = $2 AND id < $3 ORDER BY id DESC LIMIT $4)
            UNION
            (SELECT id FROM {schema}.tips WHERE app = $1 AND to_user = $2 AND phase = 'open' AND id < $3 ORDER BY id DESC LIMIT $4)
            UNION
            (SELECT id FROM {schema}.tips WHERE app = $1 AND to_user = $2 AND phase = 'settled' AND id < $3 ORDER BY id DESC LIMIT $4)
            UNION
            (SELECT id FROM {schema}.tips WHERE app = $1 AND to_user = $2 AND phase = 'ended' AND id < $3 ORDER BY id DESC LIMIT $4)
            ORDER BY id DESC LIMIT $4))
        ORDER BY id DESC LIMIT $4"
    );
    tips_of_post = concat!(
        "SELECT ", tip_columns!(), " FROM {schema}.tips WHERE id = ANY (ARRAY(
            (SELECT id FROM {schema}.tips WHERE app = $1 AND post = $2 AND phase = 'open' AND id < $3 ORDER BY id DESC LIMIT $4)
            UNION
            (SELECT id FROM {schema}.tips WHERE app = $1 AND post = $2 AND phase = 'settled' AND id < $3 ORDER BY id DESC LIMIT $4)
            UNION
            (SELECT id FROM {schema}.tips WHERE app = $1 AND post = $2 AND phase = 'ended' AND id < $3 ORDER BY id DESC LIMIT $4)
            ORDER BY id DESC LIMIT $4))
        ORDER BY id DESC LIMIT $4"
    );
    tips_of_post_in_phase = concat!(
        "SELECT ", tip_columns!(), " FROM {schema}.tips WHERE app = $1 AND post = $2 AND phase = $3 AND id < $4
        ORDER BY id DESC LIMIT $5"
    );
    withdrawals = concat!(
        "SELECT ", withdrawal_columns!(), " FROM {schema}.withdrawals WHERE id < $1 ORDER BY id DESC LIMIT $2"
    );
    withdrawals_of_app = concat!(
        "SELECT ", withdrawal_columns!(), " FROM {schema}.withdrawals WHERE app = $1 AND id < $2
        ORDER BY id DESC LIMIT $3"
    );
    withdrawals_of_app_in_state = concat!(
        "SELECT ", withdrawal_columns!(), " FROM {schema}.withdrawals WHERE app = $1 AND state = $2 AND id < $3
        ORDER BY id DESC LIMIT $4"
    );
    withdrawals_of_user = concat!(
        "SELECT ", withdrawal_columns!(), " FROM {schema}.withdrawals
        WHERE app = $1 AND \"user\" = $2 AND id < $3 ORDER BY id DESC LIMIT $4"
    );
    withdrawals_by_payment_hash = concat!(
        "SELECT ", withdrawal_columns!(), " FROM {schema}.withdrawals WHERE payment_hash = $1 AND id < $2
        ORDER BY id DESC LIMIT $3"
    );
    withdrawals_by_invoice = concat!(
        "SELECT ", withdrawal_columns!(), " FROM {schema}.withdrawals WHERE id = ANY (ARRAY(
            SELECT id FROM {schema}.withdrawals WHERE invoice = $1 AND id < $2 ORDER BY id DESC LIMIT $3))
        ORDER BY id DESC LIMIT $3"
    );
    entries = concat!(
        "SELECT ", entry_columns!(), " FROM {schema}.entries WHERE number < $1 ORDER BY number DESC LIMIT $2"
    );
    entries_of_app = concat!(
        "SELECT ", entry_columns!(), " FROM {schema}.entries WHERE app = $1 AND number < $2
        ORDER BY number DESC LIMIT $3"
    );
    entries_of_account = concat!(
        "SELECT ", entry_columns!(), " FROM {schema}.entries
        WHERE app = $1 AND \"user\" = $2 AND asset = $3 AND number < $4 ORDER BY number DESC LIMIT $5"
    );
}

impl PostgresStore {
    pub(crate) fn newest_tips(&self, of: &TipsOf, before: Option<TipId>, limit: u32) -> Query {
        let sql = &self.statements().lists;
        let statement = match of {
            TipsOf::Hub => query(&sql.tips),
            TipsOf::App { app, phase: None } => query(&sql.tips_of_app).bind(name(app)),
            TipsOf::App { app, phase: Some(phase) } => {
                query(&sql.tips_of_app_in_phase).bind(name(app)).bind(phase_name(*phase))
            }
            TipsOf::Payer { app, user } => {
                query(&sql.tips_from_user).bind(name(app)).bind(user.as_str().to_owned())
            }
            TipsOf::Payee { app, user, phase: None } => {
                query(&sql.tips_to_user).bind(name(app)).bind(user.as_str().to_owned())
            }
            TipsOf::Payee { app, user, phase: Some(phase) } => query(&sql.tips_to_user_in_phase)
                .bind(name(app))
                .bind(user.as_str().to_owned())
                .bind(phase_name(*phase)),
            TipsOf::Party { app, user } => {
                query(&sql.tips_of_user).bind(name(app)).bind(user.as_str().to_owned())
            }
            TipsOf::Post { app, post, phase: None } => {
                query(&sql.tips_of_post).bind(name(app)).bind(post.as_str().to_owned())
            }
            TipsOf::Post { app, post, phase: Some(phase) } => query(&sql.tips_of_post_in_phase)
                .bind(name(app))
                .bind(post.as_str().to_owned())
                .bind(phase_name(*phase)),
        };
        statement.bind(id_before(before.map(|id| *id.as_uuid()))).bind(rows(limit))
    }

    pub(crate) fn newest_withdrawals(
        &self,
        of: &WithdrawalsOf,
        before: Option<WithdrawalId>,
        limit: u32,
    ) -> Query {
        let sql = &self.statements().lists;
        let statement = match of {
            WithdrawalsOf::Hub => query(&sql.withdrawals),
            WithdrawalsOf::App { app, state: None } => query(&sql.withdrawals_of_app).bind(name(app)),
            WithdrawalsOf::App { app, state: Some(state) } => {
                query(&sql.withdrawals_of_app_in_state).bind(name(app)).bind(*state)
            }
            WithdrawalsOf::User { app, user } => {
                query(&sql.withdrawals_of_user).bind(name(app)).bind(user.as_str().to_owned())
            }
            WithdrawalsOf::PaymentHash(hash) => {
                query(&sql.withdrawals_by_payment_hash).bind(hash.as_bytes().to_vec())
            }
            WithdrawalsOf::Invoice(encoded) => query(&sql.withdrawals_by_invoice).bind(text(encoded)),
        };
        statement.bind(id_before(before.map(|id| *id.as_uuid()))).bind(rows(limit))
    }

    pub(crate) fn newest_entries(&self, of: &EntriesOf, before: Option<u64>, limit: u32) -> Query {
        let sql = &self.statements().lists;
        let statement = match of {
            EntriesOf::Hub => query(&sql.entries),
            EntriesOf::App(app) => query(&sql.entries_of_app).bind(name(app)),
            EntriesOf::Account(account) => bind_account(query(&sql.entries_of_account), account),
        };
        statement.bind(bound(before.unwrap_or(u64::MAX))).bind(rows(limit))
    }
}

/// What all ids are smaller than: none of version 7 is like it.
fn id_before(id: Option<Uuid>) -> Uuid {
    id.unwrap_or(Uuid::max())
}
