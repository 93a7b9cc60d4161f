//! What clients are told happened, with the records that it happened to.

use super::FiberLink;
use crate::{
    AppId, Event, EventId, EventKind, EventQuery, NumberedEvent, Store, StoreError, Tip, TipId, TipQuery,
    Withdrawal, WithdrawalId, WithdrawalQuery,
};
use futures_util::future::try_join;
use std::collections::{BTreeMap, BTreeSet};

/// A place among the events of an app: that of an event that was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventPlace {
    /// The number of the event.
    pub number: u64,
    /// The event. In a store that was put back to an older copy its number may be that of another one.
    pub id: EventId,
}

/// An event with the record that it tells of, as that is now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToldEvent {
    /// Where it stands.
    pub place: EventPlace,
    /// The event.
    pub event: Event,
    /// What it happened to.
    pub subject: EventSubject,
}

/// What an event happened to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EventSubject {
    /// A tip.
    Tip(Tip),
    /// A withdrawal.
    Withdrawal(Withdrawal),
}

/// Why events were not told.
#[derive(Debug, thiserror::Error)]
pub enum EventsError {
    /// The app has no such event at this place.
    #[error("there is no such event")]
    UnknownPlace,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl FiberLink {
    /// Events of an app after a place, or from the first, in their order: none is skipped, none comes twice.
    ///
    /// # Errors
    /// [`EventsError`] if there is no such place, or the store failed.
    pub async fn events(
        &self,
        app: &AppId,
        after: Option<EventPlace>,
        limit: u32,
    ) -> Result<Vec<ToldEvent>, EventsError> {
        let store = &self.parts().store;
        let mut query = EventQuery { app: app.clone(), after: 0, limit };
        if let Some(place) = after {
            // From the event at the place itself, to see that it is still the one that was read.
            query.after = place.number.checked_sub(1).ok_or(EventsError::UnknownPlace)?;
            query.limit = limit.saturating_add(1);
        }
        let mut events = store.events(query).await?.into_iter();
        if let Some(place) = after {
            let found = events.next().map(|first| place_of(&first));
            found.filter(|found| *found == place).ok_or(EventsError::UnknownPlace)?;
        }
        let events: Vec<_> = events.collect();
        Ok(subjects(&**store, &events).await?.tell(events)?)
    }
}

const fn place_of(numbered: &NumberedEvent) -> EventPlace {
    EventPlace { number: numbered.number, id: numbered.event.id }
}

/// The records that events tell of, by id.
struct Subjects {
    tips: BTreeMap<TipId, Tip>,
    withdrawals: BTreeMap<WithdrawalId, Withdrawal>,
}

async fn subjects(store: &dyn Store, events: &[NumberedEvent]) -> Result<Subjects, StoreError> {
    let (mut tips, mut withdrawals) = (BTreeSet::new(), BTreeSet::new());
    for event in events {
        match event.event.kind {
            EventKind::TipSettled(id) => tips.insert(id),
            EventKind::WithdrawalCompleted(id)
            | EventKind::WithdrawalFailed(id)
            | EventKind::WithdrawalPaidLate(id) => withdrawals.insert(id),
        };
    }
    let tips = async { if tips.is_empty() { Ok(Vec::new()) } else { store.tips(TipQuery::Ids(tips)).await } };
    let withdrawals = async {
        if withdrawals.is_empty() {
            return Ok(Vec::new());
        }
        store.withdrawals(WithdrawalQuery::Ids(withdrawals)).await
    };
    let (tips, withdrawals) = try_join(tips, withdrawals).await?;
    Ok(Subjects {
        tips: tips.into_iter().map(|tip| (tip.id(), tip.into_inner())).collect(),
        withdrawals: withdrawals.into_iter().map(|found| (found.id(), found.into_inner())).collect(),
    })
}

impl Subjects {
    fn tell(&self, events: Vec<NumberedEvent>) -> Result<Vec<ToldEvent>, StoreError> {
        let tell = |numbered: NumberedEvent| {
            let subject = match numbered.event.kind {
                EventKind::TipSettled(id) => self.tips.get(&id).cloned().map(EventSubject::Tip),
                EventKind::WithdrawalCompleted(id)
                | EventKind::WithdrawalFailed(id)
                | EventKind::WithdrawalPaidLate(id) => {
                    self.withdrawals.get(&id).cloned().map(EventSubject::Withdrawal)
                }
            };
            let subject = subject.ok_or_else(|| StoreError::backend("what an event tells of is gone"))?;
            Ok(ToldEvent { place: place_of(&numbered), event: numbered.event, subject })
        };
        events.into_iter().map(tell).collect()
    }
}
