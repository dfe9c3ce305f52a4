//! Service channels: local ports that lead to services on the cloud side.

mod name;
mod number;
#[cfg(test)]
mod tests;

pub use name::{ClusterHost, ServiceName};
pub use number::{ChannelConnections, InstanceNumber};

use std::collections::BTreeMap;
use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::invalid::Invalid;
use super::limits::{CHANNELS_MAX, DESCRIPTION_LEN_MAX};
use super::subaccount::{Subaccount, SubaccountKey};
use super::text::Text;
use crate::host::{Port, VirtualHost};
use crate::schema::{schema, schema_like};

/// The number of a channel, given once in an agent whatever the kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ChannelId(NonZeroU32);

schema!(ChannelId = { "type": "integer", "minimum": 1, "maximum": u32::MAX });

impl ChannelId {
    /// The first one.
    pub const FIRST: Self = Self(NonZeroU32::MIN);

    /// The number.
    pub const fn get(self) -> u32 {
        self.0.get()
    }

    /// The one after it.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

/// A text that is no number of a channel.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
#[error("the id of a channel is a number from 1")]
pub struct InvalidChannelId(());

impl FromStr for ChannelId {
    type Err = InvalidChannelId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // The number parser would take a plus sign and leading zeros.
        let plain = text.bytes().all(|b| b.is_ascii_digit()) && !text.starts_with('0');
        let number = text.parse().ok().filter(|_| plain);
        number.map(Self).ok_or(InvalidChannelId(()))
    }
}

impl fmt::Display for ChannelId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// What a channel leads to, without regard to which one.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
pub enum ChannelType {
    /// A HANA database.
    #[serde(rename = "HANA")]
    Hana,
    /// A virtual machine.
    VirtualMachine,
    /// An ABAP system in the cloud.
    #[serde(rename = "ABAPCloud")]
    AbapCloud,
    /// The same through SNC, which ends at the agent.
    #[serde(rename = "ABAPCloudSNC")]
    AbapCloudSnc,
    /// A service of a Kubernetes cluster.
    K8S,
}

impl ChannelType {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Hana,
        Self::VirtualMachine,
        Self::AbapCloud,
        Self::AbapCloudSnc,
        Self::K8S,
    ];

    /// As it stands in addresses and answers.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Hana => "HANA",
            Self::VirtualMachine => "VirtualMachine",
            Self::AbapCloud => "ABAPCloud",
            Self::AbapCloudSnc => "ABAPCloudSNC",
            Self::K8S => "K8S",
        }
    }
}

impl fmt::Display for ChannelType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a channel leads to, and the local port that does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum ChannelService {
    /// A HANA database.
    #[serde(rename = "HANA")]
    Hana {
        /// Its name in the cloud.
        instance_name: ServiceName,
        /// The local port follows from it.
        instance_number: InstanceNumber,
    },
    /// A virtual machine.
    VirtualMachine {
        /// Its name in the cloud.
        name: ServiceName,
        /// Its id in the cloud.
        endpoint_id: ServiceName,
        /// The local port.
        port: Port,
    },
    /// An ABAP system in the cloud.
    #[serde(rename = "ABAPCloud")]
    AbapCloud {
        /// Its host in the cloud.
        tenant_host: VirtualHost,
        /// The local port follows from it.
        instance_number: InstanceNumber,
    },
    /// The same through SNC, which ends at the agent.
    #[serde(rename = "ABAPCloudSNC")]
    AbapCloudSnc {
        /// Its host in the cloud.
        tenant_host: VirtualHost,
        /// The local port follows from it.
        instance_number: InstanceNumber,
    },
    /// A service of a Kubernetes cluster.
    K8S {
        /// The entry to the cluster.
        cluster: ClusterHost,
        /// The id of the service there.
        service: ServiceName,
        /// The local port.
        port: Port,
    },
}

impl ChannelService {
    /// What it is, without regard to which one.
    pub const fn kind(&self) -> ChannelType {
        match self {
            Self::Hana { .. } => ChannelType::Hana,
            Self::VirtualMachine { .. } => ChannelType::VirtualMachine,
            Self::AbapCloud { .. } => ChannelType::AbapCloud,
            Self::AbapCloudSnc { .. } => ChannelType::AbapCloudSnc,
            Self::K8S { .. } => ChannelType::K8S,
        }
    }

    /// The local port: the one that clients of an SAP system compute from its instance number, or
    /// the given one.
    pub fn local_port(&self) -> u16 {
        let with =
            |first: u16, step: u16, number: &InstanceNumber| first + step * u16::from(number.get());
        match self {
            Self::Hana {
                instance_number, ..
            } => with(30_015, 100, instance_number),
            Self::AbapCloud {
                instance_number, ..
            } => with(3_300, 1, instance_number),
            Self::AbapCloudSnc {
                instance_number, ..
            } => with(4_800, 1, instance_number),
            Self::VirtualMachine { port, .. } | Self::K8S { port, .. } => port.get(),
        }
    }
}

impl fmt::Display for ChannelService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hana { instance_name, .. } => write!(f, "{instance_name}"),
            Self::VirtualMachine { name, .. } => write!(f, "{name}"),
            Self::AbapCloud { tenant_host, .. } | Self::AbapCloudSnc { tenant_host, .. } => {
                write!(f, "{tenant_host}")
            }
            Self::K8S {
                cluster, service, ..
            } => write!(f, "{service} of {cluster}"),
        }
    }
}

/// A service channel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Channel {
    /// Its number.
    pub id: ChannelId,
    /// Whether its local port is to be open.
    #[serde(default)]
    pub enabled: bool,
    /// How many connections it may have at a time.
    #[serde(default)]
    pub connections: ChannelConnections,
    /// For people.
    #[serde(default)]
    pub comment: Text<DESCRIPTION_LEN_MAX>,
    /// What it leads to.
    pub service: ChannelService,
}

/// The channels of a subaccount, sorted by id, each once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<Channel>")]
pub struct Channels(Vec<Channel>);

schema_like!(Channels = Vec<Channel>);

impl Channels {
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The channels in their order.
    pub fn as_slice(&self) -> &[Channel] {
        &self.0
    }
}

impl TryFrom<Vec<Channel>> for Channels {
    type Error = Invalid;

    fn try_from(mut channels: Vec<Channel>) -> Result<Self, Self::Error> {
        if channels.len() > CHANNELS_MAX {
            let rule = format!("at most {CHANNELS_MAX} channels are allowed in a subaccount");
            return Err(Invalid::new("channels", rule));
        }
        channels.sort_by_key(|one| one.id);
        Ok(Self(channels))
    }
}

/// Refuses ids and local ports that occur twice in an agent.
pub(super) fn check<'a>(subaccounts: impl Iterator<Item = &'a Subaccount>) -> Result<(), Invalid> {
    let mut ids: BTreeMap<ChannelId, &SubaccountKey> = BTreeMap::new();
    let mut ports: BTreeMap<u16, ChannelId> = BTreeMap::new();
    for subaccount in subaccounts {
        let key = subaccount.key();
        for channel in subaccount.own().channels.as_slice() {
            let id = channel.id;
            let wrong = |rule: String| {
                let field = format!("subaccounts[{key}].channels[{id}]");
                Err(Invalid::new(field, rule))
            };
            if let Some(other) = ids.insert(id, key) {
                return wrong(format!("{other} has a channel with this id too"));
            }
            let port = channel.service.local_port();
            if let Some(other) = ports.insert(port, id) {
                return wrong(format!("channel {other} has the local port {port} too"));
            }
        }
    }
    Ok(())
}
