//! Processes that share a store, and which of them may still claim what is to be sent.

use super::{assert_refused, commit, commit_in_race};
use crate::testing::sample::{self, at, worker, worker_id};
use crate::*;
use futures_util::future::{join, join_all};
use std::sync::Arc;

fn dead(worker: &Worker, seconds: u64) -> Worker {
    Worker { state: WorkerState::DeclaredDead { at: at(seconds) }, ..worker.clone() }
}

fn update(next: Worker, expected: Version) -> [Op; 1] {
    [Op::UpdateWorker { next, expected }]
}

/// A worker claims the right to send for the withdrawal of number `n`.
fn claim(by: u64, n: u64) -> [Op; 2] {
    let claim = Claim { worker: worker_id(by), until: at(60) };
    let attempt =
        AttemptRecord { claim, ..sample::attempt_record(n, n, AttemptState::Sent { session: None }) };
    [Op::RequireWorker(worker_id(by)), Op::CreateAttempt(Attempt::restore(attempt))]
}

async fn attempt(store: &dyn Store, n: u64) -> Option<Stored<Attempt>> {
    store.find_attempt(AttemptQuery::LatestOf(sample::withdrawal_id(n))).await.unwrap()
}

async fn listed(store: &dyn Store) -> Vec<(u64, u32)> {
    let listed = store.workers(None, MAX_ROWS).await.unwrap();
    let number = |id| (0..1_000).find(|n| worker_id(*n) == id).unwrap();
    listed.into_iter().map(|listed| (number(listed.worker.id), listed.claims)).collect()
}

pub async fn workers_are_read_back_as_written_and_stay_dead(store: Arc<dyn Store>) {
    assert_eq!(store.find_worker(worker_id(1)).await.unwrap(), None);
    let born = Worker { label: "grüße ✓ 'quoted'".to_owned(), ..worker(1) };
    commit(&*store, [Op::CreateWorker(born.clone())]).await.unwrap();
    let heard = Worker { heard_at: at(9), ..born.clone() };
    let mut expected = Version::FIRST;
    for next in [heard.clone(), dead(&heard, 10)] {
        commit(&*store, update(next.clone(), expected)).await.unwrap();
        expected = expected.next();
        let stored = Stored::new(next, expected);
        assert_eq!(store.find_worker(worker_id(1)).await.unwrap(), Some(stored.clone()));
        let listed = store.workers(None, 9).await.unwrap();
        assert_eq!(listed, [ListedWorker { worker: stored, claims: 0 }]);
    }
    assert_refused(commit(&*store, update(heard, expected)).await, CommitError::Conflict);
    commit(&*store, [Op::RemoveWorker { id: worker_id(1), expected }]).await.unwrap();
    assert_eq!(store.find_worker(worker_id(1)).await.unwrap(), None);
}

pub async fn workers_are_paged_by_id_with_what_they_claim(store: Arc<dyn Store>) {
    commit(&*store, [3, 1, 2].map(|n| Op::CreateWorker(worker(n)))).await.unwrap();
    for (by, n) in [(1, 1), (1, 2), (1, 3), (3, 4)] {
        commit(&*store, claim(by, n)).await.unwrap();
    }
    // What has an outcome is claimed by nobody, what is unknown still is.
    let succeeded = AttemptState::Succeeded { fee: Amount::new(1), at: at(70) };
    for (n, state) in [(1, succeeded), (2, AttemptState::Unknown { since: at(70) })] {
        let stored = attempt(&*store, n).await.unwrap();
        let next = sample::attempt_in(&stored, state);
        commit(&*store, [Op::UpdateAttempt { next, expected: stored.version() }]).await.unwrap();
    }
    // Another one claims it anew.
    let stored = attempt(&*store, 4).await.unwrap();
    let claim = Claim { worker: worker_id(2), until: at(99) };
    let next = Attempt::restore(AttemptRecord { claim, claims: 2, ..stored.to_record() });
    commit(&*store, [Op::UpdateAttempt { next, expected: stored.version() }]).await.unwrap();

    assert_eq!(listed(&*store).await, [(1, 2), (2, 1), (3, 0)]);
    let ids = |listed: Vec<ListedWorker>| listed.iter().map(|listed| listed.worker.id).collect::<Vec<_>>();
    assert_eq!(ids(store.workers(None, 2).await.unwrap()), [1, 2].map(worker_id));
    assert_eq!(ids(store.workers(Some(worker_id(2)), 2).await.unwrap()), [worker_id(3)]);
    assert_eq!(ids(store.workers(Some(worker_id(3)), 2).await.unwrap()), []);
}

pub async fn a_worker_is_registered_once_and_changed_on_its_version(store: Arc<dyn Store>) {
    let stale = Version::FIRST;
    let remove = |id, expected| [Op::RemoveWorker { id: worker_id(id), expected }];
    assert_refused(commit(&*store, update(worker(1), stale)).await, CommitError::Conflict);
    assert_refused(commit(&*store, remove(1, stale)).await, CommitError::Conflict);
    commit(&*store, [Op::CreateWorker(worker(1))]).await.unwrap();
    let twice = commit(&*store, [Op::CreateWorker(worker(1))]).await;
    assert_refused(twice, CommitError::AlreadyExists(Existing::Worker));
    commit(&*store, update(worker(1), stale)).await.unwrap();
    assert_refused(commit(&*store, update(dead(&worker(1), 5), stale)).await, CommitError::Conflict);
    assert_refused(commit(&*store, remove(1, stale)).await, CommitError::Conflict);
    let stored = store.find_worker(worker_id(1)).await.unwrap();
    assert_eq!(stored, Some(Stored::new(worker(1), stale.next())));
}

