//! The stub over a WebSocket: calls, and changes of the node's store as they happen.

use super::Shared;
use super::envelope::{self, Answer, Entry, Message as Incoming, RpcError};
use super::hex::with_prefix;
use super::invoices::{self, hash};
use super::methods::{self, SUBSCRIBE};
use super::payments;
use super::tokens::Bearer;
use axum::extract::FromRequestParts;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use fiber_link_core::simulated::{NodeChange, describe_invoice};
use fiber_link_core::{PaymentHash, PaymentState};
use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};
use serde_json::{Value, json};
use std::sync::Arc;

/// The longest message that is read.
const LONGEST_MESSAGE: usize = 1024 * 1024;
/// The most subscriptions of one socket.
const MOST_SUBSCRIPTIONS: usize = 16;

/// Turns the request into a socket.
pub(super) async fn upgrade(shared: Arc<Shared>, head: &mut Parts) -> Response {
    let authorization = super::http::authorization(&head.headers).map(str::to_owned);
    match WebSocketUpgrade::from_request_parts(head, &()).await {
        Ok(upgrade) => {
            upgrade.max_message_size(LONGEST_MESSAGE).on_upgrade(|socket| run(shared, authorization, socket))
        }
        Err(rejection) => rejection.into_response(),
    }
}

/// What one socket listens to.
struct Listening {
    ids: Vec<u64>,
    changes: BoxStream<'static, NodeChange>,
}

async fn run(shared: Arc<Shared>, authorization: Option<String>, mut socket: WebSocket) {
    let mut restarts = shared.restarts();
    let bearer = Bearer::of(&shared.tokens, authorization.as_deref());
    let mut listening = Listening { ids: Vec::new(), changes: stream::pending().boxed() };
    loop {
        let sent = tokio::select! {
            _ = restarts.changed() => return,
            message = socket.recv() => match message {
                Some(Ok(Message::Text(text))) => {
                    let answer = answer(&shared, bearer, &mut listening, text.as_bytes()).await;
                    let Some(answer) = answer else { return };
                    socket.send(Message::text(answer)).await
                }
                Some(Ok(Message::Binary(_) | Message::Ping(_) | Message::Pong(_))) => Ok(()),
                Some(Ok(Message::Close(_)) | Err(_)) | None => return,
            },
            Some(change) = listening.changes.next() => {
                tell(&shared, &listening.ids, &change, &mut socket).await
            }
        };
        if sent.is_err() {
            return;
        }
    }
}

/// The answer to a message; `None` if the node says nothing.
async fn answer(
    shared: &Shared,
    bearer: Bearer<'_>,
    listening: &mut Listening,
    text: &[u8],
) -> Option<String> {
    let (entries, batch) = match envelope::read(text) {
        Incoming::NoJson => (vec![Entry::Refused(Answer::without_id(RpcError::parse_error()))], false),
        Incoming::Single(entry) => (vec![entry], false),
        Incoming::Batch(entries) => (entries, true),
    };
    let mut answers = Vec::with_capacity(entries.len());
    for entry in entries {
        answers.push(match entry {
            Entry::Refused(answer) => answer,
            Entry::Call(call) if call.method == SUBSCRIBE && shared.subscriptions() => {
                Answer { id: call.id, outcome: subscribe(shared, bearer, listening) }
            }
            Entry::Call(call) => methods::answer(shared, bearer, call).await?,
        });
    }
    match answers.as_slice() {
        [answer] if !batch => serde_json::to_string(answer).ok(),
        answers => serde_json::to_string(answers).ok(),
    }
}

fn subscribe(shared: &Shared, bearer: Bearer<'_>, listening: &mut Listening) -> Result<Value, RpcError> {
    if !methods::allowed(bearer, SUBSCRIBE) {
        return Err(RpcError::unauthorized());
    }
    if listening.ids.len() >= MOST_SUBSCRIPTIONS {
        return Err(RpcError::internal());
    }
    if listening.ids.is_empty() {
        listening.changes = shared.node.changes();
    }
    let id = shared.next_subscription();
    listening.ids.push(id);
    Ok(Value::from(id))
}

async fn tell(
    shared: &Shared,
    ids: &[u64],
    change: &NodeChange,
    socket: &mut WebSocket,
) -> Result<(), axum::Error> {
    let described = describe(shared, change);
    for id in ids {
        let frame = json!({
            "jsonrpc": "2.0",
            "method": "store_changes",
            "params": { "subscription": id, "result": described },
        });
        socket.send(Message::text(frame.to_string())).await?;
    }
    Ok(())
}

fn describe(shared: &Shared, change: &NodeChange) -> Value {
    match change {
        NodeChange::Invoice { payment_hash, state } => json!({ "PutCkbInvoiceStatus": {
            "payment_hash": hash(*payment_hash),
            "invoice_status": invoices::status(*state),
        } }),
        NodeChange::Preimage { payment_hash, preimage } => json!({ "PutPreimage": {
            "payment_hash": hash(*payment_hash),
            "payment_preimage": with_prefix(preimage.expose()),
        } }),
        NodeChange::Payment { payment_hash, state } => json!({ "PutPaymentSession": {
            "payment_hash": hash(*payment_hash),
            "payment_session": session(shared, *payment_hash, state),
        } }),
    }
}

/// A session in the form of fnn's own store, where numbers are numbers.
fn session(shared: &Shared, payment_hash: PaymentHash, state: &PaymentState) -> Value {
    let session = shared.node.session(payment_hash).ok().flatten();
    let encoded = session.as_ref().and_then(|session| session.encoded.as_deref());
    let payee = encoded.and_then(|encoded| describe_invoice(encoded).ok()).and_then(|invoice| {
        let attributes = invoice.pointer("/data/attrs")?.as_array()?.clone();
        attributes.into_iter().find_map(|attribute| attribute.get("payee_public_key").cloned())
    });
    let amount = session.as_ref().map_or(0, |session| session.amount.units());
    let time = session.as_ref().map(|session| session.created_at.as_millis());
    let (status, reason) = payments::status(state, "Created");
    json!({
        "request": {
            "target_pubkey": payee,
            "amount": u64::try_from(amount).unwrap_or(u64::MAX),
            "payment_hash": hash(payment_hash),
            "invoice": encoded,
            "final_tlc_expiry_delta": 9_600_000,
            "tlc_expiry_limit": 1_209_600_000,
            "timeout": null,
            "max_fee_amount": null,
            "max_parts": null,
            "keysend": false,
            "udt_type_script": null,
            "preimage": null,
            "custom_records": null,
            "allow_self_payment": false,
            "hop_hints": [],
            "router": [],
            "allow_mpp": false,
            "dry_run": false,
            "trampoline_hops": null,
            "trampoline_context": null,
        },
        "last_error": reason,
        "last_error_code": reason,
        "try_limit": 5,
        "status": status,
        "created_at": time,
        "last_updated_at": time,
    })
}
