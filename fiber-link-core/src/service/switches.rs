//! What switches stop: looked at before something new is begun.

use super::FiberLink;
use super::remembered::Remembered;
use crate::administration::{
    find_app, find_hub_switches, find_paused_user, hub_switches_key, paused_user_key,
};
use crate::{Activity, App, AppId, Op, Paused, PausedScope, StoreError, Stored, Switches, UserId};

/// Switches that were read lately.
pub(crate) type LastSwitches = Remembered<AppId, AppSwitches>;

/// What is stopped in an app.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AppSwitches {
    hub: Switches,
    app: Switches,
    has_paused_users: bool,
}

impl AppSwitches {
    fn pause(&self, activity: Activity) -> Option<Paused> {
        let scope = if self.hub.pauses(activity) {
            PausedScope::Hub
        } else if self.app.pauses(activity) {
            PausedScope::App
        } else {
            return None;
        };
        Some(Paused { activity, scope })
    }
}

impl FiberLink {
    /// Whether a switch stops `activity` of an app and these users of it. An app that is not
    /// registered has no switches of its own.
    ///
    /// # Errors
    /// [`StoreError`] if the store failed.
    pub async fn find_pause(
        &self,
        activity: Activity,
        app: &AppId,
        users: &[&UserId],
    ) -> Result<Option<Paused>, StoreError> {
        let now = self.now();
        let switches = match self.parts().last_switches.recall(app, now) {
            Some(switches) => switches,
            None => {
                let switches = self.read_switches(app).await?.0;
                self.parts().last_switches.remember(app.clone(), switches, now);
                switches
            }
        };
        self.pause_among(switches, activity, app, users).await
    }

    /// The same from what is stored now, for what is about to be paid; and what must still be so when
    /// the payment is claimed.
    pub(crate) async fn find_pause_now(
        &self,
        activity: Activity,
        app: &AppId,
        user: &UserId,
    ) -> Result<(Option<Paused>, Vec<Op>), StoreError> {
        let (switches, mut required) = self.read_switches(app).await?;
        let mut paused = switches.pause(activity);
        // The first switch of a user that is thrown changes the app; a second one that of the user alone.
        if paused.is_none() && switches.has_paused_users {
            let found = find_paused_user(&*self.parts().store, app, user).await?;
            let expected = found.as_ref().map(|(_, document)| document.version());
            required.push(Op::RequireDocument { key: paused_user_key(app, user), expected });
            let pauses = found.is_some_and(|(switches, _)| switches.pauses(activity));
            paused = pauses.then_some(Paused { activity, scope: PausedScope::User });
        }
        Ok((paused, required))
    }

    async fn pause_among(
        &self,
        switches: AppSwitches,
        activity: Activity,
        app: &AppId,
        users: &[&UserId],
    ) -> Result<Option<Paused>, StoreError> {
        if let Some(pause) = switches.pause(activity) {
            return Ok(Some(pause));
        }
        if switches.has_paused_users {
            for user in users {
                let paused = find_paused_user(&*self.parts().store, app, user).await?;
                if paused.is_some_and(|(switches, _)| switches.pauses(activity)) {
                    return Ok(Some(Paused { activity, scope: PausedScope::User }));
                }
            }
        }
        Ok(None)
    }

    async fn read_switches(&self, app: &AppId) -> Result<(AppSwitches, Vec<Op>), StoreError> {
        let store = &*self.parts().store;
        let hub = find_hub_switches(store).await?;
        let found = find_app(store, app).await?;
        let required = vec![
            Op::RequireDocument { key: hub_switches_key(), expected: hub.as_ref().map(Stored::version) },
            Op::RequireDocument { key: App::key(app), expected: found.as_ref().map(Stored::version) },
        ];
        let switches = AppSwitches {
            hub: hub.map(Stored::into_inner).unwrap_or_default(),
            app: found.as_ref().map(|app| app.switches()).unwrap_or_default(),
            has_paused_users: found.is_some_and(|app| app.paused_users > 0),
        };
        Ok((switches, required))
    }
}

#[cfg(test)]
mod tests;
