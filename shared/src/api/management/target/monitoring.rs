//! The addresses of what is measured.

use std::fmt;

use super::super::operations::monitoring;
use crate::pki::expiry::ExpiryLevel;

/// What an address of this area means. `Display` writes the address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MonitoringTarget {
    /// Subaccounts and their tunnels.
    Subaccounts,
    /// Connections to back ends.
    BackendConnections,
    /// Connections of service channels.
    ChannelConnections,
    /// How long requests took.
    BackendPerformance,
    /// The longest requests.
    TopTimeConsumers,
    /// How memory is used.
    Memory,
    /// How the disk is used.
    Disk,
    /// How the processors are used.
    Cpu,
    /// Certificates by how near their end is.
    Certificates,
    /// Those of one list.
    CertificatesThat(ExpiryLevel),
    /// How much is used.
    BackendUsage,
    /// What is wrong.
    Alerts,
    /// The most recent requests.
    Requests,
    /// The longest requests, by our own call.
    Top,
    /// How long requests took, by our own call.
    Performance,
    /// How much is used, by our own call.
    Usage,
    /// What is measured, and of what.
    Metrics,
    /// What was measured.
    History,
    /// Everything that is counted, as the text of Prometheus.
    Exposition,
}

impl MonitoringTarget {
    /// All of them.
    pub const ALL: [Self; 21] = [
        Self::Subaccounts,
        Self::BackendConnections,
        Self::ChannelConnections,
        Self::BackendPerformance,
        Self::TopTimeConsumers,
        Self::Memory,
        Self::Disk,
        Self::Cpu,
        Self::Certificates,
        Self::CertificatesThat(ExpiryLevel::Expired),
        Self::CertificatesThat(ExpiryLevel::Expiring),
        Self::CertificatesThat(ExpiryLevel::Ok),
        Self::BackendUsage,
        Self::Alerts,
        Self::Requests,
        Self::Top,
        Self::Performance,
        Self::Usage,
        Self::Metrics,
        Self::History,
        Self::Exposition,
    ];

    /// Reads a path; nothing where it is of another area.
    pub(super) fn parse(path: &str) -> Option<Self> {
        // How many scripts spell it, and connectors let them.
        if path == "/api/monitoring/performance/toptimeconsumers" {
            return Some(Self::TopTimeConsumers);
        }
        Self::ALL.into_iter().find(|one| one.template() == path)
    }

    pub(super) const fn template(self) -> &'static str {
        match self {
            Self::Subaccounts => monitoring::SUBACCOUNTS,
            Self::BackendConnections => monitoring::BACKEND_CONNECTIONS,
            Self::ChannelConnections => monitoring::CHANNEL_CONNECTIONS,
            Self::BackendPerformance => monitoring::BACKEND_PERFORMANCE,
            Self::TopTimeConsumers => monitoring::TOP_TIME_CONSUMERS,
            Self::Memory => monitoring::MEMORY,
            Self::Disk => monitoring::DISK,
            Self::Cpu => monitoring::CPU,
            Self::Certificates => monitoring::CERTIFICATES,
            Self::CertificatesThat(ExpiryLevel::Expired) => monitoring::CERTIFICATES_EXPIRED,
            Self::CertificatesThat(ExpiryLevel::Expiring) => monitoring::CERTIFICATES_EXPIRING,
            Self::CertificatesThat(ExpiryLevel::Ok) => monitoring::CERTIFICATES_OK,
            Self::BackendUsage => monitoring::BACKEND_USAGE,
            Self::Alerts => monitoring::ALERTS,
            Self::Requests => monitoring::REQUESTS,
            Self::Top => monitoring::TOP,
            Self::Performance => monitoring::PERFORMANCE,
            Self::Usage => monitoring::USAGE,
            Self::Metrics => monitoring::METRICS,
            Self::History => monitoring::HISTORY,
            Self::Exposition => monitoring::EXPOSITION,
        }
    }
}

impl fmt::Display for MonitoringTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.template())
    }
}

#[cfg(test)]
mod tests {
    use super::super::Target;
    use super::*;

    #[test]
    fn every_address_leads_back_and_answers_something() {
        for one in MonitoringTarget::ALL {
            let target = Target::Monitoring(one);
            assert_eq!(Target::parse(&target.to_string()), Ok(target.clone()));
            assert!(target.allow().starts_with("GET, HEAD"), "{one}");
        }
        let old = "/api/monitoring/performance/toptimeconsumers";
        let top = Target::Monitoring(MonitoringTarget::TopTimeConsumers);
        assert_eq!(Target::parse(old), Ok(top));
        for wrong in [
            "/api/monitoring",
            "/api/monitoring/Memory",
            "/api/monitoring/memory/",
            "/api/v1/monitoring",
            "/api/v2/monitoring/usage",
            "/metrics/",
        ] {
            assert_eq!(Target::parse(wrong).unwrap_err().status, 404, "{wrong}");
        }
    }
}
