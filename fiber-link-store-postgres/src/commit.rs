//! A unit of work is one call of `commit_ops` with all its ops as JSON: one round trip. Units of tips
//! that wait at the same time are one unit together, and each is one of its own again if that is
//! refused.

use crate::error::{GroupFailed, Refusal, UnexpectedAnswer, Verdict, is_lock_timeout, refusal, verdict};
use crate::news::apps_with_news;
use crate::record::{self, millis};
use crate::statement::{bound, query, statements};
use crate::time::Time;
use crate::{PostgresStore, Schema};
use fiber_link_core::{
    Amount, COUNT_BOUND, ChangeSet, CommitError, CountTowardsLimit, GiveBackToLimit, LimitExceeded,
    LimitExcess, Op, StoreError, Timestamp, Version,
};
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, oneshot};

statements! {
    commit_ops = "SELECT {schema}.commit_ops($1::jsonb)";
    commit_together = "SELECT {schema}.commit_together($1::jsonb)";
}

/// A unit of work that waits, and who waits for it.
pub(crate) struct Unit {
    changes: ChangeSet,
    answer: oneshot::Sender<Result<(), CommitError>>,
    place: OwnedSemaphorePermit,
}

/// What became of several units in one transaction.
enum Together {
    Applied,
    /// Nothing of them was applied, because of one of them or of who was in their way.
    Refused(sqlx::Error),
    /// Nobody knows.
    Unknown(GroupFailed),
}

impl Unit {
    /// Also has others told of what it settled, whether or not its caller is still there.
    fn answer(self, store: &PostgresStore, outcome: Result<(), CommitError>) {
        if outcome.is_ok() {
            store.tell(apps_with_news(self.changes.ops()));
        }
        drop(self.place);
        // A caller that no longer listens has lost its answer, as it was told.
        let _ = self.answer.send(outcome);
    }
}

impl PostgresStore {
    /// Applies `changes` or nothing of them, whoever waits for it.
    pub(crate) async fn commit_changes(&self, changes: ChangeSet) -> Result<(), CommitError> {
        if changes.ops().is_empty() {
            return Ok(());
        }
        let place = self.place()?;
        let (answer, answered) = oneshot::channel();
        let (lanes, store) = (self.lanes(), self.clone());
        let lane = if !changes.ops().iter().all(may_share) {
            None
        } else if changes.ops().iter().any(|op| matches!(op, Op::Emit(_))) {
            Some(&lanes.settlements)
        } else {
            Some(&lanes.tips)
        };
        let unit = Unit { changes, answer, place };
        match lane {
            Some(lane) => lane.put(unit, move |units| commit_together(store.clone(), units)),
            // A task of its own: a caller that goes away cannot cut it off.
            None => drop(tokio::spawn(commit_alone(store, unit))),
        }
        answered.await.map_err(StoreError::backend)?
    }

    async fn apply(&self, ops: &[Op]) -> Result<(), CommitError> {
        let commit = query(&self.statements().commit.commit_ops).bind(unit(ops)?.to_string());
        // This is only answered when the transaction has ended.
        let committed = self.database().execute(commit).await;
        committed.map_err(|error| refused(self.schema(), error, ops))
    }

    async fn apply_together(&self, units: &[Unit]) -> Result<Together, StoreError> {
        let merged =
            units.iter().map(|unit| unit.changes.clone()).fold(ChangeSet::default(), ChangeSet::merge);
        let merged = unit(&merged.into_ops())?.to_string();
        let commit = query(&self.statements().commit.commit_together).bind(merged);
        Ok(match self.database().execute(commit).await {
            Ok(()) => Together::Applied,
            Err(error) => match verdict(&error) {
                Verdict::RolledBack => Together::Refused(error),
                Verdict::Unknown => Together::Unknown(GroupFailed(Arc::new(error))),
            },
        })
    }
}

/// Whether a unit with this op may share a transaction: those of tips, of which there are many, and
/// each of which can be applied once at most, by its version or by a key.
fn may_share(op: &Op) -> bool {
    match op {
        Op::CreateTip { .. } | Op::UpdateTip { .. } | Op::Post(_) | Op::Remember { .. } | Op::Emit(_) => true,
        Op::CreateWithdrawal { .. }
        | Op::UpdateWithdrawal { .. }
        | Op::CreateAttempt(_)
        | Op::UpdateAttempt { .. }
        | Op::CreateDocument(_)
        | Op::UpdateDocument { .. }
        | Op::RemoveDocument { .. }
        | Op::RequireDocument { .. }
        | Op::CreateHub(_)
        | Op::AcceptNode { .. }
        | Op::SealSeed { .. }
        | Op::CreateWorker(_)
        | Op::UpdateWorker { .. }
        | Op::RemoveWorker { .. }
        | Op::RequireWorker(_)
        | Op::CountTowardsLimit(_)
        | Op::GiveBackToLimit(_)
        | Op::RequireRoom { .. }
        | Op::Audit(_) => false,
    }
}

