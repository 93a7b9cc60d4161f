//! What apps sign with: from the store, and for apps that it does not have from the environment.

use fiber_link_core::{AppId, Secret, StoreError, Timestamp};
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How long an app's secret is remembered, so that not every request reads it.
const REMEMBERED: Duration = Duration::from_secs(1);

/// The most secrets that are remembered.
const MOST_REMEMBERED: usize = 1_024;

/// Secrets from the environment, each for the one app that it names.
#[derive(Clone, Default)]
pub struct SecretMap(BTreeMap<AppId, Arc<Secret>>);

impl SecretMap {
    /// Reads a JSON object that maps names of apps to their secrets.
    ///
    /// # Errors
    /// What is wrong with it, without any of its content.
    pub fn parse(text: &str) -> Result<Self, String> {
        let Entries(entries) =
            serde_json::from_str(text).map_err(|_| "it is not a JSON object of strings".to_owned())?;
        let mut map = BTreeMap::new();
        for (place, (app, secret)) in (1_usize..).zip(entries) {
            let app = AppId::new(app).map_err(|error| format!("the name of entry {place} {error}"))?;
            if secret.is_empty() {
                return Err(format!("the secret of entry {place} is empty"));
            }
            if map.insert(app, Arc::new(Secret::new(secret.into_bytes()))).is_some() {
                return Err(format!("entry {place} is for an app that has one already"));
            }
        }
        Ok(Self(map))
    }
}

/// The members of a JSON object as they stand there; a map would keep the last of two alike.
struct Entries(Vec<(String, String)>);

impl<'de> Deserialize<'de> for Entries {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;

        impl<'de> Visitor<'de> for Members {
            type Value = Entries;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of strings")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Entries, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = members.next_entry()? {
                    entries.push(entry);
                }
                Ok(Entries(entries))
            }
        }

        deserializer.deserialize_map(Members)
    }
}

/// The names alone.
impl fmt::Debug for SecretMap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys().map(AppId::as_str)).finish()
    }
}

/// Finds secrets. The store answers first; the map only for apps that the store does not have.
#[derive(Debug)]
pub(crate) struct Secrets {
    map: SecretMap,
    answers_of_map: BTreeMap<AppId, AtomicU64>,
    remembered: Mutex<HashMap<AppId, Remembered>>,
}

#[derive(Debug)]
struct Remembered {
    secret: Arc<Secret>,
    at: Timestamp,
}

impl Secrets {
    pub(crate) fn new(map: SecretMap) -> Self {
        let answers_of_map = map.0.keys().map(|app| (app.clone(), AtomicU64::new(0))).collect();
        Self { map, answers_of_map, remembered: Mutex::default() }
    }

    /// The secret of `app`; `find_secret` reads the store, which has one of no secret where an app lets
    /// nobody in.
    pub(crate) async fn find<F>(
        &self,
        app: &AppId,
        now: Timestamp,
        find_secret: impl FnOnce() -> F,
    ) -> Result<Option<Arc<Secret>>, StoreError>
    where
        F: Future<Output = Result<Option<Option<Secret>>, StoreError>>,
    {
        if let Some(secret) = self.recall(app, now) {
            return Ok(Some(secret));
        }
        match find_secret().await? {
            Some(None) => Ok(None),
            Some(Some(secret)) => {
                let secret = Arc::new(secret);
                self.remember(app.clone(), secret.clone(), now);
                Ok(Some(secret))
            }
            None => Ok(self.of_map(app)),
        }
    }

    fn recall(&self, app: &AppId, now: Timestamp) -> Option<Arc<Secret>> {
        let remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        remembered.get(app).filter(|entry| entry.is_fresh(now)).map(|entry| entry.secret.clone())
    }

    fn remember(&self, app: AppId, secret: Arc<Secret>, now: Timestamp) {
        let mut remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        if remembered.len() >= MOST_REMEMBERED {
            remembered.retain(|_, entry| entry.is_fresh(now));
        }
        if remembered.len() < MOST_REMEMBERED {
            remembered.insert(app, Remembered { secret, at: now });
        }
    }

