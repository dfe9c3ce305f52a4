//! What is measured, for monitoring.

mod certificates;
mod exposition;
mod history;
mod host;
mod mappings;
mod requests;

use underpass_shared::api::management::monitoring::{MonitoredAlerts, MonitoredSubaccounts};
use underpass_shared::api::management::operations::LIST_LEN_MAX;
use underpass_shared::api::management::{AlertState, MonitoringTarget, Refusal, Verb};
use underpass_shared::exposition::Exposition;

pub(super) use self::exposition::Places;
use super::call::{Call, blocking};
use super::{Admin, Answer, answer};
use crate::history::Kept;
use crate::measure::{Meter, ResourceUse};

impl Admin {
    pub(super) async fn monitoring(
        &self,
        call: &Call,
        verb: Verb,
        target: MonitoringTarget,
    ) -> Answer {
        match target {
            MonitoringTarget::Subaccounts => self.monitored_subaccounts(),
            MonitoringTarget::BackendConnections => {
                let current = self.readable()?;
                let figures = self.measured()?.mappings();
                let shown = mappings::connections(current.document(), &figures);
                answer::ok(&shown, current.revision().number)
            }
            MonitoringTarget::ChannelConnections => {
                let current = self.readable()?;
                self.measured()?;
                let shown = mappings::channel_connections(current.document());
                answer::ok(&shown, current.revision().number)
            }
            MonitoringTarget::BackendPerformance => {
                let current = self.readable()?;
                let measured = self.measured()?.performance();
                let shown = mappings::performance(current.document(), &measured);
                answer::ok(&shown, current.revision().number)
            }
            MonitoringTarget::TopTimeConsumers => {
                let current = self.readable()?;
                let shown = requests::top(current.document(), &self.measured()?.top());
                answer::ok(&shown, current.revision().number)
            }
            MonitoringTarget::Memory => self.memory(),
            MonitoringTarget::Disk => self.disk(),
            MonitoringTarget::Cpu => self.cpu(),
            MonitoringTarget::Certificates => {
                let (certificates, number) = self.certificates_by_end().await?;
                answer::ok(&certificates, number)
            }
            MonitoringTarget::CertificatesThat(level) => {
                let (certificates, number) = self.certificates_by_end().await?;
                answer::ok(&certificates.list(level), number)
            }
            MonitoringTarget::BackendUsage => self.backend_usage().await,
            MonitoringTarget::Alerts => self.monitored_alerts(),
            MonitoringTarget::Requests => self.recent_requests(call, verb).await,
            MonitoringTarget::Top => self.top_requests(call, verb).await,
            MonitoringTarget::Performance => self.performance(call, verb).await,
            MonitoringTarget::Usage => self.usage(call.query.unused).await,
            MonitoringTarget::Metrics => self.metrics().await,
            MonitoringTarget::History => self.metric_history(call).await,
            MonitoringTarget::Exposition => self.exposition().await,
        }
    }

    /// Where everything is measured.
    fn measured(&self) -> Result<&Meter, Refusal> {
        Ok(&self.live()?.meter)
    }

    fn monitored_subaccounts(&self) -> Answer {
        let current = self.readable()?;
        let all = current.document().subaccounts().iter();
        let shown = MonitoredSubaccounts::show(all.map(|one| self.show(one.own())));
        answer::ok(&shown, current.revision().number)
    }

    /// What stands and what stood, as far as it is remembered.
    fn monitored_alerts(&self) -> Answer {
        let alerts = self.live()?.alerts.list(AlertState::All, LIST_LEN_MAX);
        let shown = MonitoredAlerts::show(&alerts);
        answer::ok(&shown, self.store.current().revision().number)
    }

    async fn performance(&self, call: &Call, verb: Verb) -> Answer {
        let meter = self.measured()?;
        let current = self.readable()?;
        let number = current.revision().number;
        if verb == Verb::Delete {
            let reason = "began anew to count how long requests take";
            self.acted(call, reason, || meter.delete_performance())
                .await?;
            return Ok(answer::done(number));
        }
        let shown = mappings::durations(current.document(), &meter.performance());
        answer::ok(&shown, number)
    }

    async fn backend_usage(&self) -> Answer {
        let (current, meter) = (self.readable()?, self.measured()?.clone());
        let kept = self.live()?.history.as_ref().ok().cloned();
        // All mappings with all their resources may be many.
        blocking(move || {
            let (used, since_ms) = used(&meter, kept.as_ref());
            let uses = mappings::Uses::of(&used);
            let shown = uses.by_subaccount(current.document(), since_ms);
            answer::ok(&shown, current.revision().number)
        })
        .await
    }

    async fn usage(&self, unused: bool) -> Answer {
        let (current, meter) = (self.readable()?, self.measured()?.clone());
        let kept = self.live()?.history.as_ref().ok().cloned();
        blocking(move || {
            let (used, since_ms) = used(&meter, kept.as_ref());
            let uses = mappings::Uses::of(&used);
            let shown = uses.shown(current.document(), since_ms, unused);
            answer::ok(&shown, current.revision().number)
        })
        .await
    }

    async fn exposition(&self) -> Answer {
        let meter = self.measured()?.clone();
        let (certificates, number) = self.certificates_by_end().await?;
        let (current, places) = (self.readable()?, self.places.clone());
        blocking(move || {
            let told = exposition::Told {
                document: current.document(),
                revision: number,
                certificates: &certificates,
                host: meter.host(),
                started_ms: meter.started_ms(),
                in_flight: meter.in_flight(),
                tunnels: meter.tunnels(),
                mappings: meter.mappings(),
            };
            let text = told.write(&places);
            Ok(answer::bytes(
                text.into_bytes(),
                Exposition::CONTENT_TYPE,
                number,
            ))
        })
        .await
    }
}

/// What was used, also before this start where that is known, and since when that is counted.
fn used(meter: &Meter, kept: Option<&Kept>) -> (Vec<ResourceUse>, i64) {
    let (used, started_ms) = (meter.usage(), meter.started_ms());
    match kept {
        Some(kept) => kept.with_before(used, started_ms),
        None => (used, started_ms),
    }
}
