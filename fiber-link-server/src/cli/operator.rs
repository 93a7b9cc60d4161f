//! Who works at the command line, and what he may change there.

use super::CommandError;
use crate::host;
use crate::settings::Settings;
use crate::store;
use clap::Args;
use fiber_link_core::{Access, Administration, Authority, Operator, Reason, ReasonError, Store};
use std::sync::Arc;

/// Why something is changed.
#[derive(Debug, Args)]
pub(super) struct ReasonFlag {
    /// Why, in a few words: it is kept in the audit log.
    #[arg(long, value_name = "WORDS", value_parser = read_reason)]
    pub(super) reason: Reason,
}

pub(super) fn read_reason(text: &str) -> Result<Reason, ReasonError> {
    Reason::new(text)
}

/// What whoever works at this command line may change in --store. Secrets are sealed with --key-file,
/// without which none is put into a database.
pub(super) async fn administration(settings: &Settings) -> Result<Administration, CommandError> {
    let keyring = settings.needed_keyring()?.clone();
    let store = store::open(settings.needed_store()?).await?;
    Ok(Administration::new(store.clone(), operator())
        .keyring(keyring)
        .acting_as(authority(settings, store).await?))
}

/// The same for a store that is there, whatever is sealed in it.
pub(super) async fn of_existing(settings: &Settings) -> Result<Administration, CommandError> {
    let store = store::open_existing(settings.needed_store()?).await?;
    let administration = Administration::new(store.clone(), operator());
    let administration = administration.keyring(settings.keyring.clone()).policies(settings.policies.clone());
    Ok(administration.acting_as(authority(settings, store).await?))
}

/// Whoever has the store, or the administrator whose token was named.
async fn authority(settings: &Settings, store: Arc<dyn Store>) -> Result<Authority, CommandError> {
    let Some(token) = &settings.token else { return Ok(Authority::owner(operator())) };
    let found = Access::new(store).find_authority(token, &operator().origin).await?;
    found.ok_or(CommandError::TokenIsNone)
}

/// The account that asks, also behind sudo, at this host.
fn operator() -> Operator {
    let name = ["SUDO_USER", "USER", "LOGNAME"].into_iter().find_map(|name| std::env::var(name).ok());
    let name = name.filter(|name| !name.is_empty()).unwrap_or_else(|| "unknown account".to_owned());
    let line = |text: String| text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(200).collect();
    Operator { name: line(name), origin: line(format!("command line at {}", host::label())) }
}
