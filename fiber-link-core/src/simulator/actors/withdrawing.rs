//! A user withdraws: to invoices that can be paid, and to many that cannot.

use super::users::User;
use super::{Asked, call};
use crate::simulator::random::Random;
use crate::simulator::story::short;
use crate::{
    Amount, Asset, DestinationRefusal, IdempotencyKey, Network, RequestedDestination, Timestamp,
    WithdrawError, Withdrawal, WithdrawalRequest,
};
use futures_util::future::join;
use std::time::Duration;

/// How often somebody asks again who gets no answer.
const TRIES: u32 = 4;

/// What is wrong with an invoice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Invoice {
    Good,
    /// Somebody else paid it, which nobody can see.
    Used,
    /// A withdrawal was requested for it before, by this user or another, of this app or another. What
    /// was wrong with it then still is.
    Requested,
    Expired,
    EndsTooSoon,
    EndsTooLate,
    NeverEnds,
    WithoutAmount,
    OfOtherAmount,
    OfOtherAsset,
    OfOtherNetwork,
    Ours,
    Garbage,
}

impl Invoice {
    /// Whether it may be accepted. One that was requested before is the business of another check: no
    /// two withdrawals hold one payment hash.
    fn may_be_accepted(self) -> bool {
        matches!(self, Self::Good | Self::Used | Self::Requested)
    }
}

pub(super) async fn withdraw(user: &User, random: &mut Random) {
    let assets: Vec<_> = user.world.options().assets.iter().cloned().collect();
    let Some(asset) = random.pick(&assets).cloned() else { return };
    let Some(available) = available(user, random, &asset).await else { return };
    let part = random.between(1, 5);
    let amount = Amount::new(available.checked_div(part).unwrap_or(available).max(1));
    let kinds = [
        (16, Invoice::Good),
        (2, Invoice::Used),
        (3, Invoice::Requested),
        (1, Invoice::Expired),
        (1, Invoice::EndsTooSoon),
        (1, Invoice::EndsTooLate),
        (1, Invoice::NeverEnds),
        (1, Invoice::WithoutAmount),
        (1, Invoice::OfOtherAmount),
        (1, Invoice::OfOtherAsset),
        (1, Invoice::OfOtherNetwork),
        (1, Invoice::Ours),
        (1, Invoice::Garbage),
    ];
    let kind = random.weighted(&kinds).unwrap_or(Invoice::Good);
    let Some(asked) = invoice(user, random, kind, &asset, amount) else { return };
    let number = {
        let mut state = user.world.state();
        state.people.withdrawals = state.people.withdrawals.saturating_add(1);
        let times = state.people.times_requested.entry(asked.encoded.clone()).or_default();
        *times = times.saturating_add(1);
        state.people.requested.push(asked.clone());
        state.people.withdrawals
    };
    let keyed = random.one_in(2);
    let request = WithdrawalRequest {
        user: user.name.clone(),
        asset: asked.asset,
        amount: asked.amount,
        destination: RequestedDestination::PaymentRequest(asked.encoded),
        network_fee: None,
        idempotency_key: keyed.then(|| IdempotencyKey::new(format!("withdrawal-{number}")).ok()).flatten(),
    };
    ask_until_answered(user, random, request, asked.kind).await;
}

/// What became of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    Accepted,
    Refused,
    None,
}

async fn ask_until_answered(user: &User, random: &mut Random, request: WithdrawalRequest, kind: Invoice) {
    let twice = random.one_in(4);
    for _ in 0..TRIES {
        let answer = if twice {
            let mut twin = random.clone();
            twin.one_in(2);
            let both =
                join(ask(user, random, request.clone(), kind), ask(user, &mut twin, request.clone(), kind));
            let (one, other) = both.await;
            if one == Answer::None { other } else { one }
        } else {
            ask(user, random, request.clone(), kind).await
        };
        if answer == Answer::Accepted && request.idempotency_key.is_some() && random.one_in(4) {
            ask_with_other_body(user, random, request.clone()).await;
        }
        if answer != Answer::None && !random.one_in(6) {
            return;
        }
        let pause = random.duration(Duration::from_millis(100), Duration::from_secs(120));
        user.world.handle().sleep(pause).await;
    }
}

