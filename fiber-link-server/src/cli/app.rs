//! `fiber-link app`: apps, their secrets and their switches.

use super::operator::{ReasonFlag, administration, of_existing, read_reason};
use super::{CommandError, LONGEST_SECRET, SHORTEST_SECRET};
use crate::settings::Settings;
use crate::wire_time;
use clap::{Args, Subcommand, ValueEnum};
use fiber_link_core::{Activity, App, AppId, Clock, MAX_ROWS, Reason, Secret, SystemClock, Timestamp};
use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;
use std::time::Duration;

/// The longest time that an old secret goes on working.
const LONGEST_OVERLAP: Duration = Duration::from_secs(365 * 24 * 3600);

#[derive(Debug, Subcommand)]
pub(super) enum AppCommand {
    /// Register an app. Its new secret is printed once, unless one is given. First withdrawals of its users,
    /// and those to a destination that is new for a day, await review, unless --no-review is given.
    Create(Create),
    /// List the apps: id, state, how many secrets are live, time of registration, name.
    List,
    /// Show one app: its secrets by number, with their ends and how often an old one is still used.
    Show(One),
    /// Give an app a new secret, which works at once and is printed once, unless one is given. The old
    /// one works for as long as --overlap says.
    Rotate(Rotate),
    /// End one of two live secrets at once. `app show` tells whether it is still used.
    RetireSecret(Retire),
    /// Stop new tips, withdrawals, or both. What is paid is credited, and what was sent is followed to
    /// its end. Withdrawals that were not begun wait; when their invoice is about to end they fail, and
    /// the funds return. A closed app stays closed.
    Pause(Switch),
    /// Let them go on; a closed app is open again, but for what else is paused.
    Resume(Switch),
    /// Let no request of the app in any more, and stop both.
    Close(Change),
}

#[derive(Debug, Args)]
pub(super) struct One {
    /// The app.
    app_id: AppId,
}

#[derive(Debug, Args)]
pub(super) struct Change {
    /// The app.
    app_id: AppId,
    #[command(flatten)]
    why: ReasonFlag,
}

#[derive(Debug, Args)]
pub(super) struct Create {
    /// The app's id: what it sends as `x-app-id`.
    app_id: AppId,
    /// What people call it; its id by default.
    #[arg(long)]
    name: Option<String>,
    /// Pay first withdrawals, and those to new destinations, without a review. `policy set` changes it later.
    #[arg(long)]
    no_review: bool,
    #[command(flatten)]
    secret: GivenSecret,
    /// Why, in a few words: it is kept in the audit log.
    #[arg(long, value_name = "WORDS", value_parser = read_reason)]
    reason: Option<Reason>,
}

#[derive(Debug, Args)]
pub(super) struct Rotate {
    /// The app.
    app_id: AppId,
    /// How long the old secret goes on working, such as `24h`, the default; `0s` ends it at once.
    #[arg(long, value_name = "TIME", default_value = "24h", value_parser = read_overlap)]
    overlap: Duration,
    #[command(flatten)]
    secret: GivenSecret,
    #[command(flatten)]
    why: ReasonFlag,
}

#[derive(Debug, Args)]
pub(super) struct Retire {
    /// The app.
    app_id: AppId,
    /// The number of the secret, as `app show` tells it.
    number: u32,
    #[command(flatten)]
    why: ReasonFlag,
}

#[derive(Debug, Args)]
pub(super) struct Switch {
    /// The app.
    app_id: AppId,
    /// What.
    what: What,
    #[command(flatten)]
    why: ReasonFlag,
}

/// What is paused or goes on.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum What {
    /// New tips.
    Tips,
    /// Withdrawals.
    Withdrawals,
    /// Both.
    All,
}

impl What {
    pub(super) const fn activities(self) -> &'static [Activity] {
        match self {
            Self::Tips => &[Activity::Tips],
            Self::Withdrawals => &[Activity::Withdrawals],
            Self::All => &[Activity::Tips, Activity::Withdrawals],
        }
    }
}

#[derive(Debug, Args)]
struct GivenSecret {
    /// Read the secret from a file; one newline at its end is left out.
    #[arg(long, value_name = "FILE", conflicts_with = "secret_stdin")]
    secret_file: Option<PathBuf>,
    /// Read the secret from standard input; one newline at its end is left out.
    #[arg(long)]
    secret_stdin: bool,
}

/// A secret to be stored, and its text where it is to be shown.
struct NewSecret {
    secret: Secret,
    shown: Option<String>,
}

pub(super) async fn run(settings: &Settings, command: AppCommand) -> Result<(), CommandError> {
    match command {
        AppCommand::Create(flags) => create(settings, flags).await,
        AppCommand::List => list(settings).await,
        AppCommand::Show(One { app_id }) => {
            let app = of_existing(settings).await?.find_app(&app_id).await?;
            show(&app.ok_or(CommandError::NoSuchApp(app_id))?, SystemClock.now());
            Ok(())
        }
        AppCommand::Rotate(flags) => rotate(settings, flags).await,
        AppCommand::RetireSecret(Retire { app_id, number, why }) => {
            let app = of_existing(settings).await?.retire_secret(&app_id, number, &why.reason).await?;
            show(&app, SystemClock.now());
            Ok(())
        }
        AppCommand::Pause(flags) => pause(settings, flags).await,
        AppCommand::Resume(flags) => resume(settings, flags).await,
        AppCommand::Close(Change { app_id, why }) => {
            let app = of_existing(settings).await?.close_app(&app_id, &why.reason).await?;
            println!("{}\t{}", app.id, app.state.as_str());
            Ok(())
        }
    }
}

