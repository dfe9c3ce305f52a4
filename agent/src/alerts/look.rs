//! One look at everything that can be wrong.

use std::collections::BTreeSet;
use std::time::Duration;

use underpass_shared::alert::{Code, Look};
use underpass_shared::api::management::LinkStatus;
use underpass_shared::config::Document;
use underpass_shared::instant::Now;
use underpass_shared::monitor::Sample;

use super::backends::Backends;
use super::certificates::Ending;
use super::disks::Volume;
use super::flaps::Flaps;
use super::{audit, certificates, channels, disks, host, tunnels};

/// What there is to see.
pub(super) struct View<'a> {
    pub now: Now,
    pub document: &'a Document,
    pub links: &'a [LinkStatus],
    /// Somebody has all tunnels closed.
    pub is_drained: bool,
    /// What was measured lately; none where nothing was.
    pub sample: Option<&'a Sample>,
    pub volumes: &'a [Volume],
    pub endings: &'a [Ending],
    /// Why the audit log is not written.
    pub audit_failure: Option<&'a str>,
    /// What others found.
    pub others: Look,
}

/// What is remembered from look to look.
#[derive(Debug)]
pub(super) struct Looker {
    flaps: Flaps,
    backends: Backends,
    began: Duration,
}

impl Looker {
    pub(super) fn new(now: Now) -> Self {
        Self {
            flaps: Flaps::default(),
            backends: Backends::default(),
            began: now.monotonic,
        }
    }

    pub(super) fn look(&mut self, view: View<'_>) -> Look {
        let (document, now) = (view.document, view.now);
        let connector = document.connector();
        let (thresholds, limits) = (
            connector.alerting.thresholds,
            connector.alert_rules.thresholds,
        );
        let mut conditions = tunnels::conditions(document, view.links, view.is_drained);
        conditions.extend(channels::conditions(document, view.is_drained));
        if view.is_drained {
            self.flaps.closed();
        }
        conditions.extend(
            self.flaps
                .conditions(document, view.links, &limits, now.monotonic),
        );
        let (short, mut unknown) = disks::conditions(view.volumes, &thresholds);
        conditions.extend(short);
        let days = thresholds.certificate_validity_days.get();
        conditions.extend(certificates::conditions(view.endings, days, now.wall_ms));
        conditions.extend(audit::conditions(view.audit_failure));
        match view.sample {
            Some(sample) => {
                let window = Duration::from_secs(limits.backend_window_sec.get().into());
                self.backends.take(sample, window, now.monotonic);
                conditions.extend(host::conditions(sample, connector));
                conditions.extend(self.backends.conditions(document, &limits));
            }
            None => unknown.extend([
                Code::CpuLoad,
                Code::Memory,
                Code::BackendErrors,
                Code::BackendLatency,
            ]),
        }
        unknown.extend(self.not_long_enough(now.monotonic, &limits));
        let mut look = Look {
            unknown,
            ..conditions.into()
        };
        look.join(view.others);
        look
    }

    /// What a window says only once it was looked at for all its length.
    fn not_long_enough(
        &self,
        now: Duration,
        limits: &underpass_shared::config::AlertLimits,
    ) -> BTreeSet<Code> {
        let lasted = now.saturating_sub(self.began).as_secs();
        let tunnels = lasted < u64::from(limits.tunnel_window_sec.get());
        let backends = lasted < u64::from(limits.backend_window_sec.get());
        let flapping = tunnels.then_some(Code::TunnelFlapping);
        let backends = backends.then_some([Code::BackendErrors, Code::BackendLatency]);
        flapping
            .into_iter()
            .chain(backends.into_iter().flatten())
            .collect()
    }
}
