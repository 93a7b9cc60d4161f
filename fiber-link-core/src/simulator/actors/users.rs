//! A user of an app: tips others, withdraws, and looks.

use super::call;
use super::tipping::tip;
use super::withdrawing::withdraw;
use crate::simulator::random::Random;
use crate::simulator::world::World;
use crate::{AppId, UserId};
use std::sync::Arc;

/// Who acts.
#[derive(Clone)]
pub(super) struct User {
    pub(super) world: Arc<World>,
    pub(super) app: AppId,
    pub(super) name: UserId,
    /// The other users of the app.
    pub(super) others: Vec<UserId>,
}

#[derive(Clone, Copy)]
enum Act {
    Tip,
    Withdraw,
    Look,
}

/// Acts at his pace, until faults end.
pub(in crate::simulator) async fn user(
    world: Arc<World>,
    app: AppId,
    users: Vec<UserId>,
    number: usize,
    stream: u64,
) {
    let mut random = Random::new(world.options().seed, stream);
    let Some(name) = users.get(number).cloned() else { return };
    let user = User { world: world.clone(), app, name, others: users };
    let pace = world.options().pace;
    while !world.state().luck.is_off() {
        let pause = random.duration(pace.mul_f32(0.1), pace.saturating_mul(2));
        world.handle().sleep(pause).await;
        if world.state().luck.is_off() {
            return;
        }
        match random.weighted(&[(6, Act::Tip), (4, Act::Withdraw), (1, Act::Look)]) {
            Some(Act::Tip) | None => tip(&user, &mut random).await,
            Some(Act::Withdraw) => withdraw(&user, &mut random).await,
            Some(Act::Look) => look(&user, &mut random).await,
        }
    }
}

/// Looks at an invoice that somebody was shown, so that it is asked about.
async fn look(user: &User, random: &mut Random) {
    let shown = random.pick(&user.world.state().people.shown).cloned();
    let Some(invoice) = shown else { return };
    let app = user.app.clone();
    let looked = call(&user.world, random, |link| {
        Box::pin(async move { link.find_tip(&app, &invoice).await.map(|tip| tip.is_some()) })
    });
    let _whatever_it_is = looked.await;
}
