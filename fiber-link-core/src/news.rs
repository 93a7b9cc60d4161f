//! Readers that wait for settled tips and ended withdrawals of an app, on any runtime.

use crate::signal::Signal;
use crate::{AppId, FiberLink};
use futures_util::StreamExt;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The most readers that wait at once in one process.
pub const MOST_WAITING: usize = 512;

/// The most readers that wait at once for one app in one process.
pub const MOST_WAITING_PER_APP: usize = 32;

/// Who waits in this process.
#[derive(Debug, Default)]
pub(crate) struct News(Mutex<Readers>);

#[derive(Debug, Default)]
struct Readers {
    waiting: BTreeMap<(AppId, u64), Arc<Signal>>,
    last: u64,
    dismissed: bool,
}

/// A place among the readers that wait for settled tips and ended withdrawals of an app. Dropping it frees
/// the place.
#[must_use = "dropping it frees the place"]
pub struct WaitingReader {
    link: FiberLink,
    place: (AppId, u64),
    signal: Arc<Signal>,
}

/// What a waiting reader heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    /// There may be more: look again.
    News,
    /// This process lets nobody wait any more.
    Dismissed,
}

impl FiberLink {
    /// A place among the readers that wait for settled tips and ended withdrawals of `app`; none where
    /// too many wait, or this process lets nobody wait any more. Take the place, look, and where there is
    /// nothing yet, wait and look again: what happens after the place was taken is heard of. News may repeat
    /// and may be lost, so look now and then without any.
    pub fn wait_for_news(&self, app: &AppId) -> Option<WaitingReader> {
        let (place, signal) = self.parts().news.enter(app)?;
        Some(WaitingReader { link: self.clone(), place, signal })
    }

    /// Wakes waiting readers whenever another process has news for them; what this process settles
    /// and pays they hear of without it. Ends when the store has no more to say. Call it beside the passes.
    ///
    /// # Cancellation
    /// Safe: news are lost, and waiting readers look by themselves.
    pub async fn pass_on_news(&self) {
        let mut news = self.parts().store.news();
        while let Some(app) = news.next().await {
            self.parts().news.tell(&app);
        }
    }

    /// Lets no reader wait any more, for a process that is about to end.
    pub fn dismiss_readers(&self) {
        self.parts().news.dismiss();
    }
}

impl WaitingReader {
    /// Waits for news since the place was taken, or since they were last heard.
    ///
    /// # Cancellation
    /// Safe: the next call hears what this one did not.
    pub async fn news(&mut self) -> Heard {
        let news = &self.link.parts().news;
        if !news.readers().dismissed {
            self.signal.wait().await;
        }
        if news.readers().dismissed { Heard::Dismissed } else { Heard::News }
    }
}

impl Drop for WaitingReader {
    fn drop(&mut self) {
        self.link.parts().news.readers().waiting.remove(&self.place);
    }
}

impl fmt::Debug for WaitingReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WaitingReader").field("app", &self.place.0).finish_non_exhaustive()
    }
}

impl News {
    /// Tells those who wait for this app.
    pub(crate) fn tell(&self, app: &AppId) {
        let waiting = self.readers().of(app).cloned().collect();
        wake(waiting);
    }

    fn enter(&self, app: &AppId) -> Option<((AppId, u64), Arc<Signal>)> {
        let mut readers = self.readers();
        let full = readers.waiting.len() >= MOST_WAITING || readers.of(app).count() >= MOST_WAITING_PER_APP;
        if full || readers.dismissed {
            return None;
        }
        readers.last = readers.last.wrapping_add(1);
        let (place, signal) = ((app.clone(), readers.last), Arc::<Signal>::default());
        readers.waiting.insert(place.clone(), signal.clone());
        Some((place, signal))
    }

    fn dismiss(&self) {
        let mut readers = self.readers();
        readers.dismissed = true;
        let waiting = readers.waiting.values().cloned().collect();
        drop(readers);
        wake(waiting);
    }

    fn readers(&self) -> MutexGuard<'_, Readers> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Readers {
    fn of(&self, app: &AppId) -> impl Iterator<Item = &Arc<Signal>> {
        self.waiting.range((app.clone(), 0)..=(app.clone(), u64::MAX)).map(|(_, signal)| signal)
    }
}

/// Outside of the lock: whoever is woken may run at once, and leave.
fn wake(readers: Vec<Arc<Signal>>) {
    for reader in readers {
        reader.raise();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::FakeNode;
    use crate::testing::sample::{app_id, forum};
    use crate::{MemoryStore, SystemClock};
    use futures_util::FutureExt;

    async fn link() -> FiberLink {
        let node = Arc::new(FakeNode::new(SystemClock));
        FiberLink::builder(Arc::new(MemoryStore::new()), node).open().await.unwrap()
    }

    #[pollster::test]
    async fn every_reader_of_an_app_hears_of_it_once_and_others_do_not() {
        let link = link().await;
        let mut readers = [forum(), forum(), app_id("wiki")].map(|app| link.wait_for_news(&app).unwrap());
        let mut heard = || readers.each_mut().map(|reader| reader.news().now_or_never());
        assert_eq!(heard(), [None; 3]);
        link.parts().news.tell(&forum());
        link.parts().news.tell(&forum());
        assert_eq!(heard(), [Some(Heard::News), Some(Heard::News), None]);
        assert_eq!(heard(), [None; 3]);
    }

    #[pollster::test]
    async fn places_are_bounded_for_each_app_and_in_all_and_free_again_when_they_are_left() {
        let link = link().await;
        let mut of_forum: Vec<_> = std::iter::from_fn(|| link.wait_for_news(&forum())).collect();
        assert_eq!(of_forum.len(), MOST_WAITING_PER_APP);
        let rest: Vec<_> =
            (0..1_000).filter_map(|n| link.wait_for_news(&app_id(&format!("app-{n}")))).collect();
        assert_eq!(of_forum.len() + rest.len(), MOST_WAITING);
        of_forum.pop();
        assert!(link.wait_for_news(&app_id("wiki")).is_some());
        of_forum.push(link.wait_for_news(&forum()).unwrap());
        assert!(link.wait_for_news(&forum()).is_none());
    }

    #[pollster::test]
    async fn who_is_dismissed_waits_no_more_and_nobody_else_does() {
        let link = link().await;
        let mut reader = link.wait_for_news(&forum()).unwrap();
        assert_eq!(reader.news().now_or_never(), None);
        link.dismiss_readers();
        assert_eq!([reader.news().await, reader.news().await], [Heard::Dismissed; 2]);
        assert!(link.wait_for_news(&forum()).is_none());
    }
}