pub async fn a_worker_that_claims_an_attempt_without_an_outcome_is_not_removed(store: Arc<dyn Store>) {
    let remove = |expected| [Op::RemoveWorker { id: worker_id(1), expected }];
    commit(&*store, [Op::CreateWorker(worker(1))]).await.unwrap();
    commit(&*store, claim(1, 1)).await.unwrap();
    assert_refused(commit(&*store, remove(Version::FIRST)).await, CommitError::Conflict);
    commit(&*store, update(dead(&worker(1), 5), Version::FIRST)).await.unwrap();
    let expected = Version::FIRST.next();
    assert_refused(commit(&*store, remove(expected)).await, CommitError::Conflict);
    let stored = attempt(&*store, 1).await.unwrap();
    let failed = AttemptState::Failed { reason: "no route".to_owned(), at: at(70), session: None };
    let next = sample::attempt_in(&stored, failed);
    commit(&*store, [Op::UpdateAttempt { next, expected: stored.version() }]).await.unwrap();
    commit(&*store, remove(expected)).await.unwrap();
}

pub async fn nothing_is_claimed_by_a_worker_that_is_dead_or_not_on_the_list(store: Arc<dyn Store>) {
    commit(&*store, [1, 2, 3].map(|n| Op::CreateWorker(worker(n)))).await.unwrap();
    commit(&*store, claim(1, 1)).await.unwrap();
    commit(&*store, update(dead(&worker(1), 5), Version::FIRST)).await.unwrap();
    commit(&*store, [Op::RemoveWorker { id: worker_id(2), expected: Version::FIRST }]).await.unwrap();
    for by in [1, 2, 77] {
        assert_refused(commit(&*store, claim(by, 2)).await, CommitError::DeclaredDead);
        assert_refused(commit(&*store, [Op::RequireWorker(worker_id(by))]).await, CommitError::DeclaredDead);
    }
    assert_eq!(attempt(&*store, 2).await, None);
    commit(&*store, claim(3, 2)).await.unwrap();
    // To require a worker writes nothing: its version is as it was.
    let stored = store.find_worker(worker_id(3)).await.unwrap();
    assert_eq!(stored, Some(Stored::new(worker(3), Version::FIRST)));
}

pub async fn one_of_many_words_about_a_worker_wins(store: Arc<dyn Store>) {
    commit(&*store, [Op::CreateWorker(worker(1))]).await.unwrap();
    // Half of them say that it lives, half that it is dead.
    let word = |n: u64| {
        if n.is_multiple_of(2) { dead(&worker(1), n) } else { Worker { heard_at: at(n), ..worker(1) } }
    };
    let say = |n| update(word(n), Version::FIRST);
    let results = join_all((1..=32).map(|n| commit(&*store, say(n)))).await;
    let won: Vec<_> = (1..=32).zip(&results).filter(|(_, result)| result.is_ok()).map(|(n, _)| n).collect();
    let [won] = won.as_slice() else { panic!("one wins: {won:?}") };
    let stored = store.find_worker(worker_id(1)).await.unwrap();
    assert_eq!(stored, Some(Stored::new(word(*won), Version::FIRST.next())));
    for refused in results.into_iter().filter(Result::is_err) {
        assert_refused(refused, CommitError::Conflict);
    }
}

pub async fn no_claim_comes_after_the_word_that_its_worker_is_dead(store: Arc<dyn Store>) {
    for round in 1..=10 {
        commit(&*store, [Op::CreateWorker(worker(round))]).await.unwrap();
        let claims = join_all((1..=16).map(|n| commit_in_race(&*store, claim(round, 100 * round + n))));
        let declared = async {
            commit(&*store, update(dead(&worker(round), 5), Version::FIRST)).await.unwrap();
            // Whatever was claimed is there now, and stays all there is.
            listed(&*store).await.into_iter().find(|(n, _)| *n == round).unwrap().1
        };
        let (claims, held) = join(claims, declared).await;
        let claimed = claims.iter().filter(|claim| claim.is_ok()).count();
        assert_eq!(u32::try_from(claimed).unwrap(), held, "none after the word was given");
        for refused in claims.into_iter().filter(Result::is_err) {
            assert_refused(refused, CommitError::DeclaredDead);
        }
    }
}

pub async fn a_worker_is_removed_or_claims_and_never_both(store: Arc<dyn Store>) {
    for round in 1..=10 {
        let id = worker_id(round);
        commit(&*store, [Op::CreateWorker(worker(round))]).await.unwrap();
        let claims = join_all((1..=8).map(|n| commit_in_race(&*store, claim(round, 100 * round + n))));
        let removed = commit(&*store, [Op::RemoveWorker { id, expected: Version::FIRST }]);
        let (claims, removed) = join(claims, removed).await;
        assert_eq!(claims.iter().all(Result::is_err), removed.is_ok(), "{claims:?}, {removed:?}");
        assert_eq!(store.find_worker(id).await.unwrap().is_none(), removed.is_ok());
    }
}
