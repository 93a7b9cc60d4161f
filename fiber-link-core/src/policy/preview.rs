//! What a policy would have done to what was asked for lately.

use super::Policy;
use crate::{
    Asset, CountTowardsLimit, GiveBackToLimit, LimitCounter, LimitExceeded, LimitKey, LimitScope, Timestamp,
    Tip, Withdrawal, WithdrawalState,
};
use std::collections::BTreeMap;

/// How many of the newest tips, and how many withdrawals, a preview judges.
pub(crate) const PREVIEWED: usize = 100;

/// What a policy would have done. A largest balance and destinations that are new cannot be told from
/// what is kept of the past, and are left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PolicyPreview {
    /// To the newest tips.
    pub tips: Previewed,
    /// To the newest withdrawals that were accepted.
    pub withdrawals: Previewed,
}

/// What became of some that were looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Previewed {
    /// How many were looked at.
    pub looked_at: u32,
    /// How many would have been refused, by the first rule that refuses.
    pub refused: BTreeMap<&'static str, u32>,
    /// How many of the others would have waited for a review.
    pub reviewed: u32,
}

impl Previewed {
    /// How many would have been refused.
    pub fn total_refused(&self) -> u32 {
        self.refused.values().fold(0, |sum, count| sum.saturating_add(*count))
    }

    fn refuse(&mut self, rule: &'static str) {
        let count = self.refused.entry(rule).or_default();
        *count = count.saturating_add(1);
    }
}

/// A withdrawal that was accepted.
#[derive(Clone, Debug)]
pub(crate) struct PastWithdrawal {
    pub(crate) withdrawal: Withdrawal,
    /// Whether it was the first of its user.
    pub(crate) is_first: bool,
}

/// What `policy` would have done to the last [`PREVIEWED`] of each. All of one app and asset, in the order
/// of their times; those before the last ones count towards limits.
pub(crate) fn preview(
    policy: &Policy,
    asset: &Asset,
    tips: &[Tip],
    withdrawals: &[PastWithdrawal],
) -> PolicyPreview {
    let mut told = PolicyPreview::default();
    for tip in last(tips) {
        told.tips.looked_at = told.tips.looked_at.saturating_add(1);
        let terms = tip.terms();
        if let Some(refusal) = policy.tips.refusal(&terms.app, asset, terms.amount) {
            told.tips.refuse(refusal.rule());
        }
    }
    let mut replay = Replay { policy, asset, counters: BTreeMap::new(), returning: Vec::new() };
    let judged_from = withdrawals.len().saturating_sub(PREVIEWED);
    for (place, past) in withdrawals.iter().enumerate() {
        let answer = replay.ask(&past.withdrawal);
        if place < judged_from {
            continue;
        }
        let counts = &mut told.withdrawals;
        counts.looked_at = counts.looked_at.saturating_add(1);
        match answer {
            Err(rule) => counts.refuse(rule),
            Ok(()) => {
                let amount = past.withdrawal.terms().amount;
                let reasons = policy.review.reasons(amount, past.is_first, false);
                counts.reviewed = counts.reviewed.saturating_add(u32::from(!reasons.is_empty()));
            }
        }
    }
    told
}

fn last<T>(all: &[T]) -> &[T] {
    all.get(all.len().saturating_sub(PREVIEWED)..).unwrap_or_default()
}

/// Asks for withdrawals once more, one after the other.
struct Replay<'a> {
    policy: &'a Policy,
    asset: &'a Asset,
    counters: BTreeMap<LimitScope, LimitCounter>,
    /// What failed or was released later, and was given back then.
    returning: Vec<(Timestamp, GiveBackToLimit)>,
}

impl Replay<'_> {
    fn ask(&mut self, withdrawal: &Withdrawal) -> Result<(), &'static str> {
        let (terms, now) = (withdrawal.terms(), withdrawal.created_at());
        self.give_back_until(now);
        let policy = &self.policy.withdrawals;
        if let Some(refusal) = policy.refusal(&terms.app, self.asset, terms.amount, policy.minimum) {
            return Err(refusal.rule());
        }
        let counts = crate::service::limit_counts(withdrawal, policy, now);
        let counted = counts.each_ref().map(|count| self.counter(&count.key).count(count));
        if let Some(exceeded) = counted.iter().find_map(|counted| counted.as_ref().err()) {
            return Err(rule_of(exceeded, self.asset, now));
        }
        for (CountTowardsLimit { key, amount, .. }, counter) in counts.into_iter().zip(counted) {
            let Ok(counter) = counter else { continue };
            self.counters.insert(key.scope.clone(), counter);
            if let Some(at) = given_back_at(withdrawal) {
                self.returning.push((at, GiveBackToLimit { key, amount, requested_at: now }));
            }
        }
        Ok(())
    }

    fn give_back_until(&mut self, now: Timestamp) {
        for (_, gift) in self.returning.extract_if(.., |(at, _)| *at <= now) {
            if let Some(counter) = self.counters.get_mut(&gift.key.scope) {
                *counter = counter.give_back(&gift);
            }
        }
    }

    fn counter(&self, key: &LimitKey) -> LimitCounter {
        self.counters.get(&key.scope).cloned().unwrap_or_default()
    }
}

/// When a withdrawal was given back to its limits. One that was paid after its release stays given back.
fn given_back_at(withdrawal: &Withdrawal) -> Option<Timestamp> {
    match *withdrawal.state() {
        WithdrawalState::Failed { at, .. }
        | WithdrawalState::Released { at, .. }
        | WithdrawalState::PaidAfterRelease { at, .. } => Some(at),
        WithdrawalState::AwaitingReview
        | WithdrawalState::LiquidityPending
        | WithdrawalState::Pending
        | WithdrawalState::Processing { .. }
        | WithdrawalState::RetryPending { .. }
        | WithdrawalState::Completed { .. } => None,
    }
}

fn rule_of(exceeded: &LimitExceeded, asset: &Asset, now: Timestamp) -> &'static str {
    crate::service::limit_refusal(exceeded, asset, now).rule()
}

#[cfg(test)]
mod tests;
