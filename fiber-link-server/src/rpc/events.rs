//! `event.list`: what happened in an app, in order, with what it happened to.

use super::error::RpcError;
use super::lists::read_limit;
use super::objects::{self, TipObject, WithdrawalObject};
use super::params::{self, Params};
use super::waiting::{self, LONGEST_WAIT};
use crate::api::Api;
use crate::wire_time;
use fiber_link_core::{AppId, EventKind, EventPlace, EventSubject, EventsError, FiberLink, ToldEvent};
use serde::Serialize;
use serde_json::Value;
use std::time::Duration;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Events {
    items: Vec<EventItem>,
    next_cursor: Option<String>,
}

#[derive(Serialize)]
struct EventItem {
    cursor: String,
    r#type: &'static str,
    at: String,
    #[serde(flatten)]
    subject: Subject,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
enum Subject {
    Tip(TipObject),
    Withdrawal(WithdrawalObject),
}

pub(super) async fn list(api: &Api, app: &AppId, params: &str) -> Result<Events, RpcError> {
    let mut params = Params::read(params)?;
    let after = params.optional("after", read_cursor);
    let limit = read_limit(&mut params);
    let wait = params.optional("waitSeconds", params::whole_number(0, LONGEST_WAIT));
    let (Some(after), Some(limit), Some(wait)) = (after, limit, wait) else {
        return Err(params.refusal().into());
    };
    let wait = Duration::from_secs(wait.unwrap_or(0).into());
    match waiting::events(api, app, after, limit, wait).await {
        Ok(events) => {
            let items: Vec<_> = events.into_iter().map(|event| item(&api.link, event)).collect();
            let next_cursor = items.last().map(|last| last.cursor.clone());
            Ok(Events { items, next_cursor })
        }
        Err(EventsError::UnknownPlace) => {
            params.wrong("after", NO_CURSOR);
            Err(params.refusal().into())
        }
        Err(EventsError::Store(error)) => Err(RpcError::internal(&error)),
    }
}

const NO_CURSOR: &str = "must be a cursor of an event of this app";

/// A cursor is the place of its event: number and id.
fn read_cursor(value: &Value) -> Result<EventPlace, String> {
    let parts = params::string(value)?.split_once('-');
    let place = parts
        .and_then(|(number, id)| Some(EventPlace { number: number.parse().ok()?, id: id.parse().ok()? }));
    place.filter(|place| Some(cursor(*place).as_str()) == value.as_str()).ok_or_else(|| NO_CURSOR.to_owned())
}

fn cursor(EventPlace { number, id }: EventPlace) -> String {
    format!("{number}-{id}")
}

fn item(link: &FiberLink, event: ToldEvent) -> EventItem {
    EventItem {
        cursor: cursor(event.place),
        r#type: name(event.event.kind),
        at: wire_time::format(event.event.at),
        subject: match event.subject {
            EventSubject::Tip(tip) => Subject::Tip(objects::tip(link, &tip)),
            EventSubject::Withdrawal(withdrawal) => {
                Subject::Withdrawal(objects::withdrawal(link, &withdrawal))
            }
        },
    }
}

const fn name(kind: EventKind) -> &'static str {
    match kind {
        EventKind::TipSettled(_) => "tip.settled",
        EventKind::WithdrawalCompleted(_) => "withdrawal.completed",
        EventKind::WithdrawalFailed(_) => "withdrawal.failed",
        EventKind::WithdrawalPaidLate(_) => "withdrawal.paid_late",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fiber_link_core::EventId;
    use serde_json::json;

    #[test]
    fn a_cursor_is_read_as_it_was_written_and_in_no_other_spelling() {
        let place = EventPlace { number: 17, id: EventId::from_uuid(uuid::Uuid::from_u128(0xAB)) };
        let written = cursor(place);
        assert_eq!(written, "17-00000000-0000-0000-0000-0000000000ab");
        assert_eq!(read_cursor(&json!(written)), Ok(place));
        let spelled =
            ["", "17", "-", "0x11-", &format!("0{written}"), &format!("+{written}"), &written.to_uppercase()];
        for text in spelled {
            assert_eq!(read_cursor(&json!(text)), Err(NO_CURSOR.to_owned()), "{text}");
        }
        assert_eq!(read_cursor(&json!(17)), Err("must be a string".to_owned()));
    }
}
