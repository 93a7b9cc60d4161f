//! People: users of apps, payers, and operators.

mod operators;
mod restarts;
mod reviewing;
mod tipping;
mod users;
mod withdrawing;

pub(super) use operators::{keep_backups, operate_liquidity, operate_node, operate_servers, operator};
pub(super) use restarts::{operate_restarts, pause_payouts};
pub(super) use reviewing::review_withdrawals;
pub(super) use users::user;

use super::executor::Group;
use super::random::Random;
use super::world::World;
use crate::{Amount, AssetId, FiberLink, PaymentHash};
use futures_channel::oneshot;
use futures_util::future::{BoxFuture, Either, select};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// How long a person waits for an answer of a server.
const PATIENCE: Duration = Duration::from_secs(60);

/// What people show each other, and what they did.
#[derive(Debug, Default)]
pub(super) struct People {
    /// Invoices of ours that somebody was shown.
    shown: Vec<String>,
    /// Invoices of others for which a withdrawal was requested.
    requested: Vec<Asked>,
    /// How often somebody set out to withdraw to an invoice.
    times_requested: BTreeMap<String, u32>,
    pub(super) tips: u64,
    pub(super) withdrawals: u64,
}

/// An invoice that is to be paid, and what for.
#[derive(Clone, Debug)]
struct Asked {
    encoded: String,
    asset: AssetId,
    amount: Amount,
    kind: withdrawing::Invoice,
}

/// Calls any server: the call lives and dies with it, and the person learns of that.
async fn call<T: Send + 'static>(
    world: &Arc<World>,
    random: &mut Random,
    what: impl FnOnce(FiberLink) -> BoxFuture<'static, T>,
) -> Option<T> {
    let server = world.some_server(random)?;
    let link = server.link()?.clone();
    let (answer, heard) = oneshot::channel();
    let work = what(link);
    world.handle().spawn(server.group(), async move {
        // Who asked may have given up.
        let _unheard = answer.send(work.await);
    });
    match select(heard, world.handle().sleep(PATIENCE)).await {
        Either::Left((answer, _)) => answer.ok(),
        Either::Right(_) => None,
    }
}

/// A payer gets an invoice: pays it early, late, at the last moment, too late, twice, or never.
fn pay(world: &Arc<World>, random: &mut Random, hash: PaymentHash, expires_at: crate::Timestamp) {
    let now = world.now();
    let whole = expires_at.since(now);
    let moment = Duration::from_millis(1);
    let soon = random.duration(Duration::from_secs(1), Duration::from_secs(60));
    let some_time = random.duration(Duration::from_secs(1), whole.max(Duration::from_secs(1)));
    let times = random.weighted(&[
        (6, once(now.plus(soon))),
        (2, once(now.plus(some_time))),
        (1, once(expires_at.minus(moment))),
        (1, once(expires_at)),
        (1, [Some(now.plus(soon)), Some(now.plus(soon))]),
        (1, [Some(now.plus(soon)), Some(now.plus(some_time))]),
        (2, [None, None]),
    ]);
    for at in times.into_iter().flatten().flatten() {
        let world = world.clone();
        world.handle().spawn(Group::WORLD, {
            let world = world.clone();
            async move {
                world.handle().sleep_until(at).await;
                super::node::drive_payer(world, hash).await;
            }
        });
    }
}

fn once(at: crate::Timestamp) -> [Option<crate::Timestamp>; 2] {
    [Some(at), None]
}
