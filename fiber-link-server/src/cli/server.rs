//! `fiber-link server`: the processes that work on a store, and the word that one of them is gone.

use super::CommandError;
use super::operator::{ReasonFlag, of_existing};
use crate::settings::Settings;
use crate::store;
use crate::wire_time;
use clap::{Args, Subcommand};
use fiber_link_core::{
    Action, Clock, DeclareDeadError, ListedWorker, MAX_ROWS, SILENT_AFTER, Store, SystemClock, Timestamp,
    WorkerId, WorkerState,
};
use std::time::Duration;

#[derive(Debug, Subcommand)]
pub(super) enum ServerCommand {
    /// List the servers of --store, one a line: id, host and process, since when, when last heard of,
    /// how it is, and how many payments without an outcome it may have sent.
    ///
    /// A server is `working`, `silent` after a minute without a sign of life, or `declared dead`. Who
    /// was stopped in order is gone from the list, unless it left such payments.
    List,
    /// Declare a server dead: your word that its process has ended and will never act again. What it
    /// may have sent, and the node does not know, is then sent by the others.
    ///
    /// Only for a process that was killed, or whose machine is off for good. One that is merely paused
    /// or cut off may still send a payment that another has sent meanwhile: end it first. This is
    /// final; a server that finds itself declared dead ends with exit code 3, and works as a new one
    /// when it is started anew.
    DeclareDead(DeclareDead),
}

#[derive(Debug, Args)]
pub(super) struct DeclareDead {
    /// The server's id, as `server list` shows it.
    id: WorkerId,
    /// Also if it was heard of within the last minute.
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    why: ReasonFlag,
}

pub(super) async fn run(settings: &Settings, command: ServerCommand) -> Result<(), CommandError> {
    let store = store::open_existing(settings.needed_store()?).await?;
    match command {
        ServerCommand::List => list(&*store).await,
        ServerCommand::DeclareDead(command) => declare(settings, &*store, command).await,
    }
}

async fn list(store: &dyn Store) -> Result<(), CommandError> {
    let mut after = None;
    loop {
        let listed = store.workers(after, MAX_ROWS).await?;
        for server in &listed {
            println!("{}", line(server, SystemClock.now()));
        }
        match listed.last() {
            Some(last) => after = Some(last.worker.id),
            None => return Ok(()),
        }
    }
}

fn line(ListedWorker { worker, claims }: &ListedWorker, now: Timestamp) -> String {
    let (since, heard_at) = (wire_time::format(worker.since), wire_time::format(worker.heard_at));
    let how = match worker.state {
        WorkerState::Working if worker.silent_for(now) < SILENT_AFTER => "working".to_owned(),
        WorkerState::Working => "silent".to_owned(),
        WorkerState::DeclaredDead { at } => format!("declared dead {}", wire_time::format(at)),
    };
    format!("{}\t{}\t{since}\t{heard_at}\t{how}\t{claims}", worker.id, worker.label)
}

async fn declare(settings: &Settings, store: &dyn Store, flags: DeclareDead) -> Result<(), CommandError> {
    let DeclareDead { id, force, why } = flags;
    let administration = of_existing(settings).await?;
    // Who may not learns nothing of the server.
    administration.authority().require(Action::DeclareDead, None).map_err(DeclareDeadError::from)?;
    let silent_for = if force { Duration::ZERO } else { SILENT_AFTER };
    if force && let Some(server) = store.find_worker(id).await? {
        let silent = server.silent_for(SystemClock.now());
        if !server.is_dead() && silent < SILENT_AFTER {
            eprintln!(
                "warning: server {id} ({}) was heard of {} s ago. If its process has not ended, end it now: \
                 what it is about to send may be sent by another as well",
                server.label,
                silent.as_secs()
            );
        }
    }
    let dead = administration.declare_dead(id, silent_for, &why.reason).await?;
    println!("declared dead\t{}\t{}", dead.id, dead.label);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use fiber_link_core::{Stored, Version, Worker};

    #[test]
    fn a_server_is_listed_as_working_silent_or_declared_dead() {
        let at = |seconds: u64| Timestamp::from_seconds(1_760_000_000 + seconds);
        let id: WorkerId = "0199c850-0000-7000-8000-000000000001".parse().unwrap();
        let born = Worker::new(id, "host:7", at(0));
        let shown = |worker: &Worker, now| {
            let listed = ListedWorker { worker: Stored::new(worker.clone(), Version::FIRST), claims: 2 };
            line(&listed, at(now)).split_once(".000Z\t").unwrap().1.to_owned()
        };
        assert_eq!(shown(&born, 59), "2025-10-09T08:53:20.000Z\tworking\t2");
        assert_eq!(shown(&born, 60), "2025-10-09T08:53:20.000Z\tsilent\t2");
        let dead = Worker { state: WorkerState::DeclaredDead { at: at(61) }, ..born };
        assert_eq!(shown(&dead, 62), "2025-10-09T08:53:20.000Z\tdeclared dead 2025-10-09T08:54:21.000Z\t2");
    }
}
