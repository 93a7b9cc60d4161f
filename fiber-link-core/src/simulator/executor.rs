//! One thread, virtual time, and a seeded choice of who goes next.
//!
//! Time stands still while anybody can go on, and then jumps to the next moment that somebody waits
//! for. Tasks belong to a group, such as one run of a server: a group is stopped (its futures are
//! dropped where they stand) or paused (nothing of it goes on) as a whole.

use super::random::Random;
use crate::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

/// Tasks that live and die together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Group(u64);

impl Group {
    /// What nobody stops or pauses: people, the network, and the world itself.
    pub(super) const WORLD: Self = Self(0);
}

type TaskId = u64;
type Work = Pin<Box<dyn Future<Output = ()> + Send>>;

struct Task {
    group: Group,
    work: Work,
    waker: Waker,
}

/// Who can go on, who waits, and until when. Shared with everything that runs.
#[derive(Clone)]
pub(super) struct Handle(Arc<Mutex<Shared>>);

struct Shared {
    now: Timestamp,
    numbers: u64,
    ready: Vec<TaskId>,
    timers: BTreeMap<(Timestamp, u64), Waker>,
    spawned: Vec<(TaskId, Group, Work)>,
    stopped: BTreeSet<Group>,
    paused: BTreeSet<Group>,
    halted: bool,
}

/// Runs the tasks.
pub(super) struct Executor {
    handle: Handle,
    tasks: BTreeMap<TaskId, Task>,
    random: Random,
}

/// Makes a task ready.
struct Wakes {
    handle: Handle,
    task: TaskId,
}

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let mut shared = self.handle.shared();
        if !shared.ready.contains(&self.task) {
            shared.ready.push(self.task);
        }
    }
}

impl Executor {
    pub(super) fn new(start: Timestamp, random: Random) -> Self {
        let shared = Shared {
            now: start,
            numbers: 0,
            ready: Vec::new(),
            timers: BTreeMap::new(),
            spawned: Vec::new(),
            stopped: BTreeSet::new(),
            paused: BTreeSet::new(),
            halted: false,
        };
        let handle = Handle(Arc::new(Mutex::new(shared)));
        Self { handle, tasks: BTreeMap::new(), random }
    }

    pub(super) fn handle(&self) -> Handle {
        self.handle.clone()
    }

    /// Runs until nobody waits for anything any more, or somebody halts everything.
    pub(super) fn run(&mut self) {
        loop {
            self.take_news();
            if self.handle.shared().halted {
                return;
            }
            match self.next_ready() {
                Some(id) => self.poll(id),
                None if !self.handle.jump() => return,
                None => {}
            }
        }
    }

    /// Takes in what was spawned, and drops what was stopped. Futures are dropped outside the lock:
    /// dropping them may use the handle.
    fn take_news(&mut self) {
        let (spawned, stopped) = {
            let mut shared = self.handle.shared();
            (std::mem::take(&mut shared.spawned), std::mem::take(&mut shared.stopped))
        };
        for (id, group, work) in spawned {
            let waker = Arc::new(Wakes { handle: self.handle(), task: id }).into();
            self.tasks.insert(id, Task { group, work, waker });
        }
        if !stopped.is_empty() {
            let ended = |task: &mut Task| stopped.contains(&task.group);
            drop(self.tasks.extract_if(.., |_, task| ended(task)).collect::<Vec<_>>());
        }
    }

    /// Anybody of those who can go on, by the seed.
    fn next_ready(&mut self) -> Option<TaskId> {
        let mut shared = self.handle.shared();
        let tasks = &self.tasks;
        shared.ready.retain(|id| tasks.contains_key(id));
        let can_go = |shared: &Shared, id: &TaskId| {
            tasks.get(id).is_some_and(|task| !shared.paused.contains(&task.group))
        };
        let able = if shared.paused.is_empty() {
            shared.ready.len()
        } else {
            shared.ready.iter().filter(|id| can_go(&shared, id)).count()
        };
        let chosen = self.random.below(able)?;
        let place = if shared.paused.is_empty() {
            chosen
        } else {
            let able = shared.ready.iter().enumerate().filter(|(_, id)| can_go(&shared, id));
            able.map(|(place, _)| place).nth(chosen)?
        };
        Some(shared.ready.swap_remove(place))
    }

