//! What somebody should look at because a restore brings it to another place or time.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Adaptations that are told one by one; the others are counted.
pub const ADAPTATIONS_MAX: usize = 1_000;

/// What kind of thing is to be looked at.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "camelCase")]
pub enum AdaptationKind {
    /// The name of an internal host does not resolve here.
    HostUnresolved,
    /// A local port of a service channel is taken here.
    PortTaken,
    /// A gateway cannot be reached from here.
    GatewayUnreachable,
    /// Another process holds tunnels by the same enrolment.
    InUseElsewhere,
    /// A gateway does not take an enrolment any more.
    EnrolmentRefused,
    /// A certificate has ended.
    CertificateExpired,
    /// A certificate ends soon.
    CertificateExpiring,
    /// A subaccount comes without an enrolment.
    NotEnrolled,
    /// The enrolment of this host is newer and stays.
    EnrolmentKept,
    /// A gateway is reached by another name.
    RegionChanged,
    /// A password or key is in neither place.
    SecretMissing,
    /// It belongs to the host and is left as it is here.
    MachineBound,
    /// It has no place here.
    LeftOut,
    /// Somebody may manage this agent who may not now.
    OperatorReturns,
    /// Certificates of operators do not work with the identity that the agent will have.
    OperatorCertificates,
    /// The agent becomes another one for those who manage it.
    IdentityChanges,
    /// There was too much to find out.
    NotChecked,
}

/// One thing that somebody should look at.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Adaptation {
    /// What kind of thing.
    pub kind: AdaptationKind,
    /// Where in the document.
    pub place: String,
    /// What about it.
    pub text: String,
    /// What to do.
    pub remedy: String,
}

impl Adaptation {
    pub(super) fn new(
        kind: AdaptationKind,
        place: impl Into<String>,
        text: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self {
            kind,
            place: place.into(),
            text: text.into(),
            remedy: remedy.into(),
        }
    }
}
