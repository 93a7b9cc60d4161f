//! Readers of settled tips that wait for the next one.

use crate::api::Api;
use fiber_link_core::{AppId, Heard, SettledPosition, StoreError, Tip};
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// The longest wait in seconds; clients and balancers seldom give an answer less than thirty.
pub(super) const LONGEST_WAIT: u32 = 25;

/// Settled tips after a place; where there are none, waits for the first for as long as `wait`. Where
/// too many wait, or the server stops, it waits no longer. Nothing of the store is held meanwhile.
pub(super) async fn settled_tips(
    api: &Api,
    app: &AppId,
    after: SettledPosition,
    limit: u32,
    wait: Duration,
) -> Result<Vec<Tip>, StoreError> {
    let began = Instant::now();
    // Taken before the first look: what is settled in between is heard of.
    let mut reader = if wait.is_zero() { None } else { api.link.wait_for_settled_tips(app) };
    loop {
        let tips = api.link.settled_tips(app, after, limit).await?;
        let left = wait.saturating_sub(began.elapsed());
        let Some(reader) = reader.as_mut().filter(|_| tips.is_empty() && !left.is_zero()) else {
            return Ok(tips);
        };
        tokio::select! {
            heard = reader.news() => match heard {
                Heard::News => {}
                Heard::Dismissed => return Ok(tips),
            },
            () = sleep(left.min(api.look_every)) => {}
        }
    }
}
