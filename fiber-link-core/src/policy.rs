//! What tips and withdrawals may be: limits, fees, what people look at first, and the messages that
//! people read.

mod preview;
mod refusal;
mod rules;
pub(crate) mod stored;

pub(crate) use preview::{PREVIEWED, PastWithdrawal, preview};
pub use preview::{PolicyPreview, Previewed};
pub use refusal::PolicyRefusal;
pub use rules::{InvalidPolicy, LONGEST_COOLDOWN, LONGEST_COOLING_TIME, Policy, ReviewPolicy, TipPolicy};
pub use stored::PolicyVersion;

use crate::{Amount, AppId, Asset, AssetId, Assets, FeeBearer};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::Duration;

/// The rules for withdrawals of one asset in one app.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WithdrawalPolicy {
    /// Whether the asset may be withdrawn at all.
    pub allowed: bool,
    /// The least that a payment request may ask.
    #[serde(with = "stored::amount")]
    pub minimum: Amount,
    /// The least that a CKB address may be sent: a cell has to carry itself.
    #[serde(with = "stored::amount")]
    pub minimum_to_address: Amount,
    /// The most per request.
    #[serde(with = "stored::amount")]
    pub per_request: Amount,
    /// The most per user in a rolling day.
    #[serde(with = "stored::amount")]
    pub per_user_daily: Amount,
    /// The most per app in a rolling day.
    #[serde(with = "stored::amount")]
    pub per_app_daily: Amount,
    /// The least time between two requests of one user.
    #[serde(with = "stored::millis")]
    pub cooldown: Duration,
    /// The highest fee.
    pub fee: FeeRule,
    /// Who bears the fee.
    pub fee_bearer: FeeBearer,
}

/// The highest fee for a payment: a share of the amount, and at least a floor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeeRule {
    /// The share, in millionths: 10 000 is 1 %.
    pub millionths: u32,
    /// The least.
    #[serde(with = "stored::amount")]
    pub floor: Amount,
}

const MILLION: u128 = 1_000_000;

impl FeeRule {
    /// The highest fee for `amount`, rounded up; `None` above the largest amount.
    pub fn limit(self, amount: Amount) -> Option<Amount> {
        let (whole, rest) = (amount.units() / MILLION, amount.units() % MILLION);
        let share = u128::from(self.millionths);
        let of_rest = rest.checked_mul(share)?.div_ceil(MILLION);
        let fee = whole.checked_mul(share)?.checked_add(of_rest)?;
        Amount::try_from(fee).ok().map(|fee| fee.max(self.floor))
    }

    /// The largest amount that fits into `available` together with its fee.
    pub fn largest(self, available: Amount) -> Amount {
        let fits = |amount: Amount| {
            self.limit(amount).and_then(|fee| amount.checked_add(fee)).is_some_and(|sum| sum <= available)
        };
        let (mut fitting, mut beyond) = (0u128, available.units().saturating_add(1));
        while beyond.saturating_sub(fitting) > 1 {
            let middle = fitting.midpoint(beyond);
            match Amount::try_from(middle) {
                Ok(amount) if fits(amount) => fitting = middle,
                Ok(_) | Err(_) => beyond = middle,
            }
        }
        Amount::try_from(fitting).unwrap_or(Amount::ZERO)
    }
}

impl WithdrawalPolicy {
    /// The defaults: 5 000 whole units per request, 20 000 per user and day, 200 000 per app and
    /// day, no cooldown, a fee of at most 1 %; for CKB at least 0.1 CKB.
    pub fn default_for(asset: &Asset) -> Self {
        let whole = |units: u128| {
            let base = 10u128.checked_pow(u32::from(asset.decimals)).and_then(|one| one.checked_mul(units));
            base.and_then(|base| Amount::try_from(base).ok()).unwrap_or(Amount::MAX)
        };
        let ckb = asset.kind == crate::AssetKind::Ckb;
        Self {
            allowed: true,
            minimum: Amount::new(1),
            minimum_to_address: if ckb { whole(61) } else { Amount::new(1) },
            per_request: whole(5_000),
            per_user_daily: whole(20_000),
            per_app_daily: whole(200_000),
            cooldown: Duration::ZERO,
            fee: FeeRule {
                millionths: 10_000,
                floor: if ckb { Amount::new(10_000_000) } else { Amount::ZERO },
            },
            fee_bearer: FeeBearer::User,
        }
    }

    /// The rule that refuses such an amount, among those that need no counting. `minimum` is that of
    /// where it goes.
    pub(crate) fn refusal(
        &self,
        app: &AppId,
        asset: &Asset,
        amount: Amount,
        minimum: Amount,
    ) -> Option<PolicyRefusal> {
        if !self.allowed {
            Some(PolicyRefusal::AssetNotAllowed { asset: asset.id.clone(), app: app.clone() })
        } else if amount < minimum {
            let (amount, minimum) = (asset.format(amount), asset.format(minimum));
            Some(PolicyRefusal::BelowMinimum { amount, minimum })
        } else if amount > self.per_request {
            let (amount, limit) = (asset.format(amount), asset.format(self.per_request));
            Some(PolicyRefusal::AbovePerRequest { amount, limit })
        } else {
            None
        }
    }
}

