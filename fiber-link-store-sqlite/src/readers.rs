//! Readers beside the writer, each on a connection of its own.

use crate::queue::{self, Question};
use fiber_link_core::StoreError;
use rusqlite::Connection;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

/// How many reads may wait.
const QUEUE: usize = 4096;

/// Threads that read. Dropping them waits until all that was asked is answered.
#[derive(Debug)]
pub(crate) struct Readers {
    queue: Option<SyncSender<Question>>,
    threads: Vec<JoinHandle<()>>,
}

impl Readers {
    /// Starts a thread for each of `connections`.
    pub(crate) fn start(connections: Vec<Connection>) -> std::io::Result<Self> {
        let (queue, questions) = sync_channel(QUEUE);
        let questions = Arc::new(Mutex::new(questions));
        let spawn = |connection| {
            let questions = Arc::clone(&questions);
            let builder = std::thread::Builder::new().name("fiber-link-reader".to_owned());
            builder.spawn(move || run(&connection, &questions))
        };
        let threads = connections.into_iter().map(spawn).collect::<Result<_, _>>()?;
        Ok(Self { queue: Some(queue), threads })
    }

    /// Answers a question; it sees every commit that returned before.
    ///
    /// # Cancellation
    /// Dropping the future takes the question back, unless it is being answered.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        question: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (question, answered) = queue::question(question);
        queue::put(self.queue.as_ref(), question, QUEUE)?;
        queue::answer(answered).await?
    }
}

impl Drop for Readers {
    fn drop(&mut self) {
        drop(self.queue.take());
        self.threads.drain(..).for_each(|thread| queue::join(Some(thread)));
    }
}

fn run(connection: &Connection, questions: &Mutex<Receiver<Question>>) {
    // Whoever waits for the next question holds the lock; the others wait for the lock.
    let next = || questions.lock().unwrap_or_else(PoisonError::into_inner).recv();
    while let Ok(question) = next() {
        question(connection);
    }
}