    fn poll(&mut self, id: TaskId) {
        let Some(mut task) = self.tasks.remove(&id) else { return };
        let waker = task.waker.clone();
        if task.work.as_mut().poll(&mut Context::from_waker(&waker)).is_pending() {
            self.tasks.insert(id, task);
        }
    }
}

/// Ends what still runs, so that nobody holds anybody alive.
impl Drop for Executor {
    fn drop(&mut self) {
        let spawned = std::mem::take(&mut self.handle.shared().spawned);
        drop(spawned);
        drop(std::mem::take(&mut self.tasks));
        let timers = std::mem::take(&mut self.handle.shared().timers);
        drop(timers);
    }
}

impl Handle {
    fn shared(&self) -> MutexGuard<'_, Shared> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn now(&self) -> Timestamp {
        self.shared().now
    }

    /// A group of its own.
    pub(super) fn new_group(&self) -> Group {
        Group(self.shared().number())
    }

    pub(super) fn spawn(&self, group: Group, work: impl Future<Output = ()> + Send + 'static) {
        let mut shared = self.shared();
        let id = shared.number();
        shared.spawned.push((id, group, Box::pin(work)));
        shared.ready.push(id);
    }

    /// Drops every future of the group, after the current one gave way.
    pub(super) fn stop(&self, group: Group) {
        let mut shared = self.shared();
        shared.stopped.insert(group);
        shared.paused.remove(&group);
    }

    pub(super) fn pause(&self, group: Group) {
        self.shared().paused.insert(group);
    }

    pub(super) fn resume(&self, group: Group) {
        self.shared().paused.remove(&group);
    }

    pub(super) fn is_paused(&self, group: Group) -> bool {
        self.shared().paused.contains(&group)
    }

    /// Ends the run, after the current task gave way.
    pub(super) fn halt(&self) {
        self.shared().halted = true;
    }

    pub(super) fn sleep(&self, duration: Duration) -> Sleep {
        let until = self.now().plus(duration);
        self.sleep_until(until)
    }

    pub(super) fn sleep_until(&self, until: Timestamp) -> Sleep {
        Sleep { handle: self.clone(), until, timer: None }
    }

    /// Moves time to the next moment that somebody waits for; whether there is one.
    fn jump(&self) -> bool {
        let mut shared = self.shared();
        let Some(((next, _), _)) = shared.timers.first_key_value() else { return false };
        let next = *next;
        shared.now = shared.now.max(next);
        let later = shared.timers.split_off(&(next, u64::MAX));
        let due = std::mem::replace(&mut shared.timers, later);
        drop(shared);
        due.into_values().for_each(Waker::wake);
        true
    }
}

impl Shared {
    fn number(&mut self) -> u64 {
        self.numbers = self.numbers.saturating_add(1);
        self.numbers
    }
}

/// Waits for a moment. Dropping it stops waiting.
pub(super) struct Sleep {
    handle: Handle,
    until: Timestamp,
    timer: Option<(Timestamp, u64)>,
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let handle = self.handle.clone();
        let mut shared = handle.shared();
        if shared.now >= self.until {
            return Poll::Ready(());
        }
        let key = match self.timer {
            Some(key) => key,
            None => (self.until, shared.number()),
        };
        shared.timers.insert(key, context.waker().clone());
        self.timer = Some(key);
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        if let Some(key) = self.timer {
            let waker = self.handle.shared().timers.remove(&key);
            drop(waker);
        }
    }
}

/// Lets others go first, once.
pub(super) async fn give_way() {
    let mut gave_way = false;
    std::future::poll_fn(|context| {
        if std::mem::replace(&mut gave_way, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// Runs one future to its end on this thread, for stores that work in threads of their own.
pub(super) fn block_on<T>(future: impl Future<Output = T>) -> T {
    struct Unpark(std::thread::Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let mut future = std::pin::pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    if let Poll::Ready(value) = future.as_mut().poll(&mut context) {
        return value;
    }
    let waker = Arc::new(Unpark(std::thread::current())).into();
    let mut context = Context::from_waker(&waker);
    loop {
        match future.as_mut().poll(&mut context) {
            Poll::Ready(value) => return value,
            Poll::Pending => std::thread::park(),
        }
    }
}
