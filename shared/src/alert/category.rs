//! What alerts are about: each category is switched for itself.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What an alert is about. Names are those of the settings of notification.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "camelCase")]
pub enum Category {
    /// High availability.
    Ha,
    /// Tunnels to gateways.
    Tunnels,
    /// Service channels.
    ServiceChannels,
    /// Load of the processors.
    #[serde(rename = "CPU")]
    Cpu,
    /// Free disk space.
    FreeDiskSpace,
    /// Certificates that end.
    Certificates,
    /// Diagnoses.
    Troubleshooting,
    /// Memory of the host.
    Memory,
    /// Back ends: reachable, fast, without errors.
    Backends,
    /// The audit log.
    Audit,
    /// Backups that are due.
    Backup,
    /// Told or kept by a newer version.
    #[serde(other)]
    #[schemars(skip)]
    Unknown,
}

impl Category {
    /// All that this version knows.
    pub const ALL: [Self; 11] = [
        Self::Ha,
        Self::Tunnels,
        Self::ServiceChannels,
        Self::Cpu,
        Self::FreeDiskSpace,
        Self::Certificates,
        Self::Troubleshooting,
        Self::Memory,
        Self::Backends,
        Self::Audit,
        Self::Backup,
    ];

    /// Its name in settings and answers.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ha => "ha",
            Self::Tunnels => "tunnels",
            Self::ServiceChannels => "serviceChannels",
            Self::Cpu => "CPU",
            Self::FreeDiskSpace => "freeDiskSpace",
            Self::Certificates => "certificates",
            Self::Troubleshooting => "troubleshooting",
            Self::Memory => "memory",
            Self::Backends => "backends",
            Self::Audit => "audit",
            Self::Backup => "backup",
            Self::Unknown => "unknown",
        }
    }
}

impl fmt::Display for Category {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_json() {
        for category in Category::ALL {
            let json = serde_json::to_value(category).unwrap();
            assert_eq!(json, category.name());
        }
    }
}
