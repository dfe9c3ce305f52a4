//! Access control: no permit, no traffic.
//!
//! [`Policy::decide`] is the only place that makes a [`Permit`], and forwarding asks for one. All
//! that is not allowed by a mapping, one of its enabled resources and the path rule is denied.

pub mod effective;
mod explain;
mod lookup;
pub mod path;
pub mod target;
pub mod throttle;

use std::sync::Arc;

use thiserror::Error;

use self::effective::{NotEffective, effective};
use self::lookup::Beginnings;
use self::path::{PathRule, with_canonical};
use crate::config::{HostInHeader, MappingPart, Protocol, Resource, Subaccount};
use crate::host::InternalAddress;

/// The access control of one subaccount.
///
/// The document keeps mappings and resources sorted and canonical, so it serves as the compiled
/// form as well: a change compiles nothing and an old policy costs one pointer.
#[derive(Clone, Debug)]
pub struct Policy {
    subaccount: Arc<Subaccount>,
}

/// What somebody wants.
#[derive(Clone, Copy, Debug)]
pub struct Access<'a> {
    /// What the cloud application speaks; whether with TLS makes no difference here.
    pub protocol: Protocol,
    /// The virtual host, in any case of letters.
    pub host: &'a str,
    /// The virtual port.
    pub port: u16,
    /// The raw bytes of the path, up to the `?`. What is forwarded must be these very bytes.
    pub path: &'a [u8],
    /// Whether an upgrade to WebSocket is asked for.
    pub websocket: bool,
}

/// The proof that an access was allowed. Only [`Policy::decide`] makes one.
#[derive(Debug)]
#[must_use = "a permit is there to be used"]
pub struct Permit {
    mapping: Arc<MappingPart>,
    resource: usize,
}

impl Permit {
    /// Where to forward to.
    pub fn internal(&self) -> &InternalAddress {
        &self.mapping.internal_address
    }

    /// The mapping that allowed it.
    pub const fn mapping(&self) -> &Arc<MappingPart> {
        &self.mapping
    }

    /// The resource that allowed it.
    pub fn resource(&self) -> Option<&Resource> {
        self.mapping.resources.get(self.resource)
    }

    /// Which host the back end sees.
    pub fn host_header(&self) -> HostInHeader {
        self.mapping.host_in_header
    }
}

/// Makes the variants of [`Denial`] impossible to construct elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decided(());

/// Why an access was refused.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum Denial {
    /// The path breaks the path rule.
    #[error("ambiguous path: {0}")]
    AmbiguousPath(PathRule, Decided),
    /// No mapping has this virtual address.
    #[error("system is not exposed")]
    UnknownSystem(Decided),
    /// The mapping has no enabled resource for this path.
    #[error("resource is not accessible")]
    UnknownResource(Decided),
    /// The resource does not allow WebSocket.
    #[error("WebSocket upgrade is not allowed for this resource")]
    WebsocketNotAllowed(Decided),
    /// Configured, but this version does not forward it.
    #[error("not effective: {0}")]
    NotEffective(NotEffective, Decided),
}

const DECIDED: Decided = Decided(());

impl Policy {
    /// The access control that a subaccount's mappings make up.
    pub const fn new(subaccount: Arc<Subaccount>) -> Self {
        Self { subaccount }
    }

    /// The subaccount whose mappings these are.
    pub const fn subaccount(&self) -> &Arc<Subaccount> {
        &self.subaccount
    }

    /// Decides on one access. Allocates nothing.
    pub fn decide(&self, access: &Access<'_>) -> Result<Permit, Denial> {
        let mapping = self
            .subaccount
            .mapping(access.host, access.port)
            .filter(|mapping| mapping.protocol.family() == access.protocol.family())
            .ok_or(Denial::UnknownSystem(DECIDED))?;
        effective(mapping).map_err(|reason| Denial::NotEffective(reason, DECIDED))?;
        let resource = with_canonical(access.path, &mapping.path_options, |path| {
            find_resource(&mapping.resources, path, access.websocket)
        })
        .map_err(|rule| Denial::AmbiguousPath(rule, DECIDED))??;
        Ok(Permit {
            mapping: Arc::clone(mapping),
            resource,
        })
    }
}

/// Finds the most specific enabled resource that covers the path and allows what is asked for.
fn find_resource(resources: &[Resource], path: &[u8], websocket: bool) -> Result<usize, Denial> {
    let mut denial = Denial::UnknownResource(DECIDED);
    for (at, resource) in Beginnings::of(path, resources) {
        if !resource.covers(path) {
            continue;
        }
        if !websocket || resource.websocket_upgrade_allowed {
            return Ok(at);
        }
        denial = Denial::WebsocketNotAllowed(DECIDED);
    }
    Err(denial)
}

#[cfg(test)]
mod tests;
