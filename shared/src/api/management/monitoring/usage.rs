//! How much mappings, resources and service channels are used, and what never is.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{BySubaccount, ChannelTypeShown, OfSubaccount};
use crate::api::management::PortsText;
use crate::config::Protocol;
use crate::host::VirtualHost;

/// How much is used of each subaccount.
pub type Usages = BySubaccount<UsageLists>;

/// How much is used of a subaccount.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct UsageLists {
    /// By mapping.
    pub usage_statistics: Vec<MappingUsage>,
    /// By service channel.
    pub service_channel_usage_statistics: Vec<ChannelUsage>,
    /// Since when, UTC as in RFC 3339.
    pub since_time: String,
}

/// How much a mapping is used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MappingUsage {
    /// The virtual host.
    pub virtual_host: VirtualHost,
    /// The virtual port or range of ports.
    pub virtual_port: PortsText,
    /// What is spoken.
    pub protocol: Protocol,
    /// Bytes of requests.
    pub bytes_received: u64,
    /// Bytes of answers.
    pub bytes_sent: u64,
    /// Requests.
    pub calls: u64,
    /// When the last one was, milliseconds UTC; only where there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub most_recent_access: Option<i64>,
    /// By resource.
    pub resources: Vec<ResourceUsage>,
}

/// How much a resource is used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ResourceUsage {
    /// Its path or name.
    pub resource_name: String,
    /// Whether it may be called now.
    pub enabled: bool,
    /// Bytes of requests.
    pub bytes_received: u64,
    /// Bytes of answers.
    pub bytes_sent: u64,
    /// Requests.
    pub calls: u64,
    /// When the last one was, milliseconds UTC; only where there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub most_recent_access: Option<i64>,
}

/// How much a service channel is used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChannelUsage {
    /// Its local port.
    pub port: u16,
    /// What it leads to.
    pub type_desc: ChannelTypeShown,
    /// Bytes from the cloud.
    pub bytes_received: u64,
    /// Bytes to the cloud.
    pub bytes_sent: u64,
}

/// How much is used, by our own call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct UsagesShown {
    /// Since when, milliseconds UTC.
    pub since_ms: i64,
    /// By mapping.
    pub mappings: Vec<OfSubaccount<MappingUsageShown>>,
}

/// How much a mapping is used, and whether it ever was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MappingUsageShown {
    /// The virtual host.
    pub virtual_host: VirtualHost,
    /// The virtual port or range of ports.
    pub virtual_port: PortsText,
    /// Bytes of requests.
    pub received: u64,
    /// Bytes of answers.
    pub sent: u64,
    /// Requests.
    pub calls: u64,
    /// When the last one was, milliseconds UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_access_ms: Option<i64>,
    /// Whether nothing ever asked for it.
    pub never_used: bool,
    /// By resource.
    pub resources: Vec<ResourceUsageShown>,
}

/// How much a resource is used, and whether it ever was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ResourceUsageShown {
    /// Its path or name.
    pub path: String,
    /// Whether it may be called now.
    pub enabled: bool,
    /// Bytes of requests.
    pub received: u64,
    /// Bytes of answers.
    pub sent: u64,
    /// Requests.
    pub calls: u64,
    /// When the last one was, milliseconds UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_access_ms: Option<i64>,
    /// Whether nothing ever asked for it.
    pub never_used: bool,
}

impl MappingUsageShown {
    /// What of it was never used: the whole, or some of its resources; nothing where all was.
    #[must_use]
    pub fn unused(mut self) -> Option<Self> {
        self.resources.retain(|one| one.never_used);
        (self.never_used || !self.resources.is_empty()).then_some(self)
    }
}

impl From<MappingUsage> for MappingUsageShown {
    fn from(one: MappingUsage) -> Self {
        let resources = one.resources.into_iter().map(ResourceUsageShown::from);
        Self {
            virtual_host: one.virtual_host,
            virtual_port: one.virtual_port,
            received: one.bytes_received,
            sent: one.bytes_sent,
            calls: one.calls,
            last_access_ms: one.most_recent_access,
            never_used: one.most_recent_access.is_none(),
            resources: resources.collect(),
        }
    }
}

impl From<ResourceUsage> for ResourceUsageShown {
    fn from(one: ResourceUsage) -> Self {
        Self {
            path: one.resource_name,
            enabled: one.enabled,
            received: one.bytes_received,
            sent: one.bytes_sent,
            calls: one.calls,
            last_access_ms: one.most_recent_access,
            never_used: one.most_recent_access.is_none(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_never_used_is_left() {
        let resource = |path: &str, most_recent_access| ResourceUsage {
            resource_name: path.to_owned(),
            enabled: true,
            bytes_received: 0,
            bytes_sent: 0,
            calls: 0,
            most_recent_access,
        };
        let mapping = |most_recent_access, resources| {
            MappingUsageShown::from(MappingUsage {
                virtual_host: "erp".parse().unwrap(),
                virtual_port: serde_json::from_str("443").unwrap(),
                protocol: Protocol::Http,
                bytes_received: 0,
                bytes_sent: 0,
                calls: 0,
                most_recent_access,
                resources,
            })
        };
        let (used, never) = (resource("/a", Some(5)), resource("/b", None));
        assert_eq!(mapping(Some(5), vec![used.clone()]).unused(), None);
        let partly = mapping(Some(5), vec![used, never.clone()])
            .unused()
            .unwrap();
        assert!(!partly.never_used);
        assert_eq!(partly.resources.len(), 1);
        assert_eq!(partly.resources[0].path, "/b");
        assert!(mapping(None, vec![]).unused().unwrap().never_used);
        let json = serde_json::to_value(mapping(None, vec![never])).unwrap();
        assert_eq!(json["virtualPort"], "443");
        assert!(json.get("lastAccessMs").is_none());
    }
}
