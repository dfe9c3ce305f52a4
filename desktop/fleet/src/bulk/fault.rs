//! What goes wrong with one agent.

use http::StatusCode;
use serde::{Deserialize, Serialize};
use underpass_shared::config::Invalid;

use crate::FleetError;
use crate::error::clean;

/// What kind of thing went wrong, for programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum FaultKind {
    /// The agent cannot be reached; nothing was done.
    Unreachable,
    /// Its configuration was changed since the plan; nothing was done.
    Raced,
    /// Changes of somebody wait for their confirmation there; nothing was done.
    OnTrial,
    /// Its configuration would break a rule; nothing was done.
    Invalid,
    /// This user may not do it there; nothing was done.
    Forbidden,
    /// It refuses for another reason; nothing was done.
    Refused,
    /// The connection broke meanwhile: nobody knows whether it was done.
    Lost,
    /// It was done, and tunnels did not come up again.
    Unwell,
    /// It was done and taken back.
    TakenBack,
}

/// What went wrong with one agent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Fault {
    /// What kind of thing.
    pub kind: FaultKind,
    /// What, for people.
    pub message: String,
    /// The field that is wrong, where it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
}

impl Fault {
    pub(crate) fn new(kind: FaultKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            field: None,
        }
    }
}

impl From<Invalid> for Fault {
    fn from(Invalid { field, rule }: Invalid) -> Self {
        Self {
            kind: FaultKind::Invalid,
            message: clean(&rule),
            field: Some(clean(&field)),
        }
    }
}

impl From<&FleetError> for Fault {
    fn from(error: &FleetError) -> Self {
        let FleetError::Refused { status, body } = error else {
            let kind = if is_certain(error) {
                FaultKind::Unreachable
            } else {
                FaultKind::Lost
            };
            return Self::new(kind, error.reason());
        };
        let kind = match *status {
            StatusCode::PRECONDITION_FAILED => FaultKind::Raced,
            StatusCode::FORBIDDEN => FaultKind::Forbidden,
            StatusCode::BAD_REQUEST => FaultKind::Invalid,
            StatusCode::CONFLICT => FaultKind::OnTrial,
            status if status.is_server_error() => FaultKind::Lost,
            _ => FaultKind::Refused,
        };
        Self {
            kind,
            message: clean(&body.message),
            field: body.field.as_deref().map(clean),
        }
    }
}

/// Whether nothing was done for sure where a call ended so.
pub(super) fn is_certain(error: &FleetError) -> bool {
    match error {
        FleetError::Refused { status, .. } => !status.is_server_error(),
        FleetError::Unreachable { .. }
        | FleetError::Handshake { .. }
        | FleetError::Unknown
        | FleetError::OtherAgent(_)
        | FleetError::OtherKey
        | FleetError::OtherIssuer(_)
        | FleetError::Locked
        | FleetError::NoKey(_)
        | FleetError::Imposter
        | FleetError::Pki(_)
        | FleetError::Tls(_)
        | FleetError::Request(_) => true,
        FleetError::Late { .. }
        | FleetError::Broken(_)
        | FleetError::Answer(_)
        | FleetError::Silent
        | FleetError::File(_)
        | FleetError::NoText
        | FleetError::NoRevision
        | FleetError::Document(_)
        | FleetError::EventTooLarge
        | FleetError::TooLarge => false,
    }
}