async fn create(settings: &Settings, flags: Create) -> Result<(), CommandError> {
    // Before the store: a secret that is refused must not leave one behind.
    let new = flags.secret.read()?;
    let reason = match flags.reason {
        Some(reason) => reason,
        None => Reason::new("registered at the command line")?,
    };
    let name = flags.name.as_deref().unwrap_or(flags.app_id.as_str()).to_owned();
    let administration = administration(settings).await?;
    let app = match flags.no_review {
        true => administration.create_app(flags.app_id, &name, &new.secret, &reason).await?,
        false => administration.create_reviewed_app(flags.app_id, &name, &new.secret, &reason).await?,
    };
    eprintln!("app {} is registered", app.id);
    new.show();
    Ok(())
}

async fn rotate(settings: &Settings, flags: Rotate) -> Result<(), CommandError> {
    settings.needed_keyring()?;
    let new = flags.secret.read()?;
    let until = SystemClock.now().plus(flags.overlap);
    let administration = of_existing(settings).await?;
    let app = administration.rotate_secret(&flags.app_id, &new.secret, until, &flags.why.reason).await?;
    eprintln!("app {} has a new secret; the old one works until {}", app.id, wire_time::format(until));
    new.show();
    Ok(())
}

async fn pause(settings: &Settings, Switch { app_id, what, why }: Switch) -> Result<(), CommandError> {
    let administration = of_existing(settings).await?;
    let app = administration.pause_app(&app_id, what.activities(), &why.reason).await?;
    println!("{}\t{}", app.id, app.state.as_str());
    Ok(())
}

async fn resume(settings: &Settings, Switch { app_id, what, why }: Switch) -> Result<(), CommandError> {
    let administration = of_existing(settings).await?;
    let app = administration.resume_app(&app_id, what.activities(), &why.reason).await?;
    println!("{}\t{}", app.id, app.state.as_str());
    Ok(())
}

async fn list(settings: &Settings) -> Result<(), CommandError> {
    let administration = of_existing(settings).await?;
    let now = SystemClock.now();
    let mut after = None;
    loop {
        let apps = administration.apps(after.take(), MAX_ROWS).await?;
        for app in &apps {
            let (state, live) = (app.state.as_str(), app.live_secrets(now).count());
            println!("{}\t{state}\t{live}\t{}\t{}", app.id, wire_time::format(app.created_at), app.name);
        }
        match apps.into_iter().last() {
            Some(last) => after = Some(last.id),
            None => return Ok(()),
        }
    }
}

fn show(app: &App, now: Timestamp) {
    println!("app\t{}", app.id);
    println!("name\t{}", app.name);
    println!("state\t{}", app.state.as_str());
    println!("paused users\t{}", app.paused_users);
    println!("registered\t{}", wire_time::format(app.created_at));
    for secret in &app.secrets {
        let end = match secret.until {
            Some(until) if secret.is_live(now) => format!("works until {}", wire_time::format(until)),
            Some(until) => format!("ended {}", wire_time::format(until)),
            None => "works".to_owned(),
        };
        let used = match secret.last_late_use {
            Some(last) => {
                format!(
                    "used {} times beside a newer one, last {}",
                    secret.late_uses,
                    wire_time::format(last)
                )
            }
            None => "not used beside a newer one".to_owned(),
        };
        let key = secret.sealed.key().map_or("not sealed".to_owned(), |key| format!("sealed with {key}"));
        println!("secret {}\t{}\t{end}\t{used}\t{key}", secret.number, wire_time::format(secret.since));
    }
}

impl GivenSecret {
    fn read(&self) -> Result<NewSecret, CommandError> {
        let (from, read) = match &self.secret_file {
            Some(path) => (path.display().to_string(), File::open(path).and_then(read_secret)),
            None if self.secret_stdin => ("standard input".to_owned(), read_secret(io::stdin())),
            None => {
                let text = hex::encode(Secret::random()?.expose());
                return Ok(NewSecret { secret: Secret::new(text.clone().into_bytes()), shown: Some(text) });
            }
        };
        let mut secret = read.map_err(|source| CommandError::UnreadableSecret { from, source })?;
        for ending in [b'\n', b'\r'] {
            if secret.last() == Some(&ending) {
                secret.pop();
            }
        }
        let allowed = SHORTEST_SECRET..=usize::try_from(LONGEST_SECRET).unwrap_or(usize::MAX);
        if allowed.contains(&secret.len()) {
            Ok(NewSecret { secret: Secret::new(secret), shown: None })
        } else {
            Err(CommandError::SecretLength(secret.len()))
        }
    }
}

impl NewSecret {
    fn show(self) {
        if let Some(text) = self.shown {
            eprintln!("its secret, shown this once:");
            println!("{text}");
        }
    }
}

fn read_secret(from: impl Read) -> io::Result<Vec<u8>> {
    let mut secret = Vec::new();
    from.take(LONGEST_SECRET.saturating_add(3)).read_to_end(&mut secret)?;
    Ok(secret)
}

fn read_overlap(text: &str) -> Result<Duration, String> {
    crate::settings::read_duration(text, Duration::ZERO, LONGEST_OVERLAP)
}
