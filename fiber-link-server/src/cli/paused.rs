//! `fiber-link paused`: what is stopped until somebody lets it go on.

use super::CommandError;
use super::operator::of_existing;
use crate::settings::Settings;
use clap::Args;
use fiber_link_core::{Administration, App, AppId, AppState, MAX_ROWS, Switches};

#[derive(Debug, Args)]
pub(super) struct PausedFlags {
    /// In this app alone.
    #[arg(long)]
    app: Option<AppId>,
}

pub(super) async fn run(settings: &Settings, flags: PausedFlags) -> Result<(), CommandError> {
    let administration = of_existing(settings).await?;
    if let Some(id) = flags.app {
        let app = administration.find_app(&id).await?.ok_or(CommandError::NoSuchApp(id))?;
        println!("app {}\t{}", app.id, app.state.as_str());
        return users(&administration, &app).await;
    }
    println!("hub\t{}", administration.hub_switches().await?.as_str());
    let mut after = None;
    loop {
        let apps = administration.apps(after.take(), MAX_ROWS).await?;
        for app in &apps {
            if app.state != AppState::Open(Switches::default()) {
                println!("app {}\t{}", app.id, app.state.as_str());
            }
            if app.paused_users > 0 {
                users(&administration, app).await?;
            }
        }
        match apps.into_iter().last() {
            Some(last) => after = Some(last.id),
            None => return Ok(()),
        }
    }
}

async fn users(administration: &Administration, app: &App) -> Result<(), CommandError> {
    let mut after = None;
    loop {
        let users = administration.paused_users(&app.id, after.as_ref(), MAX_ROWS).await?;
        for (user, switches) in &users {
            println!("user {user} of app {}\t{}", app.id, switches.as_str());
        }
        match users.into_iter().last() {
            Some((last, _)) => after = Some(last),
            None => return Ok(()),
        }
    }
}
