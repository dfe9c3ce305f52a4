//! The body of every refused request.

use serde::{Deserialize, Serialize};

/// Why a request was refused: a closed set of kinds for programs, a sentence for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiError {
    /// Which kind of error.
    #[serde(rename = "type")]
    pub kind: ErrorKind,
    /// What is wrong and what to do about it.
    pub message: String,
}

/// The closed list of error kinds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ErrorKind {
    /// The request does not follow the rules.
    InvalidRequest,
    /// The enrolment token is unknown, used or expired; which of them is not told.
    InvalidToken,
    /// The certificate is revoked, too old or not the newest of its agent.
    InvalidCertificate,
    /// Another agent holds this subaccount and location ID.
    LocationTaken,
    /// What is asked for does not fit how things stand.
    IllegalState,
    /// The gateway cannot answer now; try again.
    Unavailable,
    /// No such path.
    NotFound,
}
