//! What the servers on one database tell each other of settled tips and other events, by NOTIFY on a
//! channel that is called like the schema.
//!
//! It is sent after the commit and beside it: a transaction that notifies takes a lock of the whole
//! database and keeps it until its commit is on the disk, so commits would go one at a time. It is a
//! rumour, and readers look by themselves too.

use crate::PostgresStore;
use crate::statement::{query, statements};
use fiber_link_core::{AppId, Op, Tip};
use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};
use sqlx::Executor;
use sqlx::postgres::{PgConnectOptions, PgListener, PgPoolOptions};
use std::collections::BTreeSet;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};
use tracing::Instrument;

statements! {
    tell = "SELECT pg_notify($1, app) FROM unnest($2::text[]) AS news (app)";
}

/// How many apps may wait to be told of; of more nobody is told.
const MOST_UNTOLD: usize = 1_000;

/// The least time between two notifications. What happens meanwhile is told of by the second.
const GAP: Duration = Duration::from_millis(50);

/// How long the listening connection may be silent before it is tried out.
const TRUSTED: Duration = Duration::from_secs(30);

/// How long it may take to connect and to listen, or to answer when it is tried out.
const PATIENCE: Duration = Duration::from_secs(5);

/// The wait after the listening connection was lost, doubled with each failure.
const SHORTEST_WAIT: Duration = Duration::from_millis(250);
const LONGEST_WAIT: Duration = Duration::from_secs(16);

/// Apps of which others were not told yet.
#[derive(Debug)]
pub(crate) struct Untold {
    apps: Mutex<BTreeSet<AppId>>,
    /// Two tasks at most: one tells, the other waits for its turn and takes along what comes.
    tasks: Arc<Semaphore>,
    turn: tokio::sync::Mutex<()>,
}

impl Default for Untold {
    fn default() -> Self {
        Self { apps: Mutex::default(), tasks: Arc::new(Semaphore::new(2)), turn: Default::default() }
    }
}

impl Untold {
    fn add(&self, app: AppId) {
        let mut apps = self.apps.lock().unwrap_or_else(PoisonError::into_inner);
        if apps.len() < MOST_UNTOLD {
            apps.insert(app);
        }
    }

    fn take(&self) -> Vec<String> {
        let apps = std::mem::take(&mut *self.apps.lock().unwrap_or_else(PoisonError::into_inner));
        apps.iter().map(|app| app.as_str().to_owned()).collect()
    }
}

/// The apps of which these writes settle a tip, or emit an event.
pub(crate) fn apps_with_news(ops: &[Op]) -> BTreeSet<AppId> {
    let settled = |tip: &Tip| tip.settled_at().map(|_| tip.terms().app.clone());
    let app = |op: &Op| {
        if let Op::CreateTip { tip, .. } | Op::UpdateTip { next: tip, .. } = op {
            settled(tip)
        } else if let Op::Emit(event) = op {
            Some(event.app.clone())
        } else {
            None
        }
    };
    ops.iter().filter_map(app).collect()
}

impl PostgresStore {
    /// Has other servers told, soon, and without anybody waiting for it.
    pub(crate) fn tell(&self, apps: BTreeSet<AppId>) {
        if apps.is_empty() {
            return;
        }
        apps.into_iter().for_each(|app| self.untold().add(app));
        // Where there are two already, the second has yet to look at what is to be told.
        let Ok(place) = self.untold().tasks.clone().try_acquire_owned() else { return };
        let store = self.clone();
        let tell = async move {
            let turn = store.untold().turn.lock().await;
            let apps = store.untold().take();
            if !apps.is_empty() {
                let channel = store.schema().name().to_owned();
                let tell = query(&store.statements().news.tell).bind(channel).bind(apps);
                if let Err(error) = store.database().execute(tell).await {
                    tracing::debug!(%error, "other servers were not told the news");
                }
                sleep(GAP).await;
            }
            // In this order: the next one looks only when there is a place for one after it.
            drop(place);
            drop(turn);
        };
        tokio::spawn(tell.in_current_span());
    }

    /// What others tell, on a connection of its own beside the pool.
    pub(crate) fn listen(&self) -> BoxStream<'static, AppId> {
        let options = PgConnectOptions::clone(&self.pool().connect_options());
        let ear = Ear {
            options: options.application_name("fiber-link news"),
            channel: self.schema().name().to_owned(),
            listener: None,
            failures: 0,
        };
        stream::unfold(ear, |mut ear| async { Some((ear.next().await, ear)) }).boxed()
    }
}

/// A connection that listens, or will again.
struct Ear {
    options: PgConnectOptions,
    channel: String,
    listener: Option<PgListener>,
    failures: u32,
}

impl Ear {
    async fn next(&mut self) -> AppId {
        loop {
            match self.hear().await {
                Ok(Some(app)) => return app,
                Ok(None) => {}
                Err(error) => {
                    self.listener = None;
                    let wait = SHORTEST_WAIT.saturating_mul(1 << self.failures.min(10)).min(LONGEST_WAIT);
                    if self.failures == 0 {
                        tracing::warn!(%error, ?wait, "other servers are not heard; waiting readers look by themselves");
                    }
                    self.failures = self.failures.saturating_add(1);
                    sleep(wait).await;
                }
            }
        }
    }

    /// What was heard, unless it is no app; nothing after a long silence.
    async fn hear(&mut self) -> Result<Option<AppId>, sqlx::Error> {
        let listener = match &mut self.listener {
            Some(listener) => listener,
            None => {
                let listener = timeout(PATIENCE, self.begin()).await.map_err(|_silent| silent())??;
                if std::mem::take(&mut self.failures) > 0 {
                    tracing::info!("other servers are heard again");
                }
                self.listener.insert(listener)
            }
        };
        match timeout(TRUSTED, listener.try_recv()).await {
            Ok(Ok(Some(heard))) => Ok(heard.payload().parse().ok()),
            Ok(Ok(None)) => Err(io::Error::from(io::ErrorKind::UnexpectedEof).into()),
            Ok(Err(error)) => Err(error),
            Err(_silent) => match timeout(PATIENCE, listener.execute("SELECT 1")).await {
                Ok(answered) => answered.map(|_| None),
                Err(_silent) => Err(silent()),
            },
        }
    }

    async fn begin(&self) -> Result<PgListener, sqlx::Error> {
        // A pool of its own for each: one whose connection hangs would have no other.
        let pool = PgPoolOptions::new().max_connections(1).max_lifetime(None).idle_timeout(None);
        let pool = pool.acquire_timeout(PATIENCE).connect_lazy_with(self.options.clone());
        let mut listener = PgListener::connect_with(&pool).await?;
        listener.eager_reconnect(false);
        listener.listen(&self.channel).await?;
        Ok(listener)
    }
}

fn silent() -> sqlx::Error {
    io::Error::from(io::ErrorKind::TimedOut).into()
}
