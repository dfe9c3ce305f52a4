//! What agents ask of a gateway when one hands an enrolment over to another: requests on a control
//! connection, whose client certificate says who asks.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::management::HandoverMode;
use crate::id::{HandoverId, InstanceId, LocationId, SubaccountId};

/// Path of [`Vouch`]; the answer is [`VouchedFor`].
pub const VOUCH: &str = "/handover/vouch";
/// Path of [`Named`], by the target: new requests shall go to it. The answer is [`Standing`].
pub const READY: &str = "/handover/ready";
/// Path of [`Named`], by the source: it is over, the target has the enrolment.
pub const COMPLETE: &str = "/handover/complete";
/// Path of [`Named`], by either: all shall be as before.
pub const ABORT: &str = "/handover/abort";
/// Path of [`Named`], by either: how it stands.
pub const STANDING: &str = "/handover/standing";
/// Path of [`Presence`]; the answer is [`Present`].
pub const PRESENCE: &str = "/presence";

/// The source's word for a key of the target.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Vouch {
    /// The handover.
    pub handover: HandoverId,
    /// What becomes of the enrolment of the source.
    pub mode: HandoverMode,
    /// The subaccount of the source's enrolment; nobody can vouch for that of another.
    pub subaccount: SubaccountId,
    /// The location ID of the source's enrolment.
    pub location_id: LocationId,
    /// The location ID of a copy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new_location_id: Option<LocationId>,
    /// PKCS#10 request of the target as PEM. Only its key is used.
    pub csr: String,
    /// For how long the handover is open, in seconds.
    pub valid_sec: u32,
}

/// What the target gets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VouchedFor {
    /// The subaccount.
    pub subaccount: SubaccountId,
    /// Its display name.
    pub subaccount_name: String,
    /// The location ID of the target.
    pub location_id: LocationId,
    /// The target, as in the certificate.
    pub instance: InstanceId,
    /// The client certificate as PEM.
    pub certificate: String,
    /// The gateway's CA certificates as PEM.
    pub ca_bundle: String,
    /// Until when the handover is open, milliseconds UTC.
    pub until_ms: i64,
}

/// Names a handover in which the asking agent takes part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Named {
    /// The handover.
    pub handover: HandoverId,
}

/// How far a handover is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Phase {
    /// The target may connect and carries nothing.
    Offered,
    /// The target carries while it is there, else the source.
    Ready,
    /// The target has the enrolment.
    Completed,
    /// All is as before.
    Aborted,
}

impl Phase {
    /// Whether it can still go both ways.
    pub const fn is_open(self) -> bool {
        match self {
            Self::Offered | Self::Ready => true,
            Self::Completed | Self::Aborted => false,
        }
    }
}

/// How a handover stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Standing {
    /// The handover.
    pub handover: HandoverId,
    /// How far it is.
    pub phase: Phase,
    /// Until when it is open, milliseconds UTC.
    pub until_ms: i64,
}

/// Asks whether the agent of the client certificate has tunnels elsewhere.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Presence {
    /// The asking process, whose own tunnels do not count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub process: Option<Uuid>,
}

/// Whether it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Present {
    /// Another process of the same instance has a tunnel here.
    pub elsewhere: bool,
}
