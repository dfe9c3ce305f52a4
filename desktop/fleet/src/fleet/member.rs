//! What the engine knows of one agent, as it is shown.

use std::sync::Arc;

use underpass_shared::host::InternalAddress;
use underpass_shared::id::AgentId;

use crate::command::Described;
use crate::draft::Draft;
use crate::session::Seen;
use crate::snapshot::{AgentSnapshot, Facts, Judged, days, judge};

/// What belongs to an agent beside what it told.
#[derive(Clone, Debug)]
pub(crate) struct Card {
    pub(crate) id: AgentId,
    pub(crate) label: Arc<str>,
    pub(crate) group: Option<Arc<str>>,
    pub(crate) tags: Arc<[Arc<str>]>,
    pub(crate) address: InternalAddress,
    /// The end of the certificate that this program shows it, milliseconds UTC.
    pub(crate) certificate_until_ms: Option<i64>,
}

impl Card {
    pub(crate) fn new(id: AgentId, address: InternalAddress, described: &Described) -> Self {
        let mut card = Self {
            id,
            label: Arc::from(""),
            group: None,
            tags: Arc::from([]),
            address,
            certificate_until_ms: None,
        };
        card.describe(described);
        card
    }

    pub(crate) fn describe(&mut self, described: &Described) {
        self.label = described.label.as_str().into();
        self.group = described.group.as_deref().map(Into::into);
        self.tags = described
            .tags
            .iter()
            .map(|tag| tag.as_str().into())
            .collect();
    }

    /// What is shown of the agent.
    pub(crate) fn show(
        &self,
        seen: Seen,
        draft: Option<Arc<Draft>>,
        now_ms: i64,
    ) -> Arc<AgentSnapshot> {
        let Judged { health, problem } = judge(&Facts {
            link: &seen.link,
            status: seen.status.stamped(),
            pending: seen.pending.as_ref(),
            certificate_until_ms: self.certificate_until_ms,
            now_ms,
        });
        let certificate_days = self.certificate_until_ms.map(|until| days(until, now_ms));
        Arc::new(AgentSnapshot {
            id: self.id,
            label: Arc::clone(&self.label),
            group: self.group.clone(),
            tags: Arc::clone(&self.tags),
            address: self.address.clone(),
            link: seen.link,
            health,
            problem: problem.map(|text| crate::error::clean(&text).into()),
            own: seen.own,
            version: seen.version,
            status: seen.status,
            configuration: seen.configuration,
            alerts: seen.alerts,
            pending: seen.pending,
            certificate_days,
            series: seen.series,
            last_seen_ms: seen.last_seen_ms,
            draft,
        })
    }
}