async fn ask(user: &User, random: &mut Random, request: WithdrawalRequest, kind: Invoice) -> Answer {
    let (app, key) = (user.app.clone(), request.idempotency_key.clone());
    user.world.tell(|| {
        format!("{}/{}: withdraws {} to an invoice that is {kind:?}", user.app, user.name, request.amount)
    });
    let RequestedDestination::PaymentRequest(encoded) = request.destination.clone() else {
        return Answer::None;
    };
    let asked = call(&user.world, random, |link| {
        Box::pin(async move { link.request_withdrawal(&app, request).await })
    });
    match asked.await {
        Some(Ok(withdrawal)) => {
            accepted(user, &withdrawal, key, kind);
            Answer::Accepted
        }
        Some(Err(WithdrawError::NodeUnavailable(_) | WithdrawError::Store(_))) | None => Answer::None,
        Some(Err(error)) => {
            refused(user, &error, key, kind, &encoded);
            Answer::Refused
        }
    }
}

fn accepted(user: &User, withdrawal: &Withdrawal, key: Option<IdempotencyKey>, kind: Invoice) {
    let (app, id) = (&user.app, withdrawal.id());
    if !kind.may_be_accepted() {
        user.world.watch(|oracle, _| {
            oracle.accepted(false, || {
                format!("withdrawal {} was accepted to an invoice that is {kind:?}", short(&id))
            })
        });
    }
    if let Some(key) = key {
        user.world.watch(|oracle, _| {
            oracle.answered(&format!("{app}: {key}"), &format!("withdrawal {}", short(&id)))
        });
    }
}

fn refused(user: &User, error: &WithdrawError, key: Option<IdempotencyKey>, kind: Invoice, encoded: &str) {
    if let WithdrawError::Destination(refusal) = error {
        // Where it had to be refused it was; a good one is at least an invoice.
        let looked_at = !kind.may_be_accepted() || kind == Invoice::Good;
        let right = kind != Invoice::Good || *refusal != DestinationRefusal::NotAnInvoice;
        if looked_at {
            user.world.watch(|oracle, _| {
                oracle.accepted(right, || "a good invoice was refused as none".to_owned())
            });
        }
    }
    let Some(key) = key else { return };
    let times = user.world.state().people.times_requested.get(encoded).copied().unwrap_or_default();
    let own = match error {
        WithdrawError::IdempotencyConflict => true,
        // Nobody else asked for it: what holds it is what this very request made.
        WithdrawError::Destination(DestinationRefusal::AlreadyUsed) => times == 1,
        WithdrawError::Destination(_)
        | WithdrawError::UnknownAsset(_)
        | WithdrawError::AmountZero
        | WithdrawError::OtherFee { .. }
        | WithdrawError::Policy(_)
        | WithdrawError::Paused(_)
        | WithdrawError::InsufficientFunds
        | WithdrawError::NodeUnavailable(_)
        | WithdrawError::Store(_) => return,
    };
    user.world.watch(|oracle, _| {
        oracle.keyed(!own, || format!("{}: {key} was asked again as it was, and answered: {error}", user.app))
    });
}

/// The same key with another body has no effect, whatever else is wrong with it.
async fn ask_with_other_body(user: &User, random: &mut Random, request: WithdrawalRequest) {
    let (app, key) = (user.app.clone(), request.idempotency_key.clone());
    let Some(amount) = request.amount.checked_add(Amount::new(1)) else { return };
    let request = WithdrawalRequest { amount, ..request };
    user.world.tell(|| format!("{}/{}: uses a key for another withdrawal", user.app, user.name));
    let asked = call(&user.world, random, |link| {
        Box::pin(async move { link.request_withdrawal(&app, request).await })
    });
    let conflict = match asked.await {
        None | Some(Err(WithdrawError::NodeUnavailable(_) | WithdrawError::Store(_))) => return,
        Some(answer) => matches!(answer, Err(WithdrawError::IdempotencyConflict)),
    };
    user.world.watch(|oracle, _| {
        oracle.keyed(conflict, || format!("{}: {key:?} with another body was no conflict", user.app))
    });
}

