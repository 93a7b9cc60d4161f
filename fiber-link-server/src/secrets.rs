//! What apps sign with: from the store, and for apps that it does not have from the environment.

use fiber_link_core::{AppId, LiveSecret, Secret, Timestamp};
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How long an app's secrets are remembered, so that not every request reads them.
const REMEMBERED: Duration = Duration::from_secs(1);

/// How old they must be to be read again for a signature that does not fit: a new secret works at once,
/// and who guesses does not make us read all the time.
const READ_AGAIN: Duration = Duration::from_millis(50);

/// The most secrets that are remembered.
const MOST_REMEMBERED: usize = 1_024;

/// Secrets from the environment, each for the one app that it names.
#[derive(Clone, Default)]
pub struct SecretMap(BTreeMap<AppId, Arc<Secret>>);

impl SecretMap {
    /// Its apps and their secrets, by name of the app.
    pub fn iter(&self) -> impl Iterator<Item = (&AppId, &Secret)> {
        self.0.iter().map(|(app, secret)| (app, &**secret))
    }

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

/// The secrets that let requests of an app in, the newest first. Never more than a few.
pub(crate) type LiveSecrets = Arc<[LiveSecret]>;

/// Finds secrets. The store answers first; the map only for apps that the store does not have.
#[derive(Debug)]
pub(crate) struct Secrets {
    map: SecretMap,
    answers_of_map: BTreeMap<AppId, AtomicU64>,
    remembered: Mutex<HashMap<AppId, Remembered>>,
}

#[derive(Debug)]
struct Remembered {
    secrets: LiveSecrets,
    at: Timestamp,
}

impl Secrets {
    pub(crate) fn new(map: SecretMap) -> Self {
        let answers_of_map = map.0.keys().map(|app| (app.clone(), AtomicU64::new(0))).collect();
        Self { map, answers_of_map, remembered: Mutex::default() }
    }

    /// The live secrets of `app`; `read` asks the store, which answers nothing for an app that it does
    /// not have.
    pub(crate) async fn find<F, E>(
        &self,
        app: &AppId,
        now: Timestamp,
        read: impl FnOnce() -> F,
    ) -> Result<LiveSecrets, E>
    where
        F: Future<Output = Result<Option<Vec<LiveSecret>>, E>>,
    {
        match self.recall(app, now, REMEMBERED) {
            Some(secrets) => Ok(secrets),
            None => self.read(app, now, read).await,
        }
    }

    /// The same, read again unless that was done just now: a signature did not fit, and the secret may
    /// be a new one.
    pub(crate) async fn find_again<F, E>(
        &self,
        app: &AppId,
        now: Timestamp,
        read: impl FnOnce() -> F,
    ) -> Result<Option<LiveSecrets>, E>
    where
        F: Future<Output = Result<Option<Vec<LiveSecret>>, E>>,
    {
        match self.recall(app, now, READ_AGAIN) {
            Some(_) => Ok(None),
            None => self.read(app, now, read).await.map(Some),
        }
    }

    async fn read<F, E>(
        &self,
        app: &AppId,
        now: Timestamp,
        read: impl FnOnce() -> F,
    ) -> Result<LiveSecrets, E>
    where
        F: Future<Output = Result<Option<Vec<LiveSecret>>, E>>,
    {
        match read().await? {
            Some(found) => {
                let secrets = LiveSecrets::from(found);
                self.remember(app.clone(), secrets.clone(), now);
                Ok(secrets)
            }
            None => Ok(self.of_map(app).into_iter().collect()),
        }
    }

    fn recall(&self, app: &AppId, now: Timestamp, within: Duration) -> Option<LiveSecrets> {
        let remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        remembered.get(app).filter(|entry| entry.is_fresh(now, within)).map(|entry| entry.secrets.clone())
    }

