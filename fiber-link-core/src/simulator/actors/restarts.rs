//! Operators who stop servers in order and start them again, and who pause payouts in this way.

use super::operators::{ROUND, minutes};
use crate::simulator::faults::Fault;
use crate::simulator::world::World;
use std::sync::Arc;
use std::time::Duration;

/// How often it is looked whether a server has ended.
const LOOK: Duration = Duration::from_secs(5);

/// Servers are restarted, and payouts paused for a while. A pause that lasts when faults end is left
/// to the end of the history, which resumes them.
pub(in crate::simulator) async fn operate_restarts(world: Arc<World>) {
    while !world.state().luck.is_off() {
        world.handle().sleep(ROUND).await;
        if world.strikes(Fault::ServersRestarted) {
            restart_servers(&world).await;
        }
        if world.strikes(Fault::PayoutsPaused) {
            pause_payouts(&world, true).await;
            let pause = world.duration(minutes(1), minutes(90));
            world.handle().sleep(pause).await;
            if !world.state().luck.is_off() {
                pause_payouts(&world, false).await;
            }
        }
    }
}

/// From now on servers start so that they pay, or do not; those that run are restarted in order.
pub(in crate::simulator) async fn pause_payouts(world: &World, paused: bool) {
    world.tell(|| format!("operator: {} payouts", if paused { "pauses" } else { "resumes" }));
    world.state().servers.set_paused(paused);
    restart_servers(world).await;
}

/// Each leaves in order before the next one has to.
async fn restart_servers(world: &World) {
    for number in 1..=world.options().servers {
        // One that is down starts by itself.
        let Some(run) = world.state().servers.running(number) else { continue };
        world.tell(|| format!("operator: stops {run} in order"));
        run.ask_to_leave();
        while !run.has_stopped() {
            world.handle().sleep(LOOK).await;
        }
    }
}
