//! `fiber-link admin`: who looks after the hub.

use super::CommandError;
use super::operator::{ReasonFlag, of_existing};
use crate::settings::{Settings, read_duration};
use crate::wire_time;
use clap::{Args, Subcommand, ValueEnum};
use fiber_link_core::{
    Administrator, AppId, Email, Grant, LONGEST_TOKEN, Password, PasswordHash, Secret, TokenAccess,
    TokenScope,
};
use std::io::{self, Read};
use std::time::Duration;

/// The most bytes of a password that are read.
const LONGEST_PASSWORD: u64 = 4_096;

#[derive(Debug, Subcommand)]
pub(super) enum AdminCommand {
    /// Make somebody an administrator, who logs in with an e-mail address and a password. A new
    /// password is printed once, unless one is given.
    Create(Create),
    /// List the administrators: address, grants, whether codes are asked for, live sessions and tokens.
    List,
    /// Grant a role.
    Grant(Granted),
    /// Take a role back; it is gone at once, for sessions and tokens too.
    Revoke(Granted),
    /// Give an administrator a new password, which is printed once unless one is given. His sessions
    /// and tokens are over, and codes are asked for no more.
    Reset(Reset),
    /// Make a token in the name of an administrator, which is printed once. With --token-file, commands
    /// are carried out in his name.
    Token(MakeToken),
}

#[derive(Debug, Args)]
pub(super) struct Create {
    /// His e-mail address.
    email: Email,
    /// What he is; nothing yet without it.
    #[arg(long)]
    role: Option<RoleName>,
    /// The app that the role is for.
    #[arg(long, requires = "role")]
    app: Option<AppId>,
    /// Read the password from standard input; one newline at its end is left out.
    #[arg(long)]
    password_stdin: bool,
    #[command(flatten)]
    why: ReasonFlag,
}

#[derive(Debug, Args)]
pub(super) struct Granted {
    /// His e-mail address.
    email: Email,
    /// The role.
    role: RoleName,
    /// The app that it is for.
    #[arg(long)]
    app: Option<AppId>,
    #[command(flatten)]
    why: ReasonFlag,
}

#[derive(Debug, Args)]
pub(super) struct Reset {
    /// His e-mail address.
    email: Email,
    /// Read the password from standard input; one newline at its end is left out.
    #[arg(long)]
    password_stdin: bool,
    #[command(flatten)]
    why: ReasonFlag,
}

#[derive(Debug, Args)]
pub(super) struct MakeToken {
    /// His e-mail address.
    email: Email,
    /// What the token is called.
    #[arg(long)]
    name: String,
    /// Whether it may change things, or only read.
    #[arg(long, default_value = "read")]
    access: Access,
    /// The only app that it is for; all of his without it.
    #[arg(long)]
    app: Option<AppId>,
    /// How long it lasts, such as `30d`; at most 366 days.
    #[arg(long, value_name = "TIME", default_value = "30d", value_parser = read_lasts)]
    lasts: Duration,
    #[command(flatten)]
    why: ReasonFlag,
}

