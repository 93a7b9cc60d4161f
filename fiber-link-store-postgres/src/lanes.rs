//! What waits is done together: a few lanes, each of which takes all the jobs that came while it was
//! busy.
//!
//! One job alone is begun at once. Where many callers write at the same time, the database has one
//! transaction, one round trip and one sync of the disk for as many of them as wait.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A queue of jobs, and how many lanes are doing some.
pub(crate) struct Lanes<J> {
    queue: Arc<Mutex<Queue<J>>>,
    lanes: usize,
    together: usize,
}

struct Queue<J> {
    jobs: VecDeque<J>,
    running: usize,
}

impl<J: Send + 'static> Lanes<J> {
    /// At most `lanes` at once, each doing at most `together` jobs at a time.
    pub(crate) fn new(lanes: usize, together: usize) -> Self {
        let queue = Arc::new(Mutex::new(Queue { jobs: VecDeque::new(), running: 0 }));
        Self { queue, lanes, together }
    }

    /// Has `job` done, with others, by `work` in a task. Who wants to hear of it puts a sender into it:
    /// a job that is dropped was not done to its end.
    pub(crate) fn put<F>(&self, job: J, work: impl Fn(Vec<J>) -> F + Send + 'static)
    where
        F: Future<Output = ()> + Send,
    {
        let mut queue = lock(&self.queue);
        queue.jobs.push_back(job);
        if queue.running >= self.lanes {
            return;
        }
        queue.running = queue.running.saturating_add(1);
        drop(queue);
        let mut lane = Lane { queue: Arc::clone(&self.queue), together: self.together, ended: false };
        tokio::spawn(async move {
            while let Some(jobs) = lane.next() {
                work(jobs).await;
            }
        });
    }
}

impl<J> fmt::Debug for Lanes<J> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lanes").finish_non_exhaustive()
    }
}

struct Lane<J> {
    queue: Arc<Mutex<Queue<J>>>,
    together: usize,
    ended: bool,
}

impl<J> Lane<J> {
    /// What waits; nothing if the lane has ended.
    fn next(&mut self) -> Option<Vec<J>> {
        let mut queue = lock(&self.queue);
        if queue.jobs.is_empty() {
            queue.running = queue.running.saturating_sub(1);
            self.ended = true;
            return None;
        }
        let together = self.together.min(queue.jobs.len());
        Some(queue.jobs.drain(..together).collect())
    }
}

/// A lane that is cut off, because its runtime ended, leaves its queue to the others; the last one
/// leaves nobody waiting.
impl<J> Drop for Lane<J> {
    fn drop(&mut self) {
        if self.ended {
            return;
        }
        let mut queue = lock(&self.queue);
        queue.running = queue.running.saturating_sub(1);
        if queue.running == 0 {
            queue.jobs.clear();
        }
    }
}

fn lock<J>(queue: &Mutex<Queue<J>>) -> MutexGuard<'_, Queue<J>> {
    // Every change to it is whole.
    queue.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::sync::{mpsc, oneshot};

    type Job = (u32, oneshot::Sender<Vec<u32>>);

    /// Answers each job with all that were done together with it.
    async fn answer(jobs: Vec<Job>) {
        let together: Vec<u32> = jobs.iter().map(|(n, _)| *n).collect();
        for (_, sender) in jobs {
            sender.send(together.clone()).unwrap();
        }
    }

    #[tokio::test]
    async fn what_waits_for_a_lane_is_done_together_and_in_order() {
        let lanes = Lanes::new(1, 3);
        let put = |n| {
            let (sender, receiver) = oneshot::channel();
            lanes.put((n, sender), answer);
            receiver
        };
        let answers: Vec<_> = (1..=5).map(put).collect();
        let mut told = Vec::new();
        for answer in answers {
            told.push(answer.await.unwrap());
        }
        assert_eq!(told, [vec![1, 2, 3], vec![1, 2, 3], vec![1, 2, 3], vec![4, 5], vec![4, 5]]);
        assert_eq!(put(6).await.unwrap(), [6]);
    }

    #[tokio::test]
    async fn there_are_no_more_lanes_than_there_may_be() {
        let lanes = Lanes::new(2, 1);
        let (begun, mut begins) = mpsc::unbounded_channel();
        let (go, going) = tokio::sync::watch::channel(false);
        for n in 0..3 {
            let (begun, going) = (begun.clone(), going.clone());
            lanes.put(n, move |jobs| {
                let (begun, mut going) = (begun.clone(), going.clone());
                async move {
                    begun.send(jobs).unwrap();
                    going.wait_for(|go| *go).await.unwrap();
                }
            });
        }
        let first = [begins.recv().await.unwrap(), begins.recv().await.unwrap()];
        assert_eq!(first, [[0], [1]]);
        tokio::task::yield_now().await;
        assert!(begins.is_empty(), "a third lane");
        go.send_replace(true);
        assert_eq!(begins.recv().await.unwrap(), [2]);
    }

    #[test]
    fn who_waits_for_a_lane_that_is_cut_off_is_told() {
        let runtime = || tokio::runtime::Builder::new_current_thread().build().unwrap();
        let lanes = Lanes::new(1, 1);
        let put = |n, work: fn(Vec<Job>) -> _| {
            let (sender, receiver) = oneshot::channel();
            lanes.put((n, sender), work);
            receiver
        };
        let first = runtime();
        let (one, other) = first.block_on(async {
            let never: fn(Vec<Job>) -> _ = |jobs| {
                Box::pin(async move {
                    std::future::pending::<()>().await;
                    drop(jobs);
                }) as futures_util::future::BoxFuture<'static, ()>
            };
            let waiting = (put(1, never), put(2, never));
            tokio::task::yield_now().await;
            waiting
        });
        drop(first);
        assert!(one.blocking_recv().is_err() && other.blocking_recv().is_err());
        let again = runtime().block_on(async { put(3, |jobs| Box::pin(answer(jobs))).await });
        assert_eq!(again.unwrap(), [3]);
    }
}
