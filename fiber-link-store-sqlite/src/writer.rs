//! One thread writes, and puts what waits into one transaction.
//!
//! Each unit of work runs in a savepoint of its own, so a refused one leaves no trace, and nobody
//! is answered before the transaction is durable: not even who is refused, because what refused
//! him may not have come to stay.

use crate::error::{GroupError, GroupFailed, NoSuccess};
use crate::queue::{self, Question};
use crate::statement::execute;
use fiber_link_core::StoreError;
use futures_channel::oneshot;
use rusqlite::Connection;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

/// How many units of work may wait.
const QUEUE: usize = 4096;

/// How many units of work share a transaction at most, so that the first need not wait for long.
const GROUP: usize = 512;

/// How many transactions pass between two looks at the size of the write-ahead log.
pub(crate) const WAL_CHECK: u32 = 64;

/// How long readers may keep the write-ahead log from starting anew before it is tried later.
const WAL_WAIT: Duration = Duration::from_millis(50);

/// A write-ahead log, and how large it may become before readers are held up to start it anew.
#[derive(Debug)]
pub(crate) struct WriteAheadLog {
    pub(crate) path: PathBuf,
    pub(crate) bytes: u64,
}

/// The thread that writes. Dropping it waits until all that was asked is done.
#[derive(Debug)]
pub(crate) struct Writer {
    queue: Option<SyncSender<Job>>,
    thread: Option<JoinHandle<()>>,
}

enum Job {
    Write(Box<dyn Unit>),
    Read(Question),
}

impl Writer {
    /// Starts a thread that owns `connection`.
    pub(crate) fn start(
        name: &str,
        connection: Connection,
        wal: Option<WriteAheadLog>,
        busy_timeout: Duration,
    ) -> std::io::Result<Self> {
        let (queue, jobs) = sync_channel(QUEUE);
        let thread = WriterThread { connection, jobs, wal, busy_timeout, groups: 0 };
        let thread = std::thread::Builder::new().name(name.to_owned()).spawn(move || thread.run())?;
        Ok(Self { queue: Some(queue), thread: Some(thread) })
    }

    /// Does `work` in a transaction that it shares with others; durable on return.
    ///
    /// # Cancellation
    /// Dropping the future loses the answer alone: once polled, the work is done.
    pub(crate) async fn write<T, E>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: NoSuccess,
    {
        let (answer, answered) = oneshot::channel();
        let unit = Work { work: Some(work), result: None, answer };
        queue::put(self.queue.as_ref(), Job::Write(Box::new(unit)), QUEUE)?;
        queue::answer(answered).await?
    }

    /// Answers a question between two transactions.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        question: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (question, answered) = queue::question(question);
        queue::put(self.queue.as_ref(), Job::Read(question), QUEUE)?;
        queue::answer(answered).await?
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        drop(self.queue.take());
        queue::join(self.thread.take());
    }
}

/// Work to be done in somebody else's transaction.
trait Unit: Send {
    /// Does the work; whether it is to stay.
    fn apply(&mut self, connection: &Connection) -> bool;

    /// Tells the caller what came of it, now that the transaction has ended.
    fn answer(self: Box<Self>, group: Result<(), GroupFailed>);
}

struct Work<W, T, E> {
    work: Option<W>,
    result: Option<Result<T, E>>,
    answer: oneshot::Sender<Result<T, E>>,
}

impl<W, T, E> Unit for Work<W, T, E>
where
    W: FnOnce(&Connection) -> Result<T, E> + Send,
    T: Send,
    E: NoSuccess,
{
    fn apply(&mut self, connection: &Connection) -> bool {
        self.result = self.work.take().map(|work| work(connection));
        matches!(self.result, Some(Ok(_)))
    }

    fn answer(self: Box<Self>, group: Result<(), GroupFailed>) {
        let answer = match (group, self.result) {
            (Ok(()), Some(result)) => result,
            (Err(_), Some(Err(failure))) if failure.is_failure() => Err(failure),
            (Err(failed), _) => Err(StoreError::backend(failed).into()),
            (Ok(()), None) => Err(StoreError::backend(GroupFailed(Arc::new(GroupError::Ended))).into()),
        };
        // A caller that no longer listens has lost its answer, as it was told.
        let _ = self.answer.send(answer);
    }
}

struct WriterThread {
    connection: Connection,
    jobs: Receiver<Job>,
    wal: Option<WriteAheadLog>,
    busy_timeout: Duration,
    groups: u32,
}

impl WriterThread {
    fn run(mut self) {
        while let Ok(job) = self.jobs.recv() {
            let mut group = Vec::new();
            let mut next = Some(job);
            while let Some(job) = next {
                match job {
                    Job::Write(unit) => group.push(unit),
                    Job::Read(question) => {
                        self.commit(std::mem::take(&mut group));
                        question(&self.connection);
                    }
                }
                next = if group.len() < GROUP { self.jobs.try_recv().ok() } else { None };
            }
            self.commit(group);
        }
    }

    fn commit(&mut self, mut group: Vec<Box<dyn Unit>>) {
        if group.is_empty() {
            return;
        }
        let outcome = in_transaction(&self.connection, &mut group).map_err(|e| GroupFailed(Arc::new(e)));
        group.into_iter().for_each(|unit| unit.answer(outcome.clone()));
        self.groups = self.groups.wrapping_add(1);
        if self.groups.is_multiple_of(WAL_CHECK) {
            self.bound_wal();
        }
    }

    /// Readers that are always there can keep the write-ahead log from ever starting anew. When it
    /// has become large, new ones wait for a moment.
    fn bound_wal(&self) {
        let Some(wal) = &self.wal else { return };
        if std::fs::metadata(&wal.path).map_or(0, |file| file.len()) <= wal.bytes {
            return;
        }
        let restarted = self.connection.busy_timeout(WAL_WAIT).and_then(|()| {
            self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, bool>(0))
        });
        if !matches!(restarted, Ok(false)) {
            tracing::warn!("the write-ahead log could not be started anew, a reader is in its way");
        }
        if let Err(error) = self.connection.busy_timeout(self.busy_timeout) {
            tracing::error!(%error, "the time to wait for a lock could not be set");
        }
    }
}

fn in_transaction(connection: &Connection, group: &mut [Box<dyn Unit>]) -> Result<(), GroupError> {
    roll_back(connection)?;
    execute(connection, "BEGIN IMMEDIATE", [])?;
    let mut units = group.iter_mut();
    let applied = units.try_for_each(|unit| in_savepoint(connection, unit.as_mut()));
    let outcome = applied.and_then(|()| Ok(execute(connection, "COMMIT", []).map(|_| ())?));
    if outcome.is_err()
        && let Err(error) = roll_back(connection)
    {
        tracing::error!(%error, "a failed transaction could not be rolled back yet");
    }
    outcome
}

/// Ends a transaction that is still open, if there is one.
fn roll_back(connection: &Connection) -> rusqlite::Result<()> {
    if !connection.is_autocommit() {
        execute(connection, "ROLLBACK", [])?;
    }
    Ok(())
}

fn in_savepoint(connection: &Connection, unit: &mut dyn Unit) -> Result<(), GroupError> {
    execute(connection, "SAVEPOINT unit", [])?;
    let stays = unit.apply(connection);
    if connection.is_autocommit() {
        return Err(GroupError::Ended);
    }
    if !stays {
        execute(connection, "ROLLBACK TO unit", [])?;
    }
    execute(connection, "RELEASE unit", [])?;
    Ok(())
}
