//! Totals of the store, asked for now and then, whoever scrapes and however often.

use crate::rpc::Chain;
use fiber_link_core::{Store, StoreError, Totals};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio::time::Instant;

/// How long totals are good for.
const GOOD_FOR: Duration = Duration::from_secs(15);

/// How long a scrape waits for newer ones.
const PATIENCE: Duration = Duration::from_secs(2);

/// The newest totals.
#[derive(Debug)]
pub(super) struct TotalsCache {
    store: Arc<dyn Store>,
    question: tokio::sync::Mutex<Question>,
    newest: Mutex<Option<(Instant, Arc<Totals>)>>,
    failures: AtomicU64,
}

/// The question that is under way, and when the last one ended.
#[derive(Debug, Default)]
struct Question {
    ended: Option<Instant>,
    answer: Option<JoinHandle<Result<Totals, StoreError>>>,
}

impl TotalsCache {
    pub(super) fn new(store: Arc<dyn Store>) -> Self {
        let (question, newest, failures) = Default::default();
        Self { store, question, newest, failures }
    }

    /// Asks the store unless it was asked lately; one question at a time, and none that outlives its
    /// patience is waited for. A failure is counted, and older totals stay.
    pub(super) async fn refresh(&self) {
        // Whoever comes meanwhile takes what there is.
        let Ok(mut question) = self.question.try_lock() else { return };
        if question.answer.is_none() {
            if question.ended.is_some_and(|ended| ended.elapsed() < GOOD_FOR) {
                return;
            }
            let store = Arc::clone(&self.store);
            question.answer = Some(tokio::spawn(async move { store.totals().await }));
        }
        let Some(answer) = &mut question.answer else { return };
        match tokio::time::timeout(PATIENCE, answer).await {
            // It goes on, and the next scrape looks at it again.
            Err(_) => self.fail("the store did not tell its totals in time"),
            Ok(answered) => {
                *question = Question { ended: Some(Instant::now()), answer: None };
                match answered {
                    Ok(Ok(totals)) => self.keep(totals),
                    Ok(Err(error)) => self.fail(&Chain(&error).to_string()),
                    Err(error) => self.fail(&Chain(&error).to_string()),
                }
            }
        }
    }

    fn keep(&self, totals: Totals) {
        let totals = Some((Instant::now(), Arc::new(totals)));
        *self.newest.lock().unwrap_or_else(PoisonError::into_inner) = totals;
    }

    fn fail(&self, cause: &str) {
        self.failures.fetch_add(1, Ordering::Relaxed);
        tracing::warn!(cause, "metrics show older totals");
    }

    /// The newest totals with their age, and how often there were none.
    pub(super) fn newest(&self) -> (Option<(Duration, Arc<Totals>)>, u64) {
        let newest = self.newest.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let aged = newest.map(|(at, totals)| (at.elapsed(), totals));
        (aged, self.failures.load(Ordering::Relaxed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fiber_link_core::testing::MockStore;

    fn counting(
        answer: impl Fn() -> Result<Totals, StoreError> + Send + 'static,
    ) -> (Arc<AtomicU64>, MockStore) {
        let (asked, mut store) = (Arc::new(AtomicU64::new(0)), MockStore::new());
        let count = asked.clone();
        store.expect_totals().returning(move || {
            count.fetch_add(1, Ordering::Relaxed);
            answer()
        });
        (asked, store)
    }

    #[tokio::test(start_paused = true)]
    async fn the_store_is_asked_every_fifteen_seconds_however_often_somebody_scrapes() {
        let (asked, store) = counting(|| Ok(Totals::default()));
        let cache = TotalsCache::new(Arc::new(store));
        assert!(cache.newest().0.is_none());
        for second in 0..40 {
            for _ in 0..5 {
                cache.refresh().await;
            }
            assert_eq!(asked.load(Ordering::Relaxed), second / 15 + 1, "after {second} s");
            tokio::time::advance(Duration::from_secs(1)).await;
        }
        let (newest, failures) = cache.newest();
        assert_eq!((newest.unwrap().0, failures), (Duration::from_secs(10), 0));
    }

    #[tokio::test(start_paused = true)]
    async fn a_store_that_fails_is_counted_and_asked_no_sooner_and_older_totals_stay() {
        let fails = Arc::new(AtomicU64::new(0));
        let now = fails.clone();
        let (asked, store) = counting(move || match now.load(Ordering::Relaxed) {
            0 => Ok(Totals::default()),
            _ => Err(StoreError::backend("gone")),
        });
        let cache = TotalsCache::new(Arc::new(store));
        cache.refresh().await;
        fails.store(1, Ordering::Relaxed);
        tokio::time::advance(GOOD_FOR).await;
        for _ in 0..5 {
            cache.refresh().await;
        }
        let (newest, failures) = cache.newest();
        assert_eq!((newest.unwrap().0, failures, asked.load(Ordering::Relaxed)), (GOOD_FOR, 1, 2));
    }

    /// A store that answers after a minute.
    #[derive(Debug)]
    struct Slow(Arc<AtomicU64>, fiber_link_core::MemoryStore);

    #[async_trait::async_trait]
    impl fiber_link_core::StoreLayer for Slow {
        fn inner(&self) -> &dyn Store {
            &self.1
        }

        async fn totals(&self) -> Result<Totals, StoreError> {
            self.0.fetch_add(1, Ordering::Relaxed);
            tokio::time::sleep(Duration::from_secs(60)).await;
            Ok(Totals::default())
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_store_is_asked_once_and_holds_no_scrape_for_long() {
        let asked = Arc::new(AtomicU64::new(0));
        let store = Slow(asked.clone(), fiber_link_core::MemoryStore::new());
        let cache = TotalsCache::new(Arc::new(store));
        let began = Instant::now();
        for _ in 0..20 {
            let scrape = Instant::now();
            cache.refresh().await;
            assert!(scrape.elapsed() <= PATIENCE);
            if cache.newest().0.is_none() {
                tokio::time::advance(Duration::from_secs(3)).await;
            }
        }
        assert!(began.elapsed() >= Duration::from_secs(60));
        assert_eq!(asked.load(Ordering::Relaxed), 1);
        let (newest, failures) = cache.newest();
        assert!(newest.is_some() && failures > 5);
    }
}
