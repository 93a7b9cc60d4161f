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
enum Invoice {
    Good,
    /// Somebody else paid it, which nobody can see.
    Used,
    /// A withdrawal was requested for it before, by this user or another, of this app or another.
    Requested,
    Expired,
    EndsTooSoon,
    EndsTooLate,
    NeverEnds,
    WithoutAmount,
    OfOtherAmount,
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
        (1, Invoice::OfOtherNetwork),
        (1, Invoice::Ours),
        (1, Invoice::Garbage),
    ];
    let kind = random.weighted(&kinds).unwrap_or(Invoice::Good);
    let Some(asked) = invoice(user, random, kind, &asset, amount) else { return };
    let number = {
        let mut state = user.world.state();
        state.people.withdrawals = state.people.withdrawals.saturating_add(1);
        state.people.requested.push(asked.clone());
        state.people.withdrawals
    };
    let keyed = random.one_in(2);
    let request = WithdrawalRequest {
        user: user.name.clone(),
        asset: asset.id,
        amount: asked.amount,
        destination: RequestedDestination::PaymentRequest(asked.encoded),
        idempotency_key: keyed.then(|| IdempotencyKey::new(format!("withdrawal-{number}")).ok()).flatten(),
    };
    ask_until_answered(user, random, request, kind).await;
}

async fn ask_until_answered(user: &User, random: &mut Random, request: WithdrawalRequest, kind: Invoice) {
    let twice = random.one_in(4);
    for _ in 0..TRIES {
        let answered = if twice {
            let mut twin = random.clone();
            twin.one_in(2);
            let both =
                join(ask(user, random, request.clone(), kind), ask(user, &mut twin, request.clone(), kind));
            let (one, other) = both.await;
            one || other
        } else {
            ask(user, random, request.clone(), kind).await
        };
        if answered && !random.one_in(6) {
            return;
        }
        let pause = random.duration(Duration::from_millis(100), Duration::from_secs(120));
        user.world.handle().sleep(pause).await;
    }
}

/// Whether there was an answer, a refusal included.
async fn ask(user: &User, random: &mut Random, request: WithdrawalRequest, kind: Invoice) -> bool {
    let (app, key) = (user.app.clone(), request.idempotency_key.clone());
    user.world.tell(|| {
        format!("{}/{}: withdraws {} to an invoice that is {kind:?}", user.app, user.name, request.amount)
    });
    let asked = call(&user.world, random, |link| {
        Box::pin(async move { link.request_withdrawal(&app, request).await })
    });
    match asked.await {
        Some(Ok(withdrawal)) => {
            accepted(user, &withdrawal, key, kind);
            true
        }
        Some(Err(WithdrawError::NodeUnavailable(_) | WithdrawError::Store(_))) | None => false,
        Some(Err(error)) => {
            user.world.watch(|oracle, _| {
                let garbage = matches!(error, WithdrawError::Destination(DestinationRefusal::NotAnInvoice));
                oracle.accepted(!(garbage && kind == Invoice::Good), || "a good invoice is none".to_owned())
            });
            true
        }
    }
}

fn accepted(user: &User, withdrawal: &Withdrawal, key: Option<IdempotencyKey>, kind: Invoice) {
    let (app, id) = (&user.app, withdrawal.id());
    user.world.watch(|oracle, _| {
        oracle.accepted(kind.may_be_accepted(), || {
            format!("withdrawal {} was accepted to an invoice that is {kind:?}", short(&id))
        })
    });
    if let Some(key) = key {
        user.world.watch(|oracle, _| {
            oracle.answered(&format!("{app}: {key}"), &format!("withdrawal {}", short(&id)))
        });
    }
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
            return Some(Asked { encoded, amount });
        }
        Invoice::Requested => return random.pick(&state.people.requested).cloned(),
        Invoice::Garbage => return Some(Asked { encoded: "sim1nothing".to_owned(), amount }),
        Invoice::Good
        | Invoice::Used
        | Invoice::Expired
        | Invoice::EndsTooSoon
        | Invoice::EndsTooLate
        | Invoice::NeverEnds
        | Invoice::WithoutAmount
        | Invoice::OfOtherAmount
        | Invoice::OfOtherNetwork => {}
    }
    let mut invoice = state.node.foreign_invoice(asset, amount, now);
    invoice.expires_at = expires_at;
    match kind {
        Invoice::Used => state.node.use_up(invoice.payment_hash),
        Invoice::WithoutAmount => invoice.amount = None,
        Invoice::OfOtherAmount => invoice.amount = amount.checked_add(Amount::new(1)),
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
    Some(Asked { encoded: state.node.publish(invoice), amount })
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
        | Invoice::OfOtherNetwork
        | Invoice::Ours
        | Invoice::Garbage => Some(now.plus(random.duration(minutes(6), minutes(80)))),
    }
}