/// The roles, as they are on the wire.
#[derive(Clone, Copy, Debug, ValueEnum)]
#[value(rename_all = "SCREAMING_SNAKE_CASE")]
pub(super) enum RoleName {
    /// Everything.
    SuperAdmin,
    /// One app: name it with --app.
    CommunityAdmin,
    /// Reads, and changes nothing: everything, or one app with --app.
    Auditor,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Access {
    /// It reads.
    Read,
    /// It reads and changes.
    Change,
}

impl RoleName {
    fn grant(self, app: Option<AppId>) -> Result<Grant, CommandError> {
        let role = match self {
            Self::SuperAdmin => fiber_link_core::Role::SuperAdmin,
            Self::CommunityAdmin => fiber_link_core::Role::CommunityAdmin,
            Self::Auditor => fiber_link_core::Role::Auditor,
        };
        Ok(Grant::new(role, app)?)
    }
}

pub(super) async fn run(settings: &Settings, command: AdminCommand) -> Result<(), CommandError> {
    match command {
        AdminCommand::Create(flags) => create(settings, flags).await,
        AdminCommand::List => {
            for administrator in of_existing(settings).await?.administrators().await? {
                show(&administrator);
            }
            Ok(())
        }
        AdminCommand::Grant(Granted { email, role, app, why }) => {
            let grant = role.grant(app)?;
            show(&of_existing(settings).await?.grant_role(&email, grant, &why.reason).await?);
            Ok(())
        }
        AdminCommand::Revoke(Granted { email, role, app, why }) => {
            let grant = role.grant(app)?;
            show(&of_existing(settings).await?.revoke_role(&email, &grant, &why.reason).await?);
            Ok(())
        }
        AdminCommand::Reset(Reset { email, password_stdin, why }) => {
            let new = NewPassword::read(password_stdin)?;
            let administration = of_existing(settings).await?;
            administration.reset_administrator(&email, new.hash()?, &why.reason).await?;
            eprintln!("{email} has a new password; sessions, tokens and codes are over");
            new.show();
            Ok(())
        }
        AdminCommand::Token(flags) => token(settings, flags).await,
    }
}

async fn create(settings: &Settings, flags: Create) -> Result<(), CommandError> {
    let grants = flags.role.map(|role| role.grant(flags.app)).transpose()?.into_iter().collect();
    let new = NewPassword::read(flags.password_stdin)?;
    let administration = of_existing(settings).await?;
    let created = administration.create_administrator(flags.email, new.hash()?, grants, &flags.why.reason);
    let administrator = created.await?;
    eprintln!("{} is an administrator", administrator.email);
    new.show();
    Ok(())
}

async fn token(settings: &Settings, flags: MakeToken) -> Result<(), CommandError> {
    let MakeToken { email, name, access, app, lasts, why } = flags;
    let access = match access {
        Access::Read => TokenAccess::Read,
        Access::Change => TokenAccess::Change,
    };
    let administration = of_existing(settings).await?;
    let scope = TokenScope { access, app };
    let (token, owner) = administration.create_token_for(&email, &name, scope, lasts, &why.reason).await?;
    if let Some(made) = owner.tokens.last() {
        let until = wire_time::format(made.until);
        eprintln!("token {} of {email}, which lasts until {until}, shown this once:", made.number);
    }
    println!("{}", token.expose());
    Ok(())
}

fn show(administrator: &Administrator) {
    let grants: Vec<_> = administrator.grants.iter().map(ToString::to_string).collect();
    let grants = if grants.is_empty() { "nothing granted".to_owned() } else { grants.join(", ") };
    let codes = if administrator.has_codes() { "codes" } else { "no codes" };
    let counted = |count: usize, what: &str| format!("{count} {what}{}", if count == 1 { "" } else { "s" });
    let sessions = counted(administrator.sessions.len(), "session");
    let tokens = counted(administrator.tokens.len(), "token");
    println!("{}\t{grants}\t{codes}\t{sessions}\t{tokens}", administrator.email);
}

/// A password to be set, and its text where it is to be shown.
struct NewPassword {
    password: Password,
    shown: Option<String>,
}

impl NewPassword {
    fn read(from_stdin: bool) -> Result<Self, CommandError> {
        if !from_stdin {
            let text: String = hex::encode(Secret::random()?.expose()).chars().take(32).collect();
            return Ok(Self { password: Password::new(&text)?, shown: Some(text) });
        }
        let mut text = String::new();
        let read = io::stdin().take(LONGEST_PASSWORD).read_to_string(&mut text);
        read.map_err(|source| CommandError::UnreadableSecret { from: "standard input".to_owned(), source })?;
        let text = text.strip_suffix('\n').unwrap_or(&text);
        let text = text.strip_suffix('\r').unwrap_or(text);
        Ok(Self { password: Password::new(text)?, shown: None })
    }

    /// Takes a moment, as it should.
    fn hash(&self) -> Result<PasswordHash, CommandError> {
        Ok(PasswordHash::of(&self.password)?)
    }

    fn show(self) {
        if let Some(text) = self.shown {
            eprintln!("the password, shown this once:");
            println!("{text}");
        }
    }
}

fn read_lasts(text: &str) -> Result<Duration, String> {
    read_duration(text, Duration::from_secs(1), LONGEST_TOKEN)
}