/// The policies of every app: one per asset, and exceptions for single apps.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policies {
    by_asset: BTreeMap<AssetId, WithdrawalPolicy>,
    by_app: BTreeMap<(AppId, AssetId), WithdrawalPolicy>,
}

impl Policies {
    /// The default policy for each of `assets`.
    pub fn defaults(assets: &Assets) -> Self {
        let by_asset = assets.iter().map(|a| (a.id.clone(), WithdrawalPolicy::default_for(a))).collect();
        Self { by_asset, by_app: BTreeMap::new() }
    }

    /// Sets the policy of `asset` for every app without an exception.
    pub fn set(&mut self, asset: AssetId, policy: WithdrawalPolicy) {
        self.by_asset.insert(asset, policy);
    }

    /// Sets the policy of `asset` for one app.
    pub fn set_for_app(&mut self, app: AppId, asset: AssetId, policy: WithdrawalPolicy) {
        self.by_app.insert((app, asset), policy);
    }

    /// The apps with an exception.
    pub fn apps(&self) -> impl Iterator<Item = &AppId> {
        let mut last = None;
        // By app first, so that those of one app stand together.
        self.by_app.keys().filter_map(move |(app, _)| (last.replace(app) != Some(app)).then_some(app))
    }

    /// The policy of `asset` in `app`; the default one where none was set.
    pub fn of(&self, app: &AppId, asset: &Asset) -> WithdrawalPolicy {
        let exception = self.by_app.get(&(app.clone(), asset.id.clone()));
        let policy = exception.or_else(|| self.by_asset.get(&asset.id));
        policy.cloned().unwrap_or_else(|| WithdrawalPolicy::default_for(asset))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_default_fee_is_one_percent_and_at_least_a_tenth_of_a_ckb() {
        let fee = WithdrawalPolicy::default_for(&Asset::ckb()).fee;
        assert_eq!(fee.limit(Amount::new(6_100_000_000)), Some(Amount::new(61_000_000)));
        assert_eq!(fee.limit(Amount::new(100_000_000)), Some(Amount::new(10_000_000)));
        assert_eq!(fee.limit(Amount::new(1_000_000_001)), Some(Amount::new(10_000_001)), "rounded up");
        assert!(fee.limit(Amount::MAX).is_some());
    }

    #[test]
    fn an_exception_holds_for_its_app_alone() {
        let (ckb, app) = (Asset::ckb(), AppId::new("a").unwrap());
        let mut policies = Policies::defaults(&Assets::default());
        let strict = WithdrawalPolicy { allowed: false, ..WithdrawalPolicy::default_for(&ckb) };
        policies.set_for_app(app.clone(), ckb.id.clone(), strict);
        assert!(!policies.of(&app, &ckb).allowed);
        assert!(policies.of(&AppId::new("b").unwrap(), &ckb).allowed);
    }

    #[test]
    fn a_policy_that_was_set_holds_for_every_app_without_an_exception() {
        let (ckb, app) = (Asset::ckb(), AppId::new("a").unwrap());
        let mut policies = Policies::defaults(&Assets::default());
        let strict = WithdrawalPolicy { allowed: false, ..WithdrawalPolicy::default_for(&ckb) };
        policies.set(ckb.id.clone(), strict.clone());
        assert_eq!(policies.of(&app, &ckb), strict);
        let usual = WithdrawalPolicy::default_for(&ckb);
        policies.set_for_app(app.clone(), ckb.id.clone(), usual.clone());
        assert_eq!(policies.of(&app, &ckb), usual);
    }

    #[test]
    fn apps_with_exceptions_are_told_once_each() {
        let assets = [AssetId::ckb(), AssetId::new("TOKEN").unwrap()];
        let mut policies = Policies::default();
        for app in ["b", "a"] {
            for asset in assets.clone() {
                let policy = WithdrawalPolicy::default_for(&Asset::ckb());
                policies.set_for_app(AppId::new(app).unwrap(), asset, policy);
            }
        }
        let apps: Vec<_> = policies.apps().map(ToString::to_string).collect();
        assert_eq!(apps, ["a", "b"]);
    }

    proptest! {
        #[test]
        fn the_largest_amount_fits_and_one_more_does_not(
            available in 0..=Amount::MAX.units(), millionths in 0u32..=1_000_000, floor in 0u64..1_000_000_000,
        ) {
            let rule = FeeRule { millionths, floor: Amount::new(floor) };
            let available = Amount::try_from(available).unwrap();
            let needs = |amount: Amount| rule.limit(amount).and_then(|fee| amount.checked_add(fee));
            let largest = rule.largest(available);
            if !largest.is_zero() {
                prop_assert!(needs(largest).is_some_and(|sum| sum <= available));
            }
            if let Some(more) = largest.checked_add(Amount::new(1)) {
                prop_assert!(needs(more).is_none_or(|sum| sum > available));
            }
        }
    }
}
