//! Service channels: local ports that lead to services on the cloud side.

use std::collections::BTreeMap;
use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::invalid::Invalid;
use super::limits::{
    CHANNEL_CONNECTIONS_MAX, CHANNELS_MAX, DESCRIPTION_LEN_MAX, SERVICE_NAME_LEN_MAX,
};
use super::subaccount::{Subaccount, SubaccountKey};
use super::text::Text;
use crate::host::{InvalidAddress, Port, VirtualHost, split_port};
use crate::id::serde_as_text;
use crate::schema::{CLUSTER_HOST, PRINTABLE, schema, schema_like};

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

/// The number of an instance of an SAP system, which its ports follow from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub struct InstanceNumber(u8);

impl InstanceNumber {
    /// The greatest one: it has two digits.
    pub const MAX: u8 = 99;

    /// The number.
    pub const fn get(self) -> u8 {
        self.0
    }
}

impl TryFrom<u8> for InstanceNumber {
    type Error = Invalid;

    fn try_from(number: u8) -> Result<Self, Self::Error> {
        if number <= Self::MAX {
            return Ok(Self(number));
        }
        Err(Invalid::new("instanceNumber", "must be between 0 and 99"))
    }
}

schema!(InstanceNumber = { "type": "integer", "minimum": 0, "maximum": InstanceNumber::MAX });

impl From<InstanceNumber> for u8 {
    fn from(number: InstanceNumber) -> Self {
        number.0
    }
}

/// How many connections a channel may have at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub struct ChannelConnections(u8);

impl ChannelConnections {
    /// The number.
    pub const fn get(self) -> u8 {
        self.0
    }
}

impl Default for ChannelConnections {
    fn default() -> Self {
        Self(1)
    }
}

impl TryFrom<u8> for ChannelConnections {
    type Error = Invalid;

    fn try_from(number: u8) -> Result<Self, Self::Error> {
        if (1..=CHANNEL_CONNECTIONS_MAX).contains(&number) {
            return Ok(Self(number));
        }
        let rule = format!("must be between 1 and {CHANNEL_CONNECTIONS_MAX}");
        Err(Invalid::new("connections", rule))
    }
}

schema!(ChannelConnections = {
    "type": "integer",
    "minimum": 1,
    "maximum": CHANNEL_CONNECTIONS_MAX,
});

impl From<ChannelConnections> for u8 {
    fn from(number: ChannelConnections) -> Self {
        number.0
    }
}

/// The entry to a cluster: a host with or without a port, kept as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClusterHost {
    /// The host.
    pub host: VirtualHost,
    /// The port, where one is named.
    pub port: Option<Port>,
}

impl FromStr for ClusterHost {
    type Err = InvalidAddress;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (host, port) = split_port(text)?;
        Ok(Self {
            host: host.parse()?,
            port: port.map(str::parse).transpose()?,
        })
    }
}

impl fmt::Display for ClusterHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.host, f)?;
        self.port.map_or(Ok(()), |port| write!(f, ":{port}"))
    }
}

serde_as_text!(ClusterHost);

schema!(ClusterHost = { "type": "string", "pattern": CLUSTER_HOST });

/// The name of what a channel leads to; never empty.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Text<SERVICE_NAME_LEN_MAX>", into = "String")]
pub struct ServiceName(Text<SERVICE_NAME_LEN_MAX>);

schema!(ServiceName = {
    "type": "string",
    "pattern": PRINTABLE,
    "minLength": 1,
    "maxLength": SERVICE_NAME_LEN_MAX,
});

impl TryFrom<Text<SERVICE_NAME_LEN_MAX>> for ServiceName {
    type Error = &'static str;

    fn try_from(text: Text<SERVICE_NAME_LEN_MAX>) -> Result<Self, Self::Error> {
        if text.is_empty() {
            return Err("must not be empty");
        }
        Ok(Self(text))
    }
}

