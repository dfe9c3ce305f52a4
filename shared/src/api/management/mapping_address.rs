//! How a system mapping stands in addresses: its virtual host with its port or ports.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use super::system_ports::{InvalidSystemPorts, SystemPorts};
use crate::config::Mapping;
use crate::host::{InvalidAddress, VirtualAddress, VirtualHost};
use crate::schema::{MAPPING_ADDRESS, schema};

/// A virtual host with a port, by number or name, or with several that follow one another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MappingAddress {
    /// The host.
    pub host: VirtualHost,
    /// The ports.
    pub ports: SystemPorts,
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
    Ports(#[from] InvalidSystemPorts),
}

impl MappingAddress {
    /// What the mapping is found by in the document.
    pub fn key(&self) -> VirtualAddress {
        VirtualAddress {
            host: self.host.clone(),
            port: self.ports.range.low(),
        }
    }

    /// Where a mapping is found.
    pub fn of(mapping: &Mapping) -> Self {
        let address = &mapping.virtual_address;
        let ports = mapping.virtual_ports();
        let rfc = mapping.rfc_options.as_deref();
        Self {
            host: address.host.clone(),
            ports: SystemPorts {
                // A mapping's ports were checked when it was made.
                range: ports.unwrap_or_else(|| address.port.into()),
                name: rfc.and_then(|rfc| rfc.virtual_port_name),
            },
        }
    }

    /// Whether it names a mapping, however its port is written.
    pub fn is_of(&self, mapping: &Mapping) -> bool {
        let found = mapping.virtual_ports();
        mapping.virtual_address.host == self.host && found == Some(self.ports.range)
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
