//! What administrators are told went wrong. Causes stay in the log.

use crate::rpc::Chain;
use crate::rpc::params::Issues;
use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use fiber_link_core::{
    AdministratorError, ChangeError, CreateAppError, Denied, GrantError, LogInError, PasswordError,
    ReadError, ReleaseError, ReviewError, StoreError,
};
use serde_json::{Value, json};
use std::time::Duration;

/// An answer that is no success.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum ApiError {
    /// Fields are wrong.
    Invalid(Issues),
    /// Nobody who is known asks.
    Unauthenticated(&'static str),
    /// The request did not come from a page of the session.
    NotFromThePage,
    /// He may not.
    Forbidden(String),
    /// It is not there, or he may not know that it is.
    NotFound(String),
    /// It is in another state than the request supposes.
    Conflict(String),
    /// The body is too large, or none that is read here.
    Body(StatusCode, &'static str),
    /// Too much at once.
    TooMany(String, Duration),
    /// Our fault.
    Internal,
}

impl ApiError {
    const fn parts(&self) -> (StatusCode, &'static str) {
        match self {
            Self::Invalid(_) => (StatusCode::BAD_REQUEST, "INVALID"),
            Self::Unauthenticated(_) => (StatusCode::UNAUTHORIZED, "UNAUTHENTICATED"),
            Self::NotFromThePage => (StatusCode::FORBIDDEN, "CSRF"),
            Self::Forbidden(_) => (StatusCode::FORBIDDEN, "FORBIDDEN"),
            Self::NotFound(_) => (StatusCode::NOT_FOUND, "NOT_FOUND"),
            Self::Conflict(_) => (StatusCode::CONFLICT, "CONFLICT"),
            Self::Body(status, _) => (*status, "BODY"),
            Self::TooMany(..) => (StatusCode::TOO_MANY_REQUESTS, "TOO_MANY"),
            Self::Internal => (StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL"),
        }
    }

    /// Its name.
    pub(super) const fn code(&self) -> &'static str {
        self.parts().1
    }

    fn message(&self) -> &str {
        match self {
            Self::Invalid(_) => "fields of the request are wrong",
            Self::Unauthenticated(message) | Self::Body(_, message) => message,
            Self::NotFromThePage => "the x-csrf-token of your session is missing or wrong",
            Self::Forbidden(message)
            | Self::NotFound(message)
            | Self::Conflict(message)
            | Self::TooMany(message, _) => message,
            Self::Internal => "something went wrong here; the log says what",
        }
    }

    /// Our fault. The cause goes to the log.
    pub(super) fn internal(cause: &(dyn std::error::Error + 'static)) -> Self {
        tracing::error!(cause = %Chain(cause), "a request of an administrator failed");
        Self::Internal
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let (status, code) = self.parts();
        let mut error = json!({ "code": code, "message": self.message() });
        if let (Self::Invalid(issues), Value::Object(error)) = (&self, &mut error) {
            error.insert("issues".to_owned(), json!(issues));
        }
        let mut response = (status, Json(json!({ "error": error }))).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Self::TooMany(_, wait) = self {
            headers.insert(header::RETRY_AFTER, wait.as_secs().max(1).into());
        }
        response
    }
}

pub(super) async fn no_such_route() -> ApiError {
    ApiError::NotFound("there is nothing here".to_owned())
}

pub(super) async fn no_such_method() -> ApiError {
    ApiError::Body(StatusCode::METHOD_NOT_ALLOWED, "this is asked by GET or by POST, and not so")
}

impl From<Issues> for ApiError {
    fn from(issues: Issues) -> Self {
        Self::Invalid(issues)
    }
}

impl From<Denied> for ApiError {
    fn from(denied: Denied) -> Self {
        match denied {
            Denied::NotAllowed(_) | Denied::NoPerson(_) => Self::Forbidden(denied.to_string()),
            Denied::Hidden => Self::NotFound(denied.to_string()),
        }
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        Self::internal(&error)
    }
}

impl From<ReadError> for ApiError {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Denied(denied) => denied.into(),
            ReadError::WhichApp => Issues::one("appId", error.to_string()).into(),
            ReadError::Store(error) => error.into(),
        }
    }
}

