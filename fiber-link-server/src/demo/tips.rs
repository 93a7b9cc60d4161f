//! The reader's side: tipping the post, and paying as a wallet.

use super::Demo;
use super::refusal::{Asked, Body, Refusal};
use crate::wire_time;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use fiber_link_core::simulated::SimulatorError;
use fiber_link_core::{
    AssetId, CreateTipError, EntryQuery, EntrySource, NumberedEntry, Tip, TipPhase, TipRequest,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// How many tips the post shows.
const SHOWN_AT_POST: u32 = 3;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewTip {
    /// In whole units.
    amount: String,
    message: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OfInvoice {
    invoice: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ShownTip {
    id: String,
    invoice: String,
    /// In whole units.
    amount: String,
    message: Option<String>,
    /// Nobody where the tip is anonymous.
    from: Option<String>,
    state: &'static str,
    created_at: String,
    expires_at: Option<String>,
    settled_at: Option<String>,
}

#[derive(Serialize)]
pub(super) struct TipWithEntries {
    #[serde(flatten)]
    tip: ShownTip,
    entries: Vec<ShownEntry>,
}

#[derive(Serialize)]
struct ShownEntry {
    number: u64,
    /// In whole units.
    amount: String,
    at: String,
}

#[derive(Serialize)]
pub(super) struct ShownPost {
    count: u32,
    tips: Vec<ShownTip>,
}

pub(super) async fn post(State(demo): State<Demo>) -> Result<Json<ShownPost>, Refusal> {
    let count = demo.link.summary(&demo.app, &demo.creator, 1).await?.totals.settled;
    let tips = demo.link.tips_of_app(&demo.app, Some(TipPhase::Settled), SHOWN_AT_POST).await?;
    Ok(Json(ShownPost { count, tips: tips.iter().map(|tip| demo.shown_tip(tip)).collect() }))
}

pub(super) async fn create(
    State(demo): State<Demo>,
    Body(new): Body<NewTip>,
) -> Result<Json<TipWithEntries>, Refusal> {
    let request = TipRequest {
        post: demo.post.clone(),
        from_user: demo.reader.clone(),
        to_user: demo.creator.clone(),
        asset: AssetId::ckb(),
        amount: demo.read_amount(&new.amount)?,
        message: Some(new.message),
        anonymous: false,
        idempotency_key: None,
    };
    let tip = demo.link.create_tip(&demo.app, request).await.map_err(refusal)?;
    Ok(Json(demo.tip_with_entries(&tip).await?))
}

pub(super) async fn find(
    State(demo): State<Demo>,
    Asked(asked): Asked<OfInvoice>,
) -> Result<Json<TipWithEntries>, Refusal> {
    let tip = demo.link.find_tip(&demo.app, &asked.invoice).await?;
    let tip = tip.ok_or_else(|| Refusal::new(StatusCode::NOT_FOUND, "Tip not found"))?;
    Ok(Json(demo.tip_with_entries(&tip).await?))
}

pub(super) async fn pay(
    State(demo): State<Demo>,
    Body(asked): Body<OfInvoice>,
) -> Result<Json<Value>, Refusal> {
    demo.node.pay(&asked.invoice, false)?;
    Ok(Json(json!({ "paid": true })))
}

impl Demo {
    pub(super) fn shown_tip(&self, tip: &Tip) -> ShownTip {
        let (terms, invoice) = (tip.terms(), tip.invoice());
        ShownTip {
            id: tip.id().to_string(),
            invoice: invoice.map(|invoice| invoice.encoded.clone()).unwrap_or_default(),
            amount: self.asset.format(terms.amount),
            message: terms.message.clone(),
            from: (!terms.anonymous).then(|| terms.from_user.to_string()),
            state: match tip.state().phase() {
                TipPhase::Open => "UNPAID",
                TipPhase::Settled => "SETTLED",
                TipPhase::Ended => "FAILED",
            },
            created_at: wire_time::format(tip.created_at()),
            expires_at: invoice.map(|invoice| wire_time::format(invoice.expires_at)),
            settled_at: tip.settled_at().map(wire_time::format),
        }
    }

    async fn tip_with_entries(&self, tip: &Tip) -> Result<TipWithEntries, Refusal> {
        let entries = self.store.entries(EntryQuery::Of(EntrySource::Tip(tip.id()))).await?;
        let shown = |NumberedEntry { number, entry }| ShownEntry {
            number,
            amount: self.asset.format(entry.amount),
            at: wire_time::format(entry.at),
        };
        Ok(TipWithEntries { tip: self.shown_tip(tip), entries: entries.into_iter().map(shown).collect() })
    }
}

fn refusal(error: CreateTipError) -> Refusal {
    match error {
        CreateTipError::AmountZero => Refusal::field("amount", error.to_string()),
        CreateTipError::MessageTooLong { .. } => Refusal::field("message", error.to_string()),
        CreateTipError::UnknownAsset(_) | CreateTipError::IdempotencyConflict | CreateTipError::GivenUp => {
            Refusal::internal(&error)
        }
        CreateTipError::Policy(refusal) => Refusal::field("amount", refusal.to_string()),
        CreateTipError::Paused(paused) => Refusal::new(StatusCode::CONFLICT, paused.to_string()),
        CreateTipError::NodeRefused(_)
        | CreateTipError::NodeUnavailable(_)
        | CreateTipError::NodeDoesNotFit(_) => Refusal::node(&error),
        CreateTipError::Store(error) => error.into(),
    }
}

impl From<SimulatorError> for Refusal {
    fn from(error: SimulatorError) -> Self {
        if matches!(error, SimulatorError::File(_) | SimulatorError::NoRandomness(_)) {
            Self::internal(&error)
        } else {
            Self::new(StatusCode::CONFLICT, error.to_string())
        }
    }
}
