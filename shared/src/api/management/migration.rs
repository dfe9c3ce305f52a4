//! Handing enrolments over from one agent to another, and looking whether the other can do the work.
//!
//! A handover has an id that whoever runs it chooses. Each call may be made again with the same id
//! after a lost answer, and does no more than the first one did.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::check::{ConnectionCheck, ConnectionCheckInput};
use super::lenient::Number;
use crate::config::{Protocol, SubaccountKey};
use crate::host::{InternalHost, Port};
use crate::id::{HandoverId, InstanceId, LocationId, RegionHost, SubaccountId};

/// Enrolments in one call; an agent has a few dozen at most.
pub const ENROLMENTS_MAX: usize = 256;
/// Systems and gateways in one look before a migration; more are asked for in further calls.
pub const PREFLIGHT_MAX: usize = 1_000;
/// Shortest and longest time, in seconds, that a handover stays open: who looks at the result
/// before the source lets go needs a working day at most.
pub const VALID_SEC: (u32, u32) = (10, 24 * 60 * 60);
/// How long a handover stays open unless told otherwise, in seconds.
pub const VALID_SEC_DEFAULT: u32 = 60 * 60;

/// What becomes of the enrolment of the source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum HandoverMode {
    /// The target takes its place: same subaccount, same location ID.
    Move,
    /// It stays, and the target serves the subaccount under another location ID.
    Copy,
}

/// An enrolment by what an agent knows it by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EnrolmentName {
    /// The gateway.
    pub region_host: RegionHost,
    /// The tenant.
    pub subaccount: SubaccountId,
    /// The location ID.
    #[serde(rename = "locationID", default)]
    pub location_id: LocationId,
}

impl From<&SubaccountKey> for EnrolmentName {
    fn from(key: &SubaccountKey) -> Self {
        Self {
            region_host: key.region_host.clone(),
            subaccount: key.subaccount,
            location_id: key.location_id.clone(),
        }
    }
}

impl From<EnrolmentName> for SubaccountKey {
    fn from(name: EnrolmentName) -> Self {
        Self {
            region_host: name.region_host,
            subaccount: name.subaccount,
            location_id: name.location_id,
        }
    }
}

/// Asks the target for signing requests.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CsrInput {
    /// The handover.
    pub handover: HandoverId,
    /// The enrolments that the target is to have, with the location IDs that they will have there.
    pub subaccounts: Vec<EnrolmentName>,
}

/// Signing requests of the target, whose keys stay there, sealed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CsrShown {
    /// The handover.
    pub handover: HandoverId,
    /// When the target forgets keys that nobody vouched for, milliseconds UTC.
    pub expires_time_stamp: i64,
    /// One for each enrolment, in the order in which they were asked for.
    pub requests: Vec<EnrolmentCsr>,
}

/// The signing request for one enrolment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct EnrolmentCsr {
    /// Which.
    #[serde(flatten)]
    pub name: EnrolmentShown,
    /// PKCS#10 request as PEM.
    pub csr: String,
}

/// [`EnrolmentName`] as it is shown, with more beside it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct EnrolmentShown {
    /// The gateway.
    pub region_host: RegionHost,
    /// The tenant.
    pub subaccount: SubaccountId,
    /// The location ID.
    #[serde(rename = "locationID")]
    pub location_id: LocationId,
}

impl From<&SubaccountKey> for EnrolmentShown {
    fn from(key: &SubaccountKey) -> Self {
        Self {
            region_host: key.region_host.clone(),
            subaccount: key.subaccount,
            location_id: key.location_id.clone(),
        }
    }
}

impl From<EnrolmentShown> for EnrolmentName {
    fn from(shown: EnrolmentShown) -> Self {
        Self {
            region_host: shown.region_host,
            subaccount: shown.subaccount,
            location_id: shown.location_id,
        }
    }
}

/// Asks the source to vouch for the target: all requests, or none.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct VouchInput {
    /// The handover.
    pub handover: HandoverId,
    /// What becomes of the enrolments of the source.
    pub mode: HandoverMode,
    /// For how long, in seconds: an hour unless told otherwise.
    #[serde(default)]
    pub valid_sec: Option<Number<{ VALID_SEC.0 }, { VALID_SEC.1 }>>,
    /// For whom.
    pub requests: Vec<VouchRequest>,
}

/// One enrolment of the source, and who is to have it or a copy of it.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct VouchRequest {
    /// The gateway.
    pub region_host: RegionHost,
    /// The tenant.
    pub subaccount: SubaccountId,
    /// The location ID that the source has.
    #[serde(rename = "locationID", default)]
    pub location_id: LocationId,
    /// The location ID that the target is to have; for copies alone, and needed there.
    #[serde(rename = "newLocationID", default)]
    pub new_location_id: Option<LocationId>,
    /// The target's signing request, PEM.
    pub csr: String,
}

/// What the gateways issued on the word of the source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Vouched {
    /// The handover.
    pub handover: HandoverId,
    /// What becomes of the enrolments of the source.
    pub mode: HandoverMode,
    /// One for each request, in their order.
    pub certificates: Vec<VouchedCertificate>,
}

/// The certificate for one enrolment of the target, as the source gives it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct VouchedCertificate {
    /// The gateway.
    pub region_host: RegionHost,
    /// The tenant.
    pub subaccount: SubaccountId,
    /// The location ID that the target has.
    #[serde(rename = "locationID")]
    pub location_id: LocationId,
    /// The tenant's display name at the gateway.
    pub subaccount_name: String,
    /// The target, as the gateway knows it.
    pub instance: InstanceId,
    /// The client certificate, PEM.
    pub certificate: String,
    /// The gateway's CA certificates, PEM.
    pub ca_bundle: String,
    /// Until when the handover is open, milliseconds UTC. What carries then, stays.
    pub until_time_stamp: i64,
}