async fn commit_alone(store: PostgresStore, unit: Unit) {
    let outcome = store.apply(&unit.changes.clone().into_ops()).await;
    unit.answer(&store, outcome);
}

/// One transaction for all of `units`. If it is refused, each has one of its own, and so an answer of
/// its own.
async fn commit_together(store: PostgresStore, mut units: Vec<Unit>) {
    match store.apply_together(&units).await {
        Ok(Together::Applied) => units.into_iter().for_each(|unit| unit.answer(&store, Ok(()))),
        Ok(Together::Unknown(failed)) => {
            let failure = || CommitError::from(StoreError::backend(failed.clone()));
            units.into_iter().for_each(|unit| unit.answer(&store, Err(failure())));
        }
        // What refused the only one is its answer, unless somebody was in its way.
        Ok(Together::Refused(error)) if units.len() == 1 && !is_lock_timeout(&error) => {
            if let Some(unit) = units.pop() {
                unit.answer(&store, Err(refused(store.schema(), error, &[])));
            }
        }
        Ok(Together::Refused(_)) | Err(_) => {
            // Not in this lane: what stands in the way of one of them may do so for long.
            for unit in units {
                tokio::spawn(commit_alone(store.clone(), unit));
            }
        }
    }
}

fn refused(schema: &Schema, error: sqlx::Error, ops: &[Op]) -> CommitError {
    match refusal(schema, error) {
        Refusal::Commit(error) => error,
        Refusal::Limit(detail) => match limit_exceeded(&detail, ops) {
            Some(exceeded) => exceeded.into(),
            None => StoreError::backend(UnexpectedAnswer(detail)).into(),
        },
    }
}

/// `ceiling PLACE TOTAL` or `cooldown PLACE MILLIS`, where the place is that of the op.
fn limit_exceeded(detail: &str, ops: &[Op]) -> Option<LimitExceeded> {
    let mut words = detail.split(' ');
    let (kind, place, value) = (words.next()?, words.next()?.parse::<usize>().ok()?, words.next()?);
    let Op::CountTowardsLimit(request) = ops.get(place)? else { return None };
    let excess = match kind {
        "ceiling" => LimitExcess::Ceiling { total: value.parse::<Amount>().ok()?, ceiling: request.ceiling },
        "cooldown" => LimitExcess::Cooldown { until: Timestamp::from_millis(value.parse().ok()?) },
        _ => return None,
    };
    Some(LimitExceeded { scope: request.key.scope.clone(), excess })
}

/// A unit of work as `commit_ops` reads it. Settled tips get their places at its end.
pub(crate) fn unit(ops: &[Op]) -> Result<Value, StoreError> {
    let mut unit = Vec::with_capacity(ops.len());
    let mut settled = Vec::new();
    for (place, op) in ops.iter().enumerate() {
        unit.push(step(place, op)?);
        if let Op::CreateTip { tip, .. } | Op::UpdateTip { next: tip, .. } = op {
            settled.extend(record::settled_tip(tip)?.map(|row| Step::many("settle", row)));
        }
    }
    unit.append(&mut settled);
    Ok(gathered(unit))
}

/// An op by the name that `commit_ops` has for it.
enum Step {
    /// Of these those that follow each other are gathered.
    Many { name: &'static str, record: Value },
    /// One for itself.
    One(Value),
}

impl Step {
    fn many(name: &'static str, record: Value) -> Self {
        Self::Many { name, record }
    }

    fn one(name: &'static str, record: &Value) -> Self {
        Self::One(json!({ "op": name, "record": record }))
    }

