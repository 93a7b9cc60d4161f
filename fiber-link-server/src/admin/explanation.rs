//! The story of one tip or withdrawal.

use super::call::{Answer, Call};
use super::error::ApiError;
use crate::wire_time;
use fiber_link_core::Happening;
use serde_json::json;
use uuid::Uuid;

pub(super) async fn explain(call: &mut Call<'_>) -> Result<Answer, ApiError> {
    let id: Uuid = call.part("id", "must be the id of a tip or a withdrawal")?;
    let (link, administration) = (&call.api.link, &call.administration);
    let found = administration.explain(id, Some(&**link.node()), link.assets()).await?;
    let found = found.ok_or_else(|| ApiError::NotFound("there is no such tip or withdrawal".to_owned()))?;
    let happening =
        |Happening { at, what }: &Happening| json!({ "at": wire_time::format(*at), "what": what });
    Ok(json!({
        "appId": found.app.as_str(),
        "headline": found.headline,
        "story": found.story.iter().map(happening).collect::<Vec<_>>(),
        "node": found.node,
        "next": found.next,
        "safe": found.safe,
    })
    .into())
}
