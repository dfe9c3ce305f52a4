//! What is measured of what.

use super::{Entity, Metric};

/// Kinds of entities, as their texts begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntityKind {
    /// The agent and its host.
    Agent,
    /// A volume.
    Volume,
    /// A network interface.
    Interface,
    /// The tunnel of a subaccount.
    Tunnel,
    /// A system mapping.
    Mapping,
    /// A service channel.
    Channel,
}

impl EntityKind {
    /// How the texts of its entities begin, or what they are.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Agent => "agent",
            Self::Volume => "volume",
            Self::Interface => "interface",
            Self::Tunnel => "tunnel",
            Self::Mapping => "mapping",
            Self::Channel => "channel",
        }
    }
}

impl Entity {
    /// Of which kind it is.
    pub const fn kind(&self) -> EntityKind {
        match self {
            Self::Agent => EntityKind::Agent,
            Self::Volume(_) => EntityKind::Volume,
            Self::Interface(_) => EntityKind::Interface,
            Self::Tunnel(_) => EntityKind::Tunnel,
            Self::Mapping(..) => EntityKind::Mapping,
            Self::Channel(..) => EntityKind::Channel,
        }
    }
}

impl Metric {
    /// Of which entities it is measured.
    pub const fn of(self) -> &'static [EntityKind] {
        match self {
            Self::HostCpu
            | Self::ProcessCpu
            | Self::Load
            | Self::HostMemory
            | Self::HostMemoryTotal
            | Self::ProcessMemory
            | Self::HostSwap
            | Self::HostSwapTotal
            | Self::ProcessVirtual
            | Self::OpenFiles
            | Self::Threads
            | Self::DataDirSize
            | Self::QueueAudit => &[EntityKind::Agent],
            Self::DiskFree | Self::DiskTotal => &[EntityKind::Volume],
            Self::NetworkReceived | Self::NetworkSent => &[EntityKind::Interface],
            Self::TunnelUp
            | Self::TunnelConnections
            | Self::TunnelRoundTrip
            | Self::TunnelReceived
            | Self::TunnelSent
            | Self::TunnelStreams
            | Self::TunnelReconnects => &[EntityKind::Tunnel],
            Self::Requests
            | Self::RequestsDenied
            | Self::RequestsFailed
            | Self::RequestsAborted
            | Self::AnswersServerError
            | Self::RequestsOpen
            | Self::BytesReceived
            | Self::BytesSent
            | Self::TimeTotal
            | Self::TimeGateway
            | Self::TimeOpen
            | Self::TimeBackend
            | Self::TimePropagation
            | Self::TimeTunnel
            | Self::BackendActive
            | Self::BackendIdle => &[EntityKind::Agent, EntityKind::Mapping],
            Self::BackendUp => &[EntityKind::Mapping],
            Self::ChannelConnections | Self::ChannelReceived | Self::ChannelSent => {
                &[EntityKind::Channel]
            }
        }
    }

    /// Whether it is measured of an entity.
    ///
    /// # Errors
    /// Of what it is measured instead, in words.
    pub fn check(self, entity: &Entity) -> Result<(), String> {
        if self.of().contains(&entity.kind()) {
            return Ok(());
        }
        let kinds: Vec<&str> = self.of().iter().map(|one| one.name()).collect();
        let kinds = kinds.join(" or ");
        Err(format!(
            "{self} is measured of entities that begin with {kinds}; \
             GET /api/v1/monitoring/metrics lists those that there are"
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_metric_of_what_cannot_have_it_says_what_can() {
        let volume = Entity::Volume("/".to_owned());
        assert_eq!(Metric::DiskFree.check(&volume), Ok(()));
        assert_eq!(Metric::Requests.check(&Entity::Agent), Ok(()));
        let told = Metric::Requests.check(&volume).unwrap_err();
        assert!(
            told.starts_with("requests is measured of entities that begin with agent or mapping;")
        );
        let told = Metric::TunnelUp.check(&Entity::Agent).unwrap_err();
        assert!(told.contains("begin with tunnel;"), "{told}");
        // A kind's name is how its entities begin.
        assert!(volume.to_string().starts_with(volume.kind().name()));
    }
}
