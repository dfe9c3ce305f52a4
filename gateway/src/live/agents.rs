//! The agents that are enrolled, and the tunnels that they have.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use serde::{Deserialize, Serialize};
use underpass_shared::id::{InstanceId, LocationId, SubaccountId, TunnelKey};
use underpass_shared::protocol::internal::Standby;
use uuid::Uuid;

use super::Live;
use crate::presence::Presence;
use crate::tunnels::Tunnel;

/// All agents that are enrolled and not revoked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Agents {
    /// When the gateway started, milliseconds UTC.
    pub started_ms: i64,
    /// By subaccount and location ID.
    pub agents: Vec<Agent>,
}

/// Whether an agent is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum State {
    /// It has a tunnel.
    Connected,
    /// It has none.
    Absent,
}

/// One enrolled agent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Agent {
    /// The tenant that it serves.
    pub subaccount: SubaccountId,
    /// The tenant's display name.
    pub subaccount_name: String,
    /// The location ID that it serves.
    pub location_id: LocationId,
    /// Its instance.
    pub instance: InstanceId,
    /// Whether it is there.
    pub state: State,
    /// Since when it is or is not, milliseconds UTC; at most since the gateway started.
    pub since_ms: i64,
    /// When its newest certificate ends.
    pub certificate_not_after_ms: Option<i64>,
    /// Its version, while it is there.
    pub version: Option<String>,
    /// Requests that it has to answer.
    pub streams: usize,
    /// Its tunnel connections.
    pub connections: Vec<Connection>,
}

/// One tunnel connection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Connection {
    /// Where it comes from; behind a load balancer that is the balancer.
    pub address: Option<SocketAddr>,
    /// Since when it is up, milliseconds UTC.
    pub since_ms: i64,
    /// Requests that are on it.
    pub streams: usize,
    /// Requests that were on it since it came up.
    pub opened: u64,
    /// How long its last PING took there and back, microseconds.
    pub round_trip_us: Option<u64>,
    /// The process of the agent, if it tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub process: Option<Uuid>,
    /// Why no requests go to it, if none do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waits: Option<Standby>,
}

impl Connection {
    fn of(tunnel: &Tunnel, waits: Option<Standby>) -> Self {
        Self {
            process: tunnel.process,
            waits,
            address: tunnel.address,
            since_ms: tunnel.since_ms,
            streams: tunnel.caller.active(),
            opened: tunnel.caller.opened(),
            round_trip_us: tunnel
                .caller
                .round_trip()
                .map(|time| u64::try_from(time.as_micros()).unwrap_or(u64::MAX)),
        }
    }
}

impl Live {
    /// The agents as of now.
    pub fn agents(&self) -> Agents {
        let index = self.directory.index();
        let tunnels = self.registry.all();
        let waiting = self.registry.waiting();
        let mut by_key: BTreeMap<&TunnelKey, Vec<&Tunnel>> = BTreeMap::new();
        for (key, tunnel) in &tunnels {
            by_key.entry(key).or_default().push(tunnel);
        }
        let agent = |(key, presence): (TunnelKey, Presence)| {
            let own = by_key.get(&key).map(Vec::as_slice).unwrap_or_default();
            let version = own
                .first()
                .map(|tunnel| tunnel.caller.answer().version.clone());
            let waiting = waiting.iter().filter(|(at, _)| *at == key);
            let waiting = waiting.map(|(_, one)| Connection::of(&one.tunnel, Some(one.why)));
            let carrying = own.iter().map(|tunnel| Connection::of(tunnel, None));
            let connections = carrying.chain(waiting).collect();
            let identity = index.identity(&presence.instance);
            let name = index.subaccount(&key.subaccount);
            Agent {
                subaccount: key.subaccount,
                subaccount_name: name.map(|one| one.name.clone()).unwrap_or_default(),
                location_id: key.location,
                instance: presence.instance,
                state: if presence.is_there {
                    State::Connected
                } else {
                    State::Absent
                },
                since_ms: presence.since.wall_ms,
                certificate_not_after_ms: identity.and_then(|one| one.certificate_not_after_ms),
                version,
                streams: own.iter().map(|tunnel| tunnel.caller.active()).sum(),
                connections,
            }
        };
        Agents {
            started_ms: self.started_ms,
            agents: self.presences.all().into_iter().map(agent).collect(),
        }
    }
}
