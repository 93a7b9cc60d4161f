//! What clients are told happened, with the records that it happened to.

use super::FiberLink;
use crate::{
    AppId, Event, EventId, EventKind, EventQuery, NumberedEvent, Store, StoreError, Stored, Tip, TipLookup,
    Withdrawal, WithdrawalLookup,
};
use futures_util::{StreamExt, TryStreamExt, stream};

/// How many records of one answer are loaded at the same time: more than one, so that a page does not wait
/// for each in turn, and few, because news may wake all readers at once and each holds as many connections.
const LOADED_AT_ONCE: usize = 2;

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
        // A store finds records by single ids.
        let loads: Vec<_> = events.map(|event| load(&**store, event)).collect();
        Ok(stream::iter(loads).buffered(LOADED_AT_ONCE).try_collect().await?)
    }
}

const fn place_of(numbered: &NumberedEvent) -> EventPlace {
    EventPlace { number: numbered.number, id: numbered.event.id }
}

async fn load(store: &dyn Store, numbered: NumberedEvent) -> Result<ToldEvent, StoreError> {
    let subject = match numbered.event.kind {
        EventKind::TipSettled(id) => {
            store.find_tip(TipLookup::Id(id)).await?.map(Stored::into_inner).map(EventSubject::Tip)
        }
        EventKind::WithdrawalCompleted(id)
        | EventKind::WithdrawalFailed(id)
        | EventKind::WithdrawalPaidLate(id) => {
            let found = store.find_withdrawal(WithdrawalLookup::Id(id)).await?;
            found.map(Stored::into_inner).map(EventSubject::Withdrawal)
        }
    };
    let subject = subject.ok_or_else(|| StoreError::backend("what an event tells of is gone"))?;
    Ok(ToldEvent { place: place_of(&numbered), event: numbered.event, subject })
}
