//! People look at withdrawals that await review: they approve, reject, and approve twice at once.

use super::call;
use crate::simulator::random::Random;
use crate::simulator::story::short;
use crate::simulator::world::World;
use crate::{
    AdministratorId, AppId, Authority, FiberLink, Grant, Operator, Reason, ReviewError, Reviewed,
    WithdrawalId,
};
use futures_util::future::join;
use std::sync::Arc;
use std::time::Duration;

/// The most that are looked at in one round.
const LOOKED_AT: u32 = 20;

/// Who looks.
const PEOPLE: [&str; 3] = ["ann", "ben", "cid"];

/// What somebody says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Said {
    Approve,
    /// Twice at once, by two ways in.
    ApproveTwice,
    Reject,
    Nothing,
}

/// Somebody looks at what awaits review every few minutes, through any server.
pub(in crate::simulator) async fn review_withdrawals(world: Arc<World>, app: AppId, stream: u64) {
    let mut random = Random::new(world.options().seed, stream);
    loop {
        let pause = random.duration(Duration::from_secs(5), Duration::from_secs(300));
        world.handle().sleep(pause).await;
        for id in awaiting(&world, &mut random, &app).await {
            say(&world, &mut random, id).await;
        }
    }
}

async fn awaiting(world: &Arc<World>, random: &mut Random, app: &AppId) -> Vec<WithdrawalId> {
    let app = app.clone();
    let listed = call(world, random, |link| {
        Box::pin(async move { person(&link, "ann").reviews(&app, LOOKED_AT).await })
    });
    let listed = listed.await.and_then(Result::ok).unwrap_or_default();
    listed.iter().map(|reviewed| reviewed.withdrawal.id()).collect()
}

async fn say(world: &Arc<World>, random: &mut Random, id: WithdrawalId) {
    let choices = [(6, Said::Approve), (3, Said::ApproveTwice), (1, Said::Reject), (4, Said::Nothing)];
    let said = random.weighted(&choices).unwrap_or(Said::Nothing);
    let Some(name) = random.pick(&PEOPLE).copied() else { return };
    if said == Said::Nothing {
        return;
    }
    world.tell(|| format!("{name}: says of withdrawal {}: {said:?}", short(&id)));
    let answer = call(world, random, |link| Box::pin(async move { tell(&link, name, id, said).await }));
    if let Some(twice) = answer.await {
        world.watch(|oracle, _| {
            oracle.reviewed(twice <= 1, || {
                format!("two approvals of {name} were taken for withdrawal {}", short(&id))
            })
        });
    }
}

/// How many approvals were taken.
async fn tell(link: &FiberLink, name: &'static str, id: WithdrawalId, said: Said) -> usize {
    let (one, other, reason) = (person(link, name), person(link, name), Reason::of_program());
    let taken = |answer: &Result<Reviewed, ReviewError>| usize::from(answer.is_ok());
    match said {
        Said::Approve => taken(&one.approve_withdrawal(id, &reason).await),
        Said::ApproveTwice => {
            let (first, second) =
                join(one.approve_withdrawal(id, &reason), other.approve_withdrawal(id, &reason)).await;
            taken(&first).saturating_add(taken(&second))
        }
        Said::Reject => {
            // Who is told no finds out that somebody was first.
            let _too_late = one.reject_withdrawal(id, &reason).await;
            0
        }
        Said::Nothing => 0,
    }
}

fn person(link: &FiberLink, name: &str) -> crate::Administration {
    let operator = Operator { name: name.to_owned(), origin: String::new() };
    let authority =
        Authority::person(operator.clone(), AdministratorId::of(name), vec![Grant::SuperAdmin], None);
    link.administration(operator).acting_as(authority)
}
