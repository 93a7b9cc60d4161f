//! `fiber-link pause` and `fiber-link resume`: the switches of the hub and of single users.

use super::CommandError;
use super::app::What;
use super::operator::{ReasonFlag, of_existing};
use crate::settings::Settings;
use clap::Args;
use fiber_link_core::{AppId, UserId};

#[derive(Debug, Args)]
pub(super) struct SwitchFlags {
    /// What.
    what: What,
    /// Of one user of this app; without it of the whole hub. For a whole app there is `app pause`.
    #[arg(long, requires = "user")]
    app: Option<AppId>,
    /// The user.
    #[arg(long, requires = "app")]
    user: Option<UserId>,
    #[command(flatten)]
    why: ReasonFlag,
}

pub(super) async fn run(settings: &Settings, flags: SwitchFlags, paused: bool) -> Result<(), CommandError> {
    let SwitchFlags { what, app, user, why } = flags;
    let (administration, activities) = (of_existing(settings).await?, what.activities());
    let (whose, switches) = match (app, user) {
        (Some(app), Some(user)) => {
            let switches = administration.switch_user(&app, &user, activities, paused, &why.reason).await?;
            (format!("user {user} of app {app}"), switches)
        }
        (Some(_), None) | (None, Some(_)) | (None, None) => {
            ("hub".to_owned(), administration.switch_hub(activities, paused, &why.reason).await?)
        }
    };
    println!("{whose}\t{}", switches.as_str());
    Ok(())
}
