//! The stub over HTTP: fnn's protocol with what goes wrong on purpose.

use super::Shared;
use super::envelope::{self, Answer, Entry, Message, RpcError};
use super::faults::{Fault, PlannedFault};
use super::methods;
use super::subscription;
use super::tokens::Bearer;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, UPGRADE};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use futures_util::{StreamExt, stream};
use serde_json::Value;
use std::future::{pending, ready};
use std::io;
use std::sync::Arc;
use std::time::Duration;

/// A longer body cuts the connection.
const LONGEST_BODY: usize = 10 * 1024 * 1024;

/// Marks a response that is never sent: the connection is cut in its place.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cut;

/// Marks a response that is never sent: the connection stays silent in its place.
#[derive(Clone, Copy, Debug)]
struct Silence;

/// Answers any path.
pub(super) async fn serve(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let (mut head, body) = request.into_parts();
    if head.method == Method::GET && head.headers.contains_key(UPGRADE) {
        return subscription::upgrade(shared, &mut head).await;
    }
    if head.method != Method::POST {
        let what = "Used HTTP Method is not allowed. POST is required\n";
        return (StatusCode::METHOD_NOT_ALLOWED, what).into_response();
    }
    if !is_json(&head.headers) {
        let what = "Supplied content type is not allowed. Content-Type: application/json is required\n";
        return (StatusCode::UNSUPPORTED_MEDIA_TYPE, what).into_response();
    }
    let Ok(body) = axum::body::to_bytes(body, LONGEST_BODY).await else { return cut() };
    let authorization = authorization(&head.headers).map(str::to_owned);
    // A late request is done although whoever asked may be gone by then.
    let work = tokio::spawn(async move {
        let bearer = Bearer::of(&shared.tokens, authorization.as_deref());
        serve_body(&shared, bearer, &body).await
    });
    let Ok(response) = work.await else { return cut() };
    if response.extensions().get::<Silence>().is_some() { pending().await } else { response }
}

/// The value of the header that is needed for [`Bearer::of`].
pub(super) fn authorization(headers: &HeaderMap) -> Option<&str> {
    headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok())
}

fn is_json(headers: &HeaderMap) -> bool {
    let given = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    ["application/json", "application/json; charset=utf-8", "application/json;charset=utf-8"]
        .iter()
        .any(|allowed| given.eq_ignore_ascii_case(allowed))
}

async fn serve_body(shared: &Shared, bearer: Bearer<'_>, body: &[u8]) -> Response {
    let (entries, batch) = match envelope::read(body) {
        Message::NoJson => {
            let answer = Answer::without_id(RpcError::parse_error());
            return write(StatusCode::BAD_REQUEST, &answer);
        }
        Message::Single(entry) => (vec![entry], false),
        Message::Batch(entries) => (entries, true),
    };
    let called: Vec<&'static str> = entries.iter().map(name).collect();
    shared.calls.count(batch, called.iter().map(|method| (*method, bearer.rights())));
    let fault = shared.faults.take(batch, &called);
    if let Some(response) = before(shared, fault.as_ref()).await {
        return response;
    }
    let Some(mut answers) = answer_all(shared, bearer, entries).await else { return cut() };
    if let Some(planned) = &fault {
        spoil(planned.fault, &mut answers);
    }
    let response = match answers.as_slice() {
        [answer] if !batch => write(StatusCode::OK, answer),
        answers => write(StatusCode::OK, &answers),
    };
    match fault {
        Some(fault) => after(shared, &fault, response).await,
        None => response,
    }
}

/// The method that is called, if fnn has it.
fn name(entry: &Entry) -> &'static str {
    match entry {
        Entry::Call(call) => methods::find(&call.method).map_or("unknown", |method| method.name),
        Entry::Refused(_) => "invalid",
    }
}