/// [`VouchedCertificate`] as the target takes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CertificateGiven {
    /// The gateway.
    pub region_host: RegionHost,
    /// The tenant.
    pub subaccount: SubaccountId,
    /// The location ID that the target has.
    #[serde(rename = "locationID", default)]
    pub location_id: LocationId,
    /// The tenant's display name at the gateway.
    #[serde(default)]
    pub subaccount_name: String,
    /// The target, as the gateway knows it.
    pub instance: InstanceId,
    /// The client certificate, PEM.
    pub certificate: String,
    /// The gateway's CA certificates, PEM.
    pub ca_bundle: String,
    /// Until when the handover is open, milliseconds UTC.
    pub until_time_stamp: i64,
}

impl From<VouchedCertificate> for CertificateGiven {
    fn from(vouched: VouchedCertificate) -> Self {
        let VouchedCertificate {
            region_host,
            subaccount,
            location_id,
            subaccount_name,
            instance,
            certificate,
            ca_bundle,
            until_time_stamp,
        } = vouched;
        Self {
            region_host,
            subaccount,
            location_id,
            subaccount_name,
            instance,
            certificate,
            ca_bundle,
            until_time_stamp,
        }
    }
}

/// Gives the target what was issued: it stores it, connects, and carries nothing yet.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AcceptInput {
    /// The handover.
    pub handover: HandoverId,
    /// As the source said.
    pub mode: HandoverMode,
    /// As the source gave them.
    pub certificates: Vec<CertificateGiven>,
}

/// Names a handover, or some enrolments of it.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct HandoverInput {
    /// The handover.
    pub handover: HandoverId,
    /// These enrolments alone; all of the handover without them.
    #[serde(default)]
    pub subaccounts: Option<Vec<EnrolmentName>>,
}

/// How the source lets go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum ReleaseMode {
    /// Its tunnels end in order; until the handover ends it can take all back.
    #[default]
    Disable,
    /// The handover ends now, and the enrolments go with their mappings.
    Remove,
}

/// Has the source let go.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ReleaseInput {
    /// The handover.
    pub handover: HandoverId,
    /// These enrolments alone; all of the handover without them.
    #[serde(default)]
    pub subaccounts: Option<Vec<EnrolmentName>>,
    /// How.
    #[serde(default)]
    pub mode: ReleaseMode,
}

/// Which side of a handover this agent is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum HandoverSide {
    /// It hands over.
    Source,
    /// It takes over.
    Target,
}

/// How far an enrolment is on its way.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "camelCase")]
pub enum HandoverState {
    /// Target: it has a key, and no certificate yet.
    Requested,
    /// Target: it has a certificate, and no tunnel yet.
    Accepted,
    /// Target: its tunnel is up, and carries nothing yet.
    Waiting,
    /// Target: new requests come to it.
    Ready,
    /// Source: it vouched for the target.
    Vouched,
    /// Source: its tunnels have ended, and it could take all back.
    Released,
    /// It is over: the target has the enrolment.
    Completed,
    /// It was taken back.
    Aborted,
}

/// One enrolment of a handover.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct HandoverPart {
    /// Which, as this agent knows it.
    #[serde(flatten)]
    pub name: EnrolmentShown,
    /// How far it is.
    pub state: HandoverState,
    /// This agent's tunnel connections that are up for it.
    pub connections: usize,
    /// Until when it can be taken back, milliseconds UTC; without a certificate, when the key goes.
    pub until_time_stamp: i64,
    /// The target, as the gateway knows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_instance: Option<InstanceId>,
}

/// One handover that this agent takes part in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct HandoverShown {
    /// Its id.
    pub handover: HandoverId,
    /// Which side this agent is on.
    pub side: HandoverSide,
    /// What becomes of the enrolments of the source; not known before the target accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<HandoverMode>,
    /// Its enrolments.
    pub parts: Vec<HandoverPart>,
}

/// The handovers that this agent takes or took part in, the newest last.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct HandoverList {
    /// They.
    pub handovers: Vec<HandoverShown>,
}

/// Has an agent look, from where it stands, whether it reaches what it is to serve.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PreflightInput {
    /// Internal systems.
    #[serde(default)]
    pub systems: Vec<ConnectionCheckInput>,
    /// Gateways, which are reached through the agent's own proxy.
    #[serde(default)]
    pub gateways: Vec<RegionHost>,
    /// Other names of gateways that this agent serves: whether they are the same.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub renamed: Vec<RenamedGateway>,
}

/// Another name of a gateway.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RenamedGateway {
    /// The other name.
    pub region_host: RegionHost,
    /// The one by which this agent knows it.
    pub known_as: RegionHost,
}

/// What the agent saw.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PreflightShown {
    /// Internal systems, in the order in which they were asked for.
    pub systems: Vec<SystemPreflight>,
    /// Gateways, in the order in which they were asked for, other names after them.
    pub gateways: Vec<GatewayPreflight>,
}

/// The way to an internal system.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SystemPreflight {
    /// Where it is.
    pub local_host: InternalHost,
    /// Where it is.
    pub local_port: Port,
    /// What is spoken to it.
    pub protocol: Protocol,
    /// As far as the way leads.
    pub check: ConnectionCheck,
}

/// The way to a gateway.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct GatewayPreflight {
    /// Which.
    pub region_host: RegionHost,
    /// As far as the way leads.
    pub check: ConnectionCheck,
}
