//! `fiber-link secrets`: keys, and the way of secrets from the environment into the store.

use super::CommandError;
use super::operator::{ReasonFlag, administration, of_existing, read_reason};
use crate::settings::Settings;
use clap::{Args, Subcommand};
use fiber_link_core::{Backfill, Clock, KeyId, Reason, Secret, SystemClock, Timestamp};
use std::process::ExitCode;

#[derive(Debug, Subcommand)]
pub(super) enum SecretsCommand {
    /// Print a line with a new key for --key-file. Put it before the others: the first key seals.
    NewKey(NewKey),
    /// Seal every secret in --store with the first key of --key-file. Once it is through, older keys
    /// can be taken out of the file.
    Reseal(ReasonFlag),
    /// Put secrets of FIBER_LINK_HMAC_SECRET_MAP into --store: apps that it does not have are
    /// registered, and a secret that an app does not have becomes its older one. Changes nothing
    /// without --apply; prints ids and counts, never a secret.
    ///
    /// Exit codes: 0 the store has all of them, or has them now; 1 some are not in it; 2 it broke off.
    Backfill(BackfillFlags),
}

#[derive(Debug, Args)]
pub(super) struct NewKey {
    /// What the key is called: letters, digits, - and _. The time by default.
    #[arg(value_parser = read_key_id)]
    id: Option<KeyId>,
}

#[derive(Debug, Args)]
pub(super) struct BackfillFlags {
    /// Do it.
    #[arg(long)]
    apply: bool,
    /// Why, in a few words: it is kept in the audit log.
    #[arg(long, value_name = "WORDS", value_parser = read_reason)]
    reason: Option<Reason>,
}

pub(super) async fn run(settings: &Settings, command: SecretsCommand) -> Result<ExitCode, CommandError> {
    match command {
        SecretsCommand::NewKey(NewKey { id }) => {
            let id = match id {
                Some(id) => id,
                None => moment()?,
            };
            println!("{id}:{}", hex::encode(Secret::random()?.expose()));
            Ok(ExitCode::SUCCESS)
        }
        SecretsCommand::Reseal(why) => {
            if settings.keyring.current().is_none() {
                return Err(CommandError::NoKeyToSealWith);
            }
            let resealed = of_existing(settings).await?.reseal(&why.reason).await?;
            println!("{} secrets, {} sealed anew", resealed.secrets, resealed.resealed);
            Ok(ExitCode::SUCCESS)
        }
        SecretsCommand::Backfill(flags) => backfill(settings, flags).await,
    }
}

async fn backfill(settings: &Settings, flags: BackfillFlags) -> Result<ExitCode, CommandError> {
    settings.needed_keyring()?;
    let administration =
        if flags.apply { administration(settings).await? } else { of_existing(settings).await? };
    let reason = match flags.reason {
        Some(reason) => reason,
        None => Reason::new("moved from the environment")?,
    };
    let (mut total, mut missing, mut updates, mut unchanged, mut applied) =
        (0_u32, 0_u32, 0_u32, 0_u32, 0_u32);
    for (app, secret) in settings.secret_map.iter() {
        total = total.saturating_add(1);
        let found = administration.find_backfill(app, secret).await?;
        let count = match found {
            Backfill::Missing => &mut missing,
            Backfill::Update | Backfill::Full => &mut updates,
            Backfill::Unchanged => &mut unchanged,
        };
        *count = count.saturating_add(1);
        let done = flags.apply && administration.apply_backfill(app, secret, &reason).await?;
        applied = applied.saturating_add(u32::from(done));
        println!("{app}\t{}{}", words(found), if done { "\tapplied" } else { "" });
    }
    println!("total {total}, missing {missing}, updates {updates}, unchanged {unchanged}, applied {applied}");
    let left = missing.saturating_add(updates).saturating_sub(applied);
    Ok(ExitCode::from(u8::from(left > 0)))
}

const fn words(found: Backfill) -> &'static str {
    match found {
        Backfill::Full => "update, but two other secrets are live: retire one first",
        Backfill::Missing | Backfill::Update | Backfill::Unchanged => found.as_str(),
    }
}

fn read_key_id(text: &str) -> Result<KeyId, fiber_link_core::KeyError> {
    KeyId::new(text)
}

fn moment() -> Result<KeyId, CommandError> {
    let now: Timestamp = SystemClock.now();
    let moment: String = crate::wire_time::format(now).chars().filter(|c| *c != ':').take(17).collect();
    Ok(KeyId::new(&moment)?)
}
