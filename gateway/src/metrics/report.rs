//! Everything that is counted, as one text.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::text::{CONTENT_TYPE, Text};
use super::{Metrics, Traffic};
use crate::directory::Directory;
use crate::tunnels::Registry;

/// What the report is made of.
#[derive(Clone, Debug)]
pub struct Report {
    /// The counters.
    pub metrics: Arc<Metrics>,
    /// The tunnels that are up.
    pub registry: Registry,
    /// Subaccounts and agents.
    pub directory: Directory,
}

impl Report {
    /// The media type of [`Report::text`].
    pub const CONTENT_TYPE: &'static str = CONTENT_TYPE;

    /// All metrics as of now. `state_up` tells whether the state store answers.
    pub fn text(&self, state_up: bool) -> String {
        let mut text = Text::default();
        let version = concat!("version=\"", env!("CARGO_PKG_VERSION"), "\"");
        text.gauges(
            "build_info",
            "Constant 1; the labels tell the build.",
            [(version, 1)],
        );
        text.gauge(
            "state_up",
            "Whether the state store answers.",
            u8::from(state_up),
        );
        self.certificates(&mut text);
        self.consumers(&mut text);
        self.agents(&mut text);
        text.finish()
    }

    fn certificates(&self, text: &mut Text) {
        let ends = &self.metrics.certificates;
        let seconds = |end: &std::sync::atomic::AtomicI64| end.load(Ordering::Relaxed) / 1_000;
        text.gauges(
            "certificate_not_after_timestamp_seconds",
            "When certificates end; each is renewed long before, but for given ones.",
            [
                ("certificate=\"ca\"", seconds(&ends.ca_ms)),
                ("certificate=\"server\"", seconds(&ends.server_ms)),
                ("certificate=\"token\"", seconds(&ends.token_ms)),
            ],
        );
    }

    fn consumers(&self, text: &mut Text) {
        let metrics = &self.metrics;
        let sum = |of: fn(&Traffic) -> u64| metrics.sum(of);
        text.counters(
            "requests_total",
            "Requests of consumers by what became of them.",
            |label| metrics.sum(|thread| thread.requests.get(label)),
        );
        text.gauge(
            "consumer_connections",
            "Connections of consumers.",
            sum(|thread| u64::try_from(thread.consumers()).unwrap_or(u64::MAX)),
        );
        text.counter(
            "consumer_connections_accepted_total",
            "Connections of consumers that were accepted.",
            sum(|thread| thread.accepted.load(Ordering::Relaxed)),
        );
        text.counter(
            "consumer_connections_refused_total",
            "Connections of consumers that were closed at once because their network is not allowed.",
            metrics.consumers_refused.load(Ordering::Relaxed),
        );
        text.counter(
            "consumer_received_bytes_total",
            "Bytes from consumers, heads of requests included.",
            sum(|thread| thread.received.load(Ordering::Relaxed)),
        );
        text.counter(
            "consumer_sent_bytes_total",
            "Bytes to consumers, heads of answers included.",
            sum(|thread| thread.sent.load(Ordering::Relaxed)),
        );
        text.counters(
            "token_requests_total",
            "Requests to the token endpoint.",
            |label| metrics.tokens.get(label),
        );
    }

    fn agents(&self, text: &mut Text) {
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
        text.counters(
            "enrolments_total",
            "Requests of agents for a certificate, renewals included.",
            |label| metrics.enrolments.get(label),
        );
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::metrics::{RequestOutcome, TokenOutcome};
    use crate::state::{State, StoreClock};

    async fn report() -> Report {
        let state = State::memory(StoreClock::system()).unwrap();
        Report {
            metrics: Arc::new(Metrics::new(2)),
            registry: Registry::default(),
            directory: Directory::open(state).await.unwrap(),
        }
    }

    #[tokio::test]
    async fn the_counts_of_all_threads_are_added_up() {
        let report = report().await;
        let (first, second) = (report.metrics.traffic(0), report.metrics.traffic(1));
        first.request(RequestOutcome::Succeeded);
        second.request(RequestOutcome::Succeeded);
        second.request(RequestOutcome::NoTunnel);
        let (_one, two) = (first.consumer(), second.consumer());
        drop(two);
        report.metrics.tokens.count(TokenOutcome::Limited);
        let text = report.text(true);
        for line in [
            "underpass_requests_total{outcome=\"answered\",status=\"2xx\"} 2",
            "underpass_requests_total{outcome=\"no_tunnel\",status=\"5xx\"} 1",
            "underpass_requests_total{outcome=\"lost\",status=\"5xx\"} 0",
            "underpass_consumer_connections 1",
            "underpass_consumer_connections_accepted_total 2",
            "underpass_token_requests_total{outcome=\"limited\"} 1",
            "underpass_state_up 1",
        ] {
            assert!(text.lines().any(|found| found == line), "{line}\n{text}");
        }
    }

    #[tokio::test]
    async fn every_metric_is_introduced_once_and_follows_the_rules_of_names() {
        let text = report().await.text(false);
        let mut introduced = BTreeSet::new();
        for line in text.lines() {
            if let Some(rest) = line.strip_prefix("# TYPE ") {
                let (name, kind) = rest.split_once(' ').unwrap();
                assert!(introduced.insert(name), "{name}");
                assert_eq!(kind == "counter", name.ends_with("_total"), "{name}");
            } else if !line.starts_with('#') {
                let name = line.split(['{', ' ']).next().unwrap();
                assert!(introduced.contains(name), "{line}");
                assert!(name.starts_with("underpass_"), "{line}");
                line.rsplit(' ').next().unwrap().parse::<f64>().unwrap();
            }
        }
        assert!(introduced.len() > 10);
    }
}
