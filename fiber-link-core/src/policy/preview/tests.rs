use super::*;
use crate::testing::sample::{self, at};
use crate::{Amount, FailureReason, TipState, WithdrawalPolicy, WithdrawalTerms};
use proptest::prelude::*;
use std::time::Duration;

/// A withdrawal of so much, requested so many seconds after the start.
fn past(n: u64, second: u64, amount: u64) -> PastWithdrawal {
    let terms = WithdrawalTerms { amount: Amount::new(amount), ..sample::withdrawal_terms(n) };
    let id = sample::withdrawal_id(n);
    let withdrawal = Withdrawal::restore(id, terms, at(second), at(second), 0, WithdrawalState::Pending);
    PastWithdrawal { withdrawal, is_first: n == 1 }
}

fn failed(past: &PastWithdrawal, second: u64) -> PastWithdrawal {
    let state = WithdrawalState::Failed { reason: FailureReason::InvoiceExpired, at: at(second) };
    let withdrawal = sample::withdrawal_in(&past.withdrawal, 0, state, at(second));
    PastWithdrawal { withdrawal, is_first: past.is_first }
}

/// Its funds were released then, and in the second case it was paid after all.
fn released(past: &PastWithdrawal, second: u64) -> [PastWithdrawal; 2] {
    let at = at(second);
    let states = [
        WithdrawalState::Released { attempt: sample::attempt_id(1), at },
        WithdrawalState::PaidAfterRelease { fee: Amount::ZERO, at },
    ];
    states.map(|state| {
        let withdrawal = sample::withdrawal_in(&past.withdrawal, 1, state, at);
        PastWithdrawal { withdrawal, is_first: past.is_first }
    })
}

fn policy(change: impl Fn(&mut Policy)) -> Policy {
    let mut policy = Policy::new(WithdrawalPolicy::default_for(&Asset::ckb()));
    change(&mut policy);
    policy
}

fn refused(policy: &Policy, withdrawals: &[PastWithdrawal]) -> Vec<(&'static str, u32)> {
    preview(policy, &Asset::ckb(), &[], withdrawals).withdrawals.refused.into_iter().collect()
}

#[test]
fn each_rule_refuses_what_it_would_have_refused() {
    let withdrawals: Vec<_> = [(0, 10), (10, 20), (100, 30)]
        .into_iter()
        .zip(1..)
        .map(|((second, amount), n)| past(n, second, amount))
        .collect();
    let rule = |change: fn(&mut WithdrawalPolicy)| {
        refused(&policy(|policy| change(&mut policy.withdrawals)), &withdrawals)
    };
    assert_eq!(rule(|_| ()), []);
    assert_eq!(rule(|policy| policy.allowed = false), [("withdrawals", 3)]);
    assert_eq!(rule(|policy| policy.minimum = Amount::new(20)), [("withdrawal-minimum", 1)]);
    assert_eq!(rule(|policy| policy.per_request = Amount::new(20)), [("per-request", 1)]);
    assert_eq!(rule(|policy| policy.cooldown = Duration::from_secs(60)), [("cooldown", 1)]);
    // 10 and 20 fit; the 30 after them do not.
    assert_eq!(rule(|policy| policy.per_user_daily = Amount::new(59)), [("per-user-daily", 1)]);
    assert_eq!(rule(|policy| policy.per_app_daily = Amount::new(59)), [("per-app-daily", 1)]);
    assert_eq!(rule(|policy| policy.per_app_daily = Amount::new(60)), []);
}

#[test]
fn what_is_refused_counts_towards_nothing() {
    // The second is above the limit per request, so the third fits into the day.
    let withdrawals = [past(1, 0, 10), past(2, 1, 90), past(3, 2, 50)];
    let strict = policy(|policy| {
        policy.withdrawals.per_request = Amount::new(50);
        policy.withdrawals.per_user_daily = Amount::new(60);
    });
    assert_eq!(refused(&strict, &withdrawals), [("per-request", 1)]);
}