impl From<ChangeError> for ApiError {
    fn from(error: ChangeError) -> Self {
        match error {
            ChangeError::Denied(denied) => denied.into(),
            // In the words of an app that may not be seen: which it is, is not to be told apart.
            ChangeError::NoSuchApp(_) => Denied::Hidden.into(),
            ChangeError::Secrets(_) | ChangeError::NoHub | ChangeError::TooManyPausedUsers(_) => {
                Self::Conflict(error.to_string())
            }
            ChangeError::Policy(wrong) => Issues::one("policy", wrong.to_string()).into(),
            ChangeError::NoRandomness(_)
            | ChangeError::OtherKeys(_)
            | ChangeError::Sealed { .. }
            | ChangeError::Store(_) => Self::internal(&error),
        }
    }
}

impl From<ReviewError> for ApiError {
    fn from(error: ReviewError) -> Self {
        match error {
            ReviewError::Denied(denied) => denied.into(),
            ReviewError::NoSuchWithdrawal(_) => Self::NotFound("there is no such withdrawal".to_owned()),
            ReviewError::NotAwaiting { .. } | ReviewError::Verdict(_) => Self::Conflict(error.to_string()),
            ReviewError::Store(_) => Self::internal(&error),
        }
    }
}

impl From<ReleaseError> for ApiError {
    fn from(error: ReleaseError) -> Self {
        match error {
            ReleaseError::Denied(denied) => denied.into(),
            ReleaseError::NoSuchWithdrawal(_) => Self::NotFound("there is no such withdrawal".to_owned()),
            ReleaseError::NotToBeReleased(reason) => Self::Conflict(reason.to_string()),
            ReleaseError::NotProcessing { .. }
            | ReleaseError::OtherNode(_)
            | ReleaseError::Node(_)
            | ReleaseError::Verdict(_) => Self::Conflict(error.to_string()),
            ReleaseError::Store(_) => Self::internal(&error),
        }
    }
}

impl From<CreateAppError> for ApiError {
    fn from(error: CreateAppError) -> Self {
        match error {
            CreateAppError::Denied(denied) => denied.into(),
            CreateAppError::Exists(_) => Self::Conflict(error.to_string()),
            CreateAppError::NoRandomness(_) | CreateAppError::OtherKeys(_) | CreateAppError::Store(_) => {
                Self::internal(&error)
            }
        }
    }
}

impl From<AdministratorError> for ApiError {
    fn from(error: AdministratorError) -> Self {
        match error {
            AdministratorError::Denied(denied) => denied.into(),
            AdministratorError::NoSuchAdministrator(_) | AdministratorError::NoSuchToken(_) => {
                Self::NotFound(error.to_string())
            }
            AdministratorError::NoSuchApp(_) => Issues::one("appId", "there is no such app").into(),
            AdministratorError::TokenLasts => Issues::one("days", error.to_string()).into(),
            AdministratorError::Exists(_)
            | AdministratorError::TooManyAdministrators
            | AdministratorError::TooManyGrants(_)
            | AdministratorError::NoSuchGrant(..)
            | AdministratorError::TooManyTokens
            | AdministratorError::Wrong(_) => Self::Conflict(error.to_string()),
            AdministratorError::NoRandomness(_)
            | AdministratorError::Sealed(_)
            | AdministratorError::Store(_) => Self::internal(&error),
        }
    }
}

impl From<LogInError> for ApiError {
    fn from(error: LogInError) -> Self {
        match error {
            LogInError::Wrong => Self::Unauthenticated("e-mail address, password or code is wrong"),
            LogInError::CodeNeeded => Self::Unauthenticated(
                "a code is needed: the six digits that your app for codes shows now, as `code`",
            ),
            LogInError::TooMany(too_many) => Self::TooMany(too_many.to_string(), too_many.wait),
            LogInError::NoRandomness(_) | LogInError::Sealed(_) | LogInError::Store(_) => {
                Self::internal(&error)
            }
        }
    }
}

impl From<PasswordError> for ApiError {
    fn from(error: PasswordError) -> Self {
        match error {
            PasswordError::TooShort(_) | PasswordError::TooLong(_) => {
                Issues::one("newPassword", error.to_string()).into()
            }
            PasswordError::Unhashed => Self::internal(&error),
        }
    }
}

impl From<GrantError> for ApiError {
    fn from(error: GrantError) -> Self {
        Issues::one("appId", error.to_string()).into()
    }
}