    fn remember(&self, app: AppId, secrets: LiveSecrets, now: Timestamp) {
        let mut remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        if remembered.len() >= MOST_REMEMBERED {
            remembered.retain(|_, entry| entry.is_fresh(now, REMEMBERED));
        }
        if remembered.len() < MOST_REMEMBERED || remembered.contains_key(&app) {
            remembered.insert(app, Remembered { secrets, at: now });
        }
    }

    fn of_map(&self, app: &AppId) -> Option<LiveSecret> {
        let secret = self.map.0.get(app)?;
        let before = self.answers_of_map.get(app).map_or(0, |count| count.fetch_add(1, Ordering::Relaxed));
        if before == 0 {
            tracing::warn!(%app, "the app is not registered; its secret comes from the environment");
        }
        tracing::debug!(%app, count = before.saturating_add(1), "the environment answered for an app");
        Some(LiveSecret { number: None, secret: Secret::clone(secret), is_late: false })
    }
}

impl Remembered {
    fn is_fresh(&self, now: Timestamp, within: Duration) -> bool {
        now >= self.at && now.since(self.at) < within
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fiber_link_core::StoreError;
    use std::cell::Cell;

    fn app(name: &str) -> AppId {
        AppId::new(name).unwrap()
    }

    fn live(text: &str) -> LiveSecret {
        LiveSecret { number: Some(1), secret: Secret::new(text.as_bytes()), is_late: false }
    }

    fn at(millis: u64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    fn exposed(secrets: &LiveSecrets) -> Vec<&[u8]> {
        secrets.iter().map(|live| live.secret.expose()).collect()
    }

    #[test]
    fn the_store_wins_and_is_asked_at_most_once_a_second() {
        let secrets = Secrets::new(SecretMap::parse(r#"{"a":"from the map"}"#).unwrap());
        let asked = Cell::new(0);
        let find = |now| {
            let found = async {
                asked.set(asked.get() + 1);
                Ok::<_, StoreError>(Some(vec![live("new"), live("old")]))
            };
            block_on(secrets.find(&app("a"), at(now), || found)).unwrap()
        };
        for (now, asks) in [(0, 1), (999, 1), (1_000, 2), (1_500, 2), (900, 3)] {
            assert_eq!(exposed(&find(now)), [b"new", b"old"]);
            assert_eq!(asked.get(), asks, "at {now}");
        }
        assert_eq!(answers_of_map(&secrets, "a"), 0);
    }

    #[test]
    fn a_signature_that_does_not_fit_has_secrets_read_again_but_not_all_the_time() {
        let secrets = Secrets::new(SecretMap::default());
        let read = |text: &'static str| async move { Ok::<_, StoreError>(Some(vec![live(text)])) };
        block_on(secrets.find(&app("a"), at(0), || read("old"))).unwrap();
        assert_eq!(
            block_on(secrets.find_again(&app("a"), at(49), || read("new"))).unwrap().map(|_| ()),
            None
        );
        let again = block_on(secrets.find_again(&app("a"), at(50), || read("new"))).unwrap().unwrap();
        assert_eq!(exposed(&again), [b"new"]);
        assert_eq!(exposed(&block_on(secrets.find(&app("a"), at(60), || read("never"))).unwrap()), [b"new"]);
    }

    #[test]
    fn the_map_answers_for_unregistered_apps_counted_and_never_remembered() {
        let secrets = Secrets::new(SecretMap::parse(r#"{"a":"from the map"}"#).unwrap());
        let find = |name: &str| {
            block_on(secrets.find(&app(name), at(0), || async { Ok::<_, StoreError>(None) })).unwrap()
        };
        assert_eq!(exposed(&find("a")), [b"from the map"]);
        assert_eq!(exposed(&find("a")), [b"from the map"]);
        assert!(find("b").is_empty());
        assert_eq!(answers_of_map(&secrets, "a"), 2);
        let registered = async { Ok::<_, StoreError>(Some(vec![live("new")])) };
        assert_eq!(exposed(&block_on(secrets.find(&app("a"), at(1), || registered)).unwrap()), [b"new"]);
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
            secrets.remember(app(&n.to_string()), LiveSecrets::from(vec![live("x")]), at(0));
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