    fn expecting(name: &'static str, record: &Value, expected: Version) -> Self {
        Self::One(json!({ "op": name, "record": record, "expected": bound(expected.as_u64()) }))
    }
}

fn gathered(steps: Vec<Step>) -> Value {
    let mut all = Vec::new();
    let mut steps = steps.into_iter().peekable();
    while let Some(step) = steps.next() {
        all.push(match step {
            Step::One(step) => step,
            Step::Many { name, record } => {
                let mut records = vec![record];
                while let Some(Step::Many { record, .. }) =
                    steps.next_if(|step| matches!(step, Step::Many { name: next, .. } if *next == name))
                {
                    records.push(record);
                }
                json!({ "op": name, "record": records })
            }
        });
    }
    Value::Array(all)
}

fn step(place: usize, op: &Op) -> Result<Step, StoreError> {
    Ok(match op {
        Op::CreateTip { tip, due } => Step::many("create_tips", record::tip(tip, *due, Version::FIRST)?),
        Op::UpdateTip { next, expected, due } => {
            Step::many("update_tips", record::tip(next, *due, *expected)?)
        }
        Op::Post(entry) => Step::many("post", record::entry(entry)?),
        Op::Emit(event) => Step::many("emit", record::event(event)?),
        Op::CreateHub(hub) => Step::one("create_hub", &record::hub(hub)?),
        Op::AcceptNode { node, since } => Step::one("accept_node", &record::accepted_node(node, *since)?),
        Op::SealSeed { expected, next } => {
            let (expected, next) = (expected.to_text(), next.to_text());
            Step::one("seal_seed", &json!({ "expected": expected, "next": next }))
        }
        Op::CreateDocument(document) => Step::one("create_document", &record::document(document)?),
        Op::UpdateDocument { next, expected } => {
            Step::expecting("update_document", &record::document(next)?, *expected)
        }
        Op::RemoveDocument { key, expected } => {
            Step::expecting("remove_document", &record::document_key(key), *expected)
        }
        Op::RequireDocument { key, expected: Some(expected) } => {
            Step::expecting("require_document", &record::document_key(key), *expected)
        }
        Op::RequireDocument { key, expected: None } => {
            Step::one("require_document", &record::document_key(key))
        }
        Op::Audit(audited) => Step::one("audit", &record::audit_record(audited)?),
        Op::CreateWorker(worker) => Step::one("create_worker", &record::worker(worker)?),
        Op::RequireWorker(id) => Step::one("require_worker", &record::worker_id(*id)),
        Op::CreateWithdrawal { withdrawal, due } => {
            Step::one("create_withdrawal", &record::withdrawal(withdrawal, *due)?)
        }
        Op::CreateAttempt(attempt) => Step::one("create_attempt", &record::attempt(attempt)?),
        Op::UpdateWithdrawal { next, expected, due } => {
            Step::expecting("update_withdrawal", &record::withdrawal(next, *due)?, *expected)
        }
        Op::UpdateAttempt { next, expected } => {
            Step::expecting("update_attempt", &record::attempt(next)?, *expected)
        }
        Op::UpdateWorker { next, expected } => {
            Step::expecting("update_worker", &record::worker(next)?, *expected)
        }
        Op::RemoveWorker { id, expected } => {
            Step::expecting("remove_worker", &record::worker_id(*id), *expected)
        }
        Op::Remember { record, now } => {
            let (record, now) = (record::idempotency(record)?, Time::stored(*now)?.to_string());
            Step::One(json!({ "op": "remember", "record": record, "now": now }))
        }
        Op::CountTowardsLimit(request) => Step::one("count_towards_limit", &count(place, request)?),
        Op::RequireRoom { account, ceiling } => Step::one(
            "require_room",
            &json!({
                "app": account.app.as_str(),
                "user": account.user.as_str(),
                "asset": account.asset.as_str(),
                "ceiling": ceiling.to_string(),
                "bound": COUNT_BOUND,
            }),
        ),
        Op::GiveBackToLimit(gift) => Step::one("give_back_to_limit", &give_back(gift)?),
    })
}

fn count(place: usize, request: &CountTowardsLimit) -> Result<Value, StoreError> {
    let CountTowardsLimit { key, amount, ceiling, cooldown, now } = request;
    // Longer than any time that can be stored is for ever.
    let cooldown = i64::try_from(cooldown.as_millis()).unwrap_or(i64::MAX).min(i64::MAX / 4);
    Ok(json!({
        "place": place,
        "app": key.app.as_str(),
        "user": key.scope.stored_user(),
        "asset": key.asset.as_str(),
        "amount": amount.to_string(),
        "ceiling": ceiling.to_string(),
        "cooldown": cooldown,
        "now": millis(*now)?,
        "at": Time::stored(*now)?.to_string(),
    }))
}

fn give_back(gift: &GiveBackToLimit) -> Result<Value, StoreError> {
    let GiveBackToLimit { key, amount, requested_at } = gift;
    Ok(json!({
        "app": key.app.as_str(),
        "user": key.scope.stored_user(),
        "asset": key.asset.as_str(),
        "amount": amount.to_string(),
        "requested_at": millis(*requested_at)?,
    }))
}
