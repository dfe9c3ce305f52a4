//! Identifiers: subaccounts, agent instances, location IDs, region hosts and tunnels.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use thiserror::Error;
use uuid::Uuid;

use crate::host::{InternalHost, InvalidAddress, Port, split_port};
use crate::schema::{PLAIN, REGION_HOST, UUID, schema};

/// Longest location ID in bytes.
pub const LOCATION_ID_LEN_MAX: usize = 64;

/// Serialises a type through `Display` and reads it back through `FromStr`.
macro_rules! serde_as_text {
    ($($name:ty),+ $(,)?) => {$(
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(from)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    )+};
}
pub(crate) use serde_as_text;

/// A text that is no identifier of the wanted kind.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum InvalidId {
    /// Not a hyphenated UUID.
    #[error("{0} must be a GUID such as 0190a5a2-6d0e-7cc0-8000-000000000001")]
    Guid(&'static str),
    /// Too long, or with characters outside the set.
    #[error("location ID must have at most 64 characters of A-Z a-z 0-9 . _ -")]
    Location,
    /// The host or port of a region host is wrong.
    #[error("region host must be a host name or address with an optional port: {0}")]
    Region(#[source] InvalidAddress),
}

macro_rules! uuid_ids {
    ($($(#[$doc:meta])* $name:ident = $label:literal),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Uuid);

        impl $name {
            /// Takes a UUID as this kind of id.
            pub const fn from_uuid(uuid: Uuid) -> Self {
                Self(uuid)
            }

            /// The UUID itself.
            pub const fn as_uuid(&self) -> &Uuid {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0.hyphenated(), f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                // Only the hyphenated spelling: one id has one text.
                if text.len() != uuid::fmt::Hyphenated::LENGTH {
                    return Err(InvalidId::Guid($label));
                }
                Uuid::try_parse(text).map(Self).or(Err(InvalidId::Guid($label)))
            }
        }

        serde_as_text!($name);
        schema!($name = { "type": "string", "format": "uuid", "pattern": UUID });
    )+};
}

uuid_ids! {
    /// One agent by its identity, whatever host it runs on.
    AgentId = "agent id",
    /// A credential in the agent's secret store; the document holds the id only.
    CredentialId = "credential id",
    /// One handover of enrolments from an agent to another, named by whoever runs it.
    HandoverId = "handover id",
    /// One agent installation, as the gateway knows it.
    InstanceId = "instance id",
    /// A person or a program that administers an agent; never given twice.
    OperatorId = "operator id",
    /// What a restore would do, kept for a while so that somebody can decide.
    PlanId = "plan id",
    /// A tenant of a gateway.
    SubaccountId = "subaccount id",
}

/// Where the names of agents live; no public name server knows it.
const AGENT_DOMAIN: &str = "agent.underpass";

impl AgentId {
    /// The agent whose certificate authority has this SHA-256: the id proves itself.
    pub fn of_authority(fingerprint: &[u8; 32]) -> Self {
        let mut bytes = [0; 16];
        for (to, from) in bytes.iter_mut().zip(fingerprint) {
            *to = *from;
        }
        Self(uuid::Builder::from_custom_bytes(bytes).into_uuid())
    }

    /// The TLS server name that asks an agent for the certificate of its identity.
    pub fn server_name(&self) -> String {
        format!("{self}.{AGENT_DOMAIN}")
    }
}

/// The label that lets several agents serve one subaccount; the default is the empty string.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LocationId(Arc<str>);

impl LocationId {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for LocationId {
    fn default() -> Self {
        Self(Arc::from(""))
    }
}

impl fmt::Display for LocationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for LocationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl FromStr for LocationId {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let fits = text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'));
        if !fits || text.len() > LOCATION_ID_LEN_MAX {
            return Err(InvalidId::Location);
        }
        Ok(Self(Arc::from(text)))
    }
}

serde_as_text!(LocationId);
schema!(LocationId = { "type": "string", "pattern": PLAIN, "maxLength": LOCATION_ID_LEN_MAX });

/// The public name and port of a gateway. The port is 443 where the text names none.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RegionHost {
    host: InternalHost,
    port: Port,
}

impl RegionHost {
    /// The host in lower case, an IPv6 address without brackets.
    pub fn host(&self) -> &str {
        self.host.as_str()
    }

    /// The host; shown with the brackets of an IPv6 address, as a URL needs them.
    pub fn name(&self) -> &InternalHost {
        &self.host
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.port.get()
    }
}

impl fmt::Display for RegionHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.host, f)?;
        if self.port == Port::HTTPS {
            return Ok(());
        }
        write!(f, ":{}", self.port)
    }
}

