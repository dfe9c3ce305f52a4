//! Connections that are open now.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::BySubaccount;
use crate::config::{ChannelType, Protocol};

/// The connections to the back ends of each subaccount.
pub type BackendConnections = BySubaccount<BackendConnectionList>;
/// The connections of the service channels of each subaccount.
pub type ChannelConnections = BySubaccount<ChannelConnectionList>;

/// The connections to the back ends of a subaccount.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct BackendConnectionList {
    /// By mapping.
    pub backend_connections: Vec<BackendConnection>,
}

/// The connections to the back end of a mapping.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct BackendConnection {
    /// Virtual host and port.
    pub virtual_backend: String,
    /// Internal host and port.
    pub internal_backend: String,
    /// What is spoken.
    pub protocol: Protocol,
    /// Connections that are kept for the next request.
    pub idle: u64,
    /// Connections in use.
    pub active: u64,
}

/// The connections of the service channels of a subaccount.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChannelConnectionList {
    /// By channel.
    pub service_channel_connections: Vec<ChannelConnection>,
}

/// The connections of a service channel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChannelConnection {
    /// Its local port.
    pub port: u16,
    /// What it leads to.
    pub type_desc: ChannelTypeShown,
    /// How many connections it has.
    pub connections: u64,
}

/// A type of service channels, for programs and for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChannelTypeShown {
    /// For programs.
    pub type_key: ChannelType,
    /// For people.
    pub type_name: String,
}

impl From<ChannelType> for ChannelTypeShown {
    fn from(kind: ChannelType) -> Self {
        let name = match kind {
            ChannelType::Hana => "HANA Database",
            ChannelType::VirtualMachine => "Virtual Machine",
            ChannelType::AbapCloud => "ABAP Cloud System",
            ChannelType::AbapCloudSnc => "ABAP Cloud System (SNC)",
            ChannelType::K8S => "Kubernetes Cluster",
        };
        Self {
            type_key: kind,
            type_name: name.to_owned(),
        }
    }
}
