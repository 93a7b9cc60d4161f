//! Everything that is agreed for one asset in one app.

use super::{PolicyRefusal, WithdrawalPolicy, stored};
use crate::{Amount, AppId, Asset, ReviewReason};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The longest time between two requests of a user that may be asked for.
pub const LONGEST_COOLDOWN: Duration = Duration::from_secs(30 * 24 * 3600);

/// The longest time for which a destination may count as new.
pub const LONGEST_COOLING_TIME: Duration = Duration::from_secs(365 * 24 * 3600);

/// What holds for one asset in one app.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// For tips.
    pub tips: TipPolicy,
    /// For withdrawals.
    pub withdrawals: WithdrawalPolicy,
    /// Which withdrawals people look at before they are paid.
    pub review: ReviewPolicy,
}

/// The rules for tips of one asset in one app.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TipPolicy {
    /// Whether the asset may be tipped at all.
    pub allowed: bool,
    /// The least.
    #[serde(with = "stored::amount")]
    pub minimum: Amount,
    /// The most; none if there is no limit.
    #[serde(with = "stored::some_amount")]
    pub maximum: Option<Amount>,
    /// The most that a user may come to have, with tips to him that may still be paid; none if there is
    /// no limit. What is paid is credited all the same.
    #[serde(with = "stored::some_amount")]
    pub largest_balance: Option<Amount>,
}

/// Which withdrawals wait for people before they are paid.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReviewPolicy {
    /// Those above this amount.
    #[serde(with = "stored::some_amount")]
    pub above: Option<Amount>,
    /// Those above this amount, for which two different people are needed.
    #[serde(with = "stored::some_amount")]
    pub two_above: Option<Amount>,
    /// The first of each user.
    pub first_withdrawal: bool,
    /// Those to a destination that the user named less than so long ago for the first time; none if it
    /// does not matter.
    #[serde(with = "stored::some_millis")]
    pub new_destination: Option<Duration>,
}

impl ReviewPolicy {
    /// Whether people look at a withdrawal under `before` that nobody, or fewer, look at under this.
    pub fn is_weaker_than(&self, before: &Self) -> bool {
        let above =
            |is: Option<Amount>, was: Option<Amount>| was.is_some_and(|was| is.is_none_or(|is| is > was));
        let cooling = before.new_destination.unwrap_or_default();
        above(self.above, before.above)
            || above(self.two_above, before.two_above)
            || (before.first_withdrawal && !self.first_withdrawal)
            || self.new_destination.unwrap_or_default() < cooling
    }
}

/// A policy that contradicts itself or leaves what is allowed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPolicy {
    /// One amount has to be at most the other. Amounts are whole units, as people write them.
    #[error("{lower}: got {amount}, allowed is at most {upper}, which is {limit}")]
    Crossed {
        /// What is too large.
        lower: &'static str,
        /// What it is.
        amount: String,
        /// What it has to stay within.
        upper: &'static str,
        /// What that is.
        limit: String,
    },
    /// A time is too long.
    #[error("{field}: got {} s, allowed are at most {} s", .got.as_secs(), .most.as_secs())]
    TooLong {
        /// Which one.
        field: &'static str,
        /// What it is.
        got: Duration,
        /// The most.
        most: Duration,
    },
    /// A fee of more than everything.
    #[error("fee-millionths: got {0}, allowed is a number from 0 to 1000000")]
    Fee(u32),
}

impl Policy {
    /// What is allowed where nothing was set: tips of any amount, and no review.
    pub fn new(withdrawals: WithdrawalPolicy) -> Self {
        Self { tips: TipPolicy::default(), withdrawals, review: ReviewPolicy::default() }
    }

    /// Whether it fits together.
    ///
    /// # Errors
    /// [`InvalidPolicy`] names what does not.
    pub fn check(&self, asset: &Asset) -> Result<(), InvalidPolicy> {
        let (tips, withdrawals, review) = (&self.tips, &self.withdrawals, &self.review);
        let most = |limit: Option<Amount>| limit.unwrap_or(Amount::MAX);
        let ordered = [
            ("tip-minimum", tips.minimum, "tip-maximum", most(tips.maximum)),
            ("tip-minimum", tips.minimum, "largest-balance", most(tips.largest_balance)),
            ("withdrawal-minimum", withdrawals.minimum, "per-request", withdrawals.per_request),
            (
                "review-above",
                review.above.unwrap_or(Amount::ZERO),
                "two-people-above",
                most(review.two_above),
            ),
        ];
        for (lower, amount, upper, limit) in ordered {
            if amount > limit {
                let (amount, limit) = (asset.format(amount), asset.format(limit));
                return Err(InvalidPolicy::Crossed { lower, amount, upper, limit });
            }
        }
        let times = [
            ("cooldown", withdrawals.cooldown, LONGEST_COOLDOWN),
            ("new-destination", review.new_destination.unwrap_or_default(), LONGEST_COOLING_TIME),
        ];
        for (field, got, most) in times {
            if got > most {
                return Err(InvalidPolicy::TooLong { field, got, most });
            }
        }
        match withdrawals.fee.millionths {
            0..=1_000_000 => Ok(()),
            above => Err(InvalidPolicy::Fee(above)),
        }
    }
}

/// Tips of any amount, as many as come.
impl Default for TipPolicy {
    fn default() -> Self {
        Self { allowed: true, minimum: Amount::new(1), maximum: None, largest_balance: None }
    }
}

