//! Names on the cloud side that a channel leads to.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::config::limits::SERVICE_NAME_LEN_MAX;
use crate::config::text::Text;
use crate::host::{InvalidAddress, Port, VirtualHost, split_port};
use crate::id::serde_as_text;
use crate::schema::{CLUSTER_HOST, PRINTABLE, schema};

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
