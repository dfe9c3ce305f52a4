//! How a system mapping stands in addresses: its virtual host with its port or ports.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use crate::config::{InvalidPortRange, Mapping, PortRange};
use crate::host::{InvalidAddress, VirtualAddress, VirtualHost};
use crate::schema::{MAPPING_ADDRESS, schema};

/// A virtual host with a port, or with several that follow one another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MappingAddress {
    /// The host.
    pub host: VirtualHost,
    /// The ports.
    pub ports: PortRange,
}

schema!(MappingAddress = { "type": "string", "pattern": MAPPING_ADDRESS });

/// A text that is no address of a mapping.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum InvalidMappingAddress {
    /// The host is wrong.
    #[error(transparent)]
    Host(#[from] InvalidAddress),
    /// The ports are wrong.
    #[error(transparent)]
    Ports(#[from] InvalidPortRange),
}

impl MappingAddress {
    /// What the mapping is found by in the document.
    pub fn key(&self) -> VirtualAddress {
        VirtualAddress {
            host: self.host.clone(),
            port: self.ports.low(),
        }
    }

    /// Where a mapping is found.
    pub fn of(mapping: &Mapping) -> Self {
        let address = &mapping.virtual_address;
        let ports = mapping.virtual_ports();
        Self {
            host: address.host.clone(),
            // A mapping's ports were checked when it was made.
            ports: ports.unwrap_or_else(|| address.port.into()),
        }
    }
}

impl From<VirtualAddress> for MappingAddress {
    fn from(address: VirtualAddress) -> Self {
        Self {
            host: address.host,
            ports: address.port.into(),
        }
    }
}

impl FromStr for MappingAddress {
    type Err = InvalidMappingAddress;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (host, ports) = text.split_once(':').ok_or(InvalidAddress::PortMissing)?;
        Ok(Self {
            host: host.parse()?,
            ports: ports.parse()?,
        })
    }
}

impl fmt::Display for MappingAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.ports)
    }
}
