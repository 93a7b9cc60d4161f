//! What the demo's pages are told went wrong. Causes stay in the log.

use crate::rpc::Chain;
use axum::Json;
use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::extract::{FromRequest, FromRequestParts, Query, Request};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use fiber_link_core::StoreError;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::error::Error;

/// An answer that says what is wrong, and with which field.
#[derive(Debug)]
pub(super) struct Refusal {
    status: StatusCode,
    field: Option<&'static str>,
    message: String,
}

#[derive(Serialize)]
struct Told {
    field: Option<&'static str>,
    message: String,
}

/// [`Json`] that refuses as the demo does.
pub(super) struct Body<T>(pub(super) T);

/// [`Query`] that refuses as the demo does.
pub(super) struct Asked<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, state: &S) -> Result<Self, Refusal> {
        let Json(body) = Json::from_request(request, state).await?;
        Ok(Self(body))
    }
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Asked<T> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        let Query(asked) = Query::from_request_parts(parts, state).await?;
        Ok(Self(asked))
    }
}

impl Refusal {
    pub(super) fn new(status: StatusCode, message: impl ToString) -> Self {
        Self { status, field: None, message: message.to_string() }
    }

    pub(super) fn field(field: &'static str, message: impl ToString) -> Self {
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        Self { status, field: Some(field), message: message.to_string() }
    }

    /// The node does not answer, or answers no.
    pub(super) fn node(error: &(dyn Error + 'static)) -> Self {
        tracing::warn!(cause = %Chain(error), "a request was not served");
        Self::new(StatusCode::SERVICE_UNAVAILABLE, error)
    }

    /// Our fault.
    pub(super) fn internal(cause: &(dyn Error + 'static)) -> Self {
        tracing::error!(cause = %Chain(cause), "a request failed");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "Internal error")
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        Self::internal(&error)
    }
}

impl From<JsonRejection> for Refusal {
    fn from(rejection: JsonRejection) -> Self {
        Self::new(rejection.status(), rejection.body_text())
    }
}

impl From<QueryRejection> for Refusal {
    fn from(rejection: QueryRejection) -> Self {
        Self::new(rejection.status(), rejection.body_text())
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        (self.status, Json(Told { field: self.field, message: self.message })).into_response()
    }
}
