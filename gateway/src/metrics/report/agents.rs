//! The part about agents and their tunnels.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

use underpass_shared::exposition::Kind;
use underpass_shared::id::TunnelKey;

use super::super::text::Text;
use super::{OTHER, Report};
use crate::directory::Index;
use crate::tunnels::Tunnel;

/// Location IDs of all subaccounts that are told apart; those of further ones are summed up.
pub(super) const LOCATIONS_MAX: usize = 500;

impl Report {
    /// Agents, their tunnels, and how they came or did not come in.
    pub(super) fn agents(&self, text: &mut Text) {
        let (metrics, index) = (&self.metrics, self.directory.index());
        let tunnels = self.registry.all();
        let streams: usize = tunnels
            .iter()
            .map(|(_, tunnel)| tunnel.caller.active())
            .sum();
        let mut connected: Vec<_> = tunnels.iter().map(|(_, tunnel)| tunnel.instance).collect();
        connected.sort_unstable();
        connected.dedup();
        let enrolled = index.identities().filter(|agent| !agent.is_revoked());
        text.gauge(
            "subaccounts",
            "Subaccounts of this gateway.",
            index.subaccounts().count(),
        );
        text.gauge(
            "agents_enrolled",
            "Agents that are enrolled and not revoked.",
            enrolled.count(),
        );
        text.gauge(
            "agents_connected",
            "Agents that have a tunnel.",
            connected.len(),
        );
        text.family(
            Kind::Gauge,
            "location_tunnels",
            "Tunnel connections of each location ID that an agent is enrolled for.",
            locations(&index, &tunnels),
        );
        text.gauge("tunnels", "Tunnel connections that are up.", tunnels.len());
        text.gauge(
            "tunnel_streams",
            "Requests that are in tunnels now.",
            streams,
        );
        text.counter(
            "tunnels_opened_total",
            "Tunnel connections that came up.",
            metrics.tunnels_opened.load(Ordering::Relaxed),
        );
        text.counters(
            "tunnels_refused_total",
            "Tunnel connections that were refused, or ended by the gateway, by reason.",
            |label| metrics.tunnels_refused.get(label),
        );
        text.counter(
            "handshakes_failed_total",
            "TLS handshakes on the public port that failed.",
            metrics.handshakes_failed.load(Ordering::Relaxed),
        );
        text.counter(
            "requesters_refused_total",
            "Control and enrolment connections that were closed: too many at once.",
            metrics.requesters_refused.load(Ordering::Relaxed),
        );
        text.counters(
            "enrolments_total",
            "Requests of agents for a certificate, renewals included.",
            |label| metrics.enrolments.get(label),
        );
    }
}

/// The connections of each location ID, in the order of the keys; at last those of the others.
fn locations(index: &Index, tunnels: &[(TunnelKey, Tunnel)]) -> Vec<(String, usize)> {
    let enrolled = index.identities().filter(|agent| !agent.is_revoked());
    let mut counts: BTreeMap<TunnelKey, usize> =
        enrolled.map(|agent| (agent.tunnel_key(), 0)).collect();
    for (key, _) in tunnels {
        *counts.entry(key.clone()).or_default() += 1;
    }
    let more = counts.values().skip(LOCATIONS_MAX).sum();
    let labels = |subaccount: &str, location: &str| {
        format!("subaccount=\"{subaccount}\",location=\"{location}\"")
    };
    let told = counts.iter().take(LOCATIONS_MAX).map(|(key, count)| {
        let text = labels(&key.subaccount.to_string(), key.location.as_str());
        (text, *count)
    });
    told.chain([(labels(OTHER, OTHER), more)]).collect()
}
