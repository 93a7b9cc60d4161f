//! Nonces and rate counts, shared by all servers. Their tables are not logged: a request costs no
//! sync of the disk, and after a crash of the database what was signed before counts as replayed.
//! Requests that wait at the same time are let in by one transaction.

use crate::PostgresStore;
use crate::error::{GroupFailed, UnexpectedAnswer};
use crate::statement::{bound, query, statements};
use crate::time::Time;
use fiber_link_core::{Admission, AdmitError, Admitted, RateCount, RateLeft, StoreError, Timestamp};
use sqlx::Row;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, oneshot};

statements! {
    admit = "SELECT {schema}.admit($1, $2, $3, $4, $5, $6, $7, $8)";
}

const REPLAYED: i64 = -1;
const RATE_LIMITED: i64 = -2;

/// A window of a rate limit.
struct Window {
    start: Timestamp,
    end: Timestamp,
}

impl Window {
    fn of(rate: &RateCount, now: Timestamp) -> Self {
        let length = u64::try_from(rate.limit.window.as_millis()).unwrap_or(u64::MAX).max(1);
        let start = now.minus(Duration::from_millis(now.as_millis().checked_rem(length).unwrap_or(0)));
        Self { start, end: start.plus(Duration::from_millis(length)) }
    }
}

/// A request that waits to be let in, and who waits for it.
pub(crate) struct Request {
    admission: Admission,
    answer: oneshot::Sender<Result<Option<i64>, StoreError>>,
    _place: OwnedSemaphorePermit,
}

impl PostgresStore {
    pub(crate) async fn let_in(&self, admission: Admission) -> Result<Admitted, AdmitError> {
        let window = admission.rate.as_ref().map(|rate| Window::of(rate, admission.now));
        let (answer, answered) = oneshot::channel();
        let request = Request { admission, answer, _place: self.place()? };
        let store = self.clone();
        self.lanes().admissions.put(request, move |requests| let_all_in(store.clone(), requests));
        match (answered.await.map_err(StoreError::backend)??, window) {
            (Some(REPLAYED), _) => Err(AdmitError::Replayed),
            (None, None) => Ok(Admitted { rate: None }),
            (Some(RATE_LIMITED), Some(window)) => {
                Err(AdmitError::RateLimited(RateLeft { remaining: 0, reset_at: window.end }))
            }
            (Some(remaining), Some(window)) if let Ok(remaining) = u32::try_from(remaining) => {
                Ok(Admitted { rate: Some(RateLeft { remaining, reset_at: window.end }) })
            }
            (decided, _) => Err(StoreError::backend(UnexpectedAnswer(format!("{decided:?}"))).into()),
        }
    }

    /// What is decided about each of `admissions`, in their order.
    async fn decide(&self, admissions: &[&Admission]) -> Result<Vec<Option<i64>>, sqlx::Error> {
        let times = |of: fn(&Admission) -> Timestamp| -> Vec<Time> {
            admissions.iter().map(|admission| Time::bound(of(admission))).collect()
        };
        let rates = || admissions.iter().map(|admission| admission.rate.as_ref());
        let windows = admissions.iter().map(|admission| {
            admission.rate.as_ref().map(|rate| Time::bound(Window::of(rate, admission.now).start))
        });
        let statement = query(&self.statements().admission.admit)
            .bind(admissions.iter().map(|admission| admission.nonce.to_vec()).collect::<Vec<_>>())
            .bind(times(|admission| admission.signed_at))
            .bind(times(|admission| admission.expires_at))
            .bind(times(|admission| admission.now))
            .bind(rates().map(|rate| rate.map(|rate| rate.app.as_str().to_owned())).collect::<Vec<_>>())
            .bind(rates().map(|rate| rate.map(|rate| rate.method)).collect::<Vec<_>>())
            .bind(windows.collect::<Vec<_>>())
            .bind(rates().map(|rate| rate.map(|rate| bound(rate.limit.requests.into()))).collect::<Vec<_>>());
        self.database().fetch_one(statement).await?.try_get(0)
    }
}

/// One transaction for all of `requests`. Whatever is decided is no error of the database, so if there
/// is one, it is nobody's own, and nobody is let in.
async fn let_all_in(store: PostgresStore, requests: Vec<Request>) {
    let admissions: Vec<&Admission> = requests.iter().map(|request| &request.admission).collect();
    let decided = store.decide(&admissions).await.map_err(|error| GroupFailed(Arc::new(error)));
    match decided {
        Ok(decided) => {
            // Where an answer is missing, the sender is dropped, and that is told.
            for (request, decided) in requests.into_iter().zip(decided) {
                let _ = request.answer.send(Ok(decided));
            }
        }
        Err(failed) => {
            for request in requests {
                let _ = request.answer.send(Err(StoreError::backend(failed.clone())));
            }
        }
    }
}