    fn of_map(&self, app: &AppId) -> Option<Arc<Secret>> {
        let secret = self.map.0.get(app)?;
        let before = self.answers_of_map.get(app).map_or(0, |count| count.fetch_add(1, Ordering::Relaxed));
        if before == 0 {
            tracing::warn!(%app, "the app is not registered; its secret comes from the environment");
        }
        tracing::debug!(%app, count = before.saturating_add(1), "the environment answered for an app");
        Some(secret.clone())
    }
}

impl Remembered {
    fn is_fresh(&self, now: Timestamp) -> bool {
        now >= self.at && now.since(self.at) < REMEMBERED
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    fn app(name: &str) -> AppId {
        AppId::new(name).unwrap()
    }

    fn registered(secret: &str) -> Option<Secret> {
        Some(Secret::new(secret.as_bytes()))
    }

    fn at(millis: u64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    #[test]
    fn the_store_wins_and_is_asked_at_most_once_a_second() {
        let secrets = Secrets::new(SecretMap::parse(r#"{"a":"from the map"}"#).unwrap());
        let asked = Cell::new(0);
        let find = |now| {
            let found = async {
                asked.set(asked.get() + 1);
                Ok(Some(registered("from the store")))
            };
            let found = block_on(secrets.find(&app("a"), at(now), || found));
            found.unwrap().unwrap()
        };
        for (now, asks) in [(0, 1), (999, 1), (1_000, 2), (1_500, 2), (900, 3)] {
            assert_eq!(find(now).expose(), b"from the store");
            assert_eq!(asked.get(), asks, "at {now}");
        }
        assert_eq!(answers_of_map(&secrets, "a"), 0);
    }

    #[test]
    fn the_map_answers_for_unregistered_apps_counted_and_never_remembered() {
        let secrets = Secrets::new(SecretMap::parse(r#"{"a":"from the map"}"#).unwrap());
        let find = |name: &str| block_on(secrets.find(&app(name), at(0), || async { Ok(None) })).unwrap();
        assert_eq!(find("a").unwrap().expose(), b"from the map");
        assert_eq!(find("a").unwrap().expose(), b"from the map");
        assert_eq!(find("b"), None);
        assert_eq!(answers_of_map(&secrets, "a"), 2);
        let later = block_on(secrets.find(&app("a"), at(1), || async { Ok(Some(registered("new"))) }));
        assert_eq!(later.unwrap().unwrap().expose(), b"new");
    }

    #[test]
    fn the_map_does_not_answer_for_an_app_that_lets_nobody_in() {
        let secrets = Secrets::new(SecretMap::parse(r#"{"a":"from the map"}"#).unwrap());
        let found = block_on(secrets.find(&app("a"), at(0), || async { Ok(Some(None)) }));
        assert_eq!(found.unwrap(), None);
        assert_eq!(answers_of_map(&secrets, "a"), 0);
    }

    #[test]
    fn an_app_has_one_secret_in_the_map() {
        let refused = SecretMap::parse(r#"{"b":"one","a":"two","b":"three"}"#).unwrap_err();
        assert_eq!(refused, "entry 3 is for an app that has one already");
    }

    #[test]
    fn memory_is_bounded() {
        let secrets = Secrets::new(SecretMap::default());
        for n in 0..2 * MOST_REMEMBERED {
            secrets.remember(app(&n.to_string()), Arc::new(Secret::new(*b"x")), at(0));
        }
        assert_eq!(secrets.remembered.lock().unwrap().len(), MOST_REMEMBERED);
    }

    fn answers_of_map(secrets: &Secrets, name: &str) -> u64 {
        secrets.answers_of_map[&app(name)].load(Ordering::Relaxed)
    }

    fn block_on<T>(future: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
    }
}