async fn available(user: &User, random: &mut Random, asset: &Asset) -> Option<u64> {
    let (app, name) = (user.app.clone(), user.name.clone());
    let summary =
        call(&user.world, random, |link| Box::pin(async move { link.summary(&app, &name, 1).await }));
    let summary = summary.await?.ok()?;
    let (_, balance) = summary.balances.into_iter().find(|(id, _)| *id == asset.id)?;
    u64::try_from(balance.available.units()).ok().filter(|units| *units > 0)
}

/// An invoice of the kind, where there can be one.
fn invoice(user: &User, random: &mut Random, kind: Invoice, asset: &Asset, amount: Amount) -> Option<Asked> {
    let now = user.world.now();
    let expires_at = expiry(random, kind, now);
    let mut state = user.world.state();
    match kind {
        Invoice::Ours => {
            let encoded = random.pick(&state.people.shown)?.clone();
            return Some(Asked { encoded, asset: asset.id.clone(), amount, kind });
        }
        Invoice::Requested => {
            let asked = random.pick(&state.people.requested)?.clone();
            // It comes nearer.
            let kind = if asked.kind == Invoice::EndsTooLate { Invoice::Requested } else { asked.kind };
            return Some(Asked { kind, ..asked });
        }
        Invoice::Garbage => {
            let encoded = "sim1nothing".to_owned();
            return Some(Asked { encoded, asset: asset.id.clone(), amount, kind });
        }
        Invoice::Good
        | Invoice::Used
        | Invoice::Expired
        | Invoice::EndsTooSoon
        | Invoice::EndsTooLate
        | Invoice::NeverEnds
        | Invoice::WithoutAmount
        | Invoice::OfOtherAmount
        | Invoice::OfOtherAsset
        | Invoice::OfOtherNetwork => {}
    }
    let mut invoice = state.node.foreign_invoice(asset, amount, now);
    invoice.expires_at = expires_at;
    match kind {
        Invoice::Used => state.node.use_up(invoice.payment_hash),
        Invoice::WithoutAmount => invoice.amount = None,
        Invoice::OfOtherAmount => invoice.amount = amount.checked_add(Amount::new(1)),
        Invoice::OfOtherAsset => {
            let others: Vec<_> = user.world.options().assets.iter().filter(|other| *other != asset).collect();
            invoice.asset = random.pick(&others).map(|other| other.id.clone());
        }
        Invoice::OfOtherNetwork => invoice.network = Network::Mainnet,
        Invoice::Good
        | Invoice::Requested
        | Invoice::Expired
        | Invoice::EndsTooSoon
        | Invoice::EndsTooLate
        | Invoice::NeverEnds
        | Invoice::Ours
        | Invoice::Garbage => {}
    }
    Some(Asked { encoded: state.node.publish(invoice), asset: asset.id.clone(), amount, kind })
}

/// When it runs out. Clocks of servers differ by a few seconds.
fn expiry(random: &mut Random, kind: Invoice, now: Timestamp) -> Option<Timestamp> {
    let minutes = |n: u64| Duration::from_secs(n.saturating_mul(60));
    let days = |n: u64| minutes(n.saturating_mul(24 * 60));
    match kind {
        Invoice::Expired => Some(now.minus(minutes(1))),
        Invoice::EndsTooSoon => Some(now.plus(Duration::from_secs(270))),
        Invoice::EndsTooLate => Some(now.plus(days(8))),
        Invoice::NeverEnds => None,
        Invoice::Good
        | Invoice::Used
        | Invoice::Requested
        | Invoice::WithoutAmount
        | Invoice::OfOtherAmount
        | Invoice::OfOtherAsset
        | Invoice::OfOtherNetwork
        | Invoice::Ours
        | Invoice::Garbage => Some(now.plus(random.duration(minutes(6), minutes(80)))),
    }
}
