//! Settings of the agent as a whole.

use serde::{Deserialize, Serialize};

use super::invalid::Invalid;
use super::limits::{ALLOWED_TARGETS_MAX, TUNNEL_CONNECTIONS_DEFAULT, TUNNEL_CONNECTIONS_MAX};
use crate::policy::target::TargetRule;

/// How many connections a tunnel consists of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub struct TunnelConnections(u8);

impl TunnelConnections {
    /// The number.
    pub const fn get(self) -> u8 {
        self.0
    }
}

impl Default for TunnelConnections {
    fn default() -> Self {
        Self(TUNNEL_CONNECTIONS_DEFAULT)
    }
}

impl TryFrom<u8> for TunnelConnections {
    type Error = Invalid;

    fn try_from(number: u8) -> Result<Self, Self::Error> {
        if (1..=TUNNEL_CONNECTIONS_MAX).contains(&number) {
            return Ok(Self(number));
        }
        let rule = format!("must be between 1 and {TUNNEL_CONNECTIONS_MAX}");
        Err(Invalid::new("tunnelConnections", rule))
    }
}

impl From<TunnelConnections> for u8 {
    fn from(number: TunnelConnections) -> Self {
        number.0
    }
}

/// Settings of the agent as a whole.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, try_from = "Fields")]
pub struct Connector {
    allowed_targets: Vec<TargetRule>,
    tunnel_connections: TunnelConnections,
}

/// [`Connector`] before its checks.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct Fields {
    allowed_targets: Vec<TargetRule>,
    tunnel_connections: TunnelConnections,
}

impl TryFrom<Fields> for Connector {
    type Error = Invalid;

    fn try_from(fields: Fields) -> Result<Self, Self::Error> {
        Self::new(fields.allowed_targets, fields.tunnel_connections)
    }
}

impl Connector {
    /// Refuses a list of allowed targets that is too long.
    pub fn new(
        mut allowed_targets: Vec<TargetRule>,
        tunnel_connections: TunnelConnections,
    ) -> Result<Self, Invalid> {
        allowed_targets.sort_unstable();
        allowed_targets.dedup();
        if allowed_targets.len() > ALLOWED_TARGETS_MAX {
            let rule = format!("at most {ALLOWED_TARGETS_MAX} entries are allowed");
            return Err(Invalid::new("allowedTargets", rule));
        }
        Ok(Self {
            allowed_targets,
            tunnel_connections,
        })
    }

    /// Addresses that mappings may lead to although the target guard would refuse them.
    pub fn allowed_targets(&self) -> &[TargetRule] {
        &self.allowed_targets
    }

    /// How many connections each tunnel consists of.
    pub const fn tunnel_connections(&self) -> TunnelConnections {
        self.tunnel_connections
    }
}