#[test]
fn a_day_passes_and_what_failed_returns() {
    let day = policy(|policy| policy.withdrawals.per_user_daily = Amount::new(10));
    assert_eq!(refused(&day, &[past(1, 0, 10), past(2, 80_000, 10)]), [("per-user-daily", 1)]);
    assert_eq!(refused(&day, &[past(1, 0, 10), past(2, 90_001, 10)]), []);
    assert_eq!(refused(&day, &[failed(&past(1, 0, 10), 5), past(2, 4, 10)]), [("per-user-daily", 1)]);
    assert_eq!(refused(&day, &[failed(&past(1, 0, 10), 5), past(2, 5, 10)]), []);
    for released in released(&past(1, 0, 10), 5) {
        assert_eq!(refused(&day, &[released.clone(), past(2, 4, 10)]), [("per-user-daily", 1)]);
        assert_eq!(refused(&day, &[released, past(2, 5, 10)]), []);
    }
}

#[test]
fn what_would_wait_for_people_is_counted_among_what_is_not_refused() {
    let withdrawals = [past(1, 0, 10), past(2, 1, 20), past(3, 2, 30)];
    let reviewed = |change: fn(&mut Policy)| {
        let told = preview(&policy(change), &Asset::ckb(), &[], &withdrawals).withdrawals;
        (told.looked_at, told.total_refused(), told.reviewed)
    };
    assert_eq!(reviewed(|_| ()), (3, 0, 0));
    assert_eq!(reviewed(|policy| policy.review.above = Some(Amount::new(10))), (3, 0, 2));
    assert_eq!(reviewed(|policy| policy.review.two_above = Some(Amount::new(20))), (3, 0, 1));
    assert_eq!(reviewed(|policy| policy.review.first_withdrawal = true), (3, 0, 1));
    let both = |policy: &mut Policy| {
        policy.review.above = Some(Amount::new(10));
        policy.withdrawals.per_request = Amount::new(20);
    };
    assert_eq!(reviewed(both), (3, 1, 1));
}

#[test]
fn tips_are_judged_by_their_amounts() {
    let tips: Vec<_> = (1..=3)
        .map(|n| {
            let terms = crate::TipTerms { amount: Amount::new(10 * n), ..sample::tip_terms() };
            sample::tip_with(n, terms, TipState::Creating)
        })
        .collect();
    let strict = policy(|policy| {
        policy.tips.minimum = Amount::new(11);
        policy.tips.maximum = Some(Amount::new(29));
    });
    let told = preview(&strict, &Asset::ckb(), &tips, &[]).tips;
    assert_eq!(told.looked_at, 3);
    assert_eq!(told.refused.into_iter().collect::<Vec<_>>(), [("tip-maximum", 1), ("tip-minimum", 1)]);
}

proptest! {
    #[test]
    fn the_last_hundred_are_judged_and_no_limit_is_passed_by_what_is_let_through(
        amounts in prop::collection::vec((0u64..100_000, 1u64..100), 0..150),
        ceiling in 1u64..500,
    ) {
        let mut seconds: Vec<_> = amounts.iter().map(|(second, _)| *second).collect();
        seconds.sort_unstable();
        let withdrawals: Vec<_> = seconds.iter().zip(&amounts).zip(1..)
            .map(|((second, (_, amount)), n)| past(n, *second, *amount)).collect();
        let limited = policy(|policy| policy.withdrawals.per_user_daily = Amount::new(ceiling));
        let told = preview(&limited, &Asset::ckb(), &[], &withdrawals).withdrawals;
        prop_assert_eq!(usize::try_from(told.looked_at).unwrap(), withdrawals.len().min(PREVIEWED));
        // An hour too strict at most, and never too lax: what passes within any day fits.
        let mut replay = Replay {
            policy: &limited, asset: &Asset::ckb(), counters: BTreeMap::new(), returning: Vec::new(),
        };
        let passed: Vec<_> = withdrawals.iter().filter(|past| replay.ask(&past.withdrawal).is_ok()).collect();
        for (place, last) in passed.iter().enumerate() {
            let day = last.withdrawal.created_at().minus(Duration::from_secs(24 * 3600));
            let within = passed[..=place].iter().filter(|past| past.withdrawal.created_at() > day);
            let sum: u128 = within.map(|past| past.withdrawal.terms().amount.units()).sum();
            prop_assert!(sum <= u128::from(ceiling), "{} > {}", sum, ceiling);
        }
        let judged = withdrawals.len().min(PREVIEWED);
        let let_through = withdrawals.iter().rev().take(judged)
            .filter(|past| passed.iter().any(|passed| passed.withdrawal.id() == past.withdrawal.id())).count();
        prop_assert_eq!(usize::try_from(told.total_refused()).unwrap(), judged - let_through);
    }
}
