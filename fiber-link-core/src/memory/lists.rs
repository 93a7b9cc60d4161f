//! The newest rows of each kind.

use super::tables::Tips;
use crate::{AppId, Destination, Stored, Tip, TipId, TipsOf, UserId, Withdrawal, WithdrawalsOf};
use std::collections::BTreeMap;
use std::ops::Bound::{Excluded, Unbounded};

/// The rows with a smaller key than `before`, the last first.
pub(super) fn earlier<'a, K: Ord, V>(
    rows: &'a BTreeMap<K, V>,
    before: Option<&K>,
) -> impl Iterator<Item = (&'a K, &'a V)> + use<'a, K, V> {
    rows.range((Unbounded, before.map_or(Unbounded, Excluded))).rev()
}

/// The newest of the tips that are asked for.
pub(super) fn newest_tips(tips: &Tips, of: &TipsOf, before: Option<TipId>, limit: usize) -> Vec<Stored<Tip>> {
    let of_user = |app: &AppId, user: &UserId| tips.of_user.get(&(app.clone(), user.clone()));
    let ids = match of {
        TipsOf::Hub => {
            let rows = earlier(tips.rows(), before.as_ref()).take(limit);
            return rows.map(|(_, row)| row.stored.clone()).collect();
        }
        TipsOf::App { app, .. } | TipsOf::Post { app, .. } => tips.of_app.get(app),
        TipsOf::Payer { app, user } | TipsOf::Payee { app, user, .. } | TipsOf::Party { app, user } => {
            of_user(app, user)
        }
    };
    let of_those = |tip: &&Stored<Tip>| match of {
        TipsOf::Hub | TipsOf::Party { .. } => true,
        TipsOf::App { phase, .. } => phase.is_none_or(|phase| tip.state().phase() == phase),
        TipsOf::Payer { user, .. } => tip.terms().from_user == *user,
        TipsOf::Payee { user, phase, .. } => {
            tip.terms().to_user == *user && phase.is_none_or(|phase| tip.state().phase() == phase)
        }
        TipsOf::Post { post, phase, .. } => {
            tip.terms().post == *post && phase.is_none_or(|phase| tip.state().phase() == phase)
        }
    };
    let earlier = (Unbounded, before.map_or(Unbounded, Excluded));
    let ids = ids.into_iter().flat_map(|ids| ids.range(earlier).rev());
    tips.of(ids).filter(of_those).take(limit).cloned().collect()
}

/// Whether a withdrawal is one of those that are asked for.
pub(super) fn is_of(withdrawal: &Withdrawal, of: &WithdrawalsOf) -> bool {
    let terms = withdrawal.terms();
    match of {
        WithdrawalsOf::Hub => true,
        WithdrawalsOf::App { app, state } => {
            terms.app == *app && state.is_none_or(|state| withdrawal.state().as_str() == state)
        }
        WithdrawalsOf::User { app, user } => terms.app == *app && terms.user == *user,
        WithdrawalsOf::PaymentHash(hash) => withdrawal.payment_hash() == *hash,
        WithdrawalsOf::Invoice(text) => {
            let Destination::PaymentRequest(invoice) = &terms.destination;
            invoice.encoded == *text
        }
    }
}
