//! What is measured, for monitoring.

mod certificates;

use underpass_shared::api::management::monitoring::MonitoredSubaccounts;
use underpass_shared::api::management::{MonitoringTarget, Refusal};

use super::{Admin, Answer, answer};

impl Admin {
    pub(super) async fn monitoring(&self, target: MonitoringTarget) -> Answer {
        match target {
            MonitoringTarget::Subaccounts => self.monitored_subaccounts(),
            MonitoringTarget::Certificates => {
                let (certificates, number) = self.certificates_by_end().await?;
                answer::ok(&certificates, number)
            }
            MonitoringTarget::CertificatesThat(level) => {
                let (certificates, number) = self.certificates_by_end().await?;
                answer::ok(&certificates.list(level), number)
            }
            MonitoringTarget::BackendConnections
            | MonitoringTarget::ChannelConnections
            | MonitoringTarget::BackendPerformance
            | MonitoringTarget::TopTimeConsumers
            | MonitoringTarget::Memory
            | MonitoringTarget::Disk
            | MonitoringTarget::Cpu
            | MonitoringTarget::BackendUsage
            | MonitoringTarget::Alerts
            | MonitoringTarget::Requests
            | MonitoringTarget::Top
            | MonitoringTarget::Performance
            | MonitoringTarget::Usage
            | MonitoringTarget::Exposition => Err(Refusal::illegal_state("the agent does not run")),
        }
    }

    fn monitored_subaccounts(&self) -> Answer {
        let current = self.readable()?;
        let all = current.document().subaccounts().iter();
        let shown = MonitoredSubaccounts::show(all.map(|one| self.show(one.own())));
        answer::ok(&shown, current.revision().number)
    }
}
