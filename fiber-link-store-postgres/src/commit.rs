//! A unit of work is one call of `commit_ops` with all its ops as JSON: one round trip.

use crate::error::{Refusal, UnexpectedAnswer, refusal};
use crate::record::{self, millis};
use crate::statement::{bound, query, statements};
use crate::time::Time;
use crate::{PostgresStore, Schema};
use fiber_link_core::{
    Amount, CommitError, CountTowardsLimit, GiveBackToLimit, LimitExceeded, LimitExcess, LimitKey,
    LimitScope, Op, StoreError, Timestamp, Tip,
};
use serde_json::{Value, json};

statements! {
    commit_ops = "SELECT {schema}.commit_ops($1::jsonb)";
}

impl PostgresStore {
    /// Applies `ops`, which are sorted as locks are taken.
    pub(crate) async fn commit_ops(&self, ops: Vec<Op>) -> Result<(), CommitError> {
        if ops.is_empty() {
            return Ok(());
        }
        let unit = unit(&ops)?.to_string();
        let store = self.clone();
        // A task of its own: a caller that goes away cannot cut it off.
        self.in_task(async move {
            let commit = query(&store.statements().commit.commit_ops).bind(unit);
            // This is only answered when the transaction has ended.
            match commit.execute(store.pool()).await {
                Ok(_) => Ok(()),
                Err(error) => Err(refused(store.schema(), error, &ops)),
            }
        })
        .await?
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
            settled.extend(settle(tip)?);
        }
    }
    unit.append(&mut settled);
    Ok(Value::Array(unit))
}

fn settle(tip: &Tip) -> Result<Option<Value>, StoreError> {
    Ok(record::settled_tip(tip)?.map(|record| json!({ "op": "settle", "record": record })))
}

fn step(place: usize, op: &Op) -> Result<Value, StoreError> {
    let (op, record) = match op {
        Op::CreateHub(hub) => ("create_hub", record::hub(hub)?),
        Op::AcceptNode { node, since } => ("accept_node", record::accepted_node(node, *since)?),
        Op::CreateApp(app) => ("create_app", record::app(app)?),
        Op::CreateWorker(worker) => ("create_worker", record::worker(worker)?),
        Op::RequireWorker(id) => ("require_worker", record::worker_id(*id)),
        Op::CreateTip { tip, due } => ("create_tip", record::tip(tip, *due)?),
        Op::CreateWithdrawal { withdrawal, due } => {
            ("create_withdrawal", record::withdrawal(withdrawal, *due)?)
        }
        Op::CreateAttempt(attempt) => ("create_attempt", record::attempt(attempt)?),
        Op::UpdateTip { next, expected, due } => {
            let (record, expected) = (record::tip(next, *due)?, bound(expected.as_u64()));
            return Ok(json!({ "op": "update_tip", "record": record, "expected": expected }));
        }
        Op::UpdateWithdrawal { next, expected, due } => {
            let (record, expected) = (record::withdrawal(next, *due)?, bound(expected.as_u64()));
            return Ok(json!({ "op": "update_withdrawal", "record": record, "expected": expected }));
        }
        Op::UpdateAttempt { next, expected } => {
            let (record, expected) = (record::attempt(next)?, bound(expected.as_u64()));
            return Ok(json!({ "op": "update_attempt", "record": record, "expected": expected }));
        }
        Op::UpdateWorker { next, expected } => {
            let (record, expected) = (record::worker(next)?, bound(expected.as_u64()));
            return Ok(json!({ "op": "update_worker", "record": record, "expected": expected }));
        }
        Op::RemoveWorker { id, expected } => {
            let (record, expected) = (record::worker_id(*id), bound(expected.as_u64()));
            return Ok(json!({ "op": "remove_worker", "record": record, "expected": expected }));
        }
        Op::Remember { record, now } => {
            let (record, now) = (record::idempotency(record)?, Time::stored(*now)?.to_string());
            return Ok(json!({ "op": "remember", "record": record, "now": now }));
        }
        Op::CountTowardsLimit(request) => ("count_towards_limit", count(place, request)?),
        Op::GiveBackToLimit(gift) => ("give_back_to_limit", give_back(gift)?),
        Op::Post(entry) => ("post", record::entry(entry)?),
        Op::Emit(event) => ("emit", record::event(event)?),
    };
    Ok(json!({ "op": op, "record": record }))
}

fn owner(key: &LimitKey) -> &str {
    match &key.scope {
        LimitScope::User(user) => user.as_str(),
        LimitScope::App => "",
    }
}

fn count(place: usize, request: &CountTowardsLimit) -> Result<Value, StoreError> {
    let CountTowardsLimit { key, amount, ceiling, cooldown, now } = request;
    // Longer than any time that can be stored is for ever.
    let cooldown = i64::try_from(cooldown.as_millis()).unwrap_or(i64::MAX).min(i64::MAX / 4);
    Ok(json!({
        "place": place,
        "app": key.app.as_str(),
        "user": owner(key),
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
        "user": owner(key),
        "asset": key.asset.as_str(),
        "amount": amount.to_string(),
        "requested_at": millis(*requested_at)?,
    }))
}