/// What happens instead of doing what was asked.
async fn before(shared: &Shared, fault: Option<&PlannedFault>) -> Option<Response> {
    let planned = fault?;
    match planned.fault {
        Fault::DelayRequest if outlasts(shared, planned.delay()).await => None,
        Fault::DelayRequest | Fault::DropRequest => Some(cut()),
        Fault::HangRequest => Some(unsent(Silence)),
        Fault::FailRequest => Some(StatusCode::INTERNAL_SERVER_ERROR.into_response()),
        Fault::RefuseBatch => {
            Some(write(StatusCode::OK, &Answer::without_id(RpcError::batches_not_supported())))
        }
        Fault::DelayAnswer
        | Fault::DropAnswer
        | Fault::HangAnswer
        | Fault::FailAnswer
        | Fault::CutAnswer
        | Fault::WrongId
        | Fault::ReorderBatch
        | Fault::ShortenBatch => None,
    }
}

/// What is wrong with the answers.
fn spoil(fault: Fault, answers: &mut Vec<Answer>) {
    match fault {
        Fault::WrongId => answers.iter_mut().for_each(|answer| answer.id = Value::from("nobody's")),
        Fault::ReorderBatch => answers.reverse(),
        Fault::ShortenBatch => drop(answers.pop()),
        Fault::DelayRequest
        | Fault::DelayAnswer
        | Fault::DropRequest
        | Fault::DropAnswer
        | Fault::HangRequest
        | Fault::HangAnswer
        | Fault::FailRequest
        | Fault::FailAnswer
        | Fault::CutAnswer
        | Fault::RefuseBatch => {}
    }
}

/// What becomes of the answer to what was done.
async fn after(shared: &Shared, planned: &PlannedFault, response: Response) -> Response {
    match planned.fault {
        Fault::DelayAnswer if outlasts(shared, planned.delay()).await => response,
        Fault::DelayAnswer | Fault::DropAnswer => cut(),
        Fault::HangAnswer => unsent(Silence),
        Fault::FailAnswer => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        Fault::CutAnswer => cut_in_half(response).await,
        Fault::DelayRequest
        | Fault::DropRequest
        | Fault::HangRequest
        | Fault::FailRequest
        | Fault::WrongId
        | Fault::ReorderBatch
        | Fault::ShortenBatch
        | Fault::RefuseBatch => response,
    }
}

/// All answers in the order of the calls; `None` if the node says nothing to one of them.
async fn answer_all(shared: &Shared, bearer: Bearer<'_>, entries: Vec<Entry>) -> Option<Vec<Answer>> {
    let mut answers = Vec::with_capacity(entries.len());
    for entry in entries {
        answers.push(match entry {
            Entry::Call(call) => methods::answer(shared, bearer, call).await?,
            Entry::Refused(answer) => answer,
        });
    }
    Some(answers)
}

fn write(status: StatusCode, answer: &impl serde::Serialize) -> Response {
    match serde_json::to_vec(answer) {
        Ok(body) => {
            let json = HeaderValue::from_static("application/json; charset=utf-8");
            (status, [(CONTENT_TYPE, json)], body).into_response()
        }
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// Whether the node lives through `delay` without a restart.
async fn outlasts(shared: &Shared, delay: Duration) -> bool {
    let mut restarts = shared.restarts();
    tokio::select! {
        () = tokio::time::sleep(delay) => true,
        _ = restarts.changed() => false,
    }
}

fn cut() -> Response {
    unsent(Cut)
}

fn unsent<M: Clone + Send + Sync + 'static>(mark: M) -> Response {
    let mut response = StatusCode::INTERNAL_SERVER_ERROR.into_response();
    response.extensions_mut().insert(mark);
    response
}

/// Announces the whole body, sends half of it, and breaks off.
async fn cut_in_half(response: Response) -> Response {
    let (mut head, body) = response.into_parts();
    let whole = axum::body::to_bytes(body, usize::MAX).await.unwrap_or_default();
    head.headers.insert(CONTENT_LENGTH, HeaderValue::from(whole.len()));
    let half = whole.slice(..whole.len() / 2);
    let broken = async {
        // Lets the first half out.
        tokio::task::yield_now().await;
        Err::<Bytes, _>(io::Error::other("cut on purpose"))
    };
    let body = stream::once(ready(Ok(half))).chain(stream::once(broken));
    Response::from_parts(head, Body::from_stream(body))
}
