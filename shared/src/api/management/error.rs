//! The body of every refused request of the management API.

use std::time::Duration;

use http::StatusCode;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::config::Invalid;
use crate::rights::Forbidden;

/// SAP's closed list of error types.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ErrorType {
    /// The request itself is wrong.
    InvalidRequest,
    /// The request is right, but not in the present state.
    IllegalState,
    /// There is no such thing.
    NotFound,
    /// The configuration that would result breaks a rule.
    InvalidConfiguration,
    /// Something that the request needs failed.
    RuntimeFailure,
    /// The shadow of a pair takes no changes.
    ShadowUpdate,
    /// The caller may not do this.
    ForbiddenRequest,
}

/// Why a request was refused: a type for programs, a sentence for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ErrorBody {
    /// Which type of error.
    #[serde(rename = "type")]
    pub kind: ErrorType,
    /// What is wrong, and what to do about it.
    pub message: String,
    /// The field that is wrong, where it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
}

/// A refused request: the status and its body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The status of the answer.
    pub status: StatusCode,
    /// The body of the answer.
    pub body: ErrorBody,
    /// After how many seconds it may be otherwise, where that is known: the `Retry-After`.
    pub retry_after: Option<u64>,
}

impl Refusal {
    /// A refusal that concerns no single field.
    pub fn new(status: StatusCode, kind: ErrorType, message: impl Into<String>) -> Self {
        let body = ErrorBody {
            kind,
            message: message.into(),
            field: None,
        };
        Self {
            status,
            body,
            retry_after: None,
        }
    }

    /// Too much at once; it may be tried again after a time, which the message tells too.
    pub fn later(kind: ErrorType, message: &str, wait: Duration) -> Self {
        // Never too early.
        let seconds = wait.as_secs() + 1;
        let message = format!("{message}; come again in {seconds} s");
        Self {
            retry_after: Some(seconds),
            ..Self::new(StatusCode::TOO_MANY_REQUESTS, kind, message)
        }
    }

    /// A field of the request breaks a rule.
    pub fn invalid(field: impl Into<String>, message: impl Into<String>) -> Self {
        let refusal = Self::new(
            StatusCode::BAD_REQUEST,
            ErrorType::InvalidRequest,
            message.into(),
        );
        refusal.at(field)
    }

    /// The caller may not do this.
    pub fn forbidden(message: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, ErrorType::ForbiddenRequest, message)
    }

    /// There is no such thing.
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, ErrorType::NotFound, message)
    }

    /// The history has no such revision.
    pub fn no_revision(number: u64) -> Self {
        Self::not_found(format!("the history has no revision {number}"))
    }

    /// Not in the present state.
    pub fn illegal_state(message: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, ErrorType::IllegalState, message)
    }

    /// It is documented, but this agent cannot do it.
    pub fn not_implemented(message: impl Into<String>) -> Self {
        let (status, kind) = (StatusCode::NOT_IMPLEMENTED, ErrorType::IllegalState);
        Self::new(status, kind, message)
    }

    /// Something that the request needs failed.
    pub fn failure(message: impl Into<String>) -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            ErrorType::RuntimeFailure,
            message,
        )
    }

    /// This version does not offer it.
    pub fn not_offered(message: impl Into<String>) -> Self {
        let (status, kind) = (StatusCode::NOT_IMPLEMENTED, ErrorType::RuntimeFailure);
        Self::new(status, kind, message)
    }

    /// It was once there, in other products, and will not be.
    pub fn gone(message: impl Into<String>) -> Self {
        Self::new(StatusCode::GONE, ErrorType::NotFound, message)
    }

    /// Names the field. `.` and `?` are how the whole, and a place that is not known, are called.
    #[must_use]
    pub fn at(mut self, field: impl Into<String>) -> Self {
        let field = field.into();
        self.body.field = (!matches!(field.as_str(), "" | "." | "?")).then_some(field);
        self
    }
}

impl From<Forbidden> for Refusal {
    fn from(forbidden: Forbidden) -> Self {
        Self::forbidden(forbidden.to_string()).at(forbidden.place)
    }
}

impl From<Invalid> for Refusal {
    fn from(invalid: Invalid) -> Self {
        let Invalid { field, rule } = invalid;
        let refusal = Self::new(
            StatusCode::BAD_REQUEST,
            ErrorType::InvalidConfiguration,
            rule,
        );
        refusal.at(field)
    }
}
