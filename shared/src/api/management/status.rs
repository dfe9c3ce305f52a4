//! What a running agent tells of itself.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::id::{InstanceId, LocationId, RegionHost, SubaccountId};
use crate::pki::expiry::Expiry;

/// The state of one tunnel connection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", tag = "state", content = "reason")]
pub enum Connection {
    /// Being dialled.
    Connecting,
    /// Requests can come.
    Up,
    /// Down, with the reason; it is tried again.
    Failed(String),
}

/// One enrolment and its connections.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LinkStatus {
    /// The gateway.
    pub region_host: RegionHost,
    /// The tenant.
    pub subaccount: SubaccountId,
    /// The location ID.
    pub location_id: LocationId,
    /// The enrolled instance.
    pub instance: InstanceId,
    /// Since when at least one connection is up, milliseconds UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connected_since_ms: Option<i64>,
    /// Its tunnel connections.
    pub connections: Vec<Connection>,
}

/// Where the management API is reached.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ManagementStatus {
    /// The addresses that it listens on.
    #[schemars(with = "Vec<String>")]
    pub listening: Vec<SocketAddr>,
    /// The addresses that it cannot listen on, with the reason and the remedy; they are tried again.
    #[schemars(with = "BTreeMap<String, String>")]
    pub problems: BTreeMap<SocketAddr, String>,
}

/// The whole status.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Status {
    /// The agent's process.
    pub pid: u32,
    /// The agent's version.
    pub version: String,
    /// When this was told, milliseconds UTC.
    pub time_ms: i64,
    /// Number of the configuration's revision.
    pub revision: u64,
    /// What keeps the agent from letting any request through, if something does.
    pub problem: Option<String>,
    /// What of the configuration weakens security.
    #[serde(default)]
    pub warnings: Vec<String>,
    /// Certificates that end soon or are expired.
    #[serde(default)]
    pub expiring: Vec<Expiry>,
    /// Where the management API is reached.
    #[serde(default)]
    pub management: ManagementStatus,
    /// The enrolments that shall be connected.
    pub links: Vec<LinkStatus>,
}