impl TipPolicy {
    /// The rule that refuses a tip of this amount, among those that ask for no balance.
    pub fn refusal(&self, app: &AppId, asset: &Asset, amount: Amount) -> Option<PolicyRefusal> {
        if !self.allowed {
            return Some(PolicyRefusal::TipsNotAllowed { asset: asset.id.clone(), app: app.clone() });
        }
        if amount < self.minimum {
            let (amount, minimum) = (asset.format(amount), asset.format(self.minimum));
            return Some(PolicyRefusal::TipBelowMinimum { amount, minimum });
        }
        let maximum = self.maximum.filter(|maximum| amount > *maximum)?;
        Some(PolicyRefusal::TipAboveMaximum { amount: asset.format(amount), maximum: asset.format(maximum) })
    }
}

impl ReviewPolicy {
    /// Why a withdrawal of this amount waits for people; nothing if it does not.
    pub(crate) fn reasons(&self, amount: Amount, is_first: bool, is_new: bool) -> Vec<ReviewReason> {
        let above = |limit: Option<Amount>| limit.is_some_and(|limit| amount > limit);
        let reasons = [
            (above(self.above), ReviewReason::Amount),
            (above(self.two_above), ReviewReason::LargeAmount),
            (self.first_withdrawal && is_first, ReviewReason::FirstWithdrawal),
            (self.new_destination.is_some() && is_new, ReviewReason::NewDestination),
        ];
        reasons.into_iter().filter_map(|(holds, reason)| holds.then_some(reason)).collect()
    }

    /// How it stands with an app that is registered from now on: first withdrawals, and destinations
    /// that are new for a day.
    pub const fn of_new_apps() -> Self {
        let day = Duration::from_secs(24 * 3600);
        Self { above: None, two_above: None, first_withdrawal: true, new_destination: Some(day) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy() -> Policy {
        Policy::new(WithdrawalPolicy::default_for(&Asset::ckb()))
    }

    fn ckb(text: &str) -> Amount {
        Asset::ckb().parse(text).unwrap()
    }

    #[test]
    fn what_contradicts_itself_is_named() {
        let wrong = |change: fn(&mut Policy)| {
            let mut policy = policy();
            change(&mut policy);
            policy.check(&Asset::ckb()).map_err(|error| error.to_string())
        };
        assert_eq!(wrong(|_| ()), Ok(()));
        type Change = fn(&mut Policy);
        let table: [(Change, &str); 7] = [
            (
                |p| p.tips.minimum = ckb("2"),
                "tip-minimum: got 2, allowed is at most tip-maximum, which is 1.5",
            ),
            (|p| p.tips.largest_balance = Some(ckb("0")), "tip-minimum: got 0.00000001"),
            (|p| p.withdrawals.minimum = ckb("5000.1"), "withdrawal-minimum: got 5000.1, allowed is at most"),
            (
                |p| p.review.above = Some(ckb("11")),
                "review-above: got 11, allowed is at most two-people-above",
            ),
            (|p| p.withdrawals.cooldown = LONGEST_COOLDOWN * 2, "cooldown: got 5184000 s"),
            (|p| p.review.new_destination = Some(Duration::MAX), "new-destination: got"),
            (|p| p.withdrawals.fee.millionths = 1_000_001, "fee-millionths: got 1000001"),
        ];
        for (change, message) in table {
            let mut policy = policy();
            policy.tips.maximum = Some(ckb("1.5"));
            policy.review.two_above = Some(ckb("10"));
            policy.check(&Asset::ckb()).unwrap();
            change(&mut policy);
            let told = policy.check(&Asset::ckb()).unwrap_err().to_string();
            assert!(told.starts_with(message), "{told}");
        }
    }

    #[test]
    fn a_tip_is_refused_by_the_amount_and_the_limit() {
        let app = AppId::new("forum").unwrap();
        let tips = TipPolicy { minimum: ckb("2"), maximum: Some(ckb("3")), ..TipPolicy::default() };
        let refusal = |tips: &TipPolicy, amount| {
            tips.refusal(&app, &Asset::ckb(), ckb(amount)).map(|refusal| refusal.to_string())
        };
        assert_eq!(refusal(&tips, "1.5").unwrap(), "tip amount 1.5 is below the minimum of 2");
        assert_eq!(refusal(&tips, "3.5").unwrap(), "tip amount 3.5 exceeds the maximum of 3");
        for amount in ["2", "2.5", "3"] {
            assert_eq!(refusal(&tips, amount), None);
        }
        let closed = TipPolicy { allowed: false, ..tips };
        assert_eq!(refusal(&closed, "2").unwrap(), "asset CKB is not allowed for tips in app forum");
        assert_eq!(refusal(&TipPolicy::default(), "170000000000000000000"), None);
    }

    #[test]
    fn a_review_is_weaker_where_people_look_at_less() {
        let (some, more) = (Some(Amount::new(5)), Some(Amount::new(6)));
        let (hour, day) = (Some(Duration::from_secs(3600)), Some(Duration::from_secs(86_400)));
        let strict =
            ReviewPolicy { above: some, two_above: more, first_withdrawal: true, new_destination: day };
        assert!(!strict.is_weaker_than(&strict));
        assert!(!strict.is_weaker_than(&ReviewPolicy::default()));
        for weaker in [
            ReviewPolicy { above: None, ..strict.clone() },
            ReviewPolicy { above: more, ..strict.clone() },
            ReviewPolicy { two_above: None, ..strict.clone() },
            ReviewPolicy { two_above: Some(Amount::new(7)), ..strict.clone() },
            ReviewPolicy { first_withdrawal: false, ..strict.clone() },
            ReviewPolicy { new_destination: None, ..strict.clone() },
            ReviewPolicy { new_destination: hour, ..strict.clone() },
        ] {
            assert!(weaker.is_weaker_than(&strict), "{weaker:?}");
            assert!(!strict.is_weaker_than(&weaker), "{weaker:?}");
        }
    }
}