impl fmt::Debug for RegionHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for RegionHost {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parse = || {
            let (host, port) = split_port(text)?;
            Ok(Self {
                host: host.parse()?,
                port: port.map_or(Ok(Port::HTTPS), str::parse)?,
            })
        };
        parse().map_err(InvalidId::Region)
    }
}

serde_as_text!(RegionHost);
schema!(RegionHost = {
    "type": "string",
    "pattern": REGION_HOST,
    "description": "Host name or address of a gateway, with :port where it is not 443.",
});

/// What a tunnel is routed by: the tenant and the location ID.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TunnelKey {
    /// The tenant.
    pub subaccount: SubaccountId,
    /// The location ID.
    pub location: LocationId,
}

impl fmt::Display for TunnelKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.subaccount, self.location)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GUID: &str = "0190a5a2-6d0e-7cc0-8000-000000000001";

    #[test]
    fn guids_have_one_spelling() {
        let id: SubaccountId = GUID.to_uppercase().parse().unwrap();
        assert_eq!(id.to_string(), GUID);
        assert_eq!(serde_json::to_string(&id).unwrap(), format!("\"{GUID}\""));
        assert_eq!(
            serde_json::from_str::<SubaccountId>(&format!("\"{GUID}\"")).unwrap(),
            id
        );
        for text in [
            "",
            "x",
            "0190a5a26d0e7cc08000000000000001",
            &format!("{{{GUID}}}"),
            &format!("{GUID} "),
        ] {
            let error = text.parse::<InstanceId>().unwrap_err();
            assert!(
                error.to_string().starts_with("instance id must be"),
                "{text}"
            );
        }
    }

    #[test]
    fn an_agents_name_follows_from_its_authority() {
        let id = AgentId::of_authority(&[0xff; 32]);
        let name = "ffffffff-ffff-8fff-bfff-ffffffffffff.agent.underpass";
        assert_eq!(id.server_name(), name);
        assert_ne!(id, AgentId::of_authority(&[0xfe; 32]));
    }

    #[test]
    fn location_ids_keep_to_their_characters() {
        for text in ["", "site-b", "A.b_9", &"x".repeat(64)] {
            assert_eq!(text.parse::<LocationId>().unwrap().as_str(), text);
        }
        for text in ["a b", "a/b", "ä", "a\n", &"x".repeat(65)] {
            assert_eq!(
                text.parse::<LocationId>(),
                Err(InvalidId::Location),
                "{text}"
            );
        }
        assert_eq!(LocationId::default(), "".parse().unwrap());
    }

    #[test]
    fn region_hosts_show_unusual_ports_only() {
        for (text, shown, host, port) in [
            (
                "Gate.Example.com",
                "gate.example.com",
                "gate.example.com",
                443,
            ),
            ("localhost:443", "localhost", "localhost", 443),
            ("localhost:8443", "localhost:8443", "localhost", 8443),
            ("[::1]:9", "[::1]:9", "::1", 9),
            ("[::1]", "[::1]", "::1", 443),
            ("10.0.0.1", "10.0.0.1", "10.0.0.1", 443),
        ] {
            let region: RegionHost = text.parse().unwrap();
            assert_eq!(region.to_string(), shown);
            assert_eq!((region.host(), region.port()), (host, port));
            assert_eq!(shown.parse::<RegionHost>().unwrap(), region);
        }
        for text in [
            "",
            ":1",
            "a:",
            "a:0",
            "a:65536",
            "a:1:2",
            "a b",
            "https://a",
            "::1",
            "a/b",
        ] {
            assert!(text.parse::<RegionHost>().is_err(), "{text}");
        }
    }

    #[test]
    fn tunnel_keys_show_both_halves() {
        let key = TunnelKey {
            subaccount: GUID.parse().unwrap(),
            location: "b".parse().unwrap(),
        };
        assert_eq!(key.to_string(), format!("{GUID}/b"));
    }
}
