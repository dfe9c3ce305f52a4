//! What a running agent tells of itself.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::change::PendingConfirm;
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
    /// The version of the gateway, as it said when a connection was last made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gateway_version: Option<String>,
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
    /// Whether it speaks TLS 1.2 too.
    #[serde(default)]
    pub tls12: bool,
    /// The addresses that it cannot listen on, with the reason and the remedy; they are tried again.
    #[schemars(with = "BTreeMap<String, String>")]
    pub problems: BTreeMap<SocketAddr, String>,
}

/// Whether an agent takes requests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum DrainState {
    /// It does.
    #[default]
    Active,
    /// It takes no new ones; those that run may finish.
    Draining,
    /// All tunnels are closed.
    Drained,
}

/// A drain that somebody asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Drain {
    /// Since when, milliseconds UTC.
    pub since_ms: i64,
    /// Who asked for it.
    pub author: String,
}

/// Whether an agent takes requests, and why not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DrainShown {
    /// Whether it does.
    pub state: DrainState,
    /// Since when not, and who asked for it.
    #[serde(flatten)]
    pub drain: Option<Drain>,
    /// Tunnel connections on which requests may still run.
    pub connections: usize,
}

impl DrainShown {
    /// What a drain has come to with so many connections.
    pub const fn of(drain: Option<Drain>, connections: usize) -> Self {
        let state = match (&drain, connections) {
            (None, _) => DrainState::Active,
            (Some(_), 0) => DrainState::Drained,
            (Some(_), _) => DrainState::Draining,
        };
        Self {
            state,
            drain,
            connections,
        }
    }
}

/// How the heartbeat for a monitor outside is doing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct HeartbeatStatus {
    /// When the last one arrived, milliseconds UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent_ms: Option<i64>,
    /// Why there was none the last time, if there was none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
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
    /// The drain that keeps the tunnels closed, if one does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drain: Option<Drain>,
    /// Changes that are taken back unless somebody confirms them, if there are any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trial: Option<PendingConfirm>,
    /// The heartbeat for a monitor outside, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heartbeat: Option<HeartbeatStatus>,
    /// Why what is measured is not kept, or what was lost of it since the start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub history_problem: Option<String>,
    /// The enrolments that shall be connected.
    pub links: Vec<LinkStatus>,
}
