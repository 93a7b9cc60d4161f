//! A user tips: with or without a key, once or twice at the same time, and again if nobody answers.

use super::users::User;
use super::{call, pay};
use crate::simulator::random::Random;
use crate::simulator::story::short;
use crate::{Amount, CreateTipError, IdempotencyKey, PostId, Tip, TipRequest};
use futures_util::future::join;
use std::time::Duration;

/// How often somebody asks again who gets no answer.
const TRIES: u32 = 4;

pub(super) async fn tip(user: &User, random: &mut Random) {
    let Some(request) = request(user, random) else { return };
    let key = request.idempotency_key.clone();
    if key.is_some() {
        user.world.state().oracle.expect_once(user.app.clone(), request.post.clone());
    }
    let twice = key.is_some() && random.one_in(4);
    for _ in 0..TRIES {
        let mut twin = random.clone();
        let tip = if twice {
            // Another stream of chance, so that both may meet different servers.
            twin.one_in(2);
            let both = join(ask(user, random, request.clone()), ask(user, &mut twin, request.clone()));
            let (one, other) = both.await;
            one.or(other)
        } else {
            ask(user, random, request.clone()).await
        };
        if let Some(tip) = tip {
            show(user, random, &tip);
            // Even who got an answer may ask again with the same key.
            if key.is_some() && random.one_in(4) {
                let pause = random.duration(Duration::from_secs(1), Duration::from_secs(600));
                user.world.handle().sleep(pause).await;
                ask(user, random, request.clone()).await;
            }
            if key.is_some() && random.one_in(6) {
                ask_with_other_body(user, random, request).await;
            }
            return;
        }
        let pause = random.duration(Duration::from_millis(100), Duration::from_secs(120));
        user.world.handle().sleep(pause).await;
    }
}

fn request(user: &User, random: &mut Random) -> Option<TipRequest> {
    let mut state = user.world.state();
    state.people.tips = state.people.tips.saturating_add(1);
    let number = state.people.tips;
    drop(state);
    let assets: Vec<_> = user.world.options().assets.iter().collect();
    let asset = (*random.pick(&assets)?).clone();
    let doublings = random.between(0, 12);
    let units = 10u64.saturating_pow(u32::from(asset.decimals.min(16))).saturating_mul(1 << doublings) / 4;
    let keyed = random.one_in(2);
    Some(TipRequest {
        post: PostId::new(format!("post-{number}")).ok()?,
        from_user: user.name.clone(),
        to_user: random.pick(&user.others)?.clone(),
        asset: asset.id,
        amount: Amount::new(random.between(1, units.max(1))),
        message: random.one_in(3).then(|| "thank you".to_owned()),
        anonymous: random.one_in(4),
        idempotency_key: keyed.then(|| IdempotencyKey::new(format!("tip-{number}")).ok()).flatten(),
    })
}

async fn ask(user: &User, random: &mut Random, request: TipRequest) -> Option<Tip> {
    let (app, key) = (user.app.clone(), request.idempotency_key.clone());
    user.world.tell(|| format!("{}/{}: tips {} {}", user.app, user.name, request.to_user, request.amount));
    let asked =
        call(&user.world, random, |link| Box::pin(async move { link.create_tip(&app, request).await }));
    let answer = asked.await?;
    if let (Err(CreateTipError::IdempotencyConflict), Some(key)) = (&answer, &key) {
        user.world.watch(|oracle, _| {
            oracle.keyed(false, || format!("{}: {key} was asked again as it was, and conflicts", user.app))
        });
    }
    let tip = answer.ok()?;
    if let Some(key) = key {
        let (app, id) = (&user.app, tip.id());
        user.world
            .watch(|oracle, _| oracle.answered(&format!("{app}: {key}"), &format!("tip {}", short(&id))));
    }
    Some(tip)
}

/// The same key with another body has no effect.
async fn ask_with_other_body(user: &User, random: &mut Random, request: TipRequest) {
    let (app, key) = (user.app.clone(), request.idempotency_key.clone());
    let Some(amount) = request.amount.checked_add(Amount::new(1)) else { return };
    let request = TipRequest { amount, ..request };
    user.world.tell(|| format!("{}/{}: uses a key for another tip", user.app, user.name));
    let asked =
        call(&user.world, random, |link| Box::pin(async move { link.create_tip(&app, request).await }));
    let conflict = match asked.await {
        None | Some(Err(CreateTipError::NodeUnavailable(_) | CreateTipError::Store(_))) => return,
        Some(answer) => matches!(answer, Err(CreateTipError::IdempotencyConflict)),
    };
    user.world.watch(|oracle, _| {
        oracle.keyed(conflict, || format!("{}: {key:?} with another body was no conflict", user.app))
    });
}

/// The payer is shown the invoice.
fn show(user: &User, random: &mut Random, tip: &Tip) {
    let Some(invoice) = tip.invoice() else { return };
    user.world.state().people.shown.push(invoice.encoded.clone());
    pay(&user.world, random, tip.payment_hash(), invoice.expires_at);
}