impl fmt::Display for ServiceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl From<ServiceName> for String {
    fn from(name: ServiceName) -> Self {
        name.0.into()
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::tests::own;
    use crate::config::{Document, SubaccountFields};

    const SERVICES: [(&str, u16); 5] = [
        (
            r#"{"HANA": {"instanceName": "db", "instanceNumber": 7}}"#,
            30_715,
        ),
        (
            r#"{"VirtualMachine": {"name": "vm", "endpointId": "e1", "port": 2222}}"#,
            2_222,
        ),
        (
            r#"{"ABAPCloud": {"tenantHost": "t.abap.cloud", "instanceNumber": 20}}"#,
            3_320,
        ),
        (
            r#"{"ABAPCloudSNC": {"tenantHost": "t.abap.cloud", "instanceNumber": 99}}"#,
            4_899,
        ),
        (
            r#"{"K8S": {"cluster": "cp.cloud:443", "service": "s1", "port": 5432}}"#,
            5_432,
        ),
    ];

    fn channel(id: usize, service: &str) -> String {
        format!(r#"{{"id": {id}, "service": {service}}}"#)
    }

    fn document(channels: &[&[String]]) -> Result<Document, Invalid> {
        let mut subaccounts = channels.iter().zip(1..);
        subaccounts.try_fold(Document::empty(), |document, (channels, n)| {
            let json = format!("[{}]", channels.join(","));
            let channels = serde_json::from_str(&json).unwrap();
            document.with_subaccount(SubaccountFields { channels, ..own(n) })
        })
    }

    #[test]
    fn every_kind_has_its_local_port_and_survives_a_round_trip() {
        let all = SERVICES.iter().zip(1..);
        let all: Vec<String> = all.map(|((service, _), id)| channel(id, service)).collect();
        let document = document(&[&all]).unwrap();
        let again = Document::from_json(&document.to_json()).unwrap();
        assert_eq!(again, document);
        let own = again.subaccounts()[0].own();
        let kinds = own.channels.as_slice().iter().map(|one| one.service.kind());
        assert_eq!(kinds.collect::<Vec<_>>(), ChannelType::ALL);
        for (one, (_, port)) in own.channels.as_slice().iter().zip(SERVICES) {
            assert_eq!(one.service.local_port(), port, "{one:?}");
            assert!(!one.enabled && one.connections.get() == 1);
        }
        assert!(document.to_json().contains("\"cp.cloud:443\""));
    }

    #[test]
    fn ids_and_local_ports_are_those_of_one_channel() {
        let (abap, k8s) = (SERVICES[2].0, SERVICES[4].0);
        let two = [channel(1, abap)];
        assert!(document(&[&two, &[channel(2, k8s)]]).is_ok());
        let same_id = document(&[&two, &[channel(1, k8s)]]).unwrap_err();
        assert!(
            same_id.rule.contains("a channel with this id too"),
            "{same_id}"
        );
        let port = k8s.replace("5432", "3320");
        for other in [abap, &port] {
            let same = document(&[&two, &[channel(2, other)]]).unwrap_err();
            let rule = "channel 1 has the local port 3320 too";
            assert!(
                same.rule.contains(rule) && same.field.ends_with("channels[2]"),
                "{same}"
            );
        }
        assert!(document(&[&[channel(1, abap), channel(1, k8s)]]).is_err());
    }

    #[test]
    fn wrong_channels_name_the_rule() {
        let abap = SERVICES[2].0;
        for (from, to, rule) in [
            ("20", "100", "between 0 and 99"),
            ("\"t.abap.cloud\"", "\"a b\"", "host must be a name"),
            (
                "\"instanceNumber\"",
                "\"port\": 1, \"instanceNumber\"",
                "unknown field",
            ),
            ("ABAPCloud", "RFC", "unknown variant"),
            ("\"id\": 1", "\"id\": 0", "nonzero"),
            (
                "\"id\": 1",
                "\"id\": 1, \"connections\": 101",
                "between 1 and 100",
            ),
        ] {
            let json = format!("[{}]", channel(1, abap).replace(from, to));
            let wrong = serde_json::from_str::<Channels>(&json).unwrap_err();
            assert!(wrong.to_string().contains(rule), "{json}: {wrong}");
        }
        for text in ["", "0", "+1", "01", "x", "4294967296"] {
            assert!(text.parse::<ChannelId>().is_err(), "{text}");
        }
    }
}
